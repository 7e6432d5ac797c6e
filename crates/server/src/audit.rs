//! How is it written down who did what? Handed to the database, which nobody waits for.

use crate::clock::SystemClock;
use crate::engine::Engine;
use crate::keys::Holder;
use decisions::Record;
use governance::{Actor, AuditEntry, Deed, Role};
use primitives::{Clock, Timestamp};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use storage::{Access, DataDir, Storage, StorageSettings};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who it is.
    pub actor: Actor,
    /// From which address, where it comes over the network.
    pub address: Option<IpAddr>,
}

impl By {
    /// The program itself.
    pub const SCHEDULE: Self = Self { actor: Actor::Schedule, address: None };
    /// A command on the server's machine.
    pub const COMMAND: Self = Self { actor: Actor::Command, address: None };
}

impl By {
    /// Whether it is somebody who looks, and not one of the company's services.
    #[must_use]
    pub fn is_person(&self) -> bool {
        !matches!(self.actor, Actor::Key { role: Role::Server | Role::Write, .. })
    }
}

impl From<&Holder> for Actor {
    fn from(holder: &Holder) -> Self {
        Self::Key { id: holder.id.clone(), name: holder.name.clone(), role: holder.role }
    }
}

/// Writes down who did what.
#[derive(Clone)]
pub struct AuditTrail {
    storage: Arc<Storage>,
    engine: Arc<Engine>,
}

impl AuditTrail {
    /// The audit list of a data directory, by the engine's clock.
    #[must_use]
    pub fn new(storage: Arc<Storage>, engine: Arc<Engine>) -> Self {
        Self { storage, engine }
    }

    /// Writes down what was done to what. Waits for nothing; where even the queue is full, the log says so.
    pub fn note(&self, deed: Deed, by: &By, subject: impl Into<String>) {
        add(&self.storage, entry(self.engine.clock().now(), deed, by, subject.into()));
    }

    /// Writes down that a decision was looked at, where it holds what was known of its customer.
    pub fn note_decision(&self, by: &By, record: &Record) {
        if !record.features().is_empty() {
            self.note(Deed::CustomerOpened, by, record.question.customer.as_str());
        }
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
        add(&storage, entry(SystemClock.now(), deed, &By::COMMAND, subject.to_owned()));
    }
}

fn entry(at: Timestamp, deed: Deed, by: &By, subject: String) -> AuditEntry {
    AuditEntry { at, deed, actor: by.actor.clone(), address: by.address, subject }
}

fn add(storage: &Storage, entry: AuditEntry) {
    if let Err(error) = storage.add_audit(&entry) {
        let error = crate::error::ServerError::from(error).story();
        tracing::error!(deed = entry.deed.name(), error, "the audit list lacks an entry");
    }
}
