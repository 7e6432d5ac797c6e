//! Which weights between items rebuild what customers have, if no item may speak for itself?

use super::accumulator::Accumulator;
use super::matrix::{Matrix, keep_largest};
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::liked;
use crate::linear::Symmetric;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

settings! {
    /// EASE: the linear autoencoder whose weights have a closed form.
    ///
    /// ```text
    /// w[c]     = n[c]^(-customer_exponent), divided by its mean over purchases       n[c] = different items of customer c
    /// G[i,j]   = sum of w[c] over the customers of both i and j                      of the n_items_max items with most customers
    /// P        = (G + penalty I)^-1
    /// B[i,j]   = - P[i,j] / P[j,j],  B[i,i] = 0           kept for the largest |B[i,j]|, n_kept times the items of them,
    ///                                                     and for the 20 largest of every i
    /// score(j) = sum over i of the customer's items of 2^(-age[i] / half_life_days) B[i,j]
    /// ```
    /// Items beyond `n_items_max` have no weights: this bounds time and memory.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used.
    /// *Cost*: `n^3` operations and `2 n^2` bytes in single precision: 0.2 GB for 10,000 items, 0.8 GB for 20,000.
    /// *Source*: Steck 2019, equation 8, doi:10.1145/3308558.3313710.
    Ease {
        /// What is added to the diagonal, in customers.
        penalty: f64 = 300.0 in 0.01..=10_000_000.0, larger: "trusts only what many customers have together";
        /// How much less a customer with many items says.
        customer_exponent: f64 = 0.5 in 0.0..=2.0, larger: "hears those with few items more";
        /// How many items are learned of, those with most customers first.
        n_items_max: usize = 5_000 in 2..=24_000, larger: "reaches rarer items and costs time with the cube";
        /// How many weights are kept for an item on average.
        n_kept: usize = 200 in 1..=10_000, larger: "is nearer to the whole matrix and costs memory and time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 2_000.0 in 0.01..=36_500.0, larger: "remembers longer";
        /// How many different items of one customer are looked at, the most recent first.
        n_items_of_customer_max: usize = 500 in 2..=100_000, larger: "costs time with the square";
    }
}

const NAME: &str = "EASE member";
/// How many weights every item keeps, however small they are beside those of others.
const N_KEPT_EACH: usize = 20;

/// Weights between items. See [`Ease`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EaseModel {
    settings: Ease,
    /// What each item says of others, of both signs.
    weights: Matrix,
}

