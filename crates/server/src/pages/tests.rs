//! Does the console show what is there, to those who may see it and to nobody else?

mod access;
mod acts;
mod calls;
mod catalogue;
mod decided;
mod declared;
mod figures;
mod kept;
mod kinds;
mod search;
mod stream;
mod ticks;
mod tour;
mod tried;
mod truth;

use crate::keys::Keys;
use crate::serve::{Opened, Running, StartOptions};
use crate::settings::{KeySettings, Settings};
use engine::Asked as Question;
use events::generator::{World, WorldSettings};
use events::{Batch, Origin};
use primitives::{Seed, SimulatedClock, Timestamp};
use profiles::Identifier;
use std::sync::Arc;
use std::time::Duration;
use storage::Access;

const ADMIN: &str = "demo-admin-key";
const SERVER: &str = "demo-server-key";
const HOSTILE: &str = "<script>alert('x')</script>\"&";

const PAGES: [&str; 53] = [
    "/",
    "/events",
    "/events?status=rejected&name=Order%20Completed&live=1",
    "/data",
    "/data?event=Order%20Completed",
    "/customers",
    "/customers?q=zz&n=100",
    "/lists",
    "/lists?filter=known%20and%20not%20orders_365d%3E%3D1&sort=-score.value&c.score.value=1&c.why.value=1&columns=traits.city",
    "/lists?filter=%3Cscript%3E&cursor=7",
    "/lists/about_to_leave",
    "/catalogue",
    "/catalogue?q=zz&category=%3Cb%3E&show=nameless&n=-3",
    "/catalogue?show=nothing",
    "/imports",
    "/settings",
    "/settings?q=idle&show=changed",
    "/settings?q=%3Cscript%3E",
    "/try",
    "/try?customer=zz&placement=%3Cb%3E&n=-1&diversity=x&price_max=3,5",
    "/models",
    "/capabilities",
    "/capabilities/value",
    "/features",
    "/holdout",
    "/actions",
    "/actions?kind=%3Cscript%3E&w.zz=%3Cb%3E&v.zz=-1",
    "/policies",
    "/policies?kind=zz&explore=x&gamma=-1&floor=%3Cb%3E",
    "/flags",
    "/new/actions",
    "/new/flags",
    "/new/experiments",
    "/experiments",
    "/try?what=act",
    "/try?what=act&customer=zz&channel=%3Cb%3E&n=-1",
    "/try?what=act&customer=zz&context=%3Cscript%3E",
    "/try?what=zz&customer=zz",
    "/report",
    "/report?month=2026-10",
    "/decisions",
    "/decisions?kind=recommend&basis=popular&reason=known&customer=zz&day=2026-11-22",
    "/decisions?kind=%3Cb%3E&basis=none&day=yesterday&reason=%3Cscript%3E&n=-1",
    "/api",
    "/?days=90",
    "/system",
    "/keys",
    "/audit",
    "/audit?of=customers&before=7",
    "/events?status=%FF&status=accepted&n=-1",
    "/customers?q=%25%27%22%3C",
    "/search",
    "/search?q=%3Cscript%3E%25%27%22",
];

/// A server of its own, in process, with a clock that stands still.
struct Console {
    running: Running,
    clock: Arc<SimulatedClock>,
    _data: tempfile::TempDir,
}

struct Reply {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all("set-cookie").into_iter().map(|value| value.to_str().unwrap());
        cookies.map(str::to_owned).find(|cookie| cookie.starts_with(&format!("{name}=")))
    }
}

impl Console {
    fn start(is_open: bool) -> Self {
        Self::start_with(is_open, |_| {})
    }

