//! How do files of history, and directories of them, go in? `rapport import`.

mod company;
pub(super) mod elsewhere;
pub(super) mod here;
pub(super) mod places;
mod sink;
mod target;
pub(super) mod trial;

use self::sink::{BatchSink, Importing, OtherContent};
use super::progress::{Bars, stop_cleanly_on_signal};
use super::report;
use crate::api::imports::{ImportBegins, ImportEnds};
use crate::args::{ImportArgs, Options};
use crate::clock::SystemClock;
use crate::error::ServerError;
use crate::settings::Settings;
use console::format::{count, counted, decimal};
use engine::Stopwatch;
use import::{ImportError, ImportOptions, ImportReport, Mapping, Progress, RejectsFile, Sink, import, listed, name_of};
use primitives::{Clock, ErrorKind, Timestamp, visible};
use serde::Serialize;
use std::collections::HashSet;
use std::path::PathBuf;
use target::Target;

/// So many keys that are known with other content, and so many names that were left out, are told.
const N_NAMED: usize = 5;

/// What an import did, with its rate.
#[derive(Debug, Serialize)]
pub(super) struct Imported {
    /// Its number.
    id: u64,
    #[serde(flatten)]
    pub(super) report: ImportReport,
    /// Events that were new.
    pub(super) events_new: u64,
    /// Events that were there already; nothing changed.
    pub(super) events_known: u64,
    /// Events whose key is known with other content, which stays.
    events_conflicting: u64,
    /// The first of them.
    conflicting: Vec<String>,
    /// Events that came in the place of others.
    events_replaced: u64,
    /// Events that name customers who were erased, and were refused.
    events_erased: u64,
    pub(super) seconds: f64,
    pub(super) events_per_second: f64,
}

/// Imports each file.
pub(super) fn run(options: &Options, settings: Settings, ask: &ImportArgs) -> Result<(), ServerError> {
    let mapping = check_arguments(&ask.files, ask.mapping.as_deref())?;
    stop_cleanly_on_signal();
    let target = places::open(options, settings, &ask.elsewhere)?;
    let mut done = Vec::new();
    for file in &ask.files {
        let begins = ImportBegins {
            file: name_of(file),
            mapping: mapping.as_ref().map(|mapping| mapping.name().to_owned()),
            mapping_sha256: mapping.as_ref().map(|mapping| mapping.sha256().to_owned()),
        };
        done.push(run_one(target.as_ref(), &begins, ask.replace, |options, sink, progress, rejects| {
            import(file, mapping.as_ref(), options, sink, progress, rejects)
        })?);
    }
    report(options, &done, || done.iter().map(in_words).collect::<Vec<_>>().join("\n"))?;
    done.iter().try_for_each(|imported| something_accepted(&imported.report))?;
    done.iter().try_for_each(nothing_differs)
}

/// What reads a file, from its beginning to its end.
type Work<'w> =
    dyn Fn(&ImportOptions, &mut dyn Sink, &dyn Progress, &mut RejectsFile) -> Result<ImportReport, ImportError> + 'w;

/// Runs one import into a target, with progress bars and a rejects file. Where the file's content is to replace what is
/// known, it is read again for what is known with other content.
pub(super) fn run_one(
    target: &dyn Target,
    begins: &ImportBegins,
    is_replacing: bool,
    work: impl Fn(&ImportOptions, &mut dyn Sink, &dyn Progress, &mut RejectsFile) -> Result<ImportReport, ImportError>,
) -> Result<Imported, ServerError> {
    let watch = Stopwatch::start();
    let importing = Importing::new(target, begins.clone());
    let now = SystemClock.now();
    let mut rejects = RejectsFile::at(&rejects_path(target, &begins.file, &now.to_string()));
    let (report, mut sink) = pass(&importing, &mut rejects, &work, BatchSink::new)?;
    let mut n_replaced = 0;
    if is_replacing && !sink.conflicts.is_empty() {
        let keys: HashSet<String> = sink.conflicts.drain(..).map(|one| one.key).collect();
        let replacing = |importing, now| BatchSink::replacing(importing, now, keys);
        let (_, again) = pass(&importing, &mut RejectsFile::nowhere(), &work, replacing)?;
        (sink.conflicts, n_replaced) = (again.conflicts, again.n_replaced);
    }
    let (conflicts, n_erased) = (sink.conflicts, sink.n_erased);
    let n_conflicts = conflicts.len() as u64;
    let ends = ImportEnds {
        rows: report.rows_read,
        rejected: report.rows_rejected + n_erased,
        accepted: sink.n_new,
        duplicates: sink.n_known,
        conflicts: n_conflicts,
        replaced: n_replaced,
    };
    let id = importing.id()?;
    target.end(id, ends)?;
    let seconds = watch.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let events_per_second = report.events_accepted as f64 / seconds.max(1e-9);
    Ok(Imported {
        id,
        report,
        events_new: sink.n_new,
        events_known: sink.n_known,
        events_conflicting: n_conflicts,
        conflicting: conflicts.into_iter().take(N_NAMED).map(|OtherContent { name, .. }| name).collect(),
        events_erased: n_erased,
        events_replaced: n_replaced,
        seconds,
        events_per_second,
    })
}

