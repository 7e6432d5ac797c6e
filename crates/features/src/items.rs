//! What can be bought? The item catalogue: a fold over events, like the profiles.

use events::{Call, Commerce, CommerceStep, Offset, Product, Recorded};
use primitives::{ItemId, ItemKey, Money, Timestamp};
use profiles::{Change, Changed, Collection, ProfileError, ProfileStore};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// How many of the newest days with a sale are counted one by one.
const N_DAYS: usize = 35;

/// One item: what is known about it, and how it sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Its name.
    pub name: Option<Fact<String>>,
    /// Its category.
    pub category: Option<Fact<String>>,
    /// The price of one piece.
    pub price: Option<Fact<Money>>,
    /// Whether it can be had; assumed where nothing is said.
    pub available: Option<Fact<bool>>,
    /// In how many orders it was, ever.
    pub n_orders: u64,
    /// In how many orders it was, on each of its newest days with a sale (days since 1970).
    orders_by_day: BTreeMap<i64, u32>,
}

/// What was said last, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// What was said.
    pub value: T,
    at: Timestamp,
    offset: Offset,
}

/// Every item that was ever described, looked at or bought.
pub struct Items {
    by_key: BTreeMap<ItemKey, Item>,
    offset: Offset,
    changed: Changed<ItemId>,
}

impl Item {
    fn new(id: ItemId) -> Self {
        Self {
            id,
            name: None,
            category: None,
            price: None,
            available: None,
            n_orders: 0,
            orders_by_day: BTreeMap::new(),
        }
    }

    /// The item's name, or its id where no name is known.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_ref().map_or(self.id.as_str(), |name| &name.value)
    }

    /// Whether it may be recommended.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.available.as_ref().is_none_or(|available| available.value)
    }

    /// In how many orders it was within the last `n_days` (at most 35).
    #[must_use]
    pub fn n_orders_lately(&self, as_of: Timestamp, n_days: i64) -> u64 {
        let days = as_of.day() - n_days + 1..=as_of.day();
        self.orders_by_day.range(days).map(|(_, n)| u64::from(*n)).sum()
    }

    fn learn(&mut self, product: &Product, at: Timestamp, offset: Offset) {
        keep(&mut self.name, product.name.clone(), at, offset);
        keep(&mut self.category, product.category.clone(), at, offset);
        keep(&mut self.price, product.price, at, offset);
    }

    fn count_order(&mut self, at: Timestamp) {
        self.n_orders += 1;
        *self.orders_by_day.entry(at.day()).or_default() += 1;
        if self.orders_by_day.len() > N_DAYS {
            self.orders_by_day.pop_first();
        }
    }
}

/// What was said later wins, in whichever order it arrives.
fn keep<T>(known: &mut Option<Fact<T>>, said: Option<T>, at: Timestamp, offset: Offset) {
    let Some(value) = said else { return };
    if known.as_ref().is_none_or(|known| (at, offset) > (known.at, known.offset)) {
        *known = Some(Fact { value, at, offset });
    }
}

impl Items {
    /// Opens the catalogue of a store, as its last checkpoint left it.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or a row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let mut by_key = BTreeMap::new();
        let mut damaged = None;
        store.scan(Collection::Item, "", &mut |key, bytes| match postcard::from_bytes::<Item>(bytes) {
            Ok(item) => {
                by_key.insert(ItemKey::from(&item.id), item);
                true
            }
            Err(source) => {
                damaged = Some(ProfileError::Corrupt { what: "item", key: key.to_owned(), source });
                false
            }
        })?;
        match damaged {
            Some(error) => Err(error),
            None => Ok(Self { offset: store.offset()?, by_key, changed: Changed::default() }),
        }
    }

    /// Folds in one event. An event at or before the offset reached changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if let Call::Item { item_id, traits } = &event.call {
            // Accepted events were read once already.
            if let Ok(product) = Product::from_item(item_id, traits) {
                let available = traits.get("available").and_then(serde_json::Value::as_bool);
                let item = self.entry(item_id);
                item.learn(&product, event.occurred_at, *offset);
                keep(&mut item.available, available, event.occurred_at, *offset);
            }
        } else if let Ok(Some(commerce)) = Commerce::read(event) {
            let is_order = commerce.step == CommerceStep::Ordered;
            let mut counted = BTreeSet::new();
            for product in &commerce.products {
                let item = self.entry(&product.id);
                item.learn(product, event.occurred_at, *offset);
                if is_order && counted.insert(ItemKey::from(&product.id)) {
                    item.count_order(event.occurred_at);
                }
            }
        }
    }

    /// One item.
    #[must_use]
    pub fn get(&self, key: ItemKey) -> Option<&Item> {
        self.by_key.get(&key)
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

    /// Every item, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&ItemKey, &Item)> {
        self.by_key.iter()
    }

    /// The available items that were in most orders within the last `n_days` (at most 35), then in most orders ever.
    #[must_use]
    pub fn popular(&self, as_of: Timestamp, n_days: i64, n_max: usize) -> Vec<(&Item, u64)> {
        let mut ranked: Vec<_> = self
            .by_key
            .iter()
            .filter(|(_, item)| item.is_available())
            .map(|(key, item)| ((item.n_orders_lately(as_of, n_days), item.n_orders), key, item))
            .collect();
        let best_first =
            |a: &((u64, u64), &ItemKey, &Item), b: &((u64, u64), &ItemKey, &Item)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
        if ranked.len() > n_max && n_max > 0 {
            ranked.select_nth_unstable_by(n_max - 1, best_first);
        }
        ranked.truncate(n_max);
        ranked.sort_unstable_by(best_first);
        ranked.into_iter().map(|((lately, _), _, item)| (item, lately)).collect()
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Items::fill`].
    pub fn begin_checkpoint(&mut self) {
        self.changed.begin();
    }

    /// Moves the checkpoint's next rows into a slice of at most `n_max` changes. A slice that stays short was the last.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        let by_key = &self.by_key;
        let Ok(()) = self.changed.fill(slice, n_max, |id| Ok::<_, Infallible>(row(id, by_key)));
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

    fn entry(&mut self, id: &ItemId) -> &mut Item {
        let by_key = &mut self.by_key;
        let Ok(()) = self.changed.mark(id, || Ok::<_, Infallible>(row(id, by_key)));
        by_key.entry(ItemKey::from(id)).or_insert_with(|| Item::new(id.clone()))
    }
}

/// An item as the store keeps it.
fn row(id: &ItemId, by_key: &BTreeMap<ItemKey, Item>) -> Change {
    #[expect(
        clippy::expect_used,
        reason = "an item holds numbers, texts and maps of them, which can always be written"
    )]
    let value = by_key.get(&ItemKey::from(id)).map(|item| postcard::to_stdvec(item).expect("an item is always bytes"));
    Change { collection: Collection::Item, key: id.to_string(), value }
}
