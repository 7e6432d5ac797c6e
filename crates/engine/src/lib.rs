//! How do the crates work together while the program runs? Events are appended and folded, decisions made and logged.
//!
//! Nothing here knows HTTP, the settings' file or a database: what keeps everything is behind [`Ports`], and what is sent
//! is written by a [`Writer`].
//!
//! What stays true:
//! - an event is answered after it is durable and live ([`Engine::ingest`]), a decision after it is logged
//!   ([`Engine::decide`]);
//! - the live state is looked at in closures, and no guard leaves the engine ([`Engine::look`]);
//! - what works in the background is a thread of its own, and nobody waits for it ([`Background`]).

mod ports;

mod capabilities;
mod inflow;
mod ingest;
mod live;
mod pressure;
mod purchases;
mod shared;

mod came;
mod conversations;
mod decide;
mod declare;
mod documents;
mod doubled;
mod doubts;
mod drafting;
mod library;
mod measured;
mod measures;
mod pace;
mod playbook;

mod read;
mod search;
mod searched;
mod shelf;
mod shelves;
mod shown;
mod worth;

mod calendar;
mod lists;

mod champions;
mod lately;
mod needs;
mod occasions;
mod of_nobody;
mod policies;
mod reached;
mod readiness;
mod rounds;
mod training;
mod weighed;

mod change;
mod correct;
mod corrections;
mod forget;
mod separate;
mod taken;
mod theirs;

mod erase;
mod meant;
mod warm;

mod background;
mod horizon;

mod allocate;
mod audit;
mod error;
mod speaker;
mod spending;
mod standing;
mod stopwatch;

pub use allocate::{Allocated, Allocating, Allotment, N_ALLOCATED_MAX, SAME_CAMPAIGN, Without};
pub use audit::{AuditTrail, By};
pub use background::{Background, Pauses};
pub use calendar::{Calendar, Stretch};
pub use came::Came;
pub use capabilities::Capabilities;
pub use champions::{ChampionStatus, GoneSince, StillLearnedFrom};
pub use change::{Change, Moved};
pub use conversations::{Inbox, Listed, Listing, Pressing, Said};
pub use correct::Imported;
pub use corrections::{Corrector, Undoing};
pub use decide::{Asked, Tried};
pub use documents::{DocumentEntry, KnowledgeBase};
pub use erase::{Eraser, Erasing, Foreseen};
pub use error::{EngineError, story};
pub use inflow::{Incoming, N_REJECTED_LOOKED_AT, Refused, Unread};
pub use ingest::Ingested;
pub use lately::{CameOfAction, Lately, Through};
pub use lists::{
    Cell, Column, Compared, Counts, Courier, CustomerLine, Found, KnownList, ListSource, Page, PaidIn, People,
    RANGES_DAYS, RiskLine, RollCall, Selection, Sort, Subscribed, Sum, written,
};
pub use live::Live;
pub use measured::{Found as ExperimentFound, Measured, Worth};
pub use measures::Measures;
pub use needs::Material;
pub use of_nobody::is_nobody;
pub use pace::Pace;
pub use playbook::{DeclaredIn, Declaring, EligibleCount, KnownTable, Prospects, goes_with_what_began};
pub use policies::{Learned, Refitted};
pub use ports::{AuditLog, Beside, Ports, Renewal, Sealed, Sealing, Upkeep, Writer};
pub use pressure::Pressure;
pub use read::CustomerView;
pub use readiness::{CapabilityState, ChannelState, Freshness, Readiness};
pub use search::Search;
pub use separate::{PartOf, Parted};
pub use shelf::{ItemQuery, ItemsFound, OnShelf, Standing};
pub use shown::ShownBy;
pub use stopwatch::{Patience, Stopwatch};
pub use theirs::{Circle, Theirs};
pub use training::{Trainer, train};
pub use weighed::{CHANCES, OtherPolicy, Sensitivity, WEIGHTS};
pub use worth::{Consequence, Followed};

use decisions::Models;
use declare::Features;
use events::Offset;
use governance::ConsentPolicy;
use learning::Registry;
use primitives::{Clock, Seed};
use rand_chacha::rand_core::Rng;
use shared::Shared;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, RwLock};

