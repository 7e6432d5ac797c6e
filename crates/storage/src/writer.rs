//! How do many callers share one durable write? One thread, a bounded queue, one transaction for all that waits.

use crate::command::{Command, Done, apply};
use crate::counters::Counters;
use crate::seen_ids::SeenIds;
use crate::settings::{OnCommit, StorageSettings, WriterStats};
use crate::{DatabaseError, StorageError, schema};
use primitives::ErrorKind;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// After how many checkpoint distances the writer itself finishes a checkpoint, so that the write-ahead log can begin
/// anew: the other thread has copied nearly everything by then.
const N_DISTANCES_MAX: u64 = 4;

/// The part of the room for clients that decisions have beside it, however many events wait.
const DECISIONS_SHARE: u64 = 8;

/// Who asks the writer for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A client: waits while the queue is full, and is refused where it does not move.
    Refuse,
    /// A client who waits for a decision: the same, in a room of its own.
    Decide,
    /// A job of our own: it asks for one thing at a time, and does not count as waiting.
    Wait,
    /// Leave it with the writer, whose queue has a place for it, and go on.
    Leave,
}

/// What the writer shares with everyone.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The newest durable offset.
    pub(crate) head: AtomicU64,
    pub(crate) stats: WriterStats,
}

/// What a request is answered with.
type Answer = Result<Done, DatabaseError>;

/// How many clients wait for the writer, and for how long more may.
#[derive(Debug)]
struct Gate {
    waiting: Mutex<Waiting>,
    moved: Condvar,
    n_max: usize,
    bytes_max: u64,
    patience: Duration,
}

#[derive(Debug, Default)]
struct Waiting {
    n: usize,
    bytes: u64,
}

impl Gate {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place; answers `false` where none became free in time. A large request enters as easily as a small
    /// one, so the bound is passed by one request at most.
    fn enter(&self, bytes: u64) -> bool {
        let is_full = |waiting: &mut Waiting| waiting.n >= self.n_max || waiting.bytes >= self.bytes_max;
        let waited = self.moved.wait_timeout_while(self.waiting(), self.patience, is_full);
        let (mut waiting, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return false;
        }
        waiting.n += 1;
        waiting.bytes += bytes;
        true
    }

    /// Takes a place without waiting, also where the bytes are used up.
    fn slip_in(&self, bytes: u64) -> bool {
        let mut waiting = self.waiting();
        let is_free = waiting.n < self.n_max;
        if is_free {
            waiting.n += 1;
            waiting.bytes += bytes;
        }
        is_free
    }

    fn leave(&self, n: usize, bytes: u64) {
        let mut waiting = self.waiting();
        waiting.n -= n;
        waiting.bytes -= bytes;
        drop(waiting);
        self.moved.notify_all();
    }
}

/// The gates to the one queue.
#[derive(Debug)]
struct Gates {
    clients: Gate,
    decisions: Gate,
}

impl Gates {
    fn new(settings: &StorageSettings) -> Self {
        let gate = |bytes_max: u64| Gate {
            waiting: Mutex::default(),
            moved: Condvar::new(),
            n_max: settings.n_queued_max.max(1),
            bytes_max: bytes_max.max(1),
            patience: settings.patience,
        };
        let bytes_max = settings.queued_bytes_max;
        Self { clients: gate(bytes_max), decisions: gate(bytes_max / DECISIONS_SHARE) }
    }

    /// Answers whether somebody may join the queue.
    fn admit(&self, patience: Patience, bytes: u64) -> bool {
        match patience {
            Patience::Wait => true,
            Patience::Refuse => self.clients.enter(bytes),
            Patience::Decide => self.decisions.enter(bytes),
            Patience::Leave => self.clients.slip_in(bytes),
        }
    }

