//! About how many people are they? Counted in a few bytes, so that who does a thing again and again counts once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// So many people have to have done something before it is told of them.
const N_PEOPLE_MIN: usize = 5;

/// So many of the 64 places are taken when the people of that time are summed up and the places are free again.
const N_TAKEN_MAX: u32 = 48;

/// About how many people did something. Each takes one of 64 places, and two may take the same, which is reckoned with. Whoever
/// comes again takes no other, until about ninety came: then they are summed up, and all may be counted again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crowd {
    n: u32,
    /// The places of those who came since.
    taken: u64,
}

impl Crowd {
    /// Counts somebody, by a hash.
    pub(crate) fn add(&mut self, who: u64) {
        self.taken |= 1 << (who % 64);
        if self.taken.count_ones() >= N_TAKEN_MAX {
            self.sum_up();
        }
    }

    /// About how many they are.
    pub(crate) fn n(&self) -> u32 {
        self.n.saturating_add(likeliest(self.taken.count_ones()))
    }

    /// Lets them count half as much, so many times.
    pub(crate) fn halve(&mut self, times: u32) {
        self.sum_up();
        self.n = self.n.checked_shr(times).unwrap_or(0);
    }

    fn sum_up(&mut self) {
        *self = Self { n: self.n(), taken: 0 };
    }
}

/// People of whom is known, beside about how many they are, whether they are enough to be told of: that is not reckoned, and no
/// month makes others of those who come again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct People {
    by: Crowd,
    /// Who, as far as so many that it may be told.
    first: BTreeSet<u64>,
}

impl People {
    /// Counts somebody, by a hash.
    pub(crate) fn add(&mut self, who: u64) {
        self.by.add(who);
        if self.first.len() < N_PEOPLE_MIN {
            self.first.insert(who);
        }
    }

    /// Forgets who somebody was.
    pub(crate) fn forget(&mut self, who: u64) {
        self.first.remove(&who);
    }

    /// About how many they are.
    pub(crate) fn n(&self) -> u32 {
        self.by.n()
    }

    /// Whether ever five did it, and are not forgotten.
    pub(crate) fn are_several(&self) -> bool {
        self.first.len() >= N_PEOPLE_MIN
    }

    /// Whether they are several, and still count as many.
    pub(crate) fn count(&self) -> bool {
        self.are_several() && self.n() as usize >= N_PEOPLE_MIN
    }

    /// Lets them count half as much, so many times.
    pub(crate) fn halve(&mut self, times: u32) {
        self.by.halve(times);
    }
}

/// How many people most likely take so many places of 64, fewer than all.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 266")]
fn likeliest(n_taken: u32) -> u32 {
    (64.0 * (64.0 / f64::from(64 - n_taken.min(63))).ln()).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::stable_hash;
    use proptest::prelude::*;

    fn of(n: u32) -> Crowd {
        let mut crowd = Crowd::default();
        (0..n).for_each(|one| crowd.add(stable_hash(&format!("customer {one}"))));
        crowd
    }

    #[test]
    fn people_are_counted_once_and_halves_of_them_with_the_time() {
        assert_eq!((0..=6).map(likeliest).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!((likeliest(16), likeliest(47), likeliest(48)), (18, 85, 89));
        let mut one = Crowd::default();
        (0..1_000).for_each(|_| one.add(7));
        assert_eq!(one.n(), 1);
        // Places 0 to 47: with the last one all are summed up, and the first may come again.
        let mut full = Crowd::default();
        (0..47).for_each(|who| full.add(who));
        assert_eq!((full.n(), full.taken.count_ones()), (85, 47));
        full.add(47);
        assert_eq!((full.n(), full.taken), (89, 0));
        full.add(0);
        assert_eq!(full.n(), 90);
        full.halve(1);
        assert_eq!(full, Crowd { n: 45, taken: 0 });
        full.halve(2);
        assert_eq!(full.n(), 11);
        full.halve(32);
        assert_eq!(full.n(), 0);
    }

    #[test]
    fn the_same_people_are_no_others_after_a_month() {
        let mut people = People::default();
        for month in 0..4 {
            (0..4).for_each(|who| people.add(who));
            assert!(!people.are_several() && !people.count(), "{month}: {people:?}");
            people.halve(1);
        }
        (0..5).for_each(|who| people.add(who));
        assert!(people.are_several() && people.count() && people.n() >= 5);
        people.halve(9);
        assert!(people.are_several() && !people.count(), "they did it, and it is long ago");
        people.forget(3);
        assert!(!people.are_several());
    }

    proptest! {
        /// However many they are, the number is near, and who comes again makes little of it.
        #[test]
        fn the_number_is_near(n in 1_u32..2_000, again in 0_u32..500) {
            let mut crowd = of(n);
            let error = (f64::from(crowd.n()) - f64::from(n)).abs();
            prop_assert!(error <= 5.0 + 0.25 * f64::from(n), "{} of {n}", crowd.n());
            let before = crowd.n();
            (0..again).for_each(|_| crowd.add(1));
            prop_assert!(crowd.n() <= before + 8);
        }
    }
}
