//! Which decisions lie as files for other tools, and when is a file written anew?
//!
//! A day that is over becomes one file, `decisions/date=2026-11-22/part.parquet`. The log of decisions stays the truth: the
//! files are derived from it and are written anew where a row of their day changes, appears or goes. Triggers in the
//! database count the changes of each day, so that no way to change the log is forgotten; see `schema`.

mod write;

use crate::command::{Command, DayCommand};
use crate::decision_log::{self, COLUMNS};
use crate::files::{TEMP_PREFIX, create_directory, sync_directory};
use crate::numbers::unsigned;
use crate::{Storage, StorageError};
use decisions::LoggedDecision;
use primitives::{DAY_MS, Timestamp};
use rusqlite::params;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use write::{DayWriter, Whose, whose};
use xxhash_rust::xxh3::xxh3_128;

/// The name of a day's file in the day's directory.
const FILE: &str = "part.parquet";
/// How many decisions are read at a time, so that a long day holds up no checkpoint of the database.
const N_PAGE: usize = 1_024;
/// How many days are written in one round: the others wait for the next, and sealing and training do not wait for them.
const N_DAYS: usize = 8;

/// What a round over the files has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecisionFilesReport {
    /// Days whose file was written.
    pub n_written: usize,
    /// Days whose file was removed.
    pub n_removed: usize,
}

/// What the database knows of a day's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    /// How often a row of the day changed.
    n_changes: u64,
    /// How often it had when the file was written.
    n_written: u64,
    bytes: u64,
    digest: u128,
}

impl Day {
    /// Whether a file of so many bytes is the one that was written after the last change.
    fn is_said_by(&self, bytes: Option<&u64>) -> bool {
        self.n_written == self.n_changes && bytes == Some(&self.bytes)
    }
}

/// How the files stand to the log.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Files that say what the log says.
    pub(crate) n_files: usize,
    /// Files that are missing, or of which the log has changed since.
    pub(crate) n_behind: usize,
    /// Files of days of which the log knows nothing.
    pub(crate) n_strange: usize,
}

