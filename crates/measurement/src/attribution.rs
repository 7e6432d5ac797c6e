//! What was bought after it was recommended? Decisions joined with the purchases that followed.

use crate::{Share, wilson};
use primitives::{Currency, CustomerId, DAY_MS, DecisionId, ItemKey, Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long after a decision a purchase is counted as following it.
pub const REWARD_WINDOW_DAYS: i64 = 7;

/// What was shown to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// By which decision.
    pub decision: DecisionId,
    /// To whom.
    pub customer: CustomerId,
    /// Which items.
    pub items: Vec<ItemKey>,
    /// When.
    pub decided_at: Timestamp,
}

/// One item of a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    /// By whom.
    pub customer: CustomerId,
    /// Which item.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// What was paid for it; `None` where it is not known.
    pub paid: Option<Money>,
}

/// A purchase and the decision it is credited to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The decision.
    pub decision: DecisionId,
    /// Who bought.
    pub customer: CustomerId,
    /// What.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// What was paid for it.
    pub paid: Option<Money>,
}

/// What followed recommendations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// The share of closed decisions after which at least one shown item was bought.
    pub accepted: Share,
    /// Decisions whose window has not ended: they are not counted, since their customers still have time.
    pub n_open: u64,
    /// Purchases that followed a decision, open ones included, each credited to one decision; sorted by time.
    pub credits: Vec<Credit>,
    /// What was paid in them, in minor units per currency.
    pub revenue_minor: BTreeMap<Currency, i64>,
}

/// Joins decisions with the purchases of shown items by the same customer within the reward window.
///
/// ```text
/// window(d)    = (decided_at[d], decided_at[d] + 7 d]
/// accepted     = closed decisions d with a purchase of an item shown by d in window(d), over all closed decisions
/// closed       = decided_at[d] + 7 d <= now
/// credit(b)    = the latest decision d that showed b's item to b's customer with b in window(d)
/// revenue      = sum of what was paid for credited purchases
/// ```
/// *Shapes*: any number of decisions and purchases, in any order. *Units*: shares from 0 to 1; whole minor units.
/// *Guarantees*: the order of the input does not matter; a purchase is credited once, so revenue is never counted twice;
/// an accepted share counts every decision that was followed, also where a later one gets the credit.
/// *Edge cases*: without closed decisions there is no share, and the reason is said; a purchase at the very moment of the
/// decision does not follow it; one exactly seven days later does.
/// *Cost*: one sort and one look-up a purchase. *Source*: elementary (last touch).
///
/// **Not causal.** Some of these customers would have bought anyway, all the more as what is recommended is what they
/// are likely to buy. What a decision was worth can be told only against a holdout.
///
/// ```
/// use measurement::{Bought, Shown, attribute};
/// use primitives::{ItemKey, Timestamp};
/// let day = |n| Timestamp::from_millis(0).plus_days(n);
/// let shown = |id: &str, item, at| Shown {
///     decision: id.into(), customer: "ann".into(), items: vec![ItemKey(item)], decided_at: day(at),
/// };
/// let bought = Bought { customer: "ann".into(), item: ItemKey(1), at: day(3), paid: None };
/// let found = attribute(&[shown("a", 1, 0), shown("b", 2, 0)], &[bought], day(30));
/// assert_eq!((found.accepted.n_successes, found.accepted.n, found.accepted.value), (1, 2, Some(0.5)));
/// assert_eq!(found.credits[0].decision.as_str(), "a");
/// ```
#[must_use]
pub fn attribute(shown: &[Shown], bought: &[Bought], now: Timestamp) -> Attribution {
    let mut by_item: BTreeMap<(&CustomerId, ItemKey), Vec<(Timestamp, &DecisionId)>> = BTreeMap::new();
    for decision in shown {
        for item in &decision.items {
            by_item.entry((&decision.customer, *item)).or_default().push((decision.decided_at, &decision.decision));
        }
    }
    by_item.values_mut().for_each(|decisions| {
        decisions.sort_unstable();
        decisions.dedup();
    });
    let mut followed: BTreeSet<&DecisionId> = BTreeSet::new();
    let mut credits = Vec::new();
    for purchase in bought {
        let decisions = by_item.get(&(&purchase.customer, purchase.item)).map_or(&[][..], Vec::as_slice);
        let before = decisions.partition_point(|(decided_at, _)| *decided_at < purchase.at);
        let in_window =
            |decision: &&(Timestamp, &DecisionId)| purchase.at.millis_since(decision.0) <= REWARD_WINDOW_DAYS * DAY_MS;
        followed.extend(decisions[..before].iter().filter(in_window).map(|(_, decision)| *decision));
        if let Some((_, decision)) = decisions[..before].last().filter(in_window) {
            credits.push(credit(decision, purchase));
        }
    }
    let order = |credit: &Credit| (credit.at, credit.decision.clone(), credit.item, credit.paid.map(|paid| paid.minor));
    credits.sort_by_key(order);
    let closed: BTreeSet<&DecisionId> = shown
        .iter()
        .filter(|decision| decision.decided_at.plus_days(REWARD_WINDOW_DAYS) <= now)
        .map(|decision| &decision.decision)
        .collect();
    let all: BTreeSet<&DecisionId> = shown.iter().map(|decision| &decision.decision).collect();
    Attribution {
        accepted: wilson(
            followed.intersection(&closed).count() as u64,
            closed.len() as u64,
            "no recommendation is seven days old yet, so nobody has had the time to follow it",
        ),
        n_open: (all.len() - closed.len()) as u64,
        revenue_minor: revenue(&credits),
        credits,
    }
}

