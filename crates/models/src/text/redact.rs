//! What of a message names a person or opens an account, and how is it kept without that?

use super::plain::own;
use super::slots::{Places, Slot, SlotKind, named, pattern, told};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// So many bytes of a message are kept at most.
const N_BYTES_MAX: usize = 4_000;
/// So many digits a card has.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// So many signs each part has of a card or an account that stands among others.
const N_PART_MIN: usize = 3;
/// Words that follow a greeting and name nobody.
const NOBODY: [&str; 44] = [
    "All",
    "Agent",
    "Bot",
    "Care",
    "Customer",
    "Customers",
    "Damen",
    "Everybody",
    "Everyone",
    "Folks",
    "Friend",
    "Friends",
    "Guys",
    "Herren",
    "I",
    "It",
    "Kundenservice",
    "Madam",
    "My",
    "Sir",
    "Sirs",
    "Service",
    "Support",
    "Team",
    "The",
    "There",
    "This",
    "To",
    "We",
    "You",
    "Dr",
    "Dr.",
    "Frau",
    "Herr",
    "Herrn",
    "Madame",
    "Miss",
    "Monsieur",
    "Mr",
    "Mr.",
    "Mrs",
    "Mrs.",
    "Ms",
    "Prof",
];

/// What is kept of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its redacted form.
    pub text: String,
    /// What it names, as [`slots()`](super::slots()) tells it, but for what is part of a card or an account; places are those of the message itself.
    pub named: Vec<Slot>,
}

/// The message itself as it was written, without quotes, mark-up and what takes no room, and with a word in brackets in place of
/// cards, accounts, addresses, telephone numbers and names. See [`kept()`].
///
/// ```
/// use models::text::redacted;
/// assert_eq!(
///     redacted("Hi Anna, my card 4111 1111 1111 1111 was charged! Mail bob@shop.example\nThanks,\nBob Miller"),
///     "Hi [name], my card [card] was charged! Mail [email]\nThanks,\n[name]",
/// );
/// ```
#[must_use]
pub fn redacted(message: &str) -> String {
    kept(message).text
}

/// What is kept of a message: its redacted form, and beside it what it names.
///
/// ```text
/// [card]   13 to 19 digits whose check digit is right (ISO/IEC 7812-1: Luhn)
/// [iban]   an account whose remainder by 97 is 1 (ISO 13616)
/// [email] [phone]   by the rules of slots(), however many there are, and within links
/// [name]   what follows a title, a greeting or "my name is", and a line of its own after a closing
/// ```
/// Names are found by where they stand, without a list of them: one in the middle of a sentence is not. At most 4,000 bytes are kept.
/// *Guarantees*: what was redacted once stays as it is, mark-up aside; any text has an answer, in time bounded by 32 KB of it. *Edge cases*: a
/// number that passes for a card is none of an order, whatever announces it.
#[must_use]
pub fn kept(message: &str) -> Kept {
    let message = own(message);
    let mut found = Redacted { message: &message, taken: Places::default(), words: Vec::new() };
    for (pattern, is_one, word) in [(&*IBAN, is_iban as fn(&str) -> bool, "[iban]"), (&*CARD, is_card, "[card]")] {
        checked(pattern, &message, is_one).into_iter().for_each(|place| found.put(place, word));
    }
    // What is neither an address nor a number may be part of a name: "Mrs May 3 weeks ago".
    let named = named(&message, &mut found.taken.clone());
    for slot in &named {
        let word = match slot.kind {
            SlotKind::Email => "[email]",
            SlotKind::Phone => "[phone]",
            SlotKind::Amount | SlotKind::Date | SlotKind::OrderNumber => continue,
        };
        found.put(slot.start..slot.start + slot.text.len(), word);
    }
    for pattern in NAMES.iter() {
        for said in pattern.captures_iter(&message) {
            let Some(name) = said.name("name") else { continue };
            let first = name.as_str().split([' ', '\u{a0}']).next().unwrap_or_default();
            if !NOBODY.contains(&first) {
                found.put(name.range(), "[name]");
            }
        }
    }
    Kept { text: found.text(), named: told(&message, named) }
}

