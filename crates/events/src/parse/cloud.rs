//! How does a CloudEvent become one of our events?
//!
//! CloudEvents 1.0: attributes that say what it is (`id`, `source`, `type`, `subject`, `time`) and `data`. It becomes a
//! `track` of the name in `type` with `data` as its properties, or the call that `data` is.

use super::draft::{Draft, Field, Strict};
use super::{
    BATCH_EVENTS_MAX, Batch, Envelope, IsNameless, Refusal, batch, event, fields, generated_id, kind_of, memory_of,
    within_size,
};
use crate::rejection::shown;
use crate::sent::CALL_PREFIX;
use crate::{CallKind, Event, Rejection, RejectionCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::plain_words;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

const EXAMPLE: &str = "{\"specversion\": \"1.0\", \"id\": …, \"source\": …, \"type\": …, \"data\": {…}}";

/// How the CloudEvents of a request are written.
#[derive(Debug, Clone, Copy)]
pub enum CloudForm<'a> {
    /// One, its attributes beside the body, which is its data.
    Binary {
        /// The attributes, by their names without a prefix.
        attributes: &'a [(String, String)],
        /// Whether the data says that it is JSON; `None` where it says nothing.
        is_json: Option<bool>,
    },
    /// One, as a JSON object.
    Structured,
    /// Many, as a JSON array.
    Many,
}

/// Reads the CloudEvents of a request.
///
/// `source` and `id` together are the `messageId`, `subject` is the `userId`, the extension `anonymousid` the
/// `anonymousId`, and `time` when it happened. What `data` says as a call of ours goes before. All attributes are kept in
/// `context.cloudevent`.
///
/// Memory is counted: `has_room` is asked for what is written in base64, of which [`memory_of`] the body knows nothing,
/// before it is read.
///
/// # Errors
/// [`Refusal`] where the request as a whole cannot be read; single bad events are in [`Batch::rejected`].
pub fn parse_cloud_events(
    body: &[u8],
    form: CloudForm<'_>,
    envelope: &Envelope,
    mut has_room: impl FnMut(usize) -> bool,
) -> Result<Batch, Refusal> {
    let mut batch = Batch::default();
    let mut add = |payload: &str, index| {
        let outcome = match read(payload, index, envelope, &mut has_room) {
            Ok(event) => Ok(event),
            Err(Fault::Own(rejection)) => Err(rejection),
            Err(Fault::NoRoom) => return Err(Refusal::NoRoom),
        };
        batch.add(outcome, None, payload, index, envelope.received_at);
        Ok(())
    };
    match form {
        CloudForm::Many => {
            let text = batch::text(body, &format!("[{EXAMPLE}, …]"), '[')?;
            let items: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|error| batch::malformed(&error, &format!("[{EXAMPLE}, …]")))?;
            if items.len() > BATCH_EVENTS_MAX {
                let message = format!(
                    "the batch has {} events and may have {BATCH_EVENTS_MAX}: send it in several requests",
                    items.len()
                );
                return Err(Refusal::TooLarge { message });
            }
            for (index, item) in items.into_iter().enumerate() {
                add(item.get(), index)?;
            }
        }
        CloudForm::Structured => add(batch::text(body, EXAMPLE, '{')?, 0)?,
        CloudForm::Binary { attributes, is_json } => match structured(attributes, is_json, body) {
            Ok(payload) => add(&payload, 0)?,
            Err((payload, rejection)) => batch.add(Err(rejection), None, &payload, 0, envelope.received_at),
        },
    }
    Ok(batch)
}

/// Why one is not taken: by a fault of its own, or since there is no memory to read it in.
enum Fault {
    Own(Rejection),
    NoRoom,
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Own(rejection)
    }
}

