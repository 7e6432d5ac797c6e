//! What can go wrong in the program, and of which kind is it?

use primitives::ErrorKind;

/// Any failure of the program, said in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// What the crates do, each by itself or together.
    #[error(transparent)]
    Engine(#[from] engine::EngineError),
    /// The data directory.
    #[error(transparent)]
    Storage(#[from] storage::StorageError),
    /// Settings.
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// Import.
    #[error(transparent)]
    Import(#[from] import::ImportError),
    /// A file or a socket.
    #[error("{attempt}")]
    Io {
        /// What was attempted, with which path or address, and what to do.
        attempt: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// Imported keys that are known with other content, which stays as it is.
    #[error("{message}")]
    OtherContent {
        /// How many, which, and what to do.
        message: String,
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

/// What a crate of the engine says is said by the engine.
macro_rules! said_by_the_engine {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for ServerError {
            fn from(error: $error) -> Self {
                Self::Engine(error.into())
            }
        })+
    };
}

said_by_the_engine!(
    events::EventLogError,
    profiles::ProfileError,
    profiles::StoreError,
    decisions::DecisionLogError,
    decisions::DecisionError,
    learning::LearningError,
);

impl ServerError {
    /// An error of a kind with a sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Other { kind, message: message.into() }
    }

    /// A failure of the operating system, with what was attempted.
    pub fn io(attempt: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Io { attempt, source }
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Engine(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Settings(error) => error.kind(),
            Self::Import(error) => error.kind(),
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::AddrInUse => ErrorKind::Unavailable,
                _ => ErrorKind::Internal,
            },
            Self::OtherContent { .. } => ErrorKind::Conflict,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// What the program ends with: 3 where everything else is in and only known keys with other content are not, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::OtherContent { .. } => 3,
            _ => 1,
        }
    }

    /// The whole story in one line: the failure and what caused it.
    #[must_use]
    pub fn story(&self) -> String {
        engine::story(self)
    }
}
