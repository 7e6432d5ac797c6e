//! Which outcomes are built in? Each in a file of its own, and a line here.

pub(crate) mod churn;

use crate::Outcome;

/// Every outcome that is built in.
#[must_use]
pub fn built_in_outcomes() -> Vec<Outcome> {
    vec![churn::churn()]
}
