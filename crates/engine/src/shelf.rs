//! Which items of the catalogue are meant, and what is missing of them?

use crate::search::begins_with;
use crate::{Engine, Stopwatch};
use features::{Item, N_DAYS_LATELY};
use learning::Body;
use primitives::{ItemId, ItemKey, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::time::Duration;

/// How many items are looked at while events and decisions wait.
const N_SLICE: usize = 1_024;
/// How many categories are told apart.
const N_CATEGORIES_MAX: usize = 200;

/// Which items stand on a shelf.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// All of them.
    #[default]
    All,
    /// Those that the catalogue describes.
    Described,
    /// Those that only events name: the catalogue says nothing of them.
    NamedOnly,
    /// Those without a name.
    Nameless,
    /// Those that cannot be had.
    Unavailable,
    /// Those that can be had, and that no answer of the last 30 days showed.
    NeverShown,
    /// Those that nobody bought yet, as far as is remembered.
    Cold,
}

/// Which items are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemQuery {
    /// A part of the id, the name or the brand, whatever the case; empty for all.
    pub text: String,
    /// Only of this category.
    pub category: Option<String>,
    /// Only these.
    pub standing: Standing,
}

/// An item as it stands on a shelf.
#[derive(Debug, Clone, PartialEq)]
pub struct OnShelf {
    /// The item.
    pub item: Item,
    /// In how many answers of the last 30 days it was shown.
    pub n_shown: u64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemsFound {
    /// The items, those first that most customers bought lately.
    pub items: Vec<OnShelf>,
    /// How many match, shown or not.
    pub n_found: u64,
    /// How many there are of each standing, whatever was asked.
    pub counts: BTreeMap<Standing, u64>,
    /// The categories with how many items each has, the largest first: at most 200.
    pub categories: Vec<(String, u64)>,
}

impl Standing {
    /// Each of them.
    pub const ALL: [Self; 7] =
        [Self::All, Self::Described, Self::NeverShown, Self::Cold, Self::Unavailable, Self::Nameless, Self::NamedOnly];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Described => "described",
            Self::NamedOnly => "named_only",
            Self::Nameless => "nameless",
            Self::Unavailable => "unavailable",
            Self::NeverShown => "never_shown",
            Self::Cold => "cold",
        }
    }

    /// The standing of a name. What is hidden or out of stock cannot be had.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if matches!(name, "hidden" | "out_of_stock") { Self::Unavailable.name() } else { name };
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }

    fn has(self, item: &Item, n_shown: u64) -> bool {
        match self {
            Self::All => true,
            Self::Described => item.described_at.is_some(),
            Self::NamedOnly => item.described_at.is_none(),
            Self::Nameless => item.name.is_none(),
            Self::Unavailable => !item.is_available(),
            Self::NeverShown => item.is_available() && n_shown == 0,
            Self::Cold => item.n_buyers() == 0,
        }
    }
}

impl ItemQuery {
    /// Whether an item is meant; the text is in lower case.
    fn matches(&self, item: &Item, n_shown: u64) -> bool {
        let category = item.category.as_ref().map(|category| category.value.as_str());
        let is_of_category = self.category.as_deref().is_none_or(|wanted| category == Some(wanted));
        is_of_category && self.standing.has(item, n_shown) && (self.text.is_empty() || self.is_told_by(item))
    }

    /// Whether the text is part of what the item is called.
    fn is_told_by(&self, item: &Item) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(&self.text);
        let brand = || item.said("brand").is_some_and(|brand| brand.as_str().is_some_and(holds));
        holds(item.id.as_str()) || item.name.as_ref().is_some_and(|name| holds(&name.value)) || brand()
    }
}

/// By what items are put in order: sold lately, sold ever, and of equals the smaller key.
type Rank = (u32, u32, Reverse<ItemKey>);

/// What was counted on the way along the shelf.
#[derive(Default)]
struct Walk {
    found: ItemsFound,
    categories: BTreeMap<String, u64>,
    best: BinaryHeap<Reverse<Rank>>,
    /// In how many answers each item was shown.
    shown: HashMap<ItemKey, u64>,
}

impl Walk {
    fn pass(&mut self, key: ItemKey, item: &Item, (query, n_max, now): (&ItemQuery, usize, Timestamp)) {
        let n_shown = self.shown.get(&key).copied().unwrap_or(0);
        for standing in Standing::ALL.into_iter().filter(|standing| standing.has(item, n_shown)) {
            *self.found.counts.entry(standing).or_default() += 1;
        }
        if let Some(category) = &item.category {
            match self.categories.get_mut(&category.value) {
                Some(n) => *n += 1,
                None => drop(self.categories.insert(category.value.clone(), 1)),
            }
        }
        if query.matches(item, n_shown) {
            self.found.n_found += 1;
            self.best.push(Reverse((item.n_buyers_lately(now, N_DAYS_LATELY), item.n_buyers(), Reverse(key))));
            if self.best.len() > n_max {
                self.best.pop();
            }
        }
    }
}

