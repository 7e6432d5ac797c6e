//! Which stretch between 0 and 1 belongs to which variation?

/// A stretch, with its beginning and without its end.
pub type Range = [f64; 2];

/// Weights that are all the same.
#[must_use]
pub fn equal_weights(n: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a handful of variations")]
    let weight = 1.0 / n as f64;
    vec![weight; n]
}

/// The stretch of each variation.
///
/// ```text
/// begin of the k-th = Σ of the weights before it,   end = begin + coverage · weight
/// ```
/// Growing the coverage only adds people: nobody changes the variation. Coverage is cut to 0 to 1; where the weights do not
/// sum to 1 (within .01), or are not as many as variations, all are the same.
///
/// ```
/// assert_eq!(flags::bucket_ranges(2, 0.5, None), [[0.0, 0.25], [0.5, 0.75]]);
/// ```
#[must_use]
pub fn bucket_ranges(n: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<Range> {
    let coverage = coverage.clamp(0.0, 1.0);
    let sums_up = |weights: &&[f64]| weights.len() == n && (0.99..=1.01).contains(&weights.iter().sum::<f64>());
    let weights = weights.filter(sums_up).map_or_else(|| equal_weights(n), <[f64]>::to_vec);
    let mut begin = 0.0;
    let stretch = |weight: f64| {
        let range = [begin, begin + coverage * weight];
        begin += weight;
        range
    };
    weights.into_iter().map(stretch).collect()
}

/// Whether a place lies on a stretch.
#[must_use]
pub fn in_range(place: f64, [begin, end]: Range) -> bool {
    place >= begin && place < end
}

/// On which stretch a place lies; `None` between them.
///
/// ```
/// assert_eq!(flags::choose_variation(0.6, &[[0.0, 0.25], [0.5, 0.75]]), Some(1));
/// ```
#[must_use]
pub fn choose_variation(place: f64, ranges: &[Range]) -> Option<usize> {
    ranges.iter().position(|range| in_range(place, *range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_coverage_only_adds_people(
            parts in prop::collection::vec(1_u8..20, 2..6), coverage in 0.0_f64..1.0, more in 0.0_f64..1.0, place in 0.0_f64..1.0,
        ) {
            let sum: f64 = parts.iter().copied().map(f64::from).sum();
            let weights: Vec<f64> = parts.iter().map(|part| f64::from(*part) / sum).collect();
            let chosen = |coverage| choose_variation(place, &bucket_ranges(weights.len(), coverage, Some(&weights)));
            if let Some(before) = chosen(coverage) {
                prop_assert_eq!(chosen(coverage + (1.0 - coverage) * more), Some(before));
            }
        }

        #[test]
        fn at_full_coverage_the_stretches_lie_end_to_end(n in 1_usize..9) {
            let ranges = bucket_ranges(n, 1.0, None);
            prop_assert!(ranges.windows(2).all(|pair| (pair[0][1] - pair[1][0]).abs() < 1e-12));
            prop_assert!((ranges[n - 1][1] - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn weights_that_make_no_sense_are_all_the_same() {
        let equal = bucket_ranges(2, 1.0, None);
        for weights in [vec![0.4, 0.1], vec![0.7, 0.6], vec![1.0], vec![f64::NAN, 1.0]] {
            assert_eq!(bucket_ranges(2, 1.0, Some(&weights)), equal, "{weights:?}");
        }
        assert_eq!(bucket_ranges(2, -1.0, None), [[0.0, 0.0], [0.5, 0.5]]);
        assert!(bucket_ranges(0, 1.0, None).is_empty());
    }
}
