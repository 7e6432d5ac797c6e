//! Is everything that was acknowledged there once after a crash?

use crate::directories::{Bench, copy_as_crashed, open, open_with, replayed};
use events::{EventLog, Offset, Place, Receipt};
use profiles::{Change, Collection, ProfileStore};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use storage::contract::samples;
use storage::{Depth, SealPolicy, Severity, Storage, StorageSettings};

/// Set in the child that is to be killed: its data directory.
const CHILD: &str = "STORAGE_TEST_CHILD";
/// In how many slices a checkpoint is stored.
const N_SLICES: u64 = 4;

/// A checkpoint in slices: a crash may come between any two of them.
fn store(storage: &Storage, offset: Offset) {
    let change = |n: u64| Change {
        collection: Collection::Totals,
        key: format!("seen-{n}"),
        value: Some(offset.0.to_string().into_bytes()),
    };
    let mut slices = (0..N_SLICES).map(|slice| vec![change(2 * slice), change(2 * slice + 1)]);
    storage.checkpoint(&[Place::first(offset)], &mut || Ok(slices.next().unwrap_or_default())).unwrap();
}

/// The stored state is of one checkpoint and belongs to its offset, which is not ahead of the log.
fn assert_state_is_consistent(storage: &Storage) {
    let offset = ProfileStore::offset(storage).unwrap();
    for n in 0..2 * N_SLICES {
        let value = ProfileStore::get(storage, Collection::Totals, &format!("seen-{n}")).unwrap();
        assert_eq!(value.map_or(0, |value| String::from_utf8(value).unwrap().parse::<u64>().unwrap()), offset.0);
    }
    assert!(offset <= storage.head());
}

fn assert_healthy(storage: &Storage) {
    let bad: Vec<_> = storage
        .check(Depth::Full, &mut |_, _| {})
        .into_iter()
        .filter(|finding| finding.severity == Severity::Fault)
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
}

/// Every acknowledged number is there once, and nothing that was not sent.
fn assert_there_once(storage: &Storage, acknowledged: &BTreeSet<u64>) {
    let found = samples::numbers(&replayed(storage));
    let distinct: BTreeSet<u64> = found.iter().copied().collect();
    assert_eq!(distinct.len(), found.len(), "no event twice");
    let missing: Vec<_> = acknowledged.difference(&distinct).collect();
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
    assert!(!distinct.contains(&u64::MAX));
}

#[test]
fn a_copy_taken_at_any_moment_has_all_that_was_acknowledged_before() {
    let bench = Bench::default();
    // Without checkpoints the database file does not change, so that two copies one after the other are one moment.
    let settings = StorageSettings { n_checkpoint_pages: u64::MAX, ..StorageSettings::default() };
    let storage = open_with(&bench.data(), settings);
    let acknowledged = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for thread in 0..3_u64 {
            let (storage, acknowledged) = (&storage, &acknowledged);
            scope.spawn(move || {
                for call in 0..40 {
                    let numbers = (0..5).map(|n| thread * 1_000 + call * 5 + n);
                    let receipts = EventLog::append(&**storage, &samples::events(numbers.clone())).unwrap();
                    acknowledged.lock().unwrap().extend(numbers);
                    if let (0, Some(Receipt::Appended(offset))) = (thread, receipts.last()) {
                        store(storage, *offset);
                    }
                }
            });
        }
        for copy in 0..6 {
            let before = acknowledged.lock().unwrap().clone();
            let target = bench.path().join(format!("copy-{copy}"));
            copy_as_crashed(&bench.data(), &target);
            let recovered = open(&target);
            assert_there_once(&recovered, &before);
            assert_state_is_consistent(&recovered);
            let again = EventLog::append(&*recovered, &samples::events(before.iter().copied())).unwrap();
            assert!(again.iter().all(|receipt| *receipt == Receipt::Duplicate), "what was acknowledged is known");
            assert_healthy(&recovered);
        }
    });
    assert_eq!(replayed(&storage).len(), 600);
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    for (round, n_lines) in [3, 40, 150].into_iter().enumerate() {
        let bench = Bench::default();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::the_child_that_is_killed", "--nocapture"])
            .env(CHILD, bench.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = BTreeSet::new();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut n_acknowledged = 0;
        for line in lines {
            // The last line may be cut.
            let Ok(line) = line else { break };
            let Some(first) = line.strip_prefix("acknowledged ").and_then(|rest| rest.strip_suffix(" .")) else {
                continue;
            };
            acknowledged.extend((0..10).map(|n| first.parse::<u64>().unwrap() + n));
            n_acknowledged += 1;
            if n_acknowledged == n_lines {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(n_acknowledged >= n_lines, "round {round}: the child wrote {n_acknowledged} lines");
        let storage = open(&bench.data());
        assert_there_once(&storage, &acknowledged);
        assert_state_is_consistent(&storage);
        assert_healthy(&storage);
        let receipts = EventLog::append(&*storage, &samples::events([u64::MAX - 1])).unwrap();
        assert_eq!(receipts, [Receipt::Appended(storage.head())], "it goes on");
    }
}

/// Appends, checkpoints and seals for ever where it is started as a child; does nothing as a test.
#[test]
fn the_child_that_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let settings = StorageSettings { n_checkpoint_pages: 20, ..StorageSettings::default() };
    let storage = open_with(Path::new(&path), settings);
    let policy = SealPolicy { n_events_max: 40, n_events_min: 60, n_events_kept: 20, ..SealPolicy::default() };
    std::thread::scope(|scope| {
        for thread in 0..3_u64 {
            let storage = &storage;
            scope.spawn(move || {
                for call in 0..100_000 {
                    let first = thread * 10_000_000 + call * 10;
                    let sent = samples::events(first..first + 10);
                    let receipts = EventLog::append(&**storage, &sent).unwrap();
                    writeln!(std::io::stdout().lock(), "\nacknowledged {first} .").unwrap();
                    if let (0, Some(Receipt::Appended(offset))) = (thread, receipts.last()) {
                        store(storage, *offset);
                        storage.seal(*offset, &policy).unwrap();
                    }
                }
            });
        }
    });
}

#[test]
fn rows_that_a_crash_left_in_the_log_after_sealing_are_seen_once() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    EventLog::append(&*storage, &samples::events(0..12)).unwrap();
    copy_as_crashed(&bench.data(), &bench.path().join("crashed"));
    storage.seal(Offset(12), &SealPolicy::everything()).unwrap();
    drop(storage);
    // The border moved and the rows are still there: the database of before, with the files and the border of after.
    let crashed = bench.path().join("crashed");
    copy_as_crashed(&bench.data().join("absent"), &crashed);
    let rows = rusqlite::Connection::open(crashed.join("rapport.db")).unwrap();
    rows.execute("INSERT INTO meta(key, value) VALUES('sealed_upto', 12)", []).unwrap();
    drop(rows);
    fs::rename(bench.data().join("history"), crashed.join("history")).unwrap();
    let storage = open(&crashed);
    assert_eq!(samples::numbers(&replayed(&storage)), (0..12).collect::<Vec<_>>());
    assert_eq!(storage.sealed_upto().unwrap(), storage.head());
    assert!(EventLog::read(&*storage, Offset(0), 100).unwrap().is_empty());
    let receipts = EventLog::append(&*storage, &samples::events(11..13)).unwrap();
    assert_eq!(receipts, [Receipt::Duplicate, Receipt::Appended(Offset(13))]);
    assert_healthy(&storage);
}
