//! What is known of one item, by whom, and how many customers bought it?

use super::kept::{self, N_OTHERS_MAX};
use super::named;
use super::tally::Tally;
use events::{EventKey, Object, Product, Recorded};
use governance::Headcount;
use primitives::{Currency, ItemId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many of the newest days with a buyer are counted one by one, and how many of the newest weeks.
const N_DAYS: usize = 35;
const N_WEEKS: usize = 26;

/// How many days count as lately, wherever it is told what sells.
pub const N_DAYS_LATELY: i64 = 30;

/// How long a name or a category is at most, in bytes: the rest is cut off.
const TEXT_BYTES_MAX: usize = 256;

/// The trait that says how many there are, or whether there are any.
const STOCK: &str = "stock";

/// The trait by which the company keeps an item from being shown.
const HIDDEN: &str = "hidden";

/// The trait that says since when there is an item.
const SINCE: &str = "timestamp";

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
    /// The price as it was read, where nobody named its currency.
    bare_price: Option<Money>,
    /// In which currency the item's price was said last.
    currency: Option<Fact<Currency>>,
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
    /// Until when, by our clock, it may be shown though the company has named other items and not this one: it was shown before.
    pub(super) kept_until: Option<Timestamp>,
    /// When a write key last named it, by our clock.
    pub(super) last_used: Timestamp,
    /// How many of the customers who are counted bought it last on each of the newest days (days since 1970).
    buyers_by_day: Tally<N_DAYS>,
    /// How many of these the company itself told of.
    known_by_day: Tally<N_DAYS>,
    /// How many of them bought it in each of the newest weeks; see [`week_of`].
    buyers_by_week: Tally<N_WEEKS>,
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
            bare_price: None,
            currency: None,
            available: None,
            traits: BTreeMap::new(),
            described_at: None,
            first_at: None,
            is_vouched: false,
            kept_until: None,
            last_used: Timestamp::MIN,
            buyers_by_day: Tally::default(),
            known_by_day: Tally::default(),
            buyers_by_week: Tally::default(),
        }
    }

    /// Whether it may be shown though the company named others and not this one, since it was shown before the company spoke.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept_until.is_some()
    }

    /// The item's name, or its id where no name is known.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_ref().map_or(self.id.as_str(), |name| &name.value)
    }

    /// Whether it can be had: neither `available` nor `stock` says that it cannot.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.available.as_ref().is_none_or(|available| available.value) && self.truth(STOCK) != Some(false)
    }

    /// Whether the company keeps it from being shown.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.truth(HIDDEN) == Some(true)
    }

    /// The number that the company said of it under a trait's name, also where it came as a text.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.told(name).and_then(kept::number)
    }

    /// Since when there is it, as its trait `timestamp` says: a day or a moment.
    #[must_use]
    pub fn stated_since(&self) -> Option<Timestamp> {
        kept::moment(&self.said(SINCE)?)
    }

    /// When it came into the catalogue: when the company first described it, or before that if it says so. `None` where it is only
    /// to come.
    #[must_use]
    pub fn since(&self, as_of: Timestamp) -> Option<Timestamp> {
        let (first_at, stated) = (self.first_at?, self.stated_since());
        stated.is_none_or(|at| at <= as_of).then(|| stated.map_or(first_at, |since| since.min(first_at)))
    }

    fn truth(&self, name: &str) -> Option<bool> {
        self.told(name).and_then(kept::truth)
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
        self.buyers_by_day.all()
    }

    /// How many of the customers who are counted bought it within the last `n_days` (at most 35), such as [`N_DAYS_LATELY`].
    #[must_use]
    pub fn n_buyers_lately(&self, as_of: Timestamp, n_days: i64) -> u32 {
        self.buyers_by_day.within(as_of.day() - n_days + 1..=as_of.day())
    }

    /// Of how many of the customers who bought it within the last `n_days`, and ever, the company itself told anything: anybody may have
    /// invented the others.
    #[must_use]
    pub fn n_known_buyers(&self, as_of: Timestamp, n_days: i64) -> (u32, u32) {
        (self.known_by_day.within(as_of.day() - n_days + 1..=as_of.day()), self.known_by_day.all())
    }

    /// How many of the customers who are counted bought it in each of the last 26 weeks, from old to new, each week with its
    /// Monday (days since 1970); the last week is the one under way.
    pub fn buyers_by_week(&self, as_of: Timestamp) -> impl Iterator<Item = (i64, Headcount)> {
        let this = week_of(as_of.day());
        let weeks = (0..N_WEEKS).rev().filter_map(move |ago| Some(this - i64::try_from(ago).ok()?));
        weeks.map(|week| (week * 7 - DAYS_TO_MONDAY, Headcount::of(self.buyers_by_week.of(week))))
    }

    /// How many of the customers who are counted bought it in each of the last `n_weeks` (at most 25) that are over, summed.
    #[must_use]
    pub fn n_buyers_of_weeks(&self, as_of: Timestamp, n_weeks: i64) -> u32 {
        let this = week_of(as_of.day());
        self.buyers_by_week.within(this - n_weeks..=this - 1)
    }

    /// Takes in what an event says of it. Answers whether it is anything else than what was known.
    pub(super) fn learn(&mut self, product: &Product, recorded: &Recorded) -> bool {
        let event = &recorded.event;
        let mut is_news = keep(&mut self.name, product.name.as_deref().map(cut), recorded);
        is_news |= keep(&mut self.category, product.category.as_deref().map(cut), recorded);
        is_news |= product.price.is_some_and(|price| self.learn_price(price, product.lacks_currency, recorded));
        if event.origin.is_trusted() {
            is_news |= !std::mem::replace(&mut self.is_vouched, true);
            self.kept_until = None;
        } else {
            self.last_used = self.last_used.max(event.received_at);
        }
        is_news
    }

    /// Takes in a price. Where nobody names its currency it is in the one that the item's price was said in last, in whichever order
    /// both arrive, and in the default where none was ever said; what only a write key said makes no price of the company's another.
    fn learn_price(&mut self, price: Money, lacks_currency: bool, recorded: &Recorded) -> bool {
        let before = self.price.as_ref().map(|known| known.value);
        if !lacks_currency {
            keep(&mut self.currency, Some(price.currency), recorded);
        }
        if is_newer(self.price.as_ref(), recorded) {
            self.bare_price = lacks_currency.then_some(price);
            keep(&mut self.price, Some(price), recorded);
        }
        if let (Some(known), Some(bare)) = (&mut self.price, self.bare_price) {
            let said = self.currency.as_ref().filter(|said| said.is_vouched >= known.is_vouched);
            let in_said = said.and_then(|said| Money::from_major(bare.to_major(), said.value).ok());
            known.value = in_said.unwrap_or(bare);
        }
        self.price.as_ref().map(|known| known.value) != before
    }

    /// Takes in whether it can be had. Answers whether that is anything else than what was known.
    pub(super) fn learn_available(&mut self, available: Option<&Value>, recorded: &Recorded) -> bool {
        keep(&mut self.available, available.and_then(|said| kept::truth(&said.to_string())), recorded)
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
            let Some(text) = kept::kept(name, value) else { continue };
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
        let others = self.traits.keys().filter(|name| !named::is_read(name));
        let left_out: Vec<String> = others.skip(N_OTHERS_MAX).cloned().collect();
        left_out.iter().for_each(|name| drop(self.traits.remove(name)));
        is_news
    }

    /// Takes in when somebody whom the company told of bought it last, where that was otherwise before.
    pub(super) fn recount_known(&mut self, before: Option<i64>, after: Option<i64>) {
        if before != after {
            before.into_iter().for_each(|day| self.known_by_day.remove(day));
            after.into_iter().for_each(|day| self.known_by_day.add(day));
        }
    }

    /// Takes in on which days one customer bought it, as far as is remembered, in ascending order, where that was otherwise before.
    pub(super) fn recount(&mut self, before: &[i64], after: &[i64]) {
        if before.last() != after.last() {
            before.last().into_iter().for_each(|day| self.buyers_by_day.remove(*day));
            after.last().into_iter().for_each(|day| self.buyers_by_day.add(*day));
        }
        let weeks = |days: &[i64]| days.iter().map(|day| week_of(*day)).collect::<BTreeSet<_>>();
        let (before, after) = (weeks(before), weeks(after));
        before.difference(&after).for_each(|week| self.buyers_by_week.remove(*week));
        after.difference(&before).for_each(|week| self.buyers_by_week.add(*week));
    }
}

