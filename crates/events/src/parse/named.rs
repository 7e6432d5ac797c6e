//! Whom does an event name that was rejected? What stands where an identifier of a customer does, however it is written.

use crate::identifier::id_of;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// How deep it is looked: below what a reader of JSON gives up at, so that nothing hides behind it.
const DEPTH_MAX: usize = 64;
/// How many names are kept of one event.
const N_NAMES_MAX: usize = 100;
/// The fields of a customer's identifiers in our events and in CloudEvents, in small letters and without `_`.
const FIELDS: [&str; 4] = ["userid", "anonymousid", "previousid", "subject"];

/// The names in a payload, also where it could not be read as an event.
pub(super) fn named_in(payload: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut reader = serde_json::Deserializer::from_str(payload);
    // What cannot be read to its end was read up to there.
    drop(Search { found: &mut found, is_name: false, depth: 0 }.deserialize(&mut reader));
    found.into_iter().collect()
}

struct Search<'a> {
    found: &'a mut BTreeSet<String>,
    /// Whether it stands in a field of an identifier.
    is_name: bool,
    depth: usize,
}

impl Search<'_> {
    fn take(self, value: Value) {
        if self.is_name && self.found.len() < N_NAMES_MAX {
            self.found.extend(id_of(value, "").ok().flatten());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEPTH_MAX {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.take(number.into());
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.take(number.into());
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.take(number.into());
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.take(text.into());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let Self { found, is_name, depth } = self;
        while sequence.next_element_seed(Search { found, is_name, depth: depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, is_name, depth } = self;
        while let Some(key) = map.next_key::<String>()? {
            let field = key.replace('_', "").to_ascii_lowercase();
            let is_name = is_name || FIELDS.contains(&field.as_str());
            map.next_value_seed(Search { found, is_name, depth: depth + 1 })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let deep = format!("{{\"properties\":{}1{},\"userId\":\"v\"}}", "[".repeat(300), "]".repeat(300));
        let deep_map = format!("{{\"properties\":{}1{},\"userId\":\"v\"}}", "{\"a\":".repeat(300), "}".repeat(300));
        let within = |n: usize| format!("{{\"userId\":{}\"v\"{}}}", "[".repeat(n), "]".repeat(n));
        for (payload, expected) in [
            (r#"{"userId":" v ","properties":{"note":"w"}}"#, vec!["v"]),
            (r#"{"userId":7,"anonymousId":8.0,"previousId":-9}"#, vec!["-9", "7", "8"]),
            (r#"{"userId":"v","userId":"w"}"#, vec!["v", "w"]),
            (r#"{"anonymousId":{"id":["v"]}}"#, vec!["v"]),
            (r#"{"data":{"user_id":"v"},"subject":"w","anonymousid":"x"}"#, vec!["v", "w", "x"]),
            (r#"[{"user\u0049d":"v\u0065"}]"#, vec!["ve"]),
            (r#"{"userId":null,"anonymousId":true,"event":"v"}"#, vec![]),
            (r#"{"userId":"v","event":"#, vec!["v"]),
            (deep.as_str(), vec!["v"]),
            (deep_map.as_str(), vec!["v"]),
            (within(DEPTH_MAX - 1).as_str(), vec!["v"]),
            (within(DEPTH_MAX).as_str(), vec![]),
        ] {
            assert_eq!(named_in(payload), expected, "{payload}");
        }
        let many = format!("{{\"userId\":{:?}}}", (0..2 * N_NAMES_MAX).collect::<Vec<_>>());
        assert_eq!(named_in(&many).len(), N_NAMES_MAX);
    }
}
