//! Is the demonstration a company that has lived, and does it stay whose it is?

use decisions::{Content, LoggedDecision, Record};
use engine::Stopwatch;
use primitives::{Clock, Timestamp};
use serde_json::Value;
use server::clock::SystemClock;
use server::serve::Opened;
use server::settings;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use storage::Access;
use tempfile::TempDir;

/// The longest a start may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// A small company, which is whole in seconds.
const SMALL: [&str; 4] = ["--customers", "150", "--days", "60"];

fn demo(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rapport"));
    command.arg("demo").args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    demo(data, arguments).output().unwrap()
}

/// Asserts failure with one sentence that says this.
fn refuses(data: &Path, arguments: &[&str], said: &str) {
    let done = run(data, arguments);
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success(), "{arguments:?}");
    assert!(err.contains(said), "{said} is not in: {err}");
}

/// A demonstration that is served; dropping it ends it.
struct Served(Child, PathBuf);

impl Served {
    fn start(directory: &TempDir, arguments: &[&str]) -> Self {
        let said = directory.path().join("said");
        let data = directory.path().join("data");
        let mut command = demo(&data, &[arguments, &["--listen", "127.0.0.1:0"]].concat());
        let child = command.stdout(Stdio::null()).stderr(std::fs::File::create(&said).unwrap()).spawn().unwrap();
        Self(child, said)
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.1).unwrap()
    }

    /// The address, once it answers.
    fn address(&mut self) -> String {
        let watch = Stopwatch::start();
        loop {
            let said = self.said();
            if let Some((_, rest)) = said.split_once("Open http://") {
                return rest.split_whitespace().next().unwrap().to_owned();
            }
            let ended = self.0.try_wait().unwrap();
            assert!(ended.is_none() && watch.elapsed() < DEADLINE, "it did not start: {said}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a page or a program gets; a page, where the path is none of a program's.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nAuthorization: Bearer demo-admin-key\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn decisions(opened: &Opened) -> Vec<LoggedDecision> {
    let mut all = Vec::new();
    let log = &opened.engine.ports().decisions;
    log.since(Timestamp::MIN, &mut |logged| {
        all.push(logged);
        true
    })
    .unwrap();
    all
}

#[test]
fn a_company_is_there_at_once_with_a_past_in_which_it_was_decided() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let began_at = SystemClock.now();
    let made = run(&data, &[&SMALL[..], &["--no-serve", "--json"]].concat());
    let err = String::from_utf8(made.stderr).unwrap();
    assert!(made.status.success(), "{err}");
    let mark: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&mark["data"]["kind"], &mark["data"]["seed"]), (&"company".into(), &7.into()));
    assert!(err.contains("SIMULATED: an invented company of 150 customers"), "{err}");
    assert!(!data.join("filling").exists());
    let steps = ["new events", "Learning from it: recommend, value, segments\n", "days up to "];
    let steps = steps.into_iter().chain(["Learning from it: recommend, churn, ", "Writing it down"]);
    let places: Vec<_> = steps.map(|step| err.find(step).unwrap_or_else(|| panic!("{step} is not in {err}"))).collect();
    assert!(places.is_sorted(), "each step is said before the next: {err}");
    look_into(&data, began_at);

    // The second start makes nothing, and says whose data it is on every page.
    let mut served = Served::start(&directory, &["--no-live"]);
    let address = served.address();
    let watch = Stopwatch::start();
    while get(&address, "/readyz").0 != 200 {
        assert!(watch.elapsed() < DEADLINE, "{:?}", get(&address, "/readyz"));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!served.said().contains("import") && !served.said().contains("Training"), "{}", served.said());
    for (page, expected) in [("/", 200), ("/decisions", 200), ("/models", 200), ("/lists", 200), ("/nowhere", 404)]
        .into_iter()
        .chain([("/customers/nobody", 404), ("/decisions/none", 404), ("/tour/99", 404), ("/openapi.json", 200)])
    {
        let (status, body) = get(&address, page);
        assert_eq!(status, expected, "{page}");
        assert!(body.to_lowercase().contains("simulated"), "{page} does not say that it is simulated");
    }
    drop(served);
    lives_on(&directory);

    refuses(&data, &["--seed", "8"], "the one of 150 customers over 60 days, of the seed 7: ask for the same");
    refuses(&data, &["--customers", "151"], "or choose another directory");
    refuses(&data, &["--real"], "leave --real out");
    std::fs::write(data.join("demo.json"), r#"{"data":{"kind":"generated","seed":7,"reason":"x"}}"#).unwrap();
    refuses(&data, &[], "another version of this program");
}

