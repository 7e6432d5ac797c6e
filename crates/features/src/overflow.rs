//! What becomes of the events, orders and views that are too many to be remembered one by one? They go into buckets, so that
//! no window ends where memory does.

use crate::cell::{Buckets, Count, Tally};
use crate::seen::Seen;
use crate::signal::{Order, View};
use primitives::Currency;
use serde::{Deserialize, Serialize};

/// In how many currencies sums are made. Clients name any three letters, and no customer pays in so many.
const N_CURRENCIES_MAX: usize = 8;

/// What is older than everything that is remembered one by one. Nothing but a word for all who have no more than that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Overflow(Option<Box<Full>>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Full {
    /// By whether the customer did it.
    pub(crate) seen: Buckets<bool, Count>,
    /// By their currency, since sums are made in one. Of too many the first in the order of the alphabet: what was added
    /// decides that, and not when. Of the others it is counted how much there was, and not what it was worth.
    pub(crate) orders: Buckets<Option<Currency>, Orders>,
    /// By whether they were put into a cart.
    pub(crate) views: Buckets<bool, Count>,
}

/// What orders and refunds come to: wide enough for every sum of what one of them can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Without refunds.
    pub(crate) n: u64,
    /// Refunds subtract.
    pub(crate) minor: i128,
    /// Without refunds.
    pub(crate) milli_units: i128,
}

impl Tally for Orders {
    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.minor += other.minor;
        self.milli_units += other.milli_units;
    }
}

impl Overflow {
    pub(crate) fn full(&self) -> Option<&Full> {
        self.0.as_deref()
    }

    pub(crate) fn add_seen(&mut self, seen: Seen) {
        self.0.get_or_insert_default().seen.add(seen.at, seen.is_own, Count(1));
    }

    pub(crate) fn add_order(&mut self, order: &Order) {
        let counts = i64::from(!order.is_refund);
        let tally = Orders {
            n: u64::from(!order.is_refund),
            minor: order.minor.into(),
            milli_units: order.milli_units.saturating_mul(counts).into(),
        };
        let orders = &mut self.0.get_or_insert_default().orders;
        let is_new = !orders.has(order.currency);
        orders.add(order.at, order.currency, tally);
        if is_new {
            bound_currencies(orders);
        }
    }

    pub(crate) fn add_view(&mut self, view: &View) {
        self.0.get_or_insert_default().views.add(view.at, view.is_cart, Count(1));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let Some(other) = other.0 else { return };
        let full = self.0.get_or_insert_default();
        full.seen.merge(other.seen);
        full.orders.merge(other.orders);
        bound_currencies(&mut full.orders);
        full.views.merge(other.views);
    }

    pub(crate) fn n_bytes(&self) -> usize {
        let of = |full: &Full| size_of::<Full>() + full.seen.n_bytes() + full.orders.n_bytes() + full.views.n_bytes();
        self.full().map_or(0, of)
    }
}

/// Keeps the first currencies. One that has to go never comes back: those that stay only ever come before it, so the sums
/// are those of what was added, in whichever order.
fn bound_currencies(orders: &mut Buckets<Option<Currency>, Orders>) {
    let keys = orders.keys();
    let Some(last) = keys.iter().filter(|key| key.is_some()).nth(N_CURRENCIES_MAX - 1).copied() else { return };
    if keys.last() > Some(&last) {
        orders.regroup(|of, tally| if of > last { (None, Orders { minor: 0, ..tally }) } else { (of, tally) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EventKey;
    use primitives::{HOUR_MS, Timestamp};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn currency(n: u8) -> Option<Currency> {
        let code = format!("Q{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26));
        (n > 0).then(|| Currency::parse(&code).unwrap())
    }

    /// Orders of some hundred days, in none to three dozen currencies.
    fn orders() -> impl Strategy<Value = Vec<Order>> {
        let one = (0_i64..9_000, 0_u8..37, -5_i64..1_000, any::<bool>());
        proptest::collection::vec(one, 0..80).prop_map(|all| {
            let order = |(hour, of, minor, is_refund)| Order {
                at: Timestamp::from_millis(hour * HOUR_MS),
                key: EventKey(1),
                minor,
                currency: currency(of),
                n_lines: 1,
                milli_units: 1_000,
                is_refund,
                is_vouched: true,
            };
            all.into_iter().map(order).collect()
        })
    }

    fn of(orders: &[Order]) -> Overflow {
        let mut overflow = Overflow::default();
        orders.iter().for_each(|order| overflow.add_order(order));
        overflow
    }

    proptest! {
        /// However many currencies there are, the first eight have their whole sums, every order is counted, and neither the
        /// order nor the way of coming together matters.
        #[test]
        fn of_many_currencies_the_first_are_summed_and_everything_is_counted(
            (all, shuffled) in orders().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            split in 0_usize..80,
        ) {
            let found = of(&all);
            prop_assert_eq!(&of(&shuffled), &found);
            let (before, after) = shuffled.split_at(split.min(shuffled.len()));
            let mut merged = of(before);
            merged.merge(of(after));
            prop_assert_eq!(&merged, &found);

            let named: BTreeSet<Currency> = all.iter().filter_map(|order| order.currency).collect();
            let first: BTreeSet<Option<Currency>> = named.into_iter().take(8).map(Some).collect();
            let mut sums: BTreeMap<Option<Currency>, i128> = BTreeMap::new();
            for order in all.iter().filter(|order| order.currency.is_none() || first.contains(&order.currency)) {
                *sums.entry(order.currency).or_default() += i128::from(order.minor);
            }
            let (mut summed, mut n, mut milli_units) = (BTreeMap::new(), 0, 0);
            if let Some(full) = found.full() {
                full.orders.ever(|of, orders| {
                    *summed.entry(of).or_default() += orders.minor;
                    n += orders.n;
                    milli_units += orders.milli_units;
                });
            }
            // Of those that are only counted nothing is summed.
            summed.entry(None).or_default();
            sums.entry(None).or_default();
            prop_assert_eq!(summed, sums);
            let counted = all.iter().filter(|order| !order.is_refund).count();
            prop_assert_eq!((n, milli_units), (counted as u64, counted as i128 * 1_000));
        }
    }
}
