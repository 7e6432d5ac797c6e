//! Is a list kept, is it always known who is on it, and is a webhook told of everybody who comes and goes?

use crate::support::{self, ADMIN, SERVER, TestServer, WRITE, until, world};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use decisions::Segment;
use engine::RollCall;
use primitives::CustomerId;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

fn save(server: &TestServer, key: &str, list: &Value) -> support::Reply {
    server.post_as(key, "/v1/lists", list)
}

fn put(server: &TestServer, key: &str, name: &str, list: &Value) -> support::Reply {
    let headers = [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
    server.send("PUT", &format!("/v1/lists/{name}"), &headers, list.to_string())
}

fn delete(server: &TestServer, key: &str, name: &str) -> support::Reply {
    server.send("DELETE", &format!("/v1/lists/{name}"), &[("authorization", &format!("Bearer {key}"))], "")
}

fn order(server: &TestServer, user: &str) {
    let event = json!({"userId": user, "event": "Order Completed",
        "properties": {"order_id": format!("o-{user}-{}", server.now().as_millis()), "revenue": 20.0, "currency": "EUR"}});
    assert_eq!(server.post_as(SERVER, "/v1/track", &event).status, 200);
}

fn identify(server: &TestServer, user: &str, traits: &Value) {
    let event = json!({"userId": user, "traits": traits});
    assert_eq!(server.post_as(SERVER, "/v1/identify", &event).status, 200);
}

fn walk(server: &TestServer) {
    assert_eq!(server.engine().follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
}

fn changes(server: &TestServer, name: &str, after: u64) -> Vec<(u64, String, String)> {
    let reply = server.get(&format!("/v1/lists/{name}/changes?after={after}")).ok();
    let changes = reply["changes"].as_array().unwrap().iter();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    changes.map(|one| (one["number"].as_u64().unwrap(), text(one, "customerId"), text(one, "change"))).collect()
}

fn id(server: &TestServer, user: &str) -> String {
    server.engine().customer(user).unwrap().customer.profile.id.to_string()
}

#[test]
fn lists_are_saved_changed_and_removed_by_who_may() {
    let server = TestServer::start();
    let list =
        json!({"name": "graz", "filter": "traits.city=\"Graz\"", "sort": "-last_seen", "columns": "orders_365d"});
    save(&server, WRITE, &list).error(403, "forbidden");
    let saved = save(&server, SERVER, &list).ok();
    assert_eq!((&saved["title"], &saved["source"], &saved["webhook"]), (&json!("Graz"), &json!("saved"), &Value::Null));
    assert!(save(&server, SERVER, &list).error(409, "conflict").contains("PUT"));
    for (list, said) in [
        (json!({"name": "A B", "filter": ""}), "small letters"),
        (json!({"name": "b", "filter": "chrun>1"}), "position 1"),
        (json!({"name": "b", "filter": "", "sort": "nothing"}), "sort cannot be read"),
        (json!({"name": "b", "filter": "", "columns": "nothing"}), "columns cannot be read"),
        (json!({"name": "b"}), "filter is missing"),
        (json!({"filter": ""}), "name is missing"),
        (json!({"name": "b", "filter": "", "titel": "x"}), "the body cannot be read"),
    ] {
        let message = save(&server, SERVER, &list).error(400, "invalid");
        assert!(message.contains(said), "{list}: {message}");
    }
    let built_in = server.get("/v1/lists").ok()["lists"][0].clone();
    assert_eq!((&built_in["name"], &built_in["source"]), (&json!("about_to_leave"), &json!("built_in")));
    // Nobody has a score of a model that there is not: that is no list of nobody.
    walk(&server);
    let why = "No churn model has been trained yet. It learns from orders, and none has come in";
    for leaving in [server.get("/v1/lists").ok()["lists"][0].clone(), server.get("/v1/lists/about_to_leave").ok()] {
        assert_eq!((&leaving["count"], leaving["lookedAt"].is_string()), (&Value::Null, true), "{leaving}");
        assert!(leaving["unanswered"][0].as_str().unwrap().starts_with(why), "{leaving}");
    }
    let graz = server.get("/v1/lists/graz").ok();
    assert_eq!((&graz["count"], &graz["unanswered"]), (&json!(0), &Value::Null), "of whom nothing is missing");
    let mine = json!({"name": "about_to_leave", "filter": ""});
    save(&server, SERVER, &mine).error(409, "conflict");
    put(&server, SERVER, "about_to_leave", &mine).error(409, "conflict");
    delete(&server, SERVER, "about_to_leave").error(409, "conflict");
    put(&server, SERVER, "nothing", &json!({"filter": ""})).error(404, "not_found");
    put(&server, SERVER, "graz", &json!({"name": "wien", "filter": ""})).error(400, "invalid");
    assert!(server.get("/v1/lists/gras").error(404, "not_found").contains("did you mean \"graz\"?"));

    // A list may ask about others, and none about itself.
    save(&server, SERVER, &json!({"name": "regulars", "filter": "list=\"graz\" and orders_365d>=1"})).ok();
    let circle = put(&server, SERVER, "graz", &json!({"filter": "known or list in (\"regulars\")"}));
    assert!(circle.error(400, "invalid").contains("break the circle"));
    put(&server, SERVER, "graz", &json!({"filter": "list=\"graz\""})).error(400, "invalid");
    assert!(delete(&server, SERVER, "graz").error(409, "conflict").contains("\"regulars\" asks about"));
    let changed =
        put(&server, SERVER, "graz", &json!({"title": "In Graz", "filter": "traits.city in (\"Graz\")"})).ok();
    assert_eq!((&changed["title"], &changed["sort"]), (&json!("In Graz"), &json!("-last_seen")));

    identify(&server, "ann", &json!({"city": "Graz"}));
    identify(&server, "bob", &json!({"city": "Graz"}));
    order(&server, "bob");
    let found = server.get("/v1/customers?filter=list%3D%22regulars%22").ok();
    assert_eq!((&found["count"], &found["customers"][0]["userIds"][0]), (&json!(1), &json!("bob")));

    let server = server.restart();
    walk(&server);
    assert_eq!(server.get("/v1/lists/graz").ok()["count"], 2);
    assert_eq!(server.get("/v1/lists/regulars").ok()["count"], 1);
    let leaving = server.get("/v1/lists/about_to_leave").ok();
    assert_eq!(leaving["unanswered"], json!(["No churn model has been trained yet."]), "orders come in: it will be");
    assert_eq!(delete(&server, SERVER, "regulars").ok(), json!({"success": true}));
    delete(&server, SERVER, "graz").ok();
    delete(&server, SERVER, "graz").error(404, "not_found");
    walk(&server);
    assert_eq!(server.engine().ports().lists.members("graz").unwrap(), []);
    let noted: Vec<Value> =
        server.get_as(ADMIN, "/v1/audit?deed=list_removed").ok()["entries"].as_array().unwrap().clone();
    assert_eq!(noted.iter().map(|one| &one["subject"]).collect::<Vec<_>>(), ["graz", "regulars"]);
}

#[test]
fn who_comes_and_goes_is_found_and_counted_and_who_is_forgotten_is_on_no_list() {
    let server = TestServer::start();
    save(&server, SERVER, &json!({"name": "bought", "filter": "orders_30d>=1"})).ok();
    for user in ["a", "b", "c", "d", "e"] {
        order(&server, user);
    }
    // Without being asked: the walk goes on in the background.
    until("everybody is on the list", || (server.get("/v1/lists/bought").ok()["count"] == 5).then_some(()));
    let first = changes(&server, "bought", 0);
    assert_eq!(first.iter().map(|(number, ..)| *number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(first.iter().all(|(_, _, change)| change == "entered"));
    walk(&server);
    assert_eq!(changes(&server, "bought", 5), [], "nothing has changed");
    assert_eq!(server.get("/v1/lists/bought/changes?limit=2").ok()["after"], 2);
    let now = server.get("/v1/lists/bought").ok();
    assert_eq!(now["counts"], json!([{"at": "2026-11-22T12:00:00.000Z", "count": 5}]));

    // Time alone makes somebody leave.
    server.advance(Duration::from_secs(20 * 86_400));
    order(&server, "a");
    server.advance(Duration::from_secs(15 * 86_400));
    walk(&server);
    let left = changes(&server, "bought", 5);
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|(_, customer, change)| change == "left" && *customer != id(&server, "a")), "{left:?}");
    let counts = server.get("/v1/lists/bought").ok()["counts"].as_array().unwrap().clone();
    assert_eq!((counts.len(), &counts[1]["count"]), (2, &Value::Null), "fewer than five are not told");
    assert_eq!(server.get("/v1/lists/bought").ok()["count"], 1);

    let a = CustomerId::from(id(&server, "a"));
    assert_eq!(server.engine().lists_of(&a).unwrap().keys().collect::<Vec<_>>(), ["bought"]);
    assert_eq!(server.engine().forget_in_lists(&a).unwrap(), 2);
    assert!(changes(&server, "bought", 0).iter().all(|(_, customer, _)| *customer != a.as_str()));
    assert_eq!(
        (server.engine().lists_of(&a).unwrap().len(), &server.get("/v1/lists/bought").ok()["count"]),
        (0, &json!(0))
    );
    server.get("/v1/lists/bought/changes?after=x").error(400, "invalid");
    server.get("/v1/lists/bought/changes?limit=1001").error(400, "invalid");
}

#[test]
fn a_segment_is_a_list_of_those_whom_its_decision_names() {
    let segment = |rule: Value| Segment::from_table(json!({"name": "vip", "rule": rule}).as_object().unwrap()).unwrap();
    let rule = json!([{"feature": "orders_365d", "at_least": 2}, {"score": "churn", "at_most": 0.5}]);
    let server = TestServer::start_with(|settings| settings.segments = vec![segment(rule)]);
    world::fill(server.engine());
    let refused = world::shop().user_ids.iter().find(|user| {
        let answer = server.decide(&json!({"decision": "segments", "userId": user})).ok();
        answer["others"] == json!(["vip"])
    });
    let event = json!({"userId": refused.unwrap(), "event": "Consent Changed",
        "context": {"consent": {"categoryPreferences": {"personalization": false}}}});
    assert_eq!(server.post_as(SERVER, "/v1/track", &event).status, 200);
    walk(&server);
    let members = server.engine().ports().lists.members("vip").unwrap();
    let mut named = Vec::new();
    let all = server.get("/v1/customers?limit=1000&columns=segment&sort=id").ok();
    for customer in all["customers"].as_array().unwrap() {
        if customer["segments"].as_array().is_some_and(|names| names.contains(&json!("vip"))) {
            named.push(CustomerId::from(customer["customerId"].as_str().unwrap()));
        }
    }
    assert!(named.len() > 5 && named.len() < 200, "{}", named.len());
    assert_eq!(members, named);
    // Of whoever permits it is known whether it is theirs, in whichever group they are.
    let count =
        |filter: &str| server.get(&format!("/v1/customers?limit=1&filter={filter}")).ok()["count"].as_u64().unwrap();
    let n_permitting = count("consent.personalization");
    assert_eq!(count("segment%3D%22vip%22"), named.len() as u64);
    assert_eq!(count("not%20segment%3D%22vip%22"), n_permitting - named.len() as u64);
    assert!(count("not%20segment%20exists%20and%20consent.personalization") > 0);
    let listed = server.get("/v1/lists/vip").ok();
    assert_eq!((&listed["source"], &listed["count"]), (&json!("settings"), &json!(named.len())));
    save(&server, SERVER, &json!({"name": "vip", "filter": ""})).error(409, "conflict");
    let found = server.get("/v1/customers?filter=list%3D%22vip%22&limit=1").ok();
    assert_eq!(found["count"], named.len());
}

/// What came to a webhook: its head and its body.
struct Delivered {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A webhook that answers what it is told to, in order, and then 204.
fn webhook() -> (String, Sender<u16>, Receiver<Delivered>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?list=1", listener.local_addr().unwrap());
    let (answer, answers) = channel::<u16>();
    let (deliver, delivered) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut headers, mut line) = (BTreeMap::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some((name, value)) = line.trim_end().split_once(": ") {
                    headers.insert(name.to_lowercase(), value.to_owned());
                }
                line.clear();
            }
            let n: usize = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
            let mut body = vec![0; n];
            reader.read_exact(&mut body).unwrap();
            let status = answers.try_recv().unwrap_or(204);
            let reply = format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(reply.as_bytes()).unwrap();
            let body = String::from_utf8(body).unwrap();
            if deliver.send(Delivered { headers, body }).is_err() {
                return;
            }
        }
    });
    (url, answer, delivered)
}

