//! What holds of values, explorers and draws, whatever the rounds?

use super::values::Stored;
use super::*;
use crate::{Frame, ModelError};
use primitives::Seed;
use proptest::prelude::*;

const N_FEATURES: usize = 3;

/// Rounds of four actions in two groups, drawn with known chances.
struct Log {
    x: Vec<f64>,
    action: Vec<u32>,
    propensity: Vec<f64>,
    reward: Vec<f64>,
}

const GROUPS: [u32; 4] = [0, 0, 1, 1];

/// What each action brings, by its nature.
fn truth(x: &[f64], action: u32) -> f64 {
    let slope = [0.2, -0.1, 0.0, 0.15][action as usize];
    0.3 + 0.05 * f64::from(action) + slope * x[0] - 0.05 * x[2]
}

fn log(n: usize, salt: u64) -> Log {
    let mut random = Seed::new(salt).stream("bandit/tests", 0);
    let mut log = Log { x: Vec::new(), action: Vec::new(), propensity: Vec::new(), reward: Vec::new() };
    for _ in 0..n {
        let x: [f64; N_FEATURES] = std::array::from_fn(|_| 2.0 * random.random::<f64>() - 1.0);
        // The first action is taken more often where the first input is large.
        let p = if x[0] > 0.0 { [0.7, 0.1, 0.1, 0.1] } else { [0.1, 0.3, 0.3, 0.3] };
        let mut u: f64 = random.random();
        let action = p.iter().position(|p| {
            u -= p;
            u < 0.0
        });
        let action = action.unwrap_or(3);
        log.reward.push(f64::from(u8::from(random.random::<f64>() < truth(&x, u32::try_from(action).unwrap()))));
        log.x.extend(x);
        log.action.push(u32::try_from(action).unwrap());
        log.propensity.push(p[action]);
    }
    log
}

impl Log {
    fn rounds(&self) -> Rounds<'_> {
        let frame = Frame::new(&self.x, self.action.len(), N_FEATURES).unwrap();
        Rounds::new(frame, &self.action, &self.propensity, &self.reward)
    }
}

proptest! {
    #[test]
    fn bytes_that_were_changed_are_refused_or_answer(at in 0_usize..2_000, to: u8) {
        let values = ValuesSettings::default().fit(&log(40, 1).rounds(), &GROUPS).unwrap();
        let mut bytes = values.to_bytes().unwrap();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(read) = Values::from_bytes(&bytes) {
            let x = vec![0.5; read.n_features()];
            for action in 0..6 {
                prop_assert!(read.score(&x, Arm::Known(action)).is_finite());
                prop_assert!(read.width(&x, Arm::Known(action)).is_none_or(|width| !width.is_nan()));
            }
        }
    }

    /// However strong the ridge is, nothing is drawn to 0: what is left is the mean of an action, drawn to that of its group.
    #[test]
    fn with_the_strongest_ridge_an_action_is_worth_what_came_of_it_or_of_its_group(
        salt in 0_u64..50, common in prop_oneof![Just(0.0), Just(1e6)], lowest in -1.0_f64..1.0,
        far in prop::collection::vec(-4.0_f64..4.0, N_FEATURES),
    ) {
        let log = log(400, salt);
        let reward: Vec<f64> = log.reward.iter().map(|reward| lowest + 0.3 * reward).collect();
        let arrived: Vec<f64> = (0..400).map(|row| 0.5 + f64::from(row) / 800.0).collect();
        let reward: Vec<f64> = reward.iter().zip(&arrived).map(|(reward, arrived)| reward * arrived).collect();
        let rounds = Rounds { reward: &reward, arrived: Some(&arrived), ..log.rounds() };
        let settings = ValuesSettings { ridge: 1e6, common, ..ValuesSettings::default() };
        let values = settings.fit(&rounds, &GROUPS).unwrap();
        for action in 0..4_u32 {
            let rows = || (0..400).filter(|row| log.action[*row] == action);
            let came = rows().map(|row| reward[row]).sum::<f64>() / rows().map(|row| arrived[row]).sum::<f64>();
            let group = values.mean_of(GROUPS[action as usize]);
            let found = values.score(&far, Arm::Known(action));
            let (low, high) = (came.min(group) - 0.01, came.max(group) + 0.01);
            prop_assert!((low..=high).contains(&found), "{}: {} of {} and {}", action, found, came, group);
        }
    }

    #[test]
    fn a_delay_never_falls_and_ends_at_one(
        delays in prop::collection::vec(prop_oneof![0.0_f64..20.0, Just(3.0)], 0..60), ages in prop::collection::vec(-1.0_f64..15.0, 2..20),
    ) {
        let delay = Delay::fit(&delays, None, 12.0).unwrap();
        let mut ages = ages;
        ages.sort_by(f64::total_cmp);
        let shares: Vec<f64> = ages.iter().map(|age| delay.share(*age)).collect();
        prop_assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{:?}", shares);
        prop_assert!(delay.share(12.0) >= 1.0 && delay.share(f64::NAN) <= shares[shares.len() - 1].max(delay.share(0.0)));
    }
}

