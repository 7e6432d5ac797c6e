//! How is a table of the settings read, and what is said of a mistake in it? One reader for everything that people declare.

use crate::Filter;
use crate::filter::as_json;
use primitives::{ErrorKind, nearest};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;

/// What is wrong with a declaration: it names what was declared, the key, what stands there and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is declared, in the singular: `feature`.
    pub what: &'static str,
    /// Its name, as far as it has one.
    pub name: String,
    /// The key, with those that it stands in: `among.within_days`.
    pub key: String,
    /// What stands there, as JSON.
    pub found: String,
    /// What to write.
    pub remedy: String,
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, key, found, remedy } = self;
        match name.as_str() {
            "" => write!(f, "{what} without a name")?,
            name => write!(f, "{what} \"{name}\"")?,
        }
        write!(f, ": {key} is {found}: {remedy}")
    }
}

impl Mistake {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    /// That a declaration cannot stand beside the others, by its name.
    #[must_use]
    pub fn of_name(what: &'static str, name: &str, remedy: impl Into<String>) -> Self {
        let (key, found) = ("name".to_owned(), Value::from(name).to_string());
        Self { what, name: name.to_owned(), key, found, remedy: remedy.into() }
    }
}

/// A declaration as it was written.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    what: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Table<'a> {
    /// The fields of a declaration of `what`.
    #[must_use]
    pub fn new(what: &'static str, fields: &'a Map<String, Value>) -> Self {
        Self { what, fields }
    }

    /// The name, as far as there is one.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// What stands under a key, or with dots deeper inside.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&'a Value> {
        let mut inside = self.fields;
        let mut steps = path.split('.').peekable();
        loop {
            let found = inside.get(steps.next()?)?;
            if steps.peek().is_none() {
                return Some(found);
            }
            inside = found.as_object()?;
        }
    }

    /// A mistake at a key.
    #[must_use]
    pub fn wrong(&self, path: &str, remedy: &str) -> Mistake {
        let found = self.get(path).filter(|found| !found.is_null());
        Mistake {
            what: self.what,
            name: self.name().to_owned(),
            key: path.to_owned(),
            found: found.map_or("missing".to_owned(), ToString::to_string),
            remedy: remedy.to_owned(),
        }
    }

    /// Refuses keys that there are not: in the table, or in one that stands in it under `of`.
    ///
    /// # Errors
    /// [`Mistake`] with the nearest key that there is.
    pub fn known(&self, of: &str, keys: &[&str]) -> Result<(), Mistake> {
        let fields = if of.is_empty() { Some(self.fields) } else { self.get(of).and_then(Value::as_object) };
        match fields.and_then(|fields| unknown(fields, keys)) {
            Some((key, remedy)) if of.is_empty() => Err(self.wrong(key, &remedy)),
            Some((key, remedy)) => Err(self.wrong(&format!("{of}.{key}"), &remedy)),
            None => Ok(()),
        }
    }

    /// A text that is not blank and not too long.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn text(&self, path: &str, bytes_max: usize) -> Result<&'a str, Mistake> {
        let text = self.get(path).and_then(Value::as_str).map(str::trim);
        let text = text.filter(|text| !text.is_empty() && text.len() <= bytes_max);
        text.ok_or_else(|| self.wrong(path, &format!("write a text of 1 to {bytes_max} letters")))
    }

    /// A text as [`Table::text`] reads it; another one where nothing stands there.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn text_or(&self, path: &str, other: impl Into<String>, bytes_max: usize) -> Result<String, Mistake> {
        if self.get(path).is_none() {
            return Ok(other.into());
        }
        self.text(path, bytes_max).map(str::to_owned)
    }

    /// What it is called on a page: its title, or the words of its name.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn title(&self, bytes_max: usize) -> Result<String, Mistake> {
        self.text_or("title", primitives::capital(&self.name().trim().replace(['_', '-'], " ")), bytes_max)
    }

    /// A whole number of days within bounds.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn days(&self, path: &str, (least, most): (i64, i64)) -> Result<i64, Mistake> {
        let days = self.get(path).and_then(Value::as_i64).filter(|days| (least..=most).contains(days));
        days.ok_or_else(|| self.wrong(path, &format!("write a whole number of days from {least} to {most}")))
    }

    /// Which events are meant by the fields that stand under a key.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn filter(&self, path: &str, fields: &Map<String, Value>) -> Result<Filter, Mistake> {
        Filter::from_table(fields).map_err(|error| self.wrong(path, &error.to_string()))
    }
}

