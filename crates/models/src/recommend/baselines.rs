//! What must a recommender beat? What everybody buys, and what the customer always buys.

use super::{HistoryItem, Interactions};
use crate::ModelError;
use primitives::ItemKey;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// All items that were ever bought, most purchases first, ties by key.
///
/// ```text
/// count(i) = rows with item i          ranked by (count descending, key ascending)
/// ```
/// *Cost*: one pass and one sort. *Source*: elementary.
///
/// # Errors
/// What [`Interactions::validate`] refuses.
///
/// ```
/// use models::recommend::{Interaction, Interactions, rank_by_popularity};
/// use primitives::ItemKey;
/// let row = |customer, item| Interaction { customer, item, age_days: 0.0, quantity: 1.0 };
/// let bought = Interactions { rows: vec![row(1, 1), row(2, 1), row(2, 0)], items: vec![ItemKey(5), ItemKey(6), ItemKey(7)], ..Interactions::default() };
/// assert_eq!(rank_by_popularity(&bought)?, [ItemKey(6), ItemKey(5)]);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn rank_by_popularity(interactions: &Interactions) -> Result<Vec<ItemKey>, ModelError> {
    interactions.validate()?;
    let mut counts = vec![0_u64; interactions.items.len()];
    for row in &interactions.rows {
        counts[row.item as usize] += 1;
    }
    let mut ranked: Vec<(Reverse<u64>, ItemKey)> =
        counts.iter().zip(&interactions.items).filter(|(n, _)| **n > 0).map(|(n, key)| (Reverse(*n), *key)).collect();
    ranked.sort_unstable();
    Ok(ranked.into_iter().map(|(_, key)| key).collect())
}

/// The customer's own items, most purchases first, then most recent, then by key.
///
/// ```text
/// count(i) = entries of i in history     ranked by (count descending, smallest age ascending, key ascending)
/// ```
/// The list is as long as the customer has different items; a fair comparison fills it up from [`rank_by_popularity`].
/// *Cost*: one sort of the history. *Source*: elementary.
///
/// ```
/// use models::recommend::{HistoryItem, rank_by_frequency};
/// use primitives::ItemKey;
/// let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
/// let history = [bought(1, 9.0), bought(2, 5.0), bought(1, 8.0), bought(3, 1.0)];
/// assert_eq!(rank_by_frequency(&history), [ItemKey(1), ItemKey(3), ItemKey(2)]);
/// ```
#[must_use]
pub fn rank_by_frequency(history: &[HistoryItem]) -> Vec<ItemKey> {
    let mut own: BTreeMap<ItemKey, (u64, f64)> = BTreeMap::new();
    for bought in history {
        let (count, age_days) = own.entry(bought.item).or_insert((0, f64::INFINITY));
        *count += 1;
        *age_days = age_days.min(bought.age_days);
    }
    let mut ranked: Vec<(ItemKey, u64, f64)> = own.into_iter().map(|(key, (count, age))| (key, count, age)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.2.total_cmp(&b.2)).then(a.0.cmp(&b.0)));
    ranked.into_iter().map(|(key, _, _)| key).collect()
}
