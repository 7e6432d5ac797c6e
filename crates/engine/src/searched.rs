//! What was searched lately, and what was shown? Read from the log of decisions, so that an order can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{ContentShape, DecisionQuery, Record, no_searches};
use learning::SearchLog;
use primitives::stable_hash;
use std::collections::BTreeMap;

/// About so many searches are learned from: more would cost memory and time.
const N_SEARCHES_MAX: usize = 20_000;
/// So many of them are of one customer at most: who asks more is hardly a person, and would take the room of others.
const N_OF_ONE_MAX: usize = 500;
/// So many days are looked back to: what was wanted before is no longer so.
const N_DAYS: i64 = 56;

/// What was seen of a share of all people, each of them wholly: those by whom something is drawn whose hashes are smallest.
struct Drawn<T> {
    n_max: usize,
    n: usize,
    /// Hashes from this on are not drawn.
    below: u64,
    of: BTreeMap<u64, Vec<T>>,
}

impl Engine {
    /// The searches of customers in the last weeks, with what they showed. Where there are too many, they are all of a share of the
    /// customers: what somebody chose must not count for an earlier search of theirs because the last one was left out.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read.
    pub fn searched(&self) -> Result<SearchLog, EngineError> {
        let today = self.clock.now().day();
        let mut drawn = Drawn::of(N_SEARCHES_MAX);
        for kind in self.capabilities.kinds.iter().map(|kind| kind.about()) {
            if kind.shape != ContentShape::Search {
                continue;
            }
            for ago in 0..N_DAYS {
                let kind = Some(kind.name.to_string());
                let meant = DecisionQuery { kind, day: Some(today - ago), ..DecisionQuery::default() };
                self.ports.decisions.newest(&meant, &mut |logged| {
                    let who = logged.customer.as_ref().map(|customer| stable_hash(customer.as_str()));
                    if let Some(who) = who.filter(|who| drawn.may_take(*who)) {
                        // What a newer program wrote is left out.
                        let searched = Record::open(&logged).ok().and_then(|record| record.searched());
                        searched.into_iter().for_each(|searched| drawn.take(who, searched));
                    }
                    true
                })?;
            }
        }
        let mut log = no_searches();
        log.searches = drawn.of.into_values().flatten().collect();
        Ok(log)
    }
}

impl<T> Drawn<T> {
    fn of(n_max: usize) -> Self {
        Self { n_max, n: 0, below: u64::MAX, of: BTreeMap::new() }
    }

    /// Whether what is of somebody may be taken: what is not need not be read.
    fn may_take(&self, who: u64) -> bool {
        who < self.below && self.of.get(&who).is_none_or(|of| of.len() < N_OF_ONE_MAX)
    }

    /// Takes what is of somebody, the newest first.
    fn take(&mut self, who: u64, what: T) {
        self.of.entry(who).or_default().push(what);
        self.n += 1;
        while self.n > self.n_max {
            let Some((last, of)) = self.of.pop_last() else { return };
            (self.n, self.below) = (self.n - of.len(), last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_drawn_wholly_or_not_at_all_and_as_many_as_there_is_room_for() {
        let did: Vec<u64> = (0..300).map(|at| at * 7_919 % 101 % 20).collect();
        for n_max in 0..400 {
            let mut drawn = Drawn::of(n_max);
            for (at, who) in did.iter().enumerate().filter(|(at, _)| at % 3 > 0) {
                if drawn.may_take(*who) {
                    drawn.take(*who, at);
                }
            }
            let all = |who: u64| (0..did.len()).filter(|at| at % 3 > 0 && did[*at] == who).collect::<Vec<_>>();
            let mut room = n_max;
            let expected = (0..20).map_while(|who| {
                room = room.checked_sub(all(who).len())?;
                Some((who, all(who)))
            });
            assert_eq!(drawn.of, expected.collect(), "{n_max}");
        }
    }

    #[test]
    fn who_asks_without_end_leaves_room_for_others() {
        let mut drawn = Drawn::of(2 * N_OF_ONE_MAX);
        for at in 0..10 * N_OF_ONE_MAX {
            for who in [0, 1 + at as u64] {
                if drawn.may_take(who) {
                    drawn.take(who, at);
                }
            }
        }
        assert_eq!(drawn.of[&0], (0..N_OF_ONE_MAX).collect::<Vec<_>>(), "the newest of theirs");
        assert_eq!(drawn.of.len(), 1 + N_OF_ONE_MAX);
    }
}
