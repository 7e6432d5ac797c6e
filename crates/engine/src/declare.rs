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
    /// Whether anything that has to be kept of customers is still to be counted: for a feature, or for an outcome.
    is_uncounted: bool,
    pub(super) declared: Vec<Declared>,
    /// Why what the settings declare now is not wanted.
    refused: Option<String>,
    /// What of the declarations may be a slip, as it was when that was looked at last.
    pub(super) doubts: Vec<String>,
}

impl Default for Features {
    fn default() -> Self {
        let built_in = Arc::new(Catalogue::built_in());
        Self {
            wanted: Arc::clone(&built_in),
            in_force: built_in,
            waiting: Vec::new(),
            is_uncounted: false,
            declared: Vec::new(),
            refused: None,
            doubts: Vec::new(),
        }
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

    /// Whether the past of such features, or of what outcomes are asked of, is still to be counted:
    /// [`Engine::follow_corrections`] does.
    pub fn has_uncounted(&self) -> bool {
        self.features.read().unwrap_or_else(PoisonError::into_inner).is_uncounted
    }

    /// Takes what the settings declare in the place of what they declared before. What needs nothing else to be kept of
    /// customers can be read at once, and what is declared no longer cannot.
    ///
    /// # Errors
    /// [`EngineError`] where two features have one name, or there are too many; then nothing changes.
    pub fn declare(&self, declared: &[Declared]) -> Result<(), EngineError> {
        let wanted = learning::catalogue(declared, &self.capabilities.outcomes)
            .map_err(|error| EngineError::new(ErrorKind::Invalid, error.to_string()))?;
        let wanted = Arc::new(wanted);
        {
            let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
            features.wanted = Arc::clone(&wanted);
            features.declared = declared.to_vec();
        }
        self.live.change(|live| {
            // Nothing has happened yet, so nothing is left to be counted.
            if live.profiles.offset().0 == 0 {
                live.keep(wanted.cells().clone());
            }
        });
        if self.settle_features() {
            self.let_champions_look();
        }
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

    /// The features that the settings declare: the history has their past, also where the profiles do not have it yet.
    pub(super) fn wanted(&self) -> Arc<Catalogue> {
        Arc::clone(&self.features.read().unwrap_or_else(PoisonError::into_inner).wanted)
    }

    /// Puts in force what can be read of the live state as it is now. No model answers from a feature that was lost by that.
    /// Whether others may answer that lacked one is left to [`Engine::let_champions_look`], which can wait: answers whether it
    /// has to be asked.
    #[must_use]
    pub(super) fn settle_features(&self) -> bool {
        // Of two at a time the one that looked before the live state was replaced could end last.
        let settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.live.look(|live| live.cells.clone());
        let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
        let (readable, waiting) = features.wanted.readable(&kept);
        let (before, now) = (features.in_force.all().ids(), readable.all().ids());
        let has_lost = before.iter().any(|id| !now.contains(id));
        features.in_force = Arc::new(readable);
        features.waiting = waiting;
        features.is_uncounted = !kept.covers(features.wanted.cells());
        self.registry.look_at(Arc::clone(&features.in_force));
        drop((features, settling));
        if has_lost {
            self.let_champions_look();
        }
        !has_lost && before != now
    }

    /// Reads the champions again, for other features: what lacked one may have it now, and what had it may lack it.
    pub(super) fn let_champions_look(&self) {
        if let Err(error) = self.reload_champions() {
            tracing::error!(error = error.story(), "the champions could not be read again");
        }
    }
}
