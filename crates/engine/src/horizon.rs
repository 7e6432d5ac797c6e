//! What time is it for what is forgotten with time? The clock's, but for one that jumps ahead: what was pruned in the minute
//! in which a clock was wrong cannot be brought back.

use crate::Stopwatch;
use primitives::{DAY_MS, Timestamp};
use std::time::Duration;

/// How far the horizon may go ahead at once.
const STEP_MS: i64 = DAY_MS;
/// How long the program runs between two such steps.
const PAUSE: Duration = Duration::from_secs(3_600);

/// Follows the clock: at once where it is a day ahead or less, else by a day an hour. After a standstill of a month it is up
/// to date within thirty hours.
pub(crate) struct Horizon {
    at: Timestamp,
    since: Stopwatch,
}

impl Horizon {
    /// Begins with the newest event, since a clock may be wrong from the start.
    pub(crate) fn new(now: Timestamp, last_event_at: Option<Timestamp>) -> Self {
        Self { at: last_event_at.map_or(now, |at| at.min(now)), since: Stopwatch::start() }
    }

    /// What time it is for what is forgotten with time.
    pub(crate) fn follow(&mut self, now: Timestamp) -> Timestamp {
        let running = self.since.elapsed();
        if let Some(at) = next(self.at, now, running) {
            self.at = at;
            self.since = Stopwatch::start();
        }
        self.at.min(now)
    }
}

/// Where the horizon goes on to after the program has run for so long since it did last; `None` where it stays.
fn next(at: Timestamp, now: Timestamp, running: Duration) -> Option<Timestamp> {
    let step = Timestamp::from_millis(at.as_millis().saturating_add(STEP_MS));
    (now <= step || running >= PAUSE).then_some(now.min(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MS)
    }

    #[test]
    fn a_clock_that_goes_on_is_followed_and_one_that_jumps_ahead_by_a_day_an_hour() {
        let short = Duration::from_secs(60);
        let just = day(101);
        for (now, running, expected) in [
            (day(100), short, Some(day(100))),
            (just, short, Some(just)),
            (Timestamp::from_millis(just.as_millis() + 1), short, None),
            (day(510), short, None),
            (day(510), PAUSE - Duration::from_millis(1), None),
            (day(510), PAUSE, Some(day(101))),
            (day(101), PAUSE, Some(day(101))),
            (day(99), short, Some(day(99))),
        ] {
            assert_eq!(next(day(100), now, running), expected, "{now} after {running:?}");
        }
    }

    #[test]
    fn a_minute_with_a_wrong_clock_forgets_nothing_that_an_hour_would_not() {
        let mut horizon = Horizon::new(day(100), None);
        assert_eq!(horizon.follow(day(510)), day(100), "the clock jumped");
        assert_eq!(horizon.follow(day(100)), day(100), "and came back");
        assert_eq!(horizon.follow(day(101)), day(101));
    }

    #[test]
    fn a_program_that_starts_with_a_wrong_clock_begins_with_what_came_in_last() {
        assert_eq!(Horizon::new(day(510), Some(day(100))).follow(day(510)), day(100));
        assert_eq!(Horizon::new(day(100), Some(day(510))).follow(day(100)), day(100));
        assert_eq!(Horizon::new(day(100), None).follow(day(100)), day(100));
    }
}
