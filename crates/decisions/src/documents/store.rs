//! Where is kept what a company wrote down for its customers? The port that every store of it answers to.

use primitives::{ErrorKind, Timestamp};

/// So many versions of a document are kept.
pub const N_VERSIONS_KEPT: u64 = 10;

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDocument {
    /// Its name.
    pub id: String,
    /// The how manieth version it is, from 1.
    pub version: u64,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// The document, as JSON; empty where it was removed then.
    pub record: String,
}

/// What changes at once, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentChange {
    /// When.
    pub at: Timestamp,
    /// The names and the records of documents of which this is the newest version.
    pub saved: Vec<(String, String)>,
    /// The names of documents that are there no longer. What is not there is not removed.
    pub removed: Vec<String>,
}

/// The store failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct DocumentStoreError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the storage said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where documents are kept. What is stored is durable on return.
pub trait DocumentStore: Send + Sync {
    /// The newest version of each document that is there, by name.
    ///
    /// # Errors
    /// [`DocumentStoreError`].
    fn documents(&self) -> Result<Vec<SavedDocument>, DocumentStoreError>;

    /// The versions of a document that are kept, the newest first; the newest [`N_VERSIONS_KEPT`] at the most, removals included.
    ///
    /// # Errors
    /// [`DocumentStoreError`].
    fn versions(&self, id: &str) -> Result<Vec<SavedDocument>, DocumentStoreError>;

    /// Changes all of this, or nothing. The numbers of versions go on, also where a document was removed before.
    ///
    /// # Errors
    /// [`DocumentStoreError`].
    fn change(&self, change: &DocumentChange) -> Result<(), DocumentStoreError>;
}
