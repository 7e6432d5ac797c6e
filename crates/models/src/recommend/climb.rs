//! Which weights make the best sum, and which members are worth asking?

use super::order::Weights;
use super::tried::Tried;
use rayon::prelude::*;
use std::borrow::Borrow;

/// What a weight is multiplied with while a better one is looked for.
const STEPS: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 0.7, 1.4, 2.0, 4.0];

/// What is tried in place of a weight of 0.
const AGAIN: [f64; 3] = [0.05, 0.25, 1.0];

/// How many times each weight is moved at most.
const N_ROUNDS: usize = 4;

/// Another round that gains less than this share ends the search.
const GAIN_MIN: f64 = 0.0005;

/// An order is clearly better than a simpler one where it is ahead by more than this many standard errors: 95 %.
const CLEARLY_SE: f64 = 1.96;

/// Moves one weight after the other to where the sum is best.
pub(super) fn climb<T: Borrow<Tried> + Sync>(start: Weights, tried: &[T]) -> Weights {
    let mut best = (of_sum(tried, &start), start);
    for _ in 0..N_ROUNDS {
        let before = best.0;
        for at in 0..=best.1.members.len() {
            let from = best.1.clone();
            // Habits keep their weight: only proportions matter.
            let weight = *weight_mut(&mut from.clone(), at);
            let others: Vec<f64> =
                if weight > 0.0 { STEPS.iter().map(|step| step * weight).collect() } else { AGAIN.to_vec() };
            for weight in others {
                let mut other = from.clone();
                *weight_mut(&mut other, at) = weight;
                let value = of_sum(tried, &other);
                if value > best.0 {
                    best = (value, other);
                }
            }
        }
        if best.0 <= before * (1.0 + GAIN_MIN) {
            break;
        }
    }
    best.1
}

fn weight_mut(weights: &mut Weights, at: usize) -> &mut f64 {
    if at == 0 { &mut weights.popularity } else { &mut weights.members[at - 1] }
}

/// The members that are worth asking, in their order, at most `n_max`, the first one always: without each of them the sum is
/// clearly worse. And by how much NDCG@10 falls without each of the others.
pub(super) fn worth_asking<T: Borrow<Tried> + Sync>(
    weights: &Weights,
    tried: &[T],
    n_max: usize,
) -> (Vec<usize>, Vec<(usize, f64)>) {
    let mut left = weights.clone();
    let mut kept: Vec<usize> = (0..weights.members.len()).collect();
    let mut out = Vec::new();
    let mut whole = each_of_sum(tried, &left);
    while let Some((others, member)) = least_missed(&kept, &left, tried) {
        if is_clearly_ahead(&whole, &others) && kept.len() <= n_max {
            break;
        }
        out.push((member, mean(&whole) - mean(&others)));
        kept.retain(|other| *other != member);
        left.members[member] = 0.0;
        whole = others;
    }
    (kept, out)
}

/// The member without which NDCG@10 is highest, the later one of equals, with that of each question. Never the first one.
fn least_missed<T: Borrow<Tried> + Sync>(kept: &[usize], weights: &Weights, tried: &[T]) -> Option<(Vec<f64>, usize)> {
    let without = |member: &usize| {
        let mut silent = weights.clone();
        silent.members[*member] = 0.0;
        (each_of_sum(tried, &silent), *member)
    };
    kept.iter().skip(1).map(without).max_by(|a, b| mean(&a.0).total_cmp(&mean(&b.0)).then(a.1.cmp(&b.1)))
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

/// The weights where one member counts nothing.
pub(super) fn without(weights: &[f64], member: usize) -> Vec<f64> {
    weights.iter().enumerate().map(|(m, weight)| if m == member { 0.0 } else { *weight }).collect()
}

/// The mean NDCG@10 of a sum.
pub(super) fn of_sum<T: Borrow<Tried> + Sync>(tried: &[T], weights: &Weights) -> f64 {
    mean(&each_of_sum(tried, weights))
}

fn each_of_sum<T: Borrow<Tried> + Sync>(tried: &[T], weights: &Weights) -> Vec<f64> {
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

    /// Of four questions in five one member alone knows the answer: the second of three, the third, or both. The first one knows nothing.
    fn questions() -> Vec<Tried> {
        let of = |n: u32| match n % 5 {
            0 | 1 => said_by_members(&[&[0.5, 0.0, 0.0], &[0.0, 1.0, 0.0]]),
            2 => said_by_members(&[&[0.5, 0.0, 0.0], &[0.0, 0.0, 1.0]]),
            3 => said_by_members(&[&[0.5, 0.0, 0.0], &[0.0, 1.0, 1.0]]),
            _ => said_by_members(&[&[0.5, 0.0, 0.0], &[0.0, 0.0, 0.0]]),
        };
        (0..200).map(of).collect()
    }

    #[test]
    fn the_first_stays_and_of_others_who_is_missed_up_to_so_many() {
        let (tried, weights) = (questions(), Weights::alike(3));
        assert_eq!(worth_asking(&weights, &tried, 3), (vec![0, 1, 2], vec![]));
        // Without the third, one question in five falls from 1 to 1 / log2(3).
        let (kept, out) = worth_asking(&weights, &tried, 2);
        assert_eq!((kept, out.len(), out[0].0), (vec![0, 1], 1, 2));
        assert!((out[0].1 - 0.2 * (1.0 - 1.0 / 3.0_f64.log2())).abs() < 1e-12, "{out:?}");
        assert_eq!(worth_asking(&weights, &tried, 1).0, [0]);
        // Who counts nothing is not missed.
        let silent = Weights { members: vec![0.5, 0.5, 0.0], ..weights };
        assert_eq!(worth_asking(&silent, &tried, 3), (vec![0, 1], vec![(2, 0.0)]));
    }

    #[test]
    fn a_climb_ends_where_every_answer_is_found_that_a_sum_can_find() {
        // The first member speaks against every answer, and to one question in five nobody knows it.
        let tried = questions();
        let start = Weights { members: vec![4.0, 0.0, 0.5], ..Weights::alike(3) };
        assert!((of_sum(&tried, &start) - 1.0 / 3.0_f64.log2()).abs() < 1e-12);
        let end = climb(start, &tried);
        assert!((of_sum(&tried, &end) - (0.8 + 0.2 / 3.0_f64.log2())).abs() < 1e-12, "{end:?}");
        assert!(end.members[1] > 0.0, "a weight of 0 is not the end of it: {end:?}");
        assert!((end.habit - 1.0).abs() < 1e-12, "only proportions matter");
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