#[test]
fn the_mean_of_a_group_does_not_depend_on_what_was_taken_often() {
    // The first action is taken in four of ten rounds and is worth more than the others.
    let log = log(40_000, 2);
    let reward: Vec<f64> = log.action.iter().map(|action| if *action == 0 { 0.9 } else { 0.1 }).collect();
    let values = ValuesSettings::default().fit(&Rounds { reward: &reward, ..log.rounds() }, &[0; 4]).unwrap();
    assert!((values.mean_of(0) - 0.3).abs() < 0.01, "{}", values.mean_of(0));
    let raw = reward.iter().sum::<f64>() / 40_000.0;
    assert!(raw > 0.4, "the example says nothing: {raw}");
}

#[test]
fn values_come_near_the_truth_and_widths_shrink() {
    let log = log(20_000, 3);
    let values = ValuesSettings::default().fit(&log.rounds(), &GROUPS).unwrap();
    let few = ValuesSettings::default().fit(&super::tests::log(200, 3).rounds(), &GROUPS).unwrap();
    for x in [[0.5, 0.0, 0.2], [-0.8, 0.5, -0.5]] {
        for action in 0..4 {
            let (score, width) = (values.score(&x, Arm::Known(action)), values.width(&x, Arm::Known(action)).unwrap());
            assert!((score - truth(&x, action)).abs() < 5.0 * width * values.spread(), "{score} {width}");
            assert!(width < few.width(&x, Arm::Known(action)).unwrap());
        }
    }
    assert!((values.spread() - 0.48).abs() < 0.02 && (values.n_rounds() - 20_000.0).abs() < 1e-9);
    assert_eq!(values.clone().without_widths().width(&[0.0; 3], Arm::Known(0)), None);
    assert!(values.clone().without_widths().to_bytes().unwrap().len() < values.to_bytes().unwrap().len());
}

#[test]
fn a_cold_action_is_worth_what_its_group_is() {
    let log = log(2_000, 4);
    let groups = [0, 0, 1, 1, 0, 1, 2];
    let values = ValuesSettings::default().fit(&log.rounds(), &groups).unwrap();
    let x = [0.7, -0.4, 0.1];
    for (action, group) in [(4, 0), (5, 1), (6, 2)] {
        let score = values.score(&x, Arm::Known(action));
        assert!((score - values.mean_of(group)).abs() < 1e-7 && values.n_rounds_of(action) <= 0.0);
        assert!((score - values.score(&x, Arm::Cold { group })).abs() < 1e-7);
        let widths = [Arm::Known(action), Arm::Cold { group }].map(|arm| values.width(&x, arm).unwrap());
        assert!((widths[0] - widths[1]).abs() < 1e-6, "{widths:?}");
    }
    // A group without rounds, and one that is not known, are worth what all are.
    assert!((values.mean_of(2) - values.mean_of(99)).abs() < 1e-12);
    assert!(values.mean_of(0) < values.mean_of(1));
}

#[test]
fn the_ridge_of_an_intercept_is_what_the_group_says() {
    // One action, one input that is always 0: only the intercept. Ten rounds of a group of twenty with a mean of 0.2.
    let x = vec![0.0; 20];
    let action: Vec<u32> = (0..20).map(|row| row / 10).collect();
    let reward: Vec<f64> = (0..20).map(|row| f64::from(u8::from(row < 4))).collect();
    let rounds = Rounds::new(Frame::new(&x, 20, 1).unwrap(), &action, &[0.5; 20], &reward);
    let values = ValuesSettings::default().fit(&rounds, &[0, 0]).unwrap();
    // (4 + 4 * 0.2) / (10 + 4), because (1 - 0.2) / 0.2 = 4; and (0 + 4 * 0.2) / (10 + 4).
    assert!((values.score(&[0.0], Arm::Known(0)) - 4.8 / 14.0).abs() < 1e-7);
    assert!((values.score(&[0.0], Arm::Known(1)) - 0.8 / 14.0).abs() < 1e-7);
}