    /// Gives back the places of those who were answered: how many there are and how many bytes, by who they are.
    fn leave(&self, answered: &[(Patience, u64)]) {
        for (gate, is_theirs) in
            [(&self.clients, &[Patience::Refuse, Patience::Leave][..]), (&self.decisions, &[Patience::Decide])]
        {
            let theirs = answered.iter().filter(|(patience, _)| is_theirs.contains(patience));
            let (n, bytes) = theirs.fold((0, 0), |(n, sum), (_, bytes)| (n + 1, sum + bytes));
            if n > 0 {
                gate.leave(n, bytes);
            }
        }
    }
}

struct Queued {
    command: Command,
    bytes: u64,
    patience: Patience,
    reply: SyncSender<Answer>,
}

/// The way to the writer's thread. Dropping it finishes what waits and ends the threads.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<Sender<Queued>>,
    gates: Arc<Gates>,
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Writer {
    /// Starts the writer and the thread that copies the write-ahead log into the database file.
    pub(crate) fn start(
        connection: Connection,
        path: &Path,
        settings: StorageSettings,
        shared: Arc<Shared>,
    ) -> Result<Self, StorageError> {
        let counters =
            Counters::load(&connection).map_err(|source| schema::database("reading the database", source))?;
        let seen = SeenIds::load(&connection, &counters)
            .map_err(|source| schema::database("reading the message ids", source))?;
        shared.head.store(counters.head, Ordering::Release);
        let (queue, receiver) = channel();
        let gates = Arc::new(Gates::new(&settings));
        let (wal_grew, checkpoints) = sync_channel(1);
        let copier = schema::open_writer(path)?;
        if !settings.is_durable {
            for connection in [&connection, &copier] {
                schema::forget_the_disk(connection)
                    .map_err(|source| schema::database("preparing the writer", source))?;
            }
        }
        let mut thread = WriterThread {
            connection,
            counters: Some(counters),
            seen,
            receiver,
            gates: Arc::clone(&gates),
            shared: Arc::clone(&shared),
            n_group_max: settings.n_group_max.max(1),
            group_bytes_max: settings.group_bytes_max,
            now_micros: settings.now_micros,
            on_commit: settings.on_commit,
            wal_grew,
            n_checkpoint_pages: settings.n_checkpoint_pages.max(1),
            n_pages_told: 0,
        };
        thread.count_wal_pages().map_err(|source| schema::database("preparing the writer", source))?;
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
            spawned.map_err(|source| StorageError::file("starting the writer for", path, source))
        };
        let threads = vec![
            spawn("storage-writer", Box::new(move || thread.run()))?,
            spawn("storage-checkpoint", Box::new(move || copy_pages(&copier, &checkpoints)))?,
        ];
        Ok(Self { queue: Some(queue), gates, threads, shared })
    }

    /// Hands a request to the writer and waits until it is durable.
    pub(crate) fn submit(&self, command: Command, patience: Patience) -> Result<Done, DatabaseError> {
        self.send(command, patience)?.recv().map_err(|_| stopped())?
    }

    /// Hands a request to the writer and does not wait for it. However much waits in bytes, there is room for something
    /// small.
    pub(crate) fn hand_over(&self, command: Command) -> Result<(), DatabaseError> {
        self.send(command, Patience::Leave).map(drop)
    }

    fn send(&self, command: Command, patience: Patience) -> Result<Receiver<Answer>, DatabaseError> {
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        let bytes = command.bytes();
        if !self.gates.admit(patience, bytes) {
            return Err(self.refused());
        }
        self.shared.stats.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let (reply, answer) = sync_channel(1);
        queue.send(Queued { command, bytes, patience, reply }).map_err(|_| stopped())?;
        Ok(answer)
    }

    fn refused(&self) -> DatabaseError {
        self.shared.stats.n_refused.fetch_add(1, Ordering::Relaxed);
        DatabaseError::new(
            ErrorKind::Unavailable,
            "send them again in a second",
            "the disk has not taken what waits before it",
        )
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A writer that panicked has answered its callers already: their replies were dropped.
            let _ = thread.join();
        }
    }
}

