//! How is derived state kept? [`ProfileStore`] on the database: what is in force, and what a rebuild makes beside it.
//!
//! How rows come into force and go again stands in `state.rs`.

use crate::command::{Command, Done};
use crate::command::{StateCommand, StateTable};
use crate::numbers::unsigned;
use crate::schema::meta;
use crate::writer::Patience;
use crate::{DatabaseError, Storage, StorageError};
use events::{Offset, Partition, Place};
use primitives::ErrorKind;
use profiles::{Change, Collection, ProfileStore, StoreError};
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many rows are removed at a time.
const N_SWEPT: u64 = 500;

/// The reading part of [`ProfileStore`], for whatever has `rows()`.
macro_rules! reads_its_rows {
    () => {
        fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.rows().get(collection, key)
        }

        fn scan(
            &self,
            collection: Collection,
            prefix: &str,
            visit: &mut dyn FnMut(&str, &[u8]) -> bool,
        ) -> Result<(), StoreError> {
            self.rows().scan(collection, prefix, visit)
        }

        fn scan_after(
            &self,
            collection: Collection,
            after: &str,
            visit: &mut dyn FnMut(&str, &[u8]) -> bool,
        ) -> Result<(), StoreError> {
            self.rows().visit(collection, ">", after, visit)
        }

        fn count(&self, collection: Collection) -> Result<u64, StoreError> {
            self.rows().count(collection)
        }
    };
}

impl ProfileStore for Storage {
    fn offset(&self) -> Result<Offset, StoreError> {
        self.readers
            .with(|connection| meta(connection, "state_offset"))
            .map(Offset)
            .map_err(|error| failed("reading the offset of the stored profiles", error))
    }

    reads_its_rows!();

    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        let offset = only(upto)?;
        let attempt = |error| failed(&format!("storing the profiles up to offset {offset}"), error);
        // What an earlier checkpoint could not finish must not count together with this one.
        self.drop_staged().map_err(attempt)?;
        self.rows().change(offset, next)?;
        self.submit(Command::State(StateCommand::Promote { offset: offset.0 }), Patience::Wait).map_err(attempt)?;
        // The checkpoint holds; what cannot be removed now is removed after the next one.
        let _ = self.in_slices(|| StateCommand::Sweep { n_max: N_SWEPT });
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.rows().clear()
    }
}

/// Derived state that is made anew while the other stays in force. Until [`Rebuild::adopt`] nothing reads it but whoever
/// makes it; what a rebuild that was broken off left is removed when the next one begins.
#[derive(Debug)]
pub struct Rebuild {
    storage: Arc<Storage>,
    /// Not stored: a rebuild that was broken off begins anew.
    offset: AtomicU64,
}

impl Rebuild {
    /// Begins with nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin(storage: Arc<Storage>) -> Result<Self, StoreError> {
        let rebuild = Self { storage, offset: AtomicU64::new(0) };
        rebuild.clear()?;
        Ok(rebuild)
    }

    /// Puts it in force, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Database`]; then the other stays in force.
    pub fn adopt(&self) -> Result<(), StorageError> {
        let offset = self.offset.load(Ordering::Acquire);
        self.storage
            .maintain("putting the rebuilt profiles in force", Command::State(StateCommand::Adopt { offset }))
            .map(|_| ())
    }

    fn rows(&self) -> StateRows<'_> {
        StateRows(&self.storage, StateTable::Rebuilt)
    }
}

impl ProfileStore for Rebuild {
    fn offset(&self) -> Result<Offset, StoreError> {
        Ok(Offset(self.offset.load(Ordering::Acquire)))
    }

    reads_its_rows!();

    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        let offset = only(upto)?;
        self.rows().change(offset, next)?;
        self.offset.store(offset.0, Ordering::Release);
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.rows().clear()?;
        self.offset.store(0, Ordering::Release);
        Ok(())
    }
}

/// The rows of one of the two tables.
struct StateRows<'a>(&'a Storage, StateTable);

