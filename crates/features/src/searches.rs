//! What is looked for, and what of it is chosen? A fold over events, so that searches learn from searches.
//!
//! What stays true:
//! - only customers who permit it are counted, and what fewer than five of them looked for is told to nobody: a query may hold
//!   anything. Nor does what fewer than five chose count for anybody, and who does a thing again counts once;
//! - who refuses to be counted is let go of;
//! - nor is it told what fewer than five looked for next;
//! - whom the company told nothing of may be invented by whoever reads the write key: each of them counts as a quarter of one, and
//!   together as no more than those whom the company knows, or than ten where it knows hardly anybody;
//! - it is bounded whatever is looked for: the queries that fewest looked for give way, the longest ago first, and with every month
//!   what was before counts half as much.

use crate::crowd::{Crowd, People, Witnesses};
use events::{Commerce, CommerceStep, Deed, Event, Offset, Recorded};
use governance::Purpose;
use primitives::{DAY_MS, ItemId, ItemKey, Timestamp, stable_hash};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many queries are kept; so many more may gather before the rarest of them go.
const N_QUERIES_MAX: usize = 5_000;
const N_QUERIES_OVER: usize = 500;
/// How long a query is at most, in bytes, that others may look for, too.
const QUERY_BYTES_MAX: usize = 80;
/// How many items are kept of those that were chosen for a query.
const N_CHOSEN_MAX: usize = 40;
/// How many customers' last queries are held.
const N_OPEN_MAX: usize = 10_000;
/// Until when something that is looked at was chosen for what was looked for.
pub const CHOSEN_WITHIN_MS: i64 = 30 * 60 * 1_000;
/// Within how long of one search another says it in other words.
const SAID_AGAIN_WITHIN_MS: i64 = 5 * 60 * 1_000;
/// How many other words are kept of each query.
const N_NEXT_MAX: usize = 10;
/// After so long a month of what was looked for is over.
const MONTH_MS: i64 = 28 * DAY_MS;
/// So many searches without a choice are taken for granted: two of two chosen are no certainty.
const N_PRIOR: f64 = 10.0;
/// As soon as so many whom the company knows have looked for something, others count only beside them.
const N_KNOWN_MIN: u32 = 20;

const KEY: &str = "searches";

/// Whether a customer is counted, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// They do not permit it.
    No,
    /// Only a write key told of them.
    AsAnother,
    /// The company itself told of them.
    AsKnown,
}

/// What was looked for with one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// By whom, and by how many without a result.
    by: People,
    in_vain: Witnesses,
    /// By whom each item was chosen.
    chosen: BTreeMap<ItemKey, People>,
    /// By whom the same was said in which other words, and something chosen then.
    next: BTreeMap<String, People>,
    /// When last.
    at: Timestamp,
}

/// What somebody looked for last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    query: String,
    at: Timestamp,
    /// What they looked for just before, without choosing anything.
    before: Option<String>,
    is_chosen: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    queries: BTreeMap<String, Asked>,
    open: BTreeMap<u64, Open>,
    /// Who looked for anything of those whom the company knows.
    known: Crowd,
    /// When anything was looked for last.
    at: Timestamp,
}

/// What is looked for, by query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searches {
    held: Held,
    /// Some of whom nothing is left, so that it need not be looked for again.
    gone: BTreeSet<u64>,
    offset: Offset,
    row: TotalsRow,
}

/// A query that several looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its words.
    pub words: String,
    /// By about how many it was looked for.
    pub n: u32,
    /// By about how many of them nothing was found.
    pub n_nothing: u32,
    /// When it was looked for last.
    pub last_at: Timestamp,
    /// What five or more of them looked for next, and chose something of it: the most frequent first.
    pub next: Vec<String>,
}

