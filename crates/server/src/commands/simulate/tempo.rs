//! How does the company's time go beside ours? At a speed, or hour for hour as ours does.

use super::pace::Pace;
use primitives::Timestamp;
use std::time::Duration;

/// Whatever happened longer ago than this is over: it is told with the hour at which it happened, and nobody waits for an answer.
const LATE: Duration = Duration::from_secs(60);
/// After so long it is looked again which time it is: a machine that slept has not counted what it slept.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// So long apart is told what is told gently.
const PAUSE: Duration = Duration::from_secs(2);

/// What is as long after a moment as can be told.
const JUST_AFTER: Duration = Duration::from_millis(1);

/// How the company's time goes.
pub(crate) enum Tempo<'a> {
    /// So many of its seconds in one of ours: what happens is told as of now.
    Speed(Pace),
    /// As ours does: what happens on a day at an hour is told on that day at that hour. What lies before we came is told with
    /// its own hour.
    Clock {
        /// Up to here everything was told before.
        told_until: Timestamp,
        /// What lies after the first of these moments and not after the second is told piece by piece, for whoever looks on.
        gently: (Timestamp, Timestamp),
        /// The moment that was waited for last of those, and when it is its turn, since we began.
        turn: Option<(Timestamp, Duration)>,
        /// Hears up to where everything is told now.
        note: &'a dyn Fn(Timestamp),
    },
}

/// How a moment of the company stands to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was told before.
    Known,
    /// It is over: nobody is there any more.
    Over,
    /// It is now.
    Now,
}

impl Tempo<'_> {
    /// How long to wait for a moment, or until it is to be asked again: `elapsed` has passed since we began.
    pub(super) fn wait_for(&mut self, at: Timestamp, elapsed: Duration, now: Timestamp) -> Duration {
        match self {
            Self::Speed(pace) => pace.wait_for(at, elapsed),
            Self::Clock { gently: (from, to), turn, .. } if *from < at && at <= *to => {
                let due = turn.filter(|(moment, _)| *moment == at).map_or(elapsed + PAUSE, |(_, due)| due);
                *turn = Some((at, due));
                due.saturating_sub(elapsed)
            }
            Self::Clock { .. } => {
                Duration::from_millis(u64::try_from(at.millis_since(now)).unwrap_or(0)).min(LOOK_AGAIN)
            }
        }
    }

    /// Whether a moment that has come is now, or how long it is over.
    pub(super) fn standing(&self, at: Timestamp, now: Timestamp) -> Standing {
        match self {
            Self::Clock { told_until, .. } if at <= *told_until => Standing::Known,
            Self::Clock { .. } if now > at + LATE => Standing::Over,
            _ => Standing::Now,
        }
    }

    /// As of when it is told what is there as it goes on: what is over is told after it.
    pub(super) fn goes_on_at(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Speed(_) => now,
            Self::Clock { told_until, .. } => *told_until + JUST_AFTER,
        }
    }

    /// Everything up to a moment is told.
    pub(super) fn told(&self, until: Timestamp) {
        if let Self::Clock { told_until, note, .. } = self
            && until > *told_until
        {
            note(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Speed;
    use std::cell::RefCell;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn an_hour_of_the_company_is_one_of_ours() {
        let noted = RefCell::new(Vec::new());
        let note = |until| noted.borrow_mut().push(until);
        let mut tempo = Tempo::Clock { told_until: at(0), gently: (at(0), at(0)), turn: None, note: &note };
        let mut wait = |from: i64, to: i64| tempo.wait_for(at(to), Duration::from_secs(999), at(from));
        assert_eq!([wait(5, 8), wait(8, 8), wait(9, 8)], [Duration::from_secs(3), Duration::ZERO, Duration::ZERO]);
        assert_eq!([wait(0, 10), wait(0, 9_999)], [LOOK_AGAIN; 2], "then it is looked again which time it is");
        let standing = |moment: i64, now: i64| tempo.standing(at(moment), at(now));
        assert_eq!([standing(-3, 500), standing(0, 0), standing(0, 500)], [Standing::Known; 3]);
        assert_eq!([standing(1, 1), standing(1, 61), standing(9, 8)], [Standing::Now; 3]);
        assert_eq!([standing(1, 62), standing(1, 90_000)], [Standing::Over; 2]);
        assert_eq!(tempo.goes_on_at(at(900)).millis_since(at(0)), 1);
        for until in [-1, 0, 1, 7] {
            tempo.told(at(until));
        }
        assert_eq!(*noted.borrow(), [at(1), at(7)], "never that less is told");
    }

    #[test]
    fn what_is_told_gently_is_told_piece_by_piece() {
        let mut tempo = Tempo::Clock { told_until: at(0), gently: (at(10), at(20)), turn: None, note: &|_| {} };
        let mut wait = |to: i64, elapsed: u64| tempo.wait_for(at(to), Duration::from_secs(elapsed), at(20)).as_secs();
        assert_eq!([wait(1, 0), wait(10, 0)], [0, 0], "what lies before is told at once");
        assert_eq!([wait(11, 0), wait(11, 1), wait(11, 2), wait(11, 9)], [2, 1, 0, 0]);
        assert_eq!([wait(12, 9), wait(20, 11), wait(20, 14)], [2, 2, 0], "each has a turn of its own");
        assert_eq!(wait(21, 14), 1, "and from then on it is as late as it is");
    }

    #[test]
    fn at_a_speed_everything_is_now() {
        let mut tempo = Tempo::Speed(Pace::new(Speed::Times(60.0)));
        assert_eq!(tempo.wait_for(at(0), Duration::ZERO, at(90_000)), Duration::ZERO);
        assert_eq!(tempo.wait_for(at(120), Duration::ZERO, at(90_000)), Duration::from_secs(2));
        assert_eq!(tempo.standing(at(0), at(90_000)), Standing::Now);
        assert_eq!(tempo.goes_on_at(at(900)), at(900));
        tempo.told(at(5));
    }
}
