//! Do the files of decisions say what the log says, and nothing else?

use crate::directories::{Bench, open, open_with};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use decisions::{
    Amount, Answer, Content, Decision, DecisionLog, Knowledge, LoggedDecision, ModelRef, Models, Question, RankedItem,
    Reason, Record, Subject, Testimony,
};
use governance::{ConsentPolicy, Consents, Purpose, Retention, permit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use primitives::{Currency, CustomerId, DAY_MS, DecisionId, ItemId, ModelVersion, Probability, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use storage::contract::samples::{self, START};
use storage::{Access, DataDir, DecisionFilesReport, Depth, Severity, Storage, StorageSettings, restore};

/// Set in the child that is to be killed: its data directory.
const CHILD: &str = "STORAGE_TEST_DECISIONS_CHILD";
/// What is in a file, in this order.
const COLUMNS: [&str; 16] = [
    "id",
    "decided_at",
    "kind",
    "arm",
    "propensity",
    "model",
    "model_version",
    "customer_id",
    "chosen",
    "score",
    "amount",
    "days",
    "currency",
    "is_fallback",
    "consent_purpose",
    "consent_granted",
];

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
struct Told {
    id: String,
    decided_at: i64,
    kind: String,
    arm: Option<String>,
    propensity: Option<f64>,
    model: Option<String>,
    model_version: Option<String>,
    customer: Option<String>,
    chosen: Option<Vec<String>>,
    score: Option<f64>,
    amount: Option<f64>,
    days: Option<i64>,
    currency: Option<String>,
    is_fallback: bool,
    purpose: Option<String>,
    is_granted: Option<bool>,
}

/// A moment of a sample day.
fn at(day: i64, millis: i64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + day * DAY_MS + millis)
}

/// A decision with something of everything; `n` says which form its answer has and whether the customer had consented.
fn record(n: u64, decided_at: Timestamp, customer: u64) -> Record {
    let reasons =
        || vec![Reason { feature: "secret".to_owned(), value: Some(7.0), contribution: None, text: "s".to_owned() }];
    let currency = (!n.is_multiple_of(3)).then(|| Currency::parse("EUR").unwrap());
    let amount = Amount { value: 12.5, low: 1.0, high: 99.0, currency, days: (!n.is_multiple_of(4)).then_some(90) };
    let item = |i: u64| RankedItem {
        id: ItemId::from(format!("item-{i}")),
        score: 0.5,
        reason: "secret".to_owned(),
        propensity: None,
    };
    let (kind, content) = match n % 5 {
        0 => ("recommend", Content::Items((0..n % 4).map(item).collect())),
        1 => ("churn", Content::Score { score: Some(Probability::new(0.25).unwrap()), reasons: reasons() }),
        2 => ("value", Content::Amount { amount: Some(amount), reasons: reasons() }),
        3 => (
            "segment",
            Content::Choice {
                label: Some("loyal".to_owned()),
                others: vec!["o".to_owned()],
                probabilities: Vec::new(),
                reasons: reasons(),
            },
        ),
        _ => ("churn", Content::Score { score: None, reasons: Vec::new() }),
    };
    let is_granted = !n.is_multiple_of(7);
    let policy = ConsentPolicy::new([(Purpose::Personalization, is_granted)]);
    let knowledge =
        Knowledge { traits: BTreeMap::from([("name".to_owned(), "secret".to_owned())]), ..Knowledge::default() };
    let subject = match permit(&policy, &Consents::default(), Purpose::Personalization, knowledge) {
        Ok(known) => Subject::Known(known),
        Err(denied) => Subject::Withheld(denied.0),
    };
    let customer = CustomerId::from(format!("customer-{customer}"));
    let model = (!n.is_multiple_of(4)).then(|| ModelRef { name: kind.to_owned(), version: ModelVersion::from("v7") });
    let answer = Answer {
        content,
        model,
        consent: subject.consent(),
        fallback: n.is_multiple_of(3).then(|| "not enough is known".to_owned()),
        propensity: Probability::ONE,
        shortfall: None,
        left_out: decisions::LeftOut::new(),
        arm: None,
    };
    let decision =
        Decision { id: DecisionId::from(format!("{n:032x}")), kind: kind.into(), customer: customer.clone(), answer };
    let question = Question {
        kind: kind.into(),
        customer,
        as_of: decided_at,
        parameters: BTreeMap::new(),
        context: events::Fields::default(),
        arm: None,
    };
    let kinds = decisions::kinds(&[], &[], decisions::Rules::default());
    let made_by = kinds.get(kind).or_else(|_| kinds.get("recommend")).unwrap();
    let testimony = Testimony::default();
    Record::new((made_by, &Models::default()), question, &subject, testimony, (decision, None), "sent".to_owned())
}

/// What a file has to tell of a decision, by the words of its record.
fn expected(logged: &LoggedDecision, has_refused: bool) -> Told {
    let record = Record::open(logged).unwrap();
    let answer = record.decision.answer;
    let mut told = Told {
        id: logged.id.to_string(),
        decided_at: logged.decided_at.as_millis(),
        kind: logged.kind.clone(),
        arm: Some("policy".to_owned()),
        propensity: Some(1.0),
        model: answer.model.as_ref().map(|model| model.name.clone()),
        model_version: answer.model.as_ref().map(|model| model.version.to_string()),
        customer: logged.customer.as_ref().map(ToString::to_string),
        is_fallback: answer.fallback.is_some(),
        purpose: Some("personalization".to_owned()),
        is_granted: Some(answer.consent.granted),
        ..Told::default()
    };
    if has_refused || !answer.consent.granted {
        told.customer = None;
    }
    match answer.content {
        Content::Items(items) | Content::Search { items, .. } => {
            told.chosen = Some(items.into_iter().map(|item| item.id.to_string()).collect());
        }
        Content::Completions(_) | Content::Actions(_) | Content::Flags(_) | Content::Labels(_) | Content::Reply(_) => {}
        Content::Score { score, .. } => told.score = score.map(Probability::get),
        Content::Amount { amount, .. } => {
            told.amount = amount.map(|amount| amount.value);
            told.days = amount.and_then(|amount| amount.days);
            told.currency = amount.and_then(|amount| amount.currency).map(|currency| currency.to_string());
        }
        Content::Choice { label, .. } => told.chosen = label.map(|label| vec![label]),
    }
    told
}

fn append(storage: &Storage, n: u64, decided_at: Timestamp, customer: u64) {
    storage.append(record(n, decided_at, customer).to_logged()).unwrap();
}

fn forget(storage: &Storage, customer: u64) -> u64 {
    let customer = CustomerId::from(format!("customer-{customer}"));
    let forget = &mut |logged: LoggedDecision| Some(Record::open(&logged).ok()?.forget().to_logged().record);
    DecisionLog::forget(storage, &customer, forget).unwrap()
}

fn write(storage: &Storage, now: Timestamp) -> DecisionFilesReport {
    storage.write_decision_files(now, &|| false).unwrap()
}

/// Writes until nothing is left to do.
fn write_all(storage: &Storage, now: Timestamp) {
    let is_done = (0..100).any(|_| write(storage, now) == DecisionFilesReport::default());
    assert!(is_done, "there is always something to write");
}

/// Every file's path below the directory of decisions, of whatever name.
fn paths(data: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path).map_or_else(|_| Vec::new(), |found| found.map(|entry| entry.unwrap().path()).collect())
    };
    let mut found = Vec::new();
    for path in entries(&data.join("decisions")) {
        if path.is_dir() { found.extend(entries(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn file(data: &Path, day: i64) -> PathBuf {
    data.join("decisions").join(format!("date={}", at(day, 0).date())).join("part.parquet")
}

fn rows(path: &Path) -> Vec<Told> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.flat_map(|batch| told(&batch.unwrap())).collect()
}

fn told(batch: &RecordBatch) -> Vec<Told> {
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, COLUMNS, "and nothing of what was known");
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let text = |name: &str, i: usize| {
        let column = column(name).as_string::<i32>();
        column.is_valid(i).then(|| column.value(i).to_owned())
    };
    let number = |name: &str, i: usize| {
        let column = column(name).as_primitive::<Float64Type>();
        column.is_valid(i).then(|| column.value(i))
    };
    let whole = |name: &str, i: usize| {
        let column = column(name).as_primitive::<Int64Type>();
        column.is_valid(i).then(|| column.value(i))
    };
    let truth = |name: &str, i: usize| {
        let column = column(name).as_boolean();
        column.is_valid(i).then(|| column.value(i))
    };
    let list = |name: &str, i: usize| {
        let column = column(name).as_list::<i32>();
        let texts = |list: Arc<dyn Array>| list.as_string::<i32>().iter().map(|one| one.unwrap().to_owned()).collect();
        column.is_valid(i).then(|| texts(column.value(i)))
    };
    let row = |i: usize| Told {
        id: text("id", i).unwrap(),
        decided_at: column("decided_at").as_primitive::<TimestampMillisecondType>().value(i),
        kind: text("kind", i).unwrap(),
        arm: text("arm", i),
        propensity: number("propensity", i),
        model: text("model", i),
        model_version: text("model_version", i),
        customer: text("customer_id", i),
        chosen: list("chosen", i),
        score: number("score", i),
        amount: number("amount", i),
        days: whole("days", i),
        currency: text("currency", i),
        is_fallback: truth("is_fallback", i).unwrap(),
        purpose: text("consent_purpose", i),
        is_granted: truth("consent_granted", i),
    };
    (0..batch.num_rows()).map(row).collect()
}

fn finding(storage: &Storage, depth: Depth) -> (Severity, String) {
    let findings = storage.check(depth, &mut |_, _| {});
    let found = findings.into_iter().find(|finding| finding.area == "decision files").unwrap();
    (found.severity, found.message)
}

fn keeping(decision_days: i64) -> StorageSettings {
    let mut retention = Retention::default();
    retention.decision_days = decision_days;
    StorageSettings { retention, ..StorageSettings::default() }
}

#[derive(Debug, Clone)]
enum Deed {
    Decide { day: i64, millis: i64, customer: u64 },
    Refuse(u64),
    Write,
    Restart,
    Pass { days: i64 },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        12 => (0_i64..5, 0..DAY_MS, 0_u64..4).prop_map(|(day, millis, customer)| Deed::Decide { day, millis, customer }),
        2 => (0_u64..4).prop_map(Deed::Refuse),
        3 => Just(Deed::Write),
        1 => Just(Deed::Restart),
        1 => (0_i64..3).prop_map(|days| Deed::Pass { days }),
    ];
    proptest::collection::vec(deed, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_files_say_what_the_log_says_of_days_that_are_over(deeds in deeds(), keep_days in 2_i64..9) {
        let bench = Bench::default();
        let mut storage = open_with(&bench.data(), keeping(keep_days));
        let (mut today, mut refused, mut n) = (2, BTreeSet::new(), 0);
        for deed in deeds {
            match deed {
                // Of today and of days before: what waited for the disk over midnight comes late.
                Deed::Decide { day, millis, customer } => {
                    append(&storage, n, at(today - day % 3, millis), customer);
                    n += 1;
                }
                Deed::Refuse(customer) => {
                    let before = storage.recent(Some(&CustomerId::from(format!("customer-{customer}"))), 1_000).unwrap();
                    refused.extend(before.into_iter().map(|logged| logged.id.to_string()));
                    forget(&storage, customer);
                }
                Deed::Write => _ = write(&storage, at(today, 0)),
                Deed::Restart => {
                    drop(storage);
                    storage = open_with(&bench.data(), keeping(keep_days));
                }
                Deed::Pass { days } => {
                    today += days;
                    storage.prune(at(today, 1)).unwrap();
                }
            }
        }
        let now = at(today, 1);
        storage.prune(now).unwrap();
        write_all(&storage, now);
        let mut days: BTreeMap<PathBuf, Vec<Told>> = BTreeMap::new();
        storage.since(Timestamp::from_millis(0), &mut |logged| {
            let day = logged.decided_at.day() - START.day();
            // Of the day in which the border lies, a part has gone already: it has no file any more.
            if day < today && day > today - keep_days {
                days.entry(file(&bench.data(), day)).or_default().push(expected(&logged, refused.contains(logged.id.as_str())));
            }
            true
        }).unwrap();
        prop_assert_eq!(&paths(&bench.data()), &days.keys().cloned().collect::<Vec<_>>());
        for (path, expected) in days {
            prop_assert_eq!(rows(&path), expected);
        }
        let (severity, message) = finding(&storage, Depth::Full);
        prop_assert!(severity == Severity::Good && !message.contains("older than the log"), "{}", message);
    }
}

#[test]
fn a_day_becomes_a_file_when_it_is_over_for_nobody_else_to_read() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 1, at(0, DAY_MS - 1), 1);
    assert_eq!(write(&storage, at(0, DAY_MS - 1)), DecisionFilesReport::default());
    assert_eq!(paths(&bench.data()), Vec::<PathBuf>::new());
    assert_eq!(write(&storage, at(1, 0)).n_written, 1);
    assert_eq!(write(&storage, at(1, 0)), DecisionFilesReport::default(), "once");
    let path = file(&bench.data(), 0);
    assert_eq!(paths(&bench.data()), std::slice::from_ref(&path));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = path.parent().unwrap();
    assert_eq!([mode(&path), mode(directory), mode(directory.parent().unwrap())], [0o600, 0o700, 0o700]);
}

