//! How does a file of messages become messages with labels, and what is said of one that is none?

use crate::commands::evaluate::table::{self, Wrong, column};
use crate::error::ServerError;
use learning::N_LABELS_MAX;
use primitives::ErrorKind;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// So many messages are held at most, and so many bytes of them.
const N_MESSAGES_MAX: usize = 2_000_000;
const N_BYTES_MAX: usize = 1 << 30;
/// So much of a message is kept: more is not looked at.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Messages of a file, with their labels where they were asked for.
#[derive(Debug, Default, PartialEq)]
pub(in crate::commands) struct Texts {
    pub(in crate::commands) messages: Vec<String>,
    pub(in crate::commands) labels: Vec<String>,
    /// How many rows were left out because they had no message or no label.
    pub(in crate::commands) n_without: usize,
}

impl Texts {
    /// Refuses more labels than can be told apart: such a column holds something else.
    pub(in crate::commands) fn can_be_told_apart(&self, file: &Path, column: &str) -> Result<(), ServerError> {
        let n_labels = self.labels.iter().collect::<BTreeSet<_>>().len();
        if n_labels <= N_LABELS_MAX {
            return Ok(());
        }
        let why = format!(
            "{}: the column `{column}` has {n_labels} different values, and at most {N_LABELS_MAX} can be told apart: say with --label which \
             column says what a message asks for",
            file.display(),
        );
        Err(ServerError::new(ErrorKind::Invalid, why))
    }
}

/// The messages of a file.
pub(in crate::commands) fn read(file: &Path, text: &str, label: Option<&str>) -> Result<Texts, ServerError> {
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, format!("{}: {why}", file.display()));
    table::open(file, "messages").and_then(|opened| texts(opened, text, label)).map_err(invalid)
}

/// The messages of a table, or why it is none.
pub(super) fn texts(from: impl Read + 'static, text: &str, label: Option<&str>) -> Result<Texts, String> {
    let mut reader = table::reader(from)?;
    let names = table::names(&table::header(&mut reader)?);
    let text_at = column(&names, text, "--text")?;
    let label_at = label.map(|label| column(&names, label, "--label")).transpose()?;
    let (mut found, mut n_bytes) = (Texts::default(), 0_usize);
    table::each_row(&mut reader, |row| {
        if row.len() != names.len() {
            return Err(Wrong::Row(format!(
                " has {} cells where the first line names {}; a message with the sign between cells, a quote or a line break in it \
                 needs quotes around it",
                row.len(),
                names.len()
            )));
        }
        let message = row.get(text_at).unwrap_or_default().trim();
        let message = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
        let label = label_at.map(|at| row.get(at).unwrap_or_default().trim());
        if message.is_empty() || label.is_some_and(str::is_empty) {
            found.n_without += 1;
            return Ok(());
        }
        n_bytes += message.len();
        found.messages.push(message.to_owned());
        found.labels.extend(label.map(str::to_owned));
        if found.messages.len() > N_MESSAGES_MAX || n_bytes > N_BYTES_MAX {
            let why = format!("it holds more than {N_MESSAGES_MAX} messages or 1 GB of them: judge a part of it");
            return Err(Wrong::File(why));
        }
        Ok(())
    })?;
    if found.messages.is_empty() {
        let what = if label.is_some() { "a message and a label" } else { "a message" };
        return Err(format!("no row has {what}: write one row for each message"));
    }
    Ok(found)
}
