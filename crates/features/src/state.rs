//! What is remembered of a customer, so that every feature can be read from it?

use crate::cell::{Cells, Kept};
use crate::channels::{Channels, Contact, Visit};
use crate::consumed::Consumed;
use crate::overflow::Overflow;
use crate::seen::Seen;
use crate::signal::{Line, Order, Signals, View};
use crate::sum::stopping;
use events::Recorded;
use primitives::{Currency, DAY_MS, Timestamp};
use profiles::{CustomerState, Newest, Placed};
use serde::{Deserialize, Serialize};

/// How many of the newest events, orders, lines and views are remembered one by one. Older ones live on in the sums, and
/// but for the lines in the buckets of an [`Overflow`].
const N_SEEN: usize = 96;
pub(crate) const N_ORDERS: usize = 96;
/// How many of the newest products of a customer are remembered one by one.
pub const N_LINES: usize = 384;
pub(crate) const N_VIEWS: usize = 48;

/// What is remembered of one customer: sums over everything, and the newest records one by one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FeatureState {
    pub(crate) n_seen: u64,
    pub(crate) first_seen: Option<Timestamp>,
    /// Nobody makes four billion of them.
    pub(crate) n_orders: u32,
    pub(crate) first_order: Option<Timestamp>,
    pub(crate) n_refunds: u32,
    pub(crate) seen: Newest<Seen, N_SEEN>,
    pub(crate) orders: Newest<Order, N_ORDERS>,
    pub(crate) lines: Newest<Line, N_LINES>,
    pub(crate) consumed: Consumed,
    pub(crate) views: Newest<View, N_VIEWS>,
    /// What is not remembered one by one any more.
    pub(crate) overflow: Overflow,
    /// What is kept for declared features.
    pub(crate) kept: Kept,
    /// What was done lately on pages and screens.
    pub(crate) visit: Visit,
    /// What the channels told.
    pub(crate) channels: Channels,
}

