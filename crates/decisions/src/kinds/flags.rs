//! What is each flag for this customer?
//!
//! What is declared is said in the form of one evaluator ([`::flags`]), which draws shares and experiments by who somebody is: so
//! clients that load the same form find the same. Conditions that ask what only we know are answered here first, and the evaluator
//! is told which hold.

mod asked;
mod published;
mod said;
mod way;

use crate::declaration::Declared;
use crate::experiment::Experiment;
use crate::flag::Flag;
use crate::kind::{ContentShape, KindAbout, More};
use crate::kinds::conditions::{self, LookedAt, Scores};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::slot::Slot;
use crate::switch::{Switch, Switchback};
use crate::{
    Ask, Content, DecisionError, Declaration, FlagAnswer, FlagAnswers, FlagReason, Kind, Knowledge, Said, Segment, Why,
};
use asked::Asked;
use governance::Purpose;
use learning::Outcome;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const FLAGS: Parameter = Parameter {
    name: "flags",
    meaning: "the names of the only flags that are meant; without it, all: every experiment on the way to them counts as met",
    takes: Takes::Words,
};

/// What can be switched, and what is tried out with it.
#[derive(Debug, Clone)]
pub struct Flags {
    about: KindAbout,
    declaration: Declaration,
    flags: BTreeMap<String, Flag>,
    experiments: BTreeMap<String, Experiment>,
    asked: Asked,
    scores: Scores,
    payload: ::flags::Payload,
    published: ::flags::Payload,
    in_force: Option<Slot<Self>>,
}

impl Flags {
    /// What is declared. It was checked over the same features and outcomes; a condition that cannot be read holds of nobody.
    #[must_use]
    pub fn new(
        flags: Vec<Flag>,
        experiments: Vec<Experiment>,
        outcomes: &[Outcome],
        features: &BTreeSet<String>,
        segments: &[Segment],
    ) -> Self {
        let names = conditions::names(outcomes, features, segments);
        let asked = Asked::of(&flags, &experiments, &names);
        let looked_at = LookedAt::of(asked.filters());
        let segments = looked_at.segments(segments, outcomes);
        let outcomes = looked_at.of_these(outcomes, segments.as_ref());
        let scores = Scores::of(&outcomes, segments);
        let payload = said::payload(&flags, &experiments, &|written| asked.condition(written));
        let published = said::payload(&flags, &experiments, &|written| {
            asked.filter(written).and_then(published::condition).or_else(|| asked.condition(written))
        });
        let by_name = |flag: &Flag| (flag.name.clone(), flag.clone());
        let of_name = |experiment: &Experiment| (experiment.name.clone(), experiment.clone());
        let about = KindAbout {
            name: "flags".into(),
            title: "Flags".to_owned(),
            question: "What is switched on for this customer, and which variation do they get?".to_owned(),
            purpose: Purpose::Personalization,
            reads: looked_at.reads(&scores),
            tasks: Vec::new(),
            parameters: vec![FLAGS],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Flags,
        };
        Self {
            about,
            flags: flags.iter().map(by_name).collect(),
            experiments: experiments.iter().map(of_name).collect(),
            declaration: Declaration::of(Declared::Flags {
                flags,
                experiments,
                outcomes,
                features: looked_at.features,
                segments: scores.segments(),
            }),
            asked,
            scores,
            payload,
            published,
            in_force: None,
        }
    }

    /// The same, which answers by whatever is in force.
    pub(super) fn held_in(self, slot: Slot<Self>) -> Self {
        Self { in_force: Some(slot), ..self }
    }