fn credit(decision: &DecisionId, purchase: &Bought) -> Credit {
    let Bought { customer, item, at, paid } = purchase.clone();
    Credit { decision: decision.clone(), customer, item, at, paid }
}

fn revenue(credits: &[Credit]) -> BTreeMap<Currency, i64> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for paid in credits.iter().filter_map(|credit| credit.paid) {
        let sum = sums.entry(paid.currency).or_default();
        *sum = sum.saturating_add(paid.minor);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_millis(n * 3_600_000)
    }

    fn shown(id: &str, customer: &str, items: &[u64], decided: i64) -> Shown {
        let items = items.iter().map(|item| ItemKey(*item)).collect();
        Shown { decision: id.into(), customer: customer.into(), items, decided_at: hour(decided) }
    }

    fn bought(customer: &str, item: u64, at: i64, minor: i64) -> Bought {
        let paid = Some(Money { minor, currency: Currency::USD });
        Bought { customer: customer.into(), item: ItemKey(item), at: hour(at), paid }
    }

    const WEEK: i64 = 7 * 24;

    #[test]
    fn the_window_is_open_at_its_beginning_and_closed_at_its_end() {
        for (at, n) in [(99, 0), (100, 0), (101, 1), (100 + WEEK, 1), (101 + WEEK, 0)] {
            let found = attribute(&[shown("a", "ann", &[1], 100)], &[bought("ann", 1, at, 5)], hour(1_000));
            assert_eq!(
                (found.accepted.n_successes, found.credits.len()),
                (n, usize::try_from(n).unwrap()),
                "hour {at}"
            );
        }
    }

    #[test]
    fn revenue_goes_to_the_last_touch_and_every_followed_decision_was_accepted() {
        let decisions = [shown("a", "ann", &[1, 2], 0), shown("b", "ann", &[1, 1], 24), shown("c", "bob", &[1], 30)];
        let purchases = [bought("ann", 1, 48, 700), bought("ann", 2, 48, 50), bought("ann", 3, 48, 9_000)];
        let found = attribute(&decisions, &purchases, hour(1_000));
        let credited: Vec<_> = found.credits.iter().map(|credit| (credit.decision.as_str(), credit.item.0)).collect();
        assert_eq!(credited, [("a", 2), ("b", 1)]);
        assert_eq!((found.accepted.n_successes, found.accepted.n), (2, 3));
        assert_eq!(found.revenue_minor, BTreeMap::from([(Currency::USD, 750)]));
    }

    #[test]
    fn open_decisions_are_not_counted_and_an_empty_share_says_why() {
        let found = attribute(&[shown("a", "ann", &[1], 0)], &[bought("ann", 1, 1, 5)], hour(WEEK - 1));
        assert_eq!((found.accepted.n, found.n_open, found.credits.len()), (0, 1, 1));
        assert!(found.accepted.reason.unwrap().contains("seven days"));
        let closed = attribute(&[shown("a", "ann", &[1], 0)], &[], hour(WEEK));
        assert_eq!((closed.accepted.value, closed.n_open), (Some(0.0), 0));
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_no_purchase_counts_twice(
            decisions in proptest::collection::vec((0_u8..3, 0_u64..4, 0_i64..400), 0..12),
            purchases in proptest::collection::vec((0_u8..3, 0_u64..4, 0_i64..600, 1_i64..100), 0..12),
        ) {
            let decisions: Vec<_> = (0..).zip(&decisions)
                .map(|(i, (who, item, at))| shown(&format!("d{i}"), &who.to_string(), &[*item], *at)).collect();
            let purchases: Vec<_> = purchases.iter().map(|(who, item, at, paid)| bought(&who.to_string(), *item, *at, *paid)).collect();
            let found = attribute(&decisions, &purchases, hour(500));
            let (mut reversed, mut backwards) = (decisions.clone(), purchases.clone());
            reversed.reverse();
            backwards.reverse();
            prop_assert_eq!(&found, &attribute(&reversed, &backwards, hour(500)));
            prop_assert!(found.credits.len() <= purchases.len());
            prop_assert_eq!(found.accepted.n + found.n_open, decisions.len() as u64);
            prop_assert!(found.accepted.n_successes <= found.accepted.n);
        }
    }
}
