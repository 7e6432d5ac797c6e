//! What would this customer buy next, and because of what?

use super::accumulator::Accumulator;
use super::neighbours::Neighbours;
use super::query::age;
use super::{HistoryItem, ItemToItem};
use crate::{ModelError, bytes};
use primitives::ItemKey;
use serde::{Deserialize, Serialize};
use std::collections::BinaryHeap;

const NAME: &str = "item-to-item model";
const VERSION: u8 = 1;

/// The largest part of a score, to be said in words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Because {
    /// The customer bought it before.
    BoughtAgain {
        /// On how many occasions.
        times: u32,
        /// Days since the last of them.
        age_days: f64,
    },
    /// Customers who bought this item of the history bought that, too.
    SimilarTo {
        /// The item of the history.
        item: ItemKey,
    },
    /// Many buy it.
    Popular,
    /// It is like this item of the history, by what is known of both.
    Like {
        /// The item of the history.
        item: ItemKey,
    },
    /// It is bought more often than usual at this hour and on this day of the week.
    AtThisHour,
}

impl Because {
    /// Whether it follows from what the customer had, and not from what everybody buys.
    #[must_use]
    pub fn is_of_history(&self) -> bool {
        !matches!(self, Self::Popular | Self::AtThisHour)
    }
}

/// An item's place in a ranking, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The item.
    pub item: ItemKey,
    /// Its score: only the order means something.
    pub score: f64,
    /// The largest part of the score.
    pub because: Because,
}

/// What [`ItemToItem::fit`] learned: the whole of what is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    pub(super) settings: ItemToItem,
    /// The catalogue in ascending order; an item's place in it is how the rest refers to it.
    pub(super) keys: Vec<ItemKey>,
    /// From 0 to 1.
    pub(super) popularity: Vec<f64>,
    pub(super) neighbours: Neighbours,
}

/// A fitted item-to-item recommender. See [`ItemToItem`] for the formula.
///
/// ```
/// use models::recommend::{Because, HistoryItem, Interaction, Interactions, ItemToItem};
/// use primitives::{ItemKey, Seed};
/// let bought = |customer, item| Interaction { customer, item, age_days: 1.0, quantity: 1.0 };
/// let interactions = Interactions {
///     rows: vec![bought(1, 0), bought(1, 1), bought(2, 0), bought(2, 1), bought(3, 2)],
///     items: vec![ItemKey(10), ItemKey(20), ItemKey(30)],
///     ..Interactions::default()
/// };
/// let settings = ItemToItem { n_customers_min: 1, shrinkage: 0.0, repeat_weight: 0.0, ..ItemToItem::default() };
/// let model = settings.fit(&interactions, Seed::new(1))?;
/// let history = [HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 }];
/// let best = model.score(&history, 1, &|item| item != ItemKey(10));
/// assert_eq!((best[0].item, best[0].because), (ItemKey(20), Because::SimilarTo { item: ItemKey(10) }));
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Learned", into = "Learned")]
pub struct ItemToItemModel {
    learned: Learned,
    /// All places, most popular first, ties by key. Derived, not stored.
    by_popularity: Vec<u32>,
}

impl ItemToItemModel {
    pub(super) fn new(learned: Learned) -> Self {
        let n_items = u32::try_from(learned.keys.len()).unwrap_or(u32::MAX);
        let mut by_popularity: Vec<u32> = (0..n_items).collect();
        by_popularity
            .sort_by(|a, b| learned.popularity[*b as usize].total_cmp(&learned.popularity[*a as usize]).then(a.cmp(b)));
        Self { learned, by_popularity }
    }

