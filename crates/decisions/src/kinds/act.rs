//! What to do for this customer next, of all that can be done?
//!
//! One way through for every channel: who may have an action, whom it suits, what it is worth for them, and a draw among what is
//! left. Which rule left an action out is told with the answer. Chance comes from the customer, the period and the action, and not
//! from the decision: so web, e-mail, call centre and shop do the same for somebody within a period.

mod alone;
pub(super) mod arbitrate;
mod conditions;
pub(super) mod context;

use crate::action::{Action, CHANNELS};
use crate::contact::TIMEZONE;
use crate::declaration::Declared;
use crate::filter::Filter;
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::kinds::conditions::{self as shared, LookedAt, Scores};
use crate::parameter::{Parameter, Takes};
use crate::{Actions, Arbitration, Ask, Contender, Content, Declaration, Kind, Knowledge, Levers, Said, Why};
use alone::{Alone, Counted};
use arbitrate::{Arbitrated, By, Guess};
use conditions::Choice;
use governance::Purpose;
use learning::Outcome;
use std::collections::BTreeSet;

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
    arbitration: Arbitration,
    choices: Vec<Choice>,
    scores: Scores,
    counted: Counted,
    no_upsell: Option<Filter>,
}

impl Act {
    /// What is declared. Conditions were checked over the same features and outcomes; one that cannot be read holds of nobody.
    #[must_use]
    pub fn new(
        actions: Vec<Action>,
        arbitration: Arbitration,
        outcomes: &[Outcome],
        features: &BTreeSet<String>,
    ) -> Self {
        let names = shared::names(outcomes, features);
        let choices: Vec<Choice> = actions.iter().map(|action| Choice::of(action.clone(), &names)).collect();
        let counted = Counted::of(choices.iter().map(|choice| &choice.action));
        let contact = &arbitration.contact;
        let is_asked = !contact.no_upsell.is_empty() && choices.iter().any(|choice| choice.action.upsell);
        let no_upsell = if is_asked { shared::read(&contact.no_upsell, &names) } else { None };
        let looked_at = LookedAt::of(choices.iter().flat_map(Choice::filters).chain(&no_upsell));
        let outcomes = looked_at.of_these(outcomes);
        let scores = Scores::of(&outcomes);
        // What a policy looks at, so that the first one that is learned finds it in the decisions before it. Its model is named by
        // the answer, and looks at nothing else.
        let of_context = if actions.is_empty() { Vec::new() } else { context::names(&arbitration.features) };
        let of_context = of_context.into_iter().filter(|name| features.contains(name));
        let reads = looked_at.reads(&scores);
        let features: BTreeSet<String> = reads.features.iter().cloned().chain(of_context).collect();
        let mut reads = Reads { features: features.into_iter().collect(), ..reads };
        if !contact.quiet_hours.is_empty() && !actions.is_empty() && !reads.traits.iter().any(|name| name == TIMEZONE) {
            reads.traits.push(TIMEZONE.to_owned());
        }
        let declaration = Declaration::of(Declared::Actions {
            actions,
            arbitration: arbitration.clone(),
            outcomes,
            features: looked_at.features.clone(),
        });
        let about = KindAbout {
            name: "act".into(),
            title: "Next best action".to_owned(),
            question: "What to do for this customer next?".to_owned(),
            purpose: Purpose::Personalization,
            reads,
            tasks: Vec::new(),
            parameters: vec![N, CHANNEL, AMONG, EXCLUDE],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Actions,
        };
        Self { about, declaration, arbitration, choices, scores, counted, no_upsell }
    }

    fn arbitrated(&self, ask: &Ask<'_>, known: Option<&Knowledge>, tells_all: bool) -> Arbitrated {
        let guess = Guess::of(ask, known);
        let by = By { tells_all, ..self.by(guess.as_ref(), ask, known) };
        arbitrate::arbitrate(self.choices.iter(), by, ask, known)
    }

    /// What everybody must get, whoever is held out among them: that is not done for what it is worth.
    fn mandatory(&self, ask: &Ask<'_>) -> Arbitrated {
        let choices = self.choices.iter().filter(|choice| choice.action.mandatory);
        arbitrate::arbitrate(choices, self.by(None, ask, None), ask, None)
    }

    fn by<'a>(&'a self, guess: Option<&'a Guess<'a>>, ask: &Ask<'a>, known: Option<&Knowledge>) -> By<'a> {
        let alone = Alone::of((&self.arbitration, &self.counted, self.no_upsell.as_ref()), &self.scores, ask, known);
        By { how: &self.arbitration, scores: &self.scores, guess, alone, tells_all: false }
    }
}

impl Kind for Act {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn contact_days(&self) -> Option<(i64, i64)> {
        let contact = &self.arbitration.contact;
        let is_asked = !contact.is_none() && !self.choices.is_empty();
        is_asked.then(|| (contact.days_counted(), contact.days_back()))
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
        let mut other = self.clone();
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
        let arbitrated = match why {
            Why::HeldOut => self.mandatory(ask),
            _ => self.arbitrated(ask, None, false),
        };
        let sentence = match why {
            Why::HeldOut => format!("{}: nothing is done but what is mandatory.", why.text("act")),
            _ => format!("{}: actions that ask for the person are left out.", why.text("act")),
        };
        (said(arbitrated), sentence)
    }
}

fn said(arbitrated: Arbitrated) -> Said {
    let Arbitrated { chosen, left_out, shortfall, model, .. } = arbitrated;
    let propensity = chosen.first().map_or(primitives::Probability::ONE, |first| first.propensity);
    let content = Content::Actions(Box::new(Actions { chosen, left_out }));
    Said { content, model, more: More { shortfall, propensity, ..More::default() } }
}

/// The task that learns what actions are worth.
const POLICY: &str = "act";
