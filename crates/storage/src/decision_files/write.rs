//! What is in a day's file of decisions? What was answered, to whom and with which chance; nothing of what was known.

use super::{Row, create_parent};
use crate::StorageError;
use crate::files::{create_directory, create_file, finish, temp_beside};
use crate::history_files::{Digesting, file_error};
use arrow_array::builder::{BooleanBuilder, Float64Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use decisions::{Answer, Content, Record};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use primitives::CustomerId;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the files' columns, in each file's metadata.
const VERSION: &str = "1";
/// Where a file says its version.
const VERSION_KEY: &str = "rapport.decisions_version";
/// Rows in a row group: also what is held in memory of a day, however long it is.
const N_ROWS_GROUP: usize = 65_536;

/// A day's file on its way. Dropping it before the end removes what there is of it.
pub(super) struct DayWriter {
    temp: PathBuf,
    /// `None` when it is finished.
    writer: Option<ArrowWriter<Digesting>>,
    n_rows: usize,
}

impl DayWriter {
    /// Begins a file under a temporary name in the directory of all days, where nobody who reads a day sees it.
    pub(super) fn begin(directory: &Path) -> Result<Self, StorageError> {
        let temp = temp_beside(&directory.join("part"));
        let file = create_directory(directory).and_then(|()| create_file(&temp));
        let file = file.map_err(|source| StorageError::file("writing", &temp, source))?;
        let begun = properties()
            .and_then(|properties| ArrowWriter::try_new(Digesting::new(file), schema(), Some(properties)))
            .map_err(|source| file_error(&temp, source));
        match begun {
            Ok(writer) => Ok(Self { temp, writer: Some(writer), n_rows: 0 }),
            Err(error) => {
                let _ = fs::remove_file(&temp);
                Err(error)
            }
        }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(super) fn add(&mut self, rows: &[Row]) -> Result<(), StorageError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let batch = batch(rows).map_err(|source| ParquetError::ArrowError(source.to_string()));
        batch.and_then(|batch| writer.write(&batch)).map_err(|source| file_error(&self.temp, source))?;
        self.n_rows += rows.len();
        Ok(())
    }

    /// Makes the file durable and puts it in the place of the former one; answers its digest and its size.
    pub(super) fn finish(mut self, path: &Path) -> Result<(u128, u64), StorageError> {
        let Some(writer) = self.writer.take() else { return Ok((0, 0)) };
        let written = writer.into_inner().map_err(|source| file_error(&self.temp, source))?;
        let failed = |source| StorageError::file("writing", path, source);
        let said = written.end().map_err(failed)?;
        create_parent(path).and_then(|()| finish(Ok(()), &self.temp, path)).map_err(failed)?;
        Ok(said)
    }
}

impl Drop for DayWriter {
    fn drop(&mut self) {
        // After the end it has its name; the next start removes what this could not.
        let _ = fs::remove_file(&self.temp);
    }
}

/// Whose a file is that stands where one of ours would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// It says that this program wrote it.
    Ours,
    /// It is no Parquet file that can be read: damaged, or something else.
    Unreadable,
    /// Somebody else's Parquet file, or no file at all.
    Others,
}

/// Looks into a file.
pub(super) fn whose(path: &Path) -> Result<Whose, StorageError> {
    let file = match fs::metadata(path) {
        Ok(found) if found.is_file() => {
            fs::File::open(path).map_err(|source| StorageError::file("reading", path, source))?
        }
        _ => return Ok(Whose::Others),
    };
    let Ok(metadata) = ParquetMetaDataReader::new().parse_and_finish(&file) else { return Ok(Whose::Unreadable) };
    let said = metadata.file_metadata().key_value_metadata();
    let is_ours = said.is_some_and(|said| said.iter().any(|pair| pair.key == VERSION_KEY));
    Ok(if is_ours { Whose::Ours } else { Whose::Others })
}

fn properties() -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(N_ROWS_GROUP))
        // Every value differs.
        .set_column_dictionary_enabled("id".into(), false)
        .set_key_value_metadata(Some(vec![KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_owned())]))
        .build())
}

fn schema() -> SchemaRef {
    let text = |name: &str, is_nullable| Field::new(name, DataType::Utf8, is_nullable);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("id", false),
        Field::new("decided_at", time, false),
        text("kind", false),
        text("arm", true),
        number("propensity"),
        text("model", true),
        text("model_version", true),
        text("customer_id", true),
        Field::new("chosen", DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))), true),
        number("score"),
        number("amount"),
        Field::new("days", DataType::Int64, true),
        text("currency", true),
        Field::new("is_fallback", DataType::Boolean, false),
        text("consent_purpose", true),
        Field::new("consent_granted", DataType::Boolean, true),
    ]))
}

