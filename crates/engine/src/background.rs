//! What goes on in the background? Checkpoints, sealing, pruning, corrections, files of decisions, and training when it is
//! due.

use crate::audit::{AuditTrail, By};
use crate::champions::Crowned;
use crate::corrections::Corrector;
use crate::erase::Eraser;
use crate::error::EngineError;
use crate::horizon::Horizon;
use crate::lists::{Courier, RollCall};
use crate::ports::Sealing;
use crate::training::Trainer;
use crate::{Engine, Stopwatch};
use events::Offset;
use governance::Deed;
use primitives::{CustomerId, ModelVersion, Timestamp};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many customers' past decisions are looked at each time.
const N_LOOKED_AT: usize = 20_000;

/// How many answers of before the start are read back to tell what was shown.
const N_SHOWN_READ_MAX: u64 = 200_000;

/// How often what is done, and from how much on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// How long after a checkpoint the next one is written at the latest.
    pub checkpoint: Duration,
    /// How often sealing, pruning, forgetting and the files of decisions are looked at.
    pub maintenance: Duration,
    /// About how many customers may be in memory.
    pub n_resident_max: usize,
    /// So many events in the log are sealed.
    pub n_sealed_min: u64,
    /// How long after everything was sealed it is sealed again, however little it is.
    pub seal: Duration,
    /// How old a model may be, in hours; 0: however old.
    pub train_hours: i64,
    /// How often it is looked whether what learns from its own choices is to be learned again.
    pub refit: Duration,
}

/// The background threads. Dropping it stops them after a last checkpoint.
pub struct Background {
    engine: Arc<Engine>,
    corrector: Arc<Corrector>,
    eraser: Option<Arc<Eraser>>,
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
    /// [`EngineError`] where no thread can be started.
    pub fn start(trainer: Arc<Trainer>, corrector: Arc<Corrector>, pauses: Pauses) -> Result<Self, EngineError> {
        let engine = corrector.engine().clone();
        let mut background = Self {
            engine: engine.clone(),
            corrector: corrector.clone(),
            eraser: None,
            stop: Arc::default(),
            threads: Vec::new(),
        };
        let checkpoints = Checkpoints {
            engine: engine.clone(),
            audit: trainer.audit().clone(),
            pauses,
            stop: background.stop.clone(),
        };
        let trainer_of_policies = trainer.clone();
        let sealed_at = engine.clock().now();
        let corrections = corrector.clone();
        let corrected_upto = Offset::default();
        let last_event_at = engine.look(|live| live.profiles.totals().last_event_at);
        let horizon = Horizon::new(sealed_at, last_event_at);
        let mut round =
            Round { engine, trainer, corrector, pauses, sealed_at, looked_at: None, corrected_upto, horizon };
        let stop = background.stop.clone();
        background.engine.pressure().bound(Some(round.pauses.n_resident_max));
        background.spawn("checkpoints", move || checkpoints.run())?;
        background.spawn("corrections", move || corrections.run())?;
        let (follower, until) = (background.engine.clone(), background.stop.clone());
        background.spawn("items", move || follow_items(&follower, &until))?;
        let (reader, until) = (background.engine.clone(), background.stop.clone());
        background.spawn("shown", move || {
            if let Err(error) = reader.read_shown(N_SHOWN_READ_MAX, &|| until.is_wanted()) {
                let error = error.story();
                tracing::error!(error, "past decisions could not be read: what was shown is counted from the start on");
            }
        })?;
        let (learner, until) = (background.engine.clone(), background.stop.clone());
        let (seed, audit) = (trainer_of_policies.seed(), trainer_of_policies.audit().clone());
        background.spawn("policies", move || {
            learner.keep_policies(pauses.refit, seed, &audit, &|pause| until.wait(pause));
        })?;
        background.spawn("maintenance", move || {
            while !stop.wait(pauses.maintenance) {
                round.maintain(&|| stop.is_wanted());
            }
        })?;
        Ok(background)
    }

    /// Has customers erased who are to be.
    ///
    /// # Errors
    /// [`EngineError`] where no thread can be started.
    pub fn erase(&mut self, eraser: &Arc<Eraser>) -> Result<(), EngineError> {
        self.eraser = Some(eraser.clone());
        let eraser = eraser.clone();
        self.spawn("erasures", move || eraser.run())
    }

