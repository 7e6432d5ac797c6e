//! Who did what, and who looked at whom? The words of the audit list.

use crate::Role;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Something that is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Somebody signed in to the console.
    SignIn,
    /// Somebody tried to, with a key that does not open it.
    SignInRefused,
    /// A customer was looked at.
    CustomerOpened,
    /// A model was to be trained, or was.
    Training,
    /// A version was put in force.
    Promotion,
    /// A former champion was put in force again.
    Rollback,
    /// A file of history began to come in.
    Import,
    /// Some of it came in the place of what was known.
    ImportReplaced,
    /// An import was to be taken out again.
    ImportUndone,
    /// A list of customers was saved.
    ListSaved,
    /// A list of customers was removed.
    ListRemoved,
    /// Something was declared, or declared otherwise: an action, an experiment, a flag.
    Declared,
    /// Something that was declared was taken away.
    DeclarationRemoved,
    /// Customers were written to a file.
    CustomersExported,
    /// Somebody said that a customer does not go by one of their names.
    CustomerSeparated,
    /// Somebody wrote down that a customer refuses a use of their data.
    ConsentRefused,
    /// A key was made.
    KeyCreated,
    /// A key was revoked.
    KeyRevoked,
    /// A customer was erased; who it was is not kept.
    CustomerErased,
    /// Events with the names of somebody who was erased are taken again.
    CustomerAllowed,
    /// The settings file was changed, and what it declares was taken over.
    SettingsFollowed,
}

/// Who it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody with a key.
    Key {
        /// The key's id; never the key itself.
        id: String,
        /// Its name.
        name: String,
        /// Its role.
        role: Role,
    },
    /// Anybody on this machine, at a console that is open for a demonstration.
    OpenConsole,
    /// A command on the server's machine.
    Command,
    /// The program itself.
    Schedule,
    /// Nobody knows.
    Unknown,
}

/// One line of the audit list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was.
    pub at: Timestamp,
    /// What was done.
    pub deed: Deed,
    /// By whom.
    pub actor: Actor,
    /// From which address, where it came over the network.
    pub address: Option<IpAddr>,
    /// To what: a customer's id, a model and its version, an import, a key's id and name. Never a key itself.
    pub subject: String,
}

impl Deed {
    /// Everything that is written down.
    pub const ALL: [Self; 21] = [
        Self::SignIn,
        Self::SignInRefused,
        Self::CustomerOpened,
        Self::Training,
        Self::Promotion,
        Self::Rollback,
        Self::Import,
        Self::ImportReplaced,
        Self::ImportUndone,
        Self::ListSaved,
        Self::ListRemoved,
        Self::Declared,
        Self::DeclarationRemoved,
        Self::CustomersExported,
        Self::CustomerSeparated,
        Self::ConsentRefused,
        Self::KeyCreated,
        Self::KeyRevoked,
        Self::CustomerErased,
        Self::CustomerAllowed,
        Self::SettingsFollowed,
    ];

    /// Its name in files and addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInRefused => "sign_in_refused",
            Self::CustomerOpened => "customer_opened",
            Self::Training => "training",
            Self::Promotion => "promotion",
            Self::Rollback => "rollback",
            Self::Import => "import",
            Self::ImportReplaced => "import_replaced",
            Self::ImportUndone => "import_undone",
            Self::ListSaved => "list_saved",
            Self::ListRemoved => "list_removed",
            Self::Declared => "declared",
            Self::DeclarationRemoved => "declaration_removed",
            Self::CustomersExported => "customers_exported",
            Self::CustomerSeparated => "customer_separated",
            Self::ConsentRefused => "consent_refused",
            Self::KeyCreated => "key_created",
            Self::KeyRevoked => "key_revoked",
            Self::CustomerErased => "customer_erased",
            Self::CustomerAllowed => "customer_allowed",
            Self::SettingsFollowed => "settings_followed",
        }
    }

    /// The deed of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_written_as_it_is_read() {
        for deed in Deed::ALL {
            assert_eq!(Deed::from_name(deed.name()), Some(deed));
        }
        assert_eq!(Deed::from_name("SignIn"), None);
    }
}
