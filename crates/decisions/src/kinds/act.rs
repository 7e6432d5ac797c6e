//! What to do for this customer next, of all that can be done? And what to offer, of all that can be offered?
//!
//! Both are the same arbitration over another list ([`Repertoire`]). One way through for every channel: who may have an action, whom it suits, what it is worth for them, and a draw among what is
//! left. Which rule left an action out is told with the answer. Chance comes from the customer, the period and the action, and not
//! from the decision: so web, e-mail, call centre and shop do the same for somebody within a period.

mod alone;
pub(super) mod arbitrate;
mod candidate;
mod conditions;
pub(super) mod context;

use crate::action::CHANNELS;
use crate::contact::TIMEZONE;
use crate::declaration::{Chosen, Declared};
use crate::filter::Filter;
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::kinds::conditions::{self as shared, LookedAt, Scores};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::repertoire::{Of, Repertoire};
use crate::slot::Slot;
use crate::{
    Action, Actions, Arbitration, Ask, Budget, Contender, Content, DecisionError, Declaration, Kind, Knowledge, Levers,
    LookedBack, Offer, Said, Segment, Value, Why, Worth,
};
use alone::{Alone, Counted};
use arbitrate::Arbitrated;
use candidate::{By, Guess};
use conditions::{Choice, Conditions};
use governance::Purpose;
use learning::{Outcome, TaskName};
use std::collections::BTreeSet;
use std::sync::Arc;

const N: Parameter =
    Parameter { name: "n", meaning: "how many actions", takes: Takes::Whole { range: (1, 20), default: Some(1) } };
const CHANNEL: Parameter = Parameter {
    name: "channel",
    meaning: "where it will be done; without it, everywhere counts",
    takes: Takes::Choice { names: &CHANNELS, default: None },
};
const AMONG: Parameter =
    Parameter { name: "among", meaning: "the names of the only actions that are meant", takes: Takes::Words };
const EXCLUDE: Parameter =
    Parameter { name: "exclude", meaning: "the names of actions that are not meant", takes: Takes::Words };

/// What is chosen from, and how.
#[derive(Debug, Clone)]
pub struct Act {
    about: KindAbout,
    declaration: Declaration,
    of: Of,
    arbitration: Arbitration,
    choices: Vec<Choice>,
    conditions: Conditions,
    scores: Scores,
    counted: Counted,
    no_upsell: Option<Filter>,
    /// What those bring who would be kept.
    value: Value,
    in_force: Option<Slot<Self>>,
}

impl Act {
    /// What is declared. Conditions were checked over the same features and outcomes; one that cannot be read holds of nobody.
    #[must_use]
    pub fn new(
        all: impl Into<Repertoire>,
        arbitration: Arbitration,
        outcomes: &[Outcome],
        features: &BTreeSet<String>,
        segments: &[Segment],
    ) -> Self {
        let all = all.into();
        let names = shared::names(outcomes, features, segments);
        let (choices, conditions) = Conditions::of(&all.all, &names);
        let counted = Counted::of(&all);
        let contact = &arbitration.contact;
        let is_asked = !contact.no_upsell.is_empty() && choices.iter().any(|choice| choice.action.upsell);
        let no_upsell = if is_asked { shared::read(&contact.no_upsell, &names) } else { None };
        let mut looked_at = LookedAt::of(conditions.filters().chain(&no_upsell));
        let value = Value::default();
        let keeps = choices.iter().any(|choice| choice.action.terms.keeps);
        if keeps {
            looked_at.scores.insert(LEAVES.to_owned());
        }
        let segments = looked_at.segments(segments, outcomes);
        let outcomes = looked_at.of_these(outcomes, segments.as_ref());
        let scores = Scores::of(&outcomes, segments);
        let reads = reads_of(&looked_at, &scores, &arbitration, features, keeps.then_some(&value), choices.is_empty());
        let of = all.of;
        let declaration = declaration(all, &arbitration, outcomes, &looked_at, &scores);
        let (title, question) = match of {
            Of::Actions => ("Next best action", "What to do for this customer next?"),
            Of::Offers => ("Best offer", "What to offer this customer, if anything?"),
        };
        let about = KindAbout {
            name: of.kind().into(),
            title: title.to_owned(),
            question: question.to_owned(),
            purpose: Purpose::Personalization,
            reads,
            tasks: Vec::new(),
            parameters: vec![N, CHANNEL, AMONG, EXCLUDE],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Actions,
        };
        let in_force = None;
        Self { about, declaration, of, arbitration, choices, conditions, scores, counted, no_upsell, value, in_force }
    }

