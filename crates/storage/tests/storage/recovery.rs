//! What happens when the database is not there, or is an older copy, or somebody else's?

use crate::directories::{Bench, copy_as_crashed, erase, exclusive, faults, numbers, open, parts, refused, replayed};
use decisions::DecisionLog;
use events::{EventLog, ImportId, ImportLog, Inspected, InspectedStatus, NewImport, Offset, Receipt};
use primitives::ErrorKind;
use profiles::{Change, Collection, ProfileStore};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use storage::contract::samples;
use storage::{Access, DataDir, Rebuild, SealPolicy, SetAside, Storage, StorageError, StorageSettings, TakenIn};

fn append(storage: &Storage, numbers: std::ops::Range<u64>) {
    EventLog::append(storage, &samples::imported(numbers)).unwrap();
}

fn seal(storage: &Storage, upto: u64) {
    let policy = SealPolicy { n_events_max: 10, ..SealPolicy::everything() };
    assert_eq!(storage.seal(Offset(upto), &policy).unwrap().sealed_upto, Offset(upto));
}

fn recover(path: &Path) -> Result<(Arc<Storage>, TakenIn), StorageError> {
    Storage::recover(exclusive(path), StorageSettings::default(), samples::START, &mut |_| {})
}

/// Removes the database as an operator does by mistake.
fn behead(data: &Path) {
    for name in ["rapport.db", "rapport.db-wal", "rapport.db-shm"] {
        let _ = fs::remove_file(data.join(name));
    }
}

/// Thirty events, all but five of them in the history.
fn life(data: &Path) -> Arc<Storage> {
    let storage = open(data);
    append(&storage, 0..30);
    seal(&storage, 25);
    storage
}

#[test]
fn no_offset_of_somebody_erased_is_given_again_when_the_database_is_lost() {
    // Still in the log, and sealed: then the file of the last of them goes.
    for is_sealed in [false, true] {
        let bench = Bench::default();
        let storage = life(&bench.data());
        if is_sealed {
            seal(&storage, 30);
        }
        erase(&storage, 26, 30);
        drop(storage);
        behead(&bench.data());
        let (storage, _) = recover(&bench.data()).unwrap();
        assert_eq!(EventLog::head(&*storage), Offset(30));
        append(&storage, 30..33);
        assert_eq!(EventLog::head(&*storage), Offset(33));
        assert_eq!(faults(&storage), Vec::<String>::new());
        drop(storage);
        let storage = open(&bench.data());
        seal(&storage, 33);
        assert_eq!(numbers(&storage), (0..25).chain(30..33).collect::<Vec<_>>());
    }
}

#[test]
fn without_a_database_nothing_is_begun_and_nothing_removed() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    behead(&bench.data());
    let before = parts(&bench.data());
    for _ in 0..2 {
        let sentence = refused(&bench.data()).to_string();
        assert!(sentence.contains("has no rapport.db") && sentence.contains("(history)"), "{sentence}");
        assert!(sentence.contains("run `rapport rebuild`"), "{sentence}");
    }
    let looked = DataDir::open(bench.data(), Access::ReadOnly).unwrap_err();
    assert!(looked.to_string().contains("run `rapport rebuild`"), "the doctor says the same: {looked}");
    assert_eq!((parts(&bench.data()), bench.data().join("rapport.db").exists()), (before, false));
}

#[test]
fn what_else_of_a_database_is_left_is_named_too() {
    for (file, named) in
        [("models/ab.model", "(models)"), ("rapport.db-wal", "(rapport.db-wal)"), ("set-aside/x", "(set-aside)")]
    {
        let bench = Bench::default();
        let path = bench.data().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "something").unwrap();
        let sentence = refused(&bench.data()).to_string();
        assert!(
            sentence.contains(named) && sentence.contains("restore a backup into an empty directory"),
            "{sentence}"
        );
        assert!(recover(&bench.data()).unwrap_err().to_string().contains("has no rapport.db"));
        assert!(path.exists() && !bench.data().join("rapport.db").exists());
    }
    let bench = Bench::default();
    fs::create_dir_all(bench.data()).unwrap();
    for name in ["rapport.toml", "keys.json", "lock"] {
        fs::write(bench.data().join(name), "").unwrap();
    }
    assert!(open(&bench.data()).is_new(), "what may be there before the first start is no reason to refuse");
    assert!(!open(&bench.data()).is_new());
}

