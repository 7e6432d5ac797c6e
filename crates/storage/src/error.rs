//! What can go wrong with the data directory, and what should a person do about it?

use primitives::ErrorKind;
use rusqlite::ErrorCode;
use std::path::PathBuf;

/// A failed operation on the data directory.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another program uses the directory.
    #[error("the data directory {path} is in use by {holder}: stop it or choose another --data")]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Who holds it: `process 4711`.
        holder: String,
    },
    /// There is nothing to read.
    #[error(
        "there is no data in {path}: start the server or an import with --data {path} first, or name another directory"
    )]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("{path} is not a directory: choose another --data")]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "{path} has data version {found}, this program reads up to version {supported}: use the newer program, or another --data"
    )]
    Newer {
        /// The database or history file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version this program knows.
        supported: i64,
    },
    /// An older program wrote it, and it may only be read.
    #[error(
        "{path} has data version {found}, this program needs version {supported}: start the server once to bring it up to date"
    )]
    Older {
        /// The database file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The version needed.
        supported: i64,
    },
    /// It is a database of something else.
    #[error("{path} is a database of another program: move it away or choose another --data")]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// Something that is not ours stands in the place of a file of decisions.
    #[error(
        "{path} stands where the decisions of a day belong, and is not a file that this program wrote: move it away, so that \
         the day can be written. Nothing of it was changed"
    )]
    NotOurs {
        /// What stands there.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{attempt} {path} failed: {action}")]
    File {
        /// What was attempted, such as `writing`.
        attempt: &'static str,
        /// Which file.
        path: PathBuf,
        /// What to do.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("{attempt} failed: {}", source.action)]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// What the database said.
        #[source]
        source: DatabaseError,
    },
    /// What an erasure writes would fill the disk.
    #[error(
        "erasing needs {} free where {path} is, for the database is written anew beside the former one, and there are {}: free \
         some disk space; what has begun goes on by itself then, and anything else when it is asked for again",
        megabytes(*needed, true), megabytes(*free, false)
    )]
    NoRoom {
        /// The data directory.
        path: PathBuf,
        /// How many bytes it takes.
        needed: u64,
        /// How many are free.
        free: u64,
    },
    /// A file of the history or of decisions cannot be written.
    #[error("the file {path} cannot be written: free some disk space and try again")]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A history file is not what was written.
    #[error(
        "the history file {path} is damaged ({why}): restore it from a backup, or stop the server and run `rapport \
         set-aside {path}` to go on without its events"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A part of the history is not there.
    #[error(
        "the history has no complete files for offsets {first} to {last}: restore the directory {path} from a backup, or \
         stop the server and run `rapport set-aside {first}-{last}` to go on without what is missing"
    )]
    Gap {
        /// The history directory.
        path: PathBuf,
        /// The first offset that is missing.
        first: u64,
        /// The last offset that is missing.
        last: u64,
    },
    /// Two files hold the same offsets.
    #[error(
        "several files in {path} hold offset {first}: they come from different databases; move those away that do not \
         belong to this one"
    )]
    Overlap {
        /// The history directory.
        path: PathBuf,
        /// The first offset that is there twice.
        first: u64,
    },
    /// The history goes on where the database ends.
    #[error(
        "{path} is newer than the database, which knows the history up to offset {sealed_upto}: the database may be an \
         older copy; put the newest one back, or run `rapport rebuild`, which takes into the database what only the \
         history has. Nothing was changed"
    )]
    Beyond {
        /// The first file that the database does not know.
        path: PathBuf,
        /// Up to where the database knows the history.
        sealed_upto: u64,
    },
    /// The history and the log say different things.
    #[error(
        "offset {offset} is one event in the database and another one in {path}: they do not belong together; put the \
         right one of them back from a backup, or move rapport.db away to go on from the history alone. Nothing was changed"
    )]
    Contradiction {
        /// Where they differ.
        offset: u64,
        /// The file of the history.
        path: PathBuf,
    },
    /// There is a history, and no database.
    #[error(
        "{path} has no rapport.db, but other things of a database that was there ({found}): put its newest rapport.db back, \
         or {remedy}. Nothing was changed"
    )]
    Headless {
        /// The data directory.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What helps.
        remedy: &'static str,
    },
    /// A backup cannot be made or restored there.
    #[error("{path} does not do: {why}")]
    BackupPlace {
        /// The directory.
        path: PathBuf,
        /// Why not, and what to do.
        why: String,
    },
    /// There is no backup.
    #[error("there is no backup in {path}: check the path; a backup's directory holds its `backup.json`")]
    NoBackup {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A backup is not what was written.
    #[error("the backup's file {path} is damaged ({why}): use another backup")]
    BackupDamaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Of a customer who was erased while a backup was made it may hold what nobody would remove any more.
    #[error(
        "erasure {id} began and ended while the backup was made, which may hold what it removed: make the backup again"
    )]
    BackupErasure {
        /// Which erasure.
        id: String,
    },
    /// A backup was not restored to the end.
    #[error(
        "restoring a backup into {path} was broken off: run `rapport restore` again with the same backup, or remove the \
         directory"
    )]
    Unrestored {
        /// The data directory.
        path: PathBuf,
    },
    /// It need not or cannot be set aside.
    #[error("{what} was not set aside: {why}")]
    NotSetAside {
        /// What was asked for.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// The record of what was set aside is damaged.
    #[error("{path} does not say any more what was set aside ({why}): restore it from a backup")]
    SetAsideRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The record of an erasure is damaged.
    #[error("{path} does not say any more who was erased ({why}): restore it from a backup")]
    ErasureRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The secret by which the names of whoever was erased are known is not the one.
    #[error(
        "{path} does not fit the erasures beside it ({why}), so that nobody who was erased would be refused: put it back from a \
         backup. Nothing was changed"
    )]
    ErasureKey {
        /// The file of the secret.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A stored event is damaged.
    #[error("an event of the log cannot be moved to the history")]
    Event(#[source] events::EventLogError),
    /// Saved lists cannot be read or written.
    #[error("taking a name out of the saved lists failed")]
    Lists(#[source] decisions::ListStoreError),
}

impl StorageError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InUse { .. } => ErrorKind::Conflict,
            Self::Nothing { .. } | Self::NoBackup { .. } => ErrorKind::NotFound,
            Self::NotADirectory { .. }
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::Foreign { .. }
            | Self::NotOurs { .. } => ErrorKind::Invalid,
            Self::File { source, .. } => io_advice(source).0,
            Self::Database { source, .. } => source.kind,
            Self::Unwritable { .. } | Self::NoRoom { .. } | Self::BackupErasure { .. } => ErrorKind::Unavailable,
            Self::Overlap { .. } | Self::Contradiction { .. } | Self::Beyond { .. } | Self::Headless { .. } => {
                ErrorKind::Conflict
            }
            Self::NotSetAside { .. } | Self::BackupPlace { .. } | Self::Unrestored { .. } => ErrorKind::Invalid,
            Self::BackupDamaged { .. }
            | Self::Damaged { .. }
            | Self::Gap { .. }
            | Self::SetAsideRecord { .. }
            | Self::ErasureRecord { .. }
            | Self::ErasureKey { .. } => ErrorKind::Corrupt,
            Self::Event(source) => source.kind(),
            Self::Lists(source) => source.kind,
        }
    }

    pub(crate) fn file(attempt: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { attempt, path: path.into(), action: io_advice(&source).1, source }
    }
}

