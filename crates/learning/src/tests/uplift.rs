//! Is it found whom an action changes, and is it said where nobody is changed more than others?

use super::world::{catalogue, day, load, numbered, order, seed};
use crate::{
    Body, Changed, Data, Dataset, Doable, EffectsModel, LearningError, PolicySettings, Rewarded, Round, RoundLog,
    Trained, Uplift, challenge,
};
use primitives::{DAY_MS, HOUR_MS, Timestamp};
use rand::RngExt as _;

fn doable(name: &str) -> Doable {
    let (name, group, is_nothing) = (name.to_owned(), name.to_owned(), name == "nothing");
    Doable { name, group, value: 10.0, cost: 0.0, costs: 0.0, is_nothing }
}

/// Whoever has a 1 succeeds half of the time with the action and hardly ever without; the others as often either way.
fn told_apart(x: f64, is_done: bool) -> f64 {
    match (x > 0.5, is_done) {
        (true, true) | (false, _) => 0.5,
        (true, false) => 0.1,
    }
}

/// So many choices, one an hour until so many days before now, each by a chance of its own.
fn log(n: usize, now: Timestamp, days_ago: i64, succeeds: impl Fn(f64, bool) -> f64) -> RoundLog {
    log_of(0, n, now, days_ago, succeeds)
}

/// The same with other dice.
fn log_of(dice: u64, n: usize, now: Timestamp, days_ago: i64, succeeds: impl Fn(f64, bool) -> f64) -> RoundLog {
    let mut random = seed().stream("uplift", dice);
    let rounds = (0..n).map(|at| {
        let hours = days_ago * 24 + i64::try_from(n - at).unwrap();
        let moment = Timestamp::from_millis(now.as_millis() - hours * HOUR_MS);
        let x = f64::from(u8::from(random.random::<f64>() < 0.5));
        let e = 0.2 + 0.6 * random.random::<f32>();
        let is_done = random.random::<f32>() < e;
        let comes = random.random::<f64>() < succeeds(x, is_done);
        Round {
            customer: format!("c{at}").into(),
            at: moment,
            decision: format!("d{at:06}"),
            channel: 0,
            is_own: true,
            is_shown: true,
            sides: None,
            place: 0,
            action: u32::from(!is_done),
            candidates: [0, 1].into(),
            chances: [e, 1.0 - e].into(),
            propensity: f64::from(if is_done { e } else { 1.0 - e }),
            x: [if x > 0.5 { 1.0 } else { 0.0 }, 3.0].into(),
            reward: comes.then_some(Rewarded { at: moment, amount: 1.0 }),
        }
    });
    RoundLog {
        inputs: ["needs_it", "constant"].map(str::to_owned).into(),
        actions: vec![doable("offer"), doable("nothing")],
        settings: PolicySettings::default(),
        rounds: rounds.collect(),
        n_unbelievable: 0,
        n_unshown: 0,
        unshown: Vec::new(),
        is_vouched: true,
    }
}

fn learned(log: RoundLog, now: Timestamp) -> Result<Trained, LearningError> {
    let dataset = Dataset::of_rounds(log, events::Offset(7));
    challenge(&Uplift::default(), &Data { dataset: &dataset, catalogue: catalogue(), now, seed: seed() }, None)
}

fn effects(trained: &Trained) -> &EffectsModel {
    match &trained.body {
        Body::Effects(model) => model,
        other => panic!("{other:?}"),
    }
}

fn changed(model: &EffectsModel, x: f64) -> Option<Changed<'_>> {
    let view = model.view(|name| if name == "needs_it" { x } else { f64::NAN });
    model.change(&view, "offer")
}

#[test]
fn an_effect_that_is_known_by_construction_is_found_and_for_whom() {
    let now = day(200);
    let trained = learned(log(3_000, now, 8, told_apart), now).unwrap();
    let model = effects(&trained);
    for (x, truth) in [(1.0, 0.4), (0.0, 0.0)] {
        match changed(model, x) {
            Some(Changed::By(effect)) => assert!((effect - truth).abs() < 0.08, "{x}: {effect}"),
            other => panic!("{x}: {other:?}"),
        }
    }
    assert_eq!(model.change(&[0.0, 0.0], "another"), None);
    let evaluation = &trained.header.evaluation;
    assert!(evaluation.metrics["qini"] > 0.0 && evaluation.gains["random"].is_gain(), "{evaluation:?}");
    assert!(evaluation.warnings[0].contains("finds those who gain"), "{evaluation:?}");
    assert!(trained.header.verdict().is_champion && trained.header.method.contains("what was told of decisions"));
    let again = EffectsModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(&again, model);
    assert_eq!(
        EffectsModel::from_bytes(&model.to_bytes_of_before().unwrap()).unwrap(),
        *model,
        "as it was before orders"
    );
    let mut bytes = model.to_bytes().unwrap();
    bytes[0] = 9;
    assert!(EffectsModel::from_bytes(&bytes).is_err());
}

