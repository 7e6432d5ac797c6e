//! Does the interface's description show answers as they are? Where the form of an answer was changed on purpose,
//! `RAPPORT_BLESS=1 cargo test -p server --test interface examples` records them anew.

mod texts;

use crate::support::{ADMIN, Reply, SERVER, TestServer, WRITE, until, world};
use decisions::{Action, Experiment, Flag, Offer, Segment};
use engine::Capabilities;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// How many entries of a list an example shows, and from how many on an object is a list by names, of which it shows as many.
const N_SHOWN: usize = 2;
const N_FIELDS_MAX: usize = 24;

/// What no test brings about at will: something is under way, was forgotten in between, or very many share a name.
const NOT_ASKED: [&str; 9] = [
    "delete /v1/actions/{name} 400",
    "delete /v1/offers/{name} 400",
    "get /v1/experiments 202",
    "get /v1/lift 202",
    "post /v1/customers/{id}/allow 409",
    "post /v1/customers/{id}/separate 409",
    "post /v1/decisions/{id}/replay 409",
    "post /v1/models/{name}/train 409",
    "post /v1/offers/allocate 202",
];

/// What was answered, by method and path of the description and by status.
type Answers = BTreeMap<String, BTreeMap<String, Value>>;

struct Recorder {
    server: TestServer,
    answers: Answers,
    /// What was decided, by what was to be.
    decisions: BTreeMap<String, Value>,
}

/// All that is recorded.
#[derive(Serialize)]
struct Recorded {
    answers: Answers,
    decisions: BTreeMap<String, Value>,
    errors: BTreeMap<String, Value>,
}

impl Recorder {
    /// Asks, and keeps the answer under the path of the description. `at` is the real one.
    fn ask(&mut self, key: &str, (method, path): (&str, &str), at: &str, body: &Value) -> Reply {
        let authorization = format!("Bearer {key}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let reply =
            self.server.send(method, at, &headers, if body.is_null() { String::new() } else { body.to_string() });
        self.keep(method, path, &reply);
        reply
    }

    fn keep(&mut self, method: &str, path: &str, reply: &Reply) {
        let of_path = self.answers.entry(format!("{method} {path}")).or_default();
        of_path.entry(reply.status.to_string()).or_insert_with(|| shortened(&reply.json()));
    }

    fn get(&mut self, key: &str, path: &str, at: &str) -> Reply {
        self.ask(key, ("GET", path), at, &Value::Null)
    }

    fn post(&mut self, key: &str, path: &str, at: &str, body: &Value) -> Reply {
        self.ask(key, ("POST", path), at, body)
    }
}

/// An answer with the first entries of its lists alone.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(entries) => entries.iter().take(N_SHOWN).map(shortened).collect(),
        Value::Object(fields) => {
            let n = if fields.len() > N_FIELDS_MAX { N_SHOWN } else { fields.len() };
            Value::Object(fields.iter().take(n).map(|(name, value)| (name.clone(), shortened(value))).collect())
        }
        other => other.clone(),
    }
}

/// The form of an answer: its fields by name, its values as words for what they are.
fn form(value: &Value) -> Value {
    match value {
        Value::Array(entries) => entries.first().map_or_else(|| json!([]), |first| json!([form(first)])),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), form(value))).collect::<Map<_, _>>().into()
        }
        Value::Null => "nothing".into(),
        Value::Bool(_) => "yes or no".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
    }
}

/// Whether two forms are one: what is nothing may be anything, and a list without entries one with any.
fn is_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(word), _) | (_, Value::String(word)) if word == "nothing" => true,
        (Value::Array(one), Value::Array(other)) => one.iter().zip(other).all(|(one, other)| is_alike(one, other)),
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|of| is_alike(one, of)))
        }
        _ => one == other,
    }
}

/// The forms of answers by status. What takes a while is done by the time of the answer, or is not: both are told alike.
fn forms(answers: &Value) -> Value {
    let forms = answers.as_object().unwrap().iter();
    forms.map(|(status, answer)| (status.replace("202", "200"), form(answer))).collect::<Map<_, _>>().into()
}

fn fields(table: &Value) -> Map<String, Value> {
    table.as_object().unwrap().clone()
}

