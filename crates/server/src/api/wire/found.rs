//! What is told of a search beside its items?

use decisions::search::{Completion, Facet, Meaning, Told};
use serde::Serialize;
use utoipa::ToSchema;

/// What is told of a search beside its items, and of completions; nothing of other decisions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct FoundReply<'a> {
    /// How many items match, where items were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<u64>,
    /// What all matches have in common, with how many of them have each: category, brand, ranges of the price, then by name;
    /// `more` says how many other values there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<std::collections::BTreeMap<String, serde_json::Value>>>)]
    facets: Option<&'a [Facet]>,
    /// What of the words was understood as what: `as` names a trait, `price` or `order`, `only` says whether other items are left
    /// out, `not` that those with it are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<std::collections::BTreeMap<String, serde_json::Value>>>)]
    understood: Option<&'a [Meaning]>,
    /// The words as they were searched, where some were written as no item has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<&'a str>,
    /// What was asked for and let go, since nothing has it and all the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    loosened: Option<&'a [String]>,
    /// What else is to be known, such as why there are no items.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a [String]>,
    /// Ways to go on, where that was asked: each with what it is (`as`: `query`, a trait, or `item` with its `id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<std::collections::BTreeMap<String, serde_json::Value>>>)]
    completions: Option<&'a [Completion]>,
}

impl<'a> FoundReply<'a> {
    pub(super) fn of(told: &'a Told) -> Self {
        let some = |words: &'a Vec<String>| Some(words.as_slice()).filter(|words| !words.is_empty());
        Self {
            found: Some(told.n_found),
            facets: Some(&told.facets),
            understood: Some(&told.understood),
            corrected: told.corrected.as_deref(),
            loosened: some(&told.loosened),
            notes: some(&told.notes),
            completions: None,
        }
    }

    pub(super) fn completing(completions: &'a [Completion]) -> Self {
        Self { completions: Some(completions), ..Self::default() }
    }
}
