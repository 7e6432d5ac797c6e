//! Which rows have changed, and how does a checkpoint take them as of one moment while changes go on?

use crate::Change;
use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// The keys of rows that have changed and are not safe in the store.
///
/// A checkpoint is of one moment and is taken in slices. [`Changed::begin`] is that moment; a row that changes before its
/// slice has come is written down first, as it was then ([`Changed::mark`]).
#[derive(Debug)]
pub struct Changed<K> {
    /// Changed since the last checkpoint began.
    lately: HashSet<K>,
    /// What the checkpoint under way has still to take, in the order of the keys: neighbours share pages in the store.
    waiting: BTreeSet<K>,
    /// What the checkpoint under way has taken.
    taken: HashSet<K>,
    /// Rows as they were when the checkpoint began, for its next slice.
    written_down: Vec<Change>,
}

impl<K> Default for Changed<K> {
    fn default() -> Self {
        Self { lately: HashSet::new(), waiting: BTreeSet::new(), taken: HashSet::new(), written_down: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Changed<K> {
    /// Marks a row that is about to change; `before` writes down how it is, where a checkpoint waits for that.
    ///
    /// # Errors
    /// What `before` answers; then the row must not change.
    pub fn mark<E>(&mut self, key: &K, before: impl FnOnce() -> Result<Change, E>) -> Result<(), E> {
        if self.lately.contains(key) {
            return Ok(());
        }
        if self.waiting.contains(key) {
            self.written_down.push(before()?);
            self.waiting.remove(key);
            self.taken.insert(key.clone());
        }
        self.lately.insert(key.clone());
        Ok(())
    }

    /// The moment of a checkpoint: it takes every row that has changed until now, as it is now.
    pub fn begin(&mut self) {
        self.end(false);
        self.waiting = self.lately.drain().collect();
    }

    /// Moves the next rows of the checkpoint into a slice that holds at most `n_max` changes; a slice that stays short of
    /// that was the last.
    ///
    /// # Errors
    /// What `row` answers; then the checkpoint must end.
    pub fn fill<E>(
        &mut self,
        slice: &mut Vec<Change>,
        n_max: usize,
        mut row: impl FnMut(&K) -> Result<Change, E>,
    ) -> Result<(), E> {
        let n_written_down = self.written_down.len().min(n_max.saturating_sub(slice.len()));
        slice.extend(self.written_down.drain(..n_written_down));
        while slice.len() < n_max {
            let Some(key) = self.waiting.pop_first() else { break };
            let change = row(&key);
            self.taken.insert(key);
            slice.push(change?);
        }
        Ok(())
    }

    /// The checkpoint is durable; or it is not, and the next one takes its rows again.
    pub fn end(&mut self, is_durable: bool) {
        let unfinished = std::mem::take(&mut self.waiting);
        if is_durable && unfinished.is_empty() {
            self.taken.clear();
        } else {
            self.lately.extend(self.taken.drain().chain(unfinished));
        }
        self.written_down.clear();
    }

    /// Whether the store has the row as it is.
    #[must_use]
    pub fn is_safe(&self, key: &K) -> bool {
        !self.lately.contains(key) && !self.taken.contains(key) && !self.waiting.contains(key)
    }

    /// How many rows the store does not have as they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lately.len() + self.waiting.len() + self.taken.len()
    }

    /// Whether the store has every row as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
