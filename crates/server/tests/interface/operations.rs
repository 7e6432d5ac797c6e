//! Can an operator see that it is well, and does every wrong start end in one clear sentence?

use crate::support::{self, ADMIN, SERVER, TestServer, WRITE, settings};
use serde_json::{Value, json};
use server::exposure::check_exposure;
use server::keys::Keys;
use server::serve::{Opened, Running, StartOptions};
use server::settings::{KeySettings, ServerSettings};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use storage::Access;

/// Paths that are served and not described: other spellings of described ones, and what describes.
const UNDESCRIBED: [&str; 9] =
    ["/v1/i", "/v1/t", "/v1/p", "/v1/s", "/v1/g", "/v1/a", "/v1/b", "/openapi.json", "/docs"];

#[test]
fn it_says_that_it_is_alive_and_ready() {
    let server = TestServer::start();
    for path in ["/healthz", "/readyz"] {
        let health = server.send("GET", path, &[], "").ok();
        assert_eq!(health, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}), "{path}");
    }
}

#[test]
fn what_is_not_there_is_said_in_json() {
    let server = TestServer::start();
    for path in ["/nothing/here", "/v1/nothing", "/v2/track"] {
        server.send("GET", path, &[("accept", "application/json")], "").error(404, "not_found");
        server.send("POST", path, &[], "{}").error(404, "not_found");
    }
    server.send("GET", "/v1/track", &[], "").error(405, "method_not_allowed");
    server.send("DELETE", "/v1/events", &[], "").error(405, "method_not_allowed");
    server.get("/v1/customers/%FF").error(400, "invalid");
    server.get("/v1/events?limit=1&limit=2").error(400, "invalid");
    for query in ["n=0", "limit=0", "limit=1001", "limit=many", "status=maybe"] {
        server.get(&format!("/v1/events?{query}")).error(400, "invalid");
    }
    server.send("POST", "/v1/track?writeKey=a&writeKey=b", &[], "{}").error(400, "invalid");
    server.post_as(ADMIN, "/v1/models/nothing/train", &json!({})).error(404, "not_found");
    server.post_as(ADMIN, "/v1/models/churn/rollback", &json!({})).error(409, "conflict");
    server.post_as(ADMIN, "/v1/models/churn/champion", &json!({"version": "abc"})).error(404, "not_found");
    server.post_as(ADMIN, "/v1/models/churn/champion", &json!([])).error(400, "invalid");
}

/// One sample of Prometheus's text format: name, labels, value.
fn sample(line: &str) -> (&str, Vec<(&str, &str)>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (name, mut rest) = match series.split_once('{') {
        Some((name, labels)) => {
            (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("labels are not closed: {line}")))
        }
        None => (series, ""),
    };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    assert!(is_word(name) && !name.as_bytes()[0].is_ascii_digit(), "no name: {line}");
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        assert!(is_word(label), "{line}");
        let end =
            (0..after.len()).find(|i| after.as_bytes()[*i] == b'"' && (*i == 0 || after.as_bytes()[i - 1] != b'\\'));
        let (value, after) = after.split_at(end.unwrap_or_else(|| panic!("a label is not closed: {line}")));
        labels.push((label, value));
        rest = after[1..].trim_start_matches(',');
    }
    (name, labels, value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
}

#[test]
fn metrics_are_well_formed_and_name_nobody() {
    let server = TestServer::start();
    server.post("/v1/track", &json!({"userId": "secret-user", "event": "secret-event"})).ok();
    server.post("/v1/track", &json!({"userId": "secret-user"}));
    server.get("/v1/customers/secret-user").ok();
    server.get("/v1/customers/secret-nobody");
    server.get("/secret-path");
    server.send("SECRETMETHOD", "/v1/track", &[], "");
    server.decide(&json!({"decision": "recommend", "userId": "secret-user"})).ok();
    let reply = server.send("GET", "/metrics", &[], "");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    for secret in ["secret", "SECRET", WRITE, SERVER] {
        assert!(!reply.text.contains(secret), "{secret} is in the metrics");
    }
    let (mut typed, mut found) = (BTreeSet::new(), BTreeSet::new());
    for line in reply.text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            assert!(words.len() == 3 && ["HELP", "TYPE"].contains(&words[0]), "{line}");
            if words[0] == "TYPE" {
                assert!(["counter", "gauge", "histogram", "summary"].contains(&words[2]), "{line}");
                assert!(typed.insert(words[1].to_owned()), "two types: {line}");
            }
            continue;
        }
        let (name, labels, value) = sample(line);
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end).filter(|f| typed.contains(*f)));
        let family = family.unwrap_or(name);
        assert!(typed.contains(family), "no TYPE before {line}");
        let mut names: Vec<_> = labels.iter().map(|(label, _)| *label).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), labels.len(), "a label comes twice: {line}");
        assert!(value >= 0.0, "{line}");
        assert!(name.ends_with("_total") || !name.contains("_total"), "{line}");
        found.insert(family.to_owned());
    }
    for expected in [
        "cx_http_request_duration_seconds",
        "cx_events_ingested_total",
        "cx_events_rejected_total",
        "cx_decisions_total",
        "cx_decision_duration_seconds",
        "cx_wal_fsync_duration_seconds",
        "cx_customers",
        "cx_log_offset",
        "cx_uptime_seconds",
    ] {
        assert!(found.contains(expected), "{expected} is not in {found:?}");
    }
}

