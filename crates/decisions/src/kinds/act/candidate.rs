//! What is an action worth for a customer, by all that is known?
//!
//! ```text
//! priority = (propensity * (value * incremental - accepted) - cost) * context * weight * fatigue - shadow_price * expected
//! expected = propensity * accepted + cost
//! ```

use super::alone::Alone;
use super::conditions::{Choice, Conditions};
use super::context::Look;
use super::{EFFECTS, LEAVES, POLICY};
use crate::action::Action;
use crate::kind::Gist;
use crate::kinds::conditions::Scores;
use crate::repertoire::Of;
use crate::{Arbitration, Ask, ChosenAction, Contender, Factors, Kind, Knowledge, ModelRef, Priced, Value};
use learning::{Changed, EffectsModel, Foretold, PolicyModel, TaskName};
use primitives::Probability;

/// What models are asked about.
pub(super) struct Guess<'a> {
    policy: Option<(&'a PolicyModel, ModelRef, Vec<f64>)>,
    effects: Option<Effects<'a>>,
}

/// What is known of effects, and how it looks at a customer.
struct Effects<'a> {
    model: &'a EffectsModel,
    view: Vec<f64>,
    /// Whether the customer is known, and may be looked at; else only what changes everybody alike is told.
    is_of_them: bool,
}

impl<'a> Guess<'a> {
    /// The policy in force and what is known of effects, and how both look at a customer and a question.
    pub(super) fn of(ask: &Ask<'a>, known: Option<&Knowledge>) -> Self {
        let look = Look::at(ask.question, known);
        let policy = ask.models.policy(&POLICY.into()).ok().map(|(loaded, policy)| {
            let view = policy.view(|name| look.number(name));
            (policy, ModelRef::from(loaded), view)
        });
        let task = TaskName::from(EFFECTS);
        let is_of_them = known.is_some_and(|known| known.inputs.contains_key(&task));
        let effects = ask.models.effects(&task).ok();
        let effects = effects.map(|model| Effects { model, view: model.view(|name| look.number(name)), is_of_them });
        Self { policy, effects }
    }

    /// Where no model is asked.
    pub(super) fn none() -> Self {
        Self { policy: None, effects: None }
    }

    /// The policy, where there is one.
    pub(super) fn policy(&self) -> Option<&'a PolicyModel> {
        self.policy.as_ref().map(|(policy, ..)| *policy)
    }

    /// The policy, as an answer names it.
    pub(super) fn named(&self) -> Option<ModelRef> {
        self.policy.as_ref().map(|(_, named, _)| named.clone())
    }

    /// What each who votes takes each candidate for; nothing where there is no policy.
    pub(super) fn votes(&self, among: &[Candidate<'_>]) -> Vec<Vec<f64>> {
        let Some((policy, _, view)) = self.policy.as_ref() else { return Vec::new() };
        let of_each: Vec<Vec<f64>> = among
            .iter()
            .map(|one| match one.foretold {
                Some(_) => policy.votes(view, &one.action.name, &one.action.group),
                None => Vec::new(),
            })
            .collect();
        let takes = |member: usize| {
            let worth = |(one, shares): (&Candidate<'_>, &Vec<f64>)| match shares.get(member).zip(one.foretold) {
                Some((share, foretold)) => {
                    let propensity = Foretold { share: *share, ..foretold }.beside(one.action.prior);
                    Factors { propensity, ..one.factors }.priority()
                }
                // Of what nothing was learned, all think as was declared.
                None => one.priority,
            };
            among.iter().zip(&of_each).map(worth).collect()
        };
        (0..policy.n_members()).map(takes).collect()
    }

    fn foretell(&self, action: &Action) -> Option<Foretold> {
        let (policy, _, view) = self.policy.as_ref()?;
        policy.foretell(view, &action.name, &action.group)
    }

    /// How far what comes of an action may lie from what is foretold of it: a standard error, in units of the spread.
    pub(super) fn width(&self, action: &Action) -> f64 {
        let found = self.policy.as_ref().and_then(|(policy, _, view)| policy.width(view, &action.name, &action.group));
        found.unwrap_or_default()
    }

    fn changed(&self, action: &Action) -> Option<Changed<'a>> {
        let Effects { model, view, is_of_them } = self.effects.as_ref()?;
        let is_told = |changed: &Changed<'_>| *is_of_them || matches!(changed, Changed::Alike { .. });
        model.change(view, &action.name).filter(is_told)
    }

    /// How likely an action succeeds that changes so much, where no policy says it and orders do.
    fn ordered(&self, action: &Action, changed: Option<Changed<'_>>) -> Option<f64> {
        self.effects.as_ref()?.model.succeeds(&action.name, changed?)
    }
}

