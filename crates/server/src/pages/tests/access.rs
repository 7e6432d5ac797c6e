//! Who gets into the console, what can they do there, and what is written down of it?

use super::*;
use crate::keys::NewKey;
use governance::{Deed, Purpose, Role};
use storage::AuditQuestion;

impl Console {
    fn key(&self, name: &str, role: Role) -> NewKey {
        self.running.app().keys.create(name, role).unwrap()
    }

    /// Signs in and answers with the cookie to send from then on.
    pub(super) fn sign_in(&self, key: &str, name: &str) -> String {
        let opened = self.post("/login", &format!("key={key}"), &[]);
        assert_eq!(opened.status, 303, "{}", opened.body);
        opened.cookie(name).unwrap().split(';').next().unwrap().to_owned()
    }

    /// What was written down, newest first: deed, key's name, subject.
    pub(super) fn audit(&self, n: usize) -> Vec<(Deed, String, String)> {
        let app = self.running.app();
        // The writer takes one after the other: what waits before this is stored when it is answered.
        app.storage.prune(app.engine.clock().now()).unwrap();
        let question = AuditQuestion { n_max: n, ..AuditQuestion::default() };
        let entries = app.storage.audit(&question).unwrap().into_iter();
        entries.map(|(_, entry)| (entry.deed, super::super::visit::name(&entry.actor), entry.subject)).collect()
    }
}

fn status(console: &Console, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    console.send(method, path, headers, "version=x&decision=churn&name=x&role=write").status
}

#[test]
fn the_admin_key_in_a_header_opens_every_page_without_a_cookie() {
    let console = Console::start(false);
    for path in PAGES {
        let reply = console.send("GET", path, &[("authorization", &format!("Bearer {ADMIN}"))], "");
        assert_eq!((reply.status, reply.headers.get("set-cookie")), (200, None), "{path}");
        assert_page(path, &reply);
        assert_eq!(console.get(path).status, 401, "{path}");
    }
}

#[test]
fn a_viewer_sees_the_pages_and_changes_nothing() {
    let console = Console::start(false);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#);
    let viewer = console.key("Mei", Role::Viewer);
    let cookie = console.sign_in(&viewer.key, crate::sessions::COOKIE);
    let origin = format!("http://{}", console.running.address());
    let bearer = format!("Bearer {}", viewer.key);
    for headers in [&[("cookie", cookie.as_str()), ("origin", origin.as_str())][..], &[("authorization", &bearer)]] {
        for path in ["/", "/events", "/customers", "/customers/ann", "/models", "/decisions", "/api"] {
            let reply = console.send("GET", path, headers, "");
            assert_eq!(reply.status, 200, "{path}");
            assert!(!reply.body.contains("Train now") && !reply.body.contains("Decide now"), "{path}");
            assert!(!reply.body.contains("href=\"/keys\""), "{path}");
        }
        for path in ["/keys", "/audit"] {
            assert_eq!(status(&console, "GET", path, headers), 403, "{path}");
        }
        let changes = [
            "/customers/ann/decide",
            "/customers/ann/erase",
            "/customers/ann/separate",
            "/customers/ann/refuse",
            "/models/churn/train",
            "/models/churn/champion",
            "/keys",
            "/keys/preset-admin/revoke",
        ];
        for path in changes {
            assert_eq!(status(&console, "POST", path, headers), 403, "{path}");
        }
    }
    assert_eq!(console.n_decisions(), 0);
    assert_eq!(console.running.app().keys.list().len(), 4, "three preset ones and the viewer's");
    // The same change by the admin key, so that it is the role that was refused.
    assert_eq!(
        status(&console, "POST", "/models/churn/champion", &[("authorization", &format!("Bearer {ADMIN}"))]),
        303
    );
}

