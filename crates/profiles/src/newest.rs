//! What are the newest K of many things, whichever order they came in?

use crate::squeeze_in;
use serde::{Deserialize, Serialize};

/// Something with a place in time that no other shares.
pub trait Placed {
    /// The place: sorts by time first; two different things never have the same.
    type Place: Ord;
    /// Where this stands.
    fn place(&self) -> Self::Place;
}

/// The newest `K` of all the things that were ever added, sorted from old to new.
///
/// Adding is commutative, associative and idempotent: the newest K of a union are the newest K of the newest Ks. So late
/// arrivals, merged customers and replays all end in the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Newest<T, const K: usize>(Vec<T>);

impl<T, const K: usize> Default for Newest<T, K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Placed, const K: usize> Newest<T, K> {
    /// Adds one thing. What is there already is not added again.
    pub fn add(&mut self, thing: T) {
        drop(self.displace(thing));
    }

    /// Adds one thing, and answers with what is not kept one by one any more: the oldest, which made room, or the thing
    /// itself where it is older than everything kept.
    pub fn displace(&mut self, thing: T) -> Option<T> {
        let at = self.0.partition_point(|kept| kept.place() < thing.place());
        if self.0.get(at).is_some_and(|kept| kept.place() == thing.place()) {
            return None;
        }
        if self.0.len() < K {
            squeeze_in(&mut self.0, at, thing);
            return None;
        }
        if at == 0 {
            return Some(thing);
        }
        self.0[..at].rotate_left(1);
        Some(std::mem::replace(&mut self.0[at - 1], thing))
    }

    /// Adds everything another one kept.
    pub fn merge(&mut self, other: Self) {
        for thing in other.0 {
            self.add(thing);
        }
    }

    /// The things themselves, from old to new.
    #[must_use]
    pub fn into_things(self) -> Vec<T> {
        self.0
    }

    /// The oldest that is kept, where there is no room for more: what came before it may be gone.
    #[must_use]
    pub fn first_of_full(&self) -> Option<&T> {
        self.0.first().filter(|_| self.0.len() == K)
    }

    /// How many bytes they take in memory.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }

    /// What is kept, from old to new.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Placed for u8 {
        type Place = Self;
        fn place(&self) -> Self {
            *self
        }
    }

    fn newest(things: &[u8]) -> Newest<u8, 4> {
        let mut kept = Newest::default();
        things.iter().for_each(|thing| kept.add(*thing));
        kept
    }

    #[test]
    fn the_oldest_is_told_where_something_before_it_may_be_gone() {
        assert_eq!(newest(&[]).first_of_full(), None);
        assert_eq!(newest(&[7, 5, 6]).first_of_full(), None);
        assert_eq!(newest(&[7, 5, 6, 8]).first_of_full(), Some(&5));
        assert_eq!(newest(&[7, 5, 6, 8, 9]).first_of_full(), Some(&6));
    }

    proptest! {
        #[test]
        fn is_the_sorted_tail_of_the_set(things in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut expected = things.clone();
            expected.sort_unstable();
            expected.dedup();
            let tail = expected.split_off(expected.len().saturating_sub(4));
            let kept = newest(&things);
            prop_assert_eq!(kept.n_bytes(), tail.len(), "there is no room for more");
            prop_assert_eq!(kept.0, tail);
        }

        #[test]
        fn what_is_displaced_and_what_is_kept_is_everything(things in proptest::collection::hash_set(any::<u8>(), 0..12)) {
            let mut kept = Newest::<u8, 4>::default();
            let mut all: Vec<u8> = things.iter().filter_map(|thing| kept.displace(*thing)).collect();
            prop_assert!(all.iter().all(|gone| kept.as_slice().iter().all(|thing| thing > gone)));
            all.extend(kept.into_things());
            all.sort_unstable();
            let mut expected: Vec<u8> = things.into_iter().collect();
            expected.sort_unstable();
            prop_assert_eq!(all, expected);
        }

        #[test]
        fn merging_equals_adding_all(a in proptest::collection::vec(any::<u8>(), 0..9), b in proptest::collection::vec(any::<u8>(), 0..9)) {
            let mut merged = newest(&a);
            merged.merge(newest(&b));
            prop_assert_eq!(merged, newest(&[b, a].concat()));
        }
    }
}
