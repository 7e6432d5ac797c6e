//! How does a database learn of a history that it does not know: because it was lost, or is an older copy?
//!
//! Everything is read and compared first. Then whole rounds are taken in, each group of them in one transaction with the
//! border, the ids of their messages and what their corrections say: wherever it is broken off, the next time goes on from
//! there.

use crate::command::Command;
use crate::event_log::rows_after;
use crate::history_files::{Open, PartFiles, Round, Row};
use crate::imports::AfterCorrections;
use crate::schema::meta;
use crate::seen_ids::{IdHash, Seen, seen};
use crate::set_aside::{self, SetAside};
use crate::{DataDir, Storage, StorageError, StorageSettings};
use events::{Call, Event, EventLog, Offset, Recorded};
use primitives::Timestamp;
use std::sync::Arc;

/// How many messages are taken in at a time: sorted by their ids, so that fewer pages are written.
const N_MESSAGES_MAX: usize = 1_000_000;

/// What was taken in from the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    /// Events that only the history had.
    pub n_events: u64,
    /// Whether there was no database at all.
    pub is_new: bool,
    /// The last offset that is in the history.
    pub sealed_upto: Offset,
    /// What a lost database left beside it; it is kept.
    pub leftovers: Vec<SetAside>,
}

impl Storage {
    /// Opens the storage, and takes what only the history has into the database, which it makes anew where it is missing.
    /// Tells the number of events that were read, twice for each: once to compare, once to take in.
    ///
    /// # Errors
    /// [`StorageError::Nothing`] where there is neither a database nor a history; [`StorageError::Damaged`],
    /// [`StorageError::Gap`], [`StorageError::Overlap`], [`StorageError::Contradiction`] before anything is changed.
    pub fn recover(
        directory: DataDir,
        settings: StorageSettings,
        now: Timestamp,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Arc<Self>, TakenIn), StorageError> {
        Self::recover_in_groups(directory, settings, now, N_MESSAGES_MAX, progress)
    }

    fn recover_in_groups(
        directory: DataDir,
        settings: StorageSettings,
        now: Timestamp,
        n_messages_max: usize,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Arc<Self>, TakenIn), StorageError> {
        let is_new = !directory.database().exists();
        let mut leftovers = Vec::new();
        let mut n_read = 0;
        let mut told = |n: u64| {
            n_read += n;
            progress(n_read);
        };
        if is_new {
            let rounds = unknown_rounds(&directory, 0)?;
            if rounds.is_empty() {
                return Err(directory
                    .headless()
                    .unwrap_or(StorageError::Nothing { path: directory.path().to_owned() }));
            }
            rounds.iter().try_for_each(|round| check_round(round, &directory, None, &mut told))?;
            leftovers = set_aside::leftovers(&directory, now)?;
        }
        let storage = Self::prepare(directory, settings)?;
        storage.parts.remove_nameless()?;
        storage.take_back_sealing()?;
        let rounds = unknown_rounds(&storage.directory, storage.sealed_upto()?.0)?;
        if !is_new {
            rounds.iter().try_for_each(|round| check_round(round, &storage.directory, Some(&storage), &mut told))?;
        }
        // The ids of rows in the log go into the table first: the border is about to move past some of them.
        storage.flush_ids(EventLog::head(&storage).0)?;
        let n_events = storage.take_in(&rounds, n_messages_max, &mut told)?;
        storage.end_sealing()?;
        let sealed_upto = storage.sealed_upto()?;
        Ok((Arc::new(storage), TakenIn { n_events, is_new, sealed_upto, leftovers }))
    }

