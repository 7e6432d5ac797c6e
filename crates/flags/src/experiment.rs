//! Which variation of an experiment does somebody get?

use crate::context::Context;
use crate::hash::hash;
use crate::payload::{Experiment, Leaf, ParentCondition, Payload, RangeFilter, VariationMeta};
use crate::ranges::{bucket_ranges, choose_variation, in_range};
use crate::sticky::{self, Drawn};
use crate::url::{is_targeted, query_override};
use crate::value::{is_truthy, text_of};
use serde::Serialize;
use serde_json::Value;

/// The variation that somebody gets, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentResult {
    /// The key of the variation; its number where it has none.
    pub key: String,
    /// The feature that it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_id: Option<String>,
    /// Whether they take part. Who does not gets the first variation.
    pub in_experiment: bool,
    /// Whether it was drawn, and not forced.
    pub hash_used: bool,
    /// The number of the variation.
    pub variation_id: usize,
    /// Its value.
    pub value: Value,
    /// By which attribute they are told apart.
    pub hash_attribute: String,
    /// What it says.
    pub hash_value: Value,
    /// Whether it is the one that they got before.
    pub sticky_bucket_used: bool,
    /// The name of the variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where between 0 and 1 they stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<f64>,
    /// Whether the next rule decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passthrough: Option<bool>,
    /// Whose weights were taken.
    #[serde(flatten)]
    pub leaf: Option<Leaf>,
}

/// What an experiment is evaluated within.
pub(crate) trait Around<'a> {
    fn payload(&self) -> &'a Payload;
    fn context(&self) -> &'a Context;
    /// What was drawn and is to be remembered.
    fn drawn(&mut self) -> &mut Drawn;
    /// Whether the features that must have a value first have it.
    fn are_met(&mut self, parents: &[ParentCondition]) -> bool;
}

/// An experiment as it is evaluated: a rule's has the key of its feature, and weights by context.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'t> {
    pub(crate) of: &'t Experiment,
    pub(crate) key: &'t str,
    pub(crate) variations: &'t [Value],
    pub(crate) weights: Option<&'t [f64]>,
    /// What must hold first; nothing of a rule, which asked for it already.
    pub(crate) parents: &'t [ParentCondition],
}

impl<'t> Trial<'t> {
    pub(crate) fn of(experiment: &'t Experiment) -> Self {
        Self {
            of: experiment,
            key: experiment.key.as_deref().unwrap_or_default(),
            variations: experiment.variations.as_deref().unwrap_or_default(),
            weights: experiment.weights.as_deref(),
            parents: experiment.parent_conditions.as_deref().unwrap_or_default(),
        }
    }
}

pub(crate) fn run_within<'a>(
    around: &mut impl Around<'a>,
    trial: Trial<'_>,
    feature: Option<&str>,
) -> ExperimentResult {
    let context = around.context();
    let draw = draw(around, trial);
    let result = result(context, trial, feature, &draw);
    if draw.is_to_remember {
        let whom = (result.hash_attribute.as_str(), &result.hash_value);
        sticky::remember(context, around.drawn(), (trial.of, trial.key), whom, &result.key);
    }
    result
}

/// How a variation was found; `None`: they take no part.
#[derive(Default)]
struct Draw {
    variation: Option<usize>,
    is_drawn: bool,
    place: Option<f64>,
    is_sticky: bool,
    is_to_remember: bool,
}

impl Draw {
    fn forced(variation: i64) -> Self {
        Self { variation: usize::try_from(variation).ok(), ..Self::default() }
    }
}

