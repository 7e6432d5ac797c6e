//! Who wrote, whose turn is it, and what was said? The inbox and one conversation.

use super::{Content, Frame, Section, filters, page};
use crate::Icon;
use primitives::Timestamp;

/// The inbox, `/conversations?status=&cursor=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "conversations.html")]
pub struct ConversationsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which are shown: one of [`ConversationsPage::TABS`].
    pub status: String,
    /// How many there are of each of the tabs.
    pub counts: [u64; 4],
    /// The conversations, what presses most first.
    pub rows: Vec<ConversationRow>,
    /// The address of the next page.
    pub older: Option<String>,
    /// How a message is sent, where there never was one.
    pub try_line: String,
}
page!(ConversationsPage, Some(Section::Conversations));

/// A conversation in the inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationRow {
    /// Its id.
    pub id: String,
    /// Whose it is: the id in the addresses, and what people call them.
    pub customer: (String, String),
    /// What it is about.
    pub subject: Option<String>,
    /// The beginning of the newest message; why there is none, where it may not be read.
    pub words: String,
    /// By which way it came.
    pub channel: Option<String>,
    /// `waiting`, `answered` or `resolved`, and its colour.
    pub status: (&'static str, &'static str),
    /// Whether it was opened again.
    pub is_reopened: bool,
    /// What is felt most, and its colour.
    pub mood: Option<(String, &'static str)>,
    /// Whether it cannot wait.
    pub is_urgent: bool,
    /// What it asks for, and whether a person said so.
    pub intent: Option<(String, bool)>,
    /// Since when the customer waits.
    pub waiting_since: Option<Timestamp>,
    /// When anything was last said.
    pub last_at: Timestamp,
    /// Who takes care of it.
    pub assignee: Option<String>,
    /// How much it presses, in per cent.
    pub pressing: u8,
    /// Of what that is made: (what it is, in per cent).
    pub parts: Vec<(&'static str, u8)>,
    /// What the customer is worth, in words.
    pub worth: Option<String>,
}

/// One conversation, `/conversations/{id}?customer=`. Its forms are sent to `POST /conversations/{id}`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "conversation.html")]
pub struct ConversationPage {
    /// What stands around the page.
    pub frame: Frame,
    /// As in the inbox.
    pub row: ConversationRow,
    /// When it began.
    pub opened_at: Timestamp,
    /// Why messages are not shown, where that is so.
    pub note: Option<String>,
    /// How many messages there were in all.
    pub n_messages: u64,
    /// The newest of them, from old to new.
    pub messages: Vec<Bubble>,
    /// The sentences that say most.
    pub summary: Vec<String>,
    /// Labels that can be chosen for what it asks for.
    pub labels: Vec<String>,
    /// What is foretold of the customer.
    pub told: Vec<Content>,
    /// What happened to them last: (what, worth, when).
    pub lately: Vec<(String, Option<String>, Timestamp)>,
    /// What would be done for them now, where actions are declared.
    pub next: Option<Content>,
}
page!(ConversationPage, Some(Section::Conversations));

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Bubble {
    /// Whether the customer wrote it.
    pub is_theirs: bool,
    /// What it says.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The place of its event in the log.
    pub offset: u64,
    /// What is read in it: words with their colours.
    pub readings: Vec<(String, &'static str)>,
    /// Whether only the write key says so.
    pub is_claimed: bool,
}

impl ConversationsPage {
    /// The tabs: the name in the address, and what people call it.
    pub const TABS: [(&'static str, &'static str); 4] =
        [("open", "Open"), ("waiting", "Waiting for us"), ("answered", "Answered"), ("resolved", "Resolved")];

    fn tabs(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        Self::TABS.into_iter().zip(self.counts).map(|((name, title), n)| (name, title, n))
    }

    fn is_empty(&self) -> bool {
        self.counts.iter().all(|n| *n == 0)
    }
}

impl ConversationRow {
    fn parts_told(&self) -> String {
        let told: Vec<String> = self.parts.iter().map(|(what, share)| format!("{what} {share} %")).collect();
        told.join(", ")
    }

    fn is_resolved(&self) -> bool {
        self.status.0 == "resolved"
    }
}
