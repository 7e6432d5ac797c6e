//! What does one machine's storage consist of, and how is it opened?

use crate::command::{Command, Done, N_SLICES, keep_head};
use crate::directory::bytes_of;
use crate::erased::Erased;
use crate::history_files::PartFiles;
use crate::readers::Readers;
use crate::schema::{PATIENCE, meta, open_checked};
use crate::settings::{StorageSettings, WriterStats};
use crate::withdrawn::KnownWithdrawn;
use crate::writer::{Patience, Shared, Writer, truncate_wal};
use crate::{Access, DataDir, DatabaseError, FileModelStore, FileTextIndex, StorageError};
use decisions::documents::DocumentStore;
use decisions::search::TextIndex;
use decisions::{DecisionLog, ListStore, PlaybookStore};
use events::{EventLog, ImportLog, Offset};
use features::History;
use governance::Retention;
use learning::ModelStore;
use primitives::{ErrorKind, Timestamp};
use profiles::{ErasureStore, ProfileStore};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How many old decisions are removed at a time.
const N_DECISIONS_PRUNED: u64 = 500;
/// How many message ids move into their table at a time.
const N_IDS_MOVED: usize = 8_192;
/// How often a slice of the message ids is looked through: all of them within a day.
const SLICE_MS: i64 = 60_000;
/// How many rows that are in the history already leave the log at a time, so that appends go on between.
const N_ROWS_DROPPED: u64 = 2_000;

/// The ports on one machine. Dropping the last handle finishes what waits for the disk and frees the directory.
#[derive(Debug)]
pub struct Storage {
    /// First, so that it ends before the directory's lock does.
    writer: Option<Writer>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) readers: Readers,
    pub(crate) parts: PartFiles,
    /// Held while events move to the history.
    pub(crate) sealing: Mutex<()>,
    /// Held while a correction is made, and while an import appends.
    pub(crate) correcting: Mutex<()>,
    /// What was withdrawn, as of the newest correction that was read.
    pub(crate) withdrawn: Mutex<KnownWithdrawn>,
    /// Who was erased.
    pub(crate) erased: RwLock<Erased>,
    pub(crate) models: Arc<FileModelStore>,
    words: Arc<FileTextIndex>,
    /// The day whose file of decisions was written last; held while files are written.
    pub(crate) last_decision_day: Mutex<i64>,
    /// Up to which time the slices of the message ids were looked through, in units of [`SLICE_MS`].
    forgot_ids_at: Mutex<Option<i64>>,
    pub(crate) retention: Retention,
    /// Among how many of the newest events those of one title are looked for.
    pub(crate) n_looked_at: u64,
    /// See [`Storage::limit_free_bytes`].
    pub(crate) free_bytes_max: AtomicU64,
    is_new: bool,
    pub(crate) directory: DataDir,
}

/// How much room things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of its write-ahead log.
    pub wal_bytes: u64,
    /// Bytes of the history's files.
    pub history_bytes: u64,
    /// How many files the history has.
    pub n_history_files: u64,
    /// How many days they cover.
    pub n_history_days: u64,
    /// Bytes of the models.
    pub model_bytes: u64,
    /// The last offset that is in the history.
    pub sealed_upto: Offset,
    /// The newest offset.
    pub head: Offset,
}

impl Storage {
    /// Opens the storage in a data directory, creates or migrates it, and removes what a crash left unfinished.
    ///
    /// # Errors
    /// [`StorageError`]: a newer version, a foreign or damaged database, a history that the database does not know, no
    /// permission, a full disk.
    pub fn open(directory: DataDir, settings: StorageSettings) -> Result<Arc<Self>, StorageError> {
        if let Some(refused) = directory.headless() {
            return Err(refused);
        }
        let storage = Self::prepare(directory, settings)?;
        if storage.directory.access() == Access::Exclusive {
            storage.parts.remove_nameless()?;
            storage.remove_unfinished_decision_files()?;
            storage.remove_unfinished_files()?;
            storage.end_sealing()?;
            let attempt = "removing what an unfinished checkpoint left";
            storage.drop_staged().map_err(|source| StorageError::Database { attempt, source })?;
        }
        Ok(Arc::new(storage))
    }

