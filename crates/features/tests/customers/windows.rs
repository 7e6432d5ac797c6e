//! Do windows and counters say what a recount of the events says, also at the limits of what is accepted?

use super::{place, state, track, vector};
use events::Recorded;
use primitives::{DAY_MS, Timestamp};
use profiles::CustomerState;
use proptest::prelude::*;
use serde_json::json;

/// The present: as of which everything is read.
const NOW_MS: i64 = 500 * DAY_MS;

/// What happened, in the words of a shop.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Ordered,
    Refunded,
    Viewed,
    Added,
    Clicked,
}

#[derive(Debug, Clone)]
struct Told {
    what: What,
    ago_ms: i64,
    /// What it was worth, in whole units of the currency.
    worth: i64,
    currency: &'static str,
    /// Pieces of each item.
    pieces: Vec<u32>,
}

impl Told {
    fn recorded(&self, offset: u64) -> Recorded {
        let at = Timestamp::from_millis(NOW_MS - self.ago_ms);
        let products: Vec<_> = (0..)
            .zip(&self.pieces)
            .map(|(item, n): (u32, &u32)| json!({"product_id": item.to_string(), "quantity": n}))
            .collect();
        let order = json!({"revenue": self.worth, "currency": self.currency, "products": products});
        let one = json!({"product_id": "tea"});
        let (name, properties) = match self.what {
            What::Ordered => ("Order Completed", order),
            What::Refunded => ("Order Refunded", order),
            What::Viewed => ("Product Viewed", one),
            What::Added => ("Product Added", one),
            What::Clicked => ("Clicked", json!({})),
        };
        track(offset, at, at, name, properties)
    }

    fn is_paid(&self) -> bool {
        matches!(self.what, What::Ordered | What::Refunded)
    }

    /// In minor units; what is given back counts against it.
    fn minor(&self) -> i128 {
        let minor = i128::from(self.worth) * if self.currency == "JPY" { 1 } else { 100 };
        if self.what == What::Refunded { -minor } else { minor }
    }
}

fn told() -> impl Strategy<Value = Vec<Told>> {
    let what = proptest::sample::select(vec![
        What::Ordered,
        What::Ordered,
        What::Refunded,
        What::Viewed,
        What::Added,
        What::Clicked,
    ]);
    let border = proptest::sample::select(vec![1, 7, 30, 60, 90, 365]);
    let ago_ms = prop_oneof![
        2 => 0..400 * DAY_MS,
        1 => (border, -1_i64..=1).prop_map(|(days, by)| days * DAY_MS + by),
    ];
    let worth = prop_oneof![4 => -500_i64..500, 1 => Just(90_000_000_000_000), 1 => Just(-90_000_000_000_000)];
    let currency = proptest::sample::select(vec!["EUR", "EUR", "JPY"]);
    let one = (what, ago_ms, worth, currency, proptest::collection::vec(0_u32..5, 0..4));
    let one = one.prop_map(|(what, ago_ms, worth, currency, pieces)| Told { what, ago_ms, worth, currency, pieces });
    // Beyond 48 views the oldest are forgotten.
    proptest::collection::vec(one, 0..48)
}

#[expect(clippy::cast_precision_loss, reason = "as the features: rounded to what a double holds")]
fn float(n: i128) -> f64 {
    n as f64
}

