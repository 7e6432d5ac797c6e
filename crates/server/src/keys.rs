//! Which keys are there, and whose is this one?
//!
//! Keys are 256 random bits, so their SHA-256 is stored and nothing slower is needed; they are shown once. Several
//! programs may change the file: a server follows it.

mod file;
mod follow;
mod last_use;
mod secret;
mod strength;
#[cfg(test)]
mod tests;

pub use follow::{Follower, KeyChange};
pub(crate) use secret::random_bytes;
pub use secret::{random_seed, random_token, sha256_hex};

use crate::clock::SystemClock;
use crate::error::ServerError;
use crate::settings::KeySettings;
use file::{KeyFile, StoredKey, first_name};
use follow::Watch;
use governance::Role;
use last_use::{LastUse, Uses};
use primitives::{Clock, ErrorKind, Timestamp};
use secret::{Hash, sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The roles that cannot be done without: a key of each is made at the first start.
const FIRST: [Role; 3] = [Role::Write, Role::Server, Role::Admin];
/// How long a key's name may be, in characters.
const NAME_CHARS_MAX: usize = 60;

/// The keys of a data directory, and the preset ones.
#[derive(Debug)]
pub struct Keys {
    data: PathBuf,
    presets: Vec<(Role, Hash)>,
    /// What is wrong with preset keys: good enough to try things on this machine, and nowhere else.
    weakness: Option<String>,
    table: RwLock<Arc<Table>>,
    uses: Uses,
    watch: Mutex<Watch>,
}

/// What is told of a key: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made, where that is known.
    pub created_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// Whether it can be used, and why not.
    pub state: KeyState,
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It can.
    InForce,
    /// It comes from the settings, and can.
    Preset,
    /// A preset key has taken its place.
    Replaced,
    /// It was revoked.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

/// A key that was just made. This is the only time anybody sees it.
#[derive(Debug)]
pub struct NewKey {
    /// What is told of it from now on.
    pub info: KeyInfo,
    /// The key itself.
    pub key: String,
}

/// Whose a key is.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The key's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    last_use: Arc<LastUse>,
}

impl Holder {
    /// A preset key, or one that was made.
    #[cfg(test)]
    pub(crate) fn for_tests(role: Role, is_preset: bool) -> Self {
        let id = if is_preset { preset_id(role) } else { format!("made-{role}") };
        Self { id, name: String::new(), role, last_use: Arc::default() }
    }

    /// Whether people have thought of the key; all others are 256 random bits.
    #[must_use]
    pub fn is_preset(&self) -> bool {
        self.id == preset_id(self.role)
    }
}

/// The key of a role in every demonstration whose settings name none: it is written in the documents.
pub(crate) fn demonstration_key(role: Role) -> String {
    format!("demo-{role}-key")
}

/// Whether a key is one of those that everybody knows.
pub(crate) fn is_of_a_demonstration(key: &str) -> bool {
    FIRST.into_iter().any(|role| demonstration_key(role) == key)
}

/// One state of the keys.
#[derive(Debug, Default)]
struct Table {
    /// Those that can be used. What is looked up is a hash, so how long it takes tells nothing of a key.
    in_force: HashMap<Hash, Holder>,
    stored: Vec<StoredKey>,
}

impl Keys {
    /// The preset keys and those of the data directory.
    ///
    /// # Errors
    /// [`ServerError`] where the file is damaged.
    pub fn load(data: &Path, preset: &KeySettings) -> Result<Self, ServerError> {
        let presets = [(Role::Write, &preset.write), (Role::Server, &preset.server), (Role::Admin, &preset.admin)];
        let presets: Vec<_> = presets.into_iter().filter(|(_, key)| !key.is_empty()).collect();
        let print = file::print(data);
        let keys = Self {
            data: data.to_owned(),
            weakness: weakness_of(&presets),
            presets: presets.into_iter().map(|(role, key)| (role, sha256(key))).collect(),
            table: RwLock::default(),
            uses: Uses::load(data),
            watch: Mutex::new(Watch::new(print)),
        };
        keys.adopt(file::read(data)?);
        Ok(keys)
    }

