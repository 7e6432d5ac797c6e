//! What did the customer buy next? **The different items of all purchases in (`as_of`, `until`].**

use features::Trace;
use primitives::{ItemKey, Timestamp};
use std::collections::BTreeSet;

/// How many days ahead a recommendation is judged, where there is enough history.
pub const WINDOW_DAYS: i64 = 14;

/// The items bought after `as_of`, up to and including `until`. Items that nobody had bought before count, too: a list
/// that could not name them has missed them.
#[must_use]
pub fn bought(trace: &Trace, as_of: Timestamp, until: Timestamp) -> BTreeSet<ItemKey> {
    trace.items_between(as_of, until).into_iter().collect()
}
