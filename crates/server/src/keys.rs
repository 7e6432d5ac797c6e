//! Which keys are there, and whose is this one?
//!
//! Keys are 256 random bits, so their SHA-256 is stored and nothing slower is needed; they are shown once.

use crate::error::ServerError;
use crate::settings::KeySettings;
use governance::Role;
use primitives::{ErrorKind, Seed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// The keys in force, as SHA-256.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_role: BTreeMap<Role, [u8; 32]>,
    /// What is wrong with preset keys: good enough to try things on this machine, and nowhere else.
    weakness: Option<String>,
}

/// The file in the data directory.
const FILE: &str = "keys.json";

/// A preset key that is shorter can be guessed.
const LENGTH_MIN: usize = 8;

/// The roles that cannot be done without: a key of each is made at the first start.
const FIRST: [Role; 3] = [Role::Write, Role::Server, Role::Admin];

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Role to the hexadecimal SHA-256 of its key.
    sha256: BTreeMap<Role, String>,
}

impl Keys {
    /// The preset keys, and for the other roles those of the data directory.
    ///
    /// # Errors
    /// [`ServerError`] where the file is damaged.
    pub fn load(data: &Path, preset: &KeySettings) -> Result<Self, ServerError> {
        let mut keys = Self::default();
        for (role, hash) in stored(data)?.sha256 {
            keys.by_role.insert(role, unhex(&hash).ok_or_else(|| damaged(data))?);
        }
        for (role, key) in [(Role::Write, &preset.write), (Role::Server, &preset.server), (Role::Admin, &preset.admin)]
        {
            if key.is_empty() {
                continue;
            }
            let hash = sha256(key);
            if key.len() < LENGTH_MIN {
                keys.weakness = Some(format!("the preset keys.{role} is shorter than {LENGTH_MIN} characters"));
            }
            if let Some((other, _)) = keys.by_role.iter().find(|(other, known)| **other != role && **known == hash) {
                keys.weakness = Some(format!("the preset keys.{role} is the {other} key, too"));
            }
            keys.by_role.insert(role, hash);
        }
        Ok(keys)
    }

    /// What is wrong with preset keys, so that they must not be used off this machine.
    #[must_use]
    pub fn weakness(&self) -> Option<&str> {
        self.weakness.as_deref()
    }

    /// Creates a key for every role that has none and stores its hash. The keys themselves are in the answer and nowhere
    /// else: show them.
    ///
    /// # Errors
    /// [`ServerError`] where the file cannot be written.
    pub fn create_missing(&mut self, data: &Path) -> Result<Vec<(Role, String)>, ServerError> {
        let missing: Vec<Role> = FIRST.into_iter().filter(|role| !self.by_role.contains_key(role)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let mut file = stored(data)?;
        let mut created = Vec::new();
        for role in missing {
            let key = format!("rp_{role}_{}", hex(&random_bytes()?));
            let hash = sha256(&key);
            self.by_role.insert(role, hash);
            file.sha256.insert(role, hex(&hash));
            created.push((role, key));
        }
        store(data, &file)?;
        Ok(created)
    }

    /// Whether every role has a key.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        FIRST.iter().all(|role| self.by_role.contains_key(role))
    }

    /// The role of a key, the widest where it was preset for several, or `None`. Takes the same time whichever key it is.
    #[must_use]
    pub fn role_of(&self, key: &str) -> Option<Role> {
        let hash = sha256(key);
        let mut found = None;
        for (role, known) in &self.by_role {
            let difference = known.iter().zip(hash).fold(0_u8, |difference, (a, b)| difference | (a ^ b));
            if difference == 0 {
                found = Some(*role);
            }
        }
        found
    }
}

/// A seed from the operating system's randomness.
///
/// # Errors
/// [`ServerError`] where the operating system gives none.
pub fn random_seed() -> Result<Seed, ServerError> {
    let bytes = random_bytes()?;
    let mut word = [0_u8; 8];
    word.copy_from_slice(&bytes[..8]);
    Ok(Seed::new(u64::from_le_bytes(word)))
}

