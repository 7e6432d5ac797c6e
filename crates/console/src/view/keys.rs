//! Which keys are there, and what is each for? The list of keys.

use super::{Frame, Section, filters, page};
use crate::Icon;
use primitives::Timestamp;

/// Keys, `/keys`: `POST /keys` with `name` and `role`, `POST /keys/{id}/revoke`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The key that was made just now: the only time anybody sees it.
    pub made: Option<MadeKey>,
    /// The roles with what their keys are for, the narrowest first.
    pub roles: Vec<(String, String)>,
    /// The keys, those that can be used first.
    pub rows: Vec<KeyRow>,
}
page!(KeysPage, Some(Section::Keys));

/// A key that was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeKey {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The key itself.
    pub key: String,
}

/// A key in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// When it was made, where that is known.
    pub created_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// Whether it can be used.
    pub state: KeyRowState,
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRowState {
    /// It can, and can be revoked here.
    InForce,
    /// It comes from the settings.
    Preset,
    /// A preset key has taken its place.
    Replaced,
    /// It was revoked.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

impl KeyRow {
    fn is_usable(&self) -> bool {
        matches!(self.state, KeyRowState::InForce | KeyRowState::Preset)
    }

    /// The colour of its role: what may be public is quiet, what may do everything is loud.
    fn tone(&self) -> &'static str {
        match self.role.as_str() {
            "admin" => "warn",
            "server" => "info",
            "viewer" => "good",
            _ => "",
        }
    }
}
