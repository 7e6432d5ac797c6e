//! How do imports come in while everything else goes on, and how does the live state follow when one is taken out again?
//!
//! A withdrawn event cannot be taken out of a fold: what it merged stays merged. So everything derived is made anew
//! beside what is in force, from the history that leaves it out, and then takes its place.

use super::{Engine, Live, Ports};
use crate::error::ServerError;
use events::{Corrected, Event, ImportCounts, ImportId, NewImport, Receipt};
use primitives::{ErrorKind, MessageId};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use storage::{Rebuild, Storage};

/// What became of an import's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// New events, durable and live.
    pub n_accepted: u64,
    /// Events that were there already.
    pub n_duplicates: u64,
    /// Keys that are known with other content, which stays.
    pub conflicts: Vec<MessageId>,
}

impl Engine {
    /// Begins an import.
    ///
    /// # Errors
    /// [`ServerError`] where that cannot be stored.
    pub fn begin_import(&self, new: &NewImport) -> Result<ImportId, ServerError> {
        Ok(self.ports.imports.begin_import(new, self.clock.now())?)
    }

    /// Appends an import's events and folds them in, as [`Engine::ingest`] does.
    ///
    /// # Errors
    /// [`ServerError`]; then none of the events was accepted.
    pub fn ingest_imported(&self, import: ImportId, events: Vec<Event>) -> Result<Imported, ServerError> {
        let mut imported = Imported::default();
        let receipts = self.append_and_fold(events, |events| {
            let receipts = self.ports.imports.append_imported(import, events)?;
            let told = events.iter().zip(&receipts).filter(|(_, receipt)| **receipt == Receipt::Conflict);
            imported.conflicts = told.map(|(event, _)| event.message_id.clone()).collect();
            Ok(receipts)
        })?;
        for receipt in receipts {
            match receipt {
                Receipt::Appended(_) => imported.n_accepted += 1,
                Receipt::Duplicate => imported.n_duplicates += 1,
                Receipt::Conflict => {}
            }
        }
        Ok(imported)
    }

    /// Ends an import.
    ///
    /// # Errors
    /// [`ServerError`] where that cannot be stored.
    pub fn end_import(&self, import: ImportId, counts: ImportCounts) -> Result<(), ServerError> {
        Ok(self.ports.imports.end_import(import, counts, self.clock.now())?)
    }

    /// Withdraws what is known under these ids, so that the import can bring it anew.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn withdraw(
        &self,
        storage: &Arc<Storage>,
        import: ImportId,
        ids: &[MessageId],
    ) -> Result<Corrected, ServerError> {
        self.correct(storage, |ports| Ok(ports.imports.withdraw(import, ids, self.clock.now())?))
    }

    /// Takes an import out again.
    ///
    /// # Errors
    /// [`ServerError`] where there is no such import, or it was taken out before.
    pub fn undo_import(&self, storage: &Arc<Storage>, import: ImportId) -> Result<Corrected, ServerError> {
        let imports = self.ports.imports.imports()?;
        let Some(found) = imports.iter().find(|known| known.id == import) else {
            let message = format!("there is no import {import}: `rapport imports` lists what there is");
            return Err(ServerError::new(ErrorKind::NotFound, message));
        };
        if let Some(at) = found.undone_at {
            let message = format!("import {import} was undone at {at} already: there is nothing left of it");
            return Err(ServerError::new(ErrorKind::Conflict, message));
        }
        self.correct(storage, |ports| Ok(ports.imports.undo_import(import, self.clock.now())?))
    }

    /// Whether what is stored has not seen the newest correction: the program stopped between the two.
    ///
    /// # Errors
    /// [`ServerError`] where that cannot be read.
    pub fn is_outdated(&self) -> Result<bool, ServerError> {
        Ok(self.checkpointed() < self.ports.imports.corrected_upto()?)
    }

    /// Makes everything derived anew, while events come in and decisions are made.
    ///
    /// # Errors
    /// [`ServerError`]; then what was in force stays so.
    pub fn rebuild_beside(&self, storage: &Arc<Storage>) -> Result<(), ServerError> {
        let _no_checkpoint = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace_live(storage)
    }

    /// Corrects, and lets the live state follow. No checkpoint comes between the two: it would call what the correction has
    /// made wrong up to date.
    fn correct(
        &self,
        storage: &Arc<Storage>,
        correct: impl FnOnce(&Ports) -> Result<Corrected, ServerError>,
    ) -> Result<Corrected, ServerError> {
        let _no_checkpoint = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let corrected = correct(&self.ports)?;
        let Some(correction) = &corrected.correction else { return Ok(corrected) };
        let followed = self.fold(std::slice::from_ref(correction)).and_then(|()| self.replace_live(storage));
        if let Err(error) = followed {
            // The correction is durable, and the next start rebuilds. Until then nothing wrong is stored.
            self.is_broken.store(true, Ordering::Release);
            return Err(error);
        }
        Ok(corrected)
    }

    fn replace_live(&self, storage: &Arc<Storage>) -> Result<(), ServerError> {
        let beside = Arc::new(Rebuild::begin(storage.clone())?);
        let ports = Ports { profiles: beside.clone(), ..self.ports.clone() };
        let mut made = Live::made_anew(&ports, &self.policy, |_| {})?;
        // From here on events wait: the little that came meanwhile is folded in, and the new state takes its place.
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        made.catch_up(&ports)?;
        drop(made);
        beside.adopt()?;
        let fresh = Live::open(&self.ports, &self.policy)?;
        *folded = fresh.profiles.offset();
        // Not `folded`: what came between the two is in the fresh state and not in the store.
        self.checkpointed.store(self.ports.profiles.offset()?.0, Ordering::Release);
        self.live.change(|live| *live = fresh);
        self.is_cold.store(true, Ordering::Release);
        drop(folded);
        self.fold_turn.notify_all();
        Ok(())
    }
}
