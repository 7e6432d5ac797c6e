//! Where does a customer stand, and how is that removed? One step after the other, each of which may be done again.

use super::naming::Naming;
use crate::command::{Command, EraseCommand};
use crate::erased::{Record, Who};
use crate::files::{TEMP_PREFIX, sync_directory, write_durably};
use crate::history_files::{Offsets, Part, RoundRows, SealedRow};
use crate::numbers::unsigned;
use crate::seen_ids::id_hash;
use crate::{AuditQuestion, Storage, StorageError};
use decisions::{List, ListStore};
use events::{EventLog, EventLogError, Offset};
use governance::AuditEntry;
use primitives::{CustomerId, Timestamp};
use profiles::{ErasureId, ErasureStep, Identifier, Removed};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// How many rows of a table change at a time, so that nobody waits for long.
const N_ROWS: u64 = 500;
/// So often the files of past days are looked at for more to write: each time some days are brought up to the log.
const N_DAY_ROUNDS_MAX: usize = 10_000;

/// What of somebody stands beside their events.
pub(super) struct ToRemove {
    n_decisions: u64,
    rejections: Vec<i64>,
    audit: Vec<(u64, AuditEntry)>,
    n_lines: u64,
    n_lists: u64,
}

impl ToRemove {
    pub(super) fn counted(&self, removed: Removed) -> Removed {
        Removed {
            decisions: self.n_decisions,
            rejections: self.rejections.len() as u64,
            audit_entries: self.audit.len() as u64,
            lines: self.n_lines,
            lists: self.n_lists,
            ..removed
        }
    }
}

impl Storage {
    pub(super) fn remove_step(&self, id: &ErasureId, step: ErasureStep, now: Timestamp) -> Result<(), StorageError> {
        let Some(record) = self.erased().records.get(id).cloned() else { return Ok(()) };
        let Some(who) = &record.who else { return Ok(()) };
        match step {
            ErasureStep::Log => self.remove_rows(&record.offsets()),
            ErasureStep::History => self.remove_sealed(&record.offsets()),
            ErasureStep::Records => self.remove_records(&record, who),
            ErasureStep::Files => self.remove_files(&Naming::of(who), now),
        }
    }

