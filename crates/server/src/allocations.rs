//! Which budgets are being allocated, where that takes longer than anybody waits? Whoever asks the same again gets what was found.
//!
//! What was logged is handed out as often as it is asked for: whoever went before the answer came asks again. Where nothing was logged,
//! it is found anew.

use crate::error::ServerError;
use engine::{Allocated, Allocating, Engine, EngineError, SAME_CAMPAIGN};
use primitives::{ErrorKind, Timestamp};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// So many at a time.
const N_MAX: usize = 4;
/// So many that are found are kept at the most, and so many customers in all of them: of what gives way, the log still knows what was given.
const N_KEPT_MAX: usize = 32;
const N_CHOSEN_MAX: usize = 200_000;
/// More than any budget, and than anybody is worth.
pub(crate) const AMOUNT_MAX: f64 = 1e9;
/// After so long it is given up.
const LONGEST: Duration = Duration::from_secs(900);

/// What is being allocated, by what was asked.
#[derive(Debug, Default)]
pub(crate) struct Allocations(Mutex<BTreeMap<String, Arc<Job>>>);

type Found = Result<Arc<Allocated>, Arc<EngineError>>;

#[derive(Debug)]
struct Job {
    began_at: Timestamp,
    is_logged: bool,
    found: Mutex<Option<Found>>,
    is_found: Condvar,
    /// How many customers are in what was found, once it is.
    n_chosen: OnceLock<usize>,
}

impl Allocations {
    /// Allocates in the background and waits so long for it; `None` where that was not enough.
    ///
    /// # Errors
    /// [`ServerError`] as of [`Engine::allocate`], or where too many are under way.
    pub(crate) fn ask(
        &self,
        engine: &Arc<Engine>,
        asked: Allocating,
        wait: Duration,
    ) -> Result<Option<Arc<Allocated>>, ServerError> {
        let key = asked.key.clone();
        let job = self.job(engine, asked)?;
        let Some(found) = job.wait(wait) else { return Ok(None) };
        if found.is_err() || !job.is_logged {
            self.forget(&key, &job);
        }
        found.map(Some).map_err(|error| ServerError::new(error.kind(), error.story()))
    }

    fn job(&self, engine: &Arc<Engine>, asked: Allocating) -> Result<Arc<Job>, ServerError> {
        let now = engine.clock().now();
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, job| !job.is_over(now));
        if let Some(job) = jobs.get(&asked.key) {
            return Ok(Arc::clone(job));
        }
        if jobs.values().filter(|job| job.n_chosen.get().is_none()).count() >= N_MAX {
            let message = format!("{N_MAX} budgets are being allocated, which is the limit: try again in a minute");
            return Err(ServerError::new(ErrorKind::Unavailable, message));
        }
        make_room(&mut jobs);
        let (key, is_logged) = (asked.key.clone(), asked.log);
        let (found, is_found, n_chosen) = (Mutex::default(), Condvar::new(), OnceLock::new());
        let job = Arc::new(Job { began_at: now, is_logged, found, is_found, n_chosen });
        let (engine, of) = (Arc::clone(engine), Arc::clone(&job));
        let run = move || {
            // Whatever happens it ends: else its place would be taken for ever.
            let found = catch_unwind(AssertUnwindSafe(|| engine.allocate(&asked, LONGEST)));
            let broken =
                || EngineError::new(ErrorKind::Internal, "the budget could not be allocated: the log says why");
            of.end(found.unwrap_or_else(|_| Err(broken())));
        };
        let thread = std::thread::Builder::new().name("allocate".to_owned()).spawn(run);
        thread.map_err(ServerError::io("cannot start the thread that allocates a budget"))?;
        jobs.insert(key, Arc::clone(&job));
        Ok(job)
    }

    fn forget(&self, key: &str, job: &Arc<Job>) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.get(key).is_some_and(|other| Arc::ptr_eq(other, job)) {
            jobs.remove(key);
        }
    }
}

impl Job {
    fn end(&self, found: Result<Allocated, EngineError>) {
        let n_chosen = found.as_ref().map_or(0, |found| found.chosen.len());
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.map(Arc::new).map_err(Arc::new));
        let _ = self.n_chosen.set(n_chosen);
        self.is_found.notify_all();
    }

    fn wait(&self, wait: Duration) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.is_found.wait_timeout_while(found, wait, |found| found.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Whether it was found so long ago that the same question is another campaign.
    fn is_over(&self, now: Timestamp) -> bool {
        let age_ms = now.millis_since(self.began_at);
        self.n_chosen.get().is_some() && u128::try_from(age_ms).is_ok_and(|age_ms| age_ms >= SAME_CAMPAIGN.as_millis())
    }
}

/// Lets what was found first give way where too much is kept.
fn make_room(jobs: &mut BTreeMap<String, Arc<Job>>) {
    loop {
        let found = || jobs.iter().filter_map(|(key, job)| Some((key, job, *job.n_chosen.get()?)));
        let n_chosen: usize = found().map(|(_, _, n_chosen)| n_chosen).sum();
        if found().count() <= N_KEPT_MAX && n_chosen <= N_CHOSEN_MAX {
            return;
        }
        let oldest = found().min_by_key(|(_, job, _)| job.began_at).map(|(key, ..)| key.clone());
        let Some(oldest) = oldest else { return };
        jobs.remove(&oldest);
    }
}
