//! What does a single field say? Identifiers, texts and objects, each with its limits.

use super::draft::{Draft, Field};
use crate::{Fields, Rejection, RejectionCode};
use serde_json::{Number, Value};
use std::borrow::Cow;

/// The longest identifier, in bytes.
const ID_BYTES_MAX: usize = 512;
/// A `messageId` is shorter than this, in characters.
const MESSAGE_ID_CHARS_END: usize = 100;
/// The longest name of a tracked event, in bytes.
const EVENT_NAME_BYTES_MAX: usize = 256;
/// Beyond this a double no longer holds every whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What programs write where they know no value: an identifier of this kind would join strangers.
pub(crate) const NO_VALUE: [&str; 7] = ["undefined", "null", "nan", "none", "nil", "[object object]", "(not set)"];

/// What programs write where they do not know the customer, beside [`NO_VALUE`].
pub(crate) const NOBODY: [&str; 10] = [
    "0",
    "-1",
    "guest",
    "anonymous",
    "unknown",
    "not_authenticated",
    "n/a",
    "true",
    "false",
    "00000000-0000-0000-0000-000000000000",
];

/// An identifier: text, or a whole number that becomes text, without the blanks around it. Absent, `null` and blank are
/// the same.
pub(super) fn id(draft: &mut Draft, field: Field) -> Result<Option<String>, Rejection> {
    id_of(draft.take(field), field.pointer())
}

/// A customer's identifier: one that many customers would share is refused.
pub(super) fn customer_id(draft: &mut Draft, field: Field) -> Result<Option<String>, Rejection> {
    customer_id_of(draft.take(field), field.pointer())
}

/// A customer's identifier as every way in reads it: an event's, a decision's.
///
/// # Errors
/// [`Rejection`] at `pointer`, such as `/userId`, where it is no identifier, or one that programs write for nobody.
pub fn customer_id_of(value: Value, pointer: &str) -> Result<Option<String>, Rejection> {
    let Some(text) = id_of(value, pointer)? else { return Ok(None) };
    if is_one_of(&text, &NOBODY) {
        let fault = "programs write that for nobody, and strangers would become one customer; leave the field out";
        return Err(Rejection::bad_value(pointer, &text, fault));
    }
    Ok(Some(text))
}

fn id_of(value: Value, pointer: &str) -> Result<Option<String>, Rejection> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Number(number) => match whole_number(&number) {
            Some(text) => text,
            None => return Err(Rejection::bad_value(pointer, &number.to_string(), NOT_WHOLE)),
        },
        other => return Err(Rejection::wrong_type(pointer, &other, "send the identifier as text")),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if let Some(fault) = fault_of_id(trimmed) {
        return Err(Rejection::bad_value(pointer, trimmed, &fault));
    }
    Ok(Some(if trimmed.len() == text.len() { text } else { trimmed.to_owned() }))
}

const CONTROL_CHARACTER: &str = "it holds a control character; remove line breaks, tabs and zero bytes";
const NOT_WHOLE: &str = "a number that identifies must be whole and below 2^53; send the identifier as text";

/// What is wrong with an identifier, a customer's or a product's, and what to send.
pub(crate) fn fault_of_id(id: &str) -> Option<Cow<'static, str>> {
    if id.len() > ID_BYTES_MAX {
        return Some(format!("an identifier has at most {ID_BYTES_MAX} bytes and this one has {}", id.len()).into());
    }
    if id.chars().any(char::is_control) {
        return Some(CONTROL_CHARACTER.into());
    }
    let no_value = "programs write that where there is no value; send the identifier, or leave the field out";
    is_one_of(id, &NO_VALUE).then(|| no_value.into())
}

fn is_one_of(id: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(id))
}

/// An identifier without which the call says nothing.
pub(super) fn required_id(draft: &mut Draft, field: Field, advice: &str) -> Result<String, Rejection> {
    id(draft, field)?.ok_or_else(|| Rejection::missing(field.pointer(), advice))
}

/// The `messageId`, where the client sent one.
pub(super) fn message_id(draft: &mut Draft) -> Result<Option<String>, Rejection> {
    let Some(text) = id(draft, Field::MessageId)? else { return Ok(None) };
    // Bytes first: most identifiers are short, and counting characters costs a pass.
    if text.len() >= MESSAGE_ID_CHARS_END && text.chars().count() >= MESSAGE_ID_CHARS_END {
        let fault = format!("it must have fewer than {MESSAGE_ID_CHARS_END} characters; send a UUID");
        return Err(Rejection::bad_value(Field::MessageId.pointer(), &text, &fault));
    }
    Ok(Some(text))
}

/// The name of a tracked event.
pub(super) fn event_name(draft: &mut Draft) -> Result<String, Rejection> {
    let field = Field::Event;
    const ADVICE: &str = "name what the customer did, such as \"Order Completed\"";
    let name = match draft.take(field) {
        Value::Null => return Err(Rejection::missing(field.pointer(), ADVICE)),
        Value::String(name) if name.trim().is_empty() => return Err(Rejection::missing(field.pointer(), ADVICE)),
        Value::String(name) => name,
        other => return Err(Rejection::wrong_type(field.pointer(), &other, ADVICE)),
    };
    if name.len() > EVENT_NAME_BYTES_MAX {
        let fault = format!(
            "a name has at most {EVENT_NAME_BYTES_MAX} bytes and this one has {}; put particulars into \"properties\"",
            name.len()
        );
        return Err(Rejection::bad_value(field.pointer(), &name, &fault));
    }
    if name.chars().any(char::is_control) {
        return Err(Rejection::bad_value(field.pointer(), &name, CONTROL_CHARACTER));
    }
    Ok(name)
}

/// A text that may be absent; a blank one counts as absent.
pub(super) fn text(draft: &mut Draft, field: Field) -> Result<Option<String>, Rejection> {
    match draft.take(field) {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        other => Err(Rejection::wrong_type(field.pointer(), &other, "send text, or leave it out")),
    }
}

/// An object that may be absent.
pub(super) fn object(draft: &mut Draft, field: Field) -> Result<Fields, Rejection> {
    match draft.take(field) {
        Value::Null => Ok(Fields::new()),
        Value::Object(object) => Ok(object),
        other => Err(Rejection::wrong_type(field.pointer(), &other, "send an object, or leave it out")),
    }
}

/// Lays `own` over `base`: objects are merged key by key at every depth, anything else of `own` stays as it is.
pub(super) fn merge_under(own: &mut Fields, base: &Fields) {
    for (key, value) in base {
        match (own.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(base_inner)) => merge_under(inner, base_inner),
            (Some(_), _) => {}
            (None, _) => {
                own.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The digits of a whole number, or `None` where it has a fraction or is too large to be exact.
pub(crate) fn whole_number(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let value = number.as_f64()?;
    let is_whole = value.fract().abs() < f64::MIN_POSITIVE && value.abs() < WHOLE_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as the line above found")]
    is_whole.then(|| (value as i64).to_string())
}

/// A rejection of what is no JSON object.
pub(super) fn not_an_object() -> Rejection {
    Rejection::new(RejectionCode::Malformed, "", "an event must be a JSON object such as {\"type\":\"track\", …}")
}
