//! When is the policy of actions learned again? In batches: as soon as a tenth more is known, or a day has passed.

use crate::Engine;
use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use crate::needs::Material;
use crate::training::train;
use governance::Deed;
use learning::{Dataset, LearningError, Published, TaskName};
use primitives::{Seed, Timestamp};
use std::time::Duration;

/// How much was known when it was learned last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learned {
    n_rounds: u64,
    n_rewarded: u64,
    /// How many decisions and events there were: where none came, nothing need be read.
    n_seen: (u64, u64),
    at: Option<Timestamp>,
}

impl Learned {
    /// Whether a tenth more is known, or anything after a day.
    fn is_over(&self, n_rounds: u64, n_rewarded: u64, now: Timestamp) -> bool {
        let Some(at) = self.at else { return true };
        let grown = |now: u64, then: u64| now.saturating_sub(then) * 10 >= then.max(1);
        let is_other = (n_rounds, n_rewarded) != (self.n_rounds, self.n_rewarded);
        grown(n_rounds, self.n_rounds) || grown(n_rewarded, self.n_rewarded) || is_other && now >= at.plus_days(1)
    }
}

impl Engine {
    /// Learns again what learns from its own choices, from what was chosen until now, where enough is new since the last time. Answers
    /// what was published.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read, or a model cannot be published.
    pub fn refit_policies(&self, last: &mut Learned, seed: Seed) -> Result<Vec<(TaskName, Published)>, EngineError> {
        let tasks: Vec<&TaskName> =
            self.capabilities.tasks.iter().filter(|task| task.continues()).map(|task| &task.about().name).collect();
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let n_seen = (self.ports.decisions.counts()?.0, self.ports.history.n_events()?);
        let now = self.clock.now();
        let is_day = last.at.is_none_or(|at| now >= at.plus_days(1));
        if n_seen == last.n_seen && !is_day {
            return Ok(Vec::new());
        }
        let read_until = self.look(|live| live.profiles.offset());
        let dataset = Dataset::of_rounds(self.rounds()?, read_until).with_occasions(self.occasions()?);
        let material = Material::of_rounds(self, dataset, now);
        let (n_rounds, n_rewarded) = material.dataset.n_rounds();
        if !last.is_over(n_rounds, n_rewarded, now) {
            last.n_seen = n_seen;
            return Ok(Vec::new());
        }
        let mut done = Vec::new();
        for task in tasks {
            match train(self, task, &material, seed) {
                Ok(published) => done.push((task.clone(), published)),
                Err(EngineError::Learning(LearningError::NotReady { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        *last = Learned { n_rounds, n_rewarded, n_seen, at: Some(now) };
        Ok(done)
    }

    /// Counts what was spent of budgets, where there are any.
    pub(crate) fn keep_budgets(&self) {
        if let Err(error) = self.count_spent() {
            let error = error.story();
            tracing::error!(
                error,
                "what was spent of the budgets of offers could not be counted: until it is, what has a budget is not offered"
            );
        }
    }

    /// Does so again and again, until it is to stop. `wait` waits for so long, and answers whether it is to stop.
    pub(crate) fn keep_policies(
        &self,
        pause: Duration,
        seed: Seed,
        audit: &AuditTrail,
        wait: &dyn Fn(Duration) -> bool,
    ) {
        let (mut last, mut is_failing) = (Learned::default(), false);
        self.keep_budgets();
        while !wait(pause) {
            self.keep_budgets();
            match self.refit_policies(&mut last, seed) {
                Ok(done) => {
                    is_failing = false;
                    for (task, Published { version, is_champion, reason, .. }) in done {
                        tracing::info!(model = task.as_str(), version = %version, reason, "trained");
                        audit.note(Deed::Training, &By::SCHEDULE, task.as_str());
                        if is_champion {
                            audit.note(Deed::Promotion, &By::SCHEDULE, format!("{task} {version}"));
                        }
                    }
                }
                Err(error) if !is_failing => {
                    tracing::error!(error = error.story(), "what actions are worth could not be learned again");
                    is_failing = true;
                }
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_learned_again_when_a_tenth_is_new_or_anything_after_a_day() {
        let at = Timestamp::from_millis(0);
        let last = Learned { n_rounds: 1_000, n_rewarded: 100, n_seen: (0, 0), at: Some(at) };
        assert!(Learned::default().is_over(0, 0, at), "never learned");
        for (n_rounds, n_rewarded, days, is_over) in [
            (1_000, 100, 0, false),
            (1_099, 109, 0, false),
            (1_100, 100, 0, true),
            (1_000, 110, 0, true),
            (1_001, 100, 1, true),
            (1_000, 100, 9, false),
        ] {
            assert_eq!(
                last.is_over(n_rounds, n_rewarded, at.plus_days(days)),
                is_over,
                "{n_rounds} {n_rewarded} {days}"
            );
        }
    }
}
