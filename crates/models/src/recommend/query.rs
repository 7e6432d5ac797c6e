//! What is asked, and how do members read it?

use primitives::ItemKey;

/// One purchase in the customer's own history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryItem {
    /// What was bought. May be unknown to the model; it can still be recommended as bought again.
    pub item: ItemKey,
    /// Days before the moment that is asked about. A negative or unknown age counts as 0.
    pub age_days: f64,
    /// How many were bought. A purchase counts once, whatever its quantity.
    pub quantity: f64,
}

/// What is known at the moment of a question.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Query<'a> {
    /// What the customer bought, or read, watched, played, in any order.
    pub history: &'a [HistoryItem],
    /// What they look at or hold in the cart now, the newest last.
    pub session: &'a [ItemKey],
    /// The hour of the week where they are, 0 to 167 from Monday's first; `None` where it does not matter.
    pub hour_of_week: Option<u16>,
    /// Where few items are allowed: no others are. What sells is looked for among them and not in the whole catalogue.
    pub only: Option<&'a [ItemKey]>,
}

impl<'a> Query<'a> {
    /// A question of which only the history is known.
    #[must_use]
    pub fn of(history: &'a [HistoryItem]) -> Self {
        Self { history, ..Self::default() }
    }
}

/// A question as members read it: by item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Own {
    /// Each item of the history once, by key.
    pub(super) items: Vec<OwnItem>,
    /// The ages of all purchases: those of an item are `items[i].from..items[i].until`, youngest first.
    pub(super) ages: Vec<f64>,
    /// The ages of the occasions, youngest first: what has the same age was bought together.
    pub(super) occasions: Vec<f64>,
    /// The places of what they look at now, the newest last; without what the model does not know.
    pub(super) session: Vec<u32>,
    /// The hour of the week.
    pub(super) hour_of_week: Option<u16>,
}

/// An item of the history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OwnItem {
    /// Which.
    pub(super) key: ItemKey,
    /// Its place in the catalogue; `None` where the model does not know it.
    pub(super) place: Option<u32>,
    /// Where its ages begin.
    pub(super) from: usize,
    /// Where its ages end.
    pub(super) until: usize,
}

impl Own {
    /// Reads a question. `keys` is the catalogue in ascending order.
    pub(super) fn of(query: &Query<'_>, keys: &[ItemKey]) -> Self {
        let place = |key: ItemKey| keys.binary_search(&key).ok().and_then(|place| u32::try_from(place).ok());
        let mut bought: Vec<(ItemKey, f64)> = query.history.iter().map(|bought| (bought.item, age(bought))).collect();
        bought.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut items: Vec<OwnItem> = Vec::new();
        for (at, (key, _)) in bought.iter().enumerate() {
            match items.last_mut().filter(|last| last.key == *key) {
                Some(last) => last.until = at + 1,
                None => items.push(OwnItem { key: *key, place: place(*key), from: at, until: at + 1 }),
            }
        }
        let ages: Vec<f64> = bought.into_iter().map(|(_, age)| age).collect();
        let mut occasions = ages.clone();
        occasions.sort_unstable_by(f64::total_cmp);
        occasions.dedup_by(|a, b| a.total_cmp(b).is_eq());
        let session = query.session.iter().filter_map(|key| place(*key)).collect();
        Self { items, ages, occasions, session, hour_of_week: query.hour_of_week }
    }

    /// The ages of the purchases of an item, youngest first.
    pub(super) fn ages_of(&self, item: &OwnItem) -> &[f64] {
        &self.ages[item.from..item.until]
    }

    /// The age of the youngest purchase; 0 without any.
    pub(super) fn youngest(&self) -> f64 {
        self.occasions.first().copied().unwrap_or(0.0)
    }
}

/// An age that can be computed with: what is not above 0, NaN among it, is 0.
pub(super) fn age(bought: &HistoryItem) -> f64 {
    if bought.age_days > 0.0 { bought.age_days.min(f64::MAX) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_by_item_and_occasion() {
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        let history = [bought(9, 4.0), bought(5, 4.0), bought(9, -1.0), bought(9, f64::NAN), bought(7, 8.0)];
        let query = Query { session: &[ItemKey(7), ItemKey(1)], hour_of_week: Some(3), ..Query::of(&history) };
        let own = Own::of(&query, &[ItemKey(5), ItemKey(7), ItemKey(8)]);
        let told: Vec<_> = own.items.iter().map(|item| (item.key.0, item.place, own.ages_of(item).to_vec())).collect();
        assert_eq!(told, [(5, Some(0), vec![4.0]), (7, Some(1), vec![8.0]), (9, None, vec![0.0, 0.0, 4.0])]);
        assert_eq!((own.occasions.as_slice(), own.session.as_slice()), ([0.0, 4.0, 8.0].as_slice(), [1].as_slice()));
        assert_eq!((own.hour_of_week, own.youngest()), (Some(3), 0.0));
        assert_eq!(Own::of(&Query::default(), &[]), Own::default());
    }
}
