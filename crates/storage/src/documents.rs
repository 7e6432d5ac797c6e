//! How is kept what is written down for customers? [`DocumentStore`] on the database.

use crate::command::{Command, DocumentCommand};
use crate::numbers::unsigned;
use crate::writer::Patience;
use crate::{DatabaseError, Storage};
use decisions::documents::{DocumentChange, DocumentStore, DocumentStoreError, SavedDocument};
use primitives::Timestamp;
use rusqlite::Row;

impl DocumentStore for Storage {
    fn documents(&self) -> Result<Vec<SavedDocument>, DocumentStoreError> {
        let sql = "SELECT id, version, saved_at, record FROM documents AS newest
                   WHERE record <> '' AND version = (SELECT max(version) FROM documents WHERE id = newest.id) ORDER BY id";
        let read = self.readers.with(|connection| connection.prepare_cached(sql)?.query_map([], saved)?.collect());
        read.map_err(|error| failed("reading the knowledge base", error))
    }

    fn versions(&self, id: &str) -> Result<Vec<SavedDocument>, DocumentStoreError> {
        let sql = "SELECT id, version, saved_at, record FROM documents WHERE id = ?1 ORDER BY version DESC";
        let read = self.readers.with(|connection| connection.prepare_cached(sql)?.query_map([id], saved)?.collect());
        read.map_err(|error| failed("reading the versions of a document", error))
    }

    fn change(&self, change: &DocumentChange) -> Result<(), DocumentStoreError> {
        let command = Command::Documents(DocumentCommand(change.clone()));
        let done = self.submit(command, Patience::Wait);
        done.map(|_| ()).map_err(|error| failed("saving the knowledge base", error))
    }
}

fn saved(row: &Row<'_>) -> rusqlite::Result<SavedDocument> {
    Ok(SavedDocument {
        id: row.get(0)?,
        version: unsigned(row.get(1)?),
        saved_at: Timestamp::from_millis(row.get(2)?),
        record: row.get(3)?,
    })
}

fn failed(attempt: &str, error: DatabaseError) -> DocumentStoreError {
    let attempt = format!("{attempt} failed: {}", error.action);
    DocumentStoreError { attempt, kind: error.kind, source: Box::new(error) }
}
