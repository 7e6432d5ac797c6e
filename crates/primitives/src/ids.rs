//! Who and what is meant? Identifiers as types, so that one cannot stand in for another.

use crate::Timestamp;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// What makes an event the same event when it is sent twice (Segment's `messageId`).
    MessageId
);
text_id!(
    /// A person as the company's own systems know them (Segment's `userId`).
    UserId
);
text_id!(
    /// A browser or a device before anybody has signed in (Segment's `anonymousId`).
    AnonymousId
);
text_id!(
    /// A customer after identity resolution: the `userId` where one is known, else `anonymous:` and the `anonymousId`.
    CustomerId
);
text_id!(
    /// Something that can be bought, shown or recommended (Segment's `product_id`).
    ItemId
);
text_id!(
    /// One decision: sorts by the time it was made.
    DecisionId
);
text_id!(
    /// A model's version: the first twelve hexadecimal digits of its file's SHA-256.
    ModelVersion
);

impl DecisionId {
    /// A new identifier: the time in milliseconds, then 80 random bits, all in hexadecimal (32 characters).
    pub fn new(now: Timestamp, random: &mut impl Rng) -> Self {
        let high: u16 = (random.next_u32() & 0xFFFF) as u16;
        let low: u64 = random.next_u64();
        Self::from(format!("{:012x}{high:04x}{low:016x}", now.as_millis().max(0)))
    }

    /// A new identifier of a decision that is about an occasion and no customer: what comes of it is told of the decision alone.
    #[must_use]
    pub fn new_occasion(now: Timestamp, random: &mut impl Rng) -> Self {
        let plain = Self::new(now, random);
        Self::from(format!("{OCCASION}{}", plain.as_str().get(..31).unwrap_or_default()))
    }

    /// The identifier of the decision of a kind that whoever asked calls so: the same name is the same decision.
    #[must_use]
    pub fn of_occasion(kind: &str, name: &str) -> Self {
        let named = format!("{kind}\0{name}");
        let (high, low) = (stable_hash(&named) >> 4, stable_hash(&format!("{named}\0")));
        Self::from(format!("{OCCASION}{high:015x}{low:016x}"))
    }

    /// The identifier of one of many decisions that are made together: the same place of the same whole is the same decision. It sorts
    /// by the time of the whole.
    #[must_use]
    pub fn of_many(whole: &str, at: Timestamp, place: usize) -> Self {
        let named = format!("{whole}\0{}\0{place}", at.as_millis());
        let (high, low) = (stable_hash(&format!("{named}\0")) & 0xFFFF, stable_hash(&named));
        Self::from(format!("{:012x}{high:04x}{low:016x}", at.as_millis().max(0)))
    }

    /// Whether a decision of this identifier is about an occasion: no other begins so.
    #[must_use]
    pub fn is_of_occasion(id: &str) -> bool {
        id.starts_with(OCCASION)
    }
}

/// With what the identifiers of decisions about occasions begin: with no hexadecimal digit.
const OCCASION: char = 'o';

/// An item's identifier as a number of fixed size: [`stable_hash`] of its text.
///
/// Profiles and models hold keys, the catalogue knows the texts. Among 1,000,000 items two share a key with a probability
/// of 3 in 100,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemKey(pub u64);

impl From<&ItemId> for ItemKey {
    fn from(id: &ItemId) -> Self {
        Self(stable_hash(id.as_str()))
    }
}

/// A 64-bit key of a text that is the same on every machine and in every version (XXH3, seed 0).
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn stored_keys_never_change() {
        assert_eq!(stable_hash(""), 0x2d06_8005_38d3_94c2);
        assert_eq!(stable_hash("4710199010372"), stable_hash("4710199010372"));
        assert_ne!(stable_hash("a"), stable_hash("b"));
    }

    #[test]
    fn decision_ids_sort_by_time() {
        let mut random = Seed::new(1).stream("ids", 0);
        let early = DecisionId::new(Timestamp::from_millis(1_000), &mut random);
        let late = DecisionId::new(Timestamp::from_millis(2_000_000), &mut random);
        assert!(early < late);
        assert_eq!(early.as_str().len(), 32);
    }

    #[test]
    fn decisions_that_are_made_together_are_found_by_their_place() {
        let at = |millis| Timestamp::from_millis(millis);
        let one = DecisionId::of_many("{\"budget\":5}", at(1_000), 7);
        assert_eq!(one, DecisionId::of_many("{\"budget\":5}", at(1_000), 7));
        let others = [("{\"budget\":6}", 1_000, 7), ("{\"budget\":5}", 1_001, 7), ("{\"budget\":5}", 1_000, 8)];
        for (whole, millis, place) in others {
            assert_ne!(one, DecisionId::of_many(whole, at(millis), place));
        }
        assert!(one < DecisionId::of_many("", at(2_000), 0) && one.as_str().len() == 32);
        assert!(!DecisionId::is_of_occasion(one.as_str()));
    }

    #[test]
    fn decisions_about_occasions_are_told_from_others_and_found_by_what_they_were_called() {
        let mut random = Seed::new(1).stream("ids", 0);
        let now = Timestamp::from_millis(1_000);
        let (new, named) = (DecisionId::new_occasion(now, &mut random), DecisionId::of_occasion("rank", "visit"));
        for id in [&new, &named] {
            assert!(DecisionId::is_of_occasion(id.as_str()) && id.as_str().len() == 32, "{id}");
        }
        assert!(!DecisionId::is_of_occasion(DecisionId::new(now, &mut random).as_str()));
        assert_eq!(named, DecisionId::of_occasion("rank", "visit"));
        assert_ne!(named, DecisionId::of_occasion("rank", "visit2"));
        assert_ne!(named, DecisionId::of_occasion("ran", "kvisit"));
    }
}