impl Searches {
    /// Opens what a store's last checkpoint left.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let held = TotalsRow::stored(store, KEY)?;
        Ok(Self { held, gone: BTreeSet::new(), offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Whether an event says anything here: who permits it need be asked of few events only.
    #[must_use]
    pub fn concerns(&self, event: &Event) -> bool {
        let is_counted = match event.deed() {
            Deed::Searched(search) => !search.is_click && search.query.is_some(),
            Deed::Commerce(said) | Deed::Content(said) if is_choice(said.step) => self.knows(event),
            _ => false,
        };
        // Some pages say it with every event: once is enough.
        is_counted
            || names(event).any(|who| !self.gone.contains(&who))
                && events::consent_statements(event).contains(&(Purpose::Analytics, false))
    }

    /// Folds in one event; `counted` says whether its customer is counted. An event at or before the offset reached changes
    /// nothing. `words` reads a query as searches do.
    pub fn apply(&mut self, recorded: &Recorded, counted: Counted, words: impl Fn(&str) -> String) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if !self.concerns(event) {
            return;
        }
        let is_known = match counted {
            Counted::No => return self.let_go(event),
            Counted::AsAnother => false,
            Counted::AsKnown => true,
        };
        match event.deed() {
            Deed::Searched(search) => {
                let words = search.query.as_deref().map(words).unwrap_or_default();
                if !words.is_empty() && words.len() <= QUERY_BYTES_MAX {
                    self.ask(words, event, is_known, search.n_results == Some(0));
                }
            }
            Deed::Commerce(said) | Deed::Content(said) if is_choice(said.step) => self.choose(said, event, is_known),
            _ => {}
        }
    }

    /// What begins with these words and several looked for and found, the most frequent first.
    #[must_use]
    pub fn beginning_with(&self, words: &str, n_max: usize) -> Vec<String> {
        let found = self.held.queries.range(words.to_owned()..).take_while(|(query, _)| query.starts_with(words));
        let told = found.filter_map(|(query, asked)| {
            let other = self.other(asked);
            let is_found = asked.by.weight(other) > 2.0 * asked.in_vain.weight(other);
            (is_found && asked.by.count(other)).then(|| (asked.by.weight(other) * self.left(asked), query))
        });
        let mut told: Vec<(f64, &String)> = told.collect();
        told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        told.into_iter().take(n_max).map(|(_, query)| query.clone()).collect()
    }

    /// The queries that several looked for and mostly found nothing, the most frequent first.
    #[must_use]
    pub fn without_result(&self, n_max: usize) -> Vec<Query> {
        let told = self
            .held
            .queries
            .iter()
            .filter(|(_, asked)| asked.by.are_several() && asked.by.n() < 2 * asked.in_vain.n());
        let told = told.map(|(words, asked)| Query {
            words: words.clone(),
            n: asked.by.n(),
            n_nothing: asked.in_vain.n(),
            last_at: asked.at,
            next: asked.said_next(self.other(asked)),
        });
        let mut told: Vec<Query> = told.collect();
        told.sort_by(|a, b| b.n_nothing.cmp(&a.n_nothing).then_with(|| a.words.cmp(&b.words)));
        told.truncate(n_max);
        told
    }

    /// What most said in the place of these words and chose something of, five customers at least.
    #[must_use]
    pub fn said_instead(&self, words: &str) -> Option<String> {
        let asked = self.held.queries.get(words).filter(|asked| asked.by.are_several())?;
        asked.said_next(self.other(asked)).into_iter().next()
    }

    /// Which share of those who looked for these words chose each item, of which five did, taken for lower where they were few.
    #[must_use]
    pub fn chosen(&self, words: &str) -> BTreeMap<ItemKey, f64> {
        let Some(asked) = self.held.queries.get(words) else { return BTreeMap::new() };
        let other = self.other(asked);
        let share = |by: &People| by.weight(other) / (asked.by.weight(other) + N_PRIOR);
        let by_several = asked.chosen.iter().filter(|(_, by)| by.count(other));
        by_several.map(|(item, by)| (*item, share(by).min(1.0))).collect()
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Searches::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.held)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }

    fn ask(&mut self, words: String, event: &Event, is_known: bool, is_nothing: bool) {
        self.row.changed();
        let who = who(event);
        self.gone.remove(&who);
        let at = event.occurred_at;
        self.held.at = self.held.at.max(at);
        let asked = self.held.queries.entry(words.clone()).or_default();
        asked.age(at);
        asked.by.add(who, is_known);
        if is_nothing {
            asked.in_vain.add(who, is_known);
        }
        if is_known {
            self.held.known.add(who);
        }
        let last = self.held.open.get(&who).filter(|last| last.is_just_before(at));
        let before = last.and_then(|last| last.said_again(&words));
        let is_chosen = last.is_some_and(|last| last.query == words && last.is_chosen);
        self.held.open.insert(who, Open { query: words, at, before, is_chosen });
        if self.held.queries.len() > N_QUERIES_MAX + N_QUERIES_OVER {
            let rank =
                |(words, asked): (&String, &Asked)| (asked.by.weight_max() * self.left(asked), asked.at, words.clone());
            let mut ranked: Vec<(f64, Timestamp, String)> = self.held.queries.iter().map(rank).collect();
            ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, &a.2).cmp(&(b.1, &b.2))));
            ranked.iter().take(N_QUERIES_OVER).for_each(|(.., words)| drop(self.held.queries.remove(words)));
        }
        if self.held.open.len() > N_OPEN_MAX {
            let mut ranked: Vec<(Timestamp, u64)> = self.held.open.iter().map(|(who, open)| (open.at, *who)).collect();
            ranked.sort_unstable();
            ranked.iter().take(N_OPEN_MAX / 2).for_each(|(_, who)| drop(self.held.open.remove(who)));
        }
    }

    fn choose(&mut self, commerce: &Commerce, event: &Event, is_known: bool) {
        let (who, others_max) = (who(event), self.others_max());
        let Some(open) = self.held.open.get_mut(&who) else { return };
        let age_ms = event.occurred_at.as_millis() - open.at.as_millis();
        if !(0..=CHOSEN_WITHIN_MS).contains(&age_ms) {
            return;
        }
        if let Some(before) = open.before.as_ref().and_then(|before| self.held.queries.get_mut(before)) {
            before.say_next(&open.query, who, is_known);
            self.row.changed();
        }
        open.is_chosen = true;
        let Some(asked) = self.held.queries.get_mut(&open.query) else { return };
        asked.confirm_next(who, is_known, asked.by.other(others_max));
        for product in &commerce.products {
            let item = ItemKey::from(&ItemId::from(product.id.as_str()));
            if asked.chosen.len() >= N_CHOSEN_MAX && !asked.chosen.contains_key(&item) {
                fewest(&asked.chosen).map(|item| asked.chosen.remove(&item));
            }
            asked.chosen.entry(item).or_default().add(who, is_known);
            self.row.changed();
        }
    }

    /// How much is left of who looked for it when anything was looked for last.
    fn left(&self, asked: &Asked) -> f64 {
        0.5_f64.powi(i32::try_from(months(asked.at, self.held.at)).unwrap_or(i32::MAX))
    }

    /// As how much of one of those whom the company knows each of the others counts who looked for something.
    fn other(&self, asked: &Asked) -> f64 {
        asked.by.other(self.others_max())
    }

    /// As how many of those whom the company knows all others count for at most where it knows fewer: as much as what is taken
    /// for granted, until there are enough to go by.
    fn others_max(&self) -> f64 {
        if self.held.known.n() >= N_KNOWN_MIN { 0.0 } else { N_PRIOR }
    }

    fn knows(&self, event: &Event) -> bool {
        names(event).any(|who| self.held.open.contains_key(&who))
    }

    /// Forgets whoever did something, by any name that the event gives: what they look for, and that they did, also long ago.
    fn let_go(&mut self, event: &Event) {
        for who in names(event) {
            if self.gone.len() >= N_OPEN_MAX {
                self.gone.clear();
            }
            if !self.gone.insert(who) {
                continue;
            }
            let mut is_changed = self.held.open.remove(&who).is_some();
            for asked in self.held.queries.values_mut() {
                is_changed |= asked.forget(who);
            }
            if is_changed {
                self.row.changed();
            }
        }
    }
}

