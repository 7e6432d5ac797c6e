//! Which keys are there, and how are they made and revoked? `rapport keys`.

use super::report;
use crate::args::{KeysCommand, Options};
use crate::audit::{key_subject, note_from_command};
use crate::error::ServerError;
use crate::keys::{KeyInfo, KeyState, Keys};
use crate::settings::Settings;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use console::format::{ago, date};
use governance::Deed;
use primitives::{Clock, Timestamp};
use serde::Serialize;

/// A key in the report.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    name: String,
    role: &'static str,
    /// `in force`, `preset`, `replaced` or `revoked`.
    state: &'static str,
    created_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    /// The key itself, only where it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Lists, makes and revokes keys. A running server follows by itself.
pub(super) fn run(options: &Options, settings: &Settings, command: KeysCommand) -> Result<(), ServerError> {
    let keys = Keys::load(&options.data, &settings.keys)?;
    match command {
        KeysCommand::List => {
            let shown: Vec<Shown> = keys.list().iter().map(|info| Shown::of(info, None)).collect();
            report(options, &shown, || table(&keys.list()))
        }
        KeysCommand::Create { name, role } => {
            let new = keys.create(&name, role)?;
            note_from_command(&options.data, Deed::KeyCreated, &subject(&new.info));
            report(options, &Shown::of(&new.info, Some(new.key.clone())), || {
                format!(
                    "{}\n\nThat is the {role} key \"{}\" ({}). It is shown this once and stored only as a hash: keep it.",
                    new.key, new.info.name, new.info.id
                )
            })
        }
        KeysCommand::Revoke { key } => {
            let info = keys.revoke(&key)?;
            note_from_command(&options.data, Deed::KeyRevoked, &subject(&info));
            report(options, &Shown::of(&info, None), || {
                format!("The {} key \"{}\" ({}) opens nothing any more.", info.role, info.name, info.id)
            })
        }
    }
}

fn subject(info: &KeyInfo) -> String {
    key_subject(info.role, &info.name, &info.id)
}

impl Shown {
    fn of(info: &KeyInfo, key: Option<String>) -> Self {
        let (state, revoked_at) = match info.state {
            KeyState::InForce => ("in force", None),
            KeyState::Preset => ("preset", None),
            KeyState::Replaced => ("replaced", None),
            KeyState::Revoked { at } => ("revoked", Some(at)),
        };
        let KeyInfo { id, name, role, created_at, used_at, .. } = info.clone();
        Self { id, name, role: role.name(), state, created_at, used_at, revoked_at, key }
    }
}

fn table(keys: &[KeyInfo]) -> String {
    let now = crate::clock::SystemClock.now();
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["id", "name", "role", "created", "last used", "state"]);
    for key in keys {
        let shown = Shown::of(key, None);
        table.add_row([
            shown.id,
            shown.name,
            shown.role.to_owned(),
            shown.created_at.map_or_else(|| "–".to_owned(), date),
            shown.used_at.map_or_else(|| "–".to_owned(), |at| ago(at, now)),
            shown.state.to_owned(),
        ]);
    }
    match keys.is_empty() {
        true => "There are no keys yet: the next `rapport serve` makes some and shows them.".to_owned(),
        false => table.to_string(),
    }
}
