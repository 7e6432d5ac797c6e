//! What does it look like on the wire what came of a decision?

use engine::Came;
use features::Worth;
use primitives::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What was told of one action or item of an answer, each the last time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CameReply {
    /// Which; null where it was not said, and the first is meant.
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dismissed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    converted_at: Option<String>,
    /// What it was worth, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl From<Came> for CameReply {
    fn from(Came { of, contact }: Came) -> Self {
        let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let (value, currency) = match contact.worth {
            Some(Worth::In(money)) => (Some(money.to_major()), Some(money.currency.to_string())),
            Some(Worth::Bare(value)) => (Some(value), None),
            None => (None, None),
        };
        Self {
            id: of,
            shown_at: at(contact.shown_at),
            clicked_at: at(contact.clicked_at),
            dismissed_at: at(contact.dismissed_at),
            converted_at: at(contact.converted_at),
            value,
            currency,
        }
    }
}
