//! How sure is a number that is looked at while it is still coming in?

use crate::Interval;
use serde::{Deserialize, Serialize};

/// How tight a sequential interval is, and where it is tightest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// The share of all sequences of looks in which the truth is ever missed, at most.
    pub alpha: f64,
    /// At how many customers of both arms the interval is about as tight as it can be. It must be fixed before the first
    /// look, and stay.
    pub n_tuned: u64,
}

impl Sequence {
    /// The square of the width of the mixture.
    fn rho_squared(self) -> f64 {
        let log = -2.0 * self.alpha.ln();
        (log + (1.0 + log).ln()) / super::moments::count(self.n_tuned.max(1))
    }

    /// The interval around an estimate that holds at every look at once.
    ///
    /// ```text
    /// ρ² = (−2 ln α + ln(1 − 2 ln α)) / n_tuned,  κ = N ρ² + 1          N: customers of both arms, V: variance of the estimate
    /// half = √(V N) · √(2 κ ln(√κ / α)) / (N ρ)
    /// ```
    /// *Guarantees*: for N that grows, the chance that the truth is ever outside is at most α; it is wider than the fixed
    /// interval at any single look. It is asymptotic: the first few dozen customers should not be trusted.
    /// *Source*: Waudby-Smith et al. 2024, doi:10.1214/24-AOS2408, equation 9.
    #[must_use]
    pub fn interval(self, estimate: f64, variance: f64, n: f64) -> Interval {
        let rho2 = self.rho_squared();
        let kappa = n * rho2 + 1.0;
        let half = (variance * n).sqrt() * (2.0 * kappa * (kappa.sqrt() / self.alpha).ln()).sqrt() / (n * rho2.sqrt());
        Interval { low: estimate - half, high: estimate + half }
    }

    /// The evidence against "there is no difference": its mean is at most 1 where there is none, at every look.
    ///
    /// ```text
    /// ln e = ρ² (Δ² N / V) / (2 κ) − ln √κ
    /// ```
    #[must_use]
    pub fn log_evidence(self, estimate: f64, variance: f64, n: f64) -> f64 {
        let rho2 = self.rho_squared();
        let kappa = n * rho2 + 1.0;
        rho2 * (estimate * estimate * n / variance) / (2.0 * kappa) - kappa.sqrt().ln()
    }

    /// The always-valid p: 1 over the evidence, at most 1. It is below α exactly where 0 is outside the interval.
    #[must_use]
    pub fn p(self, estimate: f64, variance: f64, n: f64) -> f64 {
        (-self.log_evidence(estimate, variance, n)).exp().min(1.0)
    }
}

/// The mixture sequential probability ratio test: an always-valid p that only falls, for streams.
///
/// ```text
/// Λ_n = √(V / (V + n τ²)) · exp(n² τ² d̄² / (2 V (V + n τ²))),   p_n = min(p_{n−1}, 1/Λ_n)
/// ```
/// *Units*: d̄ the mean difference of n pairs, V the variance of one pair's difference, τ² the variance of differences
/// that are expected (larger: tuned to larger effects). *Guarantees*: p never rises.
/// *Source*: Johari et al. 2022, doi:10.1287/opre.2021.2135.
///
/// ```
/// let mut test = measurement::statistics::Msprt::new(1.0);
/// let p = test.look(100.0, 0.5, 1.0);
/// assert!(p < 0.001 && test.look(101.0, 0.0, 1.0) == p);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Msprt {
    tau2: f64,
    p: f64,
}

impl Msprt {
    /// Before the first look.
    #[must_use]
    pub fn new(tau2: f64) -> Self {
        Self { tau2, p: 1.0 }
    }

    /// The p after a look; a look that can tell nothing (no pairs, no variance) leaves it.
    pub fn look(&mut self, n: f64, difference: f64, variance: f64) -> f64 {
        if n > 0.0 && variance > 0.0 {
            let spread = variance + n * self.tau2;
            let log = 0.5 * (variance / spread).ln()
                + n * n * self.tau2 * difference * difference / (2.0 * variance * spread);
            self.p = self.p.min((-log).exp());
        }
        self.p
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn p_is_below_alpha_exactly_where_the_interval_leaves_nothing_out(
            d in -3.0_f64..3.0, variance in 0.001_f64..2.0, n in 10_u32..100_000, n_tuned in 1_u64..50_000,
        ) {
            let (sequence, n) = (Sequence { alpha: 0.05, n_tuned }, f64::from(n));
            let (interval, p) = (sequence.interval(d, variance, n), sequence.p(d, variance, n));
            let edge = interval.low.abs().min(interval.high.abs());
            prop_assume!(edge > 1e-9);
            prop_assert_eq!(p < 0.05, interval.low > 0.0 || interval.high < 0.0);
        }

        #[test]
        fn the_mixture_never_takes_a_word_back(looks in prop::collection::vec((1_u32..1000, -2.0_f64..2.0), 1..20)) {
            let (mut test, mut before) = (Msprt::new(0.5), 1.0);
            for (n, d) in looks {
                let p = test.look(f64::from(n), d, 1.0);
                prop_assert!(p <= before);
                before = p;
            }
        }
    }

    #[test]
    fn the_mixture_is_the_one_by_hand() {
        // V = 1, τ² = 1, n = 3, d̄ = 1: Λ = √(1/4)·exp(9/8) = 1.5401084.
        let p = Msprt::new(1.0).look(3.0, 1.0, 1.0);
        assert!((p - 1.0 / 1.540_108_4).abs() < 1e-7, "{p}");
    }
}