/// The first of January 1970 was the fourth day of a week that began on Monday.
const DAYS_TO_MONDAY: i64 = 3;

/// The week of a day, both counted from 1970: weeks begin on Monday.
fn week_of(day: i64) -> i64 {
    (day + DAYS_TO_MONDAY).div_euclid(7)
}

/// Whether an event's word goes before what is known.
fn is_newer<T>(known: Option<&Fact<T>>, recorded: &Recorded) -> bool {
    let event = &recorded.event;
    let place = (event.origin.is_trusted(), event.occurred_at, event.key());
    known.is_none_or(|known| place > (known.is_vouched, known.at, known.key))
}

/// What the company said goes before what a write key said; of each, what was said later wins, in whichever order it
/// arrives. Answers whether it is anything else than what was known.
fn keep<T: PartialEq<S>, S: Into<T>>(known: &mut Option<Fact<T>>, said: Option<S>, recorded: &Recorded) -> bool {
    let Some(said) = said.filter(|_| is_newer(known.as_ref(), recorded)) else { return false };
    let event = &recorded.event;
    let (is_vouched, at, key) = (event.origin.is_trusted(), event.occurred_at, event.key());
    match known {
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

    fn weeks(item: &Item, day: i64) -> Vec<(i64, u32)> {
        let told = |(monday, n): (i64, Headcount)| (monday, n.told().unwrap_or(1));
        item.buyers_by_week(Timestamp::from_millis(day * 86_400_000)).map(told).collect()
    }

    #[test]
    fn a_week_is_seven_days_from_monday_and_counts_a_customer_once() {
        let mut item = Item::new(ItemId::from("tea"));
        // The 5th of January 1970 was a Monday.
        (0..5).for_each(|_| item.recount(&[], &[3, 4, 4, 10, 11]));
        item.recount(&[], &[12]);
        let of = |item: &Item, day| weeks(item, day).into_iter().rev().take(3).collect::<Vec<_>>();
        assert_eq!(of(&item, 11), [(11, 6), (4, 5), (-3, 5)]);
        assert_eq!(of(&item, 17), [(11, 6), (4, 5), (-3, 5)]);
        assert_eq!(of(&item, 18), [(18, 0), (11, 6), (4, 5)]);
        assert_eq!((weeks(&item, 18).len(), weeks(&item, 18)[0].0), (N_WEEKS, 18 - 25 * 7));
        item.recount(&[12], &[]);
        item.recount(&[3, 4, 4, 10, 11], &[3, 4]);
        assert_eq!(of(&item, 11), [(11, 1), (4, 5), (-3, 5)], "fewer than five are not told");
        assert_eq!((item.n_buyers(), item.n_buyers_lately(Timestamp::from_millis(11 * 86_400_000), 1)), (5, 4));
    }

    proptest! {
        /// However a customer's purchases came to be what they are, the counts are those of what they are.
        #[test]
        fn counts_are_those_of_what_was_bought(
            steps in proptest::collection::vec((0_usize..4, proptest::collection::btree_set(0_i64..60, 0..6)), 0..40),
        ) {
            let (mut item, mut now) = (Item::new(ItemId::from("tea")), vec![Vec::new(); 4]);
            for (who, days) in steps {
                let after: Vec<i64> = days.into_iter().collect();
                item.recount(&now[who], &after);
                now[who] = after;
            }
            let mut fresh = Item::new(ItemId::from("tea"));
            now.iter().for_each(|days| fresh.recount(&[], days));
            prop_assert_eq!(item, fresh);
        }
    }
}
