//! How much happens when, over all customers? A fold over events, like the profiles.

use events::{Call, CommerceStep, Deed, Offset, PaymentStep, Recorded};
use primitives::{Currency, Money, Timestamp, Zone};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything is counted by quarters of an hour: in no time zone does a day begin within one.
pub const QUARTER_MS: i64 = 15 * 60_000;

/// How many of the newest quarters of an hour in which something happened are remembered: those of 400 days.
const N_QUARTERS: usize = 400 * 96;

/// In how many currencies what was paid in a quarter is summed.
const N_CURRENCIES_MAX: usize = 32;

const KEY: &str = "activity";

/// What happened in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Events of customers.
    pub n_events: u64,
    /// Orders among them.
    pub n_orders: u64,
    /// What the orders were worth, less refunds, in minor units.
    pub revenue: BTreeMap<Currency, i64>,
    /// Payments that went through.
    pub n_paid: u64,
    /// Payments that did not.
    pub n_declined: u64,
    /// What the payments that went through came to, less what banks took back, in minor units.
    pub paid: BTreeMap<Currency, i64>,
}

/// What happened in each of the newest quarters of an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    quarters: BTreeMap<i64, Happened>,
    offset: Offset,
    row: TotalsRow,
}

/// A currency for which there is no room any more is not summed.
fn add_money(sums: &mut BTreeMap<Currency, i64>, currency: Currency, minor: i64) {
    if sums.len() < N_CURRENCIES_MAX || sums.contains_key(&currency) {
        let sum = sums.entry(currency).or_default();
        *sum = sum.saturating_add(minor);
    }
}

impl Happened {
    fn add(&mut self, deed: &Deed) {
        self.n_events += 1;
        if let Some(commerce) = deed.commerce() {
            let sign = match commerce.step {
                CommerceStep::Ordered => 1,
                CommerceStep::Refunded => -1,
                _ => 0,
            };
            self.n_orders += u64::from(sign > 0);
            if let Some(Money { minor, currency }) = commerce.value.filter(|_| sign != 0) {
                add_money(&mut self.revenue, currency, minor.saturating_mul(sign));
            }
        }
        if let Deed::Payment(payment) = deed {
            let sign = match payment.step {
                PaymentStep::Approved => 1,
                PaymentStep::ChargedBack => -1,
                PaymentStep::Attempted | PaymentStep::Declined => 0,
            };
            self.n_paid += u64::from(payment.step == PaymentStep::Approved);
            self.n_declined += u64::from(payment.step == PaymentStep::Declined);
            if let Some(Money { minor, currency }) = payment.amount.filter(|_| sign != 0) {
                add_money(&mut self.paid, currency, minor.saturating_mul(sign));
            }
        }
    }

    /// Takes in what happened in another stretch.
    pub fn join(&mut self, other: &Self) {
        self.n_events += other.n_events;
        self.n_orders += other.n_orders;
        self.n_paid += other.n_paid;
        self.n_declined += other.n_declined;
        other.revenue.iter().for_each(|(currency, minor)| add_money(&mut self.revenue, *currency, *minor));
        other.paid.iter().for_each(|(currency, minor)| add_money(&mut self.paid, *currency, *minor));
    }
}

impl Activity {
    /// Opens what a store's last checkpoint left.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let quarters = TotalsRow::stored(store, KEY)?;
        Ok(Self { quarters, offset: store.offset()?, row: TotalsRow::default() })
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
        self.quarters.entry(quarter(event.occurred_at)).or_default().add(event.deed());
        if self.quarters.len() > N_QUARTERS {
            self.quarters.pop_first();
        }
    }

    /// What happened from a moment until another, both of them beginnings of quarters of an hour.
    #[must_use]
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Happened {
        let mut happened = Happened::default();
        if from < until {
            let within = self.quarters.range(quarter(from)..quarter(until));
            within.for_each(|(_, quarter)| happened.join(quarter));
        }
        happened
    }

    /// Whether there were orders, and whether there were payments, as far as is remembered.
    #[must_use]
    pub fn sells(&self) -> (bool, bool) {
        let any = |is: fn(&Happened) -> bool| self.quarters.values().rev().any(is);
        (any(|one| one.n_orders > 0), any(|one| one.n_paid + one.n_declined > 0))
    }

    /// The newest remembered day of a zone with an order or a payment that went through, up to and including that of `as_of`.
    #[must_use]
    pub fn last_sale_day(&self, as_of: Timestamp, zone: &Zone) -> Option<i64> {
        let end = zone.start_of(zone.day(as_of) + 1);
        let found = self.quarters.range(..quarter(end)).rev().find(|(_, one)| one.n_orders + one.n_paid > 0);
        found.map(|(quarter, _)| zone.day(Timestamp::from_millis(quarter * QUARTER_MS)))
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Activity::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.quarters)
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

