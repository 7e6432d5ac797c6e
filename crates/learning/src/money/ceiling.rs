//! How much may one order weigh that the public write key told of, and nobody vouches for?
//!
//! Bounded in training and in judging alike, as every number is that nobody vouches for. What is served is not changed: a
//! customer's own orders are shown as they came in.

use crate::{Dataset, vouched};
use events::Origin;
use features::Order;
use governance::Headcount;
use primitives::{Currency, Money, Timestamp};

/// What an order counts for at most that came with the write key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ceiling {
    currency: Option<Currency>,
    minor_max: i64,
}

impl Ceiling {
    /// From what was known at a moment, by [`vouched::most`].
    pub(crate) fn of(dataset: &Dataset, currency: Option<Currency>, as_of: Timestamp) -> Self {
        let (mut vouched, mut others) = (Vec::new(), Vec::new());
        for (origin, order) in dataset.traces().flat_map(|(_, trace)| trace.orders_known(as_of)) {
            if order.currency == currency && order.minor > 0 {
                #[expect(clippy::cast_precision_loss, reason = "a bound, not an amount of money")]
                let minor = order.minor as f64;
                if origin.is_trusted() { &mut vouched } else { &mut others }.push(minor);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "a conversion stops at the largest number")]
        let minor_max = vouched::most(vouched, others).ceil() as i64;
        Self { currency, minor_max }
    }

    /// Makes an order that nobody vouches for, or what was taken back of one, worth no more than that.
    pub(crate) fn trim(&self, origin: Origin, order: &mut Order) {
        order.minor = self.of_order(origin, order);
    }

    /// What an order counts for.
    pub(crate) fn of_order(&self, origin: Origin, order: &Order) -> i64 {
        let is_ours = origin.is_trusted() || order.currency != self.currency;
        if is_ours { order.minor } else { order.minor.clamp(-self.minor_max, self.minor_max) }
    }

    /// Whose orders up to a moment count for less than was told, in words; `None` where nobody's do.
    pub(crate) fn warning(&self, dataset: &Dataset, until: Timestamp) -> Option<String> {
        let is_trimmed =
            |(origin, order): (Origin, &Order)| order.at <= until && self.of_order(origin, order) != order.minor;
        let n_customers = dataset.traces().filter(|(_, trace)| trace.orders_told().any(is_trimmed)).count();
        let (headcount, currency) = (Headcount::of(u32::try_from(n_customers).unwrap_or(u32::MAX)), self.currency?);
        let most = Money { minor: self.minor_max, currency };
        (!headcount.is_nobody()).then(|| {
            format!(
                "orders of {headcount} that only the write key told of are worth more than {most}, which is far above what \
                 is usual: each counted as {most}, so that nobody can bend the model with invented orders. Where they are \
                 real, send orders with a server key, or import them"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::{day, load, numbered, order};
    use events::Event;

    fn euro() -> Option<Currency> {
        Some(Currency::parse("EUR").unwrap())
    }

    /// Orders for so many euros, in the order in which they came.
    fn of(told: &[(Origin, u32)]) -> Ceiling {
        let events = told.iter().enumerate().map(|(n, (origin, euros))| {
            let mut event = Event { origin: *origin, ..order(&format!("c{n}"), "tea", day(1), day(1)) };
            let events::Call::Track { properties, .. } = &mut event.call else { panic!("not an order") };
            properties.insert("revenue".to_owned(), (*euros).into());
            event
        });
        Ceiling::of(&load(&numbered(events)), euro(), day(2))
    }

    #[test]
    fn the_ceiling_is_what_one_vouched_order_in_a_thousand_is_above() {
        let many = |n: u32, origin| (1..=n).map(move |euros| (origin, euros)).collect::<Vec<_>>();
        for (n, most) in [(100, 100), (999, 999), (1_000, 999), (1_001, 1_000), (2_000, 1_998), (2_001, 1_999)] {
            assert_eq!(of(&many(n, Origin::Import)).minor_max, most * 100, "{n}");
        }
        // What strangers say does not matter then.
        let beside = [many(100, Origin::Server), vec![(Origin::Client, 5_000_000); 300]].concat();
        assert_eq!(of(&beside).minor_max, 10_000);
        // One vouched order less, and everybody's count: all alike but for it, so the least spread holds.
        let fewer = [vec![(Origin::Server, 10); 99], vec![(Origin::Client, 10); 300], vec![(Origin::Client, 9_000)]];
        assert_eq!(of(&fewer.concat()).minor_max, 8_000, "three doublings of 10 euros");
        assert_eq!(of(&many(19, Origin::Client)).minor_max, i64::MAX);
        assert!(of(&many(20, Origin::Client)).minor_max < i64::MAX);
        // Of 1 to 20 euros the quartiles are 6 and 16: 16 * (16 / 6)^3.
        assert_eq!(of(&many(20, Origin::Client)).minor_max, 30_341);
        let late = Ceiling::of(&load(&numbered([order("c", "tea", day(1), day(3))])), euro(), day(2));
        assert_eq!(late.minor_max, i64::MAX);
    }

    #[test]
    fn only_what_nobody_vouches_for_is_trimmed_and_what_is_taken_back_of_it() {
        let ceiling = Ceiling { currency: euro(), minor_max: 500 };
        let told = |minor, currency| Order {
            at: day(1),
            key: events::EventKey(1),
            minor,
            currency,
            n_lines: 1,
            milli_units: 1,
            is_refund: minor < 0,
            is_vouched: false,
        };
        for (minor, worth) in [(499, 499), (500, 500), (501, 500), (-500, -500), (-501, -500), (0, 0)] {
            let mut order = told(minor, euro());
            ceiling.trim(Origin::Client, &mut order);
            assert_eq!(order, Order { minor: worth, ..told(minor, euro()) });
            assert_eq!(ceiling.of_order(Origin::Server, &told(minor, euro())), minor);
            assert_eq!(ceiling.of_order(Origin::Import, &told(minor, euro())), minor);
            assert_eq!(ceiling.of_order(Origin::Client, &told(minor, None)), minor, "not in this currency");
        }
    }
}
