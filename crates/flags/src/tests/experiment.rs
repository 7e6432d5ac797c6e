//! Who takes part in an experiment, with which variation, and what is remembered of it?

use crate::{Context, Evaluation, Experiment, ExperimentResult, Payload, StickyBuckets, run};
use proptest::prelude::*;
use serde_json::{Value, json};

fn experiment(more: Value) -> Experiment {
    let mut parts = json!({"key": "e", "variations": ["a", "b"], "hashVersion": 2});
    parts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(parts).unwrap()
}

fn of(more: Value, context: &Context) -> ExperimentResult {
    run(&Payload::default(), &experiment(more), context)
}

fn user(id: &str) -> Context {
    Context::of(json!({"id": id}))
}

#[test]
fn who_takes_no_part_gets_the_first_variation() {
    for more in [
        json!({"active": false}),
        json!({"status": "draft"}),
        json!({"status": "stopped"}),
        json!({"coverage": 0}),
        json!({"condition": {"plan": "pro"}}),
        json!({"hashAttribute": "company"}),
        json!({"hashVersion": 9}),
        json!({"variations": ["a"]}),
        json!({"force": 7}),
        json!({"force": -1}),
        json!({"namespace": ["n", 0.0, 0.0]}),
        json!({"filters": [{"seed": "s", "ranges": []}]}),
        json!({"urlPatterns": [{"type": "simple", "pattern": "/shop"}]}),
        json!({"parentConditions": [{"id": "missing", "condition": {"value": true}}]}),
    ] {
        let found = of(more.clone(), &user("1"));
        assert!(!found.in_experiment && !found.hash_used, "{more}");
        assert_eq!((found.value, found.variation_id), (json!("a"), 0), "{more}");
    }
}

#[test]
fn a_forced_variation_is_no_draw() {
    let forced = Context { forced_variations: [("e".to_owned(), 1)].into(), is_qa: true, ..user("1") };
    let asked = Context { url: "/?e=1".to_owned(), ..user("") };
    for (more, context) in [(json!({}), &forced), (json!({"active": false}), &asked), (json!({"force": 1}), &user("1"))]
    {
        let found = of(more, context);
        assert_eq!((found.value, found.in_experiment, found.hash_used), (json!("b"), true, false));
    }
    let disabled = Context { is_disabled: true, ..forced };
    assert!(!of(json!({}), &disabled).in_experiment);
}

#[test]
fn for_tests_nothing_is_drawn() {
    assert!(!of(json!({}), &Context { is_qa: true, ..user("1") }).in_experiment);
}

#[test]
fn nobody_is_in_two_experiments_of_a_namespace() {
    let mut n = [0_usize; 2];
    for id in 0..2_000 {
        let context = user(&format!("u{id}"));
        let first = of(json!({"namespace": ["checkout", 0.0, 0.5]}), &context).in_experiment;
        let second = of(json!({"key": "e2", "namespace": ["checkout", 0.5, 1.0]}), &context).in_experiment;
        assert!(first != second, "{id}");
        n[usize::from(first)] += 1;
    }
    assert!(n[0].abs_diff(1_000) < 120, "{n:?}");
}

#[test]
fn a_filter_hashes_anew_unless_it_says_otherwise() {
    let at = |version: u64| crate::hash("s", "u1", version).unwrap();
    for (more, version) in [(json!({}), 2), (json!({"hashVersion": 1}), 1)] {
        let mut filter = json!({"seed": "s", "ranges": [[at(version), at(version) + 1e-9]]});
        filter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert!(of(json!({"filters": [filter]}), &user("u1")).in_experiment, "{more}");
    }
    assert!((at(1) - at(2)).abs() > 1e-6);
}

#[test]
fn variations_are_drawn_by_their_weights() {
    let weights = [0.2, 0.3, 0.5];
    let mut n = [0_usize; 3];
    for id in 0..10_000 {
        n[of(json!({"variations": [0, 1, 2], "weights": weights}), &user(&format!("u{id}"))).variation_id] += 1;
    }
    for (n, expected) in n.iter().zip([2_000, 3_000, 5_000]) {
        // The standard deviation is at most 50.
        assert!(n.abs_diff(expected) < 200, "{n} {expected}");
    }
}