fn stopped() -> DatabaseError {
    DatabaseError::new(ErrorKind::Internal, "restart the server", "the writer has stopped")
}

impl Queued {
    /// Whether it shares no transaction.
    fn is_alone(&self) -> bool {
        matches!(self.command, Command::Overwrite | Command::TruncateWal)
    }
}

struct WriterThread {
    connection: Connection,
    /// `None` after a failed transaction: then the database says where it stands.
    counters: Option<Counters>,
    seen: SeenIds,
    receiver: Receiver<Queued>,
    gates: Arc<Gates>,
    shared: Arc<Shared>,
    n_group_max: usize,
    group_bytes_max: u64,
    now_micros: Option<fn() -> u64>,
    on_commit: Option<OnCommit>,
    wal_grew: SyncSender<()>,
    n_checkpoint_pages: u64,
    n_pages_told: u64,
}

impl WriterThread {
    fn run(&mut self) {
        let mut held = None;
        while let Some(first) = held.take().or_else(|| self.receiver.recv().ok()) {
            let mut bytes = first.bytes;
            let is_alone = first.is_alone();
            let mut group = vec![first];
            while !is_alone && group.len() < self.n_group_max && bytes < self.group_bytes_max {
                let Ok(next) = self.receiver.try_recv() else { break };
                if next.is_alone() {
                    held = Some(next);
                    break;
                }
                bytes += next.bytes;
                group.push(next);
            }
            let answered: Vec<(Patience, u64)> = group.iter().map(|queued| (queued.patience, queued.bytes)).collect();
            self.answer(group);
            self.gates.leave(&answered);
            self.shared.stats.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            self.checkpoint();
        }
    }

    /// Commits a group and answers its callers. Where the group fails, each request gets a transaction of its own, so
    /// that one that cannot be stored does not fail the others.
    fn answer(&mut self, group: Vec<Queued>) {
        let commands: Vec<&Command> = group.iter().map(|queued| &queued.command).collect();
        let done = match commands.as_slice() {
            [Command::Overwrite] => overwrite(&self.connection).map(|()| vec![Done::Rows(0)]),
            [Command::TruncateWal] => truncate_wal(&self.connection).map(|()| vec![Done::Rows(0)]),
            _ => self.transaction(&commands),
        };
        let answers: Vec<Result<Done, DatabaseError>> = match done {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(error) if commands.len() == 1 => vec![Err(error)],
            Err(_) => commands
                .iter()
                .map(|command| self.transaction(&[command]).map(|mut done| done.pop().unwrap_or(Done::Rows(0))))
                .collect(),
        };
        for (queued, answer) in group.into_iter().zip(answers) {
            if answer.is_err() {
                self.shared.stats.n_failed.fetch_add(1, Ordering::Relaxed);
            }
            // A caller that has gone away does not need an answer.
            let _ = queued.reply.send(answer);
        }
    }

    fn transaction(&mut self, commands: &[&Command]) -> Result<Vec<Done>, DatabaseError> {
        let before = match self.counters {
            Some(counters) => counters,
            None => Counters::load(&self.connection)?,
        };
        let started = self.now_micros.map_or(0, |now| now());
        let mut counters = before;
        let done = self.try_transaction(commands, &before, &mut counters);
        if done.is_err() {
            self.counters = None;
            self.seen.rolled_back();
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            return Ok(done?);
        }
        self.counters = Some(counters);
        self.seen.committed(&counters);
        self.shared.head.store(counters.head, Ordering::Release);
        let micros = self.now_micros.map_or(0, |now| now().saturating_sub(started));
        self.shared.stats.committed(commands.len(), micros);
        if let Some(told) = self.on_commit.as_ref().filter(|_| self.now_micros.is_some()) {
            told(Duration::from_micros(micros));
        }
        Ok(done?)
    }

