//! How do files of history go in? `rapport import`.

use super::progress::{Bars, stop_cleanly_on_signal};
use super::sink::EngineSink;
use super::{report, say};
use crate::args::Options;
use crate::clock::Stopwatch;
use crate::error::ServerError;
use crate::import::{ImportError, ImportOptions, ImportReport, Mapping, Progress, RejectsFile, Sink, import};
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
    // Everything that can be wrong with the arguments is said before anything is opened.
    let mapping = mapping.map(Mapping::find).transpose().map_err(ImportError::from)?;
    for file in files {
        std::fs::File::open(file)
            .map_err(ServerError::io(format!("cannot read {}: check the path", file.display())))?;
    }
    stop_cleanly_on_signal();
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    let mut done = Vec::new();
    for file in files {
        let name = file.file_name().map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned());
        done.push(run_one(&opened, &name, |options, sink, progress, rejects| {
            import(file, mapping.as_ref(), options, sink, progress, rejects)
        })?);
    }
    seal(&opened)?;
    report(options, &done, || done.iter().map(in_words).collect::<Vec<_>>().join("\n"))
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

/// "ta_feng.csv: 817,741 rows, 152,003 new events in 9.1 s (16,703/s)".
pub(super) fn in_words(imported: &Imported) -> String {
    let Imported { report, events_new, events_known, seconds, events_per_second } = imported;
    let mut text = format!(
        "{}: {} rows, {events_new} new events, {events_known} known already, in {seconds:.1} s ({events_per_second:.0} events/s)",
        report.source, report.rows_read
    );
    if report.weeks_shifted != 0 {
        text += &format!("; all times moved by {} whole weeks", report.weeks_shifted);
    }
    if let Some(file) = &report.rejects_file {
        let n_rejected = report.rows_rejected + report.events_rejected;
        text += &format!("; {n_rejected} rejected, each with its line and reason in {}", file.display());
    }
    if report.rows_read > 0 && *events_new + *events_known == 0 {
        say("Nothing was accepted: look at the reasons in the rejects file.");
    }
    text
}