    /// All of them, in the order of their names.
    pub fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.flags.values()
    }

    /// All experiments, in the order of their names.
    pub fn experiments(&self) -> impl Iterator<Item = &Experiment> {
        self.experiments.values()
    }

    /// A flag by its name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.get(name)
    }

    /// An experiment by its name.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<&Experiment> {
        self.experiments.get(name)
    }

    /// What clients load that evaluate by themselves: a condition that only we can answer holds of nobody there.
    #[must_use]
    pub fn published(&self) -> &::flags::Payload {
        &self.published
    }

    /// What is declared is recognised by this.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.declaration.digest
    }

    /// The flags that are meant.
    fn meant(&self, ask: &Ask<'_>) -> BTreeSet<String> {
        let said = ask.question.parameters.get(FLAGS.name).and_then(Value::as_array);
        match said {
            None => self.flags.keys().cloned().collect(),
            Some(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    fn answers(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> FlagAnswers {
        let context = ::flags::Context::of(self.attributes(ask, known));
        let meant = self.meant(ask);
        let evaluate = |name: &str| ::flags::evaluate(&self.payload, name, &context);
        let mut by_name = BTreeMap::new();
        let mut value = |name: &str| {
            let evaluated: &::flags::Evaluated = by_name.entry(name.to_owned()).or_insert_with(|| evaluate(name));
            evaluated.value.clone()
        };
        let way = self.way(&meant, &mut value);
        let mut told = FlagAnswers::default();
        for name in way {
            let evaluated = by_name.remove(&name).unwrap_or_else(|| evaluate(&name));
            let Some(flag) = self.flags.get(&name) else { continue };
            let drawn = evaluated.experiment_result.as_ref().filter(|drawn| drawn.in_experiment);
            let experiment = evaluated.experiment.as_ref().and_then(|experiment| experiment.key.clone());
            if let Some((experiment, drawn)) = experiment.zip(drawn) {
                let by = self.experiments.get(&experiment).and_then(|one| switched_by(one, ask));
                told.switches.extend(by.map(|by| (experiment.clone(), by)));
                told.experiments.insert(experiment, drawn.key.clone());
            }
            if meant.contains(&name) {
                let variation = drawn.map(|drawn| drawn.key.clone());
                let (reason, rule) = said::reason(flag, &evaluated);
                told.flags.insert(name, FlagAnswer { value: evaluated.value, variation, reason, rule });
            }
        }
        told
    }

    /// What the evaluator is told of somebody: who they are, and which conditions hold.
    fn attributes(&self, ask: &Ask<'_>, known: Option<&Knowledge>) -> Value {
        let facts = facts(ask, known);
        let holds = |filter: &_| self.scores.holds_of(filter, ask, known, &facts) == Some(true);
        let mut attributes = Map::from_iter([(asked::OURS.to_owned(), self.asked.answers(&holds))]);
        if !ask.question.is_of_nobody() {
            // By the name alone that founded them, as clients know it that draw for themselves.
            let id = match profiles::Identifier::founder(&ask.question.customer) {
                profiles::Identifier::User(id) => json!(id.as_str()),
                profiles::Identifier::Anonymous(id) => json!(id.as_str()),
            };
            attributes.insert("id".to_owned(), id);
            let switched =
                self.experiments.values().filter_map(|one| Some((said::drawn_by(one), switched_by(one, ask)?)));
            attributes.extend(switched.map(|(name, by)| (name, Value::String(by))));
        }
        Value::Object(attributes)
    }

    /// Every flag with its default: whoever is held out gets nothing else.
    fn defaults(&self, ask: &Ask<'_>) -> FlagAnswers {
        let one = |name: String| {
            let flag = self.flags.get(&name)?;
            let reason = if flag.on { FlagReason::Holdout } else { FlagReason::Off };
            let value = self.payload.features.get(&name)?.default_value.clone();
            Some((name, FlagAnswer { value, variation: None, reason, rule: None }))
        };
        FlagAnswers { flags: self.meant(ask).into_iter().filter_map(one).collect(), ..FlagAnswers::default() }
    }
}

/// By what an experiment is drawn that is switched: when it is asked, and where the question says that they are.
fn switched_by(experiment: &Experiment, ask: &Ask<'_>) -> Option<String> {
    let how = experiment.switchback.as_ref()?;
    let place = Switchback::place_of(ask.question.context.get(&how.by)?)?;
    Some(Switch::drawn_by(how.slice_of(ask.question.as_of), &place))
}

/// What is known of somebody: what the question says of them counts before what was known.
fn facts(ask: &Ask<'_>, known: Option<&Knowledge>) -> Knowledge {
    let mut facts = known.cloned().unwrap_or_default();
    let said = ask.question.context.iter().filter_map(|(name, value)| Some((name.clone(), published::text_of(value)?)));
    facts.traits.extend(said);
    facts
}

impl Slot<Flags> {
    /// The kind that answers by whatever is in force.
    #[must_use]
    pub fn kind(&self) -> Flags {
        Flags::clone(&self.now()).held_in(self.clone())
    }
}

impl Kind for Flags {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check(given)?;
        let named = given.get(FLAGS.name).and_then(Value::as_array);
        let unknown =
            named.into_iter().flatten().filter_map(Value::as_str).find(|name| !self.flags.contains_key(*name));
        unknown.map_or(Ok(()), |name| {
            let advice = match primitives::nearest(name, self.flags.keys().map(String::as_str)) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => "the settings declare what there is".to_owned(),
            };
            let shown: String = name.chars().take(40).collect();
            let why = format!("names \"{}\", which is no flag: {advice}", primitives::visible(&shown));
            Err(DecisionError::Unfit { name: FLAGS.name.to_owned(), why })
        })
    }

    fn held(&self) -> Option<Arc<dyn Kind>> {
        let now: Arc<dyn Kind> = self.in_force.as_ref()?.now();
        Some(now)
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn may_be_of_nobody(&self) -> bool {
        true
    }

    fn title_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.flags.get(name).map_or(name, |flag| &flag.title)
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        Ok(said(self.answers(ask, Some(known))))
    }

    /// Who somebody is decides about shares and experiments, whatever is known of them. Conditions that ask for the person are not
    /// known then, but for what the question itself says.
    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let begin = why.text(self.about.name.as_str());
        match why {
            Why::HeldOut => (said(self.defaults(ask)), format!("{begin}: every flag has its default.")),
            _ => (
                said(self.answers(ask, None)),
                format!("{begin}: rules that ask what is known of the person do not apply."),
            ),
        }
    }
}

fn said(flags: FlagAnswers) -> Said {
    Said { content: Content::Flags(Box::new(flags)), model: None, more: More::default() }
}