fn n_of(told: &[Told], is_counted: impl Fn(&Told) -> bool) -> f64 {
    float(told.iter().filter(|one| is_counted(one)).count() as i128)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn windows_and_counters_equal_a_recount(told in told()) {
        let events: Vec<Recorded> = (1..).zip(&told).map(|(offset, one)| one.recorded(offset)).collect();
        let vector = vector(&state(&events), Timestamp::from_millis(NOW_MS));
        let value = |name: String| vector[place(&name)];

        // Sums are in the currency of the newest order; of two at the same moment, the one with the larger key.
        let mut told: Vec<(Told, &Recorded)> = told.into_iter().zip(&events).collect();
        told.sort_by_key(|(_, recorded)| recorded.event.key());
        let told: Vec<Told> = told.into_iter().map(|(told, _)| told).collect();
        let newest = told.iter().rev().filter(|one| one.is_paid()).min_by_key(|one| one.ago_ms);
        let (currency, minor_units) = newest.map_or(("", 100.0), |one| (one.currency, if one.currency == "JPY" { 1.0 } else { 100.0 }));
        let ordered = |one: &Told| one.what == What::Ordered;
        let spent = |from: i64, to: i64| {
            let counted = told.iter().filter(|one| one.is_paid() && one.currency == currency);
            let counted = counted.filter(|one| (from * DAY_MS..to * DAY_MS).contains(&one.ago_ms));
            float(counted.map(Told::minor).sum()) / minor_units
        };
        for days in [1, 7, 30, 90, 365] {
            let within = |one: &Told| one.ago_ms < days * DAY_MS;
            let pieces: u32 = told.iter().filter(|one| ordered(one) && within(one)).flat_map(|one| &one.pieces).sum();
            for (name, expected) in [
                ("events", n_of(&told, within)),
                ("orders", n_of(&told, |one| ordered(one) && within(one))),
                ("revenue", spent(0, days)),
                ("units", f64::from(pieces)),
            ] {
                prop_assert_eq!(value(format!("{name}_{days}d")).to_bits(), (expected + 0.0).to_bits(), "{}_{}d", name, days);
            }
        }
        let ordered_between = |from: i64, to: i64| n_of(&told, |one| ordered(one) && (from * DAY_MS..to * DAY_MS).contains(&one.ago_ms));
        let lately = |one: &Told| one.ago_ms < 7 * DAY_MS;
        for (name, expected) in [
            ("orders_all", n_of(&told, ordered)),
            ("refunds_all", n_of(&told, |one| one.what == What::Refunded)),
            ("orders_trend_30d", ordered_between(0, 30) - ordered_between(30, 60)),
            ("revenue_trend_30d", spent(0, 30) - spent(30, 60)),
            ("views_7d", n_of(&told, |one| lately(one) && matches!(one.what, What::Viewed | What::Added))),
            ("carts_7d", n_of(&told, |one| lately(one) && one.what == What::Added)),
        ] {
            prop_assert_eq!(value(name.to_owned()).to_bits(), (expected + 0.0).to_bits(), "{}", name);
        }
    }
}

#[test]
fn what_is_no_longer_remembered_one_by_one_lives_on_in_the_sums() {
    let order = |offset: u64, ago_ms: i64| {
        let pieces = vec![1; 4];
        Told { what: What::Ordered, ago_ms, worth: 1, currency: "EUR", pieces }.recorded(offset)
    };
    let oldest_first: Vec<Recorded> =
        (1_u64..).zip((0..200).rev()).map(|(offset, day)| order(offset, day * DAY_MS)).collect();
    let state = state(&oldest_first);
    assert_eq!((state.n_orders(), state.orders().len(), state.lines().len()), (200, 96, 384));
    assert_eq!(state.last_order_at(), Some(Timestamp::from_millis(NOW_MS)));
    let vector = vector(&state, Timestamp::from_millis(NOW_MS));
    for (name, expected) in
        [("orders_all", 200.0), ("tenure_days", 199.0), ("known_days", 199.0), ("recency_days", 0.0)]
    {
        assert_eq!(vector[place(name)].to_bits(), f64::to_bits(expected), "{name}");
    }
}

