//! How do searches see the catalogue as it is? The index and the shelf beside it follow the items.
//!
//! Both are derived, and are compared with the catalogue item by item when they are needed first, when everything was made anew,
//! and from time to time, since what sold lately changes with the time alone. In between they follow what is said of items: in the
//! background every moment, and before a search where something was said since. No request looks at more than a few items for that, or
//! waits while somebody does.

mod lag;

use crate::doubled::Doubled;
use crate::error::EngineError;
use crate::{Engine, Live};
use decisions::search::{
    Among, Begun, Completion, Hits, Indexed, Libraries, Library, Match, Shelf, Sought, TextIndexError, Wanted, find,
    words_of,
};
use decisions::{ItemFilter, Retrieved};
use features::{Item, News};
use lag::{Followed, Lag};
use primitives::{ErrorKind, ItemKey, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, TryLockError};
use std::time::Duration;

/// How many items are taken out of the catalogue, and put into the index, at a time.
const N_SLICE: usize = 512;
/// How often a search asks whether the few items are there that somebody else is putting there.
const PAUSE: Duration = Duration::from_millis(1);

/// What searches look into.
#[derive(Default)]
pub(super) struct Books {
    shelf: Doubled<Shelf>,
    /// Held while the index follows the catalogue: one at a time.
    following: Mutex<Following>,
    /// What of the catalogue is there; `None` until all of it was looked at.
    followed: RwLock<Option<Followed>>,
    /// Whether many items are being looked at, for which no search waits.
    is_long: AtomicBool,
    /// Whether it failed last. Then no search tries it, and what is there goes on to be found.
    has_failed: AtomicBool,
    /// Whether a part of the index cannot be read: all of it is made anew.
    is_damaged: AtomicBool,
    /// Whether all of the catalogue was there at any time since the start.
    was_whole: AtomicBool,
    /// How many items are on the shelf whose words are not in the index, since it could not be written.
    n_owed: AtomicUsize,
}

/// How far the index is what is on the shelf.
#[derive(Debug, Default)]
struct Following {
    /// Whether the shelf took up what the index held.
    is_begun: bool,
    /// What is on the shelf, and not in the index yet.
    put: Vec<Indexed>,
    /// What is not on the shelf any more, and in the index yet.
    gone: Vec<u32>,
}

/// What a decision looked for, before it is known for whom.
pub(super) enum FoundFirst {
    /// Items.
    Items(Hits),
    /// Outside of which items a filter need not be asked.
    Among(Option<Among>),
    /// Ways to go on.
    Completions(Vec<Completion>),
    /// Passages of what is written down.
    Passages(Box<Retrieved>),
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
        // Read here and nowhere later: what is found damaged meanwhile is for the next call.
        let is_damaged = self.is_damaged.load(Ordering::Acquire);
        self.followed(|followed| Lag::of(is_damaged, followed.as_ref(), live.generation, n, at))
    }
}

impl Engine {
    /// Brings what searches look into up to the catalogue as it is now.
    ///
    /// # Errors
    /// [`EngineError`] where the index cannot be read or written; what is there stays, and the next call goes on with it.
    pub fn follow_items(&self) -> Result<(), EngineError> {
        let mut following = self.books.following.lock().unwrap_or_else(PoisonError::into_inner);
        self.follow(&mut following, true)
    }

