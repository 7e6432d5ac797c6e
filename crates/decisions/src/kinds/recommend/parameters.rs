//! What may a question for items say?

use crate::parameter::{Parameter, Takes};
use crate::rules::Repeats;

/// Where a list is shown, by name, as far as it makes a difference.
pub(super) const PLACEMENTS: [&str; 9] =
    ["home", "product", "cart", "thank_you", "email", "because", "trending", "new", "replenish"];

pub(super) const N: Parameter = Parameter {
    name: "n",
    meaning: "How many items",
    takes: Takes::Whole { range: (1, crate::N_ITEMS_MAX), default: Some(10) },
};
pub(super) const PLACEMENT: Parameter = Parameter {
    name: "placement",
    meaning: "Where the list is shown: on the home page, on a product page or in the cart with what goes with the items there, \
              after an order, in an e-mail, because of one item, what sells better than it used to, what is new, or what is due again",
    takes: Takes::Choice { names: &PLACEMENTS, default: Some("home") },
};
pub(super) const ITEM: Parameter = Parameter {
    name: "item",
    meaning: "The id of the item in view",
    takes: Takes::Text { bytes_max: crate::bounds::WORD_BYTES_MAX },
};
pub(super) const CART: Parameter =
    Parameter { name: "cart", meaning: "The ids of the items in the cart, the newest last", takes: Takes::Words };
pub(super) const EXCLUDE: Parameter =
    Parameter { name: "exclude", meaning: "The ids of items that are not to be shown", takes: Takes::Words };
pub(super) const NEW_ONLY: Parameter = Parameter {
    name: "new_only",
    meaning: "Whether only items count that the customer has not bought",
    takes: Takes::Flag,
};
pub(super) const FILTER: Parameter =
    Parameter { name: "filter", meaning: "What the traits of items must be", takes: Takes::Filter };
pub(super) const SEARCH: Parameter = Parameter {
    name: "search",
    meaning: "Only of what these words find, as a search does",
    takes: Takes::Text { bytes_max: 1_000 },
};
pub(super) const BOOST: Parameter =
    Parameter { name: "boost", meaning: "How much more items of a trait's value count", takes: Takes::Lifts };
pub(super) const DIVERSITY: Parameter = Parameter {
    name: "diversity",
    meaning: "How much it counts that the items differ",
    takes: Takes::Number { range: (0.0, 1.0) },
};
pub(super) const REPEATS: Parameter = Parameter {
    name: "repeats",
    meaning: "Whether items are shown again that the customer has bought",
    takes: Takes::Choice { names: &Repeats::NAMES, default: None },
};
pub(super) const PER_CATEGORY_MAX: Parameter = Parameter {
    name: "per_category_max",
    meaning: "The most items of one category; 0 sets no limit",
    takes: Takes::Whole { range: (0, crate::N_ITEMS_MAX), default: None },
};
pub(super) const PER_BRAND_MAX: Parameter = Parameter {
    name: "per_brand_max",
    meaning: "The most items of one brand; 0 sets no limit",
    takes: Takes::Whole { range: (0, crate::N_ITEMS_MAX), default: None },
};
pub(super) const NEW_SHARE_MIN: Parameter = Parameter {
    name: "new_share_min",
    meaning: "The share of the list that the customer has not bought, at least",
    takes: Takes::Number { range: (0.0, 1.0) },
};
pub(super) const MARGIN_WEIGHT: Parameter = Parameter {
    name: "margin_weight",
    meaning: "How much what an item earns counts beside what the customer wants",
    takes: Takes::Number { range: (0.0, 1.0) },
};
pub(super) const EXPLORE_SHARE: Parameter = Parameter {
    name: "explore_share",
    meaning: "How likely each place is drawn from what would not have been shown",
    takes: Takes::Number { range: (0.0, 1.0) },
};

/// Each of them, in the order in which they are told.
pub(super) fn all() -> Vec<Parameter> {
    vec![
        N,
        PLACEMENT,
        ITEM,
        CART,
        EXCLUDE,
        NEW_ONLY,
        FILTER,
        SEARCH,
        DIVERSITY,
        BOOST,
        REPEATS,
        PER_CATEGORY_MAX,
        PER_BRAND_MAX,
        NEW_SHARE_MIN,
        MARGIN_WEIGHT,
        EXPLORE_SHARE,
    ]
}
