//! What is an action worth with all that follows it? Fitted Q iteration on what was logged.

#[cfg(test)]
mod tests;

use crate::labels::{self, check_each, check_length, is_number};
use crate::linear::{Factor, Gram, product};
use crate::settings::settings;
use crate::{Frame, ModelError, bytes, folds};
use primitives::Seed;
use serde::{Deserialize, Serialize};

const OPERATION: &str = "learn what sequences of actions are worth";
const MODEL: &str = "values of sequences";
const VERSION: u8 = 1;
const INPUT_MAX: f64 = 1e6;
const N_ACTIONS_MAX: usize = 1024;
const N_FEATURES_MAX: usize = 512;
/// Where no answer changes by more than this part of the largest value that can be, iterations end.
const SETTLED: f64 = 1e-12;

settings! {
    /// Fitted Q iteration with a ridge regression for each action, twice on halves of the customers.
    ///
    /// ```text
    /// a*      = the best action of the next state by the half's own Q
    /// y[i]    = reward[i] + discount * Q of the other half (next[i], a*),  reward[i] alone where i is terminal
    /// Q(s, a) = m + theta[a]'(s, 1),   theta[a] by ridge regression of y - m on the half's rows of a,   m = mean of y
    /// answer  = mean of both halves
    /// low     = min(0, smallest reward) / (1 - discount),  high likewise: every Q lies from low to high
    /// ```
    /// One half chooses and the other says what the choice is worth: the largest of noisy numbers is too large, and this is not.
    /// *Shapes*: as [`Transitions`]. *Units*: those of the rewards. *Guarantees*: equal to the bit for equal rows in equal order and
    /// the same seed; a weight of 2 is the same as two rows, a weight of 0 as none; answers are bounded whatever the regression does.
    /// *Cost*: `n d^2 / 2` once, `n k d` each iteration for `n` rows, `d` inputs and `k` actions. *Source*: Ernst, Geurts and
    /// Wehenkel 2005, "Tree-based batch mode reinforcement learning", JMLR 6; double estimation by van Hasselt 2010, NeurIPS 23.
    FittedQSettings {
        /// What is added for every input.
        ridge: f64 = 1.0 in 0.000000001..=1_000_000.0, larger: "keeps actions nearer to the mean until there are more rows";
        /// What the value of a step later counts for now.
        discount: f64 = 0.9 in 0.0..=0.99, larger: "looks further ahead and is noisier";
        /// After how many iterations it ends at the latest.
        n_iterations: u32 = 200 in 1..=2_000, larger: "lets values settle more fully";
    }
}

/// Steps of customers in time.
///
/// *Shapes*: one entry a step in all of them. *Units*: inputs near 0 with a spread near 1, of which NaN counts as 0.
#[derive(Debug, Clone, Copy)]
pub struct Transitions<'a> {
    /// What was known when the action was taken.
    pub x: Frame<'a>,
    /// Which action was taken.
    pub action: &'a [u32],
    /// What came of it until the next step.
    pub reward: &'a [f64],
    /// What was known at the next step; not looked at where there is none.
    pub next: Frame<'a>,
    /// Whether nothing follows.
    pub terminal: &'a [bool],
    /// Whose step it was: a customer is never in both halves.
    pub customer: &'a [u64],
    /// How much a step counts; 1 where there are none.
    pub weight: Option<&'a [f64]>,
}

/// What every action is worth with all that follows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedQ {
    n_features: usize,
    n_actions: usize,
    low: f64,
    high: f64,
    halves: [Half; 2],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Half {
    mean: f64,
    /// For each action, one number for each input and then the intercept.
    theta: Vec<f64>,
}

/// What the iterations of one half need: nothing of it changes.
struct Lesson {
    rows: Vec<usize>,
    factors: Vec<Factor>,
}

/// The rows, widened by an intercept.
struct Wide {
    n: usize,
    x: Vec<f64>,
    next: Vec<f64>,
}

impl Wide {
    fn of(rows: &Transitions<'_>) -> Self {
        let widen = |frame: &Frame<'_>| {
            let known = |x: &f64| if x.is_nan() { 0.0 } else { *x };
            frame.rows().flat_map(|row| row.iter().map(known).chain([1.0])).collect()
        };
        Self { n: rows.x.n_features() + 1, x: widen(&rows.x), next: widen(&rows.next) }
    }

    fn x(&self, row: usize) -> &[f64] {
        &self.x[row * self.n..][..self.n]
    }

    fn next(&self, row: usize) -> &[f64] {
        &self.next[row * self.n..][..self.n]
    }
}

impl Half {
    fn value(&self, x: &[f64], action: usize, (low, high): (f64, f64)) -> f64 {
        (self.mean + product(&self.theta[action * x.len()..][..x.len()], x)).clamp(low, high)
    }
}

