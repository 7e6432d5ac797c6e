//! How are imports taken out again without anybody waiting for an answer? On a thread of its own, one after the other.
//!
//! That an import does not count is durable in moments; making everything derived anew takes as long as reading the whole
//! history. Where several wait, all of them are taken out first, and what is derived follows once.

use crate::Engine;
use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use events::{EventLogError, ImportId, ImportRefusal, Offset};
use governance::Deed;
use primitives::{ErrorKind, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many imports may wait to be taken out.
const N_WAITING_MAX: usize = 100;

/// How long after a failure what is derived is made anew unasked; each further failure doubles it, up to some hours: it reads
/// the whole history each time.
const AGAIN_FIRST: Duration = Duration::from_secs(120);
const AGAIN_LAST: Duration = Duration::from_secs(6 * 3_600);

/// Takes imports out again, and lets what is derived follow every correction.
pub struct Corrector {
    engine: Arc<Engine>,
    audit: AuditTrail,
    asked: Mutex<Asked>,
    changed: Condvar,
    is_stopped: AtomicBool,
    n_read: AtomicU64,
    n_to_read: AtomicU64,
}

#[derive(Default)]
struct Asked {
    to_undo: VecDeque<ImportId>,
    under_way: Option<ImportId>,
    is_following: bool,
    failed: BTreeMap<ImportId, String>,
    is_follow_wanted: bool,
    /// How often in a row following has failed, and from when on it is tried again unasked.
    n_failures: u32,
    again_at: Option<Timestamp>,
}

/// How far the undoing of an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undoing {
    /// Nobody has asked for it.
    NotAsked,
    /// It waits for its turn, or its events are being withdrawn.
    Withdrawing,
    /// Its events count no longer; what is derived is being made anew.
    Following,
    /// Nothing of it is left in what is derived.
    Done,
    /// It stands as it was, and why.
    Failed(String),
}

enum Work {
    Undo(ImportId),
    Follow,
}

impl Corrector {
    /// A corrector of an engine's imports, which writes down who had which taken out.
    #[must_use]
    pub fn new(engine: Arc<Engine>, audit: AuditTrail) -> Self {
        Self {
            engine,
            audit,
            asked: Mutex::default(),
            changed: Condvar::new(),
            is_stopped: AtomicBool::new(false),
            n_read: AtomicU64::new(0),
            n_to_read: AtomicU64::new(0),
        }
    }

    /// What it corrects.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Asks for an import to be taken out, and answers how far that is. Asking again changes nothing.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such import, or too many wait.
    pub fn undo(&self, import: ImportId, by: &By) -> Result<Undoing, EngineError> {
        match self.undoing(import)? {
            Undoing::NotAsked | Undoing::Failed(_) => {}
            Undoing::Following => {
                self.follow();
                return Ok(Undoing::Following);
            }
            undoing => return Ok(undoing),
        }
        let mut asked = self.asked();
        if asked.to_undo.len() >= N_WAITING_MAX {
            let message = format!("{N_WAITING_MAX} imports wait to be undone already: ask again when some are");
            return Err(EngineError::new(ErrorKind::Unavailable, message));
        }
        if asked.under_way != Some(import) && !asked.to_undo.contains(&import) {
            asked.failed.remove(&import);
            asked.to_undo.push_back(import);
            self.audit.note(Deed::ImportUndone, by, format!("import {import}"));
        }
        drop(asked);
        self.changed.notify_all();
        Ok(Undoing::Withdrawing)
    }

    /// How far the undoing of an import is.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such import, or it cannot be read.
    pub fn undoing(&self, import: ImportId) -> Result<Undoing, EngineError> {
        let (is_asked, failed) = {
            let asked = self.asked();
            let is_asked = asked.under_way == Some(import) || asked.to_undo.contains(&import);
            (is_asked, asked.failed.get(&import).cloned())
        };
        let found = self.engine.ports().imports.import(import)?;
        let found = found.ok_or(EventLogError::from(ImportRefusal::Unknown(import)))?;
        Ok(match (found.undone_at, failed) {
            (Some(_), _) if self.engine.is_outdated()? => Undoing::Following,
            (Some(_), _) => Undoing::Done,
            (None, _) if is_asked => Undoing::Withdrawing,
            (None, Some(why)) => Undoing::Failed(why),
            (None, None) => Undoing::NotAsked,
        })
    }

