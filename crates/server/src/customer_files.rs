//! How are the customers of a list written to a file? As CSV or Parquet, some at a time, into a file without a name.
//!
//! The whole file is there before the first byte is sent: what fails is an answer that says so, and never half a file.

mod csv;
mod parquet;

use crate::app::App;
use crate::error::ServerError;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use decisions::filter::{Measure, Subject};
use engine::{By, Cell, Column, CustomerLine, Page, Selection};
use governance::Deed;
use primitives::{ErrorKind, Timestamp};
use profiles::Identifier;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::time::Duration;

/// How many customers a file may have.
const N_MAX: usize = 1_000_000;
/// How many are written at a time.
const N_AT_A_TIME: usize = 1_000;
/// How long they are looked for.
const TIME_MAX: Duration = Duration::from_secs(120);

/// Which kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Comma-separated values, in UTF-8.
    Csv,
    /// Parquet, compressed with zstd.
    Parquet,
}

impl FileKind {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The answer that is the file.
    pub(crate) fn response(self, file: File) -> Response {
        let disposition = format!("attachment; filename=\"customers.{}\"", self.ending());
        let headers: [(HeaderName, HeaderValue); 4] = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type())),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (headers, crate::file_body::body_of(file)).into_response()
    }
}

/// What a column of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Number,
    Text,
    Moment,
    YesNo,
}

/// One value of a file.
#[derive(Debug, Clone, PartialEq)]
enum Entry {
    Nothing,
    Number(f64),
    Text(String),
    Moment(Timestamp),
    YesNo(bool),
}

/// Writes lines to a file.
trait Sheet {
    fn add(&mut self, rows: &[Vec<Entry>]) -> Result<(), ServerError>;
    fn end(self: Box<Self>) -> Result<File, ServerError>;
}

/// Writes all customers of a selection, and says in the audit list who did.
pub(crate) fn write(app: &App, by: &By, selection: &Selection, kind: FileKind) -> Result<File, ServerError> {
    let engine = &app.engine;
    // A column that stands on every line stands there once.
    let is_new = |column: &&Column| **column != Column::Of(Subject::LastSeen);
    let columns: Vec<Column> = selection.columns.iter().filter(is_new).cloned().collect();
    let wanted = Selection { summed: Vec::new(), ..selection.clone() };
    let found = engine.select(&wanted, Page { n_max: N_MAX, cursor: None }, TIME_MAX)?;
    if !found.is_complete || found.n > N_MAX as u64 {
        let message = format!(
            "a file has {N_MAX} customers at the most, who are found within {} seconds: filter for fewer, or ask again where \
             somebody was erased or separated meanwhile",
            TIME_MAX.as_secs()
        );
        return Err(ServerError::new(ErrorKind::Invalid, message));
    }
    let heads = heads(app, &columns);
    let file = tempfile::tempfile_in(app.storage.directory().path());
    let file = file.map_err(ServerError::io("cannot make a file for the customers in the data directory"))?;
    let mut sheet: Box<dyn Sheet> = match kind {
        FileKind::Csv => Box::new(csv::Csv::begin(file, &heads)?),
        FileKind::Parquet => Box::new(parquet::Parquet::begin(file, &heads)?),
    };
    for ids in found.ids.chunks(N_AT_A_TIME) {
        let lines = engine.lines(ids, &columns)?;
        let rows: Vec<Vec<Entry>> = lines.into_iter().map(|line| row(line, &heads)).collect();
        sheet.add(&rows)?;
    }
    let mut file = sheet.end()?;
    file.seek(SeekFrom::Start(0)).map_err(writing)?;
    app.audit.note(Deed::CustomersExported, by, format!("{} customers as {}", found.ids.len(), kind.ending()));
    Ok(file)
}

fn writing(source: std::io::Error) -> ServerError {
    ServerError::io("cannot write the file of customers")(source)
}

/// What stands on every line, and then the columns.
fn heads(app: &App, columns: &[Column]) -> Vec<(String, Holds)> {
    let names = app.engine.filter_names();
    let of = |column: &Column| match column {
        Column::Why(_) => Holds::Text,
        Column::Of(Subject::Trait(_)) => Holds::Text,
        Column::Of(subject) => match names.measure(subject) {
            Some(Measure::Number) => Holds::Number,
            Some(Measure::Moment) => Holds::Moment,
            Some(Measure::YesNo) => Holds::YesNo,
            _ => Holds::Text,
        },
    };
    let always = [("customer_id", Holds::Text), ("user_ids", Holds::Text), ("last_seen", Holds::Moment)];
    let always = always.map(|(name, holds)| (name.to_owned(), holds));
    let columns = columns.iter().map(|column| (head(column), of(column)));
    always.into_iter().chain(columns).collect()
}

/// The name of a column, without what says that it is a score or a feature.
fn head(column: &Column) -> String {
    match column {
        Column::Of(Subject::Score(name) | Subject::Feature(name) | Subject::Named(name)) => name.clone(),
        other => other.to_string(),
    }
}

fn row(line: CustomerLine, heads: &[(String, Holds)]) -> Vec<Entry> {
    let CustomerLine { profile, cells, .. } = line;
    let user = |name: &Identifier| match name {
        Identifier::User(id) => Some(id.to_string()),
        Identifier::Anonymous(_) => None,
    };
    let users: Vec<String> = profile.links.keys().filter_map(user).collect();
    let always = [Entry::Text(profile.id.to_string()), Entry::Text(users.join("; ")), Entry::Moment(profile.last_seen)];
    let columns = cells.into_iter().zip(&heads[3..]).map(|(cell, (_, holds))| entry(cell, *holds));
    always.into_iter().chain(columns).collect()
}

/// What a cell holds, as its column does.
fn entry(cell: Option<Cell>, holds: Holds) -> Entry {
    let Some(cell) = cell else { return Entry::Nothing };
    match (holds, cell) {
        (Holds::Number, Cell::Number(number)) if number.is_finite() => Entry::Number(number),
        (Holds::Moment, Cell::Moment(at)) => Entry::Moment(at),
        (Holds::YesNo, Cell::YesNo(yes)) => Entry::YesNo(yes),
        (Holds::Text, cell) => Entry::Text(match cell {
            Cell::Text(text) => text,
            Cell::Texts(texts) => texts.join("; "),
            Cell::Number(number) => number.to_string(),
            Cell::YesNo(yes) => yes.to_string(),
            Cell::Moment(at) => at.to_string(),
            Cell::Json(json) => json.to_string(),
        }),
        _ => Entry::Nothing,
    }
}
