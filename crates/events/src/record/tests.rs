//! Does every event come out of its record as it went in, and is damage found?

use super::*;
use crate::{Object, Offset, Places};
use primitives::ItemId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn held() -> impl Strategy<Value = Fields> {
    let value = prop_oneof![".{0,9}".prop_map(serde_json::Value::from), any::<i64>().prop_map(serde_json::Value::from)];
    vec(("[a-z\"]{1,3}", value), 0..4).prop_map(|fields| fields.into_iter().collect::<Object>().into())
}

fn places() -> impl Strategy<Value = Vec<Places>> {
    vec((any::<u64>(), any::<u64>()).prop_map(|(first, last)| Places(Offset(first), Offset(last))), 0..3)
}

fn call() -> impl Strategy<Value = Call> {
    let name = || ".{0,140}".prop_map(String::from);
    let view = || (option::of(name()), option::of(name()), held());
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
    let at = || any::<i64>().prop_map(primitives::Timestamp::from_millis);
    let times = (at(), at(), option::of(at()));
    let names = (".{0,20}", option::of(".{0,20}"), option::of(".{0,20}"));
    (times, names, call(), held(), prop::sample::select(&Origin::ALL[..])).prop_map(
        |((occurred_at, received_at, stated_at), (message_id, user_id, device), call, context, origin)| Event {
            message_id: message_id.into(),
            user_id: user_id.map(UserId::from),
            anonymous_id: device.map(AnonymousId::from),
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

proptest! {
    #[test]
    fn a_record_opens_as_the_very_event(event in event()) {
        let record = event.to_record();
        let opened = Event::from_record(&record).unwrap();
        prop_assert_eq!(&opened, &event);
        prop_assert_eq!(opened.to_record(), record, "and is written again to the byte, unopened");
        prop_assert_eq!(Call::of_parts(event.call.parts()).unwrap(), event.call);
    }

    #[test]
    fn a_record_that_was_cut_or_changed_is_not_opened(event in event(), place in any::<prop::sample::Index>(), bit in 0..8) {
        let mut record = event.to_record();
        let place = place.index(record.len());
        prop_assert!(Event::from_record(&record[..place]).is_err());
        record[place] ^= 1_u8 << bit;
        prop_assert!(Event::from_record(&record).is_err());
    }
}

#[test]
fn what_must_have_a_name_is_no_call_without_one() {
    for kind in [CallKind::Track, CallKind::Group, CallKind::Alias, CallKind::Item] {
        let parts = CallParts { kind, name: None, category: None, fields: Cow::Borrowed("") };
        assert_eq!(Call::of_parts(parts), Err(Damage::Nameless), "{kind}");
    }
    let parts = CallParts { kind: CallKind::Correction, name: None, category: None, fields: Cow::Borrowed("{}") };
    assert_eq!(Call::of_parts(parts), Err(Damage::Places));
}
