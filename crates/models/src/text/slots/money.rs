//! How much money is written, in which currency?

use regex::{Captures, Regex};
use std::sync::LazyLock;

type Read = fn(&Captures<'_>) -> Option<String>;

/// Signs and words of currencies, in small letters.
const CURRENCIES: [(&str, &str); 27] = [
    ("€", "EUR"),
    ("eur", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("$", "USD"),
    ("usd", "USD"),
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("bucks", "USD"),
    ("dólares", "USD"),
    ("£", "GBP"),
    ("gbp", "GBP"),
    ("pound", "GBP"),
    ("pounds", "GBP"),
    ("quid", "GBP"),
    ("pfund", "GBP"),
    ("chf", "CHF"),
    ("fr.", "CHF"),
    ("franken", "CHF"),
    ("francs", "CHF"),
    ("¥", "JPY"),
    ("yen", "JPY"),
    ("jpy", "JPY"),
    ("zł", "PLN"),
    ("pln", "PLN"),
    ("₹", "INR"),
    ("inr", "INR"),
];

const NUMBER: &str = r"(?P<number>\d{1,3}(?:[.,' \u{a0}]\d{3})+(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?)";

/// A sign before or behind a number.
pub(super) static PATTERNS: LazyLock<[(Regex, Read); 2]> = LazyLock::new(|| {
    let before = r"(?i)(?P<currency>€|\$|£|¥|₹|\b(?:eur|usd|gbp|chf|jpy|pln|inr|fr\.))\s{0,2}";
    let behind = concat!(
        r"\s{0,2}(?P<currency>€|\$|£|¥|₹|zł|(?:euros?|eur|dollars?|usd|bucks|dólares|pounds?|gbp|quid|pfund|chf|fr\.",
        r"|franken|francs|yen|jpy|pln|inr)\b)"
    );
    [
        (super::pattern(&format!("{before}{NUMBER}")), read as Read),
        (super::pattern(&format!(r"(?i)\b{NUMBER}{behind}")), read as Read),
    ]
});

fn read(said: &Captures<'_>) -> Option<String> {
    let sign = said["currency"].to_lowercase();
    let currency = CURRENCIES.iter().find(|(known, _)| *known == sign)?.1;
    Some(format!("{} {currency}", amount(&said["number"])?))
}

/// A number however its thousands and its decimals are parted: what stands last with one or two digits behind it parts decimals.
fn amount(written: &str) -> Option<String> {
    let last = written.rfind(['.', ',']);
    let (whole, part) = match last {
        Some(at) if written.len() - at <= 3 => (&written[..at], written.get(at + 1..)?),
        _ => (written, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
}