#[test]
fn whoever_refuses_is_gone_from_the_file_with_the_next_round() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    (1..5).for_each(|n| append(&storage, n, at(0, 0), n % 2));
    write_all(&storage, at(1, 0));
    let customers = || rows(&file(&bench.data(), 0)).into_iter().map(|row| row.customer).collect::<Vec<_>>();
    let [zero, one] = ["customer-0", "customer-1"].map(|name| Some(name.to_owned()));
    assert_eq!(customers(), [one.clone(), zero.clone(), one.clone(), zero.clone()]);
    assert_eq!(forget(&storage, 0), 2);
    let (severity, message) = finding(&storage, Depth::Quick);
    assert_eq!(severity, Severity::Good);
    assert!(message.contains("derived from the log of decisions; 1 are older than the log"), "{message}");
    assert_eq!(write(&storage, at(1, 0)).n_written, 1);
    assert_eq!(customers(), [one.clone(), None, one, None]);
}

#[test]
fn of_a_record_that_cannot_be_read_the_file_says_what_the_log_does_and_not_whose_it_is() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    storage.append(samples::decision(3)).unwrap();
    write_all(&storage, at(1, 0));
    let sample = samples::decision(3);
    let expected = Told {
        id: sample.id.to_string(),
        decided_at: sample.decided_at.as_millis(),
        kind: sample.kind,
        is_fallback: true,
        ..Told::default()
    };
    assert_eq!(rows(&file(&bench.data(), 0)), [expected]);
}

