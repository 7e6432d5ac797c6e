//! Which order, amount, day, address or telephone number does a message name?

mod day;
mod money;

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// So many bytes of a message are looked at.
const N_BYTES_MAX: usize = 32 * 1024;
/// So many things are told of one message.
const N_SLOTS_MAX: usize = 50;
/// So many digits a telephone number has.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What kind of thing is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotKind {
    /// An e-mail address, in small letters.
    Email,
    /// An amount with its currency: `12.5 EUR`.
    Amount,
    /// A day: `2026-03-31`, or `--03-31` where no year is said.
    Date,
    /// An order, invoice, ticket or the like, in capitals.
    OrderNumber,
    /// A telephone number: its digits, with `+` before them where it has a country.
    Phone,
}

impl SlotKind {
    /// What it is called in answers and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::OrderNumber => "order_number",
            Self::Phone => "phone",
        }
    }
}

/// Something that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What it is.
    pub kind: SlotKind,
    /// What it means, in one form for all ways to write it.
    pub value: String,
    /// As it is written.
    pub text: String,
    /// Where it begins in the message, in bytes.
    pub start: usize,
}

/// What a message names, in the order in which it stands there; nothing is told twice of the same letters.
///
/// By rules, without learning: addresses first, then amounts and days, then numbers that a word such as `order` or `invoice`
/// announces, then telephone numbers. A number that nothing announces is nothing. Days as `03/04/2026` mean the 3rd of April
/// unless only the other reading is a day.
///
/// ```
/// use models::text::{SlotKind, slots};
/// let found = slots("My order AB-4711 of 31.3.2026 cost €1.299,00, write to Ann@shop.example");
/// let told: Vec<(SlotKind, &str)> = found.iter().map(|slot| (slot.kind, slot.value.as_str())).collect();
/// assert_eq!(told, [
///     (SlotKind::OrderNumber, "AB-4711"), (SlotKind::Date, "2026-03-31"), (SlotKind::Amount, "1299 EUR"),
///     (SlotKind::Email, "ann@shop.example"),
/// ]);
/// ```
#[must_use]
pub fn slots(message: &str) -> Vec<Slot> {
    let message = super::plain::beginning(message, N_BYTES_MAX);
    told(message, named(message, &mut Places::default()))
}

/// What is told of all that a message names: at most so many things, and no part of a link, which is no number of its own.
pub(super) fn told(message: &str, mut named: Vec<Slot>) -> Vec<Slot> {
    let links: Vec<Range<usize>> = LINK.find_iter(message).map(|link| link.range()).collect();
    named.retain(|slot| !links.iter().any(|link| link.contains(&slot.start)));
    named.truncate(N_SLOTS_MAX);
    named
}

/// All that a message names where nothing was found yet, parts of links too, in the order in which it stands there.
pub(super) fn named(message: &str, places: &mut Places) -> Vec<Slot> {
    let mut found = Found { message, places, slots: Vec::new() };
    found.all(&EMAIL, SlotKind::Email, |said| Some(said[0].to_lowercase()));
    for (pattern, read) in money::PATTERNS.iter() {
        found.all(pattern, SlotKind::Amount, read);
    }
    for (pattern, read) in day::PATTERNS.iter() {
        found.all(pattern, SlotKind::Date, read);
    }
    for pattern in [&ANNOUNCED, &MARKED] {
        found.all(pattern, SlotKind::OrderNumber, |said| Some(said["value"].to_uppercase()));
    }
    found.all(&PHONE, SlotKind::Phone, phone);
    let mut slots = found.slots;
    slots.sort_by_key(|slot| slot.start);
    slots
}

/// Where something was found in a message: nothing else is found in the same letters.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(BTreeMap<usize, usize>);

impl Places {
    fn is_free(&self, place: &Range<usize>) -> bool {
        // No two overlap, so that the last that begins before its end is the one that could.
        self.0.range(..place.end).next_back().is_none_or(|(_, end)| *end <= place.start)
    }

    /// Takes a place, where it is free.
    pub(super) fn take(&mut self, place: &Range<usize>) -> bool {
        let is_free = self.is_free(place);
        if is_free {
            self.0.insert(place.start, place.end);
        }
        is_free
    }
}

struct Found<'a> {
    message: &'a str,
    places: &'a mut Places,
    slots: Vec<Slot>,
}

impl Found<'_> {
    /// Takes in what a pattern finds where nothing was found yet. A group `value` says which part of it is meant.
    fn all(&mut self, pattern: &Regex, kind: SlotKind, read: impl Fn(&Captures<'_>) -> Option<String>) {
        for said in pattern.captures_iter(self.message) {
            let Some(part) = said.name("value").or_else(|| said.get(0)) else { continue };
            if !self.places.is_free(&part.range()) {
                continue;
            }
            if let Some(value) = read(&said).filter(|_| self.places.take(&part.range())) {
                self.slots.push(Slot { kind, value, text: part.as_str().to_owned(), start: part.start() });
            }
        }
    }
}

/// The digits of a telephone number, where there are as many as one has.
fn phone(said: &Captures<'_>) -> Option<String> {
    let text = &said["value"];
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_abroad = text.starts_with('+');
    // Without a zero or a bracket only ten digits in parts are one: anything else is a day, a sum or a list.
    let begins = is_abroad || text.starts_with(['0', '(']) || (digits.len() == 10 && text.contains('-'));
    (PHONE_DIGITS.contains(&digits.len()) && begins).then(|| format!("{}{digits}", if is_abroad { "+" } else { "" }))
}

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24}")
});
static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:https?://|www\.)\S+"));
/// A number with a digit in it that is said to be of something: `order no. 4711`, `Bestellnummer: AB-12`.
static ANNOUNCED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:orders?|invoices?|tickets?|case|tracking|reference|ref|parcel|shipment|booking|purchase|confirmation",
        r"|bestellung|bestell|auftrags?|rechnungs?|vorgangs?|sendungs?|kunden|lieferungs?",
        r"|commande|facture|dossier|colis|pedido|factura|caso|ordine|fattura|pratica|bestelling|factuur)",
        r"[- ]?(?:numbers?|nummer|num|nr|no|id|code|numéro|numero|número|nº|n°)?\b[.:#]*(?: is| ist| lautet| est| es| è)?[ :#(]*",
        r"(?P<value>[a-z]{0,6}[-/]?\d[a-z0-9/-]{2,30}\d|[a-z]{0,6}[-/]?\d{3,12})\b"
    ))
});
/// A number after a hash sign.
static MARKED: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\s?(?P<value>[A-Za-z]{0,6}-?\d{3,14})\b"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\w.,/+-])(?P<value>(?:\+|\(|0|\b[1-9])\d{0,4}[)]?(?:[ ./()-]{0,2}\d{1,6}){2,7})\b")
});

/// A pattern that stands here and is tried by the tests.
pub(super) fn pattern(text: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "the patterns are written in this module, and its tests make every one of them"
    )]
    Regex::new(text).expect("a pattern")
}

#[cfg(test)]
mod tests;