    fn take_in(&self, rounds: &[Round], n_messages_max: usize, told: &mut dyn FnMut(u64)) -> Result<u64, StorageError> {
        let missing = self.missing()?;
        let mut group = Group::default();
        let mut n_events = 0;
        for (i, round) in rounds.iter().enumerate() {
            let rows = round.read(0, &missing)?;
            rows.visit(&mut |offset, open| {
                group.add(offset, event_of(round, offset, open)?);
                Ok::<_, StorageError>(())
            })?;
            n_events += rows.len() as u64;
            told(rows.len() as u64);
            if group.messages.len() >= n_messages_max || i + 1 == rounds.len() {
                self.take_in_group(std::mem::take(&mut group), round.last)?;
            }
        }
        Ok(n_events)
    }

    /// Corrections concern only what stands before them: a group with all that is before it needs nothing else.
    fn take_in_group(&self, group: Group, upto: u64) -> Result<(), StorageError> {
        let AfterCorrections { withdrawn, followed } = self.after(&group.corrections)?;
        let mut ids = group.messages;
        ids.retain(|(_, seen)| !withdrawn.contains(seen.offset()));
        ids.sort_by_key(|(id, _)| *id);
        self.maintain("taking in the history", Command::TakeIn { ids, followed, upto }).map(|_| ())
    }
}

/// What is taken in with one transaction.
#[derive(Debug, Default)]
struct Group {
    messages: Vec<(IdHash, Seen)>,
    corrections: Vec<Recorded>,
}

impl Group {
    fn add(&mut self, offset: u64, event: Event) {
        self.messages.push(seen(&event, offset));
        if let Call::Correction { .. } = event.call {
            self.corrections.push(Recorded { offset: Offset(offset), event });
        }
    }
}

/// The rounds beyond a border, complete and in order.
fn unknown_rounds(directory: &DataDir, sealed_upto: u64) -> Result<Vec<Round>, StorageError> {
    let parts = PartFiles::new(directory.history());
    let Some(last) = parts.list()?.iter().map(|part| part.last).max().filter(|last| *last > sealed_upto) else {
        return Ok(Vec::new());
    };
    parts.rounds(sealed_upto, last, &directory.missing()?)
}

/// Reads all of a round, and compares it with the rows that the log still has.
fn check_round(
    round: &Round,
    directory: &DataDir,
    storage: Option<&Storage>,
    told: &mut dyn FnMut(u64),
) -> Result<(), StorageError> {
    let rows = round.read(0, &directory.missing()?)?;
    if rows.n_twice() > 0 {
        return Err(StorageError::Overlap { path: directory.history(), first: round.first });
    }
    let mut in_log = match storage {
        Some(storage) => storage.log_rows(round)?.into_iter().peekable(),
        None => Vec::new().into_iter().peekable(),
    };
    rows.visit(&mut |offset, open| {
        let event = event_of(round, offset, open)?;
        while in_log.next_if(|(found, _)| *found < offset).is_some() {}
        match in_log.next_if(|(found, _)| *found == offset) {
            Some((_, record)) if Event::from_record(&record).ok() != Some(event) => Err(contradiction(round, offset)),
            _ => Ok(()),
        }
    })?;
    told(rows.len() as u64);
    Ok(())
}

impl Storage {
    fn log_rows(&self, round: &Round) -> Result<Vec<Row>, StorageError> {
        let n_max = usize::try_from(round.last - round.first + 1).unwrap_or(usize::MAX);
        let read = self.readers.snapshot(|connection| {
            let after = meta(connection, "sealed_upto")?.max(round.first - 1);
            rows_after(connection, after, n_max)
        });
        read.map_err(|source| StorageError::Database { attempt: "reading the log", source })
    }
}

fn event_of(round: &Round, offset: u64, open: Open<'_>) -> Result<Event, StorageError> {
    open().map_err(|error| StorageError::Damaged {
        path: round.parts.first().map(|part| part.path.clone()).unwrap_or_default(),
        why: format!("the event at offset {offset}: {error}"),
    })
}

fn contradiction(round: &Round, offset: u64) -> StorageError {
    let path = round.parts.first().map(|part| part.path.clone()).unwrap_or_default();
    StorageError::Contradiction { offset, path }
}

#[cfg(test)]
mod tests;
