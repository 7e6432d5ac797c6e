//! Does an invented company live beside a server as a real one would: heard whole, each event once, and obeying it?

use crate::support::{DEADLINE, SERVER, TestServer, WRITE, until};
use engine::Stopwatch;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The command, while it runs in a directory of its own.
struct Living {
    child: Child,
    place: TempDir,
}

impl Living {
    fn start(url: &str, arguments: &str) -> Self {
        Self::start_with(url, arguments, WRITE, SERVER)
    }

    fn start_with(url: &str, arguments: &str, write_key: &str, server_key: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let said = |name: &str| File::create(place.path().join(name)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_rapport"))
            .args(["simulate", "--json", "--to", url])
            .args(arguments.split_whitespace())
            .current_dir(place.path())
            .env("RAPPORT_WRITE_KEY", write_key)
            .env("RAPPORT_KEY", server_key)
            .stdin(Stdio::null())
            .stdout(said("stdout"))
            .stderr(said("stderr"))
            .spawn()
            .unwrap();
        Self { child, place }
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.place.path().join(name)).unwrap()
    }

    /// Waits until it has ended: whether well, and what it said.
    fn end(mut self) -> (bool, String, String) {
        let watch = Stopwatch::start();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if watch.elapsed() > 3 * DEADLINE {
                self.child.kill().unwrap();
                panic!("it did not end: {}", self.said("stderr"));
            }
            std::thread::park_timeout(Duration::from_millis(5));
        };
        assert!(!self.place.path().join("rapport-data").exists(), "it needs no data directory and makes none");
        (status.success(), self.said("stdout"), self.said("stderr"))
    }

    fn summary(self) -> Value {
        let (is_well, out, err) = self.end();
        assert!(is_well, "{err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("not one document ({error}): {out}"))
    }

    fn fails(self, said: &[&str]) {
        let (is_well, out, err) = self.end();
        assert!(!is_well && out.is_empty(), "{out}");
        for part in said {
            assert!(err.contains(part), "{part} is not in: {err}");
        }
        assert_eq!(err.trim().lines().count(), 1, "one sentence: {err}");
    }
}

/// A server whose clock goes: what happens is told as it happens.
fn living_server() -> TestServer {
    let server = TestServer::start();
    server.let_time_pass();
    server
}

fn n_events(server: &TestServer) -> u64 {
    server.engine().ports().events.head().0
}

/// What came in under each name.
fn data(server: &TestServer) -> BTreeMap<String, Value> {
    let events = server.get("/v1/data").ok()["events"].as_array().unwrap().clone();
    events.into_iter().map(|event| (event["event"].as_str().unwrap().to_owned(), event)).collect()
}

fn lived_until(server: &TestServer) -> String {
    server.get("/v1/items/LK-0000").ok()["traits"]["simulatedDay"].as_str().unwrap().to_owned()
}

