//! Does a whole file go in as it should, and does every bad one say why it does not?

use super::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

mod directory;
mod orders;
mod purchases;

/// A sink that keeps what it takes and rejects what it is told to.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) payloads: Vec<Value>,
    pub(crate) lines: Vec<u64>,
    rejects_users: Vec<&'static str>,
    fails_after: Option<usize>,
    flushed: bool,
}

impl Sink for Collected {
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
        let is_unwanted = |payload: &Payload| self.rejects_users.iter().any(|user| payload.value["userId"] == *user);
        if together.iter().any(is_unwanted) {
            return Err(SinkError::Rejected("nobody may be called that".to_owned()));
        }
        if self.fails_after == Some(self.payloads.len()) {
            return Err(SinkError::Failed(ErrorKind::Unavailable, "the disk is full".to_owned()));
        }
        for payload in together {
            self.payloads.push(payload.value);
            self.lines.push(payload.at.line);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.flushed = true;
        Ok(())
    }
}

/// What came of an import.
pub(crate) struct Outcome {
    pub(crate) result: Result<ImportReport, ImportError>,
    pub(crate) sink: Collected,
    pub(crate) rejects: Vec<Value>,
}

impl Outcome {
    pub(crate) fn report(&self) -> &ImportReport {
        self.result.as_ref().unwrap()
    }

    /// The whole message of the error, with its causes.
    pub(crate) fn error(&self) -> String {
        let error = self.result.as_ref().unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        text
    }

    pub(crate) fn rejected(&self) -> Vec<(u64, &str)> {
        self.rejects
            .iter()
            .map(|reject| (reject["line"].as_u64().unwrap(), reject["reason"].as_str().unwrap()))
            .collect()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T05:00:00Z").unwrap()
}

pub(crate) fn import_path(path: &Path, mapping: Option<&str>, sink: Collected, memory_bytes_max: usize) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let mapping = mapping.map(|text| Mapping::parse("test.toml", text).unwrap());
    let mut options = ImportOptions::new(now(), dir.path().to_owned());
    options.memory_bytes_max = memory_bytes_max;
    let rejects_path = dir.path().join("rejects/rejects.ndjson");
    let (mut sink, mut rejects) = (sink, RejectsFile::at(&rejects_path));
    let result = import(path, mapping.as_ref(), &options, &mut sink, &Silent, &mut rejects);
    rejects.finish().unwrap();
    drop(rejects);
    let written = std::fs::read_to_string(&rejects_path).unwrap_or_default();
    let rejects = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Outcome { result, sink, rejects }
}

/// Imports bytes as if they were a file of that name.
pub(crate) fn import_bytes(name: &str, bytes: &[u8], mapping: Option<&str>) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    import_path(&path, mapping, Collected::default(), 1 << 30)
}

pub(crate) const SHOP: &str = r#"
name = "shop"
currency = "EUR"
[time]
column = "when"
[[event]]
type = "track"
event = "Order Completed"
userId = "{who}"
key = "order"
[event.properties]
order_id = "{order}"
total = { column = "total", type = "number" }
"#;

const SHOP_ROWS: &str = "order,who,when,total\n1,ann,2026-01-01T10:00:00Z,9.50\n2,bob,2026-01-02,4\n";

#[test]
fn a_table_becomes_payloads() {
    let outcome = import_bytes("shop.csv", SHOP_ROWS.as_bytes(), Some(SHOP));
    let report = outcome.report();
    assert_eq!((report.rows_read, report.events_accepted, report.rows_rejected), (2, 2, 0));
    assert_eq!((report.source.as_str(), report.mapping.as_deref()), ("shop.csv", Some("shop")));
    assert_eq!(report.first_at.unwrap().to_string(), "2026-01-01T10:00:00.000Z");
    assert_eq!(report.last_at.unwrap().to_string(), "2026-01-02T00:00:00.000Z");
    assert!(outcome.sink.flushed && report.rejects_file.is_none());
    let id = outcome.sink.payloads[0]["messageId"].as_str().unwrap();
    assert!(id.starts_with("shop-") && id.len() == 37, "{id}");
    let expected = json!({
        "type": "track", "event": "Order Completed", "userId": "ann", "messageId": id,
        "timestamp": "2026-01-01T10:00:00.000Z",
        "properties": { "order_id": "1", "total": 9.5, "currency": "EUR" },
    });
    assert_eq!(outcome.sink.payloads[0], expected);
    assert_eq!(outcome.sink.payloads[1]["properties"]["total"], json!(4));
}

#[test]
fn importing_twice_gives_the_same_ids_wherever_the_file_lies() {
    let ids = |outcome: &Outcome| -> Vec<Value> {
        outcome.sink.payloads.iter().map(|payload| payload["messageId"].clone()).collect()
    };
    let first = import_bytes("shop.csv", SHOP_ROWS.as_bytes(), Some(SHOP));
    let renamed = import_bytes("copy.txt", SHOP_ROWS.as_bytes(), Some(SHOP));
    assert_eq!(ids(&first), ids(&renamed));
    assert_ne!(ids(&first)[0], ids(&first)[1]);
    let other = import_bytes("shop.csv", SHOP_ROWS.as_bytes(), Some(&SHOP.replace("\"shop\"", "\"other\"")));
    assert_ne!(ids(&first)[0], ids(&other)[0]);
}

