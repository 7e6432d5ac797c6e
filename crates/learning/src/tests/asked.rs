//! Is it told live of whom an outcome is asked as it is in training, whichever way that was declared?

use super::world::{Told, day, numbered, order};
use crate::outcome::Outcome;
use crate::{Among, Binary, Dataset, Task, What};
use events::{Call, Event};
use features::{FeatureState, Probe, TraceReads};
use governance::ConsentPolicy;
use primitives::{DAY_MS, Timestamp};
use profiles::{MemoryProfileStore, Profiles};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const NOW: i64 = 100;

fn outcome(among: &Value) -> Outcome {
    let table = json!({
        "name": "helped", "question": "Will help be opened?", "among": among, "label": {"did": {"event": "Help Opened"}},
        "within_days": 7,
    });
    Outcome::from_table(table.as_object().unwrap()).unwrap()
}

/// What somebody did so long before the present; `identify` is nothing that they did.
fn did(event: &str, ago: i64, n: usize) -> Event {
    let at = Timestamp::from_millis(day(NOW).as_millis() - ago);
    let base = order("ann", &format!("item {n}"), at, at);
    let properties = json!({"kind": "app", "n": n}).as_object().unwrap().clone();
    let call = match event {
        "Order Completed" => return base,
        "identify" => Call::Identify { traits: properties.into() },
        event => Call::Track { event: event.to_owned(), properties: properties.into() },
    };
    Event { call, ..base }
}

