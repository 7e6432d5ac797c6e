//! What does the engine do where its store is full, or changes beneath it?

use crate::support::{noon, storage, until_so};
use engine::{AuditTrail, Background, Beside, By, Corrector, Engine, Pauses, Ports, Renewal, Trainer};
use events::generator::{World, WorldSettings};
use events::{
    Batch, CallKind, Envelope, Event, EventLog, EventLogError, Filter, ImportCounts, ImportId, Inspected,
    InspectedStatus, NewImport, Offset, Origin, Place, Receipt, Recorded, Rejected,
};
use features::{Declared, History, Measure};
use governance::ConsentPolicy;
use learning::{ModelStore, ModelStoreError, Outcome};
use primitives::{ErrorKind, MessageId, Seed, SimulatedClock};
use profiles::StoreError;
use serde_json::{Value, json};
use server::api::wire;
use server::declarations::Declarations;
use server::on_disk::ports;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};
use storage::Storage;

fn engine(ports: Ports) -> Engine {
    engine_that_foretells(ports, &[])
}

fn engine_that_foretells(ports: Ports, outcomes: &[Outcome]) -> Engine {
    let capabilities = Arc::new(engine::Capabilities::new(outcomes, &[], &[]));
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

    fn n_rejected_kept(&self) -> Result<u64, EventLogError> {
        self.0.n_rejected_kept()
    }
}

#[test]
fn what_was_accepted_is_answered_so_where_a_conflict_cannot_be_kept() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
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

/// So many come in two batches of reading.
const N_VISITORS: usize = 1_200;

/// A store with as many visitors as [`N_VISITORS`], who came by one import.
fn with_visitors(storage: &Arc<Storage>) -> ImportId {
    let filling = engine(ports(storage));
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
    import
}

#[test]
fn customers_of_the_old_state_are_not_read_into_the_new_one() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let import = with_visitors(&storage);
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
fn nor_are_they_where_the_state_was_made_anew_for_a_feature() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    with_visitors(&storage);
    let visits: Declared = serde_json::from_value(json!({
        "name": "visits", "meaning": "Pages looked at", "measure": "count", "when": {"event": "Home"},
    }))
    .unwrap();
    let engine = engine(ports(&storage));
    let n_resident = || engine.look(|live| live.profiles.resident().count());
    let is_declared = Cell::new(false);
    let declare = || {
        if !is_declared.replace(true) {
            assert!((1..N_VISITORS).contains(&n_resident()), "some were read already, and not all");
            engine.declare(std::slice::from_ref(&visits)).unwrap();
            engine.follow_corrections(&mut |_| Ok(())).unwrap();
            // The last of them comes once more, and is stored: what was read before knows nothing of it.
            let again = json!({"type": "page", "userId": format!("user-{}", N_VISITORS - 1)});
            engine.ingest(batch(&[again], Origin::Client)).unwrap();
            engine.checkpoint(0).unwrap();
        }
        false
    };
    assert!(engine.is_to_be_warmed());
    engine.warm(usize::MAX, &declare).unwrap();
    assert!(is_declared.get());
    assert_eq!(n_resident(), 0, "nobody of the former state came back");
    assert!(engine.is_to_be_warmed());
    engine.warm(usize::MAX, &|| false).unwrap();
    let n_events: u64 = engine.look(|live| live.profiles.resident().map(|customer| customer.profile.n_events).sum());
    assert_eq!((n_resident(), n_events), (N_VISITORS, N_VISITORS as u64 + 1), "and no event is lost");
}

#[test]
fn a_damaged_pointer_to_one_champion_stops_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
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

/// A history that counts how often all of it is read.
struct Counted(Arc<dyn History>, AtomicUsize);

impl History for Counted {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.replay(after, visit)
    }

    fn replay_kind(&self, kind: CallKind, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.0.replay_kind(kind, visit)
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        self.0.n_events()
    }
}

