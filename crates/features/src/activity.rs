//! How much happens each day, over all customers? A fold over events, like the profiles.

use events::{Call, CommerceStep, Offset, Recorded};
use primitives::{Currency, Money, Timestamp};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of the newest days are remembered.
const N_DAYS: usize = 400;

/// In how many currencies a day's revenue is summed.
const N_CURRENCIES_MAX: usize = 32;

const KEY: &str = "activity";

/// What happened on one day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Events of customers.
    pub n_events: u64,
    /// Orders among them.
    pub n_orders: u64,
    /// What the orders were worth, less refunds, in minor units.
    pub revenue: BTreeMap<Currency, i64>,
}

/// What happened on each of the newest days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    days: BTreeMap<i64, Day>,
    offset: Offset,
    row: TotalsRow,
}

impl Day {
    /// A currency for which there is no room any more on this day is not summed.
    fn add_revenue(&mut self, currency: Currency, minor: i64) {
        if self.revenue.len() < N_CURRENCIES_MAX || self.revenue.contains_key(&currency) {
            let sum = self.revenue.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
        }
    }
}

impl Activity {
    /// Opens the days of a store, as its last checkpoint left them.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let days = TotalsRow::stored(store, KEY)?;
        Ok(Self { days, offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Folds in one event. An event at or before the offset reached changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if matches!(event.call, Call::Item { .. } | Call::Correction { .. } | Call::Separate { .. }) {
            return;
        }
        self.row.changed();
        let day = self.days.entry(event.occurred_at.day()).or_default();
        day.n_events += 1;
        if let Some(commerce) = event.commerce() {
            let sign = match commerce.step {
                CommerceStep::Ordered => 1,
                CommerceStep::Refunded => -1,
                _ => 0,
            };
            day.n_orders += u64::from(sign > 0);
            if let Some(Money { minor, currency }) = commerce.value.filter(|_| sign != 0) {
                day.add_revenue(currency, minor.saturating_mul(sign));
            }
        }
        if self.days.len() > N_DAYS {
            self.days.pop_first();
        }
    }

    /// The last `n_days` days up to and including that of `as_of`, oldest first, quiet ones included.
    pub fn last_days(&self, as_of: Timestamp, n_days: i64) -> impl Iterator<Item = (Timestamp, Day)> {
        let today = as_of.day();
        (today - n_days + 1..=today)
            .map(|day| (Timestamp::from_millis(0).plus_days(day), self.days.get(&day).cloned().unwrap_or_default()))
    }

    /// The newest remembered day with an order, up to and including that of `as_of`.
    #[must_use]
    pub fn last_order_day(&self, as_of: Timestamp) -> Option<Timestamp> {
        let found = self.days.range(..=as_of.day()).rev().find(|(_, day)| day.n_orders > 0);
        found.map(|(day, _)| Timestamp::from_millis(0).plus_days(*day))
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Activity::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where the days cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.days)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Event, Fields, Origin};
    use primitives::DAY_MS;
    use profiles::MemoryProfileStore;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn track(offset: u64, day: i64, name: &str, properties: Value) -> Recorded {
        let Value::Object(properties) = properties else { panic!("properties are an object") };
        let at = Timestamp::from_millis(day * DAY_MS);
        let event = Event {
            message_id: "m".into(),
            user_id: Some("ann".into()),
            anonymous_id: None,
            occurred_at: at,
            stated_at: None,
            received_at: at,
            call: Call::Track { event: name.to_owned(), properties: properties.into() },
            context: Fields::new(),
            origin: Origin::Server,
            reading: events::Reading::default(),
        };
        Recorded { offset: Offset(offset), event }
    }

    fn paid(offset: u64, day: i64, name: &str, amount: f64, currency: &str) -> Recorded {
        track(offset, day, name, json!({"revenue": amount, "currency": currency}))
    }

    fn ordered(offset: u64, day: i64, amount: f64, currency: &str) -> Recorded {
        paid(offset, day, "Order Completed", amount, currency)
    }

    fn fold(events: &[Recorded]) -> Activity {
        let mut activity = Activity::default();
        events.iter().for_each(|event| activity.apply(event));
        activity
    }

    fn on(activity: &Activity, day: i64) -> Day {
        activity.last_days(Timestamp::from_millis(day * DAY_MS), 1).next().unwrap().1
    }

    fn revenue(day: &Day) -> Vec<(&str, i64)> {
        day.revenue.iter().map(|(currency, minor)| (currency.code(), *minor)).collect()
    }

    #[test]
    fn a_day_counts_events_orders_and_what_they_were_worth() {
        let activity = fold(&[
            ordered(1, 5, 10.0, "EUR"),
            ordered(2, 5, 2.5, "USD"),
            paid(3, 5, "Order Refunded", 4.0, "EUR"),
            track(4, 5, "Product Viewed", json!({"product_id": "tea", "value": 99, "currency": "EUR"})),
            track(5, 6, "Clicked", json!({})),
            ordered(5, 6, 7.0, "EUR"),
        ]);
        let day = on(&activity, 5);
        assert_eq!((day.n_events, day.n_orders, revenue(&day)), (4, 2, vec![("EUR", 600), ("USD", 250)]));
        let day = on(&activity, 6);
        assert_eq!(
            (day.n_events, day.n_orders, revenue(&day)),
            (1, 0, Vec::new()),
            "what was folded in before counts once"
        );
        let mut item = track(6, 6, "", json!({}));
        item.event.call = Call::Item { item_id: "tea".into(), traits: Fields::new() };
        assert_eq!(on(&fold(&[item]), 6), Day::default(), "the catalogue is nothing that a customer does");
    }

