//! How does a file of messages become messages with labels, and what is said of one that is none?

use crate::commands::evaluate::table::{self, first_line, shown};
use crate::error::ServerError;
use csv::StringRecord;
use primitives::{ErrorKind, nearest};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// So many rows are told that cannot be read.
const N_TOLD: usize = 5;
/// So many names of columns are told.
const N_NAMES_TOLD: usize = 12;
/// So many messages are held at most, and so many bytes of them.
const N_MESSAGES_MAX: usize = 2_000_000;
const N_BYTES_MAX: usize = 1 << 30;
/// So much of a message is kept: more is not looked at.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Messages of a file, with their labels where they were asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Texts {
    pub(super) messages: Vec<String>,
    pub(super) labels: Vec<String>,
    /// How many rows were left out because they had no message or no label.
    pub(super) n_without: usize,
}

/// The messages of a file.
pub(super) fn read(file: &Path, text: &str, label: Option<&str>) -> Result<Texts, ServerError> {
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, format!("{}: {why}", file.display()));
    let opened = File::open(file)
        .map_err(|error| invalid(format!("cannot be opened ({error}): name a CSV file of messages")))?;
    texts(opened, text, label).map_err(invalid)
}

/// The messages of a table, or why it is none.
pub(super) fn texts(from: impl Read + 'static, text: &str, label: Option<&str>) -> Result<Texts, String> {
    let mut reader = table::reader(from)?;
    let not_utf_8 = |error: csv::Error| format!("line 1 is no row of a table in UTF-8: {error}");
    let names = table::names(&reader.headers().map_err(not_utf_8)?.clone());
    let text_at = column(&names, text, "--text")?;
    let label_at = label.map(|label| column(&names, label, "--label")).transpose()?;
    let (mut found, mut wrong, mut n_wrong, mut n_bytes) = (Texts::default(), Vec::new(), 0_usize, 0_usize);
    let mut record = StringRecord::new();
    loop {
        let why = match reader.read_record(&mut record) {
            Ok(false) => break,
            // A blank line is no row.
            Ok(true) if record.len() == 1 && record.get(0).is_none_or(|cell| cell.trim().is_empty()) => continue,
            Ok(true) if record.len() != names.len() => {
                let (line, n) = (first_line(reader.position().line(), &record), names.len());
                format!(
                    "line {line} has {} cells where the first line names {n}; a message with the sign between cells, a quote or a \
                     line break in it needs quotes around it",
                    record.len()
                )
            }
            Ok(true) => {
                let message = record.get(text_at).unwrap_or_default().trim();
                let message = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
                let label = label_at.map(|at| record.get(at).unwrap_or_default().trim());
                if message.is_empty() || label.is_some_and(str::is_empty) {
                    found.n_without += 1;
                    continue;
                }
                n_bytes += message.len();
                found.messages.push(message.to_owned());
                found.labels.extend(label.map(str::to_owned));
                if found.messages.len() > N_MESSAGES_MAX || n_bytes > N_BYTES_MAX {
                    return Err(format!(
                        "it holds more than {N_MESSAGES_MAX} messages or 1 GB of them: judge a part of it"
                    ));
                }
                continue;
            }
            Err(error) if error.is_io_error() => return Err(format!("cannot be read further: {error}")),
            Err(error) => format!("cannot be read: {error}; save the file as UTF-8"),
        };
        n_wrong += 1;
        if wrong.len() < N_TOLD {
            wrong.push(why);
        }
    }
    if n_wrong > 0 {
        let more = n_wrong - wrong.len();
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let rows = if n_wrong == 1 { "row" } else { "rows" };
        return Err(format!("{n_wrong} {rows} cannot be used\n  {}{more}", wrong.join("\n  ")));
    }
    if found.messages.is_empty() {
        let what = if label.is_some() { "a message and a label" } else { "a message" };
        return Err(format!("no row has {what}: write one row for each message"));
    }
    Ok(found)
}

/// Where a column stands, or which there are.
fn column(names: &[String], wanted: &str, option: &str) -> Result<usize, String> {
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
