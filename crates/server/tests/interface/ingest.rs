//! Do Segment's clients find the API they expect, with every way of sending a key, every shape of body and every limit?

use crate::support::{ADMIN, SERVER, TestServer, WRITE, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use events::CallKind;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

const EVENT_BYTES_MAX: usize = 32 * 1024;
const BATCH_BYTES_MAX: usize = 500 * 1024;

fn track(user: &str) -> Value {
    json!({"type": "track", "event": "Seen", "userId": user})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// The event padded with a property so that its JSON has exactly `n` bytes.
fn of_size(mut event: Value, n: usize) -> Value {
    event["properties"] = json!({"pad": ""});
    let n_pad = n - event.to_string().len();
    event["properties"]["pad"] = "x".repeat(n_pad).into();
    assert_eq!(event.to_string().len(), n);
    event
}

#[test]
fn a_key_is_taken_by_every_way_in_which_clients_send_it() {
    let server = TestServer::start();
    // What it is, the path, the headers, the key in the body.
    type Way<'a> = (&'a str, &'a str, Vec<(&'a str, String)>, Value);
    let ways: [Way<'_>; 9] = [
        ("basic with colon", "/v1/track", vec![("authorization", basic(&format!("{WRITE}:")))], Value::Null),
        ("basic without colon", "/v1/track", vec![("authorization", basic(WRITE))], Value::Null),
        ("bearer", "/v1/track", vec![("authorization", format!("Bearer {WRITE}"))], Value::Null),
        ("x-api-key", "/v1/track", vec![("x-api-key", WRITE.to_owned())], Value::Null),
        ("body only", "/v1/track", vec![], WRITE.into()),
        (
            "body and a token of somebody else",
            "/v1/track",
            vec![("authorization", "Bearer eyJhbGciOi".into())],
            WRITE.into(),
        ),
        ("query", &format!("/v1/track?writeKey={WRITE}"), vec![], Value::Null),
        ("short path", "/v1/t", vec![], WRITE.into()),
        ("server key", "/v1/track", vec![("authorization", format!("Bearer {SERVER}"))], Value::Null),
    ];
    for (n, (way, path, headers, in_body)) in ways.into_iter().enumerate() {
        let mut event = track(&format!("key-{n}"));
        if !in_body.is_null() {
            event["writeKey"] = in_body;
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = server.send("POST", path, &headers, event.to_string());
        assert_eq!((reply.status, &reply.json()["success"]), (200, &Value::Bool(true)), "{way}: {}", reply.text);
        assert_eq!(server.get(&format!("/v1/customers/key-{n}")).status, 200, "{way}");
    }
    for accepted in server.events("accepted") {
        assert!(!accepted.to_string().contains(WRITE), "the key is not kept with the event");
    }
}

#[test]
fn a_beacon_and_a_batch_may_carry_the_key_in_the_query_or_the_body() {
    let server = TestServer::start();
    let text = [("content-type", "text/plain;charset=UTF-8")];
    for path in ["/beacon/v1/batch", "/v1/b"] {
        let batch = json!({"batch": [track(path)]}).to_string();
        assert_eq!(server.send("POST", &format!("{path}?writeKey={WRITE}"), &text, batch).ok()["accepted"], 1);
    }
    let mut in_batch = json!({"batch": [track("a"), track("b")], "writeKey": WRITE});
    assert_eq!(server.send("POST", "/v1/batch", &text, in_batch.to_string()).ok()["accepted"], 2);
    in_batch["writeKey"] = Value::Null;
    in_batch["batch"][0]["writeKey"] = WRITE.into();
    assert_eq!(server.send("POST", "/v1/batch", &[], in_batch.to_string()).ok()["success"], true);
}

#[test]
fn keys_that_do_not_fit_are_refused_and_nothing_is_kept() {
    let server = TestServer::start();
    let wrong = server.post_as("no-such-key", "/v1/track", &track("x"));
    assert!(wrong.error(401, "unknown_key").contains("not one of this server's"));
    assert!(wrong.header("www-authenticate").is_some());
    server.send("POST", "/v1/track", &[], track("x").to_string()).error(401, "no_key");
    let mut in_body = track("x");
    in_body["writeKey"] = "no-such-key".into();
    server.send("POST", "/v1/track", &[], in_body.to_string()).error(401, "unknown_key");
    server.send("POST", "/v1/batch?writeKey=no-such-key", &[], "{\"batch\":[]}").error(401, "unknown_key");
    // Without a key nobody learns what is wrong with the body.
    server.send("POST", "/v1/track", &[], "{").error(401, "no_key");
    assert!(server.events("all").is_empty());
    for path in ["/v1/customers/x", "/v1/events", "/v1/models", "/v1/decisions/x"] {
        assert!(server.get_as(WRITE, path).error(403, "forbidden").contains("use the viewer or the server"), "{path}");
        server.send("GET", path, &[], "").error(401, "no_key");
    }
    assert!(server.post_as(SERVER, "/v1/models/churn/train", &json!({})).error(403, "forbidden").contains("admin"));
    assert_eq!(server.get_as(ADMIN, "/v1/events").status, 200);
}

#[test]
fn only_a_trusted_key_describes_the_catalogue() {
    let server = TestServer::start();
    let item = json!({"batch": [{"type": "item", "itemId": "tea", "traits": {"name": "Green tea"}}]});
    let refused = server.post("/v1/batch", &item);
    assert_eq!(refused.error(400, "not_allowed"), refused.json()["rejected"][0]["message"].as_str().unwrap());
    assert_eq!(server.post_as(SERVER, "/v1/batch", &item).ok()["accepted"], 1);
    let mut borrowed = item.clone();
    borrowed["writeKey"] = SERVER.into();
    borrowed["batch"][0]["messageId"] = "another".into();
    // A key in a body is whatever a page put there: it allows events, never the catalogue.
    assert_eq!(server.send("POST", "/v1/batch", &[], borrowed.to_string()).status, 400);
}

#[test]
fn every_call_has_its_path_and_its_short_path() {
    let server = TestServer::start();
    for (long, short, body) in [
        ("/v1/identify", "/v1/i", json!({"traits": {"name": "Ada"}})),
        ("/v1/track", "/v1/t", json!({"event": "Seen"})),
        ("/v1/page", "/v1/p", json!({"name": "Home"})),
        ("/v1/screen", "/v1/s", json!({"name": "Start"})),
        ("/v1/group", "/v1/g", json!({"groupId": "acme"})),
        ("/v1/alias", "/v1/a", json!({"previousId": "before"})),
    ] {
        for (path, user) in [(long, "long"), (short, "short")] {
            let mut event = body.clone();
            event["userId"] = user.into();
            assert_eq!(
                server.post(path, &event).ok(),
                json!({"success": true, "accepted": 1, "duplicates": 0}),
                "{path}"
            );
            let kind = long.trim_start_matches("/v1/");
            assert_eq!(
                (&server.events("all")[0]["type"], &server.events("all")[0]["userId"]),
                (&kind.into(), &user.into())
            );
        }
    }
}

#[test]
fn every_call_that_can_be_sent_has_its_path() {
    let server = TestServer::start();
    for kind in CallKind::ALL {
        let path = format!("/v1/{kind}");
        let event = json!({"userId": "1", "event": "A", "groupId": "g", "previousId": "before", "itemId": "tea"});
        assert_eq!(server.post_as(SERVER, &path, &event).ok()["accepted"], 1, "{path}");
        assert_eq!(server.events("accepted")[0]["type"], kind.name());
        // What is refused is of the call that the path said, and the advice is for that call.
        let refused = server.post_as(SERVER, &path, &json!({"userId": 1.5}));
        assert_eq!((refused.status, &server.events("rejected")[0]["type"]), (400, &kind.name().into()), "{path}");
        let advice = server.send("POST", &path, &[("authorization", &format!("Bearer {SERVER}"))], "kaputt");
        let advice = advice.error(400, "malformed");
        assert!(advice.contains("must be a JSON object: send {") && !advice.contains("batch"), "{advice}");
    }
    server.post("/v1/item", &json!({"itemId": "jam"})).error(400, "not_allowed");
    let batch = json!({"batch": [{"type": "identify", "userId": 1.5}, {"type": "sing", "userId": "1"}]});
    server.post("/v1/batch", &batch);
    let kept: Vec<Value> = server.events("rejected")[..2].iter().map(|kept| kept["type"].clone()).collect();
    assert_eq!(kept, ["sing", "identify"]);
}

#[test]
fn the_body_may_be_compressed_and_of_any_content_type() {
    let server = TestServer::start();
    let batch = json!({"batch": [track("zipped")]}).to_string();
    let key = format!("Bearer {WRITE}");
    for (encoding, content_type, body) in [
        ("gzip", "application/json", gzip(batch.as_bytes())),
        ("GZIP", "text/plain", gzip(batch.as_bytes())),
        ("identity", "text/plain", batch.clone().into_bytes()),
        ("", "application/x-www-form-urlencoded", format!("\n {batch} \n").into_bytes()),
    ] {
        let headers = [("authorization", key.as_str()), ("content-encoding", encoding), ("content-type", content_type)];
        assert_eq!(server.send("POST", "/v1/batch", &headers, body).ok()["success"], true, "{encoding} {content_type}");
    }
    let headers = |encoding| [("authorization", key.as_str()), ("content-encoding", encoding)];
    let not_zipped = server.send("POST", "/v1/batch", &headers("gzip"), &batch);
    assert!(not_zipped.error(400, "malformed").contains("not gzip"));
    let cut = &gzip(batch.as_bytes())[..20];
    server.send("POST", "/v1/batch", &headers("gzip"), cut).error(400, "malformed");
    server.send("POST", "/v1/batch", &headers("br"), &batch).error(415, "unsupported_encoding");
    // Ten megabytes of nothing are ten kilobytes on the wire.
    let bomb = gzip(&vec![0; 10 << 20]);
    assert!(bomb.len() < 20_000);
    server.send("POST", "/v1/batch", &headers("gzip"), &bomb).error(413, "too_large");
    server.send("POST", "/v1/track", &headers("gzip"), &bomb).error(413, "too_large");
}

#[test]
fn the_batch_context_lies_under_every_events_own() {
    let server = TestServer::start();
    let batch = json!({
        "context": {"locale": "de", "app": {"name": "Shop", "version": "1"}, "library": {"name": "node"}},
        "batch": [
            {"type": "track", "event": "A", "userId": "1", "messageId": "a", "context": {"locale": "fr", "app": {"version": "2"}}},
            {"type": "track", "event": "B", "userId": "1", "messageId": "b"},
        ]
    });
    assert_eq!(server.post("/v1/batch", &batch).ok()["accepted"], 2);
    let events = server.events("accepted");
    let context = |id: &str| events.iter().find(|event| event["messageId"] == id).unwrap()["context"].clone();
    assert_eq!(
        context("a"),
        json!({"locale": "fr", "app": {"name": "Shop", "version": "2"}, "library": {"name": "node"}})
    );
    assert_eq!(context("b"), batch["context"]);
}

#[test]
fn a_message_counts_once_in_a_batch_between_batches_and_after_a_restart() {
    let server = TestServer::start();
    let mut event = track("once");
    event["messageId"] = "m-1".into();
    let batch = json!({"batch": [event, event]});
    let reply = server.post("/v1/batch", &batch).ok();
    assert_eq!((&reply["accepted"], &reply["duplicates"]), (&1.into(), &1.into()));
    assert_eq!(server.post("/v1/batch", &batch).ok()["duplicates"], 2);
    let server = server.restart();
    server.advance(Duration::from_secs(29 * 86_400));
    let reply = server.post("/v1/batch", &batch).ok();
    assert_eq!((&reply["accepted"], &reply["duplicates"], &reply["success"]), (&0.into(), &2.into(), &true.into()));
    assert_eq!(server.get("/v1/customers/once").ok()["eventCount"], 1);
}

#[test]
fn a_stranger_cannot_take_the_place_of_the_shops_message() {
    let server = TestServer::start();
    let order = |user: &str| json!({"event": "Looked", "userId": user, "messageId": "order-1001"});
    assert_eq!(server.post("/v1/track", &order("stranger")).ok()["accepted"], 1);
    let shop = |user: &str| server.post_as(SERVER, "/v1/track", &order(user)).ok();
    assert_eq!(shop("42")["accepted"], 1, "the write key's id is another one");
    assert_eq!((&shop("42")["duplicates"], &shop("42")["conflicts"]), (&json!(1), &json!(null)));
    let conflict = shop("43");
    assert_eq!(
        (&conflict["accepted"], &conflict["duplicates"], &conflict["conflicts"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(conflict["conflicting"], json!([{"index": 0, "messageId": "order-1001"}]));
    let rejected = server.events("rejected");
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0]["code"], "conflict");
    let said = rejected[0]["reason"].as_str().unwrap();
    assert!(said.contains("\"order-1001\"") && said.contains("that content stays"), "{said}");
    assert_eq!(server.events("accepted").len(), 2, "nothing changed in the log");
}

#[test]
fn a_conflict_is_named_by_its_place_in_the_request() {
    let server = TestServer::start();
    let event = |id: &str, user: &str| json!({"type": "track", "event": "Looked", "userId": user, "messageId": id});
    let nothing = json!({"type": "track"});
    let first = json!({"batch": [event("a", "1"), event("b", "1")]});
    assert_eq!(server.post("/v1/batch", &first).ok()["conflicting"], json!(null));
    let batch = json!({"batch": [nothing, event("a", "1"), nothing, event("b", "2"), event("c", "1"), nothing, event("a", "2")]});
    let reply = server.post("/v1/batch", &batch).ok();
    assert_eq!((&reply["accepted"], &reply["duplicates"], &reply["conflicts"]), (&json!(1), &json!(1), &json!(2)));
    let named = json!([{"index": 3, "messageId": "b"}, {"index": 6, "messageId": "a"}]);
    assert_eq!(reply["conflicting"], named);
    let many: Vec<Value> = (0..120).map(|_| event("a", "3")).collect();
    let reply = server.post("/v1/batch", &json!({ "batch": many })).ok();
    let n_named = reply["conflicting"].as_array().unwrap().len();
    assert_eq!((&reply["conflicts"], n_named), (&json!(120), 100), "an answer has a limit");
}

#[test]
fn events_without_an_id_each_count_however_alike_they_are() {
    // The clock stands still: every byte and the millisecond are the same.
    let server = TestServer::start();
    let event = json!({"type": "track", "event": "Clicked", "userId": "42"});
    for _ in 0..20 {
        assert_eq!(server.post("/v1/track", &event).ok()["accepted"], 1);
    }
    let batch = json!({"batch": [event, event, event]});
    for _ in 0..4 {
        assert_eq!(server.post("/v1/batch", &batch).ok()["accepted"], 3);
    }
    assert_eq!(server.engine().customer("42").unwrap().customer.profile.n_events, 32);
    let server = server.restart();
    assert_eq!(server.post("/v1/track", &event).ok()["accepted"], 1, "also after a restart");
}

#[test]
fn an_event_is_in_the_profile_when_it_is_answered() {
    let server = TestServer::start();
    for n in 1..=20_u64 {
        let user = format!("user-{}", n % 2);
        // Of what is said at one moment nothing is the latest.
        server.advance(Duration::from_millis(1));
        server.post("/v1/identify", &json!({"userId": user, "traits": {"n": n}})).ok();
        let customer = server.get(&format!("/v1/customers/{user}")).ok();
        assert_eq!((&customer["traits"]["n"], &customer["eventCount"]), (&n.into(), &n.div_ceil(2).into()));
    }
    server.post("/v1/track", &json!({"anonymousId": "device", "event": "Seen"})).ok();
    server.post("/v1/identify", &json!({"anonymousId": "device", "userId": "user-1"})).ok();
    let merged = server.get("/v1/customers/device").ok();
    assert_eq!(merged["customerId"], "user-1");
    assert_eq!(server.get("/v1/customers/user-1").ok(), merged);
    assert_eq!(server.get("/v1/customers/anonymous:device").ok(), merged);
}

#[test]
fn many_clients_at_once_each_see_their_own_events() {
    let server = TestServer::start();
    std::thread::scope(|scope| {
        for client in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for n in 1..=10_u64 {
                    // Every batch also holds the event of all clients: most find it there already.
                    let batch = json!({"batch": [
                        {"type": "track", "event": "Own", "userId": format!("client-{client}")},
                        {"type": "track", "event": "Common", "userId": format!("common-{n}"), "messageId": format!("c{n}")},
                    ]});
                    server.post("/v1/batch", &batch).ok();
                    assert_eq!(server.get(&format!("/v1/customers/common-{n}")).ok()["eventCount"], 1);
                }
            });
        }
    });
    // The clock stands still, and still each event without a messageId counts: it came in a request of its own.
    for client in 0..8 {
        assert_eq!(server.get(&format!("/v1/customers/client-{client}")).ok()["eventCount"], 10);
    }
}

