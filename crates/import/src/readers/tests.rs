//! Is every form of a file read, and is every bad one refused in a sentence?

use super::*;
use crate::tests::{Outcome, SHOP, import_bytes, import_path};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use serde_json::json;
use std::io::{Cursor, Write};
use std::sync::Arc;
use zip::write::{SimpleFileOptions, ZipWriter};

const ROWS: &str = "order,who,when,total\n1,ann,2026-01-01T10:00:00Z,9.5\n2,\"bob, jr\",2026-01-02,4\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn assert_shop(outcome: &Outcome, form: &str) {
    assert_eq!(outcome.report().events_accepted, 2, "{form}: {:?}", outcome.rejected());
    assert_eq!(outcome.sink.payloads[1]["userId"], json!("bob, jr"), "{form}");
    assert_eq!(outcome.sink.payloads[0]["properties"]["total"], json!(9.5), "{form}");
}

#[test]
fn tables_are_read_in_every_form() {
    let rows = ROWS.as_bytes();
    let tabs = ROWS.replace("\"bob, jr\"", "bob# jr").replace(',', "\t").replace('#', ",");
    let with_bom = [b"\xEF\xBB\xBF", rows].concat();
    let forms: [(&str, Vec<u8>); 11] = [
        ("plain", rows.to_vec()),
        ("with a byte order mark", with_bom.clone()),
        ("with CRLF", ROWS.replace('\n', "\r\n").into_bytes()),
        ("without a last newline", rows[..rows.len() - 1].to_vec()),
        ("tabs", tabs.into_bytes()),
        ("semicolons", ROWS.replace(',', ";").replace("bob; jr", "bob, jr").into_bytes()),
        ("pipes", ROWS.replace(',', "|").replace("bob| jr", "bob, jr").into_bytes()),
        ("gzip", gzip(&with_bom)),
        ("gzip of two members", [gzip(&rows[..30]), gzip(&rows[30..])].concat()),
        ("zip", zipped(&[("dir/shop.csv", rows)])),
        ("zip in zip", zipped(&[("inner.zip", &zipped(&[("shop.csv.gz", &gzip(rows))]))])),
    ];
    for (form, bytes) in forms {
        assert_shop(&import_bytes("shop.dat", &bytes, Some(SHOP)), form);
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let rows = "order,who,when,total\n\n1,ann,x,1\n\n\n2,\"bob\n\njr\",x,1\n3,cid,x,1\n \n4,\"dan\n\",x,1\n5,eve,x,1";
    for (form, text) in [("LF", rows.to_owned()), ("CRLF", rows.replace('\n', "\r\n"))] {
        let rejected = import_bytes("shop.csv", text.as_bytes(), Some(SHOP));
        let lines: Vec<u64> = rejected.rejected().iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 6, 9, 11, 13], "{form}");
        assert_eq!(
            rejected.rejects[4]["row"],
            json!({"order": "5", "who": "eve", "when": "x", "total": "1"}),
            "{form}"
        );
    }
}

#[test]
fn a_member_is_found_by_its_path() {
    let inner = zipped(&[("a.csv", b"nothing"), ("deep/shop.csv", ROWS.as_bytes())]);
    let outer = zipped(&[("read.me", b"hello"), ("data/shop.zip", &inner)]);
    let mapping = format!("{SHOP}\n[source]\nmember = \"data/shop.zip!deep/shop.csv\"");
    for (form, bytes) in [("whole path", outer.clone()), ("from inside", inner.clone()), ("no archive", ROWS.into())] {
        assert_shop(&import_bytes("shop.whl", &bytes, Some(&mapping)), form);
    }
    let outcome = import_bytes("shop.whl", &outer, Some(&mapping));
    assert_eq!(outcome.report().source, "shop.whl!data/shop.zip!deep/shop.csv");
    let error = import_bytes("shop.zip", &inner, Some(SHOP)).error();
    assert!(error.contains("is an archive of 2 files (a.csv, deep/shop.csv): name one in the mapping"), "{error}");
    let other = zipped(&[("x", b"x"), ("y", b"y")]);
    let error = import_bytes("other.zip", &other, Some(&mapping)).error();
    assert!(error.contains("but no \"data/shop.zip\""), "{error}");
}

#[test]
fn columns_can_be_named_by_the_mapping() {
    let body = ROWS.split_once('\n').unwrap().1;
    let source = "\n[source]\ncolumns = [\"order\", \"who\", \"when\", \"total\"]\n";
    assert_shop(&import_bytes("shop.csv", body.as_bytes(), Some(&format!("{SHOP}{source}"))), "no header");
    let ignored = format!("a,b,c,d\n{body}");
    assert_shop(
        &import_bytes("shop.csv", ignored.as_bytes(), Some(&format!("{SHOP}{source}header = true"))),
        "replaced",
    );
}

