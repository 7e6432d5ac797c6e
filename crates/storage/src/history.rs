//! How is everything that ever happened read again? [`History`] over files and log.

mod seal;
mod take_in;

pub use seal::{SealPolicy, SealReport};
pub use take_in::TakenIn;

use crate::Storage;
use crate::event_log::{history_error, opened, read_error, rows_after};
use crate::history_files::{Names, Offsets, Open, Row};
use crate::schema::meta;
use events::{Event, EventLog, EventLogError, Offset, Recorded};
use features::History;
use profiles::Identifier;
use std::sync::Arc;

/// How many rows of the log a replay reads at a time.
const N_PAGE: usize = 4_096;

impl History for Storage {
    fn replay(&self, after: Offset, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(after.0, error))?;
        self.replay_but(&left_out, after, visit)
    }

    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(0, error))?;
        self.replay_of_but(&left_out, names, upto, visit)
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(EventLog::head(self).0)
    }
}

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

    pub(crate) fn replay_but(
        &self,
        left_out: &Offsets,
        after: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let head = EventLog::head(self).0;
        self.run(Replay { place: after.0, head, names: None, left_out, visit })
    }

    /// As [`History::replay_of`], and leaves out something else.
    pub(crate) fn replay_of_but(
        &self,
        left_out: &Offsets,
        names: &[Identifier],
        upto: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let (head, names) = (EventLog::head(self).0.min(upto.0), Names::of(names));
        self.run(Replay { place: 0, head, names: Some(&names), left_out, visit })
    }

    fn run(&self, mut replay: Replay<'_>) -> Result<(), EventLogError> {
        while replay.place < replay.head {
            // The border may move while we read, and what was in the log is then in a file: so ask each time. Every offset
            // is visited once, because the next one is always sought after the last one that was visited.
            let place = replay.place;
            let (sealed_upto, rows) = self
                .readers
                .snapshot(|connection| {
                    let sealed_upto = meta(connection, "sealed_upto")?;
                    let rows = if place < sealed_upto { Vec::new() } else { rows_after(connection, place, N_PAGE)? };
                    Ok((sealed_upto, rows))
                })
                .map_err(|error| read_error(place, error))?;
            let goes_on = if place < sealed_upto {
                replay.sealed(self, sealed_upto)?
            } else if rows.is_empty() {
                return Ok(());
            } else {
                let open = |goes_on, (offset, record): Row| {
                    Ok::<_, EventLogError>(goes_on && replay.row(offset, &|| Event::from_record(&record))?)
                };
                rows.into_iter().try_fold(true, open)?
            };
            if !goes_on {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// A replay under way.
struct Replay<'a> {
    /// The last offset that was visited or left out.
    place: u64,
    /// The newest offset when it began.
    head: u64,
    /// Whose events are wanted, where it is not everybody's.
    names: Option<&'a Names>,
    left_out: &'a Offsets,
    visit: &'a mut dyn FnMut(Recorded) -> bool,
}

impl Replay<'_> {
    /// Visits what is in the history; answers whether to go on.
    fn sealed(&mut self, storage: &Storage, sealed_upto: u64) -> Result<bool, EventLogError> {
        let missing = storage.missing().map_err(|error| history_error(self.place, error))?;
        let rounds =
            storage.parts.rounds(0, sealed_upto, &missing).map_err(|error| history_error(self.place, error))?;
        for round in rounds {
            if round.last <= self.place {
                continue;
            }
            if round.first > self.head {
                return Ok(false);
            }
            let rows = match self.names {
                Some(names) => round.naming(names, self.place, &missing),
                None => round.read(self.place, &missing),
            };
            let rows = rows.map_err(|error| history_error(self.place, error))?;
            if !rows.visit(&mut |offset, open| self.row(offset, open))? {
                return Ok(false);
            }
            self.place = round.last;
        }
        self.place = sealed_upto;
        Ok(true)
    }

    /// Visits a row up to the head that the replay began with. This is the one place where events are left out.
    fn row(&mut self, offset: u64, open: Open<'_>) -> Result<bool, EventLogError> {
        if offset > self.head {
            return Ok(false);
        }
        self.place = offset;
        if self.left_out.contains(offset) {
            return Ok(true);
        }
        let recorded = opened(offset, open())?;
        let is_wanted = self.names.is_none_or(|names| names.are_mentioned(&recorded.event));
        Ok(!is_wanted || (self.visit)(recorded))
    }
}

impl Storage {
    /// The offsets whose events are not in the log or the history: they were set aside.
    pub(crate) fn missing(&self) -> Result<Offsets, crate::StorageError> {
        self.directory.missing()
    }

    /// The offsets that every replay leaves out, and so every rebuild.
    pub(crate) fn left_out(&self) -> Result<Arc<Offsets>, crate::StorageError> {
        let (missing, withdrawn) = (self.missing()?, self.withdrawn()?);
        Ok(if missing.ranges().is_empty() { withdrawn } else { Arc::new(missing.and(&withdrawn)) })
    }

    /// How many events were withdrawn: they stay where they are, and every replay leaves them out.
    ///
    /// # Errors
    /// [`StorageError`](crate::StorageError).
    pub fn n_withdrawn(&self) -> Result<u64, crate::StorageError> {
        Ok(self.withdrawn()?.n())
    }
}
