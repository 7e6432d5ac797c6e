//! Of which types are the values of a property?

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest name that is kept, in bytes.
const NAME_BYTES_MAX: usize = 80;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Truth,
    /// A list.
    List,
    /// An object.
    Object,
    /// Nothing: `null`.
    Nothing,
}

impl ValueKind {
    /// Every type, in the order in which they are counted.
    pub const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Truth, Self::List, Self::Object, Self::Nothing];

    /// The name on the wire and on pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Truth => "true/false",
            Self::List => "list",
            Self::Object => "object",
            Self::Nothing => "null",
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Truth,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
            Value::Null => Self::Nothing,
        }
    }
}

/// How often a property had a value of each type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    by_kind: [u64; 6],
}

impl Shape {
    pub(super) fn add(&mut self, value: &Value) {
        let kind = ValueKind::of(value);
        for (n, other) in self.by_kind.iter_mut().zip(ValueKind::ALL) {
            *n += u64::from(kind == other);
        }
    }

    /// How often it was there.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.by_kind.iter().sum()
    }

    /// The types that it had, the most frequent first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(ValueKind, u64)> {
        let mut kinds: Vec<_> = ValueKind::ALL.into_iter().zip(self.by_kind).filter(|(_, n)| *n > 0).collect();
        kinds.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
        kinds
    }
}

/// What is kept by name while there is room: the rarest goes.
pub(super) trait Counted: Default {
    fn n(&self) -> u64;
}

impl Counted for Shape {
    fn n(&self) -> u64 {
        Self::n(self)
    }
}

/// Counts under a name, in a map of at most `n_max` names. Of those the rarest makes room for a new one.
pub(super) fn add_within<T: Counted>(
    names: &mut BTreeMap<String, T>,
    n_max: usize,
    name: &str,
    add: impl FnOnce(&mut T),
) {
    if let Some(known) = names.get_mut(name) {
        return add(known);
    }
    if names.len() >= n_max {
        let rarest = names.iter().min_by_key(|(name, one)| (one.n(), *name)).map(|(name, _)| name.clone());
        rarest.and_then(|rarest| names.remove(&rarest));
    }
    add(names.entry(name.to_owned()).or_default());
}

/// A name of a bounded length.
pub(super) fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}
