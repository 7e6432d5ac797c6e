//! What is kept of one conversation?

use super::Speaker;
use events::{Deed, Event, Mood, Offset, Priority, Recorded, TicketStep};
use primitives::Timestamp;
use profiles::Identifier;
use serde::{Deserialize, Serialize};

/// So many of the newest messages of a conversation are known; older ones are counted.
const N_MESSAGES_MAX: usize = 100;
/// The longest subject and name, in bytes.
const BYTES_MAX: usize = 200;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// The customer waits for the company.
    Waiting,
    /// The company has answered.
    Answered,
    /// It has ended.
    Resolved,
}

/// One message, as far as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Its place in the log.
    pub offset: Offset,
    /// When it was written.
    pub at: Timestamp,
    /// Whether the customer wrote it.
    pub is_from_customer: bool,
    /// Whether the company told of it, and not only who has the write key.
    pub is_vouched: bool,
    /// How it sounds, where that may be looked at.
    pub mood: Option<Mood>,
}

/// A conversation with a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id: that of its ticket, or one of its own.
    pub id: String,
    /// A name of the customer.
    pub name: Identifier,
    /// Whether the company told anything of it: what only a write key told, anybody may have invented.
    pub is_vouched: bool,
    /// By which way it came.
    pub channel: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// How much it presses, as the company said.
    pub priority: Option<Priority>,
    /// Who takes care of it.
    pub assignee: Option<String>,
    /// When it began.
    pub opened_at: Timestamp,
    /// When anything was last told of it.
    pub last_at: Timestamp,
    /// When it was last resolved or opened again, and which of both.
    turned: Option<(Timestamp, bool)>,
    /// Whether it was opened again, once or more.
    pub is_reopened: bool,
    /// How many messages there were.
    pub n_messages: u64,
    /// How many of them the customer wrote.
    pub n_from_customer: u64,
    /// The newest messages, from old to new.
    pub messages: Vec<Utterance>,
    /// Where on its scale the newest rating of it lies, and when it was given.
    pub rating: Option<(Timestamp, f64)>,
    /// What it asks for, as a person said.
    pub label: Option<String>,
    /// What the customer had spent when they last wrote.
    pub spent: f64,
}

impl Conversation {
    pub(super) fn begun(id: &str, name: Identifier, channel: Option<&str>, event: &Event) -> Self {
        let at = event.occurred_at;
        let (subject, priority, assignee, turned, rating, label) = Default::default();
        Self {
            id: id.to_owned(),
            name,
            is_vouched: false,
            channel: channel.map(short),
            subject,
            priority,
            assignee,
            opened_at: at,
            last_at: at,
            turned,
            is_reopened: false,
            n_messages: 0,
            n_from_customer: 0,
            messages: Vec::new(),
            rating,
            label,
            spent: 0.0,
        }
    }

    /// Takes in what an event tells of it.
    pub(super) fn take(&mut self, recorded: &Recorded, speaker: &Speaker, label: Option<&str>) {
        let event = &recorded.event;
        let at = event.occurred_at;
        let is_vouched = event.origin.is_trusted();
        let is_theirs = matches!(event.deed(), Deed::Message(message) if message.is_from_customer);
        if self.is_vouched && !is_vouched && !is_theirs {
            // What the company does in a conversation that it told of, it tells itself.
            return;
        }
        self.is_vouched |= is_vouched;
        self.opened_at = self.opened_at.min(at);
        self.last_at = self.last_at.max(at);
        match event.deed() {
            Deed::Ticket(ticket) => {
                let newest = |known: &mut Option<String>, said: &Option<String>| {
                    if let Some(said) = said {
                        *known = Some(short(said));
                    }
                };
                newest(&mut self.channel, &ticket.channel);
                newest(&mut self.subject, &ticket.subject);
                newest(&mut self.assignee, &ticket.assignee);
                self.priority = ticket.priority.or(self.priority);
                match ticket.step {
                    TicketStep::Resolved => self.turn(at, true),
                    TicketStep::Reopened => self.turn(at, false),
                    TicketStep::Created | TicketStep::Assigned => {}
                }
            }
            Deed::Message(message) => {
                self.channel = self.channel.take().or_else(|| message.channel.as_deref().map(short));
                let mood = message.mood.filter(|_| speaker.may_read);
                let (offset, is_from_customer) = (recorded.offset, message.is_from_customer);
                self.say(Utterance { offset, at, is_from_customer, is_vouched, mood });
                if is_from_customer {
                    self.spent = speaker.spent;
                }
            }
            Deed::Rated(rating) => {
                let said = (at, rating.share());
                self.rating = Some(self.rating.filter(|known| known.0 > at).unwrap_or(said));
            }
            _ => self.label = label.map(short).filter(|label| !label.is_empty()),
        }
    }

    fn turn(&mut self, at: Timestamp, is_end: bool) {
        self.is_reopened |= !is_end;
        if self.turned.is_none_or(|(known, _)| known <= at) {
            self.turned = Some((at, is_end));
        }
    }

    fn say(&mut self, said: Utterance) {
        self.n_messages += 1;
        self.n_from_customer += u64::from(said.is_from_customer);
        // Who writes again after the end opens it again; what is told late changes nothing of that.
        if said.is_from_customer && self.turned.is_some_and(|(at, is_end)| is_end && at < said.at) {
            self.is_reopened = true;
        }
        let place = self.messages.partition_point(|known| (known.at, known.offset) <= (said.at, said.offset));
        self.messages.insert(place, said);
        if self.messages.len() > N_MESSAGES_MAX {
            self.messages.remove(0);
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn status(&self) -> Status {
        let last = self.messages.last();
        let last_theirs = self.messages.iter().rev().find(|said| said.is_from_customer);
        if let Some((at, true)) = self.turned
            && last_theirs.is_none_or(|said| said.at <= at)
        {
            return Status::Resolved;
        }
        let reopened_at = self.turned.filter(|(_, is_end)| !is_end).map(|(at, _)| at);
        let is_answered =
            last.is_some_and(|said| !said.is_from_customer && reopened_at.is_none_or(|reopened| reopened <= said.at));
        if is_answered { Status::Answered } else { Status::Waiting }
    }

    /// Since when the customer waits; `None` where they do not.
    #[must_use]
    pub fn waiting_since(&self) -> Option<Timestamp> {
        if self.status() != Status::Waiting {
            return None;
        }
        let unanswered = self.unanswered().map(|said| said.at).last();
        let reopened = self.turned.filter(|(_, is_end)| !is_end).map(|(at, _)| at);
        Some(unanswered.or(reopened).unwrap_or(self.opened_at))
    }

    /// When it was resolved, where it is.
    #[must_use]
    pub fn resolved_at(&self) -> Option<Timestamp> {
        self.turned.filter(|_| self.status() == Status::Resolved).map(|(at, _)| at)
    }

    /// What the customer wrote since the company last did, from new to old.
    pub fn unanswered(&self) -> impl Iterator<Item = &Utterance> {
        self.messages.iter().rev().take_while(|said| said.is_from_customer)
    }

    /// The newest message of the customer.
    #[must_use]
    pub fn last_word(&self) -> Option<&Utterance> {
        self.messages.iter().rev().find(|said| said.is_from_customer)
    }
}

pub(super) fn short(text: &str) -> String {
    text[..text.floor_char_boundary(BYTES_MAX)].to_owned()
}
