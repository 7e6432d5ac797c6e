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

/// Removes everything before the first entry that is not too old: they stand in the order of time, so that no more is looked
/// at than goes. Where the clock was put back, some stay for longer.
const REMOVE_OLD: &str = "DELETE FROM audit WHERE seq <
    coalesce((SELECT seq FROM audit WHERE at >= ?1 ORDER BY seq LIMIT 1), 9223372036854775807)";

/// Removes what is too old, and of each deed what is too many.
pub(crate) fn prune(connection: &Connection, n_max: u64, before: i64) -> rusqlite::Result<usize> {
    let mut n = connection.prepare_cached(REMOVE_OLD)?.execute([before])?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;

    #[test]
    fn no_more_is_looked_at_than_is_too_old() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("audit.db")).unwrap();
        let plan = |step: usize| -> String {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {REMOVE_OLD}")).unwrap();
            plan.query_map([5], |row| row.get(3)).unwrap().nth(step).unwrap().unwrap()
        };
        assert_eq!(plan(0), "SEARCH audit USING INTEGER PRIMARY KEY (rowid<?)");
        let left = |before: i64| {
            connection.execute("DELETE FROM audit", []).unwrap();
            for at in [1, 4, 5, 2, 9] {
                add(&connection, &NewAudit { at, deed: Deed::Training.name(), record: Vec::new() }).unwrap();
            }
            let n = prune(&connection, 100, before).unwrap();
            let mut entries = connection.prepare("SELECT at FROM audit ORDER BY seq").unwrap();
            let left: Vec<i64> = entries.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            assert_eq!(n + left.len(), 5);
            left
        };
        assert_eq!(
            [left(1), left(5)],
            [vec![1, 4, 5, 2, 9], vec![5, 2, 9]],
            "one before that waits for those before it"
        );
        assert_eq!([left(6), left(10)], [vec![9], vec![]]);
    }
}
