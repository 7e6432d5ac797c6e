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
    fn als_is_its_formula(purchases in purchases(), history in history(), n_factors in 1_usize..5, n_rounds in 1_usize..4) {
        let exact = Als { n_factors, n_rounds, n_steps: 100, unobserved: 0.3, penalty: 0.2, ..Als::default() };
        for settings in [Als { frequency_exponent: 0.5, half_life_days: 20.0, ..exact.clone() }, exact] {
            let first = crate::recommend::als::first_numbers(&settings, &purchases);
            let expected = plain::als(&settings, &purchases, first, &history);
            let found = said(&MemberSettings::Als(settings), &purchases, &Query::of(&history));
            prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?} {expected:?}");
        }
    }

    #[test]
    fn gf_cf_lets_all_pass_of_a_customer_where_all_vectors_pass(
        purchases in purchases(), customer: prop::sample::Index, low_pass_weight in 0.0..2.0_f64, half_life_days in 1.0..90.0_f64,
    ) {
        // What one of the customers has is a row of the matrix, and so within the space of its singular vectors.
        let customer = purchases.rows[customer.index(purchases.rows.len())].customer;
        let had = purchases.rows.iter().filter(|row| row.customer == customer);
        let history: Vec<HistoryItem> = had
            .map(|row| HistoryItem { item: purchases.items[row.item as usize], age_days: 7.0, quantity: 1.0 })
            .collect();
        let settings = GfCf { low_pass_weight, half_life_days, n_rounds: 1, ..GfCf::default() };
        let expected = plain::gf_cf_of_all(&settings, &purchases, &history);
        let found = said(&MemberSettings::GfCf(settings), &purchases, &Query::of(&history));
        prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 2e-3), "{found:?} {expected:?}");
    }

    #[test]
    fn user_knn_is_its_formula(
        purchases in purchases(), history in history(), n_occasions in 1_usize..6, own_exponent in 0.0..1.0_f64,
        locality in 0.5..6.0_f64, group_size in 1_usize..4, decays in prop::array::uniform3(0.1..1.0_f64),
    ) {
        let settings = UpCf { n_occasions, own_exponent, locality, half_life_days: 30.0, ..UpCf::default() };
        let expected = plain::up_cf(&settings, &purchases, &history);
        let found = said(&MemberSettings::UpCf(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "UP-CF {found:?} {expected:?}");
        let [within_decay, group_decay, own_weight] = decays;
        let settings = TifuKnn { group_size, within_decay, group_decay, own_weight, ..TifuKnn::default() };
        let expected = plain::tifu_knn(&settings, &purchases, &history);
        let found = said(&MemberSettings::TifuKnn(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "TIFU-KNN {found:?} {expected:?}");
    }

    #[test]
    fn sequences_are_their_formulas(
        purchases in purchases(), history in history(), n_steps in 1_usize..5, step_decay in 0.1..1.0_f64,
        other_exponent in 0.0..1.0_f64, n_last in 1_usize..5, trail_decay in 0.1..1.0_f64, pause in 0_u32..6,
    ) {
        let settings = Markov {
            n_steps, step_decay, other_exponent, shrinkage_share: 0.01, n_last, trail_decay, ..Markov::default()
        };
        let expected = plain::markov(&settings, &purchases, &history);
        let found = said(&MemberSettings::Markov(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "Markov {found:?} {expected:?}");
        let settings = Sessions { pause_days: f64::from(pause), n_last, trail_decay, half_life_days: 9.0, ..Sessions::default() };
        let expected = plain::sessions(&settings, &purchases, &history);
        let found = said(&MemberSettings::Sessions(settings), &purchases, &Query::of(&history));
        prop_assert!(near(&found, &expected), "sessions {found:?} {expected:?}");
    }

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
        MemberSettings::Als(Als { penalty: 0.0, ..Als::default() }),
        MemberSettings::GfCf(GfCf { n_factors: 0, ..GfCf::default() }),
        MemberSettings::UpCf(UpCf { n_occasions: 0, ..UpCf::default() }),
        MemberSettings::TifuKnn(TifuKnn { own_weight: 1.1, ..TifuKnn::default() }),
        MemberSettings::Markov(Markov { n_steps: 0, ..Markov::default() }),
        MemberSettings::Sessions(Sessions { pause_days: -1.0, ..Sessions::default() }),
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
        let settings = match settings {
            // The circle's purchases are a day apart.
            MemberSettings::Sessions(sessions) => MemberSettings::Sessions(Sessions { pause_days: 9.0, ..sessions }),
            settings => settings,
        };
        let of = |history: &[HistoryItem], session: &[ItemKey]| {
            said(&settings, &purchases, &Query { session, ..Query::of(history) })
        };
        let now = HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 };
        let both = [history[0], now];
        assert!(near(&of(&history, &[ItemKey(10)]), &of(&both, &[])), "{}", settings.name());
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

#[test]
fn one_vector_that_passes_is_what_all_buy() {
    // With somebody who has everything the graph hangs together: its first singular vector is the root of popularity.
    let mut purchases = circle();
    purchases.hours.clear();
    purchases.rows.extend((0..6).map(|item| Interaction { customer: 99, item, age_days: 1.0, quantity: 1.0 }));
    let history = [HistoryItem { item: ItemKey(5), age_days: 0.0, quantity: 1.0 }];
    let settings = GfCf { n_factors: 1, low_pass_weight: 2.0, n_rounds: 40, ..GfCf::default() };
    let found = said(&MemberSettings::GfCf(settings), &purchases, &Query::of(&history));
    let (linear, having) = plain::linear_filter(&purchases);
    let total: f64 = having.iter().sum();
    let expected: Vec<f64> = (0..6).map(|item| linear[1][item] + 2.0 * having[item] / total).collect();
    assert!(near(&found, &expected), "{found:?} {expected:?}");
}

#[test]
fn only_the_newest_and_the_nearest_are_heard() {
    // Three customers have 0 and one more item each: the newest is 3, the oldest 1.
    let row = |customer, item, age_days| Interaction { customer, item, age_days, quantity: 1.0 };
    let rows = (1..=3).flat_map(|customer| {
        let age_days = f64::from(10 - customer);
        [row(customer, 0, age_days), row(customer, customer, age_days)]
    });
    let rows = rows.chain([row(1, 5, 9.0)]).collect();
    let purchases =
        Interactions { rows, items: (0..6).map(|key| ItemKey(key * 5)).collect(), ..Interactions::default() };
    let history = [HistoryItem { item: ItemKey(0), age_days: 0.0, quantity: 1.0 }];
    let heard = |settings: MemberSettings| -> Vec<usize> {
        let said = said(&settings, &purchases, &Query::of(&history));
        (1..6).filter(|item| said[*item] > 0.0).collect()
    };
    for n in 1..=3 {
        let newest: Vec<usize> = (4 - n..=3).chain((n == 3).then_some(5)).collect();
        let up_cf = UpCf { n_per_item: n, ..UpCf::default() };
        let tifu = TifuKnn { n_per_item: n, ..TifuKnn::default() };
        let sessions = Sessions { n_per_item: n, ..Sessions::default() };
        assert_eq!(heard(MemberSettings::UpCf(up_cf)), newest, "{n}");
        assert_eq!(heard(MemberSettings::TifuKnn(tifu)), newest, "{n}");
        assert_eq!(heard(MemberSettings::Sessions(sessions)), newest, "{n}");
        // The customer with three items is farthest away, and of the others the newer is nearer.
        let up_cf = UpCf { n_neighbours: n, ..UpCf::default() };
        let sessions = Sessions { n_neighbours: n, ..Sessions::default() };
        assert_eq!(heard(MemberSettings::UpCf(up_cf)), newest, "{n}");
        assert_eq!(heard(MemberSettings::Sessions(sessions)), newest, "{n}");
    }
}
