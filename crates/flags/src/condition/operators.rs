//! What does each operator ask of a value?

use super::version::comparable;
use super::{Look, is_operators};
use crate::value::{is_same, order, text_of, type_of};
use serde_json::Value;
use std::cmp::Ordering;

/// Whether a value passes one operator.
pub(super) fn holds_by(look: Look<'_>, operator: &str, value: &Value, expected: &Value) -> bool {
    let versions = || comparable(value).cmp(&comparable(expected));
    let ordered = || order(value, expected);
    match operator {
        "$eq" => is_same(value, expected),
        "$ne" => !is_same(value, expected),
        "$lt" => ordered().is_some_and(Ordering::is_lt),
        "$lte" => ordered().is_some_and(Ordering::is_le),
        "$gt" => ordered().is_some_and(Ordering::is_gt),
        "$gte" => ordered().is_some_and(Ordering::is_ge),
        "$veq" => versions().is_eq(),
        "$vne" => versions().is_ne(),
        "$vlt" => versions().is_lt(),
        "$vlte" => versions().is_le(),
        "$vgt" => versions().is_gt(),
        "$vgte" => versions().is_ge(),
        "$exists" => crate::value::is_truthy(expected) != value.is_null(),
        "$type" => expected.as_str() == Some(type_of(value)),
        "$not" => !look.value(expected, value),
        "$in" | "$ini" => expected.as_array().is_some_and(|list| is_in(value, list, operator == "$ini")),
        "$nin" | "$nini" => expected.as_array().is_some_and(|list| !is_in(value, list, operator == "$nini")),
        "$inGroup" => is_in(value, group(look, expected), false),
        "$notInGroup" => !is_in(value, group(look, expected), false),
        "$all" | "$alli" => {
            let look = Look { ignores_case: operator == "$alli", ..look };
            let has =
                |asked: &Value| value.as_array().is_some_and(|list| list.iter().any(|one| look.value(asked, one)));
            value.is_array() && expected.as_array().is_some_and(|asked| asked.iter().all(has))
        }
        "$elemMatch" => {
            let passes = |one: &Value| match is_operators(expected) {
                true => look.value(expected, one),
                false => look.condition(expected, one),
            };
            value.as_array().is_some_and(|list| list.iter().any(passes))
        }
        "$size" => value.as_array().is_some_and(|list| look.value(expected, &Value::from(list.len()))),
        "$regex" | "$regexi" => {
            expected.as_str().is_some_and(|pattern| (look.matches)((pattern, operator == "$regexi"), &text_of(value)))
        }
        _ => false,
    }
}

/// Whether a value, or one of a list of values, is in a list.
fn is_in(value: &Value, list: &[Value], ignores_case: bool) -> bool {
    let is_alike = |one: &Value, other: &Value| match (one, other) {
        (Value::String(one), Value::String(other)) if ignores_case => one.to_lowercase() == other.to_lowercase(),
        _ => is_same(one, other),
    };
    let one_is_in = |one: &Value| list.iter().any(|other| is_alike(one, other));
    match value {
        Value::Array(values) => values.iter().any(one_is_in),
        one => one_is_in(one),
    }
}

fn group<'a>(look: Look<'a>, name: &Value) -> &'a [Value] {
    let group = name.as_str().and_then(|name| look.groups.get(name));
    group.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
