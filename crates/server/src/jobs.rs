//! What goes on in the background? Checkpoints, sealing, pruning and training.

use crate::audit::{AuditTrail, By};
use crate::corrections::Corrector;
use crate::engine::{ChampionStatus, Engine};
use crate::error::ServerError;
use crate::settings::Settings;
use events::Offset;
use governance::Deed;
use learning::{Dataset, ModelKind, Published};
use primitives::{CustomerId, ErrorKind, ModelVersion, Seed, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use storage::{SealPolicy, Storage};

/// How often sealing and pruning are looked at.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);
/// How many customers' past decisions are looked at each time.
const N_LOOKED_AT: usize = 20_000;

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
    /// [`ServerError`] of kind `Conflict` where training is under way.
    pub fn begin(self: &Arc<Self>, engine: &Arc<Engine>, kinds: Vec<ModelKind>, by: By) -> Result<(), ServerError> {
        if self.is_busy.swap(true, Ordering::AcqRel) {
            let message = "models are being trained already: GET /v1/models says how it goes";
            return Err(ServerError::new(ErrorKind::Conflict, message));
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
                Err(ServerError::io("cannot start a thread to train on")(source))
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
/// [`ServerError`] where it cannot be read.
pub fn load_dataset(engine: &Engine, progress: &mut dyn FnMut(u64)) -> Result<Dataset, ServerError> {
    Ok(Dataset::load(engine.ports().history.as_ref(), engine.policy(), progress)?)
}

/// Trains one model, publishes it, and puts it in force where it is better than the one that answers.
///
/// # Errors
/// [`ServerError`] where something is missing to train; the message says what.
pub fn train(engine: &Engine, kind: ModelKind, dataset: &Dataset, seed: Seed) -> Result<Published, ServerError> {
    let mut reigning = engine.registry().reigning(kind)?;
    if let (Some(reigning), Some(still)) = (&mut reigning, engine.still_learned_from(kind)?) {
        reigning.n_refused = still.n_customers;
    }
    let trained = learning::challenge(kind, dataset, engine.clock().now(), seed, reigning.as_ref())?;
    let published = engine.registry().publish(&trained)?;
    engine.reload_champions()?;
    Ok(published)
}

/// The background threads. Dropping it stops them after a last checkpoint.
pub struct Background {
    engine: Arc<Engine>,
    corrector: Arc<Corrector>,
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

/// Says when to stop.
#[derive(Debug, Default)]
struct Stop {
    is_wanted: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn order(&self) {
        *self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_wanted(&self) -> bool {
        *self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long, or until it is time to stop: then it answers `true`.
    fn wait(&self, pause: Duration) -> bool {
        let is_wanted = self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_wanted, pause, |is_wanted| !*is_wanted);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Background {
    /// Starts checkpoints, sealing, pruning, regular training and corrections.
    ///
    /// # Errors
    /// [`ServerError`] where no thread can be started.
    pub fn start(trainer: Arc<Trainer>, corrector: Arc<Corrector>, settings: Settings) -> Result<Self, ServerError> {
        let (engine, storage) = (corrector.engine().clone(), corrector.storage().clone());
        let mut background =
            Self { engine: engine.clone(), corrector: corrector.clone(), stop: Arc::default(), threads: Vec::new() };
        let checkpoints = Checkpoints {
            engine: engine.clone(),
            audit: trainer.audit.clone(),
            settings: settings.clone(),
            stop: background.stop.clone(),
        };
        let sealed_at = engine.clock().now();
        let corrections = corrector.clone();
        let corrected_upto = Offset::default();
        let mut round =
            Round { engine, storage, trainer, corrector, settings, sealed_at, looked_at: None, corrected_upto };
        let stop = background.stop.clone();
        background.engine.pressure().bound(Some(round.settings.profiles.n_resident_max));
        background.spawn("checkpoints", move || checkpoints.run())?;
        background.spawn("corrections", move || corrections.run())?;
        background.spawn("maintenance", move || {
            while !stop.wait(MAINTENANCE_EVERY) {
                round.maintain();
            }
        })?;
        Ok(background)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ServerError> {
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(spawned.map_err(ServerError::io("cannot start a background thread"))?);
        Ok(())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.corrector.stop();
        self.stop.order();
        self.engine.pressure().wake();
        for thread in self.threads.drain(..) {
            // A panic there was reported already; there is nothing left to do about it here.
            let _ = thread.join();
        }
        self.engine.pressure().bound(None);
    }
}

/// Writes checkpoints from time to time, and before their time where many customers have changed.
struct Checkpoints {
    engine: Arc<Engine>,
    audit: AuditTrail,
    settings: Settings,
    stop: Arc<Stop>,
}

impl Checkpoints {
    fn run(&self) {
        let pause = Duration::from_secs(self.settings.profiles.checkpoint_seconds);
        let pressure = self.engine.pressure();
        let mut is_stored = true;
        loop {
            if self.engine.is_to_be_warmed() {
                self.warm(&|| self.stop.is_wanted() || pressure.is_high());
            }
            // After a failure the pressure stays; trying again at once would only burn the processor.
            let is_last = if is_stored { self.wait(pause) } else { self.stop.wait(pause) };
            is_stored = self.checkpoint();
            if is_last {
                return;
            }
            self.follow_registry();
        }
    }

    fn wait(&self, pause: Duration) -> bool {
        if !self.stop.is_wanted() {
            self.engine.pressure().wait_until_high(pause);
        }
        self.stop.is_wanted()
    }

    fn warm(&self, is_stopped: &dyn Fn() -> bool) {
        if let Err(error) = self.engine.warm(self.settings.profiles.n_resident_max, is_stopped) {
            tracing::error!(
                error = error.story(),
                "not every customer could be read into memory; run `rapport doctor`"
            );
        }
    }

    /// Answers whether everything is stored.
    fn checkpoint(&self) -> bool {
        let n_max = self.settings.profiles.n_resident_max;
        // A little below the bound, so that the next new customer does not ask for a checkpoint again.
        match self.engine.checkpoint(n_max - n_max / 16) {
            Ok(_) => true,
            Err(error) => {
                let error = error.story();
                tracing::error!(error, "the checkpoint failed; the next one will hold what this one lacks");
                false
            }
        }
    }

    /// A champion that another process trained or rolled back answers from now on.
    fn follow_registry(&self) {
        let in_force = self.engine.champion_status();
        let is_other = |status: &ChampionStatus| {
            self.engine.registry().champion_version(status.kind).is_ok_and(|version| version != status.version)
        };
        if !in_force.iter().any(is_other) {
            return;
        }
        for ChampionStatus { kind, version: former, .. } in in_force.iter().filter(|status| is_other(status)) {
            if let Ok(Some(version)) = self.engine.registry().champion_version(*kind) {
                self.note_champion(*kind, former.as_ref(), &version);
            }
        }
        if let Err(error) = self.engine.reload_champions() {
            tracing::error!(error = error.story(), "the champions could not be read again");
        }
    }

    /// On the command line only a training puts a newer version in force, and only a rollback an older one.
    fn note_champion(&self, kind: ModelKind, former: Option<&ModelVersion>, version: &ModelVersion) {
        let versions = self.engine.registry().versions(kind).unwrap_or_default();
        let newest_first: Vec<ModelVersion> = versions.into_iter().map(|known| known.version).collect();
        let is_back = is_rollback(&newest_first, former, version);
        if !is_back {
            self.audit.note(Deed::Training, &By::COMMAND, kind.name());
        }
        let deed = if is_back { Deed::Rollback } else { Deed::Promotion };
        self.audit.note(deed, &By::COMMAND, format!("{kind} {version}"));
    }
}

/// Whether a champion is older than the one before it.
fn is_rollback(newest_first: &[ModelVersion], former: Option<&ModelVersion>, version: &ModelVersion) -> bool {
    let place = |wanted: &ModelVersion| newest_first.iter().position(|known| known == wanted);
    former.and_then(place).zip(place(version)).is_some_and(|(former, now)| now > former)
}

/// What is looked at every minute.
struct Round {
    engine: Arc<Engine>,
    storage: Arc<Storage>,
    trainer: Arc<Trainer>,
    corrector: Arc<Corrector>,
    settings: Settings,
    /// When everything was sealed, however little it was.
    sealed_at: Timestamp,
    /// Whose past decisions were looked at last.
    looked_at: Option<CustomerId>,
    /// The newest correction when it was looked last.
    corrected_upto: Offset,
}

impl Round {
    fn maintain(&mut self) {
        self.seal();
        let now = self.engine.clock().now();
        if let Err(error) = self.storage.prune(now) {
            tracing::error!(error = ServerError::from(error).story(), "old message ids could not be forgotten");
        }
        self.forget_refused();
        self.follow_corrections();
        self.trainer.train_when_due(&self.engine, self.settings.models.train_hours);
    }

    fn follow_corrections(&mut self) {
        match self.corrector.follow_what_is_left(self.corrected_upto) {
            Ok(newest) => self.corrected_upto = newest,
            Err(error) => tracing::error!(error = error.story(), "cannot tell which corrections there are"),
        }
    }

    /// Goes on with the round through everybody for whom something was decided.
    fn forget_refused(&mut self) {
        if let Err(error) = self.engine.forget_refused(&mut self.looked_at, N_LOOKED_AT) {
            let error = error.story();
            tracing::error!(error, "not all that past decisions knew of customers who refused could be forgotten");
        }
    }

    /// Seals what has gathered; once every `seal_hours`, however little it is.
    fn seal(&mut self) {
        let now = self.engine.clock().now();
        let hours = now.days_since(self.sealed_at) * 24.0;
        let is_due = hours >= f64::from(u32::try_from(self.settings.events.seal_hours).unwrap_or(u32::MAX));
        let policy = match is_due {
            true => SealPolicy::everything(),
            false => SealPolicy { n_events_min: self.settings.events.seal_events, ..SealPolicy::default() },
        };
        match self.storage.seal(self.engine.checkpointed(), &policy) {
            Ok(report) => {
                if is_due {
                    self.sealed_at = now;
                }
                if report.n_events > 0 {
                    tracing::info!(
                        n_events = report.n_events,
                        n_files = report.n_files,
                        "sealed events into the history"
                    );
                }
            }
            Err(error) => tracing::error!(error = ServerError::from(error).story(), "events could not be sealed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_is_told_from_going_on() {
        let [newest, older, unknown] = ["c", "b", "x"].map(ModelVersion::from);
        let known = [newest.clone(), older.clone(), ModelVersion::from("a")];
        assert!(is_rollback(&known, Some(&newest), &older));
        for (former, now) in
            [(Some(&older), &newest), (None, &older), (Some(&unknown), &older), (Some(&newest), &newest)]
        {
            assert!(!is_rollback(&known, former, now), "{former:?} {now}");
        }
    }
}
