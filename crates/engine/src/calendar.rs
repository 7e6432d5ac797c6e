//! Which stretches of time are compared with which?

use features::QUARTER_MS;
use primitives::{Timestamp, Zone};

/// From a moment until another, which is not in it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Stretch {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// The days of a company, as they are at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: Zone,
    today: i64,
    /// The end of the quarter of an hour that is under way.
    until: Timestamp,
}

impl Calendar {
    /// The days of a zone at a moment.
    #[must_use]
    pub fn new(now: Timestamp, zone: &Zone) -> Self {
        let until = Timestamp::from_millis((now.as_millis().div_euclid(QUARTER_MS) + 1) * QUARTER_MS);
        Self { zone: zone.clone(), today: zone.day(now), until }
    }

    /// The number of today's date, counted from 1970-01-01.
    #[must_use]
    pub fn today(&self) -> i64 {
        self.today
    }

    /// A whole day: from midnight to midnight.
    #[must_use]
    pub fn day(&self, day: i64) -> Stretch {
        Stretch { from: self.zone.start_of(day), until: self.zone.start_of(day + 1) }
    }

    /// The last days, today as far as it has come.
    #[must_use]
    pub fn last(&self, n_days: i64) -> Stretch {
        Stretch { from: self.zone.start_of(self.today - n_days + 1), until: self.until }
    }

    /// As many days before those, the last of them as far as today has come: what a day that has only begun is fairly
    /// compared with.
    #[must_use]
    pub fn before(&self, n_days: i64) -> Stretch {
        let Stretch { from, until } = self.day(self.today - n_days);
        let so_far_ms = self.until.millis_since(self.zone.start_of(self.today));
        let cut = Timestamp::from_millis(from.as_millis() + so_far_ms);
        Stretch { from: self.zone.start_of(self.today - 2 * n_days + 1), until: cut.min(until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn today_is_compared_with_as_much_of_the_last_day_before() {
        let told = |zone: &str, now: &str| {
            let calendar = Calendar::new(at(now), &Zone::parse(zone).unwrap());
            let (last, before) = (calendar.last(7), calendar.before(7));
            [last.from, last.until, before.from, before.until].map(|at| at.to_string()[..16].to_owned())
        };
        assert_eq!(
            told("UTC", "2026-11-22T10:07:00Z"),
            ["2026-11-16T00:00", "2026-11-22T10:15", "2026-11-09T00:00", "2026-11-15T10:15"]
        );
        assert_eq!(
            told("UTC", "2026-11-22T00:00:00Z"),
            ["2026-11-16T00:00", "2026-11-22T00:15", "2026-11-09T00:00", "2026-11-15T00:15"]
        );
        assert_eq!(
            told("Europe/Berlin", "2026-11-22T23:59:59Z"),
            ["2026-11-16T23:00", "2026-11-23T00:00", "2026-11-09T23:00", "2026-11-16T00:00"],
        );
        // The day that ends summer time has 25 hours, that of a week before 24.
        assert_eq!(
            told("Europe/Berlin", "2026-10-25T22:59:00Z"),
            ["2026-10-18T22:00", "2026-10-25T23:00", "2026-10-11T22:00", "2026-10-18T22:00"]
        );
    }

    #[test]
    fn a_stretch_holds_its_first_moment_and_not_its_end() {
        let day = Calendar::new(at("2026-11-22T10:00:00Z"), &Zone::UTC).day(3);
        let ms = |ms: i64| Timestamp::from_millis(3 * 86_400_000 + ms);
        assert_eq!([-1, 0, 86_399_999, 86_400_000].map(|at| day.holds(ms(at))), [false, true, true, false]);
    }
}
