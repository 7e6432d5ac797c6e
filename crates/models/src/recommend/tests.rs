//! Does the recommender compute its formula, the same one always, and say why?

use super::neighbours::Neighbours;
use super::*;
use primitives::{ItemKey, Seed};
use proptest::prelude::*;

fn row(customer: u32, item: u32, age_days: f64) -> Interaction {
    Interaction { customer, item, age_days, quantity: 1.0 }
}

fn bought(key: u64, age_days: f64) -> HistoryItem {
    HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 }
}

/// Customers in two groups with a taste each, and a few items that everybody buys.
fn two_tastes(n_customers: u32) -> Interactions {
    let mut random = Seed::new(11).stream("recommend-test", 0);
    let mut rows = Vec::new();
    for customer in 0..n_customers {
        for _ in 0..12 {
            let any: u32 = random.random_range(0..20);
            let item = if any < 4 { any } else { 4 + (customer % 2) * 16 + any - 4 };
            rows.push(row(customer, item, f64::from(random.random_range(0..100_u32))));
        }
    }
    // Keys in an order of their own: places follow keys, not the order of the catalogue.
    Interactions { rows, items: (0..40_u64).map(|item| ItemKey(item * 37 % 101)).collect(), ..Interactions::default() }
}

fn keys(ranked: &[Scored]) -> Vec<ItemKey> {
    ranked.iter().map(|scored| scored.item).collect()
}

#[test]
fn threads_and_row_order_do_not_show() {
    let data = two_tastes(300);
    let mut turned = data.clone();
    turned.rows.reverse();
    let fit = |n_threads, data: &Interactions| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| ItemToItem::default().fit(data, Seed::new(1)).unwrap().to_bytes().unwrap())
    };
    let one = fit(1, &data);
    assert!(one == fit(2, &data) && one == fit(7, &data) && one == fit(2, &turned));
}

#[test]
fn tastes_are_found_and_said() {
    let data = two_tastes(300);
    let settings = ItemToItem { repeat_weight: 0.0, popularity_weight: 0.0, ..ItemToItem::default() };
    let model = settings.fit(&data, Seed::new(1)).unwrap();
    let of_group = |group: u32| -> Vec<ItemKey> {
        (4 + group * 16..20 + group * 16).map(|item| data.items[item as usize]).collect()
    };
    for group in [0, 1] {
        let own = of_group(group);
        let history = [HistoryItem { item: own[0], age_days: 1.0, quantity: 1.0 }];
        let ranked = model.score(&history, 5, &|item| own.contains(&item) || of_group(1 - group).contains(&item));
        for scored in &ranked {
            assert!(own.contains(&scored.item), "{scored:?}");
            assert_eq!(scored.because, Because::SimilarTo { item: own[0] });
        }
    }
}

#[test]
fn an_unknown_customer_gets_what_is_popular() {
    let model = ItemToItem::default().fit(&two_tastes(50), Seed::new(1)).unwrap();
    let ranked = model.score(&[], 7, &|_| true);
    assert_eq!(keys(&ranked), keys(&model.popular(7, &|_| true)));
    assert!(ranked.iter().all(|scored| scored.because == Because::Popular));
    assert!(model.score(&[], 0, &|_| true).is_empty() && model.score(&[], 3, &|_| false).is_empty());
    assert_eq!(model.score(&[bought(37, 0.0)], 1_000, &|_| true).len(), model.items().len());
}

#[test]
fn time_that_passes_after_all_purchases_leaves_popular_what_was() {
    let data = two_tastes(50);
    let fit = |days: f64| {
        let later = |row: &Interaction| Interaction { age_days: row.age_days + days, ..*row };
        let data = Interactions { rows: data.rows.iter().map(later).collect(), ..data.clone() };
        ItemToItem::default().fit(&data, Seed::new(1)).unwrap()
    };
    // Thirty years are more half-lives than a number has room for.
    assert!(fit(0.0) == fit(30.0 * 365.0));
}

#[test]
fn an_item_that_came_after_training_can_be_bought_again() {
    let model = ItemToItem::default().fit(&two_tastes(50), Seed::new(1)).unwrap();
    let new = ItemKey(999_999);
    assert!(!model.contains(new) && model.contains(ItemKey(37)));
    let ranked = model.score(&[bought(new.0, 2.0), bought(new.0, 5.0)], 1, &|_| true);
    assert_eq!((ranked[0].item, ranked[0].because), (new, Because::BoughtAgain { times: 2, age_days: 2.0 }));
}

