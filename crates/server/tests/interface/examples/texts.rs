//! What is asked about messages, conversations and documents, so that each answer is recorded.

use super::Recorder;
use crate::support::{SERVER, WRITE};
use serde_json::{Value, json};

/// What messages ask for, told and learned.
pub(super) fn taught(asks: &mut Recorder) {
    let path = "/v1/intents/examples";
    let things = ["parcel", "order", "box", "letter", "present", "shipment", "package", "delivery", "item", "goods"];
    let asked =
        [("delivery", "Where is my"), ("refund", "I want my money back for the"), ("cancel", "Please cancel the")];
    let examples: Vec<Value> = asked
        .iter()
        .flat_map(|(label, words)| things.map(|thing| json!({"text": format!("{words} {thing}"), "label": label})))
        .collect();
    asks.post(SERVER, path, path, &json!({ "examples": examples })).ok();
    asks.post(SERVER, path, path, &json!({"examples": [{"text": "", "label": "delivery"}]}));
    asks.post(WRITE, path, path, &json!({ "examples": examples }));
    asks.post(SERVER, path, path, &json!({"examples": [{"text": "x".repeat(70_000), "label": "delivery"}]}));
    let engine = asks.server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let task = engine.capabilities().tasks.get("intent").unwrap();
    let trained = learning::train(task, &engine.data(&material, primitives::Seed::new(1))).unwrap();
    engine.registry().publish(&trained).unwrap();
    engine.reload_champions().unwrap();
}

/// What questions are answered out of.
pub(super) fn known(asks: &mut Recorder) {
    let (path, named) = ("/v1/knowledge", "/v1/knowledge/{id}");
    let faq = json!({"id": "faq/delivery", "title": "How long does delivery take?", "form": "answer", "text": "Two to three days."});
    asks.post(SERVER, path, path, &json!({ "documents": [faq] })).ok();
    asks.post(SERVER, path, path, &json!({"documents": [{"id": "faq/empty", "text": ""}]}));
    asks.post(WRITE, path, path, &json!({ "documents": [faq] }));
    asks.post("unknown", path, path, &json!({ "documents": [faq] }));
    let long = json!({"documents": [{"id": "long", "text": "x".repeat(3 << 20)}]});
    asks.post(SERVER, path, path, &long);
    asks.get(SERVER, path, path);
    asks.get("unknown", path, path);
    let returns = json!({"title": "Returns", "text": "Send it back within 30 days."});
    let at = "/v1/knowledge/returns";
    asks.ask(SERVER, ("PUT", named), at, &returns).ok();
    asks.ask(SERVER, ("PUT", named), at, &json!({"text": ""}));
    asks.ask(WRITE, ("PUT", named), at, &returns);
    asks.ask(SERVER, ("PUT", named), at, &json!({"text": "x".repeat(3 << 20)}));
    for at in [at, "/v1/knowledge/nothing"] {
        asks.get(SERVER, named, at);
    }
    asks.ask(WRITE, ("DELETE", named), at, &Value::Null);
    for _ in 0..2 {
        asks.ask(SERVER, ("DELETE", named), at, &Value::Null);
    }
}

/// What a customer and the company write to each other.
pub(super) fn conversed(asks: &mut Recorder) {
    let wrote = json!({"ticket_id": "T-1", "channel": "chat", "text": "Where is my parcel AB-4711?"});
    for (event, properties) in [("Message Received", wrote), ("Ticket Created", json!({"ticket_id": "T-2"}))] {
        let body = json!({"userId": "ann", "event": event, "properties": properties});
        asks.server.post_as(SERVER, "/v1/track", &body).ok();
    }
    let path = "/v1/conversations";
    for query in ["", "?status=odd", "?userId=nobody"] {
        asks.get(SERVER, path, &format!("{path}{query}"));
    }
    for id in ["T-1", "nothing"] {
        asks.get(SERVER, "/v1/conversations/{id}", &format!("{path}/{id}"));
    }
    let steps = [
        ("messages", json!({"text": "It comes tomorrow.", "agent": "eve"}), json!({"text": " "})),
        ("assign", json!({"assignee": "eve"}), json!({"assignee": ""})),
        ("correct", json!({"intent": "delivery"}), json!({"intent": ""})),
        ("resolve", json!({}), Value::Null),
        ("reopen", json!({}), Value::Null),
    ];
    for (step, body, wrong) in &steps {
        let described = format!("{path}/{{id}}/{step}");
        for id in ["T-1", "nothing"] {
            asks.post(SERVER, &described, &format!("{path}/{id}/{step}"), body);
        }
        if !wrong.is_null() {
            asks.post(SERVER, &described, &format!("{path}/T-1/{step}"), wrong);
        }
        asks.post(WRITE, &described, &format!("{path}/T-1/{step}"), body);
    }
    // Of a ticket alone there is nothing to correct.
    asks.post(
        SERVER,
        "/v1/conversations/{id}/correct",
        "/v1/conversations/T-2/correct",
        &json!({"intent": "delivery"}),
    );
}
