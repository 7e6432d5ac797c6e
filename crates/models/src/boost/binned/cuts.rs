//! Where is a column cut?

use super::{MISSING, N_BINS_MAX};
use crate::{Frame, ModelError};
use std::collections::BTreeMap;

/// How many values of a column are looked at to find its thresholds.
const N_SAMPLED_MAX: usize = 1 << 17;
/// The largest code of a category.
const CODE_MAX: f64 = 65_535.0;

/// How the values of one column become bins.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::boost) struct Cuts {
    /// Which feature of the table it is.
    pub(in crate::boost) feature: usize,
    /// How many bins it has, [`MISSING`] not counted.
    pub(in crate::boost) n_bins: usize,
    pub(in crate::boost) by: By,
}

/// What decides on the bin.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::boost) enum By {
    /// Thresholds, ascending: bin `b` lies below `thresholds[b]`.
    Thresholds(Vec<f64>),
    /// The bin of every code, [`MISSING`] where it has none.
    Codes(Vec<u8>),
}

impl Cuts {
    /// Cuts a column of numbers so that the bins hold about equally many rows; `None` where it is the same everywhere.
    pub(super) fn of_numbers(frame: Frame<'_>, feature: usize, n_bins: usize) -> Option<Self> {
        let n_rows = frame.n_rows();
        let n_sampled = n_rows.min(N_SAMPLED_MAX);
        let mut values: Vec<f64> = Vec::with_capacity(n_sampled);
        values.extend((0..n_sampled).map(|at| frame.row(at * n_rows / n_sampled)[feature]));
        values.retain(|value| !value.is_nan());
        // Minus zero is zero: it must not have a bin of its own.
        values.iter_mut().for_each(|value| *value += 0.0);
        values.sort_unstable_by(f64::total_cmp);
        let thresholds = thresholds(&values, n_bins);
        let is_missing = || frame.rows().any(|row| row[feature].is_nan());
        let is_known = || frame.rows().any(|row| !row[feature].is_nan());
        if thresholds.is_empty() && !(is_missing() && is_known()) {
            return None;
        }
        Some(Self { feature, n_bins: thresholds.len() + 1, by: By::Thresholds(thresholds) })
    }

    /// Gives the most frequent categories a bin each; `None` where there is one alone, and always.
    pub(super) fn of_categories(
        operation: &'static str,
        frame: Frame<'_>,
        feature: usize,
        n_bins: usize,
    ) -> Result<Option<Self>, ModelError> {
        let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
        let mut is_missing = false;
        for (row, values) in frame.rows().enumerate() {
            let value = values[feature];
            match code(value) {
                Some(code) => *counts.entry(code).or_default() += 1,
                None if value.is_nan() => is_missing = true,
                None => {
                    let (what, allowed) = ("the category of row", "a whole number from 0 to 65535, or NaN");
                    return Err(ModelError::Value { operation, what, row, value, allowed });
                }
            }
        }
        let mut frequent: Vec<(u16, usize)> = counts.into_iter().collect();
        frequent.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        if frequent.len() + usize::from(is_missing) < 2 {
            return Ok(None);
        }
        frequent.truncate(n_bins.min(N_BINS_MAX));
        let n_codes = frequent.iter().map(|(code, _)| usize::from(*code) + 1).max().unwrap_or(0);
        let mut bins = vec![MISSING; n_codes];
        for (bin, (code, _)) in (0_u8..=254).zip(&frequent) {
            bins[usize::from(*code)] = bin;
        }
        Ok(Some(Self { feature, n_bins: frequent.len(), by: By::Codes(bins) }))
    }

    /// The bin of a value.
    pub(super) fn bin(&self, value: f64) -> u8 {
        if value.is_nan() {
            return MISSING;
        }
        match &self.by {
            By::Thresholds(thresholds) => {
                // There are at most 254 thresholds.
                u8::try_from(thresholds.partition_point(|threshold| *threshold <= value)).unwrap_or(MISSING)
            }
            By::Codes(bins) => code(value).and_then(|code| bins.get(usize::from(code)).copied()).unwrap_or(MISSING),
        }
    }
}

/// The code of a category, where the number is one.
pub(in crate::boost) fn code(value: f64) -> Option<u16> {
    if !(0.0..=CODE_MAX).contains(&value) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    let code = value as u16;
    (f64::from(code).total_cmp(&value.abs()).is_eq()).then_some(code)
}

/// At most `n_bins - 1` thresholds between distinct sorted values.
///
/// A bin is closed as soon as it holds its share of what is left, and before a value that fills a bin alone.
fn thresholds(sorted: &[f64], n_bins: usize) -> Vec<f64> {
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).collect();
    let mut thresholds = Vec::new();
    let (mut n_left, mut bins_left, mut held) = (sorted.len(), n_bins, 0_usize);
    for pair in runs.windows(2) {
        held += pair[0].len();
        let bins_after = bins_left - 1;
        // All that are left get a bin each, where there are enough.
        let enough = runs.len() <= n_bins;
        let is_full = held * bins_left >= n_left || pair[1].len() * bins_left >= n_left;
        if bins_after > 0 && (enough || is_full) {
            thresholds.push(between(pair[0][0], pair[1][0]));
            (n_left, bins_left, held) = (n_left - held, bins_after, 0);
        }
    }
    thresholds
}

