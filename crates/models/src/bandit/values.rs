//! What does the fitted model say of an action?

use super::rounds::widen;
use crate::linear::{product_of_stored, row_at};
use crate::{ModelError, bytes};
use serde::{Deserialize, Serialize};

const NAME: &str = "values of actions";
const VERSION: u8 = 1;

/// Which action is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// One of those that had a number when the model was fitted.
    Known(u32),
    /// One that came later: it is worth what its group is.
    Cold {
        /// The group.
        group: u32,
    },
}

/// What each action is worth to whom. See [`super::ValuesSettings`] for the formula.
///
/// ```
/// use models::{Frame, bandit::{Arm, Rounds, ValuesSettings}};
/// // Action 0 works for those with a 1, action 1 for the others; each was drawn by a coin.
/// let x: Vec<f64> = (0..400).map(|row| f64::from(row / 2 % 2)).collect();
/// let action: Vec<u32> = (0..400).map(|row| row % 2).collect();
/// let reward: Vec<f64> = (0..400).map(|row| f64::from(u32::from(row % 2 != row / 2 % 2))).collect();
/// let rounds = Rounds::new(Frame::new(&x, 400, 1)?, &action, &[0.5; 400], &reward);
/// let values = ValuesSettings::default().fit(&rounds, &[0, 0])?;
/// assert!(values.score(&[1.0], Arm::Known(0)) > 0.9 && values.score(&[0.0], Arm::Known(0)) < 0.1);
/// assert!((values.score(&[1.0], Arm::Cold { group: 0 }) - 0.5).abs() < 1e-9);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Values(Stored);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) n_features: usize,
    pub(super) ridge: f64,
    /// The mean of all rounds, for groups that are not known.
    pub(super) mean: f64,
    /// By group: the mean, and the ridge of the intercept.
    pub(super) groups: Vec<(f64, f64)>,
    /// By action.
    pub(super) group_of: Vec<u32>,
    /// By action: how many rounds it was taken in.
    pub(super) n_rounds_of: Vec<f64>,
    /// By action, one number for each feature and then the intercept: what is added to the mean of the group.
    pub(super) coefficients: Vec<f32>,
    /// By action, the lower half of the factor of its sums; empty where they were let go.
    pub(super) factors: Vec<f32>,
    pub(super) spread: f64,
    pub(super) n_rounds: f64,
}

impl TryFrom<Stored> for Values {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model: NAME, reason: reason.to_owned() });
        let (n_actions, width) = (stored.group_of.len(), stored.n_features.saturating_add(1));
        // Every length is bounded by what was really read, so that no product of them is too large.
        if stored.n_features == 0 || n_actions == 0 || n_actions.checked_mul(width) != Some(stored.coefficients.len()) {
            return corrupt("the coefficients are not one for each action and input");
        }
        if stored.n_rounds_of.len() != n_actions {
            return corrupt("the counts are not one for each action");
        }
        if !stored.factors.is_empty() && n_actions.checked_mul(row_at(width)) != Some(stored.factors.len()) {
            return corrupt("the factors are not one for each action");
        }
        if stored.group_of.iter().any(|group| *group as usize >= stored.groups.len()) {
            return corrupt("an action is of a group that is not there");
        }
        let are_positive = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite() && *number > 0.0);
        let are_amounts = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite() && *number >= 0.0);
        let is_sound = are_positive(&[stored.ridge])
            && stored.mean.is_finite()
            && stored.groups.iter().all(|(mean, ridge)| mean.is_finite() && are_positive(&[*ridge]))
            && are_amounts(&stored.n_rounds_of)
            && are_amounts(&[stored.spread, stored.n_rounds])
            && stored.coefficients.iter().chain(&stored.factors).all(|number| number.is_finite());
        if !is_sound {
            return corrupt("a number is not one that is ever fitted");
        }
        Ok(Self(stored))
    }
}

impl Values {
    pub(super) fn of(stored: Stored) -> Self {
        Self(stored)
    }

    /// What an action brings for a row of inputs. What is not a number counts as 0, and an action that is not known as one of the mean
    /// of all.
    ///
    /// # Panics
    /// Where the row has another length than the training rows.
    #[must_use]
    pub fn score(&self, x: &[f64], arm: Arm) -> f64 {
        self.score_row(&self.row(x), arm)
    }

