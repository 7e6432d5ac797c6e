//! Which events may be sent, and what is each one's meaning, in words? From the tables that the parser reads by; `docs/events.md`
//! and the console's page are both made of it.

mod examples;

use crate::vocabulary::as_sent;
use crate::vocabulary::channels::{CHANNELS, Properties, SEARCH, Verb};
use crate::vocabulary::dialect::PLAIN;
use crate::vocabulary::properties::{Kind, Need, Property};
use crate::vocabulary::steps::NAMES;
use crate::{CallKind, Channel, CommerceStep, DecisionStep, EmailStep, PaymentStep, SubscriptionStep, TicketStep};
use serde_json::Value;

/// The calls: which fields of its own each has, and what it says.
pub(crate) const CALLS: [(CallKind, &str, &str); 7] = [
    (CallKind::Identify, "`traits`: an object", "who the customer is; the latest word of each trait counts"),
    (CallKind::Track, "`event`: a name; `properties`: an object", "what the customer did"),
    (CallKind::Page, "`name`, `category`: text; `properties`: an object", "which page they saw"),
    (CallKind::Screen, "`name`, `category`: text; `properties`: an object", "which screen of an app they saw"),
    (CallKind::Group, "`groupId`; `traits`: an object", "which company or household they belong to"),
    (CallKind::Alias, "`previousId`", "that two identities are one person"),
    (
        CallKind::Item,
        "`itemId`; `traits`: `name`, `category`, `price`, `currency`, anything else",
        "what an item of the catalogue is; only with a server key, or in an import",
    ),
];

/// What events of purchases say.
pub(crate) const STEPS: [(CommerceStep, &str); 9] = [
    (CommerceStep::Searched, "looked for products"),
    (CommerceStep::ListViewed, "saw a list of products"),
    (CommerceStep::Viewed, "looked at a product: counts as a view"),
    (CommerceStep::Added, "put one into the cart or on a wishlist: counts as a view and as interest"),
    (CommerceStep::Removed, "took one out again"),
    (CommerceStep::Checkout, "looked at the cart, or went on to pay"),
    (CommerceStep::Ordered, "**the purchase**: orders, revenue, products, recommendations, churn"),
    (CommerceStep::Refunded, "taken back or called off: subtracts from revenue"),
    (CommerceStep::Other, "understood, and counted only as an event"),
];

/// Events that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedChannel {
    /// Their heading: `Support`.
    pub title: &'static str,
    /// What is worth knowing of them.
    pub words: &'static str,
    /// The events.
    pub events: Vec<DescribedEvent>,
}

/// An event that may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedEvent {
    /// The names that are read alike; of a call its own.
    pub names: Vec<String>,
    /// What it says.
    pub says: String,
    /// Its properties; of a call those that only it has.
    pub properties: Vec<DescribedProperty>,
    /// One that is accepted without a mark, as `POST /v1/batch` takes it.
    pub example: Value,
}

/// A property of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedProperty {
    /// Under which keys it is looked for.
    pub keys: Vec<&'static str>,
    /// `needed`, `expected` or `optional`.
    pub need: &'static str,
    /// What may stand there.
    pub holds: String,
    /// What it says.
    pub meaning: String,
}

/// Every event that is understood: calls, purchases, and every other channel.
#[must_use]
pub fn described() -> Vec<DescribedChannel> {
    let calls = CALLS.iter().map(|(kind, fields, meaning)| DescribedEvent {
        names: vec![kind.to_string()],
        says: plain(meaning),
        properties: vec![DescribedProperty {
            keys: Vec::new(),
            need: "optional",
            holds: plain(fields),
            meaning: String::new(),
        }],
        example: examples::of_call(*kind),
    });
    let purchases = STEPS.iter().map(|(step, meaning)| DescribedEvent {
        names: names_of(*step),
        says: plain(meaning),
        properties: of_purchase(*step),
        example: examples::of_purchase(*step),
    });
    let mut all = vec![
        DescribedChannel {
            title: "Calls",
            words: "Each has its path, such as POST /v1/identify, and a type in POST /v1/batch.",
            events: calls.collect(),
        },
        DescribedChannel {
            title: "Purchases",
            words: "By Segment’s e-commerce specification, Google Analytics 4 and Shopify’s webhooks.",
            events: purchases.collect(),
        },
    ];
    all.extend(Channel::ALL.into_iter().filter_map(|channel| {
        let (title, words) = words(channel)?;
        Some(DescribedChannel { title, words, events: of_channel(channel) })
    }));
    all
}

