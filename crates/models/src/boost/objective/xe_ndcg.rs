//! How should the rows of a group be ordered? By a cross entropy that bounds NDCG and needs no pairs.

use super::{Loss, Objective, Pair, Targets, by_group, ndcg};
use crate::ModelError;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// The cross entropy between what the scores say of a group and a distribution drawn from its grades.
///
/// ```text
/// rho   = softmax of the group's scores
/// phi   = (2^grade - gamma) / sum of the same over the group      gamma from 0 to 1, drawn for every row and round
/// loss  = - sum of phi ln rho
/// g     = rho - phi, corrected for the derivatives between rows      h = rho (1 - rho)
/// ```
/// The second derivatives of the loss are `A + B`, `A` on the diagonal: `rho (1 - rho)`, and `B` beside it:
/// `-rho[i] rho[j]`. Trees know the diagonal alone. A Newton step `(A + B)^-1 (rho - phi)` is approached by the first
/// three terms of its series, `A^-1 - A^-1 B A^-1 + A^-1 B A^-1 B A^-1`, and handed over times `A`.
/// *Shapes*: grades from 0 to 31, rows in groups. *Cost*: linear in the group. *Source*: Bruch 2021,
/// doi:10.1145/3442381.3449794.
#[derive(Debug, Clone, Copy, Default)]
pub struct XeNdcg;

/// Where lists are judged when training may stop early.
const PLACES: usize = 10;

struct Groups<'a>(&'a Targets<'a>);

impl Objective for XeNdcg {
    fn name(&self) -> &'static str {
        "xe_ndcg"
    }

    fn prepare<'a>(&'a self, targets: &'a Targets<'a>) -> Result<Box<dyn Loss + 'a>, ModelError> {
        ndcg::check("learn an order", targets)?;
        Ok(Box::new(Groups(targets)))
    }
}

impl Loss for Groups<'_> {
    fn initial(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn gradients(&self, scores: &[Vec<f64>], round: u64, seed: Seed, into: &mut [Vec<Pair>]) {
        let targets = self.0;
        let mut random = seed.stream("boost/xe_ndcg", round);
        let drawn: Vec<f64> = (0..targets.labels.len()).map(|_| random.random::<f64>()).collect();
        let parts = by_group(&targets.groups, &mut into[0]);
        targets.groups.par_iter().zip(parts).for_each(|(group, into)| {
            let labels = &targets.labels[group.clone()];
            let wanted: Vec<f64> =
                labels.iter().zip(&drawn[group.clone()]).map(|(y, gamma)| y.exp2() - gamma).collect();
            pairs(&scores[0][group.clone()], &wanted, into);
            for ([g, h], weight) in into.iter_mut().zip(&targets.weights[group.clone()]) {
                (*g, *h) = (*g * weight, *h * weight);
            }
        });
    }

    fn loss(&self, scores: &[Vec<f64>]) -> f64 {
        ndcg::loss(self.0, &scores[0], PLACES)
    }
}

/// `g` and `h` of a group whose distribution is proportional to `wanted`.
pub(super) fn pairs(scores: &[f64], wanted: &[f64], into: &mut [Pair]) {
    let total: f64 = wanted.iter().sum();
    if scores.len() < 2 || total <= 0.0 {
        into.fill([0.0, 0.0]);
        return;
    }
    let rho = softmax(scores);
    let mut term: Vec<f64> = rho.iter().zip(wanted).map(|(rho, wanted)| rho - wanted / total).collect();
    for ((into, rho), g) in into.iter_mut().zip(&rho).zip(&term) {
        *into = [*g, rho * (1.0 - rho)];
    }
    for _ in 0..2 {
        // The next term of the series: -B A^-1 of this one. What is certain (rho of 1) has no curvature to correct for.
        let scaled: Vec<f64> = term.iter().zip(&rho).map(|(x, rho)| x / (1.0 - rho).max(f64::EPSILON)).collect();
        let sum: f64 = scaled.iter().sum();
        for (((into, rho), term), own) in into.iter_mut().zip(&rho).zip(&mut term).zip(scaled) {
            *term = rho * (sum - own);
            into[0] += *term;
        }
    }
}

/// The softmax of scores.
pub(super) fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let total: f64 = raised.iter().sum();
    raised.into_iter().map(|x| x / total).collect()
}
