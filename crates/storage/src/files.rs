//! How does a file come to be there as a whole or not at all, and for nobody else to read?

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
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

/// The permissions of our directories and of our files: the user who runs the program, and nobody else.
pub(crate) const DIRECTORY_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;

/// Creates a file that nobody else may read, or empties the one that is there.
///
/// # Errors
/// What the operating system says.
pub fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)
}

/// The content of a file of at most so many bytes. What is no file is not waited for: a pipe, or a device that never ends.
///
/// # Errors
/// What the operating system says; of kind `InvalidData` where it is no file, or larger.
pub(crate) fn read_file(path: &Path, n_bytes_max: u64) -> io::Result<Vec<u8>> {
    let not_one = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if !fs::metadata(path)?.is_file() {
        return Err(not_one(format!("{} is no file", path.display())));
    }
    let mut content = Vec::new();
    File::open(path)?.take(n_bytes_max.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > n_bytes_max {
        return Err(not_one(format!("{} is larger than {n_bytes_max} bytes", path.display())));
    }
    Ok(content)
}

/// Writes a file under a temporary name, syncs it, gives it its name and syncs the directory.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let temp = temp_beside(path);
    let written = create_file(&temp).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
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

/// Creates a directory with its parents, durably, for nobody else to look into.
///
/// # Errors
/// What the operating system says.
pub fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)?;
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_directory)
}
