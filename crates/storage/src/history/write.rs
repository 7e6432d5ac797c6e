//! What is in a file of the history? Columns that any reader of Parquet understands, and the stored record.

use super::SealedRow;
use crate::StorageError;
use crate::files::{create_directory, create_file, finish, temp_beside};
use arrow_array::builder::{Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use events::{Event, EventLogError};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The version of the files' columns, in each file's metadata under [`VERSION_KEY`].
pub(crate) const VERSION: i64 = 1;
/// Where a file says its version.
pub(crate) const VERSION_KEY: &str = "rapport.history_version";
/// Rows in a row group: readers skip groups by their statistics.
const N_ROWS_GROUP: usize = 65_536;

/// Writes one file and makes it durable; answers its bytes.
pub(crate) fn part(path: &Path, rows: &[SealedRow]) -> Result<u64, StorageError> {
    let failed = |source| StorageError::file("writing", path, source);
    if let Some(directory) = path.parent() {
        let history = directory.parent().unwrap_or(directory);
        create_directory(history).and_then(|()| create_directory(directory)).map_err(failed)?;
    }
    let batch = batch(rows)?;
    let temp = temp_beside(path);
    let written = write_batch(&temp, &batch);
    let bytes = *written.as_ref().unwrap_or(&0);
    let done = written.as_ref().map(|_| ()).map_err(|_| io::Error::other("not written"));
    let finished = finish(done, &temp, path);
    match written {
        Err(ParquetError::External(source)) => match source.downcast::<io::Error>() {
            Ok(source) => Err(failed(*source)),
            Err(source) => Err(StorageError::Parquet { path: path.to_owned(), source: ParquetError::External(source) }),
        },
        Err(source) => Err(StorageError::Parquet { path: path.to_owned(), source }),
        Ok(_) => finished.map_err(failed).map(|()| bytes),
    }
}

fn write_batch(path: &Path, batch: &RecordBatch) -> Result<u64, ParquetError> {
    let file = create_file(path)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()?))?;
    writer.write(batch)?;
    let file = writer.into_inner()?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let plain = |name: &str| ColumnPath::from(name);
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(N_ROWS_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Every value differs: a dictionary would only be tried and given up, and a smallest record says nothing.
        .set_column_dictionary_enabled(plain("record"), false)
        .set_column_dictionary_enabled(plain("message_id"), false)
        .set_column_dictionary_enabled(plain("offset"), false)
        .set_column_statistics_enabled(plain("record"), EnabledStatistics::None)
        .set_key_value_metadata(Some(vec![KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_string())]))
        .build())
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let time = |name: &str| Field::new(name, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), false);
    Arc::new(Schema::new(vec![
        Field::new("offset", DataType::Int64, false),
        text("message_id", false),
        text("type", false),
        text("event", true),
        text("user_id", true),
        text("anonymous_id", true),
        time("occurred_at"),
        time("received_at"),
        text("record", false),
    ]))
}

/// The rows as columns. `event` is the tracked event's name, or the page's or screen's; where it has none, it is null.
fn batch(rows: &[SealedRow]) -> Result<RecordBatch, StorageError> {
    let mut offset = Int64Builder::with_capacity(rows.len());
    let text = || StringBuilder::with_capacity(rows.len(), rows.len() * 16);
    let (mut message_id, mut kind, mut title, mut user_id, mut anonymous_id) = (text(), text(), text(), text(), text());
    let mut occurred_at = TimestampMillisecondBuilder::with_capacity(rows.len()).with_timezone("UTC");
    let mut received_at = TimestampMillisecondBuilder::with_capacity(rows.len()).with_timezone("UTC");
    let mut record = StringBuilder::with_capacity(rows.len(), rows.iter().map(|row| row.record.len()).sum());
    for row in rows {
        let damaged = |source| StorageError::Event(EventLogError::Record { offset: row.offset, source });
        let event = Event::from_record(&row.record).map_err(damaged)?;
        offset.append_value(crate::schema::signed(row.offset));
        message_id.append_value(event.message_id.as_str());
        kind.append_value(event.kind().name());
        title.append_option(Some(event.title()).filter(|title| *title != event.kind().name()));
        user_id.append_option(event.user_id.as_ref().map(primitives::UserId::as_str));
        anonymous_id.append_option(event.anonymous_id.as_ref().map(primitives::AnonymousId::as_str));
        occurred_at.append_value(event.occurred_at.as_millis());
        received_at.append_value(row.received_at);
        // A record that was just read as JSON is text.
        record.append_value(String::from_utf8_lossy(&row.record));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(offset.finish()),
        Arc::new(message_id.finish()),
        Arc::new(kind.finish()),
        Arc::new(title.finish()),
        Arc::new(user_id.finish()),
        Arc::new(anonymous_id.finish()),
        Arc::new(occurred_at.finish()),
        Arc::new(received_at.finish()),
        Arc::new(record.finish()),
    ];
    RecordBatch::try_new(schema(), columns).map_err(|source: ArrowError| StorageError::Parquet {
        path: Path::new("history").to_owned(),
        source: ParquetError::ArrowError(source.to_string()),
    })
}
