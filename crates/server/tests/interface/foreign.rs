//! Do programs that speak Gorse's or Amazon Personalize's interface find what they expect, to the byte?

use crate::support::{Reply, SERVER, TestServer, WRITE};
use primitives::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

fn gorse(server: &TestServer, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, path, &[("x-api-key", SERVER), ("x-request-id", "r-1")], body)
}

fn get(server: &TestServer, path: &str) -> Value {
    let reply = gorse(server, "GET", path, &Value::Null);
    assert_eq!((reply.status, reply.header("x-request-id")), (200, Some("r-1")), "{path}: {}", reply.text);
    reply.json()
}

fn rows(server: &TestServer, method: &str, path: &str, body: &Value) -> Value {
    // What is said at one moment has no order.
    server.advance(Duration::from_millis(1));
    let reply = gorse(server, method, path, body);
    assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text);
    reply.json()["RowAffected"].clone()
}

fn item(id: &str, categories: &[&str], at: &str) -> Value {
    json!({"ItemId": id, "IsHidden": false, "Categories": categories, "Timestamp": at, "Labels": ["new"],
           "Comment": format!("The {id}")})
}

fn feedback(kind: &str, user: &str, item: &str) -> Value {
    json!({"FeedbackType": kind, "UserId": user, "ItemId": item, "Value": 0.0, "Timestamp": "2020-02-24"})
}

