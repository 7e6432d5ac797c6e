//! What do we know of one customer?

use crate::{Few, Identifier, Join, JoinRefusal, Link, LinkReason, Newest, Placed};
use events::{Call, CallKind, CommerceStep, Event, EventKey, Offset, Recorded};
use governance::{Consents, Statement, Voice};
use primitives::{CustomerId, Money, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many moments a profile keeps for its timeline.
const N_MOMENTS: usize = 25;

/// How many of the newest joins a profile keeps the evidence of. The log keeps all of them.
const N_JOINS: usize = 64;

/// How many of the newest joins that were refused a profile keeps.
const N_REFUSALS: usize = 16;

/// How many names a customer has at most: beyond it a write key adds none, and the company's next makes the device that
/// was tied to them longest ago go.
const N_NAMES_MAX: usize = 256;

/// How many traits a customer has at most: beyond it the one said longest ago makes room, of those that only a write key
/// said before any of the company's.
const N_TRAITS_MAX: usize = 128;

/// How long a trait's name is at most, in bytes; one with a longer name is not kept.
const TRAIT_NAME_BYTES_MAX: usize = 128;

/// How long a trait's value is at most, in bytes of JSON; a longer one is not kept.
const TRAIT_BYTES_MAX: usize = 2 * 1024;

/// How much all traits of a customer are at most, in bytes: beyond it the one said longest ago makes room.
const TRAITS_BYTES_MAX: usize = 16 * 1024;

/// What each part of a profile that is counted one by one takes beside its texts, in bytes: about what the maps need too.
const PART_BYTES: usize = 128;

/// What another crate wants to know of each customer, carried along by the fold.
///
/// Merging two states must equal having applied all events to one, whatever their order: then late arrivals, merged
/// customers and replays give the same bytes.
pub trait CustomerState: Default + Clone + Serialize + DeserializeOwned + Send + Sync {
    /// What is looked for in events, the same for all customers: `()` where that never changes. Whoever opens the customers
    /// says it; the default looks for nothing beyond what is always looked for.
    type Reads: Default + Send + Sync;
    /// Whether profiles keep the newest events for a timeline. Where nobody looks at one, they are most of what a profile takes.
    const HAS_TIMELINE: bool = true;
    /// Takes in one event of this customer.
    fn apply(&mut self, recorded: &Recorded, reads: &Self::Reads);
    /// Takes over everything another record of the same customer has taken in.
    fn merge(&mut self, other: Self);
    /// About how many bytes it holds in memory; asked after each event, so it must not have to look at everything. Nobody
    /// asks where all customers are in memory anyhow.
    fn n_bytes(&self) -> usize {
        size_of::<Self>()
    }
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
    pub links: Few<Identifier, Link>,
    /// Which other customers turned out to be the same, and which event said so.
    pub joins: Newest<Join, N_JOINS>,
    /// The newest joins that events claimed and that were not made, from old to new.
    pub refusals: Vec<JoinRefusal>,
    /// What is known about them: of each trait the company's latest word, and where it said none the latest.
    pub traits: Few<String, Trait>,
    /// What they agreed to.
    pub consents: Consents,
    /// When the first of what the company itself told of them occurred: whom only a write key told of, anybody may have invented.
    pub vouched_since: Option<Timestamp>,
    /// How many events were folded in.
    pub n_events: u64,
    /// The first of them in the log: who has read less knows nothing of this customer.
    pub known_since: Offset,
    /// When the first of them occurred.
    pub first_seen: Timestamp,
    /// When the last of them occurred.
    pub last_seen: Timestamp,
    /// The newest events, for the timeline.
    pub moments: Newest<Moment, N_MOMENTS>,
}

/// One trait's latest value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trait {
    /// The value as JSON text.
    pub json: Box<str>,
    /// Whether the company said it. What only a public write key said, anybody may have.
    pub is_vouched: bool,
    /// When it was said.
    pub at: Timestamp,
    /// By which event.
    pub offset: Offset,
    /// What tells it from others at the same moment.
    pub key: EventKey,
}

