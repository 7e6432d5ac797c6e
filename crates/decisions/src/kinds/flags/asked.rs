//! Which conditions do flags and experiments ask, and what is the evaluator told of them?

use crate::experiment::Experiment;
use crate::filter::{Filter, Names};
use crate::flag::{Flag, FlagRule};
use crate::kinds::conditions::read;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Under which attribute the evaluator finds which conditions hold.
pub(super) const OURS: &str = "rapport";

/// Each condition, by its text. One that cannot be read holds of nobody.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked(BTreeMap<String, (String, Option<Filter>)>);

impl Asked {
    pub(super) fn of(flags: &[Flag], experiments: &[Experiment], names: &Names) -> Self {
        let when = |rule: &FlagRule| match rule {
            FlagRule::Value { when, .. } => Some(when.clone()),
            FlagRule::Experiment(_) => None,
        };
        let rules = flags.iter().flat_map(|flag| &flag.rules).filter_map(when);
        let who = experiments.iter().map(|experiment| experiment.who.clone());
        let mut asked = BTreeMap::new();
        for written in rules.chain(who).filter(|written| !written.is_empty()) {
            let place = asked.len();
            asked.entry(written).or_insert_with_key(|written| (format!("c{place}"), read(written, names)));
        }
        Self(asked)
    }

    /// The conditions that could be read.
    pub(super) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.0.values().filter_map(|(_, filter)| filter.as_ref())
    }

    /// A condition, read.
    pub(super) fn filter(&self, written: &str) -> Option<&Filter> {
        self.0.get(written).and_then(|(_, filter)| filter.as_ref())
    }

    /// What the evaluator asks in place of a condition: whether we say that it holds. Nothing of one for everybody.
    pub(super) fn condition(&self, written: &str) -> Option<Value> {
        let (key, _) = self.0.get(written)?;
        Some(json!({ (format!("{OURS}.{key}")): true }))
    }

    /// Which hold, as the evaluator asks it.
    pub(super) fn answers(&self, holds: &dyn Fn(&Filter) -> bool) -> Value {
        let held = self.0.values().filter(|(_, filter)| filter.as_ref().is_some_and(holds));
        Value::Object(held.map(|(key, _)| (key.clone(), Value::Bool(true))).collect::<Map<_, _>>())
    }
}
