//! What does an item say of a trait, and is that one of some values? Each trait is read once, however many values are asked for.

use crate::bounds::{WORD_BYTES_MAX, shown};
use features::Item;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// The traits that mean whether an item can be had.
const OF_STOCK: [&str; 2] = ["available", "stock"];

/// Some values, of which one is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OneOf {
    texts: BTreeSet<String>,
    /// Numbers by their bits, which are the same however a number is written.
    numbers: HashSet<u64>,
    /// Yes and no.
    truths: BTreeSet<bool>,
}

/// What an item says of a trait.
#[derive(Debug, PartialEq)]
pub(crate) enum Said<'a> {
    /// Nothing.
    Nothing,
    /// One value.
    One(Entry<'a>),
    /// Several.
    Several(Vec<Entry<'a>>),
}

/// A value that an item has.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Truth(bool),
    /// What nobody can ask for.
    Other,
}

impl OneOf {
    /// Reads the values that are asked for of a trait.
    pub(crate) fn read<'v>(name: &str, values: impl IntoIterator<Item = &'v Value>) -> Result<Self, String> {
        let mut all = Self::default();
        for value in values {
            match Entry::of(value.clone()) {
                Entry::Text(text) if text.len() <= WORD_BYTES_MAX => drop(all.texts.insert(text.into_owned())),
                Entry::Number(number) => drop(all.numbers.insert(bits(number))),
                Entry::Truth(truth) => drop(all.truths.insert(truth)),
                Entry::Text(_) | Entry::Other => {
                    let what = format!("give a text of at most {WORD_BYTES_MAX} bytes, a number, true or false");
                    return Err(format!("asks of \"{}\" for {}: {what}", primitives::visible(name), shown(value)));
                }
            }
        }
        Ok(all)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.numbers.is_empty() && self.truths.is_empty()
    }

    pub(crate) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// The values, where all of them are texts.
    pub(crate) fn as_texts(&self) -> Option<impl Iterator<Item = &str>> {
        let are_texts = self.numbers.is_empty() && self.truths.is_empty();
        are_texts.then(|| self.texts.iter().map(String::as_str))
    }

    /// Whether an item says one of these.
    pub(crate) fn has(&self, said: &Said<'_>) -> bool {
        match said {
            Said::Nothing => false,
            Said::One(entry) => self.holds(entry),
            Said::Several(entries) => entries.iter().any(|entry| self.holds(entry)),
        }
    }

    fn holds(&self, entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Text(text) => self.texts.contains(text.as_ref()),
            Entry::Number(number) => self.numbers.contains(&bits(*number)),
            Entry::Truth(truth) => self.truths.contains(truth),
            Entry::Other => false,
        }
    }
}

impl<'a> Said<'a> {
    /// What an item says of a trait. Stock is told as a number, as yes or no, or only by whether the item can be had: of it the
    /// number is answered where one is asked for.
    pub(crate) fn of(name: &str, item: &'a Item, asks_for_number: bool) -> Self {
        let text = |text: &'a str| Self::One(Entry::Text(Cow::Borrowed(text)));
        let said = |name: &str| item.told(name).map(Self::read);
        let known = match name {
            name if Self::depends_on_number(name) => match said(name).filter(|_| asks_for_number) {
                None => Some(Self::One(Entry::Truth(item.is_available()))),
                // Also where the number came as a text.
                Some(said) => Some(item.number(name).map_or(said, |number| Self::One(Entry::Number(number)))),
            },
            "price" => item.price.as_ref().map(|price| Self::One(Entry::Number(price.value.to_major()))),
            "currency" => item.price.as_ref().map(|price| text(price.value.currency.code())),
            "id" => Some(text(item.id.as_str())),
            "name" => item.name.as_ref().map(|said| text(&said.value)),
            // An item that is in several categories lists them.
            "category" => match item.told("categories").filter(|said| said.starts_with('[')) {
                Some(several) => Some(Self::read(several)),
                None => item.category.as_ref().map(|one| text(&one.value)),
            },
            name => said(name),
        };
        known.unwrap_or(Self::Nothing)
    }

    /// Whether of a trait something else is answered where a number is asked for.
    pub(crate) fn depends_on_number(name: &str) -> bool {
        OF_STOCK.contains(&name)
    }

    /// Reads a trait as the catalogue keeps it, in JSON.
    fn read(json: &'a str) -> Self {
        #[cfg(test)]
        N_READ.with(|n| n.set(n.get() + 1));
        // Most texts need not be opened to be compared.
        let plain = json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|text| !text.contains('\\'));
        if let Some(text) = plain {
            return Self::One(Entry::Text(Cow::Borrowed(text)));
        }
        match serde_json::from_str(json) {
            Ok(Value::Array(entries)) => Self::Several(entries.into_iter().map(Entry::of).collect()),
            Ok(one) => Self::One(Entry::of(one)),
            Err(_) => Self::One(Entry::Other),
        }
    }

    /// The number that it is; `None` where it is none.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::One(Entry::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

impl Entry<'static> {
    fn of(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Number(number) => number.as_f64().map_or(Self::Other, Self::Number),
            Value::Bool(truth) => Self::Truth(truth),
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }
}

/// The bits of a number, of which zero has two without a sum.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

#[cfg(test)]
thread_local! {
    /// How often a trait was read.
    pub(crate) static N_READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
