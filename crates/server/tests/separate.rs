//! Is what is live after a separation what a rebuild makes of it, and what would be had both never been joined?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine::{Engine, Live, Ports};
use events::generator::Tangle;
use events::{Batch, Event};
use governance::ConsentPolicy;
use primitives::{Seed, SimulatedClock, Timestamp};
use profiles::{Collection, Identifier, RefusalReason};
use server::api::wire;
use server::on_disk::ports;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Access, DataDir, SealPolicy, Storage, StorageSettings};

fn storage(data: &tempfile::TempDir) -> Arc<Storage> {
    let directory = DataDir::open(data.path(), Access::Exclusive).unwrap();
    Storage::open(directory, StorageSettings::default()).unwrap()
}

fn engine(ports: Ports) -> Engine {
    let capabilities = Arc::new(engine::Capabilities::new(&[], &[], &[]));
    let clock = Arc::new(SimulatedClock::new(Timestamp::parse("2026-11-22T12:00:00Z").unwrap()));
    Engine::open(ports, ConsentPolicy::default(), capabilities, clock, Seed::new(1), wire::decision).unwrap()
}

fn ingest(engine: &Engine, events: &[Event]) {
    engine.ingest(Batch { accepted: events.to_vec(), ..Batch::default() }).unwrap();
}

type Rows = BTreeMap<(Collection, String), Vec<u8>>;

/// Every stored row of derived state.
fn rows(engine: &Engine) -> Rows {
    engine.checkpoint(usize::MAX).unwrap();
    let mut rows = Rows::new();
    for collection in Collection::ALL {
        let mut keep = |key: &str, value: &[u8]| {
            rows.insert((collection, key.to_owned()), value.to_vec());
            true
        };
        engine.ports().profiles.scan(collection, "", &mut keep).unwrap();
    }
    rows
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
    for seed in 0..40 {
        let data = tempfile::tempdir().unwrap();
        let storage = storage(&data);
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
        let live = rows(&engine);
        drop(engine);
        Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
        let rebuilt = rows(&self::engine(ports(&storage)));
        assert_eq!(difference(&live, &rebuilt), [""; 0], "seed {seed}");
    }
    assert!(n_separated > 100 && n_lifted > 3 && n_refused > 100, "{n_separated} {n_lifted} {n_refused}");
}
