//! What is another policy worth, by each of the usual estimators?

use crate::ModelError;
use crate::labels::{self, check_length, is_number};
use std::collections::BTreeMap;

const OPERATION: &str = "estimate what another policy is worth";

/// Rounds of one policy, with what another one would have done.
///
/// *Shapes*: an entry for every round in all of them. A round whose action was certain (mandatory) says nothing and does not belong
/// here. *Units*: those of the rewards; chances from 0 to 1, of what was really drawn, after rules and floors.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// What came.
    pub reward: &'a [f64],
    /// With which chance the action was taken.
    pub propensity: &'a [f64],
    /// With which chance the other policy takes the same action there.
    pub target: &'a [f64],
    /// What a model foretold of the action that was taken.
    pub q_taken: Option<&'a [f64]>,
    /// What it foretells of the other policy there: the sum over all actions of its chance times what is foretold.
    pub q_target: Option<&'a [f64]>,
}

/// How an estimate is made.
///
/// ```text
/// w = target / propensity,   q = q_taken,   Q = q_target
/// ips        mean of w r                               clipped    mean of min(w, max) r
/// snips      sum of w r / sum of w                     dm         mean of Q
/// dr         mean of Q + w (r - q)                     sndr       mean of Q + sum of w (r - q) / sum of w
/// switch_dr  mean of Q + w [w <= limit] (r - q)        dros       mean of Q + w limit / (w^2 + limit) (r - q)
/// ```
/// `dr` with foretellings that were fitted by [`super::mrdr_weights`] is MRDR. Each is the mean of its contributions, one for every
/// round, from which the standard error comes; for ratios they are linearised around the estimate. The standard error of `dm` says
/// nothing of how wrong the model is.
/// *Source*: Horvitz and Thompson 1952, doi:10.1080/01621459.1952.10483446 (ips); Swaminathan and Joachims 2015, "The self-normalized
/// estimator for counterfactual learning", NeurIPS 28 (snips); Dudík et al. 2014, doi:10.1214/14-STS500 (dm, dr); Wang, Agarwal and
/// Dudík 2017, arXiv:1612.01205 (switch); Su et al. 2020, arXiv:1907.09623 (dros); Farajtabar, Chow and Ghavamzadeh 2018,
/// arXiv:1802.03493 (MRDR).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// Weighted by chance.
    Ips,
    /// The same with bounded weights.
    Clipped {
        /// The largest weight.
        max: f64,
    },
    /// The same divided by the sum of the weights.
    Snips,
    /// What the model foretells.
    Dm,
    /// What the model foretells, corrected by chance.
    Dr,
    /// The same with the correction divided by the sum of the weights.
    Sndr,
    /// Corrected only where the weight is not above a limit.
    SwitchDr {
        /// The limit.
        limit: f64,
    },
    /// Corrected the less the larger the weight is.
    Dros {
        /// The weight from whose root on corrections shrink.
        limit: f64,
    },
}

/// What a policy is worth a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error, where rounds are independent.
    pub se: f64,
    /// One number for every round, whose mean the estimate is.
    pub contributions: Vec<f64>,
}

/// How far what was logged speaks for the other policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// How many rounds there are.
    pub n_rounds: usize,
    /// As many rounds of equal weight would say as much: `(sum of w)^2 / sum of w^2`.
    pub effective: f64,
    /// The largest weight.
    pub weight_max: f64,
    /// The mean weight: 1 in expectation where everything that the other policy does was possible, less where it was not.
    pub weight_mean: f64,
}

impl Logged<'_> {
    /// How often the other policy takes what was taken, for each time that this one does.
    fn weights(&self) -> Vec<f64> {
        self.target.iter().zip(self.propensity).map(|(target, propensity)| target / propensity).collect()
    }

    /// How far what was logged speaks for the other policy.
    ///
    /// # Errors
    /// As [`Estimator::estimate`].
    pub fn overlap(&self) -> Result<Overlap, ModelError> {
        self.check()?;
        let weights = self.weights();
        let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        Ok(Overlap {
            n_rounds: weights.len(),
            effective: if squares > 0.0 { sum * sum / squares } else { 0.0 },
            weight_max: weights.iter().copied().fold(0.0, f64::max),
            weight_mean: sum / weights.len() as f64,
        })
    }

    fn check(&self) -> Result<(), ModelError> {
        let n = self.reward.len();
        let chance = "above 0 and at most 1";
        let number = "from -1e12 to 1e12";
        let is_chance = |p: f64| p > 0.0 && p <= 1.0;
        check_each("the reward of row", n, self.reward, number, is_number)?;
        check_each("the propensity of row", n, self.propensity, chance, is_chance)?;
        check_each("the chance of the other policy in row", n, self.target, "from 0 to 1", |p| {
            (0.0..=1.0).contains(&p)
        })?;
        for (what, foretold) in [
            ("what is foretold of the action of row", self.q_taken),
            ("what is foretold of the other policy in row", self.q_target),
        ] {
            check_each(what, n, foretold.unwrap_or(self.reward), number, is_number)?;
        }
        if n < 2 {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: n, n_rows_min: 2 });
        }
        Ok(())
    }

    fn foretold(&self) -> Result<(&[f64], &[f64]), ModelError> {
        self.q_taken.zip(self.q_target).ok_or_else(|| {
            let reason = "it needs what a model foretells: give `q_taken` and `q_target`, or use ips, clipped or snips";
            ModelError::NothingToLearn { operation: OPERATION, reason: reason.to_owned() }
        })
    }
}

