//! Which flags are looked at on the way to others, and which experiments are met there? The needs of each in order, up to the first
//! that is not met: what stands behind that one changes nothing.

use super::{Flags, said};
use crate::FlagAnswers;
use crate::flag::FlagRule;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl Flags {
    /// These flags and all that decide about them. `value` says what a flag is.
    pub(super) fn way(&self, names: &BTreeSet<String>, value: &mut dyn FnMut(&str) -> Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for name in names {
            self.way_to(name, value, &mut found);
        }
        found
    }

    fn way_to(&self, name: &str, value: &mut dyn FnMut(&str) -> Value, found: &mut BTreeSet<String>) {
        let Some(flag) = self.flag(name) else { return };
        if !found.insert(name.to_owned()) || !flag.on {
            return;
        }
        for need in &flag.needs {
            self.way_to(&need.flag, value, found);
            let other = json!({ "value": value(&need.flag) });
            if ::flags::holds(&said::is_not(&need.is), &other, &::flags::SavedGroups::new()) {
                return;
            }
        }
    }

    /// The experiments that are met, each with the variation that was drawn, where all flags were answered so, and some of them are
    /// something else for whoever asked: nothing depends on what was drawn for those.
    #[must_use]
    pub fn met(&self, answers: &FlagAnswers, but_for: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut value = |name: &str| answers.flags.get(name).map_or(Value::Null, |answer| answer.value.clone());
        let drawn = |name: &String| {
            let answer = answers.flags.get(name)?;
            match self.flag(name)?.rules.get(answer.rule?.checked_sub(1)?)? {
                FlagRule::Experiment(experiment) => Some((experiment.clone(), answer.variation.clone()?)),
                FlagRule::Value { .. } => None,
            }
        };
        let mut found = but_for.clone();
        for name in answers.flags.keys() {
            self.way_to(name, &mut value, &mut found);
        }
        found.difference(but_for).filter_map(drawn).collect()
    }
}
