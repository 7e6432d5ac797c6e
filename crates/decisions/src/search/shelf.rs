//! Which items are there to be searched, and what have they in common? Beside the full-text index, in memory: what is counted,
//! filtered and put in order.

use super::index::Indexed;
use super::prices::Prices;
use super::told::{Told, Trait};
use super::values::Values;
use super::words::plain;
use features::{Item, N_DAYS_LATELY};
use primitives::{ItemKey, Money, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// So many values of a trait are told apart at least before it is asked whether it names single items.
const N_VALUES_MIN: usize = 50;
/// As soon as so many bought something whom the company told of, others count only beside them.
const N_KNOWN_MIN: u64 = 20;
/// So many numbers of values that are gone are not given away again, the newest: a search that is under way may still hold them.
const N_RESTING: usize = 20_000;

/// The trait under which categories are.
pub(crate) const CATEGORY: u16 = 0;
/// The trait under which brands are.
pub(crate) const BRAND: u16 = 1;

/// An item that can be searched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Doc {
    pub(crate) key: ItemKey,
    digest: u64,
    /// Whether it was put there, and not only its number taken up.
    is_told: bool,
    /// The words of its title, by their hashes.
    pub(crate) title: Box<[u32]>,
    /// The values of its traits, in ascending order.
    pub(crate) values: Values,
    pub(crate) price: Option<Money>,
    pub(crate) is_available: bool,
    is_vouched: bool,
    is_kept: bool,
    /// How many bought it lately, and ever.
    pub(crate) n_buyers: (u32, u32),
    /// Of how many of them the company told.
    n_known: (u32, u32),
    /// On which day since 1970 it came into the catalogue; 0 of what the company never described.
    pub(crate) since_day: i32,
}

/// A value that items have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedValue {
    /// Of which trait.
    pub(crate) of: u16,
    /// As the company wrote it first.
    pub(crate) text: String,
    /// The items that have it, in ascending order: at least one, or it is forgotten.
    pub(crate) items: Vec<u32>,
    /// How many of them the company vouches for.
    n_vouched: usize,
    words: Arc<str>,
    /// In which other words it is asked for.
    also: Box<[String]>,
}

impl SharedValue {
    /// All words that it is asked for by, and whether they are all of it or only its end.
    fn asked(&self) -> impl Iterator<Item = (&str, bool)> {
        // Of yes and no nobody asks for "true".
        let is_flag = matches!(&*self.words, "true" | "false");
        let whole = self.also.iter().map(String::as_str).chain((!is_flag).then_some(&*self.words));
        whole.flat_map(|words| {
            let ends = words.match_indices(' ').map(|(at, _)| (&words[at + 1..], false));
            std::iter::once((words, true)).chain(ends)
        })
    }
}

/// A trait that items have.
#[derive(Debug, Clone)]
pub(crate) struct SharedTrait {
    pub(crate) name: String,
    /// The words of its name.
    words: String,
    /// Its values by their words.
    values: HashMap<Arc<str>, u32>,
    n_items: usize,
    /// Of how many of them, and of how many items, the company vouches for an item.
    vouched: (usize, usize),
    /// Whether its values are found by what they are asked for by.
    is_asked: bool,
    /// Whether an item ever had more of its values than are listed.
    pub(crate) is_partial: bool,
}

impl SharedTrait {
    fn new(name: &str) -> Self {
        let (name, words) = (name.to_owned(), plain(name, 4));
        Self { name, words, values: HashMap::new(), n_items: 0, vouched: (0, 0), is_asked: true, is_partial: false }
    }

    /// Whether its values are what items have in common, and not the names of single items.
    fn is_shared(&self, is_any_vouched: bool) -> bool {
        let (n_values, n_items) = self.n(is_any_vouched);
        n_values < N_VALUES_MIN || n_values * 2 < n_items
    }

