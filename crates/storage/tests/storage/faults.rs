//! What happens when the disk is full, the queue is long, a file is damaged, or somebody only wants to read?

use crate::directories::{Bench, open, open_with, replayed};
use decisions::{DecisionLog, PlaybookChange, PlaybookStore, SavedTable};
use events::{EventLog, Inspected, InspectedStatus, Offset, Place, Receipt};
use governance::Retention;
use primitives::{ErrorKind, Timestamp};
use profiles::{Change, Collection, ProfileStore};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::contract::samples;
use storage::{Access, DataDir, Depth, SealPolicy, Severity, Storage, StorageSettings};

fn append(storage: &Storage, numbers: std::ops::Range<u64>) -> Result<Vec<Receipt>, events::EventLogError> {
    EventLog::append(storage, &samples::events(numbers))
}

#[test]
fn a_full_disk_refuses_with_a_sentence_and_loses_nothing() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..50).unwrap();
    storage.limit_database_bytes(Some(1)).unwrap();
    let mut n = 50;
    let refused = loop {
        match append(&storage, n..n + 50) {
            Ok(receipts) => assert_eq!(receipts.len(), 50),
            Err(refused) => break refused,
        }
        n += 50;
        assert!(n < 5_000, "the bound has no effect");
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(
        refused.to_string().contains("50 events could not be stored and were not accepted: free some disk space"),
        "{refused}"
    );
    let change = Change { collection: Collection::Item, key: "large".to_owned(), value: Some(vec![7; 100_000]) };
    let failed = storage.commit(Offset(n), vec![change]).unwrap_err();
    assert_eq!((failed.kind, ProfileStore::offset(&*storage).unwrap()), (ErrorKind::Unavailable, Offset(0)));
    assert_eq!(storage.head(), Offset(n));
    assert_eq!(samples::numbers(&replayed(&storage)), (0..n).collect::<Vec<_>>());
    storage.limit_database_bytes(None).unwrap();
    assert_eq!(append(&storage, n..n + 1).unwrap(), [Receipt::Appended(Offset(n + 1))], "no gap and no duplicate");
    assert_eq!(append(&storage, n + 1..n + 50).unwrap().len(), 49, "what failed was not remembered");
    drop(storage);
    assert_eq!(samples::numbers(&replayed(&open(&bench.data()))), (0..n + 50).collect::<Vec<_>>());
}

#[test]
fn a_request_that_cannot_be_stored_does_not_fail_the_others() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    storage.limit_database_bytes(Some(200 * 4_096)).unwrap();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let storage = &storage;
        let small = (0..6_u64).map(|n| scope.spawn(move || append(storage, n..n + 1).is_ok()));
        let large = scope.spawn(move || {
            let change =
                Change { collection: Collection::Item, key: "large".to_owned(), value: Some(vec![1; 4 << 20]) };
            storage.commit(Offset(1), vec![change]).is_err()
        });
        let mut threads: Vec<_> = small.collect();
        threads.push(large);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes, [true; 7]);
    assert_eq!(replayed(&storage).len(), 6);
}

#[test]
fn a_full_queue_makes_callers_wait_and_refuses_nobody() {
    let bench = Bench::default();
    // A checkpoint is under way all the time, with slices much larger than what clients may have waiting.
    let settings = StorageSettings { queued_bytes_max: 1, n_queued_max: 1, ..StorageSettings::default() };
    let storage = open_with(&bench.data(), settings);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (storage, is_over) = (&storage, &is_over);
        scope.spawn(move || {
            let large = |n: u64| Change {
                collection: Collection::Item,
                key: format!("large-{n}"),
                value: Some(vec![1; 1 << 20]),
            };
            while !is_over.load(Ordering::Acquire) {
                let mut slices = (0..4).map(|n| vec![large(n)]);
                storage.checkpoint(&[Place::first(Offset(1))], &mut || Ok(slices.next().unwrap_or_default())).unwrap();
            }
        });
        let clients: Vec<_> = (0..8_u64)
            .map(|thread| {
                scope.spawn(move || {
                    for n in thread * 25..thread * 25 + 25 {
                        append(storage, n..n + 1).unwrap();
                        DecisionLog::append(&**storage, samples::decision(n)).unwrap();
                    }
                })
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        is_over.store(true, Ordering::Release);
    });
    assert_eq!((storage.writer_stats().n_refused.load(Ordering::Relaxed), replayed(&storage).len()), (0, 200));
}