#[test]
fn what_is_broken_off_leaves_the_old_file() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    // More than one page.
    (0..1_100).for_each(|n| append(&storage, n, at(0, 0), n % 9));
    write_all(&storage, at(1, 0));
    let path = file(&bench.data(), 0);
    let old = fs::read(&path).unwrap();
    forget(&storage, 1);
    let n_asked = std::cell::Cell::new(0);
    let after_a_page = || n_asked.replace(n_asked.get() + 1) > 0;
    let report = storage.write_decision_files(at(1, 0), &after_a_page).unwrap();
    assert_eq!((report, n_asked.get()), (DecisionFilesReport::default(), 2));
    assert_eq!((paths(&bench.data()), fs::read(&path).unwrap()), (vec![path.clone()], old.clone()));
    // What a power cut leaves of a file that was being written.
    let unfinished = bench.data().join("decisions/.tmp-1-0-part");
    fs::write(&unfinished, &old[..old.len() / 2]).unwrap();
    drop(storage);
    let storage = open(&bench.data());
    assert_eq!((paths(&bench.data()), fs::read(&path).unwrap()), (vec![path.clone()], old.clone()));
    // A place where no file can be made: the old one stays as well, and so does what is said of it.
    fs::remove_dir_all(bench.data().join("decisions")).unwrap();
    fs::write(bench.data().join("decisions"), "").unwrap();
    assert!(storage.write_decision_files(at(1, 0), &|| false).unwrap_err().to_string().contains("decisions"));
    fs::remove_file(bench.data().join("decisions")).unwrap();
    assert_eq!(write(&storage, at(1, 0)).n_written, 1);
    assert_ne!(fs::read(&path).unwrap(), old);
}

