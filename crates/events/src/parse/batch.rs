//! What does the body of a batch hold? Its head, and each event as the bytes that were sent.

use super::draft::Strict;
use super::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Refusal};
use crate::Fields;
use crate::rejection::shown;
use primitives::plain_words;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// A batch, its events still unread: one malformed event must not cost the others.
#[derive(Debug)]
pub(super) struct Body<'a> {
    pub(super) write_key: Option<String>,
    pub(super) context: Fields,
    pub(super) sent_at: Value,
    pub(super) items: Vec<&'a RawValue>,
}

/// Reads a batch's head and finds its events.
pub(super) fn open(body: &[u8]) -> Result<Body<'_>, Refusal> {
    let text = text(body, EXAMPLE, '{')?;
    let mut head: Head<'_> = serde_json::from_str(text).map_err(|error| malformed(&error, EXAMPLE))?;
    let Some(items) = head.items else {
        return Err(Refusal::Malformed { message: format!("the body has no \"batch\": send {EXAMPLE}") });
    };
    if items.len() > BATCH_EVENTS_MAX {
        return Err(Refusal::TooLarge {
            message: format!(
                "the batch has {} events and may have {BATCH_EVENTS_MAX}: send it in several requests",
                items.len()
            ),
        });
    }
    let context = match head.context.take() {
        Value::Null => Fields::new(),
        Value::Object(context) => context.into(),
        _ => {
            return Err(Refusal::Malformed { message: "the batch's \"context\" must be an object or left out".into() });
        }
    };
    let write_key = match head.write_key {
        Value::String(key) if !key.is_empty() => Some(key),
        _ => None,
    };
    Ok(Body { write_key, context, sent_at: head.sent_at, items })
}

/// The body as text, if it has an acceptable size and begins like a JSON object, or an array.
pub(super) fn text<'a>(body: &'a [u8], example: &str, opening: char) -> Result<&'a str, Refusal> {
    if body.len() > BATCH_BYTES_MAX {
        return Err(Refusal::TooLarge {
            message: format!(
                "the body has {} bytes and may have {BATCH_BYTES_MAX}: send fewer events in a request",
                body.len()
            ),
        });
    }
    let text = std::str::from_utf8(body).map_err(|error| Refusal::Malformed {
        message: format!("the body is not UTF-8 at byte {}: send JSON in UTF-8", error.valid_up_to()),
    })?;
    if text.trim_start().starts_with(opening) {
        return Ok(text.trim());
    }
    let found = if text.trim().is_empty() { "is empty".to_owned() } else { format!("begins with {}", shown(text)) };
    let form = if opening == '[' { "array" } else { "object" };
    Err(Refusal::Malformed { message: format!("the body {found} and must be a JSON {form}: send {example}") })
}

/// The refusal of a body that is not JSON.
pub(super) fn malformed(error: &serde_json::Error, example: &str) -> Refusal {
    Refusal::Malformed { message: not_json(error, example) }
}

/// What is said of a body that is not JSON.
pub(super) fn not_json(error: &serde_json::Error, example: &str) -> String {
    format!("the body cannot be read as JSON ({}): send {example}", plain_words(error))
}

const EXAMPLE: &str = "{\"batch\": [{\"type\": \"track\", …}, …]}";

#[derive(Default)]
struct Head<'a> {
    write_key: Value,
    context: Value,
    sent_at: Value,
    items: Option<Vec<&'a RawValue>>,
}

impl<'de: 'a, 'a> serde::Deserialize<'de> for Head<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a \"batch\" array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head<'de>, A::Error> {
        let mut head = Head::default();
        let mut seen = Vec::with_capacity(4);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "batch" => head.items = map.next_value_seed(Items)?,
                "context" => head.context = map.next_value_seed(Strict)?,
                "sentAt" => head.sent_at = map.next_value_seed(Strict)?,
                "writeKey" => head.write_key = map.next_value_seed(Strict)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!("the key {} is there twice", shown(&key))));
            }
            seen.push(key);
        }
        Ok(head)
    }
}

/// The events of the `batch` array as the bytes that were sent, or `None` for `null`.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Option<Vec<&'de RawValue>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"batch\" as an array of events")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    // Serde's own message would repeat the whole text.
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Err(E::custom(format_args!("\"batch\" is the text {}, not an array of events", shown(text))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element::<&'de RawValue>()? {
            items.push(item);
        }
        Ok(Some(items))
    }
}
