//! With which chance is each action taken, given what is believed of them?

use crate::ModelError;
use crate::settings::Range;
use primitives::Seed;
use rand::Rng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// How chance is spent on learning more.
///
/// ```text
/// b = argmax of v, K actions, t rounds, s = spread
/// square_cb  p[a] = 1 / (K + scale t^exponent (v[b] - v[a]) / s) for a other than b,  p[b] = what is left
/// epsilon    p[a] = share / K,  p[b] = 1 - share + share / K
/// lin_ucb    p[b] = 1,  b = argmax of v + alpha s width
/// thompson   p[a] = share of n_draws in which a is the largest of v + v_scale s width z,  z normal
/// bag, cover p[a] = share of the votes
/// greedy     p[b] = 1
/// then       p[a] = (1 - floor) p[a] + floor / K
/// ```
/// Equal ones share a first place equally. What is not a number is never best. Probabilities of [`Explorer::Thompson`] are those of the
/// draws that were made, so they are exact for what is drawn by them.
/// *Guarantees*: they sum to 1 to 1e-12, each is at least `floor / K`; other names for the actions change nothing but the names,
/// [`Explorer::Thompson`] apart. *Cost*: one pass, `n_draws` of them for Thompson. *Source*: Foster and Rakhlin 2020, algorithm 1,
/// arXiv:2002.04926; Li et al. 2010, doi:10.1145/1772690.1772758 (LinUCB); Agrawal and Goyal 2013, arXiv:1209.3352 (Thompson);
/// Bietti, Agarwal and Langford 2021, arXiv:1802.04064 (bag, cover).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Explorer {
    /// The better an action is known to be behind, the less it is tried.
    SquareCb {
        /// How fast exploration ends.
        scale: f64,
        /// With which power of the rounds.
        exponent: f64,
    },
    /// A fixed share is tried evenly.
    Epsilon {
        /// The share.
        share: f64,
    },
    /// What could be best, within `alpha` standard errors, is taken.
    LinUcb {
        /// How many standard errors.
        alpha: f64,
    },
    /// As often as it could be best.
    Thompson {
        /// How many standard errors wide.
        v: f64,
        /// By how many draws.
        n_draws: u32,
    },
    /// The votes of models that were each fitted on a resample: see [`super::Committee::bag`].
    Bag {
        /// How many models.
        n: u32,
    },
    /// The votes of models of which each is drawn to what those before it rarely chose: see [`super::Committee::cover`].
    Cover {
        /// How many models.
        n: u32,
    },
    /// What seems best is taken.
    Greedy,
}

impl Default for Explorer {
    fn default() -> Self {
        Self::SquareCb { scale: 10.0, exponent: 0.5 }
    }
}

/// What is believed of the actions that can be taken.
#[derive(Debug, Clone, Copy)]
pub struct Beliefs<'a> {
    /// What each is worth.
    pub values: &'a [f64],
    /// How wide the standard error of each is, in units of the spread; none where they are not known, and then as if they were 0.
    pub widths: &'a [f64],
    /// What each member of a committee takes each action for; without any, the values vote alone.
    pub votes: &'a [Vec<f64>],
    /// How far rewards lie from what is expected of them.
    pub spread: f64,
    /// How many rounds were learned from.
    pub n_rounds: f64,
}

impl<'a> Beliefs<'a> {
    /// Values alone, with a spread of 1.
    #[must_use]
    pub fn new(values: &'a [f64], n_rounds: f64) -> Self {
        Self { values, widths: &[], votes: &[], spread: 1.0, n_rounds }
    }
}

/// What the parameters of explorers may be.
const SCALE: Range = range("scale", 0.0, 1e9, 10.0, "ends exploration sooner");
const EXPONENT: Range = range("exponent", 0.0, 2.0, 0.5, "ends exploration sooner");
const SHARE: Range = range("share", 0.0, 1.0, 0.05, "tries more");
const ALPHA: Range = range("alpha", 0.0, 1e3, 1.0, "tries more of what little is known of");
const V: Range = range("v", 0.0, 1e3, 0.3, "tries more of what little is known of");
const N_DRAWS: Range = range("n_draws", 1.0, 1e6, 200.0, "makes the probabilities finer");
const N: Range = range("n", 1.0, 100.0, 5.0, "makes the probabilities finer and costs as many fits");

const fn range(name: &'static str, min: f64, max: f64, default: f64, larger: &'static str) -> Range {
    Range { name, min, max, default, larger }
}

