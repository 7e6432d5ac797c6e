//! Which files came in, and what was taken out again? The port of imports and corrections.
//!
//! The log is only ever appended to, so what was wrong is not removed from it: a correction is an event of its own, which
//! names the places whose events count no longer, and those that count again. Every replay leaves out what does not count,
//! and so does whatever is rebuilt.

use crate::{Call, Event, EventLogError, ImportId, Offset, Origin, Places, Receipt, Recorded};
use primitives::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

/// What is said of an import when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImport {
    /// The file's name.
    pub file: String,
    /// The mapping's name, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The SHA-256 of the mapping's text, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_sha256: Option<String>,
}

/// What is known of an import when it has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Rows that were read.
    pub rows: u64,
    /// Events that were new.
    pub accepted: u64,
    /// Events that were known already.
    pub duplicates: u64,
    /// Events whose key was known with other content, which stayed.
    pub conflicts: u64,
    /// Events in whose place others came.
    pub replaced: u64,
    /// Rows that were rejected.
    pub rejected: u64,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Which one.
    pub id: ImportId,
    /// What was said when it began.
    #[serde(flatten)]
    pub new: NewImport,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; `None` where it is under way or was broken off.
    pub ended_at: Option<Timestamp>,
    /// When it was taken out again.
    pub undone_at: Option<Timestamp>,
    /// How many events its undoing withdrew, and how many it restored.
    pub undone: (u64, u64),
    /// How much came in.
    #[serde(flatten)]
    pub counts: ImportCounts,
}

/// What a correction did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corrected {
    /// The corrections themselves: none where there was nothing to correct, several where they name very many places.
    pub corrections: Vec<Recorded>,
    /// How many events count no longer.
    pub n_withdrawn: u64,
    /// How many events count again: those in whose place the withdrawn ones had come.
    pub n_restored: u64,
}

/// What became of events that came in the place of others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replaced {
    /// One for each event.
    pub receipts: Vec<Receipt>,
    /// What had to make room.
    pub corrected: Corrected,
}

/// Where imports are kept.
///
/// An imported event is in force when its import is not undone and it is the newest content of its key that came with an
/// import that is not undone.
pub trait ImportLog: Send + Sync {
    /// Begins an import.
    ///
    /// # Errors
    /// [`EventLogError::Append`].
    fn begin_import(&self, new: &NewImport, at: Timestamp) -> Result<ImportId, EventLogError>;

    /// Appends events as [`crate::EventLog::append`] does, and keeps, in the same step, that they came with this import.
    ///
    /// # Errors
    /// [`EventLogError::Append`], and [`EventLogError::Import`] where the import is not under way; then none of these
    /// events was appended.
    fn append_imported(&self, import: ImportId, events: &[Event]) -> Result<Vec<Receipt>, EventLogError>;

    /// Appends events as [`ImportLog::append_imported`] does, and where another content is known under an event's id,
    /// withdraws that in the same step. What this import has brought itself stays. Derived state has to be rebuilt.
    ///
    /// # Errors
    /// As [`ImportLog::append_imported`]; then nothing was withdrawn, either.
    fn replace_imported(&self, import: ImportId, events: &[Event], at: Timestamp) -> Result<Replaced, EventLogError>;

    /// Ends an import. May be said again with the same counts.
    ///
    /// # Errors
    /// [`EventLogError::Append`], and [`EventLogError::Import`] where the import is not under way.
    fn end_import(&self, import: ImportId, counts: ImportCounts, at: Timestamp) -> Result<(), EventLogError>;

    /// The newest imports before one, newest first.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn imports(&self, before: Option<ImportId>, n_max: usize) -> Result<Vec<Import>, EventLogError>;

    /// An import; `None` where nobody began it.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn import(&self, id: ImportId) -> Result<Option<Import>, EventLogError> {
        let found = self.imports(Some(ImportId(id.0.saturating_add(1))), 1)?;
        Ok(found.into_iter().find(|import| import.id == id))
    }

    /// With which import the events at some neighbouring places came, in the order of the places. What came otherwise is
    /// not among them.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn imported_at(&self, places: Places) -> Result<Vec<(Places, ImportId)>, EventLogError>;

    /// Withdraws what came with an import and is in force, and restores what comes into force without it. Derived state
    /// has to be rebuilt.
    ///
    /// # Errors
    /// [`EventLogError`], [`EventLogError::Import`] where there is no such import or it was undone before; then nothing
    /// was withdrawn.
    fn undo_import(&self, import: ImportId, at: Timestamp) -> Result<Corrected, EventLogError>;

    /// The place of the newest correction: derived state that has not seen it is wrong. `Offset(0)` where there is none.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn corrected_upto(&self) -> Result<Offset, EventLogError>;
}

impl Event {
    /// A correction, to be appended by whoever keeps the log.
    #[must_use]
    pub fn correction(withdrawn: Vec<Places>, restored: Vec<Places>, reason: String, at: Timestamp) -> Self {
        let what = format!("{reason} {withdrawn:?} {restored:?} {}", at.as_millis());
        Self::of_ours("correction", &what, Call::Correction { withdrawn, restored, reason }, at)
    }

    /// That two names are not one person, to be appended after `head` by whoever was told so by a person.
    #[must_use]
    pub fn separation(names: [String; 2], reason: String, at: Timestamp, head: Offset) -> Self {
        let what = format!("{names:?} {reason} {} {head}", at.as_millis());
        Self::of_ours("separation", &what, Call::Separate { names, reason }, at)
    }

    /// What nobody can send: the same said twice at the same moment is the same.
    fn of_ours(kind: &str, what: &str, call: Call, at: Timestamp) -> Self {
        Self {
            message_id: MessageId::from(format!("{kind}-{:016x}", primitives::stable_hash(what))),
            user_id: None,
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call,
            context: crate::Fields::new(),
            origin: Origin::Import,
            reading: crate::Reading::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_a_record_that_nobody_can_send() {
        let at = Timestamp::from_millis(1_000);
        let places = vec![Places(Offset(3), Offset(5))];
        let event = Event::correction(places, Vec::new(), "import 1 was undone".to_owned(), at);
        let record = event.to_record();
        assert_eq!(Event::from_record(&record).unwrap(), event);
        assert_eq!(crate::CallKind::from_name("correction"), None);
    }
}
