//! Which decision of ours does an event answer that says something else?
//!
//! Whoever acts on a decision need send no event of its own for it: the `decision_id` in what is sent anyway is enough.

use super::channels::Verb;
use super::properties::{ACTION, DECISION_ID};
use super::values::{At, id};
use crate::{CommerceStep, DecisionSeen, DecisionStep, Deed, EmailStep, Object, PaymentStep, SubscriptionStep};
use primitives::Money;

/// The keys that are read for it.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    [&DECISION_ID, &ACTION].into_iter().flat_map(|property| property.keys.iter().copied())
}

/// What a step of a purchase answers.
pub(super) fn of_purchase(step: CommerceStep) -> Option<DecisionStep> {
    match step {
        CommerceStep::Ordered | CommerceStep::Consumed => Some(DecisionStep::Converted),
        CommerceStep::Viewed | CommerceStep::Added | CommerceStep::Checkout => Some(DecisionStep::Clicked),
        CommerceStep::Searched
        | CommerceStep::ListViewed
        | CommerceStep::Removed
        | CommerceStep::Refunded
        | CommerceStep::Other => None,
    }
}

fn of_email(step: EmailStep) -> Option<DecisionStep> {
    match step {
        EmailStep::Delivered | EmailStep::Opened => Some(DecisionStep::Shown),
        EmailStep::Clicked => Some(DecisionStep::Clicked),
        EmailStep::MarkedAsSpam | EmailStep::Unsubscribed => Some(DecisionStep::Dismissed),
        EmailStep::Sent | EmailStep::Bounced => None,
    }
}

fn of_subscription(step: SubscriptionStep) -> Option<DecisionStep> {
    match step {
        SubscriptionStep::Started | SubscriptionStep::Renewed | SubscriptionStep::Upgraded => {
            Some(DecisionStep::Converted)
        }
        SubscriptionStep::Downgraded | SubscriptionStep::Cancelled => None,
    }
}

fn of_payment(step: PaymentStep) -> Option<DecisionStep> {
    (step == PaymentStep::Approved).then_some(DecisionStep::Converted)
}

/// Whether an event of a name can answer a decision beside what it says.
pub(super) fn can_answer(verb: Verb) -> bool {
    match verb {
        Verb::Content(step) => of_purchase(step).is_some(),
        Verb::StoreVisited => true,
        Verb::Email(step) => of_email(step).is_some(),
        Verb::Payment(step) => of_payment(step).is_some(),
        Verb::Subscription(step) => of_subscription(step).is_some(),
        _ => false,
    }
}

/// What an event answers, and what that was worth. One of a name that stands in no table is a goal of the company's own.
fn step_of(deed: &Deed, is_named: bool) -> Option<(DecisionStep, Option<Money>, Option<f64>)> {
    let plain = |step: DecisionStep| (step, None, None);
    match deed {
        Deed::Commerce(commerce) | Deed::Content(commerce) => {
            let worth = if commerce.step == CommerceStep::Ordered { commerce.value } else { None };
            Some((of_purchase(commerce.step)?, worth, None))
        }
        Deed::Email(email) => of_email(email.step).map(plain),
        Deed::Payment(payment) => Some((of_payment(payment.step)?, payment.amount, None)),
        Deed::Subscription(subscription) => {
            Some((of_subscription(subscription.step)?, subscription.amount, subscription.bare_amount))
        }
        Deed::StoreVisited(_) => Some(plain(DecisionStep::Converted)),
        Deed::Other if !is_named => Some(plain(DecisionStep::Converted)),
        _ => None,
    }
}

/// The decision that is named beside what an event says. A name that cannot be read names none.
pub(super) fn answered(deed: &Deed, is_named: bool, properties: &Object) -> Option<Box<DecisionSeen>> {
    let named = |keys: &[&str]| {
        let mut found = keys.iter().filter_map(|key| id(properties, key, At::Properties).ok().flatten());
        found.next().map(std::borrow::Cow::into_owned)
    };
    // Looked for first: hardly any event names one.
    let decision = named(DECISION_ID.keys)?;
    let (step, value, bare_value) = step_of(deed, is_named)?;
    let action = named(ACTION.keys);
    Some(Box::new(DecisionSeen { action, value, bare_value, ..DecisionSeen::new(step, decision) }))
}