fn of_channel(channel: Channel) -> Vec<DescribedEvent> {
    let describe = |names: Vec<String>, says: &str, properties: Properties| DescribedEvent {
        example: examples::of_channel(names.first().map_or("", String::as_str), properties),
        says: plain(says),
        properties: properties.iter().map(|(need, property)| of_property(*need, property)).collect(),
        names,
    };
    events_of(channel).into_iter().map(|(names, says, properties)| describe(names, says, properties)).collect()
}

/// The names of a step of a purchase, as they are sent.
pub(crate) fn names_of(step: CommerceStep) -> Vec<String> {
    NAMES.iter().filter(|named| named.step == step).map(|named| as_sent(named.name)).collect()
}

/// The events of a channel: the names that are read alike, what they say, and their properties.
pub(crate) fn events_of(channel: Channel) -> Vec<(Vec<String>, &'static str, Properties)> {
    let search =
        (channel == Channel::Search).then(|| (names_of(CommerceStep::Searched), "looked for products", SEARCH));
    let others = alike().into_iter().filter(|(verb, ..)| channel_of(*verb) == channel);
    search.into_iter().chain(others.map(|(verb, names, properties)| (names, says(verb), properties))).collect()
}

/// The keys under which a property is looked for: those in camels are spelled alike and need not be listed.
pub(crate) fn keys_of(property: &Property) -> impl Iterator<Item = &'static str> {
    let is_in_camels = |key: &&str| key.bytes().any(|byte| byte.is_ascii_uppercase());
    property.keys.iter().copied().filter(move |key| !is_in_camels(key))
}

fn of_property(need: Need, property: &Property) -> DescribedProperty {
    DescribedProperty {
        keys: keys_of(property).collect(),
        need: match need {
            Need::Required => "needed",
            Need::Expected => "expected",
            Need::Optional => "optional",
        },
        holds: plain(&holds(property.kind)),
        meaning: plain(property.meaning),
    }
}

/// The properties of a purchase's events: of one product, or of a list.
fn of_purchase(step: CommerceStep) -> Vec<DescribedProperty> {
    let one = |keys: &[&'static str], need, holds: &str, meaning: &str| DescribedProperty {
        keys: keys.to_vec(),
        need,
        holds: holds.to_owned(),
        meaning: meaning.to_owned(),
    };
    let product = || {
        vec![
            one(PLAIN.ids, "needed", "an identifier", "which product"),
            one(PLAIN.names, "optional", "text", "what it is called"),
            one(PLAIN.categories, "optional", "text", "what kind of thing it is"),
            one(&["price"], "optional", "an amount from 0, in major units", "of one piece"),
            one(&["currency"], "optional", "three letters", "of the amounts"),
            one(&["quantity"], "optional", "a number from 0", "how many; 1 where nothing is said"),
        ]
    };
    let list =
        || one(PLAIN.lists, "optional", "a list of products", "what it is about, each with the keys of a product");
    match step {
        CommerceStep::Viewed | CommerceStep::Added | CommerceStep::Removed => product(),
        CommerceStep::Ordered | CommerceStep::Refunded => vec![
            one(PLAIN.order_ids, "optional", "an identifier", "which order"),
            one(PLAIN.amounts, "optional", "an amount from 0, in major units", "what the whole is worth"),
            one(&["currency"], "expected", "three letters", "of the amounts"),
            list(),
        ],
        _ => vec![list()],
    }
}

/// Words without the marks of Markdown: bold, code, and links by their texts.
fn plain(words: &str) -> String {
    let mut text = words.replace("**", "").replace('`', "");
    while let Some((from, rest)) = text.split_once('[').map(|(left, rest)| (left.len(), rest.to_owned())) {
        let Some((label, after)) = rest.split_once("](") else { break };
        let Some((_, after)) = after.split_once(')') else { break };
        text = format!("{}{label}{after}", &text[..from]);
    }
    text
}

