//! Is damage found, named, and set aside without losing more than what is damaged?

use crate::directories::{Bench, exclusive, faults, numbers, open, parts, refused};
use decisions::DecisionLog;
use events::{EventLog, EventLogError, InspectedStatus, Offset, Partition, Place, Recorded};
use features::History;
use primitives::ErrorKind;
use profiles::{Change, Collection, ProfileStore};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use storage::contract::samples;
use storage::{Depth, SealPolicy, SetAside, Severity, Storage, StorageError, StorageSettings, set_aside};

/// Forty events, thirty of them in three rounds of several days each.
fn life(data: &Path) -> std::sync::Arc<Storage> {
    let storage = open(data);
    EventLog::append(&*storage, &samples::events(0..40)).unwrap();
    storage.seal(Offset(30), &SealPolicy { n_events_max: 10, ..SealPolicy::everything() }).unwrap();
    storage
}

fn replay(storage: &Storage) -> Result<Vec<Recorded>, EventLogError> {
    let mut seen = Vec::new();
    storage.replay(Place::before(Partition::FIRST), &mut |recorded| {
        seen.push(recorded);
        true
    })?;
    Ok(seen)
}

/// Makes the record of an event in the log unreadable.
fn damage_row(data: &Path, offset: u64) {
    let rows = rusqlite::Connection::open(data.join("rapport.db")).unwrap();
    let n =
        rows.execute("UPDATE events SET record = x'7b' WHERE offset = ?1", [i64::try_from(offset).unwrap()]).unwrap();
    assert_eq!(n, 1);
}

fn aside(data: &Path, what: &str) -> Result<SetAside, StorageError> {
    set_aside(&exclusive(data), what, samples::START)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flipped_bit_is_found_and_the_file_named(seed in any::<u64>()) {
        let bench = Bench::default();
        let storage = life(&bench.data());
        let parts = parts(&bench.data());
        for n in 0..24_u64 {
            let dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(u32::try_from(n).unwrap()).wrapping_add(n);
            let part = &parts[usize::try_from(dice).unwrap() % parts.len()];
            let whole = fs::read(part).unwrap();
            let mut content = whole.clone();
            let bit = usize::try_from(dice >> 8).unwrap() % (content.len() * 8);
            content[bit / 8] ^= 1 << (bit % 8);
            fs::write(part, content).unwrap();
            let error = replay(&storage).unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            let name = part.file_name().unwrap().to_string_lossy().into_owned();
            prop_assert!(source.contains(&name) && source.contains("rapport set-aside"), "{}", source);
            prop_assert!(faults(&storage).iter().any(|fault| fault.contains(&name)));
            prop_assert!(EventLog::recent(&*storage, InspectedStatus::Accepted, None, 40).is_err());
            fs::write(part, whole).unwrap();
        }
        prop_assert_eq!(replay(&storage).unwrap().len(), 40);
    }
}

#[test]
fn files_of_the_first_version_have_no_digest_and_are_read() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    for part in parts(&bench.data()) {
        let name = part.file_name().unwrap().to_str().unwrap().to_owned();
        fs::rename(&part, part.with_file_name(format!("{}.parquet", &name[..46]))).unwrap();
    }
    let storage = open(&bench.data());
    assert_eq!(numbers(&storage), (0..40).collect::<Vec<_>>());
    assert_eq!(faults(&storage), Vec::<String>::new());
    storage.seal(Offset(40), &SealPolicy::everything()).unwrap();
    assert_eq!(numbers(&storage), (0..40).collect::<Vec<_>>(), "beside files of this version");
}

#[test]
fn only_who_reads_everything_finds_what_is_in_the_middle_of_a_file() {
    let bench = Bench::default();
    let storage = life(&bench.data());
    let part = parts(&bench.data()).remove(0);
    let mut content = fs::read(&part).unwrap();
    content[30] ^= 4;
    fs::write(&part, content).unwrap();
    let n_faults = |depth| {
        let found = storage.check(depth, &mut |_, _| {});
        found.into_iter().filter(|one| one.severity == Severity::Fault).count()
    };
    assert_eq!((n_faults(Depth::Quick), n_faults(Depth::Full)), (0, 2), "the file, and the sum");
    let mut areas = BTreeSet::new();
    let mut note = |area, _| {
        areas.insert(area);
    };
    assert!(!storage.check(Depth::Full, &mut note).is_empty());
    assert!(areas.contains("log") && areas.contains("history"), "{areas:?}");
    assert!(!storage.check(Depth::Quick, &mut |_, _| panic!("reads nothing")).is_empty());
}

