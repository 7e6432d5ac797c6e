//! Is what a start cannot put in force left alone, and does a start end nothing?

use super::{delete, flag_of, post, put};
use crate::support::{TestServer, until};
use serde_json::{Value, json};
use server::serve::Opened;
use server::settings::Settings;
use std::time::Duration;
use storage::Access;

/// A segment that a start may not find any more.
fn of_pros(settings: &mut Settings) {
    let table = json!({"name": "pro", "rule": [{"trait": "plan", "is": "pro"}]});
    settings.segments = vec![serde_json::from_value(table).unwrap()];
}

fn told(server: &TestServer) -> String {
    server.get("/v1/declarations").ok()["told"].to_string()
}

#[test]
fn what_a_start_left_out_bars_nothing_else_and_can_be_saved_anew_or_taken_away() {
    let server = TestServer::start_with(of_pros);
    let when = json!([{"when": "segment = \"pro\"", "value": true}]);
    post(&server, "/v1/flags", &json!({"name": "club", "default": false, "rules": when})).ok();
    post(&server, "/v1/flags", &json!({"name": "guild", "default": false, "rules": when})).ok();
    post(&server, "/v1/flags", &json!({"name": "banner", "default": true})).ok();
    post(&server, "/v1/actions", &json!({"name": "upgrade", "value": 1, "eligible": "segment = \"pro\""})).ok();
    post(&server, "/v1/actions", &json!({"name": "gift", "value": 1, "eligible": "segment = \"pro\""})).ok();
    let server = server.restart_with(|settings| settings.segments.clear());
    for (path, left) in [("/v1/flags/club", "club"), ("/v1/actions/upgrade", "upgrade"), ("/v1/actions/gift", "gift")] {
        assert!(told(&server).contains(left), "{}", told(&server));
        assert!(server.get(path).error(404, "not_found").contains("is left out"));
    }
    // Everything else goes on to be changed, the file included.
    put(&server, "/v1/flags/banner", &json!({"on": false})).ok();
    assert_eq!(flag_of(&server, "banner", "ann"), json!(true), "its default");
    post(&server, "/v1/flags", &json!({"name": "other", "default": 1})).ok();
    delete(&server, "/v1/flags/other").ok();
    let file = server.data().join("rapport.toml");
    std::fs::write(&file, "[[flags]]\nname = \"filed\"\ndefault = 1\n").unwrap();
    until("the file is followed", || (server.get("/v1/flags/filed").status == 200).then_some(()));
    std::fs::remove_file(&file).unwrap();
    // What still does not fit is refused, and what fits is in force.
    assert!(put(&server, "/v1/flags/club", &json!({"title": "The club"})).error(400, "invalid").contains("segment"));
    let club = put(&server, "/v1/flags/club", &json!({"title": "The club", "rules": null})).ok();
    assert_eq!((&club["title"], &club["rules"]), (&json!("The club"), &Value::Null), "{club}");
    post(&server, "/v1/actions", &json!({"name": "upgrade", "value": 2})).ok();
    delete(&server, "/v1/actions/gift").ok();
    assert!(!server.get("/v1/actions/gift").error(404, "not_found").contains("is left out"));
    assert!(!told(&server).contains("club") && told(&server).contains("guild"), "{}", told(&server));
    // With what it asks about, what was left out is there again.
    let server = server.restart_with(of_pros);
    assert_eq!(told(&server), "[]");
    assert_eq!(server.get("/v1/flags/guild").ok()["rules"], when);
    assert_eq!(server.get("/v1/flags/club").ok()["rules"], Value::Null);
    assert_eq!(server.get("/v1/actions/upgrade").ok()["value"], 2.0);
    server.get("/v1/actions/gift").error(404, "not_found");
}

#[test]
fn what_was_left_out_comes_back_with_what_it_needs_and_keeps_its_place() {
    let limit = |default: Value| serde_json::from_value(json!({"name": "limit", "default": default})).unwrap();
    let server = TestServer::start_with(|settings| {
        of_pros(settings);
        settings.flags = vec![limit(json!(1))];
    });
    post(&server, "/v1/flags", &json!({"name": "menu", "default": 3, "needs": [{"flag": "limit", "is": 1}]})).ok();
    let half = |name: &str, who: &str| {
        json!({"name": name, "state": "draft", "who": who, "share": 0.5, "layer": "page",
            "variations": [{"name": "control", "value": 1}, {"name": "bold", "value": 2}]})
    };
    post(&server, "/v1/experiments", &half("first", "segment = \"pro\"")).ok();
    post(&server, "/v1/experiments", &half("second", "orders_365d >= 1")).ok();
    let server = server.restart_with(|settings| {
        settings.segments.clear();
        settings.flags.clear();
    });
    assert!(told(&server).contains("menu") && told(&server).contains("first"), "{}", told(&server));
    post(&server, "/v1/flags", &json!({"name": "limit", "default": 1})).ok();
    assert_eq!(server.get("/v1/flags/menu").ok()["default"], 3);
    // Where it is stored it stands before the other, and so it does here.
    post(&server, "/v1/experiments", &half("first", "orders_365d >= 1")).ok();
    let began = put(&server, "/v1/experiments/second", &json!({"state": "running"})).ok();
    assert_eq!(began["stretch"], json!([0.5, 1.0]), "{began}");
    assert_eq!(told(&server), "[]");
}

