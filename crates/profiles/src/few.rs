//! How is a map kept of which most customers have few, without room for more?

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

/// A map in the order of its keys that takes about what is in it: the smallest node of a tree has room for eleven, and there
/// are many customers with one name and a few traits. It is stored as every map is.
#[derive(Clone, PartialEq, Eq)]
pub struct Few<K, V>(Vec<(K, V)>);

/// Inserts and keeps next to no room for more: there are many customers, and most have few of anything.
pub fn squeeze_in<T>(things: &mut Vec<T>, place: usize, thing: T) {
    if things.len() == things.capacity() {
        things.reserve_exact(1 + things.len() / 8);
    }
    things.insert(place, thing);
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is under a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    /// What is under a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// Whether something is under a key.
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Puts something under a key; answers with what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                squeeze_in(&mut self.0, place, (key, value));
                None
            }
        }
    }

    /// What is under a key; where nothing is, this is put there.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let place = match self.place(&key) {
            Ok(place) => place,
            Err(place) => {
                squeeze_in(&mut self.0, place, (key, value));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Takes out what is under a key.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps those of which it holds.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| is_kept(key, value));
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// What is under the keys, in their order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// What is under the keys, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The keys themselves.
    pub fn into_keys(self) -> impl Iterator<Item = K> {
        self.0.into_iter().map(|(key, _)| key)
    }

    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> Index<&Q> for Few<K, V> {
    type Output = V;

    #[expect(clippy::expect_used, reason = "as with every map")]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("something is under the key")
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(all: I) -> Self {
        let mut few = Self::default();
        all.into_iter().for_each(|(key, value)| drop(few.insert(key, value)));
        few
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Few<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, value))).finish()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Few<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Few<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for All<K, V> {
            type Value = Few<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut few = Few::default();
                while let Some((key, value)) = map.next_entry()? {
                    few.insert(key, value);
                }
                Ok(few)
            }
        }
        deserializer.deserialize_map(All(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pairs() -> impl Strategy<Value = Vec<(u8, u16)>> {
        proptest::collection::vec((0_u8..12, any::<u16>()), 0..40)
    }

    proptest! {
        /// Whatever is put in, taken out and looked for: it is the map of the standard library, and stored as that is.
        #[test]
        fn is_a_map(put in pairs(), kept in pairs(), gone in pairs(), asked: u8) {
            let (mut few, mut map) = (Few::default(), BTreeMap::new());
            for (key, value) in put {
                prop_assert_eq!(few.insert(key, value), map.insert(key, value));
            }
            for (key, value) in kept {
                prop_assert_eq!(few.get_or_insert(key, value), map.entry(key).or_insert(value));
            }
            for (key, value) in gone {
                if value % 2 == 0 {
                    prop_assert_eq!(few.remove(&key), map.remove(&key));
                } else if let Some(known) = few.get_mut(&key) {
                    *known = value;
                    map.insert(key, value);
                }
            }
            let asked = asked % 16;
            prop_assert_eq!((few.get(&asked), few.contains_key(&asked)), (map.get(&asked), map.contains_key(&asked)));
            prop_assert_eq!((few.len(), few.is_empty()), (map.len(), map.is_empty()));
            prop_assert!(few.iter().eq(map.iter()) && few.keys().eq(map.keys()) && few.values().eq(map.values()));
            prop_assert!(map.iter().all(|(key, value)| few[key] == *value));
            prop_assert_eq!(format!("{few:?}"), format!("{map:?}"));
            let bytes = postcard::to_stdvec(&few).unwrap();
            prop_assert_eq!(&bytes, &postcard::to_stdvec(&map).unwrap());
            prop_assert_eq!(&postcard::from_bytes::<Few<u8, u16>>(&bytes).unwrap(), &few);
            prop_assert_eq!(&map.clone().into_iter().rev().collect::<Few<_, _>>(), &few);
            few.retain(|key, value| u16::from(*key) < *value);
            map.retain(|key, value| u16::from(*key) < *value);
            few.values_mut().for_each(|value| *value /= 2);
            map.values_mut().for_each(|value| *value /= 2);
            prop_assert!(few.clone().into_keys().eq(map.clone().into_keys()) && few.into_iter().eq(map));
        }

        /// There is next to no room for more, whatever there is.
        #[test]
        fn takes_about_what_is_in_it(n in 0_usize..400) {
            let mut things = Vec::new();
            (0..n).for_each(|thing| squeeze_in(&mut things, thing / 2, thing));
            prop_assert!(things.len() == n && things.capacity() <= n + n / 8, "{} for {}", things.capacity(), n);
        }
    }
}
