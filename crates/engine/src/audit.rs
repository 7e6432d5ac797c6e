//! How is it written down who did what? Handed over, and nobody waits for it.

use crate::Engine;
use decisions::Record;
use governance::{Actor, AuditEntry, Deed, Role};
use std::net::IpAddr;
use std::sync::Arc;

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

    /// Whether it is somebody who looks, and not one of the company's services.
    #[must_use]
    pub fn is_person(&self) -> bool {
        !matches!(self.actor, Actor::Key { role: Role::Server | Role::Write, .. })
    }
}

/// Writes down who did what.
#[derive(Clone)]
pub struct AuditTrail(Arc<Engine>);

impl AuditTrail {
    /// The audit list of an engine, by its clock.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self(engine)
    }

    /// Writes down what was done to what. Waits for nothing; where even the queue is full, the log says so.
    pub fn note(&self, deed: Deed, by: &By, subject: impl Into<String>) {
        let (at, subject) = (self.0.clock().now(), subject.into());
        let entry = AuditEntry { at, deed, actor: by.actor.clone(), address: by.address, subject };
        if let Err(error) = self.0.ports().audit.add(&entry) {
            tracing::error!(deed = deed.name(), error = error.story(), "the audit list lacks an entry");
        }
    }

    /// Writes down that a decision was looked at, where it holds what was known of its customer.
    pub fn note_decision(&self, by: &By, record: &Record) {
        if record.holds_knowledge() {
            self.note(Deed::CustomerOpened, by, record.question.customer.as_str());
        }
    }
}