#[test]
fn a_lost_database_is_made_again_from_the_history() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    behead(&bench.data());
    let mut told = Vec::new();
    let (storage, taken_in) =
        Storage::recover(exclusive(&bench.data()), StorageSettings::default(), samples::START, &mut |n| told.push(n))
            .unwrap();
    assert_eq!(taken_in, TakenIn { n_events: 25, is_new: true, sealed_upto: Offset(25), leftovers: Vec::new() });
    assert!(told.is_sorted() && told.last() == Some(&50), "{told:?}");
    assert_eq!(samples::numbers(&replayed(&storage)), (0..25).collect::<Vec<_>>());
    assert_eq!(ProfileStore::offset(&*storage).unwrap(), Offset(0), "everything derived is to be made again");
    let again = |storage: &Storage| EventLog::append(storage, &samples::imported(0..25)).unwrap();
    assert!(again(&storage).iter().all(|receipt| *receipt == Receipt::Duplicate), "message ids are known");
    for day in [4_000, 4_001] {
        assert_eq!(storage.prune(samples::START.plus_days(day)).unwrap(), 0, "for ever");
    }
    assert_eq!(faults(&storage), Vec::<String>::new());
    drop(storage);
    let storage = open(&bench.data());
    assert!(again(&storage).iter().all(|receipt| *receipt == Receipt::Duplicate), "also after a restart");
    append(&storage, 25..28);
    seal(&storage, 28);
    assert_eq!(samples::numbers(&replayed(&storage)), (0..28).collect::<Vec<_>>());
}

#[test]
fn what_a_lost_database_left_beside_it_is_kept() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    behead(&bench.data());
    for name in ["rapport.db-wal", "rapport.db-shm"] {
        fs::write(bench.data().join(name), name).unwrap();
    }
    let (storage, taken_in) = recover(&bench.data()).unwrap();
    assert_eq!(numbers(&storage), (0..25).collect::<Vec<_>>());
    assert_eq!(taken_in.leftovers, storage.set_aside().unwrap());
    assert_eq!((taken_in.leftovers.len(), faults(&storage)), (2, Vec::new()));
    for name in ["rapport.db-wal", "rapport.db-shm"] {
        let kept = bench.data().join("set-aside").join(format!("{name}~{}", samples::START.as_millis()));
        assert_eq!(fs::read_to_string(&kept).unwrap(), name);
        let is_named = |one: &SetAside| one.what.contains(kept.to_str().unwrap()) && one.n_events() == 0;
        assert!(taken_in.leftovers.iter().any(is_named), "{taken_in:?}");
    }
}

#[test]
fn an_older_copy_of_the_database_is_refused_and_takes_in_what_it_lacks() {
    let (bench, old) = (Bench::default(), Bench::default());
    let storage = open(&bench.data());
    append(&storage, 0..18);
    seal(&storage, 10);
    DecisionLog::append(&*storage, samples::decision(1)).unwrap();
    copy_as_crashed(&bench.data(), &old.data());
    append(&storage, 18..40);
    seal(&storage, 30);
    drop(storage);
    behead(&bench.data());
    for name in ["rapport.db", "rapport.db-wal"] {
        fs::copy(old.data().join(name), bench.data().join(name)).unwrap();
    }
    let before = parts(&bench.data());
    let sentence = refused(&bench.data()).to_string();
    assert!(sentence.contains("up to offset 10") && sentence.contains("`rapport rebuild`"), "{sentence}");
    let reader = Storage::open(DataDir::open(bench.data(), Access::ReadOnly).unwrap(), StorageSettings::default());
    let found = faults(&reader.unwrap());
    assert!(found.iter().any(|fault| fault.contains("`rapport rebuild`")), "{found:?}");
    assert_eq!(parts(&bench.data()), before, "nothing is removed");
    let (storage, taken_in) = recover(&bench.data()).unwrap();
    assert_eq!(taken_in, TakenIn { n_events: 20, is_new: false, sealed_upto: Offset(30), leftovers: Vec::new() });
    assert_eq!(samples::numbers(&replayed(&storage)), (0..30).collect::<Vec<_>>());
    assert_eq!(storage.sealed_upto().unwrap(), storage.head(), "what the log had too is there once");
    let again = EventLog::append(&*storage, &samples::imported(0..31)).unwrap();
    let n_new = again.iter().filter(|receipt| **receipt != Receipt::Duplicate).count();
    assert_eq!((n_new, again[30]), (1, Receipt::Appended(Offset(31))));
    assert_eq!(storage.counts().unwrap().0, 1, "its decisions stay");
    let others: Vec<_> = faults(&storage).into_iter().filter(|fault| !fault.starts_with("decisions:")).collect();
    assert_eq!((others, parts(&bench.data())), (Vec::new(), before));
}

