//! How do the crates work together while the program runs? Events are appended and folded, decisions made and logged.

mod champions;
mod correct;
mod decide;
mod forget;
mod ingest;
mod live;
mod pace;
mod pressure;
mod read;
mod search;
mod shared;
#[cfg(test)]
mod tests;
mod warm;

pub use champions::{ChampionStatus, StillLearnedFrom};
pub use correct::Imported;
pub use decide::Asked;
pub use ingest::Ingested;
pub use live::Live;
pub use pace::Pace;
pub use pressure::Pressure;
pub use read::CustomerView;
pub use search::Search;

use crate::error::ServerError;
use decisions::{Champions, DecisionLog};
use events::{EventLog, ImportLog, Offset};
use features::History;
use governance::ConsentPolicy;
use learning::{ModelStore, Registry};
use primitives::{Clock, Seed};
use profiles::ProfileStore;
use rand_chacha::rand_core::Rng;
use shared::Shared;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, RwLock};

/// What keeps everything: one machine's storage, or a cluster's.
#[derive(Clone)]
pub struct Ports {
    /// Where events are appended.
    pub events: Arc<dyn EventLog>,
    /// What came in with which import, and what of it was taken out again.
    pub imports: Arc<dyn ImportLog>,
    /// Where derived state is kept.
    pub profiles: Arc<dyn ProfileStore>,
    /// Where everything that ever happened is read.
    pub history: Arc<dyn History>,
    /// Where models are kept.
    pub models: Arc<dyn ModelStore>,
    /// Where decisions are kept.
    pub decisions: Arc<dyn DecisionLog>,
}

/// The running program without its HTTP: events in, decisions out.
pub struct Engine {
    ports: Ports,
    clock: Arc<dyn Clock>,
    policy: ConsentPolicy,
    live: Shared<Live>,
    /// The offset up to which `live` has folded; appends fold in the order of their offsets.
    folded: Mutex<Offset>,
    fold_turn: Condvar,
    /// Set when an event could not be folded: what is durable is no longer what is live.
    is_broken: AtomicBool,
    /// Set when the live state was replaced by one whose customers are still in the store.
    is_cold: AtomicBool,
    registry: Registry,
    champions: RwLock<Champions>,
    /// Why a champion that exists cannot be used, by model.
    champion_status: RwLock<Vec<ChampionStatus>>,
    ids: Mutex<rand_chacha::ChaCha8Rng>,
    pace: Mutex<Pace>,
    /// The number of the next request with events; begins anywhere, so that no two starts count the same.
    requests: AtomicU64,
    checkpointed: AtomicU64,
    /// Held while a checkpoint is written: of two at a time the older could end last.
    checkpointing: Mutex<()>,
    /// Held while everything derived is made anew: one at a time.
    following: Mutex<()>,
    pressure: Pressure,
}

impl Engine {
    /// Opens the live state: the last checkpoint and the log's tail after it.
    ///
    /// # Errors
    /// [`ServerError`] where the store or the log cannot be read.
    pub fn open(ports: Ports, policy: ConsentPolicy, clock: Arc<dyn Clock>, ids: Seed) -> Result<Self, ServerError> {
        let checkpointed = ports.profiles.offset()?;
        // What was set aside at the end of the log is not in the profiles, and nobody waits for it.
        let reached = ports.events.head();
        let live = Live::open(&ports, &policy)?;
        let engine = Self {
            registry: Registry::new(ports.models.clone()),
            ports,
            clock,
            policy,
            live: Shared::new(live),
            folded: Mutex::new(reached),
            fold_turn: Condvar::new(),
            is_broken: AtomicBool::new(false),
            is_cold: AtomicBool::new(true),
            champions: RwLock::new(Champions::default()),
            champion_status: RwLock::new(Vec::new()),
            ids: Mutex::new(ids.stream("decision ids", 0)),
            pace: Mutex::default(),
            requests: AtomicU64::new(ids.stream("requests", 0).next_u64()),
            checkpointed: AtomicU64::new(checkpointed.0),
            checkpointing: Mutex::default(),
            following: Mutex::default(),
            pressure: Pressure::default(),
        };
        engine.reload_champions()?;
        Ok(engine)
    }

    /// What keeps everything.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The rule for customers who have said nothing.
    pub fn policy(&self) -> &ConsentPolicy {
        &self.policy
    }

    /// Who waits for checkpoints.
    pub fn pressure(&self) -> &Pressure {
        &self.pressure
    }

    /// The models that were ever published.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}
