//! What have they subscribed to, and is it becoming more or less?

use super::{all, since, times};
use crate::FeatureId;
use crate::catalogue::Definition;
use crate::catalogue::define::{define, whole};
use crate::channels::{Facts, Matter, N_WORDS, Topic};
use crate::snapshot::Snapshot;
use primitives::Timestamp;

const GROUP: &str = "Subscriptions";

/// The feature that tells how many subscriptions are active.
pub const SUBSCRIPTIONS_ACTIVE: &str = "subscriptions_active";
/// The feature that tells what they cost in 30 days.
pub const SUBSCRIPTION_AMOUNT: &str = "subscription_amount_30d";

/// The active ones, each with when the newest word on it was.
fn active(snapshot: &Snapshot<'_>) -> impl Iterator<Item = (Timestamp, Facts)> {
    let terms = all(snapshot, Matter::Subscriptions).into_iter().flat_map(|all| all.subscriptions.iter());
    terms.filter(|(_, term)| term.is_active()).map(|(place, term)| (place.0, term.facts(place)))
}

/// What the active subscriptions in the customer's currency cost per 30 days; nothing is not known where there is none.
fn amount_per_month(snapshot: &Snapshot<'_>) -> f64 {
    let currency = snapshot.currency();
    let mut sum = f64::NAN;
    for (_, term) in active(snapshot) {
        let Some(paid) = term.amount().filter(|paid| Some(paid.currency) == currency) else { continue };
        let amount = paid.to_major() / term.interval().days() * 30.0;
        sum = if sum.is_nan() { amount } else { sum + amount };
    }
    sum
}

fn of_subscriptions(definition: Definition) -> Definition {
    Definition { limit: Some(format!("of the {N_WORDS} subscriptions that were told of last")), ..definition }
}

/// In the first version, a word that one became more or less made what it did not repeat unknown.
fn second(definition: Definition) -> Definition {
    let definition = of_subscriptions(definition);
    Definition { id: FeatureId { version: 2, ..definition.id }, ..definition }
}

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        of_subscriptions(define(GROUP, "subscriptions", SUBSCRIPTIONS_ACTIVE, "Subscriptions that are active", |s| {
            whole(active(s).count() as u64)
        })),
        second(define(
            GROUP,
            "currency",
            SUBSCRIPTION_AMOUNT,
            "Money that the active subscriptions in the customer's currency cost in 30 days; a month has 30.44",
            amount_per_month,
        )),
        second(define(
            GROUP,
            "days",
            "renewal_days",
            "Days until the next active subscription is paid again; below 0 where that is overdue",
            |s| {
                active(s).map(|(at, term)| term.renews_at(at)).min().map_or(f64::NAN, |at| 0.0 - s.as_of.days_since(at))
            },
        )),
        times(GROUP, "changes", "upgrades_365d", "Subscriptions that became more", Topic::Upgraded, 365),
        times(GROUP, "changes", "downgrades_365d", "Subscriptions that became less", Topic::Downgraded, 365),
        times(GROUP, "changes", "cancellations_365d", "Subscriptions called off", Topic::Cancelled, 365),
        since(GROUP, "downgraded_days", "Days since a subscription last became less", |topic| {
            topic == Topic::Downgraded
        }),
    ]
}
