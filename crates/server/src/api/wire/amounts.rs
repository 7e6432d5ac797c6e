//! What do numbers and chances look like on the wire?

use decisions::{Amount, Likely};
use serde::Serialize;
use utoipa::ToSchema;

/// One of several.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LikelyReply<'a> {
    label: &'a str,
    probability: f64,
}

/// An amount that is expected, of money in major units where it has a currency, with the interval in which it lies nine times of ten.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AmountReply<'a> {
    value: f64,
    low: f64,
    high: f64,
    /// Null where it is no money, or money of a customer who has never paid.
    currency: Option<&'a str>,
    /// Within how many days; not there in answers from before it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
}

impl<'a> LikelyReply<'a> {
    pub(super) fn of(likely: &'a Likely) -> Self {
        Self { label: &likely.label, probability: likely.probability.get() }
    }
}

impl<'a> AmountReply<'a> {
    pub(super) fn of(amount: &'a Amount) -> Self {
        Self {
            value: amount.value,
            low: amount.low,
            high: amount.high,
            currency: amount.currency.as_ref().map(primitives::Currency::code),
            days: amount.days,
        }
    }
}
