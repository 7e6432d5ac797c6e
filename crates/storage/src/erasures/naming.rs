//! Does a text name somebody? For what was rejected and so was never read as an event.

use crate::erased::Who;
use crate::event_log::{RejectionRecord, rejection_hash};
use decisions::List;
use decisions::filter::{ERASED, without_names};
use events::{customer_id_of, named_in};
use profiles::Identifier;
use serde_json::Value;
use std::collections::BTreeSet;

/// The field of a row which could not be imported.
const ROW: &str = "row";

/// The names that are looked for, as texts.
#[derive(Debug)]
pub(super) struct Naming {
    /// As they stand in events.
    names: BTreeSet<String>,
    /// Their hashes, as they stand in the records of rejected events.
    hashes: BTreeSet<u64>,
    /// As people know them, the longest first: the ids of the customers, too, and what says which kind of name it is.
    said: Vec<String>,
}

impl Naming {
    pub(super) fn of(who: &Who) -> Self {
        let text = |name: &Identifier| match name {
            Identifier::User(id) => id.as_str().to_owned(),
            Identifier::Anonymous(id) => id.as_str().to_owned(),
        };
        let names: BTreeSet<String> = who.names.iter().map(text).filter(|text| !text.is_empty()).collect();
        let meant = who.names.iter().map(Identifier::to_meant);
        let customers = who.customers.iter().map(|customer| customer.as_str().to_owned());
        let mut said: Vec<String> = names.iter().cloned().chain(customers).chain(meant).collect();
        said.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        said.dedup();
        Self { hashes: names.iter().map(|name| rejection_hash(name)).collect(), names, said }
    }

    /// Whether a rejected event names them: as it would be refused now.
    pub(super) fn is_of(&self, record: &[u8]) -> bool {
        match serde_json::from_slice::<RejectionRecord>(record) {
            Ok(found) => {
                found.named.iter().any(|hash| self.hashes.contains(hash)) || self.is_in(&found.rejected.payload)
            }
            Err(_) => self.stands_in(&String::from_utf8_lossy(record)),
        }
    }

    /// Whether a text names them. In what is JSON that is said by the fields of identifiers, as an event says it, and by every
    /// field of a row of a file, whose names anybody may choose; a key, a currency or a word of a text names nobody. In
    /// anything else it is a word.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                named_in(text).iter().any(|name| self.names.contains(name))
                    || value.get(ROW).is_some_and(|row| self.is_cell_of(row))
            }
            Err(_) => self.stands_in(text),
        }
    }

    fn is_cell_of(&self, row: &Value) -> bool {
        match row {
            Value::Array(values) => values.iter().any(|value| self.is_cell_of(value)),
            Value::Object(fields) => fields.values().any(|value| self.is_cell_of(value)),
            cell => customer_id_of(cell.clone(), "").ok().flatten().is_some_and(|id| self.names.contains(&id)),
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        self.names.iter().any(|name| !places(text, name).is_empty())
    }

    /// What a saved list says without them; nothing where it does not name them. A name is what `id` is compared with, and
    /// where it is an address of mail, whatever text it is. Another word, a city or a number may be somebody's name as well,
    /// and is meant as what it is.
    pub(super) fn without(&self, list: &List) -> Option<List> {
        let is_address = |name: &str| name.contains('@');
        let is_theirs =
            |text: &str, is_id: bool| (is_id || is_address(text)) && self.said.iter().any(|said| said == text.trim());
        let filter = without_names(&list.filter, &is_theirs);
        let mut title = list.title.clone();
        for name in self.said.iter().filter(|name| filter.is_some() || is_address(name)) {
            for at in places(&title, name).into_iter().rev() {
                title.replace_range(at..at + name.len(), ERASED);
            }
        }
        let filter = filter.unwrap_or_else(|| list.filter.clone());
        let without = List { filter, ..list.clone() }.with_title(title);
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

    fn naming_of(names: &[Identifier]) -> Naming {
        let customers = names.iter().map(Identifier::customer_id).collect();
        Naming::of(&Who { customers, names: names.to_vec() })
    }

    #[test]
    fn a_name_is_found_where_it_is_meant() {
        let names = [Identifier::User(UserId::from("42")), Identifier::Anonymous(AnonymousId::from("Zoë \"x\""))];
        let naming = naming_of(&names);
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
            // As events and their refusal read it.
            (r#"{"userId":42.0}"#, true),
            (r#"{"row":{"kunde":42.0}}"#, true),
            (r#"{"groupId":"42"}"#, false),
            (r#"{"userId":"42","cut"#, true),
            (r#"{"userId":"43","cut"#, false),
            ("a line of 42 words", true),
            ("", false),
        ] {
            assert_eq!(naming.is_in(text), expected, "{text}");
        }
        assert!(!naming_of(&[Identifier::User(UserId::from(""))]).is_in("x"));
    }

    #[test]
    fn a_list_names_somebody_by_what_it_compares_their_ids_with() {
        let mut names = ["Graz", "anna@example.org", "v-7"].map(|name| Identifier::User(UserId::from(name))).to_vec();
        names.push(Identifier::Anonymous(AnonymousId::from("d-1")));
        let naming = naming_of(&names);
        let list =
            |filter: &str, title: &str| List { filter: filter.to_owned(), title: title.to_owned(), ..List::default() };
        for ((filter, title), without) in [
            (("id=\"v-7\"", "Only v-7, v-77"), Some(("id=\"(erased)\"", "Only (erased), v-77"))),
            (("traits.mail = \"anna@example.org\"", "x"), Some(("traits.mail = \"(erased)\"", "x"))),
            // As it is copied from a page, whoever came as a device first.
            (
                ("id in (\"anonymous:d-1\", \"x\")", "Call anonymous:d-1"),
                Some(("id in (\"(erased)\", \"x\")", "Call (erased)")),
            ),
            (("id IN (\"user:v-7\")", "x"), Some(("id IN (\"(erased)\")", "x"))),
            (("known", "For anna@example.org"), Some(("known", "For (erased)"))),
            (("traits.city=\"Graz\"", "In Graz"), None),
            (("known", "v-7"), None),
        ] {
            let expected = without.map(|(filter, title)| list(filter, title));
            assert_eq!(naming.without(&list(filter, title)), expected, "{filter} {title}");
        }
        let long = naming.without(&list("id=\"v-7\"", &format!("{} v-7", "x".repeat(196)))).unwrap();
        assert_eq!(long.title, format!("{} (er", "x".repeat(196)), "no longer than a title may be");
        let erased = naming_of(&[Identifier::User(UserId::from("erased"))]);
        assert_eq!(erased.without(&list("id=\"erased\"", "erased")).unwrap().filter, "id=\"(erased)\"");
    }
}
