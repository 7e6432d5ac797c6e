//! Which few numbers of every customer and item rebuild who has what?

use super::accumulator::Accumulator;
use super::factors;
use super::matrix::Matrix;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::{Liked, liked};
use crate::linear::{dot, narrow, vectorised};
use crate::neural::Matrix as Dense;
use crate::settings::settings;
use crate::{ModelError, bytes};
use normal::{Normal, Scratch};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

mod normal;

settings! {
    /// Implicit alternating least squares.
    ///
    /// ```text
    /// loss = sum over what customers have of (1 - <w[c], h[i]>)^2 + unobserved sum over all c and i of <w[c], h[i]>^2
    ///      + penalty (sum over c of (n[c] + unobserved I)^nu |w[c]|^2 + sum over i of (m[i] + unobserved C)^nu |h[i]|^2)
    /// w[c] = (unobserved H'H + sum over its items of h h' + penalty (n[c] + unobserved I)^nu)^-1 sum over its items of h
    /// ```
    /// `n[c]` are the items of customer `c`, `m[i]` the customers of item `i`, `C` and `I` how many of both there are. Customers and
    /// items are solved in turn, each by `n_steps` steps of conjugate gradients from where they were. A question is answered for
    /// a customer who is solved anew from what they have (fold-in), with a weight of `2^(-age / half_life_days)` for an item.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads. *Cost*: a round
    /// takes `n_steps (purchases 2 n_factors + (customers + items) n_factors^2)` multiplications.
    /// *Source*: Hu, Koren and Volinsky 2008, doi:10.1109/ICDM.2008.22; weights and regularisation by frequency as in Rendle,
    /// Krichene, Zhang and Koren 2022, equations 2 to 4, doi:10.1145/3523227.3548486; conjugate gradients as in Takács, Pilászy and
    /// Tikk 2011, doi:10.1145/2043932.2043987.
    Als {
        /// How many numbers an item has.
        n_factors: usize = 64 in 1..=1_024, larger: "tells finer tastes apart and costs time with the square";
        /// What it weighs that a customer does not have an item.
        unobserved: f64 = 0.3 in 0.0001..=10.0, larger: "holds back what is merely popular";
        /// How strongly numbers are drawn to 0.
        penalty: f64 = 0.01 in 0.000001..=100.0, larger: "trusts rare items and customers less";
        /// How much more strongly those are drawn to 0 who have more.
        frequency_exponent: f64 = 1.0 in 0.0..=1.0, larger: "lets rare items and customers differ more";
        /// How many times customers and items are solved in turn.
        n_rounds: usize = 12 in 1..=200, larger: "comes closer to the least loss and costs time";
        /// How many steps each of them takes in a round.
        n_steps: usize = 3 in 1..=100, larger: "solves each more exactly and costs time";
        /// How many items it adds by itself, the best of all.
        n_proposed: usize = 100 in 0..=10_000, larger: "reaches further into the catalogue and costs time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 2_000.0 in 0.01..=36_500.0, larger: "remembers longer";
        /// How many different items of one customer are looked at, the most recent first.
        n_items_max: usize = 500 in 2..=100_000, larger: "costs time";
    }
}

const NAME: &str = "ALS member";
/// Steps of a fold-in: it begins at 0 and ends where a step would change almost nothing.
const N_FOLD_IN_STEPS_MAX: usize = 40;

/// Numbers of items. See [`Als`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AlsModel {
    settings: Als,
    /// A row for every item.
    items: Dense,
    /// `unobserved H'H`.
    gram: Dense,
}

impl Als {
    /// Learns the numbers of items.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<AlsModel, ModelError> {
        self.validate()?;
        let by_customer = Matrix::of(prepared, self.n_items_max, |_| 1.0);
        let by_item = by_customer.transposed(prepared.n_items());
        let mut items = factors::first(&by_item, self.n_factors, &mut seed.stream("als", 0));
        let mut customers = Dense::zeros(by_customer.n_rows(), self.n_factors);
        for _ in 0..self.n_rounds {
            self.solve(&by_customer, &items, &mut customers);
            self.solve(&by_item, &customers, &mut items);
        }
        let gram = self.gram(&items);
        Ok(AlsModel { settings: self.clone(), items, gram })
    }

    /// Solves one side where the other is fixed.
    fn solve(&self, rows: &Matrix, fixed: &Dense, solved: &mut Dense) {
        let gram = self.gram(fixed);
        let normal = Normal { factors: fixed, gram: &gram };
        let n_factors = self.n_factors;
        solved.values_mut().par_chunks_mut(n_factors).enumerate().for_each_init(
            || Scratch::new(n_factors),
            |scratch, (row, solution)| {
                let ridge = self.ridge(rows.columns(row).len() as f64, fixed.n_rows());
                normal.solve(rows.row(row), ridge, self.n_steps, scratch, solution);
            },
        );
    }

    fn gram(&self, factors: &Dense) -> Dense {
        let unobserved = narrow(self.unobserved);
        factors.transposed_times(factors).map(|sum| unobserved * sum)
    }

    fn ridge(&self, n_had: f64, n_all: usize) -> f32 {
        narrow(self.penalty * (n_had + self.unobserved * n_all as f64).powf(self.frequency_exponent))
    }
}

impl AlsModel {
    /// The numbers of a customer who likes this.
    fn fold_in(&self, liked: &[Liked]) -> Vec<f32> {
        let settings = &self.settings;
        let mut customer = vec![0.0; settings.n_factors];
        let ridge = settings.ridge(liked.iter().map(|liked| liked.weight).sum(), self.items.n_rows());
        let entries = liked.iter().map(|liked| (liked.place, narrow(liked.weight)));
        let normal = Normal { factors: &self.items, gram: &self.gram };
        normal.solve(entries, ridge, N_FOLD_IN_STEPS_MAX, &mut Scratch::new(settings.n_factors), &mut customer);
        customer
    }
}

impl Member for AlsModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let liked = liked(own, self.settings.half_life_days);
        if liked.is_empty() {
            return;
        }
        let customer = self.fold_in(&liked);
        let scores = vectorised(|| {
            (0_u32..).zip(self.items.rows()).map(|(place, item)| (place, dot(&customer, item))).collect()
        });
        factors::propose(scores, self.settings.n_proposed, liked, [&self.items; 2], sums);
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let customer = self.fold_in(&liked(own, self.settings.half_life_days));
        Some(vectorised(|| places.iter().map(|place| dot(&customer, self.items.row(*place as usize))).collect()))
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        let n_factors = self.settings.n_factors;
        factors::check(NAME, &[(&self.items, n_items), (&self.gram, n_factors)], n_factors)
    }
}

/// Where fitting begins, for whoever computes it another way: a row for every item, by key.
#[cfg(test)]
pub(super) fn first_numbers(settings: &Als, purchases: &super::Interactions) -> Vec<Vec<f64>> {
    let prepared = Prepared::of(purchases).unwrap_or_else(|error| unreachable!("{error}"));
    let by_item = Matrix::of(&prepared, settings.n_items_max, |_| 1.0).transposed(prepared.n_items());
    factors::first(&by_item, settings.n_factors, &mut Seed::new(1).stream("als", 0))
        .rows()
        .map(|row| row.iter().map(|value| f64::from(*value)).collect())
        .collect()
}
