//! Who has churned? **No purchase within 30 days after `as_of`, among those who bought within the 90 days before it.**
//!
//! A purchase exactly 30 days after `as_of` still counts as coming back. Whoever has not bought for 90 days is lost
//! already: to foretell that is easy and helps nobody, and it would make every score look better than it is. An order
//! that is refunded later was a purchase: the customer did come back.

use crate::outcome::{Among, Label, Outcome, What};

/// How long a customer has time to come back.
const WINDOW_DAYS: i64 = 30;

/// How lately a customer must have bought to be one who can be lost.
const ACTIVE_DAYS: i64 = 90;

/// Who stays away?
#[must_use]
pub fn churn() -> Outcome {
    Outcome {
        name: "churn".into(),
        title: "Churn".to_owned(),
        question: format!("Will there be no purchase in the next {WINDOW_DAYS} days?"),
        among: Among::lately(What::Purchase, ACTIVE_DAYS),
        label: Label::DidNot(What::Purchase),
        window_days: WINDOW_DAYS,
        is_risk: true,
    }
}
