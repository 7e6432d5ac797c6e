//! Do members compute their formulas? Compared with the same formulas written plainly on whole matrices.

use super::*;
use crate::recommend::{Alone, HistoryItem, Interaction, Interactions, ItemTraits, Query};
use primitives::ItemKey;
use proptest::prelude::*;

mod plain;

/// Few customers of few items, whose ages differ.
fn purchases() -> impl Strategy<Value = Interactions> {
    let row = (0_u32..12, 0_u32..9, 0_u32..40).prop_map(|(customer, item, age)| Interaction {
        customer,
        item,
        age_days: f64::from(age),
        quantity: 1.0,
    });
    // Keys fall as places rise: what confuses the two is found.
    let items = (0..9).rev().map(|key| ItemKey(key * 5)).collect();
    prop::collection::vec(row, 1..80).prop_map(move |rows| Interactions {
        rows,
        items: Vec::clone(&items),
        ..Interactions::default()
    })
}

fn history() -> impl Strategy<Value = Vec<HistoryItem>> {
    let bought = (0_u64..10, 0_u32..40).prop_map(|(key, age)| HistoryItem {
        item: ItemKey(key * 5),
        age_days: f64::from(age),
        quantity: 1.0,
    });
    prop::collection::vec(bought, 0..6)
}

/// What a member says of each item, by key; 0 of what it is silent about.
fn said(settings: &MemberSettings, purchases: &Interactions, query: &Query<'_>) -> Vec<f64> {
    let model = Alone::fit(settings, purchases, Seed::new(1)).unwrap();
    let mut said = vec![0.0; purchases.items.len()];
    for (key, score) in model.rank(query, usize::MAX, &|_| true) {
        said[usize::try_from(key.0 / 5).unwrap()] = score;
    }
    said
}

fn near(found: &[f64], expected: &[f64]) -> bool {
    let scale = expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 2e-5 * scale)
}

proptest! {
    #[test]
    fn item_to_item_is_its_formula(
        purchases in purchases(), history in history(), exponents in prop::array::uniform3(0.0..1.0_f64),
        shrinkage_share in 0.0..0.5_f64, pair in prop_oneof![Just(36_500.0), 1.0..50.0_f64], half_life_days in 1.0..90.0_f64,
    ) {
        let settings = Cooccurrence {
            customer_exponent: exponents[0], own_exponent: exponents[1], other_exponent: exponents[2],
            shrinkage_share, pair_half_life_days: pair, half_life_days, ..Cooccurrence::default()
        };
        let expected = plain::item_to_item(&settings, &purchases, &history);
        let found = said(&MemberSettings::Cooccurrence(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "{found:?} {expected:?}");
    }

    #[test]
    fn ease_is_its_formula(
        purchases in purchases(), history in history(), penalty in 0.5..50.0_f64, customer_exponent in 0.0..1.0_f64,
        half_life_days in 1.0..90.0_f64,
    ) {
        let settings = Ease { penalty, customer_exponent, half_life_days, ..Ease::default() };
        let expected = plain::ease(&settings, &purchases, &history);
        let found = said(&MemberSettings::Ease(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "{found:?} {expected:?}");
    }
}

proptest! {
    // Every case learns every member.
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_refused_or_answer(purchases in purchases(), at: prop::sample::Index, flip in 1_u8..=255) {
        for settings in MemberSettings::all() {
            let model = Alone::fit(&settings, &purchases, Seed::new(1)).unwrap();
            let mut bytes = model.to_bytes().unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(read) = Alone::from_bytes(&bytes) {
                let history = [HistoryItem { item: purchases.items[0], age_days: 0.0, quantity: 1.0 }];
                let _ = read.rank(&Query::of(&history), 10, &|_| true);
            }
        }
    }
}

/// Twelve customers who have two items each of a circle of six.
fn circle() -> Interactions {
    let rows = (0..12_u32).flat_map(|customer| {
        let row = move |item| Interaction { customer, item: item % 6, age_days: f64::from(item), quantity: 1.0 };
        [row(customer), row(customer + 1)]
    });
    // In pairs they are alike, too.
    let traits = (0..6).map(|item| ItemTraits { groups: vec![item % 3], ..ItemTraits::default() });
    Interactions {
        rows: rows.collect(),
        items: (0..6).map(|key| ItemKey(key * 5)).collect(),
        traits: traits.collect(),
        hours: (0..24).map(|row| row * 7).collect(),
    }
}

#[test]
fn threads_and_the_order_of_rows_do_not_show() {
    let purchases = circle();
    let turned = Interactions {
        rows: purchases.rows.iter().rev().copied().collect(),
        hours: purchases.hours.iter().rev().copied().collect(),
        ..purchases.clone()
    };
    for settings in MemberSettings::all() {
        let on = |n_threads, purchases: &Interactions| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| Alone::fit(&settings, purchases, Seed::new(1)).unwrap().to_bytes().unwrap())
        };
        let one = on(1, &purchases);
        assert!(one == on(3, &purchases) && one == on(2, &turned), "{}", settings.name());
    }
}