/// What is missing is counted and what can be trained is trained: of the same customers, who are in memory once.
#[test]
fn a_round_that_counts_and_trains_reads_the_history_once() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let history = Arc::new(Counted(storage.history(), AtomicUsize::new(0)));
    let engine = Arc::new(engine(Ports { history: history.clone(), ..ports(&storage) }));
    let settings = WorldSettings { n_customers: 200, n_items: 80, ends_at: noon(), ..WorldSettings::default() };
    let accepted: Vec<Event> = World::new(Seed::new(11), settings).events().collect();
    for part in accepted.chunks(5_000) {
        engine.ingest(Batch { accepted: part.to_vec(), ..Batch::default() }).unwrap();
    }
    let trainer = Arc::new(Trainer::new(Seed::new(1), AuditTrail::new(engine.clone())));
    let n_before = history.1.load(Ordering::Relaxed);
    let n_read = || history.1.load(Ordering::Relaxed) - n_before;
    trainer.train_when_due(&engine, 24);
    let names = || engine.capabilities().tasks.names();
    let trained = || names().filter(|task| !engine.registry().versions(task).unwrap().is_empty()).count();
    #[expect(clippy::disallowed_methods, reason = "a deadline is of real time")]
    let deadline = Instant::now() + Duration::from_secs(120);
    while trained() == 0 || names().any(|task| trainer.is_training(task)) {
        #[expect(clippy::disallowed_methods, reason = "a deadline is of real time")]
        let now = Instant::now();
        assert!(now < deadline, "nothing was trained");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(n_read(), 1);
    // Whoever is asked by a person reads what is there then.
    while trainer.begin(&engine, names().cloned().collect(), By::SCHEDULE).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    while n_read() == 1 {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(n_read(), 2);
}

/// Models whose reader has to wait until an event was taken in, once.
struct Slow {
    models: Arc<dyn ModelStore>,
    engine: OnceLock<Weak<Engine>>,
    is_slow: AtomicBool,
    took_in: AtomicBool,
}

impl ModelStore for Slow {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        self.models.put(file)
    }

    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError> {
        self.models.get(sha256)
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        self.models.list()
    }

    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError> {
        let engine = self.engine.get().and_then(Weak::upgrade).filter(|_| self.is_slow.swap(false, Ordering::AcqRel));
        if let Some(engine) = engine {
            let (send, receive) = channel();
            std::thread::spawn(move || {
                let seen = json!({"type": "track", "event": "Seen", "userId": "bob", "messageId": "meanwhile"});
                let _ = send.send(engine.ingest(batch(&[seen], Origin::Server)).unwrap().n_accepted);
            });
            self.took_in.store(receive.recv_timeout(Duration::from_secs(5)) == Ok(1), Ordering::Release);
        }
        self.models.champions(model)
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        self.models.set_champions(model, champions)
    }
}

#[test]
fn no_event_waits_for_models_that_are_read_again_for_a_new_feature() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let models = Arc::new(Slow {
        models: storage.model_store(),
        engine: OnceLock::new(),
        is_slow: AtomicBool::new(false),
        took_in: AtomicBool::new(false),
    });
    let engine = Arc::new(engine(Ports { models: models.clone(), ..ports(&storage) }));
    models.engine.set(Arc::downgrade(&engine)).unwrap();
    let seen = json!({"type": "track", "event": "Seen", "userId": "ann", "messageId": "first"});
    engine.ingest(batch(&[seen], Origin::Server)).unwrap();
    let declared = Declared {
        name: "times_seen".to_owned(),
        meaning: "How often seen".to_owned(),
        when: Filter::named("Seen"),
        measure: Measure::Count,
        of: None,
        within_days: None,
    };
    engine.declare(&[declared]).unwrap();
    models.is_slow.store(true, Ordering::Release);
    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert!(engine.catalogue().get("times_seen").is_some());
    assert!(!models.is_slow.load(Ordering::Acquire), "the champions are read again");
    assert!(models.took_in.load(Ordering::Acquire));
}

