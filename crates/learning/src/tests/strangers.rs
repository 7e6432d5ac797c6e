//! How much can customers whom anybody may have invented change what is learned of the company's own?

use super::policy::{data, dataset, learned, log, policy};
use super::world::day;
use crate::{Act, PolicyModel, Rewarded, Round, RoundLog, Task};
use primitives::Timestamp;
use proptest::prelude::*;

/// An action is wanted by four in ten, the other one by one in ten.
fn own(n: usize, now: Timestamp) -> RoundLog {
    let mut log = log(n, now, 0.0);
    for (at, round) in log.rounds.iter_mut().enumerate() {
        let is_wanted = if round.action == 0 { at % 5 < 2 } else { at % 10 == 0 };
        round.reward = is_wanted.then_some(Rewarded { at: round.at, amount: 1.0 });
        round.is_shown = true;
        round.x = Box::from([1.0, f32::NAN, 3.0]);
    }
    log
}

/// What one stranger was shown, and says of themselves and of it.
#[derive(Debug, Clone)]
struct Stranger {
    action: u32,
    x: f32,
    is_success: bool,
    is_likely: bool,
    /// How many of the own rounds come before.
    after: usize,
}

fn stranger(is_success: impl Strategy<Value = bool>) -> impl Strategy<Value = Stranger> {
    (0..2_u32, -1e6..1e6_f32, is_success, any::<bool>(), 0..400_usize)
        .prop_map(|(action, x, is_success, is_likely, after)| Stranger { action, x, is_success, is_likely, after })
}

/// The same with so many strangers besides: each of these so many times.
fn among(mut log: RoundLog, strangers: &[Stranger], times: usize) -> RoundLog {
    for nth in 0..strangers.len() * times {
        let one = &strangers[nth % strangers.len()];
        let before = &log.rounds[one.after];
        let round = Round {
            customer: format!("invented{nth}").into(),
            decision: format!("e{nth:06}"),
            is_own: false,
            action: one.action,
            propensity: if one.is_likely { 0.9 } else { 0.04 },
            x: [one.x, f32::NAN, 3.0].into(),
            reward: one.is_success.then_some(Rewarded { at: before.at, amount: 1.0 }),
            ..before.clone()
        };
        log.rounds.push(round);
    }
    log.settled()
}

fn shares(model: &PolicyModel) -> [f64; 2] {
    ["first", "second"].map(|action| {
        let view = model.view(|name| if name == "likes_first" { 1.0 } else { f64::NAN });
        model.foretell(&view, action, "a").unwrap().share
    })
}

fn learned_of(log: RoundLog) -> [f64; 2] {
    shares(policy(&learned(log, day(200))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// However many there are, and whatever they say, an estimate of the company's own is moved half way at most: to nothing, or to certain
    /// success. What holds an action to its group is a few choices more.
    #[test]
    fn strangers_move_an_estimate_half_way_at_most(
        strangers in prop::collection::vec(stranger(any::<bool>()), 1..12), times in 1..200_usize,
    ) {
        let alone = learned_of(own(400, day(200)));
        let found = learned_of(among(own(400, day(200)), &strangers, times));
        for (alone, found) in alone.into_iter().zip(found) {
            prop_assert!(found >= 0.5 * alone - 0.02 && found <= 0.5 * (1.0 + alone) + 0.02, "{alone} became {found}");
        }
    }

    /// Where the company tells what succeeds, strangers only fail: whichever action they are shown, the better one stays the better one.
    #[test]
    fn strangers_who_fail_do_not_make_a_clearly_better_action_the_worse(
        strangers in prop::collection::vec(stranger(Just(false)), 1..12), times in 1..200_usize,
    ) {
        let [first, second] = learned_of(among(own(400, day(200)), &strangers, times));
        prop_assert!(first > second, "{first} and {second}");
    }

    /// Where nobody is the company's own, all are learned from as if all were.
    #[test]
    fn without_own_customers_all_count(strangers in prop::collection::vec(stranger(any::<bool>()), 1..12)) {
        let all_alike = |is_own: bool| {
            let mut log = among(own(400, day(200)), &strangers, 3);
            log.rounds.iter_mut().for_each(|round| round.is_own = is_own);
            learned(log, day(200)).to_file().unwrap()
        };
        prop_assert!(all_alike(true) == all_alike(false));
    }
}

#[test]
fn whoever_is_never_shown_anything_teaches_nothing_where_it_is_told_what_is_shown() {
    let silent = Stranger { action: 0, x: 1.0, is_success: false, is_likely: true, after: 399 };
    let unshown = |n: usize| {
        let mut log = own(400, day(200));
        let before = log.rounds[399].clone();
        log.rounds.extend((0..n).map(|nth| Round {
            customer: format!("silent{nth}").into(),
            decision: format!("e{nth:06}"),
            is_own: false,
            is_shown: false,
            action: silent.action,
            reward: None,
            ..before.clone()
        }));
        log.settled()
    };
    // Inputs that are not known are unlike themselves.
    let told = |log: RoundLog| log.rounds.into_iter().map(|round| (round.decision, round.reward)).collect::<Vec<_>>();
    assert_eq!(told(unshown(0)), told(unshown(8_000)));
    let about = |log: RoundLog| Act::default().needs(&data(&dataset(log), day(200)));
    assert_eq!(about(unshown(0)), about(unshown(8_000)));
}

#[test]
fn strangers_who_are_told_as_shown_do_not_have_own_rounds_left_out() {
    let mut log = own(400, day(200));
    log.rounds.iter_mut().for_each(|round| round.is_shown = false);
    let shown = Stranger { action: 1, x: 1.0, is_success: false, is_likely: true, after: 200 };
    let before = log.rounds[200].clone();
    log.rounds.extend((0..900).map(|nth| Round {
        customer: format!("invented{nth}").into(),
        decision: format!("e{nth:06}"),
        is_own: false,
        is_shown: true,
        action: shown.action,
        reward: None,
        ..before.clone()
    }));
    let settled = log.settled();
    assert_eq!(settled.rounds.iter().filter(|round| round.is_own).count(), 400);
}

#[test]
fn of_choices_that_effects_are_learned_of_strangers_are_half_at_most() {
    let mut all = own(400, day(200));
    all.rounds.iter_mut().for_each(|round| round.chances = [0.5, 0.5].into());
    let shown = Stranger { action: 0, x: 1.0, is_success: false, is_likely: true, after: 7 };
    let log = among(all, &[shown], 3_000);
    let assigned = log.assigned();
    let n_own = assigned.iter().filter(|(round, _)| round.is_own).count();
    assert_eq!((assigned.len(), n_own), (800, 400));
}
