//! How is what is known of items found by their keys?

use primitives::ItemKey;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Something of each of some items.
pub(crate) type ByItem<T> = HashMap<ItemKey, T, BuildHasherDefault<AsItIs>>;

/// Some items.
pub(crate) type SomeItems = HashSet<ItemKey, BuildHasherDefault<AsItIs>>;

/// The key of an item is a hash already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsItIs(u64);

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
