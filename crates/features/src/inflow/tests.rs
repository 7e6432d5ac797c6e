//! Does one see what comes in, after a restart as before, and whatever a stranger sends?

use super::*;
use events::{Envelope, Place, parse_event};
use primitives::DAY_MS;
use profiles::MemoryProfileStore;
use proptest::prelude::*;
use serde_json::json;

fn sent(offset: u64, day: i64, origin: Origin, event: Value) -> Recorded {
    let mut event = event;
    event["userId"] = "u".into();
    event["messageId"] = offset.to_string().into();
    let received_at = Timestamp::from_millis(day * DAY_MS + i64::try_from(offset).unwrap());
    let mut event = parse_event(event, None, &Envelope::new(received_at, Origin::Client)).unwrap();
    event.origin = origin;
    Recorded { offset: Offset(offset), event }
}

fn track(offset: u64, day: i64, origin: Origin, name: &str, properties: Value) -> Recorded {
    sent(offset, day, origin, json!({"type": "track", "event": name, "properties": properties}))
}

fn fold(events: &[Recorded]) -> Inflows {
    let mut inflows = Inflows::default();
    events.iter().for_each(|event| inflows.apply(event));
    inflows
}

fn tracked<'a>(inflows: &'a Inflows, name: &str) -> Option<&'a Inflow> {
    inflows.get(&InflowName { kind: CallKind::Track, name: name.to_owned() })
}

#[test]
fn each_name_tells_when_by_whom_and_in_which_shape_it_came() {
    let library = json!({"type": "track", "event": "A", "context": {"library": {"name": "rapport.js"}}});
    let inflows = fold(&[
        track(1, 5, Origin::Server, "A", json!({"n": 1, "t": "x"})),
        track(2, 7, Origin::Client, "A", json!({"n": "1", "t": null})),
        sent(3, 7, Origin::Client, library),
        sent(4, 7, Origin::Client, json!({"type": "identify", "traits": {"plan": "pro"}})),
        sent(5, 7, Origin::Client, json!({"type": "page", "name": "Home"})),
        sent(6, 7, Origin::Client, json!({"type": "page", "name": "Shop"})),
        track(6, 7, Origin::Client, "A", json!({})),
    ]);
    let a = tracked(&inflows, "A").unwrap();
    assert_eq!(
        (a.n_events, a.by_origin.clone().map(|one| one.n_events), a.n_looked),
        (3, [2, 1, 0], 3),
        "what was folded in before counts once"
    );
    assert_eq!((a.first_at.day(), a.last_at.day()), (5, 7));
    assert_eq!(a.by_origin.clone().map(|one| one.last_at.day()), [7, 5, 0]);
    assert_eq!(a.days, BTreeMap::from([(5, 1), (7, 2)]));
    let shapes: Vec<_> = a.properties.iter().map(|(name, shape)| (name.as_str(), shape.kinds())).collect();
    use ValueKind::{Nothing, Number, Text};
    assert_eq!(shapes, [("n", vec![(Text, 1), (Number, 1)]), ("t", vec![(Text, 1), (Nothing, 1)])]);
    assert_eq!(
        a.libraries.iter().map(|(name, one)| (name.as_str(), one.n_events)).collect::<Vec<_>>(),
        [("rapport.js", 1)]
    );
    let names: Vec<_> = inflows.iter().map(|(name, one)| (name.kind.name(), name.name, one.n_events)).collect();
    assert_eq!(names, [("identify", String::new(), 1), ("page", String::new(), 2), ("track", "A".to_owned(), 3)]);
}

#[test]
fn what_comes_in_another_order_is_counted_where_it_belongs() {
    let days = [7, 5, 9, 5];
    let inflows =
        fold(&(1..).zip(days).map(|(n, day)| track(n, day, Origin::Server, "A", json!({"p": 1}))).collect::<Vec<_>>());
    let a = tracked(&inflows, "A").unwrap();
    assert_eq!((a.first_at.day(), a.last_at.day()), (5, 9));
    assert_eq!((&a.days, a.n_looked), (&BTreeMap::from([(5, 2), (7, 1), (9, 1)]), 4));
}

