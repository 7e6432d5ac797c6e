//! Is what is live after a separation what a rebuild makes of it, and what would be had both never been joined?

use crate::support::{self, Rows, rows, storage};
use engine::{Engine, Live, Ports};
use events::generator::Tangle;
use events::{Batch, Envelope, Event, EventLogError, Origin, Place, Recorded};
use features::History;
use governance::ConsentPolicy;
use primitives::{ErrorKind, Seed, SimulatedClock, Timestamp};
use profiles::{Identifier, RefusalReason};
use serde_json::{Value, json};
use server::api::wire;
use server::on_disk::ports;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use storage::SealPolicy;

fn engine(ports: Ports) -> Engine {
    let capabilities = Arc::new(engine::Capabilities::new(&[], &[], &[]));
    let clock = Arc::new(SimulatedClock::new(Timestamp::parse("2026-11-22T12:00:00Z").unwrap()));
    Engine::open(ports, ConsentPolicy::default(), capabilities, clock, Seed::new(1), wire::decision).unwrap()
}

fn ingest(engine: &Engine, events: &[Event]) {
    engine.ingest(Batch { accepted: events.to_vec(), ..Batch::default() }).unwrap();
}

/// Every stored row of derived state, as it is now.
fn rows_of(engine: &Engine) -> Rows {
    engine.checkpoint(usize::MAX).unwrap();
    rows(engine.ports())
}

/// The rows that differ, by name: bytes would say nothing to whoever reads it.
fn difference(a: &Rows, b: &Rows) -> Vec<String> {
    let keys = a.keys().chain(b.keys());
    let mut differing: Vec<String> = keys
        .filter(|key| a.get(*key) != b.get(*key))
        .map(|(collection, key)| format!("{} {key}", collection.name()))
        .collect();
    differing.dedup();
    differing
}

fn tangled(seed: u64) -> Vec<Event> {
    let size = usize::try_from(seed % 4).unwrap();
    Tangle { n_events: 30 + 20 * size, n_users: 3 + size, n_devices: 3 + size, n_hours: 200 }.events(Seed::new(seed))
}

/// A name that can be taken out of a customer: one who has several, and not the one by which they are known first.
fn separable(engine: &Engine, nth: usize) -> Option<(String, String)> {
    let mut found = engine.look(|live| {
        let of = |profile: &profiles::Profile| {
            let founder = Identifier::founder(&profile.id);
            let others = profile.links.keys().filter(|name| **name != founder);
            others.map(|name| (profile.id.to_string(), text(name))).collect::<Vec<_>>()
        };
        live.profiles.resident().flat_map(|customer| of(&customer.profile)).collect::<Vec<_>>()
    });
    found.sort();
    (!found.is_empty()).then(|| found.swap_remove(nth % found.len()))
}

fn text(name: &Identifier) -> String {
    match name {
        Identifier::User(id) => format!("user:{id}"),
        Identifier::Anonymous(id) => format!("anonymous:{id}"),
    }
}

#[test]
fn live_after_separations_is_what_a_rebuild_makes_to_the_byte() {
    let (mut n_separated, mut n_lifted, mut n_refused) = (0, 0, 0);
    for seed in 0..30 {
        let data = tempfile::tempdir().unwrap();
        let storage = storage(data.path());
        let mut engine = engine(ports(&storage));
        let events = tangled(seed);
        for (n, some) in (0..).zip(events.chunks(events.len() / 5 + 1)) {
            ingest(&engine, some);
            if seed % 3 == 0 {
                engine.checkpoint(0).unwrap();
                storage
                    .seal(
                        engine.checkpointed(),
                        &SealPolicy { n_events_min: 1, n_events_kept: 0, ..SealPolicy::default() },
                    )
                    .unwrap();
            }
            if n == 0 {
                continue;
            }
            let Some((customer, name)) = separable(&engine, usize::try_from(seed).unwrap() + n) else { continue };
            let foreseen = engine.foresee_separation(&customer, &name).unwrap();
            let parted = engine.separate(&customer, &name, "two people").unwrap();
            assert!(parted.is_done && parted.parts == foreseen.parts, "seed {seed}");
            let founder = Identifier::founder(&customer.as_str().into());
            let [a, b] = [&founder, &parted.names[1]].map(|name| engine.look(|live| live.profiles.find(name)).unwrap());
            assert!(a.is_none() || a != b, "seed {seed}: {customer} and {name} are two");
            n_separated += 1;
            if seed % 5 == 0 {
                drop(engine);
                engine = self::engine(ports(&storage));
            }
        }
        engine.look(|live| {
            n_lifted += live.profiles.separations().iter().filter(|one| one.lifted.is_some()).count();
            let refusals = live.profiles.resident().flat_map(|customer| &customer.profile.refusals);
            n_refused += refusals.filter(|refusal| refusal.reason == RefusalReason::Separated).count();
        });
        let live = rows_of(&engine);
        drop(engine);
        Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
        let rebuilt = rows_of(&self::engine(ports(&storage)));
        assert_eq!(difference(&live, &rebuilt), [""; 0], "seed {seed}");
    }
    assert!(n_separated > 70 && n_lifted > 0 && n_refused > 80, "{n_separated} {n_lifted} {n_refused}");
}

