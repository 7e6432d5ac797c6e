//! What does a filter see of a customer, and what of it has still to be computed?

use super::scores::{Scores, Slot};
use crate::Engine;
use decisions::filter::{Facts, Names, Subject, Value};
use decisions::{Ask, Filter, Gist, ItemFacts, Kind, Models, Question, Sales, Subject as Consenting, World};
use features::{Catalogue, FeatureId, FeatureState, Inputs};
use governance::Purpose;
use primitives::{ItemKey, Timestamp, stable_hash};
use profiles::{Customer, Identifier, Profile};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Through which customers are looked at: the models, features and lists of one moment.
pub(super) struct Lens<'e> {
    engine: &'e Engine,
    pub(super) as_of: Timestamp,
    names: Names,
    kinds: Vec<&'e dyn Kind>,
    place_of_kind: BTreeMap<String, usize>,
    questions: Vec<Question>,
    models: Models,
    catalogue: Arc<Catalogue>,
    /// The features that somebody may ask about here, and the place of each.
    inputs: Inputs,
    place_of_feature: BTreeMap<String, usize>,
    /// What the saved lists mean, those included that other lists ask about.
    lists: BTreeMap<String, Filter>,
    /// What answers: with other models or features, other scores come out.
    pub(super) made_by: u64,
}

impl<'e> Lens<'e> {
    /// For these subjects, and filters of lists.
    pub(super) fn new(engine: &'e Engine, subjects: &[&Subject], lists: BTreeMap<String, Filter>) -> Self {
        let (as_of, models, catalogue) = (engine.clock().now(), engine.models(), engine.catalogue());
        let kinds: Vec<&dyn Kind> = engine.scored_kinds().map(|(kind, _)| kind).collect();
        let names = engine.filter_names();
        let of_lists = lists.values().flat_map(Filter::subjects);
        let feature = |subject: &Subject| match subject {
            Subject::Named(name) if names.scores.contains_key(name) => None,
            Subject::Named(name) | Subject::Feature(name) => Some(catalogue.get(name)?.id.clone()),
            _ => None,
        };
        let mut ids: Vec<FeatureId> = subjects.iter().copied().chain(of_lists).filter_map(feature).collect();
        ids.sort();
        ids.dedup();
        let question = |kind: &&dyn Kind| Question {
            kind: kind.about().name.clone(),
            customer: "".into(),
            as_of,
            parameters: BTreeMap::new(),
            context: events::Fields::new(),
            arm: None,
        };
        let lens = Self {
            made_by: made_by(&kinds, &models, &catalogue),
            place_of_kind: (kinds.iter().enumerate()).map(|(i, kind)| (kind.about().name.to_string(), i)).collect(),
            questions: kinds.iter().map(question).collect(),
            inputs: catalogue.inputs(&ids).unwrap_or_default(),
            place_of_feature: ids.iter().enumerate().map(|(i, id)| (id.name.to_string(), i)).collect(),
            engine,
            as_of,
            names,
            kinds,
            models,
            catalogue,
            lists: BTreeMap::new(),
        };
        let ordered = |(name, filter): (String, Filter)| (name, filter.cheapest_first(&|subject| lens.cost(subject)));
        let lists = lists.into_iter().map(ordered).collect();
        Self { lists, ..lens }
    }

    /// What was computed of a customer lately, or that nothing was.
    pub(super) fn scores(&self, customer: &Customer<FeatureState>) -> Arc<Scores> {
        let Profile { id, n_events, last_seen, .. } = &customer.profile;
        let state = (*n_events, *last_seen);
        let kept = self.engine.scores.get(id, state, self.as_of);
        kept.unwrap_or_else(|| Arc::new(Scores::open(state, self.as_of, self.kinds.len())))
    }

    /// A customer, as far as scores were computed, until `is_over` says that there is no more time.
    pub(super) fn look<'a>(
        &'a self,
        customer: &'a Customer<FeatureState>,
        scores: &'a Scores,
        is_over: &'a dyn Fn() -> bool,
    ) -> Seen<'a> {
        let consents = &customer.profile.consents;
        Seen {
            lens: self,
            customer,
            scores,
            is_permitted: self.engine.policy().answer(consents, Purpose::Personalization).granted,
            is_over,
            features: OnceCell::new(),
            segments: OnceCell::new(),
            lists: RefCell::default(),
            n_asked: Cell::new(0),
            is_late: Cell::new(false),
            open: Cell::new(0),
        }
    }

    /// Asks the kinds in `wanted`, a bit each, and keeps what they said.
    pub(super) fn ask(&self, customer: &Customer<FeatureState>, scores: &Scores, wanted: u128) -> Arc<Scores> {
        let mut scores = scores.clone();
        for (place, kind) in self.kinds.iter().enumerate() {
            if wanted >> place & 1 == 1 && scores.slots[place] == Slot::Open {
                let gist = self.gist(customer, *kind, &self.questions[place]);
                scores.slots[place] = gist.map_or(Slot::Nothing, Slot::Said);
            }
        }
        let scores = Arc::new(scores);
        self.engine.scores.put(self.made_by, customer.profile.id.clone(), scores.clone());
        scores
    }

    fn gist(&self, customer: &Customer<FeatureState>, kind: &dyn Kind, question: &Question) -> Option<Gist> {
        let (models, catalogue) = (&self.models, &self.catalogue);
        let when = (self.as_of, self.engine.capabilities.measures.currency);
        let subject = Consenting::of(Some(customer), self.engine.policy(), kind.about(), models, catalogue, when);
        let Consenting::Known(known) = subject else { return None };
        let ask = Ask { question, models, world: &NoItems, catalogue, as_before: false, is_unplaced: false };
        kind.gist(&ask, known.get())
    }

    /// What a question costs: what is written in the profile least, what models must say most.
    pub(super) fn cost(&self, subject: &Subject) -> u32 {
        match subject {
            Subject::Known | Subject::LastSeen | Subject::FirstSeen | Subject::Consent(_) => 0,
            Subject::Id => 1,
            Subject::Trait(_) => 2,
            Subject::Feature(_) => 3,
            Subject::Named(name) if !self.names.scores.contains_key(name) => 3,
            Subject::Named(_) | Subject::Score(_) | Subject::Segment => 4,
            Subject::List => 5,
        }
    }
}

