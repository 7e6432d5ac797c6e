//! Is it learned what actions are worth, from what was drawn and from what has come of it so far?

use super::world::{catalogue, day, seed};
use crate::{
    Act, Body, Contest, Data, Dataset, Doable, Loaded, PolicyModel, PolicySettings, Reigning, Reward, Rewarded, Round,
    RoundLog, Task, Trained, challenge, file,
};
use primitives::{HOUR_MS, ModelVersion, Timestamp};
use rand::RngExt as _;
use std::sync::Arc;

const HOUR: std::time::Duration = std::time::Duration::from_millis(HOUR_MS as u64);

pub(super) fn doable(name: &str, group: &str, value: f64) -> Doable {
    Doable { name: name.to_owned(), group: group.to_owned(), value, cost: 0.1, costs: 0.0, is_nothing: false }
}

/// Two actions: one is wanted by those with a 1, the other by those with a 0, four times as often as the other way round.
fn chance(action: usize, x: f64) -> f64 {
    if (action == 0) == (x > 0.5) { 0.4 } else { 0.1 }
}

/// So many rounds, one an hour until a day; a reward comes after `delay_hours` in the mean.
pub(super) fn log(n: usize, until: Timestamp, delay_hours: f64) -> RoundLog {
    let mut random = seed().stream("rounds", 0);
    let rounds = (0..n).map(|at| {
        let moment = Timestamp::from_millis(until.as_millis() - HOUR_MS * i64::try_from(n - at).unwrap());
        let x = f64::from(u8::from(random.random::<f64>() < 0.5));
        let propensity = if random.random::<f64>() < 0.5 { 0.3 } else { 0.7 };
        let action = usize::from(random.random::<f64>() >= if x > 0.5 { propensity } else { 1.0 - propensity });
        let taken = if (action == 0) == (x > 0.5) { propensity } else { 1.0 - propensity };
        let delay = -delay_hours * (1.0 - random.random::<f64>()).ln() * HOUR_MS as f64;
        #[expect(clippy::cast_possible_truncation, reason = "some hours")]
        let comes_at = Timestamp::from_millis(moment.as_millis() + delay as i64);
        let comes = random.random::<f64>() < chance(action, x) && comes_at <= until;
        Round {
            customer: format!("c{at}").into(),
            at: moment,
            decision: format!("d{at:06}"),
            channel: 0,
            is_own: true,
            is_shown: false,
            place: 0,
            action: u32::try_from(action).unwrap(),
            candidates: [0, 1].into(),
            chances: Box::default(),
            propensity: taken,
            x: [if x > 0.5 { 1.0 } else { 0.0 }, f32::NAN, 3.0].into(),
            reward: comes.then_some(Rewarded { at: comes_at, amount: 1.0 }),
            sides: None,
        }
    });
    RoundLog {
        inputs: ["likes_first", "unknown", "constant"].map(str::to_owned).into(),
        actions: vec![
            doable("first", "a", 10.0),
            doable("second", "a", 10.0),
            doable("new", "a", 10.0),
            doable("alone", "b", 10.0),
        ],
        settings: PolicySettings { half_life_days: 0.0, ..PolicySettings::default() },
        rounds: rounds.collect(),
        n_unbelievable: 0,
        n_unshown: 0,
        unshown: Vec::new(),
        is_vouched: true,
    }
}

pub(super) fn dataset(log: RoundLog) -> Dataset {
    Dataset::of_rounds(log, events::Offset(7))
}

pub(super) fn data(dataset: &Dataset, now: Timestamp) -> Data<'_> {
    Data { dataset, catalogue: catalogue(), now, seed: seed() }
}

pub(super) fn learned(log: RoundLog, now: Timestamp) -> Trained {
    challenge(&Act::default(), &data(&dataset(log), now), None).unwrap()
}

pub(super) fn policy(trained: &Trained) -> &PolicyModel {
    match &trained.body {
        Body::Policy(model) => model,
        other => panic!("{other:?}"),
    }
}

