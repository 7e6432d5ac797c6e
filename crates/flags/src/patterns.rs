//! Which patterns stand in a payload? Each is compiled once, when the first of them is asked for.

use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// How large a pattern may become when it is compiled.
const BYTES_MAX: usize = 1 << 20;

/// How many are kept; what goes beyond is compiled each time.
const N_MAX: usize = 1_000;

/// The patterns of a payload, by their text and whether they mind the case. What is no pattern is kept, too, as none.
#[derive(Debug, Clone, Default)]
pub struct Patterns(OnceLock<BTreeMap<(String, bool), Option<Regex>>>);

/// They say nothing that the payload does not say.
impl PartialEq for Patterns {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Patterns {
    /// Whether a text matches a pattern, which is looked for among those of the conditions.
    pub(crate) fn matches<'a>(
        &self,
        conditions: impl FnOnce() -> Vec<&'a Value>,
        (pattern, ignores_case): (&str, bool),
        text: &str,
    ) -> bool {
        let kept = self.0.get_or_init(|| {
            let mut kept = BTreeMap::new();
            for condition in conditions() {
                collect(condition, &mut kept, 0);
            }
            kept
        });
        match kept.get(&(pattern.to_owned(), ignores_case)) {
            Some(compiled) => compiled.as_ref().is_some_and(|compiled| compiled.is_match(text)),
            None => compiled(pattern, ignores_case).is_some_and(|compiled| compiled.is_match(text)),
        }
    }
}

/// The patterns of a condition.
fn collect(value: &Value, kept: &mut BTreeMap<(String, bool), Option<Regex>>, depth: u8) {
    if depth > 128 || kept.len() >= N_MAX {
        return;
    }
    match value {
        Value::Object(parts) => {
            for (key, part) in parts {
                match (key.as_str(), part) {
                    ("$regex" | "$regexi", Value::String(pattern)) => {
                        let ignores_case = key == "$regexi";
                        kept.entry((pattern.clone(), ignores_case)).or_insert_with(|| compiled(pattern, ignores_case));
                    }
                    (_, part) => collect(part, kept, depth + 1),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, kept, depth + 1)),
        _ => {}
    }
}

/// Patterns run in linear time; what is no pattern, or too large a one, is none.
pub(crate) fn compiled(pattern: &str, ignores_case: bool) -> Option<Regex> {
    RegexBuilder::new(pattern).case_insensitive(ignores_case).size_limit(BYTES_MAX).build().ok()
}