#[test]
fn times_are_read_in_every_form_and_corrected_for_the_clients_clock() {
    let server = TestServer::start();
    for (sent, expected) in [
        (json!({"timestamp": "2026-11-20T10:00:00Z"}), "2026-11-20T10:00:00.000Z"),
        (json!({"timestamp": "2026-11-20T10:00:00+02:00"}), "2026-11-20T08:00:00.000Z"),
        (json!({"timestamp": 1_763_632_800}), "2025-11-20T10:00:00.000Z"),
        (json!({"timestamp": 1_763_632_800_000_u64}), "2025-11-20T10:00:00.000Z"),
        (json!({"timestamp": "1763632800000"}), "2025-11-20T10:00:00.000Z"),
        // The client's clock is a year ahead; it sent the event ten seconds after it happened.
        (
            json!({"originalTimestamp": "2027-11-22T12:00:00Z", "sentAt": "2027-11-22T12:00:10Z"}),
            "2026-11-22T11:59:50.000Z",
        ),
        (json!({}), "2026-11-22T12:00:00.000Z"),
        // Nothing happens after it was received.
        (json!({"timestamp": "2030-01-01T00:00:00Z"}), "2026-11-22T12:00:00.000Z"),
    ] {
        let mut event = track("clock");
        event.as_object_mut().unwrap().extend(sent.as_object().unwrap().clone());
        assert_eq!(server.post("/v1/track", &event).ok()["accepted"], 1, "{sent}");
        let seen = &server.events("accepted")[0];
        assert_eq!(
            (&seen["occurredAt"], &seen["receivedAt"]),
            (&expected.into(), &"2026-11-22T12:00:00.000Z".into()),
            "{sent}"
        );
    }
}

