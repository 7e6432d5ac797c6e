//! Which shapes may a call have, and what is said about the others?

use super::{NOW, at, batch, batch_text, one, one_from, single, track};
use events::RejectionCode::{BadValue, Malformed, MissingField, NotAllowed, UnknownType, WrongType};
use events::{
    Call, CallKind, Envelope, Fields, Origin, Refusal, Rejection, RejectionCode, parse_batch, parse_event, parse_single,
};
use serde_json::{Value, json};

fn fields(value: Value) -> Fields {
    value.as_object().cloned().unwrap().into()
}

#[test]
fn each_call_is_read_in_a_batch_and_by_its_path() {
    let name = Some("Home".to_owned());
    let category = Some("Shop".to_owned());
    let properties = fields(json!({"a": 1}));
    for (kind, body, call) in [
        (CallKind::Identify, json!({"traits": {"a": 1}}), Call::Identify { traits: properties.clone() }),
        (
            CallKind::Track,
            json!({"event": "Did it", "properties": {"a": 1}}),
            Call::Track { event: "Did it".into(), properties: properties.clone() },
        ),
        (
            CallKind::Page,
            json!({"name": "Home", "category": "Shop", "properties": {"a": 1}}),
            Call::Page { name: name.clone(), category: category.clone(), properties: properties.clone() },
        ),
        (
            CallKind::Screen,
            json!({"name": "Home", "category": "Shop", "properties": {"a": 1}}),
            Call::Screen { name, category, properties: properties.clone() },
        ),
        (CallKind::Page, json!({"name": null}), Call::Page { name: None, category: None, properties: Fields::new() }),
        (
            CallKind::Group,
            json!({"groupId": 7, "traits": {"a": 1}}),
            Call::Group { group_id: "7".into(), traits: properties.clone() },
        ),
        (CallKind::Alias, json!({"previousId": "old"}), Call::Alias { previous_id: "old".into() }),
    ] {
        let mut body = body;
        body["userId"] = "u1".into();
        body["messageId"] = "m".into();
        let by_path = single(kind, &body).unwrap();
        body["type"] = kind.name().into();
        assert_eq!(by_path.call, call);
        assert_eq!((by_path.message_id.as_str(), by_path.kind()), ("m", kind));
        assert_eq!(one(body), Ok(by_path), "the same event by either way");
    }
}

/// Whoever sends nothing is told what to send: that can be sent.
#[test]
fn the_example_of_each_call_is_accepted() {
    for kind in ["identify", "track", "page", "screen", "group", "alias", "item"] {
        let kind = CallKind::from_name(kind).unwrap();
        let envelope = Envelope::new(NOW, Origin::Server);
        let refusal = parse_single(b"", kind, envelope.clone()).unwrap_err().to_string();
        let (_, example) = refusal.split_once("send ").unwrap();
        let example = example.replace(", …", "");
        let batch = parse_single(example.as_bytes(), kind, envelope).unwrap();
        assert_eq!(batch.accepted.first().map(events::Event::kind), Some(kind), "{example}: {:?}", batch.rejected);
    }
}

#[test]
fn a_name_that_says_its_kind_is_for_trusted_sources_only() {
    for text in ["user:42", "anonymous:42", "user:", "anonymous:anonymous:42"] {
        for (field, other) in [("userId", None), ("anonymousId", None), ("previousId", Some(("userId", "7")))] {
            let mut sent = json!({"type": other.map_or("identify", |_| "alias"), "timestamp": "2023-01-01T00:00:00Z"});
            sent[field] = json!(text);
            if let Some((field, text)) = other {
                sent[field] = json!(text);
            }
            let rejection = one_from(sent.clone(), Origin::Client).unwrap_err();
            assert_eq!((rejection.code, rejection.field), (NotAllowed, format!("/{field}")));
            for origin in [Origin::Server, Origin::Import] {
                one_from(sent.clone(), origin).unwrap();
            }
        }
    }
    for text in ["user", "a:user:42", "users:42", "anonymously", "42"] {
        let sent = json!({"type": "identify", "userId": text, "anonymousId": format!("x{text}")});
        one_from(sent, Origin::Client).unwrap();
    }
}

