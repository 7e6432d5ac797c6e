//! What is an order good for, where it is asked for things of several kinds?

use super::order::Weights;
use super::tried::Tried;
use rayon::prelude::*;
use std::borrow::Borrow;

/// An order is clearly better than a simpler one where it is ahead by more than this many standard errors: 95 %.
const CLEARLY_SE: f64 = 1.96;

/// How many times what an order is behind the best voice counts, beside what it is ahead.
const STRICTNESS: f64 = 10.0;

/// How far ahead of the best member of taste an order should be on every kind: what is ahead by less on these questions may be behind on
/// others.
const MARGIN: f64 = 0.01;

/// How good an order is.
///
/// ```text
/// value = mean NDCG@10                                                 where all questions are of one kind
///       = mean over kinds of r[k] - 10 sum over kinds of max(0, 1.01 - r[k])
/// r[k]  = mean NDCG@10 of the questions of kind k / that of the member of taste that answers them best alone
/// ```
/// What comes next is best answered by what came last, and what belongs to a taste by everything that somebody had. Whoever adds up
/// NDCG of both serves the kind with the larger numbers, and whoever demands the best of both serves none well. Here no kind is answered worse
/// than by a member of taste alone as long as there is a way, and beyond that all kinds count alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Goal {
    /// By kind, the NDCG@10 of the best member of taste, or of what sells; empty where all questions are of one kind.
    best: Vec<f64>,
}

impl Goal {
    /// What is reached on each kind of question by the best of some members, or by what sells: for each member, whether it is one of
    /// them.
    pub(super) fn of<T: Borrow<Tried> + Sync>(tried: &[T], is_rival: &[bool]) -> Self {
        let n_members = is_rival.len();
        let n_kinds = tried.iter().map(|tried| tried.borrow().kind + 1).max().unwrap_or(0);
        let mut best = Self { best: vec![0.0; n_kinds] };
        if n_kinds < 2 {
            return Self::default();
        }
        let rivals = (0..n_members).filter(|member| is_rival[*member]);
        let members = rivals.map(|member| Weights::alone(n_members, member));
        for alone in members.chain([Weights::popular(n_members)]) {
            let reached = best.by_kind(tried, &each_of_sum(tried, &alone));
            best.best.iter_mut().zip(reached).for_each(|(best, reached)| *best = best.max(reached));
        }
        best
    }

    /// Whether questions are of several kinds.
    pub(super) fn is_of_kinds(&self) -> bool {
        !self.best.is_empty()
    }

    /// How good an order is that reaches this NDCG@10 on each question.
    pub(super) fn value<T: Borrow<Tried>>(&self, tried: &[T], ndcg: &[f64]) -> f64 {
        if !self.is_of_kinds() {
            return mean(ndcg);
        }
        let shares = self.by_kind(tried, ndcg).into_iter().zip(&self.best);
        let shares: Vec<f64> = shares.map(|(reached, best)| if *best > 0.0 { reached / best } else { 1.0 }).collect();
        mean(&shares) - STRICTNESS * shares.iter().map(|share| (1.0 + MARGIN - share).max(0.0)).sum::<f64>()
    }

    /// The mean of the questions of each kind.
    fn by_kind<T: Borrow<Tried>>(&self, tried: &[T], ndcg: &[f64]) -> Vec<f64> {
        let mut sums = vec![(0.0, 0_u32); self.best.len()];
        for (tried, ndcg) in tried.iter().zip(ndcg) {
            if let Some(sum) = sums.get_mut(tried.borrow().kind) {
                *sum = (sum.0 + ndcg, sum.1 + 1);
            }
        }
        sums.into_iter().map(|(sum, n)| sum / f64::from(n.max(1))).collect()
    }
}

