//! What does training see of the past: which rows, which outcomes?

use super::{END, bits, order, state, trace, track};
use events::{Filter, Pointer, Recorded, Take};
use features::{Catalogue, Trace, TraceReads, Watch};
use primitives::{ItemId, ItemKey, Timestamp};
use profiles::{CustomerState, MemoryProfileStore, Profiles};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_millis(hour * 3_600_000)
}

fn item(n: u8) -> ItemKey {
    ItemKey::from(&ItemId::from(format!("item-{n}")))
}

/// Where the event of a key stands among others.
fn n_of(key: events::EventKey, among: &[Recorded]) -> u64 {
    among.iter().find(|recorded| recorded.event.key() == key).map_or(0, |found| found.offset.0)
}

/// Orders at hours 0, 10 and 20; the second was heard of at hour 30.
fn orders() -> [Recorded; 3] {
    [order(1, 0, 0, &[0, 1], 1.0), order(2, 10, 20, &[2, 1, 2], 2.0), order(3, 20, 0, &[3], 3.0)]
}

#[test]
fn an_outcome_lies_after_its_moment_and_up_to_its_end() {
    let mut refund = order(4, 15, 0, &[], 1.0);
    if let events::Call::Track { event, .. } = &mut refund.event.call {
        event.replace_range(.., "Order Refunded");
    }
    let trace = trace(&[&orders()[..], &[refund]].concat());
    assert_eq!(trace.refunds_known(hour(99)).map(|(_, refund)| refund.minor).collect::<Vec<_>>(), [-100]);
    assert_eq!(trace.refunds_known(hour(14)).count(), 0);
    for (after, until, offsets, items) in [
        (-1, 99, &[1, 2, 3][..], &[0, 1, 2, 3][..]),
        (0, 20, &[2, 3], &[1, 2, 3]),
        (0, 19, &[2], &[1, 2]),
        (10, 20, &[3], &[3]),
        (9, 10, &[2], &[1, 2]),
        (20, 99, &[], &[]),
    ] {
        let found: Vec<u64> =
            trace.orders_between(hour(after), hour(until)).map(|order| n_of(order.key, &orders())).collect();
        assert_eq!(found, offsets, "{after} to {until}");
        let mut expected: Vec<ItemKey> = items.iter().copied().map(item).collect();
        expected.sort_unstable();
        assert_eq!(trace.items_between(hour(after), hour(until)), expected, "{after} to {until}");
    }
}

#[test]
fn what_was_bought_counts_from_when_it_was_heard_of() {
    let trace = trace(&orders());
    for (as_of, n_lines, n_orders) in [(-1, 0, 0), (0, 2, 1), (19, 2, 1), (20, 3, 2), (29, 3, 2), (30, 6, 3)] {
        let n_known = (trace.lines_until(hour(as_of)).count(), trace.state_at(hour(as_of)).n_orders());
        assert_eq!(n_known, (n_lines, n_orders), "{as_of}");
    }
    assert_eq!(trace.span(), Some((hour(0), hour(20))));
    assert_eq!(Trace::default().span(), None);
}

#[test]
fn where_the_company_told_something_the_write_keys_word_on_that_matter_is_not_believed() {
    let of_key = |mut recorded: Recorded| {
        recorded.event.origin = events::Origin::Client;
        recorded
    };
    let ticket = |offset: u64| {
        let said = json!({"ticket_id": format!("t{offset}")});
        track(offset, hour(1), hour(i64::try_from(offset).unwrap()), "Ticket Created", said)
    };
    let shown = track(4, hour(1), hour(1), "Decision Shown", json!({"decision_id": "d"}));
    let watched = ["Ticket Created", "Decision Shown"];
    let watches = watched.map(|name| Watch { filter: Filter::named(name), take: None, is_message: false });
    let reads = TraceReads::new(watches.to_vec());
    let believed = |told: &[Recorded], as_of| -> Vec<usize> {
        let mut trace = Trace::default();
        told.iter().for_each(|one| trace.apply(one, &reads));
        trace.believed(watched.len(), hour(as_of)).iter().map(Vec::len).collect()
    };
    let claimed = [of_key(ticket(1)), of_key(ticket(2)), of_key(shown)];
    assert_eq!(believed(&claimed, 99), [2, 1], "nobody else tells of it");
    let told = [&claimed[..], &[ticket(5)]].concat();
    assert_eq!(believed(&told, 99), [1, 1], "what customers do themselves is told by their devices");
    assert_eq!(believed(&told, 4), [2, 1], "as it was known then");
    assert_eq!(believed(&told, 1), [1, 1]);
}

