//! How do the fields of a message get written? Straight as JSON: a tree of values for each message would cost more than the
//! life it tells of.

use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field<'a> {
    /// Nothing: the field is left out.
    Absent,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'a, str>),
    Object(Object),
    List(Vec<Object>),
}

/// An object while it is written: what stands in it so far, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object(String);

/// An object with these fields; those that are absent are left out.
pub(crate) fn object<'a, const N: usize>(fields: [(&str, Field<'a>); N]) -> Object {
    Object::with_room(48 * N).and(fields)
}

impl Object {
    /// An object without a field, with room for so many bytes.
    pub(crate) fn with_room(n_bytes: usize) -> Self {
        let mut text = String::with_capacity(n_bytes);
        text.push('{');
        Self(text)
    }

    /// The same with these fields after what it has.
    #[must_use]
    pub(crate) fn and<'a, const N: usize>(mut self, fields: [(&str, Field<'a>); N]) -> Self {
        self.add_all(fields);
        self
    }

    pub(crate) fn add_all<'a, const N: usize>(&mut self, fields: [(&str, Field<'a>); N]) {
        for (name, field) in fields {
            self.add(name, &field);
        }
    }

    /// Adds the fields of another after its own.
    pub(crate) fn join(&mut self, other: &Self) {
        if other.0.len() > 1 {
            self.separate();
            self.0.push_str(&other.0[1..]);
        }
    }

    /// Adds an object of these fields under a name.
    pub(crate) fn nest<'a, const N: usize>(&mut self, name: &str, fields: [(&str, Field<'a>); N]) {
        self.name(name);
        self.0.push('{');
        self.add_all(fields);
        self.0.push('}');
    }

    pub(crate) fn add(&mut self, name: &str, field: &Field<'_>) {
        if matches!(field, Field::Absent) || matches!(field, Field::Number(number) if !number.is_finite()) {
            return;
        }
        self.name(name);
        match field {
            Field::Absent => {}
            Field::Flag(is) => self.0.push_str(if *is { "true" } else { "false" }),
            Field::Whole(number) => self.say(format_args!("{number}")),
            // The shortest digits that mean this number, which JSON reads as the same one.
            Field::Number(number) => self.say(format_args!("{number}")),
            Field::Text(text) => quote(&mut self.0, text),
            Field::Object(object) => {
                self.0.push_str(&object.0);
                self.0.push('}');
            }
            Field::List(objects) => {
                self.0.push('[');
                for (no, object) in objects.iter().enumerate() {
                    self.0.push_str(if no > 0 { "," } else { "" });
                    self.0.push_str(&object.0);
                    self.0.push('}');
                }
                self.0.push(']');
            }
        }
    }

    /// The whole text.
    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// As a tree.
    pub(crate) fn value(self) -> Value {
        serde_json::from_str(&self.end()).unwrap_or_default()
    }

    fn name(&mut self, name: &str) {
        self.separate();
        quote(&mut self.0, name);
        self.0.push(':');
    }

    fn separate(&mut self) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
    }

    fn say(&mut self, what: std::fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.0.write_fmt(what);
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        for letter in text.chars() {
            match letter {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                control if control < ' ' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(control));
                }
                letter => out.push(letter),
            }
        }
    }
    out.push('"');
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Object> for Field<'_> {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Object>> for Field<'_> {
    fn from(objects: Vec<Object>) -> Self {
        Self::List(objects)
    }
}

impl From<bool> for Field<'_> {
    fn from(is: bool) -> Self {
        Self::Flag(is)
    }
}

impl From<f64> for Field<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Field<'_> {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<i64> for Field<'_> {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<usize> for Field<'_> {
    fn from(number: usize) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(one: Option<T>) -> Self {
        one.map_or(Self::Absent, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_object_is_written_as_json_without_what_is_absent() {
        let inner = object([("a", 1_u32.into()), ("none", Field::Absent)]);
        let mut written = object([("t", "x".into()), ("inner", inner.clone().into())]);
        written.join(&object([]));
        written.join(&object([("flag", true.into()), ("nan", f64::NAN.into()), ("gone", None::<&str>.into())]));
        written.nest("nested", [("n", 4.0.into())]);
        written.nest("empty", []);
        written.add("list", &vec![inner, object([])].into());
        let expected = r#"{"t":"x","inner":{"a":1},"flag":true,"nested":{"n":4},"empty":{},"list":[{"a":1},{}]}"#;
        assert_eq!(written.clone().end(), expected);
        assert_eq!(written.value()["list"], json!([{"a": 1}, {}]));
        assert_eq!(object([]).end(), "{}");
    }

    proptest! {
        /// Whatever is written is read as it was.
        #[test]
        fn what_is_written_is_read_again(
            text in any::<String>(), number in -1e9..1e9_f64, whole: i64, odd in "[\\x00-\\x1f\"\\\\a{]{0,8}",
        ) {
            let written = object([
                (odd.as_str(), text.as_str().into()), ("number", number.into()), ("whole", whole.into()),
                ("odd", odd.clone().into()),
            ]);
            let mut expected = json!({"number": number, "whole": whole, "odd": odd.clone()});
            expected[odd.as_str()] = text.into();
            let found: Value = serde_json::from_str(&written.end()).unwrap();
            prop_assert_eq!(found["number"].as_f64(), Some(number));
            for key in ["whole", "odd", odd.as_str()] {
                if key != "number" { prop_assert_eq!(&found[key], &expected[key]); }
            }
        }
    }
}
