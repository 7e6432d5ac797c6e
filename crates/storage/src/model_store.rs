//! How are models kept? [`ModelStore`] as files.

use crate::error::io_advice;
use crate::files::{TEMP_PREFIX, create_directory, read_file, write_durably};
use learning::{ModelStore, ModelStoreError};
use primitives::ErrorKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The version of the champions' file.
const CHAMPIONS_VERSION: u8 = 1;
/// The largest file of champions.
const CHAMPIONS_BYTES_MAX: u64 = 64 << 10;
/// The largest file of a model.
const MODEL_BYTES_MAX: u64 = 8 << 30;
/// The longest name of a model.
const NAME_LEN_MAX: usize = 64;

/// Models as files of a directory. Several programs may use it at once: a file appears whole, and content never changes
/// under a name.
#[derive(Debug, Clone)]
pub struct FileModelStore {
    directory: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Champions {
    v: u8,
    champions: Vec<String>,
}

impl FileModelStore {
    /// The models in a directory, which is created when the first one is stored.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn file(&self, sha256: &str) -> Result<PathBuf, ModelStoreError> {
        let is_name = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_name {
            return Ok(self.directory.join(format!("{sha256}.model")));
        }
        let attempt =
            format!("\"{}\" is not a model file: give the 64 hexadecimal digits of its SHA-256", sha256.escape_debug());
        Err(ModelStoreError { attempt, kind: ErrorKind::Invalid, source: None })
    }

    fn champions_file(&self, model: &str) -> Result<PathBuf, ModelStoreError> {
        let is_name = (1..=NAME_LEN_MAX).contains(&model.len())
            && model
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
        if is_name {
            return Ok(self.directory.join("champions").join(format!("{model}.json")));
        }
        let attempt = format!(
            "\"{}\" is not the name of a model: use up to {NAME_LEN_MAX} of a-z, 0-9, - and _",
            model.escape_debug()
        );
        Err(ModelStoreError { attempt, kind: ErrorKind::Invalid, source: None })
    }
}

impl FileModelStore {
    /// The models whose champions are named.
    ///
    /// # Errors
    /// [`ModelStoreError`] where they cannot be listed.
    pub(crate) fn crowned(&self) -> Result<Vec<String>, ModelStoreError> {
        let named = self.names_in(&self.directory.join("champions"))?;
        Ok(named.into_iter().filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect())
    }

    /// The names of the files that are written whole, in order; none where there is no such directory.
    fn names_in(&self, directory: &Path) -> Result<Vec<String>, ModelStoreError> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("listing the models", source)),
        };
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        let names: io::Result<Vec<String>> = entries.map(name).collect();
        let mut names = names.map_err(|source| failed("listing the models", source))?;
        names.retain(|name| !name.starts_with(TEMP_PREFIX));
        names.sort();
        Ok(names)
    }
}

impl ModelStore for FileModelStore {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        let sha256 = digest(file);
        let path = self.file(&sha256)?;
        // A file that is there and damaged is replaced by what it should be.
        if self.get(&sha256).is_err() {
            create_directory(&self.directory)
                .and_then(|()| write_durably(&path, file))
                .map_err(|source| failed(&format!("storing the model {sha256}"), source))?;
        }
        Ok(sha256)
    }

    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError> {
        let path = self.file(sha256)?;
        let read = read_file(&path, MODEL_BYTES_MAX);
        let content = read.map_err(|source| unread(&format!("reading the model {sha256}"), &path, source))?;
        if digest(&content) == sha256 {
            return Ok(content);
        }
        let attempt =
            format!("the model file {} is damaged: train the model again, or restore the file", path.display());
        Err(ModelStoreError { attempt, kind: ErrorKind::Corrupt, source: None })
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        let named = self.names_in(&self.directory)?;
        Ok(named.into_iter().filter_map(|name| name.strip_suffix(".model").map(str::to_owned)).collect())
    }

    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError> {
        let path = self.champions_file(model)?;
        let content = match read_file(&path, CHAMPIONS_BYTES_MAX) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(unread(&format!("reading the champions of \"{model}\""), &path, source)),
        };
        let damaged = |attempt: String, source| ModelStoreError { attempt, kind: ErrorKind::Corrupt, source };
        match serde_json::from_slice::<Champions>(&content) {
            Ok(found) if found.v <= CHAMPIONS_VERSION => Ok(found.champions),
            Ok(found) => Err(damaged(
                format!(
                    "{} has version {}, this program reads up to {CHAMPIONS_VERSION}: use the newer program",
                    path.display(),
                    found.v
                ),
                None,
            )),
            Err(source) => Err(damaged(
                format!("{} is damaged: remove it and choose a champion again", path.display()),
                Some(Box::new(source)),
            )),
        }
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        let path = self.champions_file(model)?;
        let record = Champions { v: CHAMPIONS_VERSION, champions: champions.to_vec() };
        let attempt = format!("storing the champions of \"{model}\"");
        let content = serde_json::to_vec_pretty(&record).map_err(|source| failed(&attempt, source.into()))?;
        create_directory(&self.directory)
            .and_then(|()| create_directory(&self.directory.join("champions")))
            .and_then(|()| write_durably(&path, &content))
            .map_err(|source| failed(&attempt, source))
    }
}

fn digest(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// A digest as text.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Of what cannot be what is meant to be there it is said which file it is.
fn unread(attempt: &str, path: &Path, source: io::Error) -> ModelStoreError {
    if source.kind() != io::ErrorKind::InvalidData {
        return failed(attempt, source);
    }
    let attempt = format!("{attempt} failed, since {} is none: take it away", path.display());
    ModelStoreError { attempt, kind: ErrorKind::Corrupt, source: Some(Box::new(source)) }
}

fn failed(attempt: &str, source: io::Error) -> ModelStoreError {
    let (kind, action) = io_advice(&source);
    ModelStoreError { attempt: format!("{attempt} failed: {action}"), kind, source: Some(Box::new(source)) }
}