struct Redacted<'a> {
    message: &'a str,
    taken: Places,
    words: Vec<(Range<usize>, &'static str)>,
}

impl Redacted<'_> {
    /// Puts a word in a place of which nothing was taken yet.
    fn put(&mut self, place: Range<usize>, word: &'static str) {
        if self.taken.take(&place) {
            self.words.push((place, word));
        }
    }

    fn text(mut self) -> String {
        self.words.sort_by_key(|(place, _)| place.start);
        let (mut text, mut at) = (String::with_capacity(self.message.len()), 0);
        for (place, word) in self.words {
            text.push_str(self.message.get(at..place.start).unwrap_or_default());
            text.push_str(word);
            at = place.end;
        }
        text.push_str(self.message.get(at..).unwrap_or_default());
        text.truncate(text.floor_char_boundary(N_BYTES_MAX));
        text
    }
}

/// Where something stands whose check digits are right, also beside other numbers and words: after one, as in `order 1234 4111 1111 1111 1111`,
/// or before one, such as the month in which a card ends.
fn checked(pattern: &Regex, message: &str, is_one: fn(&str) -> bool) -> Vec<Range<usize>> {
    let (mut found, mut at, mut looked_at) = (Vec::new(), 0, 0);
    while let Some(all) = pattern.find_at(message, at) {
        let (written, start) = (all.as_str(), all.start());
        // A part of something longer is written in parts as cards and accounts are: two days in a row are no card.
        let is_part = |text: &&str| text.split([' ', '-']).all(|part| part.len() >= N_PART_MIN) && is_one(text);
        let one = match start >= looked_at && is_one(written) {
            true => Some(written),
            false => std::iter::successors(Some(written), without_end).find(is_part),
        };
        looked_at = looked_at.max(all.end());
        at = start + one.map_or_else(|| written.chars().next().map_or(1, char::len_utf8), str::len);
        found.extend(one.map(|_| start..at));
    }
    found
}

/// What is left of a row of parts without its last one.
fn without_end<'a>(text: &&'a str) -> Option<&'a str> {
    text.rfind([' ', '-']).and_then(|end| text.get(..end))
}

