//! What is said of a situation and of an action, as one row of numbers that all actions share?

use serde::{Deserialize, Serialize};

/// How many are kept of one side: more would cost time, and hardly say anything.
const N_SIDE_MAX: usize = 64;

/// What is said of a situation, or of an action: numbers by the hashes of their names.
///
/// A number `v` counts as `asinh(v)`: near 0 that is `v`, and a price of thousands does not drown what else falls into its slot.
/// *Edge cases*: what is not finite is left out, and so is what comes after the first 64. *Cost*: one sort.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Side(Box<[(u64, f32)]>);

impl Side {
    /// Of numbers by the hashes of their names.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (u64, f64)>) -> Self {
        let told = numbers.into_iter().filter(|(_, number)| number.is_finite() && *number != 0.0).take(N_SIDE_MAX);
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are more than any of them is known to")]
        let mut told: Vec<(u64, f32)> = told.map(|(name, number)| (name, number.asinh() as f32)).collect();
        // In whichever order they were said, the sums are the same.
        told.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Self(told.into())
    }

    /// How many numbers there are.
    #[must_use]
    pub fn n(&self) -> usize {
        self.0.len()
    }
}

/// The row of a situation and an action: both, and each number of the one with each of the other, by signed hashes.
///
/// ```text
/// row[h(n) mod d] += s(n) v(n)   over the names n of x, of a, and of all pairs;   v(pair) = v(x) v(a),   s = 1 or -1
/// ```
/// So one regression learns of all actions at once, and an action that was never seen is worth what its features are. What meets in a
/// slot is added as often as it is taken away, so that it is nothing in the mean. *Shapes*: `d` numbers. *Cost*: `n m` for `n` numbers
/// of the situation and `m` of the action. *Source*: Weinberger et al. 2009, doi:10.1145/1553374.1553516 (hashing); the crossing as
/// in Bietti, Agarwal and Langford 2021, arXiv:1802.04064 (MTR).
///
/// ```
/// use models::bandit::{Side, crossed};
/// let (morning, tea) = (Side::new([(7, 1.0)]), Side::new([(9, 1.0)]));
/// let row = crossed(&morning, &tea, 128);
/// // One number of each side, and one of both together.
/// assert_eq!(row.iter().filter(|one| one.abs() > 0.0).count(), 3);
/// ```
#[must_use]
pub fn crossed(x: &Side, a: &Side, d: usize) -> Vec<f32> {
    let mut row = vec![0.0; d];
    let mut add = |name: u64, number: f32| {
        let sign = if name >> 63 == 0 { 1.0 } else { -1.0 };
        let slot = usize::try_from(name % d.max(1) as u64).unwrap_or(0);
        if let Some(slot) = row.get_mut(slot) {
            *slot += sign * number;
        }
    };
    x.0.iter().for_each(|(name, number)| add(mixed(*name, SITUATION), *number));
    for (action, of_action) in &a.0 {
        add(mixed(*action, ACTION), *of_action);
        x.0.iter().for_each(|(name, number)| add(mixed(*name, *action), number * of_action));
    }
    row
}

/// So that the same name of either side is another thing.
const SITUATION: u64 = 0x51;
const ACTION: u64 = 0xac;

/// One hash of two. *Source*: the finaliser of `SplitMix64`, Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195.
fn mixed(one: u64, other: u64) -> u64 {
    let mut hash = one ^ other.wrapping_add(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_word_of_another_action_or_situation_is_another_row() {
        let side = |name: u64| Side::new([(name, 1.0)]);
        let rows = [(1, 1), (1, 2), (2, 1), (2, 2)].map(|(x, a)| crossed(&side(x), &side(a), 128));
        for (at, row) in rows.iter().enumerate() {
            assert!(rows[..at].iter().all(|other| other != row), "{at}");
        }
        // What both have to say together is in no sum of what each says alone.
        let sum = |at: usize, other: usize| -> Vec<f32> {
            rows[at].iter().zip(&rows[other]).map(|(one, other)| one + other).collect()
        };
        assert_ne!(sum(0, 3), sum(1, 2));
        assert!(crossed(&Side::default(), &Side::default(), 8).iter().all(|one| one.abs() < 1e-12));
        assert_eq!(Side::new((0..1_000).map(|name| (name, 1.0))).n(), N_SIDE_MAX);
        assert_eq!(Side::new([(1, f64::NAN), (2, f64::INFINITY), (3, 0.0)]).n(), 0);
    }

    proptest! {
        #[test]
        fn the_order_in_which_it_is_said_changes_nothing(
            mut x in prop::collection::vec((any::<u64>(), -1e9_f64..1e9), 0..20),
            a in prop::collection::vec((any::<u64>(), -1e9_f64..1e9), 0..20),
        ) {
            let a = Side::new(a);
            let row = crossed(&Side::new(x.clone()), &a, 64);
            x.reverse();
            prop_assert!(row.iter().all(|one| one.is_finite()));
            prop_assert_eq!(row, crossed(&Side::new(x), &a, 64));
        }
    }
}
