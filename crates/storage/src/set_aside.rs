//! What can no longer be read, and how does the rest go on without it? Set aside, with a record of what it was.
//!
//! ```text
//! DATA/set-aside/<name>        the bytes that could not be read, as they were
//! DATA/set-aside/<name>.json   what it was, which offsets it held, why, and when it was set aside
//! ```
//!
//! The records are the truth: what they name, every replay, rebuild and sealing leaves out, and nothing else. They are
//! files, so that they outlive the database.

use crate::erased::Erased;
use crate::event_log::rows_after;
use crate::files::{create_directory, sync_directory, write_durably};
use crate::history_files::{Offsets, Part, PartFiles, RoundRows};
use crate::schema::{PATIENCE, meta, open_reader};
use crate::{DataDir, Storage, StorageError};
use events::Event;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// The version of a record.
const VERSION: u8 = 1;

/// Something that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    v: u8,
    /// What it was: an event of the log, a file of the history, a part of the history that is not there, or what a lost
    /// database left.
    pub what: String,
    /// Which offsets went with it: first and last of each range.
    pub offsets: Vec<(u64, u64)>,
    /// Why it could not be read.
    pub why: String,
    /// When it was set aside.
    pub set_aside_at: Timestamp,
}

impl SetAside {
    /// How many events went with it.
    #[must_use]
    pub fn n_events(&self) -> u64 {
        self.offsets.iter().map(|(first, last)| last - first + 1).sum()
    }
}

impl DataDir {
    /// The offsets whose events are not in the log or the history: they were set aside, or erased.
    pub(crate) fn missing(&self) -> Result<Offsets, StorageError> {
        Ok(self.offsets_set_aside()?.and(&Erased::read(self)?.offsets))
    }

    pub(crate) fn offsets_set_aside(&self) -> Result<Offsets, StorageError> {
        Ok(Offsets::of(records(&self.set_aside())?.into_iter().flat_map(|one| one.offsets)))
    }
}

impl Storage {
    /// Everything that was set aside, by the names of the records.
    ///
    /// # Errors
    /// [`StorageError::SetAsideRecord`], [`StorageError::File`].
    pub fn set_aside(&self) -> Result<Vec<SetAside>, StorageError> {
        records(&self.directory.set_aside())
    }

    /// How many events were set aside.
    ///
    /// # Errors
    /// As [`set_aside`](Self::set_aside).
    pub fn n_set_aside(&self) -> Result<u64, StorageError> {
        Ok(self.set_aside()?.iter().map(SetAside::n_events).sum())
    }
}

/// Sets aside what cannot be read: an event of the log by its offset (`120`), a file of the history by its path, or what
/// is missing of a range (`101-200`). The directory must be open for writing; the database may be missing.
///
/// # Errors
/// [`StorageError::NotSetAside`] where it can be read or is not there, [`StorageError::File`].
pub fn set_aside(directory: &DataDir, what: &str, now: Timestamp) -> Result<SetAside, StorageError> {
    let place = directory.set_aside();
    create_directory(&place).map_err(|source| StorageError::file("creating", &place, source))?;
    if let Ok(offset) = what.parse::<u64>() {
        return event(directory, offset, now);
    }
    let range = what.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    match range {
        Some((first, last)) => gap(directory, first, last, now),
        None => part(directory, Path::new(what), now),
    }
}

