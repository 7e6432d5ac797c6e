//! How is a data directory copied while it is in use, and how does it come back?
//!
//! ```text
//! BACKUP/backup.json           what is in it: each file with its size and SHA-256; written last
//! BACKUP/rapport.db            the database of one moment, in one file
//! BACKUP/history/…             the files that this database counts, as hard links where that can be
//! BACKUP/…                     models, keys, and what else is in the data directory
//! ```
//!
//! The database comes first: what it counts of the history never changes afterwards, and models appear before decisions
//! that name them. So everything is of the database's moment, or from after it and not asked for. Before it comes only how far
//! the erasures are.

mod erasures;

use crate::counters::Counters;
use crate::directory::{lock, unrestored_mark};
use crate::files::{FILE_MODE, create_directory, create_file, sync_directory, write_durably};
use crate::history_files::{PartFiles, verified};
use crate::model_store::hex;
use crate::schema::{PATIENCE, meta, open_reader};
use crate::{DatabaseError, Storage, StorageError};
use erasures::Erasures;
use events::Offset;
use primitives::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// The version of a backup's manifest.
const VERSION: u8 = 1;
/// The manifest.
const MANIFEST: &str = "backup.json";

/// The database.
const DATABASE: &str = "rapport.db";

/// What belongs to a running program and not to the data: the locks, and the running server's address and key.
const NOT_KEPT: [&str; 4] = ["lock", "keys.lock", "server.json", "restoring"];

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    v: u8,
    /// When it was made.
    pub made_at: Timestamp,
    /// The newest event in it.
    pub head: Offset,
    /// The last offset that is in its history.
    pub sealed_upto: Offset,
    /// How many offsets upto the newest have no event any more. Backups of older programs do not say it.
    #[serde(default)]
    n_missing: u64,
    /// How many of them are in the history.
    #[serde(default)]
    n_missing_sealed: u64,
    files: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    path: String,
    bytes: u64,
    sha256: String,
}

impl Backup {
    /// How many events are in it.
    #[must_use]
    pub fn n_events(&self) -> u64 {
        self.head.0.saturating_sub(self.n_missing)
    }

    /// How many of them are in its history.
    #[must_use]
    pub fn n_sealed(&self) -> u64 {
        self.sealed_upto.0.saturating_sub(self.n_missing_sealed)
    }

    /// How many files it has.
    #[must_use]
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|entry| entry.bytes).sum()
    }
}

impl Storage {
    /// Copies everything, of one moment, into a directory that is not there yet; also while a server uses the data
    /// directory. The backup has its name only when it is complete. Tells the number of bytes that were copied.
    ///
    /// # Errors
    /// [`StorageError::BackupPlace`], [`StorageError::Damaged`] and [`StorageError::Gap`] where the history is not what was
    /// written, [`StorageError::BackupErasure`], [`StorageError::File`], [`StorageError::Database`].
    pub fn backup(&self, to: &Path, now: Timestamp, progress: &mut dyn FnMut(u64)) -> Result<Backup, StorageError> {
        let data = self.directory.path();
        let unfinished = place_for(to, data)?;
        let copy = Copy { from: data, to: &unfinished, files: Vec::new(), bytes: 0, progress };
        let made = self.fill(copy, now).and_then(|backup| {
            fs::rename(&unfinished, to).map_err(|source| StorageError::file("naming", to, source))?;
            sync_parent(to)?;
            Ok(backup)
        });
        made.inspect_err(|_| {
            // The first error is the one to tell. What is removed is what was made here.
            let _ = fs::remove_dir_all(&unfinished);
        })
    }

