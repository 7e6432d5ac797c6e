//! What would an import do? `rapport import --dry-run` reads everything and changes nothing.

use super::super::progress::{Bars, stop_cleanly_on_signal};
use super::super::report;
use super::sink::TrialSink;
use super::{check_arguments, details, name_of, something_accepted};
use crate::args::Options;
use crate::clock::SystemClock;
use crate::error::ServerError;
use crate::settings::Settings;
use console::format::counted;
use import::{ImportOptions, ImportReport, Mapping, RejectsFile, import};
use primitives::Clock;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// So many events are shown.
const N_SHOWN: usize = 3;

/// What an import would do.
#[derive(Debug, Serialize)]
struct Trial {
    #[serde(flatten)]
    report: ImportReport,
    /// The first events, as they would go in.
    first_events: Vec<Value>,
}

/// Reads each file, and tells what would come of it.
pub(in super::super) fn run(
    options: &Options,
    files: &[PathBuf],
    mapping: Option<&str>,
    settings: &Settings,
) -> Result<(), ServerError> {
    let mapping = check_arguments(files, mapping)?;
    stop_cleanly_on_signal();
    let tried = files.iter().map(|file| try_one(file, mapping.as_ref(), settings)).collect::<Result<Vec<_>, _>>()?;
    report(options, &tried, || tried.iter().map(in_words).collect::<Vec<_>>().join("\n\n"))?;
    tried.iter().try_for_each(|trial| something_accepted(&trial.report))
}

fn try_one(file: &Path, mapping: Option<&Mapping>, settings: &Settings) -> Result<Trial, ServerError> {
    let now = SystemClock.now();
    let bars = Bars::new(name_of(file));
    let mut sink = TrialSink::new(now, settings, N_SHOWN);
    let options = ImportOptions::new(now, std::env::temp_dir());
    let result = import(file, mapping, &options, &mut sink, &bars, &mut RejectsFile::nowhere());
    bars.finish();
    Ok(Trial { report: result?, first_events: sink.first })
}

fn in_words(trial: &Trial) -> String {
    let Trial { report, first_events } = trial;
    let mut text = String::new();
    for event in first_events {
        // An event is always JSON.
        text += &format!("{}\n", serde_json::to_string_pretty(event).unwrap_or_default());
    }
    let kept = if report.rows_rejected > 0 { ". The import writes each rejected row to a file" } else { "" };
    text += &format!(
        "{}: {} would become {}, {} of them items{}\nThis was a trial: nothing was changed{kept}.",
        report.source,
        counted(report.rows_read, "row", "rows"),
        counted(report.events_accepted, "event", "events"),
        report.items_accepted,
        details(report),
    );
    text
}
