//! What did the settings declare that an answer came from? Kept once under the digest of its words, which every record
//! names: so a decision is made again alike when something else is declared since, or nothing.

use crate::digest::digest;
use crate::repertoire::Beside;
use crate::rules::Rules;
use crate::{Action, Arbitration, DecisionError, Experiment, Flag, Offer, Ranking, Segment};
use learning::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the words that this program writes.
const VERSION: u8 = 1;

/// What a kind was declared as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// What records name it by.
    pub digest: String,
    /// The declaration itself, as JSON.
    pub words: String,
}

/// What a kind answers by, as far as settings can say it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Declared {
    /// One question.
    Outcome(Outcome),
    /// The rules, and the questions whose scores they look at.
    Segments { segments: Vec<Segment>, outcomes: Vec<Outcome> },
    /// The rules for lists of items.
    Rules(Rules),
    /// What can be done.
    Actions(Chosen<Action>),
    /// What can be offered.
    Offers(Chosen<Offer>),
    /// How it is chosen among what comes with a question.
    Ranking(Ranking),
    /// What can be switched, what is tried out with it, and what their conditions look at.
    Flags {
        flags: Vec<Flag>,
        experiments: Vec<Experiment>,
        outcomes: Vec<Outcome>,
        features: BTreeSet<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        segments: Vec<Segment>,
    },
}

/// What is chosen from, how it is chosen, and what its conditions look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Chosen<T> {
    /// Offers have been called so, too.
    #[serde(alias = "offers")]
    pub(crate) actions: Vec<T>,
    pub(crate) arbitration: Arbitration,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) features: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) segments: Vec<Segment>,
    #[serde(default, skip_serializing_if = "Beside::is_empty")]
    pub(crate) beside: Beside,
}

impl<T> Chosen<T> {
    /// The same, with each of what is chosen from as something else.
    pub(crate) fn of<U>(self, each: impl Fn(T) -> U) -> Chosen<U> {
        let Self { actions, arbitration, outcomes, features, segments, beside } = self;
        let actions = actions.into_iter().map(each).collect();
        Chosen { actions, arbitration, outcomes, features, segments, beside }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u8,
    declared: Declared,
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

impl Declaration {
    #[expect(
        clippy::expect_used,
        reason = "a declaration holds only finite numbers, strings and maps with string keys"
    )]
    pub(crate) fn of(declared: Declared) -> Self {
        let words = serde_json::to_string(&Stored { v: VERSION, declared }).expect("a declaration is always JSON");
        Self { digest: digest(&words), words }
    }

    /// What was declared then.
    ///
    /// # Errors
    /// [`DecisionError::Declaration`] where the words are not those that were kept, [`DecisionError::Version`] where a newer
    /// program wrote them.
    pub(crate) fn open(&self) -> Result<Declared, DecisionError> {
        let damaged = |source| DecisionError::Declaration { digest: self.digest.clone(), source };
        if digest(&self.words) != self.digest {
            return Err(damaged(None));
        }
        let Version { v } = serde_json::from_str(&self.words).map_err(|error| damaged(Some(error)))?;
        if v > VERSION {
            return Err(DecisionError::Version { found: v, known: VERSION });
        }
        let stored: Stored = serde_json::from_str(&self.words).map_err(|error| damaged(Some(error)))?;
        Ok(stored.declared)
    }
}