    fn fill(&self, mut copy: Copy<'_>, now: Timestamp) -> Result<Backup, StorageError> {
        let mut erasures = Erasures::before(&self.directory)?;
        let database = copy.to.join(DATABASE);
        copy_database(&self.directory.database(), &database)?;
        let failed = |source| StorageError::Database { attempt: "reading the copy of the database", source };
        let connection = open_reader(&database, PATIENCE).map_err(failed)?;
        let of_moment = meta(&connection, "sealed_upto").and_then(|upto| Ok((upto, Counters::load(&connection)?.head)));
        let (sealed_upto, head) = of_moment.map_err(|error| failed(error.into()))?;
        drop(connection);
        copy.note(DATABASE, &database)?;
        erasures.look()?;
        let set_aside = self.directory.offsets_set_aside()?;
        let parts = PartFiles::new(self.directory.history());
        let missing = set_aside.and(&erasures.offsets());
        for part in parts.rounds(0, sealed_upto, &missing)?.iter().flat_map(|round| &round.parts) {
            copy.link(&part.path, &verified(part)?)?;
            erasures.look()?;
        }
        copy.rest(self.directory.path())?;
        erasures.look()?;
        erasures.write(&mut copy)?;
        let missing = set_aside.and(&erasures.offsets());
        let backup = Backup {
            v: VERSION,
            made_at: now,
            head: Offset(head),
            sealed_upto: Offset(sealed_upto),
            n_missing: missing.n_within(1, head),
            n_missing_sealed: missing.n_within(1, sealed_upto),
            files: copy.files,
        };
        let manifest = copy.to.join(MANIFEST);
        let content = serde_json::to_vec_pretty(&backup).map_err(io::Error::from);
        content
            .and_then(|content| write_durably(&manifest, &content))
            .map_err(|source| StorageError::file("writing", &manifest, source))?;
        Ok(backup)
    }
}

/// Brings a backup back into a data directory that is empty or not there. Everything is verified before anything is
/// written, and again as it is written; a directory whose restoring was broken off is refused until the same backup is restored again.
/// Tells the number of bytes that were read, twice for each.
///
/// # Errors
/// [`StorageError::BackupDamaged`], [`StorageError::BackupPlace`], [`StorageError::InUse`], [`StorageError::File`].
pub fn restore(backup: &Path, data: &Path, progress: &mut dyn FnMut(u64)) -> Result<Backup, StorageError> {
    let (manifest, identity) = read_manifest(backup)?;
    let mut n_read = 0;
    let mut told = |n: u64| {
        n_read += n;
        progress(n_read);
    };
    for entry in &manifest.files {
        transfer(backup, entry, &mut io::sink())?;
        told(entry.bytes);
    }
    refuse_content(data, &identity)?;
    create_directory(data).map_err(|source| StorageError::file("creating the data directory", data, source))?;
    let _lock = lock(data)?;
    refuse_content(data, &identity)?;
    let mark = unrestored_mark(data);
    write_durably(&mark, identity.as_bytes()).map_err(|source| StorageError::file("writing", &mark, source))?;
    for entry in &manifest.files {
        let path = data.join(&entry.path);
        let failed = |source| StorageError::file("restoring", &path, source);
        let directory = path.parent().unwrap_or(data);
        create_directory(directory).map_err(failed)?;
        let mut file = create_file(&path).map_err(failed)?;
        transfer(backup, entry, &mut file)?;
        file.sync_all().and_then(|()| sync_directory(directory)).map_err(failed)?;
        told(entry.bytes);
    }
    fs::remove_file(&mark)
        .and_then(|()| sync_directory(data))
        .map_err(|source| StorageError::file("removing", &mark, source))?;
    Ok(manifest)
}

