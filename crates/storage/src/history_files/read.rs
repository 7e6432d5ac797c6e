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
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Rows of one Arrow batch: few enough that the memory of one serves the next.
const N_ROWS_BATCH: usize = 1_024;

/// The rows of one round, and their order. In memory are the files as they are; of what is in them, as much as a visit needs
/// at a time.
#[derive(Debug)]
pub(crate) struct RoundRows {
    files: Vec<Selected>,
    order: Vec<Spot>,
    /// How many rows have the offset of another.
    n_twice: usize,
}

/// Rows of a file.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) content: Content,
    /// Which rows, ascending; `None` is all.
    pub(super) rows: Option<Vec<usize>>,
    /// Their places in the log.
    pub(super) offsets: Vec<u64>,
}

/// Where a row is found: by its offset, the file, and the place among the rows of the file that are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    offset: u64,
    file: usize,
    nth: usize,
}

impl PartFiles {
    /// The rows at some places, in order.
    pub(crate) fn at(
        &self,
        places: &BTreeSet<u64>,
        sealed_upto: u64,
        left_out: &Offsets,
    ) -> Result<Vec<FoundEvent>, StorageError> {
        let mut found = Vec::new();
        if places.first().is_none_or(|first| *first > sealed_upto) {
            return Ok(found);
        }
        for round in self.rounds(0, sealed_upto, left_out)? {
            if places.range(round.first..=round.last).next().is_some() {
                round.at(places)?.visit(&mut |offset, open| {
                    found.push((offset, open()));
                    Ok::<_, StorageError>(())
                })?;
            }
        }
        Ok(found)
    }

    /// The newest rows between two offsets with a title that are not left out, newest first.
    pub(crate) fn newest(
        &self,
        (after, before): (u64, u64),
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
            if round.first < before {
                rows.extend(newest(round, (after, before), title, left_out, n_max - rows.len())?);
            }
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

    /// The rows at some places.
    fn at(&self, places: &BTreeSet<u64>) -> Result<RoundRows, StorageError> {
        let mut selected = Vec::new();
        for part in &self.parts {
            let content = Content::of(part)?;
            let (mut rows, mut offsets) = (Vec::new(), Vec::new());
            for (row, offset) in content.offsets()?.into_iter().enumerate() {
                if places.contains(&offset) {
                    rows.push(row);
                    offsets.push(offset);
                }
            }
            if !rows.is_empty() {
                selected.push(Selected { content, rows: Some(rows), offsets });
            }
        }
        Ok(RoundRows::in_order(selected, 0))
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
        let selected = |part| {
            let content = Content::of(part)?;
            let offsets = content.offsets()?;
            Ok(Selected { content, rows: None, offsets })
        };
        Ok(Self::in_order(parts.iter().map(selected).collect::<Result<_, StorageError>>()?, after))
    }

    /// The rows after an offset, in order.
    pub(super) fn in_order(files: Vec<Selected>, after: u64) -> Self {
        let mut order = Vec::new();
        for (file, selected) in files.iter().enumerate() {
            let spots = selected.offsets.iter().enumerate().map(|(nth, offset)| Spot { offset: *offset, file, nth });
            order.extend(spots.filter(|spot| spot.offset > after));
        }
        order.sort_unstable();
        let n_rows = order.len();
        order.dedup_by_key(|spot| spot.offset);
        Self { n_twice: n_rows - order.len(), files, order }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn n_twice(&self) -> usize {
        self.n_twice
    }

    /// Which offsets there are.
    pub(crate) fn offsets(&self) -> Offsets {
        Offsets::of(self.order.iter().map(|spot| (spot.offset, spot.offset)))
    }

    /// Visits the places in order, each with what opens its event, until the visitor fails.
    pub(crate) fn visit<E: From<StorageError>>(
        &self,
        visit: &mut dyn FnMut(u64, Open<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut n_left: Vec<usize> = vec![0; self.files.len()];
        self.order.iter().for_each(|spot| n_left[spot.file] += 1);
        let mut decoded: Vec<Option<Decoded<'_>>> = self.files.iter().map(|_| None).collect();
        for Spot { offset, file, nth } in self.order.iter().copied() {
            let selected = &self.files[file];
            let rows = match &mut decoded[file] {
                Some(rows) => rows,
                none => none.insert(Decoded::begin(&selected.content, selected.rows.as_deref())?),
            };
            let (rows, row) = rows.at(nth)?;
            visit(offset, &|| rows.event(row))?;
            n_left[file] -= 1;
            if n_left[file] == 0 {
                decoded[file] = None;
            }
        }
        Ok(())
    }
}

/// Opens the event of a row.
pub(crate) type Open<'a> = &'a dyn Fn() -> Result<Event, RecordError>;

/// A place, and the event that was found there.
pub(crate) type FoundEvent = (u64, Result<Event, RecordError>);

/// The newest rows of a round between two offsets that are not left out, newest first: finds them by their titles, and reads
/// only their records.
fn newest(
    round: &Round,
    (after, before): (u64, u64),
    title: Option<&str>,
    left_out: &Offsets,
    n_max: usize,
) -> Result<Vec<FoundEvent>, StorageError> {
    let mut files = Vec::new();
    // (offset, file, row within the file)
    let mut wanted: Vec<(u64, usize, usize)> = Vec::new();
    for (i, part) in round.parts.iter().enumerate() {
        let content = Content::of(part)?;
        let mut n_before = 0;
        for batch in content.batches(&["offset", "type", "event"])? {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            let (kinds, events) = (batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
            for row in 0..batch.num_rows() {
                let found = if events.is_null(row) { kinds.value(row) } else { events.value(row) };
                let offset = crate::numbers::unsigned(offsets.value(row));
                let is_between = offset > after && offset < before;
                if is_between && title.is_none_or(|title| title == found) && !left_out.contains(offset) {
                    wanted.push((offset, i, n_before + row));
                }
            }
            n_before += batch.num_rows();
        }
        files.push(content);
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        wanted.truncate(n_max);
    }
    let mut selected = Vec::new();
    for (i, content) in files.into_iter().enumerate() {
        let mut rows: Vec<(usize, u64)> =
            wanted.iter().filter(|(_, file, _)| *file == i).map(|(offset, _, row)| (*row, *offset)).collect();
        rows.sort_unstable();
        let (rows, offsets) = rows.into_iter().unzip();
        selected.push(Selected { content, rows: Some(rows), offsets });
    }
    let mut found = Vec::new();
    RoundRows::in_order(selected, after).visit(&mut |offset, open| {
        found.push((offset, open()));
        Ok::<_, StorageError>(())
    })?;
    found.reverse();
    Ok(found)
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
#[derive(Debug)]
pub(super) struct Content {
    path: PathBuf,
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    version: i64,
}

impl Content {
    pub(super) fn of(part: &Part) -> Result<Self, StorageError> {
        let (path, bytes) = (part.path.clone(), verified(part)?);
        let (metadata, version) = guarded(&path, || open(&path, &bytes))?;
        Ok(Self { path, bytes, metadata, version })
    }

    /// The places of all rows in the log, in the order of the file.
    fn offsets(&self) -> Result<Vec<u64>, StorageError> {
        let batches = self.batches(&["offset"])?;
        let offsets = |batch: &RecordBatch| batch.column(0).as_primitive::<Int64Type>().values().to_vec();
        Ok(batches.iter().flat_map(offsets).map(crate::numbers::unsigned).collect())
    }

    /// Batches with some of the columns of all rows, in the order of the file.
    pub(super) fn batches(&self, columns: &[&str]) -> Result<Vec<RecordBatch>, StorageError> {
        let mut reader = self.reader(columns, None)?;
        let mut batches = Vec::new();
        while let Some(batch) = self.next(&mut reader, columns)? {
            batches.push(batch);
        }
        Ok(batches)
    }

    fn reader(&self, columns: &[&str], rows: Option<&[usize]>) -> Result<ParquetRecordBatchReader, StorageError> {
        guarded(&self.path, || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone());
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
            let mut builder = builder.with_projection(mask).with_batch_size(N_ROWS_BATCH);
            if let Some(rows) = rows {
                let ranges = rows.iter().map(|row| *row..*row + 1);
                builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, n_rows));
            }
            builder.build().map_err(|error| damaged(&self.path, error))
        })
    }

    fn next(
        &self,
        reader: &mut ParquetRecordBatchReader,
        columns: &[&str],
    ) -> Result<Option<RecordBatch>, StorageError> {
        let batch = guarded(&self.path, || reader.next().transpose().map_err(|error| damaged(&self.path, error)))?;
        batch.map(|batch| check_columns(&self.path, &batch, columns).map(|()| batch)).transpose()
    }
}

/// Files of the first version have no digest that tells damage before they are read, and the reader of Parquet panics on
/// some of it. Nothing of what it had made by then is used afterwards.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, StorageError>) -> Result<T, StorageError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(path, "the reader of Parquet gave up on it")))
}

