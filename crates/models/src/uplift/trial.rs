//! Who was treated, with which chance, and what came of it?

use crate::labels::{check_each, check_length, check_numbers};
use crate::{Frame, ModelError, folds};
use primitives::Seed;

pub(super) const OPERATION: &str = "learn whom a treatment changes";
/// Rows that were this sure to be treated, or not to be, say nothing: nobody like them had the other.
const CHANCE_MIN: f64 = 0.02;

/// Whether a row that was treated with such a chance says anything: one of which it was sure is left out.
#[must_use]
pub fn is_open(chance: f64) -> bool {
    (CHANCE_MIN..=1.0 - CHANCE_MIN).contains(&chance)
}

/// Rows of which some were treated by chance.
///
/// *Shapes*: one entry a row in all of them. *Units*: those of the outcome, by choice money or 0 and 1. NaN in `x` is not known.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What was known before.
    pub x: Frame<'a>,
    /// Who was treated.
    pub treated: &'a [bool],
    /// What came.
    pub outcome: &'a [f64],
    /// With which chance each row was treated: the one that was drawn by, not one that was guessed. Rows below 0.02 and above 0.98 are
    /// left out.
    pub chance: &'a [f64],
    /// Whom a row is about: rows of one are never torn apart.
    pub key: &'a [u64],
}

/// Rows that count, on their own.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) x: Vec<f64>,
    pub(super) n_features: usize,
    pub(super) treated: Vec<bool>,
    pub(super) outcome: Vec<f64>,
    pub(super) chance: Vec<f64>,
    pub(super) key: Vec<u64>,
}

impl Trial<'_> {
    /// Checks everything and keeps what counts.
    pub(super) fn rows(&self) -> Result<Rows, ModelError> {
        let n_rows = self.x.n_rows();
        check_length(OPERATION, "the arms", n_rows, self.treated.len())?;
        check_length(OPERATION, "the chances", n_rows, self.chance.len())?;
        check_length(OPERATION, "the keys", n_rows, self.key.len())?;
        check_numbers(OPERATION, n_rows, self.outcome, None)?;
        check_each(OPERATION, "the chance of row", self.chance, "from 0 to 1", |chance| (0.0..=1.0).contains(&chance))?;
        let all = Rows {
            x: self.x.rows().flatten().copied().collect(),
            n_features: self.x.n_features(),
            treated: self.treated.to_vec(),
            outcome: self.outcome.to_vec(),
            chance: self.chance.to_vec(),
            key: self.key.to_vec(),
        };
        let kept: Vec<usize> = (0..n_rows).filter(|row| is_open(self.chance[*row])).collect();
        let rows = all.select(&kept);
        rows.check_arms()?;
        Ok(rows)
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.outcome.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.x[row * self.n_features..(row + 1) * self.n_features]
    }

    /// Some of the rows.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let of = |values: &[f64]| rows.iter().map(|row| values[*row]).collect();
        Self {
            x: rows.iter().flat_map(|row| self.row(*row)).copied().collect(),
            n_features: self.n_features,
            treated: rows.iter().map(|row| self.treated[*row]).collect(),
            outcome: of(&self.outcome),
            chance: of(&self.chance),
            key: rows.iter().map(|row| self.key[*row]).collect(),
        }
    }

    /// The rows of one arm.
    pub(super) fn arm(&self, treated: bool) -> Vec<usize> {
        (0..self.len()).filter(|row| self.treated[*row] == treated).collect()
    }

    /// Refuses rows of which all are treated, or none is.
    pub(super) fn check_arms(&self) -> Result<(), ModelError> {
        let n_treated = self.arm(true).len();
        if n_treated > 0 && n_treated < self.len() {
            return Ok(());
        }
        let (arm, n_rows) = (if n_treated == 0 { "treated" } else { "untreated" }, self.len());
        let reason = format!(
            "of {n_rows} rows with a chance from 0.02 to 0.98 none was {arm}: give a share of customers the other by chance"
        );
        Err(ModelError::NothingToLearn { operation: OPERATION, reason })
    }

    /// For each fold the rows to learn from and those to judge on.
    pub(super) fn splits(&self, n_folds: u32, seed: Seed) -> Vec<(Vec<usize>, Vec<usize>)> {
        let of = folds(&self.key, n_folds, seed);
        (0..n_folds).map(|fold| (0..self.len()).partition(|row| of[*row] != fold)).collect()
    }

    /// How much each row counts so that arms are alike where chances were not.
    pub(super) fn weights(&self) -> Vec<f64> {
        let mean = self.mean_chance();
        let of =
            |(chance, treated): (&f64, &bool)| if *treated { mean / chance } else { (1.0 - mean) / (1.0 - chance) };
        self.chance.iter().zip(&self.treated).map(of).collect()
    }

    pub(super) fn mean_chance(&self) -> f64 {
        self.chance.iter().sum::<f64>() / self.len() as f64
    }
}
