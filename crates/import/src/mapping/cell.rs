//! What does a cell say, and what does it have to be?

use super::Row;
use serde_json::Value;

/// The words for true and false, in any case, as spreadsheets in English and German write them.
pub(super) const TRUE: [&str; 8] = ["true", "yes", "y", "t", "1", "ja", "j", "wahr"];
pub(super) const FALSE: [&str; 7] = ["false", "no", "n", "f", "0", "nein", "falsch"];
/// Above this, JSON readers that use doubles lose digits.
const INTEGER_MAX: f64 = 9.0e15;

/// What a cell is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Text,
    Number,
    Integer,
    Boolean,
}

/// What a cell has to be in every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(super) slot: usize,
    pub(super) kind: CellKind,
    pub(super) blank: Vec<String>,
}

impl Check {
    /// Answers what the cell should have been.
    pub(super) fn check(&self, row: &Row, decimal_comma: bool) -> Result<(), &'static str> {
        let cell = row.cell(self.slot);
        if cell.is_empty()
            || self.blank.iter().any(|blank| blank == cell)
            || read(cell, self.kind, decimal_comma).is_some()
        {
            return Ok(());
        }
        Err(match self.kind {
            CellKind::Integer => "a whole number",
            CellKind::Boolean => "true or false (yes or no, ja or nein, 1 or 0)",
            CellKind::Text | CellKind::Number if cell.contains(',') && !decimal_comma => {
                "a number (where a comma is its decimal point, say decimal_comma = true)"
            }
            CellKind::Text | CellKind::Number => "a number",
        })
    }
}

/// What a cell says, read as that; `None` where it is not.
pub(super) fn read(cell: &str, kind: CellKind, decimal_comma: bool) -> Option<Value> {
    match kind {
        CellKind::Text => Some(Value::from(cell)),
        CellKind::Number => number(cell, decimal_comma).map(json_number),
        CellKind::Integer => cell.parse::<i64>().ok().map(Value::from),
        CellKind::Boolean => {
            let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(cell));
            let truth = is_one_of(&TRUE).then_some(true).or_else(|| is_one_of(&FALSE).then_some(false));
            truth.map(Value::Bool)
        }
    }
}

/// The number that a cell shows; `None` where it shows none.
pub(super) fn number(cell: &str, decimal_comma: bool) -> Option<f64> {
    let parsed: Option<f64> = match decimal_comma {
        true => with_point(cell).and_then(|cell| cell.parse().ok()),
        false => cell.parse().ok(),
    };
    // Adding zero makes minus zero zero.
    parsed.filter(|number| number.is_finite()).map(|number| number + 0.0)
}

/// `1.234,56` as `1234.56`; `None` where a point parts anything but thousands.
fn with_point(cell: &str) -> Option<String> {
    let (whole, fraction) = cell.split_once(',').unwrap_or((cell, "0"));
    let mut groups = whole.split('.');
    let first = groups.next()?.trim_start_matches('-');
    let is_alone = !whole.contains('.');
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = is_digits(first) && (is_alone || first.len() <= 3);
    let are_thousands = groups.all(|group| group.len() == 3 && is_digits(group));
    (is_whole && are_thousands && is_digits(fraction)).then(|| format!("{}.{fraction}", whole.replace('.', "")))
}

/// A JSON number without a point where the number is whole.
pub(super) fn json_number(number: f64) -> Value {
    if number.fract().abs() < f64::MIN_POSITIVE && number.abs() < INTEGER_MAX {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        return Value::from(number as i64);
    }
    Value::from(number)
}
