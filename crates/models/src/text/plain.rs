//! What is the message itself, without mark-up, quotes of earlier mails and ornaments?

mod mail;
mod markup;

use unicode_normalization::UnicodeNormalization as _;

/// So many bytes of a message are looked at; what comes after is not.
const N_BYTES_MAX: usize = 32 * 1024;
/// So many letters of the message itself are kept.
const N_CHARS_MAX: usize = 4_000;
/// So many letters are one word at most; longer ones are no language.
const N_LETTERS_MAX: usize = 64;
/// A number with so many digits or more names one thing, such as an order, and says nothing of what is wanted.
const N_DIGITS_NAMING: usize = 5;
/// What stands in place of something that names one person or thing. A message that says the same of another is the same.
const ADDRESS: &str = "email";
const LINK: &str = "link";
const NUMBER: &str = "00000";

/// The message itself, as it is counted: one line of small letters without accents, words parted by single spaces.
///
/// ```text
/// quotes of earlier mails and signatures away, tags away, entities as letters, compatible forms as one (NFKD), small letters,
/// marks above and below letters away, control characters and what takes no room as nothing,
/// addresses, links and long numbers as one word each, at most 4,000 letters
/// ```
/// *Guarantees*: any text has an answer, in time bounded by 32 KB of it. Marks are taken off letters of Latin, Greek,
/// Cyrillic, Hebrew and Arabic; where they are part of the letter, as in Hindi, they stay. *Source*: Unicode Standard Annex 15 for the forms; the rest elementary.
///
/// ```
/// let plain = models::text::plain("<p>Wo bleibt <b>meine</b> Bestellung 4711234 f&uuml;r JOSÉ@example.com?</p>\n> On Monday");
/// assert_eq!(plain, "wo bleibt meine bestellung 00000 fur email?");
/// ```
#[must_use]
pub fn plain(text: &str) -> String {
    Cleaned::of(text).plain
}

/// A message that was cleaned once for all who read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    shown: String,
    plain: String,
}

impl Cleaned {
    /// Cleans a message.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let own = mail::own_words(beginning(text, N_BYTES_MAX));
        let shown: String = markup::shown(&own).chars().filter_map(visible).collect();
        Self { plain: folded(&shown), shown }
    }

    /// The message as it is counted: [`plain()`].
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// The message itself as it is shown: with capitals, accents and signs.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

/// What is shown, as it is counted.
fn folded(shown: &str) -> String {
    let mut folded = String::with_capacity(shown.len());
    folded.extend(shown.nfkd().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)).nfc());
    let mut plain = String::with_capacity(folded.len());
    let mut n_left = N_CHARS_MAX;
    for word in folded.split_whitespace() {
        let n = push(&mut plain, word, n_left);
        n_left = n_left.saturating_sub(n + 1);
        if n_left == 0 {
            break;
        }
    }
    plain
}

/// The message itself as it is written, with its capitals, signs and lines: without quotes of earlier mails, signatures, tags and what
/// takes no room.
pub(super) fn own(text: &str) -> String {
    let text = beginning(text, N_BYTES_MAX);
    let own = mail::own_words(text);
    let shown = |c: char| if matches!(c, '\n' | '\r' | '\t') { Some(c) } else { visible(c) };
    markup::shown(&own).chars().filter_map(shown).collect::<String>().trim().to_owned()
}

/// The beginning of a text, at most so many bytes and never half a letter.
pub(super) fn beginning(text: &str, n_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(n_bytes)).unwrap_or_default()
}

/// Appends a word, as what it stands for, and tells how many letters that took.
fn push(plain: &mut String, word: &str, n_left: usize) -> usize {
    if !plain.is_empty() {
        plain.push(' ');
    }
    let before = plain.len();
    // What ends a sentence belongs to no address.
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let named = if is_address(bare) {
        Some(ADDRESS)
    } else if is_link(bare) {
        Some(LINK)
    } else {
        None
    };
    match named {
        Some(name) => plain.push_str(&word.replacen(bare, name, 1)),
        None => push_numbered(plain, word),
    }
    let most = n_left.min(N_LETTERS_MAX);
    if let Some((at, _)) = plain.get(before..).and_then(|new| new.char_indices().nth(most)) {
        plain.truncate(before + at);
    }
    plain.get(before..).map_or(0, |new| new.chars().count())
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.split_once('.').is_some_and(|(host, rest)| !host.is_empty() && !rest.is_empty())
    })
}

fn is_link(word: &str) -> bool {
    ["http://", "https://", "www."].iter().any(|start| word.starts_with(start))
}

/// A word in which each run of many digits is the same number.
fn push_numbered(plain: &mut String, word: &str) {
    let mut rest = word;
    while let Some(first) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(first);
        let length = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        plain.push_str(before);
        plain.push_str(if digits.len() >= N_DIGITS_NAMING { NUMBER } else { digits });
        rest = after;
    }
    plain.push_str(rest);
}

/// Whether it only stands above or below another letter, in a script that can be read without it.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{5BF}'..='\u{5C7}'
        | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E8}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// What takes no room is nothing, what is no letter at all a gap, and of the ways to write an apostrophe one is left.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => None,
        '\u{E0000}'..='\u{E0FFF}' => None,
        '’' | '‘' | '´' | '`' => Some('\''),
        '“' | '”' | '„' | '«' | '»' => Some('"'),
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => Some(' '),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_its_words_however_it_is_dressed() {
        for (text, expected) in [
            ("  Where   is\tmy\nCARD?", "where is my card?"),
            ("Crème brûlée, İstanbul", "creme brulee, istanbul"),
            ("ｆｕｌｌ　ｗｉｄｔｈ ﬁne ①", "full width fine 1"),
            ("z̷̢̛a̵͠l̸͝g̴͝o̸ ṃ̷y card", "zalgo my card"),
            ("I can’t “see”", "i can't \"see\""),
            ("pass\u{200B}word\u{202E} is\u{AD}sue", "password issue"),
            ("order 4711234, ref AB-99887766-1, 2 of 10", "order 00000, ref ab-00000-1, 2 of 10"),
            ("write to Bob.Smith@shop.example. or (www.shop.example/a?b=1)!", "write to email. or (link)!"),
            ("a\0b\u{1}c \u{FFFD}", "a b c"),
            ("किताब कहाँ है", "किताब कहाँ है"),
            ("が", "が"),
            ("מַתָּנָה مُحَمَّد", "מתנה محمد"),
            ("", ""),
            (" \u{200B} ", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = "word ".repeat(300_000);
        let cut = plain(&long);
        assert!(cut.chars().count() <= N_CHARS_MAX && cut.len() > N_CHARS_MAX - 10, "{}", cut.len());
        assert_eq!(plain(&"é".repeat(1 << 20)), "e".repeat(N_LETTERS_MAX));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_of_one_line(text in "\\PC{0,200}|[<>&;@./a-z0-9 \n\u{300}-\u{310}>-]{0,200}") {
            let once = plain(&text);
            prop_assert!(!once.contains(char::is_control) && !once.contains("  ") && once.trim() == once, "{once:?}");
            prop_assert!(once.chars().count() <= N_CHARS_MAX);
        }
    }
}
