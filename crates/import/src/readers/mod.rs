//! How is a source file opened, and as what?
//!
//! The content decides, not the name: archives are unpacked, gzip is read through, Parquet and NDJSON are recognised, and
//! everything else is a table of text. The mapping may say the delimiter, the columns and the archive's member.

mod delimited;
mod lines;
mod ndjson;
mod parquet;
mod source;
mod spaced;

use super::mapping::SourceRule;
use super::{ImportError, ImportOptions, Unit};
use serde_json::Value;
use std::path::Path;

/// What to do about text in another encoding: nearly always that of Windows in the west.
const SAVE_AS_UTF8: &str =
    "save the file as UTF-8, or convert it: `iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW` (Latin-1 is read by that, too)";
const NO_TEXT: &str = "is no text in UTF-8, since it holds zero bytes: import CSV, TSV, NDJSON or Parquet; text in UTF-16 \
                       becomes readable by `iconv -f UTF-16 -t UTF-8 FILE > NEW`";

/// A row as a reader gives it: text cells in the order of the columns.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) cells: csv::StringRecord,
}

/// What a reader found where the next row should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Row,
    /// A row that cannot be read; its line is in the record, the reason is here.
    Bad(String),
    End,
}

/// A source that is a table.
pub(crate) trait Rows {
    fn columns(&self) -> &[String];
    /// Reads the next row into `record`.
    fn next_row(&mut self, record: &mut Record) -> Result<Found, ImportError>;
    /// How much is read, in the source's unit.
    fn done(&self) -> u64;
    /// How the table was read, for messages: `delimiter ","`.
    fn reading(&self) -> String;
}

/// A payload, or the reason why there is none and the text that was found.
pub(crate) type FoundPayload = Result<Value, (String, Value)>;

/// A source whose rows are payloads already.
pub(crate) trait Payloads {
    /// The next payload with its line.
    fn next_payload(&mut self) -> Result<Option<(u64, FoundPayload)>, ImportError>;
    /// How much is read, in the source's unit.
    fn done(&self) -> u64;
}

/// What a source turned out to be.
pub(crate) enum Content {
    Table(Box<dyn Rows>),
    Payloads(Box<dyn Payloads>),
}

/// An opened source.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) content: Content,
    pub(crate) total: u64,
    pub(crate) unit: Unit,
}

/// Opens a source file.
pub(crate) fn open(path: &Path, rule: Option<&SourceRule>, options: &ImportOptions) -> Result<Source, ImportError> {
    let fallback = SourceRule::default();
    let rule_or_default = rule.unwrap_or(&fallback);
    let opened = source::open(path, rule_or_default.member.as_deref(), &options.scratch_dir)?;
    let name = opened.name.clone();
    let wrong = |problem: &str| ImportError::Format { name: name.clone(), problem: problem.to_owned() };
    let (total, unit) = (opened.total, Unit::Bytes);
    match opened.kind {
        source::Kind::Empty => Err(ImportError::Empty { name }),
        source::Kind::Binary => Err(wrong(NO_TEXT)),
        source::Kind::Tar => Err(wrong("is a tar archive: unpack it and import the file inside")),
        source::Kind::Parquet(file) => {
            let (content, n_rows) = parquet::open(&name, file, rule.is_some())?;
            Ok(Source { name, content, total: n_rows, unit: Unit::Rows })
        }
        source::Kind::Text(first) => {
            let content = match first {
                b'[' if rule.is_none() => {
                    return Err(wrong("is a JSON array: write it as NDJSON, one JSON object a line, and import that"));
                }
                b'{' if rule.is_some() => {
                    return Err(wrong("is NDJSON, whose lines are events already: import it without a mapping"));
                }
                b'{' => Content::Payloads(Box::new(ndjson::Ndjson::new(opened))),
                _ if rule_or_default.delimiter.as_deref() == Some("whitespace") => {
                    Content::Table(Box::new(spaced::Spaced::new(opened, rule_or_default)?))
                }
                _ => Content::Table(Box::new(delimited::Delimited::new(opened, rule_or_default)?)),
            };
            Ok(Source { name, content, total, unit })
        }
    }
}

/// Checks the names of a table's columns: present, and each one once.
fn check_columns(name: &str, columns: &[String]) -> Result<(), ImportError> {
    let mut sorted: Vec<&String> = columns.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(ImportError::Format {
            name: name.to_owned(),
            problem: format!(
                "has the column {:?} twice in its first line: name the columns in the mapping with [source] columns and \
                 header",
                pair.first().map_or("", |column| column.as_str())
            ),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
