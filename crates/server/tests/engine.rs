//! What does the engine do where its store is full, or changes beneath it?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine::{Engine, Ports};
use events::{
    Batch, Envelope, Event, EventLog, EventLogError, ImportCounts, Inspected, InspectedStatus, NewImport, Offset,
    Origin, Receipt, Recorded, Rejected,
};
use governance::ConsentPolicy;
use primitives::{ErrorKind, MessageId, Seed, SimulatedClock, Timestamp};
use serde_json::{Value, json};
use server::api::wire;
use server::on_disk::ports;
use std::cell::Cell;
use std::sync::Arc;
use storage::{Access, DataDir, Storage, StorageSettings};

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

fn storage(data: &tempfile::TempDir) -> Arc<Storage> {
    let directory = DataDir::open(data.path(), Access::Exclusive).unwrap();
    Storage::open(directory, StorageSettings::default()).unwrap()
}

fn engine(ports: Ports) -> Engine {
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let clock = Arc::new(SimulatedClock::new(noon()));
    Engine::open(ports, ConsentPolicy::default(), capabilities, clock, Seed::new(1), wire::decision).unwrap()
}

fn batch(events: &[Value], origin: Origin) -> Batch {
    let body = json!({ "batch": events }).to_string();
    events::parse_batch(body.as_bytes(), Envelope::new(noon(), origin)).unwrap()
}

/// A log that takes events and has no room for the rejected ones.
struct NoRoomForRejected(Arc<dyn EventLog>);

impl EventLog for NoRoomForRejected {
    fn append(&self, events: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
        self.0.append(events)
    }

    fn check(&self) -> Result<(), EventLogError> {
        self.0.check()
    }

    fn keep_rejected(&self, rejected: Vec<Rejected>) -> Result<(), EventLogError> {
        let (n_events, action, source) = (rejected.len(), "try again".to_owned(), "the queue is full".into());
        Err(EventLogError::Append { n_events, action, source, kind: ErrorKind::Unavailable })
    }

    fn read(&self, after: Offset, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
        self.0.read(after, n_max)
    }

    fn recent(&self, of: InspectedStatus, title: Option<&str>, n: usize) -> Result<Vec<Inspected>, EventLogError> {
        self.0.recent(of, title, n)
    }

    fn head(&self) -> Offset {
        self.0.head()
    }

    fn n_rejected(&self) -> Result<u64, EventLogError> {
        self.0.n_rejected()
    }
}

#[test]
fn what_was_accepted_is_answered_so_where_a_conflict_cannot_be_kept() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(&data);
    let engine = engine(Ports { events: Arc::new(NoRoomForRejected(storage.event_log())), ..ports(&storage) });
    let ingest = |event: &str| {
        let known = json!({"type": "track", "event": event, "userId": "ann", "messageId": "known"});
        let without_id = json!({"type": "track", "event": "Seen", "userId": "ann"});
        engine.ingest(batch(&[known, without_id], Origin::Client))
    };
    assert_eq!(ingest("One").unwrap().n_accepted, 2);
    assert_eq!(ingest("Another").unwrap().n_accepted, 1, "who is told of a failure sends it again");
    assert_eq!(engine.look(|live| live.customer("ann")).unwrap().unwrap().profile.n_events, 3);
}

#[test]
fn customers_of_the_old_state_are_not_read_into_the_new_one() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(&data);
    let filling = engine(ports(&storage));
    let shop = NewImport { file: "shop.csv".to_owned(), mapping: None, mapping_sha256: None };
    let import = filling.begin_import(&shop).unwrap();
    for first in [0, 600] {
        let visit =
            |n: usize| json!({"type": "page", "userId": format!("user-{n}"), "timestamp": "2026-11-01T12:00:00Z"});
        let mut visits = batch(&(first..first + 600).map(visit).collect::<Vec<Value>>(), Origin::Import).accepted;
        visits.iter_mut().zip(first..).for_each(|(visit, n)| visit.message_id = MessageId::from(format!("row-{n}")));
        assert_eq!(filling.ingest_imported(import, visits).unwrap().n_accepted, 600);
    }
    filling.end_import(import, ImportCounts::default()).unwrap();
    filling.checkpoint(usize::MAX).unwrap();
    drop(filling);
    let engine = engine(ports(&storage));
    let n_resident = || engine.look(|live| live.profiles.resident().count());
    let is_undone = Cell::new(false);
    // While the customers are read, the import that brought them is taken out again.
    let undo = || {
        if !is_undone.replace(true) {
            assert!(n_resident() > 0, "some were read already");
            engine.undo_import(import).unwrap();
            engine.follow_corrections(&mut |_| Ok(())).unwrap();
            assert_eq!(n_resident(), 0);
        }
        false
    };
    assert!(engine.is_to_be_warmed());
    engine.warm(usize::MAX, &undo).unwrap();
    assert!(is_undone.get());
    assert_eq!(n_resident(), 0, "nobody came back");
    assert!(engine.is_to_be_warmed(), "and the new state's customers are read next");
}

#[test]
fn a_damaged_pointer_to_one_champion_stops_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(&data);
    let champions = data.path().join("models").join("champions");
    std::fs::create_dir_all(&champions).unwrap();
    std::fs::write(champions.join("churn.json"), "{{").unwrap();
    let engine = engine(ports(&storage));
    let faults = engine.champion_status().into_iter().filter_map(|status| Some((status.task, status.fault?)));
    let faults: Vec<_> = faults.collect();
    assert!(
        matches!(&faults[..], [(task, fault)] if task.as_str() == "churn" && fault.contains("churn")),
        "{faults:?}"
    );
    assert!(engine.registry().versions(&"churn".into()).unwrap().is_empty());
    engine.ingest(batch(&[json!({"type": "track", "userId": "ann", "event": "Seen"})], Origin::Server)).unwrap();
}
