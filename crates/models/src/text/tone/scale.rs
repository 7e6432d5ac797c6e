//! How likely is a yes, and how far is that from the point at which it is taken for one?

use crate::ModelError;
use crate::minimise::Minimise;
use serde::{Deserialize, Serialize};

/// What the margin of a head means.
///
/// ```text
/// probability = 1 / (1 + exp(-(slope margin + offset)))
/// scaled      = probability / (2 threshold)                                   up to the threshold
///             = 1/2 + (probability - threshold) / (2 (1 - threshold))         above
/// ```
/// So 0.5 is the threshold of every head, and a higher probability is never a lower number.
/// *Source*: Platt 1999, with the smoothed labels of Lin, Lin and Weng 2007, doi:10.1007/s10994-007-5018-6.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    slope: f64,
    offset: f64,
    threshold: f64,
}

impl Scale {
    /// Learns what margins mean from cases that are told, and where the yes and the no part best: where F1, or the mean of it over groups
    /// of cases, is largest. `group[i]` counts from 0.
    pub(super) fn learn(margins: &[f64], is_so: &[bool], group: &[usize]) -> Result<Self, ModelError> {
        let n_yes = is_so.iter().filter(|is_so| **is_so).count() as f64;
        let n_no = is_so.len() as f64 - n_yes;
        let (yes, no) = ((n_yes + 1.0) / (n_yes + 2.0), 1.0 / (n_no + 2.0));
        let loss = |at: &[f64], gradient: &mut [f64]| {
            let (mut loss, mut by_slope, mut by_offset) = (0.0, 0.0, 0.0);
            for (margin, is_so) in margins.iter().zip(is_so) {
                let (said, target) = (at[0] * margin + at[1], if *is_so { yes } else { no });
                // ln(1 + exp(s)) - t s, without an overflow.
                loss += said.max(0.0) + (-said.abs()).exp().ln_1p() - target * said;
                let error = sigmoid(said) - target;
                by_slope += error * margin;
                by_offset += error;
            }
            let n = margins.len().max(1) as f64;
            (gradient[0], gradient[1]) = (by_slope / n, by_offset / n);
            loss / n
        };
        let found = Minimise { tolerance: 1e-7, ..Minimise::default() }.minimise(loss, &[1.0, 0.0])?;
        let scale = Self { slope: found.at[0].max(1e-3), offset: found.at[1], threshold: 0.5 };
        let threshold = scale.probability(best_margin(margins, is_so, group)).clamp(1e-4, 1.0 - 1e-4);
        Ok(Self { threshold, ..scale })
    }

    pub(super) fn probability(self, margin: f64) -> f64 {
        sigmoid(self.slope * margin + self.offset)
    }

    pub(super) fn scaled(self, probability: f64) -> f64 {
        let Self { threshold, .. } = self;
        if probability <= threshold {
            probability / (2.0 * threshold)
        } else {
            0.5 + (probability - threshold) / (2.0 * (1.0 - threshold))
        }
    }

    /// Numbers that were stored are a scale.
    pub(super) fn is_whole(self) -> bool {
        let Self { slope, offset, threshold } = self;
        slope.is_finite() && slope > 0.0 && offset.is_finite() && threshold > 0.0 && threshold < 1.0
    }
}

fn sigmoid(said: f64) -> f64 {
    1.0 / (1.0 + (-said).exp())
}

/// The margin from which on a yes is said, so that the mean of F1 over the groups is highest; of equal ones the highest.
fn best_margin(margins: &[f64], is_so: &[bool], group: &[usize]) -> f64 {
    let n_groups = group.iter().max().map_or(0, |last| last + 1);
    let mut n_yes = vec![0.0_f64; n_groups];
    for (is_so, group) in is_so.iter().zip(group) {
        n_yes[*group] += if *is_so { 1.0 } else { 0.0 };
    }
    let mut order: Vec<usize> = (0..margins.len()).collect();
    order.sort_by(|a, b| margins[*b].total_cmp(&margins[*a]));
    let (mut right, mut said) = (vec![0.0_f64; n_groups], vec![0.0_f64; n_groups]);
    let (mut best, mut at) = (-1.0, margins.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    for (place, case) in order.iter().enumerate() {
        said[group[*case]] += 1.0;
        right[group[*case]] += if is_so[*case] { 1.0 } else { 0.0 };
        let next = order.get(place + 1).map(|next| margins[*next]);
        if next.is_some_and(|next| next >= margins[*case]) {
            continue;
        }
        let f1: f64 = (0..n_groups).map(|group| 2.0 * right[group] / (said[group] + n_yes[group]).max(1.0)).sum();
        if f1 > best {
            // Half way to the next one, so that neither lies on the line.
            (best, at) = (f1, next.map_or(margins[*case], |next| f64::midpoint(margins[*case], next)));
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use proptest::prelude::*;

    #[test]
    fn a_probability_is_as_often_right_as_it_says() {
        let mut random = Seed::new(9).stream("test", 0);
        let margins: Vec<f64> = (0..20_000).map(|_| random.random_range(-2.0..2.0)).collect();
        let is_so: Vec<bool> =
            margins.iter().map(|margin| random.random::<f64>() < sigmoid(2.0 * margin - 1.0)).collect();
        let scale = Scale::learn(&margins, &is_so, &vec![0; margins.len()]).unwrap();
        assert!((scale.slope - 2.0).abs() < 0.1 && (scale.offset + 1.0).abs() < 0.1, "{scale:?}");
    }

    #[test]
    fn the_threshold_is_where_yes_and_no_part() {
        let margins = [-1.0, -0.5, 0.0, 0.5, 1.0];
        let is_so = [false, false, true, true, true];
        assert!((best_margin(&margins, &is_so, &[0; 5]) + 0.25).abs() < 1e-9);
        let scale = Scale::learn(&margins, &is_so, &[0; 5]).unwrap();
        for (margin, is_so) in margins.iter().zip(is_so) {
            assert_eq!(scale.scaled(scale.probability(*margin)) > 0.5, is_so);
        }
        // One group parts at 0.25, the other at -0.75, and each loses as much at the other's: of equal ones the highest.
        let is_so = [false, true, false, true, true];
        let at = best_margin(&margins, &is_so, &[0, 1, 0, 0, 1]);
        assert!((at - 0.25).abs() < 1e-9, "{at}");
    }

    proptest! {
        #[test]
        fn scaled_numbers_rise_with_the_probability(slope in 0.01..9.0_f64, offset in -5.0..5.0_f64, threshold in 0.001..0.999_f64,
                                                    low in -3.0..3.0_f64, step in 0.001..3.0_f64) {
            let scale = Scale { slope, offset, threshold };
            let (one, two) = (scale.probability(low), scale.probability(low + step));
            prop_assert!(one <= two && scale.scaled(one) <= scale.scaled(two));
            prop_assert!((0.0..=1.0).contains(&scale.scaled(one)) && (scale.scaled(threshold) - 0.5).abs() < 1e-12);
        }
    }
}