/// A binary one as it would be written as a JSON object; where its data cannot be read, why, and with the data as they came:
/// whom they name is found there as in anything else that was cut.
fn structured(
    attributes: &[(String, String)],
    is_json: Option<bool>,
    data: &[u8],
) -> Result<String, (String, Rejection)> {
    let mut object = Map::new();
    for (name, value) in attributes {
        object.insert(name.clone(), Value::from(value.as_str()));
    }
    let json = || strict(data);
    let head = Value::Object(object.clone()).to_string();
    let malformed = |fault: &str| {
        let message =
            format!("the body, which is the CloudEvent's data, cannot be read as JSON ({fault}): send a JSON object");
        let (head, comma) = (head.strip_suffix('}').unwrap_or_default(), if attributes.is_empty() { "" } else { "," });
        let payload = format!("{head}{comma}\"data\":{}}}", String::from_utf8_lossy(data));
        (payload, Rejection::new(RejectionCode::Malformed, "/data", message))
    };
    let value = match is_json {
        _ if data.is_empty() => Value::Null,
        Some(true) => json().map_err(|error| malformed(&plain_words(&error)))?,
        Some(false) => Value::Null,
        None => json().unwrap_or_default(),
    };
    let value = match (value, std::str::from_utf8(data)) {
        (Value::Null, Ok(text)) if !data.is_empty() && is_json != Some(true) => Value::from(text),
        (Value::Null, Err(_)) => return Err(malformed("it is not text")),
        (value, _) => value,
    };
    object.insert("data".to_owned(), value);
    Ok(Value::Object(object).to_string())
}

fn read(
    payload: &str,
    index: usize,
    envelope: &Envelope,
    has_room: &mut dyn FnMut(usize) -> bool,
) -> Result<(Event, IsNameless), Fault> {
    within_size(payload.len())?;
    let value = strict(payload.as_bytes()).map_err(|error| {
        let message = format!("the CloudEvent cannot be read as JSON ({}): send {EXAMPLE}", plain_words(&error));
        Rejection::new(RejectionCode::Malformed, "", message)
    })?;
    let Value::Object(mut attributes) = value else { return Err(fields::not_an_object().into()) };
    let data = data_of(&mut attributes, has_room)?;
    let version = attribute(&attributes, "specversion")?;
    if version != "1.0" {
        return Err(Rejection::bad_value("/specversion", version, "CloudEvents of version 1.0 are understood").into());
    }
    let (id, source) = (attribute(&attributes, "id")?, attribute(&attributes, "source")?);
    let message_id = message_id(source, id);
    let kind_name = attribute(&attributes, "type")?.to_owned();
    let (kind, mut call) = call(&kind_name, data)?;
    call.insert(Field::MessageId.pointer().trim_start_matches('/').to_owned(), message_id.into());
    let own = Own::fill(&mut call, &attributes, kind);
    let Value::Object(context) = call.entry("context").or_insert_with(|| Value::Object(Map::new())) else {
        return Err(Rejection::wrong_type("/data/context", &call["context"], "send an object, or leave it out").into());
    };
    context.insert("cloudevent".to_owned(), Value::Object(attributes));
    let draft = Draft::from(call);
    let id = |received_at| generated_id(xxh3_128(payload.as_bytes()), received_at, index);
    event(draft, Some(kind), envelope, id).map_err(|rejection| own.named_as_sent(rejection).into())
}

/// Any JSON, each key once and nothing behind it.
fn strict(json: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The data, read where it is written in letters.
fn data_of(attributes: &mut Map<String, Value>, has_room: &mut dyn FnMut(usize) -> bool) -> Result<Value, Fault> {
    let data = attributes.remove("data").unwrap_or_default();
    match attributes.remove("data_base64") {
        None | Some(Value::Null) => Ok(data),
        Some(Value::String(letters)) => {
            let advice = "send JSON in \"data\", or its bytes in base64";
            let bytes =
                STANDARD.decode(&letters).map_err(|_| Rejection::bad_value("/data_base64", &letters, advice))?;
            if !has_room(memory_of(&bytes)) {
                return Err(Fault::NoRoom);
            }
            strict(&bytes).map_err(|_| Rejection::bad_value("/data_base64", &letters, advice).into())
        }
        Some(other) => Err(Rejection::wrong_type("/data_base64", &other, "send text in base64").into()),
    }
}

/// An attribute without which there is no CloudEvent.
fn attribute<'a>(attributes: &'a Map<String, Value>, name: &str) -> Result<&'a str, Rejection> {
    let pointer = format!("/{name}");
    let advice = match name {
        "specversion" => "send \"1.0\"",
        "id" => "send what makes the event the same when it is sent again",
        "source" => "send which system it comes from, such as \"/shop/orders\"",
        _ => "name what happened, such as \"Order Completed\"",
    };
    match attributes.get(name) {
        None | Some(Value::Null) => Err(Rejection::missing(pointer, advice)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(Rejection::missing(pointer, advice)),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(Rejection::wrong_type(pointer, other, advice)),
    }
}