#[test]
fn reading_that_is_broken_off_goes_on_where_it_ended() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    with_visitors(&storage);
    let engine = engine(ports(&storage));
    let resident = || -> BTreeSet<String> {
        engine.look(|live| live.profiles.resident().map(|customer| customer.profile.id.to_string()).collect())
    };
    let mut read: Vec<String> = Vec::new();
    for (n, is_all) in [(500, false), (500, false), (200, true)] {
        assert!(engine.is_to_be_warmed());
        assert_eq!(engine.warm(usize::MAX, &|| true).unwrap(), is_all);
        assert_eq!(resident().len(), n);
        read.extend(resident());
        // Nobody of them is kept, so that those who are read next are told from them.
        engine.checkpoint(0).unwrap();
    }
    assert!(!engine.is_to_be_warmed(), "nobody is left");
    assert_eq!((read.len(), read.iter().collect::<BTreeSet<_>>().len()), (N_VISITORS, N_VISITORS), "each once");
    assert!(read.is_sorted());

    // Where there is no room for more, nobody waits to be read.
    let again = self::engine(ports(&storage));
    assert!(again.is_to_be_warmed() && again.warm(500, &|| false).unwrap() && !again.is_to_be_warmed());
}

#[test]
fn checkpoints_are_written_while_customers_are_read_and_all_of_them_are() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    with_visitors(&storage);
    let engine = Arc::new(engine(ports(&storage)));
    let audit = AuditTrail::new(engine.clone());
    let trainer = Arc::new(Trainer::new(Seed::new(1), audit.clone()));
    let pauses = Pauses {
        // Over before anybody was read.
        checkpoint: Duration::from_nanos(1),
        maintenance: Duration::from_secs(3_600),
        n_resident_max: 100_000,
        n_sealed_min: u64::MAX,
        seal: Duration::from_secs(1 << 40),
        train_hours: 0,
        refit: Duration::from_secs(3_600),
    };
    let _background = Background::start(trainer, Arc::new(Corrector::new(engine.clone(), audit)), pauses).unwrap();
    until_so("everybody is in memory", || engine.look(|live| live.profiles.resident().count()) == N_VISITORS);
}

/// A history that lacks an event, as where it was set aside.
struct Lacks(Arc<dyn History>, Offset);

impl History for Lacks {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.0.replay(after, &mut |recorded| recorded.offset == self.1 || visit(recorded))
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        self.0.n_events()
    }
}

fn times_seen() -> Declared {
    serde_json::from_value(
        json!({"name": "times_seen", "meaning": "How often seen", "measure": "count", "when": {"event": "Seen"}}),
    )
    .unwrap()
}

fn seen(engine: &Engine, id: &str) -> usize {
    let seen = json!({"type": "track", "event": "Seen", "userId": "ann", "messageId": id});
    engine.ingest(batch(&[seen], Origin::Server)).unwrap().n_accepted
}

#[test]
fn no_event_waits_for_one_that_was_set_aside_at_the_end_of_the_log() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let engine = engine(Ports { history: Arc::new(Lacks(storage.history(), Offset(2))), ..ports(&storage) });
    assert_eq!((seen(&engine, "first"), seen(&engine, "second")), (1, 1));
    engine.declare(&[times_seen()]).unwrap();
    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert_eq!(engine.folded(), Offset(1));
    assert_eq!(seen(&engine, "third"), 1);
    assert!(engine.is_sound());
    assert_eq!(engine.look(|live| live.customer("ann")).unwrap().unwrap().profile.n_events, 2);
}

/// Nothing can be made anew, and it is counted how often that was tried.
#[derive(Default)]
struct NoRoomBeside(AtomicUsize);

impl Renewal for NoRoomBeside {
    fn begin(&self) -> Result<Beside, StoreError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(StoreError {
            attempt: "no room".to_owned(),
            kind: ErrorKind::Unavailable,
            source: "the disk is full".into(),
        })
    }
}

