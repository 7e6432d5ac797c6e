//! What in an event do features look at?

use crate::cell::{Cells, Told};
use crate::channels::{Channel, Step, channels_of, step_of};
use crate::seen::Seen;
use events::{Call, Commerce, CommerceStep, EventKey, Product, Recorded};
use primitives::{Currency, ItemKey, Timestamp, stable_hash};
use profiles::Placed;
use serde::{Deserialize, Serialize};

/// An order, or the refund of one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// When.
    pub at: Timestamp,
    /// What tells it from others at the same moment.
    pub key: EventKey,
    /// What it was worth, in minor units; negative for a refund.
    pub minor: i64,
    /// In which currency, where one is known.
    pub currency: Option<Currency>,
    /// Different products in it.
    pub n_lines: u32,
    /// Pieces in it, in thousandths.
    pub milli_units: i64,
    /// Whether it gives money back.
    pub is_refund: bool,
    /// Whether the company told of it, and not whoever holds the public write key.
    pub is_vouched: bool,
}

/// One product of an order, or something that was read, watched, heard or borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What tells its order from others at the same moment.
    pub key: EventKey,
    /// The product's place in the order.
    pub position: u32,
    /// Which item.
    pub item: ItemKey,
    /// Which category, as a [`stable_hash`]; 0 where none is known.
    pub category: u64,
    /// Pieces, in thousandths.
    pub milli_units: i64,
}

/// A product that was looked at or put into a cart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// When.
    pub at: Timestamp,
    /// What tells it from others at the same moment.
    pub key: EventKey,
    /// The product's place in the event.
    pub position: u32,
    /// Which item.
    pub item: ItemKey,
    /// Whether it was put into a cart.
    pub is_cart: bool,
}

impl Placed for Order {
    type Place = (Timestamp, EventKey);
    fn place(&self) -> Self::Place {
        (self.at, self.key)
    }
}

impl Placed for Line {
    type Place = (Timestamp, EventKey, u32);
    fn place(&self) -> Self::Place {
        (self.at, self.key, self.position)
    }
}

impl Placed for View {
    type Place = (Timestamp, EventKey, u32);
    fn place(&self) -> Self::Place {
        (self.at, self.key, self.position)
    }
}

/// What one event tells the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Signals {
    pub(crate) seen: Seen,
    /// Whether something happened, and the customer did not just become known.
    pub(crate) is_deed: bool,
    /// Whether the company told it.
    pub(crate) is_vouched: bool,
    /// What it shows of a visit.
    pub(crate) step: Option<Step>,
    /// Few events are orders: most need no room for one.
    pub(crate) order: Option<Box<Order>>,
    pub(crate) lines: Box<[Line]>,
    /// What was read, watched, heard or borrowed.
    pub(crate) consumed: Box<[Line]>,
    pub(crate) views: Box<[View]>,
    pub(crate) told: Box<[Told]>,
    pub(crate) channels: Box<[Channel]>,
}

impl Signals {
    /// Reads an event. What says nothing about behaviour (identify, group, alias, item) gives signals only where something
    /// is kept of it for a declared feature.
    pub(crate) fn of(recorded: &Recorded, cells: &Cells) -> Option<Self> {
        let event = &recorded.event;
        let is_deed = match event.call {
            Call::Track { .. } | Call::Page { .. } | Call::Screen { .. } => true,
            Call::Identify { .. }
            | Call::Group { .. }
            | Call::Alias { .. }
            | Call::Item { .. }
            | Call::Correction { .. }
            | Call::Separate { .. } => false,
        };
        let told = cells.told(recorded);
        if !is_deed && told.is_empty() {
            return None;
        }
        let deed = event.deed();
        let seen = Seen { at: event.occurred_at, key: event.key(), is_own: deed.is_own() };
        let (step, channels) = (step_of(deed), channels_of(event));
        let is_vouched = event.origin.is_trusted();
        let (lines, consumed, views) = Default::default();
        let mut signals = Self { seen, is_deed, is_vouched, step, order: None, lines, consumed, views, told, channels };
        let Some(commerce) = deed.commerce() else { return Some(signals) };
        match commerce.step {
            CommerceStep::Ordered => {
                signals.order = Some(Box::new(order(seen, commerce, 1, is_vouched)));
                signals.lines = numbered(&commerce.products, |position, product| line(seen, position, product));
            }
            CommerceStep::Consumed => {
                signals.consumed = numbered(&commerce.products, |position, product| line(seen, position, product));
            }
            CommerceStep::Refunded => signals.order = Some(Box::new(order(seen, commerce, -1, is_vouched))),
            CommerceStep::Viewed | CommerceStep::Added => {
                let is_cart = commerce.step == CommerceStep::Added;
                signals.views = numbered(&commerce.products, |position, product| View {
                    at: seen.at,
                    key: seen.key,
                    position,
                    item: ItemKey::from(&product.id),
                    is_cart,
                });
            }
            _ => {}
        }
        Some(signals)
    }
}

fn order(seen: Seen, commerce: &Commerce, sign: i64, is_vouched: bool) -> Order {
    Order {
        at: seen.at,
        key: seen.key,
        minor: commerce.value.map_or(0, |value| value.minor.saturating_mul(sign)),
        currency: commerce.value.map(|value| value.currency),
        n_lines: u32::try_from(commerce.products.len()).unwrap_or(u32::MAX),
        milli_units: commerce.products.iter().map(milli_units).fold(0, i64::saturating_add),
        is_refund: sign < 0,
        is_vouched,
    }
}

fn line(seen: Seen, position: u32, product: &Product) -> Line {
    Line {
        at: seen.at,
        key: seen.key,
        position,
        item: ItemKey::from(&product.id),
        category: product.category.as_deref().map_or(0, stable_hash),
        milli_units: milli_units(product),
    }
}

/// Pieces in thousandths: whole numbers, so that sums are exact in any order. Bounded, so that they cannot overflow.
fn milli_units(product: &Product) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a range that fits")]
    let milli = (product.quantity * 1_000.0).round().clamp(0.0, 1e12) as i64;
    milli
}

fn numbered<T>(products: &[Product], make: impl Fn(u32, &Product) -> T) -> Box<[T]> {
    (0_u32..).zip(products).map(|(position, product)| make(position, product)).collect()
}