    fn try_transaction(
        &mut self,
        commands: &[&Command],
        before: &Counters,
        counters: &mut Counters,
    ) -> rusqlite::Result<Vec<Done>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut done = Vec::with_capacity(commands.len());
        for command in commands {
            done.push(apply(&self.connection, counters, &mut self.seen, command)?);
        }
        self.seen.move_some(&self.connection, counters)?;
        counters.store(&self.connection, before)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    }

    /// Lets the database tell the write-ahead log's length after each commit.
    fn count_wal_pages(&mut self) -> rusqlite::Result<()> {
        let shared = Arc::clone(&self.shared);
        self.connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, n_pages: i32| {
            shared.stats.n_wal_pages.store(u64::try_from(n_pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Has the write-ahead log copied into the database file, nearly always by the other thread. While writes go on, that
    /// thread never catches up entirely, and only a log that was copied entirely begins anew: so the writer copies the
    /// small rest itself now and then.
    fn checkpoint(&mut self) {
        let n_pages = self.shared.stats.n_wal_pages.load(Ordering::Relaxed);
        if n_pages < self.n_pages_told {
            self.n_pages_told = 0;
        }
        if n_pages - self.n_pages_told < self.n_checkpoint_pages {
            return;
        }
        self.n_pages_told = n_pages;
        if n_pages / self.n_checkpoint_pages >= N_DISTANCES_MAX {
            passive_checkpoint(&self.connection);
        } else {
            // Where one is asked for already, that one will do.
            let _ = self.wal_grew.try_send(());
        }
    }
}

/// Makes the database file anew from what is in it: nothing that was removed before stands in it any more.
fn overwrite(connection: &Connection) -> Result<(), DatabaseError> {
    let made = with_files_beside(connection, || connection.execute_batch("VACUUM"));
    if made.is_err() {
        // What it has written so far would take the room of everything else.
        let _ = truncate_wal(connection);
    }
    Ok(made?)
}

/// Has the database put a temporary copy of itself beside itself, where the room was looked at and nobody else reads.
fn with_files_beside<T>(connection: &Connection, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let directory = connection.path().and_then(|path| Path::new(path).parent()?.to_str()).unwrap_or_default();
    connection.pragma_update(None, "temp_store_directory", directory)?;
    let done = connection.pragma_update(None, "temp_store", "FILE").and_then(|()| work());
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "temp_store_directory", "")?;
    done
}

/// Begins the write-ahead log anew, so that nothing stands in it that was removed before.
pub(crate) fn truncate_wal(connection: &Connection) -> Result<(), DatabaseError> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if !is_busy {
        return Ok(());
    }
    let action = "wait until what reads the data directory has ended, such as a backup";
    Err(DatabaseError::new(ErrorKind::Unavailable, action, "the write-ahead log is being read"))
}

fn copy_pages(connection: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        passive_checkpoint(connection);
    }
}

/// Copies what no reader needs in its old form. A failure loses nothing: the write-ahead log stays, and the next
/// checkpoint tries again.
fn passive_checkpoint(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overwritten_lies_beside_the_database_only_meanwhile() {
        let place = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&place.path().join("a.db")).unwrap();
        let settings = || {
            let store: i64 = connection.pragma_query_value(None, "temp_store", |row| row.get(0)).unwrap();
            let directory: Option<String> =
                connection.query_row("PRAGMA temp_store_directory", [], |row| row.get(0)).ok();
            (store, directory.unwrap_or_default())
        };
        let (memory, file) = ((2, String::new()), (1, place.path().display().to_string()));
        assert_eq!(settings(), memory);
        assert_eq!(with_files_beside(&connection, || Ok(settings())).unwrap(), file);
        assert_eq!(settings(), memory);
        connection.execute_batch("BEGIN").unwrap();
        overwrite(&connection).unwrap_err();
        connection.execute_batch("COMMIT").unwrap();
        assert_eq!(settings(), memory, "also where it fails");
        overwrite(&connection).unwrap();
    }
}