/// The first key that there is not, and what to write in its place.
#[must_use]
pub fn unknown<'a>(fields: &'a Map<String, Value>, keys: &[&str]) -> Option<(&'a str, String)> {
    let unknown = fields.keys().find(|key| !keys.contains(&key.as_str()))?;
    let remedy = match nearest(unknown, keys.iter().copied()) {
        Some(meant) => format!("there is no such key: write {meant}"),
        None => format!("there is no such key: write one of {}", keys.join(", ")),
    };
    Some((unknown, remedy))
}

/// Reads a declaration from settings, where dates of TOML are the texts that events have.
///
/// # Errors
/// What `from_table` says.
pub fn deserialize<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    from_table: impl FnOnce(&Map<String, Value>) -> Result<T, E>,
) -> Result<T, D::Error> {
    from_table(&as_json(Map::deserialize(deserializer)?)).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mistake_says_where_it_is_what_stands_there_and_what_to_write() {
        let written = json!({"name": "a", "among": {"within_days": 7, "evnt": "x"}, "title": "  ", "none": null});
        let table = Table::new("outcome", written.as_object().unwrap());
        let said = |mistake: Mistake| mistake.to_string();
        assert_eq!(said(table.wrong("among.within_days", "less")), "outcome \"a\": among.within_days is 7: less");
        for path in ["among.deep", "among.within_days.deeper", "nothing.there", "none", ""] {
            assert_eq!(said(table.wrong(path, "write")), format!("outcome \"a\": {path} is missing: write"));
        }
        let unknown = table.known("among", &["event", "within_days"]).unwrap_err();
        assert_eq!(said(unknown), "outcome \"a\": among.evnt is \"x\": there is no such key: write event");
        let other = table.known("", &["name", "among"]).unwrap_err();
        assert_eq!(said(other), "outcome \"a\": none is missing: there is no such key: write one of name, among");
        assert_eq!(table.known("", &["name", "among", "title", "none"]), Ok(()));
        assert_eq!((table.known("title", &[]), table.known("gone", &[])), (Ok(()), Ok(())));
        assert!(said(table.text("title", 9).unwrap_err()).ends_with("title is \"  \": write a text of 1 to 9 letters"));
        assert_eq!(table.days("among.within_days", (7, 7)), Ok(7));
        for bounds in [(8, 9), (1, 6)] {
            assert!(
                said(table.days("among.within_days", bounds).unwrap_err()).contains("write a whole number of days")
            );
        }
        let nameless = json!({ "title": "abc" });
        let table = Table::new("feature", nameless.as_object().unwrap());
        assert_eq!((table.text("title", 3), table.name()), (Ok("abc"), ""));
        assert!(table.text("title", 2).is_err());
        assert_eq!((table.title(3).as_deref(), table.text_or("title", "x", 3).as_deref()), (Ok("abc"), Ok("abc")));
        assert!(table.title(2).is_err() && table.text_or("title", "x", 2).is_err());
        let untitled = json!({ "name": "next_best-one" });
        let named = Table::new("feature", untitled.as_object().unwrap());
        assert_eq!(
            (named.title(1).as_deref(), named.text_or("group", "x", 1).as_deref()),
            (Ok("Next best one"), Ok("x"))
        );
        assert_eq!(said(table.wrong("name", "say one")), "feature without a name: name is missing: say one");
        assert_eq!(said(Mistake::of_name("feature", "a\"b", "no")), "feature \"a\"b\": name is \"a\\\"b\": no");
        assert_eq!(table.wrong("name", "").kind(), ErrorKind::Invalid);
    }
}
