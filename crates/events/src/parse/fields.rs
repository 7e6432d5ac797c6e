//! What does a single field say? Identifiers, texts and objects, each with its limits.

use super::draft::{Draft, Field};
use crate::identifier::{CONTROL_CHARACTER, customer_id_of, id_of};
use crate::{Fields, Object, Rejection, RejectionCode};
use serde_json::Value;

/// A `messageId` is shorter than this, in characters.
const MESSAGE_ID_CHARS_END: usize = 100;
/// The longest name of a tracked event, in bytes.
const EVENT_NAME_BYTES_MAX: usize = 256;
/// An identifier: text, or a whole number that becomes text, without the blanks around it. Absent, `null` and blank are
/// the same.
pub(super) fn id(draft: &mut Draft, field: Field) -> Result<Option<String>, Rejection> {
    id_of(draft.take(field), field.pointer())
}

/// A customer's identifier: one that many customers would share is refused.
pub(super) fn customer_id(draft: &mut Draft, field: Field) -> Result<Option<String>, Rejection> {
    customer_id_of(draft.take(field), field.pointer())
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
        Value::Object(object) => Ok(object.into()),
        other => Err(Rejection::wrong_type(field.pointer(), &other, "send an object, or leave it out")),
    }
}

/// Lays `own` over `base`: objects are merged key by key at every depth, anything else of `own` stays as it is.
pub(super) fn merge_under(own: &mut Object, base: &Object) {
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

/// A rejection of what is no JSON object.
pub(super) fn not_an_object() -> Rejection {
    Rejection::new(RejectionCode::Malformed, "", "an event must be a JSON object such as {\"type\":\"track\", …}")
}
