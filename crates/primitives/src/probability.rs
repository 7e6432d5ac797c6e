//! How likely, as a number that cannot be anything but a probability?

use serde::{Deserialize, Serialize};

/// A number in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

/// The number is not in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a probability: it must lie between 0 and 1")]
pub struct ProbabilityError(pub f64);

impl Probability {
    /// Certainty.
    pub const ONE: Self = Self(1.0);

    /// A probability from a number.
    ///
    /// # Errors
    /// [`ProbabilityError`] where the number is outside [0, 1] or not a number.
    pub fn new(value: f64) -> Result<Self, ProbabilityError> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(ProbabilityError(value)) }
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = ProbabilityError;
    fn try_from(value: f64) -> Result<Self, ProbabilityError> {
        Self::new(value)
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unit_interval_is_accepted() {
        assert!(Probability::new(0.0).is_ok() && Probability::new(1.0).is_ok());
        assert!(
            Probability::new(-0.01).is_err() && Probability::new(1.01).is_err() && Probability::new(f64::NAN).is_err()
        );
    }
}
