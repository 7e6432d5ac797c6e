//! How is a list of items answered?

use decisions::RankedItem;
use primitives::Probability;
use serde::Serialize;
use utoipa::ToSchema;

/// One recommended item.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ItemReply<'a> {
    id: &'a str,
    /// Comparable within one answer.
    score: f64,
    /// Why, in words.
    reason: &'a str,
    /// Its place in the list, from 1; not there in answers from before it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    /// How likely it was to stand in this place, after those before it: 1 where nothing is left to chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f64>,
}

impl<'a> ItemReply<'a> {
    /// Items, best first.
    pub(super) fn all(items: &'a [RankedItem]) -> Vec<Self> {
        let item = |(place, item): (usize, &'a RankedItem)| Self {
            id: item.id.as_str(),
            score: item.score,
            reason: &item.reason,
            position: item.propensity.map(|_| place + 1),
            propensity: item.propensity.map(Probability::get),
        };
        items.iter().enumerate().map(item).collect()
    }
}
