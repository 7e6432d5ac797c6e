//! What was learned from, and what was it judged on? Splits by time: nothing of the test is known in training.

use crate::outcomes::{churn, next_items};
use primitives::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// Days of history before the first moment that churn is learned from: before that there is nothing to go by.
pub(crate) const WARM_UP_DAYS: i64 = 7;

/// Days between two moments that churn is learned from.
const STEP_DAYS: i64 = 7;

/// At most this many moments churn is learned from: older customers behaved otherwise, and each costs time.
const N_AS_OFS_MAX: i64 = 8;

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
}

impl Split {
    /// What a customer buys in the last window, from what was known before it.
    ///
    /// The window has 14 days, or a quarter of the history where that is shorter: what a shop wants to know today is
    /// what sells soon, and the longer the window, the older what was learned.
    /// The end is that of the last day with a purchase, or `now` where that comes first.
    ///
    /// `None` where the history is shorter than four days.
    #[must_use]
    pub fn recommend(first_order: Timestamp, last_order: Timestamp, now: Timestamp) -> Option<Self> {
        let end = end_of(last_order, now);
        let window_days = (end.millis_since(first_order) / DAY_MS / 4).min(next_items::WINDOW_DAYS);
        let test_from = end.plus_days(-window_days);
        (window_days >= 1).then(|| Self {
            train_from: first_order,
            train_until: test_from,
            test_from,
            test_until: end,
            window_days,
            train_as_ofs: vec![test_from],
        })
    }

    /// Who stays away in the last 30 days, from weekly questions whose answers were known before them.
    ///
    /// Training asks at most eight times, seven days apart, the last time 30 days before the test does, so that no
    /// answer in training reaches into the test. The end is as in [`Split::recommend`].
    ///
    /// `None` where the history is shorter than two windows and a week.
    #[must_use]
    pub fn churn(first_order: Timestamp, last_order: Timestamp, now: Timestamp) -> Option<Self> {
        let end = end_of(last_order, now);
        let test_from = end.plus_days(-churn::WINDOW_DAYS);
        let train_as_ofs = churn_as_ofs(first_order, test_from);
        (!train_as_ofs.is_empty()).then_some(Self {
            train_from: first_order,
            train_until: test_from,
            test_from,
            test_until: end,
            window_days: churn::WINDOW_DAYS,
            train_as_ofs,
        })
    }

    /// The split by which settings are chosen: the window before this one. It never sees this one's test.
    pub(crate) fn validation(&self) -> Option<Self> {
        let test_from = self.test_from.plus_days(-self.window_days);
        (test_from > self.train_from).then(|| Self {
            train_until: test_from,
            test_from,
            test_until: self.test_from,
            train_as_ofs: vec![test_from],
            ..self.clone()
        })
    }
}

/// Where knowledge ends: the end (UTC) of the last day with a purchase, but not after `now`.
///
/// Not `now` itself: where the purchases of a past month were imported, nobody "stayed away" since.
#[must_use]
pub(crate) fn end_of(last_order: Timestamp, now: Timestamp) -> Timestamp {
    Timestamp::from_millis((last_order.day() + 1) * DAY_MS).min(now)
}

/// The moments, earliest first, at which churn is asked so that every answer is known by `known_until`.
pub(crate) fn churn_as_ofs(first_order: Timestamp, known_until: Timestamp) -> Vec<Timestamp> {
    let latest = known_until.plus_days(-churn::WINDOW_DAYS);
    let earliest = first_order.plus_days(WARM_UP_DAYS);
    let mut as_ofs: Vec<Timestamp> =
        (0..N_AS_OFS_MAX).map(|i| latest.plus_days(-i * STEP_DAYS)).take_while(|as_of| *as_of >= earliest).collect();
    as_ofs.reverse();
    as_ofs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_days(day)
    }

    #[test]
    fn windows_can_be_checked_by_hand() {
        let noon = Timestamp::from_millis(119 * DAY_MS + DAY_MS / 2);
        let recommend = Split::recommend(day(0), noon, day(500)).unwrap();
        assert_eq!((recommend.test_from, recommend.test_until), (day(106), day(120)));
        assert_eq!(recommend.validation().map(|v| (v.train_until, v.test_until)), Some((day(92), day(106))));
        let churn = Split::churn(day(0), noon, day(500)).unwrap();
        assert_eq!((churn.test_from, churn.test_until), (day(90), day(120)));
        assert_eq!(churn.train_as_ofs, [11, 18, 25, 32, 39, 46, 53, 60].map(day));
        // While the last day is not over, only what has passed is a window.
        assert_eq!(Split::churn(day(0), noon, noon).map(|split| split.test_until), Some(noon));
        assert_eq!(Split::recommend(day(0), day(3), day(9)).map(|split| split.window_days), Some(1));
        assert_eq!(Split::recommend(day(0), day(2), day(9)), None);
        assert_eq!(Split::churn(day(0), day(65), day(99)), None);
        assert!(Split::churn(day(0), day(66), day(99)).is_some());
    }

    proptest! {
        #[test]
        fn no_label_of_training_reaches_into_the_test(first in 0_i64..50_000, length in 0_i64..40_000_000, later in 0_i64..9_000_000) {
            let first = Timestamp::from_millis(first);
            let last = Timestamp::from_millis(first.as_millis() + length * 1_000);
            let now = Timestamp::from_millis(last.as_millis() + later);
            if let Some(split) = Split::churn(first, last, now) {
                let reach = split.train_as_ofs.iter().map(|as_of| as_of.plus_days(churn::WINDOW_DAYS)).max();
                prop_assert!(reach <= Some(split.test_from));
                prop_assert!(split.train_as_ofs.is_sorted() && split.train_as_ofs[0] >= first.plus_days(WARM_UP_DAYS));
                prop_assert!(split.test_until <= now && split.test_until >= last);
            }
            if let Some(split) = Split::recommend(first, last, now) {
                prop_assert!(split.train_until <= split.test_from && split.test_from < split.test_until);
                prop_assert!(split.validation().is_none_or(|v| v.test_until <= split.test_from));
            }
        }
    }
}
