//! What have customers bought, as recommenders want it?

use crate::{Dataset, LearningError, Wanted};
use features::{FeatureState, Touched};
use models::recommend::{HistoryItem, Interaction, Interactions, Recommender, RecommenderSettings};
use primitives::{ItemKey, Seed, Timestamp};

/// Fits a recommender on everything that was received by a moment.
pub(crate) fn fit(
    dataset: &Dataset,
    as_of: Timestamp,
    settings: &RecommenderSettings,
    seed: Seed,
) -> Result<Recommender, LearningError> {
    settings.fit(&interactions(dataset, as_of), seed).map_err(LearningError::model("fit the recommender"))
}

/// What a customer has bought, or read, watched or heard, as the recommender wants it: live and in training the same, what the
/// feature state remembers.
#[must_use]
pub(crate) fn history_of(wanted: Wanted, state: &FeatureState, as_of: Timestamp) -> Vec<HistoryItem> {
    let touched = wanted.remembered(state).into_iter();
    touched
        .map(|line| HistoryItem { item: line.item, age_days: as_of.days_since(line.at), quantity: pieces(&line) })
        .collect()
}

/// How many pieces of an item: at least a thousandth, since a purchase of nothing cannot be.
fn pieces(line: &Touched) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the pieces of a line are at most 10^12 thousandths")]
    let milli = line.milli_units.max(1) as f64;
    milli / 1_000.0
}

/// Every purchase that was received by a moment, or what else is wanted here.
pub(super) fn interactions(dataset: &Dataset, as_of: Timestamp) -> Interactions {
    let ways = dataset.wanted().ways();
    let touched = dataset.traces().flat_map(|(_, trace)| trace.touched_until(as_of, ways));
    let mut items: Vec<ItemKey> = touched.map(|touched| touched.item).collect();
    items.sort_unstable();
    items.dedup();
    let mut rows = Vec::new();
    for (customer, (_, trace)) in (0_u32..).zip(dataset.traces()) {
        rows.extend(trace.touched_until(as_of, ways).iter().map(|line| Interaction {
            customer,
            item: items.binary_search(&line.item).ok().and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX),
            age_days: as_of.days_since(line.at),
            quantity: pieces(line),
        }));
    }
    let traits = items.iter().map(|key| dataset.item(*key).cloned().unwrap_or_default()).collect();
    Interactions { rows, items, traits, ..Interactions::default() }
}
