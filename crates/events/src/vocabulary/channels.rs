//! Which events are there beside those of purchases, and which properties has each?

use super::properties::Need::{Expected, Optional, Required};
use super::properties::*;
use crate::CommerceStep::{self, Added, Consumed, Viewed};
use crate::{DecisionStep, EmailStep, PaymentStep, Question, SubscriptionStep, TicketStep};

/// What an event of a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    /// Something that is read, watched or heard was consumed, looked at or kept for later.
    Content(CommerceStep),
    /// It was rated.
    ContentRated,
    SearchClicked,
    PageViewed,
    PageLeft,
    Session {
        is_end: bool,
    },
    Email(EmailStep),
    Ticket(TicketStep),
    Message {
        is_from_customer: bool,
    },
    PhoneCall {
        is_end: bool,
    },
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

const fn consumed(name: &'static str) -> Spoken {
    spoken(name, Verb::Content(Consumed), CONTENT)
}

const fn spoken(name: &'static str, verb: Verb, properties: Properties) -> Spoken {
    Spoken { name, verb, properties }
}

const CONTENT: Properties = &[(Expected, &CONTENT_ID), (Optional, &CONTENT_TITLE), (Optional, &CONTENT_CATEGORY)];
/// Of a playback several things are a part, each of which tells of itself; and Google's own events name no video.
const PLAYBACK: Properties = &[(Optional, &CONTENT_ID), (Optional, &CONTENT_TITLE), (Optional, &CONTENT_CATEGORY)];
const CONTENT_RATED: Properties = &[
    (Expected, &CONTENT_ID),
    (Expected, &RATING),
    (Optional, &RATING_MIN),
    (Optional, &RATING_MAX),
    (Optional, &CONTENT_TITLE),
    (Optional, &CONTENT_CATEGORY),
];
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
const TICKET: Properties =
    &[(Expected, &TICKET_ID), (Optional, &CHANNEL), (Optional, &SUBJECT), (Optional, &PRIORITY), (Optional, &ASSIGNEE)];
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
const DECISION: Properties = &[
    (Required, &DECISION_ID),
    (Optional, &ACTION),
    (Optional, &ITEM),
    (Optional, &POSITION),
    (Optional, &EARNED),
    (Optional, &CURRENCY),
    (Optional, &MET_BY),
    (Optional, &REASON),
];

