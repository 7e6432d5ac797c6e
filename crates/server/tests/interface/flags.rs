//! Do clients of OFREP and of GrowthBook find what they expect, and is a flag the same by every way?

use crate::support::{self, Reply, SERVER, TestServer, WRITE};
use decisions::{Experiment, Flag};
use serde_json::{Value, json};

fn start(change: impl FnOnce(&mut server::settings::Settings)) -> TestServer {
    let flags = json!([
        {"name": "checkout", "default": "old", "rules": [
            {"when": "traits.plan = \"pro\"", "value": "pro"}, {"experiment": "copy"}]},
        {"name": "price", "default": 1, "rules": [{"when": "traits.plan = \"pro\"", "value": 0.5}]},
        {"name": "limit", "default": 7},
        {"name": "off", "default": true, "on": false},
        {"name": "buyers", "default": false, "rules": [{"when": "orders_365d >= 1", "value": true}]},
        {"name": "menu", "default": {"items": []}},
    ]);
    let experiments = json!([
        {"name": "copy", "variations": [{"name": "control", "value": "A"}, {"name": "bold", "value": "B"}]},
    ]);
    TestServer::start_with(|settings| {
        settings.flags = serde_json::from_value::<Vec<Flag>>(flags).unwrap();
        settings.experiments = serde_json::from_value::<Vec<Experiment>>(experiments).unwrap();
        change(settings);
    })
}

fn ofrep(server: &TestServer, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let key = [("x-api-key", SERVER)];
    let headers = [&key[..], headers].concat();
    server.send("POST", &format!("/ofrep/v1/evaluate/flags{path}"), &headers, body.to_string())
}

fn of(customer: &str, plan: &str) -> Value {
    json!({"context": {"targetingKey": customer, "plan": plan}})
}

/// Who met an experiment, and in which arm.
fn met(server: &TestServer, experiment: &str) -> Vec<(String, String)> {
    let mut met = Vec::new();
    let mut each = |one: decisions::Exposed| {
        met.push((one.customer.to_string(), one.arm));
        true
    };
    let log = &server.engine().ports().decisions;
    // The name of a holdout's draw tells by which setting it was drawn.
    let is_meant = |name: &String| name.split(" #").next() == Some(experiment);
    for name in log.experiments().unwrap().into_keys().filter(is_meant) {
        log.exposed(&name, &mut each).unwrap();
    }
    met
}

fn metadata_aside(reply: &Reply) -> Value {
    let mut told = reply.json();
    let metadata = told.as_object_mut().unwrap().remove("metadata");
    assert!(metadata.is_some_and(|metadata| metadata["decisionId"].is_string()));
    told
}

#[test]
fn one_flag_is_told_as_openfeatures_clients_read_it() {
    let server = start(|_| {});
    for (key, plan, expected) in [
        (
            "checkout",
            "pro",
            json!({"key": "checkout", "value": "pro", "reason": "TARGETING_MATCH", "variant": "rule 1"}),
        ),
        ("price", "pro", json!({"key": "price", "value": 0.5, "reason": "TARGETING_MATCH", "variant": "rule 1"})),
        ("limit", "pro", json!({"key": "limit", "value": 7, "reason": "STATIC", "variant": "default"})),
        ("off", "pro", json!({"key": "off", "reason": "DISABLED", "variant": "default"})),
        ("menu", "pro", json!({"key": "menu", "value": {"items": []}, "reason": "STATIC", "variant": "default"})),
    ] {
        let reply = ofrep(&server, &format!("/{key}"), &[], &of("ann", plan));
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")), "{}", reply.text);
        assert_eq!(metadata_aside(&reply), expected);
    }
    // Clients that tell whole numbers from others find the type of the flag.
    let whole = |key: &str, text: &str| {
        let reply = ofrep(&server, &format!("/{key}"), &[], &of("ann", "free"));
        assert!(reply.text.contains(text), "{}", reply.text);
    };
    whole("price", "\"value\":1.0");
    whole("limit", "\"value\":7");
    let nobody = ofrep(&server, "/checkout", &[], &of("", "free"));
    assert_eq!((nobody.status, &nobody.json()["errorCode"]), (400, &json!("TARGETING_KEY_MISSING")), "{}", nobody.text);
    // What was drawn is the same at every time and by every way, and is met once.
    let drawn = metadata_aside(&ofrep(&server, "/checkout", &[], &of("ann", "free")));
    assert_eq!(drawn["reason"], "SPLIT");
    let again =
        server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": "ann", "flags": ["checkout"]}));
    let again = again.json();
    assert_eq!(again["flags"]["checkout"]["value"], drawn["value"]);
    assert_eq!(again["experiments"], json!({"copy": drawn["variant"]}));
    assert_eq!(met(&server, "copy"), [("ann".to_owned(), drawn["variant"].as_str().unwrap().to_owned())]);
    let id = again["decisionId"].as_str().unwrap();
    let replayed = server.post_as(SERVER, &format!("/v1/decisions/{id}/replay"), &json!({})).json();
    assert_eq!(replayed["identical"], true, "{replayed}");
}

