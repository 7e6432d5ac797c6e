//! How does the command live beside a server? On a thread of its own, so that it ends within a second whatever the server does.

use super::beside::{Keyed, Life, live};
use super::counts::Counts;
use super::delivery::Enough;
use super::holder::Holder;
use super::known::Known;
use super::pace::Pace;
use super::tempo::Tempo;
use crate::args::{Options, SimulateArgs};
use crate::clock::SystemClock;
use crate::commands::progress::{is_cancelled, spinner, stop_cleanly_on_signal};
use crate::commands::report;
use crate::error::ServerError;
use engine::Stopwatch;
use primitives::{Clock, ErrorKind, Timestamp};
use simulation::{Company, Settings};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long whoever stops waits for what is under way.
const LAST_WORDS_MAX: Duration = Duration::from_millis(800);

/// Lives beside the server that the arguments name.
pub(super) fn run(options: &Options, ask: &SimulateArgs) -> Result<(), ServerError> {
    let url = ask.elsewhere.to.as_deref().unwrap_or_default();
    let server = Keyed::at(url, ask.write_key()?, ask.elsewhere.key()?)?;
    let settings = ask.settings()?;
    stop_cleanly_on_signal();
    let (watch, counts, n_days) = (Stopwatch::start(), Arc::new(Counts::default()), ask.days());
    let (counting, pace, ask) = (counts.clone(), Pace::new(ask.speed), ask.clone());
    let living = std::thread::spawn(move || {
        let is_enough: Enough<'_> = &is_cancelled;
        counting.add(|counted| counted.stage = "looking for the server");
        server.check(is_enough)?;
        let (known, holder) = (Known::ask(&server, is_enough)?, Holder::this("simulate"));
        counting.add(|counted| counted.stage = "living through what was before");
        let mut life = match known {
            Some(known) => {
                known.is_asked_for(ask.seed, ask.customers)?;
                known.is_free_for(&holder, &server, is_enough)?;
                known.live_on()
            }
            None => begin(settings, SystemClock.now()),
        };
        live(&mut life, n_days, &server, Tempo::Speed(pace), &counting, &holder, is_enough)
    });
    let ended = watch_over(living, &counts, n_days, watch);
    let counted = counts.so_far();
    let seconds = watch.elapsed().as_secs_f64();
    if ended.is_ok() || counted.events > 0 {
        report(options, &counted.document(seconds), || counted.in_words(seconds))?;
    }
    ended?;
    if counted.events == 0 && counted.refused > 0 {
        return Err(ServerError::new(ErrorKind::Invalid, "the server accepted nothing of what the company told"));
    }
    Ok(())
}

/// A company whose past nobody knows.
fn begin(settings: Settings, now: Timestamp) -> Life {
    let settings = settings.ending(now);
    let company = Company::new(settings);
    Life { lives: company.lives(), day: settings.first_day(), company, is_new: true }
}

/// Shows how far it is until it has ended. Who asked to stop does not wait for a server that hangs.
fn watch_over(
    living: JoinHandle<Result<(), ServerError>>,
    counts: &Counts,
    n_days: u32,
    watch: Stopwatch,
) -> Result<(), ServerError> {
    let bar = spinner("beginning");
    let mut stopping: Option<Stopwatch> = None;
    while !living.is_finished() {
        if is_cancelled() && stopping.get_or_insert_with(Stopwatch::start).elapsed() > LAST_WORDS_MAX {
            bar.finish_and_clear();
            return Ok(());
        }
        bar.set_prefix(counts.so_far().line(n_days, watch.elapsed().as_secs_f64()));
        std::thread::park_timeout(LOOK_EVERY);
    }
    bar.finish_and_clear();
    living.join().unwrap_or_else(|_| Err(ServerError::new(ErrorKind::Internal, "the company's life broke off")))
}
