//! Is the other policy better, worse, unclear, or can nothing be said?

use super::estimate::{Estimate, Estimator, Logged, Overlap};
use crate::ModelError;

/// So many rounds must speak for the other policy at least, and this part of all.
const EFFECTIVE_MIN: f64 = 200.0;
const EFFECTIVE_SHARE_MIN: f64 = 0.01;
/// Of a normal distribution, 95 % lie within so many standard deviations.
const WITHIN_95: f64 = 1.959_963_984_540_054;

/// What can be said of the other policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Too few rounds speak of it: no number is to be trusted.
    Refused,
    /// It would have earned more.
    Better,
    /// It would have earned less.
    Worse,
    /// It may be either.
    Unclear,
}

/// What the other policy is worth beside what was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What can be said.
    pub verdict: Verdict,
    /// What was earned a round.
    pub logged: f64,
    /// What the other policy would have earned; doubly robust, or by [`Estimator::Snips`] where nothing was foretold.
    pub estimate: Estimate,
    /// The difference of the two.
    pub difference: f64,
    /// Where the difference lies with a probability of 95 %.
    pub difference_within: (f64, f64),
    /// How far what was logged speaks for the other policy.
    pub overlap: Overlap,
    /// How many effective rounds are needed for a verdict.
    pub effective_needed: f64,
}

/// Judges another policy by what was logged.
///
/// ```text
/// refused  where (sum of w)^2 / sum of w^2 < max(200, n / 100)
/// better   where the interval of mean(contribution of the estimate - r) lies above 0,  worse  where it lies below
/// ```
/// The difference is taken round by round: what both have in common does not make it uncertain. `clusters` are what belongs together,
/// such as the rounds of a customer; each round stands alone where there are none.
/// *Source*: the effective number is Kong 1992, "A note on importance sampling using standardized weights", University of Chicago;
/// the bounds are the house's.
///
/// # Errors
/// As [`Estimator::estimate`]; [`ModelError::Shape`] where there is not one cluster for every round.
pub fn judge(logged: &Logged<'_>, clusters: Option<&[u64]>) -> Result<Judgement, ModelError> {
    let overlap = logged.overlap()?;
    let estimator = if logged.q_taken.and(logged.q_target).is_some() { Estimator::Dr } else { Estimator::Snips };
    let estimate = estimator.estimate(logged)?;
    let difference = estimate.minus(logged.reward);
    let se = clusters.map_or(Ok(difference.se), |clusters| difference.se_by(clusters))?;
    let within = (difference.value - WITHIN_95 * se, difference.value + WITHIN_95 * se);
    let effective_needed = EFFECTIVE_MIN.max(EFFECTIVE_SHARE_MIN * overlap.n_rounds as f64);
    let verdict = match within {
        _ if overlap.effective < effective_needed => Verdict::Refused,
        (low, _) if low > 0.0 => Verdict::Better,
        (_, high) if high < 0.0 => Verdict::Worse,
        _ => Verdict::Unclear,
    };
    Ok(Judgement {
        verdict,
        logged: logged.reward.iter().sum::<f64>() / logged.reward.len() as f64,
        difference: difference.value,
        difference_within: within,
        estimate,
        overlap,
        effective_needed,
    })
}
