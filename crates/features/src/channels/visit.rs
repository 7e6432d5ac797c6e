//! What did the customer do on their last visit?

use crate::seen::Place;
use primitives::{HOUR_MS, Timestamp};
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};

/// So many steps of a visit are remembered, the newest.
pub(crate) const N_STEPS: usize = 48;
/// What lies longer before the newest step is of no visit that matters.
const KEPT_MS: i64 = 12 * HOUR_MS;
/// Who does nothing for so long has gone: their visit is over.
pub const VISIT_PAUSE_MS: i64 = HOUR_MS / 2;

/// How far on the way to an order something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Something that shows that somebody is there.
    There,
    Page,
    Product,
    Cart,
    Checkout,
    Ordered,
}

/// What one event shows of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) stage: Stage,
    pub(crate) is_page: bool,
    pub(crate) is_search: bool,
    /// Clicks in anger, and clicks that did nothing.
    pub(crate) n_frustrations: u16,
}

/// The newest steps that were taken close to each other, from old to new.
///
/// It is a function of the set of what was added: what makes room is older than all that stays, and the newest step only
/// ever moves on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Visit(Vec<(Place, Step)>);

/// The visit that is under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct UnderWay {
    pub(crate) stage: Stage,
    pub(crate) ms: i64,
    pub(crate) n_pages: u64,
    /// Searches after which nothing was looked at before the next one.
    pub(crate) n_searches_in_vain: u64,
    pub(crate) n_frustrations: u64,
}

impl Visit {
    pub(crate) fn add(&mut self, place: Place, step: Step) {
        let at = self.0.partition_point(|(known, _)| *known < place);
        if self.0.get(at).is_some_and(|(known, _)| *known == place) {
            return;
        }
        squeeze_in(&mut self.0, at, (place, step));
        let newest = self.0.last().map_or(place, |(place, _)| *place);
        let n_old = self.0.partition_point(|(place, _)| newest.0.millis_since(place.0) >= KEPT_MS);
        let n_gone = n_old.max(self.0.len().saturating_sub(N_STEPS));
        self.0.drain(..n_gone);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(place, step)| self.add(place, step));
    }

    /// The visit that is under way at a moment, if there is one.
    pub(crate) fn under_way(&self, as_of: Timestamp) -> Option<UnderWay> {
        let last = self.0.last().map(|(place, _)| place.0)?;
        if as_of.millis_since(last) >= VISIT_PAUSE_MS {
            return None;
        }
        let is_pause = |pair: &&[(Place, Step)]| pair[1].0.0.millis_since(pair[0].0.0) >= VISIT_PAUSE_MS;
        let from = self.0.windows(2).rposition(|pair| is_pause(&pair)).map_or(0, |place| place + 1);
        let steps = self.0.get(from..)?;
        let first = steps.first().map(|(place, _)| place.0)?;
        let mut found = UnderWay {
            stage: Stage::There,
            ms: as_of.millis_since(first),
            n_pages: 0,
            n_searches_in_vain: 0,
            n_frustrations: 0,
        };
        let mut is_searching = false;
        for (_, step) in steps {
            found.stage = found.stage.max(step.stage);
            found.n_pages += u64::from(step.is_page);
            found.n_frustrations += u64::from(step.n_frustrations);
            if step.is_search {
                found.n_searches_in_vain += u64::from(is_searching);
                is_searching = true;
            } else if step.stage >= Stage::Product {
                is_searching = false;
            }
        }
        found.n_searches_in_vain += u64::from(is_searching);
        Some(found)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Place, Step)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EventKey;

    #[test]
    fn a_step_that_is_taken_in_again_is_one_and_what_is_kept_is_weighed() {
        let step = Step { stage: Stage::Page, is_page: true, is_search: false, n_frustrations: 0 };
        let mut visit = Visit::default();
        assert_eq!(visit.n_bytes(), 0);
        for (at, key) in [(5, 2), (5, 1), (7, 1), (5, 2), (5, 1), (7, 1)] {
            visit.add((Timestamp::from_millis(at), EventKey(key)), step);
        }
        let places: Vec<_> = visit.0.iter().map(|((at, key), _)| (at.as_millis(), key.0)).collect();
        assert_eq!(places, [(5, 1), (5, 2), (7, 1)]);
        assert_eq!(visit.n_bytes(), 3 * size_of::<(Place, Step)>());
        let once = visit.clone();
        visit.merge(once.clone());
        assert_eq!(visit, once);
    }
}
