//! Which items does the company vouch for, which may be shown, and which of the others are forgotten first?

use super::Item;
use primitives::{ItemKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many customers have to have bought an item that only write keys named before it is kept apart from those that
/// anybody can name by the thousands.
const N_BUYERS_MIN: usize = 5;

/// How many items that only write keys named are kept: those that fewer than five customers bought, and the others. Beyond it one is
/// forgotten of those that the fewest bought: that which was named longest ago. So what is only named takes the place of
/// nothing that was bought.
const N_OF_FEW_MAX: usize = 10_000;
const N_OF_MANY_MAX: usize = 40_000;

/// So many days after the company has named its first item, what was shown before is shown without its word.
const N_DAYS_KEPT: i64 = 30;

/// After so many days without being named, an item that only write keys named is forgotten.
const N_DAYS_UNUSED_MAX: i64 = 30;

/// Whether an item may be shown, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It may.
    Open,
    /// It cannot be had.
    OutOfStock,
    /// The company keeps it from being shown.
    Hidden,
    /// Nobody who is believed named it.
    Unbelieved,
}

/// What of an item says whether it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    OutOfStock,
    Hidden,
    Vouched,
    /// The company did not name it, and somebody bought it.
    Bought,
    /// So it was when the company named its first item.
    Kept,
    Named,
}

impl Standing {
    fn of(item: &Item) -> Self {
        match item {
            item if !item.is_available() => Self::OutOfStock,
            item if item.is_hidden() => Self::Hidden,
            item if item.is_vouched => Self::Vouched,
            item if item.n_buyers() > 0 && item.is_kept() => Self::Kept,
            item if item.n_buyers() > 0 => Self::Bought,
            _ => Self::Named,
        }
    }
}

/// Where each item is filed.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    /// Of each item: a question looks at a thousand of them, and what the traits say is found more slowly.
    standing: HashMap<ItemKey, Standing>,
    n_vouched: usize,
    /// Of which simulated companies the items say that they are, and how many of each.
    simulated: BTreeMap<String, usize>,
    /// What was shown before the company named its first item, by until when it is kept.
    kept: BTreeSet<(Timestamp, ItemKey)>,
    /// When a write key named any item last, by our clock.
    now: Timestamp,
    /// By when they were last named: those that nobody bought, one customer, and so on until four, and the others.
    provisional: [BTreeSet<(Timestamp, ItemKey)>; N_BUYERS_MIN + 1],
}

impl Shelves {
    /// The simulated company of which more than half of the items that the company vouches for say that they are: a few among
    /// many make no real company a simulated one.
    pub(super) fn simulated(&self) -> Option<&str> {
        self.simulated.iter().find(|(_, n_items)| 2 * **n_items > self.n_vouched).map(|(label, _)| label.as_str())
    }

    /// Whether an item may be shown; `None` where there is none. A stranger can name whatever they like, and invent as many buyers of
    /// it as they like. As long as the company has named nothing itself, there is nobody else to believe; and what was shown until
    /// then is shown on for some time, or the company's first word would empty all lists.
    pub(super) fn offer(&self, key: ItemKey) -> Option<Offer> {
        Some(match self.standing.get(&key)? {
            Standing::OutOfStock => Offer::OutOfStock,
            Standing::Hidden => Offer::Hidden,
            Standing::Vouched | Standing::Kept => Offer::Open,
            Standing::Bought if self.n_vouched == 0 => Offer::Open,
            Standing::Bought | Standing::Named => Offer::Unbelieved,
        })
    }

    /// How many items may be shown, or why not, each that there is. Looks at all of them.
    pub(super) fn by_offer(&self) -> Vec<(Offer, u64)> {
        let all = [Offer::Open, Offer::OutOfStock, Offer::Hidden, Offer::Unbelieved];
        let mut counted = all.map(|offer| (offer, 0));
        for offer in self.standing.keys().filter_map(|key| self.offer(*key)) {
            counted.iter_mut().filter(|(one, _)| *one == offer).for_each(|(_, n)| *n += 1);
        }
        counted.into_iter().filter(|(_, n)| *n > 0).collect()
    }

    /// Whether the company has named any item.
    pub(super) fn has_vouched(&self) -> bool {
        self.n_vouched > 0
    }

    /// The items that only write keys named and somebody bought, and until when they are kept from now on.
    pub(super) fn to_keep(&self) -> (Timestamp, Vec<ItemKey>) {
        let bought = self.standing.iter().filter(|(_, standing)| **standing == Standing::Bought);
        (self.now.plus_days(N_DAYS_KEPT), bought.map(|(key, _)| *key).collect())
    }

    /// The items that are kept no longer: their time is over, or the company has named as many as are left without its word, and so
    /// has told its catalogue.
    pub(super) fn to_let_go(&self) -> Vec<ItemKey> {
        let is_told = self.n_vouched >= self.kept.len();
        let over = self.kept.iter().take_while(|(until, _)| is_told || *until < self.now);
        over.map(|(_, key)| *key).collect()
    }

    /// Forgets an item that was taken out.
    pub(super) fn forget(&mut self, key: ItemKey, item: Option<&Item>) {
        self.standing.remove(&key);
        let until = item.and_then(|item| item.kept_until);
        until.map(|until| self.kept.remove(&(until, key)));
    }

    pub(super) fn file(&mut self, key: ItemKey, item: &Item) {
        self.now = self.now.max(item.last_used);
        self.kept.extend(item.kept_until.map(|until| (until, key)));
        self.standing.insert(key, Standing::of(item));
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
        item.kept_until.map(|until| self.kept.remove(&(until, key)));
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
        let n_of_few: usize = self.provisional[..N_BUYERS_MIN].iter().map(BTreeSet::len).sum();
        self.provisional.iter_mut().enumerate().find_map(|(n_buyers, shelf)| {
            let (last_used, _) = shelf.first()?;
            let are_too_many =
                if n_buyers < N_BUYERS_MIN { n_of_few > N_OF_FEW_MAX } else { shelf.len() > N_OF_MANY_MAX };
            let is_excess = are_too_many || *last_used < unused_since;
            if is_excess { shelf.pop_first().map(|(_, key)| key) } else { None }
        })
    }
}

/// Nowhere if the company named it. What is kept since before the company named anything stands with what many bought.
fn shelf(item: &Item) -> Option<usize> {
    let n_buyers = usize::try_from(item.n_buyers()).unwrap_or(usize::MAX).min(N_BUYERS_MIN);
    (!item.is_vouched).then_some(if item.is_kept() { N_BUYERS_MIN } else { n_buyers })
}