#[test]
fn an_older_copy_that_goes_on_where_the_history_ends_keeps_its_log() {
    let (bench, other) = (Bench::default(), Bench::default());
    let storage = open(&bench.data());
    append(&storage, 0..25);
    copy_as_crashed(&bench.data(), &other.data());
    seal(&storage, 20);
    drop(storage);
    fs::rename(bench.data().join("history"), other.data().join("history")).unwrap();
    let (storage, taken_in) = recover(&other.data()).unwrap();
    assert_eq!((taken_in.n_events, taken_in.sealed_upto, storage.head()), (20, Offset(20), Offset(25)));
    assert_eq!(samples::numbers(&replayed(&storage)), (0..25).collect::<Vec<_>>());
    assert_eq!(faults(&storage), Vec::<String>::new());
}

#[test]
fn a_history_that_contradicts_the_log_is_refused_and_nothing_is_changed() {
    let (bench, other) = (Bench::default(), Bench::default());
    let storage = open(&bench.data());
    append(&storage, 100..120);
    drop(storage);
    drop(life(&other.data()));
    fs::rename(other.data().join("history"), bench.data().join("history")).unwrap();
    let before = parts(&bench.data());
    let refused = recover(&bench.data()).unwrap_err();
    assert!(matches!(refused, StorageError::Contradiction { offset: 1, .. }), "{refused}");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(parts(&bench.data()), before);
    fs::rename(bench.data().join("history"), bench.path().join("away")).unwrap();
    assert_eq!(samples::numbers(&replayed(&open(&bench.data()))), (100..120).collect::<Vec<_>>());
}

#[test]
fn a_history_of_two_databases_is_refused() {
    let (bench, other) = (Bench::default(), Bench::default());
    drop(life(&bench.data()));
    let storage = open(&other.data());
    append(&storage, 100..130);
    storage.seal(Offset(25), &SealPolicy::everything()).unwrap();
    drop(storage);
    behead(&bench.data());
    let theirs = parts(&other.data()).remove(0);
    let day = bench.data().join("history").join(theirs.parent().unwrap().file_name().unwrap());
    fs::create_dir_all(&day).unwrap();
    let mixed = day.join(theirs.file_name().unwrap());
    fs::copy(&theirs, &mixed).unwrap();
    let refused = recover(&bench.data()).unwrap_err();
    assert!(matches!(refused, StorageError::Overlap { .. } | StorageError::Gap { .. }), "{refused}");
    assert!(!bench.data().join("rapport.db").exists(), "and no database is begun");
    // The same round, written twice.
    fs::remove_file(mixed).unwrap();
    let whole = parts(&bench.data()).remove(0);
    let name = whole.file_name().unwrap().to_str().unwrap().to_owned();
    fs::copy(&whole, whole.with_file_name(format!("{}.parquet", &name[..46]))).unwrap();
    let refused = recover(&bench.data()).unwrap_err();
    assert!(matches!(refused, StorageError::Overlap { first: 1, .. }), "{refused}");
}

/// Begins an import with these events.
fn import(storage: &Storage, numbers: std::ops::Range<u64>) -> ImportId {
    let new = NewImport { file: "events.ndjson".to_owned(), mapping: None, mapping_sha256: None };
    let import = storage.begin_import(&new, samples::START).unwrap();
    storage.append_imported(import, &samples::imported(numbers)).unwrap();
    import
}

/// The numbers of what counts, and how many corrections are among it.
fn numbers_and_corrections(storage: &Storage) -> (Vec<u64>, usize) {
    let (corrections, numbers): (Vec<u64>, Vec<u64>) = numbers(storage).into_iter().partition(|n| *n == u64::MAX);
    (numbers, corrections.len())
}

#[test]
fn taking_in_goes_on_where_it_was_broken_off() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    // At offset 19 one import is taken out, at offset 22 another.
    append(&storage, 0..10);
    for numbers in [10..18, 18..20] {
        let wrong = import(&storage, numbers);
        assert!(storage.undo_import(wrong, samples::START).unwrap().n_withdrawn > 0);
    }
    append(&storage, 20..28);
    seal(&storage, 25);
    drop(storage);
    behead(&bench.data());
    let last = parts(&bench.data())
        .into_iter()
        .filter(|part| part.to_string_lossy().contains("-00000000000000000025"))
        .collect::<Vec<_>>();
    for part in &last {
        fs::rename(part, bench.path().join(part.file_name().unwrap())).unwrap();
    }
    let (storage, taken_in) = recover(&bench.data()).unwrap();
    assert_eq!((taken_in.sealed_upto, storage.head()), (Offset(20), Offset(20)));
    drop(storage);
    for part in &last {
        fs::rename(bench.path().join(part.file_name().unwrap()), part).unwrap();
    }
    assert!(matches!(refused(&bench.data()), StorageError::Beyond { sealed_upto: 20, .. }));
    let (storage, taken_in) = recover(&bench.data()).unwrap();
    assert_eq!((taken_in.n_events, taken_in.is_new), (5, false));
    assert_eq!(numbers_and_corrections(&storage), ((0..10).chain(20..23).collect(), 2));
    let again = EventLog::append(&*storage, &samples::imported(0..23)).unwrap();
    let is_new = |n: &usize| matches!(again[*n], Receipt::Appended(_));
    assert!((0..23).filter(is_new).eq(10..20), "what was taken out may come in again: {again:?}");
    drop(storage);
    let (_, taken_in) = recover(&bench.data()).unwrap();
    let nothing = TakenIn { n_events: 0, is_new: false, sealed_upto: Offset(25), leftovers: Vec::new() };
    assert_eq!(taken_in, nothing, "where nothing is missing");
}

