//! How does a demonstration come into force as a whole, or not at all?
//!
//! It is made in a directory inside the data directory. Its mark says that it is whole, and only then is everything moved to
//! where it belongs, the mark at last: a move that was broken off is ended by the next start.

use crate::commands::SETTINGS_FILE;
use crate::error::ServerError;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What says that a demonstration is whole, and which.
pub(super) const MARK: &str = "demo.json";
/// The directory in which a demonstration is made.
const PART: &str = "filling";
/// What stays behind: whose directory it is.
const LOCK: &str = "lock";

/// A demonstration that is being made.
pub(super) struct Part {
    path: PathBuf,
    data: PathBuf,
}

impl Part {
    /// Begins one, in the place of what was broken off.
    pub(super) fn begin(data: &Path) -> Result<Self, ServerError> {
        let path = data.join(PART);
        remove(&path)?;
        std::fs::create_dir_all(&path).map_err(ServerError::io(format!("cannot make {}", path.display())))?;
        Ok(Self { path, data: data.to_owned() })
    }

    /// Where it is made.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The data directory that it will become.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Waits until the disk has everything in it: its maker did not wait for every step.
    pub(super) fn sync(&self) -> Result<(), ServerError> {
        sync_within(&self.path).map_err(ServerError::io(format!("cannot finish writing {}", self.path.display())))
    }

    /// Writes its settings, and answers where.
    pub(super) fn declare(&self, settings: &str) -> Result<PathBuf, ServerError> {
        let path = self.path.join(SETTINGS_FILE);
        write_file(&path, settings.as_bytes())?;
        Ok(path)
    }
}

fn sync_within(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => sync_within(&entry.path())?,
            kind if kind.is_file() => std::fs::File::open(entry.path())?.sync_all()?,
            _ => {}
        }
    }
    std::fs::File::open(directory)?.sync_all()
}

/// Moves a demonstration that is whole to where it belongs; what is not whole stays.
pub(super) fn finish(data: &Path) -> Result<(), ServerError> {
    let part = data.join(PART);
    if !part.join(MARK).exists() {
        return Ok(());
    }
    let moved = || -> std::io::Result<()> {
        let entries = std::fs::read_dir(&part)?.map(|entry| entry.map(|entry| entry.file_name()));
        let names: Vec<OsString> = entries.collect::<Result<_, _>>()?;
        let others = names.into_iter().filter(|name| name != MARK && name != LOCK);
        for name in others.chain([MARK.into()]) {
            std::fs::rename(part.join(&name), data.join(&name))?;
        }
        Ok(())
    };
    moved().map_err(ServerError::io(format!("cannot move what is in {} to {}", part.display(), data.display())))?;
    remove(&part)
}

fn remove(path: &Path) -> Result<(), ServerError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(ServerError::io(format!("cannot remove {}", path.display()))),
    }
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    let written = storage::create_file(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(ServerError::io(format!("cannot write {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_whole_is_moved_and_what_is_not_is_made_anew() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path();
        let part = Part::begin(data).unwrap();
        fs::create_dir(part.path().join("history")).unwrap();
        fs::write(part.path().join("history/file"), "x").unwrap();
        finish(data).unwrap();
        assert_eq!(names(data), [PART], "without a mark nothing is moved");
        let part = Part::begin(data).unwrap();
        assert!(names(part.path()).is_empty(), "what was broken off is gone");
        for name in ["rapport.db", LOCK] {
            fs::write(part.path().join(name), name).unwrap();
        }
        part.declare("# mine").unwrap();
        fs::write(part.path().join(MARK), "{}").unwrap();
        // Broken off in the middle: something is at its place already.
        fs::rename(part.path().join("rapport.db"), data.join("rapport.db")).unwrap();
        fs::write(data.join(LOCK), "held").unwrap();
        finish(data).unwrap();
        assert_eq!(names(data), [MARK, LOCK, "rapport.db", SETTINGS_FILE]);
        assert_eq!(fs::read_to_string(data.join(LOCK)).unwrap(), "held", "the lock of whoever holds it stays");
        assert_eq!(fs::read_to_string(data.join("rapport.db")).unwrap(), "rapport.db");
    }
}
