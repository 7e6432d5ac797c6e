//! What is an action worth for somebody? Read from what is known of them, by name.

use crate::LearningError;
use crate::rounds::Reward;
use models::bandit::{Arm, Committee, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The versions of the bytes that this program writes: without a committee, and with one.
const VERSION: u8 = 3;
const VERSION_WITH_VOTES: u8 = 4;
/// How far from the mean an input counts, in standard deviations.
const FAR: f64 = 4.0;

/// The name of all actions where they share one regression.
pub(crate) const SHARED: &str = "all";

/// What is looked at, and around what it lies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ground {
    inputs: Vec<String>,
    means: Vec<f64>,
    /// One over the standard deviation; 0 where there is none, so that what is always the same says nothing.
    scales: Vec<f64>,
    /// Between which distances from the mean it was seen, in standard deviations. What was learned says nothing of what lies beyond:
    /// an hour that never was, or a tenure that nobody had yet.
    seen: Vec<(f64, f64)>,
}

impl Ground {
    /// Of rows in the order of the inputs; what is not known is left out.
    pub(crate) fn of<'a>(inputs: &[String], rows: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let mean_of = |number: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![(0.0, 0.0); inputs.len()];
            for row in rows.clone() {
                for (at, value) in row.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    let (n, sum) = sums[at];
                    sums[at] = (n + 1.0, sum + number(at, f64::from(*value)));
                }
            }
            sums.into_iter().map(|(n, sum)| sum / f64::max(n, 1.0)).collect::<Vec<f64>>()
        };
        let means = mean_of(&|_, value| value);
        let variances = mean_of(&|at, value| (value - means[at]) * (value - means[at]));
        let scale = |(mean, variance): (&f64, f64)| {
            let deviation = variance.sqrt();
            if deviation > 1e-9 * (1.0 + mean.abs()) { deviation.recip() } else { 0.0 }
        };
        let scales: Vec<f64> = means.iter().zip(variances).map(scale).collect();
        let ends = |at: usize| {
            let finite = rows.clone().filter_map(|row| row.get(at).copied().filter(|value| value.is_finite()));
            let ends =
                finite.fold((f32::INFINITY, f32::NEG_INFINITY), |ends, value| (ends.0.min(value), ends.1.max(value)));
            let near = |value: f32| match value.is_finite() {
                true => ((f64::from(value) - means[at]) * scales[at]).clamp(-FAR, FAR),
                false => 0.0,
            };
            (near(ends.0), near(ends.1))
        };
        let seen = (0..inputs.len()).map(ends).collect();
        Self { inputs: inputs.to_vec(), means, scales, seen }
    }

    /// The names of what is looked at.
    pub(crate) fn inputs(&self) -> &[String] {
        &self.inputs
    }

    pub(crate) fn n_inputs(&self) -> usize {
        self.inputs.len()
    }

    /// A row as the model looks at it; `value` answers what is known, and NaN where nothing is.
    pub(crate) fn view(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let near = |at: usize| {
            let distance = (value(at) - self.means[at]) * self.scales[at];
            let (low, high) = self.seen[at];
            if distance.is_finite() { distance.clamp(low, high) } else { 0.0 }
        };
        (0..self.inputs.len()).map(near).collect()
    }

    /// Whether it is what [`Ground::of`] makes.
    pub(crate) fn is_whole(&self) -> bool {
        let n = self.inputs.len();
        let are_finite = |all: &[f64]| all.len() == n && all.iter().all(|one| one.is_finite());
        let is_range = |(low, high): &(f64, f64)| -FAR <= *low && low <= high && *high <= FAR;
        are_finite(&self.means) && are_finite(&self.scales) && self.seen.len() == n && self.seen.iter().all(is_range)
    }
}

/// What each action brings to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyModel {
    ground: Ground,
    actions: BTreeMap<String, u32>,
    /// Those of which anything was ever drawn.
    groups: BTreeMap<String, u32>,
    values: Values,
    reward: Reward,
    /// Who votes on what is chosen, where anybody does.
    #[serde(skip)]
    committee: Option<Committee>,
}

/// What is foretold of an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foretold {
    /// How likely it succeeds, or which share of its worth it brings.
    pub share: f64,
    /// Whether it is foretold from its group, since the action itself was never drawn.
    pub is_of_group: bool,
}

impl PolicyModel {
    pub(crate) fn new(
        ground: Ground,
        (actions, mut groups): (BTreeMap<String, u32>, BTreeMap<String, u32>),
        group_of: &[u32],
        values: Values,
        reward: Reward,
    ) -> Self {
        let was_drawn =
            |group: &u32| (0_u32..).zip(group_of).any(|(action, of)| of == group && values.n_rounds_of(action) > 0.0);
        groups.retain(|_, group| was_drawn(group));
        Self { ground, actions, groups, values, reward, committee: None }
    }

    /// With a committee that learned from the same rounds.
    pub(crate) fn with_votes(self, committee: Option<Committee>) -> Self {
        Self { committee, ..self }
    }

