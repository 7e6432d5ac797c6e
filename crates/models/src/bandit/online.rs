//! What would be learned and done if every round were learned from at once? For comparisons and simulations.

use super::explore::{Beliefs, Explorer};
use super::fit::ValuesSettings;
use super::race::draw;
use super::rounds::widen;
use crate::ModelError;
use crate::labels::{check_length, is_number};
use crate::linear::product;
use primitives::Seed;

const OPERATION: &str = "learn from a round";

/// The regressions of [`ValuesSettings`], brought up to date after each round.
///
/// ```text
/// P[a] = (A[a] + diag(ridge))^-1,   k = P x / (1 + x'P x)
/// P    = P - k (P x)',   u = u + k (r - u'x)                 Sherman and Morrison
/// score = u'x + m ridge[0] (P e)'x                           m: importance-weighted mean of all rewards so far
/// ```
/// The intercept has the ridge of all inputs, and nothing is forgotten. What answers customers is fitted in batches from what was
/// logged ([`ValuesSettings::fit`]), so that a fit can be repeated.
/// *Cost*: `3 d^2` operations a round, `2 d` for each action that is chosen from. *Source*: Sherman and Morrison 1950,
/// doi:10.1214/aoms/1177729893.
///
/// ```
/// use models::bandit::{Explorer, Online, ValuesSettings};
/// use primitives::Seed;
/// let mut online = Online::new(&ValuesSettings::default(), Explorer::default(), 1, 2, 0.0, Seed::new(1))?;
/// for round in 0..200 {
///     let u = f64::from(round * 37 % 200) / 200.0;
///     let (action, propensity) = online.choose(&[1.0], u)?;
///     online.learn(&[1.0], action, if action == 1 { 1.0 } else { 0.0 }, propensity)?;
/// }
/// assert!(online.score(&[1.0], 1) > 0.9);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Online {
    explorer: Explorer,
    ridge: f64,
    weight_max: f64,
    floor: f64,
    seed: Seed,
    width: usize,
    arms: Vec<Learner>,
    n_rounds: f64,
    /// Of rewards and of rounds, by chance.
    mean: (f64, f64),
    squares: f64,
    /// Room for a row and its product.
    row: Vec<f64>,
    gain: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Learner {
    /// Row by row, whole.
    inverse: Vec<f64>,
    theta: Vec<f64>,
}

impl Online {
    /// Knows nothing yet. Explorers that need a committee have the values vote alone.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where there are no actions or no inputs.
    pub fn new(
        settings: &ValuesSettings,
        explorer: Explorer,
        n_features: usize,
        n_actions: usize,
        floor: f64,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        settings.validate()?;
        explorer.validate()?;
        for (what, found) in [("a row", n_features), ("the actions", n_actions)] {
            if found == 0 {
                return Err(ModelError::Shape { operation: OPERATION, what, expected: 1, found });
            }
        }
        let width = n_features + 1;
        let mut inverse = vec![0.0; width * width];
        inverse.iter_mut().step_by(width + 1).for_each(|entry| *entry = 1.0 / settings.ridge);
        let arm = Learner { inverse, theta: vec![0.0; width] };
        Ok(Self {
            explorer,
            ridge: settings.ridge,
            weight_max: settings.weight_max,
            floor,
            seed,
            width,
            arms: vec![arm; n_actions],
            n_rounds: 0.0,
            mean: (0.0, 0.0),
            squares: 0.0,
            row: Vec::with_capacity(width),
            gain: vec![0.0; width],
        })
    }