#[test]
fn users_items_and_feedback_of_gorse_are_kept_and_told_again() {
    let server = TestServer::start();
    for key in [None, Some(WRITE), Some("wrong")] {
        let headers: Vec<(&str, &str)> = key.iter().map(|key| ("x-api-key", *key)).collect();
        let refused = server.send("GET", "/api/item/tea", &headers, "");
        let expected = if key == Some(WRITE) { 403 } else { 401 };
        assert_eq!((refused.status, refused.header("content-type")), (expected, Some("text/plain")), "{key:?}");
    }
    let ready = server.send("GET", "/api/health/ready", &[], "").json();
    assert_eq!((&ready["Ready"], &ready["DataStoreError"]), (&json!(true), &Value::Null));

    let tea = item("tea", &["drinks", "hot"], "2020-01-02T00:00:00Z");
    assert_eq!(rows(&server, "POST", "/api/item", &tea), 1);
    let others =
        json!([item("rice", &["food"], "2020-01-03T00:00:00Z"), item("corn", &["food"], "2020-01-01T00:00:00Z")]);
    assert_eq!(rows(&server, "POST", "/api/items", &others), 2);
    assert_eq!(get(&server, "/api/item/tea"), tea);
    assert_eq!(
        rows(&server, "PATCH", "/api/item/tea", &json!({"Comment": "Green", "Labels": null, "IsHidden": null})),
        1
    );
    rows(&server, "PUT", "/api/item/tea/category/cold", &Value::Null);
    rows(&server, "PUT", "/api/item/tea/category/cold", &Value::Null);
    rows(&server, "DELETE", "/api/item/tea/category/hot", &Value::Null);
    let changed = get(&server, "/api/item/tea");
    assert_eq!((&changed["Comment"], &changed["Categories"]), (&json!("Green"), &json!(["drinks", "cold"])));
    assert_eq!((&changed["Labels"], &changed["IsHidden"]), (&json!(["new"]), &json!(false)), "what was not said stays");
    for path in ["/api/item/none", "/api/user/none"] {
        assert_eq!(gorse(&server, "GET", path, &Value::Null).status, 404, "{path}");
    }
    let first = get(&server, "/api/items?n=2&cursor=");
    let rest = get(&server, &format!("/api/items?n=2&cursor={}", first["Cursor"].as_str().unwrap()));
    let all = [first["Items"].as_array().unwrap().clone(), rest["Items"].as_array().unwrap().clone()].concat();
    let mut ids: Vec<&str> = all.iter().map(|item| item["ItemId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!((ids, &rest["Cursor"]), (vec!["corn", "rice", "tea"], &json!("")));
    assert_eq!(get(&server, "/api/items?q=rice&n=5")["Items"][0]["ItemId"], "rice");

    let ann = json!({"UserId": "ann", "Labels": {"age": 30}, "Comment": "since 2020"});
    assert_eq!(rows(&server, "POST", "/api/user", &ann), 1);
    assert_eq!(rows(&server, "POST", "/api/users", &json!([{"UserId": "bob"}])), 1);
    assert_eq!(get(&server, "/api/user/ann"), ann);
    rows(&server, "PATCH", "/api/user/ann", &json!({"Comment": "gone"}));
    assert_eq!(get(&server, "/api/user/ann"), json!({"UserId": "ann", "Labels": {"age": 30}, "Comment": "gone"}));
    let known = get(&server, "/api/users?n=10&cursor=");
    assert_eq!((known["Users"].as_array().unwrap().len(), &known["Cursor"]), (2, &json!("")));

    let said = json!([feedback("star", "ann", "tea"), feedback("read", "ann", "rice")]);
    for verb in ["POST", "PUT", "POST"] {
        assert_eq!(rows(&server, verb, "/api/feedback", &said), 2, "sent again it changes nothing");
    }
    assert_eq!(get(&server, "/api/user/ann/feedback/star"), json!([feedback("star", "ann", "tea")]));
    assert_eq!(get(&server, "/api/user/ann/feedback").as_array().unwrap().len(), 2);
    assert_eq!(get(&server, "/api/feedback/ann/rice"), json!([feedback("read", "ann", "rice")]));
    assert_eq!(get(&server, "/api/feedback/star/ann/tea"), feedback("star", "ann", "tea"));
    assert_eq!(get(&server, "/api/user/nobody/feedback"), json!([]));
    let names: Vec<Value> = server.events("accepted").into_iter().map(|event| event["event"].clone()).collect();
    assert!(names.contains(&json!("Content Consumed")) && names.contains(&json!("Content Clicked")), "{names:?}");
    let refused = gorse(&server, "POST", "/api/feedback", &json!([{"FeedbackType": "star", "UserId": "ann"}]));
    assert_eq!((refused.status, refused.text.as_str()), (400, "a feedback lacks its ItemId: send it as a text"));
    for (verb, path) in [
        ("DELETE", "/api/feedback/ann/tea"),
        ("GET", "/api/feedback"),
        ("GET", "/api/item/tea/feedback/"),
        ("GET", "/api/user/ann/neighbors/"),
    ] {
        assert_eq!(gorse(&server, verb, path, &Value::Null).status, 501, "{verb} {path}");
    }

    assert_eq!(rows(&server, "DELETE", "/api/item/corn", &Value::Null), 1);
    assert_eq!(get(&server, "/api/item/corn")["IsHidden"], true);
    assert_eq!(rows(&server, "DELETE", "/api/user/ann", &Value::Null), 1);
    assert_eq!(rows(&server, "DELETE", "/api/user/ann", &Value::Null), 1, "asked again it is the same");
    assert_eq!(rows(&server, "DELETE", "/api/user/never", &Value::Null), 0, "nobody goes by that name");
    assert_eq!(gorse(&server, "GET", "/api/user/ann", &Value::Null).status, 404);
}

#[test]
fn an_item_of_gorse_is_as_old_as_when_it_was_described_first() {
    let server = TestServer::start();
    rows(&server, "PATCH", "/api/item/tea", &json!({"Comment": "Tea"}));
    let at = server.now().to_string();
    server.advance(Duration::from_secs(3_600));
    rows(&server, "PATCH", "/api/item/rice", &json!({"Comment": "Rice"}));
    server.advance(Duration::from_secs(3_600));
    rows(&server, "PATCH", "/api/item/tea", &json!({"Labels": ["green"]}));
    assert_eq!(get(&server, "/api/item/tea")["Timestamp"], at);
    let latest = get(&server, "/api/latest");
    assert_eq!((&latest[0]["Id"], &latest[1]["Id"]), (&json!("rice"), &json!("tea")));
}

#[test]
fn a_time_of_gorse_may_be_a_number_and_one_that_was_never_set_is_none() {
    let server = TestServer::start();
    let (now, hour_ago) = (server.now().as_millis() / 1_000, server.now().as_millis() / 1_000 - 3_600);
    let to_come = Timestamp::from_millis((now + 3_600) * 1_000).to_string();
    for (id, at) in [
        ("a-while-ago", json!(hour_ago)),
        ("never-set", json!("0001-01-01T00:00:00Z")),
        ("nought", json!(0)),
        ("to-come", json!(to_come)),
    ] {
        rows(&server, "POST", "/api/item", &json!({"ItemId": id, "Timestamp": at, "Comment": id}));
    }
    let latest = get(&server, "/api/latest");
    let ids: Vec<&str> = latest.as_array().unwrap().iter().map(|one| one["Id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[2]), (3, "a-while-ago"), "{latest}");
    assert!(!ids.contains(&"to-come"));
    assert_eq!(gorse(&server, "POST", "/api/item", &json!({"ItemId": "x", "Timestamp": true})).status, 400);
    let star =
        |user: &str, at: Value| json!([{"FeedbackType": "star", "UserId": user, "ItemId": "nought", "Timestamp": at}]);
    rows(&server, "POST", "/api/feedback", &star("ann", json!(hour_ago)));
    rows(&server, "POST", "/api/feedback", &star("bea", json!("0001-01-01T00:00:00Z")));
    let seen = |user: &str| server.get(&format!("/v1/customers/{user}")).json()["lastSeen"].clone();
    let at = |seconds: i64| json!(Timestamp::from_millis(seconds * 1_000).to_string());
    assert_eq!(seen("ann"), at(hour_ago));
    assert_ne!(seen("bea"), seen("ann"));
}

#[test]
fn categories_that_are_put_at_the_same_time_are_all_there() {
    let server = TestServer::start();
    rows(&server, "POST", "/api/item", &item("tea", &[], "2020-01-02T00:00:00Z"));
    server.advance(Duration::from_millis(1));
    std::thread::scope(|scope| {
        let put = |n: usize| {
            let path = format!("/api/item/tea/category/c{n}");
            gorse(&server, "PUT", &path, &Value::Null).status
        };
        let writers: Vec<_> = (0..8).map(|n| scope.spawn(move || put(n))).collect();
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            server.advance(Duration::from_millis(1));
            std::thread::park_timeout(Duration::from_millis(1));
        }
        assert!(writers.into_iter().all(|writer| writer.join().is_ok_and(|status| status == 200)));
    });
    let told = get(&server, "/api/item/tea");
    assert_eq!(told["Categories"].as_array().unwrap().len(), 8, "{told}");
    assert_eq!(gorse(&server, "PUT", "/api/item/tea/category/a%00b", &Value::Null).status, 400);
    let lost = gorse(&server, "GET", "/api/items?cursor=somewhere", &Value::Null);
    assert!(lost.status == 400 && lost.text.contains("\"somewhere\""), "{}", lost.text);
}

#[test]
fn a_call_of_gorse_that_fails_leaves_nothing_behind() {
    let server = TestServer::start();
    assert_eq!(rows(&server, "DELETE", "/api/item/nope", &Value::Null), 0, "there is none");
    assert_eq!(gorse(&server, "GET", "/api/item/nope", &Value::Null).status, 404);
    let late = json!({"FeedbackType": "star", "UserId": "ann", "ItemId": "tea", "Timestamp": "never"});
    let body = json!([feedback("star", "ann", "tea"), late]);
    assert_eq!(gorse(&server, "POST", "/api/feedback", &body).status, 400);
    assert_eq!(get(&server, "/api/user/ann/feedback"), json!([]));
    rows(&server, "POST", "/api/user", &json!({"UserId": "gone"}));
    rows(&server, "DELETE", "/api/user/gone", &Value::Null);
    let body = json!([feedback("star", "ann", "tea"), feedback("star", "gone", "tea")]);
    let refused = gorse(&server, "POST", "/api/feedback", &body);
    assert!(refused.status == 400 && refused.text.contains("erased"), "{}", refused.text);
    let users = json!([{"UserId": "ann"}, {"UserId": "gone"}]);
    assert_eq!(gorse(&server, "POST", "/api/users", &users).status, 400);
    assert_eq!(get(&server, "/api/user/ann/feedback"), json!([]));
    assert_eq!(gorse(&server, "GET", "/api/user/ann", &Value::Null).status, 404);
}

/// What a row becomes is larger than the row, and the same row twice is two rows.
#[test]
fn as_much_as_a_request_of_gorse_may_have_is_taken_in_at_once() {
    let server = TestServer::start();
    let row = json!({"FeedbackType": "star", "UserId": "ann", "ItemId": "tea", "Comment": "x".repeat(1_100)});
    assert_eq!(rows(&server, "POST", "/api/feedback", &json!(vec![row; 420])), 420);
    assert_eq!(server.get("/v1/customers/ann").json()["eventCount"], 420);
    let many = |n: usize| gorse(&server, "POST", "/api/users", &json!(vec![json!({"UserId": "bea"}); n]));
    let refused = many(10_001);
    assert!(refused.status == 413 && refused.text.contains("10001 rows and may have 10000"), "{}", refused.text);
    assert_eq!(many(10_000).status, 200);
    assert_eq!(server.get("/v1/customers/bea").json()["eventCount"], 10_000);
}

#[test]
fn a_call_of_gorse_that_comes_too_soon_leaves_nothing_behind() {
    let server = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.server_keys = true;
        settings.limits.events_per_address = 3;
    });
    let headers = [("x-api-key", SERVER), ("x-forwarded-for", "203.0.113.7")];
    let mut n_taken = 0;
    for call in 0..4 {
        let body: Vec<Value> = (0..500).map(|n| feedback("star", "ann", &format!("i{call}-{n}"))).collect();
        let reply = server.send("POST", "/api/feedback", &headers, json!(body).to_string());
        assert!(matches!(reply.status, 200 | 429), "{}", reply.text);
        n_taken += if reply.status == 200 { 500 } else { 0 };
        assert_eq!(server.get("/v1/customers/ann").json()["eventCount"], n_taken);
    }
}

/// Six customers had rice, five tea, and one milk that is hidden.
fn eaten() -> TestServer {
    let server = TestServer::start();
    let items = json!([
        item("tea", &["drinks"], "2020-01-02T00:00:00Z"),
        item("rice", &["food", "warm"], "2020-01-03T00:00:00Z"),
        {"ItemId": "milk", "IsHidden": true, "Categories": ["drinks"], "Timestamp": "2020-01-04T00:00:00Z"}
    ]);
    rows(&server, "POST", "/api/items", &items);
    let now = server.now().to_string();
    let had = |user: usize, item: &str| json!({"FeedbackType": "like", "UserId": format!("u{user}"), "ItemId": item, "Timestamp": now});
    let mut all: Vec<Value> = (0..6).map(|user| had(user, "rice")).collect();
    all.extend((0..5).map(|user| had(user, "tea")));
    all.push(had(9, "milk"));
    assert_eq!(rows(&server, "POST", "/api/feedback", &json!(all)), 12);
    server
}

#[test]
fn gorse_is_answered_with_ids_with_scores_and_by_category() {
    let server = eaten();
    let ids = json!(["rice", "tea"]);
    for path in ["/api/recommend/u1", "/api/recommend/u1/", "/api/recommend/stranger/?n=5"] {
        assert_eq!(get(&server, path), ids, "{path}");
    }
    assert_eq!(get(&server, "/api/recommend/u1?n=1&offset=1"), json!(["tea"]));
    for path in ["/api/recommend/u1/drinks", "/api/recommend/u1?category=drinks"] {
        assert_eq!(get(&server, path), json!(["tea"]), "{path}");
    }
    let scored = server.send("GET", "/api/recommend/u1/", &[("x-api-key", SERVER), ("x-api-version", "2")], "").json();
    assert_eq!((&scored[0]["Id"], scored[0]["Score"].is_number()), (&json!("rice"), true));
    let popular = json!([{"Id": "rice", "Score": 6.0}, {"Id": "tea", "Score": 5.0}]);
    for path in ["/api/popular", "/api/popular/?n=9", "/api/non-personalized/most_starred"] {
        assert_eq!(get(&server, path), popular, "{path}");
    }
    assert_eq!(get(&server, "/api/popular/warm?n=9"), json!([{"Id": "rice", "Score": 6.0}]));
    let latest = get(&server, "/api/latest?n=9");
    assert_eq!(
        (&latest[0]["Id"], &latest[1]["Id"], latest.as_array().unwrap().len()),
        (&json!("rice"), &json!("tea"), 2)
    );
    assert_eq!(get(&server, "/api/latest/?n=9"), latest);
    assert_eq!(get(&server, "/api/latest/drinks")[0]["Id"], "tea");
    for path in ["/api/item/tea/neighbors", "/api/item/tea/neighbors/food", "/api/item-to-item/near/tea"] {
        assert_eq!(get(&server, path), json!([]), "{path}: no model knows yet");
    }
    let visit = json!([{"FeedbackType": "read", "UserId": "", "ItemId": "tea", "Timestamp": ""}]);
    for path in ["/api/session/recommend?n=3", "/api/session/recommend/?n=3"] {
        assert_eq!(gorse(&server, "POST", path, &visit).json(), json!([]), "{path}");
    }
    // What is written back is told again like any other feedback, and is nothing that they looked at.
    get(&server, "/api/recommend/u7?write-back-type=read&write-back-delay=10m");
    let told = get(&server, "/api/user/u7/feedback/read");
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    let views = |user: &str| server.engine().customer(user).unwrap().customer.state.views().len();
    assert_eq!(views("u7"), 0);
    gorse(&server, "POST", "/api/feedback", &json!([{"FeedbackType": "read", "UserId": "u7", "ItemId": "tea"}]));
    assert_eq!(views("u7"), 1);
}

fn personalize(server: &TestServer, key: &str, path: &str, body: &Value) -> Reply {
    let signed = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261129/eu-central-1/personalize/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, Signature=0123456789abcdef"
    );
    server.send("POST", path, &[("authorization", &signed), ("content-type", "application/json")], body.to_string())
}

