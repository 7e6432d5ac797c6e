//! What does something that customers did count for where it is measured, whoever told of it?
//!
//! The same bounds as in training: what the company itself told of counts as it is, what only the public write key told of counts for
//! no more than is usual.

use super::{Ceiling, major, paid_in};
use crate::Dataset;
use crate::outcome::{Outcome, is_step};
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
    /// Of each thing that is watched for, what a number counts for at most that nobody vouches for.
    most: Vec<f64>,
}

impl Believed {
    /// From what was known at a moment: in this currency, or else in that which most customers paid in.
    #[must_use]
    pub fn of(dataset: &Dataset, currency: Option<Currency>, n_watches: usize, now: Timestamp) -> Self {
        let currency = currency.or_else(|| paid_in(dataset, now, now));
        let most = (0..n_watches).map(|place| Outcome::most_unvouched(dataset, place, now)).collect();
        Self { currency, ceiling: Ceiling::of(dataset, currency, now), most }
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
}