#[test]
fn an_event_of_the_log_is_set_aside_and_the_rest_goes_on() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    for offset in [33, 40] {
        damage_row(&bench.data(), offset);
    }
    let storage = open(&bench.data());
    assert!(matches!(replay(&storage), Err(EventLogError::Record { offset: 33, .. })));
    let found = faults(&storage);
    assert!(found.iter().any(|fault| fault.contains("`rapport set-aside 33`")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("2 damaged, 8 events of the log")), "{found:?}");
    assert!(storage.seal(Offset(40), &SealPolicy::everything()).is_err(), "it is not sealed as something else");
    drop(storage);
    let record = aside(&bench.data(), "33").unwrap();
    assert_eq!(
        (record.offsets.as_slice(), record.n_events(), record.set_aside_at),
        (&[(33, 33)][..], 1, samples::START)
    );
    aside(&bench.data(), "40").unwrap();
    assert_eq!(fs::read(bench.data().join("set-aside/event-33")).unwrap(), b"{", "its bytes are kept");
    let rest: Vec<u64> = (0..40).filter(|n| ![32, 39].contains(n)).collect();
    let storage = open(&bench.data());
    assert_eq!(numbers(&storage), rest);
    assert_eq!(samples::numbers(&EventLog::read(&*storage, Offset(30), 100).unwrap()), rest[30..]);
    assert_eq!(EventLog::recent(&*storage, InspectedStatus::Accepted, None, 100).unwrap().len(), 38);
    assert_eq!((storage.head(), faults(&storage)), (Offset(40), Vec::new()));
    let warnings: Vec<_> =
        storage.check(Depth::Quick, &mut |_, _| {}).into_iter().filter(|one| one.area == "set aside").collect();
    assert!(warnings.len() == 2 && warnings[0].severity == Severity::Warning, "{warnings:?}");
    assert!(warnings[0].message.contains("the event at offset 33 with 1 event(s)"), "{warnings:?}");
    // Sealing leaves it out too: in the middle of a round, at its end, and as a round of its own.
    let policy = SealPolicy { n_events_max: 3, ..SealPolicy::everything() };
    assert_eq!(storage.seal(Offset(40), &policy).unwrap().sealed_upto, Offset(40));
    assert_eq!((numbers(&storage), faults(&storage)), (rest.clone(), Vec::new()));
    assert_eq!(EventLog::append(&*storage, &samples::events([50])).unwrap(), [events::Receipt::Appended(Offset(41))]);
    drop(storage);
    for name in ["rapport.db", "rapport.db-wal", "rapport.db-shm"] {
        let _ = fs::remove_file(bench.data().join(name));
    }
    let (storage, _) =
        Storage::recover(exclusive(&bench.data()), StorageSettings::default(), samples::START, &mut |_| {}).unwrap();
    assert_eq!(numbers(&storage), rest, "the record outlives the database");
}

#[test]
fn a_file_of_the_history_is_set_aside_with_exactly_its_events() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    // The second round has two days or more: only one of them is damaged.
    let in_round = |part: &&std::path::PathBuf| part.to_string_lossy().contains("-00000000000000000020-");
    let all = parts(&bench.data());
    let part = all.iter().find(in_round).unwrap();
    let before = numbers(&open(&bench.data()));
    fs::write(part, "PAR1 and nothing more").unwrap();
    assert!(replay(&open(&bench.data())).is_err());
    let relative = part.strip_prefix(bench.data()).unwrap().to_str().unwrap();
    let record = aside(&bench.data(), relative).unwrap();
    assert!(record.n_events() < 10 && record.n_events() > 0, "{record:?}");
    assert!(!part.exists());
    let storage = open(&bench.data());
    let gone: BTreeSet<u64> =
        record.offsets.iter().flat_map(|(first, last)| *first..=*last).map(|offset| offset - 1).collect();
    assert_eq!(numbers(&storage), before.into_iter().filter(|n| !gone.contains(n)).collect::<Vec<_>>());
    assert_eq!((faults(&storage), storage.set_aside().unwrap()), (Vec::new(), vec![record]));
    assert_eq!(EventLog::recent(&*storage, InspectedStatus::Accepted, None, 100).unwrap().len(), 40 - gone.len());
    let kept = fs::read_dir(bench.data().join("set-aside")).unwrap().flatten().map(|one| one.path());
    assert!(kept.into_iter().any(|path| fs::read(path).unwrap() == b"PAR1 and nothing more"), "its bytes are kept");
    drop(storage);
    // All of the first round, one file after the other, and one of them by its absolute path.
    let first: Vec<_> = all.iter().filter(|part| part.to_string_lossy().contains("-00000000000000000010-")).collect();
    first.iter().for_each(|part| fs::write(part, "").unwrap());
    first.iter().for_each(|part| drop(aside(&bench.data(), part.to_str().unwrap()).unwrap()));
    let storage = open(&bench.data());
    assert_eq!(numbers(&storage), (10..40).filter(|n| !gone.contains(n)).collect::<Vec<_>>());
    assert_eq!(faults(&storage), Vec::<String>::new());
}

