//! In which order do items stand on shelves: what sells best, what sells better than it used to, what is new?
//!
//! Few items are put in order for each question. Many are while nobody waits: a slice of them at a time is looked at in the background,
//! and put in order outside of the live state.

use crate::Engine;
use decisions::{Sales, Shelf};
use features::{Item, Items, N_DAYS_LATELY};
use governance::Headcount;
use primitives::{ItemId, ItemKey, Timestamp};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

/// What is bought within these days is compared with what was bought in as many weeks that are over.
const N_DAYS_NOW: i64 = 7;
const N_WEEKS_BEFORE: i64 = 4;
/// By how many customers something is bought at least that counts as trending.
const N_BUYERS_MIN: u32 = 5;
/// Up to how many items are put in order for each question: so an answer holds what was told just before.
const N_FRESH_MAX: usize = 5_000;
/// For how long the order of more items than that holds.
const SECONDS_MAX: i64 = 10;
/// After how many seconds it is made anew in the background, where it was asked for.
const SECONDS_FOLLOWED: i64 = 5;
/// How many items are looked at while events and decisions wait.
const N_SLICE: usize = 512;

/// The items that may be shown, in each order.
#[derive(Debug)]
pub(super) struct Standing {
    made_at: Timestamp,
    popular: Vec<(ItemKey, u32)>,
    trending: Vec<(ItemKey, u32)>,
    newest: Vec<(ItemKey, u32)>,
    /// How many of the newest came lately.
    n_new: usize,
    /// Each with its category, category by category; empty where few stand in order.
    by_category: Vec<(u32, ItemKey)>,
}

/// What was put in order last.
#[derive(Debug, Default)]
pub(super) struct Kept {
    standing: RwLock<Option<Arc<Standing>>>,
    /// Whether somebody asked since it was made.
    is_asked: AtomicBool,
    /// Held while items are put in order: whoever asks meanwhile takes the order of before.
    making: Mutex<()>,
    /// Whether somebody looks at them slice by slice now.
    is_walked: AtomicBool,
}

impl Kept {
    /// The order as of a moment, as fresh as there is time for.
    pub(super) fn of(&self, items: &Items, as_of: Timestamp) -> Arc<Standing> {
        if items.len() <= N_FRESH_MAX {
            return Arc::new(Standing::of(items, as_of));
        }
        if let Some(known) = self.fresh(as_of) {
            return known;
        }
        let making = match (self.making.try_lock(), self.kept()) {
            (Err(TryLockError::WouldBlock), Some(known)) => return known,
            (Err(TryLockError::WouldBlock), None) => self.making.lock().unwrap_or_else(PoisonError::into_inner),
            (Err(TryLockError::Poisoned(poisoned)), _) => poisoned.into_inner(),
            (Ok(making), _) => making,
        };
        let standing = self.kept().filter(|known| known.is_fresh(as_of));
        let standing = standing.unwrap_or_else(|| Arc::new(Standing::of(items, as_of)));
        self.put(&standing);
        drop(making);
        standing
    }

    fn kept(&self) -> Option<Arc<Standing>> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The order that holds still, where there is one.
    fn fresh(&self, as_of: Timestamp) -> Option<Arc<Standing>> {
        self.is_asked.store(true, Ordering::Relaxed);
        self.kept().filter(|known| known.is_fresh(as_of))
    }

    fn put(&self, standing: &Arc<Standing>) {
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(standing));
    }

    /// Whether the order is to be made anew before somebody has to wait for that.
    fn is_wanted(&self, as_of: Timestamp) -> bool {
        let standing = self.standing.read().unwrap_or_else(PoisonError::into_inner);
        let is_old = standing.as_ref().is_none_or(|known| !known.is_younger(SECONDS_FOLLOWED, as_of));
        is_old && self.is_asked.swap(false, Ordering::Relaxed)
    }
}

impl Engine {
    /// Puts many items in order before somebody asks for it, where somebody did lately.
    pub(super) fn follow_standing(&self) {
        let as_of = self.clock.now();
        if self.look(|live| live.items.len()) > N_FRESH_MAX && self.standing.is_wanted(as_of) {
            self.make_standing(as_of);
        }
    }