#[test]
fn numbers_may_have_a_decimal_comma_and_words_may_mean_blank() {
    let mapping = format!("{SHOP}\n[source]\ndecimal_comma = true\nblank = [\"NULL\", \"-\"]");
    let rows = "order;who;when;total\n1;ann;2026-01-01;1.234,50\n2;bob;2026-01-01; NULL \n3;-;2026-01-01;1\n";
    let outcome = import_bytes("shop.csv", rows.as_bytes(), Some(&mapping));
    assert_eq!(outcome.sink.payloads[0]["properties"]["total"], json!(1234.5));
    assert_eq!(outcome.sink.payloads[1]["properties"].get("total"), None);
    assert_eq!(outcome.rejected().len(), 1);
}

#[test]
fn what_cannot_be_a_table_is_refused_in_a_sentence() {
    let twice = "order,who,when,who\n1,a,2026-01-01,b\n";
    let mut latin = b"order,wh\xF6,when,total\n".to_vec();
    latin.extend_from_slice(b"1,a,2026-01-01,1\n");
    let short_zip = zipped(&[("shop.csv", ROWS.as_bytes())]);
    let mut tar = vec![b'x'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let workbook = zipped(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]);
    let cases: [(&[u8], &str); 15] = [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (twice.as_bytes(), "has the column \"who\" twice"),
        (
            &latin,
            "column \"2\" is not UTF-8 at its byte 3: save the file as UTF-8, or convert it: `iconv -f WINDOWS-1252",
        ),
        (&workbook, "is an Excel workbook and no text table: save it as CSV in UTF-8"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more", "is an Excel workbook"),
        (b"%PDF-1.7 \x00\xFF\xFE", "is no text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no text"),
        (
            b"a:b\n1:2\n",
            "has no column \"when\", which time.column of the mapping \"shop\" needs: its columns are a:b (delimiter",
        ),
        (b"order,who,total\n", "has no column \"when\""),
        (b"{\"type\":\"track\"}", "is NDJSON, whose lines are events already"),
        (&short_zip[..short_zip.len() - 10], "is a damaged archive"),
        (&gzip(ROWS.as_bytes())[..40], "cannot be read"),
        (&tar, "is a tar archive"),
        (b"PAR1 and no more", "is not a whole Parquet file"),
    ];
    for (bytes, part) in cases {
        let error = import_bytes("shop.dat", bytes, Some(SHOP)).error();
        assert!(error.contains(part), "expected {part:?} in {error:?}");
    }
    let error = import_path(Path::new("/no/such/file.csv"), Some(SHOP), Default::default(), 1 << 20).error();
    assert!(error.starts_with("/no/such/file.csv cannot be opened: check the path"), "{error}");
    let error = import_bytes("shop.csv", ROWS.as_bytes(), None).error();
    assert!(
        error.contains("is a table with the columns order, who, when, total (delimiter ','): say with --mapping"),
        "{error}"
    );
}

#[test]
fn bytes_that_are_not_utf8_and_quotes_that_never_close_are_found() {
    let mut rows = ROWS.as_bytes().to_vec();
    rows.extend_from_slice(b"3,J\xF6rg,2026-01-01,1\n4,ann,2026-01-01,1\n");
    let outcome = import_bytes("shop.csv", &rows, Some(SHOP));
    assert_eq!(
        outcome.rejected(),
        [(4, format!("column \"who\" is not UTF-8 at its byte 2: {SAVE_AS_UTF8}").as_str())]
    );
    assert_eq!(outcome.report().events_accepted, 3);

    let mut rows = ROWS.to_owned();
    rows.push_str("3,\"ann,2026-01-01,1\n");
    let at_end = import_bytes("shop.csv", rows.as_bytes(), Some(SHOP));
    assert_eq!(at_end.rejected()[0].0, 4);
    rows.push_str(&"4,bob,2026-01-01,1\n".repeat(70_000));
    let error = import_bytes("shop.csv", rows.as_bytes(), Some(SHOP)).error();
    assert!(error.contains("cannot be read after line 3") && error.contains("is never closed"), "{error}");
}

#[test]
fn ndjson_passes_through_and_bad_lines_are_kept() {
    let long = format!("{{\"type\":\"track\",\"x\":\"{}\"}}", "x".repeat(lines::LINE_BYTES_MAX));
    let text = format!(
        "\u{feff}{{\"type\":\"track\",\"userId\":\"ann\",\"n\":1.5}}\n\n{{\"type\":\n[1]\n{long}\n  {{\"type\":\"identify\"}}  "
    );
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let outcome = import_bytes("events.ndjson", &bytes, None);
        let payloads = &outcome.sink.payloads;
        assert_eq!(*payloads, [json!({"type": "track", "userId": "ann", "n": 1.5}), json!({"type": "identify"})]);
        assert_eq!(outcome.sink.lines, [1, 6]);
        let rejected = outcome.rejected();
        let lines: Vec<u64> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5]);
        assert!(rejected[0].1.contains("not JSON") && rejected[1].1.contains("not an object"), "{rejected:?}");
        assert!(rejected[2].1.contains("longer than"), "{rejected:?}");
        assert_eq!(outcome.rejects[0]["row"], json!("{\"type\":"));
    }
    let array = import_bytes("events.json", b"[{\"type\":\"track\"}]", None).error();
    assert!(array.contains("write it as NDJSON"), "{array}");
}