/// Asks everything that is described once where it goes well, and where it goes wrong in a way of its own.
fn asked() -> Recorded {
    let segment = json!({"name": "loyal", "title": "Loyal", "rule": [{"feature": "orders_all", "at_least": 3}]});
    let segment: Segment = serde_json::from_value(segment).unwrap();
    let server = TestServer::start_with(|settings| {
        settings.segments = vec![segment];
        settings.actions = vec![
            Action::from_table(&fields(&json!({
                "name": "grinder", "title": "A grinder for your beans", "value": 12.5, "cost": 0.2, "prior": 0.03,
                "content": {"headline": "Freshly ground"},
            })))
            .unwrap(),
            Action::from_table(&fields(&json!({"name": "call", "channels": ["call"], "value": 30, "cost": 4})))
                .unwrap(),
        ];
        settings.offers = vec![
            Offer::from_table(&fields(&json!({
                "name": "ten_percent", "title": "Ten percent off", "value": 24, "discount": 0.1, "prior": 0.08,
            })))
            .unwrap(),
            Offer::from_table(&fields(&json!({"name": "no_offer", "nothing": true}))).unwrap(),
        ];
        settings.experiments = vec![
            Experiment::from_table(&fields(&json!({
                "name": "checkout_copy", "days": 14,
                "variations": [{"name": "control", "value": "old"}, {"name": "bold", "value": "new"}],
            })))
            .unwrap(),
        ];
        let rules = json!({"name": "checkout", "default": "old", "rules": [{"experiment": "checkout_copy"}]});
        settings.flags = vec![Flag::from_table(&fields(&rules)).unwrap()];
    });
    world::fill(server.engine());
    let mut asks = Recorder { server, answers: Answers::new(), decisions: BTreeMap::new() };
    told(&mut asks);
    texts::taught(&mut asks);
    texts::known(&mut asks);
    texts::conversed(&mut asks);
    decided(&mut asks);
    looked(&mut asks);
    imported(&mut asks);
    listed(&mut asks);
    declared(&mut asks);
    changed(&mut asks);
    Recorded { answers: asks.answers, decisions: asks.decisions, errors: errors() }
}

fn told(asks: &mut Recorder) {
    let calls = [
        ("/v1/track", json!({"userId": "ann", "event": "Product Viewed", "properties": {"product_id": "4711"}})),
        ("/v1/identify", json!({"userId": "ann", "traits": {"plan": "premium"}})),
        ("/v1/page", json!({"anonymousId": "phone", "name": "Start"})),
        ("/v1/screen", json!({"anonymousId": "phone", "name": "Basket"})),
        ("/v1/group", json!({"userId": "ann", "groupId": "household-7", "traits": {"size": 3}})),
        ("/v1/alias", json!({"userId": "ann", "previousId": "card-9001"})),
    ];
    for (path, body) in calls {
        asks.post(WRITE, path, path, &body);
        asks.post(WRITE, path, path, &json!({"event": "Product Viewed"}));
        asks.post(WRITE, path, path, &json!({"userId": "ann", "event": "x".repeat(40_000), "previousId": "card"}));
    }
    let item = json!({"itemId": "4711", "traits": {"name": "Green tea", "price": 4.9, "currency": "EUR"}});
    asks.post(SERVER, "/v1/item", "/v1/item", &item);
    asks.post(SERVER, "/v1/item", "/v1/item", &json!({"traits": {"name": "Green tea"}}));
    asks.post(SERVER, "/v1/item", "/v1/item", &json!({"itemId": "1", "traits": {"name": "x".repeat(40_000)}}));
    let batch = json!({"batch": [{"type": "track", "userId": "ann", "event": "Signed Up"}, {"type": "track", "userId": "ann"}]});
    asks.post(WRITE, "/v1/batch", "/v1/batch", &batch);
    asks.post(WRITE, "/v1/batch", "/v1/batch", &json!({"batch": 7}));
    asks.post(WRITE, "/beacon/v1/batch", "/beacon/v1/batch", &batch);
    let one = json!({"specversion": "1.0", "id": "1", "source": "/shop", "type": "Signed Up", "subject": "ann"});
    let authorization = format!("Bearer {SERVER}");
    for media in ["application/cloudevents+json", "application/cloudevents+avro"] {
        let headers = [("authorization", authorization.as_str()), ("content-type", media)];
        let reply = asks.server.send("POST", "/v1/cloudevents", &headers, one.to_string());
        asks.keep("POST", "/v1/cloudevents", &reply);
    }
}

