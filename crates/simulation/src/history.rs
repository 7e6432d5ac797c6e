//! How is a company's past written into files that can be imported?
//!
//! One file for the catalogue and one for each day, so that a history that was broken off goes on with the day it had
//! reached: a file has its name only once it is whole.

use crate::company::Company;
use crate::label::Label;
use crate::message::Message;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

/// What says of which company a directory tells. Its name begins with a dot: it is nothing to be imported.
const LABEL: &str = ".company.json";

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Events, the catalogue's items included.
    pub n_events: u64,
    /// Days.
    pub n_days: u32,
    /// Days that were there already.
    pub n_days_before: u32,
}

/// Why a history cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file or directory cannot be written.
    #[error("cannot write {path}: {}", to_do(source))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another company lives there.
    #[error("{path} holds the history of another company ({found}): choose an empty directory")]
    Another {
        /// The directory.
        path: PathBuf,
        /// What it was made of.
        found: String,
    },
    /// Somebody else writes there.
    #[error(
        "another `rapport simulate` writes its history into {path} now: wait for its end or choose another directory"
    )]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// Something else lies there.
    #[error("{path} is not empty and holds no simulated history: choose an empty directory")]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
}

/// What helps against an error of the disk.
fn to_do(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free some disk space and run it again, which goes on where it stopped"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a directory that you may write to"
        }
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "something else stands there or on the way there; choose another directory"
        }
        io::ErrorKind::NotFound => "no directory can be made there, or it was taken away; choose another",
        _ => "see to what the system says, and run it again, which goes on where it stopped",
    }
}

/// Writes the whole past of a company into a directory; `progress` hears of each day, and may
/// say that it is enough.
///
/// # Errors
/// [`HistoryError`]. What was written whole stays, and the next run goes on after it.
pub fn write_history(
    company: &mut Company,
    directory: &Path,
    progress: &mut dyn FnMut(u32) -> bool,
) -> Result<Written, HistoryError> {
    // Nobody else writes there for as long as this is held, and the system lets go of it whatever becomes of us.
    let _held = hold(directory)?;
    claim(directory, &Label::of(company.settings()))?;
    let items: Vec<String> = company.catalogue().iter().map(ToString::to_string).collect();
    write_whole(&directory.join("catalogue.ndjson"), items.iter().map(String::as_str))?;
    let mut written = Written { n_events: items.len() as u64, ..Written::default() };
    // One thread writes a day down while the next is lived; one more may wait between them, no more: a day is large.
    thread::scope(|scope| {
        let (send, days) = mpsc::sync_channel(1);
        let writer = scope.spawn(move || write_days(&days));
        live_through(company, directory, &mut written, progress, &send);
        drop(send);
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    Ok(written)
}

/// A day that was lived, and the file it belongs into.
type Lived = (PathBuf, Vec<Message>);

fn live_through(
    company: &mut Company,
    directory: &Path,
    written: &mut Written,
    progress: &mut dyn FnMut(u32) -> bool,
    days: &SyncSender<Lived>,
) {
    let mut lives = company.lives();
    for day in company.settings().first_day()..company.settings().end_day {
        // A day that is there whole is lived again, since what follows depends on it, and not written again.
        let told = company.live(&mut lives, day);
        written.n_events += told.len() as u64;
        written.n_days += 1;
        let path = directory.join(format!("events-{}.ndjson", crate::calendar::civil(day)));
        if is_there(&path, &told) {
            written.n_days_before += 1;
        } else if days.send((path, told)).is_err() {
            // The writer has given up, and says why.
            return;
        }
        if !progress(written.n_days) {
            return;
        }
    }
}

/// Whether a day's file is as long as it is to be: one that was cut is written again.
fn is_there(path: &Path, told: &[Message]) -> bool {
    let n_bytes: usize = told.iter().map(|message| message.json.len() + 1).sum();
    fs::metadata(path).is_ok_and(|found| found.len() == n_bytes as u64)
}

fn hold(directory: &Path) -> Result<File, HistoryError> {
    let failed = |source| HistoryError::Write { path: directory.to_owned(), source };
    fs::create_dir_all(directory).map_err(failed)?;
    let held = File::open(directory).map_err(failed)?;
    match is_held(held.try_lock()) {
        Ok(true) => Ok(held),
        Ok(false) => Err(HistoryError::Busy { path: directory.to_owned() }),
        Err(source) => Err(failed(source)),
    }
}

/// Whether it is ours. Some file systems cannot lock: there, whoever runs it twice is not told.
fn is_held(locked: Result<(), TryLockError>) -> io::Result<bool> {
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) if source.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(source)) => Err(source),
    }
}

fn write_days(days: &Receiver<Lived>) -> Result<(), HistoryError> {
    days.iter().try_for_each(|(path, told)| write_whole(&path, told.iter().map(|message| message.json.as_str())))
}

fn claim(directory: &Path, label: &Label) -> Result<(), HistoryError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| HistoryError::Write { path, source }
    };
    let path = directory.join(LABEL);
    let known = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(&path)(error)),
    };
    // An empty one says nothing: a full disk left it there.
    if let Some(text) = known.as_ref().filter(|text| !text.is_empty()) {
        return match serde_json::from_str::<Label>(text) {
            Ok(found) if found == *label => Ok(()),
            _ => Err(HistoryError::Another { path: directory.to_owned(), found: text.trim().to_owned() }),
        };
    }
    let own = [&path, &path.with_extension("part")].map(|path| path.file_name().map(ToOwned::to_owned));
    for entry in fs::read_dir(directory).map_err(failed(directory))? {
        let name = entry.map_err(failed(directory))?.file_name();
        if !own.contains(&Some(name)) {
            return Err(HistoryError::NotOurs { path: directory.to_owned() });
        }
    }
    let text = serde_json::to_string(label).map_err(io::Error::from).map_err(failed(&path))?;
    write_whole(&path, std::iter::once(text.as_str()))
}

fn write_whole<'a>(path: &Path, lines: impl Iterator<Item = &'a str>) -> Result<(), HistoryError> {
    let part = path.with_extension("part");
    let write = || -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        for line in lines {
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|source| {
        // What could not be written whole only takes room on a disk that has none.
        let _ = fs::remove_file(&part);
        HistoryError::Write { path: path.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind::{
        IsADirectory, NotFound, Other, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };

    #[test]
    fn whoever_cannot_be_locked_out_is_let_in_and_nothing_else_is_passed_over() {
        let failed = |kind| is_held(Err(TryLockError::Error(io::Error::from(kind))));
        assert!(is_held(Ok(())).unwrap() && !is_held(Err(TryLockError::WouldBlock)).unwrap());
        assert!(failed(io::ErrorKind::Unsupported).unwrap());
        assert_eq!(failed(Other).unwrap_err().kind(), Other);
    }

    #[test]
    fn what_helps_fits_what_is_wrong() {
        for (kinds, helps) in [
            (&[StorageFull, QuotaExceeded][..], "free some disk space"),
            (&[PermissionDenied, ReadOnlyFilesystem], "that you may write to"),
            (&[IsADirectory], "something else stands there"),
            (&[NotFound], "no directory can be made there"),
            (&[Other], "see to what the system says"),
        ] {
            for kind in kinds {
                let error = HistoryError::Write { path: PathBuf::from("here"), source: io::Error::from(*kind) };
                let said = error.to_string();
                assert!(said.starts_with("cannot write here: ") && said.contains(helps), "{said}");
            }
        }
    }
}