#[test]
fn no_window_ends_where_what_is_remembered_one_by_one_does() {
    let told = |what, ago_ms, currency| {
        move |offset: u64| Told { what, ago_ms, worth: 10, currency, pieces: vec![2] }.recorded(offset)
    };
    let mut all: Vec<Recorded> = Vec::new();
    for n in 0..200 {
        let minutes = 60_000 * n;
        let offset = 5 * u64::try_from(n).unwrap();
        all.push(told(What::Ordered, minutes, "EUR")(offset + 1));
        all.push(told(What::Ordered, 45 * DAY_MS + minutes, "EUR")(offset + 2));
        all.push(told(What::Ordered, 45 * DAY_MS + minutes, "JPY")(offset + 3));
        all.push(told(What::Refunded, 200 * DAY_MS + minutes, "EUR")(offset + 4));
        all.push(told(What::Added, minutes, "EUR")(offset + 5));
    }
    let state = state(&all);
    let vector = vector(&state, Timestamp::from_millis(NOW_MS));
    for (name, expected) in [
        ("orders_1d", 200.0),
        ("revenue_1d", 2_000.0),
        ("units_1d", 400.0),
        ("events_1d", 400.0),
        ("orders_30d", 200.0),
        ("orders_90d", 600.0),
        ("revenue_90d", 4_000.0),
        ("orders_365d", 600.0),
        ("revenue_365d", 2_000.0),
        ("units_365d", 1_200.0),
        ("events_365d", 1_000.0),
        ("orders_trend_30d", -200.0),
        ("revenue_trend_30d", 0.0),
        ("orders_all", 600.0),
        ("carts_7d", 200.0),
        ("views_7d", 200.0),
    ] {
        let value = vector[place(name)];
        assert_eq!((value + 0.0).to_bits(), f64::to_bits(expected), "{name}: {value}");
    }
    let spent = ["EUR", "JPY"].map(|currency| state.spent(primitives::Currency::parse(currency).unwrap()));
    assert_eq!(spent, [200_000, 2_000], "400 orders of 10 EUR less 200 refunds, and 200 orders of 10 JPY");
    let mut backwards = all.clone();
    backwards.reverse();
    assert_eq!(super::state(&backwards), state, "whatever the order");
    let (mut one, other) = (super::state(&all[..333]), super::state(&all[333..]));
    one.merge(other);
    assert_eq!(one, state, "and whoever turns out to be one person");
}

#[test]
fn the_last_order_is_no_refund() {
    let one = |what, ago_ms| Told { what, ago_ms, worth: 7, currency: "EUR", pieces: Vec::new() };
    let told = [one(What::Ordered, 9 * DAY_MS), one(What::Refunded, DAY_MS), one(What::Viewed, 0)];
    let state = state(&(1..).zip(&told).map(|(offset, one)| one.recorded(offset)).collect::<Vec<_>>());
    assert_eq!(state.last_order_at(), Some(Timestamp::from_millis(NOW_MS - 9 * DAY_MS)));
    assert_eq!((state.n_orders(), state.orders().len()), (1, 2));
    let views: Vec<_> = state.views().iter().map(|view| (view.at.as_millis(), view.is_cart)).collect();
    assert_eq!(views, [(NOW_MS, false)]);
    let vector = vector(&state, Timestamp::from_millis(NOW_MS));
    assert_eq!(vector[place("order_value_last")].to_bits(), 7.0_f64.to_bits());
}

proptest! {
    #[test]
    fn what_orders_come_to_is_told_by_the_company_alone(
        told in prop::collection::vec((0..400_i64, 0..1_000_i64, any::<bool>()), 0..8),
        claimed in prop::collection::vec((0..400_i64, prop_oneof![Just(0_i64), 1..1_000_i64, Just(10_000_000_000)]), 0..8),
    ) {
        let order = |at: usize, days: i64, worth: i64, currency: &'static str| {
            let order = Told { what: What::Ordered, ago_ms: days * DAY_MS, worth, currency, pieces: vec![1] };
            order.recorded(at as u64 + 1)
        };
        let mut all: Vec<Recorded> = Vec::new();
        for (days, worth, is_yen) in &told {
            all.push(order(all.len(), *days, *worth, if *is_yen { "JPY" } else { "EUR" }));
        }
        let euro = primitives::Currency::parse("EUR").unwrap();
        let read = |all: &[Recorded]| {
            let mut sorted = all.to_vec();
            sorted.sort_by_key(|one| one.event.occurred_at);
            super::state(&sorted).order_value_told(Timestamp::from_millis(NOW_MS), Some(euro))
        };
        let counted: Vec<f64> =
            told.iter().filter(|one| one.0 < 365 && !one.2).map(|one| one.1 as f64).collect();
        let expected = (!counted.is_empty()).then(|| counted.iter().sum::<f64>() / counted.len() as f64);
        let found = read(&all);
        prop_assert_eq!(found.is_some(), expected.is_some());
        prop_assert!((found.unwrap_or_default() - expected.unwrap_or_default()).abs() < 1e-9, "{:?} {:?}", found, expected);
        for (days, worth) in &claimed {
            let mut one = order(all.len(), *days, *worth, "EUR");
            one.event.origin = events::Origin::Client;
            all.push(one);
        }
        prop_assert_eq!(read(&all), found);
    }
}
