//! What holds for every body that anybody could send?

use events::{Batch, CallKind, Envelope, Event, Origin, parse_batch, parse_event, parse_single};
use primitives::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const ORIGINS: [Origin; 3] = [Origin::Client, Origin::Server, Origin::Import];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2023-11-14T22:13:00Z")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

const NAMES: [&str; 10] = [
    "Order Completed",
    "Product Viewed",
    "Signed Up",
    "Products Searched",
    "Page Left",
    "Call Ended",
    "Payment Declined",
    "Subscription Started",
    "CSAT Submitted",
    "Service Measured",
];

/// Keys that mean something to the parser, and others.
fn any_key() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 36] = [
        "type",
        "messageId",
        "userId",
        "anonymousId",
        "timestamp",
        "sentAt",
        "context",
        "traits",
        "properties",
        "event",
        "groupId",
        "previousId",
        "itemId",
        "products",
        "product_id",
        "price",
        "quantity",
        "currency",
        "revenue",
        "consent",
        "categoryPreferences",
        "analytics",
        "name",
        "order_id",
        "amount",
        "score",
        "scale",
        "seconds",
        "started_at",
        "ended_at",
        "metric",
        "value",
        "unit",
        "interval",
        "keys",
        "position",
    ];
    prop_oneof![8 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((any_key(), any_value()), 0..5).prop_map(|pairs| pairs.into_iter().collect())
}

/// Items that are mostly acceptable, so that the laws of acceptance have something to hold for.
fn any_item() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(&CallKind::ALL[..]);
    let event = prop::sample::select(&NAMES[..]);
    (kind, event, any_object(), any_object(), prop::option::of(1_600_000_000_000_i64..1_800_000_000_000)).prop_map(
        |(kind, event, properties, changes, timestamp)| {
            let base = json!({
                "type": kind.name(), "event": event, "userId": "u", "messageId": "m", "groupId": "g", "previousId": "p",
                "itemId": "i", "properties": properties, "traits": properties, "timestamp": timestamp,
            });
            let Value::Object(mut item) = base else { unreachable!("an object is an object") };
            // Changes that are objects or rare keys would reject nearly everything.
            item.extend(changes.into_iter().filter(|(_, value)| !value.is_object()).take(1));
            Value::Object(item)
        },
    )
}

fn check(batch: &Batch, n_items: usize, origin: Origin) -> Result<(), TestCaseError> {
    prop_assert_eq!(batch.accepted.len() + batch.rejected.len(), n_items, "nothing is dropped in silence");
    for event in &batch.accepted {
        check_event(event, origin)?;
    }
    for rejected in &batch.rejected {
        let rejection = &rejected.rejection;
        prop_assert!(!rejection.message.is_empty() && rejection.message.len() < 1_000, "{}", rejection.message);
        prop_assert!(rejection.field.is_empty() || rejection.field.starts_with('/'), "{}", rejection.field);
        prop_assert!(rejected.payload.len() <= 2_048);
    }
    Ok(())
}

