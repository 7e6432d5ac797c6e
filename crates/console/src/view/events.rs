//! What is coming in right now, and why was something rejected? The live inspector.

use super::{Frame, Section, filters, page};
use crate::{Icon, format};
use primitives::{Money, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Live events, `/events?status=&name=&q=&before=&until=&at=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "events.html")]
pub struct EventsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which are shown.
    pub status: StatusFilter,
    /// Only events whose name is this; empty for all.
    pub name: String,
    /// Only what holds this text: a customer, a name, a messageId, a word; empty for all.
    pub query: String,
    /// The customer who is meant by that text, where somebody goes by it: (their id, what people call them).
    pub customer: Option<(String, String)>,
    /// Where the stream stands still, where it does.
    pub paused: Option<Pause>,
    /// Whether it is the beginning, where new events come in: neither paused nor further back.
    pub is_newest: bool,
    /// The place of the newest event, at which the stream would be paused.
    pub head: u64,
    /// The names that came in, the most frequent first: (the name, how many).
    pub names: Vec<(String, u64)>,
    /// Accepted events in all, those of the catalogue left aside.
    pub accepted: u64,
    /// Events of which the name speaks of something that is not understood.
    pub not_understood: u64,
    /// Rejected events that are kept.
    pub rejected: u64,
    /// How many of the newest of them can be shown.
    pub rejected_shown_max: u64,
    /// What was said of items of the catalogue.
    pub catalogue: u64,
    /// Why events were rejected, the most frequent first.
    pub reasons: Vec<RejectedReason>,
    /// The events, in the order they came in, the newest first.
    pub rows: Vec<EventRow>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// Among how many of the newest events it was looked, where there are more than that.
    pub looked_at: Option<u64>,
}
page!(EventsPage, Some(Section::Events));

/// A stream that stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The newest event that is shown.
    pub until: u64,
    /// When it was paused.
    pub at: Timestamp,
    /// How many came in since.
    pub n_since: u64,
}

/// Which events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusFilter {
    /// What customers did, accepted or rejected.
    #[default]
    All,
    /// Accepted ones whose name speaks of something that is not understood.
    NotUnderstood,
    /// Rejected ones.
    Rejected,
    /// What was said of items of the catalogue.
    Catalogue,
}

/// Events that were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedReason {
    /// The event's name, else the call.
    pub name: String,
    /// The class of reason: `missing_field`.
    pub code: String,
    /// Which field, as a JSON pointer; empty for the event as a whole.
    pub pointer: String,
    /// What is wrong and what to send, of the newest one.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// When the newest came.
    pub last_at: Timestamp,
    /// The newest one as it was sent.
    pub example: String,
}

/// One event as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the log; `None` for what was rejected.
    pub offset: Option<u64>,
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
    /// What happened, in words: `Searched “filter paper”`; empty where it cannot be told.
    pub says: String,
    /// The rest in a line: `3 items: Tofu, Milk, Rice`.
    pub detail: Option<String>,
    /// What it was about in money.
    pub amount: Option<Money>,
    /// The customer it was attributed to, by the identifier in the addresses.
    pub customer: Option<String>,
    /// What people call that customer.
    pub customer_label: Option<String>,
    /// What became of it.
    pub status: EventStatus,
    /// What is worth knowing of it although it was accepted.
    pub note: Option<String>,
    /// The event as it was sent, as JSON.
    pub sent: String,
    /// The event as it is kept, as JSON; `None` for what was rejected.
    pub stored: Option<String>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventStatus {
    /// It is in the log.
    Accepted,
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
        [Self::NotUnderstood, Self::Rejected, Self::Catalogue]
            .into_iter()
            .find(|status| status.name() == name)
            .unwrap_or_default()
    }

    /// The name in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NotUnderstood => "not_understood",
            Self::Rejected => "rejected",
            Self::Catalogue => "catalogue",
        }
    }
}

impl EventsPage {
    /// What the link to the page after this one says.
    fn further(&self) -> &'static str {
        let is_search = self.looked_at.is_some() && self.status != StatusFilter::Rejected;
        if is_search { "Look further back" } else { "Older events" }
    }

    /// The address of this page with another status and another name.
    fn href(&self, status: &StatusFilter, name: &str) -> String {
        self.address(*status, name, self.paused.map(|paused| (paused.until, paused.at)))
    }

    fn address(&self, status: StatusFilter, name: &str, pause: Option<(u64, Timestamp)>) -> String {
        let status = if status == StatusFilter::All { "" } else { status.name() };
        let (until, at) = pause.map(|(until, at)| (until.to_string(), at.as_millis().to_string())).unwrap_or_default();
        format::address(
            "/events",
            &[("status", status), ("name", name), ("q", &self.query), ("until", &until), ("at", &at)],
        )
    }

    /// The same page, standing still.
    fn pause_href(&self) -> String {
        self.address(self.status, &self.name, Some((self.head, self.frame.now)))
    }

    /// The same page, going on.
    fn resume_href(&self) -> String {
        self.address(self.status, &self.name, None)
    }

    fn tabs(&self) -> Vec<(StatusFilter, &'static str, u64)> {
        let tabs = [
            (StatusFilter::All, "Events", self.accepted),
            (StatusFilter::NotUnderstood, "Not understood", self.not_understood),
            (StatusFilter::Rejected, "Rejected", self.rejected),
            (StatusFilter::Catalogue, "Catalogue", self.catalogue),
        ];
        // What never came needs no tab.
        tabs.into_iter()
            .filter(|(status, _, n)| {
                *n > 0 || [StatusFilter::All, self.status].contains(status) || *status == StatusFilter::Rejected
            })
            .collect()
    }

    /// How many there are, and how many of them can be shown where that is not all.
    fn behind(&self, status: &StatusFilter, n: &u64) -> String {
        let all = format::compact(format::float(*n));
        let is_cut = *status == StatusFilter::Rejected && *n > self.rejected_shown_max;
        if is_cut { format!("{} of {all}", format::count(self.rejected_shown_max)) } else { all }
    }

    fn is_filtered(&self) -> bool {
        !self.name.is_empty() || !self.query.is_empty() || self.status != StatusFilter::All
    }

    fn has_chips(&self) -> bool {
        self.status == StatusFilter::All && !self.names.is_empty()
    }
}

impl EventStatus {
    /// The word for what was not accepted: an answer counts a conflict by that name, too.
    fn refused_as(is_conflict: &bool) -> &'static str {
        if *is_conflict { "Conflict" } else { "Rejected" }
    }
}

impl EventRow {
    /// By what the row is found again when the page is renewed. What was rejected has no place in the log.
    fn key(&self) -> String {
        self.offset.map_or_else(
            || {
                let mut hasher = DefaultHasher::new();
                (self.came_at, &self.sent).hash(&mut hasher);
                format!("r{:x}", hasher.finish())
            },
            |offset| offset.to_string(),
        )
    }

    fn icon(&self) -> Icon {
        Icon::for_event(&self.kind, &self.name)
    }

    pub(super) fn named(&self) -> &str {
        if self.name.is_empty() { &self.kind } else { &self.name }
    }

    /// Whether it happened at another time than it came in.
    fn is_late(&self) -> bool {
        self.occurred_at.is_some_and(|at| self.came_at.millis_since(at).abs() >= 60_000)
    }

    /// The customer, as people call them.
    pub(super) fn who(&self) -> String {
        self.customer_label.clone().or_else(|| self.customer.as_deref().map(format::short_id)).unwrap_or_default()
    }
}
