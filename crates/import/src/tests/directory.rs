//! Does a directory go in as one import, whole or with a reason?

use super::*;
use std::cell::RefCell;

fn event(id: &str, day: u32) -> String {
    format!(
        "{{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"u\",\"messageId\":\"{id}\",\"timestamp\":\"2026-03-{day:02}\"}}\n"
    )
}

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn import_directory(files: &[(&str, &str)], mapping: Option<&str>, sink: Collected) -> Outcome {
    import_path(directory(files).path(), mapping, sink, 1 << 30)
}

fn ids(outcome: &Outcome) -> Vec<&str> {
    outcome.sink.payloads.iter().map(|payload| payload["messageId"].as_str().unwrap()).collect()
}

#[test]
fn files_go_in_by_name_and_what_is_no_history_stays_out() {
    let (a, b, c, x) = (event("a", 9), event("b", 1), event("c", 5), event("x", 5));
    let files = [
        ("2026-03-02.NDJSON", b.as_str()),
        ("2026-03-10.ndjson", &c),
        ("2026-03-01.ndjson", &a),
        ("2026-03-03.ndjson", " \n"),
        (".company.json", &x),
        (".ndjson", &x),
        ("read.me", &x),
        ("ndjson", &x),
        ("events.ndjson.part", &x),
        ("deeper.ndjson/events.ndjson", &x),
    ];
    let dir = directory(&files);
    let outcome = import_path(dir.path(), None, Collected::default(), 1 << 30);
    assert_eq!(ids(&outcome), ["a", "b", "c"]);
    let report = outcome.report();
    assert_eq!((report.rows_read, report.events_accepted, report.rows_rejected), (3, 3, 0));
    let left_out = ["2026-03-03.ndjson", "deeper.ndjson/", "events.ndjson.part", "ndjson", "read.me"];
    assert_eq!(report.files_left_out, left_out, "and nothing is said of what is hidden");
    assert_eq!(Some(report.source.as_str()), dir.path().file_name().and_then(|name| name.to_str()));
    assert!(outcome.sink.flushed);
}

