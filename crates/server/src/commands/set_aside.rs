//! How does everything go on without what cannot be read? `rapport set-aside`.

use super::report;
use crate::args::Options;
use crate::clock::SystemClock;
use crate::error::ServerError;
use primitives::Clock;
use storage::{Access, DataDir, StorageError};

/// Sets aside what `rapport doctor` named.
pub(super) fn run(options: &Options, what: &str) -> Result<(), ServerError> {
    if !options.data.is_dir() {
        return Err(StorageError::Nothing { path: options.data.clone() }.into());
    }
    let directory = DataDir::open(&options.data, Access::Exclusive)?;
    let record = storage::set_aside(&directory, what, SystemClock.now())?;
    report(options, &record, || {
        format!(
            "Set aside {} with {} event(s): {}.\nIt is kept in {}. Run `rapport rebuild`, so that nothing derived from it stays.",
            record.what,
            record.n_events(),
            record.why,
            options.data.join("set-aside").display()
        )
    })
}
