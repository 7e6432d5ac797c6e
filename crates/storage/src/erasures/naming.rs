//! Does a text name somebody? For what was rejected and so was never read as an event.

use profiles::Identifier;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names that are looked for, as texts.
#[derive(Debug)]
pub(super) struct Naming(BTreeSet<String>);

impl Naming {
    pub(super) fn of(names: &[Identifier]) -> Self {
        let text = |name: &Identifier| match name {
            Identifier::User(id) => id.as_str().to_owned(),
            Identifier::Anonymous(id) => id.as_str().to_owned(),
        };
        Self(names.iter().map(text).filter(|text| !text.is_empty()).collect())
    }

    /// Whether one of the names stands in a text, and not as a part of a longer word. In what is JSON it is looked for in
    /// the texts, however they are written, and in the numbers of fields that hold an id.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => self.is_in_value(&value, false),
            Err(_) => self.stands_in(text),
        }
    }

    fn is_in_value(&self, value: &Value, is_id: bool) -> bool {
        match value {
            // A payload is a text within a record.
            Value::String(text) if text.starts_with(['{', '[']) => self.is_in(text),
            Value::String(text) => self.stands_in(text),
            Value::Number(number) => is_id && self.0.contains(&number.to_string()),
            Value::Array(values) => values.iter().any(|value| self.is_in_value(value, is_id)),
            Value::Object(fields) => {
                let is_in_field = |(field, value): (&String, &Value)| {
                    let is_id = field.to_ascii_lowercase().contains("id");
                    self.stands_in(field) || self.is_in_value(value, is_id)
                };
                fields.iter().any(is_in_field)
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        self.0.iter().any(|name| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                let (before, after) = (&text[..at], &text[at + name.len()..]);
                !before.ends_with(is_of_word) && !after.starts_with(is_of_word)
            })
        })
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{AnonymousId, UserId};

    #[test]
    fn a_name_is_found_where_it_is_meant() {
        let names = [Identifier::User(UserId::from("42")), Identifier::Anonymous(AnonymousId::from("Zoë \"x\""))];
        let naming = Naming::of(&names);
        for (text, expected) in [
            (r#"{"userId":"42"}"#, true),
            (r#"{"userId":42}"#, true),
            (r#"{"ids":[7,42]}"#, true),
            (r#"{"price":42}"#, false),
            (r#"{"userId":421}"#, false),
            (r#"{"userId":"142"}"#, false),
            (r#"{"userId":"42a"}"#, false),
            (r#"{"url":"/account/42?x"}"#, true),
            (r#"{"a":{"42":1}}"#, true),
            (r#"{"anonymousId":"Zo\u00eb \"x\""}"#, true),
            (r#"{"payload":"{\"userId\":42}"}"#, true),
            (r#"{"payload":"{\"userId\":\"42\",\"cut"}"#, true),
            (r#"{"userId":"42","cut"#, true),
            (r#"{"userId":"43","cut"#, false),
            ("a line of 42 words", true),
            ("", false),
        ] {
            assert_eq!(naming.is_in(text), expected, "{text}");
        }
        assert!(!Naming::of(&[Identifier::User(UserId::from(""))]).is_in("x"));
    }
}
