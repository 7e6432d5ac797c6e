//! What do the tests of the storage share? Directories that disappear, and storages that are opened again.

use events::{EventLog, Offset, Partition, Place, Recorded};
use features::History;
use profiles::{ErasureId, ErasurePlan, ErasureStep, ErasureStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage::contract::{Start, samples};
use storage::{Access, DataDir, Depth, Severity, Storage, StorageError, StorageSettings};

/// A directory for one test.
pub(crate) struct Bench(tempfile::TempDir);

impl Default for Bench {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Bench {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }
}

/// A data directory that is opened empty or again.
#[derive(Default)]
pub(crate) struct Data(Bench);

impl Data {
    pub(crate) fn open(&mut self, start: Start) -> Arc<Storage> {
        if start == Start::Empty {
            self.0 = Bench::default();
        }
        open(&self.0.data())
    }
}

pub(crate) fn open(path: &Path) -> Arc<Storage> {
    open_with(path, StorageSettings::default())
}

pub(crate) fn open_with(path: &Path, settings: StorageSettings) -> Arc<Storage> {
    Storage::open(DataDir::open(path, Access::Exclusive).unwrap(), settings).unwrap()
}

/// Everything in the history and the log.
pub(crate) fn replayed(storage: &Storage) -> Vec<Recorded> {
    let mut seen = Vec::new();
    storage
        .replay(Place::before(Partition::FIRST), &mut |recorded| {
            seen.push(recorded);
            true
        })
        .unwrap();
    assert!(seen.iter().map(|one| one.offset.0).eq(1..=storage.head().0), "offsets without gaps");
    seen
}

/// The numbers of everything that a replay gives, gaps or not.
pub(crate) fn numbers(storage: &Storage) -> Vec<u64> {
    let mut seen = Vec::new();
    storage
        .replay(Place::before(Partition::FIRST), &mut |recorded| {
            seen.push(recorded);
            true
        })
        .unwrap();
    samples::numbers(&seen)
}

pub(crate) fn exclusive(path: &Path) -> DataDir {
    DataDir::open(path, Access::Exclusive).unwrap()
}

/// Opens a data directory that is refused, and answers with the sentence.
pub(crate) fn refused(path: &Path) -> StorageError {
    Storage::open(exclusive(path), StorageSettings::default()).unwrap_err()
}

/// Every file of the history, in the order of its rounds.
pub(crate) fn parts(data: &Path) -> Vec<PathBuf> {
    let days = std::fs::read_dir(data.join("history")).into_iter().flatten().flatten();
    let files = days.flat_map(|day| std::fs::read_dir(day.path()).into_iter().flatten().flatten());
    let mut parts: Vec<PathBuf> = files.map(|entry| entry.path()).collect();
    parts.sort_by_key(|path| (path.file_name().unwrap().to_owned(), path.clone()));
    parts
}

/// What is wrong, in the words of the doctor who reads everything.
pub(crate) fn faults(storage: &Storage) -> Vec<String> {
    let found = storage.check(Depth::Full, &mut |_, _| {});
    found.iter().filter(|finding| finding.severity == Severity::Fault).map(ToString::to_string).collect()
}

/// Copies a data directory as a crash would leave it: the database, then what is in its write-ahead log by then.
pub(crate) fn copy_as_crashed(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["rapport.db", "rapport.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
    copy_tree(&from.join("history"), &to.join("history"));
}

fn copy_tree(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    std::fs::create_dir_all(to).unwrap();
    for entry in entries.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Removes the events at some places for good.
pub(crate) fn erase(storage: &Storage, first: u64, last: u64) {
    let id = ErasureId::new(1);
    let plan = ErasurePlan { customers: Vec::new(), names: Vec::new(), places: (first..=last).map(Offset).collect() };
    storage.begin(&id, plan, samples::START, [7; 32]).unwrap();
    for step in [ErasureStep::Log, ErasureStep::History, ErasureStep::Records, ErasureStep::Files] {
        storage.remove(&id, step, samples::START).unwrap();
    }
    storage.end(&id, samples::START).unwrap();
}
