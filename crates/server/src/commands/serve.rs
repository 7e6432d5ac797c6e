//! How is the server run? `rapport serve`.

use super::say;
use crate::args::Options;
use crate::error::ServerError;
use crate::exposure::check_exposure;
use crate::keys::{Keys, NewKey};
use crate::serve::{Opened, Running, StartOptions};
use crate::settings::Settings;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use storage::{Access, StorageError};

/// Opens the data directory and serves until Ctrl-C or SIGTERM.
pub(super) fn run(options: &Options, settings: Settings) -> Result<(), ServerError> {
    let absent = absent_directories(&options.data);
    let (running, created) = start(options, settings).inspect_err(|error| {
        // Where another program holds the directory, it is not ours to take back.
        if !matches!(error, ServerError::Storage(StorageError::InUse { .. })) {
            take_back(&absent);
        }
    })?;
    show_keys(&created);
    say(&format!("Rapport is listening on http://{}: open it in a browser. Ctrl-C stops it.", running.address()));
    running.stop_on_signal()
}

/// Opens, makes the keys that do not exist yet, and listens.
fn start(options: &Options, settings: Settings) -> Result<(Running, Vec<NewKey>), ServerError> {
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    if opened.storage.is_new() {
        say(&format!("Began a new database in {}.", opened.data.display()));
    }
    let keys = Keys::load(&opened.data, &opened.settings.keys)?;
    check_exposure(&opened.settings.server, &keys)?;
    if let Some(weakness) = keys.weakness() {
        say(&format!("Careful: {weakness}. That does for trying things on this machine."));
    }
    let created = keys.create_missing()?;
    Ok((Running::start(opened, keys, StartOptions::default())?, created))
}

/// The directory and those above it that do not exist, the innermost first.
fn absent_directories(data: &Path) -> Vec<PathBuf> {
    let above = data.ancestors().filter(|path| !path.as_os_str().is_empty());
    above.take_while(|path| !path.exists()).map(Path::to_owned).collect()
}

/// Removes what a start that failed has made: nobody was served, and its keys were never shown.
fn take_back(absent: &[PathBuf]) {
    let Some((data, above)) = absent.split_first() else { return };
    // What cannot be removed stays: the failure itself is what must be told.
    let _ = std::fs::remove_dir_all(data);
    for directory in above {
        let _ = std::fs::remove_dir(directory);
    }
}

/// Shows new keys: the only time anybody sees them.
pub(super) fn show_keys(created: &[NewKey]) {
    if created.is_empty() {
        return;
    }
    say("\nNew API keys. They are shown this once and stored only as hashes: keep them.");
    for NewKey { info, key } in created {
        let role = info.role;
        say(&format!("  {role:<8}{key}   {}", role.meaning()));
    }
    say("");
}

/// Three lines to try, with the keys where they are known.
pub(super) fn try_lines(address: SocketAddr, write: &str, server: &str, user: &str) -> [String; 3] {
    [
        format!(
            "curl -u {write}: http://{address}/v1/track -d '{{\"userId\":\"{user}\",\"event\":\"Product Viewed\",\"properties\":{{\"product_id\":\"1\"}}}}'"
        ),
        format!(
            "curl -H 'Authorization: Bearer {server}' http://{address}/v1/decide -d '{{\"decision\":\"recommend\",\"userId\":\"{user}\",\"n\":5}}'"
        ),
        format!(
            "curl -H 'Authorization: Bearer {server}' http://{address}/v1/decide -d '{{\"decision\":\"churn\",\"userId\":\"{user}\"}}'"
        ),
    ]
}
