//! What may a question say besides the customer, and how is it checked?
//!
//! Parameters travel and are kept as JSON, so that a record holds what was asked and older ones open as they are. Which form a
//! value must have is declared by the kind: [`Takes`].

use crate::bounds::{N_WORDS_MAX, WORD_BYTES_MAX, shown};
use crate::{DecisionError, ItemFilter, Lifts, options};
use serde_json::Value;
use std::collections::BTreeMap;

/// What else a question says, by the names of the kind's parameters.
pub type Parameters = BTreeMap<String, Value>;

/// Something that a question may say.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name: `n`.
    pub name: &'static str,
    /// What it says, in words.
    pub meaning: &'static str,
    /// Which values it takes.
    pub takes: Takes,
}

/// Which values a parameter takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Takes {
    /// A whole number.
    Whole {
        /// The smallest and the largest.
        range: (i64, i64),
        /// What holds where nobody says; nothing where the settings say it.
        default: Option<i64>,
    },
    /// A number; where nobody says one, what the settings say.
    Number {
        /// The smallest and the largest.
        range: (f64, f64),
    },
    /// Yes or no; where nobody says, no.
    Flag,
    /// One of a few words.
    Choice {
        /// The words.
        names: &'static [&'static str],
        /// What holds where nobody says; nothing where the settings say it.
        default: Option<&'static str>,
    },
    /// Any text.
    Text {
        /// How long it is at most, in bytes.
        bytes_max: usize,
    },
    /// A message that somebody wrote; a question without one says nothing.
    Message {
        /// How long it is at most, in bytes.
        bytes_max: usize,
    },
    /// A list of texts: at most 1,000, each of at most 256 bytes.
    Words,
    /// Things to choose from, each with an id and what is said of it.
    Options,
    /// Conditions on the traits of items: [`ItemFilter`].
    Filter,
    /// How much more items of a trait's value count: [`Lifts`].
    Lifts,
}

impl Takes {
    /// What it takes, in a few words: "a number from 0 to 1".
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Whole { range: (min, max), .. } => format!("a whole number from {min} to {max}"),
            Self::Number { range: (min, max) } => format!("a number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Choice { names, .. } => format!("one of {}", names.join(", ")),
            Self::Text { bytes_max } | Self::Message { bytes_max } => format!("a text of at most {bytes_max} bytes"),
            Self::Words => format!("a list of at most {N_WORDS_MAX} texts"),
            Self::Options => options::in_words(),
            Self::Filter => "conditions on the traits of items, such as {\"price\":{\"lte\":10}}".to_owned(),
            Self::Lifts => "factors by trait and value, such as {\"brand\":{\"Acme\":1.2}}".to_owned(),
        }
    }

    /// What holds where nobody says, as far as it is the same for everybody.
    #[must_use]
    pub fn default(&self) -> Option<Value> {
        match self {
            Self::Whole { default, .. } => default.map(Value::from),
            Self::Flag => Some(false.into()),
            Self::Choice { default, .. } => default.map(Value::from),
            Self::Number { .. }
            | Self::Text { .. }
            | Self::Message { .. }
            | Self::Words
            | Self::Options
            | Self::Filter
            | Self::Lifts => None,
        }
    }

    /// The smallest and the largest number, where it takes numbers.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the ranges of parameters are small numbers")]
    pub fn range(&self) -> Option<(f64, f64)> {
        match self {
            Self::Whole { range: (min, max), .. } => Some((*min as f64, *max as f64)),
            Self::Number { range } => Some(*range),
            _ => None,
        }
    }
}

impl Parameter {
    /// Whether a value is one that it takes.
    ///
    /// # Errors
    /// [`DecisionError::Parameter`] for a number out of range, [`DecisionError::Unfit`] for all else that it does not take.
    pub fn check(&self, value: &Value) -> Result<(), DecisionError> {
        let name = self.name;
        let unfit = |why: String| Err(DecisionError::Unfit { name: name.to_owned(), why });
        match (&self.takes, value) {
            (Takes::Whole { range: (min, max), .. }, value) => match value.as_i64() {
                Some(given) if (*min..=*max).contains(&given) => Ok(()),
                Some(given) => Err(DecisionError::Parameter { name, value: given, min: *min, max: *max }),
                None => unfit(format!("is {}: give a whole number", shown(value))),
            },
            (Takes::Number { range: (min, max) }, value) => match value.as_f64() {
                Some(given) if (*min..=*max).contains(&given) => Ok(()),
                Some(given) => unfit(format!("is {given}: it goes from {min} to {max}")),
                None => unfit(format!("is {}: give a number", shown(value))),
            },
            (Takes::Flag, Value::Bool(_)) => Ok(()),
            (Takes::Choice { names, .. }, Value::String(given)) if names.contains(&given.as_str()) => Ok(()),
            (Takes::Choice { names, .. }, given) => {
                let near = given.as_str().and_then(|given| primitives::nearest(given, names.iter().copied()));
                let meant = near.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
                unfit(format!("is {}: {meant}it is one of {}", shown(value), names.join(", ")))
            }
            (Takes::Text { bytes_max } | Takes::Message { bytes_max }, Value::String(given))
                if given.len() <= *bytes_max =>
            {
                Ok(())
            }
            (Takes::Text { bytes_max } | Takes::Message { bytes_max }, Value::String(given)) => {
                unfit(format!("has {} bytes: give at most {bytes_max}", given.len()))
            }
            (Takes::Words, Value::Array(words)) => words_fit(words).or_else(unfit),
            (Takes::Options, given) => options::fit(given).or_else(unfit),
            (Takes::Filter, given) => ItemFilter::parse(given).map(drop).or_else(unfit),
            (Takes::Lifts, given) => Lifts::parse(given).map(drop).or_else(unfit),
            (takes, value) => unfit(format!("is {}: give {}", shown(value), takes.in_words())),
        }
    }
}

