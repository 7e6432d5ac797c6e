//! What is still missing to train? For the console, and for the error that says so.

use serde::Serialize;

/// How to get more purchases.
pub(crate) const MORE: &str = "import older purchases or keep sending `Order Completed` events";
/// What only time brings.
pub(crate) const WAIT: &str = "import older events or wait while they come in";

/// Something that training needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// What: `customers with two purchases or more`.
    pub what: String,
    /// How much is needed.
    pub need: u64,
    /// How much there is.
    pub have: u64,
    /// How to get more of it.
    pub how: String,
    /// Whether there is enough.
    pub met: bool,
}

impl Need {
    pub(crate) fn new(what: impl Into<String>, need: u64, have: u64, how: impl Into<String>) -> Self {
        Self { what: what.into(), need, have, how: how.into(), met: have >= need }
    }
}