fn check_event(event: &Event, origin: Origin) -> Result<(), TestCaseError> {
    let is_item = event.kind() == CallKind::Item;
    prop_assert!(is_item || event.user_id.is_some() || event.anonymous_id.is_some());
    prop_assert!(!is_item || origin != Origin::Client);
    prop_assert!(event.occurred_at <= event.received_at && event.occurred_at >= Timestamp::MIN);
    match origin {
        Origin::Import => prop_assert!(event.received_at == event.occurred_at && event.received_at <= NOW),
        Origin::Client | Origin::Server => prop_assert_eq!(event.received_at, NOW),
    }
    prop_assert!(!event.message_id.as_str().is_empty() && event.message_id.as_str().chars().count() < 100);
    let opened = Event::from_record(&event.to_record());
    prop_assert_eq!(opened.as_ref().ok(), Some(event), "a record opens as what was written");
    let unread = Event { reading: events::Reading::default(), ..event.clone() };
    for same in opened.iter().chain([&unread]) {
        prop_assert_eq!(
            (same.deed(), same.marks()),
            (event.deed(), event.marks()),
            "what was read is what anybody reads"
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for origin in ORIGINS {
            let _ = parse_batch(&bytes, Envelope::new(NOW, origin));
            let _ = parse_single(&bytes, CallKind::Track, Envelope::new(NOW, origin));
        }
    }

    #[test]
    fn no_json_makes_the_parser_panic(value in any_value(), context in any_value()) {
        for origin in ORIGINS {
            let _ = parse_batch(value.to_string().as_bytes(), Envelope::new(NOW, origin));
            let body = json!({"batch": [value.clone()], "context": context}).to_string();
            if let Ok(batch) = parse_batch(body.as_bytes(), Envelope::new(NOW, origin)) {
                check(&batch, 1, origin)?;
            }
        }
    }

    #[test]
    fn events_are_accepted_whole_or_rejected_with_a_reason(items in prop::collection::vec(any_item(), 0..6)) {
        let body = json!({"batch": items, "sentAt": "2023-11-14T22:00:00Z"}).to_string();
        for origin in ORIGINS {
            let batch = parse_batch(body.as_bytes(), Envelope::new(NOW, origin)).expect("the batch itself is sound");
            check(&batch, items.len(), origin)?;
            let again = parse_batch(body.as_bytes(), Envelope::new(NOW, origin)).expect("the batch itself is sound");
            prop_assert_eq!(batch.accepted, again.accepted, "the same payload is the same event");
        }
    }

    #[test]
    fn the_three_ways_in_read_the_same_event(item in any_item()) {
        let Some(kind) = item.get("type").and_then(Value::as_str).and_then(CallKind::from_name) else { return Ok(()) };
        let envelope = Envelope::new(NOW, Origin::Server);
        let outcome = |batch: Batch| match batch.accepted.into_iter().next() {
            Some(event) => Ok(event),
            None => Err(batch.rejected[0].rejection.clone()),
        };
        let text = item.to_string();
        let in_batch = outcome(parse_batch(format!("{{\"batch\":[{text}]}}").as_bytes(), Envelope::new(NOW, Origin::Server)).expect("sound"));
        let by_path = outcome(parse_single(text.as_bytes(), kind, Envelope::new(NOW, Origin::Server)).expect("sound"));
        prop_assert_eq!(&in_batch, &by_path);
        prop_assert_eq!(&in_batch, &parse_event(item, Some(kind), &envelope));
    }

    #[test]
    fn the_context_of_a_batch_never_changes_what_the_event_says(base in any_object(), own in any_object()) {
        let item = json!({"type": "page", "userId": "u", "messageId": "m", "context": own});
        let body = json!({"batch": [item], "context": base}).to_string();
        let batch = parse_batch(body.as_bytes(), Envelope::new(NOW, Origin::Client)).expect("sound");
        let Some(event) = batch.accepted.first() else { return Ok(()) };
        // The law, written the other way round: what is read at a place is the event's own word, else the batch's.
        fn same(merged: &Map<String, Value>, own: &Map<String, Value>, base: &Map<String, Value>) -> bool {
            let keys = || own.keys().chain(base.keys());
            merged.keys().all(|key| keys().any(|known| known == key))
                && keys().all(|key| match (merged.get(key), own.get(key), base.get(key)) {
                    (Some(Value::Object(merged)), Some(Value::Object(own)), Some(Value::Object(base))) => same(merged, own, base),
                    (merged, Some(own), _) => merged == Some(own),
                    (merged, None, base) => merged == base,
                })
        }
        // Compared as they were sent: writing a number may change its kind, not its value.
        let sent = |object: &Map<String, Value>| serde_json::from_str(&Value::from(object.clone()).to_string()).expect("JSON");
        prop_assert!(same(&event.context, &sent(&own), &sent(&base)));
    }
}
