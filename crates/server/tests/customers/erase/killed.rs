//! Is the end the same whenever the program is killed meanwhile, and from the command line?

use super::places::{assert_well, open};
use super::traces::{assert_all, assert_none};
use crate::support::process::{Server, command, get, moment, n_kills, post};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

const N_EVENTS: u64 = 4_000;

/// The answer of a command that must go well.
fn said(data: &Path, arguments: &[&str]) -> Value {
    let done = command(data, &[arguments, &["--json"]].concat()).stdout(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Imports a file of so many events of several customers.
fn import(data: &Path, file: &Path, customers: &[String], n_events: u64) {
    let mut lines = String::new();
    for n in 0..n_events {
        let customer = &customers[usize::try_from(n).unwrap() % customers.len()];
        let event = json!({
            "type": "track", "event": "Tick", "messageId": format!("{customer}-m{n}"), "userId": customer,
            "timestamp": format!("2026-10-{:02}T10:00:00Z", n % 28 + 1), "properties": {"note": format!("{customer} {n}")}
        });
        writeln!(lines, "{event}").unwrap();
    }
    std::fs::write(file, lines).unwrap();
    let done = command(data, &["import", &file.display().to_string()]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn an_erasure_survives_kill_nine() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("a.ndjson"));
    let customers: Vec<String> = (0..n_kills()).map(|n| format!("eve-{n}-x")).chain(["max-1".to_owned()]).collect();
    import(&data, &file, &customers, N_EVENTS);
    assert_all(&data, &["eve-0-x", "max-1"]);
    for round in 0..n_kills() {
        let name = format!("eve-{round}-x");
        let server = Server::start(&data);
        let erasing = command(&data, &["customer", "erase", &name]).stderr(Stdio::null()).spawn();
        let until = Instant::now() + moment(round) / 5;
        while Instant::now() < until {
            std::thread::yield_now();
        }
        server.kill();
        let mut erasing = erasing.unwrap();
        let _ = erasing.kill();
        erasing.wait().unwrap();

        let receipt = said(&data, &["customer", "erase", &name]);
        assert_eq!(receipt["isDone"], true, "{receipt}");
        assert_eq!(receipt["removed"]["events"], N_EVENTS / customers.len() as u64, "{receipt}");
        assert_eq!(said(&data, &["customer", "erase", &name])["receipt"], receipt["receipt"]);
        assert_none(&data, &[&name]);
    }
    let server = Server::start(&data);
    assert_eq!(get(&server.url, "/v1/customers/max-1")["eventCount"], N_EVENTS / customers.len() as u64);
    let late = json!({"event": "Tick", "userId": "eve-0-x"});
    assert_eq!(post(&server.url, "/v1/track", &late).unwrap()["code"], "erased");
    let again = command(&data, &["import", &file.display().to_string()]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    server.kill();
    assert_none(&data, &["eve-0-x"]);

    let foreseen = said(&data, &["customer", "erase", "max-1", "--dry-run"]);
    assert_eq!((&foreseen["userIds"], &foreseen["erase"]), (&json!(["max-1"]), &"user:max-1".into()), "{foreseen}");
    let unknown = command(&data, &["customer", "erase", "nobody"]).output().unwrap();
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("nobody goes by"));
    said(&data, &["customer", "allow", "eve-0-x"]);
    let again = said(&data, &["import", &file.display().to_string()]);
    assert_eq!(again[0]["events_new"], N_EVENTS / customers.len() as u64, "{again}");
    assert_eq!(again[0]["events_erased"], N_EVENTS / customers.len() as u64 * u64::from(n_kills() - 1), "{again}");
    assert_well(&open(&data));
}

/// After so much was written the program copies what it wrote ahead by itself, and meanwhile nobody can begin that anew.
#[test]
fn an_erasure_ends_at_once_where_much_is_written() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("a.ndjson"));
    let customers = ["eve-0-x", "eve-1-x", "eve-2-x", "max-1"].map(str::to_owned);
    import(&data, &file, &customers, 8 * N_EVENTS);
    for name in &customers[..3] {
        assert_eq!(said(&data, &["customer", "erase", name])["removed"]["events"], 2 * N_EVENTS);
    }
    assert_none(&data, &["eve-0-x", "eve-1-x", "eve-2-x"]);
}
