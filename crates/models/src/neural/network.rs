//! How do layers become a network, and how is its error led back through them?

use super::activation::Activation;
use super::adam::Parameter;
use super::dense::Dense;
use super::matrix::Matrix;
use super::norm::{Norm, Normalised};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A step on the way from input to output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Layer {
    /// Weights, bias and what bends them.
    Dense(Dense),
    /// Rows at one size.
    Norm(Norm),
    /// While learning, each number is dropped with this probability, and the others grow by as much: Srivastava et al. 2014.
    Dropout(f32),
}

impl Layer {
    /// A dense layer of weights by chance.
    #[must_use]
    pub fn dense(n_inputs: usize, n_outputs: usize, activation: Activation, chance: &mut ChaCha8Rng) -> Self {
        Self::Dense(Dense::new(n_inputs, n_outputs, activation, chance))
    }

    fn parameters(&mut self) -> Vec<Parameter<'_>> {
        match self {
            Self::Dense(dense) => {
                vec![Parameter::decaying(dense.weights.values_mut()), Parameter::free(&mut dense.bias)]
            }
            Self::Norm(norm) => vec![Parameter::free(&mut norm.scale), Parameter::free(&mut norm.shift)],
            Self::Dropout(_) => Vec::new(),
        }
    }
}

/// Layers one after the other.
///
/// *Edge cases*: a network without layers answers its input. *Cost*: one product of matrices a dense layer, three to learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    layers: Vec<Layer>,
}

/// What a pass through the network keeps for the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    kept: Vec<Kept>,
    output: Matrix,
}

impl Pass {
    /// What came out.
    #[must_use]
    pub fn output(&self) -> &Matrix {
        &self.output
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Kept {
    Dense { input: Matrix, before: Matrix },
    Norm(Normalised),
    Dropout(Vec<f32>),
}

/// Where the loss rises.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// By each of [`Network::parameters`], in their order.
    pub parameters: Vec<Vec<f32>>,
    /// By the input.
    pub input: Matrix,
}

impl Network {
    /// A network of these layers: each gives as many numbers as the next one takes.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { layers }
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What it says of each row; nothing is dropped.
    #[must_use]
    pub fn answer(&self, input: &Matrix) -> Matrix {
        let mut output = input.clone();
        for layer in &self.layers {
            output = match layer {
                Layer::Dense(dense) => dense.after(&dense.before(&output)),
                Layer::Norm(norm) => norm.after(&norm.normalise(&output)),
                Layer::Dropout(_) => output,
            };
        }
        output
    }

    /// The same while learning: numbers are dropped, and what the way back needs is kept.
    #[must_use]
    pub fn forward(&self, input: Matrix, chance: &mut ChaCha8Rng) -> Pass {
        let (mut output, mut kept) = (input, Vec::with_capacity(self.layers.len()));
        for layer in &self.layers {
            match layer {
                Layer::Dense(dense) => {
                    let before = dense.before(&output);
                    let after = dense.after(&before);
                    kept.push(Kept::Dense { input: std::mem::replace(&mut output, after), before });
                }
                Layer::Norm(norm) => {
                    let normalised = norm.normalise(&output);
                    output = norm.after(&normalised);
                    kept.push(Kept::Norm(normalised));
                }
                Layer::Dropout(rate) => {
                    let grown = 1.0 / (1.0 - rate).max(f32::EPSILON);
                    let draw = |_: &f32| if chance.random::<f32>() < *rate { 0.0 } else { grown };
                    let factors: Vec<f32> = output.values().iter().map(draw).collect();
                    multiply(&mut output, &factors);
                    kept.push(Kept::Dropout(factors));
                }
            }
        }
        Pass { kept, output }
    }

    /// Leads the slope of the loss by the output back to parameters and input.
    #[must_use]
    pub fn backward(&self, pass: &Pass, slope: Matrix) -> Gradients {
        let (mut slope, mut by_layer) = (slope, Vec::with_capacity(self.layers.len()));
        for (layer, kept) in self.layers.iter().zip(&pass.kept).rev() {
            let of_layer = match (layer, kept) {
                (Layer::Dense(dense), Kept::Dense { input, before }) => {
                    let (of_layer, of_input) = dense.backward(input, before, &slope);
                    slope = of_input;
                    of_layer
                }
                (Layer::Norm(norm), Kept::Norm(normalised)) => {
                    let (of_layer, of_input) = norm.backward(normalised, &slope);
                    slope = of_input;
                    of_layer
                }
                (_, Kept::Dropout(factors)) => {
                    multiply(&mut slope, factors);
                    Vec::new()
                }
                (_, Kept::Dense { .. } | Kept::Norm(_)) => Vec::new(),
            };
            by_layer.push(of_layer);
        }
        Gradients { parameters: by_layer.into_iter().rev().flatten().collect(), input: slope }
    }

    /// What is learned, from the first layer to the last.
    pub fn parameters(&mut self) -> Vec<Parameter<'_>> {
        self.layers.iter_mut().flat_map(Layer::parameters).collect()
    }

    /// Whether the layers fit together and take `n_inputs` numbers: what was read from bytes may not. How many numbers come out.
    pub(crate) fn n_outputs_if_sound(&self, n_inputs: usize) -> Option<usize> {
        self.layers.iter().try_fold(n_inputs, |n, layer| match layer {
            Layer::Dense(dense) => (dense.is_sound() && dense.n_inputs() == n).then(|| dense.n_outputs()),
            Layer::Norm(norm) => (norm.is_sound() && norm.scale.len() == n).then_some(n),
            Layer::Dropout(rate) => (0.0..1.0).contains(rate).then_some(n),
        })
    }
}

fn multiply(values: &mut Matrix, factors: &[f32]) {
    values.values_mut().iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}