/// Whether the check digit of a card is right.
fn is_card(written: &str) -> bool {
    let digits: Vec<u32> = written.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    // A row of one digit is a way to fill a line.
    CARD_DIGITS.contains(&digits.len()) && sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// Whether the check digits of an account are right: its country and they moved to its end, letters as 10 to 35, the remainder by 97 is 1.
fn is_iban(written: &str) -> bool {
    let all: Vec<char> = written.chars().filter(char::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&all.len()) {
        return false;
    }
    let remainder = all[4..]
        .iter()
        .chain(&all[..4])
        .filter_map(|c| c.to_digit(36))
        .fold(0, |sum: u32, digit| if digit < 10 { (sum * 10 + digit) % 97 } else { (sum * 100 + digit) % 97 });
    remainder == 1
}

static CARD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d(?:[ -]?\d){12,18}\b"));
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b"));

/// A name of one to three words.
macro_rules! name {
    () => {
        r"(?P<name>[A-ZÀ-ÖØ-ÞŁŚŽŠČĆ](?:[\w'’-]{1,30}|\.)(?:[ \x{a0}][A-ZÀ-ÖØ-ÞŁŚŽŠČĆ](?:[\w'’-]{1,30}|\.)){0,2})"
    };
}

/// Where names stand.
static NAMES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        concat!(
            r"\b(?:[Mm]y name is|[Mm]y name's|[Nn]ame:|[Mm]ein Name ist|[Ii]ch hei(?:ß|ss)e|[Jj]e m['’]appelle|[Mm]e llamo",
            r"|[Mm]i nombre es|[Mm]i chiamo|[Mm]ijn naam is)[ \x{a0}]+",
            name!()
        ),
        concat!(
            r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Herrn|Frau|Mme|Monsieur|Madame|Señor|Señora|Sra|Sr|Signor|Signora|Dhr|Mevr)",
            r"\.?[ \x{a0}]+",
            name!()
        ),
        concat!(
            r"(?m)^[ \t]*(?:Dear|Hi|Hey|Hello|Hallo|Liebe|Lieber|Guten Tag|Bonjour|Cher|Chère|Salut|Hola|Estimado|Estimada",
            r"|Querido|Querida|Ciao|Caro|Cara|Gentile|Beste)[ \x{a0}]+",
            name!(),
            r"(?:[ ]*[,!.:;–-]|[ ]*$)"
        ),
        concat!(
            r"(?im:(?:^.{0,40}|[.!?]\s{1,3})\b(?:regards|thanks|thank you|cheers|sincerely|yours|best|wishes|gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)",
            r"|danke|cordialement|merci|saludos|gracias|saluti|grazie|groeten)[,.!]*[ \t]*\r?\n+[ \t]*)",
            name!(),
            r"[ \t]*(?m:$)"
        ),
    ]
    .into_iter()
    .map(pattern)
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_names_somebody_is_gone_and_all_else_stays() {
        for (message, expected) in [
            ("I paid with 4111-1111-1111-1111.", "I paid with [card]."),
            ("5500005555555559 declined TWICE!!", "[card] declined TWICE!!"),
            ("order 4111111111111112 is no card", "order 4111111111111112 is no card"),
            ("0000 0000 0000 0000", "0000 0000 0000 0000"),
            ("IBAN DE89 3704 0044 0532 0130 00, danke", "IBAN [iban], danke"),
            ("gb82west12345698765432", "[iban]"),
            ("DE89 3704 0044 0532 0130 02", "DE89 3704 0044 0532 0130 02"),
            ("mail Bob.S@Shop.example or +49 30 1234567", "mail [email] or [phone]"),
            ("Dear Mrs Anna Maria Schmidt, order 4711 of 3 March", "Dear Mrs [name], order 4711 of 3 March"),
            ("My name is José Núñez and I wait", "My name is [name] and I wait"),
            ("Guten Tag, mein Name ist Jörg Weiß.", "Guten Tag, mein Name ist [name]."),
            ("Hello Support, where is it?", "Hello Support, where is it?"),
            ("Hi There, hi Anna", "Hi There, hi Anna"),
            ("Where is it?\n\nBest regards\nA. Miller", "Where is it?\n\nBest regards\n[name]"),
            ("Viele Grüße,\nLena", "Viele Grüße,\n[name]"),
            (
                "A long line that says what is wanted and why it is! Thanks,\nAnn Miller",
                "A long line that says what is wanted and why it is! Thanks,\n[name]",
            ),
            ("my card 4111 1111 1111 1111 12/27 123", "my card [card] 12/27 123"),
            ("order 1234 4111 1111 1111 1111 20", "order 1234 [card] 20"),
            ("AT61 1904 3002 3457 3201 was used", "[iban] was used"),
            ("nr22 ES91 2100 0418 4502 0005 1332 AT61 1904 3002 3457 3201 each", "nr22 [iban] [iban] each"),
            ("2026-01-02 2026-03-04 2026-05-06", "2026-01-02 2026-03-04 2026-05-06"),
            ("I AM SO ANGRY 😡", "I AM SO ANGRY 😡"),
            ("ok\n> quoted by Mr Bean", "ok\n"),
            ("<p>Dear Dr. Who,</p>", "Dear Dr. [name],"),
            ("", ""),
        ] {
            assert_eq!(redacted(message).trim_end(), expected.trim_end(), "{message:?}");
        }
    }

    #[test]
    fn nobody_is_left_however_many_there_are_and_wherever_they_stand() {
        let many = redacted(&"ann@shop.example 2026-01-02 or 030 1234567, ".repeat(60));
        assert!(!many.contains("ann@") && !many.contains("1234567") && many.contains("2026-01-02"), "{many}");
        assert_eq!(many.matches("[email]").count(), 60);
        let linked = "see https://shop.example/leave?mail=ann@shop.example&tel=0301234567 please";
        assert_eq!(redacted(linked), "see https://shop.example/leave?mail=[email]&tel=[phone] please");
    }

    #[test]
    fn what_is_kept_beside_names_no_card_and_no_account() {
        let named = |message: &str| -> Vec<(&'static str, String)> {
            kept(message).named.into_iter().map(|slot| (slot.kind.name(), slot.value)).collect()
        };
        for secret in ["4111111111111111", "4111 1111 1111 1111", "DE89370400440532013000", "#5500005555555559"] {
            for before in ["order", "reference number", "Kundennummer:", ""] {
                assert_eq!(named(&format!("{before} {secret} it is")), [], "{before} {secret}");
            }
        }
        let told = [("order_number", "4711".to_owned()), ("email", "ann@shop.example".to_owned())];
        assert_eq!(
            named("order 4711, ann@shop.example, https://x.example/bob@x.example\n> order 4712 of eve@x.example"),
            told
        );
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = redacted(&"Ich warte. ".repeat(200_000));
        assert!(long.len() <= N_BYTES_MAX && long.len() > N_BYTES_MAX - 20);
        assert!(redacted(&"4111 1111 1111 1111 ".repeat(1_000)).starts_with("[card] [card] "));
    }

    /// Cards and accounts by their own rule, in the ways that they are written.
    fn card(n_digits: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
        (
            prop::collection::vec(0_u32..10, n_digits.start() - 1..=n_digits.end() - 1),
            prop::sample::select(vec!["", " ", "-"]),
        )
            .prop_map(|(mut digits, gap)| {
                let sum: u32 = digits
                    .iter()
                    .rev()
                    .enumerate()
                    .map(|(at, digit)| match at % 2 {
                        0 if digit * 2 > 9 => digit * 2 - 9,
                        0 => digit * 2,
                        _ => *digit,
                    })
                    .sum();
                digits.push((10 - sum % 10) % 10);
                let parts: Vec<String> =
                    digits.chunks(4).map(|part| part.iter().map(u32::to_string).collect::<String>()).collect();
                parts.join(gap)
            })
    }

    proptest! {
        #[test]
        fn no_card_is_left(card in card(13..=19), before in "[a-z]{0,9}", after in "[a-z!?.]{0,9}") {
            let n_different = card.chars().filter(char::is_ascii_digit).collect::<std::collections::BTreeSet<_>>().len();
            prop_assume!(n_different > 1);
            let message = format!("{before} {card} {after}");
            let (found, expected) = (redacted(&message), format!("{before} [card] {after}"));
            prop_assert_eq!(found.trim_end(), expected.trim());
        }

        #[test]
        fn no_card_is_left_beside_other_numbers(
            card in card(15..=16), before in "[0-9]{1,6}", after in "[0-9]{1,4}", gaps in ("[ ,/]", "[ ,/]")
        ) {
            let n_different = card.chars().filter(char::is_ascii_digit).collect::<std::collections::BTreeSet<_>>().len();
            prop_assume!(n_different > 1);
            let message = format!("{before}{}{card}{}{after}", gaps.0, gaps.1);
            prop_assert!(!redacted(&message).contains(&card), "{} of {}", redacted(&message), message);
        }

        #[test]
        fn what_was_redacted_once_stays(text in "\\PC{0,120}|(Dear|Hi|Mr|regards)?[A-Z]?[a-z]{0,9}[ ,\n]{1,2}[A-Z][a-z]{1,5}[,.]?[0-9 +@.a-z-]{0,40}") {
            // What is mark-up at first sight may be something else at second.
            prop_assume!(!text.contains(['<', '>', '&', '\u{fffd}']));
            let once = redacted(&text);
            prop_assert_eq!(redacted(&once), once);
        }
    }
}