#[test]
fn an_item_is_for_trusted_sources_only() {
    let item = json!({"type": "item", "itemId": 42, "traits": {"name": "Tea"}, "timestamp": "2023-01-01T00:00:00Z"});
    let rejection = one_from(item.clone(), Origin::Client).unwrap_err();
    assert_eq!((rejection.code, rejection.field.as_str()), (NotAllowed, "/type"));
    for origin in [Origin::Server, Origin::Import] {
        let event = one_from(item.clone(), origin).unwrap();
        assert!(event.user_id.is_none() && event.anonymous_id.is_none());
        assert_eq!(event.call, Call::Item { item_id: "42".into(), traits: fields(json!({"name": "Tea"})) });
    }
    let mispriced = json!({"type": "item", "itemId": "42", "traits": {"price": "a lot"}});
    assert_eq!(one_from(mispriced, Origin::Server).unwrap_err().field, "/traits/price");
}

#[test]
fn identifiers_may_be_whole_numbers_and_blank_ones_count_as_absent() {
    for (sent, read) in [
        (json!("42"), Some("42")),
        (json!(42), Some("42")),
        (json!(-7), Some("-7")),
        (json!(42.0), Some("42")),
        (json!(1e15), Some("1000000000000000")),
        (json!(u64::MAX), Some("18446744073709551615")),
        (json!("ключ 👤"), Some("ключ 👤")),
        (json!("  42\t"), Some("42")),
        (json!("undefined-1"), Some("undefined-1")),
        (json!("00"), Some("00")),
        (json!(""), None),
        (json!("  "), None),
        (json!(null), None),
    ] {
        let event = one(track(json!({"userId": sent, "anonymousId": "a1"}))).unwrap();
        assert_eq!(event.user_id.as_ref().map(|id| id.as_str()), read, "{sent}");
        assert_eq!(event.anonymous_id.as_ref().map(|id| id.as_str()), Some("a1"));
    }
}

#[test]
fn what_programs_write_for_nobody_names_nobody() {
    for nobody in [
        json!("undefined"),
        json!("null"),
        json!("NaN"),
        json!("None"),
        json!("nil"),
        json!("[object Object]"),
        json!("(not set)"),
        json!("0"),
        json!(0),
        json!(-1),
        json!("guest"),
        json!("Anonymous"),
        json!(" GUEST "),
        json!("unknown"),
        json!("not_authenticated"),
        json!("N/A"),
        json!("true"),
        json!("false"),
        json!("00000000-0000-0000-0000-000000000000"),
    ] {
        for changes in
            [json!({"userId": nobody}), json!({"anonymousId": nobody}), json!({"type": "alias", "previousId": nobody})]
        {
            let rejection = one(track(changes.clone())).expect_err(&changes.to_string());
            let field = changes.as_object().unwrap().keys().next().unwrap();
            assert_eq!((rejection.code, rejection.field), (BadValue, format!("/{field}")), "{changes}");
            assert!(rejection.message.contains("leave the field out"), "{}", rejection.message);
        }
        let read = events::customer_id_of(nobody.clone(), "/userId");
        assert_eq!(read.expect_err(&nobody.to_string()).field, "/userId");
    }
    // A group or an item may be called 0; a missing value names nothing.
    assert!(one(track(json!({"type": "group", "groupId": 0}))).is_ok());
    for changes in [json!({"messageId": "undefined"}), json!({"type": "group", "groupId": "null"})] {
        assert_eq!(one(track(changes.clone())).expect_err(&changes.to_string()).code, BadValue);
    }
}

#[test]
fn a_message_shows_marks_of_direction_and_obeys_none() {
    let rejection = one(track(json!({"timestamp": "gpj.\u{202e}\u{1b}[2J"}))).unwrap_err();
    assert!(rejection.message.contains("gpj.⟨U+202E⟩⟨U+001B⟩[2J"), "{}", rejection.message);
}

#[test]
fn a_rejected_event_says_which_one_it_is() {
    let good = track(json!({}));
    let bad = track(json!({"userId": true, "messageId": "m-9"}));
    let long = track(json!({"userId": true, "messageId": "é".repeat(300)}));
    let nameless = json!({"type": "track", "messageId": 4});
    let batch = batch(&json!({"batch": [good, bad, good, long, nameless]}));
    let seen: Vec<_> = batch.rejected.iter().map(|one| (one.index, one.message_id.clone())).collect();
    assert_eq!(seen, [(1, Some("m-9".to_owned())), (3, Some("é".repeat(100))), (4, None)]);
}

