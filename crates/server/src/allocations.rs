//! Which budgets are being allocated, where that takes longer than anybody waits? Whoever asks the same again gets what was found.

use crate::error::ServerError;
use engine::{Allocated, Allocating, Engine, EngineError};
use primitives::ErrorKind;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// So many at a time, those among them that nobody asked for again.
const N_MAX: usize = 4;
/// After so long it is given up.
const LONGEST: Duration = Duration::from_secs(900);

/// What is being allocated, by what was asked.
#[derive(Debug, Default)]
pub(crate) struct Allocations(Mutex<BTreeMap<String, Arc<Job>>>);

#[derive(Debug, Default)]
struct Job {
    found: Mutex<Option<Result<Allocated, EngineError>>>,
    is_found: Condvar,
}

impl Allocations {
    /// Allocates in the background and waits so long for it; `None` where that was not enough. `key` is what was asked, word by word.
    ///
    /// # Errors
    /// [`ServerError`] as of [`Engine::allocate`], or where too many are under way.
    pub(crate) fn ask(
        &self,
        key: String,
        engine: &Arc<Engine>,
        asked: Allocating,
        wait: Duration,
    ) -> Result<Option<Allocated>, ServerError> {
        let job = self.job(&key, engine, asked)?;
        let found = job.found.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = job.is_found.wait_timeout_while(found, wait, |found| found.is_none());
        let found = waited.unwrap_or_else(PoisonError::into_inner).0.take();
        let Some(found) = found else { return Ok(None) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        Ok(Some(found?))
    }

    fn job(&self, key: &str, engine: &Arc<Engine>, asked: Allocating) -> Result<Arc<Job>, ServerError> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = jobs.get(key) {
            return Ok(Arc::clone(job));
        }
        if jobs.len() >= N_MAX {
            // What was found and not asked for again makes room.
            jobs.retain(|_, job| job.found.try_lock().map_or(true, |found| found.is_none()));
        }
        if jobs.len() >= N_MAX {
            let message = format!("{N_MAX} budgets are being allocated, which is the limit: try again in a minute");
            return Err(ServerError::new(ErrorKind::Unavailable, message));
        }
        let job = Arc::new(Job::default());
        let (engine, of) = (Arc::clone(engine), Arc::clone(&job));
        let run = move || {
            let found = engine.allocate(&asked, LONGEST);
            *of.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            of.is_found.notify_all();
        };
        let thread = std::thread::Builder::new().name("allocate".to_owned()).spawn(run);
        thread.map_err(ServerError::io("cannot start the thread that allocates a budget"))?;
        jobs.insert(key.to_owned(), Arc::clone(&job));
        Ok(job)
    }
}
