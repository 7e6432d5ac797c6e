//! What came of one decision that met a customer, by all that was said of it?

use super::words::{Latest, Turn, Word, Words};
use crate::seen::Place;
use events::{DecisionSeen, DecisionStep};
use primitives::{Money, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one event says of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ContactSaid {
    decision: u64,
    action: u64,
    step: DecisionStep,
    worth: Option<Worth>,
    channel: u64,
}

/// What an answer to a decision was worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Worth {
    /// In a currency.
    In(Money),
    /// In major units of a currency that nobody said.
    Bare(f64),
}

/// What came of a decision, or of one of its actions: when each was last said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// Which decision: [`Contact::name_of`] its id.
    pub decision: u64,
    /// Which of its actions or items, named in the same way; 0 where none was said.
    pub action: u64,
    /// It was shown.
    pub shown_at: Option<Timestamp>,
    /// It was clicked on.
    pub clicked_at: Option<Timestamp>,
    /// It was sent away.
    pub dismissed_at: Option<Timestamp>,
    /// What it was for was done.
    pub converted_at: Option<Timestamp>,
    /// What that was worth, where it was said.
    pub worth: Option<Worth>,
    /// Where it met them, named in the same way; 0 where it was not said.
    pub channel: u64,
    /// Whether the company told anything of it itself. Else whoever has the public write key may have invented it.
    pub is_vouched: bool,
    /// Whether it told that it was clicked on.
    pub is_click_vouched: bool,
    /// Whether it told that what it was for was done.
    pub is_success_vouched: bool,
}

impl Contact {
    /// What a decision, an action or a channel is called here.
    #[must_use]
    pub fn name_of(text: &str) -> u64 {
        stable_hash(text)
    }

    /// When anything was last said of it.
    #[must_use]
    pub fn last_at(&self) -> Option<Timestamp> {
        [self.shown_at, self.clicked_at, self.dismissed_at, self.converted_at].into_iter().flatten().max()
    }

    /// With what else is known of the same.
    fn join(&mut self, other: &Self) {
        self.shown_at = self.shown_at.max(other.shown_at);
        self.clicked_at = self.clicked_at.max(other.clicked_at);
        self.dismissed_at = self.dismissed_at.max(other.dismissed_at);
        self.converted_at = self.converted_at.max(other.converted_at);
        // Who shows it need not be who tells what it was worth.
        self.worth = self.worth.or(other.worth);
        self.channel = if self.channel == 0 { other.channel } else { self.channel };
        self.is_vouched |= other.is_vouched;
        self.is_click_vouched |= other.is_click_vouched;
        self.is_success_vouched |= other.is_success_vouched;
    }
}

impl ContactSaid {
    /// What an event says; `None` for one item of a list that was seen: of a list there are many, and they would push out what came
    /// of actions.
    pub(crate) fn of(seen: &DecisionSeen) -> Option<Self> {
        if seen.step == DecisionStep::Shown && seen.item.is_some() && seen.action.is_none() {
            return None;
        }
        let worth = seen.value.map(Worth::In).or(seen.bare_value.map(Worth::Bare));
        let name = |text: Option<&str>| text.map_or(0, Contact::name_of);
        Some(Self {
            decision: Contact::name_of(&seen.id),
            action: name(seen.action.as_deref().or(seen.item.as_deref())),
            step: seen.step,
            worth: worth.filter(|_| seen.step == DecisionStep::Converted),
            channel: name(seen.channel.as_deref()),
        })
    }

    /// What tells the thing that it is about from others.
    fn id(&self) -> u64 {
        stable_hash(&format!("{:x}\0{:x}", self.decision, self.action))
    }
}

/// What came of all decisions that are remembered: what the company told of it, and what only a public write key did. Each is bounded
/// for itself, so that nobody can push out what the company told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contacts {
    vouched: Option<Box<BySteps>>,
    claimed: Option<Box<BySteps>>,
}

/// Of each that it is bounded for itself, too: a refusal outlives any number of mere contacts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct BySteps {
    /// That they were sent away.
    refused: Words<Met>,
    /// That they were shown and clicked on.
    seen: Words<Met>,
    /// That they did what they were for.
    done: Words<Met>,
}

impl BySteps {
    fn of(&mut self, step: DecisionStep) -> &mut Words<Met> {
        match step {
            DecisionStep::Dismissed => &mut self.refused,
            DecisionStep::Converted => &mut self.done,
            DecisionStep::Shown | DecisionStep::Clicked => &mut self.seen,
        }
    }

    fn merge(&mut self, other: Self) {
        self.refused.merge(other.refused);
        self.seen.merge(other.seen);
        self.done.merge(other.done);
    }

    fn n_bytes(&self) -> usize {
        size_of::<Self>() + self.refused.n_bytes() + self.seen.n_bytes() + self.done.n_bytes()
    }
}

impl Contacts {
    pub(crate) fn add(&mut self, place: Place, is_vouched: bool, said: ContactSaid) {
        let part = if is_vouched { &mut self.vouched } else { &mut self.claimed };
        part.get_or_insert_default().of(said.step).add(place, said.id(), Met::said(said, place));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (part, other) in [(&mut self.vouched, other.vouched), (&mut self.claimed, other.claimed)] {
            match (part, other) {
                (_, None) => {}
                (Some(known), Some(other)) => known.merge(*other),
                (part, other) => *part = other,
            }
        }
    }

