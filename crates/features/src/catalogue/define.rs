//! How is a feature of every Rapport declared?

use super::Definition;
use crate::FeatureId;
use crate::snapshot::Snapshot;
use primitives::Timestamp;

pub(super) fn define(
    group: &'static str,
    unit: &'static str,
    name: impl Into<String>,
    meaning: impl Into<String>,
    compute: impl Fn(&Snapshot<'_>) -> f64 + Send + Sync + 'static,
) -> Definition {
    let name = name.into();
    let id = FeatureId { name: name.as_str().into(), version: 1 };
    Definition {
        id,
        name,
        meaning: meaning.into(),
        unit,
        group,
        limit: None,
        cell: None,
        declared: None,
        owner: None,
        compute: Box::new(compute),
    }
}

pub(super) fn days(snapshot: &Snapshot<'_>, since: Option<Timestamp>) -> f64 {
    since.map_or(f64::NAN, |since| snapshot.as_of.days_since(since))
}

/// Not known where the divisor is zero.
pub(super) fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator.abs() < f64::EPSILON { f64::NAN } else { numerator / denominator }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().sum(), count(values.len()))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's records are far below 2^53")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's events are far below 2^53")]
pub(super) fn whole(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "a customer's pieces are far below 2^53 thousandths")]
pub(super) fn thousandths(n: i64) -> f64 {
    n as f64 / 1_000.0
}

pub(super) fn top_share<'a>(weights: impl Iterator<Item = &'a f64>) -> f64 {
    let (top, sum) = weights.fold((0.0_f64, 0.0), |(top, sum), weight| (top.max(*weight), sum + weight));
    ratio(top, sum)
}
