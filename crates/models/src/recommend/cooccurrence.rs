//! Which items do the same customers have, by one of several similarities?

use super::accumulator::Accumulator;
use super::matrix::Matrix;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::liked;
use super::together::{Near, products};
use crate::linear::narrow;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use serde::{Deserialize, Serialize};

settings! {
    /// Item to item: what the same customers have.
    ///
    /// ```text
    /// w[c]      = n[c]^(-customer_exponent)                       n[c] = different items of customer c
    /// m[i]      = sum of w[c] over the customers of i             M = sum of w[c] over all customers
    /// together  = sum over customers of both of w[c] 2^(-|age[c,i] - age[c,j]| / pair_half_life_days)
    /// sim(i,j)  = together / (m[i]^own_exponent m[j]^other_exponent + shrinkage_share M)
    ///             kept for the n_neighbours largest j of every i
    /// score(j)  = sum over i of the customer's items of 2^(-age[i] / half_life_days) sim(i,j)
    /// ```
    /// Exponents of 1/2 and 1/2 are the cosine, 1 and 0 the probability of `j` given `i`, 1 and something between 0 and 1 that
    /// probability with what all have held back. *Guarantees*: the same bits in any order of rows and on any number of threads;
    /// the seed is not used. *Cost*: the sum over customers of their squared number of items.
    /// *Source*: Deshpande and Karypis 2004, equations 3 to 5, doi:10.1145/963770.963776 (cosine, conditional probability with
    /// an exponent, weight of a customer); shrinkage as in Bell and Koren 2007, equation 3, doi:10.1109/ICDM.2007.90; nearness in
    /// time as in Ding and Li 2005, doi:10.1145/1099554.1099689.
    Cooccurrence {
        /// How much less a customer with many items says of each.
        customer_exponent: f64 = 0.5 in 0.0..=2.0, larger: "hears those with few items more";
        /// How much an item with many customers says less of all others.
        own_exponent: f64 = 0.5 in 0.0..=1.0, larger: "hears rare items of the history more";
        /// How much an item with many customers is held back.
        other_exponent: f64 = 0.3 in 0.0..=1.0, larger: "finds rarer items";
        /// The share of all customers that is added to the divisor, so that a pair seen once or twice does not look certain.
        shrinkage_share: f64 = 0.003 in 0.0..=1.0, larger: "trusts only pairs that many customers have";
        /// How many similar items are kept for every item.
        n_neighbours: usize = 100 in 1..=1_000, larger: "reaches further into the catalogue and costs memory and time";
        /// After how many days between them two purchases of a customer count half together.
        pair_half_life_days: f64 = 36_500.0 in 0.01..=36_500.0, larger: "also pairs what was bought at different times";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 200.0 in 0.01..=36_500.0, larger: "remembers longer";
        /// How many different items of one customer are looked at, the most recent first.
        n_items_max: usize = 500 in 2..=100_000, larger: "costs time with the square";
    }
}

/// From this half-life on pairs are not weighed by the time between them: over a century it makes no difference.
const FOREVER_DAYS: f64 = 36_500.0;
const NAME: &str = "item-to-item member";

/// Items with their most similar ones. See [`Cooccurrence`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CooccurrenceModel {
    settings: Cooccurrence,
    /// What each item says of others.
    similar: Matrix,
}

impl Cooccurrence {
    /// Learns similarities.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<CooccurrenceModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let (n_items, plain) = (prepared.n_items(), Matrix::of(prepared, self.n_items_max, |_| 1.0));
        let weights: Vec<f64> =
            (0..plain.n_rows()).map(|c| (plain.columns(c).len() as f64).powf(-self.customer_exponent)).collect();
        let mut mass = vec![0.0; n_items];
        for (weight, row) in weights.iter().zip(plain.rows()) {
            row.for_each(|(item, _)| mass[item as usize] += weight);
        }
        let shrinkage = self.shrinkage_share * weights.iter().sum::<f64>();
        let own: Vec<f64> = mass.iter().map(|mass| mass.powf(self.own_exponent)).collect();
        let other: Vec<f64> = mass.iter().map(|mass| mass.powf(self.other_exponent)).collect();
        let weighted = plain.map(|customer, _, _| narrow(weights[customer as usize].sqrt()));
        let ages = (self.pair_half_life_days < FOREVER_DAYS)
            .then(|| Matrix::of(prepared, self.n_items_max, |bought| narrow(bought[0].age_days)));
        let near = ages.as_ref().map(|ages| Near { ages, half_life_days: narrow(self.pair_half_life_days) });
        let score = |i: u32, j: u32, together: f32| {
            narrow(f64::from(together) / (own[i as usize] * other[j as usize] + shrinkage))
        };
        let similar = products(&weighted, n_items, self.n_neighbours, near.as_ref(), &score);
        Ok(CooccurrenceModel { settings: self.clone(), similar })
    }
}

impl Member for CooccurrenceModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        for liked in liked(own, self.settings.half_life_days) {
            for (item, similarity) in self.similar.row(liked.place as usize) {
                sums.add(item, liked.weight * f64::from(similarity), liked.source);
            }
        }
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.similar.check(NAME, n_items, n_items)
    }
}
