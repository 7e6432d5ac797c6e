//! Who is it that did something, and how does a command write down what it did?

use crate::clock::SystemClock;
use crate::error::ServerError;
use crate::keys::Holder;
use engine::By;
use governance::{Actor, AuditEntry, Deed, Role};
use primitives::Clock;
use std::path::Path;
use storage::{Access, DataDir, Storage, StorageSettings};

impl From<&Holder> for Actor {
    fn from(holder: &Holder) -> Self {
        Self::Key { id: holder.id.clone(), name: holder.name.clone(), role: holder.role }
    }
}

/// What is written of a key: never the key.
#[must_use]
pub fn key_subject(role: Role, name: &str, id: &str) -> String {
    format!("{role} key \"{name}\" ({id})")
}

/// Writes down what a command has done, where no server runs: one that runs sees it by itself and writes it down.
pub(crate) fn note_from_command(data: &Path, deed: Deed, subject: &str) {
    if !data.join("rapport.db").is_file() {
        return;
    }
    let opened =
        DataDir::open(data, Access::Exclusive).and_then(|data| Storage::open(data, StorageSettings::default()));
    if let Ok(storage) = opened {
        let By { actor, address } = By::COMMAND;
        let entry = AuditEntry { at: SystemClock.now(), deed, actor, address, subject: subject.to_owned() };
        if let Err(error) = storage.add_audit(&entry) {
            let error = ServerError::from(error).story();
            tracing::error!(deed = deed.name(), error, "the audit list lacks an entry");
        }
    }
}