#[test]
fn what_goes_wrong_is_told_to_the_byte() {
    let server = start(|_| {});
    let send = |path: &str, body: &str| {
        server.send("POST", &format!("/ofrep/v1/evaluate/flags{path}"), &[("x-api-key", SERVER)], body)
    };
    let cases = [
        ("/checkout", "{", 400, json!({"key": "checkout", "errorCode": "PARSE_ERROR"})),
        ("/checkout", "{}", 400, json!({"key": "checkout", "errorCode": "INVALID_CONTEXT"})),
        ("/checkout", "{\"context\":[]}", 400, json!({"key": "checkout", "errorCode": "INVALID_CONTEXT"})),
        ("/checkout", "{\"context\":{}}", 400, json!({"key": "checkout", "errorCode": "TARGETING_KEY_MISSING"})),
        (
            "/checkout",
            "{\"context\":{\"targetingKey\":7}}",
            400,
            json!({"key": "checkout", "errorCode": "INVALID_CONTEXT"}),
        ),
        (
            "/chekout",
            "{\"context\":{\"targetingKey\":\"a\"}}",
            404,
            json!({"key": "chekout", "errorCode": "FLAG_NOT_FOUND"}),
        ),
        (
            "/a/b%20c",
            "{\"context\":{\"targetingKey\":\"a\"}}",
            404,
            json!({"key": "a/b c", "errorCode": "FLAG_NOT_FOUND"}),
        ),
        ("", "{", 400, json!({"errorCode": "PARSE_ERROR"})),
        ("", "{\"context\":{\"targetingKey\":null}}", 400, json!({"errorCode": "TARGETING_KEY_MISSING"})),
        ("", "{\"context\":{\"targetingKey\":\"\"}}", 400, json!({"errorCode": "TARGETING_KEY_MISSING"})),
    ];
    for (path, body, status, expected) in cases {
        let reply = send(path, body);
        let mut told = reply.json();
        let details = told.as_object_mut().unwrap().remove("errorDetails");
        assert!(
            details.is_some_and(|details| details.as_str().is_some_and(|details| details.len() > 20)),
            "{}",
            reply.text
        );
        assert_eq!((reply.status, told), (status, expected), "{path} {body}");
    }
    let near = send("/chekout", "{\"context\":{\"targetingKey\":\"a\"}}").json();
    assert_eq!(near["errorDetails"], "there is no flag \"chekout\": did you mean \"checkout\"?");
    for (key, status) in [("", 401), ("wrong", 401), (WRITE, 403)] {
        for path in ["", "/checkout"] {
            let path = format!("/ofrep/v1/evaluate/flags{path}");
            let refused = server.send("POST", &path, &[("x-api-key", key)], of("ann", "pro").to_string());
            assert_eq!((refused.status, refused.json()["errorCode"].as_str()), (status, Some("GENERAL")), "{key}");
        }
    }
}

