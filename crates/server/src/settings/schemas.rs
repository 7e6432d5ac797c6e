//! How are events expected to look? As the settings declare it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// A schema as the settings declare it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSchema {
    /// The name of the tracked events, or the call: `identify`.
    pub event: String,
    /// What becomes of events that do not fit.
    #[serde(default)]
    pub on_violation: OnViolation,
    /// The file with the schema; a relative path begins where the settings file lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The schema itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// What becomes of events that do not fit their schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnViolation {
    /// They are accepted, counted and told.
    #[default]
    Flag,
    /// They are rejected with the reason.
    Reject,
}

impl OnViolation {
    /// The name in the settings and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Reject => "reject",
        }
    }
}
