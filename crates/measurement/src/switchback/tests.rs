//! Is a switched change told as it is, where slices resemble each other?

use super::*;
use primitives::Seed;
use rand::RngExt as _;

const HOW: Switches = Switches { carry: 0, lags: Some(2), alpha: 0.05 };

fn slices(by: &str, treated: &[u8], y: &[f64]) -> Vec<Slice> {
    let one =
        |((at, treated), y): ((i64, &u8), &f64)| Slice { by: by.to_owned(), at, is_treated: *treated == 1, y: *y };
    (0..).zip(treated).zip(y).map(one).collect()
}

const TREATED: [u8; 12] = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1];
const Y: [f64; 12] = [3.0, 4.0, 3.5, 6.0, 7.5, 7.0, 4.5, 3.0, 2.5, 5.0, 8.0, 6.5];

#[test]
fn agrees_with_statsmodels() {
    // statsmodels 0.15, OLS with cov_type "HAC", maxlags 2, use_correction; p by scipy 1.17 with 6 degrees of freedom; 1e-6.
    let golden = [3.25, 0.225_325_553, 6.957_302_8e-6];
    let found = switched(&slices("a", &TREATED, &Y), &HOW);
    assert!((found.difference.unwrap() - golden[0]).abs() < 1e-6, "{found:?}");
    assert!((found.se.unwrap() - golden[1]).abs() < 1e-6, "{found:?}");
    assert!((found.p.unwrap() / golden[2] - 1.0).abs() < 1e-5, "{found:?}");
}

#[test]
fn what_is_alike_in_a_place_does_not_count() {
    let here = slices("a", &TREATED, &Y);
    let there: Vec<Slice> =
        here.iter().map(|slice| Slice { by: "b".to_owned(), y: slice.y + 1_000.0, ..slice.clone() }).collect();
    let (one, both) = (switched(&here, &HOW), switched(&[here, there].concat(), &HOW));
    assert!((one.difference.unwrap() - both.difference.unwrap()).abs() < 1e-9);
    assert_eq!((both.n_places, both.n), (2, 24));
}

#[test]
fn on_and_off_swapped_turn_it_around_and_the_order_does_not_matter() {
    let here = slices("a", &TREATED, &Y);
    let mut swapped: Vec<Slice> =
        here.iter().map(|slice| Slice { is_treated: !slice.is_treated, ..slice.clone() }).collect();
    swapped.reverse();
    let (one, other) = (switched(&here, &HOW), switched(&swapped, &HOW));
    assert!((one.difference.unwrap() + other.difference.unwrap()).abs() < 1e-12);
    assert!((one.se.unwrap() - other.se.unwrap()).abs() < 1e-12);
}

#[test]
fn the_slices_after_a_switch_are_left_out() {
    let found = switched(&slices("a", &TREATED, &Y), &Switches { carry: 1, ..HOW });
    assert_eq!((found.n, found.n_left_out), (9, 3));
    // 3, 4, 3.5, 3, 2.5 without, 7.5, 7, 8, 6.5 with it.
    assert_eq!((found.control, found.treated), (Some(3.2), Some(7.25)));
}

#[test]
fn what_cannot_be_told_says_why() {
    assert!(switched(&[], &HOW).reason.unwrap().contains("no place"));
    let always = slices("a", &[1, 1, 1, 1], &[1.0, 2.0, 3.0, 4.0]);
    assert!(switched(&always, &HOW).reason.unwrap().contains("no place"));
    let flat = slices("a", &TREATED, &[1.0; 12]);
    assert!(switched(&flat, &HOW).reason.unwrap().contains("do not vary"));
    let broken = slices("a", &[0, 1, 0, 1], &[1.0, f64::NAN, 1.0, 2.0]);
    assert!(switched(&broken, &HOW).reason.unwrap().contains("finite"));
}

/// Slices that resemble the one before, by stretches of four on and four off: in how many of 500 companies the interval
/// holds the truth.
#[test]
fn intervals_hold_though_slices_resemble_each_other() {
    let (mut n_held, mut n_naive) = (0, 0);
    for company in 0..500 {
        let mut random = Seed::new(21).stream("switchback", company);
        let mut all = Vec::new();
        for place in 0..4 {
            let (mut level, mut is_treated) = (0.0, false);
            for at in 0..168 {
                if at % 4 == 0 {
                    is_treated = random.random();
                }
                let noise = (0..4).map(|_| random.random::<f64>() - 0.5).sum::<f64>();
                level = 0.6 * level + noise;
                all.push(Slice {
                    by: place.to_string(),
                    at,
                    is_treated,
                    y: 10.0 + level + 0.3 * f64::from(u8::from(is_treated)),
                });
            }
        }
        let holds = |lags: Option<u32>| {
            let interval = switched(&all, &Switches { lags, ..HOW }).interval.unwrap();
            u32::from(interval.low <= 0.3 && 0.3 <= interval.high)
        };
        n_held += holds(None);
        n_naive += holds(Some(0));
    }
    // Found with 2,000: 93.2 % with lags by how many there are, 79.0 % where slices are taken for strangers.
    assert!(n_held >= 455, "{n_held}");
    assert!(n_naive < 430, "{n_naive}");
}
