//! What does an answer with actions look like on the wire?

use decisions::{Actions, ChosenAction, Factors};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was left out, and by which rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum LeftOutReply<'a> {
    /// How many items by rule.
    Items(&'a BTreeMap<String, u64>),
    /// Actions, each with its rule.
    Actions(Vec<LeftOutAction<'a>>),
}

/// An action that was left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeftOutAction<'a> {
    id: &'a str,
    /// The first rule that left it out: `channel`, `schedule`, `asked`, `weight`, `eligible`, `suitable`, `stock`, `value`, `budget`, `outranked`, or `no place` for what is mandatory.
    rule: &'a str,
}

/// An action that is to be done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionReply<'a> {
    id: &'a str,
    /// How likely it was to be chosen for its place, after those before it.
    propensity: f64,
    /// What it is worth to do it.
    priority: f64,
    /// What the priority is made of; null where the customer refused since, and of actions that came with the question.
    factors: Option<FactorsReply>,
    reason: &'a str,
    /// What was declared to be handed out with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

/// What the priority is made of: (propensity × (value × incremental − accepted) − cost) × context × weight × fatigue, less shadowPrice
/// times what it is expected to cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FactorsReply {
    propensity: f64,
    value: f64,
    incremental: f64,
    cost: f64,
    context: f64,
    weight: f64,
    fatigue: f64,
    /// What an offer costs when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<f64>,
    /// What a unit of its budget would bring elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow_price: Option<f64>,
}

impl<'a> LeftOutReply<'a> {
    /// Each action that was left out.
    pub(super) fn of(actions: &'a Actions) -> Self {
        let each = actions.left_out.iter().flat_map(|(rule, names)| names.iter().map(|id| LeftOutAction { id, rule }));
        Self::Actions(each.collect())
    }
}

impl<'a> From<&'a ChosenAction> for ActionReply<'a> {
    fn from(action: &'a ChosenAction) -> Self {
        Self {
            id: &action.id,
            propensity: action.propensity.get(),
            priority: action.priority,
            factors: action.factors.map(FactorsReply::from),
            reason: &action.reason,
            content: Some(&action.content).filter(|content| !content.is_empty()),
        }
    }
}

impl From<Factors> for FactorsReply {
    fn from(factors: Factors) -> Self {
        let Factors { propensity, value, incremental, cost, context, weight, fatigue, accepted, shadow_price } =
            factors;
        let told = |number: f64| (number.to_bits() != 0).then_some(number);
        let (accepted, shadow_price) = (told(accepted), told(shadow_price));
        Self { propensity, value, incremental, cost, context, weight, fatigue, accepted, shadow_price }
    }
}