/// The running program without its HTTP: events in, decisions out.
pub struct Engine {
    ports: Ports,
    clock: Arc<dyn Clock>,
    policy: ConsentPolicy,
    write: Writer,
    live: Shared<Live>,
    /// The offset up to which `live` has folded; appends fold in the order of their offsets.
    folded: Mutex<Offset>,
    fold_turn: Condvar,
    /// Set when an event could not be folded: what is durable is no longer what is live.
    is_broken: AtomicBool,
    /// Set when the live state was replaced by one whose customers are still in the store.
    is_cold: AtomicBool,
    capabilities: Arc<Capabilities>,
    registry: Registry,
    champions: RwLock<Models>,
    /// Held while champions are read, and while it changes who answers: of two at a time the older could end last.
    crowning: Mutex<()>,
    /// Why a champion that exists cannot be used, by model.
    champion_status: RwLock<Vec<ChampionStatus>>,
    /// What tasks without a model lack.
    counted: Mutex<needs::Counted>,
    /// The digests of what kinds are declared as, as far as it is kept.
    kept: Mutex<BTreeSet<String>>,
    ids: Mutex<rand_chacha::ChaCha8Rng>,
    pace: Mutex<Pace>,
    /// The number of the next request with events; begins anywhere, so that no two starts count the same.
    requests: AtomicU64,
    checkpointed: AtomicU64,
    /// Held while a checkpoint is written: of two at a time the older could end last.
    checkpointing: Mutex<()>,
    /// Held while it is looked up whom an erasure means.
    erasing: Mutex<()>,
    /// So many events of those who share names are held together.
    n_circle_max: AtomicUsize,
    /// Through which all appends go.
    door: erase::Door,
    /// Held while everything derived is made anew: one at a time.
    following: Mutex<()>,
    pressure: Pressure,
    features: RwLock<Features>,
    /// Held from looking at what is kept of customers until the features of it are in force.
    settling: Mutex<()>,
    found_lately: search::FoundLately,
    kept_share: worth::KeptShare,
    scores: lists::ScoreCache,
    /// The lists that people saved.
    saved: RwLock<Vec<decisions::List>>,
    /// What people declare, in the settings and besides.
    playbook: RwLock<playbook::Kept>,
    /// Held while that changes.
    declaring: Mutex<()>,
    /// In which order items stood on shelves last.
    standing: standing::Kept,
    measured: measured::Kept,
    /// Held while a list is saved or removed.
    saving_lists: Mutex<()>,
    /// Held while all lists are looked at: of two walks at a time the older could end last. Which are not.
    following_lists: Mutex<lists::LeftOut>,
    /// Held while it is stored who came and went, so that nobody comes after they were forgotten.
    changing_lists: Mutex<()>,
    lists_wanted: AtomicBool,
    /// What is written down for customers, as it is searched.
    documents: documents::Kept,
    /// What searches look into.
    books: library::Books,
    /// How many answers there were of kinds of which only some are logged.
    n_sampled: AtomicU64,
    /// In how many answers items were shown.
    shown: shown::Shown,
    /// How often customers were contacted.
    reaching: reached::Reaching,
    /// What was spent of the budgets of offers.
    spending: spending::Spending,
}

impl Engine {
    /// Opens the live state: the last checkpoint and the log's tail after it. Decisions will be sent as `write` writes them.
    ///
    /// # Errors
    /// [`EngineError`] where the store or the log cannot be read.
    pub fn open(
        ports: Ports,
        policy: ConsentPolicy,
        capabilities: Arc<Capabilities>,
        clock: Arc<dyn Clock>,
        ids: Seed,
        write: Writer,
    ) -> Result<Self, EngineError> {
        let checkpointed = ports.profiles.offset()?;
        // What was set aside at the end of the log is not in the profiles, and nobody waits for it.
        let reached = ports.events.head();
        let live = Live::open(&ports, &policy)?;
        let began_at = clock.now();
        let engine = Self {
            registry: Registry::new(ports.models.clone(), Arc::default()),
            capabilities,
            counted: Mutex::default(),
            ports,
            clock,
            policy,
            write,
            live: Shared::new(live),
            folded: Mutex::new(reached),
            fold_turn: Condvar::new(),
            is_broken: AtomicBool::new(false),
            is_cold: AtomicBool::new(true),
            champions: RwLock::default(),
            crowning: Mutex::default(),
            champion_status: RwLock::new(Vec::new()),
            kept: Mutex::default(),
            ids: Mutex::new(ids.stream("decision ids", 0)),
            pace: Mutex::default(),
            requests: AtomicU64::new(ids.stream("requests", 0).next_u64()),
            checkpointed: AtomicU64::new(checkpointed.0),
            checkpointing: Mutex::default(),
            erasing: Mutex::default(),
            n_circle_max: AtomicUsize::new(theirs::N_EVENTS_MAX),
            door: erase::Door::default(),
            following: Mutex::default(),
            pressure: Pressure::default(),
            features: RwLock::default(),
            settling: Mutex::default(),
            found_lately: Mutex::default(),
            kept_share: Mutex::default(),
            standing: standing::Kept::default(),
            measured: measured::Kept::default(),
            scores: lists::ScoreCache::default(),
            saved: RwLock::default(),
            playbook: RwLock::default(),
            declaring: Mutex::default(),
            saving_lists: Mutex::default(),
            following_lists: Mutex::default(),
            changing_lists: Mutex::default(),
            lists_wanted: AtomicBool::new(false),
            documents: documents::Kept::default(),
            books: library::Books::default(),
            n_sampled: AtomicU64::default(),
            shown: shown::Shown::since(began_at),
            reaching: reached::Reaching::default(),
            spending: spending::Spending::default(),
        };
        engine.declare(&Arc::clone(&engine.capabilities).features)?;
        engine.open_playbook()?;
        // What was begun before the program ended. Where it cannot be done now, the background tries again.
        engine.follow_separations().unwrap_or_else(|error| {
            tracing::error!(error = error.story(), "the past of separated customers could not be told anew yet");
        });
        engine.reload_champions()?;
        engine.read_saved_lists()?;
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

    /// What can be known, learned and decided.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The models that were ever published.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}