#[test]
fn settings_outside_their_ranges_are_refused() {
    let refused = [
        MemberSettings::Cooccurrence(Cooccurrence { n_neighbours: 0, ..Cooccurrence::default() }),
        MemberSettings::Ease(Ease { penalty: 0.0, ..Ease::default() }),
        MemberSettings::Content(Content { sharpness: 0.0, ..Content::default() }),
        MemberSettings::Context(Context { n_proposed: 0, ..Context::default() }),
        MemberSettings::TwoTower(TwoTower { batch_size: 1, ..TwoTower::default() }),
    ];
    for settings in refused {
        let error = Alone::fit(&settings, &circle(), Seed::new(1)).unwrap_err();
        assert!(matches!(error, ModelError::Setting { .. }), "{}: {error}", settings.name());
    }
}

#[test]
fn what_is_looked_at_now_counts_like_what_was_bought_last() {
    let purchases = circle();
    let history = [HistoryItem { item: ItemKey(0), age_days: 400.0, quantity: 1.0 }];
    let hears = |settings: &MemberSettings| !matches!(settings, MemberSettings::Context(_));
    for settings in MemberSettings::all().into_iter().filter(hears) {
        let of = |history: &[HistoryItem], session: &[ItemKey]| {
            said(&settings, &purchases, &Query { session, ..Query::of(history) })
        };
        let now = HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 };
        let both = [HistoryItem { age_days: 0.0, ..history[0] }, now];
        // The two towers hear what is looked at as an occasion of its own.
        let is_of_its_own = matches!(settings, MemberSettings::TwoTower(_));
        assert!(is_of_its_own != near(&of(&history, &[ItemKey(10)]), &of(&both, &[])), "{}", settings.name());
        assert!(!near(&of(&history, &[ItemKey(10)]), &of(&history, &[])), "{}", settings.name());
        assert!(near(&of(&history, &[ItemKey(77)]), &of(&history, &[])), "{}", settings.name());
    }
}

#[test]
fn only_the_largest_are_kept() {
    let purchases = circle();
    let history = [HistoryItem { item: ItemKey(5), age_days: 0.0, quantity: 1.0 }];
    let n_said = |settings: MemberSettings| {
        said(&settings, &purchases, &Query::of(&history)).iter().filter(|score| score.abs() > 0.0).count()
    };
    assert_eq!(n_said(MemberSettings::Cooccurrence(Cooccurrence::default())), 2);
    assert_eq!(n_said(MemberSettings::Cooccurrence(Cooccurrence { n_neighbours: 1, ..Cooccurrence::default() })), 1);
    // Ties in the number of customers are broken by place: of the first three items, 0 and 2 have something to do with 1.
    assert_eq!(n_said(MemberSettings::Ease(Ease { n_items_max: 3, ..Ease::default() })), 2);
    assert_eq!(n_said(MemberSettings::Ease(Ease { n_items_max: 2, ..Ease::default() })), 1);
}
