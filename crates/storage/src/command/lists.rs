//! What changes in the lists of customers, and how is it written?

use super::{Done, rows};
use crate::numbers::signed;
use rusqlite::{Connection, OptionalExtension, params};

/// So many of the newest changes of a list are kept.
const N_CHANGES_MAX: u64 = 100_000;

/// How far a webhook was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) upto: u64,
    pub(crate) n_tries: u32,
    pub(crate) next_at: Option<i64>,
    pub(crate) failure: Option<String>,
}

/// A change of the lists.
#[derive(Debug)]
pub(crate) enum ListCommand {
    Save { name: String, record: String },
    Remove { name: String },
    Change { name: String, at: i64, entered: Vec<String>, left: Vec<String> },
    Looked { name: String, at: i64, failure: Option<String> },
    Told { name: String, told: Told },
    Count { name: String, hour: i64, n: u32 },
    Forget { customer: String },
    Prune { hours_before: i64, days_before: i64 },
}

impl ListCommand {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Save { record, .. } => record.len(),
            Self::Change { entered, left, .. } => entered.iter().chain(left).map(|id| id.len() + 32).sum(),
            _ => 0,
        }
    }

    pub(crate) fn apply(&self, connection: &Connection) -> rusqlite::Result<Done> {
        match self {
            Self::Save { name, record } => {
                // Another address, or secret, has no failures yet.
                let sql = "UPDATE list_states SET n_tries = 0, next_at = NULL, told_failure = NULL
                           WHERE list = ?1 AND json_extract(?2, '$.webhook') IS NOT
                                 (SELECT json_extract(record, '$.webhook') FROM lists WHERE name = ?1)";
                connection.prepare_cached(sql)?.execute([name, record])?;
                let sql = "INSERT INTO lists(name, record) VALUES(?1, ?2)
                           ON CONFLICT(name) DO UPDATE SET record = excluded.record";
                rows(connection.prepare_cached(sql)?.execute([name, record]))
            }
            Self::Remove { name } => remove(connection, name),
            Self::Change { name, at, entered, left } => change(connection, name, *at, entered, left),
            Self::Looked { name, at, failure } => {
                begin(connection, name)?;
                // What could not be looked at stays as it was found before.
                let sql =
                    "UPDATE list_states SET failure = ?3, looked_at = iif(?3 IS NULL, ?2, looked_at) WHERE list = ?1";
                rows(connection.prepare_cached(sql)?.execute(params![name, at, failure]))
            }
            Self::Told { name, told: Told { upto, n_tries, next_at, failure } } => {
                begin(connection, name)?;
                let sql = "UPDATE list_states SET told_upto = ?2, n_tries = ?3, next_at = ?4, told_failure = ?5 WHERE list = ?1";
                rows(connection.prepare_cached(sql)?.execute(params![name, signed(*upto), n_tries, next_at, failure]))
            }
            Self::Count { name, hour, n } => {
                let sql = "INSERT INTO list_counts(list, at, n) VALUES(?1, ?2, ?3)
                           ON CONFLICT(list, at) DO UPDATE SET n = excluded.n";
                rows(connection.prepare_cached(sql)?.execute(params![name, hour, n]))
            }
            Self::Forget { customer } => {
                let counted = "UPDATE list_states SET n = n - 1
                               WHERE list IN (SELECT list FROM list_members WHERE customer = ?1)";
                connection.prepare_cached(counted)?.execute([customer])?;
                let n =
                    connection.prepare_cached("DELETE FROM list_members WHERE customer = ?1")?.execute([customer])?;
                let sql = "DELETE FROM list_changes WHERE customer = ?1";
                Ok(Done::Rows((n + connection.prepare_cached(sql)?.execute([customer])?) as u64))
            }
            Self::Prune { hours_before, days_before } => prune(connection, *hours_before, *days_before),
        }
    }
}

/// Every list of which something is noted has a row of its own.
fn begin(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO list_states(list) VALUES(?1) ON CONFLICT(list) DO NOTHING";
    connection.prepare_cached(sql)?.execute([name]).map(|_| ())
}

