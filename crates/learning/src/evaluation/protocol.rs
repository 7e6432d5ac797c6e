//! How good are lists by one way of asking, and for whom?

use super::{Gain, Numbers};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How good lists are by one way of asking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Whether it is this one by which models are compared.
    pub decides: bool,
    /// How many items were ranked: all that were known.
    pub n_items: u64,
    /// How customers were asked.
    #[serde(flatten)]
    pub all: Slice,
    /// The 95 % intervals of the model's numbers, customers drawn anew.
    pub intervals: BTreeMap<String, Gain>,
    /// By how much the model's NDCG@10 is above each simple answer's, customer by customer.
    pub gains: BTreeMap<String, Gain>,
    /// The same of a part: `repeat` and `new` judge the same lists by what the customer had had before and by what they had
    /// not; `new_only` asks for what they had not had; `cold_customers` had come once; `cold_items` had sold to few.
    pub slices: BTreeMap<String, Slice>,
    /// Which members answer, the first one always. The others of `members_add` were tried and are not missed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// NDCG@10 of each way to put candidates in order, on questions that were asked while learning: each member alone, the
    /// best sum, trees.
    pub orders: Numbers,
    /// By how much NDCG@10 falls there where a member says nothing, neither in the sum nor to the trees.
    pub members_add: Numbers,
}

/// Some customers, and how good their lists are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// How many customers were asked about.
    pub n_test: u64,
    /// The model's numbers.
    pub metrics: Numbers,
    /// The numbers of simple answers, by name.
    pub baselines: BTreeMap<String, Numbers>,
}
