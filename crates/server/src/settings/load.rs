//! Where do settings come from, and what is wrong with them?

use super::{DeclaredSchema, Settings, tables};
use WhichTable::{ByName, ByNumber};
use decisions::{Segment, names_of_conditions};
use engine::Capabilities;
use events::Mistake;
use features::FeatureError;
use learning::Outcome;
use measurement::kpi::Kpi;
use primitives::ErrorKind;
use std::collections::BTreeMap;
use std::ffi::OsString;
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

/// The variables of the program's environment that are settings.
///
/// # Errors
/// [`SettingsError::Environment`] with the variable that is no text.
pub fn environment() -> Result<Vec<(String, String)>, SettingsError> {
    of_settings(std::env::vars_os())
}

/// Those variables that are settings. What others hold is nobody's concern here, also where it is no text.
pub(super) fn of_settings(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, SettingsError> {
    let ours = variables.into_iter().filter(|(name, _)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    let text = |(name, value): (OsString, OsString)| match (name.into_string(), value.into_string()) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        (name, _) => {
            let name = name.unwrap_or_else(|name| name.to_string_lossy().into_owned());
            Err(SettingsError::Environment { name, message: "it is not UTF-8: write it as text".to_owned() })
        }
    };
    ours.map(text).collect()
}

/// Reads the settings in force: defaults, then the file, then the environment.
///
/// # Errors
/// [`SettingsError`] with the file, line and key, or the variable.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SettingsError> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path);
        text.map_err(|source| SettingsError::Read { path: path.to_owned(), source })
    };
    let text = file.map(read).transpose()?;
    of_text(file, text.unwrap_or_default(), environment)
}

