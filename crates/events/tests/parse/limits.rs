//! Where exactly do the limits lie?

use super::{NOW, batch, batch_text, one, single, track};
use events::RejectionCode::{BadValue, TooLarge};
use events::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, CallKind, EVENT_BYTES_MAX, Envelope, Origin, Refusal, memory_of, parse_batch,
    parse_batch_within, parse_event, parse_single,
};
use serde_json::{Value, json};

/// A valid tracked event of exactly so many bytes.
fn sized(n_bytes: usize) -> String {
    let empty = track(json!({"properties": {"pad": ""}})).to_string();
    empty.replace("\"pad\":\"\"", &format!("\"pad\":\"{}\"", "x".repeat(n_bytes - empty.len())))
}

#[test]
fn an_event_may_have_32_kib_to_the_byte() {
    assert_eq!(EVENT_BYTES_MAX, 32_768);
    let envelope = Envelope::new(NOW, Origin::Client);
    for (n_bytes, is_accepted) in [(32_767, true), (32_768, true), (32_769, false)] {
        let event = sized(n_bytes);
        assert_eq!(event.len(), n_bytes);
        let mut in_batch = batch_text(&format!("{{ \"batch\" : [ {event} ] }}"));
        assert_eq!(in_batch.accepted.len() == 1, is_accepted, "{n_bytes}");
        let value: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(single(CallKind::Track, &value).is_ok(), is_accepted, "{n_bytes}");
        assert_eq!(parse_event(value, None, &envelope).is_ok(), is_accepted, "{n_bytes}");
        if let Some(rejected) = in_batch.rejected.pop() {
            assert_eq!((rejected.rejection.code, rejected.rejection.field.as_str()), (TooLarge, ""));
            assert!(rejected.rejection.message.contains("32769") && rejected.rejection.message.contains("32768"));
            assert_eq!(rejected.payload, event[..2_048]);
        }
    }
}

#[test]
fn a_rejected_payload_is_cut_between_characters() {
    for letter in ["é", "€", "👤"] {
        let batch = batch(&json!({"batch": [track(json!({"userId": letter.repeat(4_000)}))]}));
        let payload = &batch.rejected[0].payload;
        assert!((2_045..=2_048).contains(&payload.len()) && payload.ends_with(letter), "{}", payload.len());
    }
}

#[test]
fn a_request_may_have_500_kib_to_the_byte() {
    let body = |n_bytes: usize| format!("{}{}", json!({"batch": []}), " ".repeat(n_bytes - 12));
    assert_eq!(body(BATCH_BYTES_MAX).len(), 512_000);
    assert!(parse_batch(body(512_000).as_bytes(), Envelope::new(NOW, Origin::Client)).is_ok());
    for refused in [
        parse_batch(body(512_001).as_bytes(), Envelope::new(NOW, Origin::Client)),
        parse_single(body(512_001).as_bytes(), CallKind::Track, Envelope::new(NOW, Origin::Client)),
    ] {
        assert!(matches!(refused, Err(Refusal::TooLarge { message }) if message.contains("512001")));
    }
}

#[test]
fn a_batch_may_have_2500_events_and_may_be_empty() {
    let body = |n_events: usize| json!({"batch": vec![json!({"type": "page", "userId": "u"}); n_events]}).to_string();
    assert_eq!(batch_text(&body(BATCH_EVENTS_MAX)).accepted.len(), 2_500);
    let refused = parse_batch(body(2_501).as_bytes(), Envelope::new(NOW, Origin::Client));
    assert!(matches!(refused, Err(Refusal::TooLarge { message }) if message.contains("2501")));
    let empty = batch_text(&body(0));
    assert!(empty.accepted.is_empty() && empty.rejected.is_empty());
}

