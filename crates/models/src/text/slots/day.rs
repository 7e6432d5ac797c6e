//! Which day is written?

use regex::{Captures, Regex};
use std::sync::LazyLock;

type Read = fn(&Captures<'_>) -> Option<String>;

/// How months begin in English, German, French, Spanish, Italian and Dutch, so far as to be told apart.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "ene", "gen"],
    &["feb", "fév", "fev"],
    &["mar", "mär", "mae", "mrz", "maa"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mayo", "mag", "mei"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aoû", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

const MONTH: &str = concat!(
    r"(?P<month>jan(?:uary|uar|vier|uari)?|jänner|enero|gennaio|feb(?:ruary|ruar|rero|braio|ruari)?|février|fevrier",
    r"|mar(?:ch|s|zo)?|märz|maerz|mrz|maart|apr(?:il|ile)?|avril|abril|may|mai|mayo|maggio|mei|june?|juni|juin|junio|giugno",
    r"|july?|juli|juillet|julio|luglio|aug(?:ust|ustus)?|août|aout|agosto|sept?(?:ember|embre|tembre|iembre)?|settembre",
    r"|oct(?:ober|obre|ubre)?|okt(?:ober)?|ottobre|nov(?:ember|embre|iembre)?|dec(?:ember)?|dez(?:ember)?|décembre|decembre",
    r"|diciembre|dicembre)"
);

pub(super) static PATTERNS: LazyLock<[(Regex, Read); 4]> = LazyLock::new(|| {
    [
        (super::pattern(r"\b(?P<year>[12]\d{3})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"), numbers as Read),
        (
            super::pattern(r"\b(?P<d>\d{1,2})(?P<sign>[./-])\s?(?P<m>\d{1,2})[./-]\s?(?P<year>[12]\d{3}|\d{2})\b"),
            numbers as Read,
        ),
        (
            super::pattern(&format!(
                r"(?i)\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s(?:of\s|de\s)?{MONTH}\b\.?,?(?:\s(?:de\s)?(?P<year>[12]\d{{3}})\b)?"
            )),
            named as Read,
        ),
        (
            super::pattern(&format!(
                r"(?i)\b{MONTH}\.?\s(?:the\s)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<year>[12]\d{{3}})\b)?"
            )),
            named as Read,
        ),
    ]
});

fn number(said: &Captures<'_>, name: &str) -> Option<u32> {
    said.name(name)?.as_str().parse().ok()
}

fn numbers(said: &Captures<'_>) -> Option<String> {
    let (day, month) = (number(said, "d")?, number(said, "m")?);
    let year = number(said, "year")?;
    // Two digits are of this century, until the seventies of the last.
    let year = if year >= 1_000 { year } else { year + if year < 70 { 2_000 } else { 1_900 } };
    let is_day_first = written(Some(year), month, day);
    is_day_first.or_else(|| written(Some(year), day, month))
}

fn named(said: &Captures<'_>) -> Option<String> {
    let name = said["month"].to_lowercase();
    // The longest beginning counts: `juin` is not `juillet`.
    let starts =
        MONTHS.iter().zip(1..).flat_map(|(starts, month)| starts.iter().map(move |start| (start.len(), *start, month)));
    let (_, _, month) = starts.filter(|(_, start, _)| name.starts_with(start)).max()?;
    written(number(said, "year"), month, number(said, "d")?)
}

/// A day that there is.
fn written(year: Option<u32>, month: u32, day: u32) -> Option<String> {
    let is_leap =
        year.is_none_or(|year| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=n_days).contains(&day).then(|| match year {
        Some(year) => format!("{year:04}-{month:02}-{day:02}"),
        None => format!("--{month:02}-{day:02}"),
    })
}
