//! The past of some customers, told anew beside the live state, so that events wait only for what came last.

use crate::Live;
use crate::error::EngineError;
use crate::speaker::speaker;
use crate::theirs::Gathered;
use events::{CallKind, Offset, Recorded};
use features::{Cells, Conversations, FeatureState, History};
use governance::ConsentPolicy;
use learning::Withdrawals;
use profiles::{Identifier, MemoryProfileStore, Profiles, Separations};
use std::sync::Arc;

/// Gathered events, folded by somebody who knows all separations.
pub(super) struct Telling {
    gathered: Gathered,
    folds: Folds,
}

struct Folds {
    now: Profiles<FeatureState>,
    /// As they were told before: to know how many were merged then.
    then: Profiles<FeatureState>,
    withdrawals: Withdrawals,
    conversations: Conversations,
    policy: ConsentPolicy,
}

/// What has come since.
pub(super) enum Rest {
    /// It is told, too.
    Told,
    /// It says more of who is who. Everything is to be told again, with what was ever said of these names.
    New(Vec<Identifier>),
}

impl Telling {
    /// Tells gathered events; `first` is the first separation that the live state does not follow yet.
    pub(super) fn of(
        gathered: Gathered,
        cells: Arc<Cells>,
        first: Offset,
        policy: &ConsentPolicy,
    ) -> Result<Self, EngineError> {
        let known_then = Separations::known(gathered.events().filter(|recorded| recorded.offset < first));
        let mut folds = Folds {
            now: Profiles::told_anew(cells.clone(), gathered.known())?,
            then: Profiles::told_anew(cells, known_then)?,
            withdrawals: Withdrawals::open(&MemoryProfileStore::default(), policy)?,
            conversations: Conversations::default(),
            policy: policy.clone(),
        };
        gathered.events().try_for_each(|recorded| folds.fold(recorded))?;
        Ok(Self { gathered, folds })
    }

    /// Reads and tells what has come up to an offset.
    pub(super) fn go_on(&mut self, history: &dyn History, upto: Offset) -> Result<Rest, EngineError> {
        let after = self.gathered.upto();
        let new = self.gathered.read_on(history, upto)?;
        let mut rest = self.gathered.events_after(after);
        if !new.is_empty() || rest.clone().any(|recorded| recorded.event.kind() == CallKind::Separate) {
            return Ok(Rest::New(new));
        }
        rest.try_for_each(|recorded| self.folds.fold(recorded))?;
        Ok(Rest::Told)
    }

    pub(super) fn upto(&self) -> Offset {
        self.gathered.upto()
    }

    pub(super) fn n_events(&self) -> usize {
        self.gathered.events().count()
    }

    pub(super) fn into_gathered(self) -> Gathered {
        self.gathered
    }
}

impl Folds {
    fn fold(&mut self, recorded: &Recorded) -> Result<(), EngineError> {
        self.then.apply(recorded)?;
        let before = self.withdrawals.before(&self.now, recorded)?;
        let applied = self.now.apply(recorded)?;
        self.withdrawals.after(before, &self.now, recorded)?;
        if let Some(id) = applied.customer.filter(|_| Conversations::concerns(&recorded.event)) {
            let speaker = speaker(&self.now, &id, &self.policy)?;
            self.conversations.apply(recorded, &speaker, &|name: &Identifier| self.now.find(name))?;
        }
        Ok(())
    }
}

impl Live {
    /// Puts the customers as they are told in the place of those that are there.
    pub(super) fn tell_anew(&mut self, telling: Telling) -> Result<(), EngineError> {
        let Telling { gathered, folds: Folds { now, then, withdrawals, conversations, .. }, .. } = telling;
        self.profiles.tell_anew(gathered.names(), now, then.totals().n_merged, &mut self.items)?;
        self.conversations.tell_anew(gathered.names(), conversations);
        self.withdrawals.tell_anew(|offset| gathered.event(offset).is_some(), withdrawals);
        self.generation += 1;
        Ok(())
    }
}