/// The columns of a row group: numbers, texts, amounts that may be missing.
type Columns<'a> = (Vec<i64>, Vec<&'a str>, Vec<Option<f64>>);

/// A Parquet file of two row groups.
fn parquet_file(schema: &str, groups: [Columns<'_>; 2]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
    for (numbers, texts, amounts) in groups {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let texts: Vec<ByteArray> = texts.into_iter().map(ByteArray::from).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = amounts.iter().map(|amount| i16::from(amount.is_some())).collect();
        let present: Vec<f64> = amounts.into_iter().flatten().collect();
        column.typed::<DoubleType>().write_batch(&present, Some(&levels), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn parquet_is_a_table_with_a_mapping() {
    let schema = |unit: &str| {
        format!(
            "message shop {{ required int64 when (TIMESTAMP({unit}, true)); required binary who (UTF8); \
             optional double total; }}"
        )
    };
    let file = |unit: &str, per_second: i64| {
        let day = 1_767_225_600 * per_second;
        let first = (vec![day, day + per_second], vec!["ann", "bob"], vec![Some(9.5), None]);
        parquet_file(&schema(unit), [first, (vec![day], vec!["cid"], vec![Some(f64::NAN)])])
    };
    let bytes = file("MILLIS", 1_000);
    let mapping = SHOP.replace("key = \"order\"\n", "").replace("order_id = \"{order}\"\n", "");
    let forms =
        [bytes.clone(), zipped(&[("shop.parquet", &bytes)]), file("MICROS", 1_000_000), file("NANOS", 1_000_000_000)];
    for bytes in forms {
        let outcome = import_bytes("shop.parquet", &bytes, Some(&mapping));
        let payloads = &outcome.sink.payloads;
        assert_eq!(payloads.len(), 3, "{:?}", outcome.rejected());
        assert_eq!(payloads[0]["properties"], json!({"total": 9.5, "currency": "EUR"}));
        assert_eq!(payloads[1]["properties"], json!({"currency": "EUR"}));
        assert_eq!(payloads[2]["properties"], json!({"currency": "EUR"}));
        assert_eq!(payloads[1]["timestamp"], json!("2026-01-01T00:00:01.000Z"));
        assert_eq!(outcome.sink.lines, [1, 2, 3]);
    }
    let error = import_bytes("shop.parquet", &bytes, None).error();
    assert!(error.contains("is a table with the columns when, who, total: say with --mapping"), "{error}");
}

#[test]
fn our_own_history_needs_no_mapping() {
    let schema = "message history { required int64 offset; required binary record (UTF8); optional double other; }";
    let record = r#"{"v":1,"messageId":"m1","userId":"ann","occurredAt":"2026-01-01T00:00:00.000Z","receivedAt":"2026-01-01T00:00:05.000Z","type":"identify","traits":{"a":1}}"#;
    let bytes = parquet_file(
        schema,
        [(vec![1, 2], vec![record, "not json"], vec![None, None]), (vec![3], vec![record], vec![None])],
    );
    let outcome = import_bytes("part-0.parquet", &bytes, None);
    let expected = json!({
        "messageId": "m1", "userId": "ann", "timestamp": "2026-01-01T00:00:00.000Z", "type": "identify", "traits": {"a": 1},
    });
    assert_eq!(outcome.sink.payloads, [expected.clone(), expected]);
    assert_eq!(outcome.rejected(), [(2, "the column \"record\" is not a JSON object")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in the cells: what a CSV writer quotes, we read.
    #[test]
    fn cells_survive_quoting(cells in prop::collection::vec("[ -~\n\t€\"]{0,12}", 1..20), at in 0..4_usize) {
        let delimiter = [b',', b';', b'\t', b'|'][at];
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["who", "when", "note", "more"]).unwrap();
        for cell in &cells {
            writer.write_record(["ann", "2026-01-01", cell, "x"]).unwrap();
        }
        let mapping = "name = \"notes\"\n[time]\ncolumn = \"when\"\n[[event]]\ntype = \"track\"\nevent = \"Note\"\nuserId = \"{who}\"\n\
                       [event.properties]\nnote = \"{note}\"\nmore = \"{more}\"\n";
        let mapping = format!("{mapping}[source]\ndelimiter = {:?}", char::from(delimiter).to_string());
        let outcome = import_bytes("notes.csv", &writer.into_inner().unwrap(), Some(&mapping));
        let found: Vec<&str> =
            outcome.sink.payloads.iter().map(|payload| payload["properties"]["note"].as_str().unwrap_or("")).collect();
        let expected: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        prop_assert_eq!(found, expected);
    }
}
