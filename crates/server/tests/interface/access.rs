//! Who gets in, and what can they do? Keys, files and addresses, as a stranger would try them.

use crate::support::{ADMIN, SERVER, TestServer, WRITE, until};
use base64::Engine as _;
use governance::Role;
use serde_json::json;
use server::keys::Keys;
use server::settings::KeySettings;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use storage::SealPolicy;

#[test]
fn after_a_day_of_service_nobody_else_can_read_the_data_directory() {
    let data = TestServer::start().stop();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = TestServer::reopen(data.clone());
    server.post("/v1/track", &json!({"userId": "1", "event": "Looked"})).ok();
    server.post("/v1/track", &json!({"event": "Nobody"}));
    server.decide(&json!({"decision": "recommend", "userId": "1"})).ok();
    let app = server.app();
    app.engine.ports().models.put(b"a model").unwrap();
    app.engine.ports().models.set_champions("churn", &["none".to_owned()]).unwrap();
    app.engine.checkpoint(usize::MAX).unwrap();
    app.storage.seal(app.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    assert!(walk(data.path()).len() > 8, "{:?}", walk(data.path()));
    for path in walk(data.path()) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

/// Paths that say how the server is built and how it is.
const DESCRIBING: [&str; 4] = ["/metrics", "/openapi.json", "/docs/", "/docs/swagger-initializer.js"];

#[test]
fn where_others_reach_the_server_its_numbers_and_its_description_need_a_key() {
    let local = TestServer::start();
    for path in DESCRIBING {
        assert_eq!(local.send("GET", path, &[], "").status, 200, "{path}");
    }
    // By a browser of this machine, which is at the page of another site: its script would read the numbers.
    let foreign = [("Origin", "http://evil.example")];
    local.send("GET", "/metrics", &foreign, "").error(401, "no_key");
    assert_eq!(local.send("GET", "/metrics", &[("Origin", "http://localhost:3000")], "").status, 200);
    let public = TestServer::start_with(|settings| settings.server.tls_proxy = true);
    let viewer = public.app().keys.create("scraper", Role::Viewer).unwrap().key;
    for path in DESCRIBING {
        public.send("GET", path, &[], "").error(401, "no_key");
        public.get_as("wrong", path).error(401, "unknown_key");
        public.get_as(WRITE, path).error(403, "forbidden");
        for key in [viewer.as_str(), SERVER, ADMIN] {
            assert_eq!(public.get_as(key, path).status, 200, "{path}");
        }
    }
    for path in ["/healthz", "/readyz", "/login"] {
        assert_eq!(public.send("GET", path, &[], "").status, 200, "{path}");
    }
    let open = TestServer::start_with(|settings| {
        settings.server.tls_proxy = true;
        settings.server.public_metrics = true;
    });
    assert_eq!(open.send("GET", "/metrics", &[], "").status, 200);
    open.send("GET", "/docs", &[], "").error(401, "no_key");
    let open = open.restart_with(|settings| {
        settings.server.public_metrics = false;
        settings.server.public_docs = true;
    });
    assert_eq!(open.send("GET", "/openapi.json", &[], "").status, 200);
    open.send("GET", "/metrics", &[], "").error(401, "no_key");
}

#[test]
fn each_role_reaches_what_it_may_and_nothing_else() {
    let server = TestServer::start();
    let viewer = server.app().keys.create("Mei", Role::Viewer).unwrap().key;
    server.post("/v1/identify", &json!({"userId": "1"})).ok();
    let event = json!({"userId": "1", "event": "Looked"});
    let question = json!({"decision": "churn", "userId": "1"});
    for (key, statuses) in [
        (WRITE, [200, 403, 403, 403, 403]),
        (viewer.as_str(), [403, 403, 200, 403, 403]),
        (SERVER, [200, 200, 200, 403, 403]),
        (ADMIN, [200, 200, 200, 409, 200]),
        ("unknown", [401; 5]),
    ] {
        let found = [
            server.post_as(key, "/v1/track", &event).status,
            server.post_as(key, "/v1/decide", &question).status,
            server.get_as(key, "/v1/customers/1").status,
            server.post_as(key, "/v1/models/churn/rollback", &json!({})).status,
            server.get_as(key, "/v1/audit").status,
        ];
        assert_eq!(found, statuses, "{key}");
    }
}

/// A key as a browser sends it by itself, once it was given it with an address.
fn remembered(key: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
}

#[test]
fn another_site_changes_nothing_with_a_key_that_a_browser_remembers() {
    let server = TestServer::start();
    let own = server.url("");
    let send = |path: &str, key: &str, page: (&str, &str)| {
        server.send("POST", path, &[("authorization", key), page], r#"{"userId":"1","event":"Looked"}"#)
    };
    let foreign = [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")];
    for path in [
        "/v1/imports",
        "/v1/imports/1/events",
        "/v1/imports/1/replace",
        "/v1/imports/1/end",
        "/v1/imports/1/undo",
        "/v1/models/churn/train",
        "/v1/models/churn/champion",
        "/v1/models/churn/rollback",
        "/v1/decide",
        "/v1/track",
    ] {
        for page in foreign {
            let refused = send(path, &remembered(ADMIN), page);
            assert!(refused.error(403, "forbidden").contains("another site"), "{path} {page:?}");
        }
        for page in [("origin", own.as_str()), ("sec-fetch-site", "none"), ("user-agent", "curl")] {
            assert_ne!(send(path, &remembered(ADMIN), page).status, 403, "{path} {page:?}");
        }
        let bearer = format!("Bearer {ADMIN}");
        assert_ne!(send(path, &bearer, foreign[0]).status, 403, "{path}: no page makes a browser send this unasked");
    }
    let before = server.events("accepted").len();
    for page in foreign {
        send("/v1/track", &remembered(WRITE), page).ok();
    }
    assert_eq!(server.events("accepted").len(), before + 3, "the write key lies in the pages of every site");
}

#[test]
fn who_tries_keys_in_headers_waits_and_nobody_else_behind_the_address() {
    let server = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let made = server.app().keys.create("importer", Role::Server).unwrap().key;
    let (query, body) = ("/v1/track?writeKey=wrong", r#"{"userId":"1","event":"Looked","writeKey":"wrong"}"#);
    let wrong = |address: &str, path: &str, key: Option<&str>| {
        let mut headers = vec![("x-forwarded-for", address)];
        headers.extend(key.map(|key| ("authorization", key)));
        match path {
            "/v1/batch" => server.send("POST", path, &headers, r#"{"batch":[],"writeKey":"wrong"}"#),
            _ if path.starts_with("/v1/t") => server.send("POST", path, &headers, body),
            _ => server.send("GET", path, &headers, ""),
        }
    };
    let basic = remembered("wrong");
    for (n, (path, key)) in [
        ("/v1/models", Some("Bearer wrong")),
        ("/", Some("Bearer wrong")),
        ("/login", Some(basic.as_str())),
        ("/healthz", Some("Bearer wrong")),
        (query, None),
        ("/v1/batch", None),
        ("/v1/projects/wrong/settings", None),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("198.51.100.{n}");
        let with =
            |key: &str| server.send("GET", "/v1/models", &[("x-forwarded-for", &address), ("x-api-key", key)], "");
        assert_eq!(with(SERVER).status, 200, "{path}: it comes from here");
        for _ in 0..5 {
            assert_ne!(wrong(&address, path, key).status, 429, "{path}");
        }
        let slowed = wrong(&address, path, key);
        assert_eq!((slowed.status, slowed.header("retry-after")), (429, Some("1")), "{path}: {}", slowed.text);
        assert_eq!((with(&made).status, with(SERVER).status), (200, 200), "{path}: others behind the address");
        assert_eq!(with(ADMIN).status, 429, "{path}: what people thought of is not told from a guess");
        assert_ne!(wrong(&format!("203.0.113.{n}"), path, key).status, 429, "{path}: another address does not wait");
    }
    server.advance(std::time::Duration::from_secs(1));
    let with = server.send("GET", "/v1/models", &[("x-forwarded-for", "198.51.100.0"), ("x-api-key", ADMIN)], "");
    assert_eq!(with.status, 200, "it waited");
}

#[test]
fn a_running_server_follows_keys_that_a_command_makes_and_revokes() {
    let server = TestServer::start();
    // It has come from here before, so that it does not wait after the tries below.
    server.get_as(ADMIN, "/v1/models").ok();
    let command = Keys::load(&server.data(), &server.settings().keys).unwrap();
    let new = command.create("importer", Role::Server).unwrap();
    until("the new key opens", || (server.get_as(&new.key, "/v1/models").status == 200).then_some(()));
    command.revoke("importer").unwrap();
    // Which refusal it is depends on how often the key was tried before it was known.
    until("the revoked key opens nothing", || {
        [401, 429].contains(&server.get_as(&new.key, "/v1/models").status).then_some(())
    });
    let subject = format!("server key \"importer\" ({})", new.info.id);
    let told = until("both are written down", || {
        let entries = server.get_as(ADMIN, "/v1/audit").ok()["entries"].as_array().unwrap().clone();
        (entries.len() == 2).then_some(entries)
    });
    for (entry, deed) in told.iter().zip(["key_revoked", "key_created"]) {
        assert_eq!(
            (&entry["deed"], &entry["actor"], &entry["subject"]),
            (&deed.into(), &"command".into(), &json!(subject))
        );
    }
    // When it was last used is known after a restart, and no key stands anywhere in the directory.
    let data = server.stop();
    let used = Keys::load(data.path(), &KeySettings::default()).unwrap().list();
    assert!(used.iter().any(|info| info.name == "importer" && info.used_at.is_some()), "{used:?}");
    for path in walk(data.path()).iter().filter(|path| path.is_file()) {
        let bytes = std::fs::read(path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(&new.key) && !holds(ADMIN), "a key stands in {}", path.display());
    }
}

/// A directory and everything in it.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] });
    [directory.to_owned()].into_iter().chain(below).collect()
}
