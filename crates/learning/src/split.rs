//! What was learned from, and what was it judged on? Splits by time: nothing of the test is known in training.

use crate::calendar::{Calendar, Gap, latest_window};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// Days of history before the first moment that an outcome is learned from: before that there is nothing to go by.
pub(crate) const WARM_UP_DAYS: i64 = 7;

/// Days between two moments that an outcome is learned from.
const STEP_DAYS: i64 = 7;

/// At most this many moments an outcome is learned from: older customers behaved otherwise, and each costs time.
const N_AS_OFS_MAX: usize = 8;

/// So far back moments are looked for where gaps take some of the newest ones: half a year.
const N_STEPS_MAX: i64 = 26;

/// A split by time. All windows are open at their beginning and closed at their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// When the first purchase that was learned from was made.
    pub train_from: Timestamp,
    /// No feature knows anything that was received later, and no label looks further.
    pub train_until: Timestamp,
    /// The moment of the question in the test.
    pub test_from: Timestamp,
    /// The end of the test's window.
    pub test_until: Timestamp,
    /// How many days ahead the outcome reaches.
    pub window_days: i64,
    /// The moments of the questions in training, earliest first.
    pub train_as_ofs: Vec<Timestamp>,
    /// Days on which far fewer orders came in than is usual: no window holds a part of them.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

impl Split {
    /// What happens in the last window without a gap, from what was known before it.
    ///
    /// `None` where the window has less than a day, or the history and its gaps leave no room for one.
    #[must_use]
    pub fn last_window(calendar: &Calendar, window_days: i64) -> Option<Self> {
        let test_until = latest_window(calendar.gaps(), calendar.end(), window_days);
        let test_from = test_until.plus_days(-window_days);
        (window_days >= 1 && test_from > calendar.first()).then(|| Self {
            train_from: calendar.first(),
            train_until: test_from,
            test_from,
            test_until,
            window_days,
            train_as_ofs: vec![test_from],
            gaps: calendar.gaps().to_vec(),
        })
    }

    /// What comes true in the last window without a gap, from weekly questions whose answers were known before it.
    ///
    /// Training asks at most eight times, seven days apart, the last time one window before the test does, so that no
    /// answer in training reaches into the test. A question whose answer would hold a part of a gap is left out: on those
    /// days nothing could be seen to happen.
    ///
    /// `None` where the history is shorter than two windows and a week, or gaps leave no such windows.
    #[must_use]
    pub fn outcome(calendar: &Calendar, window_days: i64) -> Option<Self> {
        let split = Self::last_window(calendar, window_days)?;
        let train_as_ofs = outcome_as_ofs(split.train_from, split.test_from, window_days, &split.gaps);
        (!train_as_ofs.is_empty()).then_some(Self { train_as_ofs, ..split })
    }
}

