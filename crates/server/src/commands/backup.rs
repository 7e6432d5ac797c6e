//! How is everything kept a second time? `rapport backup` and `rapport restore`.

use super::progress::spinner;
use super::report;
use crate::args::Options;
use crate::backed_up;
use crate::clock::SystemClock;
use crate::error::ServerError;
use console::format::bytes;
use indicatif::ProgressBar;
use primitives::Clock;
use serde_json::json;
use std::path::Path;
use storage::{Access, Backup, DataDir, Storage, StorageSettings};

/// Copies the data directory as it is at one moment. A server that runs on it goes on.
pub(super) fn backup(options: &Options, to: &Path) -> Result<(), ServerError> {
    let storage = Storage::open(DataDir::open(&options.data, Access::ReadOnly)?, StorageSettings::default())?;
    let spinner = spinner("Copying the database");
    let made = storage.backup(to, SystemClock.now(), &mut |n| tell(&spinner, "Backing up", n));
    spinner.finish_and_clear();
    let made = made?;
    backed_up::note(&options.data, made.made_at);
    tell_what(options, &made, |what| format!("Backed up {what} into {}.", to.display()))
}

/// Brings a backup back.
pub(super) fn restore(options: &Options, from: &Path) -> Result<(), ServerError> {
    let spinner = spinner("Verifying the backup");
    let restored = storage::restore(from, &options.data, &mut |n| tell(&spinner, "Verifying and restoring", n));
    spinner.finish_and_clear();
    tell_what(options, &restored?, |what| format!("Restored {what} into {}.", options.data.display()))
}

fn tell(spinner: &ProgressBar, doing: &str, n: u64) {
    spinner.set_prefix(format!("{doing}: {}", bytes(n)));
}

fn tell_what(options: &Options, backup: &Backup, sentence: impl FnOnce(String) -> String) -> Result<(), ServerError> {
    let document = json!({
        "events": backup.n_events(), "sealed": backup.n_sealed(), "files": backup.n_files(), "bytes": backup.bytes(),
        "made_at": backup.made_at,
    });
    report(options, &document, || {
        let (n_files, size) = (backup.n_files(), bytes(backup.bytes()));
        sentence(format!("{} events in {n_files} files ({size}) as of {}", backup.n_events(), backup.made_at))
    })
}