    /// The names of what it looks at.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.ground.inputs
    }

    /// What is known of somebody, as it looks at it: `number` answers what is known by its name, and NaN where nothing is.
    #[must_use]
    pub fn view(&self, number: impl Fn(&str) -> f64) -> Vec<f64> {
        self.ground.view(|at| number(&self.ground.inputs[at]))
    }

    /// What is foretold of an action of a group; `None` where neither it nor any of its group was ever drawn.
    ///
    /// # Panics
    /// Where the view is none of [`PolicyModel::view`].
    #[must_use]
    pub fn foretell(&self, view: &[f64], action: &str, group: &str) -> Option<Foretold> {
        let arm = self.arm(action, group)?;
        let share = self.values.score(view, arm).clamp(self.reward.least(), self.reward.most());
        Some(Foretold { share, is_of_group: matches!(arm, Arm::Cold { .. }) })
    }

    /// How little is known there of an action of which something is foretold: its standard error, in units of
    /// [`PolicyModel::spread`]. It costs far more than what is foretold, and few ask.
    ///
    /// # Panics
    /// As [`PolicyModel::foretell`].
    #[must_use]
    pub fn width(&self, view: &[f64], action: &str, group: &str) -> Option<f64> {
        Some(self.values.width(view, self.arm(action, group)?).unwrap_or_default())
    }

    /// What each member of the committee foretells of an action of a group, in the order of the members; nothing where there is no
    /// committee, or neither it nor any of its group was ever drawn.
    ///
    /// # Panics
    /// As [`PolicyModel::foretell`].
    #[must_use]
    pub fn votes(&self, view: &[f64], action: &str, group: &str) -> Vec<f64> {
        let Some((committee, arm)) = self.committee.as_ref().zip(self.arm(action, group)) else { return Vec::new() };
        let share = |member: &Values| member.score(view, arm).clamp(0.0, self.reward.most());
        committee.members().iter().map(share).collect()
    }

    /// How many vote.
    #[must_use]
    pub fn n_members(&self) -> usize {
        self.committee.as_ref().map_or(0, |committee| committee.members().len())
    }

    fn arm(&self, action: &str, group: &str) -> Option<Arm> {
        match self.actions.get(action).filter(|at| self.values.n_rounds_of(**at) > 0.0) {
            Some(at) => Some(Arm::Known(*at)),
            None => Some(Arm::Cold { group: *self.groups.get(group)? }),
        }
    }

    /// What is foretold of an action that came with a question, from [`crate::Sides::row`]; `None` where it was learned otherwise.
    #[must_use]
    pub fn foretell_row(&self, row: &[f32]) -> Option<Foretold> {
        if row.len() != self.ground.n_inputs() {
            return None;
        }
        let view = self.ground.view(|at| f64::from(row[at]));
        self.foretell(&view, SHARED, SHARED)
    }

    /// How far what comes lies from what is foretold.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.values.spread()
    }

    /// How many rounds were learned from: old ones count less, and young ones as far as their rewards have come.
    #[must_use]
    pub fn n_rounds(&self) -> f64 {
        self.values.n_rounds()
    }

    /// How many actions it knows.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.actions.len()
    }

    /// By input, how far a standard deviation of it moves what an action brings, in the mean over the rounds.
    pub(crate) fn slopes(&self) -> Vec<f64> {
        let n = self.ground.n_inputs();
        let mut moved = vec![0.0; n];
        let nowhere = vec![0.0; n];
        for at in (0..self.values.n_actions()).filter_map(|at| u32::try_from(at).ok()) {
            let (arm, n_rounds) = (Arm::Known(at), self.values.n_rounds_of(at));
            let here = self.values.score(&nowhere, arm);
            for (input, moved) in moved.iter_mut().enumerate().filter(|_| n_rounds > 0.0) {
                let mut there = nowhere.clone();
                there[input] = 1.0;
                *moved += n_rounds * (self.values.score(&there, arm) - here).abs();
            }
        }
        moved
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        let written = match &self.committee {
            None => postcard::to_extend(self, vec![VERSION]),
            Some(committee) => postcard::to_extend(&(self, committee), vec![VERSION_WITH_VOTES]),
        };
        written.map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// Reads what [`PolicyModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        let read = match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes::<Self>(rest),
            Some((&VERSION_WITH_VOTES, rest)) => postcard::from_bytes::<(Self, Committee)>(rest)
                .map(|(model, committee)| model.with_votes(Some(committee))),
            _ => return Err(corrupt(format!("the policy has not version {VERSION} or {VERSION_WITH_VOTES}"))),
        };
        let model = read.map_err(|error| corrupt(error.to_string()))?;
        let members = model.committee.iter().flat_map(Committee::members);
        let is_alike =
            |one: &Values| (one.n_features(), one.n_actions()) == (model.values.n_features(), model.values.n_actions());
        let votes_fit = members.clone().all(is_alike) && model.committee.is_none() == (members.count() == 0);
        let is_whole = votes_fit
            && model.ground.n_inputs() == model.values.n_features()
            && model.ground.is_whole()
            && model.actions.values().all(|at| (*at as usize) < model.values.n_actions());
        if is_whole { Ok(model) } else { Err(corrupt("the model's parts do not fit together".to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_seen_counts_as_the_nearest_that_was() {
        let rows: Vec<Vec<f32>> = (0..50_u8).map(|at| vec![f32::from(at % 10), 7.0, f32::NAN]).collect();
        let inputs = ["hour", "constant", "unknown"].map(str::to_owned);
        let ground = Ground::of(&inputs, rows.iter().map(Vec::as_slice));
        assert!(ground.is_whole());
        let view = |value: f64| ground.view(|_| value);
        assert_eq!(view(23.0), view(9.0), "later than any");
        assert_eq!(view(-1e9), view(0.0), "earlier than any");
        assert!(view(0.0)[0] < view(4.0)[0] && view(4.0)[0] < view(9.0)[0]);
        assert_eq!(view(23.0)[1..], [0.0, 0.0], "what is always the same, or never known, says nothing");
        assert_eq!(view(f64::NAN), [0.0; 3], "what is not known counts as the mean");
        let turned = Ground { seen: vec![(1.0, -1.0); 3], ..ground.clone() };
        let short = Ground { seen: vec![(-1.0, 1.0)], ..ground };
        assert!(!turned.is_whole() && !short.is_whole(), "bytes that were tampered with");
    }
}
