//! What does a decision ask of the world, and how is it written down?

use crate::search::{Among, Completion, Found};
use crate::{Lens, Reached, Refusal, Regard, Retrieved};
use governance::Headcount;
use primitives::{ItemId, ItemKey, Seed};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How many of the items that could not be had are named in a record.
const N_UNAVAILABLE_MAX: usize = 20;

/// What an answer says of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFacts {
    /// Its id.
    pub id: ItemId,
    /// What people call it.
    pub title: String,
}

/// How an item sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sales {
    /// In how many orders of anybody's it was: only in records of the first programs.
    Orders(u64),
    /// How many of the customers who permit it to be counted bought it.
    Buyers {
        /// How many.
        buyers: Headcount,
    },
}

/// A shelf on which items stand in an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// What sold best lately.
    Popular,
    /// What sells better than it used to.
    Trending,
    /// What came into the catalogue lately, the newest first.
    Newest,
    /// What came into it before that, the newest first.
    Earlier,
}

/// What is left of a budget, and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Priced {
    /// How much may still be spent now; `None` where nothing more is spent, since this customer has the offer already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<f64>,
    /// What a unit of it would bring elsewhere.
    pub price: f64,
}

/// How many items each rule has left out, of those that were looked at.
pub type LeftOut = BTreeMap<String, u64>;

/// The item catalogue, as far as decisions look at it.
pub trait World {
    /// Whether the item exists and can be had.
    fn is_available(&self, item: ItemKey) -> bool;
    /// What an answer says of an item.
    fn facts(&self, item: ItemKey) -> Option<ItemFacts>;
    /// The `n` items that sold best lately, and how well.
    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)>;
    /// What the words of the question found, with what the customer's purchases say of each item: `own` are the items that they
    /// bought, each with how much it counts. `None` where nothing was looked for.
    fn found(&self, _own: &[(ItemKey, f64)]) -> Option<Found> {
        None
    }
    /// Hears what was found with all that models said of it: from that the order comes, and later ones are learned.
    fn weighed(&self, _found: &Found) {}
    /// How the words of the question may go on. `None` where that was not asked.
    fn completed(&self) -> Option<Vec<Completion>> {
        None
    }

    /// What the knowledge base says to the question. `None` where that was not asked.
    fn retrieved(&self) -> Option<Retrieved> {
        None
    }

    /// Outside of which items a filter need not be asked; `None` where that is not known.
    fn among(&self) -> Option<&Among> {
        None
    }

    /// What the customer was shown last at this place, where it is not to come again; nothing where that does not count.
    fn shown_last(&self) -> BTreeSet<ItemKey> {
        BTreeSet::new()
    }

    /// What counts of an item through a lens.
    ///
    /// # Errors
    /// Why it may not be shown.
    fn regard(&self, item: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        let _ = lens;
        if self.is_available(item) { Ok(Regard::default()) } else { Err(Refusal::OutOfStock) }
    }

    /// The same of an item of which it is known that it may be shown. That it is looked at again is not written down.
    fn weigh(&self, item: ItemKey, lens: &Lens) -> Option<Regard> {
        self.regard(item, lens).ok()
    }

    /// The first `n` items of a shelf that are allowed, and how well they sell.
    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        match shelf {
            Shelf::Popular => self.popular(usize::MAX).into_iter().filter(|(item, _)| allowed(*item)).take(n).collect(),
            Shelf::Trending | Shelf::Newest | Shelf::Earlier => Vec::new(),
        }
    }

    /// Where no item at all may be shown: how many are kept out by each rule.
    fn kept_out(&self) -> LeftOut {
        LeftOut::new()
    }

    /// A number that is the same for all items of a category.
    fn category(&self, item: ItemKey) -> Option<u32> {
        let _ = item;
        None
    }

    /// The items of a category, and perhaps some that were of it until just now. `None` where that is not known without looking
    /// at all items.
    fn of_category(&self, category: u32) -> Option<Vec<ItemKey>> {
        let _ = category;
        None
    }

    /// Where no item has a trait: the name that was probably meant, or nothing. `None` where there are items that have it.
    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        let _ = name;
        None
    }

    /// Whether the customer is to be left alone, as far as it says.
    fn reached(&self) -> Reached {
        Reached::default()
    }

    /// What is left of the budget of an offer, and what a unit of it would bring elsewhere; `None` where it is not known.
    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        let _ = offer;
        None
    }

    /// Where chance comes from; `None` where nothing is left to it.
    fn seed(&self) -> Option<Seed> {
        None
    }

    /// Hears which items an answer is chosen from: only of them it has to be known later what counted.
    fn keep(&self, item: ItemKey, regard: Regard) {
        let _ = (item, regard);
    }

    /// Hears how many items each rule has left out, and answers what is to be said of it.
    fn tally(&self, left_out: LeftOut) -> LeftOut {
        left_out
    }
}