fn share(model: &PolicyModel, x: f64, action: &str, group: &str) -> Option<f64> {
    let view = model.view(|name| if name == "likes_first" { x } else { f64::NAN });
    Some(model.foretell(&view, action, group)?.share)
}

#[test]
fn it_is_learned_for_whom_which_action_is_worth_more() {
    let now = day(200);
    let trained = learned(log(2_000, now, 0.0), now);
    let model = policy(&trained);
    for (action, x) in [(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0)] {
        let found = share(model, x, ["first", "second"][action], "a").unwrap();
        assert!((found - chance(action, x)).abs() < 0.06, "{action} {x}: {found}");
    }
    // What was never drawn is worth what its group is, and of a group of which nothing was drawn nothing is known.
    let new = share(model, 0.0, "new", "a").unwrap();
    assert!((new - 0.25).abs() < 0.04, "{new}");
    assert_eq!(share(model, 0.0, "newer", "a"), Some(new));
    assert_eq!((share(model, 0.0, "alone", "b"), share(model, 0.0, "newer", "c")), (None, None));

    let evaluation = &trained.header.evaluation;
    let value = |name: &str| evaluation.baselines[name]["policy_value"];
    let ours = evaluation.metrics["policy_value"];
    // By hand: 10 times the chance, less the cost of 0.1.
    assert!((ours - 3.9).abs() < 0.6, "{ours}");
    assert!((value("uniform") - 2.4).abs() < 0.6 && (value("best_single") - 2.4).abs() < 0.8, "{evaluation:?}");
    assert!(evaluation.gains["uniform"].is_gain() && evaluation.gains["best_single"].is_gain(), "{evaluation:?}");
    assert_eq!(trained.header.importances[0].feature, "likes_first");
    assert_eq!(trained.header.importances.len(), 1, "what is never known or always the same moves nothing");
    let verdict = trained.header.verdict();
    assert!(verdict.is_champion && verdict.reason.contains("more than the"), "{}", verdict.reason);
}

#[test]
fn the_same_rounds_give_the_same_bytes_in_whichever_order_they_are_read() {
    let now = day(200);
    let bytes = |log: RoundLog| learned(log, now).to_file().unwrap();
    let forwards = log(400, now, 5.0);
    let mut backwards = forwards.clone();
    backwards.rounds.reverse();
    let file = bytes(forwards);
    assert_eq!(file, bytes(backwards));
    let (header, body) = file::decode(&file).unwrap();
    assert_eq!((header.shape.as_str(), header.n_rows, header.n_customers), ("policy", 400, 400));
    assert_eq!(Body::open(body.shape(), &body.to_bytes().unwrap()).unwrap(), body);
    for damaged in [&[][..], &[9], &body.to_bytes().unwrap()[..40]] {
        assert!(PolicyModel::from_bytes(damaged).is_err());
    }
}

/// Rewards come after two days in the mean, and most rounds are younger: taken as they are, a third of what comes would be missing.
#[test]
fn young_rounds_say_neither_that_nothing_is_wanted_nor_that_everything_is() {
    let now = day(200);
    let last = |n: usize| {
        let trained = learned(log(n, now, 48.0), now);
        share(policy(&trained), 1.0, "first", "a").unwrap() + share(policy(&trained), 0.0, "first", "a").unwrap()
    };
    // By hand: of what comes 3.0 % come after a week, which count as if they never did.
    for (n, tolerance) in [(1_000, 0.12), (2_000, 0.08)] {
        let found = last(n);
        assert!((found - 0.5 * 0.97).abs() < tolerance, "{n}: {found}");
    }
}

