//! What changes in the lists of customers, and how is it written?

use super::{Done, rows};
use crate::numbers::signed;
use rusqlite::{Connection, params};

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
    Save {
        name: String,
        record: String,
    },
    /// Takes a list away: what is kept of it is left to be cleared.
    Remove {
        name: String,
    },
    /// Clears so many rows of what is kept of a list that was taken away.
    Clear {
        name: String,
        n_max: u64,
    },
    Change {
        name: String,
        at: i64,
        entered: Vec<String>,
        left: Vec<String>,
    },
    Looked {
        name: String,
        at: i64,
        failure: Option<String>,
    },
    Told {
        name: String,
        told: Told,
    },
    Count {
        name: String,
        hour: i64,
        n: u32,
    },
    Forget {
        customer: String,
    },
    Prune {
        hours_before: i64,
        days_before: i64,
        n_max: u64,
    },
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
                // For whom another filter holds was not looked at yet.
                let sql = "UPDATE list_states SET looked_at = NULL, failure = NULL
                           WHERE list = ?1 AND json_extract(?2, '$.filter') IS NOT
                                 (SELECT json_extract(record, '$.filter') FROM lists WHERE name = ?1)";
                connection.prepare_cached(sql)?.execute([name, record])?;
                // Another address, or secret, has no failures yet.
                let sql = "UPDATE list_states SET n_tries = 0, next_at = NULL, told_failure = NULL
                           WHERE list = ?1 AND json_extract(?2, '$.webhook') IS NOT
                                 (SELECT json_extract(record, '$.webhook') FROM lists WHERE name = ?1)";
                connection.prepare_cached(sql)?.execute([name, record])?;
                let sql = "INSERT INTO lists(name, record) VALUES(?1, ?2)
                           ON CONFLICT(name) DO UPDATE SET record = excluded.record";
                rows(connection.prepare_cached(sql)?.execute([name, record]))
            }
            Self::Remove { name } => {
                let n = connection.prepare_cached("UPDATE lists SET record = '' WHERE name = ?1")?.execute([name])?;
                reset(connection, name)?;
                Ok(Done::Rows(n as u64))
            }
            Self::Clear { name, n_max } => clear(connection, name, signed(*n_max)),
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
                let sql = "UPDATE list_states SET told_upto = max(told_upto, ?2), n_tries = ?3, next_at = ?4, told_failure = ?5 WHERE list = ?1";
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
            Self::Prune { hours_before, days_before, n_max } => {
                prune(connection, *hours_before, *days_before, signed(*n_max))
            }
        }
    }
}

/// Every list of which something is noted has a row of its own.
fn begin(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO list_states(list) VALUES(?1) ON CONFLICT(list) DO NOTHING";
    connection.prepare_cached(sql)?.execute([name]).map(|_| ())
}

/// Its numbers stay, so that what a webhook was told of an older list of this name is never told of a newer one.
fn reset(connection: &Connection, name: &str) -> rusqlite::Result<usize> {
    let sql =
        "UPDATE list_states SET n = 0, looked_at = NULL, failure = NULL, told_upto = newest, n_lost = 0, n_tries = 0,
               next_at = NULL, told_failure = NULL WHERE list = ?1";
    connection.prepare_cached(sql)?.execute([name])
}

