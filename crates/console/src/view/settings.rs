//! What is configured, where does it come from, and what waits for the next start? The settings.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// Settings, `/settings?q=&show=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was searched for.
    pub query: String,
    /// Whether only what is not at its default is shown.
    pub changed_only: bool,
    /// The file the settings come from, and whether it is there.
    pub file: Option<(String, bool)>,
    /// Why what the file says now cannot be used, where it cannot.
    pub problem: Option<String>,
    /// How many settings are not at their defaults, and how many wait for the next start.
    pub counts: (u64, u64),
    /// The tables of the file.
    pub sections: Vec<SettingSection>,
    /// What the settings declare.
    pub declared: Vec<DeclaredList>,
}
page!(SettingsPage, Some(Section::Settings));

/// A table of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingSection {
    /// Its name: `server`.
    pub name: String,
    /// What it is about.
    pub meaning: String,
    /// Its settings.
    pub settings: Vec<SettingRow>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// Its name in its table.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// What is in force, as written in the file; a secret says only that it is set.
    pub value: String,
    /// Its default.
    pub default: String,
    /// Where the value comes from.
    pub origin: String,
    /// What the file says by now and is in force after the next start.
    pub waiting: Option<String>,
}

/// What the settings declare of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredList {
    /// The list's name in the file: `outcomes`.
    pub name: String,
    /// What it holds: `Outcomes`.
    pub title: String,
    /// What it is for, in a sentence.
    pub meaning: String,
    /// Where more is told: a page.
    pub href: String,
    /// What is declared.
    pub rows: Vec<DeclaredRow>,
    /// Whether changes wait for the next start.
    pub waits: bool,
}

/// Something the settings declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRow {
    /// Its name.
    pub name: String,
    /// What it says, in words.
    pub meaning: String,
    /// A page about it.
    pub href: Option<String>,
}

impl SettingRow {
    fn is_changed(&self) -> bool {
        self.value != self.default
    }
}

impl SettingsPage {
    fn is_narrowed(&self) -> bool {
        self.changed_only || !self.query.is_empty()
    }
}
