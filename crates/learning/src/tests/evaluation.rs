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
        assert!(found.metrics["recall@10"] > 0.98 * baseline["recall@10"], "{name}: {found:?}");
    }
    // Everybody in this small shop has tried most items, so habit says nearly all there is to say.
    assert!(found.gains["popularity"].low > 0.1 && !found.gains["personal_frequency"].is_loss(), "{found:?}");
    assert!(found.n_test > 50 && found.counts["n_items"] <= 120);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(keys(&json["baselines"]), ["item_knn", "personal_frequency", "popularity", "recent_popularity"]);
    for metrics in [&json["metrics"], &json["baselines"]["popularity"]] {
        assert_eq!(keys(metrics), ["coverage", "ndcg@10", "recall@10"]);
    }
    assert!(json["n_customers"].is_u64() && json["split"]["test_from"].is_string());
}

#[test]
fn recommendations_are_judged_by_both_ways_of_asking() {
    let found = evaluated(&of_recommend(), dataset(), now()).unwrap();
    assert_eq!(found.protocols.keys().map(String::as_str).collect::<Vec<_>>(), ["last_order", "time"]);
    assert_eq!(found.protocols.values().filter(|protocol| protocol.decides).count(), 1);
    for (name, protocol) in &found.protocols {
        let all = &protocol.all;
        assert!(all.n_test > 50 && protocol.n_items <= 120, "{name}");
        let names = ["coverage", "diversity", "gini_exposure", "hit@10", "hit@20", "mrr@10", "mrr@20", "ndcg@10"];
        assert!(names.iter().all(|name| all.metrics.contains_key(*name)), "{name}: {:?}", all.metrics);
        assert!(all.metrics["recall@20"] >= all.metrics["recall@10"] && all.metrics["hit@10"] > 0.3, "{name}");
        for (metric, interval) in &protocol.intervals {
            assert!((interval.mean - all.metrics[metric]).abs() < 1e-9, "{name} {metric}");
            assert!(interval.low <= interval.mean && interval.mean <= interval.high, "{name} {metric}");
        }
        let slices: Vec<_> = protocol.slices.keys().map(String::as_str).collect();
        assert_eq!(slices, ["cold_customers", "cold_items", "new", "new_only", "repeat"], "{name}");
        let (new, new_only) = (&protocol.slices["new"], &protocol.slices["new_only"]);
        assert_eq!(new.n_test, new_only.n_test, "the same customers are asked about what they had not had");
        assert!(
            new_only.metrics["ndcg@10"] >= new.metrics["ndcg@10"],
            "{name}: nothing that was had stands in the way"
        );
        assert!(protocol.slices["repeat"].n_test <= all.n_test && !protocol.orders.is_empty(), "{name}");
        // In this shop the model's lists are their own habits: simple lists of them cannot be clearly better.
        assert!(!protocol.gains["personal_frequency"].is_loss(), "{name}: {:?}", protocol.gains);
    }
    let decides = found.protocols.values().find(|protocol| protocol.decides).unwrap();
    assert_eq!((found.n_test, found.metrics["ndcg@10"]), (decides.all.n_test, decides.all.metrics["ndcg@10"]));
}

#[test]
fn where_few_come_back_in_the_window_everybodys_last_order_is_asked_for() {
    // Nobody orders in the last month but one customer a day, who is new.
    let customers = (0..80_i64).flat_map(|customer| {
        let item = move |n: i64| format!("item {}", (customer % 4) * 10 + n);
        let buys = move |on: i64, n: i64| order(&format!("customer {customer}"), &item(n), day(on), day(on));
        (0..6).map(move |n| buys(2 + customer % 5 + 4 * n, (customer + n) % 7))
    });
    let late = (0..30).map(|n| order(&format!("late {n}"), "item 1", day(32 + n), day(32 + n)));
    let dataset = load(&numbered(customers.chain(late)));
    let found = evaluated(&of_recommend(), &dataset, day(62)).unwrap();
    assert!(found.protocols["last_order"].decides && !found.protocols["time"].decides, "{found:?}");
    let n_asked = found.protocols["last_order"].all.n_test;
    assert!(found.n_test == n_asked && n_asked > 50 && found.protocols["time"].all.n_test < 100, "{found:?}");
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