    /// The order of before while somebody makes it anew, or else a new one.
    fn stood(&self, as_of: Timestamp) -> Arc<Standing> {
        match self.standing.kept() {
            Some(known) if self.standing.is_walked.swap(true, Ordering::Relaxed) => known,
            _ => {
                let standing = self.make_standing(as_of);
                self.standing.is_walked.store(false, Ordering::Relaxed);
                standing
            }
        }
    }

    /// Puts the items in order. Events and decisions wait for a slice of them at most.
    fn make_standing(&self, as_of: Timestamp) -> Arc<Standing> {
        let (mut seen, mut last) = (Unsorted { are_many: true, ..Unsorted::default() }, None);
        loop {
            let n_seen = self.look(|live| {
                let mut n_seen = 0;
                for (key, item) in live.items.after(last, N_SLICE) {
                    (n_seen, last) = (n_seen + 1, Some(*key));
                    if live.items.offers(*key) {
                        seen.take(*key, item, as_of);
                    }
                }
                n_seen
            });
            if n_seen < N_SLICE {
                break;
            }
        }
        let standing = Arc::new(seen.sorted(as_of));
        self.standing.put(&standing);
        standing
    }

    /// The items that most customers bought lately, of those that are meant and can be had, in these places of the list, each with by
    /// how many. Events and decisions wait for a slice of the items at most.
    pub fn sold_best(&self, places: Range<usize>, is_meant: &dyn Fn(&Item) -> bool) -> Vec<(ItemId, Headcount)> {
        let as_of = self.clock.now();
        let few = self.look(|live| (live.items.len() <= N_FRESH_MAX).then(|| self.standing.of(&live.items, as_of)));
        let standing = few.or_else(|| self.standing.fresh(as_of)).unwrap_or_else(|| self.stood(as_of));
        let (mut found, mut n_before) = (Vec::new(), 0);
        for some in standing.popular.chunks(N_SLICE) {
            if found.len() >= places.len() {
                break;
            }
            self.look(|live| {
                let had = some.iter().filter(|(key, _)| live.items.offers(*key));
                for (item, lately) in had.filter_map(|(key, lately)| Some((live.items.get(*key)?, *lately))) {
                    if found.len() < places.len() && is_meant(item) {
                        n_before += 1;
                        found.extend((n_before > places.start).then(|| (item.id.clone(), Headcount::of(lately))));
                    }
                }
            });
        }
        found
    }
}

/// Items that may be shown, in no order yet.
#[derive(Debug, Default)]
struct Unsorted {
    popular: Vec<((u32, u32), ItemKey)>,
    trending: Vec<(f64, u32, ItemKey)>,
    newest: Vec<(Timestamp, u32, ItemKey)>,
    by_category: Vec<(u32, ItemKey)>,
    /// Whether their categories are written down: of few, all are looked at just as soon.
    are_many: bool,
}

impl Unsorted {
    fn take(&mut self, key: ItemKey, item: &Item, as_of: Timestamp) {
        let lately = item.n_buyers_lately(as_of, N_DAYS_LATELY);
        self.popular.push(((lately, item.n_buyers()), key));
        if let Some(rise) = rise(item, as_of) {
            self.trending.push((rise, lately, key));
        }
        if let Some(since) = item.since(as_of) {
            self.newest.push((since, lately, key));
        }
        let category = self.are_many.then(|| decisions::category_of(item)).flatten();
        self.by_category.extend(category.map(|category| (category, key)));
    }

    fn sorted(self, as_of: Timestamp) -> Standing {
        let Self { mut popular, mut trending, mut newest, mut by_category, .. } = self;
        popular.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        trending.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        newest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.2.cmp(&b.2)));
        by_category.sort_unstable();
        let new_since = as_of.plus_days(-N_DAYS_LATELY);
        Standing {
            made_at: as_of,
            n_new: newest.partition_point(|(since, ..)| *since >= new_since),
            popular: popular.into_iter().map(|((lately, _), key)| (key, lately)).collect(),
            trending: trending.into_iter().map(|(_, lately, key)| (key, lately)).collect(),
            newest: newest.into_iter().map(|(_, lately, key)| (key, lately)).collect(),
            by_category,
        }
    }
}

