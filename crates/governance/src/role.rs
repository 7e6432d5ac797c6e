//! Who may do what? Three roles, each holding the rights of its key.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an API key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May send events, and nothing else: this key is public, it lies in every web page.
    Write,
    /// The company's own services: may also ask for decisions and read customers.
    Server,
    /// The people who run it: everything, the console included.
    Admin,
}

/// Something that needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send events.
    Ingest,
    /// Change the item catalogue.
    WriteCatalogue,
    /// Ask for a decision.
    Decide,
    /// Read customers, events, decisions and models.
    Read,
    /// Train, roll back, and see the console.
    Operate,
}

impl Role {
    /// Every role, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::Write, Self::Server, Self::Admin];

    /// Whether this role may do that.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        match action {
            Action::Ingest => true,
            Action::WriteCatalogue | Action::Decide | Action::Read => self >= Self::Server,
            Action::Operate => self == Self::Admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Write => "write",
            Self::Server => "server",
            Self::Admin => "admin",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_can_only_send_events() {
        let rights = |role: Role| {
            [Action::Ingest, Action::WriteCatalogue, Action::Decide, Action::Read, Action::Operate].map(|a| role.may(a))
        };
        assert_eq!(rights(Role::Write), [true, false, false, false, false]);
        assert_eq!(rights(Role::Server), [true, true, true, true, false]);
        assert_eq!(rights(Role::Admin), [true; 5]);
    }
}
