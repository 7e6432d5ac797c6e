//! What may a client send? The text of `docs/events.md`, made from the tables that the parser reads by.
//!
//! `RAPPORT_BLESS=1 cargo test -p events reference` writes the file anew.

mod channels;

use crate::described::{CALLS, STEPS, code, names_of};
use crate::identifier::{NO_VALUE, NOBODY, OCCASIONS};
use crate::vocabulary::as_sent;
use crate::vocabulary::dialect::{Dialect, PLAIN, SHOPIFY};
use crate::vocabulary::steps::{NAMES, WORDS};
use crate::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, CONSENT_UPDATED, CallKind, EVENT_BYTES_MAX, RejectionCode};
use governance::Purpose;

const HEAD: &str = "# Events\n\n\
<!-- Made from the code by `RAPPORT_BLESS=1 cargo test -p events reference`: a change here is undone. -->\n\n\
Rapport reads Segment's calls, so that any client of Segment works by changing its address ([clients.md](clients.md)).\n\
This page lists everything that is understood, and what is said about the rest. Nothing is dropped in silence: what is\n\
not accepted is kept with its reason under *Live events*, and answered with the event's index and `messageId`.\n";

/// What is written to the log by Rapport alone.
const OURS: [(CallKind, &str); 2] = [
    (CallKind::Correction, "that events of an import count no longer, or again: an import was undone or replaced"),
    (CallKind::Separate, "that two names are not one person, for the whole past: somebody separated a customer"),
];

const FIELDS: [(&str, &str, &str); 8] = [
    ("userId", "text or a whole number", "the customer, as your systems know them"),
    ("anonymousId", "text or a whole number", "the browser or device; one of the two is required, but for `item`"),
    ("messageId", "text of fewer than 100 characters", "what makes the event the same when it is sent again"),
    ("timestamp", "a time", "when it happened; `originalTimestamp` goes before it"),
    ("sentAt", "a time", "when it was sent, by the same clock: its error is taken out of `timestamp`"),
    (
        "context",
        "an object",
        "where it happened, and the customer's consent; a batch's is merged under each event's, and counts with each event's size",
    ),
    ("type", "one of the calls above", "in a batch; for a single event the path says it"),
    ("writeKey", "text", "the key, where no header can be sent"),
];

const CODES: [(RejectionCode, &str); 8] = [
    (RejectionCode::Malformed, "not JSON, not an object, or a key that is there twice"),
    (RejectionCode::TooLarge, "larger than an event may be"),
    (RejectionCode::MissingField, "a required field is absent or blank; an amount of an order has no currency"),
    (RejectionCode::WrongType, "a field has the wrong type, such as a text for a price"),
    (RejectionCode::BadValue, "the right type and an impossible value, such as a price below 0 or an id of nobody"),
    (RejectionCode::UnknownType, "no such call"),
    (
        RejectionCode::NotAllowed,
        "this key may not say it: with a write key `item`, or a name that begins with `user:` or `anonymous:`",
    ),
    (RejectionCode::Erased, "it names a customer who was erased: nothing of it is kept"),
];

/// What an item keeps.
const KEPT: &str = "\n\
### What is kept of an item

The latest word of each trait of an `item` call is kept. What Rapport itself reads is always kept: `name`, `category`, `price`, `currency`,
`available`, `stock` (also as `inventory`, `inventory_quantity`, `inventoryQuantity`, `in_stock`), `hidden`, `margin`, `cost`, `brand`,
`categories`, `tags`, `labels`, the pictures (`imageUrl`, `image_url`, `image`, `image_link`, `picture`), the descriptions
(`description`, `long_description`, `desc`, `summary`, `body`, `content`, `text`, `comment`), `timestamp` and `created_at`. Of all others
the first 32 by their names are kept, in whichever order they are told: the item's page in the console lists what is kept. A trait has
at most 4,096 bytes as JSON and its name 64: of a longer text the beginning is kept, a longer list, object or `data:` picture is left out.
";

