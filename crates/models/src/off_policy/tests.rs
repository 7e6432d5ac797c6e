//! What holds of estimates of another policy, and do they find what it is worth?

use super::*;
use crate::bandit::{Rounds, ValuesSettings};
use crate::{Frame, ModelError, folds};
use primitives::Seed;
use proptest::prelude::*;

const N_ACTIONS: usize = 3;

/// Rounds of three actions; the other policy takes the best for a known share of times.
struct Log {
    x: Vec<f64>,
    action: Vec<u32>,
    propensity: Vec<f64>,
    reward: Vec<f64>,
    /// A chance for every action, row by row.
    target: Vec<f64>,
    /// What the other policy really is worth in these rounds.
    worth: f64,
}

fn log(n: usize, salt: u64, p: [f64; N_ACTIONS]) -> Log {
    let mut random = Seed::new(salt).stream("off-policy/tests", 0);
    let mut log = Log {
        x: Vec::new(),
        action: Vec::new(),
        propensity: Vec::new(),
        reward: Vec::new(),
        target: Vec::new(),
        worth: 0.0,
    };
    for _ in 0..n {
        let x = 2.0 * random.random::<f64>() - 1.0;
        let means = [0.5 - 0.3 * x, 0.4 + 0.3 * x, 0.3];
        let target = if x > 0.0 { [0.1, 0.8, 0.1] } else { [0.8, 0.1, 0.1] };
        let mut u: f64 = random.random();
        let drawn = p.iter().position(|p| {
            u -= p;
            u < 0.0
        });
        let action = drawn.unwrap_or(2);
        log.x.push(x);
        log.action.push(u32::try_from(action).unwrap());
        log.propensity.push(p[action]);
        log.reward.push(f64::from(u8::from(random.random::<f64>() < means[action])));
        log.target.extend(target);
        log.worth += target.iter().zip(means).map(|(p, mean)| p * mean).sum::<f64>() / n as f64;
    }
    log
}

impl Log {
    fn target_taken(&self) -> Vec<f64> {
        self.action.iter().zip(self.target.chunks(N_ACTIONS)).map(|(a, target)| target[*a as usize]).collect()
    }
}

const ALL: [Estimator; 8] = [
    Estimator::Ips,
    Estimator::Clipped { max: 5.0 },
    Estimator::Snips,
    Estimator::Dm,
    Estimator::Dr,
    Estimator::Sndr,
    Estimator::SwitchDr { limit: 5.0 },
    Estimator::Dros { limit: 5.0 },
];

/// Reward, propensity, target and two foretellings of every round.
fn rows() -> impl Strategy<Value = Vec<[f64; 5]>> {
    let row = (-2.0_f64..2.0, 0.05_f64..1.0, 0.0_f64..1.0, -1.0_f64..1.0, -1.0_f64..1.0);
    prop::collection::vec(row.prop_map(|(r, p, t, q, all)| [r, p, t, q, all]), 2..30)
}

fn column(rows: &[[f64; 5]], at: usize) -> Vec<f64> {
    rows.iter().map(|row| row[at]).collect()
}

fn value(rows: &[[f64; 5]], estimator: Estimator, foretold: f64, added: f64) -> Result<f64, ModelError> {
    let columns: Vec<Vec<f64>> = (0..5).map(|at| column(rows, at)).collect();
    let reward: Vec<f64> = columns[0].iter().map(|reward| reward + added).collect();
    let [q_taken, q_target] = [3, 4].map(|at: usize| columns[at].iter().map(|q| q * foretold).collect::<Vec<f64>>());
    let logged = Logged {
        reward: &reward,
        propensity: &columns[1],
        target: &columns[2],
        q_taken: Some(&q_taken),
        q_target: Some(&q_target),
    };
    let estimate = estimator.estimate(&logged)?;
    let mean = estimate.contributions.iter().sum::<f64>() / estimate.contributions.len() as f64;
    assert!((mean - estimate.value).abs() < 1e-9 && estimate.se >= 0.0);
    Ok(estimate.value)
}

