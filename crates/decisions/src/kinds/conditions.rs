//! What do conditions on customers look at in a decision, and do they hold?

use crate::filter::{Filter, Measure, Names, Subject};
use crate::kind::Reads;
use crate::segment::OfRule;
use crate::{Ask, Kind, Knowledge, Propensity};
use learning::{Outcome, TaskName};
use std::collections::{BTreeMap, BTreeSet};

/// Reads a condition; of one that cannot be read nothing is said.
pub(super) fn read(written: &str, names: &Names) -> Option<Filter> {
    Some(plain(Filter::parse(written, names).ok()?, names))
}

/// The names that conditions may use, where these outcomes are foretold: those that are true or false are scores.
pub(super) fn names(outcomes: &[Outcome], features: &BTreeSet<String>) -> Names {
    let asked = outcomes.iter().filter(|outcome| outcome.is_yes_or_no());
    let scores = asked.map(|outcome| (outcome.name.to_string(), Measure::Number)).collect();
    Names { scores, features: features.clone(), ..Names::default() }
}

/// A condition with each name told apart: a score where there is one of the name, a feature otherwise.
fn plain(filter: Filter, names: &Names) -> Filter {
    let all = |parts: Vec<Filter>| parts.into_iter().map(|part| plain(part, names)).collect();
    match filter {
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(part) => Filter::Not(Box::new(plain(*part, names))),
        Filter::Test(Subject::Named(name), ask) => {
            let is_score = names.measure(&Subject::Score(name.clone())) == Some(Measure::Number);
            Filter::Test(if is_score { Subject::Score(name) } else { Subject::Feature(name) }, ask)
        }
        Filter::All | Filter::Test(..) => filter,
    }
}

/// What conditions ask for, by name.
#[derive(Debug, Default)]
pub(super) struct LookedAt {
    pub(super) features: BTreeSet<String>,
    pub(super) traits: BTreeSet<String>,
    pub(super) scores: BTreeSet<String>,
}

impl LookedAt {
    pub(super) fn of<'a>(filters: impl IntoIterator<Item = &'a Filter>) -> Self {
        let mut looked_at = Self::default();
        filters.into_iter().for_each(|filter| looked_at.at(filter));
        looked_at
    }

    /// The outcomes whose scores are asked for.
    pub(super) fn of_these(&self, outcomes: &[Outcome]) -> Vec<Outcome> {
        outcomes.iter().filter(|outcome| self.scores.contains(outcome.name.as_str())).cloned().collect()
    }

    /// What of a customer is looked at, the questions of the scores among it.
    pub(super) fn reads(&self, scores: &Scores) -> Reads {
        let reads = scores.reads();
        let features: BTreeSet<String> = self.features.iter().cloned().chain(reads.features).collect();
        Reads { features: features.into_iter().collect(), traits: self.traits.iter().cloned().collect(), ..reads }
    }

    fn at(&mut self, filter: &Filter) {
        match filter {
            Filter::All => {}
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| self.at(part)),
            Filter::Not(part) => self.at(part),
            Filter::Test(Subject::Score(name), _) => drop(self.scores.insert(name.clone())),
            Filter::Test(Subject::Feature(name), _) => drop(self.features.insert(name.clone())),
            Filter::Test(Subject::Trait(path), _) => self.traits.extend(path.first().cloned()),
            Filter::Test(..) => {}
        }
    }
}

/// The questions whose scores conditions ask for: a score says something only of whom its question is asked.
#[derive(Debug, Clone)]
pub(super) struct Scores(BTreeMap<TaskName, Propensity>);

impl Scores {
    pub(super) fn of(outcomes: &[Outcome]) -> Self {
        Self(outcomes.iter().map(|outcome| (outcome.name.clone(), Propensity::new(outcome))).collect())
    }

    /// What of a customer they look at.
    pub(super) fn reads(&self) -> Reads {
        let asked = || self.0.values().map(|score| &score.about().reads);
        Reads {
            tasks: self.0.keys().cloned().collect(),
            features: asked().flat_map(|reads| reads.features.clone()).collect(),
            asked: asked().flat_map(|reads| reads.asked.clone()).collect(),
            ..Reads::default()
        }
    }

    /// Whether a condition holds of a customer; of whom nothing is known it is not known, unless it asks nothing of them.
    pub(super) fn holds(&self, filter: &Filter, ask: &Ask<'_>, known: Option<&Knowledge>) -> Option<bool> {
        let nothing = Knowledge::default();
        self.holds_of(filter, ask, known, known.unwrap_or(&nothing))
    }

    /// What the model of a task says of a customer.
    pub(super) fn score(&self, task: &TaskName, ask: &Ask<'_>, known: Option<&Knowledge>) -> Option<f64> {
        let known = known?;
        self.0.get(task).filter(|score| score.why_not_asked(known).is_none())?;
        let (_, model) = ask.models.binary(task).ok()?;
        Some(model.probability(known.inputs(task)).ok()?.get())
    }

    /// The same, where features and traits are those of `facts`, and only the scores are those of the customer.
    pub(super) fn holds_of(
        &self,
        filter: &Filter,
        ask: &Ask<'_>,
        known: Option<&Knowledge>,
        facts: &Knowledge,
    ) -> Option<bool> {
        let score = |task: &str| self.score(&TaskName::from(task), ask, known);
        filter.holds(&OfRule { known: facts, score: &score, as_of: ask.question.as_of })
    }
}
