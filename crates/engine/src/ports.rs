//! What does the engine need of what keeps everything? The stages' ports, and a few of its own.

use crate::error::EngineError;
use decisions::documents::DocumentStore;
use decisions::search::TextIndex;
use decisions::{Decision, DecisionLog, ListStore, PlaybookStore};
use events::{EventLog, ImportLog, Offset};
use features::History;
use governance::AuditEntry;
use learning::ModelStore;
use primitives::Timestamp;
use profiles::{ErasureStore, ProfileStore, StoreError};
use std::sync::Arc;

/// What keeps everything: one machine's storage, or a cluster's.
#[derive(Clone)]
pub struct Ports {
    /// Where events are appended.
    pub events: Arc<dyn EventLog>,
    /// What came in with which import, and what of it was taken out again.
    pub imports: Arc<dyn ImportLog>,
    /// Where derived state is kept.
    pub profiles: Arc<dyn ProfileStore>,
    /// Where derived state is made anew beside that.
    pub renewal: Arc<dyn Renewal>,
    /// Where everything that ever happened is read.
    pub history: Arc<dyn History>,
    /// Where customers are erased.
    pub erasures: Arc<dyn ErasureStore>,
    /// Where models are kept.
    pub models: Arc<dyn ModelStore>,
    /// Where decisions are kept.
    pub decisions: Arc<dyn DecisionLog>,
    /// Where lists of customers are kept.
    pub lists: Arc<dyn ListStore>,
    /// Where what people declare is kept.
    pub playbook: Arc<dyn PlaybookStore>,
    /// Where what is written down for customers is kept.
    pub documents: Arc<dyn DocumentStore>,
    /// Where the words of the catalogue are found.
    pub words: Arc<dyn TextIndex>,
    /// Where it is written down who did what.
    pub audit: Arc<dyn AuditLog>,
    /// What is to be done from time to time so that all this stays small.
    pub upkeep: Arc<dyn Upkeep>,
}

/// Writes a decision as it is sent. The same decision always gives the same bytes: a replay is compared with them.
pub type Writer = fn(&Decision) -> String;

/// A place for derived state beside the one in force.
pub trait Renewal: Send + Sync {
    /// Begins with nothing; what was begun and never adopted is gone. One at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    fn begin(&self) -> Result<Beside, StoreError>;
}

/// Derived state that is made anew. Nothing reads it but whoever makes it.
pub struct Beside {
    /// Where it is kept meanwhile.
    pub store: Arc<dyn ProfileStore>,
    /// Puts it in force, all or nothing; on an error the other stays.
    pub adopt: Box<dyn FnOnce() -> Result<(), EngineError>>,
}

/// Where it is written down who did what.
pub trait AuditLog: Send + Sync {
    /// Takes an entry and waits for nothing.
    ///
    /// # Errors
    /// [`EngineError`] where there is no room for it.
    fn add(&self, entry: &AuditEntry) -> Result<(), EngineError>;
}

/// How much is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Everything, however little it is.
    Everything,
    /// What is not among the newest, where so many events have gathered.
    From {
        /// How many.
        n_events_min: u64,
    },
}

/// What was sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    /// How many events.
    pub n_events: u64,
    /// Into how many files.
    pub n_files: u64,
}

/// What is to be done from time to time. Appends and reads go on meanwhile.
pub trait Upkeep: Send + Sync {
    /// Moves events up to an offset from the log into the history.
    ///
    /// # Errors
    /// [`EngineError`]; then the log has them still.
    fn seal(&self, upto: Offset, sealing: Sealing) -> Result<Sealed, EngineError>;

    /// Forgets what need not be kept any longer.
    ///
    /// # Errors
    /// [`EngineError`]; the next call goes on.
    fn prune(&self, now: Timestamp) -> Result<(), EngineError>;

    /// Brings what other tools read of the decisions of past days up to the log of decisions, for some days at a time. It
    /// asks between its steps whether to stop.
    ///
    /// # Errors
    /// [`EngineError`]; the next call goes on.
    fn write_decisions(&self, now: Timestamp, is_stopped: &dyn Fn() -> bool) -> Result<(), EngineError>;
}
