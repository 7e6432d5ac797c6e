//! How do purchases become a recommender?

use super::item_to_item::ItemToItem;
use super::model::{ItemToItemModel, Learned};
use super::neighbours::{self, Baskets};
use super::prepared::Prepared;
use super::{Interaction, Interactions};
use crate::ModelError;
use primitives::Seed;

impl ItemToItem {
    /// Learns similarities and popularity.
    ///
    /// The seed is accepted because every estimator takes one; nothing here is drawn by chance.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range; what [`Interactions::validate`] refuses.
    pub fn fit(&self, interactions: &Interactions, seed: Seed) -> Result<ItemToItemModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let Prepared { keys, rows, .. } = Prepared::of(interactions)?;
        let popularity = popularity(&rows, keys.len(), self.popularity_half_life_days);
        let baskets = Baskets::new(&rows, keys.len(), self.n_items_max);
        let neighbours = neighbours::similar(&baskets, self.shrinkage, self.n_neighbours, self.n_customers_min);
        Ok(ItemToItemModel::new(Learned { settings: self.clone(), keys, popularity, neighbours }))
    }
}

/// Decayed purchases of every item, divided by their maximum: ages count from the youngest, so that time that passes after all
/// purchases changes nothing. The rows come sorted, so the sums do not depend on the order in which they were given.
fn popularity(rows: &[Interaction], n_items: usize, half_life_days: f64) -> Vec<f64> {
    let youngest = rows.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min);
    let mut counts = vec![0.0; n_items];
    for row in rows {
        counts[row.item as usize] += ((youngest - row.age_days) / half_life_days).exp2();
    }
    let largest = counts.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    counts.iter().map(|count| count / largest).collect()
}
