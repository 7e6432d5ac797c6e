//! Which of two ways to make a list do customers choose from, when both are drafted into one? As captains choose teams: in each round a
//! coin says who picks first, and each side picks its best item that is not taken.

use crate::{Parameters, Question};
use primitives::{ItemKey, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// The two ways.
pub(crate) const SIDES: [Side; 2] = [Side::Control, Side::Other];

/// One of two ways to make a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The first variation of an experiment.
    Control,
    /// The second.
    Other,
}

/// An experiment that drafts lists, as a decision met it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interleave {
    /// The experiment.
    pub experiment: String,
    /// What a question says besides for each side, the control first.
    pub sides: [Parameters; 2],
}

/// A list that both sides picked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drafted {
    /// By which experiment.
    #[serde(flatten)]
    pub by: Interleave,
    /// Who picked each item, in the order of the list; nothing where the list was not drafted, since the customer is not known or one of
    /// the sides had nothing for them.
    pub picks: Vec<Side>,
}

impl Interleave {
    /// What a side is asked.
    #[must_use]
    pub fn asked(&self, question: &Question, side: Side) -> Question {
        let mut parameters = question.parameters.clone();
        parameters.extend(self.sides[side as usize].iter().map(|(name, value)| (name.clone(), value.clone())));
        Question { parameters, ..question.clone() }
    }
}

/// Drafts two orders into one list of at most `n`, each item with who picked it.
///
/// ```text
/// round:  a coin says who is first; first and then second pick their best item that is not taken
/// ```
/// *Guarantees*: an item stands once; of every beginning the sides picked as many each, but for one, as long as both have items left;
/// each is first as often as the coin says; what only one has left it picks alone. *Source*: Radlinski et al. 2008,
/// doi:10.1145/1458082.1458092.
pub fn draft(orders: [&[ItemKey]; 2], n: usize, mut is_control_first: impl FnMut() -> bool) -> Vec<(ItemKey, Side)> {
    let mut picks: Vec<(ItemKey, Side)> = Vec::with_capacity(n);
    while picks.len() < n {
        let before = picks.len();
        let turns = if is_control_first() { SIDES } else { [Side::Other, Side::Control] };
        for side in turns {
            let is_free = |item: &&ItemKey| picks.iter().all(|(taken, _)| taken != *item);
            if let Some(item) = orders[side as usize].iter().find(is_free).filter(|_| picks.len() < n) {
                picks.push((*item, side));
            }
        }
        if picks.len() == before {
            break;
        }
    }
    picks
}

/// The coins of a decision: known again when it is made again.
pub(crate) fn coins(seed: Seed) -> impl FnMut() -> bool {
    let mut random = seed.stream("interleave", 0);
    move || random.random::<bool>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn keys(all: &[u64]) -> Vec<ItemKey> {
        all.iter().copied().map(ItemKey).collect()
    }

    /// What comes out with every row of coins there is, each as likely as any other.
    fn all(orders: [&[ItemKey]; 2], n: usize) -> Vec<Vec<(ItemKey, Side)>> {
        let drafted = |coins: u32| {
            let mut at = 0;
            draft(orders, n, || {
                at += 1;
                coins >> (at - 1) & 1 == 1
            })
        };
        (0..1_u32 << n).map(drafted).collect()
    }

    fn wins(lists: &[Vec<(ItemKey, Side)>], chosen: &BTreeSet<u64>) -> [usize; 2] {
        let of = |side| lists.iter().flatten().filter(|(item, own)| *own == side && chosen.contains(&item.0)).count();
        SIDES.map(of)
    }

    fn orders() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
        let order = || proptest::sample::subsequence((0..12_u64).collect::<Vec<_>>(), 0..12).prop_shuffle();
        (order(), order())
    }

    proptest! {
        #[test]
        fn an_item_stands_once_and_each_side_picks_its_best_that_is_left((a, b) in orders(), n in 1_usize..9) {
            let (a, b) = (keys(&a), keys(&b));
            let union: BTreeSet<ItemKey> = a.iter().chain(&b).copied().collect();
            for list in all([&a, &b], n) {
                let items: BTreeSet<ItemKey> = list.iter().map(|(item, _)| *item).collect();
                prop_assert_eq!(items.len(), list.len());
                prop_assert_eq!(list.len(), n.min(union.len()), "as long as there is anything left");
                for (place, (item, side)) in list.iter().enumerate() {
                    let order = [&a, &b][*side as usize];
                    let best = order.iter().find(|one| list[..place].iter().all(|(taken, _)| taken != *one));
                    prop_assert_eq!(best, Some(item));
                }
            }
        }

        /// Of every beginning both picked as many, but for one, as long as both have items left.
        #[test]
        fn no_side_is_ever_more_than_one_ahead(order in Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle(), n in 1_usize..7) {
            let (a, b) = (keys(&(0..12).collect::<Vec<_>>()), keys(&order));
            for list in all([&a, &b], n) {
                for place in 0..=list.len() {
                    let of = |side| list[..place].iter().filter(|(_, own)| *own == side).count();
                    prop_assert!(of(Side::Control).abs_diff(of(Side::Other)) <= 1);
                }
            }
        }

        /// Over all coins both sides contribute as much, at every place and so in all.
        #[test]
        fn both_contribute_equally_in_expectation(order in Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle(), n in 1_usize..7) {
            let (a, b) = (keys(&(0..12).collect::<Vec<_>>()), keys(&order));
            let lists = all([&a, &b], n);
            for place in 0..n {
                let of = |side| lists.iter().filter(|list| list[place].1 == side).count();
                // Of the second of a round the coin says as much as of the first.
                prop_assert_eq!(of(Side::Control), of(Side::Other), "place {}", place);
            }
        }

        /// Where both are the same, whatever is chosen counts as often for one as for the other.
        #[test]
        fn equal_orders_win_half(order in Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle(), n in 1_usize..7, chosen in proptest::collection::btree_set(0..12_u64, 0..12)) {
            let order = keys(&order);
            let lists = all([&order, &order], n);
            prop_assert!(lists.iter().all(|list| list.iter().map(|(item, _)| *item).eq(order.iter().copied().take(n))));
            let [control, other] = wins(&lists, &chosen);
            prop_assert_eq!(control, other);
        }

        /// Sides that change places, with coins the other way round, pick the same for each other.
        #[test]
        fn sides_that_change_places_pick_the_same((a, b) in orders(), n in 1_usize..9, coins in any::<u32>()) {
            let (a, b) = (keys(&a), keys(&b));
            let coin = |at: &mut u32, flip: bool| { *at += 1; (coins >> (*at - 1) & 1 == 1) != flip };
            let (mut i, mut j) = (0, 0);
            let one = draft([&a, &b], n, || coin(&mut i, false));
            let other = draft([&b, &a], n, || coin(&mut j, true));
            let turned = other.into_iter().map(|(item, side)| (item, SIDES[1 - side as usize]));
            prop_assert!(one.into_iter().eq(turned));
        }
    }

    #[test]
    fn the_coins_of_a_decision_are_known_again_and_fall_both_ways() {
        let row = |seed: u64| -> Vec<bool> {
            let mut coin = coins(Seed::new(seed));
            (0..200).map(|_| coin()).collect()
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        let n = row(7).into_iter().filter(|is_heads| *is_heads).count();
        assert!((70..130).contains(&n), "{n}");
    }
}