/// A backup that is being made.
struct Copy<'a> {
    from: &'a Path,
    to: &'a Path,
    files: Vec<Entry>,
    bytes: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl Copy<'_> {
    /// Takes a file of the history in: as a second name of the same file where the file system allows it.
    fn link(&mut self, path: &Path, content: &[u8]) -> Result<(), StorageError> {
        let (name, target) = self.target(path)?;
        if fs::hard_link(path, &target).is_err() {
            write_durably(&target, content).map_err(|source| StorageError::file("copying", &target, source))?;
        }
        self.add(name, content.len() as u64, &Sha256::digest(content));
        Ok(())
    }

    /// Copies what else is in a directory: everything but the database, the lock, the history, the erasures, the files of
    /// decisions, which are written again from the database, and what is being written.
    fn rest(&mut self, directory: &Path) -> Result<(), StorageError> {
        let failed = |source| StorageError::file("listing", directory, source);
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_ours = directory == self.from
                && (NOT_KEPT.contains(&name.as_str())
                    || name == "history"
                    || name == "decisions"
                    || name == "erased"
                    || name.starts_with(DATABASE)
                    || name == MANIFEST);
            if is_ours || name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                self.rest(&path)?;
            } else {
                self.copy(&path)?;
            }
        }
        Ok(())
    }

    fn copy(&mut self, path: &Path) -> Result<(), StorageError> {
        let content = match fs::read(path) {
            Ok(content) => content,
            // It was replaced or removed meanwhile, and was not part of the moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StorageError::file("reading", path, source)),
        };
        let (name, target) = self.target(path)?;
        write_durably(&target, &content).map_err(|source| StorageError::file("copying", &target, source))?;
        self.add(name, content.len() as u64, &Sha256::digest(&content));
        Ok(())
    }

    /// Notes a file that is there already.
    fn note(&mut self, name: &str, path: &Path) -> Result<(), StorageError> {
        let failed = |source| StorageError::file("reading", path, source);
        let (bytes, digest) = File::open(path).and_then(|file| pour(file, &mut io::sink())).map_err(failed)?;
        self.add(name.to_owned(), bytes, &digest);
        Ok(())
    }

    fn add(&mut self, path: String, bytes: u64, digest: &[u8]) {
        self.files.push(Entry { path, bytes, sha256: hex(digest) });
        self.bytes += bytes;
        (self.progress)(self.bytes);
    }

    /// The name of a file below the data directory, and its place in the backup.
    fn target(&self, path: &Path) -> Result<(String, PathBuf), StorageError> {
        let name = path.strip_prefix(self.from).unwrap_or(path);
        let target = self.to.join(name);
        let directory = target.parent().unwrap_or(self.to);
        create_directory(directory).map_err(|source| StorageError::file("creating", directory, source))?;
        Ok((name.to_string_lossy().into_owned(), target))
    }
}

/// Writes the database as it is at one moment into one file; whoever writes to it goes on meanwhile.
fn copy_database(from: &Path, to: &Path) -> Result<(), StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copied = Connection::open_with_flags(from, flags).and_then(|connection| {
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])
    });
    copied.map_err(|error| StorageError::Database {
        attempt: "copying the database",
        source: DatabaseError::from(error),
    })?;
    fs::set_permissions(to, Permissions::from_mode(FILE_MODE))
        .and_then(|()| File::open(to)?.sync_all())
        .map_err(|source| StorageError::file("copying", to, source))
}

