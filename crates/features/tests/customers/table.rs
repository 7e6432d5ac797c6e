//! Which values have the features of customers small enough to be checked by hand?

use super::{END, order, place, state, track, vector};
use events::{Call, Recorded};
use features::{Catalogue, Definition, FeatureError, FeatureId, FeatureState};
use primitives::Timestamp;
use serde_json::json;
use std::sync::Arc;

const DAY_HOURS: i64 = 24;

/// A feature as of an hour since the epoch.
fn value(orders: &[Recorded], hour: i64, name: &str) -> f64 {
    let vector = vector(&state(orders), Timestamp::from_millis(hour * 3_600_000));
    vector[place(name)]
}

fn check(orders: &[Recorded], hour: i64, expected: &[(&str, f64)]) {
    for (name, expected) in expected {
        let found = value(orders, hour, name);
        assert!((found - expected).abs() < 1e-9, "{name}: {found} instead of {expected}");
    }
}

#[test]
fn how_often_and_how_much() {
    // Orders at days 0, 10 and 40 (Thursday, Sunday, Tuesday at midnight), read at day 50.
    let orders = [
        order(1, 0, 0, &[0, 1], 10.0),
        order(2, 10 * DAY_HOURS, 0, &[0], 20.0),
        order(3, 40 * DAY_HOURS, 0, &[3], 36.0),
    ];
    check(
        &orders,
        50 * DAY_HOURS,
        &[
            ("recency_days", 10.0),
            ("tenure_days", 50.0),
            ("known_days", 50.0),
            ("last_seen_days", 10.0),
            ("gap_mean_days", 20.0),
            ("gap_sd_days", 200.0_f64.sqrt()),
            ("gap_max_days", 30.0),
            ("gap_last_ratio", 1.5),
            ("lateness_ratio", 0.5),
            ("recency_tenure_ratio", 0.2),
            ("orders_30d", 1.0),
            ("orders_90d", 3.0),
            ("orders_all", 3.0),
            ("orders_per_30d", 1.8),
            ("orders_trend_30d", -1.0),
            ("revenue_7d", 0.0),
            ("revenue_90d", 66.0),
            ("revenue_trend_30d", 6.0),
            ("order_value_mean", 22.0),
            ("order_value_last", 36.0),
            ("lines_mean", 4.0 / 3.0),
            ("n_items", 3.0),
            ("repeat_share", 0.25),
            ("weekend_share", 1.0 / 3.0),
            ("weekday_top_share", 1.0 / 3.0),
            ("night_share", 1.0),
            ("evening_share", 0.0),
        ],
    );
}

#[test]
fn pauses_vary_around_their_mean() {
    let days = (1..).zip([0, 10, 30, 60]);
    let orders: Vec<Recorded> = days.map(|(offset, day)| order(offset, day * DAY_HOURS, 0, &[0], 1.0)).collect();
    check(&orders, 60 * DAY_HOURS, &[("gap_mean_days", 20.0), ("gap_sd_days", 10.0), ("gap_max_days", 30.0)]);
}

#[test]
fn what_they_like_fades_by_half_in_thirty_days() {
    let orders = [order(1, 0, 0, &[1, 2], 1.0), order(2, 30 * DAY_HOURS, 0, &[3], 1.0)];
    let now = 30 * DAY_HOURS;
    check(&orders, now, &[("n_categories", 3.0), ("category_top_share", 0.5), ("item_top_share", 0.5)]);
    check(&orders, now, &[("category_entropy", 1.5), ("repeat_share", 0.0)]);
    let one_category = [order(1, 0, 0, &[0], 1.0), order(2, 30 * DAY_HOURS, 0, &[3], 1.0)];
    let shares = [("n_categories", 1.0), ("category_top_share", 1.0), ("item_top_share", 2.0 / 3.0)];
    check(&one_category, now, &shares);
    check(&one_category, now, &[("category_entropy", 0.0)]);
    for (day, is_known) in [(1_560, true), (1_561, false)] {
        let long_ago = [order(1, 0, 0, &[0], 1.0)];
        for name in ["category_entropy", "category_top_share", "item_top_share"] {
            assert_eq!(!value(&long_ago, day * DAY_HOURS, name).is_nan(), is_known, "{name} after {day} days");
        }
    }
    let two_lives = [order(1, 0, 0, &[1], 1.0), order(2, 40_000 * DAY_HOURS, 0, &[0], 1.0)];
    check(&two_lives, 40_000 * DAY_HOURS, &[("category_entropy", 0.0), ("n_categories", 2.0), ("item_top_share", 1.0)]);
    let uncategorised = track(1, END, END, "Order Completed", json!({"products": [{"product_id": "tea"}]}));
    check(std::slice::from_ref(&uncategorised), 5_000, &[("n_items", 1.0), ("n_categories", 0.0)]);
    assert!(value(&[uncategorised], 5_000, "category_entropy").is_nan());
}

