//! How is what people declare kept? [`PlaybookStore`] on the database.

use crate::command::{Command, PlaybookCommand};
use crate::writer::Patience;
use crate::{DatabaseError, Storage};
use decisions::{PlaybookChange, PlaybookStore, PlaybookStoreError, Run, SavedTable};
use primitives::Timestamp;
use rusqlite::Row;

impl PlaybookStore for Storage {
    fn saved(&self) -> Result<Vec<SavedTable>, PlaybookStoreError> {
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached("SELECT list, name, record FROM playbook ORDER BY seq")?;
            let saved = |row: &Row<'_>| Ok(SavedTable { list: row.get(0)?, name: row.get(1)?, record: row.get(2)? });
            select.query_map([], saved)?.collect()
        });
        read.map_err(|error| failed("reading what was declared besides the settings", error))
    }

    fn runs(&self) -> Result<Vec<Run>, PlaybookStoreError> {
        let sql = "SELECT experiment, began_at, ended_at, record FROM runs ORDER BY experiment";
        let read = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let run = |row: &Row<'_>| {
                Ok(Run {
                    experiment: row.get(0)?,
                    began_at: Timestamp::from_millis(row.get(1)?),
                    ended_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
                    record: row.get(3)?,
                })
            };
            select.query_map([], run)?.collect()
        });
        read.map_err(|error| failed("reading which experiments have begun", error))
    }

    fn change(&self, change: &PlaybookChange) -> Result<(), PlaybookStoreError> {
        let command = Command::Playbook(PlaybookCommand(change.clone()));
        let done = self.submit(command, Patience::Wait);
        done.map(|_| ()).map_err(|error| failed("saving what is declared", error))
    }
}

fn failed(attempt: &str, error: DatabaseError) -> PlaybookStoreError {
    let attempt = format!("{attempt} failed: {}", error.action);
    PlaybookStoreError { attempt, kind: error.kind, source: Box::new(error) }
}
