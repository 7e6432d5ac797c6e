//! How near the top would an order put what a customer wanted?

use super::gather::{Gathered, liking};
use super::hold_out::Question;
use super::order::Weights;
use super::query::Own;
use super::rows::{n_columns, rows, silence};
use crate::boost::BoostModel;
use primitives::ItemKey;

/// How many places count.
const K: usize = 10;

/// What a sum looks at before the members: the habit in both its forms and what sells.
const N_TOLD: usize = 3;

/// A question with everything that orders look at.
pub(super) struct Tried {
    /// For each candidate how often and how much the customer had it, how it sells, and the share of each member.
    told: Vec<f32>,
    /// One row a candidate: see [`rows`].
    data: Vec<f32>,
    pub(super) is_wanted: Vec<bool>,
    n_wanted: usize,
    n_members: usize,
    /// Whose question it is.
    pub(super) customer: usize,
    /// Of which kind the question is: the number of the exam that asks it.
    pub(super) kind: usize,
}

impl Tried {
    /// `None` where nothing is wanted that may be in the list. What trees look at is left out where none will look.
    pub(super) fn of(
        gathered: &Gathered,
        question: &Question,
        own: &Own,
        keys: &[ItemKey],
        repeats: bool,
        has_rows: bool,
    ) -> Option<Self> {
        let had = |key| own.items.binary_search_by_key(&key, |item| item.key).is_ok();
        let is_wanted = |place: u32| keys.get(place as usize).is_some_and(|key| question.wanted.contains(key));
        let n_wanted = question.wanted.iter().filter(|key| repeats || !had(**key)).count();
        let n_members = gathered.n_members;
        let mut told = Vec::with_capacity(gathered.candidates.len() * (N_TOLD + n_members));
        for (c, candidate) in gathered.candidates.iter().enumerate() {
            let habit = candidate.habit.map_or([0.0; 2], |habit| [habit.n_times, liking(&habit, &candidate.sold)]);
            let opinions = &gathered.opinions[c * n_members..(c + 1) * n_members];
            let each = habit.into_iter().chain([candidate.selling]);
            told.extend(each.chain(opinions.iter().map(|opinion| opinion.share)).map(crate::linear::narrow));
        }
        let data = if has_rows { rows(gathered, own) } else { Vec::new() };
        let is_wanted = gathered.candidates.iter().map(|candidate| is_wanted(candidate.place)).collect();
        (n_wanted > 0).then_some(Self {
            customer: question.customer,
            told,
            data,
            is_wanted,
            n_wanted,
            n_members,
            kind: 0,
        })
    }

    /// The same of a kind.
    pub(super) fn of_kind(self, kind: usize) -> Self {
        Self { kind, ..self }
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

    /// The scores by what was had most often, then what sells: see [`super::order::favourites`].
    pub(super) fn favourites(&self) -> Vec<f64> {
        self.each(|told| f64::from(told[0]) + f64::from(told[2]) / 2.0)
    }

    /// The scores by a sum.
    pub(super) fn sums(&self, weights: &Weights) -> Vec<f64> {
        self.each(|told| {
            let said = weights.members.iter().zip(&told[N_TOLD..]).map(|(weight, share)| weight * f64::from(*share));
            weights.habit * f64::from(told[1]) + weights.popularity * f64::from(told[2]) + said.sum::<f64>()
        })
    }

    fn each(&self, of: impl Fn(&[f32]) -> f64) -> Vec<f64> {
        self.told.chunks(N_TOLD + self.n_members).map(of).collect()
    }

    /// The scores by trees, where one member says nothing.
    pub(super) fn scored(&self, trees: &BoostModel, silent: Option<usize>) -> Vec<f64> {
        let n = n_columns(self.n_members);
        let mut row = vec![0.0; n];
        let score = |whole: &[f32]| {
            row.iter_mut().zip(whole).for_each(|(to, from)| *to = f64::from(*from));
            if let Some(member) = silent {
                silence(&mut row, member, self.is_wanted.len());
            }
            trees.score(&row)
        };
        self.data.chunks(n).map(score).collect()
    }

    /// What the re-ranker looks at of a candidate.
    pub(super) fn row(&self, candidate: usize) -> impl Iterator<Item = f64> + '_ {
        let n = n_columns(self.n_members);
        self.data[candidate * n..(candidate + 1) * n].iter().map(|value| f64::from(*value))
    }

    /// How many members were asked.
    pub(super) fn n_members(&self) -> usize {
        self.n_members
    }
}

/// A question about candidates of which only members say something; the last one is wanted, and stands last of equals.
#[cfg(test)]
pub(super) fn said_by_members(shares: &[&[f32]]) -> Tried {
    let told = shares.iter().flat_map(|shares| [0.0; N_TOLD].into_iter().chain(shares.iter().copied())).collect();
    let is_wanted = (0..shares.len()).map(|candidate| candidate + 1 == shares.len()).collect();
    let n_members = shares[0].len();
    Tried { customer: 0, told, data: Vec::new(), is_wanted, n_wanted: 1, n_members, kind: 0 }
}