fn decided(asks: &mut Recorder) {
    let user = world::shop().user_ids[0].clone();
    let reply =
        asks.post(SERVER, "/v1/decide", "/v1/decide", &json!({"decision": "recommend", "userId": user, "n": 2}));
    let id = reply.ok()["decisionId"].as_str().unwrap().to_owned();
    asks.post(SERVER, "/v1/decide", "/v1/decide", &json!({"decision": "recomend", "userId": user}));
    for asked in Capabilities::built_in().kinds.iter().map(decisions::Kind::about) {
        let kind = asked.name.to_string();
        let about = |user: &String| {
            let mut question = json!({"decision": kind, "userId": user});
            asked.needed().for_each(|(name, value)| question[name] = value);
            asks.server.decide(&question).ok()
        };
        let mut all = world::shop().user_ids.iter().map(about);
        let is_telling = |answer: &Value| answer["fallback"].is_null() && answer["others"] != json!([]);
        let told = all.find(is_telling).unwrap_or_else(|| panic!("{kind} answers nobody in full"));
        asks.decisions.insert(kind, shortened(&told));
    }
    for (path, is_read) in [("/v1/decisions/{id}", true), ("/v1/decisions/{id}/replay", false)] {
        for id in [id.as_str(), "none"] {
            let at = path.replace("{id}", id);
            if is_read {
                asks.get(SERVER, path, &at)
            } else {
                asks.post(SERVER, path, &at, &Value::Null)
            };
        }
    }
}

fn looked(asks: &mut Recorder) {
    let user = world::shop().user_ids[0].clone();
    for path in ["/healthz", "/readyz", "/v1/data", "/v1/models", "/v1/audit", "/v1/events"] {
        asks.get(ADMIN, path, path);
    }
    for path in ["/v1/data", "/v1/models", "/v1/audit", "/v1/events", "/v1/customers"] {
        asks.get(ADMIN, path, &format!("{path}?limit=0"));
    }
    for (channel, seconds) in [("call", 300), ("call", 0), ("calls", 300)] {
        let body = json!({"free": 12, "seconds": seconds});
        asks.ask(SERVER, ("PUT", "/v1/capacity/{channel}"), &format!("/v1/capacity/{channel}"), &body);
    }
    for channel in ["call", "store"] {
        asks.get(SERVER, "/v1/capacity/{channel}", &format!("/v1/capacity/{channel}"));
    }
    for budget in [60, -1] {
        let body = json!({"budget": budget, "filter": "orders_365d >= 1"});
        asks.post(SERVER, "/v1/offers/allocate", "/v1/offers/allocate", &body);
    }
    asks.get(SERVER, "/v1/customers", "/v1/customers?filter=known&limit=2");
    asks.get(SERVER, "/v1/customers", "/v1/customers?filter=orders%3E");
    for path in ["/v1/customers.csv", "/v1/customers.parquet"] {
        asks.get(SERVER, path, &format!("{path}?filter=orders%3E"));
    }
    for id in [user.as_str(), "nobody"] {
        asks.get(SERVER, "/v1/customers/{id}", &format!("/v1/customers/{id}"));
    }
    for id in ["4711", "nothing"] {
        asks.get(SERVER, "/v1/items/{id}", &format!("/v1/items/{id}"));
    }
    for at in ["/v1/lift", "/v1/lift?month=november"] {
        asks.get(SERVER, "/v1/lift", at);
    }
    asks.get(SERVER, "/v1/experiments", "/v1/experiments");
    asks.get(WRITE, "/v1/projects/{write_key}/settings", &format!("/v1/projects/{WRITE}/settings"));
}

