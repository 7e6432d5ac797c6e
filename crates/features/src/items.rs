//! What can be bought, and what sells? The item catalogue: a fold over events, like the profiles.

mod item;
mod kept;
pub mod named;
mod popularity;
mod shelves;
mod tally;

pub use item::{Fact, Item, N_DAYS_LATELY};
pub use shelves::Offer;

use events::{Call, Event, Offset, Product, Recorded};
use governance::{ConsentPolicy, Headcount};
use primitives::{ItemId, ItemKey, Timestamp};
use profiles::{Change, Changed, Collection, ProfileError, ProfileStore};
use shelves::Shelves;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::Bound;

/// Every item that was described, looked at or bought.
pub struct Items {
    by_key: BTreeMap<ItemKey, Item>,
    shelves: Shelves,
    /// Whose purchases are counted.
    policy: ConsentPolicy,
    offset: Offset,
    changed: Changed<ItemId>,
    news: News,
}

/// Which items are not what they were when it was asked last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Those of which something else is said, and those that are gone.
    pub told: BTreeSet<ItemKey>,
    /// Those that sell otherwise.
    pub sold: BTreeSet<ItemKey>,
}

impl Items {
    /// Opens the catalogue of a store, as its last checkpoint left it. `policy` says whose purchases are counted: of the
    /// customers who permit analytics.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or a row is damaged.
    pub fn open(store: &dyn ProfileStore, policy: &ConsentPolicy) -> Result<Self, ProfileError> {
        let mut items = Self {
            by_key: BTreeMap::new(),
            shelves: Shelves::default(),
            policy: policy.clone(),
            offset: store.offset()?,
            changed: Changed::default(),
            news: News::default(),
        };
        let mut damaged = None;
        store.scan(Collection::Item, "", &mut |key, bytes| match profiles::decode::<Item>("item", key, bytes) {
            Ok(item) => {
                items.shelves.file(ItemKey::from(&item.id), &item);
                items.by_key.insert(ItemKey::from(&item.id), item);
                true
            }
            Err(error) => {
                damaged = Some(error);
                false
            }
        })?;
        damaged.map_or(Ok(items), Err)
    }

