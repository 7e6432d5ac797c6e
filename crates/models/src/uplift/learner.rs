//! How is an effect learned of which nobody was ever seen with and without?

use super::linear;
use super::model::{Effect, EffectModel};
use super::trial::{Rows, Trial};
use crate::boost::{BoostModel, BoostSettings};
use crate::settings::settings;
use crate::{Frame, ModelError};
use primitives::Seed;
use serde::{Deserialize, Serialize};

settings! {
    /// How trees and folds are used for effects. Effects are small beside outcomes: trees are small, and leaves are large.
    UpliftSettings {
        /// How many trees each model has.
        n_trees: usize = 100 in 1..=5_000, larger: "fits closer and costs time";
        /// How much of each tree is used.
        learning_rate: f64 = 0.05 in 0.001..=1.0, larger: "needs fewer trees and fits more coarsely";
        /// How many leaves a tree may have.
        max_leaves: usize = 8 in 2..=4_096, larger: "lets more inputs act together and overfits earlier";
        /// How many rows are in a leaf at least.
        min_leaf_weight: f64 = 50.0 in 1.0..=1_000_000.0, larger: "keeps small groups together";
        /// Into how many parts rows are cut, so that no outcome is foretold by what learned from it.
        n_folds: u32 = 5 in 2..=20, larger: "learns from more rows and costs time";
        /// How often learners are compared on all folds.
        n_repeats: u32 = 2 in 1..=20, larger: "compares more surely and costs time";
    }
}

/// How an effect is learned.
///
/// ```text
/// T: treated or not, e: the chance of it, y: outcome, u1 and u0: what is foretold with and without, by folds that do not hold the row
/// linear  y = a + b'z + (T - e)(c + d'z) by ridge, z standardised;       effect = c + d'z
/// s       y by trees on [x, T];                                           effect = f(x, 1) - f(x, 0)
/// t       y by trees on x, in each arm;                                   effect = f1(x) - f0(x)
/// x       y - u0(x) of the treated and u1(x) - y of the others, by trees; effect = (1 - mean e) g1(x) + mean e g0(x)
/// dr      u1 - u0 + (T - e) / (e (1 - e)) (y - u_T), by trees;            effect = g(x)
/// ```
/// Because `T - e` has the mean 0 whatever `x` is, the linear effect is unbiased also where chances varied; `dr` is where either the
/// chances or what is foretold are right. The ridges of `linear` are those with the smallest squared error over folds.
/// *Guarantees*: the same for the same seed. *Cost*: one sum over the rows for `linear`, one fit of trees for `s`, two for `t`, two
/// for each fold and two or one more for `x` and `dr`. *Source*: Künzel et al. 2019, doi:10.1073/pnas.1804597116 (S, T, X); Kennedy 2023,
/// doi:10.1214/23-EJS2157 (DR); Tian et al. 2014, doi:10.1080/01621459.2014.951443 (linear).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// A straight line.
    Linear,
    /// One model that knows who is treated.
    S,
    /// A model for each arm.
    T,
    /// Each arm's outcomes beside what the other arm foretells.
    X,
    /// Doubly robust.
    Dr,
}

/// What is foretold of each row with and without the treatment.
struct Nuisances {
    treated: Vec<f64>,
    control: Vec<f64>,
}

impl Learner {
    /// All of them, the plainest first.
    pub const ALL: [Self; 5] = [Self::Linear, Self::S, Self::T, Self::X, Self::Dr];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::S => "s",
            Self::T => "t",
            Self::X => "x",
            Self::Dr => "dr",
        }
    }

    /// Learns the effect.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for an outcome or a chance that cannot be;
    /// [`ModelError::TooFewRows`]; [`ModelError::NothingToLearn`] where an arm is empty, in all or in a fold.
    pub fn fit(self, trial: &Trial<'_>, settings: &UpliftSettings, seed: Seed) -> Result<EffectModel, ModelError> {
        settings.validate()?;
        self.fit_rows(&trial.rows()?, settings, seed)
    }

    pub(super) fn fit_rows(
        self,
        rows: &Rows,
        settings: &UpliftSettings,
        seed: Seed,
    ) -> Result<EffectModel, ModelError> {
        let all: Vec<usize> = (0..rows.len()).collect();
        let (treated, control) = (rows.arm(true), rows.arm(false));
        let outcome = |row: usize| rows.outcome[row];
        let effect = match self {
            Self::Linear => Effect::Line(linear::fit(rows, settings.n_folds, seed)?),
            Self::S => {
                let with_arm =
                    |row: usize| rows.row(row).iter().copied().chain([f64::from(u8::from(rows.treated[row]))]);
                let x: Vec<f64> = all.iter().flat_map(|row| with_arm(*row)).collect();
                let frame = Frame::new(&x, rows.len(), rows.n_features + 1)?;
                Effect::Switched(settings.trees().fit_number(frame, &rows.outcome, None, seed)?)
            }
            Self::T => Effect::Between {
                treated: settings.number(rows, &treated, outcome, seed)?,
                control: settings.number(rows, &control, outcome, seed)?,
            },
            Self::X => {
                let foretold = settings.nuisances(rows, seed)?;
                let gained = |row: usize| rows.outcome[row] - foretold.control[row];
                let missed = |row: usize| foretold.treated[row] - rows.outcome[row];
                Effect::Mixed {
                    by_treated: settings.number(rows, &treated, gained, seed)?,
                    by_control: settings.number(rows, &control, missed, seed)?,
                    share: 1.0 - rows.mean_chance(),
                }
            }
            Self::Dr => {
                let foretold = settings.nuisances(rows, seed)?;
                let robust = |row: usize| {
                    let (with, without, e) = (foretold.treated[row], foretold.control[row], rows.chance[row]);
                    let own = if rows.treated[row] { with } else { without };
                    let sign = if rows.treated[row] { 1.0 / e } else { -1.0 / (1.0 - e) };
                    with - without + sign * (rows.outcome[row] - own)
                };
                Effect::Direct(settings.number(rows, &all, robust, seed)?)
            }
        };
        Ok(EffectModel::of(rows.n_features, effect))
    }
}

impl UpliftSettings {
    fn trees(&self) -> BoostSettings {
        BoostSettings {
            n_trees: self.n_trees,
            learning_rate: self.learning_rate,
            max_leaves: self.max_leaves,
            min_leaf_weight: self.min_leaf_weight,
            ..BoostSettings::default()
        }
    }

    /// Trees for a number of some of the rows.
    pub(super) fn number(
        &self,
        rows: &Rows,
        some: &[usize],
        number: impl Fn(usize) -> f64,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        let x: Vec<f64> = some.iter().flat_map(|row| rows.row(*row)).copied().collect();
        let numbers: Vec<f64> = some.iter().map(|row| number(*row)).collect();
        self.trees().fit_number(Frame::new(&x, some.len(), rows.n_features)?, &numbers, None, seed)
    }

    /// The outcome of each row with and without the treatment, by models of the folds that it is not in.
    fn nuisances(&self, rows: &Rows, seed: Seed) -> Result<Nuisances, ModelError> {
        let mut found = Nuisances { treated: vec![0.0; rows.len()], control: vec![0.0; rows.len()] };
        for (learned, judged) in rows.splits(self.n_folds, seed) {
            let part = rows.select(&learned);
            part.check_arms()?;
            for (arm, into) in [(true, &mut found.treated), (false, &mut found.control)] {
                let model = self.number(&part, &part.arm(arm), |row| part.outcome[row], seed)?;
                judged.iter().for_each(|row| into[*row] = model.score(rows.row(*row)));
            }
        }
        Ok(found)
    }
}
