//! What can this program learn and decide? Lists, made once from what is built in and from the settings.

use crate::measures::Measures;
use decisions::search::Synonyms;
use decisions::{Act, Action, Arbitration, Holdout, Kinds, Rules, Segment};
use features::Declared;
use learning::{Outcome, Tasks};
use std::collections::BTreeSet;

/// The tasks that are learned and the decisions that can be asked for.
#[derive(Debug)]
pub struct Capabilities {
    /// What is learned.
    pub tasks: Tasks,
    /// What can be decided.
    pub kinds: Kinds,
    /// The outcomes that are foretold, built in and declared.
    pub outcomes: Vec<Outcome>,
    /// The segments that the settings declare.
    pub segments: Vec<Segment>,
    /// The features that are declared at the start.
    pub features: Vec<Declared>,
    /// What means the same in a search.
    pub synonyms: Synonyms,
    /// Whether a search that finds nothing looks for what others said instead.
    pub other_words: bool,
    /// Who is held out.
    pub holdout: Holdout,
    /// What the company is measured by.
    pub measures: Measures,
}

impl Capabilities {
    /// Everything that is built in, and what the settings declare.
    #[must_use]
    pub fn new(outcomes: &[Outcome], segments: &[Segment], features: &[Declared]) -> Self {
        let all = learning::built_in_outcomes().into_iter().chain(outcomes.iter().cloned()).collect();
        Self {
            tasks: learning::tasks(outcomes),
            kinds: decisions::kinds(outcomes, segments, Rules::default()),
            outcomes: all,
            segments: segments.to_vec(),
            features: features.to_vec(),
            synonyms: Synonyms::default(),
            other_words: true,
            holdout: Holdout::default(),
            measures: Measures::default(),
        }
    }

    /// With rules for lists of items.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        let declared = self.outcomes.get(learning::built_in_outcomes().len()..).unwrap_or_default();
        Self { kinds: decisions::kinds(declared, &self.segments, rules), ..self }
    }

    /// With what can be done for customers.
    #[must_use]
    pub fn with_actions(self, actions: &[Action], arbitration: Arbitration) -> Self {
        let features = learning::catalogue(&self.features, &self.outcomes_declared()).map(|catalogue| {
            catalogue.definitions().iter().map(|definition| definition.name.to_string()).collect::<BTreeSet<String>>()
        });
        let act = Act::new(actions.to_vec(), arbitration, &self.outcomes, &features.unwrap_or_default());
        Self { kinds: self.kinds.and(act), ..self }
    }

    fn outcomes_declared(&self) -> Vec<Outcome> {
        self.outcomes.get(learning::built_in_outcomes().len()..).unwrap_or_default().to_vec()
    }

    /// Only what is built in.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(&[], &[], &[]).with_actions(&[], Arbitration::default())
    }
}
