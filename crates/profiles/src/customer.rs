//! What do we know of one customer?

use crate::{Identifier, Newest, Placed};
use events::{Call, CallKind, Commerce, CommerceStep, Event, Offset, Recorded};
use governance::{Consents, Statement};
use primitives::{CustomerId, Money, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many moments a profile keeps for its timeline.
const N_MOMENTS: usize = 25;

/// What another crate wants to know of each customer, carried along by the fold.
///
/// Merging two states must equal having applied all events to one, whatever their order: then late arrivals, merged
/// customers and replays give the same bytes.
pub trait CustomerState: Default + Clone + Serialize + DeserializeOwned + Send + Sync {
    /// Takes in one event of this customer.
    fn apply(&mut self, recorded: &Recorded);
    /// Takes over everything another record of the same customer has taken in.
    fn merge(&mut self, other: Self);
}

/// A customer: the profile, and the state the fold carries for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer<S> {
    /// Who they are.
    pub profile: Profile,
    /// What the fold carries.
    pub state: S,
}

/// Who a customer is, what they said, and what happened lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The customer.
    pub id: CustomerId,
    /// Every name they go by, with the evidence for it.
    pub links: BTreeMap<Identifier, Link>,
    /// What is known about them, the latest word per trait.
    pub traits: BTreeMap<String, Trait>,
    /// What they agreed to.
    pub consents: Consents,
    /// How many events were folded in.
    pub n_events: u64,
    /// When the first of them occurred.
    pub first_seen: Timestamp,
    /// When the last of them occurred.
    pub last_seen: Timestamp,
    /// The newest events, for the timeline.
    pub moments: Newest<Moment, N_MOMENTS>,
}

/// The evidence that a name belongs to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The event that said so.
    pub offset: Offset,
    /// When it occurred.
    pub at: Timestamp,
    /// In which way it said so.
    pub reason: LinkReason,
}

/// In which way an event ties a name to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkReason {
    /// The first event under this name.
    FirstSeen,
    /// One event carried this name together with one that was known.
    SeenTogether,
    /// An `alias` said that both are one person.
    Alias,
}

impl LinkReason {
    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::FirstSeen => "first seen under this name",
            Self::SeenTogether => "seen together with a known name",
            Self::Alias => "joined by an alias event",
        }
    }
}

/// One trait's latest value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trait {
    /// The value as JSON text.
    pub json: String,
    /// When it was said.
    pub at: Timestamp,
    /// By which event.
    pub offset: Offset,
}

/// One event on a customer's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When it occurred.
    pub at: Timestamp,
    /// Its place in the log.
    pub offset: Offset,
    /// Which call it was.
    pub kind: CallKind,
    /// What people call it.
    pub title: String,
    /// For an order, what it was worth.
    pub value: Option<Money>,
    /// How many products it names.
    pub n_products: u32,
}

impl Placed for Moment {
    type Place = (Timestamp, Offset);
    fn place(&self) -> Self::Place {
        (self.at, self.offset)
    }
}

impl Profile {
    pub(crate) fn new(id: CustomerId, founder: Identifier, recorded: &Recorded) -> Self {
        let Recorded { offset, event } = recorded;
        let link = Link { offset: *offset, at: event.occurred_at, reason: LinkReason::FirstSeen };
        Self {
            id,
            links: BTreeMap::from([(founder, link)]),
            traits: BTreeMap::new(),
            consents: Consents::default(),
            n_events: 0,
            first_seen: event.occurred_at,
            last_seen: event.occurred_at,
            moments: Newest::default(),
        }
    }

    /// Whether one of the customer's names is a `userId`.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.links.keys().any(|identifier| matches!(identifier, Identifier::User(_)))
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        self.n_events += 1;
        self.first_seen = self.first_seen.min(event.occurred_at);
        self.last_seen = self.last_seen.max(event.occurred_at);
        for (purpose, granted) in events::consent_statements(event) {
            self.consents.state(purpose, Statement { granted, at: event.occurred_at });
        }
        if let Call::Identify { traits } = &event.call {
            for (name, value) in traits {
                let said = Trait { json: value.to_string(), at: event.occurred_at, offset: *offset };
                self.keep_trait(name.clone(), said);
            }
        }
        self.moments.add(Moment::new(*offset, event));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.n_events += other.n_events;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.consents.merge(&other.consents);
        for (name, said) in other.traits {
            self.keep_trait(name, said);
        }
        for (identifier, link) in other.links {
            self.links.entry(identifier).or_insert(link);
        }
        self.moments.merge(other.moments);
    }

    /// What was said later wins, in whichever order it arrives; of two at the same moment, the later in the log.
    fn keep_trait(&mut self, name: String, said: Trait) {
        let kept = self.traits.entry(name).or_insert_with(|| said.clone());
        if (said.at, said.offset) > (kept.at, kept.offset) {
            *kept = said;
        }
    }
}

impl Moment {
    fn new(offset: Offset, event: &Event) -> Self {
        // Accepted events were read once already, so what cannot be read here is not an e-commerce event.
        let commerce = Commerce::read(event).ok().flatten();
        let value = commerce.as_ref().and_then(|commerce| match commerce.step {
            CommerceStep::Ordered | CommerceStep::Refunded => commerce.value,
            _ => None,
        });
        Self {
            at: event.occurred_at,
            offset,
            kind: event.kind(),
            title: event.title().to_owned(),
            value,
            n_products: commerce.map_or(0, |commerce| u32::try_from(commerce.products.len()).unwrap_or(u32::MAX)),
        }
    }
}
