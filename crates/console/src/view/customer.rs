//! Who is this customer, what do we know, and what would we decide? One customer's page.

use super::{Answer, Content, FeatureGroup, Frame, Section, filters, page};
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
    /// All identifiers, with what ties them together.
    pub identifiers: Vec<Identifier>,
    /// Joins with other customers that events claimed and that were not made, newest first.
    pub refused_joins: Vec<RefusedJoin>,
    /// Accepted events.
    pub event_count: u64,
    /// Completed orders.
    pub orders: u64,
    /// What they were worth.
    pub revenue: Option<Money>,
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
    /// What we know at this moment, in numbers.
    pub features: Vec<FeatureGroup>,
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

/// What happened, newest day first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The days, newest first.
    pub days: Vec<TimelineDay>,
    /// How many older events are not shown.
    pub not_shown: u64,
}

/// One day of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineDay {
    /// Any moment of the day.
    pub day: Timestamp,
    /// The events, newest first.
    pub entries: Vec<TimelineEntry>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Segment's type: `track`.
    pub kind: String,
    /// The event's name: `Order Completed`.
    pub title: String,
    /// What it was about, in a line: `5 items: Tofu, Milk, …`.
    pub detail: Option<String>,
    /// What it was worth.
    pub amount: Option<Money>,
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
    /// What it covers, in words.
    pub meaning: String,
    /// What such a use usually rests on in law where nobody was asked.
    pub ground: String,
    /// Whether it is granted.
    pub granted: bool,
    /// When the customer said so; none where the settings' default decides.
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
        Icon::for_event(&self.kind, &self.title)
    }
}
