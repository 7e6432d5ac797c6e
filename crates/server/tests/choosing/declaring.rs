//! Can people declare actions, flags and experiments while the server runs, and does what is refused change nothing?

mod starts;
use crate::support::{self, ADMIN, Reply, SERVER, TestServer, WRITE, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn put(server: &TestServer, path: &str, body: &Value) -> Reply {
    put_if(server, path, body, &[])
}

fn put_if(server: &TestServer, path: &str, body: &Value, more: &[(&str, &str)]) -> Reply {
    let key = format!("Bearer {SERVER}");
    let headers = [&[("authorization", key.as_str()), ("content-type", "application/json")], more].concat();
    server.send("PUT", path, &headers, body.to_string())
}

fn delete(server: &TestServer, path: &str) -> Reply {
    server.send("DELETE", path, &[("authorization", &format!("Bearer {SERVER}"))], "")
}

fn post(server: &TestServer, path: &str, body: &Value) -> Reply {
    server.post_as(SERVER, path, body)
}

fn flag_of(server: &TestServer, flag: &str, customer: &str) -> Value {
    let answer = server.decide(&json!({"decision": "flags", "userId": customer, "flags": [flag]})).ok();
    answer["flags"][flag]["value"].clone()
}

fn copy(state: &str) -> Value {
    json!({"name": "copy", "state": state, "share": 0.5, "layer": "checkout",
        "variations": [{"name": "control", "value": "A"}, {"name": "bold", "value": "B", "weight": 3}]})
}

/// One of each list that says every key, and what each key becomes where it is changed.
fn full() -> Vec<(&'static str, Value)> {
    vec![
        (
            "actions",
            json!({
                "name": "grinder", "title": "A grinder", "group": "cross_sell", "channels": ["email", "web"],
                "eligible": "orders_365d >= 1", "suitable": "score.churn < 0.6", "stock": "LK-0042", "value": 12.5,
                "cost": 0.25, "prior": 0.03, "from": "2026-12-01T00:00:00.000Z", "until": "2026-12-24T00:00:00.000Z",
                "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true, "service": true,
                "mandatory": true, "times": 3, "features": {"price": 89.0}, "content": {"url": "/grinders"},
            }),
        ),
        (
            "offers",
            json!({
                "name": "tenth", "title": "A tenth off", "group": "cart", "channels": ["email", "web"],
                "eligible": "orders_365d >= 1", "suitable": "score.churn < 0.6", "stock": "LK-0042", "value": 12.5,
                "cost": 0.25, "prior": 0.03, "from": "2026-12-01T00:00:00.000Z", "until": "2026-12-24T00:00:00.000Z",
                "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true, "service": true,
                "times": 3, "features": {"price": 89.0}, "content": {"url": "/tenth"}, "discount": 0.1,
                "budget": {"amount": 500.0, "days": 7}, "keeps": true,
            }),
        ),
        (
            "experiments",
            json!({
                "name": "copy", "title": "The copy", "who": "orders_365d >= 1", "share": 0.5, "layer": "checkout",
                "stretch": [0.25, 0.75], "metrics": ["revenue"], "guardrails": ["refunds"], "days": 21, "state": "draft",
                "variations": [{"name": "control", "value": "A", "weight": 1.0}, {"name": "bold", "value": "B", "weight": 3.0}],
            }),
        ),
        (
            "flags",
            json!({
                "name": "checkout", "title": "The checkout", "type": "text", "default": "old", "on": false,
                "needs": [{"flag": "login", "is": true}],
                "rules": [{"value": "new", "when": "traits.plan = \"pro\""}, {"experiment": "copy"}, {"share": 0.25, "value": "new"}],
            }),
        ),
    ]
}

#[test]
fn every_key_of_every_list_comes_back_as_it_was_sent_also_after_a_restart() {
    let server = TestServer::start();
    post(&server, "/v1/flags", &json!({"name": "login", "default": false})).ok();
    let told = |server: &TestServer| -> Vec<Value> {
        let all = full()
            .into_iter()
            .map(|(list, table)| server.get(&format!("/v1/{list}/{}", table["name"].as_str().unwrap())).ok());
        all.collect()
    };
    for (list, table) in full() {
        let mut saved = post(&server, &format!("/v1/{list}"), &table).ok();
        assert_eq!(saved.as_object_mut().unwrap().remove("source"), Some(json!("saved")));
        assert_eq!(saved, table);
        let again = post(&server, &format!("/v1/{list}"), &table);
        assert!(again.error(409, "conflict").contains("already"));
    }
    let before = told(&server);
    let all = server.get("/v1/declarations").ok();
    assert_eq!(all["told"], json!([]));
    let server = server.restart();
    assert_eq!(told(&server), before);
    assert_eq!(server.get("/v1/declarations").ok(), all);
    // What is sent back as it was told changes nothing, a key that is left out stays, and null takes one away.
    for (list, table) in full() {
        let path = format!("/v1/{list}/{}", table["name"].as_str().unwrap());
        let told = server.get(&path);
        assert_eq!(put(&server, &path, &told.json()).ok(), told.json());
        assert_eq!(put(&server, &path, &json!({})).ok(), told.json());
        let renamed = put(&server, &path, &json!({"title": "Another"})).ok();
        assert_eq!(renamed["title"], "Another");
        let unnamed = put(&server, &path, &json!({"title": null})).ok();
        assert_ne!(unnamed["title"], "Another");
        assert!(put(&server, &path, &json!({"name": "other"})).error(400, "invalid").contains("it keeps its name"));
    }
    // What asks for it goes first.
    assert!(
        delete(&server, "/v1/experiments/copy").error(400, "invalid").contains("flag \"checkout\": rules.experiment")
    );
    for path in
        ["/v1/flags/checkout", "/v1/flags/login", "/v1/experiments/copy", "/v1/actions/grinder", "/v1/offers/tenth"]
    {
        delete(&server, path).ok();
        delete(&server, path).error(404, "not_found");
    }
    let server = server.restart();
    assert_eq!(
        server.get("/v1/declarations").ok(),
        json!({"actions": [], "offers": [], "experiments": [], "flags": [], "told": []})
    );
}

#[test]
fn what_is_refused_says_where_and_leaves_the_former_in_force_under_load() {
    let server = TestServer::start();
    post(&server, "/v1/flags", &json!({"name": "limit", "default": 7})).ok();
    post(&server, "/v1/actions", &json!({"name": "mail", "value": 5})).ok();
    let (is_done, n_asked, mut refusals) = (AtomicBool::new(false), AtomicU64::new(0), Vec::new());
    std::thread::scope(|scope| {
        for asker in 0..2 {
            let (server, is_done, n_asked) = (&server, &is_done, &n_asked);
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    let n = n_asked.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(flag_of(server, "limit", &format!("{asker}-{n}")), json!(7));
                    let acted = server.decide(&json!({"decision": "act", "userId": format!("{asker}-{n}")})).ok();
                    assert_eq!(acted["actions"][0]["id"], "mail", "{acted}");
                }
            });
        }
        for (method, path, body, said) in [
            ("POST", "/v1/flags", json!({"name": "Limit", "default": 1}), "flag \"Limit\": name is \"Limit\""),
            ("POST", "/v1/flags", json!({"name": "a"}), "flag \"a\": default is missing"),
            (
                "POST",
                "/v1/flags",
                json!({"name": "a", "default": 1, "defualt": 2}),
                "there is no such key: write default",
            ),
            (
                "PUT",
                "/v1/flags/limit",
                json!({"rules": [{"when": "ordrs_365d > 1", "value": 1}]}),
                "flag \"limit\": rules.when is",
            ),
            ("PUT", "/v1/flags/limit", json!({"default": "seven", "type": null}), "clients ask for it as number"),
            ("PUT", "/v1/flags/limit", json!({"needs": [{"flag": "limit", "is": 7}]}), "wait for each other"),
            ("PUT", "/v1/actions/mail", json!({"value": 0}), "action \"mail\": value is 0"),
            ("PUT", "/v1/actions/mail", json!({"weight": 0}), "all actions have the weight 0"),
            (
                "PUT",
                "/v1/actions/mail",
                json!({"eligible": "orders_365d > 3 and orders_365d < 2"}),
                "it can hold of nobody",
            ),
            ("POST", "/v1/experiments", json!({"name": "x", "variations": []}), "experiment \"x\": variations is []"),
            (
                "POST",
                "/v1/experiments",
                {
                    let mut copy = copy("draft");
                    copy["metrics"] = json!(["revenu"]);
                    copy
                },
                "experiment \"copy\": metrics is \"revenu\": there is no KPI of this name: did you mean \"revenue\"?",
            ),
            ("POST", "/v1/actions", json!([]), "send the keys of the table as JSON"),
        ] {
            let refused = match method {
                "PUT" => put(&server, path, &body),
                _ => post(&server, path, &body),
            };
            refusals.push((refused, said));
        }
        let watch = engine::Stopwatch::start();
        while n_asked.load(Ordering::Relaxed) < 40 && watch.elapsed() < support::DEADLINE {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        is_done.store(true, Ordering::Relaxed);
    });
    for (refused, said) in refusals {
        let message = refused.error(400, "invalid");
        assert!(message.contains(said), "{message} does not say {said}");
    }
    assert!(n_asked.load(Ordering::Relaxed) >= 40);
    let all = server.get("/v1/declarations").ok();
    assert_eq!((all["flags"].as_array().unwrap().len(), all["actions"].as_array().unwrap().len()), (1, 1));
    let server = server.restart();
    assert_eq!(server.get("/v1/declarations").ok(), all);
}

