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
