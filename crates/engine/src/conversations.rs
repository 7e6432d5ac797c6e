//! Which conversations wait for the company, what is said in each, and what presses most?
//!
//! What is kept of them is folded from events ([`features::Conversations`]); texts are read from the log when somebody looks at
//! them, and understood then, as long as their writer permits it.

mod pressing;
mod summary;

pub use pressing::Pressing;

use crate::error::EngineError;
use crate::speaker::speaker;
use crate::stopwatch::Stopwatch;
use crate::theirs::Circle;
use crate::{Engine, Live};
use decisions::{Content, Kind, Labels, Parameters, Takes};
use events::{Call, Event, Offset, Recorded};
use features::{Conversation, Conversations, FeatureState, Status};
use governance::{ConsentPolicy, Purpose};
use primitives::{CustomerId, ErrorKind, Timestamp};
use profiles::{Customer, Identifier};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long messages are read for one answer; the others are told without.
const READING_MAX: Duration = Duration::from_millis(500);
/// In which properties of a message its text may stand.
const TEXT: [&str; 3] = ["text", "body", "message"];

/// Which conversations are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbox {
    /// In which states; all where none is named.
    pub statuses: Vec<Status>,
    /// Of which moment what presses is told.
    pub as_of: Timestamp,
    /// After which place: how much it presses, in millionths, and which it is.
    pub after: Option<(u64, String)>,
    /// How many at most.
    pub n_max: usize,
}

/// A conversation with whom, and how much it presses.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The conversation. How it sounds is left out where its messages may not be read.
    pub conversation: Conversation,
    /// The customer.
    pub customer: CustomerId,
    /// Whether their messages may be read to help them.
    pub may_read: bool,
    /// How much it presses, with its parts.
    pub pressing: Pressing,
    /// Its place in the order, in millionths.
    pub rank: u64,
    /// The newest message of the customer.
    pub newest: Option<Said>,
}

/// A message with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its place in the log.
    pub offset: Offset,
    /// When it was written.
    pub at: Timestamp,
    /// Whether the customer wrote it.
    pub is_from_customer: bool,
    /// Whether the company told of it.
    pub is_vouched: bool,
    /// What it says; empty where its writer does not permit that it is read.
    pub text: String,
    /// What is read in it; `None` of the company's own and where there was no time.
    pub labels: Option<Labels>,
}

/// The conversations in an order, and how many there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// Those asked for, what presses most first.
    pub rows: Vec<Listed>,
    /// How many there are in each state.
    pub counts: BTreeMap<Status, u64>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Live {
    /// Whose a conversation is, where its name leads to somebody.
    fn of_whom(&self, one: &Conversation) -> Result<Option<CustomerId>, EngineError> {
        Ok(self.profiles.find(&one.name)?)
    }
}

impl Engine {
    /// The conversations that are asked for, what presses most first.
    ///
    /// # Errors
    /// [`EngineError`] where customers or the log cannot be read.
    pub fn conversations(&self, asked: &Inbox) -> Result<Listing, EngineError> {
        let mut listing = self.look(|live| {
            let all = &live.conversations;
            let mean = pressing::mean_spent(all.iter());
            let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
            let mut ranked = Vec::new();
            for one in all.iter() {
                let status = one.status();
                *counts.entry(status).or_default() += 1;
                if asked.statuses.is_empty() || asked.statuses.contains(&status) {
                    ranked.push((u64::MAX - Pressing::of(one, mean, asked.as_of).rank(), &one.id));
                }
            }
            ranked.sort();
            let after = asked.after.as_ref().map(|(rank, id)| (u64::MAX - rank, id));
            let mut listing = Listing { counts, ..Listing::default() };
            for (rank, id) in ranked {
                if after.is_some_and(|after| (rank, id) <= after) {
                    continue;
                }
                if listing.rows.len() == asked.n_max {
                    listing.has_more = true;
                    break;
                }
                let Some(one) = all.get(id) else { continue };
                listing.rows.extend(self.listed(live, one, (mean, asked.as_of), u64::MAX - rank)?);
            }
            Ok::<_, EngineError>(listing)
        })?;
        self.read_newest(&mut listing.rows, asked.as_of)?;
        Ok(listing)
    }

