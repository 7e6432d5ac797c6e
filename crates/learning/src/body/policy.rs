//! What is an action worth for somebody? Read from what is known of them, by name.

use crate::LearningError;
use crate::rounds::{HOURS, Reward};
use models::bandit::{Arm, Committee, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The versions of the bytes that this program writes: without a committee, and with one.
const VERSION: u8 = 5;
const VERSION_WITH_VOTES: u8 = 6;
/// Those of before: without what was seen; with it; and with a committee. Beside what they foretell nothing that was declared counts.
const VERSION_UNSEEN: u8 = 1;
const VERSION_SEEN: u8 = 2;
const VERSION_ALONE: u8 = 3;
const VERSION_WITH_VOTES_ALONE: u8 = 4;
/// How far from the mean an input counts, in standard deviations.
const FAR: f64 = 4.0;

/// One over the least standard deviation that an hour counts in: over a whole day it is 0.7.
const HOUR_SCALE_MAX: f64 = 2.0;

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

    /// The same, where the hour of the day counts by how far it is from the others on the clock, or not at all. A log of minutes has hours
    /// that differ by little: counted in their own spread, what came some minutes later would lie far from all that was learned, and
    /// whatever changed in those minutes would go on for the whole day.
    pub(crate) fn with_hours(mut self, are_known: bool) -> Self {
        for at in (0..self.inputs.len()).filter(|at| HOURS.contains(&self.inputs[*at].as_str())).collect::<Vec<_>>() {
            let (scale, (low, high)) = (self.scales[at], self.seen[at]);
            let kept = if are_known { scale.min(HOUR_SCALE_MAX) } else { 0.0 };
            let part = if scale > 0.0 { kept / scale } else { 0.0 };
            (self.scales[at], self.seen[at]) = (kept, (low * part, high * part));
        }
        self
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

/// A model of version 1, which did not keep between which distances inputs were seen.
#[derive(Deserialize)]
struct Unseen {
    ground: UnseenGround,
    actions: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
    values: Values,
    reward: Reward,
}

#[derive(Deserialize)]
struct UnseenGround {
    inputs: Vec<String>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl From<Unseen> for PolicyModel {
    fn from(old: Unseen) -> Self {
        let Unseen { ground: UnseenGround { inputs, means, scales }, actions, groups, values, reward } = old;
        // As far as it counted then.
        let seen = vec![(-FAR, FAR); inputs.len()];
        Self {
            ground: Ground { inputs, means, scales, seen },
            actions,
            groups,
            values,
            reward,
            n_rounds_of_group: Vec::new(),
            committee: None,
        }
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
    /// By group: how many rounds of it were learned from, beside which what was declared counts. Nothing in models of before version 5:
    /// their answers are made again as they were.
    #[serde(skip)]
    n_rounds_of_group: Vec<f64>,
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
    /// How many rounds of its group that was learned from; `None` of models of before, beside which nothing else counts.
    pub n_rounds: Option<f64>,
}

impl Foretold {
    /// How likely it succeeds, where `prior` is what was declared: that counts as so many rounds as its own variance is worth, so that one
    /// refusal of the first customer does not take it from all others.
    ///
    /// ```text
    /// share = (n s + a p) / (n + a),   a = (1 - p) / p, from 1 to 50        n rounds that foretell s, and p the prior
    /// ```
    /// *Source*: the mean of a beta posterior whose prior is as wide as one success lets it be.
    #[must_use]
    pub fn beside(&self, prior: f64) -> f64 {
        let Some(n) = self.n_rounds else { return self.share };
        let declared = ((1.0 - prior) / prior.max(1e-9)).clamp(1.0, PRIOR_ROUNDS_MAX);
        (n * self.share + declared * prior) / (n + declared)
    }
}

/// For so many rounds counts what was declared, at most.
const PRIOR_ROUNDS_MAX: f64 = 50.0;

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
        Self { ground, actions, groups, values, reward, n_rounds_of_group: Vec::new(), committee: None }.beside_priors()
    }

    fn beside_priors(self) -> Self {
        Self { n_rounds_of_group: self.values.n_rounds_by_group(), ..self }
    }

    /// With a committee that learned from the same rounds.
    pub(crate) fn with_votes(self, committee: Option<Committee>) -> Self {
        Self { committee, ..self }
    }

    /// Foretells nothing from now on, so that what is declared counts.
    pub(crate) fn forget(&mut self) {
        self.actions.clear();
        self.groups.clear();
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
        let n_rounds = self.n_rounds_of_group.get(self.values.group_of(arm) as usize).copied();
        Some(Foretold { share, is_of_group: matches!(arm, Arm::Cold { .. }), n_rounds })
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
        let is_alone = self.n_rounds_of_group.is_empty();
        let written = match &self.committee {
            None => postcard::to_extend(self, vec![if is_alone { VERSION_ALONE } else { VERSION }]),
            Some(committee) => {
                let version = if is_alone { VERSION_WITH_VOTES_ALONE } else { VERSION_WITH_VOTES };
                postcard::to_extend(&(self, committee), vec![version])
            }
        };
        written.map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// Reads what [`PolicyModel::to_bytes`] wrote, in this version or in one before it.
    ///
    /// # Errors
    /// [`LearningError::File`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        let voted = |rest: &[u8]| {
            postcard::from_bytes::<(Self, Committee)>(rest).map(|(model, committee)| model.with_votes(Some(committee)))
        };
        let read = match bytes.split_first() {
            Some((&VERSION_UNSEEN, rest)) => postcard::from_bytes::<Unseen>(rest).map(Self::from),
            Some((&(VERSION_SEEN | VERSION_ALONE), rest)) => postcard::from_bytes::<Self>(rest),
            Some((&VERSION, rest)) => postcard::from_bytes::<Self>(rest).map(Self::beside_priors),
            Some((&VERSION_WITH_VOTES_ALONE, rest)) => voted(rest),
            Some((&VERSION_WITH_VOTES, rest)) => voted(rest).map(Self::beside_priors),
            _ => {
                return Err(corrupt(format!(
                    "the policy has not a version from {VERSION_UNSEEN} to {VERSION_WITH_VOTES}"
                )));
            }
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

    /// What a program of version 1 wrote: one input of mean 2 and deviation 2, one action of one group with a mean of 0.25, an eighth more
    /// for each deviation.
    const WRITTEN_BY_1: &str = "010104686f757201000000000000004001000000000000e03f010463616c6c000104636172650001000000000000f03f0000 \
        00000000d03f01000000000000d03f000000000000f03f0100010000000000002440020000003e0000000003000000400000 \
        000000004040000000000000e03f000000000000244000";

    fn bytes_of(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    #[test]
    fn what_was_declared_counts_beside_what_is_known_of_few() {
        let foretold = |share: f64, n: f64| Foretold { share, is_of_group: false, n_rounds: Some(n) };
        assert!((foretold(0.0, 0.0).beside(0.3) - 0.3).abs() < 1e-12, "of nothing nothing is known");
        assert!((foretold(0.0, 1.0).beside(0.5) - 0.25).abs() < 1e-12, "one refusal of what every other accepts");
        assert!((foretold(0.0, 1.0).beside(0.05) - 0.0475).abs() < 1e-12, "and of what one of twenty does");
        assert!(
            (foretold(0.2, 10_000.0).beside(0.9) - 0.2).abs() < 1e-3,
            "and in the end what came of it counts alone"
        );
        for prior in [0.0, 1e-6, 0.02, 0.5, 1.0] {
            let found = foretold(0.4, 7.0).beside(prior);
            assert!(found >= prior.min(0.4) && found <= prior.max(0.4), "{prior}: {found}");
        }
    }

    #[test]
    fn models_of_every_version_are_read() {
        let first = bytes_of(WRITTEN_BY_1);
        let model = PolicyModel::from_bytes(&first).unwrap();
        assert_eq!((model.inputs(), model.n_actions(), model.n_rounds()), (&["hour".to_owned()][..], 1, 10.0));
        // As it answered then: four deviations count at most, whatever was seen.
        for (hour, expected) in [(2.0, 0.25), (4.0, 0.375), (10.0, 0.75), (1e9, 0.75), (-2.0, 0.0), (f64::NAN, 0.25)] {
            let found = model.foretell(&model.view(|_| hour), "call", "care").unwrap();
            assert!((found.share - expected).abs() < 1e-9 && !found.is_of_group, "{hour}: {found:?}");
        }
        let written = model.to_bytes().unwrap();
        assert_eq!((written[0], PolicyModel::from_bytes(&written).unwrap()), (VERSION_ALONE, model.clone()));
        // Beside what it foretells what was declared counts since version 5.
        let fifth = PolicyModel::from_bytes(&[&[VERSION], &written[1..]].concat()).unwrap();
        let [alone, beside] =
            [&model, &fifth].map(|model| model.foretell(&model.view(|_| 2.0), "call", "care").unwrap());
        assert_eq!((alone.n_rounds, alone.beside(0.9), beside.n_rounds), (None, alone.share, Some(10.0)));
        assert_eq!((fifth.to_bytes().unwrap()[0], &fifth.to_bytes().unwrap()[1..]), (VERSION, &written[1..]));
        // Version 2 is written like 3.
        let second = [&[VERSION_SEEN], &written[1..]].concat();
        assert_eq!(PolicyModel::from_bytes(&second).unwrap(), model);
        for (version, rest) in
            [(0, &written[1..]), (7, &written[1..]), (1, &written[1..]), (2, &first[1..]), (1, &first[1..40])]
        {
            assert!(PolicyModel::from_bytes(&[&[version], rest].concat()).is_err(), "{version}");
        }
    }
}
