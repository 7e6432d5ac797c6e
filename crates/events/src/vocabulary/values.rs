//! What does a single property hold? Read in place, so that checking costs no copies.

use crate::identifier::{fault_of_id, whole_number};
use crate::{Object, Rejection};
use primitives::{Currency, Money};
use serde_json::Value;
use std::borrow::Cow;

/// Where fields are read: a JSON pointer that is written only when something is wrong there.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Properties,
    /// A product of the list under a key.
    Product(&'static str, usize),
    /// What a refund's line says of the order's line.
    LineItem(&'static str, usize),
    /// The first payment of a refund.
    Transaction(usize),
    Traits,
}

impl At {
    pub(super) fn pointer(self, key: &str) -> String {
        match self {
            Self::Properties => format!("/properties/{key}"),
            Self::Product(list, index) => format!("/properties/{list}/{index}/{key}"),
            Self::LineItem(list, index) => format!("/properties/{list}/{index}/line_item/{key}"),
            Self::Transaction(index) => format!("/properties/transactions/{index}/{key}"),
            Self::Traits => format!("/traits/{key}"),
        }
    }
}

pub(super) fn currency(fields: &Object, at: At) -> Result<Option<Currency>, Rejection> {
    const ADVICE: &str = "send the three letters of ISO 4217, such as \"EUR\"";
    match fields.get("currency") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(code)) if code.trim().is_empty() => Ok(None),
        Some(Value::String(code)) => match Currency::parse(code) {
            Ok(currency) => Ok(Some(currency)),
            Err(_) => Err(Rejection::bad_value(at.pointer("currency"), code, ADVICE)),
        },
        Some(other) => Err(Rejection::wrong_type(at.pointer("currency"), other, ADVICE)),
    }
}

pub(super) const TOO_MUCH_MONEY: &str =
    "an amount of money lies below 90 trillion minor units; send major units such as 19.99";

pub(super) fn money(fields: &Object, key: &str, at: At, currency: Currency) -> Result<Option<Money>, Rejection> {
    let Some(amount) = number(fields, key, at)? else { return Ok(None) };
    let money = Money::from_major(amount, currency).map(Some);
    money.map_err(|_| Rejection::bad_value(at.pointer(key), &amount.to_string(), TOO_MUCH_MONEY))
}

pub(super) fn number(fields: &Object, key: &str, at: At) -> Result<Option<f64>, Rejection> {
    const ADVICE: &str = "send a number such as 19.99";
    let Some(value) = fields.get(key) else { return Ok(None) };
    let number = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(Rejection::wrong_type(at.pointer(key), value, ADVICE)),
    }
}

/// An identifier: text or a whole number, without the blanks around it. Blank counts as absent.
pub(super) fn id<'a>(fields: &'a Object, key: &str, at: At) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(id) = text(fields, key, at)?.map(trimmed) else { return Ok(None) };
    match fault_of_id(&id) {
        Some(fault) => Err(Rejection::bad_value(at.pointer(key), &id, &fault)),
        None => Ok(Some(id)),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        owned => owned,
    }
}

/// The first of several keys that holds a text.
pub(super) fn first_text<'a>(fields: &'a Object, keys: &[&str], at: At) -> Result<Option<Cow<'a, str>>, Rejection> {
    for key in keys {
        let found = text(fields, key, at)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A text, or a number written as text. Blank counts as absent.
pub(super) fn text<'a>(fields: &'a Object, key: &str, at: At) -> Result<Option<Cow<'a, str>>, Rejection> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text.as_str())).filter(|text| !text.trim().is_empty())),
        Some(Value::Number(number)) => Ok(Some(Cow::Owned(whole_number(number).unwrap_or_else(|| number.to_string())))),
        Some(other) => Err(Rejection::wrong_type(at.pointer(key), other, "send text")),
    }
}