/// The models, features and kinds that answer, as a number that is another one with others.
fn made_by(kinds: &[&dyn Kind], models: &Models, catalogue: &Catalogue) -> u64 {
    let mut text = String::new();
    for kind in kinds {
        let about = kind.about();
        text += about.name.as_str();
        for task in about.reads.tasks.iter().chain(&about.tasks) {
            text += models.get(task).map_or("-", |loaded| loaded.version.as_str());
            text += "|";
        }
    }
    for id in catalogue.all().ids() {
        text += &format!("{}{}|", id.name, id.version);
    }
    stable_hash(&text)
}

/// After so many conditions it is asked again whether there is time.
const N_ASKED: u64 = 64;

/// A customer, as a filter sees them.
pub(super) struct Seen<'a> {
    lens: &'a Lens<'a>,
    pub(super) customer: &'a Customer<FeatureState>,
    scores: &'a Scores,
    is_permitted: bool,
    is_over: &'a dyn Fn() -> bool,
    features: OnceCell<Vec<f64>>,
    /// What was found once: groups and segments, and who is on which list, each with the kinds that it lacked.
    segments: OnceCell<(Option<Vec<&'a str>>, u128)>,
    lists: RefCell<BTreeMap<&'a str, (Option<bool>, u128)>>,
    /// How many conditions were asked.
    n_asked: Cell<u64>,
    is_late: Cell<bool>,
    /// The kinds that were asked about and have not been computed, a bit each.
    open: Cell<u128>,
}

/// What it lacks to judge a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// There was no more time.
    Time,
    /// What these kinds say, a bit each.
    Scores(u128),
}

impl<'a> Seen<'a> {
    /// What it lacked for what was asked.
    pub(super) fn lack(&self) -> Option<Lack> {
        match self.open.get() {
            _ if self.is_late.get() => Some(Lack::Time),
            0 => None,
            open => Some(Lack::Scores(open)),
        }
    }

    /// How many conditions were asked.
    pub(super) fn n_asked(&self) -> u64 {
        self.n_asked.get()
    }

    /// The number behind a subject, where there is one.
    pub(super) fn number(&self, subject: &Subject) -> Option<f64> {
        match self.value(subject)? {
            Value::Number(number) => Some(number),
            Value::Json(Json::Number(number)) => number.as_f64(),
            _ => None,
        }
    }

    /// What `look` finds, and the kinds that have still to be computed for it.
    fn opening<T>(&self, look: impl FnOnce() -> T) -> (T, u128) {
        let before = self.open.replace(0);
        let found = look();
        let opened = self.open.get();
        self.open.set(before | opened);
        (found, opened)
    }

    /// Whether they are on a list: looked for once, however many ask. Nothing where something has still to be computed for it.
    pub(super) fn is_on(&self, list: &str) -> Option<bool> {
        let known = self.lists.borrow().get(list).copied();
        let (is_on, opened) = match known {
            Some(known) => known,
            None => {
                let (name, filter) = self.lens.lists.get_key_value(list)?;
                let (holds, opened) = self.opening(|| filter.holds(self));
                if self.is_late.get() {
                    return None;
                }
                let is_on = if holds.is_none() && opened != 0 { None } else { Some(holds == Some(true)) };
                self.lists.borrow_mut().insert(name, (is_on, opened));
                (is_on, opened)
            }
        };
        self.open.set(self.open.get() | opened);
        is_on
    }

