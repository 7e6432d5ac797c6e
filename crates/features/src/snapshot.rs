//! Which sums do the features share? One pass over the state, as of a moment.

use crate::FeatureState;
use crate::signal::Order;
use primitives::{Currency, DAY_MS, ItemKey, Timestamp};
use std::collections::BTreeMap;

/// The windows over which is counted, in days.
pub(crate) const WINDOWS_DAYS: [i64; 5] = [1, 7, 30, 90, 365];

/// A purchase this many days ago counts half in an affinity.
const AFFINITY_HALF_LIFE_DAYS: f64 = 30.0;

/// Counts and amounts within one window that ends at `as_of`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Window {
    pub(crate) n_events: u32,
    pub(crate) n_orders: u32,
    /// In minor units of the customer's currency; refunds subtract.
    pub(crate) minor: i64,
    pub(crate) milli_units: i64,
}

/// What the features are computed from.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) state: &'a FeatureState,
    pub(crate) as_of: Timestamp,
    /// One window for each of [`WINDOWS_DAYS`].
    pub(crate) windows: [Window; 5],
    /// The thirty days before the last thirty.
    pub(crate) before: Window,
    /// Days between one order and the next, from old to new.
    pub(crate) gaps_days: Vec<f64>,
    pub(crate) last_order: Option<Timestamp>,
    /// The currency of the newest order: amounts in another one are left out of sums.
    pub(crate) currency: Option<Currency>,
    /// Decayed purchases per category and per item, in the order of their keys.
    pub(crate) categories: BTreeMap<u64, f64>,
    pub(crate) items: BTreeMap<ItemKey, f64>,
    /// Orders per day of the week, Monday first, and in the daytime's four quarters.
    pub(crate) orders_by_weekday: [u32; 7],
    pub(crate) orders_by_quarter: [u32; 4],
}

impl<'a> Snapshot<'a> {
    pub(crate) fn of(state: &'a FeatureState, as_of: Timestamp) -> Self {
        let orders = state.orders();
        let purchases = || orders.iter().filter(|order| !order.is_refund);
        let currency = orders.iter().rev().find_map(|order| order.currency);
        let mut snapshot = Self {
            state,
            as_of,
            windows: [Window::default(); 5],
            before: Window::default(),
            gaps_days: purchases().zip(purchases().skip(1)).map(|(a, b)| b.at.days_since(a.at)).collect(),
            last_order: state.last_order_at(),
            currency,
            categories: BTreeMap::new(),
            items: BTreeMap::new(),
            orders_by_weekday: [0; 7],
            orders_by_quarter: [0; 4],
        };
        snapshot.count_windows();
        for line in state.lines() {
            let decayed = (-as_of.days_since(line.at) / AFFINITY_HALF_LIFE_DAYS).exp2();
            *snapshot.items.entry(line.item).or_default() += decayed;
            if line.category != 0 {
                *snapshot.categories.entry(line.category).or_default() += decayed;
            }
        }
        for order in purchases() {
            let hour = usize::from(order.at.hour_of_week());
            snapshot.orders_by_weekday[hour / 24] += 1;
            snapshot.orders_by_quarter[hour % 24 / 6] += 1;
        }
        snapshot
    }

    fn count_windows(&mut self) {
        let as_of = self.as_of;
        let within = |at: Timestamp, days: i64| as_of.millis_since(at) < days * DAY_MS;
        for seen in self.state.seen.as_slice() {
            for (window, days) in self.windows.iter_mut().zip(WINDOWS_DAYS) {
                window.n_events += u32::from(within(seen.at, days));
            }
        }
        let currency = self.currency;
        for order in self.state.orders() {
            for (window, days) in self.windows.iter_mut().zip(WINDOWS_DAYS) {
                if within(order.at, days) {
                    window.take(order, currency);
                }
            }
            if within(order.at, 60) && !within(order.at, 30) {
                self.before.take(order, currency);
            }
        }
    }

    /// Minor units as major units of the customer's currency.
    pub(crate) fn major(&self, minor: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sums of orders stay below 2^53 minor units")]
        let minor = minor as f64;
        minor / f64::from(10_u32.pow(self.currency.map_or(2, |currency| currency.digits())))
    }
}

impl Window {
    fn take(&mut self, order: &Order, currency: Option<Currency>) {
        if order.currency == currency {
            self.minor = self.minor.saturating_add(order.minor);
        }
        if !order.is_refund {
            self.n_orders += 1;
            self.milli_units = self.milli_units.saturating_add(order.milli_units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::Offset;
    use proptest::prelude::*;

    fn extreme() -> impl Strategy<Value = i64> {
        prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(0), Just(1), any::<i64>()]
    }

    fn orders() -> impl Strategy<Value = Vec<Order>> {
        let one = (0_i64..100, extreme(), extreme(), any::<bool>());
        proptest::collection::vec(one, 0..20).prop_map(|all| {
            let order = |(offset, (day, minor, milli_units, is_refund))| {
                let at = Timestamp::from_millis(day * DAY_MS);
                Order { at, offset: Offset(offset), minor, currency: None, n_lines: 1, milli_units, is_refund }
            };
            (1..).zip(all).map(order).collect()
        })
    }

    /// A sum that stops at the limits of what is kept of it.
    fn stopping(amounts: impl Iterator<Item = i64>) -> i64 {
        let limits = i128::from(i64::MIN)..=i128::from(i64::MAX);
        let sum = amounts.fold(0, |sum, amount| (sum + i128::from(amount)).clamp(*limits.start(), *limits.end()));
        i64::try_from(sum).unwrap()
    }

    proptest! {
        /// Whatever amounts stand in a customer's state, sums stop at their limits: none wraps around, and none is lost.
        #[test]
        fn sums_of_extreme_amounts_stop_at_their_limits(orders in orders()) {
            let mut state = FeatureState::default();
            orders.iter().for_each(|order| state.orders.add(*order));
            let snapshot = Snapshot::of(&state, Timestamp::from_millis(100 * DAY_MS));
            for (window, days) in snapshot.windows.iter().zip(WINDOWS_DAYS) {
                let within = || state.orders().iter().filter(|order| order.at > Timestamp::from_millis((100 - days) * DAY_MS));
                prop_assert_eq!(window.minor, stopping(within().map(|order| order.minor)));
                let pieces = within().filter(|order| !order.is_refund).map(|order| order.milli_units);
                prop_assert_eq!(window.milli_units, stopping(pieces));
            }
            prop_assert!(state.vector(Timestamp::from_millis(100 * DAY_MS)).values.iter().all(|value| !value.is_infinite()));
        }
    }
}