#[test]
fn keys_are_made_and_revoked_on_a_page_and_end_at_once() {
    let console = Console::start(true);
    let made = console.post("/keys", "name=Ann+%3Cb%3E&role=viewer", &[]);
    assert_eq!((made.status, made.headers.get("set-cookie")), (200, None), "a key stands in no cookie");
    assert_page("/keys", &made);
    let key = made.body.split("<code>").find(|part| part.starts_with("rp_viewer_")).unwrap();
    let key = key.split("</code>").next().unwrap();
    assert!(!console.get("/keys").body.contains(key) && console.get("/keys").body.contains("Ann &#60;b&#62;"));
    let id = console.running.app().keys.find(key).unwrap().id;
    let bearer = [("authorization", &*format!("Bearer {key}")), ("host", "elsewhere.example")];
    let session = console.sign_in(key, crate::sessions::COOKIE);

    for (form, problem) in [("name=&role=viewer", "visible"), ("name=x&role=king", "no such role")] {
        let refused = console.post("/keys", form, &[]);
        assert_eq!((refused.status, refused.header("location")), (303, "/keys"), "{form}");
        let flash = crate::cookies::unescape(&refused.cookie("rapport_flash").unwrap());
        assert!(flash.contains(problem), "{flash}");
    }
    assert_eq!(console.post("/keys", "nonsense", &[]).status, 400);
    let revoked = console.post(&format!("/keys/{id}/revoke"), "", &[]);
    assert_eq!((revoked.status, revoked.header("location")), (303, "/keys"));
    assert_eq!(console.running.app().keys.role_of(key), None);
    assert!(console.running.app().signed_in(&headers(&session)).is_none(), "its session ends");
    assert_ne!(status(&console, "GET", "/models", &bearer), 200);

    let (name, subject) = ("Open console".to_owned(), format!("viewer key \"Ann <b>\" ({id})"));
    let deeds = console.audit(9);
    assert_eq!(deeds[0], (Deed::KeyRevoked, name.clone(), subject.clone()));
    assert!(deeds.contains(&(Deed::KeyCreated, name, subject)), "{deeds:?}");
    assert!(deeds.iter().all(|(_, _, subject)| !subject.contains(key)), "never a key");
}

#[test]
fn a_customer_is_erased_on_their_page_after_a_second_question() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#);
    assert!(console.get("/customers/ann").body.contains("href=\"/customers/ann/erase\""));
    console.send_events(r#"{"batch":[{"type":"track","event":"Seen","userId":"ann","anonymousId":"phone"}]}"#);
    let question = console.get("/customers/anonymous%3Aphone/erase");
    assert_page("/customers/ann/erase", &question);
    for said in [
        "<h1>Erase ann?</h1>",
        "userId ann",
        "anonymousId phone",
        "2 events",
        "action=\"/customers/user%3Aann/erase\"",
        "Yes, for good",
    ] {
        assert!(question.body.contains(said), "{said}: {}", question.body);
    }
    assert_eq!(console.get("/customers/nobody/erase").status, 404);
    // Looked at by whichever name, it is noted by what the erasure looks for.
    for typed in ["/customers/phone/erase", "/customers/user%3Aann/erase"] {
        assert_eq!(console.get(typed).status, 200);
        let deeds = console.audit(1);
        assert_eq!((deeds[0].0, &*deeds[0].2), (Deed::CustomerOpened, "ann"), "{typed}");
    }
    let by_device = console.post("/customers/phone/erase", "", &[]);
    let flash = crate::cookies::unescape(&by_device.cookie("rapport_flash").unwrap());
    assert!(flash.contains("is a device of userId ann"), "{flash}");
    assert_eq!(console.get("/customers/ann").status, 200, "nothing has changed yet");
    let erased = console.post("/customers/user%3Aann/erase", "", &[]);
    assert_eq!((erased.status, erased.header("location")), (303, "/customers"));
    let flash = crate::cookies::unescape(&erased.cookie("rapport_flash").unwrap());
    let receipt = flash.split("receipt: ").nth(1).unwrap().split(';').next().unwrap();
    assert!(flash.contains("Erased for good") && profiles::ErasureId::parse(receipt).is_some(), "{flash}");
    assert_eq!(console.get("/customers/ann").status, 404);
    let deeds = console.audit(9);
    assert_eq!((deeds[0].0, &*deeds[0].2), (Deed::CustomerErased, &*format!("erasure {receipt}")));
    let unknown = console.post("/customers/nobody/erase", "", &[]);
    assert!(crate::cookies::unescape(&unknown.cookie("rapport_flash").unwrap()).contains("Nobody goes by"));
}

