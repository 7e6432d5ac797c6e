//! What can go wrong while the crates work together, and of which kind is it?

use primitives::ErrorKind;
use std::error::Error;

/// A failure of the engine, said in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The event log.
    #[error(transparent)]
    EventLog(#[from] events::EventLogError),
    /// Profiles and items.
    #[error(transparent)]
    Profile(#[from] profiles::ProfileError),
    /// The profile store.
    #[error(transparent)]
    ProfileStore(#[from] profiles::StoreError),
    /// The decision log.
    #[error(transparent)]
    DecisionLog(#[from] decisions::DecisionLogError),
    /// A decision.
    #[error(transparent)]
    Decision(#[from] decisions::DecisionError),
    /// A filter.
    #[error(transparent)]
    Filter(#[from] decisions::FilterError),
    /// The store of lists.
    #[error(transparent)]
    Lists(#[from] decisions::ListStoreError),
    /// The store of what people declare.
    #[error(transparent)]
    Playbook(#[from] decisions::PlaybookStoreError),
    /// The store of what is written down for customers.
    #[error(transparent)]
    Documents(#[from] decisions::documents::DocumentStoreError),
    /// The mathematics.
    #[error(transparent)]
    Models(#[from] models::ModelError),
    /// The index of the catalogue's words.
    #[error(transparent)]
    Words(#[from] decisions::search::TextIndexError),
    /// Learning and the model registry.
    #[error(transparent)]
    Learning(#[from] learning::LearningError),
    /// What keeps everything, behind one of the engine's own ports.
    #[error("{source}")]
    Keeping {
        /// Of which kind it is.
        kind: ErrorKind,
        /// What the storage said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A thread could not be started.
    #[error("{attempt}")]
    Thread {
        /// Which one.
        attempt: &'static str,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// What somebody declares cannot be: where it says so, and what to write.
    #[error("{mistake}")]
    Declared {
        /// Of which kind it is: wrong by itself, or not to be changed any more.
        kind: ErrorKind,
        /// What is wrong.
        mistake: Box<events::Mistake>,
    },
    /// Everything else, with its kind.
    #[error("{message}")]
    Other {
        /// Of which kind it is.
        kind: ErrorKind,
        /// What was attempted, with which value, and what to do.
        message: String,
    },
}

impl EngineError {
    /// An error of a kind with a sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Other { kind, message: message.into() }
    }

    /// That something cannot be declared so.
    pub(crate) fn declared(kind: ErrorKind, mistake: events::Mistake) -> Self {
        Self::Declared { kind, mistake: Box::new(mistake) }
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::EventLog(error) => error.kind(),
            Self::Profile(error) => error.kind(),
            Self::ProfileStore(error) => error.kind,
            Self::DecisionLog(error) => error.kind,
            Self::Decision(error) => error.kind(),
            Self::Learning(error) => error.kind(),
            Self::Filter(_) => ErrorKind::Invalid,
            Self::Lists(error) => error.kind,
            Self::Playbook(error) => error.kind,
            Self::Documents(error) => error.kind,
            Self::Models(error) => error.kind(),
            Self::Words(error) => error.kind,
            Self::Thread { .. } => ErrorKind::Internal,
            Self::Keeping { kind, .. } | Self::Declared { kind, .. } | Self::Other { kind, .. } => *kind,
        }
    }

    /// The whole story in one line: the failure and what caused it.
    #[must_use]
    pub fn story(&self) -> String {
        story(self)
    }
}

/// A failure and what caused it, in one line; what an error says in the words of its cause is said once.
#[must_use]
pub fn story(error: &dyn Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !story.contains(&said) {
            story = format!("{story}: {said}");
        }
        cause = error.source();
    }
    story
}
