//! Which of the actions that come with the question?
//!
//! Nothing is declared of them: what is said of the situation and of each action is all that is known. Until something is learned, all
//! are equally likely; then each the likelier, the more is foretold of it. The decision is about an occasion, so that nobody need be
//! named, and chance comes from the decision.

use crate::declaration::Declared;
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::options::{self, Given};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::{
    Actions, Ask, ChosenAction, Content, DecisionError, Declaration, Kind, Knowledge, ModelRef, Ranking, Said, Why,
};
use governance::Purpose;
use learning::{PolicyModel, Sides};
use models::bandit::{Beliefs, Explorer, race, race_propensities, unit};
use primitives::{Probability, Seed, stable_hash};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ACTIONS: Parameter =
    Parameter { name: "actions", meaning: "what there is to choose from", takes: Takes::Options };
const EXCLUDE: Parameter =
    Parameter { name: "exclude", meaning: "the ids of those that are not to be chosen now", takes: Takes::Words };
const EVENT: Parameter = Parameter {
    name: "event",
    meaning: "what you call this occasion: asked again by that name, it is answered the same",
    takes: Takes::Text { bytes_max: 256 },
};
const DEFERRED: Parameter = Parameter {
    name: "deferred",
    meaning: "whether it counts only once it is said that it was shown",
    takes: Takes::Flag,
};

/// The task that learns what such actions bring.
const POLICY: &str = "rank";
/// The rule that leaves out what the question excludes.
pub(crate) const ASKED: &str = "asked";
/// What is said of an action of which nothing is foretold.
const UNKNOWN: &str = "Nothing is foretold of it yet";
/// As if so many choices were known before any was made.
const PRIOR_ROUNDS: f64 = 100.0;

/// Chooses among actions that come with the question.
#[derive(Debug, Clone)]
pub struct Rank {
    about: KindAbout,
    declaration: Declaration,
    ranking: Ranking,
}

impl Rank {
    /// By these settings.
    #[must_use]
    pub fn new(ranking: Ranking) -> Self {
        let about = KindAbout {
            name: "rank".into(),
            title: "Best of the actions that are asked about".to_owned(),
            question: "Which of these actions suits this situation best?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads::default(),
            tasks: Vec::new(),
            parameters: vec![ACTIONS, EXCLUDE, EVENT, DEFERRED],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Actions,
        };
        Self { about, declaration: Declaration::of(Declared::Ranking(ranking)), ranking }
    }

    fn ranked(&self, ask: &Ask<'_>, may_look: bool) -> Said {
        let (left_out, open) = parted(&ask.question.parameters);
        let policy = if may_look { ask.models.policy(&POLICY.into()).ok() } else { None };
        // Who is told that nothing is known yet, where a model was learned and does not answer, waits for what does not come.
        let unknown = match ask.models.why_unusable(&POLICY.into()).filter(|_| may_look) {
            Some(why) => format!("Nothing is foretold of it. {why}"),
            None => UNKNOWN.to_owned(),
        };
        let foretold = policy.and_then(|(loaded, policy)| Some((loaded, policy, foretell(policy, ask, &open)?)));
        let p = match &foretold {
            None => vec![1.0 / open.len().max(1) as f64; open.len()],
            Some((_, policy, values)) => {
                let n_rounds = PRIOR_ROUNDS + policy.n_rounds();
                let beliefs = Beliefs { spread: policy.spread().max(LEAST), ..Beliefs::new(values, n_rounds) };
                let explorer = Explorer::SquareCb { scale: self.ranking.gamma, exponent: 0.5 };
                explorer.pmf(&beliefs, self.ranking.floor, Seed::new(0))
            }
        };
        let seed = ask.world.seed().map_or(0, Seed::value);
        let order = race(&p, |at| unit(stable_hash(&format!("rank\0{seed}\0{}", open[at].id))));
        let chosen = order.iter().zip(race_propensities(&p, &order)).map(|(at, propensity)| {
            let value = foretold.as_ref().map(|(_, _, values)| values[*at] + self.ranking.reward_default);
            chosen(&open[*at], propensity, value.ok_or(unknown.as_str()))
        });
        let chosen: Vec<ChosenAction> = chosen.collect();
        let propensity = chosen.first().map_or(Probability::ONE, |first| first.propensity);
        let model = foretold.map(|(loaded, ..)| ModelRef::from(loaded));
        said(chosen, &left_out, (propensity, model))
    }

