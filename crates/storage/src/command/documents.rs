//! What changes in what is written down for customers, and how is it written?

use super::Done;
use crate::numbers::signed;
use decisions::documents::{DocumentChange, N_VERSIONS_KEPT};
use rusqlite::{Connection, params};

/// A change of documents.
#[derive(Debug)]
pub(crate) struct DocumentCommand(pub(crate) DocumentChange);

impl DocumentCommand {
    pub(crate) fn bytes(&self) -> usize {
        let saved = self.0.saved.iter().map(|(id, record)| id.len() + record.len() + 64).sum::<usize>();
        saved + self.0.removed.iter().map(|id| id.len() + 64).sum::<usize>()
    }

    pub(crate) fn apply(&self, connection: &Connection) -> rusqlite::Result<Done> {
        let DocumentChange { at, saved, removed } = &self.0;
        let add = "INSERT INTO documents(id, version, saved_at, record)
                   SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3 FROM documents WHERE id = ?1";
        let mut n = 0;
        for (id, record) in saved {
            n += connection.prepare_cached(add)?.execute(params![id, at.as_millis(), record])?;
        }
        let is_there = "SELECT record <> '' FROM documents WHERE id = ?1 ORDER BY version DESC LIMIT 1";
        for id in removed {
            let mut select = connection.prepare_cached(is_there)?;
            let mut found = select.query([id])?;
            if found.next()?.map(|row| row.get(0)).transpose()?.unwrap_or(false) {
                n += connection.prepare_cached(add)?.execute(params![id, at.as_millis(), ""])?;
            }
        }
        let forget = "DELETE FROM documents WHERE id = ?1 AND version <= (SELECT max(version) FROM documents WHERE id = ?1) - ?2";
        for id in saved.iter().map(|(id, _)| id).chain(removed) {
            connection.prepare_cached(forget)?.execute(params![id, signed(N_VERSIONS_KEPT)])?;
        }
        Ok(Done::Rows(n as u64))
    }
}
