//! How are customers written as Parquet? Columns with their types, in row groups.

use super::{Entry, Holds, Sheet};
use crate::error::ServerError;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use primitives::ErrorKind;
use std::fs::File;
use std::sync::Arc;

/// How many customers a row group has at the most: so much is in memory.
const N_IN_GROUP: usize = 65_536;

pub(super) struct Parquet {
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
    holds: Vec<Holds>,
}

impl Parquet {
    pub(super) fn begin(file: File, heads: &[(String, Holds)]) -> Result<Self, ServerError> {
        let field = |(name, holds): &(String, Holds)| {
            let of = match holds {
                Holds::Number => DataType::Float64,
                Holds::Text => DataType::Utf8,
                Holds::Moment => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
                Holds::YesNo => DataType::Boolean,
            };
            Field::new(name, of, true)
        };
        let schema = Arc::new(Schema::new(heads.iter().map(field).collect::<Vec<_>>()));
        let settings = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(N_IN_GROUP));
        let writer =
            ArrowWriter::try_new(file, schema.clone(), Some(settings.build())).map_err(|error| failed(&error))?;
        Ok(Self { writer, schema, holds: heads.iter().map(|(_, holds)| *holds).collect() })
    }
}

impl Sheet for Parquet {
    fn add(&mut self, rows: &[Vec<Entry>]) -> Result<(), ServerError> {
        let columns = self.holds.iter().enumerate().map(|(place, holds)| column(rows, place, *holds)).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| failed(&error))?;
        self.writer.write(&batch).map_err(|error| failed(&error))
    }

    fn end(self: Box<Self>) -> Result<File, ServerError> {
        self.writer.into_inner().map_err(|error| failed(&error))
    }
}

fn column(rows: &[Vec<Entry>], place: usize, holds: Holds) -> ArrayRef {
    let entries = || rows.iter().map(|row| row.get(place).unwrap_or(&Entry::Nothing));
    match holds {
        Holds::Number => Arc::new(Float64Array::from_iter(entries().map(|entry| match entry {
            Entry::Number(number) => Some(*number),
            _ => None,
        }))),
        Holds::Text => Arc::new(StringArray::from_iter(entries().map(|entry| match entry {
            Entry::Text(text) => Some(text.as_str()),
            _ => None,
        }))),
        Holds::Moment => {
            let moments = entries().map(|entry| match entry {
                Entry::Moment(at) => Some(at.as_millis()),
                _ => None,
            });
            Arc::new(TimestampMillisecondArray::from_iter(moments).with_timezone("UTC"))
        }
        Holds::YesNo => Arc::new(BooleanArray::from_iter(entries().map(|entry| match entry {
            Entry::YesNo(yes) => Some(*yes),
            _ => None,
        }))),
    }
}

fn failed(error: &dyn std::error::Error) -> ServerError {
    ServerError::new(ErrorKind::Internal, format!("cannot write the customers as Parquet: {error}"))
}
