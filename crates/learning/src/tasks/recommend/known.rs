//! What have customers bought, as recommenders want it?

use crate::{Dataset, LearningError, Wanted};
use features::{FeatureState, Touched};
use models::recommend::{HistoryItem, Interaction, Interactions, Recommender, RecommenderSettings};
use primitives::{DAY_MS, ItemKey, Seed, Timestamp};

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

/// The hour of the week at which something was had, as a question is told its own; `None` of what was told by days, which is kept
/// as the first moment of the day.
pub(super) fn hour_of_week(at: Timestamp) -> Option<u16> {
    (at.as_millis().rem_euclid(DAY_MS) != 0).then(|| at.hour_of_week().into())
}

/// Every purchase that was received by a moment, or what else is wanted here.
pub(super) fn interactions(dataset: &Dataset, as_of: Timestamp) -> Interactions {
    let ways = dataset.wanted().ways();
    let touched = dataset.traces().flat_map(|(_, trace)| trace.touched_until(as_of, ways));
    let mut items: Vec<ItemKey> = touched.map(|touched| touched.item).collect();
    items.sort_unstable();
    items.dedup();
    let (mut rows, mut hours) = (Vec::new(), Vec::new());
    for (customer, (_, trace)) in (0_u32..).zip(dataset.traces()) {
        let touched = trace.touched_until(as_of, ways);
        hours.extend(touched.iter().map(|line| hour_of_week(line.at).unwrap_or(Interactions::NO_HOUR)));
        rows.extend(touched.iter().map(|line| Interaction {
            customer,
            item: items.binary_search(&line.item).ok().and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX),
            age_days: as_of.days_since(line.at),
            quantity: pieces(line),
        }));
    }
    let traits = items.iter().map(|key| dataset.item(*key).cloned().unwrap_or_default()).collect();
    Interactions { rows, items, traits, hours }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_by_days_has_no_hour() {
        let at = |text| hour_of_week(Timestamp::parse(text).unwrap());
        assert_eq!((at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z")), (None, None));
        assert_eq!((at("2026-11-23T00:00:00.001Z"), at("2026-11-24T09:59:00Z")), (Some(0), Some(33)));
    }
}