/// The id of an event is its source's own: both together make it the same event.
fn message_id(source: &str, id: &str) -> String {
    let mut hasher = Xxh3::new();
    // Where one ends and the other begins must not be open.
    hasher.update(&(source.len() as u64).to_le_bytes());
    hasher.update(source.as_bytes());
    hasher.update(id.as_bytes());
    format!("cloudevent-{:032x}", hasher.digest128())
}

/// Which call it is, with its fields: `data` itself where `type` or its own `type` says so, else a tracked event.
fn call(kind_name: &str, data: Value) -> Result<(CallKind, Map<String, Value>), Rejection> {
    let of_data = |data: &Value| data.get("type").and_then(Value::as_str).and_then(CallKind::from_name);
    let kind = match kind_name.strip_prefix(CALL_PREFIX) {
        Some(name) => Some(kind_of(Value::from(name))?),
        None => of_data(&data).filter(|_| ["userId", "anonymousId", "itemId"].iter().any(|id| data.get(id).is_some())),
    };
    match (kind, data) {
        (Some(kind), Value::Object(call)) => Ok((kind, call)),
        (Some(_), Value::Null) => Err(Rejection::missing("/data", "send the call that \"type\" names as an object")),
        (Some(_), other) => {
            Err(Rejection::wrong_type("/data", &other, "send the call that \"type\" names as an object"))
        }
        (None, data) => {
            let properties = match data {
                Value::Object(properties) => properties,
                Value::Null => Map::new(),
                other => Map::from_iter([("data".to_owned(), other)]),
            };
            let call = [("event", Value::from(kind_name)), ("properties", Value::Object(properties))];
            Ok((CallKind::Track, Map::from_iter(call.map(|(name, value)| (name.to_owned(), value)))))
        }
    }
}

/// Which fields of the call came from attributes: a rejection names them as they were sent.
struct Own {
    fields: Vec<(&'static str, &'static str)>,
    /// Whether the data are the properties, and not the call.
    is_plain: bool,
}

impl Own {
    fn fill(call: &mut Map<String, Value>, attributes: &Map<String, Value>, kind: CallKind) -> Self {
        let is_plain = call.get("event").is_some_and(|event| attributes.get("type") == Some(event));
        let mut own = if is_plain { vec![("event", "type")] } else { Vec::new() };
        let is_item = kind == CallKind::Item;
        let is_named = ["userId", "anonymousId"].iter().any(|name| call.get(*name).is_some_and(|id| !id.is_null()));
        let subject = if is_item { "itemId" } else { "userId" };
        for (field, attribute, is_open) in [
            (subject, "subject", is_item || !is_named),
            ("anonymousId", "anonymousid", true),
            ("timestamp", "time", !call.contains_key("originalTimestamp")),
        ] {
            let is_absent = call.get(field).is_none_or(Value::is_null);
            if let Some(value) = attributes.get(attribute).filter(|_| is_open && is_absent) {
                call.insert(field.to_owned(), value.clone());
                own.push((field, attribute));
            } else if is_absent {
                // What is missing is missing as an attribute.
                own.push((field, attribute));
            }
        }
        Self { fields: own, is_plain }
    }

    fn named_as_sent(&self, rejection: Rejection) -> Rejection {
        let own = self.fields.iter().find(|(field, _)| rejection.field.strip_prefix('/') == Some(field));
        let Some((field, attribute)) = own else {
            let in_data = rejection.field.strip_prefix("/properties").filter(|_| self.is_plain);
            return Rejection { field: format!("/data{}", in_data.unwrap_or(&rejection.field)), ..rejection };
        };
        let message = match rejection.code {
            // What is missing says what to send, and nothing that was sent.
            RejectionCode::MissingField => self.fields.iter().fold(rejection.message, |message, (field, attribute)| {
                message.replace(&shown(field), &shown(attribute))
            }),
            _ => rejection.message.replacen(&shown(field), &shown(attribute), 1),
        };
        Rejection { field: format!("/{attribute}"), message, ..rejection }
    }
}