fn imported(asks: &mut Recorder) {
    let path = "/v1/imports";
    let begun = asks.post(SERVER, path, path, &json!({"file": "orders.csv"})).ok();
    asks.post(SERVER, path, path, &json!({"name": "orders.csv"}));
    let id = &begun["id"];
    let event =
        |user: &str| json!({"type": "track", "userId": user, "event": "Seen", "timestamp": "2026-11-01T10:00:00Z"});
    let part = json!({"batch": [event("ben"), {"type": "track", "userId": "ben", "event": "Seen"}]});
    let ends = json!({"rows": 2, "rejected": 1, "accepted": 1, "duplicates": 0, "conflicts": 0, "replaced": 0});
    for (part_of, body) in [("events", &part), ("replace", &part), ("end", &ends)] {
        let described = format!("/v1/imports/{{id}}/{part_of}");
        asks.post(SERVER, &described, &format!("/v1/imports/{id}/{part_of}"), body);
        asks.post(SERVER, &described, &format!("/v1/imports/{id}/{part_of}"), &json!({"bath": 7}));
        asks.post(SERVER, &described, &format!("/v1/imports/999/{part_of}"), body);
    }
    for (part_of, body) in [("events", &part), ("replace", &part), ("end", &ends)] {
        asks.post(SERVER, &format!("/v1/imports/{{id}}/{part_of}"), &format!("/v1/imports/{id}/{part_of}"), body);
    }
    asks.get(SERVER, path, path);
    asks.get(SERVER, path, "/v1/imports?limit=0");
    for id in [id.to_string(), "999".to_owned()] {
        asks.get(SERVER, "/v1/imports/{id}", &format!("/v1/imports/{id}"));
        asks.post(ADMIN, "/v1/imports/{id}/undo", &format!("/v1/imports/{id}/undo"), &json!({}));
    }
    let is_undone = || (asks.server.get(&format!("/v1/imports/{id}")).ok()["undo"] == "done").then_some(());
    until("the import is taken out", is_undone);
    asks.post(SERVER, "/v1/imports/{id}/end", &format!("/v1/imports/{id}/end"), &ends);
}

fn listed(asks: &mut Recorder) {
    let (path, named) = ("/v1/lists", "/v1/lists/{name}");
    let list = json!({"name": "regulars", "title": "Regulars", "filter": "orders_365d>=1"});
    asks.post(SERVER, path, path, &list);
    asks.post(SERVER, path, path, &json!({"name": "b", "filter": "orders>"}));
    asks.post(SERVER, path, path, &json!({"name": "about_to_leave", "filter": "known"}));
    asks.get(SERVER, path, path);
    let changed = json!({"title": "Regular customers", "filter": "orders_365d>=2"});
    until("the list is counted", || (!asks.server.get("/v1/lists/regulars").ok()["count"].is_null()).then_some(()));
    for name in ["regulars", "nothing"] {
        let at = format!("/v1/lists/{name}");
        asks.get(SERVER, named, &at);
        asks.ask(SERVER, ("PUT", named), &at, &changed);
        asks.get(SERVER, "/v1/lists/{name}/changes", &format!("{at}/changes"));
    }
    asks.ask(SERVER, ("PUT", named), "/v1/lists/regulars", &json!({"filter": "orders>"}));
    for name in ["about_to_leave", "regulars", "nothing"] {
        asks.ask(SERVER, ("DELETE", named), &format!("/v1/lists/{name}"), &Value::Null);
    }
}

