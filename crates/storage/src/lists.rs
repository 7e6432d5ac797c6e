//! How are lists of customers kept? [`ListStore`] on the database.

use crate::command::{Command, ListCommand, Told};
use crate::numbers::{signed, unsigned};
use crate::writer::Patience;
use crate::{DatabaseError, Storage};
use decisions::{Delivery, List, ListChange, ListState, ListStore, ListStoreError};
use primitives::{CustomerId, ErrorKind, HOUR_MS, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

/// Counts of hours are kept for so many days, and of days for so many.
const HOURS_KEPT_DAYS: i64 = 14;
const DAYS_KEPT: i64 = 400;

/// How many customers come and go in one request to the writer, and how many rows it forgets.
const N_CHANGED: usize = 1_000;
const N_FORGOTTEN: u64 = 2_000;

impl Storage {
    fn write_list(&self, attempt: &str, command: ListCommand) -> Result<u64, ListStoreError> {
        match self.submit(Command::Lists(command), Patience::Wait) {
            Ok(crate::command::Done::Rows(n)) => Ok(n),
            Ok(_) => Ok(0),
            Err(error) => Err(failed(attempt, error)),
        }
    }

    /// Clears what is left of a list that was taken away: events go on between the slices.
    fn clear_list(&self, name: &str) -> Result<(), ListStoreError> {
        let clear = || ListCommand::Clear { name: name.to_owned(), n_max: N_FORGOTTEN };
        while self.write_list("removing a list", clear())? > 0 {}
        Ok(())
    }

    /// The lists that were taken away, and of which something is left because the program ended meanwhile.
    fn lists_to_clear(&self) -> Result<Vec<String>, ListStoreError> {
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached("SELECT name FROM lists WHERE record = '' ORDER BY name")?;
            select.query_map([], |row| row.get(0))?.collect()
        });
        read.map_err(|error| failed("reading which lists are to be removed", error))
    }
}

impl ListStore for Storage {
    fn lists(&self) -> Result<Vec<List>, ListStoreError> {
        let attempt = "reading the saved lists";
        let read = self.readers.with(|connection| {
            let mut select =
                connection.prepare_cached("SELECT name, record FROM lists WHERE record <> '' ORDER BY name")?;
            select
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<Vec<(String, String)>>>()
        });
        let read = read.map_err(|error| failed(attempt, error))?;
        let open = |(name, record): (String, String)| {
            serde_json::from_str::<List>(&record).map_err(|error| ListStoreError {
                attempt: format!(
                    "the saved list \"{name}\" cannot be read: use the program that wrote it, or restore a backup"
                ),
                kind: ErrorKind::Corrupt,
                source: Box::new(error),
            })
        };
        read.into_iter().map(open).collect()
    }

    fn save(&self, list: &List) -> Result<(), ListStoreError> {
        let attempt = "saving a list";
        let record = serde_json::to_string(list).map_err(|error| ListStoreError {
            attempt: attempt.to_owned(),
            kind: ErrorKind::Internal,
            source: Box::new(error),
        })?;
        // Nothing of one that had its name before is of this one.
        if self.lists_to_clear()?.contains(&list.name) {
            self.clear_list(&list.name)?;
        }
        self.write_list(attempt, ListCommand::Save { name: list.name.clone(), record }).map(|_| ())
    }

    fn remove(&self, name: &str) -> Result<(), ListStoreError> {
        self.write_list("removing a list", ListCommand::Remove { name: name.to_owned() })?;
        self.clear_list(name)
    }

    fn state(&self, name: &str) -> Result<ListState, ListStoreError> {
        let sql = "SELECT n, looked_at, failure, newest, told_upto, n_lost, n_tries, next_at, told_failure
                   FROM list_states WHERE list = ?1";
        let found = self.readers.with(|connection| connection.prepare_cached(sql)?.query_row([name], state).optional());
        found.map(Option::unwrap_or_default).map_err(|error| failed("reading how it is with a list", error))
    }

