//! Who has churned? **No purchase within 30 days after `as_of`, among those who bought within the 90 days before it.**
//!
//! ```text
//! population(as_of) = a purchase in (as_of - 90 d, as_of] that was known at as_of
//! label(as_of)      = 1 where there is no purchase in (as_of, as_of + 30 d], else 0
//! ```
//! A purchase exactly 30 days after `as_of` still counts as coming back. Whoever has not bought for 90 days is lost
//! already: to foretell that is easy and helps nobody, and it would make every score look better than it is. An order
//! that is refunded later was a purchase: the customer did come back.

use features::{FeatureState, Trace};
use primitives::{DAY_MS, Timestamp};

/// How long a customer has time to come back.
pub const WINDOW_DAYS: i64 = 30;

/// How lately a customer must have bought to be one who can be lost.
pub const ACTIVE_DAYS: i64 = 90;

/// Whether the question makes sense for a customer of whom this was known at `as_of`.
#[must_use]
pub fn is_active(state: &FeatureState, as_of: Timestamp) -> bool {
    state.last_order_at().is_some_and(|last| as_of.millis_since(last) < ACTIVE_DAYS * DAY_MS)
}

/// Whether the customer stayed away.
#[must_use]
pub fn has_churned(trace: &Trace, as_of: Timestamp) -> bool {
    trace.orders_between(as_of, as_of.plus_days(WINDOW_DAYS)).next().is_none()
}
