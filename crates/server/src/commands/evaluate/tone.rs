//! How well is the tone of my messages read? `rapport evaluate tone --test B.tsv`.

mod report;
mod rows;
mod told;

use crate::args::{Options, TextFiles};
use crate::commands::{progress, report as print};
use crate::error::ServerError;
use engine::Stopwatch;
use models::text::tone::{Reading, Tone};
use primitives::ErrorKind;
use report::Judged;
use rows::Rows;

/// What stands in the place of a task.
pub(super) const TONE: &str = "tone";

/// Reads each message of a file and compares that with what is told of it. Learns and writes nothing.
pub(super) fn run(options: &Options, files: &TextFiles) -> Result<(), ServerError> {
    let (None, Some(test)) = (&files.train, &files.test) else {
        let why = "`rapport evaluate tone` judges what is built in on a file of messages: name it and nothing to learn from, as in \
                   `rapport evaluate tone --test messages.tsv`";
        return Err(ServerError::new(ErrorKind::Invalid, why));
    };
    let rows = rows::read(test, &files.text, &files.label)?;
    let bar = progress::spinner(&format!("Reading {} messages", rows.messages.len()));
    let judged = judge(&rows);
    bar.finish_and_clear();
    let judged = judged?;
    print(options, &judged, || judged.in_words())
}

fn judge(rows: &Rows) -> Result<Judged, ServerError> {
    let internal = |error: models::ModelError| ServerError::new(ErrorKind::Internal, error.to_string());
    let tone = Tone::built_in().map_err(internal)?;
    let watch = Stopwatch::start();
    let said: Vec<Reading> = rows.messages.iter().map(|text| tone.read(text)).collect();
    let ms_per_message = watch.elapsed().as_secs_f64() * 1e3 / rows.messages.len().max(1) as f64;
    Judged::of(rows, &said, ms_per_message).map_err(internal)
}

#[cfg(test)]
mod tests;
