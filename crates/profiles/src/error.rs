//! What can go wrong when an event is folded?

use crate::StoreError;
use primitives::{CustomerId, ErrorKind};

/// A profile could not be read, written or advanced.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stored bytes are not what was written.
    #[error("the stored {what} \"{key}\" is damaged: run `rapport rebuild`, which recreates it from the events")]
    Corrupt {
        /// What kind of state.
        what: &'static str,
        /// Its key.
        key: String,
        /// Why it cannot be read.
        #[source]
        source: postcard::Error,
    },
    /// An identifier points to a customer that is not there.
    #[error("customer {id} is missing from the profiles: run `rapport rebuild`, which recreates them from the events")]
    Missing {
        /// The customer.
        id: CustomerId,
    },
}

impl ProfileError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind,
            Self::Corrupt { .. } | Self::Missing { .. } => ErrorKind::Corrupt,
        }
    }
}

/// A row that cannot be written down ends the checkpoint that asked for it.
impl From<ProfileError> for StoreError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Store(error) => error,
            error => Self { attempt: error.to_string(), kind: error.kind(), source: Box::new(error) },
        }
    }
}
