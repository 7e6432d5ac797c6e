//! Is a message one of those that were learned at all, or about something else?

use super::learned::{N_SIGNS, Signs};
use crate::ModelError;
use crate::minimise::Minimise;
use serde::{Deserialize, Serialize};

/// What counts how much where nothing can be left out to learn it: the margin, how far it is above the next, the nearest messages,
/// the known words.
pub(super) const USUAL: Signs = [1.0, 0.5, 3.0, 1.0];
/// How far the weights are held to the usual ones, in messages: few messages say little.
const HELD: f64 = 20.0;

/// How much a message looks like those that were learned.
///
/// ```text
/// s(x)      = sum over signs of weight[sign] sign(x)
/// signs     = the largest margin of any class, how far the next is below it, the mean cosine of the nearest messages,
///             the share of its words that is known
/// weight    : P(x is of a class that was learned) = 1 / (1 + exp(-a (s(x) - b))) with the highest likelihood, where whole
///             classes were left out of learning and their messages stand for those about something else
/// threshold = the q-quantile of s over messages of all classes that were left out of learning
/// ```
/// `q` is the share of good messages that may be taken for something else: those are handed to a person for nothing.
/// *Source*: Hendrycks and Gimpel 2017, arXiv 1610.02136, for scores and held-out classes; the sum elementary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scope {
    weights: Signs,
    /// Ascending: the scores of messages of the classes, which were not learned from.
    inside: Vec<f64>,
    threshold: f64,
}

/// So many scores are kept: their quantiles are told to a thousandth.
const N_KEPT: usize = 1_000;

/// Learns which signs count how much.
///
/// # Errors
/// [`ModelError::Fit`] where the mathematics finds no lowest point.
pub(super) fn weights(inside: &[Signs], outside: &[Signs]) -> Result<Signs, ModelError> {
    let shares = [(inside, 1.0), (outside, -1.0)];
    let loss = |at: &[f64], slope: &mut [f64]| {
        slope.fill(0.0);
        let mut loss = 0.0;
        for (signs, side) in shares {
            // Both kinds count alike, however many there are.
            let share = 0.5 / signs.len() as f64;
            for signs in signs {
                let says = at[N_SIGNS] + signs.iter().zip(at).map(|(sign, weight)| sign * weight).sum::<f64>();
                let wrong = 1.0 / (1.0 + (side * says).exp());
                // ln(1 + exp(-z)) without overflow.
                loss += share * ((-side * says).max(0.0) + (-(side * says).abs()).exp().ln_1p());
                for (part, sign) in slope.iter_mut().zip(signs) {
                    *part -= share * side * wrong * sign;
                }
                slope[N_SIGNS] -= share * side * wrong;
            }
        }
        let n = (inside.len() + outside.len()) as f64;
        for ((part, weight), usual) in slope.iter_mut().zip(at).zip(USUAL) {
            *part += HELD / n * (weight - usual);
            loss += HELD / n * (weight - usual).powi(2) / 2.0;
        }
        loss
    };
    let start = [USUAL.as_slice(), &[0.0]].concat();
    let found = Minimise { tolerance: 1e-6, ..Minimise::default() }.minimise(loss, &start)?;
    // What speaks for a class never speaks against it.
    Ok(std::array::from_fn(|sign| found.at[sign].max(0.0)))
}

/// A score of signs.
pub(super) fn score(weights: &Signs, signs: &Signs) -> f64 {
    weights.iter().zip(signs).map(|(weight, sign)| weight * sign).sum()
}

impl Scope {
    /// Sets the threshold so that the share of messages lies below it that may be handed off.
    pub(super) fn new(weights: Signs, held_out: &[Signs], handed_off: f64) -> Self {
        let mut scores: Vec<f64> = held_out.iter().map(|signs| score(&weights, signs)).collect();
        scores.sort_by(f64::total_cmp);
        let n_kept = scores.len().min(N_KEPT);
        let inside: Vec<f64> = (0..n_kept).map(|at| scores[at * scores.len() / n_kept]).collect();
        let threshold = quantile(&inside, handed_off);
        Self { weights, inside, threshold }
    }

    /// How much a message looks like those that were learned; any scale.
    pub(super) fn score(&self, signs: &Signs) -> f64 {
        score(&self.weights, signs)
    }

    pub(super) fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The same with another share that may be handed off.
    pub(super) fn handing_off(&mut self, share: f64) {
        self.threshold = quantile(&self.inside, share);
    }

    /// Which share of good messages looks less like one than this score.
    pub(super) fn share_below(&self, score: f64) -> f64 {
        self.inside.partition_point(|held| *held < score) as f64 / self.inside.len().max(1) as f64
    }

    pub(super) fn is_whole(&self) -> bool {
        let mut numbers = self.weights.iter().chain(&self.inside).chain([&self.threshold]);
        numbers.all(|number| number.is_finite()) && self.inside.is_sorted() && !self.inside.is_empty()
    }
}

/// The number below which a share of ascending numbers lies.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is a place")]
    let place = (share.clamp(0.0, 1.0) * ascending.len() as f64) as usize;
    ascending.get(place.min(ascending.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use rand::RngExt as _;

    #[test]
    fn a_sign_that_tells_nothing_counts_little_and_none_counts_against() {
        let mut random = Seed::new(9).stream("test", 0);
        let mut drawn = |shift: f64| -> Vec<Signs> {
            let each = (0..2_000).map(|_| {
                let [a, b, c, d]: [f64; 4] = random.random();
                [shift + a, b, c - shift, d]
            });
            each.collect()
        };
        let (inside, outside) = (drawn(0.5), drawn(0.0));
        let found = weights(&inside, &outside).unwrap();
        assert!(found[0] > 3.0 && found[1] < 0.45 && found[2] <= 0.0 && found[3] < 0.45, "{found:?}");
        // One message on each side moves nothing far.
        let few = weights(&inside[..1], &outside[..1]).unwrap();
        assert!(few.iter().zip(USUAL).all(|(found, usual)| (found - usual).abs() < 0.2), "{few:?}");
    }

    #[test]
    fn as_many_are_handed_off_as_may_be() {
        let signs: Vec<Signs> = (0..5_000).map(|at| [f64::from(at) / 5_000.0, 0.0, 0.0, 0.0]).collect();
        let mut scope = Scope::new([1.0, 0.0, 0.0, 0.0], &signs, 0.05);
        assert!((scope.threshold() - 0.05).abs() < 2e-3);
        assert!((scope.share_below(0.25) - 0.25).abs() < 2e-3);
        scope.handing_off(0.2);
        assert!((scope.threshold() - 0.2).abs() < 2e-3 && scope.is_whole());
        scope.handing_off(0.0);
        assert!(signs.iter().all(|signs| scope.score(signs) >= scope.threshold()), "a share of 0 hands nothing off");
    }
}