fn told(user: &str, device: &str, event: &str, n: u64) -> Value {
    json!({"type": "track", "event": event, "userId": user, "anonymousId": device, "messageId": format!("{user}{n}")})
}

/// Ann and bob, whom an alias made one by mistake; ann has a phone, and bob a laptop.
fn joined_by_mistake(engine: &Engine) {
    let events = json!([
        told("ann", "phone", "Seen", 1),
        told("ann", "phone", "Seen", 2),
        told("bob", "laptop", "Seen", 1),
        {"type": "alias", "userId": "ann", "previousId": "bob", "messageId": "mistake"},
        told("bob", "laptop", "Seen", 2),
    ]);
    say(engine, Origin::Server, events);
}

fn say(engine: &Engine, origin: Origin, events: Value) {
    let body = json!({ "batch": events }).to_string();
    let batch = events::parse_batch(body.as_bytes(), Envelope::new(engine.clock().now(), origin)).unwrap();
    engine.ingest(batch).unwrap();
}

fn names(engine: &Engine, customer: &str) -> Vec<String> {
    let links = engine.look(|live| live.customer(customer)).unwrap().map(|found| found.profile.links);
    links.into_iter().flatten().map(|(name, _)| text(&name)).collect()
}

#[test]
fn other_names_go_with_whom_they_were_seen_and_a_later_alias_joins_again() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(ports(&storage(data.path())));
    joined_by_mistake(&engine);
    assert_eq!(names(&engine, "ann").len(), 4);
    let parted = engine.separate("phone", "bob", "two people").unwrap();
    let parts: Vec<_> = parted.parts.iter().map(|part| (part.customer.as_str(), part.n_events)).collect();
    assert_eq!((parts, parted.is_done), (vec![("ann", 3), ("bob", 2)], true));
    assert_eq!(names(&engine, "ann"), ["user:ann", "anonymous:phone"]);
    assert_eq!(names(&engine, "laptop"), ["user:bob", "anonymous:laptop"]);
    let totals = engine.look(|live| live.profiles.totals());
    assert_eq!((totals.n_customers, totals.n_known, totals.n_merged), (2, 2, 0));

    let joined = |origin, id: &str| {
        say(&engine, origin, json!([{"type": "alias", "userId": "bob", "previousId": "ann", "messageId": id}]));
        names(&engine, "ann").len()
    };
    assert_eq!(joined(Origin::Client, "a stranger's word"), 2);
    assert_eq!(joined(Origin::Server, "the company's newest word"), 4);
}

/// The previousId of an alias is one word: an unknown one is taken as a userId and as an anonymousId, and goes as both.
#[test]
fn what_a_mistaken_alias_made_two_names_of_goes_as_two_names() {
    for half in ["user:berta", "anonymous:berta"] {
        let data = tempfile::tempdir().unwrap();
        let engine = engine(ports(&storage(data.path())));
        let say = |events: Value| say(&engine, Origin::Server, events);
        say(json!([
            {"type": "identify", "userId": "anna", "messageId": "a"},
            {"type": "alias", "userId": "anna", "previousId": "berta", "messageId": "mistake"},
            {"type": "track", "anonymousId": "berta", "event": "Seen", "messageId": "b"},
        ]));
        assert_eq!(names(&engine, "anna"), ["user:anna", "user:berta", "anonymous:berta"]);
        let parted = engine.separate("anna", half, "two people").unwrap();
        let parts: Vec<_> = parted.parts.iter().map(|part| (part.customer.as_str(), part.n_events)).collect();
        assert_eq!((parts, parted.is_done), (vec![("anna", 2), ("anonymous:berta", 1)], true), "{half}");
        assert_eq!(names(&engine, "anna"), ["user:anna"], "{half}");
        assert_eq!(names(&engine, "berta"), ["anonymous:berta"], "{half}");
        // What comes later is not anna's either, and said of one of her devices it is.
        say(json!([
            {"type": "identify", "userId": "berta", "messageId": "c"},
            {"type": "track", "userId": "anna", "anonymousId": "phone", "event": "Seen", "messageId": "d"},
        ]));
        assert_eq!(names(&engine, "anna"), ["user:anna", "anonymous:phone"], "{half}");
        assert_eq!(engine.look(|live| live.profiles.totals()).n_customers, 3, "{half}");
    }
}

