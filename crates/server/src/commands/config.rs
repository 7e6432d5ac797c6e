//! What is configured? `rapport config`.

use super::report;
use crate::args::{ConfigCommand, Options};
use crate::error::ServerError;
use crate::settings::Settings;
use primitives::ErrorKind;

/// Prints the settings in force, or the example file.
pub(super) fn run(options: &Options, settings: &Settings, show: ConfigCommand) -> Result<(), ServerError> {
    match show {
        ConfigCommand::Check => {
            let masked = settings.masked();
            let text = toml::to_string(&masked).map_err(|error| {
                ServerError::new(ErrorKind::Internal, format!("the settings are not TOML: {error}"))
            })?;
            report(options, &masked, || text.trim_end().to_owned())
        }
        ConfigCommand::Example => {
            let example = Settings::example();
            report(options, &serde_json::json!({ "example": example }), || example.trim_end().to_owned())
        }
    }
}