#[test]
fn a_file_goes_with_its_day_and_never_later() {
    let bench = Bench::default();
    let storage = open_with(&bench.data(), keeping(3));
    for day in 0..3 {
        append(&storage, u64::try_from(day).unwrap() + 1, at(day, DAY_MS / 2), 1);
    }
    let days = || paths(&bench.data());
    let files = |range: std::ops::Range<i64>| range.map(|day| file(&bench.data(), day)).collect::<Vec<_>>();
    write_all(&storage, at(3, 0));
    assert_eq!(days(), files(0..3));
    storage.prune(at(3, 1)).unwrap();
    assert_eq!(write(&storage, at(3, 1)), DecisionFilesReport { n_written: 0, n_removed: 1 });
    assert_eq!(
        (days(), storage.counts().unwrap().0),
        (files(1..3), 3),
        "the first of its decisions could have been due"
    );
    storage.prune(at(4, 0)).unwrap();
    assert_eq!(write(&storage, at(4, 0)), DecisionFilesReport::default());
    drop(storage);
    // A file that the log knows nothing of can be made to forget nobody; what others put there is theirs.
    fs::create_dir_all(file(&bench.data(), 7).parent().unwrap()).unwrap();
    fs::copy(file(&bench.data(), 1), file(&bench.data(), 7)).unwrap();
    let theirs = file(&bench.data(), 1).with_file_name("notes.txt");
    fs::write(&theirs, "mine").unwrap();
    let storage = open_with(&bench.data(), keeping(1));
    assert_eq!(write(&storage, at(9, 0)), DecisionFilesReport { n_written: 0, n_removed: 3 });
    assert_eq!(days(), [theirs]);
}

