//! Does each operator hold where it should, and nowhere else?

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn check(condition: &Value, attributes: &Value) -> bool {
    let groups = SavedGroups::from([("friends".to_owned(), json!(["ann", 7]))]);
    holds(condition, attributes, &groups)
}

/// For each operator a condition on `a`, one value that passes it and one that does not.
#[test]
fn each_operator_holds_of_one_value_and_not_of_the_other() {
    let cases = [
        (json!({"$eq": "x"}), json!("x"), json!("X")),
        (json!({"$eq": 1}), json!(1.0), json!("1")),
        (json!({"$ne": 1}), json!("1"), json!(1)),
        (json!({"$lt": 5}), json!("4"), json!(5)),
        (json!({"$lte": 5}), json!(5), json!(5.1)),
        (json!({"$gt": "b"}), json!("c"), json!("b")),
        (json!({"$gte": 5}), json!(5), json!("five")),
        (json!({"$in": [1, "x"]}), json!(["y", "x"]), json!("1")),
        (json!({"$nin": ["x"]}), json!("y"), json!(["y", "x"])),
        (json!({"$ini": ["Ü"]}), json!("ü"), json!("u")),
        (json!({"$nini": ["A"]}), json!("b"), json!("a")),
        (json!({"$all": ["x", "y"]}), json!(["y", "z", "x"]), json!(["x"])),
        (json!({"$all": ["x"]}), json!(["x"]), json!(["X"])),
        (json!({"$all": []}), json!([]), json!("x")),
        (json!({"$alli": ["X"]}), json!(["x"]), json!("x")),
        (json!({"$elemMatch": {"$gt": 3}}), json!([1, 4]), json!([1, 3])),
        (json!({"$elemMatch": {"n": {"$lt": 2}}}), json!([{"n": 5}, {"n": 1}]), json!([{"n": 2}])),
        (json!({"$size": 2}), json!([0, 0]), json!("ab")),
        (json!({"$size": {"$gte": 2}}), json!([0, 0, 0]), json!([0])),
        (json!({"$exists": true}), json!(false), json!(null)),
        (json!({"$exists": false}), json!(null), json!(0)),
        (json!({"$type": "number"}), json!(1), json!("1")),
        (json!({"$type": "array"}), json!([]), json!({})),
        (json!({"$regex": "^a.c$"}), json!("abc"), json!("ABC")),
        (json!({"$regexi": "^a.c$"}), json!("ABC"), json!("abcd")),
        (json!({"$not": {"$in": ["x"]}}), json!("y"), json!("x")),
        (json!({"$inGroup": "friends"}), json!(7), json!("7")),
        (json!({"$notInGroup": "friends"}), json!("bob"), json!("ann")),
        (json!({"$veq": "1.2.3"}), json!("v1.2.3+4"), json!("1.2.4")),
        (json!({"$vne": "1.2.3"}), json!("1.2.3-a"), json!("1.2.3")),
        (json!({"$vlt": "1.10.0"}), json!("1.9.0"), json!("1.10.0")),
        (json!({"$vlte": "1.10.0"}), json!("1.10.0"), json!("1.10.1")),
        (json!({"$vgt": "1.9.0"}), json!("1.10.0"), json!("1.9.0")),
        (json!({"$vgte": "2.0.0-rc.1"}), json!("2.0.0"), json!("2.0.0-beta")),
        (json!("x"), json!("x"), json!("y")),
        (json!(0), json!(false), json!("a")),
        (json!(true), json!("yes"), json!(null)),
        (json!(false), json!(0), json!(null)),
        (json!(null), json!(null), json!(0)),
        (json!([1, 2]), json!([1, 2]), json!([2, 1])),
        (json!({"k": 1}), json!({"k": 1}), json!({"k": 1, "l": 2})),
    ];
    for (asked, passes, fails) in cases {
        let condition = json!({"a": asked});
        assert!(check(&condition, &json!({"a": passes})), "{asked} of {passes}");
        assert!(!check(&condition, &json!({"a": fails})), "{asked} of {fails}");
    }
}

#[test]
fn what_is_not_known_does_not_hold() {
    for asked in
        [json!({"$regx": "a"}), json!({"$regex": "("}), json!({"$regex": 7}), json!({"$in": "a"}), json!({"$nin": "a"})]
    {
        assert!(!check(&json!({"a": asked}), &json!({"a": "a"})), "{asked}");
    }
    for condition in [json!("a"), json!(null), json!([])] {
        assert!(!check(&condition, &json!({"a": "a"})), "{condition}");
    }
    assert!(!check(&json!({"a": {"$inGroup": "strangers"}}), &json!({"a": 1})));
}

#[test]
fn of_no_conditions_all_hold_and_so_does_any() {
    for (condition, expected) in
        [(json!({}), true), (json!({"$and": []}), true), (json!({"$or": []}), true), (json!({"$nor": []}), false)]
    {
        assert_eq!(check(&condition, &json!({"a": 1})), expected, "{condition}");
    }
}

#[test]
fn paths_lead_into_objects_and_lists() {
    let attributes = json!({"a": {"b": [{"c": 1}]}, "n": null, "t": "text"});
    assert!(check(&json!({"a.b.0.c": 1}), &attributes));
    for path in ["a.b.1.c", "n.b", "t.length", "", "a..b"] {
        assert!(check(&json!({path: null}), &attributes), "{path}");
    }
}

#[test]
fn conditions_that_lie_too_deep_do_not_hold_and_do_no_harm() {
    let within = |inner: Value| Value::Object([("$and".to_owned(), Value::Array(vec![inner]))].into_iter().collect());
    let deep = |n: u32| (0..n).fold(json!({}), |inner, _| within(inner));
    assert!(check(&deep(20), &json!({})));
    assert!(!check(&deep(500), &json!({})));
}

fn any_condition() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!({"a": 1}),
        json!({"a": {"$gt": 1}}),
        json!({"b": {"$in": ["x", "y"]}}),
        json!({"b": {"$exists": false}}),
        json!({}),
    ]);
    leaf.prop_recursive(3, 20, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            some().prop_map(|list| json!({"$and": list})),
            some().prop_map(|list| json!({"$or": list})),
            some().prop_map(|list| json!({"$nor": list})),
            inner.clone().prop_map(|one| json!({"$not": one})),
        ]
    })
}

fn any_attributes() -> impl Strategy<Value = Value> {
    let a = prop::sample::select(vec![json!(0), json!(1), json!(2), json!("2"), json!(null)]);
    let b = prop::sample::select(vec![json!("x"), json!(["y"]), json!("z"), json!(null)]);
    (a, b).prop_map(|(a, b)| json!({"a": a, "b": b}))
}

proptest! {
    #[test]
    fn not_turns_around_and_nor_is_not_or(one in any_condition(), other in any_condition(), attributes in any_attributes()) {
        let (is, is_other) = (check(&one, &attributes), check(&other, &attributes));
        prop_assert_eq!(check(&json!({"$not": one}), &attributes), !is);
        prop_assert_eq!(check(&json!({"$and": [one, other]}), &attributes), is && is_other);
        prop_assert_eq!(check(&json!({"$or": [one, other]}), &attributes), is || is_other);
        prop_assert_eq!(check(&json!({"$nor": [one, other]}), &attributes), !(is || is_other));
    }
}
