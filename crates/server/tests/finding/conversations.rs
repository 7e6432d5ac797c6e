//! Do messages become conversations, in the order in which they press, with all that whoever answers needs; and do they follow merges,
//! refusals, erasures and restarts?

use crate::support::{ADMIN, SERVER, TestServer, WRITE};
use serde_json::{Value, json};
use std::time::Duration;

/// Tells one thing of a customer with a key.
fn tell(server: &TestServer, key: &str, (event, user): (&str, &str), properties: &Value) {
    let body = json!({"event": event, "userId": user, "properties": properties});
    server.post_as(key, "/v1/track", &body).ok();
    server.advance(Duration::from_secs(60));
}

fn says(server: &TestServer, user: &str, ticket: &str, text: &str) {
    let properties = json!({"ticket_id": ticket, "channel": "chat", "text": text});
    tell(server, SERVER, ("Message Received", user), &properties);
}

fn inbox(server: &TestServer, query: &str) -> Value {
    server.get_as(SERVER, &format!("/v1/conversations{query}")).ok()
}

fn ids(page: &Value) -> Vec<&str> {
    page["conversations"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn what_presses_most_stands_first_and_whoever_answers_knows_all() {
    let server = TestServer::start();
    let first = "Hello, I have a question about the colours of the chair you sell.";
    says(&server, "calm", "T-1", first);
    says(&server, "eve", "T-2", "Where is my order AB-4711? It should have been here on Monday.");
    tell(&server, SERVER, ("Message Sent", "eve"), &json!({"ticket_id": "T-2", "text": "It comes tomorrow."}));
    says(
        &server,
        "eve",
        "T-2",
        "I am furious, this is the THIRD time, you are useless. I need it immediately, I fly in one hour!",
    );
    let page = inbox(&server, "");
    assert_eq!(ids(&page), ["T-2", "T-1"], "{page}");
    let parts = &page["conversations"][0]["priority"];
    let of = |name: &str| parts[name].as_f64().unwrap();
    let sum = 0.3 * of("urgency") + 0.25 * of("mood") + 0.25 * of("wait") + 0.1 * of("value") + 0.1 * of("declared");
    assert!((of("total") - sum).abs() < 1e-9 && of("mood") > 0.5, "{parts}");

    let page = inbox(&server, "?limit=1");
    assert_eq!((ids(&page), page["counts"]["waiting"].as_u64()), (vec!["T-2"], Some(2)));
    let next = inbox(&server, &format!("?limit=1&cursor={}", page["cursor"].as_str().unwrap()));
    assert_eq!((ids(&next), &next["cursor"]), (vec!["T-1"], &Value::Null), "{next}");

    let one = server.get_as(SERVER, "/v1/conversations/T-2").ok();
    let said = one["transcript"].as_array().unwrap();
    assert_eq!(
        said.iter().map(|said| said["from"].as_str().unwrap()).collect::<Vec<_>>(),
        ["customer", "company", "customer"]
    );
    assert_eq!(said[0]["reading"]["slots"][0]["value"], "AB-4711", "{one}");
    assert_eq!((&said[1]["text"], &said[1]["reading"]), (&json!("It comes tomorrow."), &Value::Null));
    let course: Vec<f64> = one["course"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mood| mood["emotions"]["frustration"].as_f64().unwrap())
        .collect();
    assert!(course.len() == 2 && course[1] > course[0], "{course:?}");
    assert!(one["summary"][0].as_str().unwrap().starts_with("Where is my order AB-4711?"), "{one}");
    assert!(one["customer"]["lately"].as_array().unwrap().len() >= 3 && one["customer"]["scores"].is_object());

    let reply = json!({"text": "We are sorry.", "agent": "ann", "messageId": "r-1"});
    for _ in 0..2 {
        let now = server.post_as(SERVER, "/v1/conversations/T-2/messages", &reply).ok();
        assert_eq!(
            (now["status"].as_str(), now["messages"].as_u64()),
            (Some("answered"), Some(4)),
            "it counts once: {now}"
        );
    }
    let post = |step: &str, body: &Value| {
        server.advance(Duration::from_secs(60));
        server.post_as(SERVER, &format!("/v1/conversations/T-2/{step}"), body).ok()
    };
    assert_eq!(post("assign", &json!({"assignee": "ann"}))["assignee"], "ann");
    assert_eq!(post("resolve", &json!({}))["status"], "resolved");
    assert_eq!(ids(&inbox(&server, "")), ["T-1"]);
    assert_eq!(ids(&inbox(&server, "?status=resolved")), ["T-2"]);
    let again = post("reopen", &json!({}));
    assert_eq!((&again["status"], &again["isReopened"]), (&json!("waiting"), &json!(true)));
    assert_eq!(post("correct", &json!({"intent": "delivery"}))["intent"], "delivery");
    let events = server.get_as(SERVER, "/v1/events?limit=20").ok().to_string();
    assert!(events.contains("Message Labelled") && events.contains("Ticket Reopened"), "{events}");

    for (path, body) in [("messages", json!({"text": " "})), ("assign", json!({"assignee": ""})), ("assign", json!([]))]
    {
        assert_eq!(
            server.post_as(SERVER, &format!("/v1/conversations/T-2/{path}"), &body).status,
            400,
            "{path} {body}"
        );
    }
    assert_eq!(server.get_as(SERVER, "/v1/conversations/none").status, 404);
    assert_eq!(server.get_as(SERVER, "/v1/conversations?status=odd").status, 400);
    assert_eq!(server.get_as(SERVER, "/v1/conversations?cursor=odd").status, 400);
    assert_eq!(server.get_as(WRITE, "/v1/conversations").status, 403, "the write key reads nothing");
    assert_eq!(server.post_as(WRITE, "/v1/conversations/T-2/resolve", &json!({})).status, 403);
}

#[test]
fn who_refuses_is_not_read_and_who_is_erased_leaves_nothing() {
    let server = TestServer::start();
    says(&server, "eve", "T-1", "I am furious, my name is Eve and this is terrible");
    says(&server, "bob", "T-2", "Where is my parcel?");
    let refused = json!({"userId": "eve", "event": "Consent Preference Updated", "context": {"consent": {"categoryPreferences": {"service": false}}}});
    server.post_as(SERVER, "/v1/track", &refused).ok();
    let one = server.get_as(SERVER, "/v1/conversations/T-1").ok();
    assert_eq!((&one["mayRead"], &one["transcript"][0]["text"]), (&json!(false), &json!("")), "{one}");
    assert_eq!((one["course"].as_array().unwrap().len(), &one["priority"]["mood"]), (0, &json!(0.0)), "{one}");
    assert_eq!(server.post_as(SERVER, "/v1/conversations/T-1/correct", &json!({"intent": "x"})).status, 409);

    let erased = server.send("DELETE", "/v1/customers/eve", &[("authorization", &format!("Bearer {ADMIN}"))], "");
    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(server.get_as(SERVER, "/v1/conversations/T-1").status, 404);
    assert_eq!(ids(&inbox(&server, "?status=all")), ["T-2"]);
}

#[test]
fn a_conversation_follows_its_customer_and_a_restart_remembers_it() {
    let server = TestServer::start();
    let body = json!({"event": "Message Received", "anonymousId": "dev-1", "properties": {"channel": "chat", "text": "Hello, are you there?"}});
    server.post_as(WRITE, "/v1/track", &body).ok();
    server
        .post_as(SERVER, "/v1/identify", &json!({"anonymousId": "dev-1", "userId": "eve", "traits": {"name": "Eve"}}))
        .ok();
    let page = inbox(&server, "");
    assert_eq!(
        page["conversations"][0]["customerId"],
        server.get_as(SERVER, "/v1/customers/eve").ok()["customerId"],
        "{page}"
    );
    let body = json!({"event": "Message Received", "userId": "eve", "properties": {"channel": "chat", "text": "It is me again."}});
    server.post_as(SERVER, "/v1/track", &body).ok();
    let page = inbox(&server, "?userId=eve");
    assert_eq!(
        (page["conversations"].as_array().unwrap().len(), page["conversations"][0]["messages"].as_u64()),
        (1, Some(2)),
        "{page}"
    );
    let id = page["conversations"][0]["id"].as_str().unwrap().to_owned();
    server.engine().checkpoint(usize::MAX).unwrap();
    let server = server.restart();
    let one = server.get_as(SERVER, &format!("/v1/conversations/{id}")).ok();
    assert_eq!(one["transcript"].as_array().unwrap().len(), 2, "{one}");
}
