//! What did an experiment find: ship, stop, go on, or is it broken?
//!
//! First whether the arms are as large as they should be; where they are not, nothing else is told. Then each metric and
//! guardrail of each variation against the control, then the same by segment. While an experiment runs, what holds at
//! every look counts; at its planned end, what holds for one look. Never the better of both.

mod says;

mod verdict;

use crate::Interval;
use crate::statistics::{
    Compared, Effect, Estimate, How, Moments, Srm, benjamini_hochberg, compare, compare_estimates, srm,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use verdict::Verdict;

/// In which direction a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better: revenue.
    Up,
    /// Less is better: refunds.
    Down,
}

/// One variation of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// Its name.
    pub name: String,
    /// Its share of those who take part, in any unit.
    pub weight: f64,
    /// How many customers were exposed to it.
    pub n: u64,
}

/// What is measured, counted in each arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// In which direction it is better.
    pub direction: Direction,
    /// Whether it only must not become worse.
    pub is_guardrail: bool,
    /// How arms are compared.
    pub how: How,
    /// Each variation, in their order.
    pub arms: Vec<Arm>,
    /// The same of the customers of each segment.
    pub segments: BTreeMap<String, Vec<Arm>>,
}

/// What was counted of one variation.
#[derive(Debug, Clone, PartialEq)]
pub enum Arm {
    /// Sums over its customers.
    Sums(Moments),
    /// A quantile of what they have, or why there is none.
    Quantile(Result<Estimate, String>),
}

impl From<Moments> for Arm {
    fn from(sums: Moments) -> Self {
        Self::Sums(sums)
    }
}

impl Default for Arm {
    fn default() -> Self {
        Self::Sums(Moments::default())
    }
}

/// How far an experiment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is still looked at while customers come in.
    Running {
        /// Days to the planned end, where it is known.
        days_left: Option<u32>,
    },
    /// The planned end is reached, nobody who came later is counted, and everybody was counted for as long as is planned.
    AtEnd,
    /// It was ended before that, and nothing more will be known.
    Stopped,
}

impl Stage {
    /// Whether it is judged by one look: nobody will look again.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::AtEnd | Self::Stopped)
    }
}

/// An experiment, counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Its variations, the control first.
    pub variations: Vec<Variation>,
    /// What is measured.
    pub metrics: Vec<Metric>,
    /// How far it is.
    pub stage: Stage,
    /// How often something may be found where nothing is: .05.
    pub alpha: f64,
    /// Customers who met more than one variation, as two who turned out to be one person do. They are counted as the one
    /// that they are now.
    pub n_mixed: u64,
    /// How many were drawn into each variation by the names that they then had: chance speaks of those, and whoever tells that several
    /// are one person loses nobody. Empty where it is the same.
    pub drawn: Vec<u64>,
}

impl Counted {
    /// How many were drawn into each variation.
    fn drawn_into_each(&self) -> Vec<u64> {
        match self.drawn.len() == self.variations.len() {
            true => self.drawn.clone(),
            false => self.variations.iter().map(|variation| variation.n).collect(),
        }
    }
}

/// What is thought of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearing {
    /// It is better than the control.
    Better,
    /// It is worse.
    Worse,
    /// It may be either.
    Unclear,
    /// It cannot be told; the reason stands with it.
    Unknown,
}

impl Bearing {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "unclear",
            Self::Unknown => "unknown",
        }
    }
}

/// One metric of one variation against the control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The metric.
    pub metric: String,
    /// The variation.
    pub variation: String,
    /// Of which segment; `None`: of all.
    pub segment: Option<String>,
    /// In which direction it is better.
    pub direction: Direction,
    /// The comparison.
    pub compared: Compared,
    /// The p of the stage, adjusted for all that was looked at beside it.
    pub p_adjusted: Option<f64>,
    /// What that means.
    pub bearing: Bearing,
}

impl Finding {
    /// The interval of the stage around an effect.
    #[must_use]
    pub fn interval(effect: &Effect, stage: Stage) -> Interval {
        if stage.is_over() { effect.fixed } else { effect.sequential }
    }
}

/// What an experiment found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentReport {
    /// How many customers were exposed to each variation.
    pub n: BTreeMap<String, u64>,
    /// Whether the arms are as large as they should be.
    pub srm: Srm,
    /// What should become better.
    pub metrics: Vec<Finding>,
    /// What must not become worse.
    pub guardrails: Vec<Finding>,
    /// The same in each segment. It is to think about: no verdict rests on it.
    pub by_segment: Vec<Finding>,
    /// Customers who met more than one variation.
    pub n_mixed: u64,
    /// How far it is.
    pub stage: Stage,
    /// What to do.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub says: String,
}

