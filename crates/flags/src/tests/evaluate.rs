//! Does each kind of rule decide where it should, and the first that applies alone?

use crate::{Context, Payload, Source, evaluate};
use proptest::prelude::*;
use serde_json::{Value, json};

fn payload(features: Value) -> Payload {
    serde_json::from_value(json!({"features": features, "savedGroups": {"staff": ["ann"]}})).unwrap()
}

fn value(features: Value, attributes: Value) -> Value {
    evaluate(&payload(features), "f", &Context::of(attributes)).value
}

#[test]
fn the_first_rule_that_applies_decides() {
    let features = json!({"f": {"defaultValue": 0, "rules": [
        {"id": "germans", "condition": {"country": "DE"}, "force": 1},
        {"id": "staff", "condition": {"name": {"$inGroup": "staff"}}, "force": 2},
        {"id": "nothing", "condition": {"country": "AT"}, "force": null},
    ]}});
    for (attributes, expected, rule) in [
        (json!({"country": "DE", "name": "ann"}), json!(1), "germans"),
        (json!({"name": "ann"}), json!(2), "staff"),
        (json!({"country": "AT"}), json!(null), "nothing"),
        (json!({}), json!(0), ""),
    ] {
        let found = evaluate(&payload(features.clone()), "f", &Context::of(attributes));
        assert_eq!((&found.value, found.rule_id.as_str()), (&expected, rule));
        assert_eq!(found.on, expected == json!(1) || expected == json!(2));
        assert_eq!(found.source == Source::DefaultValue, rule.is_empty());
    }
}

#[test]
fn a_feature_that_is_not_there_is_null_and_one_that_is_asked_for_is_given() {
    let found = evaluate(&payload(json!({})), "f", &Context::default());
    assert_eq!((found.value, found.source, found.off), (Value::Null, Source::UnknownFeature, true));
    let forced_features = [("f".to_owned(), json!("now"))].into_iter().collect();
    let found = evaluate(&payload(json!({"f": {}})), "f", &Context { forced_features, ..Context::default() });
    assert_eq!((found.value, found.source), (json!("now"), Source::Override));
}

#[test]
fn a_gate_takes_the_feature_away_and_other_prerequisites_only_their_rule() {
    let features = |gate: bool, login: bool| {
        let needs = json!([{"id": "login", "condition": {"value": true}, "gate": gate}]);
        json!({"f": {"defaultValue": "old", "rules": [{"parentConditions": needs, "force": "new"}]}, "login": {"defaultValue": login}})
    };
    for (gate, login, expected) in [
        (true, true, json!("new")),
        (false, true, json!("new")),
        (true, false, json!(null)),
        (false, false, json!("old")),
    ] {
        assert_eq!(value(features(gate, login), json!({})), expected, "{gate} {login}");
    }
}

#[test]
fn features_that_wait_for_each_other_are_off() {
    let needs = |other: &str| json!({"defaultValue": true, "rules": [{"parentConditions": [{"id": other, "condition": {"value": true}}]}]});
    let found = evaluate(&payload(json!({"f": needs("g"), "g": needs("f")})), "f", &Context::default());
    assert_eq!((found.value, found.source), (Value::Null, Source::CyclicPrerequisite));
    // Without a circle a prerequisite may be named often, and chains may be long.
    let parent = json!({"id": "g", "condition": {"value": 1}});
    let twice = json!([{"parentConditions": [parent, parent], "force": 2, "coverage": 0}, {"parentConditions": [parent], "force": 3}]);
    assert_eq!(value(json!({"f": {"rules": twice}, "g": {"defaultValue": 1}}), json!({})), json!(3));
    let mut features = serde_json::Map::new();
    features.insert("f".to_owned(), needs("1"));
    for n in 1..40 {
        features.insert(n.to_string(), needs(&(n + 1).to_string()));
    }
    features.insert("40".to_owned(), json!({"defaultValue": true}));
    assert_eq!(evaluate(&payload(Value::Object(features)), "f", &Context::default()).value, json!(true));
}

