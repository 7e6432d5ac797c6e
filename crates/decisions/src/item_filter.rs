//! Which items may be shown? Conditions on their traits, read from JSON and asked of one item after the other.
//!
//! `{"category":["Bread","Cake"],"price":{"gte":1,"lte":10},"stock":true,"tags":"vegan","brand":{"not":"X"}}`: all of them
//! must hold. A list means any of it; a trait that holds a list matches where any of its entries does; texts are compared
//! whole.

use crate::bounds::{N_WORDS_MAX, WORD_BYTES_MAX, shown};
use features::Item;
use serde_json::Value;
use std::cmp::Ordering;

/// The most traits of one filter, and the longest name of one.
const N_TRAITS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;
/// The traits that mean whether an item can be had.
const OF_STOCK: [&str; 2] = ["available", "stock"];
/// The comparisons, as an error names them.
const COMPARISONS: &str = "gt, gte, lt, lte or not";

/// Conditions on the traits of items, of which all must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemFilter(Vec<(String, Test)>);

/// What a trait must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// One of these.
    Any(Vec<Wanted>),
    /// Within bounds and none of these.
    Compared { within: Option<Bounds>, not: Vec<Wanted> },
}

/// A value, also as the catalogue keeps it, so that most need not be opened to be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    value: Value,
    json: String,
}

/// From where to where a number goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    low: f64,
    is_low_in: bool,
    high: f64,
    is_high_in: bool,
}

impl Bounds {
    const ALL: Self = Self { low: f64::NEG_INFINITY, is_low_in: true, high: f64::INFINITY, is_high_in: true };

    fn hold(self, value: f64) -> bool {
        let above = if self.is_low_in { value >= self.low } else { value > self.low };
        let below = if self.is_high_in { value <= self.high } else { value < self.high };
        above && below
    }

    fn are_empty(self) -> bool {
        self.low > self.high || (self.low >= self.high && !(self.is_low_in && self.is_high_in))
    }
}

