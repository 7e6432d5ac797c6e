//! Where does a day begin?

use crate::Timestamp;
use crate::time::DAY_MS;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A time zone: where a company's days begin and end. UTC where nobody says.
///
/// Written as its IANA name, such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

/// A text is not the name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a time zone: write an IANA name such as Europe/Berlin or America/New_York, or UTC")]
pub struct ZoneError {
    /// What was given.
    pub text: String,
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(jiff::tz::TimeZone::UTC);

    /// The zone of an IANA name, whatever the case.
    ///
    /// # Errors
    /// [`ZoneError`] where there is none of that name.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        jiff::tz::TimeZone::get(name).map(Self).map_err(|_| ZoneError { text: name.to_owned() })
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// How far its clocks are ahead of UTC at a moment, in milliseconds.
    #[must_use]
    pub fn ahead_ms(&self, at: Timestamp) -> i64 {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        i64::from(self.0.to_offset(at).seconds()) * 1_000
    }

    /// Which day it is there: the number of its date, counted from 1970-01-01.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> i64 {
        (at.as_millis() + self.ahead_ms(at)).div_euclid(DAY_MS)
    }

    /// The first moment of a day there.
    #[must_use]
    pub fn start_of(&self, day: i64) -> Timestamp {
        let midnight = day * DAY_MS;
        let date = jiff::Timestamp::from_millisecond(midnight).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
        // Where clocks go over midnight, the day begins at the first moment that is.
        let start = date.and_then(|date| date.to_zoned(self.0.clone())).map(|start| start.timestamp().as_millisecond());
        Timestamp::from_millis(start.unwrap_or(midnight))
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_day_begins_where_the_clocks_say_so() {
        for (zone, moment, date, start) in [
            ("UTC", "2026-11-22T23:59:59Z", "2026-11-22", "2026-11-22T00:00:00Z"),
            ("Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23", "2026-11-22T23:00:00Z"),
            ("Europe/Berlin", "2026-07-01T22:00:00Z", "2026-07-02", "2026-07-01T22:00:00Z"),
            ("Europe/Berlin", "2026-07-01T21:59:59Z", "2026-07-01", "2026-06-30T22:00:00Z"),
            ("Asia/Kolkata", "2026-11-22T18:30:00Z", "2026-11-23", "2026-11-22T18:30:00Z"),
            ("america/new_york", "2026-11-01T12:00:00Z", "2026-11-01", "2026-11-01T04:00:00Z"),
            // The clocks go from 24:00 to 1:00.
            ("America/Asuncion", "2023-10-01T12:00:00Z", "2023-10-01", "2023-10-01T04:00:00Z"),
        ] {
            let zone = Zone::parse(zone).unwrap();
            let day = zone.day(at(moment));
            assert_eq!((day, zone.start_of(day)), (at(date).day(), at(start)), "{zone}");
        }
    }

    #[test]
    fn a_zone_is_known_by_its_name() {
        let refused = Zone::parse("Mars/Base").unwrap_err().to_string();
        assert!(refused.starts_with("\"Mars/Base\" is not a time zone: write an IANA name"), "{refused}");
        assert_eq!(Zone::parse("america/new_york").unwrap().name(), "America/New_York");
        assert_eq!((Zone::default().name(), Zone::parse("UTC").unwrap().name()), ("UTC", "UTC"));
    }

    proptest! {
        /// Every moment lies in the day that it is said to be of, and a day ends where the next begins.
        #[test]
        fn days_lie_side_by_side(
            ms in 0_i64..4_000_000_000_000,
            name in prop_oneof![
                Just("UTC"), Just("Europe/Berlin"), Just("Asia/Kathmandu"), Just("Pacific/Apia"), Just("America/St_Johns"),
            ],
        ) {
            let (zone, moment) = (Zone::parse(name).unwrap(), Timestamp::from_millis(ms));
            let day = zone.day(moment);
            // Where a whole day was left out there is one without a moment.
            prop_assert!(zone.start_of(day) <= moment && moment < zone.start_of(day + 1).max(zone.start_of(day + 2)));
            prop_assert!(zone.start_of(day) < zone.start_of(day + 2));
        }
    }
}
