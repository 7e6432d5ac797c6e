//! What is wrong with a mapping file?

use primitives::ErrorKind;

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The file cannot be read.
    #[error("the mapping {path} cannot be opened: check the path (shipped mappings go by their name, such as ta-feng)")]
    Open {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No shipped mapping of that name.
    #[error("there is no shipped mapping \"{name}\": there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file is not TOML, or has a key that mappings do not have.
    #[error("mapping {file}, line {line}: {problem}")]
    Syntax {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A key has a value that cannot be.
    #[error("mapping {file}, {key}: {problem}; {advice}")]
    Value {
        /// The file.
        file: String,
        /// The key, as a path.
        key: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
}

impl MappingError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Open { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            Self::Open { .. } | Self::Syntax { .. } | Self::Value { .. } => ErrorKind::Invalid,
            Self::Unknown { .. } => ErrorKind::NotFound,
        }
    }
}
