//! What does an event say of itself that was rejected? What was sent may be anything, and cut.

use crate::CallKind;
use crate::identifier::id_of;
use crate::scalars::each_scalar;
use primitives::{AnonymousId, UserId};
use serde_json::Value;
use std::collections::BTreeMap;

/// CloudEvents of such a type carry the call that it names.
pub(crate) const CALL_PREFIX: &str = "rapport.";
/// The fields that are looked at: of an event, and of a CloudEvent.
const FIELDS: [&str; 11] = [
    "type",
    "event",
    "name",
    "messageId",
    "userId",
    "anonymousId",
    "itemId",
    "specversion",
    "id",
    "subject",
    "anonymousid",
];

/// What was sent as the fields of our calls, as far as it can be read.
#[derive(Debug, Default)]
pub struct Sent(BTreeMap<String, Value>);

impl Sent {
    /// Reads what was sent.
    #[must_use]
    pub fn of(payload: &str) -> Self {
        let (mut fields, mut data) = (BTreeMap::new(), BTreeMap::new());
        each_scalar(
            payload,
            |_| false,
            |at, value| {
                let (found, field) = match at.path {
                    [field] => (&mut fields, field),
                    [outer, field] if outer == "data" => (&mut data, field),
                    _ => return,
                };
                if FIELDS.contains(&field.as_str()) {
                    found.entry(field.clone()).or_insert(value);
                }
            },
        );
        Self(if fields.contains_key("specversion") { call_of(fields, data) } else { fields })
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str().filter(|text| !text.trim().is_empty())
    }

    fn id(&self, field: &str) -> Option<String> {
        id_of(self.0.get(field)?.clone(), "").ok()?
    }

    /// What was called.
    #[must_use]
    pub fn call(&self) -> Option<&str> {
        self.text("type")
    }

    /// The name of a tracked event.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.text("event")
    }

    /// The name of an event or of a page.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.event().or_else(|| self.text("name"))
    }

    /// By what its sender knows it again.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.text("messageId")
    }

    /// The customer it names.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.id("userId").map(UserId::from)
    }

    /// The visitor it names.
    #[must_use]
    pub fn anonymous_id(&self) -> Option<AnonymousId> {
        self.id("anonymousId").map(AnonymousId::from)
    }
}

/// The call that a CloudEvent stands for.
fn call_of(mut cloud: BTreeMap<String, Value>, data: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let kind = cloud.remove("type").unwrap_or_default();
    let named = kind.as_str().and_then(|kind| kind.strip_prefix(CALL_PREFIX));
    let is_call = ["userId", "anonymousId", "itemId"].iter().any(|id| data.contains_key(*id));
    let of_data =
        data.get("type").and_then(Value::as_str).filter(|name| is_call && CallKind::from_name(name).is_some());
    let (call, mut fields) = match named.or(of_data).map(str::to_owned) {
        Some(call) => (call, data),
        None => (CallKind::Track.name().to_owned(), BTreeMap::from([("event".to_owned(), kind)])),
    };
    fields.insert("type".to_owned(), call.into());
    for (field, attribute) in [("messageId", "id"), ("userId", "subject"), ("anonymousId", "anonymousid")] {
        if let Some(value) = cloud.remove(attribute) {
            fields.entry(field.to_owned()).or_insert(value);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_says_what_it_was_and_of_whom() {
        // Call, name, user, visitor, the sender's id.
        for (payload, expected) in [
            (
                r#"{"type":"track","event":"E","name":"N","userId":7,"anonymousId":" a ","messageId":"m"}"#,
                ["track", "E", "7", "a", "m"],
            ),
            (r#"{"type":"page","name":"N","event":" ","data":{"event":"E","userId":"v"}}"#, ["page", "N", "", "", ""]),
            (
                r#"{"event":3,"name":null,"type":{"a":"track"},"userId":"guest\u0000","properties":{"event":"E"}}"#,
                [""; 5],
            ),
            // Cut off, or a key twice: what stands before counts.
            (r#"{"userId":"u","event":"E","event":"F","properties":{"a":"#, ["", "E", "u", "", ""]),
            (r#"{"event":"E"#, [""; 5]),
            ("3", [""; 5]),
            ("", [""; 5]),
            // CloudEvents.
            (
                r#"{"specversion":"1.0","id":"1","type":"E","subject":"u","anonymousid":"a","data":{"event":"F","userId":"v"}}"#,
                ["track", "E", "u", "a", "1"],
            ),
            (
                r#"{"data":{"event":"E","userId":"v"},"specversion":"1.0","type":"rapport.track","subject":"u","source":"s"}"#,
                ["track", "E", "v", "", ""],
            ),
            (
                r#"{"specversion":"1.0","type":"x","subject":"u","data":{"type":"page","name":"N","anonymousId":"a"}}"#,
                ["page", "N", "u", "a", ""],
            ),
            (r#"{"specversion":"1.0","type":"x","data":{"type":"page","name":"N"}}"#, ["track", "x", "", "", ""]),
            (r#"{"specversion":"1.0","type":"x","data":{"type":"y","userId":"v"}}"#, ["track", "x", "", "", ""]),
            (r#"{"specversion":"1.0","type":3,"data":3,"subject":"u"}"#, ["track", "", "u", "", ""]),
        ] {
            let sent = Sent::of(payload);
            let (user, visitor) = (sent.user_id(), sent.anonymous_id());
            let ids = [user.as_ref().map(UserId::as_str), visitor.as_ref().map(AnonymousId::as_str)];
            let [user, visitor] = ids.map(Option::unwrap_or_default);
            let [call, name, id] = [sent.call(), sent.name(), sent.message_id()].map(Option::unwrap_or_default);
            assert_eq!([call, name, user, visitor, id], expected, "{payload}");
        }
    }
}
