//! Is a question of which learned, judged and doubted as the others are?

use super::desk::{N_CUSTOMERS, N_DAYS, asked, data, dataset, history, rewritten, track, which};
use super::world::day;
use crate::{
    Body, Classes, ClassesModel, Contest, Evaluation, LearningError, Loaded, Outcome, Reigning, Task, Trained, train,
};
use events::Event;
use primitives::stable_hash;
use proptest::prelude::*;
use serde_json::json;
use std::sync::OnceLock;

fn evaluated(outcome: Outcome, events: Vec<Event>) -> Result<Evaluation, LearningError> {
    let dataset = dataset(&outcome, events);
    crate::evaluate(&Classes::new(outcome), &data(&dataset))
}

fn trained(outcome: &Outcome, events: Vec<Event>) -> Trained {
    let dataset = dataset(outcome, events);
    train(&Classes::new(outcome.clone()), &data(&dataset)).unwrap()
}

/// What the desk teaches of reasons.
fn of_reasons() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| trained(&which("properties.reason"), history()))
}

fn model(trained: &Trained) -> &ClassesModel {
    let Body::Classes(model) = &trained.body else { panic!("classes were learned") };
    model
}

#[test]
fn which_is_learned_without_a_line_of_code() {
    let found = &of_reasons().header.evaluation;
    assert!(found.n_test > 200 && found.n_train > 1_000 && found.decides == "log_loss", "{found:?}");
    let (popularity, recency) = (&found.baselines["popularity"], &found.baselines["recency"]);
    assert!(found.metrics["log_loss"] < popularity["log_loss"] - 0.1, "{found:?}");
    assert!(found.metrics["accuracy"] > 0.75 && found.metrics["accuracy"] > popularity["accuracy"] + 0.2, "{found:?}");
    assert!(found.metrics["auc"] > 0.7 && (popularity["auc"] - 0.5).abs() < 1e-9, "{found:?}");
    assert!(recency["log_loss"] < popularity["log_loss"], "what came last tells, too: {found:?}");
    assert!(found.gains["popularity"].is_gain() && found.calibration.len() == 10, "{found:?}");
    assert_eq!((found.counts["n_classes"], model(of_reasons()).names().len()), (2, 2));
    assert_eq!(of_reasons().header.n_classes, Some(2));
    assert_eq!(
        (found.baseline_title("recency"), found.baseline_title("popularity")),
        ("what came last", "what is most popular")
    );
    assert!(found.warnings.len() == 1 && found.warnings[0].contains("\"other values\" together"), "{found:?}");
    assert_eq!((of_reasons().header.shape.as_str(), found.base_rate), ("classes", None));
    assert!(!of_reasons().header.importances.is_empty());
}

#[test]
fn what_is_missing_is_named_and_one_class_is_none() {
    let missing = |outcome: Outcome, events: Vec<Event>, about: &str| {
        let error = evaluated(outcome, events).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        missing.iter().find(|need| need.what.contains(about)).unwrap_or_else(|| panic!("{missing:?}")).clone()
    };
    let alike = missing(which("properties.kind"), history(), "different values that came 20 times or more");
    assert_eq!((alike.need, alike.have), (2, 1));
    let typo = missing(which("properties.raeson"), history(), "at \"properties.raeson\"").how;
    assert!(typo.contains("did you mean \"properties.reason\"?"), "{typo}");
    let never = rewritten(|_, properties| _ = properties.insert("reason".to_owned(), json!(["a", "list"])));
    assert!(missing(which("properties.reason"), never, "at \"properties.reason\"").how.contains("none has anything"));
    let blank = rewritten(|_, properties| _ = properties.insert("reason".to_owned(), json!("  ")));
    assert!(missing(which("properties.reason"), blank, "at \"properties.reason\"").how.contains("something else"));
}

