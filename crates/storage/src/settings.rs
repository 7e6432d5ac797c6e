//! What may be set, and what does the writer tell about itself?

use governance::Retention;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is called after each commit with the time it took.
pub type OnCommit = Box<dyn Fn(Duration) + Send>;

/// How the data directory is used. The defaults suit one machine.
pub struct StorageSettings {
    /// How long message ids and rejections are kept.
    pub retention: Retention,
    /// How many calls may wait for the writer; more wait for a place among them. As many decisions may wait beside them.
    pub n_queued_max: usize,
    /// How many bytes may wait for the writer; more wait for a place among them. Decisions have an eighth of it beside
    /// them, so that no load of events keeps one from being logged.
    pub queued_bytes_max: u64,
    /// How long a call waits for a place before it is refused: longer than a disk that works ever takes.
    pub patience: Duration,
    /// How many calls share a transaction at most.
    pub n_group_max: usize,
    /// After how many bytes a transaction takes no further call.
    pub group_bytes_max: u64,
    /// After how many new pages of 4 KiB in the write-ahead log they are copied into the database file.
    pub n_checkpoint_pages: u64,
    /// Among how many of the newest events those of one title are looked for.
    pub n_looked_at: u64,
    /// Whether each commit waits until the disk has it. Without it a crash may take everything: only for what is made anew
    /// then, and synced by its maker once it is whole.
    pub is_durable: bool,
    /// Microseconds that only rise; without it commits are counted but not timed.
    pub now_micros: Option<fn() -> u64>,
    /// Is told how long each commit took, on the writer's thread: must be quick.
    pub on_commit: Option<OnCommit>,
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            n_queued_max: 4_096,
            queued_bytes_max: 64 << 20,
            patience: Duration::from_secs(10),
            n_group_max: 1_024,
            group_bytes_max: 8 << 20,
            n_checkpoint_pages: 2_048,
            n_looked_at: events::N_LOOKED_AT,
            is_durable: true,
            now_micros: None,
            on_commit: None,
        }
    }
}

impl fmt::Debug for StorageSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageSettings")
            .field("retention", &self.retention)
            .field("n_queued_max", &self.n_queued_max)
            .field("queued_bytes_max", &self.queued_bytes_max)
            .field("patience", &self.patience)
            .field("n_group_max", &self.n_group_max)
            .field("group_bytes_max", &self.group_bytes_max)
            .field("n_checkpoint_pages", &self.n_checkpoint_pages)
            .field("n_looked_at", &self.n_looked_at)
            .field("is_durable", &self.is_durable)
            .finish_non_exhaustive()
    }
}

/// What the writer has done since the start.
#[derive(Debug, Default)]
pub struct WriterStats {
    /// Transactions that were synced.
    pub n_commits: AtomicU64,
    /// Calls that were answered by them.
    pub n_commands: AtomicU64,
    /// Calls that failed.
    pub n_failed: AtomicU64,
    /// Calls that were refused because those before them did not move.
    pub n_refused: AtomicU64,
    /// Bytes that wait now.
    pub queued_bytes: AtomicU64,
    /// Microseconds of the last commit.
    pub last_commit_micros: AtomicU64,
    /// Microseconds of all commits.
    pub total_commit_micros: AtomicU64,
    /// Pages in the write-ahead log after the last commit.
    pub n_wal_pages: AtomicU64,
}

impl WriterStats {
    pub(crate) fn committed(&self, n_commands: usize, micros: u64) {
        self.n_commits.fetch_add(1, Ordering::Relaxed);
        self.n_commands.fetch_add(n_commands as u64, Ordering::Relaxed);
        self.last_commit_micros.store(micros, Ordering::Relaxed);
        self.total_commit_micros.fetch_add(micros, Ordering::Relaxed);
    }
}
