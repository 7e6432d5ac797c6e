//! How much do the rounds count of customers whom anybody may have invented?

use std::collections::BTreeMap;

/// Weights by which those who are not the company's own weigh no more than its own do, action by action; `None` where that is so anyway, or
/// where none is its own. `counts` says of a round how far it is remembered, which share of what comes has come, and for how many it
/// counts by how unlikely its action was.
///
/// ```text
/// w = 1 of the own ones, w[a] = min over m of (sum of m over the own ones of a) / (sum of m over the others of a), at most 1
/// m: remembered h, h x arrived f, h x chance c, h f c
/// ```
/// These are the sums in which a round counts where it is learned from ([`models::bandit::ValuesSettings`]): as one more, by its
/// reward, and in the mean of its group. So no number of others moves a mean of the own ones further than half way to the least or the
/// largest reward there is. All others of an action count alike, whatever came of them.
pub(super) fn balanced(action: &[u32], is_own: &[bool], counts: impl Fn(usize) -> (f64, f64, f64)) -> Option<Vec<f64>> {
    // Of each action the sums of the own ones and of the others.
    let mut sums: BTreeMap<u32, [[f64; 4]; 2]> = BTreeMap::new();
    for (row, action) in action.iter().enumerate() {
        let (remembered, arrived, chance) = counts(row);
        let all = [remembered, remembered * arrived, remembered * chance, remembered * arrived * chance];
        let of = &mut sums.entry(*action).or_default()[usize::from(!is_own[row])];
        of.iter_mut().zip(all).for_each(|(sum, one)| *sum += one);
    }
    let share = |[own, others]: &[[f64; 4]; 2]| {
        let ratios = own.iter().zip(others).filter(|(_, others)| **others > 0.0).map(|(own, others)| own / others);
        ratios.fold(1.0, f64::min)
    };
    let shares: BTreeMap<u32, f64> = sums.iter().map(|(action, sums)| (*action, share(sums))).collect();
    if !is_own.contains(&true) || shares.values().all(|share| *share >= 1.0) {
        return None;
    }
    Some(action.iter().zip(is_own).map(|(action, is_own)| if *is_own { 1.0 } else { shares[action] }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn others_never_weigh_more_than_the_own_ones(
            rounds in prop::collection::vec((0..3_u32, any::<bool>(), 0.0..1.0_f64, 0.0..1.0_f64, 1.0..20.0_f64), 1..60),
        ) {
            let (action, is_own): (Vec<u32>, Vec<bool>) = rounds.iter().map(|round| (round.0, round.1)).unzip();
            let counts = |row: usize| (rounds[row].2, rounds[row].3, rounds[row].4);
            let weights = balanced(&action, &is_own, counts);
            if !is_own.contains(&true) {
                prop_assert_eq!(weights, None);
                return Ok(());
            }
            let weight = |row: usize| weights.as_ref().map_or(1.0, |weights| weights[row]);
            for of in 0..3 {
                for measure in [|(h, _, _)| h, |(h, f, _)| h * f, |(h, _, c)| h * c, |(h, f, c)| h * f * c] as [fn((f64, f64, f64)) -> f64; 4] {
                    let sum = |own: bool| (0..rounds.len()).filter(|row| action[*row] == of && is_own[*row] == own)
                        .map(|row| weight(row) * measure(counts(row))).sum::<f64>();
                    prop_assert!(sum(false) <= sum(true) * (1.0 + 1e-9) + 1e-12);
                }
            }
            prop_assert!((0..rounds.len()).all(|row| !is_own[row] || weight(row) >= 1.0));
        }
    }
}
