//! Can one see at a glance what comes in, and whether it can be trusted?

use crate::support::{ADMIN, SERVER, TestServer, WRITE};
use serde_json::{Value, json};
use server::settings::{DeclaredSchema, OnViolation};
use std::time::Duration;

fn send(server: &TestServer, key: &str, events: &Value) -> Value {
    server.post_as(key, "/v1/batch", &json!({"batch": events, "context": {"library": {"name": "test-library"}}})).json()
}

fn page(server: &TestServer, path: &str) -> String {
    let headers = [("authorization", &*format!("Bearer {ADMIN}")), ("accept", "text/html")];
    server.send("GET", path, &headers, "").text
}

fn of<'a>(data: &'a Value, name: &str) -> &'a Value {
    let events = data["events"].as_array().unwrap();
    events.iter().find(|event| event["event"] == name).unwrap_or_else(|| panic!("no {name} in {data}"))
}

#[test]
fn each_name_tells_its_volume_its_senders_and_its_shape_and_what_was_refused() {
    let server = TestServer::start();
    let order = |total: Value| {
        let properties = json!({"order_id": "o1", "total": total, "currency": "EUR"});
        json!({"type": "track", "event": "Order Completed", "userId": "u", "properties": properties})
    };
    send(&server, SERVER, &json!([order(json!(1)), order(json!("2")), order(json!(-3))]));
    server.advance(Duration::from_secs(86_400));
    let waved = json!({"type": "track", "event": "OrderPlaced", "userId": "u"});
    let left = json!({"type": "track", "event": "Page Left", "userId": "u", "properties": {"seconds_visible": -1}});
    send(
        &server,
        WRITE,
        &json!([order(json!(4)), waved, left, {"type": "identify", "userId": "u", "traits": {"plan": 1}}]),
    );
    let look = |server: &TestServer| server.get("/v1/data").ok();
    let data = look(&server);
    let orders = of(&data, "Order Completed");
    assert_eq!(orders["count"], 3);
    assert_eq!(orders["byOrigin"], json!({"client": 1, "server": 2}));
    assert_eq!(orders["days"], json!({"2026-11-22": 2, "2026-11-23": 1}));
    assert_eq!((&orders["understood"], &orders["lookedAt"]), (&json!(true), &json!(3)));
    let total = orders["properties"].as_array().unwrap().iter().find(|one| one["name"] == "total").unwrap();
    assert_eq!(total, &json!({"name": "total", "share": 1.0, "types": {"number": 2, "text": 1}, "isRead": true}));
    assert_eq!(of(&data, "OrderPlaced")["notUnderstood"], 1);
    assert_eq!(of(&data, "Page Left")["marked"], 1);
    assert_eq!(of(&data, "identify")["properties"][0]["name"], "plan");
    let understood = |name| of(&data, name)["understood"].clone();
    assert_eq!(["identify", "Page Left", "OrderPlaced"].map(understood), [true, true, false]);
    let refused = &data["rejected"][0];
    assert_eq!(
        (&refused["event"], &refused["field"], &refused["count"]),
        (&json!("Order Completed"), &json!("/properties/total"), &json!(1))
    );
    let sources: Vec<_> = data["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["name"].as_str().unwrap()))
        .collect();
    assert_eq!(sources, [("origin", "client"), ("origin", "server"), ("library", "test-library")]);
    assert_eq!(data["sources"][1]["lastSeen"], "2026-11-22T12:00:00.000Z");
    let one = server.get("/v1/data?event=identify").ok();
    assert_eq!((one["events"].as_array().unwrap().len(), &one["rejected"]), (1, &json!([])));
    server.get("/v1/data?name=x").error(400, "invalid");
    server.get_as(WRITE, "/v1/data").error(403, "forbidden");
    server.engine().checkpoint(usize::MAX).unwrap();
    send(&server, SERVER, &json!([order(json!(5))]));
    let before = look(&server);
    let server = server.restart();
    assert_eq!(look(&server), before, "a restart changes nothing");
}

#[test]
fn no_value_of_what_was_refused_is_told() {
    let server = TestServer::start();
    let rated = |score: Value| json!({"type": "track", "event": "NPS Submitted", "userId": "u", "properties": {"score": score}});
    send(&server, SERVER, &json!([rated(json!("maria@example.com")), rated(json!(765_432_198))]));
    assert!(server.events("rejected").iter().any(|one| one["reason"].as_str().unwrap().contains("maria@example.com")));
    let data = server.get("/v1/data").ok();
    let told: Vec<_> =
        data["rejected"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|one| one.starts_with("\"score\" is a text: send ")), "{told:?}");
    for text in [data.to_string(), page(&server, "/data")] {
        assert!(!text.contains("maria") && !text.contains("765432198"), "{text}");
    }
}