proptest! {
    #[test]
    fn estimates_keep_to_each_other(rows in rows()) {
        let of = |estimator, foretold, added| value(&rows, estimator, foretold, added).unwrap();
        // A model that foretells nothing corrects nothing, a limit that is never reached limits nothing.
        let pairs = [
            (Estimator::Dr, 0.0, Estimator::Ips),
            (Estimator::Clipped { max: 30.0 }, 1.0, Estimator::Ips),
            (Estimator::SwitchDr { limit: 30.0 }, 1.0, Estimator::Dr),
            (Estimator::Dros { limit: 1e12 }, 1.0, Estimator::Dr),
            (Estimator::Dros { limit: 1e-12 }, 1.0, Estimator::Dm),
        ];
        for (one, foretold, other) in pairs {
            let (a, b) = (of(one, foretold, 0.0), of(other, 1.0, 0.0));
            prop_assert!((a - b).abs() < 1e-6, "{one:?} and {other:?}: {a} {b}");
        }
        // Whatever is given on top to everybody is what the other policy is worth more.
        if column(&rows, 2).iter().sum::<f64>() > 0.0 {
            prop_assert!((of(Estimator::Snips, 1.0, 3.0) - of(Estimator::Snips, 1.0, 0.0) - 3.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_rounds_changes_nothing(rows in rows()) {
        let mut turned = rows.clone();
        turned.reverse();
        for estimator in ALL {
            match (value(&rows, estimator, 1.0, 0.0), value(&turned, estimator, 1.0, 0.0)) {
                (Ok(a), Ok(b)) => prop_assert!((a - b).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
            }
        }
    }

    #[test]
    fn the_policy_that_was_logged_is_worth_what_came(rows in rows()) {
        let same: Vec<[f64; 5]> = rows.iter().map(|row| [row[0], row[1], row[1], row[3], row[3]]).collect();
        let mean = column(&rows, 0).iter().sum::<f64>() / rows.len() as f64;
        for estimator in [Estimator::Ips, Estimator::Snips, Estimator::Dr, Estimator::Sndr] {
            prop_assert!((value(&same, estimator, 1.0, 0.0).unwrap() - mean).abs() < 1e-9);
        }
    }
}

#[test]
fn small_examples_by_hand() {
    // w = 2, 0.5, 4, 1;  r - q = 0.5, -0.25, 0.5, -0.5
    let rows = [
        [1.0, 0.25, 0.5, 0.5, 0.25],
        [0.0, 0.5, 0.25, 0.25, 0.5],
        [1.0, 0.125, 0.5, 0.5, 0.5],
        [0.0, 0.5, 0.5, 0.5, 0.75],
    ];
    let of = |estimator| value(&rows, estimator, 1.0, 0.0).unwrap();
    let expected = [
        (Estimator::Ips, 6.0 / 4.0),
        (Estimator::Clipped { max: 2.0 }, 4.0 / 4.0),
        (Estimator::Snips, 6.0 / 7.5),
        (Estimator::Dm, 2.0 / 4.0),
        (Estimator::Dr, (2.0 + 1.0 - 0.125 + 2.0 - 0.5) / 4.0),
        (Estimator::Sndr, 0.5 + 2.375 / 7.5),
        (Estimator::SwitchDr { limit: 2.0 }, (2.0 + 1.0 - 0.125 - 0.5) / 4.0),
        // w limit / (w^2 + limit) = 1, 1 / 2.25, 8 / 18, 2 / 3 for a limit of 2, times r - q: 4/6, ...
        (
            Estimator::Dros { limit: 2.0 },
            (2.0 + 4.0 / 6.0 * 0.5 - 1.0 / 2.25 * 0.25 + 8.0 / 18.0 * 0.5 - 2.0 / 3.0 * 0.5) / 4.0,
        ),
    ];
    for (estimator, expected) in expected {
        assert!((of(estimator) - expected).abs() < 1e-12, "{estimator:?}: {} for {expected}", of(estimator));
    }
    assert_eq!(mrdr_weights(&[0.5], &[0.25]), [6.0]);
}

#[test]
fn other_numbers_for_the_actions_change_nothing() {
    let log = log(400, 1, [0.5, 0.3, 0.2]);
    let estimate = |new: [u32; 3]| {
        let action: Vec<u32> = log.action.iter().map(|action| new[*action as usize]).collect();
        let mut target = log.target.clone();
        for row in 0..400 {
            for old in 0..N_ACTIONS {
                target[row * N_ACTIONS + new[old] as usize] = log.target[row * N_ACTIONS + old];
            }
        }
        let frame = Frame::new(&log.x, 400, 1).unwrap();
        let rounds = Rounds::new(frame, &action, &log.propensity, &log.reward);
        let fold = folds(&(0..400).collect::<Vec<u64>>(), 3, Seed::new(1));
        let q = cross_fit(&ValuesSettings::default(), &rounds, &[0; 3], &target, &fold).unwrap();
        let taken = log.target_taken();
        let logged = Logged {
            reward: &log.reward,
            propensity: &log.propensity,
            target: &taken,
            q_taken: Some(&q.taken),
            q_target: Some(&q.target),
        };
        ALL.map(|estimator| estimator.estimate(&logged).unwrap().value)
    };
    for (a, b) in estimate([0, 1, 2]).into_iter().zip(estimate([2, 0, 1])) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

/// The truth lies in 95 % of the intervals, and a model makes them narrower.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    const N_LOGS: u64 = 400;
    let (mut held, mut widths) = ([0.0; 3], [0.0; 3]);
    for salt in 0..N_LOGS {
        let n = 600;
        let log = log(n, 100 + salt, [0.5, 0.3, 0.2]);
        let rounds = Rounds::new(Frame::new(&log.x, n, 1).unwrap(), &log.action, &log.propensity, &log.reward);
        let fold = folds(&(0..n as u64).collect::<Vec<u64>>(), 3, Seed::new(1));
        let q = cross_fit(&ValuesSettings::default(), &rounds, &[0; 3], &log.target, &fold).unwrap();
        let taken = log.target_taken();
        let (reward, propensity) = (&log.reward, &log.propensity);
        let logged = Logged { reward, propensity, target: &taken, q_taken: Some(&q.taken), q_target: Some(&q.target) };
        for (at, estimator) in [Estimator::Ips, Estimator::Snips, Estimator::Dr].into_iter().enumerate() {
            let estimate = estimator.estimate(&logged).unwrap();
            held[at] += f64::from(u8::from((estimate.value - log.worth).abs() < 1.96 * estimate.se));
            widths[at] += estimate.se;
        }
    }
    for held in held {
        // Around 380 of 400, and what the truth of the rounds at hand varies less than that of all there could be.
        assert!((368.0..=398.0).contains(&held), "{held}");
    }
    assert!(widths[2] < widths[0] && widths[1] < widths[0], "{widths:?}");
}

#[test]
fn a_verdict_is_given_where_enough_speaks_for_it() {
    let judged = |log: &Log, target: &[f64]| {
        let logged = Logged { reward: &log.reward, propensity: &log.propensity, target, q_taken: None, q_target: None };
        judge(&logged, None).unwrap()
    };
    let even = log(4_000, 2, [0.34, 0.33, 0.33]);
    let better = judged(&even, &even.target_taken());
    assert_eq!(better.verdict, Verdict::Better, "{:?}", better.difference_within);
    assert!(
        better.difference_within.0 > 0.0 && (better.logged + better.difference - better.estimate.value).abs() < 1e-9
    );
    // The worst for each.
    let worse: Vec<f64> =
        even.action.iter().zip(&even.x).map(|(a, x)| f64::from(u8::from((*a == 1) == (*x < 0.0) && *a != 2))).collect();
    assert_eq!(judged(&even, &worse).verdict, Verdict::Worse);
    assert_eq!(judged(&even, &even.propensity).verdict, Verdict::Unclear);
    // What the other policy does was hardly ever done.
    let rare = log(4_000, 3, [0.001, 0.001, 0.998]);
    let refused = judged(&rare, &rare.target_taken());
    assert_eq!(refused.verdict, Verdict::Refused);
    assert!(refused.overlap.effective < refused.effective_needed && refused.overlap.weight_max > 50.0);
}

#[test]
fn rounds_of_one_customer_count_less_than_as_many_of_others() {
    let log = log(500, 4, [0.4, 0.3, 0.3]);
    let twice = |values: &[f64]| values.iter().flat_map(|value| [*value, *value]).collect::<Vec<f64>>();
    let (reward, propensity, target) = (twice(&log.reward), twice(&log.propensity), twice(&log.target_taken()));
    let once = Logged {
        reward: &log.reward,
        propensity: &log.propensity,
        target: &log.target_taken(),
        q_taken: None,
        q_target: None,
    };
    let both = Logged { reward: &reward, propensity: &propensity, target: &target, q_taken: None, q_target: None };
    let clusters: Vec<u64> = (0..1_000).map(|row| row / 2).collect();
    let (once, both) = (Estimator::Ips.estimate(&once).unwrap(), Estimator::Ips.estimate(&both).unwrap());
    assert!(both.se < 0.75 * once.se);
    assert!((both.se_by(&clusters).unwrap() - once.se).abs() < 1e-3 * once.se);
    assert!(both.se_by(&vec![1; 1_000]).unwrap().is_infinite() && both.se_by(&[1]).is_err());
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let logged =
        Logged { reward: &[1.0, 0.0], propensity: &[0.5, 0.0], target: &[0.5, 0.5], q_taken: None, q_target: None };
    let said = |logged: &Logged<'_>, estimator: Estimator| estimator.estimate(logged).unwrap_err().to_string();
    assert!(said(&logged, Estimator::Ips).contains("the propensity of row 1 is 0"));
    let logged = Logged { propensity: &[0.5, 0.5], ..logged };
    assert!(said(&logged, Estimator::Dr).contains("q_taken"));
    assert!(said(&logged, Estimator::Clipped { max: 0.0 }).contains("limit"));
    assert!(said(&Logged { target: &[0.5, 1.5], ..logged }, Estimator::Ips).contains("row 1 is 1.5"));
    assert!(said(&Logged { target: &[0.0, 0.0], ..logged }, Estimator::Snips).contains("never does"));
    assert!(said(&Logged { target: &[0.5], ..logged }, Estimator::Ips).contains("1 entries where 2"));
    assert!(smoothed(&[3], 3, &[1.0], None, 1.0).is_err() && smoothed(&[0], 3, &[1.0], None, 0.0).is_err());
}

#[test]
fn folds_keep_what_belongs_together() {
    let keys: Vec<u64> = (0..100).map(|row| row % 40).collect();
    let of = folds(&keys, 5, Seed::new(3));
    for (row, key) in keys.iter().enumerate() {
        assert_eq!(of[row], of[usize::try_from(*key).unwrap()]);
    }
    let counts = (0..5).map(|fold| of[..40].iter().filter(|other| **other == fold).count());
    assert_eq!(counts.collect::<Vec<_>>(), [8; 5]);
}
