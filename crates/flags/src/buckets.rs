//! What is remembered of people?

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is remembered of people, by attribute and value: `id||42`.
pub type StickyBuckets = BTreeMap<String, StickyDoc>;

/// What is remembered of one value of an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StickyDoc {
    /// The attribute.
    pub attribute_name: String,
    /// What it says.
    pub attribute_value: String,
    /// The key of the variation by experiment and its version: `checkout__0`.
    pub assignments: BTreeMap<String, String>,
}

impl StickyDoc {
    /// Under which key it is kept.
    #[must_use]
    pub fn key(&self) -> String {
        key_of(&self.attribute_name, &self.attribute_value)
    }
}

pub(crate) fn key_of(attribute: &str, value: &str) -> String {
    format!("{attribute}||{value}")
}
