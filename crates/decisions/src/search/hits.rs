//! What did a search find, whoever asks?

use super::facets::Facet;
use super::seen::Seen;
use super::understand::Meaning;
use primitives::ItemKey;
use serde::{Deserialize, Serialize};

/// What is told of a search beside its items.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// How many items match.
    pub n_found: u64,
    /// What they have in common.
    pub facets: Vec<Facet>,
    /// What of the query was understood as what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub understood: Vec<Meaning>,
    /// The query as it was searched, where words of it were written as no item has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    /// What was asked for and let go, since nothing has it and all the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loosened: Vec<String>,
    /// Whether the items stand in the order in which they came, the newest first, as the query asks for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newest_first: bool,
    /// Of how many items how many could be searched, where that was not all of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searchable: Option<(u64, u64)>,
    /// What else is to be known of this search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An item that may be answered, with what speaks for it whoever asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) number: u32,
    pub(crate) key: ItemKey,
    pub(crate) seen: Seen,
}

/// What a search found, whoever asks.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    pub(crate) candidates: Vec<Candidate>,
    /// What is told of it.
    pub told: Told,
}
