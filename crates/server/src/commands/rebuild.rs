//! How is derived state recreated? `rapport rebuild`.

use super::progress::{Counting, spinner};
use super::report;
use crate::args::Options;
use crate::clock::SystemClock;
use crate::error::ServerError;
use crate::on_disk::ports;
use crate::settings::Settings;
use engine::{Live, Stopwatch};
use events::EventLog;
use primitives::Clock;
use serde_json::json;
use storage::{Access, DataDir, Storage, StorageError, StorageSettings};

/// Takes what only the history has into the database, and makes everything derived anew beside what is in force.
pub(super) fn run(options: &Options, settings: Settings) -> Result<(), ServerError> {
    if !options.data.is_dir() {
        return Err(StorageError::Nothing { path: options.data.clone() }.into());
    }
    let watch = Stopwatch::start();
    let directory = DataDir::open(&options.data, Access::Exclusive)?;
    let reading = spinner("Comparing the history with the database");
    let recovered = Storage::recover(directory, StorageSettings::default(), SystemClock.now(), &mut |n| {
        reading.set_prefix(format!("Taking in the history: {n} events read"));
    });
    reading.finish_and_clear();
    let (storage, taken_in) = recovered?;
    let bar = Counting::events("Rebuilding", EventLog::head(&*storage).0);
    let n_events = Live::rebuild(&ports(&storage), &settings.consent_policy(), |n| {
        if n % 4_096 == 0 {
            bar.advance(n);
        }
    })?;
    bar.finish();
    let seconds = watch.elapsed().as_secs_f64();
    let document = json!({
        "events": n_events, "seconds": seconds, "taken_in": taken_in.n_events, "new_database": taken_in.is_new,
        "set_aside": taken_in.leftovers,
    });
    report(options, &document, || {
        let rebuilt = format!("Rebuilt everything from {n_events} events in {seconds:.1} s.");
        let taken = match taken_in.n_events {
            0 => String::new(),
            n if taken_in.is_new => format!(
                "Made a new database from the {n} events of the history. What only the lost one had is gone: events that \
                 were not sealed yet, decisions, rejected events, the list of imports (what they brought stays, and can \
                 no longer be taken out at once), the audit list.\n"
            ),
            n => format!("Took {n} events that only the history had into the database.\n"),
        };
        let kept: String =
            taken_in.leftovers.iter().map(|one| format!("Set aside {}: {}.\n", one.what, one.why)).collect();
        format!("{kept}{taken}{rebuilt}")
    })
}