#[test]
fn bad_rows_are_kept_with_line_and_reason_and_the_rest_goes_in() {
    let rows = "order,who,when,total\n\
                1,ann,2026-01-01,9\n\
                2,bob,yesterday,4\n\
                3,,2026-01-01,4\n\
                4,cid,2026-01-01,four\n\
                5,\"dan\nof york\",2026-01-01,1\n\
                6,eve,2026-01-01\n\
                7,fay,2026-01-01,1,1\n\
                8,gus,1969-01-01,1\n\
                9,hal,,1\n\
                10,ida,2026-01-01,NaN\n\
                11,jim,2026-01-01,7\n";
    let outcome = import_bytes("shop.csv", rows.as_bytes(), Some(SHOP));
    let expected = [
        (3, "\"yesterday\" is not a time"),
        (4, "names no customer"),
        (5, "column \"total\" is \"four\", which is not a number"),
        (8, "the row has 3 cells where the table has 4 columns"),
        (9, "the row has 5 cells"),
        (10, "outside the years 1970 to 9999"),
        (11, "the time is blank"),
        (12, "column \"total\" is \"NaN\", which is not a number"),
    ];
    let rejected = outcome.rejected();
    assert_eq!(rejected.len(), expected.len(), "{rejected:#?}");
    for ((line, reason), (expected_line, part)) in rejected.iter().zip(expected) {
        assert!(*line == expected_line && reason.contains(part), "{line}: {reason}");
    }
    assert_eq!(outcome.rejects[0]["row"], json!({"order": "2", "who": "bob", "when": "yesterday", "total": "4"}));
    assert_eq!(outcome.rejects[0]["source"], json!("shop.csv"));
    let report = outcome.report();
    assert_eq!((report.rows_read, report.rows_rejected, report.events_accepted), (11, 8, 3));
    assert_eq!(outcome.sink.lines, [2, 6, 13]);
    assert!(report.rejects_file.is_some());
}

#[test]
fn what_the_sink_rejects_is_kept_and_what_it_cannot_take_stops_the_import() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.csv");
    std::fs::write(&path, SHOP_ROWS).unwrap();
    let picky = Collected { rejects_users: vec!["bob"], ..Collected::default() };
    let outcome = import_path(&path, Some(SHOP), picky, 1 << 30);
    assert_eq!(outcome.rejected(), [(3, "nobody may be called that")]);
    assert_eq!(outcome.rejects[0]["row"], json!({"order": "2", "who": "bob", "when": "2026-01-02", "total": "4"}));
    assert_eq!((outcome.report().events_accepted, outcome.report().rows_rejected), (1, 1));
    let full = Collected { fails_after: Some(1), ..Collected::default() };
    let outcome = import_path(&path, Some(SHOP), full, 1 << 30);
    assert_eq!(outcome.error(), "importing shop.csv stopped at line 3: the disk is full");
    assert!(!outcome.sink.flushed);
}

#[test]
fn a_mapping_that_fits_nothing_stops_early() {
    let mut rows = "order,who,when,total\n".to_owned();
    for order in 0..20_000 {
        rows.push_str(&format!("{order},ann,01.02.2026,1\n"));
    }
    let outcome = import_bytes("shop.csv", rows.as_bytes(), Some(SHOP));
    let error = outcome.error();
    assert!(error.starts_with("the first 10000 rows of shop.csv were all rejected"), "{error}");
    assert!(error.contains("\n  10000 rows, first in line 2: \"01.02.2026\" is not a time"), "{error}");
    // One good row is enough to go on.
    let outcome = import_bytes("shop.csv", rows.replacen("01.02.2026", "2026-02-01", 1).as_bytes(), Some(SHOP));
    assert_eq!((outcome.report().events_accepted, outcome.report().rows_rejected), (1, 19_999));
}

#[test]
fn somebody_can_stop_it() {
    struct Stop;
    impl Progress for Stop {
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(SHOP_ROWS.as_bytes()).unwrap();
    file.write_all(&b"3,ann,2026-01-01,1\n".repeat(10_000)).unwrap();
    let mapping = Mapping::parse("test.toml", SHOP).unwrap();
    let options = ImportOptions::new(now(), dir.path().to_owned());
    let (mut sink, mut rejects) = (Collected::default(), RejectsFile::at(&dir.path().join("rejects")));
    let stopped = import(&path, Some(&mapping), &options, &mut sink, &Stop, &mut rejects).unwrap_err();
    assert!(matches!(stopped, ImportError::Cancelled { .. }));
    assert!(sink.payloads.len() < 5_000);
}

#[test]
fn progress_is_told_in_order() {
    use std::cell::RefCell;
    #[derive(Default)]
    struct Told(RefCell<Vec<(Phase, u64)>>, RefCell<u64>);
    impl Progress for Told {
        fn begin(&self, phase: Phase, total: u64, _: Unit) {
            self.0.borrow_mut().push((phase, total));
        }
        fn advance(&self, done: u64) {
            let total = self.0.borrow().last().unwrap().1;
            assert!(done <= total, "{done} of {total}");
            *self.1.borrow_mut() += 1;
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.csv");
    let mut rows = SHOP_ROWS.as_bytes().to_vec();
    rows.extend_from_slice(&b"3,ann,2026-01-01,1\n".repeat(10_000));
    std::fs::write(&path, &rows).unwrap();
    let text = SHOP.replace("[time]", "group_by = [\"order\"]\n[time]\nshift = \"whole-weeks-to-now\"");
    let mapping = Mapping::parse("test.toml", &text).unwrap();
    let options = ImportOptions::new(now(), dir.path().to_owned());
    let (mut sink, mut rejects) = (Collected::default(), RejectsFile::at(&dir.path().join("rejects")));
    let told = Told::default();
    import(&path, Some(&mapping), &options, &mut sink, &told, &mut rejects).unwrap();
    let bytes = rows.len() as u64;
    assert_eq!(*told.0.borrow(), [(Phase::FindingLatest, bytes), (Phase::Reading, bytes), (Phase::Mapping, 10_002)]);
    assert_eq!(*told.1.borrow(), 6);
}
