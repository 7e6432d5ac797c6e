//! Which texts and numbers stand where in JSON that may be anything, and cut?

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// How deep it is looked: below what a reader of JSON gives up at, so that nothing hides behind it.
pub(crate) const DEPTH_MAX: usize = 64;

/// Hands out each text and number, with the keys that lead to it. What cannot be read to its end is read up to there.
pub(crate) fn each_scalar(json: &str, mut take: impl FnMut(&[String], Value)) {
    let mut reader = serde_json::Deserializer::from_str(json);
    drop(Search { take: &mut take, path: &mut Vec::new(), depth: 0 }.deserialize(&mut reader));
}

struct Search<'a> {
    take: &'a mut dyn FnMut(&[String], Value),
    path: &'a mut Vec<String>,
    depth: usize,
}

impl Search<'_> {
    fn take(self, value: impl Into<Value>) {
        (self.take)(self.path, value.into());
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
        let Self { take, path, depth } = self;
        while sequence.next_element_seed(Search { take, path, depth: depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { take, path, depth } = self;
        while let Some(key) = map.next_key::<String>()? {
            path.push(key);
            map.next_value_seed(Search { take, path, depth: depth + 1 })?;
            path.pop();
        }
        Ok(())
    }
}
