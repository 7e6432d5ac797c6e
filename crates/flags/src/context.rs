//! Who is asked for, and under which circumstances?

use crate::buckets::StickyBuckets;
use crate::payload::Experiment;
use crate::value::is_truthy;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Who is asked for.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What is known of them: an object.
    pub attributes: Value,
    /// The page, where there is one.
    pub url: String,
    /// The number of the variation that they get of an experiment, whatever is drawn.
    pub forced_variations: BTreeMap<String, i64>,
    /// The value that they get of a feature, whatever its rules say.
    pub forced_features: Map<String, Value>,
    /// What they got before; `None` where nobody remembers it.
    pub sticky: Option<StickyBuckets>,
    /// Whether only forced variations count.
    pub is_qa: bool,
    /// Whether no experiment runs.
    pub is_disabled: bool,
}

impl Context {
    /// Of somebody of whom this is known.
    #[must_use]
    pub fn of(attributes: Value) -> Self {
        Self { attributes, ..Self::default() }
    }

    /// By which attribute somebody is told apart, and what it says; what counts as no is empty.
    pub(crate) fn hashed(&self, attribute: Option<&str>, fallback: Option<&str>) -> (String, Value) {
        let of = |name: &str| self.attributes.get(name).filter(|value| is_truthy(value)).cloned();
        let attribute = attribute.filter(|name| !name.is_empty()).unwrap_or("id");
        if let Some(value) = of(attribute) {
            return (attribute.to_owned(), value);
        }
        match fallback.and_then(|name| of(name).map(|value| (name.to_owned(), value))) {
            Some(found) => found,
            None => (attribute.to_owned(), Value::String(String::new())),
        }
    }

    /// The attribute that counts where the first is missing: only where variations are remembered.
    pub(crate) fn fallback_of<'e>(&self, experiment: &'e Experiment) -> Option<&'e str> {
        let is_sticky = self.sticky.is_some() && experiment.disable_sticky_bucketing != Some(true);
        experiment.fallback_attribute.as_deref().filter(|_| is_sticky)
    }
}
