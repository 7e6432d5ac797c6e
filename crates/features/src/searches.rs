//! What is looked for, and what of it is chosen? A fold over events, so that searches learn from searches.
//!
//! What stays true:
//! - only customers who permit it are counted, and what fewer than five of them looked for is told to nobody: a query may hold
//!   anything;
//! - it is bounded whatever is looked for: the queries that fewest looked for give way.

use events::{Commerce, CommerceStep, Deed, Event, Offset, Recorded};
use primitives::{ItemId, ItemKey, Timestamp, stable_hash};
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
const CHOSEN_WITHIN_MS: i64 = 30 * 60 * 1_000;
/// So many customers have to have looked for something before it is told.
const N_PEOPLE_MIN: usize = 5;
/// So many searches without a choice are taken for granted: two of two chosen are no certainty.
const N_PRIOR: f64 = 10.0;

const KEY: &str = "searches";

/// What was looked for with one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// How often, and how often without a result.
    n: u32,
    n_nothing: u32,
    /// Who, as far as five of them.
    people: BTreeSet<u64>,
    /// How often each item was chosen.
    chosen: BTreeMap<ItemKey, u32>,
}

/// What somebody looked for last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    query: String,
    at: Timestamp,
    chosen: BTreeSet<ItemKey>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    queries: BTreeMap<String, Asked>,
    open: BTreeMap<u64, Open>,
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
    /// How often it was looked for.
    pub n: u32,
    /// How often nothing was found.
    pub n_nothing: u32,
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
            Deed::Commerce(commerce) => is_choice(commerce.step) && self.held.open.contains_key(&who(event)),
            _ => false,
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
        if !is_permitted || !self.concerns(event) {
            return;
        }
        match event.deed() {
            Deed::Searched(search) => {
                let words = search.query.as_deref().map(words).unwrap_or_default();
                if !words.is_empty() && words.len() <= QUERY_BYTES_MAX {
                    self.ask(words, event, search.n_results == Some(0));
                }
            }
            Deed::Commerce(commerce) => self.choose(commerce, event),
            _ => {}
        }
    }

    /// What begins with these words and several looked for and found, the most frequent first.
    #[must_use]
    pub fn beginning_with(&self, words: &str, n_max: usize) -> Vec<String> {
        let found = self.held.queries.range(words.to_owned()..).take_while(|(query, _)| query.starts_with(words));
        let told = found.filter(|(_, asked)| asked.people.len() >= N_PEOPLE_MIN && asked.n > 2 * asked.n_nothing);
        let mut told: Vec<(u32, &String)> = told.map(|(query, asked)| (asked.n, query)).collect();
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
            .filter(|(_, asked)| asked.people.len() >= N_PEOPLE_MIN && asked.n < 2 * asked.n_nothing);
        let told = told.map(|(words, asked)| Query { words: words.clone(), n: asked.n, n_nothing: asked.n_nothing });
        let mut told: Vec<Query> = told.collect();
        told.sort_by(|a, b| b.n_nothing.cmp(&a.n_nothing).then_with(|| a.words.cmp(&b.words)));
        told.truncate(n_max);
        told
    }

    /// In which share of the searches for these words each item was chosen, taken for lower where there were few.
    #[must_use]
    pub fn chosen(&self, words: &str) -> BTreeMap<ItemKey, f64> {
        let Some(asked) = self.held.queries.get(words) else { return BTreeMap::new() };
        let share = |n: &u32| f64::from(*n) / (f64::from(asked.n) + N_PRIOR);
        asked.chosen.iter().map(|(item, n)| (*item, share(n).min(1.0))).collect()
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
        let asked = self.held.queries.entry(words.clone()).or_default();
        asked.n = asked.n.saturating_add(1);
        asked.n_nothing = asked.n_nothing.saturating_add(u32::from(is_nothing));
        if asked.people.len() < N_PEOPLE_MIN {
            asked.people.insert(who);
        }
        self.held.open.insert(who, Open { query: words, at: event.occurred_at, chosen: BTreeSet::new() });
        if self.held.queries.len() > N_QUERIES_MAX + N_QUERIES_OVER {
            let mut ranked: Vec<(usize, u32, String)> =
                self.held.queries.iter().map(|(words, asked)| (asked.people.len(), asked.n, words.clone())).collect();
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
        let Some(open) = self.held.open.get_mut(&who(event)) else { return };
        let age_ms = event.occurred_at.as_millis() - open.at.as_millis();
        if !(0..=CHOSEN_WITHIN_MS).contains(&age_ms) {
            return;
        }
        let Some(asked) = self.held.queries.get_mut(&open.query) else { return };
        for product in &commerce.products {
            let item = ItemKey::from(&ItemId::from(product.id.as_str()));
            let has_room = asked.chosen.len() < N_CHOSEN_MAX || asked.chosen.contains_key(&item);
            if has_room && open.chosen.len() < N_CHOSEN_MAX && open.chosen.insert(item) {
                *asked.chosen.entry(item).or_default() += 1;
                self.row.changed();
            }
        }
    }
}

