//! Which conversations are there with customers, whose turn is it, and how do they sound? A fold over events.
//!
//! What stays true:
//! - no text is kept: of each message its place in the log, when it was, and how it sounds;
//! - whose a conversation is says a name, which is resolved whenever it is looked at: so it follows merges and separations;
//! - what only a write key tells enters no conversation of another customer, and gives way to what the company tells;
//! - it is bounded, in each conversation and in their number: those that ended longest ago go first, and are told anew from the
//!   customer's events when somebody asks for them.

mod conversation;

use conversation::short;
pub use conversation::{Conversation, Status, Utterance};

use events::{Call, Deed, Event, Offset, Recorded};
use primitives::{CustomerId, DAY_MS, Timestamp, stable_hash};
use profiles::{Change, Identifier, ProfileError, ProfileStore, TotalsRow};
use std::collections::{BTreeMap, BTreeSet};

/// So many are held; so many more may gather before those that ended longest ago go.
const N_MAX: usize = 20_000;
const N_OVER: usize = 2_000;
/// A message that names no conversation belongs to the last one of its channel where that was not longer ago.
const SAME_DAYS: i64 = 14;

const KEY: &str = "conversations";
/// In which property of a message whose label a person told it stands where it was written.
const WHERE: [&str; 4] = ["conversation_id", "conversationId", "ticket_id", "ticketId"];

/// Who an event was of, and what is known of them after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    /// Who they are.
    pub id: CustomerId,
    /// Every name that leads to them alone.
    pub names: Vec<Identifier>,
    /// Whether their messages may be read to help them.
    pub may_read: bool,
    /// What they ever spent, in major units of their currency; nothing where they do not permit that it counts.
    pub spent: f64,
}

/// The conversations, by their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversations {
    held: BTreeMap<String, Conversation>,
    by_name: BTreeMap<Identifier, BTreeSet<String>>,
    offset: Offset,
    row: TotalsRow,
}

