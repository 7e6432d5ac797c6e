//! What is missing to train what has no model yet? Counted from the whole history, from time to time.

use super::Engine;
use crate::error::EngineError;
use features::{Catalogue, TraceReads};
use learning::{Data, Dataset, Need, TaskName};
use primitives::{Seed, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// A history of so many events and decisions is read in the time of a page.
const N_EVENTS_AT_ONCE: u64 = 20_000;

/// What there is to learn from, read once for everybody who learns from it, with the features that were declared then: of one
/// declared since, nothing of the past is in it.
#[derive(Debug)]
pub struct Material {
    /// The history of everybody who permits it.
    pub dataset: Dataset,
    pub(super) catalogue: Arc<Catalogue>,
    /// Before it was read: whoever is erased from then on is still in it.
    read_at: Timestamp,
}

impl Material {
    /// Only what is learned from what was drawn.
    pub(super) fn of_rounds(engine: &Engine, dataset: Dataset, read_at: Timestamp) -> Self {
        Self { dataset, catalogue: engine.wanted(), read_at }
    }
}

/// What was counted, and when.
#[derive(Debug, Default)]
pub(super) struct Counted {
    by_task: BTreeMap<TaskName, Vec<Need>>,
    n_events: u64,
    at: Option<Timestamp>,
}

impl Counted {
    /// Whether so much has come in since that the counts may tell something else: a tenth, or anything within a day.
    fn is_old(&self, n_events: u64, now: Timestamp) -> bool {
        let Some(at) = self.at else { return true };
        let n_new = n_events.saturating_sub(self.n_events);
        n_new * 10 > self.n_events || (n_new > 0 && now >= at.plus_days(1))
    }
}

impl Engine {
    /// What a task needs to be trained, and what there is of it; `None` where it was not counted yet. A short history is
    /// counted at once, a long one in the background.
    ///
    /// # Errors
    /// [`EngineError`] where there is no such task, or the history cannot be read.
    pub fn needs(&self, task: &TaskName) -> Result<Option<Vec<Need>>, EngineError> {
        self.capabilities.tasks.get(task.as_str())?;
        let (n_decisions, _) = self.ports.decisions.counts()?;
        if self.ports.history.n_events()? + n_decisions <= N_EVENTS_AT_ONCE {
            drop(self.count_needs_when_due()?);
        }
        Ok(self.counted.lock().unwrap_or_else(PoisonError::into_inner).by_task.get(task).cloned())
    }

    /// Whether everything is there to train a task's first model.
    ///
    /// # Errors
    /// As [`Engine::needs`].
    pub fn is_ready_to_train(&self, task: &TaskName) -> Result<bool, EngineError> {
        Ok(self.needs(task)?.is_some_and(|needs| needs.iter().all(|need| need.met)))
    }

    /// Counts again what tasks without a model lack, where enough has come in since the last time. Answers with what was read
    /// for it, if it was: whoever trains next need not read it again.
    ///
    /// # Errors
    /// [`EngineError`] where the history cannot be read.
    pub fn count_needs_when_due(&self) -> Result<Option<Material>, EngineError> {
        let (n_events, now) = (self.ports.history.n_events()?, self.clock.now());
        if !self.counted.lock().unwrap_or_else(PoisonError::into_inner).is_old(n_events, now) {
            return Ok(None);
        }
        let in_force = self.models();
        let without = || self.capabilities.tasks.iter().filter(|task| in_force.get(&task.about().name).is_none());
        if without().next().is_none() {
            return Ok(None);
        }
        let material = self.material(&mut |_| {})?;
        let data = self.data(&material, Seed::new(0));
        let by_task = without().map(|task| (task.about().name.clone(), task.needs(&data))).collect();
        let counted = Counted { by_task, n_events, at: Some(now) };
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        Ok(Some(material))
    }

    /// Reads the history of everybody who permits to be learned from.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be read.
    pub fn material(&self, progress: &mut dyn FnMut(u64)) -> Result<Material, EngineError> {
        let catalogue = self.wanted();
        let reads = TraceReads::new(self.capabilities.tasks.watches()).for_features(&catalogue);
        let read_at = self.clock.now();
        let dataset = Dataset::load(self.ports.history.as_ref(), &self.policy, reads, progress)?;
        let dataset =
            dataset.with_searches(self.searched()?).with_rounds(self.rounds()?).with_occasions(self.occasions()?);
        Ok(Material { dataset, catalogue, read_at })
    }

    /// What there is to learn from, as of when it was read.
    pub fn data<'a>(&self, material: &'a Material, seed: Seed) -> Data<'a> {
        let Material { dataset, catalogue, read_at } = material;
        Data { dataset, catalogue, now: *read_at, seed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_counted_again_when_a_tenth_or_a_day_has_come_in() {
        let now = Timestamp::from_millis(0);
        let counted = Counted { n_events: 100, at: Some(now), ..Counted::default() };
        assert!(Counted::default().is_old(0, now), "never counted");
        for (n_events, days, is_old) in
            [(100, 0, false), (110, 0, false), (111, 0, true), (101, 1, true), (100, 9, false), (90, 0, false)]
        {
            assert_eq!(counted.is_old(n_events, now.plus_days(days)), is_old, "{n_events} events, {days} days");
        }
    }
}
