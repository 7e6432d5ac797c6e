//! Does the network learn what follows what, what new items are like, and what newcomers take?

use super::*;
use crate::recommend::{Alone, HistoryItem, Interaction, Interactions, ItemTraits, MemberSettings, Query};
use primitives::ItemKey;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

/// Small, so that tests are fast.
fn small() -> TwoTower {
    TwoTower {
        n_dimensions: 16,
        n_hidden: 32,
        batch_size: 64,
        n_negatives: 16,
        n_epochs: 40,
        n_items_of_term: 5,
        ..TwoTower::default()
    }
}

fn fit(settings: &TwoTower, told: &Interactions) -> Alone {
    Alone::fit(&MemberSettings::TwoTower(settings.clone()), told, Seed::new(3)).unwrap()
}

fn had(items: &[u64]) -> Vec<HistoryItem> {
    let bought = |(ago, item): (usize, &u64)| HistoryItem { item: ItemKey(*item), age_days: ago as f64, quantity: 1.0 };
    items.iter().rev().enumerate().map(bought).collect()
}

fn row(customer: u32, item: u32, age_days: f64) -> Interaction {
    Interaction { customer, item, age_days, quantity: 1.0 }
}

/// Customers who go around a circle of twelve items, from anywhere.
fn circle() -> Interactions {
    let rows = (0..240_u32).flat_map(|customer| {
        let from = customer * 7 % 12;
        (0..6).map(move |step| row(customer, (from + step) % 12, f64::from(10 - step)))
    });
    Interactions { rows: rows.collect(), items: (0..12).map(ItemKey).collect(), ..Interactions::default() }
}

#[test]
fn what_comes_next_follows_from_the_last() {
    let model = fit(&small(), &circle());
    let next = |items: &[u64]| {
        let history = had(items);
        let unseen = |key: ItemKey| !items.contains(&key.0);
        model.rank(&Query::of(&history), 1, &unseen)[0].0.0
    };
    let n_right = (0..12).filter(|last| next(&[(last + 10) % 12, (last + 11) % 12, *last]) == (last + 1) % 12).count();
    assert!(n_right >= 11, "{n_right} of 12");
    // What they look at now is the last.
    let (history, session) = (had(&[4, 5, 6]), [ItemKey(7)]);
    let best = |session: &[ItemKey], last: u64| {
        model.rank(&Query { session, ..Query::of(&history) }, 1, &|key| !(4..=last).contains(&key.0))[0].0.0
    };
    assert_eq!((best(&[], 6), best(&session, 7)), (7, 8));
}

/// Four groups of ten items and as many customers of each, who have items of their group; and four items that nobody had, one of each group.
fn groups() -> Interactions {
    let mut chance = Seed::new(9).stream("groups", 0);
    let mut told = Interactions { items: (0..44).map(ItemKey).collect(), ..Interactions::default() };
    for customer in 0..400_u32 {
        let mut items: Vec<u32> = (0..10).map(|item| customer % 4 * 10 + item).collect();
        items.shuffle(&mut chance);
        told.rows.extend((1_u8..).zip(&items[..5]).map(|(age, item)| row(customer, *item, f64::from(age))));
    }
    let group = |item: u64| if item < 40 { item / 10 } else { item - 40 };
    told.traits = (0..44).map(|item| ItemTraits { groups: vec![group(item)], ..ItemTraits::default() }).collect();
    told
}

#[test]
fn what_nobody_had_yet_goes_to_those_who_like_what_it_is() {
    let model = fit(&small(), &groups());
    for group in 0..4 {
        let history = had(&[group * 10, group * 10 + 1, group * 10 + 2]);
        let new = model.rank(&Query::of(&history), 1, &|key| key.0 >= 40);
        assert_eq!(new[0].0.0, 40 + group);
        let all = model.rank(&Query::of(&history), 11, &|_| true);
        let is_theirs = |key: u64| if key < 40 { key / 10 == group } else { key - 40 == group };
        assert!(all.iter().all(|(key, _)| is_theirs(key.0)), "{group}: {all:?}");
    }
}