impl Storage {
    /// Brings the files of the days that are over up to the log: writes those of some days that lack or have changed, and
    /// removes those of which the log keeps not everything any longer. Appends and reads go on meanwhile. `is_stopped` is
    /// asked between pages; what was begun is then left for the next call.
    ///
    /// # Errors
    /// [`StorageError`]; files that were written before stay, and the next call goes on. [`StorageError::NotOurs`] where
    /// somebody else's file stands in the place of one: it stays as it is, and all others are brought up to the log.
    pub fn write_decision_files(
        &self,
        now: Timestamp,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<DecisionFilesReport, StorageError> {
        match self.bring_decision_files(now, is_stopped)? {
            (report, None) => Ok(report),
            (_, Some(path)) => Err(StorageError::NotOurs { path }),
        }
    }

    /// [`Storage::write_decision_files`], which also says how much was done where somebody else's file is in the way.
    pub(crate) fn bring_decision_files(
        &self,
        now: Timestamp,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(DecisionFilesReport, Option<PathBuf>), StorageError> {
        let mut last = self.last_decision_day.lock().unwrap_or_else(PoisonError::into_inner);
        let files = DecisionFiles::new(self.directory.decisions());
        let days = self.decision_days()?;
        let kept = self.kept_days(now);
        let mut report = DecisionFilesReport::default();
        let found = files.list()?;
        let foreign = files.foreign(&found, &days)?;
        for (day, bytes) in found.into_iter().filter(|(day, _)| !foreign.contains(day)) {
            if !(days.contains_key(&day) && kept.contains(&day)) {
                files.remove(day)?;
                report.n_removed += 1;
                self.note(DayCommand::Dropped { day })?;
            } else if days.get(&day).is_some_and(|known| known.bytes != bytes) {
                // Not what was written: it is written again below.
                self.note(DayCommand::Dropped { day })?;
            }
        }
        let ended = days.range(..self.first_day(now)).map(|(day, known)| (*day, known.n_changes));
        ended.map(|(day, n_changes)| DayCommand::Ended { day, n_changes }).try_for_each(|ended| self.note(ended))?;
        let mut due = self.due_days(&files, now)?;
        due.retain(|day, _| !foreign.contains(day));
        // Whoever changes the same day again and again keeps no other waiting.
        let after = due.range((Bound::Excluded(*last), Bound::Unbounded)).chain(due.range(..=*last));
        for (day, n_changes) in after.take(N_DAYS) {
            if is_stopped() || !self.write_day(&files, *day, *n_changes, is_stopped)? {
                break;
            }
            *last = *day;
            report.n_written += 1;
        }
        Ok((report, foreign.first().map(|day| files.path(*day))))
    }

    /// How the files stand to the log; changes nothing.
    pub(crate) fn decision_files_standing(&self) -> Result<Standing, StorageError> {
        let files = DecisionFiles::new(self.directory.decisions());
        let found = files.list()?;
        let mut days = self.decision_days()?;
        if let Some(day) = files.foreign(&found, &days)?.first() {
            return Err(StorageError::NotOurs { path: files.path(*day) });
        }
        let n_strange = found.keys().filter(|day| !days.contains_key(day)).count();
        days.retain(|_, known| known.n_written > 0);
        let n_files = days.iter().filter(|(day, known)| known.is_said_by(found.get(day))).count();
        Ok(Standing { n_files, n_behind: days.len() - n_files, n_strange })
    }

    /// The files whose content is not what was written, though their size is.
    pub(crate) fn damaged_decision_files(&self) -> Result<Vec<PathBuf>, StorageError> {
        let files = DecisionFiles::new(self.directory.decisions());
        let mut damaged = Vec::new();
        for (day, known) in self.decision_days()?.into_iter().filter(|(_, known)| known.n_written > 0) {
            let path = files.path(day);
            match fs::read(&path) {
                Ok(content) if xxh3_128(&content) == known.digest => {}
                // One that is just replaced has its new digest noted afterwards: it is another one then.
                Ok(_) if self.decision_days()?.get(&day) != Some(&known) => {}
                Ok(_) => damaged.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(StorageError::file("reading", &path, source)),
            }
        }
        Ok(damaged)
    }

    /// Removes what a crash left of files that were being written.
    pub(crate) fn remove_unfinished_decision_files(&self) -> Result<(), StorageError> {
        DecisionFiles::new(self.directory.decisions()).remove_unfinished()
    }

    /// Writes a day's file beside the old one and puts it in its place; answers whether it was not stopped meanwhile. A
    /// change that comes while it is read may be in it or not: then the day is due again.
    fn write_day(
        &self,
        files: &DecisionFiles,
        day: i64,
        n_changes: u64,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<bool, StorageError> {
        let mut writer = DayWriter::begin(&files.directory)?;
        let (mut place, end) = ((day * DAY_MS, i64::MIN), (day + 1) * DAY_MS);
        loop {
            let page = self.decisions_after(place, end)?;
            if let Some(last) = page.last() {
                place = (last.logged.decided_at.as_millis(), last.seq);
                writer.add(&page)?;
            }
            if page.len() < N_PAGE {
                break;
            }
            if is_stopped() {
                return Ok(false);
            }
        }
        if writer.n_rows() == 0 {
            // Everything of it went: the day ends before its time.
            files.remove(day)?;
            self.note(DayCommand::Dropped { day })?;
            self.note(DayCommand::Ended { day, n_changes })?;
            return Ok(true);
        }
        let (digest, bytes) = writer.finish(&files.path(day))?;
        self.note(DayCommand::Written { day, n_changes, bytes, digest })?;
        Ok(true)
    }

    fn note(&self, command: DayCommand) -> Result<(), StorageError> {
        self.maintain("noting which decisions lie as files", Command::DecisionDay(command)).map(drop)
    }

    fn decision_days(&self) -> Result<BTreeMap<i64, Day>, StorageError> {
        let sql = "SELECT day, n_changes, n_written, bytes, digest FROM decision_days";
        let found = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let days = select.query_map([], |row| {
                let (n_changes, n_written, bytes) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let digest = u128::from_be_bytes(row.get(4)?);
                let day = Day {
                    n_changes: unsigned(n_changes),
                    n_written: unsigned(n_written),
                    bytes: unsigned(bytes),
                    digest,
                };
                Ok((row.get(0)?, day))
            })?;
            days.collect()
        });
        found.map_err(|source| StorageError::Database { attempt: "reading which decisions lie as files", source })
    }

    /// The days whose file is missing or older than the log, each with its changes until now.
    fn due_days(&self, files: &DecisionFiles, now: Timestamp) -> Result<BTreeMap<i64, u64>, StorageError> {
        let (days, found) = (self.decision_days()?, files.list()?);
        let is_due = |(day, known): &(i64, Day)| !known.is_said_by(found.get(day));
        let over = days.range(self.kept_days(now)).map(|(day, known)| (*day, *known));
        Ok(over.filter(is_due).map(|(day, known)| (day, known.n_changes)).collect())
    }

    /// The first day of which the log may still hold something.
    fn first_day(&self, now: Timestamp) -> i64 {
        self.retention.forget_decisions_before(now).day()
    }

    /// The days that are over and of which nothing is old enough to go: a day whose pruning has begun would change every
    /// minute, and nothing is kept longer as a file than it is in the log.
    fn kept_days(&self, now: Timestamp) -> std::ops::Range<i64> {
        let before = self.retention.forget_decisions_before(now);
        let is_whole = before == Timestamp::from_millis(before.day() * DAY_MS);
        let first = if is_whole { before.day() } else { before.day() + 1 };
        // A range that ends before it begins is not one that can be asked for.
        first..now.day().max(first)
    }

    fn decisions_after(&self, place: (i64, i64), end: i64) -> Result<Vec<Row>, StorageError> {
        let sql = format!(
            "{COLUMNS} WHERE (decided_at, seq) > (?1, ?2) AND decided_at < ?3 ORDER BY decided_at, seq LIMIT {N_PAGE}"
        );
        let found = self.readers.with(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let rows = select.query_map(params![place.0, place.1, end], |row| {
                Ok(Row { logged: decision_log::decision(row)?, seq: row.get(6)?, is_forgotten: row.get(7)? })
            })?;
            rows.collect()
        });
        found.map_err(|source| StorageError::Database { attempt: "reading the decisions of a day", source })
    }
}

