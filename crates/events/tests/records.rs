//! Does every stored record of the past still open?

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use events::{Call, Event, Fields, Origin, RecordError};
use primitives::{AnonymousId, ErrorKind, MessageId, Timestamp, UserId};
use serde_json::json;

fn fields(value: serde_json::Value) -> Fields {
    value.as_object().cloned().unwrap().into()
}

/// Version 1: one event of each call.
#[test]
fn version_1_opens() {
    let records: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/event-v1.json")).unwrap();
    let opened: Vec<Event> = records.iter().map(|r| Event::from_record(r.to_string().as_bytes()).unwrap()).collect();
    let calls = [
        Call::Identify { traits: fields(json!({"age": 41, "address": {"city": "Lyon"}})) },
        Call::Track {
            event: "Order Completed".into(),
            properties: fields(
                json!({"order_id": "O1", "revenue": 12.5, "products": [{"product_id": "P1", "price": 12.5}]}),
            ),
        },
        Call::Page { name: Some("Home".into()), category: None, properties: fields(json!({"path": "/"})) },
        Call::Screen { name: None, category: Some("Shop".into()), properties: Fields::new() },
        Call::Group { group_id: "g1".into(), traits: fields(json!({"plan": "team"})) },
        Call::Alias { previous_id: "old".into() },
        Call::Item {
            item_id: "P1".into(),
            traits: fields(json!({"name": "Tea", "price": 3.2, "big": 18446744073709551615_u64})),
        },
    ];
    assert_eq!(opened.len(), calls.len());
    for (i, (event, call)) in opened.into_iter().zip(calls).enumerate() {
        let is_item = matches!(call, Call::Item { .. });
        let expected = Event {
            message_id: MessageId::from(format!("m{}", i + 1)),
            user_id: (!is_item).then(|| UserId::from("u1")),
            anonymous_id: (i % 2 == 1).then(|| AnonymousId::from("a1")),
            occurred_at: Timestamp::from_millis(1_700_000_000_000 + i as i64),
            received_at: Timestamp::from_millis(1_700_000_060_000),
            stated_at: None,
            call,
            context: if i == 0 { fields(json!({"ip": "::1"})) } else { Fields::new() },
            // Version 1 did not say who spoke; it was believed.
            origin: Origin::Server,
            reading: events::Reading::default(),
        };
        assert_eq!(event, expected);
    }
}

/// Version 2: who said so, and otherwise as version 1.
#[test]
fn version_2_says_who_spoke() {
    let records: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/event-v1.json")).unwrap();
    for (mut record, origin) in records.into_iter().zip(Origin::ALL.into_iter().cycle()) {
        let known = Event { origin, ..Event::from_record(record.to_string().as_bytes()).unwrap() };
        record["v"] = 2.into();
        record["origin"] = origin.name().into();
        assert_eq!(Event::from_record(record.to_string().as_bytes()).unwrap(), known);
        // What is written today is what was written then, but for the order of keys.
        let written: serde_json::Value = serde_json::from_slice(&known.to_record()).unwrap();
        assert_eq!(written, record);
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let newer = Event::from_record(br#"{"v":9,"what":"ever"}"#).unwrap_err();
    assert!(matches!(newer, RecordError::Version { found: 9 }), "{newer}");
    for damaged in [&b""[..], b"{}", b"{\"v\":1}", b"{\"v\":1,\"type\":\"track\"", b"\xff", b"{\"v\":\"1\"}"] {
        let error = Event::from_record(damaged).unwrap_err();
        assert!(matches!(error, RecordError::Corrupt(_)), "{error}");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
