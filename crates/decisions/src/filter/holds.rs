//! Does a filter hold of what is known of a customer? True, false, or not known.

use super::{Ask, Filter, Literal, Op, Subject};
use primitives::{HOUR_MS, Timestamp};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

/// What is known of a customer.
pub trait Facts {
    /// The moment that `now` means.
    fn now(&self) -> Timestamp;

    /// What is known of a subject; nothing where it is not known.
    fn value(&self, subject: &Subject) -> Option<Value<'_>>;

    /// Whether anything is known of a subject; nothing where that has still to be computed.
    fn exists(&self, subject: &Subject) -> Option<bool> {
        Some(self.value(subject).is_some())
    }

    /// Whether a name is one of those that [`Subject::Segment`], [`Subject::List`] or [`Subject::Id`] stand for; nothing where
    /// that is not known.
    fn is(&self, subject: &Subject, name: &str) -> Option<bool>;

    /// Whether the time is over, asked before each question: then nothing more is known.
    fn is_late(&self) -> bool {
        false
    }
}

/// A value that is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A number that is one.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A moment.
    Moment(Timestamp),
    /// Yes or no.
    YesNo(bool),
    /// What a trait holds, or a part of it.
    Json(Json),
    /// All the names that the subject stands for.
    Names(Vec<Cow<'a, str>>),
}

pub(super) fn holds(filter: &Filter, facts: &dyn Facts) -> Option<bool> {
    match filter {
        Filter::All => Some(true),
        Filter::And(parts) => decided(parts, false, facts),
        Filter::Or(parts) => decided(parts, true, facts),
        Filter::Not(part) => holds(part, facts).map(|holds| !holds),
        Filter::Test(subject, ask) => asked(subject, ask, facts),
    }
}

/// One part that is `by` decides; else what is not known leaves it open.
fn decided(parts: &[Filter], by: bool, facts: &dyn Facts) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match holds(part, facts) {
            Some(holds) if holds == by => return Some(by),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!by)
}

fn asked(subject: &Subject, ask: &Ask, facts: &dyn Facts) -> Option<bool> {
    if facts.is_late() {
        return None;
    }
    let is_named = matches!(subject, Subject::Segment | Subject::List | Subject::Id);
    let name = |literal: &Literal| match literal {
        Literal::Text(name) => facts.is(subject, name),
        _ => None,
    };
    match ask {
        Ask::Exists => facts.exists(subject),
        Ask::Is(Op::Ne, literal) if is_named => name(literal).map(|is| !is),
        Ask::Is(_, literal) if is_named => name(literal),
        Ask::In(literals) if is_named => {
            // They may be a thousand, each as much work as a condition.
            let in_time = |(i, literal)| if i > 0 && facts.is_late() { None } else { name(literal) };
            let found: Vec<Option<bool>> = literals.iter().enumerate().map(in_time).collect();
            if found.contains(&Some(true)) { Some(true) } else { (!found.contains(&None)).then_some(false) }
        }
        Ask::Is(op, literal) => compare(&facts.value(subject)?, *op, literal, facts),
        Ask::In(literals) => {
            let value = facts.value(subject)?;
            Some(literals.iter().any(|literal| compare(&value, Op::Eq, literal, facts) == Some(true)))
        }
        Ask::Contains(text) => contains(&facts.value(subject)?, text),
    }
}

fn compare(value: &Value<'_>, op: Op, literal: &Literal, facts: &dyn Facts) -> Option<bool> {
    match (value, literal) {
        (Value::Number(number), Literal::Number(with)) => by_number(*number, op, *with),
        (Value::Text(text), Literal::Text(with)) => Some(op.is(text.as_ref().cmp(with))),
        (Value::YesNo(yes), Literal::YesNo(with)) => Some(op.is(yes.cmp(with))),
        (Value::Moment(at), Literal::Moment(with)) => Some(op.is(at.cmp(with))),
        (Value::Moment(at), Literal::Ago { hours }) => {
            let ago = Duration::from_millis(u64::from(*hours) * HOUR_MS.unsigned_abs());
            Some(op.is(at.cmp(&(facts.now() - ago))))
        }
        (Value::Json(json), literal) => by_json(json, op, literal),
        _ => None,
    }
}

fn by_number(number: f64, op: Op, with: f64) -> Option<bool> {
    number.partial_cmp(&with).map(|found| op.is(found))
}

/// A trait is compared as what it is compared with: a number with what can be read as one, a text with its words. Where it
/// cannot be, it is another thing: not equal, and not in any order.
fn by_json(json: &Json, op: Op, literal: &Literal) -> Option<bool> {
    let found: Option<Ordering> = match literal {
        Literal::Number(with) => number_of(json).and_then(|number| number.partial_cmp(with)),
        Literal::Text(with) => Some(text_of(json).as_ref().cmp(with.as_str())),
        Literal::YesNo(with) => match json {
            Json::Bool(yes) => Some(yes.cmp(with)),
            Json::String(text) if text == "true" || text == "false" => Some((text == "true").cmp(with)),
            _ => None,
        },
        Literal::Moment(_) | Literal::Ago { .. } => None,
    };
    match (found, op) {
        (Some(found), _) => Some(op.is(found)),
        (None, Op::Eq) => Some(false),
        (None, Op::Ne) => Some(true),
        (None, _) => None,
    }
}

fn number_of(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    }
}

/// A trait's words; of what is no text, the JSON.
pub(crate) fn text_of(json: &Json) -> Cow<'_, str> {
    match json {
        Json::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn contains(value: &Value<'_>, wanted: &str) -> Option<bool> {
    let lower = wanted.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&lower);
    match value {
        Value::Text(text) => Some(has(text)),
        Value::Names(names) => Some(names.iter().any(|name| has(name))),
        Value::Json(Json::Array(entries)) => Some(entries.iter().any(|entry| text_of(entry).to_lowercase() == lower)),
        Value::Json(json) => Some(has(&text_of(json))),
        Value::Number(_) | Value::Moment(_) | Value::YesNo(_) => None,
    }
}