#[test]
fn what_people_are_told_of_a_name_is_what_was_counted() {
    let inflows = fold(&[
        track(1, 1, Origin::Server, "A", json!({"p": 1})),
        track(2, 1, Origin::Client, "A", json!({"p": 1})),
        track(3, 2, Origin::Client, "A", json!({"p": 1})),
        track(4, 2, Origin::Client, "A", json!({})),
        sent(5, 2, Origin::Client, json!({"type": "page", "name": "Home"})),
    ]);
    let names: Vec<_> = inflows.iter().map(|(name, _)| name.shown().to_owned()).collect();
    assert_eq!(names, ["page", "A"]);
    let page = inflows.get(&InflowName { kind: CallKind::Page, name: String::new() }).unwrap();
    assert_eq!((page.n_events, page.channel), (1, Some(Channel::Sessions)));
    let a = tracked(&inflows, "A").unwrap();
    assert_eq!(a.share(&a.properties["p"]).to_bits(), 0.75_f64.to_bits());
    assert_eq!(Inflow::default().share(&a.properties["p"]).to_bits(), 0.0_f64.to_bits(), "of nothing");
    let [mut clients, company, _] = a.by_origin.clone();
    clients.join(&company);
    assert_eq!((clients.n_events, clients.last_at.day()), (4, 2));
    let mut joined = company;
    joined.join(&clients);
    assert_eq!((joined.n_events, joined.last_at.day()), (5, 2));
}

/// An operator who misses a channel is told which event to send: it belongs to that channel.
#[test]
fn the_example_of_each_channel_belongs_to_it() {
    let mut names: Vec<&str> = Channel::ALL.map(Channel::name).into();
    for channel in Channel::ALL {
        let (example, tells) = channel.example();
        let said = json!({"order_id": "o", "query": "tea", "decisionId": "d", "metric": "logins", "value": 1, "currency": "EUR"});
        let inflows = fold(&[track(1, 1, Origin::Server, example, said)]);
        assert_eq!(tracked(&inflows, example).unwrap().channel, Some(channel), "{example}");
        assert!(tells.contains(' '), "{tells}");
    }
    assert_eq!((names[0], names[1], names[10]), ("purchases", "content", "decisions"));
    let kinds = ValueKind::ALL.map(ValueKind::name);
    assert_eq!(kinds, ["text", "number", "true/false", "list", "object", "null"]);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Channel::ALL.len());
}

#[test]
fn what_is_not_understood_and_what_cannot_be_read_is_counted() {
    let inflows = fold(&[
        track(1, 1, Origin::Server, "OrderPlaced", json!({})),
        track(2, 1, Origin::Client, "Page Left", json!({"seconds_visible": -1})),
        track(3, 1, Origin::Client, "Page Left", json!({"seconds_visible": 1})),
        track(4, 1, Origin::Client, "Waved", json!({})),
    ]);
    let name = |kind, name: &str| InflowName { kind, name: name.to_owned() };
    let told = |event| {
        let one = tracked(&inflows, event)?;
        Some((one.n_not_understood, one.n_marked, one.is_understood(&name(CallKind::Track, event))))
    };
    assert_eq!(told("OrderPlaced"), Some((1, 0, false)));
    assert_eq!(told("Page Left"), Some((0, 1, true)));
    assert_eq!(told("Waved"), Some((0, 0, false)));
    let consent = name(CallKind::Track, CONSENT_UPDATED);
    let of_any = [consent, name(CallKind::Identify, "")].map(|name| Inflow::default().is_understood(&name));
    assert_eq!(of_any, [true, true], "whatever is said in them");
    let channel = |name| tracked(&inflows, name).and_then(|one| one.channel);
    assert_eq!(["OrderPlaced", "Page Left", "Waved"].map(channel), [None, Some(Channel::Sessions), None]);
}