    /// Has the lists looked at again and again, and their webhooks told.
    ///
    /// # Errors
    /// [`EngineError`] where no thread can be started.
    pub fn keep_lists(&mut self, courier: Arc<dyn Courier>) -> Result<(), EngineError> {
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        self.spawn("lists", move || Rounds { engine: &engine, stop: &stop }.walk())?;
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        self.spawn("webhooks", move || Rounds { engine: &engine, stop: &stop }.tell(courier.as_ref()))
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), EngineError> {
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let attempt = "cannot start a background thread";
        self.threads.push(spawned.map_err(|source| EngineError::Thread { attempt, source })?);
        Ok(())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.corrector.stop();
        self.eraser.iter().for_each(|eraser| eraser.stop());
        self.stop.order();
        self.engine.pressure().wake();
        for thread in self.threads.drain(..) {
            // A panic there was reported already; there is nothing left to do about it here.
            let _ = thread.join();
        }
        self.engine.pressure().bound(None);
    }
}

/// How often what searches look into is brought up to the catalogue.
const ITEMS_FOLLOWED: Duration = Duration::from_millis(250);

/// Keeps what searches look into, and what stands on shelves, as the catalogue is.
fn follow_items(engine: &Engine, stop: &Stop) {
    let mut is_failing = false;
    loop {
        match engine.follow_items() {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                tracing::error!(error = error.story(), "searches do not see all of the catalogue as it is");
                is_failing = true;
            }
            Err(_) => {}
        }
        engine.follow_standing();
        if stop.wait(ITEMS_FOLLOWED) {
            return;
        }
    }
}

/// Writes checkpoints from time to time, and before their time where many customers have changed.
struct Checkpoints {
    engine: Arc<Engine>,
    audit: AuditTrail,
    pauses: Pauses,
    stop: Arc<Stop>,
}

