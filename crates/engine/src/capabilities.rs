//! What can this program learn and decide? Lists, made once from what is built in and from the settings.

use decisions::{Kinds, Segment};
use learning::{Outcome, Tasks};

/// The tasks that are learned and the decisions that can be asked for.
#[derive(Debug)]
pub struct Capabilities {
    /// What is learned.
    pub tasks: Tasks,
    /// What can be decided.
    pub kinds: Kinds,
    /// The outcomes that are foretold, built in and declared.
    pub outcomes: Vec<Outcome>,
}

impl Capabilities {
    /// Everything that is built in, and what the settings declare.
    #[must_use]
    pub fn new(outcomes: &[Outcome], segments: &[Segment]) -> Self {
        let all = learning::built_in_outcomes().into_iter().chain(outcomes.iter().cloned()).collect();
        Self { tasks: learning::tasks(outcomes), kinds: decisions::kinds(outcomes, segments), outcomes: all }
    }

    /// Only what is built in.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(&[], &[])
    }
}