    fn start_with(is_open: bool, change: impl FnOnce(&mut Settings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.models.train_hours = 0;
        settings.keys =
            KeySettings { write: "demo-write-key".to_owned(), server: SERVER.to_owned(), admin: ADMIN.to_owned() };
        let clock = Arc::new(SimulatedClock::new(Timestamp::parse("2026-11-22T12:00:00Z").unwrap()));
        change(&mut settings);
        let keys = Keys::load(data.path(), &settings.keys).unwrap();
        let opened = Opened::open_at(data.path(), Access::Exclusive, settings, clock.clone()).unwrap();
        let options = StartOptions { is_console_open: is_open, ..StartOptions::default() };
        Self { running: Running::start(opened, keys, options).unwrap(), clock, _data: data }
    }

    /// The generated shop of `n_customers`, with the recommender trained on it.
    fn filled(n_customers: usize) -> Self {
        Self::filled_with(n_customers, |_| {})
    }

    fn filled_with(n_customers: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let console = Self::start_with(true, change);
        let engine = &console.running.app().engine;
        let settings = WorldSettings {
            n_customers,
            n_items: 60,
            n_days: 60,
            ends_at: engine.clock().now(),
            ..WorldSettings::default()
        };
        let events: Vec<_> = World::new(Seed::new(5), settings).events().collect();
        for events in events.chunks(2_000) {
            engine.ingest(Batch { accepted: events.to_vec(), ..Batch::default() }).unwrap();
        }
        let material = engine.material(&mut |_| {}).unwrap();
        engine::train(engine, &"recommend".into(), &material, Seed::new(1)).unwrap();
        console
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let mut request = ureq::http::Request::builder().method(method);
        request = request.uri(format!("http://{}{path}", self.running.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut response = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("accept", "text/html")], "")
    }

    /// Sends a form as a browser does from a page of our own.
    fn post(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Reply {
        let origin = format!("http://{}", self.running.address());
        self.send("POST", path, &[&[("origin", origin.as_str())], headers].concat(), form)
    }

    fn send_events(&self, batch: &str) {
        self.send_events_from(Origin::Server, batch);
    }

    fn send_events_from(&self, origin: Origin, batch: &str) {
        let now = self.running.app().engine.clock().now();
        let batch = events::parse_batch(batch.as_bytes(), events::Envelope::new(now, origin)).unwrap();
        self.running.app().engine.ingest(batch).unwrap();
    }

    fn n_decisions(&self) -> u64 {
        self.running.app().engine.ports().decisions.counts().unwrap().0
    }
}

/// What must hold of every page, whatever is on it.
fn assert_page(path: &str, reply: &Reply) {
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", console::CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), value, "{path}: {name}");
    }
    let script = "<script type=\"module\" src=\"/assets/console.js?v=";
    let n_own = reply.body.matches(script).count();
    assert!(reply.body.ends_with("</html>") && n_own <= 1, "{path}: {}", reply.body);
    assert_eq!(reply.body.matches("<script").count(), n_own, "{path}: {}", reply.body);
}

#[test]
fn a_rejected_cloudevent_is_shown_with_its_name_and_its_customer() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"maria","traits":{}}]}"#);
    let now = console.running.app().engine.clock().now();
    let body =
        r#"{"specversion":"1.0","id":"1","source":"/shop","type":"Parcel Lost","subject":"maria","time":"soon"}"#;
    let envelope = events::Envelope::new(now, Origin::Server);
    let read = events::parse_cloud_events(body.as_bytes(), events::CloudForm::Structured, &envelope, |_| true);
    console.running.app().engine.ingest(read.unwrap()).unwrap();
    let page = console.get("/events?status=rejected&name=Parcel+Lost").body;
    for part in ["Parcel Lost</", "href=\"/customers/maria\"", "Why events were rejected", "An example"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn every_page_stands_while_nothing_has_happened() {
    let console = Console::start(true);
    for path in PAGES {
        let reply = console.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_page(path, &reply);
    }
    for (path, sentence) in [
        ("/", "No orders yet"),
        ("/", "No model tells yet who is about to leave."),
        ("/system", "None since the start."),
        ("/", "curl -u demo-write-key:"),
        ("/events", "No events yet"),
        ("/customers", "No customers yet"),
        ("/customers?q=zz", "Nobody found for “zz”"),
        ("/models", "What it needs"),
        ("/actions", "href=\"/new/actions\">Declare the first"),
        ("/flags", "href=\"/new/flags\">Declare the first"),
        ("/experiments", "Declare the experiment here"),
        ("/policies", "declare some"),
        ("/decisions", "Nothing decided yet"),
    ] {
        assert!(console.get(path).body.contains(sentence), "{path}: {sentence}");
    }
    let nobody = console.get("/customers/nobody");
    assert_eq!(nobody.status, 404);
    assert!(nobody.body.contains("No customer goes by this name"));
    assert_eq!(console.get("/decisions/none").status, 404);
}

#[test]
fn every_page_shows_what_a_shop_of_two_months_holds() {
    let console = Console::filled(150);
    let engine = &console.running.app().engine;
    for path in PAGES {
        let reply = console.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_page(path, &reply);
    }
    let totals = engine.look(|live| live.profiles.totals());
    let overview = console.get("/").body;
    let total = format!("Events in the log</dt><dd>{}", console::format::count(totals.n_events));
    assert!(overview.contains("NDCG@10") && overview.contains("Revenue"), "{overview}");
    let system = console.get("/system").body;
    assert!(system.contains(&total), "{system}");
    assert!(console.get("/customers").body.contains(&format!("{} customers, known", totals.n_customers)));
    assert!(console.get("/customers").body.contains("More customers"));
    let models = console.get("/models").body;
    assert!(models.contains("own favourites") && models.contains("What it needs"), "{models}");
    assert!(console.get("/events").body.contains("<p>Looked at "));

    let best = engine.search("", 1, Duration::from_secs(9)).unwrap().customers.remove(0);
    let page = console.get(&format!("/customers/{}", best.profile.id)).body;
    for part in
        ["Orders ever", "What we would show", "No churn model has been trained yet", "userId", "Personalization"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let item = best.state.lines().last().unwrap().item;
    let title = engine.look(|live| live.items.get(item).unwrap().title().to_owned());
    assert!(page.contains(&title), "the timeline names what was bought: {title}");
}

#[test]
fn the_console_opens_with_the_admin_key_and_closes_again() {
    let console = Console::start(false);
    let closed = console.get("/customers?q=a%20b");
    assert_eq!((closed.status, closed.header("www-authenticate")), (401, "Bearer"));
    assert_page("login", &closed);
    assert!(closed.body.contains("name=\"back\" value=\"/customers?q=a%20b\""), "{}", closed.body);
    assert_eq!(console.get("/login").status, 200);

    for (form, problem) in [
        ("key=wrong", "not one of the server’s keys"),
        ("key=", "not one of the server’s keys"),
        (&*format!("key={SERVER}&back=%2Fmodels"), "This is a server key"),
    ] {
        let refused = console.post("/login", form, &[]);
        assert_eq!((refused.status, refused.cookie(crate::sessions::COOKIE)), (401, None), "{form}");
        assert!(refused.body.contains(problem), "{form}: {}", refused.body);
    }
    let form = format!("key=+{ADMIN}%0A&back=%2Fcustomers%3Fq%3Da");
    let opened = console.post("/login", &form, &[]);
    assert_eq!((opened.status, opened.header("location")), (303, "/customers?q=a"));
    let cookie = opened.cookie(crate::sessions::COOKIE).unwrap();
    assert!(cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"), "{cookie}");
    let away = console.post("/login", &format!("key={ADMIN}&back=%2F%2Fevil.example"), &[]);
    assert_eq!(away.header("location"), "/");

    let cookie = away.cookie(crate::sessions::COOKIE).unwrap();
    let session = cookie.split(';').next().unwrap();
    let page = console.send("GET", "/", &[("cookie", session)], "");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Sign out"));
    assert_eq!(console.send("GET", "/login?back=%2Fmodels", &[("cookie", session)], "").header("location"), "/models");
    assert_eq!(console.post("/logout", "", &[("cookie", session)]).header("location"), "/login");
    assert_eq!(console.send("GET", "/", &[("cookie", session)], "").status, 401);
}

#[test]
fn a_session_ends_after_a_week() {
    let console = Console::start(false);
    let cookie = console.post("/login", &format!("key={ADMIN}"), &[]).cookie(crate::sessions::COOKIE).unwrap();
    let session = [("cookie", cookie.split(';').next().unwrap())];
    assert_eq!(console.send("GET", "/", &session, "").status, 200);
    console.clock.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(console.send("GET", "/", &session, "").status, 401);
}

#[test]
fn a_program_opens_the_console_with_the_admin_key_only() {
    let console = Console::start(false);
    for (key, status) in [(ADMIN, 200), (SERVER, 401), ("demo-write-key", 401), ("", 401)] {
        let sent = console.send("GET", "/models", &[("authorization", &format!("Bearer {key}"))], "");
        assert_eq!(sent.status, status, "{key}");
    }
    // Nobody can make somebody else's browser send this header, so it needs no page of ours.
    let sent =
        console.send("POST", "/models/churn/champion", &[("authorization", &format!("Bearer {ADMIN}"))], "version=x");
    assert_eq!((sent.status, sent.header("location")), (303, "/models"));
}

#[test]
fn other_sites_change_nothing() {
    let console = Console::start(false);
    let cookie = console.sign_in(ADMIN, crate::sessions::COOKIE);
    let paths =
        ["/theme", "/login", "/logout", "/customers/42/decide", "/models/churn/train", "/models/churn/champion"];
    for path in paths {
        for headers in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
            &[],
        ] {
            let headers = [&[("cookie", cookie.as_str())], headers].concat();
            let reply = console.send("POST", path, &headers, "decision=churn&version=x&theme=dark&key=x");
            assert_eq!(reply.status, 403, "{path} {headers:?}");
            assert_page(path, &reply);
            assert_eq!(reply.headers.get("set-cookie"), None, "{path}");
        }
    }
    assert_eq!(console.n_decisions(), 0);
    assert_eq!(console.send("POST", "/theme", &[("sec-fetch-site", "same-origin")], "theme=dark").status, 303);
}

#[test]
fn what_would_steer_a_screen_is_written_out_on_every_page() {
    let console = Console::start(true);
    let id = "ann\u{2066}";
    let named = "gpj.\u{202e}exe";
    let event = serde_json::json!({"batch": [
        {"type": "track", "userId": id, "event": named, "properties": {"note": "a\u{200f}b"}},
        {"type": "identify", "userId": id, "traits": {"name": named}},
    ]});
    console.send_events(&event.to_string());
    let customer = format!("/customers/{}", console::format::url_part(id));
    for path in ["/events", "/customers", customer.as_str()] {
        let page = console.get(path);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains('⟨'), "{path}");
        assert!(!page.body.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{path}: {}", page.body);
    }
    assert!(console.get("/events").body.contains("gpj.⟨U+202E⟩exe"));
}

#[test]
fn an_accepted_event_says_what_of_it_was_not_taken_as_it_was_meant() {
    let console = Console::start(true);
    let event = serde_json::json!({"batch": [
        {"type": "track", "userId": "ann", "event": "AddToCart"},
        {"type": "track", "userId": "ann", "event": "add_to_cart"},
        {"type": "track", "userId": "ann", "event": "Signed Up", "timestamp": "2031-01-01T00:00:00Z"},
    ]});
    console.send_events(&event.to_string());
    let page = console.get("/events").body;
    assert_eq!(page.matches("Not understood:").count(), 1, "{page}");
    assert_eq!(page.matches("Stated for 2031-01-01T00:00:00.000Z").count(), 1, "{page}");
}

#[test]
fn what_was_not_accepted_shows_its_call_and_whether_it_is_a_conflict() {
    let console = Console::start(true);
    let sent = |name: &str| serde_json::json!({"type": "track", "userId": "ann", "event": name, "messageId": "m"});
    for events in [vec![sent("One")], vec![sent("Two")], vec![serde_json::json!({"type": "identify"})]] {
        console.send_events(&serde_json::json!({ "batch": events }).to_string());
    }
    let page = console.get("/events").body;
    for word in ["Conflict", "Rejected", "identify"] {
        assert!(page.contains(word), "{word} is not in {page}");
    }
    assert!(!page.contains("unknown"), "{page}");
}

#[test]
fn hostile_names_are_shown_as_text_and_can_be_opened() {
    let console = Console::start(true);
    for id in [HOSTILE, "a/b?c#d e", "..", "user:x", "%2F", "ünï"] {
        let event = serde_json::json!({"batch": [
            {"type": "identify", "userId": id, "traits": {"name": HOSTILE, HOSTILE: HOSTILE}},
            {"type": "track", "userId": id, "event": HOSTILE, "properties": {"product_id": HOSTILE, "name": HOSTILE}},
            {"type": "track", "userId": id, "event": "Order Completed", "properties": {"products": HOSTILE}},
            {"type": "track", "userId": id, "event": "Order Completed", "properties":
                {"order_id": HOSTILE, "revenue": 5, "currency": "EUR", "products": [{"product_id": HOSTILE, "name": HOSTILE, "category": HOSTILE}]}},
        ]});
        console.send_events(&event.to_string());
        let path = format!("/customers/{}", console::format::url_part(id));
        let list = console.get("/customers");
        let shown = if id == "user:x" { "/customers/user%3Auser%3Ax" } else { path.as_str() };
        assert!(list.body.contains(&format!("href=\"{shown}\"")), "{id}: {}", list.body);
        let page = console.get(&path);
        assert_eq!(page.status, 200, "{path}");
        assert_page(&path, &page);
        assert!(page.body.contains("&#60;script&#62;"), "{}", page.body);
        let decided = console.post(&format!("{path}/decide"), "decision=recommend", &[]);
        assert_eq!(decided.status, 200, "{path}: {}", decided.body);
        assert_page(&path, &decided);
    }
    for path in
        ["/", "/events", "/customers?q=script", "/decisions", "/events?name=%3Cscript%3E", "/customers?q=%3Cscript%3E"]
    {
        assert_page(path, &console.get(path));
    }
    let decision = console.running.app().engine.ports().decisions.recent(None, 1).unwrap().remove(0);
    assert_page("a decision", &console.get(&format!("/decisions/{}", decision.id)));
    let lost = console.get("/nowhere/%3Cscript%3E?q=%3Cscript%3E");
    assert_eq!(lost.status, 404);
    assert_page("lost", &lost);
}

#[test]
fn a_join_that_was_refused_stands_on_both_customers_pages() {
    let console = Console::start(true);
    let events = serde_json::json!({"batch": [
        {"type": "identify", "userId": "ann", "anonymousId": "tablet"},
        {"type": "identify", "userId": "bob"},
        {"type": "alias", "userId": "bob", "previousId": "ann"},
        {"type": "page", "userId": "bob", "anonymousId": "tablet"},
    ]});
    console.send_events_from(Origin::Client, &events.to_string());
    for customer in ["ann", "bob"] {
        let page = console.get(&format!("/customers/{customer}"));
        assert_page(customer, &page);
        for shown in
            ["Not joined", "<code>userId bob</code> and <code>userId ann</code>", "A write key cannot make two userIds"]
        {
            assert!(page.body.contains(shown), "{customer}: {shown}: {}", page.body);
        }
        assert!(page.body.contains("<code>userId bob</code> and <code>anonymousId tablet</code>"), "{}", page.body);
        assert!(page.body.contains("shared with another customer"), "{}", page.body);
    }
}

#[test]
fn a_decision_shows_the_names_of_its_day() {
    let console = Console::start(true);
    let name = |name: &str| serde_json::json!({"batch": [{"type": "item", "itemId": "i1", "traits": {"name": name}}]});
    console.send_events(&name("Green tea").to_string());
    let question = Question {
        kind: "recommend".into(),
        names: vec![Identifier::User("ann".into())],
        parameters: [("n".to_owned(), 1.into())].into(),
        context: events::Fields::new(),
    };
    let record = console.running.app().engine.decide(question).unwrap();
    console.clock.advance(Duration::from_secs(60));
    console.send_events(&name("Renamed").to_string());
    for path in ["/decisions".to_owned(), format!("/decisions/{}", record.decision.id)] {
        let page = console.get(&path);
        assert!(page.body.contains("Green tea") && !page.body.contains("Renamed"), "{path}: {}", page.body);
    }
}

#[test]
fn a_decision_shows_what_was_left_out_and_why() {
    let console = Console::filled(400);
    let engine = &console.running.app().engine;
    let best = engine.search("", 1, Duration::from_secs(9)).unwrap().customers.remove(0);
    let name = best.profile.links.keys().next().unwrap().clone();
    let decide = || {
        let question = Question {
            kind: "recommend".into(),
            names: vec![name.clone()],
            parameters: [("n".to_owned(), 3.into())].into(),
            context: events::Fields::new(),
        };
        engine.decide(question).unwrap()
    };
    let page = |record: &decisions::Record| console.get(&format!("/decisions/{}", record.decision.id)).body;
    let before = decide();
    let decisions::Content::Items(items) = &before.decision.answer.content else { panic!("items were asked for") };
    let sold_out = items[0].id.to_string();
    let event = serde_json::json!({"batch": [{"type": "item", "itemId": sold_out, "traits": {"available": false}}]});
    console.send_events(&event.to_string());
    let after = page(&decide());
    let row = after.split("<tr>").find(|row| row.contains("Left out") && row.contains(&sold_out));
    assert!(row.is_some_and(|row| row.contains("could not be had")), "{after}");
}

#[test]
fn deciding_now_logs_a_decision_and_looking_logs_none() {
    let console = Console::filled(100);
    let best = console.running.app().engine.search("", 1, Duration::from_secs(9)).unwrap().customers.remove(0);
    let path = format!("/customers/{}", best.profile.id);
    assert_eq!(console.get(&path).status, 200);
    assert_eq!(console.n_decisions(), 0);
    let engine = &console.running.app().engine;
    let kinds = engine.capabilities().kinds.iter().map(decisions::Kind::about);
    let kinds: Vec<_> = kinds.filter(|about| about.needed().next().is_none()).collect();
    for (i, kind) in kinds.iter().enumerate() {
        let page = console.post(&format!("{path}/decide"), &format!("decision={}", kind.name), &[]);
        assert!(page.body.contains(&format!("Decided just now: {}", kind.title)), "{}", page.body);
        assert!(page.body.contains(&format!("name=\"back\" value=\"{path}\"")), "colours lead back to the customer");
        assert_eq!(console.n_decisions(), i as u64 + 1);
    }
    assert_eq!(console.post(&format!("{path}/decide"), "decision=nonsense", &[]).status, 400);
    assert_eq!(console.post("/customers/nobody/decide", "decision=churn", &[]).status, 404);
    assert_eq!(console.n_decisions(), kinds.len() as u64);

    let logged = console.running.app().engine.ports().decisions.recent(None, 9).unwrap();
    let list = console.get("/decisions").body;
    for decision in &logged {
        assert!(list.contains(&format!("/decisions/{}", decision.id)));
        let page = console.get(&format!("/decisions/{}", decision.id));
        assert_page("a decision", &page);
        assert!(page.body.contains(&format!("rapport replay {}", decision.id)), "{}", page.body);
    }
    let system = console.get("/system").body;
    assert!(system.contains(&format!("Decisions since the start</dt><dd>{}", kinds.len())), "{system}");
}

#[test]
fn what_followed_a_recommendation_is_counted_after_its_week() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[{"type":"track","userId":"ann","event":"Order Completed","properties":{"products":[{"product_id":"tofu","name":"Tofu"}]}}]}"#,
    );
    let engine = &console.running.app().engine;
    let ask = |kind: &str, name: &str| {
        let names = vec![Identifier::User(name.into())];
        engine
            .decide(Question {
                kind: kind.into(),
                names,
                parameters: Default::default(),
                context: events::Fields::new(),
            })
            .unwrap()
            .decision
            .id
    };
    let (followed, ignored) = (ask("recommend", "ann"), ask("recommend", "bob"));
    let churn = ask("churn", "ann");
    let page = |id: &primitives::DecisionId| console.get(&format!("/decisions/{id}")).body;
    assert!(page(&followed).contains("Open: nothing has followed yet."));
    assert!(!console.get("/").body.contains("followed by a purchase"));

    console.clock.advance(Duration::from_secs(86_400));
    console.send_events(
        r#"{"batch":[{"type":"track","messageId":"second","userId":"ann","event":"Order Completed","properties":{"products":[{"product_id":"tofu"}]}}]}"#,
    );
    assert!(page(&followed).contains("Tofu was bought 1 d later."), "{}", page(&followed));
    assert!(page(&churn).contains("The customer ordered again 1 d later."));
    console.clock.advance(Duration::from_secs(7 * 86_400));
    assert!(page(&ignored).contains("None of these items was bought within 7 days."));
    let overview = console.get("/").body;
    assert!(
        overview.contains("1 of 2 popular lists, given to who could not be known, were followed by a purchase"),
        "{overview}"
    );
}

