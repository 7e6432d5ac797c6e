//! Does the state machine keep its laws? Order does not matter, merging equals adding, and the future stays unseen.

use events::{Call, Event, Offset, Recorded};
use features::{FeatureState, Trace, catalogue};
use primitives::Timestamp;
use profiles::CustomerState;
use proptest::prelude::*;
use serde_json::json;

/// An order of one day (hours since the epoch), received `delay_hours` later.
fn order(offset: u64, hour: i64, delay_hours: i64, items: &[u8], amount: f64) -> Recorded {
    let products: Vec<_> = items
        .iter()
        .map(|item| json!({"product_id": format!("item-{item}"), "category": format!("cat-{}", item % 3), "price": amount}))
        .collect();
    let properties = [("revenue", json!(amount)), ("currency", json!("EUR")), ("products", json!(products))];
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
    let event = Event {
        message_id: format!("m{offset}").into(),
        user_id: Some("ann".into()),
        anonymous_id: None,
        occurred_at: at(hour),
        received_at: at(hour + delay_hours),
        stated_at: None,
        call: Call::Track {
            event: "Order Completed".into(),
            properties: properties.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        },
        context: events::Fields::new(),
        origin: events::Origin::Server,
    };
    Recorded { offset: Offset(offset), event }
}

fn state(events: &[Recorded]) -> FeatureState {
    let mut state = FeatureState::default();
    events.iter().for_each(|event| state.apply(event));
    state
}

/// Bits, since a feature that is not known is NaN.
fn bits(state: &FeatureState, as_of: Timestamp) -> Vec<u64> {
    state.vector(as_of).values.iter().map(|value| value.to_bits()).collect()
}

fn events() -> impl Strategy<Value = Vec<Recorded>> {
    let one = (0_i64..4_000, 0_i64..200, proptest::collection::vec(any::<u8>(), 0..4), 0.0_f64..500.0);
    proptest::collection::vec(one, 1..150).prop_map(|all| {
        let numbered = (1_u64..).zip(all);
        numbered.map(|(offset, (hour, delay, items, amount))| order(offset, hour, delay, &items, amount)).collect()
    })
}

const END: Timestamp = Timestamp::from_millis(5_000 * 3_600_000);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_arrival_does_not_matter(events in events(), seed: u64) {
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|e| (e.offset.0.wrapping_mul(seed | 1), e.offset));
        prop_assert_eq!(state(&events), state(&shuffled));
        prop_assert_eq!(bits(&state(&events), END), bits(&state(&shuffled), END));
    }

    #[test]
    fn merging_two_customers_equals_one_customer_with_all_events(events in events(), cut in 0_usize..150) {
        let (left, right) = events.split_at(cut.min(events.len()));
        let (mut merged, mut other_way) = (state(left), state(right));
        merged.merge(state(right));
        other_way.merge(state(left));
        prop_assert_eq!(&merged, &other_way);
        prop_assert_eq!(merged, state(&events));
    }

    #[test]
    fn as_of_never_sees_later_events(events in events(), as_of_hour in 0_i64..4_200) {
        let as_of = Timestamp::from_millis(as_of_hour * 3_600_000);
        let trace = |events: &[Recorded]| {
            let mut trace = Trace::default();
            events.iter().for_each(|event| trace.apply(event));
            trace
        };
        let known: Vec<Recorded> = events.iter().filter(|e| e.event.received_at <= as_of).cloned().collect();
        prop_assert_eq!(bits(&trace(&events).state_at(as_of), as_of), bits(&trace(&known).state_at(as_of), as_of));
    }

    #[test]
    fn the_live_vector_equals_the_replayed_one(events in events()) {
        let mut trace = Trace::default();
        events.iter().for_each(|event| trace.apply(event));
        prop_assert_eq!(bits(&state(&events), END), bits(&trace.state_at(END), END));
    }

    #[test]
    fn a_stored_state_opens_to_the_same_bits(events in events()) {
        let stored = postcard::to_stdvec(&state(&events)).unwrap();
        let opened: FeatureState = postcard::from_bytes(&stored).unwrap();
        prop_assert_eq!(opened, state(&events));
    }
}

#[test]
fn features_can_be_checked_by_hand() {
    // Orders at days 0, 10 and 40 (Thursday, Sunday, Tuesday at midnight), read at day 50.
    let orders = [order(1, 0, 0, &[0, 1], 10.0), order(2, 240, 0, &[0], 20.0), order(3, 960, 0, &[3], 30.0)];
    let vector = state(&orders).vector(Timestamp::from_millis(50 * 86_400_000));
    let value = |name: &str| vector.values[catalogue::index_of(name).unwrap_or_else(|| panic!("{name}"))];
    for (name, expected) in [
        ("recency_days", 10.0),
        ("tenure_days", 50.0),
        ("gap_mean_days", 20.0),
        ("gap_max_days", 30.0),
        ("lateness_ratio", 0.5),
        ("orders_30d", 1.0),
        ("orders_90d", 3.0),
        ("revenue_90d", 60.0),
        ("revenue_7d", 0.0),
        ("orders_trend_30d", -1.0),
        ("order_value_last", 30.0),
        ("n_items", 3.0),
        ("repeat_share", 0.25),
        ("weekend_share", 1.0 / 3.0),
        ("night_share", 1.0),
    ] {
        assert!((value(name) - expected).abs() < 1e-12, "{name}: {} instead of {expected}", value(name));
    }
}

#[test]
fn a_customer_without_orders_has_unknown_features_and_not_zero_recency() {
    let vector = FeatureState::default().vector(END);
    assert!(vector.values[catalogue::index_of("recency_days").unwrap()].is_nan());
    assert!(vector.values[catalogue::index_of("orders_30d").unwrap()].abs() < f64::EPSILON);
}

#[test]
fn names_are_unique_and_the_schema_hash_is_theirs() {
    let mut names: Vec<_> = catalogue::definitions().iter().map(|d| d.name.clone()).collect();
    let n_features = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), n_features);
    assert_eq!(catalogue::schema_hash().len(), 16);
}