impl FittedQSettings {
    /// Learns from steps, of `n_actions` actions.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for an action, a reward, a weight or
    /// an input that cannot be; [`ModelError::NothingToLearn`] where an action was not taken in both halves of the customers;
    /// [`ModelError::TooFewRows`].
    ///
    /// ```
    /// use models::{Frame, fitted_q::{FittedQSettings, Transitions}};
    /// // Action 1 brings 1, action 0 nothing, and nothing follows.
    /// let (action, reward) = ([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]);
    /// let x = Frame::new(&[1.0; 4], 4, 1)?;
    /// let rows = Transitions { x, action: &action, reward: &reward, next: x, terminal: &[true; 4], customer: &[1, 1, 2, 2], weight: None };
    /// let q = FittedQSettings { ridge: 1e-9, ..FittedQSettings::default() }.fit(&rows, 2, primitives::Seed::new(1))?;
    /// assert!((q.value(&[1.0], 1) - 1.0).abs() < 1e-6 && q.best(&[1.0]) == 1);
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn fit(&self, rows: &Transitions<'_>, n_actions: usize, seed: Seed) -> Result<FittedQ, ModelError> {
        self.validate()?;
        let weight = rows.checked(n_actions)?;
        let wide = Wide::of(rows);
        // Customers whose steps all count for nothing must not move the others between the halves.
        let counted: Vec<usize> = (0..weight.len()).filter(|row| weight[*row] > 0.0).collect();
        let keys: Vec<u64> = counted.iter().map(|row| rows.customer[*row]).collect();
        let half_of = folds(&keys, 2, seed);
        let lesson = |half: u32| {
            let own = counted.iter().zip(&half_of).filter(|(_, of)| **of == half).map(|(row, _)| *row).collect();
            self.lesson(rows, &wide, &weight, own, n_actions)
        };
        let lessons = [lesson(0)?, lesson(1)?];
        let rewards = || counted.iter().map(|row| rows.reward[*row]);
        let low = rewards().fold(0.0, f64::min) / (1.0 - self.discount);
        let high = rewards().fold(0.0, f64::max) / (1.0 - self.discount);
        let none = || Half { mean: 0.0, theta: vec![0.0; n_actions * wide.n] };
        let mut model = FittedQ { n_features: wide.n - 1, n_actions, low, high, halves: [none(), none()] };
        let mut before: Vec<f64> = Vec::new();
        for _ in 0..self.n_iterations {
            let targets: Vec<f64> = lessons
                .iter()
                .enumerate()
                .flat_map(|(half, lesson)| {
                    lesson.rows.iter().map(|row| self.target(rows, &wide, &model, half, *row)).collect::<Vec<_>>()
                })
                .collect();
            let moved = targets.iter().zip(&before).fold(0.0, |most: f64, (new, old)| most.max((new - old).abs()));
            if !before.is_empty() && moved <= SETTLED * (high - low) {
                break;
            }
            let (first, second) = targets.split_at(lessons[0].rows.len());
            model.halves = [
                lessons[0].fitted(rows, &wide, &weight, first, n_actions),
                lessons[1].fitted(rows, &wide, &weight, second, n_actions),
            ];
            before = targets;
        }
        Ok(model)
    }

    fn lesson(
        &self,
        steps: &Transitions<'_>,
        wide: &Wide,
        weight: &[f64],
        rows: Vec<usize>,
        n_actions: usize,
    ) -> Result<Lesson, ModelError> {
        let mut grams = vec![Gram::new(wide.n); n_actions];
        let mut is_taken = vec![false; n_actions];
        for &row in &rows {
            let action = steps.action[row] as usize;
            grams[action].add(weight[row], wide.x(row));
            is_taken[action] = true;
        }
        if let Some(action) = is_taken.iter().position(|is_taken| !is_taken) {
            let reason =
                format!("action {action} was not taken in both halves of the customers; leave it out or log more");
            return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
        }
        let ridge = vec![self.ridge; wide.n];
        let factors = grams.iter().map(|gram| gram.factor(&ridge)).collect();
        Ok(Lesson { rows, factors })
    }

    /// What a step brought and what is thought to follow: this half chooses, the other one says what that is worth.
    fn target(&self, rows: &Transitions<'_>, wide: &Wide, model: &FittedQ, half: usize, row: usize) -> f64 {
        if rows.terminal[row] {
            return rows.reward[row];
        }
        let (next, within) = (wide.next(row), (model.low, model.high));
        let best = first_largest((0..model.n_actions).map(|action| model.halves[half].value(next, action, within)));
        rows.reward[row] + self.discount * model.halves[1 - half].value(next, best, within)
    }
}