impl Conversations {
    /// Opens what a store's last checkpoint left.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let held: Vec<Conversation> = TotalsRow::stored(store, KEY)?;
        let mut all = Self { offset: store.offset()?, ..Self::default() };
        held.into_iter().for_each(|one| all.insert(one));
        Ok(all)
    }

    /// Whether an event may change a conversation: only then need be known who speaks.
    #[must_use]
    pub fn concerns(event: &Event) -> bool {
        match event.deed() {
            Deed::Ticket(_) | Deed::Message(_) => true,
            Deed::Rated(rating) => rating.ticket.is_some(),
            Deed::Other => label_of(event).is_some(),
            _ => false,
        }
    }

    /// Folds in one event of somebody; `find` says to whom a name leads. One at or before the offset reached changes nothing.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn apply(
        &mut self,
        recorded: &Recorded,
        speaker: &Speaker,
        find: &dyn Fn(&Identifier) -> Result<Option<CustomerId>, ProfileError>,
    ) -> Result<(), ProfileError> {
        if recorded.offset <= self.offset {
            return Ok(());
        }
        self.offset = recorded.offset;
        let event = &recorded.event;
        let told = match event.deed() {
            Deed::Ticket(ticket) => (ticket.id.as_deref(), ticket.channel.as_deref()),
            Deed::Message(message) => (message.ticket.as_deref(), message.channel.as_deref()),
            Deed::Rated(rating) => (rating.ticket.as_deref(), None),
            _ => (label_of(event).map(|(id, _)| id), None),
        };
        let Some(id) = self.place_of(recorded, told, speaker, find)? else { return Ok(()) };
        let Some(name) = Identifier::of(event).into_iter().flatten().next() else { return Ok(()) };
        if !self.held.contains_key(&id) {
            self.insert(Conversation::begun(&id, name, told.1, event));
        }
        if let Some(one) = self.held.get_mut(&id) {
            one.take(recorded, speaker, label_of(event).map(|(_, label)| label));
        }
        self.row.changed();
        self.forget();
        Ok(())
    }

    /// In which conversation an event belongs; `None` where it is none, and opens none.
    fn place_of(
        &mut self,
        Recorded { offset, event }: &Recorded,
        (id, channel): (Option<&str>, Option<&str>),
        speaker: &Speaker,
        find: &dyn Fn(&Identifier) -> Result<Option<CustomerId>, ProfileError>,
    ) -> Result<Option<String>, ProfileError> {
        let opens = match event.deed() {
            Deed::Ticket(_) => id.is_some(),
            Deed::Message(message) => message.is_from_customer || id.is_some(),
            _ => false,
        };
        let is_theirs = |one: &Conversation| Ok(find(&one.name)?.as_ref() == Some(&speaker.id));
        let Some(id) = id else {
            let last = self.last_of(speaker, channel, event.occurred_at, is_theirs)?;
            return Ok(last.or_else(|| opens.then(|| format!("c-{:016x}", stable_hash(&offset.to_string())))));
        };
        let id = short(id);
        let named = match self.held.get(&id) {
            Some(one) if !is_theirs(one)? => {
                // The company knows whose it is, and who only said so keeps what they said under another name.
                if event.origin.is_trusted() && !one.is_vouched {
                    self.rename(&id);
                    id
                } else {
                    apart(&id, speaker.id.as_str())
                }
            }
            _ => id,
        };
        Ok((opens || self.held.contains_key(&named)).then_some(named))
    }

    /// The last conversation of somebody by a channel: one that has not ended before one that has.
    fn last_of(
        &self,
        speaker: &Speaker,
        channel: Option<&str>,
        at: Timestamp,
        is_theirs: impl Fn(&Conversation) -> Result<bool, ProfileError>,
    ) -> Result<Option<String>, ProfileError> {
        let mut last = None;
        for one in self.named(&speaker.names) {
            let is_near = at.millis_since(one.last_at).abs() <= SAME_DAYS * DAY_MS;
            if is_near && one.channel.as_deref() == channel && is_theirs(one)? {
                last = last.max(Some((one.status() != Status::Resolved, one.last_at, &one.id)));
            }
        }
        Ok(last.map(|(.., id)| id.clone()))
    }

    /// Gives a conversation of which only a write key told another name.
    fn rename(&mut self, id: &str) {
        if let Some(mut one) = self.remove(id) {
            one.id = apart(id, &one.name.key());
            self.insert(one);
        }
    }

    fn insert(&mut self, one: Conversation) {
        self.by_name.entry(one.name.clone()).or_default().insert(one.id.clone());
        self.held.insert(one.id.clone(), one);
    }

    fn remove(&mut self, id: &str) -> Option<Conversation> {
        let one = self.held.remove(id)?;
        if let Some(ids) = self.by_name.get_mut(&one.name) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_name.remove(&one.name);
            }
        }
        Some(one)
    }

    /// Puts the conversations of some names, as they are told anew, in the place of those that are held.
    pub fn tell_anew<'a>(&mut self, names: impl IntoIterator<Item = &'a Identifier>, told: Self) {
        let n_dropped = self.drop_of(names);
        // What was never anybody's is no change: a rebuild writes no row of it either.
        if n_dropped > 0 || !told.held.is_empty() {
            self.row.changed();
        }
        told.held.into_values().for_each(|one| self.insert(one));
    }

    /// Forgets the conversations of some names, and says how many there were.
    fn drop_of<'a>(&mut self, names: impl IntoIterator<Item = &'a Identifier>) -> usize {
        let of = |name: &Identifier| self.by_name.get(name).cloned().unwrap_or_default();
        let ids: BTreeSet<String> = names.into_iter().flat_map(of).collect();
        ids.iter().filter_map(|id| self.remove(id)).count()
    }

    fn forget(&mut self) {
        if self.held.len() <= N_MAX + N_OVER {
            return;
        }
        let rank = |one: &Conversation| (one.status() != Status::Resolved, one.last_at, one.id.clone());
        let mut ranks: Vec<_> = self.held.values().map(rank).collect();
        ranks.sort();
        ranks.truncate(N_OVER);
        for (_, _, id) in ranks {
            self.remove(&id);
        }
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Conversation> {
        self.held.get(id)
    }

    /// All that are held, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Conversation> {
        self.held.values()
    }

    /// Those that were held under some names.
    pub fn named<'a>(&'a self, names: &'a [Identifier]) -> impl Iterator<Item = &'a Conversation> {
        let ids = names.iter().filter_map(|name| self.by_name.get(name)).flatten();
        ids.filter_map(|id| self.held.get(id))
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Conversations::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        let held: Vec<&Conversation> = self.held.values().collect();
        self.row.begin_checkpoint(KEY, &held)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }
}

/// What a conversation is called whose id is another's.
fn apart(id: &str, whose: &str) -> String {
    format!("{id}~{:08x}", stable_hash(whose) >> 32)
}

/// The conversation and the label of a message of which the company told what it asks for.
fn label_of(event: &Event) -> Option<(&str, &str)> {
    let Call::Track { event: name, properties } = &event.call else { return None };
    if name != LABELLED || !event.origin.is_trusted() {
        return None;
    }
    let id = WHERE.iter().find_map(|key| properties.get(key)?.as_str())?;
    Some((id, properties.get("label")?.as_str()?))
}

/// By which event is told what a message asks for.
pub const LABELLED: &str = "Message Labelled";

#[cfg(test)]
mod tests;
