//! How does an invented company get here? As files of its past, or as a life beside a running server. `rapport simulate`.

pub(super) mod beside;
pub(super) mod counts;
mod delivery;
mod history;
pub(super) mod holder;
pub(super) mod known;
mod live;
mod offers;
mod pace;
#[cfg(test)]
mod scripted;
mod teller;
pub(super) mod tempo;

use crate::args::{Options, SimulateArgs};
use crate::error::ServerError;

/// Writes a history or lives beside a server, whichever was asked for.
pub(super) fn run(options: &Options, ask: &SimulateArgs) -> Result<(), ServerError> {
    match &ask.history {
        Some(directory) => history::run(options, ask, directory),
        None => live::run(options, ask),
    }
}