#[test]
fn nobody_is_said_not_to_have_bought_who_has_bought_too_much_to_know() {
    let console = Console::start(true);
    let order = |id: usize, products: &[&str]| {
        let products: Vec<_> = products.iter().map(|id| serde_json::json!({"product_id": id})).collect();
        let properties = serde_json::json!({"products": products});
        let event = serde_json::json!({
            "type": "track", "messageId": format!("order-{id}"), "userId": "ann", "event": "Order Completed",
            "properties": properties,
        });
        event.to_string()
    };
    let send = |orders: &[String]| console.send_events(&format!(r#"{{"batch":[{}]}}"#, orders.join(",")));
    send(&[order(0, &["tofu"])]);
    let ask = |kind: &str| {
        let names = vec![Identifier::User("ann".into())];
        let question =
            Question { kind: kind.into(), names, parameters: Default::default(), context: events::Fields::new() };
        console.running.app().engine.decide(question).unwrap().decision.id
    };
    console.clock.advance(Duration::from_secs(1));
    let (recommended, churn) = (ask("recommend"), ask("churn"));
    let said = |id: &primitives::DecisionId, what: &str| {
        let page = console.get(&format!("/decisions/{id}")).body;
        assert!(page.contains(what), "{page}");
    };
    console.clock.advance(Duration::from_secs(400 * 86_400));
    let others: Vec<String> = (1..96).map(|id| order(id, &["jam", "tea", "rice", "salt"])).collect();
    send(&others);
    // Everything since the decisions is remembered still.
    said(&recommended, "None of these items was bought within 7 days.");
    said(&churn, "No purchase within");
    send(&[order(96, &["jam", "tea", "rice", "salt"])]);
    said(&recommended, "Not known any more: too much was bought since.");
    said(&churn, "Not known any more: too much was bought since.");
}

#[test]
fn after_a_restart_everybody_is_there_again() {
    let console = Console::filled(100);
    let engine = console.running.app().engine.clone();
    let known = engine.search("", 9_999, Duration::from_secs(9)).unwrap().n_found;
    engine.checkpoint(usize::MAX).unwrap();
    let again = engine::Engine::open(
        engine.ports().clone(),
        engine.policy().clone(),
        std::sync::Arc::new(engine::Capabilities::built_in()),
        console.clock.clone(),
        Seed::new(2),
        crate::api::wire::decision,
    )
    .unwrap();
    assert_eq!(again.search("", 9, Duration::from_secs(9)).unwrap().n_found, 0, "nobody was needed yet");
    again.warm(10, &|| false).unwrap();
    let n_found = again.search("", 9_999, Duration::from_secs(9)).unwrap().n_found;
    assert!((1..=10).contains(&n_found), "{n_found}: who has much on record counts more than once");
    again.warm(usize::MAX, &|| false).unwrap();
    assert_eq!(again.search("", 9_999, Duration::from_secs(9)).unwrap().n_found, known);
    let is_ready = |engine: &engine::Engine| engine.is_ready_to_train(&"recommend".into()).unwrap();
    assert_eq!(is_ready(&again), is_ready(&engine));
}

#[test]
fn people_get_a_page_for_what_is_not_there_and_programs_get_json() {
    let console = Console::start(false);
    for (method, path, status, code) in [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("POST", "/customers", 405, "method_not_allowed"),
        ("GET", "/logout", 405, "method_not_allowed"),
    ] {
        let program = console.send(method, path, &[("accept", "application/json")], "");
        assert_eq!(program.status, status, "{path}");
        let body: serde_json::Value = serde_json::from_str(&program.body).unwrap();
        assert_eq!((&body["success"], &body["code"]), (&false.into(), &code.into()), "{path}");
        let person = console.send(method, path, &[("accept", "text/html,*/*")], "");
        assert_eq!(person.status, status, "{path}");
        assert_page(path, &person);
    }
    assert_eq!(console.get("/v1/track").status, 405);
}

#[test]
fn the_style_sheet_is_kept_for_ever_under_its_version() {
    let console = Console::start(false);
    let login = console.get("/login").body;
    let url = login.split('"').find(|part| part.starts_with("/assets/console.css?v=")).unwrap();
    let sheet = console.get(url);
    assert_eq!((sheet.status, sheet.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(sheet.header("cache-control"), "public, max-age=31536000, immutable");
    let etag = sheet.header("etag");
    assert_eq!(console.send("GET", url, &[("if-none-match", etag)], "").status, 304);
    assert_eq!(console.send("GET", url, &[("if-none-match", "\"other\"")], "").status, 200);
    assert_eq!(console.get("/assets/console.css").header("cache-control"), "no-cache");
    assert_eq!(console.get("/assets/../keys.json").status, 404);
    assert_eq!(console.get("/assets/none.css").status, 404);
}

#[test]
fn colours_are_remembered_and_lead_back_to_our_own_pages() {
    let console = Console::start(true);
    for (form, theme, location) in [
        ("theme=dark&back=%2Fevents%3Flive%3D1", "dark", "/events?live=1"),
        ("theme=purple&back=https%3A%2F%2Fevil.example", "auto", "/"),
        ("theme=light", "light", "/"),
    ] {
        let reply = console.post("/theme", form, &[]);
        assert_eq!((reply.status, reply.header("location")), (303, location), "{form}");
        let cookie = reply.cookie("rapport_theme").unwrap();
        assert!(cookie.starts_with(&format!("rapport_theme={theme};")), "{cookie}");
        let page = console.send("GET", "/", &[("cookie", cookie.split(';').next().unwrap())], "");
        assert!(page.body.contains(&format!("data-theme=\"{theme}\"")));
    }
}

#[test]
fn the_result_of_an_action_is_said_once_and_as_text() {
    let console = Console::start(true);
    let version = console::format::url_part("<b>x</b>");
    let reply = console.post("/models/churn/champion", &format!("version={version}"), &[]);
    let flash = reply.cookie("rapport_flash").unwrap();
    let page = console.send("GET", "/models", &[("cookie", flash.split(';').next().unwrap())], "");
    assert!(page.body.contains("class=\"flash bad\"") && page.body.contains("&#60;b&#62;x"), "{}", page.body);
    assert!(page.cookie("rapport_flash").unwrap().contains("Max-Age=0"));
    assert!(!console.get("/models").body.contains("class=\"flash"));
    let none = console.post("/models/nonsense/train", "", &[]).cookie("rapport_flash").unwrap();
    assert!(none.starts_with("rapport_flash=failed."), "{none}");
    let begun = console.post("/models/recommend/train", "", &[]).cookie("rapport_flash").unwrap();
    assert!(begun.starts_with("rapport_flash=done."), "{begun}");
}

#[test]
fn customers_are_found_by_the_beginning_of_a_name_and_by_telling_traits() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
            {"type":"identify","userId":"U-100","traits":{"firstName":"Mei","lastName":"Chen","email":"Mei.Chen@Example.com","city":"Taipei"}},
            {"type":"identify","userId":"U-1001","traits":{"phone":"+886 2 555"}},
            {"type":"page","anonymousId":"zz-7","userId":"Ünsal"}]}"#,
    );
    let find = |query: &str| {
        let found = console.running.app().engine.search(query, 50, Duration::from_secs(9)).unwrap();
        assert_eq!((found.n_searched, found.is_complete), (3, true));
        assert_eq!(found.n_found, found.customers.len() as u64);
        let ids: Vec<_> = found.customers.iter().map(|customer| customer.profile.id.to_string()).collect();
        ids.join(" ")
    };
    for (query, ids) in [
        ("u-100", "U-1001 U-100"),
        ("U-100", "U-100 U-1001"),
        ("U-1001", "U-1001"),
        ("mei chen", "U-100"),
        ("example.COM", "U-100"),
        ("886 2", "U-1001"),
        ("ZZ", "Ünsal"),
        ("zz-7", "Ünsal"),
        ("ünS", "Ünsal"),
    ] {
        assert_eq!(find(query), ids, "{query}");
    }
    let engine = &console.running.app().engine;
    assert_eq!(engine.search("Taipei", 50, Duration::from_secs(9)).unwrap().n_found, 0);
    let one = engine.search("", 1, Duration::from_secs(9)).unwrap();
    assert_eq!((one.customers.len(), one.n_found), (1, 3));
}
