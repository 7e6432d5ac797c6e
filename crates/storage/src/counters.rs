//! Which numbers does the writer keep, so that nothing has to be counted?

use crate::numbers::{signed, unsigned};
use crate::schema::meta;
use rusqlite::{Connection, params};

/// The numbers that the writer keeps in memory and stores with each transaction that changes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counters {
    pub(crate) head: u64,
    pub(crate) sealed_upto: u64,
    pub(crate) ids_upto: u64,
    pub(crate) state_offset: u64,
    /// The newest row of state; the newest that counts; and the newest whose predecessor is gone.
    pub(crate) state_staged: u64,
    pub(crate) state_seq: u64,
    pub(crate) state_swept: u64,
    pub(crate) n_rejected: u64,
    pub(crate) n_decisions: u64,
    pub(crate) n_fallbacks: u64,
}

impl Counters {
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let newest: Option<i64> = connection.query_row("SELECT max(offset) FROM events", [], |row| row.get(0))?;
        let sealed_upto = meta(connection, "sealed_upto")?;
        Ok(Self {
            head: unsigned(newest.unwrap_or(0)).max(sealed_upto).max(meta(connection, "erased_head")?),
            sealed_upto,
            ids_upto: meta(connection, "ids_upto")?,
            state_offset: meta(connection, "state_offset")?,
            state_staged: meta(connection, "state_staged")?,
            state_seq: meta(connection, "state_seq")?,
            state_swept: meta(connection, "state_swept")?,
            n_rejected: meta(connection, "n_rejected")?,
            n_decisions: meta(connection, "n_decisions")?,
            n_fallbacks: meta(connection, "n_fallbacks")?,
        })
    }

    /// Stores what differs from `before`. The head is not stored: the log and `sealed_upto` say it.
    pub(crate) fn store(&self, connection: &Connection, before: &Self) -> rusqlite::Result<()> {
        for (key, now, then) in [
            ("sealed_upto", self.sealed_upto, before.sealed_upto),
            ("ids_upto", self.ids_upto, before.ids_upto),
            ("state_offset", self.state_offset, before.state_offset),
            ("state_staged", self.state_staged, before.state_staged),
            ("state_seq", self.state_seq, before.state_seq),
            ("state_swept", self.state_swept, before.state_swept),
            ("n_rejected", self.n_rejected, before.n_rejected),
            ("n_decisions", self.n_decisions, before.n_decisions),
            ("n_fallbacks", self.n_fallbacks, before.n_fallbacks),
        ] {
            if now != then {
                connection
                    .prepare_cached(
                        "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2",
                    )?
                    .execute(params![key, signed(now)])?;
            }
        }
        Ok(())
    }
}
