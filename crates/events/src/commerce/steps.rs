//! Which step of a purchase does an event's name stand for?

use super::CommerceStep::{self, Added, Checkout, ListViewed, Ordered, Other, Refunded, Removed, Searched, Viewed};

/// What the specification says about an event of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) step: CommerceStep,
    /// Whether the properties themselves describe one product.
    pub(super) is_about_one_product: bool,
}

/// The longest name of the specification, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// What a name stands for, or `None` where it is not one of the specification's.
pub(super) fn named(name: &str) -> Option<Named> {
    let bytes = name.trim().as_bytes();
    let mut plain = [0_u8; NAME_BYTES_MAX];
    let plain = plain.get_mut(..bytes.len())?;
    for (to, from) in plain.iter_mut().zip(bytes) {
        *to = if matches!(from, b'_' | b'-') { b' ' } else { from.to_ascii_lowercase() };
    }
    let (step, is_about_one_product) = match &*plain {
        b"products searched" => (Searched, false),
        b"product list viewed" | b"product list filtered" => (ListViewed, false),
        b"product viewed" | b"product clicked" => (Viewed, true),
        b"product added" | b"product added to wishlist" | b"wishlist product added to cart" => (Added, true),
        b"product removed" | b"product removed from wishlist" => (Removed, true),
        b"cart viewed" | b"checkout started" | b"checkout step viewed" | b"checkout step completed" => {
            (Checkout, false)
        }
        b"payment info entered" => (Checkout, false),
        b"order completed" => (Ordered, false),
        b"order refunded" | b"order cancelled" | b"order canceled" => (Refunded, false),
        b"order updated" | b"promotion viewed" | b"promotion clicked" | b"cart shared" => (Other, false),
        b"coupon entered" | b"coupon applied" | b"coupon denied" | b"coupon removed" => (Other, false),
        b"product shared" | b"product reviewed" => (Other, true),
        _ => return None,
    };
    Some(Named { step, is_about_one_product })
}