impl Standing {
    pub(super) fn of(items: &Items, as_of: Timestamp) -> Self {
        let mut seen = Unsorted { are_many: items.len() > N_FRESH_MAX, ..Unsorted::default() };
        items.offered().for_each(|(key, item)| seen.take(*key, item, as_of));
        seen.sorted(as_of)
    }

    fn is_fresh(&self, as_of: Timestamp) -> bool {
        self.is_younger(SECONDS_MAX, as_of)
    }

    fn is_younger(&self, n_seconds: i64, as_of: Timestamp) -> bool {
        (self.made_at.as_millis() - as_of.as_millis()).abs() < n_seconds * 1_000
    }

    /// The items of a category, of many that stand in order; `None` where few do.
    pub(super) fn of_category(&self, category: u32) -> Option<Vec<ItemKey>> {
        let from = self.by_category.partition_point(|(one, _)| *one < category);
        let of_it = self.by_category[from..].iter().take_while(|(one, _)| *one == category);
        (!self.by_category.is_empty()).then(|| of_it.map(|(_, key)| *key).collect())
    }

    /// The first `n` items of a shelf that are allowed.
    pub(super) fn first(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        let stand = match shelf {
            Shelf::Popular => self.popular.as_slice(),
            Shelf::Trending => &self.trending,
            Shelf::Newest => &self.newest[..self.n_new],
            Shelf::Earlier => &self.newest[self.n_new..],
        };
        let allowed = stand.iter().filter(|(item, _)| allowed(*item)).take(n);
        allowed.map(|(item, lately)| (*item, Sales::Buyers { buyers: Headcount::of(*lately) })).collect()
    }
}

/// By how much more customers bought an item in the last seven days than in one of the last four weeks that are over, against what
/// chance would do; `None` where it is not more, or by too few to tell. Whoever buys it each week counts in each of them.
fn rise(item: &Item, as_of: Timestamp) -> Option<f64> {
    let now = item.n_buyers_lately(as_of, N_DAYS_NOW);
    #[expect(clippy::cast_precision_loss, reason = "a few weeks")]
    let expected = f64::from(item.n_buyers_of_weeks(as_of, N_WEEKS_BEFORE)) / N_WEEKS_BEFORE as f64;
    let rise = (f64::from(now) - expected) / (expected + 1.0).sqrt();
    (now >= N_BUYERS_MIN && rise > 0.0).then_some(rise)
}

