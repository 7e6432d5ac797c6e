//! Which items does the company vouch for, and which of the others are forgotten first?

use super::Item;
use primitives::{ItemKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How many customers have to have bought an item that only write keys named before it is kept apart from those that
/// anybody can name by the thousands.
const N_BUYERS_MIN: u32 = 5;

/// How many items that only write keys named are kept: those that fewer than five customers bought, and the others.
/// Beyond it the one that was named longest ago is forgotten.
const N_PROVISIONAL_MAX: [usize; 2] = [10_000, 40_000];

/// After so many days without being named, an item that only write keys named is forgotten.
const N_DAYS_UNUSED_MAX: i64 = 30;

/// Where each item is filed.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    n_vouched: usize,
    /// Of which simulated companies the items say that they are, and how many of each.
    simulated: BTreeMap<String, usize>,
    /// By when they were last named: those that fewer than five customers bought, and the others.
    provisional: [BTreeSet<(Timestamp, ItemKey)>; 2],
}

impl Shelves {
    /// How many items the company named itself.
    pub(super) fn n_vouched(&self) -> usize {
        self.n_vouched
    }

    /// The simulated company of which more than half of the items that the company vouches for say that they are: a few among
    /// many make no real company a simulated one.
    pub(super) fn simulated(&self) -> Option<&str> {
        self.simulated.iter().find(|(_, n_items)| 2 * **n_items > self.n_vouched).map(|(label, _)| label.as_str())
    }

    pub(super) fn file(&mut self, key: ItemKey, item: &Item) {
        match shelf(item) {
            None => {
                self.n_vouched += 1;
                if let Some(label) = item.simulated() {
                    match self.simulated.get_mut(label) {
                        Some(n_items) => *n_items += 1,
                        None => drop(self.simulated.insert(label.to_owned(), 1)),
                    }
                }
            }
            Some(shelf) => {
                self.provisional[shelf].insert((item.last_used, key));
            }
        }
    }

    pub(super) fn unfile(&mut self, key: ItemKey, item: &Item) {
        match shelf(item) {
            None => {
                self.n_vouched -= 1;
                if let Some((label, n_items)) =
                    item.simulated().and_then(|label| Some((label, self.simulated.get_mut(label)?)))
                {
                    *n_items = n_items.saturating_sub(1);
                    if *n_items == 0 {
                        self.simulated.remove(label);
                    }
                }
            }
            Some(shelf) => {
                self.provisional[shelf].remove(&(item.last_used, key));
            }
        }
    }

    /// Takes out one that is to be forgotten now, if there is any.
    pub(super) fn take_excess(&mut self, now: Timestamp) -> Option<ItemKey> {
        let unused_since = now.plus_days(-N_DAYS_UNUSED_MAX);
        let with_max = self.provisional.iter_mut().zip(N_PROVISIONAL_MAX);
        with_max.into_iter().find_map(|(shelf, n_max)| {
            let (last_used, _) = shelf.first()?;
            let is_excess = shelf.len() > n_max || *last_used < unused_since;
            if is_excess { shelf.pop_first().map(|(_, key)| key) } else { None }
        })
    }
}

/// Nowhere if the company named it.
fn shelf(item: &Item) -> Option<usize> {
    (!item.is_vouched).then(|| usize::from(item.n_buyers() >= N_BUYERS_MIN))
}
