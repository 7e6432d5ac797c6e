//! Where are models kept in tests? In memory, under the same contract as on disk.

use crate::{ModelStore, ModelStoreError};
use primitives::ErrorKind;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A model store that forgets everything with the process.
#[derive(Debug, Default)]
pub struct MemoryModelStore(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    files: BTreeMap<String, Vec<u8>>,
    champions: BTreeMap<String, Vec<String>>,
}

/// The name of a model file: the hexadecimal SHA-256 of its bytes.
#[must_use]
pub fn file_name(file: &[u8]) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl MemoryModelStore {
    /// Overwrites a file's bytes without renaming it, as a failing disk would.
    pub fn damage(&self, sha256: &str, bytes: Vec<u8>) {
        self.kept().files.insert(sha256.to_owned(), bytes);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelStore for MemoryModelStore {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        let name = file_name(file);
        self.kept().files.insert(name.clone(), file.to_vec());
        Ok(name)
    }

    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError> {
        let error = |attempt: String, kind| ModelStoreError { attempt, kind, source: None };
        let found = self.kept().files.get(sha256).cloned();
        let file = found.ok_or_else(|| error(format!("there is no model file {sha256}"), ErrorKind::NotFound))?;
        if file_name(&file) == sha256 {
            return Ok(file);
        }
        Err(error(format!("the model file {sha256} is damaged: train the model again"), ErrorKind::Corrupt))
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        Ok(self.kept().files.keys().cloned().collect())
    }

    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError> {
        Ok(self.kept().champions.get(model).cloned().unwrap_or_default())
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        self.kept().champions.insert(model.to_owned(), champions.to_vec());
        Ok(())
    }
}
