//! How are keys kept between starts? As hashes with their names, in a file that several programs may change in turn.

use super::secret::{Hash, hex, unhex};
use crate::error::ServerError;
use governance::Role;
use primitives::{ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file in the data directory.
const FILE: &str = "keys.json";
/// Held by whoever changes it.
const LOCK: &str = "keys.lock";
/// The version of the file that this program writes. Version 1 had one key a role, and no number.
const VERSION: u8 = 2;
/// How many keys there may be, revoked ones included; the oldest revoked ones are forgotten first.
const N_KEYS_MAX: usize = 1_000;

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredKey {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) role: Role,
    /// The hexadecimal SHA-256 of the key.
    pub(super) sha256: String,
    /// `None` where it was made before this was written down.
    pub(super) created_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    /// Made at the first start: a preset key of the role takes its place.
    pub(super) is_first: bool,
}

/// All keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    v: u8,
    pub(super) keys: Vec<StoredKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    /// Role to the hexadecimal SHA-256 of its key.
    sha256: BTreeMap<Role, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnyVersion {
    Present(KeyFile),
    First(Version1),
}

/// What tells whether the file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl StoredKey {
    /// A new key from its secret; its id is the beginning of its hash.
    pub(super) fn new(name: String, role: Role, hash: &Hash, created_at: Option<Timestamp>, is_first: bool) -> Self {
        let sha256 = hex(hash);
        let id = format!("k_{}", &sha256[..10]);
        Self { id, name, role, sha256, created_at, revoked_at: None, is_first }
    }

    pub(super) fn hash(&self) -> Option<Hash> {
        unhex(&self.sha256)
    }
}

impl Default for KeyFile {
    fn default() -> Self {
        Self { v: VERSION, keys: Vec::new() }
    }
}

impl From<Version1> for KeyFile {
    fn from(old: Version1) -> Self {
        let key = |(role, sha256): (Role, String)| {
            let hash = unhex(&sha256)?;
            Some(StoredKey::new(first_name(role), role, &hash, None, true))
        };
        Self { v: VERSION, keys: old.sha256.into_iter().filter_map(key).collect() }
    }
}

/// What the key of a role that was made at the first start is called.
pub(super) fn first_name(role: Role) -> String {
    format!("first {role} key")
}

/// The keys of a data directory; none where there is no file.
pub(super) fn read(data: &Path) -> Result<KeyFile, ServerError> {
    let path = data.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(KeyFile::default()),
        Err(error) => return Err(ServerError::io(format!("cannot read {}", path.display()))(error)),
    };
    let file = match serde_json::from_slice(&bytes) {
        Ok(AnyVersion::Present(file)) if file.v == VERSION => file,
        Ok(AnyVersion::First(old)) if old.sha256.values().all(|hash| unhex(hash).is_some()) => KeyFile::from(old),
        _ => return Err(damaged(&path, &bytes)),
    };
    if file.keys.iter().any(|key| key.hash().is_none()) {
        return Err(damaged(&path, &bytes));
    }
    Ok(file)
}

/// Changes the keys of a data directory. Who else wants to meanwhile waits.
pub(super) fn change<T>(
    data: &Path,
    change: impl FnOnce(&mut KeyFile) -> Result<T, ServerError>,
) -> Result<T, ServerError> {
    let path = data.join(LOCK);
    let cannot =
        || ServerError::io(format!("cannot lock {}: check that the directory can be written to", path.display()));
    storage::create_directory(data).map_err(cannot())?;
    let lock = storage::create_file(&path).map_err(cannot())?;
    lock.lock().map_err(cannot())?;
    let mut file = read(data)?;
    let done = change(&mut file)?;
    forget_oldest(&mut file);
    if file.keys.len() > N_KEYS_MAX {
        let message = format!("there are {N_KEYS_MAX} keys already: revoke one that is not needed any more");
        return Err(ServerError::new(ErrorKind::Conflict, message));
    }
    store(data, &file)?;
    Ok(done)
}

/// What tells whether the file was changed; `None` where there is none.
pub(super) fn print(data: &Path) -> Option<Print> {
    let found: Metadata = std::fs::metadata(data.join(FILE)).ok()?;
    Some(Print {
        inode: found.ino(),
        bytes: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

fn forget_oldest(file: &mut KeyFile) {
    let n_surplus = file.keys.len().saturating_sub(N_KEYS_MAX);
    for _ in 0..n_surplus {
        let revoked = file.keys.iter().enumerate().filter_map(|(i, key)| Some((key.revoked_at?, i)));
        if let Some((_, oldest)) = revoked.min() {
            file.keys.remove(oldest);
        }
    }
}

fn damaged(path: &Path, bytes: &[u8]) -> ServerError {
    #[derive(Deserialize)]
    struct Numbered {
        v: u8,
    }
    let path = path.display();
    let message = match serde_json::from_slice(bytes) {
        Ok(Numbered { v }) if v > VERSION => {
            format!("{path} has version {v}, this program reads up to version {VERSION}: use the newer program")
        }
        _ => format!("{path} is damaged: remove it, and new keys are created at the next start"),
    };
    ServerError::new(ErrorKind::Corrupt, message)
}

fn store(data: &Path, file: &KeyFile) -> Result<(), ServerError> {
    let text = serde_json::to_vec_pretty(file)
        .map_err(|error| ServerError::new(ErrorKind::Internal, format!("{FILE} cannot be written: {error}")))?;
    replace(&data.join(FILE), &text)
}

/// Puts a file in the place of another, as a whole or not at all.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), ServerError> {
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let write = || {
        let mut temporary = tempfile::NamedTempFile::new_in(&directory)?;
        temporary.write_all(content)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        File::open(&directory)?.sync_all()
    };
    write().map_err(ServerError::io(format!(
        "cannot write {}: check that the directory can be written to",
        path.display()
    )))
}
