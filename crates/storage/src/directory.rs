//! Whose data directory is it? Opening it, and keeping a second program out.

use crate::StorageError;
use crate::files::{FILE_MODE, create_directory};
use crate::history_files::PartFiles;
use crate::privacy;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a program wants to do with a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read and write; keeps every other writer out.
    Exclusive,
    /// Only read; possible while a server runs.
    ReadOnly,
}

/// A data directory that may be used.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    access: Access,
    /// Held open: the lock ends with it, also after a crash.
    _lock: Option<File>,
}

impl DataDir {
    /// Opens a data directory; [`Access::Exclusive`] creates it where it is absent, and takes away what others may do
    /// with what is there.
    ///
    /// # Errors
    /// [`StorageError::InUse`] where another program writes to it, [`StorageError::Nothing`] where there is nothing to
    /// read, [`StorageError::NotADirectory`], [`StorageError::File`].
    pub fn open(path: impl Into<PathBuf>, access: Access) -> Result<Self, StorageError> {
        let path = path.into();
        if path.exists() && !path.is_dir() {
            return Err(StorageError::NotADirectory { path });
        }
        if unrestored_mark(&path).exists() {
            return Err(StorageError::Unrestored { path });
        }
        let lock = match access {
            Access::Exclusive => {
                create_directory(&path)
                    .map_err(|source| StorageError::file("creating the data directory", &path, source))?;
                let lock = lock(&path)?;
                privacy::tighten(&path);
                Some(lock)
            }
            Access::ReadOnly if database_file(&path).is_file() => None,
            Access::ReadOnly => {
                let directory = Self { path, access, _lock: None };
                return Err(directory.headless().unwrap_or(StorageError::Nothing { path: directory.path }));
            }
        };
        Ok(Self { path, access, _lock: lock })
    }

    /// Why no database may be begun here: there is none, and other things say that there was one.
    pub(crate) fn headless(&self) -> Option<StorageError> {
        if self.database().exists() {
            return None;
        }
        let has_history = PartFiles::new(self.history()).list().is_ok_and(|parts| !parts.is_empty());
        let wal = self.database().with_extension("db-wal");
        let found = [
            (self.history(), bytes_of(&self.history())),
            (self.models(), bytes_of(&self.models())),
            (self.set_aside(), bytes_of(&self.set_aside())),
            (wal.clone(), bytes_of(&wal)),
        ];
        let found: Vec<String> = found.iter().filter(|(_, bytes)| *bytes > 0).map(|(path, _)| name_of(path)).collect();
        let remedy = match has_history {
            true => "run `rapport rebuild`, which makes the database again from the history",
            false => "restore a backup into an empty directory",
        };
        let found = found.join(", ");
        (!found.is_empty()).then(|| StorageError::Headless { path: self.path.clone(), found, remedy })
    }

    /// Where what could not be read was moved to.
    pub(crate) fn set_aside(&self) -> PathBuf {
        self.path.join("set-aside")
    }

    /// What is kept of erasures.
    pub(crate) fn erased(&self) -> PathBuf {
        self.path.join("erased")
    }

    /// Which program writes to a data directory now, such as `process 4711`; `None` where none does.
    #[must_use]
    pub fn holder(path: &Path) -> Option<String> {
        let mut file = File::open(path.join("lock")).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(holder(&mut file)),
            _ => None,
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What may be done with it.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        database_file(&self.path)
    }

    /// Where closed ranges of the log are kept.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.path.join("history")
    }

    /// Where the decisions of past days lie for other tools.
    #[must_use]
    pub fn decisions(&self) -> PathBuf {
        self.path.join("decisions")
    }

    /// The words of the catalogue; derived.
    #[must_use]
    pub fn search(&self) -> PathBuf {
        self.path.join("search.db")
    }

    /// Where models are kept.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.path.join("models")
    }
}

fn database_file(path: &Path) -> PathBuf {
    path.join("rapport.db")
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file that is there while a backup is being restored.
pub(crate) fn unrestored_mark(directory: &Path) -> PathBuf {
    directory.join("restoring")
}

pub(crate) fn lock(directory: &Path) -> Result<File, StorageError> {
    let path = directory.join("lock");
    let failed = |source| StorageError::file("locking", &path, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    let mut file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StorageError::InUse { path: directory.to_owned(), holder: holder(&mut file) });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    // Who it is helps others, and on a full disk cannot be written; the lock holds all the same.
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// Who holds a lock, by what it wrote there.
fn holder(lock: &mut File) -> String {
    let mut pid = String::new();
    // Who it is helps, and is not needed to say no.
    let _ = lock.read_to_string(&mut pid);
    let pid = pid.trim();
    if pid.is_empty() { "another process".to_owned() } else { format!("process {pid}") }
}

/// The size of a file or of everything below a directory; 0 where it is absent.
pub(crate) fn bytes_of(path: &Path) -> u64 {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| bytes_of(&entry.path())).sum())
        }
        Ok(found) => found.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ErrorKind;

    #[test]
    fn a_second_writer_is_told_who_holds_the_directory() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("data");
        let held = DataDir::open(&path, Access::Exclusive).unwrap();
        let refused = DataDir::open(&path, Access::Exclusive).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        let sentence = refused.to_string();
        let expected = format!("in use by process {}: stop it or choose another --data", std::process::id());
        assert!(sentence.contains(&expected), "{sentence}");
        drop(held);
        assert!(DataDir::open(&path, Access::Exclusive).is_ok());
    }

    #[test]
    fn what_cannot_be_a_data_directory_is_refused_with_a_sentence() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "x").unwrap();
        for (path, access, kind, part) in [
            (file.clone(), Access::Exclusive, ErrorKind::Invalid, "is not a directory"),
            (file.join("below"), Access::Exclusive, ErrorKind::Invalid, "a part of the path is a file"),
            (temp.path().join("absent"), Access::ReadOnly, ErrorKind::NotFound, "there is no data in"),
            (temp.path().to_owned(), Access::ReadOnly, ErrorKind::NotFound, "there is no data in"),
        ] {
            let refused = DataDir::open(&path, access).unwrap_err();
            assert_eq!(refused.kind(), kind, "{refused}");
            assert!(refused.to_string().contains(part), "{refused}");
        }
        assert!(!temp.path().join("absent").exists(), "reading creates nothing");
    }
}
