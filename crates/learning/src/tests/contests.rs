//! Is a champion replaced only by a challenger that is better on the same customers?

use super::world::{
    self, catalogue, data, dataset, day, load, now, numbered, of_churn, of_recommend, order, task, train, trained,
};
use crate::evaluation::Gain;
use crate::{
    BinaryModel, Body, Contest, Dataset, LearningError, Loaded, MemoryModelStore, Registry, Reigning, TaskName,
    Trained, evaluate,
};
use features::FeatureId;
use primitives::{ModelVersion, Timestamp};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn reigning(model: &Trained) -> Reigning {
    let (version, Trained { header, body }) = (ModelVersion::from("0123456789ab"), model.clone());
    let inputs = catalogue().inputs(&header.features).unwrap();
    Reigning {
        version: version.clone(),
        model: Ok(Box::new(Loaded { version, header, inputs, catalogue: catalogue().clone(), body })),
        n_refused: 0,
    }
}

fn challenge(name: &TaskName, dataset: &Dataset, now: Timestamp, reigning: Option<&Reigning>) -> Trained {
    crate::challenge(task(name).as_ref(), &data(dataset, now), reigning).unwrap()
}

/// What was learned a while ago.
fn old(kind: &TaskName, n_days: i64) -> Trained {
    let until = now().plus_days(-n_days);
    let past = world::events().iter().filter(|recorded| recorded.event.received_at <= until).cloned();
    train(kind, &load(&past.collect::<Vec<_>>()), until)
}

#[test]
fn equals_are_within_noise_and_the_older_one_stays() {
    for kind in [of_churn(), of_recommend()] {
        let champion = old(&kind, 40);
        let challenger = challenge(&kind, dataset(), now(), Some(&reigning(&champion)));
        let Some(Contest::Judged(duel)) = &challenger.header.contest else { panic!("not judged") };
        let own = challenger.header.evaluation.comparisons()[0].model;
        assert!((duel.score.challenger - own).abs() < 1e-12 && duel.n_days_seen == 0, "{duel:?}");
        assert_eq!(duel.n_customers, challenger.header.evaluation.n_test);
        let sign = if kind == of_churn() { -1.0 } else { 1.0 };
        assert!((duel.score.gain.mean - sign * (duel.score.challenger - duel.score.champion)).abs() < 1e-9, "{duel:?}");
        assert_eq!(duel.calibration.is_some(), kind == of_churn());
        let verdict = challenger.header.verdict();
        assert_eq!(verdict.is_champion, duel.score.gain.is_gain(), "{}", verdict.reason);
        assert!(verdict.reason.contains("against") && verdict.reason.contains("On the same"), "{}", verdict.reason);
    }
    // The champion against itself: it knows the answers.
    let again = challenge(&of_churn(), dataset(), now(), Some(&reigning(trained(&of_churn()))));
    let verdict = again.header.verdict();
    assert!(!verdict.is_champion && verdict.reason.contains("learned from the newest 30 days"), "{}", verdict.reason);
    let alone = train(&of_churn(), dataset(), now());
    assert_eq!((&alone.body, &alone.header.evaluation), (&again.body, &again.header.evaluation));
}

