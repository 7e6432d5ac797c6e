//! By what are the candidates of a question put in order?

use super::gather::{Candidate, Gathered, Opinion, liking};
use super::query::Own;
use super::rows::rows;
use crate::ModelError;
use crate::boost::BoostModel;
use serde::{Deserialize, Serialize};

/// How candidates become a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// What the customer had most often, then what sells: nothing that was learned is clearly better.
    Favourites,
    /// What was learned from questions.
    Learned {
        /// A sum.
        weights: Weights,
        /// Trees that look at everything: where there are any, they and the sum have one voice each.
        trees: Option<Box<BoostModel>>,
    },
}

/// What is added to ranks before they are turned into shares: the larger, the less the first places count.
const FUSION: f64 = 20.0;

/// Two orders as one, each with one voice.
///
/// ```text
/// score(c) = 1 / (20 + rank of c by the one) + 1 / (20 + rank of c by the other)      the best has rank 1
/// ```
/// Trees learn the season of the questions that they learned from; a sum of few numbers cannot, and holds them back where the
/// season has changed. *Source*: Cormack, Clarke and Buettcher 2009, doi:10.1145/1571941.1572114.
pub(super) fn fuse(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut fused = vec![0.0; one.len()];
    let mut order: Vec<usize> = (0..one.len()).collect();
    for scores in [one, other] {
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        for (rank, c) in (1_u32..).zip(&order) {
            fused[*c] += 1.0 / (FUSION + f64::from(rank));
        }
    }
    fused
}

/// The scores by which what a customer had most often comes first, and of equals what sells best.
///
/// ```text
/// score = occasions on which they had it + selling / 2
/// ```
/// What sells is told from 0 to 1, so it only parts equals. The list is that of the simple answer that a recommender must not
/// be worse than.
pub(super) fn favourites(gathered: &Gathered) -> Vec<f64> {
    let n_times = |candidate: &Candidate| candidate.habit.map_or(0.0, |habit| habit.n_times);
    gathered.candidates.iter().map(|it| n_times(it) + it.selling / 2.0).collect()
}

/// What each part counts in a sum.
///
/// ```text
/// sum = habit * liking + popularity * selling + sum over members of weight * share
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Weights {
    pub(super) habit: f64,
    pub(super) popularity: f64,
    pub(super) members: Vec<f64>,
}

impl Weights {
    /// Popularity and nothing else.
    pub(super) fn popular(n_members: usize) -> Self {
        Self { habit: 0.0, popularity: 1.0, members: vec![0.0; n_members] }
    }

    /// One member, and of equals what sells.
    pub(super) fn alone(n_members: usize, member: usize) -> Self {
        let mut weights = Self { popularity: 1e-6, ..Self::popular(n_members) };
        weights.members[member] = 1.0;
        weights
    }

    /// Habits first, all others alike: what is said without questions, and where the search for better weights begins.
    pub(super) fn alike(n_members: usize) -> Self {
        Self { habit: 1.0, popularity: 0.5, members: vec![0.5; n_members] }
    }

    pub(super) fn sum(&self, candidate: &Candidate, opinions: &[Opinion]) -> f64 {
        let liked = candidate.habit.map_or(0.0, |habit| liking(&habit, &candidate.sold));
        let said: f64 = self.members.iter().zip(opinions).map(|(weight, opinion)| weight * opinion.share).sum();
        self.habit * liked + self.popularity * candidate.selling + said
    }

    fn check(&self, n_members: usize) -> bool {
        let mut numbers = [self.habit, self.popularity].into_iter().chain(self.members.iter().copied());
        self.members.len() == n_members && numbers.all(f64::is_finite)
    }
}

impl Order {
    /// Whether trees look at candidates.
    pub(super) fn has_trees(&self) -> bool {
        matches!(self, Self::Learned { trees: Some(_), .. })
    }

    /// A number for each candidate, from 0 upwards: the larger, the earlier it stands. Where there are trees, what they do not
    /// look at comes after what they do, in the order of the sum.
    pub(super) fn scores(&self, gathered: &Gathered, own: &Own) -> Vec<f64> {
        let Self::Learned { weights, trees } = self else { return favourites(gathered) };
        let opinions = |c: usize| &gathered.opinions[c * gathered.n_members..(c + 1) * gathered.n_members];
        let candidates = gathered.candidates.iter().enumerate();
        let mut sums: Vec<f64> = candidates.map(|(c, candidate)| weights.sum(candidate, opinions(c))).collect();
        // What members speak against stands in the order of how much they do, as when the weights were chosen.
        let least = sums.iter().copied().fold(0.0, f64::min);
        sums.iter_mut().for_each(|sum| *sum -= least);
        let Some(trees) = trees else { return sums };
        let data = rows(gathered, own);
        let mut row = vec![0.0; trees.n_features()];
        let score = |told: &[f32]| {
            row.iter_mut().zip(told).for_each(|(to, from)| *to = f64::from(*from));
            trees.score(&row)
        };
        let by_trees: Vec<f64> = data.chunks(trees.n_features().max(1)).map(score).collect();
        let (near, far) = sums.split_at(gathered.n_near);
        let mut scores = fuse(near, &by_trees);
        let mut order: Vec<usize> = (0..far.len()).collect();
        order.sort_unstable_by(|a, b| far[*b].total_cmp(&far[*a]).then(a.cmp(b)));
        scores.resize(sums.len(), 0.0);
        for (rank, c) in (1_u32..).zip(order) {
            // As if both orders had it there: nobody of those before has less.
            scores[near.len() + c] = 2.0 / (FUSION + near.len() as f64 + f64::from(rank));
        }
        scores
    }

    /// Whether what was stored fits so many members, and rows of so many numbers.
    pub(super) fn check(&self, model: &'static str, n_members: usize, n_columns: usize) -> Result<(), ModelError> {
        let Self::Learned { weights, trees } = self else { return Ok(()) };
        let fits = trees.as_ref().is_none_or(|trees| trees.n_features() == n_columns);
        if fits && weights.check(n_members) {
            Ok(())
        } else {
            Err(ModelError::Corrupt { model, reason: "the order does not fit the members".to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_against_keeps_its_order() {
        use super::super::gather::said_of_each;
        let says = |share: f64| Opinion { score: share, share, rank: 0.0, source: None };
        let gathered = said_of_each(&[&[says(-0.9)], &[says(0.5)], &[says(-0.2)], &[says(1.0)]]);
        let weights = Weights { popularity: 0.0, members: vec![2.0], ..Weights::alike(1) };
        let scores = Order::Learned { weights, trees: None }.scores(&gathered, &Own::default());
        let expected = [0.0, 2.8, 1.4, 3.8];
        assert!(scores.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{scores:?}");
    }

    #[test]
    fn two_orders_have_one_voice_each() {
        // Ranks 1, 2, 3 by the one, 3, 1, 2 by the other.
        let found = fuse(&[0.9, 0.5, 0.1], &[-2.0, 9.0, 0.0]);
        let expected = [1.0 / 21.0 + 1.0 / 23.0, 1.0 / 22.0 + 1.0 / 21.0, 1.0 / 23.0 + 1.0 / 22.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert!(fuse(&[], &[]).is_empty());
    }
}
