//! Which models are there?

use serde::{Deserialize, Serialize};
use std::fmt;

/// A thing to be learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Which items a customer buys next.
    Recommend,
    /// How likely it is that a customer does not come back.
    Churn,
}

impl ModelKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Recommend, Self::Churn];

    /// Its name in commands, addresses, settings and the model store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommend => "recommend",
            Self::Churn => "churn",
        }
    }

    /// The kind of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
