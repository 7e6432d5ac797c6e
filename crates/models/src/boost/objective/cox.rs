//! When does something happen, where for some it has not happened yet?

use super::{Loss, Objective, Pair, Targets, check_labels};
use crate::ModelError;
use primitives::Seed;

const OPERATION: &str = "learn a hazard";

/// The proportional hazard of an event: labels are times, negative where the row was last seen then without the event.
///
/// ```text
/// partial loss = - sum over events i of w[i] (s[i] - ln R(t[i]))      R(t) = sum of w[j] exp(s[j]) over |t[j]| >= t
/// g[i] = w[i] exp(s[i]) sum of w[k] / R(t[k])   over events k with t[k] <= |t[i]|, minus w[i] where i is an event
/// h[i] = the same sum minus (w[i] exp(s[i]))^2 sum of w[k] / R(t[k])^2
/// ```
/// Events at the same time share their risk set. Scores are logarithms of the hazard relative to the average row.
/// *Units*: those of the times do not matter, only their order. *Cost*: linear, after sorting once.
/// *Source*: Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Breslow 1974, doi:10.2307/2529620.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cox;

struct Risk<'a> {
    targets: &'a Targets<'a>,
    /// Rows by time, the earliest first, in runs of equal time.
    runs: Vec<Vec<u32>>,
    /// The weight of all events.
    events: f64,
}

impl Objective for Cox {
    fn name(&self) -> &'static str {
        "cox"
    }

    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        let is_time = |label: f64| label.abs() > 0.0 && crate::labels::is_number(label);
        check_labels(OPERATION, targets, "a time above 0, or its negative where nothing happened until then", is_time)?;
        let labels = targets.labels;
        let time = |row: u32| labels[row as usize].abs();
        let mut order: Vec<u32> = (0..).take(labels.len()).collect();
        order.sort_by(|a, b| time(*a).total_cmp(&time(*b)));
        let runs = order.chunk_by(|a, b| time(*a).total_cmp(&time(*b)).is_eq()).map(<[u32]>::to_vec).collect();
        let events = labels.iter().zip(&targets.weights).filter(|(label, _)| **label > 0.0).map(|(_, w)| w).sum();
        if events > 0.0 {
            return Ok(Box::new(Risk { targets, runs, events }));
        }
        let reason =
            "no row has an event: give rows to whom it happened, with their time as a positive label".to_owned();
        Err(ModelError::NothingToLearn { operation: OPERATION, reason })
    }

    /// The hazard relative to the average row.
    fn link(&self, score: f64) -> f64 {
        score.exp()
    }
}

impl Risk<'_> {
    /// For each run of equal times: its risk set's `ln R`, and the weight of its events.
    fn risk_sets(&self, scores: &[f64]) -> Vec<(f64, f64)> {
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut at_risk = 0.0;
        let mut found = Vec::with_capacity(self.runs.len());
        for run in self.runs.iter().rev() {
            let mut events = 0.0;
            for row in run.iter().map(|row| *row as usize) {
                at_risk += self.targets.weights[row] * (scores[row] - largest).exp();
                events += if self.targets.labels[row] > 0.0 { self.targets.weights[row] } else { 0.0 };
            }
            found.push((at_risk.ln() + largest, events));
        }
        found.reverse();
        found
    }
}

impl Loss for Risk<'_> {
    fn initial(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn gradients(&self, scores: &[Vec<f64>], _round: u64, _seed: Seed, into: &mut [Vec<Pair>]) {
        let (scores, into) = (&scores[0], &mut into[0]);
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Both sums are taken relative to the largest score, so that none overflows.
        let (mut once, mut twice) = (0.0, 0.0);
        for (run, (risk, events)) in self.runs.iter().zip(self.risk_sets(scores)) {
            if events > 0.0 {
                once += events * (largest - risk).exp();
                twice += events * (2.0 * (largest - risk)).exp();
            }
            for row in run.iter().map(|row| *row as usize) {
                let weight = self.targets.weights[row];
                let raised = weight * (scores[row] - largest).exp();
                let event = if self.targets.labels[row] > 0.0 { weight } else { 0.0 };
                let expected = raised * once;
                into[row] = [expected - event, (expected - raised * raised * twice).max(0.0)];
            }
        }
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        let scores = &scores[0];
        let sets = self.risk_sets(scores);
        let sets: f64 = sets.iter().filter(|(_, events)| *events > 0.0).map(|(risk, events)| risk * events).sum();
        let rows = self.targets.labels.iter().zip(&self.targets.weights).zip(scores);
        let own: f64 = rows.filter(|((label, _), _)| **label > 0.0).map(|((_, weight), score)| weight * score).sum();
        (sets - own) / self.events
    }
}
