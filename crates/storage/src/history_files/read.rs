//! How are the history's files read again, in the order of the log?

use super::offsets::Offsets;
use super::parts::{Part, PartFiles, Round};
use super::rows::Rows;
use super::write;
use crate::StorageError;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use events::{Event, RecordError};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Rows of one Arrow batch.
const N_ROWS_BATCH: usize = 8_192;

/// The rows of one round, in memory: Arrow's buffers, and their order.
#[derive(Debug)]
pub(crate) struct RoundRows {
    batches: Vec<Rows>,
    /// (offset, batch, row within the batch), by offset.
    order: Vec<(u64, usize, usize)>,
    /// How many rows have the offset of another.
    n_twice: usize,
}

impl PartFiles {
    /// The newest rows after an offset with a title that are not left out, newest first.
    pub(crate) fn newest(
        &self,
        after: u64,
        sealed_upto: u64,
        title: Option<&str>,
        left_out: &Offsets,
        n_max: usize,
    ) -> Result<Vec<FoundEvent>, StorageError> {
        if sealed_upto <= after || n_max == 0 {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for round in self.rounds(0, sealed_upto, left_out)?.iter().rev() {
            if rows.len() >= n_max || round.last <= after {
                break;
            }
            rows.extend(newest(round, after, title, left_out, n_max - rows.len())?);
        }
        Ok(rows)
    }
}

impl Round {
    /// Reads the rows after an offset, and makes sure that none is missing but what is known to be.
    pub(crate) fn read(&self, after: u64, missing: &Offsets) -> Result<RoundRows, StorageError> {
        let rows = RoundRows::read(&self.parts, after)?;
        self.check_complete(rows.len() as u64, after, missing)?;
        Ok(rows)
    }

    /// Makes sure that so many different rows after an offset are all that there must be.
    pub(super) fn check_complete(&self, n_found: u64, after: u64, missing: &Offsets) -> Result<(), StorageError> {
        let first = self.first.max(after + 1);
        let n_expected = (self.last - first + 1) - missing.n_within(first, self.last);
        if n_found >= n_expected { Ok(()) } else { Err(self.incomplete()) }
    }
}

impl RoundRows {
    /// Reads the rows after an offset from a round's files.
    pub(crate) fn read(parts: &[Part], after: u64) -> Result<Self, StorageError> {
        let mut batches = Vec::new();
        for part in parts {
            batches.extend(Content::of(part)?.rows(None)?);
        }
        Ok(Self::in_order(batches, after))
    }

    /// The rows after an offset, in order.
    pub(super) fn in_order(batches: Vec<Rows>, after: u64) -> Self {
        let mut order = Vec::new();
        for (i, rows) in batches.iter().enumerate() {
            let found = rows.offsets().enumerate().map(|(row, offset)| (offset, i, row));
            order.extend(found.filter(|(offset, _, _)| *offset > after));
        }
        order.sort_unstable();
        let n_rows = order.len();
        order.dedup_by_key(|(offset, _, _)| *offset);
        Self { n_twice: n_rows - order.len(), batches, order }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn n_twice(&self) -> usize {
        self.n_twice
    }

    /// Which offsets there are.
    pub(crate) fn offsets(&self) -> Offsets {
        Offsets::of(self.order.iter().map(|(offset, _, _)| (*offset, *offset)))
    }

    /// Visits the places in order, each with what opens its event, until the visitor fails.
    pub(crate) fn visit<E>(&self, visit: &mut dyn FnMut(u64, Open<'_>) -> Result<(), E>) -> Result<(), E> {
        for (offset, batch, row) in &self.order {
            visit(*offset, &|| self.batches[*batch].event(*row))?;
        }
        Ok(())
    }
}

/// Opens the event of a row.
pub(crate) type Open<'a> = &'a dyn Fn() -> Result<Event, RecordError>;

/// A place, and the event that was found there.
pub(crate) type FoundEvent = (u64, Result<Event, RecordError>);

/// The newest rows of a round after an offset that are not left out, newest first: finds them by their titles, and reads
/// only their records.
fn newest(
    round: &Round,
    after: u64,
    title: Option<&str>,
    left_out: &Offsets,
    n_max: usize,
) -> Result<Vec<FoundEvent>, StorageError> {
    let files = round.parts.iter().map(Content::of).collect::<Result<Vec<_>, _>>()?;
    // (offset, file, row within the file)
    let mut wanted: Vec<(u64, usize, usize)> = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let mut n_before = 0;
        for batch in file.batches(&|_| &["offset", "type", "event"], None)?.batches {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            let (kinds, events) = (batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
            for row in 0..batch.num_rows() {
                let found = if events.is_null(row) { kinds.value(row) } else { events.value(row) };
                let offset = crate::numbers::unsigned(offsets.value(row));
                if offset > after && title.is_none_or(|title| title == found) && !left_out.contains(offset) {
                    wanted.push((offset, i, n_before + row));
                }
            }
            n_before += batch.num_rows();
        }
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        wanted.truncate(n_max);
    }
    let mut rows = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let mut in_file: Vec<usize> = wanted.iter().filter(|(_, file, _)| *file == i).map(|(_, _, row)| *row).collect();
        if in_file.is_empty() {
            continue;
        }
        in_file.sort_unstable();
        for found in file.rows(Some(&in_file))? {
            rows.extend(found.offsets().enumerate().map(|(row, offset)| (offset, found.event(row))));
        }
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0));
    Ok(rows)
}

/// Reads a file and compares it with the digest in its name; files of the first version have none.
pub(crate) fn verified(part: &Part) -> Result<Bytes, StorageError> {
    let bytes = fs::read(&part.path).map_err(|source| StorageError::file("reading", &part.path, source))?;
    if part.digest.is_some_and(|digest| xxh3_128(&bytes) != digest) {
        return Err(damaged(&part.path, "its content is not what its name says"));
    }
    Ok(bytes.into())
}

/// The content of a file, which is what its name says by its digest.
pub(super) struct Content {
    path: PathBuf,
    bytes: Bytes,
}

impl Content {
    pub(super) fn of(part: &Part) -> Result<Self, StorageError> {
        Ok(Self { path: part.path.clone(), bytes: verified(part)? })
    }