#[test]
fn what_is_watched_for_is_remembered_with_its_value_and_its_times() {
    let changed = |offset, at, late, kind: &str, amount: serde_json::Value| {
        track(offset, hour(at), hour(at + late), "Plan Changed", json!({"kind": kind, "amount": amount}))
    };
    let when = |table: serde_json::Value| Filter::from_table(table.as_object().unwrap()).unwrap();
    let take = |path: &str| Some(Take::from(path.parse::<Pointer>().unwrap()));
    let reads = TraceReads::new(vec![
        Watch { filter: when(json!({"event": "Plan Changed"})), take: take("properties.kind"), is_message: false },
        Watch {
            filter: when(json!({"event": "Plan Changed", "properties.kind": "down"})),
            take: take("properties.amount"),
            is_message: false,
        },
        Watch { filter: Filter::named("Order Completed"), take: None, is_message: false },
        Watch { filter: Filter::named("identify"), take: take("traits.city"), is_message: false },
    ]);
    let mut identified = changed(5, 9, 0, "", json!(null));
    identified.event.call =
        events::Call::Identify { traits: [("city".to_owned(), json!("Oslo"))].into_iter().collect() };
    let of_bob = |mut recorded: Recorded| {
        recorded.event.user_id = Some("bob".into());
        recorded
    };
    let all = [
        changed(1, 1, 0, "down", json!(2.5)),
        of_bob(changed(2, 2, 3, "up", json!("7"))),
        order(3, 3, 0, &[0], 1.0),
        changed(4, 4, 0, "down", json!("much")),
        identified,
    ];
    // Bob turns out to be ann: what was remembered of both stands in the order of the log.
    let mut traces = [Trace::default(), Trace::default()];
    for recorded in &all {
        traces[usize::from(recorded.event.user_id == Some("bob".into()))].apply(recorded, &reads);
    }
    let [mut trace, of_bob] = traces;
    trace.merge(of_bob);
    let found =
        |watch| trace.matches(watch).map(|found| (n_of(found.key, &all), found.number, found.text)).collect::<Vec<_>>();
    assert_eq!(found(0), [(1, None, Some("down")), (2, None, Some("up")), (4, None, Some("down"))]);
    assert_eq!(found(1), [(1, Some(2.5), Some("2.5")), (4, None, Some("much"))]);
    assert_eq!((found(2), found(4)), (vec![(3, None, None)], vec![]));
    assert_eq!(found(3), [(5, None, Some("Oslo"))]);
    let late = trace.matches(0).nth(1).unwrap();
    assert_eq!((late.occurred_at, late.received_at), (hour(2), hour(5)));
    let stored = postcard::to_allocvec(&trace).unwrap();
    assert_eq!(postcard::from_bytes::<Trace>(&stored).unwrap(), trace);
}

#[test]
fn what_was_known_of_each_customer_at_a_moment_is_read_in_the_order_of_time() {
    let mut of_bob = order(4, 5, 0, &[0], 9.0);
    of_bob.event.user_id = Some("bob".into());
    let [first, second, third] = orders();
    let mut profiles = Profiles::<Trace>::open(Arc::new(MemoryProfileStore::default())).unwrap();
    let all = [first.clone(), second, third.clone(), of_bob.clone()];
    all.iter().for_each(|event| drop(profiles.apply(event).unwrap()));
    let mut rows = Vec::new();
    for customer in profiles.into_resident() {
        customer.state.walk(&[hour(20), hour(0)], |as_of, state| {
            if state.n_orders() > 0 {
                rows.push((customer.profile.id.to_string(), as_of, bits(state, as_of)));
            }
        });
    }
    let row = |id: &str, as_of, known: &[Recorded]| (id.to_owned(), hour(as_of), bits(&state(known), hour(as_of)));
    let expected = [
        row("ann", 0, std::slice::from_ref(&first)),
        row("ann", 20, &[first.clone(), third]),
        row("bob", 20, &[of_bob]),
    ];
    assert_eq!(rows, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two traces that are joined are read as one customer's.
    #[test]
    fn joining_traces_equals_one_trace_with_all_events(events in super::events(), is_left in proptest::collection::vec(any::<bool>(), 150)) {
        let side = |left: bool| {
            let ours = events.iter().zip(&is_left).filter(|(_, is_left)| **is_left == left);
            trace(&ours.map(|(event, _)| event.clone()).collect::<Vec<_>>())
        };
        let (mut joined, mut other_way) = (side(true), side(false));
        joined.merge(side(false));
        other_way.merge(side(true));
        prop_assert_eq!(&joined, &other_way);
        prop_assert_eq!(&joined, &trace(&events));
        prop_assert_eq!(bits(&joined.state_at(END), END), bits(&state(&events), END));
    }
}

#[test]
fn who_becomes_known_has_done_nothing_also_where_a_feature_is_declared_of_it() {
    let declared = json!({"name": "known", "meaning": "K", "measure": "count", "when": {"event": "identify"}});
    let catalogue = Catalogue::new(&[serde_json::from_value(declared).unwrap()]).unwrap();
    let reads = TraceReads::default().for_features(&catalogue);
    let [first, _, last] = orders();
    let identified = |offset, at| {
        let mut event = track(offset, hour(at), hour(at), "", json!({}));
        event.event.call = events::Call::Identify { traits: events::Fields::new() };
        event
    };
    let mut trace = Trace::default();
    for event in [identified(4, -100), first, identified(5, 10), last, identified(6, 500)] {
        trace.apply(&event, &reads);
    }
    assert_eq!(trace.seen().collect::<Vec<_>>(), [hour(0), hour(20)]);
    assert_eq!(trace.span(), Some((hour(0), hour(20))));
    let mut values = Vec::new();
    let known = catalogue.get("known").unwrap().id.clone();
    catalogue.inputs(&[known]).unwrap().read(&trace.state_at(hour(600)), hour(600), &mut values);
    assert_eq!(values, [3.0], "the feature has them");
}
