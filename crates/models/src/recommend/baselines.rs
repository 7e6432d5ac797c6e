//! What must a recommender beat? What everybody buys, and what the customer always buys.

use super::{HistoryItem, Interactions};
use crate::ModelError;
use primitives::ItemKey;
use std::cmp::Reverse;

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

/// All items that were ever bought, what sold most lately first, ties by key.
///
/// ```text
/// count(i) = sum over rows with item i of 2^(-(age - youngest) / half_life)      ranked by (count descending, key ascending)
/// ```
/// *Units*: `half_life_days` in days, above 0; the larger, the more it is [`rank_by_popularity`]. *Guarantees*: the same for any
/// order of rows. *Cost*: two sorts. *Source*: elementary.
///
/// # Errors
/// What [`Interactions::validate`] refuses.
///
/// ```
/// use models::recommend::{Interaction, Interactions, rank_by_recent_popularity};
/// use primitives::ItemKey;
/// let row = |customer, item, age_days| Interaction { customer, item, age_days, quantity: 1.0 };
/// let rows = vec![row(1, 0, 17.0), row(2, 0, 17.0), row(3, 0, 17.0), row(1, 1, 3.0)];
/// let bought = Interactions { rows, items: vec![ItemKey(5), ItemKey(6), ItemKey(7)], ..Interactions::default() };
/// // Three of two weeks before the youngest count 3 / 4.
/// assert_eq!(rank_by_recent_popularity(&bought, 7.0)?, [ItemKey(6), ItemKey(5)]);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn rank_by_recent_popularity(interactions: &Interactions, half_life_days: f64) -> Result<Vec<ItemKey>, ModelError> {
    interactions.validate()?;
    let youngest = interactions.rows.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min);
    let mut ages: Vec<(u32, f64)> = interactions.rows.iter().map(|row| (row.item, row.age_days)).collect();
    ages.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let counted = ages.chunk_by(|a, b| a.0 == b.0).map(|of_item| {
        let counts = of_item.iter().map(|(_, age)| ((youngest - age) / half_life_days).exp2());
        (counts.sum::<f64>(), interactions.items[of_item[0].0 as usize])
    });
    let mut ranked: Vec<(f64, ItemKey)> = counted.collect();
    ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Ok(ranked.into_iter().map(|(_, key)| key).collect())
}

/// The customer's own items, most occasions first, then by their place in what sells, then by key.
///
/// ```text
/// count(i) = different ages of i in history     ranked by (count descending, place ascending, key ascending)
/// ```
/// What was bought at once is one occasion. `place` is where an item stands among all, `None` last. The list is as long as the
/// customer has different items; a fair comparison fills it up from what sells. *Cost*: one sort of the history.
/// *Source*: elementary.
///
/// ```
/// use models::recommend::{HistoryItem, rank_by_frequency};
/// use primitives::ItemKey;
/// let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
/// let history = [bought(1, 9.0), bought(1, 9.0), bought(2, 5.0), bought(2, 8.0), bought(3, 1.0), bought(4, 2.0)];
/// // Two pieces at once are one occasion, and of equals 3 sells best; nobody knows how 4 sells.
/// let place = |key: ItemKey| [ItemKey(3), ItemKey(1)].iter().position(|other| *other == key);
/// assert_eq!(rank_by_frequency(&history, &place), [ItemKey(2), ItemKey(3), ItemKey(1), ItemKey(4)]);
/// ```
#[must_use]
pub fn rank_by_frequency(history: &[HistoryItem], place: &dyn Fn(ItemKey) -> Option<usize>) -> Vec<ItemKey> {
    let mut bought: Vec<(ItemKey, f64)> = history.iter().map(|bought| (bought.item, bought.age_days)).collect();
    bought.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    bought.dedup_by(|a, b| a.0 == b.0 && a.1.total_cmp(&b.1).is_eq());
    let of_item = |rows: &[(ItemKey, f64)]| (Reverse(rows.len()), place(rows[0].0).unwrap_or(usize::MAX), rows[0].0);
    let mut ranked: Vec<_> = bought.chunk_by(|a, b| a.0 == b.0).map(of_item).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, _, key)| key).collect()
}
