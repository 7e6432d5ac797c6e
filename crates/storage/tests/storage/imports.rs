//! Which imported event is in force after any sequence of imports, replacements and undoings?

use crate::directories::{Bench, open};
use events::{
    Event, EventLog, ImportId, ImportLog, Inspected, InspectedStatus, NewImport, Offset, Origin, Partition, Place,
    Places, Receipt,
};
use features::History;
use primitives::UserId;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use storage::contract::samples::{self, START};
use storage::{SealPolicy, Storage};

const N_KEYS: u64 = 3;

/// A key, and which of its contents.
type Content = (u64, u64);

#[derive(Debug, Clone)]
enum Operation {
    Import {
        contents: Vec<Content>,
        is_replacing: bool,
    },
    /// One of those that are not undone.
    Undo(usize),
    Seal,
    Reopen,
    /// As a database is that an older version wrote: it kept no places, and removed the ids of what was withdrawn.
    Age,
}

fn operation() -> impl Strategy<Value = Operation> {
    let import = (vec((0..N_KEYS, 0..3_u64), 0..5), prop::bool::weighted(0.7));
    prop_oneof![
        4 => import.prop_map(|(contents, is_replacing)| Operation::Import { contents, is_replacing }),
        3 => any::<usize>().prop_map(Operation::Undo),
        1 => Just(Operation::Seal),
        1 => Just(Operation::Reopen),
        1 => Just(Operation::Age),
    ]
}

/// An event is in force when its import is not undone and it is the newest content of its key that is not undone.
#[derive(Debug, Default)]
struct Model {
    is_undone: Vec<bool>,
    /// What came in, in order: with which import, under which key, which content.
    came: Vec<(usize, Content)>,
}

impl Model {
    fn in_force(&self, key: u64) -> Option<(usize, u64)> {
        let of_key = self.came.iter().rev().filter(|(_, content)| content.0 == key);
        of_key.map(|(import, content)| (*import, content.1)).find(|(import, _)| !self.is_undone[*import])
    }

    fn all(&self) -> BTreeSet<Content> {
        (0..N_KEYS).filter_map(|key| self.in_force(key).map(|(_, content)| (key, content))).collect()
    }

    fn take(&mut self, import: usize, content: Content, is_replacing: bool) {
        let is_new = match self.in_force(content.0) {
            None => true,
            // What a file says twice with two contents is not replaced by itself.
            Some((by, known)) => is_replacing && known != content.1 && by != import,
        };
        if is_new {
            self.came.push((import, content));
        }
    }
}

fn event((key, content): Content) -> Event {
    let user_id = Some(UserId::from(format!("content-{content}")));
    Event { user_id, origin: Origin::Import, ..samples::event(key * 4) }
}

fn in_force(storage: &Storage) -> BTreeSet<Content> {
    let mut found = Vec::new();
    let visited = storage.replay(Place::before(Partition::FIRST), &mut |recorded| {
        if let Some(user) = recorded.event.user_id.as_ref() {
            let content = user.as_str().trim_start_matches("content-").parse().unwrap();
            found.push((samples::number(&recorded.event) / 4, content));
        }
        true
    });
    visited.unwrap();
    let set: BTreeSet<Content> = found.iter().copied().collect();
    assert_eq!(set.len(), found.len(), "none counts twice: {found:?}");
    set
}

fn begin(storage: &Storage) -> ImportId {
    let new = NewImport { file: "orders.csv".to_owned(), mapping: None, mapping_sha256: None };
    storage.begin_import(&new, START).unwrap()
}

/// Imports contents, and puts those in the place of others that are known with another content, where that is wanted.
fn import(storage: &Storage, id: ImportId, contents: &[Content], is_replacing: bool) {
    let events: Vec<Event> = contents.iter().copied().map(event).collect();
    let receipts = storage.append_imported(id, &events).unwrap();
    let conflicts = events.into_iter().zip(receipts).filter(|(_, receipt)| *receipt == Receipt::Conflict);
    let conflicts: Vec<Event> = conflicts.map(|(event, _)| event).collect();
    if is_replacing && !conflicts.is_empty() {
        let replaced = storage.replace_imported(id, &conflicts, START).unwrap();
        assert_eq!(replaced.receipts.len(), conflicts.len());
        let again = storage.replace_imported(id, &conflicts, START).unwrap();
        assert!(again.corrected.corrections.is_empty(), "what is sent again changes nothing: {again:?}");
    }
}

