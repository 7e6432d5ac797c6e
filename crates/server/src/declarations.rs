//! How do declared features, actions and flags follow the settings file while the server runs? What cannot be used is told and changes nothing;
//! what can only be used after the next start is told, too.

use crate::error::ServerError;
use crate::settings::{self, Settings};
use engine::{AuditTrail, By, Corrector};
use governance::Deed;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The only sections that take effect while the server runs.
pub(crate) const FOLLOWED: [&str; 5] = ["actions", "experiments", "features", "flags", "offers"];

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After how many of these looks it is looked again whether declarations may be slips: what was yet to come may have come.
const N_LOOKS_DOUBTS: usize = 300;

/// Something that is edited without rest is taken over after so many looks.
const N_LOOKS_UNREST: usize = 5;
/// A settings file is no longer than this.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// What a settings file holds; `None` where there is none.
///
/// # Errors
/// A sentence where something stands in its place that is no file, or none that is read.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, String> {
    // Looked at before it is opened: to open a pipe waits for whoever writes into it.
    let Ok(found) = std::fs::metadata(path) else { return Ok(None) };
    if !found.is_file() {
        return Err(format!("{} is no file: put the settings file in its place", path.display()));
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return if error.kind() == std::io::ErrorKind::NotFound {
            Ok(None)
        } else {
            Err(format!("{} cannot be read ({error}): see who may read it", path.display()))
        };
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let mb = FILE_BYTES_MAX >> 20;
        return Err(format!(
            "{} is larger than {mb} MB, which no settings are: look what stands in it",
            path.display()
        ));
    }
    Ok(Some(bytes))
}

/// The file that settings were read from, as it was then: what is changed during a long start is a change, too.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
    look_every: Duration,
}

impl SettingsFile {
    /// Reads it, before the settings are read from it. There may be none yet.
    #[must_use]
    pub fn read(path: PathBuf) -> Self {
        Self { bytes: read_file(&path).unwrap_or_default(), path, look_every: LOOK_EVERY }
    }

