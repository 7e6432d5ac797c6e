//! What was found of the customers for the overview lately?

use crate::error::ServerError;
use console::view::{AtRisk, Figure};
use engine::{People, Stopwatch};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What took so long holds so many times as long, at most a minute: looking at everybody never takes more than a small part
/// of a processor, however many pages are open. What is quick is always found anew.
const QUICK: Duration = Duration::from_millis(100);
const TIMES: u32 = 20;
const KEPT_MAX: Duration = Duration::from_secs(60);

/// What was found of the customers.
#[derive(Debug)]
pub(crate) struct Found {
    /// What they did.
    pub(crate) people: People,
    /// Who is about to leave.
    pub(crate) at_risk: AtRisk,
    /// What is at stake.
    pub(crate) stake: Figure,
    /// Whether everybody was looked at.
    pub(crate) is_complete: bool,
}

/// What was found last.
#[derive(Debug, Default)]
pub(crate) struct FoundLately {
    last: Mutex<Option<Kept>>,
    is_under_way: AtomicBool,
}

#[derive(Debug, Clone)]
struct Kept {
    /// On which day of the company: its days end with it.
    today: i64,
    since: Stopwatch,
    lasts: Duration,
    found: Arc<Found>,
}

/// That somebody looks, until they are done or fail.
struct UnderWay<'a>(&'a AtomicBool);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl FoundLately {
    /// What was found lately on this day, else what is found now. While one looks, the others get the last.
    pub(crate) fn get(
        &self,
        today: i64,
        find: impl FnOnce() -> Result<Found, ServerError>,
    ) -> Result<Arc<Found>, ServerError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let last = last.filter(|last| last.today == today);
        if let Some(last) = last.as_ref().filter(|last| last.since.elapsed() < last.lasts) {
            return Ok(last.found.clone());
        }
        let is_first = !self.is_under_way.swap(true, Ordering::Acquire);
        let under_way = is_first.then(|| UnderWay(&self.is_under_way));
        if let Some(last) = last.filter(|last| !is_first && !last.lasts.is_zero()) {
            return Ok(last.found);
        }
        let watch = Stopwatch::start();
        let found = Arc::new(find()?);
        let kept = Kept { today, since: Stopwatch::start(), lasts: lasts(watch.elapsed()), found: found.clone() };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        drop(under_way);
        Ok(found)
    }
}

/// How long holds what took so long?
fn lasts(took: Duration) -> Duration {
    if took < QUICK { Duration::ZERO } else { (took * TIMES).min(KEPT_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use console::view::Measured;
    use std::cell::Cell;

    fn found(n: u64) -> Found {
        let figure = Figure {
            title: String::new(),
            meaning: String::new(),
            href: String::new(),
            now: Some(Measured::Count(n)),
            before: None,
            is_more_better: true,
            note: String::new(),
            days: Vec::new(),
        };
        let at_risk = AtRisk {
            title: String::new(),
            about: String::new(),
            href: String::new(),
            n,
            rows: Vec::new(),
            why_not: Vec::new(),
        };
        Found { people: People::default(), at_risk, stake: figure, is_complete: true }
    }

    #[test]
    fn what_took_long_holds_for_its_day_and_one_looks_for_all() {
        let (lately, n) = (FoundLately::default(), Cell::new(0));
        let slowly = || {
            let watch = Stopwatch::start();
            while watch.elapsed() < QUICK {
                std::hint::spin_loop();
            }
            n.set(n.get() + 1);
            Ok(found(n.get()))
        };
        let get = |today| lately.get(today, slowly).unwrap().at_risk.n;
        assert_eq!((get(1), get(1), get(2), get(2)), (1, 1, 2, 2));
        // Somebody else looks while what was found is old: the last is given.
        lately.last.lock().unwrap().as_mut().unwrap().lasts = Duration::from_nanos(1);
        lately.is_under_way.store(true, Ordering::Release);
        assert_eq!(get(2), 2);
        assert_eq!(get(3), 3, "of another day there is nothing to give");
        assert!(lately.is_under_way.load(Ordering::Acquire), "theirs goes on");
        lately.is_under_way.store(false, Ordering::Release);
        let failed = lately.get(4, || Err(ServerError::new(primitives::ErrorKind::Internal, "no")));
        assert!(failed.is_err() && !lately.is_under_way.load(Ordering::Acquire));
    }

    #[test]
    fn the_longer_it_took_the_longer_it_holds() {
        for (took_ms, lasts_ms) in [(0, 0), (99, 0), (100, 2_000), (2_999, 59_980), (3_000, 60_000), (9_000, 60_000)] {
            assert_eq!(lasts(Duration::from_millis(took_ms)), Duration::from_millis(lasts_ms), "{took_ms}");
        }
    }
}
