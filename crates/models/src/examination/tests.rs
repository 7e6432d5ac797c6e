//! Are places told apart from what stands in them?

#![expect(clippy::cast_possible_truncation, reason = "places are few")]

use super::*;
use primitives::Seed;
use proptest::prelude::*;

/// Things of which the wanted ones stand higher, each shown at places near its own, followed as the truth says.
fn lists(seed: u64, n_things: u64, truth: impl Fn(usize) -> f64) -> Vec<ShownAt> {
    let mut random = Seed::new(seed).stream("lists", 0);
    let mut rows = Vec::new();
    for thing in 0..n_things {
        let wanted: f64 = 0.02 + 0.3 * random.random::<f64>();
        // The more it is wanted, the higher it stands: what is followed by place alone would be far too steep.
        let own = ((0.32 - wanted) * 25.0) as usize;
        for _ in 0..30 {
            let place = own + (random.random::<f64>() * 5.0) as usize;
            let is_followed = random.random::<f64>() < wanted * truth(place);
            rows.push(ShownAt { thing, place, n_shown: 1.0, n_followed: f64::from(u8::from(is_followed)) });
        }
    }
    rows
}

fn fit(rows: &[ShownAt]) -> Examination {
    ExaminationSettings::default().fit(rows).unwrap()
}

/// By how much what is followed by place alone is off, the first place being 1.
fn by_place_alone(rows: &[ShownAt], place: usize) -> f64 {
    let rate = |place| {
        let at = rows.iter().filter(|row| row.place == place);
        let (shown, followed) = at.fold((0.0, 0.0), |sum, row| (sum.0 + row.n_shown, sum.1 + row.n_followed));
        followed / shown
    };
    rate(place) / rate(0)
}

#[test]
fn the_truth_is_found_though_what_is_wanted_stands_higher() {
    for slope in [0.3, 0.7, 1.2] {
        let truth = |place: usize| (place as f64 + 1.0).powf(-slope);
        let rows = lists(7, 20_000, truth);
        let seen = fit(&rows);
        for place in 1..10 {
            let (found, expected) = (seen.share(place), truth(place));
            assert!((found - expected).abs() < 0.06, "slope {slope}, place {place}: {found} for {expected}");
        }
        assert!((seen.slope - slope).abs() < 0.1, "{slope}: {}", seen.slope);
        // Who divides follows by showings takes what is wanted less for what is looked at less.
        assert!(by_place_alone(&rows, 8) < 0.8 * truth(8), "{} {}", by_place_alone(&rows, 8), truth(8));
    }
}

#[test]
fn a_place_that_is_no_power_is_found_with_enough_rows() {
    // A picture draws the eye to the fifth place.
    let truth = |place: usize| if place == 4 { 0.9 } else { 1.0 / (place as f64 + 1.0) };
    let seen = fit(&lists(3, 20_000, truth));
    assert!((seen.share(4) - 0.9).abs() < 0.12 && seen.share(3) < 0.4 && seen.share(5) < 0.35, "{:?}", seen.shares);
}

#[test]
fn what_tells_nothing_leaves_the_power_of_before() {
    let row = |thing, place, n_followed| ShownAt { thing, place, n_shown: 9.0, n_followed };
    for rows in [vec![], vec![row(1, 0, 5.0), row(2, 3, 1.0)], vec![row(1, 0, 0.0), row(1, 3, 0.0)]] {
        let seen = fit(&rows);
        assert!((seen.share(3) - 4_f64.powf(-0.7)).abs() < 1e-9 && seen.n_follows() < 1e-12, "{rows:?}");
        assert!((seen.share(99) - 100_f64.powf(-0.7)).abs() < 1e-9, "beyond the places that have their own");
    }
}

#[test]
fn counts_that_are_none_are_refused_with_their_row() {
    let row = |n_shown, n_followed| ShownAt { thing: 1, place: 0, n_shown, n_followed };
    for (wrong, what) in [
        (row(-1.0, 0.0), "the showings of row"),
        (row(1.0, f64::NAN), "the follows of row"),
        (row(f64::INFINITY, 0.0), "the showings of row"),
    ] {
        let error = ExaminationSettings::default().fit(&[row(1.0, 1.0), wrong]).unwrap_err();
        assert!(matches!(error, ModelError::Value { row: 1, what: found, .. } if found == what), "{error}");
    }
    let settings = ExaminationSettings { place_weight: 0.0, ..ExaminationSettings::default() };
    assert!(matches!(settings.fit(&[]), Err(ModelError::Setting { .. })));
}

fn any_rows() -> impl Strategy<Value = Vec<ShownAt>> {
    let row = (0_u64..6, 0_usize..60, 0_u32..30, 0_u32..9).prop_map(|(thing, place, n_shown, n_followed)| ShownAt {
        thing,
        place,
        n_shown: f64::from(n_shown),
        n_followed: f64::from(n_followed),
    });
    prop::collection::vec(row, 0..80)
}

proptest! {
    #[test]
    fn every_place_has_a_share_in_any_order_of_rows(rows in any_rows(), most in 1.0_f64..50.0) {
        let seen = fit(&rows);
        let turned: Vec<ShownAt> = rows.iter().rev().copied().collect();
        let again = fit(&turned);
        for place in 0..80 {
            prop_assert!(seen.share(place) > 0.0 && seen.share(place) <= 1.0);
            prop_assert!((1.0..=most).contains(&seen.weight(place, most)));
            prop_assert!((seen.share(place) - again.share(place)).abs() < 1e-9);
        }
    }

    #[test]
    fn how_much_things_are_wanted_changes_nothing(wanted in prop::array::uniform3(0.05_f64..0.5)) {
        // Each thing stands at two of three places, which are looked at by all, half and a quarter.
        let at = |thing: u64, place, looked_at: f64| {
            let n_shown = 100_000.0;
            let n_followed = n_shown * wanted[usize::try_from(thing).unwrap()] * looked_at;
            ShownAt { thing, place, n_shown, n_followed }
        };
        let told = [at(0, 0, 1.0), at(0, 2, 0.5), at(1, 2, 0.5), at(1, 6, 0.25), at(2, 0, 1.0), at(2, 6, 0.25)];
        let seen = fit(&told);
        prop_assert!((seen.share(2) - 0.5).abs() < 0.01 && (seen.share(6) - 0.25).abs() < 0.01, "{seen:?}");
    }
}