/// Some rows of a file on their way out of it, a batch at a time.
struct Decoded<'a> {
    content: &'a Content,
    columns: &'static [&'static str],
    reader: ParquetRecordBatchReader,
    /// How many rows came before the batch.
    n_before: usize,
    batch: Rows,
}

impl<'a> Decoded<'a> {
    fn begin(content: &'a Content, rows: Option<&[usize]>) -> Result<Self, StorageError> {
        let columns = Rows::columns(content.version);
        let reader = content.reader(columns, rows)?;
        Ok(Self { content, columns, reader, n_before: 0, batch: Rows::default() })
    }

    /// The batch in which a row is, and its place there. Rows are asked for as they stand in the file.
    fn at(&mut self, nth: usize) -> Result<(&Rows, usize), StorageError> {
        let path = &self.content.path;
        while nth >= self.n_before + self.batch.len() {
            self.n_before += self.batch.len();
            let batch = self.content.next(&mut self.reader, self.columns)?;
            let batch = batch.ok_or_else(|| damaged(path, "it has fewer rows than it says"))?;
            self.batch = Rows::of(self.content.version, &batch).ok_or_else(|| lacking(path, self.columns))?;
        }
        let row = nth.checked_sub(self.n_before);
        Ok((&self.batch, row.ok_or_else(|| damaged(path, "its rows are not in the order of the log"))?))
    }
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
fn open(path: &Path, file: &Bytes) -> Result<(ArrowReaderMetadata, i64), StorageError> {
    let loaded =
        ArrowReaderMetadata::load(file, ArrowReaderOptions::default()).map_err(|error| damaged(path, error))?;
    let metadata = loaded.metadata().file_metadata().key_value_metadata();
    let found = metadata
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == write::VERSION_KEY)?.value.as_ref()?.parse().ok());
    match found {
        Some(found) if found > write::VERSION => {
            Err(StorageError::Newer { path: path.to_owned(), found, supported: write::VERSION })
        }
        Some(found) => Ok((loaded, found)),
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
            let read = RoundRows::read(std::slice::from_ref(&part), 0);
            let read = read.and_then(|rows| rows.visit(&mut |_, _| Ok::<_, StorageError>(())));
            if let Err(error) = read {
                assert!(error.to_string().contains(&*path.to_string_lossy()), "{place}: {error}");
                n_gave_up += usize::from(error.to_string().contains("gave up"));
            }
        }
        assert!(n_gave_up > 0, "no damage made the reader panic: it need not be caught any more");
    }
}