#[test]
fn a_flag_is_switched_off_by_one_request_and_an_action_is_there_at_once() {
    let server = TestServer::start();
    post(&server, "/v1/flags", &json!({"name": "banner", "default": false, "rules": [{"share": 1, "value": true}]}))
        .ok();
    assert_eq!(flag_of(&server, "banner", "ann"), json!(true));
    put(&server, "/v1/flags/banner", &json!({"on": false})).ok();
    assert_eq!(flag_of(&server, "banner", "ann"), json!(false), "from the answer on");
    put(&server, "/v1/flags/banner", &json!({"on": true})).ok();
    assert_eq!(flag_of(&server, "banner", "ann"), json!(true));
    // What was decided before is made again as it was, whatever is declared since.
    let act = json!({"decision": "act", "userId": "ann"});
    assert_eq!(server.decide(&act).ok()["actions"], json!([]));
    let tasks = |server: &TestServer| server.engine().capabilities().tasks.names().any(|task| task.as_str() == "act");
    assert!(!tasks(&server), "nothing is learned of nothing");
    post(&server, "/v1/actions", &json!({"name": "mail", "value": 5, "title": "A mail"})).ok();
    let acted = server.decide(&act).ok();
    assert_eq!(acted["actions"][0]["id"], "mail");
    assert!(tasks(&server));
    delete(&server, "/v1/actions/mail").ok();
    assert_eq!(server.decide(&act).ok()["actions"], json!([]));
    assert!(server.replays(&acted));
    // The audit list says who did it.
    let audit = server.get_as(ADMIN, "/v1/audit?deed=declared&limit=50").ok();
    let subjects: Vec<&str> =
        audit["entries"].as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["actions mail", "flags banner", "flags banner", "flags banner"]);
    let removed = server.get_as(ADMIN, "/v1/audit?deed=declaration_removed").ok();
    assert_eq!(removed["entries"][0]["subject"], "actions mail");
    // Only the company's own services and admins do it.
    for (key, status) in [(WRITE, 403), ("wrong", 401)] {
        assert_eq!(server.post_as(key, "/v1/flags", &json!({"name": "x", "default": 1})).status, status);
        assert_eq!(server.get_as(key, "/v1/flags").status, status);
    }
}

