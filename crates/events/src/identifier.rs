//! What identifies somebody or something, and what is written where nobody is known?

use crate::Rejection;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// With this a text begins that says that a `userId` follows.
pub const USER_PREFIX: &str = "user:";
/// With this a text begins that says that an `anonymousId` follows.
pub const ANONYMOUS_PREFIX: &str = "anonymous:";

/// In whose name Rapport itself tells what came of decisions that were about nobody: no way in may mention it, since whoever joined it
/// would get all of that, and nothing more could be told once they were erased.
pub const OCCASIONS: &str = "rapport:occasions";

/// The longest identifier, in bytes.
const ID_BYTES_MAX: usize = 512;
/// Beyond this a double no longer holds every whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What programs write where they know no value: an identifier of this kind would join strangers.
pub(crate) const NO_VALUE: [&str; 7] = ["undefined", "null", "nan", "none", "nil", "[object object]", "(not set)"];

/// What programs write where they do not know the customer, beside [`NO_VALUE`].
pub(crate) const NOBODY: [&str; 10] = [
    "0",
    "-1",
    "guest",
    "anonymous",
    "unknown",
    "not_authenticated",
    "n/a",
    "true",
    "false",
    "00000000-0000-0000-0000-000000000000",
];

pub(crate) const CONTROL_CHARACTER: &str = "it holds a control character; remove line breaks, tabs and zero bytes";
const NOT_WHOLE: &str = "a number that identifies must be whole and below 2^53; send the identifier as text";

/// A customer's identifier as every way in reads it: an event's, a decision's.
///
/// # Errors
/// [`Rejection`] at `pointer`, such as `/userId`, where it is no identifier, or one that programs write for nobody.
pub fn customer_id_of(value: Value, pointer: &str) -> Result<Option<String>, Rejection> {
    let Some(text) = id_of(value, pointer)? else { return Ok(None) };
    if is_one_of(&text, &NOBODY) {
        let fault = "programs write that for nobody, and strangers would become one customer; leave the field out";
        return Err(Rejection::bad_value(pointer, &text, fault));
    }
    if is_one_of(&text, &[OCCASIONS]) {
        let fault = "Rapport tells in this name what came of decisions about nobody, and it is no customer's; send another identifier";
        return Err(Rejection::bad_value(pointer, &text, fault));
    }
    Ok(Some(text))
}

/// Whether a text reads as one that says which kind of name follows.
#[must_use]
pub fn says_a_kind(text: &str) -> bool {
    text.starts_with(USER_PREFIX) || text.starts_with(ANONYMOUS_PREFIX)
}

/// An identifier: text, or a whole number that becomes text, without the blanks around it.
pub(crate) fn id_of(value: Value, pointer: &str) -> Result<Option<String>, Rejection> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Number(number) => match whole_number(&number) {
            Some(text) => text,
            None => return Err(Rejection::bad_value(pointer, &number.to_string(), NOT_WHOLE)),
        },
        other => return Err(Rejection::wrong_type(pointer, &other, "send the identifier as text")),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if let Some(fault) = fault_of_id(trimmed) {
        return Err(Rejection::bad_value(pointer, trimmed, &fault));
    }
    Ok(Some(if trimmed.len() == text.len() { text } else { trimmed.to_owned() }))
}

/// What is wrong with an identifier, a customer's or a product's, and what to send.
pub(crate) fn fault_of_id(id: &str) -> Option<Cow<'static, str>> {
    if id.len() > ID_BYTES_MAX {
        return Some(format!("an identifier has at most {ID_BYTES_MAX} bytes and this one has {}", id.len()).into());
    }
    if id.chars().any(char::is_control) {
        return Some(CONTROL_CHARACTER.into());
    }
    let no_value = "programs write that where there is no value; send the identifier, or leave the field out";
    is_one_of(id, &NO_VALUE).then(|| no_value.into())
}

fn is_one_of(id: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(id))
}

/// The digits of a whole number, or `None` where it has a fraction or is too large to be exact.
pub(crate) fn whole_number(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let value = number.as_f64()?;
    let is_whole = value.fract().abs() < f64::MIN_POSITIVE && value.abs() < WHOLE_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as the line above found")]
    is_whole.then(|| (value as i64).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_rewards_are_told_in_is_nobodys() {
        for text in [OCCASIONS, " Rapport:Occasions "] {
            let refused = customer_id_of(text.into(), "/anonymousId").unwrap_err();
            assert_eq!(refused.field, "/anonymousId");
            assert!(refused.message.contains("it is no customer's"), "{}", refused.message);
        }
        assert_eq!(customer_id_of("occasions".into(), "/userId"), Ok(Some("occasions".to_owned())));
    }
}