#[test]
fn what_is_learned_from_other_moments_than_were_judged_must_have_classes_too() {
    let outcome = which("properties.reason");
    let fit = |events: Vec<Event>| {
        let (task, dataset) = (Classes::new(outcome.clone()), dataset(&outcome, events));
        let split = task.split(&data(&dataset)).unwrap();
        task.fit(&data(&dataset), &split, &json!({ "boost": { "n_trees": 2 } })).map(|_| ())
    };
    assert!(fit(history()).is_ok());
    let scattered = |place: usize, properties: &mut events::Fields| {
        properties.insert("reason".to_owned(), json!(format!("number {place}")));
    };
    let LearningError::NotReady { missing, .. } = fit(rewritten(scattered)).unwrap_err() else { panic!("no class") };
    assert_eq!((missing[0].need, missing[0].have), (2, 1), "all other values are one");
}

#[test]
fn values_of_which_there_are_very_many_are_one_class_and_numbers_are_classes() {
    let scattered = rewritten(|place, properties| {
        if !place.is_multiple_of(3) {
            properties.insert("reason".to_owned(), json!(format!("number {place}")));
        }
    });
    let found = evaluated(which("properties.reason"), scattered).unwrap();
    assert!(found.warnings[0].contains("of which 2 are told apart"), "{:?}", found.warnings);
    let of_numbers = rewritten(|place, properties| {
        properties.insert("reason".to_owned(), if place.is_multiple_of(2) { json!(7) } else { json!(true) });
    });
    let found = trained(&which("properties.reason"), of_numbers);
    let mut names = model(&found).names().to_vec();
    names.sort_unstable();
    assert_eq!(names, ["7", "true"]);
}

/// The value that comes first after day 50, and the one that came last before it.
fn values(events: Vec<Event>) -> (Option<String>, Option<String>) {
    let outcome = which("properties.reason");
    let dataset = dataset(&outcome, events);
    let (_, trace) = dataset.traces().next().unwrap();
    let on = outcome.on(&dataset, day(N_DAYS));
    let own = |value: Option<&str>| value.map(str::to_owned);
    (own(on.first_value(trace, day(50))), own(on.last_value(trace, day(50))))
}

#[test]
fn the_first_after_a_moment_comes_and_the_last_before_it_came() {
    let told = |moments: &[(i64, &str)]| {
        let one = |(at, reason): &(i64, &str)| track(1, "Case Opened", *at, &json!({ "reason": reason }));
        moments.iter().map(one).collect::<Vec<_>>()
    };
    let owned = |value: &str| Some(value.to_owned());
    assert_eq!(values(told(&[(50_000, "at"), (50_001, "first"), (49_000, "before")])), (owned("first"), owned("at")));
    assert_eq!(values(told(&[(71_000, "end"), (71_001, "beyond")])), (owned("end"), None));
    assert_eq!(values(told(&[(71_001, "beyond")])), (None, None));
    let mut events = told(&[(49_000, "known"), (49_500, "late")]);
    events[1].received_at = day(60);
    assert_eq!(values(events), (None, owned("known")), "what was told of later was not known");
    // One without a value tells no which.
    let mut events = told(&[(51_000, "second")]);
    events.insert(0, track(1, "Case Opened", 50_500, &json!({ "kind": "x" })));
    assert_eq!(values(events), (owned("second"), None));
}

#[test]
fn the_same_history_gives_the_same_bytes_in_any_order_of_customers() {
    let mut turned = history();
    turned.sort_by_key(|event| std::cmp::Reverse(event.user_id.clone()));
    let other = trained(&which("properties.reason"), turned);
    let bytes = of_reasons().body.to_bytes().unwrap();
    assert_eq!(bytes, other.body.to_bytes().unwrap());
    assert_eq!(Body::open(of_reasons().body.shape(), &bytes).unwrap(), of_reasons().body);
    for broken in [&bytes[1..], &bytes[..40], &[bytes.clone(), vec![0]].concat()[..]] {
        assert!(ClassesModel::from_bytes(broken).is_err());
    }
}