/// The same choices, of which nothing is told but what was ordered: of who orders nothing, nothing ever came in.
fn by_orders(mut log: RoundLog) -> Dataset {
    let came = log.rounds.iter_mut().filter_map(|round| {
        let at = Timestamp::from_millis(round.reward.take()?.at.as_millis() + HOUR_MS);
        Some(order(round.customer.as_str(), "cup", at, at))
    });
    let events: Vec<_> = came.collect();
    load(&numbered(events)).with_rounds(log)
}

#[test]
fn an_effect_is_found_by_orders_alone_as_by_what_is_told() {
    let now = day(200);
    for dice in 0..2 {
        let log = log_of(dice, 3_000, now, 8, told_apart);
        let told = learned(log.clone(), now).unwrap();
        let dataset = by_orders(log);
        let data = Data { dataset: &dataset, catalogue: catalogue(), now, seed: seed() };
        let ordered = challenge(&Uplift::default(), &data, None).unwrap();
        for x in [0.0, 1.0] {
            let (by_orders, by_told) = (changed(effects(&ordered), x).unwrap(), changed(effects(&told), x).unwrap());
            assert_eq!(by_orders, by_told, "each order is of one choice alone");
            // Of both halves half succeeds with it; what is told of decisions is foretold by policies.
            let likely = effects(&ordered).succeeds("offer", by_orders).unwrap();
            assert!((likely - 0.5).abs() < 0.06, "{likely}");
            assert_eq!(effects(&told).succeeds("offer", by_told), None);
        }
        assert_eq!(ordered.header.n_rows, told.header.n_rows, "who orders nothing counts as well");
        assert!(ordered.header.method.contains("by orders"), "{}", ordered.header.method);
    }
}

#[test]
fn where_all_are_changed_alike_the_share_is_told_and_where_nobody_is_nothing() {
    let now = day(200);
    let said = "no learner beats random: everybody is treated alike";
    // Of 40 of 100 that succeed with it, 20 would not without. By chance somebody seems to be changed more in about one of twenty trials.
    let found: Vec<String> = (0..8)
        .map(|dice| {
            let alike = log_of(dice, 3_000, now, 8, |_, is_done| if is_done { 0.4 } else { 0.2 });
            let alike = learned(alike, now).unwrap();
            match changed(effects(&alike), 1.0) {
                Some(Changed::Alike { share: Some(share), said: found }) => {
                    assert!((share - 0.5).abs() < 0.1 && found == said, "{share} {found}");
                    "alike".to_owned()
                }
                other => format!("{other:?}"),
            }
        })
        .collect();
    let n_apart = found.iter().filter(|one| *one != "alike").count();
    assert!(n_apart <= 1, "{found:?}");
    let noise = learned(log(3_000, now, 8, |_, _| 0.3), now).unwrap();
    assert_eq!(changed(effects(&noise), 1.0), Some(Changed::Alike { share: None, said }));
    assert!(noise.header.evaluation.warnings[0].starts_with(&format!("offer: {said}")), "{noise:?}");
    assert!(noise.header.evaluation.metrics["qini"].abs() < 1e-12, "everybody alike is chance");
    assert!(noise.header.verdict().is_champion, "so that answers can say it: {:?}", noise.header.verdict());
}

#[test]
fn only_first_places_whose_days_are_over_and_whose_chances_are_told_are_learned_from() {
    let now = day(200);
    let lacking = |log: RoundLog| match learned(log, now).unwrap_err() {
        LearningError::NotReady { missing, .. } => missing,
        other => panic!("{other}"),
    };
    // Young choices: of 500 hours the last seven days do not count.
    assert!(learned(log(900, now, 0, told_apart), now).is_ok());
    assert_eq!(lacking(log(500, now, 0, told_apart)).len(), 2, "332 choices are not 200 of each");
    // Who has declared it all and asked is told to wait, and not to declare it.
    let how = |n: usize, days_ago: i64| lacking(log(n, now, days_ago, told_apart))[0].how.clone();
    assert!(how(300, 0).contains("wait, for `reward_days` is 7"), "{}", how(300, 0));
    assert!(how(300, 8).contains("declare an action or offer"), "{}", how(300, 8));
    let changed_log = |change: &dyn Fn(&mut Round)| {
        let mut log = log(900, now, 8, told_apart);
        log.rounds.iter_mut().for_each(change);
        lacking(log)[0].have
    };
    assert_eq!(changed_log(&|round| round.place = 1), 0);
    assert_eq!(changed_log(&|round| round.chances = Box::default()), 0);
    // Where success is never told of nothing, it is an order: here it is not known of a single one whether it came.
    let silent = |round: &mut Round| {
        if round.action == 1 {
            round.reward = None;
        }
    };
    assert_eq!(changed_log(&silent), 0);
    // What comes after the days is no success.
    let late = |round: &mut Round| {
        if let Some(reward) = &mut round.reward {
            reward.at = Timestamp::from_millis(round.at.as_millis() + 8 * DAY_MS);
        }
    };
    let mut log = log(900, now, 20, told_apart);
    log.rounds.iter_mut().for_each(late);
    assert!(lacking(log).iter().any(|need| need.what.contains("successes") && need.have == 0));
}

