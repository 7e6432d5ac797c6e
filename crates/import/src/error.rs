//! Why can a file not be imported?

use super::mapping::MappingError;
use super::{ReasonCount, SinkError};
use primitives::ErrorKind;
use std::path::PathBuf;

/// Why an import stopped. Single bad rows do not stop it; they go to the rejects file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping is wrong.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The source cannot be opened.
    #[error("{path} cannot be opened: check the path and that you may read it")]
    Open {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The source broke off or is damaged.
    #[error("{name} cannot be read after line {line}: the file is damaged or incomplete; get it again")]
    Read {
        /// The source's name.
        name: String,
        /// The last line that was read.
        line: u64,
        /// The reader's reason.
        source: std::io::Error,
    },
    /// The source is not of the format it was taken for.
    #[error("{name} {problem}")]
    Format {
        /// The source's name.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// There is nothing in it.
    #[error("{name} is empty: there is nothing to import")]
    Empty {
        /// The source's name.
        name: String,
    },
    /// A directory without files of history.
    #[error(
        "{path} holds no file to import: what is hidden, empty or in directories of its own is left out, and what does not \
         end in .{endings}"
    )]
    NoFiles {
        /// The directory.
        path: String,
        /// The endings, without the first dot.
        endings: String,
    },
    /// A table without a mapping.
    #[error(
        "{name} is a table with the columns {columns}: say with --mapping FILE.toml how its rows become events (a shipped \
         mapping such as \"ta-feng\" shows how one is written)"
    )]
    NeedsMapping {
        /// The source's name.
        name: String,
        /// Its columns.
        columns: String,
    },
    /// The mapping names a column that is not there.
    #[error(
        "{name} has no column \"{column}\", which {used_by} of the mapping \"{mapping}\" needs: its columns are {found}; \
         correct the mapping's column names or its [source] delimiter and columns"
    )]
    MissingColumn {
        /// The source's name.
        name: String,
        /// The mapping's name.
        mapping: String,
        /// The column that is missing.
        column: String,
        /// The mapping's key that names it.
        used_by: String,
        /// The columns that are there.
        found: String,
    },
    /// Nothing of the beginning fits the mapping.
    #[error(
        "the first {n_rows} rows of {name} were all rejected: the mapping does not fit this file; correct it and import \
         again. Their reasons:{}",
        listed(.reasons)
    )]
    NothingFits {
        /// The source's name.
        name: String,
        /// How many rows were tried.
        n_rows: u64,
        /// Why they were rejected, the most frequent reason first.
        reasons: Vec<ReasonCount>,
    },
    /// What must be remembered does not fit into the limit.
    #[error(
        "{name} needs more than the {limit_mib} MiB that an import may remember ({what}): sort the file by the mapping's \
         group_by columns and set group = \"contiguous\", or import it in parts"
    )]
    TooLarge {
        /// The source's name.
        name: String,
        /// The limit.
        limit_mib: usize,
        /// What filled it.
        what: &'static str,
    },
    /// An archive's member cannot be unpacked.
    #[error("{name} cannot be unpacked into {dir}: check that the archive is whole and that the disk has room")]
    Unpack {
        /// The source's name.
        name: String,
        /// Where to.
        dir: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The rejects file cannot be written.
    #[error("the rejects file {path} cannot be written: check that the directory exists, may be written and has room")]
    Rejects {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The sink cannot take any more.
    #[error("importing {name} stopped at line {line}: {why}")]
    Sink {
        /// The source's name.
        name: String,
        /// The line of the payload.
        line: u64,
        /// The sink's reason.
        why: SinkError,
    },
    /// Somebody asked to stop.
    #[error("importing {name} was stopped; import it again to go on, nothing is taken twice")]
    Cancelled {
        /// The source's name.
        name: String,
    },
}

/// Reasons for rejections, each on a line of its own.
#[must_use]
pub fn listed(reasons: &[ReasonCount]) -> String {
    let line = |one: &ReasonCount| {
        let ReasonCount { reason, rows, first_line, first_in } = one;
        let of = first_in.as_ref().map(|file| format!(" of {file}")).unwrap_or_default();
        let count = match rows {
            1 => format!("line {first_line}{of}"),
            _ => format!("{rows} rows, first in line {first_line}{of}"),
        };
        format!("\n  {count}: {reason}")
    };
    reasons.iter().map(line).collect()
}

impl ImportError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Mapping(error) => error.kind(),
            Self::Open { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            Self::Open { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => ErrorKind::Forbidden,
            Self::Read { .. } => ErrorKind::Corrupt,
            Self::Sink { why, .. } => why.kind(),
            Self::Unpack { .. } | Self::Rejects { .. } | Self::Cancelled { .. } => ErrorKind::Unavailable,
            Self::Open { .. }
            | Self::Format { .. }
            | Self::Empty { .. }
            | Self::NoFiles { .. }
            | Self::NeedsMapping { .. }
            | Self::MissingColumn { .. }
            | Self::NothingFits { .. }
            | Self::TooLarge { .. } => ErrorKind::Invalid,
        }
    }
}
