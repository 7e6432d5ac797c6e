//! How far is it? Bars on standard error that count one thing, with its rate and the time left.

use crate::serve::stop_signal;
use console::format::count;
use engine::Stopwatch;
use import::{Phase, Progress, Unit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether Ctrl-C was pressed while something long was going on.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// What shells tell of a program that Ctrl-C ended.
const ENDED_BY_SIGNAL: i32 = 130;

/// Lets Ctrl-C and SIGTERM end long work at its next step, in place of ending the program at once. The second one ends it at once, where
/// that step does not come.
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
        if runtime.block_on(stop_signal()).is_ok() {
            std::process::exit(ENDED_BY_SIGNAL);
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
    bar: Mutex<Counting>,
}

impl Bars {
    pub(super) fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), bar: Mutex::new(Counting::hidden()) }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Counting> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn finish(&self) {
        self.bar().finish();
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
        let counted = match unit {
            Unit::Bytes => Counted::Bytes,
            Unit::Rows => Counted::Things("rows"),
        };
        *self.bar() = Counting::new(&format!("{}: {what}", self.label), total, counted);
    }

    fn advance(&self, done: u64) {
        self.bar().advance(done);
    }

    fn is_cancelled(&self) -> bool {
        is_cancelled()
    }
}

/// What a bar counts.
#[derive(Debug, Clone, Copy)]
enum Counted {
    Bytes,
    Things(&'static str),
}

/// A bar, and since when it counts.
pub(super) struct Counting {
    bar: ProgressBar,
    total: u64,
    counted: Counted,
    since: Stopwatch,
}

impl Counting {
    /// A bar for a number of events that may not be known: then it is 0.
    pub(super) fn events(label: &str, total: u64) -> Self {
        Self::new(label, total, Counted::Things("events"))
    }

    /// A bar for a number of other things that is known.
    pub(super) fn things(label: &str, total: u64, things: &'static str) -> Self {
        Self::new(label, total, Counted::Things(things))
    }

    fn new(label: &str, total: u64, counted: Counted) -> Self {
        let bar = if total == 0 { ProgressBar::no_length() } else { ProgressBar::new(total) };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let template = "{prefix} {bar:30} {msg}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()));
        bar.set_prefix(label.to_owned());
        Self { bar, total, counted, since: Stopwatch::start() }
    }

    fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), total: 0, counted: Counted::Bytes, since: Stopwatch::start() }
    }

    pub(super) fn advance(&self, done: u64) {
        self.bar.set_message(how_far(done, self.total, self.counted, self.since.elapsed()));
        self.bar.set_position(done);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// "81,920 of 817,741 rows · 113,900/s · 6 s left".
fn how_far(done: u64, total: u64, counted: Counted, elapsed: Duration) -> String {
    let (done_words, total_words) = match counted {
        Counted::Bytes => (megabytes(done), megabytes(total)),
        Counted::Things(things) => (count(done), format!("{} {things}", count(total))),
    };
    let mut text = match (total, counted) {
        (0, Counted::Things(things)) => format!("{done_words} {things}"),
        (0, Counted::Bytes) => done_words,
        _ => format!("{done_words} of {total_words}"),
    };
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 || done == 0 {
        return text;
    }
    let rate = u64::try_from(u128::from(done) * 1_000 / u128::from(millis)).unwrap_or(u64::MAX);
    text += &match counted {
        Counted::Bytes => format!(" · {}/s", megabytes(rate)),
        Counted::Things(_) => format!(" · {}/s", count(rate)),
    };
    if total > done && rate > 0 {
        text += &format!(" · {} left", seconds_in_words((total - done).div_ceil(rate)));
    }
    text
}

fn seconds_in_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", count(bytes / 1_000_000), bytes / 100_000 % 10)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_counts_one_thing_once() {
        let (rows, second) = (Counted::Things("rows"), Duration::from_secs(1));
        for (done, total, counted, elapsed, expected) in [
            (81_920, 817_741, rows, Duration::from_millis(719), "81,920 of 817,741 rows · 113,936/s · 7 s left"),
            (817_741, 817_741, rows, 8 * second, "817,741 of 817,741 rows · 102,217/s"),
            (500, 0, rows, second, "500 rows · 500/s"),
            (0, 817_741, rows, Duration::ZERO, "0 of 817,741 rows"),
            (1_250_000, 41_900_000, Counted::Bytes, second, "1.2 MB of 41.9 MB · 1.2 MB/s · 33 s left"),
            (1, 1_000, rows, second, "1 of 1,000 rows · 1/s · 17 min left"),
            (1, 1_000_000, rows, second, "1 of 1,000,000 rows · 1/s · 278 h left"),
        ] {
            assert_eq!(how_far(done, total, counted, elapsed), expected);
        }
    }
}
