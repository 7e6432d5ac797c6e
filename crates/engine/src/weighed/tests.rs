//! Is another policy worth what was earned where it would have done the same, and is too little told as such?

use super::*;
use measurement::policy::PolicyVerdict;

fn chosen(at: usize, action: &str, propensity: f64, reward: f64, other: &[(&str, f64)]) -> Chosen {
    let other = other.iter().map(|(name, p)| ((*name).to_owned(), *p)).collect();
    Chosen { action: action.to_owned(), propensity, reward, customer: at as u64, other }
}

/// Two actions, drawn evenly; one earns 10 in every other case, the other 2 in each. B does the first alone.
fn log(n: usize) -> Vec<Chosen> {
    let one = |at: usize| match at % 2 {
        0 => chosen(at, "dear", 0.5, if at.is_multiple_of(4) { 10.0 } else { 0.0 }, &[("dear", 1.0)]),
        _ => chosen(at, "cheap", 0.5, 2.0, &[("dear", 1.0)]),
    };
    (0..n).map(one).collect()
}

#[test]
fn another_policy_is_worth_what_was_earned_where_it_would_have_done_the_same() {
    let told = told(&log(2_000));
    let report = told.report.unwrap();
    assert_eq!(told.n, 2_000);
    assert!((report.value_logged - 3.5).abs() < 1e-9, "{report:?}");
    // Half of the choices are what B does, each twice as often: what these brought is what B brings.
    assert!((report.ips.unwrap() - 5.0).abs() < 1e-9 && report.verdict == PolicyVerdict::Better, "{report:?}");
    let is_about = |name: &str, was: f64, would: f64| {
        told.shares.get(name).is_some_and(|shares| (shares.0 - was).abs() < 1e-9 && (shares.1 - would).abs() < 1e-9)
    };
    assert!(is_about("dear", 0.5, 1.0) && is_about("cheap", 0.5, 0.0), "{:?}", told.shares);
    assert_eq!(told.chances.iter().sum::<u64>(), 2_000);
    assert_eq!((told.weights[0], told.weights[2]), (1_000, 1_000), "weights are 0 and 2");
}

#[test]
fn with_few_choices_nothing_is_told_but_why() {
    let few = told(&log(60)).report.unwrap();
    assert!(few.verdict == PolicyVerdict::Refused && few.low.is_none() && few.says.starts_with("Nothing can be said"));
    let none = told(&[]);
    assert!(none.report.unwrap_err().contains("old enough"));
    // B never does what was done: there is no number for that.
    let never: Vec<Chosen> = (0..9).map(|at| chosen(at, "a", 0.5, 1.0, &[("b", 1.0)])).collect();
    assert!(told(&never).report.is_err());
}

#[test]
fn a_choice_that_was_certain_has_a_place_among_the_chances() {
    let told = told(&[chosen(1, "a", 1.0, 1.0, &[("a", 1.0)]), chosen(2, "a", 0.01, 1.0, &[("a", 0.5)])]);
    assert_eq!((told.chances[0], told.chances[5]), (1, 1));
    assert_eq!((told.weights[1], told.weights[5]), (1, 1));
}

#[test]
fn a_choice_earned_what_came_in_time_less_what_it_cost() {
    let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
    let (name, group) = ("offer".to_owned(), "offers".to_owned());
    let offer = Doable { name, group, value: 12.0, cost: 0.5, costs: 4.0, is_nothing: false };
    let settings = PolicySettings { reward_days: 7, ..PolicySettings::default() };
    let round = Round {
        customer: "c".into(),
        at: at(0),
        decision: "d".to_owned(),
        channel: 0,
        place: 0,
        action: 0,
        candidates: [0].into(),
        chances: Box::default(),
        propensity: 1.0,
        x: Box::default(),
        is_own: true,
        is_shown: true,
        reward: None,
        sides: None,
    };
    // By hand: 12 less 4 where it is accepted, or less what a discount came to, and half a unit each time.
    for (came, accepted, expected) in [
        (None, None, -0.5),
        (None, Some(9.0), -0.5),
        (Some((24, 1.0)), None, 7.5),
        (Some((24, 1.0)), Some(9.0), 2.5),
        (Some((24, 1.0)), Some(0.0), 11.5),
        (Some((24, 2.0)), None, 15.5),
        (Some((7 * 24, 1.0)), None, 7.5),
        (Some((7 * 24 + 1, 1.0)), None, -0.5),
    ] {
        let reward = came.map(|(hours, amount)| learning::Rewarded { at: at(hours), amount });
        let found = earned(&offer, &Round { reward, ..round.clone() }, &settings, accepted);
        assert!((found - expected).abs() < 1e-12, "{came:?} {accepted:?}: {found}");
    }
}
