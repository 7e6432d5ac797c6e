//! Does a simulated company go in whole, and is it known for what it is?

use crate::support::{ADMIN, SERVER, TestServer, WRITE};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A directory for a company's history, its data and whatever else.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program on the data directory.
    fn rapport(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rapport"));
        command.current_dir(self.0.path()).arg("--data").arg(self.path("data")).args(arguments);
        command.env_clear().output().unwrap()
    }

    /// What a command reports.
    fn json(&self, arguments: &[&str]) -> Value {
        let done = self.rapport(&[arguments, &["--json"]].concat());
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// What a command says that fails.
    fn failure(&self, arguments: &[&str]) -> String {
        let done = self.rapport(arguments);
        assert_eq!(done.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(done.stderr).unwrap()
    }

    fn simulate(&self, customers: &str, days: &str) -> PathBuf {
        let history = self.path("history");
        let told = ["simulate", "--history", "history", "--customers", customers, "--days", days];
        assert!(self.json(&told)["simulated"].as_bool().unwrap());
        history
    }
}

fn n_lines(directory: &Path) -> u64 {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let events = files.filter(|file| file.extension().is_some_and(|ending| ending == "ndjson"));
    events.map(|file| fs::read_to_string(file).unwrap().lines().count() as u64).sum()
}

#[test]
fn a_history_goes_in_as_one_import_and_comes_out_as_one() {
    let place = Place::new();
    let history = place.simulate("12", "20");
    let n_events = n_lines(&history);
    assert!(n_events > 300, "{n_events}");

    // As if a first try had been broken off after some of the files.
    let half = place.path("half");
    fs::create_dir(&half).unwrap();
    fs::copy(history.join("catalogue.ndjson"), half.join("catalogue.ndjson")).unwrap();
    let first = place.json(&["import", "half"]);
    let report = place.json(&["import", "history/"]);
    assert_eq!(report.as_array().unwrap().len(), 1);
    let report = &report[0];
    assert_eq!((&report["source"], &report["rows_rejected"]), (&json!("history"), &json!(0)), "{report}");
    assert_eq!((&report["rows_read"], &report["events_known"]), (&json!(n_events), &first[0]["events_new"]));
    let imports = place.json(&["imports"]);
    let files: Vec<&str> = imports.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["half", "history"]);
    let undone = place.json(&["imports", "undo", "2"]);
    assert_eq!(undone["withdrawn"], report["events_new"]);
    // A directory may be named from within, too.
    let trial = Command::new(env!("CARGO_BIN_EXE_rapport"))
        .current_dir(&history)
        .args(["import", ".", "--dry-run", "--json"])
        .output()
        .unwrap();
    let trial: Value = serde_json::from_slice(&trial.stdout).unwrap();
    assert_eq!((&trial[0]["source"], &trial[0]["events_accepted"]), (&json!("history"), &json!(n_events)));
}