fn draw<'a>(around: &mut impl Around<'a>, trial: Trial<'_>) -> Draw {
    let nobody = Draw::default;
    let context = around.context();
    let Trial { of: experiment, key, .. } = trial;
    let n = trial.variations.len();
    let is_elsewhere = |patterns: &Vec<_>| !is_targeted(&context.url, patterns);
    if n < 2 || context.is_disabled || experiment.url_patterns.as_ref().is_some_and(is_elsewhere) {
        return nobody();
    }
    if let Some(variation) = query_override(key, &context.url, n) {
        return Draw { variation: Some(variation), ..Draw::default() };
    }
    if let Some(variation) = context.forced_variations.get(key) {
        return Draw::forced(*variation);
    }
    if experiment.active == Some(false) || experiment.status.as_deref() == Some("draft") {
        return nobody();
    }
    let fallback = context.fallback_of(experiment);
    let (_, value) = context.hashed(experiment.hash_attribute.as_deref(), fallback);
    if !is_truthy(&value) {
        return nobody();
    }
    let remembered = sticky::remembered(context, around.drawn(), experiment, key);
    if remembered.variation.is_none() && !is_for_them(around, trial, &value) {
        return nobody();
    }
    let seed = experiment.seed.as_deref().filter(|seed| !seed.is_empty()).unwrap_or(key);
    let Some(place) = hash(seed, &text_of(&value), experiment.hash_version.unwrap_or(1)) else {
        return nobody();
    };
    let drawn = || match &experiment.ranges {
        Some(ranges) => choose_variation(place, ranges),
        None => {
            let ranges = bucket_ranges(n, experiment.coverage.unwrap_or(1.0), trial.weights);
            choose_variation(place, &ranges)
        }
    };
    let variation = remembered.variation.or_else(drawn);
    if remembered.is_blocked {
        return Draw { is_sticky: true, ..nobody() };
    }
    if variation.is_none() {
        return nobody();
    }
    if let Some(variation) = experiment.forced_variation {
        return Draw::forced(variation);
    }
    if context.is_qa || experiment.status.as_deref() == Some("stopped") {
        return nobody();
    }
    Draw {
        variation,
        is_drawn: true,
        place: Some(place),
        is_sticky: remembered.variation.is_some(),
        is_to_remember: context.sticky.is_some() && experiment.disable_sticky_bucketing != Some(true),
    }
}

/// Whether an experiment is for somebody: filters before the namespace, then the conditions.
fn is_for_them<'a>(around: &mut impl Around<'a>, trial: Trial<'_>, value: &Value) -> bool {
    let experiment = trial.of;
    let is_out = match (&experiment.filters, &experiment.namespace) {
        (Some(filters), _) => is_filtered_out(filters, around.context()),
        (None, Some((name, begin, end))) => !in_namespace(&text_of(value), name, [*begin, *end]),
        (None, None) => false,
    };
    let (attributes, payload) = (&around.context().attributes, around.payload());
    if is_out || experiment.condition.as_ref().is_some_and(|condition| !payload.holds(condition, attributes)) {
        return false;
    }
    around.are_met(trial.parents)
}

fn result(context: &Context, trial: Trial<'_>, feature: Option<&str>, draw: &Draw) -> ExperimentResult {
    let Trial { of: experiment, variations, .. } = trial;
    let taken = draw.variation.filter(|variation| *variation < variations.len());
    let variation_id = taken.unwrap_or(0);
    let fallback = context.fallback_of(experiment);
    let (hash_attribute, hash_value) = context.hashed(experiment.hash_attribute.as_deref(), fallback);
    let meta = experiment.meta.as_ref().and_then(|meta| meta.get(variation_id)).cloned();
    let VariationMeta { key, name, passthrough } = meta.unwrap_or_default();
    ExperimentResult {
        key: key.unwrap_or_else(|| variation_id.to_string()),
        feature_id: feature.map(str::to_owned),
        in_experiment: taken.is_some(),
        hash_used: taken.is_some() && draw.is_drawn,
        variation_id,
        value: variations.get(variation_id).cloned().unwrap_or_default(),
        hash_attribute,
        hash_value,
        sticky_bucket_used: draw.is_sticky,
        name,
        bucket: draw.place,
        passthrough: passthrough.filter(|passes| *passes),
        leaf: None,
    }
}

/// Whether somebody is on none of the stretches of a filter.
pub(crate) fn is_filtered_out(filters: &[RangeFilter], context: &Context) -> bool {
    filters.iter().any(|filter| {
        let (_, value) = context.hashed(filter.attribute.as_deref(), None);
        if !is_truthy(&value) {
            return true;
        }
        let place = hash(&filter.seed, &text_of(&value), filter.hash_version.unwrap_or(2));
        place.is_none_or(|place| !filter.ranges.iter().any(|range| in_range(place, *range)))
    })
}

/// Whether somebody is on a stretch of a namespace: experiments that share one are never met both.
///
/// ```
/// assert!(flags::in_namespace("1", "namespace1", [0.4, 1.0]));
/// ```
#[must_use]
pub fn in_namespace(value: &str, name: &str, range: [f64; 2]) -> bool {
    hash(&format!("__{name}"), value, 1).is_some_and(|place| in_range(place, range))
}
