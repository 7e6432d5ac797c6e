//! Does a policy learn what is so where customers are asked about in the order of their kind, and where nothing is told of what was asked last?

use super::policy::{data, dataset, doable, learned, log, policy};
use super::world::{day, seed};
use crate::{
    Data, Dataset, Loaded, PolicyModel, PolicySettings, Rank, Reigning, Reward, Rewarded, Round, RoundLog, Sides,
    Trained, challenge, shared_inputs,
};
use models::bandit::Side;
use primitives::{DAY_MS, HOUR_MS, Timestamp, stable_hash};
use rand::RngExt as _;
use std::sync::Arc;

const N_CUSTOMERS: usize = 540;
const BEGINS: i64 = 22 * HOUR_MS + 1_380_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(day(200).as_millis() + millis)
}

#[expect(clippy::cast_possible_truncation, reason = "seven digits of a sine")]
fn hour(at: Timestamp) -> [f32; 2] {
    let turn = std::f64::consts::TAU * at.as_millis().rem_euclid(DAY_MS) as f64 / DAY_MS as f64;
    [turn.sin(), turn.cos()].map(|one| one as f32)
}

/// What was drawn by a coin for a customer who buys often or who is new, and what came of it.
fn round(number: usize, moment: Timestamp, is_heavy: bool, (coin, luck): (f64, f64)) -> Round {
    let action = u32::from(coin < 0.5);
    let chance = if (action == 0) == is_heavy { 0.45 } else { 0.03 };
    let [sin, cos] = hour(moment);
    Round {
        customer: format!("c{number}").into(),
        at: moment,
        decision: format!("d{number:06}"),
        channel: 1,
        is_own: true,
        is_shown: true,
        place: 0,
        action,
        candidates: [0, 1].into(),
        chances: Box::default(),
        propensity: 0.5,
        x: [if is_heavy { 9.0 } else { 1.0 } + [0.0, 1.0, 2.0][number % 3], sin, cos].into(),
        reward: (luck < chance).then_some(Rewarded { at: moment, amount: 1.0 }),
        sides: None,
    }
}

/// All who buy often, and then all who are new, within half a minute; `later` makes what is asked ten minutes after that.
fn in_order(n_later: usize, later: impl Fn(Round) -> Round) -> RoundLog {
    let mut random = seed().stream("nightly", 0);
    let mut rounds: Vec<Round> = (0..N_CUSTOMERS + n_later)
        .map(|number| {
            let (is_later, customer) = (number >= N_CUSTOMERS, number % N_CUSTOMERS);
            let since = 60 * i64::try_from(number).unwrap() + if is_later { 10 * 60_000 } else { 0 };
            let draws = (random.random(), random.random());
            let round = round(number, at(BEGINS + since), customer < N_CUSTOMERS / 2, draws);
            if is_later { later(round) } else { round }
        })
        .collect();
    rounds.sort_by_key(|round| round.at);
    RoundLog {
        inputs: ["orders_365d", "hour_sin", "hour_cos"].map(str::to_owned).into(),
        actions: vec![doable("club", "loyalty", 10.0), doable("welcome", "onboarding", 10.0)],
        settings: PolicySettings::default(),
        rounds,
        ..RoundLog::default()
    }
}

/// What is foretold of both actions for one who buys often or who is new, at a moment.
fn foretold(model: &PolicyModel, is_heavy: bool, moment: Timestamp) -> [f64; 2] {
    let [sin, cos] = hour(moment).map(f64::from);
    let view = model.view(|name| match name {
        "orders_365d" => {
            if is_heavy {
                10.0
            } else {
                2.0
            }
        }
        "hour_sin" => sin,
        _ => cos,
    });
    [("club", "loyalty"), ("welcome", "onboarding")]
        .map(|(action, group)| model.foretell(&view, action, group).unwrap().share)
}

fn is_right(log: RoundLog, what: &str) -> Trained {
    let now = at(BEGINS + 11 * 60_000);
    let trained = learned(log, now);
    for moment in [now, at(BEGINS + HOUR_MS), at(36 * HOUR_MS)] {
        for (is_heavy, right) in [(true, 0), (false, 1)] {
            let found = foretold(policy(&trained), is_heavy, moment);
            let (ours, other) = (found[right], found[1 - right]);
            assert!(ours > other + 0.1 && ours > 0.2, "{what}, heavy: {is_heavy}: {found:?}");
        }
    }
    trained
}