#[test]
fn all_flags_are_told_once_until_something_changes() {
    let server = start(|_| {});
    let first = ofrep(&server, "", &[], &of("ann", "pro"));
    let told = first.json();
    let keys: Vec<&str> = told["flags"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["buyers", "checkout", "limit", "menu", "off", "price"]);
    let etag = first.header("etag").unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{etag}");
    let n_logged = || server.engine().ports().decisions.counts().unwrap().0;
    let n = n_logged();
    for known in
        [etag.clone(), format!("W/{etag}, \"other\""), format!("\"other\", {etag}"), etag.trim_matches('"').to_owned()]
    {
        let path = "?flagConfigEtag=x&flagConfigLastModified=1771622898";
        let again = ofrep(&server, path, &[("if-none-match", &known)], &of("ann", "pro"));
        assert_eq!(
            (again.status, again.text.as_str(), again.header("etag")),
            (304, "", Some(etag.as_str())),
            "{known}"
        );
    }
    assert_eq!(n_logged(), n, "who has the answer already is not told again, and nothing is logged");
    // Another context, another customer, and what is known of them by now: each is another answer.
    for body in
        [of("ann", "free"), of("bob", "pro"), json!({"context": {"targetingKey": "ann", "plan": "pro", "x": 1}})]
    {
        let other = ofrep(&server, "", &[("if-none-match", &etag)], &body);
        assert_eq!(other.status, 200);
        assert_ne!(other.header("etag"), Some(etag.as_str()), "{body}");
    }
    let order = json!({"type": "track", "event": "Order Completed", "userId": "ann", "messageId": "m-1",
        "properties": {"order_id": "1", "currency": "EUR", "revenue": 5, "products": [{"product_id": "p", "price": 5}]}});
    assert_eq!(server.post_as(SERVER, "/v1/track", &order).status, 200);
    let changed = ofrep(&server, "", &[("if-none-match", &etag)], &of("ann", "pro"));
    assert_eq!(changed.status, 200, "they have bought something since");
    let buyers = changed.json()["flags"][0].clone();
    assert_eq!((&buyers["key"], &buyers["value"]), (&json!("buyers"), &json!(true)));
    let headers = [("origin", "https://shop.example"), ("x-api-key", SERVER)];
    let crossing = server.send("POST", "/ofrep/v1/evaluate/flags", &headers, of("ann", "pro").to_string());
    let exposed = crossing.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
    assert!(exposed.contains("etag"), "{exposed}");
}

#[test]
fn whoever_polls_meets_a_holdout_that_begins_also_where_their_answer_stays_the_same() {
    let server = start(|_| {});
    let customers: Vec<String> = (0..12).map(|n| format!("user-{n}")).collect();
    let ask = |server: &TestServer, customer: &str, etag: &str| {
        let reply = ofrep(server, "", &[("if-none-match", etag)], &of(customer, "pro"));
        (reply.status, reply.header("etag").unwrap().to_owned())
    };
    let ask_all = |server: &TestServer, etags: &[String]| {
        let asked = customers.iter().zip(etags).map(|(customer, etag)| ask(server, customer, etag));
        asked.unzip::<u16, String, Vec<_>, Vec<_>>()
    };
    let (first, etags) = ask_all(&server, &vec!["\"none\"".to_owned(); 12]);
    assert!(first.iter().all(|status| *status == 200));
    assert!(ask_all(&server, &etags).0.iter().all(|status| *status == 304));
    let server = server.restart_with(|settings| settings.holdout.kinds = [("flags".to_owned(), 0.5)].into());
    let (begun, etags) = ask_all(&server, &etags);
    assert!(begun.iter().all(|status| *status == 200), "{begun:?}");
    let drawn = met(&server, "holdout of flags");
    assert_eq!(drawn.len(), 12, "{drawn:?}");
    for arm in ["treated", "holdout"] {
        assert!(drawn.iter().any(|(_, of)| of == arm), "{arm}: {drawn:?}");
    }
    assert!(ask_all(&server, &etags).0.iter().all(|status| *status == 304));
}

#[test]
fn whoever_is_held_out_gets_defaults_by_every_way() {
    let server = start(|settings| settings.holdout.kinds = [("flags".to_owned(), 0.9)].into());
    let held = (0..200).map(|n| format!("user-{n}")).find(|user| {
        let reply = server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": user})).json();
        reply["arm"] == "holdout"
    });
    let held = held.unwrap();
    let reply = server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": held})).json();
    let checkout = json!({"value": "old", "variation": null, "reason": "holdout", "rule": null});
    assert_eq!((&reply["flags"]["checkout"], &reply["experiments"]), (&checkout, &json!({})));
    let told = metadata_aside(&ofrep(&server, "/checkout", &[], &of(&held, "pro")));
    assert_eq!(told, json!({"key": "checkout", "value": "old", "reason": "SPLIT", "variant": "default"}));
    let eval =
        server.send("POST", &format!("/api/eval/{SERVER}"), &[], json!({"attributes": {"id": held}}).to_string());
    assert_eq!(eval.json()["features"]["checkout"], json!({"defaultValue": "old"}));
}

