//! Is the difference between two models more than chance? A paired bootstrap over customers.

use primitives::Seed;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How many times the customers are drawn anew.
const N_DRAWS: u64 = 1_000;

/// A mean difference with its 95 % interval; above 0 the model is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// The mean over customers.
    pub mean: f64,
    /// The 2.5 % quantile of the redrawn means.
    pub low: f64,
    /// The 97.5 % quantile of the redrawn means.
    pub high: f64,
}

impl Gain {
    /// Whether it is better beyond noise: the whole interval lies above 0.
    #[must_use]
    pub fn is_gain(&self) -> bool {
        self.low > 0.0
    }

    /// The interval without signs: `0.0010 to 0.0030 better`, or `from 0.0009 worse to 0.0031 better`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (low, high) = (self.low.abs(), self.high.abs());
        if self.low >= 0.0 {
            format!("{low:.4} to {high:.4} better")
        } else if self.high <= 0.0 {
            format!("{high:.4} to {low:.4} worse")
        } else {
            format!("from {low:.4} worse to {high:.4} better")
        }
    }

    /// Whether it is worse beyond noise: the whole interval lies below 0.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        self.high < 0.0
    }
}

/// The mean of the customers' differences, with the interval within which it stays when customers are drawn anew.
///
/// ```text
/// mean(b)  = mean of difference[j] over n draws j with replacement      b = 1..1000
/// low,high = the 25th and the 975th of the sorted means
/// ```
/// *Shapes*: one difference a customer. *Units*: those of the differences. *Guarantees*: equal for equal seed and label.
/// *Edge cases*: without customers all three are 0. *Cost*: `1000 n` draws.
/// *Source*: Efron 1979, doi:10.1214/aos/1176344552 (percentile interval).
pub(crate) fn paired_gain(differences: &[f64], seed: Seed, label: &str) -> Gain {
    let n = differences.len();
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 customers")]
    let mean = |sum: f64| sum / n as f64;
    redrawn(n, seed, label, |drawn| mean(drawn.map(|customer| differences[customer]).sum()))
}

/// Any number of the customers, with the interval within which it stays when they are drawn anew, as [`paired_gain`].
pub(crate) fn redrawn(
    n: usize,
    seed: Seed,
    label: &str,
    number: impl Fn(&mut dyn Iterator<Item = usize>) -> f64 + Sync,
) -> Gain {
    if n == 0 {
        return Gain { mean: 0.0, low: 0.0, high: 0.0 };
    }
    let draw = |draw| {
        let mut random = seed.stream(label, draw);
        number(&mut (0..n).map(|_| below(n, &mut random)))
    };
    let mut numbers: Vec<f64> = (0..N_DRAWS).into_par_iter().map(draw).collect();
    numbers.sort_by(f64::total_cmp);
    Gain { mean: number(&mut (0..n)), low: numbers[24], high: numbers[974] }
}

/// A number below `n`, by the upper bits of a product: the bias is below n / 2^64.
fn below(n: usize, random: &mut impl Rng) -> usize {
    let product = u128::from(random.next_u64()) * n as u128;
    usize::try_from(product >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_mean_and_narrows_with_more_customers() {
        let differences = |n: i32| (0..n).map(|i| f64::from(i % 5) / 5.0).collect::<Vec<_>>();
        let (few, many) = (
            paired_gain(&differences(50), Seed::new(3), "test"),
            paired_gain(&differences(5_000), Seed::new(3), "test"),
        );
        for gain in [few, many] {
            assert!(gain.low < 0.4 && 0.4 < gain.high, "{gain:?}");
            assert!((gain.mean - 0.4).abs() < 1e-12);
        }
        // The standard error is the standard deviation, 0.283, over the root of n.
        assert!((few.high - few.low - 2.0 * 1.96 * 0.283 / 50_f64.sqrt()).abs() < 0.02, "{few:?}");
        assert!(many.high - many.low < (few.high - few.low) / 8.0);
        assert_eq!(few, paired_gain(&differences(50), Seed::new(3), "test"));
        assert!(paired_gain(&[], Seed::new(3), "test").mean.abs() < f64::EPSILON);
    }
}
