//! Which of the actions, and why not the others? Stage by stage, and then a draw.
//!
//! ```text
//! candidates: channel, schedule, asked  ->  eligible  ->  suitable, stock  ->  left alone  ->  worth  ->  draw
//! ```

use super::alone::Alone;
use super::candidate::{By, Candidate, Guess};
use super::conditions::{Choice, Held};
use crate::action::Action;
use crate::filter::Filter;
use crate::repertoire::Of;
use crate::{Arbitration, Ask, ChosenAction, Contender, Explore, Knowledge, ModelRef, Worth};
use learning::PolicyModel;
use models::bandit::{Beliefs, Explorer, race, race_propensities, unit};
use primitives::{ItemKey, Seed, stable_hash};
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
        } else if !told.leave_alone(one.choice, alone.as_ref()) {
            told.chosen.push(one.chosen(1.0, "Comes before all others".to_owned()));
            alone.iter_mut().for_each(|alone| alone.count(one.choice));
        }
    }
    // Before anything is chosen, limits leave no more out than they have.
    let is_new = !told.chosen.is_empty();
    let worth: Vec<_> =
        worth.into_iter().filter(|one| !(is_new && told.leave_alone(one.choice, alone.as_ref()))).collect();
    let p = left_to_nothing(&worth, chances(&worth, (of, how), guess, ask), how.nothing_share);
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
        alone.iter_mut().for_each(|alone| alone.count(one.choice));
        // What is chosen first may leave no contact for others: those that could still be chosen share what they had.
        left.retain(|(one, _)| !told.leave_alone(one.choice, alone.as_ref()));
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
    let of = |one: &Candidate<'_>| Worth {
        name: one.action.name.clone(),
        worth: one.priority,
        cost: one.factors.expected(),
    };
    candidates.iter().map(of).collect()
}

/// What the question says of which actions are meant.
struct Meant<'a> {
    channel: Option<&'a str>,
    among: Option<BTreeSet<&'a str>>,
    exclude: Option<BTreeSet<&'a str>>,
}

impl<'a> Meant<'a> {
    fn by(ask: &Ask<'a>) -> Self {
        let named = |name: &str| -> Option<BTreeSet<&'a str>> {
            let said = ask.question.parameters.get(name)?;
            Some(said.as_array()?.iter().filter_map(serde_json::Value::as_str).collect())
        };
        Self { channel: ask.question.channel(), among: named("among"), exclude: named("exclude") }
    }

    /// The first rule that leaves an action out.
    fn why_not(&self, choice: &Choice, held: &Held<'_>, ask: &Ask<'_>) -> Option<&'static str> {
        let action = &choice.action;
        if self.channel.is_some_and(|channel| !action.is_for(channel)) {
            return Some("channel");
        }
        if !action.is_at(ask.question.as_of) {
            return Some("schedule");
        }
        let is_meant = self.among.as_ref().is_none_or(|among| among.contains(action.name.as_str()));
        if !is_meant || self.exclude.as_ref().is_some_and(|excluded| excluded.contains(action.name.as_str())) {
            return Some("asked");
        }
        if action.weight <= 0.0 {
            return Some("weight");
        }
        if let Some(rule) = held.fails(choice) {
            return Some(rule);
        }
        let is_there = action.stock.as_ref().is_none_or(|item| ask.world.is_available(ItemKey::from(item)));
        (!is_there).then_some("stock")
    }
}

