//! Where does an import go? Into the data directory, or to the server that holds it, here or elsewhere.

use super::elsewhere::Server;
use crate::api::imports::{ImportBegins, ImportCorrected, ImportEnds, ImportReply, ImportTaken};
use crate::args::{Elsewhere, Options};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use events::{Event, ImportId, NewImport};
use primitives::{Currency, ErrorKind, MessageId};
use std::cell::Cell;
use std::path::PathBuf;
use storage::{Access, SealPolicy};

/// How many events are appended at a time.
const N_BATCH: usize = 5_000;
/// How many events are folded before they are checkpointed.
const N_CHECKPOINT: usize = 200_000;

/// An event on its way.
#[derive(Debug)]
pub(in super::super) struct Ready {
    pub(in super::super) event: Event,
    /// What it was read from, where that is what goes on.
    pub(in super::super) json: Option<String>,
    pub(in super::super) line: u64,
}

/// Where an import goes.
pub(in super::super) trait Target {
    /// Whether events go on as the JSON that they were read from.
    fn wants_json(&self) -> bool;

    /// Whether so much should be taken before more is added.
    fn is_full(&self, n_events: usize, n_bytes: usize) -> bool;

    /// Begins an import.
    fn begin(&self, begins: &ImportBegins) -> Result<u64, ServerError>;

    /// Takes a batch, durably.
    fn take(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError>;

    /// Makes room under keys that come with other content.
    fn replace(&self, import: u64, keys: &[String]) -> Result<ImportCorrected, ServerError>;

    /// Ends an import.
    fn end(&self, import: u64, ends: ImportEnds) -> Result<(), ServerError>;

    /// Takes an import out again.
    fn undo(&self, import: u64) -> Result<ImportCorrected, ServerError>;

    /// Where rejects files and unpacked archives go; `None` where there is no data directory at hand.
    fn data(&self) -> Option<PathBuf>;

    /// The currency of amounts of which nobody says one; `None` where only a server elsewhere could say it.
    fn currency(&self) -> Option<Currency>;
}

/// Finds where an import goes: to the address given, else into the data directory, else to the server that holds it.
pub(in super::super) fn open(
    options: &Options,
    settings: Settings,
    elsewhere: &Elsewhere,
) -> Result<Box<dyn Target>, ServerError> {
    if let Some(url) = &elsewhere.to {
        return Ok(Box::new(Server::elsewhere(url, elsewhere.key()?)?));
    }
    match Opened::open(&options.data, Access::Exclusive, settings) {
        Err(error) if error.kind() == ErrorKind::Conflict => match crate::local::find(&options.data) {
            Some(found) => Ok(Box::new(Server::on_this_machine(found, options.data.clone()))),
            None => Err(error),
        },
        opened => Ok(Box::new(Here::new(opened?))),
    }
}

/// A data directory that nobody else uses.
pub(in super::super) struct Here<O: AsRef<Opened>> {
    opened: O,
    n_since_checkpoint: Cell<usize>,
}

impl<O: AsRef<Opened>> Here<O> {
    pub(in super::super) fn new(opened: O) -> Self {
        Self { opened, n_since_checkpoint: Cell::new(0) }
    }

    fn opened(&self) -> &Opened {
        self.opened.as_ref()
    }

    fn checkpoint(&self) -> Result<(), ServerError> {
        self.n_since_checkpoint.set(0);
        let opened = self.opened();
        opened.engine.checkpoint(opened.settings.profiles.n_resident_max).map(|_| ())
    }
}

impl<O: AsRef<Opened>> Target for Here<O> {
    fn wants_json(&self) -> bool {
        false
    }

    fn is_full(&self, n_events: usize, _: usize) -> bool {
        n_events >= N_BATCH
    }

    fn begin(&self, begins: &ImportBegins) -> Result<u64, ServerError> {
        let ImportBegins { file, mapping, mapping_sha256 } = begins.clone();
        Ok(self.opened().engine.begin_import(&NewImport { file, mapping, mapping_sha256 })?.0)
    }

    fn take(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        self.n_since_checkpoint.set(self.n_since_checkpoint.get() + batch.len());
        let events = batch.into_iter().map(|ready| ready.event).collect();
        let imported = self.opened().engine.ingest_imported(ImportId(import), events)?;
        if self.n_since_checkpoint.get() >= N_CHECKPOINT {
            self.checkpoint()?;
        }
        Ok(ImportTaken::from(imported))
    }

    fn replace(&self, import: u64, keys: &[String]) -> Result<ImportCorrected, ServerError> {
        let ids: Vec<MessageId> = keys.iter().map(|key| MessageId::from(key.as_str())).collect();
        let opened = self.opened();
        Ok(opened.engine.withdraw(&opened.storage, ImportId(import), &ids)?.into())
    }

    fn end(&self, import: u64, ends: ImportEnds) -> Result<(), ServerError> {
        self.checkpoint()?;
        let opened = self.opened();
        opened.engine.end_import(ImportId(import), ends.into())?;
        // What came in moves from the log into the history's files.
        opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::default())?;
        Ok(())
    }

    fn undo(&self, import: u64) -> Result<ImportCorrected, ServerError> {
        let opened = self.opened();
        Ok(opened.engine.undo_import(&opened.storage, ImportId(import))?.into())
    }

    fn data(&self) -> Option<PathBuf> {
        Some(self.opened().data.clone())
    }

    fn currency(&self) -> Option<Currency> {
        self.opened().settings.default_currency()
    }
}

/// The imports of a data directory, also of one that a server holds.
pub(in super::super) fn list(options: &Options, elsewhere: &Elsewhere) -> Result<Vec<ImportReply>, ServerError> {
    if let Some(url) = &elsewhere.to {
        return Server::elsewhere(url, elsewhere.key()?)?.imports();
    }
    let directory = storage::DataDir::open(&options.data, Access::ReadOnly)?;
    let storage = storage::Storage::open(directory, storage::StorageSettings::default())?;
    Ok(storage.import_log().imports()?.into_iter().map(ImportReply::from).collect())
}