#[test]
fn what_a_start_finds_otherwise_than_it_began_goes_on_and_bars_nothing() {
    let running = |value: i64, state: &str| {
        let table = json!({"name": "copy", "state": state, "variations": [{"name": "control", "value": 1}, {"name": "bold", "value": value}]});
        vec![serde_json::from_value(table).unwrap()]
    };
    let server = TestServer::start_with(|settings| settings.experiments = running(2, "running"));
    post(&server, "/v1/flags", &json!({"name": "button", "default": 0, "rules": [{"experiment": "copy"}]})).ok();
    let drawn =
        |server: &TestServer| -> Vec<Value> { (0..20).map(|n| flag_of(server, "button", &format!("u{n}"))).collect() };
    let before = drawn(&server);
    assert!([1, 2].iter().all(|value| before.contains(&json!(value))), "{before:?}");
    let mut server = server;
    for (value, state, said) in [(3, "running", "It goes on as it began"), (2, "draft", "It goes on until then")] {
        server = server.restart_with(|settings| settings.experiments = running(value, state));
        assert!(told(&server).contains(said), "{}", told(&server));
        post(&server, "/v1/flags", &json!({"name": "other", "default": 1})).ok();
        put(&server, "/v1/flags/other", &json!({"on": false})).ok();
        delete(&server, "/v1/flags/other").ok();
        assert!(told(&server).contains(said), "it is still so: {}", told(&server));
        assert_eq!(server.get("/v1/experiments/copy").ok()["ended"], Value::Null);
        assert_eq!(drawn(&server), before);
    }
    let server = server.restart_with(|settings| settings.experiments = running(2, "stopped"));
    assert!(server.get("/v1/experiments/copy").ok()["ended"].is_string());
    assert_eq!(told(&server), "[]");
    let server = server.restart_with(|settings| settings.experiments = running(2, "running"));
    assert!(told(&server).contains("It stays stopped"), "{}", told(&server));
    post(&server, "/v1/flags", &json!({"name": "other", "default": 1})).ok();
    assert!(drawn(&server).iter().all(|value| *value == json!(0)), "it gives nobody anything");
}

#[test]
fn a_start_with_other_settings_ends_no_experiment() {
    let table = json!({"name": "filed", "variations": [{"name": "control", "value": 1}, {"name": "bold", "value": 2}]});
    let filed = move |settings: &mut Settings| {
        of_pros(settings);
        settings.experiments = vec![serde_json::from_value(table.clone()).unwrap()];
    };
    let server = TestServer::start_with(&filed);
    let saved = json!({"name": "saved", "state": "running", "who": "not segment = \"pro\"",
        "variations": [{"name": "control", "value": 1}, {"name": "bold", "value": 2}]});
    post(&server, "/v1/experiments", &saved).ok();
    let of = |server: &TestServer| ["filed", "saved"].map(|name| server.get(&format!("/v1/experiments/{name}")).ok());
    let before = of(&server);
    assert!(before.iter().all(|one| one["began"].is_string() && one["ended"].is_null()), "{before:?}");
    server.advance(Duration::from_secs(60));
    // Neither a server that finds other settings, nor what is changed there, nor a command that opens the data.
    let server = server.restart_with(|settings| {
        settings.segments.clear();
        settings.experiments.clear();
    });
    post(&server, "/v1/flags", &json!({"name": "banner", "default": true})).ok();
    std::fs::write(server.data().join("rapport.toml"), "[[flags]]\nname = \"limit\"\ndefault = 1\n").unwrap();
    until("the file is followed", || (server.get("/v1/flags/limit").status == 200).then_some(()));
    std::fs::remove_file(server.data().join("rapport.toml")).unwrap();
    let data = server.stop();
    drop(Opened::open(data.path(), Access::Exclusive, Settings::default()).unwrap());
    let server = TestServer::reopen(data).restart_with(filed);
    assert_eq!(of(&server), before);
    assert_eq!(told(&server), "[]");
    // What was left out and is taken away has ended.
    let server = server.restart_with(|settings| settings.segments.clear());
    delete(&server, "/v1/experiments/saved").ok();
    let server = server.restart_with(of_pros);
    assert!(post(&server, "/v1/experiments", &saved).error(409, "conflict").contains("another name"));
}

#[test]
fn what_has_begun_keeps_its_stretch_and_what_the_settings_have_no_room_for_bars_nothing() {
    let part = |name: &str, share: f64, state: &str| {
        let variations = json!([{"name": "control", "value": 1}, {"name": "bold", "value": 2}]);
        let table = json!({"name": name, "state": state, "share": share, "layer": "page", "variations": variations});
        serde_json::from_value(table).unwrap()
    };
    let server = TestServer::start_with(|settings| {
        settings.experiments = vec![part("first", 0.25, "draft"), part("second", 0.5, "running")];
    });
    assert_eq!(server.get("/v1/experiments/second").ok()["stretch"], json!([0.25, 0.75]));
    // A quarter is free before it, and a quarter after it.
    let server = server.restart_with(|settings| {
        settings.experiments = vec![part("second", 0.5, "running"), part("third", 0.5, "draft")];
    });
    assert_eq!(server.get("/v1/experiments/second").ok()["stretch"], json!([0.25, 0.75]));
    assert!(told(&server).contains("third") && told(&server).contains("is left out"), "{}", told(&server));
    assert!(server.get("/v1/experiments/third").error(404, "not_found").contains("change it in their file"));
    post(&server, "/v1/flags", &json!({"name": "banner", "default": true})).ok();
    put(&server, "/v1/flags/banner", &json!({"on": false})).ok();
    assert!(told(&server).contains("third"), "{}", told(&server));
}
