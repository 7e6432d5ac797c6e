//! Which events are meant, and which value of them? Plain data, as people write it in the settings.

mod pointer;

pub use pointer::Pointer;

use crate::Event;
use primitives::ErrorKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many particulars a filter may compare.
const N_EQUAL_MAX: usize = 16;

/// Which events are meant: those of a name, with these particulars. Written as a table, such as
/// `{ event = "Plan Changed", "properties.kind" = "downgrade" }`; equality is all there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// What people call the event ([`Event::title`]), to the letter.
    pub event: Arc<str>,
    /// What the event must say, in the order of the pointers.
    pub equal: Vec<(Pointer, Value)>,
}

/// Which value of an event is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Take {
    /// Where it stands.
    pub pointer: Pointer,
}

/// A filter or a pointer cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It does not say which event.
    #[error("no event is named: write which one, such as event = \"Order Completed\"")]
    NoEvent,
    /// The event's name is not a text, or blank.
    #[error("event is {found}: write the event's name as text, such as event = \"Order Completed\"")]
    Event {
        /// What stands there, as JSON.
        found: String,
    },
    /// A path that does not begin where an event has values.
    #[error("\"{path}\" is not a place in an event{}: write it as {}", meant(nearest.as_deref()), pointer::FORMS)]
    Pointer {
        /// What was written.
        path: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A value that nothing can be equal to.
    #[error("\"{path}\" is compared with {found}: compare it with one text, number, true or false")]
    Value {
        /// The path.
        path: String,
        /// What stands there, as JSON.
        found: String,
    },
    /// More comparisons than a filter may have.
    #[error("{found} particulars are compared: at most {N_EQUAL_MAX} can be")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

impl FilterError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean \"{nearest}\"?)"))
}

impl Filter {
    /// Every event of a name.
    #[must_use]
    pub fn named(event: &str) -> Self {
        Self { event: event.into(), equal: Vec::new() }
    }

    /// Reads what was written as a table.
    ///
    /// # Errors
    /// [`FilterError`], which says what is wrong and how it is written.
    pub fn from_table(table: &Map<String, Value>) -> Result<Self, FilterError> {
        let event: Arc<str> = match table.get("event") {
            None => return Err(FilterError::NoEvent),
            Some(Value::String(name)) if !name.trim().is_empty() => name.as_str().into(),
            Some(found) => return Err(FilterError::Event { found: found.to_string() }),
        };
        let written: Vec<_> = table.iter().filter(|(path, _)| *path != "event").collect();
        if written.len() > N_EQUAL_MAX {
            return Err(FilterError::TooMany { found: written.len() });
        }
        let mut equal = Vec::with_capacity(written.len());
        for (path, value) in written {
            let pointer: Pointer = path.parse()?;
            match value {
                Value::String(_) | Value::Number(_) | Value::Bool(_) => equal.push((pointer, value.clone())),
                _ => return Err(FilterError::Value { path: path.clone(), found: value.to_string() }),
            }
        }
        equal.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { event, equal })
    }

    /// As [`Filter::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let event = ("event".to_owned(), Value::from(&*self.event));
        let equal = self.equal.iter().map(|(pointer, value)| (pointer.to_string(), value.clone()));
        std::iter::once(event).chain(equal).collect()
    }

    /// Whether an event is meant.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        event.title() == &*self.event
            && self.equal.iter().all(|(pointer, value)| pointer.any(event, &mut |found| is_equal(found, value)))
    }
}

/// In words: `"Plan Changed" with properties.kind = "upgrade"`.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.event)?;
        let mut before = " with ";
        for (pointer, value) in &self.equal {
            write!(f, "{before}{pointer} = {value}")?;
            before = " and ";
        }
        Ok(())
    }
}

/// Numbers are equal where they have the same value, however they are written.
fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_table(&as_json(Map::deserialize(deserializer)?)).map_err(serde::de::Error::custom)
    }
}

/// A table as JSON has it: a date of TOML, which comes as an object with one key of its own, is its text, as it is in events.
#[must_use]
pub fn as_json(table: Map<String, Value>) -> Map<String, Value> {
    fn as_value(value: Value) -> Value {
        match value {
            Value::Object(table) => match table.iter().next() {
                Some((key, Value::String(date))) if table.len() == 1 && key.starts_with("$__toml") => {
                    Value::String(date.clone())
                }
                _ => Value::Object(as_json(table)),
            },
            Value::Array(list) => list.into_iter().map(as_value).collect(),
            other => other,
        }
    }
    table.into_iter().map(|(key, found)| (key, as_value(found))).collect()
}

impl Take {
    /// The value as a number: one that is written as a number, or as the text of one.
    #[must_use]
    pub fn number(&self, event: &Event) -> Option<f64> {
        let number = match self.pointer.of(event)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    /// The value as text: a text as it is, a number, true or false as JSON writes them.
    #[must_use]
    pub fn text<'a>(&self, event: &'a Event) -> Option<Cow<'a, str>> {
        match self.pointer.of(event)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(Cow::Owned(value.to_string())),
            _ => None,
        }
    }
}

impl From<Pointer> for Take {
    fn from(pointer: Pointer) -> Self {
        Self { pointer }
    }
}

#[cfg(test)]
mod tests;