/// A list of texts that is short enough.
fn words_fit(words: &[Value]) -> Result<(), String> {
    if words.len() > N_WORDS_MAX {
        return Err(format!("has {} entries: give at most {N_WORDS_MAX}", words.len()));
    }
    let unfit = words.iter().enumerate().find(|(_, word)| word.as_str().is_none_or(|word| word.len() > WORD_BYTES_MAX));
    match unfit {
        Some((at, word)) => {
            Err(format!("holds {} at place {}: give texts of at most {WORD_BYTES_MAX} bytes", shown(word), at + 1))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(takes: Takes, value: &Value) -> Option<String> {
        Parameter { name: "it", meaning: "", takes }.check(value).err().map(|error| error.to_string())
    }

    #[test]
    fn each_form_takes_its_own_values_and_says_what_is_wrong_with_others() {
        let whole = || Takes::Whole { range: (1, 3), default: Some(2) };
        let number = || Takes::Number { range: (0.0, 1.0) };
        let choice = || Takes::Choice { names: &["home", "cart"], default: None };
        let fits = [
            (whole(), json!(1)),
            (whole(), json!(3)),
            (number(), json!(0)),
            (number(), json!(1.0)),
            (Takes::Flag, json!(true)),
            (choice(), json!("cart")),
            (Takes::Text { bytes_max: 3 }, json!("abc")),
            (Takes::Words, json!([])),
            (Takes::Words, json!(["a", "b"])),
            (Takes::Words, json!(vec!["x".repeat(WORD_BYTES_MAX); N_WORDS_MAX])),
        ];
        for (takes, value) in fits {
            assert_eq!(error(takes.clone(), &value), None, "{takes:?}");
        }
        let long = "x".repeat(WORD_BYTES_MAX + 1);
        let unfit = [
            (whole(), json!(0), "it is 0: it goes from 1 to 3"),
            (whole(), json!(4), "it is 4: it goes from 1 to 3"),
            (whole(), json!("4"), "it is \"4\": give a whole number"),
            (whole(), json!(1.5), "it is 1.5: give a whole number"),
            (number(), json!(-0.1), "it is -0.1: it goes from 0 to 1"),
            (number(), json!(1.1), "it is 1.1: it goes from 0 to 1"),
            (number(), json!([]), "it is []: give a number"),
            (Takes::Flag, json!(1), "it is 1: give true or false"),
            (choice(), json!("hme"), "it is \"hme\": did you mean \"home\"? it is one of home, cart"),
            (choice(), json!("elsewhere"), "it is \"elsewhere\": it is one of home, cart"),
            (choice(), json!(1), "it is 1: it is one of home, cart"),
            (Takes::Text { bytes_max: 3 }, json!("abcd"), "it has 4 bytes: give at most 3"),
            (Takes::Text { bytes_max: 3 }, json!(1), "it is 1: give a text of at most 3 bytes"),
            (Takes::Words, json!("a"), "it is \"a\": give a list of at most 1000 texts"),
            (Takes::Words, json!(["a", 1]), "it holds 1 at place 2: give texts of at most 256 bytes"),
        ];
        for (takes, value, said) in unfit {
            assert_eq!(error(takes, &value).as_deref(), Some(said));
        }
        assert!(error(Takes::Words, &json!([long])).unwrap().contains("at place 1: give texts of at most 256 bytes"));
        let many = json!(vec!["x"; N_WORDS_MAX + 1]);
        assert_eq!(error(Takes::Words, &many).as_deref(), Some("it has 1001 entries: give at most 1000"));
    }

    #[test]
    fn an_error_shows_no_more_of_a_value_than_helps() {
        let text = error(Takes::Flag, &json!("ä".repeat(10_000))).unwrap();
        assert!(text.len() < 150 && text.contains('…'), "{text}");
    }
}