/// Stops it also where the test fails, which would wait for it for ever.
struct Stops<'a>(&'a Corrector);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[test]
fn what_cannot_be_made_anew_is_tried_again_ever_less_often() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let (renewal, clock) = (Arc::new(NoRoomBeside::default()), Arc::new(SimulatedClock::new(noon())));
    let ports = Ports { renewal: renewal.clone(), ..ports(&storage) };
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let policy = ConsentPolicy::default();
    let engine = Engine::open(ports, policy, capabilities, clock.clone(), Seed::new(1), wire::decision).unwrap();
    let engine = Arc::new(engine);
    seen(&engine, "first");
    engine.declare(&[times_seen()]).unwrap();
    let corrector = Corrector::new(engine.clone(), AuditTrail::new(engine.clone()));
    let n_tried = || renewal.0.load(Ordering::SeqCst);
    std::thread::scope(|scope| {
        let _stops = Stops(&corrector);
        scope.spawn(|| corrector.run());
        let is_idle = || !corrector.is_busy();
        for (n, minutes) in (1..).zip([2, 4, 8, 16, 32, 64, 128, 256, 360, 360]) {
            corrector.follow_what_is_left(Offset(0)).unwrap();
            until_so("it was tried", || n_tried() == n && is_idle());
            clock.advance(Duration::from_secs(60 * minutes) - Duration::from_millis(1));
            corrector.follow_what_is_left(Offset(0)).unwrap();
            until_so("nothing is to be done", is_idle);
            assert_eq!(n_tried(), n, "not before {minutes} minutes are over");
            clock.advance(Duration::from_millis(1));
        }
        // Who asks for it does not wait.
        corrector.follow();
        until_so("it was tried", || n_tried() == 11 && is_idle());
    });
}

#[test]
fn events_go_on_while_everybody_is_looked_at_and_the_numbers_are_those_of_one_look() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(ports(&storage(data.path())));
    let visit = |user: String| json!({"type": "page", "userId": user});
    for first in [0, 700, 1_400] {
        let visits: Vec<Value> = (first..first + 700).map(|n| visit(format!("user-{n:04}"))).collect();
        engine.ingest(batch(&visits, Origin::Client)).unwrap();
    }
    // 2,100 customers are more than two slices. Between them the live state is free: a look from within one is refused.
    let (mut n_seen, mut n_between) = (0, 0);
    let is_whole = engine.visit_resident(&mut |_| n_seen += 1, &mut || {
        n_between += 1;
        engine.ingest(batch(&[visit(format!("late-{n_between}"))], Origin::Client)).unwrap();
        false
    });
    assert_eq!((is_whole, n_seen, n_between), (true, 2_100, 3), "who comes meanwhile is not among them");
    let (mut n_seen, mut n_between) = (0, 0);
    let is_whole = engine.visit_resident(&mut |_| n_seen += 1, &mut || {
        n_between += 1;
        n_between > 1
    });
    assert_eq!((is_whole, n_seen), (false, 1_024), "it stops where it is told to");
    let found = engine.search("", 20, Duration::from_secs(9)).unwrap();
    assert_eq!((found.n_found, found.n_searched, found.is_complete), (2_103, 2_103, true));
    let ids: Vec<_> = found.customers.iter().map(|customer| customer.profile.id.clone()).collect();
    let mut all: Vec<_> = engine.look(|live| {
        live.profiles.resident().map(|customer| (customer.profile.last_seen, customer.profile.id.clone())).collect()
    });
    all.sort_unstable_by(|a, b| b.cmp(a));
    assert!(all.iter().map(|(_, id)| id).take(20).eq(&ids), "{ids:?}");
    assert_eq!(engine.known_lately().unwrap(), ids, "all of them are known");
    assert!(!engine.search("", 20, Duration::ZERO).unwrap().is_complete);
}

/// A log of events that remembers for which titles it was asked, and answers when it may.
struct Asked {
    log: Arc<dyn EventLog>,
    titles: Mutex<Vec<String>>,
    /// What says that it may answer, once; without it it always may.
    may_answer: Mutex<Option<Receiver<()>>>,
}

impl Asked {
    fn new(log: Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self { log, titles: Mutex::default(), may_answer: Mutex::default() })
    }
}

impl EventLog for Asked {
    fn append(&self, events: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
        self.log.append(events)
    }

    fn check(&self) -> Result<(), EventLogError> {
        self.log.check()
    }

    fn keep_rejected(&self, rejected: Vec<Rejected>) -> Result<(), EventLogError> {
        self.log.keep_rejected(rejected)
    }

    fn read(&self, after: Offset, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
        self.log.read(after, n_max)
    }