    /// Whether hardly two items have a value in common, so that nobody need be able to ask for them. Between this and
    /// [`SharedTrait::is_shared`] things stay as they are: to change them takes as many items as were put or taken off.
    fn is_single(&self, is_any_vouched: bool) -> bool {
        let (n_values, n_items) = self.n(is_any_vouched);
        n_values >= N_VALUES_MIN && n_values * 4 >= n_items * 3
    }

    /// How many values there are, and how many items with them: what strangers name counts where nothing else is named.
    fn n(&self, is_any_vouched: bool) -> (usize, usize) {
        if is_any_vouched { self.vouched } else { (self.values.len(), self.n_items) }
    }
}

/// The items that can be searched.
#[derive(Debug, Clone)]
pub struct Shelf {
    docs: Vec<Option<Doc>>,
    free: Vec<u32>,
    by_key: HashMap<ItemKey, u32>,
    n_vouched: usize,
    /// How many bought anything whom the company told of, each counted for each item.
    n_known: u64,
    /// How many were put there.
    n_told: usize,
    pub(crate) traits: Vec<SharedTrait>,
    pub(crate) values: Vec<SharedValue>,
    /// The numbers of values that are gone, the longest gone first.
    resting: VecDeque<u32>,
    /// What is asked for by which words: values, and whether the words are all of it or only its end. A trait of which every item
    /// has a value of its own, such as a moment, has none here.
    asked: Asked,
    pub(super) prices: Prices,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            docs: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            n_vouched: 0,
            n_known: 0,
            n_told: 0,
            traits: vec![SharedTrait::new("category"), SharedTrait::new("brand")],
            values: Vec::new(),
            resting: VecDeque::new(),
            asked: BTreeMap::new(),
            prices: Prices::default(),
        }
    }
}

impl Shelf {
    /// The shelf of an index that holds these items already, by their numbers. What is known of them comes with
    /// [`Shelf::put`]; whatever does not come is to be taken off.
    #[must_use]
    pub fn numbered(held: &[(u32, ItemKey, u64)]) -> Self {
        let mut shelf = Self::default();
        for (number, key, digest) in held {
            let at = *number as usize;
            if shelf.docs.len() <= at {
                shelf.docs.resize(at + 1, None);
            }
            let doc = Doc {
                key: *key,
                digest: *digest,
                is_told: false,
                title: Box::default(),
                values: Values::default(),
                price: None,
                is_available: false,
                is_vouched: false,
                is_kept: false,
                n_buyers: (0, 0),
                n_known: (0, 0),
                since_day: 0,
            };
            shelf.docs[at] = Some(doc);
            shelf.by_key.insert(*key, *number);
        }
        let free = (0_u32..).zip(&shelf.docs).filter(|(_, doc)| doc.is_none()).map(|(number, _)| number);
        shelf.free = free.collect();
        shelf
    }

    /// Puts an item there as it is now. Answers with what the index is to take in, where its words changed.
    pub fn put(&mut self, item: &Item, now: Timestamp) -> Option<Indexed> {
        let key = ItemKey::from(&item.id);
        let told = Told::of(item);
        let digest = told.digest(item.is_vouched);
        let known = self.by_key.get(&key).copied();
        let number = known
            .unwrap_or_else(|| self.free.pop().unwrap_or_else(|| u32::try_from(self.docs.len()).unwrap_or(u32::MAX)));
        let is_same = known.and_then(|number| self.doc(number)).is_some_and(|doc| doc.digest == digest);
        let (mut had, was_vouched) = self.leave(number);
        self.n_vouched += usize::from(item.is_vouched);
        self.n_told += 1;
        if was_vouched != item.is_vouched {
            std::mem::take(&mut had).iter().for_each(|value| self.unlist(*value, number, was_vouched));
        }
        let values: Vec<u32> = told.traits.iter().map(|one| self.list(one, number, item.is_vouched)).collect();
        let values = Values::from(values);
        for name in &told.partial {
            let of = self.trait_named(name);
            self.traits[of].is_partial = true;
        }
        // After the others were listed: what stays with its only item is not made anew.
        for value in had.iter().filter(|value| values.binary_search(value).is_err()) {
            self.unlist(*value, number, was_vouched);
        }
        if self.docs.len() <= number as usize {
            self.docs.resize(number as usize + 1, None);
        }
        self.settle_all(usize::from(was_vouched), usize::from(item.is_vouched));
        self.by_key.insert(key, number);
        self.prices.put(number, told.price);
        self.docs[number as usize] = Some(Doc {
            key,
            digest,
            is_told: true,
            title: told.title.into(),
            values,
            price: told.price,
            is_available: item.is_available() && !item.is_hidden(),
            is_vouched: item.is_vouched,
            is_kept: item.is_kept(),
            n_buyers: (item.n_buyers_lately(now, N_DAYS_LATELY), item.n_buyers()),
            n_known: item.n_known_buyers(now, N_DAYS_LATELY),
            since_day: item.since(now).and_then(|since| i32::try_from(since.day()).ok()).unwrap_or(0),
        });
        self.n_known += u64::from(item.n_known_buyers(now, N_DAYS_LATELY).1);
        let is_vouched = item.is_vouched;
        (!is_same).then_some(Indexed { number, key, digest, is_vouched, columns: told.columns })
    }