#[test]
fn a_strangers_flood_leaves_what_matters_in_sight() {
    let server = TestServer::start();
    let order = json!({"type": "track", "event": "Order Completed", "userId": "u", "properties": {"order_id": "1"}});
    send(&server, WRITE, &json!([order]));
    let flood = |n: usize| json!({"type": "track", "event": format!("<b>flood {n}</b>"), "userId": "u", "properties": {format!("p{n}"): 1}});
    for round in 0..3 {
        send(&server, WRITE, &(round * 300..(round + 1) * 300).map(flood).collect::<Vec<_>>().into());
    }
    let data = server.get("/v1/data").ok();
    assert_eq!(of(&data, "Order Completed")["count"], 1);
    assert!(data["events"].as_array().unwrap().len() <= 201, "{}", data["events"].as_array().unwrap().len());
    assert_eq!(data["forgotten"], 700);
}

#[test]
fn what_does_not_fit_its_schema_is_told_or_refused_as_the_settings_say() {
    let schema = json!({"required": ["size"], "properties": {"size": {"enum": ["S", "M"]}, "n": {"type": "integer"}}});
    let declared = |event: &str, on_violation| DeclaredSchema {
        event: event.to_owned(),
        on_violation,
        file: None,
        schema: Some(schema.clone()),
    };
    let schemas = vec![
        declared("Told", OnViolation::Flag),
        declared("Refused", OnViolation::Reject),
        declared("identify", OnViolation::Reject),
    ];
    let server = TestServer::start_with(|settings| settings.schemas = schemas);
    let track = |event: &str, properties: Value| json!({"type": "track", "event": event, "userId": "u", "properties": properties});
    let reply = send(
        &server,
        WRITE,
        &json!([
            track("Refused", json!({"size": "XL"})),
            {"type": "track", "event": "Nobody's"},
            track("Refused", json!({"size": "M"})),
            track("Other", json!({"size": "XL"})),
            track("Refused", json!({"n": 1.5, "size": "S"})),
            track("Told", json!({"size": "secret value"})),
            {"type": "identify", "userId": "u", "traits": {"size": "XL"}},
            track("Told", json!({"size": "S"})),
        ]),
    );
    assert_eq!((&reply["accepted"], &reply["success"]), (&json!(4), &json!(true)), "{reply}");
    let refused: Vec<_> = reply["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["field"].as_str().unwrap()))
        .collect();
    assert_eq!(refused, [(0, "/properties/size"), (1, "/userId"), (4, "/properties/n"), (6, "/traits/size")]);
    assert_eq!(server.events("rejected").len(), 4, "each is kept with its reason");
    let told = server.get("/v1/data?event=Told").ok()["events"][0]["schema"].clone();
    assert_eq!((&told["onViolation"], &told["lookedAt"], &told["violating"]), (&json!("flag"), &json!(2), &json!(1)));
    let reasons = told["reasons"].as_object().unwrap();
    assert!(reasons.keys().all(|reason| reason.starts_with("/size: ") && !reason.contains("secret")), "{reasons:?}");
    assert_eq!(server.get("/v1/data?event=Refused").ok()["events"][0]["schema"]["violating"], 0);
    assert_eq!(server.get("/v1/data?event=Other").ok()["events"][0].get("schema"), None);
    assert!(server.get("/metrics").text.contains("cx_events_against_schema_total 1"));
    let faults = |name: &str| -> Vec<Value> {
        let events = server.get(&format!("/v1/events?event={name}")).ok()["events"].clone();
        events.as_array().unwrap().iter().map(|one| one["againstSchema"].clone()).collect()
    };
    let fault = faults("Told");
    let reason = fault[1].as_str().unwrap();
    assert!(fault[0].is_null() && reason.starts_with("/size: ") && !reason.contains("secret"), "{fault:?}");
    assert_eq!(faults("Other"), [Value::Null]);
    let page = page(&server, "/data");
    assert_eq!(page.matches("1 against the schema").count(), 2, "for the wide page and the narrow: {page}");
    let chart = self::page(&server, "/data?event=Told");
    assert!(chart.contains("<p class=\"plot-top\" aria-hidden=\"true\">2</p>"), "{chart}");
    assert!(chart.contains("<span>24 Oct</span>") && chart.contains("<span>22 Nov</span>"), "{chart}");
    let all_refused = send(&server, WRITE, &json!([track("Refused", json!({}))]));
    assert_eq!(all_refused["code"], "bad_value", "{all_refused}");
}

#[test]
fn a_property_that_nothing_reads_is_told_with_the_one_that_may_have_been_meant() {
    let largest = json!({
        "name": "deepest", "meaning": "The deepest page", "measure": "max", "of": "properties.depth",
        "when": {"event": "Page Left", "properties.kind": "shop"},
    });
    let features = vec![serde_json::from_value(largest).unwrap()];
    let server = TestServer::start_with(|settings| settings.features = features);
    let left = json!({"seconds_visible": 3, "seconds_idle": 1, "url": "https://x.example", "depth": 7, "kind": "shop"});
    let track = |event: &str, properties: Value| json!({"type": "track", "event": event, "userId": "u", "properties": properties});
    let traits = json!({"type": "identify", "userId": "u", "traits": {"seconds_idle": 1}});
    let free = track("Waved", json!({"seconds_idle": 1, "depth": 7}));
    let other = track("Service Faulted", json!({"depth": 7}));
    send(&server, SERVER, &json!([track("Page Left", left), free, traits, other]));
    let data = server.get("/v1/data").ok();
    let told = |event: &str| -> Vec<(String, Value, Value)> {
        let properties = of(&data, event)["properties"].as_array().unwrap().clone();
        let told =
            |one: &Value| (one["name"].as_str().unwrap().to_owned(), one["isRead"].clone(), one["nearest"].clone());
        properties.iter().map(told).collect()
    };
    let unread = |name: &str, nearest: Value| (name.to_owned(), json!(false), nearest);
    let read = |name: &str| (name.to_owned(), json!(true), Value::Null);
    assert_eq!(
        told("Page Left"),
        [
            read("depth"),
            read("kind"),
            unread("seconds_idle", json!("idle_seconds")),
            read("seconds_visible"),
            unread("url", Value::Null)
        ]
    );
    assert_eq!(told("Service Faulted"), [unread("depth", Value::Null)], "a feature reads it of other events");
    for event in ["Waved", "identify"] {
        assert!(told(event).iter().all(|(_, is_read, nearest)| (is_read, nearest) == (&Value::Null, &Value::Null)));
    }
    let all = page(&server, "/data");
    assert_eq!(all.matches("1 property misspelt?").count(), 2, "for the wide page and the narrow: {all}");
    let one = page(&server, "/data?event=Page%20Left");
    assert_eq!(one.matches(">not read<").count(), 2, "{one}");
    assert!(one.contains("Did you mean <code>idle_seconds</code>?"), "{one}");
    assert!(!page(&server, "/data?event=Waved").contains("not read"));
}

/// Whoever has the public key spells as they like: what the company looks for is found.
#[test]
fn a_strangers_spelling_hides_neither_an_understood_event_nor_its_schema() {
    let schema = DeclaredSchema {
        event: "ticket_created".to_owned(),
        schema: Some(json!({"properties": {"ticket_id": {"maxLength": 3}}})),
        file: None,
        on_violation: OnViolation::Reject,
    };
    let server = TestServer::start_with(|settings| settings.schemas = vec![schema]);
    let event =
        |name: &str, id: &str| json!({"type": "track", "event": name, "userId": "u", "properties": {"ticket_id": id}});
    send(&server, WRITE, &json!([event("tICKET CREATED", "1")]));
    send(
        &server,
        WRITE,
        &json!([event("ticket_created", "2"), event("ticket_created", "too long"), event("Ticket Created", "3")]),
    );
    let data = server.get("/v1/data").ok();
    assert_eq!(data["events"].as_array().unwrap().len(), 1, "{data}");
    for asked in ["Ticket%20Created", "ticket_created", "TICKET%20created"] {
        let data = server.get(&format!("/v1/data?event={asked}")).ok();
        let tickets = of(&data, "Ticket Created");
        assert_eq!(
            (&tickets["count"], &data["rejected"][0]["event"]),
            (&json!(3), &json!("ticket_created")),
            "{asked}"
        );
        assert_eq!(
            (&tickets["schema"]["onViolation"], &tickets["schema"]["lookedAt"]),
            (&json!("reject"), &json!(1)),
            "{asked}"
        );
        let shown = page(&server, &format!("/data?event={asked}"));
        assert!(shown.contains("3 events, ") && shown.contains("1 rejected"), "{shown}");
    }
    assert_eq!(server.get("/v1/data?event=Ticket").ok()["events"], json!([]));
}
