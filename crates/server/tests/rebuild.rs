//! Does everything that is derived come back to the byte, from the log and the history alone?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use events::generator::{World, WorldSettings};
use events::{Batch, Event, Origin};
use features::FeatureState;
use learning::Dataset;
use primitives::{Clock, Seed, SimulatedClock};
use profiles::Collection;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde_json::json;
use server::engine::{Live, Ports};
use server::serve::{Opened, ports};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::{Access, DataDir, SealPolicy, Storage, StorageSettings};
use support::{noon, settings};

type Rows = BTreeMap<(Collection, String), Vec<u8>>;

/// What a customer base goes through: its events somewhat out of order, between them duplicates, merges, checkpoints,
/// sealing, evictions, restarts with and without a last checkpoint, and a broken-off rebuild.
struct Life {
    data: tempfile::TempDir,
    opened: Option<Opened>,
    clock: Arc<SimulatedClock>,
    dice: ChaCha8Rng,
    sent: Vec<Event>,
}

impl Life {
    fn begin(seed: u64) -> Self {
        let clock = Arc::new(SimulatedClock::new(noon()));
        let data = tempfile::tempdir().unwrap();
        let opened = Some(open(data.path(), &clock));
        Self { data, opened, clock, dice: Seed::new(seed).stream("life", 0), sent: Vec::new() }
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.dice.next_u64() % n as u64).unwrap()
    }

    fn live(&mut self, mut events: Vec<Event>) {
        for i in 1..events.len() {
            let other = i - self.below(i.min(20) + 1);
            events.swap(i, other);
        }
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let n = (self.below(400) + 1).min(rest.len());
            let (part, after) = rest.split_at(n);
            rest = after;
            self.send(part.to_vec());
            self.clock.advance(Duration::from_secs(600));
            self.happen();
        }
    }

    fn send(&mut self, mut events: Vec<Event>) {
        for _ in 0..self.below(5).min(self.sent.len()) {
            let again = self.below(self.sent.len());
            events.push(self.sent[again].clone());
        }
        self.sent.extend(events.iter().cloned());
        self.engine().ingest(Batch { accepted: events, ..Batch::default() }).unwrap();
    }

    fn engine(&self) -> &server::engine::Engine {
        &self.opened.as_ref().unwrap().engine
    }

    fn happen(&mut self) {
        match self.below(7) {
            0 => drop(self.engine().checkpoint(1_000_000).unwrap()),
            // Nobody fits into memory: everybody must come back from the store.
            1 => drop(self.engine().checkpoint(0).unwrap()),
            2 => {
                let opened = self.opened.as_ref().unwrap();
                opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
            }
            3 => self.reopen(|_| {}),
            4 => self.merge(),
            5 => self.reopen(|ports| {
                // Somebody began to rebuild, and stopped at once.
                ports.profiles.clear().unwrap();
            }),
            _ => {}
        }
    }

    /// Two customers turn out to be one, or a device to be somebody's.
    fn merge(&mut self) {
        let (one, other) = (self.below(self.sent.len()), self.below(self.sent.len()));
        let name = |event: &Event| match (&event.user_id, &event.anonymous_id) {
            (Some(user), _) => Some(user.to_string()),
            (None, Some(device)) => Some(device.to_string()),
            (None, None) => None,
        };
        let (Some(user), Some(previous)) = (self.sent[one].user_id.clone(), name(&self.sent[other])) else { return };
        let alias = json!({"batch": [{"type": "alias", "userId": user, "previousId": previous, "messageId": format!("merge-{}", self.sent.len())}]});
        let batch = events::parse_batch(alias.to_string().as_bytes(), self.clock.now(), Origin::Server).unwrap();
        assert!(batch.rejected.is_empty());
        self.engine().ingest(batch).unwrap();
    }

    /// Stops without a last checkpoint, as a crash does, and starts again.
    fn reopen(&mut self, between: impl FnOnce(&Ports)) {
        self.opened = None;
        let storage =
            Storage::open(DataDir::open(self.data.path(), Access::Exclusive).unwrap(), StorageSettings::default());
        between(&ports(&storage.unwrap()));
        self.opened = Some(open(self.data.path(), &self.clock));
    }
}

fn open(data: &Path, clock: &Arc<SimulatedClock>) -> Opened {
    Opened::open_at(data, Access::Exclusive, settings(), clock.clone()).unwrap()
}

fn world(seed: u64, n_customers: usize) -> Vec<Event> {
    let settings = WorldSettings { n_customers, n_items: 60, n_days: 90, ..WorldSettings::default() };
    World::new(Seed::new(seed), settings).events().collect()
}

fn rows(ports: &Ports) -> Rows {
    let mut rows = Rows::new();
    for collection in Collection::ALL {
        let mut add = |key: &str, value: &[u8]| rows.insert((collection, key.to_owned()), value.to_vec()).is_none();
        ports.profiles.scan(collection, "", &mut add).unwrap();
    }
    rows
}

#[test]
fn a_rebuild_leaves_the_very_rows_that_a_life_left() {
    for seed in 1..=3 {
        let mut life = Life::begin(seed);
        life.live(world(seed, 60));
        life.engine().checkpoint(1_000_000).unwrap();
        life.opened = None;

        let storage =
            Storage::open(DataDir::open(life.data.path(), Access::Exclusive).unwrap(), StorageSettings::default())
                .unwrap();
        let ports = ports(&storage);
        let (before, offset) = (rows(&ports), ports.profiles.offset().unwrap());
        let n_events = Live::rebuild(&ports, |_| {}).unwrap();
        assert_eq!((offset.0, ports.profiles.offset().unwrap()), (n_events, offset));
        let after = rows(&ports);
        assert!(before.len() > 200, "the life was too short: {} rows", before.len());
        for (key, row) in &before {
            assert!(after.get(key) == Some(row), "seed {seed}: {key:?} came back as something else");
        }
        assert_eq!(before.len(), after.len(), "seed {seed}");
    }
}

#[test]
fn the_live_vector_equals_the_replayed_one_to_the_bit() {
    let mut life = Life::begin(4);
    life.live(world(4, 120));
    let now = life.clock.now();
    let engine = life.engine();
    let dataset = Dataset::load(engine.ports().history.as_ref(), engine.policy(), &mut |_| {}).unwrap();
    assert!(dataset.n_customers() > 60, "{} customers", dataset.n_customers());
    let mut n_known = 0;
    for customer in dataset.customers() {
        let customer = customer.get();
        let known = engine
            .look(|live| live.customer(customer.profile.id.as_str()))
            .unwrap()
            .expect("everybody in the history is live");
        let bits =
            |state: &FeatureState| state.vector(now).values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&customer.state.state_at(now)), bits(&known.state), "{}", customer.profile.id);
        n_known += known.state.vector(now).values.iter().filter(|value| !value.is_nan()).count();
    }
    assert!(n_known > 1_000, "only {n_known} values are known");
}