/// What is declared while it runs: each list with what the settings declare, what is saved, and what others ask about.
fn declared(asks: &mut Recorder) {
    let variations = json!([{"name": "control", "value": "plain"}, {"name": "warm", "value": "warm"}]);
    let sample =
        json!({"name": "sample", "value": 3.5, "cost": 0.4, "eligible": "orders_365d >= 1", "channels": ["email"]});
    let gift = json!({"name": "gift", "value": 9.5, "costs": 2, "budget": {"amount": 200, "days": 7}, "eligible": "orders_365d >= 1"});
    let tone = json!({"name": "tone", "state": "draft", "variations": variations});
    let greeting = json!({"name": "greeting", "default": "plain", "rules": [{"experiment": "tone"}]});
    let asking = json!({"name": "farewell", "default": "plain", "needs": [{"flag": "greeting", "is": "warm"}]});
    let lists = [
        ("actions", vec![sample], "grinder", json!({"weight": 0.5}), json!({"weight": -1})),
        ("offers", vec![gift], "ten_percent", json!({"weight": 0.5}), json!({"discount": 2})),
        ("experiments", vec![tone], "checkout_copy", json!({"days": 21}), json!({"days": 0})),
        ("flags", vec![greeting, asking], "checkout", json!({"on": false}), json!({"on": "no"})),
    ];
    for (list, tables, of_settings, change, wrong) in &lists {
        let (path, named) = (format!("/v1/{list}"), format!("/v1/{list}/{{name}}"));
        for table in tables {
            asks.post(SERVER, &path, &path, table);
        }
        asks.post(SERVER, &path, &path, &json!({"name": "Sample"}));
        asks.post(SERVER, &path, &path, &tables[0]);
        if *list != "experiments" {
            asks.get(SERVER, &path, &path);
        }
        let name = tables[0]["name"].as_str().unwrap();
        for name in [name, *of_settings, "nothing"] {
            let at = format!("{path}/{name}");
            asks.get(SERVER, &named, &at);
            asks.ask(SERVER, ("PUT", named.as_str()), &at, change);
        }
        asks.ask(SERVER, ("PUT", named.as_str()), &format!("{path}/{name}"), wrong);
    }
    for (list, name) in [("actions", "sample"), ("actions", "nothing"), ("offers", "gift"), ("offers", "nothing")] {
        let path = format!("/v1/{list}/{{name}}/eligible");
        asks.get(SERVER, &path, &format!("/v1/{list}/{name}/eligible"));
    }
    asks.get(SERVER, "/v1/declarations", "/v1/declarations");
    // What others ask about stays until they are gone.
    for at in [
        "experiments/tone",
        "flags/greeting",
        "flags/farewell",
        "flags/greeting",
        "experiments/tone",
        "actions/sample",
        "offers/gift",
    ] {
        let list = at.split('/').next().unwrap();
        let named = format!("/v1/{list}/{{name}}");
        asks.ask(SERVER, ("DELETE", named.as_str()), &format!("/v1/{at}"), &Value::Null);
    }
    for (list, _, of_settings, ..) in &lists {
        let named = format!("/v1/{list}/{{name}}");
        for name in [*of_settings, "nothing"] {
            asks.ask(SERVER, ("DELETE", named.as_str()), &format!("/v1/{list}/{name}"), &Value::Null);
        }
    }
}

fn changed(asks: &mut Recorder) {
    for name in ["churn", "nothing"] {
        for (part_of, body) in [("rollback", json!({})), ("champion", json!({"version": "abc"})), ("train", json!({}))]
        {
            asks.post(ADMIN, &format!("/v1/models/{{name}}/{part_of}"), &format!("/v1/models/{name}/{part_of}"), &body);
        }
    }
    asks.post(ADMIN, "/v1/models/{name}/champion", "/v1/models/churn/champion", &json!([]));
    let in_force = asks.server.get_as(ADMIN, "/v1/models").ok();
    let models = in_force["models"].as_array().unwrap();
    let churn = models.iter().find(|model| model["name"] == "churn").unwrap();
    let version = churn["versions"].as_array().unwrap().iter().find(|version| version["champion"] == true).unwrap();
    let version = json!({"version": version["version"]});
    asks.post(ADMIN, "/v1/models/{name}/champion", "/v1/models/churn/champion", &version);
    // A device is erased with whom it belongs to.
    asks.server.post_as(SERVER, "/v1/identify", &json!({"userId": "ann", "anonymousId": "phone"})).ok();
    asks.ask(ADMIN, ("DELETE", "/v1/customers/{id}"), "/v1/customers/phone", &Value::Null);
    for user in ["ann", "nobody"] {
        let (at, path) = (format!("/v1/customers/{user}/separate"), "/v1/customers/{id}/separate");
        asks.post(SERVER, path, &at, &json!({"identifier": "card-9001", "reason": "two people"}));
        asks.post(SERVER, path, &at, &json!({"identifer": "card-9001"}));
        let erased = asks.ask(ADMIN, ("DELETE", "/v1/customers/{id}"), &format!("/v1/customers/{user}"), &Value::Null);
        let receipt = erased.json()["receipt"].as_str().unwrap_or("none").to_owned();
        asks.get(ADMIN, "/v1/erasures/{receipt}", &format!("/v1/erasures/{receipt}"));
        asks.post(ADMIN, "/v1/customers/{id}/allow", &format!("/v1/customers/{user}/allow"), &json!({}));
    }
}