#[test]
fn whatever_is_wrong_is_named_with_its_field() {
    for (changes, code, field) in [
        (json!({"userId": ""}), MissingField, "/userId"),
        (json!({"userId": true}), WrongType, "/userId"),
        (json!({"userId": {"id": 1}}), WrongType, "/userId"),
        (json!({"userId": 1.5}), BadValue, "/userId"),
        (json!({"userId": 1e300}), BadValue, "/userId"),
        (json!({"userId": "a\u{0}b"}), BadValue, "/userId"),
        (json!({"userId": "a\nb"}), BadValue, "/userId"),
        (json!({"anonymousId": ["a"]}), WrongType, "/anonymousId"),
        (json!({"messageId": {}}), WrongType, "/messageId"),
        (json!({"type": null}), MissingField, "/type"),
        (json!({"type": ""}), MissingField, "/type"),
        (json!({"type": 1}), WrongType, "/type"),
        (json!({"type": "Track"}), UnknownType, "/type"),
        (json!({"type": "merge"}), UnknownType, "/type"),
        (json!({"event": null}), MissingField, "/event"),
        (json!({"event": " "}), MissingField, "/event"),
        (json!({"event": 3}), WrongType, "/event"),
        (json!({"event": "a\tb"}), BadValue, "/event"),
        (json!({"properties": "a=1"}), WrongType, "/properties"),
        (json!({"properties": [1]}), WrongType, "/properties"),
        (json!({"context": 1}), WrongType, "/context"),
        (json!({"timestamp": "yesterday"}), BadValue, "/timestamp"),
        (json!({"timestamp": false}), WrongType, "/timestamp"),
        (json!({"originalTimestamp": "2023-02-30T00:00:00Z"}), BadValue, "/originalTimestamp"),
        (json!({"sentAt": "soon"}), BadValue, "/sentAt"),
        (json!({"type": "identify", "traits": 1}), WrongType, "/traits"),
        (json!({"type": "identify", "context": {"traits": 1}}), WrongType, "/context/traits"),
        (json!({"type": "page", "name": 1}), WrongType, "/name"),
        (json!({"type": "screen", "category": []}), WrongType, "/category"),
        (json!({"type": "group"}), MissingField, "/groupId"),
        (json!({"type": "group", "groupId": ""}), MissingField, "/groupId"),
        (json!({"type": "alias"}), MissingField, "/previousId"),
        (json!({"type": "alias", "previousId": []}), WrongType, "/previousId"),
        (json!({"event": "Order Completed", "properties": {"revenue": []}}), WrongType, "/properties/revenue"),
    ] {
        let rejection = one(track(changes.clone())).expect_err(&changes.to_string());
        assert_eq!((rejection.code, rejection.field.as_str()), (code, field), "{changes}: {rejection}");
    }
    for item in ["1", "\"track\"", "[]", "null", "true"] {
        let batch = batch_text(&format!("{{\"batch\":[{item}]}}"));
        assert_eq!((batch.rejected[0].rejection.code, batch.rejected[0].payload.as_str()), (Malformed, item));
    }
}

#[test]
fn a_bad_event_costs_no_other_and_is_kept() {
    // A lone surrogate, a key twice and 128 levels are found only when the event itself is read.
    let deep = format!("{{\"type\":\"track\",\"properties\":{}{}}}", "[".repeat(127), "]".repeat(127));
    let good = track(json!({})).to_string();
    for bad in [
        r#"{"type":"track","userId":"\ud800"}"#,
        r#"{"type":"track","userId":"a","userId":"b","event":"e"}"#,
        r#"{"type":"track","userId":"a","event":"e","properties":{"x":{"y":1,"y":2}}}"#,
        r#"{"type":"track","userId":"a","event":"e","properties":{"x":1e999}}"#,
        &deep,
    ] {
        let batch = batch_text(&format!("{{\"batch\":[{good},{bad},{good}]}}"));
        assert_eq!((batch.accepted.len(), batch.rejected.len()), (2, 1), "{bad}");
        assert_eq!((batch.rejected[0].rejection.code, batch.rejected[0].payload.as_str()), (Malformed, bad));
    }
}