impl Wanted {
    pub(crate) fn of(name: &str, value: &Value) -> Result<Self, String> {
        let fits = match value {
            Value::String(text) => text.len() <= WORD_BYTES_MAX,
            Value::Number(_) | Value::Bool(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if !fits {
            let what = format!("give a text of at most {WORD_BYTES_MAX} bytes, a number, true or false");
            return Err(format!("asks of \"{}\" for {}: {what}", primitives::visible(name), shown(value)));
        }
        Ok(Self { json: value.to_string(), value: value.clone() })
    }

    /// Whether a trait's JSON is this value, or a list that holds it.
    fn is(&self, said: &str) -> bool {
        if said == self.json {
            return true;
        }
        match (said.as_bytes().first(), &self.value) {
            (Some(b'['), _) => match serde_json::from_str::<Value>(said) {
                Ok(Value::Array(entries)) => entries.iter().any(|entry| self.equals(entry)),
                _ => false,
            },
            // One number can be written in several ways.
            (Some(b'-' | b'0'..=b'9'), Value::Number(wanted)) => {
                number(said).zip(wanted.as_f64()).is_some_and(|(said, wanted)| same(said, wanted))
            }
            _ => false,
        }
    }

    fn equals(&self, entry: &Value) -> bool {
        match (entry.as_f64(), self.value.as_f64()) {
            (Some(one), Some(other)) => same(one, other),
            _ => *entry == self.value,
        }
    }
}

fn same(one: f64, other: f64) -> bool {
    one.partial_cmp(&other).is_some_and(Ordering::is_eq)
}

/// The number that a trait's JSON is; `None` where it is none.
fn number(said: &str) -> Option<f64> {
    said.parse::<f64>().ok().filter(|_| said.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
}

impl ItemFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it and what to give instead, to stand behind the name of the parameter.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let Value::Object(object) = value else {
            let example = "{\"category\":[\"Bread\",\"Cake\"],\"price\":{\"lte\":10}}";
            return Err(format!("is {}: give an object such as {example}", shown(value)));
        };
        names_fit(object.keys())?;
        let tests = object.iter().map(|(name, asked)| Ok((name.clone(), Test::parse(name, asked)?)));
        tests.collect::<Result<_, String>>().map(Self)
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The traits that it looks at.
    pub fn traits(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The conditions that ask for one of some texts, which are no other than these.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.0.iter().filter_map(|(name, test)| match test {
            Test::Any(any) => Some((name.as_str(), any.iter().map(|one| one.value.as_str()).collect::<Option<_>>()?)),
            Test::Compared { .. } => None,
        })
    }

    /// The trait that an item fails first; `None` where all conditions hold.
    #[must_use]
    pub fn failed_by(&self, item: &Item) -> Option<&str> {
        self.0.iter().find(|(name, test)| !test.holds(name, item)).map(|(name, _)| name.as_str())
    }
}

/// The names of traits: not too many, and none longer than any that is kept.
pub(crate) fn names_fit<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> Result<(), String> {
    if names.len() > N_TRAITS_MAX {
        return Err(format!("names {} traits: give at most {N_TRAITS_MAX}", names.len()));
    }
    match names.into_iter().find(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
        Some(name) => Err(format!(
            "names the trait \"{}\": names of traits have 1 to {NAME_BYTES_MAX} bytes",
            primitives::visible(&name.chars().take(40).collect::<String>())
        )),
        None => Ok(()),
    }
}

impl Test {
    fn parse(name: &str, asked: &Value) -> Result<Self, String> {
        match asked {
            Value::Object(comparisons) => Self::compared(name, comparisons),
            Value::Array(_) => {
                let any = several(name, asked)?;
                if any.is_empty() {
                    let shown = primitives::visible(name);
                    return Err(format!("asks of \"{shown}\" for [], which nothing is: give at least one value"));
                }
                Ok(Self::Any(any))
            }
            one => Ok(Self::Any(vec![Wanted::of(name, one)?])),
        }
    }

    fn compared(name: &str, comparisons: &serde_json::Map<String, Value>) -> Result<Self, String> {
        let shown_name = primitives::visible(name);
        if comparisons.is_empty() {
            return Err(format!("asks of \"{shown_name}\" for {{}}: give a value, a list, or {COMPARISONS}"));
        }
        let (mut bounds, mut is_bounded, mut not) = (Bounds::ALL, false, Vec::new());
        for (comparison, value) in comparisons {
            let is_in = comparison.ends_with('e');
            match (comparison.as_str(), value.as_f64()) {
                ("not", _) => not = several(name, value)?,
                ("gt" | "gte" | "lt" | "lte", None) => {
                    let given = shown(value);
                    return Err(format!("asks of \"{shown_name}\" for {comparison} {given}: give a number"));
                }
                ("gt" | "gte", Some(number)) if number >= bounds.low => {
                    // Of two lower bounds the narrower holds.
                    let was_same = number <= bounds.low;
                    (bounds.low, bounds.is_low_in) = (number, is_in && (bounds.is_low_in || !was_same));
                    is_bounded = true;
                }
                ("lt" | "lte", Some(number)) if number <= bounds.high => {
                    let was_same = number >= bounds.high;
                    (bounds.high, bounds.is_high_in) = (number, is_in && (bounds.is_high_in || !was_same));
                    is_bounded = true;
                }
                ("gt" | "gte" | "lt" | "lte", Some(_)) => is_bounded = true,
                (other, _) => {
                    let other: String = other.chars().take(40).collect();
                    let other = primitives::visible(&other);
                    return Err(format!("asks of \"{shown_name}\" for \"{other}\": comparisons are {COMPARISONS}"));
                }
            }
        }
        if bounds.are_empty() {
            let all = shown(&Value::Object(comparisons.clone()));
            return Err(format!("asks of \"{shown_name}\" for {all}, which no number is: change one of the bounds"));
        }
        Ok(Self::Compared { within: is_bounded.then_some(bounds), not })
    }

    pub(crate) fn holds(&self, name: &str, item: &Item) -> bool {
        if OF_STOCK.contains(&name) {
            return self.holds_of_stock(name, item);
        }
        match name {
            "price" => match &item.price {
                Some(price) => {
                    let number = price.value.to_major();
                    self.holds_of(&number.to_string(), Some(number))
                }
                None => self.holds_of_nothing(),
            },
            "currency" => match &item.price {
                Some(price) => self.holds_of_text(price.value.currency.code()),
                None => self.holds_of_nothing(),
            },
            "id" => self.holds_of_text(item.id.as_str()),
            "name" => {
                item.name.as_ref().map_or_else(|| self.holds_of_nothing(), |said| self.holds_of_text(&said.value))
            }
            // An item that is in several categories lists them.
            "category" => match (item.told("categories").filter(|said| said.starts_with('[')), &item.category) {
                (Some(several), _) => self.holds_of(several, None),
                (None, Some(one)) => self.holds_of_text(&one.value),
                (None, None) => self.holds_of_nothing(),
            },
            name => match item.told(name) {
                Some(said) => self.holds_of(said, number(said)),
                None => self.holds_of_nothing(),
            },
        }
    }

    /// Stock is told as a number, as yes or no, or only by whether the item can be had.
    fn holds_of_stock(&self, name: &str, item: &Item) -> bool {
        let asks_for_number = match self {
            Self::Any(any) => any.iter().any(|wanted| wanted.value.is_number()),
            Self::Compared { within, not } => within.is_some() || not.iter().any(|wanted| wanted.value.is_number()),
        };
        match item.told(name) {
            Some(said) if asks_for_number => self.holds_of(said, number(said)),
            _ => self.holds_of(if item.is_available() { "true" } else { "false" }, None),
        }
    }

    fn holds_of(&self, said: &str, number: Option<f64>) -> bool {
        match self {
            Self::Any(any) => any.iter().any(|wanted| wanted.is(said)),
            Self::Compared { within, not } => {
                within.is_none_or(|within| number.is_some_and(|number| within.hold(number)))
                    && !not.iter().any(|wanted| wanted.is(said))
            }
        }
    }

    fn holds_of_text(&self, said: &str) -> bool {
        let is = |wanted: &Wanted| wanted.value.as_str() == Some(said);
        match self {
            Self::Any(any) => any.iter().any(is),
            Self::Compared { within, not } => within.is_none() && !not.iter().any(is),
        }
    }

    /// What is not known is not what was asked for; it is not what was ruled out, either.
    fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Compared { within: None, .. })
    }
}

/// One value, or a list of them.
fn several(name: &str, value: &Value) -> Result<Vec<Wanted>, String> {
    match value {
        Value::Array(values) if values.len() > N_WORDS_MAX => {
            let shown_name = primitives::visible(name);
            Err(format!("asks of \"{shown_name}\" for {} values: give at most {N_WORDS_MAX}", values.len()))
        }
        Value::Array(values) => values.iter().map(|value| Wanted::of(name, value)).collect(),
        one => Ok(vec![Wanted::of(name, one)?]),
    }
}
