//! How far is it? Bars on standard error with rows, rate and time left.

use crate::import::{Phase, Progress, Unit};
use crate::serve::stop_signal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether Ctrl-C was pressed while something long was going on.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Lets Ctrl-C and SIGTERM end long work at its next step, in place of ending the program at once.
pub(super) fn stop_cleanly_on_signal() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::AcqRel) {
        return;
    }
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(stop_signal()).is_ok() {
            CANCELLED.store(true, Ordering::Release);
        }
    });
}

/// Whether the user asked to stop.
pub(super) fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::Acquire)
}

/// Bars for an import.
pub(super) struct Bars {
    label: String,
    bar: Mutex<ProgressBar>,
}

impl Bars {
    pub(super) fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn finish(&self) {
        self.bar().finish_and_clear();
    }
}

impl Progress for Bars {
    fn begin(&self, phase: Phase, total: u64, unit: Unit) {
        let what = match phase {
            Phase::FindingLatest => "looking for the latest time",
            Phase::Reading => "reading",
            Phase::Mapping => "importing",
        };
        self.finish();
        let bar = match unit {
            Unit::Bytes => bar_of(total, "{bytes}/{total_bytes}", "{binary_bytes_per_sec}"),
            Unit::Rows => bar_of(total, "{human_pos}/{human_len} rows", "{per_sec}"),
        };
        bar.set_prefix(format!("{}: {what}", self.label));
        *self.bar() = bar;
    }

    fn advance(&self, done: u64, rows: u64) {
        let bar = self.bar();
        bar.set_position(done);
        bar.set_message(format!("{rows} rows"));
    }

    fn is_cancelled(&self) -> bool {
        is_cancelled()
    }
}

/// A bar for a number of events that may not be known.
pub(super) fn events_bar(label: &str, total: u64) -> ProgressBar {
    let bar = bar_of(total, "{human_pos}/{human_len} events", "{per_sec}");
    bar.set_prefix(label.to_owned());
    bar
}

/// A spinner for work of unknown length.
pub(super) fn spinner(label: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template("{spinner} {prefix} ({elapsed})").unwrap_or(ProgressStyle::default_spinner()),
    );
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn bar_of(total: u64, position: &str, rate: &str) -> ProgressBar {
    let bar = if total == 0 { ProgressBar::no_length() } else { ProgressBar::new(total) };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    let template = format!("{{prefix}} {{bar:30}} {position} {{msg}} {rate} {{eta}} left");
    bar.set_style(ProgressStyle::with_template(&template).unwrap_or(ProgressStyle::default_bar()));
    bar
}