#[test]
fn a_queue_that_does_not_move_refuses() {
    let bench = Bench::default();
    let settings = StorageSettings { queued_bytes_max: 1, patience: Duration::ZERO, ..StorageSettings::default() };
    let storage = open_with(&bench.data(), settings);
    // One may always wait; with eight at once, some find another one waiting.
    let refused: Vec<events::EventLogError> = std::thread::scope(|scope| {
        let storage = &storage;
        let threads: Vec<_> = (0..8_u64)
            .map(|thread| {
                scope.spawn(move || {
                    (0..50).filter_map(|n| append(storage, thread * 50 + n..thread * 50 + n + 1).err()).collect()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| -> Vec<_> { thread.join().unwrap() }).collect()
    });
    assert!(!refused.is_empty());
    assert!(
        refused
            .iter()
            .all(|error| error.kind() == ErrorKind::Unavailable && error.to_string().contains("send them again"))
    );
    let stats = storage.writer_stats();
    assert_eq!(stats.n_refused.load(Ordering::Relaxed), refused.len() as u64);
    assert_eq!(replayed(&storage).len() + refused.len(), 400, "the rest is there");
}

/// The writer is busy and events fill all the room that there is for them: a decision has room of its own.
#[test]
fn events_that_wait_keep_no_decision_from_the_queue() {
    let bench = Bench::default();
    let (begin, begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let is_held = Arc::new(AtomicBool::new(false));
    let hold = {
        let is_held = is_held.clone();
        move |_: Duration| {
            if is_held.load(Ordering::Acquire) {
                let _ = begin.send(());
                let _ = ended.recv();
            }
        }
    };
    let settings = StorageSettings {
        queued_bytes_max: 1,
        patience: Duration::ZERO,
        now_micros: Some(|| 0),
        on_commit: Some(Box::new(hold)),
        ..StorageSettings::default()
    };
    let storage = open_with(&bench.data(), settings);
    let queued_bytes = || storage.writer_stats().queued_bytes.load(Ordering::Acquire);
    is_held.store(true, Ordering::Release);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| append(&storage, 0..1).map(drop));
        begun.recv_timeout(Duration::from_secs(30)).unwrap();
        let bytes_of_events = queued_bytes();
        assert!(append(&storage, 1..2).is_err(), "there is no room for another event");
        let decision = scope.spawn(|| DecisionLog::append(&*storage, samples::decision(1)));
        while queued_bytes() == bytes_of_events && !decision.is_finished() {
            std::thread::yield_now();
        }
        // From here on nobody is held.
        drop(end);
        assert!(decision.join().unwrap().is_ok(), "it was let in");
        first.join().unwrap().unwrap();
    });
}

#[test]
fn a_reader_beside_a_running_writer_sees_what_is_durable_and_changes_nothing() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..10).unwrap();
    storage.seal(Offset(6), &SealPolicy::everything()).unwrap();
    let read_only = DataDir::open(bench.data(), Access::ReadOnly).unwrap();
    let reader = Storage::open(read_only, StorageSettings::default()).unwrap();
    assert_eq!((reader.head(), replayed(&reader).len()), (Offset(10), 10));
    append(&storage, 10..12).unwrap();
    assert_eq!((reader.head(), replayed(&reader).len()), (Offset(12), 12));
    let refused = append(&reader, 20..21).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert!(reader.seal(Offset(12), &SealPolicy::everything()).is_err());
    assert_eq!(
        DecisionLog::append(&*reader, samples::decision(1)).map_err(|error| error.kind),
        Err(ErrorKind::Forbidden)
    );
    let sha256 = reader.model_store().put(b"a model").unwrap();
    assert_eq!(storage.model_store().get(&sha256).unwrap(), b"a model", "a trained model reaches the server");
    drop(storage);
    assert_eq!(replayed(&reader).len(), 12, "also after the writer has gone");
}