#[test]
fn prerequisites_that_multiply_end() {
    // Each of 40 features names the next one twice in each of two rules: 4^40 ways.
    let mut features = serde_json::Map::new();
    for n in 0..40 {
        let parent = json!({"id": (n + 1).to_string(), "condition": {"value": false}});
        let rule = json!({"parentConditions": [parent, parent], "force": 1});
        features.insert(n.to_string(), json!({"defaultValue": false, "rules": [rule, rule]}));
    }
    let found = evaluate(&payload(Value::Object(features)), "0", &Context::default());
    assert!(found.off);
}

#[test]
fn a_share_is_drawn_by_the_attribute_and_needs_it() {
    let features = json!({"f": {"defaultValue": 0, "rules": [
        {"force": 1, "coverage": 0.25, "hashVersion": 2, "hashAttribute": "id"},
    ]}});
    let n = (0..4_000).filter(|n| value(features.clone(), json!({"id": n.to_string()})) == json!(1)).count();
    // A quarter; the standard deviation is 27.
    assert!(n.abs_diff(1_000) < 120, "{n}");
    for attributes in [json!({}), json!({"id": ""}), json!({"id": null}), json!({"other": "1"})] {
        assert_eq!(value(features.clone(), attributes), json!(0));
    }
}

#[test]
fn who_is_filtered_out_of_a_rule_gets_nothing_of_it_by_force_either() {
    let features = json!({"f": {"defaultValue": "none", "rules": [
        {"key": "e", "variations": ["a", "b"], "filters": [{"seed": "s", "ranges": []}]},
        {"force": "forced", "filters": [{"seed": "s", "ranges": []}]},
        {"force": "open", "filters": [{"seed": "s", "ranges": [[0, 1]]}]},
    ]}});
    let context = Context { forced_variations: [("e".to_owned(), 1)].into(), ..Context::of(json!({"id": "1"})) };
    assert_eq!(evaluate(&payload(features), "f", &context).value, json!("open"));
}

#[test]
fn an_empty_seed_is_none() {
    let drawn = |more: Value| {
        let mut rule = json!({"key": "e", "variations": ["a", "b"], "hashVersion": 2});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = evaluate(&payload(json!({"f": {"rules": [rule]}})), "f", &Context::of(json!({"id": "1"})));
        found.experiment_result.unwrap().bucket
    };
    assert_eq!(drawn(json!({})), drawn(json!({"seed": ""})));
    assert_ne!(drawn(json!({})), drawn(json!({"seed": "other"})));
}

#[test]
fn of_a_share_of_nothing_is_nobody_not_even_who_stands_at_0() {
    let first = (0..1_000_000).map(|n| n.to_string()).find(|id| crate::hash("f", id, 2) == Some(0.0)).unwrap();
    let features = |coverage: f64| json!({"f": {"defaultValue": 0, "rules": [{"force": 1, "coverage": coverage, "hashVersion": 2}]}});
    assert_eq!(value(features(0.0), json!({"id": first})), json!(0));
    assert_eq!(value(features(0.001), json!({"id": first})), json!(1));
}

#[test]
fn a_holdout_keeps_some_and_passes_the_others_on() {
    let features = json!({"f": {"defaultValue": "none", "rules": [
        {"key": "holdout", "hashVersion": 2, "variations": ["held", "others"], "weights": [0.1, 0.9],
            "meta": [{"key": "0"}, {"key": "1", "passthrough": true}]},
        {"force": "new"},
    ]}});
    let count =
        |expected: &str| (0..2_000).filter(|n| value(features.clone(), json!({"id": n})) == json!(expected)).count();
    let (held, new) = (count("held"), count("new"));
    // 0 is no id: it is not drawn, and the next rule gives it the new value.
    assert!(held.abs_diff(200) < 60 && held + new == 2_000, "{held} {new}");
}

