//! How does a whole file go in, from opening to the report?

use super::bound::Table;
use super::delivery::{BadRow, Delivery};
use super::mapping::{LatestTime, Row};
use super::readers::{self, Content, Found, Payloads, Record, Rows, Source};
use super::sources::Sources;
use super::table::Grouper;
use super::{ImportError, ImportOptions, ImportReport, Mapping, Phase, Progress, RejectsFile, Sink, Unit};
use serde_json::{Map, Value};
use std::path::Path;

/// Imports one file, or the files of a directory in the order of their names.
///
/// A table needs a mapping; NDJSON of events and our own sealed history go in without one. Bad rows go to `rejects`, and
/// the import goes on. Everything taken is durable when this returns. Where a mapping moves times, it moves those of all files
/// alike; the rows of one order stand in one file.
///
/// # Errors
/// [`ImportError`] where a file or the mapping cannot be used at all, where the sink or the rejects file fails, or where
/// the progress asks to stop. Of a directory, every file is looked at before anything goes in.
pub fn import(
    source: &Path,
    mapping: Option<&Mapping>,
    options: &ImportOptions,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
    rejects: &mut RejectsFile,
) -> Result<ImportReport, ImportError> {
    let sources = Sources::of(source, mapping, options)?;
    let progress = sources.progress(progress);
    let mut delivery = Delivery::new(&sources.name, sink, rejects, &progress);
    delivery.report.files_left_out.clone_from(&sources.left_out);
    let mut latest = LatestTime::default();
    if let Some(mapping) = mapping.filter(|mapping| mapping.time().needs_latest()) {
        for file in &sources.files {
            find_latest(file, mapping, options, &delivery, &progress, &mut latest)?;
            progress.pass(file);
        }
        progress.again();
    }
    for file in &sources.files {
        let opened = readers::open(file, mapping.map(|mapping| &mapping.source), options)?;
        if !sources.is_directory {
            delivery.report.source.clone_from(&opened.name);
        }
        delivery.go_on_with(&opened.name, sources.is_directory);
        read_one(opened, mapping, options, &latest, &mut delivery, &progress)?;
        // What was refused late is told with the file it stands in.
        delivery.flush()?;
        progress.pass(file);
    }
    delivery.finish()
}

fn read_one(
    opened: Source,
    mapping: Option<&Mapping>,
    options: &ImportOptions,
    latest: &LatestTime,
    delivery: &mut Delivery<'_>,
    progress: &dyn Progress,
) -> Result<(), ImportError> {
    let rows = match opened.content {
        Content::Payloads(payloads) => {
            progress.begin(Phase::Reading, opened.total, opened.unit);
            return pass_through(payloads, delivery);
        }
        Content::Table(rows) => rows,
    };
    let table = Table::bind(rows, &opened.name, mapping)?;
    let mapping = table.mapping;
    delivery.report.mapping = Some(mapping.name().to_owned());
    progress.begin(Phase::Reading, opened.total, opened.unit);
    let mut grouper = Grouper::new(&opened.name, mapping, options, latest);
    let days = grouper.days();
    delivery.report.days_shifted = days;
    delivery.report.weeks_shifted = if days % 7 == 0 { days / 7 } else { 0 };
    read_table(table, &mut grouper, delivery)?;
    let n_waiting = grouper.n_waiting_rows();
    if n_waiting > 0 {
        progress.begin(Phase::Mapping, n_waiting, Unit::Rows);
    }
    grouper.finish(delivery)
}

/// Takes payloads that a program makes, such as those of a generated shop, as if `name` were a file of NDJSON.
///
/// # Errors
/// As [`import`].
pub fn import_payloads(
    name: &str,
    payloads: impl Iterator<Item = Value>,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
    rejects: &mut RejectsFile,
) -> Result<ImportReport, ImportError> {
    progress.begin(Phase::Reading, 0, Unit::Rows);
    let mut delivery = Delivery::new(name, sink, rejects, progress);
    for (line, payload) in (1..).zip(payloads) {
        delivery.row_read(|| line)?;
        delivery.pass(payload, line)?;
    }
    delivery.finish()
}

fn pass_through(mut payloads: Box<dyn Payloads>, delivery: &mut Delivery<'_>) -> Result<(), ImportError> {
    while let Some((line, found)) = payloads.next_payload()? {
        delivery.row_read(|| payloads.done())?;
        match found {
            Ok(payload) => delivery.pass(payload, line)?,
            Err((reason, row)) => delivery.reject(&BadRow { line, reason, row })?,
        }
    }
    Ok(())
}

fn find_latest(
    file: &Path,
    mapping: &Mapping,
    options: &ImportOptions,
    delivery: &Delivery<'_>,
    progress: &dyn Progress,
    latest: &mut LatestTime,
) -> Result<(), ImportError> {
    let source = readers::open(file, Some(&mapping.source), options)?;
    let Content::Table(rows) = source.content else { return Ok(()) };
    let mut table = Table::bind(rows, &source.name, Some(mapping))?;
    progress.begin(Phase::FindingLatest, source.total, source.unit);
    let (mut record, mut row, mut n_rows) = (Record::default(), Row::default(), 0);
    loop {
        match table.next(&mut record, &mut row)? {
            Found::Row if mapping.wants(&row) => latest.see(mapping.time(), &row),
            Found::Row | Found::Bad(_) => {}
            Found::End => return Ok(()),
        }
        n_rows += 1;
        delivery.tick(n_rows, || table.rows.done())?;
    }
}

fn read_table(mut table: Table<'_>, grouper: &mut Grouper<'_>, delivery: &mut Delivery<'_>) -> Result<(), ImportError> {
    let (mut record, mut row) = (Record::default(), Row::default());
    loop {
        let found = table.next(&mut record, &mut row)?;
        if found == Found::End {
            return Ok(());
        }
        delivery.row_read(|| table.rows.done())?;
        let outcome = match found {
            Found::Bad(reason) => Err(reason),
            _ if !table.mapping.wants(&row) => {
                delivery.report.rows_left_out += 1;
                continue;
            }
            _ => table.mapping.check(&row).and_then(|()| grouper.read_time(&mut row)),
        };
        match outcome {
            Ok(()) => grouper.take(&mut row, None, delivery)?,
            Err(reason) => {
                let bad = BadRow { line: record.line, reason, row: as_json(table.rows.as_ref(), &record) };
                grouper.take(&mut row, Some(bad), delivery)?;
            }
        }
    }
}

/// A rejected row as it stands in the file.
fn as_json(rows: &dyn Rows, record: &Record) -> Value {
    if record.cells.len() == rows.columns().len() {
        let cells = rows.columns().iter().zip(record.cells.iter());
        return Value::Object(
            cells.map(|(column, cell)| (column.clone(), Value::from(cell.trim()))).collect::<Map<_, _>>(),
        );
    }
    Value::Array(record.cells.iter().map(|cell| Value::from(cell.trim())).collect())
}
