//! What did the first program's headers say? Two models, each with an evaluation of its own form.

use super::{ModelHeader, damaged};
use crate::body::{Body, Shape};
use crate::evaluation::{CalibrationBin, Evaluation, Gain, Numbers};
use crate::split::Split;
use crate::{Contest, Importance, LearningError};
use events::Offset;
use features::FeatureId;
use primitives::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Header {
    trained_at: Timestamp,
    data_from: Timestamp,
    data_until: Timestamp,
    #[serde(default)]
    learned_until: Option<Offset>,
    #[serde(default)]
    newest_row: Option<Timestamp>,
    evaluation: OldEvaluation,
    #[serde(default)]
    contest: Option<Contest>,
    seed: u64,
    settings: serde_json::Value,
    n_customers: u64,
    n_rows: u64,
    importances: Vec<Importance>,
    program_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OldEvaluation {
    Recommend(OfRecommend),
    Churn(OfChurn),
}

#[derive(Deserialize)]
struct OfRecommend {
    split: Split,
    n_customers: u64,
    n_items: u64,
    metrics: Numbers,
    baselines: BTreeMap<String, Numbers>,
    ndcg_gain: BTreeMap<String, Gain>,
}

#[derive(Deserialize)]
struct OfChurn {
    split: Split,
    n_train: u64,
    n_test: u64,
    base_rate: f64,
    metrics: Numbers,
    baselines: BTreeMap<String, Numbers>,
    log_loss_gain: BTreeMap<String, Gain>,
    calibration: Vec<CalibrationBin>,
}

/// The header as it would be written today.
pub(super) fn open(header: &[u8], body: &[u8]) -> Result<ModelHeader, LearningError> {
    let old: Header = serde_json::from_slice(header).map_err(|error| damaged(format!("its header: {error}")))?;
    let (task, shape, rows, method, evaluation) = match old.evaluation {
        OldEvaluation::Recommend(of) => {
            let method = "Item-to-item similarity, own repetition and popularity".to_owned();
            ("recommend", Shape::Ranker, "purchases", method, of.into_evaluation(old.n_rows))
        }
        OldEvaluation::Churn(of) => {
            let n_trees = old.settings.pointer("/boost/n_trees").and_then(serde_json::Value::as_u64).unwrap_or(0);
            let method = format!("Gradient boosting, {n_trees} trees, isotonic calibration on customers held out");
            ("churn", Shape::Binary, "weekly moments of customers", method, of.into_evaluation())
        }
    };
    // The names of the features stood in the model alone. Their computation was the first one.
    let features = match (shape, Body::open(shape, body)) {
        (Shape::Binary, Ok(Body::Binary(model))) => {
            model.features().iter().map(|name| FeatureId::first(name)).collect()
        }
        _ => Vec::new(),
    };
    Ok(ModelHeader {
        task: task.into(),
        shape: shape.name(),
        features,
        declared: Vec::new(),
        trained_at: old.trained_at,
        data_from: old.data_from,
        data_until: old.data_until,
        learned_until: old.learned_until,
        newest_row: old.newest_row,
        evaluation,
        contest: old.contest,
        seed: old.seed,
        settings: old.settings,
        n_customers: old.n_customers,
        n_rows: old.n_rows,
        n_classes: None,
        rows: rows.to_owned(),
        asks: if shape == Shape::Binary { crate::churn().asks() } else { String::new() },
        of_everybody: false,
        method,
        importances: old.importances,
        program_version: old.program_version,
    })
}

impl OfRecommend {
    fn into_evaluation(self, n_train: u64) -> Evaluation {
        let counts = [("n_customers", self.n_customers), ("n_items", self.n_items)];
        Evaluation {
            split: self.split,
            n_train,
            n_test: self.n_customers,
            counts: counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect(),
            base_rate: None,
            decides: "ndcg@10".to_owned(),
            bounds: Numbers::new(),
            metrics: self.metrics,
            baselines: self.baselines,
            baseline_titles: BTreeMap::new(),
            gains: self.ndcg_gain,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

impl OfChurn {
    fn into_evaluation(self) -> Evaluation {
        Evaluation {
            split: self.split,
            n_train: self.n_train,
            n_test: self.n_test,
            counts: BTreeMap::new(),
            base_rate: Some(self.base_rate),
            decides: "log_loss".to_owned(),
            bounds: Numbers::new(),
            metrics: self.metrics,
            baselines: self.baselines,
            baseline_titles: BTreeMap::new(),
            gains: self.log_loss_gain,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: self.calibration,
            warnings: Vec::new(),
        }
    }
}
