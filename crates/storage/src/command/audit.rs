//! What changes in the audit list?

use crate::numbers::signed;
use governance::Deed;
use rusqlite::{Connection, OptionalExtension, params};

/// An entry, ready to be stored.
#[derive(Debug)]
pub(crate) struct NewAudit {
    pub(crate) at: i64,
    pub(crate) deed: &'static str,
    pub(crate) record: Vec<u8>,
}

/// Adds an entry within the open transaction.
pub(crate) fn add(connection: &Connection, entry: &NewAudit) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO audit(at, deed, record) VALUES(?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![entry.at, entry.deed, entry.record])
}

/// Removes what is too old, and of each deed what is too many.
pub(crate) fn prune(connection: &Connection, n_max: u64, before: i64) -> rusqlite::Result<usize> {
    let mut n = connection.prepare_cached("DELETE FROM audit WHERE at < ?1")?.execute([before])?;
    for deed in Deed::ALL {
        let sql = "SELECT seq FROM audit WHERE deed = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2";
        let border: Option<i64> = connection
            .prepare_cached(sql)?
            .query_row(params![deed.name(), signed(n_max)], |row| row.get(0))
            .optional()?;
        if let Some(border) = border {
            let sql = "DELETE FROM audit WHERE deed = ?1 AND seq <= ?2";
            n += connection.prepare_cached(sql)?.execute(params![deed.name(), border])?;
        }
    }
    Ok(n)
}
