//! How is the server run? `rapport serve`.

use super::say;
use crate::args::Options;
use crate::declarations::SettingsFile;
use crate::error::ServerError;
use crate::exposure::check_exposure;
use crate::keys::{Keys, NewKey};
use crate::serve::{Opened, Running, StartOptions, check_listen};
use crate::settings::Settings;
use decisions::Kinds;
use std::net::SocketAddr;
use storage::Access;

/// Opens the data directory and serves until Ctrl-C or SIGTERM.
pub(super) fn run(options: &Options, settings: Settings, file: SettingsFile) -> Result<(), ServerError> {
    // What most often goes wrong is found out before anything is made: a start that fails leaves no new directory.
    let keys = Keys::load(&options.data, &settings.keys)?;
    check_exposure(&settings.server, &keys)?;
    check_listen(settings.server.listen)?;
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    if opened.storage.is_new() {
        say(&format!("Began a new database in {}.", opened.data.display()));
    }
    if let Some(weakness) = keys.weakness() {
        say(&format!("Careful: {weakness}. That does for trying things on this machine."));
    }
    let created = keys.create_missing()?;
    let running = Running::start(opened, keys, StartOptions { settings_file: Some(file), ..StartOptions::default() })?;
    show_keys(&created);
    say(&format!("Rapport is listening on http://{}: open it in a browser. Ctrl-C stops it.", running.address()));
    running.stop_on_signal()
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

/// Lines to try, with the keys where they are known: an event, and a question of each of the first two kinds.
pub(super) fn try_lines(
    address: SocketAddr,
    [write, server]: [&str; 2],
    user: &str,
    item: &str,
    kinds: &Kinds,
) -> Vec<String> {
    let event = format!(
        "curl -u {write}: http://{address}/v1/track -d '{{\"userId\":\"{user}\",\"event\":\"Product Viewed\",\"properties\":{{\"product_id\":\"{item}\"}}}}'"
    );
    let questions = kinds.iter().take(2).map(|kind| kind.about().example(user));
    let asked = questions
        .map(|question| format!("curl -H 'Authorization: Bearer {server}' http://{address}/v1/decide -d '{question}'"));
    std::iter::once(event).chain(asked).collect()
}