#[test]
fn what_is_drawn_again_within_a_day_counts_once_and_what_cannot_be_not_at_all() {
    let now = day(200);
    let mut log = log(300, now, 0.0);
    let settled = log.clone().settled();
    assert_eq!(settled.rounds.len(), 300);
    let mut again = log.rounds[48].clone();
    again.at = again.at + HOUR;
    "later".clone_into(&mut again.decision);
    again.reward = Some(Rewarded { at: now, amount: 1.0 });
    log.rounds[48].reward = None;
    log.rounds.push(again.clone());
    let settled = log.clone().settled();
    assert_eq!((settled.rounds.len(), settled.rounds[48].reward), (300, again.reward), "it came of the draw");
    log.rounds[7].reward = Some(Rewarded { at: now, amount: 100.1 });
    log.rounds[8].reward = Some(Rewarded { at: now, amount: -1.0 });
    log.rounds[9].propensity = 0.0;
    log.rounds[10].action = 99;
    let settled = log.clone().settled();
    assert_eq!((settled.rounds.len(), settled.n_unbelievable), (296, 2));
    // Where it counts what it was worth, a loss is learned from.
    log.settings.reward = Reward::Value;
    let settled = log.settled();
    assert_eq!((settled.rounds.len(), settled.n_unbelievable), (297, 1));
}

#[test]
fn what_is_missing_is_told() {
    let now = day(200);
    let met = |log: RoundLog| {
        let dataset = dataset(log);
        let needs = Act::default().needs(&data(&dataset, now));
        (needs.iter().map(|need| need.met).collect::<Vec<bool>>(), needs.last().unwrap().how.clone())
    };
    assert_eq!(met(RoundLog::default()).0, [false; 4]);
    assert_eq!(met(log(300, now, 0.0)).0, [true; 4]);
    let mut unanswered = log(600, now, 0.0);
    unanswered.rounds.iter_mut().for_each(|round| round.reward = None);
    let (met, how) = met(unanswered);
    assert_eq!(met, [true, true, true, false]);
    assert!(how.contains("nothing came of any of 600 choices") && how.contains("Decision Converted"), "{how}");
    let empty = challenge(&Act::default(), &data(&dataset(RoundLog::default()), now), None);
    assert!(empty.is_err(), "without rounds nothing is learned, and nothing breaks");
}

#[test]
fn a_policy_goes_on_from_the_one_before_it() {
    let now = day(200);
    let trained = learned(log(400, now, 0.0), now);
    let version = ModelVersion::from("0123456789ab");
    let loaded = Loaded {
        version: version.clone(),
        header: trained.header.clone(),
        inputs: features::Inputs::default(),
        catalogue: Arc::default(),
        body: trained.body,
    };
    let reigning = Reigning { version: version.clone(), model: Ok(Box::new(loaded)), n_refused: 0 };
    let next = challenge(&Act::default(), &data(&dataset(log(500, now, 0.0)), now), Some(&reigning)).unwrap();
    assert_eq!(next.header.contest, Some(Contest::Continued { champion: version.clone(), n_refused: 0 }));
    let verdict = next.header.verdict();
    assert!(verdict.is_champion && verdict.reason.contains("goes on from model 0123456789ab"), "{}", verdict.reason);
    // Where what answered until now did better beyond noise it does not; where chance alone would have, what is declared answers.
    let worse_than = |name: &str| {
        let mut header = next.header.clone();
        let gain = header.evaluation.gains.get_mut(name).unwrap();
        (gain.mean, gain.low, gain.high) = (-0.2, -0.3, -0.1);
        header
    };
    let mut worse = worse_than("logged");
    let (stays, declared) = (worse.verdict(), worse_than("uniform").verdict());
    assert!(!stays.is_champion && stays.reason.contains("less than the"), "{}", stays.reason);
    assert!(
        declared.is_champion && declared.reason.starts_with("what is declared answers in place of"),
        "{declared:?}"
    );
    // Unless the one before it has learned from somebody who refused since.
    worse.contest = Some(Contest::Continued { champion: version, n_refused: 2 });
    let verdict = worse.verdict();
    assert!(verdict.is_champion && verdict.reason.contains("2 customers"), "{}", verdict.reason);
}

