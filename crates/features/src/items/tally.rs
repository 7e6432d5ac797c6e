//! How many fell on each of the newest days or weeks? Bounded, and exact for all that is remembered.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How many fell on each of the newest `N` days (or weeks) that had any.
///
/// Where one had to go for a newer one, one stays when its last goes: so what is before the first of them never comes back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tally<const N: usize>(BTreeMap<i64, u32>);

impl<const N: usize> Tally<N> {
    pub(super) fn add(&mut self, day: i64) {
        let n = self.0.entry(day).or_default();
        *n = n.saturating_add(1);
        if self.0.len() > N {
            self.0.pop_first();
        }
    }

    /// A day that is not remembered any more had its own forgotten with it, for good: one who came to it later would be taken
    /// for them.
    pub(super) fn remove(&mut self, day: i64) {
        let is_full = self.0.len() == N;
        if let Some(n) = self.0.get_mut(&day) {
            *n = n.saturating_sub(1);
            if *n == 0 && !is_full {
                self.0.remove(&day);
            }
        }
    }

    pub(super) fn of(&self, day: i64) -> u32 {
        self.0.get(&day).copied().unwrap_or(0)
    }

    pub(super) fn within(&self, days: RangeInclusive<i64>) -> u32 {
        if days.is_empty() {
            return 0;
        }
        self.0.range(days).fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    pub(super) fn all(&self) -> u32 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_that_was_forgotten_does_not_come_back() {
        let mut tally = Tally::<35>::default();
        (0..36).for_each(|day| tally.add(day));
        assert_eq!(tally.all(), 35, "the first day had to go");
        tally.remove(20);
        tally.add(0);
        tally.remove(0);
        assert_eq!(tally.all(), 34, "whoever bought on that day is not remembered");
        tally.add(20);
        assert_eq!((tally.all(), tally.within(20..=35), tally.of(20), tally.of(0)), (35, 16, 1, 0));
        let none = RangeInclusive::new(9, 8);
        assert_eq!(tally.within(none), 0);
    }

    #[test]
    fn where_no_day_had_to_go_one_without_any_takes_no_room() {
        let mut tally = Tally::<35>::default();
        (0..34).for_each(|day| tally.add(day));
        tally.remove(20);
        (34..36).for_each(|day| tally.add(day));
        assert_eq!(tally.all(), 35);
    }

    proptest! {
        /// Whoever buys again is counted on the newer day: of each day that is remembered the count is right.
        #[test]
        fn each_day_that_is_remembered_is_right(bought in proptest::collection::vec((0_usize..20, 0_i64..80), 0..300)) {
            let (mut tally, mut last) = (Tally::<35>::default(), BTreeMap::<usize, i64>::new());
            for (who, day) in bought {
                let before = last.get(&who).copied();
                let after = before.map_or(day, |before| before.max(day));
                if before != Some(after) {
                    before.into_iter().for_each(|before| tally.remove(before));
                    tally.add(after);
                    last.insert(who, after);
                }
                for (day, n) in &tally.0 {
                    prop_assert_eq!(last.values().filter(|last| *last == day).count() as u64, u64::from(*n));
                }
                prop_assert!(tally.0.len() <= 35);
            }
        }
    }
}
