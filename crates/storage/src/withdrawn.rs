//! Which events count no longer? Ranges of offsets in a table, which a correction changes only where it says something.

use crate::history_files::Offsets;
use crate::numbers::unsigned;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// What was withdrawn, and the newest correction that this takes into account.
#[derive(Debug, Default)]
pub(crate) struct KnownWithdrawn {
    pub(crate) upto: u64,
    pub(crate) offsets: Arc<Offsets>,
}

pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Offsets> {
    let mut statement = connection.prepare_cached("SELECT first, last FROM withdrawn")?;
    let ranges = statement.query_map([], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))?;
    ranges.collect::<Result<Vec<_>, _>>().map(Offsets::of)
}

/// Whether the event at a place counts no longer.
pub(crate) fn is_withdrawn(connection: &Connection, place: i64) -> rusqlite::Result<bool> {
    Ok(place > 0 && range_from(connection, place)?.is_some_and(|(_, last)| place <= last))
}

/// The last range that begins at a place or before.
fn range_from(connection: &Connection, place: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT first, last FROM withdrawn WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
    connection.prepare_cached(sql)?.query_row([place], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Adds a range, and joins it with its neighbours.
pub(crate) fn withdraw(connection: &Connection, (first, last): (i64, i64)) -> rusqlite::Result<()> {
    let before = range_from(connection, first)?.filter(|(_, end)| *end >= first - 1);
    let from = before.map_or(first, |(begin, _)| begin);
    let after = range_from(connection, last + 1)?.map_or(last, |(_, end)| end);
    replace(connection, (from, last + 1), &[(from, last.max(after))])
}

/// Takes a range away, and keeps what reaches beyond it.
pub(crate) fn restore(connection: &Connection, (first, last): (i64, i64)) -> rusqlite::Result<()> {
    let before = range_from(connection, first - 1)?.filter(|(_, end)| *end >= first);
    let after = range_from(connection, last)?.filter(|(_, end)| *end > last);
    let kept = [before.map(|(begin, _)| (begin, first - 1)), after.map(|(_, end)| (last + 1, end))];
    let from = before.map_or(first, |(begin, _)| begin);
    replace(connection, (from, last), &kept.into_iter().flatten().collect::<Vec<_>>())
}

/// Puts ranges in the place of those that begin between two offsets.
fn replace(connection: &Connection, (from, upto): (i64, i64), ranges: &[(i64, i64)]) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM withdrawn WHERE first BETWEEN ?1 AND ?2")?.execute([from, upto])?;
    let mut insert = connection.prepare_cached("INSERT INTO withdrawn(first, last) VALUES(?1, ?2)")?;
    for (first, last) in ranges {
        insert.execute(params![first, last])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_change_of_the_table_is_a_change_of_the_set(changes in vec((1..30_u64, 0..8_u64, any::<bool>()), 1..30)) {
            let temp = tempfile::tempdir().unwrap();
            let connection = open_writer(&temp.path().join("ranges.db")).unwrap();
            let transaction = connection.unchecked_transaction().unwrap();
            let mut set = Offsets::default();
            for (first, n, is_withdrawn) in changes {
                let range = (first.cast_signed(), (first + n).cast_signed());
                let change = Offsets::of([(first, first + n)]);
                if is_withdrawn {
                    withdraw(&transaction, range).unwrap();
                    set = set.and(&change);
                } else {
                    restore(&transaction, range).unwrap();
                    set = set.without(&change);
                }
                prop_assert_eq!(&read(&transaction).unwrap(), &set);
                for place in 0..40_u64 {
                    let is_withdrawn = super::is_withdrawn(&transaction, place.cast_signed()).unwrap();
                    prop_assert_eq!(is_withdrawn, set.contains(place));
                }
            }
            let n_rows: i64 = transaction.query_row("SELECT count(*) FROM withdrawn", [], |row| row.get(0)).unwrap();
            prop_assert_eq!(n_rows, set.ranges().len() as i64, "neighbours are joined");
        }
    }
}
