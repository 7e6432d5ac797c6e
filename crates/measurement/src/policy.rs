//! What would another way of choosing have earned, from a file of what was chosen?
//!
//! [`Rounds`] are what such a file says: which action was taken, with which chance, what came of it, and with which chance the
//! other policy, B, takes the same. [`evaluate`] tells what B is worth by each of the usual estimators, and whether that is enough
//! to say that it is better or worse.

mod foretold;

mod says;

use foretold::foretell;
use models::ModelError;
use models::off_policy::{Estimator, Logged, Verdict, judge, mrdr_weights};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest weight of the clipped estimate, and the limit of the switched one.
pub const WEIGHT_LIMIT: f64 = 10.0;

/// Of a normal distribution, 95 % lie within so many standard deviations.
const WITHIN_95: f64 = 1.959_963_984_540_054;

/// So many numbers are looked at of a round at most.
pub const N_FEATURES_MAX: usize = 64;

/// With which chance B takes actions.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Each action of the file equally often.
    Uniform,
    /// The chance of the action that was taken, in each round; of the others nothing is said.
    OfTaken(Vec<f64>),
    /// The chance of every action in each round, row by row.
    OfAll(Vec<f64>),
}

/// What a file says of rounds.
///
/// *Shapes*: an entry for every round in `action`, `reward`, `propensity`, and in `place` and `customer` where there are any; `x` has
/// `n_features` numbers a round. *Units*: those of the rewards; chances are of what was really drawn, after rules and floors.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds {
    /// How many actions there are.
    pub n_actions: u32,
    /// Which was taken.
    pub action: Vec<u32>,
    /// What came of it.
    pub reward: Vec<f64>,
    /// With which chance it was taken.
    pub propensity: Vec<f64>,
    /// With which chance B takes actions.
    pub target: Target,
    /// At which place it was shown, from 0: what an action brings is foretold for each place.
    pub place: Option<Vec<u32>>,
    /// Whose round it is: those of one customer belong together.
    pub customer: Option<Vec<u64>>,
    /// What was known of whom it was chosen for.
    pub x: Vec<f64>,
    /// How many numbers that are.
    pub n_features: usize,
}

/// What B is worth a round, by each estimator. An estimate that cannot be made is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// How many rounds there are.
    pub n: usize,
    /// Of how many actions.
    pub n_actions: u32,
    /// What was earned a round.
    pub value_logged: f64,
    /// Weighted by chance.
    pub ips: Option<f64>,
    /// The same with weights of 10 at most.
    pub clipped: Option<f64>,
    /// The same divided by the sum of the weights.
    pub snips: Option<f64>,
    /// What is foretold.
    pub dm: Option<f64>,
    /// What is foretold, corrected by chance.
    pub dr: Option<f64>,
    /// The same with the correction divided by the sum of the weights.
    pub sndr: Option<f64>,
    /// Corrected only where the weight is 10 at most.
    pub switch_dr: Option<f64>,
    /// Corrected, where what is foretold was learned so that the correction varies least.
    pub mrdr: Option<f64>,
    /// The standard error of each.
    pub se: BTreeMap<String, f64>,
    /// As many rounds of equal weight would say as much.
    pub ess: f64,
    /// How many of them a verdict needs.
    pub ess_needed: f64,
    /// The largest weight.
    pub max_weight: f64,
    /// The mean weight: 1 in expectation.
    pub mean_weight: f64,
    /// What B is worth less what was earned, round by round.
    pub difference: f64,
    /// Where that difference lies with a probability of 95 %: missing where nothing can be said.
    pub difference_low: Option<f64>,
    /// The upper end of it.
    pub difference_high: Option<f64>,
    /// Where what B is worth lies with a probability of 95 %: missing where nothing can be said.
    pub low: Option<f64>,
    /// The upper end of it.
    pub high: Option<f64>,
    /// What can be said.
    pub verdict: PolicyVerdict,
    /// What that means, and what to do.
    pub says: String,
    /// What makes the numbers doubtful.
    pub doubts: Vec<String>,
}

/// What can be said of B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyVerdict {
    /// It would have earned more.
    Better,
    /// It would have earned less.
    Worse,
    /// It may be either.
    Unclear,
    /// Too few rounds speak of it: no number is to be trusted.
    Refused,
}

impl From<Verdict> for PolicyVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Better => Self::Better,
            Verdict::Worse => Self::Worse,
            Verdict::Unclear => Self::Unclear,
            Verdict::Refused => Self::Refused,
        }
    }
}