/// The events that a company told since it began again, newest first.
fn told_since(address: &str) -> Vec<Value> {
    let (_, newest) = get(address, "/v1/events?limit=500");
    let (_, body) = newest.split_once("\r\n\r\n").unwrap();
    let events: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {newest}"));
    let has_begun = |event: &&Value| event["messageId"].as_str().unwrap().split('-').next().unwrap().contains('.');
    events["events"].as_array().unwrap().iter().filter(has_begun).cloned().collect()
}

fn until(data: &Path) -> i64 {
    let lived: Value = serde_json::from_slice(&std::fs::read(data.join("demo-lived.json")).unwrap()).unwrap();
    lived["until_ms"].as_i64().unwrap()
}

/// What happened while nobody listened is told at the next start, with its own hours, the last of it for whoever looks on; and once,
/// however often it is started. Nothing of it is refused.
fn lives_on(directory: &TempDir) {
    let data = directory.path().join("data");
    let stopped_at = SystemClock.now().plus_days(-2);
    let lived = format!("{{\"until_ms\":{},\"nth\":1000000}}", stopped_at.as_millis());
    std::fs::write(data.join("demo-lived.json"), lived).unwrap();
    let is_item = |event: &Value| event["type"] == "item";
    let occurred = |event: &Value| Timestamp::parse(event["occurredAt"].as_str().unwrap()).unwrap();
    let mut told = BTreeMap::new();
    for start in 0..2 {
        let mut served = Served::start(directory, &[]);
        let address = served.address();
        let (watch, n_before) = (Stopwatch::start(), told.len());
        loop {
            let newest = told_since(&address).into_iter();
            told.extend(newest.map(|event| (event["messageId"].to_string(), event)));
            let is_of_today = told.values().any(|event| !is_item(event) && occurred(event) > stopped_at.plus_days(1));
            // Much at once, and then piece by piece.
            if is_of_today && told.len() >= n_before + 3 && served.said().contains("hour for hour as you do") {
                break;
            }
            assert!(watch.elapsed() < DEADLINE, "nothing happens after {start} starts\n{}", served.said());
            std::thread::park_timeout(Duration::from_millis(300));
        }
        let (_, refused) = get(&address, "/v1/events?status=rejected");
        assert!(refused.contains("\"events\":[]"), "{refused}");
    }
    let told: Vec<Value> = told.into_values().collect();
    let moments: Vec<Timestamp> = told.iter().filter(|event| !is_item(event)).map(occurred).collect();
    let n_each: Vec<usize> = (0..2)
        .map(|day| {
            let (from, until) = (stopped_at.plus_days(day), stopped_at.plus_days(day + 1));
            moments.iter().filter(|at| (from..until).contains(at)).count()
        })
        .collect();
    assert!(n_each.iter().all(|n| *n > 5), "of both days, at their hours: {n_each:?}");
    assert!(moments.iter().all(|at| *at > stopped_at && *at <= SystemClock.now()), "{moments:?}");
    // Two starts told it once: no two events say the same of the same people at the same moment.
    let said =
        |event: &Value| format!("{} {} {} {}", event["occurredAt"], event["event"], event["userId"], event["type"]);
    let orders = told.iter().filter(|event| event["event"] == "Order Completed").map(said);
    let orders: Vec<String> = orders.collect();
    assert_eq!(orders.iter().collect::<std::collections::BTreeSet<_>>().len(), orders.len(), "{orders:?}");
}