#[test]
fn the_day_has_a_night_and_an_evening_and_the_week_an_end() {
    for (hour, night, evening) in
        [(0, 1.0, 0.0), (5, 1.0, 0.0), (6, 0.0, 0.0), (17, 0.0, 0.0), (18, 0.0, 1.0), (23, 0.0, 1.0)]
    {
        let orders = [order(1, hour, 0, &[0], 1.0)];
        check(&orders, 5_000, &[("night_share", night), ("evening_share", evening)]);
    }
    // Day 0 was a Thursday.
    for (day, weekend) in [(0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0), (4, 0.0)] {
        check(&[order(1, day * DAY_HOURS + 23, 0, &[0], 1.0)], 5_000, &[("weekend_share", weekend)]);
    }
    let week: Vec<Recorded> =
        [0, 1, 7, 14].iter().map(|day| order(1 + *day as u64, day * DAY_HOURS, 0, &[0], 1.0)).collect();
    check(&week, 5_000, &[("weekday_top_share", 0.75)]);
}

#[test]
fn a_rate_needs_a_week_and_a_pause_counts_as_a_day_at_least() {
    let today = [order(1, 0, 0, &[0], 1.0), order(2, 6, 0, &[0], 1.0)];
    check(&today, DAY_HOURS, &[("orders_per_30d", 60.0 / 7.0), ("gap_mean_days", 0.25), ("lateness_ratio", 0.75)]);
    check(&today, 20 * DAY_HOURS, &[("orders_per_30d", 3.0)]);
}

#[test]
fn what_cannot_be_known_is_not_a_number() {
    let none = vector(&FeatureState::default(), END);
    let one = vector(&state(&[order(1, 0, 0, &[], 1.0)]), END);
    let two_at_once = vector(&state(&[order(1, 0, 0, &[], 1.0), order(2, 0, 0, &[], 1.0)]), Timestamp::from_millis(0));
    let is_known = |vector: &Vec<f64>, name: &str| !vector[place(name)].is_nan();
    for (name, known) in [
        ("recency_days", [false, true, true]),
        ("known_days", [false, true, true]),
        ("gap_mean_days", [false, false, true]),
        ("gap_sd_days", [false, false, false]),
        ("gap_max_days", [false, false, true]),
        ("gap_last_ratio", [false, false, false]),
        ("recency_tenure_ratio", [false, true, false]),
        ("order_value_mean", [false, true, true]),
        ("order_value_last", [false, true, true]),
        ("item_top_share", [false, false, false]),
        ("repeat_share", [false, false, false]),
        ("weekend_share", [false, true, true]),
        ("orders_30d", [true, true, true]),
        ("revenue_365d", [true, true, true]),
    ] {
        assert_eq!([&none, &one, &two_at_once].map(|vector| is_known(vector, name)), known, "{name}");
    }
}

#[test]
fn only_what_a_customer_does_is_a_signal() {
    let mut told = order(1, 0, 0, &[0], 1.0);
    for call in [
        Call::Identify { traits: events::Fields::new() },
        Call::Group { group_id: "g".into(), traits: events::Fields::new() },
        Call::Alias { previous_id: "bob".into() },
        Call::Item { item_id: "tea".into(), traits: events::Fields::new() },
    ] {
        told.event.call = call;
        assert_eq!(state(std::slice::from_ref(&told)), FeatureState::default(), "{:?}", told.event.call);
    }
}