    /// Takes in what an event says of items. An event at or before the offset reached changes nothing. Who bought them is
    /// heard from the profiles afterwards, through [`profiles::Watch`].
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if let Call::Item { item_id, traits } = &event.call {
            if let Ok(mut product) = Product::from_item(item_id, traits) {
                product.lacks_currency |= event.has_default_currency();
                let available = traits.get("available");
                self.learn(&product, recorded, |item| {
                    item.learn_available(available, recorded) | item.learn_traits(traits, recorded)
                });
            }
        } else if let Some(commerce) = event.commerce() {
            for product in &commerce.products {
                self.learn(product, recorded, |_| false);
            }
            self.make_room(event);
        }
    }

    /// One item.
    #[must_use]
    pub fn get(&self, key: ItemKey) -> Option<&Item> {
        self.by_key.get(&key)
    }

    /// Whether an item may be recommended: it is known well enough, and can be had.
    #[must_use]
    pub fn offers(&self, key: ItemKey) -> bool {
        self.offer(key) == Some(Offer::Open)
    }

    /// Whether an item may be recommended, and why not; `None` where there is none of that key.
    #[must_use]
    pub fn offer(&self, key: ItemKey) -> Option<Offer> {
        self.shelves.offer(key)
    }

    /// How many items may be recommended, or why not, each that there is. Looks at all of them.
    #[must_use]
    pub fn by_offer(&self) -> Vec<(Offer, u64)> {
        self.shelves.by_offer()
    }

    /// Every item that may be recommended, in the order of their keys.
    pub fn offered(&self) -> impl Iterator<Item = (&ItemKey, &Item)> {
        self.by_key.iter().filter(|(key, _)| self.offers(**key))
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether the catalogue is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// What the items of a simulated company say of it, as JSON; `None` in a company that is real. Only what the company itself
    /// said counts: no stranger makes a real company a simulated one.
    #[must_use]
    pub fn simulated(&self) -> Option<&str> {
        self.shelves.simulated()
    }

    /// Every item, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&ItemKey, &Item)> {
        self.by_key.iter()
    }

    /// At most `n_max` items whose keys come after one, in the order of their keys: from the first where none is given.
    pub fn after(&self, key: Option<ItemKey>, n_max: usize) -> impl Iterator<Item = (&ItemKey, &Item)> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_key.range((from, Bound::Unbounded)).take(n_max)
    }

    /// The items that may be recommended which most customers bought within the last `n_days` (at most 35), then those
    /// which most bought ever: of the customers who permit analytics.
    #[must_use]
    pub fn popular(&self, as_of: Timestamp, n_days: i64, n_max: usize) -> Vec<(&Item, Headcount)> {
        type Sales = (u32, u32);
        let mut ranked: Vec<(Sales, &ItemKey, &Item)> = self
            .by_key
            .iter()
            .filter(|(key, _)| self.offers(**key))
            .map(|(key, item)| ((item.n_buyers_lately(as_of, n_days), item.n_buyers()), key, item))
            .collect();
        let best_first = |a: &(Sales, &ItemKey, &Item), b: &(Sales, &ItemKey, &Item)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
        if ranked.len() > n_max && n_max > 0 {
            ranked.select_nth_unstable_by(n_max - 1, best_first);
        }
        ranked.truncate(n_max);
        ranked.sort_unstable_by(best_first);
        ranked.into_iter().map(|((lately, _), _, item)| (item, Headcount::of(lately))).collect()
    }

    /// Which items are not what they were when the news was taken last.
    #[must_use]
    pub fn news(&self) -> &News {
        &self.news
    }

    /// Which items are not what they were when it was asked last.
    pub fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// Whether there are items of which something else is said than when it was asked last.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.news.told.is_empty()
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Items::fill`].
    pub fn begin_checkpoint(&mut self) {
        self.changed.begin();
    }

    /// Moves the checkpoint's next rows into a slice of at most `n_max` changes. A slice that stays short was the last.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        let by_key = &self.by_key;
        let Ok(()) = self.changed.fill(slice, n_max, |id| Ok::<_, Infallible>(row(id, by_key.get(&ItemKey::from(id)))));
    }

    /// Ends the checkpoint: where it is not durable, the next one takes its rows again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.changed.end(is_durable);
    }

    /// A whole checkpoint at once, where nobody else needs the items meanwhile.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.begin_checkpoint();
        let mut changes = Vec::new();
        self.fill(&mut changes, usize::MAX);
        self.end_checkpoint(true);
        changes
    }

    fn learn(&mut self, product: &Product, recorded: &Recorded, more: impl FnOnce(&mut Item) -> bool) {
        let key = ItemKey::from(&product.id);
        if !self.by_key.contains_key(&key) {
            let Ok(()) = self.changed.mark(&product.id, || Ok::<_, Infallible>(row(&product.id, None)));
            let item = Item::new(product.id.clone());
            self.shelves.file(key, &item);
            self.by_key.insert(key, item);
        }
        let had_vouched = self.shelves.has_vouched();
        let is_news = self.change(key, |item| item.learn(product, recorded) | more(item));
        if is_news == Some(true) {
            self.news.told.insert(key);
        }
        if recorded.event.origin.is_trusted() {
            if !had_vouched {
                self.keep_shown();
            }
            self.let_go();
        }
    }

    /// The company has named its first item: what was shown until then stays so.
    fn keep_shown(&mut self) {
        let (until, shown) = self.shelves.to_keep();
        shown.into_iter().for_each(|key| self.keep_until(key, Some(until)));
    }

    /// Ends what is kept no longer.
    fn let_go(&mut self) {
        self.shelves.to_let_go().into_iter().for_each(|key| self.keep_until(key, None));
    }

    fn keep_until(&mut self, key: ItemKey, until: Option<Timestamp>) {
        if self.change(key, |item| item.kept_until = until).is_some() {
            self.news.told.insert(key);
        }
    }

    /// Changes an item that is there, and where it is filed.
    fn change<T>(&mut self, key: ItemKey, change: impl FnOnce(&mut Item) -> T) -> Option<T> {
        let item = self.by_key.get_mut(&key)?;
        let Ok(()) = self.changed.mark(&item.id, || Ok::<_, Infallible>(row(&item.id, Some(item))));
        self.shelves.unfile(key, item);
        let changed = change(item);
        self.shelves.file(key, item);
        Some(changed)
    }

    /// The same where it sells otherwise than before.
    fn resell(&mut self, key: ItemKey, change: impl FnOnce(&mut Item)) {
        if self.change(key, change).is_some() {
            self.news.sold.insert(key);
        }
    }

    /// Forgets provisional items beyond their number and their time. Only our own clock counts: an import's does not.
    fn make_room(&mut self, event: &Event) {
        if event.origin.is_trusted() {
            return;
        }
        self.let_go();
        while let Some(key) = self.shelves.take_excess(event.received_at) {
            let item = self.by_key.remove(&key);
            self.shelves.forget(key, item.as_ref());
            if let Some(item) = item {
                let Ok(()) = self.changed.mark(&item.id, || Ok::<_, Infallible>(row(&item.id, Some(&item))));
                self.news.told.insert(key);
            }
        }
    }
}

/// An item as the store keeps it.
fn row(id: &ItemId, item: Option<&Item>) -> Change {
    #[expect(
        clippy::expect_used,
        reason = "an item holds numbers, texts and maps of them, which can always be written"
    )]
    let value = item.map(|item| profiles::encode("item", id.as_str(), item).expect("an item is always bytes"));
    Change { collection: Collection::Item, key: id.to_string(), value }
}
