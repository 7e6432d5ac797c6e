//! How much room is left on the disk, and is it enough for what an erasure writes?

use crate::numbers::unsigned;
use crate::{Storage, StorageError};
use std::sync::atomic::Ordering;

/// So much stays free for what else is written meanwhile.
const RESERVE_BYTES: u64 = 16 << 20;

/// How often what is in the database is written beside it at the same time while it is overwritten: into a temporary file, and
/// into the write-ahead log.
pub(crate) const N_COPIES_TO_OVERWRITE: u64 = 2;
/// And everything derived before that.
pub(crate) const N_COPIES_TO_ERASE: u64 = N_COPIES_TO_OVERWRITE + 1;

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What may still be written.
    pub free_bytes: u64,
    /// What the disk holds in all.
    pub total_bytes: u64,
}

impl Room {
    /// Whether so little is left that what comes in soon cannot be written any more.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.free_bytes < RESERVE_BYTES
    }
}

impl Storage {
    /// The room on the disk of the data directory; nothing where the system does not tell.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        let disk = rustix::fs::statvfs(self.directory.path()).ok()?;
        let bytes = |n_blocks: u64| n_blocks.saturating_mul(disk.f_frsize);
        let free_bytes = bytes(disk.f_bavail).min(self.free_bytes_max.load(Ordering::Relaxed));
        Some(Room { free_bytes, total_bytes: bytes(disk.f_blocks) })
    }

    /// Refuses what would fill the disk: so many copies of what is in the database.
    pub(crate) fn check_room(&self, n_copies: u64) -> Result<(), StorageError> {
        let path = self.directory.path();
        let rewritten = self.parts.list()?.iter().map(|part| part.bytes).max().unwrap_or(0);
        let needed = n_copies * self.content_bytes()? + rewritten + RESERVE_BYTES;
        // Where the system does not tell, it is tried.
        let free = match self.room() {
            Some(room) => room.free_bytes,
            None => self.free_bytes_max.load(Ordering::Relaxed),
        };
        if free >= needed { Ok(()) } else { Err(StorageError::NoRoom { path: path.to_owned(), needed, free }) }
    }

    /// Takes no more than so many bytes of the disk for free, whatever the system says; `None` lifts the bound.
    pub fn limit_free_bytes(&self, bytes_max: Option<u64>) {
        self.free_bytes_max.store(bytes_max.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The bytes of the database that are in use.
    fn content_bytes(&self) -> Result<u64, StorageError> {
        let counted = self.readers.with(|connection| {
            let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0).map(unsigned));
            Ok((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?)
        });
        counted.map_err(|source| StorageError::Database { attempt: "measuring the database", source })
    }
}