#[test]
fn what_a_webhook_is_told_by_way_of_other_lists_is_changed_by_an_admin_only() {
    let server = TestServer::start();
    for (name, filter) in [("inner", "orders_30d>=1"), ("middle", "list=\"inner\""), ("apart", "orders_30d>=2")] {
        save(&server, SERVER, &json!({"name": name, "filter": filter})).ok();
    }
    let outer = json!({"name": "outer", "filter": "list=\"middle\"", "webhook": "http://127.0.0.1:9/"});
    let asked = json!({"filter": "orders_30d>=3"});
    put(&server, SERVER, "inner", &asked).ok();
    save(&server, ADMIN, &outer).ok();
    for name in ["inner", "middle", "outer"] {
        assert!(put(&server, SERVER, name, &asked).error(403, "forbidden").contains("asks about it"), "{name}");
        delete(&server, SERVER, name).error(403, "forbidden");
    }
    assert_eq!(server.get("/v1/lists/inner").ok()["filter"], asked["filter"]);
    put(&server, SERVER, "apart", &asked).ok();
    put(&server, ADMIN, "inner", &json!({"filter": "orders_30d>=4"})).ok();
    put(&server, ADMIN, "middle", &asked).ok();
    put(&server, SERVER, "inner", &asked).ok();
}

