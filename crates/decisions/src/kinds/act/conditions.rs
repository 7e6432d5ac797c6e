//! Whom is an action for? Its conditions, read, and what of a customer they look at.

use super::Asked;
use crate::action::Action;
use crate::filter::{Filter, Measure, Names, Subject};
use crate::kind::Reads;
use crate::segment::OfRule;
use crate::{Ask, Kind, Knowledge, Propensity};
use learning::{Outcome, TaskName};
use std::collections::BTreeSet;

/// An action with its conditions.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) action: Action,
    eligible: Option<Filter>,
    suitable: Option<Filter>,
}

impl Choice {
    /// Reads the conditions; one that cannot be read is kept as none, which holds of nobody.
    pub(super) fn of(action: Action, names: &Names) -> Self {
        let read = |written: &str| Some(plain(Filter::parse(written, names).ok()?, names));
        let (eligible, suitable) = (read(&action.eligible), read(&action.suitable));
        Self { action, eligible, suitable }
    }

    /// The first of the two conditions that does not hold, and whether that is known.
    pub(super) fn fails(&self, holds: &dyn Fn(&Filter) -> Option<bool>) -> Option<&'static str> {
        let of = |filter: &Option<Filter>| filter.as_ref().and_then(holds);
        match (of(&self.eligible), of(&self.suitable)) {
            (Some(false), _) => Some("eligible"),
            (None, _) => Some("eligible: not known"),
            (_, Some(false)) => Some("suitable"),
            (_, None) => Some("suitable: not known"),
            (Some(true), Some(true)) => None,
        }
    }
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
    pub(super) fn of(choices: &[Choice]) -> Self {
        let mut looked_at = Self::default();
        choices
            .iter()
            .flat_map(|choice| [&choice.eligible, &choice.suitable])
            .flatten()
            .for_each(|it| looked_at.at(it));
        looked_at
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
pub(super) struct Scores(Asked);

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
        let score = |task: &str| {
            let (task, known) = (TaskName::from(task), known?);
            self.0.get(&task).filter(|score| score.why_not_asked(known).is_none())?;
            let (_, model) = ask.models.binary(&task).ok()?;
            Some(model.probability(known.inputs(&task)).ok()?.get())
        };
        filter.holds(&OfRule { known: known.unwrap_or(&nothing), score: &score, as_of: ask.question.as_of })
    }
}