    /// Removes what a crash left half written where personal data may stand: such a file is no record, and is never searched.
    pub(crate) fn remove_unfinished_files(&self) -> Result<(), StorageError> {
        for directory in [self.directory.erased(), self.directory.path().join("rejects"), self.directory.set_aside()] {
            let is_unfinished =
                |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMP_PREFIX));
            files_in(&directory)?.iter().filter(|path| is_unfinished(path)).try_for_each(|path| remove(path))?;
        }
        Ok(())
    }

    /// What was withdrawn of the events that mention any of these names.
    pub(super) fn withdrawn_of(&self, names: &[Identifier]) -> Result<Offsets, StorageError> {
        let withdrawn = self.withdrawn()?;
        let mut found = Vec::new();
        if !withdrawn.ranges().is_empty() {
            let missing = self.missing()?;
            let read = self.replay_of_but(&missing, names, EventLog::head(self), &mut |recorded| {
                let place = recorded.offset.0;
                found.extend(Some((place, place)).filter(|_| withdrawn.contains(place)));
                true
            });
            read.map_err(StorageError::Event)?;
        }
        Ok(Offsets::of(found))
    }

    /// What there is to remove beside the events.
    pub(super) fn to_remove(&self, who: &Who) -> Result<ToRemove, StorageError> {
        let naming = Naming::of(who);
        let files = self.files_of_rejects()?;
        let lines = files.iter().map(|path| Ok(lines_of(path, &naming)?.1));
        Ok(ToRemove {
            n_decisions: self.n_decisions_of(&who.customers)?,
            rejections: self.rejections_naming(&naming)?,
            audit: self.audit_of(&who.customers)?,
            n_lines: lines.sum::<Result<u64, StorageError>>()?,
            n_lists: self.lists_without(&naming)?.len() as u64,
        })
    }

    /// While nothing is being sealed, so that no round is made of rows that go.
    fn remove_rows(&self, offsets: &Offsets) -> Result<(), StorageError> {
        let _no_sealing = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        self.end_sealing()?;
        self.flush_ids(EventLog::head(self).0)?;
        in_batches(offsets.ranges(), N_ROWS)
            .into_iter()
            .try_for_each(|some| self.erase(EraseCommand::Rows(some)).map(drop))
    }

    /// Writes each file that holds any of them anew without them. The new file has its name before the old one goes: whoever
    /// reads both finds every other event, and these are missing by then.
    fn remove_sealed(&self, offsets: &Offsets) -> Result<(), StorageError> {
        let _no_sealing = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush_ids(EventLog::head(self).0)?;
        for part in self.parts.list()? {
            if offsets.n_within(part.first, part.last) > 0 {
                self.remove_of_part(&part, offsets)?;
            }
        }
        Ok(())
    }

    fn remove_of_part(&self, part: &Part, offsets: &Offsets) -> Result<(), StorageError> {
        let rows = RoundRows::read(std::slice::from_ref(part), 0)?;
        let (mut kept, mut ids) = (Vec::new(), Vec::new());
        rows.visit(&mut |offset, open| {
            let event = open().map_err(|source| StorageError::Event(EventLogError::Record { offset, source }))?;
            if offsets.contains(offset) {
                ids.push((id_hash(&event), offset));
            } else {
                let received_at = event.received_at.as_millis();
                kept.push(SealedRow { offset, received_at, record: event.to_record() });
            }
            Ok::<_, StorageError>(())
        })?;
        if ids.is_empty() {
            return Ok(());
        }
        self.erase(EraseCommand::Ids(ids))?;
        self.parts.replace(part, kept)
    }

    fn remove_records(&self, record: &Record, who: &Who) -> Result<(), StorageError> {
        for customer in &who.customers {
            while self.erase(EraseCommand::Decisions { customer: customer.clone(), n_max: N_ROWS })? > 0 {}
            self.erase(EraseCommand::Exposures { customer: customer.clone() })?;
        }
        for some in self.rejections_naming(&Naming::of(who))?.chunks(usize::try_from(N_ROWS).unwrap_or(1)) {
            self.erase(EraseCommand::Rejections(some.to_vec()))?;
        }
        for list in self.lists_without(&Naming::of(who))? {
            ListStore::save(self, &list).map_err(StorageError::Lists)?;
        }
        let mut entries = Vec::new();
        for (seq, entry) in self.audit_of(&who.customers)? {
            let nameless = AuditEntry { subject: format!("erased {}", record.id), ..entry };
            entries.push((seq, crate::audit::to_record(&nameless)?));
        }
        self.erase(EraseCommand::Audit(entries)).map(drop)
    }

    fn n_decisions_of(&self, customers: &[CustomerId]) -> Result<u64, StorageError> {
        let counted = self.readers.with(|connection| {
            let mut count = connection.prepare_cached("SELECT count(*) FROM decisions WHERE customer = ?1")?;
            let each = customers.iter().map(|id| count.query_row([id.as_str()], |row| row.get(0).map(unsigned)));
            each.sum::<rusqlite::Result<u64>>()
        });
        counted.map_err(|source| StorageError::Database { attempt: "counting decisions", source })
    }

    /// The numbers of the rejected events that name somebody.
    fn rejections_naming(&self, naming: &Naming) -> Result<Vec<i64>, StorageError> {
        let found = self.readers.with(|connection| {
            let mut select = connection.prepare_cached("SELECT seq, record FROM rejections")?;
            let mut rows = select.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let record: Vec<u8> = row.get(1)?;
                if naming.is_of(&record) {
                    found.push(row.get(0)?);
                }
            }
            Ok(found)
        });
        found.map_err(|source| StorageError::Database { attempt: "reading rejected events", source })
    }

    /// The saved lists that name somebody, as they are without them.
    fn lists_without(&self, naming: &Naming) -> Result<Vec<List>, StorageError> {
        let saved = self.lists().map_err(StorageError::Lists)?;
        Ok(saved.iter().filter_map(|list| naming.without(list)).collect())
    }

    /// The entries of the audit list about somebody.
    fn audit_of(&self, customers: &[CustomerId]) -> Result<Vec<(u64, AuditEntry)>, StorageError> {
        // What was handed over and not waited for is there then.
        self.maintain("reading the audit list", Command::Check)?;
        let all = self.audit(&AuditQuestion { n_max: usize::MAX, ..AuditQuestion::default() })?;
        let is_theirs = |entry: &AuditEntry| customers.iter().any(|id| id.as_str() == entry.subject);
        Ok(all.into_iter().filter(|(_, entry)| is_theirs(entry)).collect())
    }

    fn remove_files(&self, naming: &Naming, now: Timestamp) -> Result<(), StorageError> {
        self.write_every_decision_file(now)?;
        for path in self.files_of_rejects()? {
            let (kept, n_lines) = lines_of(&path, naming)?;
            if n_lines > 0 {
                write_durably(&path, &kept).map_err(|source| StorageError::file("writing", &path, source))?;
            }
        }
        // What a demonstration has fetched is fetched again where it is needed.
        for path in files_in(&self.directory.path().join("downloads"))? {
            remove(&path)?;
        }
        // What was set aside holds events of many: only of a text is it known that it names them, and what is packed stays.
        for path in files_in(&self.directory.set_aside())? {
            let content = fs::read(&path).map_err(|source| StorageError::file("reading", &path, source))?;
            let is_named = || std::str::from_utf8(&content).is_ok_and(|text| naming.is_in(text));
            if path.extension().is_none_or(|end| end != "json") && is_named() {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// The files of past days say what the log of decisions says.
    fn write_every_decision_file(&self, now: Timestamp) -> Result<(), StorageError> {
        for _ in 0..N_DAY_ROUNDS_MAX {
            // Somebody else's file is told by the regular round.
            let (report, _) = self.bring_decision_files(now, &|| false)?;
            if report.n_written == 0 {
                break;
            }
        }
        Ok(())
    }

    fn files_of_rejects(&self) -> Result<Vec<PathBuf>, StorageError> {
        files_in(&self.directory.path().join("rejects"))
    }

    fn erase(&self, command: EraseCommand) -> Result<u64, StorageError> {
        self.maintain("removing what was a customer's", Command::Erase(command))
    }
}

/// Ranges in batches of up to so many rows each: every one is a transaction that waits for the disk.
fn in_batches(ranges: &[(u64, u64)], n_rows: u64) -> Vec<Vec<(u64, u64)>> {
    let (mut batches, mut room) = (Vec::<Vec<(u64, u64)>>::new(), 0);
    for (first, last) in ranges {
        let mut from = *first;
        while from <= *last {
            if room == 0 {
                batches.push(Vec::new());
                room = n_rows;
            }
            let to = (from + room - 1).min(*last);
            room -= to - from + 1;
            batches.last_mut().into_iter().for_each(|batch| batch.push((from, to)));
            from = to + 1;
        }
    }
    batches
}

/// A file without the lines that name somebody, and how many lines those are.
fn lines_of(path: &Path, naming: &Naming) -> Result<(Vec<u8>, u64), StorageError> {
    let content = fs::read(path).map_err(|source| StorageError::file("reading", path, source))?;
    let (mut kept, mut n_lines) = (Vec::with_capacity(content.len()), 0);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        if naming.is_in(&String::from_utf8_lossy(line)) {
            n_lines += 1;
        } else {
            kept.extend_from_slice(line);
        }
    }
    Ok((kept, n_lines))
}

/// The files in a directory and below; none where it is not there.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let failed = |source| StorageError::file("listing", directory, source);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            files.extend(files_in(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn remove(path: &Path) -> Result<(), StorageError> {
    let removed = fs::remove_file(path).and_then(|()| path.parent().map_or(Ok(()), sync_directory));
    removed.map_err(|source| StorageError::file("removing", path, source))
}

