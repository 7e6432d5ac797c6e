//! What was computed of customers lately, so that a list need not ask the models again?

use decisions::Gist;
use primitives::{CustomerId, HOUR_MS, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// For how many customers what was computed is kept.
const N_MAX: usize = 1_000_000;

/// What a kind answered for a customer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// It was not asked.
    Open,
    /// Nothing can be said of this customer.
    Nothing,
    /// It comes to this.
    Said(Gist),
}

/// What the kinds answered for a customer, in their order.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    /// How many events the customer had, and when the last was: with another one, all is asked again.
    pub(super) state: (u64, Timestamp),
    pub(super) at: Timestamp,
    pub(super) slots: Box<[Slot]>,
}

impl Scores {
    /// Nothing was asked yet.
    pub(super) fn open(state: (u64, Timestamp), at: Timestamp, n_kinds: usize) -> Self {
        Self { state, at, slots: vec![Slot::Open; n_kinds].into() }
    }

    /// Whether it still says what would be answered now.
    fn is_true(&self, state: (u64, Timestamp), now: Timestamp) -> bool {
        self.state == state && (0..HOUR_MS).contains(&now.millis_since(self.at))
    }
}

/// What was computed lately, of the models and declarations in force.
#[derive(Debug, Default)]
pub(crate) struct ScoreCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What answers: the models and features in force.
    made_by: u64,
    by_customer: HashMap<CustomerId, Arc<Scores>>,
}

impl ScoreCache {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything that something else than this has computed.
    pub(super) fn begin(&self, made_by: u64) {
        let mut kept = self.kept();
        if kept.made_by != made_by {
            *kept = Kept { made_by, by_customer: HashMap::new() };
        }
    }

    /// What was computed of a customer and is still true.
    pub(super) fn get(&self, id: &CustomerId, state: (u64, Timestamp), now: Timestamp) -> Option<Arc<Scores>> {
        self.kept().by_customer.get(id).filter(|scores| scores.is_true(state, now)).cloned()
    }

    /// Keeps what was computed, unless something else answers meanwhile.
    pub(super) fn put(&self, made_by: u64, id: CustomerId, scores: Arc<Scores>) {
        let mut kept = self.kept();
        if kept.made_by != made_by {
            return;
        }
        if kept.by_customer.len() >= N_MAX && !kept.by_customer.contains_key(&id) {
            kept.by_customer.clear();
        }
        kept.by_customer.insert(id, scores);
    }

    /// Forgets a customer.
    pub(super) fn forget(&self, id: &CustomerId) {
        self.kept().by_customer.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_computed_holds_for_an_hour_the_same_events_and_the_same_models() {
        let (cache, id, now) = (ScoreCache::default(), CustomerId::from("a"), Timestamp::from_millis(HOUR_MS));
        let state = (3, Timestamp::from_millis(7));
        let scores = Arc::new(Scores::open(state, now, 2));
        cache.begin(1);
        cache.put(1, id.clone(), scores.clone());
        let at = |ms| Timestamp::from_millis(HOUR_MS + ms);
        for (state, now, is_kept) in [
            (state, now, true),
            (state, at(HOUR_MS - 1), true),
            (state, at(HOUR_MS), false),
            (state, at(-1), false),
            ((4, state.1), now, false),
            ((3, Timestamp::from_millis(8)), now, false),
        ] {
            assert_eq!(cache.get(&id, state, now).is_some(), is_kept, "{state:?} {now}");
        }
        cache.begin(1);
        assert!(cache.get(&id, state, now).is_some());
        cache.forget(&id);
        assert!(cache.get(&id, state, now).is_none());
        cache.put(1, id.clone(), scores.clone());
        cache.begin(2);
        assert!(cache.get(&id, state, now).is_none());
        cache.put(1, id.clone(), scores);
        assert!(cache.get(&id, state, now).is_none(), "what the old models said came late");
        // What is kept of one drives out nobody else while there is room.
        let ids = ["a", "b", "a", "c"].map(CustomerId::from);
        for id in &ids {
            cache.put(2, id.clone(), Arc::new(Scores::open(state, now, 1)));
        }
        assert!(ids.iter().all(|id| cache.get(id, state, now).is_some_and(|scores| *scores.slots == [Slot::Open])));
    }
}
