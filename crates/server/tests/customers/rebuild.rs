//! Does everything that is derived come back to the byte, from the log and the history alone?

use crate::support::{Rows, noon, rows, settings, storage};
use engine::{Live, Ports};
use events::generator::{World, WorldSettings};
use events::{Batch, Event, Origin};
use features::FeatureState;
use governance::{ConsentPolicy, Purpose};
use learning::Dataset;
use primitives::{Clock, Seed, SimulatedClock};
use profiles::Change;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde_json::json;
use server::on_disk::ports;
use server::serve::Opened;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::{Access, DataDir, Rebuild, SealPolicy, Storage};

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

    fn engine(&self) -> &engine::Engine {
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
            5 => self.reopen(|storage| {
                // Somebody began to rebuild, and stopped at once.
                drop(Rebuild::begin(storage.clone()).unwrap());
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
        let batch =
            events::parse_batch(alias.to_string().as_bytes(), events::Envelope::new(self.clock.now(), Origin::Server))
                .unwrap();
        assert!(batch.rejected.is_empty());
        self.engine().ingest(batch).unwrap();
    }

    /// Stops without a last checkpoint, as a crash does, and starts again.
    fn reopen(&mut self, between: impl FnOnce(&Arc<Storage>)) {
        self.opened = None;
        between(&storage(self.data.path()));
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

#[test]
fn a_rebuild_leaves_the_very_rows_that_a_life_left() {
    for seed in 1..=3 {
        let mut life = Life::begin(seed);
        life.live(world(seed, 60));
        life.engine().checkpoint(1_000_000).unwrap();
        life.opened = None;

        let storage = storage(life.data.path());
        let ports = ports(&storage);
        let (before, offset) = (rows(&ports), ports.profiles.offset().unwrap());
        let n_events = Live::rebuild(&ports, &ConsentPolicy::default(), |_| {}).unwrap();
        assert_eq!((offset.0, ports.profiles.offset().unwrap()), (n_events, offset));
        let after = rows(&ports);
        assert!(before.len() > 200, "the life was too short: {} rows", before.len());
        for (key, row) in &before {
            assert!(after.get(key) == Some(row), "seed {seed}: {key:?} came back as something else");
        }
        assert_eq!(before.len(), after.len(), "seed {seed}");
    }
}

/// Rows in the form of an older version, as far as today's program can tell.
fn make_older(ports: &Ports) {
    let older = |collection, key: &str| Change { collection, key: key.to_owned(), value: Some(vec![1, 0, 0]) };
    let changes = rows(ports).into_keys().map(|(collection, key)| older(collection, &key)).collect();
    ports.profiles.commit(ports.profiles.offset().unwrap(), changes).unwrap();
}

#[test]
fn profiles_of_an_older_version_or_another_consent_setting_are_recreated_at_the_start() {
    let mut life = Life::begin(5);
    life.live(world(5, 40));
    life.engine().checkpoint(1_000_000).unwrap();
    let before = rows(life.engine().ports());
    life.reopen(|storage| make_older(&ports(storage)));
    assert!(rows(life.engine().ports()) == before, "what the older version left is replaced");

    let other = ConsentPolicy::default().with_client_grants(false);
    let made_with = profiles::made_with_change(&other.rule(Purpose::Analytics));
    life.reopen(|storage| {
        let store = storage.profile_store();
        store.commit(store.offset().unwrap(), vec![made_with]).unwrap();
    });
    assert!(rows(life.engine().ports()) == before, "what was counted under another setting is replaced");
}

#[test]
fn the_live_vector_equals_the_replayed_one_to_the_bit() {
    let mut life = Life::begin(4);
    life.live(world(4, 120));
    let now = life.clock.now();
    let engine = life.engine();
    let dataset =
        Dataset::load(engine.ports().history.as_ref(), engine.policy(), features::TraceReads::default(), &mut |_| {})
            .unwrap();
    assert!(dataset.n_customers() > 60, "{} customers", dataset.n_customers());
    let mut n_known = 0;
    for customer in dataset.customers() {
        let customer = customer.get();
        let known = engine
            .look(|live| live.customer(customer.profile.id.as_str()))
            .unwrap()
            .expect("everybody in the history is live");
        let values = |state: &FeatureState| {
            let mut values = Vec::new();
            engine.catalogue().all().read(state, now, &mut values);
            values
        };
        let bits = |state: &FeatureState| values(state).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(&customer.state.state_at(now)), bits(&known.state), "{}", customer.profile.id);
        n_known += values(&known.state).into_iter().filter(|value| !value.is_nan()).count();
    }
    assert!(n_known > 1_000, "only {n_known} values are known");
}

/// A customer base of which a part is sealed, and its stored rows.
fn sealed_life(seed: u64) -> (Life, Rows) {
    let mut life = Life::begin(seed);
    life.live(world(seed, 40));
    let opened = life.opened.as_ref().unwrap();
    let checkpointed = opened.engine.checkpoint(1_000_000).unwrap();
    let policy = SealPolicy { n_events_max: 500, ..SealPolicy::everything() };
    opened.storage.seal(checkpointed, &policy).unwrap();
    let stored = rows(&ports(&opened.storage));
    life.opened = None;
    (life, stored)
}

#[test]
fn a_rebuild_that_is_broken_off_anywhere_leaves_what_was_in_force() {
    let (life, before) = sealed_life(5);
    let storage = storage(life.data.path());
    let head = storage.event_log().head().0;
    for stop_at in [1, head / 2, head] {
        let broken_off = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |n| assert!(n != stop_at, "killed"))
        }));
        assert!(broken_off.is_err());
        assert!(rows(&ports(&storage)) == before, "broken off at {stop_at}");
        assert_eq!(ports(&storage).profiles.offset().unwrap().0, head);
    }
    assert_eq!(Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap(), head);
    assert!(rows(&ports(&storage)) == before);
}

