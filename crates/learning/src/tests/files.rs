//! Does every model file that was ever written open, and does nothing else?

use super::world::{catalogue, day};
use crate::file::{decode, decode_header, encode};
use crate::{BinaryModel, Body, Evaluation, LearningError, ModelHeader, Numbers, Split};
use models::boost::BoostSettings;
use models::calibrate::IsotonicSettings;
use models::recommend::{HistoryItem, Interaction, Interactions, ItemToItem, Query};
use primitives::{ErrorKind, ItemKey, Seed};
use std::collections::BTreeMap;

/// Learned until day 60, tested on the 30 days after it.
pub(crate) fn split() -> Split {
    Split {
        train_from: day(0),
        train_until: day(60),
        test_from: day(60),
        test_until: day(90),
        window_days: 30,
        train_as_ofs: vec![day(30)],
        gaps: Vec::new(),
    }
}

fn evaluation(decides: &str, numbers: &[(&str, f64)], baseline: &str) -> Evaluation {
    let numbers: Numbers = numbers.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    Evaluation {
        split: split(),
        n_train: 0,
        n_test: 0,
        counts: BTreeMap::new(),
        base_rate: None,
        decides: decides.to_owned(),
        bounds: Numbers::new(),
        metrics: numbers.clone(),
        baselines: BTreeMap::from([(baseline.to_owned(), numbers)]),
        baseline_titles: BTreeMap::new(),
        gains: BTreeMap::new(),
        to_beat: None,
        protocols: BTreeMap::new(),
        calibration: Vec::new(),
        warnings: Vec::new(),
    }
}

fn header(task: &str, body: &Body, evaluation: Evaluation) -> ModelHeader {
    ModelHeader {
        task: task.into(),
        shape: body.shape().name(),
        features: Vec::new(),
        trained_at: day(90),
        data_from: day(0),
        data_until: day(90),
        evaluation,
        contest: None,
        learned_until: None,
        newest_row: None,
        seed: 1,
        settings: serde_json::json!({}),
        n_customers: 3,
        n_rows: 5,
        n_classes: None,
        rows: "purchases".to_owned(),
        asks: String::new(),
        of_everybody: false,
        method: "Item-to-item similarity, own repetition and popularity".to_owned(),
        importances: Vec::new(),
        declared: Vec::new(),
        program_version: "0.1.0".to_owned(),
    }
}

/// Five purchases of three items.
fn tiny_recommender() -> (ModelHeader, Body) {
    let bought = |customer, item| Interaction { customer, item, age_days: 1.0, quantity: 1.0 };
    let rows = vec![bought(1, 0), bought(1, 1), bought(2, 0), bought(2, 1), bought(3, 2)];
    let interactions =
        Interactions { rows, items: vec![ItemKey(10), ItemKey(20), ItemKey(30)], ..Interactions::default() };
    let settings = ItemToItem { n_customers_min: 1, ..ItemToItem::default() };
    let numbers = [("ndcg@10", 0.5), ("recall@10", 0.5), ("coverage", 1.0)];
    let mut evaluation = evaluation("ndcg@10", &numbers, "popularity");
    (evaluation.n_train, evaluation.n_test) = (5, 3);
    evaluation.counts = [("n_customers", 3), ("n_items", 3)].map(|(name, n)| (name.to_owned(), n)).into();
    let body = Body::Ranker(settings.fit(&interactions, Seed::new(1)).unwrap().into());
    (header("recommend", &body, evaluation), body)
}

