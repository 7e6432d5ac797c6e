//! What did a customer read, watch, hear or borrow lately? Each item once a day, however often its beginning and its end are
//! told.

use crate::signal::Line;
use primitives::ItemKey;
use profiles::{Placed, squeeze_in};
use serde::{Deserialize, Serialize};

/// How many of them are remembered.
pub(crate) const N_CONSUMED: usize = 384;

/// The newest that were consumed, from old to new.
///
/// Of one item only the last time of each day is kept. Adding is commutative, associative and idempotent, as in
/// [`profiles::Newest`]: an item's day that made room has older last times than every one that stayed, and comes back only
/// by something newer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::box_collection, reason = "most customers read nothing, and shall not carry the room of a list for it")]
pub(crate) struct Consumed(Option<Box<Vec<Line>>>);

impl Consumed {
    pub(crate) fn add(&mut self, line: Line) {
        let lines = self.0.get_or_insert_default();
        let day = |line: &Line| -> (ItemKey, i64) { (line.item, line.at.day()) };
        if let Some(known) = lines.iter().position(|known| day(known) == day(&line)) {
            if lines[known].place() >= line.place() {
                return;
            }
            lines.remove(known);
        }
        let place = lines.partition_point(|known| known.place() < line.place());
        if lines.len() < N_CONSUMED {
            squeeze_in(lines, place, line);
        } else if place > 0 {
            lines[..place].rotate_left(1);
            lines[place - 1] = line;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.as_slice().iter().for_each(|line| self.add(*line));
    }

    pub(crate) fn as_slice(&self) -> &[Line] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        let of = |lines: &Vec<Line>| size_of::<Vec<Line>>() + lines.capacity() * size_of::<Line>();
        self.0.as_deref().map_or(0, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EventKey;
    use primitives::{HOUR_MS, Timestamp};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn line((hour, item, position): (i64, u64, u32)) -> Line {
        let at = Timestamp::from_millis(hour * HOUR_MS);
        Line { at, key: EventKey(0), position, item: ItemKey(item), category: 0, milli_units: 1_000 }
    }

    fn consumed(lines: &[Line]) -> Consumed {
        let mut consumed = Consumed::default();
        lines.iter().for_each(|line| consumed.add(*line));
        consumed
    }

    /// By definition: of each item and day the last, and of those the newest.
    fn by_definition(lines: &[Line]) -> Vec<Line> {
        let mut last: BTreeMap<(ItemKey, i64), Line> = BTreeMap::new();
        for line in lines {
            let known = last.entry((line.item, line.at.day())).or_insert(*line);
            if known.place() < line.place() {
                *known = *line;
            }
        }
        let mut all: Vec<Line> = last.into_values().collect();
        all.sort_by_key(Placed::place);
        all.split_off(all.len().saturating_sub(N_CONSUMED))
    }

    proptest! {
        #[test]
        fn each_item_counts_once_a_day_and_the_newest_stay(
            told in proptest::collection::vec((0_i64..24 * 40, 0_u64..30), 0..900),
            cut in any::<prop::sample::Index>(),
        ) {
            let lines: Vec<Line> = (0..).zip(told).map(|(n, (hour, item))| line((hour, item, n))).collect();
            let whole = consumed(&lines);
            prop_assert_eq!(whole.as_slice(), by_definition(&lines));
            let (left, right) = lines.split_at(cut.index(lines.len() + 1));
            let (mut a, mut b) = (consumed(left), consumed(right));
            b.merge(consumed(left));
            a.merge(consumed(right));
            prop_assert_eq!(&a, &whole);
            prop_assert_eq!(&b, &whole);
            prop_assert!(whole.n_bytes() <= 24 + N_CONSUMED * 9 / 8 * size_of::<Line>() , "an eighth of room to grow");
            prop_assert!(whole.n_bytes() >= size_of_val(whole.as_slice()));
        }
    }
}
