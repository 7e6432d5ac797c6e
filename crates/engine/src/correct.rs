//! How do imports come in while everything else goes on, and how does the live state follow when one is taken out again?
//!
//! A withdrawn event cannot be taken out of a fold: what it merged stays merged. So everything derived is made anew
//! beside what is in force, from the history that leaves it out, and then takes its place.

use crate::error::EngineError;
use crate::ingest::broken;
use crate::{Engine, Live, Ports};
use events::{Corrected, Event, EventLogError, ImportCounts, ImportId, NewImport, Receipt, Replaced};
use primitives::{ErrorKind, MessageId};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// So many events may be left to fold in while others wait.
const N_REST_MAX: u64 = 2_000;
/// So often the rest is folded in beforehand; after that it is taken as it is.
const N_ROUNDS_MAX: usize = 20;

/// What became of an import's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// New events, durable and live.
    pub n_accepted: u64,
    /// Events that were there already.
    pub n_duplicates: u64,
    /// Events in whose place others came.
    pub n_replaced: u64,
    /// Events that name somebody who was erased, and were refused.
    pub n_erased: u64,
    /// Keys that are known with other content, which stays.
    pub conflicts: Vec<MessageId>,
}

impl Engine {
    /// Begins an import.
    ///
    /// # Errors
    /// [`EngineError`] where that cannot be stored.
    pub fn begin_import(&self, new: &NewImport) -> Result<ImportId, EngineError> {
        Ok(self.ports.imports.begin_import(new, self.clock.now())?)
    }

    /// Appends an import's events and folds them in, as [`Engine::ingest`] does.
    ///
    /// # Errors
    /// [`EngineError`], also where the import is not under way; then none of the events was accepted.
    pub fn ingest_imported(&self, import: ImportId, events: Vec<Event>) -> Result<Imported, EngineError> {
        self.import(events, |events| {
            let receipts = self.ports.imports.append_imported(import, events)?;
            Ok(Replaced { receipts, corrected: Corrected::default() })
        })
    }

    /// Does the same, and lets new content come in the place of what is known under the same keys. Until
    /// [`Engine::follow_corrections`] the live state has both.
    ///
    /// # Errors
    /// As [`Engine::ingest_imported`]; then nothing was replaced, either.
    pub fn replace_imported(&self, import: ImportId, events: Vec<Event>) -> Result<Imported, EngineError> {
        self.import(events, |events| self.ports.imports.replace_imported(import, events, self.clock.now()))
    }

    fn import(
        &self,
        events: Vec<Event>,
        append: impl FnOnce(&[Event]) -> Result<Replaced, EventLogError>,
    ) -> Result<Imported, EngineError> {
        let mut imported = Imported::default();
        let receipts = self.append_and_fold(events, |events| {
            let Replaced { receipts, corrected } = append(events)?;
            let told = events.iter().zip(&receipts).filter(|(_, receipt)| **receipt == Receipt::Conflict);
            imported.conflicts = told.map(|(event, _)| event.message_id.clone()).collect();
            imported.n_replaced = corrected.n_withdrawn;
            Ok((receipts, corrected.corrections))
        })?;
        for receipt in receipts {
            match receipt {
                Receipt::Appended(_) => imported.n_accepted += 1,
                Receipt::Duplicate => imported.n_duplicates += 1,
                Receipt::Erased => imported.n_erased += 1,
                Receipt::Conflict => {}
            }
        }
        Ok(imported)
    }

    /// Ends an import.
    ///
    /// # Errors
    /// [`EngineError`] where that cannot be stored, or the import is not under way.
    pub fn end_import(&self, import: ImportId, counts: ImportCounts) -> Result<(), EngineError> {
        Ok(self.ports.imports.end_import(import, counts, self.clock.now())?)
    }

    /// Takes an import out again. Until [`Engine::follow_corrections`] the live state has it still.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such import, or it was taken out before.
    pub fn undo_import(&self, import: ImportId) -> Result<Corrected, EngineError> {
        if !self.is_sound() {
            return Err(broken());
        }
        let corrected = self.ports.imports.undo_import(import, self.clock.now())?;
        self.fold(&corrected.corrections)?;
        Ok(corrected)
    }

    /// Whether there is a correction that the live state does not follow yet.
    ///
    /// # Errors
    /// [`EngineError`] where that cannot be read.
    pub fn is_outdated(&self) -> Result<bool, EngineError> {
        let corrected_upto = self.ports.imports.corrected_upto()?;
        Ok(self.look(|live| live.followed) < corrected_upto)
    }

    /// Lets the live state follow every correction and every declaration of features: everything derived is made anew,
    /// while events come in, checkpoints are written and decisions are made. Tells the number of events that were read, and ends where that says so.
    ///
    /// # Errors
    /// [`EngineError`]; then what was in force stays so, and the next call or the next start makes it good.
    pub fn follow_corrections(
        &self,
        progress: &mut dyn FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let _one_at_a_time = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        while self.is_outdated()? || self.has_uncounted() {
            self.replace_live(progress)?;
        }
        Ok(())
    }

    /// Makes everything derived anew, though no correction asks for it.
    pub(super) fn make_anew(
        &self,
        progress: &mut dyn FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let _one_at_a_time = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace_live(progress)
    }

    fn replace_live(&self, progress: &mut dyn FnMut(u64) -> Result<(), EngineError>) -> Result<(), EngineError> {
        let cells = self.wanted().cells().clone();
        let beside = self.ports.renewal.begin()?;
        let ports = Ports { profiles: beside.store.clone(), ..self.ports.clone() };
        let mut made = Live::made_anew(&ports, &self.policy, cells.clone(), progress)?;
        for _ in 0..N_ROUNDS_MAX {
            if self.ports.events.head().0 - made.profiles.offset().0 <= N_REST_MAX {
                break;
            }
            made.catch_up(&ports)?;
        }
        // From here on events wait: the little that came meanwhile is folded in, and the new state takes its place.
        let _no_checkpoint = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        made.catch_up(&ports)?;
        drop(made);
        (beside.adopt)()?;
        // What was set aside at the end of the log is not in the profiles, and the next event does not wait for it.
        let reached = self.ports.events.head();
        let mut fresh = Live::open(&self.ports, &self.policy)?;
        *folded = fresh.profiles.offset().max(reached);
        // Not `folded`: what came between the two is in the fresh state and not in the store.
        self.checkpointed.store(self.ports.profiles.offset()?.0, Ordering::Release);
        self.live.change(|live| {
            fresh.generation = live.generation + 1;
            *live = fresh;
        });
        let has_gained = self.settle_features();
        self.is_cold.store(true, Ordering::Release);
        drop(folded);
        self.fold_turn.notify_all();
        // Models are read from the disk: no event waits for that.
        if has_gained {
            self.let_champions_look();
        }
        // Otherwise the next look would find them uncounted, and all would be made anew for ever.
        if !self.look(|live| live.cells.covers(&cells)) {
            let message = "what is kept for declared features was not written down as it is: report this as a fault";
            return Err(EngineError::new(ErrorKind::Internal, message));
        }
        Ok(())
    }
}
