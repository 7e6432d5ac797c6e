//! Do the items outside of which a filter need not be asked include all that it lets through?

use super::filtered::described;
use super::shop::NOW;
use crate::ItemFilter;
use crate::search::Shelf;
use features::Items;
use primitives::{ItemId, ItemKey};
use proptest::prelude::*;
use serde_json::{Value, json};

fn shelf(items: &Items) -> Shelf {
    let mut shelf = Shelf::default();
    for (_, item) in items.iter() {
        shelf.put(item, NOW);
    }
    shelf
}

fn key(id: &str) -> ItemKey {
    ItemKey::from(&ItemId::from(id))
}

/// Forty items, of which each has few things in common with the others.
fn shop() -> Items {
    let ids: Vec<String> = (0..40).map(|item| format!("item-{item}")).collect();
    let traits = (0..40).map(|item| {
        let many: Vec<String> = (0..30).map(|tag| format!("tag {}", item * 30 + tag)).collect();
        let few = vec![format!("flag {}", item % 20), "all".to_owned()];
        let categories = json!([format!("Sort {item}"), "Things > All"]);
        json!({
            "category": format!("Kind {}", item / 2), "categories": if item % 3 == 0 { categories } else { Value::Null },
            "brand": format!("Brand {}", item % 11), "tags": few, "many": if item == 7 { json!(many) } else { json!("one") },
            "size": item, "text": "some words", "is_new": item == 3, "price": item, "currency": "EUR",
        })
    });
    described(ids.iter().map(String::as_str).zip(traits))
}

#[test]
fn the_narrowest_condition_tells_where_to_look() {
    let (items, also) = (shop(), [key("told-just-now")]);
    let of = |filter: Value| shelf(&items).among(&ItemFilter::parse(&filter).unwrap(), &also);
    let by_brand = of(json!({"brand": "Brand 3", "tags": "all"})).unwrap();
    assert_eq!((by_brand.condition(), by_brand.n_others()), ("brand", 36));
    assert!(by_brand.holds(key("item-3")) && by_brand.holds(key("told-just-now")) && !by_brand.holds(key("item-4")));
    let narrower = of(json!({"brand": "Brand 3", "id": ["item-3", "nowhere"]})).unwrap();
    assert_eq!((narrower.condition(), narrower.holds(key("nowhere")), narrower.n_others()), ("id", true, 39));
    let several = of(json!({"category": ["Sort 3", "Kind 4"]})).unwrap();
    assert!(["item-3", "item-8"].iter().all(|id| several.holds(key(id))) && several.n_others() == 37, "{several:?}");
    let by_price = of(json!({"price": {"gt": 2, "lte": 4}, "brand": "Brand 3"})).unwrap();
    assert_eq!((by_price.condition(), by_price.n_others(), by_price.holds(key("item-4"))), ("price", 37, true));
    for unknown in [
        json!({}),
        json!({"tags": "all"}),
        json!({"price": {"lte": 30}}),
        json!({"price": {"not": 3}}),
        json!({"brand": {"not": "Brand 3"}}),
        json!({"size": 3}),
        json!({"is_new": true}),
        json!({"text": "some words"}),
        json!({"many": "tag 239"}),
        json!({"category": "!"}),
    ] {
        assert!(of(unknown.clone()).is_none(), "{unknown}");
    }
    let nothing = of(json!({"brand": "Brand 30"})).unwrap();
    assert_eq!((nothing.n_others(), nothing.holds(key("item-3"))), (40, false));
    // What stands on the shelf and was told again is looked at like the others, and counted once.
    let brand = ItemFilter::parse(&json!({"brand": "Brand 3"})).unwrap();
    let again = shelf(&items).among(&brand, &[key("item-3"), key("item-4"), key("told-just-now")]).unwrap();
    assert_eq!((again.n_others(), again.holds(key("item-4"))), (35, true));
}

proptest! {
    /// No item that a filter lets through is missed, however its values are written.
    #[test]
    fn nothing_that_is_let_through_is_outside(
        said in proptest::collection::vec(("[a-cA-C >!é-]{1,6}", proptest::option::of("[a-cA-C >!é-]{1,6}")), 1..30),
        wanted in proptest::collection::vec("[a-cA-C >!é-]{1,6}", 1..3),
        name in proptest::sample::select(vec!["category", "brand", "tags", "name"]),
    ) {
        let ids: Vec<String> = (0..said.len()).map(|item| format!("item-{item}")).collect();
        let traits = said.iter().map(|(one, other)| match other {
            Some(other) => json!({"categories": [one, other], "tags": [one, other], "brand": other, "name": one}),
            None => json!({"category": one, "tags": one, "brand": one}),
        });
        let items = described(ids.iter().map(String::as_str).zip(traits));
        let filter = ItemFilter::parse(&json!({name: wanted})).unwrap();
        if let Some(among) = shelf(&items).among(&filter, &[]) {
            for (key, item) in items.iter() {
                prop_assert!(among.holds(*key) || filter.failed_by(item).is_some(), "{:?}", item);
            }
        }
    }
}
