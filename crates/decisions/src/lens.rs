//! What of an item counts for one question, and may it be shown?

use crate::{ItemFilter, Lifts};
use features::Item;
use primitives::stable_hash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an item earns: its margin, or its price less its cost.
const MARGIN: &str = "margin";
const COST: &str = "cost";
/// Who makes it.
const BRAND: &str = "brand";

/// Whether a trait is between the company and its books: no customer finds an item by it or is told of it.
pub(crate) fn is_confidential(name: &str) -> bool {
    [MARGIN, COST].contains(&name)
}

/// What is looked at of items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lens {
    /// What their traits must be.
    pub filter: ItemFilter,
    /// What makes them count more.
    pub lifts: Lifts,
    /// Whether it matters which are of one category or brand.
    pub sees_groups: bool,
    /// Whether it matters what they earn.
    pub sees_gain: bool,
}

/// What of an item counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Regard {
    /// The same number for all of one category.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub category: Option<u32>,
    /// The same number for all of one brand.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<u32>,
    /// By what its score is multiplied.
    #[serde(rename = "l", default = "one", skip_serializing_if = "is_one")]
    pub lift: f64,
    /// What it earns, where that is known.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
}

impl Default for Regard {
    fn default() -> Self {
        Self { category: None, brand: None, lift: 1.0, gain: None }
    }
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_one(lift: &f64) -> bool {
    lift.to_bits() == 1.0_f64.to_bits()
}

/// Why an item may not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The catalogue does not have it, or only visitors named it.
    Unknown,
    /// It cannot be had.
    OutOfStock,
    /// The company keeps it from being shown.
    Hidden,
    /// A trait is not what was asked for.
    Filter(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not in the catalogue"),
            Self::OutOfStock => f.write_str("out of stock"),
            Self::Hidden => f.write_str("hidden"),
            Self::Filter(name) => write!(f, "filter {}", primitives::visible(name)),
        }
    }
}

impl Lens {
    /// Whether nothing is looked at but whether an item may be shown.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.filter.is_empty() && self.lifts.is_empty() && !self.sees_groups && !self.sees_gain
    }

    /// What counts of an item that the catalogue has.
    ///
    /// # Errors
    /// Why it may not be shown.
    pub fn regard(&self, item: &Item) -> Result<Regard, Refusal> {
        if !item.is_available() {
            return Err(Refusal::OutOfStock);
        }
        if item.is_hidden() {
            return Err(Refusal::Hidden);
        }
        if let Some(name) = self.filter.failed_by(item) {
            return Err(Refusal::Filter(name.to_owned()));
        }
        let mut regard = Regard { lift: self.lifts.of(item), ..Regard::default() };
        if self.sees_groups {
            regard.category = category_of(item);
            regard.brand = item.told(BRAND).map(group);
        }
        if self.sees_gain {
            regard.gain = gain(item);
        }
        Ok(regard)
    }
}

/// A number that is the same for all items of a category.
#[must_use]
pub fn category_of(item: &Item) -> Option<u32> {
    item.category.as_ref().map(|category| group(&category.value))
}

/// Thirty-two bits tell the groups of a shop apart, and keep records small.
#[expect(clippy::cast_possible_truncation, reason = "a part of a hash is a hash")]
fn group(name: &str) -> u32 {
    stable_hash(name) as u32
}

fn gain(item: &Item) -> Option<f64> {
    item.number(MARGIN).or_else(|| Some(item.price.as_ref()?.value.to_major() - item.number(COST)?))
}
