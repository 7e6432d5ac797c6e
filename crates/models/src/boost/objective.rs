//! What are the trees to make small? The contract of a loss, and the losses that there are.

mod cox;
mod lambda_rank;
mod ndcg;
mod pointwise;
mod softmax;
#[cfg(test)]
mod tests;
mod xe_ndcg;

pub use cox::Cox;
pub use lambda_rank::LambdaRank;
pub use pointwise::{Gamma, Logistic, Poisson, Quantile, Squared, Tweedie};
pub use softmax::Softmax;
pub use xe_ndcg::XeNdcg;

use crate::ModelError;
use primitives::Seed;
use std::ops::Range;

/// What an objective is given: labels with their weights, and which rows belong together.
#[derive(Debug, Clone)]
pub struct Targets<'a> {
    /// The label of every row; what it means is the objective's.
    pub labels: &'a [f64],
    /// The weight of every row, finite and not negative.
    pub weights: Vec<f64>,
    /// The rows of every group, one after the other; empty where there are no groups.
    pub groups: Vec<Range<usize>>,
}

/// The gradient and the second derivative of a row's loss by its score.
pub type Pair = [f64; 2];

/// A loss that trees can be grown for. It says what its labels may be, and prepares what stays the same in all rounds.
pub trait Objective: Sync + std::fmt::Debug {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// How many scores a row has.
    fn n_outputs(&self) -> usize {
        1
    }

    /// Checks the labels and gets ready.
    ///
    /// # Errors
    /// [`ModelError::Value`] for a label that it cannot learn from, [`ModelError::Setting`] for a parameter outside its
    /// range, [`ModelError::Shape`] where groups are needed and missing, [`ModelError::OneClass`] and
    /// [`ModelError::NothingToLearn`] where there is nothing to tell apart.
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError>;

    /// What a score means: a probability, a mean, the score itself.
    fn link(&self, score: f64) -> f64 {
        score
    }
}

/// A loss on given rows. `scores[k][row]` is the `k`-th score of a row.
pub trait Loss: Sync {
    /// The scores before the first tree, equal for all rows.
    fn initial(&self) -> Vec<f64>;

    /// The derivatives of the weighted loss, and what an unbounded step needs in the place of the second.
    ///
    /// `round` counts the trees and `seed` is the fit's, for losses that draw by chance.
    fn gradients(&self, scores: &[Vec<f64>], round: u64, seed: Seed, into: &mut [Vec<Pair>]);

    /// The mean weighted loss, by which early stopping judges.
    fn loss(&self, scores: &[Vec<f64>]) -> f64;

    /// The best step for the rows of a leaf, where it is not `-G / (H + l2)`.
    fn step(&self, rows: &[u32], scores: &[f64]) -> Option<f64> {
        let _ = (rows, scores);
        None
    }
}

/// The sum of what `part` finds in fixed chunks of rows, in their order: the same on any number of threads.
fn sum_of(n_rows: usize, part: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
    use rayon::prelude::*;
    const CHUNK: usize = 16_384;
    let chunks = (0..n_rows.div_ceil(CHUNK)).into_par_iter();
    let sums: Vec<f64> = chunks.map(|chunk| part(chunk * CHUNK..((chunk + 1) * CHUNK).min(n_rows))).collect();
    sums.into_iter().sum()
}

/// The runs of rows of all groups cut out of `pairs`, so that each can be filled by itself.
fn by_group<'a, T>(groups: &[Range<usize>], mut rest: &'a mut [T]) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(groups.len());
    for group in groups {
        let (part, after) = rest.split_at_mut(group.len());
        parts.push(part);
        rest = after;
    }
    parts
}

/// Checks every label by `allowed`, and says what is.
fn check_labels(
    operation: &'static str,
    targets: &Targets<'_>,
    allowed: &'static str,
    is_allowed: impl Fn(f64) -> bool,
) -> Result<(), ModelError> {
    match targets.labels.iter().position(|label| !is_allowed(*label)) {
        None => Ok(()),
        Some(row) => {
            let (what, value) = ("the label of row", targets.labels[row]);
            Err(ModelError::Value { operation, what, row, value, allowed })
        }
    }
}
