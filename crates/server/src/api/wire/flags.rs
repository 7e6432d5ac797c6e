//! What does a flag look like on the wire?

use decisions::FlagAnswer;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What a flag is for a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlagReply<'a> {
    /// Its value, of the type that was declared.
    value: &'a Value,
    /// The variation, where it was drawn in an experiment; null otherwise.
    variation: Option<&'a str>,
    /// Why: `default`, `rule`, `share`, `experiment`, `needs` (another flag is not what it must be first), `off` or `holdout`.
    #[schema(example = "experiment")]
    reason: &'static str,
    /// Which of its rules decided, counted from 1; null where none did.
    rule: Option<usize>,
}

impl<'a> From<&'a FlagAnswer> for FlagReply<'a> {
    fn from(answer: &'a FlagAnswer) -> Self {
        Self {
            value: &answer.value,
            variation: answer.variation.as_deref(),
            reason: answer.reason.name(),
            rule: answer.rule,
        }
    }
}
