//! Which number does somebody go by? One that says nothing: neither when they came nor what they are up to.
//!
//! Customers, crooks and passers-by are counted apart, and all counts are shuffled into one space by the seed. So no order,
//! account or message can be told from another's by the look of its number.

use primitives::{Seed, stable_hash};

/// Where the counts of those who are no customers begin; customers and their further accounts lie below.
pub(crate) const BOTS: u32 = 0x4000_0000;
pub(crate) const TESTERS: u32 = 0x5000_0000;
pub(crate) const RINGS: u32 = 0x6000_0000;
pub(crate) const PASSERS: u32 = 0x8000_0000;
/// So many more passers-by than this come on no day.
const PASSERS_A_DAY_BITS: u32 = 17;

/// The count of a passer-by: the so-manieth of a day of the company's.
pub(crate) fn passer(nth_day: i64, no: usize) -> u32 {
    let day = u32::try_from(nth_day.rem_euclid(1 << 13)).unwrap_or(0);
    let no = u32::try_from(no & ((1 << PASSERS_A_DAY_BITS) - 1)).unwrap_or(0);
    PASSERS | day << PASSERS_A_DAY_BITS | no
}

/// The number that somebody with this count goes by: no two have the same.
pub(crate) fn shuffled(seed: Seed, count: u32) -> u32 {
    let key = stable_hash(&format!("numbers {}", seed.value()));
    let halves = [key & 0xffff_ffff, key >> 32].map(|half| u32::try_from(half).unwrap_or(0));
    // Each step can be undone, so that different counts stay different.
    halves.into_iter().fold(count, |number, half| {
        let mixed = (number ^ half).wrapping_mul(0x9e37_79b1);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x7f4a_7c15);
        mixed ^ (mixed >> 13)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_go_by_the_same_number_and_none_tells_what_they_are() {
        let counts = |from: u32| from..from + 4_000;
        let all = [0, 1_000_003, BOTS, TESTERS, RINGS, PASSERS].map(counts);
        let numbers: Vec<u32> = all.clone().into_iter().flatten().map(|count| shuffled(Seed::new(7), count)).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        for of in all {
            // As many in the lower half as in the upper one, and as many odd as even.
            let n_low = of.clone().filter(|count| shuffled(Seed::new(7), *count) < 1 << 31).count();
            let n_odd = of.filter(|count| shuffled(Seed::new(7), *count) % 2 == 1).count();
            assert!((1_850..2_150).contains(&n_low) && (1_850..2_150).contains(&n_odd), "{n_low} {n_odd}");
        }
        assert_ne!(shuffled(Seed::new(7), 3), shuffled(Seed::new(8), 3));
    }

    #[test]
    fn passers_by_of_different_days_are_different() {
        let counts = [(0, 0), (0, 1), (1, 0), (179, 59_999), (8_191, 131_071)].map(|(day, no)| passer(day, no));
        assert_eq!(counts.iter().collect::<BTreeSet<_>>().len(), counts.len());
        assert!(counts.iter().all(|count| (PASSERS..PASSERS + (1 << 30)).contains(count)));
    }
}
