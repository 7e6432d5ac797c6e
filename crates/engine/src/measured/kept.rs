//! What was measured last, and who counts it anew? One at a time, beside those who ask.

use super::Measured;
use crate::Engine;
use crate::error::EngineError;
use primitives::{ErrorKind, Timestamp};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long what was measured holds.
const KEPT: Duration = Duration::from_secs(600);
/// Of so many periods what was told is kept.
const N_KEPT: usize = 8;
/// So long whoever asks waits for what is counted: with a short history that is enough.
const WAIT: Duration = Duration::from_secs(2);

type Period = Option<(Timestamp, Timestamp)>;

/// What was measured last, each of another period.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    kept: Vec<Arc<Measured>>,
    /// What is counted now.
    counting: Option<Period>,
    /// Why it could not be counted the last time, until somebody was told.
    failed: Option<(Period, EngineError)>,
}

impl State {
    fn of(&self, period: Period) -> Option<Arc<Measured>> {
        self.kept.iter().find(|measured| measured.period == period).cloned()
    }

    fn keep(&mut self, measured: Arc<Measured>) {
        self.kept.retain(|other| other.period != measured.period);
        self.kept.truncate(N_KEPT - 1);
        self.kept.insert(0, measured);
    }
}

impl Kept {
    fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That something is counted; whatever becomes of it, others may count then.
struct Turn<'a>(&'a Kept);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.look().counting = None;
        self.0.done.notify_all();
    }
}

impl Engine {
    /// What decisions were worth and what experiments found: since they began, or within a period. It is counted now, however long
    /// that takes.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or the history cannot be read.
    pub fn measured(&self, period: Period) -> Result<Arc<Measured>, EngineError> {
        let measured = Arc::new(self.measure(self.clock.now(), period)?);
        self.measured.look().keep(measured.clone());
        Ok(measured)
    }

    /// The same as it was counted in the last ten minutes. Else it is counted anew in the background; where that takes a while, what
    /// was counted before is told meanwhile, and `None` where nothing was: then ask again.
    ///
    /// # Errors
    /// As [`Engine::measured`].
    pub fn measured_lately(self: &Arc<Self>, period: Period) -> Result<Option<Arc<Measured>>, EngineError> {
        let now = self.clock.now();
        let mut state = self.measured.look();
        let known = state.of(period).filter(|measured| now >= measured.at && now < measured.at + KEPT);
        if known.is_some() {
            return Ok(known);
        }
        // Of another period that is counted just now it may have to wait, too.
        for _ in 0..2 {
            if state.counting.is_none() {
                (state.counting, state.failed) = (Some(period), None);
                self.begin_to_count(period).inspect_err(|_| state.counting = None)?;
            }
            let waited = self.measured.done.wait_timeout_while(state, WAIT, |state| state.counting.is_some());
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if let Some((_, error)) = state.failed.take_if(|(of, _)| *of == period) {
                return Err(error);
            }
            if state.of(period).is_some() {
                break;
            }
        }
        Ok(state.of(period))
    }

    fn begin_to_count(self: &Arc<Self>, period: Period) -> Result<(), EngineError> {
        let engine = Arc::clone(self);
        let begun = thread::Builder::new().name("measuring".to_owned()).spawn(move || engine.count_now(period));
        begun.map(|_| ()).map_err(|error| {
            let message = format!("nothing can be measured, for no thread can be begun: {error}");
            EngineError::new(ErrorKind::Unavailable, message)
        })
    }

    fn count_now(&self, period: Period) {
        let _turn = Turn(&self.measured);
        if let Err(error) = self.measured(period) {
            tracing::error!(error = error.story(), "what decisions were worth could not be counted");
            self.measured.look().failed = Some((period, error));
        }
    }
}