/// A damaged file, one that never ends and a pipe that nobody writes to are faults, and none of them is waited for.
fn what_names_champions_is_looked_at(storage: &Storage, champions: &Path, faults: &dyn Fn() -> Vec<String>) {
    let model = storage.model_store().put(b"a model").unwrap();
    storage.model_store().set_champions("churn", &[model]).unwrap();
    assert_eq!(faults(), Vec::<String>::new());
    let file = champions.join("churn.json");
    let whole = fs::read(&file).unwrap();
    let pipe = || assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    let endless = || symlink("/dev/zero", &file).unwrap();
    let large = || fs::File::create(&file).unwrap().set_len(65 * 1_024).unwrap();
    let cut = || fs::write(&file, &whole[..20]).unwrap();
    for (put, said) in [(&pipe as &dyn Fn(), "is none"), (&endless, "is none"), (&large, "is none"), (&cut, "damaged")]
    {
        fs::remove_file(&file).unwrap();
        put();
        let found = faults();
        assert!(found.iter().any(|fault| fault.starts_with("champions: churn: ") && fault.contains(said)), "{found:?}");
    }
    storage.model_store().set_champions("churn", &["0".repeat(64)]).unwrap();
    assert!(faults().iter().any(|fault| fault.starts_with("champions: churn: ")), "it names what is not there");
    storage.model_store().set_champions("churn", &[]).unwrap();
    assert_eq!(faults(), Vec::<String>::new());
}

#[test]
fn the_doctor_reads_what_people_declared() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    let faults = || -> Vec<String> {
        let found = storage.check(Depth::Full, &mut |_, _| {});
        found.iter().filter(|finding| finding.severity == Severity::Fault).map(ToString::to_string).collect()
    };
    let save = |name: &str, record: &str| {
        let (list, record) = ("flags".to_owned(), record.to_owned());
        let saved = vec![SavedTable { list, name: name.to_owned(), record }];
        PlaybookStore::change(&*storage, &PlaybookChange { saved, ..PlaybookChange::default() }).unwrap();
    };
    save("checkout", "{\"name\":\"checkout\",\"default\":false}");
    assert_eq!(faults(), Vec::<String>::new());
    for (record, said) in [
        ("{{{", "declarations: flags checkout is out of force, since it is damaged"),
        ("{\"name\":\"checkout\",\"defualt\":1}", "declarations: flags checkout is out of force"),
        ("{\"name\":\"other\",\"default\":false}", "what is kept is called \"other\""),
    ] {
        save("checkout", record);
        assert!(faults().iter().any(|fault| fault.contains(said)), "{said}: {:?}", faults());
    }
    rusqlite::Connection::open(bench.data().join("rapport.db")).unwrap().execute_batch("DROP TABLE playbook").unwrap();
    assert!(faults().iter().any(|fault| fault.starts_with("declarations: ")), "{:?}", faults());
}