#[test]
fn growthbooks_clients_load_what_is_declared_and_find_the_same() {
    let server = start(|_| {});
    let loaded = server.send("GET", &format!("/api/features/{WRITE}"), &[], "");
    assert_eq!(loaded.status, 200, "{}", loaded.text);
    let etag = loaded.header("etag").unwrap().to_owned();
    let known = server.send("GET", &format!("/api/features/{WRITE}"), &[("if-none-match", &etag)], "");
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let any = server.send("GET", &format!("/api/features/{WRITE}"), &[("if-none-match", "*")], "");
    assert_eq!(any.status, 304);
    // A browser asks here first, or whoever is told of a change would load what its cache kept.
    assert_eq!([&loaded, &known].map(|reply| reply.header("cache-control")), [Some("no-cache"); 2]);
    let loaded = loaded.json();
    assert_eq!((&loaded["status"], &loaded["experiments"]), (&json!(200), &json!([])));
    assert!(loaded["dateUpdated"].as_str().is_some_and(|at| at.ends_with('Z')), "{loaded}");
    let checkout = &loaded["features"]["checkout"];
    assert_eq!(checkout["defaultValue"], "old");
    assert_eq!(checkout["rules"][0]["condition"], json!({"plan": {"$eq": "pro"}}));
    let drawn = &checkout["rules"][1];
    assert_eq!(
        (&drawn["key"], &drawn["hashVersion"], &drawn["weights"]),
        (&json!("copy"), &json!(2), &json!([0.5, 0.5]))
    );
    // What only the server knows does not leave it.
    assert!(!loaded.to_string().contains("orders_365d"), "{loaded}");
    for customer in ["ann", "bob", "cleo", "dora"] {
        let eval = server.send(
            "POST",
            &format!("/api/eval/{SERVER}"),
            &[],
            json!({"attributes": {"id": customer, "plan": "free"}, "forcedVariations": {}, "forcedFeatures": [], "url": ""})
                .to_string(),
        );
        assert_eq!(eval.status, 200, "{}", eval.text);
        let checkout = eval.json()["features"]["checkout"].clone();
        let ours = metadata_aside(&ofrep(&server, "/checkout", &[], &of(customer, "free")));
        assert_eq!(checkout["defaultValue"], ours["value"]);
        let track = &checkout["rules"][0]["tracks"][0];
        assert_eq!((&track["experiment"]["key"], &track["result"]["key"]), (&json!("copy"), &ours["variant"]));
        assert_eq!(track["result"]["hashValue"], customer);
    }
    let forced = |body: Value| {
        let reply = server.send("POST", &format!("/api/eval/{SERVER}"), &[], body.to_string());
        reply.json()["features"]["checkout"].clone()
    };
    let id = json!({"id": "ann"});
    assert_eq!(forced(json!({"attributes": id, "forcedVariations": {"copy": 1}})), json!({"defaultValue": "B"}));
    assert_eq!(forced(json!({"attributes": id, "forcedVariations": {"copy": 0}})), json!({"defaultValue": "A"}));
    assert_eq!(forced(json!({"attributes": id, "forcedFeatures": [["checkout", "X"]]})), json!({"defaultValue": "X"}));
    assert_eq!(forced(json!({"attributes": {}})), json!({"defaultValue": "old"}), "nobody is drawn");
    for (path, body, status) in [
        ("/api/eval/wrong", "{}", 401),
        (&format!("/api/eval/{WRITE}"), "{}", 403),
        (&format!("/api/eval/{SERVER}"), "{", 400),
    ] {
        let refused = server.send("POST", path, &[], body);
        let told = refused.json();
        assert_eq!((refused.status, &told["status"]), (status, &json!(status)));
        assert!(told["error"].as_str().is_some_and(|error| error.len() > 20), "{told}");
    }
    assert_eq!(server.send("GET", "/api/features/wrong", &[], "").status, 401);
}

