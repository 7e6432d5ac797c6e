//! What does an event of a channel say?

use super::channels::{Spoken, Verb};
use super::properties::*;
use super::sheet::{Paid, Sheet};
use super::values::At;
use crate::{
    Commerce, CommerceStep, DecisionSeen, DecisionStep, Deed, Email, Fault, Measurement, Message, Mood, PageLeft,
    Payment, PhoneCall, Product, Question, Rating, Rejection, Search, Session, StoreVisit, Subscription,
    SubscriptionStep, Ticket,
};
use primitives::ItemId;

/// Reads the properties. Where the sheet holds a refusal afterwards, what is returned says nothing.
pub(super) fn said(spoken: &Spoken, sheet: &mut Sheet<'_>) -> Deed {
    match spoken.verb {
        Verb::Content(step) => content(step, sheet),
        Verb::ContentRated => content_rated(sheet),
        Verb::SearchClicked => Deed::Searched(Box::new(Search { is_click: true, ..search(sheet) })),
        Verb::PageViewed => Deed::PageViewed,
        Verb::PageLeft => Deed::PageLeft(Box::new(page_left(sheet))),
        Verb::Session { is_end } => {
            Deed::Session(Box::new(Session { is_end, id: sheet.id(&SESSION_ID), seconds: sheet.number(&SECONDS) }))
        }
        Verb::Email(step) => Deed::Email(Box::new(Email {
            step,
            id: sheet.id(&EMAIL_ID),
            campaign: sheet.id(&CAMPAIGN),
            subject: sheet.text(&EMAIL_SUBJECT),
            link: sheet.text(&LINK),
        })),
        Verb::Ticket(step) => Deed::Ticket(Box::new(Ticket {
            step,
            id: sheet.id(&TICKET_ID),
            channel: sheet.text(&CHANNEL),
            subject: sheet.text(&SUBJECT),
            priority: sheet.priority(&PRIORITY),
            assignee: sheet.text(&ASSIGNEE),
        })),
        Verb::Message { is_from_customer } => Deed::Message(Box::new(message(is_from_customer, sheet))),
        Verb::PhoneCall { is_end } => Deed::PhoneCall(Box::new(phone_call(is_end, sheet))),
        Verb::Rated(question) => rating(question, sheet).map_or(Deed::Other, |rating| Deed::Rated(Box::new(rating))),
        Verb::Payment(step) => Deed::Payment(Box::new(Payment {
            step,
            id: sheet.id(&PAYMENT_ID),
            amount: sheet.amount(&AMOUNT),
            method: sheet.text(&METHOD),
            reason: sheet.text(&REASON),
            order: sheet.id(&ORDER_ID),
        })),
        Verb::Subscription(step) => Deed::Subscription(Box::new(subscription(step, sheet))),
        Verb::Measured => measurement(sheet).map_or(Deed::Other, |measured| Deed::Measured(Box::new(measured))),
        Verb::Faulted => Deed::Faulted(Box::new(Fault {
            code: sheet.text(&CODE),
            seconds: sheet.number(&SECONDS),
            device: sheet.id(&DEVICE),
        })),
        Verb::StoreVisited => Deed::StoreVisited(Box::new(StoreVisit {
            store: sheet.id(&STORE),
            loyalty: sheet.id(&LOYALTY),
            seconds: sheet.number(&SECONDS),
        })),
        Verb::Decision(step) => {
            let seen = decision(step, sheet);
            seen.map_or(Deed::Other, |seen| Deed::Decision(Box::new(seen)))
        }
    }
}

/// What a rating must reach of its scale to say that they liked it: four of five stars.
const LIKED_SHARE: f64 = 0.75;

