//! What would the newest decisions have chosen with other levers, and what would that have earned? Each is weighed again from its
//! record, by the models and the declaration that it was made with.

use crate::error::EngineError;
use crate::{Engine, Patience};
use decisions::{Contender, Content, Factor, Kind, Levers, LoggedDecision, Models, Record};
use learning::{Doable, PolicySettings, Round, RoundLog, TaskName};
use measurement::policy::{PolicyReport, Rounds, Target, evaluate};
use primitives::{DAY_MS, ModelVersion, Timestamp, stable_hash};
use std::collections::{BTreeMap, HashMap};

/// So many of the newest decisions are weighed again.
const N_WEIGHED: usize = 1_000;
/// So many are asked what another policy would have earned.
const N_EVALUATED: usize = 5_000;

/// Where the parts of what chances are counted by end.
pub const CHANCES: [f64; 6] = [0.02, 0.05, 0.1, 0.25, 0.5, 1.0];
/// Where those of weights do; the last has no end.
pub const WEIGHTS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// How much hangs on what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sensitivity {
    /// How many decisions were weighed again.
    pub n: u64,
    /// Whether there are no older ones.
    pub is_all: bool,
    /// How many could not be: forgotten since, or their model is gone.
    pub n_unread: u64,
    /// In how many another action would be worth most without a factor.
    pub by_factor: Vec<(Factor, u64)>,
    /// In how many another would be with the other levers.
    pub n_changed: u64,
    /// How often each is worth most as it is declared now, and how often with the other levers.
    pub first: BTreeMap<String, (u64, u64)>,
    /// In how many another than what was worth most was drawn.
    pub n_explored: u64,
    /// How likely that was, in the mean.
    pub share_explored: f64,
    /// How many of what was drawn had such a chance: up to each of [`CHANCES`].
    pub chances: [u64; CHANCES.len()],
}

/// What another way of choosing would have earned.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherPolicy {
    /// How many choices it is told by.
    pub n: usize,
    /// Those that are too young to know what came of them.
    pub n_young: usize,
    /// Those that could not be weighed again.
    pub n_unread: usize,
    /// Those of which nobody told that they were shown, where that is told of others.
    pub n_unshown: usize,
    /// Whether there are no older ones.
    pub is_all: bool,
    /// When the oldest of them was made.
    pub since: Option<Timestamp>,
    /// What it would have earned; or why that cannot be told.
    pub report: Result<PolicyReport, String>,
    /// How many choices had such a chance: up to each of [`CHANCES`].
    pub chances: [u64; CHANCES.len()],
    /// How many choices have such a weight: up to each of [`WEIGHTS`], and more.
    pub weights: [u64; WEIGHTS.len() + 1],
    /// Of each action, its share of what was done and of what the other policy does.
    pub shares: BTreeMap<String, (f64, f64)>,
}

/// One choice, as it was made and as the other policy would have made it.
struct Chosen {
    action: String,
    propensity: f64,
    reward: f64,
    customer: u64,
    /// With which chance the other policy does each.
    other: Vec<(String, f64)>,
}

/// A decision weighed again: as it was declared then, with the levers of now, and with others.
struct Weighed {
    then: Vec<Contender>,
    now: Vec<Contender>,
    other: Vec<Contender>,
}

/// Weighs decisions again, the newest first: of many in a row the models and the declaration are the same.
struct Scales<'a> {
    engine: &'a Engine,
    now: Levers,
    other: Levers,
    /// As each was declared, by its digest: as it was then, with the levers of now, and with others.
    kinds: BTreeMap<Option<String>, Option<[Box<dyn Kind>; 3]>>,
    models: Option<(BTreeMap<TaskName, ModelVersion>, Models)>,
}

impl<'a> Scales<'a> {
    fn of(engine: &'a Engine, kind: &str, levers: &Levers) -> Result<Self, EngineError> {
        let in_force = engine.capabilities.kinds.in_force(kind)?;
        let now = Levers::of(in_force.kind().actions());
        let other = now.clone().but_for(levers);
        Ok(Self { engine, now, other, kinds: BTreeMap::new(), models: None })
    }