    fn members(&self, name: &str) -> Result<Vec<CustomerId>, ListStoreError> {
        let sql = "SELECT customer FROM list_members WHERE list = ?1 ORDER BY customer";
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let id = |row: &Row<'_>| row.get::<_, String>(0).map(CustomerId::from);
            select.query_map([name], id)?.collect()
        });
        read.map_err(|error| failed("reading who is on a list", error))
    }

    fn lists_of(&self, customer: &CustomerId) -> Result<Vec<String>, ListStoreError> {
        let sql = "SELECT list FROM list_members WHERE customer = ?1 ORDER BY list";
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            select.query_map([customer.as_str()], |row| row.get(0))?.collect()
        });
        read.map_err(|error| failed("reading on which lists a customer is", error))
    }

    fn change(
        &self,
        name: &str,
        at: Timestamp,
        entered: &[CustomerId],
        left: &[CustomerId],
    ) -> Result<(), ListStoreError> {
        let ids = |ids: &[CustomerId]| ids.iter().map(ToString::to_string).collect::<Vec<String>>();
        let parts = left.chunks(N_CHANGED).map(|left| (Vec::new(), ids(left)));
        let parts = parts.chain(entered.chunks(N_CHANGED).map(|entered| (ids(entered), Vec::new())));
        for (entered, left) in parts {
            let command = ListCommand::Change { name: name.to_owned(), at: at.as_millis(), entered, left };
            self.write_list("noting who came and went", command)?;
        }
        Ok(())
    }

    fn note_looked_at(&self, name: &str, at: Timestamp, failure: Option<&str>) -> Result<(), ListStoreError> {
        let failure = failure.map(str::to_owned);
        let command = ListCommand::Looked { name: name.to_owned(), at: at.as_millis(), failure };
        self.write_list("noting that a list was looked at", command).map(|_| ())
    }

    fn note_delivery(&self, name: &str, delivery: &Delivery) -> Result<(), ListStoreError> {
        let told = Told {
            upto: delivery.upto,
            n_tries: delivery.n_tries,
            next_at: delivery.next_at.map(Timestamp::as_millis),
            failure: delivery.failure.clone(),
        };
        self.write_list("noting what a webhook took", ListCommand::Told { name: name.to_owned(), told }).map(|_| ())
    }

    fn changes(&self, name: &str, after: u64, n_max: usize) -> Result<Vec<ListChange>, ListStoreError> {
        let sql = "SELECT number, at, customer, has_entered FROM list_changes
                   WHERE list = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
        let change = |row: &Row<'_>| {
            Ok(ListChange {
                number: unsigned(row.get(0)?),
                at: Timestamp::from_millis(row.get(1)?),
                customer: CustomerId::from(row.get::<_, String>(2)?),
                has_entered: row.get(3)?,
            })
        };
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            select.query_map(params![name, signed(after), n_max], change)?.collect()
        });
        read.map_err(|error| failed("reading who came and went", error))
    }

    fn count(&self, name: &str, at: Timestamp, n: u32) -> Result<(), ListStoreError> {
        let hour = at.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        self.write_list("counting a list", ListCommand::Count { name: name.to_owned(), hour, n }).map(|_| ())
    }

    fn counts(&self, name: &str) -> Result<Vec<(Timestamp, u32)>, ListStoreError> {
        let sql = "SELECT at, n FROM list_counts WHERE list = ?1 ORDER BY at";
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let count = |row: &Row<'_>| Ok((Timestamp::from_millis(row.get(0)?), row.get(1)?));
            select.query_map([name], count)?.collect()
        });
        read.map_err(|error| failed("reading how many were on a list", error))
    }

    fn forget(&self, customer: &CustomerId) -> Result<u64, ListStoreError> {
        self.write_list("forgetting a customer", ListCommand::Forget { customer: customer.to_string() })
    }

    fn prune(&self, now: Timestamp) -> Result<(), ListStoreError> {
        let before = |days: i64| now.plus_days(-days).as_millis();
        let (hours_before, days_before) = (before(HOURS_KEPT_DAYS), before(DAYS_KEPT));
        let prune = || ListCommand::Prune { hours_before, days_before, n_max: N_FORGOTTEN };
        self.lists_to_clear()?.iter().try_for_each(|name| self.clear_list(name))?;
        while self.write_list("forgetting old counts of lists", prune())? > 0 {}
        Ok(())
    }
}

fn state(row: &Row<'_>) -> rusqlite::Result<ListState> {
    let moment = |at: Option<i64>| at.map(Timestamp::from_millis);
    Ok(ListState {
        n: unsigned(row.get(0)?),
        looked_at: moment(row.get(1)?),
        failure: row.get(2)?,
        newest: unsigned(row.get(3)?),
        delivery: Delivery {
            upto: unsigned(row.get(4)?),
            n_lost: unsigned(row.get(5)?),
            n_tries: row.get(6)?,
            next_at: moment(row.get(7)?),
            failure: row.get(8)?,
        },
    })
}

fn failed(attempt: &str, error: DatabaseError) -> ListStoreError {
    ListStoreError { attempt: format!("{attempt} failed: {}", error.action), kind: error.kind, source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, DataDir, StorageSettings};

    #[test]
    fn a_list_whose_removal_was_broken_off_is_gone_and_another_has_nothing_of_it() {
        let temp = tempfile::tempdir().unwrap();
        let open = || {
            Storage::open(DataDir::open(temp.path(), Access::Exclusive).unwrap(), StorageSettings::default()).unwrap()
        };
        let list = |name: &str| List { name: name.to_owned(), title: "a".to_owned(), ..List::default() };
        let storage = open();
        for name in ["again", "pruned"] {
            storage.save(&list(name)).unwrap();
            storage.change(name, Timestamp::from_millis(1), &["x".into(), "y".into()], &[]).unwrap();
            storage.write_list("removing", ListCommand::Remove { name: name.to_owned() }).unwrap();
            storage.write_list("clearing", ListCommand::Clear { name: name.to_owned(), n_max: 1 }).unwrap();
        }
        drop(storage);
        let storage = open();
        assert_eq!(storage.lists().unwrap(), []);
        assert_eq!(storage.members("again").unwrap().len(), 1, "something is left");
        storage.save(&list("again")).unwrap();
        assert_eq!(storage.lists().unwrap(), [list("again")]);
        ListStore::prune(storage.as_ref(), Timestamp::from_millis(2)).unwrap();
        for name in ["again", "pruned"] {
            assert_eq!(
                (storage.members(name).unwrap(), storage.changes(name, 0, 9).unwrap()),
                (vec![], vec![]),
                "{name}"
            );
        }
        assert_eq!(storage.lists_to_clear().unwrap(), Vec::<String>::new());
        assert_eq!(storage.state("again").unwrap().newest, 2, "the numbers go on");
        // Who clears what was taken away comes too late where it is there again.
        storage.change("again", Timestamp::from_millis(3), &["z".into()], &[]).unwrap();
        storage.clear_list("again").unwrap();
        let kept = (storage.members("again").unwrap().len(), storage.state("again").unwrap().delivery.upto);
        assert_eq!((kept, storage.lists().unwrap()), ((1, 2), vec![list("again")]));
    }
}