/// Rewards that come after a geometric delay with a mean of 100 rounds; how old each round is decides what has come of it.
#[test]
fn values_are_unbiased_at_any_moment_although_rewards_come_late() {
    let log = log(12_000, 6);
    let mut random = Seed::new(6).stream("delays", 0);
    let horizon = 1_000.0;
    let delays: Vec<f64> = log.action.iter().map(|_| -100.0 * (1.0 - random.random::<f64>()).ln()).collect();
    for now in [1_500_usize, 3_000, 12_000] {
        let age: Vec<f64> = (0..now).map(|round| (now - round) as f64).collect();
        let reward: Vec<f64> =
            (0..now).map(|round| if delays[round] <= age[round] { log.reward[round] } else { 0.0 }).collect();
        let ripe = (0..now).filter(|round| age[*round] >= horizon && log.reward[*round] > 0.0);
        let delay = Delay::fit(&ripe.map(|round| delays[round]).collect::<Vec<_>>(), None, horizon).unwrap();
        let arrived: Vec<f64> = age.iter().map(|age| delay.share(*age)).collect();
        let frame = Frame::new(&log.x[..now * N_FEATURES], now, N_FEATURES).unwrap();
        let late = Rounds {
            arrived: Some(&arrived),
            ..Rounds::new(frame, &log.action[..now], &log.propensity[..now], &reward)
        };
        let values = ValuesSettings::default().fit(&late, &GROUPS).unwrap();
        let x = [0.0; N_FEATURES];
        for action in 0..4 {
            let arm = Arm::Known(action);
            let error = values.score(&x, arm) - truth(&x, action);
            let se = values.width(&x, arm).unwrap() * values.spread();
            assert!(error.abs() < 3.0 * se, "action {action} after {now} rounds: {error} with {se}");
        }
        assert!(values.n_rounds() < now as f64 && values.n_rounds() > now as f64 - 150.0);
    }
}

/// The test above could pass without the correction if few rounds were young; here all are.
#[test]
fn without_the_share_that_has_arrived_young_rounds_say_that_nothing_is_wanted() {
    let log = log(4_000, 7);
    let mut random = Seed::new(7).stream("delays", 0);
    let arrived = vec![0.25; 4_000];
    let reward: Vec<f64> =
        log.reward.iter().map(|reward| if random.random::<f64>() < 0.25 { *reward } else { 0.0 }).collect();
    let rounds = Rounds { reward: &reward, ..log.rounds() };
    let corrected = Rounds { arrived: Some(&arrived), ..rounds };
    let settings = ValuesSettings::default();
    let error = |values: &Values| {
        let of = |action| (values.score(&[0.0; 3], Arm::Known(action)) - truth(&[0.0; 3], action)).abs();
        (0..4).map(of).fold(0.0, f64::max)
    };
    let (plain, corrected) = (settings.fit(&rounds, &GROUPS).unwrap(), settings.fit(&corrected, &GROUPS).unwrap());
    assert!(error(&plain) > 0.2 && error(&corrected) < 0.12, "{} {}", error(&plain), error(&corrected));
    // Rewards that have not come are no evidence of how far they lie from what is expected.
    assert!((corrected.spread() - 0.48).abs() < 0.05, "{}", corrected.spread());
}

#[test]
fn old_rounds_are_forgotten_by_half_after_the_half_life() {
    let log = log(2_000, 8);
    let age: Vec<f64> = (0..2_000).map(|row| f64::from(row % 5) * 30.0).collect();
    let weights: Vec<f64> = age.iter().map(|age| 0.5_f64.powf(age / 30.0)).collect();
    let settings = ValuesSettings { half_life: 30.0, ..ValuesSettings::default() };
    let forgetting = settings.fit(&Rounds { age: Some(&age), ..log.rounds() }, &GROUPS).unwrap();
    let weighted = ValuesSettings::default().fit(&Rounds { weight: Some(&weights), ..log.rounds() }, &GROUPS).unwrap();
    for action in 0..4 {
        let [a, b] = [&forgetting, &weighted].map(|values| values.score(&[0.3; 3], Arm::Known(action)));
        assert!((a - b).abs() < 1e-6);
    }
    let error = settings.fit(&log.rounds(), &GROUPS).unwrap_err();
    assert!(matches!(error, ModelError::NothingToLearn { .. }) && error.to_string().contains("age"), "{error}");
}

