//! What becomes of the events, orders and views that are too many to be remembered one by one? They go into buckets, so that
//! no window ends where memory does.

use crate::cell::{Buckets, Count, Tally};
use crate::signal::{Order, Seen, View};
use primitives::Currency;
use serde::{Deserialize, Serialize};

/// What is older than everything that is remembered one by one. Nothing but a word for all who have no more than that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Overflow(Option<Box<Full>>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Full {
    pub(crate) seen: Buckets<(), Count>,
    /// By their currency, since sums are made in one.
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
        self.0.get_or_insert_default().seen.add(seen.at, (), Count(1));
    }

    pub(crate) fn add_order(&mut self, order: &Order) {
        let counts = i64::from(!order.is_refund);
        let tally = Orders {
            n: u64::from(!order.is_refund),
            minor: order.minor.into(),
            milli_units: order.milli_units.saturating_mul(counts).into(),
        };
        self.0.get_or_insert_default().orders.add(order.at, order.currency, tally);
    }

    pub(crate) fn add_view(&mut self, view: &View) {
        self.0.get_or_insert_default().views.add(view.at, view.is_cart, Count(1));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let Some(other) = other.0 else { return };
        let full = self.0.get_or_insert_default();
        full.seen.merge(other.seen);
        full.orders.merge(other.orders);
        full.views.merge(other.views);
    }

    pub(crate) fn n_bytes(&self) -> usize {
        let of = |full: &Full| size_of::<Full>() + full.seen.n_bytes() + full.orders.n_bytes() + full.views.n_bytes();
        self.full().map_or(0, of)
    }
}
