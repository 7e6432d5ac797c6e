//! Who is this customer, what do we know, and what would we decide? One customer's page.

use super::{Answer, Content, DecisionRow, FeatureGroup, Frame, Section, filters, page};
use crate::Icon;
use primitives::{Money, Timestamp};

/// A customer, `/customers/{id}`; `POST /customers/{id}/decide` with a `decision` of `decisions` shows it with
/// `decided`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "customer.html")]
pub struct CustomerPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The identifier in the addresses.
    pub id: String,
    /// A name or an e-mail, where a trait has one.
    pub label: Option<String>,
    /// Whether a `userId` is known.
    pub known: bool,
    /// The lists that they are on: (the name in the address, what people call it).
    pub lists: Vec<(String, String)>,
    /// Their conversations of late: the id, and what it is about with whose turn it is.
    pub conversations: Vec<(String, String)>,
    /// All identifiers, with what ties them together.
    pub identifiers: Vec<Identifier>,
    /// Joins with other customers that events claimed and that were not made, newest first.
    pub refused_joins: Vec<RefusedJoin>,
    /// Accepted events.
    pub event_count: u64,
    /// The facts that this customer has: (what it is, its value).
    pub facts: Vec<(String, String)>,
    /// What they bought, the most frequent first.
    pub goods: Vec<Goods>,
    /// The first event.
    pub first_seen: Timestamp,
    /// The last event.
    pub last_seen: Timestamp,
    /// What happened.
    pub timeline: Timeline,
    /// What the company told us: (name, value).
    pub traits: Vec<Trait>,
    /// What may be used for what.
    pub consents: Vec<Consent>,
    /// What we know at this moment, in numbers: only what is searched for, where something is.
    pub features: Vec<FeatureGroup>,
    /// Which feature is searched for; empty for all.
    pub feature: String,
    /// What was done for them lately, and what came of it.
    pub done: Vec<Done>,
    /// The newest decisions about them, each with what came of it.
    pub decided_before: Vec<(DecisionRow, Option<String>)>,
    /// What can be decided: (its name in the form, what people call it).
    pub decisions: Vec<(String, String)>,
    /// What is told of this customer, with reasons.
    pub told: Vec<Content>,
    /// Why something cannot be told of this customer, where that is so.
    pub told_note: Option<String>,
    /// What we would show.
    pub shown: Vec<Shown>,
    /// The decision that was just made with "Decide now".
    pub decided: Option<Answer>,
}
page!(CustomerPage, Some(Section::Customers));

/// What one decision did for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The decision.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Where, in words; none where that was not said.
    pub channel: Option<String>,
    /// What was done; nothing where every action was left out.
    pub actions: Vec<DoneAction>,
    /// Why nothing was done, or not the full answer was given.
    pub note: Option<String>,
}

/// An action that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct DoneAction {
    /// Its name, and what it is called.
    pub action: (String, String),
    /// Why.
    pub reason: String,
    /// What came of it, in words with their colour.
    pub came: (String, &'static str),
}

/// An identifier of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// `userId`, `anonymousId` or an external one such as `email`.
    pub kind: String,
    /// The identifier.
    pub value: String,
    /// Since when it belongs to this customer.
    pub since: Option<Timestamp>,
    /// What says so: `named by the first event that came`.
    pub evidence: String,
    /// How the name is told from the others, where it can be taken out of the customer: `user:77`.
    pub separable: Option<String>,
}

/// A join that was not made: an event said that two names are one person, and was not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedJoin {
    /// The two names: `userId ann`.
    pub names: [String; 2],
    /// Why, in words.
    pub reason: String,
    /// When the event occurred.
    pub at: Timestamp,
    /// The event's place in the log.
    pub offset: u64,
}

/// An item that a customer bought.
#[derive(Debug, Clone, PartialEq)]
pub struct Goods {
    /// Its identifier.
    pub id: String,
    /// Its name, where it has one.
    pub title: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Its picture, as an address that holds it.
    pub picture: Option<String>,
    /// In how many orders it was.
    pub n_orders: u64,
    /// How many pieces.
    pub pieces: f64,
    /// When it was bought last.
    pub last_at: Timestamp,
}

/// What happened, newest day first.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The days, newest first.
    pub days: Vec<TimelineDay>,
    /// The kinds of events that there are, each of which can be hidden.
    pub kinds: Vec<PastKind>,
    /// How many older events are not shown.
    pub not_shown: u64,
    /// The address of the same with older events.
    pub older: Option<String>,
    /// Why not everything can be shown, where that is so.
    pub note: Option<String>,
}

/// A kind of events of a customer's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastKind {
    /// What people call it: `Purchases`.
    pub title: String,
    /// How many there are, where the whole past was read.
    pub count: Option<u64>,
    /// Whether it is hidden.
    pub is_hidden: bool,
    /// The address that hides or shows it.
    pub href: String,
}

/// One day of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineDay {
    /// Any moment of the day.
    pub day: Timestamp,
    /// The events, newest first.
    pub entries: Vec<TimelineEntry>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// The event's place in the log.
    pub offset: u64,
    /// Segment's type: `track`.
    pub kind: String,
    /// The event's name: `Order Completed`.
    pub name: String,
    /// What happened, in words: `Ordered`.
    pub title: String,
    /// What it was about, in a line: `5 items: Tofu, Milk, …`.
    pub detail: Option<String>,
    /// What it was worth.
    pub amount: Option<Money>,
    /// The lines of an order.
    pub lines: Vec<OrderLine>,
    /// What was paid for an order, and what came back of it, in sentences.
    pub since: Vec<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderLine {
    /// What people call the item.
    pub title: String,
    /// Its identifier.
    pub id: String,
    /// How many pieces.
    pub quantity: f64,
    /// The price of one.
    pub price: Option<Money>,
}

/// A trait of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trait {
    /// Its name.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// What may be done with a customer's data for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The purpose: `personalization`.
    pub purpose: String,
    /// Its value in the form that refuses it.
    pub name: String,
    /// What it covers, in words.
    pub meaning: String,
    /// What such a use usually rests on in law where nobody was asked.
    pub ground: String,
    /// Whether it is granted.
    pub granted: bool,
    /// When it was said; none where the settings' default decides.
    pub stated_at: Option<Timestamp>,
}

/// Something that would be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What it is: `Recommendations`.
    pub title: String,
    /// What it holds.
    pub content: Content,
    /// Why it is not the full answer, or why there is none.
    pub note: Option<String>,
}

impl Shown {
    fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Items(items) if items.items.is_empty())
    }
}

impl TimelineEntry {
    fn icon(&self) -> Icon {
        Icon::for_event(&self.kind, &self.name)
    }
}

impl Consent {
    /// Whether somebody said no, for which there is no default.
    fn is_refused(&self) -> bool {
        !self.granted && self.stated_at.is_some()
    }
}

impl CustomerPage {
    /// How many features are shown.
    fn n_features(&self) -> usize {
        self.features.iter().map(|group| group.features.len()).sum()
    }
}
