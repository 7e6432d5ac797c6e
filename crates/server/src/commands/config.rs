//! What is configured? `rapport config`.

use super::{looked_into, report, settings_file};
use crate::args::{ConfigCommand, Listen, Options};
use crate::error::ServerError;
use crate::on_disk::ports;
use crate::settings::{self, Settings};
use engine::{EngineError, goes_with_what_began};
use primitives::ErrorKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is in force, and where each value comes from.
#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    settings: Settings,
    origins: BTreeMap<String, String>,
    /// Whether there is a data directory, with whose experiments they were compared.
    is_compared: bool,
}

/// Prints the settings in force, or the example file.
pub(super) fn run(options: &Options, settings: &Settings, show: ConfigCommand) -> Result<(), ServerError> {
    match show {
        ConfigCommand::Check(Listen { listen }) => {
            let flags: &[_] = if listen.is_some() { &[("server.listen", "--listen")] } else { &[] };
            let origins = settings::origins(settings_file(options).as_deref(), settings::environment()?, flags)?;
            let is_compared = compare(options, settings)?;
            let checked = Checked { settings: settings.masked(), origins, is_compared };
            let text = with_origins(&checked)?;
            let data = options.data.display();
            let beside = match is_compared {
                true => format!(", also with what has begun in {data}."),
                false => {
                    format!(". They were not compared with experiments that have begun: {data} is no data directory.")
                }
            };
            report(options, &checked, || format!("{text}# These settings can be used{beside}"))
        }
        ConfigCommand::Example => {
            let example = Settings::example();
            report(options, &serde_json::json!({ "example": example }), || example.trim_end().to_owned())
        }
    }
}

/// Compares them with the experiments that have begun in the data directory, where there is one: who takes part in these stays as it is.
fn compare(options: &Options, settings: &Settings) -> Result<bool, ServerError> {
    // Settings may lie where there are no data yet.
    let Some(storage) = looked_into(options, "What has begun cannot be looked at") else { return Ok(false) };
    let store = ports(&storage).playbook;
    let (saved, runs) = (store.saved().map_err(EngineError::from)?, store.runs().map_err(EngineError::from)?);
    goes_with_what_began(&settings.capabilities().playbook, &saved, runs)?;
    Ok(true)
}

/// The settings as TOML, each with a comment that says where its value comes from.
fn with_origins(checked: &Checked) -> Result<String, ServerError> {
    let failed =
        |error: toml::ser::Error| ServerError::new(ErrorKind::Internal, format!("the settings are not TOML: {error}"));
    let sections = toml::Table::try_from(&checked.settings).map_err(failed)?;
    let mut text = String::new();
    for (section, values) in sections {
        if let Some(tables) = values.as_array() {
            for table in tables {
                text += &format!("[[{section}]]\n{}\n", lines(table));
            }
            continue;
        }
        text += &format!("[{section}]\n");
        for (name, value) in values.as_table().into_iter().flatten() {
            let origin = checked.origins.get(&format!("{section}.{name}")).map_or("default", String::as_str);
            text += &format!("{name} = {value} # {origin}\n");
        }
        text += "\n";
    }
    Ok(text)
}

/// A table's keys, one a line; what is within them stands in one line each.
fn lines(table: &toml::Value) -> String {
    let pairs = table.as_table().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key} = {}\n", crate::settings::toml_text(value))).collect()
}
