//! Which losses look at one row at a time? A yes or no, and numbers of several kinds.

use super::{Loss, Objective, Pair, Targets, check_labels, sum_of};
use crate::ModelError;
use primitives::Seed;
use rayon::prelude::*;

const CHUNK: usize = 8_192;

/// A loss of one row, from its label and its score.
trait Pointwise: Sync {
    /// The score that suits all rows best, given the weighted mean of their labels.
    fn start(&self, mean: f64) -> f64;
    fn pair(&self, label: f64, score: f64) -> Pair;
    fn loss(&self, label: f64, score: f64) -> f64;
}

/// A yes or no: labels from 0 to 1, scores in log-odds.
///
/// ```text
/// loss = ln(1 + exp(s)) - y s      p = 1 / (1 + exp(-s))      g = p - y      h = p (1 - p)
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Logistic;

impl Pointwise for Logistic {
    fn start(&self, mean: f64) -> f64 {
        (mean / (1.0 - mean)).ln()
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        let p = sigmoid(score);
        [p - label, p * (1.0 - p)]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        score.max(0.0) + (-score.abs()).exp().ln_1p() - label * score
    }
}

/// A number: scores in its own unit.
///
/// ```text
/// loss = (s - y)^2 / 2      g = s - y      h = 1
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Squared;

impl Pointwise for Squared {
    fn start(&self, mean: f64) -> f64 {
        mean
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        [score - label, 1.0]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        (score - label) * (score - label) / 2.0
    }
}

/// How often something happens: labels from 0, scores are logarithms of the mean.
///
/// ```text
/// loss = exp(s) - y s      g = exp(s) - y      h = exp(s + 0.7)
/// ```
/// The second derivative is `exp(s)`; the larger one keeps a step away from where the mean has doubled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Poisson;

impl Poisson {
    /// How far a step may lead before `h` no longer covers the curvature.
    const STEP: f64 = 0.7;
}

impl Pointwise for Poisson {
    fn start(&self, mean: f64) -> f64 {
        mean.ln()
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        [score.exp() - label, (score + Self::STEP).exp()]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        score.exp() - label * score
    }
}

/// An amount above 0 whose spread grows with it: scores are logarithms of the mean.
///
/// ```text
/// loss = y exp(-s) + s      g = 1 - y exp(-s)      h = y exp(-s)
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Gamma;

impl Pointwise for Gamma {
    fn start(&self, mean: f64) -> f64 {
        mean.ln()
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        let ratio = label * (-score).exp();
        [1.0 - ratio, ratio]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        label * (-score).exp() + score
    }
}

/// An amount that is often 0 and else spread widely: scores are logarithms of the mean.
///
/// ```text
/// loss = exp((2 - r) s) / (2 - r) - y exp((1 - r) s) / (1 - r)      r from 1.01, near counts, to 1.99, near Gamma
/// g    = exp((2 - r) s) - y exp((1 - r) s)
/// h    = (2 - r) exp((2 - r) s) - (1 - r) y exp((1 - r) s)
/// ```
/// *Source*: Jørgensen 1987, doi:10.1111/j.2517-6161.1987.tb01685.x.
#[derive(Debug, Clone, Copy)]
pub struct Tweedie {
    /// The power `r` of the variance.
    pub power: f64,
}

impl Pointwise for Tweedie {
    fn start(&self, mean: f64) -> f64 {
        mean.ln()
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        let (one, two) = (1.0 - self.power, 2.0 - self.power);
        let (low, high) = (label * (one * score).exp(), (two * score).exp());
        [high - low, two * high - one * low]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        let (one, two) = (1.0 - self.power, 2.0 - self.power);
        (two * score).exp() / two - label * (one * score).exp() / one
    }
}

/// Below which number does a label lie with the probability `level`? Scores in the number's own unit.
///
/// ```text
/// loss = level (y - s) where y >= s, else (1 - level) (s - y)      g = -level where y > s, else 1 - level      h = 1
/// ```
/// A leaf steps to the weighted quantile of what its rows are away from their scores.
/// *Source*: Koenker and Bassett 1978, doi:10.2307/1913643.
#[derive(Debug, Clone, Copy)]
pub struct Quantile {
    /// The probability, from 0.001 to 0.999.
    pub level: f64,
}

impl Pointwise for Quantile {
    fn start(&self, mean: f64) -> f64 {
        mean
    }
    fn pair(&self, label: f64, score: f64) -> Pair {
        [if label > score { -self.level } else { 1.0 - self.level }, 1.0]
    }
    fn loss(&self, label: f64, score: f64) -> f64 {
        let short = label - score;
        if short >= 0.0 { self.level * short } else { (self.level - 1.0) * short }
    }
}

/// A loss of single rows, over all of them.
struct Each<'a, P> {
    of: P,
    targets: &'a Targets<'a>,
    start: f64,
}

impl<P: Pointwise> Loss for Each<'_, P> {
    fn initial(&self) -> Vec<f64> {
        vec![self.start]
    }

    fn gradients(&self, scores: &[Vec<f64>], _round: u64, _seed: Seed, into: &mut [Vec<Pair>]) {
        let rows = scores[0].par_chunks(CHUNK).zip(self.targets.labels.par_chunks(CHUNK));
        let rows = rows.zip(self.targets.weights.par_chunks(CHUNK)).zip(into[0].par_chunks_mut(CHUNK));
        rows.for_each(|(((scores, labels), weights), into)| {
            for (((score, label), weight), into) in scores.iter().zip(labels).zip(weights).zip(into) {
                let [g, h] = self.of.pair(*label, *score);
                *into = [g * weight, h * weight];
            }
        });
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        mean_loss(self.targets, |row| self.of.loss(self.targets.labels[row], scores[0][row]))
    }
}

