//! What is the live state, and how does it come back after a stop?

use crate::error::EngineError;
use crate::ingest::broken;
use crate::speaker::speaker;
use crate::{Engine, Ports};
use events::{Offset, Place, Recorded};
use features::{Activity, Cells, Conversations, Counted, FeatureState, Inflows, Items, Occasions, Searches};
use governance::{ConsentPolicy, Purpose};
use learning::Withdrawals;
use primitives::ErrorKind;
use profiles::{Change, Collection, Identifier, Profiles, StoreError};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// How many changed customers make a rebuild write a checkpoint.
const N_DIRTY_MAX: usize = 100_000;
/// How many rows of a checkpoint are taken at a time, and how many customers are looked at to forget some: events and
/// decisions wait meanwhile.
const N_SLICE: usize = 500;

/// How many rows are taken at a time where nobody waits meanwhile.
const N_SLICE_ALONE: usize = 10_000;

/// Everything that is folded from events: customers with their features, and items.
pub struct Live {
    /// The customers.
    pub profiles: Profiles<FeatureState>,
    /// The items.
    pub items: Items,
    /// What happens each day.
    pub activity: Activity,
    /// What comes in, by name.
    pub inflows: Inflows,
    /// What is looked for.
    pub searches: Searches,
    /// What came of decisions that were about no customer.
    pub occasions: Occasions,
    /// What is spoken of with customers.
    pub conversations: Conversations,
    /// Who may not be learned from any more.
    pub withdrawals: Withdrawals,
    /// What is kept of customers for the features that the settings declare.
    pub(super) cells: Arc<Cells>,
    /// The newest correction that all this follows.
    pub(super) followed: Offset,
    /// How often the live state was replaced before this one came into force.
    pub(super) generation: u64,
    /// The last of the stored customers that were read into memory, in the order of their ids.
    pub(super) warmed_upto: String,
    /// Whose searches are counted.
    policy: ConsentPolicy,
    /// The row that says with which layout and settings all this is made.
    made_with: Change,
    /// What says how all this is made, for the checkpoint under way.
    made_then: Vec<Change>,
}

impl Live {
    /// Opens the last checkpoint and folds in the tail of the log.
    pub(super) fn open(ports: &Ports, policy: &ConsentPolicy) -> Result<Self, EngineError> {
        let mut live = Self::stored(ports, policy, kept(ports)?)?;
        live.fold_after(live.profiles.offset(), ports, |_| Ok(()))?;
        Ok(live)
    }

