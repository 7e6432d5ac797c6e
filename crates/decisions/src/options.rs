//! What may a question bring to choose from? Things with an id, and what is said of each.

use crate::bounds::{WORD_BYTES_MAX, shown};
use models::bandit::Side;
use primitives::stable_hash;
use serde_json::Value;
use std::collections::BTreeSet;

/// How many there may be.
pub(crate) const N_OPTIONS_MAX: usize = 50;
/// How deep what is said may lie.
const N_DEEP_MAX: usize = 8;
/// The keys of each.
const KEYS: [&str; 2] = ["id", "features"];

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) id: &'a str,
    features: Option<&'a Value>,
}

/// Whether a value is a list of things to choose from.
pub(crate) fn fit(given: &Value) -> Result<(), String> {
    let all = given.as_array().filter(|all| (1..=N_OPTIONS_MAX).contains(&all.len()));
    let Some(all) = all else {
        return Err(match given.as_array() {
            Some(all) => format!("has {} entries: give 1 to {N_OPTIONS_MAX}", all.len()),
            None => format!("is {}: give {}", shown(given), in_words()),
        });
    };
    let mut ids = BTreeSet::new();
    for (at, one) in (1..).zip(all) {
        let fields =
            one.as_object().ok_or_else(|| format!("holds {} at place {at}: give {}", shown(one), in_words()))?;
        if let Some(key) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!(
                "has a key {} at place {at}: give {}",
                shown(&key.as_str().into()),
                KEYS.join(" and ")
            ));
        }
        let id = fields.get("id").and_then(Value::as_str).filter(|id| (1..=WORD_BYTES_MAX).contains(&id.len()));
        let id = id.ok_or_else(|| format!("has no id at place {at}: give a text of 1 to {WORD_BYTES_MAX} bytes"))?;
        if !ids.insert(id) {
            return Err(format!("has the id {} twice: give each once", shown(&id.into())));
        }
        let is_said = |value: &Value| value.is_object() || value.is_array() || value.is_null();
        if let Some(features) = fields.get("features").filter(|features| !is_said(features)) {
            return Err(format!("says {} of {id:?}: give features as an object, or a list of them", shown(features)));
        }
    }
    Ok(())
}

pub(crate) fn in_words() -> String {
    format!("a list of 1 to {N_OPTIONS_MAX} things, such as {{\"id\":\"tea\",\"features\":{{\"taste\":\"mild\"}}}}")
}

/// The things that are given, in their order.
pub(crate) fn given(all: Option<&Value>) -> Vec<Given<'_>> {
    let all = all.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| Some(Given { id: one.get("id")?.as_str()?, features: one.get("features") })).collect()
}

impl Given<'_> {
    /// What is said of it. Its id is something that is said of it, too: so is learned of those of which nothing else is.
    pub(crate) fn side(&self) -> Side {
        let mut numbers = vec![(stable_hash(&format!("id\0{}", self.id)), 1.0)];
        if let Some(features) = self.features {
            read(features, "", 0, &mut numbers);
        }
        Side::new(numbers)
    }
}

/// What is said of a situation: each number by the path of its names, each text as a yes by its path and itself.
pub(crate) fn side_of<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>) -> Side {
    let mut numbers = Vec::new();
    fields.for_each(|(key, said)| read(said, key, 1, &mut numbers));
    Side::new(numbers)
}

fn read(said: &Value, path: &str, depth: usize, into: &mut Vec<(u64, f64)>) {
    match said {
        Value::Null => {}
        Value::Bool(yes) => into.push((stable_hash(path), f64::from(u8::from(*yes)))),
        Value::Number(number) => into.push((stable_hash(path), number.as_f64().unwrap_or_default())),
        Value::String(text) => into.push((stable_hash(&format!("{path}={text}")), 1.0)),
        // Of a list the order says nothing: it is what holds.
        Value::Array(all) if depth < N_DEEP_MAX => all.iter().for_each(|one| read(one, path, depth + 1, into)),
        Value::Object(fields) if depth < N_DEEP_MAX => {
            for (key, one) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                read(one, &path, depth + 1, into);
            }
        }
        Value::Array(_) | Value::Object(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_chosen_from_is_refused_with_its_place() {
        assert_eq!(fit(&json!([{"id": "a"}, {"id": "b", "features": [{"x": 1}, {"y": "z"}]}])), Ok(()));
        let many: Vec<Value> = (0..51).map(|at| json!({"id": at.to_string()})).collect();
        for (given, said) in [
            (json!([]), "has 0 entries: give 1 to 50"),
            (json!(many), "has 51 entries: give 1 to 50"),
            (json!("a"), "is \"a\": give a list of 1 to 50 things"),
            (json!([{"id": "a"}, 1]), "holds 1 at place 2: give a list"),
            (json!([{"id": ""}]), "has no id at place 1: give a text"),
            (json!([{"id": "a"}, {"id": "a"}]), "has the id \"a\" twice: give each once"),
            (json!([{"id": "a", "feature": {}}]), "has a key \"feature\" at place 1: give id and features"),
            (json!([{"id": "a", "features": "x"}]), "says \"x\" of \"a\": give features as an object"),
        ] {
            let found = fit(&given).unwrap_err();
            assert!(found.starts_with(said), "{found}");
        }
    }

    #[test]
    fn what_is_said_in_other_words_is_the_same_and_what_is_not_is_not() {
        let side = |features: Value| Given { id: "a", features: Some(&features) }.side();
        let one = side(json!({"taste": "mild", "price": 3, "of": {"tea": true}}));
        assert_eq!(one, side(json!([{"price": 3.0}, {"of": {"tea": true}}, {"taste": "mild"}])));
        assert_eq!(one.n(), 4, "with its id");
        assert_ne!(one, side(json!({"taste": "strong", "price": 3, "of": {"tea": true}})));
        let fields = json!({"taste": "mild", "none": null, "tags": ["a", "b"]});
        assert_eq!(side_of(fields.as_object().unwrap().iter()).n(), 3);
        let deep = (0..1_000).fold(json!(1), |inside, _| json!({ "a": inside }));
        assert_eq!(side(deep).n(), 1, "what lies too deep is not looked at");
    }
}