#[test]
fn a_webhook_is_told_of_each_change_signed_and_until_it_takes_it() {
    let server = TestServer::start();
    let (url, answer, delivered) = webhook();
    order(&server, "before");
    save(&server, SERVER, &json!({"name": "bought", "filter": "orders_30d>=1", "columns": "orders_30d"})).ok();
    walk(&server);
    let with = json!({"filter": "orders_30d>=1", "columns": "orders_30d", "webhook": url});
    assert!(put(&server, SERVER, "bought", &with).error(403, "forbidden").contains("admin"));
    put(&server, ADMIN, "bought", &json!({"filter": "", "webhook": "file:///etc"})).error(400, "invalid");
    answer.send(500).unwrap();
    let saved = put(&server, ADMIN, "bought", &with).ok();
    let secret = saved["webhook"]["secret"].as_str().unwrap().to_owned();
    assert_eq!((&saved["webhook"]["waiting"], &saved["webhook"]["taken"]), (&json!(0), &json!(0)));
    let told = server.get("/v1/lists/bought").ok()["webhook"].clone();
    assert_eq!(told.get("secret"), None, "told once");
    assert_eq!(told["url"], url.replace("/hook?list=1", "/…"), "the whole address is told to an admin");
    assert_eq!(server.get_as(ADMIN, "/v1/lists/bought").ok()["webhook"]["url"], url);
    assert_eq!(server.get("/v1/customers/before").ok()["lists"], json!(["bought"]));
    assert_eq!(put(&server, ADMIN, "bought", &with).ok()["webhook"].get("secret"), None, "it keeps its secret");
    put(&server, SERVER, "bought", &json!({"filter": "known"})).error(403, "forbidden");
    delete(&server, SERVER, "bought").error(403, "forbidden");

    order(&server, "ann");
    walk(&server);
    let within = support::DEADLINE;
    let refused = delivered.recv_timeout(within).unwrap();
    let state = until("the failure is noted", || {
        let list = server.get("/v1/lists/bought").ok();
        (list["webhook"]["tries"] == 1).then(|| list["webhook"].clone())
    });
    assert_eq!((&state["waiting"], &state["nextTryAt"]), (&json!(1), &json!("2026-11-22T12:00:05.000Z")));
    assert!(state["failure"].as_str().unwrap().contains("it answered 500"), "{state}");
    // Nothing is lost over a stop, and it is not tried before its time.
    let server = server.restart();
    order(&server, "bob");
    walk(&server);
    assert!(delivered.recv_timeout(Duration::from_millis(1_500)).is_err());
    server.advance(Duration::from_secs(5));
    let taken: Vec<Delivered> = (0..2).map(|_| delivered.recv_timeout(within).unwrap()).collect();
    assert_eq!(taken[0].body, refused.body, "the same event under the same id");
    for (delivered, user, number) in [(&taken[0], "ann", 2), (&taken[1], "bob", 3)] {
        let event: Value = serde_json::from_str(&delivered.body).unwrap();
        assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("rapport.list.entered")));
        assert_eq!((&event["id"], &event["source"]), (&json!(format!("bought-{number}")), &json!("/v1/lists/bought")));
        assert_eq!(
            (&event["subject"], &event["data"]["customerId"]),
            (&json!(id(&server, user)), &json!(id(&server, user)))
        );
        assert_eq!(event["data"]["customer"]["features"], json!({"orders_30d": 1.0}));
        let header = |name: &str| delivered.headers[name].as_str();
        assert_eq!(header("content-type"), "application/cloudevents+json; charset=utf-8");
        assert_eq!(header("webhook-id"), event["id"]);
        let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), delivered.body);
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes()))));
    }
    let state = until("all is taken", || {
        let list = server.get("/v1/lists/bought").ok();
        (list["webhook"]["waiting"] == 0).then(|| list["webhook"].clone())
    });
    assert_eq!((&state["taken"], &state["tries"], &state["failure"]), (&json!(3), &json!(0), &Value::Null));

    server.advance(Duration::from_secs(40 * 86_400));
    walk(&server);
    let event: Value = serde_json::from_str(&delivered.recv_timeout(within).unwrap().body).unwrap();
    assert_eq!(event["type"], "rapport.list.left");
}

