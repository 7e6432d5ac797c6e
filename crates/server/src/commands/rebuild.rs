//! How is derived state recreated? `rapport rebuild`.

use super::progress::Counting;
use super::report;
use crate::args::Options;
use crate::clock::Stopwatch;
use crate::engine::Live;
use crate::error::ServerError;
use crate::serve::ports;
use crate::settings::Settings;
use serde_json::json;
use storage::{Access, DataDir, Storage, StorageSettings};

/// Empties the derived state and folds the whole history into it again.
pub(super) fn run(options: &Options, _: Settings) -> Result<(), ServerError> {
    let storage = Storage::open(DataDir::open(&options.data, Access::Exclusive)?, StorageSettings::default())?;
    let ports = ports(&storage);
    let watch = Stopwatch::start();
    let bar = Counting::events("Rebuilding", ports.history.n_events()?);
    let n_events = Live::rebuild(&ports, |n| {
        if n % 4_096 == 0 {
            bar.advance(n);
        }
    })?;
    bar.finish();
    let seconds = watch.elapsed().as_secs_f64();
    let document = json!({ "events": n_events, "seconds": seconds });
    report(options, &document, || format!("Rebuilt everything from {n_events} events in {seconds:.1} s."))
}