/// A Parquet file of somebody else.
fn theirs(path: &Path) {
    let column = arrow_array::Int64Array::from(vec![1, 2]);
    let batch = RecordBatch::try_from_iter([("n", std::sync::Arc::new(column) as arrow_array::ArrayRef)]).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn what_somebody_else_put_in_the_place_of_a_file_is_neither_written_over_nor_removed() {
    // Of a day that the log knows and of one that it does not; no Parquet, a file for a directory and the other way round.
    let directory = |place: &Path| fs::create_dir_all(place.parent().unwrap()).unwrap();
    type Put<'a> = (&'a str, i64, &'a dyn Fn(&Path));
    let put: [Put<'_>; 7] = [
        ("a table", 1, &|place| theirs(place)),
        ("a table of an unknown day", 9, &|place| theirs(place)),
        ("notes", 1, &|place| fs::write(place, "mine").unwrap()),
        ("notes of an unknown day", 9, &|place| fs::write(place, "mine").unwrap()),
        ("a directory", 1, &|place| fs::create_dir(place).unwrap()),
        ("a file for the day's directory", 1, &|place| {
            fs::remove_dir(place.parent().unwrap()).unwrap();
            fs::write(place.parent().unwrap(), "mine").unwrap();
        }),
        ("a table in the place of one that was written", 0, &|place| theirs(place)),
    ];
    for (what, day, put) in put {
        let bench = Bench::default();
        let storage = open(&bench.data());
        (0..3).for_each(|day| append(&storage, day, at(i64::try_from(day).unwrap(), 0), 1));
        if day == 0 {
            write_all(&storage, at(1, 0));
        }
        let place = file(&bench.data(), day);
        directory(&place);
        put(&place);
        let content = || fs::read(&place).or_else(|_| fs::read(place.parent().unwrap())).unwrap_or_default();
        let before = content();
        for _ in 0..2 {
            let error = storage.write_decision_files(at(3, 0), &|| false).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(place.to_str().unwrap()) && said.contains("move it away"), "{what}: {said}");
            assert_eq!(error.kind(), primitives::ErrorKind::Invalid);
            assert_eq!(content(), before, "{what}");
            let (severity, message) = finding(&storage, Depth::Quick);
            assert!(severity == Severity::Warning && message.contains("move it away"), "{what}: {message}");
        }
        let others = || (0..3).filter(|other| *other != day && file(&bench.data(), *other).is_file()).count();
        assert_eq!(others(), if day == 9 { 3 } else { 2 }, "{what}: the others are written all the same");
        // What is moved away makes room.
        let moved = if place.exists() { place.clone() } else { place.parent().unwrap().to_owned() };
        fs::rename(moved, bench.path().join("moved")).unwrap();
        write_all(&storage, at(3, 0));
        assert_eq!(finding(&storage, Depth::Full).0, Severity::Good, "{what}");
        assert_eq!((0..3).filter(|day| file(&bench.data(), *day).is_file()).count(), 3, "{what}");
    }
}

