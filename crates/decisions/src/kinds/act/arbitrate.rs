//! Which of the actions, and why not the others? Stage by stage, and then a draw.
//!
//! ```text
//! candidates: channel, schedule, asked  ->  eligible  ->  suitable, stock  ->  left alone  ->  worth  ->  draw
//! priority = (propensity * value * incremental - cost) * context * weight * fatigue
//! ```

use super::POLICY;
use super::alone::Alone;
use super::conditions::Choice;
use super::context::Look;
use crate::action::Action;
use crate::kinds::conditions::Scores;
use crate::{Arbitration, Ask, ChosenAction, Contender, Explore, Factors, Knowledge, ModelRef};
use learning::{Foretold, PolicyModel};
use models::bandit::{Beliefs, Explorer, race, race_propensities, unit};
use primitives::{HOUR_MS, ItemKey, Probability, Seed, stable_hash};
use std::collections::{BTreeMap, BTreeSet};

/// What was chosen, and which rule left each of the others out.
#[derive(Debug, Default)]
pub(super) struct Arbitrated {
    pub(super) chosen: Vec<ChosenAction>,
    pub(super) left_out: BTreeMap<String, Vec<String>>,
    pub(super) shortfall: Option<String>,
    /// The policy that was asked.
    pub(super) model: Option<ModelRef>,
    /// Everything that could be drawn first, and what was worth nothing, where that is to be told.
    pub(super) contenders: Vec<Contender>,
}

/// What a policy is asked about.
pub(super) struct Guess<'a> {
    policy: &'a PolicyModel,
    named: ModelRef,
    view: Vec<f64>,
}

impl<'a> Guess<'a> {
    /// The policy in force, and how it looks at a customer and a question; `None` where there is none.
    pub(super) fn of(ask: &Ask<'a>, known: Option<&Knowledge>) -> Option<Self> {
        let (loaded, policy) = ask.models.policy(&POLICY.into()).ok()?;
        let look = Look::at(ask.question, known);
        let view = policy.view(|name| look.number(name));
        Some(Self { policy, named: ModelRef::from(loaded), view })
    }

    fn foretell(&self, action: &Action) -> Option<Foretold> {
        self.policy.foretell(&self.view, &action.name, &action.group)
    }
}

/// What is chosen by.
pub(super) struct By<'a> {
    pub(super) how: &'a Arbitration,
    pub(super) scores: &'a Scores,
    pub(super) guess: Option<&'a Guess<'a>>,
    /// Whether the customer is left alone; `None` where nobody is.
    pub(super) alone: Option<Alone<'a>>,
    /// Whether everything that is weighed is told.
    pub(super) tells_all: bool,
}

/// An action that may be done, with what it is worth.
struct Candidate<'a> {
    action: &'a Action,
    factors: Factors,
    priority: f64,
    /// What a policy says of it; `None` where none does, and what was declared counts.
    foretold: Option<Foretold>,
    /// Whether it is worth something, or could be: what a policy says is not certain, and what is left out is never learned of again.
    may_be_worth: bool,
}

