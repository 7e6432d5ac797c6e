//! What was bought, and for how much? An e-commerce event, read into types.

use primitives::{ItemId, Money};
use serde::{Deserialize, Serialize};

/// Where in a purchase's life the event stands. The names that stand for each are in `docs/events.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CommerceStep {
    /// The customer looked for products.
    Searched,
    /// They saw a list of products.
    ListViewed,
    /// They looked at a product.
    Viewed,
    /// They put one into the cart or on a wishlist.
    Added,
    /// They took one out again.
    Removed,
    /// They looked at the cart, or went on to pay.
    Checkout,
    /// The purchase.
    Ordered,
    /// It was taken back or called off, in whole or in part.
    Refunded,
    /// They read, watched, heard or borrowed it, or liked it: no order, and no money.
    Consumed,
    /// Any other event of the e-commerce specification: promotions, coupons, shares, reviews, changed orders.
    Other,
}

impl CommerceStep {
    /// Its name in the history: `searched`, `list_viewed`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Searched => "searched",
            Self::ListViewed => "list_viewed",
            Self::Viewed => "viewed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Checkout => "checkout",
            Self::Ordered => "ordered",
            Self::Refunded => "refunded",
            Self::Consumed => "consumed",
            Self::Other => "other",
        }
    }
}

/// One product of an e-commerce event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The item: `product_id`, else `sku`, else `item_id`, else `id`.
    pub id: ItemId,
    /// Its name.
    pub name: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// The price of one piece.
    pub price: Option<Money>,
    /// Whether nobody named the price's currency, and it is the default.
    pub lacks_currency: bool,
    /// How many pieces; 1 where nothing is said.
    pub quantity: f64,
}

/// An e-commerce event read into types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commerce {
    /// Where in a purchase's life it stands.
    pub step: CommerceStep,
    /// The order, where one is named.
    pub order_id: Option<String>,
    /// The order's value: `revenue`, else `total`, else `value`, else the sum of price times quantity, where all prices
    /// are in one currency.
    pub value: Option<Money>,
    /// The products, in the order given.
    pub products: Vec<Product>,
}

#[cfg(test)]
mod tests {
    use super::CommerceStep::*;

    #[test]
    fn the_history_has_a_name_of_its_own_for_each_step() {
        let steps = [Searched, ListViewed, Viewed, Added, Removed, Checkout, Ordered, Refunded, Consumed, Other];
        let names = [
            "searched",
            "list_viewed",
            "viewed",
            "added",
            "removed",
            "checkout",
            "ordered",
            "refunded",
            "consumed",
            "other",
        ];
        assert_eq!(steps.map(super::CommerceStep::name), names);
    }
}