fn quarter(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(QUARTER_MS)
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

    fn day_at(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MS)
    }

    fn on(activity: &Activity, day: i64) -> Happened {
        activity.between(day_at(day), day_at(day + 1))
    }

    fn sums(sums: &BTreeMap<Currency, i64>) -> Vec<(&str, i64)> {
        sums.iter().map(|(currency, minor)| (currency.code(), *minor)).collect()
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
        assert_eq!((day.n_events, day.n_orders, sums(&day.revenue)), (4, 2, vec![("EUR", 600), ("USD", 250)]));
        let day = on(&activity, 6);
        assert_eq!(
            (day.n_events, day.n_orders, sums(&day.revenue)),
            (1, 0, Vec::new()),
            "what was folded in before counts once"
        );
        let mut item = track(6, 6, "", json!({}));
        item.event.call = Call::Item { item_id: "tea".into(), traits: Fields::new() };
        assert_eq!(on(&fold(&[item]), 6), Happened::default(), "the catalogue is nothing that a customer does");
    }

    #[test]
    fn payments_are_counted_as_they_ended_and_summed_less_what_was_taken_back() {
        let pays = |offset, name, amount| track(offset, 5, name, json!({"amount": amount, "currency": "EUR"}));
        let activity = fold(&[
            pays(1, "Payment Attempted", 8.0),
            pays(2, "Payment Approved", 8.0),
            pays(3, "Payment Approved", 2.5),
            pays(4, "Payment Declined", 9.0),
            pays(5, "Chargeback Received", 2.5),
            ordered(6, 5, 1.0, "EUR"),
        ]);
        let day = on(&activity, 5);
        assert_eq!((day.n_paid, day.n_declined, sums(&day.paid)), (2, 1, vec![("EUR", 800)]));
        assert_eq!((day.n_events, day.n_orders, sums(&day.revenue)), (6, 1, vec![("EUR", 100)]));
    }

    #[test]
    fn a_stretch_holds_its_first_quarter_of_an_hour_and_not_its_end() {
        let at = |offset, quarter: i64, ms| {
            let mut one = ordered(offset, 0, 1.0, "EUR");
            one.event.occurred_at = Timestamp::from_millis(quarter * QUARTER_MS + ms);
            one
        };
        let activity = fold(&[at(1, 3, -1), at(2, 3, 0), at(3, 4, QUARTER_MS - 1), at(4, 5, 0)]);
        let n = |from: i64, until: i64| {
            let quarter = |n: i64| Timestamp::from_millis(n * QUARTER_MS);
            activity.between(quarter(from), quarter(until)).n_orders
        };
        assert_eq!([n(3, 5), n(2, 6), n(3, 3), n(5, 3), n(4, 5)], [2, 4, 0, 0, 1]);
        assert_eq!(sums(&activity.between(Timestamp::MIN, Timestamp::MAX).revenue), [("EUR", 400)]);
    }

    #[test]
    fn the_newest_day_of_a_sale_is_one_of_the_zone() {
        let activity = fold(&[ordered(1, 5, 1.0, "EUR"), paid(2, 7, "Payment Approved", 1.0, "EUR")]);
        let utc = [4, 5, 6, 7, 99].map(|day| activity.last_sale_day(day_at(day), &Zone::UTC));
        assert_eq!(utc, [None, Some(5), Some(5), Some(7), Some(7)]);
        let new_york = Zone::parse("America/New_York").unwrap();
        assert_eq!(
            activity.last_sale_day(day_at(7), &new_york),
            Some(6),
            "midnight in UTC is the evening before there"
        );
        assert_eq!(activity.last_sale_day(day_at(6), &new_york), Some(4));
        assert_eq!((activity.sells(), fold(&[]).sells()), ((true, true), (false, false)));
        assert_eq!(fold(&[paid(1, 7, "Payment Declined", 1.0, "EUR")]).sells(), (false, true));
        assert_eq!(fold(&[ordered(1, 7, 1.0, "EUR")]).sells(), (true, false));
    }

    #[test]
    fn four_hundred_days_and_thirty_two_currencies_a_quarter_are_remembered() {
        let each = |n: i64| {
            let mut one = ordered(u64::try_from(n).unwrap() + 1, 0, 1.0, "EUR");
            one.event.occurred_at = Timestamp::from_millis(n * QUARTER_MS);
            one
        };
        let mut activity = Activity::default();
        (0..400 * 96).for_each(|n| activity.apply(&each(n)));
        assert_eq!([0, 1, 399, 400].map(|day| on(&activity, day).n_orders), [96, 96, 96, 0]);
        activity.apply(&each(400 * 96));
        assert_eq!([0, 1, 399, 400].map(|day| on(&activity, day).n_orders), [95, 96, 96, 1]);

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