/// The trait of a name, where no item that may be shown has it: the one that was probably meant, or nothing. Looks at as many
/// items as there is time for.
pub(super) fn without_trait(items: &Items, name: &str) -> Option<Option<String>> {
    const OWN: [&str; 7] = ["available", "category", "currency", "id", "name", "price", "stock"];
    const N_LOOKED_AT: usize = 20_000;
    if OWN.contains(&name) {
        return None;
    }
    let mut names: std::collections::BTreeSet<&str> = OWN.into();
    for (_, item) in items.iter().take(N_LOOKED_AT) {
        if item.told(name).is_some() {
            return None;
        }
        for told in item.names() {
            if !names.contains(told) {
                names.insert(told);
            }
        }
    }
    Some(primitives::nearest(name, names).map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Call, Event, Fields, Offset, Origin, Recorded};
    use features::FeatureState;
    use governance::ConsentPolicy;
    use primitives::{DAY_MS, ItemId};
    use profiles::{MemoryProfileStore, Profiles};
    use serde_json::{Value, json};

    /// The moment that is asked about: the hundredth day.
    const NOW: Timestamp = Timestamp::from_millis(100 * DAY_MS);

    struct Shop {
        items: Items,
        profiles: Profiles<FeatureState>,
        offset: u64,
    }

    impl Shop {
        fn new() -> Self {
            let store = Arc::new(MemoryProfileStore::default());
            let items = Items::open(store.as_ref(), &ConsentPolicy::default()).unwrap();
            Self { items, profiles: Profiles::open(store).unwrap(), offset: 0 }
        }

        fn tell(&mut self, user: &str, day: i64, call: Call) {
            self.offset += 1;
            let at = Timestamp::from_millis(day * DAY_MS);
            let event = Event {
                message_id: format!("m{}", self.offset).into(),
                user_id: Some(user.into()),
                anonymous_id: None,
                occurred_at: at,
                stated_at: None,
                received_at: at,
                call,
                context: Fields::new(),
                origin: Origin::Server,
                reading: events::Reading::default(),
            };
            let recorded = Recorded { offset: Offset(self.offset), event };
            self.items.apply(&recorded);
            self.profiles.apply_watched(&recorded, &mut self.items).unwrap();
        }

        fn describe(&mut self, item: &str, day: i64, traits: Value) {
            let traits = Fields::from(traits.as_object().cloned().unwrap());
            self.tell("shop", day, Call::Item { item_id: item.into(), traits });
        }

        /// So many different customers buy it on a day.
        fn sell(&mut self, item: &str, day: i64, n: u32) {
            self.sell_to(item, day, &format!("{item} {day}"), n);
        }

        /// So many customers who are called so buy it on a day.
        fn sell_to(&mut self, item: &str, day: i64, name: &str, n: u32) {
            for customer in 0..n {
                let properties = json!({"products": [{"product_id": item}]});
                let properties = Fields::from(properties.as_object().cloned().unwrap());
                let call = Call::Track { event: "Order Completed".to_owned(), properties };
                self.tell(&format!("{name} {customer}"), day, call);
            }
        }
    }

    fn key(item: &str) -> ItemKey {
        ItemKey::from(&ItemId::from(item))
    }

    fn first(standing: &Standing, shelf: Shelf) -> Vec<ItemKey> {
        standing.first(shelf, 10, &|_| true).into_iter().map(|(item, _)| item).collect()
    }

    #[test]
    fn each_shelf_has_an_order_of_its_own_and_only_what_can_be_had() {
        let mut shop = Shop::new();
        for (item, day) in [("steady", 10), ("rising", 30), ("once", 20), ("new", 99), ("gone", 98), ("hidden", 97)] {
            shop.describe(item, day, json!({"name": item}));
        }
        // Six a week each week, against six this week and three a week before; fifty long ago.
        for week in 0..5 {
            shop.sell("steady", 98 - 7 * week, 6);
            shop.sell("rising", 98 - 7 * week, if week == 0 { 6 } else { 3 });
        }
        shop.sell("once", 40, 50);
        shop.sell("new", 100, 4);
        shop.sell("gone", 99, 60);
        shop.describe("gone", 100, json!({"stock": 0}));
        shop.describe("hidden", 100, json!({"hidden": true}));
        let standing = Standing::of(&shop.items, NOW);
        assert_eq!(first(&standing, Shelf::Popular), ["steady", "rising", "new", "once"].map(key), "lately, then ever");
        assert_eq!(first(&standing, Shelf::Newest), [key("new")], "within thirty days");
        assert_eq!(first(&standing, Shelf::Earlier), ["rising", "once", "steady"].map(key));
        assert_eq!(first(&standing, Shelf::Trending), [key("rising")], "four buyers are too few to tell");
        shop.sell("new", 100 - 1, 1);
        let standing = Standing::of(&shop.items, NOW);
        assert_eq!(first(&standing, Shelf::Trending), [key("new"), key("rising")], "five are not");
        let allowed = standing.first(Shelf::Popular, 1, &|item| item != key("steady"));
        assert_eq!(allowed.iter().map(|(item, _)| *item).collect::<Vec<_>>(), [key("rising")]);
    }

    #[test]
    fn what_the_same_customers_buy_each_week_does_not_trend() {
        let mut shop = Shop::new();
        for item in ["bread", "soup"] {
            shop.describe(item, 10, json!({"name": item}));
        }
        for week in 0..5 {
            shop.sell_to("bread", 98 - 7 * week, "regular", 9);
            shop.sell_to("soup", 98 - 7 * week, "regular", if week == 0 { 9 } else { 5 });
        }
        assert_eq!(first(&Standing::of(&shop.items, NOW), Shelf::Trending), [key("soup")]);
    }

    #[test]
    fn what_is_described_again_is_not_new_and_what_was_there_before_it_was_told_is_not() {
        let mut shop = Shop::new();
        for (item, day, traits) in [
            ("old", 1, json!({"name": "Old"})),
            ("brought along", 95, json!({"timestamp": "1970-01-05"})),
            ("new", 90, json!({"name": "New", "timestamp": "1970-04-09T00:00:00Z"})),
            ("old", 99, json!({"stock": 9})),
            ("to come", 99, json!({"name": "To come", "timestamp": "1970-05-01"})),
            ("to come, by a number", 99, json!({"timestamp": 150 * 86_400})),
        ] {
            shop.describe(item, day, traits);
        }
        let standing = Standing::of(&shop.items, NOW);
        assert_eq!(first(&standing, Shelf::Newest), [key("new")]);
        assert_eq!(first(&standing, Shelf::Earlier), ["brought along", "old"].map(key));
    }

    #[test]
    fn the_order_of_many_items_holds_for_some_seconds_and_that_of_few_is_made_anew() {
        for (n_items, is_kept) in [(N_FRESH_MAX, false), (N_FRESH_MAX + 1, true)] {
            let mut shop = Shop::new();
            (0..n_items).for_each(|item| shop.describe(&format!("item {item}"), 1, json!({"name": "x"})));
            let kept = Kept::default();
            let before = kept.of(&shop.items, NOW);
            shop.describe("item 7", 2, json!({"available": false}));
            let n_popular = |at: i64| kept.of(&shop.items, Timestamp::from_millis(NOW.as_millis() + at)).popular.len();
            assert_eq!(before.popular.len(), n_items);
            assert_eq!(n_popular(SECONDS_MAX * 1_000 - 1), if is_kept { n_items } else { n_items - 1 });
            assert_eq!(n_popular(SECONDS_MAX * 1_000), n_items - 1);
        }
    }

    #[test]
    fn of_many_items_those_of_a_category_are_known_and_of_few_all_are_looked_at() {
        for (n_items, is_known) in [(N_FRESH_MAX, false), (N_FRESH_MAX + 1, true)] {
            let mut shop = Shop::new();
            (0..n_items).for_each(|item| {
                let category = format!("category {}", item % 1_000);
                shop.describe(&format!("item {item}"), 1, json!({"category": category}));
            });
            shop.describe("item 1004", 2, json!({"stock": 0}));
            let category = |item: &str| decisions::category_of(shop.items.get(key(item)).unwrap()).unwrap();
            let standing = Standing::of(&shop.items, NOW);
            let mut expected: Vec<ItemKey> =
                ["item 4", "item 2004", "item 3004", "item 4004"].map(key).into_iter().collect();
            expected.sort_unstable();
            assert_eq!(standing.of_category(category("item 4")), is_known.then_some(expected));
            let last = standing.of_category(category("item 999")).map_or(0, |items| items.len());
            assert_eq!(last, if is_known { 5 } else { 0 });
            assert_eq!(standing.of_category(category("item 4").wrapping_add(1)), is_known.then(Vec::new));
        }
    }

    #[test]
    fn what_is_asked_for_is_put_in_order_anew_before_anybody_has_to_wait_for_it() {
        let mut shop = Shop::new();
        (0..=N_FRESH_MAX).for_each(|item| shop.describe(&format!("item {item}"), 1, json!({"name": "x"})));
        let kept = Kept::default();
        let at = |seconds: i64| Timestamp::from_millis(NOW.as_millis() + 1_000 * seconds);
        assert!(!kept.is_wanted(at(0)), "nobody has asked");
        kept.of(&shop.items, at(0));
        assert!(!kept.is_wanted(at(SECONDS_FOLLOWED - 1)), "it is young");
        assert_eq!([(); 2].map(|()| kept.is_wanted(at(SECONDS_FOLLOWED))), [true, false], "nobody asked again");
        kept.of(&shop.items, at(SECONDS_FOLLOWED));
        assert!(kept.is_wanted(at(SECONDS_FOLLOWED)));
    }

    #[test]
    fn a_trait_that_no_item_has_is_told_with_the_one_that_was_meant() {
        let mut shop = Shop::new();
        shop.describe("tea", 1, json!({"colour": "green"}));
        let of = |name| without_trait(&shop.items, name);
        assert_eq!(of("colour"), None);
        assert_eq!(of("category"), None, "every catalogue has it");
        assert_eq!(of("color"), Some(Some("colour".to_owned())));
        assert_eq!(of("quite another thing"), Some(None));
    }
}