#[test]
fn a_refusal_is_written_down_for_a_customer_on_their_page_and_no_browser_undoes_it() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
            {"type":"track","event":"Seen","userId":"ann","anonymousId":"phone"},
            {"type":"track","event":"Seen","anonymousId":"stranger"}]}"#,
    );
    for (id, to) in [("ann", "/customers/ann"), ("anonymous%3Astranger", "/customers/anonymous%3Astranger")] {
        let granted = |purpose: Purpose| {
            let customer = console.running.app().engine.customer(&id.replace("%3A", ":")).unwrap();
            let answer = customer.consents.into_iter().find(|answer| answer.purpose == purpose).unwrap();
            (answer.granted, answer.basis != governance::ConsentBasis::Default)
        };
        for purpose in Purpose::ALL {
            let (before, page) = (granted(purpose), console.get(to).body);
            assert!(page.contains(&format!("name=\"purpose\" value=\"{purpose}\"")), "{purpose}: {page}");
            assert!(!before.1, "{purpose}: nothing was said yet");
            let done = console.post(&format!("{to}/refuse"), &format!("purpose={purpose}"), &[]);
            assert_eq!((done.status, done.header("location")), (303, to));
            let flash = crate::cookies::unescape(&done.cookie("rapport_flash").unwrap());
            assert!(flash.contains("=done.Refused") && flash.contains(purpose.name()), "{flash}");
            assert_eq!(granted(purpose), (false, true), "{purpose}");
            assert!(!console.get(to).body.contains(&format!("value=\"{purpose}\"")), "refused once is enough");
        }
        let deeds = console.audit(20);
        let subject =
            console.running.app().engine.customer(&id.replace("%3A", ":")).unwrap().customer.profile.id.to_string();
        let n_refused = deeds.iter().filter(|(deed, _, of)| *deed == Deed::ConsentRefused && **of == *subject).count();
        assert_eq!(n_refused, Purpose::ALL.len(), "{deeds:?}");
    }
    console.send_events_from(
        Origin::Client,
        r#"{"batch":[{"type":"track","event":"Segment Consent Preference Updated","userId":"ann",
            "properties":{"categoryPreferences":{"marketing":true}}}]}"#,
    );
    assert!(!console.get("/customers/ann").body.contains("value=\"marketing\""), "the company said no");
    for (path, form, status) in [
        ("/customers/ann/refuse", "purpose=everything", 400),
        ("/customers/ann/refuse", "", 400),
        ("/customers/ann/refuse", "purpose=Marketing", 400),
    ] {
        assert_eq!(console.post(path, form, &[]).status, status, "{path} {form}");
    }
    let unknown = console.post("/customers/nobody/refuse", "purpose=marketing", &[]);
    assert!(crate::cookies::unescape(&unknown.cookie("rapport_flash").unwrap()).contains("=failed."));
    assert_eq!(console.running.app().engine.customer("nobody").unwrap_err().kind(), primitives::ErrorKind::NotFound);
}

#[test]
fn a_name_of_somebody_else_is_taken_out_on_the_customers_page() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
            {"type":"track","event":"Seen","userId":"ann","anonymousId":"phone"},
            {"type":"track","event":"Seen","userId":"bob","anonymousId":"laptop"},
            {"type":"track","event":"Seen","userId":"bob"},
            {"type":"alias","userId":"ann","previousId":"bob"}]}"#,
    );
    let page = console.get("/customers/ann").body;
    for name in ["user%3Abob", "anonymous%3Aphone", "anonymous%3Alaptop"] {
        assert!(page.contains(&format!("href=\"/customers/ann/separate?identifier={name}\"")), "{name}: {page}");
    }
    assert_eq!(page.matches("Not this person").count(), 3, "the name they were known by first stays");

    let question = console.get("/customers/ann/separate?identifier=user%3Abob");
    assert_page("/customers/ann/separate", &question);
    for said in ["userId bob", "anonymousId laptop", ">2 events<", "value=\"user:bob\"", "Another customer"] {
        assert!(question.body.contains(said), "{said}: {}", question.body);
    }
    assert_eq!(console.get("/customers/ann").body.matches("Not this person").count(), 3, "it was only a question");
    for (query, status) in [("?identifier=user%3Aann", 400), ("?identifier=carol", 400), ("", 404)] {
        assert_eq!(console.get(&format!("/customers/ann/separate{query}")).status, status, "{query}");
    }

    let flash = |reply: &Reply| crate::cookies::unescape(&reply.cookie("rapport_flash").unwrap());
    let long = format!("identifier=user%3Abob&reason={}", "x".repeat(1_001));
    assert!(flash(&console.post("/customers/ann/separate", &long, &[])).contains("longer than 1000 bytes"));
    assert_eq!(console.post("/customers/ann/separate", "reason=x", &[]).status, 400);
    let done = console.post("/customers/ann/separate", "identifier=user%3Abob&reason=two+people", &[]);
    assert_eq!((done.status, done.header("location")), (303, "/customers/ann"));
    assert!(
        flash(&done).contains("done.They are two people now, in the past as well: 2 events went to others."),
        "{}",
        flash(&done)
    );
    let deeds = console.audit(9);
    assert_eq!((deeds[0].0, &*deeds[0].2), (Deed::CustomerSeparated, "ann"));
    assert_eq!(console.get("/customers/ann").body.matches("Not this person").count(), 1, "the phone is still theirs");
    assert!(console.get("/customers/bob").body.contains("<code>laptop</code>"));
    let again = console.post("/customers/ann/separate", "identifier=user%3Abob", &[]);
    assert_eq!(again.header("location"), "/customers/ann");
    assert!(flash(&again).contains("failed.Customer ann has no name"), "{}", flash(&again));
}

