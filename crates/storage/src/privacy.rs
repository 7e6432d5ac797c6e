//! Who else on this machine can read the data directory? Nobody: it holds what customers did, and the keys' hashes.

use crate::files::{DIRECTORY_MODE, FILE_MODE};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What anybody but the owner may do.
const OTHERS: u32 = 0o077;
/// The bit of directories that everybody shares, such as `/tmp`.
const SHARED: u32 = 0o1000;

/// Takes away what others may do with a data directory and what we keep in it. A directory that everybody shares is
/// left as it is, and so is what belongs to somebody else, such as a mounted volume: `doctor` tells of both.
pub(crate) fn tighten(directory: &Path) {
    for path in ours(directory) {
        let Some(mode) = mode(&path) else { continue };
        if mode & OTHERS == 0 || mode & SHARED != 0 {
            continue;
        }
        let wanted = if path.is_dir() { DIRECTORY_MODE } else { FILE_MODE };
        // What cannot be changed works all the same, and is told by `doctor`.
        let _ = fs::set_permissions(&path, Permissions::from_mode(wanted));
    }
}

/// What of a data directory others may read or change.
pub(crate) fn open_to_others(directory: &Path) -> Vec<PathBuf> {
    let is_open = |path: &PathBuf| mode(path).is_some_and(|mode| mode & OTHERS != 0);
    ours(directory).into_iter().filter(is_open).collect()
}

/// The directory, the files right in it, and everything in the directories that we make. Other directories are
/// somebody's own, and cannot be reached through ours.
fn ours(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    for path in entries(directory) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_made_by_us =
            ["history", "decisions", "models", "rejects", "downloads", "set-aside", "erased"].contains(&name.as_ref());
        match path.is_dir() {
            true if is_made_by_us => found.extend(below(&path)),
            false if path.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    for path in entries(directory) {
        match path.is_dir() {
            true => found.extend(below(&path)),
            false => found.push(path),
        }
    }
    found
}

/// What a directory holds, without links: they lead elsewhere.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink())).map(|entry| entry.path())
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, DataDir, Storage, StorageSettings};

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_directory_that_others_could_read_is_closed_when_it_is_opened() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        fs::create_dir_all(data.join("history/date=2026-11-22")).unwrap();
        fs::create_dir_all(data.join("mine")).unwrap();
        fs::create_dir_all(data.join("set-aside")).unwrap();
        let files = ["keys.json", "rapport.db", "history/date=2026-11-22/part", "set-aside/part.json", "mine/script"];
        for path in files.map(|file| data.join(file)) {
            fs::write(&path, "").unwrap();
            chmod(&path, 0o755);
        }
        for directory in ["", "history", "history/date=2026-11-22", "set-aside", "mine"] {
            chmod(&data.join(directory), 0o755);
        }
        std::os::unix::fs::symlink("/", data.join("history/link")).unwrap();
        assert_eq!(open_to_others(&data).len(), 8);
        drop(DataDir::open(&data, Access::Exclusive).unwrap());
        assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
        assert_eq!(mode(&data).unwrap() & 0o777, 0o700);
        assert_eq!(mode(&data.join("keys.json")).unwrap() & 0o777, 0o600);
        assert_eq!(mode(&data.join("mine/script")).unwrap() & 0o777, 0o755, "what is not ours stays as it is");
    }

    #[test]
    fn a_directory_that_everybody_shares_is_told_and_left_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        chmod(temp.path(), 0o1777);
        let storage =
            Storage::open(DataDir::open(temp.path(), Access::Exclusive).unwrap(), StorageSettings::default()).unwrap();
        assert_eq!(mode(temp.path()).unwrap() & 0o7777, 0o1777);
        let told = storage
            .check(crate::Depth::Quick, &mut |_, _| {})
            .into_iter()
            .find(|finding| finding.area == "privacy")
            .unwrap();
        assert_eq!(told.severity, crate::Severity::Warning, "{told}");
        assert!(told.message.contains("chmod"), "{told}");
    }
}
