//! How does an import reach the data directory at hand?

use super::target::{Ready, Target};
use crate::api::imports::{ImportBegins, ImportCorrected, ImportEnds, ImportTaken};
use crate::commands::progress::{Counting, is_cancelled};
use crate::error::ServerError;
use crate::labelled::{self, Example, ExamplesReply};
use crate::serve::Opened;
use crate::simulated::Resident;
use engine::{AuditTrail, By, EngineError};
use events::{ImportId, NewImport};
use governance::Deed;
use primitives::{Currency, ErrorKind};
use std::cell::Cell;
use std::path::PathBuf;
use storage::SealPolicy;

/// How many events are appended at a time.
const N_BATCH: usize = 5_000;
/// How many events are folded before they are checkpointed.
const N_CHECKPOINT: usize = 200_000;
/// How many events are read before the bar moves.
const N_SHOWN: u64 = 4_096;
/// A data directory that nobody else uses.
pub(crate) struct Here<O: AsRef<Opened>> {
    opened: O,
    n_since_checkpoint: Cell<usize>,
}

impl<O: AsRef<Opened>> Here<O> {
    pub(crate) fn new(opened: O) -> Self {
        Self { opened, n_since_checkpoint: Cell::new(0) }
    }

    fn opened(&self) -> &Opened {
        self.opened.as_ref()
    }

    /// So many more events are about to be folded.
    fn count(&self, n_events: usize) -> Result<(), ServerError> {
        if self.n_since_checkpoint.get() >= N_CHECKPOINT {
            self.checkpoint()?;
        }
        self.n_since_checkpoint.set(self.n_since_checkpoint.get() + n_events);
        Ok(())
    }

    fn follow(&self) -> Result<(), ServerError> {
        let opened = self.opened();
        if !opened.engine.is_outdated()? {
            return Ok(());
        }
        let bar = Counting::events("Making profiles anew", opened.engine.ports().events.head().0);
        let followed = opened.engine.follow_corrections(&mut |n_read| {
            if n_read % N_SHOWN == 0 {
                bar.advance(n_read);
            }
            if is_cancelled() { Err(stopped()) } else { Ok(()) }
        });
        bar.finish();
        Ok(followed?)
    }

    fn note(&self, deed: Deed, subject: String) {
        let opened = self.opened();
        AuditTrail::new(opened.engine.clone()).note(deed, &By::COMMAND, subject);
    }

    fn checkpoint(&self) -> Result<(), ServerError> {
        self.n_since_checkpoint.set(0);
        let opened = self.opened();
        opened.engine.checkpoint(opened.settings.profiles.n_resident_max)?;
        Ok(())
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
        let id = self.opened().engine.begin_import(&NewImport { file, mapping, mapping_sha256 })?;
        self.note(Deed::Import, format!("import {id} of {}", begins.file));
        Ok(id.0)
    }

    fn take(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        self.count(batch.len())?;
        let events = batch.into_iter().map(|ready| ready.event).collect();
        Ok(self.opened().engine.ingest_imported(ImportId(import), events)?.into())
    }

    fn replace(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        self.count(batch.len())?;
        let events = batch.into_iter().map(|ready| ready.event).collect();
        let imported = self.opened().engine.replace_imported(ImportId(import), events)?;
        if imported.n_replaced > 0 {
            self.note(Deed::ImportReplaced, format!("import {import}: {} events", imported.n_replaced));
        }
        Ok(imported.into())
    }

    fn end(&self, import: u64, ends: ImportEnds) -> Result<(), ServerError> {
        self.opened().engine.end_import(ImportId(import), ends.into())?;
        self.follow()?;
        self.settle()
    }

    fn teach(&self, examples: &[Example]) -> Result<ExamplesReply, ServerError> {
        self.count(examples.len())?;
        labelled::tell(&self.opened().engine, examples)
    }

    fn settle(&self) -> Result<(), ServerError> {
        self.checkpoint()?;
        let opened = self.opened();
        // What came in moves from the log into the history's files.
        opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::default())?;
        Ok(())
    }

    fn undo(&self, import: u64) -> Result<ImportCorrected, ServerError> {
        let engine = &self.opened().engine;
        let known = engine.ports().imports.import(ImportId(import))?.filter(|known| known.undone_at.is_some());
        if let Some(known) = known {
            // Asked again, it says again what was done.
            let (withdrawn, restored) = known.undone;
            return Ok(ImportCorrected { withdrawn, restored });
        }
        let corrected = engine.undo_import(ImportId(import))?;
        self.note(Deed::ImportUndone, format!("import {import}"));
        self.follow()?;
        Ok(corrected.into())
    }

    fn data(&self) -> Option<PathBuf> {
        Some(self.opened().data.clone())
    }

    fn resident(&self) -> Result<Resident, ServerError> {
        Ok(Resident::here(&self.opened().engine))
    }

    fn currency(&self) -> Option<Currency> {
        self.opened().settings.default_currency()
    }
}

fn stopped() -> EngineError {
    EngineError::new(
        ErrorKind::Unavailable,
        "stopped: what was corrected is kept, and the next start makes profiles anew",
    )
}
