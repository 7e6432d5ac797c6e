//! Which conditions can clients answer by themselves? Those on the texts of traits, which they know as attributes.
//!
//! Ours know three answers: of what is not known neither a condition holds nor its opposite. In the form of clients what is missing
//! is null, so each question asks also that there is something.
//!
//! A trait is text here, whatever it was; an attribute has a type, and clients mind it: each question asks for the text and for what
//! is written so.

use crate::filter::{Ask, Filter, Literal, Op, Subject};
use serde_json::{Number, Value, json};

/// Up to here programs with one type for all numbers tell each whole number from the next.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A condition as clients answer it; `None` where they cannot.
pub(super) fn condition(filter: &Filter) -> Option<Value> {
    said(filter, true)
}

/// That a condition holds, or that it is known not to.
fn said(filter: &Filter, holds: bool) -> Option<Value> {
    let all = |parts: &[Filter]| parts.iter().map(|part| said(part, holds)).collect::<Option<Vec<Value>>>();
    match (filter, holds) {
        (Filter::All, true) => Some(json!({})),
        (Filter::All, false) => Some(json!({ "$or": [{ "$not": {} }] })),
        (Filter::And(parts), true) | (Filter::Or(parts), false) => Some(json!({ "$and": all(parts)? })),
        (Filter::Or(parts), true) | (Filter::And(parts), false) => Some(json!({ "$or": all(parts)? })),
        (Filter::Not(part), _) => said(part, !holds),
        (Filter::Test(Subject::Trait(path), ask), _) => match path.as_slice() {
            // A dot in a name would lead clients into it.
            [name] if !name.contains('.') && !name.starts_with('$') => {
                Some(json!({ name.as_str(): asked(ask, holds)? }))
            }
            _ => None,
        },
        (Filter::Test(..), _) => None,
    }
}

fn asked(ask: &Ask, holds: bool) -> Option<Value> {
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    };
    match (ask, holds) {
        (Ask::Exists, holds) => Some(json!({ "$exists": holds })),
        (Ask::Is(Op::Eq, literal), true) | (Ask::Is(Op::Ne, literal), false) => Some(one_of(&[text(literal)?])),
        (Ask::Is(Op::Ne, literal), true) | (Ask::Is(Op::Eq, literal), false) => Some(none_of(&[text(literal)?])),
        (Ask::In(literals), holds) => {
            let texts = literals.iter().map(text).collect::<Option<Vec<String>>>()?;
            Some(if holds { one_of(&texts) } else { none_of(&texts) })
        }
        _ => None,
    }
}

fn one_of(texts: &[String]) -> Value {
    match written_so(texts).as_slice() {
        [only] => json!({ "$eq": only }),
        all => json!({ "$in": all }),
    }
}

fn none_of(texts: &[String]) -> Value {
    match written_so(texts).as_slice() {
        [only] => json!({ "$exists": true, "$ne": only }),
        all => json!({ "$exists": true, "$nin": all }),
    }
}

/// The texts, and the values that are written so: of `"8010"` the number, too.
fn written_so(texts: &[String]) -> Vec<Value> {
    let typed = |text: &String| {
        let value = match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::Number(text.parse::<Number>().ok().filter(is_exact)?),
        };
        (text_of(&value).as_ref() == Some(text)).then_some(value)
    };
    texts.iter().flat_map(|text| [Some(json!(text)), typed(text)]).flatten().collect()
}

/// What a value of an attribute is as the text of a trait; `None` of what is none.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number_text(number)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number is written without a fraction, however it arrived: some clients write `1.0` for what others write `1`.
fn number_text(number: &Number) -> String {
    let whole = number.as_f64().filter(|value| value.fract() == 0.0 && is_exact(number));
    whole.map_or_else(|| number.to_string(), |value| format!("{:.0}", value + 0.0))
}

fn is_exact(number: &Number) -> bool {
    number.as_f64().is_some_and(|value| value.abs() <= WHOLE_MAX)
}