#[test]
fn many_days_come_a_few_at_a_time_and_none_is_left_behind() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    (0..20).for_each(|day| append(&storage, day, at(i64::try_from(day).unwrap(), 0), 1));
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(write(&storage, at(20, 0)).n_written);
        // The first days change all the time.
        (0..8)
            .for_each(|day| append(&storage, written.len() as u64 * 100 + day, at(i64::try_from(day).unwrap(), 1), 1));
    }
    assert_eq!(written, [8, 8, 8]);
    assert_eq!(paths(&bench.data()).len(), 20);
}

#[test]
fn a_backup_leaves_them_out_and_they_are_made_again_to_the_byte() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    (0..50).for_each(|n| append(&storage, n, at(i64::try_from(n).unwrap() % 2, 0), n % 9));
    write_all(&storage, at(2, 0));
    let contents = |data: &Path| [0, 1].map(|day| fs::read(file(data, day)).unwrap());
    let before = contents(&bench.data());
    storage.backup(&bench.path().join("backup"), at(2, 0), &mut |_| {}).unwrap();
    let restored = bench.path().join("restored");
    restore(&bench.path().join("backup"), &restored, &mut |_| {}).unwrap();
    assert_eq!(paths(&restored), Vec::<PathBuf>::new());
    let storage = open(&restored);
    assert!(finding(&storage, Depth::Quick).1.contains("2 are older than the log"));
    write_all(&storage, at(2, 0));
    assert_eq!(contents(&restored), before);
}