#[test]
fn of_two_changes_at_a_time_none_is_lost_and_who_read_before_is_told() {
    let server = TestServer::start();
    post(&server, "/v1/actions", &json!({"name": "mail", "value": 1})).ok();
    std::thread::scope(|scope| {
        for (key, value) in [("cost", json!(0.5)), ("title", json!("A")), ("weight", json!(2.0)), ("group", json!("g"))]
        {
            let server = &server;
            scope.spawn(move || put(server, "/v1/actions/mail", &json!({ (key): value })).ok());
        }
        for name in ["a", "b", "c", "d"] {
            let server = &server;
            scope.spawn(move || post(server, "/v1/actions", &json!({"name": name, "value": 1})).ok());
        }
    });
    let told = server.get("/v1/actions/mail");
    let mail = told.json();
    assert_eq!(
        (&mail["cost"], &mail["title"], &mail["weight"], &mail["group"]),
        (&json!(0.5), &json!("A"), &json!(2.0), &json!("g"))
    );
    assert_eq!(server.get("/v1/actions").ok()["actions"].as_array().unwrap().len(), 5);
    let etag = told.header("etag").unwrap().to_owned();
    put_if(&server, "/v1/actions/mail", &json!({"value": 2}), &[("if-match", &etag)]).ok();
    let late = put_if(&server, "/v1/actions/mail", &json!({"value": 3}), &[("if-match", &etag)]);
    assert!(late.error(409, "conflict").contains("GET it again"));
    assert_eq!(server.get("/v1/actions/mail").json()["value"], 2.0);
    put_if(&server, "/v1/actions/mail", &json!({"value": 3}), &[("if-match", "*")]).ok();
}

