//! How much of a service do they use, is it becoming more or less, and does it fail them?

use super::{all, limited, mean_of_numbers, since, times};
use crate::catalogue::Definition;
use crate::catalogue::define::{define, ratio};
use crate::cell::{Numbers, Tally};
use crate::channels::{Matter, N_METRICS, Topic};
use crate::snapshot::Snapshot;

const GROUP: &str = "Use of a service";

/// The mean of the metric told most often, between so many days before. Only ever over another one of the same metric: of two
/// customers it may be minutes of one and gigabytes of the other (`docs/adr/0039`).
fn level(snapshot: &Snapshot<'_>, from: i64, until: i64) -> f64 {
    let mut sum = Numbers::NONE;
    if let Some(level) = all(snapshot, Matter::Conduct).and_then(|all| all.main_level()) {
        level.between(snapshot.as_of, from, until, |(), numbers| sum.add(numbers));
    }
    mean_of_numbers(sum)
}

fn of_main(definition: Definition) -> Definition {
    let limit = format!("of the metric told most often, of {N_METRICS}; to the day");
    Definition { limit: Some(limit), ..definition }
}

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        of_main(define(
            GROUP,
            "ratio",
            "usage_change_ratio",
            "What was measured in the last 30 days, over the 30 days before",
            |s| ratio(level(s, 0, 30), level(s, 30, 60)),
        )),
        of_main(define(
            GROUP,
            "ratio",
            "usage_slope_90d",
            "By how much the average of 30 days rises in 30 days, over the average of 90",
            |s| ratio((level(s, 0, 30) - level(s, 60, 90)) / 2.0, level(s, 0, 90).abs()),
        )),
        since(GROUP, "measured_days", "Days since something was last measured", |topic| topic == Topic::Measured),
        times(GROUP, "measurements", "measurements_30d", "Measurements", Topic::Measured, 30),
        times(GROUP, "faults", "faults_30d", "Failures of the service", Topic::Fault, 30),
        limited(
            define(GROUP, "seconds", "fault_seconds_90d", "Seconds that the service failed in the last 90 days", |s| {
                crate::cell::number(super::sum_of(s, crate::channels::Quantity::Fault, 90).sum)
            }),
            90,
        ),
        since(GROUP, "fault_days", "Days since the service last failed", |topic| topic == Topic::Fault),
    ]
}
