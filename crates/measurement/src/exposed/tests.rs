//! Does what customers did count for their arm, and do intervals hold the truth as often as they say?

use super::*;
use crate::kpi::{Earnings, built_in};
use crate::lift::{About, Against, report};
use crate::statistics::{How, Moments};
use primitives::Seed;
use rand::RngExt;

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis(0).plus_days(day)
}

fn revenue() -> Kpi {
    let earnings = Earnings { margin: 0.0, contact_cost: Default::default() };
    built_in(&earnings, 28).into_iter().find(|kpi| kpi.name == "revenue").unwrap()
}

fn orders(of: &[(i64, f64)]) -> Vec<Vec<Occurred>> {
    vec![of.iter().map(|(at, value)| Occurred { at: day(*at), value: Some(*value) }).collect()]
}

#[test]
fn what_was_before_is_apart_from_what_came_after_and_nothing_counts_twice() {
    let occurred = orders(&[(0, 1.0), (50, 2.0), (99, 4.0), (100, 8.0), (120, 16.0), (128, 32.0)]);
    let seen = |span: Option<Span>| span.unwrap().seen(&revenue(), &occurred);
    let whole = seen(Span::new(day(100), day(100), 28, &[day(400)]));
    assert_eq!((whole.before, whole.after), (Counted::Pair(6.0, 1.0), Counted::Pair(24.0, 1.0)));
    // Cut by now, or by the end of the draw.
    assert_eq!(seen(Span::new(day(100), day(100), 28, &[day(400), day(110)])).after, Counted::Pair(8.0, 1.0));
    assert_eq!(Span::new(day(100), day(100), 28, &[day(100)]), None);
    // From a later moment on as long, and what was before still ends with the exposure.
    let later = seen(Span::new(day(100), day(120), 28, &[day(400)]));
    assert_eq!((later.before, later.after), (Counted::Pair(6.0, 1.0), Counted::Pair(48.0, 1.0)));
    // Of a period, only what lies in it; what was before stays before the exposure.
    let month = seen(Span::within(day(100), (day(110), day(140)), &[day(400)]));
    assert_eq!((month.before, month.after), (Counted::Pair(6.0, 1.0), Counted::Pair(48.0, 1.0)));
    assert_eq!(Span::within(day(150), (day(110), day(140)), &[]), None);
}

#[test]
fn the_months_of_a_customer_add_up_to_all_of_it() {
    let occurred = orders(&[(95, 3.0), (101, 5.0), (131, 7.0), (160, 11.0), (189, 13.0)]);
    let of = |from: i64, until: i64| match Span::within(day(100), (day(from), day(until)), &[day(190)]) {
        Some(span) => match span.seen(&revenue(), &occurred).after {
            Counted::Pair(y, _) => y,
            Counted::Values(_) => unreachable!(),
        },
        None => 0.0,
    };
    assert!((of(0, 130) + of(130, 160) + of(160, 190) - of(0, 190)).abs() < 1e-9);
    assert!((of(0, 190) - 36.0).abs() < 1e-9);
}

#[test]
fn an_arm_and_a_part_hold_those_who_belong_to_them() {
    let pair = |y: f64| Counted::Pair(y, 1.0);
    let unit = |arm, part, y, x| Unit { arm, parts: vec![part], seen: vec![Seen { after: pair(y), before: pair(x) }] };
    let units = [unit(0, 0, 1.0, 2.0), unit(1, 0, 3.0, 4.0), unit(1, 1, 5.0, 6.0)];
    let revenue = revenue();
    let sums = |pairs: &[(f64, f64)]| Arm::Sums(Moments::of_pairs(pairs.iter().copied()));
    let (all, measure) = arms(&units, 2, (0, &revenue), None, true);
    assert_eq!((all, measure), (vec![sums(&[(1.0, 2.0)]), sums(&[(3.0, 4.0), (5.0, 6.0)])], Measure::Adjusted));
    let (part, measure) = arms(&units, 2, (0, &revenue), Some(1), false);
    assert_eq!((part, measure), (vec![sums(&[]), sums(&[(5.0, 1.0)])], Measure::Mean));
    assert_eq!(counts(&units, 2), [1, 2]);
}

/// Customers of a company whose purchases are lopsided, and alike from one half-year to the next: what each spent before, and would
/// spend held out.
fn company(n: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut random = Seed::new(seed).stream("company", 0);
    let mut normal = move || {
        let (u, v): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let one = |normal: &mut dyn FnMut() -> f64| {
        let taste = 0.7 * normal();
        let mut spent = |buys: f64| if normal() < buys { (3.0 + taste + 0.6 * normal()).exp() } else { 0.0 };
        (spent(0.0), spent(-0.2))
    };
    (0..n).map(|_| one(&mut normal)).collect()
}

/// The lift that is told of a company where `effect` is what decisions add, for one draw of who is held out.
fn told(company: &[(f64, f64)], salt: u64, share: f64, effect: f64) -> crate::lift::Lift {
    let mut random = Seed::new(salt).stream("salt", 1);
    let (mut held, mut treated) = (Moments::default(), Moments::default());
    for (before, after) in company {
        if random.random::<f64>() < share {
            held.add(*after, *before);
        } else {
            treated.add(after * (1.0 + effect), *before);
        }
    }
    let about = About {
        what: "all decisions",
        measure: "revenue in 28 days",
        currency: Some("EUR"),
        against: Against::Everything,
        share,
        how: How::new(Measure::Adjusted).lopsided(),
    };
    report(&held, &treated, &about)
}

const N_SALTS: u64 = 2_000;

/// Whoever is held out buys a tenth less: over redrawn salts the truth lies in the intervals as often as they say.
#[test]
fn the_truth_lies_in_the_interval_however_it_is_drawn_who_is_held_out() {
    let company = company(2_000, 3);
    let truth = 1.0 / 0.9 - 1.0;
    let (mut held, mut found, mut n, mut stopped) = (0, 0, 0, 0);
    for salt in 0..N_SALTS {
        let lift = told(&company, salt, 0.1, truth);
        // Too many or too few by chance: then nothing is told, once in a thousand.
        let Some(interval) = lift.interval else {
            stopped += u64::from(!lift.srm.ok);
            continue;
        };
        n += 1;
        held += u64::from(interval.low <= truth && truth <= interval.high);
        found += u64::from(interval.low > 0.0);
    }
    let share = f64::from(u32::try_from(held).unwrap()) / f64::from(u32::try_from(n).unwrap());
    assert!((0.93..=0.97).contains(&share), "{share} of {n}");
    assert!(stopped < 10 && n + stopped == N_SALTS, "{stopped}");
    assert!(found > 0, "{found}");
}

/// Where decisions do nothing, hardly anything is found.
#[test]
fn where_both_arms_are_alike_nothing_is_found() {
    let company = company(2_000, 4);
    let is_found = |lift: &crate::lift::Lift| lift.interval.is_some_and(|it| it.low > 0.0 || it.high < 0.0);
    let found = (0..N_SALTS).filter(|salt| is_found(&told(&company, *salt, 0.1, 0.0))).count();
    assert!((60..=140).contains(&found), "{found} of {N_SALTS}");
}