/// Something of the catalogue that is read, watched or heard, as far as it is named. Nothing is paid for it here.
fn content(step: CommerceStep, sheet: &mut Sheet<'_>) -> Deed {
    let (id, name, category) = (sheet.id(&CONTENT_ID), sheet.text(&CONTENT_TITLE), sheet.text(&CONTENT_CATEGORY));
    let named = |id: String| Product {
        id: ItemId::from(id.as_str()),
        name,
        category,
        price: None,
        lacks_currency: false,
        quantity: 1.0,
    };
    Deed::Content(Box::new(Commerce {
        step,
        order_id: None,
        value: None,
        products: id.map(named).into_iter().collect(),
    }))
}

/// Who liked something had it; of who did not nothing is concluded.
fn content_rated(sheet: &mut Sheet<'_>) -> Deed {
    let rating = sheet.number(&RATING);
    let (least, most) = (sheet.number(&RATING_MIN).unwrap_or(1.0), sheet.number(&RATING_MAX).unwrap_or(5.0));
    let mut is_liked = false;
    if let Some(rating) = rating {
        if most <= least {
            sheet.mark(bad(
                &RATING_MAX,
                most,
                "the highest rating lies above the lowest; send `scale_min` and `scale`",
            ));
        } else if (least..=most).contains(&rating) {
            is_liked = (rating - least) / (most - least) >= LIKED_SHARE;
        } else {
            let fault = format!("the scale goes from {least} to {most}; say in `scale` how high it goes");
            sheet.mark(bad(&RATING, rating, &fault));
        }
    }
    content(if is_liked { CommerceStep::Consumed } else { CommerceStep::Other }, sheet)
}

/// What was looked for, how much was found, and what was clicked on.
pub(super) fn search(sheet: &mut Sheet<'_>) -> Search {
    let position = sheet.count(&POSITION);
    Search {
        query: sheet.text(&QUERY),
        n_results: sheet.count(&N_RESULTS),
        position,
        is_click: position.is_some(),
        commerce: None,
    }
}

fn page_left(sheet: &mut Sheet<'_>) -> PageLeft {
    PageLeft {
        visible_seconds: sheet.number(&VISIBLE_SECONDS),
        idle_seconds: sheet.number(&IDLE_SECONDS),
        scroll_share: sheet.number(&SCROLL_SHARE),
        n_pointer_moves: sheet.count(&POINTER_MOVES),
        pointer_px: sheet.number(&POINTER_DISTANCE),
        n_clicks: sheet.count(&CLICKS),
        n_rage_clicks: sheet.count(&RAGE_CLICKS),
        n_dead_clicks: sheet.count(&DEAD_CLICKS),
        n_keys: sheet.count(&KEYS),
        n_corrections: sheet.count(&CORRECTIONS),
        n_form_fields_left: sheet.count(&FORM_FIELDS_LEFT),
    }
}

fn subscription(step: SubscriptionStep, sheet: &mut Sheet<'_>) -> Subscription {
    let id = sheet.id(&SUBSCRIPTION_ID);
    let plan = sheet.text(&PLAN);
    let (amount, bare_amount) = match sheet.paid(&RECURRING, NO_CURRENCY_OF_SUBSCRIPTION) {
        None => (None, None),
        Some(Paid::In(money)) => (Some(money), None),
        Some(Paid::Bare(amount)) => (None, Some(amount)),
    };
    Subscription {
        step,
        id,
        plan,
        amount,
        bare_amount,
        interval: sheet.interval(&INTERVAL),
        renews_at: sheet.moment(&RENEWS_AT),
        reason: sheet.text(&REASON),
    }
}

fn decision(step: DecisionStep, sheet: &mut Sheet<'_>) -> Option<DecisionSeen> {
    let (id, action, item) = (sheet.id(&DECISION_ID), sheet.id(&ACTION), sheet.id(&ITEM));
    let position = sheet.count(&POSITION);
    let (value, bare_value) = match sheet.paid(&EARNED, NO_CURRENCY_OF_VALUE) {
        None => (None, None),
        Some(Paid::In(money)) => (Some(money), None),
        Some(Paid::Bare(amount)) => (None, Some(amount)),
    };
    let (channel, reason) = (sheet.text(&MET_BY), sheet.text(&REASON));
    Some(DecisionSeen { step, id: id?, action, item, position, value, bare_value, channel, reason })
}

