//! Does a message speak of a moment that is near, or of one that is far?

use super::tokens::Token;

/// Units of time in which somebody waits, and in which nobody does.
const SHORT: [&str; 13] =
    ["second", "seconds", "sec", "minute", "minutes", "min", "mins", "moment", "hour", "hours", "hrs", "h", "hr"];
const LONG: [&str; 8] = ["day", "days", "week", "weeks", "month", "months", "year", "years"];
/// Words that count units, beside digits.
const COUNTING: [&str; 19] = [
    "a", "an", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "fifteen", "twenty",
    "thirty", "forty", "half", "few", "next",
];
/// What stands after the number of an hour.
const OF_CLOCK: [&str; 6] = ["am", "pm", "a.m", "p.m", "o'clock", "sharp"];
/// What stands before the moment until which something must be.
const UNTIL: [&str; 6] = ["by", "before", "until", "till", "within", "in"];
/// Moments that are near.
const NEAR: [&str; 10] =
    ["today", "tonight", "now", "noon", "midnight", "tomorrow", "immediately", "morning", "afternoon", "evening"];

/// Marks of the times that tokens speak of, each once.
pub(super) fn times(tokens: &[Token]) -> Vec<&'static str> {
    let mut marks = Vec::new();
    let mut push = |is_so: bool, mark: &'static str| {
        if is_so && !marks.contains(&mark) {
            marks.push(mark);
        }
    };
    let at = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let before = |place: usize, n: usize| place.checked_sub(n).map_or("", at);
    for (place, token) in tokens.iter().enumerate() {
        let word = token.text.as_str();
        let counts = |word: &str| is_number(word) || COUNTING.contains(&word);
        let is_counted = counts(before(place, 1)) || (before(place, 1) == "the" && SHORT.contains(&word));
        // "10min" and "5pm" are written as one.
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let (is_one, unit) = (unit.len() < word.len(), unit);
        push(SHORT.contains(&unit) && (is_one || is_counted), "T:short");
        push(LONG.contains(&word) && is_counted, "T:long");
        let is_clock = (is_one && OF_CLOCK.contains(&unit))
            || (OF_CLOCK.contains(&word) && is_number(before(place, 1)))
            || (is_number(word) && before(place, 1) == ":" && is_number(before(place, 2)))
            || (is_number(word) && before(place, 1) == "at");
        push(is_clock, "T:clock");
        push(NEAR.contains(&word), "T:near");
        let is_until = (1..=3).any(|n| UNTIL.contains(&before(place, n)));
        push(is_until && (is_clock || NEAR.contains(&word) || SHORT.contains(&unit)), "T:until");
    }
    marks
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn near_and_far_are_told_apart() {
        for (plain, marks) in [
            ("in ten minutes", vec!["T:short", "T:until"]),
            ("in 10min", vec!["T:short", "T:until"]),
            ("two weeks ago", vec!["T:long"]),
            ("by 5 pm", vec!["T:clock", "T:until"]),
            ("at 18:30 tonight", vec!["T:clock", "T:near"]),
            ("every minute counts", vec![]),
            ("order 4711", vec![]),
        ] {
            assert_eq!(times(&tokens(plain, true)), marks, "{plain}");
        }
    }
}
