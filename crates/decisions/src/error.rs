//! What can go wrong with a decision?

use crate::N_ITEMS_MAX;
use primitives::ErrorKind;

/// A question that cannot be decided, or a record that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// The number of items is out of range.
    #[error("n is {n}: ask for 1 to {N_ITEMS_MAX} items")]
    N {
        /// What was asked for.
        n: usize,
    },
    /// A newer program wrote the record.
    #[error("the decision has record version {found}, this program reads up to {known}: use the newer program")]
    Version {
        /// The version found.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// The record is not what was written.
    #[error("the decision's record cannot be read: restore the data directory from a backup")]
    Corrupt(#[from] serde_json::Error),
    /// The record cannot be unpacked.
    #[error("the decision's record cannot be unpacked: restore the data directory from a backup")]
    Packed(#[from] std::io::Error),
    /// What was known of the customer then is gone.
    #[error(
        "this decision cannot be made again: the customer has refused since, and what was known of them then was \
         forgotten; only which items or which score was answered is still in the log"
    )]
    Forgotten,
}

impl DecisionError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::N { .. } => ErrorKind::Invalid,
            Self::Forgotten => ErrorKind::Forbidden,
            Self::Version { .. } | Self::Corrupt(_) | Self::Packed(_) => ErrorKind::Corrupt,
        }
    }
}