    /// The `n` best of all `allowed` items for a customer with this history, best first, ties by key.
    ///
    /// *Edge cases*: an empty history gives the popular items; fewer than `n` where fewer are allowed; items of the
    /// catalogue that nobody bought come last, with a score of 0. *Guarantees*: `allowed` is asked at most once an
    /// item, from the best item down. *Cost*: `history * n_neighbours` additions, whatever the size of the catalogue.
    #[must_use]
    pub fn score(&self, history: &[HistoryItem], n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        if n == 0 {
            return Vec::new();
        }
        let own = self.own_history(history);
        let sums = self.accumulate(&own);
        let popular_enough = self.untouched(&sums, n, allowed);
        let mut heap: BinaryHeap<Candidate> = Vec::from_iter(sums.sums().iter().enumerate().map(|(at, sum)| {
            Candidate { score: sum.score + self.popularity_part(sum.item), key: self.key(sum.item, &own), at: Some(at) }
        }))
        .into();
        let mut best = Vec::with_capacity(n.min(self.learned.keys.len() + own.len()));
        let mut popular_enough = popular_enough.into_iter().peekable();
        while best.len() < n {
            let next_popular = popular_enough.peek();
            let candidate = match (heap.peek(), next_popular) {
                (None, None) => break,
                (Some(summed), Some(popular)) if *summed < *popular => popular_enough.next(),
                (None, Some(_)) => popular_enough.next(),
                (Some(_), _) => heap.pop(),
            };
            let Some(candidate) = candidate else { break };
            match candidate.at {
                Some(at) if allowed(candidate.key) => {
                    best.push(self.explain(&candidate, &sums.sums()[at], &own));
                }
                Some(_) => {}
                None => best.push(Scored { item: candidate.key, score: candidate.score, because: Because::Popular }),
            }
        }
        best
    }

    /// The `n` most popular of all `allowed` items, most popular first, ties by key. The scores are from 0 to 1.
    #[must_use]
    pub fn popular(&self, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        let scored = |&place: &u32| Scored {
            item: self.learned.keys[place as usize],
            score: self.learned.popularity[place as usize],
            because: Because::Popular,
        };
        self.by_popularity.iter().map(scored).filter(|scored| allowed(scored.item)).take(n).collect()
    }

    /// Whether the item was in the catalogue that the model was trained with.
    #[must_use]
    pub fn contains(&self, item: ItemKey) -> bool {
        self.learned.keys.binary_search(&item).is_ok()
    }

    /// The catalogue that the model was trained with, in ascending order.
    #[must_use]
    pub fn items(&self) -> &[ItemKey] {
        &self.learned.keys
    }

    /// The settings that it was trained with.
    #[must_use]
    pub fn settings(&self) -> &ItemToItem {
        &self.learned.settings
    }

    /// The items most similar to `item`, most similar first, with their similarity from 0 to 1.
    pub fn similar(&self, item: ItemKey) -> impl Iterator<Item = (ItemKey, f64)> + '_ {
        let place = self.learned.keys.binary_search(&item).ok();
        let range = place.map_or(0..0, |place| self.neighbours_of(place));
        range.map(|at| {
            let neighbours = &self.learned.neighbours;
            (self.learned.keys[neighbours.item[at] as usize], f64::from(neighbours.similarity[at]))
        })
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.learned)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Learned>(NAME, VERSION, bytes)?.try_into()
    }

    fn neighbours_of(&self, place: usize) -> std::ops::Range<usize> {
        self.learned.neighbours.start[place] as usize..self.learned.neighbours.start[place + 1] as usize
    }

    /// The history by item: one entry an item, in the order of first appearance, with its share of the weight.
    fn own_history(&self, history: &[HistoryItem]) -> Vec<Own> {
        let mut order: Vec<usize> = (0..history.len()).collect();
        order.sort_by_key(|at| (history[*at].item, *at));
        let half_life = self.learned.settings.half_life_days;
        // A customer who was away for years has still bought what they bought: only ages relative to the most recent
        // purchase matter, because the weights are divided by their sum.
        let youngest = history.iter().map(age).fold(f64::INFINITY, f64::min);
        let mut own: Vec<(usize, Own)> = order
            .chunk_by(|a, b| history[*a].item == history[*b].item)
            .map(|occasions| {
                let key = history[occasions[0]].item;
                let weight = occasions.iter().map(|at| ((youngest - age(&history[*at])) / half_life).exp2()).sum();
                let age_days = occasions.iter().map(|at| age(&history[*at])).fold(f64::INFINITY, f64::min);
                let times = u32::try_from(occasions.len()).unwrap_or(u32::MAX);
                (occasions[0], Own { key, place: self.learned.keys.binary_search(&key).ok(), weight, times, age_days })
            })
            .collect();
        own.sort_by_key(|(first, _)| *first);
        let total: f64 = own.iter().map(|(_, own)| own.weight).sum();
        own.into_iter().map(|(_, own)| Own { weight: own.weight / total, ..own }).collect()
    }

    /// Repetition and similarity. Items that the model does not know get places behind the catalogue.
    fn accumulate(&self, own: &[Own]) -> Accumulator {
        let n_max = own.iter().map(|own| 1 + own.place.map_or(0, |place| self.neighbours_of(place).len())).sum();
        let mut sums = Accumulator::new(n_max);
        let settings = &self.learned.settings;
        for (source, own) in (0_u32..).zip(own) {
            let place =
                own.place.map_or_else(|| self.n_items() + source, |place| u32::try_from(place).unwrap_or(u32::MAX));
            sums.add(place, settings.repeat_weight * own.weight, source);
        }
        for (source, own) in (0_u32..).zip(own) {
            for at in own.place.map_or(0..0, |place| self.neighbours_of(place)) {
                let similarity = f64::from(self.learned.neighbours.similarity[at]);
                sums.add(self.learned.neighbours.item[at], own.weight * similarity, source);
            }
        }
        sums
    }

    /// The `n` most popular allowed items that nothing was added to: no other untouched item can be among the best.
    fn untouched(&self, sums: &Accumulator, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Candidate> {
        self.by_popularity
            .iter()
            .filter(|place| !sums.contains(**place) && allowed(self.learned.keys[**place as usize]))
            .take(n)
            .map(|&place| Candidate {
                score: self.popularity_part(place),
                key: self.learned.keys[place as usize],
                at: None,
            })
            .collect()
    }

    fn explain(&self, candidate: &Candidate, sum: &super::accumulator::Sum, own: &[Own]) -> Scored {
        let source = &own[sum.source as usize];
        let because = if self.popularity_part(sum.item) > sum.largest {
            Because::Popular
        } else if source.key == candidate.key {
            Because::BoughtAgain { times: source.times, age_days: source.age_days }
        } else {
            Because::SimilarTo { item: source.key }
        };
        Scored { item: candidate.key, score: candidate.score, because }
    }

    fn popularity_part(&self, place: u32) -> f64 {
        let popularity = self.learned.popularity.get(place as usize).copied().unwrap_or(0.0);
        self.learned.settings.popularity_weight * popularity
    }

    fn key(&self, place: u32, own: &[Own]) -> ItemKey {
        match self.learned.keys.get(place as usize) {
            Some(key) => *key,
            None => own[(place - self.n_items()) as usize].key,
        }
    }

    fn n_items(&self) -> u32 {
        u32::try_from(self.learned.keys.len()).unwrap_or(u32::MAX)
    }
}

