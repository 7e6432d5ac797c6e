//! Are gaps found, and nothing else taken for one?

use super::*;
use primitives::Seed;
use proptest::prelude::*;
use rand::Rng;

/// How many orders a shop has on a day.
type Shop = fn(i64) -> u64;

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis(0).plus_days(day)
}

/// Orders, one hour and more into their day.
fn on(day_no: i64, n_orders: u64) -> impl Iterator<Item = Timestamp> {
    (0..n_orders).map(move |n| Timestamp::from_millis(day(day_no).as_millis() + 3_600_000 + i64::try_from(n).unwrap()))
}

/// A history of `n_orders(day)` orders on each of the days before `until`.
fn calendar(until: i64, now: Timestamp, n_orders: impl Fn(i64) -> u64) -> Calendar {
    Calendar::of((0..until).flat_map(|day| on(day, n_orders(day))), now).unwrap()
}

/// The gaps as whole days: first and last.
fn days_of(calendar: &Calendar) -> Vec<(i64, i64)> {
    calendar
        .gaps()
        .iter()
        .map(|gap| (gap.from.day(), Timestamp::from_millis(gap.until.as_millis() - 1).day()))
        .collect()
}

/// A small shop: none to three orders a day, as chance has it.
fn small(day: i64) -> u64 {
    [0, 0, 1, 1, 1, 2, 2, 3][usize::try_from(Seed::new(5).stream("orders", day.unsigned_abs()).next_u64() % 8).unwrap()]
}

#[test]
fn the_data_ends_with_its_last_ordinary_day() {
    let noon = Timestamp::from_millis(day(110).as_millis() + DAY_MS / 2);
    let busy = |day: i64| 300 + 40 * u64::try_from(day % 7).unwrap();
    // It ends days ago, and one order came in today.
    let with_one_today = |until| move |day: i64| if day < until { busy(day) } else { u64::from(day == 110) };
    for until in [100, 104, 109] {
        let calendar = calendar(111, noon, with_one_today(until));
        assert_eq!((calendar.end(), calendar.n_days()), (day(until), until - 1), "{calendar:?}");
        assert_eq!(days_of(&calendar), [(until, 110)]);
        assert_eq!((calendar.gaps()[0].n_orders, calendar.gaps()[0].until), (1, noon));
    }
    // Today has begun, and orders come in as they do every day.
    let going_on = calendar(111, noon, |day| if day < 110 { busy(day) } else { 90 });
    assert_eq!((going_on.end(), going_on.gaps()), (noon, &[] as &[Gap]));
    // Everybody buys in the evening.
    let evening = calendar(110, noon, busy);
    assert_eq!((evening.end(), evening.gaps()), (day(110), &[] as &[Gap]));
    // Just after midnight nothing can have come in yet.
    let midnight = Timestamp::from_millis(day(110).as_millis() + 60_000);
    let quiet = calendar(110, midnight, busy);
    assert_eq!((quiet.end(), quiet.gaps()), (day(110), &[] as &[Gap]));
    // A past year was imported.
    assert_eq!(calendar(110, day(4_000), busy).end(), day(110));
}

#[test]
fn a_lone_order_after_a_silence_does_not_end_it_in_a_small_shop_either() {
    let now = Timestamp::from_millis(day(130).as_millis() + DAY_MS / 2);
    let calendar = |back_since: i64| {
        calendar(131, now, move |day| match day {
            ..100 => small(day),
            100..117 => 0,
            day if day >= back_since => small(day).max(1),
            130 => 1,
            _ => 0,
        })
    };
    let lone = calendar(999);
    let last_before = (0..100).rev().find(|day| small(*day) > 0).unwrap();
    assert_eq!(lone.end(), day(last_before + 1), "{lone:?}");
    let resumed = calendar(117);
    assert_eq!((resumed.end(), days_of(&resumed)), (now, vec![(last_before + 1, 116)]));
    assert_eq!(resumed.gaps()[0].n_orders, 0);
    // Three days are not yet a week.
    assert_eq!(calendar(128).end(), lone.end());
}

#[test]
fn what_is_usual_is_no_gap() {
    let cases: [(&str, Shop); 8] = [
        ("a small shop", small),
        ("closed at the weekend", |day| if day % 7 < 5 { 200 } else { 0 }),
        ("two orders a week", |day| u64::from(day % 7 == 1 || day % 7 == 4)),
        ("a long weekend without orders", |day| if (80..82).contains(&day) { 0 } else { 300 }),
        ("a quiet season", |day| if day < 70 { 300 } else { 30 }),
        ("a very quiet season", |day| if (70..110).contains(&day) { 9 } else { 300 }),
        ("growing from nothing", |day| u64::try_from(day * day / 20).unwrap() + 1),
        ("one huge day", |day| if day == 60 { 50_000 } else { 80 }),
    ];
    for (what, n_orders) in cases {
        let found = calendar(150, day(150), n_orders);
        assert_eq!(days_of(&found), [], "{what}");
        let last = (0..150).rev().find(|day| n_orders(*day) > 0).unwrap();
        assert_eq!(found.end(), day(last + 1), "{what}");
    }
}

