//! How is derived state kept? [`ProfileStore`] on the database: what is in force, and what a rebuild makes beside it.

use crate::command::{Command, StateTable};
use crate::schema::{meta, unsigned};
use crate::writer::Patience;
use crate::{DatabaseError, Storage, StorageError};
use events::Offset;
use profiles::{Change, Collection, ProfileStore, StoreError};
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

impl ProfileStore for Storage {
    fn offset(&self) -> Result<Offset, StoreError> {
        self.readers
            .with(|connection| meta(connection, "state_offset"))
            .map(Offset)
            .map_err(|error| failed("reading the offset of the stored profiles", error))
    }

    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        StateRows(self, StateTable::InForce).get(collection, key)
    }

    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        StateRows(self, StateTable::InForce).scan(collection, prefix, visit)
    }

    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        StateRows(self, StateTable::InForce).count(collection)
    }

    fn commit(&self, offset: Offset, changes: Vec<Change>) -> Result<(), StoreError> {
        StateRows(self, StateTable::InForce).commit(offset, changes)
    }

    fn clear(&self) -> Result<(), StoreError> {
        StateRows(self, StateTable::InForce).clear()
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
        self.storage.maintain("putting the rebuilt profiles in force", Command::AdoptState { offset }).map(|_| ())
    }

    fn rows(&self) -> StateRows<'_> {
        StateRows(&self.storage, StateTable::Rebuilt)
    }
}

impl ProfileStore for Rebuild {
    fn offset(&self) -> Result<Offset, StoreError> {
        Ok(Offset(self.offset.load(Ordering::Acquire)))
    }

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

    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        self.rows().count(collection)
    }

    fn commit(&self, offset: Offset, changes: Vec<Change>) -> Result<(), StoreError> {
        self.rows().commit(offset, changes)?;
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
    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("SELECT value FROM {} WHERE collection = ?1 AND key = ?2", self.1.name());
        self.0
            .readers
            .with(|connection| {
                connection.prepare_cached(&sql)?.query_row(params![collection.name(), key], |row| row.get(0)).optional()
            })
            .map_err(|error| failed(&format!("reading the stored {} \"{key}\"", collection.name()), error))
    }

    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let table = self.1.name();
        let sql = format!("SELECT key, value FROM {table} WHERE collection = ?1 AND key >= ?2 ORDER BY key");
        self.0
            .readers
            .with(|connection| {
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query(params![collection.name(), prefix])?;
                while let Some(row) = rows.next()? {
                    let key = row.get_ref(0)?.as_str()?;
                    if !key.starts_with(prefix) || !visit(key, row.get_ref(1)?.as_blob()?) {
                        break;
                    }
                }
                Ok(())
            })
            .map_err(|error| failed(&format!("reading every stored {}", collection.name()), error))
    }

    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {} WHERE collection = ?1", self.1.name());
        self.0
            .readers
            .with(|connection| {
                connection.prepare_cached(&sql)?.query_row([collection.name()], |row| row.get(0).map(unsigned))
            })
            .map_err(|error| failed(&format!("counting every stored {}", collection.name()), error))
    }

    fn commit(&self, offset: Offset, changes: Vec<Change>) -> Result<(), StoreError> {
        let n = changes.len();
        let command = Command::CommitState { table: self.1, offset: offset.0, changes };
        let done = self.0.submit(command, Patience::Wait);
        done.map(|_| ())
            .map_err(|error| failed(&format!("storing {n} changes of profiles up to offset {offset}"), error))
    }

    fn clear(&self) -> Result<(), StoreError> {
        let done = self.0.submit(Command::ClearState(self.1), Patience::Wait);
        done.map(|_| ()).map_err(|error| failed("removing the stored profiles", error))
    }
}

fn failed(attempt: &str, error: DatabaseError) -> StoreError {
    StoreError { attempt: format!("{attempt} failed: {}", error.action), kind: error.kind, source: Box::new(error) }
}