#[test]
fn who_is_in_a_context_gets_its_weights() {
    let payload: Payload = serde_json::from_value(json!({
        "features": {"f": {"defaultValue": "none", "rules": [{
            "key": "banner", "hashVersion": 2, "contextualVariations": ["a", "b"], "weights": [0.5, 0.5],
            "contextualBanditRef": "banner",
        }]}},
        "contextualBandits": {"banner": {"banditVersion": 3, "contexts": [
            {"leafId": 8, "condition": {"plan": "pro"}, "weights": [0, 1]},
        ]}},
    }))
    .unwrap();
    for n in 1..50 {
        let found = evaluate(&payload, "f", &Context::of(json!({"id": n, "plan": "pro"})));
        assert_eq!(found.value, json!("b"));
        assert_eq!(found.experiment_result.unwrap().leaf.unwrap().leaf_id, 8);
    }
    let forced = Context {
        forced_variations: [("banner".to_owned(), 0)].into(),
        ..Context::of(json!({"id": 1, "plan": "pro"}))
    };
    let found = evaluate(&payload, "f", &forced);
    assert_eq!((found.value, found.experiment.unwrap().contextual_bandit), (json!("a"), None), "nothing was drawn");
    let found = evaluate(&payload, "f", &Context::of(json!({"id": 1, "plan": "free"})));
    let leaf = found.experiment.unwrap().contextual_bandit.unwrap();
    assert_eq!((leaf.leaf_id, leaf.variation_weights, leaf.bandit_version), (-1, vec![0.5, 0.5], Some(json!(3))));
}

#[test]
fn patterns_that_are_kept_match_as_those_that_are_not() {
    let asked = |pattern: &str| json!({"agent": {"$regex": pattern}, "$or": [{"os": {"$regexi": "^ANDROID"}}]});
    let rules = json!([{"condition": asked("Mobile"), "force": 1}, {"condition": asked("("), "force": 2}]);
    let mut payload = payload(json!({"f": {"defaultValue": 0, "rules": rules}}));
    let of = |payload: &Payload, agent: &str, os: &str| {
        evaluate(payload, "f", &Context::of(json!({"agent": agent, "os": os}))).value
    };
    for (agent, os, expected) in [("Mobile", "android", 1), ("mobile", "android", 0), ("Mobile", "ios", 0)] {
        assert_eq!(of(&payload, agent, os), json!(expected));
    }
    // What is changed after the first answer is asked for, too.
    payload.features.get_mut("f").unwrap().rules[0].experiment.condition = Some(asked("Tablet"));
    assert_eq!((of(&payload, "Tablet", "android"), of(&payload, "Mobile", "android")), (json!(1), json!(0)));
}

#[test]
fn what_is_not_known_of_a_payload_is_kept() {
    let came = json!({
        "features": {"f": {"defaultValue": 1, "valueType": "number", "rules": [{"force": null, "tracks": [1], "id": "a"}]}},
        "experiments": [{"key": "e", "force": 1, "changeId": "x"}],
        "dateUpdated": "2026-11-30",
    });
    let payload: Payload = serde_json::from_value(came.clone()).unwrap();
    assert_eq!(serde_json::to_value(payload).unwrap(), came);
}

proptest! {
    #[test]
    fn somebody_gets_the_same_whatever_else_stands_in_the_payload(id in "[a-z0-9]{1,12}", key in "[a-z]{1,8}") {
        let rule = json!({"key": key, "hashVersion": 2, "variations": ["a", "b", "c"]});
        let alone = payload(json!({"f": {"rules": [rule]}}));
        let beside = payload(json!({"e": {"defaultValue": 1}, "f": {"rules": [{"condition": {"id": ""}, "force": 1}, rule]}}));
        let context = Context::of(json!({"id": id, "noise": 1}));
        prop_assert_eq!(evaluate(&alone, "f", &context).value, evaluate(&beside, "f", &context).value);
    }
}
