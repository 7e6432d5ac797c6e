//! Which reasons stand behind most rejected rows?

use serde::Serialize;
use std::collections::HashMap;

/// So many kinds of reasons are told apart; whatever comes after counts as one more.
const N_KINDS_MAX: usize = 1_000;

/// A reason, and how many rows were rejected for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason as the first of these rows gave it.
    pub reason: String,
    /// Rows that were rejected for this reason, whatever their values.
    pub rows: u64,
    /// The line of the first of them.
    pub first_line: u64,
    /// The file it stands in, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_in: Option<String>,
}

/// Counts rejected rows by the kind of their reason.
#[derive(Debug, Default)]
pub(crate) struct Reasons(HashMap<String, ReasonCount>);

impl Reasons {
    /// Notes a rejected row; `file` is the file it stands in, where there are several.
    pub(crate) fn note(&mut self, file: Option<&str>, line: u64, reason: &str) {
        let mut kind = kind_of(reason);
        if self.0.len() >= N_KINDS_MAX && !self.0.contains_key(&kind) {
            kind.clear();
        }
        let first_in = file.map(str::to_owned);
        let first = ReasonCount { reason: reason.to_owned(), rows: 0, first_line: line, first_in };
        let counted = self.0.entry(kind).or_insert(first);
        counted.rows += 1;
        if line < counted.first_line && file == counted.first_in.as_deref() {
            (counted.first_line, counted.reason) = (line, reason.to_owned());
        }
    }

    /// The most frequent ones, the earlier line first where two are equally frequent.
    pub(crate) fn top(&self, n: usize) -> Vec<ReasonCount> {
        let mut counted: Vec<&ReasonCount> = self.0.values().collect();
        counted.sort_by_key(|one| (std::cmp::Reverse(one.rows), one.first_line));
        counted.into_iter().take(n).cloned().collect()
    }
}

/// The reason without the values of one row: two rows have the same kind of reason where only a number or a quoted text
/// differs. The name of a column is no value.
fn kind_of(reason: &str) -> String {
    let mut kind = String::with_capacity(reason.len());
    let mut rest = reason;
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at(start);
        without_numbers(before, &mut kind);
        let end = closing_quote(quoted);
        let (value, after) = quoted.split_at(end);
        kind.push_str(if before.ends_with("column ") { value } else { "…" });
        rest = after;
    }
    without_numbers(rest, &mut kind);
    kind
}

/// Where the quoted text ends that `text` begins with; a backslash hides the quote after it.
fn closing_quote(text: &str) -> usize {
    let mut is_hidden = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_hidden => return at + 1,
            b'\\' => is_hidden = !is_hidden,
            _ => is_hidden = false,
        }
    }
    text.len()
}

fn without_numbers(text: &str, kind: &mut String) {
    kind.extend(text.chars().filter(|c| !c.is_ascii_digit()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_other_values_have_the_same_kind_of_reason() {
        let mut reasons = Reasons::default();
        reasons.note(None, 9, "column \"total\" is \"four\", which is not a number");
        reasons.note(None, 5, "column \"total\" is \"say \\\"5\\\"\", which is not a number");
        reasons.note(None, 6, "column \"price\" is \"four\", which is not a number");
        reasons.note(None, 7, "the row has 3 cells where the table has 4 columns");
        reasons.note(None, 8, "the row has 5 cells where the table has 4 columns");
        reasons.note(None, 3, "the row has 12 cells where the table has 4 columns");
        let top: Vec<(u64, u64)> = reasons.top(2).iter().map(|one| (one.rows, one.first_line)).collect();
        assert_eq!(top, [(3, 3), (2, 5)]);
        assert_eq!(reasons.top(9).len(), 3);
        assert_eq!(reasons.top(1)[0].reason, "the row has 12 cells where the table has 4 columns");
    }

    #[test]
    fn the_number_of_kinds_is_bounded() {
        let mut reasons = Reasons::default();
        (0..5_000).for_each(|n| reasons.note(None, n, &format!("column \"{n}\" is bad")));
        assert_eq!(reasons.0.len(), N_KINDS_MAX + 1);
        assert_eq!(reasons.top(1)[0].rows, 4_000);
    }
}