#[test]
fn an_experiment_that_has_begun_stays_what_it_is() {
    let server = TestServer::start();
    let drawn =
        |server: &TestServer| -> Vec<Value> { (0..40).map(|n| flag_of(server, "button", &format!("u{n}"))).collect() };
    post(
        &server,
        "/v1/experiments",
        &json!({"name": "first", "share": 0.25, "layer": "checkout", "state": "draft",
        "variations": [{"name": "control", "value": "A"}, {"name": "bold", "value": "B"}]}),
    )
    .ok();
    post(&server, "/v1/experiments", &copy("draft")).ok();
    post(&server, "/v1/flags", &json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]})).ok();
    assert!(drawn(&server).iter().all(|value| value == ""), "a draft draws nobody");
    let began = put(&server, "/v1/experiments/copy", &json!({"state": "running"})).ok();
    assert_eq!(began["stretch"], json!([0.25, 0.75]), "{began}");
    assert!(began["began"].as_str().unwrap().starts_with("2026-11-22T12:00"), "{began}");
    let before = drawn(&server);
    assert!(["", "A", "B"].iter().all(|value| before.iter().any(|drawn| drawn == value)), "{before:?}");
    let refused = |server: &TestServer, change: Value| {
        let message = put(server, "/v1/experiments/copy", &change).error(409, "conflict");
        assert!(message.starts_with("experiment \"copy\": "), "{message}");
        message
    };
    let server = {
        let check = |server: &TestServer| {
            let weights = json!([{"name": "control", "value": "A"}, {"name": "bold", "value": "B"}]);
            assert!(refused(server, json!({ "variations": weights })).contains("variations"));
            assert!(refused(server, json!({"layer": null, "stretch": null})).contains("layer"));
            assert!(refused(server, json!({"layer": "other", "stretch": null})).contains("layer"));
            assert!(refused(server, json!({"who": "orders_365d >= 1"})).contains("other customers would take part"));
            assert!(refused(server, json!({"share": 0.25, "stretch": null})).contains("share"));
            assert!(refused(server, json!({"days": 30})).contains("what it is judged by"));
            assert!(refused(server, json!({"metrics": ["orders"]})).contains("what it is judged by"));
            assert!(refused(server, json!({"state": "draft"})).contains("write stopped"));
            assert!(delete(server, "/v1/experiments/copy").error(409, "conflict").contains("it runs"));
        };
        check(&server);
        // Another that began later, or goes, moves nobody.
        delete(&server, "/v1/experiments/first").ok();
        assert_eq!(drawn(&server), before);
        let server = server.restart();
        check(&server);
        assert_eq!(drawn(&server), before);
        server
    };
    put(&server, "/v1/experiments/copy", &json!({"title": "The copy", "share": 0.6})).ok();
    let more = drawn(&server);
    assert!(before.iter().zip(&more).all(|(before, now)| before == "" || before == now), "more only adds some");
    put(&server, "/v1/flags/button", &json!({"rules": null})).ok();
    let running = delete(&server, "/v1/experiments/copy").error(409, "conflict");
    assert!(running.contains("stop it before you take it away"), "{running}");
    server.advance(Duration::from_secs(3_600));
    let stopped = put(&server, "/v1/experiments/copy", &json!({"state": "stopped"})).ok();
    assert!(stopped["ended"].as_str().unwrap().starts_with("2026-11-22T13:00"), "{stopped}");
    assert!(refused(&server, json!({"state": "running"})).contains("another name"));
    delete(&server, "/v1/experiments/copy").ok();
    let server = server.restart();
    let again = post(&server, "/v1/experiments", &copy("running"));
    assert!(again.error(409, "conflict").contains("whoever was drawn then would be again"));
    post(&server, "/v1/experiments", &{
        let mut other = copy("running");
        other["name"] = json!("copy_2");
        other
    })
    .ok();
}

