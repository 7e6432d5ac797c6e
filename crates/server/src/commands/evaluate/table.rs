//! How is a file read that is a table with names in its first line, whoever wrote it?

use csv::{Reader, ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;
use primitives::nearest;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// So many rows are told that cannot be read.
const N_TOLD: usize = 5;
/// So much is read of a file at most, unpacked: a few bytes can be packed that unpack to any number.
const N_BYTES_MAX: u64 = 16 << 30;
/// So many names of columns are told.
const N_NAMES_TOLD: usize = 12;
/// So long is a line at most.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads no more than fits in memory.
struct Bounded<R> {
    from: R,
    n_left: u64,
    /// How much of the line was read that is being read.
    n_of_line: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.from.read(into)?;
        let read = into.get(..n).unwrap_or_default();
        let longest = read.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or(0);
        let first = read.iter().position(|byte| *byte == b'\n');
        let n_of_line = self.n_of_line + first.unwrap_or(n);
        self.n_of_line = match read.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => n - last - 1,
            None => n_of_line,
        };
        if n_of_line.max(longest) > LINE_BYTES_MAX {
            return Err(std::io::Error::other(format!("a line of it is longer than {LINE_BYTES_MAX} bytes")));
        }
        self.n_left = self
            .n_left
            .checked_sub(n as u64)
            .ok_or_else(|| std::io::Error::other("it is larger than 16 GB, unpacked; judge a part of it"))?;
        Ok(n)
    }
}

/// A reader of rows, gzipped or not, with a comma, semicolon or tab between cells and any end of lines.
pub(in crate::commands) fn reader(from: impl Read + 'static) -> Result<Reader<Box<dyn Read>>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut from = BufReader::new(from);
    let is_packed = from.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
    let from: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(from)) } else { Box::new(from) };
    let mut from = BufReader::new(Bounded { from, n_left: N_BYTES_MAX, n_of_line: 0 });
    let delimiter = delimiter(from.fill_buf().map_err(unreadable)?);
    // With CRLF as the end the reader's line would be one behind; the \r is trimmed off with other space.
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).terminator(csv::Terminator::Any(b'\n'));
    let from: Box<dyn Read> = Box::new(from);
    Ok(builder.from_reader(from))
}

/// What stands between cells: a comma, unless the first line has none and one of the others.
fn delimiter(start: &[u8]) -> u8 {
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |delimiter: &u8| first.contains(delimiter);
    [b',', b';', b'\t'].into_iter().find(has).unwrap_or(b',')
}

/// The names in the first line, without what some programs write before them.
pub(in crate::commands) fn names(header: &StringRecord) -> Vec<String> {
    header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect()
}

/// Opens a file of rows that are called so in messages.
pub(in crate::commands) fn open(file: &Path, of: &str) -> Result<File, String> {
    File::open(file).map_err(|error| format!("cannot be opened ({error}): name a CSV file of {of}"))
}

/// The first line.
pub(in crate::commands) fn header(reader: &mut Reader<Box<dyn Read>>) -> Result<StringRecord, String> {
    let header = reader.headers().map_err(|error| format!("line 1 is no row of a table in UTF-8: {error}"));
    header.cloned()
}

/// What is wrong.
pub(in crate::commands) enum Wrong {
    /// With this row, of which the next ones may know nothing: what stands behind "line 7".
    Row(String),
    /// With the file.
    File(String),
}

/// Takes each row that is no blank line. What is wrong with rows is told together, with how many more there are.
pub(in crate::commands) fn each_row(
    reader: &mut Reader<Box<dyn Read>>,
    mut take: impl FnMut(&StringRecord) -> Result<(), Wrong>,
) -> Result<(), String> {
    let (mut wrong, mut n_wrong) = (Vec::new(), 0_usize);
    let mut record = StringRecord::new();
    loop {
        let why = match reader.read_record(&mut record) {
            Ok(false) => break,
            // A blank line is no row.
            Ok(true) if record.len() == 1 && record.get(0).is_none_or(|cell| cell.trim().is_empty()) => continue,
            Ok(true) => match take(&record) {
                Ok(()) => continue,
                Err(Wrong::Row(why)) => format!("line {}{why}", first_line(reader.position().line(), &record)),
                Err(Wrong::File(why)) => return Err(why),
            },
            // Nothing comes after that.
            Err(error) if error.is_io_error() => return Err(format!("cannot be read further: {error}")),
            Err(error) => format!("cannot be read: {error}; save the file as UTF-8"),
        };
        n_wrong += 1;
        if wrong.len() < N_TOLD {
            wrong.push(why);
        }
    }
    if n_wrong == 0 {
        return Ok(());
    }
    let more = n_wrong - wrong.len();
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let rows = if n_wrong == 1 { "row" } else { "rows" };
    Err(format!("{n_wrong} {rows} cannot be used\n  {}{more}", wrong.join("\n  ")))
}

/// The line that a row begins on, by the one after it: the reader's own answer is too low after blank lines.
fn first_line(line_after: u64, row: &StringRecord) -> u64 {
    let n_inside = row.as_slice().bytes().filter(|byte| *byte == b'\n').count() as u64;
    line_after.saturating_sub(1 + n_inside).max(row.position().map_or(0, csv::Position::line))
}

/// A cell as it is told: not longer than anybody reads.
pub(in crate::commands) fn shown(cell: &str) -> String {
    const N_CHARS: usize = 40;
    let some: String = cell.chars().take(N_CHARS).collect();
    if some.len() < cell.len() { format!("{some}…") } else { some }
}

/// Where a column stands, or which there are.
pub(in crate::commands) fn column(names: &[String], wanted: &str, option: &str) -> Result<usize, String> {
    let mut found = names.iter().enumerate().filter(|(_, name)| name.as_str() == wanted);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (Some(_), Some(_)) => Err(format!("line 1: two columns are called `{wanted}`: rename one of them")),
        (None, _) => {
            let some: Vec<String> = names.iter().take(N_NAMES_TOLD).map(|name| format!("`{}`", shown(name))).collect();
            let more = if names.len() > N_NAMES_TOLD { " and more" } else { "" };
            let meant = nearest(wanted, names.iter().map(String::as_str));
            let meant = meant.map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
            Err(format!(
                "line 1: there is no column `{wanted}`. The first line names {}{more}: say with {option} which it is.{meant}",
                some.join(", ")
            ))
        }
    }
}
