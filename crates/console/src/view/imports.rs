//! Which files came in, and how is one taken out again? The list of imports.

use super::{Frame, Section, filters, page};
use crate::{Icon, format};
use primitives::Timestamp;

/// Imports, `/imports`: `POST /imports/{id}/undo`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "imports.html")]
pub struct ImportsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The imports, newest first.
    pub rows: Vec<ImportRow>,
    /// How far what is derived follows what was taken out or replaced: events read, of how many; none where it does.
    pub following: Option<(u64, u64)>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// Commands that import a file: a title and the command.
    pub commands: Vec<(String, String)>,
}
page!(ImportsPage, Some(Section::Imports));

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number.
    pub id: u64,
    /// The file's name.
    pub file: String,
    /// The mapping's name, where one was used.
    pub mapping: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Rows that were read.
    pub rows: u64,
    /// Events that were new.
    pub accepted: u64,
    /// Events that were known.
    pub duplicates: u64,
    /// Events whose key is known with other content.
    pub conflicts: u64,
    /// Events in whose place others came.
    pub replaced: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// How far it is.
    pub state: ImportState,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportState {
    /// It is under way, or was broken off.
    Open,
    /// It has ended.
    Done,
    /// It is being taken out.
    Leaving,
    /// It was taken out.
    Undone {
        /// When.
        at: Timestamp,
        /// Events that count no longer.
        withdrawn: u64,
        /// Events that count again.
        restored: u64,
    },
    /// It could not be taken out.
    Stuck(
        /// Why.
        String,
    ),
}

impl ImportRow {
    fn took(&self) -> Option<String> {
        let ms = self.ended_at?.millis_since(self.began_at);
        Some(if ms < 1_000 { "under a second".to_owned() } else { format::duration(ms) })
    }

    /// What became of its rows, without what became of none.
    fn counts(&self) -> Vec<(&'static str, u64, &'static str)> {
        let all = [
            ("new", self.accepted, ""),
            ("known already", self.duplicates, ""),
            ("known with other content", self.conflicts, "warn"),
            ("replaced", self.replaced, ""),
            ("rejected", self.rejected, "bad"),
        ];
        all.into_iter().filter(|(_, n, _)| *n > 0).collect()
    }

    fn may_be_undone(&self) -> bool {
        matches!(self.state, ImportState::Open | ImportState::Done | ImportState::Stuck(_))
    }
}