impl StateRows<'_> {
    /// The newest row that counts.
    fn newest(&self) -> &'static str {
        match self.1 {
            StateTable::InForce => "(SELECT value FROM meta WHERE meta.key = 'state_seq')",
            StateTable::Rebuilt => "9223372036854775807",
        }
    }

    /// The rows of the collection `?1` that are in force: they count, and no newer one with their key does.
    fn in_force(&self) -> String {
        let (table, newest) = (self.1.name(), self.newest());
        format!(
            "{table} AS row WHERE row.collection = ?1 AND NOT row.is_removed AND row.seq <= {newest} AND NOT EXISTS (
                 SELECT 1 FROM {table} AS newer WHERE newer.collection = row.collection AND newer.key = row.key
                     AND newer.seq > row.seq AND newer.seq <= {newest})"
        )
    }

    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (table, newest) = (self.1.name(), self.newest());
        let sql = format!(
            "SELECT value, is_removed FROM {table} WHERE collection = ?1 AND key = ?2 AND seq <= {newest}
             ORDER BY seq DESC LIMIT 1"
        );
        self.0
            .readers
            .with(|connection| {
                connection
                    .prepare_cached(&sql)?
                    .query_row(params![collection.name(), key], |row| {
                        Ok((!row.get::<_, bool>(1)?).then_some(row.get(0)?))
                    })
                    .optional()
                    .map(Option::flatten)
            })
            .map_err(|error| failed(&format!("reading the stored {} \"{key}\"", collection.name()), error))
    }

    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.visit(collection, ">=", prefix, &mut |key, value| key.starts_with(prefix) && visit(key, value))
    }

    /// Visits the rows whose keys compare so with one.
    fn visit(
        &self,
        collection: Collection,
        comparison: &str,
        with: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let sql = format!("SELECT key, value FROM {} AND key {comparison} ?2 ORDER BY key", self.in_force());
        self.0
            .readers
            .with(|connection| {
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query(params![collection.name(), with])?;
                while let Some(row) = rows.next()? {
                    if !visit(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_blob()?) {
                        break;
                    }
                }
                Ok(())
            })
            .map_err(|error| failed(&format!("reading every stored {}", collection.name()), error))
    }

    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {}", self.in_force());
        self.0
            .readers
            .with(|connection| {
                connection.prepare_cached(&sql)?.query_row([collection.name()], |row| row.get(0).map(unsigned))
            })
            .map_err(|error| failed(&format!("counting every stored {}", collection.name()), error))
    }

    /// Writes slices of changes until one is empty.
    fn change(
        &self,
        offset: Offset,
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        let write = |command| {
            let done = self.0.submit(Command::State(command), Patience::Wait).map(|_| ());
            done.map_err(|error| failed(&format!("storing the profiles up to offset {offset}"), error))
        };
        loop {
            let slice = next()?;
            if slice.is_empty() {
                return Ok(());
            }
            write(match self.1 {
                StateTable::InForce => StateCommand::Stage(slice),
                StateTable::Rebuilt => StateCommand::ChangeRebuilt(slice),
            })?;
        }
    }

    fn clear(&self) -> Result<(), StoreError> {
        let done = self.0.submit(Command::State(StateCommand::Clear(self.1)), Patience::Wait);
        done.map(|_| ()).map_err(|error| failed("removing the stored profiles", error))
    }
}

impl Storage {
    fn rows(&self) -> StateRows<'_> {
        StateRows(self, StateTable::InForce)
    }

    /// Removes the rows of a checkpoint that was never finished.
    pub(crate) fn drop_staged(&self) -> Result<(), DatabaseError> {
        self.in_slices(|| StateCommand::DropStaged { n_max: N_SWEPT })
    }

    /// Repeats a request until there is nothing more for it to do.
    fn in_slices(&self, command: impl Fn() -> StateCommand) -> Result<(), DatabaseError> {
        while self.submit(Command::State(command()), Patience::Wait)? != Done::Rows(0) {}
        Ok(())
    }
}

/// The place in the one partition that there is.
fn only(upto: &[Place]) -> Result<Offset, StoreError> {
    match upto {
        [Place { partition: Partition::FIRST, offset }] => Ok(*offset),
        places => Err(StoreError {
            attempt: format!("storing profiles up to {} places failed: this store keeps one partition", places.len()),
            kind: ErrorKind::Invalid,
            source: "a data directory has one partition".into(),
        }),
    }
}

