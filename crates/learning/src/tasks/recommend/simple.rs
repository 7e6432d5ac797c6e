//! What would be answered without a model? Whatever is learned must be better.

use crate::LearningError;
use models::recommend::{
    Alone, Cooccurrence, HistoryItem, Interactions, MemberSettings, Query, rank_by_frequency, rank_by_popularity,
    rank_by_recent_popularity,
};
use primitives::{ItemKey, Seed};
use std::collections::BTreeMap;

/// After how many days a sale counts half in what is most popular lately.
const RECENT_HALF_LIFE_DAYS: f64 = 7.0;

/// Simple answers. They look at what is known, and at nothing that the model makes of it: what moves the model does not move
/// them.
pub(super) struct Simple {
    /// Most sold ever, first.
    popular: Vec<ItemKey>,
    /// Most sold lately, first, and where each item stands.
    recent: Vec<ItemKey>,
    place: BTreeMap<ItemKey, usize>,
    /// What the same customers have.
    neighbours: Alone,
}

impl Simple {
    pub(super) const NAMES: [&'static str; 4] = ["popularity", "recent_popularity", "personal_frequency", "item_knn"];

    pub(super) fn of(known: &Interactions, seed: Seed) -> Result<Self, LearningError> {
        let popular = rank_by_popularity(known).map_err(LearningError::model("rank by popularity"))?;
        let recent = rank_by_recent_popularity(known, RECENT_HALF_LIFE_DAYS)
            .map_err(LearningError::model("rank by recent popularity"))?;
        let place = recent.iter().enumerate().map(|(place, key)| (*key, place)).collect();
        let neighbours = Alone::fit(&MemberSettings::Cooccurrence(Cooccurrence::default()), known, seed)
            .map_err(LearningError::model("fit what the same customers have"))?;
        Ok(Self { popular, recent, place, neighbours })
    }

    /// The `n` first of an answer's list. Own items and neighbours are filled up with what sells lately.
    pub(super) fn list(
        &self,
        name: &str,
        history: &[HistoryItem],
        n: usize,
        allowed: &dyn Fn(ItemKey) -> bool,
    ) -> Vec<ItemKey> {
        let own = match name {
            "personal_frequency" => rank_by_frequency(history, &|key| self.place.get(&key).copied()),
            "item_knn" => {
                let said = self.neighbours.rank(&Query::of(history), usize::MAX, &|_| true);
                said.into_iter().map(|(key, _)| key).collect()
            }
            _ => Vec::new(),
        };
        let popular = if name == "popularity" { &self.popular } else { &self.recent };
        let mut list: Vec<ItemKey> = own.into_iter().filter(|item| allowed(*item)).take(n).collect();
        let missing = popular.iter().filter(|item| !list.contains(item) && allowed(**item)).take(n - list.len());
        let missing: Vec<ItemKey> = missing.copied().collect();
        list.extend(missing);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::recommend::Interaction;

    #[test]
    fn simple_answers_are_what_they_are_called() {
        // Six had 10 three weeks ago, together with 12 half of them; one had 11 today, one 13 long ago.
        let row = |customer, item, age_days| Interaction { customer, item, age_days, quantity: 1.0 };
        let mut rows: Vec<Interaction> = (0..6).map(|customer| row(customer, 0, 20.0)).collect();
        rows.extend((0..3).map(|customer| row(customer, 2, 20.0)));
        rows.extend([row(6, 1, 0.0), row(6, 3, 400.0)]);
        let items = (10..14).map(ItemKey).collect();
        let simple = Simple::of(&Interactions { rows, items, ..Interactions::default() }, Seed::new(1)).unwrap();
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        // 13 was bought in four pieces at once, 12 and 10 twice.
        let mut history: Vec<HistoryItem> = (0..4).map(|_| bought(13, 7.0)).collect();
        history.extend([bought(12, 7.0), bought(12, 9.0), bought(10, 7.0), bought(10, 1.0)]);
        let list = |name, history: &[HistoryItem], n, allowed: &dyn Fn(ItemKey) -> bool| {
            simple.list(name, history, n, allowed).into_iter().map(|key| key.0).collect::<Vec<u64>>()
        };
        let all = |_: ItemKey| true;
        assert_eq!(list("popularity", &history, 3, &all), [10, 12, 11]);
        // With half of all forgotten in seven days, six are worth 0.83; all that is ever sold does not count beside it.
        assert_eq!(list("recent_popularity", &history, 9, &all), [11, 10, 12, 13]);
        assert_eq!(list("personal_frequency", &history, 9, &all), [10, 12, 13, 11]);
        assert_eq!(list("personal_frequency", &history, 2, &|key| key.0 != 10), [12, 13]);
        assert_eq!(list("item_knn", &[bought(12, 3.0)], 2, &|key| key.0 != 12), [10, 11], "and filled up");
    }
}
