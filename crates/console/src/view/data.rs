//! Can the data be trusted? What comes in by name, from whom, in which shape, and what of it cannot be read.

use super::{Frame, Section, filters, page};
use crate::chart::{self, Column, Html, Tone};
use crate::{Icon, format};
use primitives::{HOUR_MS, Timestamp};

/// What comes in, `/data?event=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "data.html")]
pub struct DataPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The name that is looked at; empty for all.
    pub event: String,
    /// What came in under each name, what came in last first; with a name only that one.
    pub rows: Vec<DataRow>,
    /// How many events came in under names that are kept no longer.
    pub forgotten: u64,
    /// Where events come from.
    pub sources: Vec<DataSource>,
    /// What was refused lately, by name and reason.
    pub refused: Vec<RefusedRow>,
    /// Of how many of the newest rejected events that tells.
    pub refused_of: u64,
}
page!(DataPage, Some(Section::Data));

/// What came in under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct DataRow {
    /// What it is called: a tracked event's name, else the call.
    pub name: String,
    /// The call.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Whether the name stands in a table of what is understood.
    pub understood: bool,
    /// When the first came in.
    pub first_seen: Timestamp,
    /// When the newest came in.
    pub last_seen: Timestamp,
    /// How many on each of the last 30 days, oldest first.
    pub days: Vec<(Timestamp, u64)>,
    /// Who sent them, in words.
    pub senders: Vec<String>,
    /// Of how many the name speaks of something that is not understood.
    pub not_understood: u64,
    /// How many have a property that cannot be read.
    pub marked: u64,
    /// How many of the newest rejected events are these.
    pub refused: u64,
    /// What does not fit its schema, where it has one.
    pub schema: Option<SchemaState>,
    /// Into how many was looked.
    pub looked_at: u64,
    /// Their properties or traits.
    pub properties: Vec<DataProperty>,
}

/// How the newest events fit their schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    /// What becomes of those that do not: `flag` or `reject`.
    pub on_violation: String,
    /// How many of the newest were looked at, and how many of them do not fit.
    pub counted: (u64, u64),
    /// Why they do not, the most frequent first, with how many.
    pub reasons: Vec<(String, u64)>,
}

/// A property.
#[derive(Debug, Clone, PartialEq)]
pub struct DataProperty {
    /// Its name.
    pub name: String,
    /// In which share of the events it was.
    pub share: f64,
    /// Whether nothing reads it, of events that are understood.
    pub is_unread: bool,
    /// Which property that is read may have been meant.
    pub nearest: Option<String>,
    /// The types of its values, each with its share.
    pub types: Vec<(String, f64)>,
}

/// Where events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSource {
    /// What it is, in words.
    pub name: String,
    /// What is worth knowing of it.
    pub about: String,
    /// How many events.
    pub count: u64,
    /// When the newest came in.
    pub last_seen: Timestamp,
    /// Whether it is expected to go on.
    pub is_steady: bool,
}

/// Events that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// What they are called, as far as that can be seen.
    pub name: String,
    /// Where in the event, as a JSON pointer.
    pub pointer: String,
    /// The newest one's reason, without the value that was found.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// When the newest came.
    pub last_seen: Timestamp,
}

/// After so many hours without an event a source is called quiet.
const QUIET_HOURS: i64 = 24;

impl DataPage {
    fn n_names(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The one that is looked at, where there is one.
    fn one(&self) -> Option<&DataRow> {
        self.rows.first().filter(|_| !self.event.is_empty())
    }

    fn is_quiet(&self, source: &DataSource) -> bool {
        source.is_steady && self.frame.now.as_millis() - source.last_seen.as_millis() > QUIET_HOURS * HOUR_MS
    }
}

impl DataRow {
    fn icon(&self) -> Icon {
        Icon::for_event(&self.kind, &self.name)
    }

    fn spark(&self) -> Html {
        let values: Vec<f64> = self.days.iter().map(|(_, n)| format::float(*n)).collect();
        chart::sparkline(&values, &format!("{} a day over {} days", self.name, self.days.len()))
    }

    fn columns(&self) -> Html {
        let column = |(day, n): &(Timestamp, u64)| Column {
            title: format!("{}: {}", format::date(*day), format::count(*n)),
            value: format::float(*n),
        };
        let columns: Vec<Column> = self.days.iter().map(column).collect();
        chart::columns(&columns, &format!("Events a day over {} days", self.days.len()))
    }

    /// The most on one day: the height of the chart.
    fn top(&self) -> String {
        format::count(self.days.iter().map(|(_, n)| *n).max().unwrap_or(0))
    }

    fn ticks(&self) -> Vec<String> {
        let days: Vec<Timestamp> = self.days.iter().map(|(day, _)| *day).collect();
        format::ticks(&days)
    }

    fn has_notes(&self) -> bool {
        !self.notes().is_empty()
    }

    /// What of it needs a look, as badges: class and words.
    fn notes(&self) -> Vec<(&'static str, String)> {
        let mut notes = Vec::new();
        if self.refused > 0 {
            notes.push(("bad", format!("{} rejected", format::count(self.refused))));
        }
        if let Some(n) = self.schema.as_ref().map(|schema| schema.counted.1).filter(|n| *n > 0) {
            notes.push(("warn", format!("{} against the schema", format::count(n))));
        }
        if self.not_understood > 0 {
            notes.push(("warn", "Not understood".to_owned()));
        }
        if self.marked > 0 {
            notes.push(("warn", format!("{} marked", format::count(self.marked))));
        }
        let n_misspelt = self.properties.iter().filter(|property| property.nearest.is_some()).count();
        if n_misspelt > 0 {
            notes.push(("warn", format!("{} misspelt?", format::counted(n_misspelt as u64, "property", "properties"))));
        }
        notes
    }
}

impl DataProperty {
    fn meter(&self) -> Html {
        chart::meter(self.share, Tone::Accent, "")
    }

    fn has_many_types(&self) -> bool {
        self.types.len() > 1
    }
}