/// What is chosen by.
pub(super) struct By<'a> {
    /// From which list.
    pub(super) of: Of,
    pub(super) how: &'a Arbitration,
    pub(super) conditions: &'a Conditions,
    pub(super) scores: &'a Scores,
    pub(super) guess: &'a Guess<'a>,
    /// Whether the customer is left alone; `None` where nobody is.
    pub(super) alone: Option<Alone<'a>>,
    /// What customers bring.
    pub(super) value: &'a Value,
    /// Whether everything that is weighed is told.
    pub(super) tells_all: bool,
}

/// An action that may be done, with what it is worth.
pub(super) struct Candidate<'a> {
    pub(super) choice: &'a Choice,
    pub(super) action: &'a Action,
    pub(super) factors: Factors,
    pub(super) priority: f64,
    /// What a policy says of it; `None` where none does, and what was declared counts.
    pub(super) foretold: Option<Foretold>,
    /// Whether orders tell how likely it succeeds.
    is_ordered: bool,
    /// What is known of what it changes.
    changed: Option<Changed<'a>>,
    /// Whether it is worth something, or could be: what a policy says is not certain, and what is left out is never learned of again.
    pub(super) may_be_worth: bool,
    /// Whether it would be, if its budget had no price.
    is_too_dear: bool,
}

impl<'a> Candidate<'a> {
    /// What it is worth; or the rule that leaves it out, since that cannot be told or its budget is spent.
    pub(super) fn of(
        choice: &'a Choice,
        by: &By<'a>,
        ask: &Ask<'_>,
        known: Option<&Knowledge>,
    ) -> Result<Self, &'static str> {
        let (action, guess) = (&choice.action, by.guess);
        // To do nothing always succeeds, and what comes first is not drawn: nothing is learned of either.
        let is_learned = !action.nothing && !action.mandatory;
        let foretold = if is_learned { guess.foretell(action) } else { None };
        let changed = if is_learned { guess.changed(action) } else { None };
        let ordered = if foretold.is_none() { guess.ordered(action, changed) } else { None };
        let propensity = foretold.map(|foretold| foretold.beside(action.prior)).or(ordered).unwrap_or(action.prior);
        let priced = match action.terms.budget {
            Some(_) => Some(ask.world.shadow_price(&action.name).ok_or("budget: not known")?),
            None => None,
        };
        let shadow_price = priced.map_or(0.0, |priced| priced.price);
        let factors = Factors {
            propensity,
            value: value(action, by, ask, known, changed).ok_or("value: not known")?,
            incremental: incremental(changed, propensity),
            cost: action.cost,
            context: action.counts_in(&ask.question.context),
            weight: action.weight,
            fatigue: by.alone.as_ref().map_or(1.0, |alone| alone.fatigue(choice)),
            accepted: action.terms.accepted(&ask.question.context, known).ok_or("costs: not known")?,
            shadow_price,
        };
        if priced.and_then(|Priced { left, .. }| left).is_some_and(|left| factors.expected() > left) {
            return Err("budget");
        }
        let priority = factors.priority();
        let best = BestCase { factors, foretold, guess, action };
        let may_be_worth = priority > 0.0 && best.is_no_less() || best.priority(factors) > 0.0;
        let is_priced = shadow_price > 0.0;
        let is_too_dear = is_priced && !may_be_worth && best.priority(Factors { shadow_price: 0.0, ..factors }) > 0.0;
        let is_ordered = ordered.is_some();
        Ok(Self { choice, action, priority, factors, foretold, is_ordered, changed, may_be_worth, is_too_dear })
    }

    /// The rule by which it is worth nothing.
    pub(super) fn why_worthless(&self) -> &'static str {
        if self.is_too_dear { "budget" } else { "value" }
    }

    pub(super) fn chosen(&self, propensity: f64, reason: String) -> ChosenAction {
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

    pub(super) fn contender(&self, chance: f64) -> Contender {
        Contender {
            name: self.action.name.clone(),
            factors: self.factors,
            priority: self.priority,
            chance,
            is_nothing: self.action.nothing,
        }
    }

    /// What speaks for it, in words.
    pub(super) fn reason(&self) -> String {
        let Factors { propensity, value, incremental, accepted, .. } = self.factors;
        if self.action.nothing {
            return "Nothing else is worth more".to_owned();
        }
        let told_by = match self.foretold {
            None if self.is_ordered => "by what was ordered after it",
            None => "as was declared",
            Some(foretold) if foretold.is_of_group => "as others of its group are",
            Some(_) => "by what came of it before",
        };
        let costs = if accepted > 0.0 { format!(" and costs {accepted:.2}") } else { String::new() };
        let changes = match self.changed {
            None => String::new(),
            Some(Changed::By(_)) => format!("; {:.0} of 100 would not come without it", 100.0 * incremental),
            Some(Changed::Alike { share: Some(_), said }) => {
                format!("; {:.0} of 100 would not come without it: {said}", 100.0 * incremental)
            }
            Some(Changed::Alike { share: None, said }) => format!("; {said}"),
        };
        format!(
            "Accepted in {:.1} of 100 cases {told_by}, and worth {value:.2} then{costs}{changes}",
            100.0 * propensity
        )
    }

    /// How much what it is worth moves with how likely it is accepted.
    pub(super) fn scale(&self) -> f64 {
        let Factors { value, incremental, context, weight, fatigue, accepted, shadow_price, .. } = self.factors;
        (value * incremental - accepted) * context * weight * fatigue - shadow_price * accepted
    }
}

