//! Does the state machine keep its laws? Order does not matter, merging equals adding, and the future stays unseen.

#![expect(clippy::panic, reason = "a helper of tests fails the test")]

mod channels;
mod contacts;
mod table;
mod training;
mod windows;

use events::{Call, Event, Offset, Recorded};
use features::{Catalogue, Cells, FeatureState, Trace, TraceReads};
use primitives::Timestamp;
use profiles::CustomerState;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What ann did.
fn track(offset: u64, occurred_at: Timestamp, received_at: Timestamp, name: &str, properties: Value) -> Recorded {
    let Value::Object(properties) = properties else { panic!("properties are an object") };
    let event = Event {
        message_id: format!("m{offset}").into(),
        user_id: Some("ann".into()),
        anonymous_id: None,
        occurred_at,
        received_at,
        stated_at: None,
        call: Call::Track { event: name.to_owned(), properties: properties.into() },
        context: events::Fields::new(),
        origin: events::Origin::Server,
        reading: events::Reading::default(),
    };
    Recorded { offset: Offset(offset), event }
}

/// An order of one day (hours since the epoch), received `delay_hours` later.
fn order(offset: u64, hour: i64, delay_hours: i64, items: &[u8], amount: f64) -> Recorded {
    let product = |item: &u8| json!({"product_id": format!("item-{item}"), "category": format!("cat-{}", item % 3), "price": amount});
    let products: Vec<_> = items.iter().map(product).collect();
    let properties = json!({"revenue": amount, "currency": "EUR", "products": products});
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
    track(offset, at(hour), at(hour + delay_hours), "Order Completed", properties)
}

fn state(events: &[Recorded]) -> FeatureState {
    let mut state = FeatureState::default();
    events.iter().for_each(|event| state.apply(event, &Cells::default()));
    state
}

fn trace(events: &[Recorded]) -> Trace {
    let mut trace = Trace::default();
    events.iter().for_each(|event| trace.apply(event, &TraceReads::default()));
    trace
}

/// Every built-in feature at a moment.
fn vector(state: &FeatureState, as_of: Timestamp) -> Vec<f64> {
    let mut values = Vec::new();
    Catalogue::built_in().all().read(state, as_of, &mut values);
    values
}

/// Where a feature stands in it.
fn place(name: &str) -> usize {
    let catalogue = Catalogue::built_in();
    let found = catalogue.definitions().iter().position(|definition| definition.name == name);
    found.unwrap_or_else(|| panic!("there is no feature {name}"))
}

/// Bits, since a feature that is not known is NaN.
fn bits(state: &FeatureState, as_of: Timestamp) -> Vec<u64> {
    vector(state, as_of).iter().map(|value| value.to_bits()).collect()
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
        let known: Vec<Recorded> = events.iter().filter(|e| e.event.received_at <= as_of).cloned().collect();
        prop_assert_eq!(bits(&trace(&events).state_at(as_of), as_of), bits(&trace(&known).state_at(as_of), as_of));
    }

    #[test]
    fn the_live_vector_equals_the_replayed_one(events in events()) {
        prop_assert_eq!(bits(&state(&events), END), bits(&trace(&events).state_at(END), END));
    }

    #[test]
    fn a_stored_state_opens_to_the_same_bits(events in events()) {
        let stored = postcard::to_stdvec(&state(&events)).unwrap();
        let opened: FeatureState = postcard::from_bytes(&stored).unwrap();
        prop_assert_eq!(opened, state(&events));
    }
}
