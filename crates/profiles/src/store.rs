//! Where is derived state kept between two starts? The port that every profile store answers to.

use events::{Offset, Partition, Place};
use primitives::ErrorKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What kind of derived state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Collection {
    /// Customers by their `CustomerId`.
    Customer,
    /// The customer each identifier belongs to.
    Identifier,
    /// Items by their id.
    Item,
    /// Sums over everything, such as the number of customers.
    Totals,
}

impl Collection {
    /// Every collection.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Identifier, Self::Item, Self::Totals];

    /// The name under which it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Identifier => "identifier",
            Self::Item => "item",
            Self::Totals => "totals",
        }
    }
}

/// One row of derived state, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of state.
    pub collection: Collection,
    /// The row's key within its collection.
    pub key: String,
    /// The row's bytes; `None` removes the row.
    pub value: Option<Vec<u8>>,
}

/// The store failed; the state in memory is unharmed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct StoreError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the storage said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where derived state is kept. It can always be rebuilt from the log and the history.
pub trait ProfileStore: Send + Sync {
    /// The place up to which the stored state has seen the first partition of the log; `Offset(0)` for an empty store.
    ///
    /// # Errors
    /// [`StoreError`].
    fn offset(&self) -> Result<Offset, StoreError>;

    /// The places up to which it has seen each partition of the log that was ever stored, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn places(&self) -> Result<Vec<Place>, StoreError> {
        Ok(vec![Place::first(self.offset()?)])
    }

    /// One row's bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits the rows whose key begins with `prefix`, in the order of their keys' bytes, until `visit` answers `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError>;

    /// Visits the rows whose key stands after another one, in the order of their keys' bytes, until `visit` answers `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn scan_after(
        &self,
        collection: Collection,
        after: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.scan(collection, "", &mut |key, value| key <= after || visit(key, value))
    }

    /// How many rows a collection has.
    ///
    /// # Errors
    /// [`StoreError`].
    fn count(&self, collection: Collection) -> Result<u64, StoreError>;

    /// Stores a checkpoint: the slices of changes that `next` hands out until one is empty, and the places they lead to, one
    /// of each partition that they are of; of the other partitions nothing changes. All or nothing, durable on return; readers see the old state until it is complete, and then the new one. Nobody has
    /// to wait for more than a slice.
    ///
    /// # Errors
    /// [`StoreError`], also where `next` answers one; then nothing was stored.
    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError>;

    /// Stores a checkpoint of the first partition in one slice.
    ///
    /// # Errors
    /// As [`ProfileStore::checkpoint`].
    fn commit(&self, offset: Offset, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut slice = Some(changes);
        self.checkpoint(&[Place::first(offset)], &mut || Ok(slice.take().unwrap_or_default()))
    }

    /// Removes everything, back to `Offset(0)`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clear(&self) -> Result<(), StoreError>;
}

/// A store in memory, for training replays and tests.
#[derive(Debug, Default)]
pub struct MemoryProfileStore(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    places: BTreeMap<Partition, Offset>,
    by_key: BTreeMap<(Collection, String), Vec<u8>>,
}

impl MemoryProfileStore {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProfileStore for MemoryProfileStore {
    fn offset(&self) -> Result<Offset, StoreError> {
        Ok(self.rows().places.get(&Partition::FIRST).copied().unwrap_or_default())
    }

    fn places(&self) -> Result<Vec<Place>, StoreError> {
        Ok(self
            .rows()
            .places
            .iter()
            .map(|(partition, offset)| Place { partition: *partition, offset: *offset })
            .collect())
    }

    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows();
        Ok(rows.by_key.get(&(collection, key.to_owned())).cloned())
    }

    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let rows = self.rows();
        for ((found, key), value) in rows.by_key.range((collection, prefix.to_owned())..) {
            if *found != collection || !key.starts_with(prefix) || !visit(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        let rows = self.rows();
        Ok(rows.by_key.keys().filter(|(found, _)| *found == collection).count() as u64)
    }

    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        loop {
            let slice = next()?;
            if slice.is_empty() {
                break;
            }
            changes.extend(slice);
        }
        let mut rows = self.rows();
        rows.places.extend(upto.iter().map(|place| (place.partition, place.offset)));
        for Change { collection, key, value } in changes {
            match value {
                Some(value) => rows.by_key.insert((collection, key), value),
                None => rows.by_key.remove(&(collection, key)),
            };
        }
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *self.rows() = Rows::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(collection: Collection, key: &str, value: Option<u8>) -> Change {
        Change { collection, key: key.to_owned(), value: value.map(|value| vec![value]) }
    }

    fn scanned(store: &MemoryProfileStore, prefix: &str, n_max: usize) -> Vec<(String, u8)> {
        let mut rows = Vec::new();
        let mut visit = |key: &str, value: &[u8]| {
            rows.push((key.to_owned(), value[0]));
            rows.len() < n_max
        };
        store.scan(Collection::Item, prefix, &mut visit).unwrap();
        rows
    }

    #[test]
    fn rows_are_found_counted_scanned_and_removed() {
        let store = MemoryProfileStore::default();
        let rows =
            [("tea", 1), ("tea-green", 2), ("jam", 3)].map(|(key, value)| row(Collection::Item, key, Some(value)));
        let other = row(Collection::Totals, "tea-black", Some(4));
        store.commit(Offset(7), [&rows[..], std::slice::from_ref(&other)].concat()).unwrap();
        assert_eq!((store.offset().unwrap(), store.get(Collection::Item, "tea").unwrap()), (Offset(7), Some(vec![1])));
        assert_eq!(store.get(Collection::Item, "tea-black").unwrap(), None);
        let named =
            |rows: &[(&str, u8)]| rows.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect::<Vec<_>>();
        assert_eq!(scanned(&store, "", 9), named(&[("jam", 3), ("tea", 1), ("tea-green", 2)]));
        assert_eq!(scanned(&store, "tea", 9), named(&[("tea", 1), ("tea-green", 2)]));
        assert_eq!(scanned(&store, "", 2), named(&[("jam", 3), ("tea", 1)]));
        assert_eq!(Collection::ALL.map(|collection| store.count(collection).unwrap()), [0, 0, 3, 1]);

        store
            .commit(Offset(8), vec![row(Collection::Item, "tea", None), row(Collection::Item, "jam", Some(5))])
            .unwrap();
        assert_eq!(scanned(&store, "", 9), named(&[("jam", 5), ("tea-green", 2)]));
        store.clear().unwrap();
        assert_eq!((store.offset().unwrap(), store.count(Collection::Item).unwrap()), (Offset(0), 0));
    }

    #[test]
    fn a_collection_is_stored_under_its_name() {
        assert_eq!(Collection::ALL.map(Collection::name), ["customer", "identifier", "item", "totals"]);
    }
}