    /// The scores of several actions for a row, each equal to [`Self::score`] of it to the bit. *Cost*: a product for each.
    ///
    /// # Panics
    /// Where the row has another length than the training rows.
    #[must_use]
    pub fn scores(&self, x: &[f64], arms: &[Arm]) -> Vec<f64> {
        let row = self.row(x);
        arms.iter().map(|arm| self.score_row(&row, *arm)).collect()
    }

    /// The inputs with the intercept behind them.
    fn row(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.0.n_features, "a row has as many inputs as those that were learned from");
        let mut row = Vec::with_capacity(x.len() + 1);
        widen(x, &mut row);
        row
    }

    fn score_row(&self, row: &[f64], arm: Arm) -> f64 {
        let stored = &self.0;
        match arm {
            Arm::Cold { group } => self.mean_of(group),
            Arm::Known(action) => match stored.group_of.get(action as usize) {
                None => stored.mean,
                Some(group) => {
                    let at = action as usize * row.len();
                    self.mean_of(*group) + product_of_stored(&stored.coefficients[at..at + row.len()], row)
                }
            },
        }
    }

    /// How little is known of an action there: the standard error of its score in units of [`Self::spread`]; `None` where the
    /// widths were let go.
    ///
    /// # Panics
    /// Where the row has another length than the training rows.
    #[must_use]
    pub fn width(&self, x: &[f64], arm: Arm) -> Option<f64> {
        let stored = &self.0;
        let mut row = self.row(x);
        if stored.factors.is_empty() {
            return None;
        }
        let group = match arm {
            Arm::Known(action) if (action as usize) < stored.group_of.len() => {
                let n = row_at(row.len());
                let factor = &stored.factors[action as usize * n..(action as usize + 1) * n];
                return Some(length_behind(factor, &mut row));
            }
            Arm::Known(_) => u32::MAX,
            Arm::Cold { group } => group,
        };
        let of_intercept = stored.groups.get(group as usize).map_or(1.0, |(_, ridge)| *ridge);
        let squares: f64 = row[..x.len()].iter().map(|x| x * x).sum();
        Some((squares / stored.ridge + 1.0 / of_intercept).sqrt())
    }

    /// What a group brings on average; the mean of all rounds for one that is not known.
    #[must_use]
    pub fn mean_of(&self, group: u32) -> f64 {
        self.0.groups.get(group as usize).map_or(self.0.mean, |(mean, _)| *mean)
    }

    /// The standard deviation of rewards around what was expected of them.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.0.spread
    }

    /// How many rounds were learned from: old ones count less where they are forgotten, young ones as far as their rewards have come.
    #[must_use]
    pub fn n_rounds(&self) -> f64 {
        self.0.n_rounds
    }

    /// How many of them an action was taken in.
    #[must_use]
    pub fn n_rounds_of(&self, action: u32) -> f64 {
        self.0.n_rounds_of.get(action as usize).copied().unwrap_or(0.0)
    }

    /// By group, how many rounds an action of it was taken in.
    #[must_use]
    pub fn n_rounds_by_group(&self) -> Vec<f64> {
        let mut by_group = vec![0.0; self.0.groups.len()];
        self.0.group_of.iter().zip(&self.0.n_rounds_of).for_each(|(group, n)| by_group[*group as usize] += n);
        by_group
    }

    /// The group of what is asked about; of an action that is not known, none that there is.
    #[must_use]
    pub fn group_of(&self, arm: Arm) -> u32 {
        match arm {
            Arm::Known(action) => self.0.group_of.get(action as usize).copied().unwrap_or(u32::MAX),
            Arm::Cold { group } => group,
        }
    }

    /// How many actions had a number.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.0.group_of.len()
    }

    /// How many inputs a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.0.n_features
    }

    /// The same without [`Self::width`]: much smaller where there are many inputs.
    #[must_use]
    pub fn without_widths(mut self) -> Self {
        self.0.factors = Vec::new();
        self
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, self)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Stored>(NAME, VERSION, bytes)?.try_into()
    }
}

/// The length of `L^-1 x`, with a packed lower half.
fn length_behind(lower: &[f32], x: &mut [f64]) -> f64 {
    let mut squares = 0.0;
    for i in 0..x.len() {
        let row = &lower[row_at(i)..=row_at(i) + i];
        let sum = product_of_stored(row, &x[..i]);
        let divisor = f64::from(row[i]);
        // Bytes that were tampered with can hold a 0; what was fitted cannot.
        x[i] = if divisor.abs() > 0.0 { (x[i] - sum) / divisor } else { 0.0 };
        squares += x[i] * x[i];
    }
    squares.sqrt()
}