fn headers(cookie: &str) -> axum::http::HeaderMap {
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("cookie", cookie.parse().unwrap());
    headers
}

#[test]
fn a_sign_in_ends_the_older_session_and_an_idle_one_ends_by_itself() {
    let console = Console::start_with(false, |settings| settings.console.idle_minutes = 30);
    let first = console.sign_in(ADMIN, crate::sessions::COOKIE);
    let second = console.sign_in(ADMIN, crate::sessions::COOKIE);
    let open = |cookie: &str| status(&console, "GET", "/", &[("cookie", cookie)]);
    assert_eq!((open(&first), open(&second)), (401, 200));
    console.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(open(&second), 200);
    console.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(open(&second), 401);
}

#[test]
fn who_keeps_trying_wrong_keys_waits_and_so_does_the_right_key() {
    let console = Console::start(false);
    for _ in 0..5 {
        assert_eq!(console.post("/login", "key=wrong", &[]).status, 401);
    }
    let slowed = console.post("/login", &format!("key={ADMIN}"), &[]);
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, "1"), "the key is not even looked at");
    assert_page("/login", &slowed);
    assert!(slowed.body.contains("Try again in 1 s"), "{}", slowed.body);
    console.clock.advance(Duration::from_secs(1));
    assert_eq!(console.post("/login", "key=wrong", &[]).status, 401);
    assert_eq!(console.post("/login", "key=wrong", &[]).header("retry-after"), "2", "longer each time");
    console.clock.advance(Duration::from_secs(2));
    assert_eq!(console.post("/login", &format!("key={ADMIN}"), &[]).status, 303);
    assert_eq!(console.post("/login", "key=wrong", &[]).status, 401, "it begins anew");
    let audit = console.audit(9);
    assert_eq!(audit.iter().filter(|(deed, ..)| *deed == Deed::SignInRefused).count(), 7, "{audit:?}");
    assert_eq!(audit[1], (Deed::SignIn, "preset admin key".to_owned(), "console".to_owned()));
}