#[test]
fn a_file_that_is_not_there_is_set_aside_as_a_range() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    let all = parts(&bench.data());
    fs::remove_file(all.iter().find(|part| part.to_string_lossy().contains("-00000000000000000020-")).unwrap())
        .unwrap();
    let storage = open(&bench.data());
    let found = faults(&storage);
    assert!(found[0].contains("`rapport set-aside 11-20`"), "{found:?}");
    drop(storage);
    let record = aside(&bench.data(), "11-20").unwrap();
    assert!((1..10).contains(&record.n_events()), "{record:?}");
    let storage = open(&bench.data());
    assert_eq!((numbers(&storage).len() as u64, faults(&storage)), (40 - record.n_events(), Vec::new()));
}

#[test]
fn nothing_is_set_aside_that_can_be_read_or_is_not_there() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    let whole = parts(&bench.data()).remove(0);
    let whole = whole.to_str().unwrap();
    for (what, why) in [
        ("35", "it can be read"),
        ("30", "it is not in the log"),
        ("41", "it is not in the log"),
        (whole, "it can be read"),
        ("nowhere.parquet", "it is no file of the history"),
        ("1-30", "nothing is missing"),
        ("1-31", "the history holds offsets 1 to 30"),
        ("0-3", "the history holds offsets 1 to 30"),
        ("5-3", "the history holds offsets 1 to 30"),
    ] {
        let refused = aside(&bench.data(), what).unwrap_err();
        assert!(refused.kind() == ErrorKind::Invalid && refused.to_string().contains(why), "{what}: {refused}");
    }
    let storage = open(&bench.data());
    assert_eq!((storage.set_aside().unwrap(), numbers(&storage).len()), (Vec::new(), 40));
    drop(storage);
    let record = bench.data().join("set-aside").join("event-9.json");
    for (content, said) in [
        ("{", "does not say any more what was set aside"),
        (
            r#"{"v":1,"what":"x","offsets":[[3,1]],"why":"y","set_aside_at":"2026-11-22T00:00:00Z"}"#,
            "its ranges are turned round",
        ),
        (
            r#"{"v":2,"what":"x","offsets":[[1,3]],"why":"y","set_aside_at":"2026-11-22T00:00:00Z"}"#,
            "has data version 2",
        ),
    ] {
        fs::write(&record, content).unwrap();
        let storage = Storage::open(exclusive(&bench.data()), StorageSettings::default()).unwrap();
        let error = storage.set_aside().unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(replay(&storage).is_err() && faults(&storage).iter().any(|fault| fault.contains("event-9.json")));
    }
}

#[test]
fn rows_of_derived_state_and_decisions_that_cannot_be_read_are_named() {
    let bench = Bench::default();
    let storage = life(&bench.data());
    DecisionLog::append(&*storage, samples::decision(1)).unwrap();
    let change = |collection| Change { collection, key: "a key".to_owned(), value: Some(vec![99]) };
    storage.commit(Offset(40), vec![change(Collection::Customer), change(Collection::Item)]).unwrap();
    let of_profiles = |storage: &Storage| -> Vec<_> {
        let found = storage.check(Depth::Full, &mut |_, _| {});
        found.into_iter().filter(|one| one.area == "profiles" && one.severity > Severity::Good).collect()
    };
    let older = of_profiles(&storage);
    assert!(older.len() == 1 && older[0].severity == Severity::Warning, "{older:?}");
    assert!(older[0].message.contains("the next start makes them anew"), "rows of another layout: {older:?}");
    storage.commit(Offset(40), vec![profiles::made_with_change("any settings")]).unwrap();
    assert_eq!(of_profiles(&storage).len(), 3);
    let found = faults(&storage);
    assert_eq!(found.iter().filter(|fault| fault.starts_with("decisions: the decision")).count(), 1, "{found:?}");
    let rebuilt =
        found.iter().filter(|fault| fault.starts_with("profiles:") && fault.contains("run `rapport rebuild`"));
    assert_eq!(rebuilt.count(), 2, "{found:?}");
    assert!(found.contains(&"profiles: 2 damaged, 0 customers opened".to_owned()), "{found:?}");
}

#[test]
fn files_that_are_not_ours_are_left_alone() {
    let bench = Bench::default();
    drop(life(&bench.data()));
    let day = parts(&bench.data()).remove(0).parent().unwrap().to_owned();
    let theirs =
        [day.join("notes.parquet"), day.join(".tmp-mine"), bench.data().join("history").join("part-50-60.parquet")];
    theirs.iter().for_each(|path| fs::write(path, "somebody's").unwrap());
    let ours = day.join(".tmp-123-4-part.parquet");
    fs::write(&ours, "half").unwrap();
    let storage = open(&bench.data());
    storage.seal(Offset(40), &SealPolicy::everything()).unwrap();
    assert!(theirs.iter().all(|path| path.exists()) && !ours.exists());
    drop(storage);
    // A whole file beyond the border may be all that is left of something: nobody touches it.
    let beyond = day.join("part-00000000000000000041-00000000000000000050.parquet");
    fs::copy(parts(&bench.data()).remove(0), &beyond).unwrap();
    assert!(matches!(refused(&bench.data()), StorageError::Beyond { sealed_upto: 40, .. }));
    assert!(beyond.exists());
}