impl FeatureState {
    /// The products bought lately, from old to new.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.lines.as_slice()
    }

    /// What was read, watched, heard or borrowed lately, from old to new: each item once a day.
    #[must_use]
    pub fn consumed(&self) -> &[Line] {
        self.consumed.as_slice()
    }

    /// The orders and refunds made lately, from old to new.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        self.orders.as_slice()
    }

    /// After which moment every product bought is remembered one by one; `None` where all of them are.
    #[must_use]
    pub fn lines_known_after(&self) -> Option<Timestamp> {
        self.lines.first_of_full().map(|line| line.at)
    }

    /// After which moment every order and refund is remembered one by one; `None` where all of them are.
    #[must_use]
    pub fn orders_known_after(&self) -> Option<Timestamp> {
        self.orders.first_of_full().map(|order| order.at)
    }

    /// The currency of the newest order that names one, else of a subscription: amounts in another are left out of sums. What
    /// the company told goes before what only a write key did.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        [true, false].into_iter().find_map(|is_vouched| {
            let orders = self.orders().iter().rev().filter(|order| order.is_vouched == is_vouched);
            orders.filter_map(|order| order.currency).next().or_else(|| self.channels.currency(is_vouched))
        })
    }

    /// The products looked at or put into a cart lately, from old to new.
    #[must_use]
    pub fn views(&self) -> &[View] {
        self.views.as_slice()
    }

    /// What came of the decisions that were told of last, from old to new: at most 64 that met the customer, as many that they sent
    /// away and as many that did what they were for, of what the company told and as many again of what only a write key did.
    #[must_use]
    pub fn contacts(&self) -> Vec<Contact> {
        self.channels.contacts()
    }

    /// Whether a write key told anything of what came of decisions.
    #[must_use]
    pub fn has_claimed_contacts(&self) -> bool {
        self.channels.has_claimed_contacts()
    }

    /// How many events there ever were.
    #[must_use]
    pub fn n_seen(&self) -> u64 {
        self.n_seen
    }

    /// How many orders were ever made.
    #[must_use]
    pub fn n_orders(&self) -> u64 {
        u64::from(self.n_orders)
    }

    /// What was ever spent in a currency, less refunds, in minor units.
    #[must_use]
    pub fn spent(&self, currency: Currency) -> i64 {
        let orders = self.orders().iter().filter(|order| order.currency == Some(currency));
        let mut minor: i128 = orders.map(|order| i128::from(order.minor)).sum();
        if let Some(full) = self.overflow.full() {
            full.orders.ever(|of, orders| minor += if of == Some(currency) { orders.minor } else { 0 });
        }
        stopping(minor)
    }

    /// What an order of the last year came to on average that the company told of, in a currency or in none; `None` where it told of none.
    /// Orders that only a write key told of would make a discount cost as little or as much as whoever holds it likes. Without a default
    /// currency those count that are in the customer's own.
    #[must_use]
    pub fn order_value_told(&self, as_of: Timestamp, default: Option<Currency>) -> Option<f64> {
        let currency = default.or_else(|| self.currency());
        let counts = |order: &&Order| {
            let is_of_year = order.at <= as_of && as_of.millis_since(order.at) < 365 * DAY_MS;
            is_of_year
                && order.is_vouched
                && !order.is_refund
                && (order.currency.is_none() || order.currency == currency)
        };
        let worth = |order: &Order| {
            let digits = order.currency.map_or(2, |currency| currency.digits());
            order.minor as f64 / f64::from(10_u32.pow(digits))
        };
        let (n, sum) =
            self.orders().iter().filter(counts).fold((0_u32, 0.0), |(n, sum), one| (n + 1, sum + worth(one)));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// When the last order was made.
    #[must_use]
    pub fn last_order_at(&self) -> Option<Timestamp> {
        self.orders.as_slice().iter().rev().find(|order| !order.is_refund).map(|order| order.at)
    }

    /// How many orders were made in the last days, refunds left aside.
    #[must_use]
    pub fn n_orders_within(&self, as_of: Timestamp, days: i64) -> u64 {
        let within = |order: &&Order| !order.is_refund && as_of.millis_since(order.at) < days * DAY_MS;
        let mut n = self.orders().iter().filter(within).count() as u64;
        if let Some(full) = self.overflow.full() {
            full.orders.between(as_of, 0, days, |_, orders| n += orders.n);
        }
        n
    }

    /// Visits the moments at which the customer did something in the last 400 days: each of the newest events, and of older ones
    /// the middles of the hours or days that had any. What was done to them is left aside.
    pub fn each_active(&self, mut visit: impl FnMut(Timestamp)) {
        self.seen.as_slice().iter().filter(|seen| seen.is_own).for_each(|seen| visit(seen.at));
        if let Some(full) = self.overflow.full() {
            full.seen.each(|middle, is_own, _| {
                if is_own {
                    visit(middle);
                }
            });
        }
    }

    /// Visits the moments at which was ordered in the last 400 days, with how many orders there were: as
    /// [`FeatureState::each_active`], refunds left aside.
    pub fn each_ordered(&self, mut visit: impl FnMut(Timestamp, u64)) {
        self.orders().iter().filter(|order| !order.is_refund).for_each(|order| visit(order.at, 1));
        if let Some(full) = self.overflow.full() {
            full.orders.each(|middle, _, orders| {
                if orders.n > 0 {
                    visit(middle, orders.n);
                }
            });
        }
    }

    /// When was ordered first.
    #[must_use]
    pub fn first_order_at(&self) -> Option<Timestamp> {
        self.first_order
    }

    /// Takes in what an event tells, its order as it is given here.
    pub(crate) fn add(&mut self, signals: &Signals, order: Option<Order>) {
        let Seen { at, key, .. } = signals.seen;
        signals.told.iter().for_each(|told| self.kept.add(at, key, *told));
        if !signals.is_deed {
            return;
        }
        self.n_seen += 1;
        self.first_seen = earliest(self.first_seen, Some(at));
        self.add_seen(signals.seen);
        if let Some(step) = signals.step {
            self.visit.add(signals.seen.place(), step);
        }
        self.channels.add(at, signals.seen.place(), signals.is_vouched, &signals.channels);
        if let Some(order) = order {
            if order.is_refund {
                self.n_refunds = self.n_refunds.saturating_add(1);
            } else {
                self.n_orders = self.n_orders.saturating_add(1);
                self.first_order = earliest(self.first_order, Some(order.at));
            }
            self.add_order(order);
        }
        signals.lines.iter().for_each(|line| self.lines.add(*line));
        signals.consumed.iter().for_each(|line| self.consumed.add(*line));
        signals.views.iter().for_each(|view| self.add_view(*view));
    }

    fn add_seen(&mut self, seen: Seen) {
        if let Some(seen) = self.seen.displace(seen) {
            self.overflow.add_seen(seen);
        }
    }

    fn add_order(&mut self, order: Order) {
        if let Some(order) = self.orders.displace(order) {
            self.overflow.add_order(&order);
        }
    }

    fn add_view(&mut self, view: View) {
        if let Some(view) = self.views.displace(view) {
            self.overflow.add_view(&view);
        }
    }
}

impl CustomerState for FeatureState {
    type Reads = Cells;

    fn apply(&mut self, recorded: &Recorded, cells: &Cells) {
        if let Some(signals) = Signals::of(recorded, cells) {
            self.add(&signals, signals.order.as_deref().copied());
        }
    }

    fn merge(&mut self, other: Self) {
        self.n_seen += other.n_seen;
        self.first_seen = earliest(self.first_seen, other.first_seen);
        self.n_orders = self.n_orders.saturating_add(other.n_orders);
        self.first_order = earliest(self.first_order, other.first_order);
        self.n_refunds = self.n_refunds.saturating_add(other.n_refunds);
        self.overflow.merge(other.overflow);
        other.seen.into_things().into_iter().for_each(|seen| self.add_seen(seen));
        other.orders.into_things().into_iter().for_each(|order| self.add_order(order));
        self.lines.merge(other.lines);
        self.consumed.merge(other.consumed);
        other.views.into_things().into_iter().for_each(|view| self.add_view(view));
        self.kept.merge(other.kept);
        self.visit.merge(other.visit);
        self.channels.merge(other.channels);
    }

    fn n_bytes(&self) -> usize {
        size_of::<Self>()
            + self.seen.n_bytes()
            + self.orders.n_bytes()
            + self.lines.n_bytes()
            + self.consumed.n_bytes()
            + self.views.n_bytes()
            + self.overflow.n_bytes()
            + self.kept.n_bytes()
            + self.visit.n_bytes()
            + self.channels.n_bytes()
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (known, None) | (None, known) => known,
    }
}
