//! What does a backup say of erasures that go on while it is made?
//!
//! The record of an erasure says what is done already: of the data directory, as it stands now. The database of a backup is of
//! an earlier moment. So a record goes into the backup as it was before the database was copied; and one that came afterwards
//! as one of which nothing is done yet, with everybody whom it concerns.

use super::Copy;
use crate::erased::{Erased, KEY, Record};
use crate::files::write_durably;
use crate::history_files::Offsets;
use crate::{DataDir, StorageError};
use profiles::{ErasureId, ErasureStage};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;

/// The records as they go into a backup.
pub(super) struct Erasures<'a> {
    directory: &'a DataDir,
    records: BTreeMap<ErasureId, Record>,
}

impl<'a> Erasures<'a> {
    /// Before the database is copied.
    pub(super) fn before(directory: &'a DataDir) -> Result<Self, StorageError> {
        Ok(Self { directory, records: Erased::read(directory)?.records })
    }

    /// Looks again, while whom a new one concerns is still said.
    pub(super) fn look(&mut self) -> Result<(), StorageError> {
        for (id, mut record) in Erased::read(self.directory)?.records {
            let is_over = record.who.is_none();
            if is_over && !self.records.contains_key(&id) {
                return Err(StorageError::BackupErasure { id: id.as_str().to_owned() });
            }
            record.stage = ErasureStage::default();
            self.records.entry(id).or_insert(record);
        }
        Ok(())
    }

    /// The places of the log that they empty.
    pub(super) fn offsets(&self) -> Offsets {
        Offsets::of(self.records.values().flat_map(|record| record.offsets().ranges().to_vec()))
    }

    /// Writes them into the backup, with their secret.
    pub(super) fn write(&self, copy: &mut Copy<'_>) -> Result<(), StorageError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let place = self.directory.erased();
        copy.copy(&place.join(KEY))?;
        for (id, record) in &self.records {
            let (name, target) = copy.target(&place.join(format!("{id}.json")))?;
            let failed = |source| StorageError::file("copying", &target, source);
            let content = serde_json::to_vec(record).map_err(io::Error::from).map_err(failed)?;
            write_durably(&target, &content).map_err(failed)?;
            copy.add(name, content.len() as u64, &Sha256::digest(&content));
        }
        Ok(())
    }
}
