//! What would this customer want next, by all members together?

use super::accumulator::Accumulator;
use super::choice::Trial;
use super::gather::{Asked, Gathered, gather};
use super::member::Member as _;
use super::members::MemberModel;
use super::order::Order;
use super::query::Own;
use super::recipe::RecommenderSettings;
use super::repeat::Sales;
use super::rows::n_columns;
use super::{Because, HistoryItem, Query, Scored};
use crate::{ModelError, bytes};
use primitives::ItemKey;
use serde::{Deserialize, Serialize};

pub(super) const NAME: &str = "recommender";
pub(super) const VERSION: u8 = 2;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    pub(super) settings: RecommenderSettings,
    /// The catalogue in ascending order.
    pub(super) keys: Vec<ItemKey>,
    pub(super) sales: Sales,
    pub(super) members: Vec<MemberModel>,
    pub(super) order: Order,
    /// Whether what a customer had may be in their list.
    pub(super) repeats: bool,
    pub(super) trial: Trial,
}

/// Several members that answer together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Learned", into = "Learned")]
pub(super) struct Blended {
    learned: Learned,
    /// All places, most popular first. Derived, not stored.
    by_popularity: Vec<u32>,
    /// Of each place, how many are more popular. Derived, not stored.
    popularity_ranks: Vec<u32>,
}

/// What one part says of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Its name: `habit`, `popularity`, or a member's.
    pub name: &'static str,
    /// From 0 to 1 of what it says most of for this customer; a habit counts occasions.
    pub value: f64,
}

impl Blended {
    pub(super) fn new(learned: Learned) -> Self {
        let by_popularity = learned.sales.by_selling();
        let mut popularity_ranks = vec![0; by_popularity.len()];
        (0..).zip(&by_popularity).for_each(|(rank, place)| popularity_ranks[*place as usize] = rank);
        Self { learned, by_popularity, popularity_ranks }
    }

    pub(super) fn trial(&self) -> &Trial {
        &self.learned.trial
    }

    pub(super) fn settings(&self) -> &RecommenderSettings {
        &self.learned.settings
    }

    pub(super) fn repeats(&self) -> bool {
        self.learned.repeats
    }

    pub(super) fn items(&self) -> &[ItemKey] {
        &self.learned.keys
    }

