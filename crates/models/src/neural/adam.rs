//! How far does each parameter move, and where?

use super::embedding::{Embedding, RowGradients};

/// How much of the old mean gradient stays.
const BETA1: f32 = 0.9;
/// How much of the old mean squared gradient stays.
const BETA2: f32 = 0.999;
/// Keeps the divisor above 0.
const EPSILON: f32 = 1e-8;

/// Numbers that are learned together.
#[derive(Debug)]
pub struct Parameter<'a> {
    values: &'a mut [f32],
    decays: bool,
}

impl<'a> Parameter<'a> {
    /// Numbers that shrink where [`Adam::with_decay`] says so.
    pub fn decaying(values: &'a mut [f32]) -> Self {
        Self { values, decays: true }
    }

    /// Numbers that do not: a bias is no larger than it must be.
    pub fn free(values: &'a mut [f32]) -> Self {
        Self { values, decays: false }
    }

    /// Adds to each number.
    #[cfg(test)]
    pub(super) fn moved_by(self, by: &[f32]) {
        super::matrix::add(self.values, by);
    }
}

/// Steps by the mean gradient over the root of its mean square: Kingma and Ba 2015, algorithm 1, arXiv:1412.6980, with the weight decay
/// of Loshchilov and Hutter 2019, algorithm 2.
///
/// ```text
/// m = 0.9 m + 0.1 g          v = 0.999 v + 0.001 g²
/// p = p - learning_rate · (m/(1 - 0.9^t) / (√(v/(1 - 0.999^t)) + 1e-8) + weight_decay · p)
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    learning_rate: f32,
    weight_decay: f32,
    n_steps: i32,
    moments: Vec<Moments>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Moments {
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adam {
    /// One that has seen nothing yet. A step goes about as far as the learning rate, at most.
    #[must_use]
    pub fn new(learning_rate: f32) -> Self {
        Self { learning_rate, weight_decay: 0.0, n_steps: 0, moments: Vec::new() }
    }

    /// One that also takes this share of each weight with each unit of step.
    #[must_use]
    pub fn with_decay(self, weight_decay: f32) -> Self {
        Self { weight_decay, ..self }
    }

    /// Steps go so far from now on.
    pub fn set_rate(&mut self, learning_rate: f32) {
        self.learning_rate = learning_rate;
    }

    /// Moves all parameters. They and their gradients come in the same order at every step.
    pub fn step(&mut self, parameters: Vec<Parameter<'_>>, gradients: &[Vec<f32>]) {
        let step = self.next();
        self.moments.resize_with(parameters.len().max(self.moments.len()), Moments::default);
        for ((parameter, gradient), moments) in parameters.into_iter().zip(gradients).zip(&mut self.moments) {
            moments.grow(parameter.values.len());
            let decay = if parameter.decays { step.decay } else { 0.0 };
            Step { decay, ..step }.take(parameter.values, gradient, &mut moments.mean, &mut moments.square);
        }
    }

    /// Moves the rows of a table that were met; the others, and what is remembered of them, stay as they are. One for each table.
    pub fn step_rows(&mut self, table: &mut Embedding, gradients: &RowGradients) {
        let step = self.next();
        self.moments.resize_with(1, Moments::default);
        let n_columns = table.n_columns();
        let moments = &mut self.moments[0];
        moments.grow(table.n_rows() * n_columns);
        for (row, gradient) in gradients.rows.iter().zip(gradients.values.rows()) {
            let at = *row as usize * n_columns..(*row as usize + 1) * n_columns;
            let (mean, square) = (&mut moments.mean[at.clone()], &mut moments.square[at]);
            step.take(table.row_mut(*row as usize), gradient, mean, square);
        }
    }

    fn next(&mut self) -> Step {
        self.n_steps = self.n_steps.saturating_add(1);
        Step {
            rate: self.learning_rate / (1.0 - BETA1.powi(self.n_steps)),
            square_scale: 1.0 / (1.0 - BETA2.powi(self.n_steps)),
            decay: self.learning_rate * self.weight_decay,
        }
    }
}

impl Moments {
    fn grow(&mut self, n: usize) {
        self.mean.resize(n, 0.0);
        self.square.resize(n, 0.0);
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    rate: f32,
    square_scale: f32,
    decay: f32,
}

impl Step {
    fn take(self, values: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
        for (((value, g), m), v) in values.iter_mut().zip(gradient).zip(mean).zip(square) {
            *m = BETA1 * *m + (1.0 - BETA1) * g;
            *v = BETA2 * *v + (1.0 - BETA2) * g * g;
            *value -= self.rate * *m / ((*v * self.square_scale).sqrt() + EPSILON) + self.decay * *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neural::Matrix;

    #[test]
    fn steps_are_those_of_the_paper() {
        // By hand: the first step is the learning rate against the sign; then m = 0.9·0.1·2 - 0.1·1 = 0.08 over 0.19, and
        // v = 0.999·0.001·4 + 0.001 = 0.004996 over 0.001999.
        let (mut values, mut adam) = (vec![1.0, -1.0], Adam::new(0.1));
        adam.step(vec![Parameter::decaying(&mut values)], &[vec![2.0, -0.5]]);
        assert!((values[0] - 0.9).abs() < 1e-6 && (values[1] + 0.9).abs() < 1e-6, "{values:?}");
        adam.step(vec![Parameter::decaying(&mut values)], &[vec![-1.0, -0.5]]);
        let by_hand = 0.9 - 0.1 * (0.08 / 0.19) / (0.004_996_f32 / 0.001_999).sqrt();
        assert!((values[0] - by_hand).abs() < 1e-5, "{} and {by_hand}", values[0]);
    }

    #[test]
    fn only_what_decays_shrinks() {
        let (mut weights, mut bias) = (vec![2.0], vec![2.0]);
        let mut adam = Adam::new(0.1).with_decay(0.5);
        adam.step(vec![Parameter::decaying(&mut weights), Parameter::free(&mut bias)], &[vec![0.0], vec![0.0]]);
        assert!((weights[0] - 1.9).abs() < 1e-6 && (bias[0] - 2.0).abs() < 1e-6, "{weights:?} {bias:?}");
    }

    #[test]
    fn rows_move_as_numbers_do_and_alone() {
        let mut table = Embedding::from_rows(Matrix::from_rows(3, &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]));
        let (mut values, mut dense, mut sparse) = (vec![2.0, 2.0], Adam::new(0.1), Adam::new(0.1));
        for gradient in [[0.5, -2.0], [0.5, 1.0]] {
            let gradients = RowGradients { rows: vec![1], values: Matrix::from_rows(1, &gradient) };
            sparse.step_rows(&mut table, &gradients);
            dense.step(vec![Parameter::free(&mut values)], &[gradient.to_vec()]);
        }
        assert_eq!(table.row(1), values);
        assert_eq!((table.row(0), table.row(2)), ([1.0, 1.0].as_slice(), [3.0, 3.0].as_slice()));
    }
}
