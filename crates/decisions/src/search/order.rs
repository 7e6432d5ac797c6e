//! In which order does an answer come, and what speaks most for each item? As it was learned, or by a sum where nothing is.

use super::hits::Told;
use super::rank::FoundItem;
use super::seen::{FEATURES, GOES_WITH, N_IMPERSONAL};
use learning::{LearningError, OrderModel};

/// From how much on of what an item goes with the customer's own that is told: only of the better half.
const GOES_WITH_FROM: f32 = 0.5;

/// From which share of what speaks for an item on something is told as the reason.
const TOLD_FROM: f64 = 0.1;

const WORDS: [&str; FEATURES.len()] = [
    "Matches what was looked for",
    "Its name says what was looked for",
    "Is called exactly so",
    "Its name says what was looked for",
    "Has what was looked for",
    "Often bought lately",
    "Often bought",
    "Often chosen by who looks for this",
    "Of a brand that this customer buys",
    "Of a kind that this customer buys",
    "Has what this customer usually takes",
    "Costs what this customer usually pays",
    "Bought before by this customer",
    "Goes with what this customer bought",
];

/// Of what stands where it stands since the newest were asked for.
const NEWEST_FIRST: &str = "Matches what was looked for, the newest first";

/// What puts items in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order<'a> {
    /// A sum of what speaks for each.
    Sum,
    /// What was learned from searches.
    Learned(&'a OrderModel),
    /// As they were found, which is the newest first.
    AsFound,
}

impl<'a> Order<'a> {
    /// By a model, where it looks at the numbers that items have.
    pub(crate) fn by(model: &'a OrderModel) -> Option<Self> {
        let is_of_these = model.names().iter().map(String::as_str).eq(FEATURES.iter().map(|(name, _)| *name));
        is_of_these.then_some(Self::Learned(model))
    }

    /// The same, where the query asks for no order itself.
    pub(crate) fn unless_asked_for(self, told: &Told) -> Self {
        if told.newest_first { Self::AsFound } else { self }
    }

    /// The items with their scores, the best first; of equal ones by their keys.
    pub(crate) fn ranked(self, items: &[FoundItem]) -> Vec<(f64, &FoundItem)> {
        if let Self::AsFound = self {
            #[expect(clippy::cast_precision_loss, reason = "at most two hundred are found")]
            let by_place = |at: usize| (items.len() - at) as f64 / items.len() as f64;
            return items.iter().enumerate().map(|(at, item)| (by_place(at), item)).collect();
        }
        let mut ranked: Vec<(f64, &FoundItem)> = items.iter().map(|item| (self.score(item), item)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.item.cmp(&b.1.item)));
        ranked
    }

    fn score(self, item: &FoundItem) -> f64 {
        match self {
            Self::Sum | Self::AsFound => item.prior(),
            // As many numbers as the model has names: it cannot be refused.
            Self::Learned(model) => model.score(&numbers(item)).unwrap_or_else(|_: LearningError| item.prior()),
        }
    }

    /// What speaks most for an item, in words.
    pub(crate) fn reason(self, item: &FoundItem) -> &'static str {
        if let Self::AsFound = self {
            return NEWEST_FIRST;
        }
        let mut parts = self.parts(item);
        if item.features[GOES_WITH] < GOES_WITH_FROM {
            parts[GOES_WITH] = 0.0;
        }
        let in_all: f64 = parts.iter().filter(|part| **part > 0.0).sum();
        let weightiest = |from: usize, until: usize| {
            let parts = parts.iter().copied().enumerate().skip(from).take(until - from);
            parts.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        };
        // What is the customer's own is told first, where it matters: that the words match goes without saying.
        let own = weightiest(N_IMPERSONAL, FEATURES.len())
            .filter(|(_, part)| *part > TOLD_FROM * in_all.max(f64::MIN_POSITIVE));
        let told = own.or_else(|| weightiest(0, N_IMPERSONAL)).filter(|(_, part)| *part > 0.0);
        told.map_or(WORDS[0], |(place, _)| WORDS[place])
    }

    /// How much of what is there speaks for an item. That something is not there is no reason to be told.
    fn parts(self, item: &FoundItem) -> [f64; FEATURES.len()] {
        let mut parts = [0.0; FEATURES.len()];
        match self {
            Self::Sum | Self::AsFound => {
                for ((part, value), (_, weight)) in parts.iter_mut().zip(item.features).zip(FEATURES) {
                    *part = f64::from(value) * weight;
                }
            }
            Self::Learned(model) => {
                for one in model.explain(&numbers(item)).map(|ordered| ordered.contributions).unwrap_or_default() {
                    if one.value > 0.0
                        && let Some(part) = parts.get_mut(one.feature_idx)
                    {
                        *part = one.contribution;
                    }
                }
            }
        }
        parts
    }
}

fn numbers(item: &FoundItem) -> [f64; FEATURES.len()] {
    item.features.map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ItemKey;

    fn item(key: u64, features: &[(usize, f32)]) -> FoundItem {
        let mut item = FoundItem { item: ItemKey(key), features: [0.0; FEATURES.len()] };
        features.iter().for_each(|(place, value)| item.features[*place] = *value);
        item
    }

    #[test]
    fn more_that_speaks_for_an_item_puts_it_first_and_its_key_breaks_ties() {
        let items = [item(3, &[(0, 0.5)]), item(2, &[(0, 0.5)]), item(1, &[(0, 0.2)]), item(4, &[(0, 0.2), (8, 1.0)])];
        let order: Vec<u64> = Order::Sum.ranked(&items).iter().map(|(_, item)| item.item.0).collect();
        assert_eq!(order, [4, 2, 3, 1]);
    }

    #[test]
    fn where_the_newest_are_asked_for_items_stay_as_they_were_found() {
        let items = [item(3, &[]), item(1, &[(8, 1.0)]), item(2, &[(0, 1.0)])];
        let asked = |newest_first| Order::Sum.unless_asked_for(&Told { newest_first, ..Told::default() });
        let order = |newest_first| {
            asked(newest_first).ranked(&items).into_iter().map(|(score, item)| (score, item.item.0)).collect::<Vec<_>>()
        };
        assert_eq!(order(true), [(1.0, 3), (2.0 / 3.0, 1), (1.0 / 3.0, 2)]);
        assert_eq!(order(false).iter().map(|(_, key)| *key).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(asked(true).reason(&items[1]), NEWEST_FIRST, "what is the customer's own was not looked at");
    }

    #[test]
    fn what_is_the_customers_own_is_told_where_it_matters() {
        for (features, expected) in [
            (&[(0, 1.0), (8, 0.5)][..], "Of a brand that this customer buys"),
            (&[(0, 1.0), (8, 0.01)][..], "Matches what was looked for"),
            (&[(7, 0.9), (0, 0.2)][..], "Often chosen by who looks for this"),
            (&[(0, 0.5), (13, 0.5)][..], "Goes with what this customer bought"),
            (&[(0, 0.5), (13, 0.49)][..], "Matches what was looked for"),
            (&[][..], "Matches what was looked for"),
        ] {
            assert_eq!(Order::Sum.reason(&item(1, features)), expected);
        }
    }
}
