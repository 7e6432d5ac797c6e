//! Is it told live of whom an outcome is asked as it is in training, whichever way that was declared?

use super::world::{Told, day, numbered, order};
use crate::outcome::Outcome;
use crate::{Among, Dataset, What};
use events::{Call, Event};
use features::{Catalogue, FeatureState, Trace, TraceReads};
use governance::ConsentPolicy;
use primitives::{DAY_MS, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 100;

fn outcome(among: &Value) -> Outcome {
    let table = json!({
        "name": "helped", "question": "Will help be opened?", "among": among, "label": {"did": {"event": "Help Opened"}},
        "within_days": 7,
    });
    Outcome::from_table(table.as_object().unwrap()).unwrap()
}

/// What somebody did at noon, so many days before the present.
fn did(event: &str, days_ago: i64, n: usize) -> Event {
    let at = Timestamp::from_millis(day(NOW - days_ago).as_millis() - DAY_MS / 2);
    let base = order("ann", &format!("item {n}"), at, at);
    if event == "Order Completed" {
        return base;
    }
    let properties = json!({"kind": "app", "n": n}).as_object().unwrap().clone();
    Event { call: Call::Track { event: event.to_owned(), properties }, ..base }
}

/// Whether it is asked of who did this, in training and live.
fn is_asked(among: &Value, told: &[(&str, i64)]) -> (bool, bool) {
    let outcome = outcome(among);
    let probes = outcome.among.probes();
    let catalogue = Catalogue::built_in().keeping(probes.iter().filter_map(|probe| probe.cell().cloned()));
    let events = told.iter().enumerate().map(|(n, (event, ago))| did(event, *ago, n));
    let told = Told(numbered(events));
    let reads = TraceReads::new(outcome.watches()).for_features(&catalogue);
    let dataset = Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    let trace: &Trace = dataset.traces().next().unwrap().1;
    let state: FeatureState = trace.state_at(day(NOW));
    let found: Vec<f64> = probes.iter().map(|probe| probe.read(catalogue.cells(), &state, day(NOW)).unwrap()).collect();
    // Of buyers it is told by what is known of everybody: see `kinds::Propensity`.
    let live = if found.is_empty() { state.n_seen() > 0 } else { outcome.among.holds(&found) };
    (outcome.on(&dataset).is_asked(trace, &state, day(NOW)), live)
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
        assert_eq!(is_asked(&among, told), (asked, asked), "{among} of {told:?}");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn training_and_live_ask_the_same(
        told in proptest::collection::vec((0..4_usize, 0..60_i64), 1..12),
        within in 1..50_i64, at_least in 1..4_u32, way in 0..4_usize, which in 0..3_usize, other in 0..3_usize,
    ) {
        let names = ["Order Completed", "Signed In", "Error Shown", "Seen"];
        let told: Vec<(&str, i64)> = told.into_iter().map(|(name, ago)| (names[name], ago)).collect();
        let among = match way {
            0 => json!({"event": names[which], "within_days": within}),
            1 => json!({"event": names[which], "within_days": within, "at_least": at_least + 1}),
            2 => json!({"never": {"event": names[which]}}),
            _ => json!({"event": names[which], "until": {"event": names[other]}}),
        };
        let is_of_buyers = matches!(outcome(&among).among, Among::Did { what: What::Purchase, at_least: 1, .. });
        let (training, live) = is_asked(&among, &told);
        prop_assert!(training == live || is_of_buyers, "{among} of {told:?}: {training} and {live}");
    }
}
