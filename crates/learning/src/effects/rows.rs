//! Which choices tell what an action changes?

use crate::Dataset;
use crate::rounds::{Rewarded, Round, RoundLog, counts_alone};
use crate::task::Data;
use features::Order;
use models::uplift::is_open;
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

/// From so many choices on either side after which was ordered it is compared how often success is told of both.
const N_COMPARED_MIN: usize = 20;
/// So many times as often it may be told of one side as of the other.
const TOLD_RATIO: usize = 2;

/// The choices of one action and those to do nothing in its place.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    /// The rounds.
    pub(super) of: Vec<&'a Round>,
    pub(super) treated: Vec<bool>,
    pub(super) outcome: Vec<f64>,
    pub(super) chance: Vec<f64>,
    pub(super) key: Vec<u64>,
}

/// The choices of all actions.
pub(super) struct Choices<'a> {
    /// Of each action, by its place in the log; only those whose days are over.
    pub(super) of: BTreeMap<u32, Rows<'a>>,
    /// Whether success is what the company told of decisions; else it is an order.
    pub(super) is_told: bool,
    /// Whether there are choices that will tell something when their days are over.
    pub(super) has_young: bool,
}

impl<'a> Choices<'a> {
    /// All that was drawn, whether it was shown or not: of doing nothing nobody tells that.
    pub(super) fn of(data: &Data<'a>) -> Self {
        let log = data.dataset.rounds();
        let window_ms = log.settings.reward_days.saturating_mul(DAY_MS);
        let over = |round: &Round| Timestamp::from_millis(round.at.as_millis().saturating_add(window_ms));
        let assigned = log.assigned();
        let tells = |(round, _): &(&Round, _)| !told_of(log, round).is_empty();
        let (done, young): (Vec<_>, Vec<_>) =
            assigned.into_iter().filter(tells).partition(|(round, _)| over(round) <= data.now);
        let orders = Orders::of(data.dataset, &done, over);
        let is_told = is_told(log, &done, |round| orders.came(round, over(round)).unwrap_or(false));
        let mut of: BTreeMap<u32, Rows<'a>> = BTreeMap::new();
        for (round, came) in done.into_iter().rev() {
            let until = over(round);
            let success = match is_told {
                // What is told in money may be a loss.
                true => Some(came.is_some_and(|came| came.amount > 0.0 && came.at <= until)),
                false => orders.came(round, until),
            };
            let Some(success) = success else { continue };
            for (action, treated, chance) in told_of(log, round) {
                of.entry(action).or_default().push((round, treated, chance), success);
            }
        }
        Self { of, is_told, has_young: !young.is_empty() }
    }

    /// Those of which there is enough.
    pub(super) fn enough(&self) -> impl Iterator<Item = (&u32, &Rows<'a>)> {
        self.of.iter().filter(|(_, rows)| rows.is_enough())
    }
}

/// Whether success is told of decisions also where nothing was done: by the company, and, as far as orders tell, as often there as
/// elsewhere. Who rarely names the decision where nothing was offered would take every sale for the doing of offers.
fn is_told(log: &RoundLog, done: &[(&Round, Option<Rewarded>)], is_ordered: impl Fn(&Round) -> bool) -> bool {
    let is_nothing = |round: &Round| log.actions.get(round.action as usize).is_some_and(|it| it.is_nothing);
    let told = |(round, came): &&(&Round, Option<Rewarded>)| is_nothing(round) && came.is_some();
    if !log.is_vouched || done.iter().filter(told).count() < N_TOLD_MIN {
        return false;
    }
    // Of each side after how many an order came, and of how many of these success was told.
    let (mut ordered, mut both) = ([0, 0], [0, 0]);
    for (round, came) in done.iter().filter(|(round, _)| is_ordered(round)) {
        let side = usize::from(is_nothing(round));
        ordered[side] += 1;
        both[side] += usize::from(came.is_some());
    }
    let is_less = |a: usize, b: usize| TOLD_RATIO * both[a] * ordered[b] < both[b] * ordered[a];
    ordered.iter().any(|n| *n < N_COMPARED_MIN) || !is_less(0, 1) && !is_less(1, 0)
}

/// What customers ordered.
struct Orders<'a> {
    dataset: &'a Dataset,
    /// Where each stands of whom anything ever came in.
    places: HashMap<CustomerId, usize>,
    /// When the first thing came of anybody: whatever came before is not known.
    since: Option<Timestamp>,
    /// Whether only those count that the company told.
    is_vouched: bool,
}

impl<'a> Orders<'a> {
    fn of(dataset: &'a Dataset, done: &[(&Round, Option<Rewarded>)], over: impl Fn(&Round) -> Timestamp) -> Self {
        let places = dataset.places_of(done.iter().map(|(round, _)| &round.customer));
        let all = Self { dataset, places, since: dataset.span().map(|(first, _)| first), is_vouched: false };
        let counted = |all: &Self| done.iter().filter(|(round, _)| all.came(round, over(round)) == Some(true)).count();
        let n_told = counted(&all);
        let vouched = Self { is_vouched: true, ..all };
        // Whoever has a write key can order for as many customers as they invent.
        let is_vouched = counts_alone(counted(&vouched), n_told);
        Self { is_vouched, ..vouched }
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
        let counts = |order: &Order| order.is_vouched || !self.is_vouched;
        Some(customer.state.orders_between(round.at, until).any(counts))
    }
}

/// Of which actions a choice tells what they change, whether it was done, and with which chance in place of nothing. Where that was as good
/// as certain, it tells nothing.
fn told_of(log: &RoundLog, round: &Round) -> Vec<(u32, bool, f64)> {
    let is_nothing = |action: u32| log.actions.get(action as usize).is_some_and(|it| it.is_nothing);
    let candidates = || round.candidates.iter().copied().zip(round.chances.iter().map(|chance| f64::from(*chance)));
    let Some((nothing, of_nothing)) = candidates().find(|(action, _)| is_nothing(*action)) else { return Vec::new() };
    let of = |(action, chance): (u32, f64)| {
        let treated = round.action == action;
        let e = chance / (chance + of_nothing);
        ((treated || round.action == nothing) && is_open(e) && !is_nothing(action)).then_some((action, treated, e))
    };
    candidates().filter_map(of).collect()
}

impl<'a> Rows<'a> {
    fn push(&mut self, (round, treated, chance): (&'a Round, bool, f64), success: bool) {
        if self.len() < N_ROWS_MAX {
            self.of.push(round);
            self.treated.push(treated);
            self.outcome.push(f64::from(u8::from(success)));
            self.chance.push(chance);
            self.key.push(stable_hash(round.customer.as_str()));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.of.len()
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

    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.of.iter().map(|round| round.at).max()
    }
}
