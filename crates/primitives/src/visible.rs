//! How is a text shown that somebody else wrote, so that it shows itself and steers nothing?

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything that a screen would obey written out: `\n` as `⟨U+000A⟩`, a mark that turns the direction
/// of reading as `⟨U+202E⟩`. What steers nothing stays as it is, and costs no copy.
///
/// Control characters move a terminal's cursor and forge lines of a log; marks of direction and characters without width
/// make one name look like another.
///
/// ```
/// assert_eq!(primitives::visible("Čaj 茶"), "Čaj 茶");
/// assert_eq!(primitives::visible("gpj.\u{202e}exe\n"), "gpj.⟨U+202E⟩exe⟨U+000A⟩");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// The same for a text of several lines: its line breaks stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| steers(character) && character != '\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(visible).collect::<Vec<_>>().join("\n"))
}

/// Whether a screen or terminal obeys the character in place of showing it. The joiners U+200C and U+200D are not meant:
/// words and emoji are written with them.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Without width, and the marks, embeddings, overrides and isolates of direction (Unicode, annex 9).
            '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_is_written_out() {
        for mark in ["\u{0}", "\t", "\n", "\r", "\u{1b}[2J", "\u{7f}", "\u{9b}", "\u{61c}", "\u{200b}"] {
            assert!(visible(mark).starts_with("⟨U+"), "{mark:?}");
        }
        for mark in ["\u{200e}", "\u{200f}", "\u{2028}", "\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}", "\u{feff}"] {
            assert!(visible(mark).starts_with("⟨U+"), "{mark:?}");
        }
        assert_eq!(visible("a\u{202e}b"), "a⟨U+202E⟩b");
        assert_eq!(visible_lines("a\u{7}\nb\n"), "a⟨U+0007⟩\nb\n");
    }

    #[test]
    fn writing_that_runs_from_right_to_left_stays() {
        for text in ["", " ", "שלום", "مرحبا", "naïve café", "👤", "می\u{200c}خواهم", "👩\u{200d}🚀", "2 ‰ – “x”"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_steers_nothing_and_is_shown_again_as_it_is(text in any::<String>()) {
            let shown = visible(&text).into_owned();
            prop_assert!(!shown.chars().any(steers));
            prop_assert_eq!(visible(&shown), shown.as_str());
        }
    }
}
