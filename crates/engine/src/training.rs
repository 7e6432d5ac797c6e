//! How are models trained beside everything else? One after the other, when they are asked for or due.

use crate::Engine;
use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use governance::Deed;
use learning::{Dataset, ModelKind, Published};
use primitives::{ErrorKind, Seed, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long before it is due a model is trained again without those who have refused.
const FORGET_EARLY: Duration = Duration::from_secs(4 * 3_600);

/// Trains models on a thread of their own, one after the other.
pub struct Trainer {
    seed: Seed,
    audit: AuditTrail,
    is_busy: AtomicBool,
    /// What training is doing or why it failed, by model.
    status: Mutex<BTreeMap<ModelKind, Said>>,
}

/// A word on a training.
#[derive(Debug, Clone)]
struct Said {
    text: String,
    is_under_way: bool,
}

impl Trainer {
    /// A trainer that draws from a seed, and writes down who had what trained.
    #[must_use]
    pub fn new(seed: Seed, audit: AuditTrail) -> Self {
        Self { seed, audit, is_busy: AtomicBool::new(false), status: Mutex::default() }
    }

    /// Where it is written down who had what trained.
    pub(crate) fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// What training is doing, or why it failed; `None` where it is done or was never begun.
    pub fn status(&self, kind: ModelKind) -> Option<String> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).map(|said| said.text.clone())
    }

    /// Whether a model is being trained, or waits for its turn.
    pub fn is_training(&self, kind: ModelKind) -> bool {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).is_some_and(|said| said.is_under_way)
    }

    /// Begins to train in the background.
    ///
    /// # Errors
    /// [`EngineError`] of kind `Conflict` where training is under way.
    pub fn begin(self: &Arc<Self>, engine: &Arc<Engine>, kinds: Vec<ModelKind>, by: By) -> Result<(), EngineError> {
        if self.is_busy.swap(true, Ordering::AcqRel) {
            let message = "models are being trained already: GET /v1/models says how it goes";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        for kind in &kinds {
            self.audit.note(Deed::Training, &by, kind.name());
        }
        let (trainer, engine) = (self.clone(), engine.clone());
        let spawned = std::thread::Builder::new().name("training".to_owned()).spawn(move || {
            trainer.run(&engine, &kinds, &by);
            trainer.is_busy.store(false, Ordering::Release);
        });
        match spawned {
            Ok(_) => Ok(()),
            Err(source) => {
                self.is_busy.store(false, Ordering::Release);
                Err(EngineError::Thread { attempt: "cannot start a thread to train on", source })
            }
        }
    }

    /// Trains what has no model or one older than `train_hours` (0: however old), and what has learned from customers who
    /// have refused since, where enough is there to train from.
    pub fn train_when_due(self: &Arc<Self>, engine: &Arc<Engine>, train_hours: i64) {
        let now = engine.clock().now();
        let is_due = |kind: &ModelKind| is_old(engine, *kind, train_hours, now) || must_forget(engine, *kind, now);
        let due = ModelKind::ALL.into_iter().filter(is_due);
        let due: Vec<ModelKind> = due.filter(|kind| engine.is_ready_to_train(*kind)).collect();
        if !due.is_empty() {
            // Where training is under way already, the next round looks again.
            let _ = self.begin(engine, due, By::SCHEDULE);
        }
    }

    fn run(&self, engine: &Engine, kinds: &[ModelKind], by: &By) {
        for kind in kinds {
            self.say(*kind, true, Some("Reading the history…".to_owned()));
        }
        let dataset = match load_dataset(engine, &mut |_| {}) {
            Ok(dataset) => dataset,
            Err(error) => {
                tracing::error!(error = error.story(), "the history could not be read for training");
                kinds.iter().for_each(|kind| self.say(*kind, false, Some(format!("Failed: {error}"))));
                return;
            }
        };
        for kind in kinds {
            self.say(*kind, true, Some("Training…".to_owned()));
            match train(engine, *kind, &dataset, self.seed) {
                Ok(published) => {
                    tracing::info!(model = kind.name(), version = %published.version, reason = published.reason, "trained");
                    if published.is_champion {
                        self.audit.note(Deed::Promotion, by, format!("{kind} {}", published.version));
                    }
                    self.say(*kind, false, (!published.is_champion).then_some(published.reason));
                }
                Err(error) => {
                    tracing::warn!(model = kind.name(), error = error.story(), "not trained");
                    self.say(*kind, false, Some(error.story()));
                }
            }
        }
    }

    fn say(&self, kind: ModelKind, is_under_way: bool, text: Option<String>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        match text {
            Some(text) => status.insert(kind, Said { text, is_under_way }),
            None => status.remove(&kind),
        };
    }
}

fn is_old(engine: &Engine, kind: ModelKind, train_hours: i64, now: Timestamp) -> bool {
    let Some(max_age) = u64::try_from(train_hours).ok().filter(|hours| *hours > 0) else { return false };
    let versions = engine.registry().versions(kind).unwrap_or_default();
    let newest = versions.first().map(|newest| newest.header.trained_at);
    newest.is_none_or(|trained_at| now >= trained_at + Duration::from_secs(max_age * 3_600))
}

/// Whether the champion is to be trained again without those who have refused: some hours early, so that it is done in time.
fn must_forget(engine: &Engine, kind: ModelKind, now: Timestamp) -> bool {
    let still = engine.still_learned_from(kind).unwrap_or_else(|error| {
        tracing::error!(model = kind.name(), error = error.story(), "cannot tell whom the model learned from");
        None
    });
    still.is_some_and(|still| now >= still.retrained_by - FORGET_EARLY)
}

/// Reads the history of everybody who permits to be learned from.
///
/// # Errors
/// [`EngineError`] where it cannot be read.
pub fn load_dataset(engine: &Engine, progress: &mut dyn FnMut(u64)) -> Result<Dataset, EngineError> {
    Ok(Dataset::load(engine.ports().history.as_ref(), engine.policy(), progress)?)
}

/// Trains one model, publishes it, and puts it in force where it is better than the one that answers.
///
/// # Errors
/// [`EngineError`] where something is missing to train; the message says what.
pub fn train(engine: &Engine, kind: ModelKind, dataset: &Dataset, seed: Seed) -> Result<Published, EngineError> {
    let mut reigning = engine.registry().reigning(kind)?;
    if let (Some(reigning), Some(still)) = (&mut reigning, engine.still_learned_from(kind)?) {
        reigning.n_refused = still.n_customers;
    }
    let trained = learning::challenge(kind, dataset, engine.clock().now(), seed, reigning.as_ref())?;
    let published = engine.registry().publish(&trained)?;
    engine.reload_champions()?;
    Ok(published)
}