    /// What is wrong with preset keys, so that they must not be used off this machine.
    #[must_use]
    pub fn weakness(&self) -> Option<&str> {
        self.weakness.as_deref()
    }

    /// Creates a key for every role that cannot be done without and has none. The keys themselves are in the answer and
    /// nowhere else: show them.
    ///
    /// # Errors
    /// [`ServerError`] where the file cannot be written.
    pub fn create_missing(&self) -> Result<Vec<NewKey>, ServerError> {
        let missing = FIRST.into_iter().filter(|role| !self.has(*role));
        missing.map(|role| self.add(&first_name(role), role, true)).collect()
    }

    /// Whether every role that cannot be done without has a key.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        FIRST.iter().all(|role| self.has(*role))
    }

    /// Whose a key is, where it is in force; remembers that it was used. A key that is not known may have been made a
    /// moment ago, so the file may be read.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<Holder> {
        self.known(key).or_else(|| self.look_again().then(|| self.known(key)).flatten())
    }

    /// [`Keys::find`], as far as the file was read: nobody waits for the disk.
    #[must_use]
    pub fn known(&self, key: &str) -> Option<Holder> {
        let found = self.table().in_force.get(&sha256(key)).cloned()?;
        found.last_use.mark(SystemClock.now());
        Some(found)
    }

    /// The role of a key, or `None`.
    #[must_use]
    pub fn role_of(&self, key: &str) -> Option<Role> {
        self.find(key).map(|holder| holder.role)
    }

    /// Whose a key is, by its id, where it is in force.
    #[must_use]
    pub fn holder(&self, id: &str) -> Option<Holder> {
        self.table().in_force.values().find(|holder| holder.id == id).cloned()
    }

    /// Every key: preset ones, then those in force, newest first, then those that cannot be used any more.
    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        let table = self.table();
        let mut found: Vec<KeyInfo> = self.presets.iter().map(|(role, _)| self.preset_info(*role)).collect();
        found.extend(table.stored.iter().map(|key| self.info(key)));
        found.sort_by_key(|info| {
            let rank = match info.state {
                KeyState::Preset => 0,
                KeyState::InForce => 1,
                KeyState::Replaced => 2,
                KeyState::Revoked { .. } => 3,
            };
            (rank, std::cmp::Reverse(info.created_at), std::cmp::Reverse(info.role))
        });
        found
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`ServerError`]: the name cannot be used or is taken, the file cannot be written.
    pub fn create(&self, name: &str, role: Role) -> Result<NewKey, ServerError> {
        let name = name.trim();
        let is_plain = !name.is_empty() && !name.chars().any(is_unseen) && name.chars().count() <= NAME_CHARS_MAX;
        if !is_plain {
            let message =
                format!("a key needs a name of 1 to {NAME_CHARS_MAX} visible characters: say who or what uses it");
            return Err(ServerError::new(ErrorKind::Invalid, message));
        }
        self.add(name, role, false)
    }

    /// Revokes a key, by its id or its name: it cannot be used any more, and its sessions end.
    ///
    /// # Errors
    /// [`ServerError`]: there is no such key, it is the last admin key, it is preset, the file cannot be written.
    pub fn revoke(&self, name_or_id: &str) -> Result<KeyInfo, ServerError> {
        if self.presets.iter().any(|(role, _)| preset_id(*role) == name_or_id) {
            let message = "a preset key is revoked where it was set: take it out of the settings and start again";
            return Err(ServerError::new(ErrorKind::Invalid, message));
        }
        let has_preset_admin = self.presets.iter().any(|(role, _)| *role == Role::Admin);
        let revoked = self.change(|keys| {
            let n_admins = keys.iter().filter(|key| key.role == Role::Admin && key.revoked_at.is_none()).count();
            let found = keys
                .iter_mut()
                .find(|key| key.revoked_at.is_none() && (key.id == name_or_id || key.name == name_or_id));
            let Some(key) = found else { return Err(no_such_key(name_or_id)) };
            if key.role == Role::Admin && n_admins == 1 && !has_preset_admin {
                let message = "this is the last admin key: make another one first, or nobody could get in any more";
                return Err(ServerError::new(ErrorKind::Conflict, message));
            }
            key.revoked_at = Some(SystemClock.now());
            Ok(key.clone())
        })?;
        Ok(self.info(&revoked))
    }

    /// Writes down when keys were last used.
    ///
    /// # Errors
    /// [`ServerError`] where the file cannot be written.
    pub fn store_use(&self) -> Result<(), ServerError> {
        self.uses.store(&self.data)
    }

    fn add(&self, name: &str, role: Role, is_first: bool) -> Result<NewKey, ServerError> {
        let key = format!("rp_{role}_{}", random_token()?);
        let new = StoredKey::new(name.to_owned(), role, &sha256(&key), Some(SystemClock.now()), is_first);
        let added = self.change(|keys| {
            if keys.iter().any(|known| known.revoked_at.is_none() && known.name == new.name) {
                let message =
                    format!("there is a key \"{}\" already: choose another name, or revoke that one", new.name);
                return Err(ServerError::new(ErrorKind::Conflict, message));
            }
            keys.push(new.clone());
            Ok(new)
        })?;
        Ok(NewKey { info: self.info(&added), key })
    }

    fn has(&self, role: Role) -> bool {
        self.table().in_force.values().any(|holder| holder.role == role)
    }

    fn table(&self) -> Arc<Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what the file says.
    fn adopt(&self, file: KeyFile) {
        let mut in_force = HashMap::new();
        let holder = |id: String, name: String, role| {
            let last_use = self.uses.of(&id);
            Holder { id, name, role, last_use }
        };
        for key in file.keys.iter().filter(|key| self.state(key) == KeyState::InForce) {
            if let Some(hash) = key.hash() {
                in_force.insert(hash, holder(key.id.clone(), key.name.clone(), key.role));
            }
        }
        // The widest role last: it counts where one key was preset for several.
        for (role, hash) in &self.presets {
            in_force.insert(*hash, holder(preset_id(*role), preset_name(*role), *role));
        }
        let table = Arc::new(Table { in_force, stored: file.keys });
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    fn state(&self, key: &StoredKey) -> KeyState {
        match key.revoked_at {
            Some(at) => KeyState::Revoked { at },
            None if key.is_first && self.presets.iter().any(|(role, _)| *role == key.role) => KeyState::Replaced,
            None => KeyState::InForce,
        }
    }

    fn info(&self, key: &StoredKey) -> KeyInfo {
        KeyInfo {
            id: key.id.clone(),
            name: key.name.clone(),
            role: key.role,
            created_at: key.created_at,
            used_at: self.uses.of(&key.id).at(),
            state: self.state(key),
        }
    }

    fn preset_info(&self, role: Role) -> KeyInfo {
        let id = preset_id(role);
        let used_at = self.uses.of(&id).at();
        KeyInfo { id, name: preset_name(role), role, created_at: None, used_at, state: KeyState::Preset }
    }
}

fn weakness_of(presets: &[(Role, &String)]) -> Option<String> {
    let weak =
        presets.iter().find_map(|(role, key)| Some(format!("the preset keys.{role} {}", strength::weakness(key)?)));
    let twice = || {
        presets.iter().enumerate().find_map(|(i, (role, key))| {
            let (other, _) = presets[..i].iter().find(|(_, known)| known == key)?;
            Some(format!("the preset keys.{role} is the {other} key, too"))
        })
    };
    weak.or_else(twice)
}

fn preset_id(role: Role) -> String {
    format!("preset-{role}")
}

fn preset_name(role: Role) -> String {
    format!("preset {role} key")
}

/// Whether a character cannot be seen, or changes how others are shown.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn no_such_key(name_or_id: &str) -> ServerError {
    let shown: String = name_or_id.chars().take(NAME_CHARS_MAX).filter(|c| !is_unseen(*c)).collect();
    let message = format!("there is no key \"{shown}\" in force: `rapport keys list` shows all with their ids");
    ServerError::new(ErrorKind::NotFound, message)
}