/// A nightly batch goes through its customers in some order, and who is asked about a few minutes later is no other customer.
#[test]
fn customers_who_are_asked_about_in_the_order_of_their_kind_are_told_apart() {
    is_right(in_order(0, |round| round), "alone");
    let untold = |round: Round| Round { channel: 0, is_shown: false, reward: None, ..round };
    let trained = is_right(in_order(600, untold), "beside what nobody tells of");
    let told = trained.header.evaluation.warnings.join("; ");
    assert!(told.contains("600 choices are left out, since nobody told that they were shown"), "{told}");
    let method = &trained.header.method;
    assert!(method.contains("the hour of the day does not count before choices came on seven days"), "{method}");
    assert!(
        trained.header.importances.iter().all(|one| one.feature == "orders_365d"),
        "{:?}",
        trained.header.importances
    );
    is_right(in_order(60, |round| Round { reward: None, ..round }), "beside what nobody wanted");
}

#[test]
fn hours_that_came_round_are_learned_of() {
    // By night everybody takes the first action, and by day the second.
    let mut random = seed().stream("hours", 0);
    let mut log = in_order(0, |round| round);
    for (number, round) in log.rounds.iter_mut().enumerate() {
        round.at = at(HOUR_MS * i64::try_from(number).unwrap());
        let [sin, cos] = hour(round.at);
        round.x = [5.0, sin, cos].into();
        let chance = if (round.action == 0) == (cos > 0.0) { 0.6 } else { 0.05 };
        round.reward = (random.random::<f64>() < chance).then_some(Rewarded { at: round.at, amount: 1.0 });
    }
    let trained = learned(log, at(HOUR_MS * i64::try_from(N_CUSTOMERS).unwrap()));
    let (night, noon) = (at(24 * HOUR_MS), at(36 * HOUR_MS));
    let [by_night, by_day] = [night, noon].map(|moment| foretold(policy(&trained), true, moment));
    assert!(by_night[0] > by_night[1] + 0.2 && by_day[1] > by_day[0] + 0.2, "{by_night:?} {by_day:?}");
    assert!(!trained.header.method.contains("seven days"), "{}", trained.header.method);
}

/// Of actions that are each alone in their group, and of customers of whom much is known that says nothing, nothing is learned but how
/// often each succeeds.
#[test]
fn what_says_nothing_gives_way_to_the_mean_of_each_action() {
    let now = day(200);
    let mut random = seed().stream("noise", 0);
    let mut noise = log(240, now, 0.0);
    noise.inputs = (0..80).map(|input| format!("noise{input}")).collect();
    noise.actions = vec![doable("first", "a", 10.0), doable("second", "b", 10.0)];
    for round in &mut noise.rounds {
        round.x = (0..80).map(|_| random.random::<f32>()).collect();
        let comes = random.random::<f64>() < [0.4, 0.1][round.action as usize];
        round.reward = comes.then_some(Rewarded { at: round.at, amount: 1.0 });
    }
    let observed = [0, 1].map(|action| {
        let rounds = || noise.rounds.iter().filter(move |round| round.action == action);
        rounds().filter(|round| round.reward.is_some()).count() as f64 / rounds().count() as f64
    });
    let views: Vec<Box<[f32]>> = noise.rounds.iter().map(|round| round.x.clone()).collect();
    let trained = learned(noise, now);
    for (at, (name, group)) in [("first", "a"), ("second", "b")].into_iter().enumerate() {
        for x in &views {
            let view = policy(&trained).view(|name| f64::from(x[name[5..].parse::<usize>().unwrap()]));
            let found = policy(&trained).foretell(&view, name, group).unwrap().share;
            assert!((found - observed[at]).abs() < 0.06, "{name}: {found} where {} came", observed[at]);
        }
    }
    assert!(trained.header.method.starts_with("The mean of each of 2 actions"), "{}", trained.header.method);
}

#[test]
fn it_is_judged_on_a_part_of_which_enough_came() {
    let now = day(200);
    let mut late = log(400, now, 0.0);
    for (at, round) in late.rounds.iter_mut().enumerate() {
        round.is_shown = true;
        round.reward = round.reward.filter(|_| at < 250);
    }
    let n_before = |first: u64| {
        late.rounds[..usize::try_from(first).unwrap()].iter().filter(|round| round.reward.is_some()).count()
    };
    let n_all = usize::try_from(late.n_rewarded()).unwrap();
    let evaluation = learned(late.clone(), now).header.evaluation;
    assert_eq!(n_all - n_before(evaluation.n_train), 10, "{evaluation:?}");
    let told = evaluation.warnings.join("; ");
    assert!(told.contains("too little came of the newest quarter of the choices"), "{told}");
    assert!(evaluation.gains.values().all(|gain| !gain.is_loss()), "{:?}", evaluation.gains);
}

