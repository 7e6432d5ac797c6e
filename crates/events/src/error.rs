//! What can go wrong with the log?

use crate::{ImportId, RecordError};
use primitives::ErrorKind;

/// A failed operation on the event log. Nothing that failed was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum EventLogError {
    /// The events could not be made durable.
    #[error("{n_events} events could not be stored and were not accepted: {action}")]
    Append {
        /// How many events were to be stored.
        n_events: usize,
        /// What to do, such as "free some disk space".
        action: String,
        /// What the storage said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether trying again may help.
        kind: ErrorKind,
    },
    /// Stored events could not be read.
    #[error("events after offset {after} could not be read")]
    Read {
        /// Reading began after this offset.
        after: u64,
        /// What the storage said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored event is not what was written.
    #[error("the stored event at offset {offset} is damaged")]
    Record {
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// What was asked of an import cannot be done with it.
    #[error(transparent)]
    Import(#[from] ImportRefusal),
}

impl EventLogError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Append { kind, .. } => *kind,
            Self::Read { .. } => ErrorKind::Internal,
            Self::Record { source, .. } => source.kind(),
            Self::Import(refusal) => refusal.kind(),
        }
    }
}

/// Why what was asked of an import cannot be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// Nobody began it.
    #[error("there is no import {0}: `rapport imports` lists what there is")]
    Unknown(ImportId),
    /// It has ended.
    #[error("import {0} has ended: begin another one for what is still to come in")]
    Ended(ImportId),
    /// It was taken out again.
    #[error("import {0} was undone already: begin another one for what is still to come in")]
    Undone(ImportId),
}

impl ImportRefusal {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Ended(_) | Self::Undone(_) => ErrorKind::Conflict,
        }
    }
}