/// `RAPPORT_BLESS=1 cargo test -p server --test interface operations` writes the document anew after the interface was
/// changed on purpose; the difference is then reviewed like code.
#[test]
fn the_interface_is_described_as_it_was_last_reviewed() {
    let server = TestServer::start();
    let served = server.send("GET", "/openapi.json", &[], "").ok();
    assert_eq!(served, serde_json::to_value(server::api::document()).unwrap());
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "the interface changed: review it, and run this test with RAPPORT_BLESS=1 to keep it");
    assert_eq!(served["openapi"].as_str().unwrap().split('.').next(), Some("3"));
}

#[test]
fn every_described_path_is_served_and_every_served_path_is_described() {
    let server = TestServer::start();
    let document = serde_json::to_value(server::api::document()).unwrap();
    let described = document["paths"].as_object().unwrap();
    for (path, methods) in described {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                operation["summary"].as_str().is_some_and(|summary| summary.len() > 5),
                "{method} {path} says nothing"
            );
            for status in ["401", "403", "429", "503"] {
                let is_said = operation["responses"].get(status).is_some();
                assert!(is_said || operation.get("security").is_none(), "{method} {path} is silent on {status}");
            }
            let real = path.replace("{id}", "x").replace("{name}", "x").replace("{write_key}", "x");
            let status = if path.starts_with("/pixel/") {
                server.send_for_bytes(&method.to_uppercase(), &real).0
            } else {
                server.send(&method.to_uppercase(), &real, &[], "{}").status
            };
            assert!(![404, 405].contains(&status), "{method} {path} is described and not served");
            let is_open = ["/healthz", "/readyz", "/metrics", "/rapport.js"].contains(&path.as_str());
            assert_eq!(status == 401, !is_open, "{method} {path}: {status}");
        }
    }
    for path in UNDESCRIBED {
        let reply = server.send(
            "OPTIONS",
            path,
            &[("origin", "https://a.example"), ("access-control-request-method", "POST")],
            "",
        );
        assert_eq!(reply.status, 200, "{path}");
    }
    // Other companies describe their own interfaces; what becomes of each call stands in docs/gorse.md, docs/personalize.md
    // and docs/flags.md.
    let is_ours = |file: &&PathBuf| !THEIRS.iter().any(|name| file.to_string_lossy().contains(name));
    let sources = sources();
    let ours = sources.iter().filter(is_ours);
    let served: BTreeSet<String> = ours.flat_map(|file| paths_in(&std::fs::read_to_string(file).unwrap())).collect();
    // What is declared has the same paths on every list, which are put together in one place.
    let lists = ["/v1/actions", "/v1/offers", "/v1/flags", "/v1/experiments/"];
    let is_of_list = |path: &&String| lists.iter().any(|list| path.starts_with(list));
    let n_written = described.keys().filter(|path| !is_of_list(path)).count();
    assert!(served.len() >= n_written, "the paths were not found in the sources: {served:?}");
    for path in served {
        let is_known = described.contains_key(&path) || UNDESCRIBED.contains(&path.as_str());
        assert!(is_known, "{path} is served: describe it");
    }
}

/// Interfaces that others have described.
const THEIRS: [&str; 4] = ["gorse", "growthbook", "ofrep", "personalize"];

fn sources() -> Vec<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = support::files_below(&sources.join("api"));
    // Pointers into events are no paths, and others' interfaces are described by those whose they are.
    let is_theirs = |file: &Path| THEIRS.iter().any(|name| file.to_string_lossy().contains(name));
    files.retain(|file| !file.ends_with("wire.rs") && !is_theirs(file));
    files.push(sources.join("api.rs"));
    files
}

/// The quoted texts of a source file that look like the paths of routes.
fn paths_in(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let quoted = code.split('"').skip(1).step_by(2);
    quoted.filter(|text| text.starts_with('/') && text.len() > 1 && !text.contains(' ')).map(str::to_owned).collect()
}

#[test]
fn there_is_a_page_to_read_the_interface() {
    let server = TestServer::start();
    let page = server.send("GET", "/docs", &[("accept", "text/html")], "");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html") && page.text.contains("swagger-ui"));
    let settings = server.send("GET", "/docs/swagger-initializer.js", &[], "");
    assert!(settings.status == 200 && settings.text.contains("/openapi.json"), "{}", settings.text);
}

#[test]
fn a_directory_has_one_server_at_a_time() {
    let server = TestServer::start();
    let second = Opened::open(&server.data(), Access::Exclusive, settings()).err().expect("it is in use").story();
    assert!(second.contains(&server.data().display().to_string()) && second.contains("in use"), "{second}");
    assert!(second.contains(&std::process::id().to_string()) && second.contains("--data"), "{second}");
    server.post("/v1/track", &json!({"userId": "1", "event": "Still there"})).ok();
    // Reading is possible meanwhile, and writing as soon as it has stopped.
    Opened::open(&server.data(), Access::ReadOnly, settings()).unwrap();
    let data = server.stop();
    Opened::open(data.path(), Access::Exclusive, settings()).unwrap();
}

