//! How are models trained beside everything else? One after the other, when they are asked for or due.

use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use crate::needs::Material;
use crate::{ChampionStatus, Engine};
use governance::Deed;
use learning::{Published, TaskName};
use primitives::{ErrorKind, Seed, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long before it is due a model is trained again without those who have refused.
const FORGET_EARLY: Duration = Duration::from_secs(4 * 3_600);

/// How long after a training that did not help a champion that cannot answer is tried again.
const FAULT_AGAIN: Duration = Duration::from_secs(3_600);

/// How long after a training that came to nothing the same is tried again, where no more than a tenth of the history is new;
/// and where customers who have refused are to be forgotten in time.
const TRY_AGAIN: Duration = Duration::from_secs(6 * 3_600);
const FORGET_AGAIN: Duration = Duration::from_secs(3_600);

/// Trains models on a thread of their own, one after the other.
pub struct Trainer {
    seed: Seed,
    audit: AuditTrail,
    is_busy: AtomicBool,
    /// What training is doing or why it failed, by model.
    status: Mutex<BTreeMap<TaskName, Said>>,
    /// For which fault of its champion a model was last trained, and when.
    tried: Mutex<BTreeMap<TaskName, (String, Timestamp)>>,
    /// The last training of each model, where nothing came of it yet.
    fruitless: Mutex<BTreeMap<TaskName, Fruitless>>,
}

/// When a training of which nothing came was begun, and how many events there were then.
#[derive(Debug, Clone, Copy)]
struct Fruitless {
    at: Timestamp,
    n_events: u64,
}

impl Fruitless {
    /// Whether it may succeed by now: reading the history for it costs too much to try without a reason.
    fn is_over(self, n_events: u64, now: Timestamp, pause: Duration) -> bool {
        let n_new = n_events.saturating_sub(self.n_events);
        n_new * 10 > self.n_events || now < self.at || now >= self.at + pause
    }
}

/// Says that a training is over, also where it ends by a panic.
struct Ends(Arc<Trainer>);

impl Drop for Ends {
    fn drop(&mut self) {
        let mut status = self.0.status.lock().unwrap_or_else(PoisonError::into_inner);
        for said in status.values_mut().filter(|said| said.is_under_way) {
            let text = "Failed: the training broke off, and the program's log says where".to_owned();
            *said = Said { text, is_under_way: false };
        }
        drop(status);
        self.0.is_busy.store(false, Ordering::Release);
    }
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
        let (status, tried, fruitless) = Default::default();
        Self { seed, audit, is_busy: AtomicBool::new(false), status, tried, fruitless }
    }

    /// From what is drawn.
    pub(crate) fn seed(&self) -> Seed {
        self.seed
    }

    /// Where it is written down who had what trained.
    pub(crate) fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// What training is doing, or why it failed; `None` where it is done or was never begun.
    pub fn status(&self, task: &TaskName) -> Option<String> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).get(task).map(|said| said.text.clone())
    }

    /// Whether a model is being trained, or waits for its turn.
    pub fn is_training(&self, task: &TaskName) -> bool {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).get(task).is_some_and(|said| said.is_under_way)
    }

    /// Begins to train in the background.
    ///
    /// # Errors
    /// [`EngineError`] of kind `Conflict` where training is under way, or features are being counted that it would lack.
    pub fn begin(self: &Arc<Self>, engine: &Arc<Engine>, tasks: Vec<TaskName>, by: By) -> Result<(), EngineError> {
        self.begin_with(engine, tasks, by, None)
    }

    /// Does the same, from what was read already.
    fn begin_with(
        self: &Arc<Self>,
        engine: &Arc<Engine>,
        tasks: Vec<TaskName>,
        by: By,
        read: Option<Material>,
    ) -> Result<(), EngineError> {
        if engine.has_uncounted() {
            let message = "what the settings declare is still being counted, and models learn from it: ask again when \
                           the console's page of features shows all of it";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        if self.is_busy.swap(true, Ordering::AcqRel) {
            let message = "models are being trained already: GET /v1/models says how it goes";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        // Dropped with the thread, or with what was to run on it where there is none.
        let ends = Ends(Arc::clone(self));
        let last =
            Fruitless { at: engine.clock().now(), n_events: engine.ports().history.n_events().unwrap_or_default() };
        for task in &tasks {
            self.audit.note(Deed::Training, &by, task.as_str());
            self.say(task, true, Some("Reading the history…".to_owned()));
        }
        let engine = Arc::clone(engine);
        let spawned = std::thread::Builder::new().name("training".to_owned()).spawn(move || {
            // Not before there is a thread: where none could be started, nothing was tried.
            let of_each = tasks.iter().map(|task| (task.clone(), last));
            ends.0.fruitless.lock().unwrap_or_else(PoisonError::into_inner).extend(of_each);
            ends.0.run(&engine, &tasks, &by, read);
        });
        let attempt = "cannot start a thread to train on";
        spawned.map(drop).map_err(|source| EngineError::Thread { attempt, source })
    }

    /// Trains what has no model or one older than `train_hours` (0: however old), and what has learned from customers who
    /// have refused since, where enough is there to train from.
    pub fn train_when_due(self: &Arc<Self>, engine: &Arc<Engine>, train_hours: i64) {
        let now = engine.clock().now();
        let read = engine.count_needs_when_due().unwrap_or_else(|error| {
            tracing::error!(error = error.story(), "cannot tell what is missing to train");
            None
        });
        // What comes into force then is to be learned from, and a champion that waits for it will answer again.
        if engine.has_uncounted() {
            return;
        }
        let faults = self.faults_to_try(&engine.champion_status(), now);
        let is_faulty = |task: &TaskName| faults.contains_key(task);
        let n_events = engine.ports().history.n_events().unwrap_or_default();
        let fruitless = self.fruitless.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let may_succeed =
            |task: &TaskName, pause| fruitless.get(task).is_none_or(|last| last.is_over(n_events, now, pause));
        let is_due = |task: &&TaskName| {
            is_faulty(task)
                || (may_succeed(task, TRY_AGAIN) && is_old(engine, task, train_hours, now))
                || (may_succeed(task, FORGET_AGAIN) && must_forget(engine, task, now))
        };
        let in_force = engine.models();
        // What answers already is tried; what never did waits until enough is there.
        let can_be = |task: &&TaskName| {
            in_force.get(task).is_some() || is_faulty(task) || engine.is_ready_to_train(task).unwrap_or(false)
        };
        let due: Vec<TaskName> = engine.capabilities().tasks.names().filter(is_due).filter(can_be).cloned().collect();
        if !due.is_empty() {
            // Where training is under way already, the next round looks again.
            if self.begin_with(engine, due, By::SCHEDULE, read).is_ok() {
                let tried = faults.into_iter().map(|(task, fault)| (task, (fault, now)));
                self.tried.lock().unwrap_or_else(PoisonError::into_inner).extend(tried);
            }
        }
    }

    /// The champions that cannot answer, each with its fault: a new one is tried at once, the same one again after a while,
    /// whatever people had trained meanwhile.
    fn faults_to_try(&self, status: &[ChampionStatus], now: Timestamp) -> BTreeMap<TaskName, String> {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = status.iter().filter_map(|status| Some((status.task.clone(), status.fault.clone()?)));
        let faults: BTreeMap<TaskName, String> = faults.collect();
        tried.retain(|task, (fault, at)| faults.get(task) == Some(fault) && now < *at + FAULT_AGAIN);
        faults.into_iter().filter(|(task, _)| !tried.contains_key(task)).collect()
    }

    fn run(&self, engine: &Engine, tasks: &[TaskName], by: &By, read: Option<Material>) {
        let material = match read.map_or_else(|| engine.material(&mut |_| {}), Ok) {
            Ok(material) => material,
            Err(error) => {
                tracing::error!(error = error.story(), "the history could not be read for training");
                for task in tasks {
                    self.say(task, false, Some(format!("Failed: {error}")));
                }
                return;
            }
        };
        for task in tasks {
            self.say(task, true, Some("Training…".to_owned()));
            match train(engine, task, &material, self.seed) {
                Ok(published) => {
                    tracing::info!(model = task.as_str(), version = %published.version, reason = published.reason, "trained");
                    if published.is_champion {
                        self.audit.note(Deed::Promotion, by, format!("{task} {}", published.version));
                    }
                    self.fruitless.lock().unwrap_or_else(PoisonError::into_inner).remove(task);
                    self.say(task, false, (!published.is_champion).then_some(published.reason));
                }
                Err(error) => {
                    tracing::warn!(model = task.as_str(), error = error.story(), "not trained");
                    self.say(task, false, Some(error.story()));
                }
            }
        }
    }

    fn say(&self, task: &TaskName, is_under_way: bool, text: Option<String>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        match text {
            Some(text) => status.insert(task.clone(), Said { text, is_under_way }),
            None => status.remove(task),
        };
    }
}

fn is_old(engine: &Engine, task: &TaskName, train_hours: i64, now: Timestamp) -> bool {
    let Some(max_age) = u64::try_from(train_hours).ok().filter(|hours| *hours > 0) else { return false };
    let versions = engine.registry().versions(task).unwrap_or_default();
    let newest = versions.first().map(|newest| newest.header.trained_at);
    newest.is_none_or(|trained_at| now >= trained_at + Duration::from_secs(max_age * 3_600))
}

/// Whether the champion is to be trained again without those who have refused or were erased: some hours early, so that it is done in time.
fn must_forget(engine: &Engine, task: &TaskName, now: Timestamp) -> bool {
    let still = engine.still_learned_from(task).unwrap_or_else(|error| {
        tracing::error!(model = task.as_str(), error = error.story(), "cannot tell whom the model learned from");
        None
    });
    still.is_some_and(|still| now >= still.retrained_by - FORGET_EARLY)
}

/// Trains one model, publishes it, and puts it in force where it is better than the one that answers.
///
/// # Errors
/// [`EngineError`] where something is missing to train; the message says what. Also where the champion looks at features that
/// are being counted, or that came into force after the history was read: it could not show what it can.
pub fn train(engine: &Engine, name: &TaskName, material: &Material, seed: Seed) -> Result<Published, EngineError> {
    let mut reigning = engine.registry().reigning(name)?;
    if let (Some(reigning), Some(still)) = (&mut reigning, engine.still_learned_from(name)?) {
        reigning.n_refused = still.n_refused + still.n_erased;
    }
    if let Some(reigning) = reigning.as_ref().filter(|reigning| engine.lacks_features(name, reigning, material)) {
        let version = &reigning.version;
        let message = format!(
            "{name} was not trained: features that model {version} looks at were not yet counted when the history was \
             read, so the two cannot be compared: train it again when the console's page of features shows them"
        );
        return Err(EngineError::new(ErrorKind::Unavailable, message));
    }
    let task = engine.capabilities().tasks.get(name.as_str())?;
    let trained = learning::challenge(task, &engine.data(material, seed), reigning.as_ref())?;
    engine.crown(|registry| registry.publish(&trained))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_when_a_tenth_is_new_or_after_hours() {
        let at = Timestamp::from_millis(0).plus_days(20_000);
        let last = Fruitless { at, n_events: 1_000 };
        let later = |seconds: u64| at + Duration::from_secs(seconds);
        for (n_events, now, is_over) in [
            (1_000, at, false),
            (1_100, at, false),
            (1_101, at, true),
            (900, later(6 * 3_600 - 1), false),
            (1_000, later(6 * 3_600), true),
            (1_000, at.plus_days(-1), true),
        ] {
            assert_eq!(last.is_over(n_events, now, TRY_AGAIN), is_over, "{n_events} events at {now}");
        }
        assert!(FORGET_AGAIN < FORGET_EARLY, "what fails first is tried again in time");
    }
}
