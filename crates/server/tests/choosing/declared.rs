//! Do features that the settings declare count from the first event, while everything else goes on as before?

use crate::support::{self, SERVER, TestServer, WRITE, noon, until, world};
use decisions::Segment;
use features::Declared;
use learning::Outcome;
use primitives::{ErrorKind, Seed, SimulatedClock};
use serde_json::{Value, json};
use server::serve::Opened;
use std::sync::Arc;
use std::time::Duration;
use storage::Access;

/// How often a plan went down.
fn downgrades() -> Declared {
    serde_json::from_value(json!({
        "name": "downgrades", "meaning": "Times the plan was downgraded", "measure": "count",
        "when": {"event": "Plan Changed", "properties.kind": "down"},
    }))
    .unwrap()
}

/// What the last change was worth.
fn worth() -> Declared {
    serde_json::from_value(json!({
        "name": "worth_last", "meaning": "Worth of the last change", "measure": "last", "of": "properties.worth",
        "when": {"event": "Plan Changed"},
    }))
    .unwrap()
}

/// Changes the plan, a second after whatever was before: of what happened at one moment, nothing is the last.
fn change(server: &TestServer, kind: &str, worth: f64) {
    server.advance(Duration::from_secs(1));
    let event = json!({"userId": "ann", "event": "Plan Changed", "properties": {"kind": kind, "worth": worth}});
    let reply = server.post_as(WRITE, "/v1/track", &event);
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn features(server: &TestServer) -> Value {
    server.get_as(SERVER, "/v1/customers/ann").json()["features"].clone()
}

#[test]
fn a_feature_that_is_declared_later_counts_from_the_first_event() {
    let server = TestServer::start();
    change(&server, "down", 2.0);
    change(&server, "up", 5.5);
    assert_eq!(features(&server)["downgrades"], Value::Null);
    let server = server.restart_with(|settings| settings.features = vec![downgrades()]);
    until("the past is counted", || (!server.engine().has_uncounted()).then_some(()));
    let counted = json!({"value": 1.0, "unit": "times", "meaning": "Times the plan was downgraded"});
    assert_eq!(features(&server)["downgrades"], counted);
    change(&server, "down", 1.0);
    assert_eq!(features(&server)["downgrades"]["value"], 2.0);

    // What is kept outlives a stop, and nothing is counted twice.
    let data = server.stop();
    let clock = || Arc::new(SimulatedClock::new(noon() + Duration::from_secs(60)));
    let with = |features| server::settings::Settings { features, ..support::settings() };
    let open = |features| Opened::open_at(data.path(), Access::Exclusive, with(features), clock()).unwrap();
    let value = |opened: &Opened, name: &str| {
        let view = opened.engine.customer("ann").unwrap();
        view.features.iter().find(|(feature, _)| feature.name == name).map(|(_, value)| *value)
    };
    let opened = open(vec![downgrades()]);
    assert!(!opened.engine.has_uncounted());
    assert_eq!(value(&opened, "downgrades"), Some(2.0));
    drop(opened);

    // Until the past of another one is counted, the former ones answer and it does not.
    let opened = open(vec![downgrades(), worth()]);
    let waiting: Vec<_> = opened.engine.waiting_features().iter().map(|feature| feature.name.clone()).collect();
    assert_eq!(waiting, ["worth_last"]);
    assert_eq!((value(&opened, "downgrades"), value(&opened, "worth_last")), (Some(2.0), None));
    assert!(opened.engine.catalogue().get("recency_days").is_some());
    opened.engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert_eq!((value(&opened, "downgrades"), value(&opened, "worth_last")), (Some(2.0), Some(1.0)));
    drop(opened);

    // What is declared no longer is gone; declared again it is there at once, since it was kept meanwhile.
    let opened = open(Vec::new());
    assert_eq!((value(&opened, "downgrades"), opened.engine.has_uncounted()), (None, false));
    drop(opened);
    let opened = open(vec![worth()]);
    assert_eq!((value(&opened, "worth_last"), opened.engine.has_uncounted()), (Some(1.0), false));
}

#[test]
fn the_server_follows_the_settings_and_goes_on_with_the_last_good_ones() {
    let server = TestServer::start();
    change(&server, "down", 2.0);
    let file = server.data().join("rapport.toml");
    let declared = |days: i64| {
        format!(
            "[[features]]\nname = \"downgrades_90d\"\nmeaning = \"Downgrades\"\nmeasure = \"count\"\n\
             when = {{ event = \"Plan Changed\", \"properties.kind\" = \"down\" }}\nwithin_days = {days}\n"
        )
    };
    std::fs::write(&file, declared(90)).unwrap();
    until("the declaration is in force", || server.engine().catalogue().get("downgrades_90d").cloned());
    assert_eq!(features(&server)["downgrades_90d"]["value"], 1.0);

    assert_eq!(server.engine().doubtful_features(), Vec::<String>::new());
    std::fs::write(&file, declared(90).replace("Plan Changed", "Plan Chnaged")).unwrap();
    let doubt =
        "Feature \"downgrades_90d\": no event \"Plan Chnaged\" is among the newest. Did you mean \"Plan Changed\"?";
    until("a slip is told", || (server.engine().doubtful_features() == [doubt]).then_some(()));
    std::fs::write(&file, declared(90).replace("properties.kind", "properties.knid")).unwrap();
    let doubt = "Feature \"downgrades_90d\": none of the newest events \"Plan Changed\" has \"properties.knid\". Did you \
                 mean \"properties.kind\"?";
    until("another slip is told", || (server.engine().doubtful_features() == [doubt]).then_some(()));
    let page = server.get_as(support::ADMIN, "/features").text;
    assert!(page.contains("properties.knid") && page.contains("recency_days@1"), "{page}");
    std::fs::write(&file, declared(90)).unwrap();
    until("the slips are mended", || server.engine().doubtful_features().is_empty().then_some(()));

    std::fs::write(&file, declared(900)).unwrap();
    let told = until("the mistake is told", || server.engine().refused_features());
    let said = "feature \"downgrades_90d\": within_days is 900: write a whole number of days from 1 to 400";
    assert!(told.contains(said) && told.contains("rapport.toml: line 1"), "{told}");
    assert_eq!(features(&server)["downgrades_90d"]["value"], 1.0, "what was declared before stays in force");

    std::fs::write(&file, declared(30)).unwrap();
    until("the mistake is mended", || server.engine().refused_features().is_none().then_some(()));
    assert_eq!(features(&server)["downgrades_90d"]["value"], 1.0);
}

/// What the program answers to a command, with its exit code: standard output, or standard error where it failed.
fn rapport(file: &std::path::Path, arguments: &[&str]) -> (bool, String) {
    let data = file.with_file_name("data");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rapport"));
    let done = command.args(arguments).arg("--config").arg(file).arg("--data").arg(data).output().unwrap();
    let said = if done.status.success() { done.stdout } else { done.stderr };
    (done.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_schema_that_cannot_be_used_is_told_before_anything_begins() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("schemas.toml");
    std::fs::write(&file, "[[schemas]]\nevent = \"X\"\nfile = \"absent.json\"\n").unwrap();
    for command in [&["config", "check"][..], &["serve", "--listen", "127.0.0.1:0"], &["doctor"]] {
        let (is_done, said) = rapport(&file, command);
        assert!(
            !is_done && said.contains("schemas.toml line 1") && said.contains("absent.json cannot be read"),
            "{said}"
        );
    }
    assert!(!directory.path().join("data").exists());
}

#[test]
fn the_command_line_lists_what_is_declared_and_says_what_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("declared.toml");
    let declared = "[[features]]\nname = \"plans_since\"\nmeaning = \"Plan changes of this year\"\nmeasure = \"count\"\n\
                    when = { event = \"Plan Changed\", \"properties.kind\" = \"down\", \"properties.year\" = 2026 }\n";
    std::fs::write(&file, declared).unwrap();
    let (is_done, listed) = rapport(&file, &["features", "--json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let last = listed.last().unwrap();
    let said = ["name", "meaning", "unit", "group"].map(|key| last[key].as_str().unwrap());
    assert!(is_done);
    assert_eq!(said, ["plans_since", "Plan changes of this year", "times", "Your own"]);
    assert_eq!((listed[0]["id"].as_str(), listed[0].get("limit")), (Some("recency_days@1"), None));
    let (is_done, table) = rapport(&file, &["features"]);
    assert!(is_done && table.contains("plans_since") && table.contains("Days since the last order"), "{table}");

    // What is in force is written so that it can be read again.
    let (is_done, checked) = rapport(&file, &["config", "check"]);
    assert!(is_done, "{checked}");
    let again = directory.path().join("again.toml");
    std::fs::write(&again, checked[checked.find("[[features]]").unwrap()..].split("\n\n").next().unwrap()).unwrap();
    let (is_done, relisted) = rapport(&again, &["features", "--json"]);
    assert!(is_done && serde_json::from_str::<Vec<Value>>(&relisted).unwrap() == listed, "{checked}");

    std::fs::write(&file, declared.replace("\"count\"", "\"sum\"")).unwrap();
    let (is_done, said) = rapport(&file, &["features"]);
    assert!(!is_done && said.contains("feature \"plans_since\": of is missing: \"sum\" measures a value"), "{said}");
}

#[test]
fn settings_are_compared_with_the_experiments_that_have_begun_where_there_are_data() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("begun.toml");
    let declare = |share: f64| {
        let variations = "variations = [{ name = \"control\", value = 1 }, { name = \"bold\", value = 2 }]";
        let experiment = format!("[[experiments]]\nname = \"copy\"\nshare = {share}\n{variations}\n");
        std::fs::write(&file, experiment).unwrap();
    };
    declare(0.5);
    let (is_done, said) = rapport(&file, &["config", "check"]);
    assert!(is_done && said.contains("They were not compared with experiments that have begun"), "{said}");
    let settings = server::settings::load(Some(&file), Vec::new()).unwrap();
    let opened = Opened::open(&directory.path().join("data"), Access::Exclusive, settings).unwrap();
    opened.engine.begin_declared().unwrap();
    drop(opened);
    declare(0.4);
    let (is_done, said) = rapport(&file, &["config", "check"]);
    assert!(!is_done && said.contains("share is 0.4: it began with 0.5"), "{said}");
    declare(0.6);
    let (is_done, said) = rapport(&file, &["config", "check"]);
    assert!(is_done && said.contains("can be used, also with what has begun in "), "{said}");
}

#[test]
fn a_model_whose_features_are_being_counted_is_said_to_wait_for_them() {
    let data = tempfile::tempdir().unwrap();
    let open = |features| {
        let settings = server::settings::Settings { features, ..support::settings() };
        Opened::open_at(data.path(), Access::Exclusive, settings, Arc::new(SimulatedClock::new(noon()))).unwrap()
    };
    let fallback = |opened: &Opened| {
        let scores = opened.engine.customer(&world::shop().user_ids[0]).unwrap().scores;
        scores.into_iter().find(|(kind, _)| kind.as_str() == "churn").unwrap().1.fallback.unwrap_or_default()
    };
    let wanted = features::Catalogue::new(&[largest_order("The largest order")]).unwrap();
    let mut trained = world::shop().trained.iter().find(|one| one.header.task.as_str() == "churn").unwrap().clone();
    trained.header.features[0] = wanted.get("order_worth_max").unwrap().id.clone();
    trained.header.declared = wanted.declared(&trained.header.features);
    let opened = open(Vec::new());
    world::take_in(&opened.engine, &world::shop().events);
    let store = &opened.engine.ports().models;
    let name = store.put(&trained.to_file().unwrap()).unwrap();
    store.set_champions("churn", &[name]).unwrap();
    opened.engine.reload_champions().unwrap();
    assert!(fallback(&opened).contains("since a feature is not computed here: order_worth_max@"));
    drop(opened);
    let opened = open(vec![largest_order("The largest order")]);
    assert!(fallback(&opened).contains("since features that it looks at are still being counted: there is no score."));
    opened.engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert!(!fallback(&opened).contains("cannot be used"));
}

/// What the largest order was worth.
fn largest_order(meaning: &str) -> Declared {
    serde_json::from_value(json!({
        "name": "order_worth_max", "meaning": meaning, "measure": "max", "of": "properties.revenue",
        "when": {"event": "Order Completed"},
    }))
    .unwrap()
}

/// Asserts that a decision that was made can be made again, to the byte.
fn assert_same(server: &TestServer, text: &str) {
    let id = serde_json::from_str::<Value>(text).unwrap()["decisionId"].as_str().unwrap().to_owned();
    let record = server.engine().decision(&id.as_str().into()).unwrap();
    assert_eq!(server.engine().replay(&record).unwrap(), text);
}

#[test]
fn a_feature_more_changes_no_model_and_no_past_decision() {
    let server = TestServer::start();
    world::fill(server.engine());
    let versions = |server: &TestServer| {
        let status = server.engine().champion_status();
        assert!(status.iter().all(|status| status.fault.is_none()), "{status:?}");
        status.into_iter().map(|status| status.version).collect::<Vec<_>>()
    };
    let before = versions(&server);
    let decide = |server: &TestServer, user: &str| server.decide(&json!({"decision": "churn", "userId": user}));
    let sent: Vec<String> = world::shop().user_ids.iter().take(20).map(|user| decide(&server, user).text).collect();
    let server = server.restart_with(|settings| settings.features = vec![largest_order("The largest order")]);
    until("the past is counted", || (!server.engine().has_uncounted()).then_some(()));
    assert!(server.engine().catalogue().get("order_worth_max").is_some());
    assert_eq!(versions(&server), before, "the models answer as before");
    sent.iter().for_each(|text| assert_same(&server, text));
    let again = decide(&server, &world::shop().user_ids[0]).ok();
    let first: Value = serde_json::from_str(&sent[0]).unwrap();
    for key in ["score", "reasons", "model", "fallback"] {
        assert_eq!(again[key], first[key], "{key}");
    }
}

/// Nothing of its past is in what was read before.
#[test]
fn a_feature_that_is_declared_after_the_history_was_read_is_not_learned_from() {
    let server = TestServer::start();
    world::take_in(server.engine(), &world::shop().events);
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    engine.declare(&[largest_order("The largest order")]).unwrap();
    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert!(engine.catalogue().get("order_worth_max").is_some());
    for (material, is_looked_at) in [(material, false), (engine.material(&mut |_| {}).unwrap(), true)] {
        let published = engine::train(engine, &"churn".into(), &material, Seed::new(3)).unwrap();
        let header = engine.registry().header_of(&"churn".into(), &published.version).unwrap();
        let found = header.features.iter().any(|feature| &*feature.name == "order_worth_max");
        assert_eq!((found, header.declared.len()), (is_looked_at, usize::from(is_looked_at)));
    }
}

#[test]
fn what_a_model_said_of_a_declared_feature_can_be_said_again_when_it_is_gone() {
    let server = TestServer::start_with(|settings| settings.features = vec![largest_order("The largest order")]);
    world::take_in(server.engine(), &world::shop().events);
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let task = engine.capabilities().tasks.get("churn").unwrap();
    let trained = learning::train(task, &engine.data(&material, Seed::new(3))).unwrap();
    assert!(trained.header.features.iter().any(|feature| &*feature.name == "order_worth_max"));
    let version = engine.registry().publish(&trained).unwrap().version;
    engine.registry().promote(&"churn".into(), &version).unwrap();
    engine.reload_champions().unwrap();
    let decide = |server: &TestServer, user: &str| server.decide(&json!({"decision": "churn", "userId": user}));
    let sent: Vec<String> = world::shop().user_ids.iter().map(|user| decide(&server, user).text).collect();
    let n_told = sent.iter().filter(|text| text.contains("order_worth_max")).count();
    assert!(n_told > 0, "the feature is a reason of somebody's");

    // Other words change no answer.
    let server = server.restart_with(|settings| settings.features = vec![largest_order("In other words")]);
    sent.iter().for_each(|text| assert_same(&server, text));
    assert!(server.engine().champion_status().iter().all(|status| status.fault.is_none()));
    // Without it the model cannot answer and says why; what it has answered is the same again.
    let server = server.restart_with(|settings| settings.features = Vec::new());
    let faults: Vec<String> = server.engine().champion_status().into_iter().filter_map(|status| status.fault).collect();
    assert!(faults.len() == 1 && faults[0].contains("order_worth_max"), "{faults:?}");
    sent.iter().for_each(|text| assert_same(&server, text));
    // That is also what a decision says, and says again when the feature is back.
    let user = world::shop().user_ids[0].as_str();
    let without = decide(&server, user);
    let said = without.ok()["fallback"].as_str().unwrap().to_owned();
    let why =
        format!("The churn model {version} cannot be used, since a feature is not computed here: order_worth_max@");
    assert!(said.starts_with(&why) && said.ends_with(": there is no score."), "{said}");
    let server = server.restart_with(|settings| settings.features = vec![largest_order("The largest order")]);
    until("the past is counted", || (!server.engine().has_uncounted()).then_some(()));
    assert!(server.engine().champion_status().iter().all(|status| status.fault.is_none()));
    assert_same(&server, &without.text);
}

fn returns_soon(days: i64) -> Outcome {
    serde_json::from_value(json!({
        "name": "returns_soon", "question": "Back soon?", "among": {"event": "Order Completed", "within_days": 60},
        "label": {"did": {"event": "Order Completed"}}, "within_days": days,
    }))
    .unwrap()
}

/// Segments by a feature and by the score of the outcome.
fn segments(title: &str, least: f64) -> Vec<Segment> {
    serde_json::from_value(json!([
        {"name": "loyal", "title": title, "rule": [{"feature": "orders_all", "at_least": least}]},
        {"name": "coming", "rule": [{"score": "returns_soon", "at_least": 0.01}]},
    ]))
    .unwrap()
}

#[test]
fn every_decision_can_be_made_again_when_what_it_came_from_is_declared_otherwise_or_no_longer() {
    let server = TestServer::start_with(|settings| {
        settings.outcomes = vec![returns_soon(7)];
        settings.segments = segments("Loyal", 2.0);
    });
    world::fill(server.engine());
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let task = engine.capabilities().tasks.get("returns_soon").unwrap();
    let trained = learning::train(task, &engine.data(&material, Seed::new(3))).unwrap();
    let version = engine.registry().publish(&trained).unwrap().version;
    engine.registry().promote(&"returns_soon".into(), &version).unwrap();
    engine.reload_champions().unwrap();
    let users = world::shop().user_ids.iter().take(25).map(String::as_str).chain(["nobody"]);
    let decide = |(user, kind): (&str, &str)| server.decide(&json!({"decision": kind, "userId": user})).text;
    let kinds = ["returns_soon", "segments", "churn"];
    let sent: Vec<String> = users.flat_map(|user| kinds.map(|kind| decide((user, kind)))).collect();
    assert!(["\"loyal\"", "\"coming\""].iter().all(|held| sent.iter().any(|text| text.contains(held))), "{sent:?}");
    let loyal = sent.iter().find(|text| text.contains("\"loyal\"")).unwrap();
    let page = |server: &TestServer, text: &str| {
        let id = serde_json::from_str::<Value>(text).unwrap()["decisionId"].as_str().unwrap().to_owned();
        let page = server.get_as(support::ADMIN, &format!("/decisions/{id}"));
        assert_eq!(page.status, 200, "{}", page.text);
        page.text
    };
    assert!(page(&server, loyal).contains("Loyal"));

    let server = server.restart_with(|settings| settings.segments = segments("Renamed", 2.0));
    assert!(page(&server, loyal).contains("Renamed"), "a page shows what it is called today");
    sent.iter().for_each(|text| assert_same(&server, text));
    // What came of it is told by what was asked: nobody came back within the seven days that were meant.
    let stranger = serde_json::from_str::<Value>(&sent[sent.len() - 3]).unwrap()["decisionId"].as_str().unwrap().into();
    let came = |server: &TestServer, days: i64| {
        let record = server.engine().decision(&stranger).unwrap();
        server.engine().consequence(&record, record.question.as_of.plus_days(days)).unwrap()
    };
    let in_a_week = Some(engine::Consequence::NotOrdered { window_days: 7 });
    let assert_told = |server: &TestServer| {
        assert_eq!((came(server, 6), came(server, 7), came(server, 8)), (None, in_a_week.clone(), in_a_week.clone()));
        let page = page(server, &sent[0]);
        assert!(page.contains("Back soon?") && !page.contains("Gone soon?"), "{page}");
    };
    assert_told(&server);
    let server = server.restart_with(|settings| {
        settings.outcomes = vec![Outcome { question: "Gone soon?".to_owned(), is_risk: true, ..returns_soon(9) }];
        settings.segments = segments("Renamed", 900.0);
    });
    assert_told(&server);
    sent.iter().for_each(|text| assert_same(&server, text));
    let server = server.restart_with(|settings| {
        settings.outcomes.clear();
        settings.segments.clear();
    });
    sent.iter().for_each(|text| assert_same(&server, text));
    assert_told(&server);
    // It is asked no longer, and what it answered can still be looked at.
    let asked = json!({"decision": "returns_soon", "userId": "nobody"});
    let refused = server.decide(&asked);
    assert!(refused.status == 400 && refused.text.contains("returns_soon"), "{}", refused.text);
    assert!(page(&server, &sent[0]).contains("returns_soon") && page(&server, loyal).contains("loyal"));
}

#[test]
fn of_whom_an_outcome_is_asked_is_counted_from_the_first_event() {
    let server = TestServer::start();
    world::fill(server.engine());
    let [user, other] = [0, 1].map(|n| world::shop().user_ids[n].clone());
    let signed_in = json!({"userId": user, "event": "Signed In", "properties": {"kind": "web"}});
    assert_eq!(server.post_as(WRITE, "/v1/track", &signed_in).status, 200);
    let data = server.stop();

    let mut outcome = returns_soon(7);
    let among = json!({"event": "Signed In", "properties.kind": "web"});
    outcome.among = learning::Among::lately(learning::What::Event(serde_json::from_value(among).unwrap()), 30);
    let with = server::settings::Settings { outcomes: vec![outcome], ..support::settings() };
    let clock = || Arc::new(SimulatedClock::new(noon() + Duration::from_secs(60)));
    let open = || Opened::open_at(data.path(), Access::Exclusive, with.clone(), clock()).unwrap();
    let fallback = |opened: &Opened, user: &str| {
        let scores = opened.engine.customer(user).unwrap().scores;
        scores.into_iter().find(|(kind, _)| kind.as_str() == "returns_soon").unwrap().1.fallback
    };
    let opened = open();
    let mut trained = world::shop().trained.iter().find(|one| one.header.task.as_str() == "churn").unwrap().clone();
    trained.header.task = "returns_soon".into();
    let task = opened.engine.capabilities().tasks.get("returns_soon").unwrap();
    trained.header.asks.clone_from(&task.about().asks);
    let version = opened.engine.registry().publish(&trained).unwrap().version;
    opened.engine.registry().promote(&"returns_soon".into(), &version).unwrap();
    opened.engine.reload_champions().unwrap();

    assert!(opened.engine.has_uncounted());
    for user in [&user, &other] {
        assert!(fallback(&opened, user).unwrap().contains("within 30 days, which is still being counted: this is"));
    }
    opened.engine.follow_corrections(&mut |_| Ok(())).unwrap();
    let said = |opened: &Opened| {
        assert!(!opened.engine.has_uncounted());
        assert_eq!(fallback(opened, &user), None);
        let of_other = fallback(opened, &other).unwrap();
        assert!(
            of_other
                .contains("\"Signed In\" with properties.kind = \"web\" within 30 days, and the customer never did")
        );
    };
    said(&opened);
    drop(opened);
    said(&open());
}

#[test]
fn what_comes_while_a_history_is_read_is_not_learned_from_and_no_champion_is_dethroned_for_it() {
    let data = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimulatedClock::new(noon()));
    let opened = Opened::open_at(data.path(), Access::Exclusive, support::settings(), clock).unwrap();
    let (engine, churn) = (&opened.engine, learning::TaskName::from("churn"));
    world::take_in(engine, &world::shop().events);
    let read_before = engine.material(&mut |_| {}).unwrap();
    engine.declare(&[largest_order("The largest order")]).unwrap();
    assert!(engine.has_uncounted());
    let trainer = Arc::new(engine::Trainer::new(Seed::new(3), engine::AuditTrail::new(engine.clone())));
    let refused = trainer.begin(engine, vec![churn.clone()], engine::By::COMMAND).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    trainer.train_when_due(engine, 1);
    assert!(!trainer.is_training(&churn) && trainer.status(&churn).is_none(), "nothing is trained meanwhile");

    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    let looks_at_it = |material: &engine::Material| {
        let published = engine::train(engine, &churn, material, Seed::new(3)).unwrap();
        let header = engine.registry().header_of(&churn, &published.version).unwrap();
        (header.features.iter().any(|feature| &*feature.name == "order_worth_max"), published.version)
    };
    assert!(!looks_at_it(&read_before).0, "it would be the same for everybody");
    let (looks, version) = looks_at_it(&engine.material(&mut |_| {}).unwrap());
    assert!(looks);

    // A champion that looks at it cannot show on that history what it can.
    engine.registry().promote(&churn, &version).unwrap();
    let refused = engine::train(engine, &churn, &read_before, Seed::new(3)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains(version.as_str()), "{refused}");
    // Where nobody declares it any more, it is not waited for.
    engine.declare(&[]).unwrap();
    let published = engine::train(engine, &churn, &read_before, Seed::new(3)).unwrap();
    let contest = engine.registry().header_of(&churn, &published.version).unwrap().contest;
    assert!(matches!(contest, Some(learning::Contest::Unfit { champion, .. }) if champion == version));
}

/// A question of each form of answer that the settings can ask for.
fn of_each_form() -> Vec<Outcome> {
    serde_json::from_value(json!([
        {"name": "looks", "question": "How often?", "among": "everyone",
         "label": {"count": {"event": "Product Viewed"}}, "within_days": 14},
        {"name": "spends", "question": "How much?", "among": {"event": "Order Completed", "within_days": 60},
         "label": {"sum": {"event": "Order Completed", "of": "properties.revenue"}}, "within_days": 14},
        {"name": "looks_for", "question": "What for?", "among": "everyone",
         "label": {"which": {"event": "Product Viewed", "of": "properties.category"}}, "within_days": 14},
    ]))
    .unwrap()
}

/// An answer to a question of a form, the customer's own or in general.
fn assert_form(kind: &str, answer: &Value, is_own: bool) {
    assert_eq!(answer["fallback"].is_null(), is_own, "{answer}");
    assert_eq!(answer["model"]["name"], kind);
    assert_eq!(answer["reasons"].as_array().unwrap().is_empty(), !is_own, "{answer}");
    if kind == "looks_for" {
        let each = answer["probabilities"].as_array().unwrap();
        let likely: Vec<f64> = each.iter().map(|one| one["probability"].as_f64().unwrap()).collect();
        assert_eq!(answer["choice"], each[0]["label"], "{answer}");
        assert!(likely.is_sorted_by(|a, b| a >= b) && likely.iter().sum::<f64>() <= 1.0 + 1e-9, "{answer}");
        return;
    }
    let of = |name: &str| answer["amount"][name].as_f64().unwrap();
    assert!(0.0 <= of("low") && of("low") <= of("value") && of("value") <= of("high"), "{answer}");
    let currency = if kind == "spends" { json!("USD") } else { Value::Null };
    assert_eq!((&answer["amount"]["currency"], &answer["amount"]["days"]), (&currency, &json!(14)));
}

#[test]
fn how_often_how_much_and_which_are_declared_learned_decided_shown_and_decided_again() {
    let server = TestServer::start_with(|settings| settings.outcomes = of_each_form());
    let engine = server.engine();
    world::take_in(engine, &world::shop().events);
    let user = world::shop().user_ids[0].as_str();
    let untrained = server.decide(&json!({"decision": "looks", "userId": user})).ok();
    assert_eq!((&untrained["amount"], &untrained["model"]), (&Value::Null, &Value::Null), "{untrained}");

    let material = engine.material(&mut |_| {}).unwrap();
    for outcome in of_each_form() {
        let published = engine::train(engine, &outcome.name, &material, Seed::new(3)).unwrap();
        engine.registry().promote(&outcome.name, &published.version).unwrap();
    }
    engine.reload_champions().unwrap();
    let models = server.get_as(SERVER, "/v1/models").text;
    for (name, baseline) in [("looks", "recency"), ("spends", "constant"), ("looks_for", "popularity")] {
        assert!(models.contains(&format!("\"{name}\"")) && models.contains(&format!("\"{baseline}\":{{")), "{models}");
        let (mut n_own, asked) = (0, |user: &str| server.decide(&json!({"decision": name, "userId": user})));
        for user in world::shop().user_ids.iter().take(12) {
            let sent = asked(user);
            let answer = sent.ok();
            let is_own = answer["fallback"].is_null();
            n_own += usize::from(is_own);
            assert_form(name, &answer, is_own);
            assert_same(&server, &sent.text);
        }
        assert!(n_own > 3, "{name}");
        let of_nobody = asked("nobody");
        assert_form(name, &of_nobody.ok(), false);
        assert_same(&server, &of_nobody.text);
        let page = server.get_as(support::ADMIN, &format!("/capabilities/{name}"));
        assert_eq!(page.status, 200, "{}", page.text);
    }
    let page = server.get_as(support::ADMIN, &format!("/customers/{user}")).text;
    assert!(page.contains("How often?") && page.contains("How much?") && page.contains("What for?"), "{page}");
    // What was declared then answers as it did.
    let sent = server.decide(&json!({"decision": "looks_for", "userId": user})).text;
    let server = server.restart_with(|settings| settings.outcomes.clear());
    assert_same(&server, &sent);
}
