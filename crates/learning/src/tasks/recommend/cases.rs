//! Who is asked about in a test, what was known of them, and what did they buy then?

use super::known::{history_of, hour_of_week, interactions};
use super::simple::Simple;
use crate::split::Split;
use crate::{Dataset, LearningError, Wanted};
use features::{Touched, Trace};
use models::recommend::{HistoryItem, HoldOut, Interactions, Query, Recommender, RecommenderSettings};
use primitives::{ItemKey, Seed, Timestamp};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// With so many who came back in the window, what happened in it says more than everybody's last order.
const N_RETURNED_MIN: u64 = 100;

/// A way of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// What is bought in the last window, from what was known before it.
    Time,
    /// The last order of everybody with two or more, from all other orders.
    LastOrder,
}

impl Way {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Time, Self::LastOrder];

    /// Which one decides: time, where enough customers came back in the window.
    pub(super) fn deciding(dataset: &Dataset, split: &Split) -> Self {
        let sold = interactions(dataset, split.train_until).items;
        let returned = dataset.traces().filter(|(_, trace)| has_returned(trace, split, dataset.wanted(), &sold));
        let n_returned = returned.count() as u64;
        if n_returned >= N_RETURNED_MIN { Self::Time } else { Self::LastOrder }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::LastOrder => "last_order",
        }
    }
}

/// A customer in a test: what they had bought, and what they bought then.
pub(super) struct Case {
    pub(super) history: Vec<HistoryItem>,
    /// What they bought then of what could be known, each item once; at least one.
    pub(super) wanted: BTreeSet<ItemKey>,
    /// The hour of the week at which they came for the first of it, where it is known.
    pub(super) hour_of_week: Option<u16>,
}

impl Case {
    /// It as a recommender is asked it.
    pub(super) fn query(&self) -> Query<'_> {
        Query { hour_of_week: self.hour_of_week, ..Query::of(&self.history) }
    }

    /// What the customer had had before.
    pub(super) fn had(&self) -> BTreeSet<ItemKey> {
        self.history.iter().map(|bought| bought.item).collect()
    }
}

/// A test: what is asked, and a recommender and simple answers that know nothing of the answers.
pub(super) struct Test {
    pub(super) way: Way,
    pub(super) cases: Vec<Case>,
    pub(super) known: Interactions,
    pub(super) model: Recommender,
    pub(super) simple: Simple,
}

impl Test {
    pub(super) fn of(
        way: Way,
        dataset: &Dataset,
        split: &Split,
        now: Timestamp,
        settings: &RecommenderSettings,
        seed: Seed,
    ) -> Result<Self, LearningError> {
        let (known, cases) = match way {
            Way::Time => {
                let known = interactions(dataset, split.train_until);
                let cases = cases(dataset, split, &known.items);
                (known, cases)
            }
            Way::LastOrder => {
                let parts = HoldOut::LastOccasion.part(&interactions(dataset, now), usize::MAX, seed);
                let case = |question: models::recommend::Question| Case {
                    history: newest(question.history),
                    wanted: question.wanted,
                    hour_of_week: question.hour_of_week,
                };
                (parts.known, parts.questions.into_iter().map(case).collect())
            }
        };
        let model = settings.fit(&known, seed).map_err(LearningError::model("fit the recommender to be judged"))?;
        let simple = Simple::of(&known, seed)?;
        Ok(Self { way, cases, known, model, simple })
    }
}

/// The customers known before the window who buy in it, of what was `sold` before it: of nothing else can any list hold
/// something. `sold` is in ascending order.
pub(super) fn cases(dataset: &Dataset, split: &Split, sold: &[ItemKey]) -> Vec<Case> {
    let wanted = dataset.wanted();
    let known = dataset.traces().map(|(_, trace)| trace).filter(|trace| has_returned(trace, split, wanted, sold));
    let known: Vec<&Trace> = known.collect();
    let case = |trace: &Trace| {
        let came = bought_then(trace, split, wanted, sold);
        Case {
            history: history_of(wanted, &trace.state_at(split.train_until), split.train_until),
            wanted: came.iter().map(|touched| touched.item).collect(),
            hour_of_week: came.first().and_then(|touched| hour_of_week(touched.at)),
        }
    };
    known.into_par_iter().map(case).collect()
}

fn has_returned(trace: &Trace, split: &Split, wanted: Wanted, sold: &[ItemKey]) -> bool {
    !trace.touched_until(split.train_until, wanted.ways()).is_empty()
        && !bought_then(trace, split, wanted, sold).is_empty()
}

/// What they bought in the window of what was sold before, from old to new.
fn bought_then(trace: &Trace, split: &Split, wanted: Wanted, sold: &[ItemKey]) -> Vec<Touched> {
    let mut touched = trace.touched_between(split.test_from, split.test_until, wanted.ways());
    touched.retain(|touched| sold.binary_search(&touched.item).is_ok());
    touched
}

/// As many of the newest as are remembered of a customer who is asked about live.
fn newest(mut history: Vec<HistoryItem>) -> Vec<HistoryItem> {
    history.sort_by(|a, b| a.age_days.total_cmp(&b.age_days).then(a.item.cmp(&b.item)));
    history.truncate(features::N_LINES);
    history
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::{day, load, numbered, order};

    #[test]
    fn nobody_is_asked_for_what_no_list_can_hold() {
        let bought = |customer, item, on| order(customer, item, day(on), day(on));
        let dataset = load(&numbered([
            bought("ann", "tea", 1),
            bought("bob", "jam", 2),
            // In the window ann wants something old and something new, bob something new, and nobody knew cid.
            bought("ann", "jam", 21),
            bought("ann", "cake", 22),
            bought("bob", "cake", 23),
            bought("cid", "tea", 24),
        ]));
        let split = Split {
            train_from: day(0),
            train_until: day(20),
            test_from: day(20),
            test_until: day(30),
            window_days: 10,
            train_as_ofs: vec![day(20)],
            gaps: Vec::new(),
        };
        let known = interactions(&dataset, split.train_until);
        let tea_and_jam: Vec<ItemKey> = known.items.clone();
        assert_eq!(tea_and_jam.len(), 2);
        let asked = cases(&dataset, &split, &known.items);
        assert_eq!(asked.len(), 1);
        let (tea, wanted) = (asked[0].history[0].item, &asked[0].wanted);
        assert!(!wanted.contains(&tea) && wanted.len() == 1 && wanted.iter().all(|key| tea_and_jam.contains(key)));
    }
}