#[test]
fn a_company_lives_beside_a_server_and_obeys_it() {
    let server = living_server();
    let url = server.url("");
    let lived = Living::start(&url, "--speed max --days 8 --customers 120 --seed 5").summary();
    assert_eq!(
        (&lived["days"], &lived["errors"], &lived["known"], &lived["lost"]),
        (&8.into(), &0.into(), &0.into(), &0.into())
    );
    assert_eq!((&lived["simulated"], lived["reasons"].as_object().unwrap().len()), (&true.into(), 0));
    assert_eq!(lived["events"], n_events(&server), "all that was told has arrived, and nothing else");
    assert_eq!(server.events("rejected"), Vec::<Value>::new());

    // Everything is understood, in every property, and comes from whom it would come from.
    let data = data(&server);
    for (name, event) in &data {
        let is_understood = event["understood"] == true || event["type"] != "track" || name == "Consent Updated";
        let n_odd = (event["notUnderstood"].as_u64(), event["marked"].as_u64());
        assert!(is_understood && n_odd == (Some(0), Some(0)), "{name}: {event}");
    }
    for (name, origin) in
        [("Product Viewed", "client"), ("Decision Shown", "client"), ("Order Completed", "server"), ("item", "server")]
    {
        assert_eq!(data[name]["byOrigin"][origin], data[name]["count"], "{name}");
    }

    // What was decided was shown, some of it clicked on, and what was clicked on had been decided.
    let count = |name: &str| data.get(name).map_or(0, |event| event["count"].as_u64().unwrap());
    assert_eq!(lived["shown"], count("Decision Shown"));
    assert_eq!(lived["clicked"], count("Decision Clicked"));
    assert_eq!(lived["bought"], count("Decision Converted"));
    let (decisions, followed) = (lived["decisions"].as_u64().unwrap(), lived["followed"].as_u64().unwrap());
    assert!(0 < followed && followed < decisions && followed <= lived["clicked"].as_u64().unwrap(), "{lived}");
    assert!(lived["decide_ms_p50"].as_f64().unwrap() <= lived["decide_ms_p99"].as_f64().unwrap());
    let clicks =
        server.get("/v1/events?limit=1000&event=Decision%20Clicked").ok()["events"].as_array().unwrap().clone();
    for click in &clicks {
        let properties = &click["properties"];
        let id = properties["decision_id"].as_str().unwrap();
        let items = server.get(&format!("/v1/decisions/{id}")).ok()["answer"]["items"].as_array().unwrap().clone();
        let place = usize::try_from(properties["position"].as_u64().unwrap()).unwrap() - 1;
        assert_eq!(items[place]["id"], properties["item_id"], "{id}");
    }

    // The same company lives on with the next day, whoever asks, and tells nothing twice.
    let until = lived_until(&server);
    let lived_on = Living::start(&url, "--speed max --days 2").summary();
    assert_eq!(
        (&lived_on["days"], &lived_on["errors"], &lived_on["known"]),
        (&2.into(), &0.into(), &0.into()),
        "{lived_on}"
    );
    assert_eq!(n_events(&server), lived["events"].as_u64().unwrap() + lived_on["events"].as_u64().unwrap());
    let days = |text: &str| primitives::Timestamp::parse(text).unwrap().day();
    assert_eq!(days(&lived_until(&server)), days(&until) + 2);
    Living::start(&url, "--seed 6").fails(&["another simulated company (seed 5, 120 customers)", "empty server"]);
}

#[test]
fn a_company_offers_what_the_server_chooses_and_says_what_that_earned() {
    let server = TestServer::start_with(|settings| {
        let table = |name: &str| serde_json::json!({"name": name, "group": "cart", "value": 10, "prior": 0.5});
        let action = |name| decisions::Action::from_table(table(name).as_object().unwrap()).unwrap();
        settings.actions = ["none", "free_shipping", "percent_10", "sample"].map(action).into();
        settings.act.reward = "value".to_owned();
        settings.currency.default = "EUR".to_owned();
    });
    server.let_time_pass();
    let lived = Living::start(&server.url(""), "--speed max --days 10 --customers 200 --seed 5").summary();
    let offers = &lived["offers"];
    assert!(offers["carts"].as_u64().unwrap() > 20 && offers["chosen"].as_object().unwrap().len() == 4, "{lived}");
    let earned = offers["earned_per_cart"].as_f64().unwrap();
    assert!(0.0 < earned && earned < offers["oracle_per_cart"].as_f64().unwrap(), "{offers}");
    let events =
        server.get("/v1/events?limit=1000&event=Decision%20Converted").ok()["events"].as_array().unwrap().clone();
    let of_carts: Vec<&Value> =
        events.iter().map(|event| &event["properties"]).filter(|one| one["action"].is_string()).collect();
    assert!(of_carts.len() > 5, "{}", events.len());
    for properties in of_carts {
        let id = properties["decision_id"].as_str().unwrap();
        let decided = server.get(&format!("/v1/decisions/{id}")).ok();
        assert_eq!(decided["answer"]["actions"][0]["id"], properties["action"], "{decided}");
        assert!(properties["value"].is_number() && properties["currency"] == "EUR", "{properties}");
    }
}