const RULES: &str = "\n## Identifiers\n\n\
Text of at most 512 bytes, or a whole number below 2^53, which becomes text. Blanks around it are taken away; a blank one\n\
counts as absent. Control characters are refused; marks that turn the direction of reading are kept and shown as\n\
`⟨U+202E⟩`. Refused everywhere, products' included, in any case: ";

const TIMES: &str = "\n## Times\n\n\
RFC 3339 (`2026-11-22T10:00:00.000Z`, with an offset or without), or seconds or milliseconds since 1970, as a number or\n\
as digits. With a `sentAt` the sender's clock is corrected: what happened 10 seconds before the sending happened 10\n\
seconds before the arrival. A time that lies in the future even so is taken for the moment of arrival, and what was\n\
stated stays beside it as `statedAt`; so is a time before 1971, which nobody ever set. Imported history must say when it\n\
happened, not in the future and not before 1971.\n";

const MONEY: &str = "\n## Money\n\n\
Amounts are in major units, as a number or as text: `19.99`. The currency is the product's own `currency`, else the\n\
event's (for a refund of Shopify's, that of its first payment): the three letters of ISO 4217. Where nobody names one,\n\
`currency.default` of the settings is written into the event; without that setting an order or refund that has an amount\n\
is refused, and prices of things merely looked at count as US dollars, as Segment's specification says. The price of an\n\
item of the catalogue of which nobody names the currency is in the one that the item's price was said in last, and only\n\
else in these; what got the default says so in its context, as `currencyIsDefault`. The value of an order is the first\n\
amount of the table above, else the sum of price times quantity where all are in one currency (for a refund of\n\
Shopify's, what was paid back goes before that sum). A price and a quantity are not negative, nor is the value of an\n\
order or a refund: what was taken back is an event of its own, and states an amount above 0.\n";