    /// Draws an action with `u`, a number from 0 to 1: the action, and with which chance it was drawn.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the row has another length.
    pub fn choose(&mut self, x: &[f64], u: f64) -> Result<(usize, f64), ModelError> {
        check_length(OPERATION, "a row", self.width - 1, x.len())?;
        widen(x, &mut self.row);
        let values: Vec<f64> = self.arms.iter().map(|arm| self.score_of(arm)).collect();
        let needs_widths = matches!(self.explorer, Explorer::LinUcb { .. } | Explorer::Thompson { .. });
        let widths: Vec<f64> =
            if needs_widths { self.arms.iter().map(|arm| self.width_of(arm)).collect() } else { Vec::new() };
        let spread = if needs_widths { (self.squares / self.n_rounds.max(1.0)).sqrt().max(1e-3) } else { 1.0 };
        let beliefs = Beliefs { values: &values, widths: &widths, votes: &[], spread, n_rounds: self.n_rounds + 1.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rounds")]
        let round = self.n_rounds as u64;
        let p = self.explorer.pmf(&beliefs, self.floor, Seed::new(self.seed.value() ^ round));
        let action = draw(&p, u);
        Ok((action, p[action]))
    }

    /// Learns what came of an action that was taken with a chance of `propensity`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the row has another length; [`ModelError::Value`] for an action, a reward or a propensity that cannot be.
    pub fn learn(&mut self, x: &[f64], action: usize, reward: f64, propensity: f64) -> Result<(), ModelError> {
        check_length(OPERATION, "a row", self.width - 1, x.len())?;
        let refuse =
            |what, value, allowed| Err(ModelError::Value { operation: OPERATION, what, row: 0, value, allowed });
        if action >= self.arms.len() {
            return refuse("the action of row", action as f64, "one of the actions");
        }
        if !is_number(reward) {
            return refuse("the reward of row", reward, "from -1e12 to 1e12");
        }
        if !(propensity > 0.0 && propensity <= 1.0) {
            return refuse("the propensity of row", propensity, "above 0 and at most 1");
        }
        widen(x, &mut self.row);
        let error = reward - self.score_of(&self.arms[action]);
        self.squares += error * error;
        self.n_rounds += 1.0;
        let by_chance = (1.0 / propensity).min(self.weight_max);
        self.mean = (self.mean.0 + by_chance * reward, self.mean.1 + by_chance);
        let (row, gain, width) = (&self.row, &mut self.gain, self.width);
        let arm = &mut self.arms[action];
        for (gain, inverse) in gain.iter_mut().zip(arm.inverse.chunks_exact(width)) {
            *gain = product(inverse, row);
        }
        let divisor = 1.0 + product(gain, row);
        let step = (reward - product(&arm.theta, row)) / divisor;
        arm.theta.iter_mut().zip(gain.iter()).for_each(|(theta, gain)| *theta += step * gain);
        for (inverse, factor) in arm.inverse.chunks_exact_mut(width).zip(gain.iter()) {
            let factor = factor / divisor;
            inverse.iter_mut().zip(gain.iter()).for_each(|(entry, gain)| *entry -= factor * gain);
        }
        Ok(())
    }

    /// What an action brings for a row.
    #[must_use]
    pub fn score(&self, x: &[f64], action: usize) -> f64 {
        let mut row = Vec::with_capacity(self.width);
        widen(x, &mut row);
        self.arms.get(action).map_or(self.mean(), |arm| self.score_row(arm, &row))
    }

    fn score_of(&self, arm: &Learner) -> f64 {
        self.score_row(arm, &self.row)
    }

    fn score_row(&self, arm: &Learner, row: &[f64]) -> f64 {
        let of_intercept = &arm.inverse[self.width * (self.width - 1)..];
        product(&arm.theta, row) + self.mean() * self.ridge * product(of_intercept, row)
    }

    fn width_of(&self, arm: &Learner) -> f64 {
        let each = arm.inverse.chunks_exact(self.width).zip(&self.row);
        each.map(|(inverse, x)| x * product(inverse, &self.row)).sum::<f64>().max(0.0).sqrt()
    }

    fn mean(&self) -> f64 {
        if self.mean.1 > 0.0 { self.mean.0 / self.mean.1 } else { 0.0 }
    }
}