#[test]
fn members_of_a_committee_differ_and_are_read_again() {
    let log = log(600, 9);
    let settings = ValuesSettings::default();
    let bag = Committee::bag(&settings, &log.rounds(), &GROUPS, 5, Seed::new(1)).unwrap();
    let cover = Committee::cover(&settings, &log.rounds(), &GROUPS, 4, 0.5).unwrap();
    let arms = [0, 1, 2, 3].map(Arm::Known);
    for (committee, n) in [(&bag, 5), (&cover, 4)] {
        let votes = committee.votes(&[0.4, 0.0, 0.1], &arms);
        assert_eq!((committee.members().len(), votes.len(), votes[0].len()), (n, n, 4));
        assert!(votes.iter().any(|vote| vote[0].to_bits() != votes[0][0].to_bits()));
        assert_eq!(&Committee::from_bytes(&committee.to_bytes().unwrap()).unwrap(), committee);
        assert!(matches!(Committee::from_bytes(&committee.to_bytes().unwrap()[1..]), Err(ModelError::Corrupt { .. })));
        let p =
            Explorer::Bag { n: 5 }.pmf(&Beliefs { votes: &votes, ..Beliefs::new(&votes[0], 600.0) }, 0.0, Seed::new(1));
        let whole = p.iter().map(|p| p * n as f64).all(|votes| (votes - votes.round()).abs() < 1e-9);
        assert!(whole, "a vote is one of {n}: {p:?}");
    }
    // Whoever comes later in the cover is drawn to what was rarely chosen: more actions have a vote than one.
    let chosen = |committee: &Committee| {
        let rows = log.x.chunks_exact(N_FEATURES).take(100);
        let p = rows.map(|x| {
            let votes = committee.votes(x, &arms);
            Explorer::Cover { n: 4 }.pmf(
                &Beliefs { votes: &votes, ..Beliefs::new(&votes[0], 600.0) },
                0.0,
                Seed::new(1),
            )
        });
        p.map(|p| p.iter().filter(|p| **p > 0.0).count()).max()
    };
    assert!(chosen(&cover) > Some(1));
}