#[test]
fn an_event_has_at_most_32_kilobytes() {
    let server = TestServer::start();
    let single = json!({"event": "Large", "userId": "large"});
    assert_eq!(server.post("/v1/track", &of_size(single.clone(), EVENT_BYTES_MAX)).ok()["accepted"], 1);
    for n in [EVENT_BYTES_MAX + 1, 100 * 1024] {
        let reply = server.post("/v1/track", &of_size(single.clone(), n));
        assert!(reply.error(413, "too_large").contains(&n.to_string()), "{}", reply.text);
    }
    let (fits, over) = (of_size(track("fits"), EVENT_BYTES_MAX), of_size(track("over"), EVENT_BYTES_MAX + 1));
    let reply = server.post("/v1/batch", &json!({"batch": [fits, over]})).ok();
    assert_eq!((&reply["accepted"], &reply["rejected"][0]["code"]), (&1.into(), &"too_large".into()));
    // None of them went without a trace.
    assert_eq!(server.events("rejected").len(), 3);
}

#[test]
fn a_batch_has_at_most_500_kilobytes_and_2500_events() {
    let server = TestServer::start();
    let batch = |n_bytes: usize| {
        let mut batch =
            json!({"batch": (0..15).map(|n| of_size(track(&format!("u{n}")), 32_000)).collect::<Vec<_>>(), "pad": ""});
        let n_pad = n_bytes - batch.to_string().len();
        batch["pad"] = "x".repeat(n_pad).into();
        batch
    };
    assert_eq!(server.post("/v1/batch", &batch(BATCH_BYTES_MAX)).ok()["accepted"], 15);
    for n_bytes in [BATCH_BYTES_MAX + 1, BATCH_BYTES_MAX + 100_000, 3 << 20] {
        server.post("/v1/batch", &batch(n_bytes)).error(413, "too_large");
    }
    let many = |n: usize| json!({"batch": (0..n).map(|n| json!({"type": "track", "event": "E", "userId": n + 1})).collect::<Vec<_>>()});
    assert_eq!(server.post("/v1/batch", &many(2_500)).ok()["accepted"], 2_500);
    let too_many = server.post("/v1/batch", &many(2_501));
    assert!(too_many.error(413, "too_large").contains("2501"));
    assert_eq!(
        server.post("/v1/batch", &json!({"batch": []})).ok(),
        json!({"success": true, "accepted": 0, "duplicates": 0})
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place_and_kept_with_its_reason() {
    let server = TestServer::start();
    for (path, body) in [
        ("/v1/track", "{\"event\": \"A\", \"userId\": \"1\""),
        ("/v1/track", ""),
        ("/v1/track", "[]"),
        ("/v1/track", "\u{FEFF}nonsense"),
        ("/v1/batch", "{}"),
        ("/v1/batch", "{\"batch\": \"[]\"}"),
        ("/v1/batch", "{\"batch\": {}}"),
        ("/v1/batch", "{\"batch\": [}"),
        ("/v1/batch", "{\"batch\": [], \"context\": 5}"),
    ] {
        let reply = server.send("POST", path, &[("authorization", &format!("Bearer {WRITE}"))], body);
        reply.error(400, "malformed");
    }
    for (event, code, field) in [
        (json!({"event": 5, "userId": "1"}), "wrong_type", "/event"),
        (json!({"userId": "1"}), "missing_field", "/event"),
        (json!({"event": "A"}), "missing_field", "/userId"),
        (json!({"event": "A", "userId": {"id": 1}}), "wrong_type", "/userId"),
        (json!({"event": "A", "userId": 1.5}), "bad_value", "/userId"),
        (json!({"event": "A", "userId": "1", "properties": []}), "wrong_type", "/properties"),
        (json!({"event": "A", "userId": "1", "context": "web"}), "wrong_type", "/context"),
        (json!({"event": "A", "userId": "1", "timestamp": "yesterday"}), "bad_value", "/timestamp"),
        (json!({"event": "A", "userId": "1", "messageId": "m".repeat(100)}), "bad_value", "/messageId"),
        (
            json!({"event": "Order Completed", "userId": "1", "properties": {"revenue": "much"}}),
            "wrong_type",
            "/properties/revenue",
        ),
    ] {
        let reply = server.post("/v1/track", &event);
        let message = reply.error(400, code);
        assert_eq!(reply.json()["rejected"], json!([expected(&event, code, field, &message)]), "{event}");
        let kept = &server.events("rejected")[0];
        assert_eq!((&kept["reason"], &kept["code"], &kept["field"]), (&message.into(), &code.into(), &field.into()));
        assert_eq!(kept["payload"], event.to_string());
    }
    // One bad event costs the others nothing.
    let batch = json!({"batch": [track("good"), {"type": "sing", "userId": "1"}, 7]});
    let reply = server.post("/v1/batch", &batch).ok();
    assert_eq!((&reply["success"], &reply["accepted"]), (&true.into(), &1.into()));
    let said: Vec<_> = reply["rejected"].as_array().unwrap().iter().map(|r| (&r["index"], &r["code"])).collect();
    assert_eq!(said, [(&json!(1), &json!("unknown_type")), (&json!(2), &json!("malformed"))]);
    // An answer names a hundred of them, each with its own name, and says how many there are.
    let bad: Vec<Value> = (0..150).map(|n| json!({"type": "track", "messageId": format!("bad-{n}")})).collect();
    let reply = server.post("/v1/batch", &json!({"batch": bad})).json();
    let listed = reply["rejected"].as_array().unwrap();
    assert_eq!((listed.len(), &reply["rejectedCount"]), (100, &150.into()));
    assert_eq!((&listed[99]["index"], &listed[99]["messageId"]), (&99.into(), &"bad-99".into()));
}

/// How the answer says why one event is not accepted.
fn expected(event: &Value, code: &str, field: &str, message: &str) -> Value {
    let mut said = json!({"index": 0, "code": code, "field": field, "message": message});
    if let Some(id) = event.get("messageId") {
        said["messageId"] = id.clone();
    }
    said
}

#[test]
fn an_order_without_a_currency_takes_that_of_the_settings() {
    let order = json!({"event": "Order Completed", "userId": "1", "messageId": "o", "properties": {"revenue": 5}});
    let strict = TestServer::start();
    let message = strict.post("/v1/track", &order).error(400, "missing_field");
    assert!(message.contains("\"EUR\"") && message.contains("currency.default"), "{message}");
    let settled = TestServer::start_with(|settings| settings.currency.default = "NOK".to_owned());
    settled.post("/v1/track", &order).ok();
    assert_eq!(settled.events("accepted")[0]["properties"], json!({"revenue": 5, "currency": "NOK"}));
}

#[test]
fn what_is_not_understood_is_kept_marked_and_counted() {
    let server = TestServer::start();
    for (name, marked) in [("AddToCart", json!(true)), ("orders/paid", json!(true)), ("add_to_cart", Value::Null)] {
        server.post("/v1/track", &json!({"event": name, "userId": "1", "properties": {"items": []}})).ok();
        assert_eq!(server.events("accepted")[0]["notUnderstood"], marked, "{name}");
    }
    let late = json!({"event": "Signed Up", "userId": "1", "timestamp": "2031-01-01T00:00:00Z"});
    server.post("/v1/track", &late).ok();
    let kept = &server.events("accepted")[0];
    assert_eq!((&kept["statedAt"], &kept["occurredAt"]), (&"2031-01-01T00:00:00.000Z".into(), &kept["receivedAt"]));
}

#[test]
fn a_property_that_cannot_be_read_is_told_and_the_event_counts() {
    let server = TestServer::start();
    let send = |event: &str, properties: Value| {
        server.post("/v1/track", &json!({"event": event, "userId": "1", "properties": properties}))
    };
    send("Call Ended", json!({"seconds": -5})).ok();
    let marked = &server.events("accepted")[0];
    let (mark, reason) = (&marked["marks"][0], marked["marks"][0]["reason"].as_str().unwrap());
    assert_eq!((&mark["field"], &mark["code"]), (&"/properties/seconds".into(), &"bad_value".into()));
    assert!(reason.starts_with("\"seconds\" is \"-5\": "), "{reason}");
    assert_eq!(server.get("/v1/customers/1").ok()["eventCount"], 1);
    send("Call Ended", json!({"seconds": 5})).ok();
    assert_eq!(server.events("accepted")[0]["marks"], Value::Null);
    let message = send("CSAT Submitted", json!({"score": 11})).error(400, "bad_value");
    assert!(message.contains("from 1 to 5"), "{message}");
}

#[test]
fn a_user_may_be_a_whole_number() {
    let server = TestServer::start();
    server.post("/v1/track", &json!({"event": "A", "userId": 4711, "messageId": "a"})).ok();
    server.post("/v1/track", &json!({"event": "A", "userId": 4711.0, "messageId": "b"})).ok();
    server.post("/v1/track", &json!({"event": "A", "userId": "4711", "messageId": "c"})).ok();
    assert_eq!(server.get("/v1/customers/4711").ok()["eventCount"], 3);
    for user in [json!(4711), json!(4711.0), json!("4711")] {
        let decision = server.decide(&json!({"decision": "recommend", "userId": user})).ok();
        assert_eq!(decision["customerId"], "4711", "{user}");
    }
}

#[test]
fn when_every_place_is_taken_the_answer_says_when_to_try_again() {
    let server = TestServer::start_with(|settings| settings.server.n_requests_max = 16);
    let places = server.app().places.clone();
    let taken = places.try_acquire_many(16).unwrap();
    for reply in [server.post("/v1/track", &track("busy")), server.decide(&json!({"decision": "churn", "userId": "1"}))]
    {
        assert!(reply.error(429, "too_many_requests").contains("16"));
        let seconds: u32 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=300).contains(&seconds));
    }
    assert_eq!(server.send("GET", "/healthz", &[], "").status, 200, "health needs no place");
    drop(taken);
    server.post("/v1/track", &track("busy")).ok();
    until("all places are free again", || (places.available_permits() == 16).then_some(()));
}