#[test]
fn a_port_in_use_is_named_and_nothing_stays_open() {
    let server = TestServer::start();
    let mut taken = settings();
    taken.server.listen = server.address();
    let data = tempfile::tempdir().unwrap();
    let opened = Opened::open(data.path(), Access::Exclusive, taken.clone()).unwrap();
    let keys = Keys::load(data.path(), &taken.keys).unwrap();
    let refused = Running::start(opened, keys, StartOptions::default()).err().expect("the port is in use").story();
    assert!(refused.contains(&server.address().to_string()) && refused.contains("--listen"), "{refused}");
    Opened::open(data.path(), Access::Exclusive, settings()).expect("the directory is free again");
}

#[test]
fn data_of_a_newer_version_is_left_alone() {
    let data = TestServer::start().stop();
    // What the write-ahead log holds would cover what is written below.
    support::files_below(data.path()).iter().filter(|path| path.to_string_lossy().ends_with("-wal")).for_each(|path| {
        std::fs::remove_file(path).unwrap();
    });
    let is_database = |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"));
    let database = support::files_below(data.path()).into_iter().find(is_database).expect("there is a database");
    let mut bytes = std::fs::read(&database).unwrap();
    // SQLite keeps `user_version` here, big-endian.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&database, &bytes).unwrap();
    for access in [Access::Exclusive, Access::ReadOnly] {
        let refused = Opened::open(data.path(), access, settings()).err().expect("it is newer").story();
        assert!(refused.contains("version 99") && refused.contains("newer program"), "{refused}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), bytes, "nothing was changed");
}

#[test]
fn a_directory_that_is_none_is_named() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = Opened::open(&file, Access::Exclusive, settings()).err().expect("it is a file").story();
    assert!(refused.contains("is not a directory"), "{refused}");
    let refused =
        Opened::open(&data.path().join("absent"), Access::ReadOnly, settings()).err().expect("it is absent").story();
    assert!(refused.contains("no data in"), "{refused}");
}

#[test]
fn without_keys_nothing_but_loopback_is_listened_on() {
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::load(data.path(), &KeySettings::default()).unwrap();
    let at = |listen: &str| ServerSettings { listen: listen.parse().unwrap(), ..ServerSettings::default() };
    let everywhere = at("0.0.0.0:7070");
    check_exposure(&at("127.0.0.1:7070"), &keys).unwrap();
    check_exposure(&at("[::1]:7070"), &keys).unwrap();
    let proxied = ServerSettings { tls_proxy: true, ..ServerSettings::default() };
    check_exposure(&proxied, &keys).expect_err("a proxy leads others to it");
    let refused = check_exposure(&everywhere, &keys).expect_err("there are no keys").to_string();
    assert!(refused.contains("0.0.0.0:7070") && refused.contains("RAPPORT__KEYS__ADMIN"), "{refused}");
    keys.create_missing().unwrap();
    check_exposure(&everywhere, &keys).unwrap();
    for weak in ["short", "fifteen-letters", "aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqrst"] {
        let preset = KeySettings { admin: weak.to_owned(), ..KeySettings::default() };
        let keys = Keys::load(data.path(), &preset).unwrap();
        check_exposure(&at("127.0.0.1:7070"), &keys).unwrap();
        let refused = check_exposure(&everywhere, &keys).expect_err(weak).to_string();
        assert!(refused.contains("keys.admin"), "{refused}");
    }

    // A console without a key never leaves the machine, whatever keys there are.
    drop(keys);
    let exposures: [fn(&mut ServerSettings); 3] = [
        |server| server.listen = "0.0.0.0:0".parse().unwrap(),
        |server| server.tls_proxy = true,
        |server| server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()],
    ];
    for expose in exposures {
        let mut exposed = settings();
        expose(&mut exposed.server);
        let keys = Keys::load(data.path(), &KeySettings::default()).unwrap();
        let opened = Opened::open(data.path(), Access::Exclusive, exposed).unwrap();
        let open_console = StartOptions { is_console_open: true, ..StartOptions::default() };
        let refused =
            Running::start(opened, keys, open_console).err().expect("it would be open to everybody").to_string();
        assert!(refused.contains("loopback"), "{refused}");
    }
}

#[test]
fn models_are_trained_on_request_and_say_what_is_missing() {
    let server = TestServer::start();
    let begun = server.post_as(ADMIN, "/v1/models/churn/train", &json!({}));
    assert_eq!((begun.status, &begun.json()["success"]), (202, &Value::Bool(true)));
    let said = support::until("training says what is missing", || {
        let models = server.get("/v1/models").ok()["models"].clone();
        let churn = models.as_array().unwrap().iter().find(|model| model["name"] == "churn").unwrap().clone();
        assert_eq!(churn["versions"], json!([]));
        churn["training"].as_str().filter(|said| said.contains("days of purchases")).map(str::to_owned)
    });
    assert!(said.contains("churn"), "{said}");
}
