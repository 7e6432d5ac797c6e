//! Are probabilities probabilities, whatever is believed?

use super::*;
use proptest::prelude::*;

fn explorers() -> impl Strategy<Value = Explorer> {
    prop_oneof![
        (0.0_f64..50.0, 0.0_f64..1.0).prop_map(|(scale, exponent)| Explorer::SquareCb { scale, exponent }),
        (0.0_f64..1.0).prop_map(|share| Explorer::Epsilon { share }),
        (0.0_f64..3.0).prop_map(|alpha| Explorer::LinUcb { alpha }),
        (0.0_f64..3.0).prop_map(|v| Explorer::Thompson { v, n_draws: 50 }),
        Just(Explorer::Bag { n: 3 }),
        Just(Explorer::Greedy),
    ]
}

/// Numbers of which some are none.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -3.0_f64..3.0, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY), 1 => Just(0.0)]
}

proptest! {
    #[test]
    fn probabilities_sum_to_one_and_none_is_below_the_floor(
        explorer in explorers(),
        values in prop::collection::vec(value(), 1..40),
        widths in prop::collection::vec(0.0_f64..2.0, 0..40),
        spread in prop_oneof![Just(0.0), 0.001_f64..5.0, Just(f64::NAN)],
        n_rounds in 0.0_f64..1e6,
        floor in 0.0_f64..1.0,
    ) {
        let votes: Vec<Vec<f64>> = (0..3).map(|_| values.clone()).collect();
        let beliefs = Beliefs { values: &values, widths: &widths, votes: &votes, spread, n_rounds };
        let p = explorer.pmf(&beliefs, floor, Seed::new(3));
        prop_assert_eq!(p.len(), values.len());
        prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{:?}", p);
        let least = floor / p.len() as f64;
        prop_assert!(p.iter().all(|p| *p >= least * (1.0 - 1e-12) && *p <= 1.0 + 1e-12), "{:?}", p);
    }

    #[test]
    fn what_is_worth_more_is_never_taken_less_often(
        explorer in prop_oneof![
            (0.0_f64..50.0).prop_map(|scale| Explorer::SquareCb { scale, exponent: 0.5 }),
            (0.0_f64..1.0).prop_map(|share| Explorer::Epsilon { share }),
            Just(Explorer::Greedy),
        ],
        values in prop::collection::vec(-3.0_f64..3.0, 1..20),
        n_rounds in 0.0_f64..1e4,
    ) {
        let p = explorer.pmf(&Beliefs::new(&values, n_rounds), 0.01, Seed::new(3));
        for a in 0..p.len() {
            for b in 0..p.len() {
                prop_assert!(values[a] < values[b] || p[a] >= p[b] - 1e-12);
            }
        }
    }

    #[test]
    fn other_names_of_the_actions_change_nothing_but_the_names(
        explorer in prop_oneof![
            Just(Explorer::default()), Just(Explorer::Epsilon { share: 0.1 }), Just(Explorer::LinUcb { alpha: 1.0 }), Just(Explorer::Greedy)
        ],
        values in prop::collection::vec(prop_oneof![-3.0_f64..3.0, Just(1.0)], 1..20),
        turn in 0_usize..20,
    ) {
        let widths: Vec<f64> = values.iter().map(|value| value.abs() / 2.0).collect();
        let pmf = |values: &[f64], widths: &[f64]| {
            explorer.pmf(&Beliefs { widths, ..Beliefs::new(values, 100.0) }, 0.02, Seed::new(3))
        };
        let turn = turn % values.len();
        let turned = |of: &[f64]| [&of[turn..], &of[..turn]].concat();
        let (first, second) = (turned(&pmf(&values, &widths)), pmf(&turned(&values), &turned(&widths)));
        prop_assert!(first.iter().zip(&second).all(|(a, b)| (a - b).abs() < 1e-12), "{:?} {:?}", first, second);
    }
}

#[test]
fn square_cb_is_the_formula_by_hand_with_any_spread() {
    let pmf = |spread| {
        let values = [1.0, 0.5, 0.0].map(|value| value * spread);
        Explorer::default().pmf(&Beliefs { spread, ..Beliefs::new(&values, 1.0) }, 0.0, Seed::new(1))
    };
    for p in [pmf(1.0), pmf(40.0)] {
        assert!(
            (p[0] - 0.798_076_923).abs() < 1e-9 && (p[1] - 0.125).abs() < 1e-12 && (p[2] - 0.076_923_077).abs() < 1e-9
        );
    }
}

#[test]
fn thompson_takes_an_action_as_often_as_it_could_be_the_best() {
    let beliefs = Beliefs { widths: &[1.0, 1.0], spread: 2.0, ..Beliefs::new(&[0.0, 1.0], 10.0) };
    let p = Explorer::Thompson { v: 0.5, n_draws: 20_000 }.pmf(&beliefs, 0.0, Seed::new(5));
    // The difference is normal with mean 1 and variance 2.
    assert!((p[1] - 0.760_25).abs() < 0.01, "{p:?}");
}