fn clear(connection: &Connection, name: &str, n_max: i64) -> rusqlite::Result<Done> {
    // One of this name that was saved meanwhile keeps what is its own.
    let sql = "SELECT EXISTS(SELECT 1 FROM lists WHERE name = ?1 AND record = '')";
    if !connection.prepare_cached(sql)?.query_row([name], |row| row.get::<_, bool>(0))? {
        return Ok(Done::Rows(0));
    }
    for (table, key) in [("list_members", "customer"), ("list_changes", "number"), ("list_counts", "at")] {
        let sql = format!(
            "DELETE FROM {table} WHERE list = ?1 AND {key} IN (SELECT {key} FROM {table} WHERE list = ?1 LIMIT ?2)"
        );
        let n = connection.prepare_cached(&sql)?.execute(params![name, n_max])?;
        if n > 0 {
            return Ok(Done::Rows(n as u64));
        }
    }
    connection.prepare_cached("DELETE FROM lists WHERE name = ?1 AND record = ''")?.execute([name])?;
    reset(connection, name)?;
    Ok(Done::Rows(0))
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

/// Forgets at most `n_max` rows.
fn prune(connection: &Connection, hours_before: i64, days_before: i64, n_max: i64) -> rusqlite::Result<Done> {
    let days = "SELECT list, at FROM list_counts WHERE at < ?1 LIMIT ?2";
    // Of a day that is long enough ago the first hour stays.
    let hours = "SELECT list, at FROM list_counts WHERE at < ?1 AND EXISTS (
                     SELECT 1 FROM list_counts AS other WHERE other.list = list_counts.list AND other.at < list_counts.at
                     AND other.at / 86400000 = list_counts.at / 86400000) LIMIT ?2";
    let mut n = 0;
    for (old, before) in [(days, days_before), (hours, hours_before)] {
        let sql = format!("DELETE FROM list_counts WHERE (list, at) IN ({old})");
        n += connection.prepare_cached(&sql)?.execute(params![before, n_max - signed(n as u64)])?;
    }
    let lists: Vec<(String, i64)> = connection
        .prepare_cached("SELECT list, newest FROM list_states")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (list, newest) in lists {
        let sql = "SELECT count(*), max(number) FROM (
                       SELECT number FROM list_changes WHERE list = ?1 AND number <= ?2 ORDER BY number LIMIT ?3)";
        let of = params![list, newest - signed(N_CHANGES_MAX), n_max - signed(n as u64)];
        let (n_old, upto): (i64, Option<i64>) =
            connection.prepare_cached(sql)?.query_row(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if n_old == 0 {
            continue;
        }
        let sql = "UPDATE list_states SET n_lost = n_lost + (SELECT count(*) FROM list_changes
                       WHERE list = ?1 AND number <= ?2 AND number > told_upto),
                   told_upto = max(told_upto, ?2) WHERE list = ?1 AND told_upto < ?2 AND EXISTS (
                       SELECT 1 FROM lists WHERE name = ?1 AND json_extract(nullif(record, ''), '$.webhook') IS NOT NULL)";
        connection.prepare_cached(sql)?.execute(params![list, upto])?;
        let sql = "DELETE FROM list_changes WHERE list = ?1 AND number <= ?2";
        n += connection.prepare_cached(sql)?.execute(params![list, upto])?;
    }
    Ok(Done::Rows(n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection, 0).unwrap();
        connection
    }

    fn n_rows(connection: &Connection, command: &ListCommand) -> u64 {
        match command.apply(connection).unwrap() {
            Done::Rows(n) => n,
            _ => panic!("no rows"),
        }
    }

    fn name() -> String {
        "a".to_owned()
    }

    fn fill(connection: &Connection, n: usize) {
        let entered = (0..n).map(|n| format!("c{n}")).collect();
        ListCommand::Change { name: name(), at: 1, entered, left: Vec::new() }.apply(connection).unwrap();
    }

    #[test]
    fn what_is_kept_of_a_list_is_cleared_so_many_rows_at_a_time() {
        let connection = database();
        ListCommand::Save { name: name(), record: "{}".to_owned() }.apply(&connection).unwrap();
        fill(&connection, 5);
        (0..3).for_each(|hour| {
            ListCommand::Count { name: name(), hour, n: 1 }.apply(&connection).unwrap();
        });
        assert_eq!(n_rows(&connection, &ListCommand::Remove { name: name() }), 1);
        let clear = ListCommand::Clear { name: name(), n_max: 2 };
        // Somebody is forgotten in between, and would be counted as gone.
        let cleared: Vec<u64> = (0..5).map(|_| n_rows(&connection, &clear)).collect();
        assert_eq!(cleared, [2, 2, 1, 2, 2]);
        ListCommand::Forget { customer: "c4".to_owned() }.apply(&connection).unwrap();
        let cleared: Vec<u64> = (0..3).map(|_| n_rows(&connection, &clear)).collect();
        assert_eq!(cleared, [2, 1, 0]);
        let state = connection.query_row("SELECT n, newest, told_upto FROM list_states", [], |row| {
            Ok::<(i64, i64, i64), _>((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        assert_eq!(state.unwrap(), (0, 5, 5));
        let n_lists: i64 = connection.query_row("SELECT count(*) FROM lists", [], |row| row.get(0)).unwrap();
        assert_eq!(n_lists, 0);
    }

    #[test]
    fn what_is_kept_no_longer_is_forgotten_so_many_rows_at_a_time() {
        const DAY: i64 = 86_400_000;
        let connection = database();
        fill(&connection, 3);
        let newest = i64::try_from(N_CHANGES_MAX).unwrap() + 3;
        connection.execute("UPDATE list_states SET newest = ?1, told_upto = 1", [newest]).unwrap();
        let record = r#"{"webhook":{"url":"https://example.org/"}}"#.to_owned();
        ListCommand::Save { name: name(), record }.apply(&connection).unwrap();
        for hour in [0, 1, 2 * DAY, 2 * DAY + 1, 2 * DAY + 2, 4 * DAY] {
            ListCommand::Count { name: name(), hour, n: 1 }.apply(&connection).unwrap();
        }
        let prune = ListCommand::Prune { hours_before: 3 * DAY, days_before: DAY, n_max: 3 };
        let lost = || {
            let sql = "SELECT n_lost, told_upto FROM list_states";
            connection.query_row(sql, [], |row| Ok::<(i64, i64), _>((row.get(0)?, row.get(1)?))).unwrap()
        };
        // Two counts of days and one of an hour; the other hour, and two changes, of which one was told; the third.
        let pruned = [(3, (0, 1)), (3, (1, 2)), (1, (2, 3)), (0, (2, 3))];
        assert_eq!(pruned.map(|_| (n_rows(&connection, &prune), lost())), pruned);
        let left: Vec<i64> = connection
            .prepare("SELECT at FROM list_counts ORDER BY at")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert_eq!(left, [2 * DAY, 4 * DAY]);
    }
}