/// What the world answered to one decision: enough to decide the same again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// Items that could not be had.
    unavailable: BTreeSet<ItemKey>,
    /// What was said of the items in the answer.
    facts: BTreeMap<ItemKey, ItemFacts>,
    /// The popular items, where they were asked for.
    popular: Vec<(ItemKey, Sales)>,
    /// What the words of the question found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
    /// How they may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed: Option<Vec<Completion>>,
    /// What the knowledge base said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retrieved: Option<Retrieved>,
    /// What stood on shelves, as far as it was asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shelves: BTreeMap<Shelf, Vec<(ItemKey, Sales)>>,
    /// Of the items that were looked at, which could be shown.
    #[serde(default, skip_serializing_if = "Shown::is_all")]
    shown: Shown,
    /// What counted of the items that the answer was chosen from, where anything did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    regards: BTreeMap<ItemKey, Regard>,
    /// Of which category items were that the answer is about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    categories: BTreeMap<ItemKey, u32>,
    /// Traits that no item had, and which were probably meant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    without: BTreeMap<String, Option<String>>,
    /// What the customer was shown last at this place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    shown_last: BTreeSet<ItemKey>,
    /// How many items each rule has left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    left_out: LeftOut,
    /// How often the customer was contacted, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reached: Option<Reached>,
    /// What was left of budgets, by offer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    priced: BTreeMap<String, Priced>,
}

/// Of the items that were looked at, which could be shown: told by those that could or by those that could not, whichever are
/// fewer. Models weigh items against each other, so that all that they looked at counts, whatever was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shown {
    /// Only these.
    Only(BTreeSet<ItemKey>),
    /// All but these.
    But(BTreeSet<ItemKey>),
}

impl Default for Shown {
    fn default() -> Self {
        Self::But(BTreeSet::new())
    }
}

impl Shown {
    fn is_all(&self) -> bool {
        matches!(self, Self::But(items) if items.is_empty())
    }

    fn of(could: Vec<ItemKey>, could_not: Vec<ItemKey>, is_only: bool) -> Self {
        match is_only || could.len() < could_not.len() {
            true => Self::Only(could.into_iter().collect()),
            false => Self::But(could_not.into_iter().collect()),
        }
    }
}

impl Testimony {
    /// The items that would have been answered and could not be had, so that they were left out.
    pub fn left_out(&self) -> impl Iterator<Item = ItemKey> {
        self.unavailable.iter().copied()
    }

    /// What counted of an item that could be shown.
    pub(crate) fn regarded(&self, item: ItemKey) -> Regard {
        self.regards.get(&item).copied().unwrap_or_default()
    }

    /// What the words of the question found; `None` where nothing was looked for.
    pub(crate) fn what_was_found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// Whether an item could be shown, where it was looked at; `None` where it is not told whether it was.
    pub(crate) fn was_shown(&self, item: ItemKey) -> Option<bool> {
        match &self.shown {
            Shown::Only(items) => items.contains(&item).then_some(true),
            Shown::But(items) => items.contains(&item).then_some(false),
        }
    }

    /// Whether an item could be shown that was looked at.
    pub(crate) fn could_be_shown(&self, item: ItemKey) -> bool {
        self.was_shown(item).unwrap_or(matches!(self.shown, Shown::But(_)))
    }
}

impl World for Testimony {
    fn is_available(&self, item: ItemKey) -> bool {
        !self.unavailable.contains(&item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.facts.get(&item).cloned()
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.popular.iter().take(n).copied().collect()
    }

    fn found(&self, _: &[(ItemKey, f64)]) -> Option<Found> {
        self.found.clone()
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        self.completed.clone()
    }

    fn retrieved(&self) -> Option<Retrieved> {
        self.retrieved.clone()
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        let popular = if shelf == Shelf::Popular { self.popular.as_slice() } else { &[] };
        let stood = self.shelves.get(&shelf).map_or(popular, Vec::as_slice);
        stood.iter().filter(|(item, _)| allowed(*item)).take(n).copied().collect()
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        self.categories.get(&item).copied()
    }

    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        self.without.get(name).cloned()
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        self.shown_last.clone()
    }

    fn reached(&self) -> Reached {
        self.reached.clone().unwrap_or_default()
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        self.priced.get(offer).copied()
    }

    fn tally(&self, _: LeftOut) -> LeftOut {
        self.left_out.clone()
    }
}

