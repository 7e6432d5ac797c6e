//! How do two lists become one: what stands on a shelf and what suits a customer, what they want and what goes with what they
//! look at now?

use super::candidate::{Cause, Proposed};
use primitives::ItemKey;
use std::collections::BTreeMap;

/// How much what goes with the items of this visit counts beside what is wanted most.
const NOW_WEIGHT: f64 = 0.5;

/// What stands on a shelf, in the order of a customer's taste, too: half of the score is the place on the shelf, half what the
/// taste says of it, each from 0 to 1.
pub(super) fn by_taste(stood: Vec<Proposed>, taste: &[(ItemKey, f64)], n: usize) -> Vec<Proposed> {
    let said = shares(taste.iter().copied());
    let n_stood = stood.len();
    #[expect(clippy::cast_precision_loss, reason = "a list is short")]
    let place = |at: usize| (n_stood - at) as f64 / n_stood as f64;
    let both = stood.into_iter().enumerate().map(|(at, (item, _, cause))| {
        let suits = said.get(&item).copied().unwrap_or(0.0);
        (item, f64::midpoint(place(at), suits), cause)
    });
    best(both.collect(), n)
}

/// What is wanted, and what goes with the items of this visit: what both say comes first.
pub(super) fn with_now(wanted: Vec<Proposed>, near: &[Proposed], n: usize) -> Vec<Proposed> {
    let said = shares(near.iter().map(|(item, score, _)| (*item, *score)));
    let most = wanted.iter().map(|(_, score, _)| *score).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut all: BTreeMap<ItemKey, (f64, Cause)> =
        wanted.into_iter().map(|(item, score, cause)| (item, (score.max(0.0) / most, cause))).collect();
    for (item, _, cause) in near {
        let goes = NOW_WEIGHT * said.get(item).copied().unwrap_or(0.0);
        let known = all.entry(*item).or_insert((0.0, *cause));
        // The reason is what says more of it.
        if goes > known.0 {
            known.1 = *cause;
        }
        known.0 += goes;
    }
    best(all.into_iter().map(|(item, (score, cause))| (item, score, cause)).collect(), n)
}

/// Scores as shares of the largest.
fn shares(scored: impl Iterator<Item = (ItemKey, f64)> + Clone) -> BTreeMap<ItemKey, f64> {
    let most = scored.clone().map(|(_, score)| score).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    scored.map(|(item, score)| (item, (score / most).clamp(0.0, 1.0))).collect()
}

fn best(mut all: Vec<Proposed>, n: usize) -> Vec<Proposed> {
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(n);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(scored: &[(u64, f64)]) -> Vec<Proposed> {
        scored.iter().map(|(item, score)| (ItemKey(*item), *score, Cause::New)).collect()
    }

    fn keys(list: &[Proposed]) -> Vec<u64> {
        list.iter().map(|(item, ..)| item.0).collect()
    }

    #[test]
    fn a_shelf_is_shaped_by_taste_and_taste_by_the_shelf() {
        let shelf = list(&[(1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0)]);
        assert_eq!(keys(&by_taste(shelf.clone(), &[], 4)), [1, 2, 3, 4], "nobody's taste");
        let shaped = by_taste(shelf.clone(), &[(ItemKey(4), 8.0), (ItemKey(3), 2.0), (ItemKey(9), 1.0)], 4);
        assert_eq!(keys(&shaped), [4, 1, 2, 3], "{shaped:?}");
        let scores: Vec<f64> = shaped.iter().map(|(_, score, _)| *score).collect();
        assert_eq!(scores, [0.625, 0.5, 0.375, 0.375], "half the place, half the taste");
        assert_eq!(keys(&by_taste(shelf, &[(ItemKey(4), 8.0)], 2)), [4, 1]);
    }

    #[test]
    fn what_goes_with_this_visit_rises_and_what_is_wanted_stays() {
        let wanted = list(&[(1, 4.0), (2, 3.0), (3, 1.0)]);
        let near = [(ItemKey(3), 0.8, Cause::With(ItemKey(7))), (ItemKey(8), 0.2, Cause::With(ItemKey(7)))];
        let both = with_now(wanted, &near, 10);
        assert_eq!(keys(&both), [1, 2, 3, 8]);
        let scores: Vec<f64> = both.iter().map(|(_, score, _)| *score).collect();
        assert_eq!(scores, [1.0, 0.75, 0.75, 0.125]);
        let causes: Vec<Cause> = both.iter().map(|(.., cause)| *cause).collect();
        assert_eq!(causes, [Cause::New, Cause::New, Cause::With(ItemKey(7)), Cause::With(ItemKey(7))]);
    }

    proptest! {
        /// Neither way of blending loses, repeats or invents an item, and both are in order.
        #[test]
        fn lists_hold_each_item_once_in_order(
            one in proptest::collection::btree_map(0_u64..30, 0.0..9.0_f64, 0..20),
            other in proptest::collection::btree_map(0_u64..30, 0.0..9.0_f64, 0..20),
            n in 0_usize..40,
        ) {
            let sorted = |map: &BTreeMap<u64, f64>| best(list(&map.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>()), 99);
            let (first, second) = (sorted(&one), sorted(&other));
            let taste: Vec<(ItemKey, f64)> = second.iter().map(|(item, score, _)| (*item, *score)).collect();
            let shaped = by_taste(first.clone(), &taste, n);
            let both = with_now(first, &second, n);
            let union = one.keys().chain(other.keys()).collect::<std::collections::BTreeSet<_>>().len();
            prop_assert_eq!(shaped.len(), one.len().min(n));
            prop_assert_eq!(both.len(), union.min(n));
            for list in [shaped, both] {
                prop_assert!(list.is_sorted_by(|a, b| a.1 >= b.1));
                let keys: std::collections::BTreeSet<u64> = keys(&list).into_iter().collect();
                prop_assert_eq!(keys.len(), list.len());
            }
        }
    }
}
