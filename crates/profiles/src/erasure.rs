//! How is a customer removed for good? The port that whoever keeps everything answers to.
//!
//! An erasure is durable before anything is removed, so that what was begun is ended whatever happens meanwhile. What is kept
//! of it in the end says neither who it was nor what they did: a number for the receipt, when, how much, which places of the
//! log are empty, and keyed hashes of the names, by which later events are refused.

use crate::{Identifier, StoreError};
use events::Offset;
use primitives::{CustomerId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The receipt of an erasure: drawn at random, so that it says nothing of the customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErasureId(String);

impl ErasureId {
    /// The receipt of a random number.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// The receipt of a text; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// The receipt as it is told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ErasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is erased, and what of the log was theirs. It is kept until nothing of them is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasurePlan {
    /// The ids under which they were known at some time.
    pub customers: Vec<CustomerId>,
    /// The names that nobody else goes by.
    pub names: Vec<Identifier>,
    /// Where their events stand, in order.
    pub places: Vec<Offset>,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Removed {
    /// Events, whether they counted or were withdrawn before.
    pub events: u64,
    /// Decisions.
    pub decisions: u64,
    /// Rejected events that the inspector had kept.
    pub rejections: u64,
    /// Entries of the audit list that name the receipt now.
    pub audit_entries: u64,
    /// Lines of files of rejected rows, and files that could not be read by lines.
    pub lines: u64,
    /// Saved lists whose filters or titles name nobody any more in their place.
    #[serde(default)]
    pub lists: u64,
}

/// What is known of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its receipt.
    pub id: ErasureId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Where the first event stood: what had read less knew nothing of them.
    pub known_since: Offset,
    /// When nothing was left; `None` while it is under way.
    pub ended_at: Option<Timestamp>,
    /// Since when events with the names are taken again.
    pub allowed_at: Option<Timestamp>,
    /// How much was removed.
    pub removed: Removed,
}

/// What is removed in one step. Each may be done again: the second time finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureStep {
    /// The events in the log, and the ids of their messages.
    Log,
    /// The events in the history.
    History,
    /// Decisions, rejected events, and the name in the audit list.
    Records,
    /// What lies beside as files: decisions of past days, rejected rows, what was set aside.
    Files,
}

impl ErasureStep {
    /// Every step, in order.
    pub const ALL: [Self; 4] = [Self::Log, Self::History, Self::Records, Self::Files];
}

/// How far an erasure is: what was reached is not done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStage {
    /// It is durable.
    #[default]
    Begun,
    /// Their events are gone, and everything derived was made anew without them.
    MadeAnew,
    /// Everything else of theirs is gone.
    Removed,
    /// The database was written anew, so that nothing stands in its free pages.
    Overwritten,
}

/// Where customers are erased.
pub trait ErasureStore: Send + Sync {
    /// Refuses to begin what the disk has no room for.
    ///
    /// # Errors
    /// [`StoreError`] that says how much is missing.
    fn check_room(&self) -> Result<(), StoreError>;

    /// How much an erasure would remove; nothing is changed.
    ///
    /// # Errors
    /// [`StoreError`].
    fn foresee(&self, plan: &ErasurePlan) -> Result<Removed, StoreError>;

    /// Makes an erasure durable. From then on no replay visits these events, and the names are refused. `key` is the secret
    /// with which names are hashed, where there is none yet.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing has changed.
    fn begin(&self, id: &ErasureId, plan: ErasurePlan, at: Timestamp, key: [u8; 32]) -> Result<(), StoreError>;

    /// Does a step of an erasure that has begun.
    ///
    /// # Errors
    /// [`StoreError`]; it may be done again.
    fn remove(&self, id: &ErasureId, step: ErasureStep, now: Timestamp) -> Result<(), StoreError>;

    /// How far an erasure is.
    fn stage(&self, id: &ErasureId) -> ErasureStage;

    /// Keeps how far an erasure is; it never goes back.
    ///
    /// # Errors
    /// [`StoreError`]; it may be done again.
    fn reach(&self, id: &ErasureId, stage: ErasureStage) -> Result<(), StoreError>;

    /// Overwrites what was removed where it may still stand in the database. Everything derived must have been made anew
    /// before. Appends wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError`], also where the disk has no room for it; it may be done again.
    fn overwrite(&self) -> Result<(), StoreError>;

    /// Overwrites it where it may still stand in what the database writes ahead.
    ///
    /// # Errors
    /// [`StoreError`]; it may be done again.
    fn overwrite_ahead(&self) -> Result<(), StoreError>;

    /// Ends an erasure: only the receipt is left.
    ///
    /// # Errors
    /// [`StoreError`]; it may be done again.
    fn end(&self, id: &ErasureId, at: Timestamp) -> Result<(), StoreError>;

    /// Takes events with the names of an erasure again.
    ///
    /// # Errors
    /// [`StoreError`].
    fn allow(&self, id: &ErasureId, at: Timestamp) -> Result<(), StoreError>;

    /// Whether any name is refused; a look at a number.
    fn refuses_any(&self) -> bool;

    /// The erasure by which a name is refused.
    fn erasure_of(&self, name: &Identifier) -> Option<ErasureId>;

    /// What is known of an erasure.
    fn erasure(&self, id: &ErasureId) -> Option<Erasure>;

    /// Under which ids a customer was known whose erasure is under way; none once nothing of them is left.
    fn customers_of(&self, id: &ErasureId) -> Vec<CustomerId>;

    /// Every erasure, in no particular order.
    fn erasures(&self) -> Vec<Erasure>;

    /// Those that have begun and not ended, in the order in which they were asked for.
    fn under_way(&self) -> Vec<ErasureId>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_is_told_and_nothing_else_is_one() {
        let id = ErasureId::new(0x00ab << 64);
        assert_eq!((id.as_str().len(), ErasureId::parse(id.as_str())), (32, Some(id.clone())));
        let text = id.to_string();
        for other in [&text[1..], &format!("{text}0"), &text.to_uppercase(), &text.replace('0', "/"), ""] {
            assert_eq!(ErasureId::parse(other), None, "{other}");
        }
    }
}
