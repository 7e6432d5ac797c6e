//! Which of several classes is it? One score for each of them.

use super::pointwise::mean_loss;
use super::{Loss, Objective, Pair, Targets, check_labels};
use crate::ModelError;
use primitives::Seed;
use rayon::prelude::*;

const OPERATION: &str = "learn a class";
/// More classes than this would ask for more trees than anybody waits for.
const N_CLASSES_MAX: usize = 1_000;

/// A class: labels are its number from 0, scores are logarithms of its odds up to what all share.
///
/// ```text
/// p[k] = exp(s[k]) / sum over j of exp(s[j])      loss = -ln p[y]
/// g[k] = p[k] - (y == k)      h[k] = K / (K - 1) * p[k] (1 - p[k])
/// ```
/// The factor makes up for steps that are taken for one class at a time though the scores of all `K` can be shifted
/// together. *Source*: Friedman 2001, section 4.6, doi:10.1214/aos/1013203451.
#[derive(Debug, Clone, Copy)]
pub struct Softmax {
    /// How many classes there are, from 2 to 1,000.
    pub n_classes: usize,
}

struct Classes<'a> {
    targets: &'a Targets<'a>,
    /// The class of every row.
    class: Vec<usize>,
    n_classes: usize,
}

impl Objective for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn n_outputs(&self) -> usize {
        self.n_classes
    }

    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        if !(2..=N_CLASSES_MAX).contains(&self.n_classes) {
            let (setting, value, max) = ("n_classes", self.n_classes as f64, N_CLASSES_MAX as f64);
            return Err(ModelError::Setting { settings: "Objective", setting, value, min: 2.0, max });
        }
        let number = |label: f64| (0..self.n_classes).find(|class| (*class as f64).total_cmp(&label.abs()).is_eq());
        check_labels(OPERATION, targets, "the number of a class, from 0", |label| {
            label >= 0.0 && number(label).is_some()
        })?;
        let class: Vec<usize> = targets.labels.iter().filter_map(|label| number(*label)).collect();
        let counted = |row: usize| targets.weights[row] > 0.0;
        let mut seen = (0..class.len()).filter(|row| counted(*row)).map(|row| class[row]);
        let first = seen.next().unwrap_or(0);
        if seen.all(|class| class == first) {
            return Err(ModelError::OneClass { operation: OPERATION, n_rows: class.len(), label: first as f64 });
        }
        Ok(Box::new(Classes { targets, class, n_classes: self.n_classes }))
    }
}

/// The logarithm of the sum of a row's raised scores.
fn log_sum(scores: &[Vec<f64>], row: usize) -> f64 {
    let largest = scores.iter().map(|scores| scores[row]).fold(f64::NEG_INFINITY, f64::max);
    largest + scores.iter().map(|scores| (scores[row] - largest).exp()).sum::<f64>().ln()
}

impl Loss for Classes<'_> {
    fn initial(&self) -> Vec<f64> {
        // A class without rows would be at minus infinity; half a row of the mean weight is far enough.
        let mut weight = vec![0.0_f64; self.n_classes];
        self.class.iter().zip(&self.targets.weights).for_each(|(class, w)| weight[*class] += w);
        let total: f64 = weight.iter().sum();
        let least = 0.5 * total / self.class.len() as f64;
        weight.into_iter().map(|w| (w.max(least) / total).ln()).collect()
    }

    fn gradients(&self, scores: &[Vec<f64>], _round: u64, _seed: Seed, into: &mut [Vec<Pair>]) {
        let factor = self.n_classes as f64 / (self.n_classes as f64 - 1.0);
        let sums: Vec<f64> = (0..self.class.len()).into_par_iter().map(|row| log_sum(scores, row)).collect();
        into.par_iter_mut().zip(scores).enumerate().for_each(|(k, (into, scores))| {
            let rows = scores.iter().zip(&sums).zip(&self.class).zip(&self.targets.weights);
            for ((((score, sum), class), weight), into) in rows.zip(into) {
                let p = (score - sum).exp();
                let y = if k == *class { 1.0 } else { 0.0 };
                *into = [weight * (p - y), weight * factor * p * (1.0 - p)];
            }
        });
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        mean_loss(self.targets, |row| log_sum(scores, row) - scores[self.class[row]][row])
    }
}
