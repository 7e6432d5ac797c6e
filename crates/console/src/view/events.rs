//! What is coming in right now, and why was something rejected? The live inspector.

use super::{Frame, Section, filters, page};
use crate::{Icon, format};
use primitives::Timestamp;

/// Live events, `/events?status=&name=&live=1`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "events.html")]
pub struct EventsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which are shown.
    pub status: StatusFilter,
    /// Only events whose name is this; empty for all.
    pub name: String,
    /// Whether the page loads itself anew every few seconds.
    pub live: bool,
    /// The names that were seen, offered while typing.
    pub names: Vec<String>,
    /// Accepted events in all.
    pub accepted: u64,
    /// Rejected events in the time they are kept.
    pub rejected: u64,
    /// The events, in the order they came in, the newest first.
    pub rows: Vec<EventRow>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// Among how many of the newest events those of the name were looked for, where there are more than that.
    pub looked_at: Option<u64>,
}
page!(EventsPage, Some(Section::Events));

/// Which events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusFilter {
    /// All.
    #[default]
    All,
    /// Only accepted ones.
    Accepted,
    /// Only rejected ones.
    Rejected,
}

/// One event as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// When it came in.
    pub came_at: Timestamp,
    /// The import it came with: its number.
    pub import: Option<u64>,
    /// When it happened; `None` for what was rejected, which may say anything.
    pub occurred_at: Option<Timestamp>,
    /// Segment's type: `track`.
    pub kind: String,
    /// The event's name; empty where the type has none.
    pub name: String,
    /// The customer it was attributed to, by the identifier in the addresses.
    pub customer: Option<String>,
    /// What became of it.
    pub status: EventStatus,
    /// What is worth knowing of it although it was accepted.
    pub note: Option<String>,
    /// The event as JSON.
    pub json: String,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventStatus {
    /// It is in the log.
    Accepted,
    /// It was sent before; nothing changed.
    Duplicate,
    /// It was kept aside.
    Rejected {
        /// Whether its `messageId` was used before for another content.
        is_conflict: bool,
        /// Why, and what to do.
        reason: String,
        /// Which field, as a JSON pointer: `/properties/revenue`.
        pointer: Option<String>,
    },
}

impl StatusFilter {
    /// The filter by its name in the address; anything else is [`StatusFilter::All`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "accepted" => Self::Accepted,
            "rejected" => Self::Rejected,
            _ => Self::All,
        }
    }

    /// The name in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

impl EventsPage {
    /// The address of this page with another status or with the refresh on or off.
    fn href(&self, status: &str, live: bool) -> String {
        let mut parts = Vec::new();
        if status != "all" {
            parts.push(format!("status={status}"));
        }
        if !self.name.is_empty() {
            parts.push(format!("name={}", format::url_part(&self.name)));
        }
        if live {
            parts.push("live=1".to_owned());
        }
        if parts.is_empty() { "/events".to_owned() } else { format!("/events?{}", parts.join("&")) }
    }

    fn tabs(&self) -> [(&'static str, &'static str, u64); 3] {
        [
            ("all", "All", self.accepted.saturating_add(self.rejected)),
            ("accepted", "Accepted", self.accepted),
            ("rejected", "Rejected", self.rejected),
        ]
    }

    fn is_filtered(&self) -> bool {
        !self.name.is_empty() || self.status != StatusFilter::All
    }
}

impl EventStatus {
    /// The word for what was not accepted: an answer counts a conflict by that name, too.
    fn refused_as(is_conflict: &bool) -> &'static str {
        if *is_conflict { "Conflict" } else { "Rejected" }
    }
}

impl EventRow {
    fn icon(&self) -> Icon {
        Icon::for_event(&self.kind, &self.name)
    }
}
