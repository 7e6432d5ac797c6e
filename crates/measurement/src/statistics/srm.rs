//! Are there as many customers in each arm as there should be?

use super::distribution::chi_squared_above;
use super::moments::count;
use serde::{Deserialize, Serialize};

/// Below this p an arm has lost or gained customers in a way that chance does not explain.
pub const SRM_ALARM: f64 = 0.001;

/// Counts of the arms against the shares that they should have: a mismatch means that the arms are not alike any more,
/// and then no difference between them says anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Srm {
    /// χ².
    pub chi_squared: f64,
    /// How likely so large a mismatch is by chance.
    pub p: f64,
    /// Whether the counts may be believed: p is not below [`SRM_ALARM`].
    pub ok: bool,
}

/// Compares the counts of arms with their shares.
///
/// ```text
/// χ² = Σ (n_i − e_i)² / e_i,  e_i = N share_i / Σ share,  p with one degree of freedom fewer than arms
/// ```
/// *Shapes*: as many shares as counts; shares in any unit. *Edge cases*: nobody counted, or one arm alone, is no mismatch;
/// anybody in an arm with the share 0 is one for certain. *Source*: Pearson 1900; Fabijan et al. 2019,
/// doi:10.1145/3292500.3330722.
///
/// ```
/// let srm = measurement::statistics::srm(&[1000, 1102], &[1.0, 1.0]);
/// assert!((srm.p - 0.02609713).abs() < 1e-8 && srm.ok);
/// assert!(!measurement::statistics::srm(&[10_400, 9_600], &[1.0, 1.0]).ok);
/// ```
#[must_use]
pub fn srm(counts: &[u64], shares: &[f64]) -> Srm {
    let n: u64 = counts.iter().sum();
    let total: f64 = shares.iter().sum();
    let arms = || counts.iter().zip(shares).map(|(n, share)| (count(*n), *share));
    if n == 0 || total <= 0.0 {
        return Srm { chi_squared: 0.0, p: 1.0, ok: true };
    }
    if arms().any(|(n, share)| share <= 0.0 && n > 0.0) {
        return Srm { chi_squared: f64::MAX, p: 0.0, ok: false };
    }
    let expected = |share: f64| count(n) * share / total;
    let shared = || arms().filter(|(_, share)| *share > 0.0);
    let chi_squared: f64 = shared().map(|(n, share)| (n - expected(share)).powi(2) / expected(share)).sum();
    let n_arms = shared().count();
    let p = if n_arms < 2 { 1.0 } else { chi_squared_above(chi_squared, count(n_arms as u64 - 1)) };
    Srm { chi_squared, p, ok: p >= SRM_ALARM }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.14, chisquare: 4.94957184, .02609713.
        let found = srm(&[1000, 1102], &[0.5, 0.5]);
        assert!((found.chi_squared - 4.949_571_84).abs() < 1e-8 && (found.p - 0.026_097_13).abs() < 1e-8);
    }

    #[test]
    fn the_unit_and_the_order_of_shares_do_not_matter() {
        let (one, other) = (srm(&[90, 210, 700], &[0.1, 0.2, 0.7]), srm(&[700, 90, 210], &[7.0, 1.0, 2.0]));
        assert!((one.p - other.p).abs() < 1e-12 && one.ok);
    }

    #[test]
    fn an_arm_that_should_be_empty_is_an_alarm() {
        assert!(!srm(&[1000, 1], &[1.0, 0.0]).ok);
        assert!(srm(&[1000, 0], &[1.0, 0.0]).ok && srm(&[], &[]).ok && srm(&[0, 0], &[1.0, 1.0]).ok);
    }
}
