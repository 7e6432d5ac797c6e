//! Is the shelf of searches what the items are now, whatever they were before?

use super::cut::Alike;
use super::filtered::described;
use super::shop::NOW;
use crate::search::{
    Clause, Indexed, Library, Matching, Phrase, Shelf, Sought, Synonyms, TextIndex, TextIndexError, TextMatch, find,
};
use features::{Item, Items};
use primitives::{ItemId, ItemKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn key(id: &str) -> ItemKey {
    ItemKey::from(&ItemId::from(id))
}

fn item(id: &str, traits: Value) -> Item {
    described([(id, traits)]).get(key(id)).unwrap().clone()
}

/// The value's trait, its words as the company wrote them, and the items that have it.
type Known = (String, String, BTreeSet<ItemKey>);

fn known(shelf: &Shelf, value: u32) -> Known {
    let of = &shelf.values[value as usize];
    let items = of.items.iter().map(|number| shelf.doc(*number).unwrap().key).collect();
    (shelf.trait_of(value).unwrap().name.clone(), of.text.clone(), items)
}

/// All that can be asked of a shelf, without the numbers that it gives.
fn told(shelf: &Shelf, words: &[&str]) -> impl PartialEq + std::fmt::Debug + use<> {
    let values = (0_u32..).zip(&shelf.values).filter(|(_, value)| !value.items.is_empty());
    let values: BTreeSet<Known> = values.map(|(number, _)| known(shelf, number)).collect();
    let keys: BTreeSet<ItemKey> = shelf.keys().collect();
    let had: BTreeMap<ItemKey, BTreeSet<Known>> = keys
        .iter()
        .map(|key| (*key, shelf.of_key(*key).unwrap().values.iter().map(|value| known(shelf, *value)).collect()))
        .collect();
    let asked: Vec<BTreeSet<Known>> =
        words.iter().map(|words| shelf.asked_by(words).map(|value| known(shelf, value)).collect()).collect();
    let begun: Vec<BTreeSet<(Known, bool)>> = words
        .iter()
        .map(|words| {
            let found = shelf.beginning_with(words, usize::MAX);
            found.into_iter().map(|(value, is_whole)| (known(shelf, value), is_whole)).collect()
        })
        .collect();
    let offered: BTreeSet<ItemKey> = shelf.offered().map(|number| shelf.doc(number).unwrap().key).collect();
    (values, had, asked, begun, offered, shelf.len())
}

/// What an item is told as: few values, so that items have them in common, and one that only it has.
fn traits() -> impl Strategy<Value = Value> {
    let colour = proptest::option::of(proptest::sample::select(vec!["Red", "Dark red", "Blue"]));
    let tags = proptest::collection::vec(proptest::sample::select(vec!["Vegan", "Fresh red", "New"]), 0..3);
    (0..4_u8, colour, tags, any::<bool>(), 0..200_u16).prop_map(|(sort, colour, tags, is_new, own)| {
        json!({"category": format!("Shoes > Sort {sort}"), "colour": colour, "tags": tags, "is_new": is_new,
            "weight_g": own, "updated_at": format!("2026-11-29T10:11:{own}Z")})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was told of items and forgotten before, a shelf is what a new one would be. More than fifty items, so that traits of
    /// which each item has a value of its own come and go among those that are asked for.
    #[test]
    fn what_was_told_and_forgotten_leaves_nothing(
        changes in proptest::collection::vec((0..80_usize, proptest::option::weighted(0.8, (traits(), any::<bool>()))), 1..240),
        then in proptest::collection::btree_set(0..80_usize, 0..80),
    ) {
        let mut shelf = Shelf::default();
        let mut now: BTreeMap<usize, Item> = BTreeMap::new();
        let gone = then.into_iter().map(|at| (at, None));
        for (at, traits) in changes.into_iter().chain(gone) {
            let id = format!("item-{at}");
            match traits {
                Some((traits, is_vouched)) => {
                    let mut item = item(&id, traits);
                    item.is_vouched = is_vouched;
                    shelf.put(&item, NOW);
                    now.insert(at, item);
                }
                None => {
                    prop_assert_eq!(shelf.take_off(key(&id)).is_some(), now.remove(&at).is_some());
                }
            }
        }
        let mut fresh = Shelf::default();
        now.values().for_each(|item| drop(fresh.put(item, NOW)));
        let words = ["red", "shoes", "sort 1", "1", "17", "17 g", "g", "z", "2026", "vegan", "new", "dark", "r", "tru", "true"];
        prop_assert_eq!(told(&shelf, &words), told(&fresh, &words));
    }
}

#[test]
fn moments_that_change_with_every_feed_leave_the_shelf_as_large_as_it_was() {
    let feed = |hour: usize| -> Items {
        let ids: Vec<String> = (0..10_000).map(|item| format!("item-{item}")).collect();
        let traits = (0..10_000).map(|item| {
            json!({
                "category": format!("Sort {}", item % 40), "weight_g": item,
                "updated_at": format!("2026-11-{hour:02}T{:02}:{:02}:{:02}Z", item / 3_600, item / 60 % 60, item % 60),
            })
        });
        described(ids.iter().map(String::as_str).zip(traits))
    };
    let mut shelf = Shelf::default();
    let mut kept = Vec::new();
    for hour in 1..=5 {
        for (_, item) in feed(hour).iter() {
            shelf.put(item, NOW);
        }
        kept.push(shelf.n_kept());
    }
    // Of forty categories: the whole, and its end. Neither moments nor weights are asked for, so that none is compared with others.
    assert!(kept.iter().all(|(n_asked, _)| *n_asked == 80), "{kept:?}");
    let n_values = 10_000 + 10_000 + 40;
    assert!(kept.iter().all(|(_, n)| *n <= n_values + 20_001), "{kept:?}");
    assert_eq!(kept[4], kept[3], "it does not grow any more");
    // As soon as few are left they are what items have in common.
    for item in 45..10_000 {
        shelf.take_off(key(&format!("item-{item}")));
    }
    assert_eq!((shelf.asked_by("7 g").count(), shelf.beginning_with("z", 100).len()), (1, 45));
    assert_eq!(shelf.asked_by("sort 4").map(|value| shelf.values[value as usize].items.len()).sum::<usize>(), 2);
}

#[test]
fn what_strangers_name_does_not_change_what_words_mean() {
    let mut shelf = Shelf::default();
    let mut put = |id: String, traits: Value, is_vouched: bool| {
        let mut item = item(&id, traits);
        item.is_vouched = is_vouched;
        shelf.put(&item, NOW);
    };
    for item in 0..60 {
        let colour = if item % 3 == 0 { "red" } else { "blue" };
        put(format!("item-{item}"), json!({"category": format!("Sort {}", item % 5), "colour": colour}), true);
    }
    for item in 0..200 {
        put(format!("made-{item}"), json!({"category": format!("Made {item}"), "name": "Red thing"}), false);
    }
    put("red".to_owned(), json!({"category": "Red", "name": "Red"}), false);
    assert_eq!((shelf.asked_by("sort 1").count(), shelf.asked_by("red").count()), (1, 1));
    assert_eq!((shelf.asked_by("made 7").count(), shelf.beginning_with("made", 9).len()), (0, 0));
    let library = Library { shelf: &shelf, index: &Alike(261, (60..261).collect()), synonyms: &Synonyms::default() };
    let told = find(&library, &Sought { query: "red", keep: &|_| {}, chosen: &|_| 0.0 }).unwrap().told;
    let understood: Vec<(&str, bool)> = told.understood.iter().map(|one| (one.of.as_str(), one.only)).collect();
    assert_eq!((understood, told.n_found), (vec![("colour", true)], 20));
    // Where the company named nothing, theirs is all there is.
    for item in 0..60 {
        shelf.take_off(key(&format!("item-{item}")));
    }
    assert_eq!((shelf.asked_by("red").count(), shelf.asked_by("made 7").count()), (0, 0), "each its own");
    for item in 0..190 {
        shelf.take_off(key(&format!("made-{item}")));
    }
    assert_eq!((shelf.asked_by("red").count(), shelf.asked_by("made 195").count()), (1, 1));
}

/// What the company's item 0 says, "running", and a stranger's item 1, "runing".
struct Misspelt;

impl TextIndex for Misspelt {
    fn held(&self, _: &mut dyn FnMut(u32, ItemKey, u64)) -> Result<(), TextIndexError> {
        Ok(())
    }

    fn change(&self, _: &[Indexed], _: &[u32]) -> Result<(), TextIndexError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), TextIndexError> {
        Ok(())
    }

    fn find(
        &self,
        clauses: &[Clause],
        _: Matching,
        _: Option<u32>,
        n_max: usize,
    ) -> Result<Vec<TextMatch>, TextIndexError> {
        let says = |number: u32, said: &str| {
            let of_phrase = |phrase: &Phrase| match phrase.is_beginning {
                true => said.starts_with(&phrase.words[0]),
                false => said == phrase.words[0],
            };
            clauses.iter().flatten().any(of_phrase).then_some(TextMatch { number, score: 1.0 })
        };
        Ok(says(0, "running").into_iter().chain(says(1, "runing")).take(n_max).collect())
    }

    fn titled(&self, _: &Phrase, _: usize) -> Result<Vec<u32>, TextIndexError> {
        Ok(Vec::new())
    }

    fn has(&self, phrase: &Phrase) -> Result<bool, TextIndexError> {
        Ok(phrase.is_beginning || phrase.words[0] == "running")
    }

    fn n_with(&self, _: &str) -> Result<u64, TextIndexError> {
        Ok(1)
    }

    fn near(&self, word: &str, _: usize) -> Result<Vec<(usize, String)>, TextIndexError> {
        Ok(vec![(usize::from(word != "running"), "running".to_owned())])
    }
}

#[test]
fn a_word_that_only_a_stranger_begins_so_is_mended_and_one_that_the_company_begins_so_is_not() {
    let mut shelf = Shelf::default();
    for (id, name, is_vouched) in [("shoe", "Running", true), ("made", "Runing", false)] {
        let mut item = item(id, json!({"name": name}));
        item.is_vouched = is_vouched;
        shelf.put(&item, NOW);
    }
    for (query, expected) in [("runing", Some("running")), ("runni", None), ("running", None)] {
        let library = Library { shelf: &shelf, index: &Misspelt, synonyms: &Synonyms::default() };
        let told = find(&library, &Sought { query, keep: &|_| {}, chosen: &|_| 0.0 }).unwrap().told;
        assert_eq!(told.corrected.as_deref(), expected, "{query}");
    }
}
