//! What bends a layer, so that two of them can say more than one?

use serde::{Deserialize, Serialize};

/// √(2/π) of the approximation of Hendrycks and Gimpel.
const GELU_SCALE: f32 = 0.797_884_6;
/// Their factor of the cube.
const GELU_CUBE: f32 = 0.044_715;

/// The function that a layer ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `x`.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `tanh(x)`.
    Tanh,
    /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`: Hendrycks and Gimpel 2016, section 2, arXiv:1606.08415.
    Gelu,
}

impl Activation {
    /// Its value.
    #[must_use]
    pub fn value(self, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::Relu => x.max(0.0),
            Self::Tanh => x.tanh(),
            Self::Gelu => 0.5 * x * (1.0 + gelu_inner(x).tanh()),
        }
    }

    /// Its slope.
    #[must_use]
    pub fn slope(self, x: f32) -> f32 {
        match self {
            Self::Identity => 1.0,
            Self::Relu => f32::from(x > 0.0),
            Self::Tanh => 1.0 - x.tanh().powi(2),
            Self::Gelu => {
                let t = gelu_inner(x).tanh();
                let inner_slope = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x);
                0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner_slope
            }
        }
    }

    /// The variance of weights that keeps the size of what passes through: He et al. 2015, equation 10, for those that cut off one half;
    /// Glorot and Bengio 2010, equation 12, for the others.
    pub(super) fn weight_variance(self, n_inputs: f32, n_outputs: f32) -> f32 {
        match self {
            Self::Relu | Self::Gelu => 2.0 / n_inputs,
            Self::Identity | Self::Tanh => 2.0 / (n_inputs + n_outputs),
        }
    }
}

fn gelu_inner(x: f32) -> f32 {
    GELU_SCALE * (x + GELU_CUBE * x * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_papers() {
        let near = |a: f32, b: f32| assert!((a - b).abs() < 2e-6, "{a} and {b}");
        near(Activation::Identity.value(-1.5), -1.5);
        near(Activation::Relu.value(-1.5), 0.0);
        near(Activation::Relu.value(1.5), 1.5);
        near(Activation::Tanh.value(0.5), 0.462_117_2);
        // 0.5 · (1 + tanh(0.7978845608 · 1.044715)) to eight places; and its mirror.
        near(Activation::Gelu.value(1.0), 0.841_192);
        near(Activation::Gelu.value(-1.0), -0.158_808);
    }

    #[test]
    fn slopes_are_what_the_values_do() {
        for activation in [Activation::Identity, Activation::Relu, Activation::Tanh, Activation::Gelu] {
            for x in [-3.0, -1.3, -0.4, 0.2, 0.9, 2.5_f32] {
                let h = 1.0 / 64.0;
                let rise = |h: f32| (activation.value(x + h) - activation.value(x - h)) / (2.0 * h);
                let slope = (4.0 * rise(h) - rise(2.0 * h)) / 3.0;
                assert!((activation.slope(x) - slope).abs() < 2e-5, "{activation:?} at {x}");
            }
        }
        assert!(Activation::Relu.slope(0.0).abs() < f32::EPSILON);
    }
}