#[test]
fn the_two_are_compared_only_on_days_that_neither_has_learned_from() {
    for (kind, window_days) in [(of_recommend(), 14), (of_churn(), 30)] {
        for n_days_ago in [1, window_days - 1, window_days] {
            let champion = old(&kind, n_days_ago);
            let challenger = challenge(&kind, dataset(), now(), Some(&reigning(&champion)));
            let test_from = challenger.header.evaluation.split.test_from;
            match &challenger.header.contest {
                Some(Contest::Judged(_)) => assert!(
                    n_days_ago >= window_days && champion.header.seen_until() <= test_from,
                    "{kind} of {n_days_ago} days ago"
                ),
                Some(Contest::Unjudged(unjudged)) => {
                    assert!(n_days_ago < window_days && unjudged.seen_until > test_from, "{kind} {unjudged:?}");
                    let verdict = challenger.header.verdict();
                    assert!(!verdict.is_champion && verdict.reason.contains("cannot be compared with it fairly yet"));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_recommender_says_how_far_the_orders_reach_that_it_has_learned_from() {
    // The data ends where the gap begins, and yet the order of today is learned from.
    let (dataset, today) = ended_and_one_today(12);
    let header = train(&of_recommend(), &dataset, today).header;
    assert_eq!((header.newest_row, header.seen_until()), (Some(today), today));
    assert!(header.data_until <= now().plus_days(1));
    let ordinary = &trained(&of_recommend()).header;
    assert_eq!((ordinary.newest_row, ordinary.seen_until()), (None, ordinary.data_until));
}

#[test]
fn a_champion_that_foretells_badly_is_replaced() {
    // Who stayed was taken for who left.
    let mut champion = old(&of_churn(), 40);
    let Body::Binary(model) = &champion.body else { panic!("not a churn model") };
    champion.body = Body::Binary(upside_down(model, &champion.header.features));
    let challenger = challenge(&of_churn(), dataset(), now(), Some(&reigning(&champion)));
    let verdict = challenger.header.verdict();
    assert!(
        verdict.is_champion && verdict.reason.contains("this model was better, with a log loss of"),
        "{}",
        verdict.reason
    );
    let store = Arc::new(MemoryModelStore::default());
    let registry = Registry::new(store, catalogue().clone());
    let first = registry.publish(&champion).unwrap();
    registry.promote(&of_churn(), &first.version).unwrap();
    let met = registry.reigning(&of_churn()).unwrap().unwrap();
    assert_eq!(met.version, first.version);
    let published = registry.publish(&challenge(&of_churn(), dataset(), now(), Some(&met))).unwrap();
    assert!(published.is_champion && registry.champion_version(&of_churn()).unwrap() == Some(published.version));
    assert_eq!(registry.roll_back(&of_churn()).unwrap(), first.version);
}

#[test]
fn a_champion_whose_customers_refused_is_renewed_without_them_where_what_came_later_is_worse() {
    // The champion knows the answers of the challenger's window, so nothing that is honest beats it there.
    let mut champion = reigning(trained(&of_churn()));
    champion.n_refused = 2;
    let again = challenge(&of_churn(), dataset(), now().plus_days(1), Some(&champion));
    let Some(Contest::Renewed { n_refused: 2, .. }) = &again.header.contest else {
        panic!("{:?}", again.header.contest)
    };
    let verdict = again.header.verdict();
    assert!(verdict.is_champion && verdict.reason.contains("trained again without them"), "{}", verdict.reason);
    assert_eq!(
        (again.header.data_until, &again.body),
        (trained(&of_churn()).header.data_until, &trained(&of_churn()).body)
    );
    assert_eq!(
        (again.header.trained_at, again.header.learned_until),
        (now().plus_days(1), Some(dataset().read_until()))
    );
}

/// The same trees with a calibration that turns them round.
fn upside_down(model: &BinaryModel, features: &[FeatureId]) -> BinaryModel {
    let scores: Vec<f64> = (-40..40).map(|i| f64::from(i) / 10.0).collect();
    let labels = vec![0.0, 1.0].into_iter().cycle().take(scores.len()).collect::<Vec<_>>();
    let flat = models::calibrate::IsotonicSettings::default().fit(&scores, &labels, None).unwrap();
    BinaryModel::new(model.forest().clone(), flat, features)
}

/// A header with a duel of these gains.
fn ruled(score: (f64, f64, f64), ece: (f64, f64, f64), n_refused: u64) -> crate::Verdict {
    let gain = |(mean, low, high)| Gain { mean, low, high };
    let paired = |of| crate::Paired { challenger: 0.3035, champion: 0.3046, gain: gain(of) };
    let mut header = trained(&of_churn()).header.clone();
    header.contest = Some(Contest::Judged(crate::Duel {
        champion: ModelVersion::from("0123456789ab"),
        n_refused,
        n_days_seen: 0,
        n_customers: 4_210,
        metric: "log_loss".to_owned(),
        score: paired(score),
        calibration: Some(paired(ece)),
    }));
    header.verdict()
}

#[test]
fn the_sentence_says_which_rule_decided() {
    let (better, even, worse) = ((0.002, 0.001, 0.003), (0.0011, -0.0009, 0.0031), (-0.002, -0.003, -0.001));
    let (new, old) = ("this model answers in place of model", "model 0123456789ab goes on answering.");
    for (score, ece, n_refused, who, why) in [
        (better, even, 0, new, "this model was better"),
        (better, better, 0, new, "this model was better"),
        (
            better,
            worse,
            0,
            old,
            "was better, with a log loss of 0.3035 against 0.3046 (less is better; 95 % interval: \
         0.0010 to 0.0030 better), but its probabilities were further from what came true, with a calibration error",
        ),
        (even, better, 0, old, "was not clearly better"),
        (worse, better, 0, old, "this model was worse"),
        (worse, even, 1, old, "95 % interval: 0.0010 to 0.0030 worse"),
        (better, even, 2, new, "this model was better"),
        (even, even, 1, new, "learned from 1 customer who has refused or was erased since. On the same"),
        (even, worse, 3, new, "learned from 3 customers who have refused or were erased since. On the same"),
        (even, even, 1, new, "was not clearly worse"),
        ((0.001, 0.0, 0.002), even, 0, old, "95 % interval: 0.0000 to 0.0020 better"),
        ((-0.001, -0.002, 0.0), even, 0, old, "95 % interval: 0.0000 to 0.0020 worse"),
    ] {
        let verdict = ruled(score, ece, n_refused);
        assert!(verdict.reason.starts_with(who) && verdict.reason.contains(why), "{}", verdict.reason);
        assert_eq!(verdict.is_champion, who == new, "{}", verdict.reason);
    }
    assert_eq!(
        ruled(even, even, 0).reason,
        "model 0123456789ab goes on answering. On the same 4210 customers, over days that neither had learned from, this \
         model was not clearly better, with a log loss of 0.3035 against 0.3046 (less is better; 95 % interval: from \
         0.0009 worse to 0.0031 better)"
    );
}

#[test]
fn the_sentence_says_why_nothing_was_compared_and_when_it_can_be() {
    let mut header = trained(&of_churn()).header.clone();
    let mut said = |n_refused, n_days_seen| {
        header.contest = Some(Contest::Unjudged(crate::Unjudged {
            champion: ModelVersion::from("0123456789ab"),
            n_refused,
            seen_until: day(25),
            n_days_seen,
            window_days: 30,
        }));
        header.verdict()
    };
    let stays = said(0, 25);
    assert!(!stays.is_champion);
    assert_eq!(
        stays.reason,
        "model 0123456789ab goes on answering. A newer model cannot be compared with it fairly yet: model 0123456789ab \
         has learned from 25 of the newest 30 days, and knows their answers. That takes 30 days of data after 1970-01-25, which neither \
         has learned from; a person can make it the champion before"
    );
    assert!(said(0, 30).reason.contains("has learned from the newest 30 days, and"));
    let gives_way = said(1, 25);
    assert!(gives_way.is_champion && gives_way.reason.starts_with("this model answers in place of"));
    assert!(
        gives_way.reason.contains("learned from 1 customer who has refused or was erased since. A newer"),
        "{}",
        gives_way.reason
    );
}

#[test]
fn who_cannot_be_asked_any_more_gives_way_to_whoever_beats_the_simple_answers() {
    let store = Arc::new(MemoryModelStore::default());
    let registry = Registry::new(store, catalogue().clone());
    let mut other = trained(&of_churn()).clone();
    other.header.features.push(FeatureId::first("made_up"));
    registry.publish(&other).unwrap();
    let met = registry.reigning(&of_churn()).unwrap().unwrap();
    assert!(met.model.as_ref().is_err_and(|fault| fault.contains("made_up")));
    let challenger = challenge(&of_churn(), dataset(), now(), Some(&met));
    let published = registry.publish(&challenger).unwrap();
    assert!(published.is_champion && published.reason.contains("cannot any more"), "{}", published.reason);
    assert!(registry.reigning(&of_recommend()).unwrap().is_none());
}

#[test]
fn a_model_that_was_not_compared_with_the_champion_does_not_take_its_place() {
    let registry = Registry::new(Arc::new(MemoryModelStore::default()), catalogue().clone());
    let first = registry.publish(trained(&of_churn())).unwrap();
    let mut later = trained(&of_churn()).clone();
    later.header.trained_at = now().plus_days(1);
    let second = registry.publish(&later).unwrap();
    assert!(!second.is_champion && second.reason.contains(first.version.as_str()), "{}", second.reason);
    assert_eq!(registry.champion_version(&of_churn()).unwrap(), Some(first.version));
}

#[test]
fn worse_than_a_simple_answer_beyond_noise_is_never_good_enough() {
    let mut header = trained(&of_churn()).header.clone();
    let strongest = header.evaluation.baselines.values().map(|m| m["log_loss"]).fold(f64::INFINITY, f64::min);
    for (factor, high, is_champion) in
        [(1.01, 0.001, true), (1.01, -0.001, false), (1.03, 0.001, false), (0.99, 0.01, true)]
    {
        header.evaluation.metrics.insert("log_loss".to_owned(), strongest * factor);
        header.evaluation.gains.values_mut().for_each(|gain| gain.high = high);
        assert_eq!(header.verdict().is_champion, is_champion, "{factor} {high}: {}", header.verdict().reason);
    }
}

/// The generated world, which ended `n_days` ago, and one order of today.
fn ended_and_one_today(n_days: u64) -> (Dataset, Timestamp) {
    let today = now() + Duration::from_secs((24 * n_days + 12) * 3_600);
    let events = world::events().iter().map(|recorded| recorded.event.clone());
    let somebody = world::events().iter().find_map(|recorded| recorded.event.user_id.clone()).unwrap();
    (load(&numbered(events.chain([order(somebody.as_str(), "tea", today, today)]))), today)
}

#[test]
fn one_order_of_today_turns_no_empty_day_into_staying_away() {
    let before = evaluate(task(&of_churn()).as_ref(), &data(dataset(), now())).unwrap();
    let champion = reigning(trained(&of_churn()));
    for n_days in [3, 5, 12] {
        let (dataset, today) = ended_and_one_today(n_days);
        let found = evaluate(task(&of_churn()).as_ref(), &data(&dataset, today)).unwrap();
        assert!(
            (found.metrics["ece"] - before.metrics["ece"]).abs() < 0.01,
            "{} became {}",
            before.metrics["ece"],
            found.metrics["ece"]
        );
        assert!(
            (found.base_rate.unwrap() - before.base_rate.unwrap()).abs() < 0.02 && found.split.gaps.len() == 1,
            "{:?}",
            found.split
        );
        let challenger = challenge(&of_churn(), &dataset, today, Some(&champion));
        assert!(!challenger.header.verdict().is_champion, "{}", challenger.header.verdict().reason);
        assert!(challenger.header.data_until <= now().plus_days(1));
    }
}

#[test]
fn a_gap_that_leaves_no_window_is_said() {
    // Seventy busy days, of which ten in the middle are missing.
    let days = (0..80).filter(|day| !(35..45).contains(day));
    let orders =
        days.flat_map(|n| (0..60).map(move |c| order(&format!("c{}", (c * 7 + n * 11) % 200), "tea", day(n), day(n))));
    let error = crate::train(task(&of_churn()).as_ref(), &data(&load(&numbered(orders)), day(80))).unwrap_err();
    let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
    assert!(missing.iter().any(|need| need.what.contains("without a gap") && need.have == 1), "{error}");
}
