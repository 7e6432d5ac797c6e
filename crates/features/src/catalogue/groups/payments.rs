//! Do their payments go through?

use super::{all, limited, n_ever, n_of, since, times};
use crate::catalogue::Definition;
use crate::catalogue::define::{define, ratio};
use crate::channels::{Matter, Topic};

const GROUP: &str = "Payments";

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        times(GROUP, "payments", "payments_failed_90d", "Payments that failed", Topic::PaymentDeclined, 90),
        limited(
            define(
                GROUP,
                "share",
                "payment_failed_share_365d",
                "Share of the payments of the last 365 days that failed",
                |s| {
                    let failed = n_of(s, Topic::PaymentDeclined, 365);
                    ratio(failed, failed + n_of(s, Topic::PaymentApproved, 365))
                },
            ),
            365,
        ),
        since(GROUP, "payment_failed_days", "Days since a payment last failed", |topic| {
            topic == Topic::PaymentDeclined
        }),
        define(GROUP, "yes or no", "payment_last_failed", "Whether the newest payment failed: 1 or 0", |s| {
            all(s, Matter::Payments)
                .and_then(|all| all.last_payment_failed())
                .map_or(f64::NAN, |failed| f64::from(u8::from(failed)))
        }),
        define(GROUP, "chargebacks", "chargebacks_all", "Payments that the bank ever took back", |s| {
            n_ever(s, Topic::Chargeback)
        }),
    ]
}