#[test]
fn thirty_days_are_told_and_the_first_events_of_each_are_looked_into() {
    let days: Vec<_> =
        (1_u64..).zip(0..31).map(|(offset, day)| track(offset, day, Origin::Server, "A", json!({}))).collect();
    let a = fold(&days);
    let a = tracked(&a, "A").unwrap();
    assert_eq!((a.days.len(), a.days.keys().next(), a.n_events), (30, Some(&1), 31));
    let older = (32..=131).map(|offset| track(offset, 0, Origin::Import, "A", json!({})));
    let with_older = fold(&days.iter().cloned().chain(older).collect::<Vec<_>>());
    let a = tracked(&with_older, "A").unwrap();
    // Of what is older than that, the 64th and the 128th of all.
    assert_eq!((a.days.keys().next(), a.n_events, a.n_looked), (Some(&1), 131, 33));
    let many: Vec<_> = (1..=256).map(|offset| track(offset, 1, Origin::Server, "A", json!({"p": 1}))).collect();
    let many = fold(&many);
    let a = tracked(&many, "A").unwrap();
    // A hundred, and then the 128th, the 192nd and the 256th.
    assert_eq!((a.n_looked, a.properties["p"].n(), a.n_events), (103, 103, 256));
}

#[test]
fn a_strangers_flood_of_names_drives_out_no_name_that_matters() {
    let mut events = vec![
        track(1, 1, Origin::Client, "Order Completed", json!({"order_id": "o", "total": 1, "currency": "EUR"})),
        track(2, 1, Origin::Server, "Contract Signed", json!({})),
        track(3, 1, Origin::Client, "Waved", json!({})),
        track(4, 1, Origin::Client, "Waved", json!({})),
    ];
    events.extend((5..5_005).map(|n| track(n, 2, Origin::Client, &format!("flood {n}"), json!({}))));
    events.push(track(5_005, 2, Origin::Client, "New", json!({})));
    let inflows = fold(&events);
    for (name, n) in [("Order Completed", 1), ("Contract Signed", 1), ("Waved", 2), ("New", 1)] {
        assert_eq!(tracked(&inflows, name).map(|one| one.n_events), Some(n), "{name}");
    }
    assert_eq!(inflows.iter().count(), N_STRANGE_MAX + 2);
    let kept: u64 = inflows.iter().map(|(_, one)| one.n_events).sum();
    assert_eq!(kept + inflows.n_forgotten(), 5_005, "what is forgotten is counted");
    let own: Vec<_> = (1..=501).map(|n| track(n, 1, Origin::Server, &format!("own {n}"), json!({}))).collect();
    assert_eq!(fold(&own).iter().count(), N_OWN_MAX);
}

#[test]
fn a_strangers_flood_of_spellings_is_one_name_and_drives_out_nothing() {
    let own = (1..=500).map(|n| track(n, 1, Origin::Server, &format!("own {n}"), json!({})));
    let spelled = |n: u64, name: &str| {
        let letter = |(i, letter): (u32, char)| if n >> i & 1 == 1 { letter.to_ascii_uppercase() } else { letter };
        (0..).zip(name.chars()).map(letter).collect::<String>()
    };
    let flood = |n: u64| {
        [
            track(500 + 3 * n, 2, Origin::Client, &spelled(n, "order completed"), json!({"order_id": "o"})),
            track(501 + 3 * n, 2, Origin::Client, &spelled(n, "page_left"), json!({})),
            track(502 + 3 * n, 2, Origin::Client, &format!("flood {n}"), json!({})),
        ]
    };
    let mut inflows = fold(&own.chain((1..1_000).flat_map(flood)).collect::<Vec<_>>());
    let known = |name: &str| tracked(&inflows, name).map(|one| one.n_events);
    assert!((1..=500).all(|n| known(&format!("own {n}")) == Some(1)), "what the company sends stays");
    for name in ["Order Completed", "Page Left"] {
        assert_eq!(known(name), Some(999), "the name of the tables stands for all");
    }
    assert_eq!(inflows.iter().count(), N_OWN_MAX + 2 + N_STRANGE_MAX);
    // What the company itself spells otherwise is a name of its own, and it is that from then on.
    for (offset, origin) in [(10_000, Origin::Server), (10_001, Origin::Client)] {
        inflows.apply(&track(offset, 3, origin, "order_completed", json!({"order_id": "o"})));
    }
    assert_eq!(tracked(&inflows, "order_completed").map(|one| one.n_events), Some(2));
    assert_eq!(tracked(&inflows, "Order Completed").map(|one| one.n_events), Some(999));
}

