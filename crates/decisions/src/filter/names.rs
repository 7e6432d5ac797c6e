//! Which names may a filter use, and what stands behind each?

use super::Subject;
use primitives::nearest;
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A number.
    Number,
    /// One of several texts.
    Text,
    /// A moment.
    Moment,
    /// Yes or no.
    YesNo,
    /// A name: of a group, a list, a customer.
    Name,
    /// Whatever somebody wrote into a trait.
    Any,
}

/// The names that there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    /// The kinds of decision that answer with a number or a text, and which of them.
    pub scores: BTreeMap<String, Measure>,
    /// The features.
    pub features: BTreeSet<String>,
    /// The groups and segments; what a filter says of one that is not there is refused.
    pub segments: BTreeSet<String>,
    /// The saved lists.
    pub lists: BTreeSet<String>,
}

/// The words with a meaning of their own, which a name may have only after `score.` or `feature.`.
pub(super) const WORDS: [&str; 6] = ["segment", "list", "last_seen", "first_seen", "known", "id"];

impl Names {
    /// What stands behind a subject; nothing where there is none of that name.
    #[must_use]
    pub fn measure(&self, subject: &Subject) -> Option<Measure> {
        let score = |name: &String| self.scores.get(name).copied();
        let feature = |name: &String| self.features.contains(name).then_some(Measure::Number);
        match subject {
            Subject::Named(name) => score(name).or_else(|| feature(name)),
            Subject::Score(name) => score(name),
            Subject::Feature(name) => feature(name),
            Subject::Trait(_) => Some(Measure::Any),
            Subject::Consent(_) | Subject::Known => Some(Measure::YesNo),
            Subject::Segment | Subject::List | Subject::Id => Some(Measure::Name),
            Subject::LastSeen | Subject::FirstSeen => Some(Measure::Moment),
        }
    }

    /// Everything that a condition, or a column, can begin with.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let written = ["traits", "consent"].into_iter().chain(WORDS);
        self.scores.keys().chain(&self.features).map(String::as_str).chain(written)
    }

    /// The nearest of some names, as it is suggested.
    pub(super) fn near<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        nearest(written, names).map(str::to_owned)
    }
}