/// Which of two texts is wanted in the morning and in the evening: half of those who get the right one say so.
fn occasion(number: usize, (is_evening, action, propensity): (bool, u32, f64), is_wanted: bool) -> Round {
    let side = |name: &str| Side::new([(stable_hash(name), 1.0)]);
    let at = at(1_000 * i64::try_from(number).unwrap());
    Round {
        customer: format!("d{number:06}").as_str().into(),
        at,
        decision: format!("d{number:06}"),
        propensity,
        action,
        x: Box::default(),
        reward: is_wanted.then_some(Rewarded { at, amount: 1.0 }),
        sides: Some(Box::new(Sides {
            x: side(if is_evening { "evening" } else { "morning" }),
            actions: vec![side("news"), side("essay")],
        })),
        ..round(number, at, false, (0.0, 1.0))
    }
}

fn occasions(n: usize, n_silent: usize) -> RoundLog {
    let mut random = seed().stream("occasions", 0);
    let rounds = (0..n + n_silent).map(|number| {
        let is_evening = random.random::<f64>() < 0.5;
        let right = u32::from(is_evening);
        let (is_right, propensity) = match number {
            // Nobody knew, and then it was learned; of what nobody tells hardly anything is tried.
            number if number < n / 2 => (random.random::<f64>() < 0.5, 0.5),
            number if number < n => (random.random::<f64>() < 0.97, 0.97),
            _ => (true, 0.97),
        };
        let propensity = if is_right { propensity } else { 1.0 - propensity };
        let is_wanted = random.random::<f64>() < if is_right { 0.5 } else { 0.05 };
        let action = if is_right { right } else { 1 - right };
        occasion(number, (is_evening, action, propensity), is_wanted && number < n || number + 1 == n)
    });
    let settings =
        PolicySettings { is_shared: true, reward: Reward::Given, half_life_days: 0.0, ..PolicySettings::default() };
    let actions = vec![doable("0", "", 1.0), doable("1", "", 1.0)];
    let actions = actions.into_iter().map(|action| crate::Doable { cost: 0.0, ..action }).collect();
    RoundLog { inputs: shared_inputs(), actions, settings, rounds: rounds.collect(), ..RoundLog::default() }
}

/// A trial of speed asks, and tells no rewards: it takes nothing from what was learned.
#[test]
fn what_nobody_tells_anything_of_sets_no_policy_aside() {
    let ranked = |log: RoundLog, reigning: Option<&Reigning>| {
        let now = Timestamp::from_millis(log.rounds.last().unwrap().at.as_millis() + 60_000);
        let dataset: Dataset = dataset(RoundLog::default()).with_occasions(log);
        let data: Data<'_> = data(&dataset, now);
        challenge(&Rank::default(), &data, reigning).unwrap()
    };
    let trained = ranked(occasions(400, 0), None);
    let loaded = Loaded {
        version: "0123456789ab".into(),
        header: trained.header.clone(),
        inputs: features::Inputs::default(),
        catalogue: Arc::default(),
        body: trained.body.clone(),
    };
    let reigning = Reigning { version: loaded.version.clone(), model: Ok(Box::new(loaded)), n_refused: 0 };
    for n_silent in [20, 80, 240, 4_000] {
        let next = ranked(occasions(400, n_silent), Some(&reigning));
        let verdict = next.header.verdict();
        assert!(verdict.is_champion && verdict.reason.contains("goes on from"), "{n_silent}: {}", verdict.reason);
        let warnings = next.header.evaluation.warnings.join("; ");
        let said = format!("the newest {n_silent} choices are left out");
        // Of twenty it may be chance that nothing came.
        assert_eq!(warnings.contains(&said), n_silent > 20, "{n_silent}: {warnings}");
        for is_evening in [false, true] {
            let asked = occasion(0, (is_evening, 0, 0.5), false).sides.unwrap();
            let [news, essay] = [0, 1].map(|at| policy(&next).foretell_row(&asked.row(at)).unwrap().share);
            assert!(
                (essay > news + 0.2) == is_evening && (news > essay + 0.2) != is_evening,
                "{n_silent}: {news} {essay}"
            );
        }
    }
}
