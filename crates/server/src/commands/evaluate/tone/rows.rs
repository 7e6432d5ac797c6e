//! How does a file become messages with what is told of each?

use super::told::Told;
use crate::commands::evaluate::table;
use crate::error::ServerError;
use primitives::ErrorKind;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// So many messages are held at most, and so many bytes of them.
const N_MESSAGES_MAX: usize = 2_000_000;
const N_BYTES_MAX: usize = 1 << 30;
/// So much of a message is kept: more is not looked at.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Messages of a file, with what is told of each.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) messages: Vec<String>,
    pub(super) told: Told,
    /// How many rows were left out because they had no message or no label.
    pub(super) n_without: usize,
}

/// The messages of a file.
pub(super) fn read(file: &Path, text: &str, label: &str) -> Result<Rows, ServerError> {
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, format!("{}: {why}", file.display()));
    table::open(file, "messages").and_then(|opened| rows(opened, text, label)).map_err(invalid)
}

/// The messages of a table. With tabs between cells there need be no names of columns: then the first is the message and the second
/// tells of it, or those whose numbers are given; and quotes are what somebody wrote, unless they stand around the whole cell.
pub(super) fn rows(from: impl Read + 'static, text: &str, label: &str) -> Result<Rows, String> {
    let mut from = BufReader::new(from);
    let start = from.fill_buf().map_err(|error| format!("cannot be read: {error}"))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_packed = start.starts_with(&[0x1f, 0x8b]);
    let mut taken = Taken::default();
    if !is_packed && first.contains(&b'\t') {
        taken.tabs(from, text, label)?;
    } else {
        taken.table(from, text, label)?;
    }
    if taken.messages.is_empty() {
        return Err("no row has a message and a label: write one row for each message".to_owned());
    }
    let told = Told::read(&taken.labels, &taken.lines)?;
    Ok(Rows { messages: taken.messages, told, n_without: taken.n_without })
}

#[derive(Default)]
struct Taken {
    messages: Vec<String>,
    labels: Vec<String>,
    lines: Vec<u64>,
    n_without: usize,
    n_bytes: usize,
}

impl Taken {
    /// Rows of a table with names in its first line.
    fn table(&mut self, from: impl Read + 'static, text: &str, label: &str) -> Result<(), String> {
        let mut reader = table::reader(from)?;
        let names = table::names(&table::header(&mut reader)?);
        let (text, label) = (table::column(&names, text, "--text")?, table::column(&names, label, "--label")?);
        table::each_row(&mut reader, |row| {
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |at: usize| row.get(at).unwrap_or_default();
            self.push(cell(text), cell(label), line).map_err(table::Wrong::File)
        })
    }

    /// Rows of cells with tabs between them.
    fn tabs(&mut self, from: impl BufRead, text: &str, label: &str) -> Result<(), String> {
        let mut places = None;
        for (line, at) in from.take(N_BYTES_MAX as u64 + 1).split(b'\n').zip(1..) {
            let line = line.map_err(|error| format!("cannot be read further: {error}"))?;
            let line =
                std::str::from_utf8(&line).map_err(|_| format!("line {at} is not UTF-8: save the file as UTF-8"))?;
            let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
            let cells: Vec<&str> = line.split('\t').collect();
            let (text, label) = match places {
                Some(places) => places,
                None => {
                    let (found, is_header) = self::places(&cells, text, label)?;
                    places = Some(found);
                    if is_header {
                        continue;
                    }
                    found
                }
            };
            if line.trim().is_empty() {
                continue;
            }
            let cell = |at: usize| cells.get(at).map(|cell| bare(cell)).unwrap_or_default();
            self.push(&cell(text), &cell(label), at)?;
        }
        Ok(())
    }

    fn push(&mut self, message: &str, label: &str, line: u64) -> Result<(), String> {
        let (message, label) = (message.trim(), label.trim());
        if message.is_empty() || label.is_empty() {
            self.n_without += 1;
            return Ok(());
        }
        let message = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
        self.n_bytes += message.len();
        self.messages.push(message.to_owned());
        self.labels.push(label.to_owned());
        self.lines.push(line);
        if self.messages.len() > N_MESSAGES_MAX || self.n_bytes > N_BYTES_MAX {
            return Err(format!("it holds more than {N_MESSAGES_MAX} messages or 1 GB of them: judge a part of it"));
        }
        Ok(())
    }
}

/// Which cells are the message and the label, by the first row, and whether that row names them.
fn places(cells: &[&str], text: &str, label: &str) -> Result<((usize, usize), bool), String> {
    let names: Vec<String> = cells.iter().map(|cell| bare(cell).trim().to_owned()).collect();
    let is_header = [text, label].iter().any(|wanted| names.iter().any(|name| name == wanted));
    if is_header {
        return Ok(((table::column(&names, text, "--text")?, table::column(&names, label, "--label")?), true));
    }
    let place = |wanted: &str, usual: &str, at: usize, option: &str| {
        if wanted == usual {
            return Ok(at);
        }
        let number =
            wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < names.len());
        number.ok_or_else(|| {
            format!("line 1 names no column `{wanted}`: give {option} the number of a column, from 1 to {}, or names in the first line", names.len())
        })
    };
    Ok(((place(text, "text", 0, "--text")?, place(label, "label", 1, "--label")?), false))
}

/// A cell without quotes that stand around the whole of it.
fn bare(cell: &str) -> String {
    let inside = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
    match inside {
        Some(inside) if !inside.replace("\"\"", "").contains('"') => inside.replace("\"\"", "\""),
        _ => cell.to_owned(),
    }
}
