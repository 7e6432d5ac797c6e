//! What is known of one item, by whom, and how many customers bought it?

use events::{EventKey, Object, Product, Recorded};
use primitives::{ItemId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many of the newest days with a buyer are counted one by one.
const N_DAYS: usize = 35;

/// How long a name or a category is at most, in bytes: the rest is cut off.
const TEXT_BYTES_MAX: usize = 256;

/// The traits that have a place of their own.
const OF_THEIR_OWN: [&str; 5] = ["name", "category", "price", "currency", "available"];

/// How many other traits of an item are kept: the first by their names, in whichever order they are told.
const N_TRAITS_MAX: usize = 32;

/// How long the name and the JSON of such a trait are at most, in bytes: a longer one is passed over.
const TRAIT_NAME_BYTES_MAX: usize = 64;
const TRAIT_BYTES_MAX: usize = 4_096;

/// The trait that says how many there are, or whether there are any.
const STOCK: &str = "stock";

/// The trait by which the company keeps an item from being shown.
const HIDDEN: &str = "hidden";

/// The trait by which a simulated company's items say that they are simulated, and of which company.
const SIMULATED: &str = "simulated";

/// One item: what is known about it, and how it sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Its name.
    pub name: Option<Fact<String>>,
    /// Its category.
    pub category: Option<Fact<String>>,
    /// The price of one piece.
    pub price: Option<Fact<Money>>,
    /// Whether it can be had; assumed where nothing is said.
    pub available: Option<Fact<bool>>,
    /// What else the company said of it: its traits as JSON, by name.
    traits: BTreeMap<String, Fact<String>>,
    /// When the company last described it in its catalogue; `None` where only orders and visits name it.
    pub described_at: Option<Timestamp>,
    /// When the company first described it in its catalogue.
    pub first_at: Option<Timestamp>,
    /// Whether the company itself named it, with a server key or an import. If not, it is provisional.
    pub is_vouched: bool,
    /// When a write key last named it, by our clock.
    pub(super) last_used: Timestamp,
    /// How many of the customers who are counted bought it last on each of the newest days (days since 1970). Where a day had
    /// to go for a newer one, a day stays when its last buyer goes: so what is before the first of them never comes back.
    buyers_by_day: BTreeMap<i64, u32>,
}

/// What was said last by whoever is believed most, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// What was said.
    pub value: T,
    /// Whether the company itself said so.
    is_vouched: bool,
    at: Timestamp,
    key: EventKey,
}

impl<T> Fact<T> {
    /// Whether the company itself said so, with a server key or an import.
    #[must_use]
    pub fn is_vouched(&self) -> bool {
        self.is_vouched
    }

    /// When it was said.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

impl Item {
    pub(super) fn new(id: ItemId) -> Self {
        Self {
            id,
            name: None,
            category: None,
            price: None,
            available: None,
            traits: BTreeMap::new(),
            described_at: None,
            first_at: None,
            is_vouched: false,
            last_used: Timestamp::MIN,
            buyers_by_day: BTreeMap::new(),
        }
    }

    /// The item's name, or its id where no name is known.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_ref().map_or(self.id.as_str(), |name| &name.value)
    }

    /// Whether it can be had: neither `available` nor `stock` says that it cannot.
    #[must_use]
    pub fn is_available(&self) -> bool {
        let is_none = |said: &str| said == "false" || said.parse::<f64>().is_ok_and(|n| n <= 0.0);
        self.available.as_ref().is_none_or(|available| available.value) && !self.told(STOCK).is_some_and(is_none)
    }

