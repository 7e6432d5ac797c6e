//! What is exported of what cannot be read?

use crate::support::TestServer;
use decisions::LoggedDecision;
use serde_json::{Value, json};
use std::process::{Command, Output};
use storage::{Access, DataDir, Storage, StorageSettings};

#[test]
fn a_decision_that_cannot_be_read_keeps_no_other_from_being_exported() {
    let server = TestServer::start();
    let made = server.decide(&json!({"decision": "recommend", "userId": "ann"})).ok();
    let data = server.data();
    let _directory = server.stop();
    let storage = Storage::open(DataDir::open(&data, Access::Exclusive).unwrap(), StorageSettings::default()).unwrap();
    let unreadable = LoggedDecision {
        id: "cannot-be-read".into(),
        decided_at: primitives::Timestamp::parse("2020-01-02T03:04:05Z").unwrap(),
        kind: "recommend".to_owned(),
        customer: Some("somebody".into()),
        is_fallback: true,
        record: b"not a record".to_vec(),
    };
    storage.decision_log().append(unreadable).unwrap();
    drop(storage);
    let to = tempfile::tempdir().unwrap();
    let export = |more: &[&str]| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rapport"));
        command.args(["export", to.path().to_str().unwrap(), "--only", "decisions", "--data"]).arg(&data).args(more);
        let done = command.current_dir(to.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        done
    };
    let report: Value = serde_json::from_slice(&export(&["--json"]).stdout).unwrap();
    assert_eq!(report, json!({"decisions": 2, "unreadable": 1}));
    let lines = std::fs::read_to_string(to.path().join("decisions.ndjson")).unwrap();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut known = rows[0].as_object().unwrap().clone();
    assert!(known.remove("unreadable").unwrap().as_str().is_some_and(|why| why.contains("cannot be read")), "{rows:?}");
    let expected = json!({
        "decisionId": "cannot-be-read", "decidedAt": "2020-01-02T03:04:05.000Z", "decision": "recommend",
        "customerId": "somebody", "isFallback": true,
    });
    assert_eq!(Value::Object(known), expected);
    assert_eq!(rows[1]["decisionId"], made["decisionId"]);
    assert!(rows[1]["unreadable"].is_null() && !rows[1]["answer"].is_null(), "{rows:?}");
    let told = String::from_utf8(export(&["--format", "parquet"]).stdout).unwrap();
    assert!(told.contains("Of 1 decision there is only what the log says beside the record"), "{told}");
}
