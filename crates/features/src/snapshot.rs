//! Which sums do the features share? One pass over the state, as of a moment.

use crate::FeatureState;
use crate::overflow::Full;
use crate::signal::Order;
use crate::sum::stopping;
use primitives::{Currency, DAY_MS, ItemKey, Timestamp};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The windows over which is counted, in days.
pub(crate) const WINDOWS_DAYS: [i64; 5] = [1, 7, 30, 90, 365];

/// A purchase this many days ago counts half in an affinity.
const AFFINITY_HALF_LIFE_DAYS: f64 = 30.0;

/// Counts and amounts within one window that ends at `as_of`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Window {
    pub(crate) n_events: u64,
    pub(crate) n_orders: u64,
    /// In minor units of the customer's currency; refunds subtract.
    pub(crate) minor: i64,
    pub(crate) milli_units: i64,
}

/// What the features are computed from. Each sum is made when a feature first asks for it.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) state: &'a FeatureState,
    pub(crate) as_of: Timestamp,
    windows: OnceCell<Windows>,
    gaps_days: OnceCell<Vec<f64>>,
    affinities: OnceCell<Affinities>,
    habits: OnceCell<Habits>,
}

#[derive(Debug, Default)]
struct Windows {
    /// One for each of [`WINDOWS_DAYS`].
    last: [Window; 5],
    /// The thirty days before the last thirty.
    before: Window,
}

/// Decayed purchases per category and per item, in the order of their keys.
#[derive(Debug, Default)]
struct Affinities {
    categories: BTreeMap<u64, f64>,
    items: BTreeMap<ItemKey, f64>,
}

/// Orders per day of the week, Monday first, and in the daytime's four quarters.
#[derive(Debug, Default)]
struct Habits {
    by_weekday: [u32; 7],
    by_quarter: [u32; 4],
}

impl<'a> Snapshot<'a> {
    pub(crate) fn of(state: &'a FeatureState, as_of: Timestamp) -> Self {
        let (windows, gaps_days) = (OnceCell::new(), OnceCell::new());
        Self { state, as_of, windows, gaps_days, affinities: OnceCell::new(), habits: OnceCell::new() }
    }

    /// The window at a place of [`WINDOWS_DAYS`].
    pub(crate) fn window(&self, place: usize) -> Window {
        self.windows().last[place]
    }

    /// The thirty days before the last thirty.
    pub(crate) fn month_before(&self) -> Window {
        self.windows().before
    }

    /// Days between one order and the next, from old to new.
    pub(crate) fn gaps_days(&self) -> &[f64] {
        let purchases = || self.purchases();
        self.gaps_days
            .get_or_init(|| purchases().zip(purchases().skip(1)).map(|(a, b)| b.at.days_since(a.at)).collect())
    }

    pub(crate) fn last_order(&self) -> Option<Timestamp> {
        self.state.last_order_at()
    }

    /// The currency of the newest order: amounts in another one are left out of sums.
    pub(crate) fn currency(&self) -> Option<Currency> {
        self.state.currency()
    }

    /// Decayed purchases per category.
    pub(crate) fn categories(&self) -> &BTreeMap<u64, f64> {
        &self.affinities().categories
    }

    /// Decayed purchases per item.
    pub(crate) fn items(&self) -> &BTreeMap<ItemKey, f64> {
        &self.affinities().items
    }

    /// Orders per day of the week, Monday first.
    pub(crate) fn orders_by_weekday(&self) -> [u32; 7] {
        self.habits().by_weekday
    }

    /// Orders in the daytime's four quarters.
    pub(crate) fn orders_by_quarter(&self) -> [u32; 4] {
        self.habits().by_quarter
    }

    /// Products looked at or put into a cart in the last days.
    pub(crate) fn n_views(&self, days: i64, is_counted: impl Fn(bool) -> bool) -> u64 {
        let views = self.state.views().iter();
        let within = views.filter(|view| self.as_of.millis_since(view.at) < days * DAY_MS && is_counted(view.is_cart));
        let mut n_views = within.count() as u64;
        if let Some(full) = self.state.overflow.full() {
            full.views.between(self.as_of, 0, days, |is_cart, count| {
                n_views += if is_counted(is_cart) { count.0 } else { 0 };
            });
        }
        n_views
    }