/// The rows as columns. Of a record that cannot be read there is what the log's own columns say, and not whose it is: it
/// cannot be told whether they have refused.
fn batch(rows: &[Row]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let records: Vec<Option<Record>> = rows.iter().map(|row| Record::open(&row.logged).ok()).collect();
    let answers: Vec<Option<&Answer>> =
        records.iter().map(|record| record.as_ref().map(|record| &record.decision.answer)).collect();
    let contents = || answers.iter().map(|answer| answer.map(|answer| &answer.content));
    let times = rows.iter().map(|row| Some(row.logged.decided_at.as_millis()));
    let amounts = || {
        contents().map(|content| match content {
            Some(Content::Amount { amount, .. }) => amount.as_ref(),
            _ => None,
        })
    };
    let scores = contents().map(|content| match content {
        Some(Content::Score { score, .. }) => score.map(primitives::Probability::get),
        _ => None,
    });
    let models = || answers.iter().map(|answer| answer.and_then(|answer| answer.model.as_ref()));
    let columns: Vec<ArrayRef> = vec![
        texts(rows.iter().map(|row| Some(row.logged.id.as_str()))),
        Arc::new(TimestampMillisecondArray::from_iter(times).with_timezone("UTC")),
        texts(rows.iter().map(|row| Some(row.logged.kind.as_str()))),
        texts(records.iter().map(|record| record.as_ref().map(Record::arm))),
        numbers(answers.iter().map(|answer| answer.map(|answer| answer.propensity.get()))),
        texts(models().map(|model| model.map(|model| model.name.as_str()))),
        texts(models().map(|model| model.map(|model| model.version.as_str()))),
        texts(rows.iter().zip(&answers).map(|(row, answer)| customer(row, *answer).map(CustomerId::as_str))),
        chosen(contents()),
        numbers(scores),
        numbers(amounts().map(|amount| amount.map(|amount| amount.value))),
        Arc::new(amounts().map(|amount| amount.and_then(|amount| amount.days)).collect::<Int64Array>()),
        texts(
            amounts().map(|amount| amount.and_then(|amount| amount.currency.as_ref()).map(|currency| currency.code())),
        ),
        truths(rows.iter().map(|row| Some(row.logged.is_fallback))),
        texts(answers.iter().map(|answer| answer.map(|answer| answer.consent.purpose.name()))),
        truths(answers.iter().map(|answer| answer.map(|answer| answer.consent.granted))),
    ];
    RecordBatch::try_new(schema(), columns)
}

/// Whose decision it is, where they may be known: they permitted it then and have not refused since.
fn customer<'a>(row: &'a Row, answer: Option<&Answer>) -> Option<&'a CustomerId> {
    let is_permitted = answer.is_some_and(|answer| answer.consent.granted) && !row.is_forgotten;
    row.logged.customer.as_ref().filter(|_| is_permitted)
}

/// The items that were answered, best first, or the one of several that was chosen.
fn chosen<'a>(contents: impl Iterator<Item = Option<&'a Content>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for content in contents {
        let is_choice = match content {
            Some(Content::Items(items) | Content::Search { items, .. }) => {
                items.iter().for_each(|item| lists.values().append_value(item.id.as_str()));
                true
            }
            Some(Content::Choice { label, .. }) => {
                label.iter().for_each(|label| lists.values().append_value(label));
                label.is_some()
            }
            Some(Content::Actions(actions)) => {
                actions.chosen.iter().for_each(|action| lists.values().append_value(&action.id));
                true
            }
            // A flag that was drawn has a variation: that is what was chosen.
            Some(Content::Flags(flags)) => {
                let drawn = flags.experiments.iter().map(|(experiment, variation)| format!("{experiment}={variation}"));
                drawn.for_each(|one| lists.values().append_value(one));
                true
            }
            Some(Content::Labels(labels)) => {
                let intent = labels.intent.as_ref().filter(|intent| !intent.is_out_of_scope);
                intent.iter().for_each(|intent| lists.values().append_value(&intent.label));
                intent.is_some()
            }
            Some(Content::Reply(reply)) => {
                let quoted = reply.passages.first().filter(|_| !reply.is_abstained);
                quoted.iter().for_each(|quote| lists.values().append_value(&quote.id));
                quoted.is_some()
            }
            Some(Content::Completions(_) | Content::Score { .. } | Content::Amount { .. }) | None => false,
        };
        lists.append(is_choice);
    }
    Arc::new(lists.finish())
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut column = StringBuilder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    let mut column = Float64Builder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

fn truths(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    let mut column = BooleanBuilder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}
