//! What is left of many findings when each had its chance to be one by accident?

use super::moments::count;

/// The p of each comparison, adjusted so that of all that are called findings below α at most the share α is by accident.
///
/// ```text
/// adjusted of the k-th smallest = min over j ≥ k of m p_(j) / j, at most 1
/// ```
/// *Shapes*: as many as went in, in their order. *Guarantees*: never below p; monotone in each p; the order of the
/// comparisons does not matter. *Cost*: one sort. *Source*: Benjamini and Hochberg 1995,
/// doi:10.1111/j.2517-6161.1995.tb02031.x.
///
/// For always-valid ps it is e-BH, as each is 1 over its evidence; then it holds however the comparisons depend on each
/// other, and at every look (Wang and Ramdas 2022, doi:10.1111/rssb.12489).
///
/// ```
/// assert_eq!(measurement::statistics::benjamini_hochberg(&[0.04, 0.01]), [0.04, 0.02]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let m = count(p.len() as u64);
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &at) in order.iter().enumerate() {
        // From the largest p to the smallest.
        // Rounding must not push it below p itself.
        least = least.min((m * p[at] / (m - count(rank as u64))).max(p[at]));
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels 0.14, multipletests "fdr_bh".
        let p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
        let adjusted = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105_714_29, 0.216, 0.216, 0.216];
        for (found, expected) in benjamini_hochberg(&p).iter().zip(adjusted) {
            assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn is_monotone_and_never_below(p in prop::collection::vec(0.0_f64..1.0, 1..20), at in 0_usize..20, less in 0.0_f64..1.0) {
            let found = benjamini_hochberg(&p);
            for (a, p_a) in p.iter().enumerate() {
                prop_assert!(found[a] >= *p_a && found[a] <= 1.0);
                for (b, p_b) in p.iter().enumerate() {
                    prop_assert!(p_a > p_b || found[a] <= found[b]);
                }
            }
            let mut lower = p.clone();
            let at = at % p.len();
            lower[at] *= less;
            for (before, after) in found.iter().zip(benjamini_hochberg(&lower)) {
                prop_assert!(after <= *before);
            }
        }

        #[test]
        fn the_order_does_not_matter(p in prop::collection::vec(0.0_f64..1.0, 1..20)) {
            let mut backwards = p.clone();
            backwards.reverse();
            let mut found = benjamini_hochberg(&backwards);
            found.reverse();
            prop_assert_eq!(found, benjamini_hochberg(&p));
        }
    }
}
