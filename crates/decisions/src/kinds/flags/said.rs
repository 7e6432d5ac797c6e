//! How are flags and experiments said in the form of the one evaluator?

use crate::FlagReason;
use crate::experiment::{Experiment, State};
use crate::flag::{Flag, FlagRule};
use crate::flag_type::FlagType;
use ::flags::{Evaluated, Feature, ParentCondition, Payload, RangeFilter, Rule, VariationMeta};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Which hash tells people apart. The first puts people at like places where seeds are alike.
const HASH_VERSION: u64 = 2;
/// By which attribute people are told apart.
const WHO: &str = "id";
/// What the ids of rules begin with: those for what a flag needs, and its own.
const NEEDS: &str = "needs:";
const RULE: &str = "rule:";

/// What flags and experiments come to; `condition` says what is asked in place of a condition that was written.
pub(super) fn payload(
    flags: &[Flag],
    experiments: &[Experiment],
    condition: &dyn Fn(&str) -> Option<Value>,
) -> Payload {
    let stretches = Experiment::stretches(experiments);
    let by_name: BTreeMap<&str, (&Experiment, Option<[f64; 2]>)> =
        experiments.iter().zip(stretches).map(|(one, stretch)| (one.name.as_str(), (one, stretch))).collect();
    let feature = |flag: &Flag| {
        let drawn = |rule: &FlagRule| match rule {
            FlagRule::Experiment(name) => by_name.get(name.as_str()).copied(),
            FlagRule::Value { .. } => None,
        };
        let is_float = is_float(flag, flag.rules.iter().filter_map(drawn).map(|(experiment, _)| experiment));
        let number = |value: &Value| as_number(value, is_float);
        let default_value = number(&flag.default);
        let needs = flag.needs.iter().map(|need| need_not_met(&need.flag, &need.is, &default_value));
        let rules = flag.rules.iter().enumerate().filter_map(|(place, rule)| {
            let said = match rule {
                FlagRule::Value { when, share, value } => by_condition(flag, condition(when), *share, number(value)),
                FlagRule::Experiment(name) => {
                    let (experiment, stretch) = by_name.get(name.as_str()).copied()?;
                    by_draw(experiment, stretch, condition(&experiment.who), &number)?
                }
            };
            Some(Rule { id: Some(format!("{RULE}{}", place + 1)), ..said })
        });
        let rules: Vec<Rule> = if flag.on { needs.chain(rules).collect() } else { Vec::new() };
        (flag.name.clone(), Feature { default_value, rules, ..Feature::default() })
    };
    Payload { features: flags.iter().map(feature).collect(), ..Payload::default() }
}

/// Why a flag is what it is, and which of its rules decided.
pub(super) fn reason(flag: &Flag, evaluated: &Evaluated) -> (FlagReason, Option<usize>) {
    if !flag.on {
        return (FlagReason::Off, None);
    }
    if evaluated.rule_id.starts_with(NEEDS) {
        return (FlagReason::Needs, None);
    }
    let place = evaluated.rule_id.strip_prefix(RULE).and_then(|place| place.parse::<usize>().ok());
    match place.and_then(|place| flag.rules.get(place.checked_sub(1)?)) {
        None => (FlagReason::Default, None),
        Some(FlagRule::Experiment(_)) => (FlagReason::Experiment, place),
        Some(FlagRule::Value { share: Some(_), .. }) => (FlagReason::Share, place),
        Some(FlagRule::Value { share: None, .. }) => (FlagReason::Rule, place),
    }
}

/// A rule before all others: where another flag is not what it must be, the default. (A gate would take the value away.)
fn need_not_met(flag: &str, is: &Value, default: &Value) -> Rule {
    let parent = ParentCondition { id: flag.to_owned(), condition: is_not(is), ..ParentCondition::default() };
    let experiment = ::flags::Experiment { parent_conditions: Some(vec![parent]), ..::flags::Experiment::default() };
    Rule { id: Some(format!("{NEEDS}{flag}")), force: Some(default.clone()), experiment, ..Rule::default() }
}

/// That a flag is not what it must be.
pub(super) fn is_not(is: &Value) -> Value {
    json!({ "value": { "$ne": is } })
}

/// A value for all of whom a condition holds, or a share of them.
fn by_condition(flag: &Flag, condition: Option<Value>, share: Option<f64>, value: Value) -> Rule {
    // No experiment may have this seed, or whoever is left over of a share would be drawn unevenly.
    let seed = share.map(|_| format!("flag {}", flag.name));
    let experiment = ::flags::Experiment {
        condition,
        coverage: share,
        hash_attribute: seed.as_ref().map(|_| WHO.to_owned()),
        hash_version: seed.as_ref().map(|_| HASH_VERSION),
        seed,
        ..::flags::Experiment::default()
    };
    Rule { force: Some(value), experiment, ..Rule::default() }
}

/// The variations of an experiment; nothing of one that does not draw.
fn by_draw(
    experiment: &Experiment,
    stretch: Option<[f64; 2]>,
    condition: Option<Value>,
    number: &dyn Fn(&Value) -> Value,
) -> Option<Rule> {
    if experiment.state != State::Running {
        return None;
    }
    let sum: f64 = experiment.variations.iter().map(|one| one.weight).sum();
    let meta = |name: &String| VariationMeta { key: Some(name.clone()), ..VariationMeta::default() };
    let filter = |stretch: [f64; 2]| RangeFilter {
        seed: format!("layer {}", experiment.layer.as_deref().unwrap_or_default()),
        ranges: vec![stretch],
        hash_version: Some(HASH_VERSION),
        attribute: Some(WHO.to_owned()),
    };
    let said = ::flags::Experiment {
        key: Some(experiment.name.clone()),
        name: Some(experiment.title.clone()),
        variations: Some(experiment.variations.iter().map(|one| number(&one.value)).collect()),
        weights: Some(experiment.variations.iter().map(|one| one.weight / sum).collect()),
        meta: Some(experiment.variations.iter().map(|one| meta(&one.name)).collect()),
        // Of a layer the stretch is the share.
        coverage: Some(if stretch.is_some() { 1.0 } else { experiment.share }),
        filters: stretch.map(|stretch| vec![filter(stretch)]),
        condition,
        hash_attribute: Some(drawn_by(experiment)),
        hash_version: Some(HASH_VERSION),
        seed: Some(experiment.name.clone()),
        ..::flags::Experiment::default()
    };
    Some(Rule { experiment: said, ..Rule::default() })
}

/// By which attribute it is drawn: who somebody is, or where and when.
pub(super) fn drawn_by(experiment: &Experiment) -> String {
    if experiment.switchback.is_some() { format!("switch:{}", experiment.name) } else { WHO.to_owned() }
}

/// Whether any value of a flag has a fraction: then all are told with one, since clients tell whole numbers from others.
fn is_float<'a>(flag: &Flag, experiments: impl Iterator<Item = &'a Experiment>) -> bool {
    let of_rules = flag.rules.iter().filter_map(|rule| match rule {
        FlagRule::Value { value, .. } => Some(value),
        FlagRule::Experiment(_) => None,
    });
    let drawn = experiments.flat_map(|experiment| &experiment.variations).map(|one| &one.value);
    flag.of == FlagType::Number && std::iter::once(&flag.default).chain(of_rules).chain(drawn).any(Value::is_f64)
}

fn as_number(value: &Value, is_float: bool) -> Value {
    value.as_f64().filter(|_| is_float).map_or_else(|| value.clone(), Value::from)
}