/// What is looked at, laid into the cart or bought was chosen.
fn is_choice(step: CommerceStep) -> bool {
    matches!(step, CommerceStep::Viewed | CommerceStep::Added | CommerceStep::Ordered)
}

/// Who did it, by the name that the event gives.
fn who(event: &Event) -> u64 {
    let user = event.user_id.as_ref().map(|id| stable_hash(id.as_str()));
    user.or_else(|| event.anonymous_id.as_ref().map(|id| stable_hash(id.as_str()))).unwrap_or_default()
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

    #[test]
    fn what_is_looked_at_within_half_an_hour_was_chosen_once_for_the_last_query() {
        let mut told = Told::default();
        told.view("ann", 0, "before");
        told.search("ann", 1, "Tea", 4);
        told.view("ann", 2, "green");
        told.view("ann", 31, "green");
        told.view("ann", 31, "late");
        told.view("ann", 32, "too late");
        told.view("ben", 2, "another's");
        assert_eq!([told.share("tea", "green"), told.share("tea", "late")], [Some(1.0 / 11.0), Some(1.0 / 11.0)]);
        for item in ["before", "too late", "another's"] {
            assert_eq!(told.share("tea", item), None, "{item}");
        }
        told.search("ann", 33, "cup", 4);
        told.view("ann", 34, "mug");
        assert_eq!((told.share("tea", "mug"), told.share("cup", "mug")), (None, Some(1.0 / 11.0)));
        let n = told.n;
        told.searches.apply(
            &track(n, "ann", 34, "Product Viewed", json!({"product_id": "again"})),
            true,
            str::to_lowercase,
        );
        assert_eq!(told.share("cup", "again"), None, "it was folded in before");
    }

    #[test]
    fn what_fewer_than_five_looked_for_is_told_to_nobody() {
        let mut told = Told::default();
        for (n, user) in ["a", "b", "c", "d"].into_iter().enumerate() {
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
        (0..4).for_each(|minute| told.search("e", minute, "teapot", 3));
        assert_eq!(told.searches.beginning_with("te", 9), ["teapot", "tea"], "the most frequent first");
        assert_eq!(told.searches.beginning_with("te", 1), ["teapot"]);
        let nothing = Query { words: "tea cosy".to_owned(), n: 5, n_nothing: 4 };
        assert_eq!(told.searches.without_result(9), [nothing]);
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
        for n in 0..N_QUERIES_MAX + N_QUERIES_OVER {
            told.search(&format!("u{n}"), 1, &format!("q{n}"), 1);
        }
        assert_eq!(told.searches.held.queries.len(), N_QUERIES_MAX + 1);
        assert!(told.searches.held.queries.contains_key("kept"));
        for n in 0..N_OPEN_MAX {
            told.search(&format!("v{n}"), 2, "kept", 1);
        }
        assert!(told.searches.held.open.len() <= N_OPEN_MAX);
        assert!(!told.searches.held.open.contains_key(&stable_hash("a")), "the oldest went");
        assert!(told.searches.held.open.contains_key(&stable_hash(&format!("v{}", N_OPEN_MAX - 1))));
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