/// Chooses for a customer, of whom perhaps nothing may be known.
pub(super) fn arbitrate<'a>(
    choices: impl Iterator<Item = &'a Choice>,
    by: By<'_>,
    ask: &Ask<'_>,
    known: Option<&Knowledge>,
) -> Arbitrated {
    let By { how, scores, guess, mut alone, tells_all } = by;
    let mut told = Arbitrated { model: guess.map(|guess| guess.named.clone()), ..Arbitrated::default() };
    let mut candidates = Vec::new();
    for choice in choices {
        match why_not(choice, scores, ask, known) {
            Some(rule) => told.leave(rule, &choice.action),
            None => match alone.as_ref().and_then(|alone| alone.why_not(&choice.action)) {
                Some(rule) => told.leave(&rule, &choice.action),
                None => candidates.push(Candidate::of(&choice.action, ask, guess, alone.as_ref())),
            },
        }
    }
    let n = usize::try_from(ask.whole(&super::N)).unwrap_or(1);
    let (mut first, rest): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| one.action.mandatory);
    first.sort_by(|a, b| b.action.weight.total_cmp(&a.action.weight).then(a.action.name.cmp(&b.action.name)));
    let (worth, worthless): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.may_be_worth || one.action.nothing);
    worthless.iter().for_each(|one| told.leave("value", one.action));
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
    let p = chances(&worth, how, guess, ask);
    if tells_all {
        let weighed = worth.iter().zip(&p).map(|(one, p)| one.contender(*p));
        told.contenders = weighed.chain(worthless.iter().map(|one| one.contender(0.0))).collect();
    }
    let mut left: Vec<(Candidate<'_>, f64)> = worth.into_iter().zip(p).collect();
    while told.chosen.len() < n {
        let Some((at, propensity)) = draw(&left, how, ask) else { break };
        let (one, _) = left.remove(at);
        told.chosen.push(one.chosen(propensity, one.reason()));
        alone.iter_mut().for_each(|alone| alone.count(one.action));
        // What is chosen first may leave no contact for others: those that could still be chosen share what they had.
        left.retain(|(one, _)| !told.leave_alone(one.action, alone.as_ref()));
    }
    left.iter().for_each(|(one, _)| told.leave(OUTRANKED, one.action));
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

impl<'a> Candidate<'a> {
    fn of(action: &'a Action, ask: &Ask<'_>, guess: Option<&Guess<'_>>, alone: Option<&Alone<'_>>) -> Self {
        // To do nothing always succeeds, and what comes first is not drawn: nothing is learned of either.
        let foretold = guess.filter(|_| !action.nothing && !action.mandatory).and_then(|guess| guess.foretell(action));
        let of_context = action.context.iter().filter_map(|(key, factors)| {
            let said = ask.question.context.get(key)?;
            factors.get(said.as_str().map_or_else(|| said.to_string(), str::to_owned).as_str())
        });
        let factors = Factors {
            propensity: foretold.map_or(action.prior, |foretold| foretold.share),
            value: action.value,
            incremental: 1.0,
            cost: action.cost,
            context: of_context.product(),
            weight: action.weight,
            fatigue: alone.map_or(1.0, |alone| alone.fatigue(action)),
        };
        let at_best = |foretold: Foretold| {
            let error = guess.map_or(0.0, |guess| guess.policy.spread() * foretold.width);
            Factors { propensity: (foretold.share + error).max(LEAST), ..factors }.priority()
        };
        let may_be_worth = foretold.map_or_else(|| factors.priority(), at_best) > 0.0;
        Self { action, priority: factors.priority(), factors, foretold, may_be_worth }
    }

    fn chosen(&self, propensity: f64, reason: String) -> ChosenAction {
        ChosenAction {
            id: self.action.name.clone(),
            propensity: Probability::new(propensity).unwrap_or(Probability::ONE),
            priority: self.priority,
            factors: Some(self.factors),
            reason,
            content: self.action.content.clone(),
            is_mandatory: self.action.mandatory,
        }
    }

    fn contender(&self, chance: f64) -> Contender {
        Contender {
            name: self.action.name.clone(),
            factors: self.factors,
            priority: self.priority,
            chance,
            is_nothing: self.action.nothing,
        }
    }

    /// What speaks for it, in words.
    fn reason(&self) -> String {
        let Factors { propensity, value, .. } = self.factors;
        if self.action.nothing {
            return "Nothing else is worth more".to_owned();
        }
        let told_by = match self.foretold {
            None => "as was declared",
            Some(foretold) if foretold.is_of_group => "as others of its group are",
            Some(_) => "by what came of it before",
        };
        format!("Accepted in {:.1} of 100 cases {told_by}, and worth {value:.2} then", 100.0 * propensity)
    }

    /// How much what it is worth moves with how likely it is accepted.
    fn scale(&self) -> f64 {
        let Factors { value, incremental, context, weight, fatigue, .. } = self.factors;
        value * incremental * context * weight * fatigue
    }
}

/// Which of those that are left comes next, each with its chance, and how likely that was; `None` where nothing is left.
fn draw(left: &[(Candidate<'_>, f64)], how: &Arbitration, ask: &Ask<'_>) -> Option<(usize, f64)> {
    let drawn_by = who_and_when(how, ask);
    let p: Vec<f64> = left.iter().map(|(_, p)| *p).collect();
    let order = race(&p, |at| unit(stable_hash(&format!("{drawn_by}\0{}", left[at].0.action.name))));
    Some((*order.first()?, *race_propensities(&p, &order).first()?))
}

/// How likely each is drawn first.
fn chances(among: &[Candidate<'_>], how: &Arbitration, guess: Option<&Guess<'_>>, ask: &Ask<'_>) -> Vec<f64> {
    let values: Vec<f64> = among.iter().map(|one| one.priority).collect();
    if let Some(guess) = guess {
        return by_policy(among, &values, how, guess, Seed::new(stable_hash(&who_and_when(how, ask))));
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
fn by_policy(worth: &[Candidate<'_>], values: &[f64], how: &Arbitration, guess: &Guess<'_>, seed: Seed) -> Vec<f64> {
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
        votes: &[],
        spread: guess.policy.spread() * scale,
        n_rounds: how.prior_rounds + guess.policy.n_rounds(),
    };
    let explorer = match how.explore {
        Explore::SquareCb => square_cb(how),
        Explore::LinUcb => Explorer::LinUcb { alpha: 1.0 },
        Explore::Thompson => Explorer::Thompson { v: 0.3, n_draws: 200 },
        Explore::Greedy => Explorer::Greedy,
    };
    explorer.pmf(&beliefs, how.floor, seed)
}

/// Nothing succeeds more rarely for certain: what costs nothing is never left out for what is foretold of it.
const LEAST: f64 = 1e-3;

/// The rule by which what could have been drawn was not.
pub(crate) const OUTRANKED: &str = "outranked";

/// How little is known of what was never drawn: as much as one round says.
const NOT_KNOWN: f64 = 1.0;

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

    /// Whether what was chosen already leaves no contact for another action, which is told then.
    fn leave_alone(&mut self, action: &Action, alone: Option<&Alone<'_>>) -> bool {
        let rule = alone.filter(|_| !action.nothing && !action.service).and_then(|alone| alone.capped(action));
        rule.iter().for_each(|rule| self.leave(rule, action));
        rule.is_some()
    }

    fn why_few(&self, n: usize) -> String {
        let rules = self.left_out.iter().filter(|(rule, _)| rule.as_str() != OUTRANKED);
        let told: Vec<String> = rules.map(|(rule, actions)| format!("{rule} left out {}", actions.len())).collect();
        let of = match (told.is_empty(), self.chosen.is_empty()) {
            (true, true) => "none is declared: write [[actions]] in the settings".to_owned(),
            (true, false) => "no other is declared".to_owned(),
            _ => told.join(", "),
        };
        format!("{} of {n} actions: {of}", self.chosen.len())
    }
}