#[test]
fn what_the_settings_declare_is_changed_there_and_wins_over_what_was_saved() {
    let flag = |default: i64| serde_json::from_value(json!({"name": "limit", "default": default})).unwrap();
    let server = TestServer::start_with(|settings| settings.flags = vec![flag(1)]);
    assert_eq!(server.get("/v1/flags").ok()["flags"][0]["source"], "settings");
    for refused in [put(&server, "/v1/flags/limit", &json!({"on": false})), delete(&server, "/v1/flags/limit")] {
        assert!(
            refused
                .error(409, "conflict")
                .starts_with("the settings declare the flag \"limit\": change it in their file")
        );
    }
    post(&server, "/v1/flags", &json!({"name": "limit", "default": 2})).error(409, "conflict");
    // The settings give it up, somebody saves it, and the settings take it again.
    let server = server.restart_with(|settings| settings.flags.clear());
    post(&server, "/v1/flags", &json!({"name": "limit", "default": 2})).ok();
    post(&server, "/v1/flags", &json!({"name": "menu", "default": 3, "needs": [{"flag": "limit", "is": 2}]})).ok();
    let server = server.restart_with(|settings| settings.flags = vec![flag(1)]);
    assert_eq!(flag_of(&server, "limit", "ann"), json!(1));
    let all = server.get("/v1/declarations").ok();
    let told = all["told"][0].as_str().unwrap();
    assert!(told.contains("the settings declare the flag \"limit\"") && told.contains("not in force"), "{told}");
    assert_eq!((&all["flags"][0]["source"], &all["flags"][0]["hides"]), (&json!("settings"), &json!(true)));
    assert_eq!(flag_of(&server, "menu", "ann"), json!(3));
    let server = server.restart_with(|settings| settings.flags.clear());
    assert_eq!(flag_of(&server, "limit", "ann"), json!(2), "what was saved is in force again");
    // What cannot be in force with the settings any more is left out, and told.
    let text = serde_json::from_value(json!({"name": "limit", "default": "x"})).unwrap();
    let server = server.restart_with(|settings| settings.flags = vec![text]);
    let told = server.get("/v1/declarations").ok()["told"].to_string();
    assert!(told.contains("left out: flag \\\"menu\\\": needs.is is"), "{told}");
    let missing = server.get("/v1/flags/menu").error(404, "not_found");
    assert!(missing.contains("is left out") && missing.ends_with("or DELETE /v1/flags/menu"), "{missing}");
}

