//! How does a file of the history become whole and durable?

use super::SealedRow;
use super::columns::Columns;
use crate::StorageError;
use crate::files::{create_directory, create_file, temp_beside};
use arrow_array::RecordBatch;
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
use xxhash_rust::xxh3::Xxh3;

/// The version of the files' columns, in each file's metadata under [`VERSION_KEY`].
pub(crate) const VERSION: i64 = 2;
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
        // Every value differs: a dictionary would only be tried and given up.
        .set_column_dictionary_enabled(plain("message_id"), false)
        .set_column_dictionary_enabled(plain("offset"), false)
        // Of what nobody looks for, the smallest and the largest say nothing.
        .set_column_statistics_enabled(plain("properties"), EnabledStatistics::None)
        .set_column_statistics_enabled(plain("traits"), EnabledStatistics::None)
        .set_column_statistics_enabled(plain("context"), EnabledStatistics::None)
        .set_column_statistics_enabled(plain("reading"), EnabledStatistics::None)
        .set_key_value_metadata(Some(vec![KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_string())]))
        .build())
}

/// The rows as columns.
fn batch(rows: &[SealedRow]) -> Result<RecordBatch, StorageError> {
    let mut columns = Columns::new();
    for row in rows {
        let damaged = |source| StorageError::Event(EventLogError::Record { offset: row.offset, source });
        columns.add(row.offset, &Event::from_record(&row.record).map_err(damaged)?);
    }
    columns.batch().map_err(|source| StorageError::Unwritable {
        path: Path::new("history").to_owned(),
        source: ParquetError::ArrowError(source.to_string()),
    })
}