    /// Recreates what another version's layout or other consent settings made.
    ///
    /// # Errors
    /// [`EngineError`] as [`Live::rebuild`], and where nothing may be written.
    pub fn renew(ports: &Ports, policy: &ConsentPolicy, may_write: bool) -> Result<(), EngineError> {
        if !profiles::is_outdated(ports.profiles.as_ref(), &made_with(policy))? {
            return Ok(());
        }
        if !may_write {
            let message = "the stored profiles were made by another version or with other consent settings: start the \
                           server, or run `rapport rebuild`, which recreates them";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        tracing::info!("the stored profiles were made by another version or other consent settings: recreating them");
        let n_events = Self::rebuild(ports, policy, |_| {})?;
        tracing::info!(n_events, "the profiles are recreated");
        Ok(())
    }

    /// Recreates everything derived from the whole history beside what is in force, and puts it in its place at the end:
    /// a rebuild that fails or is broken off changes nothing. Answers with the number of events.
    ///
    /// # Errors
    /// [`EngineError`] where the history cannot be read or the store not be written.
    pub fn rebuild(ports: &Ports, policy: &ConsentPolicy, mut progress: impl FnMut(u64)) -> Result<u64, EngineError> {
        let beside = ports.renewal.begin()?;
        let mut n_events = 0;
        let cells = kept(ports)?;
        Self::made_anew(&Ports { profiles: beside.store.clone(), ..ports.clone() }, policy, cells, |n| {
            n_events = n;
            progress(n);
            Ok(())
        })?;
        (beside.adopt)()?;
        Ok(n_events)
    }

    /// Folds the whole history into an empty store.
    pub(super) fn made_anew(
        ports: &Ports,
        policy: &ConsentPolicy,
        cells: Arc<Cells>,
        mut progress: impl FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<Self, EngineError> {
        let mut live = Self::stored(ports, policy, cells)?;
        // Asked first: what is corrected from here on may come too late for what is read next.
        live.followed = ports.imports.corrected_upto()?;
        // Of names that are separated from here on, the past is told anew afterwards.
        live.profiles.know(ports.history.separations()?);
        let mut n_events = 0;
        live.fold_after(Offset::default(), ports, |live| {
            n_events += 1;
            progress(n_events)?;
            if live.profiles.n_dirty() > N_DIRTY_MAX { live.store(ports) } else { Ok(()) }
        })?;
        live.store(ports)?;
        Ok(live)
    }

    /// Folds in what has come since, and stores it.
    pub(super) fn catch_up(&mut self, ports: &Ports) -> Result<(), EngineError> {
        self.fold_after(self.profiles.offset(), ports, |_| Ok(()))?;
        self.store(ports)
    }

    /// Folds in every event after an offset, sealed or not.
    fn fold_after(
        &mut self,
        after: Offset,
        ports: &Ports,
        mut then: impl FnMut(&mut Self) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut failed = None;
        ports.history.replay(Place::first(after), &mut |recorded| {
            failed = self.apply(&recorded).and_then(|()| then(self)).err();
            failed.is_none()
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn stored(ports: &Ports, policy: &ConsentPolicy, cells: Arc<Cells>) -> Result<Self, EngineError> {
        Ok(Self {
            followed: followed(ports)?,
            generation: 0,
            warmed_upto: String::new(),
            made_with: profiles::made_with_change(&made_with(policy)),
            made_then: Vec::new(),
            profiles: Profiles::open_reading(ports.profiles.clone(), cells.clone())?,
            cells,
            items: Items::open(ports.profiles.as_ref(), policy)?,
            activity: Activity::open(ports.profiles.as_ref())?,
            inflows: Inflows::open(ports.profiles.as_ref())?,
            searches: Searches::open(ports.profiles.as_ref())?,
            occasions: Occasions::open(ports.profiles.as_ref())?,
            conversations: Conversations::open(ports.profiles.as_ref())?,
            policy: policy.clone(),
            withdrawals: Withdrawals::open(ports.profiles.as_ref(), policy)?,
        })
    }

    /// Keeps something else of customers of whom there are none yet.
    pub(super) fn keep(&mut self, cells: Arc<Cells>) {
        self.profiles.read_otherwise(cells.clone());
        self.cells = cells;
    }

    pub(super) fn apply(&mut self, recorded: &Recorded) -> Result<(), EngineError> {
        let before = self.withdrawals.before(&self.profiles, recorded)?;
        // The items first: of those that the event names for the first time the buyers are counted, too.
        self.items.apply(recorded);
        let applied = self.profiles.apply_watched(recorded, &mut self.items)?;
        self.withdrawals.after(before, &self.profiles, recorded)?;
        self.activity.apply(recorded);
        self.inflows.apply(recorded);
        self.occasions.apply(recorded);
        if let Some(id) = applied.customer.filter(|_| Conversations::concerns(&recorded.event)) {
            let speaker = speaker(&self.profiles, &id, &self.policy)?;
            let find = |name: &Identifier| self.profiles.find(name);
            self.conversations.apply(recorded, &speaker, &find)?;
        }
        let counted = if self.searches.concerns(&recorded.event) { self.counted(recorded)? } else { Counted::No };
        self.searches.apply(recorded, counted, decisions::search::words_of);
        Ok(())
    }

    /// Whether whoever did it permits to be counted, and as whom: after the event, which may say so.
    fn counted(&self, recorded: &Recorded) -> Result<Counted, EngineError> {
        for name in Identifier::mentioned(&recorded.event) {
            if let Some(id) = self.profiles.find(&name)?
                && let Some(customer) = self.profiles.customer(&id)?
            {
                return Ok(match self.policy.answer(&customer.profile.consents, Purpose::Analytics).granted {
                    false => Counted::No,
                    true if customer.profile.is_vouched() => Counted::AsKnown,
                    true => Counted::AsAnother,
                });
            }
        }
        Ok(Counted::No)
    }

    /// Begins a checkpoint of this moment and answers with its offset.
    fn begin_checkpoint(&mut self) -> Result<Offset, EngineError> {
        self.profiles.begin_checkpoint()?;
        self.items.begin_checkpoint();
        self.activity.begin_checkpoint()?;
        self.inflows.begin_checkpoint()?;
        self.searches.begin_checkpoint()?;
        self.occasions.begin_checkpoint()?;
        self.conversations.begin_checkpoint()?;
        self.withdrawals.begin_checkpoint()?;
        self.made_then = vec![self.made_with.clone(), followed_change(self.followed), kept_change(&self.cells)];
        Ok(self.profiles.offset())
    }

    /// The checkpoint's next rows; none where it has them all.
    fn next_slice(&mut self, n_max: usize) -> Result<Vec<Change>, StoreError> {
        let mut slice = Vec::with_capacity(n_max);
        slice.append(&mut self.made_then);
        self.profiles.fill(&mut slice, n_max)?;
        self.items.fill(&mut slice, n_max);
        self.activity.fill(&mut slice, n_max);
        self.inflows.fill(&mut slice, n_max);
        self.searches.fill(&mut slice, n_max);
        self.occasions.fill(&mut slice, n_max);
        self.conversations.fill(&mut slice, n_max);
        self.withdrawals.fill(&mut slice, n_max);
        Ok(slice)
    }

    fn end_checkpoint(&mut self, is_durable: bool) {
        self.profiles.end_checkpoint(is_durable);
        self.items.end_checkpoint(is_durable);
        self.activity.end_checkpoint(is_durable);
        self.inflows.end_checkpoint(is_durable);
        self.searches.end_checkpoint(is_durable);
        self.occasions.end_checkpoint(is_durable);
        self.conversations.end_checkpoint(is_durable);
        self.withdrawals.end_checkpoint(is_durable);
    }

    fn store(&mut self, ports: &Ports) -> Result<(), EngineError> {
        let offset = self.begin_checkpoint()?;
        let stored = ports.profiles.checkpoint(&[Place::first(offset)], &mut || self.next_slice(N_SLICE_ALONE));
        self.end_checkpoint(stored.is_ok());
        self.profiles.shrink_to(N_DIRTY_MAX, usize::MAX);
        Ok(stored?)
    }
}

/// Where the store says what is kept of customers for declared features.
const KEPT_KEY: &str = "kept for features";

fn kept_change(cells: &Cells) -> Change {
    let value = Some(cells.to_record()).filter(|_| cells.specs().len() > 0);
    Change { collection: Collection::Totals, key: KEPT_KEY.to_owned(), value }
}

/// What is kept of customers, as the store says.
fn kept(ports: &Ports) -> Result<Arc<Cells>, EngineError> {
    let stored = ports.profiles.get(Collection::Totals, KEPT_KEY)?;
    Ok(Arc::new(stored.map(|stored| Cells::from_record(&stored)).unwrap_or_default()))
}

/// Where the store says which corrections it follows.
const FOLLOWED_KEY: &str = "corrections followed";

fn followed_change(upto: Offset) -> Change {
    let value = Some(upto.to_string().into_bytes());
    Change { collection: Collection::Totals, key: FOLLOWED_KEY.to_owned(), value }
}

/// The newest correction that the stored state follows. An older version wrote no state between a correction and what
/// followed it, so there the state's own place says it.
fn followed(ports: &Ports) -> Result<Offset, EngineError> {
    if let Some(stored) = ports.profiles.get(Collection::Totals, FOLLOWED_KEY)? {
        return Ok(Offset(String::from_utf8_lossy(&stored).parse().unwrap_or(0)));
    }
    let corrected_upto = ports.imports.corrected_upto()?;
    Ok(if ports.profiles.offset()? < corrected_upto { Offset::default() } else { corrected_upto })
}

/// What is counted over customers is counted over those who permit it.
fn made_with(policy: &ConsentPolicy) -> String {
    policy.rule(Purpose::Analytics)
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
    /// `n_resident_max`. Answers with that offset. Events and decisions go on between the slices.
    ///
    /// # Errors
    /// [`EngineError`]; then the next checkpoint stores it.
    pub fn checkpoint(&self, n_resident_max: usize) -> Result<Offset, EngineError> {
        let _one_at_a_time = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_sound() {
            // What is live is not what is durable; the next start makes it so.
            return Ok(self.checkpointed());
        }
        // Where the past was told anew there may be something to store although no event came.
        if self.folded() != self.checkpointed() || self.look(|live| live.profiles.n_dirty() > 0) {
            self.store()?;
        }
        self.forget_beyond(n_resident_max);
        Ok(self.checkpointed())
    }

    fn store(&self) -> Result<(), EngineError> {
        let offset = self.live.change(Live::begin_checkpoint)?;
        let stored = self
            .ports
            .profiles
            .checkpoint(&[Place::first(offset)], &mut || self.live.change(|live| live.next_slice(N_SLICE)));
        self.live.change(|live| live.end_checkpoint(stored.is_ok()));
        stored?;
        self.checkpointed.store(offset.0, Ordering::Release);
        Ok(())
    }

    fn forget_beyond(&self, n_max: usize) {
        // Twice around: the first look takes the second chance away.
        let n_looks = 2 * self.live.look(|live| live.profiles.n_resident());
        for _ in 0..=n_looks / N_SLICE {
            if self.live.change(|live| live.profiles.shrink_to(n_max, N_SLICE)) {
                break;
            }
        }
        self.live.look(|live| self.pressure.measure(&live.profiles));
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
    /// [`EngineError`] where they would fail.
    pub fn check(&self) -> Result<(), EngineError> {
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
