//! What changes in what is known of the days' files of decisions?

use super::Done;
use crate::numbers::signed;
use primitives::DAY_MS;
use rusqlite::{Connection, params};

/// What the writer is asked to note of a day's file.
#[derive(Debug)]
pub(crate) enum DayCommand {
    /// The file says what the log said after so many changes.
    Written { day: i64, n_changes: u64, bytes: u64, digest: u128 },
    /// There is no file of the day.
    Dropped { day: i64 },
    /// Nothing of the day is left in the log, where nothing has changed since.
    Ended { day: i64, n_changes: u64 },
}

impl DayCommand {
    pub(crate) fn apply(&self, connection: &Connection) -> rusqlite::Result<Done> {
        let n = match self {
            Self::Written { day, n_changes, bytes, digest } => {
                let sql = "UPDATE decision_days SET n_written = ?2, bytes = ?3, digest = ?4 WHERE day = ?1";
                let digest = digest.to_be_bytes();
                connection.prepare_cached(sql)?.execute(params![day, signed(*n_changes), signed(*bytes), digest])?
            }
            Self::Dropped { day } => {
                let sql = "UPDATE decision_days SET n_written = 0, bytes = 0 WHERE day = ?1";
                connection.prepare_cached(sql)?.execute([day])?
            }
            Self::Ended { day, n_changes } => {
                let sql = "DELETE FROM decision_days WHERE day = ?1 AND n_changes = ?2
                           AND NOT EXISTS(SELECT 1 FROM decisions WHERE decided_at >= ?3 AND decided_at < ?4)";
                let (from, to) = (day * DAY_MS, (day + 1) * DAY_MS);
                connection.prepare_cached(sql)?.execute([*day, signed(*n_changes), from, to])?
            }
        };
        Ok(Done::Rows(n as u64))
    }
}
