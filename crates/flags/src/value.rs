//! What do values mean where they are compared? As in the browser: clients there must find the same.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Whether a value counts as yes: everything but null, false, 0 and the empty text.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0 && !number.is_nan()),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// A value as text, as it is joined to other text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let part = |value: &Value| if value.is_null() { String::new() } else { text_of(value) };
            values.iter().map(part).collect::<Vec<_>>().join(",")
        }
        Value::Object(_) => "[object Object]".to_owned(),
    }
}

/// A value as it is remembered by: text as it is, everything else as JSON.
pub(crate) fn kept_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

/// A whole number is written without a point, however it arrived.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e21 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// A value as a number; not a number where it is none.
pub(crate) fn number_of(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(is) => f64::from(u8::from(*is)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.trim().is_empty() => 0.0,
        Value::String(text) => match text.trim() {
            // What Rust reads and browsers do not.
            text if text.chars().any(|letter| letter.is_alphabetic() && !matches!(letter, 'e' | 'E')) => f64::NAN,
            text => text.parse().unwrap_or(f64::NAN),
        },
        Value::Array(_) => number_of(&Value::String(text_of(value))),
        Value::Object(_) => f64::NAN,
    }
}

/// Whether two values are the same, of the same type; lists and objects never are.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(_) | Value::Object(_), _) => false,
        _ => is_alike(one, other),
    }
}

/// Whether two values look the same: lists by their values in order, objects by their keys.
pub(crate) fn is_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in = |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| is_alike(value, other));
            one.len() == other.len() && one.iter().all(is_in)
        }
        _ => one == other,
    }
}

/// Which of two values comes first: as texts where both are, else as numbers; `None` where one is no number.
pub(crate) fn order(one: &Value, other: &Value) -> Option<Ordering> {
    let is_text = |value: &Value| matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_));
    if is_text(one) && is_text(other) {
        return Some(text_of(one).encode_utf16().cmp(text_of(other).encode_utf16()));
    }
    number_of(one).partial_cmp(&number_of(other))
}

/// The name of a value's type.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_as_browsers_read_them() {
        for (value, number) in [(json!("8"), 8.0), (json!(" 1e2 "), 100.0), (json!(""), 0.0), (json!(true), 1.0)] {
            assert!((number_of(&value) - number).abs() < 1e-12, "{value}");
        }
        for value in [json!("inf"), json!("nan"), json!("8 apples"), json!({}), json!([1, 2])] {
            assert!(number_of(&value).is_nan(), "{value}");
        }
    }

    #[test]
    fn a_whole_number_is_the_same_however_it_arrived() {
        assert_eq!(kept_text(&json!(123.0)), "123");
        assert_eq!(kept_text(&json!(123)), "123");
        assert_eq!(kept_text(&json!(1.5)), "1.5");
        assert!(is_same(&json!(1), &json!(1.0)) && !is_same(&json!(1), &json!("1")));
    }

    #[test]
    fn lists_are_alike_and_never_the_same() {
        assert!(is_alike(&json!([1, {"a": 2.0}]), &json!([1.0, {"a": 2}])));
        assert!(!is_alike(&json!([1, 2]), &json!([2, 1])) && !is_same(&json!([1]), &json!([1])));
        assert!(!is_alike(&json!({"a": 1}), &json!({"b": 1})));
    }

    #[test]
    fn texts_are_ordered_as_texts_and_else_as_numbers() {
        assert_eq!(order(&json!("10"), &json!("9")), Some(Ordering::Less));
        assert_eq!(order(&json!("10"), &json!(9)), Some(Ordering::Greater));
        assert_eq!(order(&json!("ten"), &json!(9)), None);
        assert_eq!(order(&Value::Null, &json!(-1)), Some(Ordering::Greater));
    }
}
