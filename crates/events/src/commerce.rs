//! What was bought, and for how much? Segment's e-commerce events, read into types.

mod reader;
mod steps;
#[cfg(test)]
mod tests;

use crate::{Event, Fields, Rejection};
use primitives::{ItemId, Money};
use reader::{At, Reader, Total};

/// Where in a purchase's life the event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommerceStep {
    /// Products Searched.
    Searched,
    /// Product List Viewed, Product List Filtered.
    ListViewed,
    /// Product Viewed, Product Clicked.
    Viewed,
    /// Product Added, Product Added to Wishlist, Wishlist Product Added to Cart.
    Added,
    /// Product Removed, Product Removed from Wishlist.
    Removed,
    /// Cart Viewed, Checkout Started, Checkout Step Viewed or Completed, Payment Info Entered.
    Checkout,
    /// Order Completed: the purchase.
    Ordered,
    /// Order Refunded, Order Cancelled (or Canceled).
    Refunded,
    /// Any other event of the e-commerce specification: promotions, coupons, shares, reviews, changed orders.
    Other,
}

/// One product of an e-commerce event.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The item: `product_id`, else `sku`, else `id`.
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
    /// The order's value: `revenue`, else `total`, else `value`, else the sum of price times quantity, where all prices
    /// are in one currency.
    pub value: Option<Money>,
    /// The products, in the order given.
    pub products: Vec<Product>,
}

impl Commerce {
    /// Reads an event of Segment's e-commerce specification (version 2); `None` for every other event.
    ///
    /// Names are compared without regard to case, and `_` and `-` count as spaces: some clients send `order_completed`.
    /// Amounts are in major units, as JSON numbers or as text, in the event's `currency` (US dollars where none is
    /// named, as the specification says); a product's own `currency` goes before it. Products are those of `products`,
    /// or else the one that the properties themselves describe.
    ///
    /// # Errors
    /// [`Rejection`] where a property of the specification has a wrong type or an impossible value.
    pub fn read(event: &Event) -> Result<Option<Self>, Rejection> {
        let Some(reader) = Reader::open(event)? else { return Ok(None) };
        let mut products = Vec::new();
        let mut total = Total::default();
        reader.each_product(|product| {
            total.add(&product);
            products.push(product.into_product());
        })?;
        let value = reader.value(&total)?;
        Ok(Some(Self { step: reader.step, order_id: reader.order_id()?, value, products }))
    }

    /// Whether [`Commerce::read`] would succeed, without keeping what it reads.
    pub(crate) fn check(event: &Event) -> Result<(), Rejection> {
        match &event.call {
            crate::Call::Item { item_id: _, traits } => reader::product_fields(traits, At::Traits, None).map(drop),
            _ => {
                let Some(reader) = Reader::open(event)? else { return Ok(()) };
                let mut total = Total::default();
                reader.each_product(|product| total.add(&product))?;
                reader.value(&total)?;
                reader.order_id().map(drop)
            }
        }
    }
}

impl Product {
    /// Reads what an `item` call says: `name`, `category`, `price`, `currency`. The quantity is 1.
    ///
    /// # Errors
    /// [`Rejection`] where one of them has a wrong type or an impossible value.
    pub fn from_item(id: &ItemId, traits: &Fields) -> Result<Self, Rejection> {
        let facts = reader::product_fields(traits, At::Traits, None)?;
        Ok(Self { quantity: 1.0, ..facts.named(id.as_str().into()).into_product() })
    }
}