    /// The same before a search, where it is little. The rest is done in the background, as is what failed, and until then a
    /// search finds what is there already.
    fn follow_before_search(&self) {
        while !self.books.has_failed.load(Ordering::Acquire) {
            let mut following = match self.books.following.try_lock() {
                Ok(following) => following,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if self.books.is_long.load(Ordering::Acquire) => return,
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
            if is_behind && let Err(error) = self.follow(&mut following, false) {
                tracing::warn!(error = error.story(), "a search does not see all of the catalogue as it is");
            }
            return;
        }
    }

    /// Looks at what is to be looked at; in the background that may be much.
    fn follow(&self, following: &mut Following, is_background: bool) -> Result<(), EngineError> {
        let now = self.clock.now();
        let books = &self.books;
        let taken = self.live.change(|live| {
            let lag = books.lag(live, is_background.then_some(now));
            if lag.is_anew {
                books.followed(|followed| *followed = None);
            }
            if lag.is_long() && !is_background {
                return None;
            }
            // Before anything is looked at, so that no search waits for much.
            books.is_long.store(lag.is_long(), Ordering::Release);
            let news = live.items.take_news();
            // A filter must know of them until they are there.
            books.followed(|followed| {
                followed.iter_mut().for_each(|done| done.taking = news.told.iter().copied().collect());
            });
            Some((lag, live.generation, news))
        });
        let Some((lag, generation, news)) = taken else { return Ok(()) };
        let known = books.followed(|followed| followed.as_ref().map(|done| done.whole_at));
        let done = self.catch_up(following, lag, &news, now);
        let whole_at = known.filter(|_| !lag.is_whole).unwrap_or(now);
        let followed = done.is_ok().then_some(Followed { generation, whole_at, taking: Vec::new() });
        // Where it failed not all of the news is there: the next call compares all items with what is.
        books.followed(|known| *known = followed);
        books.was_whole.fetch_or(done.is_ok(), Ordering::AcqRel);
        books.n_owed.store(following.put.len(), Ordering::Release);
        books.has_failed.store(done.is_err(), Ordering::Release);
        books.is_long.store(false, Ordering::Release);
        if done.as_ref().is_err_and(|error| error.kind == ErrorKind::Corrupt) {
            books.is_damaged.store(true, Ordering::Release);
        }
        Ok(done?)
    }

    fn catch_up(&self, following: &mut Following, lag: Lag, news: &News, now: Timestamp) -> Result<(), TextIndexError> {
        if lag.is_anew {
            self.books.shelf.change(|shelf| *shelf = Shelf::default());
            *following = Following { is_begun: true, ..Following::default() };
            self.ports.words.clear()?;
            self.books.is_damaged.store(false, Ordering::Release);
        }
        if !following.is_begun {
            self.begin_shelf()?;
            following.is_begun = true;
        }
        self.index_owed(following)?;
        if lag.is_whole { self.walk(following, now) } else { self.follow_news(following, news, now) }
    }

    /// Takes up what the index holds already.
    fn begin_shelf(&self) -> Result<(), TextIndexError> {
        let mut held = Vec::new();
        self.ports.words.held(&mut |number, key, digest| held.push((number, key, digest)))?;
        self.books.shelf.change(move |shelf| *shelf = Shelf::numbered(&held));
        Ok(())
    }

    /// Brings the index to what the shelf is. Where that fails it is tried again before anything else.
    fn index_owed(&self, following: &mut Following) -> Result<(), TextIndexError> {
        if !(following.put.is_empty() && following.gone.is_empty()) {
            self.ports.words.change(&following.put, &following.gone)?;
            following.put.clear();
            following.gone.clear();
        }
        Ok(())
    }

    /// Of how many items how many can be searched, where it is known that not all of them are there as they are.
    fn searchable(&self) -> Option<(u64, u64)> {
        let books = &self.books;
        self.look(|live| {
            let n_told = live.items.news().told.len();
            let is_behind = books.is_damaged.load(Ordering::Acquire)
                || books.followed(|followed| lag::is_behind(followed.as_ref(), live.generation, n_told));
            let n_items = live.items.len();
            let n_there = books.look(Shelf::n_told).saturating_sub(books.n_owed.load(Ordering::Acquire));
            (is_behind && n_items > 0).then_some((n_there.min(n_items) as u64, n_items as u64))
        })
    }

    /// Of how many items how many can be searched, until all of them could be since the start. What is behind later, for very much is
    /// told at once or the index is made anew, searches say themselves; and so they do where the index cannot be written, for which
    /// nothing else has to wait.
    pub fn beginning_to_search(&self) -> Option<(u64, u64)> {
        let has_ended = self.books.was_whole.load(Ordering::Acquire) || self.books.has_failed.load(Ordering::Acquire);
        if has_ended { None } else { self.searchable() }
    }

    /// What failed of a search. Where the index is damaged, all of it is made anew in the background.
    fn not_found(&self, error: EngineError) -> EngineError {
        if !matches!(&error, EngineError::Words(error) if error.kind == ErrorKind::Corrupt) {
            return error;
        }
        if !self.books.is_damaged.swap(true, Ordering::AcqRel) {
            tracing::warn!(error = error.story(), "the index of items is damaged: it is made anew from the catalogue");
        }
        let message =
            "the index of items was damaged, and is being made anew from the catalogue: try again in a second";
        EngineError::new(ErrorKind::Unavailable, message)
    }

    fn walk(&self, following: &mut Following, now: Timestamp) -> Result<(), TextIndexError> {
        let mut last = None;
        let mut seen = BTreeSet::new();
        loop {
            let items: Vec<Item> =
                self.look(|live| live.items.after(last, N_SLICE).map(|(_, item)| item.clone()).collect());
            let is_last = items.len() < N_SLICE;
            last = items.last().map(|item| ItemKey::from(&item.id)).or(last);
            seen.extend(items.iter().map(|item| ItemKey::from(&item.id)));
            self.put(following, items, now)?;
            if is_last {
                break;
            }
        }
        let gone: Vec<ItemKey> = self.books.look(|shelf| shelf.keys().filter(|key| !seen.contains(key)).collect());
        self.take_off(following, &gone)
    }

    fn follow_news(&self, following: &mut Following, news: &News, now: Timestamp) -> Result<(), TextIndexError> {
        let told: Vec<ItemKey> = news.told.iter().copied().collect();
        for keys in told.chunks(N_SLICE) {
            let items: Vec<Item> =
                self.look(|live| keys.iter().filter_map(|key| live.items.get(*key).cloned()).collect());
            let there: BTreeSet<ItemKey> = items.iter().map(|item| ItemKey::from(&item.id)).collect();
            self.put(following, items, now)?;
            let gone: Vec<ItemKey> = keys.iter().copied().filter(|key| !there.contains(key)).collect();
            self.take_off(following, &gone)?;
        }
        let sold: Vec<ItemKey> = news.sold.difference(&news.told).copied().collect();
        for keys in sold.chunks(N_SLICE) {
            let items: Vec<Item> =
                self.look(|live| keys.iter().filter_map(|key| live.items.get(*key).cloned()).collect());
            self.books.shelf.change(move |shelf| items.iter().for_each(|item| shelf.note_sales(item, now)));
        }
        Ok(())
    }

    fn put(&self, following: &mut Following, items: Vec<Item>, now: Timestamp) -> Result<(), TextIndexError> {
        let put = move |shelf: &mut Shelf| items.iter().filter_map(|item| shelf.put(item, now)).collect();
        following.put = self.books.shelf.change(put);
        self.index_owed(following)
    }

    fn take_off(&self, following: &mut Following, keys: &[ItemKey]) -> Result<(), TextIndexError> {
        for some in keys.chunks(N_SLICE) {
            let some = some.to_vec();
            let take_off = move |shelf: &mut Shelf| some.iter().filter_map(|key| shelf.take_off(*key)).collect();
            following.gone = self.books.shelf.change(take_off);
            self.index_owed(following)?;
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
        if let Wanted::Passages { question, language } = wanted {
            return Ok(FoundFirst::Passages(Box::new(self.retrieved(question, language.as_deref())?)));
        }
        self.follow_before_search();
        self.look_for(wanted).map_err(|error| self.not_found(error))
    }

    fn look_for(&self, wanted: &Wanted) -> Result<FoundFirst, EngineError> {
        Ok(match wanted {
            Wanted::Among { .. } | Wanted::Passages { .. } => FoundFirst::Among(None),
            Wanted::Items { query, filter, .. } => {
                let before = self.searchable();
                let mut hits = self.hits(query, filter)?;
                // The index may have been emptied meanwhile.
                hits.told.searchable = before.or_else(|| self.searchable());
                FoundFirst::Items(hits)
            }
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