impl TryFrom<Learned> for ItemToItemModel {
    type Error = ModelError;

    /// Checks everything that scoring relies on.
    fn try_from(learned: Learned) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model: NAME, reason: reason.to_owned() });
        let (n_items, neighbours) = (learned.keys.len(), &learned.neighbours);
        if let Err(error) = learned.settings.validate() {
            return corrupt(&error.to_string());
        }
        if u32::try_from(n_items).is_err() || !learned.keys.is_sorted_by(|a, b| a < b) {
            return corrupt("the item keys are not in ascending order");
        }
        if learned.popularity.len() != n_items || !learned.popularity.iter().all(|p| (0.0..=1.0).contains(p)) {
            return corrupt("the popularities are not one number from 0 to 1 for every item");
        }
        let n_neighbours = neighbours.item.len();
        if neighbours.start.len() != n_items + 1
            || neighbours.start.first() != Some(&0)
            || neighbours.start.last().map(|last| *last as usize) != Some(n_neighbours)
            || !neighbours.start.is_sorted()
        {
            return corrupt("the lists of neighbours do not follow one another");
        }
        if neighbours.item.iter().any(|item| *item as usize >= n_items) {
            return corrupt("a neighbour is not in the catalogue");
        }
        if neighbours.similarity.len() != n_neighbours
            || !neighbours.similarity.iter().all(|similarity| (0.0..=1.0).contains(similarity))
        {
            return corrupt("the similarities are not one number from 0 to 1 for every neighbour");
        }
        Ok(Self::new(learned))
    }
}

impl From<ItemToItemModel> for Learned {
    fn from(model: ItemToItemModel) -> Self {
        model.learned
    }
}

/// An item of the customer's history.
#[derive(Debug, Clone, Copy)]
struct Own {
    key: ItemKey,
    place: Option<usize>,
    /// Its share of the decayed history: all together are 1.
    weight: f64,
    times: u32,
    age_days: f64,
}

/// An item that may be among the best. The order is the ranking's: a larger one comes first.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    score: f64,
    key: ItemKey,
    /// Where its sum is; nowhere for an item that only popularity speaks for.
    at: Option<usize>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(other.key.cmp(&self.key))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}
