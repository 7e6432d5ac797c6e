//! Is what is wanted found behind very many texts that say the same words, and is it said where a search was cut?

use super::filtered::described;
use super::shop::NOW;
use crate::search::{
    Clause, Hits, Indexed, Library, Match, Matching, Phrase, Shelf, Sought, Synonyms, TextIndex, TextIndexError,
    TextMatch, find,
};
use primitives::{ItemId, ItemKey};
use serde_json::json;

/// An index of so many items, of which each says everything but what begins with "un", and of those named the title does.
pub(super) struct Alike(pub(super) u32, pub(super) Vec<u32>);

impl TextIndex for Alike {
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
        _: &[Clause],
        _: Matching,
        after: Option<u32>,
        n_max: usize,
    ) -> Result<Vec<TextMatch>, TextIndexError> {
        let numbers = after.map_or(0, |after| after + 1)..self.0;
        let score = if numbers.len() > n_max { 0.0 } else { 3.0 };
        Ok(numbers.take(n_max).map(|number| TextMatch { number, score }).collect())
    }

    fn titled(&self, _: &Phrase, _: usize) -> Result<Vec<u32>, TextIndexError> {
        Ok(self.1.clone())
    }

    fn has(&self, phrase: &Phrase) -> Result<bool, TextIndexError> {
        Ok(!phrase.words[0].starts_with("un"))
    }

    fn n_with(&self, _: &str) -> Result<u64, TextIndexError> {
        Ok(u64::from(self.0))
    }

    fn near(&self, _: &str, _: usize) -> Result<Vec<(usize, String)>, TextIndexError> {
        Ok(Vec::new())
    }
}

/// What "red shoe" finds among so many texts, where the items with these numbers are there, red ones at the places that say so.
fn found(n_texts: u32, items: &[(u32, bool)]) -> Hits {
    let key = |number: u32| ItemKey::from(&ItemId::from(number.to_string().as_str()));
    let held: Vec<(u32, ItemKey, u64)> = items.iter().map(|(number, _)| (*number, key(*number), 0)).collect();
    let mut shelf = Shelf::numbered(&held);
    let ids: Vec<String> = items.iter().map(|(number, _)| number.to_string()).collect();
    let traits =
        items.iter().map(|(_, is_red)| json!({"name": "Shoe", "colour": if *is_red { "red" } else { "blue" }}));
    for (_, item) in described(ids.iter().map(String::as_str).zip(traits)).iter() {
        shelf.put(item, NOW);
    }
    let library = Library { shelf: &shelf, index: &Alike(n_texts, Vec::new()), synonyms: &Synonyms::default() };
    let keep = |_: &mut Vec<Match>| {};
    find(&library, &Sought { query: "red shoe", keep: &keep, chosen: &|_| 0.0 }).unwrap()
}

#[test]
fn what_is_wanted_is_found_behind_a_hundred_thousand_texts() {
    let items = [(7, false), (49_999, true), (50_000, true), (119_999, true)];
    let hits = found(120_000, &items);
    assert_eq!((hits.told.n_found, hits.told.notes.len(), hits.told.loosened.len()), (3, 0, 0), "{:?}", hits.told);
    let texts: Vec<f64> = hits.candidates.iter().map(|one| one.seen.text).collect();
    assert!(texts.windows(2).all(|two| two[0].to_bits() == two[1].to_bits()), "who comes last is no better: {texts:?}");
}

#[test]
fn where_a_search_was_cut_it_is_said() {
    let notes = |n_texts: u32, items: &[(u32, bool)]| found(n_texts, items).told.notes.len();
    let (first, last) = ((3, true), (399_999, true));
    assert_eq!([399_999, 400_000, 1_000_000].map(|n| notes(n, &[first])), [0, 1, 1]);
    let hits = found(1_000_000, &[last, (400_000, true)]);
    assert_eq!((hits.told.n_found, hits.told.notes.len()), (1, 1), "{:?}", hits.told);
    assert!(hits.told.notes[0].starts_with("Not all that may match was looked at"));
    // Also where nothing had what is wanted before it was let go.
    let hits = found(1_000_000, &[(3, false), (600_000, true)]);
    assert!(!hits.told.loosened.is_empty() && hits.told.notes.len() == 1, "{:?}", hits.told);
}
