//! What was done, with which chance, and what came of it?

use crate::labels::{self, check_each, check_length, is_number};
use crate::{Frame, ModelError};

pub(super) const OPERATION: &str = "learn what actions are worth";
/// The largest input that is learned from; they are to be standardised anyway.
const INPUT_MAX: f64 = 1e6;
/// Groups are numbered from 0, and each takes a place.
const N_GROUPS_MAX: u32 = 65_536;

/// Rounds as arrays: in each, one action was drawn and its reward seen.
///
/// *Shapes*: one entry a round in all of them. *Units*: inputs near 0 with a spread near 1; NaN counts as 0, which is then
/// the mean; an intercept is added to them. Rewards in one unit, by choice from 0 to 1; a propensity is that of the action
/// that was taken.
#[derive(Debug, Clone, Copy)]
pub struct Rounds<'a> {
    /// What was known of whom the action was chosen for.
    pub x: Frame<'a>,
    /// Which action was taken.
    pub action: &'a [u32],
    /// With which chance it was.
    pub propensity: &'a [f64],
    /// What came of it so far.
    pub reward: &'a [f64],
    /// How much a round counts; 1 where there are none.
    pub weight: Option<&'a [f64]>,
    /// Which share of rewards has come by now of rounds that are as old as each: see [`super::Delay`]. All of them where
    /// nothing is said.
    pub arrived: Option<&'a [f64]>,
    /// How old each round is, in the unit of [`super::ValuesSettings::half_life`].
    pub age: Option<&'a [f64]>,
}

/// Rounds that count, checked.
pub(super) struct Checked {
    /// Those of a weight above 0, in their order.
    pub(super) rows: Vec<usize>,
    /// By row of the rounds: how much its reward counts.
    pub(super) weight: Vec<f64>,
    /// By row of the rounds: how much it counts as a round, whose rewards have not all come.
    pub(super) seen: Vec<f64>,
}

impl<'a> Rounds<'a> {
    /// Rounds of equal weight, of which all rewards have come.
    #[must_use]
    pub fn new(x: Frame<'a>, action: &'a [u32], propensity: &'a [f64], reward: &'a [f64]) -> Self {
        Self { x, action, propensity, reward, weight: None, arrived: None, age: None }
    }

    /// Checks lengths and numbers.
    pub(super) fn checked(&self, group_of: &[u32], half_life: f64) -> Result<Checked, ModelError> {
        let n_rows = self.x.n_rows();
        check_length(OPERATION, "the actions", n_rows, self.action.len())?;
        check_length(OPERATION, "the propensities", n_rows, self.propensity.len())?;
        check_length(OPERATION, "the rewards", n_rows, self.reward.len())?;
        if n_rows == 0 {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows, n_rows_min: 1 });
        }
        if let Some(row) = group_of.iter().position(|group| *group >= N_GROUPS_MAX) {
            let (what, value) = ("the group of action", f64::from(group_of[row]));
            return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed: "below 65536" });
        }
        self.check_values(group_of.len())?;
        let mut weight = labels::check_weights(OPERATION, n_rows, self.weight)?;
        if half_life > 0.0 {
            let Some(age) = self.age else {
                let reason = "what is to be forgotten has no age: give one for each round".to_owned();
                return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
            };
            check_length(OPERATION, "the ages", n_rows, age.len())?;
            check_each(OPERATION, "the age of row", age, "finite and not negative", |age| {
                age.is_finite() && age >= 0.0
            })?;
            weight.iter_mut().zip(age).for_each(|(weight, age)| *weight *= (-age / half_life).exp2());
        }
        let arrived = self.arrived.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec);
        check_length(OPERATION, "the shares that have arrived", n_rows, arrived.len())?;
        check_each(OPERATION, "the share that has arrived of row", &arrived, "from 0 to 1", |share| {
            (0.0..=1.0).contains(&share)
        })?;
        let seen: Vec<f64> = weight.iter().zip(&arrived).map(|(weight, share)| weight * share).collect();
        let rows: Vec<usize> = (0..n_rows).filter(|row| weight[*row] > 0.0).collect();
        if seen.iter().all(|seen| *seen <= 0.0) {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: 0, n_rows_min: 1 });
        }
        Ok(Checked { rows, weight, seen })
    }

    fn check_values(&self, n_actions: usize) -> Result<(), ModelError> {
        if let Some(row) = self.action.iter().position(|action| *action as usize >= n_actions) {
            let (what, value) = ("the action of row", f64::from(self.action[row]));
            return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed: "one that has a group" });
        }
        check_each(OPERATION, "the reward of row", self.reward, "from -1e12 to 1e12", is_number)?;
        check_each(OPERATION, "the propensity of row", self.propensity, "above 0 and at most 1", |p| {
            p > 0.0 && p <= 1.0
        })?;
        for (row, x) in self.x.rows().enumerate() {
            if let Some(value) = x.iter().find(|value| value.abs() > INPUT_MAX) {
                let (what, allowed) = ("an input of row", "from -1e6 to 1e6: divide inputs by their spread");
                return Err(ModelError::Value { operation: OPERATION, what, row, value: *value, allowed });
            }
        }
        Ok(())
    }
}

/// Writes a row with the intercept behind it; what is not a number counts as 0.
pub(super) fn widen(x: &[f64], into: &mut Vec<f64>) {
    into.clear();
    into.extend(x.iter().map(|value| if value.is_finite() { *value } else { 0.0 }));
    into.push(1.0);
}
