//! Where do settings come from, and what is wrong with them?

use super::{Settings, tables};
use decisions::Segment;
use engine::Capabilities;
use events::Mistake;
use features::FeatureError;
use learning::Outcome;
use primitives::ErrorKind;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The prefix of environment variables that are settings.
const PREFIX: &str = "RAPPORT__";

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {}: check the path given with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or names a setting that does not exist, or gives one the wrong type.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Line, key and reason.
        message: String,
    },
    /// An environment variable names a setting that does not exist, or gives one the wrong type.
    #[error("environment variable {name}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// The reason.
        message: String,
    },
    /// What is declared does not fit together.
    #[error("{origin}: [[{list}]]: {reason}")]
    Declared {
        /// Where it was declared.
        origin: String,
        /// In which list.
        list: &'static str,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A value is out of its range.
    #[error("setting {key} {limit}, and is {value}: change it in {origin}")]
    Range {
        /// The setting.
        key: &'static str,
        /// What it must be.
        limit: String,
        /// What it is.
        value: String,
        /// Where it was set.
        origin: String,
    },
}

impl SettingsError {
    /// Always [`ErrorKind::Invalid`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Reads the settings in force: defaults, then the file, then the environment.
///
/// # Errors
/// [`SettingsError`] with the file, line and key, or the variable.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SettingsError> {
    let mut table = toml::Table::new();
    let mut text = String::new();
    if let Some(path) = file {
        text = std::fs::read_to_string(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
        let in_file =
            |error: toml::de::Error| SettingsError::File { path: path.to_owned(), message: located(&text, &error) };
        // Read into the settings first, since only the text knows its lines.
        toml::from_str::<Settings>(&text).map_err(|error| match tables::broken(&text) {
            Some(message) => SettingsError::File { path: path.to_owned(), message },
            None => in_file(error),
        })?;
        table = toml::from_str(&text).map_err(in_file)?;
    }
    let mut variables: Vec<_> = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    variables.sort();
    let mut settings = read(&table).unwrap_or_default();
    let from_environment: Vec<String> = variables.iter().map(|(name, _)| name.to_ascii_uppercase()).collect();
    for (name, value) in variables {
        overlay(&mut table, &name, &value);
        settings = read(&table).map_err(|message| SettingsError::Environment { name, message })?;
    }
    check_lists(&settings, &|list, name| {
        let variable = format!("{PREFIX}{}", list.to_ascii_uppercase());
        match file.filter(|_| !from_environment.contains(&variable)) {
            Some(path) => {
                let place = tables::named(&text, list, name).map(|place| format!(" {place}"));
                format!("{}{}", path.display(), place.unwrap_or_default())
            }
            None => variable,
        }
    })?;
    match settings.broken_range() {
        None => Ok(settings),
        Some((key, limit, value)) => {
            let origin = match (file, line_of(&text, key)) {
                (Some(path), Some(line)) => format!("{} line {line}", path.display()),
                _ => format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__")),
            };
            Err(SettingsError::Range { key, limit, value, origin })
        }
    }
}

/// Whether what is declared fits together; `origin` says where a table of a list was declared, by the list and its name.
fn check_lists(settings: &Settings, origin: &dyn Fn(&str, &str) -> String) -> Result<(), SettingsError> {
    let wrong = |list: &'static str, name: &str, reason: &dyn std::fmt::Display| SettingsError::Declared {
        origin: origin(list, name),
        list,
        reason: reason.to_string(),
    };
    let of_mistake = |list| move |mistake: Mistake| wrong(list, &mistake.name, &mistake);
    let catalogue = learning::catalogue(&settings.features, &settings.outcomes).map_err(|error| match &error {
        FeatureError::Declaration(mistake) => wrong("features", &mistake.name, &error),
        _ => wrong("features", "", &error),
    })?;
    let built_in = Capabilities::built_in();
    let taken = built_in.kinds.iter().map(|kind| kind.about().name.as_str());
    Outcome::check_all(&settings.outcomes, taken).map_err(of_mistake("outcomes"))?;
    let features: Vec<&str> = catalogue.definitions().iter().map(|definition| definition.name.as_str()).collect();
    let capabilities = settings.capabilities();
    let asked = capabilities.outcomes.iter().filter(|outcome| outcome.is_yes_or_no());
    let scores: Vec<&str> = asked.map(|outcome| outcome.name.as_str()).collect();
    Segment::check(&settings.segments, &features, &scores).map_err(of_mistake("segments"))
}

fn read(table: &toml::Table) -> Result<Settings, String> {
    table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// `RAPPORT__SERVER__LISTEN` = `server.listen`. A value that reads as TOML is that; anything else is text.
fn overlay(table: &mut toml::Table, name: &str, value: &str) {
    let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
    let Some((last, sections)) = path.split_last() else { return };
    let mut place = table;
    for section in sections {
        let entry = place.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        match entry {
            toml::Value::Table(inner) => place = inner,
            _ => return,
        }
    }
    // A key that consists of digits is still a text.
    let is_text = sections.first().is_some_and(|section| section == "keys" || section == "server" && last == "listen");
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut parsed| parsed.remove("value"));
    let value = parsed.filter(|_| !is_text).unwrap_or_else(|| toml::Value::String(value.to_owned()));
    place.insert(last.clone(), value);
}

/// "line 3: unknown field `listen`, expected …".
fn located(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ");
    match line {
        Some(line) => format!("line {line}: {message}"),
        None => message,
    }
}

/// Where each setting's value comes from, by its key: a flag, an environment variable, a line of the file, or its default.
///
/// # Errors
/// [`SettingsError::Read`] where the file cannot be read.
pub fn origins(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&str, &str)],
) -> Result<BTreeMap<String, String>, SettingsError> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path);
        text.map(|text| (path.to_owned(), text)).map_err(|source| SettingsError::Read { path: path.to_owned(), source })
    };
    let file = file.map(read).transpose()?;
    let mut variables: Vec<String> = environment.into_iter().map(|(name, _)| name).collect();
    variables.sort();
    let keys = Settings::describe().into_iter().flat_map(|(_, _, settings)| settings);
    let origin = |key: &str| {
        if let Some((_, flag)) = flags.iter().find(|(known, _)| *known == key) {
            return format!("flag {flag}");
        }
        let variable = format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"));
        if let Some(name) =
            variables.iter().rev().find(|name| is_or_is_within(&name.to_ascii_uppercase(), &variable, "__"))
        {
            return format!("environment variable {name}");
        }
        let line = file.as_ref().and_then(|(path, text)| Some((path, line_of(text, key)?)));
        line.map_or_else(|| "default".to_owned(), |(path, line)| format!("{}:{line}", path.display()))
    };
    Ok(keys
        .map(|setting| format!("{}.{}", setting.section, setting.name))
        .map(|key| (key.clone(), origin(&key)))
        .collect())
}

/// The line on which a key such as `events.dedup_days` is set, or the first one of what is within it.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut within = String::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let named = if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            header.trim().clone_into(&mut within);
            within.clone()
        } else if line.starts_with('#') {
            continue;
        } else {
            let left = line.split('=').next().unwrap_or_default().trim();
            if within.is_empty() { left.to_owned() } else { format!("{within}.{left}") }
        };
        if is_or_is_within(&named, key, ".") {
            return Some(number);
        }
    }
    None
}

/// Whether a name is `whole`, or one that begins with it and the `separator`.
fn is_or_is_within(name: &str, whole: &str, separator: &str) -> bool {
    name.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}