#[test]
fn browsers_may_send_from_any_site() {
    let server = TestServer::start();
    for path in ["/v1/t", "/v1/batch", "/v1/projects/x/settings", "/beacon/v1/batch"] {
        let preflight = server.send(
            "OPTIONS",
            path,
            &[
                ("origin", "https://shop.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,content-type,anonymousid"),
            ],
            "",
        );
        assert_eq!(preflight.status, 200, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
        // A wildcard does not cover Authorization: each header must be named.
        assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization,content-type,anonymousid"));
    }
    let headers = [("origin", "https://shop.example"), ("content-type", "text/plain")];
    let reply =
        server.send("POST", "/v1/t", &headers, json!({"event": "A", "userId": "1", "writeKey": WRITE}).to_string());
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
    let refused = server.send("POST", "/v1/t", &headers, "{}");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some("*")));
}

#[test]
fn the_browser_library_learns_where_to_send_events() {
    let server = TestServer::start();
    let reply =
        server.send("GET", &format!("/v1/projects/{WRITE}/settings"), &[("origin", "https://shop.example")], "");
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let segment = &reply.ok()["integrations"]["Segment.io"];
    assert_eq!((&segment["apiKey"], &segment["apiHost"]), (&WRITE.into(), &format!("{}/v1", server.address()).into()));
    // Without it the library takes https.
    assert_eq!(segment["protocol"], "http");
    let behind_tls = [("host", "events.example"), ("x-forwarded-proto", "https")];
    let settings = server.send("GET", &format!("/v1/projects/{WRITE}/settings"), &behind_tls, "").ok();
    let segment = &settings["integrations"]["Segment.io"];
    assert_eq!((&segment["protocol"], &segment["apiHost"]), (&"https".into(), &"events.example/v1".into()));
    server.send("GET", "/v1/projects/no-such-key/settings", &[], "").error(401, "unknown_key");
}