/// Words as code, in a list.
pub(crate) fn code(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The heading of a channel, and what is worth knowing; `None` where the part is another one.
pub(crate) fn words(channel: Channel) -> Option<(&'static str, &'static str)> {
    Some(match channel {
        Channel::Purchases => return None,
        Channel::Content => (
            "Content",
            "What is read, watched, listened to, played or borrowed: Segment's video specification, and such names as publishers, \
             streaming services and libraries use. It is no order and no money. A company without orders is recommended from \
             it. The same item counts once a day, however often its beginning and its end are told.",
        ),
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
             renewed, upgraded, downgraded, cancelled. What it leaves unsaid is as it was said last: an amount without a currency \
             is in the one that was said last of the subscription, and an amount without an interval is paid as often as before. \
             Where an event says how often and not how much, the amount is not known from there on, unless it is as often as it \
             was said to be when the amount was.",
        ),
        Channel::Usage => ("Use of a service", "What devices and services tell. Any number of metrics may be sent."),
        Channel::Stores => (
            "Shops",
            "A till that knows only a card sends its number as the `userId`; an `alias` says whose card it is.",
        ),
        Channel::Decisions => (
            "Decisions",
            "What became of a decision of ours, once it met the customer. Any other event may name the `decision_id` that it answers, and \
             `action`: an order, a subscription that starts, a payment that goes through, a visit to a shop, something consumed and any \
             event of a name of your own is a conversion, worth its amount; a product looked at or put into the cart and a link \
             followed is a click; an e-mail that was opened was shown, and one unsubscribed from was sent away.",
        ),
    })
}

/// The channel of what an event says.
pub(crate) fn channel_of(verb: Verb) -> Channel {
    match verb {
        Verb::Content(_) | Verb::ContentRated => Channel::Content,
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

/// What an event says, in words.
fn says(verb: Verb) -> &'static str {
    match verb {
        Verb::Content(CommerceStep::Consumed) => {
            "**read, watched, heard, borrowed or liked it**: recommendations, where nothing is sold"
        }
        Verb::Content(CommerceStep::Added) => "kept it for later: counts as a view and as interest",
        Verb::Content(_) => "clicked on it: counts as a view",
        Verb::ContentRated => "rated it: who liked it has consumed it, too",
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

/// What may stand in a property, in words.
pub(crate) fn holds(kind: Kind) -> String {
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
        Kind::Gain => "an amount in major units, below 0 for a loss".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Envelope, Origin, Understanding, parse_batch};
    use primitives::Timestamp;
    use serde_json::json;

    #[test]
    fn every_example_is_accepted_and_understood_without_a_mark() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let mut n_examples = 0;
        for event in described().into_iter().flat_map(|channel| channel.events) {
            n_examples += 1;
            let body = json!({ "batch": [event.example] }).to_string();
            let batch = parse_batch(body.as_bytes(), Envelope::new(now, Origin::Server)).unwrap();
            assert!(batch.rejected.is_empty(), "{:?}: {:?}", event.names, batch.rejected);
            let parsed = &batch.accepted[0];
            assert!(parsed.marks().is_empty(), "{:?}: {:?}", event.names, parsed.marks());
            let is_call = event.example["type"] != "track";
            let is_understood = matches!(parsed.understanding(), Understanding::Step(_) | Understanding::Channel);
            assert!(is_call || is_understood, "{:?}", event.names);
        }
        assert!(n_examples > 50, "{n_examples}");
    }

    #[test]
    fn every_name_that_is_understood_is_described_once() {
        let mut told: Vec<String> =
            described().into_iter().skip(1).flat_map(|channel| channel.events).flat_map(|event| event.names).collect();
        told.sort();
        let mut known: Vec<String> = NAMES.iter().map(|named| as_sent(named.name)).collect();
        known.extend(CHANNELS.iter().map(|spoken| as_sent(spoken.name)));
        // Searches are told among purchases and in a channel of their own.
        known
            .extend(NAMES.iter().filter(|named| named.step == CommerceStep::Searched).map(|named| as_sent(named.name)));
        known.sort();
        assert_eq!(told, known);
    }

    #[test]
    fn marks_of_markdown_are_left_out() {
        assert_eq!(plain("a **b** `c` [d](#e), f [g](h)."), "a b c d, f g.");
        assert_eq!(plain("an [open bracket"), "an [open bracket");
    }
}