    /// The same, looked at so often: for whoever does not want to wait for seconds.
    #[must_use]
    pub fn looked_at_every(self, look_every: Duration) -> Self {
        Self { look_every, ..self }
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
        let look_every = file.as_ref().map_or(LOOK_EVERY, |file| file.look_every);
        let mut followed = file.map(Followed::from);
        let run = move || {
            let is_stopped = || stopped.try_recv() == Err(TryRecvError::Disconnected);
            let mut told = tell_doubts(&corrector, &[], &is_stopped);
            for n_looks in 1_usize.. {
                if stopped.recv_timeout(look_every) != Err(RecvTimeoutError::Timeout) {
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
    /// How many looks in a row found something else than was taken over.
    n_changing: usize,
    /// Whether something stood in it when it was last taken over.
    is_filled: bool,
    /// Why it cannot be read, where that was told.
    unreadable: Option<String>,
    at_start: Settings,
}

impl From<SettingsFile> for Followed {
    fn from(file: SettingsFile) -> Self {
        let SettingsFile { path, bytes, .. } = file;
        // Read as it will be read again, and so without what the command line said besides. No file is no settings.
        let environment = settings::environment().unwrap_or_default();
        let at_start = bytes.clone().and_then(|bytes| settings::of_bytes(&path, bytes, environment.clone()).ok());
        let at_start = at_start.or_else(|| settings::load(None, environment).ok()).unwrap_or_default();
        let is_filled = bytes.as_deref().is_some_and(is_filled);
        Self { path, taken: bytes.clone(), seen: bytes, n_changing: 0, is_filled, unreadable: None, at_start }
    }
}

impl Followed {
    /// Takes over what the file says now where that is something else; answers whether other features are declared.
    fn look(&mut self, corrector: &Corrector) -> bool {
        let found = match read_file(&self.path) {
            Ok(found) => found,
            Err(why) => {
                if self.unreadable.as_ref() != Some(&why) {
                    refuse(corrector, &why);
                    self.unreadable = Some(why);
                }
                return false;
            }
        };
        let was_unreadable = self.unreadable.take().is_some();
        let changed = self.change(found);
        // What is there again is taken over again, so that nothing is told of what is over.
        let Some(bytes) = changed.or_else(|| was_unreadable.then(|| self.taken.clone())) else { return false };
        if self.is_emptied(bytes.as_deref()) {
            let path = self.path.display();
            let remedy = "write a line into it, such as one that begins with #, if the defaults are meant";
            refuse(corrector, &format!("{path} is empty, and was not: {remedy}"));
            return false;
        }
        take_over(&self.path, bytes, corrector, &self.at_start)
    }

    /// Whether nothing stands in the file in which something stood: a program that writes it, or a full disk, was there. Else it is taken
    /// over.
    fn is_emptied(&mut self, now: Option<&[u8]>) -> bool {
        let is_emptied = self.is_filled && now.is_some_and(|now| !is_filled(now));
        self.is_filled = is_emptied || now.is_some_and(is_filled);
        is_emptied
    }

    /// What is to be taken over: something else than before, and the same at two looks in a row, since what is just being
    /// written is half a file. What never rests is taken over all the same.
    fn change(&mut self, found: Option<Vec<u8>>) -> Option<Option<Vec<u8>>> {
        let is_whole = found == self.seen;
        self.seen.clone_from(&found);
        if found == self.taken {
            self.n_changing = 0;
            return None;
        }
        self.n_changing += 1;
        if !is_whole && self.n_changing < N_LOOKS_UNREST {
            return None;
        }
        self.n_changing = 0;
        self.taken.clone_from(&found);
        Some(found)
    }
}

/// Whether something stands in a file.
fn is_filled(bytes: &[u8]) -> bool {
    !bytes.trim_ascii().is_empty()
}

/// Tells that what was declared before stays.
fn refuse(corrector: &Corrector, why: &str) {
    tracing::error!(error = why, "the changed settings cannot be used, so what they declared before stays");
    corrector.engine().note_refused(Some(why.to_owned()));
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
            let told = [
                (settings.features.len(), "features"),
                (settings.actions.len(), "actions"),
                (settings.offers.len(), "offers"),
                (settings.flags.len(), "flags"),
                (settings.experiments.len(), "experiments"),
            ];
            let n_declared: usize = told.iter().map(|(n, _)| n).sum();
            let told = told.map(|(n, what)| format!("{n} {what}")).join(", ");
            tracing::info!(n_declared, told, "what the settings declare now is followed");
            AuditTrail::new(Arc::clone(engine)).note(Deed::SettingsFollowed, &By::SCHEDULE, told);
            if let Some(sentence) = needs_a_start(at_start, &settings) {
                tracing::warn!("{sentence}");
            }
            if engine.has_uncounted() {
                corrector.follow();
            }
            true
        }
        Err(error) => {
            refuse(corrector, &error.story());
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
            ("", "[[offers]]\nname = \"a\"\nvalue = 1\n", None),
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
    fn what_is_edited_without_rest_is_followed_all_the_same() {
        let (path, bytes) = (PathBuf::from("rapport.toml"), Some(b"0".to_vec()));
        let mut followed = Followed::from(SettingsFile { path, bytes, look_every: LOOK_EVERY });
        let taken: Vec<usize> =
            (1..=12).filter(|n| followed.change(Some(n.to_string().into_bytes())).is_some()).collect();
        assert_eq!(taken, [5, 10], "within ten seconds");
    }

    #[test]
    fn what_is_no_file_or_too_large_is_told_and_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rapport.toml");
        assert_eq!(read_file(&path), Ok(None));
        std::fs::write(&path, "[server]\n").unwrap();
        assert_eq!(read_file(&path), Ok(Some(b"[server]\n".to_vec())));
        assert!(read_file(directory.path()).unwrap_err().contains("is no file"));
        assert!(read_file(Path::new("/dev/zero")).unwrap_err().contains("is no file"));
        std::fs::File::create(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(read_file(&path).unwrap_err().contains("larger than 32 MB"));
    }

    #[test]
    fn a_file_that_is_suddenly_empty_is_refused_until_something_stands_in_it() {
        let (path, bytes) = (PathBuf::from("rapport.toml"), Some(b"[server]".to_vec()));
        let file = SettingsFile { path, bytes, look_every: LOOK_EVERY };
        let mut followed = Followed::from(file);
        for (now, expected) in [
            (Some(""), true),
            (Some(" \n"), true),
            (Some("#"), false),
            (Some(""), true),
            (None, false),
            (Some(""), false),
        ] {
            assert_eq!(followed.is_emptied(now.map(str::as_bytes)), expected, "{now:?}");
        }
    }

    #[test]
    fn the_sections_that_are_followed_are_lists_of_the_settings() {
        let lists: Vec<&str> = Settings::lists().into_iter().map(|(name, _)| name).collect();
        assert!(FOLLOWED.iter().all(|followed| lists.contains(followed)), "{lists:?}");
    }
}
