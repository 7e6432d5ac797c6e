//! How do events leave the log, and how is everything read again? Sealing, and [`History`] over files and log.
//!
//! A *round* is a closed range of offsets. It becomes one file for each day on which its events were received, so that
//! DuckDB, Polars or Spark read only the days they need. Only when every file of a round is durable does the database's
//! `sealed_upto` move past it, in one transaction; then the rows leave the log. A crash in between leaves files beyond
//! `sealed_upto`: they do not count, and the next start or the next sealing removes them.

mod parts;
mod read;
mod write;

pub(crate) use parts::PartFiles;

use crate::command::Command;
use crate::event_log::{Row, history_error, read_error, recorded, rows_after};
use crate::schema::{meta, signed, unsigned};
use crate::{Storage, StorageError};
use events::{EventLogError, Offset, Recorded};
use features::History;
use rusqlite::params;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// How many rows of the log a replay reads at a time.
const N_PAGE: usize = 4_096;

/// When events move to the history, and in how large rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealPolicy {
    /// Events in one round at most.
    pub n_events_max: u64,
    /// Bytes of records in one round at most; a round is held in memory while it is written or read.
    pub bytes_max: u64,
    /// Nothing is sealed before so many events can be: small files cost every reader.
    pub n_events_min: u64,
    /// The newest events that stay in the log, for the live inspector.
    pub n_events_kept: u64,
}

impl Default for SealPolicy {
    fn default() -> Self {
        Self { n_events_max: 200_000, bytes_max: 64 << 20, n_events_min: 50_000, n_events_kept: 10_000 }
    }
}

impl SealPolicy {
    /// Everything, at once.
    #[must_use]
    pub fn everything() -> Self {
        Self { n_events_min: 1, n_events_kept: 0, ..Self::default() }
    }
}

/// What was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SealReport {
    /// Events that moved to the history.
    pub n_events: u64,
    /// In how many rounds.
    pub n_rounds: u64,
    /// Files that were written.
    pub n_files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The last offset that is in the history now.
    pub sealed_upto: Offset,
}

/// A row on its way to the history.
#[derive(Debug)]
pub(crate) struct SealedRow {
    pub(crate) offset: u64,
    pub(crate) received_at: i64,
    pub(crate) record: Vec<u8>,
}

/// Lets one thread seal at a time.
#[derive(Debug, Default)]
pub(crate) struct Sealer(Mutex<()>);

impl Sealer {
    pub(crate) fn seal(
        &self,
        storage: &Storage,
        upto: Offset,
        policy: &SealPolicy,
    ) -> Result<SealReport, StorageError> {
        let _alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let head = storage.shared.head.load(Ordering::Acquire);
        let upto = upto.0.min(head.saturating_sub(policy.n_events_kept));
        let mut report = SealReport { sealed_upto: storage.sealed_upto()?, ..SealReport::default() };
        // What a crash or an earlier failure left must not be there when a round of another size is written.
        storage.parts.remove_unfinished(report.sealed_upto.0)?;
        storage.drop_sealed()?;
        while upto.saturating_sub(report.sealed_upto.0) >= policy.n_events_min.max(1) {
            let rows = read_round(storage, report.sealed_upto.0, upto, policy)?;
            let Some(last) = rows.last().map(|row| row.offset) else { break };
            let n_events = rows.len() as u64;
            let written = storage.parts.write(rows).inspect_err(|_| {
                // The first error is the one to tell; the next sealing removes what this could not.
                let _ = storage.parts.remove_unfinished(report.sealed_upto.0);
            })?;
            storage.maintain("moving the log's border", Command::MarkSealed { upto: last })?;
            storage.drop_sealed()?;
            report.n_events += n_events;
            report.n_rounds += 1;
            report.n_files += written.n_files;
            report.bytes += written.bytes;
            report.sealed_upto = Offset(last);
        }
        Ok(report)
    }
}

impl History for Storage {
    fn replay(&self, after: Offset, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let mut place = after.0;
        let head = events::EventLog::head(self).0;
        while place < head {
            // The border may move while we read, and what was in the log is then in a file: so ask each time. Every offset
            // is visited once, because the next one is always sought after the last one that was visited.
            let (sealed_upto, rows) = self
                .readers
                .snapshot(|connection| {
                    let sealed_upto = meta(connection, "sealed_upto")?;
                    let rows = if place < sealed_upto { Vec::new() } else { rows_after(connection, place, N_PAGE)? };
                    Ok((sealed_upto, rows))
                })
                .map_err(|error| read_error(place, error))?;
            let goes_on = if place < sealed_upto {
                self.replay_sealed(&mut place, sealed_upto, head, visit)?
            } else if rows.is_empty() {
                return Ok(());
            } else {
                visit_rows(rows, &mut place, head, visit)?
            };
            if !goes_on {
                return Ok(());
            }
        }
        Ok(())
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(events::EventLog::head(self).0)
    }
}

impl Storage {
    fn replay_sealed(
        &self,
        place: &mut u64,
        sealed_upto: u64,
        head: u64,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<bool, EventLogError> {
        let rounds = self.parts.rounds(sealed_upto).map_err(|error| history_error(*place, error))?;
        for round in rounds {
            if round.last <= *place {
                continue;
            }
            let rows = round.read(*place).map_err(|error| history_error(*place, error))?;
            let visited = rows.visit(&mut |row| visit_rows(vec![row], place, head, visit));
            if !visited? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Visits rows up to the head that the replay began with.
fn visit_rows(
    rows: Vec<Row>,
    place: &mut u64,
    head: u64,
    visit: &mut dyn FnMut(Recorded) -> bool,
) -> Result<bool, EventLogError> {
    for row in rows {
        if row.0 > head {
            return Ok(false);
        }
        *place = row.0;
        if !visit(recorded(row)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rows of the next round.
fn read_round(storage: &Storage, after: u64, upto: u64, policy: &SealPolicy) -> Result<Vec<SealedRow>, StorageError> {
    storage
        .readers
        .with(|connection| {
            let sql = "SELECT offset, received_at, record FROM events WHERE offset > ?1 AND offset <= ?2
                       ORDER BY offset LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let mut found =
                statement.query(params![signed(after), signed(upto), signed(policy.n_events_max.max(1))])?;
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while bytes < policy.bytes_max.max(1) {
                let Some(row) = found.next()? else { break };
                let record: Vec<u8> = row.get(2)?;
                bytes += record.len() as u64;
                rows.push(SealedRow { offset: unsigned(row.get(0)?), received_at: row.get(1)?, record });
            }
            Ok(rows)
        })
        .map_err(|source| StorageError::Database { attempt: "reading events to be sealed", source })
}
