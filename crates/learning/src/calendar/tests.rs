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

#[test]
fn a_silence_is_over_after_a_week_of_orders() {
    let until = |until| calendar(until, day(until), |day| if (100..117).contains(&day) { 0 } else { 300 });
    assert_eq!(until(124).end(), day(124), "seven days after the gap");
    assert_eq!(until(123).end(), day(100), "six days after it");
    assert_eq!((until(124).n_days(), until(123).n_days()), (106, 99));
}

/// What is usual after these days, of which the first is day 0.
fn usual(counts: impl IntoIterator<Item = u64>) -> Usual {
    let mut usual = Usual::default();
    (0..).zip(counts).for_each(|(n, n_orders)| usual.learn(whole_day(n, n_orders)));
    usual
}

fn whole_day(n: i64, n_orders: u64) -> Day {
    Day { day: n, n_orders, share: 1.0, ends_at: day(n + 1) }
}

/// A run of days that begins on day 56.
fn run(counts: &[u64]) -> Vec<Day> {
    (56..).zip(counts).map(|(n, n_orders)| whole_day(n, *n_orders)).collect()
}

#[test]
fn what_is_usual_can_be_counted_by_hand() {
    // On few days: the mean with a week of nothing.
    let close = |usual: &Usual, on: i64, expected: f64| {
        let found = usual.orders_on(on);
        assert!((found - expected).abs() < 1e-9, "{found} and not {expected}");
    };
    close(&usual([]), 0, 0.0);
    close(&usual([30]), 1, 30.0 / 8.0);
    close(&usual([10; 14]), 14, 140.0 / 21.0);
    // On the third day of a week: the mean of those days of the week.
    let weekly = |n_days: u64| usual((0..n_days).map(|day| 10 * (day % 7 + 1)));
    close(&weekly(21), 21, 10.0);
    close(&weekly(21), 24, 40.0);
    close(&weekly(15), 21, 10.0);
    // A huge day counts four times the median of the days with orders.
    close(&usual((0..21).map(|day| if day == 7 { 1_000 } else { 10 })), 21, 20.0);
    close(&usual((0..21).map(|day| [1_000, 0, 0, 0, 0, 0, 10][day % 7])), 27, 10.0);
    close(&usual((0..21).map(|day| [1_000, 0, 0, 0, 0, 10, 10][day % 7])), 21, 40.0);
    close(&usual((0..21).map(|day| [10, 20, 30, 40, 50, 60, 1_000][day % 7])), 27, 160.0);
    // Only the newest 56 days are usual.
    let newest = usual(0..60);
    assert_eq!((newest.0.len(), newest.0.front().map(|day| day.day)), (56, Some(4)));
}

#[test]
fn a_day_is_silent_with_a_twentieth_of_what_is_usual_for_as_much_of_it_as_has_passed() {
    let usual = usual([100; 56]);
    for (n_orders, share, is_silent) in
        [(0, 1.0, true), (5, 1.0, true), (6, 1.0, false), (2, 0.5, true), (3, 0.5, false), (0, 0.0, true)]
    {
        let day = Day { share, ..whole_day(56, n_orders) };
        assert_eq!(usual.is_silent(&day), is_silent, "{n_orders} orders in {share} of a day");
    }
    assert!(Usual::default().is_silent(&whole_day(0, 0)) && !Usual::default().is_silent(&whole_day(0, 1)));
}

#[test]
fn a_silence_is_a_gap_where_it_is_long_unusual_and_costs_ten_orders() {
    let busy = usual([100; 56]);
    let season = |n: usize, n_with: usize| -> Vec<u64> { (0..n).map(|day| u64::from(day < n_with)).collect() };
    for (what, counts, is_last, is_missed) in [
        ("three days", vec![0; 3], false, true),
        ("two days between others", vec![0; 2], false, false),
        ("two days at the end", vec![0; 2], true, true),
        ("a day at the end", vec![0; 1], true, true),
        ("orders on half of 28 days", season(28, 14), false, false),
        ("orders on less than half of 28 days", season(28, 13), false, true),
        ("orders on half of 27 days", season(27, 14), false, true),
    ] {
        assert_eq!(busy.is_missed(&run(&counts), is_last), is_missed, "{what}");
    }
    // Ten orders that are missing, and one less.
    assert!(usual([10; 56]).is_missed(&run(&[0]), true) && !usual([9; 56]).is_missed(&run(&[0]), true));
    // A shop that is closed for two days is not missed for four, nor for the day that has only begun.
    let weekend = usual((0..56).map(|day| if day % 7 < 5 { 100 } else { 0 }));
    assert_eq!(weekend.longest_pause(), 2);
    assert!(!weekend.is_missed(&run(&[0; 4]), false) && weekend.is_missed(&run(&[0; 5]), false));
    let begun = Day { share: 0.9, ..whole_day(56, 0) };
    assert!(busy.expected(&[begun]).abs() < 1e-9 && !busy.is_missed(&[begun], true));
    assert_eq!((whole(2.5), whole(2.4)), (3, 2));
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
        prop_assert!(calendar.first() < calendar.end() && calendar.end() <= now);
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
