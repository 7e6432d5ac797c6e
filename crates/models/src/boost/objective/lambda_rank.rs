//! How should the rows of a group be ordered? By pairs, each counting what swapping it would change.

use super::pointwise::sigmoid;
use super::{Loss, Objective, Pair, Targets, by_group, ndcg};
use crate::ModelError;
use primitives::Seed;
use rayon::prelude::*;

const OPERATION: &str = "learn an order";

/// Pairs of better and worse rows, weighted by the NDCG that swapping their places would change.
///
/// ```text
/// for every pair with grade[i] > grade[j] of which one stands in the first `places`:
///   delta   = |gain[i] - gain[j]| * |discount[place i] - discount[place j]| / ideal DCG at `places`
///   loss    = delta ln(1 + exp(-(s[i] - s[j])))          p = 1 / (1 + exp(s[i] - s[j]))
///   g[i] -= delta p      g[j] += delta p      h[i], h[j] += delta p (1 - p)
/// ```
/// `delta` counts as constant. A group's sums are scaled by `log2(1 + total) / total`, with `total` its sum of all
/// `delta p`, so that long lists do not drown short ones. *Shapes*: grades from 0 to 31, rows in groups. *Cost*: `places`
/// times the rows of a group. *Source*: Burges 2010, MSR-TR-2010-82.
#[derive(Debug, Clone, Copy)]
pub struct LambdaRank {
    /// Down to which place the order matters, from 1 to 1,000.
    pub places: usize,
}

impl Default for LambdaRank {
    fn default() -> Self {
        Self { places: 20 }
    }
}

struct Pairs<'a> {
    targets: &'a Targets<'a>,
    places: usize,
    /// The ideal DCG of every group.
    ideal: Vec<f64>,
}

impl Objective for LambdaRank {
    fn name(&self) -> &'static str {
        "lambda_rank"
    }

    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        const PLACES_MAX: usize = 1_000;
        if !(1..=PLACES_MAX).contains(&self.places) {
            let (setting, value, max) = ("places", self.places as f64, PLACES_MAX as f64);
            return Err(ModelError::Setting { settings: "Objective", setting, value, min: 1.0, max });
        }
        ndcg::check(OPERATION, targets)?;
        let ideal = targets.groups.iter().map(|group| ndcg::ideal(&targets.labels[group.clone()], self.places));
        let ideal = ideal.collect();
        Ok(Box::new(Pairs { targets, places: self.places, ideal }))
    }
}

impl Loss for Pairs<'_> {
    fn initial(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn gradients(&self, scores: &[Vec<f64>], _round: u64, _seed: Seed, into: &mut [Vec<Pair>]) {
        let targets = self.targets;
        let parts = by_group(&targets.groups, &mut into[0]);
        targets.groups.par_iter().zip(&self.ideal).zip(parts).for_each(|((group, ideal), into)| {
            let total = pairs(&targets.labels[group.clone()], &scores[0][group.clone()], *ideal, self.places, into);
            let scale = if total > 0.0 { (1.0 + total).log2() / total } else { 1.0 };
            for ([g, h], weight) in into.iter_mut().zip(&targets.weights[group.clone()]) {
                (*g, *h) = (*g * weight * scale, *h * weight * scale);
            }
        });
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        ndcg::loss(self.targets, &scores[0], self.places)
    }
}

/// `g` and `h` of a group before scaling; answers the sum of `delta p`.
pub(super) fn pairs(labels: &[f64], scores: &[f64], ideal: f64, places: usize, into: &mut [Pair]) -> f64 {
    into.fill([0.0, 0.0]);
    if ideal <= 0.0 {
        return 0.0;
    }
    let mut total = 0.0;
    let order = ndcg::order(scores);
    let discounts: Vec<f64> = (0..order.len()).map(ndcg::discount).collect();
    for at in 0..order.len().min(places) {
        for below in at + 1..order.len() {
            let (a, b) = (order[at], order[below]);
            let (better, worse) = if labels[a] > labels[b] { (a, b) } else { (b, a) };
            if labels[better] <= labels[worse] {
                continue;
            }
            let swapped = discounts[at] - if below < places { discounts[below] } else { 0.0 };
            let delta = (ndcg::gain(labels[better]) - ndcg::gain(labels[worse])) * swapped / ideal;
            let p = sigmoid(scores[worse] - scores[better]);
            into[better][0] -= delta * p;
            into[worse][0] += delta * p;
            into[better][1] += delta * p * (1.0 - p);
            into[worse][1] += delta * p * (1.0 - p);
            total += delta * p;
        }
    }
    total
}