    /// `None` where it cannot be weighed again.
    fn weigh(&mut self, record: &Record) -> Option<Weighed> {
        let engine = self.engine;
        let named = record.models();
        if self.models.as_ref().is_none_or(|(of, _)| *of != named) {
            self.models = Some((named, engine.models_of(record).ok()?));
        }
        let (_, models) = self.models.as_ref()?;
        let levers = [&Levers::default(), &self.now, &self.other];
        let digest = record.declaration().map(str::to_owned);
        let kinds = self.kinds.entry(digest).or_insert_with(|| {
            match engine.with_kind_of(record, |kind| Ok(levers.map(|levers| kind.with_levers(levers)))) {
                Ok([Some(then), Some(now), Some(other)]) => Some([then, now, other]),
                _ => None,
            }
        });
        let [then, now, other] = kinds.as_ref()?;
        let catalogue = engine.catalogue();
        let of = |kind: &dyn Kind| decisions::contenders(kind, &catalogue, record, models).ok();
        Some(Weighed { then: of(then.as_ref())?, now: of(now.as_ref())?, other: of(other.as_ref())? })
    }
}

impl Engine {
    /// How much the newest decisions of a kind, as many as there is patience for, hang on each factor, and how many of them would be
    /// others with other levers than those that are declared now.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such kind, or decisions cannot be read.
    pub fn weighed_again(&self, kind: &str, levers: &Levers, patience: &Patience) -> Result<Sensitivity, EngineError> {
        let mut scales = Scales::of(self, kind, levers)?;
        let (newest, is_all) = self.newest_of(kind, N_WEIGHED, patience)?;
        let by_factor = Factor::ALL.map(|factor| (factor, 0)).into();
        let mut found = Sensitivity { by_factor, is_all, ..Sensitivity::default() };
        for logged in newest {
            if patience.is_over() {
                found.is_all = false;
                break;
            }
            match Record::open(&logged).ok().and_then(|record| Some((scales.weigh(&record)?, record))) {
                Some((weighed, record)) => found.count(&weighed, &record),
                None => found.n_unread += 1,
            }
        }
        found.share_explored /= (found.n as f64).max(1.0);
        Ok(found)
    }

    /// What the newest choices of a kind, as many as there is patience for, would have earned with other levers: those that a policy
    /// learns from, by what counts there of what came of them.
    ///
    /// # Errors
    /// As [`Engine::weighed_again`].
    pub fn other_policy(&self, kind: &str, levers: &Levers, patience: &Patience) -> Result<OtherPolicy, EngineError> {
        let mut scales = Scales::of(self, kind, levers)?;
        let (newest, mut is_all) = self.newest_of(kind, N_EVALUATED, patience)?;
        let mut n_unread = 0;
        let each = |_: &[String], visit: &mut dyn FnMut(String, decisions::Acted)| {
            for logged in &newest {
                match Record::open(logged) {
                    Ok(record) => record.acted(&[]).into_iter().for_each(|acted| visit(logged.id.to_string(), acted)),
                    Err(_) => n_unread += 1,
                }
            }
            Ok(())
        };
        let log = self.rounds_of(Vec::new(), each, &|| !patience.is_over())?.settled();
        let by_id: HashMap<&str, &LoggedDecision> = newest.iter().map(|logged| (logged.id.as_str(), logged)).collect();
        let young = self.clock.now().plus_days(-log.settings.reward_days);
        let (mut chosen, mut n_young, mut since) = (Vec::new(), 0, None);
        for round in log.rounds.iter().rev().filter(|round| round.place == 0) {
            if round.at > young {
                n_young += 1;
                continue;
            }
            if patience.is_over() {
                break;
            }
            let record = by_id.get(round.decision.as_str()).and_then(|logged| Record::open(logged).ok());
            let weighed = record.and_then(|record| Some((scales.weigh(&record)?, record)));
            let Some((weighed, record)) = weighed.filter(|(weighed, _)| !weighed.other.is_empty()) else {
                n_unread += 1;
                continue;
            };
            since = Some(round.at);
            chosen.push(Chosen::of(&log, round, &record, weighed.other));
        }
        is_all &= !patience.is_over();
        let n_unshown = usize::try_from(log.n_unshown).unwrap_or(usize::MAX);
        Ok(OtherPolicy { n_young, n_unread, n_unshown, is_all, since, ..told(&chosen) })
    }
}

impl Chosen {
    fn of(log: &RoundLog, round: &Round, record: &Record, other: Vec<Contender>) -> Self {
        let doable = log.actions.get(round.action as usize);
        let action = doable.map(|doable| doable.name.clone()).unwrap_or_default();
        Self {
            propensity: round.propensity,
            reward: doable.map_or(0.0, |doable| earned(doable, round, &log.settings, accepted(record, &action))),
            customer: stable_hash(round.customer.as_str()),
            other: other.into_iter().map(|one| (one.name, one.chance)).collect(),
            action,
        }
    }
}

