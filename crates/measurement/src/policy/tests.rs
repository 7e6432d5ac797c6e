//! Are the numbers those that others compute, and is nothing said where nothing can be?

use super::*;
use primitives::Seed;
use proptest::prelude::*;

/// Action, place, reward, propensity.
const ROUNDS: [(u32, u32, f64, f64); 12] = [
    (0, 0, 1.0, 0.5),
    (0, 0, 0.0, 0.5),
    (1, 0, 0.0, 0.3),
    (2, 0, 1.0, 0.02),
    (1, 0, 1.0, 0.3),
    (0, 1, 0.0, 0.6),
    (2, 1, 0.0, 0.15),
    (2, 1, 1.0, 0.15),
    (1, 1, 0.0, 0.25),
    (0, 1, 1.0, 0.6),
    (0, 0, 0.0, 0.5),
    (1, 1, 1.0, 0.25),
];
/// What B does at each place.
const CHANCES: [[f64; 3]; 2] = [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]];

fn rounds(target: Target) -> Rounds {
    Rounds {
        n_actions: 3,
        action: ROUNDS.map(|round| round.0).to_vec(),
        reward: ROUNDS.map(|round| round.2).to_vec(),
        propensity: ROUNDS.map(|round| round.3).to_vec(),
        target,
        place: Some(ROUNDS.map(|round| round.1).to_vec()),
        customer: None,
        x: Vec::new(),
        n_features: 0,
    }
}

fn of_taken() -> Target {
    Target::OfTaken(ROUNDS.map(|round| CHANCES[round.1 as usize][round.0 as usize]).to_vec())
}

fn values(report: &PolicyReport) -> [f64; 8] {
    [report.ips, report.clipped, report.snips, report.dm, report.dr, report.sndr, report.switch_dr, report.mrdr]
        .map(Option::unwrap)
}

/// Computed by a few lines of Python from the formulas alone; the same lines give the Open Bandit Pipeline's numbers on its own sample
/// to 1e-9. Tolerance 1e-9.
#[test]
fn the_numbers_are_those_of_the_formulas() {
    let even = [
        1.879_629_629_6,
        1.324_074_074_1,
        0.774_809_160_3,
        0.501_165_501_2,
        1.111_111_111_1,
        0.752_593_462_5,
        0.479_797_979_8,
        0.562_948_028_7,
    ];
    let chosen = [
        1.913_888_888_9,
        1.497_222_222_2,
        0.732_978_723_4,
        0.502_972_028_0,
        1.058_333_333_3,
        0.715_663_591_7,
        0.490_151_515_2,
        0.565_715_883_7,
    ];
    for (target, expected, ess, max) in
        [(Target::Uniform, even, 2.866_616_553_9, 16.666_666_7), (of_taken(), chosen, 3.405_403_322_2, 15.0)]
    {
        let report = evaluate(&rounds(target)).unwrap();
        for (at, (value, expected)) in values(&report).into_iter().zip(expected).enumerate() {
            assert!((value - expected).abs() < 1e-9, "estimate {at}: {value} for {expected}");
        }
        assert!((report.ess - ess).abs() < 1e-9 && (report.max_weight - max).abs() < 1e-6);
        assert_eq!((report.n, report.n_actions, report.value_logged), (12, 3, 0.5));
        assert_eq!((report.verdict, report.low, report.high), (PolicyVerdict::Refused, None, None));
        assert!(report.says.contains("count like") && report.says.contains("Log more rounds"), "{}", report.says);
    }
}

#[test]
fn a_policy_that_is_told_whole_is_worth_the_same_as_one_told_of_what_was_taken() {
    let all: Vec<f64> = ROUNDS.iter().flat_map(|round| CHANCES[round.1 as usize]).collect();
    let (whole, taken) = (evaluate(&rounds(Target::OfAll(all))).unwrap(), evaluate(&rounds(of_taken())).unwrap());
    for (whole, taken) in values(&whole).into_iter().zip(values(&taken)) {
        assert!((whole - taken).abs() < 1e-12, "{whole} {taken}");
    }
}

