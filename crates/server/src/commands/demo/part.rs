//! How does a demonstration come into force as a whole, or not at all?
//!
//! It is made in a directory inside the data directory. Its mark says that it is whole, and only then is everything moved to
//! where it belongs, the mark at last: a move that was broken off is ended by the next start. Nothing that it has not made
//! itself is removed or written over.

use crate::commands::SETTINGS_FILE;
use crate::error::ServerError;
use primitives::ErrorKind;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What says that a demonstration is whole, and which.
pub(super) const MARK: &str = "demo.json";
/// The directory in which a demonstration is made.
const PART: &str = "filling";
/// What says in that directory that it is a demonstration's, and may be removed.
const OURS: &str = ".rapport-demo";
/// What stays behind: whose directory it is.
const LOCK: &str = "lock";

/// A demonstration that is being made.
pub(super) struct Part {
    path: PathBuf,
    data: PathBuf,
}

impl Part {
    /// Begins one, in the place of what was broken off.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the directory holds anything that is not a demonstration's.
    pub(super) fn begin(data: &Path) -> Result<Self, ServerError> {
        let path = data.join(PART);
        let is_ours = path.join(OURS).exists();
        let is_fine = |name: &OsString| name == LOCK || name == SETTINGS_FILE || (name == PART && is_ours);
        if let Some(other) = names(data)?.into_iter().find(|name| !is_fine(name)) {
            let message = format!(
                "{} holds data that are not a demonstration's ({}): choose another directory with --data, or run `rapport \
                 serve`",
                data.display(),
                other.display()
            );
            return Err(ServerError::new(ErrorKind::Conflict, message));
        }
        remove(&path)?;
        std::fs::create_dir_all(&path).map_err(ServerError::io(format!("cannot make {}", path.display())))?;
        write_file(&path.join(OURS), b"")?;
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
    let stays = [MARK, LOCK, OURS].map(OsString::from);
    let mut moving = names(&part)?;
    moving.retain(|name| !stays.contains(name));
    if let Some(there) = moving.iter().map(|name| data.join(name)).find(|path| path.exists()) {
        let message = format!(
            "{} is there already, and a demonstration would take its place: move it away, or remove {}",
            there.display(),
            part.display()
        );
        return Err(ServerError::new(ErrorKind::Conflict, message));
    }
    let rename = |name: OsString| std::fs::rename(part.join(&name), data.join(&name));
    let moved = moving.into_iter().chain([MARK.into()]).try_for_each(rename);
    moved.map_err(ServerError::io(format!("cannot move what is in {} to {}", part.display(), data.display())))?;
    remove(&part)
}

fn names(directory: &Path) -> Result<Vec<OsString>, ServerError> {
    let entries = std::fs::read_dir(directory).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<std::io::Result<Vec<_>>>()
    });
    entries.map_err(ServerError::io(format!("cannot read {}", directory.display())))
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

    fn sorted(directory: &Path) -> Vec<OsString> {
        let mut names = names(directory).unwrap();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_ours_stays_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path();
        fs::create_dir(data.join(PART)).unwrap();
        fs::write(data.join(PART).join("thesis.txt"), "precious").unwrap();
        let refused = Part::begin(data).err().unwrap();
        assert!(refused.to_string().contains("not a demonstration's (filling)"), "{refused}");
        assert_eq!(fs::read_to_string(data.join(PART).join("thesis.txt")).unwrap(), "precious");
        fs::remove_dir_all(data.join(PART)).unwrap();
        fs::create_dir(data.join("history")).unwrap();
        let refused = Part::begin(data).err().unwrap();
        assert!(refused.to_string().contains("(history)"), "a database whose file is lost is somebody's: {refused}");
        fs::remove_dir(data.join("history")).unwrap();
        fs::write(data.join(SETTINGS_FILE), "# theirs").unwrap();
        let part = Part::begin(data).unwrap();
        fs::write(part.path().join("rapport.db"), "new").unwrap();
        fs::write(part.path().join(MARK), "{}").unwrap();
        fs::write(data.join("rapport.db"), "theirs").unwrap();
        let refused = finish(data).err().unwrap();
        assert!(refused.to_string().contains("rapport.db is there already"), "{refused}");
        assert_eq!(fs::read_to_string(data.join("rapport.db")).unwrap(), "theirs");
    }

    #[test]
    fn what_is_whole_is_moved_and_what_is_not_is_made_anew() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path();
        let part = Part::begin(data).unwrap();
        fs::create_dir(part.path().join("history")).unwrap();
        fs::write(part.path().join("history/file"), "x").unwrap();
        finish(data).unwrap();
        assert_eq!(sorted(data), [PART], "without a mark nothing is moved");
        let part = Part::begin(data).unwrap();
        assert_eq!(sorted(part.path()), [OURS], "what was broken off is gone");
        for name in ["rapport.db", LOCK] {
            fs::write(part.path().join(name), name).unwrap();
        }
        part.declare("# mine").unwrap();
        fs::write(part.path().join(MARK), "{}").unwrap();
        // Broken off in the middle: something is at its place already.
        fs::rename(part.path().join("rapport.db"), data.join("rapport.db")).unwrap();
        fs::write(data.join(LOCK), "held").unwrap();
        finish(data).unwrap();
        assert_eq!(sorted(data), [MARK, LOCK, "rapport.db", SETTINGS_FILE]);
        assert_eq!(fs::read_to_string(data.join(LOCK)).unwrap(), "held", "the lock of whoever holds it stays");
        assert_eq!(fs::read_to_string(data.join("rapport.db")).unwrap(), "rapport.db");
    }
}