/// Every name that is understood beside those of purchases, in the order of its bytes.
pub(crate) static CHANNELS: [Spoken; 161] = [
    spoken("article bookmarked", Verb::Content(Added), CONTENT),
    spoken("article clicked", Verb::Content(Viewed), CONTENT),
    consumed("article completed"),
    consumed("article finished"),
    consumed("article liked"),
    spoken("article rated", Verb::ContentRated, CONTENT_RATED),
    consumed("article read"),
    spoken("article saved", Verb::Content(Added), CONTENT),
    consumed("article viewed"),
    consumed("audio completed"),
    consumed("audio played"),
    consumed("audiobook completed"),
    consumed("audiobook played"),
    consumed("audiobook started"),
    consumed("book borrowed"),
    consumed("book finished"),
    spoken("book rated", Verb::ContentRated, CONTENT_RATED),
    consumed("book read"),
    consumed("book started"),
    spoken("call ended", Verb::PhoneCall { is_end: true }, CALL_ENDED),
    spoken("call started", Verb::PhoneCall { is_end: false }, CALL_STARTED),
    spoken("ces submitted", Verb::Rated(Question::Ces), RATED),
    consumed("chapter completed"),
    consumed("chapter read"),
    spoken("chargeback received", Verb::Payment(PaymentStep::ChargedBack), PAYMENT_FAILED),
    spoken("content added to watchlist", Verb::Content(Added), CONTENT),
    spoken("content bookmarked", Verb::Content(Added), CONTENT),
    consumed("content borrowed"),
    spoken("content clicked", Verb::Content(Viewed), CONTENT),
    consumed("content completed"),
    consumed("content consumed"),
    consumed("content downloaded"),
    consumed("content finished"),
    consumed("content liked"),
    consumed("content played"),
    spoken("content rated", Verb::ContentRated, CONTENT_RATED),
    consumed("content read"),
    spoken("content saved", Verb::Content(Added), CONTENT),
    consumed("content started"),
    consumed("content viewed"),
    consumed("content watched"),
    consumed("course completed"),
    consumed("course started"),
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
    spoken("episode clicked", Verb::Content(Viewed), CONTENT),
    consumed("episode completed"),
    consumed("episode liked"),
    consumed("episode played"),
    spoken("episode rated", Verb::ContentRated, CONTENT_RATED),
    consumed("episode started"),
    consumed("episode watched"),
    consumed("game played"),
    consumed("game started"),
    consumed("item borrowed"),
    spoken("item clicked", Verb::Content(Viewed), CONTENT),
    consumed("item consumed"),
    consumed("item liked"),
    consumed("item played"),
    spoken("item rated", Verb::ContentRated, CONTENT_RATED),
    consumed("item read"),
    spoken("item saved", Verb::Content(Added), CONTENT),
    consumed("item watched"),
    consumed("lesson completed"),
    consumed("lesson started"),
    consumed("media completed"),
    consumed("media played"),
    spoken("message received", Verb::Message { is_from_customer: true }, MESSAGE),
    spoken("message sent", Verb::Message { is_from_customer: false }, MESSAGE),
    spoken("movie added to watchlist", Verb::Content(Added), CONTENT),
    spoken("movie clicked", Verb::Content(Viewed), CONTENT),
    consumed("movie completed"),
    consumed("movie liked"),
    consumed("movie played"),
    spoken("movie rated", Verb::ContentRated, CONTENT_RATED),
    consumed("movie started"),
    consumed("movie watched"),
    spoken("nps submitted", Verb::Rated(Question::Nps), NPS),
    spoken("page left", Verb::PageLeft, PAGE_LEFT),
    spoken("page view", Verb::PageViewed, &[]),
    spoken("page viewed", Verb::PageViewed, &[]),
    spoken("payment approved", Verb::Payment(PaymentStep::Approved), PAYMENT),
    spoken("payment attempted", Verb::Payment(PaymentStep::Attempted), PAYMENT),
    spoken("payment declined", Verb::Payment(PaymentStep::Declined), PAYMENT_FAILED),
    spoken("payment failed", Verb::Payment(PaymentStep::Declined), PAYMENT_FAILED),
    spoken("payment succeeded", Verb::Payment(PaymentStep::Approved), PAYMENT),
    consumed("podcast completed"),
    consumed("podcast played"),
    consumed("podcast started"),
    consumed("post liked"),
    consumed("post read"),
    consumed("post viewed"),
    spoken("product rated", Verb::ContentRated, CONTENT_RATED),
    spoken("rated", Verb::ContentRated, CONTENT_RATED),
    consumed("recipe cooked"),
    consumed("recipe viewed"),
    spoken("screen view", Verb::PageViewed, &[]),
    spoken("screen viewed", Verb::PageViewed, &[]),
    spoken("search result clicked", Verb::SearchClicked, SEARCH_CLICKED),
    spoken("service faulted", Verb::Faulted, FAULTED),
    spoken("service measured", Verb::Measured, MEASURED),
    spoken("session ended", Verb::Session { is_end: true }, SESSION_ENDED),
    spoken("session start", Verb::Session { is_end: false }, SESSION),
    spoken("session started", Verb::Session { is_end: false }, SESSION),
    spoken("song added to playlist", Verb::Content(Added), CONTENT),
    spoken("song clicked", Verb::Content(Viewed), CONTENT),
    consumed("song completed"),
    consumed("song liked"),
    consumed("song played"),
    spoken("song rated", Verb::ContentRated, CONTENT_RATED),
    consumed("song started"),
    spoken("store visited", Verb::StoreVisited, STORE_VISITED),
    consumed("story completed"),
    consumed("story read"),
    consumed("story viewed"),
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
    spoken("track added to playlist", Verb::Content(Added), CONTENT),
    spoken("track clicked", Verb::Content(Viewed), CONTENT),
    consumed("track completed"),
    consumed("track liked"),
    consumed("track played"),
    spoken("track rated", Verb::ContentRated, CONTENT_RATED),
    consumed("track started"),
    spoken("unsubscribed", Verb::Email(EmailStep::Unsubscribed), EMAIL),
    spoken("video added to watchlist", Verb::Content(Added), CONTENT),
    spoken("video clicked", Verb::Content(Viewed), CONTENT),
    spoken("video complete", Verb::Content(Consumed), PLAYBACK),
    consumed("video completed"),
    consumed("video content completed"),
    consumed("video content started"),
    consumed("video liked"),
    spoken("video playback completed", Verb::Content(Consumed), PLAYBACK),
    spoken("video playback started", Verb::Content(Consumed), PLAYBACK),
    consumed("video played"),
    spoken("video rated", Verb::ContentRated, CONTENT_RATED),
    spoken("video saved", Verb::Content(Added), CONTENT),
    spoken("video start", Verb::Content(Consumed), PLAYBACK),
    consumed("video started"),
    consumed("video viewed"),
    consumed("video watched"),
];

/// What a name in small letters stands for.
pub(super) fn spoken_as(plain: &[u8]) -> Option<&'static Spoken> {
    let found = CHANNELS.binary_search_by(|known| known.name.as_bytes().cmp(plain)).ok()?;
    CHANNELS.get(found)
}
