//! Why was an event not accepted?

use crate::{Call, Event};
use primitives::{AnonymousId, Timestamp, UserId, visible};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// How much of a rejected event is kept for the live inspector, in bytes.
const PAYLOAD_BYTES_MAX: usize = 2 * 1024;

/// How many characters of a wrong value a message shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Why one event was not accepted: which field, what is wrong with it, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The class of reason, for counting and for programs.
    pub code: RejectionCode,
    /// Where in the event, as a JSON pointer such as `/properties/price`; empty for the event as a whole.
    pub field: String,
    /// One sentence for people: what is wrong, with the value, and what to send in its place.
    pub message: String,
    /// The same without the value, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
}

/// The classes of reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not JSON, or not a JSON object.
    Malformed,
    /// Larger than an event may be.
    TooLarge,
    /// A required field is absent or empty.
    MissingField,
    /// A field has the wrong JSON type.
    WrongType,
    /// A field has the right type and an impossible value.
    BadValue,
    /// The call is not one that exists.
    UnknownType,
    /// The sender may not send this.
    NotAllowed,
    /// The `messageId` was used before for another content.
    Conflict,
    /// It names a customer who was erased.
    Erased,
}

impl RejectionCode {
    /// The name on the wire and in metrics, such as `missing_field`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::UnknownType => "unknown_type",
            Self::NotAllowed => "not_allowed",
            Self::Conflict => "conflict",
            Self::Erased => "erased",
        }
    }

    /// What it means, as a sentence for people that begins small.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => "it is no JSON object, or one with a key that is there twice",
            Self::TooLarge => "it is larger than an event may be",
            Self::MissingField => "something without which it says nothing is missing",
            Self::WrongType => "a value has the wrong type",
            Self::BadValue => "a value is impossible",
            Self::UnknownType => "there is no such call",
            Self::NotAllowed => "the key may not send it",
            Self::Conflict => "its messageId was used before for another content, which stays",
            Self::Erased => "it names a customer who was erased",
        }
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rejected event as it is kept for the live inspector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was rejected.
    pub rejection: Rejection,
    /// What was called, by the path or by its `type`, as far as that can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What was sent, cut to a bounded length.
    pub payload: String,
    /// Its place in the request. Only the answer to the request says it; it is not kept.
    #[serde(skip)]
    pub index: usize,
    /// Its `messageId`, where it has one. Only the answer to the request says it; it stands in the payload, too.
    #[serde(skip)]
    pub message_id: Option<String>,
    /// What stands where it names a customer, also behind where the payload is cut: of whoever was erased nothing is kept.
    #[serde(skip)]
    pub names: Vec<String>,
}

impl Rejected {
    /// The rejection of an event whose `messageId` was used before for another content.
    #[must_use]
    pub fn conflict(event: &Event, received_at: Timestamp) -> Self {
        let id = shown(event.message_id.as_str());
        let message = format!(
            "\"messageId\" is {id}, which the {} used before with another content; that content stays: send each event \
             under an id of its own",
            event.origin.name()
        );
        let rejection = Rejection::new(RejectionCode::Conflict, "/messageId", message);
        Self { received_at, ..Self::of(event, rejection) }
    }

    /// The rejection of an event that could be read.
    pub(crate) fn of(event: &Event, rejection: Rejection) -> Self {
        let received_at = event.received_at;
        let payload = serde_json::to_string(event).unwrap_or_default();
        let message_id = Some(event.message_id.as_str().to_owned());
        let call = Some(event.kind().name().to_owned());
        let of_alias = match &event.call {
            Call::Alias { previous_id } => Some(previous_id.as_str()),
            _ => None,
        };
        let [user, device] =
            [event.user_id.as_ref().map(UserId::as_str), event.anonymous_id.as_ref().map(AnonymousId::as_str)];
        let named = [user, device, of_alias];
        let names = named.into_iter().flatten().map(str::to_owned).collect();
        Self { received_at, rejection, call, payload: cut(&payload).to_owned(), index: 0, message_id, names }
    }
}

impl Rejection {
    /// A rejection with its sentence.
    pub(crate) fn new(code: RejectionCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, field: field.into(), message: message.into(), masked: None }
    }

    /// What is wrong, without the value that was found: for whoever may see what comes in and not what it says.
    #[must_use]
    pub fn without_value(&self) -> &str {
        self.masked.as_deref().unwrap_or_else(|| self.code.meaning())
    }

    /// A required field is absent or empty. `advice` says what to send.
    pub(crate) fn missing(field: impl Into<String>, advice: &str) -> Self {
        let field = field.into();
        let message = format!("\"{}\" is missing: {advice}", last_segment(&field));
        let masked = Some(message.clone());
        Self { masked, ..Self::new(RejectionCode::MissingField, field, message) }
    }

    /// A field has the wrong JSON type. `advice` says what to send.
    pub(crate) fn wrong_type(field: impl Into<String>, found: &Value, advice: &str) -> Self {
        let field = field.into();
        let name = last_segment(&field);
        let message = format!("\"{name}\" is {}: {advice}", described(found));
        let masked = Some(format!("\"{name}\" is {}: {advice}", kind_of(found)));
        Self { masked, ..Self::new(RejectionCode::WrongType, field, message) }
    }

    /// A field has the right type and an impossible value. `fault` says what is wrong and what to send, and repeats no value.
    pub(crate) fn bad_value(field: impl Into<String>, found: &str, fault: &str) -> Self {
        let field = field.into();
        let name = last_segment(&field);
        let message = format!("\"{name}\" is {}: {fault}", shown(found));
        let masked = Some(format!("\"{name}\" cannot be that: {fault}"));
        Self { masked, ..Self::new(RejectionCode::BadValue, field, message) }
    }
}

