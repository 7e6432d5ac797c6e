//! Which items does a filter let through, and what is refused?

use crate::item_traits::N_READ;
use crate::{ItemFilter, Lens, Lifts};
use events::{Call, Event, Fields, Offset, Origin, Recorded};
use features::{Item, Items};
use governance::ConsentPolicy;
use primitives::{ItemId, ItemKey, Timestamp};
use profiles::MemoryProfileStore;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Items as the company describes them.
pub(super) fn described<'a>(items: impl IntoIterator<Item = (&'a str, Value)>) -> Items {
    let mut all = Items::open(&MemoryProfileStore::default(), &ConsentPolicy::default()).unwrap();
    for (offset, (id, traits)) in (1..).zip(items) {
        let at = Timestamp::from_millis(1_000 * i64::try_from(offset).unwrap());
        let event = Event {
            message_id: format!("m{offset}").into(),
            user_id: Some("shop".into()),
            anonymous_id: None,
            occurred_at: at,
            stated_at: None,
            received_at: at,
            call: Call::Item { item_id: id.into(), traits: Fields::from(traits.as_object().cloned().unwrap()) },
            context: Fields::new(),
            origin: Origin::Server,
            reading: events::Reading::default(),
        };
        all.apply(&Recorded { offset: Offset(offset), event });
    }
    all
}

fn item(traits: Value) -> Item {
    described([("one", traits)]).get(ItemKey::from(&ItemId::from("one"))).unwrap().clone()
}

fn lets_through(filter: Value, item: &Item) -> bool {
    ItemFilter::parse(&filter).unwrap().failed_by(item).is_none()
}

fn bread() -> Item {
    item(json!({
        "name": "Rye", "category": "Bread", "price": 4.5, "currency": "EUR", "brand": "Acme",
        "tags": ["vegan", "fresh"], "weight": 500, "organic": true, "stock": 3, "size": "42",
    }))
}

#[test]
fn each_form_of_condition_is_asked_of_each_kind_of_trait() {
    let bread = bread();
    for (filter, holds) in [
        (json!({}), true),
        (json!({"category": "Bread"}), true),
        (json!({"category": "bread"}), false),
        (json!({"category": "Bre"}), false),
        (json!({"category": ["Cake", "Bread"]}), true),
        (json!({"category": ["Cake"]}), false),
        (json!({"category": {"not": "Bread"}}), false),
        (json!({"category": {"not": ["Cake", "Pie"]}}), true),
        (json!({"category": {"gt": 1}}), false),
        (json!({"name": "Rye", "brand": "Acme"}), true),
        (json!({"name": "Rye", "brand": "Other"}), false),
        (json!({"id": "one"}), true),
        (json!({"id": {"not": ["one"]}}), false),
        (json!({"price": 4.5}), true),
        (json!({"price": {"gte": 4.5}}), true),
        (json!({"price": {"gt": 4.5}}), false),
        (json!({"price": {"lte": 4.5}}), true),
        (json!({"price": {"lt": 4.5}}), false),
        (json!({"price": {"gt": 4, "lt": 5}}), true),
        (json!({"price": {"gt": 4, "lt": 5, "not": 4.5}}), false),
        (json!({"price": {"gte": 4.5, "gt": 4.5}}), false),
        (json!({"currency": "EUR"}), true),
        (json!({"currency": "USD"}), false),
        (json!({"weight": 500.0}), true),
        (json!({"weight": {"gte": 500, "lte": 500}}), true),
        (json!({"weight": {"not": 500}}), false),
        (json!({"weight": "500"}), false),
        (json!({"size": "42"}), true),
        (json!({"size": 42}), false),
        (json!({"size": {"gt": 1}}), false),
        (json!({"organic": true}), true),
        (json!({"organic": false}), false),
        (json!({"tags": "vegan"}), true),
        (json!({"tags": "veg"}), false),
        (json!({"tags": ["new", "fresh"]}), true),
        (json!({"tags": {"not": "fresh"}}), false),
        (json!({"tags": {"not": "old"}}), true),
        (json!({"stock": true}), true),
        (json!({"stock": false}), false),
        (json!({"stock": {"gte": 3}}), true),
        (json!({"stock": {"gt": 3}}), false),
        (json!({"available": true}), true),
        (json!({"colour": "red"}), false),
        (json!({"colour": {"not": "red"}}), true),
        (json!({"colour": {"lt": 3, "not": "red"}}), false),
    ] {
        assert_eq!(lets_through(filter.clone(), &bread), holds, "{filter}");
    }
}

