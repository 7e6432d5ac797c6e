//! What can the writer be asked to do with derived state, and what does each request change?
//!
//! The table `state` grows at its end. A checkpoint writes its rows there, a slice in each transaction; they count when
//! `state_seq` moves past them, in one small transaction together with the offset. Of the rows with one key, the newest
//! that counts is in force. Afterwards the older ones are removed in slices. A crash before `state_seq` has moved leaves
//! rows that never count and that the next start removes; one after it leaves superseded rows, which the next checkpoint
//! removes.

use super::Done;
use crate::counters::Counters;
use crate::numbers::{signed, unsigned};
use crate::schema::STATE_REBUILT;
use profiles::Change;
use rusqlite::{Connection, params};

/// Where derived state is kept: what is in force, and what a rebuild makes beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateTable {
    InForce,
    Rebuilt,
}

impl StateTable {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InForce => "state",
            Self::Rebuilt => "state_rebuilt",
        }
    }
}

/// A request that concerns derived state.
#[derive(Debug)]
pub(crate) enum StateCommand {
    /// Writes rows that do not count yet.
    Stage(Vec<Change>),
    /// Lets all staged rows count, as the state at an offset.
    Promote {
        offset: u64,
    },
    /// Removes some staged rows that will never count.
    DropStaged {
        n_max: u64,
    },
    /// Removes what some of the rows that count have taken the place of.
    Sweep {
        n_max: u64,
    },
    /// Changes the state that a rebuild makes.
    ChangeRebuilt(Vec<Change>),
    /// Puts the rebuilt state in the place of the other, with the offset it has seen.
    Adopt {
        offset: u64,
    },
    Clear(StateTable),
}

impl StateCommand {
    /// About how many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Stage(changes) | Self::ChangeRebuilt(changes) => {
                changes.iter().map(|one| one.key.len() + one.value.as_ref().map_or(0, Vec::len) + 64).sum()
            }
            _ => 0,
        }
    }

    /// Does it within the open transaction.
    pub(crate) fn apply(&self, connection: &Connection, counters: &mut Counters) -> rusqlite::Result<Done> {
        match self {
            Self::Stage(changes) => stage(connection, counters, changes),
            Self::ChangeRebuilt(changes) => change_rebuilt(connection, changes),
            Self::Promote { offset } => {
                counters.state_offset = *offset;
                counters.state_seq = counters.state_staged;
                Ok(Done::Rows(0))
            }
            Self::DropStaged { n_max } => {
                let sql = "DELETE FROM state WHERE seq IN (SELECT seq FROM state WHERE seq > ?1 LIMIT ?2)";
                let n = connection.prepare_cached(sql)?.execute([signed(counters.state_seq), signed(*n_max)])?;
                Ok(Done::Rows(n as u64))
            }
            Self::Sweep { n_max } => sweep(connection, counters, *n_max),
            Self::Clear(StateTable::InForce) => {
                connection.execute("DELETE FROM state", [])?;
                begin_anew(counters, 0, counters.state_staged)
            }
            Self::Clear(StateTable::Rebuilt) => {
                connection.execute_batch(STATE_REBUILT)?;
                Ok(Done::Rows(0))
            }
            Self::Adopt { offset } => {
                connection.execute_batch("DROP TABLE state; ALTER TABLE state_rebuilt RENAME TO state;")?;
                let sql = "SELECT coalesce(max(seq), 0) FROM state";
                let newest = connection.query_row(sql, [], |row| row.get(0).map(unsigned))?;
                begin_anew(counters, *offset, newest)
            }
        }
    }
}

/// Every row counts, and none has taken the place of another.
fn begin_anew(counters: &mut Counters, offset: u64, newest: u64) -> rusqlite::Result<Done> {
    counters.state_offset = offset;
    counters.state_staged = newest;
    counters.state_seq = newest;
    counters.state_swept = newest;
    Ok(Done::Rows(0))
}

fn stage(connection: &Connection, counters: &mut Counters, changes: &[Change]) -> rusqlite::Result<Done> {
    let sql = "INSERT INTO state(seq, collection, key, value, is_removed) VALUES(?1, ?2, ?3, ?4, ?5)";
    let mut insert = connection.prepare_cached(sql)?;
    for Change { collection, key, value } in changes {
        counters.state_staged += 1;
        let (seq, is_removed) = (signed(counters.state_staged), value.is_none());
        insert.execute(params![seq, collection.name(), key, value.as_deref().unwrap_or_default(), is_removed])?;
    }
    Ok(Done::Rows(changes.len() as u64))
}

fn sweep(connection: &Connection, counters: &mut Counters, n_max: u64) -> rusqlite::Result<Done> {
    let (after, upto) = (counters.state_swept, counters.state_seq.min(counters.state_swept + n_max));
    for sql in [
        "DELETE FROM state WHERE seq IN (
             SELECT old.seq FROM state AS new CROSS JOIN state AS old
             WHERE new.seq > ?1 AND new.seq <= ?2
               AND old.collection = new.collection AND old.key = new.key AND old.seq < new.seq)",
        "DELETE FROM state WHERE seq > ?1 AND seq <= ?2 AND is_removed",
    ] {
        connection.prepare_cached(sql)?.execute([signed(after), signed(upto)])?;
    }
    counters.state_swept = upto;
    Ok(Done::Rows(upto - after))
}

/// Nobody reads it meanwhile but the rebuild itself, so each row is there once.
fn change_rebuilt(connection: &Connection, changes: &[Change]) -> rusqlite::Result<Done> {
    let mut delete = connection.prepare_cached("DELETE FROM state_rebuilt WHERE collection = ?1 AND key = ?2")?;
    let sql = "INSERT INTO state_rebuilt(collection, key, value) VALUES(?1, ?2, ?3)";
    let mut insert = connection.prepare_cached(sql)?;
    for Change { collection, key, value } in changes {
        delete.execute(params![collection.name(), key])?;
        if let Some(value) = value {
            insert.execute(params![collection.name(), key, value])?;
        }
    }
    Ok(Done::Rows(changes.len() as u64))
}