/// What lies in the directory: one import of the past, and then days in which it was asked at its moment.
fn look_into(data: &Path, began_at: Timestamp) {
    let settings = settings::load(Some(&data.join("rapport.toml")), []).unwrap();
    assert_eq!((settings.outcomes.len(), settings.segments.len(), settings.schemas.len()), (3, 2, 2));
    let opened = Opened::open(data, Access::Exclusive, settings).unwrap();
    let engine = &opened.engine;
    let imports = engine.ports().imports.imports(None, 10).unwrap();
    assert_eq!(imports.len(), 1);
    let now = SystemClock.now();
    // What was done just now says so.
    let ended_at = imports[0].ended_at.unwrap();
    assert!(began_at <= imports[0].began_at && imports[0].began_at < ended_at && ended_at <= now, "{:?}", imports[0]);
    // Nothing is due to be trained: of each model there is one of now, whether it is better than the one before or not.
    let newest = |task| engine.registry().versions(task).unwrap().into_iter().next();
    let newest: Vec<_> = engine.capabilities().tasks.names().filter_map(newest).collect();
    assert!(newest.len() > 2);
    for version in newest {
        assert!((began_at..=now).contains(&version.header.trained_at), "{} is old already", version.header.task);
    }
    let lived_until = Timestamp::from_millis(until(data));
    // The last of it is told while one looks.
    let last_event_at = engine.look(|live| live.profiles.totals().last_event_at).unwrap();
    assert!(last_event_at <= lived_until && lived_until < now && now.millis_since(lived_until) < 24 * 3_600_000);
    let (today, logged) = (now.day(), decisions(&opened));
    let day = |one: &LoggedDecision| one.decided_at.day();
    assert!(logged.iter().all(|one| (today - 15..=today).contains(&day(one))));
    let days: std::collections::BTreeSet<i64> = logged.iter().map(day).collect();
    assert!(days.len() >= 13, "they are of every day: {days:?}");
    let kinds = logged.iter().fold(BTreeMap::<&str, u32>::new(), |mut kinds, one| {
        *kinds.entry(&one.kind).or_default() += 1;
        kinds
    });
    assert!(kinds["recommend"] > 40 && kinds.len() > 5, "{kinds:?}");
    let records: Vec<Record> = logged.iter().map(|one| Record::open(one).unwrap()).collect();
    let n_full = records.iter().filter(|record| record.decision.answer.fallback.is_none()).count();
    assert!(n_full > records.len() / 4, "{n_full} of {} are not general", records.len());
    // Each can be made again, to the byte, as it was answered then.
    for record in records.iter().step_by(7) {
        let record = engine.decision(&record.decision.id).unwrap();
        assert_eq!(engine.replay(&record).unwrap(), record.response);
        assert!(!matches!(&record.decision.answer.content, Content::Items(items) if items.is_empty()));
    }
    let shown: u64 = names(&opened, "Decision Shown");
    let clicked = names(&opened, "Decision Clicked");
    assert!(shown > 40 && 0 < clicked && clicked < shown, "{clicked} of {shown}");
    // What came of them is known of those that are a week old.
    let followed = engine.followed(now).unwrap();
    assert!(followed.personal.n + followed.general.n > 10, "{followed:?}");
    assert_eq!(engine.lists().unwrap().iter().filter(|list| list.source == engine::ListSource::Saved).count(), 3);
    assert!(engine.registry().champion(&"recommend".into()).unwrap().is_some());
}

/// How many events of a name came in.
fn names(opened: &Opened, name: &str) -> u64 {
    let incoming = opened.engine.incoming().unwrap();
    incoming.names.iter().filter(|(one, _)| one.name == name).map(|(_, inflow)| inflow.n_events).sum()
}

/// Settings of one's own are taken, and what they do not declare is not asked for.
#[test]
fn a_company_may_be_shown_with_settings_of_ones_own() {
    let directory = tempfile::tempdir().unwrap();
    let (data, own) = (directory.path().join("data"), directory.path().join("own.toml"));
    std::fs::write(&own, "[models]\nseed = 3\n").unwrap();
    let own = own.to_str().unwrap();
    let made = run(&data, &["--customers", "60", "--days", "40", "--no-serve", "--config", own]);
    let err = String::from_utf8(made.stderr).unwrap();
    assert!(made.status.success(), "{err}");
    assert!(err.contains("The list cancelling is not saved: "), "{err}");
    let opened = Opened::open(&data, Access::Exclusive, settings::load(Some(Path::new(own)), []).unwrap()).unwrap();
    let lists = opened.engine.lists().unwrap();
    let mut saved: Vec<_> = lists.iter().filter(|list| list.source == engine::ListSource::Saved).collect();
    saved.retain(|list| list.list.name != "cancelling");
    assert_eq!(saved.len(), 2);
    assert!(!data.join("rapport.toml").exists());
}

#[test]
fn what_cannot_be_shown_is_said_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    refuses(&data, &["--generated"], "--generated is gone");
    refuses(&data, &["--customers", "0"], "0 customers cannot be simulated: take 1 to 1000000");
    refuses(&data, &["--days", "4000"], "4000 days cannot be simulated");
    refuses(&data, &["--seed", "letters"], "invalid value 'letters'");
    refuses(&data, &["--days", "-3"], "-3");
    refuses(&data, &["--real", "--seed", "3"], "cannot be used with");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refuses(&data, &[&SMALL[..], &["--listen", &address]].concat(), "another program does");
    let _others = Opened::open(&data, Access::Exclusive, settings::Settings::default()).unwrap();
    refuses(&data, &SMALL, "in use by process");
    drop(_others);
    refuses(&data, &SMALL, "holds data that are not a demonstration's");
}