#[test]
fn the_context_of_a_batch_counts_with_each_of_its_events() {
    let body = |n_events: usize, n_bytes: usize| {
        let event = json!({"type": "page", "userId": "u"});
        json!({"context": {"": "x".repeat(n_bytes - 7)}, "batch": vec![event; n_events]}).to_string()
    };
    let own = json!({"type": "page", "userId": "u"}).to_string().len();
    let parse = |body: String| parse_batch(body.as_bytes(), Envelope::new(NOW, Origin::Client));
    let batch = parse(body(2, EVENT_BYTES_MAX - own)).unwrap();
    assert_eq!(batch.accepted.len(), 2);
    let batch = parse(body(2, EVENT_BYTES_MAX - own + 1)).unwrap();
    assert_eq!((batch.accepted.len(), batch.rejected[0].rejection.code), (0, TooLarge));
    assert_eq!(parse(body(2_048, 1_000)).unwrap().accepted.len(), 2_048, "four times what a request may have");
    let refused = parse(body(2_049, 1_000));
    assert!(matches!(refused, Err(Refusal::TooLarge { message }) if message.contains("1000 bytes")));
}

#[test]
fn the_context_of_a_batch_is_laid_under_its_events_only_where_there_is_room() {
    let body = json!({"context": {"page": {"url": "/"}}, "batch": vec![json!({"type": "page", "userId": "u"}); 9]});
    let parse = |body: &Value, has_room| {
        let (mut asked, body) = (0, body.to_string());
        let read = parse_batch_within(body.as_bytes(), Envelope::new(NOW, Origin::Client), |n_bytes| {
            asked = n_bytes;
            has_room
        });
        (asked, read.map(|batch| batch.accepted.len()))
    };
    assert_eq!(parse(&body, true), (9 * memory_of(br#"{"page":{"url":"/"}}"#), Ok(9)));
    assert_eq!(parse(&body, false).1, Err(Refusal::NoRoom));
    assert_eq!(parse(&json!({"batch": body["batch"]}), false), (0, Ok(9)), "without a context nothing is asked");
}

#[test]
fn identifiers_and_names_have_limits_to_the_byte() {
    for (field, letter, n_max) in [
        ("userId", "x", 512),
        ("anonymousId", "é", 256),
        ("event", "x", 256),
        ("messageId", "x", 99),
        ("messageId", "é", 99),
    ] {
        let with = |n: usize| one(track(json!({ field: letter.repeat(n) })));
        assert!(with(n_max).is_ok(), "{field}");
        let rejection = with(n_max + 1).unwrap_err();
        assert_eq!((rejection.code, rejection.field), (BadValue, format!("/{field}")));
    }
}

#[test]
fn no_message_repeats_more_than_forty_characters_of_a_value() {
    let value = "v".repeat(3_000);
    for changes in [
        json!({"userId": value}),
        json!({"messageId": value}),
        json!({"event": value}),
        json!({"type": value}),
        json!({"timestamp": value}),
        json!({"properties": value}),
        json!({"event": "Order Completed", "properties": {"currency": value}}),
        json!({"event": "Order Completed", "properties": {"revenue": value}}),
        json!({"context": {"consent": {"categoryPreferences": {"analytics": value}}}}),
    ] {
        let message = one(track(changes)).unwrap_err().message;
        assert!(message.contains(&"v".repeat(40)) && !message.contains(&"v".repeat(41)), "{message}");
    }
}

#[test]
fn what_is_accepted_opens_again_however_deep_it_is() {
    let nested = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    let mut n_accepted = 0;
    for n in 1..140 {
        let deep = nested(n);
        for item in [
            format!(r#"{{"type":"track","event":"e","userId":"u","properties":{deep}}}"#),
            format!(r#"{{"type":"page","userId":"u","context":{deep}}}"#),
            format!(r#"{{"type":"identify","userId":"u","context":{{"traits":{deep}}}}}"#),
        ] {
            for event in batch_text(&format!("{{\"batch\":[{item}],\"context\":{}}}", nested(n.min(120)))).accepted {
                let opened = events::Event::from_record(&event.to_record());
                assert_eq!(opened.ok().as_ref(), Some(&event), "{n} levels");
                n_accepted += 1;
            }
        }
    }
    assert!(n_accepted > 300, "{n_accepted}");
}