/// A log whose actions bring more to some than to others: x from -1 to 1, the better of two actions by its sign; and what B, who
/// takes the better one with a chance, is worth in truth.
fn log(n: u32, seed: u64, better: f64, rare: f64) -> (Rounds, f64) {
    let mut random = Seed::new(seed).stream("policy", 0);
    let mut rounds = Rounds {
        n_actions: 2,
        action: Vec::new(),
        reward: Vec::new(),
        propensity: Vec::new(),
        target: Target::Uniform,
        place: None,
        customer: None,
        x: Vec::new(),
        n_features: 1,
    };
    let (mut all, mut worth) = (Vec::new(), 0.0);
    for _ in 0..n {
        let x = random.random_range(-1.0..1.0_f64);
        let good = u32::from(x > 0.0);
        let action = u32::from(random.random::<f64>() < rare);
        let p = |action: u32| if action == good { 0.35 } else { 0.15 };
        rounds.x.push(x);
        rounds.action.push(action);
        rounds.propensity.push(if action == 1 { rare } else { 1.0 - rare });
        rounds.reward.push(f64::from(u8::from(random.random::<f64>() < p(action))));
        let chances = if good == 1 { [1.0 - better, better] } else { [better, 1.0 - better] };
        worth += (chances[0] * p(0) + chances[1] * p(1)) / f64::from(n);
        all.extend(chances);
    }
    rounds.target = Target::OfAll(all);
    (rounds, worth)
}

#[test]
fn better_and_worse_are_told_where_the_interval_excludes_what_was_earned() {
    for (better, expected) in [(0.9, PolicyVerdict::Better), (0.1, PolicyVerdict::Worse), (0.5, PolicyVerdict::Unclear)]
    {
        let (rounds, worth) = log(4_000, 5, better, 0.5);
        let report = evaluate(&rounds).unwrap();
        assert_eq!(report.verdict, expected, "{}", report.says);
        let (low, high) = (report.low.unwrap(), report.high.unwrap());
        assert!(low < worth && worth < high, "{low} {worth} {high}");
        let is_outside = report.value_logged < low || report.value_logged > high;
        let is_other = report.difference_low.unwrap() > 0.0 || report.difference_high.unwrap() < 0.0;
        assert_eq!(is_outside && is_other, expected != PolicyVerdict::Unclear);
        assert!((report.value_logged + report.difference - report.dr.unwrap()).abs() < 1e-9);
        assert!(report.doubts.is_empty(), "{:?}", report.doubts);
    }
}

#[test]
fn what_was_hardly_ever_tried_is_refused() {
    let report = evaluate(&log(4_000, 6, 0.9, 0.002).0).unwrap();
    assert_eq!((report.verdict, report.low), (PolicyVerdict::Refused, None));
    assert!(report.ess < report.ess_needed && report.says.contains("more at random"), "{}", report.says);
}

#[test]
fn a_model_of_whom_it_was_for_makes_the_estimate_surer() {
    let (with, _) = log(4_000, 7, 0.9, 0.5);
    let without = Rounds { x: Vec::new(), n_features: 0, ..with.clone() };
    let (with, without) = (evaluate(&with).unwrap(), evaluate(&without).unwrap());
    assert_eq!(with.ips, without.ips);
    assert!(with.se["dr"] < without.se["dr"] && with.se["dr"] < with.se["ips"], "{:?} {:?}", with.se, without.se);
}

/// Only the chance of what was taken is told: the truth lies in the interval as often as that says, whatever B does elsewhere.
#[test]
fn a_policy_known_where_it_was_taken_is_estimated_without_a_tilt() {
    const N: u64 = 300;
    let mut held = 0;
    for seed in 0..N {
        let (whole, worth) = log(600, 100 + seed, 0.9, 0.4);
        let Target::OfAll(all) = &whole.target else { unreachable!() };
        let taken = whole.action.iter().zip(all.chunks(2)).map(|(a, chances)| chances[*a as usize]).collect();
        let report =
            evaluate(&Rounds { target: Target::OfTaken(taken), x: Vec::new(), n_features: 0, ..whole }).unwrap();
        let (dr, se) = (report.dr.unwrap(), report.se["dr"]);
        held += u64::from((dr - worth).abs() < 1.96 * se);
    }
    assert!((276..=297).contains(&held), "{held} of {N}");
}