/// Passes questions on to the world and writes down its answers.
pub struct Witness<'a> {
    world: &'a dyn World,
    testimony: RefCell<Testimony>,
    could: RefCell<Vec<ItemKey>>,
    could_not: RefCell<Vec<ItemKey>>,
    seed: Option<Seed>,
}

impl<'a> Witness<'a> {
    /// A witness of the world's answers.
    #[must_use]
    pub fn new(world: &'a dyn World) -> Self {
        let (could, could_not) = (RefCell::default(), RefCell::default());
        Self { world, testimony: RefCell::default(), could, could_not, seed: None }
    }

    /// With chance from a seed that is known again when the decision is made again; nothing is left to it without one.
    #[must_use]
    pub fn by_chance(self, seed: Option<Seed>) -> Self {
        Self { seed, ..self }
    }

    /// What was answered.
    #[must_use]
    pub fn into_testimony(self) -> Testimony {
        let mut testimony = self.testimony.into_inner();
        // Outside of a filter's items nothing was looked at.
        let is_only = self.world.among().is_some();
        testimony.shown = Shown::of(self.could.into_inner(), self.could_not.into_inner(), is_only);
        testimony
    }
}

impl World for Witness<'_> {
    fn is_available(&self, item: ItemKey) -> bool {
        let available = self.world.is_available(item);
        if !available {
            self.testimony.borrow_mut().unavailable.insert(item);
        }
        available
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        let facts = self.world.facts(item);
        if let Some(facts) = &facts {
            self.testimony.borrow_mut().facts.insert(item, facts.clone());
        }
        facts
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        let popular = self.world.popular(n);
        self.testimony.borrow_mut().popular.clone_from(&popular);
        popular
    }

    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        let found = self.world.found(own);
        self.testimony.borrow_mut().found.clone_from(&found);
        found
    }

    fn weighed(&self, found: &Found) {
        self.testimony.borrow_mut().found = Some(found.clone());
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        let completed = self.world.completed();
        self.testimony.borrow_mut().completed.clone_from(&completed);
        completed
    }

    fn retrieved(&self) -> Option<Retrieved> {
        let retrieved = self.world.retrieved();
        self.testimony.borrow_mut().retrieved.clone_from(&retrieved);
        retrieved
    }

    fn regard(&self, item: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        let regard = self.world.regard(item, lens);
        let looked_at = if regard.is_ok() { &self.could } else { &self.could_not };
        looked_at.borrow_mut().push(item);
        if regard == Err(Refusal::OutOfStock) {
            let mut testimony = self.testimony.borrow_mut();
            if testimony.unavailable.len() < N_UNAVAILABLE_MAX {
                testimony.unavailable.insert(item);
            }
        }
        regard
    }

    fn weigh(&self, item: ItemKey, lens: &Lens) -> Option<Regard> {
        self.world.weigh(item, lens)
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        let stood = self.world.shelf(shelf, n, allowed);
        let mut testimony = self.testimony.borrow_mut();
        let kept = testimony.shelves.entry(shelf).or_default();
        // A shelf does not change while a question is answered: what stood on it stands there once.
        let known: HashSet<ItemKey> = kept.iter().map(|(item, _)| *item).collect();
        kept.extend(stood.iter().filter(|(item, _)| !known.contains(item)));
        stood
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        let category = self.world.category(item);
        if let Some(category) = category {
            self.testimony.borrow_mut().categories.insert(item, category);
        }
        category
    }

    fn kept_out(&self) -> LeftOut {
        self.world.kept_out()
    }

    fn of_category(&self, category: u32) -> Option<Vec<ItemKey>> {
        self.world.of_category(category)
    }

    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        let without = self.world.without_trait(name);
        if let Some(near) = &without {
            self.testimony.borrow_mut().without.insert(name.to_owned(), near.clone());
        }
        without
    }

    fn among(&self) -> Option<&Among> {
        self.world.among()
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        let shown = self.world.shown_last();
        self.testimony.borrow_mut().shown_last.clone_from(&shown);
        shown
    }

    fn reached(&self) -> Reached {
        let reached = self.world.reached();
        self.testimony.borrow_mut().reached = Some(reached.clone());
        reached
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        let priced = self.world.shadow_price(offer)?;
        self.testimony.borrow_mut().priced.insert(offer.to_owned(), priced);
        Some(priced)
    }

    fn seed(&self) -> Option<Seed> {
        self.seed
    }

    fn keep(&self, item: ItemKey, regard: Regard) {
        if regard != Regard::default() {
            self.testimony.borrow_mut().regards.insert(item, regard);
        }
    }

    fn tally(&self, left_out: LeftOut) -> LeftOut {
        self.testimony.borrow_mut().left_out.clone_from(&left_out);
        left_out
    }
}
