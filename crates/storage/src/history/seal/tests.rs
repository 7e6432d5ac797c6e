//! Is a round in one place, wherever sealing is broken off?

use super::*;
use crate::contract::samples;
use crate::{Access, DataDir, StorageSettings};
use events::{EventLog, Partition, Place};
use features::History;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn open(path: &Path) -> Result<Arc<Storage>, StorageError> {
    Storage::open(DataDir::open(path, Access::Exclusive).unwrap(), StorageSettings::default())
}

fn numbers(storage: &Storage) -> Vec<u64> {
    let mut seen = Vec::new();
    storage
        .replay(Place::before(Partition::FIRST), &mut |recorded| {
            seen.push(recorded);
            true
        })
        .unwrap();
    samples::numbers(&seen)
}

/// Every file below the history.
fn files(data: &Path) -> BTreeSet<PathBuf> {
    let days = std::fs::read_dir(data.join("history")).into_iter().flatten().flatten();
    days.flat_map(|day| std::fs::read_dir(day.path()).unwrap().flatten().map(|entry| entry.path())).collect()
}

/// A storage with thirty events, of which the first ten are sealed, and the draft of the next ten.
fn begun(data: &Path) -> (Arc<Storage>, Draft) {
    let storage = open(data).unwrap();
    storage.append(&samples::events(0..30)).unwrap();
    storage.seal(Offset(10), &SealPolicy::everything()).unwrap();
    let policy = SealPolicy { n_events_max: 10, ..SealPolicy::everything() };
    let (last, rows) = read_round(&storage, 10, 30, &policy).unwrap().unwrap();
    let draft = storage.parts.draft(11, last, rows).unwrap();
    (storage, draft)
}

#[test]
fn a_round_is_in_one_place_wherever_sealing_is_broken_off() {
    type Step = fn(&Storage, &Draft);
    let steps: [(&str, Step); 4] = [
        ("drafted", |_, _| {}),
        ("intended", |storage, draft| storage.intend_seal(11, 20, draft).unwrap()),
        ("half named", |storage, draft| {
            storage.intend_seal(11, 20, draft).unwrap();
            let (temp, name) = (&draft.temps()[0], draft.names()[0].to_owned());
            std::fs::rename(temp, storage.directory().history().join(name)).unwrap();
        }),
        ("named", |storage, draft| {
            storage.intend_seal(11, 20, draft).unwrap();
            storage.parts.publish(draft).unwrap();
        }),
    ];
    for (name, step) in steps {
        for is_killed in [true, false] {
            let temp = tempfile::tempdir().unwrap();
            let (storage, draft) = begun(temp.path());
            let before: BTreeSet<_> =
                files(temp.path()).into_iter().filter(|file| !file.to_string_lossy().contains(".tmp-")).collect();
            step(&storage, &draft);
            assert_eq!(numbers(&storage), (0..30).collect::<Vec<_>>(), "{name}: what is not sealed does not count");
            let storage = if is_killed {
                // The files stay as they are.
                std::mem::forget(draft);
                drop(storage);
                let storage = open(temp.path()).unwrap();
                assert_eq!(files(temp.path()), before, "{name}: what was unfinished is taken back, and nothing else");
                storage
            } else {
                drop(draft);
                storage
            };
            let policy = SealPolicy { n_events_max: 7, ..SealPolicy::everything() };
            assert_eq!(storage.seal(Offset(30), &policy).unwrap().n_rounds, 3, "{name}");
            assert!(storage.border().unwrap().intents.is_empty(), "{name}");
            assert_eq!(numbers(&storage), (0..30).collect::<Vec<_>>(), "{name}");
            assert_eq!(storage.sealed_upto().unwrap(), storage.head(), "{name}");
            assert!(before.is_subset(&files(temp.path())), "{name}: what was sealed stays");
        }
    }
}

#[test]
fn an_intent_whose_events_are_not_in_the_log_removes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let (storage, draft) = begun(temp.path());
    storage.intend_seal(11, 20, &draft).unwrap();
    storage.parts.publish(&draft).unwrap();
    let named = files(temp.path());
    drop((storage, draft));
    let rows = rusqlite::Connection::open(temp.path().join("rapport.db")).unwrap();
    rows.execute("DELETE FROM events WHERE offset = 15", []).unwrap();
    drop(rows);
    let refused = open(temp.path()).unwrap_err();
    assert!(matches!(refused, StorageError::Beyond { sealed_upto: 10, .. }), "{refused}");
    assert_eq!(files(temp.path()), named);
}

#[test]
fn a_file_that_cannot_get_its_name_leaves_the_round_in_the_log() {
    let temp = tempfile::tempdir().unwrap();
    let (storage, draft) = begun(temp.path());
    let before = files(temp.path());
    std::fs::remove_file(draft.temps().last().unwrap()).unwrap();
    assert!(storage.seal_round(11, 20, &draft).is_err());
    assert!(storage.border().unwrap().intents.is_empty(), "taken back at once");
    drop(draft);
    assert!(files(temp.path()).is_subset(&before));
    assert_eq!(numbers(&storage), (0..30).collect::<Vec<_>>());
    assert_eq!(storage.seal(Offset(30), &SealPolicy::everything()).unwrap().sealed_upto, Offset(30));
}
