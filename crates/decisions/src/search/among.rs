//! Which items can a filter let through at all? Told from what items have in common, so that the others need not be looked at.

use super::shelf::Shelf;
use super::told::is_listed;
use super::words::plain;
use crate::ItemFilter;
use primitives::ItemKey;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// The key of an item is a hash already.
#[derive(Debug, Clone, Copy, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Items of which one condition of a filter may hold: of no other does it.
#[derive(Debug, Clone)]
pub struct Among {
    keys: HashSet<ItemKey, BuildHasherDefault<AsItIs>>,
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
        let narrowest = filter.wanted().filter_map(|(name, wanted)| Some((name, self.having(name, &wanted)?)));
        let (condition, mut keys) = narrowest.min_by_key(|(_, keys)| keys.len())?;
        if keys.len() > n_max {
            return None;
        }
        let n_others = self.len().saturating_sub(keys.len()) as u64;
        keys.extend(also);
        Some(Among { keys: keys.into_iter().collect(), condition: condition.to_owned(), n_others })
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
