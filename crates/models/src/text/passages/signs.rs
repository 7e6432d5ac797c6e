//! How likely is what was found the answer?

use crate::ModelError;
use crate::minimise::Minimise;

/// How many signs there are.
const N: usize = 5;

/// What speaks for the first passage: the share of the question that it has, the share of its heading that is asked for, its score, how far
/// that is above the best of any other document, and what encoders say.
pub(super) type Signs = [f64; N];

/// What the signs count, and last what is added, where nothing can be learned from the passages: found on questions of a public set, see
/// `docs/knowledge.md`.
const USUAL: [f64; N + 1] = [3.0, 2.0, 2.0, 5.0, 0.0, -3.5];
/// How far the weights are held to the usual ones, in questions.
const HELD: f64 = 40.0;

/// How far what is found may be trusted.
///
/// ```text
/// P(right)  = 1 / (1 + exp(-(a + sum over signs of weight[sign] sign)))
/// weight, a : lowest  mean log-loss over questions made of the passages + held / n  sum (weight - usual)^2 / 2
/// ```
/// Questions are made of the passages themselves: headings and beginnings of which words are left out, asked of all (right where the
/// passage's own document comes first) and of all but its own document (never right).
#[derive(Debug, Clone, PartialEq)]
pub struct Trust {
    weights: [f64; N + 1],
    /// How many questions it was learned from.
    pub n_questions: usize,
}

impl Default for Trust {
    fn default() -> Self {
        Self { weights: USUAL, n_questions: 0 }
    }
}

impl Trust {
    /// Learns from what was found for questions, and whether that was right.
    ///
    /// # Errors
    /// [`ModelError::Fit`] where the mathematics finds no lowest point.
    pub(super) fn learn(asked: &[(Signs, bool)]) -> Result<Self, ModelError> {
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let n = asked.len() as f64;
        let loss = |at: &[f64], slope: &mut [f64]| {
            slope.fill(0.0);
            let mut loss = 0.0;
            for (signs, is_right) in asked {
                let side = if *is_right { 1.0 } else { -1.0 };
                let says = side * sum(at, signs);
                let wrong = 1.0 / (1.0 + says.exp());
                // ln(1 + exp(-z)) without overflow.
                loss += ((-says).max(0.0) + (-says.abs()).exp().ln_1p()) / n;
                for (part, sign) in slope.iter_mut().zip(signs.iter().chain([&1.0])) {
                    *part -= side * wrong * sign / n;
                }
            }
            for ((part, weight), usual) in slope.iter_mut().zip(at).zip(USUAL) {
                *part += HELD / n * (weight - usual);
                loss += HELD / n * (weight - usual).powi(2) / 2.0;
            }
            loss
        };
        let found = Minimise { tolerance: 1e-6, ..Minimise::default() }.minimise(loss, &USUAL)?;
        // What speaks for an answer never speaks against it.
        let weight = |at: usize| if at == N { found.at[at] } else { found.at[at].max(0.0) };
        Ok(Self { weights: std::array::from_fn(weight), n_questions: asked.len() })
    }

    pub(super) fn confidence(&self, signs: &Signs) -> f64 {
        1.0 / (1.0 + (-sum(&self.weights, signs)).exp())
    }
}

fn sum(weights: &[f64], signs: &Signs) -> f64 {
    weights.iter().zip(signs.iter().chain([&1.0])).map(|(weight, sign)| weight * sign).sum()
}
