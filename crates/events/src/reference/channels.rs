//! Which events do the other channels have? Their part of `docs/events.md`.

use super::{code, table};
use crate::vocabulary::as_sent;
use crate::vocabulary::channels::{CHANNELS, Properties, SEARCH, Verb};
use crate::vocabulary::properties::{Kind, Need, Property};
use crate::{Channel, DecisionStep, EmailStep, PaymentStep, SubscriptionStep, TicketStep};

const INTRODUCTION: &str = "\n## Every other channel\n\n\
Names are compared as those of purchases are. A property that an event **needs** must be there and be readable, or the event\n\
is refused: without it there is nothing to count. Any other property that cannot be read, or that is *expected* and missing,\n\
is **marked**: the event counts, that property does not, and *Live events* and `GET /v1/events` say why. A number may be\n\
written as text, an identifier as a whole number, and of several keys the first that holds anything counts.\n";

const WHOSE: &str = "\nOn support, ratings (CSAT, NPS, CES), payments and subscriptions your own word stands alone: once a server key or an import\n\
told something of one of the four for a customer, what a write key says of it changes no feature of theirs. Where only write\n\
keys tell of it, they count.\n";

/// The heading of a channel, and what is worth knowing; `None` where the part is another one.
fn words(channel: Channel) -> Option<(&'static str, &'static str)> {
    Some(match channel {
        Channel::Purchases => return None,
        Channel::Search => (
            "Search",
            "A search is an event of purchases, too, so that its products count there. A search that has a `position` was \
             a click.",
        ),
        Channel::Sessions => (
            "Sessions, pointer and typing",
            "`page` and `screen` calls say that a page was seen. `Page Left` sums up on the device what hands and eyes did \
             on it: counts and lengths only, never what was typed.",
        ),
        Channel::Email => ("E-mail", "Segment's e-mail specification, and `Email Sent`."),
        Channel::Support => (
            "Support",
            "As the company sees it: a message *received* came from the customer, one *sent* went to them. The newest event of a \
             ticket says whether it is open; of several at the same moment the one furthest on: created, assigned, resolved, \
             reopened.",
        ),
        Channel::Payments => (
            "Payments",
            "A payment is not an order: revenue comes of orders alone. Of one that failed and one that went through at the same \
             moment the latter is the newer.",
        ),
        Channel::Subscriptions => (
            "Subscriptions",
            "The newest event of a subscription says what it is; of several at the same moment the one furthest on: started, \
             renewed, upgraded, downgraded, cancelled.",
        ),
        Channel::Usage => ("Use of a service", "What devices and services tell. Any number of metrics may be sent."),
        Channel::Stores => (
            "Shops",
            "A till that knows only a card sends its number as the `userId`; an `alias` says whose card it is.",
        ),
        Channel::Decisions => ("Decisions", "What became of a decision of ours, once it met the customer."),
    })
}

fn channel_of(verb: Verb) -> Channel {
    match verb {
        Verb::SearchClicked => Channel::Search,
        Verb::PageViewed | Verb::PageLeft | Verb::Session { .. } => Channel::Sessions,
        Verb::Email(_) => Channel::Email,
        Verb::Ticket(_) | Verb::Message { .. } | Verb::PhoneCall { .. } | Verb::Rated(_) => Channel::Support,
        Verb::Payment(_) => Channel::Payments,
        Verb::Subscription(_) => Channel::Subscriptions,
        Verb::Measured | Verb::Faulted => Channel::Usage,
        Verb::StoreVisited => Channel::Stores,
        Verb::Decision(_) => Channel::Decisions,
    }
}

fn says(verb: Verb) -> &'static str {
    match verb {
        Verb::SearchClicked => "clicked on what a search had found",
        Verb::PageViewed => "saw a page or a screen",
        Verb::PageLeft => "left a page: what was done on it",
        Verb::Session { is_end: false } => "a session began",
        Verb::Session { is_end: true } => "a session ended",
        Verb::Email(EmailStep::Sent) => "an e-mail was sent to them",
        Verb::Email(EmailStep::Delivered) => "it arrived",
        Verb::Email(EmailStep::Opened) => "they opened it",
        Verb::Email(EmailStep::Clicked) => "they followed a link in it",
        Verb::Email(EmailStep::Bounced) => "it came back",
        Verb::Email(EmailStep::MarkedAsSpam) => "they called it unwanted",
        Verb::Email(EmailStep::Unsubscribed) => "they want no more; consent is said [separately](#consent)",
        Verb::Ticket(TicketStep::Created) => "a ticket of theirs was opened",
        Verb::Ticket(TicketStep::Assigned) => "somebody took it",
        Verb::Ticket(TicketStep::Resolved) => "it was closed; a second time changes nothing",
        Verb::Ticket(TicketStep::Reopened) => "it was opened again",
        Verb::Message { is_from_customer: true } => "they wrote",
        Verb::Message { is_from_customer: false } => "the company wrote",
        Verb::PhoneCall { is_end: false } => "a telephone call began",
        Verb::PhoneCall { is_end: true } => "it ended",
        Verb::Rated(crate::Question::Csat) => "how content they are",
        Verb::Rated(crate::Question::Nps) => "whether they would recommend the company, from 0 to 10",
        Verb::Rated(crate::Question::Ces) => "how easy it was",
        Verb::Payment(PaymentStep::Attempted) => "a payment was tried",
        Verb::Payment(PaymentStep::Approved) => "it went through",
        Verb::Payment(PaymentStep::Declined) => "it did not",
        Verb::Payment(PaymentStep::ChargedBack) => "the bank took it back",
        Verb::Subscription(SubscriptionStep::Started) => "a subscription began",
        Verb::Subscription(SubscriptionStep::Renewed) => "it was paid again",
        Verb::Subscription(SubscriptionStep::Upgraded) => "it is worth more from here on",
        Verb::Subscription(SubscriptionStep::Downgraded) => "it is worth less from here on",
        Verb::Subscription(SubscriptionStep::Cancelled) => "it was called off",
        Verb::Measured => "how much of a service was used, or how well it does",
        Verb::Faulted => "their service failed",
        Verb::StoreVisited => "they came into a shop",
        Verb::Decision(DecisionStep::Shown) => "they saw it",
        Verb::Decision(DecisionStep::Clicked) => "they clicked on it",
        Verb::Decision(DecisionStep::Dismissed) => "they sent it away",
        Verb::Decision(DecisionStep::Converted) => "they did what it was for",
    }
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::Id => "an identifier".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => {
            format!("one of {}", words.iter().map(|alike| code(*alike)).collect::<Vec<_>>().join(", "))
        }
        Kind::Count => "a whole number from 0".to_owned(),
        Kind::Position => "a whole number from 1".to_owned(),
        Kind::Number => "a number below 9 trillion".to_owned(),
        Kind::Length => "a number from 0".to_owned(),
        Kind::Seconds => "seconds, from 0 to 31 days".to_owned(),
        Kind::Share => "a number from 0 to 1".to_owned(),
        Kind::Amount => "an amount from 0, in major units".to_owned(),
        Kind::Currency => "three letters".to_owned(),
        Kind::Moment => "a time".to_owned(),
    }
}

