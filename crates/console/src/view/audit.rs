//! Who did what, and who looked at whom? The audit list.

use super::{Frame, Section, filters, page};
use crate::Icon;
use primitives::Timestamp;

/// The audit list, `/audit?of=&before=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What is shown.
    pub of: AuditFilter,
    /// The entries, newest first.
    pub rows: Vec<AuditRow>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// For how many days entries are kept.
    pub keep_days: u64,
}
page!(AuditPage, Some(Section::Audit));

/// Which entries are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditFilter {
    /// All.
    #[default]
    All,
    /// Who signed in, and who tried to.
    SignIns,
    /// Who opened which customer.
    Customers,
    /// Who trained models and put them in force.
    Models,
    /// Who brought files in, and took them out again.
    Imports,
    /// Who declared what.
    Declared,
    /// Who made and revoked keys.
    Keys,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// When it was.
    pub at: Timestamp,
    /// Who it was: a key's name, or what stands for nobody's key.
    pub who: String,
    /// The role of their key.
    pub role: Option<String>,
    /// What was done, in words.
    pub what: String,
    /// Whether something was refused.
    pub is_refusal: bool,
    /// What it is known by: an icon.
    pub icon: Icon,
    /// To what.
    pub subject: String,
    /// The address of a page about it.
    pub href: Option<String>,
    /// From which address.
    pub address: Option<String>,
}

impl AuditFilter {
    /// The filter by its name in the address; anything else is [`AuditFilter::All`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().map(|(filter, _)| filter).find(|filter| filter.name() == name).unwrap_or_default()
    }

    /// The name in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::SignIns => "sign-ins",
            Self::Customers => "customers",
            Self::Models => "models",
            Self::Imports => "imports",
            Self::Declared => "declared",
            Self::Keys => "keys",
        }
    }

    /// Every filter with its heading, in the order in which they are shown.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::All, "All"),
        (Self::SignIns, "Sign-ins"),
        (Self::Customers, "Customers"),
        (Self::Models, "Models"),
        (Self::Imports, "Imports"),
        (Self::Declared, "Declared"),
        (Self::Keys, "Keys"),
    ];
}
