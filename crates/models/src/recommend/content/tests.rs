//! Is the similarity of items its formula, and are new items found?

use super::*;
use crate::recommend::{Alone, HistoryItem, Interaction, Interactions, ItemTraits, MemberSettings, Query};
use primitives::ItemKey;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A shop in which one item was bought and nothing of the others; keys fall as places rise.
fn shop(traits: Vec<ItemTraits>) -> Interactions {
    let keys = (0..traits.len() as u64).rev().map(|key| ItemKey(key * 5));
    let rows = vec![Interaction { customer: 0, item: 0, age_days: 1.0, quantity: 1.0 }];
    Interactions { rows, items: keys.collect(), traits, ..Interactions::default() }
}

fn told(words: &[u64], groups: &[u64]) -> ItemTraits {
    ItemTraits { words: words.to_vec(), groups: groups.to_vec(), ..ItemTraits::default() }
}

/// What is said of each item of the shop, in its order, to somebody who had these.
fn said(settings: &Content, shop: &Interactions, had: &[(usize, f64)]) -> Vec<f64> {
    let model = Alone::fit(&MemberSettings::Content(settings.clone()), shop, Seed::new(1)).unwrap();
    let bought =
        |(item, age_days): &(usize, f64)| HistoryItem { item: shop.items[*item], age_days: *age_days, quantity: 1.0 };
    let history: Vec<HistoryItem> = had.iter().map(bought).collect();
    let answer: BTreeMap<ItemKey, f64> = model.rank(&Query::of(&history), usize::MAX, &|_| true).into_iter().collect();
    shop.items.iter().map(|key| answer.get(key).copied().unwrap_or(0.0)).collect()
}

/// The formula as plainly as it can be written.
fn plain(settings: &Content, shop: &Interactions, had: &[(usize, f64)]) -> Vec<f64> {
    let n = shop.items.len();
    let weight = |item: usize| -> BTreeMap<(bool, u64), f64> {
        let traits = &shop.traits[item];
        let mut tf: BTreeMap<(bool, u64), f64> = BTreeMap::new();
        for word in &traits.words {
            let times = traits.words.iter().filter(|other| *other == word).count() as f64;
            tf.insert((false, *word), 1.0 + times.ln());
        }
        tf.extend(traits.groups.iter().map(|group| ((true, *group), settings.group_weight)));
        for (term, weight) in &mut tf {
            let has = |traits: &&ItemTraits| if term.0 { &traits.groups } else { &traits.words }.contains(&term.1);
            let n_with = shop.traits.iter().filter(has).count() as f64;
            *weight *= 1.0 + ((1.0 + n as f64) / (1.0 + n_with)).ln();
        }
        let length = tf.values().map(|weight| weight * weight).sum::<f64>().sqrt();
        tf.into_iter().map(|(term, weight)| (term, weight / length)).collect()
    };
    let weights: Vec<_> = (0..n).map(weight).collect();
    let similarity = |i: usize, j: usize| {
        let shared = weights[i].iter().filter_map(|(term, weight)| Some(weight * weights[j].get(term)?));
        if i == j { 0.0 } else { shared.sum::<f64>().powf(settings.sharpness) }
    };
    let youngest = had.iter().map(|(_, age)| *age).fold(f64::INFINITY, f64::min);
    let of = |j: usize| {
        had.iter().map(move |(i, age)| ((youngest - age) / settings.half_life_days).exp2() * similarity(*i, j))
    };
    (0..n).map(|j| of(j).sum()).collect()
}

proptest! {
    #[test]
    fn scores_are_their_formula(
        traits in prop::collection::vec((prop::collection::vec(0_u64..5, 0..5), prop::collection::vec(0_u64..4, 0..3)), 2..12),
        group_weight in 0.1..3.0_f64, sharpness in 0.5..3.0_f64, half_life_days in 1.0..90.0_f64, ages in (0.0..50.0_f64, 0.0..50.0_f64),
    ) {
        let shop = shop(traits.iter().map(|(words, groups)| told(words, groups)).collect());
        let settings = Content { group_weight, sharpness, half_life_days, ..Content::default() };
        let had = [(0, ages.0), (1, ages.1)];
        let (found, expected) = (said(&settings, &shop, &had), plain(&settings, &shop, &had));
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn what_nobody_bought_yet_is_found_by_what_it_is() {
    let shop = shop(vec![told(&[1, 2], &[9]), told(&[3], &[8]), told(&[1, 4], &[9]), told(&[5], &[9]), told(&[], &[])]);
    let said = said(&Content::default(), &shop, &[(0, 3.0)]);
    assert!(said[2] > said[3] && said[3] > 0.0, "{said:?}");
    assert!([0, 1, 4].iter().all(|item| said[*item] <= 0.0), "{said:?}");
}

#[test]
fn prices_near_each_other_are_alike() {
    let priced = |price: f64| ItemTraits { price: Some(price), ..told(&[], &[]) };
    let mut traits: Vec<ItemTraits> = (0..100).map(|at| priced(f64::from(at))).collect();
    traits.push(ItemTraits { price: Some(f64::NAN), ..told(&[], &[]) });
    let said = said(&Content::default(), &shop(traits), &[(12, 1.0)]);
    let near: Vec<usize> = (0..101).filter(|item| said[*item] > 0.0).collect();
    // In the band from 10 to 19, and in the shifted one from 5 to 14.
    assert_eq!(near, (5..20).filter(|item| *item != 12).collect::<Vec<_>>());
    assert!(said[13] > said[16] && said[13] > said[7], "{said:?}");
}

#[test]
fn of_a_frequent_term_those_nearby_are_found_and_of_all_the_most_similar_are_kept() {
    // One group of all items, and pairs that share a word.
    let traits: Vec<ItemTraits> = (0..5_000_u64).map(|at| told(&[at / 2], &[1])).collect();
    let shop = shop(traits);
    let settings = Content { n_neighbours: 10, ..Content::default() };
    for item in [0, 2_500, 4_999] {
        let said = said(&settings, &shop, &[(item, 1.0)]);
        assert_eq!(said.iter().filter(|score| **score > 0.0).count(), 10);
        let pair = said[item ^ 1];
        assert!(said.iter().enumerate().all(|(other, score)| other == item ^ 1 || *score < pair), "{item}");
    }
}
