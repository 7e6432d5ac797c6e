//! How do two lists become one: what stands on a shelf and what suits a customer, what they want and what goes with what they
//! look at now?

use super::candidate::{Cause, Proposed, worth_of_place};
use primitives::ItemKey;
use std::collections::{BTreeMap, BTreeSet};

/// How much what goes best with the items of this visit counts beside what is wanted most: it stands fourth where only one of
/// both says it.
const NOW_WEIGHT: f64 = 0.75;

/// What stands on a shelf, in the order of a customer's taste, too, best first: half of the score is the place on the shelf, half
/// that by taste, each from 1 for the first down to 0.
pub(super) fn by_taste(stood: Vec<Proposed>, taste: &[ItemKey], n: usize) -> Vec<Proposed> {
    let said: BTreeMap<ItemKey, f64> =
        taste.iter().enumerate().map(|(at, item)| (*item, worth_by_rank(at, taste.len()))).collect();
    let n_stood = stood.len();
    let both = stood.into_iter().enumerate().map(|(at, (item, _, cause))| {
        let suits = said.get(&item).copied().unwrap_or(0.0);
        (item, f64::midpoint(worth_by_rank(at, n_stood), suits), cause)
    });
    best(both.collect(), n)
}

/// What a place counts in an order of `n`: 1 for the first, and less from place to place. Of a recommender's scores the order alone
/// means something.
#[expect(clippy::cast_precision_loss, reason = "a list is short")]
pub(in crate::kinds) fn worth_by_rank(at: usize, n: usize) -> f64 {
    (n - at) as f64 / n as f64
}

/// What is wanted, and what goes with the items of this visit: what both say comes first. However long a list is, at least half
/// of it, rounded down, is what is wanted most.
pub(super) fn with_now(wanted: Vec<Proposed>, near: &[Proposed], n: usize) -> Vec<Proposed> {
    let said = shares(near.iter().map(|(item, score, _)| (*item, *score)));
    let mut all: BTreeMap<ItemKey, (f64, Cause)> = BTreeMap::new();
    for (place, (item, _, cause)) in wanted.iter().enumerate() {
        all.insert(*item, (worth_of_place(place), *cause));
    }
    for (item, _, cause) in near {
        let goes = NOW_WEIGHT * said.get(item).copied().unwrap_or(0.0);
        let known = all.entry(*item).or_insert((0.0, *cause));
        // The reason is what says more of it; that it is popular is none for who looks at something.
        if goes > known.0 || (goes > 0.0 && matches!(known.1, Cause::Model(because) if !because.is_of_history())) {
            known.1 = *cause;
        }
        known.0 += goes;
    }
    let mut blended = best(all.into_iter().map(|(item, (score, cause))| (item, score, cause)).collect(), usize::MAX);
    let own: Vec<ItemKey> = wanted.into_iter().map(|(item, ..)| item).collect();
    place_by_place(&mut blended, &own, n);
    blended
}

/// Puts a list in the order of its scores, but that at least half of each beginning, rounded down, is what is most wanted. No
/// score is above that of the place before it.
fn place_by_place(list: &mut Vec<Proposed>, wanted: &[ItemKey], n: usize) {
    let by_item: BTreeMap<ItemKey, Proposed> = list.iter().map(|one| (one.0, *one)).collect();
    let mut by_score = std::mem::take(list).into_iter().peekable();
    let mut own = wanted.iter().filter_map(|item| by_item.get(item).copied()).peekable();
    let mut taken = BTreeSet::new();
    let (mut n_now, mut most) = (0, f64::INFINITY);
    while list.len() < n {
        while own.next_if(|one| taken.contains(&one.0)).is_some() {}
        while by_score.next_if(|one| taken.contains(&one.0)).is_some() {}
        let most_wanted = own.peek().copied();
        let owed = most_wanted.filter(|_| 2 * n_now > list.len());
        let Some((item, score, cause)) = owed.or_else(|| by_score.peek().copied()) else { break };
        n_now += usize::from(most_wanted.is_some_and(|one| one.0 != item));
        taken.insert(item);
        most = score.min(most);
        list.push((item, most, cause));
    }
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
    use models::recommend::Because;
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
        let shaped = by_taste(shelf.clone(), &[ItemKey(4), ItemKey(9), ItemKey(3)], 4);
        assert_eq!(keys(&shaped), [4, 1, 3, 2], "{shaped:?}");
        let scores: Vec<f64> = shaped.iter().map(|(_, score, _)| *score).collect();
        let expected = [0.625, 0.5, f64::midpoint(0.5, 1.0 / 3.0), 0.375];
        assert_eq!(scores, expected, "half the place, half the taste");
        assert_eq!(keys(&by_taste(shelf, &[ItemKey(4)], 2)), [4, 1]);
    }

    #[test]
    fn what_goes_with_this_visit_rises_and_what_is_wanted_stays() {
        let wanted = list(&[(1, 4.0), (2, 3.0), (3, 1.0)]);
        let near = [(ItemKey(3), 0.8, Cause::With(ItemKey(7))), (ItemKey(8), 0.2, Cause::With(ItemKey(7)))];
        let both = with_now(wanted, &near, 10);
        assert_eq!(keys(&both), [3, 1, 2, 8], "what both say comes first");
        let scores: Vec<f64> = both.iter().map(|(_, score, _)| *score).collect();
        assert_eq!(scores, [10.0 / 12.0 + 0.75, 1.0, 10.0 / 11.0, 0.1875], "whatever the scores are");
        let causes: Vec<Cause> = both.iter().map(|(.., cause)| *cause).collect();
        assert_eq!(causes, [Cause::New, Cause::New, Cause::New, Cause::With(ItemKey(7))]);
    }

    #[test]
    fn one_look_takes_no_more_than_half_of_a_list_whose_scores_lie_close_together() {
        let wanted: Vec<Proposed> = (0..100_u32)
            .map(|at| (ItemKey(u64::from(at)), 1.095 - 0.0005 * f64::from(at), Cause::Model(Because::Popular)))
            .collect();
        let cause = Cause::With(ItemKey(500));
        let mut near: Vec<Proposed> = (50..60).map(|item| (ItemKey(item), 0.9, cause)).collect();
        near.extend((200..210).map(|item| (ItemKey(item), 0.8, cause)));
        let both = with_now(wanted, &near, 6);
        let n_own = both.iter().filter(|(item, ..)| item.0 < 6).count();
        assert!((3..6).contains(&n_own), "{both:?}");
        for (item, _, why) in both {
            assert_eq!(why == cause, (50..60).contains(&item.0), "{item:?}");
        }
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
            let taste: Vec<ItemKey> = second.iter().map(|(item, ..)| *item).collect();
            let shaped = by_taste(first.clone(), &taste, n);
            let both = with_now(first.clone(), &second, n);
            for k in 0..=both.len() {
                let begins = keys(&both[..k]);
                prop_assert!(keys(&first).iter().take(k / 2).all(|item| begins.contains(item)), "{:?} {}", both, k);
            }
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
