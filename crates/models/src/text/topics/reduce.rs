//! In which few directions do messages differ most?

use crate::linear::narrow;
use crate::text::rows::{Row, Rows};
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// So often the directions are turned towards those in which the messages differ most.
const N_TURNS: usize = 5;

/// Some directions of the space of terms, at right angles to each other.
///
/// ```text
/// B = what spans the leading right singular vectors of X,   found by B <- orthonormal(X' X B)
/// ```
/// Angles between messages depend on the span alone, so no singular vector is told from the others.
/// *Source*: Deerwester et al. 1990; Halko, Martinsson and Tropp 2011, doi:10.1137/090771806 (subspace iteration).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Basis {
    n_dims: usize,
    /// One term after the other.
    values: Vec<f32>,
}

impl Basis {
    pub(super) fn learn(rows: &Rows, n_terms: usize, n_dims: usize, seed: Seed) -> Self {
        let n_dims = n_dims.min(n_terms).min(rows.len()).max(1);
        let mut rng = seed.stream("topics-basis", 0);
        let values = (0..n_terms * n_dims).map(|_| rng.random_range(-1.0_f32..1.0)).collect();
        let mut basis = Self { n_dims, values };
        basis.straighten();
        let by_term = by_term(rows, n_terms);
        for _ in 0..N_TURNS {
            let along: Vec<Vec<f32>> = (0..rows.len()).into_par_iter().map(|at| basis.along(rows.row(at))).collect();
            basis.values.par_chunks_mut(n_dims).zip(&by_term).for_each(|(into, cells)| {
                into.fill(0.0);
                for (row, weight) in cells {
                    let said = along.get(*row as usize).map(Vec::as_slice).unwrap_or_default();
                    into.iter_mut().zip(said).for_each(|(into, said)| *into += weight * said);
                }
            });
            basis.straighten();
        }
        basis
    }

    pub(super) fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// Whether what was stored fits to so many terms.
    pub(super) fn is_whole(&self, n_terms: usize) -> bool {
        self.n_dims > 0
            && n_terms.checked_mul(self.n_dims) == Some(self.values.len())
            && self.values.iter().all(|value| value.is_finite())
    }

    /// How far a message goes into each direction.
    fn along(&self, row: Row<'_>) -> Vec<f32> {
        let mut along = vec![0.0_f32; self.n_dims];
        for (term, weight) in row.cells() {
            let direction = self.values.get(term * self.n_dims..(term + 1) * self.n_dims).unwrap_or_default();
            along.iter_mut().zip(direction).for_each(|(along, value)| *along += weight * value);
        }
        along
    }

    /// Where a message points, of length 1; zeros where nothing of it is known.
    pub(super) fn place(&self, row: Row<'_>) -> Vec<f32> {
        let mut along = self.along(row);
        to_length_one(&mut along);
        along
    }

    /// Makes the directions orthonormal, one after the other (modified Gram-Schmidt, twice).
    fn straighten(&mut self) {
        let n = self.n_dims;
        let mut columns: Vec<Vec<f64>> =
            (0..n).map(|at| self.values.iter().skip(at).step_by(n).map(|value| f64::from(*value)).collect()).collect();
        for at in 0..n {
            let (done, rest) = columns.split_at_mut(at);
            let Some(column) = rest.first_mut() else { break };
            for other in done.iter().chain(done.iter()) {
                let shared = dot(column, other);
                column.iter_mut().zip(other).for_each(|(value, other)| *value -= shared * other);
            }
            let length = dot(column, column).sqrt();
            let scale = if length > 1e-12 { 1.0 / length } else { 0.0 };
            column.iter_mut().for_each(|value| *value *= scale);
        }
        for (at, column) in columns.iter().enumerate() {
            let places = self.values.iter_mut().skip(at).step_by(n);
            places.zip(column).for_each(|(place, value)| *place = narrow(*value));
        }
    }
}

/// Of each term the rows in which it stands.
fn by_term(rows: &Rows, n_terms: usize) -> Vec<Vec<(u32, f32)>> {
    let mut terms = vec![Vec::new(); n_terms];
    for (at, row) in (0_u32..).zip(rows.iter()) {
        for (term, weight) in row.cells() {
            if let Some(cells) = terms.get_mut(term) {
                cells.push((at, weight));
            }
        }
    }
    terms
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn to_length_one(vector: &mut [f32]) {
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length > 1e-9 {
        vector.iter_mut().for_each(|value| *value = narrow(f64::from(*value) / length));
    } else {
        vector.fill(0.0);
    }
}
