//! What is asked for?

use crate::{Arm, KindName, Parameters};
use primitives::{AnonymousId, CustomerId, Timestamp};
use profiles::Identifier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is to be decided.
    pub kind: KindName,
    /// About whom: the resolved customer, or the one an unknown name would found.
    pub customer: CustomerId,
    /// The moment as of which it is decided.
    pub as_of: Timestamp,
    /// What else was said, by the names of the kind's parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: Parameters,
    /// Where it will be shown; logged, and for later policies to use.
    #[serde(default, skip_serializing_if = "events::Fields::is_empty")]
    pub context: events::Fields,
    /// In which arm of the holdout the customer is; `None` where nobody is held out of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<Arm>,
}

impl Question {
    /// Whether nobody was named, or only who was erased.
    #[must_use]
    pub fn is_of_nobody(&self) -> bool {
        self.customer == nobody().customer_id()
    }

    /// The channel that it is asked for, where one was named.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        self.parameters.get("channel").and_then(serde_json::Value::as_str)
    }
}

/// In whose name it is decided where nobody is named, and for those who were erased: no event has it.
#[must_use]
pub fn nobody() -> Identifier {
    Identifier::Anonymous(AnonymousId::from(""))
}