fn keys(dialect: &Dialect) -> [(&'static str, String); 6] {
    [
        ("products", code(dialect.lists)),
        ("a product's identifier", code(dialect.ids)),
        ("its name", code(dialect.names)),
        ("its category", code(dialect.categories)),
        ("the value of the whole", code(dialect.amounts)),
        ("the order", code(dialect.order_ids)),
    ]
}

fn table(head: &str, rows: impl IntoIterator<Item = String>) -> String {
    let columns = head.matches('|').count() - 1;
    let rows: String = rows.into_iter().map(|row| row + "\n").collect();
    format!("\n{head}\n|{}\n{rows}", "---|".repeat(columns))
}

fn calls() -> String {
    let limits = format!(
        "\n## Calls\n\nEach has its path (`POST /v1/track`), and a `type` in `POST /v1/batch`. An event has at most {} KB, a \
         request {} KB\nand {BATCH_EVENTS_MAX} events.\n",
        EVENT_BYTES_MAX / 1_024,
        BATCH_BYTES_MAX / 1_024
    );
    let rows = CALLS.map(|(kind, fields, meaning)| format!("| `{kind}` | {fields} | {meaning} |"));
    let ours = OURS.map(|(kind, meaning)| format!("| `{kind}` | {meaning} |"));
    let fields = FIELDS.map(|(name, kind, meaning)| format!("| `{name}` | {kind} | {meaning} |"));
    limits
        + &table("| call | fields of its own | it says |", rows)
        + "\nEvery call may carry:\n"
        + &table("| field | type | meaning |", fields)
        + "\nUnder *Live events* two more stand, which Rapport writes itself and nobody can send:\n"
        + &table("| call | it says |", ours)
}

fn commerce() -> String {
    let steps = STEPS.map(|(step, meaning)| format!("| {} | {meaning} |", code(names_of(step))));
    let pairs = keys(&PLAIN).into_iter().zip(keys(&SHOPIFY));
    let keys = pairs.map(|((what, plain), (_, shopify))| format!("| {what} | {plain} | {shopify} |"));
    format!(
        "\n## Purchases\n\nThe names of Segment's e-commerce specification, of Google Analytics 4 and of Shopify's webhooks, \
         in any case, with\nblanks, `_` or `-` between the words:\n{}\n`orders/paid` is not among them: \
         `orders/create` is the purchase, and both would count it twice. The catalogue is\ndescribed by `item` calls and not \
         by `products/update`.\n\nA tracked name that holds one of the words {} and stands in no row is\naccepted, counted \
         in `cx_events_not_understood_total` and marked **Not understood** under *Live events*: it counts for\nnothing but \
         an event.\n\nOf several keys the first that holds anything counts. A product of a list may also be named by `id`, \
         but not in\nShopify's, where that is the line's. An event about one product may describe it in the properties \
         themselves. A\nproduct also has `price`, `currency` and `quantity` (1 where nothing is said); in a refund of \
         Shopify's it stands\nunder `line_item`.\n{}",
        table("| event | what the customer did |", steps),
        code(WORDS),
        table("| what | Segment, Google | Shopify |", keys)
    )
}

fn consent() -> String {
    let rows = Purpose::ALL.map(|purpose| {
        format!("| `{}` | {} | {} | {} |", purpose.name(), categories(purpose), purpose.meaning(), purpose.ground())
    });
    format!(
        "\n## Consent\n\nAny event may say what the customer agreed to, in `context.consent.categoryPreferences`; so may a \
         tracked\n`{CONSENT_UPDATED}`, in `properties.categoryPreferences`. Each category is `true` or `false`;\nanything \
         else is refused, for to guess would be to consent for the customer. Where several categories stand for one\n\
         purpose, a refusal wins; categories that stand for none are left alone.\n{}\nWhere a customer has said nothing, \
         `consent.default` of the settings decides for each purpose. The ground is what such a\nuse usually rests on; which \
         one is yours is for you and your counsel to say \
         ([ADR 0023](adr/0023-service-and-security-are-purposes.md)).\nNothing in Rapport uses `service` or `security` \
         yet: it keeps what was said, and answers your systems that ask with\n`GET /v1/customers/{{id}}`.\n",
        table("| purpose | categories | what a yes allows | usual ground |", rows)
    )
}

fn categories(purpose: Purpose) -> String {
    code(purpose.categories().iter().copied())
}

/// The whole text.
fn reference() -> String {
    let codes = CODES.map(|(code, meaning)| format!("| `{code}` | {meaning} |"));
    let customers = format!(
        "{}.\nRefused for a customer, since programs write it for nobody: {}.\nRefused, too, since Rapport tells rewards of decisions \
         about nobody in this name: {}.\nNo event is guessed to be somebody else's: leave the field out where you do not know.\n",
        code(NO_VALUE),
        code(NOBODY),
        code([OCCASIONS])
    );
    let refused = table("| code | why |", codes);
    format!(
        "{HEAD}{}{KEPT}{}{}{RULES}{customers}{TIMES}{MONEY}{}\n## What is refused\n{refused}",
        calls(),
        commerce(),
        channels::text(),
        consent()
    )
}

#[test]
fn the_reference_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
    let text = reference();
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/events.md differs from the code: RAPPORT_BLESS=1 cargo test -p events reference");
}

#[test]
fn the_reference_leaves_nothing_out() {
    for kind in CallKind::ALL {
        assert!(CALLS.iter().any(|(known, ..)| *known == kind), "{kind}");
    }
    for kind in CallKind::STORED {
        assert!(CallKind::ALL.contains(&kind) != OURS.iter().any(|(known, _)| *known == kind), "{kind}");
    }
    for named in &NAMES {
        assert!(STEPS.iter().any(|(step, _)| *step == named.step), "{}", named.name);
        let sent = as_sent(named.name);
        assert_eq!(sent.to_lowercase().replace('_', " "), named.name);
    }
    for purpose in Purpose::ALL {
        assert!(!categories(purpose).is_empty(), "{}", purpose.name());
    }
}