#[test]
fn who_cannot_be_separated_is_told_why() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(ports(&storage(data.path())));
    joined_by_mistake(&engine);
    let before = engine.ports().events.head();
    for (customer, name, kind, said) in [
        ("nobody", "ann", ErrorKind::NotFound, "no customer goes by"),
        ("ann", "nobody", ErrorKind::Invalid, "one of userId ann, userId bob"),
        ("ann", "user:ann", ErrorKind::Invalid, "known by the name"),
    ] {
        let refused = engine.separate(customer, name, "").unwrap_err();
        assert_eq!(refused.kind(), kind);
        assert!(refused.to_string().contains(said), "{refused}");
    }
    assert_eq!(engine.ports().events.head(), before, "nothing was written");
}

/// A program that ends after the separation is durable, before and after a checkpoint, goes on with it at its next start.
#[test]
fn what_was_begun_is_done_at_the_next_start() {
    for is_checkpointed in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let storage = storage(data.path());
        let engine = engine(ports(&storage));
        joined_by_mistake(&engine);
        engine.checkpoint(usize::MAX).unwrap();
        let keys = ["u:ann".to_owned(), "u:bob".to_owned()];
        let said = Event::separation(keys, String::new(), engine.clock().now(), engine.ports().events.head());
        // Only the event, as where the program ends right after it.
        ingest(&engine, std::slice::from_ref(&said));
        assert!(engine.has_separations_to_do() && names(&engine, "ann").len() == 4);
        if is_checkpointed {
            engine.checkpoint(0).unwrap();
        }
        drop(engine);
        let engine = self::engine(ports(&storage));
        assert!(!engine.has_separations_to_do());
        assert_eq!(names(&engine, "bob"), ["user:bob", "anonymous:laptop"]);
        // It is stored although no event came.
        engine.checkpoint(usize::MAX).unwrap();
        let stored = rows_of(&engine);
        drop(engine);
        Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
        assert_eq!(difference(&stored, &rows_of(&self::engine(ports(&storage)))), [""; 0]);
    }
}

#[test]
fn events_come_in_while_customers_are_separated() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let engine = Arc::new(engine(ports(&storage)));
    joined_by_mistake(&engine);
    let sender = engine.clone();
    let sending = std::thread::spawn(move || {
        for n in 10..150 {
            let (user, device) = if n % 2 == 0 { ("ann", "phone") } else { ("bob", "laptop") };
            let body = json!({"batch": [told(user, device, "Seen", n)]}).to_string();
            let envelope = Envelope::new(sender.clock().now(), Origin::Client);
            sender.ingest(events::parse_batch(body.as_bytes(), envelope).unwrap()).unwrap();
        }
    });
    assert!(engine.separate("ann", "bob", "").unwrap().is_done);
    sending.join().unwrap();
    let n_events = |name: &str| engine.look(|live| live.customer(name)).unwrap().unwrap().profile.n_events;
    assert_eq!((n_events("ann"), n_events("bob")), (3 + 70, 2 + 70));
    let live = rows_of(&engine);
    drop(engine);
    Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
    assert_eq!(difference(&live, &rows_of(&self::engine(ports(&storage)))), [""; 0]);
}

/// A history during each of whose first readings of names an event comes in that brings a new one.
struct Disturbed {
    history: Arc<dyn History>,
    engine: OnceLock<Weak<Engine>>,
    n_read: AtomicU64,
    is_held_up: AtomicBool,
}

impl Disturbed {
    const N: u64 = 8;