/// A token nobody can guess, for a console session.
///
/// # Errors
/// [`ServerError`] where the operating system gives no randomness.
pub fn random_token() -> Result<String, ServerError> {
    Ok(hex(&random_bytes()?))
}

/// The SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&sha256(text))
}

fn random_bytes() -> Result<[u8; 32], ServerError> {
    let mut bytes = [0_u8; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(ServerError::io("cannot read random numbers from /dev/urandom"))?;
    Ok(bytes)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn stored(data: &Path) -> Result<Stored, ServerError> {
    let path = data.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| damaged(data)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Stored::default()),
        Err(error) => Err(ServerError::io(format!("cannot read {}", path.display()))(error)),
    }
}

fn damaged(data: &Path) -> ServerError {
    let path = data.join(FILE);
    let message = format!("{} is damaged: remove it, and new keys are created at the next start", path.display());
    ServerError::new(ErrorKind::Corrupt, message)
}

fn store(data: &Path, file: &Stored) -> Result<(), ServerError> {
    let path = data.join(FILE);
    let write = || {
        let mut temporary = tempfile::NamedTempFile::new_in(data)?;
        temporary.write_all(&serde_json::to_vec_pretty(file)?)?;
        temporary.as_file().sync_all()?;
        temporary.persist(&path).map_err(|error| error.error)?;
        File::open(data)?.sync_all()
    };
    write().map_err(ServerError::io(format!(
        "cannot write {}: check that the directory can be written to",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_created_once_and_known_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let mut keys = Keys::load(data.path(), &KeySettings::default()).unwrap();
        assert!(!keys.are_complete());
        let created = keys.create_missing(data.path()).unwrap();
        assert_eq!(created.len(), 3);
        assert!(keys.create_missing(data.path()).unwrap().is_empty());

        let reopened = Keys::load(data.path(), &KeySettings::default()).unwrap();
        for (role, key) in &created {
            assert_eq!(reopened.role_of(key), Some(*role));
            let file = std::fs::read_to_string(data.path().join(FILE)).unwrap();
            assert!(!file.contains(key), "the key itself is never stored");
        }
        assert_eq!(reopened.role_of("rp_admin_"), None);
    }

    #[test]
    fn a_preset_key_wins_and_is_not_stored() {
        let data = tempfile::tempdir().unwrap();
        let preset = KeySettings { admin: "console-key".to_owned(), ..KeySettings::default() };
        let mut keys = Keys::load(data.path(), &preset).unwrap();
        assert_eq!(keys.create_missing(data.path()).unwrap().len(), 2);
        assert_eq!(keys.role_of("console-key"), Some(Role::Admin));
        assert_eq!(Keys::load(data.path(), &KeySettings::default()).unwrap().role_of("console-key"), None);
    }

    #[test]
    fn weak_keys_are_told_and_damaged_ones_refused() {
        let data = tempfile::tempdir().unwrap();
        let short = KeySettings { write: "abc".to_owned(), ..KeySettings::default() };
        let keys = Keys::load(data.path(), &short).unwrap();
        assert_eq!((keys.role_of("abc"), keys.weakness().is_some()), (Some(Role::Write), true));
        let same = KeySettings { write: "same-key".to_owned(), admin: "same-key".to_owned(), ..KeySettings::default() };
        let keys = Keys::load(data.path(), &same).unwrap();
        assert_eq!((keys.role_of("same-key"), keys.weakness().is_some()), (Some(Role::Admin), true));
        assert!(Keys::load(data.path(), &KeySettings::default()).unwrap().weakness().is_none());
        std::fs::write(data.path().join(FILE), "{").unwrap();
        assert!(Keys::load(data.path(), &KeySettings::default()).expect_err("damaged").to_string().contains(FILE));
    }
}
