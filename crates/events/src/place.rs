//! By what are events and imports named in the log?

use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the log. The first event has offset 1; offset 0 is the place before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset(pub u64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A part of the log, counted from 0. Customers are spread over partitions: whatever names a customer stands in one of them,
/// in the order in which it came, and there is no order between two. A log on one machine has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(pub u16);

impl Partition {
    /// The first, and where there is one, the only partition.
    pub const FIRST: Self = Self(0);
}

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Place {
    /// Which partition.
    pub partition: Partition,
    /// Where in it.
    pub offset: Offset,
}

impl Place {
    /// Before everything in a partition.
    #[must_use]
    pub fn before(partition: Partition) -> Self {
        Self { partition, offset: Offset::default() }
    }

    /// A place in the first partition.
    #[must_use]
    pub fn first(offset: Offset) -> Self {
        Self { partition: Partition::FIRST, offset }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition.0, self.offset)
    }
}

/// What tells an event from others at the same moment, wherever it stands in the log: by its `messageId` and who said it. So
/// what is derived does not depend on the order of arrival. Like a hash it says nothing of which came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKey(pub u64);

/// Neighbouring places of the log, from the first to the last. Stored as a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Places(pub Offset, pub Offset);

impl Places {
    /// The places of sorted offsets.
    #[must_use]
    pub fn of(sorted: impl IntoIterator<Item = u64>) -> Vec<Self> {
        let mut places: Vec<Self> = Vec::new();
        for offset in sorted {
            match places.last_mut() {
                Some(last) if offset <= last.1.0 + 1 => last.1 = Offset(offset.max(last.1.0)),
                _ => places.push(Self(Offset(offset), Offset(offset))),
            }
        }
        places
    }

    /// Every place.
    pub fn offsets(self) -> impl Iterator<Item = u64> {
        self.0.0..=self.1.0
    }
}

/// An import, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(pub u64);

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_offsets_are_one_place() {
        let pairs = |offsets: &[u64]| -> Vec<(u64, u64)> {
            Places::of(offsets.iter().copied()).into_iter().map(|places| (places.0.0, places.1.0)).collect()
        };
        assert_eq!(pairs(&[1, 2, 3, 5, 5, 9, 10]), [(1, 3), (5, 5), (9, 10)]);
        assert!(pairs(&[]).is_empty());
        assert_eq!(Places(Offset(3), Offset(5)).offsets().collect::<Vec<_>>(), [3, 4, 5]);
    }

    proptest::proptest! {
        #[test]
        fn places_hold_the_offsets_they_are_of_and_no_other(mut offsets in proptest::collection::vec(0..60_u64, 0..40)) {
            offsets.sort_unstable();
            let places = Places::of(offsets.iter().copied());
            // Places that touch would be one.
            proptest::prop_assert!(places.is_sorted_by(|one, next| one.1.0 + 1 < next.0.0));
            offsets.dedup();
            proptest::prop_assert_eq!(places.into_iter().flat_map(Places::offsets).collect::<Vec<_>>(), offsets);
        }
    }

    #[test]
    fn a_place_and_an_import_are_shown_as_their_numbers() {
        assert_eq!((Offset(12).to_string(), ImportId(3).to_string()), ("12".to_owned(), "3".to_owned()));
        let place = Place { partition: Partition(2), offset: Offset(12) };
        assert_eq!((place.to_string(), Place::first(Offset(1)).to_string()), ("2:12".to_owned(), "0:1".to_owned()));
        assert!(Place::before(Partition(2)) < place && Place::first(Offset(99)) < place);
    }
}