#[test]
fn names_are_unique_and_built_in_features_are_of_their_first_version_but_those_that_are_computed_otherwise() {
    let catalogue = Catalogue::built_in();
    let mut ids = catalogue.all().ids();
    let is_later = |definition: &&Arc<Definition>| definition.id != FeatureId::first(&definition.name);
    let later: Vec<String> = catalogue.definitions().iter().filter(is_later).map(|one| one.id.to_string()).collect();
    assert_eq!(later, ["subscription_amount_30d@2", "renewal_days@2"]);
    let n_features = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n_features);
}

#[test]
fn a_feature_says_what_it_means_and_where_it_belongs() {
    let catalogue = Catalogue::built_in();
    for (heading, feature) in [
        ("Recency", "gap_max_days"),
        ("Frequency", "orders_30d"),
        ("Money", "revenue_1d"),
        ("Trend", "orders_trend_30d"),
        ("Affinity", "n_items"),
        ("Habit", "night_share"),
    ] {
        assert_eq!(catalogue.get(feature).unwrap().group, heading);
    }
    for (feature, said) in [
        ("orders_1d", "orders_1d (orders): Orders in the last day"),
        ("revenue_30d", "revenue_30d (currency): Money spent in the last 30 days"),
    ] {
        assert_eq!(format!("{:?}", catalogue.get(feature).unwrap()), said);
    }
}

#[test]
fn a_feature_says_how_exact_it_is() {
    let catalogue = Catalogue::built_in();
    let limit = |name: &str| {
        let feature = catalogue.get(name).unwrap();
        feature.limit.clone().unwrap_or_default()
    };
    for (name, expected) in [
        ("visible_seconds_7d", "to half the hour at its beginning"),
        ("emails_delivered_30d", "to half the day at its beginning"),
        ("decision_click_share_90d", "to half the day at its beginning"),
        ("session_stage", "of the newest 48 steps of the last 12 hours"),
        ("tickets_open", "of the 64 tickets that were told of last"),
        ("subscriptions_active", "of the 64 subscriptions that were told of last"),
        ("usage_change_ratio", "of the metric told most often, of 4; to the day"),
        ("contact_days", ""),
    ] {
        assert_eq!(limit(name), expected, "{name}");
    }
}

#[test]
fn a_model_reads_the_features_it_names_and_no_others() {
    let catalogue = Catalogue::built_in();
    let names = ["orders_all", "night_share", "recency_days", "revenue_30d", "category_entropy"];
    let wanted: Vec<FeatureId> = names.iter().map(|name| FeatureId::first(name)).collect();
    let inputs = catalogue.inputs(&wanted).unwrap();
    assert_eq!((inputs.ids(), inputs.len(), inputs.is_empty()), (wanted, 5, false));
    let state = state(&[order(1, 0, 700, &[0, 1], 3.0), order(2, 30, 500, &[1], 1.0)]);
    let (mut read, all) = (vec![9.0; 3], vector(&state, END));
    catalogue.read(&state, END, &inputs, &mut read);
    let expected: Vec<u64> = names.iter().map(|name| all[place(name)].to_bits()).collect();
    assert_eq!(read.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), expected);
    catalogue.all().read(&state, END, &mut read);
    assert_eq!(read.len(), catalogue.definitions().len());
}

#[test]
fn a_feature_that_is_not_computed_is_named_with_what_is() {
    let catalogue = Catalogue::built_in();
    let id = |name: &str, version| FeatureId { name: name.into(), version };
    let error = catalogue.inputs(&[id("orders_30d", 1), id("recency_days", 2), id("mood", 1)]).unwrap_err();
    assert_eq!(error, FeatureError::Missing { missing: vec![(id("recency_days", 2), Some(1)), (id("mood", 1), None)] });
    assert_eq!(
        error.to_string(),
        "features are not computed here: recency_days@2 (computed is version 1), mood@1 (one of your own must \
         be declared under [[features]])"
    );
    let one = catalogue.inputs(&[id("mood", 1)]).unwrap_err().to_string();
    assert!(one.starts_with("a feature is not computed here: mood@1 (one of your own"), "{one}");
    assert_eq!(catalogue.get("mood").map(|definition| definition.name.clone()), None);
}