    fn recent(&self, of: InspectedStatus, title: Option<&str>, n: usize) -> Result<Vec<Inspected>, EventLogError> {
        if let Some(word) = self.may_answer.lock().unwrap().take() {
            word.recv_timeout(Duration::from_secs(20))
                .map_err(|source| EventLogError::Read { after: 0, source: Box::new(source) })?;
        }
        self.titles.lock().unwrap().extend(title.map(str::to_owned));
        self.log.recent(of, title, n)
    }

    fn head(&self) -> Offset {
        self.log.head()
    }

    fn n_rejected(&self) -> Result<u64, EventLogError> {
        self.log.n_rejected()
    }

    fn n_rejected_kept(&self) -> Result<u64, EventLogError> {
        self.log.n_rejected_kept()
    }
}

fn counts(name: &str, event: &str) -> Declared {
    let declared = json!({"name": name, "meaning": "A number", "measure": "count", "when": {"event": event}});
    serde_json::from_value(declared).unwrap()
}

#[test]
fn nobody_waits_for_the_look_for_slips_when_the_server_starts() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let log = Asked::new(storage.event_log());
    let engine = Arc::new(engine(Ports { events: log.clone(), ..ports(&storage) }));
    engine.ingest(batch(&[json!({"type": "track", "userId": "ann", "event": "Opened"})], Origin::Server)).unwrap();
    engine.declare(&[counts("one", "Opend")]).unwrap();
    let (answer, may_answer) = channel();
    *log.may_answer.lock().unwrap() = Some(may_answer);
    let corrector = Arc::new(Corrector::new(engine.clone(), AuditTrail::new(engine.clone())));
    // Where this waited for the log, the log would give up before it is told to answer.
    let _declarations = Declarations::start(None, &corrector).unwrap();
    answer.send(()).unwrap();
    until_so("the slip is told", || engine.doubtful_features().len() == 1);
}

#[test]
fn slips_are_looked_for_once_for_each_event_and_told_without_a_look() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let log = Asked::new(storage.event_log());
    let engine = engine(Ports { events: log.clone(), ..ports(&storage) });
    let asked = || std::mem::take(&mut *log.titles.lock().unwrap());
    engine.ingest(batch(&[json!({"type": "track", "userId": "ann", "event": "Opened"})], Origin::Server)).unwrap();
    engine.declare(&[counts("one", "Opened"), counts("two", "Opend"), counts("three", "Opend")]).unwrap();
    assert_eq!((engine.doubtful_features(), asked()), (Vec::new(), Vec::new()), "nobody has looked yet");
    let found = engine.look_for_doubts(&|| false).unwrap().unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|doubt| doubt.contains("Did you mean \"Opened\"?")), "{found:?}");
    assert_eq!(asked().iter().filter(|title| title.starts_with("Ope")).collect::<Vec<_>>(), ["Opened", "Opend"]);
    assert_eq!((engine.doubtful_features(), asked()), (found, Vec::new()));
    assert_eq!(engine.look_for_doubts(&|| true).unwrap(), None);
    assert_eq!(asked(), Vec::<String>::new(), "it stops where it is told to");
    assert_eq!(engine.doubtful_features().len(), 2, "what was found before stands");
}

#[test]
fn only_what_was_written_of_an_outcome_is_a_slip() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let outcome = |of: &str| {
        let table = json!({
            "name": "paid", "question": "How much?", "among": "everyone", "within_days": 7,
            "label": { "sum": { "event": "Paid", "of": of } },
        });
        Outcome::from_table(table.as_object().unwrap()).unwrap()
    };
    let paid = json!({"type": "track", "userId": "ann", "event": "Paid", "properties": {"amount": 5}});
    for (of, slips) in [("properties.amount", 0), ("properties.revenue", 1)] {
        let engine = engine_that_foretells(ports(&storage), &[outcome(of)]);
        engine.ingest(batch(std::slice::from_ref(&paid), Origin::Server)).unwrap();
        let of_it = engine.look_for_doubts(&|| false).unwrap().unwrap();
        let of_it: Vec<_> = of_it.iter().filter(|doubt| doubt.starts_with("Outcome \"paid\"")).collect();
        assert_eq!(of_it.len(), slips, "{of_it:?}");
        assert!(of_it.iter().all(|doubt| doubt.contains("\"properties.revenue\"") && !doubt.contains("currency")));
    }
}
