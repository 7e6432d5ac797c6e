//! What is somebody shown who asks for a variation or a value, to see how it looks? And whom do these answers count for?

use decisions::{Content, Exposure, FlagAnswers, FlagReason, FlagRule, Flags, Record};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was asked for in place of what is drawn and declared.
#[derive(Debug, Default)]
pub(super) struct Forced {
    /// The numbers of variations, by their experiments.
    variations: BTreeMap<String, usize>,
    /// The values of features, which may be none of ours.
    features: BTreeMap<String, Value>,
}

impl Forced {
    /// Features are given as pairs, or by name.
    pub(super) fn new(variations: BTreeMap<String, usize>, features: Value) -> Self {
        let features = match features {
            Value::Object(by_name) => by_name.into_iter().collect(),
            pairs => serde_json::from_value::<Vec<(String, Value)>>(pairs).unwrap_or_default().into_iter().collect(),
        };
        Self { variations, features }
    }

    /// The values that are shown in place of those that were decided.
    pub(super) fn values(&self, flags: &Flags, answers: &FlagAnswers) -> BTreeMap<String, Value> {
        let mut values = self.by_variation(flags, answers);
        values.extend(self.features.clone());
        values
    }

    /// The draws that whoever is shown this has met: not those on whose outcome nothing depends that they see.
    pub(super) fn met(&self, flags: &Flags, record: &Record) -> Vec<Exposure> {
        let Content::Flags(answers) = &record.decision.answer.content else { return record.met().to_vec() };
        if self.variations.is_empty() && self.features.is_empty() {
            return record.met().to_vec();
        }
        let but_for = self.values(flags, answers).into_keys().collect();
        let met = flags.met(answers, &but_for);
        let is_of_flags = |one: &Exposure| answers.experiments.contains_key(&one.experiment);
        let counts = |one: &&Exposure| !is_of_flags(one) || met.contains_key(&one.experiment);
        record.met().iter().filter(counts).cloned().collect()
    }

    /// The value of the variation that is forced, where an experiment is the rule that would be reached.
    fn by_variation(&self, flags: &Flags, answers: &FlagAnswers) -> BTreeMap<String, Value> {
        let is_drawn =
            |reason: FlagReason| !matches!(reason, FlagReason::Off | FlagReason::Needs | FlagReason::Holdout);
        let of_rule = |rule: &FlagRule| match rule {
            FlagRule::Experiment(experiment) => {
                let variations = &flags.experiment(experiment)?.variations;
                Some(variations.get(*self.variations.get(experiment)?)?.value.clone())
            }
            FlagRule::Value { .. } => None,
        };
        let answers = answers.flags.iter().filter(|(_, answer)| is_drawn(answer.reason));
        let forced = answers.filter_map(|(name, answer)| {
            let rules = &flags.flag(name)?.rules;
            let reached = rules.iter().take(answer.rule.unwrap_or(rules.len()));
            Some((name.clone(), reached.into_iter().find_map(of_rule)?))
        });
        forced.collect()
    }
}
