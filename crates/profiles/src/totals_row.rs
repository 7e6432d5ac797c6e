//! How does a value that is stored as one row come into the checkpoints?

use crate::{Change, Collection, ProfileError, ProfileStore, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of [`Collection::Totals`] beside the profiles: whole in the next checkpoint wherever its value has changed. Whoever
/// has the value says when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TotalsRow {
    is_dirty: bool,
    /// Whether the checkpoint under way has it.
    is_taken: bool,
    /// The row of the checkpoint under way.
    then: Option<Change>,
}

impl TotalsRow {
    /// What a row held at the last checkpoint; the default where there is none.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn stored<T: DeserializeOwned + Default>(store: &dyn ProfileStore, key: &str) -> Result<T, ProfileError> {
        store.get(Collection::Totals, key)?.map_or_else(|| Ok(T::default()), |bytes| decode("totals", key, &bytes))
    }

    /// The value is no longer what is stored.
    pub fn changed(&mut self) {
        self.is_dirty = true;
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`TotalsRow::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where the value cannot be encoded.
    pub fn begin_checkpoint(&mut self, key: &str, value: &impl Serialize) -> Result<(), ProfileError> {
        self.end_checkpoint(false);
        self.is_taken = std::mem::take(&mut self.is_dirty);
        if self.is_taken {
            let value = encode("totals", key, value)?;
            self.then = Some(Change { collection: Collection::Totals, key: key.to_owned(), value: Some(value) });
        }
        Ok(())
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        if slice.len() < n_max {
            slice.extend(self.then.take());
        }
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.then = None;
        self.is_dirty |= std::mem::take(&mut self.is_taken) && !is_durable;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryProfileStore;
    use events::Offset;

    const KEY: &str = "a row";

    /// The changes of a checkpoint that becomes durable, or does not.
    fn checkpoint(row: &mut TotalsRow, value: u32, is_durable: bool) -> Vec<Change> {
        row.begin_checkpoint(KEY, &value).unwrap();
        let mut slice = Vec::new();
        row.fill(&mut slice, 0);
        assert!(slice.is_empty(), "there was no room");
        row.fill(&mut slice, 1);
        row.fill(&mut slice, 2);
        row.end_checkpoint(is_durable);
        slice
    }

    #[test]
    fn what_changed_is_stored_once_and_again_where_it_was_not_durable() {
        let store = MemoryProfileStore::default();
        assert_eq!(TotalsRow::stored::<u32>(&store, KEY).unwrap(), 0);
        let mut row = TotalsRow::default();
        assert!(checkpoint(&mut row, 1, true).is_empty(), "nothing has changed");
        assert!(
            checkpoint(&mut row, 1, false).is_empty() && checkpoint(&mut row, 1, true).is_empty(),
            "nor by a failure"
        );
        row.changed();
        assert_eq!(checkpoint(&mut row, 2, false).len(), 1);
        let again = checkpoint(&mut row, 3, true);
        assert_eq!(again.len(), 1);
        assert!(checkpoint(&mut row, 3, true).is_empty());
        store.commit(Offset(1), again).unwrap();
        assert_eq!(TotalsRow::stored::<u32>(&store, KEY).unwrap(), 3);
        let unversioned = Change { collection: Collection::Totals, key: KEY.to_owned(), value: Some(vec![3]) };
        store.commit(Offset(2), vec![unversioned]).unwrap();
        assert!(TotalsRow::stored::<u32>(&store, KEY).is_err(), "every row says its layout");
    }
}