#[test]
fn stock_is_a_number_or_whether_it_can_be_had() {
    for (traits, is_there) in [
        (json!({}), true),
        (json!({"available": true}), true),
        (json!({"available": false}), false),
        (json!({"stock": 0}), false),
        (json!({"stock": 1, "available": false}), false),
        (json!({"stock": 0.5}), true),
        (json!({"stock": false}), false),
        (json!({"stock": true}), true),
        (json!({"stock": "0"}), false),
        (json!({"stock": "no"}), false),
        (json!({"stock": "7"}), true),
    ] {
        let item = item(traits.clone());
        assert_eq!(lets_through(json!({"stock": true}), &item), is_there, "{traits}");
        assert_eq!(lets_through(json!({"stock": false}), &item), !is_there, "{traits}");
    }
    let seven = item(json!({"stock": "7", "margin": "2.5"}));
    assert!(lets_through(json!({"stock": {"gte": 7}}), &seven) && !lets_through(json!({"stock": {"gt": 7}}), &seven));
    let gain = Lens { sees_gain: true, ..Lens::default() }.regard(&seven).unwrap().gain;
    assert_eq!(gain, Some(2.5), "a number in a text is one");
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_give() {
    let many: Value = (0..33).map(|n| (format!("trait-{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    for (filter, said) in [
        (json!("Bread"), "is \"Bread\": give an object such as {\"category\""),
        (json!({"category": null}), "asks of \"category\" for null: give a text of at most 256 bytes, a number"),
        (json!({"category": []}), "asks of \"category\" for [], which nothing is: give at least one value"),
        (json!({"category": [["Bread"]]}), "asks of \"category\" for [\"Bread\"]: give a text"),
        (json!({"category": "x".repeat(257)}), "give a text of at most 256 bytes"),
        (json!({"category": vec!["x"; 1_001]}), "asks of \"category\" for 1001 values: give at most 1000"),
        (json!({"price": {}}), "asks of \"price\" for {}: give a value, a list, or gt, gte, lt, lte or not"),
        (json!({"price": {"gte": "4"}}), "asks of \"price\" for gte \"4\": give a number"),
        (json!({"price": {"above": 4}}), "asks of \"price\" for \"above\": comparisons are gt, gte, lt, lte or not"),
        (json!({"price": {"gte": 10, "lte": 5}}), "which no number is: change one of the bounds"),
        (json!({"price": {"gt": 5, "lte": 5}}), "which no number is"),
        (json!({"price": {"gte": 5, "lt": 5}}), "which no number is"),
        (json!({"": 1}), "names the trait \"\": names of traits have 1 to 64 bytes"),
        (json!({"x".repeat(65): 1}), "names of traits have 1 to 64 bytes"),
        (many, "names 33 traits: give at most 32"),
        (
            json!({"brand": vec!["x"; 600], "tags": {"not": vec!["x"; 400]}, "price": {"lt": 1}}),
            "asks for 1001 values in all: give at most 1000",
        ),
    ] {
        let error = ItemFilter::parse(&filter).unwrap_err();
        assert!(error.contains(said), "{filter}: {error}");
    }
    assert!(ItemFilter::parse(&json!({"price": {"gte": 5, "lte": 5}})).is_ok());
    assert!(ItemFilter::parse(&json!({"x".repeat(64): "x".repeat(256)})).is_ok());
    assert!(ItemFilter::parse(&json!({"brand": vec!["x"; 600], "tags": {"not": vec!["x"; 400]}})).is_ok());
}

#[test]
fn the_trait_that_an_item_fails_is_named() {
    let filter = ItemFilter::parse(&json!({"brand": "Acme", "price": {"lt": 1}})).unwrap();
    assert_eq!(filter.failed_by(&bread()), Some("price"));
    assert_eq!(filter.traits().collect::<Vec<_>>(), ["brand", "price"]);
    assert!(!filter.is_empty() && ItemFilter::parse(&json!({})).unwrap().is_empty());
}

#[test]
fn factors_are_multiplied_where_the_values_hold() {
    let bread = bread();
    for (lifts, factor) in [
        (json!({}), 1.0),
        (json!({"brand": {"Acme": 1.5}}), 1.5),
        (json!({"brand": {"Other": 1.5}}), 1.0),
        (json!({"brand": {"Acme": 1.5}, "tags": {"vegan": 2, "old": 9}}), 3.0),
        (json!({"organic": {"true": 4}, "weight": {"500": 2}}), 8.0),
        (json!({"category": {"Bread": 0}}), 0.0),
    ] {
        let parsed = Lifts::parse(&lifts).unwrap();
        assert_eq!(parsed.of(&bread).to_bits(), f64::to_bits(factor), "{lifts}");
        assert_eq!(parsed.is_empty(), lifts == json!({}));
    }
    for (lifts, said) in [
        (json!([]), "is []: give an object such as {\"brand\":{\"Acme\":1.2}}"),
        (json!({"brand": 2}), "of \"brand\" is 2: give factors as in"),
        (json!({"brand": {"Acme": -0.1}}), "of \"brand\" \"Acme\" is -0.1: factors go from 0 to 100"),
        (json!({"brand": {"Acme": 100.1}}), "factors go from 0 to 100"),
        (json!({"brand": {"Acme": "much"}}), "is \"much\": factors go from 0 to 100"),
    ] {
        let error = Lifts::parse(&lifts).unwrap_err();
        assert!(error.contains(said), "{lifts}: {error}");
    }
}

#[test]
fn factors_have_a_bound_over_all_traits() {
    let factors = |n: usize| (0..n).map(|n| (format!("{n}"), json!(1))).collect::<serde_json::Map<_, _>>();
    assert!(Lifts::parse(&json!({"brand": factors(600), "tags": factors(400)})).is_ok());
    let error = Lifts::parse(&json!({"brand": factors(600), "tags": factors(401)})).unwrap_err();
    assert_eq!(error, "asks for 1001 values in all: give at most 1000");
}

#[test]
fn a_list_is_read_once_however_many_values_are_asked_for() {
    let tags: Vec<String> = (0..20).map(|n| format!("tag {n}")).collect();
    let item = item(json!({"tags": tags, "stock": 3}));
    let asked: Vec<String> = (0..999).map(|n| format!("other {n}")).collect();
    let factors: serde_json::Map<_, _> = asked.iter().take(900).map(|one| (one.clone(), json!(2))).collect();
    let n_read = |look: &dyn Fn()| {
        let before = N_READ.get();
        look();
        N_READ.get() - before
    };
    let (any, not) = (json!({"tags": asked}), json!({"tags": {"not": asked}}));
    assert_eq!(n_read(&|| assert!(!lets_through(any.clone(), &item))), 1);
    assert_eq!(n_read(&|| assert!(lets_through(not.clone(), &item))), 1);
    let lifts = Lifts::parse(&json!({"tags": factors, "stock": {"3": 2, "true": 2, "4": 2}})).unwrap();
    assert_eq!(n_read(&|| assert_eq!(lifts.of(&item).to_bits(), 4.0_f64.to_bits())), 3, "the tags, and stock twice");
}

#[test]
fn texts_are_the_same_however_they_are_escaped_and_zero_has_no_sign() {
    let item = item(json!({"brand": "a \"b\" \\ c", "quote": "\"", "none": -0.0, "tags": ["a \"b\"", 1, true]}));
    for (filter, holds) in [
        (json!({"brand": "a \"b\" \\ c"}), true),
        (json!({"quote": "\""}), true),
        (json!({"none": 0}), true),
        (json!({"tags": "a \"b\""}), true),
        (json!({"tags": 1.0}), true),
        (json!({"tags": "1"}), false),
        (json!({"tags": true}), true),
        (json!({"tags": "true"}), false),
    ] {
        assert_eq!(lets_through(filter.clone(), &item), holds, "{filter}");
    }
}

fn number() -> impl Strategy<Value = f64> {
    (-40_i32..40).prop_map(|quarter| f64::from(quarter) / 4.0)
}

proptest! {
    #[test]
    fn bounds_hold_as_they_are_written(
        weight in number(), low in number(), width in 0.25_f64..9.0, is_low_in: bool, is_high_in: bool,
    ) {
        let high = low + width;
        let filter = json!({"weight": {
            (if is_low_in { "gte" } else { "gt" }): low, (if is_high_in { "lte" } else { "lt" }): high,
        }});
        let holds = (weight > low || (is_low_in && weight >= low)) && (weight < high || (is_high_in && weight <= high));
        prop_assert_eq!(lets_through(filter, &item(json!({"weight": weight}))), holds);
    }

    #[test]
    fn not_is_the_opposite_of_is(weight in number(), wanted in number(), text in "[a-c]{1,2}", tag in "[a-c]{1,2}") {
        for (traits, wanted) in [
            (json!({"it": weight}), json!(wanted)),
            (json!({"it": text}), json!(tag)),
            (json!({"it": [text, "b"]}), json!(tag)),
        ] {
            let item = item(traits);
            let is = lets_through(json!({"it": wanted}), &item);
            prop_assert_eq!(lets_through(json!({"it": [wanted]}), &item), is);
            prop_assert_eq!(lets_through(json!({"it": {"not": wanted}}), &item), !is);
        }
    }
}
