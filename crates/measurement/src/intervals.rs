//! How sure is a share?

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the standard normal distribution: 95 % lie within this many standard deviations.
const Z_95: f64 = 1.959_963_984_540_054;

/// Where a number lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A share of successes, with how sure it is; or why nothing can be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How many were counted.
    pub n: u64,
    /// How many of them succeeded.
    pub n_successes: u64,
    /// The share, from 0 to 1; `None` where nothing was counted.
    pub value: Option<f64>,
    /// Its 95 % interval; `None` where nothing was counted.
    pub interval: Option<Interval>,
    /// Why there is no share.
    pub reason: Option<String>,
}

/// The share of successes with its 95 % Wilson score interval.
///
/// ```text
/// p      = n_successes / n
/// centre = (p + z^2 / (2 n)) / (1 + z^2 / n)
/// half   = z / (1 + z^2 / n) * sqrt(p (1 - p) / n + z^2 / (4 n^2))          z = 1.96
/// low, high = centre - half, centre + half, cut to [0, 1]
/// ```
/// *Shapes*: two counts. *Units*: shares from 0 to 1.
/// *Parameters*: `n_successes` above `n` counts as `n`; `nothing` says what is missing where `n` is 0.
/// *Guarantees*: `0 <= low <= value <= high <= 1`; more trials at the same share never widen it.
/// *Edge cases*: `n = 0` gives no share and the reason; 0 of n begins at 0 and n of n ends at 1.
/// *Cost*: constant. *Source*: Wilson 1927, doi:10.1080/01621459.1927.10502953.
///
/// ```
/// // 8 of 10: Newcombe 1998 gives 0.4902 to 0.9433.
/// let share = measurement::wilson(8, 10, "no decision was made");
/// let interval = share.interval.unwrap();
/// assert!((interval.low - 0.4902).abs() < 5e-5 && (interval.high - 0.9433).abs() < 5e-5);
/// assert_eq!(measurement::wilson(0, 0, "no decision was made").reason.unwrap(), "no decision was made");
/// ```
#[must_use]
pub fn wilson(n_successes: u64, n: u64, nothing: &str) -> Share {
    let n_successes = n_successes.min(n);
    if n == 0 {
        return Share { n, n_successes, value: None, interval: None, reason: Some(nothing.to_owned()) };
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let (successes, trials) = (n_successes as f64, n as f64);
    let p = successes / trials;
    let stretch = 1.0 + Z_95 * Z_95 / trials;
    let centre = (p + Z_95 * Z_95 / (2.0 * trials)) / stretch;
    let half = Z_95 / stretch * (p * (1.0 - p) / trials + Z_95 * Z_95 / (4.0 * trials * trials)).sqrt();
    // Rounding must not push an end past the share itself.
    let interval = Interval { low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0) };
    Share { n, n_successes, value: Some(p), interval: Some(interval), reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_published_intervals() {
        // Newcombe 1998, table I, method 3: doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E.
        for (n_successes, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let found = wilson(n_successes, n, "").interval.unwrap();
            assert!(
                (found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5,
                "{n_successes} of {n}: {found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn holds_the_share_and_narrows(n_successes in 0_u64..500, more in 0_u64..500) {
            let n = n_successes + more;
            prop_assume!(n > 0);
            let (share, tenfold) = (wilson(n_successes, n, ""), wilson(10 * n_successes, 10 * n, ""));
            let (value, interval, narrower) = (share.value.unwrap(), share.interval.unwrap(), tenfold.interval.unwrap());
            prop_assert!(0.0 <= interval.low && interval.low <= value && value <= interval.high && interval.high <= 1.0);
            prop_assert!(narrower.high - narrower.low < interval.high - interval.low);
        }
    }
}
