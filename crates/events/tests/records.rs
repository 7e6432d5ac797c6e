//! Does every stored record of the past still open?

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use events::{Call, Event, Fields, Offset, Origin, Places, RecordError};
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
    }
}

/// Version 3: corrections, otherwise as version 2.
#[test]
fn version_3_withdraws() {
    let record = json!({
        "v": 3, "messageId": "m1", "occurredAt": "2023-11-14T22:13:20.000Z", "receivedAt": "2023-11-14T22:13:20.000Z",
        "type": "correction", "withdrawn": [[3, 5], [9, 9]], "restored": [[1, 1]], "reason": "undone", "origin": "server"
    });
    let Event { call, .. } = Event::from_record(record.to_string().as_bytes()).unwrap();
    assert_eq!(call, correction());
}

fn correction() -> Call {
    let places = |first, last| Places(Offset(first), Offset(last));
    Call::Correction {
        withdrawn: vec![places(3, 5), places(9, 9)],
        restored: vec![places(1, 1)],
        reason: "undone".into(),
    }
}

/// Version 4: bytes. One event of each call, with what is optional and without.
#[test]
fn version_4_opens() {
    let json: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/event-v1.json")).unwrap();
    let mut events: Vec<Event> =
        json.iter().map(|record| Event::from_record(record.to_string().as_bytes()).unwrap()).collect();
    events.push(Event { call: correction(), user_id: None, anonymous_id: None, ..events[0].clone() });
    for (event, origin) in events.iter_mut().zip(Origin::ALL.into_iter().cycle()) {
        event.origin = origin;
        event.stated_at = (origin == Origin::Client).then(|| Timestamp::from_millis(1_800_000_000_000));
    }
    let kept: Vec<Event> =
        include_str!("fixtures/event-v4.hex").lines().map(|line| Event::from_record(&bytes(line)).unwrap()).collect();
    assert_eq!(kept, events);
    assert_eq!(kept[1].commerce(), events[1].commerce());
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

#[test]
fn what_cannot_be_opened_says_why() {
    for (record, version) in [(&br#"{"v":9,"what":"ever"}"#[..], 9), (br#"{"v":4}"#, 4), (b"\x05what", 5), (b"\x08", 8)]
    {
        let newer = Event::from_record(record).unwrap_err();
        assert!(matches!(newer, RecordError::Version { found } if found == version), "{newer}");
    }
    for damaged in [
        &b""[..],
        b"{}",
        b"{\"v\":1}",
        b"{\"v\":1,\"type\":\"track\"",
        b"\xff",
        b"{\"v\":\"1\"}",
        b"\x04",
        b"\x03{}",
        b"\x04\x01\x01 what ever",
        b"\t{}",
    ] {
        let error = Event::from_record(damaged).unwrap_err();
        assert!(matches!(error, RecordError::Corrupt(_)), "{error}");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