    fn disturb(&self) {
        let n = self.n_read.fetch_add(1, Ordering::SeqCst);
        let Some(engine) = self.engine.get().and_then(Weak::upgrade).filter(|_| n < Self::N) else { return };
        let (done, is_done) = sync_channel(1);
        std::thread::spawn(move || {
            let body = json!({"batch": [told("bob", &format!("tablet{n}"), "Seen", 100 + n)]}).to_string();
            let envelope = Envelope::new(engine.clock().now(), Origin::Client);
            engine.ingest(events::parse_batch(body.as_bytes(), envelope).unwrap()).unwrap();
            drop(engine);
            let _ = done.send(());
        });
        if is_done.recv_timeout(Duration::from_secs(5)).is_err() {
            self.is_held_up.store(true, Ordering::SeqCst);
        }
    }
}

impl History for Disturbed {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.history.replay(after, visit)
    }

    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Place,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        self.disturb();
        self.history.replay_of(names, upto, visit)
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        self.history.n_events()
    }
}

/// Whoever sends an event with a new name of a customer who is being separated waits for no reading of the history.
#[test]
fn the_past_of_names_that_come_in_new_is_read_while_events_go_on() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let ports = self::ports(&storage);
    let disturbed = Arc::new(Disturbed {
        history: ports.history.clone(),
        engine: OnceLock::new(),
        n_read: AtomicU64::new(0),
        is_held_up: AtomicBool::new(false),
    });
    let engine = Arc::new(self::engine(Ports { history: disturbed.clone(), ..ports }));
    joined_by_mistake(&engine);
    for n in 0..Disturbed::N {
        let body = json!({"batch": [{"type": "page", "anonymousId": format!("tablet{n}")}]}).to_string();
        let envelope = Envelope::new(engine.clock().now(), Origin::Client);
        engine.ingest(events::parse_batch(body.as_bytes(), envelope).unwrap()).unwrap();
    }
    disturbed.engine.set(Arc::downgrade(&engine)).unwrap();
    assert!(engine.separate("ann", "bob", "").unwrap().is_done);
    assert!(!disturbed.is_held_up.load(Ordering::SeqCst), "no event waits while the history is read");
    assert!(disturbed.n_read.load(Ordering::SeqCst) > Disturbed::N, "every event came in before the end");
    assert_eq!(names(&engine, "bob").len(), 2 + usize::try_from(Disturbed::N).unwrap());
    let n_events = |name: &str| engine.look(|live| live.customer(name)).unwrap().unwrap().profile.n_events;
    assert_eq!((n_events("ann"), n_events("bob")), (3, 2 + 2 * Disturbed::N));
    let live = rows_of(&engine);
    drop(engine);
    Live::rebuild(&self::ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
    assert_eq!(difference(&live, &rows_of(&self::engine(self::ports(&storage)))), [""; 0]);
}

#[test]
fn over_http_a_server_key_separates_and_a_write_key_does_not() {
    let server = support::TestServer::start();
    joined_by_mistake(server.engine());
    let ask = |key: &str, body: Value| {
        let authorization = format!("Bearer {key}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        server.send("POST", "/v1/customers/ann/separate", &headers, body.to_string())
    };
    let reply = |reply: &support::Reply| serde_json::from_str::<Value>(&reply.text).unwrap();
    assert_eq!(ask(support::WRITE, json!({"identifier": "bob"})).status, 403);
    assert_eq!(ask(support::SERVER, json!({"identifer": "bob"})).status, 400);
    assert_eq!(ask(support::SERVER, json!({"identifier": "carol"})).status, 400);
    let foreseen = ask(support::SERVER, json!({"identifier": "bob", "dryRun": true}));
    assert_eq!((foreseen.status, &reply(&foreseen)["isDone"]), (200, &json!(false)));
    assert_eq!(names(server.engine(), "ann").len(), 4, "a dry run changes nothing");
    let done = ask(support::SERVER, json!({"identifier": "bob", "reason": "two people"}));
    let expected = json!({
        "names": ["userId ann", "userId bob"],
        "customers": [
            {"customerId": "ann", "identifiers": ["userId ann", "anonymousId phone"], "events": 3},
            {"customerId": "bob", "identifiers": ["userId bob", "anonymousId laptop"], "events": 2},
        ],
        "isDone": true,
    });
    assert_eq!((done.status, reply(&done)), (200, expected));
    assert_eq!(names(server.engine(), "ann").len(), 2);
    assert_eq!(ask(support::SERVER, json!({"identifier": "bob"})).status, 400, "they are two by now");
}
