//! Which customers does a test server have, and what was learned from them?

use super::noon;
use engine::Engine;
use events::generator::{World, WorldSettings};
use events::{Batch, Event};
use learning::Trained;
use primitives::{Clock, Seed, SimulatedClock};
use server::serve::Opened;
use std::sync::{Arc, OnceLock};
use storage::Access;

/// A generated shop and what was learned from it once, for all tests of a program.
pub(crate) struct Shop {
    pub(crate) events: Vec<Event>,
    pub(crate) user_ids: Vec<String>,
    pub(crate) trained: Vec<Trained>,
}

/// Three hundred customers over four months: enough to train both models.
pub(crate) fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        let world =
            World::new(Seed::new(11), WorldSettings { n_customers: 300, n_items: 120, ..WorldSettings::default() });
        let events: Vec<Event> = world.events().collect();
        let data = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::new(noon()));
        let opened = Opened::open_at(data.path(), Access::Exclusive, super::settings(), clock).unwrap();
        take_in(&opened.engine, &events);
        let material = opened.engine.material(&mut |_| {}).unwrap();
        let data = opened.engine.data(&material, Seed::new(1));
        let tasks = opened.engine.capabilities().tasks.iter();
        let trained = tasks.filter_map(|task| learning::train(task, &data).ok()).collect();
        Shop { events, user_ids: world.user_ids().map(str::to_owned).collect(), trained }
    })
}

/// Brings the shop's events and models into a server.
pub(crate) fn fill(engine: &Engine) {
    let shop = shop();
    take_in(engine, &shop.events);
    for trained in &shop.trained {
        let published = engine.registry().publish(trained).unwrap();
        engine.registry().promote(&trained.header.task, &published.version).unwrap();
    }
    engine.reload_champions().unwrap();
}

/// Takes events in as an import does.
pub(crate) fn take_in(engine: &Engine, events: &[Event]) {
    for part in events.chunks(5_000) {
        let batch = Batch { accepted: part.to_vec(), ..Batch::default() };
        engine.ingest(batch).unwrap();
    }
}
