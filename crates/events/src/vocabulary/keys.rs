//! Which keys of a tracked event's properties are read? So that one that is not, because it is misspelt, is seen.

use super::answered;
use super::channels::SEARCH;
use super::dialect::PLAIN;
use super::steps::Named;
use super::{Meaning, meaning_of};
use crate::CommerceStep;
use primitives::nearest;

/// The keys that are read of a tracked event's properties; none where the name stands in no table, or for what says all.
#[must_use]
pub fn keys_read(name: &str) -> Vec<&'static str> {
    match meaning_of(name) {
        Some(Meaning::Step(named)) => of_purchase(named),
        Some(Meaning::Channel(spoken)) => {
            let mut keys = of_channel(spoken.properties);
            keys.extend(answered::keys().filter(|_| answered::can_answer(spoken.verb)));
            keys
        }
        None => Vec::new(),
    }
}

fn of_channel(properties: super::channels::Properties) -> Vec<&'static str> {
    properties.iter().flat_map(|(_, property)| property.keys.iter().copied()).collect()
}

fn of_purchase(named: &Named) -> Vec<&'static str> {
    let dialect = named.dialect;
    let lists = [dialect.lists, dialect.amounts, dialect.order_ids, dialect.ids, dialect.names, dialect.categories];
    let mut keys: Vec<_> = lists.concat();
    keys.extend(["price", "currency", "quantity"]);
    if named.is_about_one_product {
        keys.push("id");
    }
    if *dialect != PLAIN {
        keys.push("transactions");
    }
    keys.extend(answered::keys().filter(|_| answered::of_purchase(named.step).is_some()));
    if named.step == CommerceStep::Searched {
        keys.extend(of_channel(SEARCH));
    }
    keys
}

/// Which of the keys that are read was meant by one that is not: one of the same words, or a slip of some letters.
#[must_use]
pub fn nearest_key(written: &str, keys: &[&'static str]) -> Option<&'static str> {
    let words = words(written);
    let same_words = keys.iter().copied().find(|key| self::words(key) == words);
    same_words.or_else(|| nearest(written, keys.iter().copied()))
}

/// The words of a key in small letters, in the order of the alphabet: `secondsIdle` has those of `idle_seconds`.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in key.chars() {
        let is_apart = !letter.is_alphanumeric();
        if is_apart || letter.is_uppercase() && was_small {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !is_apart) {
            word.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words.sort();
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::channels::CHANNELS;
    use crate::vocabulary::steps::NAMES;
    use crate::{Call, Envelope, Event, Object, Origin, parse_event};
    use primitives::Timestamp;
    use serde_json::{Value, json};
    use std::collections::{BTreeMap, BTreeSet};

    /// What is made of an event, or why it is refused.
    fn read(name: &str, properties: &Object) -> String {
        let payload =
            json!({"type": "track", "event": name, "userId": "u", "messageId": "m", "properties": properties});
        let envelope = Envelope::new(Timestamp::from_millis(0), Origin::Server);
        let told = |event: Event| {
            let Call::Track { .. } = &event.call else { unreachable!() };
            format!("{:?} {:?} {:?}", event.deed(), event.answered(), event.marks())
        };
        parse_event(payload, None, &envelope).map_or_else(|refused| format!("{refused:?}"), told)
    }

    #[test]
    fn whatever_changes_what_is_read_is_a_key_that_is_told_and_the_other_way_round() {
        let names: Vec<&str> =
            NAMES.iter().map(|named| named.name).chain(CHANNELS.iter().map(|spoken| spoken.name)).collect();
        let all: BTreeSet<&str> =
            names.iter().flat_map(|name| keys_read(name)).chain(["id", "transactions", "coupon", "n"]).collect();
        // Some of them are wrong everywhere, and each kind of property can read one of them.
        let values = [
            json!({"deep": 1}),
            json!([]),
            json!([{"amount": 3, "currency": "EUR"}]),
            json!(3),
            json!(0.5),
            json!("EUR"),
            json!("high"),
            json!("month"),
            json!("2026-11-29T08:00:00Z"),
        ];
        // Names with the same keys are read by the same code: one of them is tried.
        let distinct: BTreeMap<_, _> = names.iter().map(|name| (keys_read(name), *name)).collect();
        assert!(distinct.len() > 20, "{distinct:?}");
        for name in distinct.into_values() {
            let told: BTreeSet<&str> = keys_read(name).into_iter().collect();
            // What it says nothing without, and a product of its own, so that amounts and currencies are of something.
            let bases = [
                json!({}),
                json!({"currency": "EUR", "score": 3, "metric": "m", "value": 2, "decision_id": "d", "amount": 1}),
                json!({"currency": "EUR", "product_id": "p", "score": 3, "scale": 9, "started_at": 0, "ended_at": 60}),
            ];
            for key in &all {
                let changes = bases.iter().any(|base| {
                    let without = base.as_object().cloned().unwrap_or_default();
                    let unsaid = read(name, &without);
                    values.iter().any(|value: &Value| {
                        let mut with = without.clone();
                        with.insert((*key).to_owned(), value.clone());
                        read(name, &with) != unsaid
                    })
                });
                assert_eq!(changes, told.contains(key), "\"{key}\" of \"{name}\"");
            }
        }
    }

    #[test]
    fn what_was_meant_has_the_same_words_or_nearly_the_same_letters() {
        let left = keys_read("Page Left");
        for (written, meant) in [
            ("seconds_idle", Some("idle_seconds")),
            ("secondsIdle", Some("idle_seconds")),
            ("Seconds-Visible", Some("seconds_visible")),
            ("scrol_share", Some("scroll_share")),
            ("click", Some("clicks")),
            ("url", None),
            ("", None),
        ] {
            assert_eq!(nearest_key(written, &left), meant, "{written}");
        }
        assert_eq!(nearest_key("anything", &[]), None);
        assert_eq!(words("aB_c-D.e"), ["a", "b", "c", "d", "e"]);
        assert_eq!(words("GTIN code"), ["code", "gtin"]);
        assert!(keys_read("Page Viewed").is_empty() && keys_read("Anything").is_empty());
    }
}
