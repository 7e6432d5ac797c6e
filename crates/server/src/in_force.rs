//! Where does each setting that is in force come from, and what does the file say by now that waits for the next start?

use crate::declarations::{SettingsFile, read_file};
use crate::settings::{self, Described, Settings, toml_text};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the settings in force come from.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    /// The file they were read from, also where there is none yet.
    pub file: Option<PathBuf>,
    origins: BTreeMap<String, String>,
}

/// Settings as they are written in a file.
pub(crate) struct Written(Option<toml::Value>);

/// What the file and the environment say by now.
pub(crate) enum Now {
    /// These can be used.
    Usable(Box<Settings>),
    /// They cannot: why.
    Broken(String),
}

impl InForce {
    /// Tells where settings come from that were just read. What is neither the file's, nor the environment's, nor a default was
    /// said on the command line.
    pub(crate) fn at_start(file: Option<&SettingsFile>, in_force: &Settings) -> Self {
        let file = file.map(|file| file.path().to_owned());
        let there = file.as_deref().filter(|path| path.is_file());
        let environment = settings::environment().unwrap_or_default();
        let read = settings::load(there, environment.clone());
        let mut origins = settings::origins(there, environment, &[]).unwrap_or_default();
        if let Ok(read) = read {
            let (read, in_force) = (Written::of(&read), Written::of(in_force));
            for (key, origin) in &mut origins {
                if read.value(key) != in_force.value(key) {
                    "command line".clone_into(origin);
                }
            }
        }
        Self { file, origins }
    }

    /// Where a setting's value comes from.
    pub(crate) fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or("default", String::as_str)
    }

    /// What the file and the environment say by now.
    pub(crate) fn now(&self) -> Now {
        let there = self.file.as_deref().map(|path| read_file(path).map(|bytes| bytes.map(|bytes| (path, bytes))));
        let there = match there.transpose() {
            Ok(there) => there.flatten(),
            Err(why) => return Now::Broken(why),
        };
        let read = settings::environment().and_then(|environment| match there {
            Some((path, bytes)) => settings::of_bytes(path, bytes, environment),
            None => settings::load(None, environment),
        });
        match read {
            Ok(settings) => Now::Usable(Box::new(settings)),
            Err(error) => Now::Broken(crate::error::ServerError::from(error).story()),
        }
    }

    /// What a setting is after the next start, as written in the file, where that is something else than now. What was said on
    /// the command line is taken to be said again. What is said by now comes as it is, and masked.
    pub(crate) fn waiting(&self, in_force: &Written, [now, masked]: [&Written; 2], one: &Described) -> Option<String> {
        let key = key_of(one);
        let is_other = now.value(&key) != in_force.value(&key);
        (is_other && self.origin(&key) != "command line").then(|| masked.value(&key))
    }
}

impl Written {
    /// These settings.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self(toml::Value::try_from(settings).ok())
    }

    /// A setting's value; empty where there is no such setting.
    pub(crate) fn value(&self, key: &str) -> String {
        let Some((section, name)) = key.split_once('.') else { return String::new() };
        self.0.as_ref().and_then(|all| all.get(section)?.get(name)).map(toml_text).unwrap_or_default()
    }
}

/// `server.listen`.
pub(crate) fn key_of(one: &Described) -> String {
    format!("{}.{}", one.section, one.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(key: &str) -> Described {
        let all = Settings::describe().into_iter().flat_map(|(.., settings)| settings);
        all.into_iter().find(|one| key_of(one) == key).unwrap()
    }

    #[test]
    fn every_setting_says_where_it_comes_from_and_what_waits_for_the_next_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rapport.toml");
        std::fs::write(&path, "[server]\nidle_seconds = 61\n[keys]\nadmin = \"first-secret-of-the-tests\"\n").unwrap();
        let file = SettingsFile::read(path.clone());
        let mut settings = settings::load(Some(&path), []).unwrap();
        settings.server.listen.set_port(7_171);
        let in_force = InForce::at_start(Some(&file), &settings);
        assert_eq!(in_force.origin("server.idle_seconds"), format!("{}:2", path.display()));
        assert_eq!(in_force.origin("server.listen"), "command line");
        assert_eq!(in_force.origin("audit.keep_days"), "default");

        let waiting = |key: &str| match in_force.now() {
            Now::Usable(now) => {
                let [settings, now, masked] = [&settings, &*now, &now.masked()].map(Written::of);
                in_force.waiting(&settings, [&now, &masked], &described(key))
            }
            Now::Broken(why) => Some(why),
        };
        for key in ["server.idle_seconds", "server.listen", "audit.keep_days", "keys.admin"] {
            assert_eq!(waiting(key), None, "{key}");
        }
        std::fs::write(&path, "[server]\nidle_seconds = 62\n[keys]\nadmin = \"other-secret-of-the-tests\"\n").unwrap();
        assert_eq!(waiting("server.idle_seconds").as_deref(), Some("62"));
        assert_eq!(waiting("keys.admin").as_deref(), Some("\"(preset)\""), "that it changes, and not to what");
        assert_eq!(waiting("server.listen"), None, "said on the command line, and probably so again");
        std::fs::write(&path, "[server]\nidle_secs = 62\n").unwrap();
        assert!(matches!(in_force.now(), Now::Broken(why) if why.contains("idle_secs")));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(waiting("server.idle_seconds").as_deref(), Some("75"), "without its file the defaults are in force");
    }

    #[test]
    fn a_server_without_a_file_has_defaults() {
        let in_force = InForce::at_start(None, &Settings::default());
        assert_eq!((in_force.file.clone(), in_force.origin("server.listen")), (None, "default"));
        let written = Written::of(&Settings::default());
        assert_eq!(written.value("server.listen"), "\"127.0.0.1:7070\"");
        assert_eq!(written.value("nothing"), "");
    }
}