#[test]
fn an_event_is_known_by_the_import_it_came_with() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    EventLog::append(&*storage, &samples::events(0..3)).unwrap();
    let (first, second) = (begin(&storage), begin(&storage));
    import(&storage, first, &[(0, 0), (1, 0)], false);
    EventLog::append(&*storage, &samples::events(100..101)).unwrap();
    // The second import brings other content for one of the keys, and one of its own.
    import(&storage, second, &[(1, 1), (2, 0)], true);
    let at = |first, last| storage.imported_at(Places(Offset(first), Offset(last))).unwrap();
    let all = at(1, 100);
    let imports_of: Vec<(u64, ImportId)> =
        all.iter().flat_map(|(places, id)| places.offsets().map(|offset| (offset, *id))).collect();
    assert_eq!(imports_of.iter().filter(|(_, id)| *id == first).map(|(at, _)| *at).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(imports_of.iter().filter(|(_, id)| *id == second).count(), 2);
    assert!(imports_of.iter().all(|(at, id)| (*at > 6) == (*id == second)), "{imports_of:?}");
    assert_eq!(at(5, 6), [(Places(Offset(5), Offset(5)), first)]);
    assert_eq!(at(1, 3), []);
}

fn age(data: &Path) {
    let database = rusqlite::Connection::open(data.join("rapport.db")).unwrap();
    let sql = "DELETE FROM message_ids
                   WHERE EXISTS (SELECT 1 FROM withdrawn WHERE place BETWEEN withdrawn.first AND withdrawn.last);
               UPDATE message_ids SET place = 0;";
    database.execute_batch(sql).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_content_that_is_not_undone_is_in_force(operations in vec(operation(), 1..16)) {
        let bench = Bench::default();
        let mut storage = open(&bench.data());
        let mut model = Model::default();
        for operation in &operations {
            match operation {
                Operation::Import { contents, is_replacing } => {
                    let id = begin(&storage);
                    let number = model.is_undone.len();
                    model.is_undone.push(false);
                    import(&storage, id, contents, *is_replacing);
                    // What is new goes in first, then what comes in the place of others.
                    contents.iter().for_each(|content| model.take(number, *content, false));
                    contents.iter().for_each(|content| model.take(number, *content, *is_replacing));
                }
                Operation::Undo(nth) => {
                    let left: Vec<usize> = (0..model.is_undone.len()).filter(|n| !model.is_undone[*n]).collect();
                    if let Some(n) = left.get(nth % left.len().max(1)) {
                        storage.undo_import(ImportId(*n as u64 + 1), START).unwrap();
                        model.is_undone[*n] = true;
                    }
                }
                Operation::Seal => {
                    storage.seal(EventLog::head(&*storage), &SealPolicy::everything()).unwrap();
                }
                Operation::Reopen => {
                    drop(storage);
                    storage = open(&bench.data());
                }
                Operation::Age => {
                    drop(storage);
                    age(&bench.data());
                    storage = open(&bench.data());
                }
            }
            prop_assert_eq!(in_force(&storage), model.all(), "after {:?}", operation);
        }
        // The keys of what is in force are taken, all others are free.
        let last = begin(&storage);
        for key in 0..N_KEYS {
            let receipts = storage.append_imported(last, &[event((key, 9))]).unwrap();
            let is_taken = receipts == [Receipt::Conflict];
            prop_assert_eq!(is_taken, model.in_force(key).is_some(), "key {}: {:?}", key, receipts);
        }
    }
}

/// What was taken out again stands between what counts, in the log and in the history.
#[test]
fn as_many_events_are_read_and_shown_as_count() {
    for sealed_upto in [0, 3, 16] {
        let bench = Bench::default();
        let storage = open(&bench.data());
        EventLog::append(&*storage, &samples::events(0..6)).unwrap();
        let id = begin(&storage);
        storage.append_imported(id, &samples::imported(10..20)).unwrap();
        storage.undo_import(id, START).unwrap();
        EventLog::append(&*storage, &samples::events(6..7)).unwrap();
        storage.seal(Offset(sealed_upto), &SealPolicy::everything()).unwrap();
        let title = |event: &Event| match samples::number(event) {
            u64::MAX => event.title().to_owned(),
            number => number.to_string(),
        };
        for n_max in 0..10 {
            let newest = ["6", "correction", "5", "4", "3", "2", "1", "0"];
            let shown = EventLog::recent(&*storage, InspectedStatus::Accepted, None, n_max).unwrap();
            let shown: Vec<String> = shown
                .iter()
                .map(|one| match one {
                    Inspected::Accepted(recorded) => title(&recorded.event),
                    Inspected::Rejected(_) => "rejected".to_owned(),
                })
                .collect();
            assert_eq!(shown, newest[..n_max.min(8)], "{n_max} of them, sealed up to {sealed_upto}");
            let read = EventLog::read(&*storage, Offset(sealed_upto), n_max).unwrap();
            let read: Vec<String> = read.iter().map(|recorded| title(&recorded.event)).collect();
            let n_in_log = 8 - usize::try_from(sealed_upto.min(6)).unwrap();
            let in_log: Vec<&str> = newest[..n_in_log].iter().rev().copied().take(n_max).collect();
            assert_eq!(read, in_log, "{n_max} of them after {sealed_upto}");
        }
    }
}