/// Reports on an experiment.
///
/// ```text
/// Broken   the counts of the arms do not fit their weights: then no metric is told
/// Stop     a guardrail is worse, or a metric is; or the end is reached and nothing was gained
/// Ship     a metric is better, and no guardrail is worse
/// GoOn     otherwise
/// ```
/// Better and worse: the p of the stage, adjusted by Benjamini and Hochberg, is at most α. Metrics are one family,
/// guardrails another, and what is told by segment a third: looking at segments takes nothing from the verdict.
///
/// *Parameters*: [`Counted`]. *Edge cases*: fewer than two variations go on, with the reason; an arm that is missing in a
/// metric counts as empty. *Cost*: constant for each metric, variation and segment.
///
/// ```
/// use measurement::experiment::{Counted, Direction, Metric, Stage, Variation, Verdict, report};
/// use measurement::statistics::{How, Measure, Moments};
/// let variation = |name: &str, n| Variation { name: name.to_owned(), weight: 1.0, n };
/// let conversion = Metric {
///     name: "conversion".to_owned(),
///     direction: Direction::Up,
///     is_guardrail: false,
///     how: How::new(Measure::Share),
///     arms: vec![Moments::of_share(500, 10_000).into(), Moments::of_share(620, 10_000).into()],
///     segments: Default::default(),
/// };
/// let counted = Counted {
///     drawn: Vec::new(),
///     variations: vec![variation("control", 10_000), variation("bold", 10_000)],
///     metrics: vec![conversion],
///     stage: Stage::AtEnd,
///     alpha: 0.05,
///     n_mixed: 0,
/// };
/// let found = report(&counted);
/// assert_eq!(found.verdict, Verdict::Ship);
/// assert_eq!(found.says, "Ship `bold`: `conversion` is up by 24.0 % (9.8 to 38.2 %), and no guardrail is worse.");
/// ```
#[must_use]
pub fn report(counted: &Counted) -> ExperimentReport {
    let variations = &counted.variations;
    let weights: Vec<f64> = variations.iter().map(|variation| variation.weight).collect();
    let mut report = ExperimentReport {
        n: variations.iter().map(|variation| (variation.name.clone(), variation.n)).collect(),
        srm: srm(&counted.drawn_into_each(), &weights),
        metrics: Vec::new(),
        guardrails: Vec::new(),
        by_segment: Vec::new(),
        n_mixed: counted.n_mixed,
        stage: counted.stage,
        verdict: Verdict::GoOn,
        says: String::new(),
    };
    if report.srm.ok {
        let of = |is_guardrail: bool| counted.metrics.iter().filter(move |metric| metric.is_guardrail == is_guardrail);
        let whole = |metric: &Metric| findings(metric, counted, None, &metric.arms);
        report.metrics = judged(of(false).flat_map(whole).collect(), counted);
        report.guardrails = judged(of(true).flat_map(whole).collect(), counted);
        let parts = counted.metrics.iter().flat_map(|metric| {
            metric.segments.iter().flat_map(|(segment, arms)| findings(metric, counted, Some(segment), arms))
        });
        report.by_segment = judged(parts.collect(), counted);
    }
    (report.verdict, report.says) = verdict::verdict(&report, counted);
    report
}

/// One metric, of all or of one segment, of each variation against the control.
fn findings(metric: &Metric, counted: &Counted, segment: Option<&String>, arms: &[Arm]) -> Vec<Finding> {
    let how = How { alpha: counted.alpha, ..metric.how };
    let arm = |at: usize| arms.get(at).cloned().unwrap_or_default();
    let one = |(at, variation): (usize, &Variation)| Finding {
        metric: metric.name.clone(),
        variation: variation.name.clone(),
        segment: segment.cloned(),
        direction: metric.direction,
        compared: compared(&arm(0), &arm(at), &how),
        p_adjusted: None,
        bearing: Bearing::Unknown,
    };
    counted.variations.iter().enumerate().skip(1).map(one).collect()
}

fn compared(control: &Arm, treated: &Arm, how: &How) -> Compared {
    match (control, treated) {
        (Arm::Sums(control), Arm::Sums(treated)) => compare(control, treated, how),
        (Arm::Quantile(Ok(control)), Arm::Quantile(Ok(treated))) => compare_estimates(control, treated, how),
        (Arm::Quantile(Err(reason)), _) | (_, Arm::Quantile(Err(reason))) => Compared::unknown(reason),
        _ => Compared::unknown("one arm is counted, and of the other a quantile is taken"),
    }
}

/// Adjusts the ps of a family for each other, and says what they mean.
fn judged(mut family: Vec<Finding>, counted: &Counted) -> Vec<Finding> {
    let of_stage = |effect: &Effect| if counted.stage.is_over() { effect.p } else { effect.p_sequential };
    let of_look = |effect: &Effect| if counted.stage.is_over() { effect.fixed } else { effect.sequential };
    let known = || 0..family.len();
    let told: Vec<usize> = known().filter(|&at| family[at].compared.difference.is_some()).collect();
    let p: Vec<f64> = told.iter().filter_map(|&at| family[at].compared.difference.as_ref().map(of_stage)).collect();
    for (at, p) in told.into_iter().zip(benjamini_hochberg(&p)) {
        let finding = &mut family[at];
        let is_up = finding.compared.difference.is_some_and(|difference| difference.value > 0.0);
        // "Better" is told beside the interval of the lift, which is wide where the control is small and may hold 0 where the difference
        // is clear. What is worse is worse by the difference alone.
        let holds_zero = |interval: Interval| interval.low <= 0.0 && 0.0 <= interval.high;
        let may_be_none = finding.compared.lift.as_ref().is_some_and(|lift| holds_zero(of_look(lift)));
        finding.p_adjusted = Some(p);
        finding.bearing = match (p <= counted.alpha, is_up == (finding.direction == Direction::Up)) {
            (true, true) if !may_be_none => Bearing::Better,
            (true, false) => Bearing::Worse,
            _ => Bearing::Unclear,
        };
    }
    family
}

#[cfg(test)]
mod tests;