/// HMAC-SHA256 by another way than the server's: RFC 2104 on whole buffers.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    assert!(key.len() <= 64);
    let mut block = key.to_vec();
    block.resize(64, 0);
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    sha256(&[pad(0x5c), sha256(&[pad(0x36), message.to_vec()].concat())].concat())
}

#[test]
fn nobody_leaves_because_somebody_is_erased_in_the_middle_of_a_walk() {
    let server = TestServer::start();
    save(&server, SERVER, &json!({"name": "bought", "filter": "orders_30d>=1"})).ok();
    for user in ["a", "b", "c", "d", "e"] {
        order(&server, user);
    }
    walk(&server);
    let is_erased = std::cell::Cell::new(false);
    let walked = server.engine().follow_lists(Duration::MAX, &|| {
        if !is_erased.replace(true) {
            let headers = [("authorization", &*format!("Bearer {ADMIN}"))];
            assert_eq!(server.send("DELETE", "/v1/customers/c", &headers, "").status, 200);
        }
        false
    });
    assert_eq!(walked.unwrap(), RollCall::Broken, "these are not all");
    assert!(is_erased.get());
    walk(&server);
    assert_eq!(server.engine().ports().lists.members("bought").unwrap().len(), 4);
    let all = changes(&server, "bought", 0);
    assert!(all.len() == 4 && all.iter().all(|(_, _, change)| change == "entered"), "{all:?}");
}

