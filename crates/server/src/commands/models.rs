//! What of what was learned elsewhere is fetched? `rapport models fetch`.

use super::progress::Bars;
use super::report;
use crate::args::{ModelsCommand, Options};
use crate::demo::Fetcher;
use crate::encoders;
use crate::error::ServerError;

/// Fetches into the data directory.
pub(super) fn run(options: &Options, command: ModelsCommand) -> Result<(), ServerError> {
    let ModelsCommand::Fetch = command;
    let bars = Bars::new("Fetching embeddings");
    let fetched = encoders::fetch(&options.data, &Fetcher::embeddings(), &bars);
    bars.finish();
    let fetched = fetched?;
    report(options, &fetched, || {
        format!(
            "{} is in {}: messages are understood with it from now on. Models that are there learn from it when they are trained again.",
            fetched.name,
            fetched.directory.display()
        )
    })
}
