//! How are the history's files read again, in the order of the log?

use super::parts::{Part, Round};
use super::write;
use crate::StorageError;
use crate::event_log::Row;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::errors::ParquetError;
use std::fs::File;
use std::path::Path;

/// Rows of one Arrow batch.
const N_ROWS_BATCH: usize = 8_192;

/// The rows of one round, in memory: Arrow's buffers, and their order.
#[derive(Debug)]
pub(crate) struct RoundRows {
    batches: Vec<RecordBatch>,
    /// (offset, batch, row within the batch), by offset.
    order: Vec<(u64, usize, usize)>,
}

impl RoundRows {
    /// Reads the rows after an offset from a round's files.
    pub(crate) fn read(parts: &[Part], after: u64) -> Result<Self, StorageError> {
        let mut batches = Vec::new();
        for part in parts {
            batches.extend(batches_of(&part.path, &["offset", "record"], None)?);
        }
        let mut order = Vec::new();
        for (i, batch) in batches.iter().enumerate() {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            let found =
                offsets.values().iter().enumerate().map(|(row, offset)| (crate::schema::unsigned(*offset), i, row));
            order.extend(found.filter(|(offset, _, _)| *offset > after));
        }
        order.sort_unstable();
        order.dedup_by_key(|(offset, _, _)| *offset);
        Ok(Self { batches, order })
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Visits the rows in order until the visitor answers `false` or fails.
    pub(crate) fn visit<E>(&self, visit: &mut dyn FnMut(Row) -> Result<bool, E>) -> Result<bool, E> {
        for (offset, batch, row) in &self.order {
            let record = self.batches[*batch].column(1).as_string::<i32>().value(*row);
            if !visit((*offset, record.as_bytes().to_vec()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// How many rows a file says it has.
pub(crate) fn n_rows(path: &Path) -> Result<u64, StorageError> {
    Ok(crate::schema::unsigned(open(path)?.metadata().file_metadata().num_rows()))
}

/// The newest rows of a round, newest first: finds them by their titles, and reads only their records.
pub(crate) fn newest(round: &Round, title: Option<&str>, n_max: usize) -> Result<Vec<Row>, StorageError> {
    // (offset, file, row within the file)
    let mut wanted: Vec<(u64, usize, usize)> = Vec::new();
    for (i, part) in round.parts.iter().enumerate() {
        let mut n_before = 0;
        for batch in batches_of(&part.path, &["offset", "type", "event"], None)? {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            let (kinds, events) = (batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
            for row in 0..batch.num_rows() {
                let found = if events.is_null(row) { kinds.value(row) } else { events.value(row) };
                if title.is_none_or(|title| title == found) {
                    wanted.push((crate::schema::unsigned(offsets.value(row)), i, n_before + row));
                }
            }
            n_before += batch.num_rows();
        }
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        wanted.truncate(n_max);
    }
    let mut rows = Vec::new();
    for (i, part) in round.parts.iter().enumerate() {
        let mut in_file: Vec<usize> = wanted.iter().filter(|(_, file, _)| *file == i).map(|(_, _, row)| *row).collect();
        if in_file.is_empty() {
            continue;
        }
        in_file.sort_unstable();
        for batch in batches_of(&part.path, &["offset", "record"], Some(&in_file))? {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            let records = batch.column(1).as_string::<i32>();
            rows.extend(
                (0..batch.num_rows())
                    .map(|row| (crate::schema::unsigned(offsets.value(row)), records.value(row).as_bytes().to_vec())),
            );
        }
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0));
    Ok(rows)
}

/// A file's batches with some of its columns, in the order they are named in the file; of all rows, or of some, ascending.
fn batches_of(path: &Path, columns: &[&str], rows: Option<&[usize]>) -> Result<Vec<RecordBatch>, StorageError> {
    let failed = |source| StorageError::Parquet { path: path.to_owned(), source };
    let builder = open(path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut builder = builder.with_projection(mask).with_batch_size(N_ROWS_BATCH);
    if let Some(rows) = rows {
        let ranges = rows.iter().map(|row| *row..*row + 1);
        builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, n_rows));
    }
    let batches = builder.build().map_err(failed)?.collect::<Result<Vec<_>, _>>();
    let batches = batches.map_err(|source| failed(ParquetError::ArrowError(source.to_string())))?;
    let damaged = |what: &str| failed(ParquetError::General(format!("the column {what} is not what was written")));
    for batch in &batches {
        if batch.num_columns() != columns.len() {
            return Err(damaged(&columns.join(", ")));
        }
        for (i, name) in columns.iter().enumerate() {
            let column = batch.column(i);
            let is_right = if *name == "offset" {
                column.as_primitive_opt::<Int64Type>().is_some()
            } else {
                column.as_string_opt::<i32>().is_some()
            };
            if batch.schema().field(i).name() != name || !is_right {
                return Err(damaged(name));
            }
        }
    }
    Ok(batches)
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, StorageError> {
    let file = File::open(path).map_err(|source| StorageError::file("opening", path, source))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|source| StorageError::Parquet { path: path.to_owned(), source })?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let found = metadata
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == write::VERSION_KEY)?.value.as_ref()?.parse().ok());
    match found {
        Some(found) if found > write::VERSION => {
            Err(StorageError::Newer { path: path.to_owned(), found, supported: write::VERSION })
        }
        Some(_) => Ok(builder),
        None => Err(StorageError::Parquet {
            path: path.to_owned(),
            source: ParquetError::General("it is not a file of the history".to_owned()),
        }),
    }
}