#[test]
fn online_says_what_a_fit_on_the_same_rounds_says() {
    let log = log(500, 10);
    // A mean of at least one half has an intercept with the ridge of all inputs, as online has it.
    let reward: Vec<f64> = log.reward.iter().map(|reward| 0.5 + reward / 2.0).collect();
    let rounds = Rounds { reward: &reward, ..log.rounds() };
    let fitted = ValuesSettings::default().fit(&rounds, &[0; 4]).unwrap();
    let mut online =
        Online::new(&ValuesSettings::default(), Explorer::Greedy, N_FEATURES, 4, 0.0, Seed::new(1)).unwrap();
    for (row, x) in log.x.chunks_exact(N_FEATURES).enumerate() {
        online.learn(x, log.action[row] as usize, reward[row], log.propensity[row]).unwrap();
    }
    for action in 0..4_u32 {
        let x = [0.3, -0.6, 0.9];
        let (a, b) = (online.score(&x, action as usize), fitted.score(&x, Arm::Known(action)));
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    assert!(online.learn(&[0.0; 3], 4, 0.0, 0.5).is_err() && online.learn(&[0.0; 3], 0, 0.0, 0.0).is_err());
    assert!(online.learn(&[0.0; 2], 0, 0.0, 0.5).is_err() && online.choose(&[0.0; 2], 0.5).is_err());
}

#[test]
fn rounds_that_cannot_be_are_refused_with_their_row() {
    let log = log(10, 12);
    let settings = ValuesSettings::default();
    let mut propensity = log.propensity.clone();
    propensity[4] = 0.0;
    let error = settings.fit(&Rounds { propensity: &propensity, ..log.rounds() }, &GROUPS).unwrap_err();
    assert!(error.to_string().contains("the propensity of row 4 is 0"), "{error}");
    let mut action = log.action.clone();
    action[3] = 4;
    let error = settings.fit(&Rounds { action: &action, ..log.rounds() }, &GROUPS).unwrap_err();
    assert!(error.to_string().contains("the action of row 3 is 4"), "{error}");
    let error = settings.fit(&log.rounds(), &[0, 0, 1, u32::MAX]).unwrap_err();
    assert!(error.to_string().contains("the group of action 3 is 4294967295"), "{error}");
    let mut x = log.x.clone();
    x[7] = 1e7;
    let rounds = Rounds { x: Frame::new(&x, 10, N_FEATURES).unwrap(), ..log.rounds() };
    let error = settings.fit(&rounds, &GROUPS).unwrap_err();
    assert!(error.to_string().contains("an input of row 2") && error.to_string().contains("spread"), "{error}");
    let late = Rounds { arrived: Some(&[0.0; 10]), ..log.rounds() };
    assert!(matches!(settings.fit(&late, &GROUPS), Err(ModelError::TooFewRows { .. })));
    assert!(Explorer::Epsilon { share: 2.0 }.validate().unwrap_err().to_string().contains("Explorer.share is 2"));
    assert!(Delay::fit(&[1.0, f64::NAN], None, 3.0).is_err() && Delay::fit(&[], None, 0.0).is_err());
}

#[test]
fn an_input_that_is_not_known_is_the_mean() {
    let log = log(300, 13);
    let values = ValuesSettings::default().fit(&log.rounds(), &GROUPS).unwrap();
    let [unknown, mean] = [[0.2, f64::NAN, 0.1], [0.2, 0.0, 0.1]].map(|x| values.score(&x, Arm::Known(1)));
    assert_eq!(unknown.to_bits(), mean.to_bits());
}

#[test]
fn what_is_taken_becomes_better_while_it_is_learned() {
    for explorer in [Explorer::default(), Explorer::LinUcb { alpha: 1.0 }, Explorer::Thompson { v: 0.3, n_draws: 50 }] {
        let settings = ValuesSettings::default();
        let mut online = Online::new(&settings, explorer.clone(), N_FEATURES, 4, 0.0, Seed::new(2)).unwrap();
        let mut random = Seed::new(14).stream("bandit/tests", 0);
        let mut lost = [0.0; 2];
        for round in 0..6_000 {
            let x: [f64; N_FEATURES] = std::array::from_fn(|_| 2.0 * random.random::<f64>() - 1.0);
            let (action, propensity) = online.choose(&x, random.random()).unwrap();
            let chance = |action: usize| truth(&x, u32::try_from(action).unwrap());
            lost[usize::from(round >= 3_000)] += (0..4).map(chance).fold(0.0, f64::max) - chance(action);
            let reward = f64::from(u8::from(random.random::<f64>() < chance(action)));
            online.learn(&x, action, reward, propensity).unwrap();
        }
        // Whoever draws evenly loses some 0.13 a round.
        assert!(lost[1] < 0.75 * lost[0] && lost[0] < 250.0, "{explorer:?}: {lost:?}");
    }
}

/// What is common and what is each action's own are the least squares of both at once: what pulls each action away from the common part
/// is what its ridge allows, and all of it together is what the ridge of the common part allows.
#[test]
fn what_a_group_has_in_common_is_learned_with_what_is_each_actions_own() {
    let log = log(3_000, 8);
    let rounds = log.rounds();
    let groups = [0, 0, 1, 1, 0, 1, 2];
    let settings = ValuesSettings { ridge: 40.0, common: 3.0, ..ValuesSettings::default() };
    let values = settings.fit(&rounds, &groups).unwrap();
    let stored: Stored = postcard::from_bytes(&values.to_bytes().unwrap()[1..]).unwrap();
    let width = N_FEATURES + 1;
    for group in [0_usize, 1] {
        let (mean, of_intercept) = stored.groups[group];
        let (mut pulls, mut commons) = (vec![0.0; width], Vec::new());
        for action in (0..groups.len()).filter(|action| groups[*action] as usize == group) {
            if stored.n_rounds_of[action] <= 0.0 {
                continue;
            }
            let theta: Vec<f64> =
                stored.coefficients[action * width..(action + 1) * width].iter().copied().map(f64::from).collect();
            let mut left = vec![0.0; width];
            for row in (0..3_000).filter(|row| log.action[*row] as usize == action) {
                let mut x = rounds.x.row(row).to_vec();
                x.push(1.0);
                let score = mean + theta.iter().zip(&x).map(|(theta, x)| theta * x).sum::<f64>();
                left.iter_mut().zip(&x).for_each(|(sum, x)| *sum += (log.reward[row] - score) * x);
            }
            let ridge = |at: usize| if at + 1 == width { of_intercept } else { 40.0 };
            commons.push((0..width).map(|at| theta[at] - left[at] / ridge(at)).collect::<Vec<f64>>());
            pulls.iter_mut().zip(&left).for_each(|(sum, left)| *sum += left);
        }
        assert!(commons.len() >= 2, "group {group}");
        for common in &commons {
            for at in 0..width {
                assert!((common[at] - commons[0][at]).abs() < 1e-3, "{commons:?}");
                assert!((pulls[at] - 3.0 * common[at]).abs() < 1e-2 * (1.0 + pulls[at].abs()), "{pulls:?} {common:?}");
            }
        }
    }
}
