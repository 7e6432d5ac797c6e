//! What is looked for, and what of it is chosen? A fold over events, so that searches learn from searches.
//!
//! What stays true:
//! - only customers who permit it are counted, and what fewer than five of them looked for is told to nobody: a query may hold
//!   anything. Nor does what fewer than five chose count for anybody, and who does a thing again counts once;
//! - who refuses to be counted is let go of;
//! - nor is it told what fewer than five looked for next;
//! - it is bounded whatever is looked for: the queries that fewest looked for give way, the longest ago first, and with every month
//!   what was before counts half as much.

use crate::crowd::{Crowd, People};
use events::{Commerce, CommerceStep, Deed, Event, Offset, Recorded};
use governance::Purpose;
use primitives::{DAY_MS, ItemId, ItemKey, Timestamp, stable_hash};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

const KEY: &str = "searches";

/// What was looked for with one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// By whom, and by how many without a result.
    by: People,
    in_vain: Crowd,
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
    /// When anything was looked for last.
    at: Timestamp,
}

/// What is looked for, by query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searches {
    held: Held,
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
        Ok(Self { held: TotalsRow::stored(store, KEY)?, offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Whether an event says anything here: who permits it need be asked of few events only.
    #[must_use]
    pub fn concerns(&self, event: &Event) -> bool {
        match event.deed() {
            Deed::Searched(search) => !search.is_click && search.query.is_some(),
            Deed::Commerce(said) | Deed::Content(said) if is_choice(said.step) => self.knows(event),
            _ => self.knows(event) && events::consent_statements(event).contains(&(Purpose::Analytics, false)),
        }
    }

    /// Folds in one event; `is_permitted` says whether its customer is counted. An event at or before the offset reached changes
    /// nothing. `words` reads a query as searches do.
    pub fn apply(&mut self, recorded: &Recorded, is_permitted: bool, words: impl Fn(&str) -> String) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if !self.concerns(event) {
            return;
        }
        if !is_permitted {
            self.let_go(event);
            return;
        }
        match event.deed() {
            Deed::Searched(search) => {
                let words = search.query.as_deref().map(words).unwrap_or_default();
                if !words.is_empty() && words.len() <= QUERY_BYTES_MAX {
                    self.ask(words, event, search.n_results == Some(0));
                }
            }
            Deed::Commerce(said) | Deed::Content(said) if is_choice(said.step) => self.choose(said, event),
            _ => {}
        }
    }

    /// What begins with these words and several looked for and found, the most frequent first.
    #[must_use]
    pub fn beginning_with(&self, words: &str, n_max: usize) -> Vec<String> {
        let found = self.held.queries.range(words.to_owned()..).take_while(|(query, _)| query.starts_with(words));
        let told = found.filter(|(_, asked)| asked.by.are_several() && asked.by.n() > 2 * asked.in_vain.n());
        let mut told: Vec<(u32, &String)> = told.map(|(query, asked)| (self.n_by(asked), query)).collect();
        told.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
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
            next: asked.said_next(),
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
        asked.said_next().into_iter().next()
    }

    /// Which share of those who looked for these words chose each item, of which five did, taken for lower where they were few.
    #[must_use]
    pub fn chosen(&self, words: &str) -> BTreeMap<ItemKey, f64> {
        let Some(asked) = self.held.queries.get(words) else { return BTreeMap::new() };
        let share = |n: u32| f64::from(n) / (f64::from(asked.by.n()) + N_PRIOR);
        let by_several = asked.chosen.iter().filter(|(_, by)| by.count());
        by_several.map(|(item, by)| (*item, share(by.n()).min(1.0))).collect()
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

    fn ask(&mut self, words: String, event: &Event, is_nothing: bool) {
        self.row.changed();
        let who = who(event);
        let at = event.occurred_at;
        self.held.at = self.held.at.max(at);
        let asked = self.held.queries.entry(words.clone()).or_default();
        asked.age(at);
        asked.by.add(who);
        if is_nothing {
            asked.in_vain.add(who);
        }
        let last = self.held.open.get(&who).filter(|last| last.is_just_before(at));
        let before = last.and_then(|last| last.said_again(&words));
        let is_chosen = last.is_some_and(|last| last.query == words && last.is_chosen);
        self.held.open.insert(who, Open { query: words, at, before, is_chosen });
        if self.held.queries.len() > N_QUERIES_MAX + N_QUERIES_OVER {
            let rank = |(words, asked): (&String, &Asked)| (self.n_by(asked), asked.at, words.clone());
            let mut ranked: Vec<(u32, Timestamp, String)> = self.held.queries.iter().map(rank).collect();
            ranked.sort_unstable();
            ranked.iter().take(N_QUERIES_OVER).for_each(|(.., words)| drop(self.held.queries.remove(words)));
        }
        if self.held.open.len() > N_OPEN_MAX {
            let mut ranked: Vec<(Timestamp, u64)> = self.held.open.iter().map(|(who, open)| (open.at, *who)).collect();
            ranked.sort_unstable();
            ranked.iter().take(N_OPEN_MAX / 2).for_each(|(_, who)| drop(self.held.open.remove(who)));
        }
    }

    fn choose(&mut self, commerce: &Commerce, event: &Event) {
        let who = who(event);
        let Some(open) = self.held.open.get_mut(&who) else { return };
        let age_ms = event.occurred_at.as_millis() - open.at.as_millis();
        if !(0..=CHOSEN_WITHIN_MS).contains(&age_ms) {
            return;
        }
        if let Some(before) = open.before.as_ref().and_then(|before| self.held.queries.get_mut(before)) {
            before.say_next(&open.query, who);
            self.row.changed();
        }
        open.is_chosen = true;
        let Some(asked) = self.held.queries.get_mut(&open.query) else { return };
        asked.confirm_next(who);
        for product in &commerce.products {
            let item = ItemKey::from(&ItemId::from(product.id.as_str()));
            if asked.chosen.len() >= N_CHOSEN_MAX && !asked.chosen.contains_key(&item) {
                let fewest = asked.chosen.iter().map(|(item, by)| (by.n(), *item)).min();
                fewest.map(|(_, item)| asked.chosen.remove(&item));
            }
            asked.chosen.entry(item).or_default().add(who);
            self.row.changed();
        }
    }

    /// By about how many it was looked for, as much as that counts when anything was looked for last.
    fn n_by(&self, asked: &Asked) -> u32 {
        asked.by.n().checked_shr(months(asked.at, self.held.at)).unwrap_or(0)
    }

    fn knows(&self, event: &Event) -> bool {
        names(event).any(|who| self.held.open.contains_key(&who))
    }

    /// Forgets whoever did something, by any name that the event gives: what they look for, and that they did.
    fn let_go(&mut self, event: &Event) {
        for who in names(event) {
            if self.held.open.remove(&who).is_some() {
                self.row.changed();
                for asked in self.held.queries.values_mut() {
                    asked.forget(who);
                }
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
    fn forget(&mut self, who: u64) {
        let people = self.chosen.values_mut().chain(self.next.values_mut()).chain([&mut self.by]);
        people.for_each(|people| people.forget(who));
    }

    /// Notes that somebody said it in other words, and chose something.
    fn say_next(&mut self, words: &str, who: u64) {
        if self.next.len() >= N_NEXT_MAX && !self.next.contains_key(words) {
            let fewest = self.next.iter().map(|(words, by)| (by.n(), words.clone())).min();
            fewest.map(|(_, words)| self.next.remove(&words));
        }
        self.next.entry(words.to_owned()).or_default().add(who);
    }

    /// Notes that something was chosen of what other words found in the place of these: then nobody need say them, and they count on.
    fn confirm_next(&mut self, who: u64) {
        let first = self.said_next().into_iter().next();
        if let Some(by) = first.and_then(|words| self.next.get_mut(&words)) {
            by.add(who);
        }
    }

    /// The other words that five or more said, the most frequent first.
    fn said_next(&self) -> Vec<String> {
        let told = self.next.iter().filter(|(_, by)| by.count());
        let mut told: Vec<(u32, &String)> = told.map(|(words, by)| (by.n(), words)).collect();
        told.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
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
mod tests {
    use super::*;
    use events::{Call, Fields, Origin, Reading};
    use profiles::MemoryProfileStore;
    use serde_json::{Value, json};

    fn track(offset: u64, user: &str, minute: i64, name: &str, properties: Value) -> Recorded {
        let Value::Object(properties) = properties else { panic!("properties are an object") };
        let at = Timestamp::from_millis(minute * 60_000);
        let event = Event {
            message_id: "m".into(),
            user_id: Some(user.into()),
            anonymous_id: None,
            occurred_at: at,
            stated_at: None,
            received_at: at,
            call: Call::Track { event: name.to_owned(), properties: properties.into() },
            context: Fields::new(),
            origin: Origin::Client,
            reading: Reading::default(),
        };
        Recorded { offset: Offset(offset), event }
    }

    #[derive(Default)]
    struct Told {
        searches: Searches,
        n: u64,
    }

    impl Told {
        fn tell(&mut self, user: &str, minute: i64, name: &str, properties: Value) {
            self.n += 1;
            self.searches.apply(&track(self.n, user, minute, name, properties), true, str::to_lowercase);
        }

        fn search(&mut self, user: &str, minute: i64, query: &str, n_results: u64) {
            self.tell(user, minute, "Products Searched", json!({"query": query, "results": n_results}));
        }

        fn view(&mut self, user: &str, minute: i64, item: &str) {
            self.tell(user, minute, "Product Viewed", json!({"product_id": item}));
        }

        fn share(&self, query: &str, item: &str) -> Option<f64> {
            self.searches.chosen(query).get(&ItemKey::from(&ItemId::from(item))).copied()
        }
    }

    const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

    #[test]
    fn what_is_looked_at_within_half_an_hour_was_chosen_for_the_last_query() {
        let mut told = Told::default();
        for user in FIVE {
            told.view(user, 0, "before");
            told.search(user, 1, "Tea", 4);
            told.view(user, 2, "green");
            told.view(user, 31, "late");
            told.view(user, 32, "too late");
            told.view(&format!("not {user}"), 2, "another's");
            told.tell(user, 30, "Content Finished", json!({"content_id": "read"}));
        }
        for item in ["green", "late", "read"] {
            assert_eq!(told.share("tea", item), Some(5.0 / 15.0), "{item}");
        }
        for item in ["before", "too late", "another's"] {
            assert_eq!(told.share("tea", item), None, "{item}");
        }
        for user in FIVE {
            told.search(user, 33, "cup", 4);
            told.view(user, 34, "mug");
        }
        assert_eq!((told.share("tea", "mug"), told.share("cup", "mug")), (None, Some(5.0 / 15.0)));
        let (before, n) = (told.searches.held.clone(), told.n);
        told.searches.apply(
            &track(n, "a", 34, "Product Viewed", json!({"product_id": "again"})),
            true,
            str::to_lowercase,
        );
        assert_eq!(told.searches.held, before, "it was folded in before");
    }

    #[test]
    fn who_looks_and_chooses_again_and_again_counts_once_and_fewer_than_five_not_at_all() {
        let mut told = Told::default();
        for user in FIVE {
            told.search(user, 0, "tea", 4);
            told.view(user, 0, "green");
        }
        for minute in 1..200 {
            told.search("looping", minute, "tea", 4);
            told.view("looping", minute, "evil");
        }
        for user in &FIVE[..4] {
            told.search(user, 200, "tea", 4);
            told.view(user, 200, "four's");
        }
        assert_eq!((told.share("tea", "green"), told.share("tea", "evil")), (Some(5.0 / 16.0), None));
        assert_eq!(told.share("tea", "four's"), None);
        told.search("e", 200, "tea", 4);
        told.view("e", 200, "four's");
        assert_eq!(told.share("tea", "four's"), Some(5.0 / 16.0));
        // Nor do a thousand other items make room for themselves.
        told.search("looping", 300, "tea", 4);
        (0..1_000).for_each(|n| told.view("looping", 300, &format!("junk {n}")));
        assert_eq!(told.share("tea", "green"), Some(5.0 / 16.0));
        assert_eq!(told.searches.held.queries["tea"].chosen.len(), N_CHOSEN_MAX);
    }

    #[test]
    fn with_every_month_what_was_before_counts_half_as_much() {
        let (mut told, month) = (Told::default(), MONTH_MS / 60_000);
        for user in 0..40 {
            told.search(&format!("user {user}"), 0, "tea", 4);
            told.view(&format!("user {user}"), 0, "green");
        }
        let (held, item) = (&told.searches.held.queries["tea"], ItemKey::from(&ItemId::from("green")));
        let n = held.by.n();
        assert!((35..=45).contains(&n) && held.chosen[&item].n() == n, "{n}");
        told.search("user 0", month - 1, "tea", 4);
        assert_eq!(told.searches.held.queries["tea"].by.n(), n, "within the month");
        told.search("late", month, "tea", 4);
        let share = |n: u32| Some(f64::from(n) / (f64::from(n + 1) + N_PRIOR));
        assert_eq!(told.share("tea", "green"), share(n / 2));
        told.search("later", 0, "tea", 4);
        assert_eq!(told.searches.held.queries["tea"].at, Timestamp::from_millis(MONTH_MS), "told late");
        told.search("late", 9 * month, "tea", 4);
        assert!(told.searches.held.queries["tea"].chosen.is_empty(), "nothing is left of it");
    }

    #[test]
    fn what_fewer_than_five_looked_for_is_told_to_nobody() {
        let mut told = Told::default();
        for (n, user) in FIVE[..4].iter().enumerate() {
            told.search(user, 1, "tea", 3);
            told.search(user, 2, "teapot", 3);
            told.search(user, 3, "tea cosy", u64::from(n == 0));
        }
        told.search("a", 4, "tea", 3);
        assert_eq!(told.searches.beginning_with("te", 9), Vec::<String>::new());
        told.search("e", 5, "tea", 3);
        told.search("e", 6, "tea cosy", 0);
        assert_eq!(told.searches.beginning_with("te", 9), ["tea"]);
        told.search("e", 7, "teapot", 3);
        (0..4).for_each(|minute| told.search("e", minute, "tea", 3));
        told.search("f", 7, "teapot", 3);
        assert_eq!(told.searches.beginning_with("te", 9), ["teapot", "tea"], "first what most people looked for");
        assert_eq!(told.searches.beginning_with("te", 1), ["teapot"]);
        let last_at = Timestamp::from_millis(6 * 60_000);
        let nothing = Query { words: "tea cosy".to_owned(), n: 5, n_nothing: 4, last_at, next: Vec::new() };
        assert_eq!(told.searches.without_result(9), [nothing]);
    }

    #[test]
    fn what_is_looked_for_next_and_chosen_from_says_in_other_words_what_was_not_found() {
        let next = |told: &Told, of: &str| {
            let without = told.searches.without_result(9);
            without.into_iter().find(|query| query.words == of).map(|query| query.next).unwrap_or_default()
        };
        let mut told = Told::default();
        for (n, user) in FIVE.iter().enumerate() {
            assert!(next(&told, "sneaker").is_empty(), "{n} customers are fewer than five");
            told.search(user, 10, "sneaker", 0);
            told.search(user, 11, "running shoes", 7);
            // A second page, and then something is chosen.
            told.search(user, 12, "running shoes", 7);
            told.view(user, 13, "pegasus");
            told.view(user, 14, "carbon");
        }
        assert_eq!(next(&told, "sneaker"), ["running shoes"]);
        assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
        assert_eq!((told.searches.said_instead("running shoes"), told.searches.said_instead("unheard")), (None, None));
        for (n, user) in ["f", "g", "h", "i", "j"].into_iter().enumerate() {
            // Too late, nothing chosen, something chosen before, the same words.
            told.search(user, 20, "boots", 0);
            told.search(user, 26, "late", 7);
            told.view(user, 26, "pegasus");
            told.search(user, 30, "boots", 0);
            told.search(user, 31, "looked past", 7);
            told.search(user, 40, "boots", 0);
            told.view(user, 41, "pegasus");
            told.search(user, 42, "found before", 7);
            told.view(user, 43, "carbon");
            told.search(user, 50, "boots", 0);
            told.search(user, 51, "boots", 0);
            told.view(user, 52, "carbon");
            assert!(next(&told, "boots").is_empty(), "{n}");
        }
        for n in 0..60 {
            told.search("looping", 100, "sneaker", 0);
            told.search("looping", 101, &format!("junk {n}"), 1);
            told.view("looping", 102, "carbon");
        }
        assert_eq!(told.searches.held.queries["sneaker"].next.len(), N_NEXT_MAX);
        assert_eq!(next(&told, "sneaker"), ["running shoes"], "what many said stays");
        // Once the other words are searched at once nobody says them any more: what is chosen keeps them.
        let month = MONTH_MS / 60_000;
        for user in 0..12 {
            told.search(&format!("new {user}"), 200, "sneaker", 7);
            told.view(&format!("new {user}"), 201, "pegasus");
        }
        told.search("new 0", month + 1, "sneaker", 7);
        assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
        told.search("new 0", 9 * month, "sneaker", 7);
        assert_eq!(told.searches.said_instead("sneaker"), None, "in the end it is forgotten");
    }

    #[test]
    fn fewer_than_five_stay_fewer_however_often_they_come_back() {
        let (mut told, month) = (Told::default(), MONTH_MS / 60_000);
        for again in 0..6 {
            for user in &FIVE[..4] {
                told.search(user, again * month, "sneaker", 0);
                told.search(user, again * month + 1, "my secret", 7);
                told.view(user, again * month + 2, "pegasus");
            }
            told.search("e", again * month + 3, "sneaker", 0);
        }
        assert_eq!(told.searches.said_instead("sneaker"), None);
        assert!(told.searches.without_result(9)[0].next.is_empty() && told.searches.chosen("my secret").is_empty());
        for user in FIVE {
            told.search(user, 7 * month, "sneaker", 0);
            told.search(user, 7 * month + 1, "my secret", 7);
            told.view(user, 7 * month + 2, "pegasus");
        }
        assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("my secret"), "now they are five");
        told.searches.let_go(&track(0, "a", 0, "Page Left", json!({})).event);
        assert_eq!((told.searches.said_instead("sneaker"), told.share("my secret", "pegasus")), (None, None));
    }

    #[test]
    fn what_was_chosen_weeks_ago_says_nothing_of_what_is_looked_for_now() {
        let mut told = Told::default();
        for user in FIVE {
            told.search(user, 0, "sneaker", 3);
            told.view(user, 1, "pegasus");
            told.search(user, 30_000, "sneaker", 0);
            told.search(user, 30_001, "running shoes", 7);
            told.view(user, 30_002, "pegasus");
        }
        assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
    }

    #[test]
    fn who_refuses_to_be_counted_is_let_go_of() {
        let mut told = Told::default();
        FIVE.iter().for_each(|user| told.search(user, 1, "tea", 3));
        let refusal = |user: &str, n: u64, refused: bool| {
            let mut recorded = track(n, user, 2, "Page Left", json!({}));
            let consent = json!({"consent": {"categoryPreferences": {"Analytics": !refused}}});
            let Value::Object(context) = consent else { unreachable!() };
            recorded.event.context = context.into();
            recorded
        };
        assert!(
            !told.searches.concerns(&refusal("a", 6, false).event)
                && !told.searches.concerns(&refusal("z", 6, true).event)
        );
        let refused = refusal("a", 6, true);
        assert!(told.searches.concerns(&refused.event));
        told.searches.apply(&refused, false, str::to_lowercase);
        assert_eq!(told.searches.beginning_with("tea", 9), Vec::<String>::new(), "four are left");
        assert!(!told.searches.held.open.contains_key(&stable_hash("a")));
        assert_eq!((told.searches.held.open.len(), told.searches.held.queries["tea"].by.are_several()), (4, false));
    }

    #[test]
    fn who_does_not_permit_it_and_what_is_too_long_are_not_counted() {
        let mut told = Told::default();
        told.searches.apply(
            &track(1, "ann", 1, "Products Searched", json!({"query": "tea"})),
            false,
            str::to_lowercase,
        );
        told.n = 1;
        told.search("ann", 2, &"x".repeat(QUERY_BYTES_MAX + 1), 0);
        told.search("ann", 2, "", 0);
        assert_eq!(told.searches.held, Held::default());
        told.search("ann", 2, &"x".repeat(QUERY_BYTES_MAX), 0);
        assert_eq!(told.searches.held.queries.len(), 1);
    }

    #[test]
    fn the_rarest_queries_and_the_oldest_searches_give_way() {
        let mut told = Told::default();
        for user in ["a", "b"] {
            told.search(user, 0, "kept", 1);
        }
        // Told in the order of the alphabet backwards, so that what goes goes by its time alone.
        for n in 0..N_QUERIES_MAX + N_QUERIES_OVER {
            let minute = i64::try_from(n / 100).unwrap();
            told.search(&format!("u{n}"), minute, &format!("q{:05}", 99_999 - n), 1);
        }
        assert_eq!(told.searches.held.queries.len(), N_QUERIES_MAX + 1);
        let has = |told: &Told, query: &str| told.searches.held.queries.contains_key(query);
        assert!(has(&told, "kept") && !has(&told, "q99999") && !has(&told, "q99500") && has(&told, "q99499"));
        for n in 0..N_OPEN_MAX {
            told.search(&format!("v{n}"), 60, "kept", 1);
        }
        assert!(told.searches.held.open.len() <= N_OPEN_MAX);
        assert!(!told.searches.held.open.contains_key(&stable_hash("a")), "the oldest went");
        assert!(told.searches.held.open.contains_key(&stable_hash(&format!("v{}", N_OPEN_MAX - 1))));
    }

    #[test]
    fn what_nobody_looks_for_any_more_gives_way_to_what_is_looked_for_now() {
        let (mut told, months) = (Told::default(), 4 * MONTH_MS / 60_000);
        FIVE.iter().for_each(|user| told.search(user, 0, "zzz", 1));
        for n in 0..=N_QUERIES_MAX + N_QUERIES_OVER {
            told.search("f", months, &format!("new {n}"), 1);
        }
        assert!(!told.searches.held.queries.contains_key("zzz"));
    }

    #[test]
    fn what_is_stored_opens_as_it_was() {
        let store = MemoryProfileStore::default();
        let mut told = Told::default();
        told.search("ann", 1, "tea", 1);
        told.view("ann", 1, "green");
        told.searches.begin_checkpoint().unwrap();
        let mut slice = Vec::new();
        told.searches.fill(&mut slice, 1);
        store.commit(Offset(2), slice).unwrap();
        told.searches.end_checkpoint(true);
        assert_eq!(Searches::open(&store).unwrap(), told.searches);
    }
}
