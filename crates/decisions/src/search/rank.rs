//! In which order does a search answer? What speaks for an item whoever asks, and what speaks for it for one customer.

use super::hits::{Hits, Told};
use super::seen::{FEATURES, Features, GOES_WITH, N_IMPERSONAL};
use super::shelf::{BRAND, CATEGORY, Doc, Shelf};
use primitives::ItemKey;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a customer's purchases say of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Taste {
    /// Which share of what they buy is of its brand.
    brand: f64,
    /// Which share of what they buy is of its category.
    category: f64,
    /// How much of what they buy has its other values, such as its size and its colour.
    others: f64,
    /// How near its price is to what they pay: 1 at the price itself.
    price: f64,
    /// How lately they bought it.
    bought: f64,
}

/// One item that was found, as it stands in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundItem {
    /// Which.
    pub item: ItemKey,
    /// What speaks for it.
    pub features: Features,
}

/// What a search found for a customer, or for nobody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The items, in the order in which everybody sees them.
    pub items: Vec<FoundItem>,
    /// What is told beside them.
    pub told: Told,
}

impl Found {
    /// So many of the features say something whoever asks; the others are of the customer.
    pub const N_IMPERSONAL: usize = N_IMPERSONAL;
}

impl FoundItem {
    /// Notes how well it goes with what the customer has, by a recommender: from 0 to 1.
    pub fn note_going_with_own(&mut self, share: f64) {
        self.features[GOES_WITH] = rounded(share);
    }

    /// How much speaks for it, by the weights that hold while nothing is learned.
    #[must_use]
    pub fn prior(&self) -> f64 {
        self.features.iter().zip(FEATURES).map(|(value, (_, weight))| f64::from(*value) * weight).sum()
    }
}

impl Hits {
    /// What was found, with what the customer's purchases say of each: `own` are the items that they bought, each with how much
    /// it counts, and none where nothing of them may be used.
    #[must_use]
    pub fn seen_by(&self, shelf: &Shelf, own: &[(ItemKey, f64)]) -> Found {
        let habits = Habits::of(shelf, own);
        let items = self.candidates.iter().map(|candidate| {
            let taste = shelf.doc(candidate.number).map(|doc| habits.of_doc(shelf, doc)).unwrap_or_default();
            let mut features = Features::default();
            let own = [taste.brand, taste.category, taste.others, taste.price, taste.bought];
            for (place, value) in features.iter_mut().zip(candidate.seen.values().into_iter().chain(own)) {
                *place = rounded(value);
            }
            FoundItem { item: candidate.key, features }
        });
        Found { items: items.collect(), told: self.told.clone() }
    }
}

/// What a customer's purchases have in common.
#[derive(Debug, Default)]
struct Habits {
    /// How much of what they buy has each value.
    values: HashMap<u32, f64>,
    items: HashMap<ItemKey, f64>,
    /// The mean logarithm of what they pay, by category, and of all.
    log_prices: HashMap<Option<u32>, (f64, f64)>,
    whole: f64,
}

impl Habits {
    fn of(shelf: &Shelf, own: &[(ItemKey, f64)]) -> Self {
        let mut habits = Self::default();
        for (key, weight) in own {
            let item = habits.items.entry(*key).or_default();
            *item = item.max(*weight);
            let Some(doc) = shelf.of_key(*key) else { continue };
            habits.whole += weight;
            for value in doc.values.iter() {
                *habits.values.entry(*value).or_default() += weight;
            }
            if let Some(price) = log_price(doc) {
                for of in [None, value_of(shelf, doc, CATEGORY)] {
                    let (sum, n) = habits.log_prices.entry(of).or_default();
                    *sum += weight * price;
                    *n += weight;
                }
            }
        }
        habits
    }

    fn of_doc(&self, shelf: &Shelf, doc: &Doc) -> Taste {
        if self.items.is_empty() {
            return Taste::default();
        }
        // One purchase says less than ten of the same: two of anything are taken for granted.
        let share = |value: u32| self.values.get(&value).map_or(0.0, |weight| weight / (self.whole + 2.0));
        let (mut brand, mut category, mut others, mut n_others) = (0.0_f64, 0.0_f64, 0.0, 0.0);
        for value in doc.values.iter() {
            match shelf.values.get(*value as usize).map(|value| value.of) {
                Some(BRAND) => brand = brand.max(share(*value)),
                Some(CATEGORY) => category = category.max(share(*value)),
                _ => {
                    others += share(*value);
                    n_others += 1.0;
                }
            }
        }
        let habit = |of: Option<u32>| self.log_prices.get(&of).filter(|(_, n)| *n > 0.0).map(|(sum, n)| sum / n);
        let usual = value_of(shelf, doc, CATEGORY).and_then(|of| habit(Some(of))).or_else(|| habit(None));
        let price = usual.zip(log_price(doc)).map_or(0.0, |(usual, price)| (-(usual - price).abs()).exp());
        let bought = self.items.get(&doc.key).copied().unwrap_or(0.0);
        Taste { brand, category, others: if n_others > 0.0 { others / n_others } else { 0.0 }, price, bought }
    }
}

fn value_of(shelf: &Shelf, doc: &Doc, of: u16) -> Option<u32> {
    doc.values.iter().copied().find(|value| shelf.values.get(*value as usize).is_some_and(|value| value.of == of))
}

fn log_price(doc: &Doc) -> Option<f64> {
    doc.price.map(|price| price.to_major()).filter(|price| *price > 0.0).map(f64::ln)
}

/// To four decimals, so that a record is small and says the same when it is read.
#[expect(clippy::cast_possible_truncation, reason = "it is from 0 to 1")]
fn rounded(value: f64) -> f32 {
    ((value * 1e4).round() / 1e4) as f32
}
