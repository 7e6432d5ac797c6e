//! How near did a customer come to an item, and when? What recommenders learn from, live and in training the same.

use crate::{FeatureState, Line, Trace, View};
use primitives::{ItemKey, Timestamp};
use profiles::Placed;
use std::collections::BTreeMap;

/// How near a customer came to an item, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touch {
    /// They looked at it or clicked on it.
    Viewed,
    /// They put it into the cart or kept it for later.
    Added,
    /// They read, watched, heard or borrowed it.
    Consumed,
    /// They bought it.
    Bought,
}

/// That a customer came near to an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touched {
    /// Which item.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// How many pieces, in thousandths.
    pub milli_units: i64,
    /// How near.
    pub touch: Touch,
}

/// What tells one thing from others of its time.
type Place = (Timestamp, events::EventKey, u32);

impl FeatureState {
    /// What is remembered one by one of how they came near to items in some ways, from old to new. Nothing but purchases counts
    /// more than once a day for an item.
    #[must_use]
    pub fn touched(&self, ways: &[Touch]) -> Vec<Touched> {
        collect(ways, self.lines().iter(), self.consumed().iter(), self.views().iter())
    }
}

impl Trace {
    /// [`FeatureState::touched`] of everything that was received by a moment.
    #[must_use]
    pub fn touched_until(&self, as_of: Timestamp, ways: &[Touch]) -> Vec<Touched> {
        collect(ways, self.lines_until(as_of), self.consumed_until(as_of), self.views_until(as_of))
    }

    /// [`FeatureState::touched`] of everything that happened after a moment, up to and including another: what
    /// recommendations are judged by.
    #[must_use]
    pub fn touched_between(&self, after: Timestamp, until: Timestamp, ways: &[Touch]) -> Vec<Touched> {
        let mut touched = self.touched_until(Timestamp::MAX, ways);
        touched.retain(|touched| touched.at > after && touched.at <= until);
        touched
    }
}

fn collect<'a>(
    ways: &[Touch],
    bought: impl Iterator<Item = &'a Line>,
    consumed: impl Iterator<Item = &'a Line>,
    viewed: impl Iterator<Item = &'a View>,
) -> Vec<Touched> {
    let mut all: Vec<(Place, Touched)> = Vec::new();
    let of_line = |line: &Line, touch| {
        (line.place(), Touched { item: line.item, at: line.at, milli_units: line.milli_units, touch })
    };
    if ways.contains(&Touch::Bought) {
        all.extend(bought.map(|line| of_line(line, Touch::Bought)));
    }
    let mut once_a_day: BTreeMap<(ItemKey, i64, Touch), (Place, Touched)> = BTreeMap::new();
    let mut keep = |place: Place, touched: Touched| {
        let known = once_a_day.entry((touched.item, touched.at.day(), touched.touch)).or_insert((place, touched));
        if known.0 < place {
            *known = (place, touched);
        }
    };
    if ways.contains(&Touch::Consumed) {
        consumed.map(|line| of_line(line, Touch::Consumed)).for_each(|(place, touched)| keep(place, touched));
    }
    for view in viewed {
        let touch = if view.is_cart { Touch::Added } else { Touch::Viewed };
        if ways.contains(&touch) {
            keep(view.place(), Touched { item: view.item, at: view.at, milli_units: 1_000, touch });
        }
    }
    all.extend(once_a_day.into_values());
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, touched)| touched).collect()
}