    /// Notes how an item sells that is there.
    pub fn note_sales(&mut self, item: &Item, now: Timestamp) {
        let number = self.by_key.get(&ItemKey::from(&item.id)).copied();
        if let Some(doc) = number.and_then(|number| self.docs.get_mut(number as usize)?.as_mut()) {
            doc.n_buyers = (item.n_buyers_lately(now, N_DAYS_LATELY), item.n_buyers());
            self.n_known -= u64::from(doc.n_known.1);
            doc.n_known = item.n_known_buyers(now, N_DAYS_LATELY);
            self.n_known += u64::from(doc.n_known.1);
        }
    }

    /// Takes an item off. Answers with its number, which the index is to forget.
    pub fn take_off(&mut self, key: ItemKey) -> Option<u32> {
        let number = self.by_key.remove(&key)?;
        let (had, was_vouched) = self.leave(number);
        had.iter().for_each(|value| self.unlist(*value, number, was_vouched));
        self.settle_all(usize::from(was_vouched), 0);
        self.docs[number as usize] = None;
        self.free.push(number);
        Some(number)
    }

    /// The items that are there, by number.
    pub fn keys(&self) -> impl Iterator<Item = ItemKey> {
        self.docs.iter().flatten().map(|doc| doc.key)
    }

    /// How many words there are to ask for something, counted for each value, and how many numbers of values.
    #[cfg(test)]
    pub(crate) fn n_kept(&self) -> (usize, usize) {
        (self.asked.values().map(BTreeSet::len).sum(), self.values.len())
    }

