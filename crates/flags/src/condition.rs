//! Does a condition hold of somebody's attributes?

mod operators;

mod version;

use crate::patterns::compiled;
use crate::value::{is_alike, is_truthy, number_of, text_of};
use operators::holds_by;
use serde_json::Value;
use std::collections::BTreeMap;

/// Groups of values that conditions name: `$inGroup`.
pub type SavedGroups = BTreeMap<String, Value>;

/// How deep conditions may lie in each other: what lies deeper does not hold.
const DEPTH_MAX: u8 = 64;

/// Whether a condition holds of attributes.
///
/// A condition is an object whose parts must all hold: `$and`, `$or`, `$nor` and `$not` of conditions, and paths of
/// attributes (`address.city`) with a value or with operators. A value that is missing is null. What cannot be read as a
/// condition, and an operator that is not known, does not hold.
///
/// ```
/// use serde_json::json;
/// let condition = json!({"country": {"$in": ["DE", "AT"]}, "$not": {"plan": "free"}});
/// let holds = |attributes| flags::holds(&condition, &attributes, &Default::default());
/// assert!(holds(json!({"country": "AT", "plan": "pro"})));
/// assert!(!holds(json!({"country": "AT", "plan": "free"})));
/// ```
#[must_use]
pub fn holds(condition: &Value, attributes: &Value, groups: &SavedGroups) -> bool {
    let matches = |(pattern, ignores_case): (&str, bool), text: &str| {
        compiled(pattern, ignores_case).is_some_and(|compiled| compiled.is_match(text))
    };
    holds_with(condition, attributes, groups, &matches)
}

/// Whether a text matches a pattern, which minds the case or does not.
type Matches<'a> = &'a dyn Fn((&str, bool), &str) -> bool;

/// The same, where patterns are known already.
pub(crate) fn holds_with(condition: &Value, attributes: &Value, groups: &SavedGroups, matches: Matches<'_>) -> bool {
    Look { groups, matches, ignores_case: false, depth: 0 }.condition(condition, attributes)
}

/// How values are looked at.
#[derive(Clone, Copy)]
struct Look<'a> {
    groups: &'a SavedGroups,
    matches: Matches<'a>,
    ignores_case: bool,
    depth: u8,
}

impl Look<'_> {
    fn condition(self, condition: &Value, attributes: &Value) -> bool {
        let Some(look) = self.deeper() else { return false };
        let Value::Object(parts) = condition else { return false };
        let all = |conditions: &Value| each(conditions).all(|one| look.condition(one, attributes));
        let any = |conditions: &Value| {
            each(conditions).next().is_none() || each(conditions).any(|one| look.condition(one, attributes))
        };
        parts.iter().all(|(key, part)| match key.as_str() {
            "$and" => all(part),
            "$or" => any(part),
            "$nor" => !any(part),
            "$not" => !look.condition(part, attributes),
            path => look.value(part, at(attributes, path)),
        })
    }

    /// Whether a value is the one that is asked for, or passes its operators.
    fn value(self, asked: &Value, value: &Value) -> bool {
        let Some(look) = self.deeper() else { return false };
        match asked {
            Value::String(text) if self.ignores_case => text_of(value).to_lowercase() == text.to_lowercase(),
            Value::String(text) => value.as_str().map_or_else(|| text_of(value) == *text, |value| value == text),
            Value::Number(_) => number_of(value).partial_cmp(&number_of(asked)).is_some_and(std::cmp::Ordering::is_eq),
            Value::Bool(is) => !value.is_null() && is_truthy(value) == *is,
            Value::Null => value.is_null(),
            Value::Object(operators) if is_operators(asked) => {
                operators.iter().all(|(operator, expected)| holds_by(look, operator, value, expected))
            }
            Value::Array(_) | Value::Object(_) => is_alike(asked, value),
        }
    }

    fn deeper(self) -> Option<Self> {
        (self.depth < DEPTH_MAX).then_some(Self { depth: self.depth + 1, ..self })
    }
}

/// Whether an object is made of operators alone.
fn is_operators(value: &Value) -> bool {
    value.as_object().is_some_and(|parts| !parts.is_empty() && parts.keys().all(|key| key.starts_with('$')))
}

fn each(values: &Value) -> impl Iterator<Item = &Value> {
    values.as_array().into_iter().flatten()
}

/// What stands at a path of attributes; null where nothing does.
fn at<'a>(attributes: &'a Value, path: &str) -> &'a Value {
    let step = |value: &'a Value, part: &str| match value {
        Value::Object(parts) => parts.get(part),
        Value::Array(values) => part.parse::<usize>().ok().and_then(|at| values.get(at)),
        _ => None,
    };
    path.split('.').try_fold(attributes, step).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
