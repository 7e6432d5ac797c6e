//! How does a row become a line of NDJSON, or a row of Parquet?

use crate::args::ExportFormat;
use crate::error::ServerError;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use primitives::{ErrorKind, Timestamp};
use serde_json::{Map, Value};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage::{create_directory, create_file};

/// After how many bytes of documents a row group of Parquet is written.
const GROUP_BYTES: usize = 8 << 20;

impl ExportFormat {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// A field of the documents that has a column of its own in Parquet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(pub(super) &'static str, pub(super) Kind);

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Time,
    Truth,
}

/// A file that is being written, for nobody else to read. Without [`File::finish`] nothing is left of it.
pub(super) struct File {
    path: PathBuf,
    temp: PathBuf,
    rows: Rows,
}

enum Rows {
    Lines(BufWriter<fs::File>),
    Columns(Box<Columns>),
}

struct Columns {
    writer: SerializedFileWriter<fs::File>,
    columns: &'static [Column],
    group: Vec<Map<String, Value>>,
    documents: Vec<ByteArray>,
    group_bytes: usize,
}

impl File {
    pub(super) fn create(path: &Path, format: ExportFormat, columns: &'static [Column]) -> Result<Self, ServerError> {
        let failed = || ServerError::io(format!("cannot write {}", path.display()));
        if path.exists() {
            let message = format!("{} is there already: name another directory", path.display());
            return Err(ServerError::new(ErrorKind::Invalid, message));
        }
        create_directory(path.parent().unwrap_or(Path::new("."))).map_err(failed())?;
        let temp = path.with_extension(format!("{}.unfinished", format.extension()));
        let file = create_file(&temp).map_err(failed())?;
        let rows = match format {
            ExportFormat::Ndjson => Rows::Lines(BufWriter::new(file)),
            ExportFormat::Parquet => {
                Rows::Columns(Box::new(Columns::begin(file, columns).map_err(|error| unwritable(path, &error))?))
            }
        };
        Ok(Self { path: path.to_owned(), temp, rows })
    }

    pub(super) fn write(&mut self, document: &Map<String, Value>) -> Result<(), ServerError> {
        match &mut self.rows {
            Rows::Lines(file) => serde_json::to_writer(&mut *file, document)
                .map_err(std::io::Error::from)
                .and_then(|()| file.write_all(b"\n"))
                .map_err(ServerError::io(format!("cannot write {}", self.path.display()))),
            Rows::Columns(columns) => columns.write(document).map_err(|error| unwritable(&self.path, &error)),
        }
    }

    /// Writes what waits, and gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), ServerError> {
        let failed = || ServerError::io(format!("cannot write {}", self.path.display()));
        match &mut self.rows {
            Rows::Lines(file) => file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed())?,
            Rows::Columns(columns) => columns.finish().map_err(|error| unwritable(&self.path, &error))?,
        }
        fs::rename(&self.temp, &self.path).map_err(failed())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A finished file is no longer there under this name.
        let _ = fs::remove_file(&self.temp);
    }
}

impl Columns {
    fn begin(file: fs::File, columns: &'static [Column]) -> Result<Self, ParquetError> {
        let mut fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        fields.push(field(&Column("document", Kind::Text))?);
        let schema = Arc::new(Type::group_type_builder("rapport").with_fields(fields).build()?);
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        Ok(Self { writer, columns, group: Vec::new(), documents: Vec::new(), group_bytes: 0 })
    }

    fn write(&mut self, document: &Map<String, Value>) -> Result<(), ParquetError> {
        let text = serde_json::to_vec(document).map_err(|error| ParquetError::External(Box::new(error)))?;
        self.group_bytes += text.len();
        self.documents.push(text.into());
        let kept = |column: &Column| document.get(column.0).map(|value| (column.0.to_owned(), value.clone()));
        self.group.push(self.columns.iter().filter_map(kept).collect());
        if self.group_bytes >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in self.columns {
            let values = self.group.iter().map(|row| row.get(column.0).unwrap_or(&Value::Null));
            match column.1 {
                Kind::Text => put::<ByteArrayType>(&mut group, values.map(|v| v.as_str().map(ByteArray::from)))?,
                Kind::Number => put::<Int64Type>(&mut group, values.map(Value::as_i64))?,
                Kind::Time => put::<Int64Type>(&mut group, values.map(millis))?,
                Kind::Truth => put::<BoolType>(&mut group, values.map(Value::as_bool))?,
            }
        }
        put::<ByteArrayType>(&mut group, std::mem::take(&mut self.documents).into_iter().map(Some))?;
        group.close()?;
        self.group.clear();
        self.group_bytes = 0;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ParquetError> {
        if !self.group.is_empty() {
            self.write_group()?;
        }
        self.writer.finish()?;
        Ok(self.writer.inner().sync_all()?)
    }
}

fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.1 {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Number => (Physical::INT64, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Kind::Truth => (Physical::BOOLEAN, None),
    };
    let field = Type::primitive_type_builder(column.0, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()?;
    Ok(Arc::new(field))
}

/// Writes the next column: the values that are there, and a level for each row that says whether there is one.
fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, fs::File>,
    rows: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for row in rows {
        levels.push(i16::from(row.is_some()));
        values.extend(row);
    }
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("there are more columns than were declared".to_owned()));
    };
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}

fn millis(value: &Value) -> Option<i64> {
    Timestamp::parse(value.as_str()?).ok().map(Timestamp::as_millis)
}

fn unwritable(path: &Path, error: &ParquetError) -> ServerError {
    let message = format!("cannot write {}: {error}; free some disk space and try again", path.display());
    ServerError::new(ErrorKind::Unavailable, message)
}