    /// Opens the database, whatever the history looks like.
    pub(crate) fn prepare(directory: DataDir, settings: StorageSettings) -> Result<Self, StorageError> {
        let path = directory.database();
        let is_new = !path.exists();
        let connection = open_checked(&path, directory.access())?;
        let erased = Erased::read(&directory)?;
        // A database that was made anew, or is of a backup, does not know of them.
        if let (Some(connection), Some((_, last))) = (&connection, erased.offsets.ranges().last()) {
            let attempt = "keeping which offsets were given";
            let failed = |source: rusqlite::Error| StorageError::Database { attempt, source: source.into() };
            // On a full disk nothing is written that is there already.
            if meta(connection, "erased_head").map_err(failed)? < *last {
                keep_head(connection, *last).map_err(failed)?;
            }
        }
        if let Some(connection) = &connection {
            // What was broken off on a full disk may have left it so large that nothing else fits.
            let _ = truncate_wal(connection);
        }
        let shared = Arc::new(Shared::default());
        let (retention, n_looked_at) = (settings.retention, settings.n_looked_at);
        let writer = match connection {
            Some(connection) => Some(Writer::start(connection, &path, settings, Arc::clone(&shared))?),
            None => None,
        };
        Ok(Self {
            writer,
            shared,
            readers: Readers::new(path, PATIENCE),
            parts: PartFiles::new(directory.history()),
            sealing: Mutex::default(),
            correcting: Mutex::default(),
            withdrawn: Mutex::default(),
            erased: RwLock::new(erased),
            models: Arc::new(FileModelStore::new(directory.models())),
            words: Arc::new(FileTextIndex::of(&directory)),
            last_decision_day: Mutex::new(i64::MIN),
            forgot_ids_at: Mutex::default(),
            retention,
            n_looked_at,
            free_bytes_max: AtomicU64::new(u64::MAX),
            is_new,
            directory,
        })
    }

    /// Whether there was no database before it was opened.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &DataDir {
        &self.directory
    }

    /// The event log.
    #[must_use]
    pub fn event_log(self: &Arc<Self>) -> Arc<dyn EventLog> {
        Arc::clone(self) as Arc<dyn EventLog>
    }

    /// What came in with which import.
    #[must_use]
    pub fn import_log(self: &Arc<Self>) -> Arc<dyn ImportLog> {
        Arc::clone(self) as Arc<dyn ImportLog>
    }

    /// The store of derived state.
    #[must_use]
    pub fn profile_store(self: &Arc<Self>) -> Arc<dyn ProfileStore> {
        Arc::clone(self) as Arc<dyn ProfileStore>
    }

    /// Where customers are erased.
    #[must_use]
    pub fn erasure_store(self: &Arc<Self>) -> Arc<dyn ErasureStore> {
        Arc::clone(self) as Arc<dyn ErasureStore>
    }

    /// Every event that ever was.
    #[must_use]
    pub fn history(self: &Arc<Self>) -> Arc<dyn History> {
        Arc::clone(self) as Arc<dyn History>
    }

    /// The decision log.
    #[must_use]
    pub fn decision_log(self: &Arc<Self>) -> Arc<dyn DecisionLog> {
        Arc::clone(self) as Arc<dyn DecisionLog>
    }

    /// The lists of customers.
    #[must_use]
    pub fn list_store(self: &Arc<Self>) -> Arc<dyn ListStore> {
        Arc::clone(self) as Arc<dyn ListStore>
    }

    /// What people declare besides the settings.
    #[must_use]
    pub fn playbook_store(self: &Arc<Self>) -> Arc<dyn PlaybookStore> {
        Arc::clone(self) as Arc<dyn PlaybookStore>
    }

    /// What is written down for customers.
    #[must_use]
    pub fn document_store(self: &Arc<Self>) -> Arc<dyn DocumentStore> {
        Arc::clone(self) as Arc<dyn DocumentStore>
    }

    /// The words of the catalogue.
    #[must_use]
    pub fn text_index(&self) -> Arc<dyn TextIndex> {
        Arc::clone(&self.words) as Arc<dyn TextIndex>
    }

    /// The models. They can be written also where the directory was opened for reading: files replace each other whole.
    #[must_use]
    pub fn model_store(&self) -> Arc<dyn ModelStore> {
        Arc::clone(&self.models) as Arc<dyn ModelStore>
    }

    /// What the writer has done.
    #[must_use]
    pub fn writer_stats(&self) -> &WriterStats {
        &self.shared.stats
    }

    /// The last offset that is in the history.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn sealed_upto(&self) -> Result<Offset, StorageError> {
        let found = self.readers.with(|connection| meta(connection, "sealed_upto"));
        found.map(Offset).map_err(|source| StorageError::Database { attempt: "reading the log's border", source })
    }

    /// Forgets message ids, entries of the audit list and decisions that retention no longer asks for, and answers how many
    /// message ids. Of the ids it looks through the slices whose turn came since the last call, all of them within a day,
    /// so that a call costs little however many there are. Appends go on between the steps.
    ///
    /// # Errors
    /// [`StorageError::Database`]; calling it again goes on.
    pub fn prune(&self, now: Timestamp) -> Result<u64, StorageError> {
        let n_forgotten = self.forget_ids(now)?;
        self.prune_audit(now)?;
        let decided_before = self.retention.forget_decisions_before(now).as_millis();
        let prune = || Command::PruneDecisions { before: decided_before, n_max: N_DECISIONS_PRUNED };
        while self.maintain("forgetting old decisions", prune())? > 0 {}
        Ok(n_forgotten)
    }

    fn forget_ids(&self, now: Timestamp) -> Result<u64, StorageError> {
        let before = self.retention.forget_message_ids_before(now).as_millis();
        let turn = now.as_millis().div_euclid(SLICE_MS);
        let mut forgot_at = self.forgot_ids_at.lock().unwrap_or_else(PoisonError::into_inner);
        let slices: Vec<u16> = slices_between(*forgot_at, turn).collect();
        // Those that wait in memory move in sorted runs, which are the longer the more rarely this is done.
        if slices.contains(&0) {
            self.flush_ids(self.head().0)?;
        }
        let mut n_forgotten = 0;
        for slice in slices {
            n_forgotten += self.maintain("forgetting old message ids", Command::ForgetIds { slice, before })?;
        }
        *forgot_at = Some(turn);
        Ok(n_forgotten)
    }

    /// Bounds the database file: what would make it larger fails as on a full disk. `None` lifts the bound.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn limit_database_bytes(&self, bytes_max: Option<u64>) -> Result<(), StorageError> {
        let n_pages = bytes_max.map_or(0, |bytes| (bytes / 4_096).max(1));
        self.maintain("bounding the database", Command::LimitPages(n_pages)).map(|_| ())
    }

    /// How much room things take.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn usage(&self) -> Result<Usage, StorageError> {
        let parts = self.parts.list()?;
        let days: std::collections::BTreeSet<&str> = parts.iter().map(|part| part.date.as_str()).collect();
        let database = self.directory.database();
        Ok(Usage {
            database_bytes: bytes_of(&database),
            wal_bytes: bytes_of(&database.with_extension("db-wal")),
            history_bytes: parts.iter().map(|part| part.bytes).sum(),
            n_history_files: parts.len() as u64,
            n_history_days: days.len() as u64,
            model_bytes: bytes_of(&self.directory.models()),
            sealed_upto: self.sealed_upto()?,
            head: self.head(),
        })
    }

    /// Hands a request to the writer.
    pub(crate) fn submit(&self, command: Command, patience: Patience) -> Result<Done, DatabaseError> {
        match &self.writer {
            Some(writer) => writer.submit(command, patience),
            None => Err(read_only()),
        }
    }

    /// Hands a request to the writer and does not wait for it.
    pub(crate) fn hand_over(&self, command: Command) -> Result<(), DatabaseError> {
        self.writer.as_ref().ok_or_else(read_only)?.hand_over(command)
    }

    /// Hands a request of our own to the writer and answers how many rows it changed.
    pub(crate) fn maintain(&self, attempt: &'static str, command: Command) -> Result<u64, StorageError> {
        match self.submit(command, Patience::Wait) {
            Ok(Done::Rows(n)) => Ok(n),
            Ok(Done::Receipts(_) | Done::Refused(_)) => Ok(0),
            Err(source) => Err(StorageError::Database { attempt, source }),
        }
    }

    /// Removes the rows that are in the history already.
    pub(crate) fn drop_sealed(&self) -> Result<(), StorageError> {
        self.flush_ids(self.sealed_upto()?.0)?;
        while self.maintain("removing sealed events from the log", Command::DropSealed { n_max: N_ROWS_DROPPED })? > 0 {
        }
        Ok(())
    }

    /// Has the table of message ids know all up to an offset.
    pub(crate) fn flush_ids(&self, upto: u64) -> Result<(), StorageError> {
        while self.maintain("storing message ids", Command::FlushIds { upto, n_max: N_IDS_MOVED })? > 0 {}
        Ok(())
    }
}