/// What nobody was shown says nothing: asked for everybody every night, it would say that nothing is wanted.
#[test]
fn what_nobody_was_shown_is_not_learned_from_where_it_is_told_what_was() {
    let now = day(200);
    let mut shown = log(2_000, now, 0.0);
    shown.rounds.iter_mut().for_each(|round| round.is_shown = true);
    let only_shown = shown.clone().settled();
    let nightly = |rounds: &[Round], n: usize| {
        let again = rounds.iter().flat_map(|round| (1..=n).map(move |at| (round, at)));
        let again = again.map(|(round, at)| Round {
            customer: format!("n{at}{}", round.customer.as_str()).into(),
            decision: format!("n{at}{}", round.decision),
            is_own: true,
            is_shown: false,
            reward: None,
            ..round.clone()
        });
        again.collect::<Vec<Round>>()
    };
    let with = |n: usize| {
        let mut log = shown.clone();
        log.rounds.extend(nightly(&shown.rounds, n));
        log
    };
    let settled = with(3).settled();
    assert_eq!((settled.rounds.len(), settled.n_unshown, settled.n_untold()), (2_000, 6_000, 0));
    assert_eq!(format!("{:?}", settled.rounds), format!("{:?}", only_shown.rounds));
    // Of doing nothing there is nothing to show, and nobody misses a word of it.
    let mut idle = with(3);
    idle.actions[1].is_nothing = true;
    let n_others = idle.rounds.iter().filter(|round| !round.is_shown && round.action != 1).count() as u64;
    let n_missed = idle.settled().n_unshown;
    assert!(n_missed == n_others && n_missed < 6_000, "{n_missed} of {n_others}");
    let trained = learned(with(3), now);
    let found = share(policy(&trained), 1.0, "first", "a").unwrap();
    assert!((found - 0.4).abs() < 0.06, "{found}");
    let told = trained.header.evaluation.warnings.join("; ");
    assert!(told.contains("6000 choices are left out, since nobody told that they were shown"), "{told}");
    // Where hardly any is told as shown, all count, and it is said.
    let settled = with(10).settled();
    assert_eq!((settled.rounds.len(), settled.n_unshown), (22_000, 0));
    let trained = learned(log(400, now, 0.0), now);
    let said = "choices were answered and never told as shown; they count as not accepted: send `Decision Shown`";
    assert!(trained.header.method.contains(said), "{}", trained.header.method);
    assert!(trained.header.evaluation.warnings.iter().any(|warning| warning.contains(said)));
    // Another channel tells for itself; where nothing at all is told of it, nobody tells.
    let mut elsewhere = with(3);
    elsewhere.rounds.iter_mut().filter(|round| !round.is_shown).for_each(|round| round.channel = 7);
    let settled = elsewhere.clone().settled();
    assert_eq!((settled.rounds.len(), settled.n_unshown), (2_000, 6_000));
    let first = elsewhere.rounds.iter_mut().find(|round| round.channel == 7).unwrap();
    first.reward = Some(Rewarded { at: now, amount: 1.0 });
    assert_eq!(elsewhere.settled().rounds.len(), 8_000);
    // Of a few nothing may have come by chance.
    let mut few = shown.clone();
    few.rounds.extend(nightly(&shown.rounds[..40], 1).into_iter().map(|round| Round { channel: 7, ..round }));
    assert_eq!(few.settled().rounds.len(), 2_040);
    // A success without a word of its being shown does not count either: else everything that is not shown would be a success.
    let mut untold = with(3);
    let reward = Some(Rewarded { at: now, amount: 1.0 });
    untold.rounds.iter_mut().filter(|round| !round.is_shown).for_each(|round| round.reward = reward);
    assert_eq!(untold.settled().n_rewarded(), only_shown.n_rewarded());
}

