//! Is what can be learned from the generated world learned, and is it said in the agreed shape?

use super::world::{
    data, dataset, day, load, now, numbered, of_churn, of_recommend, order, task, tasks, train, trained,
};
use crate::{Dataset, Evaluation, LearningError, TaskName, Trained, evaluate};
use primitives::ErrorKind;
use primitives::Timestamp;
use serde_json::Value;

fn evaluated(name: &TaskName, dataset: &Dataset, now: Timestamp) -> Result<Evaluation, LearningError> {
    evaluate(task(name).as_ref(), &data(dataset, now))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn recommendations_beat_what_everybody_buys_and_are_not_behind_habit() {
    let found = evaluated(&of_recommend(), dataset(), now()).unwrap();
    for (name, baseline) in &found.baselines {
        let gain = found.gains[name];
        assert!((gain.mean - (found.metrics["ndcg@10"] - baseline["ndcg@10"])).abs() < 1e-12);
        assert!(gain.low <= gain.mean && gain.mean <= gain.high);
        assert!(found.metrics["recall@10"] > baseline["recall@10"], "{name}: {found:?}");
    }
    // Everybody in this small shop has tried most items, so habit says nearly all there is to say.
    assert!(found.gains["popularity"].low > 0.1 && found.gains["personal_frequency"].high > 0.0, "{found:?}");
    assert!(found.n_test > 50 && found.counts["n_items"] <= 120);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(keys(&json["baselines"]), ["personal_frequency", "popularity"]);
    for metrics in [&json["metrics"], &json["baselines"]["popularity"]] {
        assert_eq!(keys(metrics), ["coverage", "ndcg@10", "recall@10"]);
    }
    assert!(json["n_customers"].is_u64() && json["split"]["test_from"].is_string());
}

#[test]
fn churn_beats_both_baselines_and_is_calibrated() {
    let found = evaluated(&of_churn(), dataset(), now()).unwrap();
    for (name, baseline) in &found.baselines {
        assert!(
            found.metrics["auc"] > baseline["auc"] && found.metrics["log_loss"] < baseline["log_loss"],
            "{name}: {found:?}"
        );
        let gain = found.gains[name];
        assert!((gain.mean - (baseline["log_loss"] - found.metrics["log_loss"])).abs() < 1e-9, "{name}: {gain:?}");
    }
    assert!(found.metrics["ece"] < 0.12, "{found:?}");
    assert!((found.baselines["constant"]["auc"] - 0.5).abs() < 1e-12);
    assert_eq!(found.calibration.iter().map(|bin| bin.n).sum::<u64>(), found.n_test);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(keys(&json["baselines"]), ["constant", "recency"]);
    assert_eq!(keys(&json["metrics"]), ["auc", "ece", "log_loss"]);
    assert!(json["n_train"].is_u64() && json["n_test"].is_u64() && json["split"].is_object());
}

#[test]
fn same_events_and_same_seed_give_the_same_file() {
    let again = load(super::world::events());
    for name in [of_churn(), of_recommend()] {
        let file = |trained: &Trained| trained.to_file().unwrap();
        assert!(file(trained(&name)) == file(&train(&name, &again, now())), "{name}");
    }
}

#[test]
fn the_header_tells_where_a_model_comes_from() {
    let header = &trained(&of_churn()).header;
    assert_eq!((header.trained_at, header.seed), (now(), super::world::seed().value()));
    assert!(header.data_from < header.data_until);
    assert!(header.n_rows >= header.n_customers && header.n_customers > 100);
    let shares: f64 = header.importances.iter().map(|importance| importance.share).sum();
    assert!((shares - 1.0).abs() < 1e-9 && header.method.contains("100 trees"));
    assert!(header.shape().is_ok() && header.evaluation.comparisons().len() == 3);
}

#[test]
fn what_is_missing_is_said_before_anything_is_tried() {
    let few = load(&numbered((0..9).map(|n| order(&format!("c{}", n % 3), &format!("i{n}"), day(n), day(n)))));
    for task in tasks() {
        let error = crate::train(task.as_ref(), &data(&few, day(9))).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        assert!(missing.iter().all(|need| !need.met && need.have < need.need));
        let said = error.to_string();
        assert!(said.contains("(9 of") && error.kind() == ErrorKind::Conflict, "{said}");
        assert!(crate::train(task.as_ref(), &data(&load(&[]), day(9))).is_err());
        assert!(task.needs(&data(dataset(), now())).iter().all(|need| need.met), "{:?}", task.about());
    }
    assert!(evaluated(&of_recommend(), &few, day(9)).is_err() && evaluated(&of_churn(), &few, day(9)).is_err());
}

#[test]
fn a_day_of_the_past_is_judged_as_it_was_on_that_day() {
    let then = now().plus_days(-25);
    let known: Vec<_> =
        super::world::events().iter().filter(|recorded| recorded.event.received_at <= then).cloned().collect();
    let cut = load(&known);
    let others: [Box<dyn crate::Task>; 2] = [Box::new(crate::Value::default()), Box::new(crate::Segments::default())];
    for task in tasks().into_iter().chain(others) {
        let found = evaluate(task.as_ref(), &data(dataset(), then));
        let expected = evaluate(task.as_ref(), &data(&cut, then));
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{}", task.about().name),
            (found, expected) => {
                assert_eq!(found.unwrap_err().to_string(), expected.unwrap_err().to_string(), "{}", task.about().name)
            }
        }
    }
}
