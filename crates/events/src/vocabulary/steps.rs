//! Which step of a purchase does an event's name stand for?

use super::dialect::{Dialect, PLAIN, SHOPIFY};
use crate::CommerceStep::{self, Added, Checkout, ListViewed, Ordered, Other, Refunded, Removed, Searched, Viewed};

/// What the specifications say about an event of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    /// The name in lower case, with spaces between its words.
    pub(crate) name: &'static str,
    pub(crate) step: CommerceStep,
    /// Whether the properties themselves describe one product.
    pub(crate) is_about_one_product: bool,
    pub(crate) dialect: &'static Dialect,
}

const fn plain(name: &'static str, step: CommerceStep) -> Named {
    Named { name, step, is_about_one_product: false, dialect: &PLAIN }
}

const fn product(name: &'static str, step: CommerceStep) -> Named {
    Named { name, step, is_about_one_product: true, dialect: &PLAIN }
}

const fn shopify(name: &'static str, step: CommerceStep) -> Named {
    Named { name, step, is_about_one_product: false, dialect: &SHOPIFY }
}

/// Every name that is understood, in the order of its bytes, so that it can be found by halving.
///
/// Of Shopify's two messages about one order, `orders/create` is the purchase; to count `orders/paid` as well would
/// count it twice.
pub(crate) static NAMES: [Named; 53] = [
    plain("add payment info", Checkout),
    plain("add shipping info", Checkout),
    product("add to cart", Added),
    product("add to wishlist", Added),
    plain("begin checkout", Checkout),
    plain("cart shared", Other),
    plain("cart viewed", Checkout),
    shopify("carts/create", Checkout),
    shopify("carts/update", Checkout),
    plain("checkout started", Checkout),
    plain("checkout step completed", Checkout),
    plain("checkout step viewed", Checkout),
    shopify("checkouts/create", Checkout),
    shopify("checkouts/update", Checkout),
    plain("coupon applied", Other),
    plain("coupon denied", Other),
    plain("coupon entered", Other),
    plain("coupon removed", Other),
    plain("order canceled", Refunded),
    plain("order cancelled", Refunded),
    plain("order completed", Ordered),
    plain("order refunded", Refunded),
    plain("order updated", Other),
    shopify("orders/cancelled", Refunded),
    shopify("orders/create", Ordered),
    plain("payment info entered", Checkout),
    product("product added", Added),
    product("product added to wishlist", Added),
    product("product clicked", Viewed),
    plain("product list filtered", ListViewed),
    plain("product list viewed", ListViewed),
    product("product removed", Removed),
    product("product removed from wishlist", Removed),
    product("product reviewed", Other),
    product("product shared", Other),
    product("product viewed", Viewed),
    plain("products searched", Searched),
    plain("promotion clicked", Other),
    plain("promotion viewed", Other),
    plain("purchase", Ordered),
    plain("refund", Refunded),
    shopify("refunds/create", Refunded),
    product("remove from cart", Removed),
    product("remove from wishlist", Removed),
    plain("search", Searched),
    product("select item", Viewed),
    plain("select promotion", Other),
    plain("view cart", Checkout),
    product("view item", Viewed),
    plain("view item list", ListViewed),
    plain("view promotion", Other),
    plain("view search results", Searched),
    product("wishlist product added to cart", Added),
];

/// What a name in small letters stands for, or `None` where it is not one of the specifications'.
pub(super) fn named(plain: &[u8]) -> Option<&'static Named> {
    let found = NAMES.binary_search_by(|known| known.name.as_bytes().cmp(plain)).ok()?;
    NAMES.get(found)
}

/// Words of which each makes an event look like one about a purchase.
pub(crate) const WORDS: [&str; 21] = [
    "basket",
    "bought",
    "buy",
    "cart",
    "carts",
    "checkout",
    "checkouts",
    "order",
    "ordered",
    "orders",
    "payment",
    "product",
    "products",
    "purchase",
    "purchased",
    "purchases",
    "refund",
    "refunded",
    "refunds",
    "transaction",
    "wishlist",
];

/// Whether a name speaks of a purchase: `OrderPlaced`, `basket_emptied`. Words end where letters do, and before a
/// capital that follows a small letter.
pub(super) fn speaks_of_commerce(name: &str) -> bool {
    let mut start = 0;
    let mut before = b' ';
    for (i, byte) in name.bytes().chain([b' ']).enumerate() {
        let is_new_word = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
        if is_new_word || !byte.is_ascii_alphabetic() {
            if name.get(start..i).is_some_and(is_one_of_the_words) {
                return true;
            }
            start = if is_new_word { i } else { i + 1 };
        }
        before = byte;
    }
    false
}

fn is_one_of_the_words(word: &str) -> bool {
    (3..=11).contains(&word.len()) && WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}
