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
        if is_durable && unfinished.is_empty() && self.written_down.is_empty() {
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

    /// How many rows have changed since the checkpoint began, and how many it takes: one that changes again counts in both.
    #[must_use]
    pub fn n_unsafe(&self) -> usize {
        self.lately.len() + self.waiting.len() + self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Collection;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    /// Rows by their key, each with the number of its changes.
    type Rows = BTreeMap<u8, u8>;

    #[derive(Debug, Clone)]
    enum Step {
        Change(u8),
        Begin,
        Fill { n_max: usize, n_foreign: usize },
        End { is_durable: bool },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0_u8..6).prop_map(Step::Change),
            1 => Just(Step::Begin),
            3 => (0_usize..5, 0_usize..3).prop_map(|(n_max, n_foreign)| Step::Fill { n_max, n_foreign }),
            1 => any::<bool>().prop_map(|is_durable| Step::End { is_durable }),
        ];
        proptest::collection::vec(step, 0..60)
    }

    fn row(key: u8, version: Option<&u8>) -> Change {
        Change { collection: Collection::Item, key: key.to_string(), value: version.map(|version| vec![*version]) }
    }

    /// What a checkpoint must do, with whole copies.
    #[derive(Default)]
    struct Expected {
        rows: Rows,
        lately: BTreeSet<u8>,
        checkpoint: Rows,
        received: Rows,
    }

    impl Expected {
        fn begin(&mut self) {
            self.end(false);
            self.checkpoint = std::mem::take(&mut self.lately).into_iter().map(|key| (key, self.rows[&key])).collect();
        }

        fn receive(&mut self, slice: &[Change]) {
            for change in slice {
                let before = self.received.insert(change.key.parse().unwrap(), change.value.as_ref().unwrap()[0]);
                assert_eq!(before, None, "no row comes twice");
            }
        }

        fn end(&mut self, is_durable: bool) {
            if !is_durable || self.received != self.checkpoint {
                self.lately.extend(self.checkpoint.keys());
            }
            (self.checkpoint, self.received) = (Rows::new(), Rows::new());
        }

        fn is_safe(&self, key: u8) -> bool {
            !self.lately.contains(&key) && !self.checkpoint.contains_key(&key)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Whatever happens between its slices, a checkpoint is of the moment it began, and only a durable one makes safe.
        #[test]
        fn a_checkpoint_in_slices_equals_a_copy_of_everything(steps in steps()) {
            let (mut changed, mut expected) = (Changed::<u8>::default(), Expected::default());
            for step in steps {
                match step {
                    Step::Change(key) => {
                        let rows = &expected.rows;
                        changed.mark(&key, || Ok::<_, Infallible>(row(key, rows.get(&key)))).unwrap();
                        *expected.rows.entry(key).or_default() += 1;
                        expected.lately.insert(key);
                    }
                    Step::Begin => {
                        changed.begin();
                        expected.begin();
                    }
                    Step::Fill { n_max, n_foreign } => {
                        let mut slice = vec![row(99, None); n_foreign];
                        changed.fill(&mut slice, n_max, |key| Ok::<_, Infallible>(row(*key, expected.rows.get(key)))).unwrap();
                        prop_assert!(slice.len() <= n_max.max(n_foreign));
                        let is_last = slice.len() < n_max;
                        expected.receive(&slice[n_foreign..]);
                        prop_assert!(!is_last || expected.received == expected.checkpoint);
                        prop_assert!(expected.received.iter().all(|(key, version)| expected.checkpoint.get(key) == Some(version)));
                    }
                    Step::End { is_durable } => {
                        changed.end(is_durable);
                        expected.end(is_durable);
                    }
                }
                for key in 0..6 {
                    prop_assert_eq!(changed.is_safe(&key), expected.is_safe(key));
                }
                prop_assert_eq!(changed.n_unsafe(), expected.lately.len() + expected.checkpoint.len());
            }
        }
    }

    #[test]
    fn a_row_that_cannot_be_written_down_is_still_waited_for() {
        let mut changed = Changed::<u8>::default();
        changed.mark(&1, || Ok::<_, Infallible>(row(1, None))).unwrap();
        changed.begin();
        assert_eq!(changed.mark(&1, || Err("damaged")), Err("damaged"));
        let mut slice = Vec::new();
        assert_eq!(changed.fill(&mut slice, 9, |_| Err("damaged")), Err("damaged"));
        assert!(slice.is_empty() && !changed.is_safe(&1));
        changed.end(false);
        assert!(!changed.is_safe(&1));
    }
}