    /// How many items are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// How many of them can be found: of the others only the numbers were taken up.
    #[must_use]
    pub fn n_told(&self) -> usize {
        self.n_told
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn doc(&self, number: u32) -> Option<&Doc> {
        self.docs.get(number as usize)?.as_ref()
    }

    pub(crate) fn of_key(&self, key: ItemKey) -> Option<&Doc> {
        self.doc(*self.by_key.get(&key)?)
    }

    /// Whether an item counts for what words mean.
    pub(crate) fn believes(&self, number: u32) -> bool {
        self.n_vouched == 0 || self.doc(number).is_some_and(|doc| doc.is_vouched)
    }

    /// How often an item is bought lately, and ever, in quarters of a customer whom the company told of: anybody may have invented the
    /// others, so each of them is a quarter, and where the company told of enough they are no more than those of whom it did.
    pub(crate) fn sold(&self, doc: &Doc) -> (u32, u32) {
        let of = |n: u32, n_known: u32| {
            let (others, known) = (n.saturating_sub(n_known), n_known.saturating_mul(4));
            known.saturating_add(if self.n_known >= N_KNOWN_MIN { others.min(known) } else { others })
        };
        (of(doc.n_buyers.0, doc.n_known.0), of(doc.n_buyers.1, doc.n_known.1))
    }

    /// Every item that may be shown, by number.
    pub(crate) fn offered(&self) -> impl Iterator<Item = u32> {
        (0_u32..)
            .zip(&self.docs)
            .filter_map(|(number, doc)| doc.as_ref().filter(|doc| self.offers(doc)).map(|_| number))
    }

    /// Whether an item may be shown: as for recommendations, a stranger can name whatever they like, and is believed only where
    /// the company named nothing itself, and of what was shown until it did.
    pub(crate) fn offers(&self, doc: &Doc) -> bool {
        doc.is_available && (doc.is_vouched || (self.n_vouched == 0 || doc.is_kept) && doc.n_buyers.1 > 0)
    }

    /// The values that are asked for by exactly these words, of traits that items have in common.
    pub(crate) fn asked_by(&self, words: &str) -> impl Iterator<Item = u32> {
        let found = self.asked.get(words).into_iter().flatten();
        found.filter(|(value, is_whole)| *is_whole && self.is_shared(*value)).map(|(value, _)| *value)
    }

    /// The values of which the words, or their end, begin so: at most `n_max`, those of which all words begin so first.
    pub(crate) fn beginning_with(&self, words: &str, n_max: usize) -> Vec<(u32, bool)> {
        let from = self.asked.range(words.to_owned()..).take_while(|(asked, _)| asked.starts_with(words));
        let mut found: Vec<(u32, bool)> = from
            .flat_map(|(_, values)| values.iter().copied())
            .filter(|(value, _)| self.is_shared(*value))
            .take(n_max)
            .collect();
        found.sort_by_key(|(value, is_whole)| (*value, !is_whole));
        found.dedup_by_key(|(value, _)| *value);
        found
    }

    /// The trait that is called so.
    pub(crate) fn named(&self, word: &str) -> Option<u16> {
        let found = self.traits.iter().position(|known| known.words == word);
        found.and_then(|at| u16::try_from(at).ok())
    }

    pub(crate) fn trait_of(&self, value: u32) -> Option<&SharedTrait> {
        self.traits.get(usize::from(self.values.get(value as usize)?.of))
    }

    /// Whether a value is one that items have in common, and neither the name of one of them nor of no item any more.
    fn is_shared(&self, value: u32) -> bool {
        let Some(known) = self.values.get(value as usize) else { return false };
        let is_any_vouched = self.n_vouched > 0;
        let n_items = if is_any_vouched { known.n_vouched } else { known.items.len() };
        n_items > 0 && self.traits[usize::from(known.of)].is_shared(is_any_vouched)
    }

    /// A value of a trait by its words.
    pub(crate) fn value_of(&self, of: u16, words: &str) -> Option<&SharedValue> {
        self.values.get(*self.traits.get(usize::from(of))?.values.get(words)? as usize)
    }

    /// Where a trait stands, a new one where there was none.
    fn trait_named(&mut self, name: &str) -> usize {
        self.traits.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.traits.push(SharedTrait::new(name));
            self.traits.len() - 1
        })
    }

    /// Notes that an item has a value. Answers with the value's number, a new one where there was none.
    fn list(&mut self, told: &Trait, number: u32, is_vouched: bool) -> u32 {
        let at = self.trait_named(&told.name);
        let value = self.traits[at].values.get(told.words.as_str()).copied().unwrap_or_else(|| self.value(told, at));
        let known = &mut self.values[value as usize];
        if let Err(place) = known.items.binary_search(&number) {
            known.items.insert(place, number);
            let of = &mut self.traits[at];
            of.n_items += 1;
            if is_vouched {
                known.n_vouched += 1;
                of.vouched.0 += usize::from(known.n_vouched == 1);
                of.vouched.1 += 1;
            }
            self.settle(at);
        }
        value
    }

    /// A new value of a trait.
    fn value(&mut self, told: &Trait, at: usize) -> u32 {
        let value = SharedValue {
            of: u16::try_from(at).unwrap_or(u16::MAX),
            text: told.text.clone(),
            items: Vec::new(),
            n_vouched: 0,
            words: told.words.as_str().into(),
            also: told.also.clone().into(),
        };
        let rested = if self.resting.len() > N_RESTING { self.resting.pop_front() } else { None };
        let number = rested.unwrap_or_else(|| {
            self.values.push(SharedValue::default());
            u32::try_from(self.values.len() - 1).unwrap_or(u32::MAX)
        });
        let of = &mut self.traits[at];
        of.values.insert(value.words.clone(), number);
        if of.is_asked {
            ask(&mut self.asked, number, &value);
        }
        self.values[number as usize] = value;
        number
    }

    /// Takes the values from an item that is told anew or goes. Answers with them, it is listed with each still, and with
    /// whether it was vouched for.
    fn leave(&mut self, number: u32) -> (Values, bool) {
        let Some(doc) = self.docs.get_mut(number as usize).and_then(Option::as_mut) else {
            return (Values::default(), false);
        };
        self.prices.take_off(number, doc.price.take());
        let was_vouched = std::mem::take(&mut doc.is_vouched);
        self.n_vouched -= usize::from(was_vouched);
        self.n_told -= usize::from(std::mem::take(&mut doc.is_told));
        self.n_known -= u64::from(std::mem::take(&mut doc.n_known).1);
        (std::mem::take(&mut doc.values), was_vouched)
    }

    /// Takes an item from a value that it had, which goes with its last one.
    fn unlist(&mut self, value: u32, number: u32, was_vouched: bool) {
        let known = &mut self.values[value as usize];
        let at = usize::from(known.of);
        let Ok(place) = known.items.binary_search(&number) else { return };
        known.items.remove(place);
        let of = &mut self.traits[at];
        of.n_items -= 1;
        if was_vouched {
            known.n_vouched -= 1;
            of.vouched.0 -= usize::from(known.n_vouched == 0);
            of.vouched.1 -= 1;
        }
        if known.items.is_empty() {
            let known = std::mem::take(known);
            of.values.remove(&known.words);
            if of.is_asked {
                forget(&mut self.asked, value, &known);
            }
            self.resting.push_back(value);
        }
        self.settle(at);
    }

    /// The same of all traits, where the last item that is vouched for went, or the first one came: of one item it was so and so
    /// many before, and is now.
    fn settle_all(&mut self, n_before: usize, n_now: usize) {
        if n_before != n_now && self.n_vouched == n_now {
            (0..self.traits.len()).for_each(|at| self.settle(at));
        }
    }

    /// Lets the values of a trait be asked for where items have them in common, and no more where each names one item.
    fn settle(&mut self, at: usize) {
        let (of, is_any_vouched) = (&mut self.traits[at], self.n_vouched > 0);
        let is_asked = of.is_shared(is_any_vouched) || of.is_asked && !of.is_single(is_any_vouched);
        if std::mem::replace(&mut of.is_asked, is_asked) != is_asked {
            let change = if is_asked { ask } else { forget };
            of.values.values().for_each(|number| change(&mut self.asked, *number, &self.values[*number as usize]));
        }
    }
}

type Asked = BTreeMap<String, BTreeSet<(u32, bool)>>;

fn ask(asked: &mut Asked, number: u32, value: &SharedValue) {
    for (words, is_whole) in value.asked() {
        match asked.get_mut(words) {
            Some(values) => drop(values.insert((number, is_whole))),
            None => drop(asked.insert(words.to_owned(), BTreeSet::from([(number, is_whole)]))),
        }
    }
}

fn forget(asked: &mut Asked, number: u32, value: &SharedValue) {
    for (words, is_whole) in value.asked() {
        if let Some(values) = asked.get_mut(words) {
            values.remove(&(number, is_whole));
            if values.is_empty() {
                asked.remove(words);
            }
        }
    }
}