#[test]
fn a_server_that_goes_away_and_comes_back_hears_everything_once() {
    let server = living_server();
    let address = server.address();
    let living = Living::start(&server.url(""), "--speed max --days 12 --customers 120 --seed 5");
    until("it has begun", || (n_events(&server) > 1_200).then_some(()));
    let data = server.stop();
    until("it says so", || living.said("stderr").contains("takes nothing now").then_some(()));
    let server = TestServer::reopen_at(data, address);
    server.let_time_pass();
    let lived = living.summary();
    assert_eq!((&lived["days"], &lived["refused"], &lived["lost"]), (&12.into(), &0.into(), &0.into()), "{lived}");
    // Whoever was asked about at that very moment was shown what is always shown.
    assert!(lived["unanswered"].as_u64().unwrap() <= 1, "{lived}");
    assert_eq!(lived["events"], n_events(&server), "all arrived, and once");
    assert_eq!(server.events("rejected"), Vec::<Value>::new());
}

#[test]
fn one_at_a_time_lets_the_company_live() {
    let server = living_server();
    let url = server.url("");
    let said = |name: &str| {
        let item = server.get("/v1/items/LK-0000").json();
        item["traits"][name].as_str().unwrap_or_default().to_owned()
    };
    let mut first = Living::start(&url, "--speed 60 --days 9 --customers 40 --seed 5");
    until("the first has begun", || said("simulatedBy").contains("process").then_some(()));
    let who = format!("`rapport simulate` (process {}, since 20", first.child.id());
    let by = said("simulatedBy");
    assert!(by.starts_with(&who), "{by}");
    let day = said("simulatedDay");
    for _ in 0..2 {
        let second = Living::start(&url, "--speed max --days 2");
        second.fails(&["lets the company beside", &who, "wait for its end", "the same days"]);
    }
    assert_eq!((said("simulatedBy"), said("simulatedDay")), (by, day), "the second told nothing of the company");
    assert!(first.child.try_wait().unwrap().is_none(), "and the first lives on");

    // Whoever was killed does not answer, and whoever ended says so.
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let lived = Living::start(&url, "--speed max --days 1").summary();
    assert_eq!((&lived["days"], &lived["errors"]), (&1.into(), &0.into()), "{lived}");
    assert_eq!(said("simulatedBy"), "nobody");
    let lived = Living::start(&url, "--speed max --days 1").summary();
    assert_eq!((&lived["days"], &lived["errors"]), (&1.into(), &0.into()), "{lived}");

    // Where somebody else says that it is theirs, it is left to them.
    let third = Living::start(&url, "--speed 60 --days 9");
    until("the third has begun", || said("simulatedBy").contains("process").then_some(()));
    let taken = serde_json::json!({"itemId": "LK-0000", "traits": {"simulatedBy": "somebody else"}});
    server.post_as(SERVER, "/v1/item", &taken).ok();
    let (is_well, _, err) = third.end();
    assert!(!is_well && err.contains("somebody else lets the company beside"), "{err}");
    assert_eq!(said("simulatedBy"), "somebody else");
}

#[test]
fn nothing_is_told_where_real_customers_are() {
    let server = living_server();
    let item = serde_json::json!({"itemId": "tea", "traits": {"name": "Tea"}});
    server.post_as(SERVER, "/v1/item", &item).ok();
    let n_before = n_events(&server);
    Living::start(&server.url(""), "--speed max --days 1")
        .fails(&["catalogue of no simulated company", "an empty server"]);
    assert_eq!(n_events(&server), n_before);
}

