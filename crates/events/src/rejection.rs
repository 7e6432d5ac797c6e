//! Why was an event not accepted?

use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why one event was not accepted: which field, what is wrong with it, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The class of reason, for counting and for programs.
    pub code: RejectionCode,
    /// Where in the event, as a JSON pointer such as `/properties/price`; empty for the event as a whole.
    pub field: String,
    /// One sentence for people: what is wrong, with the value, and what to send in its place.
    pub message: String,
}

/// The classes of reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not JSON, or not a JSON object.
    Malformed,
    /// Larger than an event may be.
    TooLarge,
    /// A required field is absent or empty.
    MissingField,
    /// A field has the wrong JSON type.
    WrongType,
    /// A field has the right type and an impossible value.
    BadValue,
    /// The call is not one that exists.
    UnknownType,
    /// The sender may not send this.
    NotAllowed,
}

impl RejectionCode {
    /// The name on the wire and in metrics, such as `missing_field`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::UnknownType => "unknown_type",
            Self::NotAllowed => "not_allowed",
        }
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rejected event as it is kept for the live inspector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was rejected.
    pub rejection: Rejection,
    /// What was sent, cut to a bounded length.
    pub payload: String,
}