#[test]
fn the_doctor_names_what_is_damaged_or_missing() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..40).unwrap();
    storage.seal(Offset(30), &SealPolicy { n_events_max: 10, ..SealPolicy::everything() }).unwrap();
    storage.commit(Offset(30), vec![profiles::made_with_change("any settings")]).unwrap();
    let sha256 = storage.model_store().put(b"a model").unwrap();
    assert!(
        storage.check(Depth::Full, &mut |_, _| {}).iter().all(|finding| finding.severity == Severity::Good),
        "{:?}",
        storage.check(Depth::Full, &mut |_, _| {})
    );
    let faults = || -> Vec<String> {
        storage
            .check(Depth::Full, &mut |_, _| {})
            .iter()
            .filter(|finding| finding.severity == Severity::Fault)
            .map(ToString::to_string)
            .collect()
    };
    let model = bench.data().join("models").join(format!("{sha256}.model"));
    fs::write(&model, "another model").unwrap();
    assert!(faults().iter().any(|fault| fault.starts_with("models: the model file") && fault.contains("is damaged")));
    assert_eq!(storage.model_store().get(&sha256).map_err(|error| error.kind), Err(ErrorKind::Corrupt));
    storage.model_store().put(b"a model").unwrap();
    assert_eq!(faults(), Vec::<String>::new(), "storing it again heals it");
    what_names_champions_is_looked_at(&storage, &bench.data().join("models").join("champions"), &faults);
    let mut parts = Vec::new();
    for date in fs::read_dir(bench.data().join("history")).unwrap().flatten() {
        parts.extend(fs::read_dir(date.path()).unwrap().flatten().map(|entry| entry.path()));
    }
    parts.sort_by_key(|path| path.file_name().unwrap().to_owned());
    let whole = fs::read(&parts[0]).unwrap();
    for (content, said) in [(Some(&b"PAR1"[..]), "is damaged"), (None, "has no complete files for offsets 1 to 10")] {
        match content {
            Some(content) => fs::write(&parts[0], content).unwrap(),
            None => fs::remove_file(&parts[0]).unwrap(),
        }
        let found = faults();
        assert!(found.iter().all(|fault| fault.starts_with("history:")), "{found:?}");
        assert!(found[0].contains(said) && found[0].contains("rapport set-aside"), "{found:?}");
        let replay = features::History::replay(&*storage, Place::first(Offset(0)), &mut |_| true);
        assert!(replay.is_err(), "nothing is skipped in silence");
        assert!(
            features::History::replay(&*storage, Place::first(Offset(30)), &mut |_| true).is_ok(),
            "the rest is readable"
        );
        fs::write(&parts[0], &whole).unwrap();
    }
    storage.commit(Offset(4_000), Vec::new()).unwrap();
    assert!(faults()[0].contains("they have seen offset 4000, the log ends at 40: run `rapport rebuild`"));
}

#[test]
fn message_ids_are_forgotten_after_the_retention_but_never_those_of_imports() {
    let bench = Bench::default();
    let retention = Retention::default().with_dedup_days(40);
    let storage = open_with(&bench.data(), StorageSettings { retention, ..StorageSettings::default() });
    append(&storage, 0..3).unwrap();
    EventLog::append(&*storage, &samples::imported(3..6)).unwrap();
    assert_eq!(storage.prune(samples::START.plus_days(40)).unwrap(), 0);
    assert_eq!(storage.prune(samples::START.plus_days(42)).unwrap(), 3, "within a day all have their turn");
    assert_eq!(append(&storage, 0..3).unwrap().len(), 3, "they may come again");
    assert_eq!(storage.head(), Offset(9));
    let again = EventLog::append(&*storage, &samples::imported(3..6)).unwrap();
    assert_eq!(again, [Receipt::Duplicate; 3]);
}

#[test]
fn a_minute_looks_through_few_of_the_message_ids_and_a_day_through_all() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..300).unwrap();
    storage.seal(Offset(300), &SealPolicy::everything()).unwrap();
    let start = samples::event(300).received_at.plus_days(31).as_millis();
    let prune = |minute: i64| storage.prune(Timestamp::from_millis(start + minute * 60_000)).unwrap();
    let forgotten: Vec<u64> = (0..1_024).map(prune).collect();
    assert!(forgotten.iter().all(|n| *n < 10), "{forgotten:?}");
    assert_eq!(forgotten.iter().sum::<u64>(), 300);
}

#[test]
fn decisions_are_forgotten_after_the_days_that_the_settings_say() {
    let bench = Bench::default();
    let mut retention = Retention::default();
    retention.decision_days = 40;
    let storage = open_with(&bench.data(), StorageSettings { retention, ..StorageSettings::default() });
    for n in 0..1_200 {
        DecisionLog::append(&*storage, samples::decision(n)).unwrap();
    }
    let left = |day: i64, seconds: u64| {
        let now = samples::decision(seconds).decided_at.plus_days(day);
        storage.prune(now).unwrap();
        DecisionLog::recent(&*storage, None, 2_000).unwrap().len()
    };
    assert_eq!((left(39, 1_200), left(40, 0), left(40, 1_100), left(41, 0)), (1_200, 1_200, 100, 0));
    assert_eq!(DecisionLog::counts(&*storage).unwrap().0, 1_200, "they are still counted");
}

