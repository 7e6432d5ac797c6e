//! How is the audit list kept? In the database, by number and age, without anybody waiting for the disk.

use crate::command::{Command, NewAudit};
use crate::numbers::{signed, unsigned};
use crate::{DatabaseError, Storage, StorageError};
use governance::{AuditEntry, Deed};
use primitives::{ErrorKind, Timestamp};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of a stored entry.
const VERSION: u8 = 1;

/// What is asked of the audit list.
#[derive(Debug, Clone, Default)]
pub struct AuditQuestion {
    /// Only these deeds; all where none is named.
    pub deeds: Vec<Deed>,
    /// Only entries before this one, by its number.
    pub before: Option<u64>,
    /// How many at the most.
    pub n_max: usize,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    v: u8,
    entry: Cow<'a, AuditEntry>,
}

impl Storage {
    /// Leaves an entry with the writer, which stores it with what else waits, and does not wait until it is durable.
    ///
    /// # Errors
    /// [`StorageError::Database`] where thousands of requests wait already, or the directory is open for reading only;
    /// then the entry is not kept.
    pub fn add_audit(&self, entry: &AuditEntry) -> Result<(), StorageError> {
        let new = NewAudit { at: entry.at.as_millis(), deed: entry.deed.name(), record: to_record(entry)? };
        self.hand_over(Command::Audit(new))
            .map_err(|source| StorageError::Database { attempt: "keeping the audit list", source })
    }

    /// Entries with their numbers, newest first.
    ///
    /// # Errors
    /// [`StorageError::Database`]; also where an entry was written by a newer program.
    pub fn audit(&self, question: &AuditQuestion) -> Result<Vec<(u64, AuditEntry)>, StorageError> {
        let failed = |source| StorageError::Database { attempt: "reading the audit list", source };
        let names: Vec<&str> = question.deeds.iter().map(|deed| deed.name()).collect();
        let before = question.before.map_or(i64::MAX, signed);
        let n_max = i64::try_from(question.n_max).unwrap_or(i64::MAX);
        let rows = self.readers.with(|connection| newest(connection, &names, before, n_max)).map_err(failed)?;
        rows.into_iter().map(|(seq, record)| Ok((seq, read(&record)?))).collect()
    }

    pub(crate) fn prune_audit(&self, now: Timestamp) -> Result<(), StorageError> {
        let before = self.retention.forget_audit_before(now).as_millis();
        let command = Command::PruneAudit { n_max: self.retention.n_audit_max, before };
        self.maintain("forgetting old entries of the audit list", command).map(drop)
    }
}

/// The newest entries of some deeds, by the index of each deed.
fn newest(connection: &Connection, deeds: &[&str], before: i64, n_max: i64) -> rusqlite::Result<Vec<(u64, Vec<u8>)>> {
    let read = |row: &Row<'_>| Ok((unsigned(row.get(0)?), row.get::<_, Vec<u8>>(1)?));
    if deeds.is_empty() {
        let sql = "SELECT seq, record FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
        return connection.prepare_cached(sql)?.query_map(params![before, n_max], read)?.collect();
    }
    let sql = "SELECT seq, record FROM audit WHERE deed = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
    for deed in deeds {
        let mut statement = connection.prepare_cached(sql)?;
        for row in statement.query_map(params![deed, before, n_max], read)? {
            found.push(row?);
        }
    }
    found.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
    found.truncate(usize::try_from(n_max).unwrap_or(usize::MAX));
    Ok(found)
}

/// An entry as it is stored.
pub(crate) fn to_record(entry: &AuditEntry) -> Result<Vec<u8>, StorageError> {
    let stored = Stored { v: VERSION, entry: Cow::Borrowed(entry) };
    serde_json::to_vec(&stored).map_err(|error| unreadable(&error))
}

fn read(record: &[u8]) -> Result<AuditEntry, StorageError> {
    let stored: Stored<'static> = serde_json::from_slice(record).map_err(|error| unreadable(&error))?;
    Ok(stored.entry.into_owned())
}

fn unreadable(error: &serde_json::Error) -> StorageError {
    let action = "use the program that wrote it, or a newer one";
    let source = DatabaseError::new(ErrorKind::Corrupt, action, format!("an entry cannot be read: {error}"));
    StorageError::Database { attempt: "reading the audit list", source }
}
