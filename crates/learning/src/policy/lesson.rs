//! What is learned from rounds, as numbers: inputs near 0, and how much each round counts by now?

use super::arrival::arrival;
use super::balance::balanced;
use super::{Fit, days};
use crate::LearningError;
use crate::body::SHARED;
use crate::body::{Ground, PolicyModel};
use crate::rounds::{PolicySettings, Round, RoundLog, Votes, own_are_enough};
use models::Frame;
use models::bandit::{Committee, Delay, Rounds, ValuesSettings};
use primitives::{DAY_MS, Seed, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds as numbers, as far as was known of them at a moment.
pub(super) struct Lesson {
    ground: Ground,
    x: Vec<f64>,
    action: Vec<u32>,
    propensity: Vec<f64>,
    /// How much each counts; all the same where there are none.
    weight: Option<Vec<f64>>,
    /// Which are of the company's own customers, where those are enough to learn from.
    is_own: Option<Vec<bool>>,
    reward: Vec<f64>,
    arrived: Vec<f64>,
    age: Vec<f64>,
}

/// On so many days rounds must have come before it is learned what the hour of the day changes. On fewer, hours are what happened one after
/// the other: what was asked first was asked earlier.
const N_DAYS_OF_HOURS: usize = 7;

/// Whether the hours of the day came round often enough to say anything.
pub(super) fn are_hours_known(rounds: &[Round]) -> bool {
    let days: BTreeSet<i64> = rounds.iter().map(|round| round.at.as_millis().div_euclid(DAY_MS)).collect();
    days.len() >= N_DAYS_OF_HOURS
}

/// What has come of a round by a moment, within the days that count.
pub(super) fn came_by(round: &Round, by: Timestamp, settings: &PolicySettings) -> Option<(f64, f64)> {
    let reward = round.reward.filter(|reward| reward.at <= by)?;
    let delay = days(round.at, reward.at);
    (delay <= settings.reward_days as f64).then_some((reward.amount, delay))
}

/// How late rewards come, in days, as far as that is known of rounds in the order of time at a moment.
pub(super) fn delay_by(rounds: &[Round], by: Timestamp, settings: &PolicySettings) -> Delay {
    let came = |round: &Round| Some((came_by(round, by, settings)?.1, days(round.at, by)));
    let are_own_enough = own_are_enough(rounds);
    let counted = rounds.iter().filter(|round| round.is_own || !are_own_enough);
    let rewards: Vec<(f64, f64)> = counted.filter_map(came).collect();
    let oldest = rounds.first().map_or(0.0, |round| days(round.at, by));
    // What is refused there are delays that are no numbers, and these are.
    arrival(&rewards, oldest, settings.reward_days as f64).unwrap_or_else(|_| evenly())
}

impl Lesson {
    /// The first `n` rounds, as of a moment.
    pub(super) fn of(log: &RoundLog, n: usize, by: Timestamp, settings: &PolicySettings) -> Self {
        let rounds = &log.rounds[..n.min(log.rounds.len())];
        let age: Vec<f64> = rounds.iter().map(|round| days(round.at, by)).collect();
        let came: Vec<Option<(f64, f64)>> = rounds.iter().map(|round| came_by(round, by, settings)).collect();
        let delay = delay_by(rounds, by, settings);
        let arrived: Vec<f64> = age.iter().map(|age| delay.share(*age)).collect();
        let rows: Vec<Cow<'_, [f32]>> = rounds.iter().map(Round::row).collect();
        let is_own =
            own_are_enough(&log.rounds).then(|| rounds.iter().map(|round| round.is_own).collect::<Vec<bool>>());
        // Beyond what the company's own customers are like nothing counts: or else a few who are like nobody would tilt all.
        let is_seen = |row: usize| is_own.as_ref().is_none_or(|is_own| is_own[row] || !is_own.contains(&true));
        let seen = rows.iter().enumerate().filter(|(row, _)| is_seen(*row)).map(|(_, row)| &**row);
        let ground = Ground::of(&log.inputs, seen).with_hours(are_hours_known(rounds));
        let x = rows.iter().flat_map(|row| ground.view(|at| f64::from(row[at]))).collect();
        let is_shared = settings.is_shared;
        Self {
            x,
            action: rounds.iter().map(|round| if is_shared { 0 } else { round.action }).collect(),
            propensity: rounds.iter().map(|round| if is_shared { 1.0 } else { round.propensity }).collect(),
            weight: is_shared.then(|| by_chance(rounds)),
            is_own,
            reward: came.iter().map(|came| came.map_or(0.0, |(amount, _)| amount)).collect(),
            ground,
            arrived,
            age,
        }
    }

    /// Some of its rounds, looked at in the same way.
    pub(super) fn part(&self, rows: &[usize]) -> Self {
        fn some<T: Copy>(of: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| of[*row]).collect()
        }
        Self {
            x: rows.iter().flat_map(|row| self.row(*row)).copied().collect(),
            action: some(&self.action, rows),
            propensity: some(&self.propensity, rows),
            weight: self.weight.as_ref().map(|weight| some(weight, rows)),
            is_own: self.is_own.as_ref().map(|is_own| some(is_own, rows)),
            reward: some(&self.reward, rows),
            arrived: some(&self.arrived, rows),
            age: some(&self.age, rows),
            ground: self.ground.clone(),
        }
    }

    /// How many rounds there are.
    pub(super) fn n_rounds(&self) -> usize {
        self.action.len()
    }

    /// Whether anything can have come of any of them.
    pub(super) fn says_anything(&self) -> bool {
        self.arrived.iter().any(|share| *share > 0.0)
    }

    /// Whether what is foretold is judged by a round: where the company's own customers are enough to learn from, by theirs alone.
    pub(super) fn judges(&self, row: usize) -> bool {
        self.is_own.as_ref().is_none_or(|is_own| is_own[row])
    }

    /// A round of it as it is looked at, what came of it, and which share of what comes could have come.
    pub(super) fn seen(&self, row: usize) -> (Vec<f64>, f64, f64) {
        (self.row(row).to_vec(), self.reward[row], self.arrived[row])
    }

    fn row(&self, row: usize) -> &[f64] {
        let n = self.ground.n_inputs();
        &self.x[row * n..(row + 1) * n]
    }

    /// What was known of a round, as the model of this lesson looks at it.
    pub(super) fn view(&self, round: &Round) -> Vec<f64> {
        let row = round.row();
        self.ground.view(|at| f64::from(row[at]))
    }

    /// Learns.
    pub(super) fn fit(&self, log: &RoundLog, settings: &Fit) -> Result<PolicyModel, LearningError> {
        let ((actions, groups), group_of) = if settings.policy.is_shared { all_in_one() } else { each(log) };
        let weight = self.weight(&settings.values);
        let values =
            settings.values.fit(&self.rounds(weight.as_deref())?, &group_of).map_err(LearningError::model(ATTEMPT))?;
        Ok(PolicyModel::new(self.ground.clone(), (actions, groups), &group_of, values, settings.policy.reward))
    }

    /// Learns who votes, where anybody is to.
    pub(super) fn committee(
        &self,
        log: &RoundLog,
        settings: &Fit,
        seed: Seed,
    ) -> Result<Option<Committee>, LearningError> {
        let (_, group_of) = if settings.policy.is_shared { all_in_one() } else { each(log) };
        let weight = self.weight(&settings.values);
        let (rounds, values) = (self.rounds(weight.as_deref())?, &settings.values);
        let found = match settings.policy.votes {
            Votes::None => return Ok(None),
            Votes::Bag => Committee::bag(values, &rounds, &group_of, N_MEMBERS, seed),
            Votes::Cover => Committee::cover(values, &rounds, &group_of, N_MEMBERS, DRAWN),
        };
        found.map(Some).map_err(LearningError::model(ATTEMPT))
    }

    /// How much each round counts beside how old it is; all the same where nothing is said.
    fn weight(&self, values: &ValuesSettings) -> Option<Cow<'_, [f64]>> {
        match (&self.weight, &self.is_own) {
            (Some(weight), _) => Some(weight.into()),
            (None, Some(is_own)) => balanced(&self.action, is_own, |row| {
                let remembered = match values.half_life {
                    days if days > 0.0 => (-self.age[row] / days).exp2(),
                    _ => 1.0,
                };
                (remembered, self.arrived[row], (1.0 / self.propensity[row]).min(values.weight_max))
            })
            .map(Cow::from),
            (None, None) => None,
        }
    }

    fn rounds<'a>(&'a self, weight: Option<&'a [f64]>) -> Result<Rounds<'a>, LearningError> {
        let frame =
            Frame::new(&self.x, self.action.len(), self.ground.n_inputs()).map_err(LearningError::model(ATTEMPT))?;
        Ok(Rounds {
            arrived: Some(&self.arrived),
            age: Some(&self.age),
            weight,
            ..Rounds::new(frame, &self.action, &self.propensity, &self.reward)
        })
    }
}

