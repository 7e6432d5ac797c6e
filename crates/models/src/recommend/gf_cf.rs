//! What remains of a customer's items once the graph of customers and items is smoothed?

use super::accumulator::Accumulator;
use super::matrix::Matrix;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::{Liked, liked};
use super::together::products;
use crate::linear::{add_scaled, dot, narrow, vectorised};
use crate::neural::Matrix as Dense;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use serde::{Deserialize, Serialize};

mod spectrum;

settings! {
    /// GF-CF: a linear and an ideal low-pass filter on the graph of customers and items.
    ///
    /// ```text
    /// R[c,i]   = 1 / sqrt(n[c] m[i]) for what customers have        n[c] = items of c, m[i] = customers of i
    /// V        = the n_factors right singular vectors of R with the largest singular values
    /// score(j) = sum over i of the customer's items of x[i] ((R'R)[i,j] + low_pass_weight sqrt(m[j] / m[i]) <V[i], V[j]>)
    /// x[i]     = 2^(-age[i] / half_life_days)
    /// ```
    /// Of `R'R` the `n_neighbours` largest of every `i` other than itself are kept. What it proposes is what those reach.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads. *Cost*: nothing is trained; the sum over
    /// customers of their squared number of items, and `2 n_rounds n_factors` operations for every purchase.
    /// *Source*: Shen, Wu, Zhang, Shan, Zhang, Letaief and Li 2021, equations 9 to 13, doi:10.1145/3459637.3482264; singular vectors as in
    /// Halko, Martinsson and Tropp 2011, algorithm 4.4, doi:10.1137/090771806.
    GfCf {
        /// How many singular vectors pass.
        n_factors: usize = 64 in 1..=1_024, larger: "lets finer differences between items pass";
        /// What the low-pass filter weighs beside the linear one.
        low_pass_weight: f64 = 0.3 in 0.0..=100.0, larger: "leans on what all customers have in common";
        /// How many items are kept for every item by the linear filter.
        n_neighbours: usize = 200 in 1..=10_000, larger: "reaches further into the catalogue and costs memory and time";
        /// How many times the search for singular vectors is repeated.
        n_rounds: usize = 5 in 1..=50, larger: "finds them more exactly and costs time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 200.0 in 0.01..=36_500.0, larger: "remembers longer";
        /// How many different items of one customer are looked at, the most recent first.
        n_items_max: usize = 500 in 2..=100_000, larger: "costs time with the square";
    }
}

const NAME: &str = "GF-CF member";

/// Both filters. See [`GfCf`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct GfCfModel {
    settings: GfCf,
    /// What each item says of others by the linear filter.
    linear: Matrix,
    /// A row of singular vectors for every item.
    vectors: Dense,
    /// The square root of the customers of every item.
    roots: Vec<f32>,
}

impl GfCf {
    /// Finds both filters.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<GfCfModel, ModelError> {
        self.validate()?;
        let n_items = prepared.n_items();
        let plain = Matrix::of(prepared, self.n_items_max, |_| 1.0);
        let by_item = plain.transposed(n_items);
        let size: Vec<f64> = plain.rows().map(|row| row.len() as f64).collect();
        let root: Vec<f64> = by_item.rows().map(|row| (row.len() as f64).sqrt()).collect();
        let normalised = plain.map(|c, i, _| narrow(1.0 / (size[c as usize].sqrt() * root[i as usize])));
        let linear = products(&normalised, n_items, self.n_neighbours, None, &|_, _, sum| sum);
        let vectors = spectrum::right_vectors(&normalised, n_items, self.n_factors, self.n_rounds, seed);
        Ok(GfCfModel { settings: self.clone(), linear, vectors, roots: root.into_iter().map(narrow).collect() })
    }
}

impl GfCfModel {
    /// The low-pass filter's view of a customer.
    fn smoothed(&self, liked: &[Liked]) -> Vec<f32> {
        let mut sums = vec![0.0; self.vectors.n_columns()];
        for liked in liked {
            let place = liked.place as usize;
            // An item that nobody had has no singular vectors either.
            let weight = if self.roots[place] > 0.0 { narrow(liked.weight) / self.roots[place] } else { 0.0 };
            add_scaled(&mut sums, weight * narrow(self.settings.low_pass_weight), self.vectors.row(place));
        }
        sums
    }

    fn low_pass(&self, smoothed: &[f32], place: u32) -> f32 {
        self.roots[place as usize] * dot(smoothed, self.vectors.row(place as usize))
    }

    fn linear(&self, liked: &[Liked], sums: &mut Accumulator) {
        for liked in liked {
            for (item, value) in self.linear.row(liked.place as usize) {
                sums.add(item, liked.weight * f64::from(value), liked.source);
            }
        }
    }
}

impl Member for GfCfModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let liked = liked(own, self.settings.half_life_days);
        let smoothed = self.smoothed(&liked);
        let mut reached = Accumulator::new(64);
        self.linear(&liked, &mut reached);
        for sum in reached.sums() {
            sums.add(sum.item, sum.score + f64::from(self.low_pass(&smoothed, sum.item)), sum.source);
        }
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let liked = liked(own, self.settings.half_life_days);
        let smoothed = self.smoothed(&liked);
        let mut sums = Accumulator::new(64);
        self.linear(&liked, &mut sums);
        let low_pass = vectorised(|| places.iter().map(|place| self.low_pass(&smoothed, *place)).collect::<Vec<f32>>());
        let scores = places.iter().zip(low_pass);
        Some(scores.map(|(place, low)| low + sums.get(*place).map_or(0.0, |sum| narrow(sum.score))).collect())
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.linear.check(NAME, n_items, n_items)?;
        let roots_fit = self.roots.len() == n_items && self.roots.iter().all(|root| root.is_finite() && *root >= 0.0);
        if !self.vectors.is_sound() || self.vectors.n_rows() != n_items || !roots_fit {
            let reason = "its vectors are not finite numbers for every item".to_owned();
            return Err(ModelError::Corrupt { model: NAME, reason });
        }
        Ok(())
    }
}
