//! Which weights does an experiment have for somebody?

use crate::context::Context;
use crate::payload::{Leaf, Payload, Rule};

/// The weights of the first context that somebody is in; the experiment's own, as leaf −1, where they are in none. `None` where
/// the rule names no such list: it is an experiment like any other.
pub(crate) fn leaf(payload: &Payload, context: &Context, rule: &Rule) -> Option<Leaf> {
    rule.contextual_variations.as_ref()?;
    let bandit = payload.contextual_bandits.get(rule.contextual_bandit_ref.as_ref()?)?;
    let is_in = |condition| payload.holds(condition, &context.attributes);
    let found = bandit.contexts.iter().find(|context| is_in(&context.condition));
    let own = || rule.experiment.weights.clone().unwrap_or_default();
    Some(Leaf {
        leaf_id: found.map_or(-1, |context| context.leaf_id),
        variation_weights: found.map_or_else(own, |context| context.weights.clone()),
        bandit_version: bandit.bandit_version.clone(),
    })
}
