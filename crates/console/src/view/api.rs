//! How does a program talk to it? A short page for people, with commands to copy.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// The API, `/api?lang=&event=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "api.html")]
pub struct ApiPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The address programs talk to: `http://127.0.0.1:7070`.
    pub base_url: String,
    /// The languages: name in addresses, and in words.
    pub languages: Vec<(String, String)>,
    /// The one that is shown.
    pub lang: String,
    /// Where the key is put in it.
    pub where_key: String,
    /// The calls, under their headings.
    pub groups: Vec<CallGroup>,
    /// What events are sought for; empty where all are shown.
    pub sought: String,
    /// The events that are understood, under their headings: those that are sought.
    pub events: Vec<EventGroup>,
}
page!(ApiPage, Some(Section::Api));

impl ApiPage {
    fn n_events(&self) -> u64 {
        self.events.iter().map(|group| group.events.len() as u64).sum()
    }

    /// Whether so few events are left that they are open from the start.
    fn is_alone(&self) -> bool {
        self.n_events() <= 3
    }
}

/// Calls under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallGroup {
    /// The heading.
    pub title: String,
    /// The calls.
    pub calls: Vec<ApiCall>,
}

/// A call, written in a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// What it does.
    pub title: String,
    /// When and why, in a sentence.
    pub text: String,
    /// The role of the key it needs.
    pub key: String,
    /// How it is written; none where it does not belong into the language.
    pub code: Option<String>,
    /// What is answered, as JSON.
    pub answer: Option<String>,
}

/// Events under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventGroup {
    /// The heading.
    pub title: String,
    /// What is worth knowing of them.
    pub words: String,
    /// The events.
    pub events: Vec<EventLine>,
}

/// An event that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// The names that are read alike, the first as it is told best.
    pub names: Vec<String>,
    /// What it says.
    pub says: String,
    /// What it may hold.
    pub properties: Vec<EventProperty>,
    /// One to copy, as JSON.
    pub example: String,
}

/// A property of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventProperty {
    /// Under which keys it is looked for.
    pub keys: Vec<String>,
    /// `needed`, `expected` or `optional`.
    pub need: String,
    /// What may stand there.
    pub holds: String,
    /// What it says.
    pub meaning: String,
}