impl Checkpoints {
    fn run(&self) {
        let pause = self.pauses.checkpoint;
        let pressure = self.engine.pressure();
        let mut is_stored = true;
        loop {
            // A checkpoint is not put off for it; what is left is read after that.
            let watch = Stopwatch::start();
            let is_due = || self.stop.is_wanted() || pressure.is_high() || watch.elapsed() >= pause;
            let is_warm = !self.engine.is_to_be_warmed() || self.warm(&is_due);
            // After a failure the pressure stays; trying again at once would only burn the processor.
            let is_last = match is_stored {
                true => self.wait(if is_warm { pause } else { Duration::ZERO }),
                false => self.stop.wait(pause),
            };
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

    /// Answers whether nobody is left to be read into memory.
    fn warm(&self, is_stopped: &dyn Fn() -> bool) -> bool {
        self.engine.warm(self.pauses.n_resident_max, is_stopped).unwrap_or_else(|error| {
            tracing::error!(
                error = error.story(),
                "not every customer could be read into memory; run `rapport doctor`"
            );
            true
        })
    }

    /// Answers whether everything is stored.
    fn checkpoint(&self) -> bool {
        let n_max = self.pauses.n_resident_max;
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

    /// A champion that another process trained or rolled back answers from now on, and so does one that can again.
    fn follow_registry(&self) {
        match self.engine.follow_registry() {
            Ok(crowned) => crowned.iter().for_each(|crowned| self.note_champion(crowned)),
            Err(error) => tracing::error!(error = error.story(), "the champions could not be read again"),
        }
    }

    /// On the command line only a training puts a newer version in force, and only a rollback an older one.
    fn note_champion(&self, Crowned { task, former, version }: &Crowned) {
        let versions = self.engine.registry().versions(task).unwrap_or_default();
        let newest_first: Vec<ModelVersion> = versions.into_iter().map(|known| known.version).collect();
        let is_back = is_rollback(&newest_first, former.as_ref(), version);
        if !is_back {
            self.audit.note(Deed::Training, &By::COMMAND, task.as_str());
        }
        let deed = if is_back { Deed::Rollback } else { Deed::Promotion };
        self.audit.note(deed, &By::COMMAND, format!("{task} {version}"));
    }
}

/// Whether a champion is older than the one before it.
fn is_rollback(newest_first: &[ModelVersion], former: Option<&ModelVersion>, version: &ModelVersion) -> bool {
    let place = |wanted: &ModelVersion| newest_first.iter().position(|known| known == wanted);
    former.and_then(place).zip(place(version)).is_some_and(|(former, now)| now > former)
}

/// How often it is asked whether lists are to be looked at, and webhooks to be told.
const LISTS_ASKED: Duration = Duration::from_secs(1);
/// How long after all lists were looked at they are looked at again, and how many times as long as it took.
const LISTS_PAUSE: Duration = Duration::from_secs(15);
const LISTS_PAUSE_TIMES: u32 = 20;
/// How long a look at all lists may take.
const LISTS_MAX: Duration = Duration::from_secs(300);
/// How often what is kept of lists too long is forgotten.
const LISTS_PRUNED: Duration = Duration::from_secs(600);

/// Lists, again and again.
struct Rounds<'a> {
    engine: &'a Engine,
    stop: &'a Stop,
}

impl Rounds<'_> {
    fn walk(&self) {
        let (mut last, mut pause) = (Stopwatch::start(), Duration::ZERO);
        let mut pruned = Stopwatch::start();
        while !self.stop.wait(LISTS_ASKED) {
            let is_wanted = self.engine.are_lists_wanted();
            if !is_wanted && last.elapsed() < pause {
                continue;
            }
            let watch = Stopwatch::start();
            let followed = self.engine.follow_lists(LISTS_MAX, &|| self.stop.is_wanted());
            // The next look goes without the list that took most of it.
            let times = if matches!(followed, Ok(RollCall::TooLong { .. })) { 1 } else { LISTS_PAUSE_TIMES };
            match followed {
                Ok(RollCall::Whole) => {}
                Ok(RollCall::Broken) if self.stop.is_wanted() => return,
                // Everything was made anew: who comes and goes is found as soon as may be.
                Ok(RollCall::Broken) => self.engine.wake_lists(),
                Ok(RollCall::TooLong { slowest, took }) => tracing::warn!(
                    list = slowest,
                    seconds = took.as_secs_f64(),
                    "the time did not suffice to look at every customer for the lists, so that nobody came or went: this list \
                     took most of it and is left out for a day; make its filter simpler, or remove it"
                ),
                Err(error) => tracing::error!(error = error.story(), "the lists could not be looked at"),
            }
            pause = LISTS_PAUSE.max(watch.elapsed() * times);
            last = Stopwatch::start();
            if pruned.elapsed() >= LISTS_PRUNED {
                pruned = Stopwatch::start();
                if let Err(error) = self.engine.ports().lists.prune(self.engine.clock().now()) {
                    tracing::error!(error = crate::story(&error), "old counts of lists could not be forgotten");
                }
            }
        }
    }

    fn tell(&self, courier: &dyn Courier) {
        let mut is_failing = false;
        while !self.stop.wait(LISTS_ASKED) {
            loop {
                match self.engine.tell_webhooks(courier, &|| self.stop.is_wanted()) {
                    Ok(0) => is_failing = false,
                    Ok(_) => continue,
                    Err(error) if !is_failing => {
                        tracing::error!(error = error.story(), "webhooks could not be told");
                        is_failing = true;
                    }
                    Err(_) => {}
                }
                break;
            }
        }
    }
}

/// What is looked at from time to time.
struct Round {
    engine: Arc<Engine>,
    trainer: Arc<Trainer>,
    corrector: Arc<Corrector>,
    pauses: Pauses,
    /// When everything was sealed, however little it was.
    sealed_at: Timestamp,
    /// Whose past decisions were looked at last.
    looked_at: Option<CustomerId>,
    /// The newest correction when it was looked last.
    corrected_upto: Offset,
    /// What time it is for what is forgotten with time.
    horizon: Horizon,
}

impl Round {
    fn maintain(&mut self, is_stopped: &dyn Fn() -> bool) {
        self.seal();
        let now = self.engine.clock().now();
        if let Err(error) = self.engine.ports().upkeep.prune(self.horizon.follow(now)) {
            tracing::error!(error = error.story(), "old message ids could not be forgotten");
        }
        self.forget_refused();
        self.write_decisions(now, is_stopped);
        self.follow_corrections();
        self.follow_separations();
        self.trainer.train_when_due(&self.engine, self.pauses.train_hours);
    }

    /// After what was forgotten, so that it is gone from the files in the same round.
    fn write_decisions(&self, now: Timestamp, is_stopped: &dyn Fn() -> bool) {
        if let Err(error) = self.engine.ports().upkeep.write_decisions(now, is_stopped) {
            let error = error.story();
            tracing::error!(error, "the decisions of past days could not be written as files; decisions go on");
        }
    }

    fn follow_corrections(&mut self) {
        match self.corrector.follow_what_is_left(self.corrected_upto) {
            Ok(newest) => self.corrected_upto = newest,
            Err(error) => tracing::error!(error = error.story(), "cannot tell which corrections there are"),
        }
    }

    fn follow_separations(&self) {
        if let Err(error) = self.engine.follow_separations() {
            tracing::error!(error = error.story(), "the past of separated customers could not be told anew yet");
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
        let is_due = now >= self.sealed_at + self.pauses.seal;
        let sealing =
            if is_due { Sealing::Everything } else { Sealing::From { n_events_min: self.pauses.n_sealed_min } };
        match self.engine.ports().upkeep.seal(self.engine.checkpointed(), sealing) {
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
            Err(error) => tracing::error!(error = error.story(), "events could not be sealed"),
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