#[test]
fn further_places_of_an_answer_count_where_they_are_told_of() {
    let now = day(200);
    let of_five = |is_shown: bool, further: Option<Rewarded>| {
        let mut log = log(300, now, 0.0);
        let further = log.rounds.iter().flat_map(|round| {
            let at = round.at;
            (1..5).map(move |place| Round {
                place,
                reward: further.map(|reward| Rewarded { at, ..reward }),
                ..round.clone()
            })
        });
        let further: Vec<Round> = further.collect();
        log.rounds.iter_mut().for_each(|round| round.is_shown = is_shown);
        log.rounds.extend(further);
        log.settled().rounds.len()
    };
    let success = Some(Rewarded { at: now, amount: 1.0 });
    assert_eq!((of_five(true, None), of_five(false, None)), (300, 300));
    assert_eq!((of_five(true, success), of_five(false, success)), (300, 1_500));
}

#[test]
fn it_is_judged_on_twenty_customers_where_half_of_the_choices_are_of_so_many() {
    let now = day(200);
    let judged = |n_customers: usize| {
        let mut log = log(400, now, 0.0);
        log.settings.same_hours = 1;
        // A customer has a stretch of the time for themselves.
        for (at, round) in log.rounds.iter_mut().enumerate() {
            round.customer = format!("c{:04}", at * n_customers / 400).into();
        }
        let evaluation = learned(log, now).header.evaluation;
        (evaluation.n_train, evaluation.n_test, evaluation.warnings.join("; "))
    };
    let (n_train, n_test, warnings) = judged(100);
    assert!((n_train, n_test) == (300, 25) && !warnings.contains("customers"), "{n_train} {n_test} {warnings}");
    let (n_train, n_test, warnings) = judged(50);
    assert!(n_train < 250 && n_test == 20 && warnings.contains("too few customers"), "{n_train} {n_test} {warnings}");
    let (n_train, n_test, warnings) = judged(20);
    assert_eq!((n_train, n_test), (200, 10));
    assert!(warnings.contains("it was judged on 10 customers, fewer than 20"), "{warnings}");
}

#[test]
fn what_counts_where_nothing_is_said_is_in_what_is_told() {
    let now = day(200);
    let told = |reward_default: f64| {
        let mut log = log(400, now, 0.0);
        log.settings.reward_default = reward_default;
        learned(log, now).header.evaluation
    };
    let (plain, less) = (told(0.0), told(-0.5));
    let is_less = |a: f64, b: f64| (a - b - 0.5).abs() < 1e-9;
    assert!(is_less(plain.metrics["policy_value"], less.metrics["policy_value"]), "{less:?}");
    for (name, numbers) in &plain.baselines {
        assert!(is_less(numbers["policy_value"], less.baselines[name]["policy_value"]), "{name}: {less:?}");
        let (a, b) = (plain.gains[name], less.gains[name]);
        let is_same = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(is_same(a.mean, b.mean) && is_same(a.low, b.low) && is_same(a.high, b.high), "{name}: {a:?} {b:?}");
    }
    assert!(!plain.calibration.is_empty() && plain.calibration.len() == less.calibration.len());
    for (a, b) in plain.calibration.iter().zip(&less.calibration) {
        assert!(a.n == b.n && is_less(a.predicted, b.predicted) && is_less(a.observed, b.observed), "{a:?} {b:?}");
    }
}

#[test]
fn choices_for_nobody_stand_each_for_themselves() {
    let now = day(200);
    let of = |customer: &dyn Fn(&Round) -> String| {
        let mut log = log(400, now, 0.0);
        log.rounds.iter_mut().for_each(|round| round.customer = customer(round).as_str().into());
        learned(log, now).header
    };
    let (each, nobody) = (of(&|round| format!("c{}", round.decision)), of(&|round| round.decision.clone()));
    let (a, b) = (&each.evaluation, &nobody.evaluation);
    assert_eq!((b.n_train, b.n_test, b.gains["uniform"].low < b.gains["uniform"].high), (300, 100, true), "{b:?}");
    assert_eq!((a.n_train, a.n_test, a.gains["uniform"].mean), (b.n_train, b.n_test, b.gains["uniform"].mean));
    assert_eq!((each.n_customers, nobody.n_customers), (400, 0), "nobody is no customer");
}