fn read_only() -> DatabaseError {
    DatabaseError::new(
        ErrorKind::Forbidden,
        "stop the server first, or send it to the server",
        "the data directory was opened for reading only",
    )
}

/// Which slices of the message ids have their turn after `former` up to `turn`. The clock says whose turn it is, so that all
/// get theirs however often the program starts; the first call, and one after the clock went back, has one.
fn slices_between(former: Option<i64>, turn: i64) -> impl Iterator<Item = u16> {
    let n_slices = i64::from(N_SLICES);
    let former = former.filter(|former| *former <= turn).unwrap_or(turn - 1);
    (former.max(turn - n_slices)..turn).filter_map(move |before| u16::try_from((before + 1).rem_euclid(n_slices)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slice_has_its_turn_once_in_so_many_minutes() {
        let n = i64::from(N_SLICES);
        let slices = |former, turn| slices_between(former, turn).collect::<Vec<u16>>();
        assert_eq!([slices(None, 0), slices(None, n - 1), slices(None, n)], [vec![0], vec![N_SLICES - 1], vec![0]]);
        assert_eq!(slices(Some(4), 4), Vec::<u16>::new(), "it had its turn");
        assert_eq!(slices(Some(4), 7), [5, 6, 7]);
        assert_eq!(slices(Some(n - 2), n), [N_SLICES - 1, 0]);
        assert_eq!(slices(Some(9), 4), [4], "the clock went back");
        for turn in [n + 5, 9 * n] {
            let mut all = slices(Some(5), turn);
            all.sort_unstable();
            assert_eq!(all, (0..N_SLICES).collect::<Vec<_>>(), "after a long pause, each once");
        }
    }
}