    /// The first that can be chosen: what was done before anybody asked.
    fn first(ask: &Ask<'_>) -> Said {
        let (left_out, open) = parted(&ask.question.parameters);
        let first = open.first().map(|first| chosen(first, 1.0, Err(UNKNOWN)));
        said(first.into_iter().collect(), &left_out, (Probability::ONE, None))
    }
}

impl Kind for Rank {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check(given)?;
        let unfit = |name: &Parameter, why: String| Err(DecisionError::Unfit { name: name.name.to_owned(), why });
        let all: BTreeSet<&str> = options::given(given.get(ACTIONS.name)).iter().map(|one| one.id).collect();
        if all.is_empty() {
            return unfit(&ACTIONS, format!("is missing: give {}", options::in_words()));
        }
        let excluded = excluded(given);
        if let Some(unknown) = excluded.iter().find(|id| !all.contains(*id)) {
            return unfit(&EXCLUDE, format!("names {unknown:?}, which is none of the actions: give ids of theirs"));
        }
        if excluded.len() == all.len() {
            return unfit(&EXCLUDE, "names all of the actions: leave one to be chosen".to_owned());
        }
        match given.get(EVENT.name).and_then(Value::as_str) {
            Some("") => unfit(&EVENT, "is empty: give a name, or leave it out".to_owned()),
            _ => Ok(()),
        }
    }

    fn may_be_of_nobody(&self) -> bool {
        true
    }

    fn is_of_occasions(&self) -> bool {
        true
    }

    fn called<'a>(&self, parameters: &'a Parameters) -> Option<&'a str> {
        parameters.get(EVENT.name).and_then(Value::as_str)
    }

    fn personal(&self, ask: &Ask<'_>, _: &Knowledge) -> Result<Said, Why> {
        Ok(self.ranked(ask, true))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        match why {
            Why::HeldOut => (Self::first(ask), format!("{}: the first one is taken.", why.text(POLICY))),
            Why::Refused(_) => (self.ranked(ask, false), format!("{}: all are equally likely.", why.text(POLICY))),
            // It is about the occasion: whether anybody is known changes nothing.
            _ => (self.ranked(ask, true), String::new()),
        }
    }
}

/// What the question leaves out, and what can be chosen, in the order of its list.
fn parted(parameters: &Parameters) -> (Vec<Given<'_>>, Vec<Given<'_>>) {
    let excluded = excluded(parameters);
    options::given(parameters.get(ACTIONS.name)).into_iter().partition(|one| excluded.contains(one.id))
}

/// What is foretold of each, in their order.
fn foretell(policy: &PolicyModel, ask: &Ask<'_>, open: &[Given<'_>]) -> Option<Vec<f64>> {
    let sides =
        Sides { x: options::side_of(ask.question.context.iter()), actions: open.iter().map(Given::side).collect() };
    (0..open.len()).map(|at| Some(policy.foretell_row(&sides.row(at))?.share)).collect()
}

pub(crate) fn excluded(parameters: &Parameters) -> BTreeSet<&str> {
    let listed = parameters.get(EXCLUDE.name).and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).collect()
}

/// One that was chosen, with what is foretold of it, or why nothing is.
fn chosen(one: &Given<'_>, propensity: f64, value: Result<f64, &str>) -> ChosenAction {
    let reason = match value {
        Ok(value) => format!("A reward of {value:.2} is foretold, by what came of what is like it"),
        Err(why) => why.to_owned(),
    };
    ChosenAction {
        id: one.id.to_owned(),
        propensity: Probability::new(propensity).unwrap_or(Probability::ONE),
        priority: value.unwrap_or_default(),
        factors: None,
        reason,
        content: serde_json::Map::new(),
        is_mandatory: false,
    }
}

fn said(
    chosen: Vec<ChosenAction>,
    left_out: &[Given<'_>],
    (propensity, model): (Probability, Option<ModelRef>),
) -> Said {
    let left_out: Vec<String> = left_out.iter().map(|one| one.id.to_owned()).collect();
    let left_out = if left_out.is_empty() { BTreeMap::new() } else { BTreeMap::from([(ASKED.to_owned(), left_out)]) };
    let content = Content::Actions(Box::new(Actions { chosen, left_out, chances: std::collections::BTreeMap::new() }));
    Said { content, model, more: More { propensity, ..More::default() } }
}

/// Where everything came as foretold, so little is still certain to come otherwise.
const LEAST: f64 = 1e-3;