/// An event that is still in the log. Its row stays where it is until it is sealed over.
fn event(directory: &DataDir, offset: u64, now: Timestamp) -> Result<SetAside, StorageError> {
    let what = format!("the event at offset {offset}");
    let refused = |why: &str| StorageError::NotSetAside { what: what.clone(), why: why.to_owned() };
    let failed = |source| StorageError::Database { attempt: "reading the log", source };
    if !directory.database().is_file() {
        return Err(refused("there is no database, and so no log: `rapport doctor` says what to do"));
    }
    let connection = open_reader(&directory.database(), PATIENCE).map_err(failed)?;
    let found = meta(&connection, "sealed_upto")
        .and_then(|sealed_upto| Ok((sealed_upto, rows_after(&connection, offset.saturating_sub(1), 1)?)));
    let (sealed_upto, rows) = found.map_err(|error| failed(error.into()))?;
    let row = rows.into_iter().find(|(found, _)| *found == offset && offset > sealed_upto);
    let Some((_, record)) = row else {
        return Err(refused("it is not in the log: `rapport doctor` names what can be set aside"));
    };
    let Err(error) = Event::from_record(&record) else { return Err(refused("it can be read")) };
    let record_of =
        SetAside { v: VERSION, what, offsets: vec![(offset, offset)], why: error.to_string(), set_aside_at: now };
    let name = format!("event-{offset}");
    let kept = directory.set_aside().join(&name);
    write_durably(&kept, &record).map_err(|source| StorageError::file("writing", &kept, source))?;
    keep(directory, &name, record_of)
}

/// A file of the history. Which events it held is what the other files of its round do not hold.
fn part(directory: &DataDir, path: &Path, now: Timestamp) -> Result<SetAside, StorageError> {
    let what = path.display().to_string();
    let refused = |why: &str| StorageError::NotSetAside { what: what.clone(), why: why.to_owned() };
    let parts = PartFiles::new(directory.history()).list()?;
    let candidates = [path.to_owned(), directory.path().join(path)];
    let is_it = |part: &&Part| {
        candidates.iter().any(|candidate| {
            candidate == &part.path || fs::canonicalize(candidate).ok() == fs::canonicalize(&part.path).ok()
        })
    };
    let Some(part) = parts.iter().find(is_it) else {
        return Err(refused("it is no file of the history: `rapport doctor` names what can be set aside"));
    };
    let Err(error) = read_all(part) else { return Err(refused("it can be read")) };
    let mut held = Vec::new();
    for other in parts.iter().filter(|other| (other.first, other.last) == (part.first, part.last) && *other != part) {
        // Another damaged one: what it held is nowhere either.
        held.extend(readable(other));
    }
    // Who was erased is nowhere for another reason.
    let gone = Offsets::of(held).and(&Erased::read(directory)?.offsets);
    let offsets = gone.missing_within(part.first, part.last).ranges().to_vec();
    let name = format!("date={}~{}", part.date, part.path.file_name().unwrap_or_default().to_string_lossy());
    // What to do about it is done: only what was wrong is kept.
    let why = match error {
        StorageError::Damaged { why, .. } => why,
        other => other.to_string(),
    };
    let record = SetAside { v: VERSION, what, offsets, why, set_aside_at: now };
    move_away(directory, &part.path, &name, record)
}

/// What SQLite keeps beside a database: an index of its newest transactions, and these.
const BESIDE_DATABASE: [&str; 2] = ["db-shm", "db-wal"];

/// What a lost database left beside it. A new one would make it its own or remove it, and whoever finds the lost one again
/// needs it.
pub(crate) fn leftovers(directory: &DataDir, now: Timestamp) -> Result<Vec<SetAside>, StorageError> {
    let mut moved = Vec::new();
    for extension in BESIDE_DATABASE {
        let path = directory.database().with_extension(extension);
        if !path.exists() {
            continue;
        }
        let place = directory.set_aside();
        create_directory(&place).map_err(|source| StorageError::file("creating", &place, source))?;
        let name = format!("rapport.{extension}~{}", now.as_millis());
        let what = format!("rapport.{extension} of a lost database, as {}", place.join(&name).display());
        let why = "its rapport.db was not there".to_owned();
        let record = SetAside { v: VERSION, what, offsets: Vec::new(), why, set_aside_at: now };
        moved.push(move_away(directory, &path, &name, record)?);
    }
    Ok(moved)
}

