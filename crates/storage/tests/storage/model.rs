//! Does any sequence of operations give what a list in memory gives?

use crate::directories::{Bench, open, open_with, parts, replayed};
use events::{Event, EventLog, Inspected, InspectedStatus, Offset, Origin, Receipt};
use proptest::collection::vec;
use proptest::prelude::*;
use storage::contract::samples;
use storage::{Depth, SealPolicy, Severity, StorageSettings};

#[derive(Debug, Clone)]
enum Operation {
    Append(Vec<u64>, Origin),
    Seal { upto: u64, n_events_max: u64 },
    Reopen,
    Prune { days: i64 },
}

fn operation() -> impl Strategy<Value = Operation> {
    let origin = prop_oneof![Just(Origin::Client), Just(Origin::Import)];
    prop_oneof![
        4 => (vec(0..40_u64, 0..6), origin).prop_map(|(numbers, origin)| Operation::Append(numbers, origin)),
        2 => (0..60_u64, 1..6_u64).prop_map(|(upto, n_events_max)| Operation::Seal { upto, n_events_max }),
        1 => Just(Operation::Reopen),
        1 => (0..29_i64).prop_map(|days| Operation::Prune { days }),
        1 => (30..45_i64).prop_map(|days| Operation::Prune { days }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_storage_is_a_list(operations in vec(operation(), 1..14)) {
        let bench = Bench::default();
        let mut storage = open(&bench.data());
        let mut list: Vec<u64> = Vec::new();
        let mut known: Vec<(Origin, u64)> = Vec::new();
        for operation in &operations {
            match operation {
                Operation::Append(numbers, origin) => {
                    let mut expected = Vec::new();
                    for n in numbers {
                        if known.contains(&(*origin, *n)) {
                            expected.push(Receipt::Duplicate);
                        } else {
                            known.push((*origin, *n));
                            list.push(*n);
                            expected.push(Receipt::Appended(Offset(list.len() as u64)));
                        }
                    }
                    let sent: Vec<Event> =
                        samples::events(numbers.iter().copied()).into_iter().map(|event| Event { origin: *origin, ..event }).collect();
                    prop_assert_eq!(EventLog::append(&*storage, &sent).unwrap(), expected);
                }
                Operation::Seal { upto, n_events_max } => {
                    let policy = SealPolicy { n_events_max: *n_events_max, ..SealPolicy::everything() };
                    let before = storage.sealed_upto().unwrap();
                    let sealed_upto = storage.seal(Offset(*upto), &policy).unwrap().sealed_upto;
                    prop_assert_eq!(sealed_upto.0, before.0.max((*upto).min(list.len() as u64)));
                }
                Operation::Reopen => {
                    drop(storage);
                    storage = open(&bench.data());
                }
                // Within thirty days nothing is forgotten, after them everything but what a file of history holds: within a
                // day every id has its turn.
                Operation::Prune { days } => {
                    let now = samples::START.plus_days(*days);
                    let n_before = storage.prune(now.plus_days(-1)).unwrap();
                    let n_known = known.len();
                    known.retain(|(origin, n)| {
                        *origin == Origin::Import || samples::event(*n).received_at >= now.plus_days(-30)
                    });
                    prop_assert_eq!(n_before + storage.prune(now).unwrap(), (n_known - known.len()) as u64);
                }
            }
            prop_assert_eq!(storage.head(), Offset(list.len() as u64));
        }
        prop_assert_eq!(&samples::numbers(&replayed(&storage)), &list);
        // What is still in the log is read from any place in any portion.
        let sealed_upto = storage.sealed_upto().unwrap().0;
        for after in [0, sealed_upto, sealed_upto + 2, list.len() as u64] {
            for n_max in [1, 3, usize::MAX] {
                let read = EventLog::read(&*storage, Offset(after), n_max).unwrap();
                let from = usize::try_from(after.max(sealed_upto)).unwrap();
                let expected: Vec<u64> = list.iter().copied().skip(from).take(n_max).collect();
                prop_assert_eq!(samples::numbers(&read), expected, "{} after {}", n_max, after);
            }
        }
        let shown = |title: Option<&str>| -> Vec<u64> {
            let found = EventLog::recent(&*storage, InspectedStatus::Accepted, title, 7).unwrap();
            found.iter().map(|one| match one {
                Inspected::Accepted(recorded) => samples::number(&recorded.event),
                Inspected::Rejected(_) => u64::MAX,
            }).collect()
        };
        let newest = |title: Option<&str>| -> Vec<u64> {
            list.iter().rev().copied().filter(|n| title.is_none_or(|title| samples::event(*n).title() == title)).take(7).collect()
        };
        for title in [None, Some("Order Completed"), Some("Home"), Some("page"), Some("item"), Some("nothing")] {
            prop_assert_eq!(shown(title), newest(title), "{:?}", title);
        }
        let found = storage.check(Depth::Quick, &mut |_, _| ());
        prop_assert!(found.iter().all(|finding| finding.severity == Severity::Good || finding.area == "profiles"));
    }
}

#[test]
fn a_title_is_looked_for_among_so_many_of_the_newest_and_no_file_before_them_is_read() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    EventLog::append(&*storage, &samples::events(0..40)).unwrap();
    storage.seal(Offset(30), &SealPolicy { n_events_max: 10, ..SealPolicy::everything() }).unwrap();
    drop(storage);
    for n_looked_at in (0..=45).rev() {
        if n_looked_at == 30 {
            // The first ten, each of whose files would be found to be damaged.
            parts(&bench.data())
                .iter()
                .filter(|part| part.to_string_lossy().contains("part-00000000000000000001-"))
                .for_each(|part| {
                    std::fs::write(part, b"PAR1").unwrap();
                });
        }
        let storage = open_with(&bench.data(), StorageSettings { n_looked_at, ..StorageSettings::default() });
        for title in ["Order Completed", "Home", "item", "nothing"] {
            let found = EventLog::recent(&*storage, InspectedStatus::All, Some(title), 100).unwrap();
            let found: Vec<u64> = found
                .iter()
                .map(|one| match one {
                    Inspected::Accepted(recorded) => recorded.offset.0,
                    Inspected::Rejected(_) => 0,
                })
                .collect();
            let newest = (40_u64.saturating_sub(n_looked_at)..40).rev();
            let expected: Vec<u64> = newest.filter(|n| samples::event(*n).title() == title).map(|n| n + 1).collect();
            assert_eq!(found, expected, "{title} among {n_looked_at}");
        }
        let all = EventLog::recent(&*storage, InspectedStatus::All, None, 30).unwrap();
        assert_eq!(all.len(), 30, "without a title they are all there");
    }
}
