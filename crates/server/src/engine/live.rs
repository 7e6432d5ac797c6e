//! What is the live state, and how does it come back after a stop?

use super::{Engine, Ports};
use crate::error::ServerError;
use events::{Offset, Recorded};
use features::{Activity, FeatureState, Items};
use profiles::{Change, Profiles};
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

/// How many changed customers make a rebuild write a checkpoint.
const N_DIRTY_MAX: usize = 100_000;

/// Everything that is folded from events: customers with their features, and items.
pub struct Live {
    /// The customers.
    pub profiles: Profiles<FeatureState>,
    /// The items.
    pub items: Items,
    /// What happens each day.
    pub activity: Activity,
}

impl Live {
    /// Opens the last checkpoint and folds in the tail of the log.
    pub(super) fn open(ports: &Ports) -> Result<Self, ServerError> {
        let mut live = Self::stored(ports)?;
        live.fold_after(live.profiles.offset(), ports, |_| Ok(()))?;
        Ok(live)
    }

    /// Recreates everything derived from the whole history, into an emptied store. Answers with the number of events.
    ///
    /// # Errors
    /// [`ServerError`] where the history cannot be read or the store not be written.
    pub fn rebuild(ports: &Ports, mut progress: impl FnMut(u64)) -> Result<u64, ServerError> {
        ports.profiles.clear()?;
        let mut live = Self::stored(ports)?;
        let mut n_events = 0;
        live.fold_after(Offset::default(), ports, |live| {
            n_events += 1;
            progress(n_events);
            if live.profiles.n_dirty() > N_DIRTY_MAX { live.store(ports) } else { Ok(()) }
        })?;
        live.store(ports)?;
        Ok(n_events)
    }

    /// Folds in every event after an offset, sealed or not.
    fn fold_after(
        &mut self,
        after: Offset,
        ports: &Ports,
        mut then: impl FnMut(&mut Self) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        let mut failed = None;
        ports.history.replay(after, &mut |recorded| {
            failed = self.apply(&recorded).and_then(|()| then(self)).err();
            failed.is_none()
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn stored(ports: &Ports) -> Result<Self, ServerError> {
        Ok(Self {
            profiles: Profiles::open(ports.profiles.clone())?,
            items: Items::open(ports.profiles.as_ref())?,
            activity: Activity::open(ports.profiles.as_ref())?,
        })
    }

    pub(super) fn apply(&mut self, recorded: &Recorded) -> Result<(), ServerError> {
        self.profiles.apply(recorded)?;
        self.items.apply(recorded);
        self.activity.apply(recorded);
        Ok(())
    }

    fn take_changes(&mut self) -> Result<Vec<Change>, ServerError> {
        let mut changes = self.profiles.take_changes()?;
        changes.extend(self.items.take_changes()?);
        changes.extend(self.activity.take_changes()?);
        Ok(changes)
    }

    fn store(&mut self, ports: &Ports) -> Result<(), ServerError> {
        ports.profiles.commit(self.profiles.offset(), self.take_changes()?)?;
        self.profiles.shrink_to(N_DIRTY_MAX);
        Ok(())
    }
}

impl Engine {
    /// The live state, to be read.
    pub fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores what has changed since the last checkpoint, with the offset it leads to, and forgets customers beyond
    /// `n_resident_max`. Answers with that offset.
    ///
    /// # Errors
    /// [`ServerError`]; then the next checkpoint stores it.
    pub fn checkpoint(&self, n_resident_max: usize) -> Result<Offset, ServerError> {
        let _one_at_a_time = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let (offset, changes) = {
            let mut live = self.live_mut();
            if live.profiles.offset().0 == self.checkpointed.load(Ordering::Acquire) {
                return Ok(live.profiles.offset());
            }
            (live.profiles.offset(), live.take_changes()?)
        };
        match self.ports.profiles.commit(offset, changes.clone()) {
            Ok(()) => {
                self.checkpointed.store(offset.0, Ordering::Release);
                self.live_mut().profiles.shrink_to(n_resident_max);
                Ok(offset)
            }
            Err(error) => {
                let mut live = self.live_mut();
                live.profiles.keep_dirty(&changes);
                live.items.keep_dirty(&changes);
                live.activity.keep_dirty();
                Err(error.into())
            }
        }
    }

    /// The offset of the last checkpoint.
    pub fn checkpointed(&self) -> Offset {
        Offset(self.checkpointed.load(Ordering::Acquire))
    }

    /// The offset up to which events are live.
    pub fn folded(&self) -> Offset {
        self.live().profiles.offset()
    }

    /// Whether everything durable is live; if not, only a restart helps.
    pub fn is_sound(&self) -> bool {
        !self.is_broken.load(Ordering::Acquire)
    }
}