/// Whether it is asked of who did this, in training and live, as `decisions::kinds` looks at it.
fn is_asked(among: &Value, told: &[(&str, i64)]) -> (bool, bool) {
    let outcome = outcome(among);
    let catalogue = crate::catalogue(&[], std::slice::from_ref(&outcome)).unwrap();
    let told = numbered(told.iter().enumerate().map(|(n, (event, ago))| did(event, *ago, n)));
    let reads = TraceReads::new(outcome.watches()).keeping(outcome.among.cells());
    let dataset = Dataset::load(&Told(told.clone()), &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    let trace = dataset.traces().next().unwrap().1;
    let training = outcome.on(&dataset, day(NOW)).is_asked(&trace.state_at(day(NOW)), day(NOW));

    let mut profiles: Profiles<FeatureState> =
        Profiles::open_reading(Arc::new(MemoryProfileStore::default()), Arc::clone(catalogue.cells())).unwrap();
    told.iter().for_each(|recorded| _ = profiles.apply(recorded).unwrap());
    let state = profiles.into_resident().remove(0).state;
    let read = |probe: &Probe| probe.read(catalogue.cells(), &state, day(NOW)).unwrap();
    let known_for = catalogue.inputs(&[catalogue.get("known_days").unwrap().id.clone()]).unwrap();
    let mut known_days = Vec::new();
    catalogue.read(&state, day(NOW), &known_for, &mut known_days);
    let found: Vec<f64> = outcome.among.probes().iter().map(read).collect();
    (training, !known_days[0].is_nan() && outcome.among.holds(&found))
}

#[test]
fn each_way_asks_whom_it_says() {
    let errors = json!({"event": "Error Shown", "within_days": 7, "at_least": 3});
    let first = json!({"never": {"event": "Order Completed"}});
    let open = json!({"event": "Plan Started", "until": {"event": "Plan Cancelled"}});
    for (among, told, asked) in [
        (json!("everyone"), &[("Seen", 90)][..], true),
        (json!({"event": "Signed In", "within_days": 30}), &[("Signed In", 29)], true),
        (json!({"event": "Signed In", "within_days": 30}), &[("Signed In", 30)], false),
        (errors.clone(), &[("Error Shown", 1), ("Error Shown", 2), ("Error Shown", 6)], true),
        (errors.clone(), &[("Error Shown", 1), ("Error Shown", 2), ("Error Shown", 7)], false),
        (errors, &[("Error Shown", 1), ("Error Shown", 2), ("Help Opened", 2)], false),
        (
            json!({"event": "Order Completed", "within_days": 30, "at_least": 2}),
            &[("Order Completed", 1), ("Order Completed", 29)],
            true,
        ),
        (
            json!({"event": "Order Completed", "within_days": 30, "at_least": 2}),
            &[("Order Completed", 1), ("Order Completed", 30)],
            false,
        ),
        (first.clone(), &[("Seen", 3)], true),
        (first, &[("Order Completed", 80), ("Seen", 3)], false),
        (json!({"never": {"event": "Help Opened"}}), &[("Help Opened", 0)], false),
        (json!({"never": {"event": "Help Opened", "properties.kind": "web"}}), &[("Help Opened", 0)], true),
        (open.clone(), &[("Plan Started", 50)], true),
        (open.clone(), &[("Plan Started", 50), ("Plan Cancelled", 10)], false),
        (open.clone(), &[("Plan Started", 50), ("Plan Cancelled", 10), ("Plan Started", 9)], true),
        (open.clone(), &[("Plan Started", 10), ("Plan Cancelled", 10)], false),
        (open, &[("Plan Cancelled", 10)], false),
    ] {
        let at_noon = |days: i64| days * DAY_MS + DAY_MS / 2;
        let told: Vec<_> = told.iter().map(|(event, days)| (*event, at_noon(*days))).collect();
        assert_eq!(is_asked(&among, &told), (asked, asked), "{among} of {told:?}");
    }
}

#[test]
fn nothing_is_kept_for_what_is_known_of_everybody() {
    let kept = |among: Value| outcome(&among).among.probes().len();
    assert_eq!(kept(json!("everyone")), 0);
    assert_eq!(kept(json!({"event": "purchase", "within_days": 9})), 0);
    assert_eq!(kept(json!({"event": "Plan Started", "until": {"event": "Plan Cancelled"}})), 2);
    let probes = outcome(&json!({"event": "purchase", "within_days": 9, "at_least": 2})).among.probes();
    assert!(probes.len() == 1 && probes[0].cell().is_none(), "purchases are kept anyway");
}

#[test]
fn of_who_was_only_told_of_nothing_is_asked() {
    for among in [
        json!("everyone"),
        json!({"never": {"event": "Signed In"}}),
        json!({"event": "identify", "within_days": 30}),
        json!({"event": "identify", "until": {"event": "Plan Cancelled"}}),
    ] {
        assert_eq!(is_asked(&among, &[("identify", DAY_MS)]), (false, false), "{among}");
        assert_eq!(is_asked(&among, &[("identify", DAY_MS), ("Seen", 0)]), (true, true), "{among}");
    }
}

#[test]
fn a_history_that_was_read_without_looking_for_it_says_so() {
    let outcome = outcome(&json!({"event": "Signed In", "within_days": 30}));
    let events = numbered([did("Signed In", DAY_MS, 0), did("Help Opened", DAY_MS, 1)]);
    let needs = |reads: TraceReads| {
        let dataset = Dataset::load(&Told(events.clone()), &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
        let trace = dataset.traces().next().unwrap().1;
        let is_asked = outcome.on(&dataset, day(NOW)).is_asked(&trace.state_at(day(NOW)), day(NOW));
        let needs = Binary::new(outcome.clone()).needs(&super::world::data(&dataset, day(NOW)));
        let lacks = needs.iter().any(|need| need.what == "what tells of whom it is asked" && !need.met);
        (is_asked, lacks)
    };
    let reads = TraceReads::new(outcome.watches());
    assert_eq!(needs(reads.clone()), (false, true));
    assert_eq!(needs(reads.keeping(outcome.among.cells())), (true, false));
}

/// Whether it is asked, as exactly as events tell; counts are kept to the half day, so that `slack` days more or less count.
fn asked_exactly(among: &Among, told: &[(&str, i64)], slack: i64) -> bool {
    let ages = |what: &What| -> Vec<i64> {
        let name = match what {
            What::Purchase => "Order Completed",
            What::Event(filter) => &*filter.event,
        };
        told.iter().filter(|(event, _)| *event == name).map(|(_, ago)| *ago).collect()
    };
    let asked = match among {
        Among::Everyone => true,
        Among::Did { what, within_days, at_least: 1 } => ages(what).iter().any(|ago| *ago < within_days * DAY_MS),
        Among::Did { what, within_days, at_least } => {
            let n = ages(what).iter().filter(|ago| **ago < (within_days + slack) * DAY_MS).count();
            n >= usize::try_from(*at_least).unwrap()
        }
        Among::Never(what) => ages(what).is_empty(),
        Among::Open { began, ended } => {
            let (began, ended) = (ages(began).into_iter().min(), ages(ended).into_iter().min());
            began.is_some_and(|began| ended.is_none_or(|ended| began < ended))
        }
    };
    asked && told.iter().any(|(event, _)| *event != "identify")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn training_and_live_ask_the_same(
        told in proptest::collection::vec((0..5_usize, 0..60 * DAY_MS), 1..12), is_only_told_of in proptest::bool::weighted(0.2),
        within in 1..50_i64, at_least in 1..4_u32, way in 0..5_usize, which in 0..5_usize, other in 0..5_usize,
    ) {
        let names = ["Order Completed", "Signed In", "Error Shown", "Seen", "identify"];
        let name = |which: usize| if is_only_told_of { "identify" } else { names[which] };
        let told: Vec<(&str, i64)> = told.into_iter().map(|(which, ago)| (name(which), ago)).collect();
        let among = match way {
            0 => json!({"event": names[which], "within_days": within}),
            1 => json!({"event": names[which], "within_days": within, "at_least": at_least + 1}),
            2 => json!({"never": {"event": names[which]}}),
            3 => json!("everyone"),
            _ => json!({"event": names[which], "until": {"event": names[other]}}),
        };
        let declared = outcome(&among).among;
        let is_of_buyers = matches!(declared, Among::Did { what: What::Purchase, at_least: 1, .. });
        let (training, live) = is_asked(&among, &told);
        // Of buyers it is told live by what is known of everybody: see `kinds::Asked`.
        prop_assert!(training == live || is_of_buyers, "{among} of {told:?}: {training} and {live}");
        prop_assert!(training || !asked_exactly(&declared, &told, -1), "{among} of {told:?}: not asked");
        prop_assert!(!training || asked_exactly(&declared, &told, 1), "{among} of {told:?}: asked");
    }
}
