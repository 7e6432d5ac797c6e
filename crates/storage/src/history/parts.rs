//! Which files does the history have, and which of them count?

use super::read::RoundRows;
use super::{SealedRow, read, write};
use crate::StorageError;
use crate::event_log::Row;
use crate::files::TEMP_PREFIX;
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One file of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) date: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// The files of one closed range of offsets.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) parts: Vec<Part>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) n_files: u64,
    pub(crate) bytes: u64,
}

/// The history's directory.
#[derive(Debug)]
pub(crate) struct PartFiles {
    directory: PathBuf,
}

impl PartFiles {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Every finished file, by its range and date.
    pub(crate) fn list(&self) -> Result<Vec<Part>, StorageError> {
        let mut parts = Vec::new();
        for (date, path) in self.files()? {
            if let Some((first, last)) = path.file_name().and_then(|name| range_of(&name.to_string_lossy())) {
                let bytes = fs::metadata(&path).map_err(|source| StorageError::file("reading", &path, source))?.len();
                parts.push(Part { first, last, date, path, bytes });
            }
        }
        parts.sort_by(|a, b| (a.first, a.last, &a.date).cmp(&(b.first, b.last, &b.date)));
        Ok(parts)
    }

    /// The rounds up to `sealed_upto`, in order, without gaps from the first event on.
    pub(crate) fn rounds(&self, sealed_upto: u64) -> Result<Vec<Round>, StorageError> {
        let mut rounds: Vec<Round> = Vec::new();
        for part in self.list()?.into_iter().filter(|part| part.last <= sealed_upto) {
            match rounds.last_mut() {
                Some(round) if (round.first, round.last) == (part.first, part.last) => round.parts.push(part),
                _ => rounds.push(Round { first: part.first, last: part.last, parts: vec![part] }),
            }
        }
        let mut covered = 0;
        for round in &rounds {
            if round.first != covered + 1 {
                return Err(self.gap(covered + 1, (round.first - 1).max(covered + 1)));
            }
            covered = round.last;
        }
        if covered == sealed_upto { Ok(rounds) } else { Err(self.gap(covered + 1, sealed_upto)) }
    }

    /// The newest rows with a title, newest first.
    pub(crate) fn newest(&self, sealed_upto: u64, title: Option<&str>, n_max: usize) -> Result<Vec<Row>, StorageError> {
        if sealed_upto == 0 || n_max == 0 {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for round in self.rounds(sealed_upto)?.iter().rev() {
            rows.extend(read::newest(round, title, n_max - rows.len())?);
            if rows.len() >= n_max {
                break;
            }
        }
        Ok(rows)
    }

    /// Writes one round: a file for each day, durable on return.
    pub(crate) fn write(&self, rows: Vec<SealedRow>) -> Result<Written, StorageError> {
        let (Some(first), Some(last)) = (rows.first().map(|row| row.offset), rows.last().map(|row| row.offset)) else {
            return Ok(Written::default());
        };
        let mut days: BTreeMap<i64, Vec<SealedRow>> = BTreeMap::new();
        for row in rows {
            days.entry(Timestamp::from_millis(row.received_at).day()).or_default().push(row);
        }
        let mut written = Written::default();
        for rows in days.into_values() {
            let date = rows.first().map(|row| Timestamp::from_millis(row.received_at).date()).unwrap_or_default();
            let path = self.directory.join(format!("date={date}")).join(format!("part-{first:020}-{last:020}.parquet"));
            written.bytes += write::part(&path, &rows)?;
            written.n_files += 1;
        }
        Ok(written)
    }

    /// Removes files that an interrupted sealing left: beyond the border, or half written.
    pub(crate) fn remove_unfinished(&self, sealed_upto: u64) -> Result<(), StorageError> {
        for (_, path) in self.files()? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_beyond = range_of(&name).is_some_and(|(_, last)| last > sealed_upto);
            if is_beyond || name.starts_with(TEMP_PREFIX) {
                fs::remove_file(&path).map_err(|source| StorageError::file("removing", &path, source))?;
            }
        }
        Ok(())
    }

    fn gap(&self, first: u64, last: u64) -> StorageError {
        StorageError::Gap { path: self.directory.clone(), first, last }
    }

    /// Every file with its date.
    fn files(&self) -> Result<Vec<(String, PathBuf)>, StorageError> {
        let mut files = Vec::new();
        for directory in entries(&self.directory)? {
            let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if let Some(date) = name.strip_prefix("date=").filter(|_| directory.is_dir()) {
                files.extend(entries(&directory)?.into_iter().map(|path| (date.to_owned(), path)));
            }
        }
        Ok(files)
    }
}

impl Round {
    /// The round's rows after an offset, in order.
    pub(crate) fn read(&self, after: u64) -> Result<RoundRows, StorageError> {
        let rows = RoundRows::read(&self.parts, after)?;
        let n_expected = self.last - self.first.max(after + 1) + 1;
        if rows.len() as u64 == n_expected {
            return Ok(rows);
        }
        let directory =
            self.parts.first().and_then(|part| part.path.parent()?.parent()).unwrap_or(Path::new("history"));
        Err(StorageError::Gap { path: directory.to_owned(), first: self.first, last: self.last })
    }

    /// How many rows its files say they have.
    pub(crate) fn n_rows(&self) -> Result<u64, StorageError> {
        self.parts.iter().map(|part| read::n_rows(&part.path)).sum()
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let failed = |source| StorageError::file("listing", directory, source);
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

/// The offsets in a file's name; `None` where it is not a finished file of ours.
fn range_of(name: &str) -> Option<(u64, u64)> {
    let (first, last) = name.strip_prefix("part-")?.strip_suffix(".parquet")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_files_of_ours_have_a_range() {
        for (name, range) in [
            ("part-00000000000000000001-00000000000000000200.parquet", Some((1, 200))),
            ("part-5-9.parquet", Some((5, 9))),
            (".tmp-1-0-part-5-9.parquet", None),
            ("part-5.parquet", None),
            ("part-a-b.parquet", None),
            ("other.parquet", None),
        ] {
            assert_eq!(range_of(name), range, "{name}");
        }
    }
}