impl Estimator {
    /// The estimate.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a chance or a number that cannot be, or a limit that is not
    /// above 0; [`ModelError::NothingToLearn`] where foretellings are needed and missing, or the other policy never does what was
    /// done; [`ModelError::TooFewRows`] for fewer than two.
    ///
    /// ```
    /// use models::off_policy::{Estimator, Logged};
    /// // Two actions by a coin; the other policy takes the first nine times in ten. w = 1.8, 0.2, 1.8, 0.2
    /// let logged = Logged { reward: &[1.0, 0.0, 0.0, 1.0], propensity: &[0.5; 4], target: &[0.9, 0.1, 0.9, 0.1], q_taken: None, q_target: None };
    /// assert!((Estimator::Ips.estimate(&logged)?.value - (1.8 + 0.2) / 4.0).abs() < 1e-12);
    /// assert!((Estimator::Clipped { max: 1.0 }.estimate(&logged)?.value - 1.2 / 4.0).abs() < 1e-12);
    /// assert!((logged.overlap()?.effective - 16.0 / 6.56).abs() < 1e-12);
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn estimate(self, logged: &Logged<'_>) -> Result<Estimate, ModelError> {
        logged.check()?;
        if let Self::Clipped { max: limit } | Self::SwitchDr { limit } | Self::Dros { limit } = self
            && !(limit.is_finite() && limit > 0.0)
        {
            let (what, allowed) = ("the limit of weights, entry", "finite and above 0");
            return Err(ModelError::Value { operation: OPERATION, what, row: 0, value: limit, allowed });
        }
        let (reward, weights) = (logged.reward, logged.weights());
        let contributions: Vec<f64> = match self {
            Self::Ips => pairs(&weights, reward, |w, r| w * r),
            Self::Clipped { max } => pairs(&weights, reward, |w, r| w.min(max) * r),
            Self::Snips => self_normalised(&weights, reward)?,
            Self::Dm => logged.foretold()?.1.to_vec(),
            Self::Dr | Self::Sndr | Self::SwitchDr { .. } | Self::Dros { .. } => {
                let (taken, target) = logged.foretold()?;
                let error = pairs(reward, taken, |r, q| r - q);
                let corrections = match self {
                    Self::Sndr => self_normalised(&weights, &error)?,
                    Self::SwitchDr { limit } => {
                        pairs(&weights, &error, |w, error| if w <= limit { w * error } else { 0.0 })
                    }
                    Self::Dros { limit } => pairs(&weights, &error, |w, error| w * limit / (w * w + limit) * error),
                    _ => pairs(&weights, &error, |w, error| w * error),
                };
                pairs(target, &corrections, |q, correction| q + correction)
            }
        };
        Ok(Estimate::of(contributions))
    }
}

impl Estimate {
    fn of(contributions: Vec<f64>) -> Self {
        let n = contributions.len() as f64;
        let value = contributions.iter().sum::<f64>() / n;
        let squares: f64 = contributions.iter().map(|c| (c - value) * (c - value)).sum();
        Self { value, se: (squares / (n * (n - 1.0))).sqrt(), contributions }
    }

    /// The standard error where rounds of one cluster, such as a customer, belong together.
    ///
    /// ```text
    /// se^2 = G / (G - 1) * sum over clusters of (sum of (contribution - value))^2 / n^2        G clusters
    /// ```
    /// *Edge cases*: infinite where all rounds are of one cluster. *Source*: Liang and Zeger 1986, doi:10.1093/biomet/73.1.13.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where there is not one cluster for every round.
    pub fn se_by(&self, clusters: &[u64]) -> Result<f64, ModelError> {
        check_length(OPERATION, "the clusters", self.contributions.len(), clusters.len())?;
        let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
        for (cluster, contribution) in clusters.iter().zip(&self.contributions) {
            *sums.entry(*cluster).or_default() += contribution - self.value;
        }
        let (n_clusters, n) = (sums.len() as f64, clusters.len() as f64);
        if sums.len() < 2 {
            return Ok(f64::INFINITY);
        }
        let squares: f64 = sums.values().map(|sum| sum * sum).sum();
        Ok((n_clusters / (n_clusters - 1.0) * squares).sqrt() / n)
    }

    /// What is added to another number in each round, as an estimate of its own: the difference to what really came, for example.
    pub(super) fn minus(&self, others: &[f64]) -> Self {
        Self::of(pairs(&self.contributions, others, |own, other| own - other))
    }
}

/// `sum of w y / sum of w`, as contributions that are linear around it.
fn self_normalised(weights: &[f64], y: &[f64]) -> Result<Vec<f64>, ModelError> {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        let reason = "the other policy never does what was done: nothing that was logged speaks of it".to_owned();
        return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
    }
    let value = pairs(weights, y, |w, y| w * y).iter().sum::<f64>() / total;
    let mean = total / weights.len() as f64;
    Ok(pairs(weights, y, |w, y| value + w * (y - value) / mean))
}

fn pairs(a: &[f64], b: &[f64], of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect()
}

fn check_each(
    what: &'static str,
    n: usize,
    values: &[f64],
    allowed: &'static str,
    is_allowed: impl Fn(f64) -> bool,
) -> Result<(), ModelError> {
    check_length(OPERATION, what, n, values.len())?;
    labels::check_each(OPERATION, what, values, allowed, is_allowed)
}
