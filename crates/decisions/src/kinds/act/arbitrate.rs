//! Which of the actions, and why not the others? Stage by stage, and then a draw.
//!
//! ```text
//! candidates: channel, schedule, asked  ->  eligible  ->  suitable, stock  ->  worth  ->  draw
//! priority = (propensity * value - cost) * context * weight
//! ```

use super::conditions::Choice;
use crate::action::Action;
use crate::kinds::conditions::Scores;
use crate::{Arbitration, Ask, ChosenAction, Factors, Knowledge};
use models::bandit::{Beliefs, Explorer, race, race_propensities, unit};
use primitives::{HOUR_MS, ItemKey, Probability, Seed, stable_hash};
use std::collections::{BTreeMap, BTreeSet};

/// What was chosen, and which rule left each of the others out.
#[derive(Debug, Default)]
pub(super) struct Arbitrated {
    pub(super) chosen: Vec<ChosenAction>,
    pub(super) left_out: BTreeMap<String, Vec<String>>,
    pub(super) shortfall: Option<String>,
}

/// An action that may be done, with what it is worth.
struct Candidate<'a> {
    action: &'a Action,
    factors: Factors,
    priority: f64,
}

/// Chooses for a customer, of whom perhaps nothing may be known.
pub(super) fn arbitrate(
    choices: &[Choice],
    how: &Arbitration,
    scores: &Scores,
    ask: &Ask<'_>,
    known: Option<&Knowledge>,
) -> Arbitrated {
    let mut told = Arbitrated::default();
    let mut candidates = Vec::new();
    for choice in choices {
        match why_not(choice, scores, ask, known) {
            Some(rule) => told.leave(rule, &choice.action),
            None => candidates.push(Candidate::of(&choice.action, ask)),
        }
    }
    let n = usize::try_from(ask.whole(&super::N)).unwrap_or(1);
    let (mut first, rest): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| one.action.mandatory);
    first.sort_by(|a, b| b.action.weight.total_cmp(&a.action.weight).then(a.action.name.cmp(&b.action.name)));
    let (worth, worthless): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|one| one.priority > 0.0 || one.action.nothing);
    worthless.iter().for_each(|one| told.leave("value", one.action));
    for one in first.iter().take(n) {
        told.chosen.push(one.chosen(1.0, "Comes before all others".to_owned()));
    }
    first.iter().skip(n).for_each(|one| told.leave("outranked", one.action));
    let drawn = draw(&worth, how, ask);
    let n_left = n.saturating_sub(told.chosen.len());
    for (place, (at, propensity)) in drawn.into_iter().enumerate() {
        let one = &worth[at];
        match place < n_left {
            true => told.chosen.push(one.chosen(propensity, one.reason())),
            false => told.leave("outranked", one.action),
        }
    }
    if told.chosen.len() < n {
        told.shortfall = Some(told.why_few(n));
    }
    told
}

/// The first rule that leaves an action out.
fn why_not(choice: &Choice, scores: &Scores, ask: &Ask<'_>, known: Option<&Knowledge>) -> Option<&'static str> {
    let action = &choice.action;
    let said = |name: &str| ask.question.parameters.get(name);
    let named = |name: &str| -> Option<BTreeSet<&str>> {
        Some(said(name)?.as_array()?.iter().filter_map(serde_json::Value::as_str).collect())
    };
    let channel = said("channel").and_then(serde_json::Value::as_str);
    if channel.is_some_and(|channel| !action.is_for(channel)) {
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

impl<'a> Candidate<'a> {
    fn of(action: &'a Action, ask: &Ask<'_>) -> Self {
        let of_context = action.context.iter().filter_map(|(key, factors)| {
            let said = ask.question.context.get(key)?;
            factors.get(said.as_str().map_or_else(|| said.to_string(), str::to_owned).as_str())
        });
        let factors = Factors {
            propensity: action.prior,
            value: action.value,
            incremental: 1.0,
            cost: action.cost,
            context: of_context.product(),
            weight: action.weight,
            fatigue: 1.0,
        };
        Self { action, priority: factors.priority(), factors }
    }

    fn chosen(&self, propensity: f64, reason: String) -> ChosenAction {
        ChosenAction {
            id: self.action.name.clone(),
            propensity: Probability::new(propensity).unwrap_or(Probability::ONE),
            priority: self.priority,
            factors: self.factors,
            reason,
            content: self.action.content.clone(),
        }
    }

    /// What speaks for it, in words.
    fn reason(&self) -> String {
        let Factors { propensity, value, .. } = self.factors;
        if self.action.nothing {
            return "Nothing else is worth more".to_owned();
        }
        format!("Accepted in {:.1} of 100 cases as was declared, and worth {value:.2} then", 100.0 * propensity)
    }
}

/// In which order the actions are drawn, each with how likely it was to be drawn there.
fn draw(worth: &[Candidate<'_>], how: &Arbitration, ask: &Ask<'_>) -> Vec<(usize, f64)> {
    let values: Vec<f64> = worth.iter().map(|one| one.priority).collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    // Without a model, what is best is all that can be compared with.
    let beliefs = Beliefs { spread: if most > 0.0 { most } else { 1.0 }, ..Beliefs::new(&values, how.prior_rounds) };
    let explorer = Explorer::SquareCb { scale: how.gamma, exponent: 0.5 };
    let p = explorer.pmf(&beliefs, how.floor, Seed::new(0));
    let drawn_by = who_and_when(how, ask);
    let order = race(&p, |at| unit(stable_hash(&format!("{drawn_by}\0{}", worth[at].action.name))));
    let propensities = race_propensities(&p, &order);
    order.into_iter().zip(propensities).collect()
}

/// From what chance comes: who it is about and in which period; of whoever is nobody, the decision.
fn who_and_when(how: &Arbitration, ask: &Ask<'_>) -> String {
    let question = ask.question;
    match ask.world.seed().filter(|_| question.is_of_nobody()) {
        Some(seed) => format!("act\0{}", seed.value()),
        None => {
            let hours = how.same_hours.max(1).saturating_mul(HOUR_MS);
            format!("act\0{}\0{}", question.customer, question.as_of.as_millis().div_euclid(hours))
        }
    }
}

impl Arbitrated {
    fn leave(&mut self, rule: &str, action: &Action) {
        self.left_out.entry(rule.to_owned()).or_default().push(action.name.clone());
    }

    fn why_few(&self, n: usize) -> String {
        let rules = self.left_out.iter().filter(|(rule, _)| rule.as_str() != "outranked");
        let told: Vec<String> = rules.map(|(rule, actions)| format!("{rule} left out {}", actions.len())).collect();
        let of = match (told.is_empty(), self.chosen.is_empty()) {
            (true, true) => "none is declared: write [[actions]] in the settings".to_owned(),
            (true, false) => "no other is declared".to_owned(),
            _ => told.join(", "),
        };
        format!("{} of {n} actions: {of}", self.chosen.len())
    }
}
