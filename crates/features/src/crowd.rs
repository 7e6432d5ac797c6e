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

/// As how many of those whom the company knows each of the others counts at most. Whoever reads the write key can invent others.
const OTHER_MAX: f64 = 0.25;

/// About how many people did something, and how many of them the company knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Witnesses {
    all: Crowd,
    known: Crowd,
}

impl Witnesses {
    /// Counts somebody, by a hash.
    pub(crate) fn add(&mut self, who: u64, is_known: bool) {
        self.all.add(who);
        if is_known {
            self.known.add(who);
        }
    }

    /// About how many they are, whoever they are.
    pub(crate) fn n(&self) -> u32 {
        self.all.n()
    }

    /// As how many of those whom the company knows they count, where each of the others counts as so much of one.
    pub(crate) fn weight(&self, other: f64) -> f64 {
        f64::from(self.known.n()) + other * f64::from(self.others())
    }

    /// As how much of one each of the others counts, where all of them together may count as so many, or as those whom the
    /// company knows, if those are more.
    pub(crate) fn other(&self, together_max: f64) -> f64 {
        let together_max = together_max.max(f64::from(self.known.n()));
        (together_max / f64::from(self.others().max(1))).min(OTHER_MAX)
    }

    /// Lets them count half as much, so many times.
    pub(crate) fn halve(&mut self, times: u32) {
        self.all.halve(times);
        self.known.halve(times);
    }

    fn others(&self) -> u32 {
        self.all.n().saturating_sub(self.known.n())
    }
}

/// People of whom is known, beside about how many they are, whether they are enough to be told of: that is not reckoned, and no
/// month makes others of those who come again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct People {
    by: Witnesses,
    /// Who, as far as so many that it may be told.
    first: BTreeSet<u64>,
}

impl People {
    /// Counts somebody, by a hash.
    pub(crate) fn add(&mut self, who: u64, is_known: bool) {
        self.by.add(who, is_known);
        if self.first.len() < N_PEOPLE_MIN {
            self.first.insert(who);
        }
    }

    /// About how many they are, whoever they are.
    pub(crate) fn n(&self) -> u32 {
        self.by.n()
    }

    /// [`Witnesses::weight`] of them.
    pub(crate) fn weight(&self, other: f64) -> f64 {
        self.by.weight(other)
    }

    /// The weight where the others count as much as they ever do.
    pub(crate) fn weight_max(&self) -> f64 {
        self.by.weight(OTHER_MAX)
    }

    /// [`Witnesses::other`] of them.
    pub(crate) fn other(&self, together_max: f64) -> f64 {
        self.by.other(together_max)
    }

    /// Forgets who somebody was. Answers whether it was known.
    pub(crate) fn forget(&mut self, who: u64) -> bool {
        self.first.remove(&who)
    }

    /// Whether ever five did it, and are not forgotten.
    pub(crate) fn are_several(&self) -> bool {
        self.first.len() >= N_PEOPLE_MIN
    }

    /// Whether they are several, and still count as many, where each whom the company does not know counts as so much of one.
    #[expect(clippy::cast_precision_loss, reason = "they are five")]
    pub(crate) fn count(&self, other: f64) -> bool {
        self.are_several() && self.by.weight(other) >= N_PEOPLE_MIN as f64
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
            (0..4).for_each(|who| people.add(who, true));
            assert!(!people.are_several() && !people.count(0.0), "{month}: {people:?}");
            people.halve(1);
        }
        (0..5).for_each(|who| people.add(who, true));
        assert!(people.are_several() && people.count(0.0) && people.n() >= 5);
        people.halve(9);
        assert!(people.are_several() && !people.count(0.0), "they did it, and it is long ago");
        people.forget(3);
        assert!(!people.are_several());
    }

    #[test]
    fn whom_nobody_knows_counts_for_less_and_together_for_no_more_than_may_be() {
        let of = |n_known: u64, n_others: u64| {
            let mut people = People::default();
            (0..n_known).for_each(|who| people.add(who, true));
            (n_known..n_known + n_others).for_each(|who| people.add(who, false));
            people
        };
        let other = |n_known, n_others, together_max| of(n_known, n_others).by.other(together_max);
        for (n_known, n_others, together_max, expected) in [
            (0, 0, 5.0, 0.25),
            (0, 8, 5.0, 0.25),
            (3, 3, 0.0, 0.25),
            (0, 8, 1.0, 0.125),
            (1, 8, 0.0, 0.125),
            (0, 8, 0.0, 0.0),
        ] {
            let found: f64 = other(n_known, n_others, together_max);
            // How many they are is known about.
            assert!((found - expected).abs() < 0.02, "{n_known} {n_others} {together_max}: {found}");
        }
        assert!(of(5, 0).count(0.0) && !of(4, 3).count(0.25) && of(4, 4).count(0.25));
        assert!(!of(0, 14).count(0.25), "they are several, and may be invented");
    }

    proptest! {
        /// Whoever is invented beside them, those whom nobody knows never count for more than may be.
        #[test]
        fn strangers_never_count_for_more_than_may_be(n_known in 0_u64..60, n_others in 0_u64..3_000, together_max in 0.0..20.0) {
            let mut by = Witnesses::default();
            (0..n_known).for_each(|who| by.add(stable_hash(&format!("known {who}")), true));
            let alone = by.weight(by.other(together_max));
            (0..n_others).for_each(|who| by.add(stable_hash(&format!("other {who}")), false));
            let gain = by.weight(by.other(together_max)) - alone;
            prop_assert!(gain <= together_max.max(alone) + 1e-9, "{by:?}");
        }

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
