//! Which of the actions, and why not the others? Stage by stage, and then a draw.
//!
//! ```text
//! candidates: channel, schedule, asked  ->  eligible  ->  suitable, stock  ->  left alone  ->  worth  ->  draw
//! ```

use super::alone::Alone;
use super::candidate::{By, Candidate, Guess};
use super::conditions::Choice;
use crate::action::Action;
use crate::kinds::conditions::Scores;
use crate::repertoire::Of;
use crate::{Arbitration, Ask, ChosenAction, Contender, Explore, Knowledge, ModelRef, Worth};
use learning::PolicyModel;
use models::bandit::{Beliefs, Explorer, race, race_propensities, unit};
use primitives::{HOUR_MS, ItemKey, Seed, stable_hash};
use std::collections::{BTreeMap, BTreeSet};

/// What was chosen, and which rule left each of the others out.
#[derive(Debug, Default)]
pub(super) struct Arbitrated {
    pub(super) chosen: Vec<ChosenAction>,
    pub(super) left_out: BTreeMap<String, Vec<String>>,
    /// How likely each was to be drawn first, where to do nothing was among them.
    pub(super) chances: BTreeMap<String, f32>,
    pub(super) shortfall: Option<String>,
    /// The policy that was asked.
    pub(super) model: Option<ModelRef>,
    /// Everything that could be drawn first, and what was worth nothing, where that is to be told.
    pub(super) contenders: Vec<Contender>,
}

/// Chooses for a customer, of whom perhaps nothing may be known.
pub(super) fn arbitrate<'a>(
    choices: impl Iterator<Item = &'a Choice>,
    mut by: By<'a>,
    ask: &Ask<'_>,
    known: Option<&Knowledge>,
) -> Arbitrated {
    let mut told = Arbitrated { model: by.guess.named(), ..Arbitrated::default() };
    let candidates = told.candidates(choices, &by, ask, known);
    let (of, how, guess, mut alone) = (by.of, by.how, by.guess, by.alone.take());
    let tells_all = by.tells_all;
    let n = usize::try_from(ask.whole(&super::N)).unwrap_or(1);
    let (mut first, rest): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| one.action.mandatory);
    first.sort_by(|a, b| b.action.weight.total_cmp(&a.action.weight).then(a.action.name.cmp(&b.action.name)));
    let (worth, worthless): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.may_be_worth || one.action.nothing);
    worthless.iter().for_each(|one| told.leave(one.why_worthless(), one.action));
    for one in &first {
        if told.chosen.len() >= n {
            // What is mandatory is not drawn, so that nothing is learned of it.
            told.leave("no place", one.action);
        } else if !told.leave_alone(one.action, alone.as_ref()) {
            told.chosen.push(one.chosen(1.0, "Comes before all others".to_owned()));
            alone.iter_mut().for_each(|alone| alone.count(one.action));
        }
    }
    let worth: Vec<_> = worth.into_iter().filter(|one| !told.leave_alone(one.action, alone.as_ref())).collect();
    let p = chances(&worth, (of, how), guess, ask);
    if worth.len() > 1 && worth.iter().any(|one| one.action.nothing) {
        #[expect(clippy::cast_possible_truncation, reason = "seven digits of a chance say all that is learned from it")]
        let each = worth.iter().zip(&p).map(|(one, p)| (one.action.name.clone(), *p as f32));
        told.chances = each.collect();
    }
    if tells_all {
        let weighed = worth.iter().zip(&p).map(|(one, p)| one.contender(*p));
        told.contenders = weighed.chain(worthless.iter().map(|one| one.contender(0.0))).collect();
    }
    let mut left: Vec<(Candidate<'_>, f64)> = worth.into_iter().zip(p).collect();
    while told.chosen.len() < n {
        let Some((at, propensity)) = draw(&left, (of, how), ask) else { break };
        let (one, _) = left.remove(at);
        told.chosen.push(one.chosen(propensity, one.reason()));
        alone.iter_mut().for_each(|alone| alone.count(one.action));
        // What is chosen first may leave no contact for others: those that could still be chosen share what they had.
        left.retain(|(one, _)| !told.leave_alone(one.action, alone.as_ref()));
    }
    left.iter().for_each(|(one, _)| told.leave(OUTRANKED, one.action));
    if told.chosen.len() < n {
        told.shortfall = Some(told.why_few(n, of));
    }
    told
}