/// The names that are read alike, and how.
fn alike() -> Vec<(Verb, Vec<String>, Properties)> {
    let mut all: Vec<(Verb, Vec<String>, Properties)> = Vec::new();
    for spoken in &CHANNELS {
        match all.iter_mut().find(|(verb, ..)| *verb == spoken.verb) {
            Some((_, names, _)) => names.push(as_sent(spoken.name)),
            None => all.push((spoken.verb, vec![as_sent(spoken.name)], spoken.properties)),
        }
    }
    all.sort_by_key(|(verb, ..)| *verb);
    all
}

/// The keys of a property, in words: those in camels are spelled alike and need not be listed.
fn keys(property: &Property) -> String {
    code(property.keys.iter().filter(|key| !key.bytes().any(|byte| byte.is_ascii_uppercase())))
}

fn needed(properties: Properties) -> String {
    let of = |need, left: &str, right: &str| {
        let of_need = properties.iter().filter(move |(of, _)| *of == need);
        of_need.map(|(_, property)| format!("{left}`{}`{right}", property.keys[0])).collect::<Vec<_>>()
    };
    let all = [of(Need::Required, "**", "**"), of(Need::Expected, "*", "*"), of(Need::Optional, "", "")].concat();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

fn section(channel: Channel) -> String {
    let Some((heading, words)) = words(channel) else { return String::new() };
    let mut events: Vec<(String, &str, Properties)> = Vec::new();
    if channel == Channel::Search {
        events.push((code(["Products Searched", "search", "view_search_results"]), "looked for products", SEARCH));
    }
    for (verb, names, properties) in alike() {
        if channel_of(verb) == channel {
            events.push((code(names), says(verb), properties));
        }
    }
    let mut known: Vec<&'static Property> = Vec::new();
    for (_, property) in events.iter().flat_map(|(.., properties)| properties.iter()) {
        if !known.iter().any(|of| std::ptr::eq(*of, *property)) {
            known.push(property);
        }
    }
    let rows = events.iter().map(|(names, says, properties)| format!("| {names} | {says} | {} |", needed(properties)));
    let of_properties = known
        .iter()
        .map(|property| format!("| {} | {} | {} |", keys(property), holds(property.kind), property.meaning));
    format!(
        "\n### {heading}\n\n{words}\n{}{}",
        table("| event | it says | **needed**, *expected* and other properties |", rows),
        table("| property | holds | meaning |", of_properties)
    )
}

/// The whole part.
pub(super) fn text() -> String {
    let sections: String = Channel::ALL.map(section).concat();
    format!("{INTRODUCTION}Every key may also be written in camels: `ticketId`.\n{WHOSE}{sections}")
}

#[test]
fn every_name_is_written_as_it_is_read_and_every_channel_has_some() {
    for spoken in &CHANNELS {
        assert_eq!(as_sent(spoken.name).to_lowercase().replace('_', " "), spoken.name);
    }
    for channel in Channel::ALL {
        let has_some = CHANNELS.iter().any(|spoken| channel_of(spoken.verb) == channel);
        assert_eq!(has_some, words(channel).is_some(), "{channel:?}");
    }
}

#[test]
fn what_is_read_of_an_event_belongs_to_the_channel_under_which_it_is_described() {
    let tangle = crate::generator::Tangle { n_events: 2_000, n_users: 1, n_devices: 1, n_hours: 1 };
    let mut names = std::collections::BTreeSet::new();
    for event in tangle.events(primitives::Seed::new(1)) {
        let found = CHANNELS.iter().find(|spoken| as_sent(spoken.name) == event.title());
        names.extend(found.map(|spoken| spoken.name));
        assert!(found.is_none_or(|spoken| event.channel() == Some(channel_of(spoken.verb))), "{event:?}");
    }
    assert_eq!(names.len(), 37, "{names:?}");
}
