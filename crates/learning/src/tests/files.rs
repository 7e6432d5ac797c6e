//! Does every model file that was ever written open, and does nothing else?

use super::world::day;
use crate::churn::ChurnModel;
use crate::file::{decode, decode_header, encode};
use crate::{
    ChurnEvaluation, Evaluation, LearningError, Model, ModelHeader, ModelKind, ProbabilityMetrics, RankingMetrics,
    RecommendEvaluation, Split,
};
use models::boost::BoostSettings;
use models::calibrate::IsotonicSettings;
use models::recommend::{HistoryItem, Interaction, Interactions, ItemToItem};
use primitives::{ErrorKind, ItemKey, Seed};
use std::collections::BTreeMap;
use std::path::PathBuf;

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

fn header(evaluation: Evaluation) -> ModelHeader {
    ModelHeader {
        model: evaluation.kind(),
        trained_at: day(90),
        data_from: day(0),
        data_until: day(90),
        feature_schema: (evaluation.kind() == ModelKind::Churn).then(|| "00112233445566ff".to_owned()),
        evaluation,
        contest: None,
        learned_until: None,
        newest_row: None,
        seed: 1,
        settings: serde_json::json!({}),
        n_customers: 3,
        n_rows: 5,
        importances: Vec::new(),
        program_version: "0.1.0".to_owned(),
    }
}

/// Five purchases of three items.
fn tiny_recommender() -> (ModelHeader, Model) {
    let bought = |customer, item| Interaction { customer, item, age_days: 1.0, quantity: 1.0 };
    let rows = vec![bought(1, 0), bought(1, 1), bought(2, 0), bought(2, 1), bought(3, 2)];
    let interactions = Interactions { rows, items: vec![ItemKey(10), ItemKey(20), ItemKey(30)] };
    let settings = ItemToItem { n_customers_min: 1, ..ItemToItem::default() };
    let metrics = RankingMetrics { ndcg_at_10: 0.5, recall_at_10: 0.5, coverage: 1.0 };
    let evaluation = RecommendEvaluation {
        split: split(),
        n_customers: 3,
        n_items: 3,
        metrics,
        baselines: BTreeMap::from([("popularity".to_owned(), metrics)]),
        ndcg_gain: BTreeMap::new(),
    };
    let model = settings.fit(&interactions, Seed::new(1)).unwrap();
    (header(Evaluation::Recommend(evaluation)), Model::Recommend(model))
}

/// Three trees over the catalogue, of which the first feature decides.
pub(crate) fn tiny_churn() -> (ModelHeader, Model) {
    let width = features::catalogue::definitions().len();
    let labels: Vec<f64> = (0..40).map(|row| if row < 20 { 0.0 } else { 1.0 }).collect();
    let data: Vec<f64> =
        (0..40_usize * width).map(|at| if at % width == 0 { (at / width) as f64 } else { 0.0 }).collect();
    let boost = BoostSettings { n_trees: 3, min_leaf_weight: 0.1, ..BoostSettings::default() };
    let frame = models::Frame::new(&data, 40, width).unwrap();
    let forest = boost.fit(frame, &labels, None, Seed::new(1)).unwrap();
    let scores = forest.score_all(frame).unwrap();
    let calibration = IsotonicSettings::default().fit(&scores, &labels, None).unwrap();
    let metrics = ProbabilityMetrics { auc: 0.75, log_loss: 0.5, ece: 0.0 };
    let evaluation = ChurnEvaluation {
        split: split(),
        n_train: 40,
        n_test: 40,
        base_rate: 0.5,
        metrics,
        baselines: BTreeMap::from([("constant".to_owned(), metrics)]),
        log_loss_gain: BTreeMap::new(),
        calibration: Vec::new(),
    };
    (header(Evaluation::Churn(evaluation)), Model::Churn(ChurnModel::new(forest, calibration)))
}

/// The file that version 1 wrote. Where it is missing it is written, for a person to look at and commit.
fn fixture(name: &str, model: &(ModelHeader, Model)) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, encode(&model.0, &model.1).unwrap()).unwrap();
        panic!("{} was missing and has been written: commit it", path.display());
    }
    std::fs::read(path).unwrap()
}

#[test]
fn a_recommender_of_version_1_opens() {
    let (header, model) = decode(&fixture("recommend-v1.rppt", &tiny_recommender())).unwrap();
    assert_eq!(header, tiny_recommender().0);
    let Model::Recommend(model) = model else { panic!("not a recommender") };
    let history = [HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 }];
    let best = model.score(&history, 3, &|item| item != ItemKey(10));
    assert_eq!(best.iter().map(|scored| scored.item).collect::<Vec<_>>(), [ItemKey(20), ItemKey(30)]);
}

#[test]
fn a_churn_model_of_version_1_opens() {
    let (header, model) = decode(&fixture("churn-v1.rppt", &tiny_churn())).unwrap();
    assert_eq!(header, tiny_churn().0);
    let Model::Churn(model) = model else { panic!("not a churn model") };
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
    newer[4] = 2;
    assert!(matches!(decode_header(&newer), Err(LearningError::Newer { found: 2, known: 1 })));
    let mut longer = file;
    longer.push(0);
    assert!(decode(&longer).is_err());
    assert!(decode(b"not a model file at all").unwrap_err().to_string().contains("does not begin"));
}
