//! How far has the company of a demonstration lived? Kept beside its data, so that the next start goes on there.

use super::part::write_file;
use crate::error::ServerError;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file that says it.
const LIVED: &str = "demo-lived.json";
/// What was missed is told from up to so many days ago.
const CAUGHT_UP_DAYS: i64 = 31;
/// Beginnings of a life have numbers that the days of `rapport simulate --to` never have, and grow by one a millisecond: what is
/// told of somebody after one of them goes by numbers of its own, however soon the next one comes.
const FIRST_BEGINNING: u64 = 1_000_000;
/// No beginning has had so large a number, whatever a file says that was damaged.
const BEGINNING_MAX: u64 = 1 << 48;

/// How far a company has lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lived {
    /// Everything up to this moment was told.
    pub(super) until_ms: i64,
    /// The number of its last beginning.
    pub(super) nth: u64,
}

impl Lived {
    /// What was lived before anybody looked.
    pub(super) fn first(until: Timestamp) -> Self {
        Self { until_ms: until.as_millis(), nth: FIRST_BEGINNING }
    }

    /// What the data directory says; nothing where a file is missing or cannot be read, since the data go without it.
    pub(super) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data.join(LIVED)).ok()?).ok()
    }

    /// Everything up to this moment was told.
    pub(super) fn until(self) -> Timestamp {
        Timestamp::from_millis(self.until_ms)
    }

    /// Where a company whose history ended on a day goes on now: where it stopped, unless that is too long ago or unknown. Then it
    /// goes on at the hour it is. Its beginning has a number that none had before.
    pub(super) fn go_on(before: Option<Self>, end_day: i64, now: Timestamp) -> Self {
        let since_end = now.millis_since(Timestamp::from_millis(0).plus_days(end_day));
        let by_time = FIRST_BEGINNING.saturating_add(u64::try_from(since_end).unwrap_or(0));
        let before_nth = before.map(|before| before.nth).filter(|nth| *nth < BEGINNING_MAX);
        let nth = before_nth.map_or(by_time, |nth| by_time.max(nth.saturating_add(1)));
        let until = before.map(Self::until).filter(|until| *until > now.plus_days(-CAUGHT_UP_DAYS) && *until <= now);
        Self { until_ms: until.unwrap_or(now).as_millis(), nth }
    }

    /// Writes it down, in the place of what stood there.
    ///
    /// # Errors
    /// [`ServerError`] where the file cannot be written.
    pub(super) fn write(self, data: &Path) -> Result<(), ServerError> {
        let (path, part) = (data.join(LIVED), data.join(format!("{LIVED}.part")));
        // Numbers can be written.
        write_file(&part, &serde_json::to_vec(&self).unwrap_or_default())?;
        std::fs::rename(&part, &path).map_err(ServerError::io(format!("cannot write {}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::DAY_MS;
    use proptest::prelude::*;

    const END_DAY: i64 = 20_700;

    fn at(days: i64, ms: i64) -> Timestamp {
        Timestamp::from_millis((END_DAY + days) * DAY_MS + ms)
    }

    #[test]
    fn a_company_goes_on_where_it_stopped_unless_that_is_long_ago() {
        let now = at(40, 5);
        let go_on = |until: Timestamp| Lived::go_on(Some(Lived::first(until)), END_DAY, now).until();
        for goes_on in [now, at(40, 0), at(20, 3), at(9, 6)] {
            assert_eq!(go_on(goes_on), goes_on);
        }
        for begins_again in [at(9, 5), at(2, 0), at(40, 6), at(90, 0)] {
            assert_eq!(go_on(begins_again), now, "{begins_again}");
        }
        assert_eq!(Lived::go_on(None, END_DAY, now).until(), now);
    }

    #[test]
    fn what_was_written_is_read_again_and_what_is_none_says_nothing() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(Lived::read(data.path()), None);
        for until in [at(0, 7), at(3, 1)] {
            let lived = Lived { nth: 12, ..Lived::first(until) };
            lived.write(data.path()).unwrap();
            assert_eq!(Lived::read(data.path()), Some(lived));
        }
        std::fs::write(data.path().join(LIVED), "{").unwrap();
        assert_eq!(Lived::read(data.path()), None);
    }

    #[test]
    fn a_number_that_none_can_have_had_is_not_gone_on_from() {
        let now = at(40, 5);
        let nth = |nth: u64| Lived::go_on(Some(Lived { until_ms: now.as_millis(), nth }), END_DAY, now).nth;
        let by_time = FIRST_BEGINNING + 40 * u64::try_from(DAY_MS).unwrap() + 5;
        for damaged in [u64::MAX, BEGINNING_MAX] {
            assert_eq!(nth(damaged), by_time);
        }
        assert_eq!(nth(BEGINNING_MAX - 1), BEGINNING_MAX);
        assert_eq!([nth(by_time - 2), nth(by_time - 1), nth(by_time)], [by_time, by_time, by_time + 1]);
    }

    proptest! {
        /// Whatever happens to the file, no two beginnings have one number, and none has that of a day.
        #[test]
        fn every_beginning_has_a_number_of_its_own(
            starts in proptest::collection::vec((0_i64..200_000, any::<bool>()), 2..20),
        ) {
            let (mut now, mut before, mut numbers) = (at(0, 1), Some(Lived::first(at(0, 0))), vec![FIRST_BEGINNING]);
            for (ms, is_lost) in starts {
                // Without the file, a beginning knows the time alone.
                now = now + std::time::Duration::from_millis(u64::try_from(ms).unwrap());
                if is_lost {
                    now = now + std::time::Duration::from_millis(20);
                    before = None;
                }
                let lived = Lived::go_on(before, END_DAY, now);
                prop_assert!(lived.nth > *numbers.last().unwrap(), "{lived:?} after {numbers:?}");
                numbers.push(lived.nth);
                before = Some(lived);
            }
        }
    }
}