#[test]
fn chances_that_cannot_be_those_of_the_draw_are_doubted() {
    let (mut rounds, _) = log(4_000, 8, 0.5, 0.5);
    rounds.propensity.iter_mut().for_each(|p| *p *= 0.6);
    let report = evaluate(&rounds).unwrap();
    assert!(report.doubts.iter().any(|doubt| doubt.contains("1.667 in the mean")), "{:?}", report.doubts);
    let never = Target::OfAll([0.25, 0.25, 0.5].repeat(4_000));
    let report = evaluate(&Rounds { n_actions: 3, target: never, ..log(4_000, 8, 0.5, 0.5).0 }).unwrap();
    assert!(
        report.doubts.iter().any(|doubt| doubt.starts_with("50.0 % of what B does was never done")),
        "{:?}",
        report.doubts
    );
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let said = |rounds: &Rounds| evaluate(rounds).unwrap_err().to_string();
    let good = rounds(Target::Uniform);
    assert!(said(&Rounds { n_actions: 2, ..good.clone() }).contains("the action of row 3 is 2"));
    assert!(said(&Rounds { place: Some(vec![0]), ..good.clone() }).contains("the places"));
    assert!(said(&Rounds { target: Target::OfTaken(vec![0.0; 12]), ..good.clone() }).contains("never does"));
    assert!(said(&Rounds { propensity: vec![0.0; 12], ..good }).contains("propensity of row 0"));
}

proptest! {
    #[test]
    fn neither_the_order_of_rounds_nor_the_numbers_of_actions_change_anything(seed in 0_u64..500, chosen in any::<bool>()) {
        let target = if chosen { of_taken() } else { Target::Uniform };
        let one = evaluate(&rounds(target.clone())).unwrap();
        // Another order of the rounds, and other numbers for the actions.
        let mut order: Vec<usize> = (0..ROUNDS.len()).collect();
        let mut random = Seed::new(seed).stream("order", 0);
        for at in (1..order.len()).rev() {
            order.swap(at, random.random_range(0..=at));
        }
        let new = [2, 0, 1];
        let before = rounds(target);
        let pick = |values: &[f64]| order.iter().map(|row| values[*row]).collect::<Vec<f64>>();
        let turned = Rounds {
            action: order.iter().map(|row| new[before.action[*row] as usize]).collect(),
            reward: pick(&before.reward),
            propensity: pick(&before.propensity),
            place: before.place.as_ref().map(|place| order.iter().map(|row| place[*row]).collect()),
            target: match &before.target {
                Target::OfTaken(chances) => Target::OfTaken(pick(chances)),
                other => other.clone(),
            },
            ..before.clone()
        };
        let other = evaluate(&turned).unwrap();
        for (a, b) in values(&one).into_iter().zip(values(&other)) {
            prop_assert!((a - b).abs() < 1e-9, "{} {}", a, b);
        }
        prop_assert!((one.ess - other.ess).abs() < 1e-9);
    }
}

#[test]
fn places_may_be_numbered_as_they_are_and_far_apart() {
    for target in [Target::Uniform, of_taken()] {
        let near = rounds(target);
        let apart = |place: &u32| if *place == 0 { 7 } else { u32::MAX };
        let far = near.place.iter().map(|places| places.iter().map(apart).collect()).next();
        let far = Rounds { place: far, ..near.clone() };
        let bits = |values: [f64; 8]| values.map(f64::to_bits);
        assert_eq!(bits(values(&evaluate(&far).unwrap())), bits(values(&evaluate(&near).unwrap())));
    }
}