/// With what it counts by: what was told, or orders.
fn by(trained: &Trained) -> &'static str {
    if trained.header.method.contains("by orders") { "orders" } else { "told" }
}

fn learned_from(dataset: &Dataset, now: Timestamp) -> Trained {
    challenge(&Uplift::default(), &Data { dataset, catalogue: catalogue(), now, seed: seed() }, None).unwrap()
}

#[test]
fn who_was_drawn_nothing_counts_though_nobody_tells_that_nothing_was_shown() {
    let now = day(200);
    let all = log(3_000, now, 8, told_apart);
    let whole = learned(all.clone(), now).unwrap();
    // Over one channel it is told what was shown, over another not: whoever left out what was not told as shown would compare channels.
    for n_channels in [1, 2] {
        let mut log = all.clone();
        for (at, round) in log.rounds.iter_mut().enumerate() {
            round.channel = (at % n_channels) as u64;
            round.is_shown = round.channel == 0 && round.action == 0 && at % 3 > 0;
        }
        let shown = learned(log, now).unwrap();
        assert_eq!(shown.header.n_rows, whole.header.n_rows);
        match (changed(effects(&shown), 1.0), changed(effects(&whole), 1.0)) {
            (Some(Changed::By(a)), Some(Changed::By(b))) => assert!((a - b).abs() < 1e-9, "{a} {b}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_as_good_as_certain_tells_nothing_and_is_not_counted_as_if_it_did() {
    let now = day(200);
    let mut sure = log(3_000, now, 8, told_apart);
    for round in &mut sure.rounds {
        round.chances = [0.9804, 0.0196].into();
    }
    match learned(sure.clone(), now).unwrap_err() {
        LearningError::NotReady { missing, .. } => assert_eq!(missing[0].have, 0, "{missing:?}"),
        other => panic!("{other}"),
    }
    for round in &mut sure.rounds {
        round.chances = [0.95, 0.05].into();
    }
    assert!(learned(sure, now).is_ok(), "what is left to nothing where nobody says otherwise");
}

#[test]
fn success_is_what_is_told_only_where_the_company_tells_it_of_both_sides_alike() {
    let now = day(200);
    let all = log(3_000, now, 8, told_apart);
    let orders = || {
        let of = |round: &Round| {
            let at = Timestamp::from_millis(round.reward?.at.as_millis() + HOUR_MS);
            Some(order(round.customer.as_str(), "cup", at, at))
        };
        all.rounds.iter().filter_map(of).collect::<Vec<_>>()
    };
    let of = |log: RoundLog| learned_from(&load(&numbered(orders())).with_rounds(log), now);
    assert_eq!(by(&of(all.clone())), "told");
    assert_eq!(by(&of(RoundLog { is_vouched: false, ..all.clone() })), "orders", "anybody could have told it");
    // Orders name the decision where something was offered, and one in ten where nothing was.
    let mut rarely = all.clone();
    for (at, round) in rarely.rounds.iter_mut().enumerate().filter(|(at, _)| at % 10 > 0) {
        round.reward = round.reward.filter(|_| round.action == 0 || at % 10 == 0);
    }
    let rarely = of(rarely);
    assert_eq!(by(&rarely), "orders");
    assert_eq!(
        changed(effects(&rarely), 1.0),
        changed(effects(&of(RoundLog { is_vouched: false, ..all.clone() })), 1.0)
    );

    // Beside those of the company nobody orders with a write key.
    let untold = RoundLog { is_vouched: false, ..all.clone() };
    let invented = all.rounds.iter().filter(|round| round.action == 0).map(|round| {
        let at = Timestamp::from_millis(round.at.as_millis() + HOUR_MS);
        events::Event { origin: events::Origin::Client, ..order(round.customer.as_str(), "mug", at, at) }
    });
    let dataset = load(&numbered(orders().into_iter().chain(invented))).with_rounds(untold.clone());
    assert_eq!(changed(effects(&learned_from(&dataset, now)), 0.0), changed(effects(&of(untold)), 0.0));
}

#[test]
fn a_loss_is_no_success() {
    let now = day(200);
    let all = log(3_000, now, 8, told_apart);
    let mut lost = all.clone();
    lost.settings.reward = crate::Reward::Value;
    for round in &mut lost.rounds {
        round.reward = Some(round.reward.unwrap_or(Rewarded { at: round.at, amount: -1.0 }));
    }
    let (with, without) = (learned(lost, now).unwrap(), learned(all, now).unwrap());
    assert_eq!(changed(effects(&with), 1.0), changed(effects(&without), 1.0));
}
