//! How many customers does it take to see a difference?

use super::distribution::{normal_below, normal_quantile};
use serde::{Deserialize, Serialize};

/// How sure a comparison shall be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// How often a difference may be seen where there is none: .05.
    pub alpha: f64,
    /// How often a difference that is there shall be seen: .8.
    pub power: f64,
}

impl Default for Power {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8 }
    }
}

impl Power {
    fn z(self) -> f64 {
        normal_quantile(1.0 - self.alpha / 2.0) + normal_quantile(self.power)
    }

    /// Customers in each arm to tell two shares apart; `None` where they are the same, or no shares.
    ///
    /// ```text
    /// n = (z_{α/2} + z_β)² (p₁ (1 − p₁) + p₂ (1 − p₂)) / (p₁ − p₂)²
    /// ```
    /// ```
    /// // From 5 to 6 %: 8,155 in each arm.
    /// assert_eq!(measurement::statistics::Power::default().n_for_shares(0.05, 0.06), Some(8155));
    /// ```
    #[must_use]
    pub fn n_for_shares(self, from: f64, to: f64) -> Option<u64> {
        let is_share = |p: f64| (0.0..=1.0).contains(&p);
        if !is_share(from) || !is_share(to) {
            return None;
        }
        let difference = from - to;
        whole(self.z().powi(2) * (from * (1.0 - from) + to * (1.0 - to)) / (difference * difference))
    }

    /// Customers in each arm to see a difference of means; `None` where it is 0.
    ///
    /// ```text
    /// n = 2 σ² (z_{α/2} + z_β)² / δ²
    /// ```
    #[must_use]
    pub fn n_for_means(self, variance: f64, difference: f64) -> Option<u64> {
        whole(2.0 * variance * self.z().powi(2) / (difference * difference))
    }

    /// The difference of means that so many in each arm can see.
    #[must_use]
    pub fn least_difference(self, variance: f64, n_control: f64, n_treated: f64) -> Option<f64> {
        let found = self.z() * (variance / n_control + variance / n_treated).sqrt();
        found.is_finite().then_some(found)
    }

    /// How often a difference with this standard error is seen.
    #[must_use]
    pub fn seen(self, difference: f64, se: f64) -> f64 {
        let (z, edge) = (difference.abs() / se, normal_quantile(1.0 - self.alpha / 2.0));
        normal_below(z - edge) + normal_below(-z - edge)
    }
}

/// How many days it takes until every arm has its customers; `None` where nobody comes.
///
/// ```text
/// days = n per arm / (exposed a day · share · least weight of an arm)
/// ```
/// ```
/// // 8,155 in each of two equal arms, half of 500 a day.
/// assert_eq!(measurement::statistics::days(8155, 500.0, 0.5, &[1.0, 1.0]), Some(66));
/// ```
#[must_use]
pub fn days(n_per_arm: u64, exposed_per_day: f64, share: f64, weights: &[f64]) -> Option<u64> {
    if weights.is_empty() {
        return None;
    }
    let total: f64 = weights.iter().sum();
    let least = weights.iter().copied().fold(f64::INFINITY, f64::min) / total;
    whole(super::moments::count(n_per_arm) / (exposed_per_day * share * least))
}

fn whole(n: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and below 2^53")]
    (n.is_finite() && (0.0..9e15).contains(&n)).then(|| n.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What the planned number was made for is seen as often as it was asked for.
        #[test]
        fn the_planned_number_has_the_power(variance in 0.1_f64..50.0, difference in 0.05_f64..1.0, power in 0.5_f64..0.99) {
            let how = Power { alpha: 0.05, power };
            let n = super::super::moments::count(how.n_for_means(variance, difference).unwrap());
            let seen = how.seen(difference, (2.0 * variance / n).sqrt());
            prop_assert!(seen >= power - 1e-9 && seen < power + 0.1, "{seen}");
            prop_assert!(how.least_difference(variance, n, n).unwrap() <= difference * (1.0 + 1e-9));
        }
    }

    #[test]
    fn nothing_to_see_takes_for_ever() {
        let how = Power::default();
        assert_eq!(how.n_for_shares(0.05, 0.05), None);
        assert_eq!(how.n_for_shares(1.5, 0.05), None);
        assert_eq!(how.n_for_means(1.0, 0.0), None);
        assert_eq!(days(100, 0.0, 1.0, &[1.0]), None);
        assert_eq!(days(100, 10.0, 1.0, &[]), None);
    }
}
