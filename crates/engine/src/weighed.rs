//! What would the newest decisions have chosen with other levers, and what would that have earned? Each is weighed again from its
//! record, by the models and the declaration that it was made with.

use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::{Contender, Factor, Kind, Levers, Models, Record};
use learning::{Reward, TaskName};
use measurement::policy::{PolicyReport, Rounds, Target, evaluate};
use primitives::{DAY_MS, HOUR_MS, ModelVersion, Timestamp, stable_hash};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many of the newest decisions are weighed again, for at most so long.
const N_WEIGHED: usize = 1_000;
/// So many are asked what another policy would have earned.
const N_EVALUATED: usize = 5_000;
const TIME_MAX: Duration = Duration::from_secs(10);

/// Where the parts of what chances are counted by end.
pub const CHANCES: [f64; 6] = [0.02, 0.05, 0.1, 0.25, 0.5, 1.0];
/// Where those of weights do; the last has no end.
pub const WEIGHTS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// How much hangs on what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sensitivity {
    /// How many decisions were weighed again.
    pub n: u64,
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
    /// How much the newest decisions of a kind hang on each factor, and how many of them would be others with other levers than those
    /// that are declared now.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such kind, or decisions cannot be read.
    pub fn weighed_again(&self, kind: &str, levers: &Levers) -> Result<Sensitivity, EngineError> {
        let mut scales = Scales::of(self, kind, levers)?;
        let mut found =
            Sensitivity { by_factor: Factor::ALL.map(|factor| (factor, 0)).into(), ..Sensitivity::default() };
        let watch = Stopwatch::start();
        for logged in self.newest_of(kind, N_WEIGHED)?.0 {
            if watch.elapsed() > TIME_MAX {
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

    /// What the newest choices of a kind would have earned with other levers, by what came of them.
    ///
    /// # Errors
    /// As [`Engine::weighed_again`].
    pub fn other_policy(&self, kind: &str, levers: &Levers) -> Result<OtherPolicy, EngineError> {
        let mut scales = Scales::of(self, kind, levers)?;
        let young = self.clock.now().plus_days(-self.capabilities.learning.reward_days);
        let period_ms = self.capabilities.learning.same_hours.max(1).saturating_mul(HOUR_MS);
        let (mut n_young, mut n_unread, mut since) = (0, 0, None);
        // What is drawn again within a period is one choice: the first, as for whatever learns from it.
        let mut chosen: BTreeMap<(String, i64, String), Chosen> = BTreeMap::new();
        let watch = Stopwatch::start();
        for logged in self.newest_of(kind, N_EVALUATED)?.0 {
            if watch.elapsed() > TIME_MAX {
                break;
            }
            let Ok(record) = Record::open(&logged) else {
                n_unread += 1;
                continue;
            };
            let Some(drew) = record.acted(&[]) else { continue };
            if drew.at > young {
                n_young += 1;
                continue;
            }
            let Some(first) = drew.drawn.into_iter().next() else { continue };
            let Some(weighed) = scales.weigh(&record).filter(|weighed| !weighed.other.is_empty()) else {
                n_unread += 1;
                continue;
            };
            let Some(reward) = self.earned(&record, &first.name, drew.at)? else { continue };
            since = Some(drew.at);
            let customer = drew.customer.to_string();
            let key = (customer, drew.at.as_millis().div_euclid(period_ms), first.name.clone());
            let customer = stable_hash(&key.0);
            let other = weighed.other.into_iter().map(|one| (one.name, one.chance)).collect();
            let one = Chosen { action: first.name, propensity: first.propensity, reward, customer, other };
            chosen.insert(key, one);
        }
        let chosen: Vec<Chosen> = chosen.into_values().collect();
        Ok(told(&chosen, (n_young, n_unread, since)))
    }

    /// What an action that was chosen earned, as it is declared now and less what the contact cost; `None` where it is not declared any
    /// more, or it may not be counted what came of it.
    fn earned(&self, record: &Record, name: &str, at: Timestamp) -> Result<Option<f64>, EngineError> {
        let in_force = self.capabilities.kinds.in_force(record.question.kind.as_str())?;
        let actions = in_force.kind().actions();
        let Some(action) = actions.into_iter().find(|action| action.name == name) else { return Ok(None) };
        let decisions::Content::Actions(answer) = &record.decision.answer.content else { return Ok(None) };
        let place = answer.chosen.iter().position(|one| one.id == name);
        let Some(came) = self.came_of_each(record)? else { return Ok(None) };
        let contact = place.and_then(|place| came.get(place).copied().flatten());
        let settings = &self.capabilities.learning;
        let currency = self.capabilities.measures.currency;
        let rewarded =
            contact.and_then(|contact| super::rounds::reward(&contact, action.value, (settings.reward, currency)));
        let is_in_time =
            |reward_at: Timestamp| reward_at.millis_since(at) <= settings.reward_days.saturating_mul(DAY_MS);
        let rewarded = rewarded.filter(|reward| is_in_time(reward.at));
        let most = if settings.reward == Reward::Value { f64::INFINITY } else { 1.0 };
        Ok(Some(rewarded.map_or(0.0, |reward| reward.amount.min(most) * action.value) - action.cost))
    }
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
fn told(chosen: &[Chosen], (n_young, n_unread, since): (usize, usize, Option<Timestamp>)) -> OtherPolicy {
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
        n_young,
        n_unread,
        since,
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