/// Whether one order is ahead of a simpler one by more than chance makes of their differences, question by question.
///
/// *Source*: the standard-error rule of Breiman et al. 1984, section 3.4.3, with 1.96 standard errors.
pub(super) fn is_clearly_ahead(one: &[f64], simple: &[f64]) -> bool {
    let ahead: Vec<f64> = one.iter().zip(simple).map(|(one, simple)| one - simple).collect();
    let centre = mean(&ahead);
    let squares: Vec<f64> = ahead.iter().map(|ahead| (ahead - centre).powi(2)).collect();
    centre > CLEARLY_SE * (mean(&squares) / ahead.len().max(1) as f64).sqrt()
}

/// The mean NDCG@10 of a sum.
pub(super) fn of_sum<T: Borrow<Tried> + Sync>(tried: &[T], weights: &Weights) -> f64 {
    mean(&each_of_sum(tried, weights))
}

/// The NDCG@10 of each question by a sum.
pub(super) fn each_of_sum<T: Borrow<Tried> + Sync>(tried: &[T], weights: &Weights) -> Vec<f64> {
    of_each(tried, &|tried| tried.sums(weights))
}

/// The NDCG@10 of each question by these scores.
pub(super) fn of_each<T: Borrow<Tried> + Sync>(tried: &[T], scores: &(dyn Fn(&Tried) -> Vec<f64> + Sync)) -> Vec<f64> {
    tried.par_iter().map(|tried| tried.borrow().ndcg(&scores(tried.borrow()))).collect()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::tried::said_by_members;

    #[test]
    fn no_kind_is_answered_worse_than_by_the_best_voice_alone_where_there_is_a_way() {
        // The first member knows all answers of the first kind and the second one all of the second; neither knows the other's. A wrong one
        // is loud where its own is.
        let of = |kind: usize| {
            let shares: [&[f32]; 2] = if kind == 0 { [&[0.0, 0.6], &[1.0, 0.0]] } else { [&[0.6, 0.0], &[0.0, 1.0]] };
            said_by_members(&shares).of_kind(kind)
        };
        let tried: Vec<Tried> = (0..90).map(|at| of(usize::from(at % 9 == 0))).collect();
        let goal = Goal::of(&tried, &[true; 2]);
        assert_eq!(goal, Goal { best: vec![1.0, 1.0] });
        let value = |members: [f64; 2]| {
            let weights = Weights { members: members.to_vec(), ..Weights::alike(2) };
            goal.value(&tried, &each_of_sum(&tried, &weights))
        };
        assert!((value([1.0, 1.0]) - (1.0 - 20.0 * MARGIN)).abs() < 1e-12, "both are served, and neither is ahead");
        // Second of two: 1 / log2(3) of the best, which counts ten times and once more.
        let fallen = 1.0 / 3.0_f64.log2();
        assert!((value([1.0, 0.0]) - ((1.0 + fallen) / 2.0 - 10.0 * (1.0 - fallen + 2.0 * MARGIN))).abs() < 1e-12);
        assert!(value([0.0, 1.0]) < 0.0, "one question in ten counts like nine");
        let one_kind: Vec<Tried> = (0..9).map(|_| of(0)).collect();
        assert!(!Goal::of(&one_kind, &[true; 2]).is_of_kinds() && !Goal::of::<Tried>(&[], &[true; 2]).is_of_kinds());
        assert!((Goal::default().value(&one_kind, &[0.25, 0.75]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn what_was_learned_must_be_ahead_by_more_than_chance() {
        // Ahead by 0.1 on average; the differences are 0.4 and -0.2, so their deviation is 0.3, and 1.96 errors are
        // 0.1 where n is 34.6.
        let of = |n: usize| (0..n).map(|i| if i % 2 == 0 { 0.4 } else { -0.2 }).collect::<Vec<f64>>();
        let simple = |n: usize| vec![0.0; n];
        assert!(!is_clearly_ahead(&of(34), &simple(34)));
        assert!(is_clearly_ahead(&of(36), &simple(36)));
        assert!(!is_clearly_ahead(&simple(10), &of(10)));
        assert!(!is_clearly_ahead(&simple(10), &simple(10)) && !is_clearly_ahead(&[], &[]));
    }
}
