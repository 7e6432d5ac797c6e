//! How is everything read again, in the order of the log? A thread reads ahead of whoever folds.

use crate::event_log::{history_error, opened, read_error, rows_after};
use crate::history_files::{FoundEvent, Offsets, Open, Sought};
use crate::schema::meta;
use crate::{Storage, StorageError};
use events::{CallKind, Event, EventLog, EventLogError, Offset, Recorded};
use profiles::Identifier;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// How many rows of the log are read at a time.
const N_PAGE: usize = 4_096;
/// How many events are handed over at a time: enough that handing over costs nothing beside reading.
const N_CHUNK: usize = 256;
/// How many chunks wait for whoever folds: what is read ahead is in memory.
const N_AHEAD: usize = 16;

/// Events in the order of the log.
type Chunk = Vec<FoundEvent>;

impl Storage {
    /// Visits what was withdrawn, too.
    pub(crate) fn replay_all(
        &self,
        after: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let missing = self.missing().map_err(|error| history_error(after.0, error))?;
        self.replay_but(&missing, after, visit)
    }

    /// Visits everything but some offsets, up to the head that there is when it begins.
    pub(crate) fn replay_but(
        &self,
        left_out: &Offsets,
        after: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let place = after.0;
        self.run(Wanted { place, head: EventLog::head(self).0, sought: None, left_out }, visit)
    }

    /// As [`History::replay_of`](features::History::replay_of), and leaves out something else.
    pub(crate) fn replay_of_but(
        &self,
        left_out: &Offsets,
        names: &[Identifier],
        upto: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let (head, sought) = (EventLog::head(self).0.min(upto.0), Sought::naming(names));
        self.run(Wanted { place: 0, head, sought: Some(&sought), left_out }, visit)
    }

    /// As [`History::replay_kind`](features::History::replay_kind), and leaves out something else.
    pub(crate) fn replay_kind_but(
        &self,
        left_out: &Offsets,
        kind: CallKind,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let (head, sought) = (EventLog::head(self).0, Sought::kind(kind));
        self.run(Wanted { place: 0, head, sought: Some(&sought), left_out }, visit)
    }

    fn run(&self, wanted: Wanted<'_>, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let after = wanted.place;
        if after >= wanted.head {
            return Ok(());
        }
        thread::scope(|scope| {
            // Who reads ahead ends where nobody takes what it has read, and that is the first thing that goes here.
            let (chunks, read) = sync_channel(N_AHEAD);
            let ahead = Ahead { storage: self, wanted, chunk: Vec::new(), chunks };
            let started = thread::Builder::new().name("replay".to_owned()).spawn_scoped(scope, move || ahead.run());
            started.map_err(|source| EventLogError::Read { after, source: Box::new(source) })?;
            for chunk in read {
                for (offset, event) in chunk? {
                    if !visit(opened(offset, event)?) {
                        return Ok(());
                    }
                }
            }
            Ok(())
        })
    }
}

/// What is replayed.
struct Wanted<'a> {
    /// The last offset that was read or left out.
    place: u64,
    /// The last offset that is wanted.
    head: u64,
    /// What is looked for, where it is not everything.
    sought: Option<&'a Sought>,
    left_out: &'a Offsets,
}

/// Whoever reads ahead.
struct Ahead<'a> {
    storage: &'a Storage,
    wanted: Wanted<'a>,
    chunk: Chunk,
    chunks: SyncSender<Result<Chunk, EventLogError>>,
}

/// Why there is nothing more to read.
enum Stop {
    /// Nobody takes what is read any more.
    Gone,
    Failed(EventLogError),
    /// The history cannot be read.
    Unreadable(StorageError),
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<EventLogError> for Stop {
    fn from(error: EventLogError) -> Self {
        Self::Failed(error)
    }
}

impl Ahead<'_> {
    fn run(mut self) {
        let read = self.read();
        // What was read before a fault is visited before the fault is told.
        let Ok(()) = self.hand_over() else { return };
        let error = match read {
            Ok(()) | Err(Stop::Gone) => return,
            Err(Stop::Failed(error)) => error,
            Err(Stop::Unreadable(error)) => history_error(self.wanted.place, error),
        };
        // Nobody waits for it where nobody takes it.
        let _ = self.chunks.send(Err(error));
    }

    fn read(&mut self) -> Result<(), Stop> {
        while self.wanted.place < self.wanted.head {
            // The border may move while we read, and what was in the log is then in a file: so ask each time. Every offset
            // is visited once, because the next one is always sought after the last one that was visited.
            let place = self.wanted.place;
            let (sealed_upto, rows) = self
                .storage
                .readers
                .snapshot(|connection| {
                    let sealed_upto = meta(connection, "sealed_upto")?;
                    let rows = if place < sealed_upto { Vec::new() } else { rows_after(connection, place, N_PAGE)? };
                    Ok((sealed_upto, rows))
                })
                .map_err(|error| read_error(place, error))?;
            if place < sealed_upto {
                self.sealed(sealed_upto)?;
            } else if rows.is_empty() {
                break;
            }
            for (offset, record) in rows {
                self.row(offset, &|| Event::from_record(&record))?;
            }
        }
        Ok(())
    }

    /// Reads what is in the history.
    fn sealed(&mut self, sealed_upto: u64) -> Result<(), Stop> {
        let missing = self.storage.missing()?;
        for round in self.storage.parts.rounds(0, sealed_upto, &missing)? {
            let after = self.wanted.place;
            if round.last > after && round.first <= self.wanted.head {
                let rows = match self.wanted.sought {
                    Some(sought) => round.seek(sought, after, &missing),
                    None => round.read(after, &missing),
                };
                match rows.map_err(Stop::from).and_then(|rows| rows.visit(&mut |offset, open| self.row(offset, open))) {
                    // An erasure has put another file in its place meanwhile: they are looked up again.
                    Err(Stop::Unreadable(StorageError::File { source, .. }))
                        if source.kind() == io::ErrorKind::NotFound =>
                    {
                        return Ok(());
                    }
                    read => read?,
                };
                self.wanted.place = round.last;
            }
        }
        self.wanted.place = sealed_upto;
        Ok(())
    }

    /// Reads a row up to the last that is wanted. This is the one place where events are left out.
    fn row(&mut self, offset: u64, open: Open<'_>) -> Result<(), Stop> {
        self.wanted.place = offset;
        if offset > self.wanted.head || self.wanted.left_out.contains(offset) {
            return Ok(());
        }
        let event = open();
        if let (Some(sought), Ok(event)) = (self.wanted.sought, &event)
            && !sought.has(event)
        {
            return Ok(());
        }
        self.chunk.push((offset, event));
        if self.chunk.len() < N_CHUNK { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(N_CHUNK));
        self.chunks.send(Ok(chunk)).map_err(|_| Stop::Gone)
    }
}
