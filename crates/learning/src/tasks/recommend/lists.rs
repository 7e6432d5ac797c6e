//! How good are lists? Each of a customer by what they wanted, and all of a test together.

use super::cases::Case;
use crate::evaluation::{Numbers, mean};
use models::metrics::{coverage, exposure_gini, hit_at_k, mrr_at_k, ndcg_at_k, overlap, recall_at_k};
use primitives::ItemKey;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many places decide.
pub(super) const K: usize = 10;

/// How many places are judged.
pub(super) const K_MAX: usize = 20;

/// What is said of each list, in the order of [`Judged::scores`]; the first one decides.
pub(super) const NAMES: [&str; 8] =
    ["ndcg@10", "recall@10", "mrr@10", "hit@10", "ndcg@20", "recall@20", "mrr@20", "hit@20"];

/// One customer's list, and how good it was.
pub(super) struct Judged {
    pub(super) list: Vec<ItemKey>,
    pub(super) scores: [f64; NAMES.len()],
}

impl Judged {
    fn of(list: Vec<ItemKey>, wanted: &BTreeSet<ItemKey>) -> Self {
        // A case has wanted items, so there is always an answer.
        let at = |k| {
            [
                ndcg_at_k(&list, wanted, k),
                recall_at_k(&list, wanted, k),
                mrr_at_k(&list, wanted, k),
                hit_at_k(&list, wanted, k),
            ]
            .map(Option::unwrap_or_default)
        };
        let ([a, b, c, d], [e, f, g, h]) = (at(K), at(K_MAX));
        Self { list, scores: [a, b, c, d, e, f, g, h] }
    }

    pub(super) fn ndcg(&self) -> f64 {
        self.scores[0]
    }
}

/// A list for each case, judged by all that was wanted.
pub(super) fn judge(cases: &[Case], list: impl Fn(&Case) -> Vec<ItemKey> + Sync) -> Vec<Judged> {
    let judged = cases.par_iter().with_min_len(16).map(|case| Judged::of(list(case), &case.wanted));
    judged.collect()
}

/// The same lists of some cases, judged by a part of what was wanted.
pub(super) fn rejudge(judged: &[Judged], wanted: &[BTreeSet<ItemKey>]) -> Vec<Judged> {
    let some = judged.iter().zip(wanted).filter(|(_, wanted)| !wanted.is_empty());
    some.map(|(judged, wanted)| Judged::of(judged.list.clone(), wanted)).collect()
}

/// The means over customers.
pub(super) fn means(judged: &[Judged]) -> Numbers {
    let of = |at: usize| mean(judged.iter().map(|judged| judged.scores[at]));
    NAMES.iter().enumerate().map(|(at, name)| ((*name).to_owned(), of(at))).collect()
}

/// What is said of all lists together: how much of the catalogue is shown, how unequally, how unknown it is, and how much
/// lists differ from one another.
pub(super) fn together(judged: &[Judged], n_items: usize, shares: &BTreeMap<ItemKey, f64>) -> Numbers {
    let lists = || judged.iter().map(|judged| &judged.list[..judged.list.len().min(K)]);
    let rarest = shares.values().copied().fold(1.0, f64::min);
    let novelty = |key: &ItemKey| -shares.get(key).copied().unwrap_or(rarest).log2();
    let numbers = [
        ("coverage", coverage(lists(), n_items)),
        ("gini_exposure", exposure_gini(lists(), n_items)),
        ("novelty", mean(lists().flatten().map(novelty))),
        ("diversity", 1.0 - overlap(lists())),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}