/// A text in quotation marks, on one line, shortened to what fits a message.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        None => format!("\"{}\"", visible(text)),
        Some((end, _)) => format!("\"{}…\"", visible(&text[..end])),
    }
}

/// A name as a segment of a JSON pointer (RFC 6901), shortened to what fits a record.
pub(crate) fn pointer_segment(name: &str) -> String {
    name.chars().take(4 * SHOWN_CHARS_MAX).collect::<String>().replace('~', "~0").replace('/', "~1")
}

fn described(value: &Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {}", shown(text)),
        _ => kind_of(value).to_owned(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn last_segment(pointer: &str) -> String {
    let segment = pointer.rsplit('/').next().unwrap_or_default();
    let name: String = segment.replace("~1", "/").replace("~0", "~").chars().take(SHOWN_CHARS_MAX).collect();
    visible(&name).into_owned()
}

/// The beginning of a payload, cut between two characters.
pub(crate) fn cut(payload: &str) -> &str {
    &payload[..payload.floor_char_boundary(PAYLOAD_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_forty_characters_of_a_value_on_one_line() {
        assert_eq!(shown("42"), "\"42\"");
        assert_eq!(shown("a\nb\0c"), "\"a⟨U+000A⟩b⟨U+0000⟩c\"");
        assert_eq!(shown(&"é".repeat(40)), format!("\"{}\"", "é".repeat(40)));
        assert_eq!(shown(&"é".repeat(41)), format!("\"{}…\"", "é".repeat(40)));
    }

    #[test]
    fn a_reason_has_one_name_on_the_wire_in_records_and_in_words() {
        use RejectionCode::*;
        for (code, name) in [
            (Malformed, "malformed"),
            (TooLarge, "too_large"),
            (MissingField, "missing_field"),
            (WrongType, "wrong_type"),
            (BadValue, "bad_value"),
            (UnknownType, "unknown_type"),
            (NotAllowed, "not_allowed"),
            (Conflict, "conflict"),
        ] {
            assert_eq!((code.name(), code.to_string().as_str()), (name, name));
            assert_eq!(serde_json::to_value(code).unwrap(), name);
        }
    }

    #[test]
    fn a_name_of_any_length_becomes_a_pointer_of_a_bounded_one() {
        assert_eq!(pointer_segment(&"é".repeat(160)), "é".repeat(160));
        assert_eq!(pointer_segment(&"é".repeat(161)), "é".repeat(160));
    }

    #[test]
    fn a_message_says_what_was_found_in_a_field_of_the_wrong_type() {
        for (found, words) in [
            (Value::Null, "null"),
            (Value::from(true), "true"),
            (Value::from(3), "the number 3"),
            (Value::from("a"), "the text \"a\""),
            (serde_json::json!([1]), "an array"),
            (serde_json::json!({"a": 1}), "an object"),
        ] {
            let rejection = Rejection::wrong_type("/a/b", &found, "send text");
            assert_eq!(rejection.message, format!("\"b\" is {words}: send text"));
        }
    }

    #[test]
    fn a_conflict_says_who_used_the_id_and_keeps_what_was_sent() {
        let received_at = Timestamp::from_millis(1_000);
        let event = crate::parse_event(
            serde_json::json!({"userId": "u", "event": "e", "messageId": "m"}),
            Some(crate::CallKind::Track),
            &crate::Envelope::new(received_at, crate::Origin::Server),
        );
        let event = event.unwrap();
        let again_at = Timestamp::from_millis(2_000);
        let rejected = Rejected::conflict(&event, again_at);
        assert_eq!(
            (rejected.rejection.code, rejected.rejection.field.as_str()),
            (RejectionCode::Conflict, "/messageId")
        );
        assert!(rejected.rejection.message.contains("\"m\", which the server used before"), "{}", rejected.rejection);
        assert_eq!((rejected.received_at, rejected.message_id.as_deref()), (again_at, Some("m")));
        assert_eq!(serde_json::from_str::<Event>(&rejected.payload).unwrap(), event);
    }

    #[test]
    fn a_pointer_is_escaped_and_a_message_names_its_last_segment_as_it_was_sent() {
        let field = format!("/context/consent/{}", pointer_segment("a/b~c"));
        assert_eq!(field, "/context/consent/a~1b~0c");
        let rejection = Rejection::wrong_type(field, &Value::from(3), "send true or false");
        assert_eq!(rejection.to_string(), "\"a/b~c\" is the number 3: send true or false");
    }
}
