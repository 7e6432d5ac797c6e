//! Which items can a filter let through at all? Told from what items have in common, so that the others need not be looked at.

use super::shelf::Shelf;
use super::told::is_listed;
use super::words::plain;
use crate::ItemFilter;
use crate::item_filter::PRICE;
use crate::keyed::SomeItems;
use primitives::ItemKey;

/// So many items are few: to put them in order is quicker than to look for them among all.
const N_FEW: usize = 2_000;

/// Items of which one condition of a filter may hold: of no other does it.
#[derive(Debug, Clone)]
pub struct Among {
    keys: SomeItems,
    condition: String,
    n_others: u64,
}

impl Among {
    /// Whether it may hold of an item.
    #[must_use]
    pub fn holds(&self, item: ItemKey) -> bool {
        self.keys.contains(&item)
    }

    /// The trait that the condition is about.
    #[must_use]
    pub fn condition(&self) -> &str {
        &self.condition
    }

    /// The items, where they are few.
    #[must_use]
    pub fn few(&self) -> Option<Vec<ItemKey>> {
        (self.keys.len() <= N_FEW).then(|| self.keys.iter().copied().collect())
    }

    /// How many items there are of which it does not hold.
    #[must_use]
    pub fn n_others(&self) -> u64 {
        self.n_others
    }
}

impl Shelf {
    /// The items of which the narrowest condition of a filter may hold, as the shelf tells; with `also`, of which it does not
    /// know the newest. `None` where no condition asks for what items have in common, or too many have it.
    #[must_use]
    pub fn among(&self, filter: &ItemFilter, also: &[ItemKey]) -> Option<Among> {
        // Where an item in eight has it, looking at one after the other is as fast.
        let n_max = (self.len() / 8).max(1);
        let named = filter.wanted().filter_map(|(name, wanted)| Some((name, self.having(name, &wanted)?)));
        let priced = filter.prices().map(|(low, high)| (PRICE, self.priced(low, high, n_max + 1)));
        let (condition, mut keys) = named.chain(priced).min_by_key(|(_, keys)| keys.len())?;
        if keys.len() > n_max {
            return None;
        }
        keys.extend(also);
        let keys: SomeItems = keys.into_iter().collect();
        // What was told since is looked at, whether it stands here or not: it is not one of the others.
        let n_known = keys.iter().filter(|key| self.of_key(**key).is_some()).count();
        let n_others = self.len().saturating_sub(n_known) as u64;
        Some(Among { keys, condition: condition.to_owned(), n_others })
    }

    /// At most `n_max` items whose price is from here to there.
    fn priced(&self, low: f64, high: f64, n_max: usize) -> Vec<ItemKey> {
        let priced = self.prices.within(low, high).take(n_max);
        priced.filter_map(|number| Some(self.doc(number)?.key)).collect()
    }

    /// The items that have one of some values; `None` where the shelf cannot tell.
    fn having(&self, name: &str, wanted: &[&str]) -> Option<Vec<ItemKey>> {
        if name == "id" {
            return Some(wanted.iter().map(|id| ItemKey::from(&primitives::ItemId::from(*id))).collect());
        }
        let mut found = Vec::new();
        for value in wanted {
            let words = plain(value, usize::MAX);
            if !is_listed(name, value) {
                return None;
            }
            // An item that is in several categories lists them.
            let names = if name == "category" { &["category", "categories"][..] } else { &[name][..] };
            for name in names {
                let Some(of) = self.traits.iter().position(|known| known.name == *name) else { continue };
                if self.traits[of].is_partial {
                    return None;
                }
                let value = self.value_of(u16::try_from(of).ok()?, &words);
                let items = value.map_or(&[][..], |value| value.items.as_slice());
                found.extend(items.iter().filter_map(|number| Some(self.doc(*number)?.key)));
            }
        }
        Some(found)
    }
}
