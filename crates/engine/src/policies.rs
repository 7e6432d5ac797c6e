//! When is the policy of actions learned again? In batches: as soon as a tenth more is known, or a day has passed.

use crate::Engine;
use crate::audit::{AuditTrail, By};
use crate::error::EngineError;
use crate::needs::Material;
use crate::training::train;
use governance::Deed;
use learning::{Dataset, LearningError, Published, TaskName};
use primitives::{Seed, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much was known when each was learned last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    by_task: BTreeMap<TaskName, Known>,
    /// How many decisions and events there were, and when that was looked at: where none came since, nothing need be read.
    looked_at: Option<((u64, u64), Timestamp)>,
}

/// What was known of one when it was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    n_rounds: u64,
    n_rewarded: u64,
    at: Timestamp,
}

impl Known {
    /// Whether a tenth more is known, or anything after a day.
    fn is_over(self, n_rounds: u64, n_rewarded: u64, now: Timestamp) -> bool {
        let grown = |now: u64, then: u64| now.saturating_sub(then) * 10 >= then.max(1);
        let is_other = (n_rounds, n_rewarded) != (self.n_rounds, self.n_rewarded);
        grown(n_rounds, self.n_rounds) || grown(n_rewarded, self.n_rewarded) || is_other && now >= self.at.plus_days(1)
    }
}

impl Learned {
    /// Whether anything came since it was looked at, or a day is over.
    fn is_to_be_read(&self, n_seen: (u64, u64), now: Timestamp) -> bool {
        self.looked_at.is_none_or(|(seen, at)| seen != n_seen || now >= at.plus_days(1))
    }

    /// Learns each of which enough is new, whatever becomes of the others, and answers what became of it: `learn` answers `None` where
    /// it is not ready. What could not be learned is tried again the next time, and nothing else is.
    fn learn_each<T, E>(
        &mut self,
        known: &[(TaskName, (u64, u64))],
        (n_seen, now): ((u64, u64), Timestamp),
        mut learn: impl FnMut(&TaskName) -> Result<Option<T>, E>,
    ) -> Vec<(TaskName, Result<T, E>)> {
        let mut done = Vec::new();
        self.looked_at = Some((n_seen, now));
        for (task, (n_rounds, n_rewarded)) in known {
            if self.by_task.get(task).is_some_and(|last| !last.is_over(*n_rounds, *n_rewarded, now)) {
                continue;
            }
            let learned = learn(task);
            match &learned {
                Ok(_) => {
                    let known = Known { n_rounds: *n_rounds, n_rewarded: *n_rewarded, at: now };
                    self.by_task.insert(task.clone(), known);
                }
                Err(_) => self.looked_at = None,
            }
            done.extend(learned.transpose().map(|learned| (task.clone(), learned)));
        }
        done
    }
}

/// What became of each that was learned again.
pub type Refitted = Vec<(TaskName, Result<Published, EngineError>)>;

