//! Does a text name somebody? For what was rejected and so was never read as an event.

use decisions::List;
use decisions::filter::{ERASED, without_names};
use profiles::Identifier;
use serde_json::Value;
use std::collections::BTreeSet;

/// The fields that name somebody, in small letters and without `_`; and that of a row which could not be imported.
const NAMES: [&str; 6] = ["userid", "anonymousid", "previousid", "groupid", "subject", "row"];

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

    /// Whether a text names them. In what is JSON that is said by the fields of identifiers and by every field of a row of
    /// a file, whose names anybody may choose; a key, a currency or a word of a text names nobody. In anything else it is a
    /// word.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => self.is_in_value(&value, false),
            Err(_) => self.stands_in(text),
        }
    }

    fn is_in_value(&self, value: &Value, is_name: bool) -> bool {
        match value {
            // A payload is a text within a record.
            Value::String(text) if text.starts_with(['{', '[']) => self.is_in(text),
            Value::String(text) => is_name && self.0.contains(text.trim()),
            Value::Number(number) => is_name && self.0.contains(&number.to_string()),
            Value::Array(values) => values.iter().any(|value| self.is_in_value(value, is_name)),
            Value::Object(fields) => fields.iter().any(|(field, value)| {
                let field = field.replace('_', "").to_ascii_lowercase();
                self.is_in_value(value, is_name || NAMES.contains(&field.as_str()))
            }),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        self.0.iter().any(|name| !places(text, name).is_empty())
    }

    /// What a saved list says without them; nothing where it does not name them. A name is what `id` is compared with, and
    /// where it is an address of mail, whatever text it is. Another word, a city or a number may be somebody's name as well,
    /// and is meant as what it is.
    pub(super) fn without(&self, list: &List) -> Option<List> {
        let is_address = |name: &str| name.contains('@');
        let is_theirs = |text: &str, is_id: bool| (is_id || is_address(text)) && self.0.contains(text.trim());
        let filter = without_names(&list.filter, &is_theirs);
        let mut title = list.title.clone();
        for name in self.0.iter().filter(|name| filter.is_some() || is_address(name)) {
            for at in places(&title, name).into_iter().rev() {
                title.replace_range(at..at + name.len(), ERASED);
            }
        }
        let without = List { filter: filter.unwrap_or_else(|| list.filter.clone()), title, ..list.clone() };
        (without != *list).then_some(without)
    }
}

/// Where a name stands in a text as a word.
fn places(text: &str, name: &str) -> Vec<usize> {
    let is_word = |at: &usize| {
        let (before, after) = (&text[..*at], &text[*at + name.len()..]);
        !before.ends_with(is_of_word) && !after.starts_with(is_of_word)
    };
    text.match_indices(name).map(|(at, _)| at).filter(is_word).collect()
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
            (r#"{"user_id":" 42 "}"#, true),
            (r#"{"anonymousId":{"id":[7,42]}}"#, true),
            (r#"{"row":{"kunde":"42","city":"Graz"}}"#, true),
            (r#"{"row":{"kunde":"43","note":"number 42"}}"#, false),
            (r#"{"properties":{"currency":"42"}}"#, false),
            (r#"{"price":42}"#, false),
            (r#"{"userId":421}"#, false),
            (r#"{"userId":"142"}"#, false),
            (r#"{"userId":"42a"}"#, false),
            (r#"{"url":"/account/42?x"}"#, false),
            (r#"{"userId":{"42":1}}"#, false),
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

    #[test]
    fn a_list_names_somebody_by_what_it_compares_their_ids_with() {
        let names = ["Graz", "anna@example.org", "v-7"].map(|name| Identifier::User(UserId::from(name)));
        let naming = Naming::of(&names);
        let list =
            |filter: &str, title: &str| List { filter: filter.to_owned(), title: title.to_owned(), ..List::default() };
        for ((filter, title), without) in [
            (("id=\"v-7\"", "Only v-7, v-77"), Some(("id=\"(erased)\"", "Only (erased), v-77"))),
            (("traits.mail = \"anna@example.org\"", "x"), Some(("traits.mail = \"(erased)\"", "x"))),
            (("known", "For anna@example.org"), Some(("known", "For (erased)"))),
            (("traits.city=\"Graz\"", "In Graz"), None),
            (("known", "v-7"), None),
        ] {
            let expected = without.map(|(filter, title)| list(filter, title));
            assert_eq!(naming.without(&list(filter, title)), expected, "{filter} {title}");
        }
        let erased = Naming::of(&[Identifier::User(UserId::from("erased"))]);
        assert_eq!(erased.without(&list("id=\"erased\"", "erased")).unwrap().filter, "id=\"(erased)\"");
    }
}
