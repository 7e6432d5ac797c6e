//! What does one layer do to its input?

use super::activation::Activation;
use super::matrix::{Matrix, add};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// `activation(x · weights + bias)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    /// One row an input, one column an output.
    pub(super) weights: Matrix,
    /// One an output.
    pub(super) bias: Vec<f32>,
    activation: Activation,
}

impl Dense {
    /// A layer of weights by chance, evenly within ± √(3 · variance), and without bias.
    #[must_use]
    pub fn new(n_inputs: usize, n_outputs: usize, activation: Activation, chance: &mut ChaCha8Rng) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a layer has at most some thousand inputs")]
        let variance = activation.weight_variance(n_inputs as f32, n_outputs as f32);
        let mut weights = Matrix::zeros(n_inputs, n_outputs);
        let bound = (3.0 * variance).sqrt();
        weights.values_mut().fill_with(|| bound * (2.0 * chance.random::<f32>() - 1.0));
        Self { weights, bias: vec![0.0; n_outputs], activation }
    }

    /// How many numbers go in.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.weights.n_rows()
    }

    /// How many numbers come out.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.bias.len()
    }

    /// The sums before the activation.
    pub(super) fn before(&self, input: &Matrix) -> Matrix {
        let mut sums = input.times(&self.weights);
        for row in 0..sums.n_rows() {
            add(sums.row_mut(row), &self.bias);
        }
        sums
    }

    pub(super) fn after(&self, before: &Matrix) -> Matrix {
        before.map(|x| self.activation.value(x))
    }

    /// The gradients of weights and bias, and that of the input.
    pub(super) fn backward(&self, input: &Matrix, before: &Matrix, slope: &Matrix) -> (Vec<Vec<f32>>, Matrix) {
        let mut of_sums = slope.clone();
        for (value, x) in of_sums.values_mut().iter_mut().zip(before.values()) {
            *value *= self.activation.slope(*x);
        }
        let of_weights = input.transposed_times(&of_sums);
        let of_input = of_sums.times_transposed(&self.weights);
        (vec![of_weights.values().to_vec(), of_sums.column_sums()], of_input)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.weights.is_sound()
            && self.weights.n_columns() == self.bias.len()
            && self.bias.iter().all(|bias| bias.is_finite())
    }
}
