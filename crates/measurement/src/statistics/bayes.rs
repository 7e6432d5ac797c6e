//! How likely is it that the treated are better, and what is lost if they are not?

use super::distribution::{normal_below, normal_density};
use serde::{Deserialize, Serialize};

/// What was believed of an effect before: nothing, or that it lies around a mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// Nothing: every effect is as likely as any other.
    #[default]
    Flat,
    /// Around a mean, with a variance.
    Normal {
        /// The mean.
        mean: f64,
        /// The variance; smaller believes the mean more.
        variance: f64,
    },
}

/// What is believed of an effect afterwards.
///
/// ```text
/// precision = 1/V + 1/v,   mean = (Δ/V + m/v) / precision          V: variance of the estimate Δ; flat: 1/v = 0
/// chance    = Φ(mean / s),  s = √(1/precision)
/// risk      = E[max(−effect, 0)] = s φ(mean/s) − mean Φ(−mean/s)
/// ```
/// *Guarantees*: `risk >= 0`; the risks of both choices differ by the mean. *Cost*: constant. *Source*: elementary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// The mean of the effect.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// How likely it is that the effect is above 0.
    pub chance_to_win: f64,
    /// What is lost on average by choosing the treated, counting 0 where nothing is lost.
    pub risk_of_treated: f64,
    /// What is lost on average by choosing the control.
    pub risk_of_control: f64,
}

impl Posterior {
    /// From an estimate and its variance; `None` where the variance, or that of the prior, is not above 0.
    #[must_use]
    pub fn of(estimate: f64, variance: f64, prior: Prior) -> Option<Self> {
        let (before, weight) = match prior {
            Prior::Flat => (0.0, 0.0),
            Prior::Normal { mean, variance } if variance > 0.0 => (mean, 1.0 / variance),
            Prior::Normal { .. } => return None,
        };
        if variance.is_nan() || variance <= 0.0 {
            return None;
        }
        let precision = 1.0 / variance + weight;
        let (mean, sd) = ((estimate / variance + before * weight) / precision, (1.0 / precision).sqrt());
        let z = mean / sd;
        let risk = |z: f64| (sd * (normal_density(z) - z * normal_below(-z))).max(0.0);
        Some(Self { mean, sd, chance_to_win: normal_below(z), risk_of_treated: risk(z), risk_of_control: risk(-z) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_risks_differ_by_the_mean(estimate in -3.0_f64..3.0, variance in 0.01_f64..4.0, m in -2.0_f64..2.0) {
            let found = Posterior::of(estimate, variance, Prior::Normal { mean: m, variance: 1.0 }).unwrap();
            prop_assert!((found.risk_of_control - found.risk_of_treated - found.mean).abs() < 1e-9);
            prop_assert!(found.mean >= estimate.min(m) - 1e-12 && found.mean <= estimate.max(m) + 1e-12);
            prop_assert!(found.sd < variance.sqrt() && found.sd < 1.0);
        }
    }

    #[test]
    fn a_wide_prior_is_a_flat_one() {
        let (flat, wide) = (
            Posterior::of(1.0, 4.0, Prior::Flat).unwrap(),
            Posterior::of(1.0, 4.0, Prior::Normal { mean: -9.0, variance: 1e12 }).unwrap(),
        );
        assert!((flat.chance_to_win - wide.chance_to_win).abs() < 1e-9);
        assert_eq!(Posterior::of(1.0, 0.0, Prior::Flat), None);
        assert_eq!(Posterior::of(1.0, 1.0, Prior::Normal { mean: 0.0, variance: 0.0 }), None);
    }

    #[test]
    fn the_risk_is_the_one_by_hand() {
        // Around 0 with a standard deviation of 1: φ(0) = .39894228.
        let found = Posterior::of(0.0, 1.0, Prior::Flat).unwrap();
        assert!((found.risk_of_treated - 0.398_942_28).abs() < 1e-8 && (found.chance_to_win - 0.5).abs() < 1e-12);
    }
}
