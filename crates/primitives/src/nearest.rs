//! Which of the names that there are was meant by one that there is not?

use crate::visible;
use std::borrow::Cow;

/// The name nearest to what was written, where one is near enough to have been meant: a letter in three may be wrong,
/// capitals do not count. Of equally near ones, the first. What steers a screen or is longer than names are is none: names may
/// come from strangers.
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// What is written is compared by its beginning: the work grows with the square of the length.
    const N_CHARS_MAX: usize = 64;
    let letters = |name: &str| name.chars().take(N_CHARS_MAX).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let written = letters(written);
    let is_name = |name: &&str| name.chars().nth(N_CHARS_MAX).is_none() && matches!(visible(name), Cow::Borrowed(_));
    let near = names.into_iter().filter(is_name).filter_map(|name| {
        let letters = letters(name);
        let n_wrong = n_wrong_letters(&written, &letters);
        (n_wrong * 3 <= written.len().max(letters.len())).then_some((n_wrong, name))
    });
    near.min_by_key(|(n_wrong, _)| *n_wrong).map(|(_, name)| name)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour (optimal string alignment).
#[must_use]
pub fn n_wrong_letters(a: &[char], b: &[char]) -> usize {
    // The row before the last one, the last one and the one that is being written take turns.
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut here: Vec<usize> = vec![0; b.len() + 1];
    for (row, letter) in a.iter().enumerate() {
        here[0] = row + 1;
        for (column, other) in b.iter().enumerate() {
            let changed = above[column] + usize::from(letter != other);
            let mut fewest = changed.min(above[column + 1] + 1).min(here[column] + 1);
            let are_swapped = row > 0 && column > 0 && *letter == b[column - 1] && a[row - 1] == *other;
            if are_swapped {
                fewest = fewest.min(before[column - 1] + 1);
            }
            here[column + 1] = fewest;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut here);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_what_is_far_off_is_not() {
        let names = ["Plan Changed", "Order Completed", "count", "sum"];
        for (written, meant) in [
            ("Plan Chnaged", Some("Plan Changed")),
            ("plan changed", Some("Plan Changed")),
            ("Ordr Complete", Some("Order Completed")),
            ("cuont", Some("count")),
            ("sums", Some("sum")),
            ("Signed Up", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names), meant, "{written}");
        }
        assert_eq!(nearest("a", []), None);
        let (long, longest) = (format!("Plan Changed{}", "!".repeat(53)), "x".repeat(64));
        assert_eq!(nearest("Plan Change", [long.as_str(), "Plan\nChanged", "Plan \u{202e}Changed"]), None, "no names");
        assert_eq!(nearest(&"x".repeat(70), [longest.as_str()]), Some(longest.as_str()));
        assert_eq!(nearest("abd", ["abc", "abe"]), Some("abc"), "of equally near ones the first");
    }

    #[test]
    fn wrong_letters_are_counted() {
        let count = |a: &str, b: &str| n_wrong_letters(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for (a, b, n) in [("", "abc", 3), ("abc", "", 3), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "ab", 0)]
        {
            assert_eq!((count(a, b), count(b, a)), (n, n), "{a} {b}");
        }
    }
}