#[test]
fn the_doctor_finds_a_damaged_file_and_says_what_to_do() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    append(&storage, 1, at(0, 0), 1);
    write_all(&storage, at(1, 0));
    assert_eq!(
        finding(&storage, Depth::Full),
        (Severity::Good, "1 days lie as files, derived from the log of decisions".to_owned())
    );
    let path = file(&bench.data(), 0);
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    fs::write(&path, damaged).unwrap();
    let reader =
        Storage::open(DataDir::open(bench.data(), Access::ReadOnly).unwrap(), StorageSettings::default()).unwrap();
    let (severity, message) = finding(&reader, Depth::Full);
    assert_eq!(severity, Severity::Warning);
    assert!(message.contains("part.parquet: remove what is damaged"), "{message}");
    fs::remove_file(&path).unwrap();
    write_all(&storage, at(1, 0));
    assert_eq!(fs::read(&path).unwrap(), whole);
    fs::write(&path, "cut").unwrap();
    write_all(&storage, at(1, 0));
    assert_eq!(fs::read(&path).unwrap(), whole, "another size is seen without reading");
}

#[test]
fn whoever_is_killed_while_writing_leaves_whole_files() {
    for n_lines in [2, 9, 23] {
        let bench = Bench::default();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "decision_files::the_child_that_is_killed", "--nocapture"])
            .env(CHILD, bench.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let n_written = lines.filter(|line| line == "written .").take(n_lines).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(n_written, n_lines);
        let path = file(&bench.data(), 0);
        let n_rows = rows(&path).len();
        let storage = open(&bench.data());
        assert_eq!(paths(&bench.data()), std::slice::from_ref(&path), "nothing is left of what was being written");
        write_all(&storage, at(1, 0));
        let n_logged = usize::try_from(storage.counts().unwrap().0).unwrap();
        assert!(n_rows <= n_logged && rows(&path).len() == n_logged, "{n_rows}, {n_logged}");
    }
}

/// Decides and writes for ever where it is started as a child; does nothing as a test.
#[test]
fn the_child_that_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let storage = open(Path::new(&path));
    std::thread::scope(|scope| {
        scope.spawn(|| (0..10_000_000).for_each(|n| append(&storage, n, at(0, 0), n % 9)));
        scope.spawn(|| {
            loop {
                if write(&storage, at(1, 0)).n_written > 0 {
                    writeln!(std::io::stdout().lock(), "\nwritten .").unwrap();
                }
            }
        });
    });
}

#[test]
fn a_decision_whose_declaration_is_not_there_is_named_by_the_doctor() {
    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::open(directory.path(), Access::Exclusive).unwrap();
    let storage = Storage::open(data, StorageSettings::default()).unwrap();
    for n in [1, 6, 0] {
        append(&storage, n, at(0, 0), n);
    }
    let found = |storage: &Storage| -> Vec<(Severity, String)> {
        let findings = storage.check(Depth::Full, &mut |_, _| {}).into_iter();
        let findings = findings.filter(|finding| finding.area == "decisions");
        findings.map(|finding| (finding.severity, finding.message)).collect()
    };
    let missing = found(&storage);
    let churn =
        decisions::kinds(&[], &[], decisions::Rules::default()).get("churn").unwrap().declaration().unwrap().clone();
    assert_eq!(missing.len(), 3, "both decisions and how many: {missing:?}");
    assert_eq!(missing[2], (Severity::Fault, "2 damaged, 1 decisions opened".to_owned()));
    assert!(missing[0].1.contains(&format!("what it was declared as ({}) is not there", churn.digest)), "{missing:?}");
    let damaged = decisions::Declaration { words: churn.words.replace("90", "91"), ..churn.clone() };
    storage.keep(&damaged).unwrap();
    assert!(found(&storage)[0].1.contains("cannot be replayed: what this decision was declared as"));
    drop(storage);

    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::open(directory.path(), Access::Exclusive).unwrap();
    let storage = Storage::open(data, StorageSettings::default()).unwrap();
    storage.keep(&churn).unwrap();
    append(&storage, 1, at(0, 0), 1);
    assert_eq!(found(&storage), [(Severity::Good, "1 decisions opened".to_owned())]);
}
