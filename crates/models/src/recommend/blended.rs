//! What would this customer want next, by all members together?

use super::accumulator::Accumulator;
use super::choice::Trial;
use super::context::ContextModel;
use super::gather::{Asked, Gathered, gather, gather_among};
use super::member::Member as _;
use super::members::MemberModel;
use super::order::Order;
use super::query::Own;
use super::recipe::RecommenderSettings;
use super::repeat::{Again, Sales};
use super::rows::n_columns;
use super::{Because, HistoryItem, Query, Scored};
use crate::{ModelError, bytes};
use primitives::ItemKey;
use serde::{Deserialize, Serialize};

pub(super) const NAME: &str = "recommender";
pub(super) const VERSION: u8 = 3;

/// So many of the most popular items are looked at for what suits an hour.
const N_LIFTED: usize = 200;
/// From how much more often than usual on it is a reason that an item is bought at this hour: chance alone comes to a third.
const LIFT_TOLD: f64 = 1.5;

/// The version before: one order for all lists.
pub(super) const VERSION_ONE_ORDER: u8 = 2;

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
    /// The order of lists of which the customer had nothing; `None` where no other is learned.
    pub(super) order_of_new: Option<Order>,
}

/// What was stored before there was an order of what is new.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct OneOrder {
    settings: RecommenderSettings,
    keys: Vec<ItemKey>,
    sales: Sales,
    members: Vec<MemberModel>,
    order: Order,
    repeats: bool,
    trial: Trial,
}

impl From<OneOrder> for Learned {
    fn from(old: OneOrder) -> Self {
        let OneOrder { settings, keys, sales, members, order, repeats, trial } = old;
        Self { settings, keys, sales, members, order, repeats, trial, order_of_new: None }
    }
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
    /// From 0, or below it where a member speaks against the item, to 1 of what it says most of for this customer; a habit counts
    /// occasions.
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

