//! Is every CloudEvent read as its sender meant it?

use crate::{NOW, only};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use events::{
    BATCH_EVENTS_MAX, Batch, Call, CloudForm, Envelope, Event, Origin, Refusal, Rejection, RejectionCode, Sent,
    memory_of, parse_cloud_events,
};
use primitives::{AnonymousId, Timestamp, UserId};
use serde_json::{Value, json};

fn read(body: &str, form: CloudForm<'_>) -> Result<Batch, Refusal> {
    parse_cloud_events(body.as_bytes(), form, &Envelope::new(NOW, Origin::Server), |_| true)
}

/// A valid one with some attributes changed; null takes one away.
fn cloud(changes: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "Signed Up", "subject": "u1",
        "time": "2023-11-14T20:00:00Z", "data": {"plan": "pro"}
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn one(changes: Value) -> Result<Event, Rejection> {
    only(read(&cloud(changes).to_string(), CloudForm::Structured).unwrap())
}

fn track(event: &Event) -> (&str, Value) {
    let Call::Track { event, properties } = &event.call else { panic!("{event:?}") };
    (event, serde_json::to_value(properties).unwrap())
}

#[test]
fn its_attributes_say_what_happened_to_whom_and_when() {
    let event = one(json!({"anonymousid": "a1", "dataschema": "https://shop.example/schema"})).unwrap();
    assert_eq!(track(&event), ("Signed Up", json!({"plan": "pro"})));
    assert_eq!(event.user_id, Some(UserId::from("u1")));
    assert_eq!(event.anonymous_id, Some(AnonymousId::from("a1")));
    assert_eq!(event.occurred_at, Timestamp::parse("2023-11-14T20:00:00Z").unwrap());
    let kept = serde_json::to_value(&event.context).unwrap();
    assert_eq!(kept["cloudevent"]["dataschema"], "https://shop.example/schema");
    assert_eq!((&kept["cloudevent"]["id"], &kept["cloudevent"]["data"]), (&json!("1"), &Value::Null));
}

#[test]
fn source_and_id_make_it_the_same_event_and_neither_alone() {
    let id = |source: &str, id: &str| one(json!({"source": source, "id": id, "time": null})).unwrap().message_id;
    assert_eq!(id("/shop", "1"), id("/shop", "1"));
    for (source, other) in [("/shop", "2"), ("/till", "1"), ("/sho", "p1")] {
        assert_ne!(id(source, other), id("/shop", "1"), "{source} {other}");
    }
}

#[test]
fn data_of_any_kind_becomes_properties() {
    for (changes, properties) in [
        (json!({"data": null}), json!({})),
        (json!({"data": "words"}), json!({"data": "words"})),
        (json!({"data": [1, 2]}), json!({"data": [1, 2]})),
        (json!({"data": null, "data_base64": "eyJhIjogMX0="}), json!({"a": 1})),
        (json!({"data": {"type": "track", "n": 1}}), json!({"type": "track", "n": 1})),
    ] {
        assert_eq!(track(&one(changes.clone()).unwrap()).1, properties, "{changes}");
    }
}

#[test]
fn data_may_be_a_call_of_ours() {
    let call = json!({"userId": "other", "event": "Order Completed", "properties": {"order_id": "o1"}});
    let event = one(json!({"type": "rapport.track", "data": call})).unwrap();
    assert_eq!(track(&event), ("Order Completed", json!({"order_id": "o1"})));
    assert_eq!(event.user_id, Some(UserId::from("other")), "what the data says goes before the subject");
    let event = one(json!({"type": "rapport.identify", "data": {"traits": {"plan": "pro"}}})).unwrap();
    assert!(matches!(event.call, Call::Identify { .. }) && event.user_id == Some(UserId::from("u1")));
    let event = one(json!({"type": "anything", "data": {"type": "page", "anonymousId": "a", "name": "Home"}})).unwrap();
    assert!(matches!(&event.call, Call::Page { name, .. } if name.as_deref() == Some("Home")));
    assert_eq!(event.user_id, None, "who is named there is not somebody else as well");
    // What is said of who and when goes before the attributes, and nothing is no word.
    let call = json!({"userId": null, "anonymousId": "a", "timestamp": "2023-11-14T10:00:00Z", "event": "E"});
    let event = one(json!({"type": "rapport.track", "anonymousid": "b", "data": call})).unwrap();
    assert_eq!((event.user_id, event.anonymous_id), (None, Some(AnonymousId::from("a"))));
    assert_eq!(event.occurred_at, Timestamp::parse("2023-11-14T10:00:00Z").unwrap());
    let call = json!({"userId": null, "originalTimestamp": "2023-11-14T11:00:00Z", "event": "E"});
    let event = one(json!({"type": "rapport.track", "data": call})).unwrap();
    assert_eq!(event.user_id, Some(UserId::from("u1")));
    assert_eq!(event.occurred_at, Timestamp::parse("2023-11-14T11:00:00Z").unwrap());
    let item = one(json!({"type": "rapport.item", "subject": "tea", "data": {"traits": {"name": "Tea"}}})).unwrap();
    assert!(matches!(&item.call, Call::Item { item_id, .. } if item_id.as_str() == "tea"));
}

#[test]
fn what_is_wrong_is_named_where_it_was_sent() {
    use RejectionCode::*;
    for (changes, code, field, words) in [
        (json!({"specversion": null}), MissingField, "/specversion", "send \"1.0\""),
        (json!({"specversion": "0.3"}), BadValue, "/specversion", "version 1.0"),
        (json!({"specversion": 1.0}), WrongType, "/specversion", "the number"),
        (json!({"id": " "}), MissingField, "/id", "\"id\" is missing: send what makes the event the same"),
        (json!({"source": null}), MissingField, "/source", "which system"),
        (json!({"type": null}), MissingField, "/type", "\"type\" is missing"),
        (json!({"type": "x".repeat(257)}), BadValue, "/type", "\"type\" is"),
        (json!({"type": "rapport.dance"}), UnknownType, "/type", "no call"),
        (
            json!({"subject": null}),
            MissingField,
            "/subject",
            "\"subject\" is missing: send \"subject\" or \"anonymousid\"",
        ),
        (json!({"subject": "undefined"}), BadValue, "/subject", "\"subject\" is"),
        (json!({"time": "yesterday"}), BadValue, "/time", "\"time\" is"),
        (json!({"type": "rapport.track", "data": 3}), WrongType, "/data", "the call"),
        (json!({"type": "rapport.track", "data": null}), MissingField, "/data", "the call"),
        (json!({"type": "rapport.track", "data": {}}), MissingField, "/data/event", "\"event\" is missing"),
        (
            json!({"type": "rapport.track", "data": {"event": "E", "context": 3}}),
            WrongType,
            "/data/context",
            "an object",
        ),
        (json!({"data_base64": "???"}), BadValue, "/data_base64", "base64"),
        (json!({"data_base64": "eyJhIjogMX0geA=="}), BadValue, "/data_base64", "JSON"),
        (json!({"data_base64": 3}), WrongType, "/data_base64", "base64"),
        (
            json!({"type": "Order Completed", "data": {"order_id": "o", "total": -1, "currency": "EUR"}}),
            BadValue,
            "/data/total",
            "\"total\" is",
        ),
    ] {
        let rejection = one(changes.clone()).expect_err(&changes.to_string());
        assert_eq!((rejection.code, rejection.field.as_str()), (code, field), "{changes}: {rejection}");
        assert!(rejection.message.contains(words), "{changes}: {rejection}");
    }
    let twice = r#"{"specversion":"1.0","id":"1","id":"2","source":"s","type":"T","subject":"u"}"#;
    for body in [twice, "{", r#"{"subject":"u""#] {
        assert_eq!(only(read(body, CloudForm::Structured).unwrap()).unwrap_err().code, Malformed, "it is kept");
    }
}

#[test]
fn what_base64_becomes_takes_room_before_it_is_read() {
    let data = format!("[{}]", [r#"{"":0}"#; 1_000].join(","));
    let with = |data: Value| cloud(json!({"data": null, "data_base64": data}));
    let (packed, plain) = (with(STANDARD.encode(&data).into()), cloud(json!({"data": "none"})));
    let body = json!([packed, plain, packed]).to_string();
    assert!(memory_of(body.as_bytes()) < memory_of(data.as_bytes()) / 10, "the body does not show it");
    let read = |n_free: usize| {
        let mut taken = Vec::new();
        let has_room = |n_bytes: usize| {
            taken.push(n_bytes);
            taken.iter().sum::<usize>() <= n_free
        };
        let batch = parse_cloud_events(body.as_bytes(), CloudForm::Many, &Envelope::new(NOW, Origin::Client), has_room);
        (batch.map(|batch| batch.accepted.len() + batch.rejected.len()), taken)
    };
    let needed = memory_of(data.as_bytes());
    assert_eq!(read(2 * needed), (Ok(3), vec![needed; 2]));
    assert_eq!(read(2 * needed - 1), (Err(Refusal::NoRoom), vec![needed; 2]));
    assert_eq!(read(needed - 1), (Err(Refusal::NoRoom), vec![needed]));
}

#[test]
fn of_many_each_is_judged_alone() {
    let body = json!([cloud(json!({})), cloud(json!({"id": null})), 3, cloud(json!({"id": "2"}))]).to_string();
    let batch = read(&body, CloudForm::Many).unwrap();
    assert_eq!(batch.accepted.len(), 2);
    let rejected: Vec<_> = batch.rejected.iter().map(|one| (one.index, one.rejection.field.as_str())).collect();
    assert_eq!(rejected, [(1, "/id"), (2, "")]);
    let [call, id] = [batch.rejected[0].call.as_deref(), batch.rejected[0].message_id.as_deref()];
    assert_eq!((call, id), (Some("track"), None), "it is no call of that name");
    assert!(read("[]", CloudForm::Many).unwrap().accepted.is_empty());
    let many = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
    assert!(read(&many(BATCH_EVENTS_MAX), CloudForm::Many).is_ok());
    assert!(matches!(read(&many(BATCH_EVENTS_MAX + 1), CloudForm::Many), Err(Refusal::TooLarge { .. })));
    for (body, form) in
        [("{}", CloudForm::Many), ("[", CloudForm::Many), ("[]", CloudForm::Structured), ("", CloudForm::Many)]
    {
        assert!(matches!(read(body, form), Err(Refusal::Malformed { .. })), "{body}");
    }
}

#[test]
fn attributes_may_stand_beside_the_data() {
    let pairs = [("specversion", "1.0"), ("id", "1"), ("source", "/shop"), ("type", "Signed Up"), ("subject", "u1")];
    let attributes = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let binary = |body: &[u8], is_json| {
        let form = CloudForm::Binary { attributes: &attributes, is_json };
        parse_cloud_events(body, form, &Envelope::new(NOW, Origin::Server), |_| true)
    };
    for (body, is_json, properties) in [
        (&b"{\"plan\": \"pro\"}"[..], Some(true), json!({"plan": "pro"})),
        (b"{\"plan\": \"pro\"}", None, json!({"plan": "pro"})),
        (b"{\"plan\": \"pro\"}", Some(false), json!({"data": "{\"plan\": \"pro\"}"})),
        (b"words", None, json!({"data": "words"})),
        (b"", Some(true), json!({})),
        (b"", Some(false), json!({})),
        (b"", None, json!({})),
        (b"null", Some(true), json!({})),
    ] {
        let event = only(binary(body, is_json).unwrap()).unwrap();
        assert_eq!(track(&event), ("Signed Up", properties), "{is_json:?}");
        let whole = one(json!({"time": null})).unwrap();
        assert_eq!(event.message_id, whole.message_id, "both forms are the same event");
    }
    // What cannot be read is kept with its reason, and whom it names is known. It cannot become attributes.
    for (body, is_json, kept, named) in [
        (&b"{\"userId\": \"u7\","[..], Some(true), "{\"userId\": \"u7\",", &["u1", "u7"][..]),
        (b"{} x", Some(true), "{} x", &["u1"]),
        (b"1, \"subject\": \"u2\"", Some(true), "1, \"subject\": \"u2\"", &["u1", "u2"]),
        (b"\xff", None, "\u{fffd}", &["u1"]),
        (b"\xff", Some(false), "\u{fffd}", &["u1"]),
        (b"\xff", Some(true), "\u{fffd}", &["u1"]),
    ] {
        let batch = binary(body, is_json).unwrap();
        let [rejected] = &batch.rejected[..] else { panic!("{batch:?}") };
        let Rejection { code, field, message, .. } = &rejected.rejection;
        assert_eq!((*code, field.as_str(), batch.accepted.len()), (RejectionCode::Malformed, "/data", 0), "{body:?}");
        assert!(message.starts_with("the body, which is the CloudEvent's data, cannot be read as JSON ("), "{message}");
        assert!(rejected.payload.ends_with(&format!(",\"data\":{kept}}}")), "{}", rejected.payload);
        assert_eq!((rejected.call.as_deref(), Sent::of(&rejected.payload).event()), (Some("track"), Some("Signed Up")));
        for name in named {
            assert!(rejected.names.iter().any(|known| known == name), "{name}: {:?}", rejected.names);
        }
    }
    let form = CloudForm::Binary { attributes: &[], is_json: Some(true) };
    let bare = parse_cloud_events(b"{", form, &Envelope::new(NOW, Origin::Server), |_| true).unwrap();
    assert_eq!(bare.rejected[0].payload, "{\"data\":{}");
}
