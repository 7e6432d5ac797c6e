//! Where are models kept? The port that every model store answers to: bytes, by their content.

use primitives::ErrorKind;

/// The store failed; no model was changed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct ModelStoreError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// The kind of failure.
    pub kind: ErrorKind,
    /// What the storage said, if it said anything.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Where models are kept: files named by the SHA-256 of their content, and one pointer per model to its champions.
pub trait ModelStore: Send + Sync {
    /// Stores a model file under the hexadecimal SHA-256 of its bytes and returns that name, after it is durable.
    /// Storing the same bytes again changes nothing.
    ///
    /// # Errors
    /// [`ModelStoreError`].
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError>;

    /// A model file, after checking that its content still has the SHA-256 of its name.
    ///
    /// # Errors
    /// [`ModelStoreError`] of kind `NotFound` or `Corrupt`.
    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError>;

    /// The names of all model files, sorted.
    ///
    /// # Errors
    /// [`ModelStoreError`].
    fn list(&self) -> Result<Vec<String>, ModelStoreError>;

    /// The champions a model has had, oldest first; the last one is in force. Empty where there was none.
    ///
    /// # Errors
    /// [`ModelStoreError`].
    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError>;

    /// Replaces the list of champions of a model, all or nothing, durable on return.
    ///
    /// # Errors
    /// [`ModelStoreError`].
    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError>;
}
