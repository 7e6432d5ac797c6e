//! When has a moment of the company's day come? At so many of its seconds in one of ours.

use crate::args::Speed;
use primitives::Timestamp;
use std::time::Duration;

/// Who has fallen behind by more than this goes on from where they are: what was missed is not told in a rush.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// How long nobody waits for nothing: nights of a company that lives faster than we do are passed over.
const QUIET_MAX: Duration = Duration::from_secs(3);

/// Tells how long to wait for a moment.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    speed: Speed,
    quiet_max: Duration,
    /// A moment of the company, and when it came, since we began.
    since: Option<(Timestamp, Duration)>,
}

impl Pace {
    /// A company that lives at this speed. At that of real life, and below, its nights are as long as ours.
    pub(crate) fn new(speed: Speed) -> Self {
        let is_faster = matches!(speed, Speed::Times(times) if times > 1.0);
        Self { speed, quiet_max: if is_faster { QUIET_MAX } else { Duration::MAX }, since: None }
    }

    /// How long to wait for a moment, which is none before the last one, where `now` has passed since we began.
    pub(crate) fn wait_for(&mut self, at: Timestamp, now: Duration) -> Duration {
        let Speed::Times(times) = self.speed else { return Duration::ZERO };
        let Some((from, came)) = self.since else {
            self.since = Some((at, now));
            return Duration::ZERO;
        };
        #[expect(clippy::cast_precision_loss, reason = "days are far below 2^53 milliseconds")]
        let seconds = at.millis_since(from) as f64 / 1_000.0 / times;
        let due = came.saturating_add(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
        let (wait, behind) = (due.saturating_sub(now), now.saturating_sub(due));
        if wait > self.quiet_max {
            self.since = Some((at, now.saturating_add(self.quiet_max)));
            return self.quiet_max;
        }
        if behind > BEHIND_MAX {
            self.since = Some((at, now));
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + seconds * 1_000)
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_moment_comes_when_the_speed_says_so() {
        let mut pace = Pace::new(Speed::Times(60.0));
        assert_eq!(pace.wait_for(at(0), seconds(5)), Duration::ZERO, "the first is told at once");
        assert_eq!(pace.wait_for(at(120), seconds(5)), seconds(2));
        assert_eq!(pace.wait_for(at(120), seconds(7)), Duration::ZERO);
        assert_eq!(pace.wait_for(at(180), seconds(7)), seconds(1));
        // A little late: made up for.
        assert_eq!(pace.wait_for(at(180), seconds(9)), Duration::ZERO);
        assert_eq!(pace.wait_for(at(300), seconds(9)), seconds(1));
        // Far behind, such as after a server was away: goes on from here.
        assert_eq!(pace.wait_for(at(300), seconds(100)), Duration::ZERO);
        assert_eq!(pace.wait_for(at(360), seconds(100)), seconds(1));
    }

    #[test]
    fn nights_are_passed_over_by_who_lives_faster() {
        let night = 8 * 3_600;
        let mut pace = Pace::new(Speed::Times(60.0));
        pace.wait_for(at(0), seconds(0));
        assert_eq!(pace.wait_for(at(180), seconds(0)), QUIET_MAX, "exactly as long as anybody waits");
        assert_eq!(pace.wait_for(at(night), seconds(0)), QUIET_MAX);
        assert_eq!(pace.wait_for(at(night + 60), QUIET_MAX), seconds(1), "and goes on from there");
        for slow in [1.0, 0.5] {
            let mut pace = Pace::new(Speed::Times(slow));
            pace.wait_for(at(0), seconds(0));
            assert!(pace.wait_for(at(night), seconds(0)) >= seconds(night.unsigned_abs()));
        }
        let mut pace = Pace::new(Speed::Max);
        assert_eq!((pace.wait_for(at(0), seconds(0)), pace.wait_for(at(night), seconds(0))), Default::default());
    }

    proptest! {
        /// Whoever waits as long as is said is never early, and never waits longer than the speed asks for.
        #[test]
        fn who_waits_is_in_time(gaps in proptest::collection::vec(0_i64..5_000, 1..50), times in 0.5_f64..5_000.0) {
            let mut pace = Pace::new(Speed::Times(times));
            let (mut now, mut then) = (Duration::ZERO, 0);
            for gap in gaps {
                then += gap;
                let wait = pace.wait_for(at(then), now);
                #[expect(clippy::cast_precision_loss, reason = "a test of small numbers")]
                let asked = gap as f64 / times;
                prop_assert!(wait.as_secs_f64() <= asked + 1e-6, "{wait:?} for {asked}");
                now += wait;
            }
        }
    }
}