    /// The best candidates: as many of what sells as are asked for are among them, so nothing else is left to fill up with. Of
    /// whom nothing is known gets what sells.
    pub(super) fn rank(&self, query: &Query<'_>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        if n == 0 {
            return Vec::new();
        }
        let own = Own::of(query, &self.learned.keys);
        let few = query.only.map(|only| self.popular_among(only));
        let popular = few.as_deref().unwrap_or(&self.by_popularity);
        if own.items.is_empty() && own.session.is_empty() {
            return self.first_of(popular, n, allowed);
        }
        let gathered = self.gather(&own, popular, n, allowed);
        let scores = self.learned.order.scores(&gathered, &own);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        let places = |c: usize| gathered.candidates[c].place;
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(places(*a).cmp(&places(*b))));
        let candidates = order.into_iter().take(n);
        candidates.map(|c| Scored { score: 1.0 + scores[c], ..self.explain(&gathered, c, &own) }).collect()
    }

    pub(super) fn has_trees(&self) -> bool {
        self.learned.order.has_trees()
    }

    pub(super) fn popular(&self, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        self.first_of(&self.by_popularity, n, allowed)
    }

    fn first_of(&self, popular: &[u32], n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        let places = popular.iter().filter(|place| allowed(self.learned.keys[**place as usize])).take(n);
        places.map(|place| self.popular_item(*place)).collect()
    }

    /// The places of these items, most popular first; without what is not known.
    fn popular_among(&self, items: &[ItemKey]) -> Vec<u32> {
        let place = |item: &ItemKey| u32::try_from(self.learned.keys.binary_search(item).ok()?).ok();
        let mut places: Vec<u32> = items.iter().filter_map(place).collect();
        places.sort_unstable_by_key(|place| self.popularity_ranks[*place as usize]);
        places.dedup();
        places
    }

    /// What the first member says of a customer who has this item only.
    pub(super) fn similar(&self, item: ItemKey) -> Vec<(ItemKey, f64)> {
        let history = [HistoryItem { item, age_days: 0.0, quantity: 1.0 }];
        let own = Own::of(&Query::of(&history), &self.learned.keys);
        let mut sums = Accumulator::new(64);
        if let Some(member) = self.learned.members.first() {
            member.propose(&own, &mut sums);
        }
        let mut said: Vec<(u32, f64)> = sums.sums().iter().map(|sum| (sum.item, sum.score)).collect();
        said.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let told = said.into_iter().filter_map(|(place, score)| Some((*self.learned.keys.get(place as usize)?, score)));
        told.filter(|(key, _)| *key != item).collect()
    }

    /// What each part says of each of these items, where it is among the candidates.
    pub(super) fn parts(&self, query: &Query<'_>, items: &[ItemKey]) -> Vec<Vec<Part>> {
        let own = Own::of(query, &self.learned.keys);
        let gathered = self.gather(&own, &self.by_popularity, items.len().max(1), &|item| items.contains(&item));
        let of = |item: &ItemKey| {
            let Some(c) =
                (0..gathered.candidates.len()).find(|c| self.key(gathered.candidates[*c].place, &own) == *item)
            else {
                return Vec::new();
            };
            let candidate = &gathered.candidates[c];
            let habit = candidate.habit.map_or(0.0, |habit| habit.n_times);
            let popularity = candidate.sold.selling();
            let mut parts = vec![Part { name: "habit", value: habit }, Part { name: "popularity", value: popularity }];
            let opinions = gathered.opinions[c * gathered.n_members..].iter();
            let names = self.learned.settings.members.iter().map(super::MemberSettings::name);
            parts.extend(names.zip(opinions).map(|(name, opinion)| Part { name, value: opinion.share }));
            parts
        };
        items.iter().map(of).collect()
    }

    fn gather(&self, own: &Own, popular: &[u32], n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Gathered {
        let asked = Asked {
            own,
            n_items: self.n_items(),
            n_each: self.learned.settings.blend.n_each,
            n_wide: self.learned.settings.blend.n_each.max(n),
            repeats: self.learned.repeats,
            allowed: &|place| allowed(self.key(place, own)),
        };
        gather(&asked, &self.learned.members, &self.learned.sales, popular)
    }

    fn popular_item(&self, place: u32) -> Scored {
        Scored {
            item: self.learned.keys[place as usize],
            score: self.learned.sales.of_item(place).selling(),
            because: Because::Popular,
        }
    }

    /// The reason is what speaks loudest, each compared with what it says most of.
    fn explain(&self, gathered: &Gathered, c: usize, own: &Own) -> Scored {
        let candidate = &gathered.candidates[c];
        let opinions = &gathered.opinions[c * gathered.n_members..(c + 1) * gathered.n_members];
        let loudest = opinions.iter().filter(|it| it.source.is_some()).max_by(|a, b| a.share.total_cmp(&b.share));
        let similar = loudest.filter(|it| it.share > candidate.sold.selling());
        let source = similar.and_then(|it| own.items.get(it.source? as usize));
        let because = match (candidate.own, candidate.habit, source) {
            (Some(_), Some(habit), _) => {
                let times = own.items.get(candidate.own.unwrap_or(0)).map_or(1, |item| item.until - item.from);
                Because::BoughtAgain { times: u32::try_from(times).unwrap_or(u32::MAX), age_days: habit.days_since }
            }
            (_, _, Some(source)) => Because::SimilarTo { item: source.key },
            _ => Because::Popular,
        };
        Scored { item: self.key(candidate.place, own), score: candidate.sum, because }
    }

    fn key(&self, place: u32, own: &Own) -> ItemKey {
        let beyond = || {
            let unknown = own.items.iter().filter(|item| item.place.is_none());
            unknown.map(|item| item.key).nth((place - self.n_items()) as usize).unwrap_or(ItemKey(u64::MAX))
        };
        self.learned.keys.get(place as usize).copied().unwrap_or_else(beyond)
    }

    fn n_items(&self) -> u32 {
        u32::try_from(self.learned.keys.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.learned)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Learned>(NAME, VERSION, bytes)?.try_into()
    }
}

impl TryFrom<Learned> for Blended {
    type Error = ModelError;

    /// Checks everything that answering relies on.
    fn try_from(learned: Learned) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model: NAME, reason: reason.to_owned() });
        let n_items = learned.keys.len();
        if let Err(error) = learned.settings.blend.validate() {
            return corrupt(&error.to_string());
        }
        if u32::try_from(n_items).is_err() || !learned.keys.is_sorted_by(|a, b| a < b) {
            return corrupt("the item keys are not in ascending order");
        }
        if learned.members.len() != learned.settings.members.len() {
            return corrupt("the members are not those of the settings");
        }
        learned.sales.check(NAME, n_items)?;
        learned.members.iter().try_for_each(|member| member.check(n_items))?;
        learned.order.check(NAME, learned.members.len(), n_columns(learned.members.len()))?;
        Ok(Self::new(learned))
    }
}

impl From<Blended> for Learned {
    fn from(model: Blended) -> Self {
        model.learned
    }
}