impl Open {
    /// Whether it is a moment ago: what comes then may be the same in other words.
    fn is_just_before(&self, at: Timestamp) -> bool {
        (0..=SAID_AGAIN_WITHIN_MS).contains(&(at.as_millis() - self.at.as_millis()))
    }

    /// What was looked for, where these are other words for it: nothing was chosen.
    fn said_again(&self, words: &str) -> Option<String> {
        // Further pages of the same are no other words.
        if self.query == words { self.before.clone() } else { (!self.is_chosen).then(|| self.query.clone()) }
    }
}

impl Asked {
    /// Answers whether they were known.
    fn forget(&mut self, who: u64) -> bool {
        let people = self.chosen.values_mut().chain(self.next.values_mut()).chain([&mut self.by]);
        people.map(|people| people.forget(who)).filter(|was_known| *was_known).count() > 0
    }

    /// Notes that somebody said it in other words, and chose something.
    fn say_next(&mut self, words: &str, who: u64, is_known: bool) {
        if self.next.len() >= N_NEXT_MAX && !self.next.contains_key(words) {
            fewest(&self.next).map(|words| self.next.remove(&words));
        }
        self.next.entry(words.to_owned()).or_default().add(who, is_known);
    }

    /// Notes that something was chosen of what other words found in the place of these: then nobody need say them, and they count on.
    fn confirm_next(&mut self, who: u64, is_known: bool, other: f64) {
        let first = self.said_next(other).into_iter().next();
        if let Some(by) = first.and_then(|words| self.next.get_mut(&words)) {
            by.add(who, is_known);
        }
    }

    /// The other words that five or more said, the most frequent first, where each whom the company does not know counts as so
    /// much of one.
    fn said_next(&self, other: f64) -> Vec<String> {
        let told = self.next.iter().filter(|(_, by)| by.count(other));
        let mut told: Vec<(f64, &String)> = told.map(|(words, by)| (by.weight(other), words)).collect();
        told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        told.into_iter().map(|(_, words)| words.clone()).collect()
    }

    /// Notes that it is looked for at a moment: what was in months before counts half as much for each.
    fn age(&mut self, at: Timestamp) {
        let months = months(self.at, at);
        if months > 0 {
            let people = self.chosen.values_mut().chain(self.next.values_mut()).chain([&mut self.by]);
            people.for_each(|people| people.halve(months));
            self.in_vain.halve(months);
            self.chosen.retain(|_, by| by.n() > 0);
            self.next.retain(|_, by| by.n() > 0);
        }
        self.at = self.at.max(at);
    }
}

/// What the fewest did of things that people did, the first of them where they are several.
fn fewest<K: Ord + Clone>(by: &BTreeMap<K, People>) -> Option<K> {
    let fewest = by.iter().min_by(|a, b| a.1.weight_max().total_cmp(&b.1.weight_max()).then(a.0.cmp(b.0)));
    fewest.map(|(what, _)| what.clone())
}

/// How many months begin after one moment until another.
fn months(from: Timestamp, to: Timestamp) -> u32 {
    let month = |at: Timestamp| at.as_millis().div_euclid(MONTH_MS);
    u32::try_from(month(to).saturating_sub(month(from))).unwrap_or(0)
}

/// What is looked at, laid into the cart, bought, read or watched was chosen.
fn is_choice(step: CommerceStep) -> bool {
    matches!(step, CommerceStep::Viewed | CommerceStep::Added | CommerceStep::Ordered | CommerceStep::Consumed)
}

/// Who did it, by the name that the event gives.
fn who(event: &Event) -> u64 {
    names(event).next().unwrap_or_default()
}

/// By which names whoever did it may be known.
fn names(event: &Event) -> impl Iterator<Item = u64> {
    let user = event.user_id.as_ref().map(|id| stable_hash(id.as_str()));
    user.into_iter().chain(event.anonymous_id.as_ref().map(|id| stable_hash(id.as_str())))
}

#[cfg(test)]
mod tests;
