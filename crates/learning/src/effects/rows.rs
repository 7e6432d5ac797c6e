//! Which choices tell what an action changes?

use crate::rounds::{Round, RoundLog};
use crate::task::Data;
use features::Trace;
use primitives::{DAY_MS, Timestamp, stable_hash};
use profiles::Customer;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many choices must there be of an action, and as many of doing nothing in its place.
pub(super) const N_ARM_MIN: usize = 200;
/// So many of them must have succeeded.
pub(super) const N_SUCCESSES_MIN: usize = 20;
/// Of so many, the newest, is learned: more would cost time.
const N_ROWS_MAX: usize = 20_000;
/// Of so many choices to do nothing must success have been told, so that it is believed to be told of all.
const N_TOLD_MIN: usize = 5;

/// The choices of one action and those to do nothing in its place.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Which of the rounds.
    pub(super) at: Vec<usize>,
    pub(super) treated: Vec<bool>,
    pub(super) outcome: Vec<f64>,
    pub(super) chance: Vec<f64>,
    pub(super) key: Vec<u64>,
}

/// Whether success is told of decisions in which nothing was done.
pub(super) fn is_told(log: &RoundLog) -> bool {
    let nothing = |round: &&Round| log.actions.get(round.action as usize).is_some_and(|it| it.is_nothing);
    log.rounds.iter().filter(nothing).filter(|round| round.reward.is_some()).take(N_TOLD_MIN).count() == N_TOLD_MIN
}

/// The rows of each action, by its place in the log; only of choices whose days are over.
pub(super) fn of_actions(data: &Data<'_>) -> BTreeMap<u32, Rows> {
    let log = data.dataset.rounds();
    let is_told = is_told(log);
    let customers: HashMap<&str, &Customer<Trace>> = match is_told {
        true => HashMap::new(),
        false => data.dataset.customers().iter().map(|one| (one.get().profile.id.as_str(), one.get())).collect(),
    };
    let window_ms = log.settings.reward_days.saturating_mul(DAY_MS);
    let succeeded = |round: &Round, until: Timestamp| match is_told {
        true => Some(round.reward.is_some_and(|reward| reward.at <= until)),
        false => {
            let customer = customers.get(round.customer.as_str())?;
            Some(customer.state.orders_between(round.at, until).next().is_some())
        }
    };
    let mut all: BTreeMap<u32, Rows> = BTreeMap::new();
    for (at, round) in log.rounds.iter().enumerate().rev() {
        let until = Timestamp::from_millis(round.at.as_millis().saturating_add(window_ms));
        if until > data.now || round.place != 0 || round.chances.len() != round.candidates.len() {
            continue;
        }
        let Some(success) = succeeded(round, until) else { continue };
        for (action, treated, chance) in told_of(log, round) {
            let rows = all.entry(action).or_default();
            if rows.len() < N_ROWS_MAX {
                rows.at.push(at);
                rows.treated.push(treated);
                rows.outcome.push(f64::from(u8::from(success)));
                rows.chance.push(chance);
                rows.key.push(stable_hash(round.customer.as_str()));
            }
        }
    }
    all
}

/// Whether there are choices that will tell something when their days are over.
pub(super) fn has_young(data: &Data<'_>) -> bool {
    let log = data.dataset.rounds();
    let window_ms = log.settings.reward_days.saturating_mul(DAY_MS);
    let is_young = |round: &&Round| round.at.as_millis().saturating_add(window_ms) > data.now.as_millis();
    log.rounds.iter().filter(is_young).any(|round| round.place == 0 && !told_of(log, round).is_empty())
}

/// Of which actions a choice tells what they change, whether it was done, and with which chance in place of nothing.
fn told_of(log: &RoundLog, round: &Round) -> Vec<(u32, bool, f64)> {
    let is_nothing = |action: u32| log.actions.get(action as usize).is_some_and(|it| it.is_nothing);
    let candidates = || round.candidates.iter().copied().zip(round.chances.iter().map(|chance| f64::from(*chance)));
    let Some((nothing, of_nothing)) = candidates().find(|(action, _)| is_nothing(*action)) else { return Vec::new() };
    let of = |(action, chance): (u32, f64)| {
        let treated = round.action == action;
        let e = chance / (chance + of_nothing);
        ((treated || round.action == nothing) && e.is_finite() && !is_nothing(action)).then_some((action, treated, e))
    };
    candidates().filter_map(of).collect()
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    pub(super) fn n_arm(&self, treated: bool) -> usize {
        self.treated.iter().filter(|it| **it == treated).count()
    }

    pub(super) fn n_successes(&self) -> usize {
        self.outcome.iter().filter(|it| **it > 0.0).count()
    }

    pub(super) fn is_enough(&self) -> bool {
        self.n_arm(true) >= N_ARM_MIN && self.n_arm(false) >= N_ARM_MIN && self.n_successes() >= N_SUCCESSES_MIN
    }

    pub(super) fn customers(&self) -> BTreeSet<u64> {
        self.key.iter().copied().collect()
    }

    pub(super) fn newest(&self, log: &RoundLog) -> Option<Timestamp> {
        self.at.iter().map(|at| log.rounds[*at].at).max()
    }
}