#[test]
fn who_asks_about_a_list_that_cannot_be_read_any_more_keeps_whom_it_had() {
    let segment = json!({"name": "vip", "rule": [{"feature": "orders_365d", "at_least": 1}]});
    let segment = Segment::from_table(segment.as_object().unwrap()).unwrap();
    let server = TestServer::start_with(|settings| settings.segments = vec![segment]);
    save(&server, SERVER, &json!({"name": "inner", "filter": "segment=\"vip\""})).ok();
    save(&server, SERVER, &json!({"name": "outer", "filter": "list=\"inner\""})).ok();
    save(&server, SERVER, &json!({"name": "outermost", "filter": "known and list=\"outer\""})).ok();
    order(&server, "a");
    walk(&server);
    let n = |server: &TestServer, name: &str| server.engine().ports().lists.members(name).unwrap().len();
    assert_eq!((n(&server, "inner"), n(&server, "outer"), n(&server, "outermost")), (1, 1, 1));
    let server = server.restart_with(|settings| settings.segments.clear());
    walk(&server);
    for name in ["inner", "outer", "outermost"] {
        assert_eq!(n(&server, name), 1, "{name}");
        assert!(changes(&server, name, 0).iter().all(|(_, _, change)| change == "entered"), "{name}");
        let state = server.engine().list(name).unwrap().state;
        assert!(state.failure.is_some_and(|why| name == "inner" || why.contains("\"inner\"")), "{name}");
    }
    let said = server.get("/v1/customers?filter=list%3D%22outer%22").error(400, "invalid");
    assert!(said.contains("\"inner\""), "{said}");
}

