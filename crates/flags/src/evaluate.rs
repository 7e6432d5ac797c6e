//! Which value of a feature does somebody get, and why?

use crate::buckets::StickyDoc;
use crate::context::Context;
use crate::contextual;
use crate::experiment::{Around, ExperimentResult, Trial, is_filtered_out, run_within};
use crate::hash::hash;
use crate::payload::{Experiment, Feature, ParentCondition, Payload, Rule};
use crate::ranges::in_range;
use crate::sticky::Drawn;
use crate::value::{is_truthy, text_of};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a feature has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// There is no such feature.
    UnknownFeature,
    /// No rule applied.
    DefaultValue,
    /// A rule gives everybody whom it is for this value.
    Force,
    /// It was asked for.
    Override,
    /// It was drawn.
    Experiment,
    /// A feature that must have a value first has another one.
    Prerequisite,
    /// Features wait for each other in a circle.
    CyclicPrerequisite,
}

/// The value of a feature, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated {
    /// The value.
    pub value: Value,
    /// Whether it counts as yes.
    pub on: bool,
    /// Whether it counts as no.
    pub off: bool,
    /// Why.
    pub source: Source,
    /// The rule that decided; empty where it has no id, or none did.
    pub rule_id: String,
    /// The experiment that it was drawn in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Experiment>,
    /// How it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment_result: Option<ExperimentResult>,
}

impl Evaluated {
    fn new(value: Value, source: Source, rule: Option<&Rule>) -> Self {
        let on = is_truthy(&value);
        let rule_id = rule.and_then(|rule| rule.id.clone()).unwrap_or_default();
        Self { value, on, off: !on, source, rule_id, experiment: None, experiment_result: None }
    }
}

/// Which value of a feature somebody gets.
///
/// The first rule decides that applies: whose prerequisites hold, whose filters and condition let them through, and, of an
/// experiment, in which they take part. A prerequisite that is a gate takes the whole feature away instead.
///
/// *Guarantees*: the same payload and context give the same answer, for ever; whatever stands in a payload, it ends.
///
/// ```
/// use serde_json::json;
/// let payload: flags::Payload = serde_json::from_value(json!({"features": {
///     "checkout": {"defaultValue": "old", "rules": [{"condition": {"plan": "pro"}, "force": "new"}]},
/// }})).unwrap();
/// let of = |attributes| flags::evaluate(&payload, "checkout", &flags::Context::of(attributes)).value;
/// assert_eq!((of(json!({"plan": "pro"})), of(json!({}))), (json!("new"), json!("old")));
/// ```
#[must_use]
pub fn evaluate(payload: &Payload, key: &str, context: &Context) -> Evaluated {
    Evaluation::new(payload, context).feature(key)
}

/// Which variation of an experiment somebody gets.
///
/// ```
/// use serde_json::json;
/// let experiment = serde_json::from_value(json!({"key": "my-test", "variations": ["a", "b"]})).unwrap();
/// let result = flags::run(&flags::Payload::default(), &experiment, &flags::Context::of(json!({"id": "1"})));
/// assert_eq!((result.value, result.in_experiment), (json!("b"), true));
/// ```
#[must_use]
pub fn run(payload: &Payload, experiment: &Experiment, context: &Context) -> ExperimentResult {
    Evaluation::new(payload, context).experiment(experiment)
}

/// Evaluation under way: which features wait for each other, and what is to be remembered.
pub struct Evaluation<'a> {
    payload: &'a Payload,
    context: &'a Context,
    waiting: Vec<String>,
    drawn: Drawn,
    steps: u32,
}

/// How many features one answer may look at: what waits for each other across many rules would take for ever.
const STEPS_MAX: u32 = 10_000;

/// How many features may wait for each other.
const WAITING_MAX: usize = 64;

impl<'a> Evaluation<'a> {
    /// Of a payload, for somebody.
    #[must_use]
    pub fn new(payload: &'a Payload, context: &'a Context) -> Self {
        Self { payload, context, waiting: Vec::new(), drawn: Vec::new(), steps: 0 }
    }

    /// What is to be remembered of them from now on, where it changed.
    #[must_use]
    pub fn to_remember(self) -> Vec<StickyDoc> {
        self.drawn
    }

    /// Which variation of an experiment they get.
    pub fn experiment(&mut self, experiment: &Experiment) -> ExperimentResult {
        run_within(self, Trial::of(experiment), None)
    }

    /// Which value of a feature they get.
    pub fn feature(&mut self, key: &str) -> Evaluated {
        self.steps += 1;
        let is_circle = self.waiting.iter().any(|waiting| waiting == key);
        if is_circle || self.waiting.len() >= WAITING_MAX || self.steps > STEPS_MAX {
            return Evaluated::new(Value::Null, Source::CyclicPrerequisite, None);
        }
        if let Some(value) = self.context.forced_features.get(key) {
            return Evaluated::new(value.clone(), Source::Override, None);
        }
        let Some(feature) = self.payload.features.get(key) else {
            return Evaluated::new(Value::Null, Source::UnknownFeature, None);
        };
        self.waiting.push(key.to_owned());
        let evaluated = self.by_rules(key, feature);
        self.waiting.pop();
        evaluated
    }