/// The weighted mean of a loss of single rows.
pub(super) fn mean_loss(targets: &Targets<'_>, of: impl Fn(usize) -> f64 + Sync) -> f64 {
    let sum = sum_of(targets.labels.len(), |rows| rows.map(|row| targets.weights[row] * of(row)).sum());
    sum / targets.weights.iter().sum::<f64>()
}

/// A quantile is a loss of single rows, but its leaves step differently.
struct Quantiles<'a>(Each<'a, Quantile>);

impl Loss for Quantiles<'_> {
    fn initial(&self) -> Vec<f64> {
        self.0.initial()
    }

    fn gradients(&self, scores: &[Vec<f64>], round: u64, seed: Seed, into: &mut [Vec<Pair>]) {
        self.0.gradients(scores, round, seed, into);
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        self.0.loss(scores)
    }

    fn step(&self, rows: &[u32], scores: &[f64]) -> Option<f64> {
        let Targets { labels, weights, .. } = self.0.targets;
        let away = rows.iter().map(|row| *row as usize).map(|row| (labels[row] - scores[row], weights[row]));
        Some(weighted_quantile(away.collect(), self.0.of.level))
    }
}

/// The smallest value with at least `level` of all weight at or below it; 0 where there is no weight.
fn weighted_quantile(mut values: Vec<(f64, f64)>, level: f64) -> f64 {
    values.retain(|(_, weight)| *weight > 0.0);
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    for (value, weight) in &values {
        below += weight;
        if below >= level * total {
            return *value;
        }
    }
    values.last().map_or(0.0, |(value, _)| *value)
}

fn mean(targets: &Targets<'_>) -> f64 {
    let weighted = targets.labels.iter().zip(&targets.weights);
    weighted.map(|(y, w)| y * w).sum::<f64>() / targets.weights.iter().sum::<f64>()
}

/// `1 / (1 + exp(-s))`.
pub(super) fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

fn each<'a, P: Pointwise + 'a>(of: P, targets: &'a Targets<'a>) -> Box<dyn Loss + 'a> {
    let start = of.start(mean(targets));
    Box::new(Each { of, targets, start })
}

fn is_amount(label: f64) -> bool {
    label >= 0.0 && crate::labels::is_number(label)
}

/// The labels must be amounts, and their mean more than nothing.
fn check_amounts(operation: &'static str, targets: &Targets<'_>) -> Result<(), ModelError> {
    check_labels(operation, targets, "from 0 to 1e12", is_amount)?;
    if mean(targets) > 0.0 {
        return Ok(());
    }
    let reason = "all labels are 0, and the logarithm of their mean is wanted: give rows where something happened";
    Err(ModelError::NothingToLearn { operation, reason: reason.to_owned() })
}

fn check_parameter(setting: &'static str, value: f64, min: f64, max: f64) -> Result<(), ModelError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ModelError::Setting { settings: "Objective", setting, value, min, max })
}

impl Objective for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        const OPERATION: &str = "learn a yes or no";
        check_labels(OPERATION, targets, "from 0 to 1", |label| (0.0..=1.0).contains(&label))?;
        let mean = mean(targets);
        if 0.0 < mean && mean < 1.0 {
            return Ok(each(*self, targets));
        }
        Err(ModelError::OneClass { operation: OPERATION, n_rows: targets.labels.len(), label: mean.round() })
    }
    fn link(&self, score: f64) -> f64 {
        sigmoid(score)
    }
}

impl Objective for Squared {
    fn name(&self) -> &'static str {
        "squared"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        check_labels("learn a number", targets, "from -1e12 to 1e12", crate::labels::is_number)?;
        Ok(each(*self, targets))
    }
}

impl Objective for Poisson {
    fn name(&self) -> &'static str {
        "poisson"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        check_amounts("learn a count", targets)?;
        Ok(each(*self, targets))
    }
    fn link(&self, score: f64) -> f64 {
        score.exp()
    }
}

impl Objective for Gamma {
    fn name(&self) -> &'static str {
        "gamma"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        let is_allowed = |label| is_amount(label) && label > 0.0;
        check_labels("learn an amount above 0", targets, "above 0 and up to 1e12", is_allowed)?;
        Ok(each(*self, targets))
    }
    fn link(&self, score: f64) -> f64 {
        score.exp()
    }
}

impl Objective for Tweedie {
    fn name(&self) -> &'static str {
        "tweedie"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        check_parameter("power", self.power, 1.01, 1.99)?;
        check_amounts("learn an amount", targets)?;
        Ok(each(*self, targets))
    }
    fn link(&self, score: f64) -> f64 {
        score.exp()
    }
}

impl Objective for Quantile {
    fn name(&self) -> &'static str {
        "quantile"
    }
    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        check_parameter("level", self.level, 0.001, 0.999)?;
        check_labels("learn a quantile", targets, "from -1e12 to 1e12", crate::labels::is_number)?;
        let all = targets.labels.iter().copied().zip(targets.weights.iter().copied()).collect();
        let start = weighted_quantile(all, self.level);
        Ok(Box::new(Quantiles(Each { of: *self, targets, start })))
    }
}