    /// Whether a public write key told anything.
    pub(crate) fn is_claimed(&self) -> bool {
        self.claimed.is_some()
    }

    /// All of them, from old to new. What was done is what the company told of it, where it ever told any.
    pub(crate) fn all(&self) -> Vec<Contact> {
        let (vouched, claimed) = (self.vouched.as_deref(), self.claimed.as_deref());
        let is_told = vouched.is_some_and(|told| told.done.iter().next().is_some());
        let mut found = BTreeMap::<(u64, u64), Contact>::new();
        // The company first: where both say what it was worth, or where it met them, its word counts.
        for (told, is_vouched) in [(vouched, true), (claimed, false)] {
            let Some(told) = told else { continue };
            let done = told.done.iter().filter(|_| is_vouched || !is_told);
            for (place, met) in told.seen.iter().chain(told.refused.iter()).chain(done) {
                let contact = met.contact(place, is_vouched);
                let known = found.entry((contact.decision, contact.action)).or_insert(contact);
                known.join(&contact);
            }
        }
        let mut found: Vec<Contact> = found.into_values().collect();
        found.sort_by_key(|contact| (contact.last_at(), contact.decision, contact.action));
        found
    }

    pub(crate) fn n_bytes(&self) -> usize {
        let parts = [&self.vouched, &self.claimed].into_iter().flatten().map(|told| told.n_bytes()).sum::<usize>();
        size_of::<Self>() + parts
    }
}

/// The newest step of a decision, and what else was said of it, where anything was: of most there is one word, and it says no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Met {
    decision: u64,
    action: u64,
    step: DecisionStep,
    told: Option<Box<Facts>>,
}

type Said<T> = Latest<DecisionStep, T>;

/// The newest word of each kind. The first one of each would tell more, and could not be known once older words had to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Facts {
    shown: Said<()>,
    clicked: Said<()>,
    dismissed: Said<()>,
    converted: Said<()>,
    worth: Said<Worth>,
    channel: Said<u64>,
}

impl Facts {
    /// That a step was taken.
    fn step(step: DecisionStep, (at, key): Place) -> Self {
        let of = |one| Latest::of((at, step, key), (step == one).then_some(()));
        Self {
            shown: of(DecisionStep::Shown),
            clicked: of(DecisionStep::Clicked),
            dismissed: of(DecisionStep::Dismissed),
            converted: of(DecisionStep::Converted),
            ..Self::default()
        }
    }

    fn join(&mut self, other: &Self) {
        self.shown.join(other.shown);
        self.clicked.join(other.clicked);
        self.dismissed.join(other.dismissed);
        self.converted.join(other.converted);
        self.worth.join(other.worth);
        self.channel.join(other.channel);
    }

    fn forget(&mut self, upto: &Turn<DecisionStep>) {
        for said in [&mut self.shown, &mut self.clicked, &mut self.dismissed, &mut self.converted] {
            said.forget(upto);
        }
        self.worth.forget(upto);
        self.channel.forget(upto);
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Met {
    /// What an event, which happened at a place, says.
    fn said(said: ContactSaid, (at, key): Place) -> Self {
        let ContactSaid { decision, action, step, worth, channel } = said;
        let turn = (at, step, key);
        let told = Facts {
            worth: Latest::of(turn, worth),
            channel: Latest::of(turn, (channel != 0).then_some(channel)),
            ..Facts::default()
        };
        Self { decision, action, step, told: (!told.is_empty()).then(|| Box::new(told)) }
    }

    fn facts(&self, place: Place) -> Facts {
        let mut facts = Facts::step(self.step, place);
        if let Some(told) = &self.told {
            facts.join(told);
        }
        facts
    }

    /// All that is known of it, whose newest word happened at a place.
    fn contact(&self, place: Place, is_vouched: bool) -> Contact {
        let facts = self.facts(place);
        let at = |said: Said<()>| said.turn().map(|(at, ..)| at);
        let is_told = |said: Said<()>| is_vouched && said.value().is_some();
        Contact {
            decision: self.decision,
            action: self.action,
            shown_at: at(facts.shown),
            clicked_at: at(facts.clicked),
            dismissed_at: at(facts.dismissed),
            converted_at: at(facts.converted),
            worth: facts.worth.value(),
            channel: facts.channel.value().unwrap_or_default(),
            is_vouched,
            is_click_vouched: is_told(facts.clicked),
            is_success_vouched: is_told(facts.converted),
        }
    }
}

impl Word for Met {
    type Step = DecisionStep;

    fn step(&self) -> DecisionStep {
        self.step
    }

    fn keep(&mut self, other: &Self, place: Place) {
        let others = other.facts(place);
        match &mut self.told {
            Some(told) => told.join(&others),
            None => self.told = Some(Box::new(others)),
        }
    }

    fn forget(&mut self, upto: &Turn<DecisionStep>) {
        if let Some(told) = &mut self.told {
            told.forget(upto);
        }
        self.told.take_if(|told| told.is_empty());
    }

    fn n_bytes(&self) -> usize {
        self.told.as_deref().map_or(0, size_of_val)
    }
}