#[test]
fn the_file_and_what_was_saved_are_in_force_together_or_the_former_stays() {
    let server = TestServer::start();
    let file = server.data().join("rapport.toml");
    post(&server, "/v1/flags", &json!({"name": "menu", "default": 3})).ok();
    std::fs::write(&file, "[[actions]]\nname = \"mail\"\nvalue = 5\n[[flags]]\nname = \"limit\"\ndefault = 1\n")
        .unwrap();
    until("the file is followed", || (server.get("/v1/flags/limit").status == 200).then_some(()));
    assert_eq!(server.get("/v1/actions/mail").ok()["source"], "settings");
    put(&server, "/v1/flags/menu", &json!({"needs": [{"flag": "limit", "is": 1}]})).ok();
    let running = "[[experiments]]\nname = \"copy\"\nvariations = [{ name = \"control\", value = 1 }, { name = \"bold\", value = 2 }]\n";
    let flags = "[[flags]]\nname = \"limit\"\ndefault = 1\n";
    for (wrong, said) in [
        (running.to_owned(), "flag \"menu\": needs.flag is \"limit\""),
        ("[[flags]]\nname = \"limit\"\ndefault = 'x'\n".to_owned(), "flag \"menu\": needs.is is"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let why = until("it is refused", || server.engine().refused_features());
        assert!(why.contains(said), "{why} does not say {said}");
        assert_eq!(flag_of(&server, "limit", "ann"), json!(1));
        std::fs::write(&file, format!("{flags}# good again\n")).unwrap();
        until("it is good again", || server.engine().refused_features().is_none().then_some(()));
    }
    // What runs by the file is not changed by it either.
    std::fs::write(&file, format!("{flags}{running}")).unwrap();
    until("it runs", || (server.get("/v1/experiments/copy").status == 200).then_some(()));
    std::fs::write(&file, format!("{flags}{}", running.replace("value = 2", "value = 3"))).unwrap();
    let why = until("it is refused", || server.engine().refused_features());
    assert!(why.contains("experiment \"copy\": variations is"), "{why}");
    // What the file gives up while it is followed has ended.
    std::fs::write(&file, flags).unwrap();
    until("it is given up", || (server.get("/v1/experiments/copy").status == 404).then_some(()));
    std::fs::write(&file, format!("{flags}{running}")).unwrap();
    let why = until("it is refused", || server.engine().refused_features());
    assert!(why.contains("begin another one under another name"), "{why}");
}

#[test]
fn it_is_counted_who_may_have_an_action() {
    let server = TestServer::start();
    for n in 0..7 {
        let order = json!({"event": "Order Completed", "userId": format!("u{n}"), "messageId": format!("m{n}"),
            "properties": {"order_id": n.to_string(), "currency": "EUR", "revenue": 5, "products": [{"product_id": "p", "price": 5}]}});
        server.post_as(SERVER, "/v1/track", &order).ok();
        server.post_as(SERVER, "/v1/identify", &json!({"userId": format!("v{n}"), "traits": {"plan": "pro"}})).ok();
    }
    post(&server, "/v1/actions", &json!({"name": "mail", "value": 1, "eligible": "orders_365d >= 1"})).ok();
    post(&server, "/v1/actions", &json!({"name": "all", "value": 1})).ok();
    assert_eq!(server.get("/v1/actions/mail/eligible").ok(), json!({"n": 7, "of": 14}));
    assert_eq!(server.get("/v1/actions/all/eligible").ok(), json!({"n": 14, "of": 14}));
    server.get("/v1/actions/none/eligible").error(404, "not_found");
    post(&server, "/v1/offers", &json!({"name": "gift", "value": 1, "eligible": "orders_365d >= 1"})).ok();
    assert_eq!(server.get("/v1/offers/gift/eligible").ok(), json!({"n": 7, "of": 14}));
}

#[test]
fn a_decision_asks_for_segments_and_consent_and_is_made_again_alike() {
    let server = TestServer::start_with(|settings| {
        let table = json!({"name": "pro", "rule": [{"trait": "plan", "is": "pro"}]});
        settings.segments = vec![serde_json::from_value(table).unwrap()];
    });
    let says = |user: &str, plan: &str, yes: bool| {
        let identify = json!({"userId": user, "traits": {"plan": plan},
            "context": {"consent": {"categoryPreferences": {"marketing": yes}}}});
        server.post_as(SERVER, "/v1/identify", &identify).ok();
    };
    says("ann", "pro", true);
    says("bob", "free", false);
    post(&server, "/v1/actions", &json!({"name": "upgrade", "value": 1, "eligible": "not segment = \"pro\""})).ok();
    post(&server, "/v1/actions", &json!({"name": "mail", "value": 1, "eligible": "consent.marketing = true"})).ok();
    let rules = json!([{"when": "segment = \"pro\" and consent.marketing = true", "value": true}]);
    post(&server, "/v1/flags", &json!({"name": "club", "default": false, "rules": rules})).ok();
    let act = |user: &str| server.decide(&json!({"decision": "act", "userId": user, "n": 5})).ok();
    let (ann, bob) = (act("ann"), act("bob"));
    assert_eq!((&ann["actions"][0]["id"], ann["actions"].as_array().unwrap().len()), (&json!("mail"), 1), "{ann}");
    assert_eq!((&bob["actions"][0]["id"], bob["actions"].as_array().unwrap().len()), (&json!("upgrade"), 1), "{bob}");
    let club = server.decide(&json!({"decision": "flags", "userId": "ann"})).ok();
    assert_eq!(club["flags"]["club"]["value"], true, "{club}");
    assert_eq!(flag_of(&server, "club", "bob"), json!(false));
    // What changes since changes nothing of what was decided.
    server.advance(Duration::from_secs(60));
    says("ann", "free", false);
    says("bob", "pro", true);
    assert_eq!(act("ann")["actions"][0]["id"], "upgrade");
    let server = server.restart_with(|settings| settings.segments.clear());
    for answer in [&ann, &bob, &club] {
        assert!(server.replays(answer));
    }
    let told = server.get("/v1/declarations").ok()["told"].to_string();
    assert!(told.contains("upgrade") && told.contains("club"), "a segment that is gone: {told}");
}
