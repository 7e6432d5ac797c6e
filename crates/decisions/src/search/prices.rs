//! Which items cost from so much to so much? The items that can be searched in the order of their prices, whatever the currency.

use primitives::Money;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Numbers of items in the order of their prices.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Prices(BTreeSet<(i64, u32)>);

impl Prices {
    /// Notes what an item costs, where that is known.
    pub(crate) fn put(&mut self, number: u32, price: Option<Money>) {
        self.0.extend(price.map(|price| (place(price.to_major()), number)));
    }

    /// Forgets what an item did cost.
    pub(crate) fn take_off(&mut self, number: u32, price: Option<Money>) {
        if let Some(price) = price {
            self.0.remove(&(place(price.to_major()), number));
        }
    }

    /// The items that cost from here to there in major units, both included, the cheapest first.
    pub(crate) fn within(&self, low: f64, high: f64) -> impl Iterator<Item = u32> {
        let (first, last) = (place(low), place(high));
        let range = (first <= last).then_some((Bound::Included((first, 0)), Bound::Included((last, u32::MAX))));
        range.into_iter().flat_map(|range| self.0.range(range)).map(|(_, number)| *number)
    }
}

/// A whole number that is larger where the amount is, and the same for nothing and less than nothing by nothing.
fn place(amount: f64) -> i64 {
    let bits = (amount + 0.0).to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_found_by_what_they_cost(
            amounts in proptest::collection::vec(proptest::option::of(-300_i64..300), 0..60),
            gone in proptest::collection::vec(any::<bool>(), 60),
            (low, high) in (-350_i32..350, -350_i32..350),
        ) {
            let price = |minor: &Option<i64>| minor.map(|minor| Money { minor, currency: Currency::EUR });
            let mut prices = Prices::default();
            let numbered = || (0_u32..).zip(&amounts);
            numbered().for_each(|(number, minor)| prices.put(number, price(minor)));
            numbered().filter(|(number, _)| gone[*number as usize]).for_each(|(number, minor)| prices.take_off(number, price(minor)));
            let (low, high) = (f64::from(low) / 100.0, f64::from(high) / 100.0);
            let mut found: Vec<u32> = prices.within(low, high).collect();
            found.sort_unstable();
            let is_meant = |minor: &Option<i64>| price(minor).is_some_and(|price| (low..=high).contains(&price.to_major()));
            let meant = numbered().filter(|(number, minor)| !gone[*number as usize] && is_meant(minor));
            prop_assert_eq!(found, meant.map(|(number, _)| number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_is_nothing_from_either_side() {
        let mut prices = Prices::default();
        prices.put(1, Some(Money { minor: 0, currency: Currency::EUR }));
        assert_eq!(prices.within(f64::NEG_INFINITY, -0.0).count(), 1);
        assert_eq!(prices.within(-0.0, f64::INFINITY).count(), 1);
        assert_eq!(prices.within(0.1, f64::INFINITY).count(), 0);
    }
}