/// Three trees over the first features of the catalogue, of which the first feature decides.
pub(crate) fn tiny_churn() -> (ModelHeader, Body) {
    let width = N_FEATURES_V1;
    let labels: Vec<f64> = (0..40).map(|row| if row < 20 { 0.0 } else { 1.0 }).collect();
    let data: Vec<f64> =
        (0..40_usize * width).map(|at| if at % width == 0 { (at / width) as f64 } else { 0.0 }).collect();
    let boost = BoostSettings { n_trees: 3, min_leaf_weight: 0.1, ..BoostSettings::default() };
    let frame = models::Frame::new(&data, 40, width).unwrap();
    let forest = boost.fit(frame, &labels, None, Seed::new(1)).unwrap();
    let scores = forest.score_all(frame).unwrap();
    let calibration = IsotonicSettings::default().fit(&scores, &labels, None).unwrap();
    let mut evaluation = evaluation("log_loss", &[("auc", 0.75), ("log_loss", 0.5), ("ece", 0.0)], "constant");
    (evaluation.n_train, evaluation.n_test, evaluation.base_rate) = (40, 40, Some(0.5));
    // Those that there were when the files were written.
    let features = catalogue().all().ids().into_iter().take(width).collect::<Vec<_>>();
    let body = Body::Binary(BinaryModel::new(forest, calibration, &features));
    let header = ModelHeader {
        features,
        rows: "weekly moments of customers".to_owned(),
        asks: crate::churn().asks(),
        method: "Gradient boosting, 3 trees, isotonic calibration on customers held out".to_owned(),
        ..header("churn", &body, evaluation)
    };
    (header, body)
}

/// How many features the files of version 1 know.
const N_FEATURES_V1: usize = 50;

/// The files that version 1 wrote.
const RECOMMEND_V1: &[u8] = include_bytes!("../../tests/fixtures/recommend-v1.rppt");
const CHURN_V1: &[u8] = include_bytes!("../../tests/fixtures/churn-v1.rppt");

#[test]
fn a_recommender_of_version_1_opens() {
    let (header, model) = decode(RECOMMEND_V1).unwrap();
    assert_eq!(header, tiny_recommender().0);
    let Body::Ranker(model) = model else { panic!("not a recommender") };
    let history = [HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 }];
    let best = model.rank(&Query::of(&history), 3, &|item| item != ItemKey(10));
    assert_eq!(best.iter().map(|scored| scored.item).collect::<Vec<_>>(), [ItemKey(20), ItemKey(30)]);
}

#[test]
fn a_churn_model_of_version_1_opens() {
    let (header, model) = decode(CHURN_V1).unwrap();
    // Its settings did not say how many trees there are.
    let method = "Gradient boosting, 0 trees, isotonic calibration on customers held out".to_owned();
    assert_eq!(header, ModelHeader { method, ..tiny_churn().0 });
    let Body::Binary(model) = model else { panic!("not a churn model") };
    let row = |first: f64| {
        let mut row = vec![0.0; model.features().len()];
        row[0] = first;
        row
    };
    assert!(model.forest().score(&row(5.0)) < 0.0 && model.forest().score(&row(35.0)) > 0.0);
}

#[test]
fn writing_and_reading_gives_the_same_model() {
    for (header, model) in [tiny_recommender(), tiny_churn()] {
        assert_eq!(decode(&encode(&header, &model).unwrap()).unwrap(), (header, model));
    }
}

#[test]
fn other_bytes_are_refused_with_a_reason() {
    let (header, model) = tiny_recommender();
    let file = encode(&header, &model).unwrap();
    for length in 0..file.len() {
        let error = decode(&file[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{length} bytes: {error}");
    }
    let mut newer = file.clone();
    newer[4] = 3;
    assert!(matches!(decode_header(&newer), Err(LearningError::Newer { found: 3, known: 2 })));
    newer[4] = 0;
    assert_eq!(decode_header(&newer).unwrap_err().kind(), ErrorKind::Corrupt, "no program was older than the first");
    let mut longer = file;
    longer.push(0);
    assert!(decode(&longer).is_err());
    assert!(decode(b"not a model file at all").unwrap_err().to_string().contains("does not begin"));
}

#[test]
fn a_model_of_a_task_or_a_shape_that_only_a_newer_program_knows_can_be_shown() {
    let (header, body) = tiny_recommender();
    let stranger = ModelHeader { task: "mood".into(), shape: "labels".to_owned(), ..header };
    let file = encode(&stranger, &body).unwrap();
    assert_eq!(decode_header(&file).unwrap(), stranger);
    let error = decode(&file).unwrap_err();
    assert!(matches!(error, LearningError::Shape { .. }) && error.kind() == ErrorKind::Conflict, "{error}");
}
