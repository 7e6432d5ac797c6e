//! What is the live state, and how does it come back after a stop?

use super::ingest::broken;
use super::{Engine, Ports};
use crate::error::ServerError;
use events::{Offset, Recorded};
use features::{Activity, FeatureState, Items};
use profiles::{Change, Profiles};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

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
    /// Looks at the live state. Events wait meanwhile: take out what is needed, compute afterwards.
    ///
    /// # Panics
    /// Where `look` looks again: what it needs of the live state is passed down from here.
    pub fn look<T>(&self, look: impl FnOnce(&Live) -> T) -> T {
        self.live.look(look)
    }

    /// Stores what has changed since the last checkpoint, with the offset it leads to, and forgets customers beyond
    /// `n_resident_max`. Answers with that offset.
    ///
    /// # Errors
    /// [`ServerError`]; then the next checkpoint stores it.
    pub fn checkpoint(&self, n_resident_max: usize) -> Result<Offset, ServerError> {
        let _one_at_a_time = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let (offset, changes) = self.live.change(|live| {
            let offset = live.profiles.offset();
            let has_news = offset.0 != self.checkpointed.load(Ordering::Acquire);
            Ok::<_, ServerError>((offset, if has_news { Some(live.take_changes()?) } else { None }))
        })?;
        let Some(changes) = changes else { return Ok(offset) };
        match self.ports.profiles.commit(offset, changes.clone()) {
            Ok(()) => {
                self.checkpointed.store(offset.0, Ordering::Release);
                self.live.change(|live| live.profiles.shrink_to(n_resident_max));
                Ok(offset)
            }
            Err(error) => {
                self.live.change(|live| {
                    live.profiles.keep_dirty(&changes);
                    live.items.keep_dirty(&changes);
                    live.activity.keep_dirty();
                });
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
        self.look(|live| live.profiles.offset())
    }

    /// Goes the ways of an event and of a decision without writing anything: to the log's writer, and to the live state.
    /// Waits as long as they would.
    ///
    /// # Errors
    /// [`ServerError`] where they would fail.
    pub fn check(&self) -> Result<(), ServerError> {
        if !self.is_sound() {
            return Err(broken());
        }
        self.ports.events.check()?;
        self.live.change(|_| ());
        Ok(())
    }

    /// Whether everything durable is live; if not, only a restart helps.
    pub fn is_sound(&self) -> bool {
        !self.is_broken.load(Ordering::Acquire)
    }
}