/// The record first: a file that it names and that is still there is only read once more.
fn move_away(directory: &DataDir, from: &Path, name: &str, record: SetAside) -> Result<SetAside, StorageError> {
    let record = keep(directory, name, record)?;
    fs::rename(from, directory.set_aside().join(name))
        .and_then(|()| from.parent().map_or(Ok(()), sync_directory))
        .and_then(|()| sync_directory(&directory.set_aside()))
        .map_err(|source| StorageError::file("moving", from, source))?;
    Ok(record)
}

/// What is missing of a sealed range.
fn gap(directory: &DataDir, first: u64, last: u64, now: Timestamp) -> Result<SetAside, StorageError> {
    let what = format!("what is missing of offsets {first} to {last}");
    let refused = |why: &str| StorageError::NotSetAside { what: what.clone(), why: why.to_owned() };
    let parts = PartFiles::new(directory.history()).list()?;
    let sealed_upto = match directory.database().is_file() {
        true => open_reader(&directory.database(), PATIENCE)
            .and_then(|connection| Ok(meta(&connection, "sealed_upto")?))
            .map_err(|source| StorageError::Database { attempt: "reading the log's border", source })?,
        false => parts.iter().map(|part| part.last).max().unwrap_or(0),
    };
    if first == 0 || first > last || last > sealed_upto {
        return Err(refused(&format!("the history holds offsets 1 to {sealed_upto}: name a range of these")));
    }
    let mut held = Vec::new();
    for part in parts.iter().filter(|part| part.last >= first && part.first <= last) {
        read_all(part)?;
        held.extend(readable(part));
    }
    let offsets = Offsets::of(held).missing_within(first, last).ranges().to_vec();
    if offsets.is_empty() {
        return Err(refused("nothing is missing"));
    }
    let why = "it is not there".to_owned();
    keep(directory, &format!("offsets-{first}-{last}"), SetAside { v: VERSION, what, offsets, why, set_aside_at: now })
}

/// Reads a file and every event in it.
pub(crate) fn read_all(part: &Part) -> Result<u64, StorageError> {
    let rows = RoundRows::read(std::slice::from_ref(part), 0)?;
    rows.visit(&mut |offset, open| match open() {
        Ok(_) => Ok(()),
        Err(error) => {
            let why = format!("the event at offset {offset}: {error}");
            Err(StorageError::Damaged { path: part.path.clone(), why })
        }
    })?;
    Ok(rows.len() as u64)
}

/// The ranges of a file that can be read.
fn readable(part: &Part) -> Vec<(u64, u64)> {
    match RoundRows::read(std::slice::from_ref(part), 0) {
        Ok(rows) if read_all(part).is_ok() => rows.offsets().ranges().to_vec(),
        _ => Vec::new(),
    }
}

fn keep(directory: &DataDir, name: &str, record: SetAside) -> Result<SetAside, StorageError> {
    let path = directory.set_aside().join(format!("{name}.json"));
    let content = serde_json::to_vec_pretty(&record).map_err(io::Error::from);
    content
        .and_then(|content| write_durably(&path, &content))
        .map_err(|source| StorageError::file("writing", &path, source))?;
    Ok(record)
}

/// Every record, by name.
fn records(place: &Path) -> Result<Vec<SetAside>, StorageError> {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StorageError::file("listing", place, source)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| StorageError::file("listing", place, source))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let content = fs::read(path).map_err(|source| StorageError::file("reading", path, source))?;
        match serde_json::from_slice::<SetAside>(&content) {
            Ok(found) if found.v > VERSION => {
                Err(StorageError::Newer { path: path.clone(), found: found.v.into(), supported: VERSION.into() })
            }
            Ok(found) if found.offsets.iter().all(|(first, last)| first <= last) => Ok(found),
            Ok(_) => {
                Err(StorageError::SetAsideRecord { path: path.clone(), why: "its ranges are turned round".to_owned() })
            }
            Err(error) => Err(StorageError::SetAsideRecord { path: path.clone(), why: error.to_string() }),
        }
    };
    paths.iter().map(read).collect()
}
