//! Is what was taken in and broken off the same in the end as what was never broken off?

use super::*;
use crate::contract::samples;
use crate::history_files::Offsets;
use crate::{Access, SealPolicy};
use events::{ImportId, ImportLog, NewImport, Partition, Place, Receipt, Replaced};
use features::History;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn exclusive(path: &Path) -> DataDir {
    DataDir::open(path, Access::Exclusive).unwrap()
}

/// The same ids with other content.
fn others(numbers: impl IntoIterator<Item = u64>) -> Vec<Event> {
    let other = |event: Event| Event { user_id: Some("somebody else".into()), ..event };
    samples::imported(numbers).into_iter().map(other).collect()
}

/// An import of events, of which so many come in the place of others.
fn import(storage: &Storage, n_replaced: u64, events: &[Event]) -> ImportId {
    let new = NewImport { file: "events.ndjson".to_owned(), mapping: None, mapping_sha256: None };
    let id = storage.begin_import(&new, samples::START).unwrap();
    let Replaced { receipts, corrected } = storage.replace_imported(id, events, samples::START).unwrap();
    assert_eq!(corrected.n_withdrawn, n_replaced);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Appended(_))), "{receipts:?}");
    id
}

/// Imports that replace events of others, one that is taken out, and one whose predecessors come back.
fn corrected_life(data: &Path) {
    let storage = Storage::open(exclusive(data), StorageSettings::default()).unwrap();
    import(&storage, 0, &samples::imported(0..8));
    let undone = import(&storage, 2, &others([1, 2]));
    import(&storage, 1, &others([3]));
    storage.undo_import(undone, samples::START).unwrap();
    let wrong = import(&storage, 0, &samples::imported(8..12));
    storage.undo_import(wrong, samples::START).unwrap();
    import(&storage, 1, &others([5, 12]));
    storage.seal(storage.head(), &SealPolicy { n_events_max: 4, ..SealPolicy::everything() }).unwrap();
}

fn copy_history(from: &Path, to: &Path) {
    for day in std::fs::read_dir(from.join("history")).unwrap().flatten() {
        let target = to.join("history").join(day.file_name());
        std::fs::create_dir_all(&target).unwrap();
        for part in std::fs::read_dir(day.path()).unwrap().flatten() {
            std::fs::copy(part.path(), target.join(part.file_name())).unwrap();
        }
    }
}

/// What counts, and what becomes of events that are sent again, as they were and with other content.
fn known(storage: &Storage) -> (Vec<(u64, Event)>, Offsets, Offset, Vec<Receipt>) {
    let mut counting = Vec::new();
    let mut keep = |recorded: Recorded| {
        counting.push((recorded.offset.0, recorded.event));
        true
    };
    storage.replay(Place::before(Partition::FIRST), &mut keep).unwrap();
    let withdrawn = (*storage.withdrawn().unwrap()).clone();
    let corrected_upto = storage.corrected_upto().unwrap();
    let mut receipts = EventLog::append(storage, &samples::imported(0..13)).unwrap();
    receipts.extend(EventLog::append(storage, &others(0..13)).unwrap());
    (counting, withdrawn, corrected_upto, receipts)
}

#[test]
fn what_was_withdrawn_stays_so_wherever_taking_in_is_broken_off() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    corrected_life(&data);
    let expected = known(&Storage::open(exclusive(&data), StorageSettings::default()).unwrap());
    let told_of = |data: &Path, n_messages_max, n_max| {
        let mut n_told = 0;
        let recovered = catch_unwind(AssertUnwindSafe(|| {
            Storage::recover_in_groups(
                exclusive(data),
                StorageSettings::default(),
                samples::START,
                n_messages_max,
                &mut |_| {
                    n_told += 1;
                    assert!(n_told <= n_max, "killed");
                },
            )
        }));
        (n_told, recovered.ok().map(Result::unwrap))
    };
    for n_messages_max in [1, 6] {
        for n_max in 0.. {
            let again = temp.path().join(format!("{n_messages_max}-{n_max}"));
            copy_history(&data, &again);
            let (n_told, whole) = told_of(&again, n_messages_max, n_max);
            let is_whole = whole.is_some();
            drop(whole);
            let (storage, _) =
                Storage::recover(exclusive(&again), StorageSettings::default(), samples::START, &mut |_| {}).unwrap();
            assert_eq!(known(&storage), expected, "{n_messages_max} at a time, broken off after {n_max} of {n_told}");
            if is_whole {
                assert!(n_max > 8, "it was broken off often enough");
                break;
            }
        }
    }
}