#[test]
fn a_request_that_cannot_be_read_is_refused_with_a_reason() {
    let long = format!("{{\"batch\":\"{}\"}}", "x".repeat(5_000));
    let cases: [(&[u8], &str); 13] = [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"[]", "begins with \"[]\""),
        (b"\"batch\"", "must be a JSON object"),
        (b"{", "EOF"),
        (b"{}", "no \"batch\""),
        (b"{\"batch\":null}", "no \"batch\""),
        (b"{\"batch\":{}}", "array of events"),
        (b"{\"batch\":[],\"batch\":[]}", "twice"),
        (b"{\"batch\":[]} x", "trailing"),
        (b"{\"batch\":[],\"context\":[]}", "\"context\""),
        (b"{\"batch\":[{\"userId\":\"\xff\"}]}", "not UTF-8 at byte 21"),
        (long.as_bytes(), "\"batch\" is the text \"xxxx"),
    ];
    for (body, part) in cases {
        match parse_batch(body, Envelope::new(NOW, Origin::Client)) {
            Err(Refusal::Malformed { message }) => {
                assert!(message.contains(part) && message.len() < 300, "{message}");
            }
            other => panic!("{part}: {other:?}"),
        }
    }
    let single = |body: &str| parse_single(body.as_bytes(), CallKind::Track, Envelope::new(NOW, Origin::Client));
    for body in ["", "[]", "3"] {
        assert!(matches!(single(body), Err(Refusal::Malformed { .. })), "{body}");
    }
    // What begins like an event is kept as a rejected one, as in a batch.
    for (body, fault, names) in [
        (r#"{"userId":"a","event":"#, "EOF", vec!["a"]),
        (r#"{"userId":"a","userId":"b","event":"E"}"#, "twice", vec!["a", "b"]),
        (r#"{"userId":"a"} x"#, "trailing", vec!["a"]),
    ] {
        let rejected = single(body).unwrap().rejected.remove(0);
        assert_eq!((rejected.rejection.code, rejected.payload.as_str()), (RejectionCode::Malformed, body));
        assert!(rejected.rejection.message.contains(fault), "{}", rejected.rejection);
        assert_eq!(
            (rejected.call.as_deref(), rejected.names),
            (Some("track"), names.into_iter().map(str::to_owned).collect())
        );
    }
}

#[test]
fn the_write_key_may_be_in_the_body() {
    let event = || track(json!({"writeKey": "of the event"}));
    let found = |body: &Value| batch(body).write_key;
    assert_eq!(found(&json!({"writeKey": "k", "batch": [event()]})).as_deref(), Some("k"));
    assert_eq!(found(&json!({"batch": [track(json!({})), event()]})).as_deref(), Some("of the event"));
    let blank = track(json!({"writeKey": ""}));
    assert_eq!(found(&json!({"batch": [blank, event()]})).as_deref(), Some("of the event"), "an empty key is none");
    assert_eq!(found(&json!({"batch": []})), None);
    assert_eq!(found(&json!({"writeKey": "", "batch": []})), None);
    let body = json!({"writeKey": "k", "event": "e"}).to_string();
    let single = parse_single(body.as_bytes(), CallKind::Track, Envelope::new(NOW, Origin::Client)).unwrap();
    assert_eq!(single.write_key.as_deref(), Some("k"), "even where the event itself is rejected");
    assert_eq!(single.rejected.len(), 1);
}

#[test]
fn the_context_of_a_batch_lies_under_each_events_own() {
    let body = json!({
        "context": {"ip": "1.1.1.1", "app": {"name": "Shop", "version": "1"}, "active": true},
        "integrations": {"All": false},
        "batch": [
            track(json!({"context": {"app": {"version": "2"}, "active": null, "os": {"name": "x"}}})),
            track(json!({})),
            track(json!({"context": {"app": "mine"}})),
        ],
    });
    let contexts: Vec<Value> = batch(&body).accepted.into_iter().map(|event| event.context.into()).collect();
    assert_eq!(
        contexts,
        [
            json!({"ip": "1.1.1.1", "app": {"name": "Shop", "version": "2"}, "active": null, "os": {"name": "x"}}),
            json!({"ip": "1.1.1.1", "app": {"name": "Shop", "version": "1"}, "active": true}),
            json!({"ip": "1.1.1.1", "app": "mine", "active": true}),
        ]
    );
}

#[test]
fn traits_inside_the_context_identify_where_there_are_no_others() {
    let identify = |more: Value| {
        let mut item = json!({"type": "identify", "userId": "u", "context": {"traits": {"age": 4}, "ip": "::1"}});
        item.as_object_mut().unwrap().extend(fields(more));
        one(item).unwrap()
    };
    let event = identify(json!({}));
    assert_eq!(
        (event.call, event.context),
        (Call::Identify { traits: fields(json!({"age": 4})) }, fields(json!({"ip": "::1"})))
    );
    let event = identify(json!({"traits": {"age": 5}}));
    assert_eq!(event.call, Call::Identify { traits: fields(json!({"age": 5})) });
}

#[test]
fn a_message_id_is_made_where_none_was_sent() {
    let body = json!({"batch": [track(json!({"messageId": ""})), track(json!({"messageId": ""})), track(json!({"messageId": 7}))]});
    let ids = |now| -> Vec<String> {
        let batch = parse_batch(body.to_string().as_bytes(), Envelope::new(now, Origin::Client)).unwrap();
        batch.accepted.iter().map(|event| event.message_id.to_string()).collect()
    };
    let first = ids(NOW);
    assert!(first[0].starts_with("generated-") && first[0].len() == 42, "{}", first[0]);
    assert_ne!(first[0], first[1], "two events that look alike are two events");
    assert_eq!(first[2], "7");
    assert_eq!(first, ids(NOW));
    assert_ne!(first[0], ids(at("2023-11-14T22:13:21Z"))[0]);

    // The same is promised where the event comes as a value: blank is absent, and other content is another event.
    let id_of = |payload: Value| {
        parse_event(payload, Some(CallKind::Track), &Envelope::new(NOW, Origin::Client)).unwrap().message_id
    };
    let unnamed = [json!({"userId": "u", "event": "a"}), json!({"userId": "u", "event": "b", "messageId": " "})];
    let [one, other] = unnamed.clone().map(id_of);
    assert_ne!(one, other);
    let text = unnamed[0].to_string();
    let by_path = parse_single(text.as_bytes(), CallKind::Track, Envelope::new(NOW, Origin::Client)).unwrap();
    assert_eq!(one, by_path.accepted[0].message_id, "whichever way it came");

    // Imported twice, on different days, a line of history is still the same event.
    let import = |now| {
        let envelope = Envelope::new(now, Origin::Import);
        let line = json!({"type": "page", "userId": "u", "timestamp": "2020-01-01T00:00:00Z"});
        parse_event(line, None, &envelope).unwrap()
    };
    assert_eq!(import(NOW), import(at("2024-01-01T00:00:00Z")));
}

#[test]
fn an_event_can_be_read_from_a_value() {
    let envelope = Envelope {
        sent_at: Some(at("2023-11-14T22:13:00Z")),
        context: fields(json!({"ip": "::1"})),
        ..Envelope::new(NOW, Origin::Client)
    };
    let payload = json!({"userId": 3, "event": "e", "messageId": "m", "timestamp": "2023-11-14T22:12:50Z"});
    let event = parse_event(payload, Some(CallKind::Track), &envelope).unwrap();
    assert_eq!((event.occurred_at, event.context), (at("2023-11-14T22:13:10Z"), fields(json!({"ip": "::1"}))));
    for (payload, code) in [(json!([]), Malformed), (json!({"userId": "u"}), MissingField)] {
        assert_eq!(parse_event(payload, None, &envelope).unwrap_err().code, code);
    }
}

#[test]
fn events_without_an_id_are_told_apart_by_their_request() {
    let body =
        json!({"batch": [track(json!({})), track(json!({"messageId": null})), track(json!({"messageId": null}))]});
    let ids = |request: u64| -> Vec<String> {
        let mut batch = batch(&body);
        batch.tell_apart(request);
        batch.accepted.iter().map(|event| event.message_id.to_string()).collect()
    };
    let (first, second) = (ids(1), ids(2));
    assert_eq!((first[0].as_str(), second[0].as_str()), ("m1", "m1"), "an id of the sender's own stays");
    assert_eq!(first, ids(1));
    let generated: std::collections::BTreeSet<&String> = first[1..].iter().chain(&second[1..]).collect();
    assert_eq!(generated.len(), 4, "the same bytes in two requests are two events each");
    assert!(generated.iter().all(|id| id.starts_with("generated-") && id.len() == 42));
}

#[test]
fn what_is_refused_afterwards_keeps_its_place_in_the_request() {
    let item = |name: &str| json!({"type": "track", "event": name, "userId": "u"});
    let mut parsed =
        batch(&json!({"batch": [item("a"), 3, item("b"), item("a"), {"type": "x"}, item("c"), item("a")]}));
    let nameless = parsed.nameless.clone();
    assert_eq!(nameless, [0, 1, 2, 3, 4]);
    parsed.refuse_where(|event| {
        let fault = Rejection {
            code: RejectionCode::BadValue,
            field: "/event".to_owned(),
            message: "no a".to_owned(),
            masked: None,
        };
        (event.title() == "a").then_some(fault)
    });
    let places: Vec<_> = parsed.rejected.iter().map(|one| (one.index, one.rejection.field.as_str())).collect();
    assert_eq!(places, [(0, "/event"), (1, ""), (3, "/event"), (4, "/type"), (6, "/event")]);
    let kept: Vec<_> = parsed.accepted.iter().map(|event| event.title().to_owned()).collect();
    assert_eq!((kept, parsed.nameless), (vec!["b".to_owned(), "c".to_owned()], vec![0, 1]));
    assert!(
        parsed.rejected[0].payload.contains("\"event\":\"a\"") && parsed.rejected[0].call.as_deref() == Some("track")
    );
}