#[test]
fn the_oldest_rejections_are_forgotten_and_still_counted() {
    let bench = Bench::default();
    let mut retention = Retention::default();
    retention.n_rejections_max = 3;
    let storage = open_with(&bench.data(), StorageSettings { retention, ..StorageSettings::default() });
    for n in 0..5 {
        storage.keep_rejected(vec![samples::rejected(n)]).unwrap();
    }
    let kept = EventLog::recent(&*storage, InspectedStatus::Rejected, None, 10).unwrap();
    assert_eq!(kept, [4, 3, 2].map(|n| Inspected::Rejected(samples::rejected(n))));
    assert_eq!((storage.n_rejected().unwrap(), storage.n_rejected_kept().unwrap()), (5, 3));
}

#[test]
fn usage_adds_up() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..25).unwrap();
    let report = storage.seal(Offset(20), &SealPolicy::everything()).unwrap();
    drop(storage);
    let storage = open(&bench.data());
    let usage = storage.usage().unwrap();
    assert_eq!((usage.sealed_upto, usage.head), (Offset(20), Offset(25)));
    // Twenty events, one every five hours from midnight on: four days.
    assert_eq!((usage.n_history_days, usage.n_history_files, report.n_files), (4, 4, 4));
    assert!(usage.history_bytes == report.bytes && usage.database_bytes > 0);
}

#[test]
fn nothing_is_sealed_before_it_is_worth_a_file() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 0..30).unwrap();
    let policy = SealPolicy { n_events_min: 20, n_events_kept: 11, ..SealPolicy::default() };
    assert_eq!(storage.seal(Offset(30), &policy).unwrap().n_events, 0, "19 are too few");
    append(&storage, 30..31).unwrap();
    assert_eq!(storage.seal(Offset(31), &policy).unwrap().sealed_upto, Offset(20));
    let small = SealPolicy { bytes_max: 1, ..SealPolicy::everything() };
    assert_eq!(storage.seal(Offset(23), &small).unwrap().n_rounds, 3, "a bound on bytes is kept by single events");
}

#[test]
fn commits_are_counted_and_timed() {
    static MICROS: AtomicU64 = AtomicU64::new(0);
    let bench = Bench::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let settings = StorageSettings {
        now_micros: Some(|| MICROS.fetch_add(7, Ordering::Relaxed)),
        on_commit: Some(Box::new(move |took| teller.lock().unwrap().push(took))),
        ..StorageSettings::default()
    };
    let storage = open_with(&bench.data(), settings);
    let before = told.lock().unwrap().len();
    append(&storage, 0..3).unwrap();
    append(&storage, 3..4).unwrap();
    assert_eq!(told.lock().unwrap()[before..], [Duration::from_micros(7); 2]);
    let stats = storage.writer_stats();
    let n_commits = stats.n_commits.load(Ordering::Relaxed);
    assert_eq!(stats.total_commit_micros.load(Ordering::Relaxed), n_commits * 7);
    assert!(stats.n_commands.load(Ordering::Relaxed) >= n_commits && stats.n_failed.load(Ordering::Relaxed) == 0);
}

#[test]
fn the_write_ahead_log_begins_anew_under_steady_load() {
    let bench = Bench::default();
    let settings = StorageSettings { n_checkpoint_pages: 25, ..StorageSettings::default() };
    let storage = open_with(&bench.data(), settings);
    for n in 0..400 {
        append(&storage, n * 5..n * 5 + 5).unwrap();
    }
    let n_pages = storage.writer_stats().n_wal_pages.load(Ordering::Relaxed);
    assert!(n_pages < 200, "{n_pages} pages wait in the write-ahead log");
    assert_eq!(replayed(&storage).len(), 2_000);
}