/// The moments, earliest first, at which an outcome is asked for so that every answer is known by `known_until`.
pub(crate) fn outcome_as_ofs(
    first: Timestamp,
    known_until: Timestamp,
    window_days: i64,
    gaps: &[Gap],
) -> Vec<Timestamp> {
    let latest = latest_window(gaps, known_until, window_days).plus_days(-window_days);
    let earliest = first.plus_days(WARM_UP_DAYS);
    let is_known = |as_of: &Timestamp| !gaps.iter().any(|gap| gap.overlaps(*as_of, as_of.plus_days(window_days)));
    let mut as_ofs: Vec<Timestamp> = (0..N_STEPS_MAX)
        .map(|i| latest.plus_days(-i * STEP_DAYS))
        .take_while(|as_of| *as_of >= earliest)
        .filter(is_known)
        .take(N_AS_OFS_MAX)
        .collect();
    as_ofs.reverse();
    as_ofs
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::DAY_MS;
    use proptest::prelude::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_days(day)
    }

    fn of_churn(calendar: &Calendar) -> Option<Split> {
        Split::outcome(calendar, 30)
    }

    fn of_recommend(calendar: &Calendar) -> Option<Split> {
        Split::last_window(calendar, (calendar.n_days() / 4).min(14))
    }

    /// An order at the first moment of each day but those of the gap, and more: so many that a gap is one.
    fn calendar(last: Timestamp, now: Timestamp, gap: std::ops::Range<i64>) -> Calendar {
        let days = (0..=last.day()).filter(|day| !gap.contains(day));
        let orders = days.flat_map(|n| (0..20).map(move |i| Timestamp::from_millis(day(n).as_millis() + i)));
        Calendar::of(orders.chain([last]), now).unwrap()
    }

    #[test]
    fn windows_can_be_checked_by_hand() {
        let noon = Timestamp::from_millis(119 * DAY_MS + DAY_MS / 2);
        let past = calendar(noon, day(500), 0..0);
        let recommend = of_recommend(&past).unwrap();
        assert_eq!((recommend.test_from, recommend.test_until), (day(106), day(120)));
        let churn = of_churn(&past).unwrap();
        assert_eq!((churn.test_from, churn.test_until), (day(90), day(120)));
        assert_eq!(churn.train_as_ofs, [11, 18, 25, 32, 39, 46, 53, 60].map(day));
        // While the last day is not over, only what has passed is a window.
        assert_eq!(of_churn(&calendar(noon, noon, 0..0)).map(|split| split.test_until), Some(noon));
        let short = |last| calendar(day(last), day(last + 1), 0..0);
        assert_eq!(of_recommend(&short(3)).map(|split| split.window_days), Some(1));
        assert_eq!(of_recommend(&short(2)), None);
        assert_eq!(of_churn(&short(65)), None);
        assert!(of_churn(&short(66)).is_some());
    }

    #[test]
    fn windows_make_way_for_a_gap() {
        let split = |gap| of_churn(&calendar(day(199), day(200), gap)).unwrap();
        // In the test's window: the test goes to before the gap.
        let early = split(180..190);
        assert_eq!(
            (early.test_from, early.test_until, early.train_as_ofs.last()),
            (day(150), day(180), Some(&day(120)))
        );
        assert_eq!(early.gaps.iter().map(|gap| (gap.from, gap.until)).collect::<Vec<_>>(), [(day(180), day(190))]);
        // Before the test: the questions whose answers would hold a part of it are left out, and older ones are asked.
        let late = split(100..110);
        assert_eq!((late.test_from, late.test_until), (day(170), day(200)));
        assert_eq!(late.train_as_ofs, [56, 63, 70, 112, 119, 126, 133, 140].map(day));
        let recommend = of_recommend(&calendar(day(199), day(200), 180..190)).unwrap();
        assert_eq!((recommend.test_from, recommend.test_until), (day(166), day(180)));
    }

    proptest! {
        #[test]
        fn no_label_of_training_reaches_into_the_test_or_a_gap(
            length in 1_i64..260, millis in 0_i64..DAY_MS, later in 0_i64..9_000_000, gap_from in 0_i64..260, gap_days in 0_i64..60,
        ) {
            let last = Timestamp::from_millis(day(length).as_millis() + millis);
            let now = Timestamp::from_millis(last.as_millis() + later);
            let calendar = calendar(last, now, gap_from.max(1)..gap_from + gap_days);
            let is_whole = |from: Timestamp, until| !calendar.gaps().iter().any(|gap| gap.overlaps(from, until));
            if let Some(split) = of_churn(&calendar) {
                let reach = split.train_as_ofs.iter().map(|as_of| as_of.plus_days(30)).max();
                prop_assert!(reach <= Some(split.test_from) && split.train_until == split.test_from);
                prop_assert!(split.train_as_ofs.is_sorted() && split.train_as_ofs.len() <= N_AS_OFS_MAX);
                prop_assert!(split.train_as_ofs[0] >= calendar.first().plus_days(WARM_UP_DAYS));
                prop_assert!(split.test_until <= calendar.end() && calendar.end() <= now);
                prop_assert_eq!(split.test_from.plus_days(30), split.test_until);
                for as_of in split.train_as_ofs.iter().chain([&split.test_from]) {
                    prop_assert!(is_whole(*as_of, as_of.plus_days(30)));
                }
                if calendar.gaps().is_empty() {
                    prop_assert_eq!(split.test_until, calendar.end());
                }
            }
            if let Some(split) = of_recommend(&calendar) {
                prop_assert!(split.train_until <= split.test_from && split.test_from < split.test_until);
                prop_assert!(split.train_from < split.test_from && is_whole(split.test_from, split.test_until));
            }
        }
    }
}
