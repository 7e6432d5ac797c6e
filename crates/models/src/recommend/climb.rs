//! Which weights make the best sum, and which members are worth asking?

use super::goal::{Goal, each_of_sum, is_clearly_ahead, mean};
use super::order::Weights;
use super::tried::Tried;
use std::borrow::Borrow;

/// What a weight is multiplied with while a better one is looked for.
const STEPS: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 0.7, 1.4, 2.0, 4.0];

/// What is tried in place of a weight of 0.
const AGAIN: [f64; 3] = [0.05, 0.25, 1.0];

/// How many times each weight is moved at most.
const N_ROUNDS: usize = 4;

/// Another round that gains less than this share ends the search.
const GAIN_MIN: f64 = 0.0005;

/// Moves one weight after the other to where the sum is nearest to the goal.
pub(super) fn climb<T: Borrow<Tried> + Sync>(start: Weights, tried: &[T], goal: &Goal) -> Weights {
    let value_of = |weights: &Weights| goal.value(tried, &each_of_sum(tried, weights));
    let mut best = (value_of(&start), start);
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
                let value = value_of(&other);
                if value > best.0 {
                    best = (value, other);
                }
            }
        }
        if best.0 <= before + GAIN_MIN * before.abs() {
            break;
        }
    }
    best.1
}

fn weight_mut(weights: &mut Weights, at: usize) -> &mut f64 {
    if at == 0 { &mut weights.popularity } else { &mut weights.members[at - 1] }
}

/// The members that are worth asking, in their order, at most `n_max`, the first one always: without each of them the sum is
/// clearly worse, or where there are several kinds of questions, farther from the goal. And by how much NDCG@10 falls without each of
/// the others.
pub(super) fn worth_asking<T: Borrow<Tried> + Sync>(
    weights: &Weights,
    tried: &[T],
    goal: &Goal,
    n_max: usize,
) -> (Vec<usize>, Vec<(usize, f64)>) {
    let mut left = weights.clone();
    let mut kept: Vec<usize> = (0..weights.members.len()).collect();
    let mut out = Vec::new();
    let mut whole = each_of_sum(tried, &left);
    while let Some((others, member)) = least_missed(&kept, &left, tried, goal) {
        let is_missed = if goal.is_of_kinds() {
            goal.value(tried, &whole) > goal.value(tried, &others)
        } else {
            is_clearly_ahead(&whole, &others)
        };
        if is_missed && kept.len() <= n_max {
            break;
        }
        out.push((member, mean(&whole) - mean(&others)));
        kept.retain(|other| *other != member);
        left.members[member] = 0.0;
        whole = others;
    }
    (kept, out)
}

/// The member without which the sum is nearest to the goal, the later one of equals, with the NDCG@10 of each question. Never the first
/// one.
fn least_missed<T: Borrow<Tried> + Sync>(
    kept: &[usize],
    weights: &Weights,
    tried: &[T],
    goal: &Goal,
) -> Option<(Vec<f64>, usize)> {
    let without = |member: &usize| {
        let mut silent = weights.clone();
        silent.members[*member] = 0.0;
        let each = each_of_sum(tried, &silent);
        (goal.value(tried, &each), each, *member)
    };
    let least = kept.iter().skip(1).map(without).max_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
    least.map(|(_, each, member)| (each, member))
}

/// The weights where one member counts nothing.
pub(super) fn without(weights: &[f64], member: usize) -> Vec<f64> {
    weights.iter().enumerate().map(|(m, weight)| if m == member { 0.0 } else { *weight }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::goal::of_sum;
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
        assert_eq!(worth_asking(&weights, &tried, &Goal::default(), 3), (vec![0, 1, 2], vec![]));
        // Without the third, one question in five falls from 1 to 1 / log2(3).
        let (kept, out) = worth_asking(&weights, &tried, &Goal::default(), 2);
        assert_eq!((kept, out.len(), out[0].0), (vec![0, 1], 1, 2));
        assert!((out[0].1 - 0.2 * (1.0 - 1.0 / 3.0_f64.log2())).abs() < 1e-12, "{out:?}");
        assert_eq!(worth_asking(&weights, &tried, &Goal::default(), 1).0, [0]);
        // Who counts nothing is not missed.
        let silent = Weights { members: vec![0.5, 0.5, 0.0], ..weights };
        assert_eq!(worth_asking(&silent, &tried, &Goal::default(), 3), (vec![0, 1], vec![(2, 0.0)]));
    }

    #[test]
    fn a_climb_ends_where_every_answer_is_found_that_a_sum_can_find() {
        // The first member speaks against every answer, and to one question in five nobody knows it.
        let tried = questions();
        let start = Weights { members: vec![4.0, 0.0, 0.5], ..Weights::alike(3) };
        assert!((of_sum(&tried, &start) - 1.0 / 3.0_f64.log2()).abs() < 1e-12);
        let end = climb(start, &tried, &Goal::default());
        assert!((of_sum(&tried, &end) - (0.8 + 0.2 / 3.0_f64.log2())).abs() < 1e-12, "{end:?}");
        assert!(end.members[1] > 0.0, "a weight of 0 is not the end of it: {end:?}");
        assert!((end.habit - 1.0).abs() < 1e-12, "only proportions matter");
    }
}
