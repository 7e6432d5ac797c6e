//! Is whoever was erased refused from then on, over HTTP, until an admin lets them in again?

use super::traces::assert_none;
use crate::support::{ADMIN, SERVER, TestServer, WRITE};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

fn track(user: &str, at: &str, n: usize) -> Value {
    json!({"event": "Secretly-done", "userId": user, "messageId": format!("late-{user}-{n}"), "timestamp": at,
        "properties": {"note": "late-secret-81"}})
}

fn erase(server: &TestServer, key: &str, id: &str) -> crate::support::Reply {
    server.send("DELETE", &format!("/v1/customers/{id}"), &[("authorization", &format!("Bearer {key}"))], "")
}

fn allow(server: &TestServer, key: &str, id: &str) -> crate::support::Reply {
    server.post_as(key, &format!("/v1/customers/{id}/allow"), &json!({}))
}

#[test]
fn an_erased_customer_is_gone_and_stays_refused_until_an_admin_allows_it() {
    let server = TestServer::start();
    server
        .post(
            "/v1/identify",
            &json!({"userId": "eve-99", "anonymousId": "device-eve", "traits": {"email": "eve@x.example"}}),
        )
        .ok();
    server.post("/v1/track", &track("max-1", "2026-11-20T10:00:00Z", 0)).ok();
    for key in [WRITE, "wrong"] {
        assert!([401, 403].contains(&erase(&server, key, "eve-99").status));
    }
    erase(&server, SERVER, "nobody-at-all").error(404, "not_found");
    let foreseen = erase(&server, SERVER, "device-eve?dryRun=true").ok();
    let expected = json!({"userIds": ["eve-99"], "anonymousIds": ["device-eve"], "erase": "user:eve-99",
        "removed": {"events": 1, "decisions": 0, "rejections": 0, "auditEntries": 0, "lines": 0, "lists": 0}});
    assert_eq!(foreseen, expected);
    erase(&server, SERVER, "eve-99?dryrun=true").error(400, "invalid");
    assert!(erase(&server, SERVER, "device-eve").error(409, "conflict").contains("erase \"user:eve-99\""));
    server.get("/v1/customers/eve-99").ok();
    let receipt = erase(&server, SERVER, "eve-99").ok();
    assert_eq!((&receipt["removed"]["events"], &receipt["isDone"]), (&1.into(), &true.into()), "{receipt}");
    assert!(!receipt.to_string().contains("eve-"), "{receipt}");
    server.get("/v1/customers/eve-99").error(404, "not_found");
    server.get("/v1/customers/device-eve").error(404, "not_found");
    assert_eq!(erase(&server, ADMIN, "eve-99").ok(), receipt, "the same receipt");
    let id = receipt["receipt"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/erasures/{id}")).ok(), receipt);
    server.get("/v1/erasures/unknown").error(404, "not_found");

    // Whatever the time it says, whichever call, whichever of the names.
    for (n, at) in ["2020-01-01T00:00:00Z", "2026-11-22T12:00:00Z"].into_iter().enumerate() {
        let message = server.post("/v1/track", &track("eve-99", at, n)).error(400, "erased");
        assert!(!message.contains("eve-"), "{message}");
    }
    server.post("/v1/page", &json!({"anonymousId": "device-eve", "name": "late-secret-81"})).error(400, "erased");
    server.post("/v1/alias", &json!({"userId": "max-1", "previousId": "eve-99"})).error(400, "erased");
    let mixed = json!({"batch": [
        {"type": "track", "event": "a", "userId": "max-1"},
        {"type": "track", "event": "late-secret-81", "userId": "eve-99"},
        {"type": "track", "userId": "max-1"},
        {"type": "track", "event": "b", "userId": "max-1"},
    ]});
    let reply = server.post("/v1/batch", &mixed).ok();
    assert_eq!(reply["accepted"], 2, "{reply}");
    let rejected: Vec<(u64, &str)> = reply["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(rejected, [(1, "erased"), (2, "missing_field")]);
    // Nor is anything kept of what could not be read.
    for body in [
        json!({"userId": "eve-99", "properties": {"note": "unread-secret-82"}}),
        json!({"userId": " eve-99 ", "event": "unread-secret-82", "properties": 3}),
        json!({"anonymousId": "device-eve", "userId": {"id": 1}, "event": "unread-secret-82"}),
        json!({"userId": "max-1", "event": "Order Completed", "properties": {"order_id": "unread-secret-82",
            "revenue": "abc", "userId": "eve-99"}}),
    ] {
        let message = server.post("/v1/track", &body).error(400, "erased");
        assert!(!message.contains("eve-") && !message.contains("unread-secret"), "{message}");
    }
    let bad = json!({"batch": [
        {"type": "track", "userId": "eve-99"},
        {"type": "track", "event": "c", "userId": "max-1"},
        {"type": "track", "userId": "max-1"},
        {"type": "track", "event": "unread-secret-82", "userId": "eve-99"},
    ]});
    let reply = server.post("/v1/batch", &bad).ok();
    let codes: Vec<&str> =
        reply["rejected"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!((codes, &reply["accepted"]), (vec!["erased", "missing_field", "erased"], &1.into()), "{reply}");
    let metrics = server.get("/metrics").text;
    let counted =
        metrics.lines().find(|line| line.starts_with("cx_events_rejected_total") && line.contains("\"erased\""));
    assert!(counted.is_some(), "{metrics}");
    let events = serde_json::to_string(&server.events("all")).unwrap();
    assert!(["eve-99", "device-eve", "unread-secret"].iter().all(|of| !events.contains(of)), "{events}");
    server.decide(&json!({"decision": "recommend", "userId": "eve-99", "n": 3})).ok();

    allow(&server, SERVER, "eve-99").error(403, "forbidden");
    allow(&server, ADMIN, "max-1").error(404, "not_found");
    let server = server.restart();
    server.post("/v1/track", &track("eve-99", "2026-11-22T12:00:00Z", 7)).error(400, "erased");
    let data = server.data();
    assert_none(&data, &["eve-99", "device-eve", "eve@x.example", "late-secret-81-eve", "unread-secret"]);
    let allowed = allow(&server, ADMIN, "device-eve").ok();
    assert_eq!(allowed["receipt"], receipt["receipt"]);
    assert!(allowed["allowedAt"].is_string(), "{allowed}");
    server.post("/v1/track", &track("eve-99", "2026-11-22T12:00:00Z", 8)).ok();
    assert_eq!(server.get("/v1/customers/eve-99").ok()["eventCount"], 1, "what was erased stays so");
    let again = erase(&server, SERVER, "eve-99").ok();
    assert_ne!(again["receipt"], receipt["receipt"]);
    assert_none(&data, &["eve-99"]);
}

#[test]
fn who_had_a_customer_erased_is_written_down_and_not_whom() {
    let server = TestServer::start();
    server.post("/v1/identify", &json!({"userId": "eve-99"})).ok();
    server.get_as(ADMIN, "/v1/customers/eve-99").ok();
    let receipt = erase(&server, ADMIN, "eve-99").ok();
    let audit = server.get_as(ADMIN, "/v1/audit").ok();
    let receipt = receipt["receipt"].as_str().unwrap();
    let told: Vec<(&str, &str)> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["deed"].as_str().unwrap(), one["subject"].as_str().unwrap()))
        .collect();
    assert!(told.contains(&("customer_erased", &format!("erasure {receipt}"))), "{told:?}");
    assert!(told.contains(&("customer_opened", &format!("erased {receipt}"))), "{told:?}");
    assert!(!audit.to_string().contains("eve-99"));
}

#[test]
fn erased_while_their_events_come_in_and_are_sealed() {
    let server = TestServer::start();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (server, is_over) = (&server, &is_over);
        for thread in 0..3_usize {
            scope.spawn(move || {
                for n in 0.. {
                    if is_over.load(Ordering::Acquire) {
                        break;
                    }
                    let user = ["eve-99", "max-1"][n % 2];
                    let event = json!({"event": "Seen", "userId": user, "messageId": format!("{user}-{thread}-{n}")});
                    let reply = server.post("/v1/track", &event);
                    assert!(reply.status == 200 || reply.json()["code"] == "erased", "{}", reply.text);
                    assert!(user == "eve-99" || reply.status == 200, "{}", reply.text);
                }
            });
        }
        scope.spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                let app = server.app();
                app.engine.checkpoint(1_000).unwrap();
                app.storage.seal(app.engine.checkpointed(), &storage::SealPolicy::everything()).unwrap();
            }
        });
        crate::support::until("her events", || (server.get("/v1/customers/eve-99").status == 200).then_some(()));
        erase(server, SERVER, "eve-99").ok();
        server.get("/v1/customers/eve-99").error(404, "not_found");
        is_over.store(true, Ordering::Release);
    });
    server.get("/v1/customers/eve-99").error(404, "not_found");
    server.get("/v1/customers/max-1").ok();
    assert_none(&server.data(), &["eve-99"]);
    super::places::assert_well(&super::places::open(server.stop().path()));
}