#[test]
fn a_name_of_the_companys_own_finds_room_only_among_those_however_it_came_to_be_one() {
    let both = |n: u64| {
        let name = format!("Viewed {n}");
        [Origin::Client, Origin::Server]
            .map(|origin| track(2 * n + u64::from(origin == Origin::Server), 1, origin, &name, json!({})))
    };
    let inflows = fold(&(1..=501).flat_map(both).collect::<Vec<_>>());
    assert_eq!((inflows.iter().count(), inflows.n_forgotten()), (N_OWN_MAX, 2));
    assert_eq!(tracked(&inflows, "Viewed 1"), None, "the oldest of the rarest goes");
    assert_eq!(tracked(&inflows, "Viewed 501").map(|one| one.n_events), Some(2));
}

#[test]
fn names_are_the_same_where_they_are_spellings_of_one_that_is_understood() {
    for (one, other, is_one) in [
        ("Order Completed", "order_completed", true),
        ("ORDER COMPLETED", "order_completed", true),
        ("Waved", "Waved", true),
        ("Waved", "waved", false),
        ("Order Completed", "Page Left", false),
        ("page", "Waved", false),
    ] {
        assert_eq!((is_same(one, other), is_same(other, one)), (is_one, is_one), "{one} {other}");
        let name = InflowName { kind: CallKind::Track, name: one.to_owned() };
        assert_eq!(name.is_meant_by(other), is_one);
    }
    let page = InflowName { kind: CallKind::Page, name: String::new() };
    assert!(page.is_meant_by("page") && !page.is_meant_by("screen"));
}

#[test]
fn a_flood_of_properties_leaves_those_that_are_always_there() {
    let flood = |n: u64| {
        let name = format!("x{n}").repeat(40);
        track(n, i64::try_from(n).unwrap(), Origin::Client, "A", json!({"size": "M", name: 1}))
    };
    let inflows = fold(&(1..=200).map(flood).collect::<Vec<_>>());
    let a = tracked(&inflows, "A").unwrap();
    assert_eq!((a.properties.len(), a.properties["size"].n()), (N_PROPERTIES_MAX, 200));
    assert!(a.properties.keys().all(|name| name.len() <= 80));
}

proptest! {
    /// A checkpoint anywhere, and the tail folded in again, makes no difference.
    #[test]
    fn a_restart_changes_nothing(
        events in proptest::collection::vec((0_usize..3, 0_i64..40, 0_usize..4, 0_u8..3), 1..60),
        cut in 0_usize..60,
    ) {
        let names = ["A", "Order Completed", "basket gone", "B"];
        let events: Vec<Recorded> = (1_u64..).zip(events).map(|(offset, (origin, day, name, shape))| {
            let properties = match shape {
                0 => json!({}),
                1 => json!({"order_id": "o", "total": 1, "currency": "EUR"}),
                _ => json!({"order_id": "o", "b": [1]}),
            };
            track(offset, day, Origin::ALL[origin], names[name], properties)
        }).collect();
        let whole = fold(&events);
        let cut = cut.min(events.len());
        let mut before = fold(&events[..cut]);
        let store = MemoryProfileStore::default();
        before.begin_checkpoint().unwrap();
        let mut slice = Vec::new();
        before.fill(&mut slice, 1);
        store.checkpoint(&[Place::first(before.offset)], &mut || Ok(std::mem::take(&mut slice))).unwrap();
        before.end_checkpoint(true);
        before.begin_checkpoint().unwrap();
        before.fill(&mut slice, 1);
        prop_assert_eq!(slice, Vec::new(), "nothing has come since");
        let mut after = Inflows::open(&store).unwrap();
        events.iter().for_each(|event| after.apply(event));
        prop_assert_eq!(after.held, whole.held);
    }
}