fn failed(reply: &Reply) -> (u16, String) {
    let kind = reply.header("x-amzn-errortype").unwrap_or_default().to_owned();
    assert_eq!(reply.json()["__type"], kind.as_str());
    assert!(reply.json()["message"].as_str().unwrap().contains(' '));
    (reply.status, kind)
}

#[test]
fn personalize_is_answered_and_refused_in_its_own_words() {
    let server = eaten();
    let arn = "arn:aws:personalize:eu-central-1:1:campaign/home";
    let ask = |body: Value| personalize(&server, SERVER, "/recommendations", &body);
    let answer = ask(json!({"campaignArn": arn, "userId": "u1", "numResults": 5})).json();
    let ids = |answer: &Value, list: &str| -> Vec<String> {
        answer[list].as_array().unwrap().iter().map(|item| item["itemId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&answer, "itemList"), ["rice", "tea"]);
    let decision = answer["recommendationId"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/decisions/{decision}")).status, 200, "it is logged");
    let filtered = json!({"recommenderArn": arn, "userId": "u1", "filterArn": "f", "filterValues": {"CATEGORY": "\"drinks\""},
                          "metadataColumns": {"ITEMS": ["NAME", "LABELS", "NONE"]}});
    let answer = ask(filtered).json();
    assert_eq!(answer["itemList"][0]["metadata"], json!({"NAME": "The tea", "LABELS": "[\"new\"]"}));
    assert_eq!(ids(&answer, "itemList"), ["tea"]);
    let traits = json!({"batch": [{"type": "item", "itemId": "tea", "traits": {"is_green": true, "weight_g": 250}}]});
    server.post_as(SERVER, "/v1/batch", &traits).ok();
    for (name, values) in
        [("IS_GREEN", "\"true\""), ("IS_GREEN", "\"True\",\"x\""), ("IS_GREEN", "true"), ("WEIGHT_G", "\"250\"")]
    {
        let filter = json!({"campaignArn": arn, "userId": "u1", "filterArn": "f", "filterValues": {name: values}});
        assert_eq!(ids(&ask(filter).json(), "itemList"), ["tea"], "{name} {values}");
    }
    assert_eq!(ask(json!({"campaignArn": arn, "itemId": "tea"})).json()["itemList"], json!([]), "no model knows yet");
    let ranked = json!({"campaignArn": arn, "userId": "u1", "inputList": ["unheard", "tea", "rice"]});
    let answer = personalize(&server, SERVER, "/personalize-ranking", &ranked).json();
    assert_eq!(ids(&answer, "personalizedRanking"), ["rice", "tea", "unheard"]);

    let invalid = (400, "InvalidInputException".to_owned());
    for body in [
        json!({"userId": "u1"}),
        json!({"campaignArn": arn}),
        json!({"campaignArn": arn, "userId": "u1", "numResults": 501}),
        json!({"campaignArn": arn, "userId": "u1", "filterArn": "f", "filterValues": {"CATEGORY": "drinks"}}),
        json!([]),
    ] {
        assert_eq!(failed(&ask(body.clone())), invalid, "{body}");
    }
    let missing = (400, "ResourceNotFoundException".to_owned());
    assert_eq!(failed(&ask(json!({"campaignArn": arn, "userId": "u1", "filterArn": "f"}))), missing);
    assert_eq!(failed(&personalize(&server, SERVER, "/action-recommendations", &json!({}))), invalid);
    let body = json!({"campaignArn": arn, "userId": "u1"});
    for (key, status, kind) in [("stranger", 403, "UnrecognizedClientException"), (WRITE, 403, "AccessDeniedException")]
    {
        assert_eq!(failed(&personalize(&server, key, "/recommendations", &body)), (status, kind.to_owned()), "{key}");
    }
    let unsigned = server.send("POST", "/recommendations", &[], body.to_string());
    assert_eq!(failed(&unsigned), (403, "UnrecognizedClientException".to_owned()));
}

#[test]
fn what_is_put_to_personalize_are_events_items_and_customers() {
    let server = eaten();
    let put = |path: &str, body: &Value| {
        let reply = personalize(&server, SERVER, path, body);
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{path}");
    };
    let arn = "arn:aws:personalize:eu-central-1:1:campaign/home";
    let body = json!({"campaignArn": arn, "userId": "u1"});
    let shown = personalize(&server, SERVER, "/recommendations", &body).json()["recommendationId"].clone();
    let at = server.now().as_millis() / 1_000;
    let events = json!({"trackingId": "t", "userId": "u1", "sessionId": "s1", "eventList": [
        {"eventId": "e1", "eventType": "View", "itemId": "tea", "sentAt": at, "recommendationId": shown},
        {"eventId": "e2", "eventType": "Purchase", "itemId": "rice", "sentAt": at, "eventValue": 3.5},
        {"eventType": "Signed Up", "sentAt": at, "properties": "{\"plan\": \"free\"}"}
    ]});
    let count = || server.get("/v1/customers/u1").json()["eventCount"].as_u64().unwrap();
    let before = count();
    put("/events", &events);
    assert_eq!(count() - before, 4, "and that what was shown was clicked on");
    put("/events", &events);
    assert_eq!(count() - before, 5, "what has an id counts once");
    let names: Vec<String> =
        server.events("accepted").iter().filter_map(|event| event["event"].as_str().map(str::to_owned)).collect();
    for name in ["Content Clicked", "Order Completed", "Signed Up", "Decision Clicked"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    put(
        "/items",
        &json!({"datasetArn": "d", "items": [{"itemId": "oats", "properties": "{\"genres\": \"food|warm\", \"title\": \"Oats\", \"CREATION_TIMESTAMP\": 1577923200}"}]}),
    );
    let oats = server.get("/v1/items/oats").json();
    assert_eq!(oats["traits"]["timestamp"], "2020-01-02T00:00:00.000Z");
    assert_eq!(
        (&oats["name"], &oats["category"], &oats["traits"]["categories"]),
        (&json!("Oats"), &json!("food"), &json!(["food", "warm"]))
    );
    put("/users", &json!({"datasetArn": "d", "users": [{"userId": "zoe", "properties": "{\"plan\": \"pro\"}"}]}));
    assert_eq!(server.get("/v1/customers/zoe").status, 200);
    let too_many: Vec<Value> = (0..11).map(|n| json!({"itemId": format!("i{n}")})).collect();
    for body in [
        json!({"datasetArn": "d", "items": too_many}),
        json!({"datasetArn": "d", "items": [{"itemId": "a", "properties": "no"}]}),
    ] {
        assert_eq!(failed(&personalize(&server, SERVER, "/items", &body)).0, 400);
    }
    let of_stranger = personalize(&server, WRITE, "/items", &json!({"items": [{"itemId": "a"}]}));
    assert_eq!(failed(&of_stranger).0, 400, "a public key does not describe the catalogue");
}

#[test]
fn actions_of_personalize_are_those_that_are_declared_and_what_became_of_them_is_told() {
    let server = TestServer::start_with(|settings| {
        let tables = ["join", "renew"].map(|name| json!({"name": name, "value": 5, "prior": 0.25}));
        let declared = tables.iter().map(|table| decisions::Action::from_table(table.as_object().unwrap()).unwrap());
        settings.actions = declared.collect();
    });
    let arn = "arn:aws:personalize:eu-central-1:1:campaign/next";
    let ask = |body: Value| personalize(&server, SERVER, "/action-recommendations", &body);
    let answer = ask(json!({"campaignArn": arn, "userId": "u1", "numResults": 100})).ok();
    let listed = answer["actionList"].as_array().unwrap();
    let mut ids: Vec<&str> = listed.iter().map(|one| one["actionId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!((ids, &listed[0]["score"]), (vec!["join", "renew"], &json!(0.25)));
    let decision = &answer["recommendationId"];
    assert_eq!(server.get(&format!("/v1/decisions/{}", decision.as_str().unwrap())).ok()["answer"]["decision"], "act");
    let invalid = (400, "InvalidInputException".to_owned());
    for body in [
        json!({"userId": "u1"}),
        json!({"campaignArn": arn}),
        json!({"campaignArn": arn, "userId": "u", "numResults": 101}),
    ] {
        assert_eq!(failed(&ask(body.clone())), invalid, "{body}");
    }
    let filtered = ask(json!({"campaignArn": arn, "userId": "u1", "filterArn": "f"}));
    assert_eq!(failed(&filtered), (400, "ResourceNotFoundException".to_owned()));

    let first = listed[0]["actionId"].as_str().unwrap();
    let at = server.now().as_millis() / 1_000;
    let told = |kind: &str, id: &str, recommendation: &Value| {
        json!({"actionId": first, "userId": "u1", "sessionId": "s", "timestamp": at, "eventType": kind, "eventId": id,
               "recommendationId": recommendation})
    };
    let put = |all: Value| {
        personalize(&server, SERVER, "/action-interactions", &json!({"trackingId": "t", "actionInteractions": all}))
    };
    let all =
        json!([told("Viewed", "1", decision), told("Taken", "2", decision), told("Not Taken", "3", &Value::Null)]);
    for _ in 0..2 {
        assert_eq!(put(all.clone()).status, 200, "told again it changes nothing");
    }
    let named = |name: &str| -> Vec<Value> {
        server.events("accepted").into_iter().filter(|event| event["event"] == name).collect()
    };
    for name in ["Decision Shown", "Decision Converted", "Action Not Taken"] {
        let [event] = &named(name)[..] else { panic!("{name}: {:?}", named(name)) };
        let said = &event["properties"];
        assert_eq!(&said["action"], first, "{name}");
        assert_eq!(&said["decision_id"], if name.starts_with("Decision") { decision } else { &Value::Null });
    }
    let log = server.engine().rounds().unwrap().settled();
    let rewarded = log.rounds.iter().filter(|round| round.reward.is_some());
    assert_eq!(rewarded.count(), 1, "it is learned from");
    assert_eq!(failed(&put(json!([told("Liked", "4", decision)]))), invalid);

    let put = |id: &str, key: &str| {
        let body = json!({"datasetArn": "d", "actions": [{"actionId": id, "properties": "{\"VALUE\": 5}"}]});
        personalize(&server, key, "/actions", &body)
    };
    assert_eq!(put("join", SERVER).status, 200, "the settings declare it");
    assert_eq!(failed(&put("Not a name", SERVER)), invalid);
    for _ in 0..2 {
        assert_eq!(put("other", SERVER).status, 200);
        let saved = server.get("/v1/actions/other").ok();
        assert_eq!((&saved["value"], &saved["source"]), (&json!(5.0), &json!("saved")));
    }
    let names = |answer: Value| answer["actionList"].as_array().unwrap().len();
    assert_eq!(names(ask(json!({"campaignArn": arn, "userId": "u1"})).ok()), 3, "it is in force at once");
    assert_eq!(server.get("/v1/actions/join").ok()["source"], "settings");
    assert_eq!(failed(&put("join", WRITE)), (403, "AccessDeniedException".to_owned()));
}

#[test]
fn what_sells_of_a_category_is_found_however_much_better_others_sell() {
    let server = eaten();
    let of = |category: &str, n: usize| -> Vec<Value> {
        (0..n).map(|one| item(&format!("{category}-{one}"), &[category], "2020-01-02T00:00:00Z")).collect()
    };
    for items in [of("common", 3_000), of("usual", 2_000), of("rare", 100)] {
        rows(&server, "POST", "/api/items", &json!(items));
    }
    let now = server.now().to_string();
    // More than are put in order for each question.
    let had = json!([{"FeedbackType": "like", "UserId": "u1", "ItemId": "rare-7", "Timestamp": now}]);
    rows(&server, "POST", "/api/feedback", &had);
    let rare = get(&server, "/api/popular/rare?n=200");
    assert_eq!((rare.as_array().unwrap().len(), &rare[0]["Id"]), (100, &json!("rare-7")));
    let rest = get(&server, "/api/popular/rare?n=200&offset=1");
    assert_eq!(rest.as_array().unwrap(), &rare.as_array().unwrap()[1..]);
    assert_eq!(get(&server, "/api/popular?n=3&offset=1")[0]["Id"], "tea");
}