    fn by_rules(&mut self, key: &str, feature: &Feature) -> Evaluated {
        for rule in &feature.rules {
            match self.prerequisites(rule.experiment.parent_conditions.as_deref().unwrap_or_default()) {
                Prerequisites::Met => {}
                Prerequisites::Missed => continue,
                Prerequisites::Closed => return Evaluated::new(Value::Null, Source::Prerequisite, None),
                Prerequisites::Circle => return Evaluated::new(Value::Null, Source::CyclicPrerequisite, None),
            }
            if let Some(evaluated) = self.by_rule(key, rule) {
                return evaluated;
            }
        }
        Evaluated::new(feature.default_value.clone(), Source::DefaultValue, None)
    }

    fn by_rule(&mut self, key: &str, rule: &Rule) -> Option<Evaluated> {
        if is_filtered_out(rule.experiment.filters.as_deref().unwrap_or_default(), self.context) {
            return None;
        }
        if let Some(value) = &rule.force {
            let is_for_them = self.passes(rule.experiment.condition.as_ref()) && self.is_rolled_out(key, rule);
            return is_for_them.then(|| Evaluated::new(value.clone(), Source::Force, Some(rule)));
        }
        let of = &rule.experiment;
        let contextual = rule.contextual_bandit_ref.as_ref().and(rule.contextual_variations.as_deref());
        let variations = of.variations.as_deref().or(contextual)?;
        let leaf = contextual::leaf(self.payload, self.context, rule);
        let weights = leaf.as_ref().map(|leaf| leaf.variation_weights.as_slice()).or(of.weights.as_deref());
        let trial = Trial { of, key: of.key.as_deref().unwrap_or(key), variations, weights, parents: &[] };
        let mut result = run_within(self, trial, Some(key));
        if !result.in_experiment || result.passthrough == Some(true) {
            return None;
        }
        let mut experiment = told(trial);
        if let Some(leaf) = leaf.filter(|_| result.hash_used) {
            result.leaf = Some(leaf.clone());
            experiment.contextual_bandit = Some(leaf);
        }
        let mut evaluated = Evaluated::new(result.value.clone(), Source::Experiment, Some(rule));
        (evaluated.experiment, evaluated.experiment_result) = (Some(experiment), Some(result));
        Some(evaluated)
    }

    /// Whether the features that must have a value first have it.
    fn prerequisites(&mut self, parents: &[ParentCondition]) -> Prerequisites {
        for parent in parents {
            let evaluated = self.feature(&parent.id);
            if evaluated.source == Source::CyclicPrerequisite {
                return Prerequisites::Circle;
            }
            let empty = json!({});
            let condition = if parent.condition.is_null() { &empty } else { &parent.condition };
            if !self.payload.holds(condition, &json!(Parent { value: &evaluated.value })) {
                return if parent.gate == Some(true) { Prerequisites::Closed } else { Prerequisites::Missed };
            }
        }
        Prerequisites::Met
    }

    fn passes(&self, condition: Option<&Value>) -> bool {
        condition.is_none_or(|condition| self.payload.holds(condition, &self.context.attributes))
    }

    /// Whether somebody belongs to the share that a forced value is for.
    fn is_rolled_out(&self, key: &str, rule: &Rule) -> bool {
        let Rule { range, experiment, .. } = rule;
        if range.is_none() && experiment.coverage.is_none() {
            return true;
        }
        if range.is_none() && experiment.coverage.is_some_and(|coverage| coverage <= 0.0) {
            return false;
        }
        let fallback = self.context.fallback_of(experiment);
        let (_, value) = self.context.hashed(experiment.hash_attribute.as_deref(), fallback);
        let seed = experiment.seed.as_deref().filter(|seed| !seed.is_empty()).unwrap_or(key);
        if !is_truthy(&value) {
            return false;
        }
        let Some(place) = hash(seed, &text_of(&value), experiment.hash_version.unwrap_or(1)) else {
            return false;
        };
        match (range, experiment.coverage) {
            (Some(range), _) => in_range(place, *range),
            (None, Some(coverage)) => place <= coverage,
            (None, None) => true,
        }
    }
}

impl<'a> Around<'a> for Evaluation<'a> {
    fn payload(&self) -> &'a Payload {
        self.payload
    }

    fn context(&self) -> &'a Context {
        self.context
    }

    fn drawn(&mut self) -> &mut Drawn {
        &mut self.drawn
    }

    fn are_met(&mut self, parents: &[ParentCondition]) -> bool {
        matches!(self.prerequisites(parents), Prerequisites::Met)
    }
}

/// Whether the features that must have a value first have it.
enum Prerequisites {
    Met,
    /// One does not, so the rule does not apply.
    Missed,
    /// One does not, and it takes the whole feature away.
    Closed,
    /// They wait for each other.
    Circle,
}

/// What a condition on another feature looks at.
#[derive(Serialize)]
struct Parent<'a> {
    value: &'a Value,
}

/// The experiment of a rule as it is told with the answer: what decides about the rule, and not about the draw, stays there.
fn told(trial: Trial<'_>) -> Experiment {
    Experiment {
        key: Some(trial.key.to_owned()),
        variations: Some(trial.variations.to_vec()),
        weights: trial.weights.map(<[f64]>::to_vec),
        parent_conditions: None,
        others: serde_json::Map::new(),
        ..trial.of.clone()
    }
}