/// What is remembered after an experiment was run.
fn remembered(more: Value, context: &Context) -> (ExperimentResult, StickyBuckets) {
    let payload = Payload::default();
    let mut evaluation = Evaluation::new(&payload, context);
    let result = evaluation.experiment(&experiment(more));
    let mut docs = context.sticky.clone().unwrap_or_default();
    docs.extend(evaluation.to_remember().into_iter().map(|doc| (doc.key(), doc)));
    (result, docs)
}

const META: [&str; 2] = ["first", "second"];

fn sticky(more: Value) -> Value {
    let mut parts = json!({"meta": META.map(|key| json!({"key": key})), "fallbackAttribute": "device"});
    parts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parts
}

#[test]
fn weights_that_change_leave_everybody_where_they_are() {
    for id in 0..200 {
        let context = Context { sticky: Some(StickyBuckets::new()), ..user(&format!("u{id}")) };
        let (before, docs) = remembered(sticky(json!({"weights": [1, 0]})), &context);
        let again = Context { sticky: Some(docs.clone()), ..context.clone() };
        let (after, same) = remembered(sticky(json!({"weights": [0, 1]})), &again);
        assert!(before.value == after.value && after.sticky_bucket_used && docs == same);
        let (left, _) = remembered(sticky(json!({"condition": {"plan": "pro"}, "coverage": 0})), &again);
        assert!(left.value == before.value && left.in_experiment, "who was in stays in");
        let (anew, _) = remembered(sticky(json!({"weights": [0, 1], "bucketVersion": 1})), &again);
        assert!(anew.value == json!("b") && !anew.sticky_bucket_used);
        let (blocked, _) = remembered(sticky(json!({"bucketVersion": 1, "minBucketVersion": 1})), &again);
        assert!(!blocked.in_experiment);
        let (off, _) = remembered(sticky(json!({"weights": [0, 1], "disableStickyBucketing": true})), &again);
        assert!(off.value == json!("b"));
    }
}

#[test]
fn who_signs_in_keeps_what_the_device_got() {
    let sticky_of = |attributes, docs| Context { sticky: Some(docs), ..Context::of(attributes) };
    let before = sticky_of(json!({"device": "d1"}), StickyBuckets::new());
    let (drawn, docs) = remembered(sticky(json!({"weights": [0, 1]})), &before);
    assert_eq!((drawn.hash_attribute.as_str(), docs["device||d1"].assignments["e__0"].as_str()), ("device", "second"));
    let signed_in = sticky_of(json!({"device": "d1", "id": "7"}), docs);
    let (kept, docs) = remembered(sticky(json!({"weights": [1, 0]})), &signed_in);
    assert_eq!((kept.value, docs["id||7"].assignments["e__0"].as_str()), (json!("b"), "second"));
    // Where nobody remembers anything, the device does not count.
    assert!(!of(sticky(json!({})), &Context::of(json!({"device": "d1"}))).in_experiment);
}

proptest! {
    #[test]
    fn a_larger_share_only_adds_people(id in "[a-z0-9]{1,16}", share in 0.0_f64..1.0, more in 0.0_f64..1.0) {
        let at = |coverage: f64| of(json!({"coverage": coverage, "weights": [0.3, 0.7]}), &user(&id));
        let before = at(share);
        if before.in_experiment {
            let after = at(share + (1.0 - share) * more);
            prop_assert!(after.in_experiment);
            prop_assert_eq!(before.variation_id, after.variation_id);
        }
    }

    #[test]
    fn a_number_is_drawn_as_its_text(id in 1_u32..1_000_000) {
        let (number, text) = (of(json!({}), &Context::of(json!({"id": id}))), of(json!({}), &user(&id.to_string())));
        prop_assert_eq!(number.variation_id, text.variation_id);
    }
}
