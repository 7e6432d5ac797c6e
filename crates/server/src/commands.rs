//! What does each command do?

mod allocate;
mod backup;
mod caller;
mod config;
mod customer;
mod demo;
mod doctor;
mod evaluate;
mod experiments;
mod export;
mod features;
mod import;
mod imports;
mod intents;
mod keys;
mod kinds;
mod knowledge;
mod lift;
mod models;
mod progress;
mod readiness;
mod rebuild;
mod replay;
mod serve;
mod set_aside;
mod simulate;
mod split;
mod train;
mod truth;

use crate::args::{Cli, Command, Options};
use crate::declarations::SettingsFile;
use crate::error::ServerError;
use crate::settings::{self, Settings};
use crate::telemetry;
use engine::Allocating;
use primitives::{ErrorKind, visible_lines};
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use storage::{Access, DataDir, Storage, StorageSettings};

/// The settings file that is read where none is named.
const SETTINGS_FILE: &str = "rapport.toml";

/// Runs a command.
///
/// # Errors
/// [`ServerError`] with the sentence to show.
pub fn run(cli: Cli) -> Result<(), ServerError> {
    let Cli { command, options } = cli;
    // First, so that what is written to it from now on is a change.
    let file = SettingsFile::read(followed_file(&options));
    let settings = load_settings(&options, command.listen())?;
    telemetry::start_logging(&settings.logging);
    match command {
        Command::Serve(_) => serve::run(&options, settings, file),
        Command::Demo(ask) => demo::run(&options, &ask),
        Command::Import(ask) if ask.dry_run => {
            import::trial::run(&options, &ask.files, ask.mapping.as_deref(), &settings)
        }
        Command::Import(ask) => import::run(&options, settings, &ask),
        Command::Customer { what, elsewhere } => customer::run(&options, settings, what, &elsewhere),
        Command::Imports { what, elsewhere } => imports::run(&options, settings, what, &elsewhere),
        Command::Train { model, rollback } => train::run(&options, settings, model.as_deref(), rollback),
        Command::Evaluate { model: Some(model), file: Some(file), .. } => evaluate::of_file(&options, &model, &file),
        Command::Evaluate { model, texts, .. } if evaluate::is_of_messages(model.as_deref(), &texts) => {
            evaluate::of_messages(&options, model.as_deref(), &texts)
        }
        Command::Evaluate { model, questions, .. } if evaluate::is_of_questions(model.as_deref(), &questions) => {
            evaluate::of_questions(&options, settings, model.as_deref(), &questions)
        }
        Command::Evaluate { model, as_of, .. } => evaluate::run(&options, settings, model.as_deref(), as_of),
        Command::Lift { month } => lift::run(&options, settings, month.as_deref()),
        Command::Allocate { budget, filter, offers, channel, value } => {
            let context = value.map(|value| ("value".to_owned(), value.into())).into_iter().collect();
            let asked = Allocating { budget, filter, offers, channel, context, ..Allocating::default() };
            allocate::run(&options, settings, &asked)
        }
        Command::Experiments => experiments::run(&options, settings),
        Command::Features => features::run(&options, &settings),
        Command::Kinds => kinds::run(&options, &settings),
        Command::Replay { id } => replay::run(&options, settings, &id),
        Command::Rebuild => rebuild::run(&options, settings),
        Command::Backup { to } => backup::backup(&options, &to),
        Command::Restore { from } => backup::restore(&options, &from),
        Command::Export { to, format, only } => export::run(&options, settings, &to, format, &only),
        Command::SetAside { what } => set_aside::run(&options, &what),
        Command::Doctor { readiness: true, .. } => readiness::run(&options, settings),
        Command::Doctor { quick, .. } => doctor::run(&options, settings, quick),
        Command::Simulate(ask) => simulate::run(&options, &ask),
        Command::Truth(ask) => truth::run(&options, settings, &ask),
        Command::Knowledge { command, elsewhere } => knowledge::run(&options, settings, &command, &elsewhere),
        Command::Intents { command, elsewhere } => intents::run(&options, settings, &command, &elsewhere),
        Command::Models { command } => models::run(&options, command),
        Command::Keys { command } => keys::run(&options, &settings, command),
        Command::Config { show } => config::run(&options, &settings, show),
    }
}

/// Defaults, then the file, then the environment, then flags.
fn load_settings(options: &Options, listen: Option<SocketAddr>) -> Result<Settings, ServerError> {
    let mut settings = settings::load(settings_file(options).as_deref(), settings::environment()?)?;
    if let Some(listen) = listen {
        settings.server.listen = listen;
    }
    Ok(settings)
}

/// The settings file: the one named, else `rapport.toml` in the data directory, where there is one. What lies where a command
/// happens to be called is somebody else's.
fn settings_file(options: &Options) -> Option<PathBuf> {
    let file = followed_file(options);
    (options.config.is_some() || file.is_file()).then_some(file)
}

/// The settings file that a running server follows, also where there is none yet.
fn followed_file(options: &Options) -> PathBuf {
    options.config.clone().unwrap_or_else(|| options.data.join(SETTINGS_FILE))
}

/// What lies in the data directory, to be looked at alone. Where there is none nothing is said; where it cannot be looked at it is said
/// what is not known without it, and why, and the command goes on.
fn looked_into(options: &Options, what_is_not: &str) -> Option<Arc<Storage>> {
    if !options.data.is_dir() {
        return None;
    }
    let opened = DataDir::open(&options.data, Access::ReadOnly);
    match opened.and_then(|data| Storage::open(data, StorageSettings::default())) {
        Ok(storage) => Some(storage),
        Err(error) => {
            let why = ServerError::from(error).story();
            say(&options.as_typed(&format!("{what_is_not}: {why}")));
            None
        }
    }
}

/// Prints a report: the document where JSON was asked for, else the text.
fn report<T: Serialize>(options: &Options, document: &T, text: impl FnOnce() -> String) -> Result<(), ServerError> {
    let shown = if options.json {
        serde_json::to_string_pretty(document)
            .map_err(|error| ServerError::new(ErrorKind::Internal, format!("the report is not JSON: {error}")))?
    } else {
        options.as_typed(&text())
    };
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", visible_lines(&shown)).and_then(|()| out.flush()) {
        // A reader such as `head` has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(ServerError::io("cannot write the report to standard output")),
    }
}

/// Says something on standard error, where progress goes too.
fn say(text: &str) {
    // Where standard error is closed, nobody is listening.
    let _ = writeln!(std::io::stderr(), "{}", visible_lines(text));
}
