//! Who may do what? Four roles, each holding the rights of its keys.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an API key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May send events, and nothing else: this key is public, it lies in every web page.
    Write,
    /// People who look: sees the console and reads everything in it, and changes nothing.
    Viewer,
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
    /// Save, change and remove lists of customers.
    ManageLists,
    /// Declare actions, experiments and flags, change them and take them away.
    Declare,
    /// Read customers, events, decisions, models and metrics.
    Read,
    /// See the console.
    View,
    /// Erase customers.
    Erase,
    /// Say that names are not one person.
    Separate,
    /// Train, put models in force and roll them back.
    Operate,
    /// Make and revoke keys, and read the audit list.
    Administer,
}

impl Role {
    /// Every role, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::Write, Self::Viewer, Self::Server, Self::Admin];

    /// The role of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Its name in settings, files and addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Viewer => "viewer",
            Self::Server => "server",
            Self::Admin => "admin",
        }
    }

    /// What its keys are for, in words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Write => "clients send events with it; it may be public",
            Self::Viewer => "people look at the console with it, and change nothing",
            Self::Server => "your services ask for decisions with it",
            Self::Admin => "you sign in to the console with it, and may do everything",
        }
    }

    /// Whether this role may do that.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        match action {
            Action::Ingest => matches!(self, Self::Write | Self::Server | Self::Admin),
            Action::WriteCatalogue
            | Action::Decide
            | Action::ManageLists
            | Action::Declare
            | Action::Erase
            | Action::Separate => matches!(self, Self::Server | Self::Admin),
            Action::Read => matches!(self, Self::Viewer | Self::Server | Self::Admin),
            Action::View => matches!(self, Self::Viewer | Self::Admin),
            Action::Operate | Action::Administer => matches!(self, Self::Admin),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Action {
    /// Everything that needs a right.
    pub const ALL: [Self; 11] = [
        Self::Ingest,
        Self::WriteCatalogue,
        Self::Decide,
        Self::ManageLists,
        Self::Declare,
        Self::Read,
        Self::View,
        Self::Erase,
        Self::Separate,
        Self::Operate,
        Self::Administer,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_rights_and_no_other() {
        use Action::{
            Administer, Decide, Declare, Erase, Ingest, ManageLists, Operate, Read, Separate, View, WriteCatalogue,
        };
        for (role, rights) in [
            (Role::Write, &[Ingest][..]),
            (Role::Viewer, &[Read, View]),
            (Role::Server, &[Ingest, WriteCatalogue, Decide, ManageLists, Declare, Read, Erase, Separate]),
            (
                Role::Admin,
                &[
                    Ingest,
                    WriteCatalogue,
                    Decide,
                    ManageLists,
                    Declare,
                    Read,
                    View,
                    Erase,
                    Separate,
                    Operate,
                    Administer,
                ],
            ),
        ] {
            for action in Action::ALL {
                assert_eq!(role.may(action), rights.contains(&action), "{role}: {action:?}");
            }
        }
    }

    #[test]
    fn a_role_is_written_as_it_is_read() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
            assert_eq!(format!("{role:>7}").trim(), role.name());
        }
        assert_eq!((Role::from_name("Admin"), Role::from_name("")), (None, None));
        assert!(Role::ALL.is_sorted());
    }

    #[test]
    fn each_role_says_what_its_keys_are_for() {
        for (role, said) in [
            (Role::Write, "send events"),
            (Role::Viewer, "look at the console"),
            (Role::Server, "ask for decisions"),
            (Role::Admin, "everything"),
        ] {
            assert!(role.meaning().contains(said), "{role}: {}", role.meaning());
        }
    }
}
