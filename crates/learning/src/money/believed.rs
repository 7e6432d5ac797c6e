//! What does something that customers did count for where it is measured, whoever told of it?
//!
//! The same bounds as in training: what the company itself told of counts as it is, what only the public write key told of counts for
//! no more than is usual.

use super::{Ceiling, major, paid_in};
use crate::outcome::{Outcome, is_step};
use crate::{Dataset, vouched};
use events::{CommerceStep, Filter, Origin, Take};
use features::{Match, Order};
use primitives::{Currency, Timestamp};

/// From where something that is counted comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Orders, by whatever name and shape they came in; the value is what each was worth.
    Orders,
    /// What was paid back of them; the value is how much.
    Refunds,
    /// Events that are watched for.
    Events,
}

impl Source {
    /// Events of a name that is an order or a refund in any vocabulary are that, where nothing else must be true of them and no other
    /// value is read than what they were worth.
    #[must_use]
    pub fn of(filter: &Filter, take: Option<&Take>) -> Self {
        let is_worth = take.is_none_or(|take| take.pointer.property().is_some_and(|name| WORTH.contains(&name)));
        match () {
            () if !is_worth || !filter.equal.is_empty() => Self::Events,
            () if is_step(&filter.event, CommerceStep::Ordered) => Self::Orders,
            () if is_step(&filter.event, CommerceStep::Refunded) => Self::Refunds,
            () => Self::Events,
        }
    }
}

/// How it is written what an order was worth.
const WORTH: [&str; 3] = ["revenue", "total", "value"];

/// What counts for how much.
#[derive(Debug, Clone)]
pub struct Believed {
    currency: Option<Currency>,
    ceiling: Ceiling,
    /// What the orders of one customer count for together at most, of those that nobody vouches for.
    most_of_customer: f64,
    /// Of each thing that is watched for, what a number counts for at most that nobody vouches for.
    most: Vec<f64>,
}

impl Believed {
    /// From what was known at a moment: in this currency, or else in that which most customers paid in.
    #[must_use]
    pub fn of(dataset: &Dataset, currency: Option<Currency>, n_watches: usize, now: Timestamp) -> Self {
        let currency = currency.or_else(|| paid_in(dataset, now, now));
        let most = (0..n_watches).map(|place| Outcome::most_unvouched(dataset, place, now)).collect();
        let believed =
            Self { currency, ceiling: Ceiling::of(dataset, currency, now), most_of_customer: f64::INFINITY, most };
        let (mut vouched, mut others) = (Vec::new(), Vec::new());
        for (_, trace) in dataset.traces() {
            let sum = |is_vouched: bool| -> f64 { believed.told(trace.orders_known(now), is_vouched).sum() };
            vouched.extend(Some(sum(true)).filter(|sum| *sum > 0.0));
            others.extend(Some(sum(false)).filter(|sum| *sum > 0.0));
        }
        Self { most_of_customer: vouched::most(vouched, others), ..believed }
    }

    /// What each order was worth that the company told of, or of those that only a write key did.
    fn told<'a>(
        &self,
        orders: impl Iterator<Item = (Origin, &'a Order)>,
        is_vouched: bool,
    ) -> impl Iterator<Item = f64> {
        orders
            .filter(move |(origin, _)| origin.is_trusted() == is_vouched)
            .filter_map(|(origin, order)| self.order(origin, order))
    }