#[test]
fn another_address_goes_on_where_the_one_before_stopped_and_does_not_wait_for_its_failures() {
    let server = TestServer::start();
    let (url, answers, first) = webhook();
    let list = |url: &str| json!({"name": "all", "filter": "known", "webhook": url});
    save(&server, ADMIN, &list(&url)).ok();
    answers.send(204).unwrap();
    answers.send(500).unwrap();
    for user in ["a", "b"] {
        order(&server, user);
        walk(&server);
        first.recv_timeout(support::DEADLINE).unwrap();
    }
    let delivery = || server.engine().list("all").unwrap().state.delivery;
    until("a failure", || (delivery().n_tries == 1).then_some(()));
    // The clock stands still: the old address is not tried again.
    put(&server, ADMIN, "all", &list(&url)).ok();
    assert_eq!((delivery().n_tries, delivery().upto), (1, 1), "it is the same address");
    order(&server, "c");
    walk(&server);
    let (url, _answers, told) = webhook();
    let saved = put(&server, ADMIN, "all", &json!({"webhook": url})).ok()["webhook"].clone();
    assert_eq!((&saved["taken"], &saved["waiting"], &saved["lost"]), (&json!(1), &json!(2), &json!(0)));
    assert_eq!((&saved["tries"], &saved["nextTryAt"], &saved["failure"]), (&json!(0), &Value::Null, &Value::Null));
    for user in ["b", "c"] {
        let delivered = told.recv_timeout(support::DEADLINE).unwrap();
        assert!(delivered.body.contains(&id(&server, user)), "{}", delivered.body);
    }
    until("all is taken", || (delivery().upto == 3).then_some(()));
    assert!(first.try_recv().is_err(), "nothing more came to the old one");
}