#[test]
fn a_champion_of_other_classes_is_compared_in_those_that_both_know() {
    let renamed = rewritten(|place, properties| {
        if properties["reason"] == "login" && place % 2 == 0 {
            properties.insert("reason".to_owned(), json!("password"));
        }
    });
    let outcome = which("properties.reason");
    let Trained { mut header, body } = trained(&outcome, renamed);
    assert_eq!(model(&Trained { header: header.clone(), body: body.clone() }).names().len(), 3);
    header.data_until = day(0);
    header.newest_row = None;
    let catalogue = super::world::catalogue();
    let inputs = catalogue.inputs(&header.features).unwrap();
    let loaded = Loaded { version: "0123456789ab".into(), header, catalogue: catalogue.clone(), inputs, body };
    let reigning = Reigning { version: loaded.version.clone(), model: Ok(Box::new(loaded)), n_refused: 0 };
    let dataset = dataset(&outcome, history());
    let challenger = crate::challenge(&Classes::new(outcome), &data(&dataset), Some(&reigning)).unwrap();
    let Contest::Judged(duel) = challenger.header.contest.unwrap() else { panic!("not judged") };
    assert_eq!(duel.metric, "log_loss");
    assert!(duel.score.champion.is_finite() && duel.score.challenger < duel.score.champion, "{duel:?}");
}

#[test]
fn a_feature_that_is_the_answer_is_named() {
    // Whoever orders writes about payment at once, and nobody else does.
    let every_day = |customer: u64| {
        let buys = customer < 40;
        let one = move |at: i64| {
            let reason = if buys { "payment" } else { "login" };
            let written = track(customer, "Case Opened", at * 1_000 + 9, &json!({ "reason": reason }));
            let other = if buys {
                super::world::order(&format!("c{customer:03}"), &format!("t{at}"), day(at), day(at))
            } else {
                track(customer, "Signed In", at * 1_000, &json!({}))
            };
            [other, written]
        };
        (0..N_DAYS).filter(move |at| !stable_hash(&format!("{customer} {at}")).is_multiple_of(3)).flat_map(one)
    };
    let found = evaluated(which("properties.reason"), (0..80).flat_map(every_day).collect()).unwrap();
    assert!(found.warnings.iter().any(|warning| warning.contains("alone tells almost surely")), "{:?}", found.warnings);
    assert!(found.metrics["log_loss"].is_finite() && N_CUSTOMERS > 80);
}

#[test]
fn only_events_as_the_label_means_them_count() {
    let outcome =
        asked(&json!({ "which": { "event": "Case Opened", "properties.kind": "closed", "of": "properties.reason" } }));
    let error = evaluated(outcome, history()).unwrap_err().to_string();
    assert!(error.contains("none with these values"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn probabilities_are_one_in_sum_with_nothing_and_best_first(values in proptest::collection::vec(-10.0..500.0_f64, 64)) {
        let model = model(of_reasons());
        let n = of_reasons().header.features.len();
        let values: Vec<f64> = (0..n).map(|i| if i % 7 == 0 { f64::NAN } else { values[i % 64] }).collect();
        let parts = model.probabilities(&values).unwrap();
        prop_assert!((parts.iter().sum::<f64>() - 1.0).abs() < 1e-9 && parts.iter().all(|p| *p > 0.0));
        for classes in [model.choose(&values).unwrap().classes, model.overall()] {
            let sum: f64 = classes.iter().map(|(_, p)| p.get()).sum();
            prop_assert!(sum < 1.0 && classes.len() == 3 && classes.is_sorted_by(|a, b| a.1 >= b.1), "{:?}", classes);
            prop_assert!(classes.iter().any(|(name, _)| name == "other values"));
        }
        prop_assert!(model.choose(&values[1..]).is_err());
    }
}