/// What each is worth that may be done and brings something, but for what comes before all others and for doing nothing.
pub(super) fn worths<'a>(
    choices: impl Iterator<Item = &'a Choice>,
    by: By<'a>,
    ask: &Ask<'_>,
    known: Option<&Knowledge>,
) -> Vec<Worth> {
    let mut told = Arbitrated::default();
    let mut candidates = told.candidates(choices, &by, ask, known);
    candidates.retain(|one| !one.action.mandatory && !one.action.nothing && one.priority > 0.0);
    candidates.retain(|one| !told.leave_alone(one.action, by.alone.as_ref()));
    let of = |one: &Candidate<'_>| Worth {
        name: one.action.name.clone(),
        worth: one.priority,
        cost: one.factors.expected(),
    };
    candidates.iter().map(of).collect()
}

/// The first rule that leaves an action out.
fn why_not(choice: &Choice, scores: &Scores, ask: &Ask<'_>, known: Option<&Knowledge>) -> Option<&'static str> {
    let action = &choice.action;
    let said = |name: &str| ask.question.parameters.get(name);
    let named = |name: &str| -> Option<BTreeSet<&str>> {
        Some(said(name)?.as_array()?.iter().filter_map(serde_json::Value::as_str).collect())
    };
    if ask.question.channel().is_some_and(|channel| !action.is_for(channel)) {
        return Some("channel");
    }
    if !action.is_at(ask.question.as_of) {
        return Some("schedule");
    }
    let is_meant = named("among").is_none_or(|among| among.contains(action.name.as_str()));
    if !is_meant || named("exclude").is_some_and(|excluded| excluded.contains(action.name.as_str())) {
        return Some("asked");
    }
    if action.weight <= 0.0 {
        return Some("weight");
    }
    if let Some(rule) = choice.fails(&|filter| scores.holds(filter, ask, known)) {
        return Some(rule);
    }
    let is_there = action.stock.as_ref().is_none_or(|item| ask.world.is_available(ItemKey::from(item)));
    (!is_there).then_some("stock")
}

/// Which of those that are left comes next, each with its chance, and how likely that was; `None` where nothing is left.
fn draw(left: &[(Candidate<'_>, f64)], how: (Of, &Arbitration), ask: &Ask<'_>) -> Option<(usize, f64)> {
    let drawn_by = who_and_when(how, ask);
    let p: Vec<f64> = left.iter().map(|(_, p)| *p).collect();
    let order = race(&p, |at| unit(stable_hash(&format!("{drawn_by}\0{}", left[at].0.action.name))));
    Some((*order.first()?, *race_propensities(&p, &order).first()?))
}

/// How likely each is drawn first.
fn chances(among: &[Candidate<'_>], (of, how): (Of, &Arbitration), guess: &Guess<'_>, ask: &Ask<'_>) -> Vec<f64> {
    let values: Vec<f64> = among.iter().map(|one| one.priority).collect();
    if let Some(policy) = guess.policy() {
        let votes = if how.explore.votes().is_none() { Vec::new() } else { guess.votes(among) };
        let seed = Seed::new(stable_hash(&who_and_when((of, how), ask)));
        return by_policy(among, (&values, &votes), how, policy, seed);
    }
    let most = values.iter().copied().fold(0.0, f64::max);
    // Without a model, what is best is all that can be compared with.
    let spread = if most > 0.0 { most } else { 1.0 };
    let beliefs = Beliefs { spread, ..Beliefs::new(&values, how.prior_rounds) };
    square_cb(how).pmf(&beliefs, how.floor, Seed::new(0))
}

fn square_cb(how: &Arbitration) -> Explorer {
    Explorer::SquareCb { scale: how.gamma, exponent: 0.5 }
}

/// How likely each is drawn by what a policy says.
fn by_policy(
    worth: &[Candidate<'_>],
    (values, votes): (&[f64], &[Vec<f64>]),
    how: &Arbitration,
    policy: &PolicyModel,
    seed: Seed,
) -> Vec<f64> {
    // What came lies as far from what was foretold as that of the best does; to do nothing brings nothing to compare with.
    let best = worth.iter().filter(|one| one.scale() > 0.0).max_by(|a, b| a.priority.total_cmp(&b.priority));
    let scale = best.map_or(1.0, Candidate::scale);
    let width = |one: &Candidate<'_>| {
        let width = one.foretold.map_or(NOT_KNOWN, |foretold| foretold.width);
        if one.action.nothing { 0.0 } else { width * one.scale() / scale }
    };
    let widths: Vec<f64> = worth.iter().map(width).collect();
    let beliefs = Beliefs {
        values,
        widths: &widths,
        votes,
        spread: policy.spread() * scale,
        n_rounds: how.prior_rounds + policy.n_rounds(),
    };
    let explorer = match how.explore {
        Explore::SquareCb => square_cb(how),
        Explore::LinUcb => Explorer::LinUcb { alpha: 1.0 },
        Explore::Thompson => Explorer::Thompson { v: 0.3, n_draws: 200 },
        Explore::Greedy => Explorer::Greedy,
        Explore::Epsilon => Explorer::Epsilon { share: 0.05 },
        Explore::Bag => Explorer::Bag { n: N_VOTES },
        Explore::Cover => Explorer::Cover { n: N_VOTES },
    };
    explorer.pmf(&beliefs, how.floor, seed)
}

/// How many vote at most; how many there are is what the policy learned.
const N_VOTES: u32 = 100;

/// The rule by which what could have been drawn was not.
pub(crate) const OUTRANKED: &str = "outranked";

/// How little is known of what was never drawn: as much as one round says.
const NOT_KNOWN: f64 = 1.0;

/// From what chance comes: who it is about and in which period; of whoever is nobody, the decision.
fn who_and_when((of, how): (Of, &Arbitration), ask: &Ask<'_>) -> String {
    let (question, kind) = (ask.question, of.kind());
    match ask.world.seed().filter(|_| question.is_of_nobody()) {
        Some(seed) => format!("{kind}\0{}", seed.value()),
        None => {
            let hours = how.same_hours.max(1).saturating_mul(HOUR_MS);
            format!("{kind}\0{}\0{}", question.customer, question.as_of.as_millis().div_euclid(hours))
        }
    }
}

impl Arbitrated {
    /// What may be done, with what it is worth; what else there is, is left out by its rule.
    fn candidates<'a>(
        &mut self,
        choices: impl Iterator<Item = &'a Choice>,
        by: &By<'a>,
        ask: &Ask<'_>,
        known: Option<&Knowledge>,
    ) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        for choice in choices {
            let action = &choice.action;
            if let Some(rule) = why_not(choice, by.scores, ask, known) {
                self.leave(rule, action);
            } else if let Some(rule) = by.alone.as_ref().and_then(|alone| alone.why_not(action)) {
                self.leave(&rule, action);
            } else {
                match Candidate::of(action, by, ask, known) {
                    Ok(candidate) => candidates.push(candidate),
                    Err(rule) => self.leave(rule, action),
                }
            }
        }
        candidates
    }

    fn leave(&mut self, rule: &str, action: &Action) {
        self.left_out.entry(rule.to_owned()).or_default().push(action.name.clone());
    }

    /// Whether what was chosen already leaves no contact for another action, which is told then.
    fn leave_alone(&mut self, action: &Action, alone: Option<&Alone<'_>>) -> bool {
        let capped = |alone: &Alone<'_>| if action.service { None } else { alone.capped(action) };
        let rule = alone.filter(|_| !action.nothing).and_then(|alone| alone.full(action).or_else(|| capped(alone)));
        rule.iter().for_each(|rule| self.leave(rule, action));
        rule.is_some()
    }

    fn why_few(&self, n: usize, of: Of) -> String {
        let rules = self.left_out.iter().filter(|(rule, _)| rule.as_str() != OUTRANKED);
        let told: Vec<String> = rules.map(|(rule, actions)| format!("{rule} left out {}", actions.len())).collect();
        let why = match (told.is_empty(), self.chosen.is_empty()) {
            (true, true) => format!("none is declared: write [[{}]] in the settings", of.plural()),
            (true, false) => "no other is declared".to_owned(),
            _ => told.join(", "),
        };
        format!("{} of {n} {}: {why}", self.chosen.len(), of.plural())
    }
}