/// Reads the settings as [`load`] does, from the bytes that a file holds.
///
/// # Errors
/// As [`load`].
pub fn of_bytes(
    file: &Path,
    bytes: Vec<u8>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SettingsError> {
    let no_text = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    let text = String::from_utf8(bytes).map_err(no_text);
    let text = text.map_err(|source| SettingsError::Read { path: file.to_owned(), source })?;
    of_text(Some(file), text, environment)
}

fn of_text(
    file: Option<&Path>,
    text: String,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SettingsError> {
    let mut table = toml::Table::new();
    if let Some(path) = file {
        let in_file =
            |error: toml::de::Error| SettingsError::File { path: path.to_owned(), message: located(&text, &error) };
        // Read into the settings first, since only the text knows its lines.
        toml::from_str::<Settings>(&text).map_err(|error| match tables::broken(&text) {
            Some(message) => SettingsError::File { path: path.to_owned(), message: shortened(&message) },
            None => in_file(error),
        })?;
        table = toml::from_str(&text).map_err(in_file)?;
    }
    let mut variables: Vec<_> = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    variables.sort();
    let mut settings = read(&table).unwrap_or_default();
    let from_environment: Vec<String> = variables.iter().map(|(name, _)| name.clone()).collect();
    for (name, value) in variables {
        settings = overlay(&mut table, &name, &value)
            .and_then(|()| read(&table))
            .map_err(|message| SettingsError::Environment { name, message })?;
    }
    let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
    settings.schemas.iter_mut().for_each(|schema| schema.lay_in(folder));
    check_lists(&settings, &|list, table| {
        let variable = format!("{PREFIX}{}", list.to_ascii_uppercase());
        match file.filter(|_| !from_environment.iter().any(|name| name.eq_ignore_ascii_case(&variable))) {
            Some(path) => {
                let place = match table {
                    ByName(name) => tables::named(&text, list, name),
                    ByNumber(place) => Some(tables::place_of(&text, list, place)),
                };
                let place = place.map(|place| format!(" {place}"));
                format!("{}{}", path.display(), place.unwrap_or_default())
            }
            None => variable,
        }
    })?;
    match settings.broken_range() {
        None => Ok(settings),
        Some((key, limit, value)) => {
            let of_cap = || {
                let place =
                    settings.contact_policy().broken_cap(&settings.actions).filter(|_| key == "contact.caps")?;
                tables::line_of_cap(&text, place)
            };
            let line = of_cap().or_else(|| line_of(&text, key));
            let origin = match (set_by(&from_environment, key), file, line) {
                (Some(name), _, _) => name.clone(),
                (None, Some(path), Some(line)) => format!("{} line {line}", path.display()),
                _ => variable_of(key),
            };
            let (limit, value) = (shortened(&limit), cut(&value, N_CHARS_OF_VALUE));
            Err(SettingsError::Range { key, limit, value, origin })
        }
    }
}

/// Which table of a list.
enum WhichTable<'a> {
    ByName(&'a str),
    ByNumber(usize),
}

/// Whether what is declared fits together; `origin` says where a table of a list was declared.
fn check_lists(settings: &Settings, origin: &dyn Fn(&str, WhichTable<'_>) -> String) -> Result<(), SettingsError> {
    let wrong = |list: &'static str, name: &str, reason: &dyn std::fmt::Display| SettingsError::Declared {
        origin: origin(list, ByName(name)),
        list,
        reason: shortened(&reason.to_string()),
    };
    DeclaredSchema::check_all(&settings.schemas).map_err(|(place, reason)| SettingsError::Declared {
        origin: origin("schemas", ByNumber(place)),
        list: "schemas",
        reason: shortened(&reason),
    })?;
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
    Segment::check(&settings.segments, &features, &scores).map_err(of_mistake("segments"))?;
    let features = features.iter().map(|name| (*name).to_owned()).collect();
    let names = names_of_conditions(&capabilities.outcomes, &features, &settings.segments);
    settings.playbook().check(&names).map_err(|why| wrong(why.list, &why.mistake.name, &why))?;
    Kpi::check_all(&settings.kpis).map_err(of_mistake("kpis"))?;
    settings.measures().check(&settings.experiments).map_err(of_mistake("experiments"))
}

fn read(table: &toml::Table) -> Result<Settings, String> {
    table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// `RAPPORT__SERVER__LISTEN` = `server.listen`. A value that reads as TOML is that; anything else is text.
fn overlay(table: &mut toml::Table, name: &str, value: &str) -> Result<(), String> {
    let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    let mut place = table;
    for section in sections {
        let entry = place.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        match entry {
            toml::Value::Table(inner) => place = inner,
            other => {
                let found = other.type_str();
                return Err(format!(
                    "{section} is of type {found}, and nothing can be set within it: set all of {section}"
                ));
            }
        }
    }
    // A key that consists of digits is still a text.
    let is_text = sections.first().is_some_and(|section| section == "keys" || section == "server" && last == "listen");
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut parsed| parsed.remove("value"));
    let value = parsed.filter(|_| !is_text).unwrap_or_else(|| toml::Value::String(value.to_owned()));
    place.insert(last.clone(), value);
    Ok(())
}

/// The variable that sets a key: `RAPPORT__SERVER__LISTEN`.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
}

/// Which of the variables, in order, was the last to set a key: itself, something within it, or all of what it stands in.
fn set_by<'a>(variables: &'a [String], key: &str) -> Option<&'a String> {
    let wanted = variable_of(key);
    variables.iter().rev().find(|name| {
        let name = name.to_ascii_uppercase();
        is_or_is_within(&name, &wanted, "__") || is_or_is_within(&wanted, &name, "__")
    })
}

/// So much of a value is printed where it is wrong: nobody reads more of it.
const N_CHARS_OF_VALUE: usize = 200;
/// A sentence that is longer has a value in it.
const N_CHARS_OF_SENTENCE: usize = 1_000;

/// The first characters of a text.
fn cut(text: &str, n_chars: usize) -> String {
    let end = text.char_indices().nth(n_chars).map(|(end, _)| end);
    end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

/// A sentence without the middle of what is far too long in it: what is wrong stands before, and what to do after it.
fn shortened(sentence: &str) -> String {
    let n_chars = sentence.chars().count();
    if n_chars <= N_CHARS_OF_SENTENCE {
        return sentence.to_owned();
    }
    let after: String = sentence.chars().skip(n_chars - N_CHARS_OF_VALUE).collect();
    format!("{} {after}", cut(sentence, 2 * N_CHARS_OF_VALUE))
}

/// "line 3: unknown field `listen`, expected …".
fn located(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = shortened(&error.message().replace('\n', " "));
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
        if let Some(name) = set_by(&variables, key) {
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
