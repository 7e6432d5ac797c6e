//! What does a decision ask of the world, and how is it written down?

use crate::search::{Completion, Found};
use governance::Headcount;
use primitives::{ItemId, ItemKey};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

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
    /// How the words of the question may go on. `None` where that was not asked.
    fn completed(&self) -> Option<Vec<Completion>> {
        None
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
}

impl Testimony {
    /// The items that would have been answered and could not be had, so that they were left out.
    pub fn left_out(&self) -> impl Iterator<Item = ItemKey> {
        self.unavailable.iter().copied()
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
}

/// Passes questions on to the world and writes down its answers.
pub struct Witness<'a> {
    world: &'a dyn World,
    testimony: RefCell<Testimony>,
}

impl<'a> Witness<'a> {
    /// A witness of the world's answers.
    #[must_use]
    pub fn new(world: &'a dyn World) -> Self {
        Self { world, testimony: RefCell::default() }
    }

    /// What was answered.
    #[must_use]
    pub fn into_testimony(self) -> Testimony {
        self.testimony.into_inner()
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

    fn completed(&self) -> Option<Vec<Completion>> {
        let completed = self.world.completed();
        self.testimony.borrow_mut().completed.clone_from(&completed);
        completed
    }
}
