//! How do declared features, actions and flags follow the settings file while the server runs? What cannot be used is told and changes nothing;
//! what can only be used after the next start is told, too.

use crate::error::ServerError;
use crate::settings::{self, Settings};
use engine::Corrector;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The only sections that take effect while the server runs.
const FOLLOWED: [&str; 4] = ["actions", "experiments", "features", "flags"];

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After how many of these looks it is looked again whether declarations may be slips: what was yet to come may have come.
const N_LOOKS_DOUBTS: usize = 300;

/// The file that settings were read from, as it was then: what is changed during a long start is a change, too.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

impl SettingsFile {
    /// Reads it, before the settings are read from it. There may be none yet.
    #[must_use]
    pub fn read(path: PathBuf) -> Self {
        Self { bytes: std::fs::read(&path).ok(), path }
    }

    /// Where it lies, or would.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Follows the settings file, and looks whether declarations may be slips. Dropping it ends that.
pub struct Declarations {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Declarations {
    /// Has the past of what is declared counted in the background, and starts to follow the file where there is one. Nobody
    /// waits for the look at the newest events that tells slips.
    ///
    /// # Errors
    /// [`ServerError`] where no thread can be started.
    pub fn start(file: Option<SettingsFile>, corrector: &Arc<Corrector>) -> Result<Self, ServerError> {
        if corrector.engine().has_uncounted() {
            corrector.follow();
        }
        let (stop, stopped) = channel::<()>();
        let corrector = Arc::clone(corrector);
        let mut followed = file.map(Followed::from);
        let run = move || {
            let is_stopped = || stopped.try_recv() == Err(TryRecvError::Disconnected);
            let mut told = tell_doubts(&corrector, &[], &is_stopped);
            for n_looks in 1_usize.. {
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let has_changed = followed.as_mut().is_some_and(|followed| followed.look(&corrector));
                if has_changed || n_looks.is_multiple_of(N_LOOKS_DOUBTS) {
                    told = tell_doubts(&corrector, if has_changed { &[] } else { &told }, &is_stopped);
                }
            }
        };
        let thread = std::thread::Builder::new().name("declarations".to_owned()).spawn(run);
        let thread = thread.map_err(ServerError::io("cannot start the thread that follows the settings file"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// The file that is followed.
struct Followed {
    path: PathBuf,
    /// What it held when it was last taken over, or could not be.
    taken: Option<Vec<u8>>,
    /// What it held when it was last looked at.
    seen: Option<Vec<u8>>,
    at_start: Settings,
}

impl From<SettingsFile> for Followed {
    fn from(file: SettingsFile) -> Self {
        let SettingsFile { path, bytes } = file;
        // Read as it will be read again, and so without what the command line said besides. No file is no settings.
        let environment = settings::environment().unwrap_or_default();
        let at_start = bytes.clone().and_then(|bytes| settings::of_bytes(&path, bytes, environment.clone()).ok());
        let at_start = at_start.or_else(|| settings::load(None, environment).ok()).unwrap_or_default();
        Self { path, taken: bytes.clone(), seen: bytes, at_start }
    }
}

impl Followed {
    /// Takes over what the file says now where that is something else; answers whether other features are declared.
    fn look(&mut self, corrector: &Corrector) -> bool {
        let found = std::fs::read(&self.path).ok();
        self.change(found).is_some_and(|bytes| take_over(&self.path, bytes, corrector, &self.at_start))
    }

    /// What is to be taken over: something else than before, and the same at two looks in a row, since what is just being
    /// written is half a file.
    fn change(&mut self, found: Option<Vec<u8>>) -> Option<Option<Vec<u8>>> {
        let is_whole = found == self.seen;
        self.seen.clone_from(&found);
        if !is_whole || found == self.taken {
            return None;
        }
        self.taken.clone_from(&found);
        Some(found)
    }
}

/// Answers whether the features are now those that the settings declare.
fn take_over(path: &Path, bytes: Option<Vec<u8>>, corrector: &Corrector, at_start: &Settings) -> bool {
    let engine = corrector.engine();
    let read = settings::environment().and_then(|environment| match bytes {
        Some(bytes) => settings::of_bytes(path, bytes, environment),
        None => settings::load(Some(path), environment),
    });
    let read = read.map_err(ServerError::from);
    match read
        .and_then(|settings| Ok(engine.declare_settings(&settings.features, settings.playbook()).map(|()| settings)?))
    {
        Ok(settings) => {
            engine.note_refused(None);
            let n_declared = settings.features.len();
            tracing::info!(
                n_declared,
                "features, actions, flags and experiments are those that the settings declare now"
            );
            if let Some(sentence) = needs_a_start(at_start, &settings) {
                tracing::warn!("{sentence}");
            }
            if engine.has_uncounted() {
                corrector.follow();
            }
            true
        }
        Err(error) => {
            tracing::error!(
                error = error.story(),
                "the changed settings cannot be used, so what they declared before stays"
            );
            engine.note_refused(Some(error.story()));
            false
        }
    }
}

/// Which settings are others than at the start and are read only then, in a sentence; `None` where all are in force.
fn needs_a_start(at_start: &Settings, now: &Settings) -> Option<String> {
    let [before, now] = [at_start, now].map(|settings| serde_json::to_value(settings).unwrap_or_default());
    let sections: BTreeSet<&String> =
        [&before, &now].into_iter().filter_map(Value::as_object).flat_map(|it| it.keys()).collect();
    let changed = sections
        .into_iter()
        .filter(|section| !FOLLOWED.contains(&section.as_str()) && before.get(section) != now.get(section));
    let named = changed.map(|section| {
        let is_list = [&before, &now].iter().any(|settings| settings.get(section).is_some_and(Value::is_array));
        if is_list { format!("[[{section}]]") } else { format!("[{section}]") }
    });
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| {
        format!(
            "what the settings say now under {} is read at the next start: until then the former is in force",
            named.join(", ")
        )
    })
}

/// Declarations that may be a slip are told where they were not `told` before, and count all the same: the event may be yet
/// to come. Answers what is told by now.
fn tell_doubts(corrector: &Corrector, told: &[String], is_stopped: &dyn Fn() -> bool) -> Vec<String> {
    match corrector.engine().look_for_doubts(is_stopped) {
        Ok(None) => told.to_vec(),
        Ok(Some(doubts)) => {
            doubts.iter().filter(|doubt| !told.contains(doubt)).for_each(|doubt| tracing::warn!("{doubt}"));
            doubts
        }
        Err(error) => {
            tracing::error!(error = error.story(), "it cannot be told whether declarations are slips");
            told.to_vec()
        }
    }
}

impl Drop for Declarations {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported already; there is nothing left to do about it here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_only_a_start_puts_in_force_is_named_and_nothing_else() {
        let feature = "[[features]]\nname = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\nwhen = { event = \"x\" }\n";
        let segment = "[[segments]]\nname = \"loyal\"\nrule = [{ feature = \"orders_all\", at_least = 3 }]\n";
        let outcome = "[[outcomes]]\nname = \"back\"\nquestion = \"Back?\"\namong = \"everyone\"\nwithin_days = 7\n\
                       label = { did = { event = \"Order Completed\" } }\n";
        let renamed = segment.replace("rule", "title = \"Renamed\"\nrule");
        let all = format!("{outcome}{segment}");
        for (before, now, named) in [
            ("", "", None),
            ("", feature, None),
            ("", "[[flags]]\nname = \"a\"\ndefault = 1\n", None),
            (feature, "", None),
            (&all, &all, None),
            ("", segment, Some("[[segments]]")),
            (segment, "", Some("[[segments]]")),
            (segment, &renamed, Some("[[segments]]")),
            ("", &all, Some("[[outcomes]], [[segments]]")),
            (segment, &format!("{all}{feature}"), Some("[[outcomes]]")),
            ("", "[server]\nidle_seconds = 61\n[consent]\nclient_grants = false\n", Some("[consent], [server]")),
        ] {
            let said = needs_a_start(&settings(before), &settings(now));
            let expected = named.map(|named| {
                format!("what the settings say now under {named} is read at the next start: until then the former is in force")
            });
            assert_eq!(said, expected, "{before} became {now}");
        }
    }

    #[test]
    fn a_change_counts_when_two_looks_in_a_row_found_it_also_one_made_during_the_start() {
        let holds = |text: &str| Some(text.as_bytes().to_vec());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rapport.toml");
        std::fs::write(&path, "[server]\nidle_seconds = 61\n").unwrap();
        let file = SettingsFile::read(path.clone());
        std::fs::write(&path, "[server]\nidle_seconds = 62\n").unwrap();
        let mut followed = Followed::from(file);
        assert_eq!(followed.at_start.server.idle_seconds, 61, "what is in force, and not what was written meanwhile");
        let (old, new) = (holds("[server]\nidle_seconds = 61\n"), holds("[server]\nidle_seconds = 62\n"));
        for (found, taken) in [
            (new.clone(), None),
            (new.clone(), Some(new.clone())),
            (new.clone(), None),
            (holds("[ser"), None),
            (old.clone(), None),
            (holds(""), None),
            (old.clone(), None),
            (old.clone(), Some(old.clone())),
            (holds("[ser"), None),
            (old.clone(), None),
            (old.clone(), None),
            (None, None),
            (None, Some(None)),
        ] {
            assert_eq!(followed.change(found.clone()), taken, "{found:?}");
        }
    }

    #[test]
    fn the_sections_that_are_followed_are_lists_of_the_settings() {
        let lists: Vec<&str> = Settings::lists().into_iter().map(|(name, _)| name).collect();
        assert!(FOLLOWED.iter().all(|followed| lists.contains(followed)), "{lists:?}");
    }
}