/// How much of an item's id or name a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The id.
    Id,
    /// The whole name.
    Name,
    /// The beginning of the name.
    Beginning,
    /// The beginning of a word of it, or of the id.
    Word,
    /// A part of the name.
    Part,
}

/// How near a text is to an item; `None` where it says nothing of it. `wanted` is in lower case.
fn nearness(item: &Item, wanted: &str) -> Option<Nearness> {
    let name = item.name.as_ref().map(|name| name.value.to_lowercase()).unwrap_or_default();
    let mut words = name.split(|letter: char| !letter.is_alphanumeric());
    if name == wanted {
        Some(Nearness::Name)
    } else if name.starts_with(wanted) {
        Some(Nearness::Beginning)
    } else if words.any(|word| word.starts_with(wanted)) || begins_with(item.id.as_str(), wanted) {
        Some(Nearness::Word)
    } else {
        name.contains(wanted).then_some(Nearness::Part)
    }
}

impl Engine {
    /// The `n_max` items that most customers bought lately of those that a query means, ties by key. Events and decisions go
    /// on between the slices.
    #[must_use]
    pub fn find_items(&self, query: &ItemQuery, n_max: usize, now: Timestamp) -> ItemsFound {
        let query = ItemQuery { text: query.text.to_lowercase(), ..query.clone() };
        let mut walk = Walk { shown: self.n_shown(now), ..Walk::default() };
        self.each_item(&mut |key, item| walk.pass(key, item, (&query, n_max, now)), &|| false);
        let Walk { mut found, categories, best, shown } = walk;
        let ranked = best.into_sorted_vec();
        found.items = self.look(|live| {
            let item = |Reverse((.., Reverse(key))): &Reverse<Rank>| {
                let n_shown = shown.get(key).copied().unwrap_or(0);
                live.items.get(*key).map(|item| OnShelf { item: item.clone(), n_shown })
            };
            ranked.iter().filter_map(item).collect()
        });
        found.categories = categories.into_iter().collect();
        found.categories.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.categories.truncate(N_CATEGORIES_MAX);
        found
    }

    /// The items whose id is the text or begins with it, or whose name contains it, whatever the case: the best of them, those
    /// that the text says most of first. Looks for at most `time_max`.
    #[must_use]
    pub fn search_items(&self, query: &str, n_max: usize, time_max: Duration) -> Vec<Item> {
        let (wanted, watch) = (query.to_lowercase(), Stopwatch::start());
        let exact = ItemKey::from(&ItemId::from(query.to_owned()));
        let mut best: BTreeSet<(Nearness, String, ItemKey)> = BTreeSet::new();
        let mut visit = |key: ItemKey, item: &Item| {
            let near = if key == exact { Some(Nearness::Id) } else { nearness(item, &wanted) };
            let Some(near) = near else { return };
            let is_better = |(last, title, last_key): &(Nearness, String, ItemKey)| {
                (near, item.title(), key) < (*last, title.as_str(), *last_key)
            };
            if best.len() < n_max || best.last().is_some_and(is_better) {
                best.insert((near, item.title().to_owned(), key));
            }
            if best.len() > n_max {
                best.pop_last();
            }
        };
        // The one of exactly that id is found however many there are.
        self.look(|live| live.items.get(exact).into_iter().for_each(|item| visit(exact, item)));
        self.each_item(&mut visit, &|| watch.elapsed() > time_max);
        self.look(|live| best.iter().filter_map(|(.., key)| live.items.get(*key).cloned()).collect())
    }

    /// Shows every item, a slice at a time, so that events and decisions go on between them. Between two slices it asks whether
    /// to stop.
    fn each_item(&self, visit: &mut dyn FnMut(ItemKey, &Item), is_stopped: &dyn Fn() -> bool) {
        let mut last = None;
        loop {
            let n_shown = self.look(|live| {
                let slice = live.items.after(last, N_SLICE);
                slice.map(|(key, item)| (visit(*key, item), last = Some(*key))).count()
            });
            if n_shown < N_SLICE || is_stopped() {
                return;
            }
        }
    }

    /// The items that buyers of one bought, too, by the model in force that ranks items, the nearest first, each with how near it
    /// is, from 0 to 1; `None` where no such model is in force.
    #[must_use]
    pub fn bought_with(&self, key: ItemKey, n_max: usize) -> Option<Vec<(ItemKey, f64)>> {
        let models = self.models();
        let tasks = self.capabilities().kinds.iter().flat_map(|kind| kind.about().tasks.iter());
        let mut similar = tasks.filter_map(|task| match &models.get(task)?.body {
            Body::Ranker(model) => Some(model.similar(key).take(n_max).collect()),
            _ => None,
        });
        similar.next()
    }
}