    /// Whether the company keeps it from being shown.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.told(HIDDEN) == Some("true")
    }

    /// What else the company said of it, by the names of the traits.
    pub fn traits(&self) -> impl Iterator<Item = (&str, Value)> {
        self.traits.iter().map(|(name, said)| (name.as_str(), opened(said)))
    }

    /// What the company said of it under a trait's name; `None` for those that have a place of their own.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<Value> {
        self.traits.get(name).map(opened)
    }

    /// The names of the traits that it has besides those with a place of their own.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.traits.keys().map(String::as_str)
    }

    /// The same as JSON, as it is kept.
    #[must_use]
    pub fn told(&self, name: &str) -> Option<&str> {
        self.traits.get(name).map(|said| said.value.as_str())
    }

    /// Of which simulated company it is, as JSON, where the company itself said so.
    #[must_use]
    pub fn simulated(&self) -> Option<&str> {
        self.traits.get(SIMULATED).filter(|said| said.is_vouched).map(|said| said.value.as_str())
    }

    /// How many of the customers who are counted bought it, as far as is remembered.
    #[must_use]
    pub fn n_buyers(&self) -> u32 {
        self.buyers_by_day.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// How many of the customers who are counted bought it within the last `n_days` (at most 35).
    #[must_use]
    pub fn n_buyers_lately(&self, as_of: Timestamp, n_days: i64) -> u32 {
        let days = as_of.day() - n_days + 1..=as_of.day();
        self.buyers_by_day.range(days).fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    /// Takes in what an event says of it. Answers whether it is anything else than what was known.
    pub(super) fn learn(&mut self, product: &Product, recorded: &Recorded) -> bool {
        let event = &recorded.event;
        let mut is_news = keep(&mut self.name, product.name.as_deref().map(cut), recorded);
        is_news |= keep(&mut self.category, product.category.as_deref().map(cut), recorded);
        is_news |= keep(&mut self.price, product.price, recorded);
        if event.origin.is_trusted() {
            is_news |= !std::mem::replace(&mut self.is_vouched, true);
        } else {
            self.last_used = self.last_used.max(event.received_at);
        }
        is_news
    }

    /// Takes in whether it can be had. Answers whether that is anything else than what was known.
    pub(super) fn learn_available(&mut self, available: Option<bool>, recorded: &Recorded) -> bool {
        keep(&mut self.available, available, recorded)
    }

    /// Takes in what the catalogue says of it besides. A trait that is null says nothing. Answers whether anything else was said
    /// than what was known.
    pub(super) fn learn_traits(&mut self, traits: &Object, recorded: &Recorded) -> bool {
        let (mut is_news, said_at) = (false, recorded.event.occurred_at);
        self.described_at = self.described_at.max(Some(said_at));
        if recorded.event.origin.is_trusted() {
            self.first_at = Some(self.first_at.map_or(said_at, |first_at| first_at.min(said_at)));
        }
        for (name, value) in traits {
            if OF_THEIR_OWN.contains(&name.as_str()) || value.is_null() || name.len() > TRAIT_NAME_BYTES_MAX {
                continue;
            }
            let text = value.to_string();
            if text.len() > TRAIT_BYTES_MAX {
                continue;
            }
            let mut known = self.traits.remove(name);
            // Notes of whoever lets a simulated company live: of them what comes in last holds. One that was noted while the
            // clock was ahead would stand until then, and nobody could let the company live on.
            let is_note = name != SIMULATED && name.starts_with(SIMULATED);
            if is_note && recorded.event.origin.is_trusted() {
                known = None;
            }
            is_news |= keep(&mut known, Some(text.as_str()), recorded);
            self.traits.extend(known.map(|known| (name.clone(), known)));
        }
        while self.traits.len() > N_TRAITS_MAX {
            self.traits.pop_last();
        }
        is_news
    }

    pub(super) fn add_buyer(&mut self, day: i64) {
        let n = self.buyers_by_day.entry(day).or_default();
        *n = n.saturating_add(1);
        if self.buyers_by_day.len() > N_DAYS {
            self.buyers_by_day.pop_first();
        }
    }

    /// A day that is not remembered any more had its buyers forgotten with it, for good: one who came to it later would be
    /// taken for them.
    pub(super) fn remove_buyer(&mut self, day: i64) {
        let is_full = self.buyers_by_day.len() == N_DAYS;
        if let Some(n) = self.buyers_by_day.get_mut(&day) {
            *n = n.saturating_sub(1);
            if *n == 0 && !is_full {
                self.buyers_by_day.remove(&day);
            }
        }
    }
}

/// What the company said goes before what a write key said; of each, what was said later wins, in whichever order it
/// arrives. Answers whether it is anything else than what was known.
fn keep<T: PartialEq<S>, S: Into<T>>(known: &mut Option<Fact<T>>, said: Option<S>, recorded: &Recorded) -> bool {
    let Some(said) = said else { return false };
    let event = &recorded.event;
    let (is_vouched, at, key) = (event.origin.is_trusted(), event.occurred_at, event.key());
    match known {
        Some(known) if (is_vouched, at, key) <= (known.is_vouched, known.at, known.key) => false,
        // Most say once more what is known.
        Some(known) if known.value == said => {
            (known.is_vouched, known.at, known.key) = (is_vouched, at, key);
            false
        }
        known => {
            *known = Some(Fact { value: said.into(), is_vouched, at, key });
            true
        }
    }
}

/// What was written as JSON here is JSON.
fn opened(said: &Fact<String>) -> Value {
    serde_json::from_str(&said.value).unwrap_or_default()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item() -> Item {
        Item::new(ItemId::from("tea"))
    }

    #[test]
    fn a_day_that_was_forgotten_does_not_come_back() {
        let mut item = item();
        (0..36).for_each(|day| item.add_buyer(day));
        assert_eq!(item.n_buyers(), 35, "the first day had to go");
        item.remove_buyer(20);
        item.add_buyer(0);
        item.remove_buyer(0);
        assert_eq!(item.n_buyers(), 34, "whoever bought on that day is not remembered");
        item.add_buyer(20);
        assert_eq!((item.n_buyers(), item.n_buyers_lately(Timestamp::from_millis(35 * 86_400_000), 16)), (35, 16));
    }

    #[test]
    fn where_no_day_had_to_go_one_without_buyers_takes_no_room() {
        let mut item = item();
        (0..34).for_each(|day| item.add_buyer(day));
        item.remove_buyer(20);
        (34..36).for_each(|day| item.add_buyer(day));
        assert_eq!(item.n_buyers(), 35);
    }

    proptest! {
        /// Whoever buys again is counted on the newer day: of each day that is remembered the count is right.
        #[test]
        fn each_day_that_is_remembered_has_its_buyers(bought in proptest::collection::vec((0_usize..20, 0_i64..80), 0..300)) {
            let (mut item, mut last) = (item(), BTreeMap::<usize, i64>::new());
            for (who, day) in bought {
                let before = last.get(&who).copied();
                let after = before.map_or(day, |before| before.max(day));
                if before != Some(after) {
                    before.into_iter().for_each(|before| item.remove_buyer(before));
                    item.add_buyer(after);
                    last.insert(who, after);
                }
                for (day, n) in &item.buyers_by_day {
                    prop_assert_eq!(last.values().filter(|last| *last == day).count() as u64, u64::from(*n));
                }
                prop_assert!(item.buyers_by_day.len() <= N_DAYS);
            }
        }
    }
}