/// The name that a backup has while it is made, as an empty directory.
fn place_for(to: &Path, data: &Path) -> Result<PathBuf, StorageError> {
    let refused = |why: &str| StorageError::BackupPlace { path: to.to_owned(), why: why.to_owned() };
    let Some(name) = to.file_name() else { return Err(refused("it has no name: name a directory")) };
    if to.exists() && fs::read_dir(to).map_or(true, |mut entries| entries.next().is_some()) {
        return Err(refused("something is there already: name a new directory"));
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_directory(parent).map_err(|source| StorageError::file("creating", parent, source))?;
    if fs::canonicalize(parent).ok().zip(fs::canonicalize(data).ok()).is_some_and(|(to, data)| to.starts_with(data)) {
        return Err(refused("it is in the data directory itself: name a directory elsewhere, best on another disk"));
    }
    let unfinished = parent.join(format!("{}.unfinished", name.to_string_lossy()));
    if unfinished.exists() {
        let why = format!("a backup that was broken off is in {}: remove it first", unfinished.display());
        return Err(refused(&why));
    }
    create_directory(&unfinished).map_err(|source| StorageError::file("creating", &unfinished, source))?;
    Ok(unfinished)
}

/// Refuses a directory with anything in it but a part of this backup.
fn refuse_content(data: &Path, identity: &str) -> Result<(), StorageError> {
    let refused = |why: &str| StorageError::BackupPlace { path: data.to_owned(), why: why.to_owned() };
    if let Ok(begun) = fs::read(unrestored_mark(data)) {
        let why = "restoring something else there was broken off, and the two would be mixed: restore that backup again, \
                   or remove the directory first";
        return if begun == identity.as_bytes() { Ok(()) } else { Err(refused(why)) };
    }
    let is_empty = match fs::read_dir(data) {
        Ok(entries) => entries.flatten().all(|entry| entry.file_name() == "lock"),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let why = "a backup is restored only into a directory that is empty or not there: name another one with --data";
    if is_empty { Ok(()) } else { Err(refused(why)) }
}

/// What is in a backup, and the digest that says which one it is.
fn read_manifest(backup: &Path) -> Result<(Backup, String), StorageError> {
    let path = backup.join(MANIFEST);
    let damaged = |why: String| StorageError::BackupDamaged { path: path.clone(), why };
    let content = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StorageError::NoBackup { path: backup.to_owned() },
        _ => damaged(format!("it cannot be read: {error}")),
    })?;
    let found: Backup = serde_json::from_slice(&content).map_err(|error| damaged(error.to_string()))?;
    if found.v > VERSION {
        return Err(StorageError::Newer { path, found: found.v.into(), supported: VERSION.into() });
    }
    if let Some(entry) = found.files.iter().find(|entry| !may_be_kept(&entry.path)) {
        return Err(damaged(format!("it names {}, which is not in the backup", entry.path)));
    }
    let mut names: Vec<&str> = found.files.iter().map(|entry| entry.path.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(damaged(format!("it names {} twice", pair[0])));
    }
    if names.binary_search(&DATABASE).is_err() {
        return Err(damaged(format!("it names no {DATABASE}, without which there is nothing to restore")));
    }
    Ok((found, hex(&Sha256::digest(&content))))
}

/// Whether a backup may name a file so: below the backup, and nothing that a backup never holds, such as a database's
/// journal, which would change what the database says.
fn may_be_kept(name: &str) -> bool {
    let is_below = Path::new(name).components().all(|component| matches!(component, Component::Normal(_)));
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    let is_of_database = name.starts_with(DATABASE) && name != DATABASE;
    !name.is_empty() && is_below && !is_hidden && !is_of_database && !NOT_KEPT.contains(&name) && name != MANIFEST
}

/// Reads a file of a backup into something, and makes sure that it is what the manifest says.
fn transfer(backup: &Path, entry: &Entry, into: &mut dyn Write) -> Result<(), StorageError> {
    let path = backup.join(&entry.path);
    let damaged = |why: String| StorageError::BackupDamaged { path: path.clone(), why };
    let file = File::open(&path).map_err(|error| damaged(format!("it cannot be read: {error}")))?;
    let (bytes, digest) = pour(file, into).map_err(|source| StorageError::file("copying", &path, source))?;
    if bytes != entry.bytes || hex(&digest) != entry.sha256 {
        return Err(damaged("its content is not what the manifest says".to_owned()));
    }
    Ok(())
}

fn pour(mut from: impl Read, into: &mut dyn Write) -> io::Result<(u64, Vec<u8>)> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let n = from.read(&mut buffer)?;
        let Some(read) = buffer.get(..n).filter(|read| !read.is_empty()) else { break };
        digest.update(read);
        into.write_all(read)?;
        bytes += n as u64;
    }
    Ok((bytes, digest.finalize().to_vec()))
}

fn sync_parent(path: &Path) -> Result<(), StorageError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_directory(parent).map_err(|source| StorageError::file("naming", path, source))
}