    fn purchases(&self) -> impl Iterator<Item = &'a Order> {
        self.state.orders().iter().filter(|order| !order.is_refund)
    }

    fn windows(&self) -> &Windows {
        self.windows.get_or_init(|| {
            let within = |at: Timestamp, days: i64| self.as_of.millis_since(at) < days * DAY_MS;
            let mut windows = Windows::default();
            for seen in self.state.seen.as_slice() {
                for (window, days) in windows.last.iter_mut().zip(WINDOWS_DAYS) {
                    window.n_events += u64::from(within(seen.at, days));
                }
            }
            let currency = self.currency();
            for order in self.state.orders() {
                for (window, days) in windows.last.iter_mut().zip(WINDOWS_DAYS) {
                    if within(order.at, days) {
                        window.take(order, currency);
                    }
                }
                if within(order.at, 60) && !within(order.at, 30) {
                    windows.before.take(order, currency);
                }
            }
            if let Some(full) = self.state.overflow.full() {
                let days = WINDOWS_DAYS.into_iter().map(|days| (0, days)).chain([(30, 60)]);
                for (window, (from, until)) in windows.last.iter_mut().chain([&mut windows.before]).zip(days) {
                    window.take_overflow(full, self.as_of, from, until, currency);
                }
            }
            windows
        })
    }

    fn affinities(&self) -> &Affinities {
        self.affinities.get_or_init(|| {
            let mut affinities = Affinities::default();
            for line in self.state.lines() {
                let decayed = (-self.as_of.days_since(line.at) / AFFINITY_HALF_LIFE_DAYS).exp2();
                *affinities.items.entry(line.item).or_default() += decayed;
                if line.category != 0 {
                    *affinities.categories.entry(line.category).or_default() += decayed;
                }
            }
            affinities
        })
    }

    fn habits(&self) -> &Habits {
        self.habits.get_or_init(|| {
            let mut habits = Habits::default();
            for order in self.purchases() {
                let hour = usize::from(order.at.hour_of_week());
                habits.by_weekday[hour / 24] += 1;
                habits.by_quarter[hour % 24 / 6] += 1;
            }
            habits
        })
    }

    /// Minor units as major units of the customer's currency.
    pub(crate) fn major(&self, minor: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sums of orders stay below 2^53 minor units")]
        let minor = minor as f64;
        minor / f64::from(10_u32.pow(self.currency().map_or(2, |currency| currency.digits())))
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

    fn take_overflow(&mut self, full: &Full, as_of: Timestamp, from: i64, until: i64, currency: Option<Currency>) {
        full.seen.between(as_of, from, until, |_, count| self.n_events += count.0);
        full.orders.between(as_of, from, until, |of, orders| {
            if of == currency {
                self.minor = stopping(i128::from(self.minor) + orders.minor);
            }
            self.n_orders += orders.n;
            self.milli_units = stopping(i128::from(self.milli_units) + orders.milli_units);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extreme() -> impl Strategy<Value = i64> {
        prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(0), Just(1), any::<i64>()]
    }

    fn orders() -> impl Strategy<Value = Vec<Order>> {
        let one = (0_i64..100, extreme(), extreme(), any::<bool>());
        proptest::collection::vec(one, 0..20).prop_map(|all| {
            let order = |(offset, (day, minor, milli_units, is_refund))| {
                let at = Timestamp::from_millis(day * DAY_MS);
                Order {
                    at,
                    key: events::EventKey(offset),
                    minor,
                    currency: None,
                    n_lines: 1,
                    milli_units,
                    is_refund,
                    is_vouched: true,
                }
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
            for (place, days) in WINDOWS_DAYS.into_iter().enumerate() {
                let window = snapshot.window(place);
                let within = || state.orders().iter().filter(|order| order.at > Timestamp::from_millis((100 - days) * DAY_MS));
                prop_assert_eq!(window.minor, stopping(within().map(|order| order.minor)));
                let pieces = within().filter(|order| !order.is_refund).map(|order| order.milli_units);
                prop_assert_eq!(window.milli_units, stopping(pieces));
            }
            let mut values = Vec::new();
            crate::Catalogue::built_in().all().read(&state, Timestamp::from_millis(100 * DAY_MS), &mut values);
            prop_assert!(values.iter().all(|value| !value.is_infinite()));
        }
    }
}