/// Tells what another policy is worth.
///
/// ```text
/// w = chance of B / chance it was taken with
/// value_logged   mean of r
/// dr             mean of Q + w (r − q),   q what is foretold of the action taken, Q of what B does
/// refused        where ess = (Σ w)² / Σ w² < max(200, n / 100)
/// low, high      dr ± 1.96 se
/// better, worse  where [low, high] lies above or below value_logged, and the interval of the difference, taken round by round,
///                above or below 0; else unclear
/// ```
/// What an action brings is foretold by its mean at each place, shrunk to the mean of all by ten rounds; with `x` by a ridge
/// for each action that did not learn from the third of the customers it speaks of. Of a B of which only the chance of what was
/// taken is known, Q is estimated from the rounds in which each action was taken, weighted by chance.
///
/// *Guarantees*: the order of rounds, and what actions are called, change nothing. *Cost*: linear in the rounds; with `x`
/// rounds × actions × numbers. *Source*: as [`Estimator`].
///
/// # Errors
/// [`ModelError`] where lengths differ, a chance or a number cannot be, B never does what was done, or there are fewer than two rounds.
///
/// ```
/// use measurement::policy::{PolicyVerdict, Rounds, Target, evaluate};
/// // Two actions; the first is taken four times in five, and B tosses a coin.
/// let rounds = Rounds {
///     n_actions: 2,
///     action: vec![0, 0, 1, 1],
///     reward: vec![1.0, 0.0, 1.0, 0.0],
///     propensity: vec![0.8, 0.8, 0.2, 0.2],
///     target: Target::Uniform,
///     place: None,
///     customer: None,
///     x: Vec::new(),
///     n_features: 0,
/// };
/// let report = evaluate(&rounds)?;
/// // w = 0.625 and 2.5; four rounds say too little.
/// assert_eq!((report.ips, report.verdict), (Some(0.78125), PolicyVerdict::Refused));
/// assert!(report.snips.is_some_and(|snips| (snips - 0.5).abs() < 1e-12));
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn evaluate(rounds: &Rounds) -> Result<PolicyReport, ModelError> {
    let target = rounds.target_of_taken()?;
    let bare = Logged {
        reward: &rounds.reward,
        propensity: &rounds.propensity,
        target: &target,
        q_taken: None,
        q_target: None,
    };
    // Before anything is foretold of it: its numbers must be possible.
    let overlap = bare.overlap()?;
    Estimator::Snips.estimate(&bare)?;
    let plain = foretell(rounds, &target, None)?;
    let weights = mrdr_weights(&target, &rounds.propensity);
    let robust = foretell(rounds, &target, Some(&weights))?;
    let logged = plain.of(&bare);
    let robust = robust.of(&bare);
    let judged = judge(&logged, rounds.customer.as_deref())?;
    let mut se = BTreeMap::new();
    let mut of = |name: &str, estimator: Estimator, logged: &Logged<'_>| -> Result<Option<f64>, ModelError> {
        let estimate = estimator.estimate(logged)?;
        let own = rounds.customer.as_deref().map_or(Ok(estimate.se), |customer| estimate.se_by(customer))?;
        se.insert(name.to_owned(), own);
        Ok(Some(estimate.value))
    };
    let limit = WEIGHT_LIMIT;
    let mut report = PolicyReport {
        n: overlap.n_rounds,
        n_actions: rounds.n_actions,
        value_logged: judged.logged,
        ips: of("ips", Estimator::Ips, &logged)?,
        clipped: of("clipped", Estimator::Clipped { max: limit }, &logged)?,
        snips: of("snips", Estimator::Snips, &logged)?,
        dm: of("dm", Estimator::Dm, &logged)?,
        dr: of("dr", Estimator::Dr, &logged)?,
        sndr: of("sndr", Estimator::Sndr, &logged)?,
        switch_dr: of("switch_dr", Estimator::SwitchDr { limit }, &logged)?,
        mrdr: of("mrdr", Estimator::Dr, &robust)?,
        se: BTreeMap::new(),
        ess: overlap.effective,
        ess_needed: judged.effective_needed,
        max_weight: overlap.weight_max,
        mean_weight: overlap.weight_mean,
        difference: judged.difference,
        difference_low: None,
        difference_high: None,
        low: None,
        high: None,
        verdict: judged.verdict.into(),
        says: String::new(),
        doubts: Vec::new(),
    };
    if let (Some(dr), Some(se), true) = (report.dr, se.get("dr"), report.verdict != PolicyVerdict::Refused) {
        let end = |at: f64| Some(at).filter(|at| at.is_finite());
        (report.low, report.high) = (end(dr - WITHIN_95 * se), end(dr + WITHIN_95 * se));
        (report.difference_low, report.difference_high) =
            (end(judged.difference_within.0), end(judged.difference_within.1));
        let logged = report.value_logged;
        if report.low.is_none_or(|low| low <= logged) && report.high.is_none_or(|high| high >= logged) {
            report.verdict = PolicyVerdict::Unclear;
        }
    }
    report.se = se;
    report.doubts = says::doubts(&report, rounds, &target);
    report.says = says::says(&report);
    Ok(report)
}

impl Rounds {
    /// With which chance B takes what was taken.
    fn target_of_taken(&self) -> Result<Vec<f64>, ModelError> {
        let (n, n_actions) = (self.reward.len(), self.n_actions as usize);
        let same = |what: &'static str, expected: usize, found: usize| {
            let operation = "evaluate a policy";
            if expected == found { Ok(()) } else { Err(ModelError::Shape { operation, what, expected, found }) }
        };
        same("the actions", n, self.action.len())?;
        same("the propensities", n, self.propensity.len())?;
        same("the places", n, self.place.as_ref().map_or(n, Vec::len))?;
        same("the customers", n, self.customer.as_ref().map_or(n, Vec::len))?;
        same("what was known", n.saturating_mul(self.n_features), self.x.len())?;
        if let Some(row) = self.action.iter().position(|action| *action >= self.n_actions) {
            let (what, value) = ("the action of row", f64::from(self.action[row]));
            let allowed = "below the number of actions";
            return Err(ModelError::Value { operation: "evaluate a policy", what, row, value, allowed });
        }
        Ok(match &self.target {
            Target::Uniform => vec![1.0 / f64::from(self.n_actions.max(1)); n],
            Target::OfTaken(chances) => {
                same("the chances of the other policy", n, chances.len())?;
                chances.clone()
            }
            Target::OfAll(chances) => {
                same("the chances of the other policy", n.saturating_mul(n_actions), chances.len())?;
                self.action
                    .iter()
                    .zip(chances.chunks(n_actions.max(1)))
                    .map(|(a, chances)| chances[*a as usize])
                    .collect()
            }
        })
    }
}

#[cfg(test)]
mod tests;
