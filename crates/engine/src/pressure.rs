//! How many customers may wait in memory for a checkpoint before events wait for one too?

use features::FeatureState;
use profiles::Profiles;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many changed customers ask for a checkpoint before its time.
const N_DIRTY_EARLY: usize = 50_000;
/// How many changed customers make events wait.
const N_DIRTY_MAX: usize = 200_000;
/// How many customers beyond the bound make events wait: room for what comes in while a checkpoint is written.
const N_BEYOND_MAX: usize = 20_000;

/// Tells the checkpoints when they are needed, and events when they have to wait. Without a bound nobody waits: then there
/// is nobody who would write a checkpoint.
#[derive(Debug, Default)]
pub struct Pressure {
    gauge: Mutex<Gauge>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Gauge {
    n_resident_max: Option<usize>,
    /// As how many ordinary customers those in memory count.
    n_resident: usize,
    n_dirty: usize,
    is_woken: bool,
}

impl Gauge {
    fn is_high(&self) -> bool {
        self.n_resident_max.is_some_and(|n_max| self.n_resident > n_max || self.n_dirty > N_DIRTY_EARLY)
    }

    fn is_full(&self) -> bool {
        let is_beyond = |n_max: usize| self.n_resident > n_max.saturating_add(N_BEYOND_MAX);
        self.n_resident_max.is_some_and(|n_max| is_beyond(n_max) || self.n_dirty > N_DIRTY_MAX)
    }
}

impl Pressure {
    fn gauge(&self) -> MutexGuard<'_, Gauge> {
        self.gauge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on somebody writes checkpoints, and about so many customers may be in memory.
    pub fn bound(&self, n_resident_max: Option<usize>) {
        self.gauge().n_resident_max = n_resident_max;
        self.moved.notify_all();
    }

    /// Reads off as how many the customers in memory count, and how many of them have changed.
    pub(super) fn measure(&self, profiles: &Profiles<FeatureState>) {
        let (n_resident, n_dirty) = (profiles.weight(), profiles.n_dirty());
        let mut gauge = self.gauge();
        let was_high = gauge.is_high();
        let was_full = gauge.is_full();
        (gauge.n_resident, gauge.n_dirty) = (n_resident, n_dirty);
        if gauge.is_high() != was_high || gauge.is_full() != was_full {
            drop(gauge);
            self.moved.notify_all();
        }
    }

    /// Waits until a checkpoint is needed, at most for `pause`; [`Pressure::wake`] ends it too.
    pub fn wait_until_high(&self, pause: Duration) {
        let waiting = |gauge: &mut Gauge| !gauge.is_high() && !gauge.is_woken;
        let waited = self.moved.wait_timeout_while(self.gauge(), pause, waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_woken = false;
    }

    /// Whether a checkpoint is needed before its time.
    pub fn is_high(&self) -> bool {
        self.gauge().is_high()
    }

    /// Ends the wait of whoever writes checkpoints.
    pub fn wake(&self) {
        self.gauge().is_woken = true;
        self.moved.notify_all();
    }

    /// Waits until there is room for more; answers `false` where there was none for `patience`.
    pub(super) fn wait_for_room(&self, patience: Duration) -> bool {
        let waited = self.moved.wait_timeout_while(self.gauge(), patience, |gauge| gauge.is_full());
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Call, Event, Fields, Offset, Origin, Recorded};
    use primitives::Timestamp;
    use profiles::MemoryProfileStore;
    use std::sync::Arc;

    #[test]
    fn without_a_bound_nobody_waits_and_with_one_the_full_wait_for_room() {
        let pressure = Pressure::default();
        *pressure.gauge() = Gauge { n_resident: 1_000_000, n_dirty: 1_000_000, ..Gauge::default() };
        assert!(pressure.wait_for_room(Duration::ZERO));
        for (n_resident, n_dirty, is_high, is_full) in [
            (100, 100, false, false),
            (101, 0, true, false),
            (100, N_DIRTY_EARLY + 1, true, false),
            (100 + N_BEYOND_MAX, N_DIRTY_MAX, true, false),
            (101 + N_BEYOND_MAX, 0, true, true),
            (0, N_DIRTY_MAX + 1, true, true),
        ] {
            *pressure.gauge() = Gauge { n_resident_max: Some(100), n_resident, n_dirty, is_woken: false };
            let found = {
                let gauge = pressure.gauge();
                (gauge.is_high(), gauge.is_full())
            };
            assert_eq!(found, (is_high, is_full), "{n_resident}");
            assert_eq!(pressure.wait_for_room(Duration::ZERO), !is_full);
        }
        let waited = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pressure.wait_for_room(Duration::from_secs(20)));
            pressure.bound(None);
            waiting.join().unwrap()
        });
        assert!(waited, "nobody writes checkpoints any more");
    }

    #[test]
    fn who_takes_more_memory_than_usual_counts_as_several() {
        let at = Timestamp::default();
        let traits = (0..7).map(|n| (format!("t-{n}"), "v".repeat(2_000).into()));
        let event = Event {
            message_id: "m".into(),
            user_id: Some("ann".into()),
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call: Call::Identify { traits: traits.collect() },
            context: Fields::new(),
            origin: Origin::Client,
            reading: events::Reading::default(),
        };
        let mut profiles = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
        profiles.apply(&Recorded { offset: Offset(1), event }).unwrap();
        let pressure = Pressure::default();
        pressure.measure(&profiles);
        for (n_max, is_high) in [(1, true), (2, false)] {
            pressure.bound(Some(n_max));
            assert_eq!(pressure.is_high(), is_high, "a bound of {n_max}");
        }
    }
}
