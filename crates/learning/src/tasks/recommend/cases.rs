//! Who is asked about in a test, what was known of them, and what did they buy then?

use super::known::{history_of, interactions};
use crate::split::Split;
use crate::{Dataset, LearningError, Wanted};
use features::Trace;
use models::recommend::{HistoryItem, HoldOut, Interactions, Recommender, RecommenderSettings};
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
        let n_returned =
            dataset.traces().filter(|(_, trace)| has_returned(trace, split, dataset.wanted())).count() as u64;
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
    /// What they bought then, each item once; at least one.
    pub(super) wanted: BTreeSet<ItemKey>,
}

impl Case {
    /// What the customer had had before.
    pub(super) fn had(&self) -> BTreeSet<ItemKey> {
        self.history.iter().map(|bought| bought.item).collect()
    }
}

/// A test: what is asked, and a recommender that knows nothing of the answers.
pub(super) struct Test {
    pub(super) way: Way,
    pub(super) cases: Vec<Case>,
    pub(super) known: Interactions,
    pub(super) model: Recommender,
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
            Way::Time => (interactions(dataset, split.train_until), cases(dataset, split)),
            Way::LastOrder => {
                let parts = HoldOut::LastOccasion.part(&interactions(dataset, now), usize::MAX, seed);
                let case = |question: models::recommend::Question| Case {
                    history: newest(question.history),
                    wanted: question.wanted,
                };
                (parts.known, parts.questions.into_iter().map(case).collect())
            }
        };
        let model = settings.fit(&known, seed).map_err(LearningError::model("fit the recommender to be judged"))?;
        Ok(Self { way, cases, known, model })
    }
}

/// The customers known before the window who buy in it.
pub(super) fn cases(dataset: &Dataset, split: &Split) -> Vec<Case> {
    let wanted = dataset.wanted();
    let known = dataset.traces().map(|(_, trace)| trace).filter(|trace| has_returned(trace, split, wanted));
    let known: Vec<&Trace> = known.collect();
    let case = |trace: &Trace| Case {
        history: history_of(wanted, &trace.state_at(split.train_until), split.train_until),
        wanted: items_of(trace, split, wanted),
    };
    known.into_par_iter().map(case).collect()
}

fn has_returned(trace: &Trace, split: &Split, wanted: Wanted) -> bool {
    !trace.touched_until(split.train_until, wanted.ways()).is_empty() && !items_of(trace, split, wanted).is_empty()
}

fn items_of(trace: &Trace, split: &Split, wanted: Wanted) -> BTreeSet<ItemKey> {
    let touched = trace.touched_between(split.test_from, split.test_until, wanted.ways());
    touched.into_iter().map(|touched| touched.item).collect()
}

/// As many of the newest as are remembered of a customer who is asked about live.
fn newest(mut history: Vec<HistoryItem>) -> Vec<HistoryItem> {
    history.sort_by(|a, b| a.age_days.total_cmp(&b.age_days).then(a.item.cmp(&b.item)));
    history.truncate(features::N_LINES);
    history
}
