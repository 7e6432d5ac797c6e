//! Which row comes next in a Parquet file?
//!
//! With a mapping its columns are a table like any other. Without one it must be our own sealed history: a column `record`
//! with an event's stored record in each row.

use super::{Content, Found, FoundPayload, Payloads, Record, Rows};
use crate::ImportError;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use primitives::Timestamp;
use serde_json::Value;
use std::fs::File;
use std::sync::Arc;

/// The column of our sealed history that holds the event.
const RECORD: &str = "record";

pub(super) fn open(name: &str, file: File, as_table: bool) -> Result<(Content, u64), ImportError> {
    let reader = SerializedFileReader::new(file).map_err(|error| damaged(name, &error))?;
    let metadata = reader.metadata().file_metadata();
    let n_rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
    let schema = metadata.schema().clone();
    let columns: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let rows = RowIter::from_file_into(Box::new(reader));
    if as_table {
        let are_nanos = schema.get_fields().iter().map(|field| is_nanos(field)).collect();
        let table = Table { name: name.to_owned(), rows, columns, are_nanos, n_read: 0 };
        return Ok((Content::Table(Box::new(table)), n_rows));
    }
    let Some(record) = schema.get_fields().iter().find(|field| field.name() == RECORD) else {
        return Err(ImportError::NeedsMapping { name: name.to_owned(), columns: columns.join(", ") });
    };
    let only_record = Type::group_type_builder(schema.name()).with_fields(vec![Arc::clone(record)]).build();
    let rows =
        only_record.and_then(|only_record| rows.project(Some(only_record))).map_err(|error| damaged(name, &error))?;
    Ok((Content::Payloads(Box::new(History { name: name.to_owned(), rows, n_read: 0 })), n_rows))
}

struct Table {
    name: String,
    rows: RowIter<'static>,
    columns: Vec<String>,
    /// Which columns are times in nanoseconds, which the rows give as bare numbers.
    are_nanos: Vec<bool>,
    n_read: u64,
}

impl Rows for Table {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_row(&mut self, record: &mut Record) -> Result<Found, ImportError> {
        record.cells.clear();
        let Some(row) = self.rows.next() else { return Ok(Found::End) };
        let row = row.map_err(|error| broken(&self.name, self.n_read, error))?;
        self.n_read += 1;
        record.line = self.n_read;
        for ((column, field), is_nanos) in row.get_column_iter().zip(&self.are_nanos) {
            match text(field, *is_nanos) {
                Some(cell) => record.cells.push_field(&cell),
                None => {
                    return Ok(Found::Bad(format!("column \"{column}\" holds {}, not a single value", shape(field))));
                }
            }
        }
        Ok(Found::Row)
    }

    fn done(&self) -> u64 {
        self.n_read
    }

    fn reading(&self) -> String {
        "Parquet".to_owned()
    }
}

struct History {
    name: String,
    rows: RowIter<'static>,
    n_read: u64,
}

impl Payloads for History {
    fn next_payload(&mut self) -> Result<Option<(u64, FoundPayload)>, ImportError> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        let row = row.map_err(|error| broken(&self.name, self.n_read, error))?;
        self.n_read += 1;
        Ok(Some((self.n_read, record_to_payload(&row))))
    }

    fn done(&self) -> u64 {
        self.n_read
    }
}

/// A stored record as the payload that a client would send: its `occurredAt` becomes `timestamp`.
fn record_to_payload(row: &Row) -> FoundPayload {
    let record = row.get_column_iter().next().map(|(_, field)| field);
    let record = match record {
        Some(Field::Str(text)) => text.as_bytes(),
        Some(Field::Bytes(bytes)) => bytes.data(),
        _ => return Err(("the column \"record\" is empty".to_owned(), Value::Null)),
    };
    match serde_json::from_slice::<Value>(record) {
        Ok(Value::Object(mut payload)) => {
            if let Some(occurred_at) = payload.remove("occurredAt") {
                payload.entry("timestamp").or_insert(occurred_at);
            }
            payload.remove("receivedAt");
            payload.remove("v");
            Ok(Value::Object(payload))
        }
        _ => Err(("the column \"record\" is not a JSON object".to_owned(), String::from_utf8_lossy(record).into())),
    }
}

fn is_nanos(column: &Type) -> bool {
    let logical = column.get_basic_info().logical_type_ref();
    matches!(logical, Some(LogicalType::Timestamp(timestamp)) if timestamp.unit == TimeUnit::NANOS)
}

/// A single value as text; empty for null and for what is not a number, `None` for lists, maps and groups.
fn text(field: &Field, is_nanos: bool) -> Option<String> {
    let since_epoch = |days: i32| Timestamp::from_millis(0).plus_days(i64::from(days)).date();
    match field {
        Field::Null => Some(String::new()),
        Field::Long(nanos) if is_nanos => Some(Timestamp::from_millis(nanos.div_euclid(1_000_000)).to_string()),
        Field::Float(number) if number.is_nan() => Some(String::new()),
        Field::Double(number) if number.is_nan() => Some(String::new()),
        Field::Str(text) => Some(text.clone()),
        Field::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::Date(days) => Some(since_epoch(*days)),
        Field::TimestampMillis(millis) => Some(Timestamp::from_millis(*millis).to_string()),
        Field::TimestampMicros(micros) => Some(Timestamp::from_millis(micros.div_euclid(1_000)).to_string()),
        Field::Float(number) => Some(number.to_string()),
        Field::Double(number) => Some(number.to_string()),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => None,
        other => Some(other.to_string()),
    }
}

fn shape(field: &Field) -> &'static str {
    match field {
        Field::ListInternal(_) => "a list",
        Field::MapInternal(_) => "a map",
        _ => "a group",
    }
}

fn damaged(name: &str, error: &ParquetError) -> ImportError {
    ImportError::Format {
        name: name.to_owned(),
        problem: format!("is not a whole Parquet file ({error}): get it again"),
    }
}

fn broken(name: &str, line: u64, error: ParquetError) -> ImportError {
    ImportError::Read { name: name.to_owned(), line, source: std::io::Error::other(error) }
}
