//! What do conditions on customers look at in a decision, and do they hold?

use crate::filter::{Filter, Measure, Names, Subject};
use crate::kind::Reads;
use crate::segment::OfRule;
use crate::{Ask, Kind, Knowledge, Propensity, Segment, Segments};
use ::models::rfm::Group;
use governance::Purpose;
use learning::{Outcome, TaskName};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Reads a condition; of one that cannot be read nothing is said.
pub(super) fn read(written: &str, names: &Names) -> Option<Filter> {
    Some(plain(Filter::parse(written, names).ok()?, names))
}

/// The names that conditions may use, where these outcomes are foretold: those that are true or false are scores.
#[must_use]
pub fn names(outcomes: &[Outcome], features: &BTreeSet<String>, segments: &[Segment]) -> Names {
    let asked = outcomes.iter().filter(|outcome| outcome.is_yes_or_no());
    let scores = asked.map(|outcome| (outcome.name.to_string(), Measure::Number)).collect();
    let groups = Group::ALL.iter().map(|group| group.name().to_owned());
    let segments = groups.chain(segments.iter().map(|segment| segment.name.clone())).collect();
    Names { scores, features: features.clone(), segments, ..Names::default() }
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
    pub(super) consents: BTreeSet<Purpose>,
    /// Whether it is asked in which groups and segments somebody is.
    pub(super) groups: bool,
}

impl LookedAt {
    pub(super) fn of<'a>(filters: impl IntoIterator<Item = &'a Filter>) -> Self {
        let mut looked_at = Self::default();
        filters.into_iter().for_each(|filter| looked_at.at(filter));
        looked_at
    }

    /// The segments, where it is asked in which somebody is.
    pub(super) fn segments(&self, segments: &[Segment], outcomes: &[Outcome]) -> Option<Segments> {
        self.groups.then(|| Segments::new(segments.to_vec(), outcomes))
    }

    /// The outcomes whose scores are asked for, those of the rules of segments among them.
    pub(super) fn of_these(&self, outcomes: &[Outcome], segments: Option<&Segments>) -> Vec<Outcome> {
        let is_of_segments =
            |outcome: &Outcome| segments.is_some_and(|segments| segments.scored().any(|name| *name == outcome.name));
        let is_asked = |outcome: &&Outcome| self.scores.contains(outcome.name.as_str()) || is_of_segments(outcome);
        outcomes.iter().filter(is_asked).cloned().collect()
    }

    /// What of a customer is looked at, the questions of the scores among it.
    pub(super) fn reads(&self, scores: &Scores) -> Reads {
        let reads = scores.reads();
        let features: BTreeSet<String> = self.features.iter().cloned().chain(reads.features).collect();
        let traits: BTreeSet<String> = self.traits.iter().cloned().chain(reads.traits).collect();
        Reads {
            features: features.into_iter().collect(),
            traits: traits.into_iter().collect(),
            consents: self.consents.iter().copied().collect(),
            ..reads
        }
    }

    fn at(&mut self, filter: &Filter) {
        match filter {
            Filter::All => {}
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| self.at(part)),
            Filter::Not(part) => self.at(part),
            Filter::Test(Subject::Score(name), _) => drop(self.scores.insert(name.clone())),
            Filter::Test(Subject::Feature(name), _) => drop(self.features.insert(name.clone())),
            Filter::Test(Subject::Trait(path), _) => self.traits.extend(path.first().cloned()),
            Filter::Test(Subject::Consent(purpose), _) => drop(self.consents.insert(*purpose)),
            Filter::Test(Subject::Segment, _) => self.groups = true,
            Filter::Test(..) => {}
        }
    }
}

/// The questions whose scores conditions ask for: a score says something only of whom its question is asked. And the segments, where they
/// are asked for.
#[derive(Debug, Clone)]
pub(super) struct Scores(BTreeMap<TaskName, Propensity>, Option<Box<Segments>>);

impl Scores {
    pub(super) fn of(outcomes: &[Outcome], segments: Option<Segments>) -> Self {
        let scores = outcomes.iter().map(|outcome| (outcome.name.clone(), Propensity::new(outcome)));
        Self(scores.collect(), segments.map(Box::new))
    }

    /// The segments that are declared, where they are asked for.
    pub(super) fn segments(&self) -> Vec<Segment> {
        self.1.as_ref().map_or_else(Vec::new, |segments| segments.declared().to_vec())
    }

    /// What of a customer they look at.
    pub(super) fn reads(&self) -> Reads {
        let of_segments = self.1.as_ref().map(|segments| &segments.about().reads);
        let asked = || self.0.values().map(|score| &score.about().reads);
        let tasks: BTreeSet<TaskName> =
            self.0.keys().chain(of_segments.iter().flat_map(|reads| &reads.tasks)).cloned().collect();
        let mut questions: Vec<_> = asked().flat_map(|reads| reads.asked.clone()).collect();
        for question in of_segments.iter().flat_map(|reads| &reads.asked) {
            if questions.iter().all(|(task, _)| *task != question.0) {
                questions.push(question.clone());
            }
        }
        let of_scores = asked().flat_map(|reads| &reads.features);
        Reads {
            tasks: tasks.into_iter().collect(),
            features: of_scores.chain(of_segments.iter().flat_map(|reads| &reads.features)).cloned().collect(),
            asked: questions,
            traits: of_segments.map_or_else(Vec::new, |reads| reads.traits.clone()),
            currency: of_segments.is_some_and(|reads| reads.currency),
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
        // Asked for at most once a condition, and only where it asks.
        let found = OnceCell::new();
        let groups = || found.get_or_init(|| Some(self.1.as_ref()?.groups_of(ask, known?))).clone();
        filter.holds(&OfRule { known: facts, score: &score, groups: &groups, as_of: ask.question.as_of })
    }
}
