//! What would each order say to customers of whom we know what they bought next?

use super::gather::{Asked, Gathered, gather};
use super::hold_out::{HeldOut, Question};
use super::members::{MemberModel, MemberSettings};
use super::order::Weights;
use super::prepared::Prepared;
use super::query::{Own, Query};
use super::recipe::Blend;
use super::repeat::Sales;
use super::rows::{columns_of, n_columns, rows};
use crate::ModelError;
use crate::boost::BoostModel;
use primitives::Seed;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// How many places count.
const K: usize = 10;

/// Where a smaller share of what is wanted was had before, nothing is consumed twice.
const REPEATED_MIN: f64 = 0.01;

/// A question with everything that orders look at.
pub(super) struct Tried {
    pub(super) gathered: Gathered,
    /// One row a candidate: see [`rows`].
    data: Vec<f64>,
    pub(super) is_wanted: Vec<bool>,
    n_wanted: usize,
}

/// The questions of one moment, and what they say of the shop.
pub(super) struct Asking {
    pub(super) tried: Vec<Tried>,
    /// The share of what was wanted that the customer had had before.
    pub(super) repeated: f64,
}

impl Asking {
    /// Holds purchases out, learns from the others, and asks.
    pub(super) fn of(
        parts: &HeldOut,
        members: &[MemberSettings],
        blend: &Blend,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        let repeated = repeated(&parts.questions);
        if parts.known.rows.is_empty() || parts.questions.is_empty() {
            return Ok(Self { tried: Vec::new(), repeated });
        }
        let prepared = Prepared::of(&parts.known)?;
        let sales = Sales::of(&prepared);
        let fit = |settings: &MemberSettings| settings.fit(&prepared, seed);
        let members: Vec<MemberModel> = members.iter().map(fit).collect::<Result<_, _>>()?;
        let popular = sales.by_selling();
        let ask = |question: &Question| {
            let own = Own::of(&Query::of(&question.history), &prepared.keys);
            let asked = Asked {
                own: &own,
                n_items: u32::try_from(prepared.n_items()).unwrap_or(u32::MAX),
                n_each: blend.n_each,
                repeats: allows(repeated),
                allowed: &|_| true,
            };
            let gathered = gather(&asked, &members, &sales, &popular);
            Tried::of(gathered, question, &own, &prepared, allows(repeated))
        };
        let tried = parts.questions.par_iter().with_min_len(16).map(ask);
        Ok(Self { tried: tried.filter(|tried| tried.n_wanted > 0).collect(), repeated })
    }
}

/// Whether what a customer had may be in their list, where so much of what is wanted was had before.
pub(super) fn allows(repeated: f64) -> bool {
    repeated >= REPEATED_MIN
}

/// What share of what is wanted the customers had before.
fn repeated(questions: &[Question]) -> f64 {
    let wanted: usize = questions.iter().map(|question| question.wanted.len()).sum();
    let again = |question: &Question| {
        let had: BTreeSet<_> = question.history.iter().map(|bought| bought.item).collect();
        question.wanted.intersection(&had).count()
    };
    questions.iter().map(again).sum::<usize>() as f64 / wanted.max(1) as f64
}

impl Tried {
    fn of(gathered: Gathered, question: &Question, own: &Own, prepared: &Prepared, repeats: bool) -> Self {
        let had = |key| own.items.binary_search_by_key(&key, |item| item.key).is_ok();
        let is_wanted = |place: u32| prepared.keys.get(place as usize).is_some_and(|key| question.wanted.contains(key));
        Self {
            is_wanted: gathered.candidates.iter().map(|candidate| is_wanted(candidate.place)).collect(),
            data: rows(&gathered, own),
            n_wanted: question.wanted.iter().filter(|key| repeats || !had(**key)).count(),
            gathered,
        }
    }

    /// How near the top what was wanted stands, with these scores.
    pub(super) fn ndcg(&self, scores: &[f64]) -> f64 {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        let best_first = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
        if order.len() > K {
            order.select_nth_unstable_by(K, best_first);
            order.truncate(K);
        }
        order.sort_unstable_by(best_first);
        let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
        let hits = order.iter().enumerate().filter(|(_, c)| self.is_wanted[**c]);
        let gained: f64 = hits.map(|(place, _)| discount(place)).sum();
        gained / (0..K.min(self.n_wanted)).map(discount).sum::<f64>()
    }

    /// The scores by a sum.
    pub(super) fn sums(&self, weights: &Weights) -> Vec<f64> {
        let n = self.gathered.n_members;
        let candidates = self.gathered.candidates.iter().enumerate();
        candidates.map(|(c, it)| weights.sum(it, &self.gathered.opinions[c * n..(c + 1) * n])).collect()
    }

    /// The scores by trees, where one member says nothing.
    pub(super) fn scored(&self, trees: &BoostModel, silent: Option<usize>) -> Vec<f64> {
        let n = n_columns(self.gathered.n_members);
        let Some(member) = silent else { return self.data.chunks(n).map(|row| trees.score(row)).collect() };
        let mut row = vec![0.0; n];
        let score = |whole: &[f64]| {
            row.copy_from_slice(whole);
            row[columns_of(member)].copy_from_slice(&[0.0, 0.0, (self.is_wanted.len()) as f64]);
            trees.score(&row)
        };
        self.data.chunks(n).map(score).collect()
    }

    /// What the re-ranker looks at of a candidate.
    pub(super) fn row(&self, candidate: usize) -> &[f64] {
        let n = n_columns(self.gathered.n_members);
        &self.data[candidate * n..(candidate + 1) * n]
    }
}
