//! Which traits of an item are kept, how much of them, and what do yes, no and numbers mean that came as texts?

use primitives::Timestamp;
use serde_json::Value;

/// The traits that have a place of their own.
const OF_THEIR_OWN: [&str; 5] = ["name", "category", "price", "currency", "available"];

/// How many other traits of an item are kept: the first by their names, in whichever order they are told.
pub(super) const N_OTHERS_MAX: usize = 32;

/// How long the name and the JSON of a trait are at most, in bytes.
const NAME_BYTES_MAX: usize = 64;
const BYTES_MAX: usize = 4_096;

/// What is kept of a trait, as JSON: of a text that is too long its beginning, of anything else that is too long nothing. Half
/// a picture is none.
pub(super) fn kept(name: &str, value: &Value) -> Option<String> {
    if OF_THEIR_OWN.contains(&name) || value.is_null() || name.len() > NAME_BYTES_MAX {
        return None;
    }
    let json = value.to_string();
    if json.len() <= BYTES_MAX {
        return Some(json);
    }
    let text = value.as_str().filter(|text| !text.starts_with("data:"))?;
    Some(Value::from(beginning(text)).to_string())
}

/// As much of a text as its JSON may hold, with the quotes around it.
fn beginning(text: &str) -> &str {
    let mut left = BYTES_MAX - 2;
    let first_too_many = text.char_indices().find(|(_, letter)| {
        let n_bytes = match letter {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            control if *control < ' ' => 6,
            plain => plain.len_utf8(),
        };
        let is_too_many = n_bytes > left;
        left = left.saturating_sub(n_bytes);
        is_too_many
    });
    &text[..first_too_many.map_or(text.len(), |(at, _)| at)]
}

/// The number that a trait's JSON is, also where it came as a text: files of tables and many shops' programs know nothing else.
pub(super) fn number(json: &str) -> Option<f64> {
    plain(json).parse().ok().filter(|number: &f64| number.is_finite())
}

/// The yes or no that a trait's JSON means: a number means yes where it is more than zero. `None` where it means neither.
pub(super) fn truth(json: &str) -> Option<bool> {
    let text = plain(json);
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match text {
        _ if is_one_of(&["true", "yes", "y", "on"]) => Some(true),
        _ if is_one_of(&["false", "no", "n", "off"]) => Some(false),
        // A comma is one of tenths or of thousands: it does not matter here.
        _ => number(&text.replace(',', ".")).map(|number| number > 0.0),
    }
}

/// The moment that a value says: a day is its beginning, and a blank may stand between the day and the hour; a number counts
/// seconds or milliseconds since 1970.
pub(super) fn moment(said: &Value) -> Option<Timestamp> {
    const DAY_BYTES: usize = 10;
    let epoch = || events::moment(said).filter(|at| *at > Timestamp::MIN);
    let Some(text) = said.as_str().map(str::trim).filter(|text| text.contains('-')) else { return epoch() };
    let whole = if text.len() == DAY_BYTES { format!("{text}T00:00:00Z") } else { text.replacen(' ', "T", 1) };
    Timestamp::parse(&whole).ok()
}

/// Without quotes and blanks around it.
fn plain(json: &str) -> &str {
    json.trim_matches('"').trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yes_no_and_numbers_mean_the_same_as_texts() {
        for said in ["true", "\"TRUE\"", "\"yes\"", "\" Y \"", "\"on\"", "1", "\"1\"", "0.5", "\"12,5\"", "\"1.0\""] {
            assert_eq!(truth(said), Some(true), "{said}");
        }
        for said in ["false", "\"False\"", "\"NO\"", "\"n\"", "\"off\"", "0", "\"0\"", "\"0,00\"", "\"-3\"", "-0.0"] {
            assert_eq!(truth(said), Some(false), "{said}");
        }
        for said in ["\"\"", "\"maybe\"", "[]", "[0]", "{}", "\"NaN\"", "\"inf\"", "\"1.000,5\""] {
            assert_eq!(truth(said), None, "{said}");
        }
        assert_eq!((number("\"7.25\""), number("7"), number("\"1,250\"")), (Some(7.25), Some(7.0), None));
    }

    proptest! {
        /// As much is kept of a long text as fits, and it is its beginning.
        #[test]
        fn the_beginning_of_a_long_text_is_kept(letters in "[a\"\\\\\n\u{1}é茶🍵]{1,9}", n in 1_usize..3_000) {
            let text = letters.repeat(n);
            let json = kept("description", &Value::from(text.as_str())).unwrap();
            let told: String = serde_json::from_str(&json).unwrap();
            prop_assert!(json.len() <= BYTES_MAX && text.starts_with(&told));
            prop_assert!(told == text || json.len() > BYTES_MAX - 6, "{}", json.len());
        }
    }

    #[test]
    fn what_is_no_text_is_kept_whole_or_not_at_all() {
        let picture = format!("data:image/png;base64,{}", "A".repeat(BYTES_MAX));
        assert_eq!(kept("imageUrl", &Value::from(picture)), None);
        assert_eq!(kept("sizes", &Value::from(vec![12_345; 1_000])), None);
        assert_eq!(kept("sizes", &Value::from(vec![1, 2])).as_deref(), Some("[1,2]"));
        assert_eq!((kept("price", &Value::from(1)), kept("gone", &Value::Null)), (None, None));
        assert_eq!(kept(&"x".repeat(NAME_BYTES_MAX + 1), &Value::from(1)), None);
    }
}