impl Storage {
    /// How many of the rows of erased events after an offset are still in the log.
    pub(crate) fn n_erased_in_log(&self, after: Offset) -> Result<u64, StorageError> {
        let erased = self.erased_offsets()?;
        let counted = self.readers.with(|connection| {
            let mut count = connection.prepare_cached("SELECT count(*) FROM events WHERE offset BETWEEN ?1 AND ?2")?;
            let ranges = erased.ranges().iter().filter(|(_, last)| *last > after.0);
            let each = ranges.map(|(first, last)| {
                let range = [crate::numbers::signed((*first).max(after.0 + 1)), crate::numbers::signed(*last)];
                count.query_row(range, |row| row.get(0).map(unsigned))
            });
            each.sum::<rusqlite::Result<u64>>()
        });
        counted.map_err(|source| StorageError::Database { attempt: "counting events", source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Done;
    use crate::counters::Counters;
    use crate::numbers::signed;
    use proptest::prelude::*;
    use rusqlite::{Connection, params};

    /// A log with a row at each offset; of every third the place of its message is not known.
    fn log(head: u64) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection, 0).unwrap();
        for offset in 1..=head {
            let id = offset.to_be_bytes();
            let row = "INSERT INTO events(offset, title, received_at, id_hash, record) VALUES(?1, 't', 0, ?2, x'00')";
            connection.execute(row, params![signed(offset), id]).unwrap();
            let place = if offset.is_multiple_of(3) { 0 } else { signed(offset) };
            connection.execute("INSERT INTO message_ids(id, place) VALUES(?1, ?2)", params![id, place]).unwrap();
        }
        connection
    }

    /// What is left once each batch was a command, and how many rows went.
    fn left(head: u64, batches: Vec<Vec<(u64, u64)>>) -> (u64, [Vec<i64>; 3]) {
        let connection = log(head);
        let counters = Counters { head, ..Counters::default() };
        let each =
            batches.into_iter().map(|some| match EraseCommand::Rows(some).apply(&connection, &counters).unwrap() {
                Done::Rows(n) => n,
                _ => panic!("no rows"),
            });
        let n_gone = each.sum();
        let numbers = |sql: &str| {
            let mut select = connection.prepare(sql).unwrap();
            let rows = select.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<rusqlite::Result<Vec<i64>>>().unwrap()
        };
        let tables = [
            "SELECT offset FROM events ORDER BY offset",
            "SELECT length(id) + place FROM message_ids ORDER BY id",
            "SELECT value FROM meta WHERE key = 'erased_head'",
        ];
        (n_gone, tables.map(numbers))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn batches_remove_what_one_removes(
            places in proptest::collection::btree_set(1..60_u64, 1..60),
            n_rows in 1..9_u64,
        ) {
            let offsets = Offsets::of(places.iter().map(|place| (*place, *place)));
            let batches = in_batches(offsets.ranges(), n_rows);
            let size = |batch: &Vec<(u64, u64)>| batch.iter().map(|(first, last)| last - first + 1).sum::<u64>();
            let (last, full) = batches.split_last().unwrap();
            prop_assert!(full.iter().all(|batch| size(batch) == n_rows), "no transaction more than are needed: {batches:?}");
            prop_assert!((1..=n_rows).contains(&size(last)), "{batches:?}");
            let by_batches = left(60, batches);
            prop_assert_eq!(by_batches.0, places.len() as u64);
            prop_assert_eq!(by_batches, left(60, vec![offsets.ranges().to_vec()]));
        }
    }

    #[test]
    fn nothing_is_no_batch() {
        assert!(in_batches(&[], N_ROWS).is_empty());
    }
}