/// Reads the file once.
fn pass<'t>(
    importing: &'t Importing<'t>,
    rejects: &mut RejectsFile,
    work: &Work<'_>,
    sink: impl FnOnce(&'t Importing<'t>, Timestamp) -> BatchSink<'t>,
) -> Result<(ImportReport, BatchSink<'t>), ServerError> {
    let now = SystemClock.now();
    let mut sink = sink(importing, now);
    let bars = Bars::new(&importing.begins.file);
    let options = ImportOptions::new(now, importing.target.data().unwrap_or_else(std::env::temp_dir));
    let result = work(&options, &mut sink, &bars, rejects);
    bars.finish();
    rejects.finish()?;
    // What was taken before a failure or a Ctrl-C stays, and is not taken again.
    let flushed = sink.flush();
    let report = result?;
    flushed.map_err(|error| ServerError::new(ErrorKind::Unavailable, error.to_string()))?;
    Ok((report, sink))
}

/// In the data directory, or here where the data is elsewhere.
fn rejects_path(target: &dyn Target, name: &str, now: &str) -> PathBuf {
    let plain = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    let directory = target.data().unwrap_or_default().join("rejects");
    directory.join(format!("{}-{}.ndjson", plain(name), plain(now)))
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

/// Keys that are known with other content are not a success: whoever corrected a file would believe it to be in.
fn nothing_differs(imported: &Imported) -> Result<(), ServerError> {
    if imported.events_conflicting == 0 {
        return Ok(());
    }
    let message = format!(
        "{} of {} {} known with other content, which stays: import it with --replace to put the file's content in its \
         place",
        counted(imported.events_conflicting, "event", "events"),
        imported.report.source,
        if imported.events_conflicting == 1 { "is" } else { "are" },
    );
    Err(ServerError::OtherContent { message })
}

/// "ta_feng.csv: 817,741 rows, 152,003 new events, 0 known already, in 9.1 s (16,703 events/s)".
pub(super) fn in_words(imported: &Imported) -> String {
    let Imported { id, report, events_new, events_known, events_conflicting, conflicting, .. } = imported;
    let mut text = format!(
        "{}: {}, {}, {} known already",
        report.source,
        counted(report.rows_read, "row", "rows"),
        counted(*events_new, "new event", "new events"),
        count(*events_known),
    );
    if *events_conflicting > 0 {
        let more = if *events_conflicting > conflicting.len() as u64 { ", …" } else { "" };
        text += &format!(", {} known with other content: {}{more}", count(*events_conflicting), conflicting.join(", "));
    }
    if imported.events_replaced > 0 {
        text += &format!(", {} replaced", count(imported.events_replaced));
    }
    if imported.events_erased > 0 {
        text += &format!(", {} of erased customers refused", count(imported.events_erased));
    }
    let rate = decimal(imported.events_per_second, 0);
    text += &format!(", in {:.1} s ({rate} events/s){}", imported.seconds, details(report));
    if let Some(file) = &report.rejects_file {
        text += &format!("\nEach rejected row with its line and reason: {}", file.display());
    }
    if *events_new == 0 && imported.events_replaced == 0 {
        return text + &format!("\nThis was import {id}: nothing of it was new, so nothing changed.");
    }
    text + &format!("\nThis was import {id}: `rapport imports undo {id}` takes it out again.")
}

/// The first of some names, and how many more there are. Whoever made a file may have named it for a terminal to obey.
fn named(first: &[String], last: &str) -> String {
    let names = |names: &[String]| names.iter().map(|name| visible(name)).collect::<Vec<_>>().join(", ");
    match first.len() {
        0 => visible(last).into_owned(),
        1..N_NAMED => format!("{} and {}", names(first), visible(last)),
        n => format!("{} and {} more", names(&first[..N_NAMED]), count((n + 1 - N_NAMED) as u64)),
    }
}

/// What else is to be said of an import: names and times that were moved, rows that were left out or rejected.
fn details(report: &ImportReport) -> String {
    let mut text = String::new();
    if let [first @ .., last] = &report.files_left_out[..] {
        text += &format!("; left out, being empty or no files of history: {}", named(first, last));
    }
    match (report.weeks_shifted, report.days_shifted) {
        (0, 0) => {}
        (0, days) => text += &format!("; all times moved by {days} whole days"),
        (weeks, _) => text += &format!("; all times moved by {weeks} whole weeks"),
    }
    if report.rows_left_out > 0 {
        text += &format!("; {} left out by the mapping's `when`", counted(report.rows_left_out, "row", "rows"));
    }
    if report.rows_rejected > 0 {
        text += &format!("; {} rejected:{}", counted(report.rows_rejected, "row", "rows"), listed(&report.top_reasons));
        if report.other_reasons_rows > 0 {
            let more = counted(report.other_reasons_rows, "more row", "more rows");
            text += &format!("\n  and {more}, for other reasons or in one order with a rejected row");
        }
    }
    text
}