    pub(super) fn again(&self, item: ItemKey) -> Option<Again> {
        let place = self.learned.keys.binary_search(&item).ok().filter(|_| self.learned.repeats)?;
        self.learned.sales.again(u32::try_from(place).ok()?)
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
            return self.first_at(query.hour_of_week, popular, n, allowed);
        }
        let gathered = self.gather(&own, few.as_deref(), n, allowed);
        let scores = self.order_of(&gathered).scores(&gathered, &own);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        let places = |c: usize| gathered.candidates[c].place;
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(places(*a).cmp(&places(*b))));
        let candidates = order.into_iter().take(n);
        candidates.map(|c| Scored { score: 1.0 + scores[c], ..self.explain(&gathered, c, &own) }).collect()
    }

    /// What is new to a customer has an order of its own: what their habits foretell is not among it.
    fn order_of(&self, gathered: &Gathered) -> &Order {
        let is_new = gathered.candidates.iter().all(|candidate| candidate.own.is_none());
        self.learned.order_of_new.as_ref().filter(|_| is_new).unwrap_or(&self.learned.order)
    }

    pub(super) fn has_trees(&self) -> bool {
        self.learned.order.has_trees()
    }

    pub(super) fn popular(&self, n: usize, only: Option<&[ItemKey]>, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        let few = only.map(|only| self.popular_among(only));
        self.first_of(few.as_deref().unwrap_or(&self.by_popularity), n, allowed)
    }

    /// What is popular as it suits an hour of the week.
    pub(super) fn popular_at(&self, hour: Option<u16>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        self.first_at(hour, &self.by_popularity, n, allowed)
    }

    /// The first of what is popular, as they suit an hour of the week, where what is bought when helps to foretell it.
    fn first_at(&self, hour: Option<u16>, popular: &[u32], n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        let Some((hours, hour)) = self.hours().zip(hour) else { return self.first_of(popular, n, allowed) };
        let places = popular.iter().filter(|place| allowed(self.learned.keys[**place as usize]));
        let lifted = places.take(n.max(N_LIFTED)).map(|place| {
            let (plain, lift) = (self.popular_item(*place), hours.lift(*place, hour));
            let because = if lift >= LIFT_TOLD { Because::AtThisHour } else { plain.because };
            Scored { score: plain.score * lift, because, ..plain }
        });
        let mut lifted: Vec<Scored> = lifted.collect();
        // Of equal ones those stay first that are more popular.
        lifted.sort_by(|a, b| b.score.total_cmp(&a.score));
        lifted.truncate(n);
        lifted
    }

    /// What is bought when.
    fn hours(&self) -> Option<&ContextModel> {
        self.learned.members.iter().find_map(|member| match member {
            MemberModel::Context(model) => Some(model),
            _ => None,
        })
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
        let gathered = self.gather(&own, None, items.len().max(1), &|item| items.contains(&item));
        let of = |item: &ItemKey| {
            let Some(c) =
                (0..gathered.candidates.len()).find(|c| self.key(gathered.candidates[*c].place, &own) == *item)
            else {
                return Vec::new();
            };
            let candidate = &gathered.candidates[c];
            let habit = candidate.habit.map_or(0.0, |habit| habit.n_times);
            let popularity = candidate.selling;
            let mut parts = vec![Part { name: "habit", value: habit }, Part { name: "popularity", value: popularity }];
            let opinions = gathered.opinions[c * gathered.n_members..].iter();
            let names = self.learned.settings.members.iter().map(super::MemberSettings::name);
            parts.extend(names.zip(opinions).map(|(name, opinion)| Part { name, value: opinion.share }));
            parts
        };
        items.iter().map(of).collect()
    }

    /// Asks all parts: where only some places may be, of these alone.
    fn gather(&self, own: &Own, few: Option<&[u32]>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Gathered {
        let asked = Asked {
            own,
            n_items: self.n_items(),
            n_each: self.learned.settings.blend.n_each,
            n_wide: self.learned.settings.blend.n_each.max(n),
            repeats: self.learned.repeats,
            allowed: &|place| allowed(self.key(place, own)),
        };
        let Learned { members, sales, .. } = &self.learned;
        match few {
            Some(few) => gather_among(&asked, members, sales, few),
            None => gather(&asked, members, sales, &self.by_popularity),
        }
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
        let said = opinions.iter().zip(&self.learned.members).filter(|(it, _)| it.source.is_some());
        let loudest = said.max_by(|(a, _), (b, _)| a.share.total_cmp(&b.share));
        let similar = loudest.filter(|(it, _)| it.share > candidate.selling);
        let is_lifted = |hours: &ContextModel| {
            own.hour_of_week
                .is_some_and(|hour| candidate.place < self.n_items() && hours.lift(candidate.place, hour) >= LIFT_TOLD)
        };
        let is_of_hour = matches!(similar, Some((_, MemberModel::Context(hours))) if is_lifted(hours));
        let source = similar.and_then(|(it, member)| Some((own.items.get(it.source? as usize)?.key, member)));
        let because = match (candidate.own, candidate.habit, source) {
            (Some(_), Some(habit), _) => {
                let times = own.items.get(candidate.own.unwrap_or(0)).map_or(1, |item| item.until - item.from);
                Because::BoughtAgain { times: u32::try_from(times).unwrap_or(u32::MAX), age_days: habit.days_since }
            }
            // What an item is says nothing of who bought both.
            (_, _, Some((item, MemberModel::Content(_)))) => Because::Like { item },
            (_, _, Some((item, _))) => Because::SimilarTo { item },
            _ if is_of_hour => Because::AtThisHour,
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
        if bytes.first() == Some(&VERSION_ONE_ORDER) {
            return Learned::from(bytes::decode::<OneOrder>(NAME, VERSION_ONE_ORDER, bytes)?).try_into();
        }
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
        let n_members = learned.members.len();
        let mut orders = std::iter::once(&learned.order).chain(&learned.order_of_new);
        orders.try_for_each(|order| order.check(NAME, n_members, n_columns(n_members)))?;
        Ok(Self::new(learned))
    }
}

impl From<Blended> for Learned {
    fn from(model: Blended) -> Self {
        model.learned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::order::Weights;
    use crate::recommend::{Blend, Interaction, Interactions, MemberSettings, Recommender};
    use primitives::Seed;

    /// Two groups of twenty customers and eight items; everybody buys six of their group, the later numbers less often, item 0 again.
    fn shop() -> Blended {
        let mut rows = Vec::new();
        for customer in 0..40_u32 {
            let group = 8 * (customer % 2);
            let items = (0..8).filter(|item| (customer + item) % 4 != 0 || *item == 0).chain([0]);
            let row = |(at, item): (usize, u32)| {
                let age_days = 20.0 - f64::from(u32::try_from(at).unwrap());
                Interaction { customer, item: group + item, age_days, quantity: 1.0 }
            };
            rows.extend(items.enumerate().map(row));
        }
        let told = Interactions { rows, items: (0..16).map(ItemKey).collect(), ..Interactions::default() };
        let members = MemberSettings::all().into_iter().take(2).collect();
        let settings = RecommenderSettings { members, blend: Blend::default(), ..RecommenderSettings::default() };
        let fitted: Recommender = settings.fit(&told, Seed::new(1)).unwrap();
        Blended::from_bytes(&fitted.to_bytes().unwrap()).unwrap()
    }

    fn list(model: &Blended, is_allowed: impl Fn(u64) -> bool) -> Vec<u64> {
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        let history = [bought(8, 1.0), bought(9, 2.0)];
        model.rank(&Query::of(&history), 20, &|key| is_allowed(key.0)).into_iter().map(|scored| scored.item.0).collect()
    }

    #[test]
    fn who_is_not_known_gets_what_sells_at_the_hour_where_that_is_known() {
        // Even items are bought on Monday at eight, odd ones at twenty; those of the evening sell a little more.
        let mut told = Interactions { items: (0..6).map(ItemKey).collect(), ..Interactions::default() };
        for customer in 0..90_u32 {
            let (item, hour) = if customer < 40 { (2 * (customer % 3), 8) } else { (2 * (customer % 3) + 1, 20) };
            told.rows.push(Interaction { customer, item, age_days: f64::from(customer % 7), quantity: 1.0 });
            told.hours.push(hour);
        }
        let members = vec![
            MemberSettings::Cooccurrence(crate::recommend::Cooccurrence::default()),
            MemberSettings::Context(crate::recommend::Context::default()),
        ];
        let settings = RecommenderSettings { members, blend: Blend::default(), ..RecommenderSettings::default() };
        let fit = |told: &Interactions| settings.fit(told, Seed::new(1)).unwrap();
        let model = fit(&told);
        let is_odd = |list: &[Scored]| list.iter().map(|scored| scored.item.0 % 2 == 1).collect::<Vec<_>>();
        let at = |hour| model.popular_at(hour, 3, &|_| true);
        assert_eq!(is_odd(&model.popular(3, None, &|_| true)), [true; 3]);
        assert_eq!((is_odd(&at(Some(8))), is_odd(&at(Some(20)))), (vec![false; 3], vec![true; 3]));
        assert!(
            at(Some(8)).iter().all(|scored| scored.because == Because::AtThisHour && !scored.because.is_of_history())
        );
        assert_eq!(at(None), model.popular(3, None, &|_| true));
        let asked = Query { hour_of_week: Some(8), ..Query::default() };
        assert_eq!(model.rank(&asked, 3, &|_| true), at(Some(8)));
        // Where nothing was told with its hour, there is nothing to follow.
        let model = fit(&Interactions { hours: Vec::new(), ..told });
        assert_eq!(model.popular_at(Some(8), 3, &|_| true), model.popular(3, None, &|_| true));
    }

    #[test]
    fn lists_of_what_is_new_follow_their_own_order() {
        let mut model = shop();
        let is_new = |key: u64| !(8..10).contains(&key);
        model.learned.order = Order::Learned { weights: Weights::popular(2), trees: None };
        let by_selling = list(&model, is_new);
        model.learned.order_of_new = Some(Order::Learned { weights: Weights::alone(2, 0), trees: None });
        let of_taste = list(&model, is_new);
        assert!(of_taste[..6].iter().all(|key| *key >= 10) && of_taste != by_selling, "{of_taste:?} {by_selling:?}");
        // As soon as anything they had may be on the list, the order of all lists holds.
        let without = Blended::new(Learned { order_of_new: None, ..model.learned.clone() });
        assert_eq!(list(&model, |_| true), list(&without, |_| true));
        assert_eq!(list(&model, |key| key != 8), list(&without, |key| key != 8));
        assert!(Blended::from_bytes(&model.to_bytes().unwrap()).unwrap() == model);
    }

    #[test]
    fn among_some_items_the_popular_ones_are_those_of_all_that_are_allowed() {
        let model = shop();
        let some = [ItemKey(12), ItemKey(3), ItemKey(99), ItemKey(0), ItemKey(3), ItemKey(9)];
        for step in 1..4 {
            let allowed = |item: ItemKey| some.contains(&item) && item.0.is_multiple_of(step);
            let among = model.popular(9, Some(&some), &allowed);
            assert_eq!(among, model.popular(9, None, &allowed));
            assert!(!among.is_empty() && model.popular(1, Some(&some), &allowed) == among[..1]);
        }
    }

    #[test]
    fn a_model_with_one_order_still_opens() {
        let model = shop();
        let Learned { settings, keys, sales, members, order, repeats, trial, .. } = model.learned.clone();
        let old = OneOrder { settings, keys, sales, members, order, repeats, trial };
        let opened = Recommender::from_bytes(&bytes::encode(NAME, VERSION_ONE_ORDER, &old).unwrap()).unwrap();
        let expected = Blended::new(Learned { order_of_new: None, ..model.learned });
        assert!(opened == Recommender::from(expected));
    }
}