impl Explorer {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`ModelError::Setting`] names the first that is outside its range.
    pub fn validate(&self) -> Result<(), ModelError> {
        let check = |range: &Range, value: f64| range.check("Explorer", value);
        match *self {
            Self::SquareCb { scale, exponent } => check(&SCALE, scale).and_then(|()| check(&EXPONENT, exponent)),
            Self::Epsilon { share } => check(&SHARE, share),
            Self::LinUcb { alpha } => check(&ALPHA, alpha),
            Self::Thompson { v, n_draws } => check(&V, v).and_then(|()| check(&N_DRAWS, f64::from(n_draws))),
            Self::Bag { n } | Self::Cover { n } => check(&N, f64::from(n)),
            Self::Greedy => Ok(()),
        }
    }

    /// Whether it looks at [`Beliefs::widths`].
    #[must_use]
    pub fn looks_at_widths(&self) -> bool {
        matches!(self, Self::LinUcb { .. } | Self::Thompson { .. })
    }

    /// The probabilities of one choice. `floor` is the share that is spread evenly over all actions whatever is believed; `seed` is
    /// used by [`Explorer::Thompson`] alone.
    ///
    /// ```
    /// use models::bandit::{Beliefs, Explorer};
    /// // By hand: 1 / (3 + 10 * 0.5), 1 / (3 + 10 * 1), and what is left.
    /// let p = Explorer::default().pmf(&Beliefs::new(&[1.0, 0.5, 0.0], 1.0), 0.0, primitives::Seed::new(1));
    /// assert!((p[0] - 0.798_077).abs() < 1e-6 && (p[1] - 0.125).abs() < 1e-12 && (p[2] - 1.0 / 13.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn pmf(&self, beliefs: &Beliefs<'_>, floor: f64, seed: Seed) -> Vec<f64> {
        let n = beliefs.values.len();
        let mut p = vec![0.0; n];
        if n == 0 {
            return p;
        }
        match *self {
            Self::SquareCb { scale, exponent } => {
                square_cb(beliefs, scale * beliefs.n_rounds.max(0.0).powf(exponent), &mut p)
            }
            Self::Epsilon { share } => {
                vote(beliefs.values, 1.0 - share, &mut p);
                p.iter_mut().for_each(|p| *p += share / n as f64);
            }
            Self::LinUcb { alpha } => {
                let moved = beliefs.values.iter().zip(beliefs.errors()).map(|(value, error)| value + alpha * error);
                vote(&moved.collect::<Vec<f64>>(), 1.0, &mut p);
            }
            Self::Thompson { v, n_draws } => {
                let mut random = seed.stream("bandit/thompson", 0);
                let errors: Vec<f64> = beliefs.errors().collect();
                let mut drawn = beliefs.values.to_vec();
                for _ in 0..n_draws {
                    for ((drawn, value), error) in drawn.iter_mut().zip(beliefs.values).zip(&errors) {
                        *drawn = value + v * error * normal(&mut random);
                    }
                    vote(&drawn, 1.0 / f64::from(n_draws), &mut p);
                }
            }
            Self::Bag { .. } | Self::Cover { .. } if !beliefs.votes.is_empty() => {
                let share = 1.0 / beliefs.votes.len() as f64;
                beliefs.votes.iter().for_each(|values| vote(values, share, &mut p));
            }
            Self::Bag { .. } | Self::Cover { .. } | Self::Greedy => vote(beliefs.values, 1.0, &mut p),
        }
        spread_out(p, floor)
    }
}

impl Beliefs<'_> {
    /// The spread, or 1 where it is none.
    fn known_spread(&self) -> f64 {
        if self.spread.is_finite() && self.spread >= 0.0 { self.spread } else { 1.0 }
    }

    /// The standard error of each value; 0 where it is not known.
    fn errors(&self) -> impl Iterator<Item = f64> + use<'_> {
        let spread = self.known_spread();
        let width = |at: usize| self.widths.get(at).copied().filter(|width: &f64| width.is_finite()).unwrap_or(0.0);
        (0..self.values.len()).map(move |at| width(at) * spread)
    }
}

/// A value to compare by: what is not a number is below everything.
fn rank(value: f64) -> f64 {
    if value.is_nan() { f64::NEG_INFINITY } else { value }
}

/// Gives a share to the best, equally among equal ones.
fn vote(values: &[f64], share: f64, p: &mut [f64]) {
    let best = values.iter().copied().map(rank).fold(f64::NEG_INFINITY, f64::max);
    let is_best = |value: &f64| rank(*value) >= best;
    let n_best = values.iter().filter(|value| is_best(value)).count().max(1);
    for (p, _) in p.iter_mut().zip(values).filter(|(_, value)| is_best(value)) {
        *p += share / n_best as f64;
    }
}

fn square_cb(beliefs: &Beliefs<'_>, gamma: f64, p: &mut [f64]) {
    let best = beliefs.values.iter().copied().map(rank).fold(f64::NEG_INFINITY, f64::max);
    let (n, spread) = (p.len() as f64, beliefs.known_spread());
    let mut left = 1.0;
    for (p, value) in p.iter_mut().zip(beliefs.values) {
        let behind = best - rank(*value);
        // Also where both are infinite, or where nothing was learned yet and any difference counts for nothing.
        let regret = if behind > 0.0 && gamma > 0.0 { gamma * behind / spread } else { 0.0 };
        *p = 1.0 / (n + regret);
        left -= *p;
    }
    vote(beliefs.values, left.max(0.0), p);
}

/// Mixes with an even spread, and makes the sum 1 to the last bits.
fn spread_out(mut p: Vec<f64>, floor: f64) -> Vec<f64> {
    let floor = if floor.is_finite() { floor.clamp(0.0, 1.0) } else { 0.0 };
    let (n, total) = (p.len() as f64, p.iter().sum::<f64>());
    p.iter_mut().for_each(|p| *p = (1.0 - floor) * (*p / total) + floor / n);
    p
}

/// By Box and Muller.
fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