    /// What the orders of one customer were worth, or what was paid back of them, in their order: each as [`Self::order`] says, and those
    /// that only a write key told of together no more than is usual of a customer. A thousand small ones are no less invented than a
    /// large one.
    #[must_use]
    pub fn orders<'a>(&self, orders: impl Iterator<Item = (Origin, &'a Order)> + Clone) -> Vec<Option<f64>> {
        let sum: f64 = self.told(orders.clone(), false).sum();
        let share = if sum > self.most_of_customer { self.most_of_customer / sum } else { 1.0 };
        let worth = |(origin, order): (Origin, &Order)| {
            let worth = self.order(origin, order)?;
            Some(if origin.is_trusted() { worth } else { share * worth })
        };
        orders.map(worth).collect()
    }

    /// What an order was worth, or what was paid back of it; `None` in another currency.
    #[must_use]
    pub fn order(&self, origin: Origin, order: &Order) -> Option<f64> {
        let is_ours = order.currency.is_some() && order.currency == self.currency;
        is_ours.then(|| major(self.ceiling.of_order(origin, order).saturating_abs(), self.currency))
    }

    /// The number of an event that was watched for.
    #[must_use]
    pub fn number(&self, watch: usize, found: &Match<'_>) -> Option<f64> {
        let number = found.number.filter(|number| number.is_finite())?;
        let most = self.most.get(watch).copied().unwrap_or(f64::INFINITY);
        Some(if found.origin.is_trusted() { number } else { number.clamp(-most, most) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::{day, load, numbered, order};
    use events::{Call, Event, Pointer};
    use serde_json::json;

    fn told(n: u32, origin: Origin, revenue: f64, currency: &str) -> Event {
        let mut event = Event { origin, ..order(&format!("c{n}"), "tea", day(1), day(1)) };
        let Call::Track { properties, .. } = &mut event.call else { panic!("not an order") };
        properties.insert("revenue".to_owned(), json!(revenue));
        properties.insert("currency".to_owned(), json!(currency));
        event
    }

    fn filter(table: serde_json::Value) -> Filter {
        Filter::from_table(table.as_object().unwrap()).unwrap()
    }

    #[test]
    fn orders_of_all_vocabularies_are_orders_and_conditions_make_them_events() {
        let take = |path: &str| Some(Take::from(path.parse::<Pointer>().unwrap()));
        for (event, path, source) in [
            (json!({ "event": "Order Completed" }), None, Source::Orders),
            (json!({ "event": "purchase" }), Some("properties.value"), Source::Orders),
            (json!({ "event": "Order Completed" }), Some("properties.revenue"), Source::Orders),
            (json!({ "event": "Order Completed" }), Some("properties.discount"), Source::Events),
            (json!({ "event": "Order Completed", "properties.coupon": "x" }), None, Source::Events),
            (json!({ "event": "Order Refunded" }), Some("properties.total"), Source::Refunds),
            (json!({ "event": "Plan Changed" }), None, Source::Events),
        ] {
            assert_eq!(Source::of(&filter(event.clone()), path.and_then(take).as_ref()), source, "{event} {path:?}");
        }
    }

    #[test]
    fn an_invented_order_counts_for_no_more_than_is_usual_and_one_in_another_currency_for_nothing() {
        let ours = (1..=100).map(|n| told(n, Origin::Server, f64::from(n), "EUR"));
        let others = [told(101, Origin::Client, 1e12, "EUR"), told(102, Origin::Server, 1e6, "EUR")];
        let dollars = told(103, Origin::Server, 50.0, "USD");
        let dataset = load(&numbered(ours.chain(others).chain([dollars])));
        for currency in [Some(Currency::EUR), None] {
            let believed = Believed::of(&dataset, currency, 0, day(2));
            let worth = |customer: &str| {
                let (_, trace) = dataset.traces().find(|(id, _)| id.as_str() == customer).unwrap();
                trace.orders_known(day(2)).map(|(origin, order)| believed.order(origin, order)).next().unwrap()
            };
            assert_eq!(worth("c7"), Some(7.0));
            assert_eq!(worth("c102"), Some(1e6), "the company's own word counts");
            assert!(worth("c101").is_some_and(|worth| worth <= 1e6), "{:?}", worth("c101"));
            assert_eq!(worth("c103"), None);
        }
    }

    #[test]
    fn a_thousand_small_invented_orders_count_for_no_more_than_a_customer_usually_brings() {
        let ours = (1..=200).map(|n| told(n, Origin::Server, f64::from(n % 50 + 1), "EUR"));
        let many = (0..1_000).map(|n| {
            let mut order = told(900, Origin::Client, 40.0, "EUR");
            order.message_id = format!("invented-{n}").into();
            let Call::Track { properties, .. } = &mut order.call else { panic!("not an order") };
            properties.insert("order_id".to_owned(), json!(format!("invented-{n}")));
            order
        });
        let two = [told(901, Origin::Client, 20.0, "EUR"), told(901, Origin::Server, 5_000.0, "EUR")];
        let dataset = load(&numbered(ours.chain(many).chain(two)));
        let believed = Believed::of(&dataset, Some(Currency::EUR), 0, day(2));
        let worth = |customer: &str| -> Vec<f64> {
            let (_, trace) = dataset.traces().find(|(id, _)| id.as_str() == customer).unwrap();
            believed.orders(trace.orders_known(day(2))).into_iter().flatten().collect()
        };
        let invented = worth("c900");
        assert_eq!(invented.len(), 1_000);
        let sum: f64 = invented.iter().sum();
        assert!((49.0..=5_000.0).contains(&sum), "{sum}");
        assert!(invented.iter().all(|worth| (worth - sum / 1_000.0).abs() < 1e-9), "each its share");
        let mut both = worth("c901");
        both.sort_by(f64::total_cmp);
        assert_eq!(both, [20.0, 5_000.0], "what the company told is not touched, and what is usual neither");
    }
}
