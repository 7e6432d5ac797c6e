//! How far is what searches look into behind the catalogue?

use super::N_SLICE;
use primitives::{HOUR_MS, ItemKey, Timestamp};

/// After so many hours every item is looked at again.
const N_HOURS_FRESH: i64 = 6;

/// So many items at most are looked at before a search: more are left to the background, and the search finds what is there.
pub(super) const N_BEFORE_SEARCH: usize = 4 * N_SLICE;

/// What of the catalogue is in the index.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    /// How often the live state had been replaced.
    pub(super) generation: u64,
    /// When all of it was looked at.
    pub(super) whole_at: Timestamp,
    /// Of which items the news is being put there.
    pub(super) taking: Vec<ItemKey>,
}

/// What is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lag {
    /// Whether the index is damaged, and to be emptied first.
    pub(super) is_anew: bool,
    /// Whether that is all of the catalogue.
    pub(super) is_whole: bool,
    /// How many items.
    pub(super) n_items: usize,
}

impl Lag {
    /// What is to be looked at of a catalogue of so many items, of which so many have news: all where the index is damaged. At a
    /// moment it is also asked whether all of it was looked at too long ago, which no search does.
    pub(super) fn of(
        is_damaged: bool,
        followed: Option<&Followed>,
        generation: u64,
        (n_items, n_news): (usize, usize),
        at: Option<Timestamp>,
    ) -> Self {
        let is_old = |done: &Followed| {
            at.is_some_and(|at| {
                at < done.whole_at || at.as_millis() - done.whole_at.as_millis() >= N_HOURS_FRESH * HOUR_MS
            })
        };
        let is_whole = is_damaged || followed.is_none_or(|done| done.generation != generation || is_old(done));
        Self { is_anew: is_damaged, is_whole, n_items: if is_whole { n_items.max(n_news) } else { n_news } }
    }

    /// Whether no search waits for it.
    pub(super) fn is_long(self) -> bool {
        self.n_items > N_BEFORE_SEARCH
    }
}

/// Whether it is known that not all of the catalogue can be searched: nothing tells that all of it was looked at, or more was told
/// since than a search waits for.
pub(super) fn is_behind(followed: Option<&Followed>, generation: u64, n_told: usize) -> bool {
    followed.is_none_or(|done| done.generation != generation || n_told + done.taking.len() > N_BEFORE_SEARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_a_few_items_at_most_and_never_asks_how_old_the_walk_is() {
        let at = |hours: i64| Timestamp::from_millis(1_000_000 + hours * HOUR_MS);
        let done = Followed { generation: 3, whole_at: at(0), taking: Vec::new() };
        let lag = |done: Option<&Followed>, generation, n, at| {
            let lag = Lag::of(false, done, generation, n, at);
            (lag.is_whole, lag.is_long())
        };
        let (few, many) = (N_BEFORE_SEARCH, N_BEFORE_SEARCH + 1);
        // The background walks every six hours, and where the clock went back.
        for (now, is_whole) in [(at(0), false), (at(6), true), (at(5), false), (at(-1), true)] {
            assert_eq!(lag(Some(&done), 3, (many, 1), Some(now)), (is_whole, is_whole), "{now:?}");
        }
        assert!(!lag(Some(&done), 3, (many, 1), Some(Timestamp::from_millis(at(6).as_millis() - 1))).0);
        // A search does not, however long ago it was; of news it looks at a few.
        assert_eq!(lag(Some(&done), 3, (many, few), None), (false, false));
        assert_eq!(lag(Some(&done), 3, (many, many), None), (false, true));
        // Where nothing is there yet, or all was made anew, all of it is to be looked at, which a search does of a few.
        for (done, generation) in [(None, 3), (Some(&done), 4)] {
            assert_eq!(lag(done, generation, (few, 0), None), (true, false));
            assert_eq!(lag(done, generation, (many, 0), None), (true, true));
            assert_eq!(lag(done, generation, (0, many), None), (true, true), "all of them are gone");
        }
    }

    #[test]
    fn an_index_is_emptied_only_where_all_of_the_catalogue_is_looked_at() {
        let done = Followed { generation: 3, whole_at: Timestamp::from_millis(0), taking: Vec::new() };
        for at in [None, Some(done.whole_at)] {
            let lag = |is_damaged| Lag::of(is_damaged, Some(&done), 3, (7, 1), at);
            assert_eq!(lag(true), Lag { is_anew: true, is_whole: true, n_items: 7 });
            assert_eq!(lag(false), Lag { is_anew: false, is_whole: false, n_items: 1 });
        }
    }

    #[test]
    fn what_is_there_is_behind_until_all_was_looked_at_and_where_much_was_told_since() {
        let done = |n_taking| Followed {
            generation: 3,
            whole_at: Timestamp::from_millis(0),
            taking: vec![ItemKey(1); n_taking],
        };
        assert!(is_behind(None, 3, 0));
        assert!(is_behind(Some(&done(0)), 4, 0));
        for (n_taking, n_told, expected) in
            [(0, N_BEFORE_SEARCH, false), (1, N_BEFORE_SEARCH, true), (N_BEFORE_SEARCH + 1, 0, true)]
        {
            assert_eq!(is_behind(Some(&done(n_taking)), 3, n_told), expected, "{n_taking} {n_told}");
        }
    }
}