#[test]
fn what_is_left_out_of_a_change_stays_and_another_filter_was_not_looked_at() {
    let server = TestServer::start();
    identify(&server, "ann", &json!({"city": "Graz"}));
    let (url, _answers, told) = webhook();
    let list = json!({"name": "in_graz", "title": "Grazers", "filter": "traits.city=\"Graz\"", "sort": "id", "columns": "known",
        "webhook": url});
    let saved = save(&server, ADMIN, &list).ok();
    assert_eq!((&saved["count"], &saved["lookedAt"]), (&Value::Null, &Value::Null), "nobody has looked");
    until("it is looked at", || (server.get("/v1/lists/in_graz").ok()["count"] == 1).then_some(()));
    told.recv_timeout(support::DEADLINE).unwrap();
    let stays = |reply: &Value, fields: &[&str]| {
        for field in fields {
            assert_eq!(reply[field], list[field], "{field}");
        }
    };
    let changed = put(&server, ADMIN, "in_graz", &json!({"title": "From Graz"})).ok();
    stays(&changed, &["filter", "sort", "columns"]);
    assert_eq!((&changed["title"], &changed["webhook"]["url"]), (&json!("From Graz"), &json!(url)));
    assert_eq!(changed["count"], 1, "it is the same filter");
    let changed = put(&server, ADMIN, "in_graz", &json!({"filter": "known", "title": ""})).ok();
    stays(&changed, &["sort", "columns"]);
    assert_eq!(changed["title"], "In graz");
    until("it is looked at again", || (server.get("/v1/lists/in_graz").ok()["lookedAt"].is_string()).then_some(()));
    let changed = put(&server, ADMIN, "in_graz", &json!({"webhook": null, "sort": "", "columns": ""})).ok();
    assert_eq!((changed.get("webhook"), &changed["sort"], &changed["filter"]), (None, &json!(""), &json!("known")));
    put(&server, SERVER, "in_graz", &json!({"titel": "x"})).error(400, "invalid");

    // A look that began before does not say who is meant since.
    let is_changed = std::cell::Cell::new(false);
    let looked = server.engine().follow_lists(Duration::MAX, &|| {
        if !is_changed.replace(true) {
            let changed = put(&server, SERVER, "in_graz", &json!({"filter": "not known"})).ok();
            assert_eq!((&changed["count"], &changed["lookedAt"]), (&Value::Null, &Value::Null));
        }
        false
    });
    assert_eq!(looked.unwrap(), RollCall::Whole);
    assert_ne!(server.get("/v1/lists/in_graz").ok()["count"], 1);
    until("nobody is on it", || (server.get("/v1/lists/in_graz").ok()["count"] == 0).then_some(()));
}

#[test]
fn a_webhook_elsewhere_speaks_https_unless_the_settings_say_otherwise() {
    let list = |url: &str| json!({"name": "all", "filter": "known", "webhook": url});
    let server = TestServer::start();
    let said = save(&server, ADMIN, &list("http://10.1.2.3/x")).error(400, "invalid");
    assert!(said.contains("10.1.2.3") && said.contains("webhooks.plain_http"), "{said}");
    save(&server, ADMIN, &list("https://example.org/x")).ok();
    put(&server, ADMIN, "all", &list("http://10.1.2.3/x")).error(400, "invalid");
    let server = server.restart_with(|settings| settings.webhooks.plain_http = true);
    put(&server, ADMIN, "all", &list("http://192.0.2.1/x")).ok();
    // Where it is not allowed any more, nobody is told, and nothing is lost.
    let server = server.restart_with(|settings| settings.webhooks.plain_http = false);
    order(&server, "a");
    walk(&server);
    let state = until("it is said", || {
        let webhook = server.get("/v1/lists/all").ok()["webhook"].clone();
        webhook["failure"].is_string().then_some(webhook)
    });
    assert!(state["failure"].as_str().unwrap().contains("webhooks.plain_http"), "{state}");
    assert_eq!((&state["waiting"], &state["lost"]), (&json!(1), &json!(0)));
}

#[test]
fn whose_score_was_never_asked_for_has_it_all_the_same() {
    let server = TestServer::start();
    world::fill(server.engine());
    let count = |filter: &str| {
        let filter = filter.replace(' ', "%20").replace('=', "%3D").replace('"', "%22");
        server.get(&format!("/v1/customers?limit=1&filter={filter}")).ok()["count"].as_u64().unwrap()
    };
    let everybody = count("");
    let n_valued = count("value exists");
    assert_eq!(n_valued + count("not value exists"), everybody);
    assert!(n_valued > 10 && n_valued < everybody, "{n_valued} of {everybody}");
    assert_eq!(count("value exists"), n_valued);
    // The next day nothing of that is known any more, and nobody has left.
    save(&server, SERVER, &json!({"name": "valued", "filter": "value exists"})).ok();
    save(&server, SERVER, &json!({"name": "as_well", "filter": "list=\"valued\""})).ok();
    server.advance(Duration::from_secs(86_400));
    walk(&server);
    let n = |name: &str| server.engine().ports().lists.members(name).unwrap().len() as u64;
    assert_eq!((n("valued"), n("as_well")), (count("value exists"), n("valued")));
    assert!(n("valued") > 10);
}
