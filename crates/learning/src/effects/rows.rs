//! Which choices tell what an action changes?

use crate::Dataset;
use crate::rounds::{Round, RoundLog};
use crate::task::Data;
use primitives::{CustomerId, DAY_MS, Timestamp, stable_hash};
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
    let ordered = if is_told { None } else { Some(Orders::of(data.dataset, log)) };
    let window_ms = log.settings.reward_days.saturating_mul(DAY_MS);
    let succeeded = |round: &Round, until: Timestamp| match &ordered {
        None => Some(round.reward.is_some_and(|reward| reward.at <= until)),
        Some(orders) => orders.came(round, until),
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

/// What customers ordered.
struct Orders<'a> {
    dataset: &'a Dataset,
    /// Where each stands of whom anything ever came in.
    places: HashMap<CustomerId, usize>,
    /// When the first thing came of anybody: whatever came before is not known.
    since: Option<Timestamp>,
}

impl<'a> Orders<'a> {
    fn of(dataset: &'a Dataset, log: &RoundLog) -> Self {
        let places = dataset.places_of(log.rounds.iter().map(|round| &round.customer));
        Self { dataset, places, since: dataset.span().map(|(first, _)| first) }
    }

    /// Whether the customer ordered within the days of a choice; `None` where that is not known.
    ///
    /// Of whom nothing ever came in but the question, no order came: whoever left them out would look at those alone who ordered, and
    /// find that everybody does, whatever is done. Who does not permit to be learned from has no rounds.
    fn came(&self, round: &Round, until: Timestamp) -> Option<bool> {
        // With the days before it: the first that came may have come of this choice.
        self.since.filter(|since| *since <= until)?;
        let Some(place) = self.places.get(&round.customer) else { return Some(false) };
        let customer = self.dataset.customers().get(*place)?.get();
        Some(customer.state.orders_between(round.at, until).next().is_some())
    }
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
