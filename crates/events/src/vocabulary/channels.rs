//! Which events are there beside those of purchases, and which properties has each?

use super::properties::Need::{Expected, Optional, Required};
use super::properties::*;
use crate::{DecisionStep, EmailStep, PaymentStep, Question, SubscriptionStep, TicketStep};

/// What an event of a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    SearchClicked,
    PageViewed,
    PageLeft,
    Session { is_end: bool },
    Email(EmailStep),
    Ticket(TicketStep),
    Message { is_from_customer: bool },
    PhoneCall { is_end: bool },
    Rated(Question),
    Payment(PaymentStep),
    Subscription(SubscriptionStep),
    Measured,
    Faulted,
    StoreVisited,
    Decision(DecisionStep),
}

/// The properties of an event, each with whether it is needed.
pub(crate) type Properties = &'static [(Need, &'static Property)];

/// An event of a name.
#[derive(Debug)]
pub(crate) struct Spoken {
    /// The name in lower case, with spaces between its words.
    pub(crate) name: &'static str,
    pub(crate) verb: Verb,
    pub(crate) properties: Properties,
}

const fn spoken(name: &'static str, verb: Verb, properties: Properties) -> Spoken {
    Spoken { name, verb, properties }
}

/// What a search says beside the products that were found.
pub(crate) const SEARCH: Properties = &[(Expected, &QUERY), (Optional, &N_RESULTS), (Optional, &POSITION)];
const SEARCH_CLICKED: Properties = &[(Optional, &QUERY), (Expected, &POSITION), (Optional, &N_RESULTS)];
const SESSION: Properties = &[(Optional, &SESSION_ID)];
const SESSION_ENDED: Properties = &[(Optional, &SESSION_ID), (Expected, &SECONDS)];
const PAGE_LEFT: Properties = &[
    (Expected, &VISIBLE_SECONDS),
    (Optional, &IDLE_SECONDS),
    (Optional, &SCROLL_SHARE),
    (Optional, &POINTER_MOVES),
    (Optional, &POINTER_DISTANCE),
    (Optional, &CLICKS),
    (Optional, &RAGE_CLICKS),
    (Optional, &DEAD_CLICKS),
    (Optional, &KEYS),
    (Optional, &CORRECTIONS),
    (Optional, &FORM_FIELDS_LEFT),
];
const EMAIL: Properties = &[(Optional, &EMAIL_ID), (Optional, &CAMPAIGN), (Optional, &EMAIL_SUBJECT)];
const EMAIL_CLICKED: Properties =
    &[(Optional, &EMAIL_ID), (Optional, &CAMPAIGN), (Optional, &EMAIL_SUBJECT), (Optional, &LINK)];
const TICKET: Properties = &[(Expected, &TICKET_ID), (Optional, &CHANNEL), (Optional, &SUBJECT), (Optional, &PRIORITY)];
const MESSAGE: Properties = &[(Expected, &TEXT), (Optional, &CHANNEL), (Optional, &TICKET_ID)];
const CALL_STARTED: Properties = &[(Optional, &CALL_ID), (Optional, &WAITED_SECONDS), (Optional, &TICKET_ID)];
const CALL_ENDED: Properties = &[
    (Optional, &CALL_ID),
    (Optional, &SECONDS),
    (Optional, &STARTED_AT),
    (Optional, &ENDED_AT),
    (Optional, &WAITED_SECONDS),
    (Optional, &TICKET_ID),
];
const RATED: Properties =
    &[(Required, &SCORE), (Optional, &SCALE_MIN), (Optional, &SCALE_MAX), (Optional, &COMMENT), (Optional, &TICKET_ID)];
/// Its scale is always the same.
const NPS: Properties = &[(Required, &SCORE), (Optional, &COMMENT), (Optional, &TICKET_ID)];
const PAYMENT: Properties =
    &[(Optional, &PAYMENT_ID), (Expected, &AMOUNT), (Optional, &CURRENCY), (Optional, &METHOD), (Optional, &ORDER_ID)];
const PAYMENT_FAILED: Properties = &[
    (Optional, &PAYMENT_ID),
    (Expected, &AMOUNT),
    (Optional, &CURRENCY),
    (Optional, &METHOD),
    (Optional, &REASON),
    (Optional, &ORDER_ID),
];
const SUBSCRIPTION: Properties = &[
    (Optional, &SUBSCRIPTION_ID),
    (Expected, &PLAN),
    (Expected, &RECURRING),
    (Optional, &CURRENCY),
    (Optional, &INTERVAL),
    (Optional, &RENEWS_AT),
];
const CANCELLED: Properties = &[(Optional, &SUBSCRIPTION_ID), (Optional, &PLAN), (Optional, &REASON)];
const MEASURED: Properties = &[(Required, &METRIC), (Required, &VALUE), (Optional, &UNIT), (Optional, &DEVICE)];
const FAULTED: Properties = &[(Optional, &CODE), (Optional, &SECONDS), (Optional, &DEVICE)];
const STORE_VISITED: Properties = &[(Optional, &STORE), (Optional, &LOYALTY), (Optional, &SECONDS)];
const DECISION: Properties = &[(Required, &DECISION_ID), (Optional, &ITEM), (Optional, &POSITION)];

