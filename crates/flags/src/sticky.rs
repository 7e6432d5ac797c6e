//! Which variation did somebody get before? They keep it when weights change.

use crate::buckets::{StickyDoc, key_of};
use crate::context::Context;
use crate::payload::Experiment;
use crate::value::{is_truthy, kept_text};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was drawn and is to be remembered, over what was remembered before.
pub(crate) type Drawn = Vec<StickyDoc>;

/// What is remembered of somebody for an experiment.
#[derive(Default)]
pub(crate) struct Remembered {
    pub(crate) variation: Option<usize>,
    /// They were drawn before a version that must not take part any more.
    pub(crate) is_blocked: bool,
}

pub(crate) fn remembered(context: &Context, drawn: &Drawn, experiment: &Experiment, key: &str) -> Remembered {
    if context.sticky.is_none() || experiment.disable_sticky_bucketing == Some(true) {
        return Remembered::default();
    }
    let assigned = assignments(context, drawn, experiment);
    let least = experiment.min_bucket_version.unwrap_or(0);
    // What is remembered is short, a version may be any number: the former is looked through.
    let is_old = |name: &&String| {
        let version = name.strip_prefix(key).and_then(|rest| rest.strip_prefix("__"));
        version.and_then(|version| version.parse::<u64>().ok()).is_some_and(|version| version < least)
    };
    if assigned.keys().any(|name| is_old(&name)) {
        return Remembered { variation: None, is_blocked: true };
    }
    let variation = assigned.get(&name_of(experiment, key)).and_then(|variation| {
        let metas = experiment.meta.as_deref().unwrap_or_default();
        metas.iter().position(|meta| meta.key.as_ref() == Some(variation))
    });
    Remembered { variation, is_blocked: false }
}

/// Keeps the variation that was drawn for a value of an attribute, where it is not kept already.
pub(crate) fn remember(
    context: &Context,
    drawn: &mut Drawn,
    (experiment, key): (&Experiment, &str),
    (attribute, value): (&str, &Value),
    variation: &str,
) {
    let value = kept_text(value);
    let place = key_of(attribute, &value);
    let mut changed = doc(context, drawn, &place).cloned().unwrap_or_else(|| StickyDoc {
        attribute_name: attribute.to_owned(),
        attribute_value: value,
        assignments: BTreeMap::new(),
    });
    let before = changed.assignments.insert(name_of(experiment, key), variation.to_owned());
    if before.as_deref() != Some(variation) {
        drawn.retain(|doc| doc.key() != place);
        drawn.push(changed);
    }
}

fn name_of(experiment: &Experiment, key: &str) -> String {
    format!("{key}__{}", experiment.bucket_version.unwrap_or(0))
}

/// What is remembered by the fallback, and over it what is remembered by the attribute itself. Without a fallback what is
/// remembered by `id` is looked at, as clients do.
fn assignments(context: &Context, drawn: &Drawn, experiment: &Experiment) -> BTreeMap<String, String> {
    let of = |attribute: Option<&str>| {
        let (attribute, value) = context.hashed(attribute, None);
        let doc = is_truthy(&value).then(|| doc(context, drawn, &key_of(&attribute, &kept_text(&value)))).flatten();
        doc.map(|doc| doc.assignments.clone()).unwrap_or_default()
    };
    let mut assigned = of(experiment.fallback_attribute.as_deref());
    assigned.extend(of(experiment.hash_attribute.as_deref()));
    assigned
}

fn doc<'a>(context: &'a Context, drawn: &'a Drawn, place: &str) -> Option<&'a StickyDoc> {
    let drawn = drawn.iter().find(|doc| doc.key() == place);
    drawn.or_else(|| context.sticky.as_ref().and_then(|docs| docs.get(place)))
}