#[test]
fn whoever_forces_what_they_see_does_not_count_for_what_was_drawn() {
    let server = start(|settings| settings.holdout.kinds = [("flags".to_owned(), 0.000_001)].into());
    let eval = |customer: &str, more: Value| {
        let mut body = json!({"attributes": {"id": customer, "plan": "free"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = server.send("POST", &format!("/api/eval/{SERVER}"), &[], body.to_string());
        reply.ok()["features"]["checkout"].clone()
    };
    let of_experiment = || met(&server, "copy").into_iter().map(|(customer, _)| customer).collect::<Vec<_>>();
    assert_eq!(eval("ann", json!({"forcedVariations": {"copy": 1}})), json!({"defaultValue": "B"}));
    assert_eq!(eval("bob", json!({"forcedFeatures": [["checkout", "X"]]})), json!({"defaultValue": "X"}));
    assert_eq!(eval("bob", json!({"forcedFeatures": {"checkout": "X"}})), json!({"defaultValue": "X"}));
    assert_eq!(of_experiment(), Vec::<String>::new());
    // What is forced changes nothing of these.
    eval("cleo", json!({"forcedVariations": {"copy": 9, "other": 1}}));
    eval("dora", json!({"forcedFeatures": [["limit", 1]]}));
    eval("emil", json!({}));
    let mut counted = of_experiment();
    counted.sort();
    assert_eq!(counted, ["cleo", "dora", "emil"]);
    assert_eq!(met(&server, "holdout of flags").len(), 5, "nobody forces the holdout's draw");
}

#[test]
fn one_address_does_not_take_the_places_of_all_who_listen() {
    let server = start(|settings| settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    let listen = |from: &str| {
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(support::DEADLINE)).unwrap();
        let ask = format!("GET /sub/{WRITE} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {from}\r\n\r\n");
        std::io::Write::write_all(&mut stream, ask.as_bytes()).unwrap();
        let mut line = String::new();
        let mut reader = std::io::BufReader::new(stream);
        std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
        (line.split(' ').nth(1).unwrap().to_owned(), reader)
    };
    let held: Vec<_> = (0..32).map(|_| listen("203.0.113.7")).collect();
    assert!(held.iter().all(|(status, _)| status == "200"));
    assert_eq!(listen("203.0.113.7").0, "429");
    assert_eq!(listen("203.0.113.8").0, "200");
}

#[test]
fn a_flag_is_switched_while_the_server_runs_and_decisions_of_before_are_made_again_as_they_were() {
    let server = start(|_| {});
    let decide = || server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": "ann"})).json();
    let first = decide();
    assert_eq!(first["flags"]["limit"]["value"], 7);
    let file = server.data().join("rapport.toml");
    let waits_for = |is_there: &dyn Fn() -> bool| {
        let watch = engine::Stopwatch::start();
        while !is_there() {
            assert!(watch.elapsed() < support::DEADLINE, "the settings are not followed");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
    };
    let mut listening = std::net::TcpStream::connect(server.address()).unwrap();
    listening.set_read_timeout(Some(support::DEADLINE)).unwrap();
    let sub = format!("GET /sub/{WRITE} HTTP/1.1\r\nhost: {}\r\n\r\n", server.address());
    std::io::Write::write_all(&mut listening, sub.as_bytes()).unwrap();
    std::fs::write(&file, "[[flags]]\nname = \"limit\"\ndefault = 9\n").unwrap();
    waits_for(&|| decide()["flags"]["limit"]["value"] == 9);
    let now = decide();
    assert_eq!(now["flags"].as_object().unwrap().len(), 1, "{now}");
    assert_eq!(ofrep(&server, "/limit", &[], &of("ann", "pro")).json()["value"], 9);
    assert_eq!(ofrep(&server, "/checkout", &[], &of("ann", "pro")).status, 404);
    let told = std::io::BufReader::new(listening);
    let mut lines = std::io::BufRead::lines(told).map(|line| line.unwrap());
    assert!(lines.next().is_some_and(|line| line.contains("200")));
    assert!(lines.any(|line| line == "event: features-updated"), "whoever listens is told");
    let loaded = server.send("GET", &format!("/api/features/{WRITE}"), &[], "");
    assert_eq!(loaded.header("x-sse-support"), Some("enabled"));
    assert_eq!(loaded.json()["features"], json!({"limit": {"defaultValue": 9}}));
    assert_eq!(server.send("GET", "/sub/wrong", &[], "").status, 401);
    for decision in [&first, &now] {
        let id = decision["decisionId"].as_str().unwrap();
        let replayed = server.post_as(SERVER, &format!("/v1/decisions/{id}/replay"), &json!({})).json();
        assert_eq!(replayed["identical"], true, "{replayed}");
    }
    // What cannot be used changes nothing, and is told.
    std::fs::write(&file, "[[flags]]\nname = \"limit\"\ndefault = 11\nneeds = [{ flag = \"limit\", is = 1 }]\n")
        .unwrap();
    waits_for(&|| server.engine().refused_features().is_some_and(|why| why.contains("limit needs limit")));
    assert_eq!(decide()["flags"]["limit"]["value"], 9);
}

#[test]
fn a_decision_about_flags_is_found_again_and_a_flag_that_is_not_there_is_named_with_the_nearest() {
    let server = start(|_| {});
    let decided = server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": "ann"})).json();
    let id = decided["decisionId"].as_str().unwrap();
    let record = server.get(&format!("/v1/decisions/{id}"));
    assert_eq!(record.status, 200);
    let refused =
        server.post_as(SERVER, "/v1/decide", &json!({"decision": "flags", "userId": "ann", "flags": ["chekout"]}));
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("did you mean \\\"checkout\\\"?"), "{}", refused.text);
}
