//! Is what can be learned from the generated world learned, and is it said in the agreed shape?

use super::world::{dataset, day, load, now, numbered, order, seed, trained};
use crate::{
    DatasetStats, Evaluation, LearningError, ModelKind, Trained, evaluate_churn, evaluate_recommend, readiness, train,
};
use primitives::ErrorKind;
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn recommendations_beat_what_everybody_buys_and_are_not_behind_habit() {
    let found = evaluate_recommend(dataset(), now(), seed()).unwrap();
    for (name, baseline) in &found.baselines {
        let gain = found.ndcg_gain[name];
        assert!((gain.mean - (found.metrics.ndcg_at_10 - baseline.ndcg_at_10)).abs() < 1e-12);
        assert!(gain.low <= gain.mean && gain.mean <= gain.high);
        assert!(found.metrics.recall_at_10 > baseline.recall_at_10, "{name}: {found:?}");
    }
    // Everybody in this small shop has tried most items, so habit says nearly all there is to say.
    assert!(found.ndcg_gain["popularity"].low > 0.1 && found.ndcg_gain["personal_frequency"].high > 0.0, "{found:?}");
    assert!(found.n_customers > 50 && found.n_items <= 120);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(keys(&json["baselines"]), ["personal_frequency", "popularity"]);
    for metrics in [&json["metrics"], &json["baselines"]["popularity"]] {
        assert_eq!(keys(metrics), ["coverage", "ndcg@10", "recall@10"]);
    }
    assert!(json["n_customers"].is_u64() && json["split"]["test_from"].is_string());
}

#[test]
fn churn_beats_both_baselines_and_is_calibrated() {
    let found = evaluate_churn(dataset(), now(), seed()).unwrap();
    for (name, baseline) in &found.baselines {
        assert!(found.metrics.auc > baseline.auc && found.metrics.log_loss < baseline.log_loss, "{name}: {found:?}");
        let gain = found.log_loss_gain[name];
        assert!((gain.mean - (baseline.log_loss - found.metrics.log_loss)).abs() < 1e-9, "{name}: {gain:?}");
    }
    assert!(found.metrics.ece < 0.12, "{found:?}");
    assert!((found.baselines["constant"].auc - 0.5).abs() < 1e-12);
    assert_eq!(found.calibration.iter().map(|bin| bin.n).sum::<u64>(), found.n_test);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(keys(&json["baselines"]), ["constant", "recency"]);
    assert_eq!(keys(&json["metrics"]), ["auc", "ece", "log_loss"]);
    assert!(json["n_train"].is_u64() && json["n_test"].is_u64() && json["split"].is_object());
}

#[test]
fn same_events_and_same_seed_give_the_same_file() {
    let again = load(super::world::events());
    for kind in ModelKind::ALL {
        let file = |trained: &Trained| trained.to_file().unwrap();
        assert!(file(trained(kind)) == file(&train(kind, &again, now(), seed()).unwrap()), "{kind}");
    }
}

#[test]
fn the_header_tells_where_a_model_comes_from() {
    let header = &trained(ModelKind::Churn).header;
    assert_eq!((header.trained_at, header.seed), (now(), seed().value()));
    assert!(header.data_from < header.data_until && header.fits_features());
    assert!(header.n_rows >= header.n_customers && header.n_customers > 100);
    let shares: f64 = header.importances.iter().map(|importance| importance.share).sum();
    assert!((shares - 1.0).abs() < 1e-9 && header.method().contains("100 trees"));
    assert!(matches!(header.evaluation, Evaluation::Churn(_)) && header.evaluation.comparisons().len() == 3);
}

#[test]
fn what_is_missing_is_said_before_anything_is_tried() {
    let few = load(&numbered((0..9).map(|n| order(&format!("c{}", n % 3), &format!("i{n}"), day(n), day(n)))));
    for kind in ModelKind::ALL {
        let error = train(kind, &few, day(9), seed()).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        assert!(missing.iter().all(|requirement| !requirement.met && requirement.have < requirement.need));
        let said = error.to_string();
        assert!(said.contains("days of purchases (9 of") && error.kind() == ErrorKind::Conflict, "{said}");
    }
    for kind in ModelKind::ALL {
        let nothing = load(&[]);
        assert!(train(kind, &nothing, day(9), seed()).is_err());
        assert!(readiness(kind, &DatasetStats::of_dataset(dataset(), now())).iter().all(|r| r.met), "{kind}");
    }
    assert!(evaluate_recommend(&few, day(9), seed()).is_err() && evaluate_churn(&few, day(9), seed()).is_err());
}

#[test]
fn live_states_and_the_dataset_count_alike() {
    let states: Vec<_> = dataset().customers().iter().map(|customer| customer.get().state.state_at(now())).collect();
    assert_eq!(DatasetStats::of(|| states.iter(), now()), DatasetStats::of_dataset(dataset(), now()));
    assert_eq!(DatasetStats::of(|| states.iter().take(0), now()), DatasetStats::default());
}
