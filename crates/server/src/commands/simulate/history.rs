//! How does an invented company's past get into files? `rapport simulate --history`.

use crate::args::{Options, SimulateArgs};
use crate::commands::progress::{Counting, is_cancelled, stop_cleanly_on_signal};
use crate::commands::report;
use crate::error::ServerError;
use console::format::{count, decimal};
use engine::Stopwatch;
use primitives::ErrorKind;
use serde_json::json;
use simulation::{Company, HistoryError, write_history};
use std::path::Path;

/// Writes the history of the company that the arguments describe.
pub(super) fn run(options: &Options, ask: &SimulateArgs, directory: &Path) -> Result<(), ServerError> {
    let settings = ask.settings()?;
    let settings = ask.end.map_or(settings, |end| settings.ending(end));
    stop_cleanly_on_signal();
    let watch = Stopwatch::start();
    let bar = Counting::things("Living through the days", u64::from(settings.n_days), "days");
    let mut company = Company::new(settings);
    let written = write_history(&mut company, directory, &mut |n_days| {
        bar.advance(u64::from(n_days));
        !is_cancelled()
    });
    bar.finish();
    let written = written.map_err(failed)?;
    let seconds = watch.elapsed().as_secs_f64();
    let history = directory.display();
    let document = json!({
        "events": written.n_events, "days": written.n_days, "days_before": written.n_days_before, "customers": settings.n_customers,
        "seed": settings.seed.value(), "history": directory, "seconds": seconds, "simulated": true,
    });
    report(options, &document, || {
        let before = match written.n_days_before {
            0 => String::new(),
            n => format!(" {} days were there already.", count(u64::from(n))),
        };
        let stopped =
            if written.n_days < settings.n_days { " Stopped: the same command goes on from here." } else { "" };
        format!(
            "{history}: {} events of {} days of an invented company of {} customers (seed {}), in {} s.{before}{stopped}\n\
             `rapport import {history}` takes them in.",
            count(written.n_events),
            count(u64::from(written.n_days)),
            count(u64::from(settings.n_customers)),
            settings.seed.value(),
            decimal(seconds, 1),
        )
    })
}

fn failed(error: HistoryError) -> ServerError {
    let attempt = error.to_string();
    match error {
        HistoryError::Write { source, .. } => ServerError::Io { attempt, source },
        _ => ServerError::new(ErrorKind::Conflict, attempt),
    }
}