impl Engine {
    /// Learns again what learns from its own choices, from what was chosen until now, where enough is new of it since the last time.
    /// Answers what was published, and what could not be learned.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read.
    pub fn refit_policies(&self, last: &mut Learned, seed: Seed) -> Result<Refitted, EngineError> {
        let tasks = || self.capabilities.tasks.iter().filter(|task| task.continues());
        if tasks().next().is_none() {
            return Ok(Vec::new());
        }
        let n_seen = (self.ports.decisions.counts()?.0, self.ports.history.n_events()?);
        let now = self.clock.now();
        if !last.is_to_be_read(n_seen, now) {
            return Ok(Vec::new());
        }
        let read_until = self.look(|live| live.profiles.offset());
        let dataset = Dataset::of_rounds(self.rounds()?, read_until).with_occasions(self.occasions()?);
        let known: Vec<(TaskName, (u64, u64))> =
            tasks().map(|task| (task.about().name.clone(), task.n_known(&dataset))).collect();
        let material = Material::of_rounds(self, dataset, now);
        Ok(last.learn_each(&known, (n_seen, now), |task| match train(self, task, &material, seed) {
            Ok(published) => Ok(Some(published)),
            Err(EngineError::Learning(LearningError::NotReady { .. })) => Ok(None),
            Err(error) => Err(error),
        }))
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
            let was_failing = std::mem::take(&mut is_failing);
            let mut fail = |error: EngineError| {
                is_failing = true;
                if !was_failing {
                    tracing::error!(error = error.story(), "what actions are worth could not be learned again");
                }
            };
            let done = self.refit_policies(&mut last, seed).unwrap_or_else(|error| {
                fail(error);
                Vec::new()
            });
            for (task, learned) in done {
                let Published { version, is_champion, reason, .. } = match learned {
                    Ok(published) => published,
                    Err(error) => {
                        fail(error);
                        continue;
                    }
                };
                tracing::info!(model = task.as_str(), version = %version, reason, "trained");
                audit.note(Deed::Training, &By::SCHEDULE, task.as_str());
                if is_champion {
                    audit.note(Deed::Promotion, &By::SCHEDULE, format!("{task} {version}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(0);

    fn known(act: (u64, u64), rank: (u64, u64)) -> [(TaskName, (u64, u64)); 2] {
        [("act".into(), act), ("rank".into(), rank)]
    }

    /// Which are learned again of so many decisions, where each succeeds.
    fn learned(last: &mut Learned, known: &[(TaskName, (u64, u64))], n_seen: u64, now: Timestamp) -> Vec<String> {
        if !last.is_to_be_read((n_seen, 0), now) {
            return vec!["not read".to_owned()];
        }
        let done = last.learn_each(known, ((n_seen, 0), now), |_| Ok::<_, ()>(Some(())));
        done.into_iter().map(|(task, _)| task.to_string()).collect()
    }

    #[test]
    fn it_is_learned_again_when_a_tenth_is_new_or_anything_after_a_day() {
        let last = Known { n_rounds: 1_000, n_rewarded: 100, at: START };
        for (n_rounds, n_rewarded, days, is_over) in [
            (1_000, 100, 0, false),
            (1_099, 109, 0, false),
            (1_100, 100, 0, true),
            (1_000, 110, 0, true),
            (1_001, 100, 1, true),
            (1_000, 100, 9, false),
        ] {
            assert_eq!(
                last.is_over(n_rounds, n_rewarded, START.plus_days(days)),
                is_over,
                "{n_rounds} {n_rewarded} {days}"
            );
        }
    }

    #[test]
    fn each_is_learned_again_when_a_tenth_more_is_known_of_itself() {
        let mut last = Learned::default();
        assert_eq!(learned(&mut last, &known((300, 30), (50_000, 9_000)), 1, START), ["act", "rank"], "never learned");
        assert_eq!(learned(&mut last, &known((300, 30), (50_000, 9_000)), 1, START), ["not read"]);
        // A hundredth of all that is known, and a tenth of its own.
        assert_eq!(learned(&mut last, &known((330, 30), (50_000, 9_000)), 2, START), ["act"]);
        assert_eq!(learned(&mut last, &known((330, 30), (55_000, 9_000)), 3, START), ["rank"]);
        assert!(learned(&mut last, &known((331, 30), (55_000, 9_000)), 4, START).is_empty());
        let tomorrow = START.plus_days(1);
        assert_eq!(
            learned(&mut last, &known((331, 30), (55_000, 9_000)), 4, tomorrow),
            ["act"],
            "anything after a day"
        );
        assert_eq!(learned(&mut last, &known((331, 30), (55_000, 9_000)), 4, tomorrow), ["not read"]);
    }

    #[test]
    fn what_cannot_be_learned_is_tried_again_and_the_others_are_not() {
        let (mut last, known) = (Learned::default(), known((300, 30), (400, 40)));
        let mut learn = |broken: &str, n_seen: u64| {
            let is_read = last.is_to_be_read((n_seen, 0), START);
            let done = last.learn_each(&known, ((n_seen, 0), START), |task| match task.as_str() == broken {
                true => Err("broken"),
                // Not ready is as good as learned: it is looked at again when more is known.
                false => Ok((task.as_str() == "act").then_some(())),
            });
            let done: Vec<_> = done.into_iter().map(|(task, done)| (task.to_string(), done)).collect();
            (is_read, done)
        };
        let both = vec![("act".to_owned(), Ok(())), ("rank".to_owned(), Err("broken"))];
        assert_eq!(learn("rank", 1), (true, both));
        let again = vec![("rank".to_owned(), Err("broken"))];
        assert_eq!(learn("rank", 1), (true, again), "nothing came, and it is tried again by itself");
        assert_eq!(learn("", 1), (true, Vec::new()));
        assert_eq!(learn("", 1), (false, Vec::new()));
    }
}
