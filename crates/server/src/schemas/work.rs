//! How much work may a value make a schema that refers to itself?

use serde_json::Value;
use std::collections::BTreeSet;

/// In how many ways one step into a value may be judged, at the most: the product of how many references that lead back to
/// themselves stand within each place that such references name; 0 where there are none. A reference by another name than a
/// place in the schema is taken for one of them.
pub(super) fn n_ways_each(schema: &Value) -> u64 {
    let places: BTreeSet<&str> = references(schema).into_iter().filter(|place| returns(schema, place)).collect();
    let within = |place: &&str| {
        let target = place.strip_prefix('#').and_then(|pointer| schema.pointer(pointer)).unwrap_or(schema);
        references(target).iter().filter(|found| places.contains(**found)).count() as u64
    };
    if places.is_empty() { 0 } else { places.iter().map(within).fold(1, u64::saturating_mul) }
}

/// In how many ways the parts of a value may be judged: the sum of n_each^depth over all values within it.
pub(super) fn n_ways(value: &Value, n_each: u64) -> u64 {
    let within: u64 = match value {
        Value::Object(fields) => sum(fields.values().map(|field| n_ways(field, n_each))),
        Value::Array(items) => sum(items.iter().map(|item| n_ways(item, n_each))),
        _ => 0,
    };
    within.saturating_mul(n_each).saturating_add(1)
}

fn sum(ways: impl Iterator<Item = u64>) -> u64 {
    ways.fold(0, u64::saturating_add)
}

fn returns(schema: &Value, reference: &str) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut ahead = vec![reference];
    while let Some(next) = ahead.pop() {
        let Some(target) = next.strip_prefix('#').and_then(|pointer| schema.pointer(pointer)) else { return true };
        for found in references(target) {
            if found == reference {
                return true;
            }
            if seen.insert(found) {
                ahead.push(found);
            }
        }
    }
    false
}

fn references(schema: &Value) -> Vec<&str> {
    const KEYS: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
    let mut found = Vec::new();
    let mut ahead = vec![schema];
    while let Some(next) = ahead.pop() {
        match next {
            Value::Object(fields) => {
                found.extend(KEYS.iter().filter_map(|key| fields.get(*key)?.as_str()));
                ahead.extend(fields.values());
            }
            Value::Array(items) => ahead.extend(items),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_that_lead_back_to_themselves_multiply() {
        let shared = json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {}}, "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}});
        assert_eq!(n_ways_each(&shared), 0, "to use one twice is no circle");
        let own = json!({"properties": {"c": {"$ref": "#"}, "d": {"items": {"$ref": "#"}}}});
        assert_eq!(n_ways_each(&own), 2);
        let tree = json!({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"});
        assert_eq!(n_ways_each(&tree), 1, "where it begins is no step");
        let by_turns =
            |a: Value, b: Value| json!({"$defs": {"a": {"anyOf": a}, "b": {"anyOf": b}}, "$ref": "#/$defs/a"});
        let (a, b) = (json!({"$ref": "#/$defs/a"}), json!({"$ref": "#/$defs/b"}));
        assert_eq!(n_ways_each(&by_turns(json!([b]), json!([a]))), 1);
        assert_eq!(n_ways_each(&by_turns(json!([b, b]), json!([a, a, a]))), 6);
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            assert_eq!(n_ways_each(&json!({"properties": {"c": {key: "#node"}}, "x": {key: "#node"}})), 2, "{key}");
        }
    }

    #[test]
    fn ways_multiply_with_the_depth_and_add_up_with_the_breadth() {
        assert_eq!(n_ways(&json!(1), 9), 1);
        assert_eq!(n_ways(&json!([1, 2, 3]), 1), 4);
        assert_eq!(n_ways(&json!({"a": {"b": 1}}), 3), 1 + 3 + 9);
        assert_eq!(n_ways(&json!([{"b": 1}, {"b": 1}]), 2), 1 + 2 * (1 + 2) * 2);
        let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!((n_ways(&deep, 1), n_ways(&deep, 9)), (121, u64::MAX));
    }
}
