//! What do the objectives that rank share? Gains, discounts and how good a list is.

use super::{Targets, check_labels};
use crate::ModelError;
use rayon::prelude::*;

/// The largest grade of relevance: its gain is 2^31 - 1.
const GRADE_MAX: f64 = 31.0;

/// Grades must be small numbers from 0, and every row must belong to a group.
pub(super) fn check(operation: &'static str, targets: &Targets<'_>) -> Result<(), ModelError> {
    let found = targets.groups.last().map_or(0, |last| last.end);
    crate::labels::check_length(operation, "the rows of all groups", targets.labels.len(), found)?;
    check_labels(operation, targets, "from 0 to 31", |label| (0.0..=GRADE_MAX).contains(&label))?;
    let tells = |group: &std::ops::Range<usize>| {
        let labels = &targets.labels[group.clone()];
        labels.iter().any(|label| label.total_cmp(&labels[0]).is_ne())
    };
    if targets.groups.iter().any(tells) {
        return Ok(());
    }
    let reason = "in every group all labels are the same: give groups with better and worse rows".to_owned();
    Err(ModelError::NothingToLearn { operation, reason })
}

/// `2^grade - 1`.
pub(super) fn gain(grade: f64) -> f64 {
    grade.exp2() - 1.0
}

/// What a place counts, the first being 0.
pub(super) fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 2.0).log2()
}

/// The discounted gain of the best order, down to place `k`.
pub(super) fn ideal(labels: &[f64], k: usize) -> f64 {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    sorted.iter().take(k).enumerate().map(|(place, label)| gain(*label) * discount(place)).sum()
}

/// The places of a group's rows by score, the best first; equal scores by row.
pub(super) fn order(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order
}

/// One minus the mean NDCG of all groups that can be ordered, down to place `k`.
pub(super) fn loss(targets: &Targets<'_>, scores: &[f64], k: usize) -> f64 {
    let of = |group: &std::ops::Range<usize>| {
        let labels = &targets.labels[group.clone()];
        let best = ideal(labels, k);
        if best <= 0.0 {
            return None;
        }
        let order = order(&scores[group.clone()]);
        let found: f64 = order.iter().take(k).enumerate().map(|(at, row)| gain(labels[*row]) * discount(at)).sum();
        Some(found / best)
    };
    let each: Vec<f64> = targets.groups.par_iter().filter_map(of).collect();
    1.0 - each.iter().sum::<f64>() / each.len().max(1) as f64
}
