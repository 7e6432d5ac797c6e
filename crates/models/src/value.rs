//! What will a customer bring who has no contract and may leave without a word?
//!
//! [`ValueSettings`] learns from how often and how lately customers bought, and for how much, and answers with a
//! [`ValueModel`]: is the customer still there, how many purchases will come, what will they bring, how sure is that?
//!
//! | part | question |
//! |---|---|
//! | [`BgNbd`] | how do customers come back, and leave? |
//! | [`GammaGamma`] | how do the amounts of their purchases differ? |

mod beta;
mod bg_nbd;
mod coming;
mod fit;
mod gamma_gamma;
mod likeliest;
mod model;
mod settings;
#[cfg(test)]
mod tests;
mod worth;

pub use bg_nbd::BgNbd;
pub use gamma_gamma::GammaGamma;
pub use model::{Forecast, Horizon, Parts, ValueModel};
pub use settings::{Purchases, ValueSettings};

use serde::{Deserialize, Serialize};

/// A parameter that was learned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The most likely value.
    pub value: f64,
    /// How far the truth is from it, as a standard deviation.
    pub standard_error: f64,
}

impl Estimate {
    /// The estimate of `exp(log)`, from the variance of `log`.
    fn of_logarithm(log: f64, variance: f64, scale: f64) -> Self {
        let value = log.exp() * scale;
        Self { value, standard_error: value * variance.max(0.0).sqrt() }
    }

    /// Whether the value lies where everything that is computed from it is finite.
    fn is_usable(&self) -> bool {
        (1e-12..=1e15).contains(&self.value) && self.standard_error.is_finite() && self.standard_error >= 0.0
    }
}