/// One event on a customer's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When it occurred.
    pub at: Timestamp,
    /// Its place in the log.
    pub offset: Offset,
    /// What tells it from others at the same moment.
    pub key: EventKey,
    /// Which call it was.
    pub kind: CallKind,
    /// What people call it.
    pub title: Box<str>,
    /// For an order, what it was worth.
    pub value: Option<Money>,
    /// How many products it names.
    pub n_products: u32,
}

impl Placed for Moment {
    type Place = (Timestamp, EventKey);
    fn place(&self) -> Self::Place {
        (self.at, self.key)
    }
}

/// The earlier of two moments that may not have been.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

impl Profile {
    pub(crate) fn new(id: CustomerId, founder: Identifier, recorded: &Recorded) -> Self {
        let Recorded { offset, event } = recorded;
        let link = Link { offset: *offset, at: event.occurred_at, reason: LinkReason::FirstSeen, is_shared: false };
        Self {
            id,
            links: [(founder, link)].into_iter().collect(),
            joins: Newest::default(),
            refusals: Vec::new(),
            traits: Few::default(),
            consents: Consents::default(),
            vouched_since: None,
            n_events: 0,
            known_since: *offset,
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

    /// Whether the company itself told anything of them.
    #[must_use]
    pub fn is_vouched(&self) -> bool {
        self.vouched_since.is_some()
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded, has_timeline: bool) {
        let Recorded { offset, event } = recorded;
        self.n_events += 1;
        if event.origin.is_trusted() {
            self.vouched_since = earlier(self.vouched_since, Some(event.occurred_at));
        }
        self.first_seen = self.first_seen.min(event.occurred_at);
        self.last_seen = self.last_seen.max(event.occurred_at);
        let voice = if event.origin.is_trusted() { Voice::Company } else { Voice::Client };
        for (purpose, granted) in events::consent_statements(event) {
            self.consents.state(purpose, Statement { granted, at: event.occurred_at, voice });
        }
        if let Call::Identify { traits } = &event.call {
            let said = |value: &Value| Trait {
                json: value.to_string().into(),
                is_vouched: event.origin.is_trusted(),
                at: event.occurred_at,
                offset: *offset,
                key: event.key(),
            };
            self.keep_traits(traits.iter().map(|(name, value)| (name.clone(), said(value))));
        }
        if has_timeline {
            self.moments.add(Moment::new(*offset, event));
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.n_events = self.n_events.saturating_add(other.n_events);
        self.vouched_since = earlier(self.vouched_since, other.vouched_since);
        self.known_since = self.known_since.min(other.known_since);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.consents.merge(&other.consents);
        self.keep_traits(other.traits);
        for (identifier, link) in other.links {
            self.links.get_or_insert(identifier, link);
        }
        self.joins.merge(other.joins);
        for refusal in other.refusals {
            self.keep_refusal(refusal);
        }
        self.moments.merge(other.moments);
    }

    /// About how many bytes it holds in memory.
    pub(crate) fn n_bytes(&self) -> usize {
        let of_names = |names: &[Identifier]| names.iter().map(|name| PART_BYTES + name.text().len()).sum::<usize>();
        let of_join = |join: &Join| of_names(&join.names) + join.into.as_str().len() + join.absorbed.as_str().len();
        let links: usize = self.links.keys().map(|name| of_names(std::slice::from_ref(name))).sum();
        let traits: usize = self.traits.iter().map(|said| PART_BYTES + trait_bytes(said)).sum();
        let joins: usize = self.joins.as_slice().iter().map(of_join).sum();
        let refusals: usize = self.refusals.iter().map(|refusal| of_names(&refusal.names)).sum();
        let moments: usize = self.moments.as_slice().iter().map(|moment| PART_BYTES + moment.title.len()).sum();
        size_of::<Self>() + links + traits + joins + refusals + moments
    }

    /// Keeps that a join was refused. The same claim again takes the place of the first.
    pub(crate) fn keep_refusal(&mut self, refusal: JoinRefusal) {
        let is_same = |kept: &JoinRefusal| (kept.reason, &kept.names) == (refusal.reason, &refusal.names);
        if self.refusals.iter().any(|kept| is_same(kept) && kept.offset >= refusal.offset) {
            return;
        }
        self.refusals.retain(|kept| !is_same(kept));
        self.refusals.push(refusal);
        self.refusals.sort_by(|a, b| (a.offset, &a.names).cmp(&(b.offset, &b.names)));
        let n_over = self.refusals.len().saturating_sub(N_REFUSALS);
        self.refusals.drain(..n_over);
    }

    /// Whether the customer can have more names, of which so many would stay for good. Nothing that a write key says makes
    /// another name go: with names of its own making, a stranger could take a customer's devices away from them.
    pub(crate) fn has_room(&self, n_names: usize, n_lasting: usize, is_trusted: bool) -> bool {
        self.links.len() + n_names <= N_NAMES_MAX || is_trusted && self.n_lasting() + n_lasting < N_NAMES_MAX
    }

    /// How many of the customer's names stay for good.
    pub(crate) fn n_lasting(&self) -> usize {
        self.links.len() - self.passing_names().count()
    }

    /// The names that can make room: no `userId`; not the name that founded the customer, since nobody else may be founded
    /// under it; no shared device, which would lead to nobody although others go by it as well.
    fn passing_names(&self) -> impl Iterator<Item = (&Identifier, &Link)> {
        let founder = Identifier::founder(&self.id);
        let devices = self.links.iter().filter(|(name, _)| matches!(name, Identifier::Anonymous(_)));
        devices.filter(move |(name, link)| !link.is_shared && **name != founder)
    }

    /// Lets go of the devices that were tied to the customer longest ago, until there are no more names than may be.
    pub(crate) fn let_names_go(&mut self) -> Vec<Identifier> {
        let n_over = self.links.len().saturating_sub(N_NAMES_MAX);
        if n_over == 0 {
            return Vec::new();
        }
        let mut oldest: Vec<_> = self.passing_names().map(|(name, link)| (link.offset, name.clone())).collect();
        oldest.sort_unstable();
        let gone: Vec<Identifier> = oldest.into_iter().take(n_over).map(|(_, name)| name).collect();
        self.links.retain(|name, _| !gone.contains(name));
        gone
    }

    /// What the company said wins, and of the same voice what was said later, in whichever order it arrives; of two at the same moment
    /// one that does not depend on the order either ([`Event::key`]). Room is made in the same order: nothing that a write key says makes
    /// what the company said go. It is made once all are there: otherwise it would depend on their order who makes it.
    pub(crate) fn keep_traits(&mut self, said: impl IntoIterator<Item = (String, Trait)>) {
        let is_kept =
            |(name, said): &(String, Trait)| name.len() <= TRAIT_NAME_BYTES_MAX && said.json.len() <= TRAIT_BYTES_MAX;
        for (name, said) in said.into_iter().filter(is_kept) {
            let kept = self.traits.get_or_insert(name, said.clone());
            if said.weight() > kept.weight() {
                *kept = said;
            }
        }
        let mut n_bytes: usize = self.traits.iter().map(trait_bytes).sum();
        while self.traits.len() > N_TRAITS_MAX || n_bytes > TRAITS_BYTES_MAX {
            let oldest = self.traits.iter().min_by_key(|(name, said)| (said.weight(), *name));
            let Some((name, said)) = oldest.map(|(name, said)| (name.clone(), said)) else { return };
            n_bytes -= trait_bytes((&name, said));
            self.traits.remove(&name);
        }
    }
}

impl Trait {
    /// Of two words on the same trait the weightier counts.
    fn weight(&self) -> (bool, Timestamp, EventKey) {
        (self.is_vouched, self.at, self.key)
    }
}

fn trait_bytes((name, said): (&String, &Trait)) -> usize {
    name.len() + said.json.len()
}

impl Moment {
    fn new(offset: Offset, event: &Event) -> Self {
        let commerce = event.commerce();
        let value = commerce.and_then(|commerce| match commerce.step {
            CommerceStep::Ordered | CommerceStep::Refunded => commerce.value,
            _ => None,
        });
        Self {
            at: event.occurred_at,
            offset,
            key: event.key(),
            kind: event.kind(),
            title: event.title().into(),
            value,
            n_products: commerce.map_or(0, |commerce| u32::try_from(commerce.products.len()).unwrap_or(u32::MAX)),
        }
    }
}
