//! Who else has changed the keys? A server follows the file, so that nobody has to start it again.

use super::Keys;
use super::file::{self, KeyFile, Print, StoredKey};
use crate::error::ServerError;
use engine::Stopwatch;
use governance::Role;
use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often an unknown key may have it looked at before that: whoever sends many of them gains nothing.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// After how many looks it is written down when keys were last used.
const N_LOOKS_STORED: u32 = 60;

/// A key that somebody else has made or revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The key's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether it was revoked; otherwise it was made.
    pub is_revoked: bool,
}

/// What is known of the file.
#[derive(Debug)]
pub(super) struct Watch {
    print: Option<Print>,
    looked: Stopwatch,
    /// What others have changed and nobody was told yet.
    news: Vec<KeyChange>,
}

impl Watch {
    pub(super) fn new(print: Option<Print>) -> Self {
        Self { print, looked: Stopwatch::start(), news: Vec::new() }
    }
}

impl Keys {
    /// Looks whether the file was changed, takes over what it says, and answers what others have changed since the last
    /// time. Where it cannot be read, the keys stay as they are.
    pub fn follow(&self) -> Vec<KeyChange> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut watch);
        std::mem::take(&mut watch.news)
    }

    /// Looks at the file before it is due. Answers whether it was looked at.
    pub(super) fn look_again(&self) -> bool {
        let Ok(mut watch) = self.watch.try_lock() else { return false };
        let is_due = watch.looked.elapsed() >= LOOK_AGAIN_AFTER;
        if is_due {
            self.look(&mut watch);
        }
        is_due
    }

    /// Changes the file and takes over what it says then; others' changes meanwhile are kept as news.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoredKey>) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut watch);
        let done = file::change(&self.data, |keys| {
            let (before, done) = (keys.clone(), change(&mut keys.keys)?);
            Ok((before, keys.clone(), done))
        });
        let (before, after, done) = done?;
        watch.news.extend(self.changes(&before));
        // Somebody else may have changed the file since it was written: the next look reads it, whatever it looks like.
        watch.print = None;
        self.adopt(after);
        Ok(done)
    }

    fn look(&self, watch: &mut Watch) {
        watch.looked = Stopwatch::start();
        let print = file::print(&self.data);
        // A file that is gone says nothing about keys: who wants to revoke one revokes it.
        if print.is_none() || print == watch.print {
            return;
        }
        watch.print = print;
        match file::read(&self.data) {
            Ok(file) => {
                watch.news.extend(self.changes(&file));
                self.adopt(file);
            }
            Err(error) => tracing::error!(error = error.story(), "the keys stay as they were"),
        }
    }

    /// What a file says and the present table does not.
    fn changes(&self, file: &KeyFile) -> Vec<KeyChange> {
        let table = self.table();
        let known: BTreeMap<&str, bool> =
            table.stored.iter().map(|key| (key.id.as_str(), key.revoked_at.is_some())).collect();
        let change = |key: &StoredKey, is_revoked| KeyChange {
            id: key.id.clone(),
            name: key.name.clone(),
            role: key.role,
            is_revoked,
        };
        let mut found = Vec::new();
        for key in &file.keys {
            let is_revoked = key.revoked_at.is_some();
            match known.get(key.id.as_str()) {
                None => found.push(change(key, is_revoked)),
                Some(was_revoked) if *was_revoked != is_revoked => found.push(change(key, is_revoked)),
                Some(_) => {}
            }
        }
        found
    }
}

/// The thread that follows the file. Dropping it stops it, and writes down when keys were last used.
#[derive(Debug)]
pub struct Follower {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts to follow; `told` hears what others have changed.
    ///
    /// # Errors
    /// [`ServerError`] where no thread can be started.
    pub fn start(keys: Arc<Keys>, told: impl Fn(KeyChange) + Send + 'static) -> Result<Self, ServerError> {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            for n in 1_u32.. {
                let is_last = stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout);
                keys.follow().into_iter().for_each(&told);
                if (is_last || n.is_multiple_of(N_LOOKS_STORED))
                    && let Err(error) = keys.store_use()
                {
                    tracing::error!(error = error.story(), "it could not be written down when keys were last used");
                }
                if is_last {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(run);
        let thread = thread.map_err(ServerError::io("cannot start the thread that follows the keys"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported already; there is nothing left to do about it here.
            let _ = thread.join();
        }
    }
}
