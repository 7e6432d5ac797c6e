//! What was sent with one event, what was kept of it, and what did it change?

use super::{EventRow, EventStatus, Frame, Section, filters, page};
use crate::Icon;

/// One event, `/events/{offset}`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "event.html")]
pub struct EventPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The event as it stands in the list.
    pub row: EventRow,
    /// The key it came with, in words: `a write key`.
    pub origin: String,
    /// What was read of it, as JSON; `None` where nothing beside its name counts.
    pub read: Option<String>,
    /// What it changed; `Err` says why that cannot be told.
    pub change: Result<Changed, String>,
}
page!(EventPage, Some(Section::Events));

/// What an event changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changed {
    /// What it did with who is who, in sentences.
    pub identity: Vec<String>,
    /// Traits: (name, value before, value after).
    pub traits: Vec<(String, Option<String>, Option<String>)>,
    /// Consents: (purpose, what holds now).
    pub consents: Vec<(String, String)>,
    /// Features that have another value.
    pub features: Vec<ChangedFeature>,
}

/// A feature that has another value after an event.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedFeature {
    /// Its name.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// Its unit.
    pub unit: String,
    /// The value before; `None` where it was not known.
    pub before: Option<f64>,
    /// The value after.
    pub after: Option<f64>,
}

impl Changed {
    fn is_nothing(&self) -> bool {
        self.identity.is_empty() && self.traits.is_empty() && self.consents.is_empty() && self.features.is_empty()
    }
}

impl EventPage {
    fn status_note(&self) -> Option<&str> {
        match &self.row.status {
            EventStatus::Accepted => self.row.note.as_deref(),
            EventStatus::Rejected { reason, .. } => Some(reason),
        }
    }
}