/// Without a currency it is taken for that of what actions are worth.
const NO_CURRENCY_OF_VALUE: &str = "without one the value counts in the currency that actions are worth in; send the three letters of \
                                    ISO 4217, such as \"EUR\", or set `currency.default` in the settings";

/// What was said before of the subscription is not known here.
const NO_CURRENCY_OF_SUBSCRIPTION: &str = "without one the amount counts in the currency that was last said of the subscription, \
                                           else not; send the three letters of ISO 4217, such as \"EUR\", or set \
                                           `currency.default` in the settings";

/// What the company itself writes is not asked how it sounds.
fn message(is_from_customer: bool, sheet: &mut Sheet<'_>) -> Message {
    let text = sheet.text(&TEXT);
    Message {
        is_from_customer,
        has_text: text.is_some(),
        channel: sheet.text(&CHANNEL),
        ticket: sheet.id(&TICKET_ID),
        mood: text.filter(|_| is_from_customer).and_then(|text| Mood::of(&text)),
    }
}

fn phone_call(is_end: bool, sheet: &mut Sheet<'_>) -> PhoneCall {
    let stated = sheet.number(&SECONDS);
    let span = sheet.moment(&STARTED_AT).zip(sheet.moment(&ENDED_AT));
    let mut seconds = stated;
    if let Some((started_at, ended_at)) = span {
        #[expect(clippy::cast_precision_loss, reason = "times of this calendar are below 2^53 milliseconds")]
        let spanned = ended_at.millis_since(started_at) as f64 / 1_000.0;
        if !(0.0..=SECONDS_MAX).contains(&spanned) {
            let fault = format!("the call began at {started_at}; send an end within the 31 days after that");
            sheet.mark(bad(&ENDED_AT, ended_at, &fault));
        } else {
            seconds = stated.or(Some(spanned));
        }
    }
    let waited_seconds = sheet.number(&WAITED_SECONDS);
    PhoneCall { is_end, id: sheet.id(&CALL_ID), seconds, waited_seconds, ticket: sheet.id(&TICKET_ID) }
}

fn rating(question: Question, sheet: &mut Sheet<'_>) -> Option<Rating> {
    let (lowest, highest) = match question {
        Question::Csat => (1.0, 5.0),
        Question::Nps => (0.0, 10.0),
        Question::Ces => (1.0, 7.0),
    };
    let score = sheet.number(&SCORE);
    let (mut least, mut most) =
        (sheet.number(&SCALE_MIN).unwrap_or(lowest), sheet.number(&SCALE_MAX).unwrap_or(highest));
    if most <= least {
        sheet.mark(bad(&SCALE_MAX, most, "the highest score lies above the lowest; send `scale_min` and `scale_max`"));
        (least, most) = (lowest, highest);
    }
    let (has_comment, ticket) = (sheet.text(&COMMENT).is_some(), sheet.id(&TICKET_ID));
    let score = score?;
    if !(least..=most).contains(&score) {
        let advice = if question == Question::Nps { "" } else { ", or say in `scale` how many points there are" };
        let fault = format!("the scale goes from {least} to {most}; send a score within it{advice}");
        let masked = Some("\"score\" lies outside its scale: send one within it, or say what the scale is".to_owned());
        sheet.refuse(Rejection { masked, ..bad(&SCORE, score, &fault) });
        return None;
    }
    Some(Rating { question, score, least, most, has_comment, ticket })
}

fn measurement(sheet: &mut Sheet<'_>) -> Option<Measurement> {
    let (metric, value) = (sheet.id(&METRIC), sheet.number(&VALUE));
    let (unit, device) = (sheet.text(&UNIT), sheet.id(&DEVICE));
    Some(Measurement { metric: metric?, value: value?, unit, device })
}

fn bad(property: &Property, found: impl std::fmt::Display, fault: &str) -> Rejection {
    Rejection::bad_value(At::Properties.pointer(property.keys[0]), &found.to_string(), fault)
}
