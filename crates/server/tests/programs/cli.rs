//! Does the program keep its word on the command line: exit codes, reports on standard output, sentences on standard error?

use crate::support::until;
use engine::Stopwatch;
use events::generator::{World, WorldSettings};
use parquet::record::RowAccessor;
use primitives::Seed;
use serde_json::{Value, json};
use server::clock::SystemClock;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The longest a command may take; then it is ended and the test fails.
const DEADLINE: Duration = Duration::from_secs(90);

/// A directory for one test: its data, its files, and what the program said.
struct Place(TempDir);

struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        File::create(&path).unwrap().write_all(text.as_ref()).unwrap();
        path.display().to_string()
    }

    fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Child {
        let said = |name: &str| File::create(self.0.path().join(name)).unwrap();
        Command::new(env!("CARGO_BIN_EXE_rapport"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .current_dir(self.0.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(said("stdout"))
            .stderr(said("stderr"))
            .spawn()
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Done {
        self.end(self.start(arguments, &[]), arguments)
    }

    /// Waits until a process has ended, and answers with what it said.
    fn end(&self, mut child: Child, arguments: &[&str]) -> Done {
        let watch = Stopwatch::start();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Done { code: status.code().unwrap_or(-1), out: self.said("stdout"), err: self.said("stderr") };
            }
            if watch.elapsed() > DEADLINE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{arguments:?} did not end: {}", self.said("stderr"));
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }
}

impl Done {
    /// Asserts success, and answers with the one JSON document on standard output.
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not one JSON document ({error}): {}", self.out))
    }

    /// Asserts failure with one sentence that says all of this.
    fn fails(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{} {}", self.out, self.err);
        for part in said {
            assert!(self.err.contains(part), "{part} is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A generated shop as NDJSON, as a client's export would be.
fn shop(n_customers: usize) -> (String, usize) {
    // Whole days that have passed: shortly after midnight most of today is still to come.
    let ends_at = primitives::Clock::now(&SystemClock).plus_days(-1);
    let settings = WorldSettings { n_customers, n_items: 100, ends_at, ..WorldSettings::default() };
    let lines: Vec<String> =
        World::new(Seed::new(11), settings).payloads().map(|payload| payload.to_string()).collect();
    (lines.join("\n"), lines.len())
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    let all = place.run(&["--help"]);
    assert!(all.code == 0 && all.out.contains("RAPPORT__SERVER__LISTEN") && all.out.contains("2 not understood"));
    let commands = [
        "serve",
        "demo",
        "import",
        "imports",
        "train",
        "evaluate",
        "features",
        "kinds",
        "models",
        "replay",
        "rebuild",
        "set-aside",
        "backup",
        "restore",
        "export",
        "doctor",
        "keys",
        "config",
    ];
    for command in commands {
        assert!(all.out.contains(command), "{command} is not in the help");
        let help = place.run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command}: {}", help.err);
        for option in ["--data", "--config", "--json"] {
            assert!(help.out.contains(option), "{command} --help does not name {option}");
        }
        let listens = ["serve", "demo", "doctor"].contains(&command);
        assert_eq!(help.out.contains("--listen"), listens, "{command}");
    }
    assert!(place.run(&["--version"]).out.contains(env!("CARGO_PKG_VERSION")));
    assert!(!place.data().exists(), "help creates nothing");
}

#[test]
fn wrong_usage_ends_with_two_and_failure_with_one() {
    let place = Place::new();
    for wrong in [
        &[][..],
        &["dance"],
        &["serve", "--port", "1"],
        &["serve", "--listen", "nowhere"],
        &["train", "--listen", "127.0.0.1:0"],
        &["keys", "list", "--listen", "127.0.0.1:0"],
        &["config", "example", "--listen", "127.0.0.1:0"],
        &["train", "--rollback"],
        &["import"],
        &["replay"],
        &["config", "change"],
    ] {
        place.run(wrong).fails(2, &["--help"]);
    }
    let data = place.data().display().to_string();
    for command in [&["train", "horoscope"], &["evaluate", "horoscope"]] {
        place.run(command).fails(1, &["there is no task \"horoscope\"", "recommend, churn"]);
    }
    for command in [&["train"][..], &["evaluate", "churn"], &["replay", "x"], &["rebuild"]] {
        place.run(command).fails(1, &["no data in", &data]);
    }
    place.run(&["import", "absent.csv"]).fails(1, &["absent.csv", "check the path"]);
    place.run(&["import", "x.csv", "--mapping", "absent"]).fails(1, &["absent"]);
    place.run(&["doctor", "--config", "absent.toml"]).fails(1, &["absent.toml"]);
    let bad = place.write("bad.toml", "[server]\n\nlisten_on = \"here\"\n");
    place.run(&["config", "check", "--config", &bad]).fails(1, &["bad.toml", "line 3", "listen_on"]);
    place.run(&["serve", "--listen", "0.0.0.0:0"]).fails(1, &["without keys"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    place.run(&["serve", "--listen", &taken.local_addr().unwrap().to_string()]).fails(1, &["listen"]);
    assert!(!place.data().exists(), "what fails creates nothing");
}

#[test]
fn settings_are_shown_with_secrets_masked() {
    let place = Place::new();
    let settings = place.write("my.toml", "[events]\nseal_hours = 3\n[keys]\nwrite = \"a-secret-write-key\"\n");
    let arguments = ["config", "check", "--config", &settings, "--listen", "127.0.0.1:9", "--json"];
    let environment = [("RAPPORT__KEYS__ADMIN", "a-secret-admin-key"), ("RAPPORT__MODELS__SEED", "77")];
    let done = place.end(place.start(&arguments, &environment), &arguments);
    let shown = done.json();
    assert_eq!((&shown["events"]["seal_hours"], &shown["models"]["seed"]), (&3.into(), &77.into()));
    assert_eq!(shown["server"]["listen"], "127.0.0.1:9");
    assert_eq!(shown["keys"], json!({"write": "(preset)", "server": "", "admin": "(preset)"}));
    assert!(!format!("{}{}", done.out, done.err).contains("a-secret"));
    let example = place.run(&["config", "example"]);
    assert!(
        example.code == 0 && example.out.contains("[server]") && example.out.contains("# listen = "),
        "{}",
        example.out
    );
    assert!(place.run(&["config", "check"]).out.contains("listen = \"127.0.0.1:7070\" # default\n"));
    let origins = &shown["origins"];
    assert_eq!((&origins["server.listen"], &origins["events.seal_days"]), (&"flag --listen".into(), &Value::Null));
    assert_eq!(origins["models.seed"], "environment variable RAPPORT__MODELS__SEED");
    assert!(origins["events.seal_hours"].as_str().unwrap().ends_with("my.toml:2"), "{origins}");
}

#[test]
fn a_file_is_imported_once_and_bad_rows_are_kept_with_their_line() {
    let place = Place::new();
    let csv = place.write(
        "orders.csv",
        "customer,day,sku,amount\n1,2026-03-01,tea,2.50\n2,2026-03-01,jam,much\n1,2026-03-02,jam,4.00\n,2026-03-02,jam,1.00\n3,soon,tea,1\n",
    );
    let mapping = place.write(
        "orders.toml",
        r#"
name = "orders"
description = "A test's orders"
currency = "EUR"
[source]
delimiter = ","
header = true
[time]
column = "day"
format = "%Y-%m-%d"
zone = "UTC"
[[event]]
type = "track"
event = "Order Completed"
userId = "{customer}"
key = ["customer", "day", "sku"]
[event.properties]
revenue = { column = "amount", type = "number" }
"#,
    );
    let imported = place.run(&["import", &csv, "--mapping", &mapping, "--json"]).json();
    let report = &imported[0];
    assert_eq!((&report["source"], &report["mapping"]), (&"orders.csv".into(), &"orders".into()));
    assert_eq!((&report["rows_read"], &report["events_new"]), (&5.into(), &2.into()), "{report}");
    let rejects = std::fs::read_to_string(report["rejects_file"].as_str().unwrap()).unwrap();
    let rejects: Vec<Value> = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = rejects.iter().map(|reject| reject["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 5, 6]);
    for (reject, said) in rejects.iter().zip(["much", "userId", "soon"]) {
        assert!(reject["reason"].as_str().unwrap().contains(said), "{reject}");
        assert_eq!((&reject["source"], reject["row"].is_null()), (&"orders.csv".into(), false));
    }
    let again = place.run(&["import", &csv, "--mapping", &mapping, "--json"]).json();
    assert_eq!((&again[0]["events_new"], &again[0]["events_known"]), (&0.into(), &2.into()));

    let ndjson = place.write(
        "events.ndjson",
        "{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"1\",\"timestamp\":\"2026-03-01\",\"messageId\":\"a\"}\n\
         not json\n\
         {\"type\":\"track\",\"userId\":\"1\",\"timestamp\":\"2026-03-01\"}\n\
         {\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"1\"}\n",
    );
    let report = &place.run(&["import", &ndjson, "--json"]).json()[0];
    assert_eq!((&report["events_new"], &report["rows_rejected"]), (&1.into(), &3.into()));
    let rejects = std::fs::read_to_string(report["rejects_file"].as_str().unwrap()).unwrap();
    let said = |line: usize| serde_json::from_str::<Value>(rejects.lines().nth(line).unwrap()).unwrap();
    assert!(said(0)["line"] == 2 && said(0)["reason"].as_str().unwrap().contains("not JSON"));
    assert!(said(1)["line"] == 3 && said(1)["reason"].as_str().unwrap().contains("/event"));
    assert!(said(2)["line"] == 4 && said(2)["reason"].as_str().unwrap().contains("timestamp"));

    // Far too little to learn from: what is missing is said, and everything else goes on.
    let untrained = place.run(&["train", "churn"]);
    untrained.fails(1, &["churn was not trained", "days of purchases"]);
    place.run(&["evaluate", "recommend"]).fails(1, &["recommend", "customers with two purchases"]);
    place.run(&["train", "churn", "--rollback"]).fails(1, &["churn"]);
    place.run(&["replay", "no-such-decision"]).fails(1, &["no decision no-such-decision"]);
    assert_eq!(place.run(&["rebuild", "--json"]).json()["events"], 3);
}

#[test]
fn a_trial_shows_what_would_come_of_a_file_and_changes_nothing() {
    let place = Place::new();
    let csv = place
        .write("orders.csv", "id,who,day,price\n1,ann,2026-03-01,2.50\n2,bob,2026-03-01,much\n3,cid,2026-03-02,4\n");
    let mapping = place.write("orders.toml", ORDERS);
    let shown = place.run(&["import", &csv, "--mapping", &mapping, "--dry-run"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.starts_with("{\n  \"event\": \"Order Completed\""), "{}", shown.out);
    for said in [
        "\"userId\": \"cid\"",
        "3 rows would become 2 events",
        "1 row rejected:\n  line 3: column \"price\"",
        "nothing was changed",
    ] {
        assert!(shown.out.contains(said), "{said} is not in: {}", shown.out);
    }
    assert_eq!(shown.out.matches("\"messageId\"").count(), 2);
    let document = place.run(&["import", &csv, "--mapping", &mapping, "--dry-run", "--json"]).json();
    assert_eq!(document[0]["first_events"].as_array().unwrap().len(), 2);
    assert!(!place.data().exists(), "a trial creates nothing");
}

#[test]
fn a_file_of_which_nothing_is_accepted_is_a_failure_that_says_why() {
    let place = Place::new();
    let rows = "1,ann,2026-03-01,much\n2,bob,01.03.2026,4\n3,cid,2026-03-02,more\n4,dan,2026-03-02,most\n5,,2026-03-02,1\n6,eve,2026-03-02\n";
    let csv = place.write("orders.csv", format!("id,who,day,price\n{rows}"));
    let mapping = place.write("orders.toml", ORDERS);
    for trial in [&["import", &csv, "--mapping", &mapping][..], &["import", &csv, "--mapping", &mapping, "--dry-run"]] {
        let failed = place.run(trial);
        failed.fails(1, &["nothing of orders.csv was accepted: 6 of 6 rows were rejected"]);
        failed.fails(1, &["\n  3 rows, first in line 2: column \"price\" is \"much\"", "\n  line 3:", "\n  line 6:"]);
        assert!(!failed.err.contains("line 7"), "the top three only: {}", failed.err);
    }
}

/// A mapping of single orders.
const ORDERS: &str = r#"
name = "orders"
currency = "EUR"
[time]
column = "day"
[[event]]
type = "track"
event = "Order Completed"
userId = "{who}"
key = "id"
[event.properties]
order_id = "{id}"
total = { column = "price", type = "number" }
"#;

fn keys_of(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The numbers named, each a finite one.
/// What the audit list says that commands did, in order.
fn deeds(place: &Place) -> Vec<String> {
    let database = rusqlite::Connection::open(place.data().join("rapport.db")).unwrap();
    let sql = "SELECT deed FROM audit WHERE CAST(record AS TEXT) LIKE '%\"command\"%' ORDER BY seq";
    database.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn has_numbers(metrics: &Value, names: &[&str]) {
    for name in names {
        assert!(metrics[name].as_f64().is_some_and(f64::is_finite), "{name} is no number in {metrics}");
    }
}

#[test]
fn a_shop_is_imported_learned_from_judged_and_rebuilt() {
    let place = Place::new();
    let (lines, n_events) = shop(300);
    let file = place.write("shop.ndjson", lines);
    let imported = place.run(&["import", &file, "--json"]).json();
    assert_eq!((&imported[0]["events_new"], &imported[0]["rejects_file"]), (&n_events.into(), &Value::Null));

    let trained = place.run(&["train", "--json"]).json();
    for (model, name) in trained.as_array().unwrap().iter().zip(["recommend", "churn", "value"]) {
        assert_eq!((&model["model"], model["version"].as_str().unwrap().len()), (&name.into(), 12));
        assert!(model["reason"].as_str().unwrap().contains("simple answer"), "{model}");
    }
    let deeds = deeds(&place);
    assert_eq!(deeds[..2], ["import", "training"]);
    assert_eq!(deeds.iter().filter(|deed| *deed == "training").count(), trained.as_array().unwrap().len());
    let n_champions = trained.as_array().unwrap().iter().filter(|model| model["champion"] == true).count();
    assert_eq!(deeds.iter().filter(|deed| *deed == "promotion").count(), n_champions);

    let judged = place.run(&["evaluate", "recommend", "--json"]).json();
    has_numbers(&judged, &["n_customers"]);
    assert!(judged["split"].is_object());
    assert_eq!(keys_of(&judged["baselines"]), ["item_knn", "personal_frequency", "popularity", "recent_popularity"]);
    assert_eq!(keys_of(&judged["protocols"]), ["last_order", "time"]);
    for metrics in [&judged["metrics"], &judged["baselines"]["popularity"], &judged["baselines"]["personal_frequency"]]
    {
        has_numbers(metrics, &["ndcg@10", "recall@10", "coverage"]);
    }
    let judged = place.run(&["evaluate", "churn", "--json"]).json();
    has_numbers(&judged, &["n_train", "n_test"]);
    assert!(judged["split"].is_object());
    assert_eq!(keys_of(&judged["baselines"]), ["constant", "recency"]);
    for metrics in [&judged["metrics"], &judged["baselines"]["recency"], &judged["baselines"]["constant"]] {
        has_numbers(metrics, &["auc", "log_loss", "ece"]);
    }
    assert!(judged["metrics"]["auc"].as_f64() > judged["baselines"]["constant"]["auc"].as_f64());
    let day = &judged["split"]["test_from"].as_str().unwrap()[..10];
    let earlier = place.run(&["evaluate", "churn", "--as-of", day, "--json"]).json();
    assert!(earlier["split"]["test_until"].as_str().unwrap() <= &*format!("{day}T23:59:59.999Z"), "{earlier}");
    place.run(&["evaluate", "churn", "--as-of", "2999-01-01"]).fails(1, &["2999-01-01 lies in the future"]);

    assert_eq!(place.run(&["rebuild", "--json"]).json()["events"], n_events);
    let looked = place.run(&["doctor", "--json"]).json();
    let areas: Vec<_> = looked.as_array().unwrap().iter().map(|one| one["area"].as_str().unwrap()).collect();
    assert!(areas.contains(&"settings") && areas.contains(&"keys") && areas.len() > 4, "{areas:?}");
    assert!(looked.as_array().unwrap().iter().all(|one| one["status"] != "fault"), "{looked}");

    let ready = place.run(&["doctor", "--readiness", "--json"]).json().to_string();
    assert!(ready.contains("\"name\":\"churn\",\"state\":\"answers\""), "{ready}");
    let words = place.run(&["doctor", "--readiness"]).out;
    assert!(
        words.contains("never    payments: nothing yet. \"Payment Declined\" is one of its events; they tell whether"),
        "{words}"
    );
}

#[test]
fn a_doctor_names_what_is_damaged() {
    let place = Place::new();
    let file = place
        .write("one.ndjson", "{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"1\",\"timestamp\":\"2026-03-01\"}\n");
    place.run(&["import", &file]);
    std::fs::write(place.data().join("keys.json"), "{").unwrap();
    let done = place.run(&["doctor"]);
    done.fails(1, &["fault"]);
    assert!(done.out.contains("keys.json is damaged"), "{}", done.out);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, &["keys.json is damaged"]);
}

#[test]
fn a_directory_without_its_database_is_refused_and_rebuilt_from_its_history() {
    let place = Place::new();
    let line = |n: usize| {
        format!(
            "{{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"u{n}\",\"messageId\":\"m{n}\",\"timestamp\":\"2026-03-01\"}}\n"
        )
    };
    let file = place.write("some.ndjson", (0..40).map(line).collect::<String>());
    assert_eq!(place.run(&["import", &file]).code, 0);
    let exclusive = || storage::DataDir::open(place.data(), storage::Access::Exclusive).unwrap();
    let storage = storage::Storage::open(exclusive(), storage::StorageSettings::default()).unwrap();
    storage.seal(events::Offset(40), &storage::SealPolicy::everything()).unwrap();
    drop(storage);
    assert_eq!(place.run(&["doctor", "--quick"]).code, 0);
    for name in ["rapport.db", "rapport.db-wal", "rapport.db-shm"] {
        let _ = std::fs::remove_file(place.data().join(name));
    }
    // What is to be typed names the directory, so that it can be typed as it stands.
    let rebuild = format!("`rapport --data {} rebuild`", place.data().display());
    let said = &["has no rapport.db", rebuild.as_str()];
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, said);
    place.run(&["import", &file]).fails(1, said);
    let done = place.run(&["doctor"]);
    done.fails(1, &["fault"]);
    assert!(done.out.contains(&rebuild), "{}", done.out);
    let rebuilt = place.run(&["rebuild", "--json"]).json();
    assert_eq!(
        (&rebuilt["events"], &rebuilt["taken_in"], &rebuilt["new_database"]),
        (&json!(40), &json!(40), &json!(true))
    );
    assert_eq!(place.run(&["doctor"]).code, 0);
    // Once more, in words, and with something beside the database that was lost.
    std::fs::remove_file(place.data().join("rapport.db")).unwrap();
    std::fs::write(place.data().join("rapport.db-wal"), "of the lost database").unwrap();
    let said = place.run(&["rebuild"]).out;
    for lost in ["Made a new database from the 40 events", "the list of imports", "the audit list", "rapport.db-wal"] {
        assert!(said.contains(lost), "{lost}: {said}");
    }
    assert_eq!(place.run(&["imports", "--json"]).json(), json!([]), "as it says");
    place.run(&["restore", "nowhere"]).fails(1, &["there is no backup in nowhere: check the path"]);
    place.run(&["set-aside", "3"]).fails(1, &["it is not in the log"]);
    let other = Place::new();
    other.run(&["rebuild"]).fails(1, &["there is no data in"]);
    other.run(&["set-aside", "3"]).fails(1, &["there is no data in"]);
    assert!(!other.data().exists(), "what failed leaves no directory");
}

/// Imports a small shop, asks for a decision, and leaves the server running.
fn with_a_decision(place: &Place) -> (Child, usize) {
    let (lines, n_lines) = shop(30);
    let file = place.write("shop.ndjson", lines);
    assert_eq!(place.run(&["import", &file]).code, 0);
    let (child, url, said) = serve(place);
    let key = said.split_whitespace().filter(|word| word.starts_with("rp_")).nth(1).unwrap().to_owned();
    let answer = ureq::post(format!("{url}/v1/decide"))
        .header("authorization", format!("Bearer {key}"))
        .send("{\"decision\":\"recommend\",\"userId\":\"customer-1\",\"n\":3}");
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    (child, n_lines)
}

#[test]
fn a_running_server_is_backed_up_and_restored_elsewhere() {
    let (place, other) = (Place::new(), Place::new());
    let (child, n_lines) = with_a_decision(&place);
    let to = other.0.path().join("backup").display().to_string();
    let made = place.run(&["backup", &to, "--json"]).json();
    assert_eq!(made["events"], n_lines);
    place.run(&["backup", &to]).fails(1, &["something is there already"]);
    let restored = other.run(&["restore", &to, "--json"]).json();
    assert_eq!((&restored["events"], &restored["bytes"]), (&made["events"], &made["bytes"]));
    assert_eq!(other.run(&["doctor", "--json"]).code, 0);
    other.run(&["restore", &to]).fails(1, &["only into a directory that is empty"]);
    assert_eq!(stop(&place, child).code, 0);
    std::fs::write(format!("{to}/rapport.db"), "damaged").unwrap();
    let third = Place::new();
    third.run(&["restore", &to]).fails(1, &["rapport.db is damaged"]);
    assert!(!third.data().exists());
}

#[test]
fn everything_is_exported_and_events_come_in_again() {
    let place = Place::new();
    let (child, n_lines) = with_a_decision(&place);
    let to = place.0.path().join("out");
    let counts = place.run(&["export", to.to_str().unwrap(), "--json"]).json();
    assert_eq!((&counts["events"], &counts["decisions"]), (&json!(n_lines), &json!(1)));
    assert_eq!((&counts["withdrawn"], &counts["set_aside"]), (&json!(0), &json!(0)));
    assert!(counts["customers"].as_u64() >= Some(30), "{counts}");
    place.run(&["export", to.to_str().unwrap()]).fails(1, &["is there already"]);
    for name in ["events", "customers", "decisions"] {
        let path = to.join(format!("{name}.ndjson"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}: it is personal");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(counts[name], text.lines().count(), "{name}");
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let field = match name {
            "events" => "timestamp",
            "customers" => "features",
            _ => "answer",
        };
        assert!(!first[field].is_null(), "{name}: {first}");
    }
    let columns = place.run(&["export", to.to_str().unwrap(), "--format", "parquet", "--json"]).json();
    assert_eq!(columns, counts);
    assert_eq!(stop(&place, child).code, 0);
    assert_eq!(counts["unreadable"], 0);
    let file = std::fs::File::open(to.join("events.parquet")).unwrap();
    let reader = parquet::file::reader::SerializedFileReader::new(file).unwrap();
    let rows: Vec<_> =
        parquet::file::reader::FileReader::get_row_iter(&reader, None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), n_lines);
    let lines = std::fs::read_to_string(to.join("events.ndjson")).unwrap();
    for (row, line) in rows.iter().zip(lines.lines()).step_by(50) {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |i| row.get_string(i).unwrap().as_str();
        assert_eq!(serde_json::from_str::<Value>(text(8)).unwrap(), line);
        assert_eq!((text(1), text(2)), (line["messageId"].as_str().unwrap(), line["type"].as_str().unwrap()));
        assert_eq!(row.get_long(0).unwrap(), line["offset"].as_i64().unwrap());
        let occurred_at = primitives::Timestamp::parse(line["timestamp"].as_str().unwrap()).unwrap();
        assert_eq!(row.get_timestamp_millis(6).unwrap(), occurred_at.as_millis());
    }
    let again = Place::new();
    let taken = again.run(&["import", to.join("events.ndjson").to_str().unwrap(), "--json"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let counts =
        again.run(&["export", again.0.path().join("out").to_str().unwrap(), "--only", "events", "--json"]).json();
    assert_eq!(counts, json!({"events": n_lines, "withdrawn": 0, "set_aside": 0}));
}

/// Every exported customer, but for what depends on the moment of the export.
fn exported_customers(to: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(to.join("customers.ndjson")).unwrap();
    let mut customers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for customer in &mut customers {
        for field in ["features", "scores"] {
            assert!(customer.as_object_mut().unwrap().remove(field).is_some(), "{field}");
        }
    }
    customers
}

#[test]
fn what_counts_is_exported_and_comes_in_again_whole() {
    let (place, again) = (Place::new(), Place::new());
    let line = |n: usize, name: &str| {
        format!(
            "{{\"type\":\"identify\",\"userId\":\"u{}\",\"anonymousId\":\"a{n}\",\"messageId\":\"m{n}\",\"timestamp\":\
             \"2026-03-{:02}T10:00:00Z\",\"traits\":{{\"name\":\"{name}\"}},\"context\":{{\"consent\":{{\"analytics\":true}}}}}}\n",
            n % 4,
            n + 1
        )
    };
    let lines = |numbers: std::ops::Range<usize>, name| numbers.map(|n| line(n, name)).collect::<String>();
    let import = |name: &str, content: String, options: &[&str]| {
        let file = place.write(name, content);
        let done = place.run(&[&["import", &file][..], options].concat());
        assert_eq!(done.code, 0, "{}", done.err);
    };
    import("first.ndjson", lines(0..10, "Ann"), &[]);
    import("corrected.ndjson", lines(2..5, "Bob"), &["--replace"]);
    import("wrong.ndjson", lines(10..14, "Cid"), &[]);
    assert_eq!(place.run(&["imports", "undo", "3"]).code, 0);

    let (first, second) = (place.0.path().join("out"), again.0.path().join("out"));
    let exported = place.run(&["export", first.to_str().unwrap()]);
    assert!(exported.out.contains("Left out: 7 events that were withdrawn"), "{} {}", exported.out, exported.err);
    let events = first.join("events.ndjson");
    let taken = again.run(&["import", events.to_str().unwrap(), "--json"]).json();
    assert_eq!((&taken[0]["events_new"], &taken[0]["rows_rejected"]), (&json!(10), &json!(0)), "{taken}");
    let counts = again.run(&["export", second.to_str().unwrap(), "--json"]).json();
    assert_eq!((&counts["events"], &counts["withdrawn"]), (&json!(10), &json!(0)));
    let customers = exported_customers(&first);
    assert_eq!(customers.len(), 4);
    assert_eq!(customers, exported_customers(&second));
}

/// Starts a server and waits until it says where it listens.
fn serve(place: &Place) -> (Child, String, String) {
    let child = place.start(&["serve", "--listen", "127.0.0.1:0"], &[]);
    let said = until("the server says where it listens", || {
        Some(place.said("stderr")).filter(|said| said.contains("open it in a browser"))
    });
    let url = said.split_once("listening on ").unwrap().1.split(": open").next().unwrap().to_owned();
    (child, url, said)
}

#[test]
fn keys_are_shown_once_and_a_signal_stops_the_server_cleanly() {
    let place = Place::new();
    place
        .run(&["serve", "--listen", "0.0.0.0:0"])
        .fails(1, &["not listening on 0.0.0.0:0", "without keys", "keys create NAME"]);
    assert!(!place.data().exists(), "a start that failed leaves nothing behind, no keys that nobody saw");

    let (child, url, said) = serve(&place);
    let keys: Vec<&str> = said.split_whitespace().filter(|word| word.starts_with("rp_")).collect();
    assert_eq!(keys.len(), 3, "{said}");
    let stored = place.data().join("keys.json");
    assert!(
        keys.iter().all(|key| !std::fs::read_to_string(&stored).unwrap().contains(key)),
        "keys are stored as hashes"
    );
    let answer = ureq::post(format!("{url}/v1/track"))
        .header("authorization", format!("Bearer {}", keys[0]))
        .send("{\"event\":\"Seen\",\"userId\":\"1\"}");
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    // A second program is refused, and the first goes on.
    let second = Place::new();
    std::os::unix::fs::symlink(place.data(), second.data()).unwrap();
    second.run(&["rebuild"]).fails(1, &["in use", &child.id().to_string()]);
    let stopped = stop(&place, child);
    assert_eq!(stopped.code, 0, "{}", stopped.err);

    let (child, _, said) = serve(&place);
    assert!(!said.contains("rp_"), "keys are shown once: {said}");
    stop(&place, child);
    assert_eq!(place.run(&["rebuild", "--json"]).json()["events"], 1);
}

#[test]
fn files_go_to_the_server_that_holds_the_directory_and_to_one_elsewhere() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let mapping = place.write("orders.toml", ORDERS);
    let first = place.write("first.csv", "id,who,day,price\n1,ann,2026-03-01,2.50\n2,bob,2026-03-01,3\n");
    assert_eq!(place.run(&["import", &first, "--mapping", &mapping, "--json"]).json()[0]["events_new"], 2);

    let (child, url, said) = serve(&place);
    let key =
        |role: &str| said.split_whitespace().find(|word| word.starts_with(&format!("rp_{role}_"))).unwrap().to_owned();
    let beside = |arguments: &[&str], environment: &[(&str, &str)]| {
        // The server's own words stand in its place; what a command beside it says goes elsewhere.
        let link = elsewhere.data();
        if !link.exists() {
            std::os::unix::fs::symlink(place.data(), &link).unwrap();
        }
        elsewhere.end(elsewhere.start(arguments, environment), arguments)
    };
    let second =
        place.write("second.csv", "id,who,day,price\n2,bob,2026-03-01,3\n3,cid,2026-03-01,much\n4,dan,2026-03-02,1\n");
    let import = ["import", &second, "--mapping", &mapping, "--json"];
    let report = beside(&import, &[]).json();
    assert_eq!(
        (&report[0]["events_new"], &report[0]["events_known"], &report[0]["rows_rejected"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let rejects = std::fs::read_to_string(report[0]["rejects_file"].as_str().unwrap()).unwrap();
    assert!(rejects.contains("\"line\":3"), "{rejects}");

    let to = ["import", &second, "--mapping", &mapping, "--json", "--to", &url];
    assert_eq!(beside(&to, &[("RAPPORT_KEY", &key("server"))]).json()[0]["events_known"], 2);
    beside(&to, &[("RAPPORT_KEY", &key("write"))]).fails(1, &["a write key may not do this"]);
    beside(&to, &[]).fails(1, &["no key was given for --to", "RAPPORT_KEY"]);

    let listed = beside(&["imports"], &[]);
    for said in ["first.csv", "second.csv"] {
        assert!(listed.out.contains(said), "{said} is not in: {}", listed.out);
    }
    beside(&["imports", "undo", "1", "--to", &url], &[("RAPPORT_KEY", &key("server"))])
        .fails(1, &["use the admin key"]);
    let undone = beside(&["imports", "undo", "1", "--json"], &[]).json();
    assert_eq!(undone, json!({"withdrawn": 2, "restored": 0}));
    let again = beside(&["import", &first, "--mapping", &mapping, "--json"], &[]).json();
    assert_eq!(again[0]["events_new"], 2, "its keys are free");
    assert_eq!(stop(&place, child).code, 0);
    let imports = place.run(&["imports", "--json"]).json();
    let undone: Vec<bool> = imports.as_array().unwrap().iter().map(|one| one["undoneAt"].is_string()).collect();
    assert_eq!(undone, [true, false, false, false]);
    let live = place.run(&["rebuild", "--json"]).json();
    assert_eq!(live["events"], 4, "three orders and the correction");
}

#[test]
fn keys_are_listed_made_and_revoked_with_and_without_a_server() {
    let place = Place::new();
    assert!(place.run(&["keys", "list"]).out.contains("no keys yet"));
    assert!(!place.data().exists(), "looking makes no directory");
    let early = place.run(&["keys", "create", "early", "--role", "viewer", "--json"]).json();
    assert!(early["key"].as_str().unwrap().starts_with("rp_viewer_"), "{early}");
    place.run(&["keys", "create", "early", "--role", "viewer"]).fails(1, &["a key \"early\" already", "another name"]);
    place.run(&["keys", "create", "x", "--role", "king"]).fails(2, &["write, viewer, server, admin"]);
    place.run(&["keys", "revoke", "nobody"]).fails(1, &["no key \"nobody\"", "keys list`"]);

    let (child, url, _) = serve(&place);
    let beside = Place::new();
    std::os::unix::fs::symlink(place.data(), beside.data()).unwrap();
    let said = beside.run(&["keys", "create", "importer", "--role", "server"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let key = said.out.split_whitespace().next().unwrap().to_owned();
    let status = || {
        let answer = ureq::get(format!("{url}/v1/models")).header("authorization", format!("Bearer {key}")).call();
        match answer {
            Ok(answer) => answer.status().as_u16(),
            Err(ureq::Error::StatusCode(code)) => code,
            Err(error) => panic!("{error}"),
        }
    };
    until("the new key opens", || (status() == 200).then_some(()));
    assert!(beside.run(&["keys", "revoke", "importer"]).out.contains("opens nothing any more"));
    until("the revoked key opens nothing", || (status() == 401).then_some(()));
    stop(&place, child);

    let listed = place.run(&["keys", "list", "--json"]);
    assert!(!listed.out.contains("rp_"), "no key is shown twice");
    let importer = listed.json().as_array().unwrap().iter().find(|key| key["name"] == "importer").unwrap().clone();
    assert_eq!((&importer["role"], &importer["state"]), (&json!("server"), &json!("revoked")));
    assert!(importer["used_at"].is_string() && importer["revoked_at"].is_string(), "{importer}");
    let table = place.run(&["keys", "list"]).out;
    assert!(table.contains("first admin key") && table.contains("in force") && !table.contains("rp_"), "{table}");
}

#[test]
fn beside_a_running_server_the_doctor_names_it_and_a_decision_replays() {
    let place = Place::new();
    let (child, url, said) = serve(&place);
    let server_key = said.split_whitespace().filter(|word| word.starts_with("rp_")).nth(1).unwrap();
    let asked = ureq::post(format!("{url}/v1/decide"))
        .header("authorization", format!("Bearer {server_key}"))
        .send("{\"decision\":\"recommend\",\"userId\":\"1\"}");
    let answer = asked.unwrap().into_body().read_to_string().unwrap();
    let decision: Value = serde_json::from_str(&answer).unwrap();
    let id = decision["decisionId"].as_str().unwrap();
    // From another directory, since a program's words go into files of its own.
    let second = Place::new();
    std::os::unix::fs::symlink(place.data(), second.data()).unwrap();
    let replayed = second.run(&["replay", id]);
    let verdict = format!("identical, {} bytes, no model", answer.len());
    assert_eq!((replayed.code, replayed.out), (0, format!("{answer}\n{verdict}\n")), "{}", replayed.err);
    let address = url.trim_start_matches("http://");
    let looked = second.run(&["doctor", "--listen", address]);
    let here = format!("process {} is at work on this data directory", child.id());
    assert!(looked.code == 0 && looked.out.contains(&here), "{} {}", looked.out, looked.err);
    stop(&place, child);
    assert!(second.run(&["doctor", "--listen", address]).out.contains("is free to listen on"));
}

#[test]
fn known_keys_with_other_content_are_named_and_replaced_where_that_is_asked_for() {
    let place = Place::new();
    let mapping = place.write("orders.toml", ORDERS);
    let file = |rows: &str| place.write("orders.csv", format!("id,who,day,price\n{rows}"));
    let first = file("1,ann,2026-03-01,2.50\n2,bob,2026-03-01,3\n3,cid,2026-03-01,4\n");
    assert_eq!(place.run(&["import", &first, "--mapping", &mapping]).code, 0);
    let changed = file("1,ann,2026-03-01,2.50\n2,bob,2026-03-01,33\n3,cid,2026-03-01,44\n4,dan,2026-03-01,5\n");
    let told = place.run(&["import", &changed, "--mapping", &mapping]);
    told.fails(3, &["2 events of orders.csv are known with other content, which stays", "--replace"]);
    assert!(told.out.contains("2 known with other content: order 2 (line 3), order 3 (line 4)"), "{}", told.out);
    assert!(told.out.contains("1 new event, 1 known already"), "{}", told.out);
    let replaced = place.run(&["import", &changed, "--mapping", &mapping, "--replace", "--json"]).json();
    assert_eq!(
        (&replaced[0]["events_new"], &replaced[0]["events_replaced"], &replaced[0]["events_conflicting"]),
        (&json!(0), &json!(2), &json!(0))
    );
    let again = place.run(&["import", &changed, "--mapping", &mapping, "--json"]).json();
    assert_eq!((&again[0]["events_known"], &again[0]["events_conflicting"]), (&json!(4), &json!(0)));
    let undone = place.run(&["imports", "undo", "3", "--json"]).json();
    assert_eq!(undone, json!({"withdrawn": 2, "restored": 2}));
    assert_eq!(place.run(&["imports", "undo", "3", "--json"]).json(), undone, "asked again, it says the same");
    place.run(&["imports", "undo", "9"]).fails(1, &["there is no import 9"]);
    assert_eq!(deeds(&place), ["import", "import", "import", "import_replaced", "import", "import_undone"]);
}

fn stop(place: &Place, child: Child) -> Done {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    place.end(child, &["serve"])
}

#[test]
fn a_settings_file_in_the_data_directory_is_found() {
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    std::fs::write(Path::new(&place.data()).join("rapport.toml"), "[models]\nseed = 5\n").unwrap();
    assert_eq!(place.run(&["config", "check", "--json"]).json()["models"]["seed"], 5);
}