#[test]
fn two_companies_do_not_go_into_one_directory() {
    let place = Place::new();
    let larger = place.simulate("12", "3");
    fs::rename(&larger, place.path("first")).unwrap();
    place.simulate("6", "3");
    place.json(&["import", "first"]);
    let known = place.json(&["imports"]);
    let refused = place.failure(&["import", "history"]);
    for said in
        ["a simulated company (seed 7, 6 customers, 3 days up to 2026-11-22)", "of another one (seed 7, 12 customers"]
    {
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(refused.trim().lines().count(), 1, "one sentence: {refused}");
    assert_eq!(place.json(&["imports"]), known, "nothing of it went in");
    // The same company may go in again.
    assert_eq!(place.json(&["import", "first"])[0]["events_new"], 0);

    let server = TestServer::start();
    place.json(&["import", "history", "--to", &server.url(""), "--key", SERVER]);
    let n_events = server.engine().ports().events.head();
    let refused = place.failure(&["import", "first", "--to", &server.url(""), "--key", SERVER]);
    assert!(refused.contains("of another one (seed 7, 6 customers"), "{refused}");
    assert_eq!(server.engine().ports().events.head(), n_events);
    // A command on the server's machine needs no key, and is told the same.
    let data = server.data().display().to_string();
    let refused = place.failure(&["import", "first", "--data", &data]);
    assert!(refused.contains("of another one (seed 7, 6 customers"), "{refused}");
    assert_eq!(place.json(&["import", "history", "--data", &data])[0]["events_new"], 0);

    // Nor do they go in together where none is yet.
    let both = place.path("both");
    fs::create_dir(&both).unwrap();
    for name in ["first", "history"] {
        fs::copy(place.path(name).join("catalogue.ndjson"), both.join(format!("{name}.ndjson"))).unwrap();
    }
    let (refused, empty) = (place.failure(&["import", "both", "--data", "new"]), TestServer::start());
    assert!(refused.contains("of another one (seed 7, 12 customers"), "{refused}");
    let refused = place.failure(&["import", "both", "--to", &empty.url(""), "--key", SERVER]);
    assert!(refused.contains("of another one (seed 7, 12 customers"), "{refused}");
}

#[test]
fn a_company_does_not_go_in_among_real_customers() {
    let place = Place::new();
    place.simulate("6", "2");
    let item = r#"{"type":"item","itemId":"tea","timestamp":"2026-03-01","messageId":"a","traits":{"name":"Tea"}}"#;
    fs::write(place.path("real.ndjson"), item).unwrap();
    place.json(&["import", "real.ndjson"]);
    let refused = place.failure(&["import", "history"]);
    assert!(refused.contains("what is there is of none"), "{refused}");
    let server = TestServer::start();
    place.json(&["import", "real.ndjson", "--to", &server.url(""), "--key", SERVER]);
    let refused = place.failure(&["import", "history", "--to", &server.url(""), "--key", SERVER]);
    assert!(refused.contains("what is there is of none"), "{refused}");
}

#[test]
fn a_company_does_not_go_in_among_orders_that_are_no_simulated_ones() {
    let place = Place::new();
    place.simulate("6", "2");
    let order = r#"{"type":"track","event":"Order Completed","userId":"ann","timestamp":"2026-03-01","messageId":"a",
        "properties":{"order_id":"1","revenue":5,"currency":"EUR","products":[{"product_id":"tea","price":5}]}}"#;
    fs::write(place.path("real.ndjson"), order.replace('\n', "")).unwrap();
    place.json(&["import", "real.ndjson"]);
    let refused = place.failure(&["import", "history"]);
    assert!(refused.contains("what is there is of none") && !refused.contains("undo"), "{refused}");
    let to = |server: &TestServer| [server.url(""), "--key".to_owned(), SERVER.to_owned()];
    let server = TestServer::start();
    let [url, key, secret] = to(&server);
    place.json(&["import", "real.ndjson", "--to", &url, &key, &secret]);
    let refused = place.failure(&["import", "history", "--to", &url, &key, &secret]);
    assert!(refused.contains("what is there is of none"), "{refused}");
    // Whoever holds the write key is not the company: what they tell keeps none out.
    let server = TestServer::start();
    let [url, key, secret] = to(&server);
    server.post_as(WRITE, "/v1/track", &json!({"event": "Product Viewed", "anonymousId": "a"})).ok();
    place.json(&["import", "history", "--to", &url, &key, &secret]);

    // Nor does it go in after them in one import, and what came in before it can be taken out.
    let mixed = place.path("mixed");
    fs::create_dir(&mixed).unwrap();
    fs::copy(place.path("real.ndjson"), mixed.join("a.ndjson")).unwrap();
    fs::copy(place.path("history").join("catalogue.ndjson"), mixed.join("b.ndjson")).unwrap();
    let refused = place.failure(&["import", "mixed", "--data", "new"]);
    for said in ["is of none", "imports undo 1` takes out what came in before it"] {
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(place.json(&["imports", "undo", "1", "--data", "new"])["withdrawn"], 1);
    let one_file = fs::read_to_string(mixed.join("a.ndjson")).unwrap() + "\n";
    let one_file = one_file + &fs::read_to_string(mixed.join("b.ndjson")).unwrap();
    fs::write(place.path("one.ndjson"), one_file).unwrap();
    let refused = place.failure(&["import", "one.ndjson", "--data", "other"]);
    for said in ["in the same import is of none", "imports undo 1` takes out what came in before it"] {
        assert!(refused.contains(said), "{refused}");
    }
    place.json(&["import", "history", "--data", "new"]);
}

#[test]
fn how_closely_the_truth_is_looked_at_is_said_in_plain_words() {
    let place = Place::new();
    for (arguments, said) in [
        (["truth", "--sample", "0"], "look at 1 to 100000 customers"),
        (["truth", "--sample", "100001"], "look at 1 to 100000 customers"),
        (["truth", "--sample", "-3"], "it must be a whole number"),
        (["truth", "--futures", "7"], "play each life on 8 to 10000 times"),
        (["truth", "--futures", "10001"], "play each life on 8 to 10000 times"),
    ] {
        let done = place.rapport(&arguments);
        let err = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn what_is_left_out_of_a_directory_is_named() {
    let place = Place::new();
    let history = place.simulate("6", "2");
    let said = |place: &Place| String::from_utf8(place.rapport(&["import", "history"]).stdout).unwrap();
    assert!(!said(&place).contains("left out"));
    // A terminal would obey this name.
    let obeyed = history.join("a\u{1b}[2J.md");
    fs::write(&obeyed, "a").unwrap();
    assert!(said(&place).contains("no files of history: a⟨U+001B⟩[2J.md\n"), "{}", said(&place));
    fs::remove_file(&obeyed).unwrap();
    fs::create_dir(history.join("2026")).unwrap();
    assert!(said(&place).contains("; left out, being empty or no files of history: 2026/\n"), "{}", said(&place));
    for no in 1..=4 {
        fs::write(history.join(format!("note-{no}.md")), "a").unwrap();
    }
    let five = "2026/, note-1.md, note-2.md, note-3.md and note-4.md\n";
    assert!(said(&place).contains(five), "{}", said(&place));
    for no in 5..=7 {
        fs::write(history.join(format!("note-{no}.md")), "a").unwrap();
    }
    assert!(said(&place).contains("note-3.md, note-4.md and 3 more\n"), "{}", said(&place));
    let report = place.json(&["import", "history"]);
    assert_eq!(report[0]["files_left_out"].as_array().unwrap().len(), 8);
    // As one of several, and cut, a name is shown as it is alone.
    fs::write(&obeyed, "a").unwrap();
    assert!(said(&place).contains("2026/, a⟨U+001B⟩[2J.md, note-1.md"), "{}", said(&place));
}

#[test]
fn a_directory_that_cannot_go_in_says_so_and_nothing_goes_in() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    assert!(place.failure(&["import", "empty"]).contains("holds no file to import"));
    assert!(place.failure(&["import", "nowhere"]).contains("cannot read nowhere: check the path"));
    fs::create_dir(place.path("mixed")).unwrap();
    let event =
        "{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"1\",\"timestamp\":\"2026-03-01\",\"messageId\":\"a\"}\n";
    fs::write(place.path("mixed/a.ndjson"), event).unwrap();
    fs::write(place.path("mixed/b.csv"), "id,name\n1,ann\n").unwrap();
    assert!(place.failure(&["import", "mixed"]).contains("b.csv is a table with the columns id, name"));
    assert_eq!(place.json(&["imports"]), json!([]));
    // What is known with other content is named with its file.
    fs::remove_file(place.path("mixed/b.csv")).unwrap();
    place.json(&["import", "mixed"]);
    fs::write(place.path("mixed/c.ndjson"), format!("\n{}", event.replace("Seen", "Heard"))).unwrap();
    let again = place.rapport(&["import", "mixed", "--json"]);
    assert_eq!(again.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report[0]["conflicting"], json!(["Heard a (c.ndjson, line 2)"]));
}

#[test]
fn a_directory_goes_into_a_server_too_and_its_pages_say_that_nothing_happened() {
    let place = Place::new();
    place.simulate("6", "3");
    let server = TestServer::start();
    let page = || server.get_as(ADMIN, "/").text;
    assert!(!page().contains("Simulated company"));
    // A stranger cannot make it one: neither by an item nor by what somebody looked at.
    let label = json!({"seed": 7, "customers": 6, "days": 3, "end": "2026-11-22"});
    let item = json!({"type": "item", "itemId": "tea", "messageId": "a", "timestamp": "2026-03-01T00:00:00Z",
                      "traits": {"name": "Tea", "price": 1, "simulated": label}});
    let viewed = json!({"type": "track", "event": "Product Viewed", "userId": "u", "messageId": "b",
                        "properties": {"product_id": "tea", "price": 1, "currency": "EUR", "simulated": label}});
    let answer = server.post_as(WRITE, "/v1/batch", &json!({"batch": [item, viewed]})).json();
    assert_eq!(answer["accepted"], 1, "{answer}");
    assert!(!page().contains("Simulated company"));

    let report = place.json(&["import", "history", "--to", &server.url(""), "--key", SERVER]);
    assert_eq!(report[0]["events_new"], report[0]["rows_read"]);
    let page = page();
    assert!(page.contains("Simulated company.") && page.contains("6 customers and 3 days up to 2026-11-22"), "{page}");
}

/// The row of a name.
fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["rows"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name}: {report}"))
}

#[test]
fn what_is_true_stands_beside_what_was_estimated() {
    let place = Place::new();
    let looked = ["truth", "--sample", "30", "--futures", "8"];
    place.json(&["import", &place.simulate("300", "120").display().to_string()]);
    // Without a model the truth stands alone.
    let before = place.json(&["truth", "--sample", "20", "--futures", "8"]);
    for name in ["churn.mean", "churn.order", "value.mean", "value.order", "recommend.hits"] {
        let row = row(&before, name);
        assert_eq!((&row["estimate"], &row["ok"]), (&Value::Null, &json!(false)), "{row}");
        assert!(row["truth"].is_f64() || name == "recommend.hits", "{row}");
        assert!(row["says"].as_str().unwrap().contains("model has been trained yet"), "{row}");
        assert_eq!((&row["verdict"], &row["knowable"]), (&json!("unclear"), &Value::Null), "{row}");
    }
    place.json(&["train"]);
    let report = place.json(&looked);
    assert_eq!((&report["seed"], &report["customers"], &report["end"]), (&json!(7), &json!(300), &json!("2026-11-22")));
    assert_eq!((&report["n_sample"], &report["n_futures"]), (&json!(30), &json!(8)));
    assert_eq!(report["notes"], json!([]), "all of it is here");
    assert!(report["n_active"].as_u64().unwrap() > 150, "{report}");
    let number =
        |name: &str, part: &str| row(&report, name)[part].as_f64().unwrap_or_else(|| panic!("{name}: {report}"));
    for (name, truth, estimate) in [
        ("recommend.hits", 0.5..4.0, 0.3..4.0),
        ("churn.mean", 0.1..0.6, 0.1..0.6),
        ("churn.order", 0.75..1.0, 0.6..1.0),
        ("churn.spread", 1.0..1.1, 0.2..2.0),
        ("value.mean", 50.0..300.0, 50.0..400.0),
        ("value.order", 0.2..0.8, 0.1..0.8),
        ("identity.joined", 0.6..1.01, 0.6..1.01),
        ("identity.right", 1.0..1.01, 0.98..1.01),
    ] {
        assert!(
            truth.contains(&number(name, "truth")) && estimate.contains(&number(name, "estimate")),
            "{name}: {report}"
        );
        assert!(number(name, "low") <= number(name, "estimate") && number(name, "estimate") <= number(name, "high"));
        assert!(number(name, "low") < number(name, "high") || name == "identity.right", "{name}");
    }
    assert!(
        number("recommend.hits", "estimate") <= number("recommend.hits", "truth"),
        "nobody beats the oracle: {report}"
    );

    // What can be known is more than chance, and less than what the oracle knows.
    for (name, chance) in [("churn.order", 0.5), ("value.order", 0.0)] {
        assert!(
            chance + 0.05 < number(name, "knowable") && number(name, "knowable") < number(name, "truth"),
            "{report}"
        );
        assert!(row(&report, name)["says"].as_str().unwrap().contains("to what can be known"), "{report}");
    }
    for name in ["recommend.hits", "churn.mean", "identity.joined"] {
        assert_eq!(row(&report, name)["knowable"], Value::Null);
    }

    // What comes later is not known: it was received after the end, whatever it says.
    let customer = row(&report, "churn.mean")["truth"].clone();
    fs::create_dir(place.path("later")).unwrap();
    let order = |no: u32| {
        json!({"type": "track", "event": "Order Completed", "userId": format!("C{:07}", 100_000 + no),
               "messageId": format!("later-{no}"), "timestamp": "2026-11-23T10:00:00Z",
               "properties": {"order_id": format!("later-{no}"), "revenue": 5000, "currency": "EUR"}})
        .to_string()
    };
    fs::write(place.path("later/orders.ndjson"), (0..300).map(order).collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(place.json(&["import", "later"])[0]["events_new"], 300);
    let again = place.json(&looked);
    for name in ["recommend.hits", "churn.mean", "churn.order", "value.mean", "value.order", "identity.joined"] {
        assert_eq!(row(&again, name), row(&report, name), "the same, twice: {customer}");
    }

    // Its own seed may be named, another one is refused, and people read a table.
    let named = place.rapport(&["truth", "--sample", "5", "--futures", "8", "--seed", "7"]);
    let table = String::from_utf8(named.stdout).unwrap();
    for said in ["A simulated company: seed 7, 300 customers, 120 days up to 2026-11-22", "Lifetime value", "EUR"] {
        assert!(table.contains(said), "{said}: {table}");
    }
    assert!(table.contains("cannot") && table.lines().all(|line| line.chars().count() <= 96), "{table}");
    let refused = place.failure(&["truth", "--seed", "8"]);
    assert!(refused.contains("holds the company of seed 7, not 8: leave --seed out"), "{refused}");
}

#[test]
fn what_is_missing_of_a_history_is_said() {
    let place = Place::new();
    let history = place.simulate("40", "20");
    let all = n_lines(&history);
    fs::create_dir(place.path("things")).unwrap();
    fs::rename(history.join("catalogue.ndjson"), place.path("things/catalogue.ndjson")).unwrap();
    let n_things = n_lines(&place.path("things"));
    place.json(&["import", "things"]);
    let nothing = place.failure(&["truth"]);
    assert!(nothing.contains("knows nothing of its simulated company up to 2026-11-21T23:59:59.999Z"), "{nothing}");
    let last = "events-2026-11-21.ndjson";
    fs::rename(history.join(last), place.path(last)).unwrap();
    let known = n_lines(&history) + n_things;
    assert!(known < all);
    place.json(&["import", "history"]);
    let looked = ["truth", "--sample", "5", "--futures", "8"];
    let report = place.json(&looked);
    let note = report["notes"][0].as_str().unwrap().replace(',', "");
    assert!(note.starts_with(&format!("Only {known} of the {all} events that the company of 20 days told")), "{note}");
    place.json(&["import", last]);
    assert_eq!(place.json(&looked)["notes"], json!([]));
}

#[test]
fn of_two_companies_in_one_directory_no_truth_is_told() {
    let place = Place::new();
    let told = ["simulate", "--history", "other", "--customers", "12", "--days", "8", "--seed", "8"];
    assert!(place.json(&told)["simulated"].as_bool().unwrap());
    let server = TestServer::start();
    let report = place.json(&["import", "other", "--to", &server.url(""), "--key", SERVER]);
    assert!(report[0]["events_new"].as_u64().unwrap() > 100);
    // An import refuses the second: here it is told in another way.
    let label = json!({"seed": 7, "customers": 12, "days": 8, "end": "2026-11-22"});
    let item = json!({"itemId": "tea", "traits": {"name": "Tea", "simulated": label}});
    server.post_as(SERVER, "/v1/item", &item).ok();
    let data = server.stop();
    let data = data.path().display().to_string();
    let refused = place.failure(&["truth", "--sample", "5", "--futures", "8", "--data", &data]);
    let both = "holds more than one simulated company (seed 8, 12 customers, 8 days up to 2026-11-22; seed 7, 12 customers, 8 \
                days up to 2026-11-22), whose people go by the same names: import each into a data directory of its own";
    assert!(refused.contains(both), "{refused}");
}

#[test]
fn of_a_real_company_nobody_knows_the_truth() {
    let place = Place::new();
    let event =
        "{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"1\",\"timestamp\":\"2026-03-01\",\"messageId\":\"a\"}\n";
    fs::write(place.path("seen.ndjson"), event).unwrap();
    place.json(&["import", "seen.ndjson"]);
    assert!(place.failure(&["truth"]).contains("`rapport simulate --history DIR` makes one"));
    assert!(!place.rapport(&["truth", "--sample", "0"]).status.success());
}
