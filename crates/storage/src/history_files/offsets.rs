//! Which offsets are meant? Ranges without overlaps, in order.

/// A set of offsets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Offsets(Vec<(u64, u64)>);

impl Offsets {
    /// The offsets of these ranges, first and last included.
    pub(crate) fn of(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Whether an offset is one of them.
    pub(crate) fn contains(&self, offset: u64) -> bool {
        let i = self.0.partition_point(|(_, last)| *last < offset);
        self.0.get(i).is_some_and(|(first, _)| *first <= offset)
    }

    /// How many of them are in a range.
    pub(crate) fn n_within(&self, first: u64, last: u64) -> u64 {
        let cut = |range: &(u64, u64)| (range.1.min(last) + 1).saturating_sub(range.0.max(first));
        self.0.iter().map(cut).sum()
    }

    /// Whether a range has no other offset.
    pub(crate) fn covers(&self, first: u64, last: u64) -> bool {
        first > last || self.n_within(first, last) == last - first + 1
    }

    /// Which offsets of a range are none of them.
    pub(crate) fn missing_within(&self, first: u64, last: u64) -> Self {
        let mut next = first;
        let mut missing = Vec::new();
        for (from, upto) in self.0.iter().filter(|(from, upto)| *upto >= first && *from <= last) {
            if *from > next {
                missing.push((next, from - 1));
            }
            next = next.max(upto + 1);
        }
        if next <= last {
            missing.push((next, last));
        }
        Self(missing)
    }

    /// These and the others.
    pub(crate) fn and(&self, others: &Self) -> Self {
        Self::of(self.0.iter().chain(&others.0).copied())
    }

    /// These but for the others.
    pub(crate) fn without(&self, others: &Self) -> Self {
        Self::of(self.0.iter().flat_map(|(first, last)| others.missing_within(*first, *last).0))
    }

    /// How many there are.
    pub(crate) fn n(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// The ranges.
    pub(crate) fn ranges(&self) -> &[(u64, u64)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_are_a_set(ranges in vec((0..40_u64, 0..40_u64), 0..6), first in 0..40_u64, last in 0..40_u64) {
            let set: BTreeSet<u64> = ranges.iter().flat_map(|(from, upto)| *from..=*upto).collect();
            let offsets = Offsets::of(ranges);
            for offset in 0..42 {
                prop_assert_eq!(offsets.contains(offset), set.contains(&offset), "{}", offset);
            }
            let n_inside = (first..=last).filter(|offset| set.contains(offset)).count() as u64;
            prop_assert_eq!(offsets.n_within(first, last), n_inside);
            prop_assert_eq!(offsets.covers(first, last), (first..=last).all(|offset| set.contains(&offset)));
            let missing: Vec<u64> =
                offsets.missing_within(first, last).ranges().iter().flat_map(|(from, upto)| *from..=*upto).collect();
            prop_assert_eq!(missing, (first..=last).filter(|offset| !set.contains(offset)).collect::<Vec<_>>());
            prop_assert!(offsets.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "apart and in order");
            prop_assert_eq!(offsets.n(), set.len() as u64);
        }

        #[test]
        fn two_sets_are_joined_and_parted_as_sets_are(
            one in vec((0..40_u64, 0..40_u64), 0..6), other in vec((0..40_u64, 0..40_u64), 0..6),
        ) {
            let set = |ranges: &[(u64, u64)]| -> BTreeSet<u64> {
                ranges.iter().flat_map(|(from, upto)| *from..=*upto).collect()
            };
            let (a, b) = (set(&one), set(&other));
            let (one, other) = (Offsets::of(one), Offsets::of(other));
            for (joined, by_hand) in [(one.and(&other), &a | &b), (one.without(&other), &a - &b)] {
                prop_assert_eq!(set(joined.ranges()), by_hand);
                prop_assert!(joined.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "apart and in order");
            }
        }
    }
}