#[test]
fn nothing_to_import_is_said_with_what_would_be() {
    for files in [&[][..], &[("read.me", "{}"), (".a.csv", "{}"), ("empty.csv", ""), ("sub/a.csv", "a")]] {
        let outcome = import_directory(files, None, Collected::default());
        assert_eq!(outcome.result.as_ref().unwrap_err().kind(), primitives::ErrorKind::Invalid);
        let error = outcome.error();
        assert!(error.contains("holds no file to import") && error.contains(".csv, .tsv, .txt, .ndjson"), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_before_anything_goes_in() {
    let a = event("a", 1);
    for (name, text, said) in [
        ("b.csv", "id,name\n1,ann\n", "b.csv is a table with the columns id, name"),
        ("b.json", "[1, 2]", "b.json is a JSON array"),
        ("b.txt", "a\0b", "b.txt is no text"),
        ("b.zip", "PK\x03\x04 and no more", "b.zip is a damaged archive"),
    ] {
        let outcome = import_directory(&[("a.ndjson", &a), (name, text)], None, Collected::default());
        assert!(outcome.error().contains(said), "{}", outcome.error());
        assert!(outcome.sink.payloads.is_empty(), "{name}");
    }
    let tables = [("a.csv", SHOP_ROWS), ("b.csv", "order,who\n1,ann\n")];
    let outcome = import_directory(&tables, Some(SHOP), Collected::default());
    assert!(outcome.error().contains("b.csv has no column \"when\""), "{}", outcome.error());
    assert!(outcome.sink.payloads.is_empty());
}

#[test]
fn rejected_rows_name_their_file_in_the_order_of_the_files() {
    let bad = "order,who,when,total\n1,ann,2026-01-01,x\n2,ann,2026-01-01,5\n";
    let worse = "order,who,when,total\n3,nobody,2026-01-01,5\n4,ann,2026-01-01,y\n";
    let sink = Collected { rejects_users: vec!["nobody"], ..Collected::default() };
    let outcome = import_directory(&[("a.csv", bad), ("b.csv", worse)], Some(SHOP), sink);
    let places: Vec<(&str, u64)> =
        outcome.rejects.iter().map(|one| (one["source"].as_str().unwrap(), one["line"].as_u64().unwrap())).collect();
    assert_eq!(places, [("a.csv", 2), ("b.csv", 2), ("b.csv", 3)]);
    let report = outcome.report();
    assert_eq!((report.rows_read, report.rows_rejected, report.events_accepted), (4, 3, 1));
    let told = listed(&report.top_reasons);
    assert!(told.contains("2 rows, first in line 2 of a.csv") && told.contains("line 2 of b.csv: nobody"), "{told}");
}

#[test]
fn rejected_rows_stay_sorted_within_each_file_only() {
    // The order whose lines lie apart is rejected after its last line; the file after it begins with line 2 again.
    let grouped = SHOP.replace("[time]", "group_by = [\"order\"]\n[time]");
    let rows = "order,who,when,total\n9,ann,2026-01-01,x\n8,ann,2026-01-01,y\n9,ann,2026-01-01,5\n";
    let outcome = import_directory(&[("a.csv", rows), ("b.csv", rows)], Some(&grouped), Collected::default());
    let places: Vec<(&str, u64)> =
        outcome.rejects.iter().map(|one| (one["source"].as_str().unwrap(), one["line"].as_u64().unwrap())).collect();
    let expected = ["a.csv", "b.csv"].into_iter().flat_map(|file| [2, 3, 4].map(|line| (file, line)));
    assert_eq!(places, expected.collect::<Vec<_>>());
}

#[test]
fn times_of_all_files_are_moved_alike() {
    let text = SHOP.replace("[time]", "[time]\nshift = \"whole-weeks-to-now\"");
    let early = "order,who,when,total\n1,ann,2025-01-01,1\n";
    let late = "order,who,when,total\n2,ann,2026-10-01,1\n";
    let outcome = import_directory(&[("a.csv", early), ("b.csv", late)], Some(&text), Collected::default());
    assert_eq!(outcome.report().weeks_shifted, 7);
    let times: Vec<&str> = outcome.sink.payloads.iter().map(|payload| payload["timestamp"].as_str().unwrap()).collect();
    assert_eq!(times, ["2025-02-19T00:00:00.000Z", "2026-11-19T00:00:00.000Z"]);
}

#[test]
fn progress_counts_the_bytes_of_all_files() {
    #[derive(Default)]
    struct Told(RefCell<Vec<(Phase, u64)>>, RefCell<Vec<u64>>);
    impl Progress for Told {
        fn begin(&self, phase: Phase, total: u64, unit: Unit) {
            assert_eq!(unit, Unit::Bytes);
            self.0.borrow_mut().push((phase, total));
        }
        fn advance(&self, done: u64) {
            self.1.borrow_mut().push(done);
        }
    }
    let text = SHOP.replace("[time]", "group_by = [\"order\"]\n[time]\nshift = \"whole-weeks-to-now\"");
    let mapping = Mapping::parse("test.toml", &text).unwrap();
    let rows = format!("order,who,when,total\n{}", "3,ann,2026-01-01,1\n".repeat(5_000));
    let dir = directory(&[("a.csv", &rows), ("b.csv", &rows)]);
    let options = ImportOptions::new(now(), dir.path().to_owned());
    let (mut sink, mut rejects) = (Collected::default(), RejectsFile::nowhere());
    let told = Told::default();
    import(dir.path(), Some(&mapping), &options, &mut sink, &told, &mut rejects).unwrap();
    let bytes = 2 * rows.len() as u64;
    assert_eq!(*told.0.borrow(), [(Phase::FindingLatest, bytes), (Phase::Reading, bytes)]);
    let told = told.1.into_inner();
    assert!(told.iter().all(|done| *done <= bytes) && told.iter().any(|done| *done > bytes / 2), "{told:?}");
}
