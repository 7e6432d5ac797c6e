//! How do events leave the log? A round at a time, so that a crash at any step leaves each of them in one place.
//!
//! The files of a round are written under temporary names. Then the database says which names they are about to get, then
//! they get them, and then, in one transaction, the border moves past the round and the intent is gone. Nothing is ever
//! removed from the history but what an open intent names while the log still holds every one of its events.

use crate::command::Command;
use crate::history_files::{Draft, Offsets, Part, SealedRow};
use crate::numbers::{signed, unsigned};
use crate::schema::meta;
use crate::{Storage, StorageError};
use events::Offset;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// When events move to the history, and in how large rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealPolicy {
    /// Events in one round at most.
    pub n_events_max: u64,
    /// Bytes of records in one round at most; a round is held in memory while it is written or read.
    pub bytes_max: u64,
    /// Nothing is sealed before so many events can be: small files cost every reader.
    pub n_events_min: u64,
    /// The newest events that stay in the log, for the live inspector.
    pub n_events_kept: u64,
}

impl Default for SealPolicy {
    fn default() -> Self {
        Self { n_events_max: 200_000, bytes_max: 64 << 20, n_events_min: 50_000, n_events_kept: 10_000 }
    }
}

impl SealPolicy {
    /// Everything, at once.
    #[must_use]
    pub fn everything() -> Self {
        Self { n_events_min: 1, n_events_kept: 0, ..Self::default() }
    }
}

/// What was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SealReport {
    /// Events that moved to the history.
    pub n_events: u64,
    /// In how many rounds.
    pub n_rounds: u64,
    /// Files that were written.
    pub n_files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The last offset that is in the history now.
    pub sealed_upto: Offset,
}

/// A round of sealing that was begun: which files are about to be named.
#[derive(Debug)]
pub(crate) struct Intent {
    first: u64,
    last: u64,
    files: BTreeSet<String>,
}

/// The border, and what is about to be sealed, from one moment.
#[derive(Debug)]
pub(crate) struct Border {
    pub(crate) sealed_upto: u64,
    intents: Vec<Intent>,
}

impl Border {
    /// The names of the files that are about to be sealed.
    pub(crate) fn intended(&self) -> BTreeSet<String> {
        self.intents.iter().flat_map(|intent| intent.files.iter().cloned()).collect()
    }
}

impl Storage {
    /// Moves events up to `upto` from the log into the history, whole rounds at a time, one caller after the other. `upto`
    /// is the offset that the stored profiles have seen: what is after it may still have to be read from the log.
    ///
    /// # Errors
    /// [`StorageError`]; rounds that were finished before stay finished.
    pub fn seal(&self, upto: Offset, policy: &SealPolicy) -> Result<SealReport, StorageError> {
        let _alone = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        let head = self.shared.head.load(Ordering::Acquire);
        let upto = upto.0.min(head.saturating_sub(policy.n_events_kept));
        let mut report = SealReport { sealed_upto: self.sealed_upto()?, ..SealReport::default() };
        // What an earlier failure left must not be there when a round of another size is written.
        self.end_sealing()?;
        while upto.saturating_sub(report.sealed_upto.0) >= policy.n_events_min.max(1) {
            let Some((last, rows)) = read_round(self, report.sealed_upto.0, upto, policy)? else { break };
            let n_events = rows.len() as u64;
            let draft = self.parts.draft(report.sealed_upto.0 + 1, last, rows)?;
            self.seal_round(report.sealed_upto.0 + 1, last, &draft)?;
            report.n_events += n_events;
            report.n_rounds += 1;
            report.n_files += draft.names().len() as u64;
            report.bytes += draft.bytes;
            report.sealed_upto = Offset(last);
        }
        Ok(report)
    }

    /// Moves a round whose files are written out of the log.
    fn seal_round(&self, first: u64, last: u64, draft: &Draft) -> Result<(), StorageError> {
        self.intend_seal(first, last, draft)?;
        self.parts.publish(draft).inspect_err(|_| {
            // The first error is the one to tell; the next sealing takes back what this could not.
            let _ = self.take_back_sealing();
        })?;
        self.maintain("moving the log's border", Command::MarkSealed { upto: last })?;
        self.drop_sealed()
    }

    fn intend_seal(&self, first: u64, last: u64, draft: &Draft) -> Result<(), StorageError> {
        let files = draft.names().join("\n");
        self.maintain("preparing to seal events", Command::IntendSeal { first, last, files }).map(|_| ())
    }

