//! Which share of rewards has come by which age?

use crate::ModelError;
use crate::labels::check_length;
use serde::{Deserialize, Serialize};

const OPERATION: &str = "learn how late rewards come";
/// How many quantiles are kept.
const N_QUANTILES: usize = 20;

/// The share of rewards that come within an age, learned from rounds that are past the last moment for one.
///
/// ```text
/// share(age) = weight of rewards with a delay of at most age / weight of all rewards,  straight between 20 quantiles
///            = 1 from the horizon on
/// ```
/// A round of age `s` counts as `share(s)` of a round, whatever came, and its reward counts in full: the expectation of both is
/// then in the same proportion, and young rounds neither say that nothing is wanted nor that everything is. That holds as long
/// as the delay does not depend on whom it is about.
/// *Shapes*: a delay, and a weight, for every reward that came. *Units*: any of time, the same for all. *Guarantees*: it never
/// falls, is from 0 to 1, and the same for any order of the rows. *Edge cases*: without any reward it rises evenly up to the
/// horizon. *Source*: elementary; the correction is that of Chapelle 2014, doi:10.1145/2623330.2623634, with a share in the place
/// of its model of delays.
///
/// ```
/// use models::bandit::Delay;
/// let delay = Delay::fit(&[1.0, 2.0, 3.0, 4.0], None, 10.0)?;
/// assert!(delay.share(0.5) < delay.share(2.5) && delay.share(2.5) < 1.0);
/// assert_eq!((delay.share(4.0), delay.share(10.0)), (1.0, 1.0));
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// Ascending, the last of them at most the horizon; the share at the `k`-th is `(k + 1) / n`.
    quantiles: Vec<f64>,
    horizon: f64,
}

impl Delay {
    /// Learns from the delays of rewards of rounds at least as old as `horizon`; later ones count as if they came at it.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a delay or a weight that is negative or not finite, or a
    /// horizon that is not above 0.
    pub fn fit(delays: &[f64], weights: Option<&[f64]>, horizon: f64) -> Result<Self, ModelError> {
        if !(horizon.is_finite() && horizon > 0.0) {
            let (what, allowed) = ("the horizon, entry", "finite and above 0");
            return Err(ModelError::Value { operation: OPERATION, what, row: 0, value: horizon, allowed });
        }
        let weights = weights.map_or_else(|| vec![1.0; delays.len()], <[f64]>::to_vec);
        check_length(OPERATION, "the weights", delays.len(), weights.len())?;
        for (what, values) in [("the delay of row", delays), ("the weight of row", &weights)] {
            if let Some(row) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
                let allowed = "finite and not negative";
                return Err(ModelError::Value { operation: OPERATION, what, row, value: values[row], allowed });
            }
        }
        let mut rows: Vec<(f64, f64)> = delays.iter().map(|delay| delay.min(horizon)).zip(weights).collect();
        rows.retain(|(_, weight)| *weight > 0.0);
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
        let (mut quantiles, mut below) = (Vec::with_capacity(N_QUANTILES), 0.0);
        for (delay, weight) in &rows {
            below += weight;
            while quantiles.len() < N_QUANTILES
                && below >= total * (quantiles.len() + 1) as f64 / N_QUANTILES as f64 * (1.0 - 1e-12)
            {
                quantiles.push(*delay);
            }
        }
        Ok(Self { quantiles, horizon })
    }

    /// The share of rewards that have come at an age. What is not a number is age 0.
    #[must_use]
    pub fn share(&self, age: f64) -> f64 {
        if age >= self.horizon {
            return 1.0;
        }
        let age = age.max(0.0);
        let n = self.quantiles.len();
        let at = self.quantiles.partition_point(|quantile| *quantile <= age);
        let Some(next) = self.quantiles.get(at) else {
            return if n == 0 { age / self.horizon } else { 1.0 };
        };
        let before = if at == 0 { 0.0 } else { self.quantiles[at - 1] };
        let within = if *next > before { (age - before) / (next - before) } else { 0.0 };
        ((at as f64 + within) / n as f64).clamp(0.0, 1.0)
    }
}
