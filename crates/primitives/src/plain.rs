//! How does a library's message read to somebody who does not know Rust?

/// What the readers of JSON and of addresses call a thing, and what everybody calls it.
const WORDS: [(&str, &str); 10] = [
    ("expected ident", "expected true, false or null"),
    ("expected usize", "expected a whole number of 0 or more"),
    ("expected u64", "expected a whole number of 0 or more"),
    ("expected u32", "expected a whole number of 0 or more"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected an array"),
    ("expected a map", "expected an object"),
    ("invalid type: sequence", "invalid type: array"),
    ("invalid type: map", "invalid type: object"),
    ("to a `u64`", "as a whole number of 0 or more"),
];

/// A message of a library in words for people: without the names that Rust gives to types.
///
/// ```
/// let said = "invalid type: string \"many\", expected usize at line 1 column 9";
/// let plain = "invalid type: string \"many\", expected a whole number of 0 or more at line 1 column 9";
/// assert_eq!(primitives::plain_words(&said), plain);
/// ```
#[must_use]
pub fn plain_words(message: &impl ToString) -> String {
    let message = message.to_string();
    let plain = WORDS.iter().fold(message, |text, (theirs, ours)| text.replace(theirs, ours));
    // A struct has a name of ours, which nobody outside knows.
    match plain.split_once("expected struct ") {
        Some((before, after)) => {
            let rest = after.split_once(' ').map_or("", |(_, rest)| rest);
            format!("{before}expected an object {rest}").trim_end().to_owned()
        }
        None => plain,
    }
}

/// A text with a capital first letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number without what stands after the point, as pages write it: `4,402`, `-1,200`.
#[must_use]
pub fn whole(number: f64) -> String {
    let text = format!("{number:.0}");
    let digits = text.trim_start_matches('-');
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let sign = if digits.len() < text.len() && digits != "0" { "-" } else { "" };
    let groups: Vec<&str> = (0..digits.len())
        .filter(|at| *at == 0 || (digits.len() - at).is_multiple_of(3))
        .map(|at| &digits[at..digits.len().min(at + (digits.len() - at - 1) % 3 + 1)])
        .collect();
    format!("{sign}{}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (number, told) in [
            (0.0, "0"),
            (-0.2, "0"),
            (999.4, "999"),
            (999.6, "1,000"),
            (-4_402.0, "-4,402"),
            (12_345_678.0, "12,345,678"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(whole(number), told, "{number}");
        }
    }

    #[test]
    fn names_of_types_become_words() {
        for (theirs, ours) in [
            ("expected ident at line 1 column 2", "expected true, false or null at line 1 column 2"),
            ("invalid type: map, expected a sequence", "invalid type: object, expected an array"),
            ("Cannot parse `abc` to a `u64`", "Cannot parse `abc` as a whole number of 0 or more"),
            ("expected struct ChampionBody at line 1", "expected an object at line 1"),
            ("expected struct ChampionBody", "expected an object"),
            ("trailing characters at line 1 column 3", "trailing characters at line 1 column 3"),
        ] {
            assert_eq!(plain_words(&theirs), ours);
        }
    }
}