    /// One conversation with all of its messages that are known, from old to new. Where it is not held any more, it is told anew from the
    /// events of the customer whose it is, where somebody names them.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where there is none.
    pub fn conversation(&self, id: &str, customer: Option<&str>) -> Result<(Listed, Vec<Said>), EngineError> {
        let as_of = self.clock.now();
        let held = self.look(|live| {
            let mean = pressing::mean_spent(live.conversations.iter());
            let one = live.conversations.get(id);
            let listed = one.map(|one| self.listed(live, one, (mean, as_of), 0)).transpose()?;
            Ok::<_, EngineError>(listed.flatten())
        })?;
        let found = match (held, customer) {
            (Some(held), _) => Some(held),
            (None, Some(customer)) => {
                self.conversations_of(customer)?.into_iter().find(|listed| listed.conversation.id == id)
            }
            (None, None) => None,
        };
        let listed = found.ok_or_else(|| {
            let message = "there is no conversation of this id among those of late: give the customer with `userId`, and it is \
                           looked for in all that they ever said";
            EngineError::new(ErrorKind::NotFound, message)
        })?;
        let said = self.said_in(&listed, as_of)?;
        Ok((listed, said))
    }

    /// All conversations of a customer, those included that are not held any more, the newest first. It reads their events.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nobody goes by that name, and where there is too much to be read for a page.
    pub fn conversations_of(&self, customer: &str) -> Result<Vec<Listed>, EngineError> {
        let unknown = || EngineError::new(ErrorKind::NotFound, "no customer goes by this name");
        let found = self.look(|live| live.customer(customer))?.ok_or_else(unknown)?;
        let (id, as_of) = (found.profile.id, self.clock.now());
        let Some(circle) = self.page_around(&id)? else { return Ok(Vec::new()) };
        let told = circle.conversations(&self.policy)?;
        let theirs = |one: &&Conversation| circle.find(&one.name).is_ok_and(|whose| whose.as_ref() == Some(&id));
        let mut listed = self.look(|live| {
            let mean = pressing::mean_spent(live.conversations.iter());
            let each = told.iter().filter(theirs).map(|one| self.listed(live, one, (mean, as_of), 0));
            each.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()
        })?;
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.conversation.last_at));
        self.read_newest(&mut listed, as_of)?;
        Ok(listed)
    }

    /// A conversation with its customer; `None` where its name leads to nobody, or to somebody who is erased.
    fn listed(
        &self,
        live: &Live,
        one: &Conversation,
        (mean, as_of): (f64, Timestamp),
        rank: u64,
    ) -> Result<Option<Listed>, EngineError> {
        let Some(customer) = live.of_whom(one)? else { return Ok(None) };
        if self.ports.erasures.erasure_of(&one.name).is_some() {
            return Ok(None);
        }
        let known = live.profiles.customer(&customer)?;
        let may_read = known.is_some_and(|known| self.policy.answer(&known.profile.consents, Purpose::Service).granted);
        let mut conversation = one.clone();
        if !may_read {
            conversation.messages.iter_mut().for_each(|said| said.mood = None);
        }
        let pressing = Pressing::of(&conversation, mean, as_of);
        Ok(Some(Listed { conversation, customer, may_read, pressing, rank, newest: None }))
    }

    /// Reads the newest message of each.
    fn read_newest(&self, rows: &mut [Listed], as_of: Timestamp) -> Result<(), EngineError> {
        let watch = Stopwatch::start();
        let last = |row: &Listed| row.conversation.last_word().map(|said| said.offset);
        let events = self.texts_at(rows.iter().filter(|row| row.may_read).filter_map(last).collect())?;
        for row in rows {
            let Some(said) = row.conversation.last_word().copied() else { continue };
            let text = events.get(&said.offset).cloned().unwrap_or_default();
            let labels = match watch.elapsed() < READING_MAX && !text.is_empty() {
                true => self.understood(&row.customer, &text, as_of)?,
                false => None,
            };
            let (offset, at, is_vouched) = (said.offset, said.at, said.is_vouched);
            row.newest = Some(Said { offset, at, is_from_customer: true, is_vouched, text, labels });
        }
        Ok(())
    }

    fn said_in(&self, listed: &Listed, as_of: Timestamp) -> Result<Vec<Said>, EngineError> {
        let watch = Stopwatch::start();
        let messages = &listed.conversation.messages;
        let wanted = messages.iter().filter(|said| listed.may_read || !said.is_from_customer);
        let texts = self.texts_at(wanted.map(|said| said.offset).collect())?;
        let mut all = Vec::with_capacity(messages.len());
        // The newest first: where the time is up, the oldest are told without.
        for said in messages.iter().rev() {
            let text = texts.get(&said.offset).cloned().unwrap_or_default();
            let is_read = said.is_from_customer && !text.is_empty() && watch.elapsed() < READING_MAX;
            let labels = if is_read { self.understood(&listed.customer, &text, as_of)? } else { None };
            let (offset, at) = (said.offset, said.at);
            let (is_from_customer, is_vouched) = (said.is_from_customer, said.is_vouched);
            all.push(Said { offset, at, is_from_customer, is_vouched, text, labels });
        }
        all.reverse();
        Ok(all)
    }

    fn texts_at(&self, places: BTreeSet<Offset>) -> Result<BTreeMap<Offset, String>, EngineError> {
        let found = self.ports.events.at(&places)?;
        let text = |Recorded { offset, event }: Recorded| Some((offset, text_of(&event)?.to_owned()));
        Ok(found.into_iter().filter_map(text).collect())
    }

    /// What a message of a customer says, by whichever kind reads messages.
    fn understood(&self, customer: &CustomerId, text: &str, as_of: Timestamp) -> Result<Option<Labels>, EngineError> {
        let Some((kind, name)) = self.reader() else { return Ok(None) };
        let known =
            self.look(|live| live.profiles.customer(customer).map(|known| known.map(|known| known.into_owned())))?;
        let Some(known): Option<Customer<FeatureState>> = known else { return Ok(None) };
        let parameters = kind.kept(Parameters::from_iter([(name, text.into())]));
        let answer = self.preview(&known, kind, as_of, parameters)?;
        Ok(match answer.content {
            Content::Labels(labels) => Some(*labels),
            _ => None,
        })
    }

    /// The kind that reads messages, and what its message is called.
    fn reader(&self) -> Option<(&dyn Kind, String)> {
        let takes = |kind: &dyn Kind| {
            let about = kind.about();
            let is_reader = about.shape == decisions::ContentShape::Labels;
            let message = about.parameters.iter().find(|one| matches!(one.takes, Takes::Message { .. }));
            message.filter(|_| is_reader).map(|one| one.name.to_owned())
        };
        self.capabilities.kinds.iter().find_map(|kind| Some((kind, takes(kind)?)))
    }

    /// The sentences that say most of what a customer wrote, in the order in which they stand there.
    #[must_use]
    pub fn summary(said: &[Said]) -> Vec<String> {
        summary::of(said.iter().filter(|said| said.is_from_customer).map(|said| said.text.as_str()))
    }
}

impl Circle {
    /// The conversations of everybody within it, told anew.
    fn conversations(&self, policy: &ConsentPolicy) -> Result<Vec<Conversation>, EngineError> {
        let mut all = Conversations::default();
        for recorded in self.events().filter(|recorded| Conversations::concerns(&recorded.event)) {
            let Some(name) = Identifier::of(&recorded.event).into_iter().flatten().next() else { continue };
            let Some(id) = self.find(&name)? else { continue };
            let speaker = speaker(self.profiles(), &id, policy)?;
            all.apply(recorded, &speaker, &|name: &Identifier| self.profiles().find(name))?;
        }
        Ok(all.iter().cloned().collect())
    }
}

/// What a message says.
fn text_of(event: &Event) -> Option<&str> {
    let Call::Track { properties, .. } = &event.call else { return None };
    TEXT.iter().find_map(|key| properties.get(key)?.as_str())
}