#[test]
fn a_rebuild_over_damaged_history_is_refused_and_the_server_still_starts() {
    let (mut life, before) = sealed_life(6);
    let data = life.data.path().to_owned();
    let days = std::fs::read_dir(data.join("history")).unwrap().flatten();
    let mut parts: Vec<_> =
        days.flat_map(|day| std::fs::read_dir(day.path()).unwrap().flatten().map(|one| one.path())).collect();
    parts.sort();
    let part = &parts[parts.len() / 2];
    let mut content = std::fs::read(part).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 8;
    std::fs::write(part, content).unwrap();
    let refused = Live::rebuild(&ports(&storage(&data)), &ConsentPolicy::default(), |_| {}).unwrap_err();
    let name = part.file_name().unwrap().to_str().unwrap();
    assert!(refused.story().contains(name) && refused.story().contains("rapport set-aside"), "{}", refused.story());
    life.opened = Some(open(&data, &life.clock));
    assert!(rows(&ports(&life.opened.as_ref().unwrap().storage)) == before, "what was in force is served");
    life.opened = None;

    let directory = DataDir::open(&data, Access::Exclusive).unwrap();
    let record = storage::set_aside(&directory, part.to_str().unwrap(), life.clock.now()).unwrap();
    drop(directory);
    let storage = storage(&data);
    let n_events = Live::rebuild(&ports(&storage), &ConsentPolicy::default(), |_| {}).unwrap();
    assert_eq!(n_events, storage.event_log().head().0 - record.n_events(), "exactly what was set aside is left out");
    drop(storage);
    life.opened = Some(open(&data, &life.clock));
    life.live(world(7, 5));
}

#[test]
fn events_come_in_after_one_at_the_end_of_the_log_was_set_aside() {
    let mut life = Life::begin(8);
    life.live(world(8, 5));
    let last = life.engine().ports().events.head();
    life.opened = None;
    let data = life.data.path().to_owned();
    let rows = rusqlite::Connection::open(data.join("rapport.db")).unwrap();
    rows.execute("UPDATE events SET record = x'7b' WHERE offset = ?1", [i64::try_from(last.0).unwrap()]).unwrap();
    rows.execute("UPDATE meta SET value = 0 WHERE key = 'state_offset'", []).unwrap();
    rows.execute("DELETE FROM state", []).unwrap();
    drop(rows);
    let damaged = Opened::open_at(&data, Access::Exclusive, settings(), life.clock.clone());
    assert!(damaged.err().unwrap().story().contains(&last.to_string()));
    let directory = DataDir::open(&data, Access::Exclusive).unwrap();
    storage::set_aside(&directory, &last.to_string(), life.clock.now()).unwrap();
    drop(directory);
    life.opened = Some(open(&data, &life.clock));
    life.live(world(9, 3));
    assert!(life.engine().is_sound() && life.engine().ports().events.head() > last);
}
