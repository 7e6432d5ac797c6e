//! What have people declared besides the settings, and which experiments have begun? The port that every store of it answers to.

use primitives::{ErrorKind, Timestamp};

/// A table that somebody saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedTable {
    /// On which list: `flags`.
    pub list: String,
    /// Its name.
    pub name: String,
    /// The table, as JSON.
    pub record: String,
}

/// An experiment that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The experiment.
    pub experiment: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; nothing while it runs.
    pub ended_at: Option<Timestamp>,
    /// What ran, as JSON, with its stretch of its layer.
    pub record: String,
}

/// What changes at once, all or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaybookChange {
    /// What takes the place of what was saved under its name.
    pub saved: Vec<SavedTable>,
    /// The list and the name of what is saved no longer. None of it is saved by the same change.
    pub removed: Vec<(String, String)>,
    /// What takes the place of what was known of these runs.
    pub runs: Vec<Run>,
}

impl PlaybookChange {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.saved.is_empty() && self.removed.is_empty() && self.runs.is_empty()
    }
}

/// The store failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct PlaybookStoreError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the storage said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where what people declare is kept. What is stored is durable on return.
pub trait PlaybookStore: Send + Sync {
    /// What was saved, in the order in which it was saved first: what takes the place of another stays there.
    ///
    /// # Errors
    /// [`PlaybookStoreError`].
    fn saved(&self) -> Result<Vec<SavedTable>, PlaybookStoreError>;

    /// The experiments that have begun, by name. What began is remembered, also where it is declared no longer.
    ///
    /// # Errors
    /// [`PlaybookStoreError`].
    fn runs(&self) -> Result<Vec<Run>, PlaybookStoreError>;

    /// Changes all of this, or nothing.
    ///
    /// # Errors
    /// [`PlaybookStoreError`].
    fn change(&self, change: &PlaybookChange) -> Result<(), PlaybookStoreError>;
}
