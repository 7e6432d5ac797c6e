//! What of what was learned elsewhere is fetched? `rapport models fetch`.

use super::progress::{Bars, stop_cleanly_on_signal};
use super::report;
use crate::args::{ModelsCommand, Options};
use crate::encoders;
use crate::error::ServerError;

/// Fetches into the data directory.
pub(super) fn run(options: &Options, command: ModelsCommand) -> Result<(), ServerError> {
    let ModelsCommand::Fetch = command;
    stop_cleanly_on_signal();
    let bars = Bars::new("Fetching what was learned elsewhere");
    let fetched = encoders::fetch(&options.data, &bars);
    bars.finish();
    let fetched = fetched?;
    report(options, &fetched, || {
        let lines = fetched.iter().map(|it| format!("{} is in {}.\n", it.name, it.directory.display()));
        format!("{}`rapport evaluate intent` learns from them from now on.", lines.collect::<String>())
    })
}