impl Ease {
    /// Learns the weights.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range; [`ModelError::Fit`] where the matrix has no inverse.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<EaseModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let by_customer = Matrix::of(prepared, self.n_items_of_customer_max, |_| 1.0);
        let by_item = by_customer.transposed(prepared.n_items());
        let (chosen, rank_of) = most_customers(&by_item, self.n_items_max);
        let weights = self.customer_weights(&by_customer);
        let gram = Symmetric::of(chosen.len(), |at, row| {
            for customer in by_item.columns(chosen[at] as usize) {
                for item in by_customer.columns(*customer as usize) {
                    let rank = rank_of[*item as usize] as usize;
                    if rank <= at {
                        row[rank] += weights[*customer as usize];
                    }
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what is computed in")]
            let penalty = self.penalty as f32;
            row[at] += penalty;
        });
        let inverse = gram.inverted().ok_or_else(|| ModelError::Fit {
            operation: "fit EASE",
            reason: format!("the items' matrix has no inverse; raise Ease.penalty above {}", self.penalty),
        })?;
        Ok(EaseModel {
            settings: self.clone(),
            weights: weights_of(&inverse, &chosen, prepared.n_items(), self.n_kept),
        })
    }

    /// By customer, 1 on average over what they have.
    fn customer_weights(&self, by_customer: &Matrix) -> Vec<f32> {
        let n = |customer: usize| by_customer.columns(customer).len() as f64;
        let raw: Vec<f64> = (0..by_customer.n_rows()).map(|c| n(c).powf(-self.customer_exponent)).collect();
        let total: f64 = raw.iter().enumerate().map(|(c, raw)| raw * n(c)).sum();
        let mean = total / by_customer.n_entries() as f64;
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what is computed in")]
        raw.into_iter().map(|raw| (raw / mean) as f32).collect()
    }
}

/// The `n_max` items with most customers, most first, ties by place; and the rank of every place, `u32::MAX` without one.
fn most_customers(by_item: &Matrix, n_max: usize) -> (Vec<u32>, Vec<u32>) {
    let n_of = |place: u32| by_item.columns(place as usize).len();
    let mut chosen: Vec<u32> = (0..).take(by_item.n_rows()).filter(|place| n_of(*place) > 0).collect();
    chosen.sort_by_key(|place| (Reverse(n_of(*place)), *place));
    chosen.truncate(n_max);
    let mut rank_of = vec![u32::MAX; by_item.n_rows()];
    for (rank, place) in (0_u32..).zip(&chosen) {
        rank_of[*place as usize] = rank;
    }
    (chosen, rank_of)
}

/// The largest weights of all, and of every item its own largest ones.
fn weights_of(inverse: &Symmetric, chosen: &[u32], n_items: usize, n_kept: usize) -> Matrix {
    let n = inverse.n();
    let diagonal = inverse.diagonal();
    let weights = |at: usize, row: &mut Vec<f32>| -> Vec<(u32, f32)> {
        inverse.read_row(at, row);
        let others = (0..n).filter(|other| *other != at);
        others.map(|other| (chosen[other], -row[other] / diagonal[other])).collect()
    };
    let least = least_kept(n, n_kept.saturating_mul(n), weights);
    let kept: Vec<(u32, Vec<(u32, f32)>)> = (0..n)
        .into_par_iter()
        .map_init(
            || vec![0.0; n],
            |row, at| {
                let mut found = weights(at, row);
                let n_large = found.iter().filter(|(_, weight)| bucket(*weight) >= least).count();
                keep_largest(&mut found, n_large.max(N_KEPT_EACH), f32::abs);
                (chosen[at], found)
            },
        )
        .collect();
    let mut rows = vec![Vec::new(); n_items];
    for (place, found) in kept {
        rows[place as usize] = found;
    }
    Matrix::from_rows(rows)
}

/// The size of a weight, coarsely: larger weights have larger numbers, and 2,048 of them double the size.
fn bucket(weight: f32) -> usize {
    (weight.abs().to_bits() >> 12) as usize
}

/// The smallest size that is kept where about `n_max` weights are: counted by size instead of sorted, because there are `n^2`.
fn least_kept<W>(n: usize, n_max: usize, weights: W) -> usize
where
    W: Fn(usize, &mut Vec<f32>) -> Vec<(u32, f32)> + Sync,
{
    let n_buckets = bucket(f32::INFINITY) + 1;
    let empty = || (vec![0_usize; n_buckets], vec![0.0; n]);
    let counted = (0..n).into_par_iter().fold(empty, |(mut counts, mut row), at| {
        weights(at, &mut row).iter().for_each(|(_, weight)| counts[bucket(*weight)] += 1);
        (counts, row)
    });
    let (counts, _) = counted.reduce(empty, |(mut counts, row), (more, _)| {
        counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        (counts, row)
    });
    let mut n_kept = 0;
    let mut fits = |count: &usize| {
        n_kept += count;
        n_kept <= n_max
    };
    n_buckets - counts.iter().rev().take_while(|count| fits(count)).count()
}

impl Member for EaseModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        for liked in liked(own, self.settings.half_life_days) {
            for (item, weight) in self.weights.row(liked.place as usize) {
                sums.add(item, liked.weight * f64::from(weight), liked.source);
            }
        }
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.weights.check(NAME, n_items, n_items)
    }
}
