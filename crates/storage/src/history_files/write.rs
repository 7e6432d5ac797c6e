//! What is in a file of the history? Columns that any reader of Parquet understands, and the stored record.

use super::SealedRow;
use crate::StorageError;
use crate::files::{create_directory, create_file, temp_beside};
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
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// The version of the files' columns, in each file's metadata under [`VERSION_KEY`].
pub(crate) const VERSION: i64 = 1;
/// Where a file says its version.
pub(crate) const VERSION_KEY: &str = "rapport.history_version";
/// Rows in a row group: readers skip groups by their statistics.
const N_ROWS_GROUP: usize = 65_536;

/// A file that is whole and durable, and does not have its name yet.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) temp: PathBuf,
    pub(crate) digest: u128,
    pub(crate) bytes: u64,
}

/// Writes rows into a file under a temporary name in a directory, and makes it durable.
pub(crate) fn rows(directory: &Path, rows: &[SealedRow]) -> Result<Written, StorageError> {
    let temp = temp_beside(&directory.join("part.parquet"));
    let failed = |source| StorageError::file("writing", &temp, source);
    let history = directory.parent().unwrap_or(directory);
    create_directory(history).and_then(|()| create_directory(directory)).map_err(failed)?;
    let written = batch(rows).and_then(|batch| write_batch(&temp, &batch).map_err(|source| file_error(&temp, source)));
    written.map(|(digest, bytes)| Written { temp: temp.clone(), digest, bytes }).inspect_err(|_| {
        // The first error is the one to tell; the next start removes what this could not.
        let _ = fs::remove_file(&temp);
    })
}

/// Why a file could not be written: the operating system's word where it was that.
pub(crate) fn file_error(path: &Path, source: ParquetError) -> StorageError {
    match source {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => StorageError::file("writing", path, *source),
            Err(source) => StorageError::Unwritable { path: path.to_owned(), source: ParquetError::External(source) },
        },
        source => StorageError::Unwritable { path: path.to_owned(), source },
    }
}

fn write_batch(path: &Path, batch: &RecordBatch) -> Result<(u128, u64), ParquetError> {
    let file = Digesting::new(create_file(path)?);
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()?))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.end()?)
}

/// Takes the digest of what it writes.
pub(crate) struct Digesting {
    file: File,
    digest: Xxh3,
    bytes: u64,
}

impl Digesting {
    pub(crate) fn new(file: File) -> Self {
        Self { file, digest: Xxh3::new(), bytes: 0 }
    }

    /// Makes the file durable; answers its digest and its size.
    pub(crate) fn end(self) -> io::Result<(u128, u64)> {
        self.file.sync_all()?;
        Ok((self.digest.digest128(), self.bytes))
    }
}

impl io::Write for Digesting {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        let n = self.file.write(content)?;
        self.digest.update(content.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
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
        offset.append_value(crate::numbers::signed(row.offset));
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
    RecordBatch::try_new(schema(), columns).map_err(|source: ArrowError| StorageError::Unwritable {
        path: Path::new("history").to_owned(),
        source: ParquetError::ArrowError(source.to_string()),
    })
}
