//! How do searches see the catalogue as it is? The index and the shelf beside it follow the items.
//!
//! Both are derived, and are compared with the catalogue item by item when they are needed first, when everything was made anew,
//! and from time to time, since what sold lately changes with the time alone. In between they follow what is said of items: in the
//! background every moment, and before a search where something was said since.

use crate::Engine;
use crate::error::EngineError;
use decisions::ItemFilter;
use decisions::search::{
    Among, Begun, Completion, Hits, Indexed, Libraries, Library, Match, Shelf, Sought, TextIndexError, Wanted, find,
    words_of,
};
use features::{Item, News};
use primitives::{ErrorKind, HOUR_MS, ItemKey, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

/// How many items are taken out of the catalogue, and put into the index, at a time.
const N_SLICE: usize = 512;
/// After so many hours every item is looked at again.
const N_HOURS_FRESH: i64 = 6;

/// What searches look into.
#[derive(Debug, Default)]
pub(super) struct Books {
    shelf: RwLock<Shelf>,
    /// Held while the index follows the catalogue: one at a time.
    followed: Mutex<Option<Followed>>,
    /// Whether all of the catalogue is being looked at, for which no search waits.
    is_walking: AtomicBool,
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
#[derive(Debug, Clone, Copy)]
struct Followed {
    /// How often the live state had been replaced.
    generation: u64,
    /// When all of it was looked at.
    whole_at: Timestamp,
}

impl Books {
    /// Looks at the shelf. It is never looked at from within.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        change(&mut self.shelf.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Brings what searches look into up to the catalogue as it is now.
    ///
    /// # Errors
    /// [`EngineError`] where the index cannot be read or written; the next call begins with all of it.
    pub fn follow_items(&self) -> Result<(), EngineError> {
        self.follow(self.books.followed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same before a search, where something is to be followed and nobody else does so.
    fn follow_before_search(&self) -> Result<(), EngineError> {
        let followed = match self.books.followed.try_lock() {
            Ok(followed) => followed,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Until then it finds what is there already.
            Err(TryLockError::WouldBlock) if self.books.is_walking.load(Ordering::Acquire) => return Ok(()),
            // A few items are being put there, of which one may be what is looked for.
            Err(TryLockError::WouldBlock) => self.books.followed.lock().unwrap_or_else(PoisonError::into_inner),
        };
        let is_behind = followed
            .is_none_or(|followed| self.look(|live| live.items.has_news() || live.generation != followed.generation));
        if is_behind { self.follow(followed) } else { Ok(()) }
    }

    fn follow(&self, mut followed: MutexGuard<'_, Option<Followed>>) -> Result<(), EngineError> {
        let now = self.clock.now();
        let (generation, news) = self.live.change(|live| (live.generation, live.items.take_news()));
        let is_fresh = |done: Followed| {
            done.generation == generation
                && now >= done.whole_at
                && now.as_millis() - done.whole_at.as_millis() < N_HOURS_FRESH * HOUR_MS
        };
        let done = match *followed {
            Some(done) if is_fresh(done) => self.follow_news(&news, now),
            Some(_) => self.follow_all(now),
            None => self.begin_shelf().and_then(|()| self.follow_all(now)),
        };
        match done {
            Ok(()) => {
                let whole_at = followed.filter(|done| is_fresh(*done)).map_or(now, |done| done.whole_at);
                *followed = Some(Followed { generation, whole_at });
                Ok(())
            }
            Err(error) => {
                // What is on the shelf is not what is in the index: the next call compares all of it.
                *followed = None;
                if error.kind == ErrorKind::Corrupt {
                    self.ports.words.clear()?;
                }
                Err(error.into())
            }
        }
    }

    /// Takes up what the index holds already.
    fn begin_shelf(&self) -> Result<(), TextIndexError> {
        let mut held = Vec::new();
        self.ports.words.held(&mut |number, key, digest| held.push((number, key, digest)))?;
        let shelf = Shelf::numbered(&held);
        self.books.change(|known| *known = shelf);
        Ok(())
    }

    fn follow_all(&self, now: Timestamp) -> Result<(), TextIndexError> {
        self.books.is_walking.store(true, Ordering::Release);
        let walked = self.walk(now);
        self.books.is_walking.store(false, Ordering::Release);
        walked
    }

    fn walk(&self, now: Timestamp) -> Result<(), TextIndexError> {
        let mut last = None;
        let mut seen = BTreeSet::new();
        loop {
            let items: Vec<Item> =
                self.look(|live| live.items.after(last, N_SLICE).map(|(_, item)| item.clone()).collect());
            let keys = items.iter().map(|item| ItemKey::from(&item.id));
            last = items.last().map(|item| ItemKey::from(&item.id)).or(last);
            seen.extend(keys);
            self.put(&items, now)?;
            if items.len() < N_SLICE {
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
            self.put(&items, now)?;
            let there: BTreeSet<ItemKey> = items.iter().map(|item| ItemKey::from(&item.id)).collect();
            let gone: Vec<ItemKey> = keys.iter().copied().filter(|key| !there.contains(key)).collect();
            self.take_off(&gone)?;
        }
        let sold: Vec<ItemKey> = news.sold.difference(&news.told).copied().collect();
        for keys in sold.chunks(N_SLICE) {
            let items: Vec<Item> =
                self.look(|live| keys.iter().filter_map(|key| live.items.get(*key).cloned()).collect());
            self.books.change(|shelf| items.iter().for_each(|item| shelf.note_sales(item, now)));
        }
        Ok(())
    }

    fn put(&self, items: &[Item], now: Timestamp) -> Result<(), TextIndexError> {
        let mut changed: Vec<Indexed> = Vec::new();
        for items in items.chunks(N_SLICE / 16) {
            self.books.change(|shelf| changed.extend(items.iter().filter_map(|item| shelf.put(item, now))));
        }
        if changed.is_empty() { Ok(()) } else { self.ports.words.change(&changed, &[]) }
    }

    fn take_off(&self, keys: &[ItemKey]) -> Result<(), TextIndexError> {
        let gone: Vec<u32> = self.books.change(|shelf| keys.iter().filter_map(|key| shelf.take_off(*key)).collect());
        if gone.is_empty() { Ok(()) } else { self.ports.words.change(&[], &gone) }
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

    /// Which items a filter can let through, where the shelf holds all of the catalogue but what was told since.
    fn among(&self, filter: &ItemFilter) -> Option<Among> {
        let followed = self.books.followed.try_lock().ok()?;
        let done = (*followed)?;
        let told = self.look(|live| {
            let told = &live.items.news().told;
            let is_known = live.generation == done.generation && told.len() <= N_SLICE;
            is_known.then(|| told.iter().copied().collect::<Vec<ItemKey>>())
        })?;
        self.books.look(|shelf| shelf.among(filter, &told))
    }

    /// What a query finds of what a filter lets through, whoever asks.
    fn hits(&self, query: &str, filter: &ItemFilter) -> Result<Hits, EngineError> {
        let keep = |matches: &mut Vec<Match>| {
            if !filter.is_empty() {
                let is_let_through = |item: &Item| filter.failed_by(item).is_none();
                self.look(|live| matches.retain(|one| live.items.get(one.key).is_some_and(is_let_through)));
            }
        };
        let chosen = self.look(|live| live.searches.chosen(&words_of(query)));
        let chosen = |item: ItemKey| chosen.get(&item).copied().unwrap_or(0.0);
        Ok(find(&Reading(self), &Sought { query, keep: &keep, chosen: &chosen })?)
    }

    /// How somebody may go on who has begun to write.
    fn completions(&self, begun: &Begun<'_>) -> Result<Vec<Completion>, EngineError> {
        let ways = Reading(self).look(|library| library.complete(begun))?;
        // Neither look is within the other: the shelf is free again.
        Ok(self
            .look(|live| ways.told(|key| live.items.get(key).map(|item| (item.id.clone(), item.title().to_owned())))))
    }
}

/// The engine's library, which is free between two looks.
struct Reading<'a>(&'a Engine);

impl Libraries for Reading<'_> {
    fn look<T>(&self, look: impl FnOnce(&Library<'_>) -> T) -> T {
        let Engine { capabilities, ports, books, .. } = self.0;
        books.look(|shelf| look(&Library { shelf, index: ports.words.as_ref(), synonyms: &capabilities.synonyms }))
    }
}
