//! Do lists that follow the hour beat those that do not, where taste does, and lose nothing where it does not?

use super::*;
use crate::recommend::{Alone, Interaction, MemberSettings, Query, rank_by_popularity};
use primitives::ItemKey;
use rand::RngExt as _;
use std::collections::BTreeSet;

const N_ITEMS: u32 = 60;

/// Days before now, at an hour of a week whose last hour is Sunday's last.
fn age_days(week: u32, hour_of_week: u16) -> f64 {
    f64::from(week) * 7.0 + f64::from(167 - hour_of_week) / 24.0
}

/// Purchases of ten weeks. Where taste follows the hour, two of three purchases before noon are of the first third of items and after
/// six of the second, and at the weekend half are of the last ten.
fn purchases(n_customers: u32, follows: bool) -> Interactions {
    let mut chance = Seed::new(4).stream("context", u64::from(n_customers));
    let mut told = Interactions { items: (0..u64::from(N_ITEMS)).map(ItemKey).collect(), ..Interactions::default() };
    for customer in 0..n_customers {
        for week in 0..10 {
            let hour = chance.random_range(0..HOURS_OF_WEEK);
            let (of_day, is_weekend) = (hour % 24, hour >= 5 * 24);
            let from = match of_day {
                0..12 => 0,
                18.. => N_ITEMS / 3,
                _ => 2 * N_ITEMS / 3,
            };
            let item = match () {
                () if follows && is_weekend && chance.random::<f64>() < 0.5 => {
                    N_ITEMS - 10 + chance.random_range(0..10)
                }
                () if follows && chance.random::<f64>() < 0.67 => from + chance.random_range(0..N_ITEMS / 3),
                () => chance.random_range(0..N_ITEMS),
            };
            told.rows.push(Interaction { customer, item, age_days: age_days(week, hour), quantity: 1.0 });
            told.hours.push(hour);
        }
    }
    told
}

fn fit(told: &Interactions) -> ContextModel {
    Context::default().fit(&Prepared::of(told).unwrap(), Seed::new(1)).unwrap()
}

/// The share of the purchases of the last two weeks that stand among the ten of a list learned of the weeks before: with the hour and
/// by popularity alone.
fn hits(told: &Interactions) -> [f64; 2] {
    let is_test = |row: &Interaction| row.age_days < 14.0;
    let rows = told.rows.iter().zip(&told.hours);
    let (test, train): (Vec<_>, Vec<_>) = rows.partition(|(row, _)| is_test(row));
    let (rows, hours) = train.into_iter().map(|(row, hour)| (*row, *hour)).unzip();
    let train = Interactions { rows, hours, ..told.clone() };
    let model = Alone::fit(&MemberSettings::Context(Context::default()), &train, Seed::new(1)).unwrap();
    let popular: BTreeSet<ItemKey> = rank_by_popularity(&train).unwrap().into_iter().take(10).collect();
    let n = test.len() as f64;
    let with_hour = test.iter().filter(|(row, hour)| {
        let query = Query { hour_of_week: Some(**hour), ..Query::default() };
        model.rank(&query, 10, &|_| true).iter().any(|(key, _)| *key == told.items[row.item as usize])
    });
    let without = test.iter().filter(|(row, _)| popular.contains(&told.items[row.item as usize]));
    [with_hour.count() as f64 / n, without.count() as f64 / n]
}

#[test]
fn lists_that_follow_the_hour_win_where_taste_does_and_lose_nothing_where_not() {
    let [with_hour, without] = hits(&purchases(400, true));
    assert!(with_hour > 1.6 * without, "{with_hour} and {without}");
    let [with_hour, without] = hits(&purchases(400, false));
    assert!((with_hour - without).abs() < 0.02, "{with_hour} and {without}");
}

#[test]
fn where_taste_does_not_follow_the_hour_lifts_are_near_one() {
    let model = fit(&purchases(400, false));
    for (place, hour) in (0..N_ITEMS).flat_map(|place| (0..HOURS_OF_WEEK).map(move |hour| (place, hour))) {
        let [slot, day] = slots(hour);
        let lift = model.by_hour.get(place, slot) * model.by_day.get(place, day);
        assert!((0.75..1.35).contains(&lift), "item {place} at {hour}: {lift}");
    }
}

#[test]
fn what_is_new_is_wanted_when_those_like_it_are() {
    let mut told = purchases(400, true);
    // The thirds are categories, and each has an item that nobody bought but once, at noon.
    let group = |item: u32| ItemTraits { groups: vec![u64::from(item % N_ITEMS / 20)], ..ItemTraits::default() };
    told.items.extend((60..63).map(ItemKey));
    told.traits = (0..N_ITEMS).chain([0, 20, 40]).map(group).collect();
    for item in N_ITEMS..N_ITEMS + 3 {
        told.rows.push(Interaction { customer: 0, item, age_days: age_days(0, 12), quantity: 1.0 });
        told.hours.push(12);
    }
    let model = fit(&told);
    let at = |hour: u16| (0..3).map(|new| model.at(N_ITEMS + new, slots(hour))).collect::<Vec<_>>();
    let (morning, evening) = (at(8), at(20));
    assert!(morning[0] > 1.3 * morning[1] && morning[0] > 1.3 * morning[2], "{morning:?}");
    assert!(evening[1] > 1.3 * evening[0] && evening[1] > 1.3 * evening[2], "{evening:?}");
}

#[test]
fn without_an_hour_it_is_silent() {
    let told = purchases(50, true);
    let ask = |told: &Interactions, hour_of_week| {
        let model = Alone::fit(&MemberSettings::Context(Context::default()), told, Seed::new(1)).unwrap();
        model.rank(&Query { hour_of_week, ..Query::default() }, 5, &|_| true).len()
    };
    assert_eq!((ask(&told, Some(3)), ask(&told, Some(168)), ask(&told, None)), (5, 0, 0));
    assert_eq!(ask(&Interactions { hours: Vec::new(), ..told }, Some(3)), 0);
}

#[test]
fn proposals_are_the_best_of_what_is_said_of_all() {
    let model = fit(&purchases(100, true));
    let own = Own { hour_of_week: Some(130), ..Own::default() };
    let places: Vec<u32> = (0..N_ITEMS).collect();
    let said = model.score(&own, &places).unwrap();
    let mut sums = Accumulator::new(0);
    model.propose(&own, &mut sums);
    assert!(sums.sums().is_sorted_by(|a, b| a.score >= b.score));
    for sum in sums.sums() {
        assert!((sum.score - f64::from(said[sum.item as usize])).abs() < 1e-9);
    }
    assert_eq!(slots(130), [24 + 10, 5]);
    assert_eq!((slots(0), slots(119), slots(167)), ([0, 0], [23, 4], [47, 6]));
}

#[test]
fn a_customer_who_comes_for_the_same_every_morning_is_one_customer() {
    let mut told = purchases(100, false);
    let before = fit(&told);
    let [slot, _] = slots(7);
    for day in 0..300 {
        told.rows.push(Interaction { customer: 5, item: 30, age_days: f64::from(day), quantity: 1.0 });
        told.hours.push(7);
    }
    let after = fit(&told);
    assert!(after.sold[30] < before.sold[30] + 1.1, "{} and {}", after.sold[30], before.sold[30]);
    assert!(after.by_hour.get(30, slot) < 1.5);
}
