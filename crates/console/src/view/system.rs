//! How is the program itself, and the machine it runs on?

use super::{Frame, Section, filters, page};
use crate::Icon;
use crate::chart::{self, Html, Tone};
use crate::format;
use primitives::Timestamp;

/// The page about the system, `/system`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "system.html")]
pub struct SystemPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Why it cannot take events and decide; nothing where it can.
    pub why_not_ready: Option<String>,
    /// The most telling facts: (what, how it is).
    pub facts: Vec<(String, String)>,
    /// The room on the disk of the data directory: what is free, and what it holds in all.
    pub disk: Option<(u64, u64)>,
    /// What takes how much of it: (what, bytes).
    pub parts: Vec<(String, u64)>,
    /// Everything else, in groups.
    pub groups: Vec<FactGroup>,
    /// Warnings and errors of the log, the newest first, for who may administer.
    pub logged: Option<Vec<LoggedLine>>,
}
page!(SystemPage, Some(Section::System));

/// Facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactGroup {
    /// What they have in common.
    pub title: String,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// Something that is told of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub what: String,
    /// How it is.
    pub text: String,
    /// What of that is to be looked at; nothing where all is well.
    pub warning: Option<String>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLine {
    /// When it was written.
    pub at: Timestamp,
    /// Whether it is an error, and not only a warning.
    pub is_error: bool,
    /// What it says.
    pub text: String,
}

impl SystemPage {
    fn has_room(&self) -> bool {
        self.disk.is_some()
    }

    fn free_text(&self) -> String {
        self.disk.map_or_else(String::new, |(free, total)| {
            format!("{} free of {}", format::bytes(free), format::bytes(total))
        })
    }

    fn disk_bar(&self) -> Html {
        let (free, total) = self.disk.unwrap_or_default();
        let used = 1.0 - format::float(free) / format::float(total.max(1));
        let tone = if used > 0.95 {
            Tone::Bad
        } else if used > 0.85 {
            Tone::Warn
        } else {
            Tone::Accent
        };
        chart::meter(used, tone, &format!("{} in use", format::percent(used)))
    }

    fn part_bar(&self, bytes: &u64) -> Html {
        let most = self.parts.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0).max(1);
        chart::meter(format::float(*bytes) / format::float(most), Tone::Quiet, "")
    }
}
