//! What does whoever takes an import have to do?

use crate::api::imports::{ImportBegins, ImportCorrected, ImportEnds, ImportTaken};
use crate::error::ServerError;
use crate::labelled::{Example, ExamplesReply};
use crate::simulated::Resident;
use events::Event;
use import::Position;
use primitives::Currency;
use std::path::PathBuf;

/// How many imports are asked for at a time.
pub(super) const N_LISTED: usize = 1_000;

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) event: Event,
    /// What it was read from, where that is what goes on.
    pub(crate) json: Option<String>,
    /// Where it stands in the file.
    pub(crate) at: Position,
}

/// Where an import goes.
pub(crate) trait Target {
    /// Whether events go on as the JSON that they were read from.
    fn wants_json(&self) -> bool;

    /// Whether so much should be taken before more is added.
    fn is_full(&self, n_events: usize, n_bytes: usize) -> bool;

    /// Begins an import.
    fn begin(&self, begins: &ImportBegins) -> Result<u64, ServerError>;

    /// Takes a batch, durably.
    fn take(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError>;

    /// Takes a batch, durably, in the place of what is known under the same keys.
    fn replace(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError>;

    /// Ends an import, and waits until everything follows.
    fn end(&self, import: u64, ends: ImportEnds) -> Result<(), ServerError>;

    /// Takes messages whose label is known, durably.
    fn teach(&self, examples: &[Example]) -> Result<ExamplesReply, ServerError>;

    /// Brings what came in to rest, once all of it has.
    fn settle(&self) -> Result<(), ServerError>;

    /// Takes an import out again, and waits until everything follows.
    fn undo(&self, import: u64) -> Result<ImportCorrected, ServerError>;

    /// Where rejects files and unpacked archives go; `None` where there is no data directory at hand.
    fn data(&self) -> Option<PathBuf>;

    /// Whose events are there.
    fn resident(&self) -> Result<Resident, ServerError>;

    /// The currency of amounts of which nobody says one; `None` where only a server elsewhere could say it.
    fn currency(&self) -> Option<Currency>;
}
