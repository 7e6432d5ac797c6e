//! How far do two ways of grouping the same things agree?

use std::collections::BTreeMap;

/// What one grouping tells of another, from 0 to 1.
///
/// ```text
/// NMI = 2 I(a; b) / (H(a) + H(b))
/// ```
/// *Guarantees*: the names of groups do not matter; 1 for groupings that are the same but for names. *Edge cases*: 1 where both have a
/// single group or nothing is grouped; what is longer of the two is cut. *Source*: Strehl and Ghosh 2002, with the arithmetic mean of
/// scikit-learn's `normalized_mutual_info_score`.
///
/// ```
/// assert!((models::metrics::mutual_information(&[0, 0, 1, 1], &[7, 7, 3, 3]) - 1.0).abs() < 1e-12);
/// assert!(models::metrics::mutual_information(&[0, 0, 1, 1], &[0, 1, 0, 1]) < 1e-12);
/// ```
#[must_use]
pub fn mutual_information(a: &[usize], b: &[usize]) -> f64 {
    let n = a.len().min(b.len()) as f64;
    let (mut of_a, mut of_b, mut both) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (a, b) in a.iter().zip(b) {
        *of_a.entry(*a).or_insert(0.0) += 1.0;
        *of_b.entry(*b).or_insert(0.0) += 1.0;
        *both.entry((*a, *b)).or_insert(0.0) += 1.0;
    }
    let entropy = |counts: &BTreeMap<usize, f64>| -> f64 { counts.values().map(|c: &f64| -c / n * (c / n).ln()).sum() };
    let all = entropy(&of_a) + entropy(&of_b);
    if all <= 0.0 {
        return 1.0;
    }
    let of = |counts: &BTreeMap<usize, f64>, group: &usize| counts.get(group).copied().unwrap_or(1.0);
    let shared: f64 = both.iter().map(|((a, b), c)| c / n * (c * n / (of(&of_a, a) * of(&of_b, b))).ln()).sum();
    (2.0 * shared / all).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_symmetric_within_bounds_and_blind_to_names(
            pairs in prop::collection::vec((0_usize..5, 0_usize..4), 0..60), by in 1_usize..9,
        ) {
            let (a, b): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
            let told = mutual_information(&a, &b);
            prop_assert!((0.0..=1.0).contains(&told));
            prop_assert!((told - mutual_information(&b, &a)).abs() < 1e-12);
            let renamed: Vec<usize> = a.iter().map(|group| 100 - by * group).collect();
            prop_assert!((told - mutual_information(&renamed, &b)).abs() < 1e-12);
            prop_assert!((mutual_information(&a, &renamed) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_group_split_in_two_tells_all_and_asks_more() {
        // H(a) = ln 2, H(b) = 1.5 ln 2, I = ln 2.
        let told = mutual_information(&[0, 0, 0, 0, 1, 1, 1, 1], &[0, 0, 1, 1, 2, 2, 2, 2]);
        assert!((told - 0.8).abs() < 1e-12, "{told}");
        assert!((mutual_information(&[], &[]) - 1.0).abs() < 1e-12);
    }
}