impl Lesson {
    fn fitted(&self, steps: &Transitions<'_>, wide: &Wide, weight: &[f64], targets: &[f64], n_actions: usize) -> Half {
        let total: f64 = self.rows.iter().map(|row| weight[*row]).sum();
        let mean = self.rows.iter().zip(targets).map(|(row, y)| weight[*row] * y).sum::<f64>() / total;
        let mut theta = vec![0.0; n_actions * wide.n];
        for (&row, y) in self.rows.iter().zip(targets) {
            let side = &mut theta[steps.action[row] as usize * wide.n..][..wide.n];
            let residual = weight[row] * (y - mean);
            side.iter_mut().zip(wide.x(row)).for_each(|(sum, x)| *sum += residual * x);
        }
        theta.chunks_exact_mut(wide.n).zip(&self.factors).for_each(|(side, factor)| factor.solve(side));
        Half { mean, theta }
    }
}

impl Transitions<'_> {
    /// The weights, where everything is as it must be.
    fn checked(&self, n_actions: usize) -> Result<Vec<f64>, ModelError> {
        let n = self.x.n_rows();
        check_length(OPERATION, "the actions", n, self.action.len())?;
        check_length(OPERATION, "the rewards", n, self.reward.len())?;
        check_length(OPERATION, "the next states", n, self.next.n_rows())?;
        check_length(OPERATION, "the inputs of next states", self.x.n_features(), self.next.n_features())?;
        check_length(OPERATION, "what is terminal", n, self.terminal.len())?;
        check_length(OPERATION, "the customers", n, self.customer.len())?;
        for (what, count, most) in [
            ("the number of actions, entry", n_actions, N_ACTIONS_MAX),
            ("the number of inputs, entry", self.x.n_features(), N_FEATURES_MAX),
        ] {
            if count == 0 || count > most {
                let allowed = "from 1 to 1024 actions and 512 inputs";
                return Err(ModelError::Value { operation: OPERATION, what, row: 0, value: count as f64, allowed });
            }
        }
        if let Some(row) = self.action.iter().position(|action| *action as usize >= n_actions) {
            let (what, value) = ("the action of row", f64::from(self.action[row]));
            return Err(ModelError::Value {
                operation: OPERATION,
                what,
                row,
                value,
                allowed: "below the number of actions",
            });
        }
        check_each(OPERATION, "the reward of row", self.reward, "from -1e12 to 1e12", is_number)?;
        let is_input = |x: &f64| x.is_nan() || x.abs() <= INPUT_MAX;
        for row in 0..n {
            let follows = if self.terminal[row] { &[] } else { self.next.row(row) };
            if let Some(value) = self.x.row(row).iter().chain(follows).find(|x| !is_input(x)) {
                let (what, allowed) = ("an input of row", "from -1e6 to 1e6, or NaN where it is not known");
                return Err(ModelError::Value { operation: OPERATION, what, row, value: *value, allowed });
            }
        }
        let weight = labels::check_weights(OPERATION, n, self.weight)?;
        let n_rows = weight.iter().filter(|weight| **weight > 0.0).count();
        if n_rows < 2 {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows, n_rows_min: 2 });
        }
        Ok(weight)
    }
}

impl FittedQ {
    /// What an action is worth in a state with all that follows it, where the best is done later. NaN counts as 0; the smallest
    /// value that can be for an action that is not known.
    #[must_use]
    pub fn value(&self, x: &[f64], action: usize) -> f64 {
        if action >= self.n_actions {
            return self.low;
        }
        let known =
            |at: usize| x.get(at).copied().filter(|x| x.is_finite()).unwrap_or(0.0).clamp(-INPUT_MAX, INPUT_MAX);
        let wide: Vec<f64> = (0..self.n_features).map(known).chain([1.0]).collect();
        let sum: f64 = self.halves.iter().map(|half| half.value(&wide, action, (self.low, self.high))).sum();
        sum / 2.0
    }

    /// What every action is worth in a state.
    #[must_use]
    pub fn values(&self, x: &[f64]) -> Vec<f64> {
        (0..self.n_actions).map(|action| self.value(x, action)).collect()
    }

    /// The best action in a state; the first of equals.
    #[must_use]
    pub fn best(&self, x: &[f64]) -> usize {
        first_largest(self.values(x).into_iter())
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`ModelError::Encode`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(MODEL, VERSION, self)
    }

    /// The model that was written.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let model: Self = bytes::decode(MODEL, VERSION, bytes)?;
        let are_few =
            (1..=N_FEATURES_MAX).contains(&model.n_features) && (1..=N_ACTIONS_MAX).contains(&model.n_actions);
        let is_bounded = model.low.is_finite() && model.high.is_finite() && model.low <= 0.0 && model.high >= 0.0;
        let is_half = |half: &Half| {
            half.theta.len() == model.n_actions * (model.n_features + 1)
                && half.mean.is_finite()
                && half.theta.iter().all(|theta| theta.is_finite())
        };
        if are_few && is_bounded && model.halves.iter().all(is_half) {
            return Ok(model);
        }
        Err(ModelError::Corrupt { model: MODEL, reason: "its numbers do not fit together".to_owned() })
    }
}

fn first_largest(values: impl Iterator<Item = f64>) -> usize {
    values
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |most, (at, value)| if value > most.1 { (at, value) } else { most })
        .0
}
