//! How do the numbers inside a network keep one size?

use super::matrix::Matrix;
use serde::{Deserialize, Serialize};

/// Added to the variance, so that a row of equal numbers can be divided.
const VARIANCE_MIN: f32 = 1e-5;

/// Every row at mean 0 and variance 1, then scaled and moved by learned numbers: layer normalisation, Ba et al. 2016, equation 4,
/// arXiv:1607.06450.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// What a pass keeps of a normalisation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Normalised {
    rows: Matrix,
    inverse_sd: Vec<f32>,
}

impl Norm {
    /// One that only normalises, for rows of this many numbers.
    #[must_use]
    pub fn new(n_columns: usize) -> Self {
        Self { scale: vec![1.0; n_columns], shift: vec![0.0; n_columns] }
    }

    pub(super) fn normalise(&self, input: &Matrix) -> Normalised {
        let (mut rows, mut inverse_sd) = (input.clone(), Vec::with_capacity(input.n_rows()));
        for row in 0..rows.n_rows() {
            let values = rows.row_mut(row);
            let mean = mean_of(values.iter().copied());
            let variance = mean_of(values.iter().map(|value| (value - mean).powi(2)));
            let inverse = 1.0 / (variance + VARIANCE_MIN).sqrt();
            values.iter_mut().for_each(|value| *value = (*value - mean) * inverse);
            inverse_sd.push(inverse);
        }
        Normalised { rows, inverse_sd }
    }

    pub(super) fn after(&self, normalised: &Normalised) -> Matrix {
        let mut output = normalised.rows.clone();
        for row in 0..output.n_rows() {
            for ((value, scale), shift) in output.row_mut(row).iter_mut().zip(&self.scale).zip(&self.shift) {
                *value = *value * scale + shift;
            }
        }
        output
    }

    /// The gradients of scale and shift, and that of the input.
    pub(super) fn backward(&self, kept: &Normalised, slope: &Matrix) -> (Vec<Vec<f32>>, Matrix) {
        let mut of_scale = vec![0.0; self.scale.len()];
        let mut of_input = slope.clone();
        for row in 0..slope.n_rows() {
            let normalised = kept.rows.row(row);
            let values = of_input.row_mut(row);
            for ((sum, value), x) in of_scale.iter_mut().zip(values.iter()).zip(normalised) {
                *sum += value * x;
            }
            values.iter_mut().zip(&self.scale).for_each(|(value, scale)| *value *= scale);
            // What moves all numbers of a row alike, or stretches them, the normalisation takes out again.
            let mean = mean_of(values.iter().copied());
            let stretch = mean_of(values.iter().zip(normalised).map(|(value, x)| value * x));
            for (value, x) in values.iter_mut().zip(normalised) {
                *value = (*value - mean - stretch * x) * kept.inverse_sd[row];
            }
        }
        (vec![of_scale, slope.column_sums()], of_input)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.scale.len() == self.shift.len() && self.scale.iter().chain(&self.shift).all(|value| value.is_finite())
    }
}

fn mean_of(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a layer has at most some thousand outputs")]
    let n = values.len().max(1) as f32;
    values.sum::<f32>() / n
}