    /// What events are made of, of all rows, or of some, ascending.
    pub(super) fn rows(&self, rows: Option<&[usize]>) -> Result<Vec<Rows>, StorageError> {
        let Batches { version, columns, batches } = self.batches(&Rows::columns, rows)?;
        let of = |batch: &RecordBatch| Rows::of(version, batch).ok_or_else(|| lacking(&self.path, columns));
        batches.iter().map(of).collect()
    }

    /// Batches with some of the columns, which the version of the files' columns says, in the order of the file; of all
    /// rows, or of some, ascending.
    ///
    /// Files of the first version have no digest that tells damage before they are read, and the reader of Parquet panics on
    /// some of it. Nothing of what it had made by then is used afterwards.
    pub(super) fn batches(&self, columns: ColumnsOf<'_>, rows: Option<&[usize]>) -> Result<Batches, StorageError> {
        catch_unwind(AssertUnwindSafe(|| self.decode(columns, rows)))
            .unwrap_or_else(|_| Err(damaged(&self.path, "the reader of Parquet gave up on it")))
    }

    fn decode(&self, columns: ColumnsOf<'_>, rows: Option<&[usize]>) -> Result<Batches, StorageError> {
        let (builder, version) = open(&self.path, self.bytes.clone())?;
        let columns = columns(version);
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mut builder = builder.with_projection(mask).with_batch_size(N_ROWS_BATCH);
        if let Some(rows) = rows {
            let ranges = rows.iter().map(|row| *row..*row + 1);
            builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, n_rows));
        }
        let reader = builder.build().map_err(|error| damaged(&self.path, error))?;
        let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|error| damaged(&self.path, error))?;
        batches.iter().try_for_each(|batch| check_columns(&self.path, batch, columns))?;
        Ok(Batches { version, columns, batches })
    }
}

/// Which columns to read of a file of a version.
pub(super) type ColumnsOf<'a> = &'a dyn Fn(i64) -> &'static [&'static str];

/// What was read of a file.
pub(super) struct Batches {
    version: i64,
    columns: &'static [&'static str],
    pub(super) batches: Vec<RecordBatch>,
}

fn check_columns(path: &Path, batch: &RecordBatch, columns: &[&str]) -> Result<(), StorageError> {
    let schema = batch.schema();
    let found = schema.fields().iter().map(|field| field.name().as_str());
    let is_of_type = |name: &&str| {
        batch.column_by_name(name).is_some_and(|column| match *name {
            "offset" => column.as_primitive_opt::<Int64Type>().is_some(),
            "type" | "event" | "user_id" | "anonymous_id" => column.as_string_opt::<i32>().is_some(),
            _ => true,
        })
    };
    if found.eq(columns.iter().copied()) && columns.iter().all(is_of_type) {
        return Ok(());
    }
    Err(lacking(path, columns))
}

fn lacking(path: &Path, columns: &[&str]) -> StorageError {
    damaged(path, format!("it has no columns {}", columns.join(", ")))
}

/// Opens a file, and says its version.
fn open(path: &Path, file: Bytes) -> Result<(ParquetRecordBatchReaderBuilder<Bytes>, i64), StorageError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(path, error))?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let found = metadata
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == write::VERSION_KEY)?.value.as_ref()?.parse().ok());
    match found {
        Some(found) if found > write::VERSION => {
            Err(StorageError::Newer { path: path.to_owned(), found, supported: write::VERSION })
        }
        Some(found) => Ok((builder, found)),
        None => Err(damaged(path, "it is not a file of the history")),
    }
}

fn damaged(path: &Path, why: impl ToString) -> StorageError {
    StorageError::Damaged { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples;
    use crate::history_files::SealedRow;

    #[test]
    fn damage_that_no_digest_tells_is_an_error_that_names_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let rows: Vec<SealedRow> = (0..3)
            .map(|n| SealedRow { offset: n + 1, received_at: 0, record: samples::event(n).to_record() })
            .collect();
        let path = write::rows(&temp.path().join("date=2026-11-22"), &rows).unwrap().temp;
        let part = Part { first: 1, last: 3, digest: None, date: String::new(), path: path.clone(), bytes: 0 };
        let whole = fs::read(&path).unwrap();
        let mut n_gave_up = 0;
        for (place, flipped) in (0..whole.len()).zip([0x01, 0x80].into_iter().cycle()) {
            let mut content = whole.clone();
            content[place] ^= flipped;
            fs::write(&path, content).unwrap();
            if let Err(error) = RoundRows::read(std::slice::from_ref(&part), 0) {
                assert!(error.to_string().contains(&*path.to_string_lossy()), "{place}: {error}");
                n_gave_up += usize::from(error.to_string().contains("gave up"));
            }
        }
        assert!(n_gave_up > 0, "no damage made the reader panic: it need not be caught any more");
    }
}
