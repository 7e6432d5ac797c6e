//! Do features wait for each other in a circle?

use crate::payload::Payload;
use std::collections::BTreeSet;

/// Features that wait for each other, the first named again at the end; `None` where none do.
///
/// ```
/// use serde_json::json;
/// let needs = |other: &str| json!({"rules": [{"parentConditions": [{"id": other, "condition": {"value": true}}]}]});
/// let payload = |a, b| serde_json::from_value(json!({"features": {"a": a, "b": b}})).unwrap();
/// assert_eq!(flags::circle(&payload(needs("b"), needs("a"))).unwrap(), ["a", "b", "a"]);
/// assert_eq!(flags::circle(&payload(needs("b"), json!({}))), None);
/// ```
#[must_use]
pub fn circle(payload: &Payload) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    payload.features.keys().find_map(|key| {
        let mut path: Vec<&str> = vec![key];
        let mut left = vec![needs(payload, key)];
        while let Some(next) = left.last_mut() {
            match next.pop() {
                None => {
                    left.pop();
                    done.extend(path.pop());
                }
                Some(parent) => {
                    if let Some(begin) = path.iter().position(|waiting| *waiting == parent) {
                        let mut circle: Vec<String> = path[begin..].iter().map(|key| (*key).to_owned()).collect();
                        circle.push(parent.to_owned());
                        return Some(circle);
                    }
                    if !done.contains(parent) {
                        path.push(parent);
                        left.push(needs(payload, parent));
                    }
                }
            }
        }
        None
    })
}

/// The features that one waits for.
fn needs<'a>(payload: &'a Payload, key: &str) -> Vec<&'a str> {
    let rules = payload.features.get(key).map(|feature| feature.rules.as_slice()).unwrap_or_default();
    let parents = rules.iter().flat_map(|rule| rule.experiment.parent_conditions.iter().flatten());
    parents.map(|parent| parent.id.as_str()).collect()
}
