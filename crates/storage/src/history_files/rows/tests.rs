//! Is an event that went through columns the very event?

use super::super::SealedRow;
use super::super::parts::Part;
use super::super::read::RoundRows;
use super::super::write;
use crate::StorageError;
use events::{Call, Event, Fields, Object, Offset, Origin, Places, Reading};
use primitives::{ItemId, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

fn held() -> impl Strategy<Value = Fields> {
    let value = prop_oneof![
        ".{0,9}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!([{"product_id": "a", "price": 2.5, "quantity": 3}, {"sku": "b"}])),
    ];
    vec(("[a-z\"]{1,3}|products|revenue|currency", value), 0..4)
        .prop_map(|fields| fields.into_iter().collect::<Object>().into())
}

fn call() -> impl Strategy<Value = Call> {
    let name =
        || prop_oneof![Just("Order Completed".to_owned()), Just("track".to_owned()), Just(String::new()), ".{0,9}"];
    let view = || (option::of(name()), option::of(name()), held());
    let places = || vec((0..9_u64, 9..12_u64).prop_map(|(first, last)| Places(Offset(first), Offset(last))), 0..3);
    prop_oneof![
        held().prop_map(|traits| Call::Identify { traits }),
        (name(), held()).prop_map(|(event, properties)| Call::Track { event, properties }),
        view().prop_map(|(name, category, properties)| Call::Page { name, category, properties }),
        view().prop_map(|(name, category, properties)| Call::Screen { name, category, properties }),
        (name(), held()).prop_map(|(group_id, traits)| Call::Group { group_id, traits }),
        name().prop_map(|previous_id| Call::Alias { previous_id }),
        (name(), held()).prop_map(|(id, traits)| Call::Item { item_id: ItemId::from(id), traits }),
        (places(), places(), name()).prop_map(|(withdrawn, restored, reason)| Call::Correction {
            withdrawn,
            restored,
            reason
        }),
        ([name(), name()], name()).prop_map(|(names, reason)| Call::Separate { names, reason }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let at = || any::<i64>().prop_map(Timestamp::from_millis);
    let names = (".{0,9}", option::of(".{0,9}"), option::of(".{0,9}"));
    (at(), at(), option::of(at()), names, call(), held(), prop::sample::select(&Origin::ALL[..])).prop_map(
        |(occurred_at, received_at, stated_at, (message_id, user_id, device), call, context, origin)| Event {
            message_id: message_id.into(),
            user_id: user_id.map(Into::into),
            anonymous_id: device.map(Into::into),
            occurred_at,
            received_at,
            stated_at,
            call,
            context,
            origin,
            reading: Reading::default(),
        },
    )
}

/// What comes out of a file into which these events went.
fn through_a_file(events: &[Event]) -> Vec<(u64, Event)> {
    let temp = tempfile::tempdir().unwrap();
    let row = |(offset, event): (u64, &Event)| SealedRow { offset, received_at: 0, record: event.to_record() };
    let rows: Vec<SealedRow> = (1..).zip(events).map(row).collect();
    let written = write::rows(&temp.path().join("date=2026-11-22"), &rows).unwrap();
    let (first, last) = (1, events.len() as u64);
    let part = Part { first, last, digest: Some(written.digest), date: String::new(), path: written.temp, bytes: 0 };
    let mut seen = Vec::new();
    let read = RoundRows::read(&[part], 0).unwrap();
    read.visit(&mut |offset, open| {
        seen.push((offset, open().unwrap()));
        Ok::<_, StorageError>(())
    })
    .unwrap();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_event_comes_out_of_its_columns_as_it_went_in(events in vec(event(), 1..20)) {
        let seen = through_a_file(&events);
        prop_assert!(seen.iter().map(|(offset, _)| *offset).eq(1..=events.len() as u64));
        for ((_, seen), event) in seen.iter().zip(&events) {
            prop_assert_eq!(seen, event);
            prop_assert_eq!(seen.packed_reading(), event.packed_reading());
            prop_assert_eq!(seen.to_record(), event.to_record(), "to the byte");
        }
    }
}
