//! What does a flag look like on the wire?

use decisions::{FlagAnswer, FlagAnswers};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is told of flags; nothing of other decisions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct FlagsReply<'a> {
    /// What each flag is, where flags were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<BTreeMap<&'a str, FlagReply<'a>>>,
    /// The experiments that were met in it, each with the variation that was drawn: from now on the customer counts for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    experiments: Option<&'a BTreeMap<String, String>>,
}

impl<'a> FlagsReply<'a> {
    pub(super) fn of(answers: &'a FlagAnswers) -> Self {
        let one = |(name, flag): (&'a String, &'a FlagAnswer)| (name.as_str(), FlagReply::from(flag));
        Self { flags: Some(answers.flags.iter().map(one).collect()), experiments: Some(&answers.experiments) }
    }
}

/// What a flag is for a customer.
#[derive(Debug, Serialize, ToSchema)]
struct FlagReply<'a> {
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
