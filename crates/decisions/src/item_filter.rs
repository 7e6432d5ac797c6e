//! Which items may be shown? Conditions on their traits, read from JSON and asked of one item after the other.
//!
//! `{"category":["Bread","Cake"],"price":{"gte":1,"lte":10},"stock":true,"tags":"vegan","brand":{"not":"X"}}`: all of them
//! must hold. A list means any of it; a trait that holds a list matches where any of its entries does; texts are compared
//! whole.

use crate::bounds::{N_WORDS_MAX, shown};
use crate::item_traits::{OneOf, Said};
use features::Item;
use serde_json::Value;

/// The most traits of one filter, and the longest name of one.
const N_TRAITS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;
/// The trait that says what an item costs.
pub(crate) const PRICE: &str = "price";
/// The comparisons, as an error names them.
const COMPARISONS: &str = "gt, gte, lt, lte or not";

/// Conditions on the traits of items, of which all must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemFilter(Vec<(String, Test)>);

/// What a trait must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// One of these.
    Any(OneOf),
    /// Within bounds and none of these.
    Compared { within: Option<Bounds>, not: OneOf },
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
        let n_values = object.values().map(n_values).sum();
        let tests = object.iter().map(|(name, asked)| Ok((name.clone(), Test::parse(name, asked)?)));
        let filter = tests.collect::<Result<_, String>>().map(Self)?;
        all_fit(n_values)?;
        Ok(filter)
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
            Test::Any(any) => Some((name.as_str(), any.as_texts()?.collect())),
            Test::Compared { .. } => None,
        })
    }

    /// From which to which price items may be at most; `None` where it does not matter.
    pub(crate) fn prices(&self) -> Option<(f64, f64)> {
        self.0.iter().find_map(|(name, test)| match test {
            Test::Compared { within: Some(within), .. } if name == PRICE => Some((within.low, within.high)),
            _ => None,
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

/// The values of all traits together: a question is as much work as it has.
pub(crate) fn all_fit(n_values: usize) -> Result<(), String> {
    if n_values > N_WORDS_MAX {
        return Err(format!("asks for {n_values} values in all: give at most {N_WORDS_MAX}"));
    }
    Ok(())
}

/// How many values a condition names.
fn n_values(asked: &Value) -> usize {
    match asked {
        Value::Array(values) => values.len(),
        Value::Object(comparisons) => comparisons.values().map(n_values).sum(),
        _ => 1,
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
            one => Ok(Self::Any(OneOf::read(name, [one])?)),
        }
    }

    fn compared(name: &str, comparisons: &serde_json::Map<String, Value>) -> Result<Self, String> {
        let shown_name = primitives::visible(name);
        if comparisons.is_empty() {
            return Err(format!("asks of \"{shown_name}\" for {{}}: give a value, a list, or {COMPARISONS}"));
        }
        let (mut bounds, mut is_bounded, mut not) = (Bounds::ALL, false, OneOf::default());
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
        self.holds_of(&Said::of(name, item, self.asks_for_number()))
    }

    /// Whether it is about a number, as what is told of stock may be, or not.
    pub(crate) fn asks_for_number(&self) -> bool {
        match self {
            Self::Any(any) => any.has_numbers(),
            Self::Compared { within, not } => within.is_some() || not.has_numbers(),
        }
    }

    /// What is not known is not what was asked for; it is not what was ruled out, either.
    pub(crate) fn holds_of(&self, said: &Said<'_>) -> bool {
        match self {
            Self::Any(any) => any.has(said),
            Self::Compared { within, not } => {
                within.is_none_or(|within| said.number().is_some_and(|number| within.hold(number))) && !not.has(said)
            }
        }
    }
}

/// One value, or a list of them.
fn several(name: &str, value: &Value) -> Result<OneOf, String> {
    match value {
        Value::Array(values) if values.len() > N_WORDS_MAX => {
            let shown_name = primitives::visible(name);
            Err(format!("asks of \"{shown_name}\" for {} values: give at most {N_WORDS_MAX}", values.len()))
        }
        Value::Array(values) => OneOf::read(name, values),
        one => OneOf::read(name, [one]),
    }
}