#[test]
fn gaps_are_found_wherever_they_are() {
    // Two gaps in the middle; a few orders came in during the second one.
    let found = calendar(200, day(200), |day| match day {
        50..58 => 0,
        120..131 => 3,
        _ => 150,
    });
    assert_eq!(days_of(&found), [(50, 57), (120, 130)]);
    assert_eq!(
        found.gaps().iter().map(|gap| (gap.n_orders, gap.n_usual)).collect::<Vec<_>>(),
        [(0, 1_200), (33, 1_650)]
    );
    assert_eq!((found.end(), found.n_days()), (day(200), 199 - 19));
    // A test order years before the shop opened.
    let early = calendar(2_000, day(2_000), |day| if day == 0 { 1 } else { small(day) * u64::from(day >= 1_500) });
    assert_eq!(days_of(&early).len(), 1);
    assert!(early.n_days() < 520 && early.end() > day(1_990), "{early:?}");
    assert!(Calendar::of([], day(3)).is_none() && Calendar::of([day(4)], day(3)).is_none());
}

#[test]
fn the_latest_window_lies_between_gaps() {
    let gap = |from, until| Gap { from: day(from), until: day(until), n_orders: 0, n_usual: 50 };
    let gaps = [gap(50, 60), gap(80, 85)];
    for (until, n_days, expected) in [
        (120, 30, 120),
        (115, 30, 115),
        (114, 30, 50),
        (114, 20, 114),
        (100, 20, 80),
        (100, 21, 50),
        (85, 1, 80),
        (60, 1, 50),
    ] {
        assert_eq!(latest_window(&gaps, day(until), n_days), day(expected), "{n_days} days before {until}");
    }
    let gap = gaps[0];
    assert!(gap.overlaps(day(40), day(51)) && gap.overlaps(day(59), day(70)) && gap.overlaps(day(52), day(53)));
    assert!(!gap.overlaps(day(40), day(50)) && !gap.overlaps(day(60), day(70)));
}

proptest! {
    #[test]
    fn windows_never_hold_a_part_of_a_gap(
        counts in proptest::collection::vec(prop_oneof![3 => 20_u64..400, 1 => Just(0_u64), 1 => 0_u64..3], 1..160),
        spread in 1_usize..9, n_days in 1_i64..40, later in 0_i64..90,
    ) {
        let counts: Vec<u64> = counts.iter().flat_map(|n| std::iter::repeat_n(*n, spread)).take(200).collect();
        let now = day(i64::try_from(counts.len()).unwrap() + later);
        let orders: Vec<Timestamp> = (0..).zip(&counts).flat_map(|(day, n)| on(day, *n)).collect();
        let Some(calendar) = Calendar::of(orders.iter().rev().copied(), now) else {
            prop_assert!(orders.is_empty());
            return Ok(());
        };
        // The order in which orders are told does not matter, and gaps are apart and in order.
        prop_assert_eq!(&Calendar::of(orders.iter().copied(), now).unwrap(), &calendar);
        prop_assert!(calendar.gaps().is_sorted_by(|a, b| a.until <= b.from));
        prop_assert!(calendar.first_order() < calendar.end() && calendar.end() <= now);
        // Every gap holds what a count by hand finds.
        for gap in calendar.gaps() {
            let n = orders.iter().filter(|at| gap.from <= **at && **at < gap.until).count();
            prop_assert_eq!(gap.n_orders, n as u64);
            prop_assert!(gap.n_orders * 10 <= gap.n_usual && gap.n_usual >= 10, "{:?}", gap);
        }
        let until = latest_window(calendar.gaps(), calendar.end(), n_days);
        prop_assert!(until <= calendar.end());
        prop_assert!(!calendar.gaps().iter().any(|gap| gap.overlaps(until.plus_days(-n_days), until)));
        // Nothing was left out that could have been used.
        let later_ends = (1..200).map(|n| until.plus_days(n)).take_while(|end| *end <= calendar.end());
        for end in later_ends {
            prop_assert!(calendar.gaps().iter().any(|gap| gap.overlaps(end.plus_days(-n_days), end)));
        }
    }
}
