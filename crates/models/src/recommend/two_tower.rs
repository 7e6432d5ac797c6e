//! Which items lie near to a customer, in a space that a network learned of what customers had and of what items are?

mod example;
mod items;
mod learn;
mod tower;

use super::accumulator::Accumulator;
use super::matrix::keep_largest;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use crate::neural::{Matrix, dot};
use crate::settings::settings;
use crate::{ModelError, bytes};
use example::History;
use primitives::Seed;
use serde::{Deserialize, Serialize};
use tower::{Asked, Tower};

settings! {
    /// Two towers: one network says where a customer is, another where each item is, and nearest comes first.
    ///
    /// ```text
    /// item(i)  = own[i] + sum over the terms t of i of term[t] / sqrt(terms an item has on average)
    ///                                                                               own[i] = 0 for what nobody bought
    /// all      = sum over j of 2^(-k[j]/16) item(j) / sqrt(sum of 2^(-2k[j]/16))    k[j] = occasions since the youngest with j
    /// last     = the same over the last occasion alone
    /// customer = all + dense(GELU(dense(last, all, hour of the day + day of the week)))
    /// score(i) = exp(customer · item(i)): how likely it is chosen, beside the others
    /// ```
    /// Each purchase is a choice among those of the others in its batch and some items by chance, corrected for how often each of
    /// them comes (logQ). What is learned of the terms alone places items that nobody bought yet, because `own` is left out now and then.
    /// Terms of few items are left out: their places would be learned by heart, and mislead about the next item that has them.
    /// The last purchases of some customers are held out and say when to stop.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; bounded by a number of examples, not by a clock.
    /// *Cost*: about `n_examples · (batch_size + n_negatives + 4 n_hidden) · n_dimensions · 6` operations.
    /// *Source*: Yi et al. 2019, section 4, doi:10.1145/3298689.3346996 (towers, logQ); Yang et al. 2020, section 3.2,
    /// doi:10.1145/3366424.3386195 (negatives from batch and catalogue); Volkovs et al. 2017 (own embedding left out for cold items).
    TwoTower {
        /// How many numbers place an item.
        n_dimensions: usize = 64 in 2..=512, larger: "tells more items apart and costs memory and time";
        /// Numbers in the hidden layer of the customers' network.
        n_hidden: usize = 128 in 1..=2_048, larger: "bends finer and learns slower";
        /// How many purchases it learns from at most, counted as often as it sees each.
        n_examples: usize = 1_500_000 in 1..=1_000_000_000, larger: "may learn longer";
        /// How many times it sees each purchase at most.
        n_epochs: usize = 20 in 1..=1_000, larger: "may learn longer where there is little to learn from";
        /// Purchases in a step, each of which the others are told apart from.
        batch_size: usize = 512 in 2..=8_192, larger: "takes fewer steps against more others";
        /// Items by chance in a step.
        n_negatives: usize = 128 in 0..=8_192, larger: "knows rare items better";
        /// How far a step goes.
        learning_rate: f64 = 0.003 in 0.000_001..=1.0, larger: "learns faster and less exactly";
        /// The share of numbers that is dropped while learning.
        dropout: f64 = 0.2 in 0.0..=0.9, larger: "relies less on single numbers";
        /// How often an item is learned by its terms alone.
        cold_share: f64 = 0.15 in 0.0..=0.9, larger: "places new items better and known ones less exactly";
        /// How many items must have a term (a word, a category, a brand, a tag, a band of prices), so that it is learned of.
        n_items_of_term: u32 = 20 in 1..=1_000_000, larger: "hears only what much can be learned of";
    }
}

const NAME: &str = "two-tower member";
/// So many items are proposed.
const N_PROPOSED: usize = 200;
/// So many items are looked through for a proposal, the most sold first: what others propose beyond them is scored, too.
const N_SCANNED_MAX: usize = 10_000;
/// Logarithms beyond this are cut off, so that their exponential is a number.
const LOG_MAX: f32 = 60.0;
/// What is proposed follows from no item in particular: no place in the history.
const NO_SOURCE: u32 = u32::MAX;

/// Both towers. See [`TwoTower`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TwoTowerModel {
    settings: TwoTower,
    tower: Tower,
    /// Where each item is, by place.
    items: Matrix,
    /// The items that are looked through, in ascending order.
    scanned: Vec<u32>,
}

impl TwoTower {
    /// Learns both towers.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range; [`ModelError::Fit`] where the steps were too large.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<TwoTowerModel, ModelError> {
        self.validate()?;
        let (tower, items) = learn::learn(self, prepared, seed)?;
        Ok(TwoTowerModel { settings: self.clone(), tower, items, scanned: most_sold(prepared) })
    }
}

/// The items that are looked through.
fn most_sold(prepared: &Prepared) -> Vec<u32> {
    let mut n_sold = vec![0_u32; prepared.n_items()];
    prepared.rows.iter().for_each(|row| n_sold[row.item as usize] += 1);
    let mut places: Vec<u32> = (0..).take(prepared.n_items()).collect();
    places.sort_by_key(|place| (std::cmp::Reverse(n_sold[*place as usize]), *place));
    places.truncate(N_SCANNED_MAX);
    places.sort_unstable();
    places
}

impl TwoTowerModel {
    /// Where the customer is.
    fn customer(&self, own: &Own) -> Vec<f32> {
        let history = History::asked(own);
        let asked = Asked::of([(&history, own.hour_of_week)], |place| place);
        self.tower.answer(&self.items, &asked).values().to_vec()
    }

    fn scores(&self, customer: &[f32], places: &[u32]) -> Vec<f32> {
        let said = |place: &u32| dot(self.items.row(*place as usize), customer).clamp(-LOG_MAX, LOG_MAX).exp();
        places.iter().map(said).collect()
    }
}

impl Member for TwoTowerModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let scores = self.scores(&self.customer(own), &self.scanned);
        let mut best: Vec<(u32, f32)> = self.scanned.iter().copied().zip(scores).collect();
        keep_largest(&mut best, N_PROPOSED, |score| score);
        best.into_iter().for_each(|(place, score)| sums.add(place, f64::from(score), NO_SOURCE));
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        Some(self.scores(&self.customer(own), places))
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        let n_dimensions = self.settings.n_dimensions;
        let fits = (self.items.n_rows(), self.items.n_columns()) == (n_items, n_dimensions)
            && self.items.is_sound()
            && self.tower.is_sound(n_dimensions)
            && self.scanned.iter().all(|place| (*place as usize) < n_items);
        let reason = || "its towers do not fit together or not to the items".to_owned();
        if fits { Ok(()) } else { Err(ModelError::Corrupt { model: NAME, reason: reason() }) }
    }
}

#[cfg(test)]
mod tests;
