//! Which row comes next in a CSV or TSV file?

use super::source::{Counted, Opened};
use super::{Found, Record, Rows, SAVE_AS_UTF8};
use crate::ImportError;
use crate::mapping::SourceRule;
use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

/// The delimiters that are looked for where the mapping names none.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A row longer than this is a quote that nobody closed.
const ROW_BYTES_MAX: u64 = 1 << 20;
/// How many lines of the beginning are looked at to find the delimiter.
const SNIFFED_LINES: usize = 20;

/// A table of text, its columns parted by one delimiter, cells quoted with `"` where needed.
pub(super) struct Delimited {
    name: String,
    reader: csv::Reader<Guarded>,
    counted: Counted,
    since_row: Rc<Cell<u64>>,
    columns: Vec<String>,
    delimiter: u8,
}

/// Stops a row that never ends before it fills the memory, and ends the last line where the file does not.
struct Guarded {
    inner: Box<dyn BufRead>,
    since_row: Rc<Cell<u64>>,
    last_byte: u8,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match (n, buffer.first_mut()) {
            (0, Some(first)) if self.last_byte != b'\n' => {
                (*first, self.last_byte) = (b'\n', b'\n');
                return Ok(1);
            }
            _ => self.last_byte = n.checked_sub(1).and_then(|last| buffer.get(last)).copied().unwrap_or(self.last_byte),
        }
        let so_far = self.since_row.get() + n as u64;
        self.since_row.set(so_far);
        if so_far > ROW_BYTES_MAX {
            return Err(std::io::Error::other(format!(
                "the next row is longer than {ROW_BYTES_MAX} bytes: a quote (\") that it opens is never closed"
            )));
        }
        Ok(n)
    }
}

impl Delimited {
    pub(super) fn new(mut opened: Opened, rule: &SourceRule) -> Result<Self, ImportError> {
        let name = opened.name;
        let broken = |source| ImportError::Read { name: name.clone(), line: 0, source };
        let delimiter = match rule.delimiter_byte() {
            Some(delimiter) => delimiter,
            None => sniff(opened.reader.fill_buf().map_err(broken)?),
        };
        let since_row = Rc::new(Cell::new(0));
        let guarded = Guarded { inner: opened.reader, since_row: Rc::clone(&since_row), last_byte: b'\n' };
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            // With CRLF as the end the reader's line would be one behind; the \r is trimmed off with other space.
            .terminator(csv::Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(guarded);
        let columns = rule.columns.clone();
        let mut table = Self { name, reader, counted: opened.counted, since_row, columns, delimiter };
        if rule.has_header() {
            let mut first = Record::default();
            if let Found::Bad(problem) = table.read(&mut first)? {
                return Err(ImportError::Format {
                    name: table.name,
                    problem: format!("has a bad first line: {problem}"),
                });
            }
            if table.columns.is_empty() {
                table.columns = first.cells.iter().map(|column| column.trim().to_owned()).collect();
            }
        }
        super::check_columns(&table.name, &table.columns)?;
        Ok(table)
    }

    fn read(&mut self, record: &mut Record) -> Result<Found, ImportError> {
        self.since_row.set(0);
        let line_before = self.reader.position().line().saturating_sub(1);
        let mut bytes = std::mem::take(&mut record.cells).into_byte_record();
        let answer = self.reader.read_byte_record(&mut bytes);
        let mut bad = None;
        record.cells = csv::StringRecord::from_byte_record(bytes).unwrap_or_else(|error| {
            bad = Some(self.not_utf8(error.utf8_error().field(), error.utf8_error().valid_up_to()));
            // What can be read of it still shows which order it belongs to.
            csv::StringRecord::from_byte_record_lossy(error.into_byte_record())
        });
        match (answer, bad) {
            (Ok(true), bad) => {
                record.line = self.first_line(&record.cells);
                Ok(bad.map_or(Found::Row, Found::Bad))
            }
            (Ok(false), _) => Ok(Found::End),
            (Err(error), _) => {
                record.line = error.position().map_or(self.reader.position().line(), csv::Position::line);
                match error.into_kind() {
                    csv::ErrorKind::Io(source) => {
                        Err(ImportError::Read { name: self.name.clone(), line: line_before, source })
                    }
                    other => Ok(Found::Bad(format!("the row cannot be read: {other:?}"))),
                }
            }
        }
    }

    /// The line that the record just read begins on. The reader's own answer is too low after blank lines, so lines are
    /// counted back from the end of the record; it is right where an open quote swallowed the end of the file.
    fn first_line(&self, cells: &csv::StringRecord) -> u64 {
        let n_inside = cells.as_slice().bytes().filter(|byte| *byte == b'\n').count() as u64;
        let counted = self.reader.position().line().saturating_sub(1 + n_inside);
        counted.max(cells.position().map_or(0, csv::Position::line))
    }

    fn not_utf8(&self, field: usize, valid_up_to: usize) -> String {
        let column = self.columns.get(field).cloned().unwrap_or_else(|| (field + 1).to_string());
        format!("column \"{column}\" is not UTF-8 at its byte {}: {SAVE_AS_UTF8}", valid_up_to + 1)
    }
}

impl Rows for Delimited {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_row(&mut self, record: &mut Record) -> Result<Found, ImportError> {
        loop {
            match self.read(record)? {
                Found::Row if record.cells.len() == 1 && record.cells.as_slice().trim().is_empty() => {}
                Found::Row => return Ok(check_width(record, self.columns.len())),
                other => return Ok(other),
            }
        }
    }

    fn done(&self) -> u64 {
        self.counted.bytes()
    }

    fn reading(&self) -> String {
        format!("delimiter {:?}", char::from(self.delimiter))
    }
}

/// A row has as many cells as the table has columns, or it is bad.
pub(super) fn check_width(record: &Record, n_columns: usize) -> Found {
    let n = record.cells.len();
    if n == n_columns {
        return Found::Row;
    }
    Found::Bad(format!(
        "the row has {n} cells where the table has {n_columns} columns: look for a missing quote or delimiter"
    ))
}

/// The delimiter that parts the first lines into the most cells, equally many on each line; a comma where none does.
fn sniff(start: &[u8]) -> u8 {
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let counts = count(start, delimiter);
        let fewest = counts.iter().min().copied().unwrap_or(0);
        let most = counts.iter().max().copied().unwrap_or(0);
        // Equal counts speak for a delimiter; a text full of commas has them too, but not on every line alike.
        let score = if fewest == most { 2 * fewest } else { fewest };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// How often the delimiter stands outside quotes on each of the first complete lines.
fn count(start: &[u8], delimiter: u8) -> Vec<usize> {
    let (mut counts, mut n, mut quoted, mut blank) = (Vec::new(), 0, false, true);
    for byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                if !blank {
                    counts.push(n);
                }
                (n, blank) = (0, true);
                if counts.len() == SNIFFED_LINES {
                    return counts;
                }
                continue;
            }
            byte if *byte == delimiter && !quoted => n += 1,
            _ => {}
        }
        blank &= byte.is_ascii_whitespace() && *byte != delimiter;
    }
    if counts.is_empty() {
        counts.push(n);
    }
    counts
}
