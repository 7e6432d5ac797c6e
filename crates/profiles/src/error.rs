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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_kind_on_the_way_through_the_store() {
        let full = || StoreError { attempt: "store".to_owned(), kind: ErrorKind::Unavailable, source: "full".into() };
        let damaged = || postcard::Error::DeserializeBadEncoding;
        for (error, kind, said) in [
            (ProfileError::from(full()), ErrorKind::Unavailable, "store"),
            (ProfileError::Missing { id: "ann".into() }, ErrorKind::Corrupt, "customer ann is missing"),
            (
                ProfileError::Corrupt { what: "customer", key: "ann".to_owned(), source: damaged() },
                ErrorKind::Corrupt,
                "the stored customer \"ann\" is damaged",
            ),
        ] {
            assert_eq!(error.kind(), kind);
            let through = StoreError::from(error);
            assert_eq!(through.kind, kind);
            assert!(through.attempt.starts_with(said), "{}", through.attempt);
        }
    }
}
