//! How do searches see the catalogue as it is? The index and the shelf beside it follow the items.
//!
//! Both are derived, and are compared with the catalogue item by item when they are needed first, when everything was made anew,
//! and from time to time, since what sold lately changes with the time alone. In between they follow what is said of items: in the
//! background every moment, and before a search where something was said since. No request looks at more than a few items for that, or
//! waits while somebody does.

use crate::doubled::Doubled;
use crate::error::EngineError;
use crate::{Engine, Live};
use decisions::ItemFilter;
use decisions::search::{
    Among, Begun, Completion, Hits, Indexed, Libraries, Library, Match, Shelf, Sought, TextIndexError, Wanted, find,
    words_of,
};
use features::{Item, News};
use primitives::{ErrorKind, HOUR_MS, ItemKey, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, TryLockError};
use std::time::Duration;

/// How many items are taken out of the catalogue, and put into the index, at a time.
const N_SLICE: usize = 512;
/// After so many hours every item is looked at again.
const N_HOURS_FRESH: i64 = 6;

/// So many items at most are looked at before a search: more are left to the background, and the search finds what is there.
const N_BEFORE_SEARCH: usize = 4 * N_SLICE;
/// How often a search asks whether the few items are there that somebody else is putting there.
const PAUSE: Duration = Duration::from_millis(1);

/// What searches look into.
#[derive(Default)]
pub(super) struct Books {
    shelf: Doubled<Shelf>,
    /// Held while the index follows the catalogue: one at a time.
    following: Mutex<()>,
    /// What of the catalogue is there; `None` until all of it was looked at.
    followed: RwLock<Option<Followed>>,
    /// Whether many items are being looked at, for which no search waits.
    is_long: AtomicBool,
}

/// What a decision looked for, before it is known for whom.
pub(super) enum FoundFirst {
    /// Items.
    Items(Hits),
    /// Outside of which items a filter need not be asked.
    Among(Option<Among>),
    /// Ways to go on.
    Completions(Vec<Completion>),
}

/// What of the catalogue is in the index.
#[derive(Debug, Clone)]
struct Followed {
    /// How often the live state had been replaced.
    generation: u64,
    /// When all of it was looked at.
    whole_at: Timestamp,
    /// Of which items the news is being put there.
    taking: Vec<ItemKey>,
}

/// What is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lag {
    /// Whether that is all of the catalogue.
    is_whole: bool,
    /// How many items.
    n_items: usize,
}

impl Lag {
    /// What is to be looked at of a catalogue of so many items, of which so many have news; at a moment it is also asked whether
    /// all of it was looked at too long ago, which no search does.
    fn of(
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
        let is_whole = followed.is_none_or(|done| done.generation != generation || is_old(done));
        Self { is_whole, n_items: if is_whole { n_items.max(n_news) } else { n_news } }
    }

    /// Whether no search waits for it.
    fn is_long(self) -> bool {
        self.n_items > N_BEFORE_SEARCH
    }
}