/// What a choice earned, as the action is declared now, but that its success cost what it `accepted` costs, where that is known.
fn earned(doable: &Doable, round: &Round, settings: &PolicySettings, accepted: Option<f64>) -> f64 {
    let days_ms = settings.reward_days.saturating_mul(DAY_MS);
    let in_time = round.reward.filter(|reward| reward.at.millis_since(round.at) <= days_ms);
    let costs = accepted.unwrap_or(doable.costs);
    Doable { costs, ..doable.clone() }.earns(in_time.map_or(0.0, |reward| reward.amount))
}

/// What it costs when this action of a decision is accepted: of a discount that is known by the question alone.
fn accepted(record: &Record, action: &str) -> Option<f64> {
    let Content::Actions(answer) = &record.decision.answer.content else { return None };
    let chosen = answer.chosen.iter().find(|one| one.id == action)?;
    Some(chosen.factors?.accepted)
}

impl Sensitivity {
    fn count(&mut self, weighed: &Weighed, record: &Record) {
        let worth = |one: &Contender| one.priority;
        let Some(best) = Contender::best(&weighed.now, worth) else { return };
        self.n += 1;
        for (factor, n) in &mut self.by_factor {
            let without = Contender::best(&weighed.now, |one| one.priority_without(*factor));
            *n += u64::from(without.is_none_or(|other| other.name != best.name));
        }
        self.first.entry(best.name.clone()).or_default().0 += 1;
        let other = Contender::best(&weighed.other, worth);
        if let Some(other) = other {
            self.first.entry(other.name.clone()).or_default().1 += 1;
        }
        self.n_changed += u64::from(other.is_none_or(|other| other.name != best.name));
        let drawn = record.acted(&[]).and_then(|acted| acted.drawn.into_iter().next());
        if let Some(drawn) = &drawn {
            self.chances[part(&CHANCES, drawn.propensity).min(CHANCES.len() - 1)] += 1;
        }
        if let Some((drawn, best)) = drawn.zip(Contender::best(&weighed.then, worth)) {
            self.n_explored += u64::from(drawn.name != best.name);
            self.share_explored += 1.0 - best.chance;
        }
    }
}

/// Up to which of these a value is; beyond all of them their number.
fn part(ends: &[f64], value: f64) -> usize {
    ends.iter().position(|end| value <= *end).unwrap_or(ends.len())
}

/// What can be told of these choices.
fn told(chosen: &[Chosen]) -> OtherPolicy {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let named = chosen
        .iter()
        .flat_map(|one| std::iter::once(one.action.as_str()).chain(one.other.iter().map(|(name, _)| name.as_str())));
    named.for_each(|name| {
        numbers.insert(name, 0);
    });
    (0..).zip(numbers.values_mut()).for_each(|(number, of)| *of = number);
    let n = chosen.len() as f64;
    let mut other = OtherPolicy {
        n: chosen.len(),
        n_young: 0,
        n_unread: 0,
        n_unshown: 0,
        is_all: true,
        since: None,
        report: Err("no choice is old enough that it is known what came of it".to_owned()),
        chances: Default::default(),
        weights: Default::default(),
        shares: BTreeMap::new(),
    };
    let mut target = vec![0.0; chosen.len() * numbers.len()];
    for (row, one) in target.chunks_mut(numbers.len().max(1)).zip(chosen) {
        let chance_of = |name: &str| one.other.iter().find(|(other, _)| other == name).map_or(0.0, |(_, p)| *p);
        for (name, chance) in &one.other {
            row[numbers[name.as_str()] as usize] = *chance;
            other.shares.entry(name.clone()).or_default().1 += chance / n;
        }
        other.shares.entry(one.action.clone()).or_default().0 += 1.0 / n;
        let weight = chance_of(&one.action) / one.propensity;
        other.chances[part(&CHANCES, one.propensity).min(CHANCES.len() - 1)] += 1;
        other.weights[part(&WEIGHTS, weight)] += 1;
    }
    if chosen.is_empty() {
        return other;
    }
    let rounds = Rounds {
        n_actions: u32::try_from(numbers.len()).unwrap_or(u32::MAX),
        action: chosen.iter().map(|one| numbers[one.action.as_str()]).collect(),
        reward: chosen.iter().map(|one| one.reward).collect(),
        propensity: chosen.iter().map(|one| one.propensity).collect(),
        target: Target::OfAll(target),
        place: None,
        customer: Some(chosen.iter().map(|one| one.customer).collect()),
        x: Vec::new(),
        n_features: 0,
    };
    other.report = evaluate(&rounds).map_err(|error| error.to_string());
    other
}

#[cfg(test)]
mod tests;