/// Errors that any path may answer.
fn errors() -> BTreeMap<String, Value> {
    let server = TestServer::start();
    let replies = [
        server.post_as(SERVER, "/v1/decide", &json!({"decision": "recommend"})),
        server.get_as("wrong", "/v1/events"),
        server.get_as(WRITE, "/v1/events"),
        server.get_as(SERVER, "/v1/customers/nobody"),
        server.post_as(SERVER, "/v1/decide", &json!({"decision": "x".repeat(3 << 20)})),
    ];
    let mut errors: BTreeMap<String, Value> =
        replies.iter().map(|reply| (reply.status.to_string(), reply.json())).collect();
    let slow = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.events_per_address = 1;
    });
    let often = until("it is asked too often", || {
        let authorization = format!("Bearer {WRITE}");
        let headers = [("x-forwarded-for", "203.0.113.7"), ("authorization", &authorization)];
        let reply = slow.send("POST", "/v1/track", &headers, r#"{"userId":"ann","event":"Seen"}"#);
        (reply.status == 429).then_some(reply)
    });
    errors.insert("429".to_owned(), often.json());
    let full = TestServer::start_with(|settings| settings.limits.body_megabytes_max = 0);
    let reply = full.post("/v1/track", &json!({"userId": "ann", "event": "Seen"}));
    errors.insert(reply.status.to_string(), reply.json());
    errors
}

#[test]
fn answers_are_shown_as_they_are() {
    let now = serde_json::to_value(asked()).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/recorded.json");
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&now).unwrap())).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for part in ["answers", "decisions", "errors"] {
        let (then, now) = (kept[part].as_object().unwrap(), now[part].as_object().unwrap());
        let form = if part == "answers" { forms } else { form };
        for (asked, answer) in now {
            let (was, is) = (form(&then[asked]), form(answer));
            let told = format!("{asked} answers otherwise: run this test with RAPPORT_BLESS=1, and review");
            assert!(is_alike(&was, &is), "{told}\n{was}\n{is}");
        }
        assert_eq!(then.len(), now.len(), "{part} that are asked no more");
    }
}

#[test]
fn forms_are_one_where_only_what_is_nothing_differs() {
    let of = |value: Value| form(&value);
    let was = of(json!({"a": 1, "b": [{"c": "x"}], "d": null}));
    for alike in [json!({"a": 2, "b": [{"c": "y"}], "d": "z"}), json!({"a": null, "b": [], "d": 7})] {
        assert!(is_alike(&was, &of(alike.clone())), "{alike}");
    }
    for other in [
        json!({"a": "1", "b": [], "d": null}),
        json!({"b": [], "d": null}),
        json!({"a": 1, "b": [{"c": 1}], "d": null}),
        json!({"a": 1, "b": [], "d": null, "e": 1}),
    ] {
        assert!(!is_alike(&was, &of(other.clone())), "{other}");
    }
}

#[test]
fn every_answer_has_an_example_and_none_calls_an_error_a_success() {
    let document = serde_json::to_value(server::api::document()).unwrap();
    let mut silent = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let Some(content) = response["content"].get("application/json") else { continue };
                let example = &content["example"];
                if example.is_null() && content["examples"].is_null() {
                    silent.push(format!("{method} {path} {status}"));
                } else if content["schema"]["$ref"] == "#/components/schemas/ErrorBody" {
                    assert_eq!(example["success"], false, "{method} {path} {status}: {example}");
                    assert!(example["message"].as_str().unwrap().len() > 10, "{method} {path} {status}: {example}");
                }
            }
        }
    }
    silent.retain(|asked| !NOT_ASKED.contains(&asked.as_str()));
    assert!(silent.is_empty(), "no example: {silent:#?}");
}
