//! How do files of history go in? `rapport import`.

pub(super) mod trial;

use super::progress::{Bars, stop_cleanly_on_signal};
use super::report;
use super::sink::EngineSink;
use crate::args::Options;
use crate::clock::Stopwatch;
use crate::console::format::{count, counted, decimal};
use crate::error::ServerError;
use crate::import::{ImportError, ImportOptions, ImportReport, Mapping, Progress, RejectsFile, Sink, import, listed};
use crate::serve::Opened;
use crate::settings::Settings;
use primitives::ErrorKind;
use serde::Serialize;
use std::path::{Path, PathBuf};
use storage::{Access, SealPolicy};

/// What an import did, with its rate.
#[derive(Debug, Serialize)]
pub(super) struct Imported {
    #[serde(flatten)]
    pub(super) report: ImportReport,
    /// Events that were new.
    pub(super) events_new: u64,
    /// Events that were there already; nothing changed.
    pub(super) events_known: u64,
    pub(super) seconds: f64,
    pub(super) events_per_second: f64,
}

/// Imports each file, then seals what came in.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    files: &[PathBuf],
    mapping: Option<&str>,
) -> Result<(), ServerError> {
    let mapping = check_arguments(files, mapping)?;
    stop_cleanly_on_signal();
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    let mut done = Vec::new();
    for file in files {
        done.push(run_one(&opened, &name_of(file), |options, sink, progress, rejects| {
            import(file, mapping.as_ref(), options, sink, progress, rejects)
        })?);
    }
    seal(&opened)?;
    report(options, &done, || done.iter().map(in_words).collect::<Vec<_>>().join("\n"))?;
    done.iter().try_for_each(|imported| something_accepted(&imported.report))
}

/// Everything that can be wrong with the arguments is said before anything is opened.
fn check_arguments(files: &[PathBuf], mapping: Option<&str>) -> Result<Option<Mapping>, ServerError> {
    let mapping = mapping.map(Mapping::find).transpose().map_err(ImportError::from)?;
    for file in files {
        std::fs::File::open(file)
            .map_err(ServerError::io(format!("cannot read {}: check the path", file.display())))?;
    }
    Ok(mapping)
}

fn name_of(file: &Path) -> String {
    file.file_name().map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A file of which nothing is accepted is a failure: the mapping does not fit it, or it is not what it is taken for.
fn something_accepted(report: &ImportReport) -> Result<(), ServerError> {
    if report.events_accepted > 0 || report.rows_read == 0 {
        return Ok(());
    }
    let ImportReport { source, rows_read, rows_left_out, rows_rejected, top_reasons, .. } = report;
    let why = if *rows_rejected == 0 {
        format!("the mapping's `when` leaves out {} of {} rows", count(*rows_left_out), count(*rows_read))
    } else {
        format!("{} of {} rows were rejected{}", count(*rows_rejected), count(*rows_read), listed(top_reasons))
    };
    Err(ServerError::new(ErrorKind::Invalid, format!("nothing of {source} was accepted: {why}")))
}

/// Runs one import into the engine, with progress bars and a rejects file.
pub(super) fn run_one(
    opened: &Opened,
    name: &str,
    work: impl FnOnce(&ImportOptions, &mut dyn Sink, &dyn Progress, &mut RejectsFile) -> Result<ImportReport, ImportError>,
) -> Result<Imported, ServerError> {
    let watch = Stopwatch::start();
    let now = opened.engine.clock().now();
    let mut rejects = RejectsFile::at(&rejects_path(&opened.data, name, &now.to_string()));
    let mut sink = EngineSink::new(opened.engine.clone(), opened.settings.profiles.n_resident_max);
    let bars = Bars::new(name);
    let result = work(&ImportOptions::new(now, opened.data.clone()), &mut sink, &bars, &mut rejects);
    bars.finish();
    rejects.finish()?;
    // What was taken before a failure or a Ctrl-C stays, and is not taken again.
    let flushed = sink.flush();
    let report = result?;
    flushed.map_err(|error| ServerError::new(ErrorKind::Unavailable, error.to_string()))?;
    let seconds = watch.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let events_per_second = (sink.n_new + sink.n_known) as f64 / seconds.max(1e-9);
    Ok(Imported { report, events_new: sink.n_new, events_known: sink.n_known, seconds, events_per_second })
}

/// Moves what was imported from the log into the history's files.
pub(super) fn seal(opened: &Opened) -> Result<(), ServerError> {
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::default())?;
    Ok(())
}

fn rejects_path(data: &Path, name: &str, now: &str) -> PathBuf {
    let plain = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    data.join("rejects").join(format!("{}-{}.ndjson", plain(name), plain(now)))
}

/// "ta_feng.csv: 817,741 rows, 152,003 new events, 0 known already, in 9.1 s (16,703 events/s)".
pub(super) fn in_words(imported: &Imported) -> String {
    let Imported { report, events_new, events_known, seconds, events_per_second } = imported;
    let mut text = format!(
        "{}: {}, {}, {} known already, in {seconds:.1} s ({} events/s)",
        report.source,
        counted(report.rows_read, "row", "rows"),
        counted(*events_new, "new event", "new events"),
        count(*events_known),
        decimal(*events_per_second, 0),
    );
    text += &details(report);
    if let Some(file) = &report.rejects_file {
        text += &format!("\nEach rejected row with its line and reason: {}", file.display());
    }
    text
}

/// What else is to be said of an import: times that were moved, rows that were left out or rejected.
fn details(report: &ImportReport) -> String {
    let mut text = String::new();
    if report.weeks_shifted != 0 {
        text += &format!("; all times moved by {} whole weeks", report.weeks_shifted);
    }
    if report.rows_left_out > 0 {
        text += &format!("; {} left out by the mapping's `when`", counted(report.rows_left_out, "row", "rows"));
    }
    if report.rows_rejected > 0 {
        text += &format!("; {} rejected:{}", counted(report.rows_rejected, "row", "rows"), listed(&report.top_reasons));
    }
    text
}
