//! What is drawn where everybody in one place gets the same for a while: a slice of time there.

use primitives::{Timestamp, visible};
use serde_json::Value;

/// A minute.
const MINUTE_MS: i64 = 60_000;
/// The longest name of a place, in bytes.
const PLACE_BYTES_MAX: usize = 100;

/// How an experiment is switched: every so many minutes it is drawn anew what everybody gets for whom a question's context says
/// the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switchback {
    /// How long a slice of time is.
    pub minutes: i64,
    /// Under which name the context says where somebody is: `store`.
    pub by: String,
}

/// A slice of time in a place, of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Switch {
    /// The experiment.
    pub experiment: String,
    /// Which slice of time, counted from the beginning of 1970.
    pub slice: i64,
    /// Where.
    pub place: String,
}

impl Switchback {
    /// The slice of time that a moment lies in.
    #[must_use]
    pub fn slice_of(&self, at: Timestamp) -> i64 {
        at.as_millis().div_euclid(self.minutes.max(1) * MINUTE_MS)
    }

    /// When a slice begins.
    #[must_use]
    pub fn begin(&self, slice: i64) -> Timestamp {
        Timestamp::from_millis(slice.saturating_mul(self.minutes.max(1) * MINUTE_MS))
    }

    /// Where somebody is whose context says this: a text, or a number; `None` where that names no place.
    #[must_use]
    pub fn place_of(said: &Value) -> Option<String> {
        let place = match said {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!place.is_empty() && place.len() <= PLACE_BYTES_MAX).then(|| visible(&place).to_string())
    }
}

impl Switch {
    /// What is drawn by.
    #[must_use]
    pub fn drawn_by(slice: i64, place: &str) -> String {
        format!("{slice} {place}")
    }

    /// By which name it is kept who met an experiment in a slice.
    #[must_use]
    pub fn name(experiment: &str, drawn_by: &str) -> String {
        format!("{experiment} @ {drawn_by}")
    }

    /// Reads such a name; `None` where it is another one.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let (experiment, drawn_by) = name.split_once(" @ ")?;
        let (slice, place) = drawn_by.split_once(' ')?;
        Some(Self { experiment: experiment.to_owned(), slice: slice.parse().ok()?, place: place.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn a_slice_is_written_as_it_is_read(slice in -9_i64..1_000_000, place in "[a-zA-Z0-9 @#-]{1,20}") {
            let name = Switch::name("copy_2", &Switch::drawn_by(slice, &place));
            prop_assert_eq!(Switch::read(&name), Some(Switch { experiment: "copy_2".to_owned(), slice, place }));
        }

        #[test]
        fn every_moment_lies_in_its_slice(at in 0_i64..4_000_000_000_000, minutes in 1_i64..10_000) {
            let how = Switchback { minutes, by: "store".to_owned() };
            let (at, slice) = (Timestamp::from_millis(at), how.slice_of(Timestamp::from_millis(at)));
            prop_assert!(how.begin(slice) <= at && at < how.begin(slice + 1));
        }
    }

    #[test]
    fn names_of_others_are_no_slices_and_not_everything_is_a_place() {
        for name in ["copy", "holdout of act", "copy @ x y", "copy @ 5", "holdout of act #3 of 90 days"] {
            assert_eq!(Switch::read(name), None, "{name}");
        }
        for (said, place) in [
            (json!("a1 "), Some("a1")),
            (json!(7), Some("7")),
            (json!(" "), None),
            (json!(true), None),
            (json!("x".repeat(101)), None),
        ] {
            assert_eq!(Switchback::place_of(&said).as_deref(), place);
        }
    }
}