impl Books {
    /// Looks at the shelf as it is now; nobody waits for that.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        self.shelf.look(look)
    }

    fn followed<T>(&self, look: impl FnOnce(&mut Option<Followed>) -> T) -> T {
        look(&mut self.followed.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn lag(&self, live: &Live, at: Option<Timestamp>) -> Lag {
        let news = live.items.news();
        let n = (live.items.len(), news.told.len() + news.sold.len());
        self.followed(|followed| Lag::of(followed.as_ref(), live.generation, n, at))
    }
}

impl Engine {
    /// Brings what searches look into up to the catalogue as it is now.
    ///
    /// # Errors
    /// [`EngineError`] where the index cannot be read or written; the next call begins with all of it.
    pub fn follow_items(&self) -> Result<(), EngineError> {
        let _one = self.books.following.lock().unwrap_or_else(PoisonError::into_inner);
        self.follow(true)
    }

    /// The same before a search, where it is little. The rest is done in the background, and until then a search finds what is
    /// there already.
    fn follow_before_search(&self) -> Result<(), EngineError> {
        loop {
            let _one = match self.books.following.try_lock() {
                Ok(one) => one,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if self.books.is_long.load(Ordering::Acquire) => return Ok(()),
                // A few items are being put there, of which one may be what is looked for.
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
            };
            let is_behind = self.look(|live| {
                let lag = self.books.lag(live, None);
                !lag.is_long() && (lag.is_whole || live.items.has_news())
            });
            return if is_behind { self.follow(false) } else { Ok(()) };
        }
    }

    /// Looks at what is to be looked at; in the background that may be much.
    fn follow(&self, is_background: bool) -> Result<(), EngineError> {
        let now = self.clock.now();
        let taken = self.live.change(|live| {
            let lag = self.books.lag(live, is_background.then_some(now));
            if lag.is_long() && !is_background {
                return None;
            }
            // Before anything is looked at, so that no search waits for much.
            self.books.is_long.store(lag.is_long(), Ordering::Release);
            let news = live.items.take_news();
            // A filter must know of them until they are there.
            self.books.followed(|followed| {
                followed.iter_mut().for_each(|done| done.taking = news.told.iter().copied().collect());
            });
            Some((lag, live.generation, news))
        });
        let Some((lag, generation, news)) = taken else { return Ok(()) };
        let known = self.books.followed(|followed| followed.as_ref().map(|done| done.whole_at));
        let done = match known {
            Some(_) if !lag.is_whole => self.follow_news(&news, now),
            Some(_) => self.walk(now),
            None => self.begin_shelf().and_then(|()| self.walk(now)),
        };
        let whole_at = known.filter(|_| !lag.is_whole).unwrap_or(now);
        let followed = done.is_ok().then_some(Followed { generation, whole_at, taking: Vec::new() });
        // What is on the shelf is not what is in the index where it failed: the next call compares all of it.
        self.books.followed(|known| *known = followed);
        self.books.is_long.store(false, Ordering::Release);
        match done {
            Err(error) => {
                if error.kind == ErrorKind::Corrupt {
                    self.ports.words.clear()?;
                }
                Err(error.into())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Takes up what the index holds already.
    fn begin_shelf(&self) -> Result<(), TextIndexError> {
        let mut held = Vec::new();
        self.ports.words.held(&mut |number, key, digest| held.push((number, key, digest)))?;
        self.books.shelf.change(move |shelf| *shelf = Shelf::numbered(&held));
        Ok(())
    }

    fn walk(&self, now: Timestamp) -> Result<(), TextIndexError> {
        let mut last = None;
        let mut seen = BTreeSet::new();
        loop {
            let items: Vec<Item> =
                self.look(|live| live.items.after(last, N_SLICE).map(|(_, item)| item.clone()).collect());
            let is_last = items.len() < N_SLICE;
            last = items.last().map(|item| ItemKey::from(&item.id)).or(last);
            seen.extend(items.iter().map(|item| ItemKey::from(&item.id)));
            self.put(items, now)?;
            if is_last {
                break;
            }
        }
        let gone: Vec<ItemKey> = self.books.look(|shelf| shelf.keys().filter(|key| !seen.contains(key)).collect());
        self.take_off(&gone)
    }

    fn follow_news(&self, news: &News, now: Timestamp) -> Result<(), TextIndexError> {
        let told: Vec<ItemKey> = news.told.iter().copied().collect();
        for keys in told.chunks(N_SLICE) {
            let items: Vec<Item> =
                self.look(|live| keys.iter().filter_map(|key| live.items.get(*key).cloned()).collect());
            let there: BTreeSet<ItemKey> = items.iter().map(|item| ItemKey::from(&item.id)).collect();
            self.put(items, now)?;
            let gone: Vec<ItemKey> = keys.iter().copied().filter(|key| !there.contains(key)).collect();
            self.take_off(&gone)?;
        }
        let sold: Vec<ItemKey> = news.sold.difference(&news.told).copied().collect();
        for keys in sold.chunks(N_SLICE) {
            let items: Vec<Item> =
                self.look(|live| keys.iter().filter_map(|key| live.items.get(*key).cloned()).collect());
            self.books.shelf.change(move |shelf| items.iter().for_each(|item| shelf.note_sales(item, now)));
        }
        Ok(())
    }

    fn put(&self, items: Vec<Item>, now: Timestamp) -> Result<(), TextIndexError> {
        let put = move |shelf: &mut Shelf| items.iter().filter_map(|item| shelf.put(item, now)).collect();
        let changed: Vec<Indexed> = self.books.shelf.change(put);
        if changed.is_empty() { Ok(()) } else { self.ports.words.change(&changed, &[]) }
    }

    fn take_off(&self, keys: &[ItemKey]) -> Result<(), TextIndexError> {
        for some in keys.chunks(N_SLICE) {
            let some = some.to_vec();
            let take_off = move |shelf: &mut Shelf| some.iter().filter_map(|key| shelf.take_off(*key)).collect();
            let gone: Vec<u32> = self.books.shelf.change(take_off);
            if !gone.is_empty() {
                self.ports.words.change(&[], &gone)?;
            }
        }
        Ok(())
    }

    /// What a decision wants of the catalogue.
    ///
    /// # Errors
    /// [`EngineError`] where the index cannot be asked.
    pub(super) fn sought(&self, wanted: &Wanted) -> Result<FoundFirst, EngineError> {
        if let Wanted::Among { filter } = wanted {
            return Ok(FoundFirst::Among(self.among(filter)));
        }
        self.follow_before_search()?;
        Ok(match wanted {
            Wanted::Among { .. } => FoundFirst::Among(None),
            Wanted::Items { query, filter } => FoundFirst::Items(self.hits(query, filter)?),
            Wanted::Completions { query, n_max } => {
                let words = words_of(query);
                let queries = self.look(|live| live.searches.beginning_with(&words, *n_max));
                FoundFirst::Completions(self.completions(&Begun { text: query, n_max: *n_max, queries: &queries })?)
            }
        })
    }

    /// Which items a filter can let through, where the shelf holds all of the catalogue but what was told since, also while
    /// that is put there.
    fn among(&self, filter: &ItemFilter) -> Option<Among> {
        let told = self.look(|live| {
            let told = &live.items.news().told;
            self.books.followed(|followed| {
                let done = followed.as_ref().filter(|done| done.generation == live.generation)?;
                let is_known = told.len() + done.taking.len() <= N_SLICE;
                is_known.then(|| told.iter().chain(&done.taking).copied().collect::<Vec<ItemKey>>())
            })
        })?;
        self.books.look(|shelf| shelf.among(filter, &told))
    }

    /// The matches that a filter lets through. Events wait for a slice of them at most.
    fn let_through(&self, filter: &ItemFilter, matches: &[Match]) -> Vec<Match> {
        let mut kept = Vec::new();
        for some in matches.chunks(N_SLICE) {
            self.look(|live| {
                let holds = |one: &&Match| live.items.get(one.key).is_some_and(|it| filter.failed_by(it).is_none());
                kept.extend(some.iter().filter(holds));
            });
        }
        kept
    }

    /// What a query finds of what a filter lets through, whoever asks.
    fn hits(&self, query: &str, filter: &ItemFilter) -> Result<Hits, EngineError> {
        let keep = |matches: &mut Vec<Match>| {
            if !filter.is_empty() {
                *matches = self.let_through(filter, matches);
            }
        };
        let chosen = self.look(|live| live.searches.chosen(&words_of(query)));
        let chosen = |item: ItemKey| chosen.get(&item).copied().unwrap_or(0.0);
        Ok(find(&Reading(self), &Sought { query, keep: &keep, chosen: &chosen })?)
    }

    /// How somebody may go on who has begun to write.
    fn completions(&self, begun: &Begun<'_>) -> Result<Vec<Completion>, EngineError> {
        let ways = Reading(self).look(|library| library.complete(begun))?;
        Ok(self
            .look(|live| ways.told(|key| live.items.get(key).map(|item| (item.id.clone(), item.title().to_owned())))))
    }
}

/// The engine's library.
struct Reading<'a>(&'a Engine);

impl Libraries for Reading<'_> {
    fn look<T>(&self, look: impl FnOnce(&Library<'_>) -> T) -> T {
        let Engine { capabilities, ports, books, .. } = self.0;
        books.look(|shelf| look(&Library { shelf, index: ports.words.as_ref(), synonyms: &capabilities.synonyms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_a_few_items_at_most_and_never_asks_how_old_the_walk_is() {
        let at = |hours: i64| Timestamp::from_millis(1_000_000 + hours * HOUR_MS);
        let done = Followed { generation: 3, whole_at: at(0), taking: Vec::new() };
        let lag = |done: Option<&Followed>, generation, n, at| {
            let lag = Lag::of(done, generation, n, at);
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
}