    /// Has what is derived follow the corrections that there are.
    pub fn follow(&self) {
        self.asked().is_follow_wanted = true;
        self.changed.notify_all();
    }

    /// Has it follow where nobody corrects any more: an import that replaces was broken off, or following has failed a while
    /// ago.
    /// Answers with the newest correction; `before` is the one of a while ago.
    ///
    /// # Errors
    /// [`EngineError`] where that cannot be read.
    pub fn follow_what_is_left(&self, before: Offset) -> Result<Offset, EngineError> {
        let newest = self.engine.ports().imports.corrected_upto()?;
        let is_left = newest == before && self.engine.is_outdated()? || self.engine.has_uncounted();
        let now = self.engine.clock().now();
        if is_left && self.asked().again_at.is_none_or(|again_at| now >= again_at) {
            self.follow();
        }
        Ok(newest)
    }

    /// Whether anything is being done, or waits for its turn.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let asked = self.asked();
        asked.is_follow_wanted || asked.is_following || asked.under_way.is_some() || !asked.to_undo.is_empty()
    }

    /// How many events of how many were read to make everything derived anew.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.n_read.load(Ordering::Relaxed), self.n_to_read.load(Ordering::Relaxed))
    }

    /// Does what is asked until it is stopped.
    pub fn run(&self) {
        while let Some(work) = self.next() {
            match work {
                Work::Undo(import) => self.undo_one(import),
                Work::Follow => self.follow_all(),
            }
        }
    }

    /// Ends [`Corrector::run`]: a rebuild is broken off, and the next start begins it anew.
    pub fn stop(&self) {
        let _asked = self.asked();
        self.is_stopped.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Work> {
        let is_idle = |asked: &mut Asked| !self.is_stopped() && asked.to_undo.is_empty() && !asked.is_follow_wanted;
        let mut asked = self.changed.wait_while(self.asked(), is_idle).unwrap_or_else(PoisonError::into_inner);
        if self.is_stopped() {
            return None;
        }
        asked.under_way = asked.to_undo.pop_front();
        if let Some(import) = asked.under_way {
            return Some(Work::Undo(import));
        }
        (asked.is_follow_wanted, asked.is_following) = (false, true);
        Some(Work::Follow)
    }

    fn undo_one(&self, import: ImportId) {
        let undone = self.engine.undo_import(import);
        let mut asked = self.asked();
        asked.under_way = None;
        match undone {
            Ok(corrected) => {
                asked.is_follow_wanted = true;
                tracing::info!(import = import.0, n_withdrawn = corrected.n_withdrawn, "an import was undone");
            }
            Err(error) => {
                tracing::error!(import = import.0, error = error.story(), "an import could not be undone");
                asked.failed.insert(import, error.story());
            }
        }
    }

    fn follow_all(&self) {
        self.n_read.store(0, Ordering::Relaxed);
        self.n_to_read.store(self.engine.ports().events.head().0, Ordering::Relaxed);
        let followed = self.engine.follow_corrections(&mut |n_read| {
            self.n_read.store(n_read, Ordering::Relaxed);
            if self.is_stopped() { Err(stopped()) } else { Ok(()) }
        });
        let mut asked = self.asked();
        asked.is_following = false;
        match followed {
            Ok(()) => {
                (asked.n_failures, asked.again_at) = (0, None);
                tracing::info!("the profiles follow every correction and every declaration");
            }
            Err(_) if self.is_stopped() => {}
            Err(error) => {
                let pause = AGAIN_FIRST.saturating_mul(1 << asked.n_failures.min(16)).min(AGAIN_LAST);
                asked.n_failures += 1;
                asked.again_at = Some(self.engine.clock().now() + pause);
                let (error, minutes) = (error.story(), pause.as_secs() / 60);
                tracing::error!(error, minutes, "the profiles do not follow yet; tried again after so many minutes");
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopped() -> EngineError {
    EngineError::new(ErrorKind::Unavailable, "the program stops: the next start goes on")
}
