//! What is declared of features and experiments? GrowthBook's form, as its clients load it.

use crate::condition::{SavedGroups, holds_with};
use crate::patterns::Patterns;
use crate::ranges::Range;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Everything that evaluation looks at. Keys that are not known here are kept as they came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Payload {
    /// Features by their keys.
    pub features: BTreeMap<String, Feature>,
    /// Experiments that run by themselves, on pages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    /// Groups that conditions name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub saved_groups: SavedGroups,
    /// Weights that differ by who somebody is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contextual_bandits: BTreeMap<String, ContextualBandit>,
    /// What else came.
    #[serde(flatten)]
    pub others: Map<String, Value>,
    /// The patterns of its conditions, compiled when the first is asked for.
    #[serde(skip)]
    pub patterns: Patterns,
}

impl Payload {
    /// Whether a condition of it holds of attributes.
    pub(crate) fn holds(&self, condition: &Value, attributes: &Value) -> bool {
        let matches = |pattern: (&str, bool), text: &str| self.patterns.matches(|| self.conditions(), pattern, text);
        holds_with(condition, attributes, &self.saved_groups, &matches)
    }

    fn conditions(&self) -> Vec<&Value> {
        let rules = self.features.values().flat_map(|feature| &feature.rules).map(|rule| &rule.experiment);
        let experiments: Vec<&Experiment> = rules.chain(&self.experiments).collect();
        let own = experiments.iter().filter_map(|experiment| experiment.condition.as_ref());
        let parents = experiments.iter().flat_map(|experiment| experiment.parent_conditions.iter().flatten());
        let contexts = self.contextual_bandits.values().flat_map(|bandit| &bandit.contexts);
        own.chain(parents.map(|parent| &parent.condition)).chain(contexts.map(|context| &context.condition)).collect()
    }
}

/// A feature: a value, and rules that give others another one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Feature {
    /// What it is where no rule says another value.
    pub default_value: Value,
    /// The first that applies decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What else came.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A rule: whom it is for, and either a value for all of them or an experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// Its id, given back with the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The value for all whom it is for. Null is a value.
    #[serde(deserialize_with = "even_null", skip_serializing_if = "Option::is_none")]
    pub force: Option<Value>,
    /// Variations of which each context has its own weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contextual_variations: Option<Vec<Value>>,
    /// Where those weights stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contextual_bandit_ref: Option<String>,
    /// For a forced value: the stretch whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// What a rule has in common with an experiment.
    #[serde(flatten)]
    pub experiment: Experiment,
}

/// An experiment: variations, and who gets which.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Experiment {
    /// Its key; of a rule without one it is the feature's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The value of each variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variations: Option<Vec<Value>>,
    /// The share of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// The stretch of each, in place of weights and coverage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Vec<Range>>,
    /// Which share takes part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Value>,
    /// Features that must have a value first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_conditions: Option<Vec<ParentCondition>>,
    /// Stretches of other hashes to which somebody must belong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<RangeFilter>>,
    /// A stretch that experiments share out among themselves: name, begin and end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<(String, f64, f64)>,
    /// By which attribute people are told apart; `id` where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_attribute: Option<String>,
    /// By which, where they lack that one. Only with sticky buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_attribute: Option<String>,
    /// Which hash; 1 where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_version: Option<u64>,
    /// What is hashed with the attribute; the key where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// What is said of each variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Vec<VariationMeta>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Value>,
    /// Whether people lose the variation that they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_sticky_bucketing: Option<bool>,
    /// Raised to draw anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_version: Option<u64>,
    /// Who was drawn before this version takes no part any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_bucket_version: Option<u64>,
    /// The variation that everybody gets who takes part.
    #[serde(rename = "force", skip_serializing_if = "Option::is_none")]
    pub forced_variation: Option<i64>,
    /// Whether it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `draft` and `stopped` do not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The pages that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_patterns: Option<Vec<UrlPattern>>,
    /// Whether a redirect keeps what the query of the page says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persist_query_string: Option<bool>,
    /// Which weights were taken, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contextual_bandit: Option<Leaf>,
    /// What else came.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A feature that must have a value first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParentCondition {
    /// Its key.
    pub id: String,
    /// What must hold of `value`.
    pub condition: Value,
    /// Whether the whole feature is off where it does not, and not only this rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<bool>,
}

/// Stretches of another hash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RangeFilter {
    /// What is hashed with the attribute.
    pub seed: String,
    /// Who is on one of them passes.
    pub ranges: Vec<Range>,
    /// Which hash; 2 where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_version: Option<u64>,
    /// By which attribute; `id` where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
}

/// What is said of a variation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariationMeta {
    /// Its key; its number where none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the next rule decides for who got it: a holdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passthrough: Option<bool>,
}

/// A pattern of pages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UrlPattern {
    /// `simple` with stars, or `regex`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The pattern.
    pub pattern: String,
    /// `false`: these pages are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<bool>,
}

/// Weights that differ by who somebody is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContextualBandit {
    /// Which version of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandit_version: Option<Value>,
    /// The first whose condition holds decides.
    pub contexts: Vec<BanditContext>,
}

/// One context with its weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BanditContext {
    /// Its number.
    pub leaf_id: i64,
    /// Whom it is for.
    pub condition: Value,
    /// The share of each variation.
    pub weights: Vec<f64>,
}

/// Which context was taken; −1 where none held.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaf {
    /// Its number.
    pub leaf_id: i64,
    /// Its weights.
    pub variation_weights: Vec<f64>,
    /// Of which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandit_version: Option<Value>,
}

fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
