//! How much was there of something of which most customers have nothing?

use super::buckets::{Buckets, Tally};
use primitives::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// [`Buckets`] that take no more than a word where nothing is in them. They are stored as those are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rare<K, T>(Option<Box<Buckets<K, T>>>);

impl<K, T> Default for Rare<K, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Ord + Copy, T: Tally + Copy> Rare<K, T> {
    pub(crate) fn add(&mut self, at: Timestamp, key: K, tally: T) {
        self.0.get_or_insert_default().add(at, key, tally);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        if let Some(other) = other.0 {
            self.0.get_or_insert_default().merge(*other);
        }
    }

    /// As [`Buckets::between`].
    pub(crate) fn between(&self, as_of: Timestamp, from: i64, until: i64, visit: impl FnMut(K, T)) {
        if let Some(buckets) = &self.0 {
            buckets.between(as_of, from, until, visit);
        }
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.as_deref().map_or(0, |buckets| size_of::<Buckets<K, T>>() + buckets.n_bytes())
    }
}

impl<K: Serialize, T: Serialize> Serialize for Rare<K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(buckets) => buckets.serialize(serializer),
            None => Buckets::<K, T>::default().serialize(serializer),
        }
    }
}

impl<'de, K: PartialEq + Deserialize<'de>, T: PartialEq + Deserialize<'de>> Deserialize<'de> for Rare<K, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let buckets = Buckets::deserialize(deserializer)?;
        Ok(Self((buckets != Buckets::default()).then(|| Box::new(buckets))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Count;
    use primitives::HOUR_MS;
    use proptest::prelude::*;

    fn facts() -> impl Strategy<Value = Vec<(i64, u8)>> {
        proptest::collection::vec((0_i64..20_000, 0_u8..3), 0..12)
    }

    fn both(facts: &[(i64, u8)]) -> (Rare<u8, Count>, Buckets<u8, Count>) {
        let (mut rare, mut buckets) = (Rare::default(), Buckets::default());
        for (hour, key) in facts {
            let at = Timestamp::from_millis(hour * HOUR_MS);
            rare.add(at, *key, Count(1));
            buckets.add(at, *key, Count(1));
        }
        (rare, buckets)
    }

    proptest! {
        /// They are the buckets, in memory and as they are stored, and nothing where those are empty.
        #[test]
        fn are_buckets(one in facts(), other in facts(), days in 1_i64..400) {
            let (mut rare, mut buckets) = both(&one);
            let (more_rare, more) = both(&other);
            rare.merge(more_rare);
            buckets.merge(more);
            let bytes = postcard::to_stdvec(&rare).unwrap();
            prop_assert_eq!(&bytes, &postcard::to_stdvec(&buckets).unwrap());
            let again: Rare<u8, Count> = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&again, &rare);
            let as_of = Timestamp::from_millis(20_000 * HOUR_MS);
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            again.between(as_of, 0, days, |key, count| found.push((key, count)));
            buckets.between(as_of, 0, days, |key, count| expected.push((key, count)));
            prop_assert_eq!(found, expected);
            let is_empty = one.is_empty() && other.is_empty();
            let n_bytes = if is_empty { 0 } else { size_of::<Buckets<u8, Count>>() + buckets.n_bytes() };
            prop_assert_eq!(rare.n_bytes(), n_bytes);
            prop_assert_eq!(size_of_val(&rare), size_of::<usize>());
        }
    }
}
