//! How does a file come to be there as a whole or not at all?

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a file's name begins with while it is being written.
pub(crate) const TEMP_PREFIX: &str = ".tmp-";

/// A name beside `path` that no other writer uses.
pub(crate) fn temp_beside(path: &Path) -> PathBuf {
    static N: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let n = N.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!("{TEMP_PREFIX}{}-{n}-{name}", std::process::id()))
}

/// Writes a file under a temporary name, syncs it, gives it its name and syncs the directory.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let temp = temp_beside(path);
    let written = File::create(&temp).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    finish(written, &temp, path)
}

/// Gives a synced temporary file its name and syncs the directory; removes it where something failed.
pub(crate) fn finish(written: io::Result<()>, temp: &Path, path: &Path) -> io::Result<()> {
    let done = written.and_then(|()| fs::rename(temp, path));
    if done.is_err() {
        // The first error is the one to tell; what is left is removed at the next start.
        let _ = fs::remove_file(temp);
    }
    done?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Creates a directory with its parents, durably.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_directory)
}
