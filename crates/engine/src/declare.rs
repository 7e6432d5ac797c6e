//! Which features are there now? Those that the settings declare come into force when their past is counted.

use crate::Engine;
use crate::error::EngineError;
use features::{Catalogue, Declared, Definition};
use primitives::ErrorKind;
use std::sync::{Arc, PoisonError};

/// The features that are wanted, and those that can be read.
#[derive(Debug)]
pub(super) struct Features {
    wanted: Arc<Catalogue>,
    in_force: Arc<Catalogue>,
    /// Wanted, while what happened before they were declared is being counted.
    waiting: Vec<Arc<Definition>>,
    /// Why what the settings declare now is not wanted.
    refused: Option<String>,
}

impl Default for Features {
    fn default() -> Self {
        let built_in = Arc::new(Catalogue::built_in());
        Self { wanted: Arc::clone(&built_in), in_force: built_in, waiting: Vec::new(), refused: None }
    }
}

impl Engine {
    /// The features that can be read of every customer.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.features.read().unwrap_or_else(PoisonError::into_inner).in_force)
    }

    /// The features that are declared and cannot be read yet, since their past is being counted.
    pub fn waiting_features(&self) -> Vec<Arc<Definition>> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).waiting.clone()
    }

    /// Whether there are such features: [`Engine::follow_corrections`] counts their past.
    pub fn has_uncounted(&self) -> bool {
        !self.features.read().unwrap_or_else(PoisonError::into_inner).waiting.is_empty()
    }

    /// Takes what the settings declare in the place of what they declared before. What needs nothing else to be kept of
    /// customers can be read at once, and what is declared no longer cannot.
    ///
    /// # Errors
    /// [`EngineError`] where two features have one name, or there are too many; then nothing changes.
    pub fn declare(&self, declared: &[Declared]) -> Result<(), EngineError> {
        let catalogue = Catalogue::new(declared);
        let wanted = catalogue.map_err(|error| EngineError::new(ErrorKind::Invalid, error.to_string()))?;
        let wanted = Arc::new(wanted);
        self.features.write().unwrap_or_else(PoisonError::into_inner).wanted = Arc::clone(&wanted);
        self.live.change(|live| {
            // Nothing has happened yet, so nothing is left to be counted.
            if live.profiles.offset().0 == 0 {
                live.keep(wanted.cells().clone());
            }
        });
        self.settle_features();
        Ok(())
    }

    /// Remembers why what the settings declare now cannot be used, for the console; or that it can.
    pub fn note_refused(&self, why: Option<String>) {
        self.features.write().unwrap_or_else(PoisonError::into_inner).refused = why;
    }

    /// Why what the settings declare now cannot be used; what they declared before stays in force.
    pub fn refused_features(&self) -> Option<String> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).refused.clone()
    }

    pub(super) fn wanted(&self) -> Arc<Catalogue> {
        Arc::clone(&self.features.read().unwrap_or_else(PoisonError::into_inner).wanted)
    }

    /// Puts in force what can be read of the live state as it is now.
    pub(super) fn settle_features(&self) {
        let kept = self.live.look(|live| live.cells.clone());
        let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
        let (readable, waiting) = features.wanted.readable(&kept);
        features.in_force = Arc::new(readable);
        features.waiting = waiting;
    }
}
