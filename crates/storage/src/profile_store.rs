//! How is derived state kept? [`ProfileStore`] on the database.

use crate::command::Command;
use crate::schema::{meta, unsigned};
use crate::writer::Patience;
use crate::{DatabaseError, Storage};
use events::Offset;
use profiles::{Change, Collection, ProfileStore, StoreError};
use rusqlite::{OptionalExtension, params};

impl ProfileStore for Storage {
    fn offset(&self) -> Result<Offset, StoreError> {
        self.readers
            .with(|connection| meta(connection, "state_offset"))
            .map(Offset)
            .map_err(|error| failed("reading the offset of the stored profiles", error))
    }

    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers
            .with(|connection| {
                connection
                    .prepare_cached("SELECT value FROM state WHERE collection = ?1 AND key = ?2")?
                    .query_row(params![collection.name(), key], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| failed(&format!("reading the stored {} \"{key}\"", collection.name()), error))
    }

    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.readers
            .with(|connection| {
                let sql = "SELECT key, value FROM state WHERE collection = ?1 AND key >= ?2 ORDER BY key";
                let mut statement = connection.prepare_cached(sql)?;
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
        self.readers
            .with(|connection| {
                connection
                    .prepare_cached("SELECT count(*) FROM state WHERE collection = ?1")?
                    .query_row([collection.name()], |row| row.get(0).map(unsigned))
            })
            .map_err(|error| failed(&format!("counting every stored {}", collection.name()), error))
    }

    fn commit(&self, offset: Offset, changes: Vec<Change>) -> Result<(), StoreError> {
        let n = changes.len();
        self.submit(Command::CommitState { offset: offset.0, changes }, Patience::Wait)
            .map(|_| ())
            .map_err(|error| failed(&format!("storing {n} changes of profiles up to offset {offset}"), error))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.submit(Command::ClearState, Patience::Wait)
            .map(|_| ())
            .map_err(|error| failed("removing the stored profiles", error))
    }
}

fn failed(attempt: &str, error: DatabaseError) -> StoreError {
    StoreError { attempt: format!("{attempt} failed: {}", error.action), kind: error.kind, source: Box::new(error) }
}