    /// Takes back what an interrupted sealing left, and makes sure that nothing else is beyond the border.
    pub(crate) fn end_sealing(&self) -> Result<(), StorageError> {
        self.take_back_sealing()?;
        if let Some(part) = self.beyond()?.first() {
            return Err(StorageError::Beyond { path: part.path.clone(), sealed_upto: self.sealed_upto()?.0 });
        }
        self.drop_sealed()
    }

    /// Takes back the files of a round that did not become part of the history: the log has its events.
    pub(crate) fn take_back_sealing(&self) -> Result<(), StorageError> {
        let border = self.border()?;
        for intent in &border.intents {
            if intent.first > border.sealed_upto && self.is_in_log(intent)? {
                self.parts.take_back(&intent.files)?;
            }
        }
        if !border.intents.is_empty() {
            self.maintain("forgetting an interrupted sealing", Command::ForgetSeal)?;
        }
        Ok(())
    }

    /// The files that the database knows nothing of.
    pub(crate) fn beyond(&self) -> Result<Vec<Part>, StorageError> {
        // A running server seals meanwhile. Its files have names only after the intent is stored: so the files come first.
        let listed = self.parts.list()?;
        let border = self.border()?;
        let intended = border.intended();
        let is_unknown = |part: &Part| {
            part.last > border.sealed_upto && !intended.contains(&self.parts.name_of(&part.path)) && part.path.exists()
        };
        Ok(listed.into_iter().filter(is_unknown).collect())
    }

    pub(crate) fn border(&self) -> Result<Border, StorageError> {
        let found = self.readers.snapshot(|connection| {
            Ok(Border { sealed_upto: meta(connection, "sealed_upto")?, intents: intents(connection)? })
        });
        found.map_err(|source| StorageError::Database { attempt: "reading the log's border", source })
    }

    /// Whether the log has every event of a round that was not erased.
    fn is_in_log(&self, intent: &Intent) -> Result<bool, StorageError> {
        let sql = "SELECT offset FROM events WHERE offset >= ?1 AND offset <= ?2";
        let range = params![signed(intent.first), signed(intent.last)];
        let found = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let offsets = select.query_map(range, |row| row.get(0).map(unsigned))?;
            offsets.map(|offset| offset.map(|offset| (offset, offset))).collect::<rusqlite::Result<Vec<_>>>()
        });
        let found = found.map_err(|source| StorageError::Database { attempt: "counting events", source })?;
        let erased = self.erased_offsets()?;
        Ok(Offsets::of(found).and(&erased).covers(intent.first, intent.last))
    }
}

fn intents(connection: &Connection) -> rusqlite::Result<Vec<Intent>> {
    let mut statement = connection.prepare_cached("SELECT first, last, files FROM seal_intents ORDER BY first")?;
    let intent = |row: &rusqlite::Row<'_>| {
        let files: String = row.get(2)?;
        let files = files.lines().map(str::to_owned).collect();
        Ok(Intent { first: unsigned(row.get(0)?), last: unsigned(row.get(1)?), files })
    };
    statement.query_map([], intent)?.collect()
}

/// The last offset of the next round, and its rows but for those that were set aside; `None` where the log has none.
fn read_round(
    storage: &Storage,
    after: u64,
    upto: u64,
    policy: &SealPolicy,
) -> Result<Option<(u64, Vec<SealedRow>)>, StorageError> {
    let mut rows = storage
        .readers
        .with(|connection| {
            let sql = "SELECT offset, received_at, record FROM events WHERE offset > ?1 AND offset <= ?2
                       ORDER BY offset LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let mut found =
                statement.query(params![signed(after), signed(upto), signed(policy.n_events_max.max(1))])?;
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while bytes < policy.bytes_max.max(1) {
                let Some(row) = found.next()? else { break };
                let record: Vec<u8> = row.get(2)?;
                bytes += record.len() as u64;
                rows.push(SealedRow { offset: unsigned(row.get(0)?), received_at: row.get(1)?, record });
            }
            Ok(rows)
        })
        .map_err(|source| StorageError::Database { attempt: "reading events to be sealed", source })?;
    let Some(last) = rows.last().map(|row| row.offset) else { return Ok(None) };
    let missing = storage.missing()?;
    rows.retain(|row| !missing.contains(row.offset));
    Ok(Some((last, rows)))
}

#[cfg(test)]
mod tests;
