//! What does a KPI come to, and how sure is it?

use crate::statistics::{Estimate, Measure, Moments, estimates, normal_quantile, student_quantile};
use crate::{Interval, wilson};
use serde::{Deserialize, Serialize};

/// What a KPI comes to; or why it cannot be told. Nothing is never 0 here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Of how many customers.
    pub n: u64,
    /// What it comes to.
    pub value: Option<f64>,
    /// Its 95 % interval: Wilson's of a share, Student's of a mean, by the delta method of a ratio.
    pub interval: Option<Interval>,
    /// Why there is none.
    pub reason: Option<String>,
}

/// The chance to be outside of an interval.
const ALPHA: f64 = 0.05;

pub(super) fn told(customers: &Moments, measure: Measure) -> Told {
    let n = customers.n;
    let nothing = |reason: &str| Told { n, value: None, interval: None, reason: Some(reason.to_owned()) };
    if n == 0 {
        return nothing("nobody is counted yet");
    }
    if measure == Measure::Share {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of customers")]
        let share = wilson(customers.sum.round() as u64, n, "nobody is counted yet");
        return Told { n, value: share.value, interval: share.interval, reason: share.reason };
    }
    if measure == Measure::Ratio && customers.sum_x <= 0.0 {
        return nothing("what it is divided by did not happen yet");
    }
    let value = if measure == Measure::Ratio { customers.sum / customers.sum_x } else { customers.mean() };
    match estimates(customers, customers, measure) {
        Ok((estimate, _)) => around(n, &Estimate { value, ..estimate }, student_quantile(ALPHA, estimate.n - 1.0)),
        // Of one customer there is a value, and nothing to say of how sure it is.
        Err(_) if n == 1 && value.is_finite() => Told {
            n,
            value: Some(value),
            interval: None,
            reason: Some("one customer alone has no interval".to_owned()),
        },
        // The number was counted; how sure it is cannot be said. Here there are no arms.
        Err(reason) if value.is_finite() => {
            let reason = reason.replace(" in the arm `control`", "");
            Told { n, value: Some(value), interval: None, reason: Some(reason) }
        }
        Err(reason) => nothing(&reason),
    }
}

pub(super) fn told_quantile(quantile: Result<Estimate, String>, n: u64) -> Told {
    match quantile {
        Ok(estimate) => around(n, &estimate, normal_quantile(1.0 - ALPHA / 2.0)),
        Err(reason) => Told { n, value: None, interval: None, reason: Some(reason) },
    }
}

fn around(n: u64, estimate: &Estimate, q: f64) -> Told {
    let half = q * estimate.variance_of_value().sqrt();
    let interval = Interval { low: estimate.value - half, high: estimate.value + half };
    Told { n, value: Some(estimate.value), interval: Some(interval), reason: None }
}
