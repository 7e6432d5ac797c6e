//! What is known of somebody, read from the list of their events each time it is asked for.

use crate::channels::{self, Known};
use events::{Call, CommerceStep, Event, EventKey, Origin, Recorded};
use features::FeatureState;
use primitives::{Currency, ItemKey, Timestamp};
use profiles::Profile;
use std::collections::BTreeMap;

/// What comes of sorting: the newest last, of those at one moment the one with the larger key.
fn in_order<'a>(theirs: &[&'a Recorded]) -> Vec<&'a Event> {
    let mut events: Vec<&Event> = theirs.iter().map(|one| &one.event).collect();
    events.sort_by_key(|event| (event.occurred_at, event.key()));
    events
}

fn newest<T>(all: Vec<T>, n: usize) -> Vec<T> {
    let n_over = all.len().saturating_sub(n);
    all.into_iter().skip(n_over).collect()
}

pub(crate) fn check(profile: &Profile, state: &FeatureState, theirs: &[&Recorded], known: &mut Known, why: &str) {
    let events = in_order(theirs);
    assert_eq!(profile.n_events, events.len() as u64, "{why}");
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        assert_eq!((profile.first_seen, profile.last_seen), (first.occurred_at, last.occurred_at), "{why}");
    }
    let mut traits: BTreeMap<String, String> = BTreeMap::new();
    // What the company says of somebody stays, whatever a write key says later.
    let by_keys = events.iter().filter(|event| event.origin == Origin::Client);
    let by_the_company = events.iter().filter(|event| event.origin != Origin::Client);
    for event in by_keys.chain(by_the_company) {
        if let Call::Identify { traits: said } = &event.call {
            traits.extend(said.iter().map(|(name, value)| (name.clone(), value.to_string())));
        }
    }
    let kept: BTreeMap<String, String> =
        profile.traits.iter().map(|(name, said)| (name.clone(), said.json.to_string())).collect();
    assert_eq!(kept, traits, "{why}");
    let moments: Vec<EventKey> = profile.moments.as_slice().iter().map(|moment| moment.key).collect();
    assert_eq!(moments, newest(events.iter().map(|event| event.key()).collect(), 25), "{why}");
    check_features(state, &events, why);
    channels::check(state, &events, known, why);
}

/// An order or a refund: when, which event, what it was worth, and whether it gives money back.
type Order = (Timestamp, EventKey, i64, Option<Currency>, bool);

fn check_features(state: &FeatureState, events: &[&Event], why: &str) {
    let is_deed = |event: &&&Event| matches!(event.call, Call::Track { .. } | Call::Page { .. } | Call::Screen { .. });
    assert_eq!(state.n_seen(), events.iter().filter(is_deed).count() as u64, "{why}");
    let mut orders: Vec<Order> = Vec::new();
    let mut lines: Vec<(EventKey, ItemKey)> = Vec::new();
    let mut views: Vec<(EventKey, ItemKey, bool)> = Vec::new();
    let mut consumed: Vec<((ItemKey, i64), EventKey)> = Vec::new();
    for event in events {
        let Some(read) = event.commerce() else { continue };
        let worth = read.value.map_or(0, |value| value.minor);
        let currency = read.value.map(|value| value.currency);
        let items = || read.products.iter().map(|product| ItemKey::from(&product.id));
        match read.step {
            CommerceStep::Ordered => {
                orders.push((event.occurred_at, event.key(), worth, currency, false));
                lines.extend(items().map(|item| (event.key(), item)));
            }
            CommerceStep::Refunded => orders.push((event.occurred_at, event.key(), -worth, currency, true)),
            CommerceStep::Viewed => views.extend(items().map(|item| (event.key(), item, false))),
            // Of an item's day the last counts, whatever was told of it.
            CommerceStep::Consumed => {
                consumed.extend(items().map(|item| ((item, event.occurred_at.day()), event.key())))
            }
            CommerceStep::Added => views.extend(items().map(|item| (event.key(), item, true))),
            _ => {}
        }
    }
    let bought = orders.iter().filter(|order| !order.4);
    assert_eq!(state.n_orders(), bought.clone().count() as u64, "{why}");
    assert_eq!(state.last_order_at(), bought.map(|order| order.0).max(), "{why}");
    for code in ["EUR", "USD", "CHF"] {
        let currency = Currency::parse(code).unwrap();
        let spent: i64 = orders.iter().filter(|order| order.3 == Some(currency)).map(|order| order.2).sum();
        assert_eq!(state.spent(currency), spent, "{why}");
    }
    let read: Vec<Order> =
        state.orders().iter().map(|one| (one.at, one.key, one.minor, one.currency, one.is_refund)).collect();
    assert_eq!(read, newest(orders, 96), "{why}");
    let read: Vec<_> = state.lines().iter().map(|line| (line.key, line.item)).collect();
    assert_eq!(read, newest(lines, 384), "{why}");
    let day_and_key = |(n, (day, key)): (usize, &((ItemKey, i64), EventKey))| {
        let is_last = consumed.iter().skip(n + 1).all(|(later, _)| later != day);
        is_last.then_some((*key, day.0))
    };
    let last: Vec<(EventKey, ItemKey)> = consumed.iter().enumerate().filter_map(day_and_key).collect();
    let read: Vec<_> = state.consumed().iter().map(|line| (line.key, line.item)).collect();
    assert_eq!(read, newest(last, 384), "{why}");
    let read: Vec<_> = state.views().iter().map(|view| (view.key, view.item, view.is_cart)).collect();
    assert_eq!(read, newest(views, 48), "{why}");
}