fn remove(connection: &Connection, name: &str) -> rusqlite::Result<Done> {
    let n = connection.prepare_cached("DELETE FROM lists WHERE name = ?1")?.execute([name])?;
    for table in ["list_members", "list_changes", "list_counts"] {
        connection.execute(&format!("DELETE FROM {table} WHERE list = ?1"), [name])?;
    }
    // Its numbers stay, so that what a webhook was told of an older list of this name is never told of a newer one.
    let sql =
        "UPDATE list_states SET n = 0, looked_at = NULL, failure = NULL, told_upto = newest, n_lost = 0, n_tries = 0,
               next_at = NULL, told_failure = NULL WHERE list = ?1";
    connection.prepare_cached(sql)?.execute([name])?;
    Ok(Done::Rows(n as u64))
}

fn change(connection: &Connection, name: &str, at: i64, entered: &[String], left: &[String]) -> rusqlite::Result<Done> {
    begin(connection, name)?;
    let sql = "SELECT newest, n FROM list_states WHERE list = ?1";
    let (first, mut n): (i64, i64) =
        connection.prepare_cached(sql)?.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut newest = first;
    let mut add = connection
        .prepare_cached("INSERT INTO list_members(customer, list, since) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    let mut take = connection.prepare_cached("DELETE FROM list_members WHERE customer = ?1 AND list = ?2")?;
    let mut note = connection.prepare_cached(
        "INSERT INTO list_changes(list, number, at, customer, has_entered) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    for customer in left {
        if take.execute([customer.as_str(), name])? > 0 {
            newest += 1;
            n -= 1;
            note.execute(params![name, newest, at, customer, false])?;
        }
    }
    for customer in entered {
        if add.execute(params![customer, name, at])? > 0 {
            newest += 1;
            n += 1;
            note.execute(params![name, newest, at, customer, true])?;
        }
    }
    let sql = "UPDATE list_states SET newest = ?2, n = ?3 WHERE list = ?1";
    connection.prepare_cached(sql)?.execute(params![name, newest, n])?;
    Ok(Done::Rows((newest - first).unsigned_abs()))
}

fn prune(connection: &Connection, hours_before: i64, days_before: i64) -> rusqlite::Result<Done> {
    let sql = "DELETE FROM list_counts WHERE at < ?1";
    let mut n = connection.prepare_cached(sql)?.execute([days_before])?;
    // Of a day that is long enough ago the first hour stays.
    let sql = "DELETE FROM list_counts WHERE at < ?1 AND EXISTS (
                   SELECT 1 FROM list_counts AS other WHERE other.list = list_counts.list AND other.at < list_counts.at
                   AND other.at / 86400000 = list_counts.at / 86400000)";
    n += connection.prepare_cached(sql)?.execute([hours_before])?;
    let lists: Vec<(String, i64)> = connection
        .prepare_cached("SELECT list, newest FROM list_states")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (list, newest) in lists {
        let upto = newest - signed(N_CHANGES_MAX);
        let sql = "SELECT 1 FROM lists WHERE name = ?1 AND json_extract(record, '$.webhook') IS NOT NULL";
        let has_webhook = connection.prepare_cached(sql)?.query_row([&list], |_| Ok(())).optional()?.is_some();
        if has_webhook {
            let sql = "UPDATE list_states SET n_lost = n_lost + (SELECT count(*) FROM list_changes
                           WHERE list = ?1 AND number <= ?2 AND number > told_upto),
                       told_upto = max(told_upto, ?2) WHERE list = ?1 AND told_upto < ?2";
            connection.prepare_cached(sql)?.execute(params![list, upto])?;
        }
        let sql = "DELETE FROM list_changes WHERE list = ?1 AND number <= ?2";
        n += connection.prepare_cached(sql)?.execute(params![list, upto])?;
    }
    Ok(Done::Rows(n as u64))
}
