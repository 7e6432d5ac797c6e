//! Why does a name belong to a customer, what joined two of them, and what was not allowed to?

use crate::{Identifier, Placed};
use events::{Call, Offset, Origin, Recorded};
use primitives::{CustomerId, Timestamp};
use serde::{Deserialize, Serialize};

/// The evidence that a name belongs to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The event that said so.
    pub offset: Offset,
    /// When it occurred.
    pub at: Timestamp,
    /// In which way it said so.
    pub reason: LinkReason,
    /// Whether the name belongs to other customers as well: a device that several people sign in on. What happens on it
    /// under no `userId` belongs to whoever signed in last.
    pub is_shared: bool,
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
            Self::FirstSeen => "named by the first event that came",
            Self::SeenTogether => "seen together with a known name",
            Self::Alias => "joined by an alias event",
        }
    }
}

/// That two customers turned out to be one: which event said so. Rebuilding without it undoes the join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The event that said so.
    pub offset: Offset,
    /// When it occurred.
    pub at: Timestamp,
    /// Who sent it.
    pub origin: Origin,
    /// In which way it said so.
    pub reason: LinkReason,
    /// The two names it ties together: that of the event, and the other.
    pub names: [Identifier; 2],
    /// The customer who went on.
    pub into: CustomerId,
    /// The customer who became part of it.
    pub absorbed: CustomerId,
    /// How many events they had.
    pub n_events: u64,
}

impl Placed for Join {
    type Place = (Offset, CustomerId);
    fn place(&self) -> Self::Place {
        (self.offset, self.absorbed.clone())
    }
}

/// That two customers were not joined, although an event said that they are one. Both keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRefusal {
    /// The event that said so; of several that said the same, the last.
    pub offset: Offset,
    /// When it occurred.
    pub at: Timestamp,
    /// Why it was not believed.
    pub reason: RefusalReason,
    /// The two names it would have tied together: that of the event, and the other.
    pub names: [Identifier; 2],
}

/// Why two customers were not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RefusalReason {
    /// A write key cannot make two `userId`s one person.
    TwoUsers,
    /// A device that belonged to another `userId`: it serves both, and the past stays where it was.
    SharedDevice,
    /// A customer has no room for more names.
    TooManyNames,
    /// A person said that two of the names are not one customer.
    Separated,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::TwoUsers, Self::SharedDevice, Self::TooManyNames, Self::Separated];

    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::TwoUsers => "a write key cannot make two userIds one customer; a server key or an import can",
            Self::SharedDevice => {
                "the device belonged to another customer already: it serves both, and the past stays where it was"
            }
            Self::TooManyNames => "the customer has as many names as one customer may have",
            Self::Separated => {
                "a person said that these are two customers; an alias with a server key joins them again"
            }
        }
    }
}

/// What an event claims: that its own name and another are one person.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'a> {
    pub(crate) recorded: &'a Recorded,
    /// The name under which the event happened.
    pub(crate) main: &'a Identifier,
    pub(crate) other: Identifier,
    pub(crate) reason: LinkReason,
}

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Both are one customer, with both histories.
    Join,
    /// Both stay, and the name is a name of both.
    Share,
    /// Both stay, and the name stays with its own.
    Keep,
}

impl Claim<'_> {
    /// The rule of `docs/adr/0011`, for a name that belongs to another customer.
    pub(crate) fn verdict(&self, both_known: bool, is_shared: bool) -> Verdict {
        let is_device = matches!(self.other, Identifier::Anonymous(_));
        let may_join_users = self.reason == LinkReason::Alias && self.is_trusted();
        match (both_known, may_join_users) {
            (false, _) => Verdict::Join,
            (true, true) if !is_shared => Verdict::Join,
            (true, _) if is_device => Verdict::Share,
            (true, _) => Verdict::Keep,
        }
    }

    /// Every name that it may have meant. The `previousId` of an `alias` is one word, whichever kind of name is made of it:
    /// who is separated from one is separated from the other.
    pub(crate) fn meant(&self) -> impl Iterator<Item = Identifier> {
        let halves = match &self.recorded.event.call {
            Call::Alias { previous_id } if self.reason == LinkReason::Alias => {
                Identifier::of_previous(previous_id).map(Some)
            }
            _ => [Some(self.other.clone()), None],
        };
        halves.into_iter().flatten()
    }

    /// Whether the company itself claims it.
    pub(crate) fn is_trusted(&self) -> bool {
        self.recorded.event.origin.is_trusted()
    }

    pub(crate) fn link(&self, is_shared: bool) -> Link {
        let Recorded { offset, event } = self.recorded;
        Link { offset: *offset, at: event.occurred_at, reason: self.reason, is_shared }
    }

    pub(crate) fn refused(&self, reason: RefusalReason) -> JoinRefusal {
        let Recorded { offset, event } = self.recorded;
        let names = [self.main.clone(), self.other.clone()];
        JoinRefusal { offset: *offset, at: event.occurred_at, reason, names }
    }

    pub(crate) fn joined(&self, into: CustomerId, absorbed: CustomerId, n_events: u64) -> Join {
        let Recorded { offset, event } = self.recorded;
        Join {
            offset: *offset,
            at: event.occurred_at,
            origin: event.origin,
            reason: self.reason,
            names: [self.main.clone(), self.other.clone()],
            into,
            absorbed,
            n_events,
        }
    }
}