/// Every name that is understood beside those of purchases, in the order of its bytes.
pub(crate) static CHANNELS: [Spoken; 49] = [
    spoken("call ended", Verb::PhoneCall { is_end: true }, CALL_ENDED),
    spoken("call started", Verb::PhoneCall { is_end: false }, CALL_STARTED),
    spoken("ces submitted", Verb::Rated(Question::Ces), RATED),
    spoken("chargeback received", Verb::Payment(PaymentStep::ChargedBack), PAYMENT_FAILED),
    spoken("csat submitted", Verb::Rated(Question::Csat), RATED),
    spoken("decision clicked", Verb::Decision(DecisionStep::Clicked), DECISION),
    spoken("decision converted", Verb::Decision(DecisionStep::Converted), DECISION),
    spoken("decision dismissed", Verb::Decision(DecisionStep::Dismissed), DECISION),
    spoken("decision shown", Verb::Decision(DecisionStep::Shown), DECISION),
    spoken("email bounced", Verb::Email(EmailStep::Bounced), EMAIL),
    spoken("email delivered", Verb::Email(EmailStep::Delivered), EMAIL),
    spoken("email link clicked", Verb::Email(EmailStep::Clicked), EMAIL_CLICKED),
    spoken("email marked as spam", Verb::Email(EmailStep::MarkedAsSpam), EMAIL),
    spoken("email opened", Verb::Email(EmailStep::Opened), EMAIL),
    spoken("email sent", Verb::Email(EmailStep::Sent), EMAIL),
    spoken("email unsubscribed", Verb::Email(EmailStep::Unsubscribed), EMAIL),
    spoken("message received", Verb::Message { is_from_customer: true }, MESSAGE),
    spoken("message sent", Verb::Message { is_from_customer: false }, MESSAGE),
    spoken("nps submitted", Verb::Rated(Question::Nps), NPS),
    spoken("page left", Verb::PageLeft, PAGE_LEFT),
    spoken("page view", Verb::PageViewed, &[]),
    spoken("page viewed", Verb::PageViewed, &[]),
    spoken("payment approved", Verb::Payment(PaymentStep::Approved), PAYMENT),
    spoken("payment attempted", Verb::Payment(PaymentStep::Attempted), PAYMENT),
    spoken("payment declined", Verb::Payment(PaymentStep::Declined), PAYMENT_FAILED),
    spoken("payment failed", Verb::Payment(PaymentStep::Declined), PAYMENT_FAILED),
    spoken("payment succeeded", Verb::Payment(PaymentStep::Approved), PAYMENT),
    spoken("screen view", Verb::PageViewed, &[]),
    spoken("screen viewed", Verb::PageViewed, &[]),
    spoken("search result clicked", Verb::SearchClicked, SEARCH_CLICKED),
    spoken("service faulted", Verb::Faulted, FAULTED),
    spoken("service measured", Verb::Measured, MEASURED),
    spoken("session ended", Verb::Session { is_end: true }, SESSION_ENDED),
    spoken("session start", Verb::Session { is_end: false }, SESSION),
    spoken("session started", Verb::Session { is_end: false }, SESSION),
    spoken("store visited", Verb::StoreVisited, STORE_VISITED),
    spoken("subscription canceled", Verb::Subscription(SubscriptionStep::Cancelled), CANCELLED),
    spoken("subscription cancelled", Verb::Subscription(SubscriptionStep::Cancelled), CANCELLED),
    spoken("subscription created", Verb::Subscription(SubscriptionStep::Started), SUBSCRIPTION),
    spoken("subscription downgraded", Verb::Subscription(SubscriptionStep::Downgraded), SUBSCRIPTION),
    spoken("subscription renewed", Verb::Subscription(SubscriptionStep::Renewed), SUBSCRIPTION),
    spoken("subscription started", Verb::Subscription(SubscriptionStep::Started), SUBSCRIPTION),
    spoken("subscription upgraded", Verb::Subscription(SubscriptionStep::Upgraded), SUBSCRIPTION),
    spoken("ticket assigned", Verb::Ticket(TicketStep::Assigned), TICKET),
    spoken("ticket closed", Verb::Ticket(TicketStep::Resolved), TICKET),
    spoken("ticket created", Verb::Ticket(TicketStep::Created), TICKET),
    spoken("ticket reopened", Verb::Ticket(TicketStep::Reopened), TICKET),
    spoken("ticket resolved", Verb::Ticket(TicketStep::Resolved), TICKET),
    spoken("unsubscribed", Verb::Email(EmailStep::Unsubscribed), EMAIL),
];

/// What a name in small letters stands for.
pub(super) fn spoken_as(plain: &[u8]) -> Option<&'static Spoken> {
    let found = CHANNELS.binary_search_by(|known| known.name.as_bytes().cmp(plain)).ok()?;
    CHANNELS.get(found)
}