    fn slot(&self, place: usize) -> Option<&'a Gist> {
        if !self.is_permitted {
            return None;
        }
        match &self.scores.slots[place] {
            Slot::Open => {
                self.open.set(self.open.get() | 1 << place);
                None
            }
            Slot::Nothing => None,
            Slot::Said(gist) => Some(gist),
        }
    }

    fn score(&self, name: &str) -> Option<Value<'a>> {
        match self.slot(*self.lens.place_of_kind.get(name)?)? {
            Gist::Number(number) => Some(Value::Number(*number)),
            Gist::Words(words) => words.first().map(|word| Value::Text(Cow::Borrowed(word.as_str()))),
        }
    }

    fn feature(&self, name: &str) -> Option<Value<'_>> {
        let place = self.lens.place_of_feature.get(name).filter(|_| self.is_permitted)?;
        let read = || {
            let mut values = Vec::with_capacity(self.lens.inputs.len());
            self.lens.catalogue.read(&self.customer.state, self.lens.as_of, &self.lens.inputs, &mut values);
            values
        };
        let value = self.features.get_or_init(read).get(*place).copied()?;
        (!value.is_nan()).then_some(Value::Number(value))
    }

    fn said(&self, path: &[String]) -> Option<Value<'_>> {
        let (name, within) = path.split_first()?;
        let whole: Json = serde_json::from_str(&self.customer.profile.traits.get(name)?.json).ok()?;
        let mut part = &whole;
        for name in within {
            part = part.get(name.as_str())?;
        }
        if part.is_null() { None } else { Some(Value::Json(part.clone())) }
    }

    /// The groups and segments of a customer, and whether these are all: not where something has still to be computed. Nothing
    /// where they may not be known.
    fn segments(&self) -> (Option<&[&'a str]>, bool) {
        let find = || {
            let dividing = self.lens.kinds.iter().enumerate().filter(|(_, kind)| !kind.groups().is_empty());
            let words = dividing.filter_map(|(place, _)| match self.slot(place)? {
                Gist::Words(words) => Some(words.iter().map(String::as_str)),
                Gist::Number(_) => None,
            });
            words.flatten().collect()
        };
        let (segments, opened) =
            self.segments.get_or_init(|| self.opening(|| if self.is_permitted { Some(find()) } else { None }));
        self.open.set(self.open.get() | opened);
        (segments.as_deref(), *opened == 0)
    }
}

impl Facts for Seen<'_> {
    fn now(&self) -> Timestamp {
        self.lens.as_of
    }

    fn value(&self, subject: &Subject) -> Option<Value<'_>> {
        let profile = &self.customer.profile;
        match subject {
            Subject::Named(name) if self.lens.place_of_kind.contains_key(name) => self.score(name),
            Subject::Named(name) | Subject::Feature(name) => self.feature(name),
            Subject::Score(name) => self.score(name),
            Subject::Trait(path) => self.said(path),
            Subject::Consent(purpose) => {
                Some(Value::YesNo(self.lens.engine.policy().answer(&profile.consents, *purpose).granted))
            }
            Subject::LastSeen => Some(Value::Moment(profile.last_seen)),
            Subject::FirstSeen => Some(Value::Moment(profile.first_seen)),
            Subject::Known => Some(Value::YesNo(profile.is_known())),
            Subject::Id => {
                let own = std::iter::once(Cow::Borrowed(profile.id.as_str()));
                let names = profile.links.keys().map(|name| Cow::Borrowed(text_of(name)));
                Some(Value::Names(own.chain(names).collect()))
            }
            Subject::Segment => {
                let names: Vec<Cow<'_, str>> = self.segments().0?.iter().copied().map(Cow::Borrowed).collect();
                (!names.is_empty()).then_some(Value::Names(names))
            }
            Subject::List => None,
        }
    }

    fn exists(&self, subject: &Subject) -> Option<bool> {
        let (exists, opened) = self.opening(|| self.value(subject).is_some());
        // What is still to be computed may be there.
        (exists || opened == 0).then_some(exists)
    }

    fn is_late(&self) -> bool {
        let n = self.n_asked.get() + 1;
        self.n_asked.set(n);
        if n.is_multiple_of(N_ASKED) && (self.is_over)() {
            self.is_late.set(true);
        }
        self.is_late.get()
    }

    fn is(&self, subject: &Subject, name: &str) -> Option<bool> {
        match subject {
            Subject::Segment => {
                let (segments, are_all) = self.segments();
                let segments = segments?;
                let own = &self.lens.engine.capabilities.segments;
                let is_own = |name: &str| own.iter().any(|segment| segment.name == name);
                let is = segments.contains(&name);
                // What is still to be computed may be it. Groups divide: who is in none of them, of those it is not known.
                let is_known = is || (are_all && (is_own(name) || segments.iter().any(|name| !is_own(name))));
                is_known.then_some(is)
            }
            Subject::List => self.is_on(name),
            Subject::Id => {
                let profile = &self.customer.profile;
                Some(profile.id.as_str() == name || profile.links.keys().any(|own| text_of(own) == name))
            }
            _ => None,
        }
    }
}

fn text_of(name: &Identifier) -> &str {
    match name {
        Identifier::User(id) => id.as_str(),
        Identifier::Anonymous(id) => id.as_str(),
    }
}

/// No kind that a list compares looks at items.
struct NoItems;

impl World for NoItems {
    fn is_available(&self, _: ItemKey) -> bool {
        false
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        None
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        Vec::new()
    }
}