/// A row of the log, with whether its customer has refused since.
#[derive(Debug)]
struct Row {
    logged: LoggedDecision,
    seq: i64,
    is_forgotten: bool,
}

/// The directory of the files.
#[derive(Debug)]
struct DecisionFiles {
    directory: PathBuf,
}

impl DecisionFiles {
    fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, day: i64) -> PathBuf {
        self.directory.join(format!("date={}", Timestamp::from_millis(day * DAY_MS).date())).join(FILE)
    }

    /// The files by their days, with their sizes.
    fn list(&self) -> Result<BTreeMap<i64, u64>, StorageError> {
        let mut found = BTreeMap::new();
        for directory in self.entries()? {
            let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let date = name.strip_prefix("date=").and_then(|date| Timestamp::parse(date).ok());
            let Some(day) = date.map(Timestamp::day).filter(|day| self.path(*day).parent() == Some(&directory)) else {
                continue;
            };
            match fs::metadata(directory.join(FILE)) {
                Ok(file) => _ = found.insert(day, file.len()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // Somebody's file has the name of a day's directory.
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => _ = found.insert(day, 0),
                Err(source) => return Err(StorageError::file("reading", directory.join(FILE), source)),
            }
        }
        Ok(found)
    }

    /// The days in whose place something stands that this program did not write: nothing of it is written over or removed.
    /// What is only damaged, in a place where a file was written, is ours.
    fn foreign(&self, found: &BTreeMap<i64, u64>, days: &BTreeMap<i64, Day>) -> Result<Vec<i64>, StorageError> {
        let mut foreign = Vec::new();
        for (day, bytes) in found {
            let known = days.get(day);
            if known.is_some_and(|known| known.n_written > 0 && known.bytes == *bytes) {
                continue;
            }
            let is_ours = match whose(&self.path(*day))? {
                Whose::Ours => true,
                Whose::Unreadable => known.is_some_and(|known| known.n_written > 0),
                Whose::Others => false,
            };
            if !is_ours {
                foreign.push(*day);
            }
        }
        Ok(foreign)
    }

    fn remove(&self, day: i64) -> Result<(), StorageError> {
        let path = self.path(day);
        let directory = path.parent().unwrap_or(&self.directory);
        match fs::remove_file(&path).and_then(|()| sync_directory(directory)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StorageError::file("removing", &path, error));
            }
            _ => {}
        }
        // What somebody else has put there keeps the directory.
        let _ = fs::remove_dir(directory);
        Ok(())
    }

    fn remove_unfinished(&self) -> Result<(), StorageError> {
        for path in self.entries()? {
            let is_unfinished = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMP_PREFIX));
            if is_unfinished && path.is_file() {
                fs::remove_file(&path).map_err(|source| StorageError::file("removing", &path, source))?;
            }
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<PathBuf>, StorageError> {
        let failed = |source| StorageError::file("listing", &self.directory, source);
        match fs::read_dir(&self.directory) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Creates the directory of a file with its parents.
fn create_parent(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    create_directory(directory.parent().unwrap_or(directory)).and_then(|()| create_directory(directory))
}
