//! Which texts and numbers stand where in JSON that may be anything, and cut?

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// How deep it is looked: below what a reader of JSON gives up at, so that nothing hides behind it.
pub(crate) const DEPTH_MAX: usize = 64;

/// Where a text or a number stands.
pub(crate) struct At<'a> {
    /// The keys that lead to it.
    pub(crate) path: &'a [String],
    /// Whether one of them is meant.
    pub(crate) is_meant: bool,
}

/// Hands out each text and number, and where it stands. `is_meant` is asked once of each key, however many values it leads
/// to: what strangers send must not take more time than it has bytes. What cannot be read to its end is read up to there.
pub(crate) fn each_scalar(json: &str, mut is_meant: impl FnMut(&str) -> bool, mut take: impl FnMut(At<'_>, Value)) {
    let mut reader = serde_json::Deserializer::from_str(json);
    let mut found = Found { is_meant: &mut is_meant, take: &mut take, path: Vec::new() };
    drop(Search { found: &mut found, is_meant: false, depth: 0 }.deserialize(&mut reader));
}

struct Found<'a> {
    is_meant: &'a mut dyn FnMut(&str) -> bool,
    take: &'a mut dyn FnMut(At<'_>, Value),
    path: Vec<String>,
}

struct Search<'a, 'b> {
    found: &'a mut Found<'b>,
    is_meant: bool,
    depth: usize,
}

impl Search<'_, '_> {
    fn take(self, value: impl Into<Value>) {
        let at = At { path: &self.found.path, is_meant: self.is_meant };
        (self.found.take)(at, value.into());
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEPTH_MAX {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_, '_> {
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
        self.take(number);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.take(number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.take(number);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.take(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let Self { found, is_meant, depth } = self;
        while sequence.next_element_seed(Search { found, is_meant, depth: depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, is_meant, depth } = self;
        while let Some(key) = map.next_key::<String>()? {
            let is_meant = is_meant || (found.is_meant)(&key);
            found.path.push(key);
            map.next_value_seed(Search { found, is_meant, depth: depth + 1 })?;
            found.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_looked_at_once_however_many_values_it_leads_to() {
        let values = vec!["1"; 1_000].join(",");
        let json = format!("{{\"a\":[{values}],\"b\":{{\"c\":[{values}],\"d\":2}},\"e\":3}}");
        let (mut asked, mut found) = (Vec::new(), Vec::new());
        let is_meant = |key: &str| {
            asked.push(key.to_owned());
            key == "b"
        };
        each_scalar(&json, is_meant, |at, _| found.push((at.path.join("/"), at.is_meant)));
        assert_eq!(asked, ["a", "b", "e"], "what is below one that is meant is meant");
        assert_eq!(found.len(), 2_002);
        found.dedup();
        let expected = [("a", false), ("b/c", true), ("b/d", true), ("e", false)];
        assert_eq!(found, expected.map(|(path, is_meant)| (path.to_owned(), is_meant)));
    }
}