/// What it is worth if what is foretold of it is a standard error too low.
struct BestCase<'a> {
    factors: Factors,
    foretold: Option<Foretold>,
    guess: &'a Guess<'a>,
    action: &'a Action,
}

impl BestCase<'_> {
    fn priority(&self, factors: Factors) -> f64 {
        if self.foretold.is_none() {
            return factors.priority();
        }
        let error = self.guess.policy().map_or(0.0, |policy| policy.spread() * self.guess.width(self.action));
        let (propensity, incremental) = ((factors.propensity + error).max(LEAST), factors.incremental.max(LEAST));
        Factors { propensity, incremental, ..factors }.priority()
    }

    /// Whether it is at least what is foretold, however large the error is: that is costly to tell. Where nothing that it costs rises
    /// with it, it rises with each success.
    fn is_no_less(&self) -> bool {
        let Factors { propensity, incremental, accepted, shadow_price, .. } = self.factors;
        let is_free = [accepted, shadow_price].into_iter().all(|costs| costs.abs() <= 0.0);
        is_free && propensity >= 0.0 && incremental >= 0.0
    }
}

/// What it earns when it is accepted: of what is to keep somebody, what they are about to be lost with.
fn value(
    action: &Action,
    by: &By<'_>,
    ask: &Ask<'_>,
    known: Option<&Knowledge>,
    changed: Option<Changed<'_>>,
) -> Option<f64> {
    if !action.terms.keeps {
        return Some(action.value);
    }
    let leaves = by.scores.score(&LEAVES.into(), ask, known)?;
    match by.value.gist(ask, known?)? {
        Gist::Number(brings) => Some(lost_with(leaves, brings, changed)),
        Gist::Words(_) => None,
    }
}

/// What somebody is about to be lost with who would be kept.
///
/// ```text
/// kept more likely by   leaves * (propensity * incremental)   while it is a guess how many of those who would leave are kept
///                       propensity * incremental              as soon as it is learned by how much more likely somebody stays
/// ```
/// Who would stay anyway is in what was learned: they are changed little, and to count how likely they leave again would count it twice.
fn lost_with(leaves: f64, brings: f64, changed: Option<Changed<'_>>) -> f64 {
    let counted = if matches!(changed, Some(Changed::By(_))) { 1.0 } else { leaves };
    counted * brings.max(0.0)
}

/// Which share of the successes would not come without it; all of them where nothing is known of that.
fn incremental(changed: Option<Changed<'_>>, propensity: f64) -> f64 {
    let share = match changed {
        Some(Changed::By(effect)) => effect / propensity.max(1e-9),
        Some(Changed::Alike { share, .. }) => share.unwrap_or(1.0),
        None => 1.0,
    };
    share.clamp(-1.0, 1.0)
}

/// Nothing succeeds more rarely for certain: what costs nothing is never left out for what is foretold of it.
const LEAST: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_likely_somebody_leaves_counts_once() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        near(lost_with(0.4, 100.0, None), 40.0);
        near(lost_with(0.4, 100.0, Some(Changed::Alike { share: Some(0.5), said: "" })), 40.0);
        // Of 100 who leave in 40 cases, 10 are kept: 10 of 100 are changed, and worth 100 each.
        near(lost_with(0.4, 100.0, Some(Changed::By(0.1))) * 0.1, 10.0);
        near(lost_with(0.4, -5.0, None), 0.0);
    }
}
