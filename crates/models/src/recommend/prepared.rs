//! How do all members read the same purchases? Sorted by customer, with items at the places of their keys.

use super::{Interaction, Interactions, ItemTraits};
use crate::ModelError;
use primitives::ItemKey;

/// Purchases as members learn from them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prepared {
    /// The catalogue in ascending order: places follow the keys, so a tie on place is a tie on key and rows may come in any
    /// order.
    pub(super) keys: Vec<ItemKey>,
    /// By customer, item and age, youngest first; `item` is a place in `keys`, and `customer` counts from 0 without gaps.
    pub(super) rows: Vec<Interaction>,
    /// The hour of the week of each row; empty where none is known.
    pub(super) hours: Vec<u16>,
    /// What each item is, by place; empty where nothing is known of any.
    pub(super) traits: Vec<ItemTraits>,
    /// Customer `c` has the rows `start[c]..start[c + 1]`.
    start: Vec<usize>,
}

impl Prepared {
    /// Sorts purchases.
    ///
    /// # Errors
    /// What [`Interactions::validate`] refuses.
    pub(super) fn of(interactions: &Interactions) -> Result<Self, ModelError> {
        interactions.validate()?;
        let mut keys: Vec<ItemKey> = interactions.items.clone();
        keys.sort_unstable();
        let place_of: Vec<u32> = interactions
            .items
            .iter()
            .map(|key| keys.binary_search(key).ok().and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX))
            .collect();
        let hour = |row: usize| interactions.hours.get(row).copied().unwrap_or(Interactions::NO_HOUR);
        let placed = |row: &Interaction| Interaction { item: place_of[row.item as usize], ..*row };
        let mut told: Vec<(Interaction, u16)> =
            interactions.rows.iter().enumerate().map(|(at, row)| (placed(row), hour(at))).collect();
        told.sort_unstable_by(|(a, of_a), (b, of_b)| {
            (a.customer, a.item)
                .cmp(&(b.customer, b.item))
                .then(a.age_days.total_cmp(&b.age_days))
                .then(a.quantity.total_cmp(&b.quantity))
                .then(of_a.cmp(of_b))
        });
        let (mut rows, mut hours): (Vec<Interaction>, Vec<u16>) = told.into_iter().unzip();
        if hours.iter().all(|hour| *hour == Interactions::NO_HOUR) {
            hours.clear();
        }
        let traits = match interactions.traits.as_slice() {
            [] => Vec::new(),
            known => {
                let mut order: Vec<usize> = (0..known.len()).collect();
                order.sort_unstable_by_key(|at| interactions.items[*at]);
                order.into_iter().map(|at| known[at].clone()).collect()
            }
        };
        let mut start = vec![0];
        let (mut before, mut number) = (rows.first().map_or(0, |row| row.customer), 0);
        for (at, row) in rows.iter_mut().enumerate() {
            if row.customer != before {
                (before, number) = (row.customer, number + 1);
                start.push(at);
            }
            row.customer = number;
        }
        start.push(rows.len());
        Ok(Self { keys, rows, hours, traits, start })
    }

    /// How many items the catalogue holds.
    pub(super) fn n_items(&self) -> usize {
        self.keys.len()
    }

    /// How many customers bought anything.
    pub(super) fn n_customers(&self) -> usize {
        self.start.len() - 1
    }

    /// Where the rows of a customer begin.
    pub(super) fn place_of(&self, customer: usize) -> usize {
        self.start[customer]
    }

    /// What one customer bought, by item and age.
    pub(super) fn of_customer(&self, customer: usize) -> &[Interaction] {
        &self.rows[self.range_of(customer)]
    }

    /// Where the rows of one customer lie.
    pub(super) fn range_of(&self, customer: usize) -> std::ops::Range<usize> {
        self.start[customer]..self.start[customer + 1]
    }

    /// What each customer bought, by item and age.
    pub(super) fn customers(&self) -> impl ExactSizeIterator<Item = &[Interaction]> {
        self.start.windows(2).map(|ends| &self.rows[ends[0]..ends[1]])
    }

    /// What one customer bought by occasion, from old to new, the items of an occasion in ascending order: what has the same
    /// age was bought together.
    pub(super) fn baskets(&self, customer: usize) -> Vec<Basket> {
        let mut rows: Vec<&Interaction> = self.of_customer(customer).iter().collect();
        rows.sort_by(|a, b| b.age_days.total_cmp(&a.age_days).then(a.item.cmp(&b.item)));
        let occasions = rows.chunk_by(|a, b| a.age_days.total_cmp(&b.age_days).is_eq());
        occasions
            .map(|rows| {
                let mut items: Vec<u32> = rows.iter().map(|row| row.item).collect();
                items.dedup();
                Basket { age_days: rows[0].age_days, items }
            })
            .collect()
    }

    /// The age of the youngest purchase of all: how long nothing was told before the moment of training.
    pub(super) fn youngest(&self) -> f64 {
        self.rows.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min)
    }
}

/// What one customer bought on one occasion.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Basket {
    /// Days before the moment of training.
    pub(super) age_days: f64,
    /// The places of the items, each once, in ascending order.
    pub(super) items: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(customer: u32, item: u32, age_days: f64) -> Interaction {
        Interaction { customer, item, age_days, quantity: 1.0 }
    }

    #[test]
    fn purchases_are_told_by_customer_and_occasion_whatever_their_order() {
        let items = vec![ItemKey(30), ItemKey(10), ItemKey(20)];
        let priced = |price| ItemTraits { price: Some(price), ..ItemTraits::default() };
        let told = |rows, hours| Interactions {
            rows,
            items: items.clone(),
            traits: vec![priced(10.0), priced(20.0), priced(30.0)],
            hours,
        };
        let hours = vec![1, 9, 3, 2, 4, 8];
        let rows = vec![row(7, 0, 5.0), row(7, 1, 2.0), row(7, 2, 5.0), row(7, 2, 5.0), row(7, 0, 2.0), row(3, 1, 1.0)];
        let prepared = Prepared::of(&told(rows.clone(), hours.clone())).unwrap();
        assert_eq!(prepared.hours, [8, 9, 2, 3, 4, 1]);
        assert_eq!(prepared.traits, [20.0, 30.0, 10.0].map(priced));
        assert_eq!(prepared.keys, [ItemKey(10), ItemKey(20), ItemKey(30)]);
        assert_eq!((prepared.n_customers(), prepared.n_items()), (2, 3));
        assert_eq!(prepared.of_customer(0), [row(0, 0, 1.0)]);
        let of_second = prepared.baskets(1);
        assert_eq!(
            of_second,
            [Basket { age_days: 5.0, items: vec![1, 2] }, Basket { age_days: 2.0, items: vec![0, 2] }]
        );
        assert_eq!(prepared.customers().map(<[Interaction]>::len).collect::<Vec<_>>(), [1, 5]);
        assert!((prepared.youngest() - 1.0).abs() < f64::EPSILON);
        let turned = told(rows.iter().copied().rev().collect(), hours.into_iter().rev().collect());
        assert_eq!(Prepared::of(&turned).unwrap(), prepared);
        assert!(Prepared::of(&told(rows, vec![Interactions::NO_HOUR; 6])).unwrap().hours.is_empty());
    }
}
