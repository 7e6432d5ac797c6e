//! What changes in the database when a customer is erased?

use super::Done;
use crate::counters::Counters;
use crate::numbers::signed;
use crate::seen_ids::IdHash;
use primitives::CustomerId;
use rusqlite::{Connection, params};

/// A request of an erasure to the writer.
#[derive(Debug)]
pub(crate) enum EraseCommand {
    /// Removes ranges of rows of the log, with the ids of their messages.
    Rows(Vec<(u64, u64)>),
    /// Forgets the ids of messages that stood at some places.
    Ids(Vec<(IdHash, u64)>),
    /// Removes some decisions about somebody.
    Decisions { customer: CustomerId, n_max: u64 },
    /// Removes that somebody met experiments.
    Exposures { customer: CustomerId },
    /// Removes rejected events by their numbers.
    Rejections(Vec<i64>),
    /// Puts entries in the place of others.
    Audit(Vec<(u64, Vec<u8>)>),
}

impl EraseCommand {
    /// About how many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Ids(ids) => ids.len() * size_of::<(IdHash, u64)>(),
            Self::Rejections(numbers) => numbers.len() * size_of::<i64>(),
            Self::Audit(entries) => entries.iter().map(|(_, record)| record.len() + 16).sum(),
            Self::Rows(ranges) => ranges.len() * size_of::<(u64, u64)>(),
            Self::Decisions { .. } | Self::Exposures { .. } => 64,
        }
    }

    pub(crate) fn apply(&self, connection: &Connection, counters: &Counters) -> rusqlite::Result<Done> {
        let n = match self {
            Self::Rows(ranges) => rows(connection, counters, ranges)?,
            Self::Ids(ids) => {
                // Of an older version there is no place; and another message may have come in the place of this one.
                let sql = "DELETE FROM message_ids WHERE id IN (?1, substr(?1, 1, 16)) AND place IN (?2, 0)";
                let mut delete = connection.prepare_cached(sql)?;
                let each = ids.iter().map(|(id, place)| delete.execute(params![id.as_slice(), signed(*place)]));
                each.sum::<rusqlite::Result<usize>>()?
            }
            Self::Decisions { customer, n_max } => {
                let sql = "DELETE FROM decisions WHERE seq IN (SELECT seq FROM decisions WHERE customer = ?1 LIMIT ?2)";
                connection.prepare_cached(sql)?.execute(params![customer.as_str(), signed(*n_max)])?
            }
            Self::Exposures { customer } => {
                let sql = "DELETE FROM exposures WHERE customer = ?1";
                connection.prepare_cached(sql)?.execute([customer.as_str()])?
            }
            Self::Rejections(numbers) => {
                let mut delete = connection.prepare_cached("DELETE FROM rejections WHERE seq = ?1")?;
                numbers.iter().map(|seq| delete.execute([seq])).sum::<rusqlite::Result<usize>>()?
            }
            Self::Audit(entries) => {
                let mut update = connection.prepare_cached("UPDATE audit SET record = ?2 WHERE seq = ?1")?;
                let each = entries.iter().map(|(seq, record)| update.execute(params![signed(*seq), record]));
                each.sum::<rusqlite::Result<usize>>()?
            }
        };
        Ok(Done::Rows(n as u64))
    }
}

/// The newest offset is told by the newest row: where that goes, the offset is kept, so that no other event ever gets it.
fn rows(connection: &Connection, counters: &Counters, ranges: &[(u64, u64)]) -> rusqlite::Result<usize> {
    keep_head(connection, counters.head)?;
    let sql = "DELETE FROM message_ids WHERE (place = 0 OR place BETWEEN ?1 AND ?2)
               AND id IN (SELECT id_hash FROM events WHERE offset BETWEEN ?1 AND ?2)";
    let mut forget = connection.prepare_cached(sql)?;
    let mut delete = connection.prepare_cached("DELETE FROM events WHERE offset BETWEEN ?1 AND ?2")?;
    let each = ranges.iter().map(|(first, last)| {
        let range = [signed(*first), signed(*last)];
        forget.execute(range)?;
        delete.execute(range)
    });
    each.sum()
}

/// Keeps that offsets up to this one were given: what comes gets later ones, whatever the log and the history still hold.
pub(crate) fn keep_head(connection: &Connection, head: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta(key, value) VALUES('erased_head', ?1)
               ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)";
    connection.prepare_cached(sql)?.execute([signed(head)]).map(drop)
}
