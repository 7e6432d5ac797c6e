//! When? Time as a value, and the clock as an argument.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment: whole milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in JSON and for people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a time: write it as 2026-11-22T10:00:00.000Z")]
pub struct TimeError {
    /// What was given.
    pub text: String,
}

impl Timestamp {
    /// The first moment that is accepted from outside, 1970-01-01.
    pub const MIN: Self = Self(0);
    /// The last moment that is accepted from outside, 9999-12-30T22:00:00.000Z: the last that can be written with every
    /// offset. What came later could be stored as text and not read again.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// A moment from milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 (`2026-11-22T10:00:00.000Z`, any offset), or a bare date (its first moment in UTC).
    ///
    /// # Errors
    /// [`TimeError`] where it is neither, or lies outside [`Timestamp::MIN`] to [`Timestamp::MAX`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError { text: text.to_owned() };
        let trimmed = text.trim();
        let moment = match trimmed.parse::<jiff::Timestamp>() {
            Ok(moment) => moment,
            Err(_) => {
                let date: jiff::civil::DateTime = trimmed.parse().map_err(|_| wrong())?;
                date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?.timestamp()
            }
        };
        let found = Self(moment.as_millisecond());
        if (Self::MIN..=Self::MAX).contains(&found) { Ok(found) } else { Err(wrong()) }
    }

    /// The number of whole days since the epoch, in UTC.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// The hour of the week in UTC: 0 is Monday 00:00–00:59, 167 is Sunday 23:00–23:59.
    #[must_use]
    pub fn hour_of_week(self) -> u8 {
        // 1970-01-01 was a Thursday: three days after a Monday.
        let hours = self.0.div_euclid(HOUR_MS) + 3 * 24;
        u8::try_from(hours.rem_euclid(168)).unwrap_or(0)
    }

    /// The date in UTC, `2026-11-22`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// The time that passed since `earlier`, in milliseconds; negative where `earlier` is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The time that passed since `earlier`, in days.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "differences of accepted moments are below 2^53")]
        let millis = self.millis_since(earlier) as f64;
        #[expect(clippy::cast_precision_loss, reason = "a constant below 2^53")]
        let day = DAY_MS as f64;
        millis / day
    }

    /// The moment `days` whole days later (earlier where negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY_MS)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// For people a time is text; in compact binary formats it is a number.
impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// Where the present comes from. Only the server's clock reads the operating system's.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is told to move, for tests and simulations.
#[derive(Debug)]
pub struct SimulatedClock(AtomicI64);

impl SimulatedClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Sets the clock to a moment, earlier or later.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(moment.0, Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_clients_send() {
        let expected = Timestamp::from_millis(1_700_000_000_000);
        for text in
            ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z", "2023-11-15T06:13:20+08:00", "2023-11-14 22:13:20"]
        {
            assert_eq!(Timestamp::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(Timestamp::parse("2023-11-14").unwrap().day(), expected.day());
        for text in ["", "yesterday", "0001-01-01T00:00:00Z", "2023-13-01", "1700000000000"] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn is_written_with_milliseconds() {
        let at = Timestamp::parse("2026-11-22T04:05:06Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-22T04:05:06.000Z");
        assert_eq!(at.date(), "2026-11-22");
        assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
    }

    #[test]
    fn the_first_and_the_last_moment_are_read_as_they_are_written() {
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.000Z");
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        }
        for beyond in [Timestamp::MIN.0 - 1, Timestamp::MAX.0 + 1] {
            assert!(Timestamp::parse(&Timestamp(beyond).to_string()).is_err(), "{beyond}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_moment_is_read_as_it_was_written(millis in Timestamp::MIN.0..=Timestamp::MAX.0) {
            proptest::prop_assert_eq!(Timestamp::parse(&Timestamp(millis).to_string()), Ok(Timestamp(millis)));
        }
    }

    #[test]
    fn the_week_begins_on_monday() {
        assert_eq!(Timestamp::parse("2026-11-23T00:30:00Z").unwrap().hour_of_week(), 0);
        assert_eq!(Timestamp::parse("2026-11-22T23:59:00Z").unwrap().hour_of_week(), 167);
    }
}