fn failed(attempt: &str, error: DatabaseError) -> StoreError {
    StoreError { attempt: format!("{attempt} failed: {}", error.action), kind: error.kind, source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, DataDir, StorageSettings};
    use std::sync::Arc;

    fn open(path: &std::path::Path) -> Arc<Storage> {
        Storage::open(DataDir::open(path, Access::Exclusive).unwrap(), StorageSettings::default()).unwrap()
    }

    fn change(key: &str, value: Option<&str>) -> Change {
        let value = value.map(|value| value.as_bytes().to_vec());
        Change { collection: Collection::Customer, key: key.to_owned(), value }
    }

    /// Offset, rows in order, count: as a reader sees them.
    fn seen(storage: &Storage) -> (u64, Vec<(String, String)>, u64) {
        let mut rows = Vec::new();
        let mut keep = |key: &str, value: &[u8]| {
            rows.push((key.to_owned(), String::from_utf8(value.to_vec()).unwrap()));
            true
        };
        storage.scan(Collection::Customer, "", &mut keep).unwrap();
        for (key, value) in &rows {
            assert_eq!(storage.get(Collection::Customer, key).unwrap().as_deref(), Some(value.as_bytes()));
        }
        (storage.offset().unwrap().0, rows, storage.count(Collection::Customer).unwrap())
    }

    fn n_rows(storage: &Storage) -> i64 {
        let count = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT count(*) FROM state", [], |row| row.get(0))
        };
        storage.readers.with(count).unwrap()
    }

    fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_crash_between_any_two_transactions_leaves_the_old_checkpoint_or_the_new_one() {
        let steps = || {
            [
                StateCommand::Stage(vec![change("a", Some("new")), change("b", None)]),
                StateCommand::Stage(vec![change("d", Some("new"))]),
                StateCommand::Promote { offset: 9 },
                StateCommand::Sweep { n_max: 1 },
                StateCommand::Sweep { n_max: 1 },
                StateCommand::Sweep { n_max: 9 },
            ]
        };
        let old = (5, pairs(&[("a", "old"), ("b", "old"), ("c", "old")]), 3);
        let new = (9, pairs(&[("a", "new"), ("c", "old"), ("d", "new")]), 3);
        for n_steps in 0..=steps().len() {
            let temp = tempfile::tempdir().unwrap();
            let storage = open(temp.path());
            storage.commit(Offset(5), ["a", "b", "c"].map(|key| change(key, Some("old"))).to_vec()).unwrap();
            for step in steps().into_iter().take(n_steps) {
                storage.submit(Command::State(step), Patience::Wait).unwrap();
            }
            let expected = if n_steps < 3 { &old } else { &new };
            assert_eq!(&seen(&storage), expected, "after {n_steps} steps, for whoever reads meanwhile");
            drop(storage);
            let storage = open(temp.path());
            assert_eq!(&seen(&storage), expected, "after {n_steps} steps and a crash");
            storage.commit(Offset(12), vec![change("c", Some("last")), change("a", None)]).unwrap();
            let rest = expected.1.iter().filter(|(key, _)| *key == "b" || *key == "d").cloned();
            let mut last: Vec<_> = rest.chain(pairs(&[("c", "last")])).collect();
            last.sort();
            let n = last.len();
            assert_eq!(seen(&storage), (12, last, n as u64), "after {n_steps} steps, the next checkpoint");
            assert_eq!(n_rows(&storage), n as i64, "nothing superseded is left");
        }
    }

    #[test]
    fn what_a_failed_checkpoint_staged_never_counts() {
        let temp = tempfile::tempdir().unwrap();
        let storage = open(temp.path());
        storage.commit(Offset(1), vec![change("a", Some("old"))]).unwrap();
        let mut slices = vec![Err(StoreError {
            attempt: "encoding".to_owned(),
            kind: primitives::ErrorKind::Corrupt,
            source: "a customer cannot be encoded".into(),
        })];
        slices.push(Ok(vec![change("a", Some("half")), change("b", Some("half"))]));
        let failed =
            storage.checkpoint(&[Place::first(Offset(2))], &mut || slices.pop().unwrap_or_else(|| Ok(Vec::new())));
        assert_eq!(failed.unwrap_err().attempt, "encoding");
        let old = (1, pairs(&[("a", "old")]), 1);
        assert_eq!(seen(&storage), old);
        storage.commit(Offset(3), Vec::new()).unwrap();
        assert_eq!((seen(&storage), n_rows(&storage)), ((3, old.1, 1), 1));
    }
}