/// A number above `low` and not above `high`, in the middle where there is one.
fn between(low: f64, high: f64) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    if low < middle && middle <= high { middle } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(data: &[f64], n_bins: usize) -> Option<Cuts> {
        Cuts::of_numbers(Frame::new(data, data.len(), 1).unwrap(), 0, n_bins)
    }

    fn codes(data: &[f64], n_bins: usize) -> Option<Cuts> {
        Cuts::of_categories("test", Frame::new(data, data.len(), 1).unwrap(), 0, n_bins).unwrap()
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let cuts = of(&[5.0, 1.0, -0.0, 0.0, 1.0, 1.0, 1.0, 9.0, f64::NAN], 4).unwrap();
        assert_eq!(cuts.by, By::Thresholds(vec![0.5, 3.0, 7.0]));
        assert_eq!([0.0, -7.0, 0.5, 1.0, 3.0, 7.0, 1e9, f64::NAN].map(|x| cuts.bin(x)), [0, 0, 1, 1, 2, 3, 3, MISSING]);
        assert_eq!(cuts.n_bins, 4);
    }

    #[test]
    fn many_values_share_bins_evenly() {
        let data: Vec<f64> = (0..1_000).map(f64::from).collect();
        let cuts = of(&data, 10).unwrap();
        let mut counts = [0; 10];
        data.iter().for_each(|x| counts[usize::from(cuts.bin(*x))] += 1);
        assert_eq!(counts, [100; 10]);
    }

    #[test]
    fn a_frequent_value_stands_alone() {
        let data: Vec<f64> = (0..1_000).map(|i| if i < 600 { 500.0 } else { f64::from(i) - 300.0 }).collect();
        let cuts = of(&data, 5).unwrap();
        let alone = cuts.bin(500.0);
        assert!(cuts.bin(499.0) < alone && cuts.bin(501.0) > alone, "{cuts:?}");
        assert_eq!(cuts.n_bins, 5);
    }

    #[test]
    fn what_is_the_same_everywhere_is_left_out() {
        assert_eq!(of(&[3.0, 3.0], 9), None);
        assert_eq!(of(&[f64::NAN, f64::NAN], 9), None);
        let presence = of(&[3.0, f64::NAN], 9).unwrap();
        assert_eq!((presence.n_bins, presence.bin(3.0), presence.bin(f64::NAN)), (1, 0, MISSING));
        assert_eq!(codes(&[3.0, 3.0], 9), None);
        assert!(codes(&[3.0, f64::NAN], 9).is_some() && codes(&[3.0, 4.0], 9).is_some());
    }

    #[test]
    fn the_most_frequent_categories_have_bins() {
        let cuts = codes(&[7.0, 2.0, 7.0, 5.0, 2.0, 7.0, 1.0], 3).unwrap();
        assert_eq!(cuts.n_bins, 3);
        let asked = [7.0, 2.0, 1.0, 5.0, 6.0, 60_000.0, f64::NAN, -1.0, 0.5];
        assert_eq!(asked.map(|x| cuts.bin(x)), [0, 1, 2, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING]);
        let all: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(codes(&all, 255).unwrap().n_bins, 255);
    }

    #[test]
    fn a_threshold_lies_between_neighbours() {
        let up = 1.0_f64.next_up();
        for (low, high) in [(1.0, up), (-1e300, 1e300), (-f64::MAX, f64::MAX), (0.0, f64::from_bits(1)), (1.0, 2.0)] {
            let middle = between(low, high);
            assert!(low < middle && middle <= high, "{low} {middle} {high}");
        }
        assert!((between(1.0, 2.0) - 1.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_and_fit_in(
            data in prop::collection::vec(-50_i32..50, 2..400), n_bins in 2_usize..40,
        ) {
            let data: Vec<f64> = data.into_iter().map(f64::from).collect();
            let Some(cuts) = of(&data, n_bins) else { return Ok(()) };
            let By::Thresholds(thresholds) = &cuts.by else { unreachable!() };
            prop_assert!(thresholds.is_sorted_by(|a, b| a < b) && thresholds.len() < n_bins);
            let mut used = vec![false; cuts.n_bins];
            for a in &data {
                let bin = usize::from(cuts.bin(*a));
                used[bin] = true;
                prop_assert!(thresholds.get(bin).is_none_or(|threshold| a < threshold));
                prop_assert!(bin == 0 || *a >= thresholds[bin - 1]);
            }
            prop_assert!(used.into_iter().all(|is| is), "a bin without rows");
            let distinct = data.iter().map(|x| x.to_bits()).collect::<std::collections::BTreeSet<_>>().len();
            if distinct <= n_bins { prop_assert_eq!(cuts.n_bins, distinct); }
            else { prop_assert!(cuts.n_bins * 2 > n_bins.min(distinct), "{} of {n_bins}", cuts.n_bins); }
        }
    }
}
