//! How are customers erased beside everything else? On a thread of its own: those that wait together share one round.

use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use governance::Deed;
use primitives::ErrorKind;
use profiles::{Erasure, ErasureId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long after a failure what has begun is tried again unasked; each further failure doubles it, up to an hour.
const AGAIN_FIRST: Duration = Duration::from_secs(30);
const AGAIN_LAST: Duration = Duration::from_secs(3_600);

/// Erases customers, one round after the other.
pub struct Eraser {
    engine: Arc<Engine>,
    audit: AuditTrail,
    rounds: Mutex<Rounds>,
    changed: Condvar,
    is_stopped: AtomicBool,
}

#[derive(Default)]
struct Rounds {
    is_wanted: bool,
    failed: Option<String>,
}

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasing {
    /// Nothing of the customer is left.
    Done(Erasure),
    /// It is durable that they are erased, and nobody sees what they do any more; what is left of them is being removed.
    UnderWay {
        /// What has begun.
        erasure: Erasure,
        /// Why the last try failed, where it did: it is tried again.
        failed: Option<String>,
    },
}

impl Eraser {
    /// An eraser of an engine's customers, which writes down who had one erased, and not whom.
    #[must_use]
    pub fn new(engine: Arc<Engine>, audit: AuditTrail) -> Self {
        let is_wanted = !engine.ports().erasures.under_way().is_empty();
        let rounds = Mutex::new(Rounds { is_wanted, ..Rounds::default() });
        Self { engine, audit, rounds, changed: Condvar::new(), is_stopped: AtomicBool::new(false) }
    }

    /// Erases the customer of a name, and waits for that, but no longer than some time.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nobody goes by that name, or where it cannot be stored.
    pub fn erase(&self, text: &str, by: &By, patience: Duration) -> Result<Erasing, EngineError> {
        let watch = Stopwatch::start();
        let (begun, is_new) = self.engine.begin_erasure_while(text, || watch.elapsed() < patience)?;
        if begun.ended_at.is_some() {
            return Ok(Erasing::Done(begun));
        }
        if is_new {
            self.audit.note(Deed::CustomerErased, by, format!("erasure {}", begun.id));
        }
        self.wait_for(&begun.id, patience.saturating_sub(watch.elapsed()))
    }

    /// How far an erasure is.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound`.
    pub fn erasing(&self, id: &ErasureId) -> Result<Erasing, EngineError> {
        let erasure = self.engine.erasure(id)?;
        Ok(match erasure.ended_at {
            Some(_) => Erasing::Done(erasure),
            None => Erasing::UnderWay { erasure, failed: self.rounds().failed.clone() },
        })
    }

    /// Takes events with the names of somebody again who was erased.
    ///
    /// # Errors
    /// As [`Engine::allow_again`].
    pub fn allow(&self, text: &str, by: &By) -> Result<Erasure, EngineError> {
        let allowed = self.engine.allow_again(text)?;
        self.audit.note(Deed::CustomerAllowed, by, format!("erasure {}", allowed.id));
        Ok(allowed)
    }

    /// Does what has begun until it is stopped.
    pub fn run(&self) {
        let mut n_failures = 0;
        while !self.wait(pause_after(n_failures)) {
            n_failures = if self.round() { 0 } else { n_failures + 1 };
        }
    }

    /// Ends [`Eraser::run`]; the next start goes on with what has begun.
    pub fn stop(&self) {
        let _rounds = self.rounds();
        self.is_stopped.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    /// Waits until there is something to do, or the pause after a failure is over; answers whether to stop.
    fn wait(&self, pause: Option<Duration>) -> bool {
        let is_idle = |rounds: &mut Rounds| !self.is_stopped() && !rounds.is_wanted;
        let mut rounds = match pause {
            Some(pause) => {
                self.changed.wait_timeout_while(self.rounds(), pause, is_idle).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(self.rounds(), is_idle).unwrap_or_else(PoisonError::into_inner),
        };
        rounds.is_wanted = false;
        self.is_stopped()
    }

    /// One round; answers whether all went well.
    fn round(&self) -> bool {
        let ended = self.engine.finish_erasures(&mut |_| if self.is_stopped() { Err(stopped()) } else { Ok(()) });
        let mut rounds = self.rounds();
        rounds.failed = None;
        match &ended {
            Ok(0) => {}
            Ok(n_customers) => tracing::info!(n_customers, "customers were erased"),
            Err(_) if self.is_stopped() => {}
            Err(error) => {
                let error = error.story();
                tracing::error!(error, "an erasure has not ended; it is tried again");
                rounds.failed = Some(error);
            }
        }
        self.changed.notify_all();
        ended.is_ok()
    }

    /// Waits for the end of an erasure, or of the round that should have brought it, but no longer than some time.
    fn wait_for(&self, id: &ErasureId, patience: Duration) -> Result<Erasing, EngineError> {
        let mut rounds = self.rounds();
        rounds.is_wanted = true;
        self.changed.notify_all();
        let is_under_way = |rounds: &mut Rounds| {
            rounds.failed.is_none()
                && !self.is_stopped()
                && self.engine.erasure(id).is_ok_and(|one| one.ended_at.is_none())
        };
        rounds.failed = None;
        drop(self.changed.wait_timeout_while(rounds, patience, is_under_way).unwrap_or_else(PoisonError::into_inner));
        self.erasing(id)
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    fn rounds(&self) -> MutexGuard<'_, Rounds> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is waited after so many failures in a row.
fn pause_after(n_failures: u32) -> Option<Duration> {
    let doubled = |n| AGAIN_FIRST.saturating_mul(2_u32.saturating_pow(n));
    n_failures.checked_sub(1).map(|n| doubled(n).min(AGAIN_LAST))
}

fn stopped() -> EngineError {
    EngineError::new(ErrorKind::Unavailable, "the program stops: the next start goes on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_often_it_fails_the_more_rarely_it_is_tried() {
        let seconds = |n| pause_after(n).map(|pause| pause.as_secs());
        assert_eq!([0, 1, 2, 7].map(seconds), [None, Some(30), Some(60), Some(1_920)]);
        assert_eq!([8, 40, u32::MAX].map(seconds), [Some(3_600); 3]);
    }
}
