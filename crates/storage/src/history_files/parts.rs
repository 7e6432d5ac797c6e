//! Which files does the history have, and which of them count?

use super::offsets::Offsets;
use super::{SealedRow, write};
use crate::StorageError;
use crate::files::{TEMP_PREFIX, sync_directory};
use primitives::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One file of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The digest of its content, from its name; files of the first version have none.
    pub(crate) digest: Option<u128>,
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

/// The files of a round, whole and durable, before they have their names. Dropping it removes what got none.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The temporary name, and the name to be, below the history's directory.
    files: Vec<(PathBuf, String)>,
    pub(crate) bytes: u64,
}

impl Draft {
    /// The names to be, below the history's directory.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.files.iter().map(|(_, name)| name.as_str()).collect()
    }
}

#[cfg(test)]
impl Draft {
    /// The temporary names.
    pub(crate) fn temps(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(temp, _)| temp.clone()).collect()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for (temp, _) in &self.files {
            // Most have their names by now; the next start removes what this could not.
            let _ = fs::remove_file(temp);
        }
    }
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
            let name = path.file_name().and_then(|name| PartName::parse(&name.to_string_lossy()));
            let Some(PartName { first, last, digest }) = name else { continue };
            match fs::metadata(&path) {
                Ok(found) => parts.push(Part { first, last, digest, date, path, bytes: found.len() }),
                // A sealing that failed meanwhile has taken its file back.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(StorageError::file("reading", &path, source)),
            }
        }
        parts.sort_by(|a, b| (a.first, a.last, &a.date).cmp(&(b.first, b.last, &b.date)));
        Ok(parts)
    }

    /// The rounds after an offset up to another, in order, without gaps but for what is known to be missing.
    pub(crate) fn rounds(&self, after: u64, upto: u64, missing: &Offsets) -> Result<Vec<Round>, StorageError> {
        let mut rounds: Vec<Round> = Vec::new();
        for part in self.list()?.into_iter().filter(|part| part.last > after && part.last <= upto) {
            match rounds.last_mut() {
                Some(round) if (round.first, round.last) == (part.first, part.last) => round.parts.push(part),
                _ => rounds.push(Round { first: part.first, last: part.last, parts: vec![part] }),
            }
        }
        let gap = |first, last| StorageError::Gap { path: self.directory.clone(), first, last };
        let mut covered = after;
        for round in &rounds {
            if round.first <= covered {
                return Err(StorageError::Overlap { path: self.directory.clone(), first: round.first });
            }
            if !missing.covers(covered + 1, round.first - 1) {
                return Err(gap(covered + 1, round.first - 1));
            }
            covered = round.last;
        }
        if missing.covers(covered + 1, upto) { Ok(rounds) } else { Err(gap(covered + 1, upto)) }
    }

    /// Writes the files of a round, one for each day, durable on return and without their names.
    pub(crate) fn draft(&self, first: u64, last: u64, rows: Vec<SealedRow>) -> Result<Draft, StorageError> {
        let mut days: BTreeMap<i64, Vec<SealedRow>> = BTreeMap::new();
        for row in rows {
            days.entry(Timestamp::from_millis(row.received_at).day()).or_default().push(row);
        }
        let mut draft = Draft { files: Vec::new(), bytes: 0 };
        for rows in days.into_values() {
            let date = rows.first().map(|row| Timestamp::from_millis(row.received_at).date()).unwrap_or_default();
            let day = format!("date={date}");
            let written = write::rows(&self.directory.join(&day), &rows)?;
            let name = PartName { first, last, digest: Some(written.digest) };
            draft.files.push((written.temp, format!("{day}/{}", name.text())));
            draft.bytes += written.bytes;
        }
        Ok(draft)
    }

    /// Gives a round's files their names, durably.
    pub(crate) fn publish(&self, draft: &Draft) -> Result<(), StorageError> {
        for (temp, name) in &draft.files {
            let path = self.directory.join(name);
            let named = fs::rename(temp, &path).and_then(|()| path.parent().map_or(Ok(()), sync_directory));
            named.map_err(|source| StorageError::file("writing", &path, source))?;
        }
        Ok(())
    }

    /// Puts other rows in the place of those of a file; without rows there is none afterwards.
    pub(crate) fn replace(&self, part: &Part, rows: Vec<SealedRow>) -> Result<(), StorageError> {
        let draft = self.draft(part.first, part.last, rows)?;
        self.publish(&draft)?;
        let old = self.name_of(&part.path);
        if draft.names().contains(&old.as_str()) {
            return Ok(());
        }
        self.take_back(&BTreeSet::from([old]))?;
        // A day of which nothing is left needs no directory; where something is, this fails.
        let _ = part.path.parent().map(fs::remove_dir);
        Ok(())
    }

    /// Takes back files that were about to be sealed. Only for names that an intent of sealing says.
    pub(crate) fn take_back(&self, names: &BTreeSet<String>) -> Result<(), StorageError> {
        for name in names {
            let path = self.directory.join(name);
            match fs::remove_file(&path).and_then(|()| path.parent().map_or(Ok(()), sync_directory)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StorageError::file("removing", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes files of ours that never got their names.
    pub(crate) fn remove_nameless(&self) -> Result<(), StorageError> {
        for (_, path) in self.files()? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if is_nameless(&name) {
                fs::remove_file(&path).map_err(|source| StorageError::file("removing", &path, source))?;
            }
        }
        Ok(())
    }

    /// A file's name below the history's directory.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.directory).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Every file with its date.
    fn files(&self) -> Result<Vec<(String, PathBuf)>, StorageError> {
        let mut files = Vec::new();
        for directory in entries(&self.directory)? {
            let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if let Some(date) = name.strip_prefix("date=") {
                files.extend(entries(&directory)?.into_iter().map(|path| (date.to_owned(), path)));
            }
        }
        Ok(files)
    }
}

impl Round {
    /// That rows of it are missing.
    pub(super) fn incomplete(&self) -> StorageError {
        let directory =
            self.parts.first().and_then(|part| part.path.parent()?.parent()).unwrap_or(Path::new("history"));
        StorageError::Gap { path: directory.to_owned(), first: self.first, last: self.last }
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

/// What a file's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PartName {
    first: u64,
    last: u64,
    digest: Option<u128>,
}

impl PartName {
    /// `None` where it is not a finished file of ours.
    fn parse(name: &str) -> Option<Self> {
        let mut fields = name.strip_prefix("part-")?.strip_suffix(".parquet")?.split('-');
        let (first, last) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let digest = match fields.next() {
            Some(hex) if hex.len() == 32 => Some(u128::from_str_radix(hex, 16).ok()?),
            Some(_) => return None,
            None => None,
        };
        (fields.next().is_none() && first <= last).then_some(Self { first, last, digest })
    }

    fn text(&self) -> String {
        let digest = self.digest.map(|digest| format!("-{digest:032x}")).unwrap_or_default();
        format!("part-{:020}-{:020}{digest}.parquet", self.first, self.last)
    }
}

/// Whether a name is one that a file of ours has before it is finished.
fn is_nameless(name: &str) -> bool {
    let fields = name.strip_prefix(TEMP_PREFIX).and_then(|rest| {
        let (process, rest) = rest.split_once('-')?;
        let (n, rest) = rest.split_once('-')?;
        Some((process, n, rest))
    });
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    fields.is_some_and(|(process, n, rest)| {
        is_number(process) && is_number(n) && rest.starts_with("part") && rest.ends_with(".parquet")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_files_of_ours_have_a_range() {
        let part = |first, last, digest| Some(PartName { first, last, digest });
        for (name, expected) in [
            ("part-00000000000000000001-00000000000000000200.parquet", part(1, 200, None)),
            ("part-5-9.parquet", part(5, 9, None)),
            ("part-5-9-000000000000000000000000000000ff.parquet", part(5, 9, Some(255))),
            ("part-5-9-ff.parquet", None),
            ("part-5-9-zz0000000000000000000000000000ff.parquet", None),
            ("part-5-9-000000000000000000000000000000ff-1.parquet", None),
            (".tmp-1-0-part-5-9.parquet", None),
            ("part-5.parquet", None),
            ("part-9-5.parquet", None),
            ("part-a-b.parquet", None),
            ("other.parquet", None),
        ] {
            assert_eq!(PartName::parse(name), expected, "{name}");
        }
        for name in
            [PartName { first: 1, last: 2, digest: None }, PartName { first: 3, last: 44, digest: Some(7 << 90) }]
        {
            assert_eq!(PartName::parse(&name.text()), Some(name));
        }
    }

    #[test]
    fn only_unfinished_files_of_ours_are_nameless() {
        for (name, expected) in [
            (".tmp-12-0-part.parquet", true),
            (".tmp-1-7-part-5-9.parquet", true),
            (".tmp-1-7-notes.parquet", false),
            (".tmp-1-7-part.csv", false),
            (".tmp-a-7-part.parquet", false),
            (".tmp-1--part.parquet", false),
            (".tmp-part.parquet", false),
            ("part-5-9.parquet", false),
        ] {
            assert_eq!(is_nameless(name), expected, "{name}");
        }
    }
}