#[test]
fn newcomers_get_what_newcomers_take() {
    let mut chance = Seed::new(9).stream("newcomers", 0);
    let mut told = Interactions { items: (0..30).map(ItemKey).collect(), ..Interactions::default() };
    for customer in 0..600_u32 {
        // The first is nearly always one of three; later ones are any.
        let first = if chance.random::<f64>() < 0.9 { chance.random_range(0..3) } else { chance.random_range(3..30) };
        told.rows.push(row(customer, first, 9.0));
        told.rows.extend((1_u8..4).map(|age| row(customer, chance.random_range(3..30), f64::from(age))));
    }
    let model = fit(&small(), &told);
    let mut best: Vec<u64> = model.rank(&Query::default(), 3, &|_| true).iter().map(|(key, _)| key.0).collect();
    best.sort_unstable();
    assert_eq!(best, [0, 1, 2]);
}

#[test]
fn the_hour_is_heard() {
    let mut chance = Seed::new(9).stream("hours", 0);
    let mut told = Interactions { items: (0..20).map(ItemKey).collect(), ..Interactions::default() };
    for customer in 0..400_u32 {
        for age in 1_u8..5 {
            let hour = chance.random_range(0..168_u16);
            let item = chance.random_range(0..10_u32) + if hour % 24 < 12 { 0 } else { 10 };
            told.rows.push(row(customer, item, f64::from(age)));
            told.hours.push(hour);
        }
    }
    let model = fit(&small(), &told);
    let history = had(&[3, 14]);
    for hour in [30_u16, 42] {
        let best = model.rank(&Query { hour_of_week: Some(hour), ..Query::of(&history) }, 8, &|_| true);
        let n_right = best.iter().filter(|(key, _)| (key.0 < 10) == (hour % 24 < 12)).count();
        assert!(n_right >= 7, "at {hour}: {best:?}");
    }
}

#[test]
fn what_it_proposes_is_the_best_of_what_it_says() {
    let prepared = Prepared::of(&groups()).unwrap();
    let model = small().fit(&prepared, Seed::new(3)).unwrap();
    let history = had(&[1, 12]);
    let own = Own::of(&Query::of(&history), &prepared.keys);
    let places: Vec<u32> = (0..44).collect();
    let said = model.score(&own, &places).unwrap();
    let mut sums = Accumulator::new(0);
    model.propose(&own, &mut sums);
    assert_eq!(sums.sums().len(), 44);
    assert!(sums.sums().is_sorted_by(|a, b| a.score >= b.score));
    for sum in sums.sums() {
        assert!((sum.score - f64::from(said[sum.item as usize])).abs() < 1e-9);
    }
}

#[test]
fn of_a_large_catalogue_the_most_sold_are_looked_through() {
    let n = u32::try_from(N_SCANNED_MAX).unwrap() + 2;
    let rows = vec![row(0, n - 1, 1.0), row(0, n - 1, 2.0), row(0, n - 2, 1.0)];
    let told = Interactions { rows, items: (0..u64::from(n)).map(ItemKey).collect(), ..Interactions::default() };
    let scanned = most_sold(&Prepared::of(&told).unwrap());
    assert_eq!((scanned.len(), scanned[0], scanned[N_SCANNED_MAX - 3]), (N_SCANNED_MAX, 0, n - 5));
    assert_eq!(scanned[N_SCANNED_MAX - 2..], [n - 2, n - 1]);
}

#[test]
fn steps_that_are_too_large_are_refused() {
    let settings = TwoTower { learning_rate: 1.0, n_epochs: 200, ..small() };
    // Either it learns something finite, or it says what to do.
    match Alone::fit(&MemberSettings::TwoTower(settings), &circle(), Seed::new(3)) {
        Ok(model) => assert!(model.rank(&Query::default(), 12, &|_| true).iter().all(|(_, score)| score.is_finite())),
        Err(error) => assert!(error.to_string().contains("learning_rate below 1"), "{error}"),
    }
}
