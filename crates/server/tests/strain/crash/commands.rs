//! Does a killed command leave what was there, and does the next try go on? `rapport import` and `rapport rebuild`.

use crate::support::process::{Server, command, get, moment, n_kills};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const N_CUSTOMERS: u64 = 50;
const N_EVENTS: u64 = 20_000;

/// Starts a command and kills it at a moment, if it has not ended by itself.
fn kill_at(data: &Path, arguments: &[&str], round: u32) {
    let mut child = command(data, arguments).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + moment(round);
    while Instant::now() < until && child.try_wait().unwrap().is_none() {
        std::thread::park_timeout(Duration::from_millis(2));
    }
    // It may have ended, which is as good.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn killed_imports_and_rebuilds_change_nothing_by_half() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("events.ndjson"));
    let mut lines = String::new();
    for n in 0..N_EVENTS {
        let event = json!({
            "type": "track", "event": "Tick", "messageId": format!("m{n}"), "userId": format!("user-{}", n % N_CUSTOMERS),
            "timestamp": format!("2026-10-{:02}T10:00:00Z", n % 28 + 1), "properties": {"n": n}
        });
        writeln!(lines, "{event}").unwrap();
    }
    std::fs::write(&file, lines).unwrap();
    let file = file.to_string_lossy().into_owned();

    for round in 0..n_kills() {
        kill_at(&data, &["import", &file], round);
    }
    assert!(command(&data, &["import", &file]).stderr(Stdio::inherit()).status().unwrap().success());
    let customers = |server: &Server| -> Vec<serde_json::Value> {
        (0..N_CUSTOMERS).map(|n| get(&server.url, &format!("/v1/customers/user-{n}"))).collect()
    };
    let imported = customers(&Server::start(&data));
    for customer in &imported {
        assert_eq!(customer["eventCount"], N_EVENTS / N_CUSTOMERS);
    }

    let facts = |customers: &[serde_json::Value]| -> Vec<serde_json::Value> {
        customers
            .iter()
            .map(|one| json!([one["customerId"], one["eventCount"], one["identifiers"], one["timeline"]]))
            .collect()
    };
    for round in 0..n_kills() {
        kill_at(&data, &["rebuild"], round);
        assert_eq!(facts(&customers(&Server::start(&data))), facts(&imported), "after a killed rebuild");
    }
    assert!(command(&data, &["rebuild"]).stderr(Stdio::inherit()).status().unwrap().success());
    assert_eq!(facts(&customers(&Server::start(&data))), facts(&imported), "after a whole rebuild");
}