#[test]
fn strange_ages_still_give_finite_scores() {
    let model = ItemToItem::default().fit(&two_tastes(50), Seed::new(1)).unwrap();
    for age_days in [f64::NAN, f64::INFINITY, -5.0, 1e300] {
        let ranked = model.score(&[bought(37, age_days), bought(0, 1e6)], 10, &|_| true);
        assert!(ranked.iter().all(|scored| scored.score.is_finite()), "{age_days}: {ranked:?}");
        assert_eq!(ranked.len(), 10);
    }
}

#[test]
fn only_the_most_recent_items_of_a_customer_count() {
    let mut data = Interactions { rows: Vec::new(), items: (0..4).map(ItemKey).collect(), ..Interactions::default() };
    for customer in 0..5 {
        data.rows.extend([row(customer, 0, 1.0), row(customer, 1, 2.0), row(customer, 2, 9.0), row(customer, 2, 8.0)]);
    }
    let fit = |n_items_max| ItemToItem { n_items_max, ..ItemToItem::default() }.fit(&data, Seed::new(1)).unwrap();
    let similar = |model: &ItemToItemModel| model.similar(ItemKey(0)).map(|(key, _)| key.0).collect::<Vec<_>>();
    assert_eq!((similar(&fit(2)), similar(&fit(3))), (vec![1], vec![1, 2]));
}

#[test]
fn input_that_means_nothing_is_refused() {
    let good = two_tastes(5);
    let with = |change: &dyn Fn(&mut Interactions)| {
        let mut data = good.clone();
        change(&mut data);
        ItemToItem::default().fit(&data, Seed::new(1)).unwrap_err().to_string()
    };
    assert!(with(&|data| data.rows.clear()).contains("give at least 1"));
    assert!(with(&|data| data.rows[2].age_days = f64::NAN).contains("row 2 is NaN"));
    assert!(with(&|data| data.rows[2].age_days = -1.0).contains("not negative"));
    assert!(with(&|data| data.rows[3].quantity = 0.0).contains("above 0"));
    assert!(with(&|data| data.rows[3].item = 40).contains("row 3 is 40"));
    assert!(with(&|data| data.items[1] = data.items[0]).contains("39 entries where 40"));
    let error = ItemToItem { half_life_days: 0.0, ..ItemToItem::default() }.fit(&good, Seed::new(1)).unwrap_err();
    assert_eq!(error.to_string(), "ItemToItem.half_life_days is 0: it must be a number from 0.1 to 3650");
}

#[test]
fn neighbours_survive_the_codec() {
    let found = Neighbours { start: vec![0, 1], item: vec![0], similarity: vec![0.25] };
    assert_eq!(postcard::from_bytes::<Neighbours>(&postcard::to_stdvec(&found).unwrap()), Ok(found));
}

proptest! {
    #[test]
    fn the_ranking_is_the_one_of_the_whole_catalogue(
        history in prop::collection::vec((0_u64..101, 0_u32..200), 0..15), n in 1_usize..50, banned in 0_u64..10,
    ) {
        let model = MODEL.with(Clone::clone);
        let history: Vec<HistoryItem> = history.iter().map(|(key, age)| bought(*key, f64::from(*age))).collect();
        let allowed = |item: ItemKey| item.0 % 10 != banned;
        let all = model.score(&history, usize::MAX, &|_| true);
        let some = model.score(&history, n, &allowed);
        let expected: Vec<Scored> = all.iter().copied().filter(|scored| allowed(scored.item)).take(n).collect();
        prop_assert_eq!(some, expected);
        prop_assert!(all.is_sorted_by(|a, b| a.score > b.score || (a.score >= b.score && a.item < b.item)));
    }

    #[test]
    fn changed_bytes_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = MODEL.with(|model| model.to_bytes().unwrap());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(model) = ItemToItemModel::from_bytes(&bytes) {
            let _ = model.score(&[bought(37, 1.0), bought(74, 2.0)], 5, &|_| true);
        }
    }
}
thread_local! {
    static MODEL: ItemToItemModel = ItemToItem::default().fit(&two_tastes(60), Seed::new(1)).unwrap();
}