const ATTEMPT: &str = "learn what actions are worth";
/// How many vote: each costs a fit.
const N_MEMBERS: u32 = 5;
/// How much a member is drawn to what those before it rarely chose, where rewards lie near 0 to 1.
const DRAWN: f64 = 0.5;

/// The numbers of actions and groups by their names, and the group of each action.
type Numbered = ((BTreeMap<String, u32>, BTreeMap<String, u32>), Vec<u32>);

fn each(log: &RoundLog) -> Numbered {
    let mut groups: BTreeMap<String, u32> = BTreeMap::new();
    for action in &log.actions {
        let next = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        groups.entry(action.group.clone()).or_insert(next);
    }
    let group_of = log.actions.iter().map(|action| groups[&action.group]).collect();
    let actions = (0_u32..).zip(&log.actions).map(|(at, action)| (action.name.clone(), at)).collect();
    ((actions, groups), group_of)
}

fn all_in_one() -> Numbered {
    let one = BTreeMap::from([(SHARED.to_owned(), 0)]);
    ((one.clone(), one), vec![0])
}

/// What is drawn rarely counts for those that were not drawn, bounded; in the mean each counts once. One regression that is to be
/// right for all actions must not be right for those alone that were drawn often.
fn by_chance(rounds: &[Round]) -> Vec<f64> {
    let weights: Vec<f64> = rounds.iter().map(|round| (1.0 / round.propensity).min(WEIGHT_MAX)).collect();
    let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
    weights.into_iter().map(|weight| weight / mean).collect()
}

/// For how many choices one counts at most.
const WEIGHT_MAX: f64 = 20.0;

/// Where nothing is known of delays.
fn evenly() -> Delay {
    #[expect(clippy::expect_used, reason = "no delays and a horizon above 0 are never refused")]
    Delay::fit(&[], None, 1.0).expect("nothing is always learned from")
}
