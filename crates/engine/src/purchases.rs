//! Does the company sell things one by one, as far as it tells, and what can be learned only where it does?

use crate::Engine;
use events::Channel;
use learning::{Outcome, TaskName};

impl Engine {
    /// Whether purchases are told of: things that were looked at, put into a cart or ordered.
    pub fn has_purchases(&self) -> bool {
        self.look(|live| {
            live.activity.sells().0 || live.inflows.iter().any(|(_, one)| one.channel == Some(Channel::Purchases))
        })
    }

    /// Whether a task is learned from purchases, of which none has come in, though other events have.
    pub fn waits_for_purchases(&self, task: &TaskName) -> bool {
        let has_others = || self.look(|live| live.profiles.totals().n_events > 0);
        self.learns_from_purchases(task) && has_others() && !self.has_purchases()
    }

    /// What is built in learns from purchases unless it learns from everybody, and of what the settings declare what asks about
    /// them.
    pub(crate) fn learns_from_purchases(&self, task: &TaskName) -> bool {
        let is = |outcome: &&Outcome| outcome.name == *task;
        let is_built_in = learning::built_in_outcomes().iter().any(|outcome| is(&outcome));
        let declared = self.capabilities.outcomes.iter().find(is).filter(|_| !is_built_in);
        let of_everybody = || self.capabilities.tasks.get(task.as_str()).is_ok_and(|task| task.about().of_everybody);
        declared.map_or_else(|| !of_everybody(), Outcome::is_about_purchases)
    }
}
