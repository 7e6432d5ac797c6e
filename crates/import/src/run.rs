//! How does a whole file go in, from opening to the report?

use super::delivery::{BadRow, Delivery};
use super::mapping::{LatestTime, Row};
use super::readers::{self, Content, Found, Payloads, Record, Rows, Source};
use super::table::Grouper;
use super::{ImportError, ImportOptions, ImportReport, Mapping, Phase, Progress, RejectsFile, Sink, Unit};
use primitives::Timestamp;
use serde_json::{Map, Value};
use std::path::Path;

/// Imports one file.
///
/// A table needs a mapping; NDJSON of events and our own sealed history go in without one. Bad rows go to `rejects`, and
/// the import goes on. Everything taken is durable when this returns.
///
/// # Errors
/// [`ImportError`] where the file or the mapping cannot be used at all, where the sink or the rejects file fails, or where
/// the progress asks to stop.
pub fn import(
    source: &Path,
    mapping: Option<&Mapping>,
    options: &ImportOptions,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
    rejects: &mut RejectsFile,
) -> Result<ImportReport, ImportError> {
    let opened = readers::open(source, mapping.map(|mapping| &mapping.source), options)?;
    let mut delivery = Delivery::new(&opened.name, sink, rejects, progress);
    match (opened.content, mapping) {
        (Content::Payloads(payloads), _) => {
            progress.begin(Phase::Reading, opened.total, opened.unit);
            pass_through(payloads, &mut delivery)?;
        }
        (Content::Table(rows), Some(mapping)) => {
            delivery.report.mapping = Some(mapping.name().to_owned());
            let table = Table::bind(rows, &opened.name, mapping)?;
            let latest = if mapping.time().needs_latest() {
                progress.begin(Phase::FindingLatest, opened.total, opened.unit);
                let again = readers::open(source, Some(&mapping.source), options)?;
                find_latest(again, mapping, &delivery)?
            } else {
                LatestTime::default()
            };
            progress.begin(Phase::Reading, opened.total, opened.unit);
            let mut grouper = Grouper::new(&opened.name, mapping, options, &latest);
            delivery.report.weeks_shifted = grouper.weeks();
            read_table(table, &mut grouper, &mut delivery)?;
            let n_waiting = grouper.n_waiting_rows();
            if n_waiting > 0 {
                progress.begin(Phase::Mapping, n_waiting, Unit::Rows);
            }
            grouper.finish(&mut delivery)?;
        }
        (Content::Table(rows), None) => {
            let columns = format!("{} ({})", rows.columns().join(", "), rows.reading());
            return Err(ImportError::NeedsMapping { name: opened.name, columns });
        }
    }
    delivery.finish()
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

/// A table whose columns the mapping found.
struct Table<'m> {
    rows: Box<dyn Rows>,
    mapping: &'m Mapping,
    places: Vec<usize>,
}

impl<'m> Table<'m> {
    fn bind(rows: Box<dyn Rows>, name: &str, mapping: &'m Mapping) -> Result<Self, ImportError> {
        let places = mapping.places(rows.columns()).map_err(|(column, used_by)| ImportError::MissingColumn {
            name: name.to_owned(),
            mapping: mapping.name().to_owned(),
            column,
            used_by,
            found: format!("{} ({})", rows.columns().join(", "), rows.reading()),
        })?;
        Ok(Self { rows, mapping, places })
    }

    /// Reads the next row. Of a bad one the cells that are there, so that it can be told which order it belongs to.
    fn next(&mut self, record: &mut Record, row: &mut Row) -> Result<Found, ImportError> {
        let found = self.rows.next_row(record)?;
        self.mapping.project(&record.cells, &self.places, row);
        (row.line, row.at) = (record.line, Timestamp::default());
        Ok(found)
    }
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

fn find_latest(source: Source, mapping: &Mapping, delivery: &Delivery<'_>) -> Result<LatestTime, ImportError> {
    let mut latest = LatestTime::default();
    let Content::Table(rows) = source.content else { return Ok(latest) };
    let mut table = Table::bind(rows, &source.name, mapping)?;
    let (mut record, mut row, mut n_rows) = (Record::default(), Row::default(), 0);
    loop {
        match table.next(&mut record, &mut row)? {
            Found::Row if mapping.wants(&row) => latest.see(mapping.time(), &row),
            Found::Row | Found::Bad(_) => {}
            Found::End => return Ok(latest),
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
