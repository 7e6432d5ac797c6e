//! Is the demonstration a company that has lived, and does it stay whose it is?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer demo-admin-key\r\nConnection: close\r\n\r\n"
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
    let made = run(&data, &[&SMALL[..], &["--no-serve", "--json"]].concat());
    let err = String::from_utf8(made.stderr).unwrap();
    assert!(made.status.success(), "{err}");
    let mark: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&mark["data"]["kind"], &mark["data"]["seed"]), (&"company".into(), &7.into()));
    assert!(err.contains("SIMULATED: an invented company of 150 customers"), "{err}");
    assert!(!data.join("filling").exists());
    look_into(&data);

    // The second start makes nothing, and says whose data it is on every page.
    let mut served = Served::start(&directory, &["--no-live"]);
    let address = served.address();
    assert_eq!(get(&address, "/readyz").0, 200);
    assert!(!served.said().contains("import") && !served.said().contains("Training"), "{}", served.said());
    for page in ["/", "/decisions", "/models", "/lists"] {
        let (status, body) = get(&address, page);
        assert_eq!(status, 200, "{page}");
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

/// Something happens while one looks, and nothing of it is refused.
fn lives_on(directory: &TempDir) {
    let mut served = Served::start(directory, &[]);
    let address = served.address();
    let today = format!("\"receivedAt\":\"{}", SystemClock.now().date());
    let watch = Stopwatch::start();
    let told = loop {
        let (_, newest) = get(&address, "/v1/events?limit=20");
        if newest.matches(&today).count() > 3 {
            break newest;
        }
        assert!(watch.elapsed() < DEADLINE, "nothing happens: {newest}\n{}", served.said());
        std::thread::park_timeout(Duration::from_millis(100));
    };
    assert!(told.contains("\"origin\":\"client\"") || told.contains("\"origin\":\"server\""), "{told}");
    let (_, refused) = get(&address, "/v1/events?status=rejected");
    assert!(refused.contains("\"events\":[]"), "{refused}");
}

/// What lies in the directory: one import of the past, and then days in which it was asked at its moment.
fn look_into(data: &Path) {
    let settings = settings::load(Some(&data.join("rapport.toml")), []).unwrap();
    assert_eq!((settings.outcomes.len(), settings.segments.len(), settings.schemas.len()), (3, 2, 2));
    let opened = Opened::open(data, Access::Exclusive, settings).unwrap();
    let engine = &opened.engine;
    let imports = engine.ports().imports.imports(None, 10).unwrap();
    assert_eq!(imports.len(), 1);
    let now = SystemClock.now();
    let (today, logged) = (now.day(), decisions(&opened));
    let day = |one: &LoggedDecision| one.decided_at.day();
    assert!(logged.iter().all(|one| (today - 15..today).contains(&day(one))));
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
    let _others = Opened::open(&data, Access::Exclusive, settings::Settings::default()).unwrap();
    refuses(&data, &SMALL, "in use by process");
    drop(_others);
    refuses(&data, &SMALL, "holds data that are not a demonstration's");
}