#[test]
fn what_no_answer_came_to_is_lost_and_said() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (hangs, is_hanging) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let taken = r#"{"accepted":0,"duplicates":0}"#;
        let mut open = Vec::new();
        for (status, body) in [(200, taken), (200, taken), (404, "{}"), (200, r#"{"events":[]}"#)] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = [0; 65_536];
            while !heard.windows(4).any(|four| four == b"\r\n\r\n") {
                let _ = stream.read(&mut heard).unwrap();
            }
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
        // From now on it listens, and never answers.
        for stream in listener.incoming() {
            open.push(stream);
            let _ = hangs.send(());
        }
    });
    let living = Living::start(&url, "--speed max --days 2 --customers 20 --seed 5");
    is_hanging.recv_timeout(DEADLINE).unwrap();
    let id = living.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let lived = living.summary();
    assert!(lived["lost"].as_u64().unwrap() > 20, "the first of the catalogue was under way: {lived}");
    assert_eq!((&lived["events"], &lived["days"]), (&0.into(), &0.into()));
}

#[test]
fn it_ends_within_a_second_and_says_what_was_done() {
    let server = TestServer::start();
    let living = Living::start(&server.url(""), "--speed 1 --customers 20 --days 3");
    until("the catalogue is told", || (n_events(&server) > 200).then_some(()));
    let id = living.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let watch = Stopwatch::start();
    let lived = living.summary();
    assert!(watch.elapsed() < Duration::from_secs(3), "{:?}", watch.elapsed());
    assert_eq!((&lived["days"], &lived["lost"], &lived["events"]), (&0.into(), &0.into(), &n_events(&server).into()));
}

#[test]
fn what_cannot_be_is_said_in_one_sentence() {
    let server = TestServer::start();
    let url = server.url("");
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let start = |url: &str, write_key, server_key| Living::start_with(url, "--days 1", write_key, server_key);
    start(&url, "wrong", SERVER).fails(&["answered 401", "API key"]);
    start(&url, WRITE, "wrong").fails(&["answered 401", "API key"]);
    start(&url, WRITE, WRITE).fails(&["answered 403"]);
    start(&url, "", SERVER).fails(&["RAPPORT_WRITE_KEY", "--write-key"]);
    start(&url, WRITE, "").fails(&["RAPPORT_KEY", "--key"]);
    start("shop.example", WRITE, SERVER).fails(&["\"shop.example\" is not an address"]);
    start(&format!("http://{nowhere}"), WRITE, SERVER).fails(&["does not answer", "check the address"]);
    Living::start(&url, "--customers 0").fails(&["0 customers cannot be simulated: take 1 to"]);
    Living::start(&url, "--days 1827").fails(&["1827 days cannot be simulated: take 1 to"]);
    assert_eq!(n_events(&server), 0, "nothing was told");
    // A real company's server is left alone.
    server.post_as(SERVER, "/v1/item", &serde_json::json!({"itemId": "LK-0000", "traits": {"name": "Real"}})).ok();
    Living::start(&url, "--days 1").fails(&["no simulated company", "empty server"]);
    assert_eq!(n_events(&server), 1);
}

#[test]
fn an_item_is_told_as_it_is_known() {
    let server = TestServer::start();
    let item = serde_json::json!({"itemId": "t 1", "traits": {"name": "Tea", "category": "Hot", "price": 2.5, "currency": "EUR", "brand": "Leaf"}});
    server.post_as(SERVER, "/v1/item", &item).ok();
    let known = server.get("/v1/items/t%201").ok();
    let expected = serde_json::json!({
        "itemId": "t 1", "name": "Tea", "category": "Hot", "price": 2.5, "currency": "EUR", "available": true, "vouched": true,
        "traits": {"brand": "Leaf"},
    });
    assert_eq!(known, expected);
    assert!(server.get("/v1/items/coffee").error(404, "not_found").contains("\"coffee\""));
    server.get_as(WRITE, "/v1/items/t%201").error(403, "forbidden");
}