#[test]
fn behind_a_proxy_with_tls_cookies_never_travel_without() {
    let console = Console::start_with(false, |settings| {
        settings.server.tls_proxy = true;
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let opened = console.post("/login", &format!("key={ADMIN}"), &[("x-forwarded-for", "192.0.2.7")]);
    let cookie = opened.cookie("__Host-rapport_session").expect("the name that no other host can set");
    assert!(cookie.contains("; Path=/;") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(status(&console, "GET", "/", &[("cookie", session)]), 200);
    let plain = session.trim_start_matches("__Host-");
    assert_eq!(status(&console, "GET", "/", &[("cookie", plain)]), 401, "one that another host may have set");
    let theme = console.post("/theme", "theme=dark", &[]);
    assert!(theme.cookie("__Host-rapport_theme").unwrap().ends_with("Secure"));
    // Each visitor of the proxy waits for their own wrong keys.
    for _ in 0..5 {
        console.post("/login", "key=wrong", &[("x-forwarded-for", "10.0.0.1, 198.51.100.1")]);
    }
    let sent = |from: &str| console.post("/login", "key=wrong", &[("x-forwarded-for", from)]).status;
    assert_eq!((sent("198.51.100.1"), sent("192.0.2.7")), (429, 401));
}

#[test]
fn a_key_that_a_browser_remembers_changes_nothing_for_another_site() {
    use base64::Engine as _;
    let console = Console::start(false);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{ADMIN}:")));
    let change = |headers: &[(&str, &str)]| status(&console, "POST", "/models/churn/champion", headers);
    assert_eq!(status(&console, "GET", "/models", &[("authorization", &basic)]), 200);
    assert_eq!(change(&[("authorization", &basic), ("origin", "http://evil.example")]), 403);
    let own = format!("http://{}", console.running.address());
    assert_eq!(change(&[("authorization", &basic), ("origin", &own)]), 303);
}

#[test]
fn the_demonstration_answers_no_other_site_neither_pages_nor_programs() {
    let console = Console::start(true);
    let port = console.running.address().port();
    let server = format!("Bearer {SERVER}");
    for (method, path) in [("GET", "/customers"), ("GET", "/v1/models"), ("POST", "/v1/decide"), ("GET", "/metrics")] {
        for (host, origin, is_local) in [
            ("127.0.0.1", "http://localhost:3000", true),
            ("localhost", "http://127.0.0.1", true),
            ("evil.example", "http://evil.example", false),
            ("127.0.0.1", "http://evil.example", false),
            ("127.0.0.1", "null", false),
        ] {
            let host = format!("{host}:{port}");
            let sent = [("host", host.as_str()), ("origin", origin), ("authorization", server.as_str())];
            let reply = console.send(method, path, &sent, r#"{"decision":"churn","userId":"1"}"#);
            assert_eq!(reply.status == 403, !is_local, "{method} {path} {host} {origin}: {}", reply.body);
            let is_shared = reply.headers.contains_key("access-control-allow-origin");
            assert!(is_local || !is_shared, "another site must not read the answer");
        }
        let asked = [("origin", "http://evil.example"), ("access-control-request-method", "POST")];
        assert_eq!(console.send("OPTIONS", path, &asked, "").status, 403, "{path}");
    }
    assert_eq!(console.n_decisions(), 2);
    let page = console.send("GET", "/", &[("host", "evil.example"), ("accept", "text/html")], "");
    assert_page("/", &page);
}

#[test]
fn it_is_written_down_who_did_what_and_only_administrators_read_it() {
    let console = Console::start(false);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#);
    let mei = console.key("Mei", Role::Viewer);
    let admin = [("authorization", &*format!("Bearer {ADMIN}"))];
    let viewer = [("authorization", &*format!("Bearer {}", mei.key))];
    let server = [("authorization", &*format!("Bearer {SERVER}"))];
    assert_eq!(status(&console, "GET", "/customers/ann", &viewer), 200);
    assert_eq!(status(&console, "GET", "/v1/customers/ann", &server), 200);
    assert_eq!(status(&console, "GET", "/customers/nobody", &admin), 404);
    let decided = |user: &str| {
        let asked = format!(r#"{{"decision":"churn","userId":"{user}"}}"#);
        let reply = console.send("POST", "/v1/decide", &server, &asked);
        let reply: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        reply["decisionId"].as_str().unwrap().to_owned()
    };
    let (of_ann, of_nobody) = (decided("ann"), decided("nobody"));
    assert_eq!(status(&console, "GET", &format!("/decisions/{of_ann}"), &viewer), 200);
    assert_eq!(status(&console, "GET", &format!("/v1/decisions/{of_ann}"), &viewer), 200);
    assert_eq!(status(&console, "GET", &format!("/v1/decisions/{of_ann}"), &server), 200);
    assert_eq!(status(&console, "GET", &format!("/decisions/{of_nobody}"), &viewer), 200);
    assert_eq!(status(&console, "GET", "/v1/customers/ann", &admin), 200);
    assert_eq!(status(&console, "POST", "/models/recommend/train", &admin), 303);
    let deeds: Vec<_> = console.audit(9).into_iter().rev().take(5).collect();
    let admin_name = || "preset admin key".to_owned();
    assert_eq!(
        deeds,
        [
            (Deed::CustomerOpened, "Mei".to_owned(), "ann".to_owned()),
            (Deed::CustomerOpened, "Mei".to_owned(), "ann".to_owned()),
            (Deed::CustomerOpened, "Mei".to_owned(), "ann".to_owned()),
            (Deed::CustomerOpened, admin_name(), "ann".to_owned()),
            (Deed::Training, admin_name(), "recommend".to_owned()),
        ],
        "services and what is not there are not written down"
    );
    let page = console.send("GET", "/audit?of=customers", &admin, "").body;
    assert!(page.contains("href=\"/customers/ann\"") && page.contains("127.0.0.1") && !page.contains("recommend"));
    let reply = console.send("GET", "/v1/audit?deed=customer_opened&limit=1", &admin, "");
    let entry = &serde_json::from_str::<serde_json::Value>(&reply.body).unwrap()["entries"][0];
    assert_eq!((&entry["keyName"], &entry["subject"]), (&admin_name().into(), &"ann".into()));
    let older = console.send("GET", &format!("/v1/audit?before={}", entry["number"]), &admin, "").body;
    assert!(older.contains("\"keyName\":\"Mei\"") && !older.contains(&admin_name()), "{older}");
    for (headers, expected) in [(&viewer, 403), (&server, 403)] {
        assert_eq!(status(&console, "GET", "/v1/audit", headers), expected);
    }
    for query in ["deed=nonsense", "before=x", "limit=0"] {
        assert_eq!(status(&console, "GET", &format!("/v1/audit?{query}"), &admin), 400, "{query}");
    }
}
