//! How many customers have refused since a model learned from them? A fold over events that keeps counts and no names.
//!
//! A model cannot forget one customer; it can only be trained again without them. So it must be known which models still
//! hold somebody who has refused, for as long as they do.

use crate::ModelHeader;
use events::{Call, Offset, Recorded};
use features::FeatureState;
use governance::{ConsentPolicy, Purpose};
use primitives::{CustomerId, Timestamp};
use profiles::{Change, Identifier, Profile, ProfileError, ProfileStore, Profiles, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many of the newest withdrawals are kept. Models are trained again within a day; a count that is larger would say the
/// same.
const N_KEPT: usize = 10_000;

const KEY: &str = "withdrawals";

/// The withdrawals of the consent to be learned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawals {
    /// Whose word counts how far. Under other settings everything is folded anew.
    policy: ConsentPolicy,
    kept: VecDeque<Withdrawal>,
    row: TotalsRow,
}

/// One customer who was learned from, or might have been, and has refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Withdrawal {
    offset: Offset,
    at: Timestamp,
    /// The first event of the customer: a model that had read less has not learned from them.
    known_since: Offset,
    /// Whether they ever ordered: most models learn from nobody else.
    has_ordered: bool,
}

/// What withdrawals mean for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// How many of the customers it learned from have refused since.
    pub n: u64,
    /// When the first of them did.
    pub first_at: Timestamp,
}

/// Customers who could be learned from before an event was folded in, each with the first event they are known from.
#[derive(Debug, Default)]
pub struct Before(Vec<(CustomerId, Offset, bool)>);

impl Withdrawals {
    /// Opens what a store holds, as its last checkpoint left it.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore, policy: &ConsentPolicy) -> Result<Self, ProfileError> {
        let kept: VecDeque<Withdrawal> = TotalsRow::stored(store, KEY)?;
        let mut row = TotalsRow::default();
        if kept.is_empty() {
            // So that nothing to keep is always stored in one way, whether there was something before or not.
            row.changed();
        }
        Ok(Self { policy: policy.clone(), kept, row })
    }

    /// Whoever an event might be the withdrawal of: to be asked before the event is folded into the profiles. Looks nobody
    /// up where the event neither refuses anything nor can join two customers.
    ///
    /// # Errors
    /// [`ProfileError`] where a customer cannot be read.
    pub fn before(&self, profiles: &Profiles<FeatureState>, recorded: &Recorded) -> Result<Before, ProfileError> {
        let Recorded { offset, event } = recorded;
        let refuses = events::consent_statements(event).contains(&(Purpose::Analytics, false));
        let names: Vec<Identifier> = Identifier::of(event).into_iter().flatten().collect();
        let may_join = names.len() > 1 || matches!(event.call, Call::Alias { .. });
        let mut found = Vec::new();
        if *offset <= profiles.offset() || !(refuses || may_join) {
            return Ok(Before(found));
        }
        let previous = match &event.call {
            Call::Alias { previous_id } => Some(Identifier::of_previous(previous_id)),
            _ => None,
        };
        let mut ids = Vec::new();
        for name in names.iter().chain(previous.iter().flatten()) {
            ids.extend(profiles.find(name)?);
        }
        ids.sort_unstable();
        ids.dedup();
        if !refuses && ids.len() < 2 {
            return Ok(Before(found));
        }
        for id in ids {
            let known = profiles.customer(&id)?.filter(|known| self.permits(&known.profile));
            let told = known.map(|known| (known.profile.known_since, known.state.n_orders() > 0));
            found.extend(told.map(|(known_since, has_ordered)| (id, known_since, has_ordered)));
        }
        Ok(Before(found))
    }

    /// Keeps the withdrawals among those customers, once the event is folded in: of those who are one now who refuses.
    ///
    /// # Errors
    /// [`ProfileError`] where a customer cannot be read.
    pub fn after(
        &mut self,
        before: Before,
        profiles: &Profiles<FeatureState>,
        recorded: &Recorded,
    ) -> Result<(), ProfileError> {
        if before.0.is_empty() {
            return Ok(());
        }
        let Some(name) = Identifier::of(&recorded.event).into_iter().flatten().next() else { return Ok(()) };
        let Some(id) = profiles.find(&name)? else { return Ok(()) };
        if profiles.customer(&id)?.is_none_or(|customer| self.permits(&customer.profile)) {
            return Ok(());
        }
        let (offset, at) = (recorded.offset, recorded.event.received_at);
        for (was, known_since, has_ordered) in before.0 {
            // Who was named only, and not joined, has refused nothing.
            if was == id || profiles.customer(&was)?.is_none() {
                self.kept.push_back(Withdrawal { offset, at, known_since, has_ordered });
                self.row.changed();
            }
        }
        self.kept.drain(..self.kept.len().saturating_sub(N_KEPT));
        Ok(())
    }

    /// Another telling of some events takes the place of what was kept of them: `is_of` says whether an event is one of them.
    pub fn tell_anew(&mut self, is_of: impl Fn(Offset) -> bool, told: Self) {
        let mut kept: Vec<_> = self.kept.drain(..).filter(|one| !is_of(one.offset)).chain(told.kept).collect();
        // Of one event, in the order in which it was told.
        kept.sort_by_key(|one| one.offset);
        self.kept = kept.split_off(kept.len().saturating_sub(N_KEPT)).into();
        self.row.changed();
    }

    /// How many of the customers that a model learned from have refused since; `None` where there are none.
    #[must_use]
    pub fn of(&self, header: &ModelHeader) -> Option<Withdrawn> {
        let concerns = |one: &&Withdrawal| {
            let is_later = match header.learned_until {
                Some(until) => one.offset > until && one.known_since <= until,
                // Older files do not say how far they had read.
                None => one.at > header.trained_at,
            };
            is_later && (one.has_ordered || header.of_everybody)
        };
        let mut withdrawn: Option<Withdrawn> = None;
        for one in self.kept.iter().filter(concerns) {
            let known = withdrawn.get_or_insert(Withdrawn { n: 0, first_at: one.at });
            *known = Withdrawn { n: known.n + 1, first_at: known.first_at.min(one.at) };
        }
        withdrawn
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Withdrawals::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.kept)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }

    fn permits(&self, profile: &Profile) -> bool {
        self.policy.answer(&profile.consents, Purpose::Analytics).granted
    }
}