/// `71 MB`, of what is needed rather too much and of what is there rather too little.
fn megabytes(bytes: u64, is_rounded_up: bool) -> String {
    const MEGABYTE: u64 = 1_000_000;
    format!("{} MB", if is_rounded_up { bytes.div_ceil(MEGABYTE) } else { bytes / MEGABYTE })
}

/// What the database said. Callers that shared a transaction share the error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct DatabaseError {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// What to do.
    pub action: &'static str,
    /// The database's own words.
    pub said: String,
}

impl DatabaseError {
    pub(crate) fn new(kind: ErrorKind, action: &'static str, said: impl Into<String>) -> Self {
        Self { kind, action, said: said.into() }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        let (kind, action) = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => (ErrorKind::Unavailable, "free some disk space and try again"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (ErrorKind::Unavailable, "another program holds the database: try again, or stop that program")
            }
            Some(ErrorCode::SystemIoFailure) => {
                (ErrorKind::Unavailable, "check the disk and its free space, and try again")
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                (ErrorKind::Unavailable, "give this user permission to write to the data directory")
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                (ErrorKind::Corrupt, "the database file is damaged: restore the data directory from a backup")
            }
            Some(ErrorCode::TooBig) => (ErrorKind::Invalid, "send smaller records"),
            _ => (ErrorKind::Internal, "run `rapport doctor` and report what it says"),
        };
        Self::new(kind, action, error.to_string())
    }
}

/// The kind of an operating system's error, and what to do.
pub(crate) fn io_advice(error: &std::io::Error) -> (ErrorKind, &'static str) {
    use std::io::ErrorKind as Io;
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => (ErrorKind::Unavailable, "free some disk space and try again"),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => {
            (ErrorKind::Unavailable, "give this user permission to write there, or choose another --data")
        }
        Io::NotFound => (ErrorKind::NotFound, "it does not exist"),
        Io::NotADirectory | Io::AlreadyExists => {
            (ErrorKind::Invalid, "a part of the path is a file: choose another --data")
        }
        _ => (ErrorKind::Unavailable, "check the disk and try again"),
    }
}