    #[test]
    fn the_last_days_are_told_oldest_first_with_the_quiet_ones() {
        let activity = fold(&[ordered(1, 5, 1.0, "EUR"), ordered(2, 7, 1.0, "EUR"), track(3, 8, "Clicked", json!({}))]);
        let noon = |day: i64| Timestamp::from_millis(day * DAY_MS + DAY_MS / 2);
        let days: Vec<_> =
            activity.last_days(noon(7), 3).map(|(day, what)| (day.as_millis() / DAY_MS, what.n_events)).collect();
        assert_eq!(days, [(5, 1), (6, 0), (7, 1)]);
        for (as_of, found) in [(4, None), (5, Some(5)), (6, Some(5)), (7, Some(7)), (99, Some(7))] {
            assert_eq!(
                activity.last_order_day(noon(as_of)).map(|day| day.as_millis()),
                found.map(|day| day * DAY_MS),
                "{as_of}"
            );
        }
    }

    #[test]
    fn four_hundred_days_and_thirty_two_currencies_a_day_are_remembered() {
        let days: Vec<Recorded> = (1_u64..).zip(0..401).map(|(offset, day)| ordered(offset, day, 1.0, "EUR")).collect();
        assert_eq!([0, 1, 400].map(|day| on(&fold(&days), day).n_orders), [0, 1, 1]);
        assert_eq!(on(&fold(&days[..400]), 0).n_orders, 1);

        let code = |n: u8| format!("X{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26));
        let mut events: Vec<Recorded> = (0..33).map(|n| ordered(1 + u64::from(n), 5, 1.0, &code(n))).collect();
        events.push(ordered(34, 5, 1.0, &code(31)));
        let day = on(&fold(&events), 5);
        assert_eq!((day.revenue.len(), day.n_orders), (32, 34));
        let sum = |n| day.revenue.get(&Currency::parse(&code(n)).unwrap()).copied();
        assert_eq!([sum(0), sum(31), sum(32)], [Some(100), Some(200), None]);
    }

    #[test]
    fn what_is_stored_opens_and_what_could_not_be_stored_waits_for_the_next_checkpoint() {
        let store = MemoryProfileStore::default();
        let checkpoint = |activity: &mut Activity| {
            let mut slice = Vec::new();
            activity.begin_checkpoint().unwrap();
            activity.fill(&mut slice, 0);
            assert!(slice.is_empty(), "there was no room");
            activity.fill(&mut slice, 1);
            slice
        };
        let mut activity = Activity::open(&store).unwrap();
        assert!(checkpoint(&mut activity).is_empty(), "nothing has happened");
        activity.end_checkpoint(true);
        activity.apply(&ordered(1, 5, 1.0, "EUR"));
        let lost = checkpoint(&mut activity);
        assert_eq!(lost.len(), 1);
        activity.end_checkpoint(false);
        let row = checkpoint(&mut activity);
        assert_eq!(row, lost);
        store.commit(Offset(1), row).unwrap();
        activity.end_checkpoint(true);
        assert!(checkpoint(&mut activity).is_empty(), "nothing has changed");
        activity.end_checkpoint(true);

        let mut opened = Activity::open(&store).unwrap();
        assert_eq!(opened, activity);
        opened.apply(&ordered(1, 5, 1.0, "EUR"));
        assert_eq!(opened, activity, "it was folded in before");
        opened.begin_checkpoint().unwrap();
        opened.apply(&ordered(2, 5, 1.0, "EUR"));
        let mut later = Vec::new();
        opened.fill(&mut later, 9);
        assert!(later.is_empty(), "the checkpoint is of the moment it began");
        opened.end_checkpoint(true);
        assert_eq!(checkpoint(&mut opened).len(), 1);
        opened.end_checkpoint(true);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// More orders than a sum can hold, each as large as any that is accepted: a sum stops at its limit, and stays exact
        /// below it.
        #[test]
        fn a_day_s_revenue_stops_at_its_limit(n in 1_000_u64..1_050, major in 89_000_000_000_000_i64..=90_000_000_000_000, is_refund: bool) {
            let name = if is_refund { "Order Refunded" } else { "Order Completed" };
            let mut activity = Activity::default();
            let mut one = track(0, 5, name, json!({"revenue": major, "currency": "EUR"}));
            for offset in 1..=n {
                one.offset = Offset(offset);
                activity.apply(&one);
            }
            let sum = i128::from(n) * i128::from(major) * if is_refund { -100 } else { 100 };
            let expected = sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
            let day = on(&activity, 5);
            prop_assert_eq!((day.n_events, i128::from(day.revenue[&Currency::parse("EUR").unwrap()])), (n, expected));
        }
    }
}