#[test]
fn a_damaged_history_makes_no_database() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    behead(&bench.data());
    let part = parts(&bench.data()).remove(1);
    let mut content = fs::read(&part).unwrap();
    content[40] ^= 1;
    fs::write(&part, content).unwrap();
    let refused = recover(&bench.data()).unwrap_err();
    assert!(matches!(&refused, StorageError::Damaged { path, .. } if *path == part), "{refused}");
    assert!(!bench.data().join("rapport.db").exists());
    let nothing = recover(&bench.path().join("nothing")).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::NotFound);
}

#[test]
fn state_that_is_rebuilt_counts_when_it_is_adopted_and_not_before() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    let change = |key: &str, value: &str| Change {
        collection: Collection::Item,
        key: key.to_owned(),
        value: Some(value.as_bytes().to_vec()),
    };
    storage.commit(Offset(5), vec![change("old", "1"), change("both", "1")]).unwrap();
    let rebuild = Rebuild::begin(Arc::clone(&storage)).unwrap();
    rebuild.commit(Offset(7), vec![change("new", "2"), change("both", "2")]).unwrap();
    let of = |store: &dyn ProfileStore| {
        let mut rows = Vec::new();
        store
            .scan(Collection::Item, "", &mut |key, value| {
                rows.push(format!("{key}={}", String::from_utf8_lossy(value)));
                true
            })
            .unwrap();
        (store.offset().unwrap().0, rows.join(" "))
    };
    assert_eq!(of(&*storage), (5, "both=1 old=1".to_owned()));
    assert_eq!(of(&rebuild), (7, "both=2 new=2".to_owned()));
    assert_eq!((rebuild.get(Collection::Item, "old").unwrap(), rebuild.count(Collection::Item).unwrap()), (None, 2));
    // Killed now: the old state is in force, and the next rebuild begins with nothing.
    drop((rebuild, storage));
    let storage = open(&bench.data());
    assert_eq!(of(&*storage), (5, "both=1 old=1".to_owned()));
    for n in 0..3 {
        let rebuild = Rebuild::begin(Arc::clone(&storage)).unwrap();
        assert_eq!(of(&rebuild), (0, String::new()));
        rebuild.commit(Offset(8), vec![change("newest", "3")]).unwrap();
        rebuild.adopt().unwrap();
        assert_eq!(of(&*storage), (8, "newest=3".to_owned()), "{n}");
    }
    storage.commit(Offset(9), vec![change("newest", "4"), change("more", "4")]).unwrap();
    drop(storage);
    assert_eq!(of(&*open(&bench.data())), (9, "more=4 newest=4".to_owned()));
}

/// Files of the first version held the record beside the columns, as JSON. They are read for ever, also beside newer ones.
#[test]
fn files_of_the_first_version_are_read_beside_newer_ones() {
    let bench = Bench::default();
    let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/history-v1"));
    for day in std::fs::read_dir(fixture).unwrap().flatten() {
        let target = bench.data().join("history").join(day.file_name());
        std::fs::create_dir_all(&target).unwrap();
        for part in std::fs::read_dir(day.path()).unwrap().flatten() {
            std::fs::copy(part.path(), target.join(part.file_name())).unwrap();
        }
    }
    let (storage, taken_in) = recover(&bench.data()).unwrap();
    assert_eq!((taken_in.n_events, taken_in.sealed_upto), (12, Offset(12)));
    EventLog::append(&*storage, &samples::events(12..20)).unwrap();
    storage.seal(Offset(18), &SealPolicy::everything()).unwrap();
    let sent = [samples::events(0..9), samples::imported(9..12), samples::events(12..20)].concat();
    let seen: Vec<_> = replayed(&storage).into_iter().map(|one| one.event).collect();
    assert_eq!(seen, sent);
    let newest = EventLog::recent(&*storage, InspectedStatus::Accepted, None, 14).unwrap();
    let newest: Vec<_> = newest
        .into_iter()
        .map(|one| match one {
            Inspected::Accepted(recorded) => recorded.event,
            Inspected::Rejected(_) => panic!("nothing was rejected"),
        })
        .collect();
    assert!(newest.iter().eq(sent.iter().rev().take(14)), "through both versions");
    assert!(faults(&storage).is_empty());
}