    /// The same, which answers by whatever is in force.
    pub(super) fn held_in(self, slot: Slot<Self>) -> Self {
        Self { in_force: Some(slot), ..self }
    }

    /// How it is chosen.
    #[must_use]
    pub fn arbitration(&self) -> &Arbitration {
        &self.arbitration
    }

    fn arbitrated(&self, ask: &Ask<'_>, known: Option<&Knowledge>, tells_all: bool) -> Arbitrated {
        let guess = Guess::of(ask, known);
        let by = By { tells_all, ..self.by(&guess, ask, known) };
        arbitrate::arbitrate(self.choices.iter(), by, ask, known)
    }

    /// What must be done, whoever is held out among them: that is not done for what it is worth. For whom it is is known; what
    /// persuades is withheld, and nothing else.
    fn mandatory(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> Arbitrated {
        let choices = self.choices.iter().filter(|choice| choice.action.mandatory);
        let told = arbitrate::arbitrate(choices, self.by(&Guess::none(), ask, known), ask, known);
        // What is declared besides was not looked at, and that is why there are no more.
        let few =
            || format!("{} of {} {}: the customer is held out", told.chosen.len(), ask.whole(&N), self.of.plural());
        let shortfall = told.shortfall.as_ref().map(|_| few());
        Arbitrated { shortfall, ..told }
    }

    fn by<'a>(&'a self, guess: &'a Guess<'a>, ask: &Ask<'a>, known: Option<&Knowledge>) -> By<'a> {
        let alone = Alone::of((&self.arbitration, &self.counted, self.no_upsell.as_ref()), &self.scores, ask, known);
        By {
            of: self.of,
            how: &self.arbitration,
            conditions: &self.conditions,
            scores: &self.scores,
            guess,
            alone,
            value: &self.value,
            tells_all: false,
        }
    }
}

impl Slot<Act> {
    /// The kind that answers by whatever is in force.
    #[must_use]
    pub fn kind(&self) -> Act {
        Act::clone(&self.now()).held_in(self.clone())
    }
}

impl Kind for Act {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check(given)?;
        let names = || self.choices.iter().map(|choice| choice.action.name.as_str());
        let named = |parameter: &Parameter| {
            let all = given.get(parameter.name).and_then(serde_json::Value::as_array);
            all.into_iter().flatten().filter_map(serde_json::Value::as_str).collect::<Vec<&str>>()
        };
        // Several shops may ask with one list, of which each declares a part: that is no mistake, and a name that is nearly one is.
        let wrong = |parameter: &Parameter| {
            let all = named(parameter);
            let unknown = all.iter().filter(|name| !self.knows(name));
            let mut unknown =
                unknown.map(|name| (parameter.name, (*name).to_owned(), primitives::nearest(name, names())));
            let is_known = all.iter().any(|name| self.knows(name));
            unknown.find(|(.., meant)| meant.is_some() || !is_known)
        };
        // A kind without actions answers that there are none.
        let of_any = [&AMONG, &EXCLUDE].into_iter().filter(|_| names().next().is_some());
        let Some((parameter, name, meant)) = of_any.into_iter().find_map(wrong) else { return Ok(()) };
        let advice = match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("the settings declare what there is, in [[{}]]", self.of.plural()),
        };
        let shown: String = name.chars().take(40).collect();
        let why =
            format!("names \"{}\", which is none of the {}: {advice}", primitives::visible(&shown), self.of.plural());
        Err(DecisionError::Unfit { name: parameter.to_owned(), why })
    }

    fn held(&self) -> Option<Arc<dyn Kind>> {
        let now: Arc<dyn Kind> = self.in_force.as_ref()?.now();
        Some(now)
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn contacts(&self) -> Option<LookedBack> {
        let contact = &self.arbitration.contact;
        let always = self.counted.ending();
        let is_idle = self.choices.is_empty() || contact.is_none() && always.is_empty();
        (!is_idle).then(|| LookedBack { counted: contact.days_counted(), back: contact.days_back(), always })
    }

    fn table(&self) -> Option<&'static str> {
        Some(self.of.plural())
    }

    fn knows(&self, name: &str) -> bool {
        self.choices.iter().any(|choice| choice.action.name == name)
    }

    fn budgets(&self) -> Vec<(String, Budget)> {
        let of = |choice: &Choice| Some((choice.action.name.clone(), choice.action.terms.budget?));
        self.choices.iter().filter_map(of).collect()
    }

    fn worths(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> Vec<Worth> {
        let guess = Guess::of(ask, known);
        arbitrate::worths(self.choices.iter(), self.by(&guess, ask, known), ask, known)
    }

    fn title_of<'a>(&'a self, name: &'a str) -> &'a str {
        let found = self.choices.iter().find(|choice| choice.action.name == name);
        found.map_or(name, |choice| &choice.action.title)
    }

    fn actions(&self) -> Vec<&Action> {
        self.choices.iter().map(|choice| &choice.action).collect()
    }

    fn arbitration(&self) -> Option<&Arbitration> {
        Some(&self.arbitration)
    }

    fn with_levers(&self, levers: &Levers) -> Option<Box<dyn Kind>> {
        let mut other = Self { in_force: None, ..self.clone() };
        levers.choose(&mut other.arbitration);
        other.choices.iter_mut().for_each(|choice| levers.set(&mut choice.action));
        Some(Box::new(other))
    }

    fn contenders(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> Vec<Contender> {
        self.arbitrated(ask, known, true).contenders
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        Ok(said(self.arbitrated(ask, Some(known), false)))
    }

    /// Conditions that ask for the person are not known then, and what is not known leaves an action out.
    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let sentence =
            format!("{}: {} that ask for the person are left out.", why.text(self.of.kind()), self.of.plural());
        (said(self.arbitrated(ask, None, false)), sentence)
    }

    fn held_out(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> (Said, String) {
        let sentence = format!("{}: nothing is done but what is mandatory.", Why::HeldOut.text(self.of.kind()));
        (said(self.mandatory(ask, known)), sentence)
    }
}

/// What it is declared as: with all that its conditions look at.
fn declaration(
    all: Repertoire,
    how: &Arbitration,
    outcomes: Vec<Outcome>,
    looked_at: &LookedAt,
    scores: &Scores,
) -> Declaration {
    let Repertoire { of, all, beside } = all;
    let (features, segments) = (looked_at.features.clone(), scores.segments());
    let chosen = Chosen { actions: all, arbitration: how.clone(), outcomes, features, segments, beside };
    Declaration::of(match of {
        Of::Actions => Declared::Actions(chosen),
        Of::Offers => Declared::Offers(chosen.of(Offer)),
    })
}

/// What of a customer is looked at.
fn reads_of(
    looked_at: &LookedAt,
    scores: &Scores,
    arbitration: &Arbitration,
    features: &BTreeSet<String>,
    value: Option<&Value>,
    is_empty: bool,
) -> Reads {
    let mut reads = looked_at.reads(scores);
    if is_empty {
        return reads;
    }
    // What a policy looks at, so that the first one that is learned finds it in the decisions before it. Its model is named by the
    // answer, and looks at nothing else.
    let of_context = context::names(&arbitration.features).into_iter().filter(|name| features.contains(name));
    let all: BTreeSet<String> = reads.features.iter().cloned().chain(of_context).collect();
    reads.features = all.into_iter().collect();
    if !arbitration.contact.quiet_hours.is_empty() && !reads.traits.iter().any(|name| name == TIMEZONE) {
        reads.traits.push(TIMEZONE.to_owned());
    }
    let more: Vec<TaskName> = value.iter().flat_map(|value| value.about().reads.tasks.clone()).collect();
    reads.currency |= value.is_some();
    // So the version that told what changes whom stands in the record.
    let more = more.into_iter().chain([TaskName::from(EFFECTS)]).filter(|task| !reads.tasks.contains(task));
    let more: Vec<TaskName> = more.collect();
    reads.tasks.extend(more);
    reads
}

fn said(arbitrated: Arbitrated) -> Said {
    let Arbitrated { chosen, left_out, chances, shortfall, model, .. } = arbitrated;
    let propensity = chosen.first().map_or(primitives::Probability::ONE, |first| first.propensity);
    let content = Content::Actions(Box::new(Actions { chosen, left_out, chances }));
    Said { content, model, more: More { shortfall, propensity, ..More::default() } }
}

/// The task that learns what actions and offers are worth.
const POLICY: &str = "act";
/// The task that learns what they change.
pub(crate) const EFFECTS: &str = "uplift";
/// The question who leaves.
const LEAVES: &str = "churn";
