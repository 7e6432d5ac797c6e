//! What of an item can be searched?

use super::index::N_COLUMNS;
use super::words::{indexed, plain, written};
use crate::lens::is_confidential;
use features::Item;
use features::named::DESCRIBING;
use primitives::{Money, stable_hash};
use serde_json::Value;

/// How many words of one text are searched.
const N_WORDS_MAX: usize = 400;
/// How long a trait's value is at most, in bytes and in words, to be one that others may have, too.
const VALUE_BYTES_MAX: usize = 64;
const VALUE_WORDS_MAX: usize = 6;
/// How many values of a list count.
const N_LISTED_MAX: usize = 20;

/// Traits that have a place of their own, and are no values that items have in common.
const OF_THEIR_OWN: [&str; 6] = ["available", "currency", "name", "price", "stock", "timestamp"];

/// The unit in which a number of a trait is: the last word of the trait's name.
const UNITS: [&str; 31] = [
    "bar", "cl", "cm", "db", "ft", "g", "gb", "ghz", "hz", "in", "inch", "kg", "km", "kw", "l", "lb", "m", "mah", "mb",
    "mg", "ml", "mm", "mp", "oz", "px", "tb", "v", "w", "watt", "wh", "zoll",
];

/// A value of a trait that items have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trait {
    /// The trait's name: `category`, `brand`, `colour`.
    pub(crate) name: String,
    /// The value as the company wrote it.
    pub(crate) text: String,
    /// Its words.
    pub(crate) words: String,
    /// In which other words it is asked for.
    pub(crate) also: Vec<String>,
}

/// An item as it is searched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) columns: [String; N_COLUMNS],
    /// The words of the title, by their hashes.
    pub(crate) title: Vec<u32>,
    pub(crate) traits: Vec<Trait>,
    /// The traits of which not all values are among them.
    pub(crate) partial: Vec<String>,
    pub(crate) price: Option<Money>,
}

/// Whether a word is a unit of measure.
pub(crate) fn is_unit(word: &str) -> bool {
    UNITS.binary_search(&word).is_ok()
}

/// Whether a text of a trait is listed as a value that items have in common, wherever an item has it.
pub(crate) fn is_listed(name: &str, text: &str) -> bool {
    let n_words = written(text, VALUE_WORDS_MAX + 1).len();
    let is_short = n_words > 0 && n_words <= VALUE_WORDS_MAX && text.len() <= VALUE_BYTES_MAX;
    is_short && !OF_THEIR_OWN.contains(&name) && !DESCRIBING.contains(&name) && !is_address(text)
}

/// A word as titles hold it.
#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
pub(crate) fn short_hash(word: &str) -> u32 {
    stable_hash(word) as u32
}

impl Told {
    /// Reads an item.
    pub(crate) fn of(item: &Item) -> Self {
        let title = indexed(item.title(), N_WORDS_MAX);
        let category = item.category.as_ref().map_or("", |category| &category.value);
        let mut told = Self {
            title: plain(item.title(), N_WORDS_MAX)
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(short_hash)
                .collect(),
            columns: [
                title,
                String::new(),
                indexed(category, N_WORDS_MAX),
                String::new(),
                indexed(item.id.as_str(), 20),
            ],
            traits: Vec::new(),
            partial: Vec::new(),
            price: item.price.as_ref().map(|price| price.value),
        };
        told.take_category(category);
        let is_told = |name: &str| !is_confidential(name) && !OF_THEIR_OWN.contains(&name);
        for (name, value) in item.traits().filter(|(name, _)| is_told(name)) {
            told.take(name, &value);
        }
        told
    }

    /// What the text is recognised by, and that the company stands behind it.
    pub(crate) fn digest(&self, is_vouched: bool) -> u64 {
        let text = self.columns.join("\u{1}");
        stable_hash(&if is_vouched { text } else { text + "\u{1}" })
    }

    /// `Shoes > Running` is asked for as "running" and as "shoes", too.
    fn take_category(&mut self, category: &str) {
        let levels: Vec<String> = category
            .split(['>', '/', '|'])
            .map(|level| plain(level, VALUE_WORDS_MAX))
            .filter(|level| !level.is_empty())
            .collect();
        let words = plain(category, N_WORDS_MAX);
        if !words.is_empty() {
            let also = if levels.len() > 1 { levels } else { Vec::new() };
            self.traits.push(Trait { name: "category".to_owned(), text: category.to_owned(), words, also });
        }
    }

    fn take(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if is_address(text) => {}
            Value::String(text) if DESCRIBING.contains(&name) || text.len() > VALUE_BYTES_MAX => {
                self.add_words(3, text)
            }
            Value::String(text) => self.take_text(name, text),
            Value::Array(values) => {
                let texts = values.iter().filter_map(Value::as_str).filter(|text| !is_address(text));
                if values.len() > N_LISTED_MAX {
                    self.partial.push(name.to_owned());
                }
                for text in texts.take(N_LISTED_MAX) {
                    match text.len() > VALUE_BYTES_MAX {
                        true => self.add_words(3, text),
                        false => self.take_text(name, text),
                    }
                }
            }
            Value::Number(number) => self.take_number(name, &number.to_string()),
            Value::Bool(is_so) => {
                let asked = asked_by_name(name);
                let also = if *is_so && !asked.is_empty() { vec![asked.clone()] } else { Vec::new() };
                if *is_so {
                    self.add_words(4, &asked);
                }
                let (text, words) = (is_so.to_string(), is_so.to_string());
                self.traits.push(Trait { name: name.to_owned(), text, words, also });
            }
            Value::Null | Value::Object(_) => {}
        }
    }

    fn take_text(&mut self, name: &str, text: &str) {
        let words = plain(text, VALUE_WORDS_MAX + 1);
        self.add_words(if name == "brand" { 1 } else { 4 }, text);
        let n_words = written(text, VALUE_WORDS_MAX + 1).len();
        if n_words > 0 && n_words <= VALUE_WORDS_MAX {
            self.traits.push(Trait { name: name.to_owned(), text: text.trim().to_owned(), words, also: Vec::new() });
        }
    }

    fn take_number(&mut self, name: &str, text: &str) {
        let name_words = plain(name, VALUE_WORDS_MAX);
        let unit = name_words.split(' ').next_back().filter(|unit| is_unit(unit));
        let words = plain(text, 2);
        let also: Vec<String> = unit.map(|unit| format!("{words} {unit}")).into_iter().collect();
        self.add_words(4, &[text, unit.unwrap_or_default()].join(" "));
        self.traits.push(Trait { name: name.to_owned(), text: text.to_owned(), words, also });
    }

    fn add_words(&mut self, column: usize, text: &str) {
        let words = indexed(text, N_WORDS_MAX);
        let column = &mut self.columns[column];
        if !column.is_empty() && !words.is_empty() {
            column.push(' ');
        }
        column.push_str(&words);
    }
}

/// What a trait of yes and no is asked for by: `is_vegan` by "vegan".
fn asked_by_name(name: &str) -> String {
    let words = plain(&name.replace('_', " "), VALUE_WORDS_MAX);
    words.strip_prefix("is ").map_or_else(|| words.clone(), str::to_owned)
}

fn is_address(text: &str) -> bool {
    text.starts_with('/') || text.contains("://") || text.starts_with("data:")
}