/// Which of those that are left comes next, each with its chance, and how likely that was; `None` where nothing is left.
fn draw(left: &[(Candidate<'_>, f64)], how: (Of, &Arbitration), ask: &Ask<'_>) -> Option<(usize, f64)> {
    let by = who_and_when(how, ask) + "\0";
    let p: Vec<f64> = left.iter().map(|(_, p)| *p).collect();
    let drawn_by = |name: &str| [by.as_str(), name].concat();
    let order = race(&p, |at| unit(stable_hash(&drawn_by(&left[at].0.action.name))));
    Some((*order.first()?, *race_propensities(&p, &order).first()?))
}

/// How likely each is drawn first.
fn chances(among: &[Candidate<'_>], (of, how): (Of, &Arbitration), guess: &Guess<'_>, ask: &Ask<'_>) -> Vec<f64> {
    let values: Vec<f64> = among.iter().map(|one| one.priority).collect();
    if let Some(policy) = guess.policy() {
        let votes = if how.explore.votes().is_none() { Vec::new() } else { guess.votes(among) };
        let seed = Seed::new(stable_hash(&who_and_when((of, how), ask)));
        return by_policy(among, (&values, &votes), how, (guess, policy), seed);
    }
    let most = values.iter().copied().fold(0.0, f64::max);
    // Without a model, what is best is all that can be compared with.
    let spread = if most > 0.0 { most } else { 1.0 };
    let beliefs = Beliefs { spread, ..Beliefs::new(&values, how.prior_rounds) };
    square_cb(how).pmf(&beliefs, how.floor, Seed::new(0))
}

/// The same chances where doing nothing gets no less than a share: what is hardly ever not done is never known to change anything.
fn left_to_nothing(among: &[Candidate<'_>], mut p: Vec<f64>, share: f64) -> Vec<f64> {
    let nothing = || among.iter().map(|one| one.action.nothing);
    let n = nothing().filter(|is_nothing| *is_nothing).count();
    let had: f64 = p.iter().zip(nothing()).filter(|(_, is_nothing)| *is_nothing).map(|(p, _)| p).sum();
    if n == 0 || n == p.len() || had >= share {
        return p;
    }
    #[expect(clippy::cast_precision_loss, reason = "as many as are declared")]
    let each = (share - had) / n as f64;
    for (p, is_nothing) in p.iter_mut().zip(nothing()) {
        *p = if is_nothing { *p + each } else { *p * (1.0 - share) / (1.0 - had) };
    }
    p
}

fn square_cb(how: &Arbitration) -> Explorer {
    Explorer::SquareCb { scale: how.gamma, exponent: 0.5 }
}

/// How likely each is drawn by what a policy says.
fn by_policy(
    worth: &[Candidate<'_>],
    (values, votes): (&[f64], &[Vec<f64>]),
    how: &Arbitration,
    (guess, policy): (&Guess<'_>, &PolicyModel),
    seed: Seed,
) -> Vec<f64> {
    // What came lies as far from what was foretold as that of the best does; to do nothing brings nothing to compare with.
    let best = worth.iter().filter(|one| one.scale() > 0.0).max_by(|a, b| a.priority.total_cmp(&b.priority));
    let scale = best.map_or(1.0, Candidate::scale);
    let width = |one: &Candidate<'_>| {
        let width = one.foretold.map_or(NOT_KNOWN, |_| guess.width(one.action));
        if one.action.nothing { 0.0 } else { width * one.scale() / scale }
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
    let widths: Vec<f64> = if explorer.looks_at_widths() { worth.iter().map(width).collect() } else { Vec::new() };
    let beliefs = Beliefs {
        values,
        widths: &widths,
        votes,
        spread: policy.spread() * scale,
        n_rounds: how.prior_rounds + policy.n_rounds(),
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
            let period = question.as_of.as_millis().div_euclid(how.same_ms());
            format!("{kind}\0{}\0{period}", question.customer)
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
        let holds = |filter: &Filter| by.scores.holds(filter, ask, known);
        let (held, meant) = (Held::new(by.conditions, &holds), Meant::by(ask));
        let mut candidates = Vec::new();
        for choice in choices {
            if let Some(rule) = meant.why_not(choice, &held, ask) {
                self.leave(rule, &choice.action);
            } else if let Some(rule) = by.alone.as_ref().and_then(|alone| alone.why_not(choice)) {
                self.leave(&rule, &choice.action);
            } else {
                match Candidate::of(choice, by, ask, known) {
                    Ok(candidate) => candidates.push(candidate),
                    Err(rule) => self.leave(rule, &choice.action),
                }
            }
        }
        candidates
    }

    fn leave(&mut self, rule: &str, action: &Action) {
        // Every test that meets a rule without a stage fails.
        #[cfg(test)]
        assert!(crate::Stage::knows(rule), "{rule} is not on the list of rules");
        match self.left_out.get_mut(rule) {
            Some(actions) => actions.push(action.name.clone()),
            None => drop(self.left_out.insert(rule.to_owned(), vec![action.name.clone()])),
        }
    }

    /// Whether what was chosen already leaves no place or contact for another action, which is told then.
    fn leave_alone(&mut self, choice: &Choice, alone: Option<&Alone<'_>>) -> bool {
        let rule = alone.and_then(|alone| alone.why_no_more(choice));
        rule.iter().for_each(|rule| self.leave(rule, &choice.action));
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
